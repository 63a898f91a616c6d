//! The head of a request as matching sees it, and the one place that host and path are normalised.

use std::borrow::Cow;

use gwapi_core::{Choices, RequestHost, choices::RepeatedQuery, model::Scheme};
use serde::Serialize;

use crate::headers::Headers;

mod normalize;
mod query;

pub(crate) use normalize::has_dot_segment;
pub(crate) use query::{decode, decoded};
pub use query::{query_first, query_last, query_matches_exact, query_pairs, query_value};

/// A request's head as it was received. [`RequestHead::new`] makes sense of it.
#[derive(Clone, Copy, Debug)]
pub struct HeadParts<'r, H: Headers + ?Sized> {
    /// Method, as written.
    pub method: &'r str,
    /// Whether the request came over TLS that was ended here.
    pub scheme: Scheme,
    /// `:authority`, or the authority of a request line in absolute form or of CONNECT. It counts before the Host header
    /// (E-015; RFC 9112, section 3.2.2).
    pub authority: Option<&'r str>,
    /// The path and query of the request line or `:path`, as written; empty for CONNECT without a path.
    pub path_and_query: &'r str,
    /// Headers.
    pub headers: &'r H,
}

/// The head of a request in normal form: what is matched, and what is forwarded. The two never differ (F-010).
///
/// ```
/// use gwapi_core::{Choices, model::Scheme};
/// use gwapi_match::head::{HeadParts, RequestHead};
/// let headers: [(&[u8], &[u8]); 1] = [(b"Host", b"Shop.Example.com:8080")];
/// let target = "/cart%2d1//?x=1";
/// let headers = &headers[..];
/// let parts = HeadParts { method: "GET", scheme: Scheme::Http, authority: None, path_and_query: target, headers };
/// let head = RequestHead::new(parts, &Choices::default())?;
/// assert_eq!(head.host.as_ref().map(|host| host.as_str()), Some("shop.example.com"));
/// assert_eq!(head.authority, Some("Shop.Example.com:8080"));
/// assert_eq!((&*head.path, head.query), ("/cart-1/", Some("x=1")));
/// assert_eq!(head.forward_path_and_query(), "/cart-1/?x=1");
/// # Ok::<(), gwapi_match::head::Reject>(())
/// ```
#[derive(Debug)]
pub struct RequestHead<'r, H: Headers + ?Sized> {
    /// Method, as written: methods have a case (F-018).
    pub method: &'r str,
    /// Scheme.
    pub scheme: Scheme,
    /// The host that is matched: without port, in lower case. Nothing if the request names none (E-026).
    pub host: Option<RequestHost<'r>>,
    /// The host as it was received, with its port: what is forwarded as Host (E-012, E-013).
    pub authority: Option<&'r str>,
    /// The path in normal form. It begins with `/`, except that `OPTIONS *` has the path `*` and CONNECT may have the empty
    /// one: only the prefix `/` matches these (F-028; [`Self::has_path`]).
    pub path: Cow<'r, str>,
    /// The query, without the `?`, as written: it takes no part in path matching (F-008) and is forwarded unchanged.
    pub query: Option<&'r str>,
    /// Headers, as received. The Host among them may not be the one that counts: ask [`Self::header_matches_exact`].
    pub headers: &'r H,
    target: &'r str,
}

// Derived, it would ask for `H: Clone`.
impl<H: Headers + ?Sized> Clone for RequestHead<'_, H> {
    fn clone(&self) -> Self {
        Self { host: self.host.clone(), path: self.path.clone(), ..*self }
    }
}

/// Why a request is answered and not routed at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, thiserror::Error)]
#[error("{why}")]
pub struct Reject {
    /// The status to answer with.
    pub status: u16,
    /// What is wrong with the request.
    pub why: RejectReason,
}

/// What is wrong with a request's head.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, thiserror::Error)]
#[serde(rename_all = "camelCase")]
pub enum RejectReason {
    /// The request line has no path.
    #[error("the path does not begin with `/`")]
    PathNotAbsolute,
    /// A raw character that no URL holds, and that some servers take for the end of the path or for a `/`.
    #[error("the path or query holds a blank, a control character, a `#` or a `\\`")]
    ForbiddenCharacter,
    /// A `%` without two hexadecimal digits.
    #[error("the path holds a `%` that is not followed by two hexadecimal digits")]
    MalformedEscape,
    /// `%00`.
    #[error("the path holds `%00`")]
    EncodedNul,
    /// `%2F` or `%5C`, if the choice is to reject them.
    #[error("the path holds `%2F` or `%5C`")]
    EncodedSlash,
    /// `.` or `..` between separators, or what some servers take for it.
    #[error("the path holds a `.` or `..` segment")]
    DotSegment,
    /// More than one Host header.
    #[error("the request has more than one Host header")]
    SeveralHosts,
    /// A host that is none.
    #[error("the host is no valid host name or address")]
    InvalidHost,
}

impl From<RejectReason> for Reject {
    fn from(why: RejectReason) -> Self {
        Self { status: 400, why }
    }
}

impl<'r, H: Headers + ?Sized> RequestHead<'r, H> {
    /// Normalises a request's head. Nothing is allocated for a path that is in normal form already and a host in lower
    /// case.
    ///
    /// The path's normal form (F-010): escapes of unreserved characters are decoded, the hexadecimal digits of the others
    /// are upper case, and raw characters that RFC 3986 does not allow in a path are escaped. `//`, `.`, `..`, `%2F` and
    /// `%5C` are merged, resolved, kept or rejected as `choices` say.
    ///
    /// # Errors
    /// If the request must be answered with 400: no servers agree on what its path or host is, so that a backend could read
    /// it as another than the one that was matched.
    pub fn new(parts: HeadParts<'r, H>, choices: &Choices) -> Result<Self, Reject> {
        let HeadParts { method, scheme, authority, path_and_query: target, headers } = parts;
        let authority = received_host(authority, headers)?;
        let host = authority.map(|text| RequestHost::parse(text).ok_or(RejectReason::InvalidHost)).transpose()?;
        let (path, query) = read_target(method, target, parts.authority.is_some(), choices)?;
        Ok(Self { method, scheme, host, authority, path, query, headers, target })
    }

