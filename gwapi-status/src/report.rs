//! The status of everything that is ours.

use alloc::collections::{BTreeMap, BTreeSet};

use gwapi_core::{
    Affected, Resolution,
    controller::Identity,
    name::{ControllerName, ObjectKey, ObjectName},
};

use crate::{class::ClassStatus, gateway::GatewayStatus, route::RouteStatus};

/// What [`project`] and [`project_for`] return: what the status of each object should say, before it is merged with what is there.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StatusReport {
    /// Our classes.
    pub classes: BTreeMap<ObjectKey, ClassStatus>,
    /// Our Gateways.
    pub gateways: BTreeMap<ObjectKey, GatewayStatus>,
    /// Every route; one without a parent of ours has no `parents`, and then only what we once wrote there is removed.
    pub routes: BTreeMap<ObjectKey, RouteStatus>,
    /// The names under which we write. Entries of routes with one of these are ours, see [`merge_route`](crate::merge_route).
    pub owned: BTreeSet<ControllerName>,
}

/// The conditions that follow from a resolution. It is total, and equal resolutions give equal reports (laws 2 and 3).
#[must_use]
pub fn project(resolution: &Resolution) -> StatusReport {
    report(resolution, resolution.classes.keys(), resolution.gateways.keys(), resolution.routes.keys())
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
    let counted = affected.attached_routes.iter().map(|listener| &listener.parent);
    let gateways: BTreeSet<&ObjectKey> = affected.gateways.keys().chain(counted).collect();
    report(resolution, &affected.classes, gateways, affected.routes.keys())
}

fn report<'k>(
    resolution: &Resolution,
    classes: impl IntoIterator<Item = &'k ObjectName>,
    gateways: impl IntoIterator<Item = &'k ObjectKey>,
    routes: impl IntoIterator<Item = &'k ObjectKey>,
) -> StatusReport {
    let Resolution { controller, attached_routes, .. } = resolution;
    let classes = classes.into_iter().filter_map(|name| resolution.classes.get(name));
    let gateways = gateways.into_iter().filter_map(|key| resolution.gateways.get(key));
    let routes = routes.into_iter().filter_map(|key| resolution.routes.get(key));
    StatusReport {
        classes: classes.map(|class| (class.class.meta.key.clone(), ClassStatus::of(class, &controller.features))).collect(),
        gateways: gateways.map(|gateway| (gateway.key().clone(), GatewayStatus::of(gateway, attached_routes))).collect(),
        routes: routes.map(|route| (route.key().clone(), RouteStatus::of(route))).collect(),
        owned: owned(resolution),
    }
}

/// A Gateway has the name of its class or, if nobody has given us classes, our own.
fn owned(resolution: &Resolution) -> BTreeSet<ControllerName> {
    let (Identity::Named(own) | Identity::Everyone(own)) = &resolution.controller.identity;
    let of_classes = resolution.classes.values().map(|class| &class.class.controller_name);
    of_classes.chain([own]).cloned().collect()
}
