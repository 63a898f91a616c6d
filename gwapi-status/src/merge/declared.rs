//! GatewayClass and XMesh: objects of one controller, which tell what it can do.

use alloc::{string::String, vec::Vec};

use gwapi_core::Feature;
use serde_json::{Value, json};

use super::{Merged, Stamp, conditions::ConditionList, finish, members, set_or_remove};
use crate::{
    class::ClassStatus,
    condition::{Condition, ConditionType},
    mesh::MeshStatus,
};

/// Merges what the status of a GatewayClass should say into the one that is there. `now` is the time in RFC 3339, to be
/// written where a status flips; without it such a condition has no `lastTransitionTime`.
///
/// ```
/// use gwapi_core::{Controller, Object, Snapshot, SupportedFeatures, resolve};
/// use gwapi_status::{merge_class, project};
/// use serde_json::json;
///
/// let class = json!({
///     "apiVersion": "gateway.networking.k8s.io/v1", "kind": "GatewayClass", "metadata": {"name": "ours", "generation": 1},
///     "spec": {"controllerName": "example.com/controller"},
/// });
/// let snapshot: Snapshot = Object::from_json(&class).object.into_iter().collect();
/// let controller = Controller { features: SupportedFeatures::core(), ..Controller::named("example.com/controller") };
/// let report = project(&resolve(&snapshot, &controller));
/// let desired = report.classes.values().next().expect("it is ours");
/// let status = merge_class(None, desired, Some("2026-10-29T12:00:00Z")).into_status().expect("nothing was there");
/// assert_eq!(status["conditions"][0]["type"], "Accepted");
/// assert_eq!(status["supportedFeatures"], json!([{"name": "Gateway"}, {"name": "HTTPRoute"}, {"name": "ReferenceGrant"}]));
/// ```
pub fn merge_class(existing: Option<&Value>, desired: &ClassStatus, now: Option<&str>) -> Merged {
    let stamp = Stamp { generation: desired.observed_generation, now };
    merge_declared(existing, &desired.conditions, &desired.supported_features, stamp)
}

/// Merges what the status of an XMesh should say into the one that is there. `now` as in [`merge_class`].
pub fn merge_mesh(existing: Option<&Value>, desired: &MeshStatus, now: Option<&str>) -> Merged {
    let stamp = Stamp { generation: desired.observed_generation, now };
    merge_declared(existing, &desired.conditions, &desired.supported_features, stamp)
}

fn merge_declared(existing: Option<&Value>, conditions: &[Condition], features: &[Feature], stamp: Stamp<'_>) -> Merged {
    let list = ConditionList { own: &[ConditionType::Accepted], desired: conditions };
    if list.is_ahead(existing, stamp) {
        return Merged::Stale;
    }
    let mut dropped = Vec::new();
    let mut status = members(existing);
    let conditions = list.merge(existing, stamp, || String::from("status.conditions"), &mut dropped);
    set_or_remove(&mut status, "conditions", conditions);
    let features = features.iter().map(|feature| json!({"name": feature.as_str()}));
    set_or_remove(&mut status, "supportedFeatures", features.collect());
    finish(existing, status, dropped)
}
