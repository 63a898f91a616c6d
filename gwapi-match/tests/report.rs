//! The JSON of `gwapi route` and `gwapi explain`.

mod support;

use std::time::Duration;

use gwapi_core::{
    Controller,
    model::{
        BackendRef, Filter, HeaderModifier, HeaderName, HeaderValue, HttpRule, Object, PathModifier, Retry, Scheme, Timeouts,
        UrlRewrite,
    },
    resolve,
};
use gwapi_match::{
    compile,
    connect::{Arrival, Transport},
    explain::{explain, explain_connection, explain_mesh},
    head::{HeadParts, RequestHead},
    mesh::{Destination, MeshArrival},
    report::{Answers, DecisionReport},
};
use http::HeaderMap;
use serde_json::{Value, json};
use support::{
    kinds::{backends, gateway, listener, object, passthrough, service, snapshot, to_gateway, to_service},
    *,
};

fn headers(request: &Request<'_>) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for (name, value) in request.headers.iter().copied().chain(request.host.map(|host| ("host", host))) {
        headers.append(http::HeaderName::try_from(name).unwrap(), value.parse().unwrap());
    }
    headers
}

fn report(world: &World, request: &Request<'_>, sample: Option<f64>) -> DecisionReport {
    let headers = headers(request);
    let scheme = if request.tls.is_some() { Scheme::Https } else { Scheme::Http };
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

fn kinds(objects: impl IntoIterator<Item = Object>) -> World {
    World::of(resolve(&snapshot([service("a", "10.0.0.1")].into_iter().chain(objects)), &Controller::default()))
}

fn of_kind(kind: &str, spec: Value) -> Object {
    let mut spec = spec;
    if spec.get("parentRefs").is_none() {
        spec["parentRefs"] = json!([to_gateway(None)]);
    }
    object(kind, "r", 1, spec)
}

#[test]
fn requests_of_grpc() {
    let asked = json!({"method": {"service": "S", "method": "M"}});
    let rules = json!([
        {"matches": [asked], "backendRefs": backends(&[("a", 1)], 80)},
        {"matches": [{"method": {"service": "T"}}], "backendRefs": backends(&[("missing", 1)], 80)},
    ]);
    let world = kinds([gateway([listener("web", "HTTP", 80, "")]), of_kind("GRPCRoute", json!({"rules": rules}))]);
    let ask = |url| {
        let request = Request { method: "POST", ..Request::get(url).header("content-type", "application/grpc") };
        request.head(world.table(), |head| {
            let explanation = explain(&world.resolution, &key("Gateway", "front"), &request.arrival(), head).unwrap();
            value(&report(&world, &request, None).because(&explanation))
        })
    };
    let found = ask("h/S/M");
    assert_eq!((&found["outcome"], &found["route"]["kind"], &found["rule"]), (&json!("forward"), &json!("GRPCRoute"), &json!(0)));
    assert_eq!(found["why"][1]["failed"], "service");
    let nothing = ask("h/X/M");
    assert_eq!((&nothing["grpcCode"], &nothing["status"]), (&json!("Unimplemented"), &json!(200)));
    let broken = ask("h/T/M");
    assert_eq!((&broken["grpcCode"], &broken["outcome"]), (&json!("Unavailable"), &json!("respond")));
}

#[test]
fn connections_without_requests() {
    let spec =
        json!({"hostnames": ["a.example"], "rules": [{"name": "all", "backendRefs": backends(&[("a", 3), ("missing", 1)], 80)}]});
    let listeners = [passthrough("pass", 443, "*.example"), listener("web", "HTTP", 80, "")];
    let world = kinds([gateway(listeners), of_kind("TLSRoute", spec)]);
    let ask = |name, sample| DecisionReport::ask_connection(world.table(), &Arrival::tls(443, Some(name)), sample).unwrap();
    let expected = json!({
        "gateway": "shop/front",
        "listener": {"name": "pass", "port": 443, "protocol": "TLS", "hostname": "*.example", "tls": "Passthrough"},
        "outcome": "forward",
        "route": {"kind": "TLSRoute", "namespace": "shop", "name": "r"},
        "rule": 0, "ruleName": "all", "match": 0,
        "backends": [
            {"kind": "Service", "namespace": "shop", "name": "a", "port": 80, "weight": 3, "share": 0.75},
            {"kind": "Service", "namespace": "shop", "name": "missing", "port": 80, "weight": 1, "share": 0.25,
             "invalid": "Service shop/missing does not exist"},
        ],
    });
    assert_eq!(value(&ask("a.example", None)), expected);
    let picked = value(&ask("a.example", Some(0.5)));
    assert_eq!((&picked["outcome"], &picked["picked"]), (&json!("forward"), &json!(0)));
    let rejected = value(&ask("a.example", Some(0.8)));
    assert_eq!((&rejected["outcome"], &rejected["picked"], &rejected["status"]), (&json!("reject"), &json!(1), &Value::Null));
    let unknown = value(&ask("b.example", None));
    assert_eq!((&unknown["outcome"], &unknown["reason"]), (&json!("reject"), &json!("no route takes the connection")));
    assert!(DecisionReport::ask_connection(world.table(), &Arrival::plain(80), None).is_none(), "requests follow");

    let explained =
        explain_connection(&world.resolution, &key("Gateway", "front"), &Arrival::tls(443, Some("a.example"))).unwrap();
    assert_eq!(
        explained.to_string(),
        "listener `pass` of Gateway shop/front (TLS port 443, *.example)\n\
         forward to Service shop/a:80 (3 of 4), a rejection (1 of 4)\n\
         by TLSRoute shop/r, rule 0 `all`, match 0"
    );
}

#[test]
fn calls_in_a_mesh() {
    let rules = json!([{"matches": [{"path": {"value": "/x"}}], "backendRefs": backends(&[("a", 1)], 80)}]);
    let spec = json!({"parentRefs": [to_service("a", Some(80))], "rules": rules});
    let world = kinds([of_kind("HTTPRoute", spec)]);
    let mesh = world.tables.mesh.as_ref().unwrap();
    let headers = HeaderMap::new();
    let parts = |path_and_query| HeadParts {
        method: "GET",
        scheme: Scheme::Http,
        authority: Some("a"),
        path_and_query,
        headers: &headers,
    };
    let arrival = |port| MeshArrival { namespace: "shop", destination: Destination::Name("a"), port, transport: Transport::Tcp };
    let ask = |port, path| value(&DecisionReport::ask_mesh(mesh, &arrival(port), Some(parts(path)), None).unwrap());
    let via = json!({"kind": "Service", "namespace": "shop", "name": "a"});
    let listener = json!({"name": "80", "port": 80, "protocol": "HTTP", "via": via, "clients": "producer"});
    let found = ask(80, "/x");
    assert_eq!((&found["listener"], &found["outcome"], &found["gateway"]), (&listener, &json!("forward"), &Value::Null));
    assert_eq!(found["request"], json!({"path": "/x", "host": "a"}));
    assert_eq!((&ask(80, "/y")["outcome"], &ask(80, "/y")["status"]), (&json!("respond"), &json!(404)));
    assert_eq!(ask(9000, "/x"), json!({"outcome": "pass", "reason": "no route has to do with it"}));
    assert!(DecisionReport::ask_mesh(mesh, &arrival(80), None, None).is_none(), "requests follow");

    let head = RequestHead::new(parts("/x"), &world.resolution.controller.choices).unwrap();
    let explained = explain_mesh(&world.resolution, &arrival(80), Some(&head)).unwrap();
    assert_eq!(
        explained.to_string(),
        "port 80 of Service shop/a, routes for all clients\nforward to Service shop/a:80\nby HTTPRoute shop/r, rule 0, match 0"
    );
    let passed = explain_mesh(&world.resolution, &arrival(9000), Some(&head)).unwrap();
    assert_eq!(passed.to_string(), "no route has to do with it, and it goes on to where it goes");
    assert!(compile(&world.resolution, SEED + 1).mesh == world.tables.mesh);
}
