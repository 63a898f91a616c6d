//! What expressions come to.

use alloc::{borrow::Cow, boxed::Box, format, vec::Vec};

use serde_json::Value;

use super::{CelError, Function};

/// A value, mostly part of the object.
#[derive(Clone, Debug)]
pub(super) enum Val<'a> {
    Bool(bool),
    Int(i64),
    Text(Cow<'a, str>),
    /// A list or map of the object.
    Json(&'a Value),
    List(Vec<Self>),
    /// In nanoseconds.
    Duration(i64),
    /// A named format, by the function that gives it.
    Format(Function),
    /// Whether there is something to say: an optional list of messages.
    Optional(bool),
}

impl<'a> Val<'a> {
    /// A value of the object as the server sees it. Numbers of the CRDs are whole: `80.0` passes the schema as one and is no
    /// integer for a rule.
    pub(super) fn of(value: &'a Value) -> Result<Self, CelError> {
        match value {
            Value::Bool(value) => Ok(Self::Bool(*value)),
            Value::Number(number) => {
                number.as_i64().map(Self::Int).ok_or_else(|| CelError::new("invalid data, expected int, got float64"))
            }
            Value::String(text) => Ok(Self::Text(Cow::Borrowed(text))),
            Value::Null => Err(CelError::new("invalid data, got null for schema with nullable=false")),
            Value::Array(_) | Value::Object(_) => Ok(Self::Json(value)),
        }
    }

    pub(super) fn text(text: &'a str) -> Self {
        Self::Text(Cow::Borrowed(text))
    }

    pub(super) fn as_bool(&self) -> Result<bool, CelError> {
        match self {
            Self::Bool(value) => Ok(*value),
            _ => Err(CelError::no_overload()),
        }
    }

    pub(super) fn as_text(&self) -> Result<&str, CelError> {
        match self {
            Self::Text(text) => Ok(text),
            _ => Err(CelError::no_overload()),
        }
    }

    pub(super) fn as_int(&self) -> Result<i64, CelError> {
        match self {
            Self::Int(number) => Ok(*number),
            _ => Err(CelError::no_overload()),
        }
    }

    /// The items of a list, or the keys of a map.
    pub(super) fn items(self) -> Result<Vec<Self>, CelError> {
        match self {
            Self::List(items) => Ok(items),
            Self::Json(Value::Array(items)) => items.iter().map(Self::of).collect(),
            Self::Json(Value::Object(fields)) => Ok(fields.keys().map(|key| Self::text(key)).collect()),
            _ => Err(CelError::no_overload()),
        }
    }

    /// Of texts the characters, of lists and maps the entries.
    pub(super) fn size(&self) -> Result<i64, CelError> {
        let size = match self {
            Self::Text(text) => text.chars().count(),
            Self::List(items) => items.len(),
            Self::Json(Value::Array(items)) => items.len(),
            Self::Json(Value::Object(fields)) => fields.len(),
            _ => return Err(CelError::no_overload()),
        };
        i64::try_from(size).map_err(|_| CelError::no_overload())
    }

    /// A field that is there and has no value for a rule is an error here too.
    pub(super) fn has(&self, field: &str) -> Result<bool, CelError> {
        match self {
            Self::Json(Value::Object(fields)) => fields.get(field).map_or(Ok(false), |value| Self::of(value).map(|_| true)),
            _ => Err(CelError::no_overload()),
        }
    }

    pub(super) fn field(&self, field: &str) -> Result<Self, CelError> {
        match self {
            Self::Json(Value::Object(fields)) => fields.get(field).map_or_else(|| Err(no_such_key(field)), Self::of),
            _ => Err(CelError::no_overload()),
        }
    }

    pub(super) fn at(&self, index: &Self) -> Result<Self, CelError> {
        let (Self::Int(at), Ok(size)) = (index, self.size()) else { return self.field(index.as_text()?) };
        let item = usize::try_from(*at).ok().filter(|_| *at < size).and_then(|at| match self {
            Self::List(items) => items.get(at).cloned().map(Ok),
            Self::Json(Value::Array(items)) => items.get(at).map(Self::of),
            _ => None,
        });
        item.unwrap_or_else(|| Err(CelError::from(format!("index out of bounds: {at}"))))
    }

    pub(super) fn equals(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Bool(one), Self::Bool(other)) => one == other,
            (Self::Int(one), Self::Int(other)) | (Self::Duration(one), Self::Duration(other)) => one == other,
            (Self::Text(one), Self::Text(other)) => one == other,
            (Self::Json(one), Self::Json(other)) => one == other,
            _ => false,
        }
    }

    /// The order of two values of one type.
    pub(super) fn compare(&self, other: &Self) -> Result<core::cmp::Ordering, CelError> {
        match (self, other) {
            (Self::Int(one), Self::Int(other)) | (Self::Duration(one), Self::Duration(other)) => Ok(one.cmp(other)),
            (Self::Text(one), Self::Text(other)) => Ok(one.cmp(other)),
            _ => Err(CelError::no_overload()),
        }
    }
}

fn no_such_key(key: &str) -> CelError {
    CelError::from(Box::<str>::from(format!("no such key: {key}")))
}
