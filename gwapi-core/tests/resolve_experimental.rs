//! What has no feature name: default Gateways, XBackends, ExternalAuth, ServiceImports, sessions (H.7, H.8, J.4, P.1, P.2).

mod common;

use std::sync::Arc;

use common::{
    PEM, any_route_of, attachment_of, backend_of, ca, edge, edge_of, from_all, gateway, gateway_with, grant, key, listener,
    listener_set, listeners_of, merged, names, object, open, ours, read, resolved, resolved_by, route, rule_of, ruled, secret,
    service, set_of, unable, without, x_object,
};
use gwapi_core::{
    Change, Controller, Engine, Feature, ObjectKey, Refusal, Resolution,
    facts::BackendFact,
    resolution::{BackendProtocol, BackendTarget, ResolvedFilter, ResolvedListener, ResolvedXBackend},
    resolve,
};
use serde_json::{Value, json};

// Default Gateways

fn default_gateway(name: &str, scope: Value) -> Value {
    gateway_with(name, &[open("http")], json!({"defaultScope": scope}))
}

fn defaulted(parents: Value, scope: Value) -> Value {
    route("shop/r", json!({"parentRefs": parents, "useDefaultGateways": scope}))
}

/// The Gateways that a route attaches to, as it stands in `status.parents`.
fn served_by(resolution: &Resolution) -> Vec<String> {
    let attached = any_route_of(resolution, "shop/r").parents.clone();
    let attached = attached.iter().filter(|parent| parent.is_attached());
    attached.map(|parent| parent.served_by.gateway().unwrap().namespaced_name()).collect()
}

#[test]
fn p_001_to_p_003_every_default_gateway_claims_every_route_that_asks() {
    let gateways = [
        default_gateway("infra/a", json!("All")),
        default_gateway("infra/b", json!("All")),
        default_gateway("infra/c", json!("None")),
    ];
    let with = |scope: Value| served_by(&resolved(&[&gateways[..], &[defaulted(json!([]), scope)]].concat()));
    assert_eq!(with(json!("All")), ["infra/a", "infra/b"]);
    for none in [json!(null), json!(""), json!("None"), json!("Some")] {
        assert_eq!(with(none), [""; 0]);
    }
    // P-001 for the Gateway.
    for none in [json!(null), json!(""), json!("None"), json!("Some")] {
        let objects = [default_gateway("infra/a", none), defaulted(json!([]), json!("All"))];
        assert_eq!(served_by(&resolved(&objects)), [""; 0], "P-003: the field has no effect");
    }
}

#[test]
fn p_002_the_ordinary_rules_hold() {
    let closed = gateway_with("infra/closed", &[listener("http", 80, "HTTP", json!({}))], json!({"defaultScope": "All"}));
    let named = gateway_with(
        "infra/named",
        &[listener("http", 80, "HTTP", json!({"hostname": "a.com", "allowedRoutes": from_all()}))],
        json!({"defaultScope": "All"}),
    );
    let mut route = defaulted(json!([]), json!("All"));
    route["spec"]["hostnames"] = json!(["b.com"]);
    let resolution = resolved(&[closed, named, route]);
    let route = any_route_of(&resolution, "shop/r");
    let refused: Vec<String> = route.parents.iter().flat_map(|parent| names(&parent.refused)).collect();
    assert_eq!(refused, ["namespaceNotAllowed", "noMatchingHostname"]);
    assert!(route.unclaimed.is_empty());
}

#[test]
fn p_004_p_006_and_p_008_a_claim_is_a_reference_without_a_section_and_there_is_one() {
    let listeners = [open("http"), listener("other", 81, "HTTP", json!({"allowedRoutes": from_all()}))];
    let edge_gateway = gateway_with("infra/edge", &listeners, json!({"defaultScope": "All"}));
    let claimed = resolved(&[edge_gateway.clone(), defaulted(json!([]), json!("All"))]);
    let named = resolved(&[edge_gateway.clone(), defaulted(json!([edge()]), json!(null))]);
    assert_eq!(any_route_of(&claimed, "shop/r").parents, any_route_of(&named, "shop/r").parents, "P-008");
    assert!(any_route_of(&claimed, "shop/r").route.parent_refs.is_empty(), "P-004");
    let both = resolved(&[edge_gateway, defaulted(json!([merged(edge(), json!({"sectionName": "other"}))]), json!("All"))]);
    assert_eq!(listeners_of(&attachment_of(&both, "shop/r")), ["other"], "P-006");
}

