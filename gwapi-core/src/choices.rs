//! The points where the spec leaves room and an embedder could want either answer. Everything else is fixed.

use serde::{Deserialize, Serialize};

/// Where rules with a `RegularExpression` path stand among the others (G-007, pitfall L6).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum RegexRank {
    /// Behind every PathPrefix: adding a pattern never takes requests from a rule that names its path. The default.
    #[default]
    AfterPrefix,
    /// Between Exact and PathPrefix, as Envoy Gateway ranks them.
    BeforePrefix,
}

/// What a rule answers whose backends all have weight 0 (I-003, X-23). It never forwards.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum ZeroWeights {
    /// 503: the backends were drained, nothing failed. The default.
    #[default]
    Unavailable,
    /// 500, as for a rule without backends.
    InternalError,
}

/// Which value of a repeated query parameter is compared (F-016, pitfall L2).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum RepeatedQuery {
    /// The first, as the API recommends. The default.
    #[default]
    First,
    /// The last.
    Last,
}

/// What becomes of `.` and `..` in request paths, written plainly or percent-encoded (F-010).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum DotSegments {
    /// 400. No client sends them, since clients resolve them before; what arrives is an attempt at something. The default.
    #[default]
    Reject,
    /// Resolved as RFC 3986, section 5.2.4, before matching; the backend gets the resolved path.
    Resolve,
}

/// What becomes of `//` in request paths (F-010).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum RepeatedSlashes {
    /// Merged before matching; the backend gets the merged path. The default, since many backends merge them, and
    /// `//admin` must not pass by a rule for `/admin`.
    #[default]
    Merge,
    /// Kept: an empty element is an element.
    Keep,
}

/// What becomes of `%2F` and `%5C` in request paths (F-010).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum EncodedSlashes {
    /// Kept as they are and no separators, as RFC 3986 has it. The default: object stores and code hosts need them, and
    /// decoding or redirecting breaks clients (pitfall 40).
    #[default]
    Keep,
    /// 400, for backends that decode before they look.
    Reject,
}

/// To what a mesh sends what goes to a backend (O-004, I-039).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum MeshRouting {
    /// To one of the Service's endpoints, which the mesh picks. The default: a backend is its endpoints (O-004), and what goes to
    /// the address of a pod is not routed again (O-005).
    #[default]
    Endpoint,
    /// To the address of the Service, and the cluster picks the endpoint. Whoever does so must see to it that its own traffic
    /// does not come back to it: only the first level is routed (O-004).
    Service,
}

/// The choices of an implementation. [`Choices::default`] is what we recommend.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
#[non_exhaustive]
pub struct Choices {
    /// Rank of regular expressions.
    pub regex_rank: RegexRank,
    /// Rules without any weight.
    pub zero_weights: ZeroWeights,
    /// Repeated query parameters.
    pub repeated_query: RepeatedQuery,
    /// Dot segments.
    pub dot_segments: DotSegments,
    /// Repeated slashes.
    pub repeated_slashes: RepeatedSlashes,
    /// Encoded slashes.
    pub encoded_slashes: EncodedSlashes,
    /// Service routing or endpoint routing.
    pub mesh_routing: MeshRouting,
}
