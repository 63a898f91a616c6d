//! Our own small model of the objects: defaults applied, names typed, one shape for every version of a kind.
//!
//! It holds what the spec's function reads and nothing else. A value that the API server would refuse (or that an older
//! or looser CRD let through) does not make reading fail: the part that it stands in carries it as [`Invalid`], and
//! that part is refused later with a condition (A-026, S-019). Nothing invalid is ever replaced by a default.

use alloc::{string::String, sync::Arc};

use serde::Serialize;

use crate::{
    name::{Group, Kind, Namespace, ObjectKey, ObjectName},
    time::Timestamp,
};

mod backend;
mod certificate;
mod experimental;
mod filter;
mod gateway;
mod grpc;
mod http;
mod kubernetes;
mod policy;
mod route;
mod session;
mod tls;

pub use backend::{BackendObjectRef, BackendRef};
pub use certificate::{CertificateVerdict, PemVerdict};
pub use experimental::{
    ParentBasedSampling, SpanAttribute, SpanAttributeValue, Tracer, Tracing, XBackend, XBackendDestination, XBackendProtocol,
    XBackendTls, XMesh, XTelemetryPolicy,
};
pub use filter::{
    AnyOr, AuthProtocol, Cors, CorsOrigin, ExternalAuth, Filter, Fraction, HeaderModifier, HeaderName, HeaderNameError,
    HeaderValue, HttpAuth, OriginHost, PathModifier, RequestMirror, RequestRedirect, Scheme, UrlRewrite,
};
pub use gateway::{
    Address, AddressType, AllowedRoutes, DefaultScope, Gateway, GatewayClass, Infrastructure, Listener, ListenerFilter,
    ListenerSet, ListenerTls, NamespacesFrom, ParametersRef, Protocol, RouteGroupKind, SecretRef, Selector, SelectorOperator,
    SelectorRequirement, TlsMode,
};
pub use grpc::{GrpcMatch, GrpcMethodMatch, GrpcRule};
pub use http::{HttpMatch, HttpRule, Method, PathMatch, Retry, Timeouts, ValueMatch, ValueMatcher};
pub use kubernetes::{
    ClusterTrustBundle, ConfigMap, GrantFrom, GrantTo, NamespaceObject, ReferenceGrant, Secret, Service, ServiceImport,
    ServicePort, TargetPort, TransportProtocol,
};
pub use policy::{
    BackendTlsPolicy, BackendTlsValidation, CaCertificates, MinRetryRate, Policy, PolicyTarget, RetryBudget, RetryConstraint,
    SubjectAltName, XBackendTrafficPolicy,
};
pub use route::{L4Rule, ParentRef, Route, RouteKind, Rules};
pub use session::{CookieLifetime, SessionCookie, SessionPersistence, SessionToken};
pub use tls::{ClientValidation, ClientValidationMode, FrontendTls, GatewayTls};

/// What every object has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ObjectMeta {
    /// What the object is called.
    pub key: ObjectKey,
    /// `metadata.generation`; 0 if the object has none, as one that was never sent to an API server.
    pub generation: i64,
    /// `metadata.creationTimestamp`. An object without one counts as the newest: it does not exist yet, and a newcomer
    /// must not take over what an older object holds (S-007).
    pub created: Option<Timestamp>,
}

impl ObjectMeta {
    /// The order that ties are broken with.
    #[must_use]
    pub fn seniority(&self) -> Seniority {
        Seniority { created: self.created.unwrap_or(Timestamp(i64::MAX)), name: self.key.namespaced_name().into() }
    }
}

/// Age and name; the smaller one is preferred: the older object, then the smaller `{namespace}/{name}` (G-009, G-017).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Seniority {
    /// When the object was created; the far future if it was not.
    pub created: Timestamp,
    /// `{namespace}/{name}` as one text.
    pub name: Arc<str>,
}

