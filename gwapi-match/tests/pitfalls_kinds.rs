//! What other implementations got wrong about routes of other kinds than HTTPRoute, ListenerSets, TLS and meshes; and the rules
//! of the specification behind it, one test each.

mod support;

use std::{net::IpAddr, sync::Arc};

use gwapi_core::{
    Change, Controller, Engine, Hostname,
    choices::ZeroWeights,
    features::{Feature, SupportedFeatures},
    model::{ClientValidationMode, ConfigMap, GrpcMatch, GrpcMethodMatch, Object, PemVerdict, Scheme, Seniority, ValueMatcher},
    resolution::{BackendTarget, MeshScope, ResolvedFilter},
    resolve,
    time::Timestamp,
};
use gwapi_match::{
    Carries, PinnedDecision, Port, Table, Tables, compile,
    connect::{Admission, Arrival, Connection, HttpConnection, Transport},
    decision::{Cause, GrpcCode, L4Outcome, L4Picked, Outcome, Picked},
    exchange::{Reaction, Why, react},
    filters::FilterError,
    head::{HeadParts, RequestHead},
    mesh::{Destination, MeshArrival, MeshConnection},
    precedence::Precedence,
    recompile,
};
use http::{HeaderMap, HeaderValue, StatusCode};
use serde_json::{Value, json};
use support::{
    key,
    kinds::{backends, gateway, listener, object, passthrough, service, snapshot, to_gateway, to_service},
};

fn tables(objects: impl IntoIterator<Item = Object>) -> Tables {
    with(Controller::default(), objects)
}

fn with(controller: Controller, objects: impl IntoIterator<Item = Object>) -> Tables {
    let services = [service("a", "10.0.0.1"), service("b", "10.0.0.2")];
    compile(&resolve(&snapshot(services.into_iter().chain(objects)), &controller), support::SEED)
}

fn front(tables: &Tables) -> &Arc<Table> {
    &tables.gateways[&key("Gateway", "front")]
}

/// A route on every listener of the Gateway, or on what its spec says.
fn route(kind: &str, name: &str, created: i64, mut spec: Value) -> Object {
    if spec.get("parentRefs").is_none() {
        spec["parentRefs"] = json!([to_gateway(None)]);
    }
    object(kind, name, created, spec)
}

fn to(service: &str) -> Value {
    backends(&[(service, 1)], 80)
}

/// The name of the route that serves a request, or the status.
fn ask(table: &Table, host: &str, path: &str, headers: &[(&str, &str)]) -> String {
    let mut lines: Vec<(&[u8], &[u8])> = headers.iter().map(|(name, value)| (name.as_bytes(), value.as_bytes())).collect();
    lines.push((b"host", host.as_bytes()));
    let parts = HeadParts { method: "POST", scheme: Scheme::Http, authority: None, path_and_query: path, headers: &lines[..] };
    let head = table.head(parts).expect("a request");
    let connection = HttpConnection::of(&Arrival::plain(80));
    let Admission::Listener { id, .. } = table.admit(&connection, &head) else { return "no listener".to_owned() };
    let decision = table.decision(table.route(id, &head)).expect("its own answer");
    match (decision.rule, decision.outcome) {
        (Some(chosen), Outcome::Forward(_)) => format!("{}[{}]", chosen.route.name, chosen.rule.index),
        (_, Outcome::Respond { status, why }) => format!("{} {}", status.as_u16(), why.grpc_code()),
        other => format!("{other:?}"),
    }
}

const GRPC: (&str, &str) = ("content-type", "application/grpc");

fn grpc(table: &Table, path: &str) -> String {
    ask(table, "a.example", path, &[GRPC])
}

/// The name of the route that has a connection, or why it is refused.
fn connect(table: &Table, arrival: &Arrival<'_>) -> String {
    match table.connect(arrival) {
        Connection::L4 { routed, .. } => table.l4(routed).expect("its own answer").rule.route.name.to_string(),
        Connection::Http { tls, .. } => tls.map_or_else(|| "http".to_owned(), |plan| plan.listener.key.name.to_string()),
        Connection::Refuse(why) => format!("{why:?}"),
    }
}

fn method(service: Option<&str>, method: Option<&str>) -> Value {
    json!({"method": {"service": service, "method": method}})
}

fn grpc_world(rules: Value) -> Tables {
    tables([gateway([listener("web", "HTTP", 80, "")]), route("GRPCRoute", "g", 1, json!({"rules": rules}))])
}

// ---- GRPCRoute ----

#[test]
fn k_003_a_method_is_a_path_byte_for_byte() {
    let tables = grpc_world(json!([
        {"matches": [method(Some("pkg.Echo"), Some("Say"))], "backendRefs": to("a")},
        {"matches": [method(Some("pkg.Echo"), Some("SayTwo"))], "backendRefs": to("b")},
    ]));
    let table = front(&tables);
    assert_eq!((grpc(table, "/pkg.Echo/Say"), grpc(table, "/pkg.Echo/SayTwo")), ("g[0]".into(), "g[1]".into()));
    for other in ["/pkg.Echo/say", "/pkg.echo/Say", "/pkg.Echo/SayT", "/pkg.Echo/Say/", "/pkg.Echo", "/Echo/Say", "/"] {
        assert_eq!(grpc(table, other), "404 Unimplemented", "{other}");
    }
}

#[test]
fn pitfall_27_a_service_alone_is_the_prefix_of_its_methods_and_no_matches_are_all_of_grpc() {
    let tables = grpc_world(json!([{"matches": [method(Some("pkg.Echo"), None)], "backendRefs": to("a")}]));
    let table = front(&tables);
    assert_eq!((grpc(table, "/pkg.Echo/Say"), grpc(table, "/pkg.Echo/Other")), ("g[0]".into(), "g[0]".into()));
    assert_eq!(
        (grpc(table, "/pkg.EchoTwo/Say"), grpc(table, "/pkg.Echo")),
        ("404 Unimplemented".into(), "404 Unimplemented".into())
    );

    let tables = grpc_world(json!([{"backendRefs": to("a")}]));
    assert_eq!((grpc(front(&tables), "/any.Thing/At"), grpc(front(&tables), "/")), ("g[0]".into(), "g[0]".into()));
}

#[test]
fn k_004_a_method_alone_is_that_of_any_service() {
    let tables = grpc_world(json!([{"matches": [method(None, Some("Say"))], "backendRefs": to("a")}]));
    let table = front(&tables);
    assert_eq!((grpc(table, "/x.Y/Say"), grpc(table, "/Z/Say")), ("g[0]".into(), "g[0]".into()));
    assert_eq!((grpc(table, "/x.Y/Says"), grpc(table, "/Say")), ("404 Unimplemented".into(), "404 Unimplemented".into()));
}

#[test]
fn k_005_a_route_without_rules_routes_nothing() {
    assert_eq!(grpc(front(&grpc_world(json!([]))), "/x.Y/Say"), "404 Unimplemented");
}

