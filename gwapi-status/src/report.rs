//! The status of everything that is ours.

use alloc::collections::{BTreeMap, BTreeSet};

use gwapi_core::{
    Resolution,
    controller::Identity,
    name::{ControllerName, ObjectKey},
};

use crate::{class::ClassStatus, gateway::GatewayStatus, route::RouteStatus};

/// What [`project`] returns: what the status of each object should say, before it is merged with what is there.
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
///
/// Who knows that only some objects are affected by a change projects those alone: [`ClassStatus::of`], [`GatewayStatus::of`]
/// and [`RouteStatus::of`] look at nothing else than the object's own resolution.
#[must_use]
pub fn project(resolution: &Resolution) -> StatusReport {
    let features = &resolution.controller.features;
    let classes = resolution.classes.values().map(|class| (class.class.meta.key.clone(), ClassStatus::of(class, features)));
    let gateways = resolution.gateways.iter().map(|(key, gateway)| (key.clone(), GatewayStatus::of(gateway)));
    let routes = resolution.routes.iter().map(|(key, route)| (key.clone(), RouteStatus::of(route)));
    StatusReport { classes: classes.collect(), gateways: gateways.collect(), routes: routes.collect(), owned: owned(resolution) }
}

fn owned(resolution: &Resolution) -> BTreeSet<ControllerName> {
    let (Identity::Named(own) | Identity::Everyone(own)) = &resolution.controller.identity;
    let of_classes = resolution.classes.values().map(|class| &class.class.controller_name);
    let of_gateways = resolution.gateways.values().map(|gateway| &gateway.controller_name);
    of_classes.chain(of_gateways).chain([own]).cloned().collect()
}
