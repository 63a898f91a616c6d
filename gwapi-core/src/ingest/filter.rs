//! Filters (chapter H), the same for rules, backendRefs and listeners.

use alloc::{collections::BTreeMap, format, sync::Arc, vec::Vec};

use super::{Fields, IssueCode, Node, cursor::Variant, refs};
use crate::{
    model::{
        AnyOr, AuthProtocol, Cors, CorsOrigin, ExternalAuth, Filter, Fraction, HeaderModifier, HeaderName, HeaderValue, HttpAuth,
        Method, PathModifier, RequestMirror, RequestRedirect, Scheme, UrlRewrite,
    },
    name::Namespace,
    path::check_replacement,
};

///
const MAX_HEADER_VALUE: usize = 4096;

/// The types of filters.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Type {
    RequestHeaderModifier,
    ResponseHeaderModifier,
    RequestMirror,
    RequestRedirect,
    UrlRewrite,
    Cors,
    ExtensionRef,
    ExternalAuth,
}

impl Type {
    /// Of HTTPRoutes (H-012).
    pub(super) const HTTP: [Self; 8] = [
        Self::RequestHeaderModifier,
        Self::ResponseHeaderModifier,
        Self::RequestMirror,
        Self::RequestRedirect,
        Self::UrlRewrite,
        Self::Cors,
        Self::ExtensionRef,
        Self::ExternalAuth,
    ];
    /// Of GRPCRoutes (K-016).
    pub(super) const GRPC: [Self; 4] =
        [Self::RequestHeaderModifier, Self::ResponseHeaderModifier, Self::RequestMirror, Self::ExtensionRef];
    /// Of listeners (H-079).
    pub(super) const LISTENER: [Self; 2] = [Self::ExternalAuth, Self::ExtensionRef];
}

impl Variant for Type {
    fn word(self) -> &'static str {
        match self {
            Self::RequestHeaderModifier => "RequestHeaderModifier",
            Self::ResponseHeaderModifier => "ResponseHeaderModifier",
            Self::RequestMirror => "RequestMirror",
            Self::RequestRedirect => "RequestRedirect",
            Self::UrlRewrite => "URLRewrite",
            Self::Cors => "CORS",
            Self::ExtensionRef => "ExtensionRef",
            Self::ExternalAuth => "ExternalAuth",
        }
    }

    fn field(self) -> &'static str {
        match self {
            Self::RequestHeaderModifier => "requestHeaderModifier",
            Self::ResponseHeaderModifier => "responseHeaderModifier",
            Self::RequestMirror => "requestMirror",
            Self::RequestRedirect => "requestRedirect",
            Self::UrlRewrite => "urlRewrite",
            Self::Cors => "cors",
            Self::ExtensionRef => "extensionRef",
            Self::ExternalAuth => "externalAuth",
        }
    }
}

/// H-012: a filter has the field of its type and no other.
pub(super) fn read(node: Node<'_, '_>, namespace: &Namespace, types: &[Type]) -> Option<Filter> {
    node.object(|fields| {
        let own = fields.variant("type", None, types)?;
        fields.required(own.field(), |node| read_own(own, node, namespace))
    })
}

fn read_own(own: Type, node: Node<'_, '_>, namespace: &Namespace) -> Option<Filter> {
    match own {
        Type::RequestHeaderModifier => node.object(read_modifier).map(Filter::RequestHeaderModifier),
        Type::ResponseHeaderModifier => node.object(read_modifier).map(Filter::ResponseHeaderModifier),
        Type::RequestMirror => node.object(|fields| read_mirror(fields, namespace)).map(Filter::RequestMirror),
        Type::RequestRedirect => node.object(read_redirect).map(Filter::RequestRedirect),
        Type::UrlRewrite => node.object(read_rewrite).map(Filter::UrlRewrite),
        Type::Cors => node.object(read_cors).map(Filter::Cors),
        Type::ExtensionRef => refs::local_ref(node).map(Filter::ExtensionRef),
        Type::ExternalAuth => read_external_auth(node, namespace).map(Filter::ExternalAuth),
    }
}

