//! Whether a request satisfies a match (requirements chapter F).

use gwapi_core::{
    Pattern,
    choices::{Choices, RepeatedQuery},
    model::{HeaderName, HttpMatch, PathMatch, ValueMatch, ValueMatcher},
    resolution::RuleMatches,
};

use crate::{head::RequestHead, headers::Headers};

/// Whether an alternative of a rule holds; one that the rule does not have never does.
pub(crate) fn hold<H: Headers + ?Sized>(
    matches: &RuleMatches,
    match_index: usize,
    head: &RequestHead<'_, H>,
    choices: &Choices,
) -> bool {
    match matches {
        RuleMatches::Http(matches) => matches.get(match_index).is_some_and(|matched| hold_http(matched, head, choices)),
    }
}

/// F-001: all predicates of a match hold. The cheap ones come first.
fn hold_http<H: Headers + ?Sized>(matched: &HttpMatch, head: &RequestHead<'_, H>, choices: &Choices) -> bool {
    holds_path(&matched.path, head)
        && matched.method.is_none_or(|method| method.as_str() == head.method)
        && matched.headers.iter().all(|header| holds_header(header, head))
        && matched.query.iter().all(|parameter| holds_query(parameter, head, choices.repeated_query))
}

fn holds_path<H: Headers + ?Sized>(path: &PathMatch, head: &RequestHead<'_, H>) -> bool {
    match path {
        PathMatch::Prefix(prefix) => has_prefix(&head.path, prefix),
        // F-028: what has no path is matched by the prefix `/` only.
        PathMatch::Exact(exact) => head.has_path() && *head.path == **exact,
        PathMatch::Regex(pattern) => head.has_path() && pattern.matches(&head.path),
    }
}

/// F-004 to F-006: whole elements from the start. A prefix has no `/` at its end, except that `/` is the prefix of everything.
fn has_prefix(path: &str, prefix: &str) -> bool {
    prefix == "/" || path.strip_prefix(prefix).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// F-011, F-013, F-014.
fn holds_header<H: Headers + ?Sized>(header: &ValueMatch<HeaderName>, head: &RequestHead<'_, H>) -> bool {
    let name = header.name.as_str();
    match &header.value {
        ValueMatcher::Exact(value) => head.header_matches_exact(name, value.as_bytes()),
        ValueMatcher::Regex(pattern) => head.header(name).is_some_and(|value| matches_bytes(pattern, &value)),
    }
}

/// F-015 to F-017.
fn holds_query<N: AsRef<str>, H: Headers + ?Sized>(
    parameter: &ValueMatch<N>,
    head: &RequestHead<'_, H>,
    which: RepeatedQuery,
) -> bool {
    let name = parameter.name.as_ref();
    match &parameter.value {
        ValueMatcher::Exact(value) => head.query_matches_exact(name, value, which),
        ValueMatcher::Regex(pattern) => head.query_value(name, which).is_some_and(|value| matches_bytes(pattern, &value)),
    }
}

/// Patterns are over texts: bytes that are none match no pattern.
fn matches_bytes(pattern: &Pattern, value: &[u8]) -> bool {
    std::str::from_utf8(value).is_ok_and(|text| pattern.matches(text))
}
