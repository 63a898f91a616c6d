//! What references to backends lead to, and who may refer to what (chapter I, S-001 to S-005).

mod common;

use common::{
    backend_of, gateway, grant, https, listener_of, names, open, ours, resolved, resolved_by, route, route_of, rule_of, ruled,
    secret, service, service_with, snapshot, without,
};
use gwapi_core::{
    Controller, Feature, Object, Refusal, Resolution, Snapshot,
    resolution::{BackendProtocol, BackendTarget},
    resolve,
};
use proptest::{prelude::*, sample::subsequence};
use serde_json::{Value, json};

/// What a backendRef of `shop/r` leads to among these objects.
fn target_by(controller: &Controller, backend: &Value, objects: &[Value]) -> Result<BackendTarget, Refusal> {
    let route = ruled("shop/r", json!([{"backendRefs": [backend]}]));
    let resolution = resolved_by(controller, &[&[gateway("infra/edge", &[open("http")]), route], objects].concat());
    // I-012, Q-028: whatever it leads to, the route is accepted and its rule valid.
    assert!(common::attachment_of(&resolution, "shop/r").is_attached());
    assert!(rule_of(&resolution, "shop/r").is_valid());
    assert_eq!(common::count_of(&resolution, "infra/edge", "http"), 1);
    backend_of(&resolution, "shop/r").target
}

fn target(backend: Value, objects: &[Value]) -> Result<BackendTarget, Refusal> {
    target_by(&ours(), &backend, objects)
}

/// The target as text, or the name of the refusal.
fn outcome(target: Result<BackendTarget, Refusal>) -> String {
    match target {
        Ok(target) => format!("{}:{}", target.key.object.namespaced_name(), target.key.port),
        Err(refusal) => names([&refusal]).remove(0),
    }
}

#[test]
fn i_014_a_service_of_the_own_namespace_is_the_default() {
    let web = [service("shop/web", &[80, 81])];
    for backend in [
        json!({"name": "web", "port": 80}),
        json!({"name": "web", "port": 80, "group": "", "kind": "Service"}),
        // I-029.
        json!({"name": "web", "port": 80, "namespace": "shop"}),
    ] {
        assert_eq!(outcome(target(backend, &web)), "shop/web:80");
    }
}

#[test]
fn i_007_kinds_that_are_not_supported() {
    let web = [service("shop/web", &[80])];
    for backend in [
        json!({"name": "web", "port": 80, "kind": "Deployment"}),
        json!({"name": "web", "port": 80, "group": "core"}),
        json!({"name": "web", "port": 80, "group": "multicluster.x-k8s.io", "kind": "Service"}),
        json!({"name": "web", "port": 80, "kind": "service"}),
    ] {
        assert_eq!(outcome(target(backend, &web)), "backendKindUnsupported");
    }
}

#[test]
fn i_008_and_i_015_services_and_ports_that_are_not_there() {
    let web = [service("shop/web", &[80])];
    assert_eq!(outcome(target(json!({"name": "gone", "port": 80}), &web)), "backendNotFound");
    assert_eq!(outcome(target(json!({"name": "web", "port": 8080}), &web)), "backendPortNotFound");
    // R-015.
    assert_eq!(outcome(target(json!({"name": "web"}), &web)), "backendPortNotFound");
}

/// CVE-2021-25740, CVE-2021-32783.
#[test]
fn i_016_an_external_name_is_not_followed() {
    let external =
        service_with("shop/web", json!({"type": "ExternalName", "externalName": "localhost", "ports": [{"port": 80}]}));
    assert_eq!(outcome(target(json!({"name": "web", "port": 80}), &[external])), "backendExternalName");
}

#[test]
fn i_025_a_port_of_another_transport_cannot_be_sent_to() {
    let ports = |ports: Value| service_with("shop/web", json!({"ports": ports}));
    let backend = json!({"name": "web", "port": 53});
    let both = ports(json!([{"name": "u", "port": 53, "protocol": "UDP"}, {"name": "t", "port": 53, "protocol": "TCP"}]));
    assert_eq!(outcome(target(backend.clone(), &[both])), "shop/web:53");
    for protocol in ["UDP", "SCTP"] {
        let other = ports(json!([{"port": 53, "protocol": protocol, "appProtocol": "kubernetes.io/h2c"}]));
        let Err(Refusal::BackendProtocolUnsupported { app_protocol, .. }) = target(backend.clone(), &[other]) else { panic!() };
        assert_eq!(app_protocol, protocol, "the transport is what is in the way");
    }
}

