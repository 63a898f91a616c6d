//! Who asks: every choice, and features that are missing.

use gwapi_core::{
    Controller, Feature, SupportedFeatures,
    choices::{Choices, DotSegments, EncodedSlashes, MeshRouting, RegexRank, RepeatedQuery, RepeatedSlashes, ZeroWeights},
    controller::{Abilities, Identity},
};

use crate::{Draw, OURS};

/// Draws a controller.
pub(crate) fn controller(draw: &mut Draw) -> Controller {
    let mut controller = Controller::named(OURS);
    if draw.chance(15) {
        controller.identity = Identity::default();
    }
    controller.features = features(draw);
    controller.abilities = abilities(draw);
    controller.choices = choices(draw);
    if draw.chance(60) {
        controller.parameter_kinds.insert(("".into(), "ConfigMap".into()));
    }
    if draw.chance(30) {
        controller.parameter_kinds.insert(("example.com".into(), "Config".into()));
    }
    controller
}

fn features(draw: &mut Draw) -> SupportedFeatures {
    let built = SupportedFeatures::built();
    match draw.below(20) {
        0 => SupportedFeatures::core(),
        1..=6 => (0..draw.within(1..=6)).fold(built, |features, _| features.without(draw.pick(Feature::ALL))),
        7..=9 => built.without(Feature::GatewayHTTPSListenerDetectMisdirectedRequests),
        10 => built.without(Feature::TLSRouteModeMixed).without(Feature::MeshConsumerRoute),
        11 => built.without(Feature::MeshClusterIPMatching).without(Feature::GatewayAddressRoutability),
        _ => built,
    }
}

fn abilities(draw: &mut Draw) -> Abilities {
    if draw.chance(75) {
        return Abilities::ALL;
    }
    Abilities {
        external_auth: draw.chance(70),
        session_persistence: draw.chance(70),
        default_gateways: draw.chance(70),
        x_backends: draw.chance(70),
        retry_budgets: draw.chance(70),
        telemetry: draw.chance(70),
        service_imports: draw.chance(70),
        system_ca_certificates: draw.chance(70),
    }
}

fn choices(draw: &mut Draw) -> Choices {
    let mut choices = Choices::default();
    if draw.chance(40) {
        choices.regex_rank = RegexRank::BeforePrefix;
    }
    if draw.chance(40) {
        choices.zero_weights = ZeroWeights::InternalError;
    }
    if draw.chance(40) {
        choices.repeated_query = RepeatedQuery::Last;
    }
    if draw.chance(30) {
        choices.dot_segments = DotSegments::Resolve;
    }
    if draw.chance(30) {
        choices.repeated_slashes = RepeatedSlashes::Keep;
    }
    if draw.chance(30) {
        choices.encoded_slashes = EncodedSlashes::Reject;
    }
    if draw.chance(30) {
        choices.mesh_routing = MeshRouting::Service;
    }
    choices
}
