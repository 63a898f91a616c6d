//! What the service is asked.

use std::{collections::BTreeMap, net::SocketAddr};

use gwapi_core::model::{self, AuthProtocol, ExternalAuth, HttpAuth, Scheme};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};

use super::{Denial, DenialReason, is_of_the_message};
use crate::{head::has_dot_segment, headers::Headers};

/// A request that a service is asked about, as it is when the filter's turn comes (H-001).
#[derive(Clone, Copy, Debug)]
pub struct Subject<'r> {
    /// Method.
    pub method: &'r str,
    /// Scheme.
    pub scheme: Scheme,
    /// Host, with its port.
    pub authority: Option<&'r str>,
    /// Path and query.
    pub path_and_query: &'r str,
    /// Headers.
    pub headers: &'r HeaderMap,
    /// The version of HTTP, as request lines write it. For GRPC only.
    pub version: &'r str,
    /// The client. For GRPC only.
    pub source: Option<SocketAddr>,
    /// Where the connection of the client arrived. For GRPC only.
    pub destination: Option<SocketAddr>,
    /// The body, as far as [`body_limit`] asks for it.
    pub body: Body<'r>,
}

/// The beginning of a body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Body<'r> {
    /// What has come.
    pub bytes: &'r [u8],
    /// Whether that is everything.
    pub is_whole: bool,
}

impl Body<'_> {
    /// Nothing of the body: for services that do not get any. A body that has nothing in it is whole.
    pub const NONE: Self = Self { bytes: &[], is_whole: false };
}

/// What the service is asked, over the protocol that it speaks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Question<'r> {
    /// A request over HTTP.
    Http(HttpQuestion<'r>),
    /// A call of `envoy.service.auth.v3.Authorization/Check`.
    Grpc(GrpcQuestion<'r>),
}

/// A request for the service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HttpQuestion<'r> {
    /// The method of the request itself.
    pub method: &'r str,
    /// Path and query.
    pub path_and_query: String,
    /// Headers, complete: Host and Content-Length among them. The Host is that of the request (H-073).
    pub headers: HeaderMap,
    /// Body.
    pub body: &'r [u8],
}

/// The fields of a `CheckRequest`: those of `attributes.request.http`, and the addresses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GrpcQuestion<'r> {
    /// `source.address`
    pub source: Option<SocketAddr>,
    /// `destination.address`
    pub destination: Option<SocketAddr>,
    /// `method`
    pub method: &'r str,
    /// `scheme`
    pub scheme: Scheme,
    /// `host`
    pub host: Option<&'r str>,
    /// `path`, with the query.
    pub path_and_query: &'r str,
    /// `protocol`
    pub version: &'r str,
    /// `headers`: names in lower case, the values of repeated ones joined. What is no UTF-8 in them is replaced.
    pub headers: BTreeMap<&'r str, String>,
    /// `size`: the length of the body; nothing if none is sent, which is written as -1.
    pub size: Option<u64>,
    /// `raw_body`
    pub body: &'r [u8],
}

/// How many bytes of the body have to be there before [`ask`] is called; 0 means none. `declared` is the Content-Length.
///
/// A body without a declared length is read until its end or one byte more than that.
///
/// # Errors
/// If the body is too long (H-076): the client gets its denial before anything is read.
pub fn body_limit(auth: &ExternalAuth, declared: Option<u64>) -> Result<u32, Denial> {
    match declared {
        Some(length) if auth.max_body > 0 && length > auth.max_body.into() => Err(too_long()),
        _ => Ok(auth.max_body),
    }
}

/// The question for a service.
///
/// # Errors
/// If there is none: the client gets this denial.
pub fn ask<'r>(auth: &ExternalAuth, subject: Subject<'r>) -> Result<Question<'r>, Denial> {
    let body = forwarded(subject.body, auth.max_body)?;
    match &auth.protocol {
        AuthProtocol::Http(http) => ask_http(http, &subject, body.unwrap_or_default()).map(Question::Http),
        AuthProtocol::Grpc { allowed_headers } => Ok(Question::Grpc(ask_grpc(allowed_headers, &subject, body))),
    }
}

