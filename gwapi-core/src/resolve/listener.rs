//! Which listeners can be served, and for which kinds of routes (B.1, B.3, B.8, D-006 to D-009).

use alloc::{format, string::ToString, vec::Vec};

use super::{World, certificate};
use crate::{
    features::Feature,
    hostname::Hostname,
    model::{Gateway, Invalid, Listener, Protocol, RouteKind, TlsMode},
    name::SectionName,
    refusal::Refusal,
    resolution::{ListenerKey, ResolvedListener},
};

pub(super) fn resolve_listeners(world: &World<'_>, gateway: &Gateway) -> Vec<ResolvedListener> {
    let listeners = gateway.listeners.iter().enumerate();
    let mut resolved: Vec<ResolvedListener> =
        listeners.map(|(index, listener)| resolve_listener(world, gateway, index, listener)).collect();
    note_overlaps(&mut resolved);
    resolved
}

fn resolve_listener(world: &World<'_>, gateway: &Gateway, index: usize, listener: &Listener) -> ResolvedListener {
    let mut refused = own_refusals(world, gateway, index, listener);
    refused.extend(conflicts(world, gateway, listener));
    let kinds = kinds(world, listener, &refused);
    let certificates = certificate::resolve_certificates(world, gateway, listener);
    let mut unresolved = certificates.unresolved;
    unresolved.extend(kinds.unsupported);
    ResolvedListener {
        key: ListenerKey { parent: gateway.meta.key.clone(), name: listener.name.clone() },
        port: listener.port,
        protocol: listener.protocol.clone(),
        hostname: listener.hostname.clone(),
        supported_kinds: kinds.supported,
        refused,
        unresolved,
        unserved: certificates.unserved,
        certificates: certificates.usable,
        overlaps: Vec::new(),
    }
}

