//! Whether the tables and the reference say the same, and what was seen on the way.

use std::{cell::RefCell, collections::BTreeMap};

use gwapi_core::{Choices, Hostname, resolution::RuleMatches};
use gwapi_match::{
    Routed, Table,
    connect::{Admission, Arrival, Connection, HttpConnection},
    decision::{Decision, L4Decision, L4Outcome, L4Picked, Outcome, Picked},
    explain::{Answer, Candidate, Explanation, Failure, Placement, Verdict},
    head::RequestHead,
    mesh::{Mesh, MeshArrival, MeshConnection},
    precedence::{Key, Precedence},
};
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

pub type Head<'r> = RequestHead<'r, [(&'r [u8], &'r [u8])]>;

/// The same cases in every run; `PROPTEST_CASES` asks for more.
pub fn runner(cases: u32) -> TestRunner {
    let config = Config { failure_persistence: None, ..Config::default() };
    let config = Config { cases: config.cases.max(cases), ..config };
    TestRunner::new_with_rng(config, TestRng::deterministic_rng(RngAlgorithm::ChaCha))
}

/// How often something happened, so that a generator that makes only easy cases is noticed.
#[derive(Default)]
pub struct Counters(RefCell<BTreeMap<String, usize>>);

impl Counters {
    pub fn count(&self, what: impl ToString) {
        *self.0.borrow_mut().entry(what.to_string()).or_default() += 1;
    }

    pub fn assert_seen(&self, what: impl IntoIterator<Item = impl ToString>) {
        let counts = self.0.borrow();
        for what in what {
            assert!(counts.get(&what.to_string()).is_some_and(|count| *count > 0), "no `{}` in {counts:?}", what.to_string());
        }
    }
}

pub fn note(explanation: &Explanation<'_>, counters: &Counters) {
    explanation.decided_by.iter().for_each(|key| counters.count(key));
    counters.count(match (explanation.admission, explanation.winner()) {
        (Placement::Refused(_), _) => "refused",
        (Placement::Misdirected, _) => "misdirected",
        (Placement::NotFound, _) => "no listener",
        (Placement::PassThrough, _) => "passed through",
        (Placement::Listener(_) | Placement::Service(_), None) => "not found",
        (Placement::Listener(_) | Placement::Service(_), Some(_)) => "matched",
    });
    for candidate in &explanation.candidates {
        match candidate.failure {
            None => {}
            Some(Failure::Refused(_)) => counters.count("failed: refused rule"),
            Some(Failure::NotGrpc) => counters.count("failed: not gRPC"),
            Some(Failure::Hostname) => counters.count("failed: hostname"),
            Some(Failure::Path) => counters.count("failed: path"),
            Some(Failure::Service) => counters.count("failed: service"),
            Some(Failure::Method) => counters.count("failed: method"),
            Some(Failure::Header(_)) => counters.count("failed: header"),
            Some(Failure::Query(_)) => counters.count("failed: query"),
        }
    }
    if let Some(code) = explanation.grpc_code {
        counters.count(format!("code: {code}"));
    }
    match &explanation.verdict {
        Verdict::Split(shares) => {
            counters.count("verdict: split");
            let rejects = shares.iter().any(|share| share.weight > 0 && share.answer == Answer::Reject);
            counters.count(if rejects { "share: rejected" } else { "share: answered" });
        }
        Verdict::Redirect(_) => counters.count("verdict: redirect"),
        Verdict::Respond(status) => counters.count(format!("verdict: {}", status.as_u16())),
        Verdict::Reject => counters.count("verdict: reject"),
        Verdict::PassThrough => counters.count("verdict: pass through"),
        Verdict::Refused(why) => counters.count(format!("verdict: {why:?}")),
    }
    let Some(winner) = explanation.winner() else { return };
    counters.count(format!("by: {}", winner.route.route.kind));
    let characters = |hostname: Option<&Hostname>| hostname.map_or(0, |name| name.as_str().len());
    let mut others = explanation.candidates.iter().filter(|other| !matches!(other.failure, Some(Failure::Refused(_))));
    if others.any(|other| other.failure.is_some() && characters(other.hostname) > characters(winner.hostname)) {
        counters.count("fell through");
    }
}

/// A request, or a connection without any, to a Gateway.
pub fn agree(table: &Table, arrival: &Arrival<'_>, head: &Head<'_>, explanation: &Explanation<'_>) {
    let connection = match table.connect(arrival) {
        Connection::L4 { routed, tls } => {
            let Placement::Listener(listener) = explanation.admission else { panic!("{:?}", explanation.admission) };
            assert_eq!(tls.is_some(), arrival.tls.is_some() && listener.protocol.is_tls() && !listener.passthrough);
            return agree_on_connection(table, routed, explanation);
        }
        Connection::Refuse(why) => return assert_eq!(explanation.verdict, Verdict::Refused(why)),
        Connection::Http { connection, tls } => {
            assert_eq!(tls.is_some(), arrival.tls.is_some());
            connection
        }
    };
    agree_on_request(table, &connection, head, explanation);
}

fn agree_on_request(table: &Table, connection: &HttpConnection, head: &Head<'_>, explanation: &Explanation<'_>) {
    let id = match (table.admit(connection, head), explanation.admission) {
        (Admission::Listener { id, filters }, Placement::Listener(listener)) => {
            assert_eq!(table.listener(id).unwrap().key, listener.key);
            assert_eq!(filters, listener.filters);
            id
        }
        (Admission::Misdirected, Placement::Misdirected) | (Admission::NotFound, Placement::NotFound) => return,
        other => panic!("{other:?}"),
    };
    agree_on_decision(&table.decision(table.route(id, head)).expect("its own answer"), head, explanation);
}

