//! Conditions of policies (chapter N, P.3, P.7).

use gwapi_core::{Controller, Feature, resolve};
use gwapi_status::{AncestorStatus, ConditionType::*, Reason, StatusReport, project};
use serde_json::{Value, json};

use crate::{
    build::{find, verdict},
    world::{
        assert_conditions, at, class, created, gateway, object, ours, report, route, sends_to, service, snapshot, web, with,
    },
};

fn target(name: &str) -> Value {
    json!({"group": "", "kind": "Service", "name": name})
}

fn port(name: &str, section: &str) -> Value {
    json!({"group": "", "kind": "Service", "name": name, "sectionName": section})
}

/// A BackendTLSPolicy in `shop` with nothing wrong.
fn tls(name: &str, targets: Value) -> Value {
    let validation = json!({"hostname": "cart.example", "wellKnownCACertificates": "System"});
    object("BackendTLSPolicy", &format!("shop/{name}"), json!({"targetRefs": targets, "validation": validation}))
}

fn with_references(name: &str, references: Value) -> Value {
    let validation = json!({"hostname": "cart.example", "caCertificateRefs": references});
    with(tls(name, json!([target("cart")])), "validation", validation)
}

fn reference(kind: &str, name: &str) -> Value {
    json!({"group": "", "kind": kind, "name": name})
}

fn authority() -> Value {
    let mut map = object("ConfigMap", "shop/ca", json!({}));
    map["data"] = json!({"ca.crt": "-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n"});
    map
}

/// A Gateway whose route sends to port 80 of a Service `cart`, which has port 81 too.
fn world() -> Vec<Value> {
    vec![class(), gateway(json!([web()])), service("cart", &[80, 81]), route("cart", sends_to("cart"))]
}

fn with_policies(policies: impl IntoIterator<Item = Value>) -> StatusReport {
    let objects: Vec<Value> = world().into_iter().chain([authority()]).chain(policies).collect();
    report(&objects)
}

fn ancestors<'r>(report: &'r StatusReport, policy: &str) -> &'r [AncestorStatus] {
    &at(&report.policies, policy).ancestors
}

/// The conditions for the one ancestor.
fn conditions<'r>(report: &'r StatusReport, policy: &str) -> &'r [gwapi_status::Condition] {
    let [ancestor] = ancestors(report, policy) else { panic!("one ancestor") };
    &ancestor.conditions
}

#[test]
fn n_019_every_gateway_whose_routes_use_the_target_has_an_entry() {
    let mut objects = world();
    objects.push(object(
        "Gateway",
        "infra/edge",
        json!({"gatewayClassName": "standard", "listeners": [
        {"name": "web", "port": 80, "protocol": "HTTP", "allowedRoutes": {"namespaces": {"from": "All"}}}]}),
    ));
    objects.push(object("Gateway", "infra/idle", json!({"gatewayClassName": "standard", "listeners": [web()]})));
    objects.push(with(
        route("b", sends_to("cart")),
        "parentRefs",
        json!([{"name": "edge", "namespace": "infra"}, {"name": "front"}]),
    ));
    objects.push(tls("policy", json!([target("cart")])));
    let report = report(&objects);
    let status = at(&report.policies, "shop/policy");
    assert_eq!((status.observed_generation, status.namespace.as_str()), (3, "shop"));
    let names: Vec<String> = status.ancestors.iter().map(|ancestor| ancestor.ancestor_ref.object().to_string()).collect();
    assert_eq!(names, ["Gateway infra/edge", "Gateway shop/front"]);
    for ancestor in &status.ancestors {
        assert_eq!(ancestor.controller_name, "example.com/ours");
        assert_eq!((&ancestor.ancestor_ref.section_name, ancestor.ancestor_ref.port), (&None, None));
        let holds = [(Accepted, true, Reason::Accepted), (ResolvedRefs, true, Reason::ResolvedRefs)];
        assert_conditions(&ancestor.conditions, &holds);
        assert_eq!(ancestor.conditions.len(), 2);
    }
}

#[test]
fn n_022_a_policy_that_concerns_nobody_has_nowhere_to_say_what_is_wrong() {
    let report =
        with_policies([tls("gone", json!([target("gone")])), tls("idle", json!([target("idle")])), service("idle", &[80])]);
    for policy in ["shop/gone", "shop/idle"] {
        assert_eq!(ancestors(&report, policy), []);
    }
}

#[test]
fn n_022_a_port_that_the_service_does_not_have_is_not_found() {
    let report = with_policies([tls("policy", json!([port("cart", "odd")]))]);
    let conditions = conditions(&report, "shop/policy");
    assert_conditions(conditions, &[(Accepted, false, Reason::TargetNotFound), (ResolvedRefs, true, Reason::ResolvedRefs)]);
    assert!(find(conditions, Accepted).unwrap().message.contains("`odd`"));
}

