//! What a Kubernetes API server with the CRDs of the Gateway API would refuse, and why; without an API server.
//!
//! A [`Validator`] holds the CRDs of one [`Channel`]. [`Validator::validate`] does with an object what the API server does when
//! it is created or updated: unknown fields and nulls are dropped, defaults are filled in, then metadata, structure, lists and
//! CEL rules are checked, each with the server's field paths and words.
//!
//! ```
//! use gwapi_core::validate::{Channel, Operation, Validator};
//! use serde_json::json;
//!
//! let route = json!({
//!     "apiVersion": "gateway.networking.k8s.io/v1", "kind": "HTTPRoute", "metadata": {"name": "shop"},
//!     "spec": {"hostname": "shop.example.com", "rules": [{"matches": [{"path": {"value": "cart"}}]}]},
//! });
//! let validator = Validator::new(Channel::Standard);
//! let report = validator.validate(&route, Operation::Create).expect("HTTPRoute v1 is served");
//! assert_eq!(
//!     report.violations[0].to_string(),
//!     "spec.rules[0].matches[0].path: Invalid value: value must be an absolute path and start with '/' when type one of \
//!      ['Exact', 'PathPrefix']",
//! );
//! assert_eq!(report.pruned[0].path, "spec.hostname");
//! assert_eq!(report.pruned[0].nearest.as_deref(), Some("hostnames"));
//! ```
//!
//! Status is left out: the server drops what a client writes there. So are the parts of metadata that it sets itself.
//! Everything is bounded by the size of the object: CEL rules run only once the schema has bounded all lists and texts.

use alloc::{string::String, vec::Vec};
use core::fmt;

use serde_json::Value;

mod cel;
mod data;
mod lists;
mod metadata;
mod path;
mod prepare;
mod rules;
mod schema;
mod structure;
mod text;
mod violation;

pub use violation::{Fault, Violation};

use path::Path;
use schema::Schema;

/// Which CRDs are installed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Channel {
    /// What is stable.
    Standard,
    /// That, and what is being tried.
    Experimental,
}

impl Channel {
    /// Both, in the order of how much they have.
    pub const ALL: [Self; 2] = [Self::Standard, Self::Experimental];

    /// The name, as CRDs have it in their annotation `gateway.networking.k8s.io/channel`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Standard => "standard",
            Self::Experimental => "experimental",
        }
    }
}

impl fmt::Display for Channel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What is done with an object.
#[derive(Clone, Copy, Debug)]
pub enum Operation<'a> {
    /// It does not exist yet.
    Create,
    /// It takes the place of what is stored. What was invalid before and did not change is tolerated.
    Update {
        /// What is stored.
        before: &'a Value,
    },
}

/// What the API server makes of an object.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// Why it is refused; it is accepted if there is nothing.
    pub violations: Vec<Violation>,
    /// Fields that the CRDs do not have: dropped, or refused if the client asks for strict validation as `kubectl` does.
    pub pruned: Vec<Pruned>,
}

impl Report {
    /// Whether the object is accepted.
    #[must_use]
    pub fn is_valid(&self) -> bool {
        self.violations.is_empty()
    }
}

/// A field that the CRDs do not have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pruned {
    /// Where it stands.
    pub path: String,
    /// The field of the CRDs that was probably meant.
    pub nearest: Option<String>,
}

/// The CRDs of a channel, ready for use. Reading them takes a few milliseconds, so that one should be kept for many objects.
#[derive(Debug)]
pub struct Validator {
    channel: Channel,
    schema: Schema,
}

impl Validator {
    /// The CRDs of a channel, in the version of [`SPEC_VERSION`](crate::SPEC_VERSION).
    #[must_use]
    pub fn new(channel: Channel) -> Self {
        Self { channel, schema: Schema::read(data::CRDS, channel) }
    }

    /// Which channel.
    #[must_use]
    pub fn channel(&self) -> Channel {
        self.channel
    }

    /// Whether there is a CRD that serves this version of a kind.
    #[must_use]
    pub fn serves(&self, api_version: &str, kind: &str) -> bool {
        self.schema.crd(api_version, kind).is_some()
    }

    /// Whether the group of an apiVersion has a CRD for the kind, in whatever version.
    #[must_use]
    pub fn has_kind(&self, api_version: &str, kind: &str) -> bool {
        self.schema.has_kind(api_version, kind)
    }

    /// What the API server makes of an object. Nothing if its version or kind is not served: see [`Self::serves`].
    #[must_use]
    pub fn validate(&self, object: &Value, operation: Operation<'_>) -> Option<Report> {
        let crd = self.schema.crd(object.get("apiVersion")?.as_str()?, object.get("kind")?.as_str()?)?;
        let mut pruned = Vec::new();
        let after = prepare::prepare(&self.schema, crd.root, object, &mut pruned);
        let violations = match operation {
            Operation::Create => self.violations(crd, object, &after, None),
            Operation::Update { before } => {
                let stored = prepare::prepare(&self.schema, crd.root, before, &mut Vec::new());
                self.violations(crd, object, &after, Some((before, &stored)))
            }
        };
        Some(Report { violations, pruned })
    }

    /// `after` is the object without what the server drops and with what it fills in; so is the second one of `before`.
    fn violations(&self, crd: &schema::Crd, object: &Value, after: &Value, before: Option<(&Value, &Value)>) -> Vec<Violation> {
        let undecodable = metadata::undecodable(object);
        if !undecodable.is_empty() {
            return undecodable;
        }
        let mut violations = metadata::check(crd.is_namespaced, object, before.map(|(before, _)| before));
        let stored = before.map(|(_, stored)| stored);
        structure::check(&self.schema, crd.root, after, stored, &mut violations);
        // Lists that were wrong before may stay so.
        if stored.is_none_or(|stored| lists::check(&self.schema, crd.root, stored).is_empty()) {
            violations.extend(lists::check(&self.schema, crd.root, after));
        }
        if violations.iter().all(|violation| !violation.fault.blocks_rules()) {
            rules::check(&self.schema, crd.root, after, stored, &mut violations);
        }
        violations
    }
}

/// The CRDs' schemas and rules as the checked-in text, and whether a text could take its place: what
/// `cargo xtask crds` needs.
#[doc(hidden)]
pub mod text_form {
    use alloc::{string::String, vec::Vec};

    use super::{Channel, schema::Schema};

    pub use super::data::CRDS;

    /// What [`super::Validator`] would not understand of a text.
    #[must_use]
    pub fn problems(text: &str) -> Vec<String> {
        Channel::ALL.into_iter().flat_map(|channel| Schema::read(text, channel).problems).collect()
    }
}

#[cfg(test)]
mod tests;
