//! Merging into the status of GatewayClasses and Gateways.

use gwapi_core::{SupportedFeatures, resolution::ResolvedListener};
use gwapi_status::{ClassStatus, ConditionStatus, ConditionType, Dropped, GatewayStatus, Merged, merge_class, merge_gateway};
use serde_json::{Value, json};

use crate::build::{T0, T1, T2, address, class, earlier, foreign, gateway, listener, of_type, status_of_gateway};

fn sound() -> GatewayStatus {
    status_of_gateway(&gateway([listener("web")]))
}

fn with_listeners(names: &[&str]) -> GatewayStatus {
    status_of_gateway(&gateway(names.iter().map(|name| listener(name))))
}

fn changed(merged: Merged) -> Value {
    let Merged::Changed(value) = merged else { panic!("expected a change, not {merged:?}") };
    value
}

#[test]
fn a_new_status_has_every_field_that_the_api_requires() {
    let status = changed(merge_gateway(None, &sound(), Some(T1)));
    let condition = |type_: &str, message: &str| {
        json!({"type": type_, "status": "True", "reason": type_, "message": message, "observedGeneration": 3,
            "lastTransitionTime": T1})
    };
    assert_eq!(
        status,
        json!({
            "addresses": [{"type": "IPAddress", "value": "192.0.2.1"}],
            "conditions": [
                condition("Accepted", "the Gateway is accepted"), condition("Programmed", "the Gateway is programmed"),
                condition("ResolvedRefs", "all references resolve"),
            ],
            "listeners": [{
                "name": "web",
                "attachedRoutes": 0,
                "supportedKinds": [{"group": "gateway.networking.k8s.io", "kind": "HTTPRoute"}],
                "conditions": [
                    condition("Accepted", "the listener is accepted"), condition("Programmed", "the listener is programmed"),
                    condition("ResolvedRefs", "all references resolve"),
                ],
            }],
        })
    );
}

#[test]
fn supported_kinds_are_an_empty_list_where_there_are_none() {
    let none = ResolvedListener { supported_kinds: Vec::new(), ..listener("web") };
    let status = changed(merge_gateway(None, &status_of_gateway(&gateway([none])), None));
    assert_eq!(status["listeners"][0]["supportedKinds"], json!([]));
}

/// Pitfall 66: an unchanged input must not lead to a write.
///
#[test]
fn pitfall_66_the_second_write_does_not_happen_whatever_time_it_is() {
    let status = changed(merge_gateway(None, &sound(), Some(T1)));
    assert_eq!(merge_gateway(Some(&status), &sound(), Some(T2)), Merged::Unchanged);
    assert_eq!(merge_gateway(Some(&status), &sound(), None), Merged::Unchanged);
}

///
#[test]
fn pitfall_66_the_time_moves_when_the_status_flips_and_not_with_reason_message_or_generation() {
    let existing = json!({"conditions": [earlier("Accepted", "True", 2), earlier("Programmed", "False", 2)]});
    let status = changed(merge_gateway(Some(&existing), &sound(), Some(T1)));
    let (accepted, programmed) = (&status["conditions"][0], &status["conditions"][1]);
    assert_eq!((&accepted["lastTransitionTime"], &accepted["reason"]), (&json!(T0), &json!("Accepted")));
    assert_eq!(accepted["observedGeneration"], 3);
    assert_eq!(programmed["lastTransitionTime"], T1);
}

#[test]
fn without_a_time_only_conditions_that_flip_lose_theirs() {
    let existing = json!({"conditions": [earlier("Accepted", "True", 2), earlier("Programmed", "Unknown", 2)]});
    let status = changed(merge_gateway(Some(&existing), &sound(), None));
    assert_eq!(status["conditions"][0]["lastTransitionTime"], T0);
    assert_eq!(status["conditions"][1].get("lastTransitionTime"), None);
    let status = changed(merge_gateway(Some(&status), &sound(), Some(T1)));
    assert_eq!(status["conditions"][1]["lastTransitionTime"], T1, "the API requires one");
}

