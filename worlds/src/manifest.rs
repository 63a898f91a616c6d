//! Manifests as JSON: made of parts, found by their names, and changed in places.

use gwapi_core::{ObjectKey, name::CORE_GROUP};
use serde_json::{Map, Value, json};

use crate::Draw;

/// The group and version of most kinds.
pub(crate) const GATEWAY_API: &str = "gateway.networking.k8s.io/v1";

/// An object with those of the fields that there are.
pub(crate) fn record<const N: usize>(fields: [(&str, Option<Value>); N]) -> Value {
    let present = fields.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?)));
    Value::Object(present.collect())
}

/// A manifest of the Gateway API in a namespace, or of the cluster if that is empty.
pub(crate) fn manifest(kind: &str, metadata: Value, spec: Value) -> Value {
    json!({"apiVersion": GATEWAY_API, "kind": kind, "metadata": metadata, "spec": spec})
}

/// A manifest of a kind that may change yet.
pub(crate) fn x_manifest(kind: &str, metadata: Value, spec: Value) -> Value {
    json!({"apiVersion": "gateway.networking.x-k8s.io/v1alpha1", "kind": kind, "metadata": metadata, "spec": spec})
}

/// The name of an object, without a namespace if that is empty.
pub(crate) fn metadata(namespace: &str, name: &str) -> Value {
    record([("namespace", (!namespace.is_empty()).then(|| namespace.into())), ("name", Some(name.into()))])
}

/// With these fields besides.
pub(crate) fn with(mut value: Value, more: impl IntoIterator<Item = (&'static str, Option<Value>)>) -> Value {
    if let Value::Object(fields) = &mut value {
        fields.extend(more.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))));
    }
    value
}

/// Group, kind, namespace and name.
type Names<'v> = (&'v str, &'v str, Option<&'v str>, &'v str);

/// What a manifest says that it is; nothing if it does not say.
pub(crate) fn names_of(manifest: &Value) -> Option<Names<'_>> {
    fn text<'v>(value: &'v Value, field: &str) -> Option<&'v str> {
        value.get(field)?.as_str()
    }
    let metadata = manifest.get("metadata")?;
    let group = text(manifest, "apiVersion")?.split_once('/').map_or(CORE_GROUP, |(group, _)| group);
    Some((group, text(manifest, "kind")?, text(metadata, "namespace"), text(metadata, "name")?))
}

/// The key of the object that a manifest stands for; nothing if it does not say.
#[must_use]
pub(crate) fn key_of(manifest: &Value) -> Option<ObjectKey> {
    let (group, kind, namespace, name) = names_of(manifest)?;
    Some(ObjectKey { group: group.into(), kind: kind.into(), namespace: namespace.map(Into::into), name: name.into() })
}

/// The parts of a manifest that say something about the object and do not name it.
const PARTS: [&str; 6] = ["spec", "data", "stringData", "type", "status", "x"];

/// Puts a part of another manifest of the same kind in the place of what stands there: an edit of one field, or of many.
pub(crate) fn graft(draw: &mut Draw, manifest: &mut Value, other: &Value) {
    let target = match part(draw, manifest) {
        Some((name, part)) => other.get(&name).map(|source| (part, source)),
        None => None,
    };
    let Some((mut target, mut source)) = target else { return };
    // The deeper, the smaller is the edit.
    while draw.chance(80) {
        let Some(next) = common_place(draw, target, source) else { break };
        let (Some(inner), Some(inner_source)) = (child_mut(target, &next), child(source, &next)) else { return };
        (target, source) = (inner, inner_source);
    }
    *target = source.clone();
}

/// Takes a field or an entry of a list away, or puts an entry in twice.
pub(crate) fn prune(draw: &mut Draw, manifest: &mut Value) {
    let Some((_, mut target)) = part(draw, manifest) else { return };
    while draw.chance(70) {
        let places = places(target);
        let inner: Vec<Place> = places.into_iter().filter(|place| !places_of(child(target, place)).is_empty()).collect();
        if inner.is_empty() {
            break;
        }
        let next = inner[draw.below(inner.len())].clone();
        let Some(inner) = child_mut(target, &next) else { return };
        target = inner;
    }
    match target {
        Value::Object(fields) if !fields.is_empty() => {
            let name = fields.keys().nth(draw.below(fields.len())).cloned();
            name.map(|name| fields.remove(&name));
        }
        Value::Array(entries) if !entries.is_empty() => {
            let place = draw.below(entries.len());
            match draw.chance(30) {
                true => entries.insert(place, entries[place].clone()),
                false => drop(entries.remove(place)),
            }
        }
        _ => {}
    }
}

