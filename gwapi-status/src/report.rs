//! The status of everything that is ours.

use alloc::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use gwapi_core::{
    Affected, Resolution,
    controller::Identity,
    name::{ControllerName, GATEWAY_GROUP, ObjectKey, ObjectName},
};

use crate::{
    class::ClassStatus, gateway::GatewayStatus, listener_set::ListenerSetStatus, mesh::MeshStatus, policy::PolicyStatus,
    route::RouteStatus, x_backend::XBackendStatus,
};

/// What [`project`] and [`project_for`] return: what the status of each object should say, before it is merged with what is there.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StatusReport {
    /// Our classes.
    pub classes: BTreeMap<ObjectKey, ClassStatus>,
    /// Our Gateways.
    pub gateways: BTreeMap<ObjectKey, GatewayStatus>,
    /// The ListenerSets of our Gateways.
    pub listener_sets: BTreeMap<ObjectKey, ListenerSetStatus>,
    /// Every policy of a kind that is served; one that concerns no Gateway of ours has no `ancestors`, and then only what we
    /// once wrote there is removed.
    pub policies: BTreeMap<ObjectKey, PolicyStatus>,
    /// Every XBackend, where they are served; one that no Gateway of ours sends to has no `ancestors`, likewise.
    pub x_backends: BTreeMap<ObjectKey, XBackendStatus>,
    /// Our XMeshes.
    pub meshes: BTreeMap<ObjectKey, MeshStatus>,
    /// Every route; one without a parent of ours has no `parents`, and then only what we once wrote there is removed.
    pub routes: BTreeMap<ObjectKey, RouteStatus>,
    /// The names under which we write. Entries of routes, policies and XBackends with one of these are ours, see
    /// [`merge_route`](crate::merge_route) and [`merge_policy`](crate::merge_policy).
    pub owned: BTreeSet<ControllerName>,
}

/// The conditions that follow from a resolution. It is total, and equal resolutions give equal reports (laws 2 and 3).
///
/// ```
/// use gwapi_core::{Controller, Object, Snapshot, resolve};
/// use gwapi_status::{ConditionType, Reason, project};
/// use serde_json::json;
///
/// let objects = json!([
///     {"apiVersion": "gateway.networking.k8s.io/v1", "kind": "Gateway", "metadata": {"name": "edge"},
///      "spec": {"gatewayClassName": "any", "listeners": [
///         {"name": "http", "port": 80, "protocol": "HTTP", "hostname": "shop.example.com"}]}},
///     {"apiVersion": "gateway.networking.k8s.io/v1", "kind": "HTTPRoute", "metadata": {"name": "blog"},
///      "spec": {"parentRefs": [{"name": "edge"}], "hostnames": ["blog.example.com"]}},
/// ]);
/// let snapshot: Snapshot = objects.as_array().into_iter().flatten().filter_map(|object| Object::from_json(object).object).collect();
/// let report = project(&resolve(&snapshot, &Controller::default()));
/// let blog = report.routes.values().next().expect("the route");
/// let accepted = &blog.parents[0].conditions[0];
/// assert_eq!((accepted.type_, accepted.reason), (ConditionType::Accepted, Reason::NoMatchingListenerHostname));
/// assert!(!accepted.is_true() && accepted.message.contains("shop.example.com"));
/// ```
#[must_use]
pub fn project(resolution: &Resolution) -> StatusReport {
    let Resolution { classes, gateways, listener_sets, policies, x_backends, meshes, routes, .. } = resolution;
    let asked = Asked {
        classes: classes.keys().collect(),
        gateways: gateways.keys().collect(),
        listener_sets: listener_sets.keys().collect(),
        policies: policies.keys().collect(),
        x_backends: x_backends.keys().collect(),
        meshes: meshes.keys().collect(),
        routes: routes.keys().collect(),
    };
    report(resolution, asked)
}

/// The conditions of what changes affect: the part of [`project`] in which anything can differ (law 4). What exists no more,
/// or is ours no more, is not in it.
///
/// ```
/// use gwapi_core::{Controller, Object, Snapshot, engine::{Change, Engine}};
/// use serde_json::json;
///
/// let mut engine = Engine::new(Snapshot::new(), Controller::default());
/// let gateway = json!({
///     "apiVersion": "gateway.networking.k8s.io/v1", "kind": "Gateway", "metadata": {"name": "edge", "namespace": "infra"},
///     "spec": {"gatewayClassName": "any", "listeners": [{"name": "http", "port": 80, "protocol": "HTTP"}]},
/// });
/// let affected = engine.apply(Change::Put(Object::from_json(&gateway).object.expect("a Gateway")));
/// assert_eq!(gwapi_status::project_for(engine.resolution(), &affected).gateways.len(), 1);
/// ```
#[must_use]
pub fn project_for(resolution: &Resolution, affected: &Affected) -> StatusReport {
    let counted = || affected.attached_routes.iter().map(|listener| &listener.parent);
    let asked = Asked {
        classes: affected.classes.iter().collect(),
        gateways: affected.gateways.keys().chain(counted()).collect(),
        listener_sets: affected.listener_sets.iter().chain(counted()).collect(),
        policies: affected.policies.iter().collect(),
        x_backends: affected.x_backends.iter().collect(),
        meshes: affected.meshes.iter().collect(),
        routes: affected.routes.keys().collect(),
    };
    report(resolution, asked)
}

