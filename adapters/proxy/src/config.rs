//! What is served: made outside, handed in whole, and replaced whole.

use std::{collections::BTreeMap, fmt, net::SocketAddr, sync::Arc};

use gwapi_core::{model::SecretRef, name::ObjectKey, resolution::BackendKey};
use gwapi_match::Table;

use crate::{Certificate, tls::TlsConfigs};

/// Everything that the proxy serves. The proxy reads no file and watches nothing: what it is to do is in here.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Served {
    /// What each Gateway serves.
    pub tables: BTreeMap<ObjectKey, Arc<Table>>,
    /// Where the backends are. One without any answers 503 (I-019).
    pub endpoints: BTreeMap<BackendKey, Vec<SocketAddr>>,
    /// The certificates that listeners refer to.
    pub certificates: BTreeMap<SecretRef, Certificate>,
    /// Where the ports of the Gateways are bound. A port that is not in here is not served.
    pub binds: BTreeMap<Place, SocketAddr>,
}

/// A port of a Gateway: the number that its listeners name, whatever it is bound to.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    /// The Gateway.
    pub gateway: ObjectKey,
    /// The port.
    pub port: u16,
}

/// `namespace/name:port`.
impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.gateway.namespaced_name(), self.port)
    }
}

/// What is served now, and what was made of it.
#[derive(Debug, Default)]
pub(crate) struct Runtime {
    pub(crate) served: Served,
    pub(crate) tls: Arc<TlsConfigs>,
}

impl Runtime {
    /// The next one. As long as the certificates stay, TLS sessions do.
    pub(crate) fn next(&self, served: Served) -> Self {
        let tls = if served.certificates == self.served.certificates { self.tls.clone() } else { Arc::default() };
        Self { served, tls }
    }

    pub(crate) fn table(&self, gateway: &ObjectKey) -> Option<&Arc<Table>> {
        self.served.tables.get(gateway)
    }

    pub(crate) fn endpoints(&self, backend: &BackendKey) -> &[SocketAddr] {
        self.served.endpoints.get(backend).map_or(&[], Vec::as_slice)
    }
}
