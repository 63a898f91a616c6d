//! What references to backends lead to (chapter I, P.2).

use alloc::{string::ToString, sync::Arc};

use super::{World, grant, policy};
use crate::{
    facts::BackendFact,
    features::Feature,
    model::{
        AuthProtocol, BackendObjectRef, ExternalAuth, RetryConstraint, RouteKind, Service, ServicePort, SessionPersistence,
        TransportProtocol, XBackendProtocol,
    },
    name::{CORE_GROUP, GATEWAY_X_GROUP, ObjectKey},
    refusal::Refusal,
    resolution::{BackendKey, BackendProtocol, BackendTarget},
};

/// Who sends: the object that contains the reference.
#[derive(Clone, Copy)]
pub(super) struct Sender<'a> {
    pub(super) key: &'a ObjectKey,
    /// What it sends.
    pub(super) kind: RouteKind,
    /// Whether it takes a grant to cross namespaces. In a mesh it does not (O-018).
    pub(super) needs_grants: bool,
}

/// Resolves one reference. Permission comes first, so that the answer to a forbidden reference does not depend on whether the
/// object exists (I-009, S-003). It is the same for `backendRefs`, mirrors and authorisation services (H-050, H-077).
pub(super) fn resolve_backend(
    world: &World<'_>,
    sender: &Sender<'_>,
    backend: &BackendObjectRef,
) -> Result<BackendTarget, Refusal> {
    let object = backend.object();
    let is_local = object.namespace == sender.key.namespace;
    if sender.needs_grants {
        grant::check(world, sender.key, &object)?;
    }
    let abilities = &world.controller.abilities;
    match (object.group.as_str(), object.kind.as_str()) {
        (CORE_GROUP, "Service") => of_service(world, sender, backend, object),
        ("multicluster.x-k8s.io", "ServiceImport") if abilities.service_imports => of_import(world, sender, backend, object),
        // P-009: whatever a grant says.
        (GATEWAY_X_GROUP, "XBackend") if abilities.x_backends && !is_local => {
            Err(Refusal::BackendNotLocal { backend: backend.clone() })
        }
        (GATEWAY_X_GROUP, "XBackend") if abilities.x_backends => of_x_backend(world, sender, backend, object),
        _ => of_fact(world, backend, object),
    }
}

/// An authorisation service speaks what it is asked in, whatever the route carries (H-071).
pub(super) fn resolve_auth(world: &World<'_>, sender: &Sender<'_>, auth: &ExternalAuth) -> Result<BackendTarget, Refusal> {
    let kind = match auth.protocol {
        AuthProtocol::Http(_) => RouteKind::Http,
        AuthProtocol::Grpc { .. } => RouteKind::Grpc,
    };
    resolve_backend(world, &Sender { kind, ..*sender }, &auth.backend)
}

fn of_service(
    world: &World<'_>,
    sender: &Sender<'_>,
    backend: &BackendObjectRef,
    object: ObjectKey,
) -> Result<BackendTarget, Refusal> {
    let Some(service) = world.service(&object) else {
        return Err(Refusal::BackendNotFound { backend: backend.clone() });
    };
    let is_local = object.namespace == sender.key.namespace;
    if service.external_name {
        return Err(Refusal::BackendExternalName { backend: backend.clone() });
    }
    let port = backend_port(sender.kind, &service.ports, backend)?;
    // A mesh has TLS of its own between its members (N-025).
    let tls = if sender.needs_grants { policy::backend_tls(world, service, port) } else { None };
    let unavailable = |broken: policy::Broken<'_>| {
        // S-006: the reader need not know of policies elsewhere.
        let policy = is_local.then(|| broken.policy.clone());
        Arc::new(Refusal::BackendTlsUnavailable { backend: backend.clone(), policy })
    };
    let tls = tls.map(|tls| tls.map_err(unavailable));
    let protocol = protocol_of(world, sender.kind, port, tls.is_some(), backend)?;
    Ok(BackendTarget { key: BackendKey { object, port: port.port }, protocol, tls })
}