#[test]
fn k_006_patterns_match_services_and_methods_from_end_to_end_and_not_across_the_slash() {
    let asked = json!({"method": {"type": "RegularExpression", "service": "a|ab.*", "method": "^Get(One|All)$"}});
    let tables = grpc_world(json!([{"matches": [asked], "backendRefs": to("a")}]));
    let table = front(&tables);
    assert_eq!((grpc(table, "/abc/GetOne"), grpc(table, "/a/GetAll")), ("g[0]".into(), "g[0]".into()));
    for other in ["/ac/GetOne", "/abc/x/GetOne", "/abc/GetOneMore", "/abc/XGetOne"] {
        assert_eq!(grpc(table, other), "404 Unimplemented", "{other}");
    }
}

#[test]
fn k_008_headers_count_as_in_httproutes() {
    let rule = |headers: Value| json!({"matches": [{"headers": headers}], "backendRefs": to("a")});
    let tables = grpc_world(json!([
        rule(json!([{"name": "Version", "value": "two"}])),
        rule(json!([{"name": "version", "value": "two"}, {"name": "color", "value": "orange"}])),
    ]));
    let ask = |headers: &[(&str, &str)]| ask(front(&tables), "a.example", "/S/M", &[headers, &[GRPC]].concat());
    assert_eq!(ask(&[("version", "two")]), "g[0]");
    assert_eq!(ask(&[("version", "two"), ("color", "orange")]), "g[1]");
    assert_eq!(ask(&[("version", "Two")]), "404 Unimplemented");
}

#[test]
fn g_012_service_before_method_before_headers_never_a_sum() {
    let headers: Vec<Value> = (0..16).map(|number| json!({"name": format!("h{number}"), "value": "1"})).collect();
    let with_headers = |mut one: Value| {
        one["headers"] = headers.clone().into();
        one
    };
    let rule = |one: Value| json!({"matches": [one], "backendRefs": to("a")});
    let long = "M".repeat(200);
    let tables = grpc_world(json!([
        rule(with_headers(json!({}))),
        rule(with_headers(method(None, Some(&long)))),
        rule(json!({"method": {"type": "RegularExpression", "service": "S|verylongindeed", "method": format!("{long}|x")}})),
        rule(method(Some("S"), None)),
        rule(method(Some("S"), Some(&long))),
    ]));
    let all: Vec<(&str, &str)> =
        ["h0", "h1", "h2", "h3", "h4", "h5", "h6", "h7", "h8", "h9", "h10", "h11", "h12", "h13", "h14", "h15"]
            .map(|name| (name, "1"))
            .into_iter()
            .chain([GRPC])
            .collect();
    let ask = |path: &str| ask(front(&tables), "a.example", path, &all);
    assert_eq!(ask(&format!("/S/{long}")), "g[4]", "both by name");
    assert_eq!(ask("/S/x"), "g[3]", "a service by name comes before one by pattern, whatever else is asked for");
    assert_eq!(ask(&format!("/verylongindeed/{long}")), "g[2]", "a service by pattern before none");
    assert_eq!(ask(&format!("/T/{long}")), "g[1]", "a method before headers");
    assert_eq!(ask("/T/N"), "g[0]");
}

#[test]
fn g_012_the_order_is_that_of_the_fields() {
    let name = |text: &str| Some(ValueMatcher::Exact(text.into()));
    let place = |host: &str, service: Option<ValueMatcher>, method: Option<ValueMatcher>, created: i64| {
        let method = (service.is_some() || method.is_some()).then_some(GrpcMethodMatch { service, method });
        let matched = GrpcMatch { method, headers: Vec::new() };
        let host: Option<Hostname> = host.parse().ok();
        Precedence::of_grpc(host.as_ref(), &matched, &Seniority { created: Timestamp(created), name: "shop/r".into() }, (0, 0))
    };
    let order = [
        place("a.example", None, None, 9),
        place("*.a.example", None, None, 9),
        place("", name("longer"), None, 9),
        place("", name("short"), name("m"), 9),
        place("", name("short"), None, 9),
        place("", None, name("mm"), 9),
        place("", None, name("m"), 9),
        place("", None, None, 1),
        place("", None, None, 9),
    ];
    assert!(order.is_sorted() && order.windows(2).all(|pair| pair[0] != pair[1]));
}

#[test]
fn pitfall_55_grpc_requests_go_to_grpcroutes_first_and_others_to_httproutes() {
    let objects = || {
        let older = route("HTTPRoute", "h", 1, json!({"hostnames": ["a.example"], "rules": [{"backendRefs": to("a")}]}));
        let rules = json!([{"matches": [method(Some("S"), None)], "backendRefs": to("b")}]);
        [
            gateway([listener("web", "HTTP", 80, "")]),
            older,
            route("GRPCRoute", "g", 2, json!({"hostnames": ["*.example"], "rules": rules})),
        ]
    };
    let tables = tables(objects());
    let table = front(&tables);
    assert_eq!(grpc(table, "/S/M"), "g[0]", "G-014: over all hostname levels, whoever is older");
    assert_eq!(grpc(table, "/T/M"), "h[0]", "then the rules of HTTPRoutes");
    assert_eq!(ask(table, "a.example", "/S/M", &[]), "h[0]", "K-022: what is not of gRPC");
    assert_eq!(ask(table, "b.example", "/S/M", &[]), "404 Unimplemented", "and has no HTTPRoute there");
    // Both are attached, in whatever order they come.
    let mut turned = objects();
    turned.reverse();
    assert_eq!(self::tables(turned), tables);
}

#[test]
fn g_014_what_a_request_of_grpc_is() {
    let rules = json!([{"backendRefs": to("b")}]);
    let tables = tables([gateway([listener("web", "HTTP", 80, "")]), route("GRPCRoute", "g", 1, json!({"rules": rules}))]);
    let ask = |content: &str| ask(front(&tables), "a.example", "/S/M", &[("content-type", content)]);
    for content in
        ["application/grpc", "application/grpc+proto", "application/grpc;charset=x", "APPLICATION/gRPC ; x", " application/grpc"]
    {
        assert_eq!(ask(content), "g[0]", "{content}");
    }
    for content in ["application/grpc-web", "application/grpcx", "application/grp", "application/json", ""] {
        assert_eq!(ask(content), "404 Unimplemented", "{content}");
    }
}

#[test]
fn k_010_hostnames_choose_as_for_http() {
    let rule = json!([{"backendRefs": to("a")}]);
    let on = |name: &str, listener: &str| {
        let parent = json!([to_gateway(Some(listener))]);
        route("GRPCRoute", name, 1, json!({"parentRefs": parent, "rules": rule}))
    };
    let listeners = [listener("exact", "HTTP", 80, "foo.bar.com"), listener("wild", "HTTP", 80, "*.bar.com")];
    let tables = tables([gateway(listeners), on("one", "exact"), on("two", "wild")]);
    let ask = |host: &str| ask(front(&tables), host, "/S/M", &[GRPC]);
    assert_eq!((ask("foo.bar.com"), ask("multiple.prefixes.bar.com")), ("one[0]".into(), "two[0]".into()));
    assert_eq!(ask("bar.com"), "no listener");
}

