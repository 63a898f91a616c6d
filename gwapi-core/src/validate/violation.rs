//! Why the API server refuses an object, in its own words.

use alloc::{
    format,
    string::{String, ToString},
};
use core::fmt;

use serde_json::Value;

use super::Path;

/// The longest value that is repeated in a message, in characters.
const SHOWN: usize = 120;

/// One reason to refuse an object. Shown, it is the line that the API server writes: `path: Invalid value: …`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// Where: `spec.rules[0].matches[1].path.value`. A missing field has the path that it would have.
    pub path: String,
    /// What sort of rule is broken.
    pub fault: Fault,
    /// What the API server says, without the path.
    pub message: String,
    /// The same without the value: what it should be, or why it is wrong.
    pub detail: String,
    /// What was probably meant, where a few values are allowed.
    pub nearest: Option<String>,
}

/// What sort of rule is broken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Fault {
    /// A field that must be there is not.
    Required,
    /// A value of another type than the field has.
    Type,
    /// A text without the form that the field asks for.
    Pattern,
    /// A text that is no address, date and so on, where the field asks for one.
    Format,
    /// A value that is none of those that there are.
    Enum,
    /// A text with too many characters.
    TooLong,
    /// A text with too few.
    TooShort,
    /// A list or map with too many entries.
    TooMany,
    /// A list or map with too few.
    TooFew,
    /// A number that is too small.
    Minimum,
    /// A number that is too large.
    Maximum,
    /// A value that is like none of several alternatives, or like more than one, or like what is ruled out.
    Alternatives,
    /// Two entries of a list that must differ.
    Duplicate,
    /// A name, label or other part of metadata that has a form of its own.
    Metadata,
    /// A rule over several fields.
    Rule,
    /// A rule over several fields that could not be evaluated.
    RuleError,
    /// A value that must stay as it is.
    Immutable,
}

impl Fault {
    /// Whether the server leaves out the CEL rules because of this: they could not rely on types and sizes.
    pub(super) fn blocks_rules(self) -> bool {
        matches!(
            self,
            Self::Required | Self::Type | Self::Format | Self::Enum | Self::TooLong | Self::TooMany | Self::Alternatives
        )
    }
}

impl Violation {
    pub(super) fn new(path: &Path<'_>, fault: Fault, detail: impl Into<String>) -> Self {
        let detail = detail.into();
        Self { path: path.to_string(), fault, message: detail.clone(), detail, nearest: None }
    }

    /// `Invalid value: what is wrong with it`.
    pub(super) fn invalid(path: &Path<'_>, fault: Fault, detail: impl fmt::Display) -> Self {
        let message = format!("Invalid value: {detail}");
        Self { message, ..Self::new(path, fault, detail.to_string()) }
    }

    /// `Invalid value: "x": what is wrong with it`.
    pub(super) fn invalid_value(path: &Path<'_>, fault: Fault, value: &Value, detail: impl fmt::Display) -> Self {
        let message = format!("Invalid value: {}: {detail}", shown(value));
        Self { message, ..Self::new(path, fault, detail.to_string()) }
    }

    /// `Invalid value: "x": PATH in body what it should be`: how the schema's own checks put it.
    pub(super) fn in_body(path: &Path<'_>, fault: Fault, value: &str, detail: impl fmt::Display) -> Self {
        let message = format!("Invalid value: {value}: {path} in body {detail}");
        Self { message, ..Self::new(path, fault, detail.to_string()) }
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.path.is_empty() { f.write_str(&self.message) } else { write!(f, "{}: {}", self.path, self.message) }
    }
}

/// A value as messages show it, cut off where it is long.
pub(super) fn shown(value: &Value) -> String {
    match value {
        // Cut off before it is quoted: a text may be megabytes.
        Value::String(text) => match text.char_indices().nth(SHOWN) {
            Some((end, _)) => format!("{:?}", format!("{}…", text.get(..end).unwrap_or_default())),
            None => value.to_string(),
        },
        Value::Array(items) if items.len() > SHOWN => format!("a list of {} entries", items.len()),
        Value::Object(fields) if fields.len() > SHOWN => format!("an object of {} fields", fields.len()),
        other => {
            let text = other.to_string();
            match text.char_indices().nth(SHOWN) {
                Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
                None => text,
            }
        }
    }
}
