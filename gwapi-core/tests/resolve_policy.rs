//! Policies: targets, conflicts, trust, and what they mean for backends (chapter N, P.3, P.7).

mod common;

use std::sync::Arc;

use common::{
    PEM, aged, any_route_of, backend_of, ca, edge, gateway, grant, key, merged, names, object, open, ours, resolved, resolved_by,
    route_of, ruled, secret, service, service_with, trust_bundle, without, x_object,
};
use gwapi_core::{
    Change, Controller, Engine, Feature, ObjectKey, Refusal, Resolution,
    controller::Abilities,
    model::{CaCertificates, SubjectAltName},
    refusal::CaFault,
    resolution::{BackendTls, ResolvedPolicy},
};
use serde_json::{Value, json};

fn tls_policy(name: &str, targets: Value, validation: Value) -> Value {
    object("BackendTLSPolicy", name, json!({"targetRefs": targets, "validation": validation}))
}

/// A policy on the Service `shop/web` that can be honoured where `shop/ca` is.
fn on_web(name: &str) -> Value {
    tls_policy(name, json!([web()]), by_ca())
}

fn web() -> Value {
    json!({"group": "", "kind": "Service", "name": "web"})
}

fn web_port(port: &str) -> Value {
    merged(web(), json!({"sectionName": port}))
}

fn by_ca() -> Value {
    validation(json!([config_map("ca")]))
}

fn validation(refs: Value) -> Value {
    json!({"hostname": "web.example.com", "caCertificateRefs": refs})
}

fn config_map(name: &str) -> Value {
    json!({"group": "", "kind": "ConfigMap", "name": name})
}

fn policy_of(resolution: &Resolution, name: &str) -> Arc<ResolvedPolicy> {
    let (namespace, name) = name.split_once('/').unwrap();
    let mut policies = resolution
        .policies
        .values()
        .filter(|policy| (policy.key().namespace_str(), policy.key().name.as_str()) == (namespace, name));
    policies.next().unwrap().clone()
}

/// The names of everything that refuses a policy somewhere.
fn refused(policy: &ResolvedPolicy) -> Vec<String> {
    names(policy.refused.iter().chain(policy.targets.iter().filter_map(|target| target.refused.as_ref())))
}

/// A world with an edge, the Service `shop/web` and a route to each of its ports 80 (`p80`) and 81.
fn world(more: &[Value]) -> Vec<Value> {
    let to = |name: &str, port: u16| ruled(name, json!([{"backendRefs": [{"name": "web", "port": port}]}]));
    let objects = [
        gateway("infra/edge", &[open("http")]),
        service("shop/web", &[80, 81]),
        ca("shop/ca", PEM),
        to("shop/r", 80),
        to("shop/s", 81),
    ];
    [&objects[..], more].concat()
}

/// How a route is told to connect to its backend: nothing for plain.
fn protection(resolution: &Resolution, route: &str) -> Option<Result<Arc<BackendTls>, Arc<Refusal>>> {
    backend_of(resolution, route).target.unwrap().tls
}

fn server_name(resolution: &Resolution, route: &str) -> Option<String> {
    Some(protection(resolution, route)?.unwrap().server_name.to_string())
}

#[test]
fn n_001_connections_to_the_target_use_tls() {
    assert_eq!(protection(&resolved(&world(&[])), "shop/r"), None);
    let resolution = resolved(&world(&[on_web("shop/p")]));
    let expected = BackendTls {
        server_name: "web.example.com".parse().unwrap(),
        ca_certificates: CaCertificates::Refs(vec![ObjectKey::namespaced("", "ConfigMap", &"shop".into(), &"ca".into())]),
        subject_alt_names: Vec::new(),
        client_certificate: None,
    };
    for route in ["shop/r", "shop/s"] {
        assert_eq!(protection(&resolution, route), Some(Ok(Arc::new(expected.clone()))));
    }
    assert_eq!(refused(&policy_of(&resolution, "shop/p")), [""; 0]);
}

