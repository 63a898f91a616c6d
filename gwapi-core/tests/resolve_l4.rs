//! TLSRoute, TCPRoute and UDPRoute: modes, attachment and backends (B.3, L, M, D-036 to D-038).

mod common;

use common::{
    any_route_of, attachment_of, backend_of, edge, edge_of, from_all, gateway, grant, https, key, listener, listener_of,
    listeners_of, merged, names, object, open, ours, resolved, resolved_by, route_to_edge, secret, service, service_with,
    without, without_all,
};
use gwapi_core::{
    Controller, Feature, Resolution,
    model::RouteKind,
    resolution::{BackendProtocol, ListenerKey, RuleMatches},
};
use serde_json::{Value, json};

fn passthrough(name: &str, port: u16, hostname: Option<&str>) -> Value {
    let more = json!({"hostname": hostname, "tls": {"mode": "Passthrough"}, "allowedRoutes": from_all()});
    listener(name, port, "TLS", more)
}

fn terminate(name: &str, port: u16, hostname: Option<&str>) -> Value {
    let more = json!({"hostname": hostname, "tls": {"mode": "Terminate", "certificateRefs": [{"name": "cert"}]}, "allowedRoutes": from_all()});
    listener(name, port, "TLS", more)
}

fn raw(name: &str, port: u16, protocol: &str) -> Value {
    listener(name, port, protocol, json!({"allowedRoutes": from_all()}))
}

fn rules() -> Value {
    json!([{"backendRefs": [{"name": "web", "port": 80}]}])
}

/// A route of that kind for parents. TLSRoutes have hostnames, and the others need none.
fn of_kind(kind: &str, parents: Value) -> Value {
    common::named_if_tls(object(kind, "shop/r", json!({"parentRefs": parents, "rules": rules()})))
}

fn by(controller: &Controller, listeners: &[Value], routes: &[Value]) -> Resolution {
    let udp = service_with("shop/dns", json!({"ports": [{"port": 53, "protocol": "UDP"}]}));
    let objects = [gateway("infra/edge", listeners), secret("infra/cert"), service("shop/web", &[80]), udp];
    resolved_by(controller, &[&objects[..], routes].concat())
}

fn refused(resolution: &Resolution, name: &str) -> Vec<String> {
    names(&listener_of(&edge_of(resolution), name).refused)
}

#[test]
fn l_009_and_l_010_tls_that_ends_here_takes_a_feature() {
    let objects = [terminate("tls", 443, None)];
    let routes = [of_kind("TLSRoute", json!([edge()]))];
    let declared = by(&ours(), &objects, &routes);
    let listener = &edge_of(&declared).listeners[0];
    assert!(listener.is_served() && !listener.passthrough);
    assert_eq!(listener.supported_kinds, [RouteKind::Tls]);
    assert_eq!(listener.certificates.len(), 1);
    let undeclared = by(&without(Feature::TLSRouteModeTerminate), &objects, &routes);
    assert_eq!(refused(&undeclared, "tls"), ["tlsModeUnsupported"]);
    assert!(edge_of(&undeclared).listeners[0].supported_kinds.is_empty());
    assert_eq!(common::count_of(&undeclared, "infra/edge", "tls"), 0);
    assert!(!attachment_of(&undeclared, "shop/r").is_attached());
    // Passthrough is core of TLSRoute.
    assert!(
        by(&without(Feature::TLSRouteModeTerminate), &[passthrough("tls", 443, None)], &[])
            .gateways
            .values()
            .all(|it| it.is_accepted())
    );
}

#[test]
fn l_006_a_listener_that_passes_tls_on_needs_no_certificate() {
    let bare = by(&ours(), &[passthrough("tls", 443, None)], &[]);
    let listener = &edge_of(&bare).listeners[0];
    assert!(listener.is_served() && listener.passthrough && listener.certificates.is_empty());
    let endless = listener_of(&edge_of(&by(&ours(), &[raw("tls", 443, "TLS")], &[])), "tls").clone();
    assert!(endless.is_accepted() && !endless.is_served(), "B-042: TLS without `tls` has no certificate");
}

