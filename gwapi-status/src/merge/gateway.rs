//! Gateway and its listeners.

use alloc::{format, string::String, vec::Vec};

use gwapi_core::model::Address;
use serde_json::{Map, Value, json};

use super::{Dropped, Merged, Stamp, conditions::ConditionList, entries, finish, in_existing_order, members, set_or_remove};
use crate::{condition::ConditionType, gateway::GatewayStatus, listener::ListenerStatus};

/// How many addresses a Gateway may have (B-060).
const MAX_ADDRESSES: usize = 16;

const OF_GATEWAY: [ConditionType; 3] =
    [ConditionType::Accepted, ConditionType::Programmed, ConditionType::InsecureFrontendValidationMode];
const OF_LISTENER: [ConditionType; 5] = [
    ConditionType::Accepted,
    ConditionType::Programmed,
    ConditionType::ResolvedRefs,
    ConditionType::Conflicted,
    ConditionType::OverlappingTLSConfig,
];

/// Merges what the status of a Gateway should say into the one that is there: all of its conditions in one write (B-073).
/// `now` is the time in RFC 3339, to be written where a status flips; without it such a condition has no
/// `lastTransitionTime`.
pub fn merge_gateway(existing: Option<&Value>, desired: &GatewayStatus, now: Option<&str>) -> Merged {
    let stamp = Stamp { generation: desired.observed_generation, now };
    let list = ConditionList { own: &OF_GATEWAY, desired: &desired.conditions };
    let there = entries(existing, "listeners");
    let of_listeners = ConditionList { own: &OF_LISTENER, desired: &[] };
    if list.is_ahead(existing, stamp) || there.iter().any(|entry| of_listeners.is_ahead(Some(entry), stamp)) {
        return Merged::Stale;
    }
    let mut dropped = Vec::new();
    let mut status = members(existing);
    let conditions = list.merge(existing, stamp, || String::from("status.conditions"), &mut dropped);
    set_or_remove(&mut status, "conditions", conditions);
    let addresses = desired.addresses.iter().filter_map(address).take(MAX_ADDRESSES).collect();
    set_or_remove(&mut status, "addresses", in_existing_order(entries(existing, "addresses"), addresses));
    let listeners = desired.listeners.iter().map(|listener| {
        let entry = there.iter().find(|entry| entry.get("name").and_then(Value::as_str) == Some(listener.name.as_str()));
        listener_entry(entry, listener, stamp, &mut dropped)
    });
    let listeners = listeners.collect();
    set_or_remove(&mut status, "listeners", in_existing_order(there, listeners));
    finish(existing, status, dropped)
}

/// An assigned address; one without a value is none (B-060). `routability` stands there only with the feature (B-078).
fn address(address: &Address) -> Option<Value> {
    let value = address.value.as_deref()?;
    let mut object = Map::new();
    object.insert("type".into(), address.kind.as_str().into());
    object.insert("value".into(), value.into());
    if !address.routability.is_empty() {
        object.insert("routability".into(), (*address.routability).into());
    }
    Some(Value::Object(object))
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
