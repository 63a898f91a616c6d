//! TLSRoute, TCPRoute and UDPRoute (chapters L and M).

use alloc::vec::Vec;

use super::{Fields, Header, Node, route};
use crate::{
    model::{L4Rule, Object, RouteKind, Rules},
    name::Namespace,
};

/// L-015: a route without hostnames takes every connection, which only v1alpha2 lets it ask for.
pub(super) fn read_tls(header: Header<'_>, root: &mut Fields<'_, '_>) -> Object {
    let may_take_all = header.version == "v1alpha2";
    let own = |fields: &mut Fields<'_, '_>, namespace: &Namespace| {
        if !may_take_all {
            fields.required("hostnames", Node::not_empty);
        }
        route::Own { hostnames: route::read_hostnames(fields), rules: read_rules(fields, namespace) }
    };
    route::read(RouteKind::Tls, header, root, own, Rules::L4(Vec::new()))
}

/// M-011.
pub(super) fn read_tcp(header: Header<'_>, root: &mut Fields<'_, '_>) -> Object {
    route::read(RouteKind::Tcp, header, root, without_hostnames, Rules::L4(Vec::new()))
}

/// M-011.
pub(super) fn read_udp(header: Header<'_>, root: &mut Fields<'_, '_>) -> Object {
    route::read(RouteKind::Udp, header, root, without_hostnames, Rules::L4(Vec::new()))
}

fn without_hostnames(fields: &mut Fields<'_, '_>, namespace: &Namespace) -> route::Own {
    route::Own { hostnames: Vec::new(), rules: read_rules(fields, namespace) }
}

fn read_rules(fields: &mut Fields<'_, '_>, namespace: &Namespace) -> Rules {
    let read = |fields: &mut Fields<'_, '_>| {
        let name = fields.optional("name", Node::name);
        let backend_refs =
            fields.required("backendRefs", |node| node.list(|entry| route::read_backend_ref(entry, namespace, &[])));
        L4Rule { name, backend_refs: backend_refs.unwrap_or_default(), invalid: Vec::new() }
    };
    let finish = |rule: Option<L4Rule>, invalid| L4Rule { invalid, ..rule.unwrap_or_default() };
    let rules = fields.required("rules", |node| Some(route::read_rules(node, read, finish)));
    Rules::L4(rules.unwrap_or_default())
}
