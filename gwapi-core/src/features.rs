//! The features of the Gateway API, by the names of `pkg/features`, and the set that a controller declares.

use alloc::collections::BTreeSet;

use serde::{Serialize, Serializer};

macro_rules! features {
    ($($(#[$doc:meta])* $variant:ident,)*) => {
        /// A feature of the Gateway API.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum Feature {
            $($(#[$doc])* $variant,)*
        }

        impl Feature {
            /// Every feature of v1.7.0, in the order of the names.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// The name that goes into `supportedFeatures`.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => stringify!($variant),)*
                }
            }
        }
    };
}

features! {
    /// BackendTLSPolicy.
    BackendTLSPolicy,
    /// SANs of BackendTLSPolicy.
    BackendTLSPolicySANValidation,
    /// Trust bundles as a source of CA certificates.
    ClusterTrustBundle,
    /// GRPCRoute.
    GRPCRoute,
    /// Named rules of GRPCRoutes.
    GRPCRouteNamedRouteRule,
    /// Request header modifiers of GRPCRoutes.
    GRPCRouteRequestHeaderModifier,
    /// Gateway.
    Gateway,
    /// Addresses with a type and no value (B-059).
    GatewayAddressEmpty,
    /// Scopes of addresses.
    GatewayAddressRoutability,
    /// The scope `Cluster` of addresses.
    GatewayAddressRoutabilityCluster,
    /// A client certificate towards backends.
    GatewayBackendClientCertificate,
    /// Client certificates of clients.
    GatewayFrontendClientCertificateValidation,
    /// Client certificates that may be missing.
    GatewayFrontendClientCertificateValidationInsecureFallback,
    /// Requests reach only the routes of the listener they select (B-025).
    GatewayHTTPListenerIsolation,
    /// 421 for requests on a connection of another listener (B-027).
    GatewayHTTPSListenerDetectMisdirectedRequests,
    /// Labels, annotations and parameters of the infrastructure (B-063, B-065).
    GatewayInfrastructure,
    /// Filters of listeners.
    GatewayListenerFilters,
    /// Listeners on port 8080.
    GatewayPort8080,
    /// Precedence by the routes' own hostnames (E-027).
    GatewayRouteHostnameIntersectionPrecedence,
    /// Requested addresses (B-056).
    GatewayStaticAddresses,
    /// HTTPRoute.
    HTTPRoute,
    /// 303 (H-027).
    HTTPRoute303RedirectStatusCode,
    /// 307 (H-027).
    HTTPRoute307RedirectStatusCode,
    /// 308 (H-027).
    HTTPRoute308RedirectStatusCode,
    /// `kubernetes.io/h2c` backends (I-021).
    HTTPRouteBackendProtocolH2C,
    /// `kubernetes.io/ws` backends (I-022).
    HTTPRouteBackendProtocolWebSocket,
    /// Request header modifiers of a backend (H-008).
    HTTPRouteBackendRequestHeaderModification,
    /// `timeouts.backendRequest` (J-005).
    HTTPRouteBackendTimeout,
    /// URL rewrites of a backend (H-091).
    HTTPRouteBackendURLRewrite,
    /// CORS (H-052).
    HTTPRouteCORS,
    /// `port` of parentRefs, experimental (D-012).
    HTTPRouteDestinationPortMatching,
    /// Rewritten hosts (H-035).
    HTTPRouteHostRewrite,
    /// Method matches (F-018).
    HTTPRouteMethodMatching,
    /// Named rules (F-021).
    HTTPRouteNamedRouteRule,
    /// `port` of parentRefs (D-012).
    HTTPRouteParentRefPort,
    /// Redirects with a path (H-026).
    HTTPRoutePathRedirect,
    /// Rewritten paths (H-035).
    HTTPRoutePathRewrite,
    /// Redirects with a port (H-030).
    HTTPRoutePortRedirect,
    /// Query parameter matches (F-015).
    HTTPRouteQueryParamMatching,
    /// Mirrors (H-044).
    HTTPRouteRequestMirror,
    /// Several mirrors in one rule (H-046).
    HTTPRouteRequestMultipleMirrors,
    /// Mirrors of a share (H-047).
    HTTPRouteRequestPercentageMirror,
    /// `timeouts.request` (J-003).
    HTTPRouteRequestTimeout,
    /// Response header modifiers (H-018).
    HTTPRouteResponseHeaderModification,
    /// Retries on status codes (J-010).
    HTTPRouteRetryCodes,
    /// Retries on failed connections (J-013).
    HTTPRouteRetryConnectionError,
    /// Redirects with a scheme (H-025).
    HTTPRouteSchemeRedirect,
    /// ListenerSet.
    ListenerSet,
    /// Mesh.
    Mesh,
    /// Matching by ClusterIP.
    MeshClusterIPMatching,
    /// Consumer routes.
    MeshConsumerRoute,
    /// Request header modifiers of a backend, in a mesh.
    MeshHTTPRouteBackendRequestHeaderModification,
    /// Named rules, in a mesh.
    MeshHTTPRouteNamedRouteRule,
    /// Query parameter matches, in a mesh.
    MeshHTTPRouteQueryParamMatching,
    /// Redirects with a path, in a mesh.
    MeshHTTPRouteRedirectPath,
    /// Redirects with a port, in a mesh.
    MeshHTTPRouteRedirectPort,
    /// Rewritten paths, in a mesh.
    MeshHTTPRouteRewritePath,
    /// Redirects with a scheme, in a mesh.
    MeshHTTPRouteSchemeRedirect,
    /// ReferenceGrant.
    ReferenceGrant,
    /// TCPRoute.
    TCPRoute,
    /// TLSRoute.
    TLSRoute,
    /// Both TLS modes on one port.
    TLSRouteModeMixed,
    /// TLSRoutes on listeners that end TLS.
    TLSRouteModeTerminate,
    /// UDPRoute.
    UDPRoute,
}

impl Feature {
    /// The feature of that name.
    #[must_use]
    pub fn of(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|feature| feature.as_str() == name)
    }

    /// Whether it is a feature of a mesh, which does not belong on a GatewayClass.
    #[must_use]
    pub fn is_mesh(self) -> bool {
        self.as_str().starts_with("Mesh")
    }
}

