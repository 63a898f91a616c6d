//! Routes of Services (chapter O), and XMeshes (P.4).

use alloc::{
    collections::BTreeSet,
    string::{String, ToString},
    sync::Arc,
    vec::Vec,
};

use super::{World, attach, class};
use crate::{
    controller::Identity,
    features::Feature,
    model::{ParentRef, Route, RouteKind, Service, ServicePort, TransportProtocol, XMesh},
    name::{ControllerName, ObjectKey},
    refusal::Refusal,
    resolution::{AttachedHostname, AttachedListener, Attachment, ListenerKey, MeshScope, ResolvedMesh, ServedBy},
};

/// Who sends by the rules of a route. They are judged once, for all of its parents.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Senders {
    pub(super) gateways: bool,
    pub(super) mesh: bool,
}

/// A route that nobody has asked for is judged as one for Gateways.
pub(super) fn senders(world: &World<'_>, route: &Route) -> Senders {
    let mesh = world.controller.features.has(Feature::Mesh) && route.parent_refs.iter().any(ParentRef::is_service);
    let gateways =
        !mesh || !route.parent_refs.iter().all(ParentRef::is_service) || attach::claiming(world, route).next().is_some();
    Senders { gateways, mesh }
}

/// Under which name a mesh writes.
pub(super) fn controller_name(world: &World<'_>) -> ControllerName {
    match &world.controller.identity {
        Identity::Named(name) | Identity::Everyone(name) => name.clone(),
    }
}

/// Attaches a route to the ports of a Service that a parentRef selects.
pub(super) fn attach(world: &World<'_>, service: &Arc<Service>, route: &Route, parent_ref: &ParentRef) -> Attachment {
    let scope = scope(route, parent_ref);
    let mut attachment = Attachment {
        parent_ref: parent_ref.clone(),
        controller_name: controller_name(world),
        served_by: ServedBy::Mesh { service: service.clone(), scope: scope.clone() },
        listeners: Vec::new(),
        refused: Vec::new(),
    };
    let ports = match selected(world, service, route, parent_ref) {
        Ok(ports) => ports,
        Err(refusal) => {
            attachment.refused.push(refusal);
            return attachment;
        }
    };
    let taken = taken(world, service, route, &scope);
    let mut winners = BTreeSet::new();
    for port in ports {
        match taken.iter().find(|(taken, _)| *taken == port) {
            Some((_, winner)) => drop(winners.insert(*winner)),
            None => attachment.listeners.push(listener(service, port)),
        }
    }
    let conflict = |winner: RouteKind| {
        let (kind, winner) = (route.kind.to_string(), winner.to_string());
        Refusal::MeshKindConflict { service: service.key.clone(), kind, winner }
    };
    attachment.refused.extend(winners.into_iter().map(conflict));
    attachment
}

/// O-011, O-012. What decides is where the route stands, never which of its rules match.
fn scope(route: &Route, parent_ref: &ParentRef) -> MeshScope {
    let own = route.meta.key.namespace_str();
    if own == parent_ref.namespace.as_str() { MeshScope::Producer } else { MeshScope::Consumer(own.into()) }
}

/// The ports that a parentRef selects, or why there is none.
fn selected<'s>(
    world: &World<'_>,
    service: &'s Service,
    route: &Route,
    parent_ref: &ParentRef,
) -> Result<Vec<&'s ServicePort>, Refusal> {
    let has = |feature| world.controller.features.has(feature);
    let unsupported = |path: &str, feature| Err(Refusal::FeatureUnsupported { path: path.into(), feature });
    let kind_feature = kind_feature(route.kind);
    if !has(kind_feature) {
        return unsupported("kind", kind_feature);
    }
    // O-012: a route that cannot be kept to its namespace is not applied at all.
    if matches!(scope(route, parent_ref), MeshScope::Consumer(_)) && !has(Feature::MeshConsumerRoute) {
        return unsupported("spec.parentRefs", Feature::MeshConsumerRoute);
    }
    if parent_ref.port.is_some() && !has(Feature::HTTPRouteParentRefPort) {
        return Err(Refusal::ParentRefPortUnsupported);
    }
    if let Some(why) = unreachable(service) {
        return Err(Refusal::MeshServiceUnsupported { service: service.key.clone(), why });
    }
    let ports: Vec<&ServicePort> = ports(service, route.kind, parent_ref).collect();
    if ports.is_empty() { Err(Refusal::NoListenerSelected { parent_ref: parent_ref.clone() }) } else { Ok(ports) }
}

