//! A Gateway as hooks. What was decided is kept as a [`PinnedDecision`]: it has no lifetime, and it says the same in each hook,
//! whatever happens to the configuration between them.

use std::{
    collections::BTreeMap,
    net::SocketAddr,
    sync::{Arc, PoisonError, RwLock},
};

use gwapi_core::{Controller, Feature, SupportedFeatures, controller::Abilities, model::Scheme, resolution::BackendKey};
use gwapi_match::{
    PinnedDecision, Table,
    connect::{Admission, Arrival, HttpConnection},
    decision::{Outcome, Picked},
    exchange::{Outgoing, Reaction, finish, react},
    head::{HeadParts, RequestHead},
    headers::Headers as _,
};
use http::{HeaderMap, Response, StatusCode, request::Parts, uri::PathAndQuery};

use crate::host::{ProxyHttp, Session};

const INTERNAL: StatusCode = StatusCode::INTERNAL_SERVER_ERROR;

/// What these hooks carry out. Routes that ask for more are refused with a condition, and no decision ever holds it.
pub fn controller(name: &str) -> Controller {
    let core = SupportedFeatures::core();
    let features = SupportedFeatures::of(core.iter().chain([Feature::HTTPRouteResponseHeaderModification]));
    Controller { features, abilities: Abilities::NONE, ..Controller::named(name) }
}

/// What is served now.
pub struct Edge {
    table: RwLock<Arc<Table>>,
    /// Endpoints are the host's: a decision names a Service and its port.
    endpoints: BTreeMap<BackendKey, SocketAddr>,
}

/// What is kept of a request that is forwarded.
pub struct Chosen {
    decision: PinnedDecision,
    backend: usize,
    origin: Option<String>,
}

impl Edge {
    pub fn new(table: Arc<Table>, endpoints: BTreeMap<BackendKey, SocketAddr>) -> Self {
        Self { table: RwLock::new(table), endpoints }
    }

    /// Requests from now on are decided by this table.
    pub fn replace(&self, table: Arc<Table>) {
        *self.table.write().unwrap_or_else(PoisonError::into_inner) = table;
    }

    fn table(&self) -> Arc<Table> {
        self.table.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl ProxyHttp for Edge {
    type Context = Option<Chosen>;

    fn new_context(&self) -> Self::Context {
        None
    }

    fn request_filter(&self, session: &mut Session, context: &mut Self::Context) -> Result<Option<Response<()>>, StatusCode> {
        match decide(self.table(), session)? {
            Decided::Answer(answer) => Ok(Some(answer)),
            Decided::Forward(request, chosen) => {
                let path: PathAndQuery = request.path_and_query.try_into().map_err(|_| INTERNAL)?;
                (session.request.uri, session.request.headers) = (path.into(), request.headers);
                *context = Some(chosen);
                Ok(None)
            }
        }
    }

    fn upstream_peer(&self, _: &Session, context: &mut Self::Context) -> Result<SocketAddr, StatusCode> {
        let chosen = context.as_ref().ok_or(INTERNAL)?;
        let decision = chosen.decision.decision().ok_or(INTERNAL)?;
        let Outcome::Forward(forward) = decision.outcome else { return Err(INTERNAL) };
        let Picked::Backend { target, .. } = forward.backend(chosen.backend) else { return Err(INTERNAL) };
        self.endpoints.get(&target.key).copied().ok_or(StatusCode::SERVICE_UNAVAILABLE)
    }

    fn response_filter(&self, _: &Session, headers: &mut HeaderMap, context: &mut Self::Context) -> Result<(), StatusCode> {
        let chosen = context.as_ref().ok_or(INTERNAL)?;
        let decision = chosen.decision.decision().ok_or(INTERNAL)?;
        finish(&decision, chosen.backend, chosen.origin.as_deref(), headers).map_err(|error| status(error.status()))
    }
}

enum Decided {
    /// The request that the upstream gets.
    Forward(Outgoing, Chosen),
    Answer(Response<()>),
}

fn decide(table: Arc<Table>, session: &Session) -> Result<Decided, StatusCode> {
    let connection = HttpConnection::of(&Arrival::plain(session.port));
    let head = RequestHead::new(received(&session.request), table.choices()).map_err(|reject| status(reject.status))?;
    let listener = match table.admit(&connection, &head) {
        Admission::Listener { id, .. } => id,
        Admission::Misdirected => return Err(StatusCode::MISDIRECTED_REQUEST),
        Admission::NotFound => return Err(StatusCode::NOT_FOUND),
    };
    let pinned = PinnedDecision::new(table.clone(), table.route(listener, &head));
    let decision = pinned.decision().ok_or(INTERNAL)?;
    let picked = decision.pick(fastrand::u64(..));
    Ok(match react(&decision, picked, &head, session.request.headers.clone(), |_| false).reaction {
        Reaction::Forward { index, request, .. } => {
            let origin = head.headers.joined("origin").map(|origin| String::from_utf8_lossy(&origin).into_owned());
            Decided::Forward(request, Chosen { decision: pinned.clone(), backend: index, origin })
        }
        Reaction::Answer { status, headers, .. } => {
            let mut answer = Response::new(());
            (*answer.status_mut(), *answer.headers_mut()) = (status, headers);
            Decided::Answer(answer)
        }
    })
}

fn received(request: &Parts) -> HeadParts<'_, HeaderMap> {
    HeadParts {
        method: request.method.as_str(),
        scheme: Scheme::Http,
        authority: request.uri.authority().map(|authority| authority.as_str()),
        path_and_query: request.uri.path_and_query().map_or("", |path| path.as_str()),
        headers: &request.headers,
    }
}

fn status(status: u16) -> StatusCode {
    StatusCode::from_u16(status).unwrap_or(INTERNAL)
}
