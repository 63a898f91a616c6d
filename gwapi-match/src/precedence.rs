//! Which of two matches wins: G-001, G-012, G-015 and G-016 as a value that is compared field by field. Nothing else compares
//! rules.

use core::{cmp::Reverse, fmt};

use gwapi_core::{
    Hostname,
    choices::RegexRank,
    model::{GrpcMatch, GrpcMethodMatch, HttpMatch, PathMatch, Seniority, ValueMatcher},
};
use serde::{Serialize, Serializer};

/// The place of one match of a rule among all others that match the same request; the smaller one wins.
///
/// The fields are the criteria of G-001 and G-012 in their order, and the first that differs decides. They are never added up to a
/// number: a sum lets many weak criteria beat a strong one (pitfalls L3 and L4). Precedence is per match, not per rule
/// (G-002), and per hostname of the route (E-027): a route with two hostnames has two places for each match.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Precedence {
    /// Characters in the route's own hostname if it is no wildcard, else none (G-001 (1), E-030).
    pub exact_hostname: Reverse<usize>,
    /// Characters in the route's own hostname, if it has any (G-001 (2), G-011).
    pub hostname: Reverse<usize>,
    /// What the match asks for.
    pub asked: Rank,
    /// Age, then name of the route (G-001 (8) and (9)).
    pub seniority: Seniority,
    /// The place of the rule in the route (G-001 (10)).
    pub rule: usize,
    /// The place of the match in the rule. Decides nothing that the API knows, but makes the order a total one.
    pub match_index: usize,
}

/// What a match asks for besides the hostname; the smaller one wins. Those of different kinds of routes never compete (G-013).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Rank {
    /// A match of an HTTPRoute.
    Http(HttpRank),
    /// A match of a GRPCRoute.
    Grpc(GrpcRank),
    /// Other routes ask for nothing else (G-015, G-016).
    L4,
}

/// What a match of an HTTPRoute asks for; the smaller one wins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct HttpRank {
    /// The path (G-001 (3) and (4)).
    pub path: PathRank,
    /// Whether there is a method (G-001 (5)).
    pub method: Reverse<bool>,
    /// How many headers there are (G-001 (6)).
    pub headers: Reverse<usize>,
    /// How many query parameters there are (G-001 (7)).
    pub query: Reverse<usize>,
}

/// What a match of a GRPCRoute asks for; the smaller one wins (G-012).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct GrpcRank {
    /// The service.
    pub service: NameRank,
    /// The method.
    pub method: NameRank,
    /// How many headers there are.
    pub headers: Reverse<usize>,
}

/// The rank of a service or method; the smaller one wins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum NameRank {
    /// A name with so many characters.
    Exact(Reverse<usize>),
    /// A regular expression. How long it is written says nothing of what it matches (K-006): it comes behind every name.
    Regex,
    /// Any.
    Any,
}

impl NameRank {
    /// The rank of a service or method.
    #[must_use]
    pub fn of(name: Option<&ValueMatcher>) -> Self {
        match name {
            Some(ValueMatcher::Exact(name)) => Self::Exact(Reverse(name.chars().count())),
            Some(ValueMatcher::Regex(_)) => Self::Regex,
            None => Self::Any,
        }
    }
}

/// The rank of a path; the smaller one wins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum PathRank {
    /// An exact path: before everything (G-001 (3)).
    Exact,
    /// A regular expression, where they stand before prefixes (G-007).
    RegexBeforePrefix,
    /// A prefix with so many characters, without a `/` at the end (G-001 (4), G-006).
    Prefix(Reverse<usize>),
    /// A regular expression, where they stand behind prefixes (G-007).
    RegexAfterPrefix,
}

impl PathRank {
    /// The rank of a path.
    #[must_use]
    pub fn of(path: &PathMatch, regex_rank: RegexRank) -> Self {
        match (path, regex_rank) {
            (PathMatch::Exact(_), _) => Self::Exact,
            (PathMatch::Prefix(prefix), _) => Self::Prefix(Reverse(prefix.chars().count())),
            (PathMatch::Regex(_), RegexRank::BeforePrefix) => Self::RegexBeforePrefix,
            (PathMatch::Regex(_), RegexRank::AfterPrefix) => Self::RegexAfterPrefix,
        }
    }
}

