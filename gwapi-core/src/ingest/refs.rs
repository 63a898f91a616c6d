//! References to other objects, their defaults applied.

use super::{Fields, Node};
use crate::{
    model::{BackendObjectRef, LocalObjectRef, ParametersRef, ParentRef, SecretRef},
    name::{GATEWAY_GROUP, Group, Kind, Namespace, ObjectName},
};

/// D-020.
pub(super) fn parent_ref(node: Node<'_, '_>, own: &Namespace) -> Option<ParentRef> {
    node.object(|fields| {
        let group = fields.optional("group", Node::group).unwrap_or_else(|| GATEWAY_GROUP.into());
        let kind = fields.optional("kind", Node::name).unwrap_or_else(|| "Gateway".into());
        let namespace = namespace(fields, own);
        let section_name = fields.optional("sectionName", Node::name);
        let port = fields.optional("port", Node::port);
        let name = fields.required("name", Node::name)?;
        Some(ParentRef { group, kind, namespace, name, section_name, port })
    })
}

/// I-014. The fields of a backendRef stand beside others, so this reads them where they are.
pub(super) fn backend_object(fields: &mut Fields<'_, '_>, own: &Namespace) -> Option<BackendObjectRef> {
    let group = fields.optional("group", Node::group).unwrap_or_else(|| "".into());
    let kind = fields.optional("kind", Node::name).unwrap_or_else(|| "Service".into());
    let namespace = namespace(fields, own);
    let port = fields.optional("port", Node::port);
    let name = fields.required("name", Node::name)?;
    Some(BackendObjectRef { group, kind, namespace, name, port })
}

/// B-035.
pub(super) fn secret_ref(node: Node<'_, '_>, own: &Namespace) -> Option<SecretRef> {
    node.object(|fields| {
        let group = fields.optional("group", Node::group).unwrap_or_else(|| "".into());
        let kind = fields.optional("kind", Node::name).unwrap_or_else(|| "Secret".into());
        let namespace = namespace(fields, own);
        let name = fields.required("name", Node::name)?;
        Some(SecretRef { group, kind, namespace, name })
    })
}

/// A reference without defaults to an object of the same namespace.
pub(super) fn local_ref(node: Node<'_, '_>) -> Option<LocalObjectRef> {
    node.object(|fields| {
        let (group, kind, name) = object_names(fields);
        Some(LocalObjectRef { group: group?, kind: kind?, name: name? })
    })
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

fn namespace(fields: &mut Fields<'_, '_>, own: &Namespace) -> Namespace {
    fields.optional("namespace", Node::name).unwrap_or_else(|| own.clone())
}