#[test]
fn p_007_routes_come_loose_with_the_gateway_and_others_claim_nothing() {
    let theirs =
        object("Gateway", "infra/b", json!({"gatewayClassName": "theirs", "listeners": [open("http")], "defaultScope": "All"}));
    let route = defaulted(json!([]), json!("All"));
    let resolution = resolved(&[common::class("theirs", "example.com/theirs"), theirs, route]);
    let route = any_route_of(&resolution, "shop/r");
    assert!(route.parents.is_empty() && route.unclaimed.is_empty(), "D-035");

    let ours_by_default = read(&default_gateway("infra/edge", json!("All")));
    let objects = [gateway("infra/edge", &[open("http")]), defaulted(json!([]), json!("All"))];
    let mut engine = Engine::new(common::snapshot(&objects), ours());
    let is_claimed = |engine: &Engine| !any_route_of(engine.resolution(), "shop/r").parents.is_empty();
    assert!(!is_claimed(&engine));
    for (change, expected) in [
        (Change::Put(ours_by_default.clone()), true),
        (Change::Put(read(&default_gateway("infra/edge", json!("None")))), false),
        (Change::Put(ours_by_default.clone()), true),
        (Change::Delete(ours_by_default.key().clone()), false),
    ] {
        engine.apply(change);
        assert_eq!(is_claimed(&engine), expected);
    }
}

#[test]
fn law_12_default_gateways_that_are_not_to_be_had_claim_nothing() {
    let controller = unable(|abilities| abilities.default_gateways = false);
    let objects = [default_gateway("infra/a", json!("All")), defaulted(json!([]), json!("All"))];
    assert_eq!(served_by(&resolved_by(&controller, &objects)), [""; 0]);
}

// XBackend

fn x_backend(name: &str, more: Value) -> Value {
    let base = json!({"type": "EndpointSelector", "endpointSelector": {"matchLabels": {"app": "x"}}, "port": {"number": 8080}});
    x_object("XBackend", name, merged(base, more))
}

fn x_ref() -> Value {
    json!({"group": "gateway.networking.x-k8s.io", "kind": "XBackend", "name": "x"})
}

fn to_x(reference: Value) -> Value {
    ruled("shop/r", json!([{"backendRefs": [reference]}]))
}

fn outcome_of(controller: &Controller, reference: Value, more: &[Value]) -> Result<BackendTarget, String> {
    let objects = [gateway("infra/edge", &[open("http")]), to_x(reference)];
    let resolution = resolved_by(controller, &[&objects[..], more].concat());
    assert!(attachment_of(&resolution, "shop/r").is_attached(), "I-012");
    backend_of(&resolution, "shop/r").target.map_err(|why| names(&[why]).remove(0))
}

fn outcome(reference: Value, more: &[Value]) -> Result<BackendTarget, String> {
    outcome_of(&ours(), reference, more)
}

fn x_of(resolution: &Resolution) -> Arc<ResolvedXBackend> {
    resolution.x_backends.values().next().unwrap().clone()
}

#[test]
fn p_009_an_x_backend_is_local_whatever_a_grant_says() {
    let far = merged(x_ref(), json!({"namespace": "away"}));
    let mut granted = grant("away/g", &["HTTPRoute/shop"], &["Service"]);
    granted["spec"]["to"] = json!([{"group": "gateway.networking.x-k8s.io", "kind": "XBackend"}]);
    assert!(outcome(x_ref(), &[x_backend("shop/x", json!({}))]).is_ok());
    assert_eq!(outcome(far.clone(), &[x_backend("away/x", json!({}))]).unwrap_err(), "refNotPermitted");
    for there in [vec![], vec![x_backend("away/x", json!({}))]] {
        assert_eq!(outcome(far.clone(), &[&[granted.clone()][..], &there].concat()).unwrap_err(), "backendNotLocal", "S-003");
    }
    assert_eq!(outcome(x_ref(), &[]).unwrap_err(), "backendNotFound");
}

#[test]
fn p_012_the_port_is_its_own() {
    let there = [x_backend("shop/x", json!({}))];
    assert_eq!(outcome(x_ref(), &there).unwrap().key.port, 8080);
    // R-051: v1.6 admits one in the reference, and two that differ are no port.
    assert_eq!(outcome(merged(x_ref(), json!({"port": 8080})), &there).unwrap().key.port, 8080);
    assert_eq!(outcome(merged(x_ref(), json!({"port": 80})), &there).unwrap_err(), "backendPortNotFound");
}

