//! Law 4 of gwapi-core: the engine is always where `resolve` would be, and says precisely what has become different.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Debug,
    sync::Arc,
};

use gwapi_core::{
    Affected, Change, Engine, Facts, Object, ObjectKey, Resolution, Snapshot,
    name::ControllerName,
    resolution::{ListenerKey, ResolvedPolicy, ResolvedXBackend},
    resolve,
};

use crate::{Case, Coverage, Edit, Group};

/// What an edit has done.
#[derive(Debug)]
pub struct Step<'a> {
    /// How many there were before.
    pub number: usize,
    /// Whether it is the last one.
    pub is_last: bool,
    /// The edit.
    pub edit: &'a Edit,
    /// What it is for an engine.
    pub change: &'a Change,
    /// What there was before.
    pub before: &'a Resolution,
    /// After it.
    pub engine: &'a Engine,
    /// What the engine says that it affects.
    pub affected: &'a Affected,
}

/// Somebody who watches an engine. Several can watch the same one, since reading a case takes longer than watching it.
pub trait Watcher {
    /// A world begins with these objects.
    fn begin(&mut self, case: &Case, objects: &[Object], engine: &Engine);
    /// Something has happened in it.
    fn step(&mut self, step: &Step<'_>);
}

/// Lets an engine go through the edits of a case, one after the other, before the eyes of watchers.
pub fn replay(case: &Case, watchers: &mut [&mut dyn Watcher]) {
    let objects = case.objects();
    let mut engine = Engine::new(case.snapshot_of(objects.clone()), case.controller.clone());
    watchers.iter_mut().for_each(|watcher| watcher.begin(case, &objects, &engine));
    let changes: Vec<(&Edit, Change)> = case.edits.iter().filter_map(|edit| Some((edit, edit.change()?))).collect();
    for (number, (edit, change)) in changes.iter().enumerate() {
        let before = engine.resolution().clone();
        let affected = engine.apply(change.clone());
        let is_last = number + 1 == changes.len();
        let step = Step { number, is_last, edit, change, before: &before, engine: &engine, affected: &affected };
        watchers.iter_mut().for_each(|watcher| watcher.step(&step));
    }
}

/// Checks the law in one case.
///
/// # Panics
/// If it does not hold.
pub fn law_4_engine(case: &Case, coverage: &mut Coverage) {
    replay(case, &mut [&mut EngineWatcher::new(coverage)]);
}

/// Checks an engine against `resolve`, against the objects that there should be, and against an engine that begins later.
#[derive(Debug)]
pub struct EngineWatcher<'c> {
    coverage: &'c mut Coverage,
    objects: BTreeMap<ObjectKey, Object>,
    facts: Facts,
    later: Option<Engine>,
    begins: usize,
    batch: Batch,
}

impl<'c> EngineWatcher<'c> {
    /// Counts there what happens.
    pub fn new(coverage: &'c mut Coverage) -> Self {
        let (objects, facts, batch) = (BTreeMap::new(), Facts::default(), Batch::default());
        Self { coverage, objects, facts, later: None, begins: 0, batch }
    }

    fn follow(&mut self, step: &Step<'_>) {
        match step.change.clone() {
            Change::Put(object) => drop(self.objects.insert(object.key().clone(), object)),
            Change::Delete(key) => drop(self.objects.remove(&key)),
            Change::Facts(facts) => self.facts = facts,
        }
        if let Some(later) = &mut self.later {
            assert_eq!(later.apply(step.change.clone()), *step.affected, "another engine that began with these objects");
            assert_same("begun later,", later.resolution(), step.engine.resolution());
        } else if step.number >= self.begins {
            let controller = (*step.engine.resolution().controller).clone();
            let later = Engine::new(step.engine.snapshot().clone(), controller);
            assert_same("begun anew,", later.resolution(), step.engine.resolution());
            self.later = Some(later);
        }
    }

    /// A snapshot that grew by changes is the one of the objects that are left.
    fn assert_objects(&self, grown: &Snapshot) {
        let mut fresh: Snapshot = self.objects.values().cloned().collect();
        fresh.facts = self.facts.clone();
        assert_eq!(*grown, fresh, "the snapshot of an engine holds what is left");
    }
}

impl Watcher for EngineWatcher<'_> {
    fn begin(&mut self, case: &Case, objects: &[Object], engine: &Engine) {
        assert_same("at first", engine.resolution(), &resolve(engine.snapshot(), &case.controller));
        self.objects = objects.iter().map(|object| (object.key().clone(), object.clone())).collect();
        self.facts = case.facts.clone();
        self.begins = case.edits.len() / 2;
    }

    fn step(&mut self, step: &Step<'_>) {
        let after = step.engine.resolution();
        assert_same("after a change", after, &resolve(step.engine.snapshot(), &after.controller));
        assert_exact(step.before, after, step.affected);
        self.follow(step);
        self.batch.add(step);
        count(self.coverage, step);
        if step.is_last {
            self.batch.check(after);
            self.assert_objects(step.engine.snapshot());
        }
    }
}

