//! The JSON of `gwapi route` and `gwapi explain`.

mod support;

use std::time::Duration;

use gwapi_core::model::{
    BackendRef, Filter, HeaderModifier, HeaderName, HeaderValue, HttpRule, PathModifier, Retry, Timeouts, UrlRewrite,
};
use gwapi_match::{
    connect::Arrival,
    explain::explain,
    head::HeadParts,
    report::{Answers, DecisionReport},
};
use http::HeaderMap;
use serde_json::{Value, json};
use support::*;

fn headers(request: &Request<'_>) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for (name, value) in request.headers.iter().copied().chain(request.host.map(|host| ("host", host))) {
        headers.append(http::HeaderName::try_from(name).unwrap(), value.parse().unwrap());
    }
    headers
}

fn report(world: &World, request: &Request<'_>, sample: Option<f64>) -> DecisionReport {
    let headers = headers(request);
    let scheme = if request.tls.is_some() { gwapi_core::model::Scheme::Https } else { gwapi_core::model::Scheme::Http };
    let parts = HeadParts { method: request.method, scheme, authority: None, path_and_query: request.target, headers: &headers };
    DecisionReport::ask(world.table(), &request.arrival(), parts, sample)
}

fn value(report: &DecisionReport) -> Value {
    serde_json::to_value(report).unwrap()
}

fn set(name: &str, value: &str) -> Filter {
    let header = HeaderValue { name: HeaderName::parse(name).unwrap(), value: value.into() };
    Filter::RequestHeaderModifier(HeaderModifier { set: vec![header], ..HeaderModifier::default() })
}

fn rewrite(hostname: Option<&str>, prefix: &str) -> Filter {
    let path = Some(PathModifier::ReplacePrefixMatch(prefix.into()));
    Filter::UrlRewrite(UrlRewrite { hostname: hostname.map(host), path })
}

#[test]
fn a_decision_with_everything() {
    let full = HttpRule {
        name: Some("cart".into()),
        filters: vec![set("x-tag", "1"), mirror("b"), rewrite(Some("inner.example"), "/c")],
        backend_refs: vec![backend("a", 3), backend("missing", 1)],
        timeouts: Timeouts { request: Some(Duration::from_secs(90)), backend_request: Some(Duration::ZERO) },
        retry: Some(Retry { attempts: 2, codes: vec![503], backoff: Some(Duration::from_millis(100)) }),
        ..rule([any_path().header("a", "1"), prefix("/cart")])
    };
    let world = world(vec![http("web", 80, "*.example")], vec![route("r").rule(full)]);
    let request = Request::get("shop.example:8080/cart/1?x=1").header("accept", "*/*");
    let expected = json!({
        "gateway": "shop/front",
        "listener": {"name": "web", "port": 80, "protocol": "HTTP", "hostname": "*.example"},
        "outcome": "forward",
        "route": {"kind": "HTTPRoute", "namespace": "shop", "name": "r"},
        "rule": 0,
        "ruleName": "cart",
        "match": 1,
        "backends": [
            {"kind": "Service", "namespace": "shop", "name": "a", "port": 80, "weight": 3, "share": 0.75},
            {"kind": "Service", "namespace": "shop", "name": "missing", "port": 80, "weight": 1, "share": 0.25,
             "invalid": "Service shop/missing does not exist"},
        ],
        "mirrors": [{"kind": "Service", "namespace": "shop", "name": "b", "port": 80, "fraction": {"numerator": 100, "denominator": 100}}],
        "request": {"path": "/c/1?x=1", "host": "inner.example", "headers": {"accept": "*/*", "x-tag": "1"}},
        "timeouts": {"request": "1m30s", "backendRequest": "0s"},
        "retry": {"attempts": 2, "codes": [503], "backoff": "100ms"},
    });
    assert_eq!(value(&report(&world, &request, None)), expected);

    let picked = report(&world, &request, Some(0.0));
    assert_eq!((picked.picked, picked.request.is_some()), (Some(0), true));
    let picked = report(&world, &request, Some(0.75));
    assert_eq!(
        (picked.picked, picked.status, picked.reason.as_deref()),
        (Some(1), Some(500), Some("Service shop/missing does not exist"))
    );
    assert_eq!(value(&picked)["outcome"], "respond");
}

#[test]
fn answers_of_the_gateway() {
    let redirecting =
        HttpRule { filters: vec![Filter::RequestRedirect(redirect())], backend_refs: vec![], ..rule([prefix("/r")]) };
    let empty = HttpRule { backend_refs: vec![], ..rule([prefix("/empty")]) };
    let broken = HttpRule { filters: vec![extension(), mirror("a")], ..rule([prefix("/broken")]) };
    let world = world(
        vec![http("web", 80, "*.example"), https("tls", 443, "*.example"), https("other", 443, "other.example")],
        vec![route("r").rule(redirecting).rule(empty).rule(broken)],
    );
    let ask = |request: Request<'_>| value(&report(&world, &request, None));

    let redirected = ask(Request::get("a.example/r/x?y"));
    assert_eq!((&redirected["outcome"], &redirected["status"]), (&json!("redirect"), &json!(302)));
    assert_eq!(redirected["location"], "https://a.example/r/x?y");

    let nothing = ask(Request::get("a.example/nothing"));
    let listener = json!({"name": "web", "port": 80, "protocol": "HTTP", "hostname": "*.example"});
    let expected =
        json!({"gateway": "shop/front", "listener": listener, "outcome": "respond", "status": 404, "reason": "no rule matches"});
    assert_eq!(nothing, expected);

    let status = |request| {
        let value = ask(request);
        (value["outcome"].clone(), value["status"].clone())
    };
    assert_eq!(status(Request::get("a.example/empty")), (json!("respond"), json!(500)));
    assert_eq!(status(Request::get("a.example/broken")), (json!("respond"), json!(500)));
    assert_eq!(ask(Request::get("a.example/broken"))["mirrors"], Value::Null, "an error, and nothing else");
    assert_eq!(status(Request::get("a.test/")), (json!("respond"), json!(404)));
    assert_eq!(status(Request::get("other.example/").tls("a.example")), (json!("respond"), json!(421)));
    assert_eq!(status(Request::get("a.example/../x")), (json!("reject"), json!(400)));
    assert_eq!(status(Request::get("a.example/").tls("a.test")), (json!("reject"), Value::Null));
}

