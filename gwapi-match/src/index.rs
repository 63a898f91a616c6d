//! How a listener finds the rule of a request. The same for every kind of route: what kinds differ in is what a match asks
//! for ([`Asked`]) and which of two comes first ([`Precedence`]).

use std::sync::Arc;

use gwapi_core::{
    Hostname,
    choices::{Choices, RegexRank},
    model::{GrpcMatch, GrpcMethodMatch, HeaderName, Method, PathMatch, Route, Seniority, ValueMatch, ValueMatcher},
    name::ObjectKey,
    resolution::{ResolvedRule, RuleMatches},
};

use crate::{
    head::RequestHead,
    headers::Headers,
    hosts::{HostMap, Spot},
    precedence::Precedence,
    split::Split,
};

mod automaton;
mod bucket;
mod crowd;
mod paths;
mod patterns;
mod predicates;
mod reader;
mod texts;

pub(crate) use bucket::Bucket;

/// The rules of one listener: buckets by the routes' own hostnames.
///
/// Visiting the buckets of the hostnames that match, most specific first, is hostname precedence (E-018) and falling through
/// to less specific hostnames (E-019) at once. A bucket knows its own order, so that a change of one hostname leaves the
/// others alone.
#[derive(Clone, Debug)]
pub(crate) struct Index {
    buckets: HostMap<Shelf>,
    regex_rank: RegexRank,
    seed: u64,
}

/// A bucket, and its answer if that is the same for every request: then nobody has to look into it.
#[derive(Clone, Debug)]
struct Shelf {
    always: Option<u32>,
    bucket: Arc<Bucket>,
}

/// The answer is one of the bucket.
impl PartialEq for Shelf {
    fn eq(&self, other: &Self) -> bool {
        self.bucket == other.bucket
    }
}

impl Eq for Shelf {}

/// One match of a rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) rule: Arc<ServedRule>,
    pub(crate) match_index: usize,
}

/// A valid rule, ready to be served. Shared by every listener and hostname that it is served on.
#[derive(Debug)]
pub(crate) struct ServedRule {
    pub(crate) route: Arc<Route>,
    pub(crate) rule: Arc<ResolvedRule>,
    /// Over the weights of the rule's backends.
    pub(crate) split: Split,
    /// For each match its path, where the match does not say it itself.
    paths: Box<[PathMatch]>,
    /// That of the route, which is a text to be made.
    seniority: Seniority,
}

/// What a match of any kind of route asks for.
#[derive(Clone, Copy)]
struct Asked<'m> {
    path: &'m PathMatch,
    /// Of a GRPCRoute, unless the path says it all.
    rpc: Option<&'m GrpcMethodMatch>,
    method: Option<Method>,
    headers: &'m [ValueMatch<HeaderName>],
    query: &'m [ValueMatch<Arc<str>>],
}

/// A part of the path `/{service}/{method}` of a gRPC request (K-003).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum RpcPart {
    Service,
    Method,
}

/// Where an entry is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Place {
    bucket: Spot,
    entry: u32,
}

/// A hostname and all that is served under it. The entries come in any order.
pub(crate) type Content = (Option<Hostname>, Vec<(Precedence, Entry)>);

impl Index {
    /// Puts the entries of each hostname in order.
    pub(crate) fn build(buckets: impl IntoIterator<Item = Content>, regex_rank: RegexRank, seed: u64) -> Self {
        Self { buckets: HostMap::with_seed(seed), regex_rank, seed }.with(buckets)
    }

    /// The same with other contents under some hostnames; without any entry a hostname is gone. All other buckets are shared.
    pub(crate) fn with(&self, changes: impl IntoIterator<Item = Content>) -> Self {
        let changes = changes.into_iter().map(|(hostname, entries)| {
            let shelf = (!entries.is_empty()).then(|| {
                let before = self.bucket(hostname.as_ref()).map(|bucket| &**bucket);
                let bucket = Bucket::build(hostname.clone(), entries, self.regex_rank, self.seed, before);
                Shelf { always: bucket.always(), bucket: Arc::new(bucket) }
            });
            (hostname, shelf)
        });
        let mut index = self.clone();
        index.buckets.change(changes.collect());
        index
    }

    /// Whether nothing is served.
    pub(crate) fn is_empty(&self) -> bool {
        self.buckets.is_empty()
    }

    /// What is served under a hostname, as a route writes it.
    pub(crate) fn bucket(&self, hostname: Option<&Hostname>) -> Option<&Arc<Bucket>> {
        self.buckets.get(hostname).map(|shelf| &shelf.bucket)
    }

    /// The best entry whose predicates all hold.
    pub(crate) fn find<H: Headers + ?Sized>(
        &self,
        host: Option<&str>,
        head: &RequestHead<'_, H>,
        choices: &Choices,
    ) -> Option<Place> {
        self.buckets.find_map(host, |bucket, shelf| {
            let entry = shelf.always.or_else(|| shelf.bucket.find(head, choices.repeated_query))?;
            Some(Place { bucket, entry })
        })
    }

    /// The best entry of all that is served under a host, where entries ask for nothing else (G-015, G-016).
    pub(crate) fn first(&self, host: Option<&str>) -> Option<Place> {
        self.buckets.find_map(host, |spot, _| Some(Place { bucket: spot, entry: 0 }))
    }

    /// What stands at a place.
    pub(crate) fn entry(&self, place: Place) -> Option<(&Bucket, &Entry)> {
        let bucket = &*self.buckets.at(place.bucket)?.bucket;
        Some((bucket, bucket.entries().get(place.entry as usize)?))
    }
}