#[test]
fn n_001_and_n_024_whoever_sends_to_the_target_uses_tls() {
    let backend = json!({"name": "web", "port": 80});
    let filters = json!([
        {"type": "RequestMirror", "requestMirror": {"backendRef": backend}},
        {"type": "ExternalAuth", "externalAuth": {"protocol": "HTTP", "http": {}, "backendRef": backend}}]);
    let rules = json!([{"filters": filters, "backendRefs": [backend]}]);
    let auth =
        json!({"requests": [{"type": "ExternalAuth", "externalAuth": {"protocol": "HTTP", "http": {}, "backendRef": backend}}]});
    let guarded = common::listener("http", 80, "HTTP", json!({"allowedRoutes": common::from_all(), "filters": auth}));
    let kinds = ["GRPCRoute", "TCPRoute", "TLSRoute"].map(|kind| {
        let rules = json!([{"backendRefs": [backend]}]);
        common::named_if_tls(object(kind, &format!("shop/{}", kind.to_lowercase()), json!({"rules": rules})))
    });
    let objects = [
        gateway("shop/edge", &[guarded]),
        service("shop/web", &[80]),
        ca("shop/ca", PEM),
        on_web("shop/p"),
        ruled("shop/r", rules),
    ];
    let resolution = resolved(&[&objects[..], &kinds].concat());
    let rule = common::rule_of(&resolution, "shop/r");
    for filter in &rule.filters {
        assert!(filter.target().unwrap().tls.as_ref().unwrap().is_ok(), "{filter:?}");
    }
    let listener = &common::gateway_of(&resolution, "shop/edge").listeners[0];
    assert!(listener.filters[0].target().unwrap().tls.as_ref().unwrap().is_ok());
    // K-020, L-008.
    for route in ["shop/grpcroute", "shop/tcproute", "shop/tlsroute"] {
        assert!(protection(&resolution, route).unwrap().is_ok(), "{route}");
    }
}

#[test]
fn n_002_and_n_022_targets_are_local_and_must_be_there() {
    let of = |targets: Value, more: &[Value]| {
        let resolution = resolved(&[&world(more)[..], &[tls_policy("shop/p", targets, by_ca())]].concat());
        refused(&policy_of(&resolution, "shop/p"))
    };
    assert_eq!(of(json!([web()]), &[]), [""; 0]);
    assert_eq!(of(json!([web_port("p81")]), &[]), [""; 0]);
    assert_eq!(of(json!([{"group": "", "kind": "Service", "name": "gone"}]), &[]), ["targetNotFound"]);
    // D-034, N-003: the name of a port, never its number.
    assert_eq!(of(json!([web_port("81")]), &[]), ["targetNotFound"]);
    // S-004: one of another namespace is none.
    assert_eq!(of(json!([{"group": "", "kind": "Service", "name": "far"}]), &[service("away/far", &[80])]), ["targetNotFound"]);
    // N-025, P-015: other kinds.
    let x_backend = json!({"type": "EndpointSelector", "endpointSelector": {"matchLabels": {"a": "b"}}, "port": {"number": 1}});
    let target = json!([{"group": "gateway.networking.x-k8s.io", "kind": "XBackend", "name": "x"}]);
    assert_eq!(of(target, &[x_object("XBackend", "shop/x", x_backend)]), ["targetUnsupported"]);
    assert_eq!(of(json!([{"group": "core", "kind": "Service", "name": "web"}]), &[]), ["targetUnsupported"]);
    // N-006: one target lost, the other won.
    assert_eq!(of(json!([web(), {"group": "", "kind": "Service", "name": "gone"}]), &[]), ["targetNotFound"]);
}

#[test]
fn c_028_a_policy_for_a_listener_set_is_refused_and_reaches_nobody() {
    let target = json!([{"group": "gateway.networking.k8s.io", "kind": "ListenerSet", "name": "set"}]);
    let traffic = json!({"targetRefs": target, "retryConstraint": {}});
    let telemetry = json!({"targetRefs": target, "tracing": {"mode": "Disabled"}});
    let policies = [
        tls_policy("shop/tls", target.clone(), by_ca()),
        x_object("XBackendTrafficPolicy", "shop/traffic", traffic),
        x_object("XTelemetryPolicy", "shop/telemetry", telemetry),
    ];
    let set = common::listener_set("shop/set", &[open("more")]);
    let with = resolved(&world(&[&policies[..], std::slice::from_ref(&set)].concat()));
    for name in ["shop/tls", "shop/traffic", "shop/telemetry"] {
        assert_eq!(refused(&policy_of(&with, name)), ["targetUnsupported"], "{name}");
    }
    let without = resolved(&world(&[set]));
    assert_eq!((&with.gateways, &with.routes), (&without.gateways, &without.routes));
}

