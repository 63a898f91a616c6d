//! Which listeners a route attaches to (chapters D and E).

use alloc::{string::ToString, vec::Vec};

use super::{World, listener::hostname_text, mesh};
use crate::{
    features::Feature,
    hostname::Hostname,
    model::{DefaultScope, Listener, NamespacesFrom, ParentRef, Route, RouteKind, Selector, group_kind},
    name::{GATEWAY_GROUP, Namespace, ObjectKey},
    refusal::{NamespaceFault, Refusal},
    resolution::{AttachedHostname, AttachedListener, Attachment, ResolvedGateway, ResolvedListener, ServedBy, Unclaimed},
};

/// What becomes of every parentRef, or why it is none of our business (D-018, D-021), and of the Gateways that claim the route
/// without being named (P-002).
pub(super) fn attach_all(world: &World<'_>, route: &Route) -> (Vec<Attachment>, Vec<(ParentRef, Unclaimed)>) {
    let mut attachments = Vec::new();
    let mut unclaimed = Vec::new();
    for parent_ref in &route.parent_refs {
        match attach(world, route, parent_ref) {
            Ok(attachment) => attachments.push(attachment),
            Err(why) => unclaimed.push((parent_ref.clone(), why)),
        }
    }
    attachments.extend(claiming(world, route).filter_map(|parent_ref| attach(world, route, &parent_ref).ok()));
    attachments.shrink_to_fit();
    (attachments, unclaimed)
}

/// P-002, P-003, P-006: one reference for each default Gateway that the route does not name, as if it did (P-008).
pub(super) fn claiming<'w>(world: &World<'w>, route: &'w Route) -> impl Iterator<Item = ParentRef> + use<'w> {
    let is_asked = world.controller.abilities.default_gateways && route.use_default_gateways != DefaultScope::None;
    let gateways = is_asked.then(|| world.default_gateways()).into_iter().flatten();
    let claiming = gateways.filter(|gateway| gateway.gateway.default_scope.claims(&route.use_default_gateways));
    let references = claiming.map(|gateway| {
        let ObjectKey { group, kind, namespace, name } = gateway.key().clone();
        let namespace = namespace.unwrap_or_else(|| "".into());
        ParentRef { group, kind, namespace, name, section_name: None, port: None }
    });
    references.filter(|reference| route.parent_refs.iter().all(|named| named.object() != reference.object()))
}

fn attach(world: &World<'_>, route: &Route, parent_ref: &ParentRef) -> Result<Attachment, Unclaimed> {
    let features = &world.controller.features;
    let is_gateway_api = parent_ref.group == GATEWAY_GROUP;
    match parent_ref.kind.as_str() {
        "Gateway" if is_gateway_api => Ok(attach_to_listeners(world, &gateway(world, parent_ref)?, route, parent_ref)),
        "ListenerSet" if is_gateway_api && features.has(Feature::ListenerSet) => {
            Ok(attach_to_listeners(world, &listener_set(world, parent_ref)?, route, parent_ref))
        }
        _ if parent_ref.is_service() && features.has(Feature::Mesh) => {
            let parent = parent_ref.object();
            let service = world.service(&parent).ok_or(Unclaimed::NotFound { parent })?;
            Ok(mesh::attach(world, service, route, parent_ref))
        }
        _ => Err(Unclaimed::KindUnsupported { kind: group_kind(&parent_ref.group, &parent_ref.kind) }),
    }
}

/// What declares listeners, as it is written and as it is resolved.
struct Parent<'w> {
    gateway: &'w ResolvedGateway,
    declared: &'w [Listener],
    resolved: &'w [ResolvedListener],
}

/// C-021: a Gateway stands for its own listeners, and never for those of its ListenerSets.
fn gateway<'w>(world: &World<'w>, parent_ref: &ParentRef) -> Result<Parent<'w>, Unclaimed> {
    let key = parent_ref.object();
    let gateway = world.gateway(&key).ok_or(Unclaimed::NotFound { parent: key })?.map_err(Unclaimed::clone)?;
    Ok(Parent { gateway, declared: &gateway.gateway.listeners, resolved: &gateway.listeners })
}

/// C-004, C-020.
fn listener_set<'w>(world: &World<'w>, parent_ref: &ParentRef) -> Result<Parent<'w>, Unclaimed> {
    let key = parent_ref.object();
    if let Some(set) = world.listener_set(&key) {
        let gateway = world.gateway_of_set(set).ok_or_else(|| Unclaimed::NotFound { parent: set.gateway.clone() })?;
        return Ok(Parent { gateway, declared: &set.set.listeners, resolved: &set.listeners });
    }
    let Some(parent) = world.parent_of_set(&key) else { return Err(Unclaimed::NotFound { parent: key }) };
    match world.gateway(&parent) {
        Some(Err(why)) => Err(why.clone()),
        _ => Err(Unclaimed::NotFound { parent }),
    }
}

