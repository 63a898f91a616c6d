//! A request on its way to a backend, and the answer on its way back.

use std::{future::Future, net::SocketAddr, time::Duration};

use gwapi_core::resolution::BackendProtocol;
use http::{
    HeaderValue, Request, Response, StatusCode,
    header::{CONNECTION, TE, UPGRADE},
};
use hyper::{body::Incoming, upgrade::OnUpgrade};
use tokio::time::{self, Instant};

use crate::{
    answer::Answer,
    body::{self, Body, Bounded},
    connection::Running,
    headers,
    lifetime::Life,
    proxy::Shared,
    replay::Replay,
    retry::{Failure, Policy},
    route::{Outbound, Reply},
    upgrade,
};

/// What a client sends besides its head, and what is known of it.
#[derive(Debug)]
pub(crate) struct Client {
    pub(crate) body: Body,
    /// The protocol that it asks to change to, and its end of the connection.
    pub(crate) upgrade: Option<(HeaderValue, OnUpgrade)>,
    /// Whether it can read trailers.
    pub(crate) accepts_trailers: bool,
    /// When its request came.
    pub(crate) since: Instant,
    /// The life of its connection.
    pub(crate) life: Life,
}

/// Sends a request, as often as may be, and makes the answer one for the client.
pub(crate) async fn forward(
    shared: &Shared,
    outbound: Outbound,
    reply: Reply,
    client: Client,
    running: Running,
) -> Response<Body> {
    let timeouts = reply.timeouts();
    let deadline = enabled(timeouts.request).map(|timeout| client.since + timeout);
    let exchange = Exchange {
        shared,
        outbound: with_hop_headers(outbound, client.upgrade.as_ref().map(|(protocol, _)| protocol), client.accepts_trailers),
        deadline,
        per_try: enabled(timeouts.backend_request),
        first: fastrand::usize(..),
    };
    let policy = Policy::of(reply.retry().as_ref(), shared.limits.backoff);
    // J-015: the timeout covers all tries and the waits between them.
    let outcome = before(deadline, exchange.run(client.body, &policy)).await;
    let response = match outcome.and_then(|outcome| outcome) {
        Err(failure) => {
            tracing::debug!(backend = %exchange.outbound.target.key.object, %failure, "no answer");
            Err(failure.answer())
        }
        Ok(answered) if answered.response.status() == StatusCode::SWITCHING_PROTOCOLS => {
            let client_end = client.upgrade.filter(|_| exchange.outbound.headers.contains_key(UPGRADE)).map(|(_, end)| end);
            upgrade::tunnel(answered.response, client_end, &reply, client.life)
        }
        Ok(answered) => pass_on(answered, &reply, running),
    };
    response.unwrap_or_else(|answer| reply.finish_own(answer).into_response())
}

/// A request that is being sent.
struct Exchange<'a> {
    shared: &'a Shared,
    outbound: Outbound,
    /// When the timeout of the whole request is over.
    deadline: Option<Instant>,
    /// The timeout of one try.
    per_try: Option<Duration>,
    /// Which endpoint the first try takes; each other takes the next.
    first: usize,
}

/// What a backend answered, and until when the body has to have come.
struct Answered {
    response: Response<Incoming>,
    deadline: Option<Instant>,
}

impl Exchange<'_> {
    async fn run(&self, body: Body, policy: &Policy) -> Result<Answered, Failure> {
        if !policy.is_on() {
            return self.attempt(0, body).await;
        }
        let (replay, mut body) = Replay::new(body, self.shared.limits.replay_bytes);
        let mut number = 0;
        loop {
            let outcome = self.attempt(number, body).await;
            let Some(wait) = policy.wait(number, outcome.as_ref().map(|answered| answered.response.status())) else {
                return outcome;
            };
            let Some(again) = replay.next_try() else { return outcome };
            drop(outcome);
            time::sleep(wait).await;
            (number, body) = (number.saturating_add(1), again);
        }
    }

    async fn attempt(&self, number: u32, body: Body) -> Result<Answered, Failure> {
        let endpoint = self.endpoint(number).ok_or(Failure::NoEndpoints)?;
        let try_deadline = self.per_try.map(|timeout| Instant::now() + timeout);
        let mut request = Request::new(body);
        *request.method_mut() = self.outbound.method.clone();
        *request.uri_mut() = self.outbound.uri.clone();
        *request.headers_mut() = self.outbound.headers.clone();
        let response =
            before(try_deadline, self.shared.upstream.send(endpoint, self.outbound.target.protocol, request)).await??;
        let deadline = [self.deadline, try_deadline].into_iter().flatten().min();
        Ok(Answered { response, deadline })
    }

    /// Endpoints are looked up anew for every try, since they change on their own.
    fn endpoint(&self, number: u32) -> Option<SocketAddr> {
        let runtime = self.shared.runtime();
        let endpoints = runtime.endpoints(&self.outbound.target.key);
        let index = self.first.wrapping_add(number as usize).checked_rem(endpoints.len())?;
        endpoints.get(index).copied()
    }
}

/// The headers of the connection to the backend, in place of those of the client's connection.
fn with_hop_headers(mut outbound: Outbound, upgrade: Option<&HeaderValue>, accepts_trailers: bool) -> Outbound {
    let is_http2 = outbound.target.protocol == BackendProtocol::H2c;
    match upgrade.filter(|_| !is_http2) {
        Some(protocol) => {
            outbound.headers.insert(CONNECTION, HeaderValue::from_static("upgrade"));
            outbound.headers.insert(UPGRADE, protocol.clone());
        }
        None if accepts_trailers => {
            outbound.headers.insert(TE, HeaderValue::from_static("trailers"));
            if !is_http2 {
                outbound.headers.insert(CONNECTION, HeaderValue::from_static("te"));
            }
        }
        None => {}
    }
    outbound
}

fn pass_on(answered: Answered, reply: &Reply, running: Running) -> Result<Response<Body>, Answer> {
    let (parts, body) = answered.response.into_parts();
    let mut response = Response::new(Body::new(Bounded::new(body::incoming(body), answered.deadline, running)));
    *response.status_mut() = parts.status;
    *response.headers_mut() = parts.headers;
    headers::strip_hop_by_hop(response.headers_mut());
    reply.finish(response.headers_mut())?;
    Ok(response)
}

/// A timeout of zero is none (J-006).
fn enabled(timeout: Option<Duration>) -> Option<Duration> {
    timeout.filter(|timeout| !timeout.is_zero())
}

async fn before<T>(deadline: Option<Instant>, future: impl Future<Output = T>) -> Result<T, Failure> {
    match deadline {
        None => Ok(future.await),
        Some(deadline) => time::timeout_at(deadline, future).await.map_err(|_| Failure::TimedOut),
    }
}
