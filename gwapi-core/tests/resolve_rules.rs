//! Which rules of a route are valid (chapters F and H.1, law 12, Q-025).

mod common;

use std::collections::BTreeSet;

use common::{edge, gateway, names, open, ours, resolved, resolved_by, route, route_of, rule_of, ruled, service, without};
use gwapi_core::{
    Controller, Feature, Refusal, Resolution, SupportedFeatures,
    controller::Abilities,
    resolution::{ResolvedRoute, ResolvedRule},
};
use serde_json::{Value, json};

fn by(controller: &Controller, rules: Value) -> Resolution {
    resolved_by(controller, &[gateway("infra/edge", &[open("http")]), service("shop/web", &[80]), ruled("shop/r", rules)])
}

/// What a rule is refused for.
fn refused(rule: &Value) -> Vec<Refusal> {
    refused_by(&ours(), rule)
}

fn refused_by(controller: &Controller, rule: &Value) -> Vec<Refusal> {
    rule_of(&by(controller, json!([rule])), "shop/r").refused.clone()
}

fn filters(filters: Value) -> Value {
    json!({"filters": filters})
}

fn backend_filters(filters: Value) -> Value {
    json!({"backendRefs": [{"name": "web", "port": 80, "filters": filters}]})
}

fn request_headers() -> Value {
    json!({"type": "RequestHeaderModifier", "requestHeaderModifier": {"set": [{"name": "a", "value": "1"}]}})
}

fn response_headers() -> Value {
    json!({"type": "ResponseHeaderModifier", "responseHeaderModifier": {"remove": ["a"]}})
}

fn redirect(redirect: Value) -> Value {
    json!({"type": "RequestRedirect", "requestRedirect": redirect})
}

fn rewrite(rewrite: Value) -> Value {
    json!({"type": "URLRewrite", "urlRewrite": rewrite})
}

fn mirror(more: Value) -> Value {
    let mut mirror = json!({"backendRef": {"name": "web", "port": 80}});
    mirror.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    json!({"type": "RequestMirror", "requestMirror": mirror})
}

fn cors() -> Value {
    json!({"type": "CORS", "cors": {"allowOrigins": ["https://a.com"]}})
}

fn full(path: &str) -> Value {
    json!({"type": "ReplaceFullPath", "replaceFullPath": path})
}

fn prefix(path: &str) -> Value {
    json!({"type": "ReplacePrefixMatch", "replacePrefixMatch": path})
}

// Features

