//! Law 4 over objects of every kind: however things change, the engine has what `resolve` has, and says what differs.

mod pool;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use gwapi_core::{
    Affected, Change, Controller, Engine, Facts, Object, ObjectKey, Resolution, Snapshot, name::ControllerName,
    resolution::ListenerKey, resolve,
};

const SEQUENCES: u64 = 2_000;
const CHANGES: usize = 5;

/// xorshift64*, so that every run is the same.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) as usize % bound
    }

    fn pick<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        &from[self.below(from.len())]
    }
}

/// How often each part of the resolution differed: a law about what never happens is worth nothing.
#[derive(Default)]
struct Seen(BTreeMap<&'static str, usize>);

impl Seen {
    fn note(&mut self, what: &'static str, did: bool) {
        *self.0.entry(what).or_default() += usize::from(did);
    }
}

#[test]
fn law_4_the_engine_has_what_resolve_has_and_says_what_differs() {
    let (objects, controllers, facts) = (pool::objects(), pool::controllers(), pool::facts());
    let mut seen = Seen::default();
    for sequence in 0..SEQUENCES {
        let mut random = Random(0x9e37_79b9_7f4a_7c15 ^ (sequence + 1));
        let controller = random.pick(&controllers).clone();
        let mut engine = Engine::new(start(&mut random, &objects, &facts), controller.clone());
        let mut before = resolve(engine.snapshot(), &controller);
        assert_eq!(*engine.resolution(), before, "sequence {sequence}");
        for step in 0..CHANGES {
            let change = change(&mut random, &objects, &facts);
            let told = format!("sequence {sequence}, step {step}: {}", name(&change));
            let affected = engine.apply(change);
            let after = resolve(engine.snapshot(), &controller);
            assert_same(engine.resolution(), &after, &told);
            check(&before, &after, &affected, &told);
            note(&mut seen, &before, &affected);
            before = after;
        }
    }
    for (what, times) in &seen.0 {
        assert!(*times >= 100, "{what}: {times}");
    }
}

fn start(random: &mut Random, objects: &[Vec<Object>], facts: &[Facts]) -> Snapshot {
    let here = objects.iter().flat_map(|forms| if random.below(4) > 0 { Some(random.pick(forms).clone()) } else { None });
    let mut snapshot: Snapshot = here.collect();
    snapshot.facts = random.pick(facts).clone();
    snapshot
}

fn change(random: &mut Random, objects: &[Vec<Object>], facts: &[Facts]) -> Change {
    let forms = &objects[random.below(objects.len())];
    match random.below(24) {
        0 => Change::Facts(random.pick(facts).clone()),
        1..8 => Change::Delete(forms[0].key().clone()),
        _ => Change::Put(random.pick(forms).clone()),
    }
}

fn name(change: &Change) -> String {
    match change {
        Change::Put(object) => format!("put {}", object.key()),
        Change::Delete(key) => format!("delete {key}"),
        Change::Facts(_) => "facts".into(),
    }
}

/// The same, told part by part: the whole is too long to read.
fn assert_same(engine: &Resolution, resolved: &Resolution, told: &str) {
    if engine == resolved {
        return;
    }
    assert_eq!(engine.classes, resolved.classes, "{told}");
    assert_eq!(engine.meshes, resolved.meshes, "{told}");
    assert_eq!(engine.x_backends, resolved.x_backends, "{told}");
    assert_eq!(engine.policies, resolved.policies, "{told}");
    assert_eq!(engine.gateways, resolved.gateways, "{told}");
    assert_eq!(engine.listener_sets, resolved.listener_sets, "{told}");
    assert_eq!(engine.routes, resolved.routes, "{told}");
    panic!("the counts, or what is not ours: {told}");
}

fn check(before: &Resolution, after: &Resolution, affected: &Affected, told: &str) {
    assert_eq!(affected.classes, differing(&before.classes, &after.classes), "{told}");
    assert_eq!(affected.meshes, differing(&before.meshes, &after.meshes), "{told}");
    assert_eq!(affected.listener_sets, differing(&before.listener_sets, &after.listener_sets), "{told}");
    assert_eq!(affected.gateways, with_before(&before.gateways, &after.gateways), "{told}");
    assert_eq!(affected.routes, with_before(&before.routes, &after.routes), "{told}");
    assert_eq!(affected.attached_routes, differing(&counts(before), &counts(after)), "{told}");
    assert_eq!(affected.policies, differing(&policies(before), &policies(after)), "{told}");
    assert_eq!(affected.x_backends, differing(&x_backends(before), &x_backends(after)), "{told}");
    // What is not ours is nobody's business; and who sends where does not change without a route or a Gateway.
    let is_same = before.backend_users == after.backend_users || !affected.is_empty();
    assert!(is_same, "{told}");
}

fn differing<K: Clone + Ord, V: PartialEq>(before: &BTreeMap<K, V>, after: &BTreeMap<K, V>) -> BTreeSet<K> {
    before.keys().chain(after.keys()).filter(|key| before.get(*key) != after.get(*key)).cloned().collect()
}

fn with_before<V: PartialEq>(
    before: &BTreeMap<ObjectKey, Arc<V>>,
    after: &BTreeMap<ObjectKey, Arc<V>>,
) -> BTreeMap<ObjectKey, Option<Arc<V>>> {
    differing(before, after).into_iter().map(|key| (key.clone(), before.get(&key).cloned())).collect()
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
fn policies(resolution: &Resolution) -> BTreeMap<ObjectKey, (Arc<gwapi_core::resolution::ResolvedPolicy>, Concerned)> {
    let with = |(key, policy): (&ObjectKey, &Arc<gwapi_core::resolution::ResolvedPolicy>)| {
        let concerned = policy.targets.iter().map(|target| concerned(resolution, &target.target.object)).collect();
        (key.clone(), (policy.clone(), concerned))
    };
    resolution.policies.iter().map(with).collect()
}

/// XBackends with whom they concern.
fn x_backends(resolution: &Resolution) -> BTreeMap<ObjectKey, (Arc<gwapi_core::resolution::ResolvedXBackend>, Concerned)> {
    let with = |(key, backend): (&ObjectKey, &Arc<gwapi_core::resolution::ResolvedXBackend>)| {
        (key.clone(), (backend.clone(), vec![concerned(resolution, key)]))
    };
    resolution.x_backends.iter().map(with).collect()
}

fn note(seen: &mut Seen, before: &Resolution, affected: &Affected) {
    seen.note("nothing", affected.is_empty());
    seen.note("classes", !affected.classes.is_empty());
    seen.note("meshes", !affected.meshes.is_empty());
    seen.note("gateways", !affected.gateways.is_empty());
    seen.note("listener sets", !affected.listener_sets.is_empty());
    seen.note("attached routes", !affected.attached_routes.is_empty());
    seen.note("several routes", affected.routes.len() > 3);
    let new = affected.routes.values().any(Option::is_none);
    seen.note("routes that were there", !affected.routes.is_empty() && !new);
    seen.note("policies because of routes", !affected.policies.is_empty() && !affected.routes.is_empty());
    seen.note("XBackends because of routes", !affected.x_backends.is_empty() && !affected.routes.is_empty());
    let serves_mesh = |route: &Arc<gwapi_core::resolution::ResolvedRoute>| {
        route.parents.iter().any(|parent| parent.served_by.gateway().is_none() && parent.is_attached())
    };
    seen.note("routes of a mesh", before.routes.values().any(serves_mesh));
    let protected = |route: &Arc<gwapi_core::resolution::ResolvedRoute>| {
        let targets = route.rules.iter().flat_map(|rule| &rule.backends).filter_map(|backend| backend.target.as_ref().ok());
        targets.filter_map(|target| target.tls.as_ref()).any(Result::is_ok)
    };
    seen.note("backends with TLS", before.routes.values().any(protected));
}

/// What a controller finds when it starts is what it would have come to.
#[test]
fn law_4_an_engine_that_has_seen_everything_is_one_that_starts_with_everything() {
    let (objects, facts) = (pool::objects(), pool::facts());
    for seed in 0..20 {
        let mut random = Random(seed + 1);
        let snapshot = start(&mut random, &objects, &facts);
        let whole = Engine::new(snapshot.clone(), Controller::named("example.com/ours"));
        let mut grown = Engine::new(Snapshot::new(), Controller::named("example.com/ours"));
        let mut all = Affected::default();
        let mut keys: Vec<ObjectKey> = objects.iter().map(|forms| forms[0].key().clone()).collect();
        // Any order will do.
        keys.sort_by_cached_key(|_| random.below(1_000));
        for object in keys.iter().filter_map(|key| snapshot.object(key)) {
            all.merge(grown.apply(Change::Put(object)));
        }
        all.merge(grown.apply(Change::Facts(snapshot.facts.clone())));
        assert_same(grown.resolution(), whole.resolution(), &format!("seed {seed}"));
        assert!(whole.resolution().routes.keys().all(|key| all.routes.get(key) == Some(&None)), "nothing was there before");
    }
}
