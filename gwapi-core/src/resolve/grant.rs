//! Who may refer to what in another namespace (I-027 to I-034, S-001 to S-005).

use super::World;
use crate::{features::Feature, model::ReferenceGrant, name::ObjectKey, refusal::Refusal, snapshot::Snapshot};

/// Whether a reference from one object to another is permitted: inside a namespace always, across namespaces by a
/// ReferenceGrant in the namespace of the target. Says nothing of whether the target exists.
///
/// `from` is the object that contains the reference: a grant for Gateways gives a ListenerSet nothing (S-005).
#[must_use]
pub fn is_permitted(snapshot: &Snapshot, from: &ObjectKey, to: &ObjectKey) -> bool {
    let Some(namespace) = &to.namespace else { return true };
    if from.namespace.as_ref() == Some(namespace) {
        return true;
    }
    let grants = snapshot.grants.get(namespace);
    grants.is_some_and(|grants| grants.values().any(|grant| grants_reference(grant, from, to)))
}

/// One `from` and one `to` of the same grant must fit (I-027).
fn grants_reference(grant: &ReferenceGrant, from: &ObjectKey, to: &ObjectKey) -> bool {
    let from_fits = grant
        .from
        .iter()
        .any(|entry| entry.group == from.group && entry.kind == from.kind && Some(&entry.namespace) == from.namespace.as_ref());
    let to_fits = grant
        .to
        .iter()
        .any(|entry| entry.group == to.group && entry.kind == to.kind && entry.name.as_ref().is_none_or(|name| *name == to.name));
    from_fits && to_fits
}

/// I-033: whoever does not honour grants lets nothing cross.
pub(super) fn check(world: &World<'_>, from: &ObjectKey, to: &ObjectKey) -> Result<(), Refusal> {
    let is_local = to.namespace.is_none() || to.namespace == from.namespace;
    if is_local || (world.controller.features.has(Feature::ReferenceGrant) && is_permitted(world.snapshot, from, to)) {
        return Ok(());
    }
    Err(Refusal::RefNotPermitted {
        from_kind: from.kind.as_str().into(),
        from_namespace: from.namespace_str().into(),
        target: to.clone(),
    })
}