/// A rule that needs a feature, the feature, and the field that is to blame.
fn gated() -> Vec<(Value, Feature, &'static str)> {
    use Feature as F;
    vec![
        (json!({"matches": [{"method": "GET"}]}), F::HTTPRouteMethodMatching, "matches[0].method"),
        (json!({"matches": [{}, {"method": "GET"}]}), F::HTTPRouteMethodMatching, "matches[1].method"),
        (
            json!({"matches": [{"queryParams": [{"name": "a", "value": "1"}]}]}),
            F::HTTPRouteQueryParamMatching,
            "matches[0].queryParams",
        ),
        (filters(json!([response_headers()])), F::HTTPRouteResponseHeaderModification, "filters[0].responseHeaderModifier"),
        (
            backend_filters(json!([response_headers()])),
            F::HTTPRouteResponseHeaderModification,
            "backendRefs[0].filters[0].responseHeaderModifier",
        ),
        (
            backend_filters(json!([request_headers()])),
            F::HTTPRouteBackendRequestHeaderModification,
            "backendRefs[0].filters[0].requestHeaderModifier",
        ),
        (filters(json!([redirect(json!({"scheme": "https"}))])), F::HTTPRouteSchemeRedirect, "filters[0].requestRedirect.scheme"),
        (filters(json!([redirect(json!({"port": 8443}))])), F::HTTPRoutePortRedirect, "filters[0].requestRedirect.port"),
        (filters(json!([redirect(json!({"path": full("/a")}))])), F::HTTPRoutePathRedirect, "filters[0].requestRedirect.path"),
        (filters(json!([redirect(json!({"path": prefix("/a")}))])), F::HTTPRoutePathRedirect, "filters[0].requestRedirect.path"),
        (
            filters(json!([redirect(json!({"statusCode": 303}))])),
            F::HTTPRoute303RedirectStatusCode,
            "filters[0].requestRedirect.statusCode",
        ),
        (
            filters(json!([redirect(json!({"statusCode": 307}))])),
            F::HTTPRoute307RedirectStatusCode,
            "filters[0].requestRedirect.statusCode",
        ),
        (
            filters(json!([redirect(json!({"statusCode": 308}))])),
            F::HTTPRoute308RedirectStatusCode,
            "filters[0].requestRedirect.statusCode",
        ),
        (filters(json!([rewrite(json!({"hostname": "a.com"}))])), F::HTTPRouteHostRewrite, "filters[0].urlRewrite.hostname"),
        (filters(json!([rewrite(json!({"path": full("/a")}))])), F::HTTPRoutePathRewrite, "filters[0].urlRewrite.path"),
        (
            backend_filters(json!([rewrite(json!({"path": full("/a")}))])),
            F::HTTPRouteBackendURLRewrite,
            "backendRefs[0].filters[0].urlRewrite",
        ),
        (filters(json!([mirror(json!({}))])), F::HTTPRouteRequestMirror, "filters[0].requestMirror"),
        (filters(json!([mirror(json!({})), mirror(json!({}))])), F::HTTPRouteRequestMultipleMirrors, "filters[1].requestMirror"),
        (filters(json!([mirror(json!({"percent": 20}))])), F::HTTPRouteRequestPercentageMirror, "filters[0].requestMirror"),
        (
            filters(json!([mirror(json!({"fraction": {"numerator": 1, "denominator": 2}}))])),
            F::HTTPRouteRequestPercentageMirror,
            "filters[0].requestMirror",
        ),
        (filters(json!([cors()])), F::HTTPRouteCORS, "filters[0].cors"),
        (json!({"timeouts": {"request": "1s"}}), F::HTTPRouteRequestTimeout, "timeouts.request"),
        (json!({"timeouts": {"request": "0s"}}), F::HTTPRouteRequestTimeout, "timeouts.request"),
        (json!({"timeouts": {"backendRequest": "1s"}}), F::HTTPRouteBackendTimeout, "timeouts.backendRequest"),
        (json!({"retry": {"codes": [500]}}), F::HTTPRouteRetryCodes, "retry.codes"),
        (json!({"retry": {"attempts": 3}}), F::HTTPRouteRetryConnectionError, "retry"),
    ]
}

#[test]
fn law_12_a_field_without_its_feature_refuses_the_rule() {
    for (rule, feature, field) in gated() {
        assert_eq!(refused(&rule), [], "{rule}");
        let path = format!("spec.rules[0].{field}");
        assert_eq!(refused_by(&without(feature), &rule), [Refusal::FeatureUnsupported { path, feature }], "{rule}");
    }
}

/// No feature of HTTPRoutes that these crates have is left out of the table without a reason.
#[test]
fn law_12_every_feature_of_a_rule_gates_something() {
    let elsewhere = [
        Feature::HTTPRoute,
        // Of backends and parentRefs: resolve_refs, resolve_attach. Names change nothing of what is served.
        Feature::HTTPRouteBackendProtocolH2C,
        Feature::HTTPRouteBackendProtocolWebSocket,
        Feature::HTTPRouteParentRefPort,
        Feature::HTTPRouteDestinationPortMatching,
        Feature::HTTPRouteNamedRouteRule,
    ];
    let covered: BTreeSet<Feature> = gated().into_iter().map(|(_, feature, _)| feature).chain(elsewhere).collect();
    let of_http_routes = Feature::ALL.iter().filter(|feature| feature.as_str().starts_with("HTTPRoute"));
    assert_eq!(covered, of_http_routes.copied().collect());
}

#[test]
fn h_005_what_is_core_needs_no_feature() {
    let core = Controller { features: SupportedFeatures::core(), ..ours() };
    for rule in [
        json!({}),
        json!({"matches": [
            {"path": {"type": "Exact", "value": "/a"}}, {"headers": [{"name": "a", "value": "1"}]},
            {"path": {"type": "RegularExpression", "value": "/a+"}},
        ]}),
        filters(json!([request_headers()])),
        filters(json!([redirect(json!({"hostname": "a.com"}))])),
        filters(json!([redirect(json!({"hostname": "a.com", "statusCode": 301}))])),
        filters(json!([redirect(json!({"statusCode": 302}))])),
        json!({"backendRefs": [{"name": "web", "port": 80, "weight": 3}]}),
        // J-010: switched off is what everybody can do.
        json!({"retry": {"attempts": 0}}),
        json!({"retry": {"attempts": 0, "codes": [500]}}),
    ] {
        assert_eq!(refused_by(&core, &rule), [], "{rule}");
    }
}

