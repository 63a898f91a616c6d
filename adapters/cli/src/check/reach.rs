//! Rules that no request can reach.
//!
//! Sound and not complete: a rule is reported only if for each of its matches, on each listener and hostname, one other match
//! that wins takes every request. That several others take all of them together, or that patterns do, is not looked for.

use std::collections::BTreeMap;

use gwapi_core::{
    Hostname,
    model::{HttpMatch, PathMatch, ValueMatch},
    name::ObjectKey,
    resolution::{ListenerKey, ResolvedRoute, ResolvedRule, RuleMatches},
};
use gwapi_manifest::Severity;
use gwapi_match::precedence::Precedence;

use super::{Checker, Remark, codes};

/// How many matches of one hostname and path are compared with another: more only cost time.
const COMPARED: usize = 200;

pub(super) fn report(checker: &mut Checker<'_>) {
    let candidates = candidates(checker);
    let mut index: Index<'_> = BTreeMap::new();
    for candidate in &candidates {
        index.entry(candidate.place()).or_default().push(candidate);
    }
    for list in index.values_mut() {
        list.sort_by(|one, other| one.precedence.cmp(&other.precedence));
    }
    let mut rules: BTreeMap<(&ObjectKey, usize), Reach<'_>> = BTreeMap::new();
    for candidate in &candidates {
        let reach = rules.entry((candidate.route.key(), candidate.rule.index)).or_default();
        match shadow(&index, candidate) {
            Some(other) => reach.shadows.push(other),
            None => reach.is_reachable = true,
        }
    }
    let unreachable = rules.into_iter().filter(|(_, reach)| !reach.is_reachable);
    for ((route, rule), reach) in unreachable {
        let Some(first) = reach.shadows.first() else { continue };
        let others = if reach.shadows.iter().all(|one| one.name() == first.name()) { "" } else { ", and others," };
        let takes = if others.is_empty() { "takes" } else { "take" };
        let message = format!("no request reaches the rule: {}{others} {takes} every one that matches it", first.name());
        let (severity, code, path) = (Severity::Warning, codes::UNREACHABLE_RULE, format!("spec.rules[{rule}]"));
        let fix = Some("remove the rule, or make its matches or hostnames more specific".into());
        checker.add(route, Remark { severity, code, path, message, fix });
    }
}

#[derive(Default)]
struct Reach<'a> {
    is_reachable: bool,
    shadows: Vec<&'a Candidate<'a>>,
}

/// One match of a rule with one hostname of its route on one listener.
struct Candidate<'a> {
    listener: &'a ListenerKey,
    route: &'a ResolvedRoute,
    rule: &'a ResolvedRule,
    matched: &'a HttpMatch,
    served: Option<&'a Hostname>,
    precedence: Precedence,
}

/// Listener, hostname and path: what a match that shadows another has in common with it, or wider.
type Place<'a> = (&'a ListenerKey, Host<'a>, Path<'a>);

type Index<'a> = BTreeMap<Place<'a>, Vec<&'a Candidate<'a>>>;

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Host<'a> {
    Any,
    Exact(&'a str),
    /// Without the `*`.
    Wildcard(&'a str),
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Path<'a> {
    Exact(&'a str),
    Prefix(&'a str),
    Regex(&'a str),
}

impl<'a> Candidate<'a> {
    fn place(&self) -> Place<'a> {
        let path = match &self.matched.path {
            PathMatch::Exact(path) => Path::Exact(path),
            PathMatch::Prefix(path) => Path::Prefix(path),
            PathMatch::Regex(pattern) => Path::Regex(pattern.as_str()),
        };
        let host = match self.served {
            None => Host::Any,
            Some(hostname) => hostname.wildcard_suffix().map_or(Host::Exact(hostname.as_str()), Host::Wildcard),
        };
        (self.listener, host, path)
    }

    fn name(&self) -> String {
        format!("rule {} of {}", self.rule.index, self.route.key())
    }
}

fn candidates<'a>(checker: &Checker<'a>) -> Vec<Candidate<'a>> {
    let resolution = checker.resolution;
    let regex_rank = resolution.controller.choices.regex_rank;
    let mut candidates = Vec::new();
    for route in resolution.routes.values().filter(|route| route.refused.is_empty()) {
        let seniority = route.route.meta.seniority();
        let attached = route.parents.iter().flat_map(|parent| &parent.listeners);
        let mut seen: Vec<&ListenerKey> = Vec::new();
        for attached in attached {
            // Two parentRefs may select one listener.
            if seen.contains(&&attached.listener) {
                continue;
            }
            seen.push(&attached.listener);
            for hostname in &attached.hostnames {
                for rule in route.rules.iter().filter(|rule| rule.is_valid()) {
                    // Only paths are compared with each other.
                    let RuleMatches::Http(matches) = &rule.matches else { continue };
                    candidates.extend(matches.iter().enumerate().map(|(match_index, matched)| Candidate {
                        listener: &attached.listener,
                        route,
                        rule,
                        matched,
                        served: hostname.served.as_ref(),
                        precedence: Precedence::of_http(
                            hostname.own.as_ref(),
                            matched,
                            regex_rank,
                            &seniority,
                            (rule.index, match_index),
                        ),
                    }));
                }
            }
        }
    }
    candidates
}

/// Another rule's match that wins wherever this one holds.
fn shadow<'i, 'a>(index: &'i Index<'a>, candidate: &Candidate<'a>) -> Option<&'i Candidate<'a>> {
    let (listener, host, path) = candidate.place();
    for host in wider_hosts(host) {
        for path in wider_paths(path) {
            let Some(list) = index.get(&(listener, host, path)) else { continue };
            let winning = list.iter().take(COMPARED).take_while(|other| other.precedence < candidate.precedence);
            let is_other_rule = |other: &Candidate<'_>| !std::ptr::eq(other.rule, candidate.rule);
            let mut shadows = winning.filter(|other| is_other_rule(other) && takes_all_of(other.matched, candidate.matched));
            if let Some(other) = shadows.next() {
                return Some(other);
            }
        }
    }
    None
}

/// A hostname and all that cover it: `*.example.com` covers `a.b.example.com`.
fn wider_hosts(host: Host<'_>) -> Vec<Host<'_>> {
    let text = match host {
        Host::Any => return vec![host],
        Host::Exact(text) | Host::Wildcard(text) => text,
    };
    // From a dot on a name is the suffix of a wildcard.
    let suffixes = text.match_indices('.').filter_map(|(dot, _)| text.get(dot..)).map(Host::Wildcard);
    let mut all: Vec<Host<'_>> = suffixes.chain([host, Host::Any]).collect();
    all.dedup();
    all
}

/// A path and all that hold wherever it holds.
fn wider_paths(path: Path<'_>) -> Vec<Path<'_>> {
    let mut all = vec![path, Path::Prefix("/")];
    if let Path::Exact(text) | Path::Prefix(text) = path {
        let parents = text.match_indices('/').filter_map(|(slash, _)| text.get(..slash)).filter(|parent| !parent.is_empty());
        all.extend(parents.chain([text]).map(Path::Prefix));
    }
    all
}

/// Whether every request that one match holds for is one that the other holds for too, paths aside.
fn takes_all_of(wide: &HttpMatch, narrow: &HttpMatch) -> bool {
    wide.method.is_none_or(|method| narrow.method == Some(method))
        && is_subset(&wide.headers, &narrow.headers)
        && is_subset(&wide.query, &narrow.query)
}

fn is_subset<N: PartialEq>(few: &[ValueMatch<N>], many: &[ValueMatch<N>]) -> bool {
    few.iter().all(|one| many.contains(one))
}
