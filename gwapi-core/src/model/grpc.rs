//! Rules of GRPCRoutes.

use alloc::vec::Vec;

use serde::Serialize;

use super::{BackendRef, Filter, HeaderName, Invalid, SessionPersistence, ValueMatch, ValueMatcher};
use crate::name::SectionName;

/// One rule of a GRPCRoute.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GrpcRule {
    /// Name (K-018).
    pub name: Option<SectionName>,
    /// Alternatives; never empty: a rule without any has one that matches everything (K-005). A match that holds an invalid
    /// value is not among them, and the value is in `invalid`.
    pub matches: Vec<GrpcMatch>,
    /// Filters in the order of the manifest: header modifiers, mirrors and extensions (K-016).
    pub filters: Vec<Filter>,
    /// Backends in the order of the manifest.
    pub backend_refs: Vec<BackendRef>,
    /// Sessions of this rule (J-022).
    pub session_persistence: Option<SessionPersistence>,
    /// Values that cannot be honoured: the rule takes part in nothing (G-018).
    pub invalid: Vec<Invalid>,
}

/// One alternative of a rule: all its predicates must hold. The default one matches every request (K-004).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct GrpcMatch {
    /// Service and method; nothing means any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub method: Option<GrpcMethodMatch>,
    /// Headers; of entries with equivalent names only the first is kept (K-008).
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub headers: Vec<ValueMatch<HeaderName>>,
}

/// A predicate on `/{service}/{method}`, which is the path of a gRPC request (K-003). At least one of the two is given, and
/// both are of the same type.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct GrpcMethodMatch {
    /// The service; nothing means any (K-004).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub service: Option<ValueMatcher>,
    /// The method; nothing means any (K-004).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub method: Option<ValueMatcher>,
}
