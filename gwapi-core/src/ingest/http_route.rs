//! HTTPRoute (chapters F, H, I, J).

use alloc::vec::Vec;

use super::{Fields, Header, IssueCode, Node, filter, http_match, refs, route};
use crate::{
    model::{BackendRef, HttpMatch, HttpRule, Object, Retry, RouteKind, Rules, Timeouts},
    name::Namespace,
};

/// I-001.
const MAX_WEIGHT: i64 = 1_000_000;

pub(super) fn read(header: Header<'_>, root: &mut Fields<'_, '_>) -> Object {
    let own = |fields: &mut Fields<'_, '_>, namespace: &Namespace| route::Own {
        hostnames: route::read_hostnames(fields),
        rules: Rules::Http(read_rules(fields, namespace)),
    };
    route::read(RouteKind::Http, header, root, own, Rules::Http(Vec::new()))
}

/// F-002: a route without rules has one that matches everything and has no backends. Every entry of the list keeps its
/// number, and stands for itself alone.
fn read_rules(fields: &mut Fields<'_, '_>, namespace: &Namespace) -> Vec<HttpRule> {
    match fields.get("rules") {
        Some(node) if !node.is_empty_list() => node
            .entries(|mut entry| {
                let (rule, invalid) = entry.part(|entry| entry.object(|fields| Some(read_rule(fields, namespace))));
                HttpRule { invalid, ..rule.unwrap_or_else(|| empty_rule(Vec::new())) }
            })
            .unwrap_or_default(),
        _ => Vec::from([empty_rule(Vec::from([HttpMatch::default()]))]),
    }
}

fn empty_rule(matches: Vec<HttpMatch>) -> HttpRule {
    HttpRule {
        name: None,
        matches,
        filters: Vec::new(),
        backend_refs: Vec::new(),
        timeouts: Timeouts::default(),
        retry: None,
        session_persistence: false,
        invalid: Vec::new(),
    }
}

fn read_rule(fields: &mut Fields<'_, '_>, namespace: &Namespace) -> HttpRule {
    let name = fields.optional("name", Node::name);
    let matches = read_matches(fields);
    let filters = fields.list("filters", |node| filter::read(node, namespace));
    let backend_refs = fields.list("backendRefs", |node| read_backend_ref(node, namespace));
    let timeouts = fields.optional("timeouts", |node| node.object(read_timeouts)).unwrap_or_default();
    let retry = fields.optional("retry", |node| node.object(|fields| Some(read_retry(fields))));
    let session_persistence = fields.get("sessionPersistence").map(|node| {
        // An empty stanza asks for it too.
        node.not_read("session persistence is not supported: the rule is refused");
    });
    HttpRule {
        name,
        matches,
        filters,
        backend_refs,
        timeouts,
        retry,
        session_persistence: session_persistence.is_some(),
        invalid: Vec::new(),
    }
}

/// F-002: no matches at all mean one that matches everything. Where all of several are invalid, none is left.
fn read_matches(fields: &mut Fields<'_, '_>) -> Vec<HttpMatch> {
    match fields.get("matches") {
        Some(node) if !node.is_empty_list() => node.list(http_match::read).unwrap_or_default(),
        _ => Vec::from([HttpMatch::default()]),
    }
}

fn read_backend_ref(node: Node<'_, '_>, namespace: &Namespace) -> Option<BackendRef> {
    node.object(|fields| {
        let weight = fields.optional("weight", |node| node.number(0..=MAX_WEIGHT)).unwrap_or(1);
        let filters = fields.list("filters", |node| filter::read(node, namespace));
        let backend = refs::backend_object(fields, namespace)?;
        Some(BackendRef { backend, weight, filters })
    })
}

fn read_timeouts(fields: &mut Fields<'_, '_>) -> Option<Timeouts> {
    let request = fields.optional("request", Node::duration);
    let backend_request = fields.optional("backendRequest", |mut node| {
        let attempt = node.reborrow().duration()?;
        // J-007.
        if request.is_some_and(|whole| !whole.is_zero() && attempt > whole) {
            node.fault(IssueCode::InvalidValue, "must not be longer than `request`", None);
            return None;
        }
        Some(attempt)
    });
    Some(Timeouts { request, backend_request })
}

fn read_retry(fields: &mut Fields<'_, '_>) -> Retry {
    Retry {
        // J-010, J-017.
        attempts: fields.optional("attempts", |node| node.number(0..=i64::from(u32::MAX))).unwrap_or(1),
        codes: fields.list("codes", |node| node.number(400..=599)),
        backoff: fields.optional("backoff", Node::duration),
    }
}