/// I-021, I-022: what is spoken to the backend.
#[test]
fn i_023_app_protocols_that_are_known_and_those_that_are_not() {
    let cases = [
        (None, Some(BackendProtocol::Http1)),
        (Some("kubernetes.io/h2c"), Some(BackendProtocol::H2c)),
        (Some("kubernetes.io/ws"), Some(BackendProtocol::WebSocket)),
        // Needs a BackendTLSPolicy.
        (Some("kubernetes.io/wss"), None),
        (Some("HTTPS"), Some(BackendProtocol::Http1)),
        (Some("http"), Some(BackendProtocol::Http1)),
        (Some("grpc"), Some(BackendProtocol::Http1)),
        (Some("example.com/own"), Some(BackendProtocol::Http1)),
    ];
    for (app_protocol, expected) in cases {
        let web = service_with("shop/web", json!({"ports": [{"port": 80, "appProtocol": app_protocol}]}));
        let target = target(json!({"name": "web", "port": 80}), &[web]);
        assert_eq!(target.as_ref().ok().map(|target| target.protocol), expected, "{app_protocol:?}");
        assert!(matches!(target, Ok(_) | Err(Refusal::BackendProtocolUnsupported { .. })));
    }
}

#[test]
fn i_010_a_protocol_that_is_not_declared_makes_the_backend_invalid() {
    for (app_protocol, feature) in [
        ("kubernetes.io/h2c", Feature::HTTPRouteBackendProtocolH2C),
        ("kubernetes.io/ws", Feature::HTTPRouteBackendProtocolWebSocket),
    ] {
        let web = service_with("shop/web", json!({"ports": [{"port": 80, "appProtocol": app_protocol}]}));
        let target = target_by(&without(feature), &json!({"name": "web", "port": 80}), &[web]);
        assert_eq!(outcome(target), "backendProtocolUnsupported");
    }
}

// Grants

/// References into `back`, to every kind of thing that can be there or not.
fn references_into_back() -> [Value; 4] {
    [
        json!({"namespace": "back", "name": "web", "port": 80}),
        json!({"namespace": "back", "name": "web", "port": 81}),
        json!({"namespace": "back", "name": "gone", "port": 80}),
        json!({"namespace": "back", "name": "web", "group": "example.com", "kind": "Bucket"}),
    ]
}

#[test]
fn s_003_permission_comes_before_existence_also_for_wrong_kinds() {
    let there = [
        service("back/web", &[80]),
        json!({"apiVersion": "example.com/v1", "kind": "Bucket", "metadata": {"namespace": "back", "name": "web"}}),
    ];
    for backend in references_into_back() {
        let target_of = |objects: &[Value]| target(backend.clone(), objects);
        assert_eq!(outcome(target_of(&there)), "refNotPermitted");
        assert_eq!(target_of(&there), target_of(&[]), "not a word differs");
    }
}

#[test]
fn i_027_a_grant_opens_the_way_and_only_then_the_object_is_looked_at() {
    let mut objects = vec![service("back/web", &[80]), grant("back/g", &["HTTPRoute/shop"], &["Service"])];
    let outcomes = |objects: &[Value]| references_into_back().map(|backend| outcome(target(backend, objects)));
    assert_eq!(outcomes(&objects), ["back/web:80", "backendPortNotFound", "backendNotFound", "refNotPermitted"]);
    // By name.
    objects[1] = grant("back/g", &["HTTPRoute/shop"], &["Service/web"]);
    assert_eq!(outcomes(&objects), ["back/web:80", "backendPortNotFound", "refNotPermitted", "refNotPermitted"]);
    // Entries are alternatives, and so are grants.
    objects[1] = grant("back/g", &["HTTPRoute/other", "HTTPRoute/shop"], &["Secret", "Service/gone"]);
    objects.push(grant("back/h", &["Gateway/shop", "HTTPRoute/shop"], &["Service/web"]));
    assert_eq!(outcomes(&objects), ["back/web:80", "backendPortNotFound", "backendNotFound", "refNotPermitted"]);
}