#[test]
fn h_047_all_requests_are_no_percentage() {
    let controller = without(Feature::HTTPRouteRequestPercentageMirror);
    for more in [json!({}), json!({"percent": 100}), json!({"fraction": {"numerator": 3, "denominator": 3}})] {
        assert_eq!(refused_by(&controller, &filters(json!([mirror(more)]))), []);
    }
    assert_eq!(refused_by(&controller, &filters(json!([mirror(json!({"percent": 0}))]))).len(), 1);
}

#[test]
fn h_091_a_rewrite_for_a_backend_needs_one_feature_only() {
    let controller = Controller {
        features: SupportedFeatures::built().without(Feature::HTTPRouteHostRewrite).without(Feature::HTTPRoutePathRewrite),
        ..ours()
    };
    let rewrite = rewrite(json!({"hostname": "a.com", "path": prefix("/a")}));
    assert_eq!(refused_by(&controller, &backend_filters(json!([rewrite]))), []);
}

#[test]
fn f_021_a_name_changes_nothing_of_what_is_served() {
    let rule = json!([{"name": "it", "backendRefs": [{"name": "web", "port": 80}]}]);
    let named = rule_of(&by(&ours(), rule.clone()), "shop/r");
    assert_eq!(named.name, Some("it".into()));
    let unnamed = ResolvedRule { name: None, ..(*named).clone() };
    assert_eq!(*rule_of(&by(&without(Feature::HTTPRouteNamedRouteRule), rule), "shop/r"), unnamed);
}

#[test]
fn law_12_every_missing_feature_is_told() {
    let controller = Controller { features: SupportedFeatures::core(), ..ours() };
    let mut rule = filters(json!([redirect(json!({"scheme": "https", "port": 1, "path": full("/"), "statusCode": 308}))]));
    rule["matches"] = json!([{"method": "GET"}]);
    assert_eq!(refused_by(&controller, &rule).len(), 5);
}

// Fields without a feature

#[test]
fn law_12_what_has_no_feature_name_refuses_the_rule_where_it_is_not_there() {
    let external =
        json!({"type": "ExternalAuth", "externalAuth": {"protocol": "HTTP", "backendRef": {"name": "web", "port": 80}}});
    let none = Controller { abilities: Abilities::NONE, ..ours() };
    for (rule, path) in [
        (filters(json!([request_headers(), external])), "spec.rules[0].filters[1] (ExternalAuth)"),
        (json!({"sessionPersistence": {"sessionName": "a"}}), "spec.rules[0].sessionPersistence"),
        (json!({"sessionPersistence": {}}), "spec.rules[0].sessionPersistence"),
    ] {
        assert_eq!(refused_by(&none, &rule), [Refusal::FieldUnsupported { path: path.into() }], "{rule}");
        assert_eq!(refused(&rule), [], "{rule}");
    }
}

/// H-009: what is decided before a backend is chosen cannot stand on one.
#[test]
fn s_010_filters_that_a_backend_cannot_have_refuse_the_rule_and_are_never_skipped() {
    let external =
        json!({"type": "ExternalAuth", "externalAuth": {"protocol": "HTTP", "backendRef": {"name": "web", "port": 80}}});
    for (rule, path) in [
        (backend_filters(json!([external])), "spec.rules[0].backendRefs[0].filters[0] (ExternalAuth)"),
        (backend_filters(json!([cors()])), "spec.rules[0].backendRefs[0].filters[0] (CORS)"),
    ] {
        assert_eq!(refused(&rule), [Refusal::FieldUnsupported { path: path.into() }], "{rule}");
    }
}

// Combinations

#[test]
fn h_003_rewrite_and_redirect_do_not_stand_in_one_list() {
    let both = json!([rewrite(json!({"hostname": "a.com"})), request_headers(), redirect(json!({}))]);
    for (rule, path) in
        [(filters(both.clone()), "spec.rules[0].filters"), (backend_filters(both), "spec.rules[0].backendRefs[0].filters")]
    {
        let [refusal @ Refusal::IncompatibleFilters { path: at, .. }] = &refused(&rule)[..] else { panic!("{rule}") };
        assert_eq!(at, path);
        assert!(refusal.is_incompatible_filters());
    }
    // Two lists are two lists.
    let mut apart = filters(json!([redirect(json!({}))]));
    apart["backendRefs"] = backend_filters(json!([rewrite(json!({"hostname": "a.com"}))]))["backendRefs"].clone();
    assert_eq!(refused(&apart), []);
}

