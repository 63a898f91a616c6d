//! Decisions and explanations as data for people and programs: the JSON of `gwapi route` and `gwapi explain`.
//!
//! What is absent is none. The shapes are part of the contract of the program.

use std::collections::BTreeMap;

use gwapi_core::{
    duration::Canonical,
    model::{BackendObjectRef, Fraction, Protocol},
    name::{Kind, Namespace, ObjectKey, ObjectName, SectionName},
    resolution::{MeshScope, ResolvedBackend},
};
use http::{HeaderMap, StatusCode, header};
use serde::Serialize;

use crate::{
    connect::{Admission, Arrival, Connection, ConnectionRefusal, HttpConnection},
    decision::{ChosenRule, Decision, Forward, GrpcCode, L4Decision, L4Outcome, L4Picked, Mirror, Outcome, fault, mirrors},
    exchange::{Outgoing, Reaction, Why, react},
    explain::{Candidate, Explanation},
    head::{HeadParts, Reject, RequestHead},
    headers::Headers,
    mesh::{Mesh, MeshArrival, MeshConnection},
    precedence::Key,
    split::Pick,
    table::{ListenerId, ServedListener, Table},
};

/// The answer to one question: one report for each Gateway that was asked, or that of the mesh.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Answers {
    /// In the order of the keys of the Gateways.
    pub decisions: Vec<DecisionReport>,
}

/// What one Gateway, or a mesh, does with a request, or with a connection in which nobody looks for requests.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DecisionReport {
    /// `namespace/name` of the Gateway; nothing in a mesh.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gateway: Option<String>,
    /// The listener that the request belongs to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub listener: Option<ListenerReport>,
    /// What is done.
    pub outcome: OutcomeKind,
    /// The status that the Gateway answers with itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// What a client of gRPC is answered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub grpc_code: Option<&'static str>,
    /// Where a redirect leads.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub location: Option<String>,
    /// Why the Gateway answers itself, or does not answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The route of the rule that serves the request.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub route: Option<ObjectReport>,
    /// The place of the rule in the route.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rule: Option<usize>,
    /// The name of the rule.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rule_name: Option<SectionName>,
    /// The place of the match in the rule.
    #[serde(rename = "match", skip_serializing_if = "Option::is_none")]
    pub match_index: Option<usize>,
    /// The backends of the rule, in the order of the manifest.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub backends: Vec<BackendReport>,
    /// The place of the backend that the sample picked, or of the only one with a weight.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub picked: Option<usize>,
    /// Who gets a copy.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub mirrors: Vec<MirrorReport>,
    /// What reaches the backend. Nothing if several can be picked and they do not get the same: it is with each of them then.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request: Option<RequestReport>,
    /// Timeouts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timeouts: Option<TimeoutsReport>,
    /// Retries.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retry: Option<RetryReport>,
    /// The candidates in order, in an explanation.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub why: Vec<CandidateReport>,
}

/// What is done with a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum OutcomeKind {
    /// It goes to a backend.
    Forward,
    /// It is answered with a redirect.
    Redirect,
    /// It is answered with a status.
    Respond,
    /// It is not read as a request: with a status if it breaks the rules of HTTP, without if there is no connection. Of
    /// connections without requests: it is closed, and a datagram is dropped.
    Reject,
    /// In a mesh: no route has to do with it, and it goes on to where it goes.
    Pass,
}

/// A listener.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ListenerReport {
    /// Name.
    pub name: SectionName,
    /// Port.
    pub port: u16,
    /// Protocol.
    pub protocol: Protocol,
    /// Hostname.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hostname: Option<String>,
    /// What is done with TLS, where there are two ways.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tls: Option<&'static str>,
    /// The ListenerSet that declares it, if it is not the Gateway itself; in a mesh the Service.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub via: Option<ObjectReport>,
    /// In a mesh: whose routes these are, `producer` or `consumer`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub clients: Option<&'static str>,
}

/// The name of an object.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ObjectReport {
    /// Kind.
    pub kind: Kind,
    /// Namespace.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub namespace: Option<Namespace>,
    /// Name.
    pub name: ObjectName,
}

/// A backend and its share.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct BackendReport {
    /// What the entry refers to.
    #[serde(flatten)]
    pub backend: BackendName,
    /// Weight.
    pub weight: u32,
    /// The share of the requests that fall to the entry, from 0 to 1.
    pub share: f64,
    /// Why the entry cannot be used: its share is answered with 500.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub invalid: Option<String>,
    /// Where the entry redirects.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub location: Option<String>,
    /// What reaches this backend, if another one that can be picked gets something else.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request: Option<RequestReport>,
}

