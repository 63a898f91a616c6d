//! The function: a snapshot and a controller in, the attachment graph out.
//!
//! One file answers one question that the spec asks: which classes and Gateways are ours (`class`, `gateway`), which
//! listeners can be served (`listener`, `certificate`), which rules are valid (`rule`), what their references lead to
//! (`backend`, `grant`), and which listeners a route attaches to (`attach`).

use alloc::{collections::BTreeMap, sync::Arc, vec::Vec};

use crate::{
    controller::Controller,
    model::{Gateway, Route},
    name::{ControllerName, ObjectKey},
    resolution::{ListenerKey, Resolution, ResolvedGateway, ResolvedRoute, Unclaimed},
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

pub use grant::is_permitted;

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
    let world = World { snapshot, controller };
    let classes = class::resolve_classes(&world);
    let (mut gateways, unclaimed) = resolve_gateways(&world, &classes);
    let routes: BTreeMap<ObjectKey, ResolvedRoute> =
        snapshot.routes().map(|route| (route.meta.key.clone(), resolve_route(&world, &gateways, &unclaimed, route))).collect();
    count_attached_routes(&mut gateways, &routes);
    Resolution {
        controller: Arc::new(controller.clone()),
        classes: classes.into_iter().map(|(name, class)| (name, Arc::new(class))).collect(),
        gateways: gateways.into_iter().map(|(key, gateway)| (key, Arc::new(gateway))).collect(),
        routes: routes.into_iter().map(|(key, route)| (key, Arc::new(route))).collect(),
        unclaimed,
    }
}

/// What every question is asked of.
#[derive(Clone, Copy)]
pub(crate) struct World<'a> {
    pub(crate) snapshot: &'a Snapshot,
    pub(crate) controller: &'a Controller,
}

type Gateways = BTreeMap<ObjectKey, ResolvedGateway>;
type UnclaimedGateways = BTreeMap<ObjectKey, Unclaimed>;

fn resolve_gateways(world: &World<'_>, classes: &class::Classes) -> (Gateways, UnclaimedGateways) {
    let assumed = class::assumed(world);
    let mut ours = BTreeMap::new();
    let mut unclaimed = BTreeMap::new();
    for gateway in world.snapshot.gateways() {
        let key = gateway.meta.key.clone();
        match claim(world, classes, assumed.as_ref(), gateway) {
            Ok(controller_name) => drop(ours.insert(key, gateway::resolve_gateway(world, gateway, controller_name))),
            Err(why) => drop(unclaimed.insert(key, why)),
        }
    }
    (ours, unclaimed)
}

/// A-023: ours is a Gateway whose class exists, is ours and is accepted.
fn claim(
    world: &World<'_>,
    classes: &class::Classes,
    assumed: Option<&ControllerName>,
    gateway: &Gateway,
) -> Result<ControllerName, Unclaimed> {
    let class_name = &gateway.class_name;
    if let Some(class) = classes.get(class_name) {
        return if class.refused.is_empty() {
            Ok(class.class.controller_name.clone())
        } else {
            Err(Unclaimed::ClassNotAccepted { gateway: gateway.meta.key.clone(), class: class_name.clone() })
        };
    }
    match world.snapshot.classes.get(class_name) {
        Some(class) => Err(Unclaimed::OtherController {
            gateway: gateway.meta.key.clone(),
            class: class_name.clone(),
            controller_name: class.controller_name.clone(),
        }),
        None => {
            assumed.cloned().ok_or_else(|| Unclaimed::NoClass { gateway: gateway.meta.key.clone(), class: class_name.clone() })
        }
    }
}

fn resolve_route(world: &World<'_>, gateways: &Gateways, unclaimed: &UnclaimedGateways, route: &Arc<Route>) -> ResolvedRoute {
    let (rules, refused) = rule::resolve_rules(world, route);
    let mut parents = Vec::new();
    let mut silent = Vec::new();
    for parent_ref in &route.parent_refs {
        match attach::parent(gateways, unclaimed, parent_ref) {
            Ok(gateway) => parents.push(attach::attach(world, gateway, route, parent_ref)),
            Err(why) => silent.push((parent_ref.clone(), why)),
        }
    }
    parents.shrink_to_fit();
    ResolvedRoute { route: route.clone(), parents, unclaimed: silent, rules, refused }
}

/// D-025, D-028: for each listener the routes that are attached and accepted, each once.
fn count_attached_routes(gateways: &mut Gateways, routes: &BTreeMap<ObjectKey, ResolvedRoute>) {
    let mut counts: BTreeMap<ListenerKey, usize> = BTreeMap::new();
    for route in routes.values().filter(|route| route.has_valid_rule()) {
        let attached = route.parents.iter().flat_map(|parent| &parent.listeners).map(|attached| &attached.listener);
        let once: alloc::collections::BTreeSet<&ListenerKey> = attached.collect();
        for listener in once {
            *counts.entry(listener.clone()).or_default() += 1;
        }
    }
    for listener in gateways.values_mut().flat_map(|gateway| &mut gateway.listeners) {
        listener.attached_routes = counts.get(&listener.key).copied().unwrap_or_default();
    }
}
