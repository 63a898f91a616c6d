//! What one Gateway, or a mesh, serves.

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use gwapi_core::{
    Hostname,
    choices::Choices,
    model::{Protocol, SecretRef},
    name::ObjectKey,
    refusal::Refusal,
    resolution::{BackendTarget, BackendTls, ClientTrust, ListenerKey, MeshScope, ResolvedFilter},
};

use crate::{
    decision::{BackendTlsPlan, ChosenRule, Decision, L4Decision, L4Outcome, Outcome},
    head::{HeadParts, Reject, RequestHead},
    headers::Headers,
    hosts::HostMap,
    index::{Index, Place},
    mesh::Mesh,
    routed::Routed,
};

/// The tables of a Resolution: one for each accepted Gateway, and one for the mesh. Untouched ones are shared with the tables
/// before.
#[derive(Clone, Debug, Default)]
pub struct Tables {
    /// By the key of the Gateway.
    pub gateways: BTreeMap<ObjectKey, Arc<Table>>,
    /// Of a controller that is a mesh.
    pub mesh: Option<Arc<Mesh>>,
    pub(crate) seed: u64,
}

impl PartialEq for Tables {
    fn eq(&self, other: &Self) -> bool {
        // The seed is in no answer.
        (&self.gateways, &self.mesh) == (&other.gateways, &other.mesh)
    }
}

impl Eq for Tables {}

/// What one Gateway serves: listeners, and for each of them the rules in the order of precedence. That of a mesh has ports of
/// Services for listeners ([`Mesh::table`]).
///
/// A table never changes; a new configuration is a new table. Two tables are equal if they answer alike.
#[derive(Debug)]
pub struct Table {
    pub(crate) generation: Generation,
    /// Nothing for that of a mesh.
    pub(crate) gateway: Option<ObjectKey>,
    pub(crate) choices: Choices,
    pub(crate) detects_misdirected: bool,
    /// What backends are shown that ask for a certificate (B-052).
    pub(crate) client_certificate: Option<SecretRef>,
    /// By number. What a mesh serves no more has left its place to others.
    pub(crate) listeners: Vec<Option<Arc<Section>>>,
    pub(crate) ports: Arc<Ports>,
}

/// Where the listeners of a table are: shared by all tables of a Gateway in which only routes differ.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Ports {
    /// For each port the numbers of its listeners by hostname.
    pub(crate) hosts: BTreeMap<Port, HostMap<u32>>,
    pub(crate) numbers: BTreeMap<ListenerKey, u32>,
}

/// A listener and its rules.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Section {
    pub(crate) listener: Arc<ServedListener>,
    pub(crate) rules: Rules,
}

/// The rules of a listener. Those of HTTPRoutes and of GRPCRoutes are never merged (G-013).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Rules {
    pub(crate) http: Index,
    pub(crate) grpc: Index,
    pub(crate) l4: Index,
}

/// Routes whose rules compete.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Family {
    /// HTTPRoutes.
    Http,
    /// GRPCRoutes.
    Grpc,
    /// The kind of routes that the listener takes of those that know connections or datagrams only.
    L4,
}

impl Rules {
    pub(crate) fn of(&self, family: Family) -> &Index {
        match family {
            Family::Http => &self.http,
            Family::Grpc => &self.grpc,
            Family::L4 => &self.l4,
        }
    }
}

/// A port on which connections are accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Port {
    /// Its number.
    pub number: u16,
    /// What comes to it.
    pub carries: Carries,
}

/// What comes to a port.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Carries {
    /// HTTP in clear text.
    Http,
    /// TLS: a connection is known once its ClientHello is. HTTPS and TLS listeners share ports (B-008).
    Tls,
    /// Bytes.
    Tcp,
    /// Datagrams.
    Udp,
}

impl Port {
    /// Whether connections begin with TLS.
    #[must_use]
    pub fn is_tls(self) -> bool {
        self.carries == Carries::Tls
    }
}

/// A listener that is served.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServedListener {
    /// Where it is declared.
    pub key: ListenerKey,
    /// Port.
    pub port: u16,
    /// Protocol.
    pub protocol: Protocol,
    /// Hostname; nothing means every name.
    pub hostname: Option<Hostname>,
    /// Certificates that can be used, in the order of the manifest.
    pub certificates: Vec<SecretRef>,
    /// Whether TLS is passed through.
    pub passthrough: bool,
    /// Which certificates clients must show.
    pub client_validation: Option<ClientTrust>,
    /// What requests pass before they are routed, in this order (H-080).
    pub filters: Vec<ResolvedFilter>,
    /// Of a port of a Service: which of its clients' routes these are.
    pub clients: Option<MeshScope>,
}

