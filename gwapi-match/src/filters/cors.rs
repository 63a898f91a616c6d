//! `CORS` (H-052 to H-069): the gateway answers preflights itself and decides alone which origins may read responses.
//!
//! What counts is the filter, not whether a request carries credentials (H-058, X-12). The rule for a preflight is chosen
//! by its own method, OPTIONS, so that a rule that asks for another method never sees one (H-069).

use gwapi_core::model::{AnyOr, Cors, CorsOrigin, HeaderName};
use http::{HeaderMap, HeaderValue, header};
use serde::Serialize;

use super::FilterError;
use crate::headers::Headers;

/// The headers by which servers speak about CORS. Those of a backend are removed: the filter is the authority (H-068).
pub const RESPONSE_HEADERS: [&str; 6] = [ALLOW_ORIGIN, ALLOW_CREDENTIALS, ALLOW_METHODS, ALLOW_HEADERS, EXPOSE_HEADERS, MAX_AGE];

const ALLOW_ORIGIN: &str = "access-control-allow-origin";
const ALLOW_CREDENTIALS: &str = "access-control-allow-credentials";
const ALLOW_METHODS: &str = "access-control-allow-methods";
const ALLOW_HEADERS: &str = "access-control-allow-headers";
const EXPOSE_HEADERS: &str = "access-control-expose-headers";
const MAX_AGE: &str = "access-control-max-age";
const REQUEST_METHOD: &str = "access-control-request-method";
const REQUEST_HEADERS: &str = "access-control-request-headers";
const ORIGIN: &str = "origin";
const VARY: &str = "vary";

/// A header to write: name in lower case, and value.
pub type CorsHeader = (&'static str, String);

/// The whole answer to a preflight; it has no body.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PreflightAnswer {
    /// 204, whether or not the origin is allowed (H-053, H-054): without the headers the browser blocks.
    pub status: u16,
    /// Headers.
    pub headers: Vec<CorsHeader>,
}

/// What becomes of a backend's response.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ResponseChanges {
    /// Headers of the backend to remove first.
    pub strip: &'static [&'static str],
    /// Headers to write then.
    pub set: Vec<CorsHeader>,
    /// Whether `Origin` belongs among the values of Vary, in addition to the backend's own.
    pub vary: bool,
}

/// Whether a request is a preflight: OPTIONS with Origin and Access-Control-Request-Method (H-052). Other OPTIONS requests
/// are forwarded (H-067).
#[must_use]
pub fn is_preflight<H: Headers + ?Sized>(method: &str, headers: &H) -> bool {
    method == "OPTIONS" && headers.first(ORIGIN).is_some() && headers.first(REQUEST_METHOD).is_some()
}

/// The answer to a preflight with these headers.
#[must_use]
pub fn answer_preflight<H: Headers + ?Sized>(cors: &Cors, headers: &H) -> PreflightAnswer {
    let text = |name| headers.joined(name).map(|value| String::from_utf8_lossy(&value).into_owned());
    preflight(cors, &text(ORIGIN).unwrap_or_default(), text(REQUEST_METHOD).as_deref(), text(REQUEST_HEADERS).as_deref())
}

/// The answer to a preflight from `origin` that asks for a method and headers. It is never forwarded, matching origin or
/// not (H-052).
///
/// ```
/// use gwapi_core::model::{AnyOr, Cors, CorsOrigin};
/// use gwapi_match::filters::cors::preflight;
/// let cors = Cors {
///     allow_origins: vec![CorsOrigin::parse("https://*.example.com").unwrap()],
///     allow_credentials: false,
///     allow_methods: AnyOr::List(vec!["GET".into(), "PUT".into()]),
///     allow_headers: AnyOr::Any,
///     expose_headers: vec![],
///     max_age: 5,
/// };
/// let answer = preflight(&cors, "https://shop.example.com", Some("PUT"), None);
/// assert!(answer.headers.contains(&("access-control-allow-methods", "GET, PUT".to_owned())));
/// ```
#[must_use]
pub fn preflight(cors: &Cors, origin: &str, request_method: Option<&str>, request_headers: Option<&str>) -> PreflightAnswer {
    let mut headers = Vec::new();
    if let Some(shared) = shared_headers(cors, origin) {
        // H-061: nothing is said about what was not asked for.
        let methods = request_method.and_then(|method| allow_methods(cors, method));
        let names = request_headers.and_then(|names| allow_headers(cors, names));
        headers = shared;
        headers.extend(methods.map(|methods| (ALLOW_METHODS, methods)));
        headers.extend(names.map(|names| (ALLOW_HEADERS, names)));
        headers.push((MAX_AGE, cors.max_age.to_string()));
    }
    if varies(cors) {
        headers.push((VARY, "Origin".to_owned()));
    }
    PreflightAnswer { status: 204, headers }
}

/// What becomes of a backend's response to a request with this Origin, or without any (H-055).
///
/// A request without Origin is no business of CORS: the backend's headers stay (pitfall 42). Only Vary is there
/// nevertheless, lest a cache gives the response to a request with an origin.
#[must_use]
pub fn response_headers(cors: &Cors, origin: Option<&str>) -> ResponseChanges {
    let strip: &[_] = if origin.is_some() { &RESPONSE_HEADERS } else { &[] };
    let set = origin.and_then(|origin| shared_headers(cors, origin)).unwrap_or_default();
    ResponseChanges { strip, set, vary: varies(cors) }
}

