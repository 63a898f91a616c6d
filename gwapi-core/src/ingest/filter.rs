//! Filters of routes (chapter H), the same for rules and backendRefs.

use alloc::{collections::BTreeMap, format, sync::Arc, vec::Vec};

use super::{Fields, IssueCode, Node, refs};
use crate::{
    model::{
        AnyOr, Cors, CorsOrigin, Filter, Fraction, HeaderModifier, HeaderName, HeaderValue, Method, PathModifier, RequestMirror,
        RequestRedirect, Scheme, UrlRewrite,
    },
    name::Namespace,
    path::check_replacement,
};

///
const MAX_HEADER_VALUE: usize = 4096;

/// The types of filters, and the field that holds what each asks for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Type {
    RequestHeaderModifier,
    ResponseHeaderModifier,
    RequestMirror,
    RequestRedirect,
    UrlRewrite,
    Cors,
    ExtensionRef,
    ExternalAuth,
}

const TYPES: [(&str, Type); 8] = [
    ("RequestHeaderModifier", Type::RequestHeaderModifier),
    ("ResponseHeaderModifier", Type::ResponseHeaderModifier),
    ("RequestMirror", Type::RequestMirror),
    ("RequestRedirect", Type::RequestRedirect),
    ("URLRewrite", Type::UrlRewrite),
    ("CORS", Type::Cors),
    ("ExtensionRef", Type::ExtensionRef),
    ("ExternalAuth", Type::ExternalAuth),
];

impl Type {
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
pub(super) fn read(node: Node<'_, '_>, namespace: &Namespace) -> Option<Filter> {
    node.object(|fields| {
        let Some(own) = fields.required("type", |node| node.one_of(&TYPES)) else {
            fields.ignore(&TYPES.map(|(_, other)| other.field()));
            return None;
        };
        for (name, other) in TYPES.into_iter().filter(|(_, other)| *other != own) {
            if let Some(mut field) = fields.get(other.field()) {
                field.fault(IssueCode::InvalidValue, format!("belongs to filters of type {name}"), None);
            }
        }
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
        Type::ExternalAuth => {
            node.not_read("external authorisation is not supported: the rule is refused");
            Some(Filter::ExternalAuth)
        }
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
    let backend = fields.required("backendRef", |node| node.object(|fields| refs::backend_object(fields, namespace)));
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
fn read_fraction(mut node: Node<'_, '_>) -> Option<Fraction> {
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

/// H-041: a union of two texts.
fn read_path_modifier(fields: &mut Fields<'_, '_>) -> Option<PathModifier> {
    let types = [("ReplaceFullPath", true), ("ReplacePrefixMatch", false)];
    let (full, prefix) = ("replaceFullPath", "replacePrefixMatch");
    let Some(is_full) = fields.required("type", |node| node.one_of(&types)) else {
        fields.ignore(&[full, prefix]);
        return None;
    };
    let (own, other) = if is_full { (full, prefix) } else { (prefix, full) };
    if let Some(mut field) = fields.get(other) {
        field.fault(IssueCode::InvalidValue, format!("belongs to the other type; this one has `{own}`"), None);
    }
    let text = fields.required(own, |node| node.parsed(check_replacement))?;
    Some(if is_full { PathModifier::ReplaceFullPath(text.into()) } else { PathModifier::ReplacePrefixMatch(text.into()) })
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
    node.parsed(|text| HeaderName::parse(text).map(|_| Arc::from(text)))
}
