//! What there is in a world.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::{self, Debug, Write},
};

use gwapi_core::{
    Refusal, Resolution,
    model::PathMatch,
    resolution::{
        BackendTarget, MeshScope, PolicyObject, ResolvedFilter, ResolvedGateway, ResolvedListener, ResolvedListenerSet,
        ResolvedPolicy, ResolvedRoute, ResolvedRule, RuleMatches, ServedBy,
    },
};

use crate::{Coverage, Group};

/// Counts a world, and what is in it at least once.
pub fn count_world(coverage: &mut Coverage, resolution: &Resolution) {
    let mut seen = Seen::default();
    for class in resolution.classes.values() {
        seen.either(class.refused.is_empty(), "class: accepted", "class: refused");
        seen.refusals(&class.refused);
    }
    for mesh in resolution.meshes.values() {
        seen.either(mesh.refused.is_empty(), "XMesh: accepted", "XMesh: refused");
        seen.refusals(&mesh.refused);
    }
    resolution.gateways.values().for_each(|gateway| seen.gateway(gateway));
    resolution.listener_sets.values().for_each(|set| seen.listener_set(set));
    resolution.policies.values().for_each(|policy| seen.policy(policy, resolution));
    for backend in resolution.x_backends.values() {
        seen.note_if(backend.ancestors(resolution).next().is_some(), "XBackend: used");
        seen.note_if(backend.tls.is_some(), "XBackend: with TLS");
        seen.refusals(backend.refused.iter().chain(&backend.unresolved));
    }
    resolution.routes.values().for_each(|route| seen.route(route));
    resolution.unclaimed.values().for_each(|why| seen.note(&format!("unclaimed: {}", variant(why))));
    seen.listeners_with_several_namespaces(resolution);
    coverage.total(Group::Worlds);
    seen.0.iter().for_each(|name| coverage.count(Group::Worlds, name));
}

#[derive(Default)]
struct Seen(BTreeSet<String>);

impl Seen {
    fn note(&mut self, name: &str) {
        if !self.0.contains(name) {
            self.0.insert(name.to_owned());
        }
    }

    fn note_if(&mut self, is_so: bool, name: &str) {
        if is_so {
            self.note(name);
        }
    }

    fn either(&mut self, is_so: bool, name: &str, other: &str) {
        self.note(if is_so { name } else { other });
    }

