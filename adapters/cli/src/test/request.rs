//! Whether a request comes to what a case expects.

use std::collections::{BTreeMap, BTreeSet};

use gwapi_ask::{Scheme, UrlParts, gateway_key};
use gwapi_core::{
    Resolution,
    model::ClientValidationMode,
    name::ObjectKey,
    resolution::{BackendKey, ClientTrust, ResolvedBackend},
};
use gwapi_match::{
    ListenerId, Table, Tables,
    connect::{Admission, Arrival, Connection},
    decision::{BackendTlsPlan, Decision, GrpcCode, Outcome, fault},
    exchange::{Exchange, Outgoing, Reaction, Why, finish, react},
    explain::explain,
    head::{HeadParts, RequestHead},
};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};

use super::{
    case::{Case, Expect, Item, MirrorSpec, OneOrMany, RedirectSpec, Request, ResponseSpec},
    l4, mesh,
    pods::Pods,
    report::Failure,
};

/// What requests are asked of.
pub(super) struct World<'a> {
    /// The attachment graph.
    pub resolution: &'a Resolution,
    /// What it compiles to.
    pub tables: &'a Tables,
    /// The workloads behind the Services, of which cases tell by the names of Deployments.
    pub pods: &'a Pods,
}

/// Checks every request of requests.yaml.
pub(super) fn check(case: &Case, world: &World<'_>) -> Vec<Failure> {
    case.requests.iter().enumerate().flat_map(|(index, item)| check_request(index, item, world)).collect()
}

fn check_request(index: usize, item: &Item<Request>, world: &World<'_>) -> Vec<Failure> {
    let mut checks = Checks { item, index, all: Vec::new() };
    let request = &item.value;
    let checked = match (&request.from, request.protocol.as_deref()) {
        (Some(from), _) => mesh::check(request, from, world, &mut checks),
        (None, Some("tls" | "tcp" | "udp")) => l4::check(request, world, &mut checks),
        _ => Plain::of(request, world).map(|plain| plain.check(request, world, &mut checks)),
    };
    if let Err(why) = checked {
        checks.add("request", "an answer", why);
    }
    checks.all
}

/// Collects what is wrong with one request.
pub(super) struct Checks<'a> {
    pub(super) item: &'a Item<Request>,
    pub(super) index: usize,
    pub(super) all: Vec<Failure>,
}

impl Checks<'_> {
    pub(super) fn add(&mut self, what: impl std::fmt::Display, expected: impl ToString, actual: impl ToString) {
        let name = self.item.value.name.clone().or_else(|| self.item.value.url.clone());
        self.all.push(Failure {
            file: self.item.file.clone(),
            line: self.item.line,
            what: format!("request {} {what}", name.unwrap_or_else(|| format!("number {}", self.index))),
            expected: expected.to_string(),
            actual: actual.to_string(),
        });
    }
}

/// A request with everything that the case leaves to defaults.
pub(super) struct Plain {
    /// The Gateway.
    pub gateway: ObjectKey,
    /// The port.
    pub port: u16,
    /// Whether it comes over TLS.
    pub is_tls: bool,
    /// The name in the ClientHello.
    pub sni: Option<String>,
    /// Method.
    pub method: String,
    /// Path and query.
    pub path: String,
    /// Headers, Host among them.
    pub headers: HeaderMap,
}

impl Plain {
    /// Fills in what the request does not say.
    ///
    /// # Errors
    /// If it is none that can be sent to a Gateway here.
    pub(super) fn of(request: &Request, world: &World<'_>) -> Result<Self, String> {
        let place = Place::of(request)?;
        let gateway = match &request.gateway {
            Some(name) => gateway_key(name)?,
            None => only_gateway(world, place.port)?,
        };
        let mut headers = headers_of(request)?;
        let host = place.host.clone().or_else(|| own_address(world, &gateway, &place));
        if let (Some(host), false) = (&host, headers.contains_key("host")) {
            headers.insert("host", HeaderValue::from_str(host).map_err(|error| format!("host `{host}`: {error}"))?);
        }
        let name = place.host.as_deref().map(|host| host.rsplit_once(':').map_or(host, |(name, _)| name).to_owned());
        Ok(Self {
            gateway,
            port: place.port,
            is_tls: place.is_tls,
            sni: request.sni.clone().or_else(|| name.filter(|_| place.is_tls && request.url.is_some())),
            method: request.method.clone().unwrap_or_else(|| "GET".into()),
            path: place.path,
            headers,
        })
    }