#[test]
fn n_005_the_older_policy_has_the_target_and_the_younger_is_in_conflict() {
    let report = with_policies([
        created(tls("a-younger", json!([target("cart")])), 2),
        created(tls("z-older", json!([target("cart")])), 1),
        // N-004: a port by itself is another target.
        created(tls("port", json!([port("cart", "p80")])), 3),
        created(tls("port-too", json!([port("cart", "p80")])), 4),
    ]);
    for winner in ["shop/z-older", "shop/port"] {
        assert_conditions(conditions(&report, winner), &[(Accepted, true, Reason::Accepted)]);
    }
    for (loser, winner) in [("shop/a-younger", "z-older"), ("shop/port-too", "shop/port")] {
        let conditions = conditions(&report, loser);
        assert_conditions(conditions, &[(Accepted, false, Reason::Conflicted), (ResolvedRefs, true, Reason::ResolvedRefs)]);
        let message = &find(conditions, Accepted).unwrap().message;
        assert!(message.contains(winner), "{message}");
    }
}

#[test]
fn n_006_a_policy_that_loses_one_of_its_targets_names_it() {
    let mut objects = world();
    objects.push(service("search", &[80]));
    objects.push(route("search", sends_to("search")));
    objects.push(created(tls("older", json!([target("cart")])), 1));
    objects.push(created(tls("younger", json!([target("search"), target("cart")])), 2));
    let report = report(&objects);
    let conditions = conditions(&report, "shop/younger");
    assert_eq!(verdict(conditions, Accepted), (false, Reason::Conflicted));
    let message = &find(conditions, Accepted).unwrap().message;
    assert!(message.contains("Service shop/cart") && !message.contains("shop/search"), "{message}");
}

#[test]
fn n_008_n_009_references_that_lead_nowhere_are_named() {
    let bundle = json!({"group": "certificates.k8s.io", "kind": "ClusterTrustBundle", "name": "all"});
    for (bad, reason, named) in [
        (reference("ConfigMap", "gone"), Reason::InvalidCACertificateRef, "ConfigMap shop/gone: no such object"),
        (reference("Secret", "ca"), Reason::InvalidKind, "Secret shop/ca: certificates of this kind are not supported"),
        // N-034.
        (bundle, Reason::InvalidCACertificateRef, "ClusterTrustBundle all: no such object"),
    ] {
        let report = with_policies([with_references("policy", json!([bad]))]);
        let none = conditions(&report, "shop/policy");
        assert_conditions(none, &[(Accepted, false, Reason::NoValidCACertificate), (ResolvedRefs, false, reason)]);
        assert!(find(none, ResolvedRefs).unwrap().message.contains(named), "{none:?}");
        // N-011.
        let report = with_policies([with_references("policy", json!([bad, reference("ConfigMap", "ca")]))]);
        let some = conditions(&report, "shop/policy");
        assert_conditions(some, &[(Accepted, true, Reason::Accepted), (ResolvedRefs, false, reason)]);
    }
}

#[test]
fn n_036_bundles_that_are_not_supported_are_of_the_wrong_kind() {
    let bundle = json!({"group": "certificates.k8s.io", "kind": "ClusterTrustBundle", "name": "all"});
    let objects: Vec<Value> = world().into_iter().chain([with_references("policy", json!([bundle]))]).collect();
    let features = ours().features.without(Feature::ClusterTrustBundle);
    let report = project(&resolve(&snapshot(&objects), &Controller { features, ..ours() }));
    let expected = [(Accepted, false, Reason::NoValidCACertificate), (ResolvedRefs, false, Reason::InvalidKind)];
    assert_conditions(conditions(&report, "shop/policy"), &expected);
}

#[test]
fn n_012_n_014_what_is_not_supported_makes_a_policy_invalid() {
    let well_known = json!({"hostname": "cart.example", "wellKnownCACertificates": "example.com/ours"});
    let names = json!({"hostname": "cart.example", "wellKnownCACertificates": "System",
        "subjectAltNames": [{"type": "Hostname", "hostname": "a.example"}]});
    let host = json!({"hostname": "*.example", "wellKnownCACertificates": "System"});
    let features = ours().features.without(Feature::BackendTLSPolicySANValidation);
    for validation in [well_known, names, host] {
        let policy = with(tls("policy", json!([target("cart")])), "validation", validation);
        let objects: Vec<Value> = world().into_iter().chain([policy]).collect();
        let report = project(&resolve(&snapshot(&objects), &Controller { features: features.clone(), ..ours() }));
        assert_conditions(conditions(&report, "shop/policy"), &[(Accepted, false, Reason::Invalid)]);
    }
}

