//! ReferenceGrant (I-027 to I-034).

use alloc::sync::Arc;

use super::{Fields, Header, Node};
use crate::model::{GrantFrom, GrantTo, Object, ReferenceGrant};

/// An entry in which anything is wrong grants nothing.
pub(super) fn read(header: Header<'_>, root: &mut Fields<'_, '_>) -> Object {
    let spec = root.required("spec", |node| {
        node.object(|fields| {
            let from = fields.required("from", |node| node.list(read_from)).unwrap_or_default();
            let to = fields.required("to", |node| node.list(read_to)).unwrap_or_default();
            Some((from, to))
        })
    });
    let (from, to) = spec.unwrap_or_default();
    Object::ReferenceGrant(Arc::new(ReferenceGrant { meta: header.meta, from, to }))
}

fn read_from(node: Node<'_, '_>) -> Option<GrantFrom> {
    node.object(|fields| {
        let group = fields.required("group", Node::group);
        let kind = fields.required("kind", Node::name);
        let namespace = fields.required("namespace", Node::name);
        Some(GrantFrom { group: group?, kind: kind?, namespace: namespace? })
    })
}

fn read_to(node: Node<'_, '_>) -> Option<GrantTo> {
    node.object(|fields| {
        let group = fields.required("group", Node::group);
        let kind = fields.required("kind", Node::name);
        // An empty name is what a client that knows no absence writes for every name.
        let name = fields.optional("name", Node::text).filter(|name| !name.is_empty()).map(Into::into);
        Some(GrantTo { group: group?, kind: kind?, name })
    })
}