    fn check(&self, request: &Request, world: &World<'_>, checks: &mut Checks<'_>) {
        let Some(table) = world.tables.gateways.get(&self.gateway) else {
            return check_refused(&request.expect, &format!("{} is not served", self.gateway), checks);
        };
        let arrival = self.arrival();
        let connection = match table.connect(&arrival) {
            Connection::Http { tls, .. }
                if tls.and_then(|plan| plan.client_validation).is_some_and(|asked| refuses(asked, request)) =>
            {
                return check_refused(&request.expect, "the client shows no certificate", checks);
            }
            Connection::Http { connection, .. } => connection,
            Connection::L4 { .. } => return check_refused(&request.expect, "the listener knows no requests", checks),
            Connection::Refuse(why) => return check_refused(&request.expect, &format!("connection refused: {why:?}"), checks),
        };
        let parts = HeadParts {
            method: &self.method,
            scheme: connection.scheme(),
            authority: None,
            path_and_query: &self.path,
            headers: &self.headers,
        };
        match RequestHead::new(parts, table.choices()) {
            Ok(head) => {
                let explanation = explain(world.resolution, &self.gateway, &arrival, &head);
                let why = explanation.and_then(|explanation| explanation.over_runner_up).map(|key| key.to_string());
                let asked = Asked { table, head, plain: self, request, pods: world.pods, why };
                match table.admit(&connection, &asked.head) {
                    Admission::Listener { id, .. } => asked.check(id, checks),
                    Admission::Misdirected => asked.check_own(StatusCode::MISDIRECTED_REQUEST, "misdirected", checks),
                    Admission::NotFound => asked.check_own(StatusCode::NOT_FOUND, "no listener", checks),
                }
            }
            Err(reject) => {
                let status = StatusCode::from_u16(reject.status).unwrap_or(StatusCode::BAD_REQUEST);
                check_answer(&request.expect, &Seen::answer(status, HeaderMap::new(), reject.to_string()), world.pods, checks);
            }
        }
    }

    fn arrival(&self) -> Arrival<'_> {
        if self.is_tls { Arrival::tls(self.port, self.sni.as_deref()) } else { Arrival::plain(self.port) }
    }
}

/// Port, scheme, host and path, from the URL or one by one.
struct Place {
    port: u16,
    is_tls: bool,
    host: Option<String>,
    path: String,
}

impl Place {
    fn of(request: &Request) -> Result<Self, String> {
        let Some(url) = &request.url else {
            let protocol = request.protocol.as_deref().unwrap_or("http");
            let is_tls = match protocol {
                "http" | "grpc" => false,
                "https" => true,
                other => return Err(format!("protocol `{other}` is not supported")),
            };
            let port = request.port.unwrap_or(if is_tls { 443 } else { 80 });
            let path = request.path.clone().unwrap_or_else(|| "/".into());
            return Ok(Self { port, is_tls, host: request.host.clone(), path });
        };
        let parts = UrlParts::of(url)?;
        let is_tls = parts.scheme == Some(Scheme::Https);
        let port = parts.port.unwrap_or(if is_tls { 443 } else { 80 });
        let path = parts.path.unwrap_or_default();
        let path = if path.starts_with('/') { path.to_owned() } else { format!("/{path}") };
        let host = request.host.clone().or_else(|| parts.authority.map(str::to_owned));
        Ok(Self { port: request.port.unwrap_or(port), is_tls, host, path })
    }
}

