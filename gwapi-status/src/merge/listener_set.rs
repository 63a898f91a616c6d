//! ListenerSet.

use serde_json::Value;

use super::{Merged, Stamp, finish, listener::Declared};
use crate::{condition::ConditionType, listener_set::ListenerSetStatus};

const OF_LISTENER_SET: [ConditionType; 2] = [ConditionType::Accepted, ConditionType::Programmed];

/// Merges what the status of a ListenerSet should say into the one that is there. `now` is the time in RFC 3339, to be written
/// where a status flips; without it such a condition has no `lastTransitionTime`.
pub fn merge_listener_set(existing: Option<&Value>, desired: &ListenerSetStatus, now: Option<&str>) -> Merged {
    let stamp = Stamp { generation: desired.observed_generation, now };
    let ListenerSetStatus { conditions, listeners, .. } = desired;
    match (Declared { own: &OF_LISTENER_SET, conditions, listeners, stamp }).merge(existing) {
        Some((status, dropped)) => finish(existing, status, dropped),
        None => Merged::Stale,
    }
}
