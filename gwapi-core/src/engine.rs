//! The function, one change at a time: what a change touches is resolved again, and nothing else.

use alloc::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    vec::Vec,
};

use crate::{
    controller::Controller,
    facts::Facts,
    model::{DefaultScope, Object, Policy, ReferenceGrant, Referrer},
    name::{ObjectKey, ObjectName},
    resolution::{
        ListenerKey, PolicyObject, Resolution, ResolvedGateway, ResolvedListenerSet, ResolvedPolicy, ResolvedRoute, Unclaimed,
        Uses,
    },
    resolve::{
        Reads, Source, World, has_classes, policies, resolve_class, resolve_gateway, resolve_mesh, resolve_policy, resolve_route,
        resolve_x_backend,
    },
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
    /// ListenerSets of our Gateways, also those that are so no more.
    pub listener_sets: BTreeSet<ObjectKey>,
    /// Policies, also those that merely concern other Gateways.
    pub policies: BTreeSet<ObjectKey>,
    /// XBackends, also those that merely are sent to by other Gateways.
    pub x_backends: BTreeSet<ObjectKey>,
    /// XMeshes of ours, also those that are ours no more.
    pub meshes: BTreeSet<ObjectKey>,
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
        let Self { classes, gateways, listener_sets, policies, x_backends, meshes, routes, attached_routes } = self;
        let are_keys_empty = [listener_sets, policies, x_backends, meshes].into_iter().all(BTreeSet::is_empty);
        classes.is_empty() && gateways.is_empty() && routes.is_empty() && attached_routes.is_empty() && are_keys_empty
    }

    /// Adds what later changes affect, so that many changes can be compiled and written at once. `self` is the earlier one: of
    /// what both affect, it knows what stood there before.
    ///
    /// ```
    /// use gwapi_core::{Affected, Change, Controller, Engine, Object, Snapshot};
    /// use serde_json::json;
    ///
    /// let mut engine = Engine::new(Snapshot::new(), Controller::default());
    /// let routes = ["a", "b"].map(|name| json!({
    ///     "apiVersion": "gateway.networking.k8s.io/v1", "kind": "HTTPRoute", "metadata": {"name": name}, "spec": {},
    /// }));
    /// let mut affected = Affected::default();
    /// for object in routes.iter().filter_map(|value| Object::from_json(value).object) {
    ///     affected.merge(engine.apply(Change::Put(object)));
    /// }
    /// assert_eq!(affected.routes.len(), 2);
    /// ```
    pub fn merge(&mut self, later: Self) {
        let Self { classes, gateways, listener_sets, policies, x_backends, meshes, routes, attached_routes } = later;
        self.classes.extend(classes);
        self.listener_sets.extend(listener_sets);
        self.policies.extend(policies);
        self.x_backends.extend(x_backends);
        self.meshes.extend(meshes);
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
        let meshes = snapshot.meshes().map(|mesh| Unit::Mesh(mesh.meta.key.clone()));
        let x_backends = snapshot.backends().map(|backend| Unit::XBackend(backend.meta.key.clone()));
        let policies = policies(&snapshot).map(|policy| Unit::Policy(policy.policy().meta().key.clone()));
        let gateways = snapshot.gateways().map(|gateway| Unit::Gateway(gateway.meta.key.clone()));
        let routes = snapshot.routes().map(|route| Unit::Route(route.meta.key.clone()));
        let everything = classes.chain(meshes).chain(x_backends).chain(policies).chain(gateways).chain(routes).collect();
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
        let mut tally = Tally::default();
        while let Some(unit) = touched.pop_first() {
            let differs = self.refresh(&unit, &mut affected, &mut tally);
            touched.extend(self.readers(&differs));
        }
        affected.attached_routes = tally.changed_listeners(&self.resolution);
        for used in tally.changed_users(&self.resolution) {
            affected.policies.extend(self.resolved_policies(&used));
            affected.x_backends.extend(self.resolution.x_backends.get_key_value(&used).map(|(key, _)| key.clone()));
        }
        affected
    }

    fn resolved_policies(&self, target: &ObjectKey) -> impl Iterator<Item = ObjectKey> {
        self.snapshot.policies_targeting(target).filter(|key| self.resolution.policies.contains_key(*key)).cloned()
    }

    /// Resolves one unit. If something else has become of it, returns what those that have looked at it looked at.
    fn refresh(&mut self, unit: &Unit, affected: &mut Affected, tally: &mut Tally) -> Vec<Source> {
        match unit {
            Unit::Class(name) => self.refresh_class(unit, name, affected),
            Unit::Mesh(key) => self.refresh_mesh(unit, key, affected),
            Unit::XBackend(key) => self.refresh_x_backend(unit, key, affected),
            Unit::Policy(key) => self.refresh_policy(unit, key, affected),
            Unit::Gateway(key) => self.refresh_gateway(unit, key, affected, tally),
            Unit::Route(key) => self.refresh_route(unit, key, affected, tally),
        }
    }

    /// Resolves something, and notes what was looked at for it.
    fn resolved<T>(&mut self, unit: &Unit, resolve: impl FnOnce(&Snapshot, &World<'_>) -> Option<T>) -> Option<T> {
        let reads = Reads::default();
        let world = World::new(&self.snapshot, &self.resolution).recorded(&reads);
        let resolved = resolve(&self.snapshot, &world);
        self.dependencies.set(unit, reads.into_sources());
        resolved
    }

    fn refresh_class(&mut self, unit: &Unit, name: &ObjectName, affected: &mut Affected) -> Vec<Source> {
        let class = self.resolved(unit, |snapshot, world| resolve_class(world, snapshot.classes.get(name)?)).map(Arc::new);
        if self.resolution.classes.get(name) != class.as_ref() {
            self.resolution.set_class(name, class);
            affected.classes.insert(name.clone());
        }
        // Also if it is not ours: Gateways tell whose it is.
        alloc::vec![Source::Class(name.clone())]
    }

    fn refresh_mesh(&mut self, unit: &Unit, key: &ObjectKey, affected: &mut Affected) -> Vec<Source> {
        let mesh = self.resolved(unit, |snapshot, world| resolve_mesh(world, snapshot.mesh(key)?)).map(Arc::new);
        if self.resolution.meshes.get(key) != mesh.as_ref() {
            self.resolution.set_mesh(key, mesh);
            affected.meshes.insert(key.clone());
        }
        Vec::new()
    }

    fn refresh_x_backend(&mut self, unit: &Unit, key: &ObjectKey, affected: &mut Affected) -> Vec<Source> {
        let backend = self.resolved(unit, |snapshot, world| resolve_x_backend(world, snapshot.backend(key)?)).map(Arc::new);
        if self.resolution.x_backends.get(key) == backend.as_ref() {
            return Vec::new();
        }
        self.resolution.set_x_backend(key, backend);
        affected.x_backends.insert(key.clone());
        alloc::vec![Source::XBackend(key.clone())]
    }

    fn refresh_policy(&mut self, unit: &Unit, key: &ObjectKey, affected: &mut Affected) -> Vec<Source> {
        let policy = self.resolved(unit, |snapshot, world| resolve_policy(world, &policy(snapshot, key)?)).map(Arc::new);
        if self.resolution.policies.get(key) == policy.as_ref() {
            return Vec::new();
        }
        self.resolution.set_policy(key, policy);
        affected.policies.insert(key.clone());
        alloc::vec![Source::Policy(key.clone())]
    }

    fn refresh_gateway(&mut self, unit: &Unit, key: &ObjectKey, affected: &mut Affected, tally: &mut Tally) -> Vec<Source> {
        let after = self.resolved(unit, |snapshot, world| Some(resolve_gateway(world, snapshot.gateway(key)?).map(Arc::new)));
        let forms = [self.resolution.gateways.get(key), after.as_ref().and_then(|after| after.as_ref().ok())];
        forms.into_iter().flatten().for_each(|gateway| tally.before_users(&self.resolution, &**gateway));
        let before = self.resolution.set_gateway(key, after.clone());
        if before == after {
            return Vec::new();
        }
        let mut differs = differing_parents(key, before.as_ref(), after.as_ref());
        let (before, after) = (before.and_then(Result::ok), after.and_then(Result::ok));
        let sets = differs.iter().filter_map(|source| match source {
            Source::Listeners(parent) if parent != key => Some(parent.clone()),
            _ => None,
        });
        affected.listener_sets.extend(sets);
        let is_default = |gateway: &Arc<ResolvedGateway>| gateway.gateway.default_scope != DefaultScope::None;
        if before.iter().chain(&after).any(is_default) {
            differs.push(Source::DefaultGateways);
        }
        let name = |gateway: &Option<Arc<ResolvedGateway>>| gateway.as_ref().map(|gateway| gateway.controller_name.clone());
        if name(&before) != name(&after) {
            // Entries of policies and XBackends are written under that name.
            affected.policies.extend(self.policies_concerning(key));
            affected.x_backends.extend(self.x_backends_of(key));
        }
        if before.is_some() || after.is_some() {
            affected.gateways.insert(key.clone(), before);
        }
        differs
    }

    /// The policies that have a Gateway among their ancestors, or have it as a target.
    fn policies_concerning(&self, gateway: &ObjectKey) -> BTreeSet<ObjectKey> {
        let concerns = |policy: &Arc<ResolvedPolicy>| {
            policy
                .targets
                .iter()
                .map(|target| &target.target.object)
                .any(|object| object == gateway || self.resolution.backend_users.of(object).any(|user| user == gateway))
        };
        let policies = self.resolution.policies.iter().filter(|(_, policy)| concerns(policy));
        policies.map(|(key, _)| key.clone()).collect()
    }

    /// The XBackends that a Gateway sends to.
    fn x_backends_of(&self, gateway: &ObjectKey) -> BTreeSet<ObjectKey> {
        let is_used = |backend: &&ObjectKey| self.resolution.backend_users.of(backend).any(|user| user == gateway);
        self.resolution.x_backends.keys().filter(is_used).cloned().collect()
    }

    fn refresh_route(&mut self, unit: &Unit, key: &ObjectKey, affected: &mut Affected, tally: &mut Tally) -> Vec<Source> {
        let route = self.resolved(unit, |snapshot, world| Some(resolve_route(world, snapshot.route(key)?))).map(Arc::new);
        if self.resolution.routes.get(key) != route.as_ref() {
            let forms = [self.resolution.routes.get(key), route.as_ref()];
            tally.before(&self.resolution, forms.into_iter().flatten());
            let before = self.resolution.set_route(key, route);
            affected.routes.insert(key.clone(), before);
        }
        Vec::new()
    }
}

