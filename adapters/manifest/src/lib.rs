//! Kubernetes manifests as JSON values that still know where they were written.
//!
//! [`load`] reads files, folders and stdin; [`parse_str`] reads text. Both give [`Loaded`]: the objects in the order of the
//! input, and a [`Finding`] for everything that could not be read. Text is split into documents before any of it is parsed,
//! so that a broken document never hides another one.
//!
//! YAML means what it means to kubectl (`sigs.k8s.io/yaml`): `on`, `yes` and `y` are booleans, `0777` is octal, `<<` merges.
//!
//! ```
//! let loaded = gwapi_manifest::parse_str(
//!     "routes.yaml",
//!     "apiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nmetadata: {name: shop}\nspec:\n  hostnames:\n  - on\n",
//! );
//! let route = &loaded.documents[0];
//! assert_eq!(route.name(), Some("shop"));
//! assert_eq!(route.value["spec"]["hostnames"][0], true);
//! let place = route.origin.value_at("spec.hostnames[0]");
//! assert_eq!((place.line, place.column), (6, 5));
//! assert!(loaded.findings.is_empty());
//! ```
//!
//! Where many objects are read, [`visit`] hands over one at a time, so that its JSON value can be dropped before the next.

mod build;
mod document;
mod finding;
mod json;
mod load;
pub mod render;
mod scalar;
mod secret;
mod source;
mod spans;
mod split;
mod write;
mod yaml;

pub use document::Document;
pub use finding::{CODES, Finding, Severity, sort};
pub use load::{Limits, Loaded, Report, expand, load, parse_bytes, parse_str, parse_values, visit};
pub use source::{Place, SourceFile};
pub use spans::Origin;
pub use write::{documents_to_yaml, to_yaml};
