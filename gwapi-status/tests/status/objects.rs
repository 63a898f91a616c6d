//! The whole way: objects as JSON, resolved, projected, merged into the status that they have.

use gwapi_core::{Controller, Object, Snapshot, model::Address, resolve};
use gwapi_status::{Merged, StatusReport, merge_class, merge_gateway, merge_route, project};
use serde_json::{Value, json};

use crate::build::{T1, T2, foreign, of_type};

fn class() -> Value {
    json!({"apiVersion": "gateway.networking.k8s.io/v1", "kind": "GatewayClass", "metadata": {"name": "standard", "generation": 1},
        "spec": {"controllerName": "example.com/ours"}})
}

fn gateway(listeners: Value) -> Value {
    json!({"apiVersion": "gateway.networking.k8s.io/v1", "kind": "Gateway",
        "metadata": {"namespace": "shop", "name": "front", "generation": 2},
        "spec": {"gatewayClassName": "standard", "listeners": listeners}})
}

fn route(name: &str, rules: Value) -> Value {
    json!({"apiVersion": "gateway.networking.k8s.io/v1", "kind": "HTTPRoute",
        "metadata": {"namespace": "shop", "name": name, "generation": 5},
        "spec": {"parentRefs": [{"name": "front"}], "rules": rules}})
}

fn web() -> Value {
    json!({"name": "web", "port": 80, "protocol": "HTTP"})
}

fn report(objects: &[Value]) -> StatusReport {
    let mut snapshot: Snapshot = objects.iter().filter_map(|object| Object::from_json(object).object).collect();
    snapshot.facts.default_address =
        Some(Address { kind: "IPAddress".into(), value: Some("192.0.2.1".into()), routability: "".into() });
    project(&resolve(&snapshot, &Controller::named("example.com/ours")))
}

/// Writes every status into its object, as a controller would at that time; says whether anything was written.
fn write(objects: &mut [Value], now: &str) -> bool {
    let report = report(objects);
    let mut wrote = false;
    for object in objects {
        let Some(key) = Object::from_json(object).object.map(|object| object.key().clone()) else { continue };
        let (existing, now) = (object.get("status"), Some(now));
        let merged = if let Some(desired) = report.classes.get(&key) {
            merge_class(existing, desired, now)
        } else if let Some(desired) = report.gateways.get(&key) {
            merge_gateway(existing, desired, now)
        } else {
            merge_route(existing, report.routes.get(&key), &report.owned, now)
        };
        assert!(matches!(merged, Merged::Unchanged | Merged::Changed(_)), "{merged:?}");
        if let Some(status) = merged.into_status() {
            object["status"] = status;
            wrote = true;
        }
    }
    wrote
}

#[test]
fn everything_is_written_once_and_says_what_holds() {
    let rules = json!([{"matches": [{"path": {"value": "/"}}]}, {"matches": [{"path": {"type": "Odd", "value": "/x"}}]}]);
    let mut objects =
        [class(), gateway(json!([web(), {"name": "old", "port": 70, "protocol": "example.com/gopher"}])), route("cart", rules)];
    assert!(write(&mut objects, T1));
    let [class, gateway, route] = &objects;
    assert_eq!(class["status"]["conditions"][0]["status"], "True");
    assert_eq!(gateway["status"]["conditions"][0]["reason"], "ListenersNotValid");
    assert_eq!(gateway["status"]["conditions"][1]["status"], "True");
    assert_eq!(gateway["status"]["addresses"], json!([{"type": "IPAddress", "value": "192.0.2.1"}]));
    assert_eq!(gateway["status"]["listeners"][0]["attachedRoutes"], 1);
    assert_eq!(gateway["status"]["listeners"][1]["supportedKinds"], json!([]));
    let conditions = &route["status"]["parents"][0]["conditions"];
    assert_eq!(of_type(conditions, "Accepted").unwrap()["observedGeneration"], 5);
    let message = of_type(conditions, "PartiallyInvalid").unwrap()["message"].as_str().unwrap();
    assert!(message.starts_with("Dropped Rule 1: "), "{message}");
}

/// Pitfall 68: the status in the input is never an input, so that writing it settles at once.
#[test]
fn pitfall_68_a_written_status_changes_nothing() {
    let mut objects = [class(), gateway(json!([web()])), route("cart", json!([{}])), route("search", json!([{}]))];
    let before = report(&objects);
    assert!(write(&mut objects, T1));
    assert_eq!(report(&objects), before);
    assert!(!write(&mut objects, T2), "nothing is written the second time");
}

/// Pitfall 67: the status of a route follows every object that it depends on.
#[test]
fn pitfall_67_a_change_of_the_gateway_reaches_the_status_of_its_routes() {
    let mut objects = [class(), gateway(json!([web()])), route("cart", json!([{}]))];
    write(&mut objects, T1);
    objects[1]["spec"]["listeners"] = json!([{"name": "web", "port": 80, "protocol": "HTTP", "hostname": "a.example"}]);
    objects[1]["metadata"]["generation"] = json!(3);
    objects[2]["spec"]["hostnames"] = json!(["b.example"]);
    write(&mut objects, T2);
    let conditions = &objects[2]["status"]["parents"][0]["conditions"];
    assert_eq!(conditions[0]["reason"], "NoMatchingListenerHostname");
    assert_eq!(conditions[0]["lastTransitionTime"], T2);
    assert_eq!(conditions[1]["lastTransitionTime"], T1);
    assert_eq!(objects[1]["status"]["listeners"][0]["attachedRoutes"], 0);
    assert_eq!(objects[1]["status"]["listeners"][0]["conditions"][0]["observedGeneration"], 3);
}

/// Law 3, pitfall 73.
#[test]
fn law_3_the_order_of_the_objects_does_not_show() {
    let rules = json!([{"backendRefs": [{"name": "a", "port": 80}, {"name": "b", "port": 80}]}]);
    let mut objects = vec![class(), gateway(json!([web()])), route("cart", rules), route("search", json!([{}]))];
    let expected = report(&objects);
    for _ in 0..objects.len() {
        objects.rotate_left(1);
        assert_eq!(report(&objects), expected);
    }
    objects.reverse();
    assert_eq!(report(&objects), expected);
}

///
#[test]
fn what_is_not_ours_is_not_touched_and_what_was_ours_is_cleaned() {
    let mut objects = [class(), gateway(json!([web()])), route("cart", json!([{}]))];
    objects[1]["status"] = json!({"conditions": [foreign("example.com/Seen")]});
    write(&mut objects, T1);
    let written = objects.clone();
    objects[0]["spec"]["controllerName"] = json!("example.com/theirs");
    assert!(!write(&mut objects, T2), "everything went over to another controller");
    assert_eq!(objects[1]["status"], written[1]["status"]);

    let mut objects = written.clone();
    objects[2]["spec"]["parentRefs"] = json!([]);
    write(&mut objects, T2);
    assert_eq!(objects[2]["status"], json!({"parents": []}));
    let mut objects = [written[0].clone(), written[2].clone()];
    write(&mut objects, T2);
    assert_eq!(objects[1]["status"], json!({"parents": []}), "the Gateway is gone");
}
