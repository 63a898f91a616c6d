//! `RequestRedirect` (H-023 to H-034): where the client is sent.

use std::fmt;

use gwapi_core::model::{RequestRedirect, Scheme};
use serde::Serialize;

use super::{FilterError, rewrite::modified_path};
use crate::{head::RequestHead, headers::Headers};

/// What a redirect takes from the request and its listener.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RedirectContext<'a> {
    /// Scheme of the request.
    pub scheme: Scheme,
    /// Host of the request without port; an IPv6 address in brackets.
    pub host: Option<&'a str>,
    /// Port of the listener, whatever the Host header says (H-028).
    pub listener_port: u16,
    /// Path of the request in normal form.
    pub path: &'a str,
    /// Query of the request.
    pub query: Option<&'a str>,
    /// The value of the PathPrefix match that chose the rule.
    pub matched_prefix: Option<&'a str>,
}

impl<'a> RedirectContext<'a> {
    /// The context of a request.
    #[must_use]
    pub fn of<H: Headers + ?Sized>(head: &'a RequestHead<'_, H>, listener_port: u16, matched_prefix: Option<&'a str>) -> Self {
        let host = head.host.as_ref().map(|host| host.as_str());
        Self { scheme: head.scheme, host, listener_port, path: &head.path, query: head.query, matched_prefix }
    }
}

/// Where a redirect leads; its text is the value of the Location header.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Location {
    /// Status to answer with.
    pub status: u16,
    /// Scheme.
    pub scheme: Scheme,
    /// Host; an IPv6 address in brackets.
    pub host: String,
    /// Port; nothing if it is the scheme's default (H-029).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub port: Option<u16>,
    /// Path.
    pub path: String,
    /// Query: that of the request (H-032).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub query: Option<String>,
}

/// Where a request is sent.
///
/// ```
/// use gwapi_core::model::{RequestRedirect, Scheme};
/// use gwapi_match::filters::redirect::{RedirectContext, location};
/// // H-033: the usual redirect from HTTP to HTTPS.
/// let redirect = RequestRedirect { scheme: Some(Scheme::Https), hostname: None, path: None, port: None, status_code: 301 };
/// let request = RedirectContext {
///     scheme: Scheme::Http,
///     host: Some("example.org"),
///     listener_port: 8080,
///     path: "/cart",
///     query: Some("x=1"),
///     matched_prefix: None,
/// };
/// assert_eq!(location(&redirect, &request)?.to_string(), "https://example.org/cart?x=1");
/// # Ok::<(), gwapi_match::filters::FilterError>(())
/// ```
///
/// # Errors
/// If no host is known, or the path cannot be modified; the request is then answered with an error.
pub fn location(redirect: &RequestRedirect, request: &RedirectContext<'_>) -> Result<Location, FilterError> {
    let scheme = redirect.scheme.unwrap_or(request.scheme);
    let host = redirect.hostname.as_ref().map(|host| host.as_str()).or(request.host).ok_or(FilterError::NoHost)?;
    // `OPTIONS *` and CONNECT have no path (F-028), a URL has.
    let path = if request.path.starts_with('/') { request.path } else { "/" };
    Ok(Location {
        status: redirect.status_code,
        scheme,
        host: host.to_owned(),
        port: Some(port(redirect, request.listener_port)).filter(|port| *port != scheme.default_port()),
        path: modified_path(redirect.path.as_ref(), path, request.matched_prefix)?.into_owned(),
        query: request.query.map(escaped),
    })
}

/// H-028: the filter's port, else that of the filter's scheme, else the listener's.
fn port(redirect: &RequestRedirect, listener_port: u16) -> u16 {
    let of_scheme = redirect.scheme.map(Scheme::default_port);
    redirect.port.or(of_scheme).unwrap_or(listener_port)
}

