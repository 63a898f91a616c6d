//! Matches of HTTPRoutes (chapter F).

use alloc::{collections::BTreeSet, sync::Arc, vec::Vec};
use core::fmt::Display;

use super::{Fields, IssueCode, Node};
use crate::{
    model::{HeaderName, HttpMatch, Method, PathMatch, ValueMatch, ValueMatcher},
    path::{MAX_PATH, parse_match_path},
    pattern::Pattern,
};

///
const MAX_HEADER_VALUE: usize = 4096;
///
const MAX_QUERY_VALUE: usize = 1024;

pub(super) fn read(node: Node<'_, '_>) -> Option<HttpMatch> {
    node.object(|fields| {
        let path = fields.optional("path", |node| node.object(read_path));
        let headers = read_headers(fields);
        let query = read_values(fields, "queryParams", MAX_QUERY_VALUE, parse_query_name);
        let method = fields.optional("method", |node| node.one_of(&Method::ALL.map(|method| (method.as_str(), method))));
        Some(HttpMatch { path: path.unwrap_or_else(|| HttpMatch::default().path), headers, query, method })
    })
}

/// F-011, K-008.
pub(super) fn read_headers(fields: &mut Fields<'_, '_>) -> Vec<ValueMatch<HeaderName>> {
    read_values(fields, "headers", MAX_HEADER_VALUE, HeaderName::parse)
}

#[derive(Clone, Copy)]
enum PathType {
    Exact,
    Prefix,
    Regex,
}

/// F-002: prefix and `/` are the defaults of the two fields, each on its own.
fn read_path(fields: &mut Fields<'_, '_>) -> Option<PathMatch> {
    let types = [("Exact", PathType::Exact), ("PathPrefix", PathType::Prefix), ("RegularExpression", PathType::Regex)];
    let path_type = fields.optional("type", |node| node.one_of(&types)).unwrap_or(PathType::Prefix);
    let Some(value) = fields.get("value") else { return default_path(path_type) };
    match path_type {
        PathType::Exact => value.parsed(parse_match_path).map(|path| PathMatch::Exact(path.into())),
        PathType::Prefix => value.parsed(parse_match_path).map(|path| PathMatch::Prefix(without_slash(&path).into())),
        PathType::Regex => value.pattern(0..=MAX_PATH).map(PathMatch::Regex),
    }
}

fn default_path(path_type: PathType) -> Option<PathMatch> {
    match path_type {
        PathType::Exact => Some(PathMatch::Exact("/".into())),
        PathType::Prefix => Some(PathMatch::Prefix("/".into())),
        PathType::Regex => Pattern::parse("/").ok().map(PathMatch::Regex),
    }
}

/// F-005: a `/` at the end of a prefix does not count, except that it is all of `/`.
fn without_slash(path: &str) -> &str {
    match path.trim_end_matches('/') {
        "" => "/",
        elements => elements,
    }
}

/// Predicates on headers or query parameters. Of several with equivalent names the first one counts (F-012, F-016).
fn read_values<N: Ord + Clone, E: Display>(
    fields: &mut Fields<'_, '_>,
    name: &'static str,
    longest: usize,
    parse: fn(&str) -> Result<N, E>,
) -> Vec<ValueMatch<N>> {
    let mut seen = BTreeSet::new();
    fields.list(name, |mut node| {
        let value = node.reborrow().object(|fields| read_value(fields, longest, parse))?;
        if seen.insert(value.name.clone()) {
            return Some(value);
        }
        node.remark(IssueCode::IgnoredDuplicate, "an entry before this one has the same name: this one does not count", None);
        None
    })
}

fn read_value<N, E: Display>(
    fields: &mut Fields<'_, '_>,
    longest: usize,
    parse: fn(&str) -> Result<N, E>,
) -> Option<ValueMatch<N>> {
    let name = fields.required("name", |node| node.parsed(parse));
    let types = [("Exact", false), ("RegularExpression", true)];
    let is_regex = fields.optional("type", |node| node.one_of(&types)).unwrap_or(false);
    let value = fields.required("value", |node| match is_regex {
        true => node.pattern(1..=longest).map(ValueMatcher::Regex),
        false => node.limited(1..=longest).map(|text| ValueMatcher::Exact(text.into())),
    });
    Some(ValueMatch { name: name?, value: value? })
}

#[derive(Debug, thiserror::Error)]
#[error("the name of a query parameter is 1 to 256 characters of letters, digits and !#$%&'*+-.^_`|~")]
struct QueryNameError;

/// F-015: case-sensitive, of the characters that header names have.
fn parse_query_name(text: &str) -> Result<Arc<str>, QueryNameError> {
    HeaderName::parse(text).map(|_| text.into()).map_err(|_| QueryNameError)
}
