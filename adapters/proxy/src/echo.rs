//! A backend that answers what it received, to see what a gateway makes of a request.

use std::{collections::BTreeMap, io, net::SocketAddr, sync::Arc, time::Duration};

use http::{HeaderMap, HeaderName, HeaderValue, Request, Response, StatusCode, Version, header};
use http_body_util::BodyExt as _;
use hyper::body::Incoming;
use serde::Serialize;
use tokio::{net::TcpStream, sync::Semaphore};

use crate::{
    body::{self, Body, Bounded},
    connection,
    lifetime::Life,
    limits::Limits,
    listen::Listener,
    tls::{self, Certificate},
};

/// Headers that the answer is to carry: `name:value`, several of them with commas between. So tests say what a backend sends.
const SET_HEADER: HeaderName = HeaderName::from_static("x-echo-set-header");

/// What an echo backend is.
#[derive(Clone, Debug)]
pub struct EchoConfig {
    /// Where it listens; port 0 takes any.
    pub bind: SocketAddr,
    /// What it calls itself in its answers.
    pub name: String,
    /// With a certificate it speaks TLS and nothing else, with HTTP/2 and HTTP/1.1 by ALPN. Without one it speaks HTTP/1.1
    /// and HTTP/2 with prior knowledge on one port.
    pub certificate: Option<Certificate>,
}

/// A running echo backend. Dropped, it is gone at once.
#[derive(Debug)]
pub struct Echo(Listener);

impl Echo {
    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.0.address()
    }

    /// Stops accepting, and finishes what runs until the deadline. Whether all of it came to its end.
    pub async fn stop(self, deadline: Duration) -> bool {
        self.0.close().await.end(deadline).await
    }
}

/// What a backend received: the JSON of its answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Received {
    /// The name of the backend.
    pub name: String,
    /// Method.
    pub method: String,
    /// Path with its query.
    pub path: String,
    /// `:authority` or Host; empty without either.
    pub host: String,
    /// Headers: names in lower case, values in the order in which they came.
    pub headers: BTreeMap<String, Vec<String>>,
    /// `HTTP/1.1` or `HTTP/2.0`.
    pub protocol: String,
    /// How many bytes the body had.
    pub body_length: u64,
}

/// Starts an echo backend.
///
/// # Errors
/// If the address cannot be bound, or the certificate cannot be served.
pub fn spawn(config: EchoConfig) -> io::Result<Echo> {
    let tls = config.certificate.map(|certificate| tls::server_config(vec![certificate])).transpose();
    let tls = tls.map_err(io::Error::other)?.map(Arc::new);
    let name: Arc<str> = config.name.into();
    let limits = Arc::new(Limits::default());
    let permits = Arc::new(Semaphore::new(limits.connections));
    let serve = move |stream, _, life| serve(stream, tls.clone(), name.clone(), limits.clone(), life);
    Listener::bind(config.bind, permits, serve).map(Echo)
}

async fn serve(stream: TcpStream, tls: Option<Arc<rustls::ServerConfig>>, name: Arc<str>, limits: Arc<Limits>, life: Life) {
    let answer = |request: Request<Incoming>, running| {
        let name = name.clone();
        async move { answer(request, &name).await.map(|body| Body::new(Bounded::new(body, None, running))) }
    };
    let Some(config) = tls else { return connection::drive(stream, &limits, life, answer).await };
    match tls::accept(stream, limits.handshake, |_| (Ok(config), ())).await {
        Ok((stream, ())) => connection::drive(stream, &limits, life, answer).await,
        Err(error) => tracing::debug!(%error, "no TLS"),
    }
}

async fn answer(request: Request<Incoming>, name: &str) -> Response<Body> {
    let (parts, mut body) = request.into_parts();
    let mut body_length = 0;
    while let Some(frame) = body.frame().await {
        match frame {
            Ok(frame) => body_length += frame.data_ref().map_or(0, |data| data.len() as u64),
            Err(error) => return failure(StatusCode::BAD_REQUEST, &error.to_string()),
        }
    }
    let wanted = headers_to_set(&parts.headers);
    let received = Received { body_length, ..Received::of(name, &parts) };
    let Ok(json) = serde_json::to_vec_pretty(&received) else {
        return failure(StatusCode::INTERNAL_SERVER_ERROR, "the request cannot be written as JSON");
    };
    let mut response = Response::new(body::full(json));
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    for (name, value) in wanted {
        response.headers_mut().append(name, value);
    }
    response
}

impl Received {
    fn of(name: &str, parts: &http::request::Parts) -> Self {
        let text = |value: &HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
        let mut headers = BTreeMap::<String, Vec<String>>::new();
        for (name, value) in &parts.headers {
            headers.entry(name.as_str().to_owned()).or_default().push(text(value));
        }
        let authority = parts.uri.authority().map(|authority| authority.as_str().to_owned());
        Self {
            name: name.to_owned(),
            method: parts.method.to_string(),
            path: parts.uri.path_and_query().map_or("/", http::uri::PathAndQuery::as_str).to_owned(),
            host: authority.or_else(|| parts.headers.get(header::HOST).map(text)).unwrap_or_default(),
            headers,
            protocol: protocol(parts.version),
            body_length: 0,
        }
    }
}

fn protocol(version: Version) -> String {
    format!("{version:?}")
}

fn headers_to_set(headers: &HeaderMap) -> Vec<(HeaderName, HeaderValue)> {
    let values = headers.get_all(SET_HEADER).iter().filter_map(|value| value.to_str().ok());
    let pairs = values.flat_map(|value| value.split(',')).filter_map(|pair| pair.split_once(':'));
    pairs.filter_map(|(name, value)| Some((name.trim().parse().ok()?, value.trim().parse().ok()?))).collect()
}

fn failure(status: StatusCode, why: &str) -> Response<Body> {
    let mut response = Response::new(body::full(format!("{why}\n")));
    *response.status_mut() = status;
    response
}