/// The name of a backend.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct BackendName {
    /// Kind.
    pub kind: Kind,
    /// Namespace.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub namespace: Option<Namespace>,
    /// Name.
    pub name: ObjectName,
    /// Port.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub port: Option<u16>,
}

/// A backend that gets copies.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct MirrorReport {
    /// Which one.
    #[serde(flatten)]
    pub backend: BackendName,
    /// Which share of the requests is copied.
    pub fraction: Fraction,
}

/// What reaches a backend.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RequestReport {
    /// Path and query.
    pub path: String,
    /// The Host header.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub host: Option<String>,
    /// The other headers, by names in lower case; lines of the same name are joined with `,`.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub headers: BTreeMap<String, String>,
}

/// Timeouts, as durations are written; `0s` means that there is none.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct TimeoutsReport {
    /// For the whole request.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request: Option<String>,
    /// For one attempt.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub backend_request: Option<String>,
}

/// Retries.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RetryReport {
    /// How many after the first try.
    pub attempts: u32,
    /// On which status codes.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub codes: Vec<u16>,
    /// Base interval.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub backoff: Option<String>,
}

/// One match of a rule that was considered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CandidateReport {
    /// The route.
    pub route: ObjectReport,
    /// The place of the rule in the route.
    pub rule: usize,
    /// The name of the rule.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rule_name: Option<SectionName>,
    /// The place of the match in the rule.
    #[serde(rename = "match")]
    pub match_index: usize,
    /// The route's own hostname that counts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hostname: Option<String>,
    /// The predicate that does not hold; nothing for a candidate that matches.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failed: Option<String>,
    /// The key by which it comes before the next candidate that matches.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub decided_by: Option<Key>,
}

impl DecisionReport {
    /// Asks a table. `sample` picks a backend: 0 is the beginning of the first one's share, and 1 would be the end of the
    /// last one's. Where no requests follow nobody looks at `parts`.
    #[must_use]
    pub fn ask(table: &Table, arrival: &Arrival<'_>, parts: HeadParts<'_, HeaderMap>, sample: Option<f64>) -> Self {
        match table.connect(arrival) {
            Connection::Http { connection, .. } => Self::ask_http(table, &connection, parts, sample),
            _ => Self::ask_connection(table, arrival, sample).unwrap_or_else(|| Self::of_gateway(table.gateway())),
        }
    }

    /// Asks a table of a connection; nothing if it is the requests on it that have to be asked of.
    #[must_use]
    pub fn ask_connection(table: &Table, arrival: &Arrival<'_>, sample: Option<f64>) -> Option<Self> {
        match table.connect(arrival) {
            Connection::Http { .. } => None,
            Connection::L4 { routed, .. } => Some(Self::of_l4(table.gateway(), &table.l4(routed)?, sample)),
            Connection::Refuse(why) => Some(Self::of_gateway(table.gateway()).refuse(why)),
        }
    }

    /// Asks a mesh. Nothing if requests follow and none is given.
    #[must_use]
    pub fn ask_mesh(
        mesh: &Mesh,
        arrival: &MeshArrival<'_>,
        parts: Option<HeadParts<'_, HeaderMap>>,
        sample: Option<f64>,
    ) -> Option<Self> {
        let nothing = Self::of_gateway(None);
        match mesh.connect(arrival) {
            MeshConnection::Http { id, .. } => {
                Some(Self::read(mesh.table(), parts?, |head| Self::ask_listener(mesh.table(), id, head, sample)))
            }
            MeshConnection::L4 { routed } => Some(Self::of_l4(None, &mesh.table().l4(routed)?, sample)),
            MeshConnection::PassThrough => {
                Some(Self { outcome: OutcomeKind::Pass, reason: Some("no route has to do with it".to_owned()), ..nothing })
            }
            MeshConnection::Refuse(why) => Some(nothing.refuse(why)),
        }
    }

    fn ask_http(table: &Table, connection: &HttpConnection, parts: HeadParts<'_, HeaderMap>, sample: Option<f64>) -> Self {
        let nothing = Self::of_gateway(table.gateway());
        Self::read(table, parts, |head| match table.admit(connection, head) {
            Admission::Listener { id, .. } => Self::ask_listener(table, id, head, sample),
            Admission::Misdirected => {
                nothing.respond(StatusCode::MISDIRECTED_REQUEST, "the host belongs to another listener than the connection")
            }
            Admission::NotFound => {
                let grpc_code = head.is_grpc().then_some(GrpcCode::Unimplemented.as_str());
                Self { grpc_code, ..nothing.respond(StatusCode::NOT_FOUND, "no listener covers the host") }
            }
        })
    }

