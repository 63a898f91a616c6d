//! What a controller writes into `status`: from the attachment graph to conditions, and from conditions to the object.
//!
//! ```text
//!  Resolution ── project ──▶ StatusReport ── merge_gateway, merge_route, … (existing, now) ──▶ Merged
//! ```
//!
//! # A short tour
//!
//! 1. [`project`] is a pure function of the whole [`Resolution`](gwapi_core::Resolution): types, statuses, reasons and
//!    messages, with no time in it and nothing of what was written before (pitfalls 67, 68). [`project_for`] is the part of it
//!    that a change affects.
//! 2. The `merge_*` functions put that into the status that an object has, under the rules by which several controllers share
//!    one object: what others wrote stays as it is, `lastTransitionTime` moves when a status flips and never else, and what is
//!    already there is not written again. Time is an argument.
//! 3. [`Merged`] says what to do: nothing, write this, or wait. Writing is the caller's, and so is trying again when somebody else
//!    was faster (409): read the object, merge again.
//!
//! ```
//! use gwapi_core::{Controller, Object, Snapshot, resolve};
//! use gwapi_status::{Merged, merge_gateway, project};
//! use serde_json::json;
//!
//! let gateway = json!({
//!     "apiVersion": "gateway.networking.k8s.io/v1", "kind": "Gateway",
//!     "metadata": {"name": "edge", "namespace": "infra", "generation": 2},
//!     "spec": {"gatewayClassName": "any", "listeners": [{"name": "old", "port": 70, "protocol": "example.com/gopher"}]},
//!     "status": {"conditions": [
//!         {"type": "example.com/Audited", "status": "True", "reason": "Seen", "message": "", "lastTransitionTime": "2026-01-01T00:00:00Z"},
//!         {"type": "Accepted", "status": "True", "reason": "Accepted", "message": "", "lastTransitionTime": "2026-01-01T00:00:00Z"},
//!     ]},
//! });
//! let snapshot: Snapshot = Object::from_json(&gateway).object.into_iter().collect();
//! let report = project(&resolve(&snapshot, &Controller::default()));
//! let desired = report.gateways.values().next().expect("there is one Gateway");
//!
//! let merged = merge_gateway(gateway.get("status"), desired, Some("2026-10-29T12:00:00Z"));
//! let Merged::Changed(status) = merged else { panic!("the listener is not accepted any more") };
//! assert_eq!(status["conditions"][0], gateway["status"]["conditions"][0], "it belongs to somebody else");
//! assert_eq!(status["conditions"][1]["reason"], "ListenersNotValid");
//! assert_eq!(status["conditions"][1]["lastTransitionTime"], "2026-10-29T12:00:00Z");
//! assert_eq!(merge_gateway(Some(&status), desired, Some("2027-01-01T00:00:00Z")), Merged::Unchanged);
//! ```
//!
//! # Which function for which question
//!
//! | question | answer |
//! |---|---|
//! | What should every status say? | [`project`] |
//! | What should those say that a change affects? | [`project_for`] |
//! | What do all say after a change? | [`StatusReport::update`] |
//! | What is to be written to a Gateway, route, …? | [`merge_gateway`], [`merge_listener_set`], [`merge_route`], [`merge_policy`], [`merge_x_backend`], [`merge_class`], [`merge_mesh`] |
//! | What do the installed CRDs come to? | [`ClassStatus::with_installed`] |
//! | What had no room? | [`Dropped`] |
//! | Which condition and reason does a refusal lead to? | [`reason_of`] |
//! | What does the status of one object say? | `of` of [`GatewayStatus`], [`RouteStatus`] and the like |
//!
//! # What is promised
//!
//! * Law 1: nothing here can read a clock. The same input gives the same bytes, so that writing never begins a loop.
//! * Law 2: [`project`] and the `merge_*` functions are total, whatever was written before.
//! * Law 3: conditions and their messages do not depend on the order of the objects or of the refusals.
//! * Law 4: what [`project_for`] gives for changes adds up to what [`project`] gives.
//! * Law 9: merging is idempotent, keeps the entries of others equal as JSON, and moves `lastTransitionTime` only when the status
//!   flips.
//!
//! IDs such as `Q-014` are those of the project's digest of the specification, `docs/requirements.md` in the repository;
//! *pitfall 62* is a row of its table of mistakes that others have made.
//!
//! # Limits and units
//!
//! Times are text in RFC 3339, such as `2026-10-29T12:00:00Z`. A list of conditions has [`MAX_CONDITIONS`] entries,
//! `status.parents` [`MAX_PARENTS`], `status.ancestors` of a policy [`MAX_ANCESTORS`] and of an XBackend
//! [`MAX_X_BACKEND_ANCESTORS`]; a message has [`MAX_MESSAGE`] characters. What has no room is left out of ours and never of what
//! others wrote, and is [told](Merged::Full). Nothing here returns a `Result`.
//!
//! # What is not in the graph
//!
//! `SupportedVersion` on classes (A-006, X-16): it tells which CRDs are installed, which is in no
//! [`Snapshot`](gwapi_core::Snapshot). Who knows it says so by [`ClassStatus::with_installed`]; without that, one that is there
//! is left alone.
//!
//! The crate has no Cargo features, is `no_std` with `alloc`, and needs Rust 1.85.
//!
//! Start reading at [`reason_of`]: it maps every refusal to its condition and reason.
#![no_std]
#![forbid(unsafe_code)]
#![cfg_attr(
    not(test),
    deny(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, clippy::string_slice)
)]

extern crate alloc;

mod ancestor;
mod class;
mod condition;
mod gateway;
mod listener;
mod listener_set;
mod merge;
mod mesh;
mod message;
mod policy;
mod reason;
mod report;
mod route;
mod x_backend;

pub use ancestor::AncestorStatus;
pub use class::{BUNDLE_VERSION, ClassStatus};
pub use condition::{Condition, ConditionStatus, ConditionType};
pub use gateway::GatewayStatus;
pub use listener::ListenerStatus;
pub use listener_set::ListenerSetStatus;
pub use merge::{
    Dropped, MAX_ANCESTORS, MAX_CONDITIONS, MAX_PARENTS, MAX_X_BACKEND_ANCESTORS, Merged, merge_class, merge_gateway,
    merge_listener_set, merge_mesh, merge_policy, merge_route, merge_x_backend,
};
pub use mesh::MeshStatus;
pub use message::MAX_MESSAGE;
pub use policy::PolicyStatus;
pub use reason::{Reason, reason_of};
pub use report::{StatusReport, project, project_for};
pub use route::{ParentStatus, RouteStatus};
pub use x_backend::XBackendStatus;
