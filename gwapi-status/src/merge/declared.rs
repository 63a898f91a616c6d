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
