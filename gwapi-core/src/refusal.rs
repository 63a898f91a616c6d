//! Why not: every reason for which something does not take effect, as a fact with its evidence.
//!
//! Both the status conditions and the explanations are made of these, so that `gwapi explain` and `kubectl describe` cannot
//! disagree. A message names the object that it concerns and the cause, and nothing of another namespace that the
//! reader's own object does not name already (S-006).

use alloc::{string::String, sync::Arc, vec::Vec};

use serde::Serialize;

use crate::{
    features::Feature,
    hostname::Hostname,
    model::{BackendObjectRef, Invalid, LocalObjectRef, ParentRef, PolicyTarget, Protocol, RouteGroupKind, SecretRef},
    name::{Namespace, ObjectKey, SectionName},
};

/// One reason why something does not take effect.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, thiserror::Error)]
#[serde(tag = "refusal", rename_all = "camelCase", rename_all_fields = "camelCase")]
#[non_exhaustive]
pub enum Refusal {
    // GatewayClass
    /// `parametersRef` of the class cannot be used.
    #[error("parametersRef {object}: {why}")]
    ClassParameters {
        /// What it points to.
        object: ObjectKey,
        /// Why it cannot be used.
        why: ParametersFault,
    },

    // Gateway
    /// B-065: `infrastructure.parametersRef` cannot be used.
    #[error("infrastructure.parametersRef {} `{}`: {why}", reference.kind, reference.name)]
    GatewayParameters {
        /// What it points to.
        reference: LocalObjectRef,
        /// Why it cannot be used.
        why: ParametersFault,
    },
    /// B-056: an address of a type that is not supported.
    #[error("address type `{address_type}` is not supported; `IPAddress` and `Hostname` are")]
    AddressTypeUnsupported {
        /// The type.
        address_type: String,
    },
    /// B-057: an address that cannot be used.
    #[error("address `{value}` cannot be used")]
    AddressNotUsable {
        /// The value.
        value: Arc<str>,
    },
    /// B-059, B-061: no address is assigned.
    #[error("no address is assigned yet")]
    AddressNotAssigned,
    /// B-075, B-076: a scope of an address that cannot be satisfied.
    #[error("address routability `{routability}` is not supported")]
    AddressRoutabilityUnsupported {
        /// The scope.
        routability: Arc<str>,
    },
    /// A value of the Gateway itself that cannot be honoured.
    #[error("{invalid}")]
    GatewayInvalid {
        /// The value.
        invalid: Invalid,
    },

