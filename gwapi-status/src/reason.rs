//! Reasons, and which refusal leads to which: the one place where that is decided.

use gwapi_core::{Refusal, refusal::CaFault};

use crate::condition::{ConditionType, words};

words!(
    /// The reasons of conditions.
    Reason {
        // Class and Gateway
        /// It takes part.
        Accepted,
        /// Nobody has looked yet.
        Pending,
        /// It cannot be honoured, and no other reason fits.
        Invalid,
        /// Parameters that cannot be used (A-004, B-065).
        InvalidParameters,
        /// Classes of users are not allowed (A-005).
        Unsupported,
        /// The installed CRDs are of a known version (A-006).
        SupportedVersion,
        /// They are not (A-006, A-008, X-16).
        UnsupportedVersion,
        /// Some or all listeners are not accepted (B-012).
        ListenersNotValid,
        /// An address of a type that is not supported (B-056).
        UnsupportedAddress,
        /// The data plane has the configuration.
        Programmed,
        /// No address is assigned (B-059, B-061).
        AddressNotAssigned,
        /// An address that cannot be used (B-057).
        AddressNotUsable,
        /// No capacity (B-061).
        NoResources,
        /// Every address is assigned (B-080).
        AddressesAssigned,
        /// Some addresses are assigned (B-080).
        PartiallyAssigned,
        /// No address is assigned (B-080).
        NotAssigned,
        /// Some listener has references that do not resolve (B-055).
        ListenersNotResolved,
        /// A client certificate for backends that cannot be used (B-053).
        InvalidClientCertificateRef,
        /// Client certificates are no longer insisted on (B-048).
        ConfigurationChanged,
        /// Routes are claimed that do not name the Gateway (P-005; the API has no word for the reason).
        DefaultGateway,

        // ListenerSet
        /// The Gateway lets no such set in (C-003).
        NotAllowed,
        /// The Gateway is not accepted (C-014).
        ParentNotAccepted,
        /// The Gateway is not programmed (C-014).
        ParentNotProgrammed,

        // Listener
        /// Same port, protocol and hostname (B-009).
        HostnameConflict,
        /// Same port, protocols that cannot share it (B-009).
        ProtocolConflict,
        /// No conflict (X-37: never written).
        NoConflicts,
        /// The port cannot be bound (B-018).
        PortUnavailable,
        /// A protocol that is not supported (B-014, I-010).
        UnsupportedProtocol,
        /// A value that is not supported (B-019, Q-022).
        UnsupportedValue,
        /// TLS is not configured well enough to be served (B-042, X-36).
        InvalidTLSConfig,
        /// No CA certificate can be used (B-050, N-008).
        NoValidCACertificate,
        /// A CA certificate that cannot be used (B-049, N-008).
        InvalidCACertificateRef,
        /// A kind of CA certificate that is not supported on a listener (B-049).
        InvalidCACertificateKind,
        /// A certificate that cannot be used (B-038).
        InvalidCertificateRef,
        /// Kinds of routes that are not supported (D-007).
        InvalidRouteKinds,
        /// A listener filter that cannot be honoured (Q-038).
        InvalidListenerFilter,
        /// Listener filters in an order that is not allowed (Q-038).
        InvalidListenerFilterOrder,
        /// A reference of a listener filter that does not resolve (Q-038).
        InvalidListenerFilterRef,
        /// TLS hostnames overlap (B-030).
        OverlappingHostnames,
        /// Names in certificates overlap (B-031).
        OverlappingCertificates,

        // References of any kind
        /// Every reference leads somewhere.
        ResolvedRefs,
        /// A reference into another namespace that nobody permits (I-009, B-039).
        RefNotPermitted,

        // Route
        /// No listener allows the route (D-004, D-010).
        NotAllowedByListeners,
        /// No hostname intersects (D-015).
        NoMatchingListenerHostname,
        /// No listener is selected (D-013, D-014).
        NoMatchingParent,
        /// Filters that cannot stand together (Q-029).
        IncompatibleFilters,
        /// A kind of backend, extension or CA certificate that is not supported (I-007, N-009).
        InvalidKind,
        /// A backend that does not exist (I-008).
        BackendNotFound,

        // Policy and mesh
        /// Another policy, or a route of another kind, comes first (N-005, O-015).
        Conflicted,
        /// A policy without its target (N-022).
        TargetNotFound,
    }
);

