//! Who we are: the second argument of `resolve`.

use alloc::collections::BTreeSet;

use crate::{
    choices::Choices,
    features::SupportedFeatures,
    name::{ControllerName, Group, Kind},
};

/// An implementation: what it is called, what it can do, and how it chose where the spec leaves room.
///
/// The default looks at manifests: every class is its own, everything is declared, and the choices are the recommended ones. A
/// controller in a cluster says who it is, and declares no more than its data plane carries out.
///
/// ```
/// use gwapi_core::{Controller, Feature, SupportedFeatures, choices::DotSegments, controller::Abilities};
///
/// let mut controller = Controller::named("example.com/controller");
/// controller.features = SupportedFeatures::core();
/// controller.abilities = Abilities { session_persistence: true, ..Abilities::NONE };
/// controller.choices.dot_segments = DotSegments::Resolve;
/// assert!(controller.identity.owns(&"example.com/controller".into()) && !controller.features.has(Feature::HTTPRouteCORS));
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Controller {
    /// The classes that are ours.
    pub identity: Identity,
    /// Features.
    pub features: SupportedFeatures,
    /// Choices.
    pub choices: Choices,
    /// What it can do besides the features.
    pub abilities: Abilities,
    /// The kinds of parameters that the embedder understands, for classes and Gateways (A-004, B-065). A reference to
    /// another kind is refused.
    pub parameter_kinds: BTreeSet<(Group, Kind)>,
}

/// What the spec describes and has no feature name for: experimental fields and kinds. What is not there is refused where
/// somebody asks for it, as an undeclared feature is (law 12). The default is everything that is built.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Abilities {
    /// `ExternalAuth` filters (H.7).
    pub external_auth: bool,
    /// Sessions that are bound to an endpoint (J.4).
    pub session_persistence: bool,
    /// Gateways that claim routes which do not name them (P.1).
    pub default_gateways: bool,
    /// XBackends (P.2, P.6).
    pub x_backends: bool,
    /// XBackendTrafficPolicies: retry budgets (P.3).
    pub retry_budgets: bool,
    /// XTelemetryPolicies (P.7).
    pub telemetry: bool,
    /// ServiceImports as backends (I-026).
    pub service_imports: bool,
    /// The trust store `System` of BackendTLSPolicy (N-012).
    pub system_ca_certificates: bool,
}

impl Abilities {
    /// None of them.
    pub const NONE: Self = Self {
        external_auth: false,
        session_persistence: false,
        default_gateways: false,
        x_backends: false,
        retry_budgets: false,
        telemetry: false,
        service_imports: false,
        system_ca_certificates: false,
    };
    /// All of them.
    pub const ALL: Self = Self {
        external_auth: true,
        session_persistence: true,
        default_gateways: true,
        x_backends: true,
        retry_budgets: true,
        telemetry: true,
        service_imports: true,
        system_ca_certificates: true,
    };
}

impl Default for Abilities {
    fn default() -> Self {
        Self::ALL
    }
}

/// Which GatewayClasses are ours (A-001).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Identity {
    /// Those of one controller. This is what a controller is.
    Named(ControllerName),
    /// Those of whatever controller they name, and a class name without a class too while no class is in the input. This
    /// is for looking at manifests, and it is the default. The name is written where a class does not say one.
    Everyone(ControllerName),
}

impl Default for Identity {
    fn default() -> Self {
        Self::Everyone("gwapi.dev/gateway".into())
    }
}

impl Identity {
    /// Whether a class with that controllerName is ours.
    #[must_use]
    pub fn owns(&self, controller_name: &ControllerName) -> bool {
        match self {
            Self::Named(name) => name == controller_name,
            Self::Everyone(_) => true,
        }
    }
}

impl Controller {
    /// A controller of that name, with everything that is built and the recommended choices.
    #[must_use]
    pub fn named(name: &str) -> Self {
        Self { identity: Identity::Named(name.into()), ..Self::default() }
    }
}
