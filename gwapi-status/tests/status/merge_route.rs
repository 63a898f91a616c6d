//! Merging into `status.parents`, which all controllers share.

use std::collections::BTreeSet;

use gwapi_core::{model::ParentRef, name::ControllerName};
use gwapi_status::{Dropped, Merged, RouteStatus, merge_route};
use serde_json::{Value, json};

use crate::build::{
    CONTROLLER, T0, T1, T2, accepting, earlier, foreign, invalid_rule, of_type, parent_ref, route, rule, rule_invalid,
};

fn desired(parents: impl IntoIterator<Item = ParentRef>) -> RouteStatus {
    RouteStatus::of(&route(parents.into_iter().map(accepting), [rule(0)]))
}

fn owned() -> BTreeSet<ControllerName> {
    [CONTROLLER.into()].into()
}

fn merge(existing: &Value, desired: &RouteStatus) -> Merged {
    merge_route(Some(existing), Some(desired), &owned(), Some(T1))
}

fn changed(merged: Merged) -> Value {
    let Merged::Changed(value) = merged else { panic!("expected a change, not {merged:?}") };
    value
}

fn entry(controller: &str, parent_ref: Value) -> Value {
    json!({"controllerName": controller, "parentRef": parent_ref, "conditions": [earlier("Accepted", "True", 3)]})
}

fn theirs(name: &str) -> Value {
    entry("example.com/theirs", json!({"name": name, "later": [1, 2]}))
}

fn parents(status: &Value) -> &[Value] {
    status["parents"].as_array().unwrap()
}

#[test]
fn an_entry_writes_out_its_parent_with_group_kind_and_namespace() {
    let reference = ParentRef { section_name: Some("web".into()), port: Some(80), ..parent_ref("front") };
    let status = changed(merge_route(None, Some(&desired([reference])), &owned(), Some(T1)));
    let parent = &parents(&status)[0];
    let reference = json!({"group": "gateway.networking.k8s.io", "kind": "Gateway", "namespace": "shop", "name": "front",
        "sectionName": "web", "port": 80});
    assert_eq!((&parent["parentRef"], &parent["controllerName"]), (&reference, &json!(CONTROLLER)));
    let types: Vec<_> = parent["conditions"].as_array().unwrap().iter().map(|condition| &condition["type"]).collect();
    assert_eq!(types, ["Accepted", "ResolvedRefs"]);
    assert_eq!(parent["conditions"][0]["observedGeneration"], 3);
}

#[test]
fn pitfall_62_entries_of_other_controllers_stay_where_and_as_they_are() {
    let existing =
        json!({"parents": [theirs("front"), entry(CONTROLLER, json!({"name": "front"})), theirs("front"), theirs("x")]});
    let status = changed(merge(&existing, &desired([parent_ref("front"), parent_ref("back")])));
    let parents = parents(&status);
    assert_eq!(parents.len(), 5);
    assert_eq!((&parents[0], &parents[2], &parents[3]), (&theirs("front"), &theirs("front"), &theirs("x")));
    assert_eq!((&parents[1]["parentRef"]["name"], &parents[4]["parentRef"]["name"]), (&json!("front"), &json!("back")));
}

#[test]
fn pitfall_62_an_entry_of_ours_is_updated_and_not_added_again() {
    let existing = json!({"parents": [entry(CONTROLLER, json!({"name": "front"})), entry(CONTROLLER, json!({"name": "front",
        "namespace": "shop", "kind": "Gateway"}))]});
    let status = changed(merge(&existing, &desired([parent_ref("front")])));
    assert_eq!(parents(&status).len(), 1, "two that mean the same become one");
    assert_eq!(parents(&status)[0]["conditions"][0]["lastTransitionTime"], T0);
    assert_eq!(merge_route(Some(&status), Some(&desired([parent_ref("front")])), &owned(), Some(T2)), Merged::Unchanged);
}

#[test]
fn pitfall_63_entries_of_removed_parents_go_and_their_siblings_stay() {
    let ours = |name: &str| entry(CONTROLLER, json!({"name": name}));
    let existing = json!({"parents": [ours("gone"), theirs("gone"), ours("front")]});
    let status = changed(merge(&existing, &desired([parent_ref("front")])));
    assert_eq!(parents(&status).len(), 2);
    assert_eq!((&parents(&status)[0], &parents(&status)[1]["parentRef"]["name"]), (&theirs("gone"), &json!("front")));
}