fn policy(snapshot: &Snapshot, key: &ObjectKey) -> Option<PolicyObject> {
    match snapshot.object(key)? {
        Object::BackendTlsPolicy(policy) => Some(PolicyObject::BackendTls(policy)),
        Object::XBackendTrafficPolicy(policy) => Some(PolicyObject::BackendTraffic(policy)),
        Object::XTelemetryPolicy(policy) => Some(PolicyObject::Telemetry(policy)),
        _ => None,
    }
}

type GatewayOutcome = Result<Arc<ResolvedGateway>, Unclaimed>;

/// The Gateway and those of its ListenerSets of which something else has become: routes look at each by itself.
fn differing_parents(key: &ObjectKey, before: Option<&GatewayOutcome>, after: Option<&GatewayOutcome>) -> Vec<Source> {
    let is_same = match (before, after) {
        (Some(Ok(before)), Some(Ok(after))) => before.has_same_own(after),
        (before, after) => before == after,
    };
    let sets = |outcome: Option<&GatewayOutcome>| -> BTreeMap<ObjectKey, Arc<ResolvedListenerSet>> {
        let sets = outcome.into_iter().flatten().flat_map(|gateway| &gateway.listener_sets);
        sets.map(|set| (set.key().clone(), set.clone())).collect()
    };
    let (before, after) = (sets(before), sets(after));
    let keys: BTreeSet<&ObjectKey> = before.keys().chain(after.keys()).collect();
    let differing = keys.into_iter().filter(|key| before.get(*key) != after.get(*key)).cloned();
    (!is_same).then(|| key.clone()).into_iter().chain(differing).map(Source::Listeners).collect()
}