impl Precedence {
    /// The place of a match of an HTTPRoute. `own` is the hostname as the route writes it and not its intersection with
    /// that of the listener (E-027, E-030).
    #[must_use]
    pub fn of_http(
        own: Option<&Hostname>,
        matched: &HttpMatch,
        regex_rank: RegexRank,
        seniority: &Seniority,
        place: (usize, usize),
    ) -> Self {
        let asked = Rank::Http(HttpRank {
            path: PathRank::of(&matched.path, regex_rank),
            method: Reverse(matched.method.is_some()),
            headers: Reverse(matched.headers.len()),
            query: Reverse(matched.query.len()),
        });
        Self::of(own, asked, seniority, place)
    }

    /// The place of a match of a GRPCRoute.
    #[must_use]
    pub fn of_grpc(own: Option<&Hostname>, matched: &GrpcMatch, seniority: &Seniority, place: (usize, usize)) -> Self {
        let name = |name: fn(&GrpcMethodMatch) -> Option<&ValueMatcher>| NameRank::of(matched.method.as_ref().and_then(name));
        let asked = Rank::Grpc(GrpcRank {
            service: name(|method| method.service.as_ref()),
            method: name(|method| method.method.as_ref()),
            headers: Reverse(matched.headers.len()),
        });
        Self::of(own, asked, seniority, place)
    }

    /// The place of a rule of a TLSRoute, TCPRoute or UDPRoute.
    #[must_use]
    pub fn of_l4(own: Option<&Hostname>, seniority: &Seniority, rule: usize) -> Self {
        Self::of(own, Rank::L4, seniority, (rule, 0))
    }

    fn of(own: Option<&Hostname>, asked: Rank, seniority: &Seniority, (rule, match_index): (usize, usize)) -> Self {
        let characters = |hostname: Option<&Hostname>| Reverse(hostname.map_or(0, |name| name.as_str().chars().count()));
        Self {
            exact_hostname: characters(own.filter(|name| !name.is_wildcard())),
            hostname: characters(own),
            asked,
            seniority: seniority.clone(),
            rule,
            match_index,
        }
    }

    /// The criterion by which the two differ; nothing if they are the same place.
    #[must_use]
    pub fn deciding_key(&self, other: &Self) -> Option<Key> {
        let differs = [
            (!self.asked.competes(other.asked), Key::Kind),
            (self.exact_hostname != other.exact_hostname, Key::Hostname),
            (self.hostname != other.hostname, Key::Hostname),
            (self.asked != other.asked, self.asked.deciding_key(other.asked)),
            (self.seniority.created != other.seniority.created, Key::Age),
            (self.seniority.name != other.seniority.name, Key::Name),
            (self.rule != other.rule, Key::Rule),
            (self.match_index != other.match_index, Key::Match),
        ];
        differs.into_iter().find_map(|(differs, key)| differs.then_some(key))
    }
}

impl Rank {
    fn competes(self, other: Self) -> bool {
        core::mem::discriminant(&self) == core::mem::discriminant(&other)
    }

    /// The criterion by which two that differ do.
    fn deciding_key(self, other: Self) -> Key {
        match (self, other) {
            (Self::Http(one), Self::Http(other)) => one.deciding_key(other),
            (Self::Grpc(one), Self::Grpc(other)) => one.deciding_key(other),
            _ => Key::Kind,
        }
    }
}

impl HttpRank {
    fn deciding_key(self, other: Self) -> Key {
        if self.path != other.path {
            path_key(self.path, other.path)
        } else if self.method != other.method {
            Key::Method
        } else if self.headers != other.headers {
            Key::Headers
        } else {
            Key::Query
        }
    }
}

impl GrpcRank {
    fn deciding_key(self, other: Self) -> Key {
        if self.service != other.service {
            Key::Service
        } else if self.method != other.method {
            Key::Method
        } else {
            Key::Headers
        }
    }
}

fn path_key(one: PathRank, other: PathRank) -> Key {
    match (one, other) {
        (PathRank::Exact, _) | (_, PathRank::Exact) => Key::PathExact,
        (PathRank::Prefix(_), PathRank::Prefix(_)) => Key::PathLength,
        _ => Key::PathRegex,
    }
}

