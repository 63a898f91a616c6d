//! Metadata: what every kind has, and what the server checks without a schema.

use alloc::{
    format,
    string::{String, ToString},
    vec::Vec,
};

use serde_json::{Map, Value};

use super::{
    Fault, Path, Violation,
    text::{is_label, is_label_value, is_qualified_name, is_subdomain},
};

/// How many bytes annotations have together, keys and values.
const ANNOTATIONS: usize = 256 * 1024;

const NAME: &str = "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start \
                    and end with an alphanumeric character, and has at most 253 characters";
const LABEL: &str = "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end \
                     with an alphanumeric character, and has at most 63 characters";
const KEY: &str = "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an \
                   alphanumeric character, at most 63 of them, with an optional DNS subdomain prefix and '/'";
const LABEL_VALUE: &str = "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must \
                           start and end with an alphanumeric character, and has at most 63 characters";

/// The type of a field of metadata. Null is the zero value of each.
enum Shape {
    Text,
    Time,
    Integer,
    Boolean,
    /// A map of texts.
    Texts,
    ListOf(&'static Self),
    Object(&'static [(&'static str, Self)]),
}

const METADATA: Shape = Shape::Object(&[
    ("name", Shape::Text),
    ("generateName", Shape::Text),
    ("namespace", Shape::Text),
    ("selfLink", Shape::Text),
    ("uid", Shape::Text),
    ("resourceVersion", Shape::Text),
    ("generation", Shape::Integer),
    ("creationTimestamp", Shape::Time),
    ("deletionTimestamp", Shape::Time),
    ("deletionGracePeriodSeconds", Shape::Integer),
    ("labels", Shape::Texts),
    ("annotations", Shape::Texts),
    ("finalizers", Shape::ListOf(&Shape::Text)),
    ("ownerReferences", Shape::ListOf(&OWNER)),
    ("managedFields", Shape::ListOf(&MANAGER)),
]);

const OWNER: Shape = Shape::Object(&[
    ("apiVersion", Shape::Text),
    ("kind", Shape::Text),
    ("name", Shape::Text),
    ("uid", Shape::Text),
    ("controller", Shape::Boolean),
    ("blockOwnerDeletion", Shape::Boolean),
]);

const MANAGER: Shape = Shape::Object(&[
    ("manager", Shape::Text),
    ("operation", Shape::Text),
    ("apiVersion", Shape::Text),
    ("time", Shape::Time),
    ("fieldsType", Shape::Text),
    ("subresource", Shape::Text),
]);

/// What makes the server give up on the object before it checks anything.
pub(super) fn undecodable(object: &Value) -> Vec<Violation> {
    let mut violations = Vec::new();
    if let Some(metadata) = object.get("metadata") {
        decode(&Path::Field(&Path::Root, "metadata"), metadata, &METADATA, &mut violations);
    }
    violations
}

fn decode(path: &Path<'_>, value: &Value, shape: &Shape, violations: &mut Vec<Violation>) {
    let mut wrong = |wanted: &str| {
        violations.push(Violation::invalid_value(path, Fault::Type, value, format!("must be of type {wanted}")));
    };
    match (shape, value) {
        (_, Value::Null) | (Shape::Text, Value::String(_)) | (Shape::Boolean, Value::Bool(_)) => {}
        (Shape::Text, _) => wrong("string"),
        (Shape::Boolean, _) => wrong("boolean"),
        (Shape::Time, Value::String(text)) if is_time(text) => {}
        (Shape::Time, _) => wrong("date-time"),
        (Shape::Integer, Value::Number(number)) if number.is_i64() => {}
        (Shape::Integer, _) => wrong("integer"),
        (Shape::Texts, Value::Object(entries)) => {
            for (key, value) in entries {
                decode(&Path::Key(path, key), value, &Shape::Text, violations);
            }
        }
        (Shape::ListOf(shape), Value::Array(items)) => {
            for (index, item) in items.iter().enumerate() {
                decode(&Path::Index(path, index), item, shape, violations);
            }
        }
        (Shape::Object(shapes), Value::Object(fields)) => {
            for (name, shape) in *shapes {
                if let Some(value) = fields.get(*name) {
                    decode(&Path::Field(path, name), value, shape, violations);
                }
            }
        }
        (Shape::ListOf(_), _) => wrong("array"),
        (Shape::Texts | Shape::Object(_), _) => wrong("object"),
    }
}

/// RFC 3339 as Go reads it. The empty text is no time.
fn is_time(text: &str) -> bool {
    crate::time::Timestamp::parse(text).is_some()
}

/// Checks metadata that can be decoded. `before` is what is stored, if the object is there already.
pub(super) fn check(is_namespaced: bool, object: &Value, before: Option<&Value>) -> Vec<Violation> {
    let root = Path::Field(&Path::Root, "metadata");
    let mut checker = Checker { root, metadata: object.get("metadata").and_then(Value::as_object), violations: Vec::new() };
    match before {
        None => checker.created(is_namespaced),
        Some(before) => checker.updated(before),
    }
    checker.finalizers();
    checker.labels();
    checker.annotations();
    checker.owners();
    checker.violations
}

struct Checker<'a> {
    root: Path<'a>,
    metadata: Option<&'a Map<String, Value>>,
    violations: Vec<Violation>,
}