#[test]
fn l_011_and_l_012_both_modes_on_one_port() {
    let listeners = [passthrough("through", 443, Some("a.com")), terminate("ended", 443, Some("b.com"))];
    let routes = [object("TLSRoute", "shop/r", json!({"parentRefs": [edge()], "hostnames": ["*.com"], "rules": rules()}))];
    let mixed = by(&ours(), &listeners, &routes);
    assert_eq!(listeners_of(&attachment_of(&mixed, "shop/r")), ["through", "ended"]);
    let apart = by(&without(Feature::TLSRouteModeMixed), &listeners, &routes);
    for name in ["through", "ended"] {
        assert_eq!(refused(&apart, name), ["protocolConflict"]);
        assert!(listener_of(&edge_of(&apart), name).supported_kinds.is_empty());
        assert_eq!(common::count_of(&apart, "infra/edge", name), 0);
    }
    assert!(!edge_of(&apart).is_accepted());
    // Other ports, and one mode, are no mixture.
    let elsewhere = [passthrough("through", 443, Some("a.com")), terminate("ended", 8443, Some("b.com"))];
    let alike = [passthrough("through", 443, Some("a.com")), passthrough("ended", 443, Some("b.com"))];
    for listeners in [elsewhere, alike] {
        assert!(edge_of(&by(&without(Feature::TLSRouteModeMixed), &listeners, &[])).listeners.iter().all(|one| one.is_served()));
    }
    // The same name is a conflict in any case (B-004).
    let same = [passthrough("through", 443, Some("a.com")), terminate("ended", 443, Some("a.com"))];
    assert_eq!(refused(&by(&ours(), &same, &[]), "through"), ["hostnameConflict"]);
    // Who does not end TLS refuses the one that asks for it, and no other.
    let neither = without_all(&[Feature::TLSRouteModeMixed, Feature::TLSRouteModeTerminate]);
    let resolution = by(&neither, &listeners, &[]);
    assert_eq!(
        (refused(&resolution, "through").len(), refused(&resolution, "ended")),
        (0, vec!["tlsModeUnsupported".to_owned()])
    );
}

#[test]
fn l_017_names_that_overlap_are_no_conflict() {
    let resolution = by(&ours(), &[passthrough("wide", 443, Some("*.a.com")), terminate("exact", 443, Some("b.a.com"))], &[]);
    let edge = edge_of(&resolution);
    assert!(edge.listeners.iter().all(|listener| listener.is_served()));
    assert_eq!(listener_of(&edge, "wide").overlaps, ["exact"]);
}

#[test]
fn pitfall_53_https_and_tls_share_a_port_by_name() {
    for (hostname, why) in [("a.com", vec!["protocolConflict"]), ("b.com", vec![])] {
        let listeners = [passthrough("tls", 443, Some("a.com")), https("https", 443, json!({"hostname": hostname}))];
        let resolution = by(&ours(), &listeners, &[]);
        assert_eq!((refused(&resolution, "tls"), refused(&resolution, "https")), (vec_of(&why), vec_of(&why)));
    }
}

