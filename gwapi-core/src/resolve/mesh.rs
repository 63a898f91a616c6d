//! Routes of Services (chapter O), and XMeshes (P.4).

use alloc::{
    string::{String, ToString},
    sync::Arc,
    vec::Vec,
};

use super::{World, class};
use crate::{
    controller::Identity,
    features::Feature,
    model::{ParentRef, Route, RouteKind, Service, ServicePort, TransportProtocol, XMesh},
    name::{ControllerName, ObjectKey},
    refusal::Refusal,
    resolution::{AttachedHostname, AttachedListener, Attachment, ListenerKey, MeshScope, ResolvedMesh, ServedBy},
};

/// Whether all parents of a route are Services, so that only members of the mesh ever send by it.
pub(super) fn is_mesh_only(world: &World<'_>, route: &Route) -> bool {
    world.controller.features.has(Feature::Mesh)
        && !route.parent_refs.is_empty()
        && route.parent_refs.iter().all(ParentRef::is_service)
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
    match refusal(world, service, route, parent_ref, &scope) {
        Some(refusal) => attachment.refused.push(refusal),
        None => attachment.listeners.extend(ports(service, route.kind, parent_ref).map(|port| listener(service, port))),
    }
    attachment
}

/// O-011, O-012. What decides is where the route stands, never which of its rules match.
fn scope(route: &Route, parent_ref: &ParentRef) -> MeshScope {
    let own = route.meta.key.namespace_str();
    if own == parent_ref.namespace.as_str() { MeshScope::Producer } else { MeshScope::Consumer(own.into()) }
}

fn refusal(world: &World<'_>, service: &Service, route: &Route, parent_ref: &ParentRef, scope: &MeshScope) -> Option<Refusal> {
    let has = |feature| world.controller.features.has(feature);
    let unsupported = |path: &str, feature| Some(Refusal::FeatureUnsupported { path: path.into(), feature });
    let kind_feature = kind_feature(route.kind);
    if !has(kind_feature) {
        return unsupported("kind", kind_feature);
    }
    // O-012: a route that cannot be kept to its namespace is not applied at all.
    if matches!(scope, MeshScope::Consumer(_)) && !has(Feature::MeshConsumerRoute) {
        return unsupported("spec.parentRefs", Feature::MeshConsumerRoute);
    }
    if parent_ref.port.is_some() && !has(Feature::HTTPRouteParentRefPort) {
        return Some(Refusal::ParentRefPortUnsupported);
    }
    if let Some(why) = unreachable(service) {
        return Some(Refusal::MeshServiceUnsupported { service: service.key.clone(), why });
    }
    if ports(service, route.kind, parent_ref).next().is_none() {
        return Some(Refusal::NoListenerSelected { parent_ref: parent_ref.clone() });
    }
    let winner = more_specific(world, route, parent_ref, scope)?;
    let (service, kind, winner) = (service.key.clone(), route.kind.to_string(), winner.to_string());
    Some(Refusal::MeshKindConflict { service, kind, winner })
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
fn ports<'s>(service: &'s Service, kind: RouteKind, parent_ref: &'s ParentRef) -> impl Iterator<Item = &'s ServicePort> {
    let transport = if kind == RouteKind::Udp { TransportProtocol::Udp } else { TransportProtocol::Tcp };
    service.ports.iter().filter(move |port| {
        port.protocol == transport
            && parent_ref.port.is_none_or(|number| number == port.port)
            && parent_ref.section_name.as_ref().is_none_or(|name| port.name.as_ref() == Some(name))
    })
}

/// O-015: a kind that is more specific than this route's, with a route for the same clients and a port that both select.
fn more_specific(world: &World<'_>, route: &Route, parent_ref: &ParentRef, scope: &MeshScope) -> Option<RouteKind> {
    const MOST_SPECIFIC_FIRST: [RouteKind; 4] = [RouteKind::Grpc, RouteKind::Http, RouteKind::Tls, RouteKind::Tcp];
    let rank = |kind| MOST_SPECIFIC_FIRST.iter().position(|one| *one == kind);
    let own = rank(route.kind)?;
    let service = world.service(&parent_ref.object())?;
    let meets = |other: &ParentRef| {
        other.is_service()
            && other.object() == parent_ref.object()
            && ports(service, route.kind, other).any(|port| ports(service, route.kind, parent_ref).any(|one| one == port))
    };
    let rivals = world.routes_of(&service.key).filter(|rival| {
        rank(rival.kind).is_some_and(|rank| rank < own)
            && world.controller.features.has(kind_feature(rival.kind))
            && rival.parent_refs.iter().any(|other| meets(other) && self::scope(rival, other) == *scope)
    });
    rivals.map(|rival| rival.kind).min_by_key(|kind| rank(*kind))
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
