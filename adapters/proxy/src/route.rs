//! The one place that asks the table. What comes out is obeyed, and nothing in here is a rule of the specification.

use std::sync::Arc;

use gwapi_core::{
    model::{Cors, RequestRedirect, Retry, Scheme, Timeouts, UrlRewrite},
    resolution::{BackendTarget, ResolvedFilter},
};
use gwapi_match::{
    PinnedDecision, Routed, Table,
    connect::{Admission, HttpConnection},
    decision::{Cause, Decision, Outcome, Picked},
    filters::{
        FilterError, cors, header_modifier, mirror,
        redirect::{self, RedirectContext},
        rewrite,
    },
    head::{HeadParts, RequestHead, path_and_query},
};
use http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header, request, uri::PathAndQuery};

use crate::answer::Answer;

/// A request that goes to a backend.
#[derive(Debug)]
pub(crate) struct Ready {
    /// Where it goes.
    pub(crate) target: BackendTarget,
    /// Its head as the backend gets it.
    pub(crate) head: Head,
    /// Its copies.
    pub(crate) mirrors: Vec<(BackendTarget, Head)>,
    /// What becomes of the answer.
    pub(crate) reply: Reply,
}

/// Method, path, query and headers, the host among them.
#[derive(Clone, Debug)]
pub(crate) struct Head {
    pub(crate) method: Method,
    pub(crate) uri: Uri,
    pub(crate) headers: HeaderMap,
}

/// What was decided about a request, as far as it is needed later.
#[derive(Clone, Debug)]
pub(crate) struct Reply {
    decision: PinnedDecision,
    /// The place of the backend that was picked.
    backend: Option<usize>,
    /// The request's Origin.
    origin: Option<String>,
}

/// Decides about a request. Every pick draws a sample of its own.
pub(crate) fn decide(table: &Arc<Table>, connection: &HttpConnection, parts: request::Parts) -> Result<Ready, Answer> {
    let asked = Asked::of(table, connection, &parts)?;
    let origin = parts.headers.get(header::ORIGIN).map(|origin| String::from_utf8_lossy(origin.as_bytes()).into_owned());
    let reply = Reply { decision: PinnedDecision::new(table.clone(), asked.routed), backend: None, origin };
    asked.ready(reply.clone(), parts).map_err(|mut answer| {
        reply.finish(&mut answer);
        answer
    })
}

/// What the table was asked, in normal form, and the number of its answer.
struct Asked {
    routed: Routed,
    scheme: Scheme,
    /// The host that was matched.
    host: Option<String>,
    /// The host as it was received.
    authority: Option<String>,
    path: String,
    query: Option<String>,
    /// What is forwarded if nothing rewrites it.
    target: String,
}

impl Asked {
    fn of(table: &Table, connection: &HttpConnection, parts: &request::Parts) -> Result<Self, Answer> {
        let received = HeadParts {
            method: parts.method.as_str(),
            scheme: connection.scheme(),
            authority: parts.uri.authority().map(http::uri::Authority::as_str),
            path_and_query: parts.uri.path_and_query().map_or("", PathAndQuery::as_str),
            headers: &parts.headers,
        };
        let head = RequestHead::new(received, table.choices()).map_err(|reject| Answer::with(reject.status, reject.to_string()))?;
        let listener = match table.admit(connection, &head) {
            Admission::Listener { id } => id,
            Admission::Misdirected => return Err(Answer::misdirected()),
            Admission::NotFound => return Err(Answer::not_found()),
        };
        Ok(Self {
            routed: table.route(listener, &head),
            scheme: head.scheme,
            host: head.host.as_ref().map(|host| host.as_str().to_owned()),
            authority: head.authority.map(str::to_owned),
            query: head.query.map(str::to_owned),
            target: head.forward_path_and_query().into_owned(),
            path: head.path.into_owned(),
        })
    }

