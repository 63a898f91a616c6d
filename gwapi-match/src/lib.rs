//! Requests to decisions: which listener, rule and backend of the Kubernetes Gateway API serve a request, and why.
//!
//! ```text
//!                        ┌─ Table (one for each Gateway) ────────────────────────────────────────────────┐
//!  Resolution ─ compile ─▶  connect ──▶ head ──▶ admit ──▶ route ──▶ decision ──▶ pick(sample) ──▶ exchange
//!                           port, SNI   one      which     the one   a view into  which backend    what it gets,
//!                           → facts     form     listener  rule      the table    by weight        what the client gets
//! ```
//!
//! # A short tour
//!
//! 1. [`compile`] makes a [`Table`] for each accepted Gateway out of a [`Resolution`](gwapi_core::Resolution), and a
//!    [`Mesh`](mesh::Mesh) if the controller is one. [`recompile`] does it after a change.
//! 2. A connection arrives: [`Table::connect`] says whether HTTP follows, how TLS is ended, or where bytes go.
//! 3. Each request is read once, by [`Table::head`]: what is matched is what is forwarded. [`Table::admit`] says which listener
//!    it belongs to, and [`Table::route`] which rule serves it.
//! 4. [`Table::decision`] is what to do, and [`Decision::pick`](decision::Decision::pick) which backend, by a random number of
//!    the caller.
//! 5. [`exchange::react`] runs the filters, and [`exchange::finish`] those for the response.
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
//! # Which function for which question
//!
//! | question | answer |
//! |---|---|
//! | On which ports do I listen? | [`Table::ports`] |
//! | Which certificate does a ClientHello get? Is TLS passed through? | [`Table::connect`] |
//! | Is this request well-formed, and what is its path? | [`Table::head`] |
//! | Which listener has the request? 404 or 421? | [`Table::admit`] |
//! | Which rule serves it? | [`Table::route`], [`Table::decision`] |
//! | Where do bytes or datagrams go? | [`Table::l4`] |
//! | Which backend? | [`Decision::pick`](decision::Decision::pick), [`L4Decision::pick`](decision::L4Decision::pick) |
//! | What do the filters make of the request, and of the response? | [`exchange::react`], [`exchange::finish`], or one by one [`filters`] |
//! | Is the request copied? | [`filters::mirror::selected`] |
//! | How is the connection to the backend protected? | [`Table::backend_tls`] |
//! | May the request pass? (ExternalAuth) | [`auth::ask`], [`auth::judge_http`], [`auth::judge_grpc`] |
//! | Which endpoint does a session belong to? | [`session::Sessions`] |
//! | Is a request tried again, and when? | [`retry::Attempts`], [`retry::Budget`] |
//! | Is it traced? | [`sampling::is_sampled`] |
//! | What does a mesh do with a connection? | [`Mesh::connect`](mesh::Mesh::connect) |
//! | Why that rule and no other? | [`explain::explain`] |
//! | The same as JSON? | [`report`] |
//!
//! # Replacing a configuration
//!
//! A table never changes. Keep the current one where all threads find it, such as in an `ArcSwap`, take it once for each
//! request, and put a new one in its place after a change. [`recompile`] shares everything with the tables before that the
//! change does not affect, so that it costs as much as the change has effects.
//!
//! ```
//! use std::sync::Arc;
//! use gwapi_core::{Change, Controller, Engine, Object, Snapshot};
//! use gwapi_match::{compile, recompile};
//! use serde_json::json;
//!
//! let gateway = |name: &str| json!({
//!     "apiVersion": "gateway.networking.k8s.io/v1", "kind": "Gateway", "metadata": {"name": name},
//!     "spec": {"gatewayClassName": "any", "listeners": [{"name": "http", "port": 80, "protocol": "HTTP"}]},
//! });
//! let snapshot: Snapshot = ["a", "b"].iter().filter_map(|name| Object::from_json(&gateway(name)).object).collect();
//! let mut engine = Engine::new(snapshot, Controller::default());
//! let before = compile(engine.resolution(), 42);
//!
//! let route = json!({
//!     "apiVersion": "gateway.networking.k8s.io/v1", "kind": "HTTPRoute", "metadata": {"name": "shop"},
//!     "spec": {"parentRefs": [{"name": "a"}], "rules": [{"backendRefs": [{"name": "shop", "port": 80}]}]},
//! });
//! let affected = engine.apply(Change::Put(Object::from_json(&route).object.expect("a route")));
//! let after = recompile(&before, engine.resolution(), &affected);
//!
//! let is_shared: Vec<bool> = before.gateways.iter().map(|(key, table)| Arc::ptr_eq(table, &after.gateways[key])).collect();
//! assert_eq!(is_shared, [false, true], "the table of `b` is the same one");
//! assert_eq!(after, compile(engine.resolution(), 42), "law 4");
//! ```
//!
//! # What is promised
//!
//! * Law 1: nothing here can read a clock, the environment, files, the network or randomness, or log. Times, random numbers
//!   and keys are arguments.
//! * Law 2: [`compile`] and [`recompile`] are total: every resolution has tables.
//! * Law 3: tables depend neither on the order of the input nor on the seed of their hash maps.
//! * Law 4: [`recompile`] gives what [`compile`] gives.
//! * Law 5: [`Table::route`] and [`explain::explain`] agree. The second is written as the spec is, linearly, and shares no
//!   predicate and no order with the first.
//! * Law 6: a [`Routed`] never yields another table's rule.
//! * Law 8: a [`Split`](split::Split) over all its points gives the exact weights.
//! * Law 12: a decision holds nothing that the controller's features do not declare.
//!
//! IDs such as `G-001` are those of the project's digest of the specification, `docs/requirements.md` in the repository;
//! *pitfall 36* is a row of its table of mistakes that others have made.
//!
//! # Speed
//!
//! The time of [`Table::route`] does not grow with the routes of a Gateway, except with those that differ in nothing but regular
//! expressions or headers of one value. It takes no lock, and allocates only where its documentation says so. Numbers, with
//! floors measured in the same process, are in `benches/README.md` of the repository.
//!
//! # Errors
//!
//! What a client gets is data: [`Admission`](connect::Admission), [`Outcome`](decision::Outcome), [`Picked`](decision::Picked),
//! with a status and the reason. Reasons can name objects of the configuration; they are for logs and not for clients (S-006).
//! A `Result` stands only where a request must not go on: [`Reject`](head::Reject) for a head that servers read differently,
//! [`FilterError`](filters::FilterError) for a filter that cannot do its work.
//!
//! # Samples, times and limits
//!
//! Every `sample` and `random` is uniform over all of `u64`, and each question takes its own. Times are `core::time::Duration`:
//! since the beginning of the request in [`retry::Attempts`], since any fixed point in [`retry::Budget`], since the Unix epoch in
//! [`session`]. This crate limits no sizes of requests: a data plane does, before it asks.
//!
//! The crate has no Cargo features and needs `std` and Rust 1.85.
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
