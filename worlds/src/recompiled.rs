//! Law 4 of gwapi-match: tables that follow changes are those that would be compiled anew.

use std::sync::Arc;

use gwapi_core::{Engine, Object, ObjectKey, Resolution};
use gwapi_match::{
    Table, Tables, compile,
    connect::{Admission, Connection, HttpConnection},
    recompile,
};

use crate::{
    Case, Coverage, Group, Request,
    engine::{Batch, Step, Watcher, replay},
    tables::{SEED, compare},
};

/// Checks the law in one case.
///
/// # Panics
/// If it does not hold.
pub fn law_4_tables(case: &Case, coverage: &mut Coverage) {
    replay(case, &mut [&mut TableWatcher::new(coverage)]);
}

/// Checks the tables after every change, and those that are compiled again after several.
#[derive(Debug)]
pub struct TableWatcher<'c> {
    coverage: &'c mut Coverage,
    requests: Vec<Request>,
    tables: Tables,
    batched: Tables,
    batch: Batch,
}

impl<'c> TableWatcher<'c> {
    /// Counts there what is shared.
    pub fn new(coverage: &'c mut Coverage) -> Self {
        let (tables, batched) = (Tables::default(), Tables::default());
        Self { coverage, requests: Vec::new(), tables, batched, batch: Batch::default() }
    }
}

impl Watcher for TableWatcher<'_> {
    fn begin(&mut self, case: &Case, _: &[Object], engine: &Engine) {
        self.requests.clone_from(&case.requests);
        self.tables = compile(engine.resolution(), SEED);
        self.batched = self.tables.clone();
    }

    fn step(&mut self, step: &Step<'_>) {
        let after = step.engine.resolution();
        let fresh = compile(after, SEED);
        let next = recompile(&self.tables, after, step.affected);
        assert_tables(&next, &fresh, "after a change");
        assert_shared(&self.tables, &next, step, self.coverage);
        self.assert_answers(after, &self.tables, &next, step.number);
        self.tables = next;

        self.batch.add(step);
        if step.number % 3 == 2 || step.is_last {
            let next = recompile(&self.batched, after, &self.batch.affected);
            assert_tables(&next, &fresh, "after several changes");
            self.assert_answers(after, &self.batched, &next, step.number);
            (self.batched, self.batch) = (next, Batch::default());
        }
    }
}

impl TableWatcher<'_> {
    /// What is searched is no part of the equality of tables: so some requests are asked too, each time others.
    fn assert_answers(&self, resolution: &Resolution, old: &Tables, new: &Tables, turn: usize) {
        let ignored = &mut Coverage::default();
        let turns = self.requests.iter().cycle().skip(3 * turn).take(3.min(self.requests.len()));
        for request in turns {
            compare(resolution, new, request, ignored);
            for (key, table) in &old.gateways {
                let replaced = new.gateways.get(key).filter(|new| !Arc::ptr_eq(new, table));
                replaced.iter().for_each(|new| assert_not_confused(table, new, request));
            }
        }
    }
}

fn assert_tables(actual: &Tables, expected: &Tables, when: &str) {
    assert!(actual.gateways.keys().eq(expected.gateways.keys()), "{when}: tables of other Gateways");
    for (key, table) in &actual.gateways {
        assert_eq!(Some(table), expected.gateways.get(key), "{when}: {key}");
    }
    assert_eq!(actual.mesh, expected.mesh, "{when}: the mesh");
    assert_eq!(actual, expected, "{when}");
}

/// Tables of Gateways that nothing happened to are the same ones, and so is that of the mesh.
fn assert_shared(old: &Tables, new: &Tables, step: &Step<'_>, coverage: &mut Coverage) {
    let after = |route| step.engine.resolution().routes.get(route);
    let forms: Vec<_> = step.affected.routes.iter().flat_map(|(route, before)| before.iter().chain(after(route))).collect();
    let is_touched =
        |key: Option<&ObjectKey>| forms.iter().flat_map(|route| &route.parents).any(|parent| parent.served_by.gateway() == key);
    for (key, table) in &old.gateways {
        let Some(new) = new.gateways.get(key) else { continue };
        let is_same = Arc::ptr_eq(new, table);
        coverage.total(Group::Tables);
        coverage.count(Group::Tables, if is_same { "Gateway: shared" } else { "Gateway: another one" });
        assert!(
            is_same || step.affected.gateways.contains_key(key) || is_touched(Some(key)),
            "{key} is compiled again for nothing"
        );
    }
    if let (Some(old), Some(new)) = (&old.mesh, &new.mesh) {
        let is_same = Arc::ptr_eq(old, new);
        coverage.total(Group::Tables);
        coverage.count(Group::Tables, if is_same { "mesh: shared" } else { "mesh: another one" });
        assert!(is_same || is_touched(None), "the mesh is compiled again for nothing");
    }
}

/// Law 6: what the table before has answered means nothing to the one that shares nearly everything with it.
fn assert_not_confused(old: &Table, new: &Table, request: &Request) {
    if let Connection::L4 { routed, .. } = old.connect(&request.arrival()) {
        return assert!(new.l4(routed).is_none(), "an answer of another table");
    }
    request.head(old, |head| {
        let Ok(head) = head else { return };
        if let Admission::Listener { id, .. } = old.admit(&HttpConnection::of(&request.arrival()), head) {
            assert!(new.decision(old.route(id, head)).is_none() && new.listener(id).is_none(), "an answer of another table");
        }
    });
}