/// A value that cannot be honoured, with what is needed to find and mend it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Invalid {
    /// Where in the object: `spec.rules[0].matches[1].path.value`.
    pub path: String,
    /// The value as JSON, shortened.
    pub value: String,
    /// What is wrong with it: lower case, no full stop.
    pub why: String,
}

impl core::fmt::Display for Invalid {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "{}: {}", self.path, self.why)
    }
}

/// A reference to an object in the same namespace.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct LocalObjectRef {
    /// Group.
    pub group: Group,
    /// Kind.
    pub kind: Kind,
    /// Name.
    pub name: ObjectName,
}

/// One object of any kind that takes part in the function.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Object {
    /// A GatewayClass.
    GatewayClass(Arc<GatewayClass>),
    /// A Gateway.
    Gateway(Arc<Gateway>),
    /// A route of any kind.
    Route(Arc<Route>),
    /// A ListenerSet.
    ListenerSet(Arc<ListenerSet>),
    /// A ReferenceGrant.
    ReferenceGrant(Arc<ReferenceGrant>),
    /// A BackendTLSPolicy.
    BackendTlsPolicy(Arc<BackendTlsPolicy>),
    /// An XBackend.
    XBackend(Arc<XBackend>),
    /// An XBackendTrafficPolicy.
    XBackendTrafficPolicy(Arc<XBackendTrafficPolicy>),
    /// An XMesh.
    XMesh(Arc<XMesh>),
    /// An XTelemetryPolicy.
    XTelemetryPolicy(Arc<XTelemetryPolicy>),
    /// A Namespace, for its labels.
    Namespace(Arc<NamespaceObject>),
    /// A Service.
    Service(Arc<Service>),
    /// A Secret, without the private key.
    Secret(Arc<Secret>),
    /// A ConfigMap, reduced to what certificates need.
    ConfigMap(Arc<ConfigMap>),
    /// A ClusterTrustBundle, reduced to what its certificates look like.
    ClusterTrustBundle(Arc<ClusterTrustBundle>),
    /// A ServiceImport.
    ServiceImport(Arc<ServiceImport>),
    /// Any other object: references can find it, and that is all there is to know about it.
    Other(ObjectKey),
}

impl Object {
    /// What the object is called.
    #[must_use]
    pub fn key(&self) -> &ObjectKey {
        match self {
            Self::GatewayClass(class) => &class.meta.key,
            Self::Gateway(gateway) => &gateway.meta.key,
            Self::Route(route) => &route.meta.key,
            Self::ListenerSet(set) => &set.meta.key,
            Self::ReferenceGrant(grant) => &grant.meta.key,
            Self::BackendTlsPolicy(policy) => &policy.meta.key,
            Self::XBackend(backend) => &backend.meta.key,
            Self::XBackendTrafficPolicy(policy) => &policy.meta.key,
            Self::XMesh(mesh) => &mesh.meta.key,
            Self::XTelemetryPolicy(policy) => &policy.meta.key,
            Self::Namespace(namespace) => &namespace.key,
            Self::Service(service) => &service.key,
            Self::Secret(secret) => &secret.key,
            Self::ConfigMap(config_map) => &config_map.key,
            Self::ClusterTrustBundle(bundle) => &bundle.key,
            Self::ServiceImport(import) => &import.key,
            Self::Other(key) => key,
        }
    }
}

/// Reads a group and kind pair, for messages: `core` stands for the empty group.
#[must_use]
pub fn group_kind(group: &Group, kind: &Kind) -> String {
    let group = if group.as_str().is_empty() { "core" } else { group.as_str() };
    alloc::format!("{group}/{kind}")
}

/// The parts of a reference that a ReferenceGrant looks at.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Referrer {
    /// Group of the object that contains the reference.
    pub group: Group,
    /// Kind of the object that contains the reference.
    pub kind: Kind,
    /// Its namespace.
    pub namespace: Namespace,
}