/// A request without a host is for the address of the Gateway, as a client writes it.
fn own_address(world: &World<'_>, gateway: &ObjectKey, place: &Place) -> Option<String> {
    let address = world.resolution.gateways.get(gateway)?.addresses.first()?.value.clone()?;
    let host = if address.contains(':') { format!("[{address}]") } else { address.to_string() };
    let default_port = if place.is_tls { 443 } else { 80 };
    Some(if place.port == default_port { host } else { format!("{host}:{}", place.port) })
}

/// A request without a Gateway is for the one that has the port.
pub(super) fn only_gateway(world: &World<'_>, port: u16) -> Result<ObjectKey, String> {
    let on_port = |table: &&std::sync::Arc<Table>| table.ports().any(|served| served.number == port);
    let mut keys = world.tables.gateways.iter().filter(|(_, table)| on_port(table)).map(|(key, _)| key.clone());
    match (keys.next(), keys.next(), world.tables.gateways.len()) {
        (Some(one), None, _) => Ok(one),
        (Some(_), Some(_), _) => Err(format!("several Gateways serve port {port}: the request needs `gateway`")),
        (None, _, 1) => Ok(world.tables.gateways.keys().next().cloned().ok_or("no Gateway is served")?),
        (None, ..) => match world.resolution.gateways.keys().next() {
            Some(gateway) if world.resolution.gateways.len() == 1 => Ok(gateway.clone()),
            _ => Err(format!("no Gateway serves port {port}")),
        },
    }
}

pub(super) fn header_map(headers: &BTreeMap<String, OneOrMany>) -> Result<HeaderMap, String> {
    let mut map = HeaderMap::new();
    for (name, values) in headers {
        let header: HeaderName = name.parse().map_err(|_| format!("`{name}` is no header name"))?;
        for value in values.values() {
            map.append(&header, HeaderValue::from_str(value).map_err(|_| format!("`{value}` is no header value"))?);
        }
    }
    Ok(map)
}

/// What a client of gRPC sends besides (K-009, G-014).
pub(super) fn headers_of(request: &Request) -> Result<HeaderMap, String> {
    let mut headers = header_map(&request.headers)?;
    if request.protocol.as_deref() == Some("grpc") && !headers.contains_key("content-type") {
        headers.insert("content-type", HeaderValue::from_static("application/grpc"));
    }
    Ok(headers)
}

/// Whether a client is sent away in the handshake (B-047). Certificates of cases are not verified: one that is shown will do.
fn refuses(asked: &ClientTrust, request: &Request) -> bool {
    asked.mode == ClientValidationMode::AllowValidOnly && request.client_cert.is_none()
}

/// A request that was read and can be routed.
pub(super) struct Asked<'a> {
    pub(super) table: &'a Table,
    pub(super) head: RequestHead<'a, HeaderMap>,
    pub(super) plain: &'a Plain,
    pub(super) request: &'a Request,
    pub(super) pods: &'a Pods,
    /// The key that decided over the runner-up.
    pub(super) why: Option<String>,
}

