//! Whose the Gateways are (chapter A).

mod common;

use common::{bare_snapshot, class, gateway, http_gateway_of_class, key, metadata, names, object, ours, read, route, snapshot};
use gwapi_core::{Controller, Identity, Resolution, resolution::Unclaimed, resolve};
use serde_json::{Value, json};

fn unclaimed(resolution: &Resolution, name: &str) -> Unclaimed {
    resolution.unclaimed[&key("Gateway", name)].clone()
}

fn config_map(name: &str) -> Value {
    json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata(name), "data": {}})
}

fn class_with_parameters(parameters: Value) -> Value {
    object("GatewayClass", "ours", json!({"controllerName": common::OURS, "parametersRef": parameters}))
}

/// A controller that understands ConfigMaps and the cluster-scoped kind Tuning.
fn with_parameters() -> Controller {
    let kinds = [("".into(), "ConfigMap".into()), ("tuning.example".into(), "Tuning".into())];
    Controller { parameter_kinds: kinds.into(), ..ours() }
}

fn everyone() -> Controller {
    Controller { identity: Identity::Everyone("example.com/any".into()), ..Controller::default() }
}

#[test]
fn a_001_ours_are_the_classes_that_name_our_controller_exactly() {
    let mut snapshot = snapshot(&[gateway("infra/edge", &[]), http_gateway_of_class("infra/other", "theirs")]);
    snapshot.insert(read(&class("theirs", "example.com/ours2")));
    let resolution = resolve(&snapshot, &ours());
    assert_eq!(resolution.classes.keys().map(|name| name.as_str()).collect::<Vec<_>>(), ["ours"]);
    assert!(resolution.gateways.contains_key(&key("Gateway", "infra/edge")));
    assert!(matches!(
        unclaimed(&resolution, "infra/other"),
        Unclaimed::OtherController { controller_name, .. } if controller_name == "example.com/ours2"
    ));
}

#[test]
fn a_001_everyone_owns_each_class_under_the_name_that_it_gives() {
    let objects = [http_gateway_of_class("infra/edge", "a"), class("a", "example.com/a"), class("b", "example.com/b")];
    let resolution = resolve(&bare_snapshot(&objects), &everyone());
    assert_eq!(resolution.classes.len(), 2);
    assert_eq!(common::edge_of(&resolution).controller_name, "example.com/a");
}

#[test]
fn a_004_parameters_are_found_or_the_class_is_refused() {
    let cases = [
        (json!({"group": "", "kind": "ConfigMap", "namespace": "infra", "name": "it"}), None),
        (json!({"group": "tuning.example", "kind": "Tuning", "name": "it"}), None),
        (json!({"group": "", "kind": "ConfigMap", "namespace": "infra", "name": "gone"}), Some("notFound")),
        // A-013: the namespace is needed where there is one, and must be absent where there is none.
        (json!({"group": "", "kind": "ConfigMap", "name": "it"}), Some("notFound")),
        (json!({"group": "tuning.example", "kind": "Tuning", "namespace": "infra", "name": "it"}), Some("notFound")),
        (json!({"group": "", "kind": "Secret", "namespace": "infra", "name": "it"}), Some("kindUnsupported")),
        (json!({"group": "core", "kind": "ConfigMap", "namespace": "infra", "name": "it"}), Some("kindUnsupported")),
        // What is broken is never read as no parameters at all.
        (json!({"kind": "ConfigMap"}), Some("notFound")),
    ];
    let tuning = json!({"apiVersion": "tuning.example/v1", "kind": "Tuning", "metadata": {"name": "it"}});
    for (parameters, fault) in cases {
        let objects = [class_with_parameters(parameters.clone()), config_map("infra/it"), tuning.clone()];
        let resolution = resolve(&bare_snapshot(&objects), &with_parameters());
        let refused = &resolution.classes["ours"].refused;
        let why = refused.first().map(|refusal| serde_json::to_value(refusal).unwrap()["why"].clone());
        assert_eq!(why.as_ref().and_then(Value::as_str), fault, "{parameters}");
    }
}

#[test]
fn a_023_a_gateway_of_a_refused_class_is_left_alone_and_so_are_its_routes() {
    let parameters = json!({"group": "", "kind": "ConfigMap", "namespace": "infra", "name": "gone"});
    let objects = [
        class_with_parameters(parameters),
        gateway("infra/edge", &[common::open("http")]),
        route("infra/r", json!({"parentRefs": [{"name": "edge"}]})),
    ];
    let resolution = resolve(&bare_snapshot(&objects), &ours());
    assert_eq!(names(&resolution.classes["ours"].refused), ["classParameters"]);
    assert!(matches!(unclaimed(&resolution, "infra/edge"), Unclaimed::ClassNotAccepted { .. }));
    let route = common::route_of(&resolution, "infra/r");
    assert!(route.parents.is_empty());
    assert!(matches!(route.unclaimed[0].1, Unclaimed::ClassNotAccepted { .. }));
}

#[test]
fn a_023_a_missing_class_leaves_the_gateway_alone() {
    let gateway = http_gateway_of_class("infra/edge", "gone");
    for controller in [ours(), everyone()] {
        let resolution = resolve(&snapshot(std::slice::from_ref(&gateway)), &controller);
        assert!(matches!(unclaimed(&resolution, "infra/edge"), Unclaimed::NoClass { .. }));
    }
    // A controller never guesses.
    let resolution = resolve(&bare_snapshot(&[gateway]), &ours());
    assert!(matches!(unclaimed(&resolution, "infra/edge"), Unclaimed::NoClass { .. }));
}

#[test]
fn a_023_whoever_looks_at_manifests_without_any_class_assumes_one() {
    let gateway = http_gateway_of_class("infra/edge", "any");
    let resolution = resolve(&bare_snapshot(std::slice::from_ref(&gateway)), &everyone());
    assert_eq!(common::edge_of(&resolution).controller_name, "example.com/any");
    // A class without a controllerName is nobody's, but it shows that the classes are there.
    let broken = object("GatewayClass", "any", json!({}));
    let resolution = resolve(&bare_snapshot(&[gateway, broken]), &everyone());
    assert!(matches!(unclaimed(&resolution, "infra/edge"), Unclaimed::NoClass { .. }));
}

/// S-018: a Gateway takes nothing from its class but whose it is, so that a change of the class reaches no running Gateway.
#[test]
fn s_018_changes_of_a_class_change_no_gateway() {
    let resolution = |description: &str, parameters: &str| {
        let mut class =
            class_with_parameters(json!({"group": "", "kind": "ConfigMap", "namespace": "infra", "name": parameters}));
        class["spec"]["description"] = description.into();
        let edge = gateway("infra/edge", &[common::open("http")]);
        resolve(&bare_snapshot(&[class, config_map("infra/it"), config_map("infra/other"), edge]), &with_parameters())
    };
    let (before, after) = (resolution("one", "it"), resolution("two", "other"));
    assert_ne!(before.classes, after.classes);
    assert_eq!(before.gateways, after.gateways);
    assert!(common::edge_of(&after).is_accepted());
}

#[test]
fn b_074_the_longest_name_is_a_name_like_any_other() {
    let name = format!("infra/{}", "a".repeat(253));
    let resolution = common::resolved(&[gateway(&name, &[common::open("http")])]);
    assert!(common::gateway_of(&resolution, &name).is_accepted());
}
