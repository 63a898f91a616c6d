//! Connections to endpoints. They are kept by address and protocol, never by the name that a client asked for.

use std::{
    collections::BTreeMap,
    net::SocketAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use gwapi_core::resolution::BackendProtocol;
use http::{HeaderValue, Request, Response, Uri, header::HOST, uri};
use hyper::{
    body::Incoming,
    client::conn::{http1, http2},
};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use tokio::{
    net::TcpStream,
    time::{self, Instant},
};

use crate::{body::Body, limits::Limits};

/// Connections to endpoints, those that are unused and those that can be shared.
#[derive(Clone, Debug)]
pub(crate) struct Upstream {
    pool: Arc<Mutex<Pool>>,
    limits: Arc<Limits>,
}

#[derive(Debug, Default)]
struct Pool {
    /// Unused ones, and since when.
    http1: BTreeMap<SocketAddr, Vec<(http1::SendRequest<Body>, Instant)>>,
    /// The one connection of an endpoint, and when it was used last.
    http2: BTreeMap<SocketAddr, (http2::SendRequest<Body>, Instant)>,
}

/// Why an endpoint gave no answer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SendError {
    /// There is no connection: nothing was sent.
    #[error("no connection to the backend: {0}")]
    Connect(#[source] std::io::Error),
    /// The endpoint said that it has not looked at the request (HTTP/2).
    #[error("the backend refused the request: {0}")]
    Refused(#[source] hyper::Error),
    /// The connection broke, or the answer is none. The endpoint may have acted on the request.
    #[error("the backend gave no answer: {0}")]
    Broken(#[source] hyper::Error),
}

impl SendError {
    /// Whether the request was surely not processed, so that it can be sent again (J-013, J-037).
    pub(crate) fn is_unprocessed(&self) -> bool {
        !matches!(self, Self::Broken(_))
    }
}

impl Upstream {
    /// Without connections. Must be called in a runtime: a task closes what is not used any more.
    pub(crate) fn new(limits: Arc<Limits>) -> Self {
        let pool = Arc::new(Mutex::new(Pool::default()));
        tokio::spawn(sweep(Arc::downgrade(&pool), limits.upstream_idle));
        Self { pool, limits }
    }

    /// Sends a request, whose headers are final, and waits for the head of the answer.
    pub(crate) async fn send(
        &self,
        endpoint: SocketAddr,
        protocol: BackendProtocol,
        request: Request<Body>,
    ) -> Result<Response<Incoming>, SendError> {
        match protocol {
            BackendProtocol::Http1 | BackendProtocol::WebSocket => self.send_http1(endpoint, origin_form(request)).await,
            // Of routes that know bytes only, which are not served.
            BackendProtocol::Opaque => Err(SendError::Connect(std::io::ErrorKind::Unsupported.into())),
            BackendProtocol::H2c => self.send_http2(endpoint, absolute_form(request, endpoint)).await,
        }
    }

    async fn send_http1(&self, endpoint: SocketAddr, mut request: Request<Body>) -> Result<Response<Incoming>, SendError> {
        while let Some(mut sender) = self.unused_http1(endpoint) {
            match sender.try_send_request(request).await {
                Ok(response) => return Ok(self.keep_http1(endpoint, sender, response)),
                Err(mut failure) => match failure.take_message() {
                    // The endpoint closed the connection while it was unused. Nothing was written to it.
                    Some(unsent) => request = unsent,
                    None => return Err(SendError::of(failure.into_error())),
                },
            }
        }
        let mut sender = self.connect_http1(endpoint).await?;
        let response = sender.send_request(request).await.map_err(SendError::of)?;
        Ok(self.keep_http1(endpoint, sender, response))
    }

    async fn connect_http1(&self, endpoint: SocketAddr) -> Result<http1::SendRequest<Body>, SendError> {
        let stream = self.connect(endpoint).await?;
        let handshake = http1::Builder::new().handshake(TokioIo::new(stream)).await;
        let (sender, connection) = handshake.map_err(SendError::of)?;
        tokio::spawn(async move {
            if let Err(error) = connection.with_upgrades().await {
                tracing::debug!(%endpoint, %error, "connection to a backend failed");
            }
        });
        Ok(sender)
    }

    /// Puts the connection back once the answer has been read to its end. One that is cut off or upgraded never is.
    fn keep_http1(
        &self,
        endpoint: SocketAddr,
        mut sender: http1::SendRequest<Body>,
        response: Response<Incoming>,
    ) -> Response<Incoming> {
        let upstream = self.clone();
        tokio::spawn(async move {
            if sender.ready().await.is_ok() {
                let mut pool = upstream.pool();
                let unused = pool.http1.entry(endpoint).or_default();
                if unused.len() < upstream.limits.upstream_idle_connections {
                    unused.push((sender, Instant::now()));
                }
            }
        });
        response
    }

    /// The connection that was used last, so that those too many grow old.
    fn unused_http1(&self, endpoint: SocketAddr) -> Option<http1::SendRequest<Body>> {
        let mut pool = self.pool();
        let unused = pool.http1.get_mut(&endpoint)?;
        loop {
            let (sender, since) = unused.pop()?;
            if sender.is_ready() && since.elapsed() < self.limits.upstream_idle {
                return Some(sender);
            }
        }
    }

    async fn send_http2(&self, endpoint: SocketAddr, mut request: Request<Body>) -> Result<Response<Incoming>, SendError> {
        if let Some(mut sender) = self.shared_http2(endpoint) {
            match sender.try_send_request(request).await {
                Ok(response) => return Ok(response),
                Err(mut failure) => match failure.take_message() {
                    Some(unsent) => request = unsent,
                    None => return Err(SendError::of(failure.into_error())),
                },
            }
        }
        let mut sender = self.connect_http2(endpoint).await?;
        sender.send_request(request).await.map_err(SendError::of)
    }

    async fn connect_http2(&self, endpoint: SocketAddr) -> Result<http2::SendRequest<Body>, SendError> {
        let stream = self.connect(endpoint).await?;
        let handshake = http2::Builder::new(TokioExecutor::new())
            .timer(TokioTimer::new())
            .keep_alive_interval(Duration::from_secs(30))
            .handshake(TokioIo::new(stream))
            .await;
        let (sender, connection) = handshake.map_err(SendError::of)?;
        tokio::spawn(async move {
            if let Err(error) = connection.await {
                tracing::debug!(%endpoint, %error, "connection to a backend failed");
            }
        });
        self.pool().http2.insert(endpoint, (sender.clone(), Instant::now()));
        Ok(sender)
    }

    fn shared_http2(&self, endpoint: SocketAddr) -> Option<http2::SendRequest<Body>> {
        let mut pool = self.pool();
        let (sender, used) = pool.http2.get_mut(&endpoint)?;
        if sender.is_closed() {
            pool.http2.remove(&endpoint);
            return None;
        }
        *used = Instant::now();
        Some(sender.clone())
    }

    async fn connect(&self, endpoint: SocketAddr) -> Result<TcpStream, SendError> {
        let timeout = |_| std::io::Error::from(std::io::ErrorKind::TimedOut);
        let connected = time::timeout(self.limits.connect, TcpStream::connect(endpoint)).await.map_err(timeout);
        let stream = connected.and_then(|stream| stream).map_err(SendError::Connect)?;
        let _ = stream.set_nodelay(true);
        Ok(stream)
    }

    fn pool(&self) -> MutexGuard<'_, Pool> {
        self.pool.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl SendError {
    fn of(error: hyper::Error) -> Self {
        if is_refused(&error) { Self::Refused(error) } else { Self::Broken(error) }
    }
}

/// Whether an HTTP/2 endpoint says that it has not begun to process the request (RFC 9113, section 8.7). A connection that it
/// closes in peace fails only those requests that came after its last word.
fn is_refused(error: &hyper::Error) -> bool {
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        if let Some(h2) = error.downcast_ref::<h2::Error>() {
            let is_closed_in_peace = h2.is_go_away() && h2.is_remote() && h2.reason() == Some(h2::Reason::NO_ERROR);
            return is_closed_in_peace || h2.reason() == Some(h2::Reason::REFUSED_STREAM);
        }
        cause = error.source();
    }
    false
}

/// HTTP/1.1: the path in the request line, the host in its header.
fn origin_form(mut request: Request<Body>) -> Request<Body> {
    let path = request.uri().path_and_query().cloned();
    *request.uri_mut() = path.map_or_else(Uri::default, Uri::from);
    *request.version_mut() = http::Version::HTTP_11;
    // RFC 9112, section 3.2: a client whose request names no host sends an empty Host header.
    request.headers_mut().entry(HOST).or_insert(HeaderValue::from_static(""));
    request
}

/// HTTP/2: the host is `:authority` and no header (RFC 9113, section 8.3.1).
fn absolute_form(mut request: Request<Body>, endpoint: SocketAddr) -> Request<Body> {
    let host = request.headers_mut().remove(HOST);
    let authority = host.and_then(|host| uri::Authority::try_from(host.as_bytes()).ok());
    let mut parts = uri::Parts::default();
    parts.scheme = Some(uri::Scheme::HTTP);
    parts.authority = authority.or_else(|| endpoint.to_string().parse().ok());
    parts.path_and_query = request.uri().path_and_query().cloned();
    if let Ok(uri) = Uri::from_parts(parts) {
        *request.uri_mut() = uri;
    }
    *request.version_mut() = http::Version::HTTP_2;
    request
}

/// Drops what has not been used for long, until nobody has the pool any more.
async fn sweep(pool: std::sync::Weak<Mutex<Pool>>, idle: Duration) {
    loop {
        time::sleep(idle).await;
        let Some(pool) = pool.upgrade() else { return };
        let mut pool = pool.lock().unwrap_or_else(PoisonError::into_inner);
        let is_fresh = |since: &Instant| since.elapsed() < idle;
        pool.http1.retain(|_, unused| {
            unused.retain(|(sender, since)| !sender.is_closed() && is_fresh(since));
            !unused.is_empty()
        });
        // A request that runs keeps its own handle of the connection.
        pool.http2.retain(|_, (sender, used)| !sender.is_closed() && is_fresh(used));
    }
}