/// The number of a listener in one table. Another table does not know it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ListenerId {
    pub(crate) generation: Generation,
    pub(crate) index: u32,
}

/// Tells the tables of a process apart, so that numbers of one never mean something in another (law 6).
///
/// Drawn from a counter and not from the contents: a hash would cost as much as the whole table on every change, and could
/// collide. Nothing that is shown depends on it, and tables are compared without it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Generation(u64);

impl Generation {
    /// One that no table has.
    pub(crate) const NONE: Self = Self(0);

    /// One that no table has had before.
    pub(crate) fn next() -> Self {
        static LAST: AtomicU64 = AtomicU64::new(0);
        // Only uniqueness matters, so no other memory needs to be ordered with it.
        Self(LAST.fetch_add(1, Ordering::Relaxed).wrapping_add(1))
    }
}

impl Table {
    /// The Gateway; nothing if the table is that of a mesh.
    #[must_use]
    pub fn gateway(&self) -> Option<&ObjectKey> {
        self.gateway.as_ref()
    }

    /// The choices that it was compiled with.
    #[must_use]
    pub fn choices(&self) -> &Choices {
        &self.choices
    }

    /// The ports to listen on.
    pub fn ports(&self) -> impl Iterator<Item = Port> {
        self.ports.hosts.keys().copied()
    }

    /// The listeners: those of the Gateway in the order of the manifest, then those of its ListenerSets (C-005).
    pub fn listeners(&self) -> impl Iterator<Item = &ServedListener> {
        self.listeners.iter().flatten().map(|section| &*section.listener)
    }

    /// A listener; nothing if the number is of another table.
    #[must_use]
    pub fn listener(&self, id: ListenerId) -> Option<&ServedListener> {
        self.section(id).map(|section| &*section.listener)
    }

