//! The reference: what the spec says of one request, sentence by sentence, with everything that was considered.
//!
//! It looks at every listener, route, rule and match, one after the other, and knows neither tables nor indexes. It shares
//! types with them, but no predicate and no order, so that agreeing with [`Table::route`](crate::Table::route) means
//! something (law 5). It is the place to read what the matcher does, and what `gwapi explain` shows.

use std::{cmp::Ordering, fmt};

use gwapi_core::{
    Hostname,
    choices::{Choices, RegexRank, RepeatedQuery, ZeroWeights},
    features::Feature,
    model::{HeaderName, HttpMatch, PathMatch, Protocol, RequestRedirect, ValueMatcher},
    name::ObjectKey,
    refusal::Refusal,
    resolution::{
        BackendTarget, Resolution, ResolvedBackend, ResolvedFilter, ResolvedGateway, ResolvedListener, ResolvedRoute,
        ResolvedRule, RuleMatches,
    },
};
use http::StatusCode;
use serde::Serialize;

use crate::{
    connect::{Arrival, ConnectionRefusal, HttpConnection},
    head::RequestHead,
    headers::Headers,
    precedence::Key,
};

mod display;

/// What becomes of a request, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Explanation<'a> {
    /// Which listener the request belongs to.
    pub admission: Placement<'a>,
    /// Every match of every rule on that listener: those that match in the order of precedence, then the others in the order
    /// that they would have.
    pub candidates: Vec<Candidate<'a>>,
    /// For each candidate that matches and has one behind it that matches too: the key by which it comes first.
    pub decided_by: Vec<Key>,
    /// The key that decided between the rule that serves the request and the best other rule that matches.
    pub over_runner_up: Option<Key>,
    /// What is done with the request.
    pub verdict: Verdict<'a>,
}

/// Which listener a request belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Placement<'a> {
    /// This one.
    Listener(&'a ResolvedListener),
    /// To another one than its connection.
    Misdirected,
    /// To none.
    NotFound,
    /// To none, since there is no connection.
    Refused(ConnectionRefusal),
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
    /// The match.
    pub matched: &'a HttpMatch,
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
    /// No hostname of the route covers the host.
    Hostname,
    /// The path.
    Path,
    /// The method.
    Method,
    /// A header.
    Header(&'a HeaderName),
    /// A query parameter.
    Query(&'a str),
}

/// What is done with a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict<'a> {
    /// There is no connection.
    Refused(ConnectionRefusal),
    /// It is answered with this status.
    Respond(StatusCode),
    /// It is answered with a redirect.
    Redirect(&'a RequestRedirect),
    /// It is one of these, each with its share.
    Split(Vec<Share<'a>>),
}

/// What becomes of a share of the requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Share<'a> {
    /// How large the share is, by the sum of all.
    pub weight: u32,
    /// What becomes of it.
    pub answer: Answer<'a>,
}

/// What becomes of one request of a share.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer<'a> {
    /// It goes to a backend.
    Backend(&'a BackendTarget),
    /// It is answered with a redirect.
    Redirect(&'a RequestRedirect),
    /// It is answered with this status.
    Respond(StatusCode),
}

impl<'a> Explanation<'a> {
    /// The match that serves the request.
    #[must_use]
    pub fn winner(&self) -> Option<&Candidate<'a>> {
        self.candidates.first().filter(|candidate| candidate.failure.is_none())
    }
}

/// Explains what becomes of a request; nothing if there is no such Gateway, or it is not accepted.
#[must_use]
pub fn explain<'a, H: Headers + ?Sized>(
    resolution: &'a Resolution,
    gateway: &ObjectKey,
    arrival: &Arrival<'_>,
    head: &RequestHead<'_, H>,
) -> Option<Explanation<'a>> {
    let gateway = resolution.gateways.get(gateway).filter(|gateway| gateway.is_accepted())?;
    let choices = &resolution.controller.choices;
    let admission = admit(resolution, gateway, arrival, head);
    let candidates = match admission {
        Placement::Listener(listener) => candidates(resolution, gateway, listener, head),
        Placement::Misdirected | Placement::NotFound | Placement::Refused(_) => Vec::new(),
    };
    let matching = || candidates.iter().filter(|candidate| candidate.failure.is_none());
    let next = matching().skip(1);
    let decided_by = matching().zip(next).filter_map(|(one, other)| deciding_key(one, other, choices)).collect();
    let winner = matching().next();
    let over_runner_up = winner.and_then(|winner| {
        let other_rule = |one: &&Candidate<'_>| (one.route.key(), one.rule.index) != (winner.route.key(), winner.rule.index);
        deciding_key(winner, matching().find(other_rule)?, choices)
    });
    let verdict = match (admission, winner) {
        (Placement::Refused(why), _) => Verdict::Refused(why),
        (Placement::Misdirected, _) => Verdict::Respond(StatusCode::MISDIRECTED_REQUEST),
        (Placement::NotFound, _) | (Placement::Listener(_), None) => Verdict::Respond(StatusCode::NOT_FOUND),
        (Placement::Listener(_), Some(winner)) => verdict(winner.rule, choices),
    };
    Some(Explanation { admission, candidates, decided_by, over_runner_up, verdict })
}

