//! HTTPRoute beside its filters.

use core::time::Duration;

use super::*;
use crate::model::{DefaultScope, HeaderName, Method, PathMatch, ValueMatcher};

fn path(path_type: &str, value: &str) -> Result<PathMatch, Invalid> {
    one_match(json!({"path": {"type": path_type, "value": value}})).map(|one| one.path)
}

#[test]
fn a_full_route_is_read_whole() {
    let (route, issues) = http_route(full::http_route()["spec"].clone());
    assert_eq!(issues, []);
    assert_eq!(route.invalid, []);
    assert_eq!(route.parent_refs[0].section_name.as_ref().unwrap(), &"web");
    assert_eq!(route.parent_refs[0].port, Some(8080));
    assert_eq!(route.hostnames[0].as_ref().unwrap().as_str(), "*.example.com");
    let rule = &rules(&route)[0];
    assert_eq!(rule.name.as_ref().unwrap(), &"first");
    assert_eq!(rule.matches[0].method, Some(Method::Get));
    assert_eq!(rule.filters.len(), 6);
    assert_eq!(rule.backend_refs[0].weight, 3);
    assert_eq!(rule.backend_refs[0].backend.namespace, "there");
    assert_eq!(rule.backend_refs[0].filters.len(), 1);
    assert_eq!(rule.timeouts.request, Some(Duration::from_secs(10)));
    let retry = rule.retry.as_ref().unwrap();
    assert_eq!((retry.attempts, &*retry.codes, retry.backoff), (3, &[500, 503][..], Some(Duration::from_millis(100))));
}

#[test]
fn f_005_a_slash_at_the_end_of_a_prefix_does_not_count() {
    for (value, prefix) in [("/match/", "/match"), ("/match", "/match"), ("/", "/"), ("/a/b/", "/a/b")] {
        assert_eq!(path("PathPrefix", value), Ok(PathMatch::Prefix(prefix.into())));
    }
    assert_eq!(path("Exact", "/match/"), Ok(PathMatch::Exact("/match/".into())));
}

#[test]
fn f_010_configured_paths_have_the_form_of_requested_ones() {
    assert_eq!(path("Exact", "/%7euser/%c3%a4"), Ok(PathMatch::Exact("/~user/%C3%A4".into())));
    assert_eq!(path("PathPrefix", "/a%2Db/"), Ok(PathMatch::Prefix("/a-b".into())));
}

#[test]
fn pitfall_16_a_path_that_cannot_match_is_an_error_and_not_silence() {
    for value in ["foo", "", "/a//b", "/./a", "/a/..", "/a%2fb", "/%2e%2e/a", "/a#b", "/a b", "/a?b=c"] {
        for path_type in ["Exact", "PathPrefix"] {
            let invalid = path(path_type, value).unwrap_err();
            assert_eq!(invalid.path, at_rule("matches[0].path.value"));
            assert_eq!(invalid.value, json!(value).to_string());
        }
    }
    assert_eq!(path("Exact", "items:publish").unwrap_err().why, "a path begins with `/`");
    assert!(path("PathPrefix", "/items:publish").is_ok());
}

#[test]
fn r_017_a_pattern_may_hold_what_a_path_may_not() {
    assert!(matches!(path("RegularExpression", "/(a|b)//[^#]+"), Ok(PathMatch::Regex(_))));
    let invalid = path("RegularExpression", "/[a").unwrap_err();
    assert_eq!(invalid.path, at_rule("matches[0].path.value"));
    assert!(invalid.why.starts_with("not a regular expression: "), "{invalid}");
    assert!(path("RegularExpression", &text(1025)).is_err());
}

