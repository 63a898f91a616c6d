//! Decisions and explanations as data for people and programs: the JSON of `gwapi route` and `gwapi explain`.
//!
//! What is absent is none. The shapes are part of the contract of the program.

use std::{borrow::Cow, collections::BTreeMap};

use gwapi_core::{
    Hostname,
    duration::Canonical,
    model::{BackendObjectRef, Fraction, Protocol, RequestRedirect},
    name::{Kind, Namespace, ObjectKey, ObjectName, SectionName},
    resolution::{ResolvedBackend, ResolvedFilter},
};
use http::StatusCode;
use serde::Serialize;

use crate::{
    connect::{Admission, Arrival, Connection},
    decision::{ChosenRule, Decision, Forward, Outcome, Picked, fault},
    explain::{Candidate, Explanation},
    filters::{
        FilterError, cors,
        header_modifier::{self, HeaderChange},
        redirect::{self, RedirectContext},
        rewrite,
    },
    head::{HeadParts, Reject, RequestHead, path_and_query},
    headers::Headers,
    precedence::Key,
    table::{ServedListener, Table},
};

/// The answer to one question: one report for each Gateway that was asked.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Answers {
    /// In the order of the keys of the Gateways.
    pub decisions: Vec<DecisionReport>,
}

/// What one Gateway does with a request.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DecisionReport {
    /// `namespace/name` of the Gateway.
    pub gateway: String,
    /// The listener that the request belongs to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub listener: Option<ListenerReport>,
    /// What is done.
    pub outcome: OutcomeKind,
    /// The status that the Gateway answers with itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// Where a redirect leads.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub location: Option<String>,
    /// Why the Gateway answers itself, or does not answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The route of the rule that serves the request.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub route: Option<RouteReport>,
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
    /// The place of the backend that a sample picked, or of the only one with a weight.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub picked: Option<usize>,
    /// Who gets a copy.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub mirrors: Vec<MirrorReport>,
    /// What reaches the backend: after the filters of the rule, and those of the backend if one is picked.
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
    /// It is not read as a request: with a status if it breaks the rules of HTTP, without if there is no connection.
    Reject,
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
    /// The ListenerSet that declares it, if it is not the Gateway itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub via: Option<RouteReport>,
}

/// The name of a route, or of another object that takes part.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RouteReport {
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
    /// Where the entry's own redirect leads.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub location: Option<String>,
    /// What reaches this backend, if it has filters of its own.
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
    /// What is different about the other headers.
    #[serde(skip_serializing_if = "HeadersReport::is_empty")]
    pub headers: HeadersReport,
}