// ---- which listener ----

fn admit<'a, H: Headers + ?Sized>(
    resolution: &'a Resolution,
    gateway: &'a ResolvedGateway,
    arrival: &Arrival<'_>,
    head: &RequestHead<'_, H>,
) -> Placement<'a> {
    // Only listeners that are served take part (B-011), and only those on the port that was asked (F-025).
    let on_port: Vec<_> = gateway.listeners.iter().filter(|one| one.is_served() && one.port == arrival.port).collect();
    let of_protocol = |protocol| on_port.iter().copied().filter(|one| one.protocol == protocol).collect::<Vec<_>>();
    let (plain, secure) = (of_protocol(Protocol::Http), of_protocol(Protocol::Https));
    let host = head.host.as_ref().map(|host| host.as_str());
    let (these, others) = if arrival.tls.is_some() { (&secure, &plain) } else { (&plain, &secure) };
    // A connection must speak what the listeners of the port speak (B-017).
    match (these.is_empty(), others.is_empty()) {
        (true, true) => return Placement::Refused(ConnectionRefusal::NoSuchPort),
        (true, false) => return Placement::Refused(ConnectionRefusal::WrongTransport),
        (false, _) => {}
    }
    // An HTTP listener is matched against the host (B-023).
    let by_host = most_specific(these, host);
    if arrival.tls.is_none() {
        return by_host.map_or(Placement::NotFound, Placement::Listener);
    }
    // An HTTPS listener is matched against the server name (B-023); the one without hostname takes the rest (B-029).
    let connection = HttpConnection::of(arrival);
    let Some(by_name) = most_specific(these, connection.server_name()) else {
        return Placement::Refused(ConnectionRefusal::NoListenerForServerName);
    };
    match by_host {
        // Both must select the same listener.
        Some(by_host) if by_host.key == by_name.key => Placement::Listener(by_host),
        // If another listener matches the host, the request is misdirected (B-027).
        Some(_) if detects_misdirected(resolution) => Placement::Misdirected,
        // If none does, or nobody says 421, there is nothing here.
        _ => Placement::NotFound,
    }
}

fn detects_misdirected(resolution: &Resolution) -> bool {
    resolution.controller.features.has(Feature::GatewayHTTPSListenerDetectMisdirectedRequests)
}

/// Exact, then a wildcard with more labels, then one with fewer, then no hostname (B-022).
fn most_specific<'a>(listeners: &[&'a ResolvedListener], host: Option<&str>) -> Option<&'a ResolvedListener> {
    let covering = listeners.iter().copied().filter(|one| covers(one.hostname.as_ref(), host));
    covering.min_by_key(|one| Hostname::specificity(one.hostname.as_ref()))
}

/// A hostname covers what it matches; the lack of one covers everything, also a request without a host (E-004, E-026).
fn covers(hostname: Option<&Hostname>, host: Option<&str>) -> bool {
    match (hostname, host) {
        (None, _) => true,
        (Some(hostname), Some(host)) => hostname.matches(host),
        (Some(_), None) => false,
    }
}

// ---- which rule ----

fn candidates<'a, H: Headers + ?Sized>(
    resolution: &'a Resolution,
    gateway: &ResolvedGateway,
    listener: &'a ResolvedListener,
    head: &RequestHead<'_, H>,
) -> Vec<Candidate<'a>> {
    let mut candidates = Vec::new();
    for route in resolution.routes.values() {
        // Only routes that the listener accepts take part (B-024).
        let Some(hostnames) = hostnames_on(route, gateway, listener) else { continue };
        let covering = best_hostname(&hostnames, head);
        for rule in &route.rules {
            // Precedence is per match, not per rule (G-002).
            let RuleMatches::Http(matches) = &rule.matches else { continue };
            for (match_index, matched) in matches.iter().enumerate() {
                let failure = failure(route, rule, covering.is_some(), matched, head, &resolution.controller.choices);
                let hostname = covering.flatten();
                candidates.push(Candidate { route, rule, match_index, matched, hostname, failure });
            }
        }
    }
    let choices = &resolution.controller.choices;
    candidates.sort_by(|one, other| {
        let matching_first = one.failure.is_some().cmp(&other.failure.is_some());
        matching_first.then_with(|| decide(one, other, choices).map_or(Ordering::Equal, |(order, _)| order))
    });
    candidates
}

