//! What a mesh serves: routes whose parents are Services (requirements chapter O).

use core::net::IpAddr;
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use gwapi_core::{
    RequestHost,
    model::{Protocol, RouteKind, Service},
    name::{Namespace, ObjectKey, ObjectName},
    resolution::MeshScope,
};

use crate::{
    connect::{ConnectionRefusal, Transport},
    routed::Routed,
    table::{ListenerId, Section, ServedListener, Table},
};

/// What a mesh serves: for each port of a Service that has routes, the rules of those that the client sees.
///
/// Only the first level is routed (O-004): what goes to a backend of a rule goes there, whatever routes that Service has, and so
/// does what a Gateway sends (O-026). Whoever sends asks once.
///
/// ```
/// use gwapi_core::model::Scheme;
/// use gwapi_match::{compile, connect::Transport, decision::Picked, head::HeadParts};
/// use gwapi_match::mesh::{Destination, MeshArrival, MeshConnection};
/// # use gwapi_core::{Controller, Object, Resolution, Snapshot, resolve};
/// # use serde_json::{Value, json};
/// # fn resolution(objects: Value) -> Resolution {
/// #     let objects = objects.as_array().into_iter().flatten();
/// #     let snapshot: Snapshot = objects.filter_map(|object| Object::from_json(object).object).collect();
/// #     resolve(&snapshot, &Controller::default())
/// # }
/// let service = |name: &str| json!({
///     "apiVersion": "v1", "kind": "Service", "metadata": {"name": name, "namespace": "shop"}, "spec": {"ports": [{"port": 80}]},
/// });
/// let resolution = resolution(json!([
///     {"apiVersion": "gateway.networking.k8s.io/v1", "kind": "HTTPRoute", "metadata": {"name": "cart", "namespace": "shop"},
///      "spec": {"parentRefs": [{"group": "", "kind": "Service", "name": "cart"}],
///               "rules": [{"backendRefs": [{"name": "cart-v2", "port": 80}]}]}},
///     service("cart"), service("cart-v2"), service("stock"),
/// ]));
/// let tables = compile(&resolution, 42);
/// let mesh = tables.mesh.as_ref().expect("the controller is a mesh");
/// let arrival = |name| MeshArrival {
///     namespace: "blog", destination: Destination::Name(name), port: 80, transport: Transport::Tcp,
/// };
///
/// assert_eq!(mesh.connect(&arrival("stock.shop")), MeshConnection::PassThrough, "no route has to do with it");
/// let MeshConnection::Http { id, .. } = mesh.connect(&arrival("cart.shop.svc")) else { panic!("no route") };
/// let headers: [(&[u8], &[u8]); 1] = [(b"Host", b"cart.shop.svc")];
/// let parts = HeadParts { method: "GET", scheme: Scheme::Http, authority: None, path_and_query: "/", headers: &headers[..] };
/// let table = mesh.table();
/// let head = table.head(parts).expect("nothing is wrong with the request");
/// let decision = table.decision(table.route(id, &head)).expect("of this table");
/// let Some(Picked::Backend { target, .. }) = decision.pick(7) else { panic!("not forwarded") };
/// assert_eq!(target.key.object.name.as_str(), "cart-v2");
/// ```
#[derive(Clone, Debug)]
pub struct Mesh {
    pub(crate) table: Arc<Table>,
    /// The Services that have routes.
    pub(crate) services: BTreeMap<Namespace, Arc<BTreeMap<ObjectName, Arc<MeshService>>>>,
    /// Whose the addresses are; of Services that claim the same one the first that has routes for a connection has it.
    pub(crate) addresses: Arc<BTreeMap<IpAddr, BTreeSet<(Namespace, ObjectName)>>>,
    /// Whether addresses are looked at (O-006).
    pub(crate) knows_addresses: bool,
    /// Numbers of listeners that are not in use.
    pub(crate) free: Vec<u32>,
}

/// A Service that has routes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct MeshService {
    pub(crate) service: Arc<Service>,
    pub(crate) ports: BTreeMap<(u16, Transport), Scopes>,
}

/// The routes of a port, by who sees them. The groups are never mixed (O-013).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Scopes {
    pub(crate) producer: Option<Attached>,
    pub(crate) consumers: BTreeMap<Namespace, Attached>,
}

/// The routes of one group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Attached {
    /// The number of the listener.
    pub(crate) number: u32,
    /// Also those without any rule: they take the traffic too (O-003).
    pub(crate) routes: BTreeSet<ObjectKey>,
}

/// What is known of a connection that a member of the mesh makes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MeshArrival<'a> {
    /// The namespace of the client (O-012).
    pub namespace: &'a str,
    /// Where it goes to.
    pub destination: Destination<'a>,
    /// The port there: that of the Service.
    pub port: u16,
    /// What carries it.
    pub transport: Transport,
}

/// Where a connection in a mesh goes to.
///
/// A controller that declares `MeshClusterIPMatching` recognises Services by where the connection goes, and a Host header says
/// nothing (O-006): it gives the address, or the name that the client has looked up. One that does not declare it looks at no
/// addresses: it gives the name that the request says (Host, `:authority`), and asks anew for each request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Destination<'a> {
    /// An address. One that is no Service's own, such as that of a pod, is not affected by any route (O-005).
    Address(IpAddr),
    /// `service`, `service.namespace`, `service.namespace.svc` or `service.namespace.svc.cluster.local`, as the client's
    /// namespace reads it; or an address as text.
    Name(&'a str),
}

