//! The laws of ARCHITECTURE.md that this crate keeps.

mod support;

use std::{cell::RefCell, collections::BTreeMap};

use gwapi_core::{Choices, Controller, resolution::Resolution, resolve};
use gwapi_match::{
    Table,
    connect::{Admission, Arrival, Connection, HttpConnection},
    decision::{Decision, Outcome, Picked},
    explain::{Answer, Candidate, Explanation, Failure, Placement, Verdict, explain},
    head::RequestHead,
    precedence::{Key, Precedence},
};
use proptest::{
    collection::vec,
    prelude::*,
    test_runner::{Config, RngAlgorithm, TestRng, TestRunner},
};
use support::{
    random::{RandomRequest, Setting, request, setting},
    *,
};

type Head<'r> = RequestHead<'r, [(&'r [u8], &'r [u8])]>;

/// The same cases in every run; `PROPTEST_CASES` asks for more.
fn runner(cases: u32) -> TestRunner {
    let config = Config { failure_persistence: None, ..Config::default() };
    let config = Config { cases: config.cases.max(cases), ..config };
    TestRunner::new_with_rng(config, TestRng::deterministic_rng(RngAlgorithm::ChaCha))
}

/// How often something happened, so that a generator that makes only easy cases is noticed.
#[derive(Default)]
struct Counters(RefCell<BTreeMap<String, usize>>);

impl Counters {
    fn count(&self, what: impl ToString) {
        *self.0.borrow_mut().entry(what.to_string()).or_default() += 1;
    }

    fn assert_seen(&self, what: impl IntoIterator<Item = impl ToString>) {
        let counts = self.0.borrow();
        for what in what {
            assert!(counts.get(&what.to_string()).is_some_and(|count| *count > 0), "no `{}` in {counts:?}", what.to_string());
        }
    }
}

#[test]
fn law_5_the_table_equals_the_reference() {
    let counters = Counters::default();
    let result = runner(2_000).run(&(setting(), vec(request(), 5)), |(setting, requests)| {
        let world = World::of(resolve(&snapshot(setting.listeners, setting.routes), &setting.controller));
        for request in requests {
            compare(&world, &request, &counters);
        }
        Ok(())
    });
    result.unwrap_or_else(|failure| panic!("{failure}"));
    counters.assert_seen(Key::ALL.into_iter().filter(|key| !matches!(key, Key::Kind | Key::Service)));
    let ends = ["matched", "not found", "no listener", "misdirected", "refused", "fell through", "no gateway"];
    counters.assert_seen(ends);
    counters.assert_seen(["refused rule", "hostname", "path", "method", "header", "query"].map(|what| format!("failed: {what}")));
    counters.assert_seen(["redirect", "split", "500", "503"].map(|what| format!("verdict: {what}")));
}

fn compare(world: &World, request: &RandomRequest, counters: &Counters) {
    let gateway = key("Gateway", "front");
    let Some(table) = world.tables.gateways.get(&gateway) else {
        counters.count("no gateway");
        assert!(!world.resolution.gateways[&gateway].is_accepted());
        return;
    };
    let request = request.as_request();
    request.head(table, |head| {
        let explanation = explain(&world.resolution, &gateway, &request.arrival(), head).expect("an accepted Gateway");
        note(&explanation, counters);
        agree(table, &request.arrival(), head, &explanation);
        agree_on_keys(&explanation, table.choices());
    });
}

fn note(explanation: &Explanation<'_>, counters: &Counters) {
    explanation.decided_by.iter().for_each(|key| counters.count(key));
    counters.count(match (explanation.admission, explanation.winner()) {
        (Placement::Refused(_), _) => "refused",
        (Placement::Misdirected, _) => "misdirected",
        (Placement::NotFound, _) => "no listener",
        (Placement::Listener(_), None) => "not found",
        (Placement::Listener(_), Some(_)) => "matched",
    });
    for candidate in &explanation.candidates {
        match candidate.failure {
            None => {}
            Some(Failure::Refused(_)) => counters.count("failed: refused rule"),
            Some(Failure::Hostname) => counters.count("failed: hostname"),
            Some(Failure::Path) => counters.count("failed: path"),
            Some(Failure::Method) => counters.count("failed: method"),
            Some(Failure::Header(_)) => counters.count("failed: header"),
            Some(Failure::Query(_)) => counters.count("failed: query"),
        }
    }
    if let Some(winner) = explanation.winner() {
        let characters = |hostname: Option<&gwapi_core::Hostname>| hostname.map_or(0, |name| name.as_str().len());
        let mut others = explanation.candidates.iter().filter(|other| !matches!(other.failure, Some(Failure::Refused(_))));
        if others.any(|other| other.failure.is_some() && characters(other.hostname) > characters(winner.hostname)) {
            counters.count("fell through");
        }
        match &explanation.verdict {
            Verdict::Split(_) => counters.count("verdict: split"),
            Verdict::Redirect(_) => counters.count("verdict: redirect"),
            Verdict::Respond(status) => counters.count(format!("verdict: {}", status.as_u16())),
            Verdict::Refused(_) => unreachable!("a rule was found"),
        }
    }
}

