//! The meaning of the Kubernetes Gateway API, as a function: objects in, attachment graph out.
//!
//! Given a set of objects, everything else is determined: each Gateway's listeners, where every route attaches, and what is
//! refused and why. This crate is that function. It reads no clock, no files and no network, does not fail on input, and
//! depends on no version of Kubernetes. Its siblings go on from there: `gwapi-match` says which rule and backend serve a
//! request, `gwapi-status` which conditions to write.
//!
//! ```text
//!  objects + Facts ─▶ Snapshot ─ resolve(Controller) ─▶ Resolution ─┬─ gwapi-match:  which rule and backend serve a request
//!                                                                   └─ gwapi-status: which conditions to write
//! ```
//!
//! # A short tour
//!
//! 1. **Read.** [`Object::from_json`] takes any Kubernetes object as a JSON value. What cannot be honoured is an
//!    [`Issue`](ingest::Issue) with its field path, and stays in the object as [`Invalid`](model::Invalid); it never turns
//!    into a default.
//! 2. **Collect.** A [`Snapshot`] holds the objects by their keys, and the [`Facts`] that are in no object, such as the
//!    addresses that there are.
//! 3. **Say who you are.** A [`Controller`] has an identity (which GatewayClasses are its own), the features that it declares,
//!    and [`Choices`] where the spec leaves room.
//! 4. **Resolve.** [`resolve()`] gives the [`Resolution`]: classes, Gateways, listeners, policies, and for every route where it
//!    is attached. Each *no* in it is a [`Refusal`] with its evidence.
//! 5. **Go on.** Hand the resolution to `gwapi_match::compile` and `gwapi_status::project`.
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
//! # Which function for which question
//!
//! | question | answer |
//! |---|---|
//! | What does an object say, and what in it is wrong? | [`Object::from_json`] |
//! | Would an API server take it? | [`Validator::validate`](validate::Validator::validate) |
//! | Which Gateways are ours, and why not the others? | [`Resolution::gateways`], [`Resolution::unclaimed`] |
//! | Where is a route attached, and why not elsewhere? | [`ResolvedRoute::parents`](resolution::ResolvedRoute::parents), [`ResolvedRoute::unclaimed`](resolution::ResolvedRoute::unclaimed) |
//! | Which of its rules are dropped? | [`ResolvedRule::refused`](resolution::ResolvedRule::refused) |
//! | Which of its references lead nowhere? | [`ResolvedRoute::unresolved`](resolution::ResolvedRoute::unresolved) |
//! | Which listeners are served, and with which certificates? | [`ResolvedGateway::all_listeners`](resolution::ResolvedGateway::all_listeners) |
//! | May an object refer to another one? | [`is_permitted`](resolve::is_permitted) |
//! | How many routes does a listener have? | [`Resolution::attached_routes`] |
//! | Which Gateways send to a Service? | [`Resolution::backend_users`] |
//! | Does a hostname cover another one, or a host? | [`Hostname`] |
//! | What differs after a change? | [`Engine::apply`] |
//!
//! # Staying incremental
//!
//! [`Engine`] holds a snapshot and its resolution. [`Engine::apply`] takes one [`Change`] and resolves what has looked at what
//! changed, and nothing else. It returns [`Affected`], which `gwapi_match::recompile` and `gwapi_status::project_for` take, so
//! that no step of the way costs more than the change has effects. `Affected` of several changes can be
//! [merged](Affected::merge) and carried out at once.
//!
//! # What is promised
//!
//! The project numbers its laws; each has tests that bear its number. Those that concern this crate:
//!
//! * Law 1: nothing here can read a clock, the environment, files, the network or randomness, or log.
//! * Law 2: [`resolve()`] is total. It returns no `Result` and does not panic, whatever the input.
//! * Law 3: the same objects give the same resolution, whatever the order in which they came.
//! * Law 4: after any changes an [`Engine`] holds what [`resolve()`] of its snapshot gives.
//! * Law 7: the intersection of hostnames is commutative and idempotent, and agrees with matching.
//! * Law 11: a field or value that the model does not read is an issue, and never widens what is served.
//! * Law 12: nothing is served that needs a feature which the controller does not declare.
//!
//! IDs such as `D-013` are those of the project's digest of the specification, `docs/requirements.md` in the repository;
//! *pitfall 36* is a row of its table of mistakes that others have made.
//!
//! # Limits
//!
//! A pattern has at most [`MAX_PATTERN`](pattern::MAX_PATTERN) bytes as text and [`MAX_PROGRAM`](pattern::MAX_PROGRAM) compiled;
//! a hostname has 253 characters ([`MAX_HOSTNAME`](hostname::MAX_HOSTNAME)) and a path 1,024 ([`MAX_PATH`](path::MAX_PATH)).
//! What is beyond is invalid where it stands. The number of objects is not limited, and the time that they take grows with
//! their size. This crate does not follow references to DNS or to certificates outside of the snapshot, and checks
//! certificates for their form, not for their dates: there is no clock.
//!
//! # Errors
//!
//! Functions that read one text return a `Result` ([`Hostname::parse`], [`Pattern::parse`](pattern::Pattern::parse),
//! [`duration::parse`]). Everything else answers with data: issues, refusals, violations. Their texts are lower case without
//! a full stop, with the user's input in backticks, and may be shown to the owner of the object that they are about: they name
//! nothing of other namespaces that this object does not name itself (S-006).
//!
//! # Features of the crate
//!
//! * `gateway-api`: conversions from the types of `gateway-api` and `k8s-openapi`. Off by default, since it binds their
//!   versions, needs Rust 1.92, and loses fields that those types do not know.
//!
//! `no_std` with `alloc`. Without features it needs Rust 1.85. In versions 0.N, N is the minor version of the Gateway API
//! ([`SPEC_VERSION`]); objects of the minor version before are read too.
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
