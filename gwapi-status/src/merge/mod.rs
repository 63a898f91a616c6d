//! How a status that several controllers write to takes up what one of them has to say (chapter Q.1, Q.2).
//!
//! The existing status is a JSON value, since what others write is none of our business and must come out as it went in,
//! fields that nobody knows yet included. One rule holds for every list in it: entries have a key and an owner; those of
//! others stay where and as they are, ours are updated in their place, and what exceeds the limit of the list is left out of
//! ours.

use alloc::{string::String, vec::Vec};
use core::fmt;

use gwapi_core::model::ParentRef;
use serde_json::{Map, Value};

use crate::condition::ConditionType;

mod ancestors;
mod conditions;
mod declared;
mod gateway;
mod listener;
mod listener_set;
mod route;
mod shared;

pub use ancestors::{MAX_ANCESTORS, MAX_X_BACKEND_ANCESTORS, merge_policy, merge_x_backend};
pub use conditions::MAX_CONDITIONS;
pub use declared::{merge_class, merge_mesh};
pub use gateway::merge_gateway;
pub use listener_set::merge_listener_set;
pub use route::{MAX_PARENTS, merge_route};

/// What to do with the status of an object.
#[derive(Clone, Debug, PartialEq)]
#[must_use]
pub enum Merged {
    /// Nothing: everything is there. A write would only wake up other controllers (Q-007, pitfall 65).
    Unchanged,
    /// Write this status.
    Changed(Value),
    /// Write nothing and wait: somebody under our name has looked at a newer generation than ours.
    Stale,
    /// Others have filled a list, so that not everything has room.
    Full {
        /// The status to write; nothing if what has room is already there.
        value: Option<Value>,
        /// What has no room.
        dropped: Vec<Dropped>,
    },
}

impl Merged {
    /// The status to write, if there is anything to write.
    #[must_use]
    pub fn into_status(self) -> Option<Value> {
        match self {
            Self::Changed(value) => Some(value),
            Self::Full { value, .. } => value,
            Self::Unchanged | Self::Stale => None,
        }
    }
}

/// Something of ours that has no room beside what others wrote.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Dropped {
    /// A condition.
    Condition {
        /// The list, such as `status.listeners[web].conditions`.
        list: String,
        /// Its type.
        type_: ConditionType,
    },
    /// An entry of `status.parents`.
    Parent {
        /// Its parent.
        parent_ref: ParentRef,
    },
    /// An entry of `status.ancestors`.
    Ancestor {
        /// Its ancestor.
        ancestor_ref: ParentRef,
    },
}

impl fmt::Display for Dropped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Condition { list, type_ } => write!(f, "no room for `{type_}` in {list}"),
            Self::Parent { parent_ref } => write!(f, "no room for {} in status.parents", parent_ref.object()),
            Self::Ancestor { ancestor_ref } => write!(f, "no room for {} in status.ancestors", ancestor_ref.object()),
        }
    }
}

/// What is the same for every condition that one merge writes.
#[derive(Clone, Copy)]
struct Stamp<'a> {
    /// The generation that was looked at; 0 of an object that has none.
    generation: i64,
    /// The time to write where a status flips.
    now: Option<&'a str>,
}

/// What a list came to.
struct MergedList<T> {
    entries: Vec<Value>,
    dropped: Vec<T>,
}

/// The one rule for lists. `own_key` gives the key of an entry that is ours and nothing for those of others, `write` makes the
/// new entry from the old. The keys of `desired` are distinct, and the most important ones come first.
fn merge_list<K: PartialEq, T: Copy>(
    existing: &[Value],
    desired: &[(K, T)],
    limit: usize,
    own_key: impl Fn(&Value) -> Option<K>,
    mut write: impl FnMut(T, Option<&Value>) -> Value,
) -> MergedList<T> {
    let keys: Vec<Option<K>> = existing.iter().map(own_key).collect();
    let foreign = keys.iter().filter(|key| key.is_none()).count();
    let room = limit.saturating_sub(foreign);
    let mut pending: Vec<Option<&(K, T)>> = desired.iter().take(room).map(Some).collect();
    let mut entries = Vec::new();
    for (entry, key) in existing.iter().zip(&keys) {
        let Some(key) = key else {
            entries.push(entry.clone());
            continue;
        };
        // An entry of ours that is not wanted any more, or a second one with the same key, is left out.
        let slot = pending.iter_mut().find(|slot| slot.is_some_and(|(wanted, _)| wanted == key));
        if let Some((_, item)) = slot.and_then(Option::take) {
            entries.push(write(*item, Some(entry)));
        }
    }
    entries.extend(pending.into_iter().flatten().map(|(_, item)| write(*item, None)));
    MergedList { entries, dropped: desired.iter().skip(room).map(|(_, item)| *item).collect() }
}

/// The members of a value; none of one that is no object.
fn members(value: Option<&Value>) -> Map<String, Value> {
    value.and_then(Value::as_object).cloned().unwrap_or_default()
}

/// The entries of a list; none of a value that is no list.
fn entries<'v>(value: Option<&'v Value>, list: &str) -> &'v [Value] {
    value.and_then(|value| value.get(list)).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default()
}

/// Sets a list, or removes it if it is empty: the API has optional lists, and no `null` in their place (pitfall 67).
fn set_or_remove(object: &mut Map<String, Value>, list: &str, entries: Vec<Value>) {
    if entries.is_empty() {
        object.retain(|key, _| key != list);
    } else {
        object.insert(list.into(), Value::Array(entries));
    }
}

/// The entries in the order in which they are already there, if they are all there and nothing else is: who only shuffled
/// them is no reason to write (pitfall 65).
fn in_existing_order(existing: &[Value], entries: Vec<Value>) -> Vec<Value> {
    let mut rest: Vec<&Value> = existing.iter().collect();
    let mut take = |entry: &Value| {
        let at = rest.iter().position(|other| *other == entry)?;
        Some(rest.swap_remove(at))
    };
    let same = existing.len() == entries.len() && entries.iter().all(|entry| take(entry).is_some());
    if same { existing.to_vec() } else { entries }
}

/// Compares with what is there.
fn finish(existing: Option<&Value>, status: Map<String, Value>, dropped: Vec<Dropped>) -> Merged {
    let value = Value::Object(status);
    let nothing_to_say = existing.is_none_or(Value::is_null) && value == Value::Object(Map::new());
    let value = (!nothing_to_say && existing != Some(&value)).then_some(value);
    match (value, dropped.is_empty()) {
        (None, true) => Merged::Unchanged,
        (Some(value), true) => Merged::Changed(value),
        (value, false) => Merged::Full { value, dropped },
    }
}
