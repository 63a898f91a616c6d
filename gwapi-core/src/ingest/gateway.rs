//! Gateway (chapter B).

use alloc::{borrow::ToOwned, collections::BTreeMap, collections::BTreeSet, format, string::String, sync::Arc, vec::Vec};

use super::{Fields, Header, IssueCode, Node, default_scope, listener, refs};
use crate::{
    model::{
        Address, AddressType, ClientValidation, ClientValidationMode, DefaultScope, FrontendTls, Gateway, GatewayTls,
        Infrastructure, Listener, NamespacesFrom, Object,
    },
    name::{Namespace, ObjectName},
};

pub(super) fn read(header: Header<'_>, root: &mut Fields<'_, '_>) -> Object {
    let namespace = header.namespace();
    let (spec, invalid) = root.spec(|fields| read_spec(fields, &namespace));
    let spec = spec.unwrap_or_default();
    Object::Gateway(Arc::new(Gateway {
        meta: header.meta,
        // No class is called so: a Gateway without one is nobody's.
        class_name: spec.class_name.unwrap_or_else(|| "".into()),
        listeners: spec.listeners,
        addresses: spec.addresses,
        infrastructure: spec.infrastructure,
        allowed_listeners: spec.allowed_listeners,
        tls: spec.tls,
        default_scope: spec.default_scope,
        invalid,
    }))
}

#[derive(Default)]
struct Spec {
    class_name: Option<ObjectName>,
    listeners: Vec<Listener>,
    addresses: Vec<Address>,
    infrastructure: Infrastructure,
    allowed_listeners: Option<NamespacesFrom>,
    tls: GatewayTls,
    default_scope: DefaultScope,
}

fn read_spec(fields: &mut Fields<'_, '_>, namespace: &Namespace) -> Spec {
    let class_name = fields.required("gatewayClassName", Node::name);
    let tls = fields.optional("tls", |node| node.object(|fields| Some(read_tls(fields, namespace))));
    let mut names = BTreeSet::new();
    let listeners = fields.required("listeners", |node| node.entries(|entry| listener::read(entry, namespace, &mut names)));
    let addresses = fields.list("addresses", read_address);
    let infrastructure = fields.optional("infrastructure", |node| node.object(read_infrastructure)).unwrap_or_default();
    let allowed_listeners = fields.optional("allowedListeners", read_allowed_listeners);
    let default_scope = default_scope(fields, "defaultScope");
    Spec {
        class_name,
        listeners: listeners.into_iter().flatten().flatten().collect(),
        addresses,
        infrastructure,
        allowed_listeners,
        tls: tls.unwrap_or_default(),
        default_scope,
    }
}

/// C-001, C-002.
fn read_allowed_listeners(node: Node<'_, '_>) -> Option<NamespacesFrom> {
    node.object(|fields| fields.optional("namespaces", |node| node.object(|fields| listener::read_namespaces(fields, None))))
}

/// B-045, B-052. What is invalid in `frontend` concerns HTTPS listeners, and not the Gateway (B-046).
fn read_tls(fields: &mut Fields<'_, '_>, namespace: &Namespace) -> GatewayTls {
    let client_certificate = fields.optional("backend", |node| {
        node.object(|fields| fields.optional("clientCertificateRef", |node| refs::secret_ref(node, namespace)))
    });
    let frontend = fields.get("frontend").map(|mut node| {
        let (frontend, invalid) = node.part(|node| node.object(|fields| Some(read_frontend(fields, namespace))));
        FrontendTls { invalid, ..frontend.unwrap_or_default() }
    });
    GatewayTls { frontend: frontend.unwrap_or_default(), client_certificate }
}

/// B-045.
fn read_frontend(fields: &mut Fields<'_, '_>, namespace: &Namespace) -> FrontendTls {
    let default = fields.optional("default", |node| read_frontend_config(node, namespace)).flatten();
    let mut per_port = BTreeMap::new();
    fields.list("perPort", |mut entry| {
        let (port, config) = entry.reborrow().object(|fields| {
            let port: Option<u16> = fields.required("port", Node::port);
            let config = fields.required("tls", |node| read_frontend_config(node, namespace));
            Some((port?, config?))
        })?;
        if per_port.insert(port, config).is_some() {
            // Which of the two counts would be a guess.
            entry.fault(IssueCode::DuplicateName, format!("another entry of the list is for port {port}"), None);
        }
        Some(())
    });
    FrontendTls { default, per_port, invalid: Vec::new() }
}

/// What is invalid in it concerns the listeners that it is for, and no other (B-046).
fn read_frontend_config(node: Node<'_, '_>, namespace: &Namespace) -> Option<Option<ClientValidation>> {
    node.object(|fields| {
        Some(fields.get("validation").map(|mut node| {
            let (validation, invalid) = node.part(|node| node.object(|fields| Some(read_client_validation(fields, namespace))));
            let nothing = ClientValidation { ca_certificate_refs: Vec::new(), mode: Default::default(), invalid: Vec::new() };
            ClientValidation { invalid, ..validation.unwrap_or(nothing) }
        }))
    })
}

/// B-047 to B-049.
fn read_client_validation(fields: &mut Fields<'_, '_>, namespace: &Namespace) -> ClientValidation {
    fields.required("caCertificateRefs", Node::not_empty);
    let ca_certificate_refs = fields.list("caCertificateRefs", |node| refs::ca_certificates(node, namespace));
    let modes = [
        ("AllowValidOnly", ClientValidationMode::AllowValidOnly),
        ("AllowInsecureFallback", ClientValidationMode::AllowInsecureFallback),
    ];
    let mode = fields.optional("mode", |node| node.one_of(&modes)).unwrap_or_default();
    ClientValidation { ca_certificate_refs, mode, invalid: Vec::new() }
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