impl core::fmt::Display for Feature {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for Feature {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

/// What a controller declares. A decision holds nothing that is not in here (law 12).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SupportedFeatures(BTreeSet<Feature>);

impl SupportedFeatures {
    /// Everything: these crates implement every feature.
    #[must_use]
    pub fn built() -> Self {
        Self::of(Feature::ALL.iter().copied())
    }

    /// Only what every implementation of the GATEWAY-HTTP profile has.
    #[must_use]
    pub fn core() -> Self {
        Self::of([Feature::Gateway, Feature::HTTPRoute, Feature::ReferenceGrant])
    }

    /// These features. A controller declares what it can serve itself: what is compiled here, somebody has to do.
    #[must_use]
    pub fn of(features: impl IntoIterator<Item = Feature>) -> Self {
        Self(features.into_iter().collect())
    }

    /// The same set without one feature.
    #[must_use]
    pub fn without(mut self, feature: Feature) -> Self {
        self.0.remove(&feature);
        self
    }

    /// Whether a feature is declared.
    #[must_use]
    pub fn has(&self, feature: Feature) -> bool {
        self.0.contains(&feature)
    }

    /// The features in the order of their names.
    pub fn iter(&self) -> impl Iterator<Item = Feature> + '_ {
        self.0.iter().copied()
    }
}

impl Default for SupportedFeatures {
    fn default() -> Self {
        Self::built()
    }
}

#[cfg(test)]
mod tests {
    use alloc::vec::Vec;

    use super::*;

    #[test]
    fn v1_7_has_64_features_in_the_order_of_their_names() {
        assert_eq!(Feature::ALL.len(), 64);
        let names: Vec<_> = Feature::ALL.iter().map(|feature| feature.as_str()).collect();
        assert!(names.is_sorted(), "A-016: the list is published in this order");
        assert!(Feature::ALL.is_sorted());
    }

    #[test]
    fn a_018_names_are_in_pascal_case_and_those_of_a_mesh_begin_with_it() {
        for feature in Feature::ALL {
            let name = feature.as_str();
            assert!(name.len() <= 128 && name.starts_with(|letter: char| letter.is_ascii_uppercase()), "{name}");
            assert!(name.bytes().all(|letter| letter.is_ascii_alphanumeric()), "{name}");
            assert_eq!(Feature::of(name), Some(*feature));
        }
        assert_eq!(Feature::ALL.iter().filter(|feature| feature.is_mesh()).count(), 10);
        // names that stand in texts only, and one that is gone.
        for name in ["GatewayListenerSet", "TLSRouteTermination", "TLSRouteMixedMode", "GatewayInfrastructurePropagation"] {
            assert_eq!(Feature::of(name), None);
        }
    }

    #[test]
    fn a_021_the_core_of_the_profile_for_http() {
        let core: Vec<_> = SupportedFeatures::core().iter().collect();
        assert_eq!(core, [Feature::Gateway, Feature::HTTPRoute, Feature::ReferenceGrant]);
    }

    #[test]
    fn what_is_declared_is_what_was_given() {
        let some = [Feature::UDPRoute, Feature::Mesh];
        let declared = SupportedFeatures::of(some);
        assert!(Feature::ALL.iter().all(|feature| declared.has(*feature) == some.contains(feature)));
        assert_eq!(SupportedFeatures::built().iter().count(), 64);
        assert!(!declared.without(Feature::Mesh).has(Feature::Mesh));
    }
}