#[test]
fn p_013_the_protocol_is_its_own() {
    use BackendProtocol::{H2c, Http1, Opaque, WebSocket};
    let tls = json!({"mode": "ServerOnly", "validation": {"hostname": "a.com", "wellKnownCACertificates": "System"}});
    for (protocol, http, grpc, tcp) in [
        (json!(null), Some(Http1), Some(H2c), Some(Opaque)),
        (json!("HTTP"), Some(Http1), Some(H2c), Some(Opaque)),
        (json!("HTTP11"), Some(Http1), None, Some(Opaque)),
        (json!("HTTP2"), Some(H2c), Some(H2c), Some(Opaque)),
        (json!("H2C"), Some(H2c), Some(H2c), Some(Opaque)),
        (json!("GRPC"), Some(H2c), Some(H2c), Some(Opaque)),
        (json!("MCP"), Some(Http1), None, Some(Opaque)),
        (json!("WSS"), Some(WebSocket), None, Some(Opaque)),
        (json!("TCP"), None, None, Some(Opaque)),
    ] {
        let tls = if ["HTTP2", "WSS"].iter().any(|it| protocol == *it) { tls.clone() } else { Value::Null };
        let backend = x_backend("shop/x", json!({"protocol": protocol, "tls": tls}));
        for (kind, expected) in [("HTTPRoute", http), ("GRPCRoute", grpc), ("TCPRoute", tcp), ("UDPRoute", None)] {
            let route = object(kind, "shop/r", json!({"parentRefs": [edge()], "rules": [{"backendRefs": [x_ref()]}]}));
            let target = backend_of(&resolved(&[backend.clone(), route]), "shop/r").target;
            match expected {
                Some(expected) => assert_eq!(target.unwrap().protocol, expected, "{kind} {protocol}"),
                None => assert_eq!(names(&[target.unwrap_err()]), ["backendProtocolUnsupported"], "{kind} {protocol}"),
            }
        }
    }
}

#[test]
fn p_014_tls_of_an_x_backend() {
    let validation = json!({"hostname": "a.com", "caCertificateRefs": [{"group": "", "kind": "ConfigMap", "name": "ca"}]});
    let server = json!({"tls": {"mode": "ServerOnly", "validation": validation}});
    let mutual = |namespace: &str| json!({"tls": {"mode": "ClientAndServer", "validation": validation, "clientCertificateRef": {"namespace": namespace, "name": "c"}}});
    let trusted = ca("shop/ca", PEM);
    let client = |name: &str| {
        let mut secret = secret(name);
        secret["type"] = "kubernetes.io/tls".into();
        secret
    };
    assert_eq!(outcome(x_ref(), &[x_backend("shop/x", json!({"tls": {"mode": "None"}}))]).unwrap().tls, None);
    let tls = |more: Value, objects: &[Value]| {
        outcome(x_ref(), &[&[x_backend("shop/x", more)][..], objects].concat()).map(|target| target.tls.unwrap().unwrap())
    };
    let one_way = tls(server.clone(), std::slice::from_ref(&trusted)).unwrap();
    assert_eq!((one_way.server_name.as_str(), &one_way.client_certificate), ("a.com", &None));
    let both_ways = tls(mutual("shop"), &[trusted.clone(), client("shop/c")]).unwrap();
    assert_eq!(both_ways.client_certificate.as_ref().unwrap().name, "c");
    // S-010: what cannot be checked or shown is not sent to.
    for (more, objects) in [
        (server, vec![]),
        (mutual("shop"), vec![trusted.clone()]),
        (mutual("shop"), vec![client("shop/c")]),
        // S-005.
        (
            mutual("certs"),
            vec![trusted.clone(), client("certs/c"), grant("certs/g", &["Gateway/shop", "HTTPRoute/shop"], &["Secret"])],
        ),
        (json!({"tls": {"mode": "ServerOnly"}}), vec![trusted.clone()]),
    ] {
        assert_eq!(tls(more.clone(), &objects).unwrap_err(), "backendInvalid", "{more}");
    }
    let mut granted = grant("certs/g", &["HTTPRoute/shop"], &["Secret"]);
    granted["spec"]["from"] = json!([{"group": "gateway.networking.x-k8s.io", "kind": "XBackend", "namespace": "shop"}]);
    assert!(tls(mutual("certs"), &[trusted, client("certs/c"), granted]).is_ok());
}

