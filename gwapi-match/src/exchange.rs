//! A decision carried out: what reaches the backend and what reaches the client.
//!
//! This is the one place that runs the filters of a decision, for hosts with a [`HeaderMap`]: a preflight is answered first
//! (H-052), the filters of the rule run before those of the picked backend (H-010), a mirror copies what the request is at its
//! place in the list, and response filters run the other way round. Hosts that keep headers in another form call the
//! functions of [`filters`](crate::filters) themselves.

use gwapi_core::{
    model::{Fraction, RequestRedirect, UrlRewrite},
    resolution::{BackendTarget, ResolvedFilter},
};
use http::{HeaderMap, HeaderValue, StatusCode, header};

use crate::{
    decision::{Cause, Decision, GrpcCode, Outcome, Picked, usable},
    filters::{
        FilterError, cors, header_modifier,
        redirect::{self, Location, RedirectContext},
        rewrite,
    },
    head::{RequestHead, path_and_query},
    headers::Headers,
};

/// What becomes of a request.
#[derive(Clone, Debug, PartialEq)]
pub struct Exchange<'t> {
    /// What the client, or the backend, gets.
    pub reaction: Reaction<'t>,
    /// Copies of the request. Their answers are ignored and must not delay anything (H-044, H-051).
    pub mirrors: Vec<(&'t BackendTarget, Outgoing)>,
}

/// Who answers a request.
#[derive(Clone, Debug, PartialEq)]
pub enum Reaction<'t> {
    /// A backend.
    Forward {
        /// The place of its entry in the rule's list: [`finish`] asks for it.
        index: usize,
        /// Where the request goes.
        target: &'t BackendTarget,
        /// What it gets.
        request: Outgoing,
    },
    /// We do.
    Answer {
        /// Status.
        status: StatusCode,
        /// Headers: Location, those of CORS, the status of gRPC.
        headers: HeaderMap,
        /// Why. It can name objects of the configuration: for logs and explanations, not for the client (S-006).
        why: Why<'t>,
    },
}

/// Why we answer ourselves.
#[derive(Clone, Debug, PartialEq)]
pub enum Why<'t> {
    /// It is a CORS preflight.
    Preflight,
    /// A filter redirects.
    Redirect(Location),
    /// No backend can be asked.
    Cause(Cause<'t>),
    /// A filter cannot do its work on this request.
    Filter(FilterError),
}

/// A request as a backend gets it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outgoing {
    /// Path and query.
    pub path_and_query: String,
    /// Headers, Host among them; it is the request's own unless a filter rewrites it (E-013, I-035).
    pub headers: HeaderMap,
}