#[test]
fn h_004_most_filters_stand_in_a_list_once() {
    let extension = json!({"type": "ExtensionRef", "extensionRef": {"group": "example.com", "kind": "It", "name": "it"}});
    let once = [request_headers(), response_headers(), redirect(json!({})), rewrite(json!({"hostname": "a.com"})), cors()];
    for filter in once {
        let refused = refused(&filters(json!([filter, extension, filter, filter])));
        assert_eq!(names(&refused), ["repeatedFilter"], "{filter}");
    }
    for filter in [mirror(json!({})), extension] {
        assert_eq!(refused(&filters(json!([filter, filter, filter]))), [], "{filter}");
    }
}

/// EG#7473: all other filters go together.
#[test]
fn pitfall_46_what_can_be_combined_is_not_refused() {
    let all = json!([request_headers(), response_headers(), mirror(json!({})), cors(), rewrite(json!({"hostname": "a.com"}))]);
    assert_eq!(refused(&filters(all)), []);
    assert_eq!(refused(&filters(json!([mirror(json!({})), redirect(json!({})), response_headers()]))), []);
}

#[test]
fn h_038_a_prefix_is_replaced_only_where_one_matched() {
    let of = |types: &[&str]| {
        let path = |path_type: &&str| json!({"path": {"type": path_type, "value": "/a"}});
        types.iter().map(path).collect::<Vec<_>>()
    };
    for filter in [rewrite(json!({"path": prefix("/b")})), redirect(json!({"path": prefix("/b")}))] {
        for (types, fine) in [
            (&["PathPrefix"][..], true),
            (&["PathPrefix", "PathPrefix"], true),
            (&["Exact"], false),
            (&["PathPrefix", "RegularExpression"], false),
        ] {
            for mut rule in [filters(json!([filter])), backend_filters(json!([filter]))] {
                rule["matches"] = of(types).into();
                let expected = if fine { vec![] } else { vec!["prefixMatchMissing"] };
                assert_eq!(names(&refused(&rule)), expected, "{rule}");
            }
        }
        // F-002: no match at all is the prefix `/`.
        assert_eq!(refused(&filters(json!([filter]))), []);
    }
    // R-019: the CRD looks away when several backends carry such a filter.
    let entry = json!({"name": "web", "port": 80, "filters": [rewrite(json!({"path": prefix("/b")}))]});
    let rule = json!({"matches": of(&["Exact"]), "backendRefs": [entry, entry]});
    assert_eq!(names(&refused(&rule)), ["prefixMatchMissing", "prefixMatchMissing"]);
}

// Values

#[test]
fn f_020_unknown_words_refuse_their_rule() {
    for rule in [
        json!({"matches": [{"path": {"type": "Glob", "value": "/a"}}]}),
        json!({"matches": [{"headers": [{"type": "Glob", "name": "a", "value": "1"}]}]}),
        json!({"matches": [{"queryParams": [{"type": "Glob", "name": "a", "value": "1"}]}]}),
        json!({"matches": [{"method": "get"}]}),
        filters(json!([{"type": "Teleport"}])),
        filters(json!([redirect(json!({"scheme": "ftp"}))])),
        filters(json!([redirect(json!({"statusCode": 304}))])),
        filters(json!([rewrite(json!({"path": {"type": "Other"}}))])),
        backend_filters(json!([{"type": "Teleport"}])),
        // H-012, H-016, H-042, J-007.
        filters(json!([{"type": "CORS", "cors": {}, "urlRewrite": {}}])),
        filters(
            json!([{"type": "RequestHeaderModifier", "requestHeaderModifier": {"set": [{"name": "Foo", "value": "1"}], "remove": ["foo"]}}]),
        ),
        filters(json!([redirect(json!({"hostname": "*.a.com"}))])),
        json!({"timeouts": {"request": "1s", "backendRequest": "2s"}}),
        json!({"backendRefs": [{"name": "web", "port": 80, "weight": -1}]}),
    ] {
        let refused = refused(&rule);
        assert!(
            !refused.is_empty() && refused.iter().all(|one| matches!(one, Refusal::RuleInvalid { .. })),
            "{rule}: {refused:?}"
        );
    }
}

/// NGF#3866, cloud-provider-kind#452: one bad pattern takes down its own rule and nothing else.
#[test]
fn pitfall_70_a_broken_pattern_takes_down_its_rule_alone() {
    let broken = json!({"matches": [{"path": {"type": "RegularExpression", "value": "[invalid"}}]});
    let objects = [
        gateway("infra/edge", &[open("http")]),
        ruled("shop/r", json!([{"matches": [{"path": {"value": "/a"}}]}, broken])),
        ruled("shop/s", json!([broken])),
        ruled("shop/t", json!([{}])),
    ];
    let resolution = resolved(&objects);
    let valid = |name: &str| route_of(&resolution, name).rules.iter().map(|rule| rule.is_valid()).collect::<Vec<_>>();
    assert_eq!((valid("shop/r"), valid("shop/s"), valid("shop/t")), (vec![true, false], vec![false], vec![true]));
}

