//! TLSRoute, TCPRoute, UDPRoute.

use super::*;
use crate::model::{L4Rule, RouteKind};

const KINDS: [(&str, RouteKind); 3] = [("TLSRoute", RouteKind::Tls), ("TCPRoute", RouteKind::Tcp), ("UDPRoute", RouteKind::Udp)];

fn rules(route: &Route) -> &[L4Rule] {
    let Rules::L4(rules) = &route.rules else { panic!("{:?}", route.rules) };
    rules
}

#[test]
fn full_routes_are_read_whole() {
    for (kind, route_kind) in KINDS {
        let (route, issues) = route(&full::l4_route(kind));
        assert_eq!((codes(&issues), &*route.invalid), (Vec::new(), &[][..]));
        assert_eq!(route.kind, route_kind);
        assert_eq!(route.hostnames.len(), usize::from(kind == "TLSRoute"));
        let rule = &rules(&route)[0];
        assert_eq!((rule.name.as_ref().unwrap().as_str(), rule.backend_refs[0].weight), ("only", 3));
        assert_eq!((rule.backend_refs[0].backend.port, &*rule.invalid), (Some(80), &[][..]));
    }
}

#[test]
fn l_020_m_011_there_are_no_matches_and_no_filters() {
    let backends = json!([{"name": "b", "port": 80}]);
    for (kind, _) in KINDS {
        for (rule, at) in [
            (json!({"backendRefs": backends, "matches": []}), "matches"),
            (json!({"backendRefs": backends, "filters": []}), "filters"),
            (json!({"backendRefs": [{"name": "b", "filters": []}]}), "backendRefs[0].filters"),
            (json!({}), "backendRefs"),
            (json!({"backendRefs": [{"port": 80}]}), "backendRefs[0].name"),
            (json!(7), ""),
        ] {
            let (route, issues) = route(&object(kind, json!({"hostnames": ["a.b"], "rules": [rule]})));
            let at = at_rule(at);
            assert_eq!(paths(&rules(&route)[0].invalid), [at.trim_end_matches('.')], "{kind}");
            assert_reported(&rules(&route)[0].invalid, &issues);
        }
    }
    let (tcp, _) = route(&object("TCPRoute", json!({"hostnames": ["a.b"], "rules": []})));
    assert_eq!(paths(&tcp.invalid), ["spec.hostnames"]);
    let (udp, _) = route(&object("UDPRoute", json!({})));
    assert_eq!(paths(&udp.invalid), ["spec.rules"]);
}

#[test]
fn l_015_only_v1alpha2_takes_every_name() {
    for version in ["v1", "v1alpha3", "v1alpha2"] {
        for hostnames in [json!(null), json!([])] {
            let mut value = object("TLSRoute", json!({"hostnames": hostnames, "rules": []}));
            value["apiVersion"] = format!("gateway.networking.k8s.io/{version}").into();
            let (route, _) = route(&value);
            let expected: &[&str] = if version == "v1alpha2" { &[] } else { &["spec.hostnames"] };
            assert_eq!(paths(&route.invalid), expected, "{version} {hostnames}");
        }
    }
}

#[test]
fn l_004_an_address_is_no_name() {
    let (route, _) = route(&object("TLSRoute", json!({"hostnames": ["10.0.0.1", "a.b"], "rules": []})));
    assert_eq!(route.invalid, []);
    assert!(route.hostnames[0].is_err() && route.hostnames[1].is_ok());
}

#[test]
fn older_versions_have_several_rules_and_all_are_kept() {
    let rule = json!({"backendRefs": [{"name": "b", "port": 80}]});
    let mut value = object("TCPRoute", json!({"rules": [rule, rule]}));
    value["apiVersion"] = "gateway.networking.k8s.io/v1alpha2".into();
    assert_eq!(rules(&route(&value).0).len(), 2);
}