/// CVE-2023-34242 (the grant's own namespace), I-031.
#[test]
fn pitfall_57_grants_that_do_not_help() {
    let useless = [
        grant("shop/g", &["HTTPRoute/shop"], &["Service"]),
        grant("infra/g", &["HTTPRoute/shop"], &["Service"]),
        grant("back/g", &["HTTPRoute/infra"], &["Service"]),
        grant("back/g", &["HTTPRoute/back"], &["Service"]),
        grant("back/g", &["GRPCRoute/shop"], &["Service"]),
        grant("back/g", &["Gateway/shop"], &["Service"]),
        grant("back/g", &["HTTPRoute/shop"], &["Service/other"]),
        grant("back/g", &["HTTPRoute/shop"], &["Secret"]),
        // I-034: no wildcards.
        grant("back/g", &["HTTPRoute/*"], &["Service/*"]),
    ];
    let backend = json!({"namespace": "back", "name": "web", "port": 80});
    for grant in useless {
        assert_eq!(outcome(target(backend.clone(), &[service("back/web", &[80]), grant.clone()])), "refNotPermitted", "{grant}");
    }
    // Half of it in each of two grants is no grant (I-027), and `core` is no name of the core group (I-028).
    let halves = [
        service("back/web", &[80]),
        grant("back/g", &["HTTPRoute/shop"], &["Secret"]),
        grant("back/h", &["GRPCRoute/shop"], &["Service"]),
    ];
    assert_eq!(outcome(target(backend.clone(), &halves)), "refNotPermitted");
    let mut core = grant("back/g", &["HTTPRoute/shop"], &["Service"]);
    core["spec"]["to"][0]["group"] = "core".into();
    assert_eq!(outcome(target(backend.clone(), &[service("back/web", &[80]), core])), "refNotPermitted");
    // Nor is an HTTPRoute of another group ours.
    let mut other = grant("back/g", &["HTTPRoute/shop"], &["Service"]);
    other["spec"]["from"][0]["group"] = "example.com".into();
    assert_eq!(outcome(target(backend, &[service("back/web", &[80]), other])), "refNotPermitted");
}

#[test]
fn i_033_whoever_does_not_declare_grants_lets_nothing_cross() {
    let objects = [service("back/web", &[80]), service("shop/web", &[80]), grant("back/g", &["HTTPRoute/shop"], &["Service"])];
    let controller = without(Feature::ReferenceGrant);
    let target = |backend| outcome(target_by(&controller, &backend, &objects));
    assert_eq!(target(json!({"namespace": "back", "name": "web", "port": 80})), "refNotPermitted");
    assert_eq!(target(json!({"name": "web", "port": 80})), "shop/web:80");
}

/// CVE-2026-54761: `from` is always the namespace of the route, in one code path for one backend and for several.
#[test]
fn s_005_the_referrer_is_the_route_whatever_its_parent_or_its_other_backends() {
    let rules = json!([{"backendRefs": [
        {"namespace": "back", "name": "web", "port": 80}, {"namespace": "infra", "name": "web", "port": 80}, {"name": "web", "port": 80},
    ]}]);
    let objects = [
        gateway("infra/edge", &[open("http")]),
        ruled("shop/r", rules),
        service("back/web", &[80]),
        service("infra/web", &[80]),
        service("shop/web", &[80]),
        grant("back/g", &["HTTPRoute/infra"], &["Service"]),
    ];
    let rule = rule_of(&resolved(&objects), "shop/r");
    let outcomes: Vec<_> = rule.backends.iter().map(|backend| outcome(backend.target.clone())).collect();
    assert_eq!(outcomes, ["refNotPermitted", "refNotPermitted", "shop/web:80"]);
}

/// CVE-2024-42486, KIC#3289.
#[test]
fn pitfall_56_taking_the_grant_away_takes_the_access_away() {
    let granted = grant("back/g", &["HTTPRoute/shop"], &["Service"]);
    let backend = json!([{"backendRefs": [{"namespace": "back", "name": "web", "port": 80}]}]);
    let mut snapshot = snapshot(&[service("back/web", &[80]), granted.clone(), ruled("shop/r", backend)]);
    assert!(backend_of(&resolve(&snapshot, &ours()), "shop/r").target.is_ok());
    snapshot.remove(common::read(&granted).key());
    assert_eq!(outcome(backend_of(&resolve(&snapshot, &ours()), "shop/r").target), "refNotPermitted");
}

