//! HTTPRoute (chapters F, H, I, J).

use alloc::vec::Vec;

use super::{Fields, Header, IssueCode, Node, filter::Type, http_match, route, session};
use crate::{
    model::{HttpMatch, HttpRule, Object, Retry, RouteKind, Rules, Timeouts},
    name::Namespace,
};

pub(super) fn read(header: Header<'_>, root: &mut Fields<'_, '_>) -> Object {
    let own = |fields: &mut Fields<'_, '_>, namespace: &Namespace| route::Own {
        hostnames: route::read_hostnames(fields),
        rules: Rules::Http(read_rules(fields, namespace)),
    };
    route::read(RouteKind::Http, header, root, own, Rules::Http(Vec::new()))
}

/// F-002: a route without rules has one that matches everything and has no backends.
fn read_rules(fields: &mut Fields<'_, '_>, namespace: &Namespace) -> Vec<HttpRule> {
    let finish = |rule: Option<HttpRule>, invalid| HttpRule { invalid, ..rule.unwrap_or_else(|| empty_rule(Vec::new())) };
    match fields.get("rules") {
        Some(node) if !node.is_empty_list() => route::read_rules(node, |fields| read_rule(fields, namespace), finish),
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
        session_persistence: None,
        invalid: Vec::new(),
    }
}

fn read_rule(fields: &mut Fields<'_, '_>, namespace: &Namespace) -> HttpRule {
    let name = fields.optional("name", Node::name);
    let matches = route::read_matches(fields, http_match::read);
    let filters = route::read_filters(fields, namespace, &Type::HTTP);
    let backend_refs = fields.list("backendRefs", |node| route::read_backend_ref(node, namespace, &Type::HTTP));
    let timeouts = fields.optional("timeouts", |node| node.object(read_timeouts)).unwrap_or_default();
    let retry = fields.optional("retry", |node| node.object(|fields| Some(read_retry(fields))));
    let session_persistence = fields.optional("sessionPersistence", session::read);
    HttpRule { name, matches, filters, backend_refs, timeouts, retry, session_persistence, invalid: Vec::new() }
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