#[test]
fn p_010_p_011_and_p_034_values_that_cannot_be_honoured() {
    let external = |hostname: &str| {
        x_object(
            "XBackend",
            "shop/x",
            json!({"type": "ExternalHostname", "externalHostname": {"hostname": hostname}, "port": {"number": 443}}),
        )
    };
    assert!(outcome(x_ref(), &[external("api.example.com")]).is_ok());
    for backend in [
        external("192.0.2.1"),
        external("*.example.com"),
        external("web.shop.svc.cluster.local"),
        x_backend("shop/x", json!({"endpointSelector": {"matchLabels": {}}})),
        x_backend("shop/x", json!({"externalHostname": {"hostname": "a.com"}})),
        // P-036: labels of the own namespace, no addresses and no other namespace.
        x_backend("shop/x", json!({"endpointSelector": {"matchLabels": {"a": "b"}, "addresses": ["10.0.0.1"]}})),
        x_backend("shop/x", json!({"endpointSelector": {"matchLabels": {"a": "b"}, "namespace": "other"}})),
        x_backend("shop/x", json!({"type": "Odd"})),
        x_backend("shop/x", json!({"port": {}})),
        x_backend(
            "shop/x",
            json!({"protocol": "H2C", "tls": {"mode": "ServerOnly", "validation": {"hostname": "a.com", "wellKnownCACertificates": "System"}}}),
        ),
    ] {
        assert_eq!(outcome(x_ref(), std::slice::from_ref(&backend)).unwrap_err(), "backendInvalid", "{backend}");
        let resolution = resolved(&[gateway("infra/edge", &[open("http")]), to_x(x_ref()), backend]);
        assert_eq!(
            x_of(&resolution).refused.iter().filter(|why| matches!(why, Refusal::XBackendInvalid { .. })).count(),
            x_of(&resolution).refused.len()
        );
        // P-017: whoever would send to it if it could tells what is wrong.
        assert_eq!(x_of(&resolution).ancestors(&resolution).collect::<Vec<_>>(), [&key("Gateway", "infra/edge")]);
    }
}

#[test]
fn p_017_the_gateways_that_send_to_an_x_backend() {
    let mirrored = ruled("shop/r", json!([{"filters": [{"type": "RequestMirror", "requestMirror": {"backendRef": x_ref()}}]}]));
    let other =
        route("shop/s", json!({"parentRefs": [{"namespace": "infra", "name": "other"}], "rules": [{"backendRefs": [x_ref()]}]}));
    let gateways =
        [gateway("infra/edge", &[open("http")]), gateway("infra/other", &[open("http")]), gateway("infra/idle", &[open("http")])];
    let resolution = resolved(&[&gateways[..], &[mirrored, other, x_backend("shop/x", json!({}))]].concat());
    let ancestors: Vec<_> = x_of(&resolution).ancestors(&resolution).map(|gateway| gateway.name.to_string()).collect();
    assert_eq!(ancestors, ["edge", "other"]);
    let auth =
        json!({"requests": [{"type": "ExternalAuth", "externalAuth": {"protocol": "HTTP", "http": {}, "backendRef": x_ref()}}]});
    let guarded = gateway("shop/edge", &[listener("http", 80, "HTTP", json!({"filters": auth}))]);
    let resolution = resolved(&[guarded, x_backend("shop/x", json!({}))]);
    assert_eq!(x_of(&resolution).ancestors(&resolution).collect::<Vec<_>>(), [&key("Gateway", "shop/edge")], "its listener does");
}

#[test]
fn law_12_x_backends_that_are_not_to_be_had() {
    let controller = unable(|abilities| abilities.x_backends = false);
    let there = [x_backend("shop/x", json!({}))];
    assert_eq!(outcome_of(&controller, x_ref(), &there).unwrap_err(), "backendKindUnsupported");
    assert!(resolved_by(&controller, &there).x_backends.is_empty());
    // SANs are a feature wherever they stand.
    let validation = json!({"hostname": "a.com", "wellKnownCACertificates": "System", "subjectAltNames": [{"type": "Hostname", "hostname": "b.com"}]});
    let named = [x_backend("shop/x", json!({"tls": {"mode": "ServerOnly", "validation": validation}}))];
    assert!(outcome(x_ref(), &named).is_ok());
    assert_eq!(outcome_of(&without(Feature::BackendTLSPolicySANValidation), x_ref(), &named).unwrap_err(), "backendInvalid");
    assert_eq!(
        outcome_of(&unable(|abilities| abilities.system_ca_certificates = false), x_ref(), &named).unwrap_err(),
        "backendInvalid"
    );
}

