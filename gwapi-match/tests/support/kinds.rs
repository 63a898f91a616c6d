//! Random worlds of every kind, as the objects that users write. The vocabulary is small on purpose, so that everything meets
//! everything.

use std::{
    net::{IpAddr, Ipv4Addr},
    sync::Arc,
};

use gwapi_core::{
    Controller, Snapshot,
    choices::{RegexRank, ZeroWeights},
    facts::Facts,
    features::{Feature, SupportedFeatures},
    model::{Address, AddressType, CertificateVerdict, Object, Secret},
};
use gwapi_match::{
    connect::{Arrival, Transport},
    mesh::{Destination, MeshArrival},
};
use proptest::{collection::vec, option, prelude::*, sample::select};
use serde_json::{Value, json};

use super::key;

/// An object of the standard channel or of the core group.
pub fn object(kind: &str, name: &str, created: i64, spec: Value) -> Object {
    let api_version = match kind {
        "Service" | "Namespace" | "ConfigMap" => "v1",
        "ReferenceGrant" => "gateway.networking.k8s.io/v1beta1",
        _ => "gateway.networking.k8s.io/v1",
    };
    let (namespace, name) = name.split_once('/').unwrap_or((super::NAMESPACE, name));
    let metadata = json!({"namespace": namespace, "name": name, "creationTimestamp": format!("2026-01-01T00:00:0{created}Z")});
    let value = json!({"apiVersion": api_version, "kind": kind, "metadata": metadata, "spec": spec});
    Object::from_json(&value).object.unwrap_or_else(|| panic!("{value}"))
}

/// What every world has: a certificate, and an address for every Gateway.
pub fn snapshot(objects: impl IntoIterator<Item = Object>) -> Snapshot {
    let secret = Secret {
        key: key("Secret", "cert"),
        secret_type: "kubernetes.io/tls".into(),
        keys: ["tls.crt".into(), "tls.key".into()].into(),
        certificate: CertificateVerdict::Present { digest: [0; 32] },
    };
    let mut snapshot: Snapshot = [Object::Secret(Arc::new(secret))].into_iter().chain(objects).collect();
    snapshot.facts = facts();
    snapshot
}

pub fn facts() -> Facts {
    let mut facts = Facts::default();
    facts.default_address =
        Some(Address { kind: AddressType::IpAddress, value: Some("192.0.2.1".into()), routability: "".into() });
    facts
}

// ---- parts of manifests ----

pub fn listener(name: &str, protocol: &str, port: u16, hostname: &str) -> Value {
    let mut listener = json!({
        "name": name, "port": port, "protocol": protocol, "allowedRoutes": {"namespaces": {"from": "All"}},
    });
    if !hostname.is_empty() {
        listener["hostname"] = hostname.into();
    }
    if protocol == "HTTPS" || protocol == "TLS" {
        listener["tls"] = json!({"mode": "Terminate", "certificateRefs": [{"name": "cert"}]});
    }
    listener
}

pub fn passthrough(name: &str, port: u16, hostname: &str) -> Value {
    let mut listener = listener(name, "TLS", port, hostname);
    listener["tls"] = json!({"mode": "Passthrough"});
    listener
}

/// The Gateway `shop/front`, open to ListenerSets.
pub fn gateway(listeners: impl IntoIterator<Item = Value>) -> Object {
    let listeners: Vec<Value> = listeners.into_iter().collect();
    let open = json!({"namespaces": {"from": "All"}});
    object("Gateway", "front", 0, json!({"gatewayClassName": "any", "listeners": listeners, "allowedListeners": open}))
}

/// A Service with the ports 80 and 9000 of TCP and 53 of UDP.
pub fn service(name: &str, cluster_ip: &str) -> Object {
    let ports = json!([
        {"name": "http", "port": 80}, {"name": "raw", "port": 9000}, {"name": "dns", "port": 53, "protocol": "UDP"},
    ]);
    object("Service", name, 0, json!({"ports": ports, "clusterIP": cluster_ip}))
}

pub fn to_gateway(section: Option<&str>) -> Value {
    json!({"name": "front", "namespace": "shop", "sectionName": section})
}

pub fn to_service(name: &str, port: Option<u16>) -> Value {
    let (namespace, name) = name.split_once('/').unwrap_or((super::NAMESPACE, name));
    json!({"group": "", "kind": "Service", "name": name, "namespace": namespace, "port": port})
}

pub fn backends(all: &[(&str, u32)], port: u16) -> Value {
    all.iter().map(|(name, weight)| json!({"name": name, "port": port, "weight": weight})).collect()
}

// ---- random objects ----

