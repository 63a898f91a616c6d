//! Which listener a connection belongs to, and which one each of its requests does (requirements B.2, L, M).

use core::net::IpAddr;

use gwapi_core::{
    RequestHost,
    model::{Protocol, Scheme, SecretRef},
    resolution::{ClientTrust, ResolvedFilter},
};

use crate::{
    head::RequestHead,
    headers::Headers,
    routed::Routed,
    table::{Carries, ListenerId, Port, ServedListener, Table},
};

/// What is known of a connection when it arrives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Arrival<'a> {
    /// The port of the Gateway that it came to.
    pub port: u16,
    /// The address that it came to. Listeners are bound on every address of their Gateway (B-060), so nothing depends on it
    /// there.
    pub local_address: Option<IpAddr>,
    /// What carries it: a number can stand for a port of both (B-007).
    pub transport: Transport,
    /// What the client says first, if it speaks TLS.
    pub tls: Option<ClientHello<'a>>,
}

/// What carries a connection.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Transport {
    /// A stream of bytes.
    #[default]
    Tcp,
    /// Datagrams; those of one client and port are a flow, which is asked for once (M-006).
    Udp,
}

/// The part of a ClientHello that decides.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ClientHello<'a> {
    /// Server name indication.
    pub server_name: Option<&'a str>,
}

impl<'a> Arrival<'a> {
    /// A connection in clear text, or one whose bytes nobody has looked at.
    #[must_use]
    pub fn plain(port: u16) -> Self {
        Self { port, local_address: None, transport: Transport::Tcp, tls: None }
    }

    /// A connection that begins with TLS.
    #[must_use]
    pub fn tls(port: u16, server_name: Option<&'a str>) -> Self {
        Self { tls: Some(ClientHello { server_name }), ..Self::plain(port) }
    }

    /// A flow of datagrams.
    #[must_use]
    pub fn udp(port: u16) -> Self {
        Self { transport: Transport::Udp, ..Self::plain(port) }
    }

    /// The same, with the address that it came to.
    #[must_use]
    pub fn at(self, local_address: IpAddr) -> Self {
        Self { local_address: Some(local_address), ..self }
    }

    /// The server name as requests' hosts are written, if the client sent a usable one.
    ///
    /// The function that reads Host reads SNI too: if the two could disagree about a name, a dot at its end would get another
    /// listener's certificate.
    #[must_use]
    pub fn server_name(&self) -> Option<RequestHost<'a>> {
        self.tls.and_then(|hello| hello.server_name).and_then(RequestHost::parse)
    }
}

/// What becomes of a connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Connection<'t> {
    /// HTTP requests follow.
    Http {
        /// What is known of the connection: to be kept as long as it lives.
        connection: HttpConnection,
        /// How TLS is ended first; nothing in clear text.
        tls: Option<TlsPlan<'t>>,
    },
    /// Bytes or datagrams follow, and a rule says where they go: see [`Table::l4`].
    L4 {
        /// The rule.
        routed: Routed,
        /// How TLS is ended first (L-007). Nothing if whatever comes goes on as it comes: TCP, UDP, and TLS that is passed
        /// through with its ClientHello (L-006).
        tls: Option<TlsPlan<'t>>,
    },
    /// It is closed, without a TLS alert and without having been answered (L-022); of a datagram nothing is heard.
    Refuse(ConnectionRefusal),
}

/// A connection that carries HTTP requests: facts, and no listener. The table can change while the connection lives, so each
/// request is admitted against the table of its own time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HttpConnection {
    port: u16,
    tls: Option<ServerName>,
}

/// The normalised server name, if the client sent a usable one.
type ServerName = Option<Box<str>>;

impl HttpConnection {
    /// The facts of a connection, if HTTP follows.
    #[must_use]
    pub fn of(arrival: &Arrival<'_>) -> Self {
        let name = || arrival.server_name().map(|name| name.into_owned().into());
        Self { port: arrival.port, tls: arrival.tls.map(|_| name()) }
    }