/// Envoy Gateway #9035, #9068: more specific before older, older before the name.
#[test]
fn pitfall_59_who_has_the_target() {
    let named = |name: &str, age: u32, target: Value, hostname: &str| {
        aged(tls_policy(name, json!([target]), merged(by_ca(), json!({"hostname": hostname}))), age)
    };
    // N-004: they do not meet.
    let both = resolved(&world(&[named("shop/all", 1, web(), "all.com"), named("shop/port", 9, web_port("p81"), "port.com")]));
    assert_eq!(
        (server_name(&both, "shop/r").unwrap(), server_name(&both, "shop/s").unwrap()),
        ("all.com".into(), "port.com".into())
    );
    for name in ["shop/all", "shop/port"] {
        assert_eq!(refused(&policy_of(&both, name)), [""; 0]);
    }
    // N-005.
    for target in [web(), web_port("p80")] {
        for (first, second, winner) in [(1, 2, "shop/b"), (2, 1, "shop/a"), (1, 1, "shop/a")] {
            let objects =
                world(&[named("shop/b", first, target.clone(), "b.com"), named("shop/a", second, target.clone(), "a.com")]);
            let resolution = resolved(&objects);
            let loser = if winner == "shop/a" { "shop/b" } else { "shop/a" };
            assert_eq!(refused(&policy_of(&resolution, winner)), [""; 0]);
            let Some(Refusal::PolicyConflict { with, .. }) = &policy_of(&resolution, loser).targets[0].refused else { panic!() };
            assert_eq!(format!("shop/{}", with.name), winner);
            assert_eq!(server_name(&resolution, "shop/r").unwrap(), format!("{}.com", &winner[5..]));
        }
    }
}

/// A broken policy that is older keeps its target: nobody else decides, and nothing is sent in another way (GWAPI#3516).
#[test]
fn pitfall_59_an_invalid_policy_is_never_plaintext() {
    let bad = |name: &str| aged(tls_policy(name, json!([web()]), validation(json!([config_map("gone")]))), 1);
    let resolution = resolved(&world(&[bad("shop/bad"), aged(on_web("shop/good"), 2)]));
    assert_eq!(names(&policy_of(&resolution, "shop/bad").unresolved), ["caCertificateInvalid"]);
    assert_eq!(refused(&policy_of(&resolution, "shop/good")), ["policyConflict"]);
    for route in ["shop/r", "shop/s"] {
        let Some(Err(why)) = protection(&resolution, route) else { panic!("N-010: {route}") };
        assert!(matches!(&*why, Refusal::BackendTlsUnavailable { policy: Some(policy), .. } if policy.name == "bad"));
        // I-011, I-012.
        let route = any_route_of(&resolution, route);
        assert_eq!(names(route.unresolved()), ["backendTlsUnavailable"]);
        assert!(route.has_valid_rule() && route.parents[0].is_attached());
    }
    // A policy for one port leaves the other alone.
    let port = resolved(&world(&[tls_policy("shop/p", json!([web_port("p81")]), validation(json!([config_map("gone")])))]));
    assert_eq!(protection(&port, "shop/r"), None);
    assert!(protection(&port, "shop/s").unwrap().is_err());
}

/// S-006: policies of another namespace are not named to those who refer to its Services.
#[test]
fn n_010_what_is_wrong_is_told_where_it_can_be_mended() {
    let far = json!([{"backendRefs": [{"namespace": "away", "name": "web", "port": 80}]}]);
    let policy = object(
        "BackendTLSPolicy",
        "away/secretive",
        json!({"targetRefs": [web()], "validation": validation(json!([config_map("gone")]))}),
    );
    let objects = [
        gateway("infra/edge", &[open("http")]),
        service("away/web", &[80]),
        grant("away/g", &["HTTPRoute/shop"], &["Service"]),
        policy,
        ruled("shop/r", far),
    ];
    let resolution = resolved(&objects);
    let Some(Err(why)) = protection(&resolution, "shop/r") else { panic!() };
    assert!(!why.to_string().contains("secretive") && !why.to_string().contains("gone"), "{why}");
}

