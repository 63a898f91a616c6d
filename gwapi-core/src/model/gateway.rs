//! GatewayClass, Gateway and ListenerSet.

use alloc::{collections::BTreeMap, string::String, sync::Arc, vec::Vec};

use serde::Serialize;

use super::{ExternalAuth, GatewayTls, Invalid, LocalObjectRef, ObjectMeta};
use crate::{
    hostname::Hostname,
    name::{ControllerName, Group, Kind, Namespace, ObjectKey, ObjectName, SectionName},
};

/// A GatewayClass.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GatewayClass {
    /// Name, generation, age.
    pub meta: ObjectMeta,
    /// Who reconciles the class.
    pub controller_name: ControllerName,
    /// Parameters.
    pub parameters_ref: Option<ParametersRef>,
}

/// `GatewayClass.spec.parametersRef`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParametersRef {
    /// Group.
    pub group: Group,
    /// Kind.
    pub kind: Kind,
    /// Namespace, for a namespaced kind.
    pub namespace: Option<Namespace>,
    /// Name.
    pub name: ObjectName,
}

/// A Gateway.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gateway {
    /// Name, generation, age.
    pub meta: ObjectMeta,
    /// The class.
    pub class_name: ObjectName,
    /// Listeners in the order of the manifest. An empty list is tolerated (B-001).
    pub listeners: Vec<Listener>,
    /// The addresses asked for; none means any.
    pub addresses: Vec<Address>,
    /// What generated resources look like, and the parameters.
    pub infrastructure: Infrastructure,
    /// From which namespaces ListenerSets may come; nothing means from none (C-001).
    pub allowed_listeners: Option<NamespacesFrom>,
    /// Certificates of clients, and the one that backends are shown.
    pub tls: GatewayTls,
    /// Which routes it claims without being named (P-001).
    pub default_scope: DefaultScope,
    /// Values of the Gateway itself that cannot be honoured.
    pub invalid: Vec<Invalid>,
}

/// `defaultScope` of a Gateway or `useDefaultGateways` of a route (P-001).
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DefaultScope {
    /// It has no part in default Gateways.
    #[default]
    None,
    /// Every default Gateway claims every route that asks for one.
    All,
    /// A scope that this version does not know: claims nothing.
    Unknown(Arc<str>),
}

impl DefaultScope {
    /// Whether a Gateway of this scope claims a route that asks for that one (P-002).
    #[must_use]
    pub fn claims(&self, route: &Self) -> bool {
        (self, route) == (&Self::All, &Self::All)
    }
}

impl From<&str> for DefaultScope {
    fn from(text: &str) -> Self {
        match text {
            "" | "None" => Self::None,
            "All" => Self::All,
            other => Self::Unknown(Arc::from(other)),
        }
    }
}

/// A ListenerSet: more listeners for a Gateway (chapter C).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListenerSet {
    /// Name, generation, age: sets are merged in the order of their seniority (C-005).
    pub meta: ObjectMeta,
    /// The Gateway that it wants to belong to; nothing if that cannot be read. Another kind is ignored (C-004).
    pub parent: Option<ObjectKey>,
    /// Listeners in the order of the manifest. Names are unique in the set only (C-006).
    pub listeners: Vec<Listener>,
    /// Values of the set itself that cannot be honoured.
    pub invalid: Vec<Invalid>,
}

/// `Gateway.spec.infrastructure`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Infrastructure {
    /// Labels of generated resources (B-063).
    pub labels: BTreeMap<String, String>,
    /// Annotations of generated resources (B-063).
    pub annotations: BTreeMap<String, String>,
    /// Parameters of the Gateway (B-065).
    pub parameters_ref: Option<LocalObjectRef>,
}

/// One listener of a Gateway or ListenerSet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listener {
    /// Name, unique in the object that declares it.
    pub name: SectionName,
    /// Hostname; nothing means every name. One that is invalid is in `invalid`, and the listener is refused.
    pub hostname: Option<Hostname>,
    /// Port.
    pub port: u16,
    /// Protocol.
    pub protocol: Protocol,
    /// TLS settings.
    pub tls: Option<ListenerTls>,
    /// Who may attach.
    pub allowed_routes: AllowedRoutes,
    /// What requests pass before a route is chosen, in this order (H-080). The listener is never served without one of them
    /// (H-086, H-090).
    pub filters: Vec<ListenerFilter>,
    /// Values that cannot be honoured.
    pub invalid: Vec<Invalid>,
}

/// One entry of `filters.requests` of a listener (H-079). Every entry keeps its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ListenerFilter {
    /// Asks a service first.
    ExternalAuth(ExternalAuth),
    /// A filter of the implementation.
    ExtensionRef(LocalObjectRef),
    /// A type that this version does not know (H-086).
    Unknown(Arc<str>),
    /// A filter that cannot be honoured (H-087).
    Invalid {
        /// Its type; empty if it has none.
        filter_type: Arc<str>,
        /// What is wrong with it.
        invalid: Vec<Invalid>,
    },
}

impl ListenerFilter {
    /// The `type` of the filter.
    #[must_use]
    pub fn type_name(&self) -> &str {
        match self {
            Self::ExternalAuth(_) => "ExternalAuth",
            Self::ExtensionRef(_) => "ExtensionRef",
            Self::Unknown(filter_type) | Self::Invalid { filter_type, .. } => filter_type,
        }
    }
}