/// What a route serves on a listener: pairs of its own hostname and the intersection with that of the listener (E-010).
type Served<'a> = Vec<(Option<&'a Hostname>, Option<&'a Hostname>)>;

fn hostnames_on<'a>(route: &'a ResolvedRoute, gateway: &ResolvedGateway, listener: &ResolvedListener) -> Option<Served<'a>> {
    let here = route.parents.iter().filter(|parent| parent.served_by.gateway() == Some(gateway.key()));
    let attached = here.flat_map(|parent| &parent.listeners).filter(|attached| attached.listener == listener.key);
    let hostnames: Vec<_> = attached.flat_map(|one| &one.hostnames).map(|one| (one.own.as_ref(), one.served.as_ref())).collect();
    (!hostnames.is_empty()).then_some(hostnames)
}

/// Of a route only the hostnames that match the request count, and of these the best one (E-030). What is served is the
/// intersection with the listener's hostname; what is compared is the route's own.
fn best_hostname<'a, H: Headers + ?Sized>(hostnames: &Served<'a>, head: &RequestHead<'_, H>) -> Option<Option<&'a Hostname>> {
    let host = head.host.as_ref().map(|host| host.as_str());
    let matching = hostnames.iter().filter(|(_, served)| covers(*served, host)).map(|(own, _)| *own);
    matching.max_by_key(|own| (non_wildcard_characters(*own), characters(*own)))
}

fn characters(hostname: Option<&Hostname>) -> usize {
    hostname.map_or(0, |hostname| hostname.as_str().len())
}

fn non_wildcard_characters(hostname: Option<&Hostname>) -> usize {
    characters(hostname.filter(|hostname| !hostname.as_str().starts_with('*')))
}

// ---- which of two rules ----

fn deciding_key(one: &Candidate<'_>, other: &Candidate<'_>, choices: &Choices) -> Option<Key> {
    decide(one, other, choices).map(|(_, key)| key)
}

/// G-001: the first difference decides. The better one is `Less`.
fn decide(one: &Candidate<'_>, other: &Candidate<'_>, choices: &Choices) -> Option<(Ordering, Key)> {
    let (a, b) = (one, other);
    // (1) The longest matching hostname that is no wildcard.
    larger(non_wildcard_characters(a.hostname), non_wildcard_characters(b.hostname), Key::Hostname)
        // (2) The longest matching hostname.
        .or_else(|| larger(characters(a.hostname), characters(b.hostname), Key::Hostname))
        // (3) An exact path.
        .or_else(|| larger(is_exact(a), is_exact(b), Key::PathExact))
        // Regular expressions stand where the choice puts them (G-007).
        .or_else(|| match choices.regex_rank {
            RegexRank::BeforePrefix => larger(is_regex(a), is_regex(b), Key::PathRegex),
            RegexRank::AfterPrefix => smaller(is_regex(a), is_regex(b), Key::PathRegex),
        })
        // (4) The longest prefix.
        .or_else(|| larger(prefix_characters(a), prefix_characters(b), Key::PathLength))
        // (5) A method.
        .or_else(|| larger(a.matched.method.is_some(), b.matched.method.is_some(), Key::Method))
        // (6) More headers.
        .or_else(|| larger(a.matched.headers.len(), b.matched.headers.len(), Key::Headers))
        // (7) More query parameters.
        .or_else(|| larger(a.matched.query.len(), b.matched.query.len(), Key::Query))
        // (8) The older route.
        .or_else(|| older(a.route, b.route))
        // (9) The smaller `{namespace}/{name}`, as one text (G-009).
        .or_else(|| smaller(a.route.key().namespaced_name(), b.route.key().namespaced_name(), Key::Name))
        // (10) The earlier rule.
        .or_else(|| smaller(a.rule.index, b.rule.index, Key::Rule))
        // Of one rule: the earlier match, which makes no difference to the request.
        .or_else(|| smaller(a.match_index, b.match_index, Key::Match))
}

fn larger<T: Ord>(one: T, other: T, key: Key) -> Option<(Ordering, Key)> {
    smaller(other, one, key)
}

