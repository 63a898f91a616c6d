//! Answers that the proxy gives itself.

use std::borrow::Cow;

use http::{HeaderMap, HeaderValue, Response, StatusCode, header};

use crate::body::{self, Body};

/// An answer of our own: a status and a line of text. The text is for whoever sent the request, and so names nothing of the
/// configuration (S-006).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) text: Cow<'static, str>,
    /// Boxed, since answers are errors in most places and should be small there.
    pub(crate) headers: Box<HeaderMap>,
}

impl Answer {
    pub(crate) fn new(status: StatusCode, text: impl Into<Cow<'static, str>>) -> Self {
        Self { status, text: text.into(), headers: Box::default() }
    }

    /// With a status that was decided elsewhere.
    pub(crate) fn with(status: u16, text: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR), text)
    }

    pub(crate) fn no_path() -> Self {
        Self::new(StatusCode::BAD_REQUEST, "the request line has no path")
    }

    pub(crate) fn not_found() -> Self {
        Self::new(StatusCode::NOT_FOUND, "no route matches this request")
    }

    pub(crate) fn internal() -> Self {
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "the route cannot serve this request")
    }

    pub(crate) fn no_endpoints() -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "the backend has no endpoints")
    }

    pub(crate) fn unreachable() -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "the backend cannot be reached")
    }

    pub(crate) fn bad_gateway() -> Self {
        Self::new(StatusCode::BAD_GATEWAY, "the backend gave no valid answer")
    }

    pub(crate) fn timeout() -> Self {
        Self::new(StatusCode::GATEWAY_TIMEOUT, "the backend took too long")
    }

    pub(crate) fn connect() -> Self {
        Self::new(StatusCode::METHOD_NOT_ALLOWED, "CONNECT is not served here")
    }

    pub(crate) fn into_response(self) -> Response<Body> {
        let mut response = Response::new(body::empty());
        *response.status_mut() = self.status;
        *response.headers_mut() = *self.headers;
        if !self.text.is_empty() {
            *response.body_mut() = body::full(format!("{}\n", self.text));
            response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
        }
        response
    }
}