/// The body that the service gets; nothing if it gets none.
fn forwarded(body: Body<'_>, max_body: u32) -> Result<Option<&[u8]>, Denial> {
    if max_body == 0 {
        return Ok(None);
    }
    let fits = body.is_whole && u32::try_from(body.bytes.len()).is_ok_and(|length| length <= max_body);
    if fits { Ok(Some(body.bytes)) } else { Err(too_long()) }
}

fn too_long() -> Denial {
    Denial::own(StatusCode::PAYLOAD_TOO_LARGE, DenialReason::BodyTooLong)
}

fn ask_http<'r>(auth: &HttpAuth, subject: &Subject<'r>, body: &'r [u8]) -> Result<HttpQuestion<'r>, Denial> {
    // `OPTIONS *`, and CONNECT: no path that a prefix could stand before.
    if !subject.path_and_query.starts_with('/') || subject.method == "CONNECT" {
        return Err(Denial::own(StatusCode::FORBIDDEN, DenialReason::NotAskable));
    }
    let bad_filter = || Denial::own(StatusCode::INTERNAL_SERVER_ERROR, DenialReason::BadFilter);
    let path_and_query = format!("{}{}", prefix(&auth.path).ok_or_else(bad_filter)?, subject.path_and_query);
    let headers = http_headers(auth, subject, body.len());
    let headers = headers.ok_or_else(|| Denial::own(StatusCode::FORBIDDEN, DenialReason::NotAskable))?;
    Ok(HttpQuestion { method: subject.method, path_and_query, headers, body })
}

/// H-073. Nothing if they cannot be written.
fn http_headers(auth: &HttpAuth, subject: &Subject<'_>, body_length: usize) -> Option<HeaderMap> {
    let mut headers = HeaderMap::new();
    if let Some(authority) = subject.authority {
        headers.try_insert(header::HOST, HeaderValue::from_str(authority).ok()?).ok()?;
    }
    headers.try_insert(header::CONTENT_LENGTH, HeaderValue::from(body_length)).ok()?;
    let allowed = auth.allowed_headers.iter().filter_map(|name| HeaderName::from_bytes(name.as_str().as_bytes()).ok());
    for name in std::iter::once(header::AUTHORIZATION).chain(allowed) {
        if is_of_the_message(&name) || headers.contains_key(&name) {
            continue;
        }
        for value in subject.headers.get_all(&name) {
            headers.try_append(name.clone(), value.clone()).ok()?;
        }
    }
    Some(headers)
}

/// H-075: what stands before the path. Nothing if it would make another path of it, or none.
fn prefix(text: &str) -> Option<String> {
    let trimmed = text.trim_matches('/');
    if trimmed.is_empty() {
        return Some(String::new());
    }
    let prefix = format!("/{trimmed}");
    let is_path = |byte: u8| byte.is_ascii_graphic() && !b"?#\\\"<>^`{|}".contains(&byte);
    (prefix.bytes().all(is_path) && !has_dot_segment(&prefix)).then_some(prefix)
}

/// H-074.
fn ask_grpc<'r>(allowed: &[model::HeaderName], subject: &Subject<'r>, body: Option<&'r [u8]>) -> GrpcQuestion<'r> {
    let names = subject.headers.keys().map(HeaderName::as_str);
    let names = names.filter(|name| allowed.is_empty() || allowed.iter().any(|allowed| allowed.as_str() == *name));
    let headers = names.filter_map(|name| {
        let value = subject.headers.joined(name)?;
        Some((name, String::from_utf8_lossy(&value).into_owned()))
    });
    GrpcQuestion {
        source: subject.source,
        destination: subject.destination,
        method: subject.method,
        scheme: subject.scheme,
        host: subject.authority,
        path_and_query: subject.path_and_query,
        version: subject.version,
        headers: headers.collect(),
        size: body.map(|body| body.len() as u64),
        body: body.unwrap_or_default(),
    }
}