/// What filters change about headers.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct HeadersReport {
    /// The values of headers that are written, by names in lower case.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub set: BTreeMap<String, String>,
    /// Headers of the request that go.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub remove: Vec<String>,
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
    pub route: RouteReport,
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
    /// last one's.
    #[must_use]
    pub fn ask<H: Headers + ?Sized>(
        table: &Table,
        arrival: &Arrival<'_>,
        parts: HeadParts<'_, H>,
        sample: Option<f64>,
    ) -> Self {
        let nothing = Self::of_gateway(table.gateway());
        let connection = match table.connect(arrival) {
            Connection::Http { connection, .. } => connection,
            Connection::Refuse(why) => return Self { reason: Some(why.to_string()), ..nothing },
        };
        let head = match table.head(parts) {
            Ok(head) => head,
            Err(reject) => return nothing.rejected(reject),
        };
        let id = match table.admit(&connection, &head) {
            Admission::Listener { id } => id,
            Admission::Misdirected => {
                return nothing.respond(StatusCode::MISDIRECTED_REQUEST, "the host belongs to another listener than the connection");
            }
            Admission::NotFound => return nothing.respond(StatusCode::NOT_FOUND, "no listener covers the host"),
        };
        match table.decision(table.route(id, &head)) {
            Some(decision) => Self::of(table.gateway(), &decision, &head, sample),
            // A table knows its own answers.
            None => nothing,
        }
    }

    /// Reports a decision. Everything is computed from it and the request's head, by the functions that data planes call.
    #[must_use]
    pub fn of<H: Headers + ?Sized>(
        gateway: &ObjectKey,
        decision: &Decision<'_>,
        head: &RequestHead<'_, H>,
        sample: Option<f64>,
    ) -> Self {
        let view = View { decision, head };
        let chosen = decision.rule;
        let report = Self {
            listener: Some(ListenerReport::of(decision.listener)),
            route: chosen.map(|chosen| RouteReport::of(chosen.route)),
            rule: chosen.map(|chosen| chosen.rule.index),
            rule_name: chosen.and_then(|chosen| chosen.rule.name.clone()),
            match_index: chosen.map(|chosen| chosen.match_index),
            backends: chosen.map(|chosen| view.backends(chosen)).unwrap_or_default(),
            mirrors: mirrors(decision.filters()),
            timeouts: TimeoutsReport::of(decision),
            retry: RetryReport::of(decision),
            ..Self::of_gateway(gateway)
        };
        // H-052: whatever else the rule does.
        if let Some(cors) = decision.cors().filter(|_| cors::is_preflight(head.method, head.headers)) {
            let status = StatusCode::from_u16(cors::answer_preflight(cors, head.headers).status);
            return report.respond(status.unwrap_or(StatusCode::NO_CONTENT), "a CORS preflight is answered by the gateway");
        }
        match decision.outcome {
            Outcome::Respond { status, why } => report.respond(status, why),
            Outcome::Redirect(redirect) => report.redirect(view.location(redirect)),
            Outcome::Forward(forward) => report.forward(&view, &forward, sample),
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

    fn of_gateway(gateway: &ObjectKey) -> Self {
        Self {
            gateway: gateway.namespaced_name(),
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

    fn rejected(self, reject: Reject) -> Self {
        Self { status: Some(reject.status), reason: Some(reject.why.to_string()), ..self }
    }

    fn respond(self, status: StatusCode, why: impl ToString) -> Self {
        let outcome = OutcomeKind::Respond;
        Self { outcome, status: Some(status.as_u16()), reason: Some(why.to_string()), ..self }
    }

    /// A filter that cannot do its work makes the request an error.
    fn failed(self, error: &FilterError) -> Self {
        let status = StatusCode::from_u16(error.status());
        self.respond(status.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR), error)
    }

    fn redirect(self, location: Result<redirect::Location, FilterError>) -> Self {
        match location {
            Err(error) => self.failed(&error),
            Ok(location) => Self {
                outcome: OutcomeKind::Redirect,
                status: Some(location.status),
                location: Some(location.to_string()),
                ..self
            },
        }
    }

    fn forward<H: Headers + ?Sized>(self, view: &View<'_, '_, H>, forward: &Forward<'_>, sample: Option<f64>) -> Self {
        let report = Self { outcome: OutcomeKind::Forward, ..self };
        match picked(forward, sample) {
            None => report.with_request(view.request(&[])),
            Some(Picked::Respond { status, why }) => report.respond(status, why),
            Some(Picked::Redirect { index, redirect }) => Self { picked: Some(index), ..report.redirect(view.location(redirect)) },
            Some(Picked::Backend { index, filters, .. }) => {
                let mut report = Self { picked: Some(index), ..report };
                report.mirrors.extend(mirrors(filters));
                report.with_request(view.request(filters))
            }
        }
    }

    fn with_request(self, request: Result<RequestReport, FilterError>) -> Self {
        match request {
            Ok(request) => Self { request: Some(request), ..self },
            Err(error) => self.failed(&error),
        }
    }
}

/// What a sample picks; without one the only backend that has a weight, if there is only one.
fn picked<'t>(forward: &Forward<'t>, sample: Option<f64>) -> Option<Picked<'t>> {
    let total = forward.split.total();
    match sample {
        Some(sample) => Some(forward.at(point(sample, total))),
        None => (forward.backends.iter().filter(|backend| backend.weight > 0).count() == 1).then(|| forward.at(0)),
    }
}

/// The point of a split that a sample lies on. It is computed from the product, so that 0.7 of 100 is 70 and not a little
/// less.
fn point(sample: f64, total: u32) -> u32 {
    // `as` cuts the fraction, and what is not in 0..1 to the nearest point.
    ((sample * f64::from(total)) as u32).min(total.saturating_sub(1))
}

/// A decision and the request that it is for.
struct View<'v, 't, H: Headers + ?Sized> {
    decision: &'v Decision<'t>,
    head: &'v RequestHead<'v, H>,
}