/// Carries out a decision.
///
/// `picked` is what [`Decision::pick`] gave for a sample of this request. `copies` is asked once for each mirror whether it gets
/// this request; see [`mirror::selected`](crate::filters::mirror::selected). Services of ExternalAuth filters and extensions
/// are asked before, and the decision is [cleared](Decision::cleared) then.
///
/// ```
/// use gwapi_core::model::Scheme;
/// use gwapi_match::{compile, connect::{Admission, Arrival, HttpConnection}, exchange::{Reaction, finish, react}, head::HeadParts};
/// use http::{HeaderMap, HeaderValue};
/// # use gwapi_core::{Controller, Object, Resolution, Snapshot, resolve};
/// # use serde_json::{Value, json};
/// # fn resolution(objects: Value) -> Resolution {
/// #     let objects = objects.as_array().into_iter().flatten();
/// #     let snapshot: Snapshot = objects.filter_map(|object| Object::from_json(object).object).collect();
/// #     resolve(&snapshot, &Controller::default())
/// # }
/// let tables = compile(&resolution(json!([
///     {"apiVersion": "gateway.networking.k8s.io/v1", "kind": "Gateway", "metadata": {"name": "edge"},
///      "spec": {"gatewayClassName": "any", "listeners": [{"name": "http", "port": 80, "protocol": "HTTP"}]}},
///     {"apiVersion": "gateway.networking.k8s.io/v1", "kind": "HTTPRoute", "metadata": {"name": "shop"},
///      "spec": {"parentRefs": [{"name": "edge"}], "rules": [{
///         "matches": [{"path": {"value": "/api"}}],
///         "filters": [
///             {"type": "URLRewrite", "urlRewrite": {"path": {"type": "ReplacePrefixMatch", "replacePrefixMatch": "/v2"}}},
///             {"type": "ResponseHeaderModifier", "responseHeaderModifier": {"remove": ["server"]}},
///         ],
///         "backendRefs": [{"name": "api", "port": 80}]}]}},
///     {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "api"}, "spec": {"ports": [{"port": 80}]}},
/// ])), 42);
/// let table = tables.gateways.values().next().expect("one Gateway");
/// let mut headers = HeaderMap::new();
/// headers.insert("host", HeaderValue::from_static("shop.example.com"));
/// let parts = HeadParts { method: "GET", scheme: Scheme::Http, authority: None, path_and_query: "/api/cart?x=1", headers: &headers };
/// let head = table.head(parts).expect("nothing is wrong with the request");
/// let Admission::Listener { id, .. } = table.admit(&HttpConnection::of(&Arrival::plain(80)), &head) else { panic!("no listener") };
/// let decision = table.decision(table.route(id, &head)).expect("of this table");
///
/// let exchange = react(&decision, decision.pick(7), &head, headers.clone(), |_| false);
/// let Reaction::Forward { index, target, request } = exchange.reaction else { panic!("not forwarded") };
/// assert_eq!((target.key.object.name.as_str(), &*request.path_and_query), ("api", "/v2/cart?x=1"));
///
/// let mut response = HeaderMap::new();
/// response.insert("server", HeaderValue::from_static("api/1.0"));
/// finish(&decision, index, None, &mut response)?;
/// assert!(response.is_empty());
/// # Ok::<(), gwapi_match::filters::FilterError>(())
/// ```
pub fn react<'t, H: Headers + ?Sized>(
    decision: &Decision<'t>,
    picked: Option<Picked<'t>>,
    head: &RequestHead<'_, H>,
    headers: HeaderMap,
    copies: impl FnMut(Fraction) -> bool,
) -> Exchange<'t> {
    if let Some(cors) = decision.cors().filter(|_| cors::is_preflight(head.method, head.headers)) {
        let answer = cors::answer_preflight(cors, head.headers);
        let status = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::NO_CONTENT);
        let reaction = match lines(answer.headers) {
            Ok(headers) => Reaction::Answer { status, headers, why: Why::Preflight },
            Err(error) => failed(error),
        };
        return Exchange { reaction, mirrors: Vec::new() };
    }
    let mut exchange = Run { decision, head, host: None, path: None, headers, mirrors: Vec::new(), copies }.react(picked);
    if head.is_grpc() {
        exchange.reaction = in_grpc(exchange.reaction);
    }
    if let Reaction::Answer { headers, .. } = &mut exchange.reaction {
        // Lets a script read what went wrong: our own answer is subject to CORS like a backend's. Header modifiers are for
        // answers of backends only (H-022).
        if let Some(cors) = decision.cors() {
            let origin = head.headers.joined("origin").map(|origin| String::from_utf8_lossy(&origin).into_owned());
            // What cannot be written is left out: less is allowed then, never more.
            let _ = cors::apply(&cors::response_headers(cors, origin.as_deref()), headers);
        }
    }
    exchange
}

