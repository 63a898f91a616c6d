//! A request on its way to a backend, and the answer on its way back.

use std::{future::Future, net::SocketAddr};

use gwapi_core::resolution::BackendProtocol;
use gwapi_match::retry::{Attempts, GiveUp, Next, RetryPolicy};
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
    retry::{Failure, end_of},
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
    let exchange = Exchange {
        shared,
        outbound: with_hop_headers(outbound, client.upgrade.as_ref().map(|(protocol, _)| protocol), client.accepts_trailers),
        since: client.since,
        first: fastrand::usize(..),
    };
    let retry = reply.retry();
    let policy = RetryPolicy::new(retry.as_ref(), reply.timeouts()).with_default_backoff(shared.limits.backoff);
    // J-015: the timeout covers all tries and the waits between them.
    let deadline = policy.request_ends().map(|end| client.since + end);
    let outcome = before(deadline, exchange.run(client.body, policy)).await;
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
    /// When it came.
    since: Instant,
    /// Which endpoint the first try takes; each other takes the next.
    first: usize,
}

/// What a backend answered, and until when the body has to have come.
struct Answered {
    response: Response<Incoming>,
    deadline: Option<Instant>,
}

impl Exchange<'_> {
    async fn run(&self, body: Body, policy: RetryPolicy<'_>) -> Result<Answered, Failure> {
        let mut attempts = Attempts::new(policy);
        if !policy.is_on() {
            return self.attempt(&attempts, body).await;
        }
        let (replay, mut body) = Replay::new(body, self.shared.limits.replay_bytes);
        loop {
            let outcome = self.attempt(&attempts, body).await;
            let end = end_of(outcome.as_ref().map(|answered| answered.response.status()));
            let wait = match attempts.after(end, self.since.elapsed(), fastrand::u64(..), || true) {
                Next::RetryAfter(wait) => wait,
                Next::GiveUp(GiveUp::TimedOut) => return Err(Failure::TimedOut),
                Next::PassOn | Next::GiveUp(_) => return outcome,
            };
            let Some(again) = replay.next_try() else { return outcome };
            drop(outcome);
            time::sleep(wait).await;
            body = again;
        }
    }

    async fn attempt(&self, attempts: &Attempts<'_>, body: Body) -> Result<Answered, Failure> {
        let endpoint = self.endpoint(attempts.retries_made()).ok_or(Failure::NoEndpoints)?;
        let deadline = attempts.attempt_ends(self.since.elapsed()).map(|end| self.since + end);
        let mut request = Request::new(body);
        *request.method_mut() = self.outbound.method.clone();
        *request.uri_mut() = self.outbound.uri.clone();
        *request.headers_mut() = self.outbound.headers.clone();
        let response = before(deadline, self.shared.upstream.send(endpoint, self.outbound.target.protocol, request)).await??;
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

async fn before<T>(deadline: Option<Instant>, future: impl Future<Output = T>) -> Result<T, Failure> {
    match deadline {
        None => Ok(future.await),
        Some(deadline) => time::timeout_at(deadline, future).await.map_err(|_| Failure::TimedOut),
    }
}