impl<'t, H: Headers + ?Sized> View<'_, 't, H> {
    fn location(&self, redirect: &RequestRedirect) -> Result<redirect::Location, FilterError> {
        let context = RedirectContext::of(self.head, self.decision.listener.port, self.decision.matched_prefix());
        redirect::location(redirect, &context)
    }

    fn backends(&self, chosen: ChosenRule<'t>) -> Vec<BackendReport> {
        let backends = &chosen.rule.backends;
        let total: f64 = backends.iter().map(|backend| f64::from(backend.weight)).sum();
        backends.iter().map(|backend| self.backend(backend, total)).collect()
    }

    fn backend(&self, backend: &'t ResolvedBackend, total: f64) -> BackendReport {
        let redirect = backend.filters.iter().find_map(|filter| match filter {
            ResolvedFilter::RequestRedirect(redirect) => Some(redirect),
            _ => None,
        });
        let invalid = fault(backend);
        let forwards = invalid.is_none() && redirect.is_none() && !backend.filters.is_empty();
        BackendReport {
            backend: BackendName::of(&backend.reference),
            weight: backend.weight,
            share: if total > 0.0 { f64::from(backend.weight) / total } else { 0.0 },
            invalid: invalid.map(ToString::to_string),
            location: redirect.and_then(|redirect| self.location(redirect).ok()).map(|location| location.to_string()),
            request: forwards.then(|| self.request(&backend.filters).ok()).flatten(),
        }
    }

    /// Runs the filters of the rule and then those of a backend (H-001, H-010).
    fn request(&self, of_backend: &[ResolvedFilter]) -> Result<RequestReport, FilterError> {
        let mut host = self.head.authority;
        let mut path: Cow<'_, str> = Cow::Borrowed(&self.head.path);
        let mut headers = Changed { headers: self.head.headers, changes: BTreeMap::new() };
        for filter in self.decision.filters().iter().chain(of_backend) {
            match filter {
                ResolvedFilter::RequestHeaderModifier(modifier) => headers.apply(header_modifier::changes(modifier, &headers)),
                ResolvedFilter::UrlRewrite(filter) => {
                    host = filter.hostname.as_ref().map(Hostname::as_str).or(host);
                    path = rewrite::rewrite(filter, &path, self.decision.matched_prefix())?.path.into_owned().into();
                }
                // They do nothing to the request.
                ResolvedFilter::ResponseHeaderModifier(_) | ResolvedFilter::RequestMirror { .. } | ResolvedFilter::Cors(_) => {}
                // These answer, and were seen to before.
                ResolvedFilter::RequestRedirect(_) | ResolvedFilter::Unresolved { .. } => {}
            }
        }
        Ok(RequestReport {
            path: path_and_query(&path, self.head.query),
            host: host.map(str::to_owned),
            headers: headers.report(),
        })
    }
}

/// Headers with changes on top, since one filter sees what those before it did.
struct Changed<'v, 'm, H: Headers + ?Sized> {
    headers: &'v H,
    /// By name: the new value, or that the header goes.
    changes: BTreeMap<&'m str, Option<Vec<u8>>>,
}

impl<H: Headers + ?Sized> Headers for Changed<'_, '_, H> {
    fn values<'a>(&'a self, name: &str) -> impl Iterator<Item = &'a [u8]> {
        let change = self.changes.get(name);
        let received = if change.is_none() { Some(self.headers.values(name)) } else { None };
        change.into_iter().flatten().map(Vec::as_slice).chain(received.into_iter().flatten())
    }
}

impl<'m, H: Headers + ?Sized> Changed<'_, 'm, H> {
    fn apply(&mut self, changes: Vec<HeaderChange<'m>>) {
        for change in changes {
            match change {
                HeaderChange::Set { name, value } => self.changes.insert(name, Some(value.into_owned())),
                HeaderChange::Remove { name } => self.changes.insert(name, None),
            };
        }
    }

    fn report(self) -> HeadersReport {
        let mut report = HeadersReport::default();
        for (name, value) in self.changes {
            match value {
                Some(value) => drop(report.set.insert(name.to_owned(), String::from_utf8_lossy(&value).into_owned())),
                None => report.remove.push(name.to_owned()),
            }
        }
        report
    }
}

impl HeadersReport {
    fn is_empty(&self) -> bool {
        self.set.is_empty() && self.remove.is_empty()
    }
}

impl ListenerReport {
    fn of(listener: &ServedListener) -> Self {
        Self {
            name: listener.key.name.clone(),
            port: listener.port,
            protocol: listener.protocol.clone(),
            hostname: listener.hostname.as_ref().map(ToString::to_string),
            via: Some(&listener.key.parent).filter(|parent| parent.kind != "Gateway").map(RouteReport::of),
        }
    }
}

impl RouteReport {
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

fn mirrors(filters: &[ResolvedFilter]) -> Vec<MirrorReport> {
    let report = |mirror: crate::decision::Mirror<'_>| {
        let ObjectKey { kind, namespace, name, .. } = mirror.target.key.object.clone();
        MirrorReport { backend: BackendName { kind, namespace, name, port: Some(mirror.target.key.port) }, fraction: mirror.fraction }
    };
    crate::decision::mirrors(filters).map(report).collect()
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
            route: RouteReport::of(candidate.route.key()),
            rule: candidate.rule.index,
            rule_name: candidate.rule.name.clone(),
            match_index: candidate.match_index,
            hostname: candidate.hostname.map(ToString::to_string),
            failed: candidate.failure.map(|failure| failure.to_string()),
            decided_by,
        }
    }
}