/// Two resolutions that should be one. Says which parts differ, since nobody finds them in all of them.
fn assert_same(when: &str, actual: &Resolution, expected: &Resolution) {
    if actual == expected {
        return;
    }
    // Taken apart, so that a new part cannot be forgotten.
    let Resolution {
        controller: _,
        classes,
        gateways,
        listener_sets,
        policies,
        x_backends,
        meshes,
        routes,
        unclaimed,
        attached_routes,
        backend_users,
    } = actual;
    let differing = [
        first_difference(classes, &expected.classes),
        first_difference(meshes, &expected.meshes),
        first_difference(x_backends, &expected.x_backends),
        first_difference(policies, &expected.policies),
        first_difference(gateways, &expected.gateways),
        first_difference(listener_sets, &expected.listener_sets),
        first_difference(unclaimed, &expected.unclaimed),
        first_difference(routes, &expected.routes),
        (*attached_routes != expected.attached_routes)
            .then(|| format!("{attached_routes:?} instead of {:?}", expected.attached_routes)),
        (*backend_users != expected.backend_users).then(|| format!("{backend_users:?} instead of {:?}", expected.backend_users)),
    ];
    panic!("{when} the engine is not where `resolve` is:\n{}", differing.into_iter().flatten().collect::<Vec<_>>().join("\n"));
}

fn first_difference<K: Ord + Debug, V: PartialEq + Debug>(actual: &BTreeMap<K, V>, expected: &BTreeMap<K, V>) -> Option<String> {
    let key = actual.keys().chain(expected.keys()).find(|key| actual.get(*key) != expected.get(*key))?;
    Some(format!("{key:?}: {:?} instead of {:?}", actual.get(key), expected.get(key)))
}

/// What differs between two maps, and what was there before.
fn differing<K: Ord + Clone, V: PartialEq + Clone>(before: &BTreeMap<K, V>, after: &BTreeMap<K, V>) -> BTreeMap<K, Option<V>> {
    let keys = before.keys().chain(after.keys()).filter(|key| before.get(*key) != after.get(*key));
    keys.map(|key| (key.clone(), before.get(key).cloned())).collect()
}

/// Whether there is a difference that anybody could see. Whose a Gateway is that is not ours is seen in explanations only,
/// and who sends where in the statuses of what is sent to.
fn is_seen(before: &Resolution, after: &Resolution) -> bool {
    // Taken apart, so that a new part cannot be forgotten.
    let Resolution {
        controller: _,
        classes,
        gateways,
        listener_sets,
        policies: _,
        x_backends: _,
        meshes,
        routes,
        unclaimed: _,
        attached_routes,
        backend_users: _,
    } = before;
    (classes, gateways, listener_sets) != (&after.classes, &after.gateways, &after.listener_sets)
        || (meshes, routes, attached_routes) != (&after.meshes, &after.routes, &after.attached_routes)
        || policies(before) != policies(after)
        || x_backends(before) != x_backends(after)
}

/// One change: what is affected is what differs, nothing more and nothing less.
fn assert_exact(before: &Resolution, after: &Resolution, affected: &Affected) {
    assert_eq!(affected.classes, keys(&before.classes, &after.classes), "affected classes");
    assert_eq!(affected.meshes, keys(&before.meshes, &after.meshes), "affected meshes");
    assert_eq!(affected.listener_sets, keys(&before.listener_sets, &after.listener_sets), "affected ListenerSets");
    assert_eq!(affected.policies, keys(&policies(before), &policies(after)), "affected policies");
    assert_eq!(affected.x_backends, keys(&x_backends(before), &x_backends(after)), "affected XBackends");
    assert_eq!(affected.gateways, differing(&before.gateways, &after.gateways), "affected Gateways");
    assert_eq!(affected.routes, differing(&before.routes, &after.routes), "affected routes");
    assert_eq!(affected.attached_routes, keys(&counts(before), &counts(after)), "listeners with another number of routes");
    assert_eq!(affected.is_empty(), !is_seen(before, after), "whether anything is affected: {affected:?}");
}

fn keys<K: Ord + Clone, V: PartialEq + Clone>(before: &BTreeMap<K, V>, after: &BTreeMap<K, V>) -> BTreeSet<K> {
    differing(before, after).into_keys().collect()
}

fn counts(resolution: &Resolution) -> BTreeMap<ListenerKey, usize> {
    resolution.attached_routes.iter().map(|(listener, count)| (listener.clone(), count)).collect()
}

/// The Gateways that send to an object, or are it, and the names that entries for them are written under.
fn concerned(resolution: &Resolution, object: &ObjectKey) -> Vec<(ObjectKey, Option<ControllerName>)> {
    let itself = resolution.gateways.contains_key(object).then_some(object);
    let name = |gateway: &ObjectKey| resolution.gateways.get(gateway).map(|gateway| gateway.controller_name.clone());
    itself.into_iter().chain(resolution.backend_users.of(object)).map(|gateway| (gateway.clone(), name(gateway))).collect()
}

type Concerned = Vec<Vec<(ObjectKey, Option<ControllerName>)>>;

