//! The reference: what the spec says of one request or connection, sentence by sentence, with everything that was considered.
//!
//! It looks at every listener, route, rule and match, one after the other, and knows neither tables nor indexes. It shares
//! types with them, but no predicate and no order, so that agreeing with [`Table::route`](crate::Table::route) means
//! something (law 5). It is the place to read what the matcher does, and what `gwapi explain` shows.

use std::fmt;

use gwapi_core::{
    Hostname,
    model::{HeaderName, RequestRedirect, Service},
    name::ObjectKey,
    refusal::Refusal,
    resolution::{BackendTarget, MeshScope, Resolution, ResolvedListener, ResolvedRoute, ResolvedRule},
};
use http::StatusCode;
use serde::Serialize;

use crate::{
    connect::{Arrival, ConnectionRefusal},
    decision::GrpcCode,
    head::RequestHead,
    headers::Headers,
    mesh::MeshArrival,
    precedence::Key,
};

mod candidates;
mod display;
mod listener;
mod mesh;
mod order;
mod predicates;
mod verdict;

use candidates::Question;

/// What becomes of a request or connection, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Explanation<'a> {
    /// Which listener it belongs to.
    pub admission: Placement<'a>,
    /// Every match of every rule on that listener: those that match in the order of precedence, then the others in the order
    /// that they would have.
    pub candidates: Vec<Candidate<'a>>,
    /// For each candidate that matches and has one behind it that matches too: the key by which it comes first.
    pub decided_by: Vec<Key>,
    /// The key that decided between the rule that serves the request and the best other rule that matches.
    pub over_runner_up: Option<Key>,
    /// What is done.
    pub verdict: Verdict<'a>,
    /// What a client of gRPC is told, if all its requests end here with an error.
    pub grpc_code: Option<GrpcCode>,
}

/// Which listener a request or connection belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Placement<'a> {
    /// This one.
    Listener(&'a ResolvedListener),
    /// In a mesh: this port of a Service.
    Service(Frontend<'a>),
    /// In a mesh: no route has to do with it.
    PassThrough,
    /// To another one than its connection.
    Misdirected,
    /// To none.
    NotFound,
    /// To none, since there is no connection.
    Refused(ConnectionRefusal),
}

/// What a connection in a mesh goes to, and whose routes the client sees.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Frontend<'a> {
    /// The Service.
    pub service: &'a Service,
    /// Its port.
    pub port: u16,
    /// Which routes.
    pub scope: &'a MeshScope,
}

/// One match of a rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate<'a> {
    /// The route.
    pub route: &'a ResolvedRoute,
    /// The rule.
    pub rule: &'a ResolvedRule,
    /// The place of the match in the rule.
    pub match_index: usize,
    /// The best of the route's own hostnames that cover the host.
    pub hostname: Option<&'a Hostname>,
    /// Why it does not match.
    pub failure: Option<Failure<'a>>,
}

/// The first predicate that does not hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase", tag = "predicate", content = "value")]
pub enum Failure<'a> {
    /// The rule takes part in nothing (G-018).
    Refused(&'a Refusal),
    /// It is a rule for gRPC, and the request is not one (K-022).
    NotGrpc,
    /// No hostname of the route covers the host.
    Hostname,
    /// The path.
    Path,
    /// The service of gRPC.
    Service,
    /// The method.
    Method,
    /// A header.
    Header(&'a HeaderName),
    /// A query parameter.
    Query(&'a str),
}

/// What is done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict<'a> {
    /// There is no connection.
    Refused(ConnectionRefusal),
    /// It goes on to where it goes, as without a mesh.
    PassThrough,
    /// It is closed, or dropped.
    Reject,
    /// It is answered with this status.
    Respond(StatusCode),
    /// It is answered with a redirect.
    Redirect(&'a RequestRedirect),
    /// It is one of these, each with its share.
    Split(Vec<Share<'a>>),
}

/// What becomes of a share of the requests or connections.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Share<'a> {
    /// How large the share is, by the sum of all.
    pub weight: u32,
    /// What becomes of it.
    pub answer: Answer<'a>,
}

/// What becomes of one request or connection of a share.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer<'a> {
    /// It goes to a backend.
    Backend(&'a BackendTarget),
    /// It is answered with a redirect.
    Redirect(&'a RequestRedirect),
    /// It is answered with this status.
    Respond(StatusCode),
    /// It is closed, or dropped.
    Reject,
}

impl<'a> Explanation<'a> {
    /// The match that serves it.
    #[must_use]
    pub fn winner(&self) -> Option<&Candidate<'a>> {
        self.candidates.first().filter(|candidate| candidate.failure.is_none())
    }
}

/// Explains what becomes of a request; nothing if there is no such Gateway, or it is not accepted. Where no requests follow
/// nobody looks at it, and what is explained is what becomes of the connection.
///
/// Looks at every route: for questions, not for traffic. The head is read with the choices of the controller, as
/// [`Table::head`](crate::Table::head) does.
///
/// ```
/// use gwapi_core::model::Scheme;
/// use gwapi_match::{connect::Arrival, explain::{Failure, explain}, head::{HeadParts, RequestHead}, precedence::Key};
/// # use gwapi_core::{Controller, Object, Resolution, Snapshot, resolve};
/// # use serde_json::{Value, json};
/// # fn resolution(objects: Value) -> Resolution {
/// #     let objects = objects.as_array().into_iter().flatten();
/// #     let snapshot: Snapshot = objects.filter_map(|object| Object::from_json(object).object).collect();
/// #     resolve(&snapshot, &Controller::default())
/// # }
/// let resolution = resolution(json!([
///     {"apiVersion": "gateway.networking.k8s.io/v1", "kind": "Gateway", "metadata": {"name": "edge"},
///      "spec": {"gatewayClassName": "any", "listeners": [{"name": "http", "port": 80, "protocol": "HTTP"}]}},
///     {"apiVersion": "gateway.networking.k8s.io/v1", "kind": "HTTPRoute", "metadata": {"name": "shop"},
///      "spec": {"parentRefs": [{"name": "edge"}], "rules": [
///         {"matches": [{"path": {"value": "/"}}]},
///         {"matches": [{"path": {"value": "/cart"}}]},
///         {"matches": [{"path": {"value": "/cart"}, "method": "POST"}]},
///     ]}},
/// ]));
/// let (gateway, _) = resolution.gateways.first_key_value().expect("one Gateway");
/// let headers: [(&[u8], &[u8]); 1] = [(b"Host", b"shop.example.com")];
/// let parts = HeadParts { method: "GET", scheme: Scheme::Http, authority: None, path_and_query: "/cart", headers: &headers[..] };
/// let head = RequestHead::new(parts, &resolution.controller.choices)?;
///
/// let explanation = explain(&resolution, gateway, &Arrival::plain(80), &head).expect("the Gateway is accepted");
/// assert_eq!(explanation.winner().map(|winner| winner.rule.index), Some(1));
/// assert_eq!(explanation.over_runner_up, Some(Key::PathLength));
/// assert_eq!(explanation.candidates[2].failure, Some(Failure::Method));
/// # Ok::<(), gwapi_match::head::Reject>(())
/// ```
#[must_use]
pub fn explain<'a, H: Headers + ?Sized>(
    resolution: &'a Resolution,
    gateway: &ObjectKey,
    arrival: &Arrival<'_>,
    head: &RequestHead<'_, H>,
) -> Option<Explanation<'a>> {
    if let Some(explanation) = explain_connection(resolution, gateway, arrival) {
        return Some(explanation);
    }
    let gateway = resolution.gateways.get(gateway).filter(|gateway| gateway.is_accepted())?;
    let admission = listener::admit(resolution, gateway, arrival, head);
    let routes = match admission {
        Placement::Listener(listener) => candidates::attached(resolution, gateway, listener),
        _ => Vec::new(),
    };
    Some(Explanation::of(resolution, admission, routes, &Question::Request(head)))
}