/// The condition that a refusal makes false, and the reason that it gives.
///
/// A rule that is refused leads to `Accepted` if every rule is, and to `PartiallyInvalid` if some are (Q-025). Conditions of
/// policies say some of it in other words, see [`Reason::of_policy`].
///
/// ```
/// use gwapi_core::Refusal;
/// use gwapi_status::{ConditionType, Reason, reason_of};
/// assert_eq!(reason_of(&Refusal::AddressNotAssigned), (ConditionType::Programmed, Reason::AddressNotAssigned));
/// ```
#[must_use]
pub fn reason_of(refusal: &Refusal) -> (ConditionType, Reason) {
    use ConditionType::{Accepted, Programmed, ResolvedRefs};
    match refusal {
        Refusal::ClassParameters { .. } | Refusal::GatewayParameters { .. } => (Accepted, Reason::InvalidParameters),
        Refusal::AddressTypeUnsupported { .. } => (Accepted, Reason::UnsupportedAddress),
        Refusal::GatewayInvalid { .. } => (Accepted, Reason::Invalid),
        Refusal::AddressNotUsable { .. } => (Programmed, Reason::AddressNotUsable),
        // B-076: an unknown scope cannot be satisfied, so its entry stays without an address.
        Refusal::AddressNotAssigned | Refusal::AddressRoutabilityUnsupported { .. } => (Programmed, Reason::AddressNotAssigned),
        Refusal::ClientCertificateInvalid { .. } => (ResolvedRefs, Reason::InvalidClientCertificateRef),

        Refusal::HostnameConflict { .. } => (Accepted, Reason::HostnameConflict),
        Refusal::ProtocolConflict { .. } => (Accepted, Reason::ProtocolConflict),
        Refusal::PortUnavailable { .. } => (Accepted, Reason::PortUnavailable),
        Refusal::ProtocolUnsupported { .. } => (Accepted, Reason::UnsupportedProtocol),
        // H-086 for the filters.
        Refusal::TlsModeUnsupported { .. } | Refusal::ListenerFilterUnsupported { .. } | Refusal::ListenerInvalid { .. } => {
            (Accepted, Reason::UnsupportedValue)
        }
        Refusal::ListenerFilterInvalid { .. } => (Accepted, Reason::InvalidListenerFilter),
        Refusal::ListenerFilterRef { .. } => (ResolvedRefs, Reason::InvalidListenerFilterRef),
        Refusal::NoValidCaCertificate => (Accepted, Reason::NoValidCACertificate),
        // B-086.
        Refusal::CaCertificateInvalid { why: CaFault::KindUnsupported, .. } => (ResolvedRefs, Reason::InvalidCACertificateKind),
        Refusal::CaCertificateInvalid { .. } | Refusal::ClientTrustUnresolved { .. } => {
            (ResolvedRefs, Reason::InvalidCACertificateRef)
        }
        Refusal::TlsConfigMissing { .. } => (Programmed, Reason::InvalidTLSConfig),
        Refusal::CertificateInvalid { .. } => (ResolvedRefs, Reason::InvalidCertificateRef),
        Refusal::RouteKindUnsupported { .. } => (ResolvedRefs, Reason::InvalidRouteKinds),

        Refusal::ListenerSetNotAllowed { .. } => (Accepted, Reason::NotAllowed),
        Refusal::ListenerSetInvalid { .. } => (Accepted, Reason::Invalid),
        Refusal::ParentNotAccepted { .. } => (Accepted, Reason::ParentNotAccepted),
        Refusal::ParentNotProgrammed { .. } => (Programmed, Reason::ParentNotProgrammed),

        // N-012, N-023.
        Refusal::PolicyInvalid { .. }
        | Refusal::XBackendInvalid { .. }
        | Refusal::WellKnownCaUnsupported { .. }
        | Refusal::TargetUnsupported { .. } => (Accepted, Reason::Invalid),
        Refusal::PolicyConflict { .. } | Refusal::MeshKindConflict { .. } => (Accepted, Reason::Conflicted),
        Refusal::TargetNotFound { .. } => (Accepted, Reason::TargetNotFound),

        // P-009: no grant can permit it.
        Refusal::RefNotPermitted { .. } | Refusal::BackendNotLocal { .. } => (ResolvedRefs, Reason::RefNotPermitted),
        // The kinds of extensions that are supported are none, so each is of the wrong kind.
        Refusal::BackendKindUnsupported { .. } | Refusal::ExtensionUnsupported { .. } => (ResolvedRefs, Reason::InvalidKind),
        // I-015 for the port. A Service of type ExternalName is one that, for routing, is not there (I-016), and so is an XBackend
        // that cannot be sent to: its kind is right and no protocol is at fault.
        Refusal::BackendNotFound { .. }
        | Refusal::BackendPortNotFound { .. }
        | Refusal::BackendExternalName { .. }
        | Refusal::BackendInvalid { .. } => (ResolvedRefs, Reason::BackendNotFound),
        // I-011 names no reason: what is asked for cannot be spoken.
        Refusal::BackendProtocolUnsupported { .. } | Refusal::BackendTlsUnavailable { .. } => {
            (ResolvedRefs, Reason::UnsupportedProtocol)
        }

        // O-007: for clients it is not there.
        Refusal::NoListenerSelected { .. } | Refusal::MeshServiceUnsupported { .. } => (Accepted, Reason::NoMatchingParent),
        Refusal::NamespaceNotAllowed { .. } | Refusal::KindNotAllowed { .. } | Refusal::ListenerNotAccepted { .. } => {
            (Accepted, Reason::NotAllowedByListeners)
        }
        Refusal::NoMatchingHostname { .. } => (Accepted, Reason::NoMatchingListenerHostname),

        Refusal::IncompatibleFilters { .. } | Refusal::RepeatedFilter { .. } => (Accepted, Reason::IncompatibleFilters),
        Refusal::ParentRefPortUnsupported
        | Refusal::RuleInvalid { .. }
        | Refusal::FeatureUnsupported { .. }
        | Refusal::FieldUnsupported { .. }
        | Refusal::PrefixMatchMissing { .. } => (Accepted, Reason::UnsupportedValue),
        // Refusal is open. What is not understood is not served, and that is what this says.
        _ => (Accepted, Reason::UnsupportedValue),
    }
}

impl Reason {
    /// The word that conditions of policies have for the same (N-009, N-012, X-48).
    ///
    /// ```
    /// assert_eq!(gwapi_status::Reason::InvalidCACertificateKind.of_policy(), gwapi_status::Reason::InvalidKind);
    /// ```
    #[must_use]
    pub fn of_policy(self) -> Self {
        match self {
            Self::InvalidCACertificateKind => Self::InvalidKind,
            Self::UnsupportedValue => Self::Invalid,
            other => other,
        }
    }
}