// Header modifiers

/// Headers that frame a message or belong to one connection (RFC 9110, section 7.6.1; RFC 9112, section 6). Changing them
/// would let a route break the framing (H-021).
const UNTOUCHABLE: [&str; 8] =
    ["content-length", "transfer-encoding", "connection", "te", "trailer", "upgrade", "keep-alive", "proxy-connection"];

/// Where in a filter a header is mentioned first.
type Mentioned = BTreeMap<HeaderName, &'static str>;

fn read_modifier(fields: &mut Fields<'_, '_>) -> Option<HeaderModifier> {
    let mut mentioned = Mentioned::new();
    let set = fields.list("set", |node| read_header(node, "set", &mut mentioned));
    let add = fields.list("add", |node| read_header(node, "add", &mut mentioned));
    let remove = fields.list("remove", |node| read_header_name(node, "remove", &mut mentioned));
    Some(HeaderModifier { set, add, remove })
}

fn read_header(node: Node<'_, '_>, list: &'static str, mentioned: &mut Mentioned) -> Option<HeaderValue> {
    node.object(|fields| {
        let name = fields.required("name", |node| read_header_name(node, list, mentioned));
        let value = fields.required("value", read_header_value);
        Some(HeaderValue { name: name?, value: value? })
    })
}

/// Headers of what a Gateway itself sends (P-040).
pub(super) fn read_export_headers(fields: &mut Fields<'_, '_>, name: &'static str) -> Vec<HeaderValue> {
    let mut mentioned = Mentioned::new();
    fields.list(name, |node| read_header(node, name, &mut mentioned))
}

/// A name that counts: of equivalent names in one list the first does (H-017), and two lists with one name contradict each
/// other (H-016).
fn read_header_name(mut node: Node<'_, '_>, list: &'static str, mentioned: &mut Mentioned) -> Option<HeaderName> {
    let name = node.reborrow().parsed(HeaderName::parse)?;
    if let Some(why) = untouchable(&name) {
        node.fault(IssueCode::InvalidValue, why, None);
        return None;
    }
    match mentioned.get(&name) {
        None => {
            mentioned.insert(name.clone(), list);
            Some(name)
        }
        Some(before) if *before == list => {
            let what = "an entry before this one has the same name: this one does not count";
            node.remark(IssueCode::IgnoredDuplicate, what, None);
            None
        }
        Some(before) => {
            let why = format!("header `{name}` is in `{before}` too: a filter does one thing to a header");
            node.fault(IssueCode::InvalidValue, why, None);
            None
        }
    }
}

/// H-021.
fn untouchable(name: &HeaderName) -> Option<alloc::string::String> {
    match name.as_str() {
        "host" => Some("`host` cannot be changed by a header modifier; use `hostname` of a URLRewrite filter".into()),
        other if UNTOUCHABLE.contains(&other) => {
            Some(format!("`{other}` belongs to the connection and cannot be changed by a header modifier"))
        }
        _ => None,
    }
}

/// H-020: a line break or NUL would make more than one header of it.
fn read_header_value(mut node: Node<'_, '_>) -> Option<Arc<str>> {
    let value = node.reborrow().limited(1..=MAX_HEADER_VALUE)?;
    if value.contains(['\r', '\n', '\0']) {
        node.fault(IssueCode::InvalidValue, "a header value has no line break and no NUL", None);
        return None;
    }
    Some(value.into())
}

// RequestMirror

fn read_mirror(fields: &mut Fields<'_, '_>, namespace: &Namespace) -> Option<RequestMirror> {
    let backend = fields.required("backendRef", |node| refs::backend(node, namespace));
    let fraction = fields.optional("fraction", read_fraction);
    let percent = fields.optional("percent", |mut node| {
        if fraction.is_some() {
            // The API server refuses both; if they come, the fraction counts.
            node.remark(IssueCode::InvalidValue, "`fraction` is given too, and counts", None);
        }
        node.number(0..=100)
    });
    let percent = percent.map(|numerator| Fraction { numerator, denominator: 100 });
    // H-047.
    Some(RequestMirror { backend: backend?, fraction: fraction.or(percent).unwrap_or(Fraction::ALL) })
}