// Sessions

#[test]
fn j_022_and_j_039_sessions_belong_to_the_backend() {
    let sessions = |name: &str| json!({"sessionPersistence": {"type": "Cookie", "cookie": {"name": name}}});
    let policy = x_object("XBackendTrafficPolicy", "shop/p", merged(sessions("policy"), json!({"targetRefs": [x_ref()]})));
    let rules = json!([merged(sessions("rule"), json!({"backendRefs": [x_ref()]}))]);
    let objects = |backend: Value| [ruled("shop/r", rules.clone()), backend, policy.clone()];
    let cookie = |sessions: &Option<gwapi_core::model::SessionPersistence>| match &sessions.as_ref().unwrap().token {
        gwapi_core::model::SessionToken::Cookie(cookie) => cookie.name.as_deref().unwrap().to_owned(),
        other => panic!("{other:?}"),
    };
    let resolution = resolved(&objects(x_backend("shop/x", sessions("backend"))));
    assert_eq!(cookie(&backend_of(&resolution, "shop/r").session_persistence), "backend");
    assert_eq!(cookie(&rule_of(&resolution, "shop/r").session_persistence), "rule");
    let resolution = resolved(&objects(x_backend("shop/x", json!({}))));
    assert_eq!(cookie(&backend_of(&resolution, "shop/r").session_persistence), "policy");
    // Law 12.
    let controller = unable(|abilities| abilities.session_persistence = false);
    assert_eq!(outcome_of(&controller, x_ref(), &[x_backend("shop/x", sessions("backend"))]).unwrap_err(), "backendInvalid");
    assert!(outcome_of(&controller, x_ref(), &[x_backend("shop/x", json!({}))]).is_ok());
}

// ExternalAuth

fn auth(protocol: &str, backend: Value) -> Value {
    let own = if protocol == "GRPC" { json!({"grpc": {}}) } else { json!({"http": {}}) };
    json!({"type": "ExternalAuth", "externalAuth": merged(own, json!({"protocol": protocol, "backendRef": backend}))})
}

#[test]
fn h_071_the_service_is_asked_in_its_own_protocol() {
    for (protocol, expected) in [("HTTP", BackendProtocol::Http1), ("GRPC", BackendProtocol::H2c)] {
        let filter = auth(protocol, json!({"name": "auth", "port": 80}));
        let resolution = resolved(&[service("shop/auth", &[80]), ruled("shop/r", json!([{"filters": [filter]}]))]);
        let rule = rule_of(&resolution, "shop/r");
        let [ResolvedFilter::ExternalAuth { target: Ok(target), .. }] = &rule.filters[..] else { panic!("{:?}", rule.filters) };
        assert_eq!(target.protocol, expected);
    }
}

#[test]
fn h_077_a_service_that_cannot_be_asked_stays_in_the_rule() {
    for (backend, why) in [
        (json!({"name": "gone", "port": 80}), "backendNotFound"),
        (json!({"name": "auth", "port": 81}), "backendPortNotFound"),
        (json!({"namespace": "away", "name": "auth", "port": 80}), "refNotPermitted"),
        (json!({"kind": "Pod", "name": "auth", "port": 80}), "backendKindUnsupported"),
    ] {
        let objects = [
            service("shop/auth", &[80]),
            service("away/auth", &[80]),
            ruled("shop/r", json!([{"filters": [auth("HTTP", backend.clone())]}])),
        ];
        let rule = rule_of(&resolved(&objects), "shop/r");
        assert!(matches!(&rule.filters[..], [ResolvedFilter::ExternalAuth { target: Err(_), .. }]), "H-070: {backend}");
        assert_eq!(names(rule.unresolved()), [why]);
        assert!(rule.is_valid());
    }
}

// Filters of listeners

