//! Gateway (chapter B).

use alloc::{borrow::ToOwned, collections::BTreeMap, collections::BTreeSet, string::String, sync::Arc, vec::Vec};

use super::{Fields, Header, Node, listener, refs};
use crate::{
    model::{Address, AddressType, Gateway, Infrastructure, Listener, Object},
    name::{Namespace, ObjectName},
};

pub(super) fn read(header: Header<'_>, root: &mut Fields<'_, '_>) -> Object {
    let namespace = header.namespace();
    let (spec, invalid) =
        root.part(|root| root.required("spec", |node| node.object(|fields| Some(read_spec(fields, &namespace)))));
    let spec = spec.unwrap_or_default();
    Object::Gateway(Arc::new(Gateway {
        meta: header.meta,
        // No class is called so: a Gateway without one is nobody's.
        class_name: spec.class_name.unwrap_or_else(|| "".into()),
        listeners: spec.listeners,
        addresses: spec.addresses,
        infrastructure: spec.infrastructure,
        invalid,
    }))
}

#[derive(Default)]
struct Spec {
    class_name: Option<ObjectName>,
    listeners: Vec<Listener>,
    addresses: Vec<Address>,
    infrastructure: Infrastructure,
}

fn read_spec(fields: &mut Fields<'_, '_>, namespace: &Namespace) -> Spec {
    let class_name = fields.required("gatewayClassName", Node::name);
    let tls = fields.optional("tls", |node| node.object(|fields| Some(read_tls(fields)))).unwrap_or_default();
    let mut names = BTreeSet::new();
    let listeners =
        fields.required("listeners", |node| node.entries(|entry| listener::read(entry, namespace, &mut names, tls.frontend)));
    let addresses = fields.list("addresses", read_address);
    let infrastructure = fields.optional("infrastructure", |node| node.object(read_infrastructure)).unwrap_or_default();
    // Neither lets anything in that would stay out without it.
    fields.optional("allowedListeners", |node| {
        if node.has_text_at("/namespaces/from", "None") {
            return None;
        }
        node.not_read("ListenerSets are not supported: none is attached to this Gateway")
    });
    fields.optional("defaultScope", |node| {
        if node.is_text("None") {
            return None;
        }
        node.not_read("default Gateways are not supported: routes attach by `parentRefs` only")
    });
    Spec { class_name, listeners: listeners.into_iter().flatten().flatten().collect(), addresses, infrastructure }
}

/// What `spec.tls` asks for.
#[derive(Default)]
struct GatewayTls {
    /// Client certificates are to be validated. Listeners that would be served without that are refused (law 11).
    frontend: bool,
}

fn read_tls(fields: &mut Fields<'_, '_>) -> GatewayTls {
    // Backends that insist on a certificate refuse the connection: nothing is widened.
    fields.optional("backend", |node| node.not_read("client certificates for backends are not supported: none is presented"));
    let frontend = fields.optional("frontend", |node| {
        node.not_read("client certificates are not validated: HTTPS listeners of this Gateway are refused")
    });
    GatewayTls { frontend: frontend.is_some() }
}

/// B-059, B-062, B-075.
fn read_address(node: Node<'_, '_>) -> Option<Address> {
    node.object(|fields| {
        let kind = fields.optional("type", Node::text).map_or(AddressType::IpAddress, AddressType::from);
        // An empty value is what a client that knows no absence writes for one.
        let value = fields.optional("value", Node::text).filter(|value| !value.is_empty()).map(Arc::from);
        let routability = fields.optional("routability", Node::text).map_or_else(|| Arc::from(""), Arc::from);
        Some(Address { kind, value, routability })
    })
}

fn read_infrastructure(fields: &mut Fields<'_, '_>) -> Option<Infrastructure> {
    let labels = texts(fields, "labels");
    let annotations = texts(fields, "annotations");
    let parameters_ref = fields.optional("parametersRef", refs::local_ref);
    Some(Infrastructure { labels, annotations, parameters_ref })
}

fn texts(fields: &mut Fields<'_, '_>, name: &'static str) -> BTreeMap<String, String> {
    let texts = fields.optional(name, Node::texts).unwrap_or_default();
    texts.into_iter().map(|(key, value)| (key.to_owned(), value.to_owned())).collect()
}
