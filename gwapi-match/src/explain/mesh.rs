//! What becomes of a connection in a mesh (chapter O).

use std::collections::BTreeMap;

use gwapi_core::{
    RequestHost,
    features::Feature,
    model::{RouteKind, Service},
    name::ObjectKey,
    resolution::{MeshScope, Resolution, ResolvedRoute, ServedBy},
};

use super::{
    Explanation, Frontend, Placement,
    candidates::{Attached, Question},
};
use crate::{
    connect::Transport,
    head::RequestHead,
    headers::Headers,
    mesh::{Destination, MeshArrival},
};

pub(super) fn explain<'a, H: Headers + ?Sized>(
    resolution: &'a Resolution,
    arrival: &MeshArrival<'_>,
    head: Option<&RequestHead<'_, H>>,
) -> Option<Explanation<'a>> {
    if !resolution.controller.features.has(Feature::Mesh) {
        return None;
    }
    let connection = Question::Connection(None);
    let attachments = attachments(resolution, arrival);
    // The Services that the connection goes to: one, unless several claim an address.
    let is_destination = |service: &&Service| is_destination(resolution, service, arrival);
    let services: BTreeMap<_, &Service> =
        attachments.iter().map(|one| one.place.service).filter(is_destination).map(|service| (&service.key, service)).collect();
    let mut seen = services.keys().map(|service| seen_routes(&attachments, service, arrival.namespace));
    let routes = seen.find(|routes| !routes.is_empty()).unwrap_or_default();
    let Some(first) = routes.first() else {
        // Without any route it works as without a mesh (O-002), and so do other ports (O-009) and pods (O-005).
        return Some(Explanation::of::<H>(resolution, Placement::PassThrough, Vec::new(), &connection));
    };
    let is_http = routes.iter().any(|one| matches!(one.route.route.kind, RouteKind::Http | RouteKind::Grpc));
    let question = if is_http { Question::Request(head?) } else { connection };
    // No meaning is derived from hostnames (O-008).
    let mut attached: Vec<Attached<'a>> =
        routes.iter().map(|one| Attached { route: one.route, hostnames: vec![(None, None)] }).collect();
    // Two parentRefs of a route can lead to the same port.
    attached.dedup_by(|one, other| one.route.key() == other.route.key());
    Some(Explanation::of(resolution, Placement::Service(first.place), attached, &question))
}

/// A client in a namespace with consumer routes for a Service gets these only, others the producer routes (O-012, O-013).
fn seen_routes<'r, 'a>(attachments: &'r [Attachment<'a>], service: &ObjectKey, of_client: &str) -> Vec<&'r Attachment<'a>> {
    let to_service = || attachments.iter().filter(|one| one.place.service.key == *service);
    let is_own = |scope: &MeshScope| matches!(scope, MeshScope::Consumer(namespace) if *namespace.as_str() == *of_client);
    if to_service().any(|one| is_own(one.place.scope)) {
        to_service().filter(|one| is_own(one.place.scope)).collect()
    } else {
        to_service().filter(|one| *one.place.scope == MeshScope::Producer).collect()
    }
}

/// A route that is attached to a port of a Service.
struct Attachment<'a> {
    route: &'a ResolvedRoute,
    place: Frontend<'a>,
}

/// The accepted routes of the port that is asked for, whatever the Service.
fn attachments<'a>(resolution: &'a Resolution, arrival: &MeshArrival<'_>) -> Vec<Attachment<'a>> {
    let mut attachments = Vec::new();
    for route in resolution.routes.values().filter(|route| route.has_valid_rule()) {
        // UDPRoutes are independent of the others (O-015).
        let is_udp = route.route.kind == RouteKind::Udp;
        if is_udp != (arrival.transport == Transport::Udp) {
            continue;
        }
        for parent in &route.parents {
            let ServedBy::Mesh { service, scope } = &parent.served_by else { continue };
            // Listeners are ports, by number.
            let is_port = parent.listeners.iter().any(|one| *one.listener.name.as_str() == *arrival.port.to_string());
            if is_port {
                let place = Frontend { service, port: arrival.port, scope };
                attachments.push(Attachment { route, place });
            }
        }
    }
    attachments
}

fn is_destination(resolution: &Resolution, service: &Service, arrival: &MeshArrival<'_>) -> bool {
    let address = match arrival.destination {
        Destination::Address(address) => Some(address),
        Destination::Name(name) => name.parse().ok(),
    };
    match (address, arrival.destination) {
        // It is recognised by its address, whatever the Host header says (O-006).
        (Some(address), _) => {
            resolution.controller.features.has(Feature::MeshClusterIPMatching) && service.cluster_ips.contains(&address)
        }
        (None, Destination::Name(name)) => {
            let (own, namespace) = (&service.key.name, service.key.namespace_str());
            let host = RequestHost::parse(name);
            let is = |name: String| host.as_ref().is_some_and(|host| *host.as_str() == *name);
            // As the client's own namespace looks names up.
            is(format!("{own}")) && namespace == arrival.namespace
                || is(format!("{own}.{namespace}"))
                || is(format!("{own}.{namespace}.svc"))
                || is(format!("{own}.{namespace}.svc.cluster.local"))
        }
        (None, Destination::Address(_)) => false,
    }
}