/// Two indexes are equal if they hold the same, whatever the seed.
impl PartialEq for Index {
    fn eq(&self, other: &Self) -> bool {
        (&self.buckets, self.regex_rank) == (&other.buckets, other.regex_rank)
    }
}

impl Eq for Index {}

impl Entry {
    /// Its place among all that is served under a hostname of its route.
    pub(crate) fn precedence(&self, own: Option<&Hostname>, regex_rank: RegexRank) -> Precedence {
        let ServedRule { rule, seniority, .. } = &*self.rule;
        let place = (rule.index, self.match_index);
        match &rule.matches {
            RuleMatches::Http(matches) => {
                let matched = matches.get(self.match_index);
                matched.map(|matched| Precedence::of_http(own, matched, regex_rank, seniority, place))
            }
            RuleMatches::Grpc(matches) => {
                let matched = matches.get(self.match_index);
                matched.map(|matched| Precedence::of_grpc(own, matched, seniority, place))
            }
            RuleMatches::L4 => None,
        }
        .unwrap_or_else(|| Precedence::of_l4(own, seniority, rule.index))
    }

    fn asked(&self) -> Option<Asked<'_>> {
        let path = self.rule.paths.get(self.match_index);
        match &self.rule.rule.matches {
            RuleMatches::Http(matches) => {
                let matched = matches.get(self.match_index)?;
                let (headers, query) = (&*matched.headers, &*matched.query);
                Some(Asked { path: &matched.path, rpc: None, method: matched.method, headers, query })
            }
            RuleMatches::Grpc(matches) => {
                let (matched, path) = (matches.get(self.match_index)?, path?);
                let rpc = matched.method.as_ref().filter(|_| !matches!(path, PathMatch::Exact(_)));
                Some(Asked { path, rpc, method: None, headers: &matched.headers, query: &[] })
            }
            RuleMatches::L4 => Some(Asked { path: path?, rpc: None, method: None, headers: &[], query: &[] }),
        }
    }
}

impl<'m> Asked<'m> {
    /// Whether nothing besides the path is asked for.
    fn is_plain(&self) -> bool {
        self.rpc.is_none() && self.method.is_none() && self.headers.is_empty() && self.query.is_empty()
    }

    /// The parts of a gRPC path that are asked for.
    fn rpc(&self) -> impl Iterator<Item = (RpcPart, &'m ValueMatcher)> + use<'m> {
        let service = self.rpc.and_then(|rpc| rpc.service.as_ref()).map(|value| (RpcPart::Service, value));
        let method = self.rpc.and_then(|rpc| rpc.method.as_ref()).map(|value| (RpcPart::Method, value));
        service.into_iter().chain(method)
    }
}

/// The paths of matches that do not say them themselves.
fn paths(matches: &RuleMatches) -> Box<[PathMatch]> {
    let everything = || PathMatch::Prefix("/".into());
    match matches {
        RuleMatches::Http(_) => Box::default(),
        RuleMatches::Grpc(matches) => matches.iter().map(|matched| rpc_path(matched).unwrap_or_else(everything)).collect(),
        RuleMatches::L4 => [everything()].into(),
    }
}

/// The one path of a method that is asked for by its name and that of its service (K-003).
fn rpc_path(matched: &GrpcMatch) -> Option<PathMatch> {
    match matched.method.as_ref()? {
        // A service ends at the first slash, so that one with a slash in it is in no path.
        GrpcMethodMatch { service: Some(ValueMatcher::Exact(service)), method: Some(ValueMatcher::Exact(method)) } => {
            (!service.contains('/')).then(|| PathMatch::Exact(format!("/{service}/{method}").into()))
        }
        _ => None,
    }
}

impl ServedRule {
    /// A rule of a route of that seniority, its weights summed up.
    pub(crate) fn new(route: Arc<Route>, rule: Arc<ResolvedRule>, seniority: Seniority) -> Self {
        let split = Split::new(rule.backends.iter().map(|backend| backend.weight));
        let paths = paths(&rule.matches);
        Self { route, rule, split, paths, seniority }
    }

    /// Whether it is a rule of a GRPCRoute.
    pub(crate) fn is_grpc(&self) -> bool {
        matches!(self.rule.matches, RuleMatches::Grpc(_))
    }

    /// The key of the route.
    pub(crate) fn route(&self) -> &ObjectKey {
        &self.route.meta.key
    }
}

/// What else there is to the route makes no difference to what is served.
impl PartialEq for ServedRule {
    fn eq(&self, other: &Self) -> bool {
        (self.route(), &self.rule, &self.split) == (other.route(), &other.rule, &other.split)
    }
}

impl Eq for ServedRule {}

#[cfg(test)]
mod tests {
    use super::*;

    fn path_of(service: Option<&str>, method: Option<&str>) -> Option<PathMatch> {
        let exact = |name: &str| ValueMatcher::Exact(name.into());
        let method = GrpcMethodMatch { service: service.map(exact), method: method.map(exact) };
        rpc_path(&GrpcMatch { method: Some(method), headers: Vec::new() })
    }

    /// K-003, K-004: one path says service and method; a service ends at its first slash, so that one with a slash has none.
    #[test]
    fn a_method_with_its_service_is_one_path() {
        assert_eq!(path_of(Some("a.B"), Some("Get")), Some(PathMatch::Exact("/a.B/Get".into())));
        assert_eq!(path_of(Some("a/b"), Some("Get")), None);
        assert_eq!(path_of(Some("a.B"), None), None);
        assert_eq!(path_of(None, Some("Get")), None);
    }
}
