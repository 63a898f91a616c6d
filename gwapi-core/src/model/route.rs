//! What routes of every kind have in common.

use alloc::vec::Vec;

use serde::Serialize;

use super::{BackendRef, DefaultScope, GrpcRule, HttpRule, Invalid, ObjectMeta};
use crate::{
    features::Feature,
    hostname::Hostname,
    name::{CORE_GROUP, GATEWAY_GROUP, Group, Kind, Namespace, ObjectKey, ObjectName, SectionName},
};

/// A route of any kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Route {
    /// Name, generation, age.
    pub meta: ObjectMeta,
    /// Which kind of route.
    pub kind: RouteKind,
    /// The parents it wants to attach to, in the order of the manifest.
    pub parent_refs: Vec<ParentRef>,
    /// Whether default Gateways claim it besides (P-001).
    pub use_default_gateways: DefaultScope,
    /// Hostnames; empty means every name. One that is invalid intersects nothing and does not make the list empty.
    pub hostnames: Vec<Result<Hostname, Invalid>>,
    /// Rules.
    pub rules: Rules,
    /// Values outside of the rules that cannot be honoured: the route is refused.
    pub invalid: Vec<Invalid>,
}

/// The rules of a route, by kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Rules {
    /// Rules of an HTTPRoute.
    Http(Vec<HttpRule>),
    /// Rules of a GRPCRoute.
    Grpc(Vec<GrpcRule>),
    /// Rules of a TLSRoute, TCPRoute or UDPRoute.
    L4(Vec<L4Rule>),
}

/// One rule of a route that knows connections or datagrams only. The stable versions have exactly one of them (L-015, M-011);
/// older ones admit more.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct L4Rule {
    /// Name.
    pub name: Option<SectionName>,
    /// Backends in the order of the manifest; they have no filters.
    pub backend_refs: Vec<BackendRef>,
    /// Values that cannot be honoured: the rule takes part in nothing.
    pub invalid: Vec<Invalid>,
}

/// The kinds of routes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RouteKind {
    /// HTTPRoute.
    Http,
    /// GRPCRoute.
    Grpc,
    /// TLSRoute.
    Tls,
    /// TCPRoute.
    Tcp,
    /// UDPRoute.
    Udp,
}

impl RouteKind {
    /// Every kind of route in the Gateway API.
    pub const ALL: [Self; 5] = [Self::Http, Self::Grpc, Self::Tls, Self::Tcp, Self::Udp];

    /// The kind as manifests write it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Http => "HTTPRoute",
            Self::Grpc => "GRPCRoute",
            Self::Tls => "TLSRoute",
            Self::Tcp => "TCPRoute",
            Self::Udp => "UDPRoute",
        }
    }

    /// The feature that whoever serves it declares.
    #[must_use]
    pub fn feature(self) -> Feature {
        match self {
            Self::Http => Feature::HTTPRoute,
            Self::Grpc => Feature::GRPCRoute,
            Self::Tls => Feature::TLSRoute,
            Self::Tcp => Feature::TCPRoute,
            Self::Udp => Feature::UDPRoute,
        }
    }

    /// The route kind of that group and kind.
    #[must_use]
    pub fn of(group: &str, kind: &str) -> Option<Self> {
        (group == GATEWAY_GROUP).then(|| Self::ALL.into_iter().find(|route| route.as_str() == kind)).flatten()
    }
}

impl core::fmt::Display for RouteKind {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for RouteKind {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

/// A reference to a parent, defaults applied (D-020).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ParentRef {
    /// Group, default `gateway.networking.k8s.io`.
    pub group: Group,
    /// Kind, default Gateway.
    pub kind: Kind,
    /// Namespace, default that of the route.
    pub namespace: Namespace,
    /// Name.
    pub name: ObjectName,
    /// Only the listener of that name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub section_name: Option<SectionName>,
    /// Only listeners on that port.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub port: Option<u16>,
}

impl ParentRef {
    /// Whether it points to a Service: the group is the empty text and nothing else (O-001, X-24).
    #[must_use]
    pub fn is_service(&self) -> bool {
        self.group == CORE_GROUP && self.kind == "Service"
    }

    /// The object that it points to.
    #[must_use]
    pub fn object(&self) -> ObjectKey {
        ObjectKey {
            group: self.group.clone(),
            kind: self.kind.clone(),
            namespace: Some(self.namespace.clone()),
            name: self.name.clone(),
        }
    }
}
