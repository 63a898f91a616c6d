//! Rules of HTTPRoutes.

use alloc::{sync::Arc, vec::Vec};
use core::time::Duration;

use serde::Serialize;

use super::{BackendRef, Filter, HeaderName, Invalid, SessionPersistence};
use crate::{name::SectionName, pattern::Pattern};

/// One rule of an HTTPRoute.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HttpRule {
    /// Name (F-021).
    pub name: Option<SectionName>,
    /// Alternatives; never empty: a rule without any has one that matches everything (F-002). A match that holds an
    /// invalid value is not among them, and the value is in `invalid`.
    pub matches: Vec<HttpMatch>,
    /// Filters in the order of the manifest.
    pub filters: Vec<Filter>,
    /// Backends in the order of the manifest.
    pub backend_refs: Vec<BackendRef>,
    /// Timeouts.
    pub timeouts: Timeouts,
    /// Retries.
    pub retry: Option<Retry>,
    /// Sessions of this rule (J-022). Not built: the rule is refused, never served without.
    pub session_persistence: Option<SessionPersistence>,
    /// Values that cannot be honoured: the rule takes part in nothing (G-018).
    pub invalid: Vec<Invalid>,
}

/// One alternative of a rule: all its predicates must hold (F-001).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct HttpMatch {
    /// Path.
    pub path: PathMatch,
    /// Headers; of entries with equivalent names only the first is kept (F-012).
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub headers: Vec<ValueMatch<HeaderName>>,
    /// Query parameters; of entries with the same name only the first is kept (F-016).
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub query: Vec<ValueMatch<Arc<str>>>,
    /// Method.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub method: Option<Method>,
}

impl Default for HttpMatch {
    /// Everything (F-002).
    fn default() -> Self {
        Self { path: PathMatch::Prefix(Arc::from("/")), headers: Vec::new(), query: Vec::new(), method: None }
    }
}

/// A predicate on the path. Texts are in the normal form that request paths have when they are compared (F-010).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "type", content = "value")]
pub enum PathMatch {
    /// The whole path (F-003).
    Exact(Arc<str>),
    /// Whole elements from the start; without the `/` at the end, except that `/` itself stays (F-004, F-005).
    #[serde(rename = "PathPrefix")]
    Prefix(Arc<str>),
    /// A regular expression that matches the whole path (F-007).
    #[serde(rename = "RegularExpression")]
    Regex(Pattern),
}

/// A predicate on a header or query parameter.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ValueMatch<N> {
    /// Name.
    pub name: N,
    /// What must hold of the value.
    #[serde(flatten)]
    pub value: ValueMatcher,
}

/// What must hold of a value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "type", content = "value")]
pub enum ValueMatcher {
    /// Equal, case-sensitive (F-011, F-015).
    Exact(Arc<str>),
    /// A regular expression that matches the whole value (F-014).
    #[serde(rename = "RegularExpression")]
    Regex(Pattern),
}

/// The methods that a rule can ask for (F-018).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Method {
    /// GET
    Get,
    /// HEAD
    Head,
    /// POST
    Post,
    /// PUT
    Put,
    /// DELETE
    Delete,
    /// CONNECT
    Connect,
    /// OPTIONS
    Options,
    /// TRACE
    Trace,
    /// PATCH
    Patch,
}

impl Method {
    /// Every method that the API knows.
    pub const ALL: [Self; 9] =
        [Self::Get, Self::Head, Self::Post, Self::Put, Self::Delete, Self::Connect, Self::Options, Self::Trace, Self::Patch];

    /// The method as requests write it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Head => "HEAD",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Delete => "DELETE",
            Self::Connect => "CONNECT",
            Self::Options => "OPTIONS",
            Self::Trace => "TRACE",
            Self::Patch => "PATCH",
        }
    }

    /// The method of that name; upper case only (F-018).
    #[must_use]
    pub fn of(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|method| method.as_str() == text)
    }
}

/// `timeouts` of a rule; a zero switches a timeout off (J-006), nothing leaves it to the data plane (J-008).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Timeouts {
    /// For the whole request, all attempts included (J-003).
    pub request: Option<Duration>,
    /// For one attempt (J-005).
    pub backend_request: Option<Duration>,
}

/// `retry` of a rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Retry {
    /// How many tries there may be after the first; 1 if the field is left out, 0 switches retries off (J-010).
    pub attempts: u32,
    /// Status codes to retry on (J-011); connection failures are retried without being listed (J-013).
    pub codes: Vec<u16>,
    /// Base interval between tries (J-014).
    pub backoff: Option<Duration>,
}