fn smaller<T: Ord>(one: T, other: T, key: Key) -> Option<(Ordering, Key)> {
    (one != other).then(|| (one.cmp(&other), key))
}

/// A route that was not created yet is the newest (S-007).
fn older(one: &ResolvedRoute, other: &ResolvedRoute) -> Option<(Ordering, Key)> {
    let created = |route: &ResolvedRoute| route.route.meta.created;
    match (created(one), created(other)) {
        (Some(one), Some(other)) => smaller(one, other, Key::Age),
        (one, other) => larger(one.is_some(), other.is_some(), Key::Age),
    }
}

fn is_exact(candidate: &Candidate<'_>) -> bool {
    matches!(candidate.matched.path, PathMatch::Exact(_))
}

fn is_regex(candidate: &Candidate<'_>) -> bool {
    matches!(candidate.matched.path, PathMatch::Regex(_))
}

fn prefix_characters(candidate: &Candidate<'_>) -> usize {
    match &candidate.matched.path {
        PathMatch::Prefix(prefix) => prefix.chars().count(),
        PathMatch::Exact(_) | PathMatch::Regex(_) => 0,
    }
}

// ---- whether a match holds ----

/// The first thing that keeps a match from holding: all of them must hold (F-001).
fn failure<'a, H: Headers + ?Sized>(
    route: &'a ResolvedRoute,
    rule: &'a ResolvedRule,
    host_is_covered: bool,
    matched: &'a HttpMatch,
    head: &RequestHead<'_, H>,
    choices: &Choices,
) -> Option<Failure<'a>> {
    if let Some(refusal) = route.refused.first().or_else(|| rule.refused.first()) {
        return Some(Failure::Refused(refusal));
    }
    if !host_is_covered {
        return Some(Failure::Hostname);
    }
    if !path_holds(&matched.path, &head.path) {
        return Some(Failure::Path);
    }
    if matched.method.is_some_and(|method| head.method != method.as_str()) {
        return Some(Failure::Method);
    }
    if let Some(header) = matched.headers.iter().find(|one| !header_holds(one.name.as_str(), &one.value, head)) {
        return Some(Failure::Header(&header.name));
    }
    let query = head.query.unwrap_or_default();
    let failing = matched.query.iter().find(|one| !query_holds(&one.name, &one.value, query, choices.repeated_query));
    failing.map(|parameter| Failure::Query(&parameter.name))
}

fn path_holds(path: &PathMatch, asked: &str) -> bool {
    match path {
        // The prefix `/` matches every path (F-006), and nothing else matches what has no path (F-028).
        PathMatch::Prefix(prefix) if **prefix == *"/" => true,
        _ if !asked.starts_with('/') => false,
        // Byte for byte (F-003).
        PathMatch::Exact(exact) => asked.as_bytes() == exact.as_bytes(),
        // Element by element (F-004).
        PathMatch::Prefix(prefix) => {
            let elements = |path: &str| path.split('/').map(String::from).collect::<Vec<_>>();
            elements(asked).starts_with(&elements(prefix))
        }
        // From end to end (F-007, pitfall 26).
        PathMatch::Regex(pattern) => pattern.matches(asked),
    }
}

fn header_holds<H: Headers + ?Sized>(name: &str, value: &ValueMatcher, head: &RequestHead<'_, H>) -> bool {
    // `host` is the host that counts, wherever it was written (F-026, E-015).
    let mut lines: Vec<&[u8]> = match name {
        "host" => head.authority.iter().map(|authority| authority.as_bytes()).collect(),
        _ => head.headers.values(name).collect(),
    };
    // Lines of Set-Cookie cannot be joined: the first counts (F-013).
    if name == "set-cookie" {
        lines.truncate(1);
    }
    if lines.is_empty() {
        return false;
    }
    let joined = |separator: &[u8]| lines.join(separator);
    // Joined with a comma, with or without a blank behind it (F-013); cookies as they are without HTTP/2.
    let (usual, other) = if name == "cookie" { (joined(b"; "), None) } else { (joined(b","), Some(joined(b", "))) };
    match value {
        ValueMatcher::Exact(exact) => usual == exact.as_bytes() || other.is_some_and(|other| other == exact.as_bytes()),
        ValueMatcher::Regex(pattern) => String::from_utf8(usual).is_ok_and(|text| pattern.matches(&text)),
    }
}

