//! XBackend: endpoints and names outside, with TLS of every mode.

use serde_json::{Value, json};

use super::{Maker, policy, refs, route};
use crate::{
    Draw, Theme,
    manifest::{metadata, record, x_manifest},
    vocabulary::namespace,
};

pub(super) const MAKER: Maker = Maker { kind: "XBackend", count: 3..=7, changes: 3, theme: Some(Theme::Backends), make };

fn make(draw: &mut Draw) -> Value {
    let metadata = metadata(namespace(draw), draw.weighted(&[(9, "x"), (2, "y")]));
    let is_external = draw.chance(35);
    let own = if is_external { "ExternalHostname" } else { "EndpointSelector" };
    let spec = record([
        ("type", Some(own.into())),
        ("endpointSelector", (!is_external).then(|| json!({"matchLabels": {"app": "x"}}))),
        ("externalHostname", is_external.then(|| json!({"hostname": draw.weighted(&[(8, "outside.test"), (1, "*.test")])}))),
        ("port", Some(json!({"number": draw.weighted(&[(8, 8080), (2, 443), (1, 0)])}))),
        ("protocol", draw.maybe(35, |draw| draw.weighted(&PROTOCOLS).into())),
        ("tls", draw.maybe(45, tls)),
        ("sessionPersistence", draw.maybe(if is_external { 1 } else { 12 }, route::session)),
    ]);
    x_manifest("XBackend", metadata, spec)
}

const PROTOCOLS: [(usize, &str); 8] =
    [(3, "HTTP11"), (2, "H2C"), (2, "HTTP2"), (2, "GRPC"), (1, "HTTP"), (1, "WSS"), (1, "TCP"), (1, "Smoke")];

fn tls(draw: &mut Draw) -> Value {
    let mode = draw.weighted(&[(2, "None"), (5, "ServerOnly"), (4, "ClientAndServer"), (1, "Sideways")]);
    record([
        ("mode", Some(mode.into())),
        ("validation", (mode != "None").then(|| policy::validation(draw))),
        ("clientCertificateRef", (mode == "ClientAndServer").then(|| refs::secret_ref(draw))),
    ])
}