/// I-026: as a Service.
fn of_import(
    world: &World<'_>,
    sender: &Sender<'_>,
    backend: &BackendObjectRef,
    object: ObjectKey,
) -> Result<BackendTarget, Refusal> {
    let Some(import) = world.service_import(&object) else {
        return Err(Refusal::BackendNotFound { backend: backend.clone() });
    };
    let port = backend_port(sender.kind, &import.ports, backend)?;
    let protocol = protocol_of(world, sender.kind, port, false, backend)?;
    Ok(BackendTarget { key: BackendKey { object, port: port.port }, protocol, tls: None })
}

/// P-010 to P-014: the port and the protocol are those of the XBackend.
fn of_x_backend(
    world: &World<'_>,
    sender: &Sender<'_>,
    backend: &BackendObjectRef,
    object: ObjectKey,
) -> Result<BackendTarget, Refusal> {
    let Some(resolved) = world.x_backend(&object) else {
        return Err(Refusal::BackendNotFound { backend: backend.clone() });
    };
    if let Some(why) = resolved.refused.first() {
        return Err(Refusal::BackendInvalid { backend: backend.clone(), why: why.to_string() });
    }
    let x_backend = &resolved.backend;
    // v1.6 lets a port stand there, which can only be that of the XBackend.
    if backend.port.is_some_and(|port| port != x_backend.port) {
        return Err(Refusal::BackendPortNotFound { backend: backend.clone() });
    }
    let Some(protocol) = x_protocol(sender.kind, x_backend.protocol) else {
        return Err(unsupported(sender.kind, backend, x_backend.protocol.map_or("no protocol", XBackendProtocol::as_str)));
    };
    Ok(BackendTarget { key: BackendKey { object, port: x_backend.port }, protocol, tls: resolved.tls.clone().map(Ok) })
}

/// Other kinds are what the embedder says they are.
fn of_fact(world: &World<'_>, backend: &BackendObjectRef, object: ObjectKey) -> Result<BackendTarget, Refusal> {
    let facts = world.facts();
    let Some(BackendFact { port, protocol }) = facts.backends.get(&object) else {
        let is_known = facts.backend_kinds.contains(&(object.group.clone(), object.kind.clone()));
        let backend = backend.clone();
        return Err(if is_known { Refusal::BackendNotFound { backend } } else { Refusal::BackendKindUnsupported { backend } });
    };
    Ok(BackendTarget { key: BackendKey { port: backend.port.unwrap_or(*port), object }, protocol: *protocol, tls: None })
}

/// Whether there is such a backend; nothing if it is of a kind that routes cannot send to.
pub(super) fn exists(world: &World<'_>, object: &ObjectKey) -> Option<bool> {
    let abilities = &world.controller.abilities;
    match (object.group.as_str(), object.kind.as_str()) {
        (CORE_GROUP, "Service") => Some(world.service(object).is_some()),
        ("multicluster.x-k8s.io", "ServiceImport") if abilities.service_imports => Some(world.service_import(object).is_some()),
        (GATEWAY_X_GROUP, "XBackend") if abilities.x_backends => Some(world.x_backend(object).is_some()),
        _ => {
            let facts = world.facts();
            let is_known = facts.backend_kinds.contains(&(object.group.clone(), object.kind.clone()));
            let is_there = facts.backends.contains_key(object);
            (is_known || is_there).then_some(is_there)
        }
    }
}

/// What belongs to the backend and not to the route: its sessions (J-022), and how much of its traffic may be retries (P-020).
pub(super) fn traffic(world: &World<'_>, target: &BackendTarget) -> (Option<SessionPersistence>, Option<RetryConstraint>) {
    let object = &target.key.object;
    let is_x_backend = object.group == GATEWAY_X_GROUP;
    let own = is_x_backend.then(|| world.x_backend(object)?.backend.session_persistence.clone()).flatten();
    let (of_policy, retry) = policy::traffic(world, object);
    (own.or(of_policy).filter(|_| world.controller.abilities.session_persistence), retry)
}