// Weights, mirrors, rules

/// EG#7483, kuma#18072.
#[test]
fn pitfall_29_an_invalid_backend_keeps_its_place_and_weight() {
    let rules = json!([{"backendRefs": [
        {"name": "gone", "port": 80, "weight": 70}, {"name": "web", "port": 80, "weight": 30}, {"name": "gone", "port": 80, "weight": 0},
        {"name": "web", "port": 80},
    ]}]);
    let resolution = resolved(&[service("shop/web", &[80]), ruled("shop/r", rules)]);
    let rule = rule_of(&resolution, "shop/r");
    let shares: Vec<_> = rule.backends.iter().map(|backend| (backend.weight, backend.target.is_ok())).collect();
    // I-020: the same one twice counts twice.
    assert_eq!(shares, [(70, false), (30, true), (0, false), (1, true)]);
    // The same mistake is told once.
    assert_eq!(names(route_of(&resolution, "shop/r").unresolved()), ["backendNotFound"]);
}

#[test]
fn i_004_no_backends_are_no_mistake() {
    let resolution = resolved(&[ruled("shop/r", json!([{}, {"backendRefs": []}]))]);
    let route = route_of(&resolution, "shop/r");
    assert!(route.unresolved().is_empty() && route.has_valid_rule() && !route.is_partially_invalid());
}

#[test]
fn i_013_rules_are_independent() {
    let rules = json!([{"backendRefs": [{"name": "gone", "port": 80}]}, {"backendRefs": [{"name": "web", "port": 80}]}]);
    let route = route_of(&resolved(&[service("shop/web", &[80]), ruled("shop/r", rules)]), "shop/r");
    assert!(route.rules[0].backends[0].target.is_err() && route.rules[1].backends[0].target.is_ok());
    assert!(!route.is_partially_invalid());
}

/// EG#8675, kuma#17618: the primary is served whatever becomes of the mirror.
#[test]
fn pitfall_35_a_mirror_is_resolved_like_a_backend_and_never_touches_the_primary() {
    let mirror = |backend: Value| json!([{"type": "RequestMirror", "requestMirror": {"backendRef": backend}}]);
    for (backend, expected) in [
        (json!({"name": "gone", "port": 80}), vec!["backendNotFound"]),
        (json!({"name": "web", "port": 80, "namespace": "back"}), vec!["refNotPermitted"]),
        (json!({"name": "gone", "port": 80, "namespace": "back"}), vec!["refNotPermitted"]),
        (json!({"name": "web", "port": 81}), vec!["backendPortNotFound"]),
        (json!({"name": "web", "port": 80}), vec![]),
    ] {
        let of_rule = json!({"filters": mirror(backend.clone()), "backendRefs": [{"name": "web", "port": 80}]});
        let of_backend = json!({"backendRefs": [{"name": "web", "port": 80, "filters": mirror(backend)}]});
        for rule in [of_rule, of_backend] {
            let objects = [service("shop/web", &[80]), service("back/web", &[80]), ruled("shop/r", json!([rule]))];
            let resolution = resolved(&objects);
            let rule = rule_of(&resolution, "shop/r");
            assert!(rule.is_valid() && rule.backends[0].target.is_ok());
            assert_eq!(names(rule.unresolved()), expected);
        }
    }
}

#[test]
fn h_006_an_unknown_extension_stays_in_its_place() {
    let filters = json!([{"type": "ExtensionRef", "extensionRef": {"group": "example.com", "kind": "Auth", "name": "it"}}]);
    let there = json!({"apiVersion": "example.com/v1", "kind": "Auth", "metadata": {"namespace": "shop", "name": "it"}});
    let rules = json!([{"filters": filters, "backendRefs": [{"name": "web", "port": 80, "filters": filters}]}]);
    let rule = rule_of(&resolved(&[service("shop/web", &[80]), there, ruled("shop/r", rules)]), "shop/r");
    assert!(rule.is_valid());
    assert_eq!(rule.filters.len() + rule.backends[0].filters.len(), 2);
    assert_eq!(names(rule.unresolved()), ["extensionUnsupported", "extensionUnsupported"]);
}

