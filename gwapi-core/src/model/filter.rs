//! Filters of routes, for every kind that has any.

use alloc::{string::ToString, sync::Arc, vec::Vec};

use serde::Serialize;

use super::{BackendObjectRef, LocalObjectRef};
use crate::hostname::Hostname;

/// One filter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Filter {
    /// Changes headers of the request (H-014).
    RequestHeaderModifier(HeaderModifier),
    /// Changes headers of the response (H-018).
    ResponseHeaderModifier(HeaderModifier),
    /// Sends a copy to another backend (H-044).
    RequestMirror(RequestMirror),
    /// Answers with a redirect (H-023).
    RequestRedirect(RequestRedirect),
    /// Changes host and path of what is forwarded (H-035).
    UrlRewrite(UrlRewrite),
    /// Cross-origin requests (H-052).
    Cors(Cors),
    /// A filter of the implementation (H-006).
    ExtensionRef(LocalObjectRef),
    /// Asks a service first (H-070). Not built: the rule is refused, never served without.
    ExternalAuth(ExternalAuth),
}

impl Filter {
    /// The `type` of the filter.
    #[must_use]
    pub fn type_name(&self) -> &'static str {
        match self {
            Self::RequestHeaderModifier(_) => "RequestHeaderModifier",
            Self::ResponseHeaderModifier(_) => "ResponseHeaderModifier",
            Self::RequestMirror(_) => "RequestMirror",
            Self::RequestRedirect(_) => "RequestRedirect",
            Self::UrlRewrite(_) => "URLRewrite",
            Self::Cors(_) => "CORS",
            Self::ExtensionRef(_) => "ExtensionRef",
            Self::ExternalAuth(_) => "ExternalAuth",
        }
    }
}

/// The name of a header in lower case: names are compared without regard to case (F-011, H-015).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct HeaderName(Arc<str>);

/// Why a text is no header name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a header name is 1 to 256 characters of letters, digits and !#$%&'*+-.^_`|~")]
pub struct HeaderNameError;

impl HeaderName {
    /// Reads a header name. Pseudo-headers are none: `:` is no token character (F-026).
    ///
    /// # Errors
    /// If the text is no token of 1 to 256 characters, which the CRD does not check for `remove` (H-020).
    pub fn parse(text: &str) -> Result<Self, HeaderNameError> {
        let token = |b: u8| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b);
        if text.is_empty() || text.len() > 256 || !text.bytes().all(token) {
            return Err(HeaderNameError);
        }
        Ok(Self(text.to_ascii_lowercase().into()))
    }

    /// The same characters, kept as they are written: what browsers compare, and the names of cookies, have their case.
    ///
    /// # Errors
    /// As [`parse`](Self::parse).
    pub(crate) fn parse_written(text: &str) -> Result<Arc<str>, HeaderNameError> {
        Self::parse(text).map(|_| text.into())
    }

    /// The name in lower case.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl core::fmt::Display for HeaderName {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(&self.0)
    }
}

/// A header to write. The value holds no CR, LF or NUL (H-020).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct HeaderValue {
    /// Name.
    pub name: HeaderName,
    /// Value.
    pub value: Arc<str>,
}

/// `requestHeaderModifier` or `responseHeaderModifier`: every name at most once over the three lists (H-016, H-017).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct HeaderModifier {
    /// Headers that get this value in place of what they have.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub set: Vec<HeaderValue>,
    /// Headers that get this value in addition.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub add: Vec<HeaderValue>,
    /// Headers that go.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub remove: Vec<HeaderName>,
}

/// `requestMirror`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestMirror {
    /// Where the copy goes.
    pub backend: BackendObjectRef,
    /// Which share of the requests; a percentage is a fraction of 100 (H-047).
    pub fraction: Fraction,
}

/// A share. Both numbers are as configured, the denominator is at least 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Fraction {
    /// Numerator.
    pub numerator: u32,
    /// Denominator.
    pub denominator: u32,
}

impl Fraction {
    /// Everything.
    pub const ALL: Self = Self { numerator: 100, denominator: 100 };
}

/// `requestRedirect`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RequestRedirect {
    /// Scheme; that of the request if it is left out (H-025).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scheme: Option<Scheme>,
    /// Host; that of the request if it is left out (H-024).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hostname: Option<Hostname>,
    /// Path; that of the request if it is left out (H-026).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<PathModifier>,
    /// Port (H-028).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub port: Option<u16>,
    /// 301, 302, 303, 307 or 308 (H-023).
    pub status_code: u16,
}

/// The schemes that a redirect can ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Scheme {
    /// http
    Http,
    /// https
    Https,
}

impl Scheme {
    /// The scheme as URLs write it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Https => "https",
        }
    }

    /// The port that a URL of this scheme leaves out (H-029).
    #[must_use]
    pub fn default_port(self) -> u16 {
        match self {
            Self::Http => 80,
            Self::Https => 443,
        }
    }
}

/// `urlRewrite`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct UrlRewrite {
    /// The Host header that the backend gets.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hostname: Option<Hostname>,
    /// The path that the backend gets.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<PathModifier>,
}

