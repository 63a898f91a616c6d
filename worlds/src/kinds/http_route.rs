//! HTTPRoute: matches that tie on every key, rules and matches that are invalid, filters and backends of every kind.

use serde_json::{Value, json};

use super::{
    Maker, filter,
    refs::Carries,
    route::{self, few, header, regular},
};
use crate::{
    Draw, Theme,
    manifest::{record, with},
    vocabulary::{QUERIES, SERVICES},
};

pub(super) const MAKER: Maker = Maker { kind: "HTTPRoute", count: 2..=6, changes: 8, theme: None, make };

fn make(draw: &mut Draw) -> Value {
    let hostnames = route::hostnames(draw);
    let patterns_weight = if draw.is_about(Theme::Patterns) { 6 } else { 0 };
    let rules =
        match draw.weighted(&[(4, Shape::None), (86, Shape::Mixed), (10, Shape::Crowd), (patterns_weight, Shape::Patterns)]) {
            Shape::None => None,
            Shape::Mixed => Some(draw.several(1..=4, rule).into()),
            Shape::Crowd => Some(crowd(draw).into()),
            Shape::Patterns => Some(patterns(draw).into()),
        };
    route::route(draw, "HTTPRoute", hostnames, rules)
}

#[derive(Clone, Copy)]
enum Shape {
    None,
    Mixed,
    /// Many matches on one path, told apart by values.
    Crowd,
    /// Many regular expressions.
    Patterns,
}

fn rule(draw: &mut Draw) -> Value {
    let matches = draw.maybe(80, |draw| draw.several(0..=3, one_match).into());
    rule_with(draw, matches)
}

fn rule_with(draw: &mut Draw, matches: Option<Value>) -> Value {
    record([
        ("name", draw.maybe(8, |draw| draw.pick(&["n", "m"]).into())),
        ("matches", matches),
        ("filters", draw.maybe(13, filter::filters)),
        ("backendRefs", draw.maybe(96, |draw| draw.several(1..=3, backend_ref).into())),
        ("timeouts", draw.maybe(6, timeouts)),
        ("retry", draw.maybe(4, |_| json!({"attempts": 2, "codes": [500, 503]}))),
        ("sessionPersistence", draw.maybe(4, route::session)),
        ("matchs", seldom(draw, |_| json!([]))),
    ])
}

/// Two in a thousand, for what a world has many chances to get.
fn seldom(draw: &mut Draw, make: impl FnOnce(&mut Draw) -> Value) -> Option<Value> {
    if draw.chance(10) { draw.maybe(2, make) } else { None }
}

fn backend_ref(draw: &mut Draw) -> Value {
    let filters = draw.maybe(6, filter::filters);
    route::backend_ref(draw, Carries::Tcp, filters)
}

fn timeouts(draw: &mut Draw) -> Value {
    json!({"request": draw.weighted(&[(2, "1s"), (6, "10s"), (2, "0s"), (1, "1d")]), "backendRequest": draw.pick(&["500ms", "2s"])})
}

// Matches

/// Of few characters: what they match is decided by the engine of another crate, and `.` alone is a large automaton.
const PATTERNS: [&str; 4] = ["/x[a-z/]*", "/[xy]/?", "/x|/x/y", "/.*"];

fn one_match(draw: &mut Draw) -> Value {
    if draw.chance(2) {
        return broken_match(draw);
    }
    record([
        ("path", draw.maybe(85, path)),
        ("method", draw.maybe(30, |draw| draw.pick(&["GET", "POST"]).into())),
        ("headers", few(draw, header)),
        ("queryParams", few(draw, query)),
    ])
}

/// Most of them are the same, so that other keys decide.
const PREFIXES: [(usize, &str); 9] =
    [(7, "/"), (7, "/x"), (1, "/y"), (2, "/x/y"), (1, "/xy"), (1, "/x/"), (1, "/x/y/z"), (1, "/x%2Fy"), (1, "/S")];

fn path(draw: &mut Draw) -> Value {
    let prefix = |draw: &mut Draw| draw.weighted(&PREFIXES);
    let regular = if draw.is_about(Theme::Patterns) { 7 } else { 0 };
    match draw.weighted(&[(10, "PathPrefix"), (4, ""), (6, "Exact"), (regular, "RegularExpression")]) {
        "" => record([("value", draw.maybe(80, |draw| prefix(draw).into()))]),
        kind @ "PathPrefix" => json!({"type": kind, "value": prefix(draw)}),
        kind @ "Exact" => {
            json!({"type": kind, "value": draw.weighted(&[(2, "/"), (6, "/x"), (3, "/x/y"), (1, "/x/"), (1, "/x%2Fy"), (1, "/%78"), (1, "/S/M")])})
        }
        kind => json!({"type": kind, "value": draw.pick(&PATTERNS)}),
    }
}

fn query(draw: &mut Draw) -> Value {
    match draw.is_about(Theme::Patterns) && draw.chance(45) {
        true => regular(draw.pick(&QUERIES), draw.pick(&["1|a[ b]*", "[0-9]?"])),
        false => json!({"name": draw.pick(&QUERIES), "value": draw.pick(&["1", "2", "a b"])}),
    }
}

fn broken_match(draw: &mut Draw) -> Value {
    match draw.below(8) {
        0 => json!({"path": {"type": "Exact", "value": "no/slash"}}),
        1 => json!({"path": {"type": "PathPrefix", "value": "/x//y"}}),
        2 => json!({"path": {"type": "RegularExpression", "value": "/[x"}}),
        3 => json!({"path": {"type": "Suffix", "value": "/x"}}),
        4 => json!({"method": "get"}),
        5 => json!({"headers": [{"name": "a b", "value": "1"}]}),
        6 => json!({"queryParams": [{"name": "q"}]}),
        _ => json!({"header": [{"name": "a", "value": "1"}]}),
    }
}

/// More rules than anybody would look through one after the other.
fn crowd(draw: &mut Draw) -> Vec<Value> {
    let path = path(draw);
    let key = draw.pick(&["headers", "queryParams"]);
    let name = draw.pick(&["tenant", "q"]);
    let count = draw.within(4..=12);
    let rules = (0..count).map(|number| {
        let value = format!("t{}", if draw.chance(80) { number } else { draw.below(4) });
        let mut values = vec![json!({"name": name, "value": value})];
        if draw.chance(20) {
            values.push(json!({"name": "a", "value": "1"}));
        }
        let matched = with(
            json!({"path": path}),
            [
                (key, draw.maybe(92, |_| values.into())),
                ("method", draw.maybe(15, |draw| draw.pick(&["GET", "POST", "PUT", "DELETE"]).into())),
            ],
        );
        // Crowds are about matching: their backends are plain.
        json!({"matches": [matched], "backendRefs": [{"name": draw.weighted(&SERVICES), "port": 80}]})
    });
    rules.collect()
}

fn patterns(draw: &mut Draw) -> Vec<Value> {
    let count = draw.within(3..=10);
    let matches: Vec<Value> = (0..count)
        .map(|number| json!({"path": {"type": "RegularExpression", "value": format!("/(x|y){{1,{}}}z?", 1 + number % 5)}}))
        .collect();
    matches.into_iter().map(|matched| rule_with(draw, Some(json!([matched])))).collect()
}