impl Asked<'_> {
    pub(super) fn check(&self, listener: ListenerId, checks: &mut Checks<'_>) {
        let routed = self.table.route(listener, &self.head);
        let Some(decision) = self.table.decision(routed) else {
            return checks.add("decision", "one", "the table does not know its own answer");
        };
        // Services that are asked first are taken to let the request pass.
        let decision = decision.cleared();
        self.check_rule(&decision, checks);
        check_shares(&self.request.expect, forwards(&decision), self.pods, checks);
        self.check_why(checks);
        self.check_exchange(&decision, checks);
    }

    fn check_own(&self, status: StatusCode, why: &str, checks: &mut Checks<'_>) {
        let grpc = self.head.is_grpc().then_some(GrpcCode::Unimplemented);
        let seen = Seen { grpc, ..Seen::answer(status, HeaderMap::new(), why.into()) };
        check_answer(&self.request.expect, &seen, self.pods, checks);
    }

    fn check_rule(&self, decision: &Decision<'_>, checks: &mut Checks<'_>) {
        let expect = &self.request.expect;
        if let Some(expected) = &expect.route {
            let actual = decision.rule.map(|chosen| chosen.route);
            let fits = actual.is_some_and(|actual| {
                expected.kind.as_ref().is_none_or(|kind| actual.kind == *kind.as_str())
                    && expected.namespace.as_ref().is_none_or(|namespace| actual.namespace_str() == namespace)
                    && expected.name.as_ref().is_none_or(|name| actual.name == *name.as_str())
            });
            if !fits {
                checks.add("route", format!("{expected:?}"), actual.map_or_else(|| "none".into(), ToString::to_string));
            }
        }
        let actual = decision.rule.map(|chosen| chosen.rule.index);
        if expect.rule.is_some() && expect.rule != actual {
            checks.add("rule", format!("{:?}", expect.rule), format!("{actual:?}"));
        }
    }

    fn check_why(&self, checks: &mut Checks<'_>) {
        let Some(expected) = &self.request.expect.why else { return };
        if self.why.as_ref() != Some(expected) {
            checks.add("why", expected, self.why.as_deref().unwrap_or("no runner-up"));
        }
    }

    /// One of the backends with a weight must give what is expected; with a sample, the one that it picks.
    fn check_exchange(&self, decision: &Decision<'_>, checks: &mut Checks<'_>) {
        let mut best: Option<Vec<Failure>> = None;
        for picked in self.picks(decision) {
            let exchange = react(decision, picked, &self.head, self.plain.headers.clone(), |_| true);
            let seen = self.seen(decision, exchange);
            let mut attempt = Checks { item: checks.item, index: checks.index, all: Vec::new() };
            check_answer(&self.request.expect, &seen, self.pods, &mut attempt);
            if attempt.all.is_empty() {
                return;
            }
            if best.as_ref().is_none_or(|best| attempt.all.len() < best.len()) {
                best = Some(attempt.all);
            }
        }
        checks.all.extend(best.unwrap_or_default());
    }

    fn picks<'t>(&self, decision: &Decision<'t>) -> Vec<Option<gwapi_match::decision::Picked<'t>>> {
        let Outcome::Forward(forward) = decision.outcome else { return vec![None] };
        if let Some(sample) = self.request.sample {
            // The sample is a place in 0..1; a share of the points lies below it.
            let point = (sample.clamp(0.0, 1.0) * f64::from(forward.split.total())).floor();
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "between 0 and the total, which is a u32"
            )]
            return vec![Some(forward.at((point as u32).min(forward.split.total().saturating_sub(1))))];
        }
        let mut point = 0;
        let mut picks = Vec::new();
        for backend in forward.backends.iter().filter(|backend| backend.weight > 0) {
            picks.push(Some(forward.at(point)));
            point += backend.weight;
        }
        picks
    }

    fn seen(&self, decision: &Decision<'_>, exchange: Exchange<'_>) -> Seen {
        let mirrors = decision.mirrors().map(|mirror| {
            let share = f64::from(mirror.fraction.numerator) / f64::from(mirror.fraction.denominator);
            (short(&mirror.target.key), share * 100.0)
        });
        let mut seen = match exchange.reaction {
            Reaction::Forward { index, target, request } => {
                let mut response = header_map(&self.request.backend_sets_headers).unwrap_or_default();
                let origin = self.plain.headers.get("origin").and_then(|origin| origin.to_str().ok());
                match finish(decision, index, origin, &mut response) {
                    Ok(()) => Seen {
                        tls: self.table.backend_tls(target).ok().flatten().map(|plan| SeenTls::of(&plan)),
                        backend: Some((short(&target.key), request)),
                        ..Seen::answer(StatusCode::OK, response, String::new())
                    },
                    Err(error) => Seen::answer(StatusCode::INTERNAL_SERVER_ERROR, HeaderMap::new(), error.to_string()),
                }
            }
            Reaction::Answer { status, headers, why } => {
                let text = why.to_string();
                let is_redirect = matches!(why, Why::Redirect(_));
                let grpc = match why {
                    Why::Cause(cause) => self.head.is_grpc().then(|| cause.grpc_code()),
                    _ => None,
                };
                Seen { is_redirect, grpc, ..Seen::answer(status, headers, text) }
            }
        };
        seen.mirrors = Some(mirrors.collect());
        seen.method.clone_from(&self.plain.method);
        seen
    }
}