/// What becomes of a path. The text holds no `?`, `#`, control or non-ASCII character (H-041).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "type", content = "value")]
pub enum PathModifier {
    /// The whole path is replaced (H-040).
    ReplaceFullPath(Arc<str>),
    /// The matched prefix is replaced (H-036).
    ReplacePrefixMatch(Arc<str>),
}

/// `cors`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cors {
    /// Which origins; none if empty (H-056).
    pub allow_origins: Vec<CorsOrigin>,
    /// Whether credentials may come (H-058).
    pub allow_credentials: bool,
    /// Which methods (H-059).
    pub allow_methods: AnyOr<Arc<str>>,
    /// Which request headers, as they are written (H-062).
    pub allow_headers: AnyOr<Arc<str>>,
    /// Which response headers scripts may read, as they are written; `*` may stand among them (H-063).
    pub expose_headers: Vec<Arc<str>>,
    /// For how many seconds a preflight answer holds (H-064).
    pub max_age: u32,
}

/// `externalAuth`: a service that is asked before a request goes on (H-070). What cannot be asked allows nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExternalAuth {
    /// The service (H-077).
    pub backend: BackendObjectRef,
    /// How it is asked.
    pub protocol: AuthProtocol,
    /// How many bytes of the body it gets at most; 0 means none (H-076).
    pub max_body: u32,
}

/// How an authorisation service is asked (H-071).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AuthProtocol {
    /// By a request over HTTP.
    Http(HttpAuth),
    /// By the protocol `ext_authz`.
    Grpc {
        /// Headers of the request that it gets; all of them if the list is empty (H-074).
        allowed_headers: Vec<HeaderName>,
    },
}

/// Authorisation over HTTP: only status 200 allows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HttpAuth {
    /// What is put before the path of the request; empty means nothing (H-075). Holds what a path may hold.
    pub path: Arc<str>,
    /// Headers of the request that it gets beside those that it always gets (H-073).
    pub allowed_headers: Vec<HeaderName>,
    /// Headers of its answer that go on to the backend; all of them if the list is empty (H-072).
    pub allowed_response_headers: Vec<HeaderName>,
}

/// `*`, or a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AnyOr<T> {
    /// `*`
    Any,
    /// These; possibly none.
    List(Vec<T>),
}

/// An allowed origin (H-056).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CorsOrigin {
    /// `*`
    Any,
    /// `scheme://host[:port]`.
    Origin {
        /// Scheme.
        scheme: Scheme,
        /// Host.
        host: OriginHost,
        /// Port; the scheme's default if it is not written.
        port: u16,
    },
}

/// The host of an allowed origin; wildcards are greedy over dots (H-056).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OriginHost {
    /// `*` alone: any host.
    Any,
    /// `*.example.com`: this holds `.example.com`.
    Suffix(Arc<str>),
    /// Exactly this one.
    Exact(Arc<str>),
}

impl CorsOrigin {
    /// Reads an entry of `allowOrigins`. Nothing if it is none, or its port is not in 1–65535.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        if text == "*" {
            return Some(Self::Any);
        }
        let (scheme, host, port) = split_origin(text)?;
        let host = match host.strip_prefix('*') {
            Some("") => OriginHost::Any,
            Some(suffix) if suffix.starts_with('.') => {
                OriginHost::Suffix(origin_host(suffix.get(1..)?).map(|_| suffix.to_ascii_lowercase().into())?)
            }
            Some(_) => return None,
            None => OriginHost::Exact(origin_host(host)?),
        };
        Some(Self::Origin { scheme, host, port })
    }

    /// Whether a request's `Origin` is allowed by this entry.
    #[must_use]
    pub fn allows(&self, origin: &str) -> bool {
        let Self::Origin { scheme, host, port } = self else { return !origin.is_empty() };
        let Some((origin_scheme, origin_name, origin_port)) = split_origin(origin) else { return false };
        // Not just any text that ends in the right way: `https://evil.example/.bar.com` is no origin.
        let Some(name) = origin_host(origin_name) else { return false };
        *scheme == origin_scheme
            && *port == origin_port
            && match host {
                OriginHost::Any => true,
                OriginHost::Suffix(suffix) => name.len() > suffix.len() && name.ends_with(&**suffix),
                OriginHost::Exact(exact) => name == *exact,
            }
    }
}

fn split_origin(text: &str) -> Option<(Scheme, &str, u16)> {
    let (scheme, rest) = text.split_once("://")?;
    let scheme = match scheme {
        "http" => Scheme::Http,
        "https" => Scheme::Https,
        _ => return None,
    };
    let (host, port) = match rest.rsplit_once(':').filter(|(_, port)| !port.ends_with(']')) {
        None => (rest, scheme.default_port()),
        Some((host, port)) => {
            let digits = !port.is_empty() && port.bytes().all(|b| b.is_ascii_digit());
            let port = digits.then(|| port.parse::<u16>().ok()).flatten().filter(|port| *port > 0)?;
            (host, port)
        }
    };
    (!host.is_empty()).then_some((scheme, host, port))
}

fn origin_host(host: &str) -> Option<Arc<str>> {
    let name = host.to_ascii_lowercase();
    let address = name.trim_start_matches('[').trim_end_matches(']').parse::<core::net::IpAddr>().is_ok();
    (address || Hostname::parse(&name).is_ok_and(|name| !name.is_wildcard())).then(|| name.to_string().into())
}