/// Pitfall 71, and the case of the conformance suite.
#[test]
fn pitfall_71_conditions_of_others_stay_as_they_are_on_the_gateway_and_on_listeners() {
    let existing = json!({
        "conditions": [foreign("example.com/A"), earlier("Programmed", "True", 1), foreign("Ready"), earlier("Accepted", "True", 1)],
        "listeners": [{"name": "web", "attachedRoutes": 7, "supportedKinds": [], "conditions": [foreign("example.com/B")]}],
    });
    let status = changed(merge_gateway(Some(&existing), &sound(), Some(T1)));
    assert_eq!(status["conditions"][0], foreign("example.com/A"));
    assert_eq!(status["conditions"][2], foreign("Ready"));
    let order: Vec<_> = status["conditions"].as_array().unwrap().iter().map(|condition| &condition["type"]).collect();
    assert_eq!(order, ["example.com/A", "Programmed", "Ready", "Accepted", "ResolvedRefs"], "in their places");
    assert_eq!(status["listeners"][0]["conditions"][0], foreign("example.com/B"));
    assert_eq!(status["listeners"][0]["conditions"].as_array().unwrap().len(), 4);
    assert_eq!(status["listeners"][0]["attachedRoutes"], 0);
}

#[test]
fn a_type_stands_there_once() {
    let existing = json!({"conditions": [earlier("Accepted", "True", 1), foreign("X"), earlier("Accepted", "False", 2)]});
    let status = changed(merge_gateway(Some(&existing), &sound(), Some(T1)));
    let order: Vec<_> = status["conditions"].as_array().unwrap().iter().map(|condition| &condition["type"]).collect();
    assert_eq!(order, ["Accepted", "X", "Programmed", "ResolvedRefs"]);
    assert_eq!(status["conditions"][0]["lastTransitionTime"], T0, "the first one counts");
}

#[test]
fn negative_conditions_go_when_they_no_longer_hold() {
    let conditions =
        json!([earlier("Conflicted", "True", 2), earlier("OverlappingTLSConfig", "True", 2), earlier("Accepted", "False", 2),]);
    let existing = json!({"listeners": [{"name": "web", "conditions": conditions}]});
    let status = changed(merge_gateway(Some(&existing), &sound(), Some(T1)));
    let conditions = &status["listeners"][0]["conditions"];
    assert_eq!((of_type(conditions, "Conflicted"), of_type(conditions, "OverlappingTLSConfig")), (None, None));
    assert_eq!(conditions[0]["type"], "Accepted");
}

#[test]
fn conditions_of_a_gateway_that_no_longer_hold_go_too() {
    // B-048, P-005, and a feature that is no longer declared.
    let gone = ["InsecureFrontendValidationMode", "DefaultGateway", "AddressesAssigned"].map(|type_| earlier(type_, "True", 2));
    let existing = json!({"conditions": [gone[0], gone[1], foreign("Ready"), gone[2]]});
    let status = changed(merge_gateway(Some(&existing), &sound(), Some(T1)));
    let order: Vec<_> = status["conditions"].as_array().unwrap().iter().map(|condition| &condition["type"]).collect();
    assert_eq!(order, ["Ready", "Accepted", "Programmed", "ResolvedRefs"]);
}

/// an embedder may have to write before it knows.
#[test]
fn an_empty_status_is_unknown_and_an_empty_time_is_none() {
    let mut desired = sound();
    desired.conditions[0].status = ConditionStatus::Unknown;
    let existing = json!({"conditions": [earlier("Accepted", "", 2), earlier("Programmed", "True", 2)]});
    let mut status = changed(merge_gateway(Some(&existing), &desired, Some(T1)));
    assert_eq!(status["conditions"][0]["status"], "Unknown");
    assert_eq!(status["conditions"][0]["lastTransitionTime"], T0, "nothing flipped");
    status["conditions"][0]["lastTransitionTime"] = json!("");
    let status = changed(merge_gateway(Some(&status), &desired, Some(T2)));
    assert_eq!(status["conditions"][0]["lastTransitionTime"], T2);
}