const HOSTNAMES: [&str; 6] = ["", "*.example", "a.example", "*.a.example", "b.a.example", "*.test"];
const HOSTS: [&str; 7] = ["a.example", "b.a.example", "c.b.a.example", "x.test", "A.Example.:8080", "example", "unknown"];
const NAMESPACES: [&str; 3] = ["shop", "shop-b", "other"];

/// Any object that a world has, under one of a few names: to be put, or put again as something else.
pub fn random_object() -> impl Strategy<Value = Object> {
    prop_oneof![
        2 => random_gateway(),
        2 => random_listener_set(),
        12 => random_route(),
        2 => random_service(),
        1 => random_policy(),
    ]
}

fn hostname() -> impl Strategy<Value = &'static str> {
    select(&HOSTNAMES[..])
}

fn random_listener() -> impl Strategy<Value = Value> {
    let filter = json!({"requests": [{"type": "ExternalAuth", "externalAuth":
        {"protocol": "HTTP", "http": {}, "backendRef": {"name": "a", "namespace": "shop", "port": 80}}}]});
    let filters = option::weighted(0.2, Just(filter));
    let way = prop_oneof![
        4 => Just(("HTTP", 80, true)),
        4 => Just(("HTTPS", 443, true)),
        3 => Just(("TLS", 443, true)),
        3 => Just(("TLS", 443, false)),
        2 => Just(("TCP", 9000, true)),
        1 => Just(("TCP", 443, true)),
        2 => Just(("UDP", 53, true)),
        1 => Just(("UDP", 80, true)),
    ];
    (way, hostname(), filters).prop_map(|((protocol, port, terminates), hostname, filters)| {
        let hostname = if matches!(protocol, "TCP" | "UDP") { "" } else { hostname };
        let mut one = if terminates { listener("", protocol, port, hostname) } else { passthrough("", port, hostname) };
        if let Some(filters) = filters.filter(|_| protocol.starts_with("HTTP")) {
            one["filters"] = filters;
        }
        one
    })
}

fn named(listeners: Vec<Value>) -> Vec<Value> {
    let name = |(number, mut listener): (usize, Value)| {
        listener["name"] = format!("l{number}").into();
        listener
    };
    listeners.into_iter().enumerate().map(name).collect()
}

fn random_gateway() -> impl Strategy<Value = Object> {
    (vec(random_listener(), 1..7), any::<bool>()).prop_map(|(listeners, shows_certificate)| {
        let listeners = named(listeners);
        let mut spec =
            json!({"gatewayClassName": "any", "listeners": listeners, "allowedListeners": {"namespaces": {"from": "All"}}});
        if shows_certificate {
            spec["tls"] = json!({"backend": {"clientCertificateRef": {"name": "cert"}}});
        }
        object("Gateway", "front", 0, spec)
    })
}

fn random_listener_set() -> impl Strategy<Value = Object> {
    (select(&["shop/s0", "shop/s1"][..]), vec(random_listener(), 1..3)).prop_map(|(name, listeners)| {
        let spec = json!({"parentRef": {"name": "front", "namespace": "shop"}, "listeners": named(listeners)});
        object("ListenerSet", name, 1, spec)
    })
}

fn random_service() -> impl Strategy<Value = Object> {
    let address = select(&["10.0.0.1", "10.0.0.2", "10.0.0.3"][..]);
    (select(&["shop/a", "shop/b", "other/a"][..]), address).prop_map(|(name, address)| service(name, address))
}

/// One that can be followed, and one that cannot.
fn random_policy() -> impl Strategy<Value = Object> {
    (select(&["a", "b"][..]), any::<bool>()).prop_map(|(target, is_sound)| {
        let mut validation = json!({"hostname": "backend.example"});
        if is_sound {
            validation["wellKnownCACertificates"] = "System".into();
        } else {
            validation["caCertificateRefs"] = json!([{"group": "", "kind": "ConfigMap", "name": "missing"}]);
        }
        let target = json!([{"group": "", "kind": "Service", "name": target}]);
        object("BackendTLSPolicy", "p", 0, json!({"targetRefs": target, "validation": validation}))
    })
}

#[derive(Clone, Copy, Debug)]
enum Kind {
    Http,
    Grpc,
    Tls,
    Tcp,
    Udp,
}

fn random_route() -> impl Strategy<Value = Object> {
    let kind = prop_oneof![5 => Just(Kind::Http), 5 => Just(Kind::Grpc), 3 => Just(Kind::Tls), 2 => Just(Kind::Tcp), 2 => Just(Kind::Udp)];
    let place = (select(&NAMESPACES[..]), 0..3_u8, 1..4_i64);
    (kind, place, vec(random_parent(), 1..3), vec(select(&HOSTNAMES[1..]), 0..3)).prop_flat_map(
        |(kind, place, mut parents, hostnames)| {
            parents.dedup();
            random_rules(kind).prop_map(move |rules| build_route(kind, place, &parents, &hostnames, rules))
        },
    )
}