    /// Reads the head of a request. What is matched is what is forwarded.
    ///
    /// # Errors
    /// If no servers agree on what its path or host is, so that it is answered with 400.
    pub fn head<'r, H: Headers + ?Sized>(&self, parts: HeadParts<'r, H>) -> Result<RequestHead<'r, H>, Reject> {
        RequestHead::new(parts, &self.choices)
    }

    /// The one rule that serves a request on a listener (G-010), or that there is none (F-019).
    ///
    /// A request of gRPC ([`RequestHead::is_grpc`]) is tried with the rules of GRPCRoutes first, those of all hostnames that
    /// cover its host, and then with those of HTTPRoutes (G-014). Other requests know HTTPRoutes only (K-022).
    ///
    /// Takes no lock and allocates nothing, unless a pattern is held against a repeated header or an encoded query value, or
    /// more than sixteen different query parameters are asked for under one hostname.
    /// With the number of a listener of another table the answer is one that no table knows.
    ///
    /// ```
    /// use gwapi_core::model::Scheme;
    /// use gwapi_match::{compile, connect::{Admission, Arrival, HttpConnection}, head::HeadParts};
    /// # use gwapi_core::{Controller, Object, Resolution, Snapshot, resolve};
    /// # use serde_json::{Value, json};
    /// # fn resolution(objects: Value) -> Resolution {
    /// #     let objects = objects.as_array().into_iter().flatten();
    /// #     let snapshot: Snapshot = objects.filter_map(|object| Object::from_json(object).object).collect();
    /// #     resolve(&snapshot, &Controller::default())
    /// # }
    /// let tables = compile(&resolution(json!([
    ///     {"apiVersion": "gateway.networking.k8s.io/v1", "kind": "Gateway", "metadata": {"name": "edge"},
    ///      "spec": {"gatewayClassName": "any", "listeners": [{"name": "http", "port": 80, "protocol": "HTTP"}]}},
    ///     {"apiVersion": "gateway.networking.k8s.io/v1", "kind": "HTTPRoute", "metadata": {"name": "shop"},
    ///      "spec": {"parentRefs": [{"name": "edge"}], "rules": [
    ///         {"matches": [{"path": {"value": "/"}}]},
    ///         {"matches": [{"path": {"value": "/cart"}, "method": "GET"}]},
    ///         {"matches": [{"path": {"value": "/cart"}}]},
    ///     ]}},
    /// ])), 42);
    /// let table = tables.gateways.values().next().expect("one Gateway");
    /// let rule = |method, path_and_query| {
    ///     let headers: [(&[u8], &[u8]); 1] = [(b"Host", b"shop.example.com")];
    ///     let parts = HeadParts { method, scheme: Scheme::Http, authority: None, path_and_query, headers: &headers[..] };
    ///     let head = table.head(parts).expect("nothing is wrong with the request");
    ///     let connection = HttpConnection::of(&Arrival::plain(80));
    ///     let Admission::Listener { id, .. } = table.admit(&connection, &head) else { panic!("no listener") };
    ///     let decision = table.decision(table.route(id, &head)).expect("of this table");
    ///     decision.rule.map(|chosen| chosen.rule.index)
    /// };
    /// assert_eq!(rule("GET", "/cart/items"), Some(1), "a longer prefix, then a method");
    /// assert_eq!(rule("POST", "/cart/items"), Some(2));
    /// assert_eq!(rule("GET", "/cartoon"), Some(0), "prefixes go by elements (F-004)");
    /// ```
    #[must_use]
    pub fn route<H: Headers + ?Sized>(&self, listener: ListenerId, head: &RequestHead<'_, H>) -> Routed {
        let Some(section) = self.section(listener) else { return Routed::unknown() };
        let host = head.host.as_ref().map(|host| host.as_str());
        // S-013: also if somebody asks a listener that `admit` did not name.
        let covered = match (&section.listener.hostname, host) {
            (None, _) => true,
            (Some(hostname), Some(host)) => hostname.matches(host),
            (Some(_), None) => false,
        };
        if !covered {
            return self.routed(listener, None);
        }
        let rules = &section.rules;
        let of_grpc = if rules.grpc.is_empty() { None } else { self.route_grpc(rules, host, head) };
        let found = of_grpc.map(|place| (Family::Grpc, place)).or_else(|| {
            let place = rules.http.find(host, head, &self.choices)?;
            Some((Family::Http, place))
        });
        self.routed(listener, found)
    }

    // Out of line: most listeners have no GRPCRoutes, and the way of all others is the shorter for it.
    #[inline(never)]
    fn route_grpc<H: Headers + ?Sized>(&self, rules: &Rules, host: Option<&str>, head: &RequestHead<'_, H>) -> Option<Place> {
        if head.is_grpc() { rules.grpc.find(host, head, &self.choices) } else { None }
    }

    /// The best route for connections to a listener.
    pub(crate) fn route_l4(&self, listener: ListenerId, server_name: Option<&str>) -> Option<Routed> {
        let place = self.section(listener)?.rules.l4.first(server_name)?;
        Some(self.routed(listener, Some((Family::L4, place))))
    }

    fn routed(&self, listener: ListenerId, found: Option<(Family, Place)>) -> Routed {
        let (family, place) = found.map_or((Family::Http, None), |(family, place)| (family, Some(place)));
        Routed { generation: self.generation, listener: listener.index, family, place }
    }

    /// What was decided of a request; nothing if it was by another table.
    ///
    /// The decision borrows from the table. To keep it while the table may be replaced, keep a
    /// [`PinnedDecision`](crate::PinnedDecision).
    #[must_use]
    pub fn decision(&self, routed: Routed) -> Option<Decision<'_>> {
        let section = self.section(routed.listener_id())?;
        if routed.family == Family::L4 {
            return None;
        }
        let Some(place) = routed.place else { return Some(Decision::not_found(&section.listener)) };
        let (bucket, entry) = section.rules.of(routed.family).entry(place)?;
        let outcome = Outcome::of(&entry.rule, self.choices.zero_weights);
        Some(Decision::of(&section.listener, ChosenRule::of(bucket, entry), outcome))
    }

    /// What was decided of a connection that carries no requests, or of a flow of datagrams; nothing if it was by another
    /// table.
    #[must_use]
    pub fn l4(&self, routed: Routed) -> Option<L4Decision<'_>> {
        let section = self.section(routed.listener_id())?;
        let (bucket, entry) = section.rules.l4.entry(routed.place.filter(|_| routed.family == Family::L4)?)?;
        let outcome = L4Outcome::of(&entry.rule);
        Some(L4Decision { listener: &section.listener, rule: ChosenRule::of(bucket, entry), outcome })
    }

    /// How a connection to a backend is protected (N-001), whatever is sent there: requests, copies, questions of filters.
    /// Nothing for clear text.
    ///
    /// # Errors
    /// If TLS is asked for in a way that cannot be done: then nothing is sent at all (N-010). Decisions never pick such a
    /// backend.
    ///
    /// ```
    /// use gwapi_core::{model::CaCertificates::WellKnown, resolution::ResolvedBackend};
    /// use gwapi_match::compile;
    /// # use gwapi_core::{Controller, Object, Resolution, Snapshot, resolve};
    /// # use serde_json::{Value, json};
    /// # fn resolution(objects: Value) -> Resolution {
    /// #     let objects = objects.as_array().into_iter().flatten();
    /// #     let snapshot: Snapshot = objects.filter_map(|object| Object::from_json(object).object).collect();
    /// #     resolve(&snapshot, &Controller::default())
    /// # }
    /// let resolution = resolution(json!([
    ///     {"apiVersion": "gateway.networking.k8s.io/v1", "kind": "Gateway", "metadata": {"name": "edge"},
    ///      "spec": {"gatewayClassName": "any", "listeners": [{"name": "http", "port": 80, "protocol": "HTTP"}]}},
    ///     {"apiVersion": "gateway.networking.k8s.io/v1", "kind": "HTTPRoute", "metadata": {"name": "shop"},
    ///      "spec": {"parentRefs": [{"name": "edge"}], "rules": [{"backendRefs": [{"name": "cart", "port": 443}]}]}},
    ///     {"apiVersion": "gateway.networking.k8s.io/v1", "kind": "BackendTLSPolicy", "metadata": {"name": "cart"},
    ///      "spec": {"targetRefs": [{"group": "", "kind": "Service", "name": "cart"}],
    ///               "validation": {"hostname": "cart.example.com", "wellKnownCACertificates": "System"}}},
    ///     {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "cart"}, "spec": {"ports": [{"port": 443}]}},
    /// ]));
    /// let tables = compile(&resolution, 42);
    /// let table = tables.gateways.values().next().expect("one Gateway");
    /// let route = resolution.routes.values().next().expect("one route");
    /// let [ResolvedBackend { target: Ok(target), .. }] = route.rules[0].backends.as_slice() else { panic!("no backend") };
    ///
    /// let plan = table.backend_tls(target).expect("it can be done").expect("not in clear text");
    /// assert_eq!(plan.tls.server_name.as_str(), "cart.example.com");
    /// assert_eq!((&plan.tls.ca_certificates, plan.certificate), (&WellKnown("System".into()), None));
    /// ```
    pub fn backend_tls<'t>(&'t self, target: &'t BackendTarget) -> Result<Option<BackendTlsPlan<'t>>, &'t Refusal> {
        let Some(tls) = &target.tls else { return Ok(None) };
        let tls: &BackendTls = tls.as_ref().map_err(|refusal| &**refusal)?;
        // P-014: what the backend says itself comes before what the Gateway shows to all (B-052). A certificate of the Gateway
        // that cannot be used is shown to nobody, and backends that insist on one close the connection.
        let certificate = tls.client_certificate.as_ref().or(self.client_certificate.as_ref());
        Ok(Some(BackendTlsPlan { tls, certificate }))
    }

    pub(crate) fn section(&self, id: ListenerId) -> Option<&Section> {
        let section = self.listeners.get(id.index as usize)?.as_deref()?;
        Some(section).filter(|_| id.generation == self.generation)
    }

    /// The part of a listener; nothing if it is not served.
    pub(crate) fn section_of(&self, listener: &ListenerKey) -> Option<(usize, &Arc<Section>)> {
        let number = *self.ports.numbers.get(listener)? as usize;
        Some((number, self.listeners.get(number)?.as_ref()?))
    }

    pub(crate) fn listener_id(&self, index: u32) -> ListenerId {
        ListenerId { generation: self.generation, index }
    }
}

impl PartialEq for Table {
    fn eq(&self, other: &Self) -> bool {
        // Taken apart, so that a new field cannot be forgotten.
        let Self { generation: _, gateway, choices, detects_misdirected, client_certificate, listeners, ports } = self;
        (gateway, choices, detects_misdirected, client_certificate)
            == (&other.gateway, &other.choices, &other.detects_misdirected, &other.client_certificate)
            && (listeners, ports) == (&other.listeners, &other.ports)
    }
}

impl Eq for Table {}

/// Tables are handed between threads and kept by requests that outlive a configuration.
const _: () = {
    const fn shareable<T: Send + Sync + 'static>() {}
    shareable::<Tables>();
    shareable::<Table>();
};