#[test]
fn positive_conditions_that_are_not_ours_to_know_are_left_alone() {
    let version = earlier("SupportedVersion", "True", 9);
    let existing = json!({"conditions": [version, earlier("Accepted", "True", 2)]});
    let desired = ClassStatus::of(&class(), &SupportedFeatures::core());
    let status = changed(merge_class(Some(&existing), &desired, Some(T1)));
    assert_eq!(status["conditions"][0], version);
}

#[test]
fn a_006_the_version_is_written_with_accepted_and_follows_what_is_installed() {
    let of = |version| {
        ClassStatus::of(&class(), &SupportedFeatures::core()).with_installed([("gateways", Some(version))], &["v1.7.0"])
    };
    let status = changed(merge_class(None, &of("v1.7.0"), Some(T1)));
    assert_eq!((&status["conditions"][0]["type"], &status["conditions"][0]["status"]), (&json!("Accepted"), &json!("True")));
    let (type_, reason) = (&status["conditions"][1]["type"], &status["conditions"][1]["reason"]);
    assert_eq!((type_, reason), (&json!("SupportedVersion"), &json!("SupportedVersion")));
    let status = changed(merge_class(Some(&status), &of("v1.8.0"), Some(T2)));
    assert_eq!((&status["conditions"][0]["status"], &status["conditions"][1]["status"]), (&json!("True"), &json!("False")));
    assert_eq!(status["conditions"].as_array().unwrap().len(), 2);
}

/// in one write.
#[test]
fn a_class_publishes_its_features_beside_accepted() {
    let desired = ClassStatus::of(&class(), &SupportedFeatures::core());
    let status = changed(merge_class(Some(&json!({"supportedFeatures": ["HTTPRoute"]})), &desired, Some(T1)));
    assert_eq!(status["supportedFeatures"], json!([{"name": "Gateway"}, {"name": "HTTPRoute"}, {"name": "ReferenceGrant"}]));
    assert_eq!(status["conditions"][0]["status"], "True");
    assert_eq!(merge_class(Some(&status), &desired, Some(T2)), Merged::Unchanged);
}

/// Pitfall 72: a status of an older generation is never taken for a current one.
#[test]
fn pitfall_72_every_condition_of_ours_reaches_the_new_generation_also_without_another_change() {
    let mut desired = sound();
    let old = changed(merge_gateway(None, &desired, Some(T1)));
    desired.observed_generation = 4;
    let new = changed(merge_gateway(Some(&old), &desired, Some(T2)));
    let listener = new["listeners"][0]["conditions"].as_array().unwrap();
    for condition in new["conditions"].as_array().unwrap().iter().chain(listener) {
        assert_eq!(condition["observedGeneration"], 4);
        assert_eq!(condition["lastTransitionTime"], T1, "nothing flipped");
    }
}

#[test]
fn nothing_is_written_over_a_newer_generation() {
    let newer = json!({"conditions": [earlier("Accepted", "False", 4)]});
    assert_eq!(merge_gateway(Some(&newer), &sound(), Some(T1)), Merged::Stale);
    let newer = json!({"listeners": [{"name": "web", "conditions": [earlier("Conflicted", "True", 4)]}]});
    assert_eq!(merge_gateway(Some(&newer), &sound(), Some(T1)), Merged::Stale);
    let removed = json!({"listeners": [{"name": "added-later", "conditions": [earlier("Accepted", "True", 4)]}]});
    assert_eq!(merge_gateway(Some(&removed), &sound(), Some(T1)), Merged::Stale);
    let class_status = ClassStatus::of(&class(), &SupportedFeatures::core());
    let newer = json!({"conditions": [earlier("Accepted", "True", 4)]});
    assert_eq!(merge_class(Some(&newer), &class_status, Some(T1)), Merged::Stale);
    assert_eq!(Merged::Stale.into_status(), None);

    let of_others = json!({"conditions": [foreign("example.com/A")]});
    assert!(matches!(merge_gateway(Some(&of_others), &sound(), Some(T1)), Merged::Changed(_)), "theirs is none of our business");
    let same = json!({"conditions": [earlier("Accepted", "False", 3)]});
    assert!(matches!(merge_gateway(Some(&same), &sound(), Some(T1)), Merged::Changed(_)));
}

