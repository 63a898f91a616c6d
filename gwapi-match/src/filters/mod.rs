//! What filters do, as pure functions: a decision holds the filters as data, and whoever obeys it calls these.
//!
//! Filters run in the order of the manifest (H-001), those of a rule before those of the backend that is picked (H-010),
//! and the latter only if the request is forwarded to that backend (H-008).

use serde::Serialize;

pub mod cors;
pub mod header_modifier;
pub mod mirror;
pub mod redirect;
pub mod rewrite;

/// Why a filter cannot do its work on this request. The request is then answered with [`Self::status`] and never forwarded
/// without the filter (H-006, S-010).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, thiserror::Error)]
#[serde(rename_all = "camelCase")]
pub enum FilterError {
    /// A redirect needs a host, and neither the request nor the filter names one.
    #[error("the redirect names no host, and the request has none")]
    NoHost,
    /// The path that a filter made holds `.` or `..` segments: a backend could leave the tree that the filter leads to.
    #[error("the rewritten path `{path}` holds a `.` or `..` segment")]
    DotSegment {
        /// That path.
        path: String,
    },
    /// ReplacePrefixMatch on a match without a prefix. Such a rule is invalid (H-038) and not served.
    #[error("`ReplacePrefixMatch` needs a match of type `PathPrefix`")]
    NoPrefix,
    /// A filter that somebody else has to run, a service that is asked or an extension, and nobody has: see
    /// [`Decision::cleared`](crate::decision::Decision::cleared).
    #[error("filter {filter} was not run")]
    NotRun {
        /// Its type.
        filter: &'static str,
    },
    /// A header that cannot be written: its value holds a control character, or the message has too many headers.
    #[error("header `{name}` cannot be written")]
    Header {
        /// Its name.
        name: String,
    },
}

impl FilterError {
    /// The status to answer with: 400 if the request is to blame, else 500.
    #[must_use]
    pub fn status(&self) -> u16 {
        match self {
            Self::NoHost => 400,
            Self::DotSegment { .. } | Self::NoPrefix | Self::NotRun { .. } | Self::Header { .. } => 500,
        }
    }
}
