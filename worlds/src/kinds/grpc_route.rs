//! GRPCRoute: matches of services and methods that tie on every key.

use serde_json::{Value, json};

use super::{
    Maker, filter,
    refs::Carries,
    route::{self, few, header},
};
use crate::{
    Draw, Theme,
    manifest::record,
    vocabulary::{GRPC_METHODS, GRPC_SERVICES},
};

pub(super) const MAKER: Maker = Maker { kind: "GRPCRoute", count: 1..=5, changes: 5, theme: Some(Theme::Grpc), make };

fn make(draw: &mut Draw) -> Value {
    let hostnames = route::hostnames(draw);
    let rules = draw.maybe(95, |draw| draw.several(1..=3, rule).into());
    route::route(draw, "GRPCRoute", hostnames, rules)
}

fn rule(draw: &mut Draw) -> Value {
    record([
        ("name", draw.maybe(8, |draw| draw.pick(&["n", "m"]).into())),
        ("matches", draw.maybe(85, |draw| draw.several(0..=3, one_match).into())),
        // Most of those of HTTPRoutes are there too, and the others are what is wrong with the rule.
        ("filters", draw.maybe(7, filter::filters)),
        ("backendRefs", draw.maybe(96, |draw| draw.several(1..=3, backend_ref).into())),
        ("sessionPersistence", draw.maybe(3, route::session)),
    ])
}

fn backend_ref(draw: &mut Draw) -> Value {
    let filters = draw.maybe(3, filter::filters);
    route::backend_ref(draw, Carries::Tcp, filters)
}

fn one_match(draw: &mut Draw) -> Value {
    record([("method", draw.maybe(85, method)), ("headers", few(draw, header))])
}

fn method(draw: &mut Draw) -> Value {
    if draw.chance(3) {
        return draw.pick(&[
            json!({}),
            json!({"service": "/S"}),
            json!({"type": "Prefix", "service": "S"}),
            json!({"method": "9"}),
        ]);
    }
    if draw.is_about(Theme::Patterns) && draw.chance(40) {
        return record([
            ("type", Some("RegularExpression".into())),
            ("service", draw.maybe(70, |draw| draw.pick(&["S|T", "[a-zA-Z.]*", "^S$"]).into())),
            ("method", draw.maybe(70, |draw| draw.pick(&["M+", "M|N", "[MNm]*"]).into())),
        ]);
    }
    record([
        ("type", draw.maybe(30, |_| "Exact".into())),
        ("service", draw.maybe(75, |draw| draw.pick(&GRPC_SERVICES).into())),
        ("method", draw.maybe(60, |draw| draw.pick(&GRPC_METHODS).into())),
    ])
}
