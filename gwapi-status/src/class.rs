//! GatewayClass.

use alloc::{vec, vec::Vec};

use gwapi_core::{Feature, SupportedFeatures, resolution::ResolvedClass};

use crate::{
    condition::{Condition, ConditionType},
    message::judge,
    reason::Reason,
};

/// What the status of a GatewayClass should say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClassStatus {
    /// The generation of the class that was looked at.
    pub observed_generation: i64,
    /// `Accepted`. See the crate's documentation for `SupportedVersion`.
    pub conditions: Vec<Condition>,
    /// What the controller declares, in the order of the names, without features of a mesh. It stands beside
    /// `Accepted` and so comes no later than that.
    pub supported_features: Vec<Feature>,
}

impl ClassStatus {
    /// The status of one class under a controller with these features.
    #[must_use]
    pub fn of(class: &ResolvedClass, features: &SupportedFeatures) -> Self {
        Self {
            observed_generation: class.class.meta.generation,
            conditions: vec![accepted(class)],
            supported_features: features.iter().filter(|feature| !feature.is_mesh()).collect(),
        }
    }
}

///
fn accepted(class: &ResolvedClass) -> Condition {
    match judge(&class.refused, &[Reason::InvalidParameters]) {
        None => Condition::holds(ConditionType::Accepted, Reason::Accepted, "Gateways of this class are served"),
        Some((reason, message)) => Condition::fails(ConditionType::Accepted, reason, message),
    }
}