/// What a backend's response becomes on its way to the client: filters of the backend's entry first, then those of the rule
/// (H-010, H-018). `index` and `origin` are those of the request: the entry that was picked, and its Origin header.
///
/// # Errors
/// If a header cannot be written: the response must not be sent.
pub fn finish(decision: &Decision<'_>, index: usize, origin: Option<&str>, headers: &mut HeaderMap) -> Result<(), FilterError> {
    let of_backend = match decision.outcome {
        Outcome::Forward(forward) => forward.backends.get(index).map(|backend| backend.filters.as_slice()),
        Outcome::Redirect(_) | Outcome::Respond { .. } => None,
    };
    for filter in of_backend.unwrap_or_default().iter().chain(decision.filters()) {
        match filter {
            ResolvedFilter::ResponseHeaderModifier(modifier) => header_modifier::apply(modifier, headers)?,
            ResolvedFilter::Cors(cors) => cors::apply(&cors::response_headers(cors, origin), headers)?,
            _ => {}
        }
    }
    Ok(())
}

/// A request on its way through the filters.
struct Run<'d, 't, 'r, H: Headers + ?Sized, C> {
    decision: &'d Decision<'t>,
    head: &'d RequestHead<'r, H>,
    /// The host, once a filter has rewritten it.
    host: Option<String>,
    /// The path, once a filter has rewritten it.
    path: Option<String>,
    headers: HeaderMap,
    mirrors: Vec<(&'t BackendTarget, Outgoing)>,
    copies: C,
}

