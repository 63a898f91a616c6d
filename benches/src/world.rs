//! Objects and what becomes of them.

use std::sync::Arc;

use gwapi_core::{
    Controller, Object, Snapshot,
    facts::Facts,
    model::{Address, AddressType},
    name::ObjectKey,
    resolution::Resolution,
    resolve,
};
use gwapi_match::{Table, compile};
use serde_json::{Value, json};

/// One Gateway with an HTTP listener on port 80, one Service, and these routes, all in one namespace.
///
/// # Panics
/// If the routes are no objects.
#[must_use]
pub fn resolution(routes: impl Iterator<Item = Value>) -> Resolution {
    let gateway = json!({
        "apiVersion": "gateway.networking.k8s.io/v1", "kind": "Gateway", "metadata": {"name": "edge", "namespace": "bench"},
        "spec": {"gatewayClassName": "any", "listeners": [{"name": "http", "port": 80, "protocol": "HTTP"}]},
    });
    let service = json!({
        "apiVersion": "v1", "kind": "Service", "metadata": {"name": "backend", "namespace": "bench"},
        "spec": {"ports": [{"port": 8080}]},
    });
    let objects = [gateway, service].into_iter().chain(routes);
    let mut snapshot: Snapshot = objects.map(|value| Object::from_json(&value).object.expect("an object")).collect();
    let mut facts = Facts::default();
    facts.default_address =
        Some(Address { kind: AddressType::IpAddress, value: Some("192.0.2.1".into()), routability: "".into() });
    snapshot.facts = facts;
    resolve(&snapshot, &Controller::default())
}

/// The table of the Gateway.
///
/// # Panics
/// If the Gateway is not served.
#[must_use]
pub fn table(resolution: &Resolution) -> Arc<Table> {
    let key = ObjectKey::namespaced("gateway.networking.k8s.io", "Gateway", &"bench".into(), &"edge".into());
    compile(resolution, 42).gateways.remove(&key).expect("the Gateway is served")
}

/// An HTTPRoute `route-{index:05}` with one rule and one match, created when all others were.
#[must_use]
pub fn route(index: usize, hostname: &str, matches: &Value) -> Value {
    json!({
        "apiVersion": "gateway.networking.k8s.io/v1", "kind": "HTTPRoute",
        "metadata": {"name": name(index), "namespace": "bench", "creationTimestamp": "2026-01-01T00:00:00Z"},
        "spec": {
            "parentRefs": [{"name": "edge"}], "hostnames": [hostname],
            "rules": [{"matches": [matches], "backendRefs": [{"name": "backend", "port": 8080}]}],
        },
    })
}

/// What a route is called.
#[must_use]
pub fn name(index: usize) -> String {
    format!("route-{index:05}")
}

/// Numbers below a bound, the same in every run.
pub fn numbers(bound: usize) -> impl Iterator<Item = usize> {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    std::iter::repeat_with(move || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(state >> 33).unwrap_or_default() % bound
    })
}
