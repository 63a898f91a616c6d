//! A Gateway as a layer: what its routes answer themselves is answered, and the rest goes to the service inside, which reads in
//! the extension [`Upstream`] where to send it.

use std::{
    future::{Future, ready},
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use gwapi_core::{Controller, Feature, SupportedFeatures, controller::Abilities, resolution::BackendTarget};
use gwapi_match::{
    PinnedDecision, Table,
    connect::{Admission, HttpConnection},
    exchange::{Reaction, finish, react},
    head::{HeadParts, RequestHead},
    headers::Headers as _,
};
use http::{HeaderMap, Request, Response, StatusCode, request::Parts, uri::PathAndQuery};
use http_body_util::{Either, Empty};
use hyper::body::Body;
use tokio::sync::watch;
use tower::{Layer, Service};

/// What this layer carries out. Routes that ask for more (mirrors, timeouts, retries, …) are refused with a condition, and no
/// decision ever holds it.
pub fn controller(name: &str) -> Controller {
    let features = SupportedFeatures::of([
        Feature::Gateway,
        Feature::HTTPRoute,
        Feature::ReferenceGrant,
        Feature::HTTPRouteCORS,
        Feature::HTTPRouteHostRewrite,
        Feature::HTTPRouteMethodMatching,
        Feature::HTTPRoutePathRedirect,
        Feature::HTTPRoutePathRewrite,
        Feature::HTTPRouteQueryParamMatching,
        Feature::HTTPRouteResponseHeaderModification,
        Feature::HTTPRouteSchemeRedirect,
    ]);
    Controller { features, abilities: Abilities::NONE, ..Controller::named(name) }
}

/// Where the service inside sends a request: an extension of it.
#[derive(Clone, Debug)]
pub struct Upstream(pub BackendTarget);

/// One connection, and the table of its Gateway, which can be replaced while the connection lives.
#[derive(Clone, Debug)]
pub struct GatewayLayer {
    pub table: watch::Receiver<Arc<Table>>,
    pub connection: HttpConnection,
}

/// The requests of one connection.
#[derive(Clone, Debug)]
pub struct GatewayService<S> {
    layer: GatewayLayer,
    inner: S,
}

impl<S> Layer<S> for GatewayLayer {
    type Service = GatewayService<S>;

    fn layer(&self, inner: S) -> Self::Service {
        GatewayService { layer: self.clone(), inner }
    }
}

impl<S, B, R> Service<Request<B>> for GatewayService<S>
where
    S: Service<Request<B>, Response = Response<R>>,
    S::Error: Send + 'static,
    S::Future: Send + 'static,
    R: Body + Send + 'static,
{
    type Response = Response<Either<R, Empty<R::Data>>>;
    type Error = S::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, S::Error>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let (mut parts, body) = request.into_parts();
        let reply = match self.layer.forward(&mut parts) {
            Ok(reply) => reply,
            Err(answer) => return Box::pin(ready(Ok(answer.into_response()))),
        };
        let response = self.inner.call(Request::from_parts(parts, body));
        Box::pin(async move {
            let mut response = response.await?;
            match reply.finish(response.headers_mut()) {
                Ok(()) => Ok(response.map(Either::Left)),
                Err(answer) => Ok(answer.into_response()),
            }
        })
    }
}

impl GatewayLayer {
    /// Makes a request the one that the backend gets, or says what the client gets.
    fn forward(&self, parts: &mut Parts) -> Result<Reply, Answer> {
        let table = self.table.borrow().clone();
        let head = RequestHead::new(self.received(parts), table.choices()).map_err(|reject| Answer::status(reject.status))?;
        let listener = match table.admit(&self.connection, &head) {
            Admission::Listener { id, .. } => id,
            Admission::Misdirected => return Err(Answer::status(421)),
            Admission::NotFound => return Err(Answer::status(404)),
        };
        let pinned = PinnedDecision::new(table.clone(), table.route(listener, &head));
        let decision = pinned.decision().ok_or(Answer::status(500))?;
        let picked = decision.pick(fastrand::u64(..));
        let exchange = react(&decision, picked, &head, parts.headers.clone(), |_| false);
        let (index, target, request) = match exchange.reaction {
            Reaction::Forward { index, target, request } => (index, target.clone(), request),
            Reaction::Answer { status, headers, .. } => return Err(Answer { status, headers }),
        };
        let origin = parts.headers.joined("origin").map(|origin| String::from_utf8_lossy(&origin).into_owned());
        let path: PathAndQuery = request.path_and_query.try_into().map_err(|_| Answer::status(500))?;
        (parts.uri, parts.headers) = (path.into(), request.headers);
        parts.extensions.insert(Upstream(target));
        Ok(Reply { decision: pinned, index, origin })
    }

    fn received<'r>(&self, parts: &'r Parts) -> HeadParts<'r, HeaderMap> {
        HeadParts {
            method: parts.method.as_str(),
            scheme: self.connection.scheme(),
            authority: parts.uri.authority().map(|authority| authority.as_str()),
            path_and_query: parts.uri.path_and_query().map_or("", |path| path.as_str()),
            headers: &parts.headers,
        }
    }
}

/// What was decided about a request, as far as its response is concerned.
struct Reply {
    decision: PinnedDecision,
    index: usize,
    origin: Option<String>,
}

impl Reply {
    fn finish(&self, headers: &mut HeaderMap) -> Result<(), Answer> {
        let decision = self.decision.decision().ok_or(Answer::status(500))?;
        finish(&decision, self.index, self.origin.as_deref(), headers).map_err(|error| Answer::status(error.status()))
    }
}

/// An answer of the Gateway itself.
struct Answer {
    status: StatusCode,
    headers: HeaderMap,
}

impl Answer {
    fn status(status: u16) -> Self {
        let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        Self { status, headers: HeaderMap::new() }
    }

    fn into_response<R: Body>(self) -> Response<Either<R, Empty<R::Data>>> {
        let mut response = Response::new(Either::Right(Empty::new()));
        (*response.status_mut(), *response.headers_mut()) = (self.status, self.headers);
        response
    }
}
