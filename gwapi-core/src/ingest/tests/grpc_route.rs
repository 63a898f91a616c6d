//! GRPCRoute.

use super::*;
use crate::model::{GrpcMatch, GrpcMethodMatch, GrpcRule, ValueMatcher};

fn rules(spec: Value) -> (Vec<GrpcRule>, Vec<Issue>) {
    let (route, issues) = route(&object("GRPCRoute", spec));
    assert_eq!(route.invalid, []);
    let Rules::Grpc(rules) = &route.rules else { panic!("{:?}", route.rules) };
    (rules.clone(), issues)
}

fn rule(value: Value) -> GrpcRule {
    let (mut rules, issues) = rules(json!({"rules": [value]}));
    assert_eq!(rules.len(), 1);
    assert_reported(&rules[0].invalid, &issues);
    rules.remove(0)
}

fn method(value: Value) -> Result<GrpcMethodMatch, String> {
    let rule = rule(json!({"matches": [{"method": value}]}));
    match rule.matches.into_iter().next() {
        Some(one) => Ok(one.method.unwrap()),
        None => Err(rule.invalid[0].path.trim_start_matches("spec.rules[0].matches[0].method").into()),
    }
}

#[test]
fn a_full_route_is_read_whole() {
    let (rules, issues) = rules(full::grpc_route()["spec"].clone());
    assert_eq!(codes(&issues), []);
    let rule = &rules[0];
    assert_eq!(rule.invalid, []);
    assert_eq!(rule.name.as_ref().unwrap(), &"first");
    let method = rule.matches[0].method.as_ref().unwrap();
    assert_eq!(method.service, Some(ValueMatcher::Exact("a.b.C".into())));
    assert_eq!(method.method, Some(ValueMatcher::Exact("D".into())));
    assert!(matches!(&rule.matches[0].headers[0].value, ValueMatcher::Regex(pattern) if pattern.matches("bb")));
    assert_eq!((rule.filters.len(), rule.backend_refs[0].weight, rule.backend_refs[0].filters.len()), (1, 3, 1));
    assert!(rule.session_persistence.is_some());
}

#[test]
fn k_005_a_route_without_rules_has_none_and_a_rule_without_matches_takes_everything() {
    for spec in [json!({}), json!({"rules": []}), json!({"rules": null})] {
        assert_eq!(rules(spec).0, []);
    }
    for value in [json!({}), json!({"matches": []}), json!({"matches": [{}]}), json!({"matches": [{"method": null}]})] {
        assert_eq!(rule(value).matches, [GrpcMatch::default()]);
    }
}

#[test]
fn k_004_a_method_match_names_a_service_or_a_method() {
    let service = method(json!({"service": "a.B"})).unwrap();
    assert_eq!((service.service, service.method), (Some(ValueMatcher::Exact("a.B".into())), None));
    let only = method(json!({"method": "C"})).unwrap();
    assert_eq!((only.service, only.method), (None, Some(ValueMatcher::Exact("C".into()))));
    for value in [json!({}), json!({"type": "Exact"}), json!({"type": "RegularExpression", "service": "", "method": ""})] {
        assert_eq!(method(value.clone()), Err(String::new()), "{value}");
    }
    let pattern = method(json!({"type": "RegularExpression", "service": "", "method": "Get.*"})).unwrap();
    assert_eq!(pattern.service, None);
    assert!(matches!(pattern.method, Some(ValueMatcher::Regex(pattern)) if pattern.matches("GetAll")));
}

#[test]
fn k_007_names_have_few_characters() {
    for good in ["a", "_a", "A.b_1.C", ".a.b"] {
        assert!(method(json!({"service": good})).is_ok(), "{good}");
    }
    for bad in ["", "a/b", "1a", "a..b", "a.", "..a", "a-b", "ä", &text(1025)] {
        assert_eq!(method(json!({"service": bad})), Err(".service".into()), "{bad}");
    }
    for bad in ["", "a.b", "a/b", "1", "a b"] {
        assert_eq!(method(json!({"method": bad})), Err(".method".into()), "{bad}");
    }
    assert_eq!(method(json!({"type": "RegularExpression", "method": "("})), Err(".method".into()));
    assert_eq!(method(json!({"type": "Prefix", "method": "a"})), Err(".type".into()));
}

#[test]
fn k_016_filters_of_http_are_none_of_grpc() {
    for (filter, at) in [
        (json!({"type": "URLRewrite", "urlRewrite": {}}), "type"),
        (json!({"type": "RequestRedirect", "requestRedirect": {}}), "type"),
        (json!({"type": "CORS", "cors": {}}), "type"),
        (full::external_auth("GRPC"), "type"),
        (json!({"type": "RequestHeaderModifier", "requestHeaderModifier": {}, "cors": {}}), "cors"),
    ] {
        let on_rule = rule(json!({"filters": [filter]}));
        assert_eq!(on_rule.invalid[0].path, at_rule(&format!("filters[0].{at}")), "{filter}");
        let on_backend = rule(json!({"backendRefs": [{"name": "b", "filters": [filter]}]}));
        assert_eq!(on_backend.invalid[0].path, at_rule(&format!("backendRefs[0].filters[0].{at}")), "{filter}");
    }
    for field in ["timeouts", "retry"] {
        assert_eq!(paths(&rule(json!({field: {}})).invalid), [at_rule(field)]);
    }
}

#[test]
fn a_match_that_is_invalid_never_widens_the_rule() {
    for matches in [
        json!([{"method": {"method": "a/b"}}]),
        json!([{"path": {"value": "/"}}]),
        json!([{"headers": [{"name": "a b", "value": "c"}]}]),
        json!([7]),
        json!("all"),
    ] {
        let rule = rule(json!({"matches": matches}));
        assert_eq!((rule.matches.len(), rule.invalid.len()), (0, 1), "{matches}");
    }
    // A rule that is none takes no request.
    assert_eq!(rule(json!("x")).matches, []);
}