#[test]
fn k_012_to_k_014_without_a_backend_grpc_is_unavailable() {
    let rules = json!([
        {"matches": [method(Some("All"), None)], "backendRefs": to("missing")},
        {"matches": [method(Some("None"), None)]},
        {"matches": [method(Some("Zero"), None)], "backendRefs": backends(&[("a", 0)], 80)},
        {"matches": [method(Some("Some"), None)], "backendRefs": backends(&[("a", 1), ("missing", 3)], 80)},
    ]);
    let mut controller = Controller::default();
    controller.choices.zero_weights = ZeroWeights::InternalError;
    let objects = [gateway([listener("web", "HTTP", 80, "")]), route("GRPCRoute", "g", 1, json!({"rules": rules}))];
    let tables = with(controller, objects);
    let table = front(&tables);
    for path in ["/All/M", "/None/M", "/Zero/M"] {
        assert_eq!(grpc(table, path), "503 Unavailable", "{path}: also clients that look at the status of HTTP see it");
    }
    let statuses = |path: &'static str| {
        let parts =
            HeadParts { method: "POST", scheme: Scheme::Http, authority: None, path_and_query: path, headers: &GRPC_LINES[..] };
        let head = table.head(parts).expect("a request");
        let Admission::Listener { id, .. } = table.admit(&HttpConnection::of(&Arrival::plain(80)), &head) else { panic!() };
        let decision = table.decision(table.route(id, &head)).expect("its own answer");
        let Outcome::Forward(forward) = decision.outcome else { panic!("{path}") };
        let status = |point| match forward.at(point) {
            Picked::Respond { status, why } => Some((status.as_u16(), why.grpc_code())),
            _ => None,
        };
        (0..forward.split.total()).map(status).collect::<Vec<_>>()
    };
    let unavailable = Some((503, GrpcCode::Unavailable));
    assert_eq!(statuses("/Some/M"), [None, unavailable, unavailable, unavailable], "I-036: by weight");
}

const GRPC_LINES: [(&[u8], &[u8]); 2] = [(b"content-type", b"application/grpc"), (b"host", b"a.example")];

#[test]
fn k_009_errors_of_grpc_are_in_its_own_words() {
    let tables = grpc_world(json!([{"matches": [method(Some("S"), None)], "backendRefs": to("missing")}]));
    let table = front(&tables);
    let mut headers = HeaderMap::new();
    headers.insert("content-type", HeaderValue::from_static("application/grpc"));
    let answer = |path: &str, headers: &HeaderMap| {
        let parts =
            HeadParts { method: "POST", scheme: Scheme::Http, authority: Some("a.example"), path_and_query: path, headers };
        let head = table.head(parts).expect("a request");
        let Admission::Listener { id, .. } = table.admit(&HttpConnection::of(&Arrival::plain(80)), &head) else { panic!() };
        let decision = table.decision(table.route(id, &head)).expect("its own answer");
        match react(&decision, decision.pick(0), &head, headers.clone(), |_| true).reaction {
            Reaction::Answer { status, headers, .. } => (status.as_u16(), headers.get("grpc-status").cloned()),
            Reaction::Forward { .. } => panic!("forwarded"),
        }
    };
    assert_eq!(answer("/T/M", &headers), (200, Some(HeaderValue::from_static("12"))));
    assert_eq!(answer("/S/M", &headers), (200, Some(HeaderValue::from_static("14"))));
    assert_eq!(answer("/S/M", &HeaderMap::new()), (404, None), "others are answered in those of HTTP");
}

#[test]
fn g_013_rules_of_both_kinds_are_never_one_list() {
    // Were they one list, the exact path of the HTTPRoute would come before the service of the GRPCRoute.
    let http = json!([{"matches": [{"path": {"type": "Exact", "value": "/S/M"}}], "backendRefs": to("a")}]);
    let rules = json!([{"backendRefs": to("b")}]);
    let tables = tables([
        gateway([listener("web", "HTTP", 80, "")]),
        route("HTTPRoute", "h", 1, json!({"rules": http})),
        route("GRPCRoute", "g", 2, json!({"rules": rules})),
    ]);
    assert_eq!(grpc(front(&tables), "/S/M"), "g[0]");
    assert_eq!(ask(front(&tables), "a.example", "/S/M", &[]), "h[0]");
}

// ---- TLSRoute ----

fn tls_route(name: &str, created: i64, listener: Option<&str>, hostnames: &[&str]) -> Object {
    let parents = json!([to_gateway(listener)]);
    route("TLSRoute", name, created, json!({"parentRefs": parents, "hostnames": hostnames, "rules": [{"backendRefs": to("a")}]}))
}

fn tls(name: &str) -> Arrival<'_> {
    Arrival::tls(443, Some(name))
}

#[test]
fn l_004_and_l_005_the_server_name_chooses_among_intersections() {
    let tables = tables([
        gateway([passthrough("tls", 443, "*.example.com")]),
        tls_route("exact", 1, None, &["abc.example.com"]),
        tls_route("wild", 1, None, &["*.example.com", "*.example.net"]),
    ]);
    let table = front(&tables);
    assert_eq!(connect(table, &tls("abc.example.com")), "exact");
    assert_eq!(connect(table, &tls("ABC.example.com.")), "exact", "names have no case and may end in a dot");
    assert_eq!(connect(table, &tls("other.example.com")), "wild");
    assert_eq!(connect(table, &tls("non.matching.com")), "NoListenerForServerName");
    assert_eq!(
        connect(table, &tls("other.example.net")),
        "NoListenerForServerName",
        "pitfall 8: what is served is the intersection"
    );
}

#[test]
fn pitfall_8_a_wide_route_lets_nothing_past_its_listener() {
    let tables = tables([gateway([passthrough("tls", 443, "*.example.com")]), tls_route("wide", 1, None, &["*.com"])]);
    assert_eq!(connect(front(&tables), &tls("non.matching.com")), "NoListenerForServerName");
    assert_eq!(connect(front(&tables), &tls("a.example.com")), "wide");
}