/// What becomes of a connection in a mesh.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MeshConnection<'t> {
    /// HTTP requests follow, and each is routed by [`Mesh::table`] on this listener. A connection that outlives the table is
    /// asked for again with each request.
    Http {
        /// The number of the listener.
        id: ListenerId,
        /// The port of the Service, and which clients' routes it has.
        listener: &'t ServedListener,
    },
    /// Bytes or datagrams follow: see [`Table::l4`].
    L4 {
        /// The rule.
        routed: Routed,
    },
    /// Nothing is looked at: it goes on to where it goes, as without a mesh (O-002, O-005, O-009).
    PassThrough,
    /// It is closed: there are routes and none of them has a rule (O-003).
    Refuse(ConnectionRefusal),
}

/// The end of the names of Services.
const CLUSTER_DOMAIN: [&str; 2] = ["cluster", "local"];

impl Mesh {
    /// The rules. Its listeners are ports of Services, for the clients of one group each; it has no ports of its own.
    #[must_use]
    pub fn table(&self) -> &Arc<Table> {
        &self.table
    }

    /// What becomes of a connection that a member of the mesh makes.
    #[must_use]
    pub fn connect(&self, arrival: &MeshArrival<'_>) -> MeshConnection<'_> {
        let found = self.attached(arrival).and_then(|attached| {
            let id = self.table.listener_id(attached.number);
            Some((id, self.table.listener(id)?))
        });
        let Some((id, listener)) = found else { return MeshConnection::PassThrough };
        if listener.protocol == Protocol::Http {
            return MeshConnection::Http { id, listener };
        }
        // O-008: no route of a Service has hostnames.
        match self.table.route_l4(id, None) {
            Some(routed) => MeshConnection::L4 { routed },
            None => MeshConnection::Refuse(ConnectionRefusal::NoRoute),
        }
    }

    fn attached(&self, arrival: &MeshArrival<'_>) -> Option<&Attached> {
        let at = |address: IpAddr| {
            let mut names = self.addresses.get(&address).filter(|_| self.knows_addresses)?.iter();
            names.find_map(|(namespace, name)| self.find(namespace.as_str(), name.as_str())?.attached(arrival))
        };
        match arrival.destination {
            Destination::Address(address) => at(address),
            Destination::Name(name) => match name.parse() {
                Ok(address) => at(address),
                Err(_) => self.named(name, arrival.namespace)?.attached(arrival),
            },
        }
    }

    fn named(&self, name: &str, of_client: &str) -> Option<&MeshService> {
        let host = RequestHost::parse(name)?;
        let mut labels = host.as_str().split('.');
        let (service, namespace) = (labels.next()?, labels.next().unwrap_or(of_client));
        let is_end = match labels.next() {
            None => true,
            Some("svc") => {
                let rest = labels.clone();
                rest.clone().next().is_none() || rest.eq(CLUSTER_DOMAIN)
            }
            Some(_) => false,
        };
        self.find(namespace, service).filter(|_| is_end)
    }

    fn find(&self, namespace: &str, name: &str) -> Option<&MeshService> {
        self.services.get(namespace)?.get(name).map(|service| &**service)
    }

    pub(crate) fn section(&self, number: u32) -> Option<&Arc<Section>> {
        self.table.listeners.get(number as usize)?.as_ref()
    }

    /// All that it serves, in order, without the numbers.
    fn contents(&self) -> impl Iterator<Item = (&Service, u16, Transport, &BTreeSet<ObjectKey>, Option<&Arc<Section>>)> {
        let services = self.services.values().flat_map(|services| services.values());
        services.flat_map(move |one| {
            one.ports.iter().flat_map(move |((port, transport), scopes)| {
                let attached = scopes.producer.iter().chain(scopes.consumers.values());
                attached.map(move |attached| (&*one.service, *port, *transport, &attached.routes, self.section(attached.number)))
            })
        })
    }
}

impl PartialEq for Mesh {
    fn eq(&self, other: &Self) -> bool {
        (self.knows_addresses, &self.table.choices) == (other.knows_addresses, &other.table.choices)
            && self.contents().eq(other.contents())
    }
}

impl Eq for Mesh {}

impl MeshService {
    /// The routes that a client sees: those of its own namespace if there are any, else those of the Service's (O-013).
    fn attached(&self, arrival: &MeshArrival<'_>) -> Option<&Attached> {
        let scopes = self.ports.get(&(arrival.port, arrival.transport))?;
        scopes.consumers.get(arrival.namespace).or(scopes.producer.as_ref())
    }
}

impl Scopes {
    pub(crate) fn get(&self, scope: &MeshScope) -> Option<&Attached> {
        match scope {
            MeshScope::Producer => self.producer.as_ref(),
            MeshScope::Consumer(namespace) => self.consumers.get(namespace),
        }
    }

    pub(crate) fn set(&mut self, scope: &MeshScope, attached: Option<Attached>) {
        match (scope, attached) {
            (MeshScope::Producer, attached) => self.producer = attached,
            (MeshScope::Consumer(namespace), Some(attached)) => drop(self.consumers.insert(namespace.clone(), attached)),
            (MeshScope::Consumer(namespace), None) => drop(self.consumers.remove(namespace)),
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.producer.is_none() && self.consumers.is_empty()
    }
}

/// What connections to a port carry that has these routes. There are none of a less specific kind beside (O-015).
pub(crate) fn protocol(routes: &BTreeSet<ObjectKey>) -> Protocol {
    let kinds = routes.iter().filter_map(|route| RouteKind::of(route.group.as_str(), route.kind.as_str()));
    match kinds.min() {
        None | Some(RouteKind::Http | RouteKind::Grpc) => Protocol::Http,
        Some(RouteKind::Tls) => Protocol::Tls,
        Some(RouteKind::Tcp) => Protocol::Tcp,
        Some(RouteKind::Udp) => Protocol::Udp,
    }
}
