//! Which of two matches comes first (G-001, G-012, G-015, G-016).

use std::cmp::Ordering;

use gwapi_core::{
    Hostname,
    choices::{Choices, RegexRank},
    model::{GrpcMatch, HttpMatch, PathMatch, RouteKind, ValueMatcher},
    resolution::{ResolvedRoute, RuleMatches},
};

use super::Candidate;
use crate::precedence::Key;

pub(super) fn characters(hostname: Option<&Hostname>) -> usize {
    hostname.map_or(0, |hostname| hostname.as_str().len())
}

pub(super) fn non_wildcard_characters(hostname: Option<&Hostname>) -> usize {
    characters(hostname.filter(|hostname| !hostname.as_str().starts_with('*')))
}

pub(super) fn deciding_key(one: &Candidate<'_>, other: &Candidate<'_>, choices: &Choices) -> Option<Key> {
    decide(one, other, choices).map(|(_, key)| key)
}

/// The first difference decides. The better one is `Less`.
pub(super) fn decide(one: &Candidate<'_>, other: &Candidate<'_>, choices: &Choices) -> Option<(Ordering, Key)> {
    let (a, b) = (one, other);
    // Kinds do not compete (G-013): gRPC requests go to rules of GRPCRoutes if one of these matches (G-014).
    larger(a.route.route.kind == RouteKind::Grpc, b.route.route.kind == RouteKind::Grpc, Key::Kind)
        // (1) The longest matching hostname that is no wildcard.
        .or_else(|| larger(non_wildcard_characters(a.hostname), non_wildcard_characters(b.hostname), Key::Hostname))
        // (2) The longest matching hostname.
        .or_else(|| larger(characters(a.hostname), characters(b.hostname), Key::Hostname))
        // What the kind of route knows to ask for.
        .or_else(|| match (&a.rule.matches, &b.rule.matches) {
            (RuleMatches::Http(one), RuleMatches::Http(other)) => {
                decide_http(one.get(a.match_index)?, other.get(b.match_index)?, choices)
            }
            (RuleMatches::Grpc(one), RuleMatches::Grpc(other)) => decide_grpc(one.get(a.match_index)?, other.get(b.match_index)?),
            _ => None,
        })
        // (8) The older route.
        .or_else(|| older(a.route, b.route))
        // (9) The smaller `{namespace}/{name}`, as one text (G-009).
        .or_else(|| smaller(a.route.key().namespaced_name(), b.route.key().namespaced_name(), Key::Name))
        // (10) The earlier rule.
        .or_else(|| smaller(a.rule.index, b.rule.index, Key::Rule))
        // Of one rule: the earlier match, which makes no difference to the request.
        .or_else(|| smaller(a.match_index, b.match_index, Key::Match))
}

/// G-001 (3) to (7).
fn decide_http(a: &HttpMatch, b: &HttpMatch, choices: &Choices) -> Option<(Ordering, Key)> {
    // (3) An exact path.
    larger(is_exact(a), is_exact(b), Key::PathExact)
        // Regular expressions stand where the choice puts them (G-007).
        .or_else(|| match choices.regex_rank {
            RegexRank::BeforePrefix => larger(is_regex(a), is_regex(b), Key::PathRegex),
            RegexRank::AfterPrefix => smaller(is_regex(a), is_regex(b), Key::PathRegex),
        })
        // (4) The longest prefix.
        .or_else(|| larger(prefix_characters(a), prefix_characters(b), Key::PathLength))
        // (5) A method.
        .or_else(|| larger(a.method.is_some(), b.method.is_some(), Key::Method))
        // (6) More headers.
        .or_else(|| larger(a.headers.len(), b.headers.len(), Key::Headers))
        // (7) More query parameters.
        .or_else(|| larger(a.query.len(), b.query.len(), Key::Query))
}

/// G-012.
fn decide_grpc(a: &GrpcMatch, b: &GrpcMatch) -> Option<(Ordering, Key)> {
    let service = |one: &GrpcMatch| name_weight(one.method.as_ref().and_then(|method| method.service.as_ref()));
    let method = |one: &GrpcMatch| name_weight(one.method.as_ref().and_then(|method| method.method.as_ref()));
    // Characters in the service.
    larger(service(a), service(b), Key::Service)
        // Characters in the method.
        .or_else(|| larger(method(a), method(b), Key::Method))
        // More headers.
        .or_else(|| larger(a.headers.len(), b.headers.len(), Key::Headers))
}

/// The characters of a name. A pattern has none that match, and yet is more than nothing (K-006).
fn name_weight(name: Option<&ValueMatcher>) -> (usize, bool) {
    match name {
        Some(ValueMatcher::Exact(name)) => (name.chars().count(), true),
        Some(ValueMatcher::Regex(_)) => (0, true),
        None => (0, false),
    }
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

fn is_exact(matched: &HttpMatch) -> bool {
    matches!(matched.path, PathMatch::Exact(_))
}

fn is_regex(matched: &HttpMatch) -> bool {
    matches!(matched.path, PathMatch::Regex(_))
}

fn prefix_characters(matched: &HttpMatch) -> usize {
    match &matched.path {
        PathMatch::Prefix(prefix) => prefix.chars().count(),
        PathMatch::Exact(_) | PathMatch::Regex(_) => 0,
    }
}