impl StatusReport {
    /// Takes up what changes affect, so that a report that was [`project`] of the resolution before is that of this one (law 4).
    /// What exists no more is gone from it.
    ///
    /// ```
    /// use gwapi_core::{Controller, Object, Snapshot, engine::{Change, Engine}};
    /// use serde_json::json;
    ///
    /// let mut engine = Engine::new(Snapshot::new(), Controller::default());
    /// let mut report = gwapi_status::project(engine.resolution());
    /// let gateway = json!({
    ///     "apiVersion": "gateway.networking.k8s.io/v1", "kind": "Gateway", "metadata": {"name": "edge", "namespace": "infra"},
    ///     "spec": {"gatewayClassName": "any", "listeners": [{"name": "http", "port": 80, "protocol": "HTTP"}]},
    /// });
    /// let affected = engine.apply(Change::Put(Object::from_json(&gateway).object.expect("a Gateway")));
    /// report.update(engine.resolution(), &affected);
    /// assert_eq!(report, gwapi_status::project(engine.resolution()));
    /// ```
    pub fn update(&mut self, resolution: &Resolution, affected: &Affected) {
        let new = project_for(resolution, affected);
        let class = |name: &ObjectName| ObjectKey::cluster(GATEWAY_GROUP, "GatewayClass", name);
        replace(&mut self.classes, affected.classes.iter().map(class), new.classes);
        replace(&mut self.gateways, affected.gateways.keys().cloned(), new.gateways);
        replace(&mut self.listener_sets, affected.listener_sets.iter().cloned(), new.listener_sets);
        replace(&mut self.policies, affected.policies.iter().cloned(), new.policies);
        replace(&mut self.x_backends, affected.x_backends.iter().cloned(), new.x_backends);
        replace(&mut self.meshes, affected.meshes.iter().cloned(), new.meshes);
        replace(&mut self.routes, affected.routes.keys().cloned(), new.routes);
        self.owned = new.owned;
    }
}

fn replace<S>(all: &mut BTreeMap<ObjectKey, S>, affected: impl Iterator<Item = ObjectKey>, new: BTreeMap<ObjectKey, S>) {
    affected.for_each(|key| drop(all.remove(&key)));
    all.extend(new);
}

/// Whose status is asked for. What is not ours may be asked for, and has none.
struct Asked<'k> {
    classes: BTreeSet<&'k ObjectName>,
    gateways: BTreeSet<&'k ObjectKey>,
    listener_sets: BTreeSet<&'k ObjectKey>,
    policies: BTreeSet<&'k ObjectKey>,
    x_backends: BTreeSet<&'k ObjectKey>,
    meshes: BTreeSet<&'k ObjectKey>,
    routes: BTreeSet<&'k ObjectKey>,
}

fn report(resolution: &Resolution, asked: Asked<'_>) -> StatusReport {
    let Resolution { controller, attached_routes, .. } = resolution;
    let classes = ours(&resolution.classes, asked.classes);
    let classes = classes.map(|class| (class.class.meta.key.clone(), ClassStatus::of(class, &controller.features)));
    let gateways = ours(&resolution.gateways, asked.gateways);
    let gateways = gateways.map(|gateway| (gateway.key().clone(), GatewayStatus::of(gateway, attached_routes, controller)));
    let listener_sets = ours(&resolution.listener_sets, asked.listener_sets);
    let listener_sets = listener_sets.map(|set| (set.key().clone(), ListenerSetStatus::of(set, attached_routes)));
    let policies = ours(&resolution.policies, asked.policies);
    let policies = policies.map(|policy| (policy.key().clone(), PolicyStatus::of(policy, resolution)));
    let x_backends = ours(&resolution.x_backends, asked.x_backends);
    let x_backends = x_backends.map(|backend| (backend.key().clone(), XBackendStatus::of(backend, resolution)));
    let meshes = ours(&resolution.meshes, asked.meshes);
    let meshes = meshes.map(|mesh| (mesh.mesh.meta.key.clone(), MeshStatus::of(mesh, &controller.features)));
    let routes = ours(&resolution.routes, asked.routes).map(|route| (route.key().clone(), RouteStatus::of(route)));
    StatusReport {
        classes: classes.collect(),
        gateways: gateways.collect(),
        listener_sets: listener_sets.collect(),
        policies: policies.collect(),
        x_backends: x_backends.collect(),
        meshes: meshes.collect(),
        routes: routes.collect(),
        owned: owned(resolution),
    }
}

fn ours<'r, K: Ord, R>(all: &'r BTreeMap<K, Arc<R>>, asked: BTreeSet<&K>) -> impl Iterator<Item = &'r R> {
    asked.into_iter().filter_map(|key| all.get(key)).map(|resolved| &**resolved)
}

/// A Gateway has the name of its class or, if nobody has given us classes, our own.
fn owned(resolution: &Resolution) -> BTreeSet<ControllerName> {
    let (Identity::Named(own) | Identity::Everyone(own)) = &resolution.controller.identity;
    let of_classes = resolution.classes.values().map(|class| &class.class.controller_name);
    of_classes.chain([own]).cloned().collect()
}
