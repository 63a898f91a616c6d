//! What is to be put into tables, and where something is to be taken out.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use gwapi_core::{
    Affected, Hostname,
    choices::RegexRank,
    features::Feature,
    model::{RouteKind, Service},
    name::ObjectKey,
    resolution::{ListenerKey, MeshScope, Resolution, ResolvedRoute, ServedBy},
};

use crate::{
    connect::Transport,
    index::{Entry, ServedRule},
    precedence::Precedence,
    table::{Family, Tables},
};

/// Entries by the hostname of the route as the route writes it, those of one family together.
pub(super) type Buckets = BTreeMap<(Family, Option<Hostname>), Vec<(Precedence, Entry)>>;

/// What is to be put into tables, and where something is to be taken out.
#[derive(Default)]
pub(super) struct Changes {
    /// The Gateways on which a route is affected.
    pub(super) gateways: BTreeSet<ObjectKey>,
    /// For each listener the hostnames under which a route is affected, with the entries that come in.
    pub(super) listeners: BTreeMap<ListenerKey, Buckets>,
    /// The same for ports of Services.
    pub(super) mesh: BTreeMap<MeshKey, MeshChange>,
}

/// The routes of one group on a port of a Service.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct MeshKey {
    pub(super) listener: ListenerKey,
    pub(super) port: u16,
    pub(super) transport: Transport,
    pub(super) scope: MeshScope,
}

/// What changes of them.
#[derive(Default)]
pub(super) struct MeshChange {
    /// The Service, if a route comes in.
    pub(super) service: Option<Arc<Service>>,
    /// The routes that come in.
    pub(super) routes: BTreeSet<ObjectKey>,
    pub(super) buckets: Buckets,
}

impl Changes {
    /// Every affected route: out where it was, in where it is.
    pub(super) fn of_routes(resolution: &Resolution, affected: &Affected) -> Self {
        let is_mesh = is_mesh(resolution);
        let mut changes = Self::default();
        for (key, before) in &affected.routes {
            let after = resolution.routes.get(key);
            for route in [before.as_ref(), after].into_iter().flatten() {
                for (gateway, listener, own) in places(route) {
                    changes.gateways.insert(gateway.clone());
                    let buckets = changes.listeners.entry(listener.clone()).or_default();
                    buckets.entry((family(route), own.cloned())).or_default();
                }
                for (place, _) in mesh_places(route).into_iter().filter(|_| is_mesh) {
                    changes.mesh.entry(place).or_default().buckets.entry((family(route), None)).or_default();
                }
            }
            if let Some(route) = after {
                changes.add(resolution, route, |_| true);
                changes.add_to_mesh(resolution, route);
            }
        }
        changes
    }

    /// The routes of listeners, and of a mesh, that are not in the tables yet, be they affected or not.
    pub(super) fn add_fresh(&mut self, old: &Tables, resolution: &Resolution, affected: &Affected) {
        let mut fresh: BTreeSet<&ListenerKey> = BTreeSet::new();
        for gateway in affected.gateways.keys().filter_map(|key| resolution.gateways.get(key)) {
            let old = old.gateways.get(gateway.key());
            let is_known = |listener: &ListenerKey| old.is_some_and(|table| table.section_of(listener).is_some());
            fresh.extend(gateway.all_listeners().map(|listener| &listener.key).filter(|listener| !is_known(listener)));
        }
        let is_fresh_mesh = old.mesh.is_none() && is_mesh(resolution);
        if fresh.is_empty() && !is_fresh_mesh {
            return;
        }
        for (_, route) in resolution.routes.iter().filter(|(key, _)| !affected.routes.contains_key(key)) {
            self.add(resolution, route, |listener| fresh.contains(listener));
            if is_fresh_mesh {
                self.add_to_mesh(resolution, route);
            }
        }
    }