/// S-027: what is gone or empty is not trusted any more.
#[test]
fn n_007_to_n_012_and_n_033_to_n_036_who_is_trusted() {
    let bundle = json!({"group": "certificates.k8s.io", "kind": "ClusterTrustBundle", "name": "b"});
    let outcome = |controller: &Controller, validation: Value, more: &[Value]| {
        let objects = [&world(more)[..], &[tls_policy("shop/p", json!([web()]), validation)]].concat();
        let resolution = resolved_by(controller, &objects);
        let policy = policy_of(&resolution, "shop/p");
        let protected = protection(&resolution, "shop/r").expect("N-010").is_ok();
        assert_eq!((protected, policy.backend_tls.is_some()), (policy.refused.is_empty(), policy.refused.is_empty()));
        (names(&policy.unresolved), names(&policy.refused))
    };
    let none: Vec<String> = Vec::new();
    let bad = |_: &str| (vec!["caCertificateInvalid".to_owned()], vec!["noValidCaCertificate".to_owned()]);
    let some = (vec!["caCertificateInvalid".to_owned()], none.clone());
    let fine = (none.clone(), none.clone());
    let refs = |refs: Value| validation(refs);
    for (given, more, expected) in [
        (refs(json!([config_map("ca")])), vec![], fine.clone()),
        (refs(json!([config_map("gone")])), vec![], bad("N-008")),
        (refs(json!([config_map("empty")])), vec![ca("shop/empty", "")], bad("N-008")),
        (refs(json!([config_map("odd")])), vec![ca("shop/odd", "-----BEGIN NOTHING-----")], bad("N-008")),
        // S-004: of the own namespace only.
        (
            refs(json!([config_map("far")])),
            vec![ca("away/far", PEM), grant("away/g", &["BackendTLSPolicy/shop"], &["ConfigMap"])],
            bad("S-004"),
        ),
        // N-009.
        (refs(json!([{"group": "", "kind": "Secret", "name": "cert"}])), vec![secret("shop/cert")], bad("N-009")),
        // N-011.
        (refs(json!([config_map("gone"), config_map("ca")])), vec![], some.clone()),
        // N-033 to N-035.
        (refs(json!([bundle])), vec![trust_bundle("b", PEM)], fine.clone()),
        (refs(json!([bundle])), vec![], bad("N-034")),
        (refs(json!([bundle])), vec![trust_bundle("b", "")], bad("N-034")),
        (refs(json!([bundle, config_map("ca")])), vec![], some),
        (json!({"hostname": "a.com", "wellKnownCACertificates": "System"}), vec![], fine),
        (
            json!({"hostname": "a.com", "wellKnownCACertificates": "example.com/own"}),
            vec![],
            (none.clone(), vec!["wellKnownCaUnsupported".into()]),
        ),
    ] {
        assert_eq!(outcome(&ours(), given.clone(), &more), expected, "{given}");
    }
    // N-036.
    let resolution = resolved_by(
        &without(Feature::ClusterTrustBundle),
        &world(&[trust_bundle("b", PEM), tls_policy("shop/p", json!([web()]), refs(json!([bundle])))]),
    );
    let [Refusal::CaCertificateInvalid { why, .. }] = &policy_of(&resolution, "shop/p").unresolved[..] else { panic!() };
    assert_eq!(*why, CaFault::KindUnsupported);
    // N-012 for whoever has no store.
    let controller = Controller { abilities: Abilities::NONE, ..ours() };
    let system = json!({"hostname": "a.com", "wellKnownCACertificates": "System"});
    assert_eq!(outcome(&controller, system, &[]).1, ["wellKnownCaUnsupported"]);
}

/// What a ConfigMap or bundle holds counts as it is now: emptied, deleted, and there again.
#[test]
fn n_017_and_n_035_authorities_are_followed() {
    let bundle = json!({"group": "certificates.k8s.io", "kind": "ClusterTrustBundle", "name": "b"});
    let policies = |reference: Value| tls_policy("shop/p", json!([web()]), validation(json!([reference])));
    for (reference, full, empty) in
        [(config_map("own"), ca("shop/own", PEM), ca("shop/own", "")), (bundle, trust_bundle("b", PEM), trust_bundle("b", ""))]
    {
        let objects = world(&[policies(reference)]);
        let mut engine = Engine::new(common::snapshot(&objects), ours());
        let is_protected = |engine: &Engine| protection(engine.resolution(), "shop/r").unwrap().is_ok();
        assert!(!is_protected(&engine), "not there yet");
        let key = common::read(&full).key().clone();
        for (change, expected) in [
            (Change::Put(common::read(&full)), true),
            (Change::Put(common::read(&empty)), false),
            (Change::Put(common::read(&full)), true),
            (Change::Delete(key.clone()), false),
            (Change::Put(common::read(&full)), true),
        ] {
            engine.apply(change);
            assert_eq!(is_protected(&engine), expected, "{key}");
        }
    }
}

