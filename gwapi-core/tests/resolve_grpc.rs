//! GRPCRoutes (chapter K).

mod common;

use common::{
    any_route_of, attachment_of, backend_of, edge, from_all, gateway, grant, https, listener, listeners_of, merged, names,
    object, open, ours, resolved, resolved_by, route_to_edge, rule_of, ruled, secret, service, service_with, without,
};
use gwapi_core::{
    Controller, Feature, Refusal, Resolution, SupportedFeatures,
    model::{GrpcMatch, ValueMatcher},
    resolution::{BackendProtocol, RuleMatches},
};
use serde_json::{Value, json};

fn grpc(name: &str, rules: Value) -> Value {
    route_to_edge("GRPCRoute", name, json!({"rules": rules}))
}

fn by(controller: &Controller, rules: Value) -> Resolution {
    resolved_by(controller, &[gateway("infra/edge", &[open("http")]), service("shop/web", &[80]), grpc("shop/r", rules)])
}

fn refused(controller: &Controller, rule: &Value) -> Vec<Refusal> {
    rule_of(&by(controller, json!([rule])), "shop/r").refused.clone()
}

fn matches_of(rule: Value) -> Vec<GrpcMatch> {
    let resolution = by(&ours(), json!([rule]));
    let RuleMatches::Grpc(matches) = &rule_of(&resolution, "shop/r").matches else { panic!("of another kind") };
    matches.clone()
}

/// cilium#34079, contour#5116, contour#5374.
#[test]
fn pitfall_27_methods_in_part_and_not_at_all() {
    let name = |name: &str| Some(ValueMatcher::Exact(name.into()));
    for rule in [json!({}), json!({"matches": []}), json!({"matches": [{}]}), json!({"matches": [{"headers": []}]})] {
        assert_eq!(matches_of(rule), [GrpcMatch::default()], "K-005: every request");
    }
    for (method, service, of_service) in [
        (json!({"service": "a.B", "method": "C"}), name("a.B"), name("C")),
        (json!({"service": "a.B"}), name("a.B"), None),
        (json!({"method": "C"}), None, name("C")),
    ] {
        let matches = matches_of(json!({"matches": [{"method": method}]}));
        let one = matches[0].method.as_ref().unwrap();
        assert_eq!((&one.service, &one.method), (&service, &of_service), "{method}");
    }
}

#[test]
fn k_005_a_route_without_rules_routes_nothing() {
    for spec in [json!({}), json!({"rules": []})] {
        let resolution = resolved(&[gateway("infra/edge", &[open("http")]), route_to_edge("GRPCRoute", "shop/r", spec)]);
        let route = any_route_of(&resolution, "shop/r");
        assert!(route.rules.is_empty() && route.has_valid_rule() && route.parents[0].is_attached());
        assert_eq!(common::count_of(&resolution, "infra/edge", "http"), 1);
    }
}

#[test]
fn k_004_k_007_k_008_and_k_016_what_cannot_be_honoured_refuses_the_rule() {
    for rule in [
        json!({"matches": [{"method": {}}]}),
        json!({"matches": [{"method": {"type": "RegularExpression", "service": ""}}]}),
        json!({"matches": [{"method": {"service": "a/b"}}]}),
        json!({"matches": [{"method": {"type": "Glob", "service": "a"}}]}),
        json!({"matches": [{"method": {"type": "RegularExpression", "method": "[oops"}}]}),
        json!({"matches": [{"headers": [{"type": "Glob", "name": "a", "value": "1"}]}]}),
        json!({"filters": [{"type": "RequestRedirect", "requestRedirect": {"scheme": "https"}}]}),
        json!({"filters": [{"type": "URLRewrite", "urlRewrite": {"hostname": "a.com"}}]}),
        json!({"filters": [{"type": "CORS", "cors": {}}]}),
        json!({"timeouts": {"request": "1s"}}),
        json!({"retry": {"attempts": 1}}),
    ] {
        let refused = refused(&ours(), &rule);
        assert!(
            !refused.is_empty() && refused.iter().all(|why| matches!(why, Refusal::RuleInvalid { .. })),
            "{rule}: {refused:?}"
        );
        // S-017, Q-025: a rule beside it is served.
        let resolution = by(&ours(), json!([rule, {}]));
        assert!(any_route_of(&resolution, "shop/r").is_partially_invalid(), "{rule}");
    }
}