#[test]
fn backends_with_filters_of_their_own() {
    let entry = |service, filters| BackendRef { filters, ..backend(service, 1) };
    let differing = vec![entry("a", vec![set("x-to", "a")]), entry("b", vec![rewrite(None, "/b")]), entry("c", vec![])];
    let alike = vec![entry("a", vec![set("x-to", "x")]), entry("b", vec![set("x-to", "x")])];
    let rule_of = |path, backend_refs| HttpRule { backend_refs, filters: vec![set("x-rule", "1")], ..rule([prefix(path)]) };
    let redirecting = vec![entry("a", vec![Filter::RequestRedirect(redirect())]), entry("b", vec![])];
    let world = world(
        vec![http("web", 80, "")],
        vec![route("r").rule(rule_of("/d", differing)).rule(rule_of("/e", alike)).rule(rule_of("/r", redirecting))],
    );
    let ask = |url, sample| value(&report(&world, &Request::get(url), sample));

    let each = ask("h.example/d/1", None);
    assert_eq!(each["request"], Value::Null);
    let requests: Vec<_> = (0..3).map(|at| each["backends"][at]["request"].clone()).collect();
    let expected = [
        json!({"path": "/d/1", "host": "h.example", "headers": {"x-rule": "1", "x-to": "a"}}),
        json!({"path": "/b/1", "host": "h.example", "headers": {"x-rule": "1"}}),
        json!({"path": "/d/1", "host": "h.example", "headers": {"x-rule": "1"}}),
    ];
    assert_eq!(requests, expected);
    for (sample, at) in [(0.0, 0), (0.34, 1), (0.99, 2), (1.0, 2), (-1.0, 0), (f64::NAN, 0)] {
        let one = ask("h.example/d/1", Some(sample));
        assert_eq!((&one["picked"], &one["request"]), (&json!(at), &expected[at]), "{sample}");
    }

    let same = ask("h.example/e", None);
    assert_eq!(same["request"]["headers"], json!({"x-rule": "1", "x-to": "x"}));
    assert_eq!((&same["backends"][0]["request"], &same["picked"]), (&Value::Null, &Value::Null));

    let mixed = ask("h.example/r", None);
    assert_eq!((&mixed["outcome"], &mixed["backends"][0]["location"]), (&json!("forward"), &json!("https://h.example/r")));
    assert_eq!(mixed["request"]["path"], "/r", "what the only one gets that gets anything");
    let picked = ask("h.example/r", Some(0.2));
    assert_eq!((&picked["outcome"], &picked["picked"]), (&json!("redirect"), &json!(0)));
}

#[test]
fn samples_fall_where_the_weights_say() {
    let split = HttpRule { backend_refs: vec![backend("a", 70), backend("b", 30), backend("c", 0)], ..rule([]) };
    let world = world(vec![http("web", 80, "")], vec![route("r").rule(split)]);
    for (sample, picked) in [(0.0, 0), (0.699, 0), (0.7, 1), (0.999_999, 1)] {
        assert_eq!(report(&world, &Request::get("/"), Some(sample)).picked, Some(picked), "{sample}");
    }
}

#[test]
fn an_explanation_names_the_candidates_and_what_decided() {
    let world = world(
        vec![http("web", 80, "")],
        vec![
            route("broad").host("*.example").rule(rule([exact("/x")])),
            route("narrow").host("h.example").rule(rule([prefix("/"), prefix("/x").header("a", "1")])).rule(rule([prefix("/x")])),
        ],
    );
    let request = Request::get("h.example/x");
    let (explained, over_runner_up) = request.head(world.table(), |head| {
        let explanation = explain(&world.resolution, &key("Gateway", "front"), &Arrival::plain(80), head).unwrap();
        (report(&world, &request, None).because(&explanation), explanation.over_runner_up)
    });
    let of = |name| json!({"kind": "HTTPRoute", "namespace": "shop", "name": name});
    let why = json!([
        {"route": of("narrow"), "rule": 1, "match": 0, "hostname": "h.example", "decidedBy": "path-length"},
        {"route": of("narrow"), "rule": 0, "match": 0, "hostname": "h.example", "decidedBy": "hostname"},
        {"route": of("broad"), "rule": 0, "match": 0, "hostname": "*.example"},
        {"route": of("narrow"), "rule": 0, "match": 1, "hostname": "h.example", "failed": "header `a`"},
    ]);
    assert_eq!(value(&explained)["why"], why);
    assert_eq!(over_runner_up.map(gwapi_match::precedence::Key::as_str), Some("path-length"));
    let answers = serde_json::to_value(Answers { decisions: vec![explained] }).unwrap();
    assert_eq!(answers["decisions"][0]["rule"], 1);
}
