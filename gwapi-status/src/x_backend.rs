//! XBackend: one entry for each Gateway that sends to it.

use alloc::{vec, vec::Vec};

use gwapi_core::{
    Resolution,
    model::XBackendTls,
    name::{Namespace, ObjectKey},
    resolution::ResolvedXBackend,
};

use crate::{
    ancestor::AncestorStatus,
    condition::{Condition, ConditionType},
    message::judge,
    reason::Reason,
};

/// What the status of an XBackend should say, as far as it is ours to say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct XBackendStatus {
    /// The namespace of the XBackend: what an ancestorRef without one means.
    pub namespace: Namespace,
    /// The generation of the XBackend that was looked at.
    pub observed_generation: i64,
    /// One for each Gateway of ours that sends to it, or would if it could, in the order of their keys (P-017).
    pub ancestors: Vec<AncestorStatus>,
}

impl XBackendStatus {
    /// The status of one XBackend.
    #[must_use]
    pub fn of(backend: &ResolvedXBackend, resolution: &Resolution) -> Self {
        // The same for every ancestor.
        let mut conditions = vec![accepted(backend)];
        conditions.extend(resolved_refs(backend));
        let ancestor = |gateway: &ObjectKey| AncestorStatus::of(gateway, resolution, conditions.clone());
        Self {
            namespace: backend.key().namespace_str().into(),
            observed_generation: backend.backend.meta.generation,
            ancestors: backend.ancestors(resolution).filter_map(ancestor).collect(),
        }
    }
}

/// P-017. The API names no reason for an XBackend that cannot be sent to; the words are those of policies (P-014).
fn accepted(backend: &ResolvedXBackend) -> Condition {
    match judge(&backend.refused, &[Reason::NoValidCACertificate, Reason::Invalid]) {
        None => Condition::holds(ConditionType::Accepted, Reason::Accepted, "the backend is accepted"),
        Some((reason @ Reason::NoValidCACertificate, message)) => Condition::fails(ConditionType::Accepted, reason, message),
        Some((_, message)) => Condition::fails(ConditionType::Accepted, Reason::Invalid, message),
    }
}

/// P-014: where TLS is asked for there are references, which are judged as those of a policy and of a Gateway.
fn resolved_refs(backend: &ResolvedXBackend) -> Option<Condition> {
    let has_references = matches!(backend.backend.tls, Some(XBackendTls::ServerOnly(_) | XBackendTls::ClientAndServer { .. }));
    match judge(&backend.unresolved, &[Reason::RefNotPermitted]) {
        None => {
            has_references.then(|| Condition::holds(ConditionType::ResolvedRefs, Reason::ResolvedRefs, "all references resolve"))
        }
        Some((reason, message)) => Some(Condition::fails(ConditionType::ResolvedRefs, reason.of_policy(), message)),
    }
}
