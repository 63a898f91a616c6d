//! Gateway.

use gwapi_core::model::Address;
use serde_json::{Map, Value};

use super::{Merged, Stamp, entries, finish, in_existing_order, listener::Declared, set_or_remove};
use crate::{condition::ConditionType, gateway::GatewayStatus};

/// How many addresses a Gateway may have (B-060).
const MAX_ADDRESSES: usize = 16;

const OF_GATEWAY: [ConditionType; 6] = [
    ConditionType::Accepted,
    ConditionType::Programmed,
    ConditionType::ResolvedRefs,
    ConditionType::InsecureFrontendValidationMode,
    ConditionType::AddressesAssigned,
    ConditionType::DefaultGateway,
];

/// Merges what the status of a Gateway should say into the one that is there: all of its conditions in one write (B-073).
/// `now` is the time in RFC 3339, to be written where a status flips; without it such a condition has no
/// `lastTransitionTime`.
pub fn merge_gateway(existing: Option<&Value>, desired: &GatewayStatus, now: Option<&str>) -> Merged {
    let stamp = Stamp { generation: desired.observed_generation, now };
    let GatewayStatus { conditions, listeners, .. } = desired;
    let Some((mut status, dropped)) = (Declared { own: &OF_GATEWAY, conditions, listeners, stamp }).merge(existing) else {
        return Merged::Stale;
    };
    let addresses = desired.addresses.iter().filter_map(|one| address(one, desired.tells_routability));
    let addresses = addresses.take(MAX_ADDRESSES).collect();
    set_or_remove(&mut status, "addresses", in_existing_order(entries(existing, "addresses"), addresses));
    match desired.attached_listener_sets {
        Some(count) => drop(status.insert("attachedListenerSets".into(), count.into())),
        None => status.retain(|key, _| key != "attachedListenerSets"),
    }
    finish(existing, status, dropped)
}

/// An assigned address; one without a value is none (B-060). Whoever tells routability tells the empty one too (B-078).
fn address(address: &Address, tells_routability: bool) -> Option<Value> {
    let value = address.value.as_deref()?;
    let mut object = Map::new();
    object.insert("type".into(), address.kind.as_str().into());
    object.insert("value".into(), value.into());
    if tells_routability {
        object.insert("routability".into(), (*address.routability).into());
    }
    Some(Value::Object(object))
}
