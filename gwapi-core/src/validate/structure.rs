//! Types, sizes, forms: what the schema says of each value alone.

use alloc::{
    format,
    string::{String, ToString},
    vec::Vec,
};
use core::fmt;

use serde_json::{Map, Number, Value};

use super::{
    Fault, Path, Violation,
    lists::by_key,
    schema::{Format, List, Node, NodeId, Schema, Type},
    text::{is_ipv4, is_ipv6},
    violation::shown,
};
use crate::ingest::nearest::nearest;

/// Checks a prepared object, tolerating what did not change.
pub(super) fn check(schema: &Schema, root: NodeId, after: &Value, before: Option<&Value>, violations: &mut Vec<Violation>) {
    Checker { schema, violations }.value(&Path::Root, root, after, before);
}

/// Whether nothing changed, in the way that decides what is tolerated: the entries of a map list have no order.
pub(super) fn unchanged(schema: &Schema, id: NodeId, after: &Value, before: &Value) -> bool {
    let node = schema.node(id);
    match (after, before) {
        (Value::Array(after), Value::Array(before)) if matches!(node.list, List::Map(_)) => {
            let old = by_key(node, before);
            let same = |item: &Value| {
                let old = old.find(item);
                old.is_some_and(|old| node.items.is_some_and(|items| unchanged(schema, items, item, old)))
            };
            after.len() == before.len() && after.iter().all(same)
        }
        (Value::Object(after), Value::Object(before)) => {
            let same = |(name, value): (&String, &Value)| {
                let inner = node.fields.get(name.as_str()).copied().or(node.values);
                before.get(name).zip(inner).is_some_and(|(old, inner)| unchanged(schema, inner, value, old))
            };
            after.len() == before.len() && after.iter().all(same)
        }
        _ => after == before,
    }
}

struct Checker<'a> {
    schema: &'a Schema,
    violations: &'a mut Vec<Violation>,
}

