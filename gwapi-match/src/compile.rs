//! From attachments to tables.

use std::{collections::BTreeSet, sync::Arc};

use gwapi_core::{
    Affected,
    choices::RegexRank,
    features::Feature,
    model::Protocol,
    resolution::{Resolution, ResolvedGateway, ResolvedListener},
};

use crate::{
    hosts::HostMap,
    index::Index,
    table::{Carries, Family, Generation, Port, Ports, Rules, Section, ServedListener, Table, Tables},
};

mod changes;
mod mesh;

use changes::{Buckets, Changes};

/// Compiles the tables of all Gateways that are accepted, and of the mesh if the controller is one. Total: every resolution has
/// tables (law 2).
///
/// What is refused is not in them: listeners that are not served (pitfall 54), routes without a valid rule, rules that are
/// invalid (G-018), routes on listeners that do not accept them. `seed` makes the hash maps unpredictable, since tenants
/// choose the keys; answers do not depend on it.
///
/// ```
/// use gwapi_match::{Port, Carries, compile};
/// # use gwapi_core::{Controller, Object, Resolution, Snapshot, resolve};
/// # use serde_json::{Value, json};
/// # fn resolution(objects: Value) -> Resolution {
/// #     let objects = objects.as_array().into_iter().flatten();
/// #     let snapshot: Snapshot = objects.filter_map(|object| Object::from_json(object).object).collect();
/// #     resolve(&snapshot, &Controller::default())
/// # }
/// let resolution = resolution(json!([
///     {"apiVersion": "gateway.networking.k8s.io/v1", "kind": "Gateway", "metadata": {"name": "edge"},
///      "spec": {"gatewayClassName": "any", "listeners": [
///         {"name": "web", "port": 80, "protocol": "HTTP"},
///         {"name": "odd", "port": 70, "protocol": "example.com/gopher"},
///     ]}},
/// ]));
/// let tables = compile(&resolution, 42);
/// let table = tables.gateways.values().next().expect("one Gateway");
/// let ports: Vec<Port> = table.ports().collect();
/// assert_eq!(ports, [Port { number: 80, carries: Carries::Http }], "the other protocol is not supported");
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
    if !is_of(old, resolution) {
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
    tables.mesh = mesh::recompile(old, resolution, &changes, affected);
    tables
}

/// Whether tables were compiled for the same controller. Nothing of another's can be shared.
fn is_of(tables: &Tables, resolution: &Resolution) -> bool {
    let is_same = |table: &Table| table.choices == resolution.controller.choices;
    let gateway = tables.gateways.values().next();
    gateway.is_none_or(|table| is_same(table) && table.detects_misdirected == detects_misdirected(resolution))
        && tables
            .mesh
            .as_ref()
            .is_none_or(|mesh| is_same(&mesh.table) && mesh.knows_addresses == mesh::knows_addresses(resolution))
}

fn detects_misdirected(resolution: &Resolution) -> bool {
    resolution.controller.features.has(Feature::GatewayHTTPSListenerDetectMisdirectedRequests)
}

/// A table in which only routes differ: listeners and ports are shared.
fn patch(old: &Table, changes: &Changes, affected: &Affected) -> Table {
    let mut listeners = old.listeners.clone();
    for (key, buckets) in &changes.listeners {
        if let Some((number, section)) = old.section_of(key) {
            let rules = change(&section.rules, buckets, affected, old.choices.regex_rank);
            if let Some(place) = listeners.get_mut(number) {
                *place = Some(Arc::new(Section { listener: section.listener.clone(), rules }));
            }
        }
    }
    Table {
        generation: Generation::next(),
        gateway: old.gateway.clone(),
        client_certificate: old.client_certificate.clone(),
        ports: old.ports.clone(),
        listeners,
        ..*old
    }
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
    for (number, (listener, carries)) in (0..).zip(served) {
        let port = Port { number: listener.port, carries };
        let hosts = ports.hosts.entry(port).or_insert_with(|| HostMap::with_seed(seed));
        // Of listeners that cannot be told apart none is served.
        if hosts.get(listener.hostname.as_ref()).is_none() {
            hosts.insert(listener.hostname.as_ref(), number);
        }
        ports.numbers.insert(listener.key.clone(), number);
        let nothing = Buckets::new();
        let buckets = changes.listeners.get(&listener.key).unwrap_or(&nothing);
        let before = old.and_then(|old| old.section_of(&listener.key));
        let rules = match before {
            Some((_, section)) => change(&section.rules, buckets, affected, choices.regex_rank),
            None => change(&no_rules(choices.regex_rank, seed), buckets, affected, choices.regex_rank),
        };
        listeners.push(Some(Arc::new(Section { listener: Arc::new(listener), rules })));
    }
    Table {
        generation: Generation::next(),
        gateway: Some(gateway.key().clone()),
        choices,
        detects_misdirected: detects_misdirected(resolution),
        client_certificate: gateway.client_certificate.as_ref().and_then(|certificate| certificate.as_ref().ok()).cloned(),
        listeners,
        ports: Arc::new(ports),
    }
}

/// A listener that is served, and what comes to its port.
fn served(listener: &ResolvedListener) -> Option<(ServedListener, Carries)> {
    let carries = match listener.protocol {
        Protocol::Http => Carries::Http,
        Protocol::Https | Protocol::Tls => Carries::Tls,
        Protocol::Tcp => Carries::Tcp,
        Protocol::Udp => Carries::Udp,
        Protocol::Other(_) => return None,
    };
    let served = ServedListener {
        key: listener.key.clone(),
        port: listener.port,
        protocol: listener.protocol.clone(),
        hostname: listener.hostname.clone(),
        certificates: listener.certificates.clone(),
        passthrough: listener.passthrough,
        client_validation: listener.client_validation.clone(),
        filters: listener.filters.clone(),
        clients: None,
    };
    listener.is_served().then_some((served, carries))
}

fn no_rules(regex_rank: RegexRank, seed: u64) -> Rules {
    let nothing = || Index::build([], regex_rank, seed);
    Rules { http: nothing(), grpc: nothing(), l4: nothing() }
}

/// Rules in which those of affected routes are replaced.
fn change(old: &Rules, buckets: &Buckets, affected: &Affected, regex_rank: RegexRank) -> Rules {
    let changed = |family: Family| {
        let of_family = buckets.iter().filter(|((of, _), _)| *of == family);
        let changed = of_family.map(|((_, own), new)| {
            let before = old.of(family).bucket(own.as_ref()).map_or(&[][..], |bucket| bucket.entries());
            let kept = before.iter().filter(|entry| !affected.routes.contains_key(&entry.rule.route.meta.key));
            let kept = kept.map(|entry| (entry.precedence(own.as_ref(), regex_rank), entry.clone()));
            (own.clone(), kept.chain(new.iter().cloned()).collect())
        });
        old.of(family).with(changed)
    };
    Rules { http: changed(Family::Http), grpc: changed(Family::Grpc), l4: changed(Family::L4) }
}
