//! Small worlds: model objects with few words, and what becomes of requests in them.
#![allow(dead_code, unreachable_pub, reason = "each test file uses a part, and is a crate of its own")]

pub mod kinds;
pub mod random;
pub mod seen;

use std::sync::Arc;

use gwapi_core::{
    Choices, Controller, Hostname, Pattern, Snapshot,
    facts::Facts,
    model::{
        Address, AddressType, AllowedRoutes, BackendObjectRef, BackendRef, CertificateVerdict, DefaultScope, Filter, Fraction,
        Gateway, GatewayTls, HeaderName, HttpMatch, HttpRule, Infrastructure, Invalid, Listener, ListenerTls, LocalObjectRef,
        Method, NamespacesFrom, Object, ObjectMeta, ParentRef, PathMatch, Protocol, RequestMirror, RequestRedirect, Route,
        RouteKind, Rules, Scheme, Secret, SecretRef, Service, ServicePort, Timeouts, TlsMode, TransportProtocol, ValueMatch,
        ValueMatcher,
    },
    name::{GATEWAY_GROUP, ObjectKey},
    resolution::Resolution,
    resolve,
    time::Timestamp,
};
use gwapi_match::{
    Table, Tables, compile,
    connect::{Admission, Arrival, Connection, HttpConnection},
    decision::{Decision, Outcome, Picked},
    head::{HeadParts, RequestHead},
};
use http::StatusCode;

pub const SEED: u64 = 0x5eed;

/// Every object lives in this namespace unless its name says otherwise.
pub const NAMESPACE: &str = "shop";

pub fn key(kind: &str, name: &str) -> ObjectKey {
    let (namespace, name) = name.split_once('/').unwrap_or((NAMESPACE, name));
    let group = if kind == "Service" || kind == "Secret" { "" } else { GATEWAY_GROUP };
    ObjectKey::namespaced(group, kind, &namespace.into(), &name.into())
}

pub fn meta(kind: &str, name: &str) -> ObjectMeta {
    ObjectMeta { key: key(kind, name), generation: 1, created: Some(Timestamp(0)) }
}

pub fn host(text: &str) -> Hostname {
    text.parse().unwrap_or_else(|error| panic!("{text}: {error}"))
}

// ---- listeners ----

pub fn http(name: &str, port: u16, hostname: &str) -> Listener {
    Listener {
        name: name.into(),
        hostname: (!hostname.is_empty()).then(|| host(hostname)),
        port,
        protocol: Protocol::Http,
        tls: None,
        allowed_routes: AllowedRoutes { namespaces: NamespacesFrom::All, kinds: Vec::new() },
        filters: Vec::new(),
        invalid: Vec::new(),
    }
}

pub fn https(name: &str, port: u16, hostname: &str) -> Listener {
    let certificate = SecretRef { group: "".into(), kind: "Secret".into(), namespace: NAMESPACE.into(), name: name.into() };
    let tls = ListenerTls { mode: TlsMode::Terminate, certificate_refs: vec![certificate], options: Vec::new() };
    Listener { protocol: Protocol::Https, tls: Some(tls), ..http(name, port, hostname) }
}

// ---- routes ----

/// A route on every listener of the Gateway, without hostnames and rules.
pub fn route(name: &str) -> Route {
    let parent = ParentRef {
        group: GATEWAY_GROUP.into(),
        kind: "Gateway".into(),
        namespace: NAMESPACE.into(),
        name: "front".into(),
        section_name: None,
        port: None,
    };
    Route {
        meta: meta("HTTPRoute", name),
        kind: RouteKind::Http,
        parent_refs: vec![parent],
        use_default_gateways: DefaultScope::None,
        hostnames: Vec::new(),
        rules: Rules::Http(Vec::new()),
        invalid: Vec::new(),
    }
}

pub trait RouteExt {
    fn on(self, listener: &str) -> Self;
    fn host(self, hostname: &str) -> Self;
    fn age(self, created: Option<i64>) -> Self;
    fn rule(self, rule: HttpRule) -> Self;
}