impl Checker<'_> {
    fn value(&mut self, path: &Path<'_>, id: NodeId, value: &Value, before: Option<&Value>) {
        let known = self.violations.len();
        self.value_alone(path, self.schema.node(id), value, before);
        // Ratcheting: what is wrong already may stay. The object as a whole changes with every write, in its metadata.
        let before = before.filter(|_| !matches!(path, Path::Root));
        if self.violations.len() > known && before.is_some_and(|before| unchanged(self.schema, id, value, before)) {
            self.violations.truncate(known);
        }
    }

    fn value_alone(&mut self, path: &Path<'_>, node: &Node, value: &Value, before: Option<&Value>) {
        self.kind(path, node, value);
        if !value.is_null() {
            self.alternatives(path, node, value);
            match value {
                Value::String(text) => self.text(path, node, value, text),
                Value::Number(number) => self.number(path, node, value, number),
                Value::Array(items) => self.list(path, node, items, before),
                Value::Object(fields) => self.object(path, node, fields, before),
                _ => {}
            }
        }
        if !node.allowed.is_empty() && !node.allowed.iter().any(|allowed| is_same(allowed, value)) {
            let allowed: Vec<String> = node.allowed.iter().map(ToString::to_string).collect();
            let detail = format!("supported values: {}", allowed.join(", "));
            let message = format!("Unsupported value: {}: {detail}", shown(value));
            let texts = node.allowed.iter().filter_map(Value::as_str);
            let nearest = value.as_str().and_then(|text| nearest(text, texts));
            self.violations.push(Violation { message, nearest, ..Violation::new(path, Fault::Enum, detail) });
        }
    }

    fn kind(&mut self, path: &Path<'_>, node: &Node, value: &Value) {
        let found = type_of(value);
        let is_right = match node.kind {
            // A format alone asks for a text.
            Type::Any => !matches!(node.format, Some(Format::Ipv4 | Format::Ipv6)) || found == "string" || value.is_null(),
            Type::Integer => is_whole(value),
            kind => kind.as_str() == found,
        };
        if !is_right {
            let wanted = match (node.kind, node.format) {
                (Type::Any, Some(Format::Ipv6)) => "ipv6",
                (Type::Any, _) => "ipv4",
                (kind, _) => kind.as_str(),
            };
            let (value, detail) = (format!("\"{found}\""), format!("must be of type {wanted}: \"{found}\""));
            self.violations.push(Violation::in_body(path, Fault::Type, &value, detail));
        }
    }

    fn add(&mut self, path: &Path<'_>, fault: Fault, value: &Value, detail: impl fmt::Display) {
        self.violations.push(Violation::in_body(path, fault, &shown(value), detail));
    }

    fn text(&mut self, path: &Path<'_>, node: &Node, value: &Value, text: &str) {
        // Lengths are for texts: sizes of other types have their own names in the schema.
        let (least, most) = if node.kind == Type::String { node.bounds } else { (None, None) };
        let length = text.chars().count() as i64;
        if let Some(most) = most.filter(|most| length > *most) {
            let detail = format!("may not be more than {most} bytes");
            let message = format!("Too long: {detail}");
            self.violations.push(Violation { message, ..Violation::new(path, Fault::TooLong, detail) });
        } else if let Some(least) = least.filter(|least| length < *least) {
            self.add(path, Fault::TooShort, value, format!("should be at least {least} chars long"));
        } else if let Some(pattern) = node.pattern.as_deref().filter(|pattern| self.schema.matches(pattern, text) != Some(true)) {
            self.add(path, Fault::Pattern, value, format!("should match '{pattern}'"));
        }
        let wanted = match node.format {
            Some(Format::Ipv4) if !is_ipv4(text) => "ipv4",
            Some(Format::Ipv6) if !is_ipv6(text) => "ipv6",
            _ => return,
        };
        self.add(path, Fault::Format, value, format!("must be of type {wanted}: {}", shown(value)));
    }

    fn number(&mut self, path: &Path<'_>, node: &Node, value: &Value, number: &Number) {
        if node.kind != Type::Integer {
            return;
        }
        let whole = number.as_i64();
        let in_range = match (whole.or_else(|| whole_of_float(number)), node.format) {
            (Some(number), Some(Format::Int32)) => i32::try_from(number).is_ok(),
            (number, _) => number.is_some(),
        };
        let float = number.as_f64().unwrap_or_default();
        if !in_range {
            let format = if node.format == Some(Format::Int32) { "int32" } else { "int64" };
            let detail = format!("Checked value must be of type integer with format {format} in {path}");
            let fault = if float < 0.0 { Fault::Minimum } else { Fault::Maximum };
            self.violations.push(Violation::invalid_value(path, fault, value, detail));
        }
        let beyond = |bound: i64, is_beyond: fn(&i64, &i64) -> bool, is_beyond_float: fn(&f64, &f64) -> bool| match whole {
            Some(whole) => is_beyond(&whole, &bound),
            None => is_beyond_float(&float, &(bound as f64)),
        };
        let (least, most) = node.bounds;
        if let Some(most) = most.filter(|most| beyond(*most, i64::gt, f64::gt)) {
            self.add(path, Fault::Maximum, value, format!("should be less than or equal to {most}"));
        }
        if let Some(least) = least.filter(|least| beyond(*least, i64::lt, f64::lt)) {
            self.add(path, Fault::Minimum, value, format!("should be greater than or equal to {least}"));
        }
    }

    fn list(&mut self, path: &Path<'_>, node: &Node, items: &[Value], before: Option<&Value>) {
        if let Some(inner) = node.items {
            let old = by_key(node, before.and_then(Value::as_array).map_or(&[], Vec::as_slice));
            for (index, item) in items.iter().enumerate() {
                self.value(&Path::Index(path, index), inner, item, old.find(item));
            }
        }
        if node.kind == Type::Array {
            self.size(path, node, items.len(), "items");
        }
    }

    fn object(&mut self, path: &Path<'_>, node: &Node, fields: &Map<String, Value>, before: Option<&Value>) {
        let before = before.and_then(Value::as_object);
        for (name, value) in fields {
            let before = before.and_then(|before| before.get(name));
            if let Some(inner) = node.fields.get(name.as_str()) {
                self.value(&Path::Field(path, name), *inner, value, before);
            } else if let Some(inner) = node.values {
                self.value(&Path::Key(path, name), inner, value, before);
            }
        }
        for name in node.required.iter().filter(|name| !fields.contains_key(&***name)) {
            self.violations.push(Violation::new(&Path::Field(path, name), Fault::Required, "Required value"));
        }
        if node.kind == Type::Object {
            self.size(path, node, fields.len(), "properties");
        }
    }

    fn size(&mut self, path: &Path<'_>, node: &Node, size: usize, what: &str) {
        let size = size as i64;
        let (least, most) = node.bounds;
        if let Some(most) = most.filter(|most| size > *most) {
            let detail = format!("must have at most {most} items");
            let message = format!("Too many: {size}: {detail}");
            self.violations.push(Violation { message, ..Violation::new(path, Fault::TooMany, detail) });
        }
        if let Some(least) = least.filter(|least| size < *least) {
            self.add(path, Fault::TooFew, &size.into(), format!("should have at least {least} {what}"));
        }
    }

    fn alternatives(&mut self, path: &Path<'_>, node: &Node, value: &Value) {
        let schema = self.schema;
        let is_like = |id: &NodeId| unlike(schema, path, *id, value).is_empty();
        if !node.any_of.is_empty() && !node.any_of.iter().any(is_like) {
            self.unlike_any(path, "validate at least one schema (anyOf)", &node.any_of, value);
        }
        let alike = node.one_of.iter().filter(|id| is_like(id)).count();
        if !node.one_of.is_empty() && alike == 0 {
            self.unlike_any(path, "validate one and only one schema (oneOf). Found none valid", &node.one_of, value);
        } else if alike > 1 {
            let found = format!("validate one and only one schema (oneOf). Found {alike} valid alternatives");
            self.unlike_any(path, &found, &[], value);
        }
        if node.not.as_ref().is_some_and(is_like) {
            self.unlike_any(path, "not validate the schema (not)", &[], value);
        }
    }

    /// What is wrong, and what the alternative that says most would ask for.
    fn unlike_any(&mut self, path: &Path<'_>, what: &str, alternatives: &[NodeId], value: &Value) {
        let message = format!("Invalid value: \"\": \"{path}\" must {what}");
        self.violations.push(Violation { message, ..Violation::new(path, Fault::Alternatives, format!("must {what}")) });
        // The first one of several: `max_by_key` takes the last.
        if let Some(id) = alternatives.iter().rev().max_by_key(|id| self.schema.node(**id).fields.len()) {
            self.violations.extend(unlike(self.schema, path, *id, value));
        }
    }
}

