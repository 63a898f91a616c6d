//! Merging into `status.ancestors`, which all controllers share.

use std::collections::BTreeSet;

use gwapi_core::name::ControllerName;
use gwapi_status::{
    AncestorStatus, Condition, ConditionType, Dropped, MAX_ANCESTORS, Merged, PolicyStatus, Reason, merge_policy,
};
use serde_json::{Value, json};

use crate::build::{CONTROLLER, T0, T1, T2, earlier, foreign, parent_ref};

fn desired(gateways: impl IntoIterator<Item = String>) -> PolicyStatus {
    let ancestor = |name: String| AncestorStatus {
        ancestor_ref: parent_ref(&name),
        controller_name: CONTROLLER.into(),
        conditions: vec![
            Condition::holds(ConditionType::Accepted, Reason::Accepted, "accepted"),
            Condition::holds(ConditionType::ResolvedRefs, Reason::ResolvedRefs, "resolved"),
        ],
    };
    PolicyStatus { namespace: "shop".into(), observed_generation: 3, ancestors: gateways.into_iter().map(ancestor).collect() }
}

fn of(names: &[&str]) -> PolicyStatus {
    desired(names.iter().map(|name| (*name).to_owned()))
}

fn owned() -> BTreeSet<ControllerName> {
    [CONTROLLER.into()].into()
}

fn merge(existing: &Value, desired: &PolicyStatus) -> Merged {
    merge_policy(Some(existing), Some(desired), &owned(), Some(T1))
}

fn changed(merged: Merged) -> Value {
    let Merged::Changed(value) = merged else { panic!("expected a change, not {merged:?}") };
    value
}

fn entry(controller: &str, name: &str) -> Value {
    json!({"controllerName": controller, "ancestorRef": {"name": name}, "conditions": [earlier("Accepted", "True", 3)]})
}

fn theirs(name: &str) -> Value {
    let mut theirs = entry("example.com/theirs", name);
    theirs["later"] = json!([1]);
    theirs
}

fn ancestors(status: &Value) -> &[Value] {
    status["ancestors"].as_array().unwrap()
}

#[test]
fn n_019_an_entry_writes_out_the_gateway_and_both_conditions() {
    let status = changed(merge_policy(None, Some(&of(&["front"])), &owned(), Some(T1)));
    let [entry] = ancestors(&status) else { panic!("one entry") };
    let reference = json!({"group": "gateway.networking.k8s.io", "kind": "Gateway", "namespace": "shop", "name": "front"});
    assert_eq!((&entry["ancestorRef"], &entry["controllerName"]), (&reference, &json!(CONTROLLER)));
    let types: Vec<_> = entry["conditions"].as_array().unwrap().iter().map(|condition| &condition["type"]).collect();
    assert_eq!(types, ["Accepted", "ResolvedRefs"]);
    assert_eq!(entry["conditions"][0]["observedGeneration"], 3, "Q-003: that of the policy");
    assert_eq!(status.as_object().unwrap().len(), 1);
}

///
#[test]
fn n_021_entries_of_others_stay_and_ours_that_no_longer_apply_go() {
    let existing = json!({"ancestors": [theirs("front"), entry(CONTROLLER, "gone"), entry(CONTROLLER, "front"), theirs("gone")]});
    let status = changed(merge(&existing, &of(&["front"])));
    assert_eq!(ancestors(&status).len(), 3);
    assert_eq!((&ancestors(&status)[0], &ancestors(&status)[2]), (&theirs("front"), &theirs("gone")));
    assert_eq!(ancestors(&status)[1]["conditions"][0]["lastTransitionTime"], T0, "updated in its place");
    assert_eq!(merge(&status, &of(&["front"])), Merged::Unchanged);
}

#[test]
fn pitfall_63_the_last_entry_goes_too() {
    let existing = json!({"ancestors": [entry(CONTROLLER, "gone"), theirs("x")]});
    let expected = json!({"ancestors": [theirs("x")]});
    assert_eq!(changed(merge(&existing, &of(&[]))), expected);
    assert_eq!(changed(merge_policy(Some(&existing), None, &owned(), Some(T1))), expected);
    let ours = json!({"ancestors": [entry(CONTROLLER, "gone")]});
    assert_eq!(changed(merge(&ours, &of(&[]))), json!({"ancestors": []}), "the list is required");
    assert_eq!(merge_policy(None, Some(&of(&[])), &owned(), Some(T1)), Merged::Unchanged);
}

#[test]
fn q_001_conditions_of_others_in_an_entry_of_ours_stay() {
    let mut ours = entry(CONTROLLER, "front");
    ours["conditions"].as_array_mut().unwrap().insert(0, foreign("example.com/Checked"));
    let status = changed(merge(&json!({"ancestors": [ours]}), &of(&["front"])));
    assert_eq!(ancestors(&status)[0]["conditions"][0], foreign("example.com/Checked"));
    assert_eq!(ancestors(&status)[0]["conditions"].as_array().unwrap().len(), 3);
}

#[test]
fn q_004_nothing_is_written_over_a_newer_generation() {
    let mut newer = entry(CONTROLLER, "front");
    newer["conditions"][0]["observedGeneration"] = json!(4);
    assert_eq!(merge(&json!({"ancestors": [newer]}), &of(&["front"])), Merged::Stale);
}

#[test]
fn n_020_a_full_list_takes_nobody_in_and_throws_nobody_out() {
    let others: Vec<Value> = (0..15).map(|number| theirs(&number.to_string())).collect();
    let existing = json!({"ancestors": others});
    let Merged::Full { value: Some(status), dropped } = merge(&existing, &of(&["a", "b"])) else { panic!("room for one") };
    assert_eq!((ancestors(&status).len(), &ancestors(&status)[..15]), (MAX_ANCESTORS, &others[..]));
    assert_eq!(dropped, [Dropped::Ancestor { ancestor_ref: parent_ref("b") }]);
    assert_eq!(dropped[0].to_string(), "no room for Gateway shop/b in status.ancestors");
    assert_eq!(merge(&status, &of(&["a", "b"])), Merged::Full { value: None, dropped });
}

#[test]
fn n_020_a_newcomer_does_not_take_the_room_of_a_gateway_that_is_in_the_list() {
    let names = |range: std::ops::Range<usize>| range.map(|number| format!("gateway-{number:02}"));
    let status = changed(merge(&json!({}), &desired(names(1..17))));
    let merged = merge(&status, &desired(names(0..17)));
    let dropped = vec![Dropped::Ancestor { ancestor_ref: parent_ref("gateway-00") }];
    assert_eq!(merged, Merged::Full { value: None, dropped });
    // When one goes there is room.
    let status = changed(merge(&status, &desired(names(0..16))));
    let mut found: Vec<_> = ancestors(&status).iter().filter_map(|entry| entry["ancestorRef"]["name"].as_str()).collect();
    found.sort_unstable();
    assert_eq!(found, names(0..16).collect::<Vec<_>>());
}

#[test]
fn pitfall_65_entries_that_others_reordered_are_no_reason_to_write() {
    let mut status = changed(merge(&json!({"ancestors": [theirs("x")]}), &of(&["a", "b"])));
    status["ancestors"].as_array_mut().unwrap().reverse();
    assert_eq!(merge_policy(Some(&status), Some(&of(&["a", "b"])), &owned(), Some(T2)), Merged::Unchanged);
}
