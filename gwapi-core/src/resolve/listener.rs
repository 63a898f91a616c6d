//! Which listeners can be served, and for which kinds of routes (B.1, B.3, B.8, D-006 to D-009).

use alloc::{
    collections::{BTreeMap, BTreeSet},
    format,
    string::ToString,
    vec::Vec,
};

use super::{World, certificate, listener_filter, overlap, trust};
use crate::{
    features::Feature,
    hostname::Hostname,
    model::{Gateway, Invalid, Listener, Protocol, RouteKind, TlsMode},
    name::{ObjectKey, SectionName},
    refusal::Refusal,
    resolution::{ListenerKey, ResolvedListener},
};

/// The object that declares listeners.
#[derive(Clone, Copy)]
pub(super) struct Declaring<'a> {
    /// A Gateway or ListenerSet. Grants speak of this one (C-018).
    pub(super) key: &'a ObjectKey,
    pub(super) listeners: &'a [Listener],
    /// The Gateway that serves them, which is the same or that of the set.
    pub(super) gateway: &'a Gateway,
}

/// What becomes of the listeners of one object. `held` are the places that objects before it hold (C-010); those that its own
/// listeners hold are added.
pub(super) fn resolve_listeners(world: &World<'_>, declaring: Declaring<'_>, held: &mut Held) -> Vec<ResolvedListener> {
    let conflicts = conflicts(world, declaring, held);
    let listeners = declaring.listeners.iter().zip(conflicts).enumerate();
    let mut resolved: Vec<ResolvedListener> =
        listeners.map(|(index, (listener, conflicts))| resolve_listener(world, declaring, index, listener, conflicts)).collect();
    overlap::note_siblings(&mut resolved);
    resolved
}

fn resolve_listener(
    world: &World<'_>,
    declaring: Declaring<'_>,
    index: usize,
    listener: &Listener,
    conflicts: Vec<Refusal>,
) -> ResolvedListener {
    let mut refused = own_refusals(world, declaring, index, listener);
    refused.extend(conflicts);
    let kinds = kinds(world, listener, &refused);
    let certificates = certificate::resolve_certificates(world, declaring.key, listener);
    let filters = listener_filter::resolve_filters(world, declaring.key, listener);
    let clients = trust::client_trust(world, declaring.gateway, declaring.key, listener);
    refused.extend(filters.refused);
    refused.extend(clients.refused);
    let mut unresolved = certificates.unresolved;
    unresolved.extend(clients.unresolved);
    unresolved.extend(filters.unresolved.iter().cloned());
    unresolved.extend(kinds.unsupported);
    let mut unserved = certificates.unserved;
    unserved.extend(filters.unresolved);
    ResolvedListener {
        key: ListenerKey { parent: declaring.key.clone(), name: listener.name.clone() },
        port: listener.port,
        protocol: listener.protocol.clone(),
        hostname: listener.hostname.clone(),
        supported_kinds: kinds.supported,
        refused,
        unresolved,
        unserved,
        certificates: certificates.usable,
        passthrough: is_passthrough(listener),
        client_validation: clients.trust,
        filters: filters.resolved,
        overlaps: Vec::new(),
        overlaps_elsewhere: false,
    }
}

fn is_passthrough(listener: &Listener) -> bool {
    listener.protocol == Protocol::Tls && listener.tls.as_ref().is_some_and(|tls| tls.mode == TlsMode::Passthrough)
}

/// What is wrong with a listener by itself.
fn own_refusals(world: &World<'_>, declaring: Declaring<'_>, index: usize, listener: &Listener) -> Vec<Refusal> {
    let mut refused = Vec::new();
    if !is_protocol_supported(world, &listener.protocol) {
        refused.push(Refusal::ProtocolUnsupported { protocol: listener.protocol.clone() });
    }
    refused.extend(unsupported_mode(world, listener));
    refused.extend(listener.invalid.iter().map(|invalid| Refusal::ListenerInvalid { invalid: invalid.clone() }));
    refused.extend(misplaced_tls(index, listener));
    refused.extend(misplaced_hostname(index, listener));
    let port = (declaring.gateway.meta.key.clone(), listener.port, listener.protocol.clone());
    // B-018: a port is not available either if the implementation does not have it.
    let is_missing = listener.port == 8080 && !world.controller.features.has(Feature::GatewayPort8080);
    if is_missing || world.facts().unavailable_ports.contains(&port) {
        refused.push(Refusal::PortUnavailable { port: listener.port });
    }
    refused
}

