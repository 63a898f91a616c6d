//! Merging into the status of ListenerSets and XMeshes.

use gwapi_status::{ListenerSetStatus, Merged, MeshStatus, merge_listener_set, merge_mesh};
use serde_json::{Value, json};

use crate::{
    build::{T0, T1, T2, earlier, foreign, of_type},
    world::{at, class, gateway, object, report, web, with},
};

fn desired(names: &[&str]) -> ListenerSetStatus {
    let listeners = names.iter().zip(8080..).map(|(name, port)| json!({"name": name, "port": port, "protocol": "HTTP"}));
    let listeners: Vec<Value> = listeners.collect();
    let gateway = with(gateway(json!([web()])), "allowedListeners", json!({"namespaces": {"from": "All"}}));
    let set = object("ListenerSet", "shop/more", json!({"parentRef": {"name": "front"}, "listeners": listeners}));
    at(&report(&[class(), gateway, set]).listener_sets, "shop/more").clone()
}

fn mesh() -> MeshStatus {
    let report = report(&[object("XMesh", "mesh", json!({"controllerName": "example.com/ours"}))]);
    at(&report.meshes, "mesh").clone()
}

fn changed(merged: Merged) -> Value {
    let Merged::Changed(value) = merged else { panic!("expected a change, not {merged:?}") };
    value
}

#[test]
fn c_015_a_new_status_has_both_conditions_and_the_listeners_of_the_set() {
    let status = changed(merge_listener_set(None, &desired(&["a", "b"]), Some(T1)));
    let types: Vec<_> = status["conditions"].as_array().unwrap().iter().map(|condition| &condition["type"]).collect();
    assert_eq!(types, ["Accepted", "Programmed"]);
    assert_eq!(status["conditions"][0]["observedGeneration"], 3);
    let names: Vec<_> = status["listeners"].as_array().unwrap().iter().map(|listener| &listener["name"]).collect();
    assert_eq!(names, ["a", "b"]);
    assert_eq!(status["listeners"][0]["attachedRoutes"], 0);
    assert!(status["listeners"][0]["supportedKinds"].as_array().is_some_and(|kinds| !kinds.is_empty()));
    assert_eq!(status.as_object().unwrap().len(), 2, "no addresses and no count");
    assert_eq!(merge_listener_set(Some(&status), &desired(&["a", "b"]), Some(T2)), Merged::Unchanged);
}

#[test]
fn pitfall_71_what_others_wrote_on_a_set_and_its_listeners_stays() {
    let existing = json!({
        "conditions": [foreign("example.com/A"), earlier("Accepted", "True", 1), earlier("Conflicted", "True", 1)],
        "listeners": [{"name": "a", "conditions": [foreign("example.com/B"), earlier("Conflicted", "True", 1)]}, {"name": "gone"}],
        "later": 1,
    });
    let status = changed(merge_listener_set(Some(&existing), &desired(&["a"]), Some(T1)));
    assert_eq!(status["conditions"][0], foreign("example.com/A"));
    assert_eq!(status["conditions"][1]["lastTransitionTime"], T0);
    assert_eq!(status["conditions"][2], earlier("Conflicted", "True", 1), "no condition of ours here");
    assert_eq!((status["listeners"].as_array().unwrap().len(), &status["later"]), (1, &json!(1)));
    let listener = &status["listeners"][0]["conditions"];
    assert_eq!((&listener[0], of_type(listener, "Conflicted")), (&foreign("example.com/B"), None));
}

#[test]
fn nothing_is_written_over_a_newer_generation() {
    let newer = json!({"listeners": [{"name": "a", "conditions": [earlier("Accepted", "True", 4)]}]});
    assert_eq!(merge_listener_set(Some(&newer), &desired(&["a"]), Some(T1)), Merged::Stale);
    let newer = json!({"conditions": [earlier("Accepted", "True", 4)]});
    assert_eq!(merge_listener_set(Some(&newer), &desired(&["a"]), Some(T1)), Merged::Stale);
    assert_eq!(merge_mesh(Some(&newer), &mesh(), Some(T1)), Merged::Stale);
}

#[test]
fn x_25_a_mesh_gets_accepted_and_its_features_and_keeps_the_rest() {
    let existing = json!({"conditions": [earlier("Programmed", "Unknown", 0), foreign("example.com/A")], "later": true});
    let status = changed(merge_mesh(Some(&existing), &mesh(), Some(T1)));
    let types: Vec<_> = status["conditions"].as_array().unwrap().iter().map(|condition| &condition["type"]).collect();
    assert_eq!(types, ["Programmed", "example.com/A", "Accepted"]);
    assert_eq!(status["conditions"][2]["lastTransitionTime"], T1);
    assert!(status["supportedFeatures"].as_array().unwrap().contains(&json!({"name": "Mesh"})));
    assert_eq!(status["later"], true);
    assert_eq!(merge_mesh(Some(&status), &mesh(), Some(T2)), Merged::Unchanged);
}