#[test]
fn l_011_each_server_name_has_its_mode_on_one_port() {
    let tables = tables([
        gateway([
            passthrough("pass", 443, "pass.example"),
            listener("end", "TLS", 443, "end.example"),
            listener("web", "HTTPS", 443, "*.example"),
        ]),
        tls_route("one", 1, Some("pass"), &["pass.example"]),
        tls_route("two", 1, Some("end"), &["end.example"]),
    ]);
    let table = front(&tables);
    assert_eq!(table.ports().collect::<Vec<_>>(), [Port { number: 443, carries: Carries::Tls }]);
    let Connection::L4 { routed, tls: None } = table.connect(&tls("pass.example")) else { panic!("not passed through") };
    assert_eq!(table.l4(routed).expect("its own").rule.route.name, "one");
    let Connection::L4 { routed, tls: Some(plan) } = table.connect(&tls("end.example")) else { panic!("not ended") };
    assert_eq!((plan.listener.key.name.as_str(), plan.certificates.len()), ("end", 1));
    assert_eq!(table.l4(routed).expect("its own").rule.route.name, "two");
    // B-008: HTTPS beside them.
    let Connection::Http { connection, tls: Some(plan) } = table.connect(&tls("x.example")) else { panic!("no HTTP") };
    assert_eq!(plan.listener.key.name, "web");
    // A request on that connection for a name of a TLS listener stays with the HTTPS listeners (B-027).
    let headers: &[(&[u8], &[u8])] = &[(b"host", b"end.example")];
    let parts = HeadParts { method: "GET", scheme: Scheme::Https, authority: None, path_and_query: "/", headers };
    assert!(matches!(table.admit(&connection, &table.head(parts).expect("a request")), Admission::Listener { .. }));
}

#[test]
fn l_016_without_a_server_name_no_hostname_matches() {
    let one = tables([gateway([passthrough("tls", 443, "")]), tls_route("r", 1, None, &["*.example"])]);
    assert_eq!(connect(front(&one), &Arrival::tls(443, None)), "NoRoute");
    assert_eq!(connect(front(&one), &tls("a.example")), "r");
    let one = tables([gateway([passthrough("tls", 443, "*.example")]), tls_route("r", 1, None, &["*.example"])]);
    assert_eq!(connect(front(&one), &Arrival::tls(443, None)), "NoListenerForServerName");
}

#[test]
fn l_017_the_most_specific_listener_has_the_name_and_nobody_falls_through() {
    let tables = tables([
        gateway([passthrough("exact", 443, "abc.example"), passthrough("wild", 443, "*.example")]),
        tls_route("wide", 1, Some("wild"), &["*.example"]),
    ]);
    assert_eq!(connect(front(&tables), &tls("x.example")), "wide");
    assert_eq!(connect(front(&tables), &tls("abc.example")), "NoRoute", "E-020: the listener has no route");
}

#[test]
fn l_018_the_older_of_two_routes_with_one_hostname_then_the_smaller_name() {
    let world = |age: i64| {
        let routes = [tls_route("b", 1, None, &["a.example"]), tls_route("a", age, None, &["a.example"])];
        tables([gateway([passthrough("tls", 443, "")])].into_iter().chain(routes))
    };
    assert_eq!(connect(front(&world(2)), &tls("a.example")), "b");
    assert_eq!(connect(front(&world(1)), &tls("a.example")), "a");
}

#[test]
fn l_021_own_hostnames_decide_where_intersections_are_the_same() {
    // E-032: the newer route is the more specific one.
    for (listener, older, newer) in
        [("abc.example.com", "*.example.com", "abc.example.com"), ("*.example.com", "*.com", "*.example.com")]
    {
        let routes = [tls_route("older", 1, None, &[older]), tls_route("newer", 2, None, &[newer])];
        let tables = tables([gateway([passthrough("tls", 443, listener)])].into_iter().chain(routes));
        assert_eq!(connect(front(&tables), &tls("abc.example.com")), "newer", "{listener}");
    }
}

fn points(table: &Table, arrival: &Arrival<'_>) -> Vec<String> {
    let Connection::L4 { routed, .. } = table.connect(arrival) else { panic!("no connection") };
    let decision = table.l4(routed).expect("its own answer");
    let L4Outcome::Forward(forward) = decision.outcome else { return vec!["all rejected".to_owned()] };
    let shown = |point| match decision.at(point) {
        L4Picked::Backend { target, .. } => target.key.object.name.to_string(),
        L4Picked::Reject(_) => "rejected".to_owned(),
    };
    (0..forward.split.total()).map(shown).collect()
}

#[test]
fn l_013_and_l_014_rejections_are_shares() {
    let world = |refs: Value| {
        let spec = json!({"hostnames": ["a.example"], "rules": [{"backendRefs": refs}]});
        tables([gateway([passthrough("tls", 443, "")]), route("TLSRoute", "r", 1, spec)])
    };
    let tables = world(backends(&[("missing", 4), ("a", 1)], 80));
    assert_eq!(points(front(&tables), &tls("a.example")), ["rejected", "rejected", "rejected", "rejected", "a"]);
    for refs in [backends(&[("missing", 1)], 80), backends(&[("a", 0)], 80)] {
        assert_eq!(points(front(&world(refs)), &tls("a.example")), ["all rejected"], "never forwarded");
    }
}

#[test]
fn law_6_a_connection_keeps_its_decision() {
    let tables = tables([gateway([passthrough("tls", 443, "")]), tls_route("r", 1, None, &["a.example"])]);
    let Connection::L4 { routed, .. } = front(&tables).connect(&tls("a.example")) else { panic!("no connection") };
    let again = self::tables([gateway([passthrough("tls", 443, "")]), tls_route("r", 1, None, &["a.example"])]);
    assert_eq!(front(&again), front(&tables));
    assert!(front(&again).l4(routed).is_none(), "of another table");
    let pinned = PinnedDecision::new(front(&tables).clone(), routed);
    drop(tables);
    assert_eq!(pinned.l4().expect("its own").rule.route.name, "r");
    assert!(pinned.decision().is_none(), "it is no request");
}

// ---- TCPRoute and UDPRoute ----

fn l4_world(kinds: &[(&str, &str, i64)]) -> Tables {
    let listeners = [listener("tcp", "TCP", 9000, ""), listener("udp", "UDP", 9000, "")];
    let rule = |kind: &str| json!([{"backendRefs": backends(&[("a", 1)], if kind == "UDPRoute" { 53 } else { 80 })}]);
    let routes = kinds.iter().map(|(kind, name, age)| route(kind, name, *age, json!({"rules": rule(kind)})));
    tables([gateway(listeners)].into_iter().chain(routes))
}

#[test]
fn g_016_the_oldest_route_has_it_all_then_the_smaller_name() {
    let tables = l4_world(&[("TCPRoute", "z", 1), ("TCPRoute", "a", 2), ("UDPRoute", "b", 1), ("UDPRoute", "c", 1)]);
    assert_eq!(connect(front(&tables), &Arrival::plain(9000)), "z");
    assert_eq!(connect(front(&tables), &Arrival::udp(9000)), "b");
}

#[test]
fn m_005_the_next_oldest_takes_over() {
    let mut engine = Engine::new(snapshot([service("a", "10.0.0.1")]), Controller::default());
    let rules = json!([{"backendRefs": to("a")}]);
    let put = |object| Change::Put(object);
    for object in [
        gateway([listener("tcp", "TCP", 9000, "")]),
        route("TCPRoute", "one", 1, json!({"rules": rules})),
        route("TCPRoute", "two", 2, json!({"rules": rules})),
    ] {
        engine.apply(put(object));
    }
    let tables = compile(engine.resolution(), support::SEED);
    assert_eq!(connect(front(&tables), &Arrival::plain(9000)), "one");
    let affected = engine.apply(Change::Delete(key("TCPRoute", "one")));
    let tables = recompile(&tables, engine.resolution(), &affected);
    assert_eq!(connect(front(&tables), &Arrival::plain(9000)), "two");
}

