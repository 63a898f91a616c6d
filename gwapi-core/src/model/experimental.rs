//! XBackend, XMesh and XTelemetryPolicy (P.2, P.4, P.6, P.7).

use alloc::{boxed::Box, collections::BTreeMap, sync::Arc, vec::Vec};

use super::{
    BackendObjectRef, BackendTlsValidation, Fraction, HeaderName, HeaderValue, Invalid, ObjectMeta, ParametersRef, PolicyTarget,
    SecretRef, SessionPersistence,
};
use crate::{hostname::Hostname, name::ControllerName};

/// An XBackend: something that routes can send to, with its port and protocol (P-009).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct XBackend {
    /// Name, generation, age.
    pub meta: ObjectMeta,
    /// What it stands for; nothing if that is invalid.
    pub destination: Option<XBackendDestination>,
    /// The port to connect to; 0 if it is invalid (P-012).
    pub port: u16,
    /// What is spoken there; nothing leaves it to the route (P-013).
    pub protocol: Option<XBackendProtocol>,
    /// Whether and how TLS is spoken; nothing if that is invalid.
    pub tls: Option<XBackendTls>,
    /// Sessions, for endpoints that are selected (J-039).
    pub session_persistence: Option<SessionPersistence>,
    /// Values that cannot be honoured: nothing can be sent there.
    pub invalid: Vec<Invalid>,
}

/// What an XBackend stands for (P-010).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum XBackendDestination {
    /// A host outside of the cluster; no wildcard, no address, not `.cluster.local` (P-011).
    ExternalHostname(Hostname),
    /// The pods of its namespace that have all of these labels, of which there is at least one (P-034).
    EndpointSelector(BTreeMap<Arc<str>, Arc<str>>),
}

/// What is spoken to an XBackend (P-013).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum XBackendProtocol {
    /// Bytes.
    Tcp,
    /// HTTP of whatever version.
    Http,
    /// HTTP/2 over TLS.
    Http2,
    /// HTTP/1.1
    Http11,
    /// HTTP/2 in clear text.
    H2c,
    /// The Model Context Protocol.
    Mcp,
    /// gRPC.
    Grpc,
    /// WebSocket over TLS.
    Wss,
}

impl XBackendProtocol {
    /// Every protocol.
    pub const ALL: [Self; 8] = [Self::Tcp, Self::Http, Self::Http2, Self::Http11, Self::H2c, Self::Mcp, Self::Grpc, Self::Wss];

    /// The protocol as manifests write it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Tcp => "TCP",
            Self::Http => "HTTP",
            Self::Http2 => "HTTP2",
            Self::Http11 => "HTTP11",
            Self::H2c => "H2C",
            Self::Mcp => "MCP",
            Self::Grpc => "GRPC",
            Self::Wss => "WSS",
        }
    }
}

/// `tls` of an XBackend (P-014).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum XBackendTls {
    /// None is spoken.
    None,
    /// The backend proves who it is.
    ServerOnly(BackendTlsValidation),
    /// Both do.
    ClientAndServer {
        /// How the backend proves who it is.
        validation: BackendTlsValidation,
        /// What the client shows.
        client_certificate: SecretRef,
    },
}

/// An XMesh (P.4).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct XMesh {
    /// Name, generation, age.
    pub meta: ObjectMeta,
    /// Which mesh it is (P-026).
    pub controller_name: ControllerName,
    /// Parameters (P-028).
    pub parameters_ref: Option<ParametersRef>,
}

/// An XTelemetryPolicy (P.7).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct XTelemetryPolicy {
    /// Name, generation, age.
    pub meta: ObjectMeta,
    /// What it is attached to: Gateways (P-037).
    pub target_refs: Vec<PolicyTarget>,
    /// Which requests are traced, and how; nothing if anything in it is invalid.
    pub tracing: Option<Tracing>,
    /// Values that cannot be honoured: the policy is refused.
    pub invalid: Vec<Invalid>,
}

/// `tracing` of an XTelemetryPolicy (P-039).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Tracing {
    /// Requests are traced.
    Enabled(Box<Tracer>),
    /// No request is.
    Disabled,
    /// As the implementation likes.
    ImplementationDefault,
}

/// How requests are traced.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tracer {
    /// Where spans go (P-040).
    pub backend: BackendObjectRef,
    /// Headers of what is exported.
    pub headers: Vec<HeaderValue>,
    /// Which share of the requests; nothing leaves it to the implementation (P-041).
    pub sampling_rate: Option<Fraction>,
    /// What the decision of the caller counts.
    pub parent_based_sampling: ParentBasedSampling,
    /// What the Gateway is called in traces.
    pub service_name: Option<Arc<str>>,
    /// What its spans are called.
    pub span_name: Option<Arc<str>>,
    /// What every span gets; names are unique (P-042).
    pub attributes: Vec<SpanAttribute>,
}

/// What the decision of the caller counts (P-041).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ParentBasedSampling {
    /// It is followed, for this share of what the caller has sampled; everything if it is left out.
    Enabled(Option<Fraction>),
    /// Nothing.
    Disabled,
    /// As the implementation likes.
    #[default]
    ImplementationDefault,
}

/// An attribute of spans (P-042).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SpanAttribute {
    /// Name.
    pub name: Arc<str>,
    /// Where its value comes from.
    pub value: SpanAttributeValue,
}

/// Where the value of an attribute comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SpanAttributeValue {
    /// From a header of the request.
    Header(HeaderName),
    /// This text.
    Literal(Arc<str>),
    /// From a key of the attribute dictionary.
    Attribute(Arc<str>),
}
