//! What routes of every kind have in common.

use alloc::{sync::Arc, vec::Vec};

use super::{Fields, Header, refs};
use crate::{
    hostname::Hostname,
    model::{Invalid, Object, ParentRef, Route, RouteKind, Rules},
    name::Namespace,
};

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
    let (spec, invalid) = root.part(|root| {
        root.required("spec", |node| node.object(|fields| Some((read_parent_refs(fields, &namespace), own(fields, &namespace)))))
    });
    let (parent_refs, own) = spec.unwrap_or_else(|| (Vec::new(), Own { hostnames: Vec::new(), rules: nothing }));
    let Own { hostnames, rules } = own;
    Object::Route(Arc::new(Route { meta: header.meta, kind, parent_refs, hostnames, rules, invalid }))
}

fn read_parent_refs(fields: &mut Fields<'_, '_>, namespace: &Namespace) -> Vec<ParentRef> {
    fields.optional("useDefaultGateways", |node| {
        if node.is_text("None") {
            return None;
        }
        node.not_read("default Gateways are not supported: the route attaches by `parentRefs` only")
    });
    fields.list("parentRefs", |node| refs::parent_ref(node, namespace))
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
