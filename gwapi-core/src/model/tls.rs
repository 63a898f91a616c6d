//! `spec.tls` of a Gateway: certificates of clients, and the certificate that backends are shown (B.4, B.5).

use alloc::{collections::BTreeMap, vec::Vec};

use super::{Invalid, SecretRef};
use crate::name::ObjectKey;

/// `spec.tls`, for the entire Gateway, listeners of its ListenerSets included (C-030).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GatewayTls {
    /// How clients of HTTPS listeners prove who they are.
    pub frontend: FrontendTls,
    /// What backends are shown (B-052).
    pub client_certificate: Option<SecretRef>,
}

/// `tls.frontend` (B-045).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FrontendTls {
    /// For HTTPS listeners on ports without an entry of their own.
    pub default: Option<ClientValidation>,
    /// For HTTPS listeners on a port, in place of the default: an entry that asks for nothing switches it off there.
    pub per_port: BTreeMap<u16, Option<ClientValidation>>,
    /// Values that cannot be honoured and belong to no port alone: no HTTPS listener is served.
    pub invalid: Vec<Invalid>,
}

impl FrontendTls {
    /// How clients of an HTTPS listener on that port prove who they are.
    #[must_use]
    pub fn validation(&self, port: u16) -> Option<&ClientValidation> {
        self.per_port.get(&port).map_or(self.default.as_ref(), Option::as_ref)
    }

    /// Every validation that is asked for, with its port if it has one of its own.
    pub fn validations(&self) -> impl Iterator<Item = (Option<u16>, &ClientValidation)> {
        let default = self.default.iter().map(|validation| (None, validation));
        default.chain(self.per_port.iter().filter_map(|(port, validation)| Some((Some(*port), validation.as_ref()?))))
    }
}

/// `validation` of client certificates.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientValidation {
    /// Who may have signed them (B-049). What is no ClusterTrustBundle has a namespace, by default that of the Gateway (B-084).
    pub ca_certificate_refs: Vec<ObjectKey>,
    /// What becomes of clients without a valid one.
    pub mode: ClientValidationMode,
    /// Values that cannot be honoured: listeners that it applies to are not served.
    pub invalid: Vec<Invalid>,
}

/// What becomes of clients without a valid certificate.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ClientValidationMode {
    /// The handshake fails (B-047).
    #[default]
    AllowValidOnly,
    /// They are served (B-048).
    AllowInsecureFallback,
}