/// I-014, I-015: the port is one of the Service. A Service may use one number for TCP and UDP.
fn backend_port<'s>(kind: RouteKind, ports: &'s [ServicePort], backend: &BackendObjectRef) -> Result<&'s ServicePort, Refusal> {
    let transport = if kind == RouteKind::Udp { TransportProtocol::Udp } else { TransportProtocol::Tcp };
    let of_number = || ports.iter().filter(|port| Some(port.port) == backend.port);
    match (of_number().find(|port| port.protocol == transport), of_number().next()) {
        (Some(port), _) => Ok(port),
        (None, Some(port)) => Err(unsupported(kind, backend, transport_name(port.protocol))),
        (None, None) => Err(Refusal::BackendPortNotFound { backend: backend.clone() }),
    }
}

fn protocol_of(
    world: &World<'_>,
    kind: RouteKind,
    port: &ServicePort,
    has_tls: bool,
    backend: &BackendObjectRef,
) -> Result<BackendProtocol, Refusal> {
    let app_protocol = port.app_protocol.as_deref();
    backend_protocol(world, kind, app_protocol, has_tls)
        .ok_or_else(|| unsupported(kind, backend, app_protocol.unwrap_or_default()))
}

/// I-010, I-021 to I-024: what the endpoints speak, or nothing if the route cannot send that. Names that are not in the
/// table of GEP-1911 are no reason to refuse (I-023).
fn backend_protocol(world: &World<'_>, kind: RouteKind, app_protocol: Option<&str>, has_tls: bool) -> Option<BackendProtocol> {
    let declared = |feature| world.controller.features.has(feature);
    match (app_protocol, kind) {
        (_, RouteKind::Tls | RouteKind::Tcp | RouteKind::Udp) => Some(BackendProtocol::Opaque),
        (Some("kubernetes.io/h2c"), RouteKind::Http) => {
            declared(Feature::HTTPRouteBackendProtocolH2C).then_some(BackendProtocol::H2c)
        }
        (Some("kubernetes.io/h2c"), RouteKind::Grpc) => Some(BackendProtocol::H2c),
        (Some("kubernetes.io/ws"), RouteKind::Http) => {
            declared(Feature::HTTPRouteBackendProtocolWebSocket).then_some(BackendProtocol::WebSocket)
        }
        // `wss` needs a BackendTLSPolicy beside an HTTPRoute.
        (Some("kubernetes.io/wss"), RouteKind::Http) if has_tls => {
            declared(Feature::HTTPRouteBackendProtocolWebSocket).then_some(BackendProtocol::WebSocket)
        }
        (Some("kubernetes.io/ws" | "kubernetes.io/wss"), _) => None,
        (_, RouteKind::Grpc) => Some(BackendProtocol::H2c),
        _ => Some(BackendProtocol::Http1),
    }
}

/// P-013: what is spoken is fixed by the XBackend, and nothing leaves it to the route.
fn x_protocol(kind: RouteKind, protocol: Option<XBackendProtocol>) -> Option<BackendProtocol> {
    use XBackendProtocol::{Grpc, H2c, Http, Http2, Http11, Mcp, Tcp, Wss};
    match (kind, protocol) {
        // No protocol of an XBackend is one of datagrams.
        (RouteKind::Udp, _) => None,
        // The bytes of the client are what they are.
        (RouteKind::Tls | RouteKind::Tcp, _) => Some(BackendProtocol::Opaque),
        (_, Some(Tcp)) => None,
        (RouteKind::Http, None | Some(Http | Http11 | Mcp)) => Some(BackendProtocol::Http1),
        (RouteKind::Http, Some(Wss)) => Some(BackendProtocol::WebSocket),
        (RouteKind::Http | RouteKind::Grpc, Some(Http2 | H2c | Grpc)) | (RouteKind::Grpc, None | Some(Http)) => {
            Some(BackendProtocol::H2c)
        }
        (RouteKind::Grpc, Some(Http11 | Mcp | Wss)) => None,
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

/// Whether anything of a Service can carry TCP.
pub(super) fn has_tcp(service: &Service) -> bool {
    service.ports.is_empty() || service.ports.iter().any(|port| port.protocol == TransportProtocol::Tcp)
}
