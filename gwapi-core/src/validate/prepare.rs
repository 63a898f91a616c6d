//! What the API server makes of an object before it looks at it: fields that the CRD does not have are dropped, nulls too,
//! defaults are filled in.

use alloc::{
    string::{String, ToString},
    vec::Vec,
};

use serde_json::{Map, Value};

use super::{
    Path, Pruned,
    schema::{Node, NodeId, Schema},
};
use crate::ingest::nearest::nearest;

/// Fields of the root that are checked elsewhere, or that a client cannot write.
const NOT_CHECKED: [&str; 4] = ["apiVersion", "kind", "metadata", "status"];

/// The object as it is checked. Only what the schema names is copied, so that the result is never deeper than the schema.
pub(super) fn prepare(schema: &Schema, root: NodeId, object: &Value, pruned: &mut Vec<Pruned>) -> Value {
    Preparer { schema, pruned }.value(&Path::Root, root, object)
}

struct Preparer<'a> {
    schema: &'a Schema,
    pruned: &'a mut Vec<Pruned>,
}

impl Preparer<'_> {
    fn value(&mut self, path: &Path<'_>, id: NodeId, value: &Value) -> Value {
        let schema = self.schema;
        let node = schema.node(id);
        match value {
            Value::Object(fields) => Value::Object(self.fields(path, node, fields)),
            Value::Array(items) => {
                let item = |(index, item): (usize, &Value)| self.item(&Path::Index(path, index), node, item);
                Value::Array(items.iter().enumerate().map(item).collect())
            }
            scalar => scalar.clone(),
        }
    }

    fn fields(&mut self, path: &Path<'_>, node: &Node, fields: &Map<String, Value>) -> Map<String, Value> {
        let mut kept = Map::new();
        for (name, value) in fields {
            if let Some(inner) = node.fields.get(name.as_str()) {
                self.keep(&mut kept, name, &Path::Field(path, name), *inner, value);
            } else if let Some(inner) = node.values {
                self.keep(&mut kept, name, &Path::Key(path, name), inner, value);
            } else if !(matches!(path, Path::Root) && NOT_CHECKED.contains(&name.as_str())) {
                self.prune(&Path::Field(path, name), name, node);
            }
        }
        for (name, inner) in &node.fields {
            if let (Some(default), false) = (&self.schema.node(*inner).default, kept.contains_key(&**name)) {
                let default = self.value(&Path::Field(path, name), *inner, default);
                kept.insert(name.to_string(), default);
            }
        }
        kept
    }

    /// A null counts as absent, whether there is a default or not.
    fn keep(&mut self, kept: &mut Map<String, Value>, name: &str, path: &Path<'_>, inner: NodeId, value: &Value) {
        if !value.is_null() {
            kept.insert(name.into(), self.value(path, inner, value));
        }
    }

    /// Items stay even if they are null. Where a list has no place, its items lose what they hold, and its type is wrong.
    fn item(&mut self, path: &Path<'_>, node: &Node, item: &Value) -> Value {
        match (node.items, item) {
            (Some(inner), Value::Null) => self.schema.node(inner).default.clone().unwrap_or_default(),
            (Some(inner), item) => self.value(path, inner, item),
            (None, Value::Object(_)) => Value::Object(Map::new()),
            (None, Value::Array(_)) => Value::Array(Vec::new()),
            (None, scalar) => scalar.clone(),
        }
    }

    fn prune(&mut self, path: &Path<'_>, name: &str, node: &Node) {
        let known = node.fields.keys().map(AsRef::as_ref);
        self.pruned.push(Pruned { path: path.to_string(), nearest: nearest(name, known) });
    }
}