/// The criterion that decides between two matches, in the words of explanations.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Key {
    /// One is a rule of a GRPCRoute, and those are asked first if the request is one of gRPC (G-014).
    Kind,
    /// The characters in the routes' own hostnames.
    Hostname,
    /// One path is exact.
    PathExact,
    /// One path is a regular expression and the other a prefix; which comes first is a choice (G-007, pitfall L6).
    PathRegex,
    /// One prefix is longer.
    PathLength,
    /// One asks for a gRPC service, or for it by name.
    Service,
    /// One asks for a method; of gRPC methods for it by name.
    Method,
    /// One asks for more headers.
    Headers,
    /// One asks for more query parameters.
    Query,
    /// One route is older.
    Age,
    /// One route's `{namespace}/{name}` is smaller.
    Name,
    /// One rule stands earlier in the route.
    Rule,
    /// Both are of one rule, and one stands earlier in it.
    Match,
}

impl Key {
    /// Every key, in the order in which they are looked at.
    pub const ALL: [Self; 13] = [
        Self::Kind,
        Self::Hostname,
        Self::PathExact,
        Self::PathRegex,
        Self::PathLength,
        Self::Service,
        Self::Method,
        Self::Headers,
        Self::Query,
        Self::Age,
        Self::Name,
        Self::Rule,
        Self::Match,
    ];

    /// The word for it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Kind => "kind",
            Self::Hostname => "hostname",
            Self::PathExact => "path-exact",
            Self::PathRegex => "path-regex",
            Self::PathLength => "path-length",
            Self::Service => "service",
            Self::Method => "method",
            Self::Headers => "headers",
            Self::Query => "query",
            Self::Age => "age",
            Self::Name => "name",
            Self::Rule => "rule",
            Self::Match => "match",
        }
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for Key {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use gwapi_core::{
        model::{HeaderName, ValueMatch},
        time::Timestamp,
    };

    use super::*;

    fn seniority() -> Seniority {
        Seniority { created: Timestamp(0), name: "shop/a".into() }
    }

    fn grpc(service: Option<&str>, method: Option<&str>, headers: usize) -> Precedence {
        let exact = |name: &str| ValueMatcher::Exact(name.into());
        let method = GrpcMethodMatch { service: service.map(exact), method: method.map(exact) };
        let header = |number| ValueMatch { name: HeaderName::parse(&format!("x-{number}")).unwrap(), value: exact("1") };
        let matched = GrpcMatch { method: Some(method), headers: (0..headers).map(header).collect() };
        Precedence::of_grpc(None, &matched, &seniority(), (0, 0))
    }

    fn decides(better: &Precedence, worse: &Precedence, key: Key) {
        assert!(better < worse);
        assert_eq!((better.deciding_key(worse), worse.deciding_key(better)), (Some(key), Some(key)));
        assert_eq!(better.deciding_key(better), None);
    }

    /// G-012, K-015: the key that is named is the first one that differs.
    #[test]
    fn of_two_grpc_matches_the_first_criterion_that_differs_is_named() {
        decides(&grpc(Some("a.Long"), None, 0), &grpc(Some("a.B"), Some("Everything"), 2), Key::Service);
        decides(&grpc(Some("a.B"), None, 0), &grpc(None, Some("Everything"), 2), Key::Service);
        decides(&grpc(Some("a.B"), Some("Longer"), 0), &grpc(Some("a.B"), Some("Get"), 2), Key::Method);
        decides(&grpc(Some("a.B"), Some("Get"), 2), &grpc(Some("a.B"), Some("Get"), 1), Key::Headers);
    }

    /// G-014: kinds are not compared, whatever else differs.
    #[test]
    fn kinds_that_do_not_compete_are_named_before_everything_else() {
        let own = Hostname::parse("a.example").unwrap();
        let http = Precedence::of_http(Some(&own), &HttpMatch::default(), RegexRank::AfterPrefix, &seniority(), (0, 0));
        assert_eq!(http.deciding_key(&grpc(Some("a.B"), None, 0)), Some(Key::Kind));
        assert_eq!(grpc(Some("a.B"), None, 0).deciding_key(&http), Some(Key::Kind));
        let other = Hostname::parse("longer.example").unwrap();
        let other = Precedence::of_http(Some(&other), &HttpMatch::default(), RegexRank::AfterPrefix, &seniority(), (0, 0));
        decides(&other, &http, Key::Hostname);
    }
}
