//! What this proxy can do.

use gwapi_core::{Controller, Feature, controller::Abilities};

/// What the pure crates decide and this proxy does not carry out yet. A controller that serves with it does not declare these,
/// so that whatever asks for them is refused with a condition and never served without.
const NOT_SERVED: [Feature; 17] = [
    Feature::BackendTLSPolicy,
    Feature::BackendTLSPolicySANValidation,
    Feature::ClusterTrustBundle,
    Feature::GatewayBackendClientCertificate,
    Feature::GatewayFrontendClientCertificateValidation,
    Feature::GatewayFrontendClientCertificateValidationInsecureFallback,
    Feature::GatewayAddressRoutability,
    Feature::GatewayAddressRoutabilityCluster,
    Feature::GatewayListenerFilters,
    Feature::GRPCRoute,
    Feature::GRPCRouteNamedRouteRule,
    Feature::GRPCRouteRequestHeaderModifier,
    Feature::TLSRoute,
    Feature::TLSRouteModeTerminate,
    Feature::TLSRouteModeMixed,
    Feature::TCPRoute,
    Feature::UDPRoute,
];

/// The same controller, declaring only what this proxy can do.
#[must_use]
pub fn supported(mut controller: Controller) -> Controller {
    for feature in NOT_SERVED.into_iter().chain(Feature::ALL.iter().copied().filter(|feature| feature.is_mesh())) {
        controller.features = controller.features.without(feature);
    }
    controller.abilities = Abilities::NONE;
    controller
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_feature_of_a_mesh_and_none_that_is_not_served_is_declared() {
        let controller = supported(Controller::default());
        assert!(controller.features.has(Feature::HTTPRoute) && controller.features.has(Feature::ListenerSet));
        assert!(controller.features.iter().all(|feature| !feature.is_mesh() && !NOT_SERVED.contains(&feature)));
    }
}