#[test]
fn f_020_unknown_words_disable_the_match() {
    for (value, at) in [
        (json!({"path": {"type": "Prefix", "value": "/"}}), "matches[0].path.type"),
        (json!({"method": "get"}), "matches[0].method"),
        (json!({"headers": [{"type": "Regex", "name": "a", "value": "b"}]}), "matches[0].headers[0].type"),
        (json!({"queryParams": [{"type": "exact", "name": "a", "value": "b"}]}), "matches[0].queryParams[0].type"),
    ] {
        assert_eq!(one_match(value).unwrap_err().path, at_rule(at));
    }
    let (_, issues) = rule(json!({"matches": [{"path": {"type": "exact"}}]}));
    assert_eq!(issues[0].suggestion.as_deref(), Some("Exact"));
    assert_eq!(issues[0].message, "`exact` is not one of `Exact`, `PathPrefix`, `RegularExpression`");
}

#[test]
fn a_match_that_is_invalid_never_widens_the_rule() {
    // One of two: the other one stays.
    let (rule_of_two, issues) = rule(json!({"matches": [{"method": "FETCH"}, {"method": "PUT"}]}));
    assert_eq!(rule_of_two.matches.len(), 1);
    assert_eq!(rule_of_two.matches[0].method, Some(Method::Put));
    assert_eq!(paths(&rule_of_two.invalid), [at_rule("matches[0].method")]);
    assert_reported(&rule_of_two.invalid, &issues);
    // All of them: none is left, and none is made up.
    let (rule_of_none, _) = rule(json!({"matches": [{"headers": [{"name": "a b", "value": "c"}]}]}));
    assert_eq!(rule_of_none.matches, []);
    for matches in [json!("/"), json!({"path": {}}), json!([[]]), json!([null]), json!(["/"])] {
        let (rule, _) = rule(json!({"matches": matches}));
        assert_eq!((rule.matches.len(), rule.invalid.len()), (0, 1), "{matches}");
    }
}

#[test]
fn f_012_of_equivalent_headers_the_first_counts() {
    let (rule, issues) = rule(json!({"matches": [{"headers": [
        {"name": "Foo", "value": "1"}, {"name": "foo", "value": "2"}, {"name": "bar", "value": "3"}]}]}));
    let headers = &rule.matches[0].headers;
    assert_eq!(headers.len(), 2);
    assert_eq!((headers[0].name.as_str(), &headers[0].value), ("foo", &ValueMatcher::Exact("1".into())));
    assert_eq!(codes(&issues), [(IssueCode::IgnoredDuplicate, at_rule("matches[0].headers[1]").as_str())]);
    assert_eq!(rule.invalid, []);
}

#[test]
fn f_016_of_equal_query_names_the_first_counts_and_case_matters() {
    let (rule, issues) = rule(json!({"matches": [{"queryParams": [
        {"name": "a", "value": "1"}, {"name": "A", "value": "2"}, {"name": "a", "value": "3"}]}]}));
    let names: Vec<&str> = rule.matches[0].query.iter().map(|query| &*query.name).collect();
    assert_eq!(names, ["a", "A"]);
    assert_eq!(codes(&issues), [(IssueCode::IgnoredDuplicate, at_rule("matches[0].queryParams[2]").as_str())]);
}

#[test]
fn r_028_names_and_values_of_predicates_have_limits() {
    let header = |name: &str, value: &str| one_match(json!({"headers": [{"name": name, "value": value}]}));
    let query = |name: &str, value: &str| one_match(json!({"queryParams": [{"name": name, "value": value}]}));
    assert!(header(&text(256), &text(4096)).is_ok() && query(&text(256), &text(1024)).is_ok());
    assert!(header(&text(257), "a").is_err() && header("a", &text(4097)).is_err() && header("a", "").is_err());
    assert!(query(&text(257), "a").is_err() && query("a", &text(1025)).is_err() && query("a", "").is_err());
    // F-026.
    assert!(header(":path", "/").is_err());
    assert_eq!(header("Host", "a").unwrap().headers[0].name, HeaderName::parse("host").unwrap());
    for missing in [json!({"name": "a"}), json!({"value": "a"})] {
        assert!(one_match(json!({"headers": [missing]})).is_err());
        assert!(one_match(json!({"queryParams": [missing]})).is_err());
    }
}

