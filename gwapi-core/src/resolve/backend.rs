//! What references to backends lead to (chapter I).

use alloc::string::ToString;

use super::{World, grant};
use crate::{
    features::Feature,
    model::{BackendObjectRef, Route, RouteKind, Service, ServicePort, TransportProtocol},
    name::CORE_GROUP,
    refusal::Refusal,
    resolution::{BackendKey, BackendProtocol, BackendTarget},
};

/// Resolves one reference of a route. Permission comes first, so that the answer to a forbidden reference does not depend
/// on whether the object exists (I-009, S-003). It is the same for `backendRefs` and mirrors (H-050).
pub(super) fn resolve_backend(world: &World<'_>, route: &Route, backend: &BackendObjectRef) -> Result<BackendTarget, Refusal> {
    let object = backend.object();
    grant::check(world, &route.meta.key, &object)?;
    if object.group != CORE_GROUP || object.kind != "Service" {
        return Err(Refusal::BackendKindUnsupported { backend: backend.clone() });
    }
    let Some(service) = world.service(&object) else {
        return Err(Refusal::BackendNotFound { backend: backend.clone() });
    };
    if service.external_name {
        return Err(Refusal::BackendExternalName { backend: backend.clone() });
    }
    let port = service_port(route.kind, service, backend)?;
    let app_protocol = port.app_protocol.as_deref();
    let protocol = backend_protocol(world, route.kind, app_protocol)
        .ok_or_else(|| unsupported(route.kind, backend, app_protocol.unwrap_or_default()))?;
    Ok(BackendTarget { key: BackendKey { object, port: port.port }, protocol })
}

/// I-014, I-015: the port is one of the Service. A Service may use one number for TCP and UDP.
fn service_port<'s>(kind: RouteKind, service: &'s Service, backend: &BackendObjectRef) -> Result<&'s ServicePort, Refusal> {
    let transport = if kind == RouteKind::Udp { TransportProtocol::Udp } else { TransportProtocol::Tcp };
    let of_number = || service.ports.iter().filter(|port| Some(port.port) == backend.port);
    match (of_number().find(|port| port.protocol == transport), of_number().next()) {
        (Some(port), _) => Ok(port),
        (None, Some(port)) => Err(unsupported(kind, backend, transport_name(port.protocol))),
        (None, None) => Err(Refusal::BackendPortNotFound { backend: backend.clone() }),
    }
}

/// I-010, I-021 to I-024: what the endpoints speak, or nothing if the route cannot send that. Names that are not in the
/// table of GEP-1911 are no reason to refuse (I-023).
fn backend_protocol(world: &World<'_>, kind: RouteKind, app_protocol: Option<&str>) -> Option<BackendProtocol> {
    let declared = |feature| world.controller.features.has(feature);
    match (app_protocol, kind) {
        (Some("kubernetes.io/h2c"), RouteKind::Http) => {
            declared(Feature::HTTPRouteBackendProtocolH2C).then_some(BackendProtocol::H2c)
        }
        (Some("kubernetes.io/h2c"), RouteKind::Grpc) => Some(BackendProtocol::H2c),
        (Some("kubernetes.io/ws"), RouteKind::Http) => {
            declared(Feature::HTTPRouteBackendProtocolWebSocket).then_some(BackendProtocol::WebSocket)
        }
        // `wss` needs a BackendTLSPolicy beside an HTTPRoute.
        (Some("kubernetes.io/h2c" | "kubernetes.io/ws" | "kubernetes.io/wss"), _) => None,
        (_, RouteKind::Grpc) => Some(BackendProtocol::H2c),
        _ => Some(BackendProtocol::Http1),
    }
}

fn transport_name(transport: TransportProtocol) -> &'static str {
    match transport {
        TransportProtocol::Tcp => "TCP",
        TransportProtocol::Udp => "UDP",
        TransportProtocol::Other => "SCTP",
    }
}

fn unsupported(kind: RouteKind, backend: &BackendObjectRef, spoken: &str) -> Refusal {
    Refusal::BackendProtocolUnsupported {
        backend: backend.clone(),
        app_protocol: spoken.to_string(),
        route_kind: kind.to_string(),
    }
}
