//! The one place that asks the table. What comes out is obeyed, and nothing in here is a rule of the specification.

use std::sync::Arc;

use gwapi_core::{
    model::{Retry, Timeouts},
    resolution::BackendTarget,
};
use gwapi_match::{
    PinnedDecision, Table,
    connect::{Admission, HttpConnection},
    decision::Cause,
    exchange::{self, Outgoing, Why},
    filters::{cors, mirror},
    head::{HeadParts, RequestHead},
    headers::Headers as _,
};
use http::{HeaderMap, Method, StatusCode, Uri, request, uri::PathAndQuery};

use crate::answer::Answer;

/// What becomes of a request.
#[derive(Debug)]
pub(crate) struct Decided {
    pub(crate) reaction: Reaction,
    /// Copies of it.
    pub(crate) mirrors: Vec<Outbound>,
}

/// Who answers.
#[derive(Debug)]
#[expect(clippy::large_enum_variant, reason = "made once for a request and taken apart at once")]
pub(crate) enum Reaction {
    /// A backend; its answer is subject to the [`Reply`].
    Forward(Outbound, Reply),
    /// We do.
    Answer(Answer),
}

/// A request, but for its body, as a backend gets it.
#[derive(Clone, Debug)]
pub(crate) struct Outbound {
    pub(crate) target: BackendTarget,
    pub(crate) method: Method,
    /// Path and query.
    pub(crate) uri: Uri,
    /// Headers, Host among them.
    pub(crate) headers: HeaderMap,
}

/// What was decided about a request, as far as its answer is concerned.
#[derive(Clone, Debug)]
pub(crate) struct Reply {
    decision: PinnedDecision,
    /// The place of the backend that was picked.
    backend: usize,
    /// The request's Origin.
    origin: Option<String>,
}

/// Decides about a request. Every pick draws a sample of its own.
pub(crate) fn decide(table: &Arc<Table>, connection: &HttpConnection, parts: &request::Parts) -> Result<Decided, Answer> {
    let head = RequestHead::new(received(connection, parts), table.choices())
        .map_err(|reject| Answer::with(reject.status, reject.to_string()))?;
    let listener = match table.admit(connection, &head) {
        // Filters of listeners are not declared; a request that should have passed one goes nowhere (H-090).
        Admission::Listener { filters, .. } if !filters.is_empty() => return Err(Answer::internal()),
        Admission::Listener { id, .. } => id,
        Admission::Misdirected => return Err(Answer::misdirected()),
        Admission::NotFound => return Err(Answer::not_found()),
    };
    let pinned = PinnedDecision::new(table.clone(), table.route(listener, &head));
    let decision = pinned.decision().ok_or_else(Answer::internal)?;
    let copies = |fraction| mirror::selected(fraction, fastrand::u64(..));
    let picked = decision.pick(fastrand::u64(..));
    let exchange = exchange::react(&decision, picked, &head, parts.headers.clone(), copies);
    let outbound = |target: &BackendTarget, request| outbound(target.clone(), parts.method.clone(), request);
    let mirrors = exchange.mirrors.into_iter().map(|(target, copy)| outbound(target, copy)).collect::<Result<_, _>>()?;
    let reaction = match exchange.reaction {
        exchange::Reaction::Forward { index, target, request } => {
            let origin = parts.headers.joined("origin").map(|origin| String::from_utf8_lossy(&origin).into_owned());
            Reaction::Forward(outbound(target, request)?, Reply { decision: pinned.clone(), backend: index, origin })
        }
        exchange::Reaction::Answer { status, headers, why } => {
            tracing::debug!(%status, %why, "not forwarded");
            Reaction::Answer(Answer { headers: Box::new(headers), ..Answer::new(status, text(&why)) })
        }
    };
    Ok(Decided { reaction, mirrors })
}

fn received<'r>(connection: &HttpConnection, parts: &'r request::Parts) -> HeadParts<'r, HeaderMap> {
    HeadParts {
        method: parts.method.as_str(),
        scheme: connection.scheme(),
        authority: parts.uri.authority().map(http::uri::Authority::as_str),
        path_and_query: parts.uri.path_and_query().map_or("", PathAndQuery::as_str),
        headers: &parts.headers,
    }
}

fn outbound(target: BackendTarget, method: Method, request: Outgoing) -> Result<Outbound, Answer> {
    // BackendTLSPolicy is not declared; what should be protected is not sent in clear text (N-010).
    if target.tls.is_some() {
        return Err(Answer::internal());
    }
    let path: PathAndQuery = request.path_and_query.try_into().map_err(|_| Answer::internal())?;
    Ok(Outbound { target, method, uri: path.into(), headers: request.headers })
}

/// What the client is told. The reason itself can name objects of other tenants, and stays in the log (S-006).
fn text(why: &Why<'_>) -> &'static str {
    match why {
        Why::Preflight | Why::Redirect(_) => "",
        Why::Cause(Cause::NoRule) => "no route matches this request",
        Why::Cause(Cause::NoWeight) => "no backend of the route takes requests",
        Why::Cause(_) | Why::Filter(_) => "the route cannot serve this request",
    }
}

impl Reply {
    /// What a backend's answer becomes on its way to the client.
    pub(crate) fn finish(&self, headers: &mut HeaderMap) -> Result<(), Answer> {
        let decision = self.decision.decision().ok_or_else(Answer::internal)?;
        exchange::finish(&decision, self.backend, self.origin.as_deref(), headers).map_err(|error| {
            tracing::debug!(%error, "a response filter cannot be run");
            Answer::with(error.status(), "the route cannot serve this request")
        })
    }

    /// What an answer of ours becomes that we give in place of a backend: scripts can read what went wrong.
    pub(crate) fn finish_own(&self, mut answer: Answer) -> Answer {
        if let Some(cors) = self.decision.decision().and_then(|decision| decision.cors()) {
            // What cannot be written is left out: less is allowed then, never more.
            let _ = cors::apply(&cors::response_headers(cors, self.origin.as_deref()), &mut answer.headers);
        }
        answer
    }

    pub(crate) fn timeouts(&self) -> Timeouts {
        self.decision.decision().map(|decision| decision.timeouts()).unwrap_or_default()
    }

    pub(crate) fn retry(&self) -> Option<Retry> {
        self.decision.decision()?.retry().cloned()
    }
}

impl Answer {
    fn misdirected() -> Self {
        Self::new(StatusCode::MISDIRECTED_REQUEST, "this connection is not for that host")
    }
}
