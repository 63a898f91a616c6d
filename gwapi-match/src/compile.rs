//! From attachments to tables.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use gwapi_core::{
    Affected, Hostname,
    choices::RegexRank,
    features::Feature,
    model::Protocol,
    name::ObjectKey,
    resolution::{ListenerKey, Resolution, ResolvedGateway, ResolvedListener, ResolvedRoute, RuleMatches},
};

use crate::{
    hosts::HostMap,
    index::{Entry, Index, ServedRule},
    precedence::Precedence,
    table::{Generation, Port, Ports, Section, ServedListener, Table, Tables},
};

/// Compiles the tables of all Gateways that are accepted. Total: every resolution has tables (law 2).
///
/// What is refused is not in them: listeners that are not served (pitfall 54), routes without a valid rule, rules that are
/// invalid (G-018), routes on listeners that do not accept them. `seed` makes the hash maps unpredictable, since tenants
/// choose the keys; answers do not depend on it.
///
/// ```
/// use gwapi_core::{Controller, Snapshot, resolve};
/// let tables = gwapi_match::compile(&resolve(&Snapshot::new(), &Controller::default()), 42);
/// assert!(tables.gateways.is_empty());
/// ```
#[must_use]
pub fn compile(resolution: &Resolution, seed: u64) -> Tables {
    let mut everything = Affected::default();
    everything.gateways = resolution.gateways.keys().map(|key| (key.clone(), None)).collect();
    recompile(&Tables { seed, ..Tables::default() }, resolution, &everything)
}

/// The tables after changes: equal to [`compile`] of the resolution (law 4), and made of the tables before wherever nothing
/// is affected. Tables of other Gateways stay the same `Arc`s, and a table that is new shares what has not changed with the
/// one before: its cost is that of the hostnames whose routes are affected.
///
/// `old` are the tables of the resolution before, and `affected` is all that has happened since: what
/// [`Engine::apply`](gwapi_core::Engine::apply) returned, merged if there were several changes.
///
/// ```
/// use gwapi_core::{Controller, Object, Snapshot, engine::{Change, Engine}};
/// use serde_json::json;
///
/// let mut engine = Engine::new(Snapshot::new(), Controller::default());
/// let tables = gwapi_match::compile(engine.resolution(), 42);
/// let gateway = json!({
///     "apiVersion": "gateway.networking.k8s.io/v1", "kind": "Gateway", "metadata": {"name": "edge", "namespace": "infra"},
///     "spec": {"gatewayClassName": "any", "listeners": [{"name": "http", "port": 80, "protocol": "HTTP"}]},
/// });
/// let affected = engine.apply(Change::Put(Object::from_json(&gateway).object.expect("a Gateway")));
/// let tables = gwapi_match::recompile(&tables, engine.resolution(), &affected);
/// assert_eq!(tables.gateways.len(), 1);
/// ```
#[must_use]
pub fn recompile(old: &Tables, resolution: &Resolution, affected: &Affected) -> Tables {
    if old.gateways.values().next().is_some_and(|table| !is_of(table, resolution)) {
        return compile(resolution, old.seed);
    }
    let mut tables = old.clone();
    let mut changes = Changes::of_routes(resolution, affected);
    changes.add_fresh(old, resolution, affected);
    for key in affected.gateways.keys().chain(&changes.gateways).collect::<BTreeSet<_>>() {
        let accepted = resolution.gateways.get(key).filter(|gateway| gateway.is_accepted());
        let Some(gateway) = accepted else {
            tables.gateways.remove(key);
            continue;
        };
        let table = match old.gateways.get(key) {
            Some(table) if !affected.gateways.contains_key(key) => patch(table, &changes, affected),
            before => build(before.map(|table| &**table), resolution, gateway, &changes, affected, old.seed),
        };
        tables.gateways.insert(key.clone(), Arc::new(table));
    }
    tables
}

/// Whether a table was compiled for the same controller. Nothing of another's can be shared.
fn is_of(table: &Table, resolution: &Resolution) -> bool {
    table.choices == resolution.controller.choices && table.detects_misdirected == detects_misdirected(resolution)
}

fn detects_misdirected(resolution: &Resolution) -> bool {
    resolution.controller.features.has(Feature::GatewayHTTPSListenerDetectMisdirectedRequests)
}

/// A table in which only routes differ: listeners and ports are shared.
fn patch(old: &Table, changes: &Changes, affected: &Affected) -> Table {
    let mut listeners = old.listeners.clone();
    for (key, buckets) in &changes.listeners {
        if let Some((number, section)) = old.section_of(key) {
            let index = change(&section.index, buckets, affected, old.choices.regex_rank);
            if let Some(place) = listeners.get_mut(number) {
                *place = Arc::new(Section { listener: section.listener.clone(), index });
            }
        }
    }
    Table { generation: Generation::next(), gateway: old.gateway.clone(), ports: old.ports.clone(), listeners, ..*old }
}

/// A table from the listeners of a Gateway, and from the rules of those that were there before.
fn build(
    old: Option<&Table>,
    resolution: &Resolution,
    gateway: &ResolvedGateway,
    changes: &Changes,
    affected: &Affected,
    seed: u64,
) -> Table {
    let choices = resolution.controller.choices;
    let mut listeners = Vec::new();
    let mut ports = Ports::default();
    let served = gateway.all_listeners().filter_map(served);
    for (number, (listener, is_tls)) in (0..).zip(served) {
        let port = Port { number: listener.port, is_tls };
        let hosts = ports.hosts.entry(port).or_insert_with(|| HostMap::with_seed(seed));
        // Of listeners that cannot be told apart none is served.
        if hosts.get(listener.hostname.as_ref()).is_none() {
            hosts.insert(listener.hostname.as_ref(), number);
        }
        ports.numbers.insert(listener.key.clone(), number);
        let nothing = Buckets::new();
        let buckets = changes.listeners.get(&listener.key).unwrap_or(&nothing);
        let index = match old.and_then(|old| old.section_of(&listener.key)) {
            Some((_, section)) => change(&section.index, buckets, affected, choices.regex_rank),
            None => Index::build(buckets.clone(), choices.regex_rank, seed),
        };
        listeners.push(Arc::new(Section { listener: Arc::new(listener), index }));
    }
    Table {
        generation: Generation::next(),
        gateway: gateway.key().clone(),
        choices,
        detects_misdirected: detects_misdirected(resolution),
        listeners,
        ports: Arc::new(ports),
    }
}

