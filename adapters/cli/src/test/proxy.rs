//! The requests of a case over real sockets: a proxy with the case's tables, an echo backend in the place of every Service,
//! and a client. What comes back is compared as it is where the tables answer.
//!
//! What a backend is to send is told to it by the header `x-echo-set-header` of the request, which the backend sees too.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::{Ipv4Addr, SocketAddr},
    sync::Arc,
    time::Duration,
};

use gwapi_core::resolution::BackendKey;
use gwapi_match::exchange::Outgoing;
use gwapi_proxy::{
    Limits, Place, Proxy, Served,
    echo::{Echo, EchoConfig, spawn},
};
use http::{HeaderMap, HeaderName, HeaderValue, Response, Uri};
use http_body_util::{BodyExt as _, Empty, Limited};
use hyper::body::{Bytes, Incoming};
use hyper_util::rt::TokioIo;
use rustls::pki_types::{IpAddr, ServerName};
use serde::Deserialize;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
    time,
};
use tokio_rustls::TlsConnector;

use super::{
    case::{Case, Expect, Item, OneOrMany, Request},
    pods::Pods,
    report::Failure,
    request::{Checks, Plain, Seen, World, check_answer, check_refused, short},
};
use crate::{
    input::Input,
    serve::{certificates::Certificates, endpoints::targets},
};

const ANY_PORT: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 0);
/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(10);
/// How often a request is sent until the backend that is expected is the one that is picked.
const TRIES: usize = 30;
/// What an answer may have.
const BODY_BYTES: usize = 1 << 20;

/// What came of the requests of a case.
pub(super) struct Answered {
    pub(super) failures: Vec<Failure>,
    /// What sockets do not show and was not compared.
    pub(super) unseen: Option<String>,
}

/// Sends every request of requests.yaml.
pub(super) async fn check(case: &Case, input: &Input, world: &World<'_>) -> Answered {
    let mut unseen = BTreeSet::new();
    let mut failures = Vec::new();
    if !case.requests.is_empty() {
        match Town::start(input, world).await {
            Ok(town) => {
                for (index, item) in case.requests.iter().enumerate() {
                    failures.extend(town.check(index, item, world, &mut unseen).await);
                }
                town.stop().await;
            }
            Err(why) => failures.extend(case.requests.iter().take(1).flat_map(|item| not_started(item, &why))),
        }
    }
    let unseen: Vec<&str> = unseen.into_iter().collect();
    let unseen = (!unseen.is_empty()).then(|| format!("not visible through sockets: {}", unseen.join(", ")));
    Answered { failures, unseen }
}

fn not_started(item: &Item<Request>, why: &str) -> Vec<Failure> {
    let mut checks = Checks { item, index: 0, all: Vec::new() };
    checks.add("proxy", "to start", why);
    checks.all
}

/// A proxy and everybody it talks to.
struct Town {
    proxy: Proxy,
    addresses: BTreeMap<Place, SocketAddr>,
    /// They live as long as the town.
    _echoes: Vec<Echo>,
}

impl Town {
    async fn start(input: &Input, world: &World<'_>) -> Result<Self, String> {
        let (mut echoes, mut endpoints) = (Vec::new(), BTreeMap::new());
        for key in targets(world.resolution) {
            let echo = echo(&key)?;
            endpoints.insert(key, vec![echo.address()]);
            echoes.push(echo);
        }
        let tables = world.tables.gateways.clone();
        let places = tables
            .iter()
            .flat_map(|(gateway, table)| table.ports().map(|port| Place { gateway: gateway.clone(), port: port.number }));
        let binds = places.map(|place| (place, ANY_PORT)).collect();
        let served = Served { endpoints, binds, certificates: Certificates::of(input).usable, tables };
        let (proxy, unbound) = Proxy::start(served, Limits::default()).await;
        if let Some((place, error)) = unbound.first_key_value() {
            return Err(format!("{place}: {error}"));
        }
        let addresses = proxy.addresses();
        Ok(Self { proxy, addresses, _echoes: echoes })
    }

    async fn stop(self) {
        self.proxy.drain(Duration::ZERO).await;
    }

    async fn check(
        &self,
        index: usize,
        item: &Item<Request>,
        world: &World<'_>,
        unseen: &mut BTreeSet<&'static str>,
    ) -> Vec<Failure> {
        let request = &item.value;
        let mut checks = Checks { item, index, all: Vec::new() };
        if request.sample.is_some() {
            unseen.insert("sample");
            return checks.all;
        }
        unseen.extend(invisible(&request.expect));
        if let Some("tcp" | "udp" | "tls") = request.protocol.as_deref() {
            // Only a connection that is to be refused can be told from here, and only by nobody listening.
            if self.listens(request) {
                unseen.insert("connections without requests");
            } else {
                check_refused(&request.expect, "nobody listens there", &mut checks);
            }
            return checks.all;
        }
        match Plain::of(request, world) {
            Ok(plain) => self.check_sent(&plain, request, world.pods, &mut checks).await,
            Err(why) => checks.add("request", "an answer", why),
        }
        checks.all
    }

