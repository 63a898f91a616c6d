//! GRPCRoute (chapter K).

use alloc::vec::Vec;

use super::{Fields, Header, IssueCode, Node, filter::Type, http_match, route, session};
use crate::{
    model::{GrpcMatch, GrpcMethodMatch, GrpcRule, Object, RouteKind, Rules, ValueMatcher},
    name::Namespace,
};

/// K-007.
const MAX_NAME: usize = 1024;

pub(super) fn read(header: Header<'_>, root: &mut Fields<'_, '_>) -> Object {
    let own = |fields: &mut Fields<'_, '_>, namespace: &Namespace| route::Own {
        hostnames: route::read_hostnames(fields),
        rules: Rules::Grpc(read_rules(fields, namespace)),
    };
    route::read(RouteKind::Grpc, header, root, own, Rules::Grpc(Vec::new()))
}

/// K-005: unlike an HTTPRoute, a route without rules has none.
fn read_rules(fields: &mut Fields<'_, '_>, namespace: &Namespace) -> Vec<GrpcRule> {
    let finish = |rule: Option<GrpcRule>, invalid| GrpcRule { invalid, ..rule.unwrap_or_else(empty_rule) };
    let rules = fields.optional("rules", |node| Some(route::read_rules(node, |fields| read_rule(fields, namespace), finish)));
    rules.unwrap_or_default()
}

/// What is left of a rule that is no object: no match, so that it takes no request.
fn empty_rule() -> GrpcRule {
    GrpcRule {
        name: None,
        matches: Vec::new(),
        filters: Vec::new(),
        backend_refs: Vec::new(),
        session_persistence: None,
        invalid: Vec::new(),
    }
}

fn read_rule(fields: &mut Fields<'_, '_>, namespace: &Namespace) -> GrpcRule {
    GrpcRule {
        name: fields.optional("name", Node::name),
        matches: route::read_matches(fields, read_match),
        filters: route::read_filters(fields, namespace, &Type::GRPC),
        backend_refs: fields.list("backendRefs", |node| route::read_backend_ref(node, namespace, &Type::GRPC)),
        session_persistence: fields.optional("sessionPersistence", session::read),
        invalid: Vec::new(),
    }
}

fn read_match(node: Node<'_, '_>) -> Option<GrpcMatch> {
    node.object(|fields| {
        let method = fields.optional("method", read_method);
        let headers = http_match::read_headers(fields);
        Some(GrpcMatch { method, headers })
    })
}

/// K-004: one of the two must be there. The CRD takes an empty text for one that is, as long as it is a pattern.
fn read_method(mut node: Node<'_, '_>) -> Option<GrpcMethodMatch> {
    let one = node.reborrow().object(|fields| {
        let types = [("Exact", false), ("RegularExpression", true)];
        let is_regex = fields.optional("type", |node| node.one_of(&types)).unwrap_or(false);
        let service = fields.optional("service", |node| read_name(node, is_regex, is_service));
        let method = fields.optional("method", |node| read_name(node, is_regex, is_method));
        Some(GrpcMethodMatch { service, method })
    })?;
    if !node.asks_for("service") && !node.asks_for("method") {
        node.fault(IssueCode::InvalidValue, "needs `service` or `method`", None);
        return None;
    }
    Some(one)
}

fn read_name(mut node: Node<'_, '_>, is_regex: bool, is_name: fn(&str) -> bool) -> Option<ValueMatcher> {
    if is_regex {
        return if node.is_text("") { None } else { node.pattern(0..=MAX_NAME).map(ValueMatcher::Regex) };
    }
    let name = node.reborrow().limited(0..=MAX_NAME)?;
    if !is_name(name) {
        let why =
            "the names of services and methods are letters, digits and `_` and begin with no digit; services have `.` between";
        node.fault(IssueCode::InvalidValue, why, None);
        return None;
    }
    Some(ValueMatcher::Exact(name.into()))
}

/// K-007.
fn is_service(text: &str) -> bool {
    text.strip_prefix('.').unwrap_or(text).split('.').all(is_method)
}

/// K-007.
fn is_method(text: &str) -> bool {
    let word = |b: u8| b.is_ascii_alphanumeric() || b == b'_';
    text.bytes().all(word) && text.bytes().next().is_some_and(|b| !b.is_ascii_digit())
}
