//! The proxy and the echo backend over real sockets of the loopback. Each test starts what it needs and ends it.

mod echo;
mod ending;
mod failing;
mod forwarding;
mod smuggling;
mod streaming;
mod support;
mod tls;
