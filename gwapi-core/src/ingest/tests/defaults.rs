//! what is filled in where an object says nothing. Objects that an API server has filled in come out the same.

use super::*;
use crate::model::{AddressType, AnyOr, Fraction, NamespacesFrom, PathMatch, TlsMode, ValueMatcher};

///
#[test]
fn pitfall_61_a_parent_ref_defaults_to_a_gateway_of_the_routes_namespace() {
    let (short, _) = http_route(json!({"parentRefs": [{"name": "edge"}]}));
    let (long, _) = http_route(json!({"parentRefs": [
        {"group": "gateway.networking.k8s.io", "kind": "Gateway", "namespace": "here", "name": "edge"}]}));
    assert_eq!(short, long);
    let parent = &short.parent_refs[0];
    assert_eq!(parent.group, "gateway.networking.k8s.io");
    assert_eq!(parent.kind, "Gateway");
    assert_eq!(parent.namespace, "here");
    assert_eq!((&parent.section_name, parent.port), (&None, None));
}

#[test]
fn pitfall_61_the_empty_group_of_a_parent_ref_is_the_core_group_and_no_default() {
    let (route, issues) = http_route(json!({"parentRefs": [{"group": "", "kind": "Service", "name": "s"}]}));
    assert_eq!(issues, []);
    assert_eq!(route.parent_refs[0].group, "");
}

///
#[test]
fn pitfall_61_a_backend_ref_defaults_to_a_service_of_weight_one() {
    let (short, _) = rule(json!({"backendRefs": [{"name": "b", "port": 80}]}));
    let (long, _) = rule(
        json!({"backendRefs": [{"group": "", "kind": "Service", "namespace": "here", "name": "b", "port": 80, "weight": 1}]}),
    );
    assert_eq!(short, long);
    assert_eq!(short.backend_refs[0].weight, 1);
    assert_eq!(short.backend_refs[0].backend.namespace, "here");
}

#[test]
fn pitfall_15_a_match_without_path_is_the_prefix_of_everything() {
    for value in [
        json!({}),
        json!({"path": null}),
        json!({"path": {}}),
        json!({"path": {"type": "PathPrefix"}}),
        json!({"path": {"value": "/"}}),
    ] {
        assert_eq!(one_match(value.clone()), Ok(HttpMatch::default()), "{value}");
    }
    let path = |value: Value| one_match(json!({"path": value})).unwrap().path;
    assert_eq!(path(json!({"value": "/foo"})), PathMatch::Prefix("/foo".into()));
    assert_eq!(path(json!({"type": "Exact"})), PathMatch::Exact("/".into()));
    assert!(matches!(path(json!({"type": "RegularExpression"})), PathMatch::Regex(pattern) if pattern.as_str() == "/"));
}

#[test]
fn f_002_a_rule_without_matches_and_a_route_without_rules_match_everything() {
    for value in [json!({}), json!({"matches": []}), json!({"matches": null})] {
        assert_eq!(rule(value).0.matches, [HttpMatch::default()]);
    }
    for spec in [json!({}), json!({"rules": []}), json!({"rules": null})] {
        let (route, issues) = http_route(spec);
        assert_eq!(issues, []);
        assert_eq!(rules(&route).len(), 1);
        assert_eq!(rules(&route)[0].matches, [HttpMatch::default()]);
        assert_eq!((rules(&route)[0].backend_refs.len(), rules(&route)[0].invalid.len()), (0, 0));
    }
}

///
#[test]
fn predicates_are_exact() {
    let one = one_match(json!({"headers": [{"name": "a", "value": "b"}], "queryParams": [{"name": "c", "value": "d"}]})).unwrap();
    assert_eq!(one.headers[0].value, ValueMatcher::Exact("b".into()));
    assert_eq!(one.query[0].value, ValueMatcher::Exact("d".into()));
}