/// B-014: a protocol is supported if a kind of route is that goes with it.
fn is_protocol_supported(world: &World<'_>, protocol: &Protocol) -> bool {
    RouteKind::ALL.into_iter().any(|kind| goes_with(kind, protocol) && is_kind_supported(world, kind))
}

/// D-006: the kinds of routes that a protocol carries.
fn goes_with(kind: RouteKind, protocol: &Protocol) -> bool {
    match protocol {
        Protocol::Http | Protocol::Https => matches!(kind, RouteKind::Http | RouteKind::Grpc),
        Protocol::Tls => kind == RouteKind::Tls,
        Protocol::Tcp => kind == RouteKind::Tcp,
        Protocol::Udp => kind == RouteKind::Udp,
        Protocol::Other(_) => false,
    }
}

fn is_kind_supported(world: &World<'_>, kind: RouteKind) -> bool {
    world.controller.features.has(kind.feature())
}

/// B-019, B-034.
fn unsupported_mode(world: &World<'_>, listener: &Listener) -> Option<Refusal> {
    let mode = &listener.tls.as_ref()?.mode;
    let supported = match (&listener.protocol, mode) {
        (Protocol::Https, TlsMode::Terminate) | (Protocol::Tls, TlsMode::Passthrough) => true,
        (Protocol::Tls, TlsMode::Terminate) => world.controller.features.has(Feature::TLSRouteModeTerminate),
        (Protocol::Https | Protocol::Tls, _) => false,
        // No mode makes sense there; see `misplaced_tls`.
        _ => true,
    };
    let name = match mode {
        TlsMode::Terminate => "Terminate".into(),
        TlsMode::Passthrough => "Passthrough".into(),
        TlsMode::Unknown(text) => text.clone(),
    };
    (!supported).then(|| Refusal::TlsModeUnsupported { mode: name, protocol: listener.protocol.clone() })
}

/// B-033: whoever writes `tls` expects TLS. Serving the listener in clear text would widen what was asked for.
fn misplaced_tls(index: usize, listener: &Listener) -> Option<Refusal> {
    let has_no_tls = matches!(listener.protocol, Protocol::Http | Protocol::Tcp | Protocol::Udp);
    (has_no_tls && listener.tls.is_some()).then(|| {
        let why = format!("listeners of protocol {} have no `tls`", listener.protocol);
        let invalid = Invalid { path: format!("spec.listeners[{index}].tls"), value: "{…}".into(), why };
        Refusal::ListenerInvalid { invalid }
    })
}

/// E-025: whoever writes a hostname wants connections to that name only, and where no connection says a name nobody can tell
/// them apart. Serving all of them would widen what was asked for.
fn misplaced_hostname(index: usize, listener: &Listener) -> Option<Refusal> {
    let hostname = listener.hostname.as_ref().filter(|_| matches!(listener.protocol, Protocol::Tcp | Protocol::Udp))?;
    let why = format!("listeners of protocol {} have no `hostname`", listener.protocol);
    let invalid = Invalid { path: format!("spec.listeners[{index}].hostname"), value: format!("\"{hostname}\""), why };
    Some(Refusal::ListenerInvalid { invalid })
}

/// The places on a data plane that accepted listeners hold: hostnames by port, protocol and TLS mode.
#[derive(Default)]
pub(super) struct Held(BTreeMap<u16, BTreeMap<Way, BTreeSet<Option<Hostname>>>>);

/// How connections are told apart: the protocol, and whether TLS is passed through.
type Way = (Protocol, bool);

fn way(listener: &Listener) -> Way {
    (listener.protocol.clone(), is_passthrough(listener))
}

impl Held {
    fn add(&mut self, listener: &Listener) {
        let ways = self.0.entry(listener.port).or_default();
        ways.entry(way(listener)).or_default().insert(listener.hostname.clone());
    }

    /// The conflict of a listener with any of them.
    fn conflict(&self, world: &World<'_>, listener: &Listener) -> Option<Conflict> {
        let own = way(listener);
        let conflicts = self.0.get(&listener.port).into_iter().flatten().filter_map(|(other, hostnames)| {
            let same = hostnames.contains(&listener.hostname);
            // Where different hostnames part them it takes the same one to conflict.
            conflict(world, &own, other, same)
        });
        // A protocol that cannot share the port at all is the plainer reason.
        conflicts.max()
    }
}