/// CVE-2026-54765.
#[test]
fn pitfall_36_filters_belong_to_the_entry_and_not_to_the_service() {
    let set = |value: &str| json!([{"type": "RequestHeaderModifier", "requestHeaderModifier": {"set": [{"name": "x", "value": value}]}}]);
    let entry = |filters: Value| json!({"name": "web", "port": 80, "filters": filters});
    let objects = [
        service("shop/web", &[80]),
        ruled("shop/r", json!([{"backendRefs": [entry(set("1")), entry(set("2"))]}])),
        ruled("shop/s", json!([{"backendRefs": [entry(json!([]))]}])),
    ];
    let resolution = resolved(&objects);
    let rule = rule_of(&resolution, "shop/r");
    assert_ne!(rule.backends[0].filters, rule.backends[1].filters);
    assert_eq!(rule.backends[0].target, rule.backends[1].target);
    assert!(backend_of(&resolution, "shop/s").filters.is_empty());
}

// Laws

const SPACES: [&str; 3] = ["infra", "shop", "back"];

/// Every grant that could matter among three namespaces, and some that cannot.
fn grants() -> Vec<Value> {
    let mut grants = Vec::new();
    for (number, (target, from)) in SPACES.iter().flat_map(|target| SPACES.map(|from| (target, from))).enumerate() {
        let route = format!("HTTPRoute/{from}");
        let gateway = format!("Gateway/{from}");
        grants.push(grant(&format!("{target}/all-{number}"), &[&route, &gateway], &["Service", "Secret"]));
        grants.push(grant(&format!("{target}/web-{number}"), &[&route], &["Service/web"]));
        grants.push(grant(&format!("{target}/cert-{number}"), &[&gateway], &["Secret/cert", "Service/gone"]));
    }
    grants
}

fn world(grants: &[Value]) -> Snapshot {
    snapshot(&world_of(grants))
}

/// In every namespace a Gateway, a route, a Service and a Secret, each referring to all namespaces.
fn world_of(grants: &[Value]) -> Vec<Value> {
    let mut objects = grants.to_vec();
    for space in SPACES {
        let secrets: Vec<_> = SPACES.iter().map(|space| json!({"namespace": space, "name": "cert"})).collect();
        let tls = https("tls", 443, json!({"tls": {"certificateRefs": secrets}, "allowedRoutes": common::from_all()}));
        let same = common::listener("same", 8080, "HTTP", json!({}));
        let team = json!({"namespaces": {"from": "Selector", "selector": {"matchLabels": {"team": "red"}}}});
        let red = common::listener("red", 8081, "HTTP", json!({"allowedRoutes": team}));
        let mut backends: Vec<_> = SPACES.iter().map(|space| json!({"namespace": space, "name": "web", "port": 80})).collect();
        backends.push(json!({"namespace": "back", "name": "gone", "port": 80}));
        let parents: Vec<_> = SPACES.iter().map(|space| json!({"namespace": space, "name": "edge"})).collect();
        objects.push(gateway(&format!("{space}/edge"), &[open("http"), tls, same, red]));
        objects.push(route(&format!("{space}/r"), json!({"parentRefs": parents, "rules": [{"backendRefs": backends}]})));
        objects.push(service(&format!("{space}/web"), &[80]));
        objects.push(secret(&format!("{space}/cert")));
    }
    objects.push(common::namespace("shop", json!({"team": "red"})));
    objects
}

