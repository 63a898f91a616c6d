//! What the proxy grants a client or a backend before it gives up on it.

use std::time::Duration;

/// Limits of time, size and number. They bound what one peer can cost; none of them is a rule of the specification.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// Connections of clients at one time, over all listeners; others wait in the kernel's queue.
    pub connections: usize,
    /// For the whole TLS handshake, the ClientHello included.
    pub handshake: Duration,
    /// For the head of an HTTP/1.1 request, counted from the moment its connection waits for one.
    pub header_read: Duration,
    /// How long a connection may stay without a request.
    pub idle: Duration,
    /// Bytes of a request's head.
    pub header_bytes: u32,
    /// Requests at one time on one HTTP/2 connection.
    pub streams: u32,
    /// For a connection to an endpoint.
    pub connect: Duration,
    /// How long an unused connection to an endpoint is kept.
    pub upstream_idle: Duration,
    /// Unused connections that are kept for one endpoint.
    pub upstream_idle_connections: usize,
    /// Bytes of a request's body that are kept for retries; what is longer is sent once.
    pub replay_bytes: usize,
    /// Bytes of a request's body that may wait for a mirror; a mirror that falls behind further is given up.
    pub mirror_bytes: usize,
    /// Mirrored requests at one time; what comes beyond is not mirrored.
    pub mirrors: usize,
    /// For a mirrored request.
    pub mirror: Duration,
    /// Base interval between tries where a route names none.
    pub backoff: Duration,
    /// What requests on a listener get that is taken away by a reload.
    pub drain: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 8192,
            handshake: Duration::from_secs(10),
            header_read: Duration::from_secs(30),
            idle: Duration::from_secs(60),
            header_bytes: 64 * 1024,
            streams: 128,
            connect: Duration::from_secs(5),
            upstream_idle: Duration::from_secs(30),
            upstream_idle_connections: 256,
            replay_bytes: 64 * 1024,
            mirror_bytes: 1024 * 1024,
            mirrors: 1024,
            mirror: Duration::from_secs(30),
            backoff: Duration::from_millis(25),
            drain: Duration::from_secs(30),
        }
    }
}