    // Listener
    /// B-009: same port, protocol and hostname.
    #[error("the same port {port}, protocol and hostname as {}", listeners(with))]
    HostnameConflict {
        /// The port.
        port: u16,
        /// The other listeners of the same object; none if it is one of an object that comes first (C-010, C-027).
        with: Vec<SectionName>,
    },
    /// B-005, B-008, B-009: same port, protocols that cannot share it.
    #[error("port {port} cannot serve {protocol} together with {}", listeners(with))]
    ProtocolConflict {
        /// The port.
        port: u16,
        /// The protocol of this listener.
        protocol: Protocol,
        /// The other listeners.
        with: Vec<SectionName>,
    },
    /// B-014: a protocol that is not supported.
    #[error("protocol `{protocol}` is not supported")]
    ProtocolUnsupported {
        /// The protocol.
        protocol: Protocol,
    },
    /// B-019: a TLS mode that is not supported.
    #[error("TLS mode `{mode}` is not supported for protocol {protocol}")]
    TlsModeUnsupported {
        /// The mode.
        mode: Arc<str>,
        /// The protocol.
        protocol: Protocol,
    },
    /// H-087: a listener filter with values that cannot be honoured.
    #[error("filters.requests[{index}] of type `{filter_type}`: {why}")]
    ListenerFilterInvalid {
        /// Its place in the list.
        index: usize,
        /// Its type.
        filter_type: Arc<str>,
        /// What is wrong with it.
        why: String,
    },
    /// H-088: a listener filter whose reference leads nowhere.
    #[error("filters.requests[{index}] of type `{filter_type}`: {why}")]
    ListenerFilterRef {
        /// Its place in the list.
        index: usize,
        /// Its type.
        filter_type: Arc<str>,
        /// Why it leads nowhere.
        why: String,
    },
    /// B-018: the port cannot be bound.
    #[error("port {port} is not available")]
    PortUnavailable {
        /// The port.
        port: u16,
    },
    /// H-086: a listener filter that is not supported; the listener is not served without it.
    #[error("filters.requests[{index}] of type `{filter_type}` is not supported")]
    ListenerFilterUnsupported {
        /// Its place in the list.
        index: usize,
        /// Its type.
        filter_type: Arc<str>,
    },
    /// A value of the listener that cannot be honoured.
    #[error("{invalid}")]
    ListenerInvalid {
        /// The value.
        invalid: Invalid,
    },
    /// D-007: a kind in `allowedRoutes.kinds` that is unknown, unsupported or does not go with the protocol.
    #[error("{}/{} is not supported on a listener of protocol {protocol}", kind.group, kind.kind)]
    RouteKindUnsupported {
        /// The kind.
        kind: RouteGroupKind,
        /// The protocol.
        protocol: Protocol,
    },
    /// B-049, N-008, N-009: CA certificates that cannot be used.
    #[error("caCertificateRef {object}: {why}")]
    CaCertificateInvalid {
        /// What the reference names.
        object: ObjectKey,
        /// Why it cannot be used.
        why: CaFault,
    },
    /// B-050, N-008: no CA certificate is left that can be used.
    #[error("no CA certificate can be used")]
    NoValidCaCertificate,
    /// B-049, C-030: a CA certificate of the Gateway that cannot be used, told to somebody else (C-027).
    #[error("a CA certificate that {gateway} asks clients by cannot be used")]
    ClientTrustUnresolved {
        /// The Gateway, in whose status more is said.
        gateway: ObjectKey,
    },
    /// B-053: the certificate that backends are to be shown cannot be used.
    #[error("clientCertificateRef {} `{}/{}`: {why}", reference.kind, reference.namespace, reference.name)]
    ClientCertificateInvalid {
        /// The reference.
        reference: SecretRef,
        /// Why it cannot be used.
        why: CertificateFault,
    },
    /// B-042: a listener that ends TLS and names no certificate.
    #[error("protocol {protocol} needs `tls` with a certificate")]
    TlsConfigMissing {
        /// The protocol.
        protocol: Protocol,
    },
    /// B-038: a certificate that cannot be used.
    #[error("certificateRef {} `{}/{}`: {why}", reference.kind, reference.namespace, reference.name)]
    CertificateInvalid {
        /// The reference.
        reference: SecretRef,
        /// Why it cannot be used.
        why: CertificateFault,
    },

    // ListenerSet
    /// C-003: the Gateway lets no sets of this namespace in.
    #[error("{gateway} allows no ListenerSets of namespace `{namespace}`{}", because(why.as_ref()))]
    ListenerSetNotAllowed {
        /// The Gateway.
        gateway: ObjectKey,
        /// The namespace of the set.
        namespace: Namespace,
        /// What the Gateway asks for; nothing if it allows none at all.
        why: Option<NamespaceFault>,
    },
    /// C-014: the Gateway is not accepted.
    #[error("{gateway} is not accepted")]
    ParentNotAccepted {
        /// The Gateway.
        gateway: ObjectKey,
    },
    /// C-014: the Gateway is not programmed.
    #[error("{gateway} is not programmed")]
    ParentNotProgrammed {
        /// The Gateway.
        gateway: ObjectKey,
    },
    /// A value of the set itself that cannot be honoured.
    #[error("{invalid}")]
    ListenerSetInvalid {
        /// The value.
        invalid: Invalid,
    },

