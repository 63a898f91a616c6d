//! The laws of ARCHITECTURE.md that this crate keeps.

mod support;

use gwapi_core::{Controller, resolution::Resolution, resolve};
use gwapi_match::{
    connect::{Admission, Arrival, HttpConnection},
    explain::explain,
    precedence::Key,
};
use gwapi_worlds::agree::{agree, agree_on_keys};
use proptest::{collection::vec, prelude::*};
use support::{
    random::{RandomRequest, Setting, request, setting},
    seen::{Counters, note, runner},
    *,
};

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
        agree(table, &request.arrival(), Some(head), &explanation);
        agree_on_keys(&explanation, table.choices());
    });
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