///
pub(super) fn read_fraction(mut node: Node<'_, '_>) -> Option<Fraction> {
    let fraction = node.reborrow().object(|fields| {
        let numerator = fields.required("numerator", |node| node.number(0..=i64::from(i32::MAX)));
        let denominator = fields.optional("denominator", |node| node.number(1..=i64::from(i32::MAX))).unwrap_or(100);
        Some(Fraction { numerator: numerator?, denominator })
    })?;
    if fraction.numerator > fraction.denominator {
        node.fault(IssueCode::InvalidValue, "`numerator` must not be larger than `denominator`", None);
        return None;
    }
    Some(fraction)
}

// RequestRedirect and URLRewrite

const STATUS_CODES: [u16; 5] = [301, 302, 303, 307, 308];

fn read_redirect(fields: &mut Fields<'_, '_>) -> Option<RequestRedirect> {
    let schemes = [("http", Scheme::Http), ("https", Scheme::Https)];
    let scheme = fields.optional("scheme", |node| node.one_of(&schemes));
    let hostname = fields.optional("hostname", Node::precise_hostname);
    let path = fields.optional("path", |node| node.object(read_path_modifier));
    let port = fields.optional("port", Node::port);
    let status_code = fields.optional("statusCode", read_status_code).unwrap_or(302);
    Some(RequestRedirect { scheme, hostname, path, port, status_code })
}

/// H-023, H-027.
fn read_status_code(mut node: Node<'_, '_>) -> Option<u16> {
    let code: i64 = node.reborrow().number(i64::MIN..=i64::MAX)?;
    let known = STATUS_CODES.into_iter().find(|known| i64::from(*known) == code);
    if known.is_none() {
        node.fault(IssueCode::InvalidValue, format!("`{code}` is not one of 301, 302, 303, 307, 308"), None);
    }
    known
}

fn read_rewrite(fields: &mut Fields<'_, '_>) -> Option<UrlRewrite> {
    let hostname = fields.optional("hostname", Node::precise_hostname);
    let path = fields.optional("path", |node| node.object(read_path_modifier));
    Some(UrlRewrite { hostname, path })
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Replaced {
    FullPath,
    PrefixMatch,
}

impl Variant for Replaced {
    fn word(self) -> &'static str {
        match self {
            Self::FullPath => "ReplaceFullPath",
            Self::PrefixMatch => "ReplacePrefixMatch",
        }
    }

    fn field(self) -> &'static str {
        match self {
            Self::FullPath => "replaceFullPath",
            Self::PrefixMatch => "replacePrefixMatch",
        }
    }
}

/// H-041: a union of two texts.
fn read_path_modifier(fields: &mut Fields<'_, '_>) -> Option<PathModifier> {
    let own = fields.variant("type", None, &[Replaced::FullPath, Replaced::PrefixMatch])?;
    let text = fields.required(own.field(), |node| node.parsed(check_replacement))?;
    Some(match own {
        Replaced::FullPath => PathModifier::ReplaceFullPath(text.into()),
        Replaced::PrefixMatch => PathModifier::ReplacePrefixMatch(text.into()),
    })
}

// ExternalAuth

#[derive(Clone, Copy, PartialEq, Eq)]
enum Asked {
    Http,
    Grpc,
}

impl Variant for Asked {
    fn word(self) -> &'static str {
        match self {
            Self::Http => "HTTP",
            Self::Grpc => "GRPC",
        }
    }

    fn field(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Grpc => "grpc",
        }
    }
}

