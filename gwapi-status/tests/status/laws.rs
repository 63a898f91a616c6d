//! Laws 2, 3 and 9 over random statuses, garbage included.

use std::collections::BTreeSet;

use gwapi_core::{Refusal, SupportedFeatures, model::ParentRef, name::ControllerName, resolution::ResolvedListener};
use gwapi_status::{
    ClassStatus, GatewayStatus, MAX_CONDITIONS, MAX_PARENTS, Merged, RouteStatus, merge_class, merge_gateway, merge_route,
};
use proptest::{prelude::*, sample::select};
use serde_json::{Map, Value, json};

use crate::build::{
    CONTROLLER, T0, T1, T2, accepting, class, gateway, invalid_rule, listener, not_permitted, parent_ref, refusing, route, rule,
    rule_invalid, status_of_gateway, unresolved_rule,
};

const OURS: [&str; 5] = ["Accepted", "Programmed", "ResolvedRefs", "Conflicted", "PartiallyInvalid"];

fn garbage() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        select(vec!["", "Accepted", "True", "a", "ä"]).prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 24, 4, |inner| {
        let keys =
            select(vec!["conditions", "parents", "listeners", "type", "status", "name", "parentRef", "controllerName", "x"]);
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec((keys, inner), 0..4)
                .prop_map(|members| Value::Object(members.into_iter().map(|(key, value)| (key.to_owned(), value)).collect())),
        ]
    })
}

fn or_garbage(strategy: impl Strategy<Value = Value> + 'static) -> impl Strategy<Value = Value> {
    prop_oneof![9 => strategy, 1 => garbage()]
}

/// A value at most of the time, else nothing at all.
fn member(strategy: impl Strategy<Value = Value> + 'static) -> impl Strategy<Value = Option<Value>> {
    prop_oneof![9 => or_garbage(strategy).prop_map(Some), 1 => Just(None)]
}

fn object(members: Vec<(&str, Option<Value>)>) -> Value {
    Value::Object(members.into_iter().filter_map(|(key, value)| Some((key.to_owned(), value?))).collect())
}

fn condition() -> impl Strategy<Value = Value> {
    let types = OURS.into_iter().chain(["OverlappingTLSConfig", "SupportedVersion", "Ready", "example.com/A", "example.com/B"]);
    let members = (
        member(select(types.collect::<Vec<_>>()).prop_map(Value::from)),
        member(select(vec!["True", "False", "Unknown", ""]).prop_map(Value::from)),
        member((0..5_i64).prop_map(Value::from)),
        member(Just(Value::from(T0))),
    );
    members.prop_map(|(type_, status, generation, time)| {
        object(vec![
            ("type", type_),
            ("status", status),
            ("reason", Some("Earlier".into())),
            ("observedGeneration", generation),
            ("lastTransitionTime", time),
        ])
    })
}

fn conditions() -> impl Strategy<Value = Value> {
    prop::collection::vec(or_garbage(condition()), 0..11).prop_map(Value::from)
}

fn names() -> impl Strategy<Value = Value> {
    select(vec!["a", "b", "c"]).prop_map(Value::from)
}

fn gateway_status() -> impl Strategy<Value = Value> {
    let listener = (member(names()), member(conditions()), member(Just(json!(1)))).prop_map(|(name, conditions, routes)| {
        object(vec![("name", name), ("conditions", conditions), ("attachedRoutes", routes)])
    });
    let addresses = member(Just(json!([{"type": "IPAddress", "value": "192.0.2.1"}])));
    let listeners = prop::collection::vec(or_garbage(listener), 0..4).prop_map(Value::from);
    let members = (member(conditions()), member(listeners), addresses, member(Just(json!(2))));
    or_garbage(members.prop_map(|(conditions, listeners, addresses, sets)| {
        object(vec![
            ("conditions", conditions),
            ("listeners", listeners),
            ("addresses", addresses),
            ("attachedListenerSets", sets),
        ])
    }))
}

