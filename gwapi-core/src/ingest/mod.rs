//! JSON values in, objects out: the authoritative, lossless door.
//!
//! [`Object::from_json`] takes any Kubernetes object, of every served version, and [`Object::from_serialize`] whatever
//! serialises to one: types of `gateway-api`, `k8s-openapi` or kube's `DynamicObject`, in any of their versions. The
//! defaults of the CRDs are applied here, so that manifests and objects from an API server come out alike (R-043).
//!
//! Nothing is lost silently. What is wrong is an [`Issue`] with its field path, and the part of the object that it stands in
//! carries it as [`Invalid`](crate::model::Invalid): that part is refused later and never served with a guess in its place.
//! A field that is not read is an issue too (law 11), and is refused with the part around it. Whether what was read can be had
//! is another question, which the function answers (law 12).
//!
//! ```
//! use gwapi_core::{Object, ingest::IssueCode};
//! use serde_json::json;
//!
//! let read = Object::from_json(&json!({
//!     "apiVersion": "gateway.networking.k8s.io/v1", "kind": "HTTPRoute", "metadata": {"name": "shop"},
//!     "spec": {"parentRefs": [{"name": "edge"}], "hostname": ["shop.example.com"]},
//! }));
//! let issue = &read.issues[0];
//! assert_eq!((issue.code, issue.path.as_str()), (IssueCode::UnknownField, "spec.hostname"));
//! assert_eq!(issue.suggestion.as_deref(), Some("hostnames"));
//! // Without its hostnames the route would serve every host, so it is refused.
//! let Some(Object::Route(route)) = read.object else { panic!("not a route") };
//! assert_eq!(route.invalid[0].path, "spec.hostname");
//! ```
//!
//! Reading a kind is one function from its fields to the model, in a file of its own; `kinds` lists them all.

use alloc::{format, string::String, vec::Vec};

use serde::Serialize;
use serde_json::Value;

use crate::model::{DefaultScope, Object};

mod backend_tls;
mod cursor;
mod filter;
mod gateway;
mod gateway_class;
mod grpc_route;
mod http_match;
mod http_route;
mod identity;
mod kinds;
mod kubernetes;
mod l4_route;
mod listener;
pub(crate) mod nearest;
mod policy;
mod reference_grant;
mod refs;
mod route;
mod secret;
mod session;
mod telemetry;
#[cfg(test)]
mod tests;
#[cfg(feature = "gateway-api")]
mod typed;
mod x_backend;

use cursor::{Fields, Node, Report};
use identity::Header;

/// An object that was read, and what there is to say about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ingested {
    /// The object. Nothing only if it cannot be told what it is: no usable apiVersion, kind or name, or a kind or version
    /// that the groups of the Gateway API do not have.
    pub object: Option<Object>,
    /// What is wrong or was not read.
    pub issues: Vec<Issue>,
}

/// One thing to say about a value.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Issue {
    /// What kind of thing.
    pub code: IssueCode,
    /// Where, as the API server writes it: `spec.rules[0].matches[1].path.value`, `metadata.labels[a.b/c]`. Empty for the
    /// object itself. A missing field has the path that it would have.
    pub path: String,
    /// What is wrong: lower case, no full stop.
    pub message: String,
    /// What was probably meant: a name for an unknown field, else a value.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub suggestion: Option<String>,
}

/// The kinds of issues.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum IssueCode {
    /// A value of another type than the field has.
    WrongType,
    /// A field that the kind does not have; the API server refuses or prunes it.
    UnknownField,
    /// A field that must be there and is not.
    MissingField,
    /// A value of the right type that means nothing.
    InvalidValue,
    /// Two entries of a list with one name.
    DuplicateName,
    /// A kind that its group does not have.
    UnknownKind,
    /// A version of a kind that no API server serves.
    UnknownVersion,
    /// A kind of the Gateway API that is not read: XListenerSet, which ListenerSet has replaced. References can find its objects.
    KindNotSupported,
    /// An entry that does not count because an equivalent one stands before it (F-012, F-016, H-017).
    IgnoredDuplicate,
}