    fn refusals<'r>(&mut self, refused: impl IntoIterator<Item = &'r Refusal>) {
        for refusal in refused {
            let name = variant(refusal);
            let why = match refusal {
                Refusal::CertificateInvalid { why, .. } | Refusal::ClientCertificateInvalid { why, .. } => Some(variant(why)),
                Refusal::CaCertificateInvalid { why, .. } => Some(variant(why)),
                Refusal::NamespaceNotAllowed { why, .. } => Some(variant(why)),
                Refusal::ClassParameters { why, .. } | Refusal::GatewayParameters { why, .. } => Some(variant(why)),
                _ => None,
            };
            match why {
                Some(why) => self.note(&format!("refusal: {name} {why}")),
                None => self.note(&format!("refusal: {name}")),
            }
        }
    }

    fn gateway(&mut self, gateway: &ResolvedGateway) {
        self.either(gateway.is_accepted(), "gateway: accepted", "gateway: not accepted");
        self.note_if(gateway.is_accepted() && !gateway.is_programmed(), "gateway: not reachable");
        self.note_if(matches!(gateway.client_certificate, Some(Ok(_))), "gateway: with a client certificate");
        self.note_if(gateway.is_insecure_frontend(), "gateway: insecure frontend");
        self.refusals(gateway.refused.iter().chain(&gateway.unreachable));
        self.refusals(gateway.address_requests.iter().filter_map(|request| request.as_ref().err()));
        self.refusals(gateway.client_certificate.iter().filter_map(|certificate| certificate.as_ref().err()));
        gateway.listeners.iter().for_each(|listener| self.listener(listener));
        let mut by_port: BTreeMap<u16, Vec<&ResolvedListener>> = BTreeMap::new();
        for listener in gateway.all_listeners().filter(|listener| listener.is_served()) {
            by_port.entry(listener.port).or_default().push(listener);
        }
        for listeners in by_port.values() {
            let wildcards =
                listeners.iter().filter_map(|listener| listener.hostname.as_ref()).filter_map(|name| name.wildcard_suffix());
            let depths: BTreeSet<usize> = wildcards.map(|suffix| suffix.matches('.').count()).collect();
            self.note_if(depths.len() > 1, "listener: wildcards of two depths on one port");
            self.note_if(listeners.len() > 2, "listener: three or more on one port");
            let protocols: BTreeSet<_> = listeners.iter().map(|listener| &listener.protocol).collect();
            self.note_if(protocols.len() > 1, "listener: two protocols on one port");
        }
    }

    fn listener_set(&mut self, set: &ResolvedListenerSet) {
        self.either(set.is_accepted(), "ListenerSet: accepted", "ListenerSet: not accepted");
        self.refusals(set.refused.iter().chain(&set.unreachable));
        set.listeners.iter().for_each(|listener| self.listener(listener));
    }

    fn listener(&mut self, listener: &ResolvedListener) {
        self.note_if(listener.is_served(), "listener: served");
        self.note_if(listener.is_served(), &format!("listener: {}", variant(&listener.protocol)));
        self.note_if(listener.is_served() && listener.passthrough, "listener: TLS passed through");
        self.note_if(listener.is_accepted() && !listener.is_served(), "listener: accepted and not served");
        self.note_if(!listener.overlaps.is_empty(), "listener: overlapping TLS hostname");
        self.note_if(listener.overlaps_elsewhere, "listener: overlapping TLS hostname of another object");
        self.note_if(listener.client_validation.is_some(), "listener: clients prove who they are");
        listener.filters.iter().for_each(|filter| self.note(&format!("listener filter: {}", variant(filter))));
        self.refusals(listener.refused.iter().chain(&listener.unresolved).chain(&listener.unserved));
    }

    fn policy(&mut self, policy: &ResolvedPolicy, resolution: &Resolution) {
        let kind = match &policy.policy {
            PolicyObject::BackendTls(_) => "BackendTLSPolicy",
            PolicyObject::BackendTraffic(_) => "XBackendTrafficPolicy",
            PolicyObject::Telemetry(_) => "XTelemetryPolicy",
        };
        let is_used = policy.refused.is_empty() && !policy.ancestors(resolution).is_empty();
        self.note_if(is_used, &format!("{kind}: used"));
        self.refusals(policy.refused.iter().chain(&policy.unresolved));
        self.refusals(policy.targets.iter().filter_map(|target| target.refused.as_ref()));
        self.note_if(policy.targets.iter().any(|target| target.is_partial), "policy: on a Service with other ports");
    }

    fn route(&mut self, route: &ResolvedRoute) {
        let attached = || route.parents.iter().filter(|parent| parent.is_attached());
        let gateways: BTreeSet<_> = attached().filter_map(|parent| parent.served_by.gateway()).collect();
        let listeners: Vec<_> = attached().flat_map(|parent| &parent.listeners).collect();
        let distinct: BTreeSet<_> = listeners.iter().map(|attached| &attached.listener).collect();
        self.note_if(!listeners.is_empty(), &format!("attached: {}", route.route.kind));
        self.note_if(distinct.len() > 1, "route: attached to several listeners");
        self.note_if(gateways.len() > 1, "route: attached to several Gateways");
        self.note_if(distinct.len() < listeners.len(), "route: attached twice to one listener");
        self.note_if(route.parents.len() + route.unclaimed.len() > route.route.parent_refs.len(), "route: of default Gateways");
        let served_alike = |attached: &&gwapi_core::resolution::AttachedListener| {
            let served: BTreeSet<_> = attached.hostnames.iter().map(|one| &one.served).collect();
            served.len() < attached.hostnames.len()
        };
        self.note_if(listeners.iter().any(served_alike), "route: own hostnames that come to the same");
        for parent in attached() {
            match &parent.served_by {
                ServedBy::Gateway(_) if parent.parent_ref.kind == "ListenerSet" => self.note("route: attached to a ListenerSet"),
                ServedBy::Gateway(_) => {}
                ServedBy::Mesh { scope: MeshScope::Producer, .. } => self.note("route: producer of a mesh"),
                ServedBy::Mesh { scope: MeshScope::Consumer(_), .. } => self.note("route: consumer of a mesh"),
            }
        }
        self.note_if(!route.has_valid_rule(), "route: no valid rule");
        self.note_if(route.is_partially_invalid(), "route: partially invalid");
        self.note_if(!route.refused.is_empty(), "route: refused as a whole");
        self.refusals(&route.refused);
        self.refusals(route.parents.iter().flat_map(|parent| &parent.refused));
        self.refusals(route.unresolved());
        route.unclaimed.iter().for_each(|(_, why)| self.note(&format!("unclaimed: {}", variant(why))));
        route.rules.iter().for_each(|rule| self.rule(rule));
        self.crowd(route);
    }

    fn rule(&mut self, rule: &ResolvedRule) {
        self.refusals(&rule.refused);
        let of_backends = rule.backends.iter().flat_map(|backend| &backend.filters);
        for filter in rule.filters.iter().chain(of_backends) {
            self.filter(filter);
        }
        self.note_if(rule.session_persistence.is_some(), "rule: with a session");
        for backend in &rule.backends {
            self.note_if(backend.session_persistence.is_some(), "backend: with a session");
            self.note_if(backend.retry_constraint.is_some(), "backend: with a retry budget");
            if let Ok(target) = &backend.target {
                self.target(target);
            }
        }
    }

    fn target(&mut self, target: &BackendTarget) {
        self.note(&format!("backend: {}", target.key.object.kind));
        self.note(&format!("backend: speaks {}", variant(&target.protocol)));
        self.note_if(matches!(target.tls, Some(Ok(_))), "backend: with TLS");
    }

    fn filter(&mut self, filter: &ResolvedFilter) {
        self.note(&format!("filter: {}", variant(filter)));
    }

    /// So many on one path that nobody would look through them.
    fn crowd(&mut self, route: &ResolvedRoute) {
        let mut paths: Vec<&PathMatch> = Vec::new();
        for rule in route.rules.iter().filter(|rule| rule.is_valid()) {
            if let RuleMatches::Http(matches) = &rule.matches {
                paths.extend(matches.iter().map(|matched| &matched.path));
            }
        }
        let most = paths.iter().map(|path| paths.iter().filter(|other| other == &path).count()).max();
        self.note_if(most.is_some_and(|most| most >= 8), "rule: crowded path");
    }

    fn listeners_with_several_namespaces(&mut self, resolution: &Resolution) {
        let mut namespaces: BTreeMap<_, BTreeSet<&str>> = BTreeMap::new();
        for route in resolution.routes.values() {
            for attached in route.parents.iter().flat_map(|parent| &parent.listeners) {
                namespaces.entry(&attached.listener).or_default().insert(route.key().namespace_str());
            }
        }
        self.note_if(namespaces.values().any(|namespaces| namespaces.len() > 1), "listener: routes of several namespaces");
    }
}

/// The name of the variant that a value is, as `Debug` begins.
pub(crate) fn variant(value: &impl Debug) -> String {
    let mut name = Name(String::new());
    // The end of the name ends it.
    let _ = write!(name, "{value:?}");
    name.0
}

struct Name(String);

impl Write for Name {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let end = text.find(|c: char| !c.is_alphanumeric()).unwrap_or(text.len());
        self.0.push_str(&text[..end]);
        if end < text.len() { Err(fmt::Error) } else { Ok(()) }
    }
}
