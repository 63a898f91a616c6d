//! The features of the Gateway API, by the names of `pkg/features`, and the set that a controller declares.

use alloc::collections::BTreeSet;

use serde::{Serialize, Serializer};

macro_rules! features {
    ($($(#[$doc:meta])* $variant:ident: $built:literal,)*) => {
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

            /// Whether these crates implement it. A controller can declare less, never more.
            #[must_use]
            pub fn is_built(self) -> bool {
                match self {
                    $(Self::$variant => $built,)*
                }
            }
        }
    };
}

features! {
    /// BackendTLSPolicy.
    BackendTLSPolicy: true,
    /// SANs of BackendTLSPolicy.
    BackendTLSPolicySANValidation: true,
    /// Trust bundles as a source of CA certificates.
    ClusterTrustBundle: true,
    /// GRPCRoute.
    GRPCRoute: true,
    /// Named rules of GRPCRoutes.
    GRPCRouteNamedRouteRule: true,
    /// Request header modifiers of GRPCRoutes.
    GRPCRouteRequestHeaderModifier: true,
    /// Gateway.
    Gateway: true,
    /// Addresses with a type and no value (B-059).
    GatewayAddressEmpty: true,
    /// Scopes of addresses.
    GatewayAddressRoutability: true,
    /// The scope `Cluster` of addresses.
    GatewayAddressRoutabilityCluster: true,
    /// A client certificate towards backends.
    GatewayBackendClientCertificate: true,
    /// Client certificates of clients.
    GatewayFrontendClientCertificateValidation: true,
    /// Client certificates that may be missing.
    GatewayFrontendClientCertificateValidationInsecureFallback: true,
    /// Requests reach only the routes of the listener they select (B-025).
    GatewayHTTPListenerIsolation: true,
    /// 421 for requests on a connection of another listener (B-027).
    GatewayHTTPSListenerDetectMisdirectedRequests: true,
    /// Labels, annotations and parameters of the infrastructure (B-063, B-065).
    GatewayInfrastructure: true,
    /// Filters of listeners.
    GatewayListenerFilters: true,
    /// Listeners on port 8080.
    GatewayPort8080: true,
    /// Precedence by the routes' own hostnames (E-027).
    GatewayRouteHostnameIntersectionPrecedence: true,
    /// Requested addresses (B-056).
    GatewayStaticAddresses: true,
    /// HTTPRoute.
    HTTPRoute: true,
    /// 303 (H-027).
    HTTPRoute303RedirectStatusCode: true,
    /// 307 (H-027).
    HTTPRoute307RedirectStatusCode: true,
    /// 308 (H-027).
    HTTPRoute308RedirectStatusCode: true,
    /// `kubernetes.io/h2c` backends (I-021).
    HTTPRouteBackendProtocolH2C: true,
    /// `kubernetes.io/ws` backends (I-022).
    HTTPRouteBackendProtocolWebSocket: true,
    /// Request header modifiers of a backend (H-008).
    HTTPRouteBackendRequestHeaderModification: true,
    /// `timeouts.backendRequest` (J-005).
    HTTPRouteBackendTimeout: true,
    /// URL rewrites of a backend (H-091).
    HTTPRouteBackendURLRewrite: true,
    /// CORS (H-052).
    HTTPRouteCORS: true,
    /// `port` of parentRefs, experimental (D-012).
    HTTPRouteDestinationPortMatching: true,
    /// Rewritten hosts (H-035).
    HTTPRouteHostRewrite: true,
    /// Method matches (F-018).
    HTTPRouteMethodMatching: true,
    /// Named rules (F-021).
    HTTPRouteNamedRouteRule: true,
    /// `port` of parentRefs (D-012).
    HTTPRouteParentRefPort: true,
    /// Redirects with a path (H-026).
    HTTPRoutePathRedirect: true,
    /// Rewritten paths (H-035).
    HTTPRoutePathRewrite: true,
    /// Redirects with a port (H-030).
    HTTPRoutePortRedirect: true,
    /// Query parameter matches (F-015).
    HTTPRouteQueryParamMatching: true,
    /// Mirrors (H-044).
    HTTPRouteRequestMirror: true,
    /// Several mirrors in one rule (H-046).
    HTTPRouteRequestMultipleMirrors: true,
    /// Mirrors of a share (H-047).
    HTTPRouteRequestPercentageMirror: true,
    /// `timeouts.request` (J-003).
    HTTPRouteRequestTimeout: true,
    /// Response header modifiers (H-018).
    HTTPRouteResponseHeaderModification: true,
    /// Retries on status codes (J-010).
    HTTPRouteRetryCodes: true,
    /// Retries on failed connections (J-013).
    HTTPRouteRetryConnectionError: true,
    /// Redirects with a scheme (H-025).
    HTTPRouteSchemeRedirect: true,
    /// ListenerSet.
    ListenerSet: true,
    /// Mesh.
    Mesh: true,
    /// Matching by ClusterIP.
    MeshClusterIPMatching: true,
    /// Consumer routes.
    MeshConsumerRoute: true,
    /// Request header modifiers of a backend, in a mesh.
    MeshHTTPRouteBackendRequestHeaderModification: true,
    /// Named rules, in a mesh.
    MeshHTTPRouteNamedRouteRule: true,
    /// Query parameter matches, in a mesh.
    MeshHTTPRouteQueryParamMatching: true,
    /// Redirects with a path, in a mesh.
    MeshHTTPRouteRedirectPath: true,
    /// Redirects with a port, in a mesh.
    MeshHTTPRouteRedirectPort: true,
    /// Rewritten paths, in a mesh.
    MeshHTTPRouteRewritePath: true,
    /// Redirects with a scheme, in a mesh.
    MeshHTTPRouteSchemeRedirect: true,
    /// ReferenceGrant.
    ReferenceGrant: true,
    /// TCPRoute.
    TCPRoute: true,
    /// TLSRoute.
    TLSRoute: true,
    /// Both TLS modes on one port.
    TLSRouteModeMixed: true,
    /// TLSRoutes on listeners that end TLS.
    TLSRouteModeTerminate: true,
    /// UDPRoute.
    UDPRoute: true,
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
    /// Everything that these crates implement.
    #[must_use]
    pub fn built() -> Self {
        Self::of(Feature::ALL.iter().copied())
    }

    /// Only what every implementation of the GATEWAY-HTTP profile has.
    #[must_use]
    pub fn core() -> Self {
        Self::of([Feature::Gateway, Feature::HTTPRoute, Feature::ReferenceGrant])
    }

    /// These features; those that are not built are left out, since nobody could serve them.
    #[must_use]
    pub fn of(features: impl IntoIterator<Item = Feature>) -> Self {
        Self(features.into_iter().filter(|feature| feature.is_built()).collect())
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
    fn what_is_not_built_cannot_be_declared() {
        assert!(!SupportedFeatures::of([Feature::UDPRoute]).has(Feature::UDPRoute));
    }
}