    fn read(table: &Table, parts: HeadParts<'_, HeaderMap>, ask: impl FnOnce(&RequestHead<'_, HeaderMap>) -> Self) -> Self {
        match table.head(parts) {
            Ok(head) => ask(&head),
            Err(Reject { status, why }) => {
                Self { status: Some(status), reason: Some(why.to_string()), ..Self::of_gateway(table.gateway()) }
            }
        }
    }

    fn ask_listener(table: &Table, id: ListenerId, head: &RequestHead<'_, HeaderMap>, sample: Option<f64>) -> Self {
        match table.decision(table.route(id, head)) {
            Some(decision) => Self::of(table.gateway(), &decision, head, sample),
            // A table knows its own answers.
            None => Self::of_gateway(table.gateway()),
        }
    }

    /// Reports a decision. What it makes of the request is computed by the functions that data planes call; services that are
    /// asked first are taken to let it pass.
    #[must_use]
    pub fn of(
        gateway: Option<&ObjectKey>,
        decision: &Decision<'_>,
        head: &RequestHead<'_, HeaderMap>,
        sample: Option<f64>,
    ) -> Self {
        let decision = &decision.cleared();
        let report = Self {
            mirrors: decision.mirrors().map(MirrorReport::of).collect(),
            timeouts: TimeoutsReport::of(decision),
            retry: RetryReport::of(decision),
            ..Self::of_rule(gateway, decision.listener, decision.rule)
        };
        let react = |picked| react(decision, picked, head, head.headers.clone(), |_| true).reaction;
        match decision.outcome {
            Outcome::Redirect(_) | Outcome::Respond { .. } => report.conclude(head, react(None)),
            Outcome::Forward(forward) => {
                let reactions = candidates(&forward, sample).map(|index| (index, react(Some(forward.backend(index))))).collect();
                report.forward(&forward, head, reactions)
            }
        }
    }

    /// Reports what becomes of a connection that carries no requests.
    #[must_use]
    pub fn of_l4(gateway: Option<&ObjectKey>, decision: &L4Decision<'_>, sample: Option<f64>) -> Self {
        let report = Self::of_rule(gateway, decision.listener, Some(decision.rule));
        let L4Outcome::Forward(forward) = decision.outcome else {
            return report.reject(decision.at(0));
        };
        let picked = sample.map(|sample| point(sample, forward.split.total()));
        let index = picked.and_then(|at| if let Pick::Backend(index) = forward.split.at(at) { Some(index) } else { None });
        let only = || candidates(&forward, None).collect::<Vec<_>>();
        let index = index.or_else(|| if let [index] = *only() { Some(index) } else { None });
        let report = Self { outcome: OutcomeKind::Forward, picked: index, ..report };
        match picked.map(|at| decision.at(at)) {
            Some(picked) => report.reject(picked),
            None => report,
        }
    }

    /// The same, with the candidates of an explanation.
    #[must_use]
    pub fn because(self, explanation: &Explanation<'_>) -> Self {
        let mut keys = explanation.decided_by.iter().copied();
        let candidates = explanation.candidates.iter();
        let why = candidates.map(|one| CandidateReport::of(one, if one.failure.is_none() { keys.next() } else { None }));
        Self { why: why.collect(), ..self }
    }

    fn of_rule(gateway: Option<&ObjectKey>, listener: &ServedListener, chosen: Option<ChosenRule<'_>>) -> Self {
        Self {
            listener: Some(ListenerReport::of(listener)),
            route: chosen.map(|chosen| ObjectReport::of(chosen.route)),
            rule: chosen.map(|chosen| chosen.rule.index),
            rule_name: chosen.and_then(|chosen| chosen.rule.name.clone()),
            match_index: chosen.map(|chosen| chosen.match_index),
            backends: chosen.map(|chosen| BackendReport::list(&chosen.rule.backends)).unwrap_or_default(),
            ..Self::of_gateway(gateway)
        }
    }

    fn of_gateway(gateway: Option<&ObjectKey>) -> Self {
        Self {
            gateway: gateway.map(ObjectKey::namespaced_name),
            grpc_code: None,
            listener: None,
            outcome: OutcomeKind::Reject,
            status: None,
            location: None,
            reason: None,
            route: None,
            rule: None,
            rule_name: None,
            match_index: None,
            backends: Vec::new(),
            picked: None,
            mirrors: Vec::new(),
            request: None,
            timeouts: None,
            retry: None,
            why: Vec::new(),
        }
    }

    fn refuse(self, why: ConnectionRefusal) -> Self {
        Self { outcome: OutcomeKind::Reject, reason: Some(why.to_string()), ..self }
    }

    /// The same if a backend was picked, else what is done instead.
    fn reject(self, picked: L4Picked<'_>) -> Self {
        match picked {
            L4Picked::Backend { .. } => self,
            L4Picked::Reject(why) => Self { outcome: OutcomeKind::Reject, reason: Some(why.to_string()), ..self },
        }
    }

    fn respond(self, status: StatusCode, why: impl ToString) -> Self {
        Self { outcome: OutcomeKind::Respond, status: Some(status.as_u16()), reason: Some(why.to_string()), ..self }
    }

    fn conclude(self, head: &RequestHead<'_, HeaderMap>, reaction: Reaction<'_>) -> Self {
        match reaction {
            Reaction::Forward { request, .. } => Self { outcome: OutcomeKind::Forward, request: Some(request.into()), ..self },
            Reaction::Answer { status, why: Why::Redirect(location), .. } => {
                let location = Some(location.to_string());
                Self { outcome: OutcomeKind::Redirect, status: Some(status.as_u16()), location, ..self }
            }
            Reaction::Answer { status, why, .. } => {
                let grpc_code = why.grpc_code().filter(|_| head.is_grpc()).map(GrpcCode::as_str);
                Self { grpc_code, ..self.respond(status, why) }
            }
        }
    }

    /// What becomes of a request for which one of several backends is picked.
    fn forward(
        mut self,
        forward: &Forward<'_>,
        head: &RequestHead<'_, HeaderMap>,
        mut reactions: Vec<(usize, Reaction<'_>)>,
    ) -> Self {
        if let [(index, _)] = *reactions {
            let filters = forward.backends.get(index).map(|backend| backend.filters.as_slice());
            self.mirrors.extend(mirrors(filters.unwrap_or_default()).map(MirrorReport::of));
            self.picked = Some(index);
        }
        if reactions.windows(2).all(|pair| matches!(pair, [(_, one), (_, other)] if is_same(one, other))) {
            return reactions.pop().map(|(_, reaction)| self.clone().conclude(head, reaction)).unwrap_or(self);
        }
        self.outcome = OutcomeKind::Forward;
        for (index, reaction) in reactions {
            let Some(backend) = self.backends.get_mut(index) else { continue };
            match reaction {
                Reaction::Forward { request, .. } => backend.request = Some(request.into()),
                Reaction::Answer { why: Why::Redirect(location), .. } => backend.location = Some(location.to_string()),
                Reaction::Answer { .. } => {}
            }
        }
        self.share_request();
        self
    }

    /// Says once what all backends get that get anything.
    fn share_request(&mut self) {
        let mut requests = self.backends.iter().filter_map(|backend| backend.request.as_ref());
        let Some(first) = requests.next().cloned() else { return };
        if requests.all(|other| *other == first) {
            self.backends.iter_mut().for_each(|backend| backend.request = None);
            self.request = Some(first);
        }
    }
}