#[test]
fn k_016_and_k_023_filters_and_their_features() {
    let header = json!({"type": "RequestHeaderModifier", "requestHeaderModifier": {"set": [{"name": "a", "value": "1"}]}});
    let answer = json!({"type": "ResponseHeaderModifier", "responseHeaderModifier": {"remove": ["a"]}});
    let mirror = |more: Value| json!({"type": "RequestMirror", "requestMirror": merged(json!({"backendRef": {"name": "web", "port": 80}}), more)});
    let rule = |filters: Value| json!({"filters": filters, "backendRefs": [{"name": "web", "port": 80}]});
    let on_backend = json!({"backendRefs": [{"name": "web", "port": 80, "filters": [header]}]});
    for (rule, feature) in [
        (rule(json!([header])), Feature::GRPCRouteRequestHeaderModifier),
        // Features of HTTPRoutes stand for what GRPCRoutes have no name for.
        (rule(json!([mirror(json!({}))])), Feature::HTTPRouteRequestMirror),
        (rule(json!([mirror(json!({})), mirror(json!({}))])), Feature::HTTPRouteRequestMultipleMirrors),
        (rule(json!([mirror(json!({"percent": 5}))])), Feature::HTTPRouteRequestPercentageMirror),
        (on_backend, Feature::HTTPRouteBackendRequestHeaderModification),
    ] {
        assert_eq!(refused(&ours(), &rule), [], "{rule}");
        let told = refused(&without(feature), &rule);
        assert!(
            matches!(&told[..], [Refusal::FeatureUnsupported { feature: missing, .. }] if *missing == feature),
            "{rule}: {told:?}"
        );
    }
    // X-21.
    let core = Controller { features: SupportedFeatures::of([Feature::Gateway, Feature::GRPCRoute]), ..ours() };
    assert_eq!(refused(&core, &rule(json!([answer]))), []);
    // H-004.
    assert_eq!(names(&refused(&ours(), &rule(json!([header, header])))), ["repeatedFilter"]);
    // H-006.
    let extension = json!({"type": "ExtensionRef", "extensionRef": {"group": "example.com", "kind": "It", "name": "it"}});
    let unresolved = by(&ours(), json!([rule(json!([extension]))]));
    assert_eq!(names(rule_of(&unresolved, "shop/r").unresolved()), ["extensionUnsupported"]);
}

#[test]
fn k_018_names_of_rules() {
    let name = |controller: &Controller| rule_of(&by(controller, json!([{"name": "it"}])), "shop/r").name.clone();
    assert_eq!(name(&ours()), Some("it".into()));
    assert_eq!(name(&without(Feature::GRPCRouteNamedRouteRule)), None);
    assert_eq!(name(&without(Feature::HTTPRouteNamedRouteRule)), Some("it".into()));
}

#[test]
fn k_019_backends_speak_http_2() {
    for (app_protocol, expected) in [
        (json!(null), Ok(BackendProtocol::H2c)),
        (json!("kubernetes.io/h2c"), Ok(BackendProtocol::H2c)),
        (json!("grpc"), Ok(BackendProtocol::H2c)),
        (json!("https"), Ok(BackendProtocol::H2c)),
        (json!("kubernetes.io/ws"), Err("backendProtocolUnsupported")),
        (json!("kubernetes.io/wss"), Err("backendProtocolUnsupported")),
    ] {
        let web = service_with("shop/web", json!({"ports": [{"port": 80, "appProtocol": app_protocol}]}));
        let objects = [
            gateway("infra/edge", &[open("http")]),
            web,
            grpc("shop/r", json!([{"backendRefs": [{"name": "web", "port": 80}]}])),
        ];
        // H2C towards HTTPRoutes is another thing.
        let resolution = resolved_by(&without(Feature::HTTPRouteBackendProtocolH2C), &objects);
        let target = backend_of(&resolution, "shop/r").target;
        match expected {
            Ok(protocol) => assert_eq!(target.unwrap().protocol, protocol, "{app_protocol}"),
            Err(why) => assert_eq!(names(&[target.unwrap_err()]), [why], "{app_protocol}"),
        }
    }
}

