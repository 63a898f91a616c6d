//! Policies of every kind: one entry for each Gateway that a policy concerns.

use alloc::{format, string::String, vec, vec::Vec};

use gwapi_core::{
    Refusal, Resolution,
    name::{Namespace, ObjectKey},
    resolution::{PolicyObject, ResolvedPolicy},
};

use crate::{
    ancestor::AncestorStatus,
    condition::{Condition, ConditionType},
    message::judge,
    reason::Reason,
};

/// What the status of a policy should say, as far as it is ours to say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicyStatus {
    /// The namespace of the policy: what an ancestorRef without one means.
    pub namespace: Namespace,
    /// The generation of the policy that was looked at.
    pub observed_generation: i64,
    /// One for each Gateway of ours that the policy concerns, in the order of their keys. There can be more than have room
    /// ([`MAX_ANCESTORS`](crate::MAX_ANCESTORS)); without any there is nowhere to say what is wrong with the policy (N-022).
    pub ancestors: Vec<AncestorStatus>,
}

/// What decides if several things are wrong with a policy: first what its author can mend in it.
const REFUSED: [Reason; 4] = [Reason::NoValidCACertificate, Reason::Invalid, Reason::TargetNotFound, Reason::Conflicted];

impl PolicyStatus {
    /// The status of one policy.
    #[must_use]
    pub fn of(policy: &ResolvedPolicy, resolution: &Resolution) -> Self {
        // The same for every ancestor.
        let resolved_refs = resolved_refs(policy);
        let ancestor = |(gateway, refused): (&ObjectKey, Vec<&Refusal>)| {
            let mut conditions = vec![accepted(policy, &refused)];
            conditions.extend(resolved_refs.clone());
            AncestorStatus::of(gateway, resolution, conditions)
        };
        Self {
            namespace: policy.key().namespace_str().into(),
            observed_generation: policy.policy.policy().meta().generation,
            ancestors: policy.ancestors(resolution).into_iter().filter_map(ancestor).collect(),
        }
    }
}

/// N-005, N-008, N-012, N-022, N-023: ports that are left alone are told in the message. A policy that has lost one of its targets at a Gateway is not accepted there: there is one
/// condition for all of them, and the message tells which (N-006).
fn accepted(policy: &ResolvedPolicy, refused: &[&Refusal]) -> Condition {
    let all = policy.refused.iter().chain(refused.iter().copied());
    match judge_policy(all, &REFUSED) {
        None => {
            let partial = policy.targets.iter().filter(|target| target.is_partial);
            let partial: Vec<String> =
                partial.map(|target| format!("; ports of {} that are not TCP stay as they are", target.target.object)).collect();
            let message = format!("the policy is accepted{}", partial.concat());
            Condition::holds(ConditionType::Accepted, Reason::Accepted, message)
        }
        Some((reason, message)) => Condition::fails(ConditionType::Accepted, reason, message),
    }
}

/// N-008, N-009, N-011, P-040. An XBackendTrafficPolicy has no references.
fn resolved_refs(policy: &ResolvedPolicy) -> Option<Condition> {
    if matches!(policy.policy, PolicyObject::BackendTraffic(_)) {
        return None;
    }
    Some(match judge_policy(&policy.unresolved, &[]) {
        None => Condition::holds(ConditionType::ResolvedRefs, Reason::ResolvedRefs, "all references resolve"),
        Some((reason, message)) => Condition::fails(ConditionType::ResolvedRefs, reason, message),
    })
}

fn judge_policy<'r>(refusals: impl IntoIterator<Item = &'r Refusal>, order: &[Reason]) -> Option<(Reason, String)> {
    judge(refusals, order).map(|(reason, message)| (reason.of_policy(), message))
}