/// B-002 to B-011, C-010 to C-012: for each listener what it cannot be told apart from. Those that lose to objects that come
/// first are out; among the others of one object nobody wins (B-010).
fn conflicts(world: &World<'_>, declaring: Declaring<'_>, held: &mut Held) -> Vec<Vec<Refusal>> {
    let listeners = declaring.listeners;
    let lost: Vec<Option<Conflict>> =
        listeners.iter().map(|one| held.conflict(world, one).filter(|_| is_known_place(one))).collect();
    let left: Vec<&Listener> = listeners
        .iter()
        .zip(&lost)
        .filter(|(one, lost)| lost.is_none() && is_known_place(one) && is_protocol_supported(world, &one.protocol))
        .map(|(one, _)| one)
        .collect();
    let refusals: Vec<Vec<Refusal>> = listeners
        .iter()
        .zip(&lost)
        .map(|(one, lost)| match lost {
            Some(conflict) => alloc::vec![conflict.refusal(one, Vec::new())],
            None if left.iter().any(|other| core::ptr::eq(*other, one)) => siblings(world, one, &left),
            None => Vec::new(),
        })
        .collect();
    let holds =
        |one: &&Listener, refused: &Vec<Refusal>| refused.is_empty() && left.iter().any(|other| core::ptr::eq(*other, *one));
    listeners.iter().zip(&refusals).filter(|(one, refused)| holds(one, refused)).for_each(|(one, _)| held.add(one));
    refusals
}

/// The conflicts of a listener with others of the same object.
fn siblings(world: &World<'_>, listener: &Listener, others: &[&Listener]) -> Vec<Refusal> {
    let mut with: BTreeMap<Conflict, Vec<SectionName>> = BTreeMap::new();
    let on_port = others.iter().filter(|other| !core::ptr::eq(**other, listener) && other.port == listener.port);
    for other in on_port {
        let same = other.hostname == listener.hostname;
        if let Some(conflict) = conflict(world, &way(listener), &way(other), same) {
            with.entry(conflict).or_default().push(other.name.clone());
        }
    }
    let refusals = with.into_iter().rev().map(|(conflict, mut names)| {
        names.sort();
        conflict.refusal(listener, names)
    });
    refusals.collect()
}

/// One whose port, protocol or hostname is broken is not known well enough to say what it conflicts with. Whatever else is
/// wrong with a listener does not make it distinct (B-004): otherwise a mistake in one would hand its names to the other
/// (S-009). One whose protocol is not supported takes no place from anybody (B-006), but can lose its own (C-011).
fn is_known_place(listener: &Listener) -> bool {
    listener.port != 0
        && !matches!(listener.protocol, Protocol::Other(_))
        && !listener.invalid.iter().any(|invalid| invalid.path.ends_with(".hostname"))
}

/// Why two listeners on one port cannot be told apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Conflict {
    Hostname,
    Protocol,
}

impl Conflict {
    fn refusal(self, listener: &Listener, with: Vec<SectionName>) -> Refusal {
        let port = listener.port;
        match self {
            Self::Hostname => Refusal::HostnameConflict { port, with },
            Self::Protocol => Refusal::ProtocolConflict { port, protocol: listener.protocol.clone(), with },
        }
    }
}

/// Whether two listeners on one port cannot be told apart, and why.
fn conflict(world: &World<'_>, (one, one_passes): &Way, (other, other_passes): &Way, same_hostname: bool) -> Option<Conflict> {
    use Protocol::{Http, Https, Tcp, Tls, Udp};
    match (one, other) {
        // B-007: other transports.
        (Udp, Udp) => Some(Conflict::Protocol),
        (Udp, _) | (_, Udp) => None,
        // B-005 and two TCP listeners (B-009).
        (Tcp, _) | (_, Tcp) => Some(Conflict::Protocol),
        // L-012: both modes on one port.
        (Tls, Tls) if one_passes != other_passes && !mixes_modes(world) => Some(Conflict::Protocol),
        (Http, Http) | (Https, Https) | (Tls, Tls) => same_hostname.then_some(Conflict::Hostname),
        // B-008: SNI tells HTTPS and TLS apart, as long as the names differ (pitfall 53).
        (Https, Tls) | (Tls, Https) => same_hostname.then_some(Conflict::Protocol),
        _ => Some(Conflict::Protocol),
    }
}

