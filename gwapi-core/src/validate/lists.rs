//! Lists whose entries must differ, and entries before and after that belong together.

use alloc::{
    boxed::Box,
    collections::BTreeMap,
    format,
    string::{String, ToString},
    vec::Vec,
};

use serde_json::{Map, Value};

use super::{
    Fault, Path, Violation,
    schema::{List, Node, NodeId, Schema},
    violation::shown,
};

/// What is there twice.
pub(super) fn check(schema: &Schema, root: NodeId, object: &Value) -> Vec<Violation> {
    let mut violations = Vec::new();
    value(schema, &Path::Root, root, object, &mut violations);
    violations
}

fn value(schema: &Schema, path: &Path<'_>, id: NodeId, object: &Value, violations: &mut Vec<Violation>) {
    let node = schema.node(id);
    match object {
        Value::Array(items) => {
            list(path, node, items, violations);
            if let Some(inner) = node.items {
                for (index, item) in items.iter().enumerate() {
                    value(schema, &Path::Index(path, index), inner, item, violations);
                }
            }
        }
        Value::Object(fields) => {
            for (name, field) in fields {
                if let Some(inner) = node.fields.get(name.as_str()) {
                    value(schema, &Path::Field(path, name), *inner, field, violations);
                } else if let Some(inner) = node.values {
                    value(schema, &Path::Key(path, name), inner, field, violations);
                }
            }
        }
        _ => {}
    }
}

fn list(path: &Path<'_>, node: &Node, items: &[Value], violations: &mut Vec<Violation>) {
    let keys: Vec<Value> = match &node.list {
        List::Atomic => return,
        List::Set => items.to_vec(),
        List::Map(names) => {
            let stray = items.iter().position(|item| !item.is_object() && !item.is_null());
            if let Some((index, item)) = stray.and_then(|index| Some((index, items.get(index)?))) {
                let detail = "must be an object for an array of list-type map";
                return violations.push(Violation::invalid_value(&Path::Index(path, index), Fault::Duplicate, item, detail));
            }
            items.iter().map(|item| key(names, item)).collect()
        }
    };
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    for (index, key) in keys.iter().enumerate() {
        let times = seen.entry(key.to_string()).or_default();
        *times += 1;
        // The third one adds nothing.
        if *times == 2 {
            let message = format!("Duplicate value: {}", shown(key));
            violations.push(Violation::new(&Path::Index(path, index), Fault::Duplicate, message));
        }
    }
}

fn key(names: &[impl AsRef<str>], item: &Value) -> Value {
    let field = |name: &str| Some((name.to_string(), item.get(name)?.clone()));
    names.iter().filter_map(|name| field(name.as_ref())).collect::<Map<_, _>>().into()
}

/// Entries of a map list by their keys; nothing is found in other lists.
pub(super) struct ByKey<'a> {
    names: &'a [Box<str>],
    entries: BTreeMap<String, &'a Value>,
}

pub(super) fn by_key<'a>(node: &'a Node, items: &'a [Value]) -> ByKey<'a> {
    let names = match &node.list {
        List::Map(names) => names.as_slice(),
        _ => &[],
    };
    let mut entries = BTreeMap::new();
    for item in items {
        if let Some(key) = whole_key(names, item) {
            entries.entry(key).or_insert(item);
        }
    }
    ByKey { names, entries }
}

impl<'a> ByKey<'a> {
    /// The entry that has the keys of another one.
    pub(super) fn find(&self, item: &Value) -> Option<&'a Value> {
        self.entries.get(&whole_key(self.names, item)?).copied()
    }
}

/// Only entries that have all keys, each a scalar, can be found again.
fn whole_key(names: &[Box<str>], item: &Value) -> Option<String> {
    let is_scalar = |value: &Value| value.is_string() || value.is_number() || value.is_boolean();
    let has_all = names.iter().all(|name| item.get(&**name).is_some_and(is_scalar));
    (!names.is_empty() && has_all).then(|| key(names, item).to_string())
}
