//! Lists of conditions: maps with the type as key.

use alloc::{string::String, vec::Vec};

use serde_json::{Map, Value};

use super::{Dropped, MergedList, Stamp, entries, merge_list};
use crate::condition::{Condition, ConditionType};

/// How many conditions a list may have.
pub const MAX_CONDITIONS: usize = 8;

/// A list of conditions of which some are ours.
pub(super) struct ConditionList<'a> {
    /// The types that are ours whether or not they are there now: those of `desired` are in any case. One that is not in
    /// `desired` is removed, as the negative ones are that no longer hold (Q-009, B-032).
    pub(super) own: &'a [ConditionType],
    /// What ours should say, the most important first.
    pub(super) desired: &'a [Condition],
}

impl ConditionList<'_> {
    /// Whether a condition of ours was written for a newer generation than the one that we have looked at. Manifests
    /// that were never sent to an API server have no generation, and then there is nothing to compare.
    pub(super) fn is_ahead(&self, parent: Option<&Value>, stamp: Stamp<'_>) -> bool {
        let observed = |entry: &Value| entry.get("observedGeneration").and_then(Value::as_i64);
        let mut own = entries(parent, "conditions").iter().filter(|entry| self.own_type(entry).is_some());
        stamp.generation > 0 && own.any(|entry| observed(entry).is_some_and(|generation| generation > stamp.generation))
    }

    /// The conditions of `parent` with ours up to date. What has no room is added to `dropped`.
    pub(super) fn merge(
        &self,
        parent: Option<&Value>,
        stamp: Stamp<'_>,
        list: impl Fn() -> String,
        dropped: &mut Vec<Dropped>,
    ) -> Vec<Value> {
        let mut desired: Vec<(ConditionType, &Condition)> = Vec::new();
        for condition in self.desired {
            if desired.iter().all(|(type_, _)| *type_ != condition.type_) {
                desired.push((condition.type_, condition));
            }
        }
        let MergedList { entries, dropped: excess } = merge_list(
            entries(parent, "conditions"),
            &desired,
            MAX_CONDITIONS,
            |entry| self.own_type(entry),
            |condition, existing| written(condition, existing, stamp),
        );
        dropped.extend(excess.into_iter().map(|condition| Dropped::Condition { list: list(), type_: condition.type_ }));
        entries
    }

    fn own_type(&self, entry: &Value) -> Option<ConditionType> {
        let text = entry.get("type")?.as_str()?;
        let desired = self.desired.iter().map(|condition| condition.type_);
        self.own.iter().copied().chain(desired).find(|type_| type_.as_str() == text)
    }
}

/// A condition as it is written. The time moves when the status flips and never else (Q-006, pitfall 66).
fn written(condition: &Condition, existing: Option<&Value>, stamp: Stamp<'_>) -> Value {
    let mut object = Map::new();
    let mut set = |key: &str, value: Value| drop(object.insert(key.into(), value));
    set("type", condition.type_.as_str().into());
    set("status", condition.status.as_str().into());
    set("reason", condition.reason.as_str().into());
    set("message", condition.message.as_str().into());
    set("observedGeneration", stamp.generation.into());
    let since = existing.filter(|existing| status(existing) == Some(condition.status.as_str())).and_then(transition_time);
    if let Some(time) = since.or(stamp.now) {
        set("lastTransitionTime", time.into());
    }
    Value::Object(object)
}

/// an empty status is Unknown.
fn status(existing: &Value) -> Option<&str> {
    match existing.get("status")?.as_str()? {
        "" => Some("Unknown"),
        status => Some(status),
    }
}

fn transition_time(existing: &Value) -> Option<&str> {
    existing.get("lastTransitionTime")?.as_str().filter(|time| !time.is_empty())
}
