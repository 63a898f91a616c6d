//! Workloads: tables of a given size, and the requests that go with them.

pub mod control;

use std::sync::Arc;

use gwapi_core::{
    Controller, Facts, Object, Snapshot, model::Address, model::AddressType, model::Scheme, name::ObjectKey, resolve,
};
use gwapi_match::{
    Table, compile,
    head::{HeadParts, RequestHead},
};
use serde_json::{Value, json};

/// A request with nine common headers.
#[derive(Clone, Debug)]
pub struct Request {
    /// Method.
    pub method: &'static str,
    /// Host header.
    pub host: String,
    /// Path.
    pub path: String,
    /// Headers, Host among them.
    pub headers: Vec<(Vec<u8>, Vec<u8>)>,
}

impl Request {
    /// A GET with the headers that browsers send.
    #[must_use]
    pub fn get(host: &str, path: String) -> Self {
        let common = [
            ("host", host),
            ("user-agent", "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0"),
            ("accept", "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"),
            ("accept-language", "en-US,en;q=0.5"),
            ("accept-encoding", "gzip, deflate, br"),
            ("cookie", "session=0123456789abcdef"),
            ("cache-control", "no-cache"),
            ("x-request-id", "5b1c7a52-6c0e-4a8e-8d8b-2a6c2d1f0e9a"),
            ("x-forwarded-for", "192.0.2.7"),
            ("referer", "https://www.example.com/"),
        ];
        let headers = common.iter().map(|(name, value)| (name.as_bytes().to_vec(), value.as_bytes().to_vec())).collect();
        Self { method: "GET", host: host.to_owned(), path, headers }
    }
}

/// The headers of a request in the form that a head takes.
#[must_use]
pub fn pairs(request: &Request) -> Vec<(&[u8], &[u8])> {
    request.headers.iter().map(|(name, value)| (name.as_slice(), value.as_slice())).collect()
}

/// The head of a request.
///
/// # Panics
/// If the request is none.
#[must_use]
pub fn head<'r>(request: &'r Request, headers: &'r [(&'r [u8], &'r [u8])]) -> RequestHead<'r, [(&'r [u8], &'r [u8])]> {
    let parts =
        HeadParts { method: request.method, scheme: Scheme::Http, authority: None, path_and_query: &request.path, headers };
    RequestHead::new(parts, &gwapi_core::Choices::default()).expect("the requests of a workload are well-formed")
}

/// The table of one Gateway with an HTTP listener on port 80 and these routes.
///
/// # Panics
/// If the routes are no HTTPRoutes.
#[must_use]
pub fn table(routes: impl Iterator<Item = Value>) -> Arc<Table> {
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
    let resolution = resolve(&snapshot, &Controller::default());
    let key = ObjectKey::namespaced("gateway.networking.k8s.io", "Gateway", &"bench".into(), &"edge".into());
    compile(&resolution, 42).gateways.remove(&key).expect("the Gateway is served")
}

/// An HTTPRoute with one rule and one match.
#[must_use]
pub fn route(index: usize, hostname: &str, matches: &Value) -> Value {
    json!({
        "apiVersion": "gateway.networking.k8s.io/v1", "kind": "HTTPRoute",
        "metadata": {"name": format!("route-{index:05}"), "namespace": "bench"},
        "spec": {
            "parentRefs": [{"name": "edge"}], "hostnames": [hostname],
            "rules": [{"matches": [matches], "backendRefs": [{"name": "backend", "port": 8080}]}],
        },
    })
}

/// Numbers below a bound, the same in every run.
pub fn numbers(bound: usize) -> impl Iterator<Item = usize> {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    std::iter::repeat_with(move || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(state >> 33).unwrap_or_default() % bound
    })
}
