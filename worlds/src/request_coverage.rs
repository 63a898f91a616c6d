//! What became of a request or connection, and what decided.

use gwapi_core::{
    Hostname,
    model::{GrpcMatch, HttpMatch, PathMatch, ValueMatcher},
    resolution::{MeshScope, RuleMatches},
};
use gwapi_match::{
    explain::{Answer, Candidate, Explanation, Failure, Placement, Verdict},
    precedence::Key,
};
use http::StatusCode;

use crate::{Coverage, Group, Request, world_coverage::variant};

/// Counts what became of a request or connection.
pub(crate) fn count_explanation(coverage: &mut Coverage, explanation: &Explanation<'_>, request: &Request) {
    let mut seen = Seen(coverage);
    seen.asked(explanation);
    seen.placement(explanation, request.tls.is_some());
    seen.failures(explanation);
    seen.order(explanation);
    if let Some(code) = explanation.grpc_code {
        seen.note(&format!("gRPC code: {code}"));
    }
}

struct Seen<'c>(&'c mut Coverage);

impl Seen<'_> {
    fn note(&mut self, name: &str) {
        self.0.count(Group::Requests, name);
    }

    fn note_if(&mut self, is_so: bool, name: &str) {
        self.0.count_if(Group::Requests, name, is_so);
    }

    /// Which of the tables' ways was taken.
    fn asked(&mut self, explanation: &Explanation<'_>) {
        let is_mesh = matches!(explanation.admission, Placement::Service(_) | Placement::PassThrough);
        self.note(if is_mesh { "asked: a mesh" } else { "asked: a Gateway" });
        let has = |is_it: fn(&RuleMatches) -> bool| explanation.candidates.iter().any(|one| is_it(&one.rule.matches));
        self.note_if(has(|matches| matches!(matches, RuleMatches::Http(_))), "asked: HTTP rules");
        self.note_if(has(|matches| matches!(matches, RuleMatches::Grpc(_))), "asked: gRPC rules");
        self.note_if(has(|matches| matches!(matches, RuleMatches::L4)), "asked: L4 rules");
    }

    fn placement(&mut self, explanation: &Explanation<'_>, is_tls: bool) {
        match explanation.admission {
            Placement::Refused(why) => self.note(&format!("connection refused: {}", variant(&why))),
            Placement::Misdirected => self.note("misdirected (421)"),
            Placement::NotFound => self.note("no listener (404)"),
            Placement::PassThrough => self.note("mesh: passed through"),
            Placement::Listener(listener) => {
                let is_of_set = listener.key.parent.kind == "ListenerSet";
                self.note_if(is_of_set, "listener of a ListenerSet");
                self.note_if(!listener.filters.is_empty(), "listener with filters");
                self.note_if(is_tls && explanation.winner().is_some(), "matched: over TLS");
                let is_wildcard = listener.hostname.as_ref().is_some_and(Hostname::is_wildcard);
                self.note_if(is_wildcard && explanation.winner().is_some(), "matched: a wildcard listener");
            }
            Placement::Service(place) => self.note(match place.scope {
                MeshScope::Producer => "mesh: producer routes",
                MeshScope::Consumer(_) => "mesh: consumer routes",
            }),
        }
        self.verdict(explanation);
        if !matches!(explanation.admission, Placement::Listener(_) | Placement::Service(_)) {
            return;
        }
        match explanation.winner() {
            None => self.note("no rule"),
            Some(winner) => {
                self.note("matched");
                self.winner(winner, matches!(explanation.admission, Placement::Service(_)));
                self.levels(explanation, winner);
            }
        }
    }

    fn winner(&mut self, winner: &Candidate<'_>, is_mesh: bool) {
        let kind = winner.route.route.kind;
        self.note(&format!("matched: {}{kind}", if is_mesh { "in a mesh, " } else { "" }));
        match &winner.rule.matches {
            RuleMatches::Http(matches) => self.http(&matches[winner.match_index]),
            RuleMatches::Grpc(matches) => self.grpc(&matches[winner.match_index]),
            RuleMatches::L4 => {}
        }
        self.note(match winner.hostname.map(Hostname::is_wildcard) {
            None => "matched: no own hostname",
            Some(false) => "matched: own hostname, exact",
            Some(true) => "matched: own hostname, wildcard",
        });
    }

    fn http(&mut self, matched: &HttpMatch) {
        self.note(match &matched.path {
            PathMatch::Exact(_) => "matched: exact path",
            PathMatch::Prefix(_) => "matched: prefix",
            PathMatch::Regex(_) => "matched: regular path",
        });
        self.note_if(matched.method.is_some(), "matched: method");
        self.note_if(matched.headers.iter().any(|one| is_regular(&one.value)), "matched: regular header");
        self.note_if(matched.headers.iter().any(|one| !is_regular(&one.value)), "matched: exact header");
        self.note_if(matched.query.iter().any(|one| is_regular(&one.value)), "matched: regular query");
        self.note_if(matched.query.iter().any(|one| !is_regular(&one.value)), "matched: exact query");
    }

    fn grpc(&mut self, matched: &GrpcMatch) {
        let method = matched.method.as_ref();
        let names = [method.and_then(|one| one.service.as_ref()), method.and_then(|one| one.method.as_ref())];
        self.note_if(names.into_iter().flatten().any(is_regular), "matched: regular gRPC method");
        self.note_if(names.into_iter().flatten().any(|name| !is_regular(name)), "matched: exact gRPC method");
        self.note_if(method.is_none(), "matched: any gRPC method");
    }

    /// Whether something more specific covers the request and yet does not match.
    fn levels(&mut self, explanation: &Explanation<'_>, winner: &Candidate<'_>) {
        let characters = |hostname: Option<&Hostname>| hostname.map_or(0, |name| name.as_str().len());
        let others =
            || explanation.candidates.iter().filter(|one| one.failure.is_some_and(|why| !matches!(why, Failure::Refused(_))));
        let is_passed = others().any(|other| characters(other.hostname) > characters(winner.hostname));
        self.note_if(is_passed, "fell through a hostname level");
        let length = |one: &Candidate<'_>| match &one.rule.matches {
            RuleMatches::Http(matches) => match &matches[one.match_index].path {
                PathMatch::Exact(_) => usize::MAX,
                PathMatch::Prefix(prefix) => prefix.len(),
                PathMatch::Regex(_) => 0,
            },
            RuleMatches::Grpc(_) | RuleMatches::L4 => 0,
        };
        let holds = |one: &Candidate<'_>| matches!(one.failure, Some(Failure::Method | Failure::Header(_) | Failure::Query(_)));
        let is_passed = others().any(|other| holds(other) && other.hostname == winner.hostname && length(other) > length(winner));
        self.note_if(is_passed, "fell through a longer path");
    }

    fn failures(&mut self, explanation: &Explanation<'_>) {
        let failures = || explanation.candidates.iter().filter_map(|candidate| candidate.failure);
        let mut note_any = |name: &str, is_it: fn(&Failure<'_>) -> bool| self.note_if(failures().any(|why| is_it(&why)), name);
        note_any("failed: refused rule", |why| matches!(why, Failure::Refused(_)));
        note_any("failed: not gRPC", |why| matches!(why, Failure::NotGrpc));
        note_any("failed: hostname", |why| matches!(why, Failure::Hostname));
        note_any("failed: path", |why| matches!(why, Failure::Path));
        note_any("failed: service", |why| matches!(why, Failure::Service));
        note_any("failed: method", |why| matches!(why, Failure::Method));
        note_any("failed: header", |why| matches!(why, Failure::Header(_)));
        note_any("failed: query", |why| matches!(why, Failure::Query(_)));
    }

    fn order(&mut self, explanation: &Explanation<'_>) {
        let mut keys = explanation.decided_by.clone();
        keys.sort_unstable();
        keys.dedup();
        keys.iter().for_each(|key| self.note(&format!("tied up to: {key}")));
        let is_equal = |key: &Key| matches!(key, Key::Age | Key::Name | Key::Rule | Key::Match);
        self.note_if(keys.iter().any(is_equal), "tied: everything that is asked for");
        if let Some(key) = explanation.over_runner_up {
            self.note(&format!("won by: {key}"));
        }
        let matching: Vec<_> = explanation.candidates.iter().filter(|one| one.failure.is_none()).collect();
        let is_tie = |pair: &[&Candidate<'_>]| {
            pair[0].hostname.is_some() && pair[0].hostname == pair[1].hostname && pair[0].route.key() != pair[1].route.key()
        };
        self.note_if(matching.windows(2).any(is_tie), "tied: own hostnames of two routes");
        self.note_if(matching.len() > 1, "matched: several candidates");
        self.note_if(matching.len() >= 8, "matched: eight candidates or more");
    }

    fn verdict(&mut self, explanation: &Explanation<'_>) {
        match &explanation.verdict {
            Verdict::Redirect(_) => self.note("verdict: redirect"),
            Verdict::Respond(status) => self.note(&format!("verdict: respond {}", status.as_u16())),
            Verdict::Reject => self.note("verdict: reject"),
            Verdict::PassThrough => self.note("verdict: pass"),
            Verdict::Refused(why) => self.note(&format!("verdict: refuse, {}", variant(why))),
            Verdict::Split(shares) => {
                let shares: Vec<_> = shares.iter().filter(|share| share.weight > 0).collect();
                let any = |is_it: fn(&Answer<'_>) -> bool| shares.iter().any(|share| is_it(&share.answer));
                self.note(if shares.len() == 1 { "verdict: one backend" } else { "verdict: split" });
                self.note_if(any(|answer| matches!(answer, Answer::Backend(_))), "verdict: forward");
                let error = |answer: &Answer<'_>| *answer == Answer::Respond(StatusCode::INTERNAL_SERVER_ERROR);
                self.note_if(any(error), "verdict: split with 500");
                self.note_if(any(|answer| matches!(answer, Answer::Redirect(_))), "verdict: split with a redirect");
                self.note_if(any(|answer| *answer == Answer::Reject), "verdict: split with connections that are rejected");
                let is_protected = |answer: &Answer<'_>| matches!(answer, Answer::Backend(target) if target.tls.is_some());
                self.note_if(any(is_protected), "verdict: a backend with TLS");
            }
        }
    }
}

fn is_regular(value: &ValueMatcher) -> bool {
    matches!(value, ValueMatcher::Regex(_))
}