fn agree(table: &Table, arrival: &Arrival<'_>, head: &Head<'_>, explanation: &Explanation<'_>) {
    let connection = match table.connect(arrival) {
        Connection::L4 { .. } => unreachable!("no such listeners"),
        Connection::Refuse(why) => return assert_eq!(Placement::Refused(why), explanation.admission),
        Connection::Http { connection, tls } => {
            assert_eq!(tls.is_some(), arrival.tls.is_some());
            connection
        }
    };
    let id = match (table.admit(&connection, head), explanation.admission) {
        (Admission::Listener { id, .. }, Placement::Listener(listener)) => {
            assert_eq!(table.listener(id).unwrap().key, listener.key);
            id
        }
        (Admission::Misdirected, Placement::Misdirected) | (Admission::NotFound, Placement::NotFound) => return,
        other => panic!("{other:?}"),
    };
    let decision = table.decision(table.route(id, head)).expect("its own answer");
    let chosen = decision.rule.map(|one| (one.route, one.rule.index, one.match_index, one.hostname));
    let expected = explanation.winner().map(|one| (one.route.key(), one.rule.index, one.match_index, one.hostname));
    assert_eq!(chosen, expected);
    assert_eq!(done(&decision), expected_of(&explanation.verdict));
}

/// The order as one struct and the order as a list of sentences are the same, and name the same key.
fn agree_on_keys(explanation: &Explanation<'_>, choices: &Choices) {
    let precedence = |one: &Candidate<'_>| {
        let seniority = one.route.route.meta.seniority();
        Precedence::of_http(one.hostname, one.matched, choices.regex_rank, &seniority, (one.rule.index, one.match_index))
    };
    let matching = explanation.candidates.iter().filter(|one| one.failure.is_none());
    let places: Vec<Precedence> = matching.map(precedence).collect();
    assert!(places.is_sorted());
    let keys: Vec<_> = places.windows(2).filter_map(|pair| pair[0].deciding_key(&pair[1])).collect();
    assert_eq!(keys, explanation.decided_by);
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

fn expected_of(verdict: &Verdict<'_>) -> Vec<String> {
    match verdict {
        Verdict::Refused(why) => vec![format!("{why:?}")],
        Verdict::Redirect(redirect) => vec![format!("{redirect:?}")],
        Verdict::Respond(status) => vec![status.to_string()],
        Verdict::Split(shares) => shares
            .iter()
            .flat_map(|share| {
                let answer = match share.answer {
                    Answer::Backend(target) => format!("{target:?}"),
                    Answer::Redirect(redirect) => format!("{redirect:?}"),
                    Answer::Respond(status) => status.to_string(),
                };
                vec![answer; share.weight as usize]
            })
            .collect(),
    }
}

#[test]
fn law_3_tables_depend_neither_on_the_order_of_the_input_nor_on_the_seed() {
    let result = runner(200).run(&(setting(), any::<u64>()), |(Setting { controller, listeners, mut routes }, seed)| {
        let one = gwapi_match::compile(&resolve(&snapshot(listeners.clone(), routes.clone()), &controller), SEED);
        routes.reverse();
        let other = gwapi_match::compile(&resolve(&snapshot(listeners, routes), &controller), seed);
        prop_assert_eq!(one, other);
        Ok(())
    });
    result.unwrap_or_else(|failure| panic!("{failure}"));
}

#[test]
fn law_6_a_routed_never_yields_another_tables_rule() {
    let same = || vec![route("r").rule(rule([]))];
    let resolution = resolution(vec![http("web", 80, "")], same());
    let other = self::resolution(vec![http("web", 80, "")], vec![route("s").rule(rule([]))]);
    let (one, again, other) = (World::of(resolution.clone()), World::of(resolution), World::of(other));
    assert_eq!(one.tables, again.tables, "equal tables, and yet two");
    assert_ne!(one.tables, other.tables);
    Request::get("/x").head(one.table(), |head| {
        let connection = HttpConnection::of(&Arrival::plain(80));
        let Admission::Listener { id, .. } = one.table().admit(&connection, head) else { panic!("no listener") };
        let routed = one.table().route(id, head);
        assert!(one.table().decision(routed).is_some_and(|decision| decision.rule.is_some()));
        assert!(again.table().decision(routed).is_none());
        assert!(other.table().decision(routed).is_none());

        // A listener's number means nothing to another table either, not even "not found".
        assert!(other.table().listener(id).is_none());
        let routed = other.table().route(id, head);
        for table in [one.table(), again.table(), other.table()] {
            assert!(table.decision(routed).is_none());
        }
    });
    let not_found = Request::get("/").head(other.table(), |head| {
        let empty = World::of(self::resolution(vec![http("web", 80, "")], Vec::new()));
        let connection = HttpConnection::of(&Arrival::plain(80));
        let Admission::Listener { id, .. } = empty.table().admit(&connection, head) else { panic!("no listener") };
        empty.table().route(id, head)
    });
    assert!(!not_found.is_found());
    assert!(one.table().decision(not_found).is_none(), "also of answers without a rule");
}

#[test]
fn law_6_a_pinned_decision_outlives_its_configuration() {
    let one = world(vec![http("web", 80, "")], vec![route("r").rule(rule([]))]);
    let pinned = Request::get("/").head(one.table(), |head| {
        let connection = HttpConnection::of(&Arrival::plain(80));
        let Admission::Listener { id, .. } = one.table().admit(&connection, head) else { panic!("no listener") };
        gwapi_match::PinnedDecision::new(one.table().clone(), one.table().route(id, head))
    });
    drop(one);
    let decision = pinned.decision().expect("its own table");
    assert_eq!(decision.rule.map(|chosen| chosen.route.name.as_str()), Some("r"));
}

#[test]
fn law_2_every_resolution_has_tables() {
    assert!(gwapi_match::compile(&Resolution::default(), 0).gateways.is_empty());
    // A Gateway without listeners is accepted (B-001) and serves nothing.
    let nothing = resolve(&snapshot(Vec::new(), vec![route("r").rule(rule([]))]), &Controller::default());
    let tables = gwapi_match::compile(&nothing, 0);
    assert!(tables.gateways.len() == 1 && tables.gateways.values().all(|table| table.ports().count() == 0));
}
