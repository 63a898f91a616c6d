//! Every match of every rule that is attached where a request or connection belongs.

use std::cmp::Ordering;

use gwapi_core::{
    Hostname,
    choices::Choices,
    model::RouteKind,
    resolution::{Resolution, ResolvedGateway, ResolvedListener, ResolvedRoute, ServedBy},
};

use super::{
    Candidate, Failure,
    order::{characters, decide, non_wildcard_characters},
    predicates::{self, covers},
};
use crate::{head::RequestHead, headers::Headers};

/// What the rules are asked for.
pub(super) enum Question<'q, 'r, H: Headers + ?Sized> {
    Request(&'q RequestHead<'r, H>),
    /// With its server name, if it has one.
    Connection(Option<&'q str>),
}

impl<H: Headers + ?Sized> Question<'_, '_, H> {
    fn host(&self) -> Option<&str> {
        match self {
            Self::Request(head) => head.host.as_ref().map(|host| host.as_str()),
            Self::Connection(server_name) => *server_name,
        }
    }

    /// Whether it is a request of gRPC: that is in its content type.
    pub(super) fn is_grpc(&self) -> bool {
        let Self::Request(head) = self else { return false };
        let line = head.headers.values("content-type").next().unwrap_or_default();
        let text = String::from_utf8_lossy(line).to_ascii_lowercase();
        let media_type = text.split(';').next().unwrap_or_default().trim_matches([' ', '\t']);
        media_type == "application/grpc" || media_type.starts_with("application/grpc+")
    }
}

/// A route and what it serves on a listener: pairs of its own hostname and the intersection with that of the listener (E-010).
pub(super) struct Attached<'a> {
    pub(super) route: &'a ResolvedRoute,
    pub(super) hostnames: Vec<(Option<&'a Hostname>, Option<&'a Hostname>)>,
}

/// Only routes that the listener accepts take part (B-024).
pub(super) fn attached<'a>(
    resolution: &'a Resolution,
    gateway: &ResolvedGateway,
    listener: &'a ResolvedListener,
) -> Vec<Attached<'a>> {
    let on_listener = |route: &'a ResolvedRoute| {
        let is_here = |served_by: &ServedBy| matches!(served_by, ServedBy::Gateway(key) if key == gateway.key());
        let here = route.parents.iter().filter(|parent| is_here(&parent.served_by));
        let attached = here.flat_map(|parent| &parent.listeners).filter(|attached| attached.listener == listener.key);
        let hostnames: Vec<_> =
            attached.flat_map(|one| &one.hostnames).map(|one| (one.own.as_ref(), one.served.as_ref())).collect();
        (!hostnames.is_empty()).then_some(Attached { route, hostnames })
    };
    resolution.routes.values().filter_map(|route| on_listener(route)).collect()
}

pub(super) fn candidates<'a, H: Headers + ?Sized>(
    routes: &[Attached<'a>],
    question: &Question<'_, '_, H>,
    choices: &Choices,
) -> Vec<Candidate<'a>> {
    let mut candidates = Vec::new();
    for Attached { route, hostnames } in routes {
        let covering = best_hostname(hostnames, question.host());
        for rule in &route.rules {
            // Precedence is per match, not per rule (G-002).
            for match_index in 0..rule.matches.len() {
                let refused = route.refused.first().or_else(|| rule.refused.first()).map(Failure::Refused);
                // What is not of gRPC knows no rules of GRPCRoutes (K-022).
                let not_grpc = (route.route.kind == RouteKind::Grpc && !question.is_grpc()).then_some(Failure::NotGrpc);
                let hostname = covering.is_none().then_some(Failure::Hostname);
                let others = || predicates::failure(rule, match_index, question, choices);
                let failure = refused.or(not_grpc).or(hostname).or_else(others);
                candidates.push(Candidate { route, rule, match_index, hostname: covering.flatten(), failure });
            }
        }
    }
    candidates.sort_by(|one, other| {
        let matching_first = one.failure.is_some().cmp(&other.failure.is_some());
        matching_first.then_with(|| decide(one, other, choices).map_or(Ordering::Equal, |(order, _)| order))
    });
    candidates
}

/// Of a route only the hostnames that match the request count, and of these the best one (E-030). What is served is the
/// intersection with the listener's hostname; what is compared is the route's own.
fn best_hostname<'a>(
    hostnames: &[(Option<&'a Hostname>, Option<&'a Hostname>)],
    host: Option<&str>,
) -> Option<Option<&'a Hostname>> {
    let matching = hostnames.iter().filter(|(_, served)| covers(*served, host)).map(|(own, _)| *own);
    matching.max_by_key(|own| (non_wildcard_characters(*own), characters(*own)))
}
