//! The whole way: objects as JSON, resolved, projected, merged into the status that they have.

use gwapi_core::{Change, Engine, Object};
use gwapi_status::project;
use serde_json::{Value, json};

use crate::{
    build::{T1, T2, foreign, of_type},
    world::{class, created, gateway, object, ours, report, route, sends_to, service, snapshot, web, with, write},
};

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
    assert_eq!(gateway["status"]["addresses"], json!([{"type": "IPAddress", "value": "192.0.2.1", "routability": ""}]));
    assert_eq!(gateway["status"]["listeners"][0]["attachedRoutes"], 1);
    assert_eq!(gateway["status"]["listeners"][1]["supportedKinds"], json!([]));
    let conditions = &route["status"]["parents"][0]["conditions"];
    assert_eq!(of_type(conditions, "Accepted").unwrap()["observedGeneration"], 3);
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
    objects[1]["metadata"]["generation"] = json!(4);
    objects[2]["spec"]["hostnames"] = json!(["b.example"]);
    write(&mut objects, T2);
    let conditions = &objects[2]["status"]["parents"][0]["conditions"];
    assert_eq!(conditions[0]["reason"], "NoMatchingListenerHostname");
    assert_eq!(conditions[0]["lastTransitionTime"], T2);
    assert_eq!(conditions[1]["lastTransitionTime"], T1);
    assert_eq!(objects[1]["status"]["listeners"][0]["attachedRoutes"], 0);
    assert_eq!(objects[1]["status"]["listeners"][0]["conditions"][0]["observedGeneration"], 4);
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

/// Objects of every kind that has a status, each of them of use to another one.
fn of_every_kind() -> Vec<Value> {
    let everybody = json!({"namespaces": {"from": "All"}});
    let gateway_ref = json!([{"group": "gateway.networking.k8s.io", "kind": "Gateway", "name": "front"}]);
    let on_cart = json!([{"group": "", "kind": "Service", "name": "cart"}]);
    let validation = json!({"hostname": "cart.example", "wellKnownCACertificates": "System"});
    let tls = |name: &str| object("BackendTLSPolicy", name, json!({"targetRefs": on_cart, "validation": validation}));
    let x_backend = json!([{"backendRefs": [{"group": "gateway.networking.x-k8s.io", "kind": "XBackend", "name": "api"}]}]);
    let more = json!({"parentRef": {"namespace": "shop", "name": "front"}, "listeners": [
        {"name": "more", "port": 8080, "protocol": "HTTP", "allowedRoutes": everybody}]});
    vec![
        class(),
        with(gateway(json!([web()])), "allowedListeners", everybody),
        object("ListenerSet", "team/more", more),
        service("cart", &[80]),
        route("cart", sends_to("cart")),
        with(route("api", x_backend), "parentRefs", json!([{"kind": "ListenerSet", "namespace": "team", "name": "more"}])),
        with(route("east-west", sends_to("cart")), "parentRefs", on_cart.clone()),
        object(
            "XBackend",
            "shop/api",
            json!({"type": "ExternalHostname", "externalHostname": {"hostname": "api.example.com"},
            "port": {"number": 80}}),
        ),
        created(tls("shop/a-tls"), 1),
        created(tls("shop/b-tls"), 2),
        object("XBackendTrafficPolicy", "shop/retries", json!({"targetRefs": on_cart})),
        object("XTelemetryPolicy", "shop/traces", json!({"targetRefs": gateway_ref, "tracing": {}})),
        object("XMesh", "mesh", json!({"controllerName": "example.com/ours"})),
    ]
}

#[test]
fn pitfall_68_the_status_of_every_kind_settles_at_once() {
    let mut objects = of_every_kind();
    let before = report(&objects);
    assert!(write(&mut objects, T1));
    assert_eq!(report(&objects), before);
    assert!(!write(&mut objects, T2), "nothing is written the second time");
    let silent: Vec<&str> =
        objects.iter().filter(|object| object["status"].is_null()).filter_map(|it| it["kind"].as_str()).collect();
    assert_eq!(silent, ["Service"]);
    assert_eq!(objects[1]["status"]["attachedListenerSets"], 1);
    let ancestors: Vec<&Value> = objects.iter().filter_map(|object| object["status"].get("ancestors")).collect();
    assert_eq!(ancestors.len(), 5);
    for ancestors in ancestors {
        assert_eq!(ancestors[0]["ancestorRef"]["name"], "front", "{ancestors}");
    }
}

#[test]
fn law_3_the_order_of_objects_of_every_kind_does_not_show() {
    let mut objects = of_every_kind();
    let expected = report(&objects);
    for _ in 0..objects.len() {
        objects.rotate_left(1);
        assert_eq!(report(&objects), expected);
    }
    objects.reverse();
    assert_eq!(report(&objects), expected);
}

#[test]
fn law_4_what_is_projected_for_changes_adds_up_to_the_whole() {
    let objects = of_every_kind();
    let empty = snapshot(&[]);
    for turn in 0..objects.len() {
        let mut engine = Engine::new(empty.clone(), ours());
        let mut known = project(engine.resolution());
        let mut order: Vec<Object> = objects.iter().filter_map(|object| Object::from_json(object).object).collect();
        order.rotate_left(turn);
        let come = order.iter().map(|object| Change::Put(object.clone()));
        let go = order.iter().rev().step_by(2).chain(&order).map(|object| Change::Delete(object.key().clone()));
        for change in come.chain(go) {
            let affected = engine.apply(change.clone());
            known.update(engine.resolution(), &affected);
            assert_eq!(known, project(engine.resolution()), "after {change:?}");
        }
    }
}