#[test]
fn pitfall_63_the_last_entry_goes_too() {
    let existing = json!({"parents": [entry(CONTROLLER, json!({"name": "gone"}))]});
    assert_eq!(changed(merge(&existing, &desired([]))), json!({"parents": []}));
    assert_eq!(changed(merge_route(Some(&existing), None, &owned(), Some(T1))), json!({"parents": []}));
    assert_eq!(merge(&json!({"parents": []}), &desired([])), Merged::Unchanged);
    assert_eq!(merge_route(None, Some(&desired([])), &owned(), Some(T1)), Merged::Unchanged, "nothing to say");
    assert_eq!(merge_route(None, None, &owned(), Some(T1)), Merged::Unchanged);
}

#[test]
fn pitfall_63_without_a_desired_status_only_ours_goes() {
    let existing = json!({"parents": [theirs("front"), entry(CONTROLLER, json!({"name": "front"}))]});
    let status = changed(merge_route(Some(&existing), None, &owned(), Some(T1)));
    assert_eq!(status, json!({"parents": [theirs("front")]}));
    assert_eq!(merge_route(Some(&existing), None, &BTreeSet::new(), Some(T1)), Merged::Unchanged, "no name is ours");
}

#[test]
fn entries_under_a_name_of_a_desired_parent_are_ours_without_being_told() {
    let existing = json!({"parents": [entry(CONTROLLER, json!({"name": "gone"}))]});
    let status = changed(merge_route(Some(&existing), Some(&desired([parent_ref("front")])), &BTreeSet::new(), Some(T1)));
    assert_eq!(parents(&status).len(), 1);
    assert_eq!(parents(&status)[0]["parentRef"]["name"], "front");
}

#[test]
fn pitfall_64_the_key_has_every_field_of_the_parent_reference() {
    let base = parent_ref("front");
    let variants = [
        ParentRef { group: "example.com".into(), ..base.clone() },
        ParentRef { kind: "ListenerSet".into(), ..base.clone() },
        ParentRef { namespace: "infra".into(), ..base.clone() },
        ParentRef { name: "back".into(), ..base.clone() },
        ParentRef { section_name: Some("web".into()), ..base.clone() },
        ParentRef { port: Some(80), ..base.clone() },
        ParentRef { port: Some(81), ..base.clone() },
    ];
    let old = changed(merge_route(None, Some(&desired([base.clone()])), &owned(), Some(T0)));
    for variant in variants {
        let both = changed(merge(&old, &desired([base.clone(), variant.clone()])));
        assert_eq!(parents(&both).len(), 2);
        assert_eq!(parents(&both)[0], old["parents"][0]);
        assert_eq!(parents(&both)[1]["conditions"][0]["lastTransitionTime"], T1, "a new entry: {variant:?}");
        let moved = changed(merge(&old, &desired([variant])));
        assert_eq!(parents(&moved).len(), 1);
        assert_eq!(parents(&moved)[0]["conditions"][0]["lastTransitionTime"], T1, "another entry");
    }
}

#[test]
fn pitfall_65_entries_that_others_reordered_are_no_reason_to_write() {
    let desired = desired([parent_ref("front"), parent_ref("back")]);
    let existing = json!({"parents": [theirs("front")]});
    let mut status = changed(merge(&existing, &desired));
    status["parents"].as_array_mut().unwrap().reverse();
    status["parents"][0]["conditions"].as_array_mut().unwrap().reverse();
    assert_eq!(merge_route(Some(&status), Some(&desired), &owned(), Some(T2)), Merged::Unchanged);
}

#[test]
fn conditions_of_others_in_an_entry_of_ours_stay() {
    let mut ours = entry(CONTROLLER, json!({"name": "front"}));
    ours["conditions"].as_array_mut().unwrap().insert(0, foreign("example.com/Checked"));
    ours["later"] = json!("kept");
    let status = changed(merge(&json!({"parents": [ours]}), &desired([parent_ref("front")])));
    assert_eq!(parents(&status)[0]["conditions"][0], foreign("example.com/Checked"));
    assert_eq!(parents(&status)[0]["later"], "kept");
}