    /// Every match of every valid rule of a route (G-002, G-008), under each listener and own hostname of the route (E-027).
    fn add(&mut self, resolution: &Resolution, route: &ResolvedRoute, is_wanted: impl Fn(&ListenerKey) -> bool) {
        let mut wanted = places(route).into_iter().filter(|(_, listener, _)| is_wanted(listener)).peekable();
        if wanted.peek().is_none() {
            return;
        }
        let entries = entries(route);
        for (_, listener, own) in wanted {
            let buckets = self.listeners.entry(listener.clone()).or_default();
            let bucket = buckets.entry((family(route), own.cloned())).or_default();
            bucket.extend(ranked(&entries, own, resolution.controller.choices.regex_rank));
        }
    }

    fn add_to_mesh(&mut self, resolution: &Resolution, route: &ResolvedRoute) {
        let places = mesh_places(route);
        if places.is_empty() || !is_mesh(resolution) {
            return;
        }
        let entries = entries(route);
        for (place, service) in places {
            let change = self.mesh.entry(place).or_default();
            change.service = Some(service.clone());
            change.routes.insert(route.key().clone());
            let bucket = change.buckets.entry((family(route), None)).or_default();
            bucket.extend(ranked(&entries, None, resolution.controller.choices.regex_rank));
        }
    }
}

pub(super) fn is_mesh(resolution: &Resolution) -> bool {
    resolution.controller.features.has(Feature::Mesh)
}

fn family(route: &ResolvedRoute) -> Family {
    match route.route.kind {
        RouteKind::Http => Family::Http,
        RouteKind::Grpc => Family::Grpc,
        RouteKind::Tls | RouteKind::Tcp | RouteKind::Udp => Family::L4,
    }
}

/// Where Gateways serve a route, each place once: two parentRefs can lead to the same listener. Nowhere without a valid rule.
fn places(route: &ResolvedRoute) -> Vec<(&ObjectKey, &ListenerKey, Option<&Hostname>)> {
    let parents = if route.has_valid_rule() { route.parents.as_slice() } else { &[] };
    let attached = parents.iter().flat_map(|parent| {
        let gateway = parent.served_by.gateway();
        parent.listeners.iter().filter_map(move |attached| Some((gateway?, attached)))
    });
    let hostnames = attached.flat_map(|(gateway, attached)| {
        attached.hostnames.iter().map(move |hostname| (gateway, &attached.listener, hostname.own.as_ref()))
    });
    let mut places: Vec<_> = hostnames.collect();
    places.sort_unstable();
    places.dedup();
    places
}

/// Where a mesh serves a route, each place once, with the Service.
fn mesh_places(route: &ResolvedRoute) -> BTreeMap<MeshKey, &Arc<Service>> {
    let parents = if route.has_valid_rule() { route.parents.as_slice() } else { &[] };
    let transport = if route.route.kind == RouteKind::Udp { Transport::Udp } else { Transport::Tcp };
    let mut places = BTreeMap::new();
    for parent in parents {
        let ServedBy::Mesh { service, scope } = &parent.served_by else { continue };
        for attached in &parent.listeners {
            // The name of such a listener is the number of a port.
            let Ok(port) = attached.listener.name.as_str().parse() else { continue };
            let key = MeshKey { listener: attached.listener.clone(), port, transport, scope: scope.clone() };
            places.insert(key, service);
        }
    }
    places
}

fn ranked<'e>(
    entries: &'e [Entry],
    own: Option<&'e Hostname>,
    regex_rank: RegexRank,
) -> impl Iterator<Item = (Precedence, Entry)> + 'e {
    entries.iter().map(move |entry| (entry.precedence(own, regex_rank), entry.clone()))
}

/// One for each match, without regard to where it is served.
fn entries(route: &ResolvedRoute) -> Vec<Entry> {
    let valid = route.rules.iter().filter(|rule| rule.is_valid());
    let seniority = route.route.meta.seniority();
    let served = valid.map(|rule| Arc::new(ServedRule::new(route.route.clone(), rule.clone(), seniority.clone())));
    let matches = served.flat_map(|rule| {
        let count = rule.rule.matches.len();
        (0..count).map(move |match_index| Entry { rule: rule.clone(), match_index })
    });
    matches.collect()
}