/// What changes with an object for those that look at it.
fn sources(object: &Object) -> Vec<Source> {
    let mut sources = alloc::vec![Source::Object(object.key().clone())];
    match object {
        Object::ReferenceGrant(grant) => sources.extend(granted(grant)),
        Object::ListenerSet(set) => sources.extend(set.parent.clone().map(Source::ListenerSetsOf)),
        Object::Route(route) => {
            let services = route.parent_refs.iter().filter(|parent| parent.is_service());
            sources.extend(services.map(|parent| Source::RoutesOf(parent.object())));
        }
        Object::BackendTlsPolicy(policy) => sources.extend(targeted(&**policy)),
        Object::XBackendTrafficPolicy(policy) => sources.extend(targeted(&**policy)),
        Object::XTelemetryPolicy(policy) => sources.extend(targeted(&**policy)),
        _ => {}
    }
    sources
}

fn targeted(policy: &dyn Policy) -> impl Iterator<Item = Source> {
    policy.targets().iter().map(|target| Source::PoliciesOf(target.object.clone()))
}

/// From where a grant lets references in.
fn granted(grant: &ReferenceGrant) -> impl Iterator<Item = Source> {
    let to = grant.meta.key.namespace.as_ref();
    grant.from.iter().zip(core::iter::repeat(to)).filter_map(|(from, to)| {
        let from = Referrer { group: from.group.clone(), kind: from.kind.clone(), namespace: from.namespace.clone() };
        Some(Source::Grants { from, to: to?.clone() })
    })
}