    /// The port of the Gateway.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The scheme of its requests.
    #[must_use]
    pub fn scheme(&self) -> Scheme {
        if self.is_tls() { Scheme::Https } else { Scheme::Http }
    }

    /// The server name that the client asked for, as requests' hosts are written.
    #[must_use]
    pub fn server_name(&self) -> Option<&str> {
        self.tls.as_ref()?.as_deref()
    }

    pub(crate) fn is_tls(&self) -> bool {
        self.tls.is_some()
    }

    fn as_port(&self) -> Port {
        Port { number: self.port, carries: if self.is_tls() { Carries::Tls } else { Carries::Http } }
    }
}

/// How TLS is ended: by the listener that the server name selects (B-023, B-029).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TlsPlan<'t> {
    /// The listener.
    pub listener: &'t ServedListener,
    /// Its certificates that can be used, in the order of the manifest.
    pub certificates: &'t [SecretRef],
    /// Which certificates clients must show (B-045). Nothing if they are asked for none.
    pub client_validation: Option<&'t ClientTrust>,
}

/// Why a connection is closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, thiserror::Error)]
pub enum ConnectionRefusal {
    /// No listener that is served has that port.
    #[error("no listener that is served has that port")]
    NoSuchPort,
    /// The port carries TLS and the connection does not, or the other way round.
    #[error("the port carries TLS and the connection does not, or the other way round")]
    WrongTransport,
    /// No listener covers the server name, and each has a hostname (B-026, B-029).
    #[error("no listener covers the server name")]
    NoListenerForServerName,
    /// No route of the listener takes the connection (B-026, L-004).
    #[error("no route takes the connection")]
    NoRoute,
}

/// Which listener a request belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Admission<'t> {
    /// This one.
    Listener {
        /// Its number in the table that was asked.
        id: ListenerId,
        /// What the request passes before it is routed, in this order, whatever route is found then (H-080, H-085). One that
        /// answers by itself ends everything (H-084). What comes out is routed as [`RequestHead::filtered`].
        filters: &'t [ResolvedFilter],
    },
    /// To another one than the connection: 421 (B-027).
    Misdirected,
    /// To none: 404 (B-026).
    NotFound,
}