#[test]
fn n_014_names_of_the_certificate() {
    let names_of = json!([{"type": "Hostname", "hostname": "a.com"}, {"type": "URI", "uri": "spiffe://a/b"}]);
    let policy = tls_policy("shop/p", json!([web()]), merged(by_ca(), json!({"subjectAltNames": names_of})));
    let objects = world(&[policy]);
    let tls = protection(&resolved(&objects), "shop/r").unwrap().unwrap();
    let expected = [SubjectAltName::Hostname("a.com".parse().unwrap()), SubjectAltName::Uri("spiffe://a/b".into())];
    assert_eq!(tls.subject_alt_names, expected);
    // Law 12: not checked is not to be had.
    let feature = Feature::BackendTLSPolicySANValidation;
    let resolution = resolved_by(&without(feature), &objects);
    let path = "spec.validation.subjectAltNames".into();
    assert_eq!(policy_of(&resolution, "shop/p").refused, [Refusal::FeatureUnsupported { path, feature }]);
    assert!(protection(&resolution, "shop/r").unwrap().is_err());
}

#[test]
fn n_019_the_gateways_that_send_to_a_target_are_its_ancestors() {
    let to = |name: &str, gateways: &[&str], rules: Value| {
        let parents: Vec<Value> = gateways.iter().map(|name| json!({"namespace": "infra", "name": name})).collect();
        common::route(name, json!({"parentRefs": parents, "rules": rules}))
    };
    let plain = json!([{"backendRefs": [{"name": "web", "port": 80}]}]);
    let mirrored =
        json!([{"filters": [{"type": "RequestMirror", "requestMirror": {"backendRef": {"name": "web", "port": 80}}}]}]);
    let refused_rule = json!([{"backendRefs": [{"name": "other", "port": 80}]}, {"filters": [{"type": "Odd"}], "backendRefs": [{"name": "web", "port": 80}]}]);
    let gateways = ["b", "a", "c", "d"].map(|name| gateway(&format!("infra/{name}"), &[open("http")]));
    let closed = gateway("infra/closed", &[common::listener("http", 80, "HTTP", json!({}))]);
    let objects = [
        service("shop/web", &[80]),
        service("shop/other", &[80]),
        ca("shop/ca", PEM),
        on_web("shop/p"),
        closed,
        to("shop/r", &["b", "a"], plain.clone()),
        to("shop/again", &["b"], plain.clone()),
        to("shop/mirror", &["c"], mirrored),
        to("shop/half", &["d"], refused_rule),
        to("shop/out", &["closed", "gone"], plain),
    ];
    let resolution = resolved(&[&objects[..], &gateways].concat());
    let ancestors: Vec<String> =
        policy_of(&resolution, "shop/p").ancestors(&resolution).keys().map(|gateway| gateway.name.to_string()).collect();
    assert_eq!(ancestors, ["a", "b", "c"], "in the order of their keys; not those that do not take the route, or its rule");
}

#[test]
fn n_023_a_policy_is_for_tcp() {
    let with = |ports: Value, target: Value, port: u16| {
        let udp = object(
            "UDPRoute",
            "shop/u",
            json!({"parentRefs": [edge()], "rules": [{"backendRefs": [{"name": "web", "port": port}]}]}),
        );
        let objects = [
            service_with("shop/web", json!({"ports": ports})),
            ca("shop/ca", PEM),
            tls_policy("shop/p", json!([target]), by_ca()),
            udp,
        ];
        let resolution = resolved(&objects);
        let tls = protection(&resolution, "shop/u").map(|tls| tls.is_ok());
        (refused(&policy_of(&resolution, "shop/p")), tls)
    };
    let dns = json!({"name": "dns", "port": 53, "protocol": "UDP"});
    let tcp = json!({"name": "p80", "port": 80});
    let invalid = vec!["targetUnsupported".to_owned()];
    assert_eq!(with(json!([dns]), web(), 53), (invalid.clone(), Some(false)), "what asks for TLS gets nothing else");
    assert_eq!(with(json!([tcp, dns]), web_port("dns"), 53), (invalid, Some(false)));
    assert_eq!(with(json!([tcp, dns]), web(), 53), (Vec::new(), None));
}

