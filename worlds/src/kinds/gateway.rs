//! Gateway and ListenerSet.

use serde_json::{Value, json};

use super::{Maker, listener, refs};
use crate::{
    Draw, Theme,
    manifest::{manifest, metadata, record, with},
    vocabulary::{GATEWAYS, LISTENER_SETS, created},
};

pub(super) const MAKER: Maker = Maker { kind: "Gateway", count: 2..=4, changes: 4, theme: None, make: gateway };
pub(super) const SET: Maker =
    Maker { kind: "ListenerSet", count: 1..=4, changes: 3, theme: Some(Theme::Sets), make: listener_set };

fn gateway(draw: &mut Draw) -> Value {
    let (namespace, name) = draw.weighted(&GATEWAYS);
    let metadata = with(metadata(namespace, name), [("creationTimestamp", created(draw))]);
    let class = draw.weighted(&[(95, "ours"), (3, "second"), (1, "third"), (1, "missing")]);
    let mut listeners = listener::listeners(draw, 5);
    if draw.chance(2) {
        listeners.clear();
    }
    let open = if draw.is_about(Theme::Sets) { 90 } else { 4 };
    let spec = record([
        ("gatewayClassName", Some(class.into())),
        ("listeners", Some(listeners.into())),
        ("addresses", draw.maybe(9, |draw| draw.several(1..=2, address).into())),
        ("infrastructure", draw.maybe(5, infrastructure)),
        ("tls", draw.maybe(8, tls)),
        ("allowedListeners", draw.maybe(open, allowed_listeners)),
        ("defaultScope", draw.maybe(6, |draw| draw.weighted(&[(6, "All"), (2, "None"), (1, "Some")]).into())),
        ("adresses", draw.maybe(1, |_| json!([]))),
    ]);
    manifest("Gateway", metadata, spec)
}

fn allowed_listeners(draw: &mut Draw) -> Value {
    match draw.chance(10) {
        true => json!({"namespaces": {"from": "None"}}),
        false => json!({"namespaces": listener::namespaces(draw)}),
    }
}

fn listener_set(draw: &mut Draw) -> Value {
    let (home, name) = draw.weighted(&LISTENER_SETS);
    let metadata = with(metadata(home, name), [("creationTimestamp", created(draw))]);
    let (namespace, gateway) = draw.weighted(&GATEWAYS);
    let missing = draw.maybe(4, |_| "missing");
    let parent = record([
        ("namespace", draw.maybe(96, |_| namespace.into())),
        ("name", Some(missing.unwrap_or(gateway).into())),
        ("kind", draw.maybe(2, |_| "Gateway".into())),
    ]);
    let spec = record([("parentRef", draw.maybe(99, |_| parent)), ("listeners", Some(listener::listeners(draw, 3).into()))]);
    manifest("ListenerSet", metadata, spec)
}

/// Who clients and backends prove to be.
fn tls(draw: &mut Draw) -> Value {
    record([
        ("frontend", draw.maybe(60, frontend)),
        ("backend", draw.maybe(60, |draw| json!({"clientCertificateRef": refs::secret_ref(draw)}))),
    ])
}

fn frontend(draw: &mut Draw) -> Value {
    let per_port = |draw: &mut Draw| json!([{"port": draw.pick(&[443, 8443]), "tls": {"validation": validation(draw)}}]);
    record([("default", draw.maybe(80, |draw| json!({"validation": validation(draw)}))), ("perPort", draw.maybe(30, per_port))])
}

fn validation(draw: &mut Draw) -> Value {
    record([
        ("caCertificateRefs", draw.maybe(97, |draw| draw.several(1..=2, |draw| refs::ca_ref(draw, true)).into())),
        ("mode", draw.maybe(30, |draw| draw.weighted(&[(2, "AllowValidOnly"), (2, "AllowInsecureFallback"), (1, "Odd")]).into())),
    ])
}

fn address(draw: &mut Draw) -> Value {
    let (kind, value) = draw.pick(&[
        (None, Some("192.0.2.7")),
        (Some("IPAddress"), Some("192.0.2.8")),
        (Some("IPAddress"), None),
        (Some("IPAddress"), Some("not an address")),
        (Some("Hostname"), Some("edge.example")),
        (Some("Hostname"), None),
        (Some("example.com/name"), Some("pool")),
    ]);
    record([
        ("type", kind.map(Value::from)),
        ("value", value.map(Value::from)),
        ("routability", draw.maybe(15, |draw| draw.weighted(&[(6, "Cluster"), (3, "Public"), (1, "example.com/near")]).into())),
    ])
}

fn infrastructure(draw: &mut Draw) -> Value {
    record([
        ("labels", draw.maybe(50, |_| json!({"a": "b"}))),
        ("annotations", draw.maybe(30, |_| json!({"a": "b"}))),
        ("parametersRef", draw.maybe(60, refs::parameters)),
    ])
}