    fn ready(&self, mut reply: Reply, parts: request::Parts) -> Result<Ready, Answer> {
        let decision = reply.decision.decision().ok_or_else(Answer::internal)?;
        if let Some(cors) = decision.cors().filter(|_| cors::is_preflight(parts.method.as_str(), &parts.headers)) {
            return Err(preflight(cors, &parts.headers));
        }
        let (index, target, filters) = self.pick(&decision)?;
        let target = target.clone();
        let mut filtered = Filtered { asked: self, decision, path: None, method: parts.method, headers: parts.headers, mirrors: Vec::new() };
        filtered.set_host(self.authority.as_deref())?;
        filtered.run(decision.filters()).and_then(|()| filtered.run(filters))?;
        let (head, mirrors) = (filtered.head()?, filtered.mirrors);
        reply.backend = Some(index);
        Ok(Ready { target, head, mirrors, reply })
    }

    fn pick<'t>(&self, decision: &Decision<'t>) -> Result<(usize, &'t BackendTarget, &'t [ResolvedFilter]), Answer> {
        match (decision.outcome, decision.pick(fastrand::u64(..))) {
            (_, Some(Picked::Backend { index, target, filters })) => Ok((index, target, filters)),
            (_, Some(Picked::Redirect { redirect, .. })) | (Outcome::Redirect(redirect), _) => Err(self.redirect(redirect, decision)),
            (_, Some(Picked::Respond { status, why })) | (Outcome::Respond { status, why }, _) => Err(refusal(status, why)),
            (Outcome::Forward(_), None) => Err(Answer::internal()),
        }
    }

    fn redirect(&self, redirect: &RequestRedirect, decision: &Decision<'_>) -> Answer {
        let context = RedirectContext {
            scheme: self.scheme,
            host: self.host.as_deref(),
            listener_port: decision.listener.port,
            path: &self.path,
            query: self.query.as_deref(),
            matched_prefix: decision.matched_prefix(),
        };
        let location = match redirect::location(redirect, &context) {
            Ok(location) => location,
            Err(error) => return error.into(),
        };
        let Ok(value) = HeaderValue::from_str(&location.to_string()) else { return Answer::internal() };
        let mut answer = Answer::with(location.status, "");
        answer.headers.push((header::LOCATION, value));
        answer
    }
}

/// A request on its way through the filters.
struct Filtered<'a> {
    asked: &'a Asked,
    decision: Decision<'a>,
    /// The path, once a filter has rewritten it.
    path: Option<String>,
    method: Method,
    headers: HeaderMap,
    mirrors: Vec<(BackendTarget, Head)>,
}

impl Filtered<'_> {
    fn run(&mut self, filters: &[ResolvedFilter]) -> Result<(), Answer> {
        for filter in filters {
            match filter {
                ResolvedFilter::RequestHeaderModifier(modifier) => header_modifier::apply(modifier, &mut self.headers)?,
                ResolvedFilter::UrlRewrite(filter) => self.rewrite(filter)?,
                // A copy is made of what the request is at this place of the list.
                ResolvedFilter::RequestMirror { target: Ok(target), fraction } => {
                    if mirror::selected(*fraction, fastrand::u64(..)) {
                        self.mirrors.push((target.clone(), self.head()?));
                    }
                }
                ResolvedFilter::RequestMirror { target: Err(_), .. } => {}
                ResolvedFilter::ResponseHeaderModifier(_) | ResolvedFilter::Cors(_) => {}
                // The outcome has seen to these. One that is here nevertheless is not skipped (H-006).
                ResolvedFilter::RequestRedirect(_) | ResolvedFilter::Unresolved { .. } => return Err(Answer::internal()),
            }
        }
        Ok(())
    }

    fn rewrite(&mut self, filter: &UrlRewrite) -> Result<(), Answer> {
        let path = self.path.take().unwrap_or_else(|| self.asked.path.clone());
        let rewritten = rewrite::rewrite(filter, &path, self.decision.matched_prefix())?;
        if rewritten.host.is_some() {
            self.set_host(rewritten.host)?;
        }
        self.path = Some(rewritten.path.into_owned());
        Ok(())
    }

    fn set_host(&mut self, host: Option<&str>) -> Result<(), Answer> {
        match host {
            None => drop(self.headers.remove(header::HOST)),
            Some(host) => {
                let host = HeaderValue::from_str(host).map_err(|_| Answer::internal())?;
                self.headers.insert(header::HOST, host);
            }
        }
        Ok(())
    }

    fn head(&self) -> Result<Head, Answer> {
        let target = match &self.path {
            None => self.asked.target.clone(),
            Some(path) => path_and_query(path, self.asked.query.as_deref()),
        };
        let target: PathAndQuery = target.try_into().map_err(|_| Answer::internal())?;
        Ok(Head { method: self.method.clone(), uri: target.into(), headers: self.headers.clone() })
    }
}

