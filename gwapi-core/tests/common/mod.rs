//! Objects as manifests write them, and short ways into a resolution.
#![allow(dead_code, reason = "no test file needs all of it")]

use std::sync::Arc;

use gwapi_core::{
    Controller, Facts, Feature, Object, ObjectKey, Refusal, Resolution, Snapshot, SupportedFeatures,
    controller::Abilities,
    model::{Address, AddressType},
    name::GATEWAY_GROUP,
    resolution::{
        Attachment, ResolvedBackend, ResolvedGateway, ResolvedListener, ResolvedListenerSet, ResolvedRoute, ResolvedRule,
    },
    resolve,
};
use serde_json::{Map, Value, json};

pub(crate) const OURS: &str = "example.com/ours";

// Objects

/// An object of the Gateway API. `name` is `namespace/name`, or the name alone for what has no namespace.
pub(crate) fn object(kind: &str, name: &str, spec: Value) -> Value {
    json!({"apiVersion": "gateway.networking.k8s.io/v1", "kind": kind, "metadata": metadata(name), "spec": spec})
}

pub(crate) fn metadata(name: &str) -> Value {
    match name.split_once('/') {
        Some((namespace, name)) => json!({"namespace": namespace, "name": name}),
        None => json!({"name": name}),
    }
}

pub(crate) fn class(name: &str, controller_name: &str) -> Value {
    object("GatewayClass", name, json!({"controllerName": controller_name}))
}

/// A Gateway of class `ours`.
pub(crate) fn gateway(name: &str, listeners: &[Value]) -> Value {
    gateway_with(name, listeners, json!({}))
}

/// A Gateway of class `ours` with more in its `spec`.
pub(crate) fn gateway_with(name: &str, listeners: &[Value], more: Value) -> Value {
    object("Gateway", name, merged(json!({"gatewayClassName": "ours", "listeners": listeners}), more))
}

/// A Gateway of another class with one HTTP listener.
pub(crate) fn http_gateway_of_class(name: &str, class_name: &str) -> Value {
    object("Gateway", name, json!({"gatewayClassName": class_name, "listeners": [open("http")]}))
}

pub(crate) fn listener(name: &str, port: u16, protocol: &str, more: Value) -> Value {
    merged(json!({"name": name, "port": port, "protocol": protocol}), more)
}

/// HTTP on port 80 for every namespace.
pub(crate) fn open(name: &str) -> Value {
    listener(name, 80, "HTTP", json!({"allowedRoutes": from_all()}))
}

pub(crate) fn from_all() -> Value {
    json!({"namespaces": {"from": "All"}})
}

/// HTTPS with the Secret `cert` of the Gateway's namespace.
pub(crate) fn https(name: &str, port: u16, more: Value) -> Value {
    listener(name, port, "HTTPS", merged(json!({"tls": {"certificateRefs": [{"name": "cert"}]}}), more))
}

pub(crate) fn route(name: &str, spec: Value) -> Value {
    object("HTTPRoute", name, spec)
}

/// A route to the Gateway `infra/edge`, with these rules.
pub(crate) fn ruled(name: &str, rules: Value) -> Value {
    route(name, json!({"parentRefs": [edge()], "rules": rules}))
}

/// A route of whatever kind to the Gateway `infra/edge`, with more in its `spec`.
pub(crate) fn route_to_edge(kind: &str, name: &str, more: Value) -> Value {
    object(kind, name, merged(json!({"parentRefs": [edge()]}), more))
}

/// The same route, with a hostname if it is a TLSRoute: those must have one.
pub(crate) fn named_if_tls(mut route: Value) -> Value {
    if route["kind"] == "TLSRoute" {
        route["spec"]["hostnames"] = json!(["a.com"]);
    }
    route
}

/// An object of the experimental group.
pub(crate) fn x_object(kind: &str, name: &str, spec: Value) -> Value {
    json!({"apiVersion": "gateway.networking.x-k8s.io/v1alpha1", "kind": kind, "metadata": metadata(name), "spec": spec})
}

/// The same object, so many seconds after the first.
pub(crate) fn aged(mut object: Value, seconds: u32) -> Value {
    object["metadata"]["creationTimestamp"] = format!("2024-01-01T00:00:{seconds:02}Z").into();
    object
}