    // Policies
    /// A value of a policy that cannot be honoured.
    #[error("{invalid}")]
    PolicyInvalid {
        /// The value.
        invalid: Invalid,
    },
    /// A value of an XBackend that cannot be honoured.
    #[error("{invalid}")]
    XBackendInvalid {
        /// The value.
        invalid: Invalid,
    },
    /// N-012: a set of CA certificates that the implementation does not have.
    #[error("wellKnownCACertificates `{name}` is not supported")]
    WellKnownCaUnsupported {
        /// Its name.
        name: Arc<str>,
    },
    /// N-005, N-030: an older policy has the target.
    #[error("{with} is older and has {}", target_name(target))]
    PolicyConflict {
        /// The target.
        target: PolicyTarget,
        /// The other policy, which is in the same namespace.
        with: ObjectKey,
    },
    /// N-022: no such target.
    #[error("{} does not exist", target_name(target))]
    TargetNotFound {
        /// The target.
        target: PolicyTarget,
    },
    /// N-023, P-019, P-037: a target that the policy cannot apply to.
    #[error("{} cannot be the target: {why}", target_name(target))]
    TargetUnsupported {
        /// The target.
        target: PolicyTarget,
        /// Why not.
        why: String,
    },

    // Mesh
    /// O-007: a Service that clients do not reach by an address of its own.
    #[error("{service} {why}")]
    MeshServiceUnsupported {
        /// The Service.
        service: ObjectKey,
        /// What it is.
        why: String,
    },
    /// O-015: routes of a more specific kind have the Service.
    #[error("{service} has {winner}s, which take the traffic of {kind}s")]
    MeshKindConflict {
        /// The Service.
        service: ObjectKey,
        /// The kind of the route.
        kind: String,
        /// The more specific kind.
        winner: String,
    },

    // References
    /// I-009, B-039: a reference into another namespace without a ReferenceGrant there. Says nothing of whether the target
    /// exists (S-003).
    #[error("no ReferenceGrant in namespace `{}` permits {from_kind}s of namespace `{from_namespace}` to refer to {target}", target.namespace_str())]
    RefNotPermitted {
        /// The kind of the object that contains the reference.
        from_kind: String,
        /// Its namespace.
        from_namespace: Namespace,
        /// What it points to.
        target: ObjectKey,
    },
    /// I-007: a kind of backend that is not supported.
    #[error("backends of kind `{}` are not supported", crate::model::group_kind(&backend.group, &backend.kind))]
    BackendKindUnsupported {
        /// The reference.
        backend: BackendObjectRef,
    },
    /// I-008: a backend that does not exist.
    #[error("{} does not exist", backend.object())]
    BackendNotFound {
        /// The reference.
        backend: BackendObjectRef,
    },
    /// I-015: a port that the Service does not have, or none given.
    #[error("{} has no port {}", backend.object(), backend.port.map_or_else(|| String::from("(the reference names none)"), |port| alloc::format!("{port}")))]
    BackendPortNotFound {
        /// The reference.
        backend: BackendObjectRef,
    },
    /// I-016: a Service of type ExternalName.
    #[error("{} is of type ExternalName, which is not followed", backend.object())]
    BackendExternalName {
        /// The reference.
        backend: BackendObjectRef,
    },
    /// I-010: an `appProtocol` that the route cannot send.
    #[error("{} speaks `{app_protocol}`, which {route_kind} cannot send", backend.object())]
    BackendProtocolUnsupported {
        /// The reference.
        backend: BackendObjectRef,
        /// The protocol.
        app_protocol: String,
        /// The kind of the route.
        route_kind: String,
    },
    /// P-009: an XBackend of another namespace.
    #[error("{} is in another namespace, where no route can send to it", backend.object())]
    BackendNotLocal {
        /// The reference.
        backend: BackendObjectRef,
    },
    /// P-010 to P-014: an XBackend that cannot be honoured. What is wrong is in its own status.
    #[error("{}: {why}", backend.object())]
    BackendInvalid {
        /// The reference.
        backend: BackendObjectRef,
        /// What is wrong with it.
        why: String,
    },
    /// N-010, I-011: a BackendTLSPolicy that cannot be honoured: nothing is sent in another way than it asks for.
    #[error("{} is under a BackendTLSPolicy that cannot be honoured{}", backend.object(), policy_name(policy.as_ref()))]
    BackendTlsUnavailable {
        /// The reference.
        backend: BackendObjectRef,
        /// The policy, if it is in the namespace of the route: what is wrong is in its own status.
        policy: Option<ObjectKey>,
    },
    /// H-006: an extension that is not known. Requests that it would process get an error.
    #[error("filter ExtensionRef {} `{}` is not supported", crate::model::group_kind(&reference.group, &reference.kind), reference.name)]
    ExtensionUnsupported {
        /// The reference.
        reference: LocalObjectRef,
    },