    fn listens(&self, request: &Request) -> bool {
        let is_it = |place: &Place| {
            request.gateway.as_ref().is_none_or(|name| place.gateway.namespaced_name() == *name)
                && Some(place.port) == request.port
        };
        self.addresses.keys().any(is_it)
    }

    /// One of the answers must be what is expected.
    async fn check_sent(&self, plain: &Plain, request: &Request, pods: &Pods, checks: &mut Checks<'_>) {
        let place = Place { gateway: plain.gateway.clone(), port: plain.port };
        let Some(address) = self.addresses.get(&place) else {
            return check_refused(&request.expect, &format!("{place} is not served"), checks);
        };
        let mut best: Option<Vec<Failure>> = None;
        for _ in 0..TRIES {
            let mut attempt = Checks { item: checks.item, index: checks.index, all: Vec::new() };
            let seen = time::timeout(PATIENCE, send(*address, plain, request)).await;
            match seen.unwrap_or_else(|_| Err(Unanswered::Connection(format!("no answer in {} s", PATIENCE.as_secs())))) {
                Ok(seen) => check_answer(&request.expect, &seen, pods, &mut attempt),
                Err(Unanswered::Connection(why)) => check_refused(&request.expect, &why, &mut attempt),
                Err(Unanswered::Unwritable(why)) => attempt.add("request", "to be sent", why),
            }
            if attempt.all.is_empty() {
                return;
            }
            if best.as_ref().is_none_or(|best| attempt.all.len() < best.len()) {
                best = Some(attempt.all);
            }
        }
        checks.all.extend(best.unwrap_or_default());
    }
}

fn echo(key: &BackendKey) -> Result<Echo, String> {
    let name = short(key);
    spawn(EchoConfig { bind: ANY_PORT, name: name.clone(), certificate: None })
        .map_err(|error| format!("a backend for {name}: {error}"))
}

/// What is expected and cannot be seen from outside.
fn invisible(expect: &Expect) -> impl Iterator<Item = &'static str> {
    let asked = [
        ("backends", expect.backends.is_some()),
        ("mirroredTo", expect.mirrored_to.is_some()),
        ("route", expect.route.is_some()),
        ("rule", expect.rule.is_some()),
        ("weights", expect.weights.is_some()),
        ("why", expect.why.is_some()),
    ];
    asked.into_iter().filter_map(|(what, asked)| asked.then_some(what))
}

/// Why there is nothing to compare.
enum Unanswered {
    /// The connection came to nothing.
    Connection(String),
    /// The client cannot write such a request.
    Unwritable(String),
}

impl Unanswered {
    fn connection(error: &dyn std::error::Error) -> Self {
        Self::Connection(format!("connection refused: {error}"))
    }
}

async fn send(address: SocketAddr, plain: &Plain, request: &Request) -> Result<Seen, Unanswered> {
    let message = message(plain, request).map_err(Unanswered::Unwritable)?;
    let stream = TcpStream::connect(address).await.map_err(|error| Unanswered::connection(&error))?;
    let response = if plain.is_tls {
        let stream = TlsConnector::from(tls::config().map_err(|error| Unanswered::connection(&error))?)
            .connect(server_name(plain)?, stream)
            .await;
        exchange(stream.map_err(|error| Unanswered::connection(&error))?, message).await?
    } else {
        exchange(stream, message).await?
    };
    seen(response, plain).await
}

/// A name that is an address is not sent (RFC 6066).
fn server_name(plain: &Plain) -> Result<ServerName<'static>, Unanswered> {
    let Some(sni) = &plain.sni else { return Ok(ServerName::IpAddress(IpAddr::from(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST)))) };
    ServerName::try_from(sni.clone()).map_err(|error| Unanswered::Unwritable(format!("server name `{sni}`: {error}")))
}

fn message(plain: &Plain, request: &Request) -> Result<http::Request<Empty<Bytes>>, String> {
    let uri: Uri = plain.path.parse().map_err(|error| format!("path `{}`: {error}", plain.path))?;
    let mut message =
        http::Request::builder().method(plain.method.as_str()).uri(uri).body(Empty::new()).map_err(|error| error.to_string())?;
    *message.headers_mut() = plain.headers.clone();
    for value in set_headers(&request.backend_sets_headers)? {
        message.headers_mut().append(HeaderName::from_static("x-echo-set-header"), value);
    }
    Ok(message)
}

