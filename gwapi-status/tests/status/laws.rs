//! Laws 2, 3 and 9 over random statuses, garbage included.

use std::collections::BTreeSet;

use gwapi_core::{
    Controller, Refusal, SupportedFeatures,
    model::ParentRef,
    name::ControllerName,
    resolution::{AttachedRoutes, ResolvedListener},
};
use gwapi_status::{
    AncestorStatus, ClassStatus, Condition, ConditionType, GatewayStatus, ListenerSetStatus, MAX_ANCESTORS, MAX_CONDITIONS,
    MAX_PARENTS, MAX_X_BACKEND_ANCESTORS, Merged, MeshStatus, PolicyStatus, Reason, RouteStatus, XBackendStatus, merge_class,
    merge_gateway, merge_listener_set, merge_mesh, merge_policy, merge_route, merge_x_backend,
};
use proptest::{prelude::*, sample::select};
use serde_json::{Map, Value, json};

use crate::build::{
    CONTROLLER, T0, T1, T2, accepting, class, gateway, invalid_rule, listener, not_permitted, parent_ref, plain, refusing, route,
    rule, rule_invalid, status_of_gateway, unresolved_rule,
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
        let keys = select(vec![
            "conditions",
            "parents",
            "ancestors",
            "listeners",
            "type",
            "status",
            "name",
            "parentRef",
            "ancestorRef",
            "controllerName",
            "x",
        ]);
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
    let own = ["OverlappingTLSConfig", "InsecureFrontendValidationMode", "AddressesAssigned", "DefaultGateway"];
    let types = OURS.into_iter().chain(own).chain(["SupportedVersion", "Ready", "example.com/A", "example.com/B"]);
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

/// A status with a list that controllers share.
fn shared_status(list: &'static str, reference: &'static str) -> impl Strategy<Value = Value> {
    let object_ref = (member(names()), member(Just(json!("shop"))), member(Just(json!(80))))
        .prop_map(|(name, namespace, port)| object(vec![("name", name), ("namespace", namespace), ("port", port)]));
    let controller = select(vec![CONTROLLER, "example.com/theirs", "example.com/third"]).prop_map(Value::from);
    let entry = (member(object_ref), member(controller), member(conditions())).prop_map(move |(object_ref, name, conditions)| {
        object(vec![(reference, object_ref), ("controllerName", name), ("conditions", conditions)])
    });
    let few_or_many = prop_oneof![9 => 0..6_usize, 1 => 12..36_usize];
    let entry = or_garbage(entry).boxed();
    let entries = few_or_many.prop_flat_map(move |count| prop::collection::vec(entry.clone(), count)).prop_map(Value::from);
    or_garbage(
        (member(entries), member(Just(json!(1))))
            .prop_map(move |(entries, later)| object(vec![(list, entries), ("later", later)])),
    )
}

fn route_status() -> impl Strategy<Value = Value> {
    shared_status("parents", "parentRef")
}

fn ancestor_status() -> impl Strategy<Value = Value> {
    shared_status("ancestors", "ancestorRef")
}

/// 2 is often behind what was written before, 4 and none at all never.
fn generation() -> impl Strategy<Value = i64> {
    select(vec![0, 2, 4, 4])
}

fn desired_gateway() -> impl Strategy<Value = GatewayStatus> {
    let listeners = prop::sample::subsequence(vec!["a", "b", "c"], 0..=3).prop_shuffle();
    (listeners, any::<[bool; 5]>(), generation()).prop_map(
        |(names, [conflict, overlap, unreachable, refused, all], generation)| {
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
            let controller = if all { Controller::default() } else { plain() };
            let status = GatewayStatus::of(&resolved, &AttachedRoutes::default(), &controller);
            GatewayStatus { observed_generation: generation, ..status }
        },
    )
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

/// A ListenerSet is written as a Gateway is, and has less.
fn desired_listener_set() -> impl Strategy<Value = ListenerSetStatus> {
    desired_gateway().prop_map(|gateway| ListenerSetStatus {
        controller_name: gateway.controller_name,
        observed_generation: gateway.observed_generation,
        conditions: gateway.conditions.into_iter().take(2).collect(),
        listeners: gateway.listeners,
    })
}

fn desired_mesh() -> impl Strategy<Value = MeshStatus> {
    (any::<bool>(), generation()).prop_map(|(accepted, observed_generation)| {
        let condition = if accepted { Condition::holds } else { Condition::fails };
        let conditions = vec![condition(ConditionType::Accepted, Reason::Accepted, String::new())];
        MeshStatus { observed_generation, conditions, supported_features: SupportedFeatures::core().iter().collect() }
    })
}

/// Few ancestors, or more than have room.
fn desired_ancestors() -> impl Strategy<Value = Vec<AncestorStatus>> {
    let name =
        prop_oneof![select(vec!["a", "b", "c"]).prop_map(str::to_owned), (0..40_u8).prop_map(|number| format!("g{number}"))];
    let few_or_many = prop_oneof![9 => 0..6_usize, 1 => 12..40_usize];
    let ancestor = (name, any::<bool>()).prop_map(|(name, accepted)| AncestorStatus {
        ancestor_ref: parent_ref(&name),
        controller_name: CONTROLLER.into(),
        conditions: vec![
            Condition::holds(ConditionType::ResolvedRefs, Reason::ResolvedRefs, ""),
            if accepted { Condition::holds } else { Condition::fails }(ConditionType::Accepted, Reason::Accepted, ""),
        ],
    });
    few_or_many.prop_flat_map(move |count| prop::collection::vec(ancestor.clone(), count))
}

fn desired_policy() -> impl Strategy<Value = PolicyStatus> {
    (desired_ancestors(), generation()).prop_map(|(ancestors, observed_generation)| PolicyStatus {
        namespace: "shop".into(),
        observed_generation,
        ancestors,
    })
}

fn desired_x_backend() -> impl Strategy<Value = XBackendStatus> {
    desired_policy().prop_map(|PolicyStatus { namespace, observed_generation, ancestors }| XBackendStatus {
        namespace,
        observed_generation,
        ancestors,
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

const OF_GATEWAY: [&str; 6] =
    ["Accepted", "Programmed", "ResolvedRefs", "InsecureFrontendValidationMode", "AddressesAssigned", "DefaultGateway"];
const OF_LISTENER_SET: [&str; 2] = ["Accepted", "Programmed"];
const OF_LISTENER: [&str; 5] = ["Accepted", "Programmed", "ResolvedRefs", "Conflicted", "OverlappingTLSConfig"];
const OF_PARENT: [&str; 3] = ["Accepted", "ResolvedRefs", "PartiallyInvalid"];
const OF_ANCESTOR: [&str; 2] = ["Accepted", "ResolvedRefs"];

/// The conditions of an object that declares listeners, and an entry for each listener.
fn check_declared(before: &Value, after: &Value, own: &[&str], listeners: usize) {
    check_conditions(list(before, "conditions"), list(after, "conditions"), own);
    assert_eq!(list(after, "listeners").len(), listeners);
    for listener in list(after, "listeners") {
        let old = list(before, "listeners").iter().find(|old| old.get("name") == listener.get("name"));
        let before = old.map(|old| list(old, "conditions")).unwrap_or_default();
        check_conditions(before, list(listener, "conditions"), &OF_LISTENER);
    }
}

/// A list that controllers share, and what is ours to say in it.
struct Shared<'a> {
    list: &'a str,
    reference: &'a str,
    limit: usize,
    own: &'a [&'a str],
    wanted: Vec<&'a ParentRef>,
    left_alone: &'a [ParentRef],
}

impl Shared<'_> {
    fn is_ours(&self, entry: &Value) -> bool {
        entry.get("controllerName").and_then(Value::as_str) == Some(CONTROLLER) && !self.is_left_alone(entry)
    }

    fn is_left_alone(&self, entry: &Value) -> bool {
        let namespace = entry[self.reference].get("namespace");
        let is_readable = namespace.is_none_or(|namespace| namespace.is_null() || *namespace == "shop");
        is_readable && self.left_alone.iter().any(|reference| self.is_about(entry, reference))
    }

    fn is_about(&self, entry: &Value, reference: &ParentRef) -> bool {
        let of_entry = &entry[self.reference];
        let port = of_entry.get("port").filter(|port| !port.is_null());
        of_entry["name"] == reference.name.as_str() && port == reference.port.map(Value::from).as_ref()
    }

    /// Entries of others are equal and in their order; ours are all wanted; there are not more than allowed unless others
    /// alone are.
    fn check(&self, before: &Value, after: &Value) {
        let (before, after) = (list(before, self.list), list(after, self.list));
        let foreign =
            |entries: &[Value]| -> Vec<Value> { entries.iter().filter(|entry| !self.is_ours(entry)).cloned().collect() };
        assert_eq!(foreign(before), foreign(after));
        assert!(after.len() <= self.limit.max(foreign(before).len()));
        for entry in after.iter().filter(|entry| self.is_ours(entry)) {
            assert!(!list(entry, "conditions").is_empty());
            assert!(self.wanted.iter().any(|reference| self.is_about(entry, reference)));
            let old = before.iter().find(|old| self.is_ours(old) && self.is_same(old, entry));
            let old = old.map(|old| list(old, "conditions")).unwrap_or_default();
            check_conditions(old, list(entry, "conditions"), self.own);
        }
        // N-020: whoever is wanted and was in the list stays in it.
        let had = |entries: &[Value], one: &Value| entries.iter().any(|entry| self.is_ours(entry) && self.is_same(entry, one));
        let stay = before.iter().filter(|entry| self.is_ours(entry) && self.is_wanted(entry));
        let room = self.limit.saturating_sub(foreign(before).len());
        assert!(self.wanted.len() > room || stay.into_iter().all(|entry| had(after, entry)));
    }

    fn is_wanted(&self, entry: &Value) -> bool {
        self.normal(entry).is_some() && self.wanted.iter().any(|reference| self.is_about(entry, reference))
    }

    fn is_same(&self, one: &Value, other: &Value) -> bool {
        self.normal(one).is_some_and(|one| self.normal(other) == Some(one))
    }

    /// Of a reference that can be read.
    fn normal(&self, entry: &Value) -> Option<(Value, Value, Option<Value>)> {
        let reference = entry.get(self.reference)?.as_object()?;
        let get = |key: &str| reference.get(key).filter(|value| !value.is_null()).cloned();
        let namespace = get("namespace").unwrap_or_else(|| "shop".into());
        (namespace == "shop").then_some(())?;
        Some((get("name")?, namespace, get("port")))
    }
}

fn of_route(desired: &RouteStatus) -> Shared<'_> {
    Shared {
        list: "parents",
        reference: "parentRef",
        limit: MAX_PARENTS,
        own: &OF_PARENT,
        wanted: desired.parents.iter().map(|parent| &parent.parent_ref).collect(),
        left_alone: &desired.left_alone,
    }
}

fn of_ancestors(ancestors: &[AncestorStatus], limit: usize) -> Shared<'_> {
    Shared {
        list: "ancestors",
        reference: "ancestorRef",
        limit,
        own: &OF_ANCESTOR,
        wanted: ancestors.iter().map(|ancestor| &ancestor.ancestor_ref).collect(),
        left_alone: &[],
    }
}