    // Attachment, one parentRef and listener at a time
    /// D-013, D-014: no listener of the parent has that name and port.
    #[error("{} has no {}", parent_ref.object(), selected_by(parent_ref))]
    NoListenerSelected {
        /// The reference.
        parent_ref: ParentRef,
    },
    /// D-012: `port` in a parentRef, where that is not supported.
    #[error("`port` in parentRefs is not supported")]
    ParentRefPortUnsupported,
    /// D-004: the listener does not take routes of this namespace.
    #[error("listener `{listener}` allows no routes of namespace `{namespace}`: {why}")]
    NamespaceNotAllowed {
        /// The listener.
        listener: SectionName,
        /// The namespace of the route.
        namespace: Namespace,
        /// What the listener asks for.
        why: NamespaceFault,
    },
    /// D-010: the listener does not take routes of this kind.
    #[error("listener `{listener}` allows no {kind}")]
    KindNotAllowed {
        /// The listener.
        listener: SectionName,
        /// The kind of the route.
        kind: String,
    },
    /// B-011: the listener itself is not accepted.
    #[error("listener `{listener}` is not accepted")]
    ListenerNotAccepted {
        /// The listener.
        listener: SectionName,
    },
    /// D-015: no hostname of the route intersects that of the listener.
    #[error("no hostname of the route ({}) intersects `{hostname}` of listener `{listener}`", list_or(route, "none is valid"))]
    NoMatchingHostname {
        /// The listener.
        listener: SectionName,
        /// Its hostname.
        hostname: String,
        /// The valid hostnames of the route.
        route: Vec<Hostname>,
    },

    // Rules
    /// F-020, H-007, F-007: a value that cannot be honoured.
    #[error("{invalid}")]
    RuleInvalid {
        /// The value.
        invalid: Invalid,
    },
    /// A field that needs a feature which the controller does not declare (law 12).
    #[error("{path} needs the feature {feature}, which is not supported")]
    FeatureUnsupported {
        /// The field.
        path: String,
        /// The feature.
        feature: Feature,
    },
    /// A field that is not built.
    #[error("{path} is not supported")]
    FieldUnsupported {
        /// The field.
        path: String,
    },
    /// H-003: two filters that cannot stand in one list.
    #[error("{path}: {first} and {second} cannot be combined")]
    IncompatibleFilters {
        /// The list.
        path: String,
        /// One of the two.
        first: String,
        /// The other.
        second: String,
    },
    /// H-004: a filter that may stand in a list once.
    #[error("{path}: {filter} may be given once")]
    RepeatedFilter {
        /// The list.
        path: String,
        /// The filter.
        filter: String,
    },
    /// H-038: a prefix is replaced although the match is none.
    #[error("{path}: ReplacePrefixMatch needs a rule whose matches are all of type PathPrefix")]
    PrefixMatchMissing {
        /// The filter.
        path: String,
    },
}

/// Why parameters cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, thiserror::Error)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub enum ParametersFault {
    /// No such object.
    #[error("no such object")]
    NotFound,
    /// A kind that is not understood.
    #[error("parameters of this kind are not supported")]
    KindUnsupported,
}

