//! Policies: objects that attach to others (chapter N, P.3, P.7).

use alloc::{sync::Arc, vec::Vec};
use core::time::Duration;

use serde::Serialize;

use super::{Invalid, ObjectMeta, SessionPersistence};
use crate::{
    hostname::Hostname,
    name::{ObjectKey, SectionName},
};

/// What every kind of policy has.
pub trait Policy {
    /// Name, generation, age: of several policies on one target the oldest counts (N-030).
    fn meta(&self) -> &ObjectMeta;
    /// What it is attached to, each once.
    fn targets(&self) -> &[PolicyTarget];
}

macro_rules! policies {
    ($($policy:ty),*) => {
        $(
            impl Policy for $policy {
                fn meta(&self) -> &ObjectMeta {
                    &self.meta
                }

                fn targets(&self) -> &[PolicyTarget] {
                    &self.target_refs
                }
            }
        )*
    };
}

policies!(BackendTlsPolicy, XBackendTrafficPolicy, super::XTelemetryPolicy);

/// What a policy is attached to, or a part of it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct PolicyTarget {
    /// The object; it is in the namespace of the policy (S-004).
    pub object: ObjectKey,
    /// Only this part of it: a listener, a rule or a Service port by name (D-034).
    #[serde(rename = "sectionName", skip_serializing_if = "Option::is_none")]
    pub section_name: Option<SectionName>,
}

/// A BackendTLSPolicy: connections to its targets use TLS (N-001).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BackendTlsPolicy {
    /// Name, generation, age.
    pub meta: ObjectMeta,
    /// What it is attached to.
    pub target_refs: Vec<PolicyTarget>,
    /// How the backend proves who it is; nothing if anything in it is invalid.
    pub validation: Option<BackendTlsValidation>,
    /// Keys of `options`; their meaning is an implementation's own (B-043).
    pub options: Vec<Arc<str>>,
    /// Values that cannot be honoured: the policy is refused, and so are connections to its targets (I-011, N-010).
    pub invalid: Vec<Invalid>,
}

/// How a backend proves who it is. XBackends carry this too (P-014).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BackendTlsValidation {
    /// The SNI, and the name of the certificate unless there are `subject_alt_names` (N-013). No wildcard.
    pub hostname: Hostname,
    /// Who may have signed the certificate.
    pub ca_certificates: CaCertificates,
    /// Names of which the certificate must have one, if there are any (N-014).
    pub subject_alt_names: Vec<SubjectAltName>,
}

/// Where trust anchors come from (N-007).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CaCertificates {
    /// From objects, at least one: what is no ClusterTrustBundle is in the namespace of the referrer (N-033, S-004).
    Refs(Vec<ObjectKey>),
    /// From a set that the implementation has under this name, such as `System` (N-012).
    WellKnown(Arc<str>),
}

/// A name that a certificate can have (N-015).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SubjectAltName {
    /// A DNS name; the type admits a wildcard.
    Hostname(Hostname),
    /// A URI, such as a SPIFFE ID.
    Uri(Arc<str>),
}

/// An XBackendTrafficPolicy (P.3).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct XBackendTrafficPolicy {
    /// Name, generation, age.
    pub meta: ObjectMeta,
    /// What it is attached to; never a part of it (P-019).
    pub target_refs: Vec<PolicyTarget>,
    /// How much of the traffic may be retries.
    pub retry_constraint: Option<RetryConstraint>,
    /// Sessions; deprecated since v1.7 (J-022).
    pub session_persistence: Option<SessionPersistence>,
    /// Values that cannot be honoured: the policy is refused.
    pub invalid: Vec<Invalid>,
}

/// `retryConstraint`: retries that are within either of the two are allowed (P-020, P-021).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RetryConstraint {
    /// A share of the requests.
    pub budget: RetryBudget,
    /// A number that is always allowed.
    pub min_retry_rate: MinRetryRate,
}

/// `budget`: at most this share of the active requests may be retries (P-020).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RetryBudget {
    /// From 0 to 100.
    pub percent: u8,
    /// Over how long requests are counted: from a second to an hour.
    pub interval: Duration,
}

impl Default for RetryBudget {
    fn default() -> Self {
        Self { percent: 20, interval: Duration::from_secs(10) }
    }
}

/// `minRetryRate`. Only the whole stanza has a default: one that leaves a field out gets none for it (P-021).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MinRetryRate {
    /// How many retries.
    pub count: Option<u32>,
    /// In how long: up to an hour, not zero.
    pub interval: Option<Duration>,
}

impl Default for MinRetryRate {
    fn default() -> Self {
        Self { count: Some(10), interval: Some(Duration::from_secs(1)) }
    }
}
