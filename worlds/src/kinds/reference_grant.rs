//! ReferenceGrant: consent that fits a reference, or nearly.

use serde_json::{Value, json};

use super::{Maker, refs::X_GROUP};
use crate::{
    Draw,
    manifest::{manifest, metadata, record, with},
    vocabulary::namespace,
};

pub(super) const MAKER: Maker = Maker { kind: "ReferenceGrant", count: 0..=4, changes: 4, theme: None, make };

fn make(draw: &mut Draw) -> Value {
    let metadata = metadata(namespace(draw), draw.pick(&["g", "h"]));
    let spec = json!({"from": draw.several(1..=3, from), "to": draw.several(1..=2, to)});
    let version = draw.pick(&["gateway.networking.k8s.io/v1", "gateway.networking.k8s.io/v1beta1"]);
    with(manifest("ReferenceGrant", metadata, spec), [("apiVersion", Some(version.into()))])
}

fn from(draw: &mut Draw) -> Value {
    let kind = draw.weighted(&[
        (6, "HTTPRoute"),
        (4, "Gateway"),
        (3, "GRPCRoute"),
        (2, "ListenerSet"),
        (2, "TLSRoute"),
        (1, "TCPRoute"),
        (1, "UDPRoute"),
        (2, "XTelemetryPolicy"),
        (1, "XBackend"),
    ]);
    let usual = if kind.starts_with('X') { X_GROUP } else { "gateway.networking.k8s.io" };
    let group = draw.weighted(&[(12, usual), (1, "example.com")]);
    record([
        ("group", Some(group.into())),
        ("kind", Some(kind.into())),
        ("namespace", draw.maybe(98, |draw| namespace(draw).into())),
    ])
}

fn to(draw: &mut Draw) -> Value {
    let (group, kind) = draw.weighted(&[
        (6, ("", "Service")),
        (4, ("", "Secret")),
        (2, ("", "ConfigMap")),
        (1, ("multicluster.x-k8s.io", "ServiceImport")),
        (1, ("example.com", "Function")),
        (1, (X_GROUP, "XBackend")),
    ]);
    let name = draw.maybe(30, |draw| draw.pick(&["web", "a", "cert", "ca", ""]).into());
    record([("group", Some(group.into())), ("kind", Some(kind.into())), ("name", name)])
}
