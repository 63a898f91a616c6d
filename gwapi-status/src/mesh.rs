//! XMesh.

use alloc::{format, vec, vec::Vec};

use gwapi_core::{Feature, SupportedFeatures, model::RouteKind, resolution::ResolvedMesh};

use crate::{
    condition::{Condition, ConditionType},
    message::judge,
    reason::Reason,
};

/// What the status of an XMesh should say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MeshStatus {
    /// The generation of the XMesh that was looked at.
    pub observed_generation: i64,
    /// `Accepted` and no other.
    pub conditions: Vec<Condition>,
    /// What the mesh declares, in the order of the names (P-029).
    pub supported_features: Vec<Feature>,
}

impl MeshStatus {
    /// The status of one mesh under a controller with these features.
    #[must_use]
    pub fn of(mesh: &ResolvedMesh, features: &SupportedFeatures) -> Self {
        Self {
            observed_generation: mesh.mesh.meta.generation,
            conditions: vec![accepted(mesh)],
            supported_features: features.iter().filter(|feature| concerns_meshes(*feature)).collect(),
        }
    }
}

/// P-028: the message tells who has accepted it.
fn accepted(mesh: &ResolvedMesh) -> Condition {
    match judge(&mesh.refused, &[Reason::InvalidParameters]) {
        None => {
            let message = format!("accepted by `{}`", mesh.mesh.controller_name);
            Condition::holds(ConditionType::Accepted, Reason::Accepted, message)
        }
        Some((reason, message)) => Condition::fails(ConditionType::Accepted, reason, message),
    }
}

/// Features of meshes, and those of routes, which clients of a Service get as those of a Gateway do (O-019, O-020).
fn concerns_meshes(feature: Feature) -> bool {
    feature.is_mesh() || RouteKind::ALL.into_iter().any(|kind| feature.as_str().starts_with(kind.as_str()))
}