/// A connection in a mesh, and a request on it if that is what follows.
pub fn agree_in_mesh(mesh: &Mesh, arrival: &MeshArrival<'_>, head: &Head<'_>, explanation: &Explanation<'_>) {
    match (mesh.connect(arrival), explanation.admission) {
        (MeshConnection::PassThrough, Placement::PassThrough) => {}
        (MeshConnection::Refuse(why), Placement::Service(_)) => assert_eq!(explanation.verdict, Verdict::Refused(why)),
        (MeshConnection::L4 { routed }, Placement::Service(_)) => agree_on_connection(mesh.table(), routed, explanation),
        (MeshConnection::Http { id, listener }, Placement::Service(place)) => {
            let expected = (&place.service.key, place.port, Some(place.scope));
            assert_eq!((&listener.key.parent, listener.port, listener.clients.as_ref()), expected);
            agree_on_decision(&mesh.table().decision(mesh.table().route(id, head)).expect("its own answer"), head, explanation);
        }
        other => panic!("{other:?}"),
    }
}

fn agree_on_decision(decision: &Decision<'_>, head: &Head<'_>, explanation: &Explanation<'_>) {
    let chosen = decision.rule.map(|one| (one.route, one.rule.index, one.match_index, one.hostname));
    let expected = explanation.winner().map(|one| (one.route.key(), one.rule.index, one.match_index, one.hostname));
    assert_eq!(chosen, expected);
    assert_eq!(done(decision), expected_of(&explanation.verdict));
    let code = match decision.outcome {
        Outcome::Respond { why, .. } if head.is_grpc() => Some(why.grpc_code()),
        _ => None,
    };
    assert_eq!(code, explanation.grpc_code);
}

fn agree_on_connection(table: &Table, routed: Routed, explanation: &Explanation<'_>) {
    let decision = table.l4(routed).expect("its own answer");
    assert!(table.decision(routed).is_none(), "it is no answer to a request");
    let chosen = (decision.rule.route, decision.rule.rule.index, decision.rule.hostname);
    let expected = explanation.winner().map(|one| (one.route.key(), one.rule.index, one.hostname));
    assert_eq!(Some(chosen), expected);
    assert_eq!(carried(&decision), expected_of(&explanation.verdict));
}

/// The order as one struct and the order as a list of sentences are the same, and name the same key.
pub fn agree_on_keys(explanation: &Explanation<'_>, choices: &Choices) {
    let precedence = |one: &Candidate<'_>| {
        let (seniority, place) = (one.route.route.meta.seniority(), (one.rule.index, one.match_index));
        match &one.rule.matches {
            RuleMatches::Http(matches) => {
                Precedence::of_http(one.hostname, &matches[one.match_index], choices.regex_rank, &seniority, place)
            }
            RuleMatches::Grpc(matches) => Precedence::of_grpc(one.hostname, &matches[one.match_index], &seniority, place),
            RuleMatches::L4 => Precedence::of_l4(one.hostname, &seniority, one.rule.index),
        }
    };
    let matching = explanation.candidates.iter().filter(|one| one.failure.is_none());
    let places: Vec<Precedence> = matching.map(precedence).collect();
    let keys: Vec<_> = places.windows(2).filter_map(|pair| pair[0].deciding_key(&pair[1])).collect();
    assert_eq!(keys, explanation.decided_by);
    // Kinds do not compete.
    let competing = |pair: &[Precedence]| pair[0].deciding_key(&pair[1]) != Some(Key::Kind);
    assert!(places.windows(2).filter(|pair| competing(pair)).all(|pair| pair[0] <= pair[1]));
}

/// What becomes of each point of the split, or of every request.
fn done(decision: &Decision<'_>) -> Vec<String> {
    match decision.outcome {
        Outcome::Redirect(redirect) => vec![format!("{redirect:?}")],
        Outcome::Respond { status, .. } => vec![status.to_string()],
        Outcome::Forward(forward) => (0..forward.split.total())
            .map(|point| match forward.at(point) {
                Picked::Backend { target, .. } => format!("{target:?}"),
                Picked::Redirect { redirect, .. } => format!("{redirect:?}"),
                Picked::Respond { status, .. } => status.to_string(),
            })
            .collect(),
    }
}

/// The same for connections.
fn carried(decision: &L4Decision<'_>) -> Vec<String> {
    match decision.outcome {
        L4Outcome::Reject(_) => vec!["rejected".to_owned()],
        L4Outcome::Forward(forward) => (0..forward.split.total())
            .map(|point| match decision.at(point) {
                L4Picked::Backend { target, .. } => format!("{target:?}"),
                L4Picked::Reject(_) => "rejected".to_owned(),
            })
            .collect(),
    }
}

fn expected_of(verdict: &Verdict<'_>) -> Vec<String> {
    match verdict {
        Verdict::Refused(why) => vec![format!("{why:?}")],
        Verdict::PassThrough => vec!["passed through".to_owned()],
        Verdict::Reject => vec!["rejected".to_owned()],
        Verdict::Redirect(redirect) => vec![format!("{redirect:?}")],
        Verdict::Respond(status) => vec![status.to_string()],
        Verdict::Split(shares) => shares
            .iter()
            .flat_map(|share| {
                let answer = match share.answer {
                    Answer::Backend(target) => format!("{target:?}"),
                    Answer::Redirect(redirect) => format!("{redirect:?}"),
                    Answer::Respond(status) => status.to_string(),
                    Answer::Reject => "rejected".to_owned(),
                };
                vec![answer; share.weight as usize]
            })
            .collect(),
    }
}