/// A ListenerSet of the Gateway `infra/edge`.
pub(crate) fn listener_set(name: &str, listeners: &[Value]) -> Value {
    object("ListenerSet", name, json!({"parentRef": edge(), "listeners": listeners}))
}

/// A ConfigMap with a text under `ca.crt`.
pub(crate) fn ca(name: &str, text: &str) -> Value {
    json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata(name), "data": {"ca.crt": text}})
}

/// A certificate that looks like one.
pub(crate) const PEM: &str = "-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n";

pub(crate) fn trust_bundle(name: &str, text: &str) -> Value {
    let spec = json!({"trustBundle": text});
    json!({"apiVersion": "certificates.k8s.io/v1beta1", "kind": "ClusterTrustBundle", "metadata": {"name": name}, "spec": spec})
}

pub(crate) fn edge() -> Value {
    json!({"namespace": "infra", "name": "edge"})
}

pub(crate) fn service(name: &str, ports: &[u16]) -> Value {
    let ports: Vec<Value> = ports.iter().map(|port| json!({"name": format!("p{port}"), "port": port})).collect();
    service_with(name, json!({"ports": ports}))
}

pub(crate) fn service_with(name: &str, spec: Value) -> Value {
    json!({"apiVersion": "v1", "kind": "Service", "metadata": metadata(name), "spec": spec})
}

pub(crate) fn namespace(name: &str, labels: Value) -> Value {
    json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": labels}})
}

/// A Secret with a pair that looks like one.
pub(crate) fn secret(name: &str) -> Value {
    let pem = |label: &str| format!("-----BEGIN {label}-----\nMAA=\n-----END {label}-----\n");
    let data = json!({"tls.crt": pem("CERTIFICATE"), "tls.key": pem("PRIVATE KEY")});
    secret_with(name, "kubernetes.io/tls", data)
}

pub(crate) fn secret_with(name: &str, secret_type: &str, data: Value) -> Value {
    json!({"apiVersion": "v1", "kind": "Secret", "metadata": metadata(name), "type": secret_type, "stringData": data})
}

/// `from` is `Kind/namespace`, `to` is `Kind` or `Kind/name`, of the Gateway API and of the core group.
pub(crate) fn grant(name: &str, from: &[&str], to: &[&str]) -> Value {
    let from: Vec<Value> = from
        .iter()
        .map(|from| from.split_once('/').unwrap())
        .map(|(kind, namespace)| json!({"group": GATEWAY_GROUP, "kind": kind, "namespace": namespace}))
        .collect();
    let to: Vec<Value> = to
        .iter()
        .map(|to| match to.split_once('/') {
            Some((kind, name)) => json!({"group": "", "kind": kind, "name": name}),
            None => json!({"group": "", "kind": to}),
        })
        .collect();
    object("ReferenceGrant", name, json!({"from": from, "to": to}))
}

pub(crate) fn merged(mut base: Value, more: Value) -> Value {
    let more: Map<String, Value> = more.as_object().unwrap().clone();
    base.as_object_mut().unwrap().extend(more);
    base
}

// Resolving

pub(crate) fn ours() -> Controller {
    Controller::named(OURS)
}

pub(crate) fn without(feature: Feature) -> Controller {
    without_all(&[feature])
}

pub(crate) fn without_all(features: &[Feature]) -> Controller {
    let features = features.iter().fold(SupportedFeatures::built(), |all, feature| all.without(*feature));
    Controller { features, ..ours() }
}

/// Ours, with less of what has no feature name.
pub(crate) fn unable(less: impl FnOnce(&mut Abilities)) -> Controller {
    let mut controller = ours();
    less(&mut controller.abilities);
    controller
}

/// These objects and the class `ours`.
pub(crate) fn snapshot(objects: &[Value]) -> Snapshot {
    let mut snapshot = bare_snapshot(objects);
    snapshot.insert(read(&class("ours", OURS)));
    snapshot.facts = Facts::default();
    snapshot.facts.default_address = Some(address("192.0.2.1"));
    snapshot
}

/// These objects alone.
pub(crate) fn bare_snapshot(objects: &[Value]) -> Snapshot {
    objects.iter().map(read).collect()
}

pub(crate) fn read(value: &Value) -> Object {
    let read = Object::from_json(value);
    read.object.unwrap_or_else(|| panic!("no object: {:?}", read.issues))
}