/// A listener that is served with HTTP, and whether connections to it begin with TLS.
fn served(listener: &ResolvedListener) -> Option<(ServedListener, bool)> {
    let is_tls = match listener.protocol {
        Protocol::Http => false,
        Protocol::Https => true,
        Protocol::Tls | Protocol::Tcp | Protocol::Udp | Protocol::Other(_) => return None,
    };
    let served = ServedListener {
        key: listener.key.clone(),
        port: listener.port,
        protocol: listener.protocol.clone(),
        hostname: listener.hostname.clone(),
        certificates: listener.certificates.clone(),
    };
    listener.is_served().then_some((served, is_tls))
}

/// Entries by the hostname of the route as the route writes it.
type Buckets = BTreeMap<Option<Hostname>, Vec<(Precedence, Entry)>>;

/// An index in which the entries of affected routes are replaced.
fn change(old: &Index, buckets: &Buckets, affected: &Affected, regex_rank: RegexRank) -> Index {
    let changed = buckets.iter().map(|(own, new)| {
        let before = old.bucket(own.as_ref()).map_or(&[][..], |bucket| bucket.entries());
        let kept = before.iter().filter(|entry| !affected.routes.contains_key(&entry.rule.route.meta.key));
        let kept = kept.map(|entry| (entry.precedence(own.as_ref(), regex_rank), entry.clone()));
        (own.clone(), kept.chain(new.iter().cloned()).collect())
    });
    old.with(changed)
}

/// What is to be put into tables, and where something is to be taken out.
#[derive(Default)]
struct Changes {
    /// The Gateways on which a route is affected.
    gateways: BTreeSet<ObjectKey>,
    /// For each listener the hostnames under which a route is affected, with the entries that come in.
    listeners: BTreeMap<ListenerKey, Buckets>,
}

impl Changes {
    fn of_routes(resolution: &Resolution, affected: &Affected) -> Self {
        let mut changes = Self::default();
        for (key, before) in &affected.routes {
            let after = resolution.routes.get(key);
            for (gateway, listener, own) in [before.as_ref(), after].into_iter().flatten().flat_map(|route| places(route)) {
                changes.gateways.insert(gateway.clone());
                changes.listeners.entry(listener.clone()).or_default().entry(own.cloned()).or_default();
            }
            after.iter().for_each(|route| changes.add(resolution, route, |_| true));
        }
        changes
    }

    /// The routes of listeners that are not in the tables yet, be they affected or not.
    fn add_fresh(&mut self, old: &Tables, resolution: &Resolution, affected: &Affected) {
        let mut fresh: BTreeSet<&ListenerKey> = BTreeSet::new();
        for gateway in affected.gateways.keys().filter_map(|key| resolution.gateways.get(key)) {
            let old = old.gateways.get(gateway.key());
            let is_known = |listener: &ListenerKey| old.is_some_and(|table| table.section_of(listener).is_some());
            fresh.extend(gateway.all_listeners().map(|listener| &listener.key).filter(|listener| !is_known(listener)));
        }
        if fresh.is_empty() {
            return;
        }
        for (_, route) in resolution.routes.iter().filter(|(key, _)| !affected.routes.contains_key(key)) {
            self.add(resolution, route, |listener| fresh.contains(listener));
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
            let ranked = entries.iter().map(|entry| {
                let rank = entry.precedence(own, resolution.controller.choices.regex_rank);
                (rank, entry.clone())
            });
            self.listeners.entry(listener.clone()).or_default().entry(own.cloned()).or_default().extend(ranked);
        }
    }
}

/// Where a route is served, each place once: two parentRefs can lead to the same listener. Nowhere without a valid rule.
fn places(route: &ResolvedRoute) -> BTreeSet<(&ObjectKey, &ListenerKey, Option<&Hostname>)> {
    let parents = if route.has_valid_rule() { route.parents.as_slice() } else { &[] };
    let attached = parents.iter().flat_map(|parent| {
        let gateway = parent.served_by.gateway();
        parent.listeners.iter().filter_map(move |attached| Some((gateway?, attached)))
    });
    let hostnames = attached.flat_map(|(gateway, attached)| {
        attached.hostnames.iter().map(move |hostname| (gateway, &attached.listener, hostname.own.as_ref()))
    });
    hostnames.collect()
}

/// One for each match, without regard to where it is served.
fn entries(route: &ResolvedRoute) -> Vec<Entry> {
    let valid = route.rules.iter().filter(|rule| rule.is_valid());
    let served = valid.map(|rule| Arc::new(ServedRule::new(route.route.clone(), rule.clone())));
    let matches = served.flat_map(|rule| {
        let matches = match &rule.rule.matches {
            RuleMatches::Http(matches) => matches.len(),
            RuleMatches::Grpc(_) | RuleMatches::L4 => 0,
        };
        (0..matches).map(move |match_index| Entry { rule: rule.clone(), match_index }).collect::<Vec<_>>()
    });
    matches.collect()
}