/// How bad an issue is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// The API server would refuse it, or what it stands in does not take effect.
    Error,
    /// Legal, and not what was asked for.
    Warning,
    /// Good to know.
    Note,
}

impl IssueCode {
    /// Every code.
    pub const ALL: [Self; 9] = [
        Self::WrongType,
        Self::UnknownField,
        Self::MissingField,
        Self::InvalidValue,
        Self::DuplicateName,
        Self::UnknownKind,
        Self::UnknownVersion,
        Self::KindNotSupported,
        Self::IgnoredDuplicate,
    ];

    /// The stable name in findings.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::WrongType => "wrong-type",
            Self::UnknownField => "unknown-field",
            Self::MissingField => "missing-field",
            Self::InvalidValue => "invalid-value",
            Self::DuplicateName => "duplicate-name",
            Self::UnknownKind => "unknown-kind",
            Self::UnknownVersion => "unknown-version",
            Self::KindNotSupported => "kind-not-supported",
            Self::IgnoredDuplicate => "ignored-duplicate",
        }
    }

    /// How bad issues of this kind are.
    #[must_use]
    pub fn severity(self) -> Severity {
        match self {
            Self::WrongType
            | Self::UnknownField
            | Self::MissingField
            | Self::InvalidValue
            | Self::DuplicateName
            | Self::UnknownVersion => Severity::Error,
            Self::UnknownKind => Severity::Warning,
            Self::KindNotSupported | Self::IgnoredDuplicate => Severity::Note,
        }
    }
}

impl core::fmt::Display for IssueCode {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Object {
    /// Reads a Kubernetes object. Total: whatever the value, there is an answer (law 2).
    ///
    /// Objects as an API server gives them and manifests that were never applied are read alike: the defaults of the CRDs are
    /// filled in, a missing namespace is `default`, and what the server writes (`status`, `managedFields`) is passed over.
    ///
    /// ```
    /// use gwapi_core::Object;
    /// use serde_json::json;
    /// let read = Object::from_json(&json!({
    ///     "apiVersion": "gateway.networking.k8s.io/v1", "kind": "HTTPRoute", "metadata": {"name": "shop"},
    ///     "spec": {"rules": [{"matches": [{"path": {"type": "PathPrefix", "value": "cart"}}]}]},
    /// }));
    /// let object = read.object.expect("it can be told what it is");
    /// assert_eq!(object.key().to_string(), "HTTPRoute default/shop");
    /// assert_eq!(read.issues[0].path, "spec.rules[0].matches[0].path.value");
    /// ```
    #[must_use]
    pub fn from_json(value: &Value) -> Ingested {
        from_json(value)
    }

    /// Reads whatever serialises to a Kubernetes object: kube's `DynamicObject`, types of `k8s-openapi`, or your own.
    ///
    /// A type holds only the fields that its crate knows, and what it has dropped cannot become an issue. `DynamicObject` and
    /// JSON lose nothing.
    #[must_use]
    pub fn from_serialize(value: &impl Serialize) -> Ingested {
        from_serialize(value)
    }
}

/// Reads a Kubernetes object; see [`Object::from_json`].
#[must_use]
pub fn from_json(value: &Value) -> Ingested {
    let mut report = Report::default();
    let object = Node::root(value, &mut report).object(kinds::read);
    Ingested { object, issues: report.into_issues() }
}

/// Reads whatever serialises to a Kubernetes object; see [`Object::from_serialize`].
#[must_use]
pub fn from_serialize(value: &impl Serialize) -> Ingested {
    match serde_json::to_value(value) {
        Ok(value) => from_json(&value),
        Err(error) => {
            let message = format!("not an object in JSON: {error}");
            let issue = Issue { code: IssueCode::WrongType, path: String::new(), message, suggestion: None };
            Ingested { object: None, issues: Vec::from([issue]) }
        }
    }
}

/// P-001, on both sides.
fn default_scope(fields: &mut Fields<'_, '_>, name: &'static str) -> DefaultScope {
    let scope = fields.optional(name, |node| {
        if node.is_text("") {
            return None;
        }
        node.word(&["All", "None"], |word| DefaultScope::from(word))
    });
    scope.unwrap_or_default()
}
