//! Policies of every kind: `status.ancestors`.

use alloc::{collections::BTreeSet, vec::Vec};

use gwapi_core::name::ControllerName;
use serde_json::Value;

use super::{
    Dropped, Merged, Stamp,
    shared::{Entry, List, Shared},
};
use crate::{
    condition::ConditionType,
    policy::{AncestorStatus, PolicyStatus},
};

/// How many entries `status.ancestors` may have (N-020).
pub const MAX_ANCESTORS: usize = 16;

const ANCESTORS: List = List {
    name: "ancestors",
    reference: "ancestorRef",
    limit: MAX_ANCESTORS,
    own: &[ConditionType::Accepted, ConditionType::ResolvedRefs],
    dropped: |ancestor_ref| Dropped::Ancestor { ancestor_ref },
};

/// Merges what the status of a policy should say into the one that is there; without `desired` the policy concerns no Gateway
/// of ours (any more). `owned` and `now` as in [`merge_route`](crate::merge_route).
///
/// If others have filled the list, nothing is added, and those that are [`Dropped`] are to be told at their Gateways (N-020).
/// Entries of others stay as they are, those of ours that no longer apply go (N-021).
pub fn merge_policy(
    existing: Option<&Value>,
    desired: Option<&PolicyStatus>,
    owned: &BTreeSet<ControllerName>,
    now: Option<&str>,
) -> Merged {
    let nothing = PolicyStatus { namespace: "".into(), observed_generation: 0, ancestors: Vec::new() };
    let PolicyStatus { namespace, observed_generation, ancestors } = desired.unwrap_or(&nothing);
    let desired = ancestors.iter().map(entry).collect();
    let stamp = Stamp { generation: *observed_generation, now };
    Shared { list: &ANCESTORS, namespace, desired, left_alone: &[], owned, stamp }.merge(existing)
}

fn entry(ancestor: &AncestorStatus) -> Entry<'_> {
    let AncestorStatus { ancestor_ref: reference, controller_name, conditions } = ancestor;
    Entry { reference, controller_name, conditions }
}
