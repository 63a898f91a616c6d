//! Which listeners a route attaches to (chapters D and E).

use alloc::{string::ToString, vec::Vec};

use super::{World, listener::hostname_text};
use crate::{
    features::Feature,
    hostname::Hostname,
    model::{AllowedRoutes, Listener, NamespacesFrom, ParentRef, Route, Selector, group_kind},
    name::{GATEWAY_GROUP, Namespace},
    refusal::{NamespaceFault, Refusal},
    resolution::{AttachedHostname, AttachedListener, Attachment, ResolvedGateway, ResolvedListener, Unclaimed},
};

/// The Gateway of ours that a parentRef names, or why it is none of our business (D-021).
pub(super) fn parent<'w>(world: &World<'w>, parent_ref: &ParentRef) -> Result<&'w ResolvedGateway, Unclaimed> {
    if parent_ref.group != GATEWAY_GROUP || parent_ref.kind != "Gateway" {
        return Err(Unclaimed::KindUnsupported { kind: group_kind(&parent_ref.group, &parent_ref.kind) });
    }
    let key = parent_ref.object();
    match world.gateway(&key) {
        Some(gateway) => gateway.map_err(Unclaimed::clone),
        None => Err(Unclaimed::NotFound { parent: key }),
    }
}

/// D-001, for one parentRef: every listener that it selects is asked.
pub(super) fn attach(world: &World<'_>, gateway: &ResolvedGateway, route: &Route, parent_ref: &ParentRef) -> Attachment {
    let mut attachment = Attachment {
        parent_ref: parent_ref.clone(),
        controller_name: gateway.controller_name.clone(),
        gateway: gateway.key().clone(),
        listeners: Vec::new(),
        refused: Vec::new(),
    };
    let listeners = gateway.gateway.listeners.iter().zip(&gateway.listeners);
    for (listener, resolved) in listeners.filter(|(listener, _)| selects(parent_ref, listener)) {
        match attach_to(world, route, listener, resolved) {
            Ok(attached) => attachment.listeners.push(attached),
            Err(refusal) => attachment.refused.push(refusal),
        }
    }
    // A listener that is not there is the plainer reason (D-013).
    if parent_ref.port.is_some() && !matches_ports(world) && !(attachment.listeners.is_empty() && attachment.refused.is_empty()) {
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

fn matches_ports(world: &World<'_>) -> bool {
    let features = &world.controller.features;
    features.has(Feature::HTTPRouteParentRefPort) || features.has(Feature::HTTPRouteDestinationPortMatching)
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
    if let Some(why) = namespace_fault(world, &listener.allowed_routes, &namespace, &parent) {
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
fn namespace_fault(
    world: &World<'_>,
    allowed: &AllowedRoutes,
    namespace: &Namespace,
    parent: &Namespace,
) -> Option<NamespaceFault> {
    match &allowed.namespaces {
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
