//! References: most of them lead somewhere, and the others fail in every way there is.

use serde_json::{Value, json};

use crate::{
    Draw, Theme,
    manifest::{record, with},
    vocabulary::{GATEWAYS, LISTENER_SETS, LISTENERS, SERVICE_PORTS, SERVICES, UDP_PORT, namespace, other_namespace},
};

/// The group of kinds that may change yet.
pub(super) const X_GROUP: &str = "gateway.networking.x-k8s.io";

#[derive(Clone, Copy)]
enum Parent {
    Gateway,
    Set,
    Service,
    Unknown,
}

/// A parent of a route. `sections` are names of listeners that it may mean.
pub(super) fn parent_ref(draw: &mut Draw) -> Value {
    let sets = if draw.is_about(Theme::Sets) { 20 } else { 1 };
    let services = if draw.is_about(Theme::Mesh) { 45 } else { 1 };
    match draw.weighted(&[(55, Parent::Gateway), (sets, Parent::Set), (services, Parent::Service), (1, Parent::Unknown)]) {
        Parent::Gateway => {
            let place = draw.weighted(&GATEWAYS);
            to_listeners(draw, None, place)
        }
        Parent::Set => {
            let place = draw.weighted(&LISTENER_SETS);
            to_listeners(draw, Some("ListenerSet"), place)
        }
        Parent::Service => to_service(draw),
        Parent::Unknown => {
            let (group, kind) = draw.pick(&[("example.com", "Gateway"), ("", "Pod"), ("", "Gateway")]);
            json!({"group": group, "kind": kind, "name": "edge"})
        }
    }
}

fn to_listeners(draw: &mut Draw, kind: Option<&str>, (namespace, name): (&str, &str)) -> Value {
    let missing = draw.maybe(3, |_| "missing");
    let port = draw.weighted(&[(6, 80), (1, 8080), (3, 443), (1, 9000), (1, 81)]);
    record([
        ("kind", kind.map(Value::from)),
        ("namespace", draw.maybe(96, |_| namespace.into())),
        ("name", Some(missing.unwrap_or(name).into())),
        ("sectionName", draw.maybe(12, |draw| draw.pick(&LISTENERS).into())),
        ("port", draw.maybe(5, |_| port.into())),
    ])
}

fn to_service(draw: &mut Draw) -> Value {
    let name = draw.weighted(&SERVICES);
    record([
        ("group", Some("".into())),
        ("kind", Some("Service".into())),
        ("namespace", draw.maybe(70, |draw| namespace(draw).into())),
        ("name", Some(name.into())),
        (
            "port",
            draw.maybe(45, |draw| draw.weighted(&[(6, SERVICE_PORTS[0]), (2, SERVICE_PORTS[1]), (2, UDP_PORT), (1, 81)]).into()),
        ),
    ])
}

/// What a backend is asked for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Carries {
    Tcp,
    Udp,
}

#[derive(Clone, Copy)]
enum Backend {
    Service,
    Experimental,
    Import,
    Function,
    Unknown,
}

/// A reference to a backend.
pub(super) fn backend(draw: &mut Draw, carries: Carries) -> Value {
    let others = if draw.is_about(Theme::Backends) { 20 } else { 0 };
    let kinds = [
        (92, Backend::Service),
        (others, Backend::Experimental),
        (others / 2, Backend::Import),
        (1 + others / 2, Backend::Function),
        (1, Backend::Unknown),
    ];
    let usual = if carries == Carries::Udp { UDP_PORT } else { SERVICE_PORTS[0] };
    let port = draw.weighted(&[(92, Some(usual)), (4, Some(SERVICE_PORTS[1])), (2, Some(81)), (1, Some(UDP_PORT)), (1, None)]);
    let (group, kind, name) = match draw.weighted(&kinds) {
        Backend::Service => (None, None, draw.weighted(&SERVICES)),
        Backend::Experimental => (Some(X_GROUP), Some("XBackend"), draw.weighted(&[(9, "x"), (2, "y"), (1, "missing")])),
        Backend::Import => (Some("multicluster.x-k8s.io"), Some("ServiceImport"), draw.weighted(&[(8, "web"), (1, "missing")])),
        Backend::Function => (Some("example.com"), Some("Function"), draw.pick(&["f", "g"])),
        Backend::Unknown => (Some(""), Some("ConfigMap"), "web"),
    };
    record([
        ("group", group.map(Value::from)),
        ("kind", kind.map(Value::from)),
        ("namespace", other_namespace(draw, if kind == Some("XBackend") { 4 } else { 14 })),
        ("name", Some(name.into())),
        ("port", port.map(Value::from)),
    ])
}

pub(super) fn secret_ref(draw: &mut Draw) -> Value {
    let kind = draw.weighted(&[(97, None), (2, Some("ConfigMap")), (1, Some("Secret"))]);
    record([
        ("group", draw.maybe(4, |draw| draw.pick(&["", "example.com"]).into())),
        ("kind", kind.map(Value::from)),
        ("namespace", other_namespace(draw, 8)),
        ("name", Some(draw.weighted(&[(12, "cert"), (2, "other"), (1, "missing")]).into())),
    ])
}

/// What holds certificates of those who sign: in the namespace of whoever asks, or in another one where that is allowed.
pub(super) fn ca_ref(draw: &mut Draw, can_cross: bool) -> Value {
    let (group, kind) = draw.weighted(&[
        (8, ("", "ConfigMap")),
        (2, ("certificates.k8s.io", "ClusterTrustBundle")),
        (1, ("", "Secret")),
        (1, ("example.com", "Ca")),
    ]);
    let name = match kind {
        "ClusterTrustBundle" => "bundle",
        "Secret" => "cert",
        _ => draw.weighted(&[(8, "ca"), (1, "params"), (1, "missing")]),
    };
    let namespace = if can_cross && kind != "ClusterTrustBundle" { other_namespace(draw, 15) } else { None };
    with(json!({"group": group, "kind": kind, "name": name}), [("namespace", namespace)])
}

/// A local reference to parameters.
pub(super) fn parameters(draw: &mut Draw) -> Value {
    let (group, kind) = draw.weighted(&[(4, ("", "ConfigMap")), (1, ("example.com", "Config"))]);
    json!({"group": group, "kind": kind, "name": draw.weighted(&[(4, "params"), (1, "missing")])})
}