/// L-011. Who does not end TLS for TLSRoutes refuses the listener that asks for it, and no other (L-010).
fn mixes_modes(world: &World<'_>) -> bool {
    let has = |feature| world.controller.features.has(feature);
    has(Feature::TLSRouteModeMixed) || !has(Feature::TLSRouteModeTerminate)
}

struct Kinds {
    supported: Vec<RouteKind>,
    unsupported: Vec<Refusal>,
}

/// D-006 to D-009.
fn kinds(world: &World<'_>, listener: &Listener, refused: &[Refusal]) -> Kinds {
    let possible = |kind: &RouteKind| goes_with(*kind, &listener.protocol) && is_kind_supported(world, *kind);
    let mut result = Kinds { supported: Vec::new(), unsupported: Vec::new() };
    if listener.allowed_routes.kinds.is_empty() {
        result.supported.extend(RouteKind::ALL.into_iter().filter(possible));
    }
    for listed in &listener.allowed_routes.kinds {
        match RouteKind::of(listed.group.as_str(), listed.kind.as_str()).filter(possible) {
            Some(kind) if result.supported.contains(&kind) => {}
            Some(kind) => result.supported.push(kind),
            None => {
                let (kind, protocol) = (listed.clone(), listener.protocol.clone());
                result.unsupported.push(Refusal::RouteKindUnsupported { kind, protocol });
            }
        }
    }
    if refused.iter().any(takes_every_kind_away) {
        // Nothing can attach there whatever is listed (B-014, B-019, B-011).
        result.supported.clear();
    }
    result
}

fn takes_every_kind_away(refusal: &Refusal) -> bool {
    matches!(refusal, Refusal::ProtocolUnsupported { .. } | Refusal::TlsModeUnsupported { .. } | Refusal::ProtocolConflict { .. })
}

/// The hostname of a listener in messages.
pub(super) fn hostname_text(hostname: Option<&Hostname>) -> alloc::string::String {
    hostname.map_or_else(|| "*".into(), ToString::to_string)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Controller, Snapshot, SupportedFeatures, resolution::Resolution};

    const PROTOCOLS: [Protocol; 5] = [Protocol::Http, Protocol::Https, Protocol::Tls, Protocol::Tcp, Protocol::Udp];

    fn with_world<T>(features: SupportedFeatures, ask: impl FnOnce(&World<'_>) -> T) -> T {
        let controller = alloc::sync::Arc::new(Controller { features, ..Controller::default() });
        ask(&World::new(&Snapshot::new(), &Resolution { controller, ..Resolution::default() }))
    }

    /// `H` for the same hostname, `P` for protocols that cannot share a port, `.` for none; lines and columns are the
    /// protocols in their order.
    fn table(same_hostname: bool) -> Vec<alloc::string::String> {
        let mark = |world: &World<'_>, from: &Protocol, to: &Protocol| match conflict(
            world,
            &(from.clone(), false),
            &(to.clone(), false),
            same_hostname,
        ) {
            Some(Conflict::Hostname) => 'H',
            Some(Conflict::Protocol) => 'P',
            None => '.',
        };
        with_world(SupportedFeatures::built(), |world| {
            PROTOCOLS.iter().map(|from| PROTOCOLS.iter().map(|to| mark(world, from, to)).collect()).collect()
        })
    }

    #[test]
    fn b_008_every_pair_of_protocols_with_one_hostname() {
        assert_eq!(table(true), ["HPPP.", "PHPP.", "PPHP.", "PPPP.", "....P"]);
    }

    #[test]
    fn pitfall_53_different_hostnames_part_what_is_told_apart_by_sni_or_host() {
        assert_eq!(table(false), [".PPP.", "P..P.", "P..P.", "PPPP.", "....P"]);
    }

    #[test]
    fn l_012_both_tls_modes_on_one_port_need_the_feature_once_tls_is_ended() {
        let mixed = |features| {
            with_world(features, |world| conflict(world, &(Protocol::Tls, true), &(Protocol::Tls, false), false).is_some())
        };
        let all = SupportedFeatures::built();
        assert!(!mixed(all.clone()));
        assert!(mixed(all.clone().without(Feature::TLSRouteModeMixed)));
        assert!(!mixed(all.without(Feature::TLSRouteModeMixed).without(Feature::TLSRouteModeTerminate)));
    }
}