#[test]
fn law_11_a_broken_policy_is_refused_and_its_targets_are_not_sent_to() {
    for broken in [
        merged(by_ca(), json!({"hostname": "*.a.com"})),
        merged(by_ca(), json!({"surprise": 1})),
        merged(by_ca(), json!({"subjectAltNames": [{"type": "Hostname", "uri": "a://b"}]})),
        json!({"hostname": "a.com"}),
        json!({"hostname": "a.com", "wellKnownCACertificates": "System", "caCertificateRefs": [config_map("ca")]}),
    ] {
        let resolution = resolved(&world(&[tls_policy("shop/p", json!([web()]), broken.clone())]));
        assert!(names(&policy_of(&resolution, "shop/p").refused).iter().all(|name| name == "policyInvalid"), "{broken}");
        assert!(
            !policy_of(&resolution, "shop/p").refused.is_empty() && protection(&resolution, "shop/r").unwrap().is_err(),
            "{broken}"
        );
    }
}

/// I-011: who does not know such policies writes to none, and what they ask for is not to be had.
#[test]
fn law_12_whoever_has_no_such_policies_does_not_send_past_them() {
    let resolution =
        resolved_by(&without(Feature::BackendTLSPolicy), &world(&[tls_policy("shop/p", json!([web_port("p81")]), by_ca())]));
    assert!(resolution.policies.is_empty());
    assert!(protection(&resolution, "shop/s").unwrap().is_err());
    assert_eq!(protection(&resolution, "shop/r"), None);
}

// XBackendTrafficPolicy

fn traffic(name: &str, targets: Value, more: Value) -> Value {
    x_object("XBackendTrafficPolicy", name, merged(json!({"targetRefs": targets}), more))
}

fn budget(percent: u8) -> Value {
    json!({"retryConstraint": {"budget": {"percent": percent}}})
}

#[test]
fn p_019_and_p_025_traffic_policies_are_for_backends_and_the_oldest_wins() {
    let percent = |objects: &[Value]| {
        let resolution = resolved(objects);
        backend_of(&resolution, "shop/r").retry_constraint.map(|constraint| constraint.budget.percent)
    };
    assert_eq!(percent(&world(&[])), None);
    assert_eq!(percent(&world(&[traffic("shop/p", json!([web()]), budget(7))])), Some(7));
    let two =
        world(&[aged(traffic("shop/a", json!([web()]), budget(7)), 2), aged(traffic("shop/b", json!([web()]), budget(8)), 1)]);
    assert_eq!(percent(&two), Some(8));
    assert_eq!(refused(&policy_of(&resolved(&two), "shop/a")), ["policyConflict"]);
    // P-020: what cannot be honoured refuses the policy, and takes no route away.
    let odd = world(&[traffic("shop/p", json!([web()]), json!({"retryConstraint": {"budget": {"percent": 101}}}))]);
    assert_eq!((percent(&odd), refused(&policy_of(&resolved(&odd), "shop/p"))), (None, vec!["policyInvalid".to_owned()]));
    for (target, why) in [
        (json!({"group": "", "kind": "Service", "name": "gone"}), "targetNotFound"),
        (json!({"group": "multicluster.x-k8s.io", "kind": "ServiceImport", "name": "gone"}), "targetNotFound"),
        (config_map("ca"), "targetUnsupported"),
        (json!({"group": "gateway.networking.k8s.io", "kind": "Gateway", "name": "edge"}), "targetUnsupported"),
    ] {
        let resolution = resolved(&world(&[traffic("shop/p", json!([target]), budget(7))]));
        assert_eq!(refused(&policy_of(&resolution, "shop/p")), [why], "{target}");
    }
}

