//! Requests to decisions: which listener, rule and backend of the Kubernetes Gateway API serve a request, and why.
#![forbid(unsafe_code)]
#![cfg_attr(
    not(test),
    deny(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, clippy::string_slice)
)]

mod compile;
pub mod connect;
pub mod decision;
pub mod exchange;
pub mod explain;
pub mod filters;
pub mod head;
pub mod headers;
mod hosts;
mod index;
pub mod precedence;
mod predicates;
pub mod report;
mod routed;
pub mod split;
mod table;

pub use compile::compile;
pub use routed::{PinnedDecision, Routed};
pub use table::{ListenerId, Port, ServedListener, Table, Tables};
