//! Policies of every kind and XBackends: `status.ancestors`.

use alloc::collections::BTreeSet;

use gwapi_core::name::{ControllerName, Namespace};
use serde_json::Value;

use super::{
    Dropped, Merged, Stamp,
    shared::{Entry, List, Shared},
};
use crate::{ancestor::AncestorStatus, condition::ConditionType, policy::PolicyStatus, x_backend::XBackendStatus};

/// How many entries `status.ancestors` of a policy may have (N-020).
pub const MAX_ANCESTORS: usize = 16;
/// How many entries `status.ancestors` of an XBackend may have (P-017).
pub const MAX_X_BACKEND_ANCESTORS: usize = 32;

const OF_POLICY: List = List {
    name: "ancestors",
    reference: "ancestorRef",
    limit: MAX_ANCESTORS,
    own: &[ConditionType::Accepted, ConditionType::ResolvedRefs],
    dropped: |ancestor_ref| Dropped::Ancestor { ancestor_ref },
};
const OF_X_BACKEND: List = List { limit: MAX_X_BACKEND_ANCESTORS, ..OF_POLICY };

/// Merges what the status of a policy should say into the one that is there; without `desired` the policy concerns no Gateway
/// of ours (any more). `owned` and `now` as in [`merge_route`](crate::merge_route).
///
/// If others have filled the list, nothing is added, and those that are [`Dropped`] are to be told at their Gateways (N-020).
/// Entries of others stay as they are, those of ours that no longer apply go (N-021).
///
/// ```
/// use std::collections::BTreeSet;
/// use gwapi_core::name::ControllerName;
/// use gwapi_status::{Merged, merge_policy};
/// use serde_json::json;
///
/// let ours = ControllerName::from("example.com/controller");
/// let entry = |controller: &str| json!({
///     "ancestorRef": {"kind": "Gateway", "name": "edge"}, "controllerName": controller,
///     "conditions": [{"type": "Accepted", "status": "True", "reason": "Accepted", "message": "",
///                     "lastTransitionTime": "2026-01-01T00:00:00Z"}],
/// });
/// let status = json!({"ancestors": [entry(ours.as_str()), entry("example.org/other")]});
/// let merged = merge_policy(Some(&status), None, &BTreeSet::from([ours]), Some("2026-10-29T12:00:00Z"));
/// assert_eq!(merged, Merged::Changed(json!({"ancestors": [entry("example.org/other")]})));
/// ```
pub fn merge_policy(
    existing: Option<&Value>,
    desired: Option<&PolicyStatus>,
    owned: &BTreeSet<ControllerName>,
    now: Option<&str>,
) -> Merged {
    let desired = desired.map(|status| (&status.namespace, status.observed_generation, status.ancestors.as_slice()));
    merge_ancestors(existing, &OF_POLICY, desired, owned, now)
}

/// Merges what the status of an XBackend should say into the one that is there, as [`merge_policy`] does.
pub fn merge_x_backend(
    existing: Option<&Value>,
    desired: Option<&XBackendStatus>,
    owned: &BTreeSet<ControllerName>,
    now: Option<&str>,
) -> Merged {
    let desired = desired.map(|status| (&status.namespace, status.observed_generation, status.ancestors.as_slice()));
    merge_ancestors(existing, &OF_X_BACKEND, desired, owned, now)
}

fn merge_ancestors(
    existing: Option<&Value>,
    list: &'static List,
    desired: Option<(&Namespace, i64, &[AncestorStatus])>,
    owned: &BTreeSet<ControllerName>,
    now: Option<&str>,
) -> Merged {
    let nowhere = Namespace::from("");
    let (namespace, generation, ancestors) = desired.unwrap_or((&nowhere, 0, &[]));
    let desired = ancestors.iter().map(entry).collect();
    Shared { list, namespace, desired, left_alone: &[], owned, stamp: Stamp { generation, now } }.merge(existing)
}

fn entry(ancestor: &AncestorStatus) -> Entry<'_> {
    let AncestorStatus { ancestor_ref: reference, controller_name, conditions } = ancestor;
    Entry { reference, controller_name, conditions }
}