impl<'t, H: Headers + ?Sized, C: FnMut(Fraction) -> bool> Run<'_, 't, '_, H, C> {
    fn react(mut self, picked: Option<Picked<'t>>) -> Exchange<'t> {
        let reaction = self.run(self.decision.filters()).and_then(|()| self.reaction(picked)).unwrap_or_else(failed);
        Exchange { reaction, mirrors: self.mirrors }
    }

    fn reaction(&mut self, picked: Option<Picked<'t>>) -> Result<Reaction<'t>, FilterError> {
        match (self.decision.outcome, picked) {
            (Outcome::Forward(_), Some(Picked::Backend { index, target, filters })) => {
                self.run(filters)?;
                Ok(Reaction::Forward { index, target, request: self.outgoing()? })
            }
            (Outcome::Forward(_), Some(Picked::Redirect { redirect, .. })) | (Outcome::Redirect(redirect), _) => {
                self.redirect(redirect)
            }
            (Outcome::Forward(_), Some(Picked::Respond { status, why })) | (Outcome::Respond { status, why }, _) => {
                Ok(Reaction::Answer { status, headers: HeaderMap::new(), why: Why::Cause(why) })
            }
            (Outcome::Forward(_), None) => {
                let (status, why) = (StatusCode::INTERNAL_SERVER_ERROR, Why::Cause(Cause::NoWeight));
                Ok(Reaction::Answer { status, headers: HeaderMap::new(), why })
            }
        }
    }

    fn run(&mut self, filters: &'t [ResolvedFilter]) -> Result<(), FilterError> {
        for filter in filters {
            match filter {
                ResolvedFilter::RequestHeaderModifier(modifier) => header_modifier::apply(modifier, &mut self.headers)?,
                ResolvedFilter::UrlRewrite(filter) => self.rewrite(filter)?,
                // H-049: a mirror that cannot be sent to is dropped.
                ResolvedFilter::RequestMirror { target, fraction } => {
                    if let Some(target) = usable(target).ok().filter(|_| (self.copies)(*fraction)) {
                        self.mirrors.push((target, self.outgoing()?));
                    }
                }
                ResolvedFilter::ExternalAuth { .. } => self.check_cleared("ExternalAuth")?,
                ResolvedFilter::Extension(_) => self.check_cleared("ExtensionRef")?,
                // Those are the outcome's, or the response's.
                ResolvedFilter::ResponseHeaderModifier(_)
                | ResolvedFilter::RequestRedirect(_)
                | ResolvedFilter::Cors(_)
                | ResolvedFilter::Unresolved { .. } => {}
            }
        }
        Ok(())
    }

    /// H-070, S-010: what has not been asked has not let the request pass.
    fn check_cleared(&self, filter: &'static str) -> Result<(), FilterError> {
        if self.decision.is_cleared() { Ok(()) } else { Err(FilterError::NotRun { filter }) }
    }

    /// Always from the path that was matched: a rewrite of the backend's entry takes the place of the rule's, and the prefix
    /// that it replaces is in the request, not in what the rule has made of it.
    fn rewrite(&mut self, filter: &UrlRewrite) -> Result<(), FilterError> {
        let rewritten = rewrite::rewrite(filter, &self.head.path, self.decision.matched_prefix())?;
        if filter.path.is_some() {
            self.path = Some(rewritten.path.into_owned());
        }
        if let Some(host) = rewritten.host {
            self.host = Some(host.to_owned());
        }
        Ok(())
    }

    fn redirect(&self, redirect: &RequestRedirect) -> Result<Reaction<'t>, FilterError> {
        let context = RedirectContext::of(self.head, self.decision.listener.port, self.decision.matched_prefix());
        let location = redirect::location(redirect, &context)?;
        let status = StatusCode::from_u16(location.status).unwrap_or(StatusCode::FOUND);
        let headers = lines([("location", location.to_string())])?;
        Ok(Reaction::Answer { status, headers, why: Why::Redirect(location) })
    }

    fn outgoing(&self) -> Result<Outgoing, FilterError> {
        let path_and_query = match &self.path {
            None => self.head.forward_path_and_query().into_owned(),
            Some(path) => path_and_query(path, self.head.query),
        };
        let mut headers = self.headers.clone();
        headers.remove(header::HOST);
        if let Some(host) = self.host.as_deref().or(self.head.authority) {
            // A map that is full has no room for the host of a request that names it by `:authority`.
            let cannot_write = || FilterError::Header { name: "host".to_owned() };
            let host = HeaderValue::from_str(host).map_err(|_| cannot_write())?;
            headers.try_insert(header::HOST, host).map_err(|_| cannot_write())?;
        }
        Ok(Outgoing { path_and_query, headers })
    }
}

/// What a client of gRPC is answered if a request ends here: a response without a body, whose status is in the headers. For
/// requests without a listener too, with [`GrpcCode::Unimplemented`] (B-026, K-009).
#[must_use]
pub fn grpc_answer(code: GrpcCode) -> (StatusCode, HeaderMap) {
    let mut headers = HeaderMap::new();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/grpc"));
    headers.insert("grpc-status", HeaderValue::from(u16::from(code.number())));
    (StatusCode::OK, headers)
}

/// Errors in the words of gRPC.
fn in_grpc(reaction: Reaction<'_>) -> Reaction<'_> {
    match reaction {
        Reaction::Answer { status, headers, why } => {
            let (status, headers) = why.grpc_code().map_or((status, headers), grpc_answer);
            Reaction::Answer { status, headers, why }
        }
        forward @ Reaction::Forward { .. } => forward,
    }
}

fn failed<'t>(error: FilterError) -> Reaction<'t> {
    let status = StatusCode::from_u16(error.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    Reaction::Answer { status, headers: HeaderMap::new(), why: Why::Filter(error) }
}

fn lines(headers: impl IntoIterator<Item = (&'static str, String)>) -> Result<HeaderMap, FilterError> {
    let mut map = HeaderMap::new();
    for (name, value) in headers {
        let value = HeaderValue::from_str(&value).map_err(|_| FilterError::Header { name: name.to_owned() })?;
        map.append(name, value);
    }
    Ok(map)
}

impl Why<'_> {
    /// What a client of gRPC is told; nothing if it is no error.
    #[must_use]
    pub fn grpc_code(&self) -> Option<GrpcCode> {
        match self {
            Self::Cause(cause) => Some(cause.grpc_code()),
            Self::Filter(_) => Some(GrpcCode::Internal),
            Self::Preflight | Self::Redirect(_) => None,
        }
    }
}

impl std::fmt::Display for Why<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Preflight => f.write_str("a preflight is answered by the gateway"),
            Self::Redirect(location) => write!(f, "redirected to {location}"),
            Self::Cause(cause) => cause.fmt(f),
            Self::Filter(error) => error.fmt(f),
        }
    }
}