/// A Gateway with a plain listener and one with these filters, and the Service `infra/auth`.
fn guarded_by(controller: &Controller, filters: Value, more: &[Value]) -> ResolvedListener {
    let guarded = listener("guarded", 81, "HTTP", json!({"allowedRoutes": from_all(), "filters": {"requests": filters}}));
    let objects = [gateway("infra/edge", &[open("plain"), guarded]), service("infra/auth", &[80])];
    let edge = edge_of(&resolved_by(controller, &[&objects[..], more].concat()));
    assert!(edge.listeners[0].is_served() && edge.is_accepted(), "S-017");
    edge.listeners[1].clone()
}

fn extension() -> Value {
    json!({"type": "ExtensionRef", "extensionRef": {"group": "example.com", "kind": "Limit", "name": "it"}})
}

#[test]
fn h_079_and_h_080_filters_keep_their_order() {
    let here = |protocol: &str| auth(protocol, json!({"name": "auth", "port": 80}));
    let listener = guarded_by(&ours(), json!([here("GRPC"), here("HTTP"), here("GRPC")]), &[]);
    assert!(listener.is_served() && listener.refused.is_empty() && listener.unresolved.is_empty());
    let protocols: Vec<_> = listener.filters.iter().map(|filter| filter.target().unwrap().protocol).collect();
    assert_eq!(protocols, [BackendProtocol::H2c, BackendProtocol::Http1, BackendProtocol::H2c]);
}

#[test]
fn h_086_to_h_090_a_filter_that_cannot_run_closes_its_listener() {
    let here = json!({"name": "auth", "port": 80});
    let away = json!({"namespace": "away", "name": "auth", "port": 80});
    #[expect(clippy::type_complexity, reason = "a table")]
    let bad: [(Value, &[Value], &[&str], &[&str]); 7] = [
        (json!({"type": "RateLimit"}), &[], &["listenerFilterUnsupported"], &[]),
        (json!({"type": "CORS", "cors": {}}), &[], &["listenerFilterUnsupported"], &[]),
        // H-087.
        (json!({"type": "ExternalAuth"}), &[], &["listenerFilterInvalid"], &[]),
        (json!({}), &[], &["listenerFilterInvalid"], &[]),
        (extension(), &[], &[], &["listenerFilterRef"]),
        (auth("HTTP", json!({"name": "gone", "port": 80})), &[], &[], &["listenerFilterRef"]),
        (
            auth("HTTP", away.clone()),
            &[service("away/auth", &[80]), grant("away/g", &["HTTPRoute/infra", "ListenerSet/infra"], &["Service"])],
            &[],
            &["refNotPermitted"],
        ),
    ];
    for (filter, more, refused, unresolved) in bad {
        let listener = guarded_by(&ours(), json!([auth("HTTP", here.clone()), filter]), more);
        assert_eq!((names(&listener.refused), names(&listener.unresolved)), (owned(refused), owned(unresolved)), "{filter}");
        assert!(!listener.is_served(), "H-090: {filter}");
        // H-089: by its place.
        let told = listener.refused.iter().chain(&listener.unresolved).next().unwrap().to_string();
        assert!(told.contains("filters.requests[1]") || told.contains("ReferenceGrant"), "{told}");
    }
    // H-088: the Gateway refers.
    let granted = [service("away/auth", &[80]), grant("away/g", &["Gateway/infra"], &["Service"])];
    assert!(guarded_by(&ours(), json!([auth("HTTP", away)]), &granted).is_served());
}

