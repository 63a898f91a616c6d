//! Requests to decisions: which listener, rule and backend of the Kubernetes Gateway API serve a request, and why.
//!
//! ```text
//!                        ┌─ Table (one for each Gateway) ────────────────────────────────────────────────┐
//!  Resolution ─ compile ─▶  connect ──▶ head ──▶ admit ──▶ route ──▶ decision ──▶ pick(sample) ──▶ exchange
//!                           port, SNI   one      which     the one   a view into  which backend    what it gets,
//!                           → facts     form     listener  rule      the table    by weight        what the client gets
//! ```
//!
//! A connection carries facts and no listener, and every request is admitted against the table of its own time, so that a
//! table can be replaced under living connections. The answer of [`Table::route`] is a number that no other table
//! understands; [`PinnedDecision`] keeps it together with its table.
//!
//! ```
//! use gwapi_core::{Controller, Object, Snapshot, model::Scheme, resolve};
//! use gwapi_match::{
//!     compile,
//!     connect::{Admission, Arrival, Connection},
//!     decision::Picked,
//!     head::HeadParts,
//! };
//! use serde_json::json;
//!
//! let gateway = json!({
//!     "apiVersion": "gateway.networking.k8s.io/v1", "kind": "Gateway",
//!     "metadata": {"namespace": "shop", "name": "edge"},
//!     "spec": {"gatewayClassName": "any", "listeners": [{"name": "http", "port": 80, "protocol": "HTTP"}]},
//! });
//! let route = json!({
//!     "apiVersion": "gateway.networking.k8s.io/v1", "kind": "HTTPRoute",
//!     "metadata": {"namespace": "shop", "name": "cart"},
//!     "spec": {"parentRefs": [{"name": "edge"}], "hostnames": ["*.example.com"], "rules": [
//!         {"matches": [{"path": {"value": "/cart"}}], "backendRefs": [{"name": "cart", "port": 8080}]},
//!     ]},
//! });
//! let service = json!({
//!     "apiVersion": "v1", "kind": "Service",
//!     "metadata": {"namespace": "shop", "name": "cart"},
//!     "spec": {"ports": [{"port": 8080}]},
//! });
//! let snapshot: Snapshot = [gateway, route, service].iter().filter_map(|value| Object::from_json(value).object).collect();
//! let tables = compile(&resolve(&snapshot, &Controller::default()), 42);
//! let table = tables.gateways.values().next().expect("one Gateway");
//!
//! // A connection arrives on port 80, and on it a request.
//! let Connection::Http { connection, .. } = table.connect(&Arrival::plain(80)) else { panic!("refused") };
//! let headers: &[(&[u8], &[u8])] = &[(b"Host", b"shop.example.com")];
//! let parts = HeadParts { method: "GET", scheme: Scheme::Http, authority: None, path_and_query: "/cart/1?x", headers };
//! let head = table.head(parts).expect("nothing is wrong with the request");
//! let Admission::Listener { id, .. } = table.admit(&connection, &head) else { panic!("no listener") };
//! let decision = table.decision(table.route(id, &head)).expect("the table's own answer");
//!
//! let random = 7; // uniform over all of u64
//! let Some(Picked::Backend { target, .. }) = decision.pick(random) else { panic!("not forwarded") };
//! assert_eq!((target.key.object.name.as_str(), target.key.port), ("cart", 8080));
//! ```
//!
//! Start reading at [`precedence`], then [`explain`], which is the specification in code, then [`Table`].
#![forbid(unsafe_code)]
#![cfg_attr(
    not(test),
    deny(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, clippy::string_slice)
)]

pub mod auth;
mod bytes;
mod compile;
pub mod connect;
pub mod decision;
pub mod exchange;
pub mod explain;
pub mod filters;
mod hashing;
pub mod head;
pub mod headers;
mod hosts;
mod index;
pub mod mesh;
pub mod precedence;
pub mod report;
pub mod retry;
mod routed;
pub mod sampling;
pub mod session;
pub mod split;
mod table;

pub use compile::{compile, recompile};
pub use routed::{PinnedDecision, Routed};
pub use table::{Carries, ListenerId, Port, ServedListener, Table, Tables};

/// The example of the README, compiled and run.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
pub struct Readme;
