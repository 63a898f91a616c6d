//! Law 4 of gwapi-status: what is projected for changes adds up to the whole, and holds nothing besides.

use std::{collections::BTreeMap, fmt::Debug};

use gwapi_core::{Affected, Engine, Object, ObjectKey};
use gwapi_status::{StatusReport, project, project_for};

use crate::{
    Case,
    engine::{Batch, Step, Watcher, replay},
};

/// Checks the law in one case.
///
/// # Panics
/// If it does not hold.
pub fn law_4_statuses(case: &Case) {
    replay(case, &mut [&mut StatusWatcher::default()]);
}

/// Checks the conditions after every change, and for all of them together.
#[derive(Debug, Default)]
pub struct StatusWatcher {
    first: StatusReport,
    known: StatusReport,
    batch: Batch,
}

impl Watcher for StatusWatcher {
    fn begin(&mut self, _: &Case, _: &[Object], engine: &Engine) {
        self.first = project(engine.resolution());
        self.known = self.first.clone();
    }

    fn step(&mut self, step: &Step<'_>) {
        let after = step.engine.resolution();
        let whole = project(after);
        assert_part(&project_for(after, step.affected), step.affected, &self.known, &whole);
        self.known.update(after, step.affected);
        assert_report(&self.known, &whole);
        self.batch.add(step);
        if step.is_last {
            let affected = &self.batch.affected;
            assert_part(&project_for(after, affected), affected, &self.first, &whole);
            self.first.update(after, affected);
            assert_report(&self.first, &whole);
        }
    }
}

/// Two reports that should be one, taken apart, since nobody finds what differs in all of them.
fn assert_report(known: &StatusReport, whole: &StatusReport) {
    let StatusReport { classes, gateways, listener_sets, policies, x_backends, meshes, routes, owned } = known;
    assert_eq!(classes, &whole.classes);
    assert_eq!(gateways, &whole.gateways);
    assert_eq!(listener_sets, &whole.listener_sets);
    assert_eq!(policies, &whole.policies);
    assert_eq!(x_backends, &whole.x_backends);
    assert_eq!(meshes, &whole.meshes);
    assert_eq!(routes, &whole.routes);
    assert_eq!(owned, &whole.owned, "whose entries are ours");
}

/// What is in a part is in the whole, and belongs to what is affected.
fn assert_part(part: &StatusReport, affected: &Affected, old: &StatusReport, new: &StatusReport) {
    assert_in("class", &part.classes, &new.classes);
    assert_in("Gateway", &part.gateways, &new.gateways);
    assert_in("ListenerSet", &part.listener_sets, &new.listener_sets);
    assert_in("policy", &part.policies, &new.policies);
    assert_in("XBackend", &part.x_backends, &new.x_backends);
    assert_in("mesh", &part.meshes, &new.meshes);
    assert_in("route", &part.routes, &new.routes);
    assert!(part.classes.keys().all(|key| affected.classes.contains(&key.name)), "a class that is not affected");
    assert!(part.policies.keys().all(|key| affected.policies.contains(key)), "a policy that is not affected");
    assert!(part.routes.keys().all(|key| affected.routes.contains_key(key)), "a route that is not affected");
    if affected.is_empty() {
        assert_report(&StatusReport { owned: new.owned.clone(), ..old.clone() }, new);
    }
}

fn assert_in<V: PartialEq + Debug>(what: &str, part: &BTreeMap<ObjectKey, V>, new: &BTreeMap<ObjectKey, V>) {
    for (key, status) in part {
        assert_eq!(Some(status), new.get(key), "{what} {key:?} in the part");
    }
}
