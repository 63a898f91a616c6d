//! What routes of every kind have in common.

use alloc::{sync::Arc, vec::Vec};

use super::{Fields, Header, Node, default_scope, filter, refs};
use crate::{
    hostname::Hostname,
    model::{BackendRef, Invalid, Object, Route, RouteKind, Rules},
    name::Namespace,
};

/// I-001.
const MAX_WEIGHT: i64 = 1_000_000;

/// What differs from kind to kind.
pub(super) struct Own {
    pub(super) hostnames: Vec<Result<Hostname, Invalid>>,
    pub(super) rules: Rules,
}

/// Reads a route whose kind reads its own fields of `spec`.
pub(super) fn read(
    kind: RouteKind,
    header: Header<'_>,
    root: &mut Fields<'_, '_>,
    own: impl Fn(&mut Fields<'_, '_>, &Namespace) -> Own,
    nothing: Rules,
) -> Object {
    let namespace = header.namespace();
    let (spec, invalid) = root.spec(|fields| {
        let scope = default_scope(fields, "useDefaultGateways");
        let parent_refs = fields.list("parentRefs", |node| refs::parent_ref(node, &namespace));
        (scope, parent_refs, own(fields, &namespace))
    });
    let nothing = || Own { hostnames: Vec::new(), rules: nothing };
    let (use_default_gateways, parent_refs, Own { hostnames, rules }) =
        spec.unwrap_or_else(|| (Default::default(), Vec::new(), nothing()));
    Object::Route(Arc::new(Route { meta: header.meta, kind, parent_refs, use_default_gateways, hostnames, rules, invalid }))
}

/// Every entry keeps its place: one that is invalid intersects nothing, and the list never becomes empty by it.
pub(super) fn read_hostnames(fields: &mut Fields<'_, '_>) -> Vec<Result<Hostname, Invalid>> {
    let hostnames = fields.optional("hostnames", |node| {
        node.entries(|mut entry| match entry.part(|entry| entry.hostname()) {
            (Some(hostname), _) => Some(Ok(hostname)),
            (None, invalid) => invalid.into_iter().next().map(Err),
        })
    });
    let mut hostnames: Vec<_> = hostnames.into_iter().flatten().flatten().collect();
    hostnames.shrink_to_fit();
    hostnames
}

/// Every rule keeps its number, and stands for itself alone: what is invalid in it goes into it.
pub(super) fn read_rules<R>(
    node: Node<'_, '_>,
    read: impl Fn(&mut Fields<'_, '_>) -> R,
    finish: impl Fn(Option<R>, Vec<Invalid>) -> R,
) -> Vec<R> {
    let rules = node.entries(|mut entry| {
        let (rule, invalid) = entry.part(|entry| entry.object(|fields| Some(read(fields))));
        finish(rule, invalid)
    });
    rules.unwrap_or_default()
}

/// No matches at all mean one that matches everything (F-002, K-005). Where all of several are invalid, none is left.
pub(super) fn read_matches<M: Default>(fields: &mut Fields<'_, '_>, read: fn(Node<'_, '_>) -> Option<M>) -> Vec<M> {
    match fields.get("matches") {
        Some(node) if !node.is_empty_list() => node.list(read).unwrap_or_default(),
        _ => Vec::from([M::default()]),
    }
}

/// Filters of the rule, of these types.
pub(super) fn read_filters(
    fields: &mut Fields<'_, '_>,
    namespace: &Namespace,
    types: &[filter::Type],
) -> Vec<crate::model::Filter> {
    fields.list("filters", |node| filter::read(node, namespace, types))
}

/// An entry of `backendRefs`. Routes that have no types of filters have no field for them either.
pub(super) fn read_backend_ref(node: Node<'_, '_>, namespace: &Namespace, types: &[filter::Type]) -> Option<BackendRef> {
    node.object(|fields| {
        let weight = fields.optional("weight", |node| node.number(0..=MAX_WEIGHT)).unwrap_or(1);
        let filters = if types.is_empty() { Vec::new() } else { read_filters(fields, namespace, types) };
        let backend = refs::backend_object(fields, namespace)?;
        Some(BackendRef { backend, weight, filters })
    })
}