#[test]
fn m_007_and_m_010_rejected_by_weight() {
    let listeners = || gateway([listener("tcp", "TCP", 9000, ""), listener("udp", "UDP", 9000, "")]);
    let spec = |port| json!({"rules": [{"backendRefs": backends(&[("missing", 2), ("a", 1)], port)}]});
    let tables = tables([listeners(), route("TCPRoute", "t", 1, spec(80)), route("UDPRoute", "u", 1, spec(53))]);
    for arrival in [Arrival::plain(9000), Arrival::udp(9000)] {
        assert_eq!(points(front(&tables), &arrival), ["rejected", "rejected", "a"]);
    }
}

#[test]
fn m_012_tcp_and_udp_on_one_number_are_two_ports() {
    let tables = l4_world(&[("TCPRoute", "t", 1)]);
    assert_eq!(connect(front(&tables), &Arrival::udp(9000)), "NoRoute");
    assert_eq!(connect(front(&tables), &Arrival::plain(9001)), "NoSuchPort");
    let expected = [Port { number: 9000, carries: Carries::Tcp }, Port { number: 9000, carries: Carries::Udp }];
    assert_eq!(front(&tables).ports().collect::<Vec<_>>(), expected);
}

#[test]
fn m_014_tcp_takes_tls_as_the_bytes_that_it_is() {
    let tables = l4_world(&[("TCPRoute", "t", 1)]);
    let Connection::L4 { tls: None, .. } = front(&tables).connect(&Arrival::tls(9000, Some("a.example"))) else { panic!() };
}

// ---- listeners: sets, filters, clients ----

#[test]
fn pitfall_52_listeners_of_sets_are_served_and_lose_to_those_before_them() {
    let set = |name: &str, age: i64, listeners: Value| {
        object("ListenerSet", name, age, json!({"parentRef": {"name": "front"}, "listeners": listeners}))
    };
    let on = |name: &str, parent: Value| {
        route("HTTPRoute", name, 1, json!({"parentRefs": [parent], "rules": [{"backendRefs": to("a")}]}))
    };
    let to_set = |name: &str| json!({"kind": "ListenerSet", "name": name});
    let tables = tables([
        gateway([listener("web", "HTTP", 80, "a.example")]),
        set("old", 1, json!([listener("web", "HTTP", 80, "b.example")])),
        set("new", 2, json!([listener("web", "HTTP", 80, "b.example"), listener("x", "HTTP", 80, "c.example")])),
        on("of-gateway", to_gateway(None)),
        on("of-old", to_set("old")),
        on("of-new", to_set("new")),
    ]);
    let table = front(&tables);
    let ask = |host: &str| ask(table, host, "/", &[]);
    assert_eq!(ask("a.example"), "of-gateway[0]");
    assert_eq!(ask("b.example"), "of-old[0]", "the winner is not touched by the loser's arrival");
    assert_eq!(ask("c.example"), "of-new[0]", "and the loser's other listener is served");
    let parents: Vec<&str> = table.listeners().map(|one| one.key.parent.name.as_str()).collect();
    assert_eq!(parents, ["front", "old", "new"], "C-005");
}

fn auth_filter() -> Value {
    let auth = json!({"protocol": "HTTP", "http": {}, "backendRef": {"name": "b", "port": 80}});
    json!({"type": "ExternalAuth", "externalAuth": auth})
}

#[test]
fn h_079_to_h_085_listener_filters_come_between_admit_and_route() {
    let mut filtered = listener("web", "HTTP", 80, "*.example");
    filtered["filters"] = json!({"requests": [auth_filter(), auth_filter()]});
    let rule = |path: &str| json!({"matches": [{"path": {"type": "Exact", "value": path}}], "backendRefs": to("a")});
    let tables = tables([gateway([filtered]), route("HTTPRoute", "r", 1, json!({"rules": [rule("/before"), rule("/after")]}))]);
    let table = front(&tables);
    let headers: &[(&[u8], &[u8])] = &[(b"host", b"a.example")];
    let parts = |path| HeadParts { method: "GET", scheme: Scheme::Http, authority: None, path_and_query: path, headers };
    let head = table.head(parts("/before")).expect("a request");
    let Admission::Listener { id, filters } = table.admit(&HttpConnection::of(&Arrival::plain(80)), &head) else { panic!() };
    // H-080, H-085: every filter as often as it is written, in order, and whatever route is found.
    assert!(matches!(filters, [ResolvedFilter::ExternalAuth { .. }, ResolvedFilter::ExternalAuth { .. }]));
    let nothing = table.head(parts("/nothing")).expect("a request");
    assert_eq!(table.admit(&HttpConnection::of(&Arrival::plain(80)), &nothing), Admission::Listener { id, filters });
    // H-081 to H-083: matching sees what the filters made of the request, except for the host.
    let made: &[(&[u8], &[u8])] = &[(b"host", b"evil.test"), (b"x-user", b"me")];
    let after = head.filtered("GET", "/after", made, table.choices()).expect("a request");
    assert_eq!((after.host.as_ref().map(|host| host.as_str()), after.authority), (Some("a.example"), Some("a.example")));
    let decision = table.decision(table.route(id, &after)).expect("its own answer");
    assert_eq!(decision.rule.map(|chosen| chosen.rule.index), Some(1));
    assert!(head.filtered("GET", "/../x", made, table.choices()).is_err(), "as strictly as what clients send");
}

#[test]
fn h_090_a_listener_whose_filter_cannot_run_is_not_served() {
    let mut filtered = listener("web", "HTTP", 80, "");
    let mut filter = auth_filter();
    filter["externalAuth"]["backendRef"]["name"] = "missing".into();
    filtered["filters"] = json!({"requests": [filter]});
    let tables = tables([gateway([filtered, listener("other", "HTTP", 81, "")])]);
    assert_eq!(connect(front(&tables), &Arrival::plain(80)), "NoSuchPort");
    assert_eq!(connect(front(&tables), &Arrival::plain(81)), "http");
}