/// The protocol of a listener.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Protocol {
    /// HTTP/1.1 and HTTP/2 in clear text.
    Http,
    /// HTTP/1.1 and HTTP/2 over TLS that the Gateway ends.
    Https,
    /// TLS, passed through or ended.
    Tls,
    /// TCP.
    Tcp,
    /// UDP.
    Udp,
    /// Any other text, such as `example.com/custom` (B-016).
    Other(Arc<str>),
}

impl Protocol {
    /// The protocol as a listener writes it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::Http => "HTTP",
            Self::Https => "HTTPS",
            Self::Tls => "TLS",
            Self::Tcp => "TCP",
            Self::Udp => "UDP",
            Self::Other(text) => text,
        }
    }

    /// Whether listeners of this protocol differ by hostname (B-003).
    #[must_use]
    pub fn has_hostname(&self) -> bool {
        matches!(self, Self::Http | Self::Https | Self::Tls)
    }

    /// Whether connections carry TLS.
    #[must_use]
    pub fn is_tls(&self) -> bool {
        matches!(self, Self::Https | Self::Tls)
    }
}

impl From<&str> for Protocol {
    /// Names are case-sensitive (B-016).
    fn from(text: &str) -> Self {
        match text {
            "HTTP" => Self::Http,
            "HTTPS" => Self::Https,
            "TLS" => Self::Tls,
            "TCP" => Self::Tcp,
            "UDP" => Self::Udp,
            other => Self::Other(Arc::from(other)),
        }
    }
}

impl core::fmt::Display for Protocol {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for Protocol {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

/// `tls` of a listener.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListenerTls {
    /// Mode; Terminate if it is left out (B-034).
    pub mode: TlsMode,
    /// Certificates.
    pub certificate_refs: Vec<SecretRef>,
    /// Keys of `options`; their meaning is an implementation's own (B-043).
    pub options: Vec<Arc<str>>,
}

/// What a listener does with TLS.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TlsMode {
    /// The Gateway ends TLS.
    Terminate,
    /// The backend ends TLS.
    Passthrough,
    /// A value that this version does not know.
    Unknown(Arc<str>),
}

/// A reference to a certificate.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct SecretRef {
    /// Group, default the core group.
    pub group: Group,
    /// Kind, default Secret.
    pub kind: Kind,
    /// Namespace, default that of the object that contains the reference.
    pub namespace: Namespace,
    /// Name.
    pub name: ObjectName,
}

/// Who may attach to a listener (D-002, D-003).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AllowedRoutes {
    /// From which namespaces.
    pub namespaces: NamespacesFrom,
    /// Which kinds; empty means what the protocol implies (D-006).
    pub kinds: Vec<RouteGroupKind>,
}

/// A group and kind of routes.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct RouteGroupKind {
    /// Group.
    pub group: Group,
    /// Kind.
    pub kind: Kind,
}

/// From which namespaces routes may come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NamespacesFrom {
    /// Every namespace.
    All,
    /// The namespace of the parent.
    Same,
    /// Namespaces whose labels match. Without a selector none does (D-003).
    Selector(Option<Selector>),
    /// A value that this version does not know: selects nothing.
    Unknown(Arc<str>),
}

/// A label selector: all requirements must hold; none at all matches every namespace.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Selector {
    /// `matchLabels` and `matchExpressions`, as one list.
    pub requirements: Vec<SelectorRequirement>,
}

/// One requirement of a label selector.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SelectorRequirement {
    /// The label.
    pub key: Arc<str>,
    /// What must hold of it.
    pub operator: SelectorOperator,
}

/// What must hold of a label.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SelectorOperator {
    /// It is there with one of these values.
    In(Vec<Arc<str>>),
    /// It is missing, or has none of these values.
    NotIn(Vec<Arc<str>>),
    /// It is there.
    Exists,
    /// It is missing.
    DoesNotExist,
    /// An operator that this version does not know: never holds.
    Unknown(Arc<str>),
}

impl Selector {
    /// Whether labels satisfy every requirement.
    #[must_use]
    pub fn matches(&self, labels: &BTreeMap<Arc<str>, Arc<str>>) -> bool {
        self.requirements.iter().all(|requirement| {
            let value = labels.get(&requirement.key);
            match &requirement.operator {
                SelectorOperator::In(values) => value.is_some_and(|value| values.contains(value)),
                SelectorOperator::NotIn(values) => value.is_none_or(|value| !values.contains(value)),
                SelectorOperator::Exists => value.is_some(),
                SelectorOperator::DoesNotExist => value.is_none(),
                SelectorOperator::Unknown(_) => false,
            }
        })
    }
}

/// An address, asked for or assigned.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Address {
    /// Type.
    #[serde(rename = "type")]
    pub kind: AddressType,
    /// Value; a request may leave it out (B-059).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<Arc<str>>,
    /// Scope asked for (B-075); empty means none.
    #[serde(skip_serializing_if = "str::is_empty")]
    pub routability: Arc<str>,
}

/// The type of an address, compared exactly although the CRD pattern is not anchored.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AddressType {
    /// An IPv4 or IPv6 address.
    IpAddress,
    /// A DNS name.
    Hostname,
    /// Anything else.
    Other(Arc<str>),
}

impl AddressType {
    /// The type as it is written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::IpAddress => "IPAddress",
            Self::Hostname => "Hostname",
            Self::Other(text) => text,
        }
    }
}

impl From<&str> for AddressType {
    fn from(text: &str) -> Self {
        match text {
            "IPAddress" => Self::IpAddress,
            "Hostname" => Self::Hostname,
            other => Self::Other(Arc::from(other)),
        }
    }
}

impl Serialize for AddressType {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}