fn route_status() -> impl Strategy<Value = Value> {
    let reference = (member(names()), member(Just(json!("shop"))), member(Just(json!(80))))
        .prop_map(|(name, namespace, port)| object(vec![("name", name), ("namespace", namespace), ("port", port)]));
    let controller = select(vec![CONTROLLER, "example.com/theirs", "example.com/third"]).prop_map(Value::from);
    let entry = (member(reference), member(controller), member(conditions())).prop_map(|(reference, name, conditions)| {
        object(vec![("parentRef", reference), ("controllerName", name), ("conditions", conditions)])
    });
    let few_or_many = prop_oneof![9 => 0..6_usize, 1 => 28..36_usize];
    let entry = or_garbage(entry).boxed();
    let parents = few_or_many.prop_flat_map(move |count| prop::collection::vec(entry.clone(), count)).prop_map(Value::from);
    or_garbage(
        (member(parents), member(Just(json!(1))))
            .prop_map(|(parents, later)| object(vec![("parents", parents), ("later", later)])),
    )
}

/// 2 is often behind what was written before, 4 and none at all never.
fn generation() -> impl Strategy<Value = i64> {
    select(vec![0, 2, 4, 4])
}

fn desired_gateway() -> impl Strategy<Value = GatewayStatus> {
    let listeners = prop::sample::subsequence(vec!["a", "b", "c"], 0..=3).prop_shuffle();
    (listeners, any::<[bool; 4]>(), generation()).prop_map(|(names, [conflict, overlap, unreachable, refused], generation)| {
        let mut resolved = gateway(names.iter().map(|name| listener(name)));
        if let Some(first) = resolved.listeners.first_mut() {
            if conflict {
                first.refused.push(Refusal::HostnameConflict { port: 80, with: vec!["c".into()] });
            }
            if overlap {
                first.overlaps.push("b".into());
            }
        }
        resolved.unreachable.extend(unreachable.then_some(Refusal::AddressNotAssigned));
        resolved.refused.extend(refused.then(|| Refusal::AddressTypeUnsupported { address_type: "x".into() }));
        GatewayStatus { observed_generation: generation, ..status_of_gateway(&resolved) }
    })
}

fn desired_route() -> impl Strategy<Value = RouteStatus> {
    let parents = prop::collection::vec((select(vec!["a", "b", "c"]), prop::option::of(80..82_u16), any::<bool>()), 0..6);
    (parents, any::<[bool; 3]>(), generation()).prop_map(|(parents, [invalid, unresolved, left], generation)| {
        let attach = |(name, port, accepted): (&str, Option<u16>, bool)| {
            let reference = ParentRef { port, ..parent_ref(name) };
            if accepted { accepting(reference) } else { refusing(reference, []) }
        };
        let mut rules = vec![rule(0)];
        rules.extend(invalid.then(|| invalid_rule(1, [rule_invalid("spec.rules[1]")])));
        rules.extend(unresolved.then(|| unresolved_rule(2, [not_permitted("x")])));
        let mut status = RouteStatus::of(&route(parents.into_iter().map(attach), rules));
        status.left_alone.extend(left.then(|| ParentRef { port: Some(9), ..parent_ref("a") }));
        RouteStatus { observed_generation: generation, ..status }
    })
}

fn owned() -> BTreeSet<ControllerName> {
    [CONTROLLER.into()].into()
}

/// What is in the object afterwards; nothing if there is no status and none is written.
fn after(merged: Merged, before: &Value) -> Value {
    merged.into_status().unwrap_or_else(|| before.clone())
}

fn list<'v>(value: &'v Value, key: &str) -> &'v [Value] {
    value.get(key).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default()
}

fn is_of_type(entry: &Value, types: &[&str]) -> bool {
    entry.get("type").and_then(Value::as_str).is_some_and(|type_| types.contains(&type_))
}

fn first_of_type<'v>(conditions: &'v [Value], type_: &str) -> Option<&'v Value> {
    conditions.iter().find(|condition| is_of_type(condition, &[type_]))
}

/// Conditions of others are equal and in their order; a type of ours stands there once; there are not more than allowed
/// unless others alone are; the time is the old one if the status is.
fn check_conditions(before: &[Value], after: &[Value], own: &[&str]) {
    let foreign = |conditions: &[Value]| -> Vec<Value> {
        conditions.iter().filter(|condition| !is_of_type(condition, own)).cloned().collect()
    };
    assert_eq!(foreign(before), foreign(after));
    assert!(after.len() <= MAX_CONDITIONS.max(foreign(before).len()));
    for type_ in own {
        assert!(after.iter().filter(|condition| is_of_type(condition, &[type_])).count() <= 1);
        let Some(new) = first_of_type(after, type_) else { continue };
        let old = first_of_type(before, type_);
        let status = |condition: &Value| match condition.get("status").and_then(Value::as_str) {
            Some("") => Some("Unknown".to_owned()),
            other => other.map(str::to_owned),
        };
        let time = |condition: &Value| {
            condition.get("lastTransitionTime").and_then(Value::as_str).filter(|time| !time.is_empty()).map(str::to_owned)
        };
        let kept = old.filter(|old| status(old) == status(new)).and_then(time);
        assert_eq!(time(new), Some(kept.unwrap_or_else(|| T1.to_owned())), "{type_}: {old:?} -> {new:?}");
    }
}