#[test]
fn h_070_nothing_passes_an_authorisation_that_nobody_has_asked() {
    let rules = json!([{"filters": [auth_filter()], "backendRefs": to("a")}]);
    let world =
        |rules: Value| tables([gateway([listener("web", "HTTP", 80, "")]), route("HTTPRoute", "r", 1, json!({"rules": rules}))]);
    let tables = world(rules);
    let table = front(&tables);
    let headers = HeaderMap::new();
    let parts =
        HeadParts { method: "GET", scheme: Scheme::Http, authority: Some("a.example"), path_and_query: "/", headers: &headers };
    let head: RequestHead<'_, HeaderMap> = table.head(parts).expect("a request");
    let Admission::Listener { id, .. } = table.admit(&HttpConnection::of(&Arrival::plain(80)), &head) else { panic!() };
    let decision = table.decision(table.route(id, &head)).expect("its own answer");
    let reaction = |decision| react(&decision, decision.pick(0), &head, HeaderMap::new(), |_| true).reaction;
    let Reaction::Answer { status, why: Why::Filter(FilterError::NotRun { filter }), .. } = reaction(decision) else {
        panic!("it passed")
    };
    assert_eq!((status, filter), (StatusCode::INTERNAL_SERVER_ERROR, "ExternalAuth"));
    assert!(matches!(reaction(decision.cleared()), Reaction::Forward { .. }));

    // H-077: one that cannot be asked lets nothing pass, cleared or not.
    let mut filter = auth_filter();
    filter["externalAuth"]["backendRef"]["name"] = "missing".into();
    let tables = world(json!([{"filters": [filter], "backendRefs": to("a")}]));
    assert_eq!(ask(front(&tables), "a.example", "/", &[]), "500 Internal");
}

#[test]
fn b_045_what_clients_must_show_is_in_the_plan() {
    let mut spec = json!({"gatewayClassName": "any", "listeners": [listener("web", "HTTPS", 443, "")]});
    let ca = json!([{"group": "", "kind": "ConfigMap", "name": "ca"}]);
    spec["tls"] = json!({"frontend": {"default": {"validation": {"caCertificateRefs": ca}}}});
    let map =
        Object::ConfigMap(Arc::new(ConfigMap { key: ca_key(), ca: Some(PemVerdict::Valid { blocks: 1, digest: [0; 32] }) }));
    let tables = tables([object("Gateway", "front", 0, spec), map]);
    let Connection::Http { tls: Some(plan), .. } = front(&tables).connect(&tls("a.example")) else { panic!("not served") };
    let trust = plan.client_validation.expect("clients are asked for a certificate");
    assert_eq!((&trust.ca_certificates[..], trust.mode), (&[ca_key()][..], ClientValidationMode::AllowValidOnly));
    let without = self::tables([gateway([listener("web", "HTTPS", 443, "")])]);
    let Connection::Http { tls: Some(plan), .. } = front(&without).connect(&tls("a.example")) else { panic!("not served") };
    assert_eq!(plan.client_validation, None);
}

fn ca_key() -> gwapi_core::name::ObjectKey {
    gwapi_core::name::ObjectKey::namespaced("", "ConfigMap", &"shop".into(), &"ca".into())
}

// ---- TLS towards backends ----

fn policy(target: &str, is_sound: bool) -> Object {
    let mut validation = json!({"hostname": "backend.example"});
    if is_sound {
        validation["wellKnownCACertificates"] = "System".into();
    } else {
        validation["caCertificateRefs"] = json!([{"group": "", "kind": "ConfigMap", "name": "missing"}]);
    }
    let target = json!([{"group": "", "kind": "Service", "name": target}]);
    object("BackendTLSPolicy", target[0]["name"].as_str().unwrap(), 1, json!({"targetRefs": target, "validation": validation}))
}

#[test]
fn pitfall_59_a_policy_that_cannot_be_followed_means_no_clear_text() {
    let mirror = json!({"type": "RequestMirror", "requestMirror": {"backendRef": {"name": "b", "port": 80}}});
    let rules = json!([
        {"matches": [{"path": {"value": "/all"}}], "backendRefs": to("b")},
        {"matches": [{"path": {"value": "/some"}}], "backendRefs": backends(&[("a", 1), ("b", 1)], 80)},
        {"matches": [{"path": {"value": "/mirror"}}], "filters": [mirror], "backendRefs": to("a")},
        {"matches": [{"path": {"value": "/auth"}}], "filters": [auth_filter()], "backendRefs": to("a")},
    ]);
    let tls_spec = json!({"hostnames": ["a.example"], "rules": [{"backendRefs": to("b")}]});
    let mut ended = listener("end", "TLS", 443, "");
    ended["allowedRoutes"]["kinds"] = json!([{"kind": "TLSRoute"}]);
    let tables = tables([
        gateway([listener("web", "HTTP", 80, ""), ended]),
        policy("b", false),
        route("HTTPRoute", "r", 1, json!({"rules": rules})),
        route("TLSRoute", "t", 1, tls_spec),
    ]);
    let table = front(&tables);
    assert_eq!(ask(table, "a.example", "/all", &[]), "500 Unavailable", "N-010");
    assert_eq!(ask(table, "a.example", "/auth", &[]), "500 Internal", "N-001: filters too");
    assert_eq!(points(table, &tls("a.example")), ["all rejected"]);
    let decide = |path: &'static str| {
        let headers: &[(&[u8], &[u8])] = &[(b"host", b"a.example")];
        let parts = HeadParts { method: "GET", scheme: Scheme::Http, authority: None, path_and_query: path, headers };
        let head = table.head(parts).expect("a request");
        let Admission::Listener { id, .. } = table.admit(&HttpConnection::of(&Arrival::plain(80)), &head) else { panic!() };
        table.decision(table.route(id, &head)).expect("its own answer")
    };
    let Outcome::Forward(forward) = decide("/some").outcome else { panic!("not forwarded") };
    assert!(matches!(forward.at(0), Picked::Backend { .. }));
    assert!(matches!(
        forward.at(1),
        Picked::Respond { status: StatusCode::INTERNAL_SERVER_ERROR, why: Cause::InvalidBackend(_) }
    ));
    assert_eq!(decide("/mirror").mirrors().count(), 0, "a copy is not sent either");
}

#[test]
fn b_052_and_n_013_how_a_connection_to_a_backend_is_protected_is_one_answer() {
    let listeners = [listener("web", "HTTP", 80, "")];
    let mut spec = json!({"gatewayClassName": "any", "listeners": listeners});
    spec["tls"] = json!({"backend": {"clientCertificateRef": {"name": "cert"}}});
    let rules = json!([{"backendRefs": backends(&[("a", 1), ("b", 1)], 80)}]);
    let tables =
        tables([object("Gateway", "front", 0, spec), policy("b", true), route("HTTPRoute", "r", 1, json!({"rules": rules}))]);
    let table = front(&tables);
    let headers: &[(&[u8], &[u8])] = &[(b"host", b"a.example")];
    let parts = HeadParts { method: "GET", scheme: Scheme::Http, authority: None, path_and_query: "/", headers };
    let head = table.head(parts).expect("a request");
    let Admission::Listener { id, .. } = table.admit(&HttpConnection::of(&Arrival::plain(80)), &head) else { panic!() };
    let decision = table.decision(table.route(id, &head)).expect("its own answer");
    let Outcome::Forward(forward) = decision.outcome else { panic!("not forwarded") };
    let target = |index| match forward.backend(index) {
        Picked::Backend { target, .. } => target,
        other => panic!("{other:?}"),
    };
    let plan = |target: &'_ BackendTarget| {
        table
            .backend_tls(target)
            .map(|plan| plan.map(|plan| (plan.tls.server_name.to_string(), plan.certificate.map(|one| one.name.to_string()))))
            .expect("nothing is wrong")
    };
    assert_eq!(plan(target(0)), None, "the certificate of the Gateway does not ask for TLS by itself");
    assert_eq!(plan(target(1)), Some(("backend.example".to_owned(), Some("cert".to_owned()))));
}