impl RouteExt for Route {
    fn on(mut self, listener: &str) -> Self {
        self.parent_refs[0].section_name = Some(listener.into());
        self
    }

    fn host(mut self, hostname: &str) -> Self {
        self.hostnames.push(Ok(host(hostname)));
        self
    }

    fn age(mut self, created: Option<i64>) -> Self {
        self.meta.created = created.map(Timestamp);
        self
    }

    fn rule(mut self, rule: HttpRule) -> Self {
        let Rules::Http(rules) = &mut self.rules else { panic!("an HTTPRoute") };
        rules.push(rule);
        self
    }
}

// ---- rules ----

/// A rule with these matches, or one that matches everything, and a backend of weight 1.
pub fn rule<const N: usize>(matches: [HttpMatch; N]) -> HttpRule {
    let matches = if N == 0 { vec![HttpMatch::default()] } else { matches.into() };
    HttpRule {
        name: None,
        matches,
        filters: Vec::new(),
        backend_refs: vec![backend("web", 1)],
        timeouts: Timeouts::default(),
        retry: None,
        session_persistence: None,
        invalid: Vec::new(),
    }
}

pub fn backend(service: &str, weight: u32) -> BackendRef {
    BackendRef { backend: service_ref(service), weight, filters: Vec::new() }
}

pub fn service_ref(service: &str) -> BackendObjectRef {
    let key = key("Service", service);
    BackendObjectRef { group: key.group, kind: key.kind, namespace: key.namespace.unwrap(), name: key.name, port: Some(80) }
}

pub fn invalid() -> Invalid {
    Invalid { path: "spec.rules[0]".into(), value: "x".into(), why: "is wrong".into() }
}

pub fn extension() -> Filter {
    Filter::ExtensionRef(LocalObjectRef { group: "example.com".into(), kind: "Magic".into(), name: "m".into() })
}

pub fn redirect() -> RequestRedirect {
    RequestRedirect { scheme: Some(Scheme::Https), hostname: None, path: None, port: None, status_code: 302 }
}

pub fn mirror(service: &str) -> Filter {
    Filter::RequestMirror(RequestMirror { backend: service_ref(service), fraction: Fraction::ALL })
}

// ---- matches ----

pub fn prefix(value: &str) -> HttpMatch {
    HttpMatch { path: PathMatch::Prefix(value.into()), ..HttpMatch::default() }
}

pub fn exact(value: &str) -> HttpMatch {
    HttpMatch { path: PathMatch::Exact(value.into()), ..HttpMatch::default() }
}

pub fn regex(pattern: &str) -> HttpMatch {
    HttpMatch { path: PathMatch::Regex(Pattern::parse(pattern).unwrap()), ..HttpMatch::default() }
}

pub fn any_path() -> HttpMatch {
    HttpMatch::default()
}

pub trait MatchExt {
    fn method(self, method: Method) -> Self;
    fn header(self, name: &str, value: &str) -> Self;
    fn header_regex(self, name: &str, pattern: &str) -> Self;
    fn query(self, name: &str, value: &str) -> Self;
    fn query_regex(self, name: &str, pattern: &str) -> Self;
}

impl MatchExt for HttpMatch {
    fn method(mut self, method: Method) -> Self {
        self.method = Some(method);
        self
    }

    fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push(ValueMatch { name: HeaderName::parse(name).unwrap(), value: ValueMatcher::Exact(value.into()) });
        self
    }

    fn header_regex(mut self, name: &str, pattern: &str) -> Self {
        let value = ValueMatcher::Regex(Pattern::parse(pattern).unwrap());
        self.headers.push(ValueMatch { name: HeaderName::parse(name).unwrap(), value });
        self
    }

    fn query(mut self, name: &str, value: &str) -> Self {
        self.query.push(ValueMatch { name: name.into(), value: ValueMatcher::Exact(value.into()) });
        self
    }

    fn query_regex(mut self, name: &str, pattern: &str) -> Self {
        self.query.push(ValueMatch { name: name.into(), value: ValueMatcher::Regex(Pattern::parse(pattern).unwrap()) });
        self
    }
}

