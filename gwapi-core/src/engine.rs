//! The function, one change at a time: what a change touches is resolved again, and nothing else.

use alloc::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    vec::Vec,
};

use crate::{
    controller::Controller,
    facts::Facts,
    model::{Object, ReferenceGrant, Referrer},
    name::{ObjectKey, ObjectName},
    resolution::{ListenerKey, Resolution, ResolvedGateway, ResolvedRoute},
    resolve::{Reads, Source, World, has_classes, is_built, resolve_class, resolve_gateway, resolve_route},
    snapshot::Snapshot,
};

mod dependencies;

use dependencies::{Dependencies, Unit};

/// A snapshot and its resolution, kept equal to [`resolve`](crate::resolve()) of the snapshot while it changes (law 4).
///
/// Changes may come in any order and more than once: a route before its Gateway, a Service after the routes that use it.
///
/// ```
/// use gwapi_core::{Controller, Object, Snapshot, engine::{Change, Engine}, resolve};
/// use serde_json::json;
///
/// let service = |ports| json!({
///     "apiVersion": "v1", "kind": "Service", "metadata": {"name": "cart", "namespace": "shop"}, "spec": {"ports": ports},
/// });
/// let route = json!({
///     "apiVersion": "gateway.networking.k8s.io/v1", "kind": "HTTPRoute", "metadata": {"name": "cart", "namespace": "shop"},
///     "spec": {"parentRefs": [{"name": "edge"}], "rules": [{"backendRefs": [{"name": "cart", "port": 80}]}]},
/// });
/// let put = |value| Change::Put(Object::from_json(&value).object.expect("an object"));
///
/// let mut engine = Engine::new(Snapshot::new(), Controller::default());
/// let affected = engine.apply(put(route));
/// assert_eq!(affected.routes.len(), 1);
/// let affected = engine.apply(put(service(json!([{"port": 80}]))));
/// assert_eq!(affected.routes.len(), 1, "its backend has come");
/// let affected = engine.apply(put(service(json!([{"port": 80}, {"port": 9090}]))));
/// assert!(affected.is_empty(), "nobody uses the other port");
/// assert_eq!(*engine.resolution(), resolve(engine.snapshot(), &Controller::default()));
/// ```
#[derive(Clone, Debug)]
pub struct Engine {
    snapshot: Snapshot,
    resolution: Resolution,
    dependencies: Dependencies,
}

/// Something that happened.
#[derive(Clone, Debug)]
pub enum Change {
    /// An object was created or edited, or seen again as it was.
    Put(Object),
    /// There is no object of that key any more, or there never was.
    Delete(ObjectKey),
    /// What only the outside knows is different.
    Facts(Facts),
}

/// What differs in the resolution after changes, with what stood there before; nothing if there was nothing.
///
/// This is what [`gwapi_match::recompile`](https://docs.rs/gwapi-match) and
/// [`gwapi_status::project_for`](https://docs.rs/gwapi-status) look at.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Affected {
    /// Classes of ours, also those that are ours no more.
    pub classes: BTreeSet<ObjectName>,
    /// Gateways of ours, also those that are ours no more.
    pub gateways: BTreeMap<ObjectKey, Option<Arc<ResolvedGateway>>>,
    /// Routes.
    pub routes: BTreeMap<ObjectKey, Option<Arc<ResolvedRoute>>>,
    /// Listeners with another number of attached routes.
    pub attached_routes: BTreeSet<ListenerKey>,
}

impl Affected {
    /// Whether nothing differs, so that there is nothing to compile and nothing to write.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        // Taken apart, so that a new field cannot be forgotten.
        let Self { classes, gateways, routes, attached_routes } = self;
        classes.is_empty() && gateways.is_empty() && routes.is_empty() && attached_routes.is_empty()
    }

    /// Adds what later changes affect, so that many changes can be compiled and written at once.
    pub fn merge(&mut self, later: Self) {
        let Self { classes, gateways, routes, attached_routes } = later;
        self.classes.extend(classes);
        for (key, before) in gateways {
            self.gateways.entry(key).or_insert(before);
        }
        for (key, before) in routes {
            self.routes.entry(key).or_insert(before);
        }
        self.attached_routes.extend(attached_routes);
    }
}

impl Engine {
    /// Resolves a snapshot and keeps both.
    #[must_use]
    pub fn new(snapshot: Snapshot, controller: Controller) -> Self {
        let resolution = Resolution { controller: Arc::new(controller), ..Resolution::default() };
        let classes = snapshot.classes().map(|class| Unit::Class(class.meta.key.name.clone()));
        let gateways = snapshot.gateways().map(|gateway| Unit::Gateway(gateway.meta.key.clone()));
        let routes = snapshot.routes().map(|route| Unit::Route(route.meta.key.clone()));
        let everything = classes.chain(gateways).chain(routes).collect();
        let mut engine = Self { snapshot, resolution, dependencies: Dependencies::default() };
        engine.settle(everything);
        engine
    }

    /// The objects as they are after all changes.
    #[must_use]
    pub fn snapshot(&self) -> &Snapshot {
        &self.snapshot
    }

    /// Equal to [`resolve`](crate::resolve()) of [`Self::snapshot`].
    #[must_use]
    pub fn resolution(&self) -> &Resolution {
        &self.resolution
    }

    /// Takes a change in and resolves what depends on it. Costs as much as what is affected has size, however many objects
    /// there are besides.
    pub fn apply(&mut self, change: Change) -> Affected {
        let had_classes = has_classes(&self.snapshot);
        let mut touched = match change {
            Change::Put(object) => self.put(object),
            Change::Delete(key) => self.delete(&key),
            Change::Facts(facts) if facts == self.snapshot.facts => BTreeSet::new(),
            Change::Facts(facts) => {
                self.snapshot.facts = facts;
                self.readers(&[Source::Facts])
            }
        };
        if had_classes != has_classes(&self.snapshot) {
            touched.extend(self.readers(&[Source::AnyClass]));
        }
        self.settle(touched)
    }