#[test]
fn pitfall_44_a_policy_leaves_the_timeouts_of_the_rule_alone() {
    let rules = json!([{"backendRefs": to("b"), "timeouts": {"request": "3s"}}]);
    let world = |policies: Vec<Object>| {
        let route = route("HTTPRoute", "r", 1, json!({"rules": rules}));
        tables([gateway([listener("web", "HTTP", 80, "")]), route].into_iter().chain(policies))
    };
    let timeout = |tables: &Tables| {
        let table = front(tables);
        let headers: &[(&[u8], &[u8])] = &[(b"host", b"a.example")];
        let parts = HeadParts { method: "GET", scheme: Scheme::Http, authority: None, path_and_query: "/", headers };
        let head = table.head(parts).expect("a request");
        let Admission::Listener { id, .. } = table.admit(&HttpConnection::of(&Arrival::plain(80)), &head) else { panic!() };
        table.decision(table.route(id, &head)).expect("its own answer").timeouts().request
    };
    assert_eq!(timeout(&world(vec![policy("b", true)])), timeout(&world(Vec::new())));
    assert_eq!(timeout(&world(vec![policy("b", true)])), Some(std::time::Duration::from_secs(3)));
}

// ---- mesh ----

fn mesh_route(kind: &str, name: &str, parent: Value, to: Value) -> Object {
    object(kind, name, 1, json!({"parentRefs": [parent], "rules": [{"backendRefs": to}]}))
}

fn from<'a>(namespace: &'a str, name: &'a str, port: u16) -> MeshArrival<'a> {
    MeshArrival { namespace, destination: Destination::Name(name), port, transport: Transport::Tcp }
}

/// The name of the route that serves `POST /` of that connection, or what becomes of it.
fn call(tables: &Tables, arrival: &MeshArrival<'_>, path: &str, headers: &[(&str, &str)]) -> String {
    let mesh = tables.mesh.as_ref().expect("a mesh");
    match mesh.connect(arrival) {
        MeshConnection::PassThrough => "passed through".to_owned(),
        MeshConnection::Refuse(why) => format!("{why:?}"),
        MeshConnection::L4 { routed } => mesh.table().l4(routed).expect("its own answer").rule.route.name.to_string(),
        MeshConnection::Http { id, .. } => {
            let lines: Vec<(&[u8], &[u8])> = headers.iter().map(|(name, value)| (name.as_bytes(), value.as_bytes())).collect();
            let parts =
                HeadParts { method: "POST", scheme: Scheme::Http, authority: None, path_and_query: path, headers: &lines[..] };
            let head = mesh.table().head(parts).expect("a request");
            let decision = mesh.table().decision(mesh.table().route(id, &head)).expect("its own answer");
            match (decision.rule, decision.outcome) {
                (Some(chosen), Outcome::Forward(_)) => chosen.route.name.to_string(),
                (_, Outcome::Respond { status, .. }) => status.as_u16().to_string(),
                other => format!("{other:?}"),
            }
        }
    }
}

fn root(tables: &Tables, arrival: &MeshArrival<'_>) -> String {
    call(tables, arrival, "/", &[])
}

#[test]
fn o_002_without_a_route_nothing_changes() {
    let tables = tables([mesh_route("HTTPRoute", "r", to_service("a", None), to("b"))]);
    assert_eq!(root(&tables, &from("shop", "b", 80)), "passed through");
    assert_eq!(root(&tables, &from("shop", "unknown", 80)), "passed through");
    assert_eq!(root(&tables, &from("shop", "a", 80)), "r");
}

#[test]
fn o_003_a_request_without_a_rule_does_not_fall_through_to_the_service() {
    let rules = json!([{"matches": [{"path": {"value": "/x"}}], "backendRefs": to("b")}]);
    let route = object("HTTPRoute", "r", 1, json!({"parentRefs": [to_service("a", None)], "rules": rules}));
    let tables = tables([route]);
    assert_eq!(call(&tables, &from("shop", "a", 80), "/x", &[]), "r");
    assert_eq!(call(&tables, &from("shop", "a", 80), "/y", &[]), "404");
}

#[test]
fn o_003_also_where_the_route_has_no_rule_at_all() {
    let route = object("GRPCRoute", "g", 1, json!({"parentRefs": [to_service("a", Some(80))], "rules": []}));
    assert_eq!(call(&tables([route]), &from("shop", "a", 80), "/S/M", &[GRPC]), "404");
}

#[test]
fn pitfall_31_a_backend_that_does_not_resolve_is_an_error_and_not_the_parent() {
    let tables = tables([mesh_route("HTTPRoute", "r", to_service("a", None), to("missing"))]);
    assert_eq!(root(&tables, &from("shop", "a", 80)), "500");
    let empty = self::tables([mesh_route("HTTPRoute", "r", to_service("a", None), json!([]))]);
    assert_eq!(root(&empty, &from("shop", "a", 80)), "500", "O-022");
}

#[test]
fn o_004_routes_of_a_backend_are_not_asked() {
    let tables = tables([
        mesh_route("HTTPRoute", "first", to_service("a", None), to("b")),
        mesh_route("HTTPRoute", "second", to_service("b", None), to("missing")),
    ]);
    assert_eq!(root(&tables, &from("shop", "a", 80)), "first", "and it is forwarded, not answered 500");
    assert_eq!(root(&tables, &from("shop", "b", 80)), "500");
}

fn at(address: [u8; 4]) -> MeshArrival<'static> {
    MeshArrival { destination: Destination::Address(IpAddr::from(address)), ..from("shop", "", 80) }
}

#[test]
fn o_005_and_o_006_services_are_known_by_their_addresses_and_pods_by_none() {
    let objects = || [mesh_route("HTTPRoute", "r", to_service("a", None), to("b"))];
    let tables = tables(objects());
    assert_eq!(root(&tables, &at([10, 0, 0, 1])), "r");
    assert_eq!(call(&tables, &at([10, 0, 0, 1]), "/", &[("host", "b")]), "r", "the Host header says nothing");
    assert_eq!(call(&tables, &at([10, 0, 0, 2]), "/", &[("host", "a")]), "passed through");
    assert_eq!(root(&tables, &at([10, 244, 0, 7])), "passed through", "the address of a pod");
    assert_eq!(root(&tables, &from("shop", "10.0.0.1", 80)), "r", "an address as text is one");

    let features = SupportedFeatures::built().without(Feature::MeshClusterIPMatching);
    let by_name = with(Controller { features, ..Controller::default() }, objects());
    assert_eq!(root(&by_name, &at([10, 0, 0, 1])), "passed through");
    assert_eq!(root(&by_name, &from("shop", "a", 80)), "r");
}