const OF_GATEWAY: [&str; 3] = ["Accepted", "Programmed", "InsecureFrontendValidationMode"];
const OF_LISTENER: [&str; 5] = ["Accepted", "Programmed", "ResolvedRefs", "Conflicted", "OverlappingTLSConfig"];
const OF_PARENT: [&str; 3] = ["Accepted", "ResolvedRefs", "PartiallyInvalid"];

fn is_ours(entry: &Value) -> bool {
    entry.get("controllerName").and_then(Value::as_str) == Some(CONTROLLER)
}

/// Of `left_alone`, as [`desired_route`] has it.
fn is_left_alone(entry: &Value, desired: &RouteStatus) -> bool {
    let reference = &entry["parentRef"];
    let same = reference["name"] == "a" && reference["port"] == 9;
    !desired.left_alone.is_empty() && same
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn law_9_merge_gateway_keeps_what_is_not_ours_and_moves_the_time_on_flips_only(
        before in gateway_status(), desired in desired_gateway(),
    ) {
        let merged = merge_gateway(Some(&before), &desired, Some(T1));
        let stale = merged == Merged::Stale;
        let status = after(merged, &before);
        prop_assert_eq!(merge_gateway(Some(&status), &desired, Some(T2)).into_status(), None, "idempotent");
        if !stale {
            check_conditions(list(&before, "conditions"), list(&status, "conditions"), &OF_GATEWAY);
            prop_assert_eq!(list(&status, "listeners").len(), desired.listeners.len());
            for listener in list(&status, "listeners") {
                let old = list(&before, "listeners").iter().find(|old| old.get("name") == listener.get("name"));
                check_conditions(old.map(|old| list(old, "conditions")).unwrap_or_default(), list(listener, "conditions"), &OF_LISTENER);
            }
            if before.is_object() {
                prop_assert_eq!(before.get("attachedListenerSets"), status.get("attachedListenerSets"));
            }
        }
    }

    #[test]
    fn law_9_merge_class_keeps_what_is_not_ours_and_moves_the_time_on_flips_only(before in gateway_status()) {
        let desired = ClassStatus::of(&class(), &SupportedFeatures::core());
        let merged = merge_class(Some(&before), &desired, Some(T1));
        let stale = merged == Merged::Stale;
        let status = after(merged, &before);
        prop_assert_eq!(merge_class(Some(&status), &desired, Some(T2)).into_status(), None, "idempotent");
        if !stale {
            check_conditions(list(&before, "conditions"), list(&status, "conditions"), &["Accepted"]);
        }
    }

    #[test]
    fn law_9_merge_route_keeps_what_is_not_ours_and_moves_the_time_on_flips_only(
        before in route_status(), desired in desired_route(),
    ) {
        let merged = merge_route(Some(&before), Some(&desired), &owned(), Some(T1));
        let stale = merged == Merged::Stale;
        let status = after(merged, &before);
        let again = merge_route(Some(&status), Some(&desired), &owned(), Some(T2));
        prop_assert_eq!(again.into_status(), None, "idempotent");
        if !stale {
            let foreign = |status: &Value| -> Vec<Value> {
                let entries = list(status, "parents").iter();
                entries.filter(|entry| !is_ours(entry) || is_left_alone(entry, &desired)).cloned().collect()
            };
            prop_assert_eq!(foreign(&before), foreign(&status));
            prop_assert!(list(&status, "parents").len() <= MAX_PARENTS.max(foreign(&before).len()));
            for entry in list(&status, "parents").iter().filter(|entry| is_ours(entry) && !is_left_alone(entry, &desired)) {
                prop_assert!(!list(entry, "conditions").is_empty());
                let port = entry["parentRef"].get("port");
                let is_wanted = desired.parents.iter().any(|parent| {
                    entry["parentRef"]["name"] == parent.parent_ref.name.as_str() && port == parent.parent_ref.port.map(Value::from).as_ref()
                });
                prop_assert!(is_wanted);
                let old = list(&before, "parents").iter().find(|old| is_ours(old) && same_parent(old, entry));
                check_conditions(old.map(|old| list(old, "conditions")).unwrap_or_default(), list(entry, "conditions"), &OF_PARENT);
            }
        }
    }

    #[test]
    fn law_9_merge_route_without_a_parent_of_ours_leaves_those_of_others(before in route_status()) {
        let status = after(merge_route(Some(&before), None, &owned(), Some(T1)), &before);
        let others: Vec<&Value> = list(&before, "parents").iter().filter(|entry| !is_ours(entry)).collect();
        prop_assert_eq!(list(&status, "parents").iter().collect::<Vec<_>>(), others);
        prop_assert_eq!(merge_route(Some(&status), None, &owned(), Some(T2)), Merged::Unchanged);
    }

    #[test]
    fn law_2_merge_is_total(before in garbage(), gateway in desired_gateway(), route in desired_route()) {
        let class = ClassStatus::of(&class(), &SupportedFeatures::core());
        for now in [None, Some(T1)] {
            let _ = merge_class(Some(&before), &class, now);
            let _ = merge_gateway(Some(&before), &gateway, now);
            let _ = merge_route(Some(&before), Some(&route), &owned(), now);
        }
    }

    /// Pitfall 65.
    #[test]
    fn pitfall_65_shuffled_lists_are_no_reason_to_write(
        gateway in desired_gateway(), route in desired_route(), seed in any::<prop::sample::Index>(),
    ) {
        let status = after(merge_gateway(None, &gateway, Some(T1)), &json!({}));
        prop_assert_eq!(merge_gateway(Some(&rotated(&status, seed)), &gateway, Some(T2)), Merged::Unchanged);
        let status = after(merge_route(None, Some(&route), &owned(), Some(T1)), &json!({}));
        prop_assert_eq!(merge_route(Some(&rotated(&status, seed)), Some(&route), &owned(), Some(T2)), Merged::Unchanged);
    }

    /// Law 3, and pitfall 73: what is found out in another order is told in the same words.
    #[test]
    fn law_3_the_order_of_refusals_does_not_show(
        refusals in Just(every_listener_refusal()).prop_shuffle(), unresolved in Just(several_references()).prop_shuffle(),
    ) {
        let of = |refused: Vec<Refusal>, unresolved: Vec<Refusal>| {
            status_of_gateway(&gateway([ResolvedListener { refused, unresolved, ..listener("a") }]))
        };
        prop_assert_eq!(of(refusals, unresolved), of(every_listener_refusal(), several_references()));
    }
}