/// Merges twice: the second time there is nothing to write. Returns what is there then, if the first was not stale.
fn settle(before: &Value, merge: impl Fn(&Value, &str) -> Merged) -> Option<Value> {
    let merged = merge(before, T1);
    let stale = merged == Merged::Stale;
    let status = after(merged, before);
    assert_eq!(merge(&status, T2).into_status(), None, "idempotent");
    (!stale).then_some(status)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn law_9_merge_gateway_keeps_what_is_not_ours_and_moves_the_time_on_flips_only(
        before in gateway_status(), desired in desired_gateway(),
    ) {
        if let Some(status) = settle(&before, |before, now| merge_gateway(Some(before), &desired, Some(now))) {
            check_declared(&before, &status, &OF_GATEWAY, desired.listeners.len());
        }
    }

    #[test]
    fn law_9_merge_listener_set_keeps_what_is_not_ours_and_moves_the_time_on_flips_only(
        before in gateway_status(), desired in desired_listener_set(),
    ) {
        if let Some(status) = settle(&before, |before, now| merge_listener_set(Some(before), &desired, Some(now))) {
            check_declared(&before, &status, &OF_LISTENER_SET, desired.listeners.len());
            if before.is_object() {
                prop_assert_eq!(before.get("attachedListenerSets"), status.get("attachedListenerSets"));
            }
        }
    }

    #[test]
    fn law_9_merge_class_and_mesh_keep_what_is_not_ours_and_move_the_time_on_flips_only(
        before in gateway_status(), mesh in desired_mesh(),
    ) {
        let class = ClassStatus::of(&class(), &SupportedFeatures::core());
        let class = settle(&before, |before, now| merge_class(Some(before), &class, Some(now)));
        let mesh = settle(&before, |before, now| merge_mesh(Some(before), &mesh, Some(now)));
        for status in class.into_iter().chain(mesh) {
            check_conditions(list(&before, "conditions"), list(&status, "conditions"), &["Accepted"]);
        }
    }

    #[test]
    fn law_9_merge_route_keeps_what_is_not_ours_and_moves_the_time_on_flips_only(
        before in route_status(), desired in desired_route(),
    ) {
        if let Some(status) = settle(&before, |before, now| merge_route(Some(before), Some(&desired), &owned(), Some(now))) {
            of_route(&desired).check(&before, &status);
        }
    }

    #[test]
    fn law_9_merge_policy_and_x_backend_keep_what_is_not_ours_and_move_the_time_on_flips_only(
        before in ancestor_status(), policy in desired_policy(), backend in desired_x_backend(),
    ) {
        if let Some(status) = settle(&before, |before, now| merge_policy(Some(before), Some(&policy), &owned(), Some(now))) {
            of_ancestors(&policy.ancestors, MAX_ANCESTORS).check(&before, &status);
        }
        if let Some(status) = settle(&before, |before, now| merge_x_backend(Some(before), Some(&backend), &owned(), Some(now))) {
            of_ancestors(&backend.ancestors, MAX_X_BACKEND_ANCESTORS).check(&before, &status);
        }
    }

    #[test]
    fn law_9_without_anything_to_say_only_entries_of_others_are_left(of_route in route_status(), of_policy in ancestor_status()) {
        let is_ours = |entry: &&Value| entry.get("controllerName").and_then(Value::as_str) == Some(CONTROLLER);
        let others = |status: &Value, key| -> Vec<Value> { list(status, key).iter().filter(|entry| !is_ours(entry)).cloned().collect() };
        let status = after(merge_route(Some(&of_route), None, &owned(), Some(T1)), &of_route);
        prop_assert_eq!(list(&status, "parents"), others(&of_route, "parents"));
        prop_assert_eq!(merge_route(Some(&status), None, &owned(), Some(T2)), Merged::Unchanged);
        let status = after(merge_policy(Some(&of_policy), None, &owned(), Some(T1)), &of_policy);
        prop_assert_eq!(list(&status, "ancestors"), others(&of_policy, "ancestors"));
        prop_assert_eq!(merge_policy(Some(&status), None, &owned(), Some(T2)), Merged::Unchanged);
        prop_assert_eq!(merge_x_backend(Some(&status), None, &owned(), Some(T2)), Merged::Unchanged);
    }

    #[test]
    fn law_2_merge_is_total(
        before in garbage(), gateway in desired_gateway(), set in desired_listener_set(), mesh in desired_mesh(),
        route in desired_route(), policy in desired_policy(), backend in desired_x_backend(),
    ) {
        let class = ClassStatus::of(&class(), &SupportedFeatures::core());
        for now in [None, Some(T1)] {
            let _ = merge_class(Some(&before), &class, now);
            let _ = merge_gateway(Some(&before), &gateway, now);
            let _ = merge_listener_set(Some(&before), &set, now);
            let _ = merge_mesh(Some(&before), &mesh, now);
            let _ = merge_policy(Some(&before), Some(&policy), &owned(), now);
            let _ = merge_x_backend(Some(&before), Some(&backend), &owned(), now);
            let _ = merge_route(Some(&before), Some(&route), &owned(), now);
        }
    }

    /// Pitfall 65.
    #[test]
    fn pitfall_65_shuffled_lists_are_no_reason_to_write(
        gateway in desired_gateway(), route in desired_route(), policy in desired_policy(), seed in any::<prop::sample::Index>(),
    ) {
        let status = after(merge_gateway(None, &gateway, Some(T1)), &json!({}));
        prop_assert_eq!(merge_gateway(Some(&rotated(&status, seed)), &gateway, Some(T2)), Merged::Unchanged);
        let status = after(merge_route(None, Some(&route), &owned(), Some(T1)), &json!({}));
        prop_assert_eq!(merge_route(Some(&rotated(&status, seed)), Some(&route), &owned(), Some(T2)), Merged::Unchanged);
        let status = after(merge_policy(None, Some(&policy), &owned(), Some(T1)), &json!({}));
        let again = merge_policy(Some(&rotated(&status, seed)), Some(&policy), &owned(), Some(T2));
        prop_assert_eq!(again.into_status(), None);
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
        Refusal::NoValidCaCertificate,
        Refusal::ListenerFilterUnsupported { index: 0, filter_type: "Odd".into() },
        Refusal::ListenerFilterUnsupported { index: 1, filter_type: "Odd".into() },
    ]
}

fn several_references() -> Vec<Refusal> {
    vec![not_permitted("x"), not_permitted("y"), Refusal::PortUnavailable { port: 1 }]
}
