//! References to other objects, their defaults applied.

use super::{Fields, IssueCode, Node, kinds::CERTIFICATES_GROUP};
use crate::{
    model::{BackendObjectRef, LocalObjectRef, ParametersRef, ParentRef, SecretRef},
    name::{CORE_GROUP, GATEWAY_GROUP, GATEWAY_X_GROUP, Group, Kind, Namespace, ObjectKey, ObjectName},
};

/// The group and kind of a reference that names none.
type Default = (&'static str, &'static str);

const GATEWAY: Default = (GATEWAY_GROUP, "Gateway");
const SERVICE: Default = (CORE_GROUP, "Service");
const SECRET: Default = (CORE_GROUP, "Secret");

/// D-020.
pub(super) fn parent_ref(node: Node<'_, '_>, own: &Namespace) -> Option<ParentRef> {
    node.object(|fields| {
        let section_name = fields.optional("sectionName", Node::name);
        let port = fields.optional("port", Node::port);
        let (group, kind, namespace, name) = names(fields, own, GATEWAY)?;
        Some(ParentRef { group, kind, namespace, name, section_name, port })
    })
}

/// C-004: the Gateway of a ListenerSet.
pub(super) fn parent_gateway(node: Node<'_, '_>, own: &Namespace) -> Option<ObjectKey> {
    node.object(|fields| {
        let (group, kind, namespace, name) = names(fields, own, GATEWAY)?;
        Some(ObjectKey { group, kind, namespace: Some(namespace), name })
    })
}

/// I-014.
pub(super) fn backend(node: Node<'_, '_>, own: &Namespace) -> Option<BackendObjectRef> {
    node.object(|fields| backend_object(fields, own))
}

/// The fields of a backendRef stand beside others, so this reads them where they are.
pub(super) fn backend_object(fields: &mut Fields<'_, '_>, own: &Namespace) -> Option<BackendObjectRef> {
    let port = fields.optional("port", Node::port);
    let (group, kind, namespace, name) = names(fields, own, SERVICE)?;
    if port.is_some() && group == GATEWAY_X_GROUP && kind == "XBackend" {
        // R-051; v1.6 let it stand there.
        fields.remark_at("port", IssueCode::InvalidValue, "an XBackend has its own port: this one does not count".into(), None);
    }
    Some(BackendObjectRef { group, kind, namespace, name, port })
}

/// B-035.
pub(super) fn secret_ref(node: Node<'_, '_>, own: &Namespace) -> Option<SecretRef> {
    node.object(|fields| {
        let (group, kind, namespace, name) = names(fields, own, SECRET)?;
        Some(SecretRef { group, kind, namespace, name })
    })
}

/// A reference to CA certificates in a namespace of choice (B-049). A ClusterTrustBundle is in none (B-084, R-050).
pub(super) fn ca_certificates(node: Node<'_, '_>, own: &Namespace) -> Option<ObjectKey> {
    node.object(|fields| {
        let (group, kind, name) = object_names(fields);
        let namespace = match (&group, &kind, fields.get("namespace")) {
            (Some(group), Some(kind), given) if is_trust_bundle(group, kind) => {
                if let Some(mut given) = given {
                    given.fault(IssueCode::InvalidValue, "a ClusterTrustBundle is in no namespace", None);
                }
                None
            }
            (_, _, given) => Some(given.and_then(Node::name).unwrap_or_else(|| own.clone())),
        };
        Some(ObjectKey { group: group?, kind: kind?, namespace, name: name? })
    })
}

/// A reference to CA certificates in the own namespace, unless the kind is in none (N-007, N-033).
pub(super) fn local_ca_certificates(node: Node<'_, '_>, own: &Namespace) -> Option<ObjectKey> {
    let LocalObjectRef { group, kind, name } = local_ref(node)?;
    let namespace = (!is_trust_bundle(&group, &kind)).then(|| own.clone());
    Some(ObjectKey { group, kind, namespace, name })
}

fn is_trust_bundle(group: &Group, kind: &Kind) -> bool {
    *group == CERTIFICATES_GROUP && *kind == "ClusterTrustBundle"
}

/// A reference without defaults to an object of the same namespace.
pub(super) fn local_ref(node: Node<'_, '_>) -> Option<LocalObjectRef> {
    node.object(local_object)
}

/// The same, where its fields stand beside others.
pub(super) fn local_object(fields: &mut Fields<'_, '_>) -> Option<LocalObjectRef> {
    let (group, kind, name) = object_names(fields);
    Some(LocalObjectRef { group: group?, kind: kind?, name: name? })
}

/// a class whose reference is broken is refused because no such object exists. What cannot be read of the reference
/// stays empty, which no object is called, so that the class never counts as one without parameters.
pub(super) fn parameters_ref(node: Node<'_, '_>) -> ParametersRef {
    let read = node.object(|fields| {
        let (group, kind, name) = object_names(fields);
        let namespace = fields.optional("namespace", Node::name);
        Some((group, kind, name, namespace))
    });
    let (group, kind, name, namespace) = read.unwrap_or_default();
    ParametersRef {
        group: group.unwrap_or_else(|| "".into()),
        kind: kind.unwrap_or_else(|| "".into()),
        namespace,
        name: name.unwrap_or_else(|| "".into()),
    }
}

fn object_names(fields: &mut Fields<'_, '_>) -> (Option<Group>, Option<Kind>, Option<ObjectName>) {
    let group = fields.required("group", Node::group);
    let kind = fields.required("kind", Node::name);
    let name = fields.required("name", Node::name);
    (group, kind, name)
}

fn names(fields: &mut Fields<'_, '_>, own: &Namespace, (group, kind): Default) -> Option<(Group, Kind, Namespace, ObjectName)> {
    let group = fields.optional("group", Node::group).unwrap_or_else(|| group.into());
    let kind = fields.optional("kind", Node::name).unwrap_or_else(|| kind.into());
    let namespace = namespace(fields, own);
    let name = fields.required("name", Node::name)?;
    Some((group, kind, namespace, name))
}

fn namespace(fields: &mut Fields<'_, '_>, own: &Namespace) -> Namespace {
    fields.optional("namespace", Node::name).unwrap_or_else(|| own.clone())
}
