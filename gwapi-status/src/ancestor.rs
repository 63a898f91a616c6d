//! Entries of `status.ancestors`: what is said to each Gateway that an object concerns.

use alloc::vec::Vec;

use gwapi_core::{
    Resolution,
    model::ParentRef,
    name::{ControllerName, ObjectKey},
};

use crate::condition::Condition;

/// What an entry of `status.ancestors` should say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AncestorStatus {
    /// The Gateway, all defaults written out.
    pub ancestor_ref: ParentRef,
    /// Under which name it is written.
    pub controller_name: ControllerName,
    /// `Accepted`, and `ResolvedRefs` where the object has references.
    pub conditions: Vec<Condition>,
}

impl AncestorStatus {
    /// An entry for a Gateway of ours (N-019: group, kind, namespace and name).
    pub(crate) fn of(gateway: &ObjectKey, resolution: &Resolution, conditions: Vec<Condition>) -> Option<Self> {
        let controller_name = resolution.gateways.get(gateway)?.controller_name.clone();
        let ObjectKey { group, kind, namespace, name } = gateway.clone();
        let namespace = namespace.unwrap_or_else(|| "".into());
        let ancestor_ref = ParentRef { group, kind, namespace, name, section_name: None, port: None };
        Some(Self { ancestor_ref, controller_name, conditions })
    }
}