/// Header values are ASCII; browsers send other characters of a query unescaped now and then.
fn escaped(query: &str) -> String {
    query.bytes().fold(String::with_capacity(query.len()), |mut text, byte| {
        match byte.is_ascii() {
            true => text.push(char::from(byte)),
            false => text.push_str(&format!("%{byte:02X}")),
        }
        text
    })
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { status: _, scheme, host, port, path, query } = self;
        write!(f, "{}://{host}", scheme.as_str())?;
        if let Some(port) = port {
            write!(f, ":{port}")?;
        }
        f.write_str(path)?;
        query.as_ref().map_or(Ok(()), |query| write!(f, "?{query}"))
    }
}

#[cfg(test)]
mod tests {
    use gwapi_core::{Hostname, model::PathModifier};

    use super::*;

    const NOTHING: RequestRedirect = RequestRedirect { scheme: None, hostname: None, path: None, port: None, status_code: 302 };
    const REQUEST: RedirectContext<'_> = RedirectContext {
        scheme: Scheme::Http,
        host: Some("shop.example.com"),
        listener_port: 80,
        path: "/cart",
        query: None,
        matched_prefix: Some("/cart"),
    };

    fn host(name: &str) -> Option<Hostname> {
        Some(Hostname::parse(name).unwrap())
    }

    fn to(redirect: &RequestRedirect, request: &RedirectContext<'_>) -> String {
        location(redirect, request).unwrap().to_string()
    }

    #[test]
    fn h_030_scheme_and_port_on_every_listener() {
        use Scheme::{Http, Https};
        let table = [
            (Http, 80, None, None, "http://example.org/"),
            (Http, 80, None, Some(80), "http://example.org/"),
            (Http, 80, None, Some(8080), "http://example.org:8080/"),
            (Http, 80, Some(Https), None, "https://example.org/"),
            (Http, 80, Some(Https), Some(443), "https://example.org/"),
            (Http, 80, Some(Https), Some(8443), "https://example.org:8443/"),
            (Http, 8080, None, None, "http://example.org:8080/"),
            (Http, 8080, None, Some(80), "http://example.org/"),
            (Http, 8080, Some(Https), None, "https://example.org/"),
            (Https, 443, None, None, "https://example.org/"),
            (Https, 443, None, Some(443), "https://example.org/"),
            (Https, 443, None, Some(8443), "https://example.org:8443/"),
            (Https, 443, Some(Http), None, "http://example.org/"),
            (Https, 443, Some(Http), Some(80), "http://example.org/"),
            (Https, 443, Some(Http), Some(8080), "http://example.org:8080/"),
        ];
        for (of_request, listener_port, scheme, port, expected) in table {
            let redirect = RequestRedirect { scheme, port, hostname: host("example.org"), ..NOTHING };
            let request = RedirectContext { scheme: of_request, listener_port, path: "/", ..REQUEST };
            assert_eq!(to(&redirect, &request), expected, "{of_request:?} {listener_port} {scheme:?} {port:?}");
        }
    }

    #[test]
    fn h_029_only_the_default_of_the_final_scheme_is_left_out() {
        let redirect = RequestRedirect { port: Some(443), ..NOTHING };
        assert_eq!(to(&redirect, &REQUEST), "http://shop.example.com:443/cart");
        let redirect = RequestRedirect { port: Some(80), scheme: Some(Scheme::Https), ..NOTHING };
        assert_eq!(to(&redirect, &REQUEST), "https://shop.example.com:80/cart");
        // The listener's port under TLS that was ended here.
        let request = RedirectContext { scheme: Scheme::Https, listener_port: 80, ..REQUEST };
        assert_eq!(to(&NOTHING, &request), "https://shop.example.com:80/cart");
    }

    #[test]
    fn pitfall_39_http_to_https_names_no_port() {
        // H-033, for each of several listeners; and a redirect that keeps the scheme stays on its own listener (H-028).
        let redirect = RequestRedirect { scheme: Some(Scheme::Https), status_code: 301, ..NOTHING };
        for listener_port in [80, 8080, 8081] {
            let request = RedirectContext { listener_port, ..REQUEST };
            assert_eq!(to(&redirect, &request), "https://shop.example.com/cart");
        }
        for (listener_port, expected) in [(8080, ":8080"), (8081, ":8081")] {
            let request = RedirectContext { listener_port, ..REQUEST };
            assert_eq!(to(&NOTHING, &request), format!("http://shop.example.com{expected}/cart"));
        }
    }

    #[test]
    fn h_023_the_status_is_the_filters() {
        for status_code in [301, 302, 303, 307, 308] {
            assert_eq!(location(&RequestRedirect { status_code, ..NOTHING }, &REQUEST).unwrap().status, status_code);
        }
    }

    #[test]
    fn h_024_the_host_is_the_filters_or_the_requests() {
        assert_eq!(to(&NOTHING, &REQUEST), "http://shop.example.com/cart");
        let redirect = RequestRedirect { hostname: host("example.org"), ..NOTHING };
        assert_eq!(to(&redirect, &REQUEST), "http://example.org/cart");
        let request = RedirectContext { host: None, ..REQUEST };
        assert_eq!(to(&redirect, &request), "http://example.org/cart");
        let error = location(&NOTHING, &request).unwrap_err();
        assert_eq!((error.clone(), error.status()), (FilterError::NoHost, 400));
    }

    #[test]
    fn h_024_addresses_keep_their_brackets() {
        let request = RedirectContext { host: Some("[2001:db8::1]"), listener_port: 8080, ..REQUEST };
        assert_eq!(to(&NOTHING, &request), "http://[2001:db8::1]:8080/cart");
    }

    #[test]
    fn h_025_the_scheme_is_the_filters_or_the_requests() {
        let request = RedirectContext { scheme: Scheme::Https, listener_port: 443, ..REQUEST };
        assert_eq!(to(&NOTHING, &request), "https://shop.example.com/cart");
        assert_eq!(to(&RequestRedirect { scheme: Some(Scheme::Http), ..NOTHING }, &request), "http://shop.example.com/cart");
    }

    #[test]
    fn h_026_and_h_031_paths_combine_with_everything() {
        let prefix = |value: &str| Some(PathModifier::ReplacePrefixMatch(value.into()));
        let full = |value: &str| Some(PathModifier::ReplaceFullPath(value.into()));
        let request = RedirectContext { path: "/old/lemon", matched_prefix: Some("/old"), ..REQUEST };
        let redirect = RequestRedirect { path: prefix("/new"), ..NOTHING };
        assert_eq!(to(&redirect, &request), "http://shop.example.com/new/lemon");
        let redirect =
            RequestRedirect { path: full("/new"), hostname: host("example.org"), port: Some(8083), status_code: 301, ..NOTHING };
        assert_eq!(to(&redirect, &request), "http://example.org:8083/new");
        let redirect = RequestRedirect { path: prefix("/.."), ..NOTHING };
        assert!(matches!(location(&redirect, &request), Err(FilterError::DotSegment { .. })));
        assert_eq!(location(&redirect, &RedirectContext { matched_prefix: None, ..request }), Err(FilterError::NoPrefix));
    }

    #[test]
    fn h_032_the_query_is_kept_and_ascii() {
        let request = RedirectContext { query: Some("a=%20&b=é"), ..REQUEST };
        assert_eq!(to(&NOTHING, &request), "http://shop.example.com/cart?a=%20&b=%C3%A9");
        let redirect = RequestRedirect { path: Some(PathModifier::ReplaceFullPath("/new".into())), ..NOTHING };
        assert_eq!(to(&redirect, &request), "http://shop.example.com/new?a=%20&b=%C3%A9");
        assert_eq!(to(&NOTHING, &RedirectContext { query: Some(""), ..REQUEST }), "http://shop.example.com/cart?");
    }

    #[test]
    fn f_028_requests_without_a_path_are_sent_to_the_root() {
        for path in ["*", ""] {
            assert_eq!(to(&NOTHING, &RedirectContext { path, ..REQUEST }), "http://shop.example.com/");
        }
    }

    #[test]
    fn locations_serialize_by_parts() {
        let redirect = RequestRedirect { port: Some(8443), scheme: Some(Scheme::Https), ..NOTHING };
        let json = serde_json::to_string(&location(&redirect, &REQUEST).unwrap()).unwrap();
        assert_eq!(json, r#"{"status":302,"scheme":"https","host":"shop.example.com","port":8443,"path":"/cart"}"#);
    }
}