fn vec_of(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

#[test]
fn b_005_tcp_shares_its_port_with_udp_and_with_nobody_else() {
    for (protocol, shares) in [("HTTP", false), ("HTTPS", false), ("TLS", false), ("UDP", true)] {
        let other = match protocol {
            "HTTPS" => https("other", 9000, json!({"hostname": "a.com"})),
            "TLS" => passthrough("other", 9000, Some("a.com")),
            _ => raw("other", 9000, protocol),
        };
        let resolution = by(&ours(), &[raw("tcp", 9000, "TCP"), other], &[]);
        let expected = vec_of(if shares { &[] } else { &["protocolConflict"] });
        assert_eq!((refused(&resolution, "tcp"), refused(&resolution, "other")), (expected.clone(), expected), "{protocol}");
    }
    let two = by(&ours(), &[raw("a", 9000, "TCP"), raw("b", 9000, "TCP"), raw("c", 53, "UDP"), raw("d", 53, "UDP")], &[]);
    for name in ["a", "b", "c", "d"] {
        assert_eq!(refused(&two, name), ["protocolConflict"], "B-009");
    }
    // M-012: routes go where their transport is.
    let both = by(&ours(), &[raw("tcp", 53, "TCP"), raw("udp", 53, "UDP")], &[of_kind("UDPRoute", json!([edge()]))]);
    assert_eq!(listeners_of(&attachment_of(&both, "shop/r")), ["udp"]);
}

#[test]
fn d_010_kinds_go_with_protocols() {
    let listeners = [
        open("http"),
        https("https", 443, json!({"allowedRoutes": from_all()})),
        passthrough("through", 8443, None),
        terminate("ended", 9443, None),
        raw("tcp", 9000, "TCP"),
        raw("udp", 9001, "UDP"),
    ];
    for (kind, expected) in [
        ("HTTPRoute", &["http", "https"][..]),
        ("GRPCRoute", &["http", "https"]),
        // L-001, L-002, X-05.
        ("TLSRoute", &["through", "ended"]),
        // M-001; L-019 is not supported.
        ("TCPRoute", &["tcp"]),
        ("UDPRoute", &["udp"]),
    ] {
        let route = |parent: Value| of_kind(kind, json!([parent]));
        let attachment = attachment_of(&by(&ours(), &listeners, &[route(edge())]), "shop/r");
        assert_eq!(listeners_of(&attachment), expected, "{kind}");
        assert!(names(&attachment.refused).iter().all(|why| why == "kindNotAllowed"));
        for listener in ["http", "https", "through", "ended", "tcp", "udp"] {
            let resolution = by(&ours(), &listeners, &[route(merged(edge(), json!({"sectionName": listener})))]);
            assert_eq!(attachment_of(&resolution, "shop/r").is_attached(), expected.contains(&listener), "{kind} {listener}");
            let on = ListenerKey { parent: key("Gateway", "infra/edge"), name: listener.into() };
            assert_eq!(resolution.attached_routes.on(&on), usize::from(expected.contains(&listener)));
        }
    }
}

#[test]
fn m_002_and_l_003_ports_and_names_select() {
    let tcp = [raw("one", 9000, "TCP"), raw("two", 9001, "TCP"), raw("three", 9002, "TCP")];
    for (parent, expected) in [
        (json!({}), Ok(vec!["one", "two", "three"])),
        (json!({"port": 9001}), Ok(vec!["two"])),
        (json!({"sectionName": "three"}), Ok(vec!["three"])),
        (json!({"sectionName": "one", "port": 9000}), Ok(vec!["one"])),
        (json!({"sectionName": "one", "port": 9001}), Err("noListenerSelected")),
        (json!({"sectionName": "four"}), Err("noListenerSelected")),
        (json!({"port": 1}), Err("noListenerSelected")),
    ] {
        let route = of_kind("TCPRoute", json!([merged(edge(), parent.clone())]));
        let attachment = attachment_of(&by(&ours(), &tcp, &[route]), "shop/r");
        match expected {
            Ok(listeners) => assert_eq!(listeners_of(&attachment), listeners, "{parent}"),
            Err(why) => assert_eq!(names(&attachment.refused), [why], "{parent}"),
        }
    }
}

#[test]
fn m_004_and_d_031_all_count_though_one_is_served() {
    let of = |name: &str| route_to_edge("TCPRoute", name, json!({"rules": rules()}));
    let resolution = by(&ours(), &[raw("tcp", 9000, "TCP")], &[of("shop/a"), of("shop/b")]);
    assert_eq!(common::count_of(&resolution, "infra/edge", "tcp"), 2);
    assert!(["shop/a", "shop/b"].iter().all(|name| attachment_of(&resolution, name).is_attached()));
}

#[test]
fn l_005_and_d_036_hostnames_meet_and_losers_of_precedence_stay() {
    let of = |name: &str, hostname: &str| route_to_edge("TLSRoute", name, json!({"hostnames": [hostname], "rules": rules()}));
    for (listener, routes, served) in [
        (Some("abc.example.com"), "abc.example.com", Some("abc.example.com")),
        (Some("*.example.com"), "abc.example.com", Some("abc.example.com")),
        (Some("*.example.com"), "*.example.com", Some("*.example.com")),
        (Some("abc.example.com"), "*.example.com", Some("abc.example.com")),
        (None, "*.example.com", Some("*.example.com")),
        // L-003.
        (Some("*.example.com"), "example.com", None),
        (Some("abc.example.com"), "abd.example.com", None),
    ] {
        let resolution = by(&ours(), &[passthrough("tls", 443, listener)], &[of("shop/r", routes)]);
        let attachment = attachment_of(&resolution, "shop/r");
        match served {
            Some(served) => {
                let name = attachment.listeners[0].hostnames[0].served.as_ref().unwrap();
                assert_eq!(name.as_str(), served, "{listener:?} {routes}");
            }
            None => assert_eq!(names(&attachment.refused), ["noMatchingHostname"], "{listener:?} {routes}"),
        }
    }
    let two =
        by(&ours(), &[passthrough("tls", 443, Some("a.b.com"))], &[of("shop/exact", "a.b.com"), of("shop/wide", "*.b.com")]);
    assert_eq!(common::count_of(&two, "infra/edge", "tls"), 2);
}

/// D-037: also a GRPCRoute.
#[test]
fn d_018_and_d_037_a_shared_route_works_on_each_gateway() {
    for kind in ["GRPCRoute", "TCPRoute", "UDPRoute", "TLSRoute", "HTTPRoute"] {
        let listener = match kind {
            "TCPRoute" => raw("it", 9000, "TCP"),
            "UDPRoute" => raw("it", 9000, "UDP"),
            "TLSRoute" => passthrough("it", 9000, None),
            _ => open("it"),
        };
        let gateways = [gateway("infra/edge", std::slice::from_ref(&listener)), gateway("infra/other", &[listener])];
        let parents = json!([edge(), {"namespace": "infra", "name": "other"}, {"namespace": "infra", "name": "gone"}]);
        let route = any_route_of(&resolved(&[&gateways[..], &[of_kind(kind, parents)]].concat()), "shop/r");
        let attached: Vec<bool> = route.parents.iter().map(|parent| parent.is_attached()).collect();
        assert_eq!((attached, route.unclaimed.len()), (vec![true, true], 1), "{kind}");
    }
}

#[test]
fn l_013_and_m_007_to_m_009_backends_that_cannot_be_sent_to() {
    let kinds = [
        ("TCPRoute", raw("it", 9000, "TCP"), 80),
        ("TLSRoute", passthrough("it", 9000, None), 80),
        ("UDPRoute", raw("it", 9000, "UDP"), 53),
    ];
    for (kind, listener, port) in kinds {
        let (here, there, protocol) = if kind == "UDPRoute" { ("dns", "away/dns", "UDP") } else { ("web", "away/web", "TCP") };
        let far = service_with(there, json!({"ports": [{"port": port, "protocol": protocol}]}));
        let outcome = |backend: Value, more: &[Value]| {
            let mut route = of_kind(kind, json!([edge()]));
            route["spec"]["rules"][0]["backendRefs"] = json!([backend]);
            let resolution = by(&ours(), std::slice::from_ref(&listener), &[&[route], more].concat());
            // D-023.
            assert!(attachment_of(&resolution, "shop/r").is_attached());
            backend_of(&resolution, "shop/r").target.map_or_else(|why| names(&[why]).remove(0), |_| "fine".into())
        };
        let across = json!({"namespace": "away", "name": here, "port": port});
        assert_eq!(outcome(json!({"name": here, "port": port}), &[]), "fine", "{kind}");
        assert_eq!(outcome(json!({"name": "gone", "port": port}), &[]), "backendNotFound", "{kind}");
        assert_eq!(outcome(json!({"name": here, "port": port, "kind": "Pod"}), &[]), "backendKindUnsupported", "{kind}");
        assert_eq!(outcome(json!({"name": here, "port": 1}), &[]), "backendPortNotFound", "{kind}");
        assert_eq!(outcome(across.clone(), std::slice::from_ref(&far)), "refNotPermitted", "{kind}");
        assert_eq!(
            outcome(across.clone(), &[far.clone(), grant("away/g", &["HTTPRoute/shop"], &["Service"])]),
            "refNotPermitted"
        );
        assert_eq!(outcome(across, &[far, grant("away/g", &[&format!("{kind}/shop")], &["Service"])]), "fine", "{kind}");
    }
}

#[test]
fn i_023_what_the_endpoints_speak_is_no_business_of_bytes() {
    let web = |app_protocol: &str| service_with("shop/web", json!({"ports": [{"port": 80, "appProtocol": app_protocol}]}));
    for app_protocol in ["kubernetes.io/wss", "kubernetes.io/h2c", "https", "example.com/own"] {
        let objects =
            [gateway("infra/edge", &[raw("tcp", 9000, "TCP")]), web(app_protocol), of_kind("TCPRoute", json!([edge()]))];
        let target = backend_of(&resolved(&objects), "shop/r").target.unwrap();
        assert_eq!(target.protocol, BackendProtocol::Opaque, "{app_protocol}");
    }
}

#[test]
fn i_025_one_number_for_two_transports() {
    let both =
        service_with("shop/web", json!({"ports": [{"name": "t", "port": 80}, {"name": "u", "port": 80, "protocol": "UDP"}]}));
    for (kind, listener) in [("TCPRoute", raw("it", 9000, "TCP")), ("UDPRoute", raw("it", 9000, "UDP"))] {
        let objects = [gateway("infra/edge", &[listener]), both.clone(), of_kind(kind, json!([edge()]))];
        assert!(backend_of(&resolved(&objects), "shop/r").target.is_ok(), "{kind}");
    }
}

#[test]
fn m_011_rules_have_no_matches_and_keep_their_weights() {
    let route = route_to_edge(
        "TCPRoute",
        "shop/r",
        json!({"rules": [{"backendRefs": [{"name": "web", "port": 80, "weight": 70}, {"name": "gone", "port": 80, "weight": 30}]}]}),
    );
    let resolution = by(&ours(), &[raw("tcp", 9000, "TCP")], &[route]);
    let rule = common::rule_of(&resolution, "shop/r");
    assert_eq!((&rule.matches, rule.matches.len()), (&RuleMatches::L4, 1));
    // M-010: what is invalid keeps its share.
    assert_eq!(rule.backends.iter().map(|backend| backend.weight).collect::<Vec<_>>(), [70, 30]);
    assert!(rule.is_valid() && rule.backends[1].target.is_err());
}

#[test]
fn law_12_kinds_that_are_not_declared_attach_nowhere() {
    let listeners = [open("http"), passthrough("tls", 443, None), raw("tcp", 9000, "TCP"), raw("udp", 9001, "UDP")];
    for (kind, feature, listener) in [
        ("HTTPRoute", Feature::HTTPRoute, "http"),
        ("GRPCRoute", Feature::GRPCRoute, "http"),
        ("TLSRoute", Feature::TLSRoute, "tls"),
        ("TCPRoute", Feature::TCPRoute, "tcp"),
        ("UDPRoute", Feature::UDPRoute, "udp"),
    ] {
        let route = of_kind(kind, json!([merged(edge(), json!({"sectionName": listener}))]));
        assert!(attachment_of(&by(&ours(), &listeners, std::slice::from_ref(&route)), "shop/r").is_attached(), "{kind}");
        let resolution = by(&without(feature), &listeners, &[route]);
        assert!(!attachment_of(&resolution, "shop/r").is_attached(), "{kind}");
        assert!(edge_of(&resolution).listeners.iter().all(|one| one.supported_kinds.iter().all(|it| it.as_str() != kind)));
        assert!(resolution.attached_routes.iter().next().is_none());
    }
}
