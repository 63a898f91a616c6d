//! What routes of every kind have in common.

use serde_json::{Value, json};

use crate::{
    Draw, Theme,
    manifest::{manifest, metadata, record, with},
    vocabulary::{HEADERS, created, hostname, namespace},
};

use super::refs::{self, Carries};

/// Few names, so that creations hit what is there; in several namespaces, so that names tie.
const NAMES: [&str; 4] = ["r", "r0", "r1", "r-2"];

/// A route of a kind with these rules.
pub(super) fn route(draw: &mut Draw, kind: &str, hostnames: Option<Value>, rules: Option<Value>) -> Value {
    let metadata = metadata(namespace(draw), draw.pick(&NAMES));
    let metadata = with(
        metadata,
        [
            ("creationTimestamp", created(draw)),
            ("labels", draw.maybe(5, |draw| json!({"team": draw.pick(&["red", "blue"])}))),
            ("generation", draw.maybe(30, |draw| draw.within(1..=3).into())),
        ],
    );
    let spec = record([
        ("parentRefs", draw.maybe(97, |draw| draw.several(1..=3, refs::parent_ref).into())),
        ("useDefaultGateways", draw.maybe(5, |draw| draw.weighted(&[(6, "All"), (1, "None"), (1, "Some")]).into())),
        ("hostnames", hostnames),
        ("rules", rules),
        ("hostname", draw.maybe(1, |_| "a.example".into())),
    ]);
    manifest(kind, metadata, spec)
}

/// The hostnames of a route, if it has any.
pub(super) fn hostnames(draw: &mut Draw) -> Option<Value> {
    draw.maybe(65, |draw| draw.several(1..=3, hostname).into())
}

/// A backend of a rule with its weight.
pub(super) fn backend_ref(draw: &mut Draw, carries: Carries, filters: Option<Value>) -> Value {
    let weight = draw.weighted(&[(4, None), (1, Some(0)), (2, Some(1)), (1, Some(3)), (1, Some(7))]);
    let reference = refs::backend(draw, carries);
    with(reference, [("weight", weight.map(Value::from)), ("filters", filters)])
}

/// How clients come back to the same endpoint.
pub(super) fn session(draw: &mut Draw) -> Value {
    match draw.below(6) {
        0 => json!({"sessionName": "s"}),
        1 => json!({"type": "Header", "header": {"name": "x-session"}}),
        2 => json!({"type": "Cookie", "cookie": {"name": "s", "lifetimeType": "Permanent"}}),
        _ => json!({"type": "Cookie", "cookie": {"name": "s"}}),
    }
}

// What matches have in common

/// None most of the time, and hardly ever two.
pub(super) fn few(draw: &mut Draw, one: fn(&mut Draw) -> Value) -> Option<Value> {
    let count = draw.weighted(&[(8, 0), (5, 1), (2, 2)]);
    (count > 0).then(|| draw.several(count..=count, one).into())
}

/// A header that is asked for.
pub(super) fn header(draw: &mut Draw) -> Value {
    match draw.is_about(Theme::Patterns) && draw.chance(45) {
        true => regular(draw.pick(&HEADERS), draw.pick(&["1|1[,;][ 12]*", "[0-9a-z.]*"])),
        false => json!({"name": draw.pick(&HEADERS), "value": draw.pick(&["1", "2", "1,2", "1; 2", "a.example"])}),
    }
}

/// A value that is asked for by a pattern.
pub(super) fn regular(name: &str, pattern: &str) -> Value {
    json!({"name": name, "type": "RegularExpression", "value": pattern})
}