/// Puts junk in the place of any value, names included.
pub(crate) fn spoil(draw: &mut Draw, manifest: &mut Value, junk: Value) {
    // Most of it behind the names, or little would be left to be read.
    let is_inside = draw.chance(85) && manifest.get("spec").is_some();
    let mut target = if is_inside { &mut manifest["spec"] } else { manifest };
    while !places(target).is_empty() && draw.chance(90) {
        let places = places(target);
        let next = places[draw.below(places.len())].clone();
        let Some(inner) = child_mut(target, &next) else { return };
        target = inner;
    }
    *target = junk;
}

fn part<'v>(draw: &mut Draw, manifest: &'v mut Value) -> Option<(String, &'v mut Value)> {
    let names: Vec<&str> = PARTS.into_iter().filter(|name| manifest.get(name).is_some()).collect();
    let name = names.get(draw.below(names.len()))?;
    Some(((*name).to_owned(), manifest.get_mut(name)?))
}

/// A field or the place of an entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    Field(String),
    Entry(usize),
}

pub(crate) fn places(value: &Value) -> Vec<Place> {
    match value {
        Value::Object(fields) => fields.keys().cloned().map(Place::Field).collect(),
        Value::Array(entries) => (0..entries.len()).map(Place::Entry).collect(),
        _ => Vec::new(),
    }
}

fn places_of(value: Option<&Value>) -> Vec<Place> {
    value.map(places).unwrap_or_default()
}

fn common_place(draw: &mut Draw, one: &Value, other: &Value) -> Option<Place> {
    let common: Vec<Place> = places(one).into_iter().filter(|place| child(other, place).is_some()).collect();
    (!common.is_empty()).then(|| common[draw.below(common.len())].clone())
}

fn child<'v>(value: &'v Value, place: &Place) -> Option<&'v Value> {
    match place {
        Place::Field(name) => value.get(name),
        Place::Entry(index) => value.get(index),
    }
}

fn child_mut<'v>(value: &'v mut Value, place: &Place) -> Option<&'v mut Value> {
    match place {
        Place::Field(name) => value.get_mut(name),
        Place::Entry(index) => value.get_mut(index),
    }
}

/// How many values can be taken away from a manifest, see [`remove_nth`].
pub(crate) fn removable(value: &Value) -> usize {
    match value {
        Value::Object(fields) => fields.values().map(|inner| 1 + removable(inner)).sum(),
        Value::Array(entries) => entries.iter().map(|inner| 1 + removable(inner)).sum(),
        _ => 0,
    }
}

/// Takes the value with that number away, its inner values counted behind it.
pub(crate) fn remove_nth(value: &mut Value, number: usize) {
    let mut rest = number;
    for place in places(value) {
        if rest == 0 {
            return remove(value, &place);
        }
        rest -= 1;
        let Some(inner) = child_mut(value, &place) else { return };
        let inside = removable(inner);
        if rest < inside {
            return remove_nth(inner, rest);
        }
        rest -= inside;
    }
}

fn remove(value: &mut Value, place: &Place) {
    match (value, place) {
        (Value::Object(fields), Place::Field(name)) => drop(Map::remove(fields, name)),
        (Value::Array(entries), Place::Entry(index)) => drop(entries.remove(*index)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> Value {
        json!({"kind": "K", "spec": {"a": [1, {"b": 2}], "c": "x"}})
    }

    #[test]
    fn each_value_can_be_removed_alone() {
        let count = removable(&sample());
        assert_eq!(count, 7);
        let mut seen = Vec::new();
        for number in 0..count {
            let mut value = sample();
            remove_nth(&mut value, number);
            assert_ne!(value, sample(), "{number}");
            seen.push(value.to_string());
        }
        seen.sort();
        seen.dedup();
        assert_eq!(seen.len(), count);
    }

    #[test]
    fn grafts_change_parts_and_never_names() {
        let other = json!({"kind": "L", "spec": {"a": [3, {"b": 4}], "c": "y"}});
        let mut results = std::collections::BTreeSet::new();
        for seed in 0..200 {
            let mut value = sample();
            graft(&mut Draw::new(seed), &mut value, &other);
            assert_eq!(value["kind"], "K");
            results.insert(value.to_string());
        }
        assert!(results.len() >= 5, "{results:?}");
    }
}
