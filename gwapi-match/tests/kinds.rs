//! The laws of ARCHITECTURE.md over worlds of every kind: Gateways with listeners of every protocol, ListenerSets, routes of
//! every kind on them and on Services.

mod support;

use std::{collections::BTreeMap, sync::Arc};

use gwapi_core::{
    Affected, Change, Engine,
    features::Feature,
    model::Object,
    name::ObjectKey,
    resolution::{MeshScope, Resolution},
    resolve,
};
use gwapi_match::{
    Tables, compile,
    explain::{Explanation, Placement, explain, explain_mesh},
    precedence::Key,
    recompile,
};
use gwapi_worlds::agree::{agree, agree_in_mesh, agree_on_keys};
use proptest::{collection::vec, prelude::*};
use support::{
    kinds::{Visit, controller, facts, random_object, service, snapshot, visit},
    seen::{Counters, note, runner},
    *,
};

/// Objects that most worlds begin with, so that routes lead somewhere.
fn start() -> Vec<Object> {
    vec![service("shop/a", "10.0.0.1"), service("shop/b", "10.0.0.2"), service("other/a", "10.0.0.3")]
}

#[test]
fn law_5_the_tables_equal_the_reference_for_every_kind() {
    let counters = Counters::default();
    let result =
        runner(1_000).run(&(controller(), vec(random_object(), 6..24), vec(visit(), 8)), |(controller, objects, visits)| {
            let resolution = resolve(&snapshot(start().into_iter().chain(objects)), &controller);
            let tables = compile(&resolution, SEED);
            for visit in visits {
                compare(&resolution, &tables, &visit, &counters);
            }
            Ok(())
        });
    result.unwrap_or_else(|failure| panic!("{failure}"));
    let keys =
        [Key::Kind, Key::Hostname, Key::Service, Key::Method, Key::Headers, Key::Age, Key::Name, Key::Rule, Key::PathLength];
    counters.assert_seen(keys);
    counters.assert_seen(["HTTPRoute", "GRPCRoute", "TLSRoute", "TCPRoute", "UDPRoute"].map(|kind| format!("by: {kind}")));
    counters
        .assert_seen(["HTTPRoute", "GRPCRoute", "TLSRoute", "TCPRoute", "UDPRoute"].map(|kind| format!("in mesh by: {kind}")));
    counters.assert_seen(["failed: not gRPC", "failed: service", "failed: method", "failed: header", "failed: hostname"]);
    counters.assert_seen(["code: Unimplemented", "code: Unavailable", "code: Internal"]);
    counters.assert_seen([
        "verdict: NoRoute",
        "verdict: WrongTransport",
        "verdict: NoListenerForServerName",
        "verdict: NoSuchPort",
    ]);
    counters.assert_seen(["verdict: reject", "share: rejected", "misdirected", "passed through", "fell through"]);
    counters.assert_seen(["by a listener of a set", "consumer routes", "producer routes"]);
}

fn compare(resolution: &Resolution, tables: &Tables, visit: &Visit, counters: &Counters) {
    let choices = &resolution.controller.choices;
    let gateway = key("Gateway", "front");
    let mesh = tables.mesh.as_deref();
    assert_eq!(mesh.is_some(), resolution.controller.features.has(Feature::Mesh));
    assert_eq!(tables.gateways.contains_key(&gateway), resolution.gateways.get(&gateway).is_some_and(|one| one.is_accepted()));
    visit.request().read(choices, |head| {
        if let Some(table) = tables.gateways.get(&gateway) {
            let explanation = explain(resolution, &gateway, &visit.arrival(), head).expect("an accepted Gateway");
            note(&explanation, counters);
            agree(table, &visit.arrival(), Some(head), &explanation);
            agree_on_keys(&explanation, choices);
            if parent(&explanation).is_some_and(|parent| parent.kind == "ListenerSet") {
                counters.count("by a listener of a set");
            }
        }
        if let Some(mesh) = mesh {
            let explanation = explain_mesh(resolution, &visit.in_mesh(), Some(head)).expect("a mesh");
            note_mesh(&explanation, counters);
            agree_in_mesh(mesh, &visit.in_mesh(), Some(head), &explanation);
            agree_on_keys(&explanation, choices);
        }
    });
}