#[test]
fn patterns_of_headers_and_queries_are_compiled() {
    let one = one_match(json!({
        "headers": [{"type": "RegularExpression", "name": "a", "value": "v[0-9]"}],
        "queryParams": [{"type": "RegularExpression", "name": "a", "value": "w+"}],
    }));
    let one = one.unwrap();
    assert!(matches!(&one.headers[0].value, ValueMatcher::Regex(pattern) if pattern.matches("v1")));
    assert!(matches!(&one.query[0].value, ValueMatcher::Regex(pattern) if pattern.matches("ww")));
    let bad = one_match(json!({"headers": [{"type": "RegularExpression", "name": "a", "value": "("}]})).unwrap_err();
    assert_eq!(bad.path, at_rule("matches[0].headers[0].value"));
}

#[test]
fn an_object_can_hold_only_so_many_patterns() {
    let one = json!({"path": {"type": "RegularExpression", "value": "/x"}});
    let (rule, _) = rule(json!({"matches": alloc::vec![one; 600]}));
    assert_eq!(rule.matches.len(), 512);
    assert_eq!(rule.invalid[0].path, at_rule("matches[512].path.value"));
}

#[test]
fn a_hostname_that_is_invalid_keeps_its_place() {
    let (route, issues) = http_route(json!({"hostnames": ["a.example", "10.0.0.1", "*", 5, "Shop.Example.", ""]}));
    assert_eq!(route.hostnames.len(), 6);
    assert_eq!(route.invalid, []);
    assert_eq!(route.hostnames[0].as_ref().unwrap().as_str(), "a.example");
    for (index, hostname) in route.hostnames.iter().enumerate().skip(1) {
        assert_eq!(hostname.as_ref().unwrap_err().path, format!("spec.hostnames[{index}]"));
    }
    assert_eq!(issues.len(), 5);
    assert_eq!(issues[0].message, "an IP address is not a hostname");
    assert_eq!(issues[3].suggestion.as_deref(), Some("shop.example"));
}

#[test]
fn hostnames_that_are_no_list_refuse_the_route() {
    for hostnames in [json!("a.example"), json!({"a": 1}), json!(false)] {
        let (route, issues) = http_route(json!({"hostnames": hostnames}));
        assert_eq!(route.hostnames.len(), 0);
        assert_eq!(paths(&route.invalid), ["spec.hostnames"]);
        assert_reported(&route.invalid, &issues);
    }
}

#[test]
fn a_parent_ref_that_is_broken_is_left_out_and_refuses_the_route() {
    let (route, issues) = http_route(json!({"parentRefs": [
        {"name": "good"}, {"sectionName": "x"}, "edge", {"name": "p", "port": 0}, {"name": "s", "sectionname": "https"},
        {"name": "n", "namespace": ""}, {"name": "e", "sectionName": ""}]}));
    assert_eq!(route.parent_refs.len(), 1);
    assert_eq!(
        paths(&route.invalid),
        [
            "spec.parentRefs[1].name",
            "spec.parentRefs[2]",
            "spec.parentRefs[3].port",
            "spec.parentRefs[4].sectionname",
            "spec.parentRefs[5].namespace",
            "spec.parentRefs[6].sectionName"
        ]
    );
    assert_reported(&route.invalid, &issues);
    assert_eq!(issues[3].suggestion.as_deref(), Some("sectionName"));
    let (route, _) = http_route(json!({"parentRefs": {"name": "edge"}}));
    assert_eq!(paths(&route.invalid), ["spec.parentRefs"]);
}