/// What routes and Gateways add up to, as it was before they changed.
#[derive(Default)]
struct Tally {
    attached_routes: BTreeMap<ListenerKey, usize>,
    users: BTreeMap<(ObjectKey, ObjectKey), bool>,
}

impl Tally {
    fn before<'r>(&mut self, resolution: &Resolution, forms: impl Iterator<Item = &'r Arc<ResolvedRoute>>) {
        for route in forms {
            for listener in route.counted_on() {
                if !self.attached_routes.contains_key(listener) {
                    self.attached_routes.insert(listener.clone(), resolution.attached_routes.on(listener));
                }
            }
            self.before_users(resolution, &**route);
        }
    }

    fn before_users(&mut self, resolution: &Resolution, user: &impl Uses) {
        for used in user.uses() {
            let is_used = resolution.backend_users.has(&used);
            self.users.entry(used).or_insert(is_used);
        }
    }

    fn changed_listeners(&self, resolution: &Resolution) -> BTreeSet<ListenerKey> {
        let changed =
            self.attached_routes.iter().filter(|(listener, before)| resolution.attached_routes.on(listener) != **before);
        changed.map(|(listener, _)| listener.clone()).collect()
    }

    /// The backends that a Gateway began to send to, or does not send to any more.
    fn changed_users(&self, resolution: &Resolution) -> BTreeSet<ObjectKey> {
        let changed = self.users.iter().filter(|(used, before)| resolution.backend_users.has(used) != **before);
        changed.map(|((backend, _), _)| backend.clone()).collect()
    }
}