/// kthena#1174: what cannot be honoured never makes a rule match more.
#[test]
fn pitfall_24_a_rule_with_one_bad_match_is_refused_as_a_whole() {
    let rule =
        json!({"matches": [{"path": {"value": "/a"}}, {"path": {"value": "/b"}, "header": [{"name": "a", "value": "1"}]}]});
    assert_eq!(names(&refused(&rule)), ["ruleInvalid"]);
}

// Routes as a whole

fn shape(rules: Value) -> (bool, bool, Vec<bool>) {
    let resolution = by(&ours(), rules);
    let route: &ResolvedRoute = &route_of(&resolution, "shop/r");
    (route.has_valid_rule(), route.is_partially_invalid(), route.rules.iter().map(|rule| rule.is_valid()).collect())
}

#[test]
fn q_025_valid_partially_invalid_and_invalid_routes() {
    let bad = filters(json!([{"type": "Teleport"}]));
    let unresolved = json!({"backendRefs": [{"name": "gone", "port": 80}]});
    assert_eq!(shape(json!([{}, {}])), (true, false, vec![true, true]));
    assert_eq!(shape(json!([{}, bad])), (true, true, vec![true, false]));
    assert_eq!(shape(json!([bad, {}])), (true, true, vec![false, true]));
    assert_eq!(shape(json!([bad, bad])), (false, false, vec![false, false]));
    // Q-028.
    assert_eq!(shape(json!([unresolved, {}])), (true, false, vec![true, true]));
    assert_eq!(shape(json!([unresolved, bad])), (true, true, vec![true, false]));
}

#[test]
fn f_002_a_route_without_rules_has_one_that_matches_everything() {
    for spec in [json!({}), json!({"rules": []}), json!({"rules": [{}]}), json!({"rules": [{"matches": []}]})] {
        let mut spec = spec;
        spec["parentRefs"] = json!([edge()]);
        let resolution = resolved(&[route("shop/r", spec)]);
        let rule = rule_of(&resolution, "shop/r");
        let gwapi_core::resolution::RuleMatches::Http(matches) = &rule.matches else { panic!("of another kind") };
        assert_eq!(matches[..], [gwapi_core::model::HttpMatch::default()]);
        assert!(rule.is_valid() && rule.backends.is_empty());
    }
}

#[test]
fn q_024_what_rules_and_references_come_to_does_not_depend_on_the_parent() {
    let rules = json!([{"backendRefs": [{"name": "web", "port": 80}, {"name": "gone", "port": 80}]}]);
    let web = service("shop/web", &[80]);
    let attached = resolved(&[gateway("infra/edge", &[open("http")]), web.clone(), ruled("shop/r", rules.clone())]);
    let alone = resolved(&[web, ruled("shop/r", rules)]);
    assert_eq!(route_of(&attached, "shop/r").rules, route_of(&alone, "shop/r").rules);
    // Q-023: also of a route that nobody accepts.
    assert_eq!(names(route_of(&alone, "shop/r").unresolved()), ["backendNotFound"]);
}

#[test]
fn q_029_a_broken_value_outside_of_the_rules_refuses_the_route() {
    let broken = route("shop/r", json!({"parentRefs": [edge()], "hostname": ["a.com"], "rules": [{}]}));
    let resolution = resolved(&[gateway("infra/edge", &[open("http")]), broken]);
    let route = route_of(&resolution, "shop/r");
    assert_eq!(names(&route.refused), ["ruleInvalid"]);
    assert!(!route.has_valid_rule() && !route.is_partially_invalid());
    assert_eq!(common::count_of(&resolution, "infra/edge", "http"), 0);
}

#[test]
fn f_021_rules_keep_their_order_and_names() {
    let rules = json!([{"name": "z"}, {"name": "a"}, {"name": "m"}]);
    let route = route_of(&by(&ours(), rules), "shop/r");
    let order: Vec<_> = route.rules.iter().map(|rule| (rule.index, rule.name.as_ref().map(|name| name.as_str()))).collect();
    assert_eq!(order, [(0, Some("z")), (1, Some("a")), (2, Some("m"))]);
}