impl Table {
    /// What becomes of a connection.
    #[must_use]
    pub fn connect(&self, arrival: &Arrival<'_>) -> Connection<'_> {
        match self.port_of(arrival) {
            Err(why) => Connection::Refuse(why),
            Ok(port) => match port.carries {
                Carries::Http => Connection::Http { connection: HttpConnection::of(arrival), tls: None },
                Carries::Tls => self.connect_tls(port, arrival),
                Carries::Tcp | Carries::Udp => match self.most_specific(port, None, |_| true) {
                    Some((id, _)) => self.connect_l4(id, None, None),
                    None => Connection::Refuse(ConnectionRefusal::NoSuchPort),
                },
            },
        }
    }

    /// The port that a connection came to. TCP takes whatever comes, and no other listener has its port (B-005).
    fn port_of(&self, arrival: &Arrival<'_>) -> Result<Port, ConnectionRefusal> {
        let port = |carries| Port { number: arrival.port, carries };
        let is_served = |port: &Port| self.ports.hosts.contains_key(port);
        let (wanted, other) = match (arrival.transport, arrival.tls) {
            (Transport::Udp, _) => {
                return Some(port(Carries::Udp)).filter(is_served).ok_or(ConnectionRefusal::NoSuchPort);
            }
            (Transport::Tcp, Some(_)) => (Carries::Tls, Carries::Http),
            (Transport::Tcp, None) => (Carries::Http, Carries::Tls),
        };
        match [port(wanted), port(Carries::Tcp)].into_iter().find(is_served) {
            Some(port) => Ok(port),
            None if is_served(&port(other)) => Err(ConnectionRefusal::WrongTransport),
            None => Err(ConnectionRefusal::NoSuchPort),
        }
    }

    /// HTTPS and TLS listeners share a port by server name (B-008, L-011): the most specific one has the connection (L-017).
    fn connect_tls(&self, port: Port, arrival: &Arrival<'_>) -> Connection<'_> {
        let name = arrival.server_name();
        let name = name.as_ref().map(RequestHost::as_str);
        let Some((id, listener)) = self.most_specific(port, name, |_| true) else {
            return Connection::Refuse(ConnectionRefusal::NoListenerForServerName);
        };
        let tls = (!listener.passthrough).then(|| TlsPlan::of(listener));
        match listener.protocol {
            Protocol::Https => Connection::Http { connection: HttpConnection::of(arrival), tls },
            _ => self.connect_l4(id, name, tls),
        }
    }

    /// The best route of the listener: by hostname, age and name (G-015, G-016, L-018).
    fn connect_l4<'t>(&'t self, id: ListenerId, server_name: Option<&str>, tls: Option<TlsPlan<'t>>) -> Connection<'t> {
        match self.route_l4(id, server_name) {
            Some(routed) => Connection::L4 { routed, tls },
            None => Connection::Refuse(ConnectionRefusal::NoRoute),
        }
    }

    /// Which listener a request belongs to. A request never reaches a listener that does not cover its host, nor the routes
    /// of a less specific one (B-024, S-013).
    #[must_use]
    pub fn admit<H: Headers + ?Sized>(&self, connection: &HttpConnection, head: &RequestHead<'_, H>) -> Admission<'_> {
        let port = connection.as_port();
        // B-027: among the listeners of the same protocol.
        let is_http = |listener: &ServedListener| listener.protocol != Protocol::Tls;
        let by_host = self.most_specific(port, head.host.as_ref().map(RequestHost::as_str), is_http);
        let Some((id, listener)) = by_host else { return Admission::NotFound };
        let by_name = || self.most_specific(port, connection.server_name(), |_| true);
        if !connection.is_tls() || by_name().is_some_and(|(other, _)| other == id) {
            return Admission::Listener { id, filters: &listener.filters };
        }
        // The request belongs to another listener than the connection. Without the feature nothing says 421, and the request
        // is served by neither.
        if self.detects_misdirected { Admission::Misdirected } else { Admission::NotFound }
    }

    /// B-022, among the listeners of the connection's port and transport only (pitfall 13).
    fn most_specific(
        &self,
        port: Port,
        host: Option<&str>,
        takes_part: impl Fn(&ServedListener) -> bool,
    ) -> Option<(ListenerId, &ServedListener)> {
        self.ports.hosts.get(&port)?.find_map(host, |_, index| {
            let id = self.listener_id(*index);
            let listener = self.listener(id)?;
            takes_part(listener).then_some((id, listener))
        })
    }
}

impl<'t> TlsPlan<'t> {
    fn of(listener: &'t ServedListener) -> Self {
        Self { listener, certificates: &listener.certificates, client_validation: listener.client_validation.as_ref() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// B-007: one number can be a port of streams and one of datagrams.
    #[test]
    fn an_arrival_says_what_carries_it_and_where_it_came_to() {
        let address = IpAddr::from([10, 0, 0, 1]);
        assert_eq!(Arrival::udp(53).transport, Transport::Udp);
        assert_eq!(Arrival::plain(53).transport, Transport::Tcp);
        let at = Arrival::tls(443, Some("a.example")).at(address);
        assert_eq!((at.local_address, at.port, at.transport), (Some(address), 443, Transport::Tcp));
        assert_eq!(at.server_name().map(|name| name.as_str().to_owned()).as_deref(), Some("a.example"));
    }

    #[test]
    fn a_connection_keeps_its_port_and_scheme() {
        let plain = HttpConnection::of(&Arrival::plain(8080));
        assert_eq!((plain.port(), plain.scheme()), (8080, Scheme::Http));
        let tls = HttpConnection::of(&Arrival::tls(8443, None));
        assert_eq!((tls.port(), tls.scheme()), (8443, Scheme::Https));
    }
}
