//! TLSRoute, TCPRoute and UDPRoute: rules that ask for nothing.

use serde_json::{Value, json};

use super::{
    Maker,
    refs::Carries,
    route::{self, backend_ref},
};
use crate::{
    Draw, Theme,
    manifest::{record, with},
    vocabulary::hostname,
};

const THEME: Option<Theme> = Some(Theme::L4);

pub(super) const TLS: Maker = Maker { kind: "TLSRoute", count: 1..=4, changes: 4, theme: THEME, make: tls };
pub(super) const TCP: Maker = Maker { kind: "TCPRoute", count: 0..=3, changes: 3, theme: THEME, make: tcp };
pub(super) const UDP: Maker = Maker { kind: "UDPRoute", count: 0..=3, changes: 3, theme: THEME, make: udp };

fn tls(draw: &mut Draw) -> Value {
    let hostnames = draw.maybe(95, |draw| draw.several(1..=3, hostname).into());
    let rules = rules(draw, Carries::Tcp);
    let route = route::route(draw, "TLSRoute", hostnames, rules);
    // Only there it may do without hostnames.
    with(route, [("apiVersion", draw.maybe(15, |_| json!("gateway.networking.k8s.io/v1alpha2")))])
}

fn tcp(draw: &mut Draw) -> Value {
    let rules = rules(draw, Carries::Tcp);
    route::route(draw, "TCPRoute", None, rules)
}

fn udp(draw: &mut Draw) -> Value {
    let rules = rules(draw, Carries::Udp);
    route::route(draw, "UDPRoute", None, rules)
}

fn rules(draw: &mut Draw, carries: Carries) -> Option<Value> {
    let rule = |draw: &mut Draw| {
        let backends = draw.maybe(95, |draw| draw.several(1..=3, |draw| backend_ref(draw, carries, None)).into());
        record([
            ("name", draw.maybe(8, |draw| draw.pick(&["n", "Bad Name"]).into())),
            ("backendRefs", backends),
            ("weight", draw.maybe(1, |_| json!(1))),
        ])
    };
    draw.maybe(97, |draw| {
        let count = draw.weighted(&[(12, 1), (2, 2), (1, 0)]);
        draw.several(count..=count, rule).into()
    })
}