///
#[test]
fn a_redirect_answers_302() {
    let Ok(Filter::RequestRedirect(redirect)) = one_filter(json!({"type": "RequestRedirect", "requestRedirect": {}})) else {
        panic!("no redirect")
    };
    assert_eq!(redirect.status_code, 302);
    assert_eq!((redirect.scheme, redirect.hostname, redirect.path, redirect.port), (None, None, None, None));
}

///
#[test]
fn a_fraction_is_one_of_a_hundred() {
    let Ok(Filter::RequestMirror(mirror)) = one_filter(
        json!({"type": "RequestMirror", "requestMirror": {"backendRef": {"name": "m"}, "fraction": {"numerator": 7}}}),
    ) else {
        panic!("no mirror")
    };
    assert_eq!(mirror.fraction, Fraction { numerator: 7, denominator: 100 });
    assert_eq!(mirror.backend.kind, "Service");
    assert_eq!(mirror.backend.namespace, "here");
}

#[test]
fn cors_answers_hold_five_seconds() {
    let Ok(Filter::Cors(cors)) = one_filter(json!({"type": "CORS", "cors": {}})) else { panic!("no CORS") };
    assert_eq!(cors.max_age, 5);
    assert!(!cors.allow_credentials && cors.allow_origins.is_empty() && cors.expose_headers.is_empty());
    assert_eq!((cors.allow_methods, cors.allow_headers), (AnyOr::List(Vec::new()), AnyOr::List(Vec::new())));
}

///
#[test]
fn a_retry_tries_once_more() {
    let attempts = |retry: Value| rule(json!({"retry": retry})).0.retry.unwrap().attempts;
    assert_eq!(attempts(json!({})), 1);
    assert_eq!(attempts(json!({"attempts": null, "codes": [500]})), 1);
    // J-010: an explicit zero switches retries off.
    assert_eq!(attempts(json!({"attempts": 0})), 0);
    assert_eq!(rule(json!({})).0.retry, None);
}

///
#[test]
fn a_listener_takes_routes_of_its_own_namespace() {
    for allowed in [
        json!({}),
        json!({"allowedRoutes": {}}),
        json!({"allowedRoutes": {"kinds": []}}),
        json!({"allowedRoutes": {"namespaces": {}}}),
        json!({"allowedRoutes": {"namespaces": {"from": "Same"}}}),
    ] {
        let (listener, issues) = listener(allowed);
        assert_eq!(issues, []);
        assert_eq!((listener.allowed_routes.namespaces, listener.allowed_routes.kinds.len()), (NamespacesFrom::Same, 0));
    }
}

///
#[test]
fn a_listener_ends_tls_with_a_secret() {
    let (listener, issues) = listener(json!({"protocol": "HTTPS", "tls": {"certificateRefs": [{"name": "cert"}]}}));
    assert_eq!(issues, []);
    let tls = listener.tls.unwrap();
    assert_eq!(tls.mode, TlsMode::Terminate);
    let secret = &tls.certificate_refs[0];
    assert_eq!(secret.group, "");
    assert_eq!(secret.kind, "Secret");
    assert_eq!(secret.namespace, "here");
}

#[test]
fn a_route_kind_is_of_the_gateway_api() {
    let (listener, _) = listener(json!({"allowedRoutes": {"kinds": [{"kind": "HTTPRoute"}, {"group": "", "kind": "X"}]}}));
    assert_eq!(listener.allowed_routes.kinds[0].group, "gateway.networking.k8s.io");
    assert_eq!(listener.allowed_routes.kinds[1].group, "");
}

///
#[test]
fn an_address_is_an_ip_address_without_demands() {
    let (gateway, issues) =
        gateway_of(json!({"gatewayClassName": "c", "listeners": [], "addresses": [{"value": "192.0.2.1"}, {}, {"value": ""}]}));
    assert_eq!(issues, []);
    assert_eq!(gateway.addresses[0].kind, AddressType::IpAddress);
    assert_eq!(gateway.addresses[0].value.as_deref(), Some("192.0.2.1"));
    assert_eq!(&*gateway.addresses[0].routability, "");
    // B-059.
    assert_eq!((&gateway.addresses[1].value, &gateway.addresses[2].value), (&None, &None));
}
