//! x
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
mod tls;
mod upgrade;
mod upstream;

pub use config::{Place, Served};
pub use limits::Limits;
pub use proxy::{Proxy, Unbound};
pub use tls::{Certificate, CertificateError, load_certificate};