#[test]
fn o_008_hostnames_of_a_route_mean_nothing() {
    let spec =
        json!({"parentRefs": [to_service("a", None)], "hostnames": ["other.example"], "rules": [{"backendRefs": to("b")}]});
    let tables = tables([object("HTTPRoute", "r", 1, spec)]);
    assert_eq!(call(&tables, &from("shop", "a", 80), "/", &[("host", "a")]), "r");
}

#[test]
fn o_009_other_ports_pass_unmodified() {
    let tables = tables([
        mesh_route("HTTPRoute", "one", to_service("a", Some(80)), to("b")),
        mesh_route("HTTPRoute", "all", to_service("b", None), to("a")),
    ]);
    assert_eq!(
        (root(&tables, &from("shop", "a", 80)), root(&tables, &from("shop", "a", 9000))),
        ("one".into(), "passed through".into())
    );
    assert_eq!((root(&tables, &from("shop", "b", 80)), root(&tables, &from("shop", "b", 9000))), ("all".into(), "all".into()));
}

#[test]
fn o_010_a_section_is_the_name_of_a_port() {
    let mut parent = to_service("a", None);
    parent["sectionName"] = "raw".into();
    let tables = tables([mesh_route("HTTPRoute", "r", parent, to("b"))]);
    assert_eq!(
        (root(&tables, &from("shop", "a", 80)), root(&tables, &from("shop", "a", 9000))),
        ("passed through".into(), "r".into())
    );
}

#[test]
fn o_011_to_o_013_producer_and_consumer_routes_are_never_mixed() {
    let rules = json!([{"matches": [{"path": {"value": "/x"}}], "backendRefs": backends(&[("a", 1)], 80)}]);
    let mut consumer = to_service("shop/a", None);
    consumer["namespace"] = "shop".into();
    let consumer = object("HTTPRoute", "other/consumer", 1, json!({"parentRefs": [consumer], "rules": rules}));
    let objects = [mesh_route("HTTPRoute", "producer", to_service("a", None), to("b")), consumer, service("other/a", "10.0.0.9")];
    let tables = tables(objects);
    let ask = |namespace, path| call(&tables, &from(namespace, "a.shop", 80), path, &[]);
    assert_eq!(ask("shop", "/x"), "producer", "O-011: all namespaces");
    assert_eq!(ask("elsewhere", "/x"), "producer");
    assert_eq!(ask("other", "/x"), "consumer", "O-012: its own clients");
    assert_eq!(ask("other", "/y"), "404", "O-013: no falling back from one group to the other");
    let mesh = tables.mesh.as_ref().expect("a mesh");
    let clients = |namespace| match mesh.connect(&from(namespace, "a.shop", 80)) {
        MeshConnection::Http { listener, .. } => listener.clients.clone(),
        other => panic!("{other:?}"),
    };
    assert_eq!((clients("shop"), clients("other")), (Some(MeshScope::Producer), Some(MeshScope::Consumer("other".into()))));
}

#[test]
fn o_015_the_most_specific_kind_has_the_port() {
    let tables = tables([
        mesh_route("GRPCRoute", "g", to_service("a", Some(80)), to("b")),
        mesh_route("HTTPRoute", "h", to_service("a", Some(80)), to("b")),
        mesh_route("TCPRoute", "t", to_service("a", Some(9000)), backends(&[("b", 1)], 9000)),
        mesh_route("UDPRoute", "u", to_service("a", None), backends(&[("b", 1)], 53)),
    ]);
    assert_eq!(call(&tables, &from("shop", "a", 80), "/S/M", &[GRPC]), "g");
    assert_eq!(root(&tables, &from("shop", "a", 80)), "404", "the HTTPRoute is not used beside it");
    assert_eq!(root(&tables, &from("shop", "a", 9000)), "t");
    assert_eq!(root(&tables, &MeshArrival { transport: Transport::Udp, ..from("shop", "a", 53) }), "u");
    assert_eq!(root(&tables, &from("shop", "a", 53)), "passed through", "UDPRoutes are independent");
}

#[test]
fn o_026_gateways_do_not_use_routes_of_services() {
    let tables = tables([
        gateway([listener("web", "HTTP", 80, "")]),
        mesh_route("HTTPRoute", "of-mesh", to_service("a", None), to("missing")),
        route("HTTPRoute", "of-gateway", 1, json!({"rules": [{"backendRefs": to("a")}]})),
    ]);
    assert_eq!(ask(front(&tables), "a.example", "/", &[]), "of-gateway[0]");
    assert_eq!(root(&tables, &from("shop", "a", 80)), "500");
}

#[test]
fn o_027_names_are_read_as_the_client_reads_them() {
    let tables = tables([mesh_route("HTTPRoute", "r", to_service("a", None), to("b"))]);
    for name in ["a", "a.shop", "a.shop.svc", "a.shop.svc.cluster.local", "A.Shop.SVC.cluster.local.", "a.shop:80"] {
        assert_eq!(root(&tables, &from("shop", name, 80)), "r", "{name}");
    }
    for name in ["a.other", "a.shop.cluster.local", "a.shop.svc.cluster", "a.shop.svc.x", "a.shop.x", "x.a.shop", "", ".shop"] {
        assert_eq!(root(&tables, &from("shop", name, 80)), "passed through", "{name}");
    }
    assert_eq!(root(&tables, &from("other", "a", 80)), "passed through", "another namespace has another `a`");
    assert_eq!(root(&tables, &from("other", "a.shop", 80)), "r");
}

#[test]
fn a_controller_that_is_no_mesh_has_no_table_of_one() {
    let features = SupportedFeatures::built().without(Feature::Mesh);
    let objects = [mesh_route("HTTPRoute", "r", to_service("a", None), to("b"))];
    assert!(with(Controller { features, ..Controller::default() }, objects).mesh.is_none());
}

#[test]
fn a_mesh_forgets_services_without_routes() {
    let mut engine = Engine::new(snapshot([service("a", "10.0.0.1"), service("b", "10.0.0.2")]), Controller::default());
    let empty = compile(engine.resolution(), support::SEED);
    let affected = engine.apply(Change::Put(mesh_route("HTTPRoute", "r", to_service("a", None), to("b"))));
    let one = recompile(&empty, engine.resolution(), &affected);
    assert_eq!(root(&one, &at([10, 0, 0, 1])), "r");
    // Its address is another one now.
    let affected = engine.apply(Change::Put(service("a", "10.0.0.7")));
    let moved = recompile(&one, engine.resolution(), &affected);
    assert_eq!((root(&moved, &at([10, 0, 0, 1])), root(&moved, &at([10, 0, 0, 7]))), ("passed through".into(), "r".into()));
    let affected = engine.apply(Change::Delete(key("HTTPRoute", "r")));
    let gone = recompile(&moved, engine.resolution(), &affected);
    assert_eq!(root(&gone, &at([10, 0, 0, 7])), "passed through");
    assert_eq!(gone, empty);
    // What was decided before is still there for who has kept it.
    assert_eq!(root(&one, &at([10, 0, 0, 1])), "r");
}
