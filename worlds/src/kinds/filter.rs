//! Filters of rules and of their backends.

use serde_json::{Value, json};

use super::refs::{self, Carries};
use crate::{
    Draw,
    manifest::{record, with},
    vocabulary::hostname,
};

const FILTERS: [(usize, (&str, &str)); 8] = [
    (4, ("RequestHeaderModifier", "requestHeaderModifier")),
    (3, ("ResponseHeaderModifier", "responseHeaderModifier")),
    (4, ("RequestMirror", "requestMirror")),
    (6, ("RequestRedirect", "requestRedirect")),
    (4, ("URLRewrite", "urlRewrite")),
    (2, ("CORS", "cors")),
    (2, ("ExtensionRef", "extensionRef")),
    (3, ("ExternalAuth", "externalAuth")),
];

/// The filters of a rule or of a backend.
pub(super) fn filters(draw: &mut Draw) -> Value {
    draw.several(1..=2, filter).into()
}

fn filter(draw: &mut Draw) -> Value {
    let (kind, field) = draw.weighted(&FILTERS);
    let own = match kind {
        "RequestHeaderModifier" | "ResponseHeaderModifier" => modifier(draw),
        "RequestMirror" => mirror(draw),
        "RequestRedirect" => redirect(draw),
        "URLRewrite" => record([("hostname", draw.maybe(50, rewritten)), ("path", draw.maybe(60, path_modifier))]),
        "CORS" => json!({"allowOrigins": ["https://a.example"], "allowMethods": ["GET"], "maxAge": 60}),
        "ExtensionRef" => extension(),
        _ => external_auth(draw),
    };
    let own = if draw.chance(1) { None } else { Some(own) };
    with(json!({"type": kind}), [(field, own)])
}

fn extension() -> Value {
    json!({"group": "example.com", "kind": "Magic", "name": "m"})
}

/// A service that is asked first.
pub(super) fn external_auth(draw: &mut Draw) -> Value {
    let protocol = draw.weighted(&[(5, "HTTP"), (5, "GRPC"), (1, "SMOKE")]);
    record([
        ("protocol", Some(protocol.into())),
        ("http", (protocol == "HTTP").then(|| json!({"path": "/auth"}))),
        ("grpc", (protocol == "GRPC").then(|| json!({"allowedHeaders": ["a"]}))),
        ("backendRef", draw.maybe(96, |draw| refs::backend(draw, Carries::Tcp))),
    ])
}

/// What requests pass before a route is chosen.
pub(super) fn of_listener(draw: &mut Draw) -> Value {
    let filter = match draw.weighted(&[(10, "ExternalAuth"), (1, "ExtensionRef"), (1, "Teleport")]) {
        kind @ "ExternalAuth" => json!({"type": kind, "externalAuth": external_auth(draw)}),
        kind @ "ExtensionRef" => json!({"type": kind, "extensionRef": extension()}),
        kind => json!({"type": kind}),
    };
    json!({"requests": [filter]})
}

fn modifier(draw: &mut Draw) -> Value {
    record([
        ("set", draw.maybe(60, |draw| json!([{"name": draw.weighted(&[(6, "X-A"), (6, "x-b"), (1, "host")]), "value": "1"}]))),
        ("add", draw.maybe(40, |draw| json!([{"name": draw.pick(&["X-A", "x-c"]), "value": "2"}]))),
        ("remove", draw.maybe(30, |draw| json!([draw.weighted(&[(8, "x-d"), (2, "X-A"), (1, "connection")])]))),
    ])
}

fn mirror(draw: &mut Draw) -> Value {
    let backend = refs::backend(draw, Carries::Tcp);
    let percent = draw.maybe(20, |draw| draw.weighted(&[(3, 0), (3, 50), (3, 100), (1, 101)]).into());
    let fraction = draw.maybe(15, |draw| json!({"numerator": draw.pick(&[0, 1, 7]), "denominator": draw.pick(&[1, 3, 5])}));
    record([("backendRef", Some(backend)), ("percent", percent), ("fraction", fraction)])
}

fn redirect(draw: &mut Draw) -> Value {
    record([
        ("scheme", draw.maybe(40, |draw| draw.weighted(&[(6, "https"), (6, "http"), (1, "gopher")]).into())),
        ("hostname", draw.maybe(30, rewritten)),
        ("path", draw.maybe(30, path_modifier)),
        ("port", draw.maybe(25, |draw| draw.pick(&[80, 443, 8443]).into())),
        (
            "statusCode",
            draw.maybe(50, |draw| draw.weighted(&[(2, 301), (2, 302), (2, 303), (2, 307), (2, 308), (1, 304)]).into()),
        ),
    ])
}

fn rewritten(draw: &mut Draw) -> Value {
    hostname(draw).trim_start_matches("*.").into()
}

fn path_modifier(draw: &mut Draw) -> Value {
    match draw.chance(50) {
        true => json!({"type": "ReplaceFullPath", "replaceFullPath": draw.weighted(&[(8, "/full"), (2, ""), (1, "/f?")])}),
        false => json!({"type": "ReplacePrefixMatch", "replacePrefixMatch": draw.pick(&["/new", "/", ""])}),
    }
}