fn build_route(
    kind: Kind,
    (namespace, number, age): (&str, u8, i64),
    parents: &[Value],
    hostnames: &[&str],
    rules: Value,
) -> Object {
    let mut spec = json!({"parentRefs": parents, "rules": rules});
    let kind = match kind {
        Kind::Http => "HTTPRoute",
        Kind::Grpc => "GRPCRoute",
        Kind::Tls => "TLSRoute",
        Kind::Tcp => "TCPRoute",
        Kind::Udp => "UDPRoute",
    };
    match (kind, hostnames) {
        ("TCPRoute" | "UDPRoute", _) => {}
        ("TLSRoute", []) => spec["hostnames"] = json!(["a.example"]),
        _ => spec["hostnames"] = json!(hostnames),
    }
    object(kind, &format!("{namespace}/r{number}"), age, spec)
}

fn random_parent() -> impl Strategy<Value = Value> {
    let section = option::weighted(0.3, select(&["l0", "l1", "l2", "l9"][..]));
    let port = option::weighted(0.4, select(&[80_u16, 9000, 53, 81][..]));
    prop_oneof![
        4 => section.prop_map(to_gateway),
        1 => select(&["s0", "s1"][..]).prop_map(|set| json!({"kind": "ListenerSet", "name": set, "namespace": "shop"})),
        4 => (select(&["shop/a", "shop/b", "other/a"][..]), port).prop_map(|(name, port)| to_service(name, port)),
    ]
}

fn random_rules(kind: Kind) -> BoxedStrategy<Value> {
    let port = if matches!(kind, Kind::Udp) { 53 } else { 80 };
    let backend = (select(&["a", "b", "missing"][..]), 0_u32..4);
    let backend_refs = vec(backend, 0..4).prop_map(move |all| backends(&all, port)).boxed();
    match kind {
        Kind::Http => rules(backend_refs, http_match().boxed()).boxed(),
        Kind::Grpc => rules(backend_refs, grpc_match().boxed()).boxed(),
        Kind::Tls | Kind::Tcp | Kind::Udp => backend_refs.prop_map(|refs| json!([{"backendRefs": refs}])).boxed(),
    }
}

fn rules(backend_refs: BoxedStrategy<Value>, one: BoxedStrategy<Value>) -> impl Strategy<Value = Value> {
    let extension = json!({"type": "ExtensionRef", "extensionRef": {"group": "example.com", "kind": "Magic", "name": "m"}});
    let filters = option::weighted(0.1, Just(extension)).prop_map(|filter| filter.into_iter().collect::<Vec<_>>());
    let rule = (vec(one, 0..4), backend_refs, filters)
        .prop_map(|(matches, refs, filters)| json!({"matches": matches, "backendRefs": refs, "filters": filters}));
    vec(rule, 0..4).prop_map(|rules| json!(rules))
}

fn headers() -> impl Strategy<Value = Value> {
    let header =
        (select(&["a", "b"][..]), select(&["1", "2"][..])).prop_map(|(name, value)| json!({"name": name, "value": value}));
    option::weighted(0.3, header).prop_map(|header| header.into_iter().collect())
}

fn http_match() -> impl Strategy<Value = Value> {
    let path = select(&[("PathPrefix", "/"), ("PathPrefix", "/S"), ("Exact", "/S/M"), ("RegularExpression", "/[ST]/[MN]+")][..]);
    (path, headers()).prop_map(|((kind, path), headers)| json!({"path": {"type": kind, "value": path}, "headers": headers}))
}

fn grpc_match() -> impl Strategy<Value = Value> {
    let service = option::of(select(&["S", "p.S", "T"][..]));
    let method = option::of(select(&["M", "Mm"][..]));
    let exact = (service, method).prop_map(|(service, method)| ("Exact", service, method));
    let service = option::of(select(&["S|T", "[a-zA-Z]*", "^S$"][..]));
    let method = option::of(select(&["M+", "M|N", "[MN/]*"][..]));
    let regex = (service, method).prop_map(|(service, method)| ("RegularExpression", service, method));
    (prop_oneof![5 => exact, 1 => regex], headers()).prop_map(|((kind, service, method), headers)| {
        if service.is_none() && method.is_none() {
            return json!({"headers": headers});
        }
        let mut asked = json!({"type": kind});
        for (name, value) in [("service", service), ("method", method)] {
            if let Some(value) = value {
                asked[name] = value.into();
            }
        }
        json!({"method": asked, "headers": headers})
    })
}