/// The backends that can be picked: the one of the sample, or all that have a weight.
fn candidates(forward: &Forward<'_>, sample: Option<f64>) -> impl Iterator<Item = usize> {
    let picked = sample.map(|sample| forward.split.at(point(sample, forward.split.total())));
    let weights = forward.backends.iter().map(|backend| backend.weight).enumerate();
    weights
        .filter(move |(index, weight)| picked.map_or(*weight > 0, |picked| picked == Pick::Backend(*index)))
        .map(|(index, _)| index)
}

/// The point of a split that a sample lies on.
fn point(sample: f64, total: u32) -> u32 {
    // Floats are off by up to an epsilon: 0.29 of 100 is 28.99…, but whoever writes 0.29 means the point 29.
    let product = sample * f64::from(total) * (1.0 + 2.0 * f64::EPSILON);
    // `as` cuts the fraction, and what is not in 0..1 to the nearest point.
    (product as u32).min(total.saturating_sub(1))
}

/// Whether two backends make no difference to what is reported of the request.
fn is_same(one: &Reaction<'_>, other: &Reaction<'_>) -> bool {
    match (one, other) {
        (Reaction::Forward { request: one, .. }, Reaction::Forward { request: other, .. }) => one == other,
        (Reaction::Answer { status, why, .. }, Reaction::Answer { status: other_status, why: other_why, .. }) => {
            status == other_status && why == other_why
        }
        _ => false,
    }
}