/// Policies with whom they concern.
fn policies(resolution: &Resolution) -> BTreeMap<ObjectKey, (Arc<ResolvedPolicy>, Concerned)> {
    let with = |(key, policy): (&ObjectKey, &Arc<ResolvedPolicy>)| {
        let concerned = policy.targets.iter().map(|target| concerned(resolution, &target.target.object)).collect();
        (key.clone(), (policy.clone(), concerned))
    };
    resolution.policies.iter().map(with).collect()
}

/// XBackends with whom they concern.
fn x_backends(resolution: &Resolution) -> BTreeMap<ObjectKey, (Arc<ResolvedXBackend>, Concerned)> {
    let with =
        |(key, backend): (&ObjectKey, &Arc<ResolvedXBackend>)| (key.clone(), (backend.clone(), vec![concerned(resolution, key)]));
    resolution.x_backends.iter().map(with).collect()
}

/// Changes taken together: nothing that differs is forgotten, and what was there before is what was there at first. What
/// changed and changed back may be in it too.
#[derive(Debug, Default)]
pub struct Batch {
    /// What there was at first.
    pub before: Option<Resolution>,
    /// What all changes since affect.
    pub affected: Affected,
}

impl Batch {
    /// Takes one more change in.
    pub fn add(&mut self, step: &Step<'_>) {
        self.before.get_or_insert_with(|| step.before.clone());
        self.affected.merge(step.affected.clone());
    }

    /// Checks what is affected against what differs.
    ///
    /// # Panics
    /// If something is missing, or wrong.
    pub fn check(&self, after: &Resolution) {
        let Some(before) = &self.before else { return };
        let affected = &self.affected;
        assert_has("class", &affected.classes, keys(&before.classes, &after.classes));
        assert_has("mesh", &affected.meshes, keys(&before.meshes, &after.meshes));
        assert_has("ListenerSet", &affected.listener_sets, keys(&before.listener_sets, &after.listener_sets));
        assert_has("policy", &affected.policies, keys(&policies(before), &policies(after)));
        assert_has("XBackend", &affected.x_backends, keys(&x_backends(before), &x_backends(after)));
        assert_has("number of routes", &affected.attached_routes, keys(&counts(before), &counts(after)));
        assert_contains(&affected.gateways, &before.gateways, &differing(&before.gateways, &after.gateways));
        assert_contains(&affected.routes, &before.routes, &differing(&before.routes, &after.routes));
        assert!(!affected.is_empty() || !is_seen(before, after), "something differs and nothing is affected");
    }
}

fn assert_has<K: Ord + Debug>(what: &str, affected: &BTreeSet<K>, differing: BTreeSet<K>) {
    for key in differing {
        assert!(affected.contains(&key), "{what} {key:?} differs and is not among {affected:?}");
    }
}

fn assert_contains<K: Ord + Debug, V: PartialEq + Debug>(
    affected: &BTreeMap<K, Option<V>>,
    before: &BTreeMap<K, V>,
    differing: &BTreeMap<K, Option<V>>,
) {
    for (key, was) in differing {
        assert_eq!(affected.get(key), Some(was), "{key:?} differs");
    }
    for (key, was) in affected {
        assert_eq!(was.as_ref(), before.get(key), "what {key:?} was before");
    }
}

fn count(coverage: &mut Coverage, step: &Step<'_>) {
    let Step { edit, before, affected, .. } = step;
    let after = step.engine.resolution();
    let mut note = |name: &str, seen: bool| coverage.count_if(Group::Edits, name, seen);
    note(&format!("sort: {:?}", edit.sort), true);
    note(&format!("{} affects something", edit.kind()), !affected.is_empty());
    note("affects nothing", affected.is_empty() && before.unclaimed == after.unclaimed);
    note("affects who is unclaimed and nothing else", affected.is_empty() && before.unclaimed != after.unclaimed);
    note("affects classes", !affected.classes.is_empty());
    note("affects meshes", !affected.meshes.is_empty());
    note("affects ListenerSets", !affected.listener_sets.is_empty());
    note("affects policies", !affected.policies.is_empty());
    note("affects policies because of routes", !affected.policies.is_empty() && !affected.routes.is_empty());
    note("affects XBackends", !affected.x_backends.is_empty());
    note("affects XBackends because of routes", !affected.x_backends.is_empty() && !affected.routes.is_empty());
    note("affects Gateways", !affected.gateways.is_empty());
    note("affects several Gateways", affected.gateways.len() > 1);
    note("affects routes", !affected.routes.is_empty());
    note("affects several routes", affected.routes.len() > 1);
    note("affects numbers of attached routes", !affected.attached_routes.is_empty());
    note("affects a Gateway that comes", affected.gateways.values().any(Option::is_none));
    note("affects a Gateway that goes", affected.gateways.keys().any(|key| !after.gateways.contains_key(key)));
    note("affects a Gateway and no route", !affected.gateways.is_empty() && affected.routes.is_empty());
    note("affects a route and no number", !affected.routes.is_empty() && affected.attached_routes.is_empty());
    let is_route = edit.kind().ends_with("Route");
    note("affects routes of a kind that was not changed", !affected.routes.is_empty() && !is_route);
    coverage.total(Group::Edits);
}
