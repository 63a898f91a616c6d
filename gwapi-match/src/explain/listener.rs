//! Which listener a connection and its requests belong to (B.2, chapters L and M).

use gwapi_core::{
    Hostname,
    features::Feature,
    model::Protocol,
    resolution::{Resolution, ResolvedGateway, ResolvedListener},
};

use super::{Placement, predicates::covers};
use crate::{
    connect::{Arrival, ConnectionRefusal, HttpConnection, Transport},
    head::RequestHead,
    headers::Headers,
};

/// The listener of a connection that carries no requests as far as anybody looks; nothing if it carries HTTP.
pub(super) fn connect<'a>(
    gateway: &'a ResolvedGateway,
    arrival: &Arrival<'_>,
) -> Result<Option<&'a ResolvedListener>, ConnectionRefusal> {
    // TCP and UDP ports with the same number are two ports (B-007, M-012).
    if arrival.transport == Transport::Udp {
        return on_port(gateway, arrival, &[Protocol::Udp]).first().copied().map(Some).ok_or(ConnectionRefusal::NoSuchPort);
    }
    // A TCP listener has its port alone (B-005).
    if let Some(listener) = on_port(gateway, arrival, &[Protocol::Tcp]).first() {
        return Ok(Some(listener));
    }
    let plain = on_port(gateway, arrival, &[Protocol::Http]);
    let secure = on_port(gateway, arrival, &[Protocol::Https, Protocol::Tls]);
    let (these, others) = if arrival.tls.is_some() { (&secure, &plain) } else { (&plain, &secure) };
    // A connection must speak what the listeners of the port speak (B-017).
    match (these.is_empty(), others.is_empty()) {
        (true, true) => return Err(ConnectionRefusal::NoSuchPort),
        (true, false) => return Err(ConnectionRefusal::WrongTransport),
        (false, _) => {}
    }
    if arrival.tls.is_none() {
        return Ok(None);
    }
    // HTTPS and TLS listeners are matched against the server name (B-023, L-011); the one without hostname takes the rest
    // (B-029).
    let by_name = most_specific(&secure, HttpConnection::of(arrival).server_name());
    let listener = by_name.ok_or(ConnectionRefusal::NoListenerForServerName)?;
    Ok(Some(listener).filter(|listener| listener.protocol == Protocol::Tls))
}

/// The listener of a request.
pub(super) fn admit<'a, H: Headers + ?Sized>(
    resolution: &'a Resolution,
    gateway: &'a ResolvedGateway,
    arrival: &Arrival<'_>,
    head: &RequestHead<'_, H>,
) -> Placement<'a> {
    let host = head.host.as_ref().map(|host| host.as_str());
    // An HTTP listener is matched against the host (B-023).
    if arrival.tls.is_none() {
        let by_host = most_specific(&on_port(gateway, arrival, &[Protocol::Http]), host);
        return by_host.map_or(Placement::NotFound, Placement::Listener);
    }
    // An HTTPS listener is matched against both names (B-023), among the listeners of its protocol (B-027).
    let https = on_port(gateway, arrival, &[Protocol::Https]);
    let by_name = most_specific(&https, HttpConnection::of(arrival).server_name());
    match most_specific(&https, host) {
        // Both must select the same listener.
        Some(by_host) if by_name.is_some_and(|by_name| by_name.key == by_host.key) => Placement::Listener(by_host),
        // If another listener matches the host, the request is misdirected (B-027).
        Some(_) if detects_misdirected(resolution) => Placement::Misdirected,
        // If none does, or nobody says 421, there is nothing here.
        _ => Placement::NotFound,
    }
}

/// Only listeners that are served take part (B-011), only those on the port that was asked (F-025), and those of ListenerSets
/// like the Gateway's own (C-005).
fn on_port<'a>(gateway: &'a ResolvedGateway, arrival: &Arrival<'_>, protocols: &[Protocol]) -> Vec<&'a ResolvedListener> {
    let of_sets = gateway.listener_sets.iter().flat_map(|set| &set.listeners);
    let served = gateway.listeners.iter().chain(of_sets).filter(|one| one.is_served());
    served.filter(|one| one.port == arrival.port && protocols.contains(&one.protocol)).collect()
}

fn detects_misdirected(resolution: &Resolution) -> bool {
    resolution.controller.features.has(Feature::GatewayHTTPSListenerDetectMisdirectedRequests)
}

/// Exact, then a wildcard with more labels, then one with fewer, then no hostname (B-022).
fn most_specific<'a>(listeners: &[&'a ResolvedListener], host: Option<&str>) -> Option<&'a ResolvedListener> {
    let covering = listeners.iter().copied().filter(|one| covers(one.hostname.as_ref(), host));
    covering.min_by_key(|one| Hostname::specificity(one.hostname.as_ref()))
}