fn parent<'a>(explanation: &Explanation<'a>) -> Option<&'a ObjectKey> {
    match explanation.admission {
        Placement::Listener(listener) => Some(&listener.key.parent),
        _ => None,
    }
}

fn note_mesh(explanation: &Explanation<'_>, counters: &Counters) {
    note(explanation, counters);
    if let Placement::Service(place) = explanation.admission {
        counters.count(if *place.scope == MeshScope::Producer { "producer routes" } else { "consumer routes" });
    }
    if let Some(winner) = explanation.winner() {
        counters.count(format!("in mesh by: {}", winner.route.route.kind));
    }
}

/// Something that happens.
#[derive(Clone, Debug)]
enum Step {
    Put(Object),
    /// What was put as the n-th of all is deleted.
    Delete(usize),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![3 => random_object().prop_map(Step::Put), 1 => (0_usize..20).prop_map(Step::Delete)]
}

#[test]
fn law_4_recompiled_tables_equal_compiled_ones_for_every_kind() {
    let counters = Counters::default();
    let start_with = vec(random_object(), 0..12);
    let result = runner(200).run(&(controller(), start_with, vec(vec(step(), 1..4), 6)), |(controller, objects, batches)| {
        let mut keys: Vec<ObjectKey> = objects.iter().map(|object| object.key().clone()).collect();
        let mut engine = Engine::new(snapshot(start().into_iter().chain(objects)), controller.clone());
        engine.apply(Change::Facts(facts()));
        let mut tables = compile(engine.resolution(), SEED);
        for batch in batches {
            let mut affected = Affected::default();
            for step in batch {
                affected.merge(engine.apply(match step {
                    Step::Put(object) => {
                        keys.push(object.key().clone());
                        Change::Put(object)
                    }
                    Step::Delete(number) => match keys.get(number) {
                        Some(key) => Change::Delete(key.clone()),
                        None => continue,
                    },
                }));
            }
            let before = tables;
            tables = recompile(&before, engine.resolution(), &affected);
            let expected = compile(engine.resolution(), SEED + 1);
            assert_eq!(tables.gateways, expected.gateways);
            assert_eq!(tables.mesh, expected.mesh);
            note_changes(&before, &tables, &counters);
        }
        Ok(())
    });
    result.unwrap_or_else(|failure| panic!("{failure}"));
    counters.assert_seen(["mesh changed", "mesh shared", "Gateway changed", "Gateway shared"]);
}

fn note_changes(before: &Tables, after: &Tables, counters: &Counters) {
    if let (Some(before), Some(after)) = (&before.mesh, &after.mesh) {
        counters.count(if Arc::ptr_eq(before, after) { "mesh shared" } else { "mesh changed" });
    }
    for (key, table) in &after.gateways {
        if let Some(before) = before.gateways.get(key) {
            counters.count(if Arc::ptr_eq(before, table) { "Gateway shared" } else { "Gateway changed" });
        }
    }
}

#[test]
fn law_3_tables_of_every_kind_depend_neither_on_the_order_of_the_input_nor_on_the_seed() {
    let result = runner(60).run(&(controller(), vec(random_object(), 6..24), any::<u64>()), |(controller, objects, seed)| {
        let all: BTreeMap<ObjectKey, Object> = start().into_iter().chain(objects).map(|one| (one.key().clone(), one)).collect();
        let one = compile(&resolve(&snapshot(all.values().cloned()), &controller), SEED);
        let other = compile(&resolve(&snapshot(all.into_values().rev()), &controller), seed);
        prop_assert_eq!(one, other);
        Ok(())
    });
    result.unwrap_or_else(|failure| panic!("{failure}"));
}
