//! One file for each kind of object, or for some that are alike. A new kind is a line in [`KINDS`].

use core::ops::RangeInclusive;

use serde_json::Value;

use crate::{Draw, Theme};

mod backend;
mod certificates;
mod filter;
mod gateway;
mod gateway_class;
mod grpc_route;
mod http_route;
mod l4_route;
mod listener;
mod namespace;
mod other;
mod policy;
mod reference_grant;
mod refs;
mod route;
mod service;

/// How manifests of a kind are drawn.
#[derive(Clone, Debug)]
pub(crate) struct Maker {
    /// The kind; what is no single kind has a name of its own.
    pub(crate) kind: &'static str,
    /// How many of them a world begins with. Some share a name, and then the last one counts.
    pub(crate) count: RangeInclusive<usize>,
    /// How often one of them is changed, beside the others.
    pub(crate) changes: usize,
    /// What worlds are about that begin with them; nothing if all do.
    pub(crate) theme: Option<Theme>,
    /// A manifest of the kind, of any of its names.
    pub(crate) make: fn(&mut Draw) -> Value,
}

impl Maker {
    /// Whether the world of these draws has such objects.
    pub(crate) fn is_in(&self, draw: &Draw) -> bool {
        self.theme.is_none_or(|theme| draw.is_about(theme))
    }
}

/// Every kind.
pub(crate) const KINDS: &[Maker] = &[
    gateway_class::MAKER,
    gateway::MAKER,
    gateway::SET,
    http_route::MAKER,
    grpc_route::MAKER,
    l4_route::TLS,
    l4_route::TCP,
    l4_route::UDP,
    service::MAKER,
    service::IMPORT,
    backend::MAKER,
    policy::TLS,
    policy::TRAFFIC,
    policy::TELEMETRY,
    gateway_class::MESH,
    namespace::MAKER,
    certificates::SECRET,
    certificates::CONFIG_MAP,
    certificates::BUNDLE,
    reference_grant::MAKER,
    other::MAKER,
];

/// The kind that makes manifests like this one.
pub(crate) fn maker_of(manifest: &Value) -> &'static Maker {
    let kind = manifest.get("kind").and_then(Value::as_str).unwrap_or_default();
    KINDS.iter().find(|maker| maker.kind == kind).unwrap_or(&other::MAKER)
}