/// Why a value is not like an alternative.
fn unlike(schema: &Schema, path: &Path<'_>, id: NodeId, value: &Value) -> Vec<Violation> {
    let mut violations = Vec::new();
    Checker { schema, violations: &mut violations }.value(path, id, value, None);
    violations
}

/// Whether a value is one of those that are allowed. `308.0` is 308 here.
fn is_same(allowed: &Value, value: &Value) -> bool {
    let whole = |value: &Value| value.as_f64().filter(|_| value.is_f64()).map(|number| number as i64);
    allowed == value || whole(value).is_some_and(|number| allowed.as_i64() == Some(number))
}

fn type_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(number) if number.is_i64() => "integer",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

/// Whether a number is whole, however it is written: `80.0` too.
fn is_whole(value: &Value) -> bool {
    let Value::Number(number) = value else { return false };
    number.is_i64() || number.as_f64().is_some_and(is_json_integer)
}

/// As far as a float counts as an integer of JSON: it is exact up to 2^53.
fn is_json_integer(number: f64) -> bool {
    const MOST: f64 = 9_007_199_254_740_991.0;
    number.abs() <= MOST && number % 1.0 == 0.0
}

fn whole_of_float(number: &Number) -> Option<i64> {
    number.as_f64().filter(|number| is_json_integer(*number)).map(|number| number as i64)
}
