//! Objects of Kubernetes itself and ReferenceGrant, as far as the function reads them.

use alloc::{collections::BTreeMap, collections::BTreeSet, sync::Arc, vec::Vec};

use super::{CertificateVerdict, ObjectMeta, PemVerdict};
use crate::name::{Group, Kind, Namespace, ObjectKey, ObjectName, SectionName};

/// A Namespace: its labels are what selectors look at (D-003).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamespaceObject {
    /// Name.
    pub key: ObjectKey,
    /// Labels, with `kubernetes.io/metadata.name` as the API server sets it.
    pub labels: BTreeMap<Arc<str>, Arc<str>>,
}

/// A Service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Service {
    /// Name.
    pub key: ObjectKey,
    /// Ports.
    pub ports: Vec<ServicePort>,
    /// Whether it is of type ExternalName, which is not followed (I-016).
    pub external_name: bool,
}

/// A port of a Service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServicePort {
    /// Name.
    pub name: Option<SectionName>,
    /// Number.
    pub port: u16,
    /// Transport.
    pub protocol: TransportProtocol,
    /// What the endpoints speak (I-010, I-023).
    pub app_protocol: Option<Arc<str>>,
}

/// The transport of a Service port.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TransportProtocol {
    /// TCP
    Tcp,
    /// UDP
    Udp,
    /// SCTP or anything else: nothing can be sent there.
    Other,
}

/// A Secret without its private key: the bytes of a key never come into a snapshot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Secret {
    /// Name.
    pub key: ObjectKey,
    /// `type`.
    pub secret_type: Arc<str>,
    /// Which keys its data has.
    pub keys: BTreeSet<Arc<str>>,
    /// What `tls.crt` and `tls.key` look like.
    pub certificate: CertificateVerdict,
}

/// A ConfigMap as a source of CA certificates.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigMap {
    /// Name.
    pub key: ObjectKey,
    /// What `ca.crt` looks like; nothing if there is no such key.
    pub ca: Option<PemVerdict>,
}

/// A ReferenceGrant: consent of the namespace that it stands in (I-027).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReferenceGrant {
    /// Name; its namespace is that of the targets.
    pub meta: ObjectMeta,
    /// Who may refer.
    pub from: Vec<GrantFrom>,
    /// To what.
    pub to: Vec<GrantTo>,
}

/// An entry of `from`: all three must be equal.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct GrantFrom {
    /// Group of the referrer.
    pub group: Group,
    /// Kind of the referrer.
    pub kind: Kind,
    /// Namespace of the referrer.
    pub namespace: Namespace,
}

/// An entry of `to`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct GrantTo {
    /// Group of the target.
    pub group: Group,
    /// Kind of the target.
    pub kind: Kind,
    /// Name of the target; nothing means every one.
    pub name: Option<ObjectName>,
}
