//! References to backends.

use alloc::vec::Vec;

use serde::Serialize;

use super::Filter;
use crate::name::{Group, Kind, Namespace, ObjectKey, ObjectName};

/// A reference to a backend, defaults applied (I-014).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct BackendObjectRef {
    /// Group, default the core group.
    pub group: Group,
    /// Kind, default Service.
    pub kind: Kind,
    /// Namespace, default that of the route.
    pub namespace: Namespace,
    /// Name.
    pub name: ObjectName,
    /// The port of the Service, not of its endpoints (I-014).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub port: Option<u16>,
}

impl BackendObjectRef {
    /// The object that it points to.
    #[must_use]
    pub fn object(&self) -> ObjectKey {
        ObjectKey {
            group: self.group.clone(),
            kind: self.kind.clone(),
            namespace: Some(self.namespace.clone()),
            name: self.name.clone(),
        }
    }
}

/// One entry of `backendRefs`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BackendRef {
    /// Where the share goes.
    pub backend: BackendObjectRef,
    /// The share is this number by the sum of all weights of the rule (I-001).
    pub weight: u32,
    /// Filters for what goes to this entry (H-008).
    pub filters: Vec<Filter>,
}
