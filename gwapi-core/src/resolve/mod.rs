//! The function: a snapshot and a controller in, the attachment graph out.
//!
//! One file answers one question that the spec asks: which classes and Gateways are ours (`class`, `gateway`), which
//! listeners can be served (`listener`, `listener_set`, `listener_filter`, `certificate`, `trust`, `overlap`) and on which
//! addresses (`address`), which policies hold (`policy`), which rules are valid (`rule`), what their references lead to
//! (`backend`, `x_backend`, `grant`), and which listeners or Services a route attaches to (`attach`, `mesh`).

use alloc::sync::Arc;

use crate::{
    controller::Controller,
    features::Feature,
    model::{Gateway, Route, group_kind},
    name::ControllerName,
    resolution::{PolicyObject, Resolution, ResolvedGateway, ResolvedRoute, Unclaimed},
    snapshot::Snapshot,
};

mod address;
mod attach;
mod backend;
mod certificate;
mod class;
mod gateway;
mod grant;
mod listener;
mod listener_filter;
mod listener_set;
mod mesh;
mod overlap;
mod policy;
mod rule;
mod trust;
mod world;
mod x_backend;

pub(crate) use class::resolve_class;
pub use grant::is_permitted;
pub(crate) use mesh::resolve_mesh;
pub(crate) use policy::resolve_policy;
pub(crate) use world::{Reads, Source, World, has_classes};
pub(crate) use x_backend::resolve_x_backend;

/// Resolves everything that is ours. Total: every snapshot has a resolution (law 2), the same one whatever the order of the
/// input (law 3).
///
/// Looks at everything once. Whoever keeps a snapshot that changes keeps an [`Engine`](crate::Engine) instead.
///
/// ```
/// use gwapi_core::{Controller, Object, Snapshot, refusal::Refusal, resolve};
/// use serde_json::json;
///
/// let group = "gateway.networking.k8s.io/v1";
/// let objects = json!([
///     {"apiVersion": group, "kind": "GatewayClass", "metadata": {"name": "ours"}, "spec": {"controllerName": "example.com/controller"}},
///     {"apiVersion": group, "kind": "GatewayClass", "metadata": {"name": "theirs"}, "spec": {"controllerName": "example.org/other"}},
///     {"apiVersion": group, "kind": "Gateway", "metadata": {"name": "edge"},
///      "spec": {"gatewayClassName": "ours", "listeners": [{"name": "http", "port": 80, "protocol": "HTTP"}]}},
///     {"apiVersion": group, "kind": "Gateway", "metadata": {"name": "other"},
///      "spec": {"gatewayClassName": "theirs", "listeners": [{"name": "http", "port": 80, "protocol": "HTTP"}]}},
///     {"apiVersion": group, "kind": "HTTPRoute", "metadata": {"name": "shop"},
///      "spec": {"parentRefs": [{"name": "edge"}, {"name": "other"}], "rules": [{"backendRefs": [{"name": "cart", "port": 80}]}]}},
/// ]);
/// let snapshot: Snapshot = objects.as_array().into_iter().flatten().filter_map(|object| Object::from_json(object).object).collect();
/// let resolution = resolve(&snapshot, &Controller::named("example.com/controller"));
///
/// assert_eq!((resolution.gateways.len(), resolution.unclaimed.len()), (1, 1), "one Gateway is ours, the other is not");
/// let shop = resolution.routes.values().next().expect("the route");
/// let [parent] = shop.parents.as_slice() else { panic!("only one parent is ours") };
/// assert_eq!(parent.listeners[0].listener.name.as_str(), "http");
/// assert_eq!(resolution.attached_routes.on(&parent.listeners[0].listener), 1);
/// // The backend does not exist. That refuses neither the rule nor the route: its requests are answered with 500 (I-006).
/// assert!(shop.rules[0].is_valid());
/// assert!(matches!(shop.unresolved()[0], Refusal::BackendNotFound { .. }));
/// ```
#[must_use]
pub fn resolve(snapshot: &Snapshot, controller: &Controller) -> Resolution {
    let mut resolution = Resolution { controller: Arc::new(controller.clone()), ..Resolution::default() };
    for class in snapshot.classes() {
        let resolved = resolve_class(&World::new(snapshot, &resolution), class);
        resolution.set_class(&class.meta.key.name, resolved.map(Arc::new));
    }
    for mesh in snapshot.meshes() {
        let resolved = resolve_mesh(&World::new(snapshot, &resolution), mesh);
        resolution.set_mesh(&mesh.meta.key, resolved.map(Arc::new));
    }
    for backend in snapshot.backends() {
        let resolved = resolve_x_backend(&World::new(snapshot, &resolution), backend);
        resolution.set_x_backend(&backend.meta.key, resolved.map(Arc::new));
    }
    for policy in policies(snapshot) {
        let resolved = resolve_policy(&World::new(snapshot, &resolution), &policy);
        resolution.set_policy(&policy.policy().meta().key, resolved.map(Arc::new));
    }
    for gateway in snapshot.gateways() {
        let resolved = resolve_gateway(&World::new(snapshot, &resolution), gateway);
        resolution.set_gateway(&gateway.meta.key, Some(resolved.map(Arc::new)));
    }
    for route in snapshot.routes() {
        let resolved = resolve_route(&World::new(snapshot, &resolution), route);
        resolution.set_route(&route.meta.key, Some(Arc::new(resolved)));
    }
    resolution
}

/// What becomes of a Gateway, or why it is not ours.
pub(crate) fn resolve_gateway(world: &World<'_>, gateway: &Arc<Gateway>) -> Result<ResolvedGateway, Unclaimed> {
    claim(world, gateway).map(|controller_name| gateway::resolve_gateway(world, gateway, controller_name))
}

/// A-023: ours is a Gateway whose class exists, is ours and is accepted.
fn claim(world: &World<'_>, gateway: &Gateway) -> Result<ControllerName, Unclaimed> {
    let key = || gateway.meta.key.clone();
    let class = gateway.class_name.clone();
    if !world.controller.features.has(Feature::Gateway) {
        // O-025: a mesh needs none.
        return Err(Unclaimed::KindUnsupported { kind: group_kind(&gateway.meta.key.group, &gateway.meta.key.kind) });
    }
    match world.class(&gateway.class_name) {
        Some((object, Some(resolved))) if resolved.refused.is_empty() => Ok(object.controller_name.clone()),
        Some((_, Some(_))) => Err(Unclaimed::ClassNotAccepted { gateway: key(), class }),
        Some((object, None)) => {
            let controller_name = object.controller_name.clone();
            Err(Unclaimed::OtherController { gateway: key(), class, controller_name })
        }
        None => class::assumed(world).ok_or_else(|| Unclaimed::NoClass { gateway: key(), class }),
    }
}

/// What becomes of a route.
pub(crate) fn resolve_route(world: &World<'_>, route: &Arc<Route>) -> ResolvedRoute {
    let (rules, refused) = rule::resolve_rules(world, route);
    let (parents, unclaimed) = attach::attach_all(world, route);
    ResolvedRoute { route: route.clone(), parents, unclaimed, rules, refused }
}

/// The policies of every kind: those that others look at first.
pub(crate) fn policies(snapshot: &Snapshot) -> impl Iterator<Item = PolicyObject> {
    let tls = snapshot.backend_tls_policies().cloned().map(PolicyObject::BackendTls);
    let traffic = snapshot.traffic_policies().cloned().map(PolicyObject::BackendTraffic);
    tls.chain(traffic).chain(snapshot.telemetry_policies().cloned().map(PolicyObject::Telemetry))
}