#[test]
fn k_012_and_i_036_backends_that_are_invalid_keep_their_share() {
    let backends = json!([{"backendRefs": [{"name": "web", "port": 80, "weight": 3}, {"name": "gone", "port": 80, "weight": 1}, {"namespace": "away", "name": "web", "port": 80}]}]);
    let resolution = by(&ours(), backends);
    let rule = rule_of(&resolution, "shop/r");
    assert_eq!(rule.backends.iter().map(|backend| backend.weight).collect::<Vec<_>>(), [3, 1, 1]);
    assert_eq!(names(rule.unresolved()), ["backendNotFound", "refNotPermitted"]);
    assert!(rule.is_valid());
    // I-027: the grant names the kind of the route.
    for (kind, permitted) in [("HTTPRoute", false), ("GRPCRoute", true)] {
        let far = json!([{"backendRefs": [{"namespace": "away", "name": "web", "port": 80}]}]);
        let objects =
            [service("away/web", &[80]), grant("away/g", &[&format!("{kind}/shop")], &["Service"]), grpc("shop/r", far)];
        assert_eq!(backend_of(&resolved(&objects), "shop/r").target.is_ok(), permitted, "{kind}");
    }
}

#[test]
fn k_010_k_021_and_k_024_hostnames() {
    let named =
        |name: &str, hostname: Value| listener(name, 80, "HTTP", json!({"hostname": hostname, "allowedRoutes": from_all()}));
    let listeners = [
        named("exact", json!("bar.com")),
        named("under", json!("foo.bar.com")),
        named("wide", json!("*.bar.com")),
        named("any", json!(null)),
    ];
    for (hostnames, expected) in [
        (json!(["bar.com"]), &["exact", "any"][..]),
        (json!(["foo.bar.com"]), &["under", "wide", "any"]),
        (json!(["*.bar.com"]), &["under", "wide", "any"]),
        (json!(["other.com"]), &["any"]),
        (json!([]), &["exact", "under", "wide", "any"]),
    ] {
        let route = route_to_edge("GRPCRoute", "shop/r", json!({"hostnames": hostnames}));
        assert_eq!(
            listeners_of(&attachment_of(&resolved(&[gateway("infra/edge", &listeners), route]), "shop/r")),
            expected,
            "{hostnames}"
        );
    }
    let none = route_to_edge("GRPCRoute", "shop/r", json!({"hostnames": ["other.com"]}));
    let resolution = resolved(&[gateway("infra/edge", &listeners[..1]), none]);
    assert_eq!(names(&attachment_of(&resolution, "shop/r").refused), ["noMatchingHostname"]);
}

/// G-014: by 1.7 nothing is rejected, whoever came first.
#[test]
fn pitfall_55_http_routes_and_grpc_routes_live_on_one_host() {
    let objects = [gateway("infra/edge", &[open("http")]), grpc("shop/g", json!([{}])), ruled("shop/h", json!([{}]))];
    let resolution = resolved(&objects);
    assert!(["shop/g", "shop/h"].iter().all(|name| attachment_of(&resolution, name).is_attached()));
    // D-029.
    assert_eq!(common::count_of(&resolution, "infra/edge", "http"), 2);
}

#[test]
fn k_002_and_d_012_listeners_and_ports() {
    let listeners = [open("http"), https("https", 443, json!({"allowedRoutes": from_all()}))];
    let to = |parent: Value| object("GRPCRoute", "shop/r", json!({"parentRefs": [merged(edge(), parent)]}));
    let attached = |controller: &Controller, parent: Value| {
        let resolution = resolved_by(controller, &[gateway("infra/edge", &listeners), secret("infra/cert"), to(parent)]);
        listeners_of(&attachment_of(&resolution, "shop/r")).join(" ")
    };
    assert_eq!(attached(&ours(), json!({})), "http https");
    assert_eq!(attached(&ours(), json!({"port": 443})), "https");
    let neither = common::without_all(&[Feature::HTTPRouteParentRefPort, Feature::HTTPRouteDestinationPortMatching]);
    assert_eq!(attached(&neither, json!({"port": 443})), "");
}
