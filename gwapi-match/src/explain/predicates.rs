//! Whether a match holds.

use gwapi_core::{
    Hostname,
    choices::{Choices, RepeatedQuery},
    model::{GrpcMatch, HeaderName, HttpMatch, PathMatch, ValueMatch, ValueMatcher},
    resolution::{ResolvedRule, RuleMatches},
};

use super::{Failure, candidates::Question};
use crate::{head::RequestHead, headers::Headers};

/// A hostname covers what it matches; the lack of one covers everything, also a request without a host (E-004, E-026).
pub(super) fn covers(hostname: Option<&Hostname>, host: Option<&str>) -> bool {
    match (hostname, host) {
        (None, _) => true,
        (Some(hostname), Some(host)) => hostname.matches(host),
        (Some(_), None) => false,
    }
}

/// The first thing that keeps a match from holding: all of them must hold (F-001). Of connections nothing is asked.
pub(super) fn failure<'a, H: Headers + ?Sized>(
    rule: &'a ResolvedRule,
    match_index: usize,
    question: &Question<'_, '_, H>,
    choices: &Choices,
) -> Option<Failure<'a>> {
    match (&rule.matches, question) {
        (RuleMatches::Http(matches), Question::Request(head)) => http_failure(matches.get(match_index)?, head, choices),
        (RuleMatches::Grpc(matches), Question::Request(head)) => grpc_failure(matches.get(match_index)?, head),
        _ => None,
    }
}

fn http_failure<'a, H: Headers + ?Sized>(
    matched: &'a HttpMatch,
    head: &RequestHead<'_, H>,
    choices: &Choices,
) -> Option<Failure<'a>> {
    if !path_holds(&matched.path, &head.path) {
        return Some(Failure::Path);
    }
    if matched.method.is_some_and(|method| head.method != method.as_str()) {
        return Some(Failure::Method);
    }
    if let Some(failure) = header_failure(&matched.headers, head) {
        return Some(failure);
    }
    let query = head.query.unwrap_or_default();
    let failing = matched.query.iter().find(|one| !query_holds(&one.name, &one.value, query, choices.repeated_query));
    failing.map(|parameter| Failure::Query(&parameter.name))
}

fn grpc_failure<'a, H: Headers + ?Sized>(matched: &'a GrpcMatch, head: &RequestHead<'_, H>) -> Option<Failure<'a>> {
    // A gRPC method is the path `/{service}/{method}` (K-003). With the service alone it is the prefix `/{service}/` (K-004), so
    // that the service ends there.
    let mut parts = head.path.splitn(3, '/');
    let (service, method) = match (parts.next(), parts.next(), parts.next()) {
        (Some(""), Some(service), Some(method)) => (Some(service), Some(method)),
        _ => (None, None),
    };
    // What is left out is any (K-004).
    if let Some(asked) = &matched.method {
        if asked.service.as_ref().is_some_and(|name| !name_holds(name, service)) {
            return Some(Failure::Service);
        }
        if asked.method.as_ref().is_some_and(|name| !name_holds(name, method)) {
            return Some(Failure::Method);
        }
    }
    // K-008.
    header_failure(&matched.headers, head)
}

/// Names have a case (K-003), and patterns match from end to end.
fn name_holds(name: &ValueMatcher, asked: Option<&str>) -> bool {
    match (name, asked) {
        (_, None) => false,
        (ValueMatcher::Exact(name), Some(asked)) => **name == *asked,
        (ValueMatcher::Regex(pattern), Some(asked)) => pattern.matches(asked),
    }
}

fn header_failure<'a, H: Headers + ?Sized>(
    headers: &'a [ValueMatch<HeaderName>],
    head: &RequestHead<'_, H>,
) -> Option<Failure<'a>> {
    let failing = headers.iter().find(|one| !header_holds(one.name.as_str(), &one.value, head));
    failing.map(|header| Failure::Header(&header.name))
}

fn path_holds(path: &PathMatch, asked: &str) -> bool {
    match path {
        // The prefix `/` matches every path (F-006), and nothing else matches what has no path (F-028).
        PathMatch::Prefix(prefix) if **prefix == *"/" => true,
        _ if !asked.starts_with('/') => false,
        // Byte for byte (F-003).
        PathMatch::Exact(exact) => asked.as_bytes() == exact.as_bytes(),
        // Element by element (F-004).
        PathMatch::Prefix(prefix) => {
            let elements = |path: &str| path.split('/').map(String::from).collect::<Vec<_>>();
            elements(asked).starts_with(&elements(prefix))
        }
        // From end to end (F-007, pitfall 26).
        PathMatch::Regex(pattern) => pattern.matches(asked),
    }
}

fn header_holds<H: Headers + ?Sized>(name: &str, value: &ValueMatcher, head: &RequestHead<'_, H>) -> bool {
    // `host` is the host that counts, wherever it was written (F-026, E-015).
    let mut lines: Vec<&[u8]> = match name {
        "host" => head.authority.iter().map(|authority| authority.as_bytes()).collect(),
        _ => head.headers.values(name).collect(),
    };
    // Lines of Set-Cookie cannot be joined: the first counts (F-013).
    if name == "set-cookie" {
        lines.truncate(1);
    }
    if lines.is_empty() {
        return false;
    }
    let joined = |separator: &[u8]| lines.join(separator);
    // Joined with a comma, with or without a blank behind it (F-013); cookies as they are without HTTP/2.
    let (usual, other) = if name == "cookie" { (joined(b"; "), None) } else { (joined(b","), Some(joined(b", "))) };
    match value {
        ValueMatcher::Exact(exact) => usual == exact.as_bytes() || other.is_some_and(|other| other == exact.as_bytes()),
        ValueMatcher::Regex(pattern) => String::from_utf8(usual).is_ok_and(|text| pattern.matches(&text)),
    }
}

fn query_holds(name: &str, value: &ValueMatcher, query: &str, repeated: RepeatedQuery) -> bool {
    let pairs = query.split('&').filter(|pair| !pair.is_empty());
    let decoded =
        pairs.map(|pair| pair.split_once('=').unwrap_or((pair, ""))).map(|(name, value)| (form_decode(name), form_decode(value)));
    // Names have a case (F-015).
    let values: Vec<Vec<u8>> = decoded.filter(|(other, _)| other == name.as_bytes()).map(|(_, value)| value).collect();
    // Of several values one counts (F-016).
    let value_of_request = match repeated {
        RepeatedQuery::First => values.first(),
        RepeatedQuery::Last => values.last(),
    };
    match (value, value_of_request) {
        (_, None) => false,
        (ValueMatcher::Exact(exact), Some(value)) => exact.as_bytes() == value,
        (ValueMatcher::Regex(pattern), Some(value)) => std::str::from_utf8(value).is_ok_and(|text| pattern.matches(text)),
    }
}

/// `+` is a blank, `%XX` a byte, and everything else itself (F-017).
fn form_decode(text: &str) -> Vec<u8> {
    let digit = |byte: Option<&u8>| byte.and_then(|byte| char::from(*byte).to_digit(16));
    let mut decoded = Vec::new();
    let mut bytes = text.as_bytes();
    while let Some((first, rest)) = bytes.split_first() {
        bytes = rest;
        match (first, digit(rest.first()), digit(rest.get(1))) {
            (b'+', _, _) => decoded.push(b' '),
            (b'%', Some(high), Some(low)) => {
                decoded.extend(u8::try_from(16 * high + low));
                bytes = rest.get(2..).unwrap_or_default();
            }
            (other, _, _) => decoded.push(*other),
        }
    }
    decoded
}
