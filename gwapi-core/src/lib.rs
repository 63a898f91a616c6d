//! The meaning of the Kubernetes Gateway API, as a function.
//!
//! Given a set of objects, everything else is determined: each Gateway's listeners, where every route attaches, and what is
//! refused and why. This crate is that function. It reads no clock, no files and no network, does not fail on input, and
//! depends on no version of Kubernetes.
//!
//! ```text
//!  objects + Facts ─▶ Snapshot ─ resolve(Controller) ─▶ Resolution ─┬─ gwapi-match:  which rule and backend serve a request
//!                                                                   └─ gwapi-status: which conditions to write
//! ```
//!
//! ```
//! use gwapi_core::{Controller, Object, Snapshot, resolve};
//! use serde_json::json;
//!
//! let gateway = json!({
//!     "apiVersion": "gateway.networking.k8s.io/v1", "kind": "Gateway",
//!     "metadata": {"name": "edge", "namespace": "infra"},
//!     "spec": {"gatewayClassName": "any", "listeners": [{"name": "http", "port": 80, "protocol": "HTTP"}]},
//! });
//! let route = json!({
//!     "apiVersion": "gateway.networking.k8s.io/v1", "kind": "HTTPRoute",
//!     "metadata": {"name": "shop", "namespace": "shop"},
//!     "spec": {"parentRefs": [{"name": "edge", "namespace": "infra"}]},
//! });
//! let snapshot: Snapshot = [gateway, route].iter().filter_map(|value| Object::from_json(value).object).collect();
//! let resolution = resolve(&snapshot, &Controller::default());
//!
//! let shop = resolution.routes.values().next().expect("there is one route");
//! assert_eq!(
//!     shop.parents[0].refused[0].to_string(),
//!     "listener `http` allows no routes of namespace `shop`: `from: Same` allows `infra` only",
//! );
//! ```
//!
//! Start reading at [`resolution`], then [`resolve()`] and [`refusal`].
#![no_std]
#![forbid(unsafe_code)]
#![cfg_attr(
    not(test),
    deny(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, clippy::string_slice)
)]

extern crate alloc;

pub mod choices;
pub mod controller;
pub mod duration;
pub mod engine;
pub mod facts;
pub mod features;
pub mod hostname;
pub mod ingest;
pub mod model;
pub mod name;
pub mod path;
pub mod pattern;
pub mod refusal;
pub mod resolution;
pub mod resolve;
pub mod snapshot;
pub mod time;
pub mod validate;

pub use choices::Choices;
pub use controller::{Controller, Identity};
pub use engine::{Affected, Change, Engine};
pub use facts::Facts;
pub use features::{Feature, SupportedFeatures};
pub use hostname::{Hostname, HostnameError, RequestHost, Specificity};
pub use model::Object;
pub use name::ObjectKey;
pub use pattern::{Pattern, PatternError};
pub use refusal::Refusal;
pub use resolution::Resolution;
pub use resolve::resolve;
pub use snapshot::Snapshot;

/// The version of the Gateway API whose meaning this is. Objects of v1.6 are read too.
pub const SPEC_VERSION: &str = "1.7.0";
