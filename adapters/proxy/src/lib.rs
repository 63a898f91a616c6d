//! An HTTP data plane for Gateway API decisions, on hyper and rustls.
//!
//! [`Proxy`] listens where [`Served`] says, reads the head of each request, asks the [`Table`](gwapi_match::Table) of its
//! Gateway and obeys. No rule of the specification lives here: which listener, rule, backend and filters a request meets, and
//! what the filters do, is decided in gwapi-match. What the proxy adds is what a specification of routing leaves to data
//! planes:
//!
//! * **Reloads** ([`Proxy::apply`]) replace everything at once. Connections stay, and each request is decided by the tables of
//!   its own time. [`Proxy::drain`] ends everything without losing a request.
//! * **TLS** is ended with the certificate that covers the server name best, among those of the listener that the table
//!   selects. Without such a listener the handshake fails: there is no default certificate.
//! * **Bodies** are streamed in both directions. Only what retries need is kept, and no more than [`Limits::replay_bytes`] of it.
//! * **Headers:** what belongs to one connection stays there. `Forwarded`, `X-Real-IP` and every `X-Forwarded-…`, also
//!   spelled with underscores, are taken away from clients, and `X-Forwarded-For`, `-Proto` and `-Host` written anew. This
//!   happens before rules are matched: they see what backends see.
//! * **Upgrades**, such as to WebSocket, become tunnels after the backend's 101. Nobody tunnels HTTP/2 (`Upgrade: h2c`), and
//!   CONNECT is refused with 405.
//! * **Retries** repeat what the backend surely has not acted on, and what the rule lists. A request with a longer body is sent
//!   once. Listing 504 repeats requests that ran into `backendRequest`.
//! * **Errors** are a line of text that names nothing of the configuration: 503 where a backend has no endpoints or cannot be
//!   reached, 502 where its answer is none, 504 where it takes too long.
//!
//! [`echo`] is a backend to look at all this with.
//!
//! ```
//! use gwapi_proxy::{Limits, Proxy, Served};
//! # tokio::runtime::Runtime::new()?.block_on(async {
//! let (proxy, unbound) = Proxy::start(Served::default(), Limits::default()).await;
//! assert!(unbound.is_empty() && proxy.addresses().is_empty());
//! assert!(proxy.drain(std::time::Duration::from_secs(30)).await);
//! # });
//! # Ok::<(), std::io::Error>(())
//! ```
#![forbid(unsafe_code)]
#![cfg_attr(
    not(test),
    deny(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, clippy::string_slice)
)]

mod answer;
mod body;
mod config;
mod connection;
pub mod echo;
mod forward;
mod headers;
mod lifetime;
mod limits;
mod listen;
mod mirror;
mod proxy;
mod replay;
mod retry;
mod route;
mod serve;
mod supported;
mod tls;
mod upgrade;
mod upstream;

pub use config::{Place, Served};
pub use limits::Limits;
pub use proxy::{Proxy, Unbound};
pub use supported::supported;
pub use tls::{Certificate, CertificateError, load_certificate};