/// Objects of other namespaces that no object of ours refers to and that get in nowhere.
fn strangers() -> Vec<Value> {
    let closed = json!([
        {"namespace": "infra", "name": "edge", "sectionName": "same"}, {"namespace": "infra", "name": "edge", "sectionName": "red"},
        {"namespace": "infra", "name": "edge", "sectionName": "gone"}, {"name": "edge"},
    ]);
    vec![
        service("far/web", &[80]),
        secret("far/cert"),
        gateway("far/edge", &[open("http"), https("tls", 443, json!({})), open("again")]),
        common::http_gateway_of_class("far/lost", "gone"),
        route(
            "far/r",
            json!({"parentRefs": closed, "rules": [{"backendRefs": [{"namespace": "shop", "name": "web", "port": 80}]}]}),
        ),
        route("far/broken", json!({"parentRefs": [{"name": "edge"}], "rules": [{"matches": [{"path": {"value": "no slash"}}]}]})),
        // Consent is the target's to give: the far namespace opens itself, and nobody else.
        grant("far/g", &["HTTPRoute/shop", "Gateway/infra", "HTTPRoute/far"], &["Service", "Secret"]),
        common::namespace("far", json!({"team": "blue"})),
        common::class("other", "example.com/other"),
    ]
}

fn targets(resolution: &Resolution) -> Vec<(String, usize, bool)> {
    let of_rule = |route: &gwapi_core::resolution::ResolvedRoute| -> Vec<_> {
        let backends = route.rules.iter().flat_map(|rule| &rule.backends).enumerate();
        backends.map(|(index, backend)| (route.key().namespaced_name(), index, backend.target.is_ok())).collect()
    };
    resolution.routes.values().flat_map(|route| of_rule(route)).collect()
}

fn certificates(resolution: &Resolution) -> Vec<String> {
    let listeners = resolution.gateways.values().flat_map(|gateway| &gateway.listeners);
    let used = listeners.flat_map(|listener| listener.certificates.iter().map(move |used| (&listener.key.parent, used)));
    used.map(|(parent, used)| format!("{parent} {}", used.namespace)).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn s_017_objects_of_strangers_change_nothing(
        grants in subsequence(grants(), 0..=12),
        strangers in subsequence(strangers(), 1..=9),
    ) {
        let mut snapshot = world(&grants);
        let before = resolve(&snapshot, &ours());
        strangers.iter().for_each(|stranger| snapshot.insert(common::read(stranger)));
        let mut after = resolve(&snapshot, &ours());
        after.gateways.retain(|key, _| key.namespace_str() != "far");
        after.routes.retain(|key, _| key.namespace_str() != "far");
        after.unclaimed.retain(|key, _| key.namespace_str() != "far");
        let near = after.attached_routes.iter().filter(|(listener, _)| listener.parent.namespace_str() != "far");
        after.attached_routes = near.map(|(listener, count)| (listener.clone(), count)).collect();
        prop_assert_eq!(before, after);
    }

    #[test]
    fn i_030_taking_a_grant_away_resolves_nothing(grants in subsequence(grants(), 1..=16), gone in any::<prop::sample::Index>()) {
        let mut snapshot = world(&grants);
        let before = resolve(&snapshot, &ours());
        let gone: Object = common::read(gone.get(&grants));
        snapshot.remove(gone.key());
        let after = resolve(&snapshot, &ours());
        for (old, new) in targets(&before).into_iter().zip(targets(&after)) {
            prop_assert!(old == new || (old.2 && !new.2), "{:?} became {:?}", old, new);
        }
        let old = certificates(&before);
        prop_assert!(certificates(&after).iter().all(|certificate| old.contains(certificate)));
        // Where routes attach is none of the grants' business (D-005).
        for (key, route) in &before.routes {
            prop_assert_eq!(&route.parents, &after.routes[key].parents);
        }
    }

    #[test]
    fn law_3_the_order_of_the_objects_does_not_matter(shuffled in Just(world_of(&grants())).prop_shuffle()) {
        prop_assert_eq!(resolve(&snapshot(&shuffled), &ours()), resolve(&world(&grants()), &ours()));
    }
}

#[test]
fn i_029_without_any_grant_only_the_own_namespace_is_reached() {
    let resolution = resolve(&world(&[]), &ours());
    for space in SPACES {
        let route = route_of(&resolution, &format!("{space}/r"));
        for backend in &route.rules[0].backends {
            let forbidden = matches!(backend.target, Err(Refusal::RefNotPermitted { .. }));
            assert_eq!(forbidden, backend.reference.namespace != space);
        }
        let tls = common::gateway_of(&resolution, &format!("{space}/edge"));
        let [own] = listener_of(&tls, "tls").certificates.as_slice() else { panic!() };
        assert_eq!(own.namespace, space);
    }
}
