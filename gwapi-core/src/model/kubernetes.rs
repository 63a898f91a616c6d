//! Objects of Kubernetes itself and ReferenceGrant, as far as the function reads them.

use alloc::{collections::BTreeMap, collections::BTreeSet, sync::Arc, vec::Vec};
use core::net::IpAddr;

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
    /// Whether it is headless: it has no address of its own, and its name leads to the endpoints (O-007).
    pub headless: bool,
    /// Its own addresses in the cluster, each once (O-006). Addresses of load balancers and nodes are none of them.
    pub cluster_ips: Vec<IpAddr>,
    /// Whether it keeps clients on endpoints by itself (J-030).
    pub session_affinity: bool,
}

/// A ServiceImport: a Service of the whole cluster set (I-026).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServiceImport {
    /// Name.
    pub key: ObjectKey,
    /// Ports.
    pub ports: Vec<ServicePort>,
    /// Whether it is headless (O-023).
    pub headless: bool,
    /// Its addresses, each once (O-023).
    pub ips: Vec<IpAddr>,
}

/// A port of a Service or ServiceImport.
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
    /// The port of the endpoints; nothing means the same number.
    pub target_port: Option<TargetPort>,
}

/// The port of endpoints.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TargetPort {
    /// A number.
    Number(u16),
    /// The name of a port of the containers.
    Name(Arc<str>),
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

/// A ClusterTrustBundle: trust anchors for the whole cluster (B-084, N-033).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClusterTrustBundle {
    /// Name.
    pub key: ObjectKey,
    /// What `spec.trustBundle` looks like.
    pub ca: PemVerdict,
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