fn owned(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

#[test]
fn h_088_in_a_set_the_set_refers() {
    let filters = json!({"filters": {"requests": [auth("HTTP", json!({"namespace": "away", "name": "auth", "port": 80}))]}});
    let served = |from: &str| {
        let objects = [
            gateway_with("infra/edge", &[open("http")], json!({"allowedListeners": {"namespaces": {"from": "All"}}})),
            listener_set("shop/s", &[listener("a", 81, "HTTP", filters.clone())]),
            service("away/auth", &[80]),
            grant("away/g", &[from], &["Service"]),
        ];
        set_of(&resolved(&objects), "shop/s").listeners[0].is_served()
    };
    assert!(served("ListenerSet/shop") && !served("ListenerSet/infra") && !served("Gateway/infra") && !served("Gateway/shop"));
}

#[test]
fn h_079_filters_need_requests() {
    let filters = json!({"requests": [auth("HTTP", json!({"name": "auth", "port": 80}))]});
    for (protocol, tls) in [("TCP", json!(null)), ("UDP", json!(null)), ("TLS", json!({"mode": "Passthrough"}))] {
        let guarded = listener("guarded", 9000, protocol, json!({"filters": filters, "tls": tls}));
        let edge = edge_of(&resolved(&[gateway("infra/edge", &[guarded]), service("infra/auth", &[80])]));
        assert_eq!(names(&edge.listeners[0].refused), ["listenerFilterInvalid"], "{protocol}");
    }
}

#[test]
fn law_12_filters_of_listeners_that_are_not_to_be_had() {
    let here = auth("HTTP", json!({"name": "auth", "port": 80}));
    for controller in [without(Feature::GatewayListenerFilters), unable(|abilities| abilities.external_auth = false)] {
        let listener = guarded_by(&controller, json!([here]), &[]);
        assert_eq!(names(&listener.refused), ["listenerFilterUnsupported"]);
        assert!(listener.filters.is_empty() && !listener.is_served());
    }
    assert_eq!(
        names(&guarded_by(&without(Feature::GatewayListenerFilters), json!([extension()]), &[]).refused),
        ["listenerFilterUnsupported"]
    );
}

// Other backends

#[test]
fn i_026_a_service_import_is_like_a_service() {
    let import = |ports: Value| {
        let mut value = json!({"apiVersion": "multicluster.x-k8s.io/v1alpha1", "kind": "ServiceImport", "metadata": common::metadata("shop/web")});
        value["spec"] = json!({"type": "ClusterSetIP", "ports": ports});
        value
    };
    let reference =
        |more: Value| merged(json!({"group": "multicluster.x-k8s.io", "kind": "ServiceImport", "name": "web", "port": 80}), more);
    let there =
        [import(json!([{"port": 80}, {"port": 81, "appProtocol": "kubernetes.io/h2c"}, {"port": 53, "protocol": "UDP"}]))];
    let target = outcome(reference(json!({})), &there).unwrap();
    assert_eq!((target.key.object.kind.as_str(), target.protocol), ("ServiceImport", BackendProtocol::Http1));
    assert_eq!(outcome(reference(json!({"port": 81})), &there).unwrap().protocol, BackendProtocol::H2c);
    assert_eq!(outcome(reference(json!({"port": 9})), &there).unwrap_err(), "backendPortNotFound");
    assert_eq!(outcome(reference(json!({"port": 53})), &there).unwrap_err(), "backendProtocolUnsupported");
    assert_eq!(
        outcome(reference(json!({})), &[service("shop/web", &[80])]).unwrap_err(),
        "backendNotFound",
        "I-026: never a Service"
    );
    assert_eq!(outcome(reference(json!({"namespace": "away"})), &there).unwrap_err(), "refNotPermitted");
    let controller = unable(|abilities| abilities.service_imports = false);
    assert_eq!(outcome_of(&controller, reference(json!({})), &there).unwrap_err(), "backendKindUnsupported", "law 12");
}

#[test]
fn i_007_kinds_that_the_embedder_knows() {
    let function = |name: &str| json!({"group": "example.com", "kind": "Function", "name": name});
    let outcome = |reference: Value| {
        let mut snapshot = common::snapshot(&[gateway("infra/edge", &[open("http")]), to_x(reference)]);
        let key = ObjectKey::namespaced("example.com", "Function", &"shop".into(), &"f".into());
        snapshot.facts.backends = [(key, BackendFact { port: 9000, protocol: BackendProtocol::H2c })].into();
        snapshot.facts.backend_kinds = [("example.com".into(), "Function".into())].into();
        backend_of(&resolve(&snapshot, &ours()), "shop/r").target.map_err(|why| names(&[why]).remove(0))
    };
    let target = outcome(function("f")).unwrap();
    assert_eq!((target.key.port, target.protocol), (9000, BackendProtocol::H2c));
    assert_eq!(outcome(merged(function("f"), json!({"port": 1}))).unwrap().key.port, 1);
    assert_eq!(outcome(function("g")).unwrap_err(), "backendNotFound");
    assert_eq!(outcome(merged(function("f"), json!({"kind": "Bucket"}))).unwrap_err(), "backendKindUnsupported");
    assert_eq!(outcome(merged(function("f"), json!({"namespace": "away"}))).unwrap_err(), "refNotPermitted");
}