#[test]
fn a_rule_that_is_broken_keeps_its_number() {
    let (route, issues) = http_route(json!({"rules": ["x", {"name": "second"}, null]}));
    assert_eq!(rules(&route).len(), 3);
    assert_eq!(route.invalid, []);
    for index in [0, 2] {
        assert_eq!(paths(&rules(&route)[index].invalid), [format!("spec.rules[{index}]")]);
        assert_eq!(rules(&route)[index].matches, []);
    }
    assert_eq!(rules(&route)[1].invalid, []);
    assert_eq!(issues.len(), 2);
    let (route, _) = http_route(json!({"rules": "x"}));
    assert_eq!((rules(&route).len(), paths(&route.invalid)), (0, Vec::from(["spec.rules"])));
}

#[test]
fn a_route_without_spec_is_refused() {
    let mut value = object("HTTPRoute", json!({}));
    value.as_object_mut().unwrap().remove("spec");
    let (Object::Route(route), issues) = read(&value) else { panic!("no route") };
    assert_eq!(paths(&route.invalid), ["spec"]);
    assert_eq!(codes(&issues), [(IssueCode::MissingField, "spec")]);
    assert_eq!(rules(&route), []);
}

#[test]
fn a_backend_ref_that_is_broken_refuses_the_rule() {
    for (backend, at) in [
        (json!({"port": 80}), "name"),
        (json!({"name": "b", "weight": -1}), "weight"),
        (json!({"name": "b", "weight": 1_000_001}), "weight"),
        (json!({"name": "b", "weight": 1.5}), "weight"),
        (json!({"name": "b", "weight": "1"}), "weight"),
        (json!({"name": "b", "port": 65_536}), "port"),
        (json!({"name": "b", "port": "http"}), "port"),
        (json!({"name": "b", "kind": ""}), "kind"),
        (json!({"name": "b", "filters": [{"type": "Nothing"}]}), "filters[0].type"),
    ] {
        let (rule, issues) = rule(json!({"backendRefs": [backend, {"name": "good", "port": 80}]}));
        assert_eq!(rule.backend_refs.len(), 1, "what is broken is not there, and nothing in its place");
        assert_eq!(paths(&rule.invalid), [at_rule(&format!("backendRefs[0].{at}"))]);
        assert_reported(&rule.invalid, &issues);
    }
    let (rule, _) = rule(json!({"backendRefs": [{"name": "b", "weight": 0}, {"name": "b", "weight": 1_000_000}]}));
    assert_eq!(rule.backend_refs.iter().map(|backend| backend.weight).collect::<Vec<_>>(), [0, 1_000_000]);
}

#[test]
fn j_007_an_attempt_is_not_longer_than_the_whole() {
    for (timeouts, invalid) in [
        (json!({"request": "1s", "backendRequest": "2s"}), Some("timeouts.backendRequest")),
        (json!({"request": "0s", "backendRequest": "2s"}), None),
        (json!({"request": "1m", "backendRequest": "60s"}), None),
        (json!({"backendRequest": "2s"}), None),
        (json!({"request": "1.5s"}), Some("timeouts.request")),
        (json!({"request": 5}), Some("timeouts.request")),
        (json!({"backendRequest": ""}), Some("timeouts.backendRequest")),
    ] {
        let (rule, issues) = rule(json!({"timeouts": timeouts}));
        assert_eq!(rule.invalid.first().map(|invalid| invalid.path.clone()), invalid.map(at_rule), "{timeouts}");
        assert_reported(&rule.invalid, &issues);
    }
    // J-006: zero is a value, and not the absence of one.
    assert_eq!(rule(json!({"timeouts": {"request": "0s"}})).0.timeouts.request, Some(Duration::ZERO));
    assert_eq!(rule(json!({"timeouts": {}})).0.timeouts.request, None);
}

