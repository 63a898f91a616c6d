//! GatewayClass (chapter A) and XMesh (P.4), which say the same of themselves.

use alloc::sync::Arc;

use super::{Fields, Header, Node, refs};
use crate::model::{GatewayClass, Object, ParametersRef, XMesh};
use crate::name::ControllerName;

///
const MAX_DESCRIPTION: usize = 64;

/// A class that does not say whose it is belongs to nobody: all that is left of it is its name.
pub(super) fn read(header: Header<'_>, root: &mut Fields<'_, '_>) -> Object {
    let spec = root.required("spec", |node| node.object(|fields| Some(read_spec(fields))));
    let Some((Some(controller_name), parameters_ref)) = spec else { return Object::Other(header.meta.key) };
    Object::GatewayClass(Arc::new(GatewayClass { meta: header.meta, controller_name, parameters_ref }))
}

/// P-026.
pub(super) fn read_mesh(header: Header<'_>, root: &mut Fields<'_, '_>) -> Object {
    let spec = root.required("spec", |node| node.object(|fields| Some(read_spec(fields))));
    let Some((Some(controller_name), parameters_ref)) = spec else { return Object::Other(header.meta.key) };
    Object::XMesh(Arc::new(XMesh { meta: header.meta, controller_name, parameters_ref }))
}

fn read_spec(fields: &mut Fields<'_, '_>) -> (Option<ControllerName>, Option<ParametersRef>) {
    let controller_name = fields.required("controllerName", Node::name);
    let parameters_ref = fields.get("parametersRef").map(refs::parameters_ref);
    fields.optional("description", |node| node.limited(0..=MAX_DESCRIPTION));
    (controller_name, parameters_ref)
}
