//! Which GatewayClasses are ours, and which of them are accepted (chapter A).

use alloc::{sync::Arc, vec::Vec};

use super::World;
use crate::{
    controller::Identity,
    features::Feature,
    model::{GatewayClass, ParametersRef},
    name::{ControllerName, Group, Kind, ObjectKey},
    refusal::{ParametersFault, Refusal},
    resolution::ResolvedClass,
};

/// What becomes of a class; nothing if it is not ours.
pub(crate) fn resolve_class(world: &World<'_>, class: &Arc<GatewayClass>) -> Option<ResolvedClass> {
    // O-025: whoever has no Gateways has no classes of them.
    let is_ours = world.controller.features.has(Feature::Gateway) && world.controller.identity.owns(&class.controller_name);
    is_ours.then(|| ResolvedClass { class: class.clone(), refused: refusals(world, class) })
}

/// The controller name for a Gateway whose class is not in the input. Somebody who looks at manifests need not have the
/// classes beside them; but as soon as there is one, a missing class is a mistake.
pub(super) fn assumed(world: &World<'_>) -> Option<ControllerName> {
    match &world.controller.identity {
        Identity::Everyone(name) if !world.has_classes() => Some(name.clone()),
        _ => None,
    }
}

///
fn refusals(world: &World<'_>, class: &GatewayClass) -> Vec<Refusal> {
    let fault = class.parameters_ref.as_ref().and_then(|reference| {
        let object = parameters_object(reference);
        let why = parameters_fault(world, &reference.group, &reference.kind, &object)?;
        Some(Refusal::ClassParameters { object, why })
    });
    fault.into_iter().collect()
}

fn parameters_object(reference: &ParametersRef) -> ObjectKey {
    ObjectKey {
        group: reference.group.clone(),
        kind: reference.kind.clone(),
        namespace: reference.namespace.clone(),
        name: reference.name.clone(),
    }
}

/// Why parameters of a class or a Gateway cannot be used. A namespaced kind without a namespace, or the other way round,
/// is found nowhere. Who looks at the manifests of everybody cannot know what each of them understands: there any
/// kind will do, as long as the object is there.
pub(super) fn parameters_fault(world: &World<'_>, group: &Group, kind: &Kind, object: &ObjectKey) -> Option<ParametersFault> {
    let is_everyone = matches!(world.controller.identity, Identity::Everyone(_));
    if !is_everyone && !world.controller.parameter_kinds.contains(&(group.clone(), kind.clone())) {
        Some(ParametersFault::KindUnsupported)
    } else if !world.contains(object) {
        Some(ParametersFault::NotFound)
    } else {
        None
    }
}
