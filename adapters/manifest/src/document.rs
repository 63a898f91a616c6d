//! Objects of an input.

use serde_json::{Map, Value};

use crate::finding::{Finding, Severity, codes};
use crate::spans::Origin;

/// An object, and where it was written.
#[derive(Debug, Clone)]
pub struct Document {
    /// The object. From [`crate::parse_values`] it may be any value.
    pub value: Value,
    /// Where it was written; worth keeping when the value is not.
    pub origin: Origin,
}

impl Document {
    /// `apiVersion`, such as `gateway.networking.k8s.io/v1`.
    pub fn api_version(&self) -> Option<&str> {
        self.text("apiVersion")
    }

    /// `kind`, such as `HTTPRoute`.
    pub fn kind(&self) -> Option<&str> {
        self.text("kind")
    }

    /// `metadata.namespace`.
    pub fn namespace(&self) -> Option<&str> {
        self.metadata("namespace")
    }

    /// `metadata.name`.
    pub fn name(&self) -> Option<&str> {
        self.metadata("name")
    }

    /// The file as shown to the user.
    pub fn file(&self) -> &str {
        self.origin.source().name()
    }

    /// The line that the object begins on, from 1.
    pub fn line(&self) -> u32 {
        self.origin.line()
    }

    /// A finding at the value of a field, or at the nearest one that holds it.
    pub fn finding(&self, severity: Severity, code: &'static str, path: &str, message: impl Into<String>) -> Finding {
        Finding::new(severity, code, message).at_value(&self.origin, path)
    }

    fn text(&self, key: &str) -> Option<&str> {
        self.value.get(key)?.as_str()
    }

    fn metadata(&self, key: &str) -> Option<&str> {
        self.value.get("metadata")?.get(key)?.as_str()
    }
}

/// Takes lists apart, and calls `each` with every object or with the finding why something is none.
pub(crate) fn objects(document: Document, each: &mut dyn FnMut(Result<Document, Finding>)) {
    match document.value {
        // kubectl passes over documents of nothing
        Value::Null => {}
        Value::Object(object) => object_or_list(object, document.origin, each),
        other => each(Err(not_an_object(&other, &document.origin, "the document"))),
    }
}

fn object_or_list(mut object: Map<String, Value>, origin: Origin, each: &mut dyn FnMut(Result<Document, Finding>)) {
    if !is_list(&object) {
        let document = Document { value: Value::Object(object), origin };
        return each(match missing(&document) {
            Some(finding) => Err(finding),
            None => Ok(document),
        });
    }
    match object.remove("items") {
        Some(Value::Array(items)) => list(&object, items, &origin, each),
        None | Some(Value::Null) => {}
        Some(other) => {
            let items = origin.child("items").unwrap_or(origin);
            each(Err(not_an_object(&other, &items, "`items` of the list")));
        }
    }
}

fn list(list: &Map<String, Value>, items: Vec<Value>, origin: &Origin, each: &mut dyn FnMut(Result<Document, Finding>)) {
    // An alias has no places of its own inside: its items stand where it stands.
    let fallback = origin.child("items").unwrap_or_else(|| origin.clone());
    let parent = fallback.clone();
    let mut places = parent.children();
    for item in items {
        let origin = places.next().unwrap_or_else(|| fallback.clone());
        match item {
            Value::Object(mut item) => {
                infer_kind(list, &mut item);
                object_or_list(item, origin, each);
            }
            other => each(Err(not_an_object(&other, &origin, "the item"))),
        }
    }
}

/// `v1 List`, and the list of a kind (`HTTPRouteList`) that has items.
fn is_list(object: &Map<String, Value>) -> bool {
    match object.get("kind").and_then(Value::as_str) {
        Some("List") => true,
        Some(kind) => kind.ends_with("List") && matches!(object.get("items"), Some(Value::Array(_) | Value::Null)),
        None => false,
    }
}

/// The API server leaves `apiVersion` and `kind` out of the items of a kind's list.
fn infer_kind(list: &Map<String, Value>, item: &mut Map<String, Value>) {
    let kind = list.get("kind").and_then(Value::as_str).and_then(|kind| kind.strip_suffix("List")).unwrap_or_default();
    if kind.is_empty() || item.contains_key("kind") || item.contains_key("apiVersion") {
        return;
    }
    if let Some(version) = list.get("apiVersion") {
        item.insert("apiVersion".to_owned(), version.clone());
        item.insert("kind".to_owned(), kind.into());
    }
}

fn missing(document: &Document) -> Option<Finding> {
    let absent = |key: &str| document.text(key).is_none_or(str::is_empty);
    let what = match (absent("apiVersion"), absent("kind")) {
        (false, false) => return None,
        (true, true) => "the object has no `apiVersion` and no `kind`",
        (true, false) => "the object has no `apiVersion`",
        (false, true) => "the object has no `kind`",
    };
    Some(document.finding(Severity::Error, codes::MISSING_KIND, "", what))
}

fn not_an_object(value: &Value, origin: &Origin, what: &str) -> Finding {
    let kind = match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "a list",
        Value::Object(_) => "a mapping",
    };
    let expected = if what.contains("items") { "a list" } else { "a mapping" };
    let message = format!("{what} is {kind}, not {expected}");
    Finding::new(Severity::Error, codes::NOT_AN_OBJECT, message).at_value(origin, "")
}