/// Makes these changes to a response.
///
/// # Errors
/// If a header cannot be written; the response must not be sent.
pub fn apply(changes: &ResponseChanges, headers: &mut HeaderMap) -> Result<(), FilterError> {
    for name in changes.strip {
        headers.remove(*name);
    }
    for (name, value) in &changes.set {
        let cannot_write = || FilterError::Header { name: (*name).to_owned() };
        let value = HeaderValue::from_str(value).map_err(|_| cannot_write())?;
        headers.try_insert(*name, value).map_err(|_| cannot_write())?;
    }
    if changes.vary && !varies_already(headers) {
        let cannot_write = |_| FilterError::Header { name: VARY.to_owned() };
        headers.try_append(header::VARY, HeaderValue::from_static("Origin")).map_err(cannot_write)?;
    }
    Ok(())
}

fn varies_already(headers: &HeaderMap) -> bool {
    let says = |name: &[u8]| name == b"*" || name.eq_ignore_ascii_case(b"origin");
    Headers::values(headers, VARY).flat_map(|value| value.split(|b| *b == b',')).any(|name| says(name.trim_ascii()))
}

/// What preflights and responses have in common, if the origin is allowed. The exposed headers stand on both (H-063).
fn shared_headers(cors: &Cors, origin: &str) -> Option<Vec<CorsHeader>> {
    let mut headers = vec![(ALLOW_ORIGIN, allow_origin(cors, origin)?.to_owned())];
    if cors.allow_credentials {
        headers.push((ALLOW_CREDENTIALS, "true".to_owned()));
    }
    // `*` is a name like any other when credentials are allowed, and must not be sent (H-063).
    let exposed = cors.expose_headers.iter().filter(|name| !(cors.allow_credentials && ***name == *"*"));
    let exposed = listed(exposed);
    headers.extend((!exposed.is_empty()).then_some((EXPOSE_HEADERS, exposed)));
    Some(headers)
}

/// The value of Access-Control-Allow-Origin: the origin itself if an entry names it or its host's wildcard, `*` if only `*`
/// allows it and there are no credentials (H-057).
///
/// `null`, the origin of sandboxed documents, is nobody's name: only `*` without credentials allows it (pitfall 42).
fn allow_origin<'o>(cors: &Cors, origin: &'o str) -> Option<&'o str> {
    let any = cors.allow_origins.contains(&CorsOrigin::Any) && !origin.is_empty();
    let named = |entry: &CorsOrigin| *entry != CorsOrigin::Any && entry.allows(origin);
    if is_origin(origin) && ((any && cors.allow_credentials) || cors.allow_origins.iter().any(named)) {
        Some(origin)
    } else {
        (any && !cors.allow_credentials).then_some("*")
    }
}

/// Whether a text is an origin as browsers write it: `scheme://host[:port]`. Others are never echoed: a path or a blank in
/// it could make it end like an allowed one.
fn is_origin(text: &str) -> bool {
    let scheme = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'-' | b'.');
    let host = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_' | b':' | b'[' | b']');
    let parts = text.split_once("://").filter(|(before, behind)| !before.is_empty() && !behind.is_empty());
    parts.is_some_and(|(before, behind)| before.bytes().all(scheme) && behind.bytes().all(host))
}

/// Whether answers differ by origin, so that caches must know (H-068).
fn varies(cors: &Cors) -> bool {
    cors.allow_origins.iter().any(|entry| cors.allow_credentials || *entry != CorsOrigin::Any)
}

/// H-059: the configured methods, whichever was asked for (H-065); without any, those that are always allowed (H-060).
fn allow_methods(cors: &Cors, requested: &str) -> Option<String> {
    match &cors.allow_methods {
        AnyOr::Any => any_or_echo(cors, std::iter::once(requested)),
        AnyOr::List(methods) if methods.is_empty() => Some("GET, HEAD, POST".to_owned()),
        AnyOr::List(methods) => Some(listed(methods)),
    }
}

/// H-062: the configured headers, whichever were asked for.
fn allow_headers(cors: &Cors, requested: &str) -> Option<String> {
    match &cors.allow_headers {
        AnyOr::Any => any_or_echo(cors, requested.split(',').map(str::trim)),
        AnyOr::List(names) => (!names.is_empty()).then(|| listed(names)),
    }
}

/// `*`, or with credentials, where browsers do not know that `*`, what was asked for (H-059). Methods and header names are
/// both tokens; what is none is not repeated, nor is a `*`, which is one and must not be sent either.
fn any_or_echo<'a>(cors: &Cors, requested: impl Iterator<Item = &'a str>) -> Option<String> {
    if !cors.allow_credentials {
        return Some("*".to_owned());
    }
    let tokens = listed(requested.filter(|text| *text != "*" && HeaderName::parse(text).is_ok()));
    (!tokens.is_empty()).then_some(tokens)
}

fn listed<T: AsRef<str>>(texts: impl IntoIterator<Item = T>) -> String {
    let mut list = String::new();
    for text in texts {
        if !list.is_empty() {
            list.push_str(", ");
        }
        list.push_str(text.as_ref());
    }
    list
}

#[cfg(test)]
mod tests;