impl From<Outgoing> for RequestReport {
    fn from(outgoing: Outgoing) -> Self {
        let joined = |name: &str| Some(String::from_utf8_lossy(&outgoing.headers.joined(name)?).into_owned());
        let names = outgoing.headers.keys().filter(|name| **name != header::HOST).map(header::HeaderName::as_str);
        Self {
            host: joined("host"),
            headers: names.filter_map(|name| Some((name.to_owned(), joined(name)?))).collect(),
            path: outgoing.path_and_query,
        }
    }
}

impl BackendReport {
    fn list(backends: &[ResolvedBackend]) -> Vec<Self> {
        let total: f64 = backends.iter().map(|backend| f64::from(backend.weight)).sum();
        let report = |backend: &ResolvedBackend| Self {
            backend: BackendName::of(&backend.reference),
            weight: backend.weight,
            share: if total > 0.0 { f64::from(backend.weight) / total } else { 0.0 },
            invalid: fault(backend).map(ToString::to_string),
            location: None,
            request: None,
        };
        backends.iter().map(report).collect()
    }
}

impl MirrorReport {
    fn of(mirror: Mirror<'_>) -> Self {
        let ObjectKey { kind, namespace, name, .. } = mirror.target.key.object.clone();
        Self { backend: BackendName { kind, namespace, name, port: Some(mirror.target.key.port) }, fraction: mirror.fraction }
    }
}

impl ListenerReport {
    fn of(listener: &ServedListener) -> Self {
        Self {
            name: listener.key.name.clone(),
            port: listener.port,
            protocol: listener.protocol.clone(),
            hostname: listener.hostname.as_ref().map(ToString::to_string),
            tls: (listener.protocol == Protocol::Tls).then_some(if listener.passthrough { "Passthrough" } else { "Terminate" }),
            via: Some(&listener.key.parent).filter(|parent| parent.kind != "Gateway").map(ObjectReport::of),
            clients: listener.clients.as_ref().map(|clients| match clients {
                MeshScope::Producer => "producer",
                MeshScope::Consumer(_) => "consumer",
            }),
        }
    }
}

impl ObjectReport {
    /// The name of an object.
    #[must_use]
    pub fn of(key: &ObjectKey) -> Self {
        Self { kind: key.kind.clone(), namespace: key.namespace.clone(), name: key.name.clone() }
    }
}

impl BackendName {
    fn of(reference: &BackendObjectRef) -> Self {
        Self {
            kind: reference.kind.clone(),
            namespace: Some(reference.namespace.clone()),
            name: reference.name.clone(),
            port: reference.port,
        }
    }
}

impl TimeoutsReport {
    fn of(decision: &Decision<'_>) -> Option<Self> {
        let timeouts = decision.timeouts();
        let text = |duration| Canonical(duration).to_string();
        let report = Self { request: timeouts.request.map(text), backend_request: timeouts.backend_request.map(text) };
        (report.request.is_some() || report.backend_request.is_some()).then_some(report)
    }
}

impl RetryReport {
    fn of(decision: &Decision<'_>) -> Option<Self> {
        let retry = decision.retry()?;
        let backoff = retry.backoff.map(|backoff| Canonical(backoff).to_string());
        Some(Self { attempts: retry.attempts, codes: retry.codes.clone(), backoff })
    }
}

impl CandidateReport {
    fn of(candidate: &Candidate<'_>, decided_by: Option<Key>) -> Self {
        Self {
            route: ObjectReport::of(candidate.route.key()),
            rule: candidate.rule.index,
            rule_name: candidate.rule.name.clone(),
            match_index: candidate.match_index,
            hostname: candidate.hostname.map(ToString::to_string),
            failed: candidate.failure.map(|failure| failure.to_string()),
            decided_by,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn law_8_a_sample_at_the_beginning_of_a_point_is_that_point() {
        for total in (1..300).chain([1000, 999_983, 16_000_000, u32::MAX]) {
            let step = usize::try_from(total / 300 + 1).unwrap();
            for at in (0..total).step_by(step) {
                assert_eq!(point(f64::from(at) / f64::from(total), total), at, "{at} of {total}");
            }
        }
        assert_eq!([point(0.29, 100), point(0.57, 100), point(0.7, 100), point(0.2899, 100)], [29, 57, 70, 28]);
        assert_eq!([point(-1.0, 100), point(1.0, 100), point(f64::NAN, 100), point(0.5, 0)], [0, 99, 0, 0]);
    }
}