fn same_parent(one: &Value, other: &Value) -> bool {
    let normal = |entry: &Value| {
        let reference = entry.get("parentRef")?.as_object()?;
        let get = |key: &str| reference.get(key).filter(|value| !value.is_null()).cloned();
        let namespace = get("namespace").unwrap_or_else(|| "shop".into());
        Some((get("name")?, namespace, get("port")))
    };
    normal(one).is_some_and(|one| normal(other) == Some(one))
}

/// The same lists, each beginning somewhere else; the order of names in `supportedFeatures` is no matter here.
fn rotated(value: &Value, seed: prop::sample::Index) -> Value {
    match value {
        Value::Array(entries) if !entries.is_empty() => {
            let mut entries: Vec<Value> = entries.iter().map(|entry| rotated(entry, seed)).collect();
            let middle = seed.index(entries.len());
            entries.rotate_left(middle);
            Value::Array(entries)
        }
        Value::Object(members) => {
            let members: Map<String, Value> = members.iter().map(|(key, value)| (key.clone(), rotated(value, seed))).collect();
            Value::Object(members)
        }
        other => other.clone(),
    }
}

fn every_listener_refusal() -> Vec<Refusal> {
    vec![
        Refusal::HostnameConflict { port: 80, with: vec!["b".into()] },
        Refusal::ProtocolConflict { port: 80, protocol: "TCP".into(), with: vec!["c".into()] },
        Refusal::PortUnavailable { port: 80 },
        Refusal::ProtocolUnsupported { protocol: "example.com/x".into() },
        Refusal::TlsModeUnsupported { mode: "Odd".into(), protocol: "TLS".into() },
    ]
}

fn several_references() -> Vec<Refusal> {
    vec![not_permitted("x"), not_permitted("y"), Refusal::PortUnavailable { port: 1 }]
}
