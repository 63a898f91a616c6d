//! Lists that several controllers share: an entry is somebody's for one object that it refers to.

use alloc::{collections::BTreeSet, format, vec::Vec};

use gwapi_core::{
    model::ParentRef,
    name::{ControllerName, GATEWAY_GROUP, Namespace},
};
use serde_json::{Map, Value};

use super::{Dropped, Merged, Stamp, conditions::ConditionList, entries, finish, members, merge_list};
use crate::condition::{Condition, ConditionType};

/// Which list it is.
pub(super) struct List {
    /// The field of the status.
    pub(super) name: &'static str,
    /// The field of an entry that says which object it is about.
    pub(super) reference: &'static str,
    /// How many entries there may be.
    pub(super) limit: usize,
    /// The types of conditions that are ours in an entry of ours.
    pub(super) own: &'static [ConditionType],
    /// An entry that has no room.
    pub(super) dropped: fn(ParentRef) -> Dropped,
}

/// What an entry should say.
pub(super) struct Entry<'a> {
    pub(super) reference: &'a ParentRef,
    pub(super) controller_name: &'a ControllerName,
    pub(super) conditions: &'a [Condition],
}

/// What ours should say.
pub(super) struct Shared<'a> {
    pub(super) list: &'static List,
    /// What a reference without a namespace means.
    pub(super) namespace: &'a Namespace,
    pub(super) desired: Vec<Entry<'a>>,
    /// The references whose entries are left as they are, whosoever they are.
    pub(super) left_alone: &'a [ParentRef],
    /// The names under which we write.
    pub(super) owned: &'a BTreeSet<ControllerName>,
    pub(super) stamp: Stamp<'a>,
}

/// The key of an entry of ours (pitfall 64). Nothing stands for a reference that cannot be read: such an entry is not wanted.
type Key = Option<(ControllerName, ParentRef)>;

impl Shared<'_> {
    pub(super) fn merge(&self, existing: Option<&Value>) -> Merged {
        let there = entries(existing, self.list.name);
        if there.iter().any(|entry| self.is_ahead(entry)) {
            return Merged::Stale;
        }
        let mut dropped = Vec::new();
        let entries = self.merge_entries(there, &mut dropped);
        let mut status = members(existing);
        // The list is required where there is a status; an object that never had one needs none for saying nothing.
        if !entries.is_empty() || !there.is_empty() {
            status.insert(self.list.name.into(), Value::Array(entries));
        }
        finish(existing, status, dropped)
    }

    fn is_ahead(&self, entry: &Value) -> bool {
        let list = ConditionList { own: self.list.own, desired: &[] };
        self.own_key(entry).is_some() && list.is_ahead(Some(entry), self.stamp)
    }

    fn merge_entries(&self, there: &[Value], dropped: &mut Vec<Dropped>) -> Vec<Value> {
        let mut of_entries = Vec::new();
        let merged = merge_list(
            there,
            &self.wanted(there),
            self.list.limit,
            |entry| self.own_key(entry),
            |entry, existing| self.written(existing, entry, &mut of_entries),
        );
        dropped.extend(merged.dropped.iter().map(|entry| (self.list.dropped)(entry.reference.clone())));
        dropped.extend(of_entries);
        merged.entries
    }

    /// One for each key: references that mean the same share an entry. An entry without conditions would be refused by the
    /// API server (pitfall 67). Those that are there already come first: a newcomer takes nobody's room (N-020).
    fn wanted(&self, there: &[Value]) -> Vec<(Key, &Entry<'_>)> {
        let mut wanted: Vec<(Key, &Entry<'_>)> = Vec::new();
        for entry in self.desired.iter().filter(|entry| !entry.conditions.is_empty()) {
            let key = Some((entry.controller_name.clone(), entry.reference.clone()));
            if wanted.iter().all(|(other, _)| *other != key) {
                wanted.push((key, entry));
            }
        }
        if wanted.len() > self.list.limit.saturating_sub(there.len()) {
            let known: Vec<Key> = there.iter().filter_map(|entry| self.own_key(entry)).collect();
            wanted.sort_by_key(|(key, _)| !known.contains(key));
        }
        wanted
    }

    fn own_key(&self, entry: &Value) -> Option<Key> {
        let name = entry.get("controllerName")?.as_str()?;
        let is_ours = self.owned.contains(name) || self.desired.iter().any(|own| *own.controller_name == name);
        if !is_ours {
            return None;
        }
        let reference = entry.get(self.list.reference).and_then(|value| read_reference(value, self.namespace));
        if reference.as_ref().is_some_and(|reference| self.left_alone.contains(reference)) {
            return None;
        }
        Some(reference.map(|reference| (name.into(), reference)))
    }

    fn written(&self, existing: Option<&Value>, desired: &Entry<'_>, dropped: &mut Vec<Dropped>) -> Value {
        let list = ConditionList { own: self.list.own, desired: desired.conditions };
        let path = || format!("status.{}[{}].conditions", self.list.name, desired.reference.object());
        let conditions = list.merge(existing, self.stamp, path, dropped);
        let mut entry = members(existing);
        entry.insert(self.list.reference.into(), write_reference(desired.reference));
        entry.insert("controllerName".into(), desired.controller_name.as_str().into());
        entry.insert("conditions".into(), Value::Array(conditions));
        Value::Object(entry)
    }
}

/// group, kind and namespace are written out.
fn write_reference(reference: &ParentRef) -> Value {
    let mut object = Map::new();
    let mut set = |key: &str, value: Value| drop(object.insert(key.into(), value));
    set("group", reference.group.as_str().into());
    set("kind", reference.kind.as_str().into());
    set("namespace", reference.namespace.as_str().into());
    set("name", reference.name.as_str().into());
    if let Some(section_name) = &reference.section_name {
        set("sectionName", section_name.as_str().into());
    }
    if let Some(port) = reference.port {
        set("port", port.into());
    }
    Value::Object(object)
}

/// Reads a reference with its defaults (D-020), so that two that mean the same are the same.
fn read_reference(value: &Value, namespace: &Namespace) -> Option<ParentRef> {
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