/// The sum of the weights, and the backends.
pub(super) type Shares<'t> = (u32, &'t [ResolvedBackend]);

fn forwards<'t>(decision: &Decision<'t>) -> Shares<'t> {
    match decision.outcome {
        Outcome::Forward(forward) => (forward.split.total(), forward.backends),
        Outcome::Redirect(_) | Outcome::Respond { .. } => (0, &[]),
    }
}

/// `weights` and `backends`: the shares, whichever backend is picked.
pub(super) fn check_shares(expect: &Expect, (total, backends): Shares<'_>, pods: &Pods, checks: &mut Checks<'_>) {
    for (name, expected) in expect.weights.iter().flatten() {
        let weight: u32 = backends.iter().filter(|backend| is_named(backend, name, pods)).map(|backend| backend.weight).sum();
        let actual = if total == 0 { 0.0 } else { f64::from(weight) / f64::from(total) };
        if (actual - expected).abs() > 1e-6 {
            checks.add(format!("weight of `{name}`"), expected, actual);
        }
    }
    if let Some(expected) = &expect.backends {
        let usable = backends.iter().filter(|backend| backend.weight > 0 && fault(backend).is_none());
        let actual: BTreeSet<String> =
            usable.filter_map(|backend| backend.target.as_ref().ok()).map(|target| short(&target.key)).collect();
        if actual != expected.iter().cloned().collect() {
            checks.add("backends", format!("{expected:?}"), format!("{actual:?}"));
        }
    }
}

fn is_named(backend: &ResolvedBackend, name: &str, pods: &Pods) -> bool {
    let reference = &backend.reference;
    let full = format!("{}/{}", reference.namespace, reference.name);
    reference.name == *name || full == name || pods.is_behind(&full, name)
}

pub(super) fn short(key: &BackendKey) -> String {
    key.object.namespaced_name()
}

/// What became of a request.
pub(super) struct Seen {
    pub(super) status: StatusCode,
    /// What the client gets.
    pub(super) headers: HeaderMap,
    /// The backend and what it gets.
    pub(super) backend: Option<(String, Outgoing)>,
    pub(super) is_redirect: bool,
    /// Backends with a copy, and of how many requests in a hundred; nothing if that cannot be seen.
    pub(super) mirrors: Option<Vec<(String, f64)>>,
    pub(super) method: String,
    pub(super) why: String,
    /// What the client of gRPC is told; nothing means that the backend says so.
    pub(super) grpc: Option<GrpcCode>,
    /// How the connection to the backend is protected.
    pub(super) tls: Option<SeenTls>,
}

/// What a backend sees of TLS.
pub(super) struct SeenTls {
    sni: String,
    /// What it is shown, `namespace/name`.
    certificate: Option<String>,
}

impl SeenTls {
    pub(super) fn of(plan: &BackendTlsPlan<'_>) -> Self {
        let certificate = plan.certificate.map(|secret| format!("{}/{}", secret.namespace, secret.name));
        Self { sni: plan.tls.server_name.to_string(), certificate }
    }

    /// What the client sent goes on as it is.
    pub(super) fn passed(sni: &str) -> Self {
        Self { sni: sni.to_owned(), certificate: None }
    }
}

impl Seen {
    pub(super) fn answer(status: StatusCode, headers: HeaderMap, why: String) -> Self {
        let (backend, mirrors, grpc, tls) = (None, None, None, None);
        Self { status, headers, backend, is_redirect: false, mirrors, method: String::new(), why, grpc, tls }
    }

    pub(super) fn outcome(&self) -> String {
        match &self.backend {
            Some((name, _)) => format!("forwarded to {name}"),
            None => format!("{} ({})", self.status.as_u16(), self.why),
        }
    }
}

/// A connection that is refused is what some cases ask for.
pub(super) fn check_refused(expect: &Expect, why: &str, checks: &mut Checks<'_>) {
    let asks_for_it = expect.connection_rejected || expect.failure;
    // A Gateway that serves nothing has no address: its requests come to nothing, which a 404 is too.
    if !asks_for_it {
        checks.add("connection", "one", why);
    }
}