/// Why a certificate cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, thiserror::Error)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub enum CertificateFault {
    /// Not a Secret of the core group.
    #[error("only Secrets of the core group are supported")]
    KindUnsupported,
    /// No such Secret.
    #[error("no such Secret")]
    NotFound,
    /// A Secret of another type.
    #[error("the Secret is of type `{0}`, not `kubernetes.io/tls`")]
    WrongType(Arc<str>),
    /// A key of the data is missing.
    #[error("the Secret has no `{0}`")]
    Missing(Arc<str>),
    /// Broken data.
    #[error("{0}")]
    Malformed(Arc<str>),
    /// The key is not that of the certificate.
    #[error("the private key does not fit the certificate")]
    Mismatch,
}

/// Why CA certificates cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, thiserror::Error)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub enum CaFault {
    /// Neither a ConfigMap nor, where that is supported, a ClusterTrustBundle.
    #[error("certificates of this kind are not supported")]
    KindUnsupported,
    /// No such object.
    #[error("no such object")]
    NotFound,
    /// The ConfigMap has no such key.
    #[error("it has no `ca.crt`")]
    Missing,
    /// Nothing in it.
    #[error("it is empty")]
    Empty,
    /// Broken data.
    #[error("{0}")]
    Malformed(Arc<str>),
}

/// What a listener asks of namespaces.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, thiserror::Error)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub enum NamespaceFault {
    /// `from: Same`.
    #[error("`from: Same` allows `{0}` only")]
    NotSame(Namespace),
    /// `from: Selector`, and the labels do not match.
    #[error("its labels do not match the selector")]
    NotSelected,
    /// `from: Selector` without a selector.
    #[error("`from: Selector` has no selector")]
    NoSelector,
    /// A value of `from` that is not known.
    #[error("`from: {0}` is not known")]
    UnknownFrom(Arc<str>),
}

impl Refusal {
    /// A rule that breaks a value rather than a combination of filters.
    #[must_use]
    pub fn is_incompatible_filters(&self) -> bool {
        matches!(self, Self::IncompatibleFilters { .. } | Self::RepeatedFilter { .. })
    }
}

fn list<T: core::fmt::Display>(names: &[T]) -> String {
    let quoted: Vec<String> = names.iter().map(|name| alloc::format!("`{name}`")).collect();
    quoted.join(", ")
}

fn listeners(names: &[SectionName]) -> String {
    if names.is_empty() { "a listener of an object that comes first".into() } else { alloc::format!("listener {}", list(names)) }
}

fn list_or<T: core::fmt::Display>(names: &[T], none: &str) -> String {
    if names.is_empty() { none.into() } else { list(names) }
}

fn selected_by(parent_ref: &ParentRef) -> String {
    match (&parent_ref.section_name, parent_ref.port) {
        // The ports of a Service are its listeners (O-004).
        (None, Some(port)) if parent_ref.kind == "Service" => alloc::format!("port {port}"),
        (None, None) if parent_ref.kind == "Service" => "port at all".into(),
        (Some(name), Some(port)) => alloc::format!("listener `{name}` on port {port}"),
        (Some(name), None) => alloc::format!("listener `{name}`"),
        (None, Some(port)) => alloc::format!("listener on port {port}"),
        (None, None) => "listener at all".into(),
    }
}

fn because(why: Option<&NamespaceFault>) -> String {
    why.map(|why| alloc::format!(": {why}")).unwrap_or_default()
}

fn policy_name(policy: Option<&ObjectKey>) -> String {
    policy.map(|policy| alloc::format!(": {policy}")).unwrap_or_default()
}

fn target_name(target: &PolicyTarget) -> String {
    match &target.section_name {
        Some(section) => alloc::format!("`{section}` of {}", target.object),
        None => alloc::format!("{}", target.object),
    }
}