// ---- worlds ----

/// One Gateway `front` with these listeners and routes, a Secret for every HTTPS listener, and the Services `web`, `a` to `e`
/// with port 80. Any other Service does not exist.
pub fn snapshot(listeners: Vec<Listener>, routes: Vec<Route>) -> Snapshot {
    let mut objects = Vec::new();
    for listener in &listeners {
        let secret = Secret {
            key: key("Secret", listener.name.as_str()),
            secret_type: "kubernetes.io/tls".into(),
            keys: ["tls.crt".into(), "tls.key".into()].into(),
            certificate: CertificateVerdict::Present { digest: [0; 32] },
        };
        objects.push(Object::Secret(Arc::new(secret)));
    }
    for name in ["web", "a", "b", "c", "d", "e"] {
        let port = ServicePort { name: None, port: 80, protocol: TransportProtocol::Tcp, app_protocol: None, target_port: None };
        let service = Service {
            key: key("Service", name),
            ports: vec![port],
            external_name: false,
            headless: false,
            cluster_ips: Vec::new(),
            session_affinity: false,
        };
        objects.push(Object::Service(Arc::new(service)));
    }
    let gateway = Gateway {
        meta: meta("Gateway", "front"),
        class_name: "standard".into(),
        listeners,
        addresses: Vec::new(),
        infrastructure: Infrastructure::default(),
        allowed_listeners: None,
        tls: GatewayTls::default(),
        default_scope: DefaultScope::None,
        invalid: Vec::new(),
    };
    objects.push(Object::Gateway(Arc::new(gateway)));
    objects.extend(routes.into_iter().map(|route| Object::Route(Arc::new(route))));
    let mut snapshot: Snapshot = objects.into_iter().collect();
    let mut facts = Facts::default();
    facts.default_address =
        Some(Address { kind: AddressType::IpAddress, value: Some("192.0.2.1".into()), routability: "".into() });
    snapshot.facts = facts;
    snapshot
}

pub fn resolution(listeners: Vec<Listener>, routes: Vec<Route>) -> Resolution {
    resolve(&snapshot(listeners, routes), &Controller::default())
}

/// What one Gateway serves.
pub struct World {
    pub resolution: Resolution,
    pub tables: Tables,
}

pub fn world(listeners: Vec<Listener>, routes: Vec<Route>) -> World {
    World::of(resolution(listeners, routes))
}

impl World {
    pub fn of(resolution: Resolution) -> Self {
        let tables = compile(&resolution, SEED);
        Self { resolution, tables }
    }

    pub fn table(&self) -> &Arc<Table> {
        &self.tables.gateways[&key("Gateway", "front")]
    }

    /// `GET` in clear text on port 80.
    pub fn get(&self, url: &str) -> Answer {
        self.ask(Request::get(url))
    }

    pub fn ask(&self, request: Request<'_>) -> Answer {
        self.decide(&request, |decision| match decision {
            Ok(decision) => Answer::of(decision),
            Err(why) => Answer::text(why),
        })
    }

    /// Asks the table; an error says in words that there is no listener for the request.
    pub fn decide<T>(&self, request: &Request<'_>, use_it: impl FnOnce(Result<&Decision<'_>, String>) -> T) -> T {
        let table = self.table();
        request.head(table, |head| {
            let connection = match table.connect(&request.arrival()) {
                Connection::Http { connection, .. } => connection,
                Connection::L4 { .. } => return use_it(Err("no requests follow".into())),
                Connection::Refuse(why) => return use_it(Err(format!("{why:?}"))),
            };
            match table.admit(&connection, head) {
                Admission::Misdirected => use_it(Err("421".into())),
                Admission::NotFound => use_it(Err("404, no listener".into())),
                Admission::Listener { id, .. } => use_it(Ok(&table.decision(table.route(id, head)).expect("its own answer"))),
            }
        })
    }

    /// What each point of the split that serves a request gives, or the one answer that there is.
    pub fn points<T>(&self, request: &Request<'_>, show: impl Fn(Picked<'_>) -> T, answer: impl Fn(StatusCode) -> T) -> Vec<T> {
        self.decide(request, |decision| match decision.expect("a listener").outcome {
            Outcome::Forward(forward) => (0..forward.split.total()).map(|point| show(forward.at(point))).collect(),
            Outcome::Redirect(redirect) => vec![answer(StatusCode::from_u16(redirect.status_code).unwrap())],
            Outcome::Respond { status, .. } => vec![answer(status)],
        })
    }
}