impl<'a> Checker<'a> {
    fn get(&self, name: &str) -> Option<&'a Value> {
        self.metadata.and_then(|metadata| metadata.get(name))
    }

    fn text(&self, name: &str) -> &'a str {
        self.get(name).and_then(Value::as_str).unwrap_or_default()
    }

    fn invalid(&mut self, name: &str, value: &str, detail: &str) {
        let path = Path::Field(&self.root, name);
        self.violations.push(Violation::invalid_value(&path, Fault::Metadata, &Value::from(value), detail));
    }

    fn created(&mut self, is_namespaced: bool) {
        let (name, generate, namespace) = (self.text("name"), self.text("generateName"), self.text("namespace"));
        if !generate.is_empty() && !is_subdomain(&prefix(generate)) {
            self.invalid("generateName", generate, NAME);
        }
        if name.is_empty() && generate.is_empty() {
            let detail = "name or generateName is required";
            let message = format!("Required value: {detail}");
            let path = Path::Field(&self.root, "name");
            self.violations.push(Violation { message, ..Violation::new(&path, Fault::Required, detail) });
        } else if !name.is_empty() && !is_subdomain(name) {
            self.invalid("name", name, NAME);
        }
        // A client fills in what is missing, and the server ignores what has no place.
        if is_namespaced && !namespace.is_empty() && !is_label(namespace) {
            self.invalid("namespace", namespace, LABEL);
        }
    }

    fn updated(&mut self, before: &Value) {
        for name in ["name", "namespace"] {
            let old = before.get("metadata").and_then(|metadata| metadata.get(name)).and_then(Value::as_str).unwrap_or_default();
            let new = self.text(name);
            // What is missing is taken from what is stored.
            if new != old && !new.is_empty() {
                let path = Path::Field(&self.root, name);
                self.violations.push(Violation::invalid_value(&path, Fault::Immutable, &Value::from(new), "field is immutable"));
            }
        }
        let generate = self.text("generateName");
        if generate.contains(['/', '%']) {
            self.invalid("generateName", generate, "may not contain '/' or '%'");
        }
    }

    fn finalizers(&mut self) {
        let finalizers = self.get("finalizers").and_then(Value::as_array).into_iter().flatten();
        let finalizers: Vec<&str> = finalizers.map(|finalizer| finalizer.as_str().unwrap_or_default()).collect();
        for finalizer in finalizers.iter().filter(|finalizer| !is_qualified_name(finalizer)) {
            self.invalid("finalizers", finalizer, KEY);
        }
        if finalizers.contains(&"orphan") && finalizers.contains(&"foregroundDeletion") {
            self.invalid("finalizers", "orphan", "finalizer orphan and foregroundDeletion cannot be both set");
        }
    }

    fn labels(&mut self) {
        for (key, value) in self.get("labels").and_then(Value::as_object).into_iter().flatten() {
            let value = value.as_str().unwrap_or_default();
            if !is_qualified_name(key) {
                self.invalid("labels", key, KEY);
            }
            if !is_label_value(value) {
                self.invalid("labels", value, LABEL_VALUE);
            }
        }
    }

    fn annotations(&mut self) {
        let mut size = 0;
        for (key, value) in self.get("annotations").and_then(Value::as_object).into_iter().flatten() {
            size += key.len() + value.as_str().unwrap_or_default().len();
            if !is_qualified_name(&key.to_lowercase()) {
                self.invalid("annotations", key, KEY);
            }
        }
        if size > ANNOTATIONS {
            let detail = format!("may not be more than {ANNOTATIONS} bytes");
            let message = format!("Too long: {detail}");
            let path = Path::Field(&self.root, "annotations");
            self.violations.push(Violation { message, ..Violation::new(&path, Fault::TooLong, detail) });
        }
    }

    fn owners(&mut self) {
        let path = Path::Field(&self.root, "ownerReferences");
        let mut controllers = 0;
        for owner in self.get("ownerReferences").and_then(Value::as_array).into_iter().flatten() {
            let text = |name: &str| owner.get(name).and_then(Value::as_str).unwrap_or_default();
            let version = match text("apiVersion").split_once('/') {
                None => text("apiVersion"),
                Some((_, version)) if !version.contains('/') => version,
                Some(_) => "",
            };
            for (name, value) in [("apiVersion", version), ("kind", text("kind")), ("name", text("name")), ("uid", text("uid"))] {
                if value.is_empty() {
                    let detail = if name == "apiVersion" { "version must not be empty" } else { "must not be empty" };
                    let path = Path::Field(&path, name);
                    self.violations.push(Violation::invalid_value(&path, Fault::Metadata, &Value::from(""), detail));
                }
            }
            controllers += u32::from(owner.get("controller") == Some(&Value::Bool(true)));
            let is_event = text("apiVersion") == "v1" && text("kind") == "Event";
            if is_event || controllers == 2 {
                let detail = if is_event { "Event is disallowed from being an owner" } else { ONE_CONTROLLER };
                self.violations.push(Violation::invalid_value(&path, Fault::Metadata, owner, detail));
            }
        }
    }
}

const ONE_CONTROLLER: &str = "Only one reference can have Controller set to true";

/// What a generated name begins with may end in `-`: letters follow.
fn prefix(name: &str) -> String {
    match name.strip_suffix('-') {
        Some(rest) if !rest.is_empty() => format!("{rest}a"),
        _ => name.to_string(),
    }
}