#[test]
fn an_object_without_a_generation_is_never_stale() {
    let mut desired = sound();
    desired.observed_generation = 0;
    let existing = json!({"conditions": [earlier("Accepted", "True", 4)]});
    let status = changed(merge_gateway(Some(&existing), &desired, Some(T1)));
    assert_eq!(status["conditions"][0]["observedGeneration"], 0);
}

#[test]
fn the_status_has_exactly_the_current_listeners() {
    let old = changed(merge_gateway(None, &with_listeners(&["gone", "web"]), Some(T0)));
    let new = changed(merge_gateway(Some(&old), &with_listeners(&["added", "web"]), Some(T1)));
    let names: Vec<_> = new["listeners"].as_array().unwrap().iter().map(|listener| &listener["name"]).collect();
    assert_eq!(names, ["added", "web"], "in the order of the manifest");
    assert_eq!(new["listeners"][0]["conditions"][0]["lastTransitionTime"], T1);
    assert_eq!(new["listeners"][1]["conditions"][0]["lastTransitionTime"], T0, "the entry is found by its name");
    let none = changed(merge_gateway(Some(&new), &with_listeners(&[]), Some(T1)));
    assert_eq!(none.get("listeners"), None);
}

#[test]
fn pitfall_65_lists_that_others_reordered_are_no_reason_to_write() {
    let mut resolved = gateway(["a", "b", "c"].map(listener));
    resolved.addresses.push(address("192.0.2.2"));
    let desired = status_of_gateway(&resolved);
    let mut status = changed(merge_gateway(None, &desired, Some(T0)));
    for list in ["listeners", "conditions", "addresses"] {
        status[list].as_array_mut().unwrap().reverse();
    }
    assert_eq!(merge_gateway(Some(&status), &desired, Some(T1)), Merged::Unchanged);
}

#[test]
fn pitfall_65_how_often_an_entry_is_there_is_no_matter_of_order() {
    let mut desired = sound();
    let [a, b] = ["192.0.2.1", "192.0.2.2"].map(address);
    desired.addresses = vec![a.clone(), b.clone(), b.clone()];
    let status = changed(merge_gateway(None, &desired, Some(T0)));
    desired.addresses = vec![b.clone(), a.clone(), b.clone()];
    assert_eq!(merge_gateway(Some(&status), &desired, Some(T1)), Merged::Unchanged);
    desired.addresses = vec![a.clone(), a, b];
    assert!(matches!(merge_gateway(Some(&status), &desired, Some(T1)), Merged::Changed(_)));
}

#[test]
fn addresses_are_ours_and_go_with_the_last_one() {
    let existing = json!({"addresses": [{"type": "IPAddress", "value": "198.51.100.1"}]});
    let mut desired = sound();
    let status = changed(merge_gateway(Some(&existing), &desired, Some(T1)));
    assert_eq!(status["addresses"], json!([{"type": "IPAddress", "value": "192.0.2.1"}]));
    desired.addresses.clear();
    assert_eq!(changed(merge_gateway(Some(&status), &desired, Some(T1))).get("addresses"), None);
    desired.addresses = (0..20).map(|number| address(&format!("192.0.2.{number}"))).collect();
    let status = changed(merge_gateway(Some(&status), &desired, Some(T1)));
    assert_eq!(status["addresses"].as_array().unwrap().len(), 16);
}

#[test]
fn fields_that_nobody_knows_yet_are_kept() {
    let existing = json!({
        "later": {"a": 1},
        "listeners": [{"name": "web", "later": true, "conditions": []}],
    });
    let status = changed(merge_gateway(Some(&existing), &sound(), Some(T1)));
    assert_eq!(status["later"], json!({"a": 1}));
    assert_eq!(status["listeners"][0]["later"], true);
}