#[test]
fn p_024_sessions_of_a_policy_are_those_of_the_backend() {
    let sessions = json!({"sessionPersistence": {"type": "Cookie", "cookie": {"name": "a"}}});
    let objects = world(&[traffic("shop/p", json!([web()]), merged(budget(7), sessions))]);
    let backend = backend_of(&resolved(&objects), "shop/r");
    assert!(backend.session_persistence.is_some() && backend.retry_constraint.is_some());
    // Law 12: asked for and not to be had refuses the policy as a whole.
    let controller = common::unable(|abilities| abilities.session_persistence = false);
    let resolution = resolved_by(&controller, &objects);
    assert_eq!(refused(&policy_of(&resolution, "shop/p")), ["fieldUnsupported"]);
    let backend = backend_of(&resolution, "shop/r");
    assert!(backend.session_persistence.is_none() && backend.retry_constraint.is_none());
    let controller = common::unable(|abilities| abilities.retry_budgets = false);
    let resolution = resolved_by(&controller, &objects);
    assert!(resolution.policies.is_empty() && backend_of(&resolution, "shop/r").retry_constraint.is_none());
}

// XTelemetryPolicy

fn telemetry(name: &str, gateway: &str, backend: Value) -> Value {
    let target = json!({"group": "gateway.networking.k8s.io", "kind": "Gateway", "name": gateway});
    x_object(
        "XTelemetryPolicy",
        name,
        json!({"targetRefs": [target], "tracing": {"mode": "Enabled", "provider": {"backendRef": backend}}}),
    )
}

#[test]
fn p_037_to_p_043_telemetry_is_for_gateways_and_stops_no_traffic() {
    let otel = json!({"name": "otel", "port": 4317});
    let base = |more: &[Value]| {
        resolved(&[&[gateway("infra/edge", &[open("http")]), service("infra/otel", &[4317])][..], more].concat())
    };
    let resolution =
        base(&[aged(telemetry("infra/a", "edge", otel.clone()), 2), aged(telemetry("infra/b", "edge", otel.clone()), 1)]);
    // P-038.
    assert_eq!(refused(&policy_of(&resolution, "infra/a")), ["policyConflict"]);
    let winner = policy_of(&resolution, "infra/b");
    assert_eq!((refused(&winner).len(), winner.unresolved.len()), (0, 0));
    // P-043.
    assert_eq!(winner.ancestors(&resolution).into_keys().collect::<Vec<_>>(), [&key("Gateway", "infra/edge")]);
    let gone = base(&[telemetry("infra/a", "gone", otel.clone())]);
    assert_eq!(refused(&policy_of(&gone, "infra/a")), ["targetNotFound"]);
    assert!(policy_of(&gone, "infra/a").ancestors(&gone).is_empty(), "N-022");
    // P-040.
    let far = json!({"namespace": "away", "name": "otel", "port": 4317});
    let x = json!({"group": "gateway.networking.x-k8s.io", "kind": "XBackend", "name": "x"});
    let mut granted = grant("away/g", &["HTTPRoute/infra"], &["Service"]);
    granted["spec"]["from"][0] =
        json!({"group": "gateway.networking.x-k8s.io", "kind": "XTelemetryPolicy", "namespace": "infra"});
    let away = service("away/otel", &[4317]);
    for (backend, more, why) in [
        (json!({"name": "gone", "port": 4317}), vec![], Some("backendNotFound")),
        (json!({"name": "otel", "port": 4317, "kind": "Deployment"}), vec![], Some("backendKindUnsupported")),
        (far.clone(), vec![away.clone()], Some("refNotPermitted")),
        (far, vec![away, granted], None),
        (x, vec![], Some("backendNotFound")),
    ] {
        let resolution = base(&[&[telemetry("infra/a", "edge", backend.clone())][..], &more].concat());
        let policy = policy_of(&resolution, "infra/a");
        assert_eq!(names(&policy.unresolved), Vec::from_iter(why), "{backend}");
        assert!(policy.refused.is_empty() && common::edge_of(&resolution).is_programmed(), "{backend}");
    }
    let undeclared = common::unable(|abilities| abilities.telemetry = false);
    assert!(resolved_by(&undeclared, &[telemetry("infra/a", "edge", otel)]).policies.is_empty(), "law 12");
}

#[test]
fn p_037_telemetry_of_other_kinds_of_targets() {
    let target = json!({"group": "gateway.networking.k8s.io", "kind": "HTTPRoute", "name": "r"});
    let policy = x_object("XTelemetryPolicy", "shop/p", json!({"targetRefs": [target], "tracing": {"mode": "Disabled"}}));
    let resolution = resolved(&world(&[policy]));
    assert_eq!(refused(&policy_of(&resolution, "shop/p")), ["targetUnsupported"]);
    assert!(route_of(&resolution, "shop/r").has_valid_rule());
}
