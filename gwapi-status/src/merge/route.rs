//! Routes of every kind: `status.parents`, which all controllers share.

use alloc::{collections::BTreeSet, format, vec::Vec};

use gwapi_core::{
    model::ParentRef,
    name::{ControllerName, GATEWAY_GROUP, Namespace},
};
use serde_json::{Map, Value};

use super::{Dropped, Merged, Stamp, conditions::ConditionList, entries, finish, members, merge_list};
use crate::{
    condition::ConditionType,
    route::{ParentStatus, RouteStatus},
};

/// How many entries `status.parents` may have.
pub const MAX_PARENTS: usize = 32;

const OF_PARENT: [ConditionType; 3] = [ConditionType::Accepted, ConditionType::ResolvedRefs, ConditionType::PartiallyInvalid];

/// Merges what the status of a route should say into the one that is there; without `desired` the route has no parent of ours
/// (any more). `now` is the time in RFC 3339, to be written where a status flips; without it such a condition has no
/// `lastTransitionTime`.
///
/// `owned` are the names under which we write, as in [`StatusReport::owned`](crate::StatusReport::owned). The entries with one
/// of them, or with a name in `desired`, are ours: those that are not desired go, also when none is left (Q-016, pitfall 63).
/// All others stay as they are (Q-014, pitfall 62).
pub fn merge_route(
    existing: Option<&Value>,
    desired: Option<&RouteStatus>,
    owned: &BTreeSet<ControllerName>,
    now: Option<&str>,
) -> Merged {
    let nothing = RouteStatus { namespace: "".into(), observed_generation: 0, parents: Vec::new(), left_alone: Vec::new() };
    let desired = desired.unwrap_or(&nothing);
    let parents = Parents { desired, owned, stamp: Stamp { generation: desired.observed_generation, now } };
    let there = entries(existing, "parents");
    if there.iter().any(|entry| parents.is_ahead(entry)) {
        return Merged::Stale;
    }
    let mut dropped = Vec::new();
    let entries = parents.merge(there, &mut dropped);
    let mut status = members(existing);
    // `parents` is required where there is a status; a route that never had one needs none for saying nothing.
    if !entries.is_empty() || !there.is_empty() {
        status.insert("parents".into(), Value::Array(entries));
    }
    finish(existing, status, dropped)
}

/// The key of an entry of ours (pitfall 64). Nothing stands for a parentRef that cannot be read: such an entry is not wanted.
type Key = Option<(ControllerName, ParentRef)>;

struct Parents<'a> {
    desired: &'a RouteStatus,
    owned: &'a BTreeSet<ControllerName>,
    stamp: Stamp<'a>,
}

impl Parents<'_> {
    fn is_ahead(&self, entry: &Value) -> bool {
        let list = ConditionList { own: &OF_PARENT, desired: &[] };
        self.own_key(entry).is_some() && list.is_ahead(Some(entry), self.stamp)
    }

    fn merge(&self, there: &[Value], dropped: &mut Vec<Dropped>) -> Vec<Value> {
        let mut of_entries = Vec::new();
        let merged = merge_list(
            there,
            &self.wanted(),
            MAX_PARENTS,
            |entry| self.own_key(entry),
            |parent, existing| parent_entry(existing, parent, self.stamp, &mut of_entries),
        );
        dropped.extend(merged.dropped.iter().map(|parent| Dropped::Parent { parent_ref: parent.parent_ref.clone() }));
        dropped.extend(of_entries);
        merged.entries
    }

    /// One for each key: parentRefs that mean the same share an entry. An entry without conditions would be refused by the
    /// API server (pitfall 67).
    fn wanted(&self) -> Vec<(Key, &ParentStatus)> {
        let mut wanted: Vec<(Key, &ParentStatus)> = Vec::new();
        for parent in self.desired.parents.iter().filter(|parent| !parent.conditions.is_empty()) {
            let key = Some((parent.controller_name.clone(), parent.parent_ref.clone()));
            if wanted.iter().all(|(other, _)| *other != key) {
                wanted.push((key, parent));
            }
        }
        wanted
    }

    fn own_key(&self, entry: &Value) -> Option<Key> {
        let name = entry.get("controllerName")?.as_str()?;
        let is_ours = self.owned.contains(name) || self.desired.parents.iter().any(|own| own.controller_name == name);
        if !is_ours {
            return None;
        }
        let parent_ref = entry.get("parentRef").and_then(|value| read_parent_ref(value, &self.desired.namespace));
        if parent_ref.as_ref().is_some_and(|parent_ref| self.desired.left_alone.contains(parent_ref)) {
            return None;
        }
        Some(parent_ref.map(|parent_ref| (name.into(), parent_ref)))
    }
}

fn parent_entry(existing: Option<&Value>, desired: &ParentStatus, stamp: Stamp<'_>, dropped: &mut Vec<Dropped>) -> Value {
    let list = ConditionList { own: &OF_PARENT, desired: &desired.conditions };
    let path = || format!("status.parents[{}].conditions", desired.parent_ref.object());
    let conditions = list.merge(existing, stamp, path, dropped);
    let mut entry = members(existing);
    entry.insert("parentRef".into(), write_parent_ref(&desired.parent_ref));
    entry.insert("controllerName".into(), desired.controller_name.as_str().into());
    entry.insert("conditions".into(), Value::Array(conditions));
    Value::Object(entry)
}

/// group, kind and namespace are written out.
fn write_parent_ref(parent_ref: &ParentRef) -> Value {
    let mut object = Map::new();
    let mut set = |key: &str, value: Value| drop(object.insert(key.into(), value));
    set("group", parent_ref.group.as_str().into());
    set("kind", parent_ref.kind.as_str().into());
    set("namespace", parent_ref.namespace.as_str().into());
    set("name", parent_ref.name.as_str().into());
    if let Some(section_name) = &parent_ref.section_name {
        set("sectionName", section_name.as_str().into());
    }
    if let Some(port) = parent_ref.port {
        set("port", port.into());
    }
    Value::Object(object)
}

/// Reads a parentRef with its defaults (D-020), so that two that mean the same are the same.
fn read_parent_ref(value: &Value, namespace: &Namespace) -> Option<ParentRef> {
    let text = |key: &str| match value.get(key) {
        None | Some(Value::Null) => Some(None),
        Some(text) => text.as_str().map(Some),
    };
    let port = match value.get("port") {
        None | Some(Value::Null) => None,
        Some(port) => Some(u16::try_from(port.as_u64()?).ok()?),
    };
    Some(ParentRef {
        group: text("group")?.unwrap_or(GATEWAY_GROUP).into(),
        kind: text("kind")?.unwrap_or("Gateway").into(),
        namespace: text("namespace")?.unwrap_or(namespace.as_str()).into(),
        name: text("name")??.into(),
        section_name: text("sectionName")?.map(Into::into),
        port,
    })
}
