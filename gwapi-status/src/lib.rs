//! What a controller writes into `status`: from the attachment graph to conditions, and from conditions to the object.
//!
//! ```text
//!  Resolution ── project ──▶ StatusReport ── merge_gateway, merge_route, … (existing, now) ──▶ Merged
//! ```
//!
//! [`project`] is a pure function of the whole [`Resolution`](gwapi_core::Resolution): types, statuses, reasons and messages,
//! with no time in it and nothing of what was written before (pitfalls 67, 68). The `merge_*` functions put that into the
//! status that an object has, under the rules by which several controllers share one object: what others wrote stays as it
//! is, `lastTransitionTime` moves when a status flips and never else, and what is already there is not written again. Time is
//! an argument.
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
//! **Not in the graph.** `SupportedVersion` on classes (A-006, X-16): it tells which CRDs are installed, which is in no
//! [`Snapshot`](gwapi_core::Snapshot). Who knows it says so by [`ClassStatus::with_installed`]; without that, one that is there
//! is left alone.
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
