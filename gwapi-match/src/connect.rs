//! Which listener a connection belongs to, and which one each of its requests does (requirements B.2).

use core::net::IpAddr;

use gwapi_core::{
    RequestHost,
    model::{Scheme, SecretRef},
};

use crate::{
    head::RequestHead,
    headers::Headers,
    table::{ListenerId, Port, ServedListener, Table},
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
    /// What the client says first, if it speaks TLS.
    pub tls: Option<ClientHello<'a>>,
}

/// The part of a ClientHello that decides.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ClientHello<'a> {
    /// Server name indication.
    pub server_name: Option<&'a str>,
}

impl<'a> Arrival<'a> {
    /// A connection in clear text.
    #[must_use]
    pub fn plain(port: u16) -> Self {
        Self { port, local_address: None, tls: None }
    }

    /// A connection that begins with TLS.
    #[must_use]
    pub fn tls(port: u16, server_name: Option<&'a str>) -> Self {
        Self { port, local_address: None, tls: Some(ClientHello { server_name }) }
    }

    /// The same, with the address that it came to.
    #[must_use]
    pub fn at(self, local_address: IpAddr) -> Self {
        Self { local_address: Some(local_address), ..self }
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
    /// It is closed.
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
        // The function that reads Host reads SNI too: if the two could disagree about a name, a dot at its end would get
        // another listener's certificate.
        let name = |name| RequestHost::parse(name).map(|name| name.into_owned().into());
        Self { port: arrival.port, tls: arrival.tls.map(|hello| hello.server_name.and_then(name)) }
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
        Port { number: self.port, is_tls: self.is_tls() }
    }
}

/// How TLS is ended: by the listener that the server name selects (B-023, B-029).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TlsPlan<'t> {
    /// The listener.
    pub listener: &'t ServedListener,
    /// Its certificates that can be used, in the order of the manifest.
    pub certificates: &'t [SecretRef],
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
}

/// Which listener a request belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Admission {
    /// This one.
    Listener {
        /// Its number in the table that was asked.
        id: ListenerId,
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
        let connection = HttpConnection::of(arrival);
        let port = connection.as_port();
        if !self.ports.hosts.contains_key(&port) {
            let other = Port { is_tls: !port.is_tls, ..port };
            let exists = self.ports.hosts.contains_key(&other);
            return Connection::Refuse(if exists { ConnectionRefusal::WrongTransport } else { ConnectionRefusal::NoSuchPort });
        }
        if !port.is_tls {
            return Connection::Http { connection, tls: None };
        }
        let by_name = self.most_specific(&connection, connection.server_name());
        match by_name.and_then(|id| self.listener(id)) {
            Some(listener) => Connection::Http { connection, tls: Some(TlsPlan::of(listener)) },
            None => Connection::Refuse(ConnectionRefusal::NoListenerForServerName),
        }
    }

    /// Which listener a request belongs to. A request never reaches a listener that does not cover its host, nor the routes
    /// of a less specific one (B-024, S-013).
    #[must_use]
    pub fn admit<H: Headers + ?Sized>(&self, connection: &HttpConnection, head: &RequestHead<'_, H>) -> Admission {
        let by_host = self.most_specific(connection, head.host.as_ref().map(RequestHost::as_str));
        let Some(id) = by_host else { return Admission::NotFound };
        if !connection.is_tls() || self.most_specific(connection, connection.server_name()) == by_host {
            return Admission::Listener { id };
        }
        // B-027: the request belongs to another listener than the connection. Without the feature nothing says 421, and the
        // request is served by neither.
        if self.detects_misdirected { Admission::Misdirected } else { Admission::NotFound }
    }

    /// B-022, among the listeners of the connection's port and transport only (pitfall 13).
    fn most_specific(&self, connection: &HttpConnection, host: Option<&str>) -> Option<ListenerId> {
        let hosts = self.ports.hosts.get(&connection.as_port())?;
        hosts.find_map(host, |_, index| Some(self.listener_id(*index)))
    }
}

impl<'t> TlsPlan<'t> {
    fn of(listener: &'t ServedListener) -> Self {
        Self { listener, certificates: &listener.certificates }
    }
}