/// D-001, for one parentRef: every listener that it selects is asked.
fn attach_to_listeners(world: &World<'_>, parent: &Parent<'_>, route: &Route, parent_ref: &ParentRef) -> Attachment {
    let mut attachment = Attachment {
        parent_ref: parent_ref.clone(),
        controller_name: parent.gateway.controller_name.clone(),
        served_by: ServedBy::Gateway(parent.gateway.key().clone()),
        listeners: Vec::new(),
        refused: Vec::new(),
    };
    let listeners = parent.declared.iter().zip(parent.resolved);
    for (listener, resolved) in listeners.filter(|(listener, _)| selects(parent_ref, listener)) {
        match attach_to(world, route, listener, resolved) {
            Ok(attached) => attachment.listeners.push(attached),
            Err(refusal) => attachment.refused.push(refusal),
        }
    }
    // A listener that is not there is the plainer reason (D-013).
    let selects_any = !(attachment.listeners.is_empty() && attachment.refused.is_empty());
    if parent_ref.port.is_some() && !matches_ports(world, route.kind) && selects_any {
        attachment.listeners.clear();
        attachment.refused = alloc::vec![Refusal::ParentRefPortUnsupported];
    }
    if attachment.listeners.is_empty() && attachment.refused.is_empty() {
        attachment.refused.push(Refusal::NoListenerSelected { parent_ref: parent_ref.clone() });
    }
    attachment.listeners.shrink_to_fit();
    attachment.refused.shrink_to_fit();
    attachment
}

/// D-012; routes without hostnames have little else to tell listeners apart (M-002).
fn matches_ports(world: &World<'_>, kind: RouteKind) -> bool {
    let features = &world.controller.features;
    matches!(kind, RouteKind::Tls | RouteKind::Tcp | RouteKind::Udp)
        || features.has(Feature::HTTPRouteParentRefPort)
        || features.has(Feature::HTTPRouteDestinationPortMatching)
}

/// D-011, D-012: where both are given, both must fit.
fn selects(parent_ref: &ParentRef, listener: &Listener) -> bool {
    parent_ref.section_name.as_ref().is_none_or(|name| *name == listener.name)
        && parent_ref.port.is_none_or(|port| port == listener.port)
}

fn attach_to(
    world: &World<'_>,
    route: &Route,
    listener: &Listener,
    resolved: &ResolvedListener,
) -> Result<AttachedListener, Refusal> {
    let name = listener.name.clone();
    if !resolved.is_accepted() {
        return Err(Refusal::ListenerNotAccepted { listener: name });
    }
    if !resolved.supported_kinds.contains(&route.kind) {
        return Err(Refusal::KindNotAllowed { listener: name, kind: route.kind.to_string() });
    }
    let namespace: Namespace = route.meta.key.namespace_str().into();
    let parent: Namespace = resolved.key.parent.namespace_str().into();
    if let Some(why) = namespace_fault(world, &listener.allowed_routes.namespaces, &namespace, &parent) {
        return Err(Refusal::NamespaceNotAllowed { listener: name, namespace, why });
    }
    let hostnames = hostnames(route, listener.hostname.as_ref());
    if hostnames.is_empty() {
        let hostname = hostname_text(listener.hostname.as_ref());
        let of_route = route.hostnames.iter().filter_map(|hostname| hostname.as_ref().ok().cloned()).collect();
        return Err(Refusal::NoMatchingHostname { listener: name, hostname, route: of_route });
    }
    Ok(AttachedListener { listener: resolved.key.clone(), hostnames })
}

/// D-003.
pub(super) fn namespace_fault(
    world: &World<'_>,
    from: &NamespacesFrom,
    namespace: &Namespace,
    parent: &Namespace,
) -> Option<NamespaceFault> {
    match from {
        NamespacesFrom::All => None,
        NamespacesFrom::Same => (namespace != parent).then(|| NamespaceFault::NotSame(parent.clone())),
        NamespacesFrom::Selector(None) => Some(NamespaceFault::NoSelector),
        NamespacesFrom::Selector(Some(selector)) => {
            (!is_selected(world, selector, namespace)).then_some(NamespaceFault::NotSelected)
        }
        NamespacesFrom::Unknown(from) => Some(NamespaceFault::UnknownFrom(from.clone())),
    }
}

/// The labels are those of the Namespace object, never those of the route (pitfall 47). A namespace without an object has
/// the one label that the API server gives to every namespace.
fn is_selected(world: &World<'_>, selector: &Selector, namespace: &Namespace) -> bool {
    match world.namespace(namespace) {
        Some(object) => selector.matches(&object.labels),
        None => selector.matches(&[("kubernetes.io/metadata.name".into(), namespace.as_str().into())].into()),
    }
}

/// E-004 to E-011: every intersection of a hostname of the route with that of the listener, in the order of the route,
/// each own hostname once.
fn hostnames(route: &Route, listener: Option<&Hostname>) -> Vec<AttachedHostname> {
    if route.hostnames.is_empty() {
        return alloc::vec![AttachedHostname { own: None, served: listener.cloned() }];
    }
    let mut attached: Vec<AttachedHostname> = Vec::new();
    for own in route.hostnames.iter().flatten() {
        let served = match listener {
            None => Some(own),
            Some(listener) => listener.intersection(own),
        };
        if let Some(served) = served.filter(|_| attached.iter().all(|other| other.own.as_ref() != Some(own))) {
            attached.push(AttachedHostname { own: Some(own.clone()), served: Some(served.clone()) });
        }
    }
    attached.shrink_to_fit();
    attached
}
