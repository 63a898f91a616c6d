//! Requests as a server hands them over.

use gwapi_core::model::Scheme;
use gwapi_match::{
    Table,
    head::{HeadParts, Reject, RequestHead},
};
use http::{HeaderMap, HeaderName, HeaderValue, request::Parts};

/// What nearly every request carries, besides Host.
const COMMON: [(&str, &str); 9] = [
    ("user-agent", "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0"),
    ("accept", "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"),
    ("accept-language", "en-US,en;q=0.5"),
    ("accept-encoding", "gzip, deflate, br"),
    ("cookie", "session=0123456789abcdef"),
    ("cache-control", "no-cache"),
    ("x-request-id", "5b1c7a52-6c0e-4a8e-8d8b-2a6c2d1f0e9a"),
    ("x-forwarded-for", "192.0.2.7"),
    ("referer", "https://www.example.com/"),
];

/// A GET with Host and nine common headers.
///
/// # Panics
/// If host or target are none.
#[must_use]
pub fn get(host: &str, target: &str) -> Parts {
    let mut request = http::Request::get(target).header("host", host);
    for (name, value) in COMMON {
        request = request.header(name, value);
    }
    request.body(()).expect("a workload makes requests that are well-formed").into_parts().0
}

/// The same with more headers.
///
/// # Panics
/// If a header is none.
#[must_use]
pub fn with(mut parts: Parts, headers: &[(&'static str, String)]) -> Parts {
    for (name, value) in headers {
        let value = HeaderValue::from_str(value).expect("a workload makes headers that are well-formed");
        parts.headers.append(HeaderName::from_static(name), value);
    }
    parts
}

/// The head of a request, as a table reads it.
///
/// # Errors
/// If the request is none that a table reads.
pub fn head<'r>(table: &Table, parts: &'r Parts) -> Result<RequestHead<'r, HeaderMap>, Reject> {
    table.head(HeadParts {
        method: parts.method.as_str(),
        scheme: Scheme::Http,
        authority: parts.uri.authority().map(http::uri::Authority::as_str),
        path_and_query: parts.uri.path_and_query().map_or("", http::uri::PathAndQuery::as_str),
        headers: &parts.headers,
    })
}