    /// Whether it is a request of gRPC: its content is `application/grpc`, or `application/grpc+proto` and the like.
    #[must_use]
    pub fn is_grpc(&self) -> bool {
        const TYPE: &[u8] = b"application/grpc";
        let value = self.headers.first("content-type").unwrap_or_default();
        let Some((name, rest)) = value.trim_ascii_start().split_at_checked(TYPE.len()) else { return false };
        // What other types begin with it: `application/grpc-web`.
        let is_whole = || matches!(rest.trim_ascii_start().first(), None | Some(b';'));
        name.eq_ignore_ascii_case(TYPE) && (rest.starts_with(b"+") || is_whole())
    }

    /// The same request as it leaves the filters of its listener (H-081): another method, path and headers. The host stays the
    /// client's own, whatever the filters made of it (H-082), and so does the listener (H-083).
    ///
    /// # Errors
    /// If no servers agree on what the new path is, as [`Self::new`].
    pub fn filtered<'f, G: Headers + ?Sized>(
        &'f self,
        method: &'f str,
        path_and_query: &'f str,
        headers: &'f G,
        choices: &Choices,
    ) -> Result<RequestHead<'f, G>, Reject> {
        let (path, query) = read_target(method, path_and_query, false, choices)?;
        let host = self.host.clone();
        Ok(RequestHead {
            method,
            scheme: self.scheme,
            host,
            authority: self.authority,
            path,
            query,
            headers,
            target: path_and_query,
        })
    }

    /// Whether there is a path that exact paths and patterns can be compared with (F-028).
    #[must_use]
    pub fn has_path(&self) -> bool {
        self.path.starts_with('/')
    }

    /// The path and query to forward if no filter rewrites the path: the path that was matched, and the query as received.
    #[must_use]
    pub fn forward_path_and_query(&self) -> Cow<'r, str> {
        match self.path {
            Cow::Borrowed(path) if normalize::split_query(self.target) == (path, self.query) => Cow::Borrowed(self.target),
            _ => Cow::Owned(path_and_query(&self.path, self.query)),
        }
    }

    /// Whether a header has exactly this value. `host` means the host that counts, wherever it was written: a rule on Host
    /// is how meshes filter by host (F-026), and HTTP/2 has only `:authority` (E-015).
    #[must_use]
    pub fn header_matches_exact(&self, name: &str, value: &[u8]) -> bool {
        match name {
            "host" => self.authority.is_some_and(|host| host.as_bytes() == value),
            _ => self.headers.matches_exact(name, value),
        }
    }

    /// The value of a header that patterns are held against, as [`Headers::joined`]; of `host` the one that counts.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<Cow<'r, [u8]>> {
        match name {
            "host" => self.authority.map(|host| Cow::Borrowed(host.as_bytes())),
            _ => self.headers.joined(name),
        }
    }

    /// The decoded value of a query parameter, as [`query_value`].
    #[must_use]
    pub fn query_value(&self, name: &str, which: RepeatedQuery) -> Option<Cow<'r, [u8]>> {
        query_value(self.query?, name.as_bytes(), which)
    }

    /// Whether a query parameter has exactly this value, as [`query_matches_exact`].
    #[must_use]
    pub fn query_matches_exact(&self, name: &str, value: &str, which: RepeatedQuery) -> bool {
        self.query.is_some_and(|query| query_matches_exact(query, name.as_bytes(), value.as_bytes(), which))
    }
}

/// The path in normal form, and the query.
fn read_target<'r>(
    method: &str,
    target: &'r str,
    is_absolute: bool,
    choices: &Choices,
) -> Result<(Cow<'r, str>, Option<&'r str>), RejectReason> {
    let (path, query) = normalize::split_target(target)?;
    let path = match path {
        "*" if method == "OPTIONS" && query.is_none() => Cow::Borrowed(path),
        "" if method == "CONNECT" && query.is_none() => Cow::Borrowed(path),
        // An absolute form without a path means `/` (RFC 3986, section 6.2.3).
        "" if is_absolute => Cow::Borrowed("/"),
        _ => normalize::normal_path(path, choices)?,
    };
    Ok((path, query))
}

/// A path with its query, as request lines write them.
#[must_use]
pub fn path_and_query(path: &str, query: Option<&str>) -> String {
    match query {
        None => path.to_owned(),
        Some(query) => format!("{path}?{query}"),
    }
}

/// The one host that a request names. Several Host headers are refused even if they are equal (RFC 9112, section 3.2):
/// which one a backend reads is anybody's guess. An empty one is the same as none (E-026).
fn received_host<'r, H: Headers + ?Sized>(authority: Option<&'r str>, headers: &'r H) -> Result<Option<&'r str>, RejectReason> {
    let mut lines = headers.values("host");
    let line = lines.next();
    if lines.next().is_some() {
        return Err(RejectReason::SeveralHosts);
    }
    let host = match (authority.filter(|authority| !authority.is_empty()), line) {
        (Some(authority), _) => authority,
        (None, Some(line)) => std::str::from_utf8(line).map_err(|_| RejectReason::InvalidHost)?,
        (None, None) => return Ok(None),
    };
    Ok((!host.is_empty()).then_some(host))
}

#[cfg(test)]
mod tests;