/// What became of a request: `listener route/rule/match outcome`, in a form that is easy to compare.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    pub listener: String,
    /// `name[rule.match]`.
    pub rule: String,
    pub outcome: String,
}

impl Answer {
    fn text(outcome: impl Into<String>) -> Self {
        Self { listener: String::new(), rule: String::new(), outcome: outcome.into() }
    }

    fn of(decision: &Decision<'_>) -> Self {
        let rule = decision.rule.map(|chosen| format!("{}[{}.{}]", chosen.route.name, chosen.rule.index, chosen.match_index));
        let outcome = match decision.outcome {
            Outcome::Forward(_) => "forward".to_owned(),
            Outcome::Redirect(redirect) => format!("redirect {}", redirect.status_code),
            Outcome::Respond { status, .. } => status.as_u16().to_string(),
        };
        Self { listener: decision.listener.key.name.to_string(), rule: rule.unwrap_or_default(), outcome }
    }

    /// The name of the route, or the outcome if there is none.
    pub fn route(&self) -> &str {
        if self.rule.is_empty() { &self.outcome } else { self.rule.split('[').next().unwrap() }
    }
}

/// A request.
#[derive(Clone, Debug)]
pub struct Request<'a> {
    pub method: &'a str,
    pub port: u16,
    /// With TLS: the server name, which may be missing.
    pub tls: Option<Option<&'a str>>,
    pub host: Option<&'a str>,
    pub target: &'a str,
    pub headers: Vec<(&'a str, &'a str)>,
}

impl<'a> Request<'a> {
    /// `host/path?query`, in clear text on port 80; without a host if the URL begins with `/`.
    pub fn get(url: &'a str) -> Self {
        let (host, target) = url.split_at(url.find('/').expect("a path"));
        Self { method: "GET", port: 80, tls: None, host: (!host.is_empty()).then_some(host), target, headers: Vec::new() }
    }

    pub fn method(self, method: &'a str) -> Self {
        Self { method, ..self }
    }

    pub fn port(self, port: u16) -> Self {
        Self { port, ..self }
    }

    /// On port 443 with that server name; an empty one is none.
    pub fn tls(self, server_name: &'a str) -> Self {
        Self { port: 443, tls: Some((!server_name.is_empty()).then_some(server_name)), ..self }
    }

    pub fn header(mut self, name: &'a str, value: &'a str) -> Self {
        self.headers.push((name, value));
        self
    }

    pub fn arrival(&self) -> Arrival<'a> {
        match self.tls {
            None => Arrival::plain(self.port),
            Some(server_name) => Arrival::tls(self.port, server_name),
        }
    }

    /// Reads the head and asks with it.
    pub fn head<T>(&self, table: &Table, ask: impl FnOnce(&RequestHead<'_, [(&[u8], &[u8])]>) -> T) -> T {
        self.read(table.choices(), ask)
    }

    pub fn read<T>(&self, choices: &Choices, ask: impl FnOnce(&RequestHead<'_, [(&[u8], &[u8])]>) -> T) -> T {
        let mut lines: Vec<(&[u8], &[u8])> =
            self.headers.iter().map(|(name, value)| (name.as_bytes(), value.as_bytes())).collect();
        lines.extend(self.host.map(|host| (&b"host"[..], host.as_bytes())));
        let parts = HeadParts {
            method: self.method,
            scheme: HttpConnection::of(&self.arrival()).scheme(),
            authority: None,
            path_and_query: self.target,
            headers: &lines[..],
        };
        ask(&RequestHead::new(parts, choices).unwrap_or_else(|reject| panic!("{self:?}: {reject}")))
    }
}