pub fn controller() -> impl Strategy<Value = Controller> {
    let absent = prop::sample::subsequence(
        vec![
            Feature::MeshClusterIPMatching,
            Feature::MeshConsumerRoute,
            Feature::GatewayHTTPSListenerDetectMisdirectedRequests,
            Feature::TLSRouteModeMixed,
        ],
        0..=4,
    );
    (prop_oneof![3 => Just(Vec::new()), 1 => absent], any::<bool>(), any::<bool>(), prop::bool::weighted(0.05)).prop_map(
        |(absent, before, error, no_mesh)| {
            let no_mesh = no_mesh.then_some(Feature::Mesh);
            let features = absent.into_iter().chain(no_mesh).fold(SupportedFeatures::built(), SupportedFeatures::without);
            let mut controller = Controller { features, ..Controller::default() };
            controller.choices.regex_rank = if before { RegexRank::BeforePrefix } else { RegexRank::AfterPrefix };
            controller.choices.zero_weights = if error { ZeroWeights::InternalError } else { ZeroWeights::Unavailable };
            controller
        },
    )
}

// ---- what is asked ----

/// A request or connection, and where it comes to: to a Gateway and to a mesh.
#[derive(Clone, Debug)]
pub struct Visit {
    pub port: u16,
    pub transport: Transport,
    pub tls: Option<Option<&'static str>>,
    pub host: Option<&'static str>,
    pub path: &'static str,
    pub headers: Vec<(&'static str, &'static str)>,
    pub client: &'static str,
    pub destination: Destination<'static>,
}

impl Visit {
    pub fn arrival(&self) -> Arrival<'static> {
        match (self.transport, self.tls) {
            (Transport::Udp, _) => Arrival::udp(self.port),
            (Transport::Tcp, None) => Arrival::plain(self.port),
            (Transport::Tcp, Some(name)) => Arrival::tls(self.port, name),
        }
    }

    pub fn in_mesh(&self) -> MeshArrival<'static> {
        MeshArrival { namespace: self.client, destination: self.destination, port: self.port, transport: self.transport }
    }

    pub fn request(&self) -> super::Request<'static> {
        super::Request {
            method: "POST",
            port: self.port,
            tls: self.tls,
            host: self.host,
            target: self.path,
            headers: self.headers.clone(),
        }
    }
}

pub fn visit() -> impl Strategy<Value = Visit> {
    use Transport::{Tcp, Udp};
    let host = || prop_oneof![1 => Just(None), 10 => select(&HOSTS[..]).prop_map(Some)];
    let names = prop_oneof![2 => host().prop_map(|host| (host, host)), 1 => (host(), host())];
    let port = prop_oneof![
        8 => Just((80, Tcp, false)), 8 => Just((443, Tcp, true)), 3 => Just((9000, Tcp, false)), 1 => Just((9000, Tcp, true)),
        3 => Just((53, Udp, false)), 1 => Just((80, Udp, false)), 1 => Just((53, Tcp, false)), 1 => Just((443, Tcp, false)),
    ];
    let path = select(&["/S/M", "/S/M", "/p.S/M", "/T/Mm", "/S", "/S/", "/S/M/N", "/X/N", "/", "//S//M"][..]);
    let content = prop_oneof![
        5 => Just(Some("application/grpc")),
        1 => Just(Some("Application/GRPC+proto")),
        1 => Just(Some("application/grpc ; x=y")),
        1 => select(&["application/grpc-web", "application/grpcx", "application/grpc x", "text/html", ""][..]).prop_map(Some),
        3 => Just(None),
    ];
    let headers = vec((select(&["a", "b"][..]), select(&["1", "2"][..])), 0..3);
    (port, names, path, content, headers, (select(&["shop", "other", "shop-b", "elsewhere"][..]), destination())).prop_map(
        |((port, transport, is_tls), (host, server_name), path, content, mut headers, (client, destination))| {
            headers.extend(content.map(|content| ("content-type", content)));
            Visit { port, transport, tls: is_tls.then_some(server_name), host, path, headers, client, destination }
        },
    )
}

fn destination() -> impl Strategy<Value = Destination<'static>> {
    let names = [
        "a",
        "b",
        "a.shop",
        "a.other",
        "A.Shop.",
        "a.shop.svc",
        "a.other.svc.cluster.local",
        "a.shop.svc.cluster.local:80",
        "a.shop.svc.cluster",
        "a.shop.cluster.local",
        "a.shop.svc.cluster.local.x",
        "10.0.0.1",
        "unknown",
        "",
    ];
    prop_oneof![
        3 => select(names.to_vec()).prop_map(Destination::Name),
        2 => (0..5_u8).prop_map(|last| Destination::Address(IpAddr::V4(Ipv4Addr::new(10, 0, 0, last)))),
    ]
}