fn kind_feature(kind: RouteKind) -> Feature {
    match kind {
        RouteKind::Http => Feature::HTTPRoute,
        RouteKind::Grpc => Feature::GRPCRoute,
        RouteKind::Tls => Feature::TLSRoute,
        RouteKind::Tcp => Feature::TCPRoute,
        RouteKind::Udp => Feature::UDPRoute,
    }
}

/// O-007: it takes an address of its own to be recognised by.
fn unreachable(service: &Service) -> Option<String> {
    if service.external_name {
        Some("is of type ExternalName, which has no address in the cluster".into())
    } else if service.headless {
        Some("is headless: its clients talk to its endpoints".into())
    } else {
        None
    }
}

/// O-009, O-010: the ports that a parentRef selects, of the transport that the route knows.
fn ports<'s, 'p>(
    service: &'s Service,
    kind: RouteKind,
    parent_ref: &'p ParentRef,
) -> impl Iterator<Item = &'s ServicePort> + use<'s, 'p> {
    let transport = if kind == RouteKind::Udp { TransportProtocol::Udp } else { TransportProtocol::Tcp };
    service.ports.iter().filter(move |port| {
        port.protocol == transport
            && parent_ref.port.is_none_or(|number| number == port.port)
            && parent_ref.section_name.as_ref().is_none_or(|name| port.name.as_ref() == Some(name))
    })
}

/// O-015: the ports that routes of a more specific kind have for the same clients, each with the most specific of these kinds.
/// What becomes of their rules has no say: one that is broken must not hand its traffic to others (S-009).
fn taken<'s>(world: &World<'_>, service: &'s Service, route: &Route, scope: &MeshScope) -> Vec<(&'s ServicePort, RouteKind)> {
    const MOST_SPECIFIC_FIRST: [RouteKind; 4] = [RouteKind::Grpc, RouteKind::Http, RouteKind::Tls, RouteKind::Tcp];
    let rank = |kind| MOST_SPECIFIC_FIRST.iter().position(|one| *one == kind);
    let Some(own) = rank(route.kind) else { return Vec::new() };
    let rivals = world.routes_of(&service.key).filter(|rival| rank(rival.kind).is_some_and(|rank| rank < own));
    let references = rivals.flat_map(|rival| rival.parent_refs.iter().map(move |reference| (rival, reference)));
    let same = references.filter(|(rival, reference)| {
        reference.is_service() && reference.object() == service.key && self::scope(rival, reference) == *scope
    });
    let mut taken: Vec<(&ServicePort, RouteKind)> = same
        .filter_map(|(rival, reference)| Some((selected(world, service, rival, reference).ok()?, rival.kind)))
        .flat_map(|(ports, kind)| ports.into_iter().map(move |port| (port, kind)))
        .collect();
    taken.sort_by_key(|(_, kind)| rank(*kind));
    taken
}

/// A port of a Service. Numbers and not names: not every port has a name. A number can stand for TCP and UDP, and the kind of
/// a route says which.
fn listener(service: &Service, port: &ServicePort) -> AttachedListener {
    AttachedListener {
        listener: ListenerKey { parent: service.key.clone(), name: port.port.to_string().into() },
        // O-008: hostnames of a route mean nothing here.
        hostnames: alloc::vec![AttachedHostname { own: None, served: None }],
    }
}

/// What becomes of an XMesh; nothing if it is not ours (P-026).
pub(crate) fn resolve_mesh(world: &World<'_>, mesh: &Arc<XMesh>) -> Option<ResolvedMesh> {
    let is_ours = world.controller.features.has(Feature::Mesh) && world.controller.identity.owns(&mesh.controller_name);
    is_ours.then(|| {
        // P-028.
        let fault = mesh.parameters_ref.as_ref().and_then(|reference| {
            let object = ObjectKey {
                group: reference.group.clone(),
                kind: reference.kind.clone(),
                namespace: reference.namespace.clone(),
                name: reference.name.clone(),
            };
            let why = class::parameters_fault(world, &reference.group, &reference.kind, &object)?;
            Some(Refusal::ClassParameters { object, why })
        });
        ResolvedMesh { mesh: mesh.clone(), refused: fault.into_iter().collect() }
    })
}
