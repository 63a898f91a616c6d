//! Who we are: the second argument of `resolve`.

use alloc::collections::BTreeSet;

use crate::{
    choices::Choices,
    features::SupportedFeatures,
    name::{ControllerName, Group, Kind},
};

/// An implementation: what it is called, what it can do, and how it chose where the spec leaves room.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Controller {
    /// The classes that are ours.
    pub identity: Identity,
    /// Features.
    pub features: SupportedFeatures,
    /// Choices.
    pub choices: Choices,
    /// The kinds of parameters that the embedder understands, for classes and Gateways (A-004, B-065). A reference to
    /// another kind is refused.
    pub parameter_kinds: BTreeSet<(Group, Kind)>,
}

/// Which GatewayClasses are ours.
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