/// Compares what became of a request with what is expected.
pub(super) fn check_answer(expect: &Expect, seen: &Seen, pods: &Pods, checks: &mut Checks<'_>) {
    if expect.connection_rejected {
        checks.add("connection", "rejected", seen.outcome());
    }
    if expect.failure && seen.status == StatusCode::OK {
        checks.add("status", "not 200", seen.outcome());
    }
    if let Some(expected) = expect.status.as_ref().filter(|expected| !expected.allow(seen.status.as_u16())) {
        checks.add("status", expected, seen.outcome());
    }
    // Where the Gateway answers itself, as is expected, there is no backend to be compared.
    let is_own =
        seen.status != StatusCode::OK && expect.status.as_ref().is_some_and(|statuses| statuses.allow(seen.status.as_u16()));
    if let Some(expected) = expect.backend.as_ref().filter(|_| !is_own) {
        let actual = seen.backend.as_ref().map(|(name, _)| name);
        let allowed =
            |name: &String| name == expected || expect.backend_services.contains(name) || pods.is_behind(name, expected);
        if !actual.is_some_and(allowed) {
            checks.add("backend", expected, seen.outcome());
        }
    }
    if let Some(expected) = &expect.redirect {
        check_redirect(expected, seen, checks);
    }
    if let Some(expected) = expect.backend_request.as_ref().filter(|_| !is_own) {
        check_backend_request(expected, seen, checks);
    }
    if let Some(expected) = &expect.response {
        check_response(expected, &seen.headers, checks);
    }
    if let (Some(expected), Some(mirrors)) = (&expect.mirrored_to, &seen.mirrors) {
        check_mirrors(expected, mirrors, checks);
    }
    if let Some(expected) = &expect.grpc_code {
        let actual = seen.grpc.map_or_else(|| if seen.backend.is_some() { "OK" } else { "Unknown" }, GrpcCode::as_str);
        if !expected.eq_ignore_ascii_case(actual) {
            checks.add("grpcCode", expected, actual);
        }
    }
    if expect.answered.is_some_and(|expected| expected != seen.backend.is_some()) {
        checks.add("answer", format!("{:?}", expect.answered), seen.outcome());
    }
    if expect.backend_tls.is_some_and(|expected| expected != seen.tls.is_some()) {
        checks.add("backendTLS", format!("{:?}", expect.backend_tls), seen.tls.is_some());
    }
}

fn check_redirect(expected: &RedirectSpec, seen: &Seen, checks: &mut Checks<'_>) {
    let location = seen.headers.get("location").and_then(|value| value.to_str().ok());
    let Some(location) = location.filter(|_| seen.is_redirect) else {
        return checks.add("redirect", format!("{expected:?}"), seen.outcome());
    };
    let Ok(uri) = location.parse::<http::Uri>() else { return checks.add("location", "a URL", location) };
    let default_port = if uri.scheme_str() == Some("https") { 443 } else { 80 };
    let port = uri.port_u16().unwrap_or(default_port);
    if let Some(status) = expected.status.filter(|status| *status != seen.status.as_u16()) {
        checks.add("redirect status", status, seen.status.as_u16());
    }
    if expected.scheme.is_some() && expected.scheme.as_deref() != uri.scheme_str() {
        checks.add("redirect scheme", format!("{:?}", expected.scheme), location);
    }
    if expected.host.is_some() && expected.host.as_deref() != uri.host() {
        checks.add("redirect host", format!("{:?}", expected.host), location);
    }
    let path = uri.path_and_query().map_or("/", http::uri::PathAndQuery::as_str);
    if expected.path.as_deref().is_some_and(|expected| expected != path && expected != uri.path()) {
        checks.add("redirect path", format!("{:?}", expected.path), location);
    }
    let wanted = expected.port.as_ref().map(|port| port.as_str().map_or_else(|| port.to_string(), str::to_owned));
    if wanted.as_ref().is_some_and(|wanted| !wanted.is_empty() && *wanted != port.to_string()) {
        checks.add("redirect port", format!("{wanted:?}"), location);
    }
}