pub(crate) fn resolved(objects: &[Value]) -> Resolution {
    resolve(&snapshot(objects), &ours())
}

pub(crate) fn resolved_by(controller: &Controller, objects: &[Value]) -> Resolution {
    resolve(&snapshot(objects), controller)
}

/// The Gateway `infra/edge` with these listeners and the Secret `cert` beside it.
pub(crate) fn edge_with(listeners: &[Value]) -> Arc<ResolvedGateway> {
    edge_of(&resolved(&[gateway("infra/edge", listeners), secret("infra/cert")]))
}

pub(crate) fn address(value: &str) -> Address {
    Address { kind: AddressType::IpAddress, value: Some(value.into()), routability: "".into() }
}

// Looking

pub(crate) fn key(kind: &str, name: &str) -> ObjectKey {
    let (namespace, name) = name.split_once('/').unwrap();
    ObjectKey { group: GATEWAY_GROUP.into(), kind: kind.into(), namespace: Some(namespace.into()), name: name.into() }
}

pub(crate) fn gateway_of(resolution: &Resolution, name: &str) -> Arc<ResolvedGateway> {
    resolution.gateways[&key("Gateway", name)].clone()
}

pub(crate) fn edge_of(resolution: &Resolution) -> Arc<ResolvedGateway> {
    gateway_of(resolution, "infra/edge")
}

pub(crate) fn listener_of<'g>(gateway: &'g ResolvedGateway, name: &str) -> &'g ResolvedListener {
    gateway.listeners.iter().find(|listener| listener.key.name == name).unwrap()
}

pub(crate) fn route_of(resolution: &Resolution, name: &str) -> Arc<ResolvedRoute> {
    resolution.routes[&key("HTTPRoute", name)].clone()
}

/// The only route of that name, of whatever kind.
pub(crate) fn any_route_of(resolution: &Resolution, name: &str) -> Arc<ResolvedRoute> {
    let (namespace, name) = name.split_once('/').unwrap();
    let mut routes = resolution.routes.iter().filter(|(key, _)| (key.namespace_str(), key.name.as_str()) == (namespace, name));
    let (_, route) = routes.next().unwrap();
    assert!(routes.next().is_none());
    route.clone()
}

pub(crate) fn set_of(resolution: &Resolution, name: &str) -> Arc<ResolvedListenerSet> {
    resolution.listener_sets[&key("ListenerSet", name)].clone()
}

/// The only attachment of a route.
pub(crate) fn attachment_of(resolution: &Resolution, name: &str) -> Attachment {
    let route = any_route_of(resolution, name);
    let [attachment] = route.parents.as_slice() else { panic!("{:?}", route.parents) };
    attachment.clone()
}

/// The only rule of a route.
pub(crate) fn rule_of(resolution: &Resolution, name: &str) -> Arc<ResolvedRule> {
    let route = any_route_of(resolution, name);
    let [rule] = route.rules.as_slice() else { panic!("{:?}", route.rules) };
    rule.clone()
}

/// The only backend of the only rule of a route.
pub(crate) fn backend_of(resolution: &Resolution, name: &str) -> ResolvedBackend {
    let rule = rule_of(resolution, name);
    let [backend] = rule.backends.as_slice() else { panic!("{:?}", rule.backends) };
    backend.clone()
}

/// The names of the listeners that accept a route.
pub(crate) fn listeners_of(attachment: &Attachment) -> Vec<&str> {
    attachment.listeners.iter().map(|attached| attached.listener.name.as_str()).collect()
}

/// The names of refusals, as JSON writes them.
pub(crate) fn names<'r>(refused: impl IntoIterator<Item = &'r Refusal>) -> Vec<String> {
    let name = |refusal: &Refusal| serde_json::to_value(refusal).unwrap()["refusal"].as_str().unwrap().to_owned();
    refused.into_iter().map(name).collect()
}

/// How many routes are attached to a listener of a Gateway.
pub(crate) fn count_of(resolution: &Resolution, gateway: &str, listener: &str) -> usize {
    let gateway = gateway_of(resolution, gateway);
    let listener = gateway.listeners.iter().find(|one| one.key.name == *listener).expect("the listener");
    resolution.attached_routes.on(&listener.key)
}
