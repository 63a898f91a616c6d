//! Listeners of every protocol that meet on few ports, with everything that can be wrong with them.

use serde_json::{Value, json};

use super::{filter, refs};
use crate::{
    Draw, Theme,
    manifest::{record, with},
    vocabulary::{LISTENERS, hostname},
};

/// So many listeners, each of another name.
pub(super) fn listeners(draw: &mut Draw, most: usize) -> Vec<Value> {
    let count = draw.within(1..=most);
    LISTENERS.iter().take(count).map(|name| listener(draw, name)).collect()
}

/// Where a listener is and what it speaks.
const PLACES: [(usize, (&str, u32)); 8] = [
    (90, ("HTTP", 80)),
    (20, ("HTTP", 8080)),
    (70, ("HTTPS", 443)),
    (8, ("HTTPS", 8443)),
    (2, ("HTTP", 443)),
    (2, ("TLS", 443)),
    (1, ("example.com/odd", 7000)),
    (1, ("HTTP", 70_000)),
];

/// Where connections come to that carry no requests.
const L4_PLACES: [(usize, (&str, u32)); 9] = [
    (8, ("TLS", 443)),
    (3, ("TLS", 8443)),
    (7, ("TCP", 9000)),
    (1, ("TCP", 80)),
    (1, ("TCP", 443)),
    (6, ("UDP", 53)),
    (1, ("UDP", 80)),
    (1, ("UDP", 9000)),
    (10, ("HTTPS", 443)),
];

fn listener(draw: &mut Draw, name: &str) -> Value {
    // Names repeat now and then, and then only the first of them is a listener.
    let name = if draw.chance(1) { LISTENERS[0] } else { name };
    let is_l4 = draw.is_about(Theme::L4) && draw.chance(45);
    let (protocol, port) = if is_l4 { draw.weighted(&L4_PLACES) } else { draw.weighted(&PLACES) };
    let tls = match protocol {
        "HTTPS" | "TLS" => draw.maybe(96, |draw| tls(draw, protocol)),
        _ => draw.maybe(1, |draw| tls(draw, protocol)),
    };
    let has_names = matches!(protocol, "HTTP" | "HTTPS" | "TLS") || draw.chance(3);
    record([
        ("name", (!draw.chance(1)).then(|| name.into())),
        ("port", Some(port.into())),
        ("protocol", Some(protocol.into())),
        ("hostname", draw.maybe(if has_names { 70 } else { 0 }, |draw| hostname(draw).into())),
        ("tls", tls),
        ("allowedRoutes", draw.maybe(94, allowed_routes)),
        ("filters", draw.maybe(4, filter::of_listener)),
    ])
}

fn tls(draw: &mut Draw, protocol: &str) -> Value {
    let passing = if protocol == "TLS" { 90 } else { 3 };
    let modes = [(80, None), (15, Some("Terminate")), (passing, Some("Passthrough")), (1, Some("Sideways"))];
    let mode = draw.weighted(&modes);
    let passes = mode == Some("Passthrough") && draw.chance(95);
    record([
        ("mode", mode.map(Value::from)),
        ("certificateRefs", draw.maybe(if passes { 0 } else { 96 }, |draw| draw.several(1..=2, refs::secret_ref).into())),
        ("options", draw.maybe(2, |_| json!({"example.com/minimum": "1.3"}))),
    ])
}

fn allowed_routes(draw: &mut Draw) -> Value {
    record([("namespaces", draw.maybe(92, namespaces)), ("kinds", draw.maybe(5, |draw| draw.several(1..=2, kind).into()))])
}

/// Whose objects may attach.
pub(super) fn namespaces(draw: &mut Draw) -> Value {
    match draw.weighted(&[(84, "All"), (4, "Same"), (9, "Selector"), (1, "Everybody"), (1, "")]) {
        "" => json!({}),
        "Selector" => with(json!({"from": "Selector"}), [("selector", draw.maybe(90, selector))]),
        from => json!({"from": from}),
    }
}

fn selector(draw: &mut Draw) -> Value {
    record([
        ("matchLabels", draw.maybe(50, |draw| json!({"team": draw.pick(&["red", "blue"])}))),
        ("matchExpressions", draw.maybe(50, |draw| draw.several(1..=2, requirement).into())),
    ])
}

fn requirement(draw: &mut Draw) -> Value {
    let key = draw.pick(&["team", "kubernetes.io/metadata.name"]);
    match draw.weighted(&[(3, "In"), (3, "NotIn"), (2, "Exists"), (2, "DoesNotExist"), (1, "Near")]) {
        operator @ ("In" | "NotIn") => {
            let values = draw.several(0..=2, |draw| draw.pick(&["red", "blue", "shop", "infra"]));
            json!({"key": key, "operator": operator, "values": values})
        }
        operator => json!({"key": key, "operator": operator}),
    }
}

fn kind(draw: &mut Draw) -> Value {
    let (group, kind) = draw.weighted(&[
        (6, (None, "HTTPRoute")),
        (4, (None, "GRPCRoute")),
        (2, (None, "TCPRoute")),
        (2, (None, "TLSRoute")),
        (2, (None, "UDPRoute")),
        (1, (Some("example.com"), "HTTPRoute")),
        (1, (Some(""), "Service")),
    ]);
    record([("group", group.map(Value::from)), ("kind", Some(kind.into()))])
}