#[test]
fn conditions_of_others_are_never_displaced_and_what_has_no_room_is_reported() {
    let others: Vec<Value> = (0..7).map(|number| foreign(&format!("example.com/{number}"))).collect();
    let existing = json!({"conditions": others});
    let Merged::Full { value: Some(status), dropped } = merge_gateway(Some(&existing), &sound(), Some(T1)) else {
        panic!("there is room for one")
    };
    let conditions = status["conditions"].as_array().unwrap();
    assert_eq!(conditions.len(), 8);
    assert_eq!(conditions[..7], others);
    assert_eq!(conditions[7]["type"], "Accepted", "the most important one");
    let no_room = |type_| Dropped::Condition { list: "status.conditions".into(), type_ };
    assert_eq!(dropped, [no_room(ConditionType::Programmed), no_room(ConditionType::ResolvedRefs)]);
    assert_eq!(dropped[0].to_string(), "no room for `Programmed` in status.conditions");

    let again = merge_gateway(Some(&status), &sound(), Some(T2));
    assert_eq!(again, Merged::Full { value: None, dropped }, "nothing to write the second time");
    assert_eq!(again.into_status(), None);
}

#[test]
fn room_on_listeners_is_reported_by_listener() {
    let others: Vec<Value> = (0..9).map(|number| foreign(&format!("example.com/{number}"))).collect();
    let existing = json!({"listeners": [{"name": "web", "conditions": others}]});
    let Merged::Full { dropped, value } = merge_gateway(Some(&existing), &sound(), Some(T1)) else { panic!("there is no room") };
    assert_eq!(dropped.len(), 3);
    assert_eq!(dropped[0].to_string(), "no room for `Accepted` in status.listeners[web].conditions");
    assert_eq!(value.unwrap()["listeners"][0]["conditions"], json!(others), "also if there are more than allowed");
}

/// Pitfall 67: `conditions: null` is refused by the API server.
#[test]
fn pitfall_67_null_in_place_of_a_list_is_mended() {
    let existing = json!({"conditions": null, "addresses": null, "listeners": null});
    let status = changed(merge_gateway(Some(&existing), &sound(), Some(T1)));
    assert_eq!(status, changed(merge_gateway(None, &sound(), Some(T1))));
    let mut silent = sound();
    silent.conditions.clear();
    silent.addresses.clear();
    silent.listeners.clear();
    assert_eq!(changed(merge_gateway(Some(&existing), &silent, Some(T1))), json!({}));
    assert_eq!(merge_gateway(None, &silent, Some(T1)), Merged::Unchanged);
    assert_eq!(merge_gateway(Some(&Value::Null), &silent, Some(T1)), Merged::Unchanged);
}

/// The count is the Gateway controller's own: whoever has no ListenerSets has none.
#[test]
fn c_008_the_count_of_listener_sets_is_written_also_if_it_is_zero() {
    let mut desired = sound();
    for (count, expected) in [(Some(2), Some(json!(2))), (Some(0), Some(json!(0))), (None, None)] {
        desired.attached_listener_sets = count;
        let status = changed(merge_gateway(Some(&json!({"attachedListenerSets": 7})), &desired, Some(T1)));
        assert_eq!(status.get("attachedListenerSets"), expected.as_ref());
        assert_eq!(merge_gateway(Some(&status), &desired, Some(T2)), Merged::Unchanged);
    }
}

#[test]
fn b_078_whoever_tells_routability_tells_the_empty_one_too() {
    let mut desired = sound();
    desired.addresses.push(gwapi_core::model::Address { routability: "Cluster".into(), ..address("10.0.0.1") });
    let scopes = |desired: &GatewayStatus| -> Vec<Option<Value>> {
        let status = changed(merge_gateway(None, desired, Some(T1)));
        status["addresses"].as_array().unwrap().iter().map(|address| address.get("routability").cloned()).collect()
    };
    assert_eq!(scopes(&desired), [None, None], "the field is one of the feature");
    desired.tells_routability = true;
    assert_eq!(scopes(&desired), [Some(json!("")), Some(json!("Cluster"))]);
}