impl Reply {
    /// What a backend's answer becomes on its way to the client: filters of the backend first, then those of the rule (H-010).
    pub(crate) fn run_response_filters(&self, headers: &mut HeaderMap) -> Result<(), Answer> {
        let Some(decision) = self.decision.decision() else { return Err(Answer::internal()) };
        for filter in self.backend_filters(&decision).iter().chain(decision.filters()) {
            match filter {
                ResolvedFilter::ResponseHeaderModifier(modifier) => header_modifier::apply(modifier, headers)?,
                ResolvedFilter::Cors(cors) => cors::apply(&cors::response_headers(cors, self.origin.as_deref()), headers)?,
                _ => {}
            }
        }
        Ok(())
    }

    /// Lets a script read what went wrong: an answer of ours is subject to CORS like a backend's. Header modifiers are for the
    /// answers of backends only (H-022), and a preflight has its headers already.
    pub(crate) fn finish(&self, answer: &mut Answer) {
        let cors = self.decision.decision().and_then(|decision| decision.cors());
        let Some(cors) = cors.filter(|_| answer.status != StatusCode::NO_CONTENT) else { return };
        let mut headers = HeaderMap::new();
        if cors::apply(&cors::response_headers(cors, self.origin.as_deref()), &mut headers).is_ok() {
            answer.headers.extend(headers.into_iter().filter_map(|(name, value)| Some((name?, value))));
        }
    }

    fn backend_filters<'t>(&self, decision: &Decision<'t>) -> &'t [ResolvedFilter] {
        let Outcome::Forward(forward) = decision.outcome else { return &[] };
        self.backend.and_then(|index| forward.backends.get(index)).map_or(&[], |backend| &backend.filters)
    }

    pub(crate) fn timeouts(&self) -> Timeouts {
        self.decision.decision().map(|decision| decision.timeouts()).unwrap_or_default()
    }

    pub(crate) fn retry(&self) -> Option<Retry> {
        self.decision.decision()?.retry().cloned()
    }
}

fn preflight(cors: &Cors, headers: &HeaderMap) -> Answer {
    let preflight = cors::answer_preflight(cors, headers);
    let mut answer = Answer::with(preflight.status, "");
    for (name, value) in preflight.headers {
        match (name.parse(), HeaderValue::from_str(&value)) {
            (Ok(name), Ok(value)) => answer.headers.push((name, value)),
            _ => return Answer::internal(),
        }
    }
    answer
}

/// The status is decided; the reason can name objects of other tenants, and stays here.
fn refusal(status: StatusCode, why: Cause<'_>) -> Answer {
    tracing::debug!(%status, %why, "not forwarded");
    match why {
        Cause::NoRule => Answer::not_found(),
        Cause::NoWeight => Answer::new(status, "no backend of the route takes requests"),
        Cause::UnresolvedFilter(_) | Cause::NoBackends | Cause::InvalidBackend(_) | Cause::InvalidBackends => {
            Answer { status, ..Answer::internal() }
        }
    }
}

impl From<FilterError> for Answer {
    fn from(error: FilterError) -> Self {
        tracing::debug!(%error, "a filter cannot be run");
        Self { status: StatusCode::from_u16(error.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR), ..Self::internal() }
    }
}
