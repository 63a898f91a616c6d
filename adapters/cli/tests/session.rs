//! Sessions of rules, from manifests to cookies.

use std::time::Duration;

use gwapi_core::{Controller, Object, Resolution, Snapshot, model::Scheme, resolve};
use gwapi_match::session::{EndpointId, Keys, NoSession, Placement, Sessions};
use http::HeaderMap;

const INPUT: &str = "
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: edge, namespace: shop}
spec: {gatewayClassName: any, listeners: [{name: http, port: 80, protocol: HTTP}]}
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: shop, namespace: shop}
spec:
  parentRefs: [{name: edge}]
  rules:
  - matches: [{path: {value: /cart/items}}]
    sessionPersistence: {sessionName: who}
    backendRefs: [{name: web, port: 80}]
  - matches: [{path: {value: /pay}}]
    sessionPersistence: {sessionName: who}
    backendRefs: [{name: web, port: 80}]
---
apiVersion: v1
kind: Service
metadata: {name: web, namespace: shop}
spec: {ports: [{port: 80}]}
";

fn resolved() -> Resolution {
    let loaded = gwapi_manifest::parse_str("input.yaml", INPUT);
    let snapshot: Snapshot = loaded.documents.iter().filter_map(|document| Object::from_json(&document.value).object).collect();
    resolve(&snapshot, &Controller::default())
}

/// J-026, J-032: the path of the cookie has nothing to do with the match, and two rules that give one name do not take the
/// token of the other for their own.
#[test]
fn pitfall_45_the_cookie_is_for_every_path_and_of_one_rule() {
    let resolution = resolved();
    let (key, route) = resolution.routes.first_key_value().expect("the route");
    let [items, pay] = &route.rules[..] else { panic!("two rules") };
    let sessions = |rule| Sessions::of_rule(key, rule).remove(0).expect("sessions");
    let (items, pay) = (sessions(items), sessions(pay));
    let (keys, now) = (Keys::new(&[7; 32], &[]), Duration::from_secs(1_800_000_000));
    let endpoints = [EndpointId::of(b"a"), EndpointId::of(b"b")];
    let begun = items.answer(&keys, &Placement::New(NoSession::NoToken), endpoints[1], now, Scheme::Https);
    let (_, value) = begun.expect("a new session");
    let value = value.to_str().expect("text");
    let attributes: Vec<&str> = value.split(';').map(str::trim).collect();
    assert!(attributes.contains(&"Path=/"), "{value}");
    let mut headers = HeaderMap::new();
    headers.insert("cookie", attributes[0].parse().expect("a cookie"));
    let place = |sessions: &Sessions| sessions.place(&keys, &headers, endpoints.iter().copied(), now);
    assert!(matches!(place(&items), Placement::Kept { index: 1, .. }));
    assert_eq!(place(&pay), Placement::New(NoSession::NoToken));
}