fn check_backend_request(expected: &super::case::BackendRequest, seen: &Seen, checks: &mut Checks<'_>) {
    let Some((_, request)) = &seen.backend else {
        return checks.add("request at the backend", "one", seen.outcome());
    };
    if expected.path.as_ref().is_some_and(|path| *path != request.path_and_query) {
        checks.add("path at the backend", format!("{:?}", expected.path), &request.path_and_query);
    }
    if expected.method.as_ref().is_some_and(|method| *method != seen.method) {
        checks.add("method at the backend", format!("{:?}", expected.method), &seen.method);
    }
    let host = request.headers.get("host").and_then(|host| host.to_str().ok());
    if expected.host.is_some() && expected.host.as_deref() != host {
        checks.add("host at the backend", format!("{:?}", expected.host), format!("{host:?}"));
    }
    check_headers("at the backend", &expected.headers, &expected.absent_headers, &request.headers, checks);
    check_backend_tls(expected, seen, checks);
}

fn check_backend_tls(expected: &super::case::BackendRequest, seen: &Seen, checks: &mut Checks<'_>) {
    let sni = seen.tls.as_ref().map(|tls| &tls.sni);
    if expected.sni.is_some() && expected.sni.as_ref() != sni {
        checks.add("SNI at the backend", format!("{:?}", expected.sni), format!("{sni:?}"));
    }
    let certificate = seen.tls.as_ref().and_then(|tls| tls.certificate.as_ref());
    if expected.client_cert.is_some() && expected.client_cert.as_ref() != certificate {
        checks.add("certificate at the backend", format!("{:?}", expected.client_cert), format!("{certificate:?}"));
    }
}

fn check_response(expected: &ResponseSpec, headers: &HeaderMap, checks: &mut Checks<'_>) {
    check_headers("of the response", &expected.headers, &expected.absent_headers, headers, checks);
    for (name, allowed) in &expected.valid_header_values {
        let actual = joined(headers, name);
        let fits = |allowed: &String| actual.as_deref().is_some_and(|actual| same_list(actual, allowed));
        if !allowed.iter().any(fits) {
            checks.add(format!("header `{name}` of the response"), format!("any of {allowed:?}"), format!("{actual:?}"));
        }
    }
}

fn check_headers(
    whose: &str,
    expected: &BTreeMap<String, OneOrMany>,
    absent: &[String],
    headers: &HeaderMap,
    checks: &mut Checks<'_>,
) {
    for (name, values) in expected {
        let (wanted, actual) = (values.values().join(","), joined(headers, name));
        if !actual.as_deref().is_some_and(|actual| same_list(actual, &wanted)) {
            checks.add(format!("header `{name}` {whose}"), wanted, format!("{actual:?}"));
        }
    }
    for name in absent {
        if let Some(actual) = joined(headers, name) {
            checks.add(format!("header `{name}` {whose}"), "absent", actual);
        }
    }
}

/// H-014: one joined line and several lines mean the same.
fn joined(headers: &HeaderMap, name: &str) -> Option<String> {
    let values: Vec<&str> = headers.get_all(name).iter().map(|value| value.to_str().unwrap_or("?")).collect();
    (!values.is_empty()).then(|| values.join(","))
}

/// Blanks behind commas mean nothing.
fn same_list(one: &str, other: &str) -> bool {
    let items = |text: &str| text.split(',').map(|item| item.trim().to_owned()).collect::<Vec<_>>();
    items(one) == items(other)
}

fn check_mirrors(expected: &[MirrorSpec], actual: &[(String, f64)], checks: &mut Checks<'_>) {
    let fits = |spec: &MirrorSpec| {
        actual
            .iter()
            .any(|(name, percent)| *name == spec.backend && spec.percent.is_none_or(|wanted| (wanted - percent).abs() < 1e-6))
    };
    if expected.len() != actual.len() || !expected.iter().all(fits) {
        checks.add("mirrors", format!("{expected:?}"), format!("{actual:?}"));
    }
}
