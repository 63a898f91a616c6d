//! Law 4 of gwapi-status: the conditions of what is affected are all that differs.

use std::{collections::BTreeMap, fmt::Debug};

use gwapi_core::{Affected, Engine, Object, Resolution};
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
pub struct StatusWatcher(Batch);

impl Watcher for StatusWatcher {
    fn begin(&mut self, _: &Case, _: &[Object], _: &Engine) {}

    fn step(&mut self, step: &Step<'_>) {
        let after = step.engine.resolution();
        assert_part(step.before, after, step.affected);
        self.0.add(step);
        if let Some(before) = self.0.before.as_ref().filter(|_| step.is_last) {
            assert_part(before, after, &self.0.affected);
        }
    }
}

fn assert_part(before: &Resolution, after: &Resolution, affected: &Affected) {
    let part = project_for(after, affected);
    let (old, new) = (project(before), project(after));
    // Taken apart, so that a new field cannot be forgotten.
    let StatusReport { classes, gateways, listener_sets, policies, x_backends, meshes, routes, owned } = &part;
    assert_covers("class", classes, &old.classes, &new.classes);
    assert_covers("Gateway", gateways, &old.gateways, &new.gateways);
    assert_covers("ListenerSet", listener_sets, &old.listener_sets, &new.listener_sets);
    assert_covers("policy", policies, &old.policies, &new.policies);
    assert_covers("XBackend", x_backends, &old.x_backends, &new.x_backends);
    assert_covers("mesh", meshes, &old.meshes, &new.meshes);
    assert_covers("route", routes, &old.routes, &new.routes);
    assert_eq!(owned, &new.owned, "whose entries are ours");
    assert!(classes.keys().all(|key| affected.classes.contains(&key.name)), "a class that is not affected");
    assert!(routes.keys().all(|key| affected.routes.contains_key(key)), "a route that is not affected");
    assert!(policies.keys().all(|key| affected.policies.contains(key)), "a policy that is not affected");
    if affected.is_empty() {
        assert_eq!(StatusReport { owned: new.owned.clone(), ..old }, new, "nothing is affected");
    }
}

/// What is in the part is as it is in the whole, and what is not in it is as it was.
fn assert_covers<K: Ord + Debug, V: PartialEq + Debug>(
    what: &str,
    part: &BTreeMap<K, V>,
    old: &BTreeMap<K, V>,
    new: &BTreeMap<K, V>,
) {
    for (key, status) in part {
        assert_eq!(Some(status), new.get(key), "{what} {key:?} in the part");
    }
    for (key, status) in new.iter().filter(|(key, _)| !part.contains_key(key)) {
        assert_eq!(Some(status), old.get(key), "{what} {key:?} is not in the part");
    }
}