/// Explains what becomes of a connection, or of a flow of datagrams; nothing if there is no such Gateway, or it is not accepted,
/// or it is the requests on the connection that have to be explained.
#[must_use]
pub fn explain_connection<'a>(resolution: &'a Resolution, gateway: &ObjectKey, arrival: &Arrival<'_>) -> Option<Explanation<'a>> {
    let gateway = resolution.gateways.get(gateway).filter(|gateway| gateway.is_accepted())?;
    let name = arrival.server_name();
    let question = Question::<[(&[u8], &[u8])]>::Connection(name.as_ref().map(|name| name.as_str()));
    match listener::connect(gateway, arrival) {
        Err(why) => Some(Explanation::of(resolution, Placement::Refused(why), Vec::new(), &question)),
        Ok(None) => None,
        Ok(Some(listener)) => {
            let routes = candidates::attached(resolution, gateway, listener);
            Some(Explanation::of(resolution, Placement::Listener(listener), routes, &question))
        }
    }
}

/// Explains what becomes of a connection in a mesh, and of a request on it; nothing if the controller is no mesh, or requests
/// follow and none is given.
#[must_use]
pub fn explain_mesh<'a, H: Headers + ?Sized>(
    resolution: &'a Resolution,
    arrival: &MeshArrival<'_>,
    head: Option<&RequestHead<'_, H>>,
) -> Option<Explanation<'a>> {
    mesh::explain(resolution, arrival, head)
}

impl<'a> Explanation<'a> {
    /// Of the routes that are attached where a request or connection belongs.
    fn of<H: Headers + ?Sized>(
        resolution: &'a Resolution,
        admission: Placement<'a>,
        routes: Vec<candidates::Attached<'a>>,
        question: &Question<'_, '_, H>,
    ) -> Self {
        let choices = &resolution.controller.choices;
        let candidates = candidates::candidates(&routes, question, choices);
        let matching = || candidates.iter().filter(|candidate| candidate.failure.is_none());
        let next = matching().skip(1);
        let decided_by = matching().zip(next).filter_map(|(one, other)| order::deciding_key(one, other, choices)).collect();
        let winner = matching().next();
        let over_runner_up = winner.and_then(|winner| {
            let other_rule = |one: &&Candidate<'_>| (one.route.key(), one.rule.index) != (winner.route.key(), winner.rule.index);
            order::deciding_key(winner, matching().find(other_rule)?, choices)
        });
        let verdict = verdict::verdict(admission, winner, question, choices);
        let grpc_code = verdict::grpc_code(winner, &verdict, question);
        Self { admission, candidates, decided_by, over_runner_up, verdict, grpc_code }
    }
}

impl fmt::Display for Failure<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused(refusal) => write!(f, "the rule is invalid: {refusal}"),
            Self::NotGrpc => f.write_str("the request is not one of gRPC"),
            Self::Hostname => f.write_str("hostname"),
            Self::Path => f.write_str("path"),
            Self::Service => f.write_str("service"),
            Self::Method => f.write_str("method"),
            Self::Header(name) => write!(f, "header `{name}`"),
            Self::Query(name) => write!(f, "query parameter `{name}`"),
        }
    }
}