/// H-078: the text lets the stanza of the protocol be left out, the CRD does not.
fn read_external_auth(node: Node<'_, '_>, namespace: &Namespace) -> Option<ExternalAuth> {
    node.object(|fields| {
        let backend = fields.required("backendRef", |node| refs::backend(node, namespace));
        let own = fields.variant("protocol", None, &[Asked::Http, Asked::Grpc]);
        let max_body = fields.optional("forwardBody", |node| {
            node.object(|fields| fields.optional("maxSize", |node| node.number(0..=i64::from(i32::MAX))))
        });
        let protocol = own.map(|own| match own {
            Asked::Http => AuthProtocol::Http(
                fields.optional("http", |node| node.object(|fields| Some(read_http_auth(fields)))).unwrap_or_default(),
            ),
            Asked::Grpc => AuthProtocol::Grpc {
                allowed_headers: fields
                    .optional("grpc", |node| node.object(|fields| Some(header_names(fields, "allowedHeaders"))))
                    .unwrap_or_default(),
            },
        });
        Some(ExternalAuth { backend: backend?, protocol: protocol?, max_body: max_body.unwrap_or_default() })
    })
}

fn read_http_auth(fields: &mut Fields<'_, '_>) -> HttpAuth {
    HttpAuth {
        // H-075: it becomes part of a path, as what a redirect writes does.
        path: fields.optional("path", |node| node.parsed(check_replacement)).unwrap_or_default().into(),
        allowed_headers: header_names(fields, "allowedHeaders"),
        allowed_response_headers: header_names(fields, "allowedResponseHeaders"),
    }
}

/// the CRD has no pattern for these.
fn header_names(fields: &mut Fields<'_, '_>, name: &'static str) -> Vec<HeaderName> {
    fields.list(name, |node| node.parsed(HeaderName::parse))
}

// CORS

fn read_cors(fields: &mut Fields<'_, '_>) -> Option<Cors> {
    let allow_origins = fields.optional("allowOrigins", |node| read_origins(node));
    let allow_credentials = fields.optional("allowCredentials", Node::boolean).unwrap_or(false);
    let methods = Method::ALL.map(|method| (method.as_str(), method.as_str()));
    let allow_methods = any_or(fields, "allowMethods", |node| node.one_of(&methods).map(Arc::from));
    let allow_headers = any_or(fields, "allowHeaders", read_header_token);
    let expose_headers = fields.list("exposeHeaders", |node| read_header_token(node));
    // H-064.
    let max_age = fields.optional("maxAge", |node| node.number(1..=i64::from(i32::MAX))).unwrap_or(5);
    Some(Cors {
        allow_origins: allow_origins.unwrap_or_default(),
        allow_credentials,
        allow_methods,
        allow_headers,
        expose_headers,
        max_age,
    })
}

#[derive(Debug, thiserror::Error)]
#[error("an origin is `*` or `http(s)://host[:port]`, where the host may begin with `*.` or be `*`")]
struct OriginError;

/// H-056, R-046.
fn read_origins(mut node: Node<'_, '_>) -> Option<Vec<CorsOrigin>> {
    let origins = node.reborrow().list(|entry| entry.parsed(|text| CorsOrigin::parse(text).ok_or(OriginError)))?;
    if origins.len() > 1 && origins.contains(&CorsOrigin::Any) {
        return stands_alone(node);
    }
    Some(origins)
}

/// A list in which `*` means anything (H-059, H-062).
fn any_or(
    fields: &mut Fields<'_, '_>,
    name: &'static str,
    mut read: impl FnMut(Node<'_, '_>) -> Option<Arc<str>>,
) -> AnyOr<Arc<str>> {
    let values = fields.optional(name, |mut node| {
        let values = node.reborrow().list(|entry| match entry.is_text("*") {
            true => Some(None),
            false => read(entry).map(Some),
        })?;
        match values.iter().any(Option::is_none) {
            false => Some(AnyOr::List(values.into_iter().flatten().collect())),
            true if values.len() == 1 => Some(AnyOr::Any),
            true => stands_alone(node),
        }
    });
    values.unwrap_or(AnyOr::List(Vec::new()))
}

/// H-066.
fn stands_alone<T>(mut node: Node<'_, '_>) -> Option<T> {
    node.fault(IssueCode::InvalidValue, "`*` stands alone", None);
    None
}

/// The name of a header as it is written: what browsers compare has its case.
fn read_header_token(node: Node<'_, '_>) -> Option<Arc<str>> {
    node.parsed(HeaderName::parse_written)
}