    fn put(&mut self, object: Object) -> BTreeSet<Unit> {
        let before = self.snapshot.object(object.key());
        // Whoever watches a cluster sees most objects again for changes that are not in the model, such as those of status.
        if before.as_ref() == Some(&object) {
            return BTreeSet::new();
        }
        let touched = self.touched([before.as_ref(), Some(&object)]);
        self.snapshot.insert(object);
        touched
    }

    fn delete(&mut self, key: &ObjectKey) -> BTreeSet<Unit> {
        let before = self.snapshot.object(key);
        self.snapshot.remove(key);
        self.touched([before.as_ref(), None])
    }

    /// What is to be resolved again after an object was one thing and is another: itself, and whoever has looked at it.
    fn touched(&self, forms: [Option<&Object>; 2]) -> BTreeSet<Unit> {
        let mut touched = BTreeSet::new();
        for object in forms.into_iter().flatten() {
            touched.extend(Unit::of(object));
            touched.extend(self.readers(&sources(object)));
        }
        touched
    }

    fn readers(&self, sources: &[Source]) -> BTreeSet<Unit> {
        sources.iter().flat_map(|source| self.dependencies.readers(source)).cloned().collect()
    }

    /// Resolves units in the order of their stages. What differs touches its readers, which are always of a later stage: so
    /// each unit is resolved once.
    fn settle(&mut self, mut touched: BTreeSet<Unit>) -> Affected {
        let mut affected = Affected::default();
        let mut counts = Counts::default();
        while let Some(unit) = touched.pop_first() {
            if let Some(source) = self.refresh(unit, &mut affected, &mut counts) {
                touched.extend(self.readers(&[source]));
            }
        }
        affected.attached_routes = counts.changed(&self.resolution);
        affected
    }

    /// Resolves one unit. If something else has become of it, returns what those that have looked at it looked at.
    fn refresh(&mut self, unit: Unit, affected: &mut Affected, counts: &mut Counts) -> Option<Source> {
        let reads = Reads::default();
        let world = World::new(&self.snapshot, &self.resolution).recorded(&reads);
        match &unit {
            Unit::Class(name) => {
                let class = self.snapshot.classes.get(name).and_then(|class| resolve_class(&world, class)).map(Arc::new);
                self.note(&unit, reads);
                if self.resolution.classes.get(name) != class.as_ref() {
                    self.resolution.set_class(name, class);
                    affected.classes.insert(name.clone());
                }
                // Also if it is not ours: Gateways tell whose it is.
                Some(Source::Class(name.clone()))
            }
            Unit::Gateway(key) => {
                let gateway = self.snapshot.gateways.get(key).map(|gateway| resolve_gateway(&world, gateway).map(Arc::new));
                self.note(&unit, reads);
                let after = gateway.clone();
                let before = self.resolution.set_gateway(key, gateway);
                if before == after {
                    return None;
                }
                let before = before.and_then(Result::ok);
                if before.is_some() || matches!(after, Some(Ok(_))) {
                    affected.gateways.insert(key.clone(), before);
                }
                Some(Source::Gateway(key.clone()))
            }
            Unit::Route(key) => {
                let route = self
                    .snapshot
                    .routes
                    .get(key)
                    .filter(|route| is_built(route))
                    .map(|route| Arc::new(resolve_route(&world, route)));
                self.note(&unit, reads);
                if self.resolution.routes.get(key) != route.as_ref() {
                    counts.before(&self.resolution, self.resolution.routes.get(key), route.as_ref());
                    let before = self.resolution.set_route(key, route);
                    affected.routes.insert(key.clone(), before);
                }
                None
            }
        }
    }

    fn note(&mut self, unit: &Unit, reads: Reads) {
        self.dependencies.set(unit, reads.into_sources());
    }
}

/// What changes with an object for those that look at it.
fn sources(object: &Object) -> Vec<Source> {
    let mut sources = alloc::vec![Source::Object(object.key().clone())];
    if let Object::ReferenceGrant(grant) = object {
        sources.extend(granted(grant));
    }
    sources
}

/// From where a grant lets references in.
fn granted(grant: &ReferenceGrant) -> impl Iterator<Item = Source> {
    let to = grant.meta.key.namespace.as_ref();
    grant.from.iter().zip(core::iter::repeat(to)).filter_map(|(from, to)| {
        let from = Referrer { group: from.group.clone(), kind: from.kind.clone(), namespace: from.namespace.clone() };
        Some(Source::Grants { from, to: to?.clone() })
    })
}

/// The numbers of attached routes as they were before, of listeners that gained or lost one.
#[derive(Default)]
struct Counts(BTreeMap<ListenerKey, usize>);

impl Counts {
    fn before(&mut self, resolution: &Resolution, one: Option<&Arc<ResolvedRoute>>, other: Option<&Arc<ResolvedRoute>>) {
        for listener in [one, other].into_iter().flatten().flat_map(|route| route.counted_on()) {
            if !self.0.contains_key(listener) {
                self.0.insert(listener.clone(), resolution.attached_routes.on(listener));
            }
        }
    }

    fn changed(self, resolution: &Resolution) -> BTreeSet<ListenerKey> {
        let changed = self.0.into_iter().filter(|(listener, before)| resolution.attached_routes.on(listener) != *before);
        changed.map(|(listener, _)| listener).collect()
    }
}
