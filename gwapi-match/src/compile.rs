//! From attachments to tables.

use std::{collections::BTreeMap, sync::Arc};

use gwapi_core::{
    Hostname,
    features::Feature,
    model::{Protocol, Seniority},
    name::ObjectKey,
    resolution::{ListenerKey, Resolution, ResolvedGateway, ResolvedListener, ResolvedRoute, RuleMatches},
};

use crate::{
    hosts::HostMap,
    index::{Entry, Index, ServedRule},
    precedence::Precedence,
    table::{Generation, Port, Section, ServedListener, Table, Tables},
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
    let routes = attached_by_gateway(resolution);
    let accepted = resolution.gateways.iter().filter(|(_, gateway)| gateway.is_accepted());
    let gateways = accepted.map(|(key, gateway)| {
        let routes = routes.get(key).map_or(&[][..], Vec::as_slice);
        (key.clone(), Arc::new(compile_gateway(resolution, gateway, routes, seed)))
    });
    Tables { gateways: gateways.collect() }
}

/// A route on one Gateway, its rules made ready.
struct AttachedRoute {
    seniority: Seniority,
    rules: Vec<Arc<ServedRule>>,
    /// Where it is served, each once: two parentRefs can lead to the same listener.
    places: Vec<Place>,
}

/// A listener, and a hostname of the route as the route writes it.
type Place = (ListenerKey, Option<Hostname>);

fn attached_by_gateway(resolution: &Resolution) -> BTreeMap<ObjectKey, Vec<AttachedRoute>> {
    let mut by_gateway: BTreeMap<ObjectKey, Vec<AttachedRoute>> = BTreeMap::new();
    for route in resolution.routes.values().filter(|route| route.has_valid_rule()) {
        let rules: Vec<_> = served_rules(route);
        for (gateway, places) in places(route) {
            let route = AttachedRoute { seniority: route.route.meta.seniority(), rules: rules.clone(), places };
            by_gateway.entry(gateway).or_default().push(route);
        }
    }
    by_gateway
}

fn served_rules(route: &ResolvedRoute) -> Vec<Arc<ServedRule>> {
    let valid = route.rules.iter().filter(|rule| rule.is_valid());
    valid.map(|rule| Arc::new(ServedRule::new(route.route.clone(), rule.clone()))).collect()
}

/// By Gateway. Vectors of the right size and no sets: most routes have one place, and there can be a hundred thousand of them.
fn places(route: &ResolvedRoute) -> Vec<(ObjectKey, Vec<Place>)> {
    let mut places: Vec<(ObjectKey, Vec<Place>)> = Vec::new();
    for attachment in &route.parents {
        let own = attachment
            .listeners
            .iter()
            .flat_map(|attached| attached.hostnames.iter().map(|hostname| (attached.listener.clone(), hostname.own.clone())));
        match places.iter_mut().find(|(gateway, _)| *gateway == attachment.gateway) {
            Some((_, known)) => known.extend(own),
            None => places.push((attachment.gateway.clone(), own.collect())),
        }
    }
    for (_, places) in &mut places {
        places.sort();
        places.dedup();
        places.shrink_to_fit();
    }
    places
}

fn compile_gateway(resolution: &Resolution, gateway: &ResolvedGateway, routes: &[AttachedRoute], seed: u64) -> Table {
    let mut buckets = buckets(resolution, routes);
    let served = gateway.listeners.iter().filter(|listener| listener.is_served());
    let mut table = Table {
        generation: Generation::next(),
        gateway: gateway.key().clone(),
        choices: resolution.controller.choices,
        detects_misdirected: resolution.controller.features.has(Feature::GatewayHTTPSListenerDetectMisdirectedRequests),
        listeners: Vec::new(),
        ports: BTreeMap::new(),
    };
    for (number, (listener, is_tls)) in (0..).zip(served.filter_map(|listener| Some((listener, ends_in_http(listener)?)))) {
        let port = Port { number: listener.port, is_tls };
        let hosts = table.ports.entry(port).or_insert_with(|| HostMap::with_seed(seed));
        if hosts.get(listener.hostname.as_ref()).is_none() {
            hosts.insert(listener.hostname.as_ref(), number);
        }
        let rules = buckets.remove(&listener.key).unwrap_or_default();
        table.listeners.push(Section { listener: serve(listener), index: Index::build(rules, table.choices.regex_rank, seed) });
    }
    table
}

/// Whether connections to a listener of HTTP begin with TLS; nothing for listeners of other protocols.
fn ends_in_http(listener: &ResolvedListener) -> Option<bool> {
    match listener.protocol {
        Protocol::Http => Some(false),
        Protocol::Https => Some(true),
        Protocol::Tls | Protocol::Tcp | Protocol::Udp | Protocol::Other(_) => None,
    }
}

fn serve(listener: &ResolvedListener) -> ServedListener {
    ServedListener {
        key: listener.key.clone(),
        port: listener.port,
        protocol: listener.protocol.clone(),
        hostname: listener.hostname.clone(),
        certificates: listener.certificates.clone(),
    }
}

type Buckets = BTreeMap<Option<Hostname>, Vec<(Precedence, Entry)>>;

/// Every match of every rule of every route (G-002, G-008), under each listener and own hostname of the route (E-027).
fn buckets(resolution: &Resolution, routes: &[AttachedRoute]) -> BTreeMap<ListenerKey, Buckets> {
    let mut listeners: BTreeMap<ListenerKey, Buckets> = BTreeMap::new();
    for route in routes {
        for (listener, own) in &route.places {
            let buckets = listeners.entry(listener.clone()).or_default();
            let entries = entries(resolution, route, own.as_ref());
            buckets.entry(own.clone()).or_default().extend(entries);
        }
    }
    listeners
}

fn entries<'a>(
    resolution: &'a Resolution,
    route: &'a AttachedRoute,
    own: Option<&'a Hostname>,
) -> impl Iterator<Item = (Precedence, Entry)> + 'a {
    let regex_rank = resolution.controller.choices.regex_rank;
    route.rules.iter().flat_map(move |rule| {
        let RuleMatches::Http(matches) = &rule.rule.matches;
        matches.iter().enumerate().map(move |(match_index, matched)| {
            let place = (rule.rule.index, match_index);
            let precedence = Precedence::of_http(own, matched, regex_rank, &route.seniority, place);
            (precedence, Entry { rule: rule.clone(), match_index })
        })
    })
}
