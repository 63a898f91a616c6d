//! GatewayClass.

use alloc::{
    collections::{BTreeMap, BTreeSet},
    format,
    string::String,
    vec,
    vec::Vec,
};

use gwapi_core::{Feature, SupportedFeatures, resolution::ResolvedClass};

use crate::{
    condition::{Condition, ConditionType},
    message::{judge, quoted},
    reason::Reason,
};

/// The annotation of a CRD that tells the release that it comes from.
pub const BUNDLE_VERSION: &str = "gateway.networking.k8s.io/bundle-version";

/// What the status of a GatewayClass should say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClassStatus {
    /// The generation of the class that was looked at.
    pub observed_generation: i64,
    /// `Accepted`, and `SupportedVersion` by [`ClassStatus::with_installed`].
    pub conditions: Vec<Condition>,
    /// What the controller declares, in the order of the names, without features of a mesh. It stands beside
    /// `Accepted` and so comes no later than that.
    pub supported_features: Vec<Feature>,
}

impl ClassStatus {
    /// The status of one class under a controller with these features.
    #[must_use]
    pub fn of(class: &ResolvedClass, features: &SupportedFeatures) -> Self {
        Self {
            observed_generation: class.class.meta.generation,
            conditions: vec![accepted(class)],
            supported_features: features.iter().filter(|feature| !feature.is_mesh()).collect(),
        }
    }

    /// The same, with what the installed CRDs of the Gateway API come to: `SupportedVersion`. Of each CRD its name and
    /// the value of its annotation [`BUNDLE_VERSION`] is asked for; nothing is said where nobody knows of any.
    ///
    /// Whether the class is accepted does not depend on it: with versions that are not `known` what can be done is done.
    #[must_use]
    pub fn with_installed<'a>(mut self, installed: impl IntoIterator<Item = (&'a str, Option<&'a str>)>, known: &[&str]) -> Self {
        let mut versions = BTreeMap::<Option<&str>, BTreeSet<&str>>::new();
        for (crd, version) in installed {
            versions.entry(version).or_default().insert(crd);
        }
        if !versions.is_empty() {
            self.conditions.retain(|condition| condition.type_ != ConditionType::SupportedVersion);
            self.conditions.push(supported_version(&versions, known));
        }
        self
    }
}

///
fn supported_version(versions: &BTreeMap<Option<&str>, BTreeSet<&str>>, known: &[&str]) -> Condition {
    let type_ = ConditionType::SupportedVersion;
    let is_known = |version: &Option<&str>| version.is_some_and(|version| known.contains(&version));
    let found = |(version, crds): (&Option<&str>, &BTreeSet<&str>)| match version {
        Some(version) if is_known(&Some(version)) => format!("`{version}`"),
        Some(version) => format!("`{version}` of {}", quoted(crds)),
        None => format!("no version of {}", quoted(crds)),
    };
    let found: Vec<String> = versions.iter().map(found).collect();
    let message = format!("installed: {}; supported: {}", found.join(", "), quoted(known));
    match versions.keys().all(is_known) {
        true => Condition::holds(type_, Reason::SupportedVersion, message),
        false => Condition::fails(type_, Reason::UnsupportedVersion, message),
    }
}

///
fn accepted(class: &ResolvedClass) -> Condition {
    match judge(&class.refused, &[Reason::InvalidParameters]) {
        None => Condition::holds(ConditionType::Accepted, Reason::Accepted, "Gateways of this class are served"),
        Some((reason, message)) => Condition::fails(ConditionType::Accepted, reason, message),
    }
}
