//! A connection of a client from its first byte, and each of its requests.

use std::{
    net::{IpAddr, SocketAddr},
    sync::Arc,
};

use gwapi_match::connect::{Arrival, Connection, ConnectionRefusal, HttpConnection};
use http::{Method, Request, Response, Version, header::HOST, request};
use hyper::body::Incoming;
use tokio::{net::TcpStream, time::Instant};

use crate::{
    answer::Answer,
    body::{self, Body},
    config::{Place, Runtime},
    connection::{self, Running},
    forward::{self, Client},
    headers,
    lifetime::Life,
    mirror,
    proxy::Shared,
    route::{self, Decided, Reaction},
    tls,
};

/// Serves a connection that came to a port of a Gateway.
pub(crate) async fn serve(shared: Arc<Shared>, place: Arc<Place>, stream: TcpStream, peer: SocketAddr, life: Life) {
    let Ok(local) = stream.local_addr() else { return };
    let arrival = Arrival::plain(place.port).at(local.ip());
    let answered = connect(&shared.runtime(), &place, &arrival);
    let limits = shared.limits.clone();
    match answered {
        Ok((http, _)) => {
            let requests = Requests::new(shared, place, http, peer, life.clone());
            connection::drive(stream, &limits, life, |request, running| requests.clone().answer(request, running)).await;
        }
        Err(ConnectionRefusal::WrongTransport) => serve_tls(shared, place, stream, peer, life).await,
        Err(why) => tracing::debug!(%peer, ?why, "connection refused"),
    }
}

async fn serve_tls(shared: Arc<Shared>, place: Arc<Place>, stream: TcpStream, peer: SocketAddr, life: Life) {
    let Ok(local) = stream.local_addr() else { return };
    // Asked only now that the client has said which server it wants: the table may be another one than before.
    let decide = |server_name: Option<&str>| {
        let runtime = shared.runtime();
        match connect(&runtime, &place, &Arrival::tls(place.port, server_name).at(local.ip())) {
            Ok((http, refs)) => (runtime.tls.of(&refs, &runtime.served.certificates), Some(http)),
            Err(why) => {
                tracing::debug!(%peer, ?why, "TLS refused");
                // Without a certificate the handshake fails with an alert, and nobody's certificate is shown.
                (tls::server_config(Vec::new()).map(Arc::new), None)
            }
        }
    };
    match tls::accept(stream, shared.limits.handshake, decide).await {
        Ok((stream, Some(http))) => {
            let limits = shared.limits.clone();
            let requests = Requests::new(shared, place, http, peer, life.clone());
            connection::drive(stream, &limits, life, |request, running| requests.clone().answer(request, running)).await;
        }
        Ok((_, None)) => {}
        Err(error) => tracing::debug!(%peer, %error, "no TLS"),
    }
}

type Certificates = Vec<gwapi_core::model::SecretRef>;

fn connect(runtime: &Runtime, place: &Place, arrival: &Arrival<'_>) -> Result<(HttpConnection, Certificates), ConnectionRefusal> {
    let table = runtime.table(&place.gateway).ok_or(ConnectionRefusal::NoSuchPort)?;
    match table.connect(arrival) {
        // Neither is declared: a client whose certificate cannot be checked is not let in (B-050), and nobody speaks HTTP where
        // bytes are expected.
        Connection::Http { tls: Some(plan), .. } if plan.client_validation.is_some() => Err(ConnectionRefusal::WrongTransport),
        Connection::L4 { .. } => Err(ConnectionRefusal::WrongTransport),
        Connection::Http { connection, tls } => Ok((connection, tls.map_or_else(Vec::new, |plan| plan.certificates.to_vec()))),
        Connection::Refuse(why) => Err(why),
    }
}

/// What the requests of one connection have in common.
struct Requests {
    shared: Arc<Shared>,
    place: Arc<Place>,
    http: HttpConnection,
    client: IpAddr,
    life: Life,
}

impl Requests {
    fn new(shared: Arc<Shared>, place: Arc<Place>, http: HttpConnection, peer: SocketAddr, life: Life) -> Arc<Self> {
        Arc::new(Self { shared, place, http, client: peer.ip(), life })
    }

    async fn answer(self: Arc<Self>, request: Request<Incoming>, running: Running) -> Response<Body> {
        let since = Instant::now();
        let line = tracing::enabled!(target: "gwapi_proxy::access", tracing::Level::INFO).then(|| line(&request));
        let response = self.react(request, running, since).await.unwrap_or_else(Answer::into_response);
        if let Some(line) = line {
            let (status, ms) = (response.status().as_u16(), since.elapsed().as_millis());
            tracing::info!(target: "gwapi_proxy::access", client = %self.client, place = %self.place, status, ms, "{line}");
        }
        response
    }

    async fn react(&self, mut request: Request<Incoming>, running: Running, since: Instant) -> Result<Response<Body>, Answer> {
        // F-028: we are nobody's forward proxy.
        if request.method() == Method::CONNECT {
            return Err(Answer::connect());
        }
        // `GET host HTTP/1.1` is not `GET / HTTP/1.1` (RFC 9112, section 3.2.3).
        if request.uri().scheme().is_none() && request.uri().authority().is_some() {
            return Err(Answer::no_path());
        }
        let upgrade = headers::upgrade(request.version(), request.headers());
        let upgrade = upgrade.map(|protocol| (protocol, hyper::upgrade::on(&mut request)));
        let accepts_trailers = headers::accepts_trailers(request.headers());
        let (parts, body) = request.into_parts();
        let Decided { reaction, mirrors } = self.decide(parts)?;
        let (outbound, reply) = match reaction {
            Reaction::Forward(outbound, reply) => (outbound, reply),
            Reaction::Answer(answer) => {
                mirror::send_copies_only(&self.shared, mirrors, body);
                return Err(answer);
            }
        };
        let body = mirror::send_copies(&self.shared, mirrors, body::incoming(body));
        let client = Client { body, upgrade, accepts_trailers, since, life: self.life.clone() };
        Ok(forward::forward(&self.shared, outbound, reply, client, running).await)
    }

    /// Every request is decided by the table of its own time.
    fn decide(&self, mut parts: request::Parts) -> Result<Decided, Answer> {
        headers::strip_hop_by_hop(&mut parts.headers);
        if parts.version == Version::HTTP_2 {
            headers::join_cookies(&mut parts.headers);
        }
        let host = parts.uri.authority().and_then(|authority| authority.as_str().parse().ok());
        let host = host.or_else(|| parts.headers.get(HOST).cloned());
        // Before the decision: rules see what the backend will see.
        headers::overwrite_forwarded(&mut parts.headers, self.client, host, self.http.scheme());
        let runtime = self.shared.runtime();
        let table = runtime.table(&self.place.gateway).ok_or_else(Answer::not_found)?;
        route::decide(table, &self.http, &parts)
    }
}

fn line(request: &Request<Incoming>) -> String {
    format!("{} {} {:?}", request.method(), request.uri(), request.version())
}
