//! Stands for the proxy that one's code is called by, such as pingora: it owns sockets and connections, and asks at three points.
//! Whatever has to be known at more than one of them is in the context of the request.

use std::net::SocketAddr;

use http::{HeaderMap, Response, StatusCode, request::Parts};

/// The hooks. An error is the status that the client gets.
pub trait ProxyHttp {
    /// What is kept from one hook to the next.
    type Context: Send + 'static;

    fn new_context(&self) -> Self::Context;

    /// Changes the request, or answers it.
    fn request_filter(&self, session: &mut Session, context: &mut Self::Context) -> Result<Option<Response<()>>, StatusCode>;

    /// Where the request goes.
    fn upstream_peer(&self, session: &Session, context: &mut Self::Context) -> Result<SocketAddr, StatusCode>;

    /// Changes the headers of the response.
    fn response_filter(&self, session: &Session, headers: &mut HeaderMap, context: &mut Self::Context) -> Result<(), StatusCode>;
}

/// A request, but for its body, and where it came in.
pub struct Session {
    pub port: u16,
    pub request: Parts,
}

/// One request on its way through the hooks. `send` is the network.
pub fn run<P: ProxyHttp>(
    proxy: &P,
    mut session: Session,
    send: impl FnOnce(SocketAddr, &Parts) -> Response<()>,
) -> Result<Response<()>, StatusCode> {
    let mut context = proxy.new_context();
    if let Some(answer) = proxy.request_filter(&mut session, &mut context)? {
        return Ok(answer);
    }
    let peer = proxy.upstream_peer(&session, &mut context)?;
    let mut response = send(peer, &session.request);
    proxy.response_filter(&session, response.headers_mut(), &mut context)?;
    Ok(response)
}
