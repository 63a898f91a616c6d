//! The function: a snapshot and a controller in, the attachment graph out.
//!
//! One file answers one question that the spec asks: which classes and Gateways are ours (`class`, `gateway`), which
//! listeners can be served (`listener`, `certificate`), which rules are valid (`rule`), what their references lead to
//! (`backend`, `grant`), and which listeners a route attaches to (`attach`).

use alloc::{sync::Arc, vec::Vec};

use crate::{
    controller::Controller,
    model::{Gateway, Route},
    name::ControllerName,
    resolution::{Resolution, ResolvedGateway, ResolvedRoute, Unclaimed},
    snapshot::Snapshot,
};

mod attach;
mod backend;
mod certificate;
mod class;
mod gateway;
mod grant;
mod listener;
mod rule;
mod world;

pub(crate) use class::resolve_class;
pub use grant::is_permitted;
pub(crate) use world::{Reads, Source, World, has_classes};

/// Resolves everything that is ours. Total: every snapshot has a resolution (law 2), the same one whatever the order of the
/// input (law 3).
///
/// ```
/// use gwapi_core::{Controller, Snapshot, resolve};
/// let resolution = resolve(&Snapshot::new(), &Controller::named("example.com/controller"));
/// assert!(resolution.gateways.is_empty());
/// ```
#[must_use]
pub fn resolve(snapshot: &Snapshot, controller: &Controller) -> Resolution {
    let mut resolution = Resolution { controller: Arc::new(controller.clone()), ..Resolution::default() };
    for class in snapshot.classes() {
        let resolved = resolve_class(&World::new(snapshot, &resolution), class);
        resolution.set_class(&class.meta.key.name, resolved.map(Arc::new));
    }
    for gateway in snapshot.gateways() {
        let resolved = resolve_gateway(&World::new(snapshot, &resolution), gateway);
        resolution.set_gateway(&gateway.meta.key, Some(resolved.map(Arc::new)));
    }
    for route in snapshot.routes().filter(|route| is_built(route)) {
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

/// Nothing is said of routes that are of a kind which is not built: not even that no listener takes them.
pub(crate) fn is_built(route: &Route) -> bool {
    route.kind.feature().is_built()
}

/// What becomes of a route.
pub(crate) fn resolve_route(world: &World<'_>, route: &Arc<Route>) -> ResolvedRoute {
    let (rules, refused) = rule::resolve_rules(world, route);
    let mut parents = Vec::new();
    let mut unclaimed = Vec::new();
    for parent_ref in &route.parent_refs {
        match attach::parent(world, parent_ref) {
            Ok(gateway) => parents.push(attach::attach(world, gateway, route, parent_ref)),
            Err(why) => unclaimed.push((parent_ref.clone(), why)),
        }
    }
    parents.shrink_to_fit();
    ResolvedRoute { route: route.clone(), parents, unclaimed, rules, refused }
}