fn query_holds(name: &str, value: &ValueMatcher, query: &str, repeated: RepeatedQuery) -> bool {
    let pairs = query.split('&').filter(|pair| !pair.is_empty());
    let decoded =
        pairs.map(|pair| pair.split_once('=').unwrap_or((pair, ""))).map(|(name, value)| (form_decode(name), form_decode(value)));
    // Names have a case (F-015).
    let values: Vec<Vec<u8>> = decoded.filter(|(other, _)| other == name.as_bytes()).map(|(_, value)| value).collect();
    // Of several values one counts (F-016).
    let value_of_request = match repeated {
        RepeatedQuery::First => values.first(),
        RepeatedQuery::Last => values.last(),
    };
    match (value, value_of_request) {
        (_, None) => false,
        (ValueMatcher::Exact(exact), Some(value)) => exact.as_bytes() == value,
        (ValueMatcher::Regex(pattern), Some(value)) => std::str::from_utf8(value).is_ok_and(|text| pattern.matches(text)),
    }
}

/// `+` is a blank, `%XX` a byte, and everything else itself (F-017).
fn form_decode(text: &str) -> Vec<u8> {
    let digit = |byte: Option<&u8>| byte.and_then(|byte| char::from(*byte).to_digit(16));
    let mut decoded = Vec::new();
    let mut bytes = text.as_bytes();
    while let Some((first, rest)) = bytes.split_first() {
        bytes = rest;
        match (first, digit(rest.first()), digit(rest.get(1))) {
            (b'+', _, _) => decoded.push(b' '),
            (b'%', Some(high), Some(low)) => {
                decoded.extend(u8::try_from(16 * high + low));
                bytes = rest.get(2..).unwrap_or_default();
            }
            (other, _, _) => decoded.push(*other),
        }
    }
    decoded
}

// ---- what is done ----

fn verdict<'a>(rule: &'a ResolvedRule, choices: &Choices) -> Verdict<'a> {
    // A filter that does not resolve is not skipped (H-006).
    if rule.filters.iter().any(|filter| matches!(filter, ResolvedFilter::Unresolved { .. })) {
        return Verdict::Respond(StatusCode::INTERNAL_SERVER_ERROR);
    }
    // A redirect answers (H-023).
    if let Some(redirect) = first_redirect(&rule.filters) {
        return Verdict::Redirect(redirect);
    }
    // Without backends there is an error (I-004).
    if rule.backends.is_empty() {
        return Verdict::Respond(StatusCode::INTERNAL_SERVER_ERROR);
    }
    // Without any weight nothing is forwarded (I-003).
    if rule.backends.iter().all(|backend| backend.weight == 0) {
        return Verdict::Respond(match choices.zero_weights {
            ZeroWeights::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
            ZeroWeights::InternalError => StatusCode::INTERNAL_SERVER_ERROR,
        });
    }
    // Each backend gets its weight by the sum of all (I-001), and one that is invalid keeps it (I-006).
    let shares: Vec<_> = rule.backends.iter().map(|backend| Share { weight: backend.weight, answer: answer(backend) }).collect();
    // If all are invalid, every request is an error (I-005).
    let error = Answer::Respond(StatusCode::INTERNAL_SERVER_ERROR);
    if shares.iter().all(|share| share.weight == 0 || share.answer == error) {
        return Verdict::Respond(StatusCode::INTERNAL_SERVER_ERROR);
    }
    Verdict::Split(shares)
}

fn answer(backend: &ResolvedBackend) -> Answer<'_> {
    match &backend.target {
        // What does not resolve is an error (I-007 to I-009).
        Err(_) => Answer::Respond(StatusCode::INTERNAL_SERVER_ERROR),
        // So is a filter that does not (H-006).
        Ok(_) if backend.filters.iter().any(|filter| matches!(filter, ResolvedFilter::Unresolved { .. })) => {
            Answer::Respond(StatusCode::INTERNAL_SERVER_ERROR)
        }
        // A redirect of a backend answers if the backend is picked (H-034).
        Ok(target) => first_redirect(&backend.filters).map_or(Answer::Backend(target), Answer::Redirect),
    }
}

fn first_redirect(filters: &[ResolvedFilter]) -> Option<&RequestRedirect> {
    filters.iter().find_map(|filter| if let ResolvedFilter::RequestRedirect(redirect) = filter { Some(redirect) } else { None })
}

impl fmt::Display for Failure<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused(refusal) => write!(f, "the rule is invalid: {refusal}"),
            Self::Hostname => f.write_str("hostname"),
            Self::Path => f.write_str("path"),
            Self::Method => f.write_str("method"),
            Self::Header(name) => write!(f, "header `{name}`"),
            Self::Query(name) => write!(f, "query parameter `{name}`"),
        }
    }
}