#[test]
fn n_023_a_udp_port_cannot_speak_tls() {
    let mut objects = world();
    objects[2]["spec"]["ports"] = json!([{"name": "web", "port": 80}, {"name": "dns", "port": 53, "protocol": "UDP"}]);
    objects.push(tls("udp", json!([port("cart", "dns")])));
    objects.push(tls("whole", json!([target("cart")])));
    let report = report(&objects);
    assert_conditions(conditions(&report, "shop/udp"), &[(Accepted, false, Reason::Invalid)]);
    let whole = conditions(&report, "shop/whole");
    assert_conditions(whole, &[(Accepted, true, Reason::Accepted)]);
    let message = &find(whole, Accepted).unwrap().message;
    assert_eq!(message, "the policy is accepted; ports of Service shop/cart that are not TCP stay as they are");
}

#[test]
fn a_policy_that_is_wrong_by_itself_says_that_before_its_conflicts() {
    let older = created(tls("older", json!([target("cart")])), 1);
    let younger = created(with_references("younger", json!([reference("ConfigMap", "gone")])), 2);
    let report = with_policies([older, younger]);
    let conditions = conditions(&report, "shop/younger");
    assert_eq!(verdict(conditions, Accepted), (false, Reason::NoValidCACertificate));
    let message = &find(conditions, Accepted).unwrap().message;
    assert!(message.starts_with("no CA certificate") && message.contains("shop/older"), "{message}");
}

#[test]
fn p_025_traffic_policies_have_conflicts_and_no_references() {
    let traffic = |name: &str| object("XBackendTrafficPolicy", &format!("shop/{name}"), json!({"targetRefs": [target("cart")]}));
    let report = with_policies([created(traffic("a"), 2), created(traffic("b"), 1)]);
    assert_conditions(conditions(&report, "shop/b"), &[(Accepted, true, Reason::Accepted)]);
    assert_conditions(conditions(&report, "shop/a"), &[(Accepted, false, Reason::Conflicted)]);
    assert_eq!(find(conditions(&report, "shop/a"), ResolvedRefs), None);
}

fn telemetry(name: &str, backend: Value) -> Value {
    let target = json!([{"group": "gateway.networking.k8s.io", "kind": "Gateway", "name": "front"}]);
    let tracing = json!({"mode": "Enabled", "provider": {"backendRef": backend}});
    object("XTelemetryPolicy", &format!("shop/{name}"), json!({"targetRefs": target, "tracing": tracing}))
}

#[test]
fn p_038_p_043_the_oldest_telemetry_policy_of_a_gateway_counts() {
    let backend = json!({"name": "cart", "port": 80});
    let report = with_policies([created(telemetry("a", backend.clone()), 2), created(telemetry("b", backend), 1)]);
    let holds = [(Accepted, true, Reason::Accepted), (ResolvedRefs, true, Reason::ResolvedRefs)];
    assert_conditions(conditions(&report, "shop/b"), &holds);
    assert_eq!(ancestors(&report, "shop/b")[0].ancestor_ref.object().to_string(), "Gateway shop/front");
    assert_conditions(conditions(&report, "shop/a"), &[(Accepted, false, Reason::Conflicted)]);
}

/// the reasons of telemetry policies.
#[test]
fn p_040_a_bad_provider_is_told_and_the_policy_stays_accepted() {
    let odd = json!({"group": "example.com", "kind": "Odd", "name": "x"});
    for (backend, reason) in [
        (json!({"name": "gone", "port": 80}), Reason::BackendNotFound),
        (odd, Reason::InvalidKind),
        (json!({"name": "otel", "namespace": "vault", "port": 80}), Reason::RefNotPermitted),
    ] {
        let report = with_policies([telemetry("policy", backend)]);
        let expected = [(Accepted, true, Reason::Accepted), (ResolvedRefs, false, reason)];
        assert_conditions(conditions(&report, "shop/policy"), &expected);
    }
}

#[test]
fn p_038_a_policy_without_its_gateway_has_nowhere_to_say_so() {
    let objects = [class(), service("cart", &[80]), telemetry("policy", json!({"name": "cart", "port": 80}))];
    assert_eq!(ancestors(&report(&objects), "shop/policy"), []);
}

#[test]
fn policies_of_kinds_that_are_not_served_have_no_status() {
    let features = ours().features.without(Feature::BackendTLSPolicy);
    let objects: Vec<Value> = world().into_iter().chain([tls("policy", json!([target("cart")]))]).collect();
    let report = project(&resolve(&snapshot(&objects), &Controller { features, ..ours() }));
    assert!(report.policies.is_empty());
}