#[test]
fn r_037_retries_have_limits() {
    for (retry, at) in [
        (json!({"codes": [399]}), "retry.codes[0]"),
        (json!({"codes": [500, 600]}), "retry.codes[1]"),
        (json!({"codes": ["500"]}), "retry.codes[0]"),
        (json!({"attempts": -1}), "retry.attempts"),
        (json!({"backoff": "fast"}), "retry.backoff"),
        (json!([]), "retry"),
    ] {
        assert_eq!(paths(&rule(json!({"retry": retry})).0.invalid), [at_rule(at)]);
    }
    let codes = rule(json!({"retry": {"codes": [400, 599]}})).0.retry.unwrap().codes;
    assert_eq!(codes, [400, 599]);
}

#[test]
fn j_020_session_persistence_is_read() {
    let (rule, issues) = rule(json!({"sessionPersistence": {"type": "Cookie", "cookie": {"name": "a"}}}));
    assert_eq!(issues, []);
    assert!(rule.session_persistence.is_some());
    assert_eq!(rule.invalid, []);
}

#[test]
fn p_001_default_gateways_are_asked_for_by_one_word() {
    let (route, issues) = http_route(json!({"useDefaultGateways": "All"}));
    assert_eq!((issues.len(), route.parent_refs.len(), route.invalid.len()), (0, 0, 0));
    assert_eq!(route.use_default_gateways, DefaultScope::All);
    for none in [json!("None"), json!(""), json!(null)] {
        let (route, issues) = http_route(json!({"useDefaultGateways": none}));
        assert_eq!((issues, &route.use_default_gateways), (Vec::new(), &DefaultScope::None));
    }
    // P-002: what nobody knows claims nothing.
    let (route, issues) = http_route(json!({"useDefaultGateways": "Some"}));
    assert_eq!(codes(&issues), [(IssueCode::InvalidValue, "spec.useDefaultGateways")]);
    assert_eq!(route.use_default_gateways, DefaultScope::Unknown("Some".into()));
    assert!(DefaultScope::All.claims(&DefaultScope::All));
    assert!(
        !DefaultScope::All.claims(&route.use_default_gateways) && !route.use_default_gateways.claims(&route.use_default_gateways)
    );
}

#[test]
fn r_051_the_port_of_a_reference_to_an_x_backend_does_not_count() {
    let reference = |port: Value| json!({"group": "gateway.networking.x-k8s.io", "kind": "XBackend", "name": "b", "port": port});
    let (old, issues) = rule(json!({"backendRefs": [reference(json!(80))]}));
    assert_eq!(codes(&issues), [(IssueCode::InvalidValue, at_rule("backendRefs[0].port").as_str())]);
    assert_eq!((old.backend_refs.len(), old.invalid.len()), (1, 0));
    assert_eq!(rule(json!({"backendRefs": [reference(json!(null))]})).1, []);
}

#[test]
fn scalars_that_yaml_turned_into_something_else_are_explained() {
    let (_, issues) = rule(json!({"matches": [{"headers": [{"name": "debug", "value": true}]}]}));
    assert_eq!(
        issues[0].message,
        "expected a text, found the boolean `true`; without quotes YAML reads `on`, `off`, `yes`, `no`, `true` and `false` as booleans"
    );
    let (_, issues) = rule(json!({"backendRefs": [{"name": 8, "port": "80"}]}));
    assert_eq!(issues[0].message, "expected a whole number, found the text `\"80\"`; write it without quotes");
    assert_eq!(issues[0].suggestion.as_deref(), Some("80"));
    assert_eq!(issues[1].message, "expected a text, found the number `8`; a text that looks like a number needs quotes");
}

#[test]
fn values_are_shown_shortened() {
    let (rule, _) = rule(json!({"backendRefs": {"list": alloc::vec!["entry"; 100]}}));
    let shown = &rule.invalid[0].value;
    assert_eq!(shown.chars().count(), 80);
    assert!(shown.starts_with(r#"{"list":["entry","#) && shown.ends_with('…'), "{shown}");
    let exactly = text(78);
    assert_eq!(one_match(json!({"path": {"value": exactly}})).unwrap_err().value, format!("\"{exactly}\""));
}
