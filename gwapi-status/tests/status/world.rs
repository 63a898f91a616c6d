//! Objects as JSON, and what becomes of them.

use gwapi_core::{Controller, Object, Resolution, Snapshot, model::Address, resolve};
use gwapi_status::{
    Condition, ConditionType, Merged, Reason, StatusReport, merge_class, merge_gateway, merge_listener_set, merge_mesh,
    merge_policy, merge_route, merge_x_backend, project,
};
use serde_json::{Value, json};

use crate::build::verdict;

const GATEWAY: &str = "gateway.networking.k8s.io/v1";
const EXPERIMENTAL: &str = "gateway.networking.x-k8s.io/v1alpha1";

/// An object of generation 3. One without a namespace is in none.
pub(crate) fn object(kind: &str, at: &str, spec: Value) -> Value {
    let version = match kind {
        "Service" | "Namespace" | "Secret" | "ConfigMap" => "v1",
        "ReferenceGrant" => "gateway.networking.k8s.io/v1beta1",
        kind if kind.starts_with('X') => EXPERIMENTAL,
        _ => GATEWAY,
    };
    let mut metadata = json!({"generation": 3});
    match at.split_once('/') {
        Some((namespace, name)) => (metadata["namespace"], metadata["name"]) = (namespace.into(), name.into()),
        None => metadata["name"] = at.into(),
    }
    json!({"apiVersion": version, "kind": kind, "metadata": metadata, "spec": spec})
}

pub(crate) fn class() -> Value {
    object("GatewayClass", "standard", json!({"controllerName": "example.com/ours"}))
}

/// A Gateway `shop/front`.
pub(crate) fn gateway(listeners: Value) -> Value {
    object("Gateway", "shop/front", json!({"gatewayClassName": "standard", "listeners": listeners}))
}

/// An HTTPRoute in `shop` of the Gateway `shop/front`.
pub(crate) fn route(name: &str, rules: Value) -> Value {
    object("HTTPRoute", &format!("shop/{name}"), json!({"parentRefs": [{"name": "front"}], "rules": rules}))
}

/// A Service in `shop` with TCP ports.
pub(crate) fn service(name: &str, ports: &[u16]) -> Value {
    let ports: Vec<Value> = ports.iter().map(|port| json!({"name": format!("p{port}"), "port": port})).collect();
    object("Service", &format!("shop/{name}"), json!({"clusterIP": "10.0.0.1", "ports": ports}))
}

/// A rule that sends to port 80 of a Service.
pub(crate) fn sends_to(service: &str) -> Value {
    json!([{"backendRefs": [{"name": service, "port": 80}]}])
}

pub(crate) fn web() -> Value {
    json!({"name": "web", "port": 80, "protocol": "HTTP"})
}

/// Sets a field of `spec`.
pub(crate) fn with(mut object: Value, field: &str, value: Value) -> Value {
    object["spec"][field] = value;
    object
}

/// At which second of the year 2026 an object was created.
pub(crate) fn created(mut object: Value, second: u8) -> Value {
    object["metadata"]["creationTimestamp"] = format!("2026-01-01T00:00:{second:02}Z").into();
    object
}

pub(crate) fn snapshot(objects: &[Value]) -> Snapshot {
    let read = |object| Object::from_json(object).object.unwrap_or_else(|| panic!("cannot be read: {object}"));
    let mut snapshot: Snapshot = objects.iter().map(read).collect();
    snapshot.facts.default_address =
        Some(Address { kind: "IPAddress".into(), value: Some("192.0.2.1".into()), routability: "".into() });
    snapshot
}

pub(crate) fn ours() -> Controller {
    Controller::named("example.com/ours")
}

pub(crate) fn resolution(objects: &[Value]) -> Resolution {
    resolve(&snapshot(objects), &ours())
}

pub(crate) fn report(objects: &[Value]) -> StatusReport {
    project(&resolution(objects))
}

/// Writes every status into its object, as a controller would at that time; says whether anything was written.
pub(crate) fn write(objects: &mut [Value], now: &str) -> bool {
    let report = report(objects);
    let mut wrote = false;
    for object in objects {
        let merged = merge(&report, object, now);
        assert!(matches!(merged, Merged::Unchanged | Merged::Changed(_)), "{merged:?}");
        if let Some(status) = merged.into_status() {
            object["status"] = status;
            wrote = true;
        }
    }
    wrote
}

fn merge(report: &StatusReport, object: &Value, now: &str) -> Merged {
    let (existing, now) = (object.get("status"), Some(now));
    let Some(read) = Object::from_json(object).object else { return Merged::Unchanged };
    let key = read.key();
    let nothing = Merged::Unchanged;
    match &read {
        Object::GatewayClass(_) => report.classes.get(key).map_or(nothing, |status| merge_class(existing, status, now)),
        Object::Gateway(_) => report.gateways.get(key).map_or(nothing, |status| merge_gateway(existing, status, now)),
        Object::ListenerSet(_) => {
            report.listener_sets.get(key).map_or(nothing, |status| merge_listener_set(existing, status, now))
        }
        Object::XMesh(_) => report.meshes.get(key).map_or(nothing, |status| merge_mesh(existing, status, now)),
        Object::BackendTlsPolicy(_) | Object::XBackendTrafficPolicy(_) | Object::XTelemetryPolicy(_) => {
            merge_policy(existing, report.policies.get(key), &report.owned, now)
        }
        Object::XBackend(_) => merge_x_backend(existing, report.x_backends.get(key), &report.owned, now),
        Object::Route(_) => merge_route(existing, report.routes.get(key), &report.owned, now),
        _ => nothing,
    }
}

/// What is found under `namespace/name`, or under a name.
pub(crate) fn at<'m, T>(map: &'m std::collections::BTreeMap<gwapi_core::ObjectKey, T>, at: &str) -> &'m T {
    let (namespace, name) = at.split_once('/').unwrap_or(("", at));
    let mut found = map.iter().filter(|(key, _)| key.namespace_str() == namespace && key.name == *name);
    found.next().map(|(_, value)| value).unwrap_or_else(|| panic!("nothing at {at}"))
}

/// Asserts type, status and reason of some conditions.
pub(crate) fn assert_conditions(conditions: &[Condition], expected: &[(ConditionType, bool, Reason)]) {
    for (type_, status, reason) in expected {
        assert_eq!(verdict(conditions, *type_), (*status, *reason), "{type_} of {conditions:?}");
    }
}
