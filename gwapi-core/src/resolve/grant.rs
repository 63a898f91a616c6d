//! Who may refer to what in another namespace (I-027 to I-034, S-001 to S-005).

use super::World;
use crate::{
    features::Feature,
    model::ReferenceGrant,
    name::{Namespace, ObjectKey},
    refusal::Refusal,
    snapshot::Snapshot,
};

/// Whether a reference from one object to another is permitted: inside a namespace always, across namespaces by a
/// ReferenceGrant in the namespace of the target. Says nothing of whether the target exists.
///
/// `from` is the object that contains the reference: a grant for Gateways gives a ListenerSet nothing (S-005).
///
/// This is the question for references of your own kinds. Those of the Gateway API are asked about by [`resolve`](super::resolve()).
///
/// ```
/// use gwapi_core::{Object, ObjectKey, Snapshot, name::{CORE_GROUP, GATEWAY_GROUP}, resolve::is_permitted};
/// use serde_json::json;
///
/// let grant = json!({
///     "apiVersion": "gateway.networking.k8s.io/v1", "kind": "ReferenceGrant",
///     "metadata": {"name": "shop", "namespace": "stock"},
///     "spec": {"from": [{"group": GATEWAY_GROUP, "kind": "HTTPRoute", "namespace": "shop"}], "to": [{"group": "", "kind": "Service"}]},
/// });
/// let snapshot: Snapshot = Object::from_json(&grant).object.into_iter().collect();
/// let route = |namespace: &str| ObjectKey::namespaced(GATEWAY_GROUP, "HTTPRoute", &namespace.into(), &"cart".into());
/// let service = ObjectKey::namespaced(CORE_GROUP, "Service", &"stock".into(), &"items".into());
/// assert!(is_permitted(&snapshot, &route("shop"), &service));
/// assert!(!is_permitted(&snapshot, &route("blog"), &service));
/// ```
#[must_use]
pub fn is_permitted(snapshot: &Snapshot, from: &ObjectKey, to: &ObjectKey) -> bool {
    crossed(from, to).is_none_or(|namespace| {
        snapshot.grants.get(namespace).is_some_and(|grants| grants.values().any(|grant| grants_reference(grant, from, to)))
    })
}

/// The namespace of the target, if a reference leads from one namespace to another.
fn crossed<'k>(from: &ObjectKey, to: &'k ObjectKey) -> Option<&'k Namespace> {
    to.namespace.as_ref().filter(|namespace| from.namespace.as_ref() != Some(*namespace))
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
    let Some(namespace) = crossed(from, to) else { return Ok(()) };
    let mut grants = world.grants(from, namespace);
    if world.controller.features.has(Feature::ReferenceGrant) && grants.any(|grant| grants_reference(grant, from, to)) {
        return Ok(());
    }
    Err(Refusal::RefNotPermitted {
        from_kind: from.kind.as_str().into(),
        from_namespace: from.namespace_str().into(),
        target: to.clone(),
    })
}