/// What is wrong with a listener by itself.
fn own_refusals(world: &World<'_>, gateway: &Gateway, index: usize, listener: &Listener) -> Vec<Refusal> {
    let mut refused = Vec::new();
    if !is_protocol_supported(world, &listener.protocol) {
        refused.push(Refusal::ProtocolUnsupported { protocol: listener.protocol.clone() });
    }
    refused.extend(unsupported_mode(world, listener));
    refused.extend(listener.invalid.iter().map(|invalid| Refusal::ListenerInvalid { invalid: invalid.clone() }));
    refused.extend(misplaced_tls(index, listener));
    refused.extend(
        listener
            .filters
            .iter()
            .enumerate()
            .map(|(index, filter)| Refusal::ListenerFilterUnsupported { index, filter_type: filter.type_name().into() }),
    );
    let port = (gateway.meta.key.clone(), listener.port, listener.protocol.clone());
    if world.facts().unavailable_ports.contains(&port) {
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

/// B-002 to B-011: the listeners of the Gateway that this one cannot be told apart from. Nobody wins (B-010).
fn conflicts(world: &World<'_>, gateway: &Gateway, listener: &Listener) -> Vec<Refusal> {
    if !takes_part_in_conflicts(world, listener) {
        return Vec::new();
    }
    let on_port = gateway
        .listeners
        .iter()
        .filter(|other| !core::ptr::eq(*other, listener) && other.port == listener.port && takes_part_in_conflicts(world, other));
    let (mut same, mut incompatible): (Vec<SectionName>, Vec<SectionName>) = (Vec::new(), Vec::new());
    for other in on_port {
        match conflict(listener, other) {
            Some(Conflict::Hostname) => same.push(other.name.clone()),
            Some(Conflict::Protocol) => incompatible.push(other.name.clone()),
            None => {}
        }
    }
    same.sort();
    incompatible.sort();
    let port = listener.port;
    let hostname = (!same.is_empty()).then_some(Refusal::HostnameConflict { port, with: same });
    let protocol = (!incompatible.is_empty()).then(|| Refusal::ProtocolConflict {
        port,
        protocol: listener.protocol.clone(),
        with: incompatible,
    });
    protocol.into_iter().chain(hostname).collect()
}

/// B-006: a listener whose protocol is not supported takes no port from anybody. One whose port or hostname is broken is
/// not known well enough to say what it conflicts with. Whatever else is wrong with a listener does not make it distinct
/// (B-004): otherwise a mistake in one would hand its names to the other (S-009).
fn takes_part_in_conflicts(world: &World<'_>, listener: &Listener) -> bool {
    is_protocol_supported(world, &listener.protocol)
        && listener.port != 0
        && !listener.invalid.iter().any(|invalid| invalid.path.ends_with(".hostname"))
}

enum Conflict {
    Hostname,
    Protocol,
}

/// Whether two listeners on one port cannot be told apart, and why.
fn conflict(one: &Listener, other: &Listener) -> Option<Conflict> {
    use Protocol::{Http, Https, Tcp, Tls, Udp};
    let same_hostname = one.hostname == other.hostname;
    match (&one.protocol, &other.protocol) {
        // B-007: other transports.
        (Udp, Udp) => Some(Conflict::Protocol),
        (Udp, _) | (_, Udp) => None,
        // B-005 and two TCP listeners (B-009).
        (Tcp, _) | (_, Tcp) => Some(Conflict::Protocol),
        (Http, Http) | (Https, Https) | (Tls, Tls) => same_hostname.then_some(Conflict::Hostname),
        // B-008: SNI tells HTTPS and TLS apart, as long as the names differ (pitfall 53).
        (Https, Tls) | (Tls, Https) => same_hostname.then_some(Conflict::Protocol),
        _ => Some(Conflict::Protocol),
    }
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

/// B-030: listeners that end or pass TLS on one port and share a name. No hostname covers every name.
fn note_overlaps(listeners: &mut [ResolvedListener]) {
    let carries_tls = |listener: &&ResolvedListener| listener.protocol.is_tls() && listener.is_accepted();
    let names: Vec<(SectionName, u16, Option<Hostname>)> = listeners
        .iter()
        .filter(carries_tls)
        .map(|listener| (listener.key.name.clone(), listener.port, listener.hostname.clone()))
        .collect();
    for listener in listeners.iter_mut().filter(|listener| listener.protocol.is_tls() && listener.refused.is_empty()) {
        let overlapping = names.iter().filter(|(name, port, hostname)| {
            *name != listener.key.name && *port == listener.port && overlap(hostname.as_ref(), listener.hostname.as_ref())
        });
        listener.overlaps = overlapping.map(|(name, ..)| name.clone()).collect();
        listener.overlaps.sort();
    }
}

fn overlap(one: Option<&Hostname>, other: Option<&Hostname>) -> bool {
    match (one, other) {
        (Some(one), Some(other)) => one.intersection(other).is_some(),
        _ => true,
    }
}

/// The hostname of a listener in messages.
pub(super) fn hostname_text(hostname: Option<&Hostname>) -> alloc::string::String {
    hostname.map_or_else(|| "*".into(), ToString::to_string)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{AllowedRoutes, NamespacesFrom};

    const PROTOCOLS: [Protocol; 5] = [Protocol::Http, Protocol::Https, Protocol::Tls, Protocol::Tcp, Protocol::Udp];

    fn listener(protocol: &Protocol, hostname: &str) -> Listener {
        Listener {
            name: "it".into(),
            hostname: Hostname::parse(hostname).ok(),
            port: 443,
            protocol: protocol.clone(),
            tls: None,
            allowed_routes: AllowedRoutes { namespaces: NamespacesFrom::Same, kinds: Vec::new() },
            filters: Vec::new(),
            invalid: Vec::new(),
        }
    }

    /// `H` for the same hostname, `P` for protocols that cannot share a port, `.` for none; lines and columns are the
    /// protocols in their order.
    fn table(one: &str, other: &str) -> Vec<alloc::string::String> {
        let mark = |from: &Protocol, to: &Protocol| match conflict(&listener(from, one), &listener(to, other)) {
            Some(Conflict::Hostname) => 'H',
            Some(Conflict::Protocol) => 'P',
            None => '.',
        };
        PROTOCOLS.iter().map(|from| PROTOCOLS.iter().map(|to| mark(from, to)).collect()).collect()
    }

    #[test]
    fn b_008_every_pair_of_protocols_with_one_hostname() {
        for hostname in ["", "a.com", "*.a.com"] {
            assert_eq!(table(hostname, hostname), ["HPPP.", "PHPP.", "PPHP.", "PPPP.", "....P"], "{hostname}");
        }
    }

    #[test]
    fn pitfall_53_different_hostnames_part_what_is_told_apart_by_sni_or_host() {
        for (one, other) in [("a.com", "b.com"), ("*.a.com", "b.a.com"), ("", "a.com")] {
            assert_eq!(table(one, other), [".PPP.", "P..P.", "P..P.", "PPPP.", "....P"], "{one} {other}");
        }
    }
}