/// A comma ends a header there; a list in several lines means the same as in one (H-014).
fn set_headers(headers: &BTreeMap<String, OneOrMany>) -> Result<Vec<HeaderValue>, String> {
    let items = headers
        .iter()
        .flat_map(|(name, values)| values.values().iter().flat_map(move |value| value.split(',').map(move |item| (name, item))));
    items
        .map(|(name, item)| format!("{name}:{}", item.trim()).parse().map_err(|_| format!("`{item}` is no header value")))
        .collect()
}

async fn exchange<S>(stream: S, message: http::Request<Empty<Bytes>>) -> Result<Response<Incoming>, Unanswered>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let (mut sender, connection) =
        hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.map_err(|error| Unanswered::connection(&error))?;
    let connection = tokio::spawn(connection);
    let response = sender.send_request(message).await.map_err(|error| Unanswered::connection(&error));
    // The connection ends with its sender, which the body may outlive.
    tokio::spawn(async move {
        let _ = sender.ready().await;
        connection.abort();
    });
    response
}

/// What an echo backend answers.
#[derive(Deserialize)]
struct Echoed {
    name: String,
    method: String,
    path: String,
    host: String,
    headers: BTreeMap<String, Vec<String>>,
}

async fn seen(response: Response<Incoming>, plain: &Plain) -> Result<Seen, Unanswered> {
    let (parts, body) = response.into_parts();
    let body = Limited::new(body, BODY_BYTES).collect().await;
    let body = body.map_err(|error| Unanswered::Connection(format!("the answer breaks off: {error}")))?.to_bytes();
    let mut seen = Seen::answer(parts.status, parts.headers, String::from_utf8_lossy(&body).trim().to_owned());
    seen.method.clone_from(&plain.method);
    if let Ok(echoed) = serde_json::from_slice::<Echoed>(&body) {
        seen.method.clone_from(&echoed.method);
        seen.backend = Some((echoed.name.clone(), outgoing(echoed)));
    }
    seen.is_redirect = seen.backend.is_none() && seen.status.is_redirection();
    Ok(seen)
}

fn outgoing(echoed: Echoed) -> Outgoing {
    let mut headers = HeaderMap::new();
    let lines = echoed.headers.iter().flat_map(|(name, values)| values.iter().map(move |value| (name, value)));
    for (name, value) in lines {
        if let (Ok(name), Ok(value)) = (name.parse::<HeaderName>(), HeaderValue::from_str(value)) {
            headers.append(name, value);
        }
    }
    // With HTTP/2 it comes as `:authority`.
    if let Ok(host) = HeaderValue::from_str(&echoed.host) {
        headers.insert(http::header::HOST, host);
    }
    Outgoing { path_and_query: echoed.path, headers }
}

/// A client that looks at no certificate: which one is served is not what cases are about.
mod tls {
    use super::Arc;
    use rustls::{
        ClientConfig, DigitallySignedStruct, Error, SignatureScheme,
        client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
        crypto::ring,
        pki_types::{CertificateDer, ServerName, UnixTime},
    };

    #[derive(Debug)]
    struct Anyone;

    impl ServerCertVerifier for Anyone {
        fn verify_server_cert(
            &self,
            _: &CertificateDer<'_>,
            _: &[CertificateDer<'_>],
            _: &ServerName<'_>,
            _: &[u8],
            _: UnixTime,
        ) -> Result<ServerCertVerified, Error> {
            Ok(ServerCertVerified::assertion())
        }

        fn verify_tls12_signature(
            &self,
            _: &[u8],
            _: &CertificateDer<'_>,
            _: &DigitallySignedStruct,
        ) -> Result<HandshakeSignatureValid, Error> {
            Ok(HandshakeSignatureValid::assertion())
        }

        fn verify_tls13_signature(
            &self,
            _: &[u8],
            _: &CertificateDer<'_>,
            _: &DigitallySignedStruct,
        ) -> Result<HandshakeSignatureValid, Error> {
            Ok(HandshakeSignatureValid::assertion())
        }

        fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
            ring::default_provider().signature_verification_algorithms.supported_schemes()
        }
    }

    /// HTTP/1.1 and nothing else.
    pub(super) fn config() -> Result<Arc<ClientConfig>, Error> {
        let builder =
            ClientConfig::builder_with_provider(Arc::new(ring::default_provider())).with_safe_default_protocol_versions()?;
        let mut config = builder.dangerous().with_custom_certificate_verifier(Arc::new(Anyone)).with_no_client_auth();
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Arc::new(config))
    }
}
