//! Objects that declare listeners: their own conditions, and an entry for each listener.

use alloc::{format, string::String, vec::Vec};

use serde_json::{Map, Value, json};

use super::{Dropped, Stamp, conditions::ConditionList, entries, in_existing_order, members, set_or_remove};
use crate::{
    condition::{Condition, ConditionType},
    listener::ListenerStatus,
};

const OF_LISTENER: [ConditionType; 5] = [
    ConditionType::Accepted,
    ConditionType::Programmed,
    ConditionType::ResolvedRefs,
    ConditionType::Conflicted,
    ConditionType::OverlappingTLSConfig,
];

/// What the status of a Gateway or ListenerSet should say of itself and of its listeners.
pub(super) struct Declared<'a> {
    /// The types of conditions that are ours.
    pub(super) own: &'a [ConditionType],
    pub(super) conditions: &'a [Condition],
    pub(super) listeners: &'a [ListenerStatus],
    pub(super) stamp: Stamp<'a>,
}

impl Declared<'_> {
    /// The status that is there with all of this in it, and what has no room; nothing if somebody under our name has looked
    /// at a newer generation than ours.
    pub(super) fn merge(&self, existing: Option<&Value>) -> Option<(Map<String, Value>, Vec<Dropped>)> {
        let list = ConditionList { own: self.own, desired: self.conditions };
        let there = entries(existing, "listeners");
        let of_listeners = ConditionList { own: &OF_LISTENER, desired: &[] };
        if list.is_ahead(existing, self.stamp) || there.iter().any(|entry| of_listeners.is_ahead(Some(entry), self.stamp)) {
            return None;
        }
        let mut dropped = Vec::new();
        let mut status = members(existing);
        let conditions = list.merge(existing, self.stamp, || String::from("status.conditions"), &mut dropped);
        set_or_remove(&mut status, "conditions", conditions);
        let listeners = self.listeners.iter().map(|listener| {
            let entry = there.iter().find(|entry| entry.get("name").and_then(Value::as_str) == Some(listener.name.as_str()));
            listener_entry(entry, listener, self.stamp, &mut dropped)
        });
        let listeners = listeners.collect();
        set_or_remove(&mut status, "listeners", in_existing_order(there, listeners));
        Some((status, dropped))
    }
}

/// B-021, Q-030, Q-037: the entry is found by its name, and the conditions that others put there stay in it.
fn listener_entry(existing: Option<&Value>, desired: &ListenerStatus, stamp: Stamp<'_>, dropped: &mut Vec<Dropped>) -> Value {
    let list = ConditionList { own: &OF_LISTENER, desired: &desired.conditions };
    let path = || format!("status.listeners[{}].conditions", desired.name);
    let conditions = list.merge(existing, stamp, path, dropped);
    let kinds = desired.supported_kinds.iter().map(|kind| json!({"group": kind.group.as_str(), "kind": kind.kind.as_str()}));
    let kinds =
        in_existing_order(existing.map(|entry| entries(Some(entry), "supportedKinds")).unwrap_or_default(), kinds.collect());
    let mut entry = members(existing);
    entry.insert("name".into(), desired.name.as_str().into());
    entry.insert("supportedKinds".into(), Value::Array(kinds));
    entry.insert("attachedRoutes".into(), desired.attached_routes.into());
    entry.insert("conditions".into(), Value::Array(conditions));
    Value::Object(entry)
}