#[test]
fn partially_invalid_comes_and_goes_with_its_cause() {
    let rules = [rule(0), invalid_rule(1, [rule_invalid("spec.rules[1]")])];
    let partly = RouteStatus::of(&route([accepting(parent_ref("front"))], rules));
    let status = changed(merge(&json!({}), &partly));
    assert!(of_type(&parents(&status)[0]["conditions"], "PartiallyInvalid").is_some());
    let status = changed(merge(&status, &desired([parent_ref("front")])));
    assert_eq!(of_type(&parents(&status)[0]["conditions"], "PartiallyInvalid"), None);
}

#[test]
fn nothing_is_written_over_a_newer_generation() {
    let newer = |controller| {
        let conditions = json!([earlier("ResolvedRefs", "True", 4)]);
        json!({"parents": [{"controllerName": controller, "parentRef": {"name": "front"}, "conditions": conditions}]})
    };
    assert_eq!(merge(&newer(CONTROLLER), &desired([parent_ref("front")])), Merged::Stale);
    assert_eq!(merge(&newer(CONTROLLER), &desired([])), Merged::Stale, "the parent may have been added since");
    assert!(matches!(merge(&newer("example.com/theirs"), &desired([parent_ref("front")])), Merged::Changed(_)));
}

#[test]
fn an_entry_for_a_parent_that_went_over_to_another_controller_is_left_alone() {
    let existing = json!({"parents": [entry(CONTROLLER, json!({"name": "taken"})), entry(CONTROLLER, json!({"name": "gone"}))]});
    let desired = RouteStatus { left_alone: vec![parent_ref("taken")], ..desired([]) };
    assert_eq!(changed(merge(&existing, &desired)), json!({"parents": [entry(CONTROLLER, json!({"name": "taken"}))]}));
}

#[test]
fn entries_of_others_are_never_displaced_and_what_has_no_room_is_reported() {
    let others: Vec<Value> = (0..31).map(|number| theirs(&number.to_string())).collect();
    let desired = desired([parent_ref("front"), parent_ref("back")]);
    let Merged::Full { value: Some(status), dropped } = merge(&json!({"parents": others}), &desired) else {
        panic!("there is room for one")
    };
    assert_eq!(parents(&status)[..31], others);
    assert_eq!((parents(&status).len(), &parents(&status)[31]["parentRef"]["name"]), (32, &json!("front")));
    assert_eq!(dropped, [Dropped::Parent { parent_ref: parent_ref("back") }]);
    assert_eq!(dropped[0].to_string(), "no room for Gateway shop/back in status.parents");
    assert_eq!(merge(&status, &desired), Merged::Full { value: None, dropped });
}

#[test]
fn the_same_parent_named_twice_has_one_entry() {
    let status = changed(merge(&json!({}), &desired([parent_ref("front"), parent_ref("front")])));
    assert_eq!(parents(&status).len(), 1);
}

/// Pitfall 67: the API server refuses an entry without conditions.
#[test]
fn pitfall_67_an_entry_without_conditions_is_not_written() {
    let mut silent = desired([parent_ref("front"), parent_ref("back")]);
    silent.parents[0].conditions.clear();
    let status = changed(merge(&json!({"parents": null}), &silent));
    assert_eq!(parents(&status).len(), 1);
    assert_eq!(parents(&status)[0]["parentRef"]["name"], "back");
}

#[test]
fn garbage_is_kept_where_it_is_not_ours_and_replaced_where_it_is() {
    let odd = [json!(null), json!("text"), json!([1]), json!({"controllerName": 7}), json!({"parentRef": {"name": "front"}})];
    let mut existing = odd.to_vec();
    existing.push(json!({"controllerName": CONTROLLER}));
    existing.push(entry(CONTROLLER, json!({"name": "front", "port": "eighty"})));
    existing.push(json!({"controllerName": CONTROLLER, "parentRef": {"name": "front", "group": null}, "conditions": {"a": 1}}));
    let status = changed(merge(&json!({"parents": existing}), &desired([parent_ref("front")])));
    assert_eq!(parents(&status)[..5], odd);
    assert_eq!(parents(&status).len(), 6);
    assert_eq!(parents(&status)[5]["conditions"].as_array().unwrap().len(), 2);
    for garbage in [json!("text"), json!([]), json!(3), json!({"parents": "text"}), json!({"parents": {"a": 1}})] {
        assert_eq!(parents(&changed(merge(&garbage, &desired([parent_ref("front")])))).len(), 1);
    }
}
