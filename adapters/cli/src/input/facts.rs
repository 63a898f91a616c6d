//! facts.yaml: what manifests cannot hold.

use std::{collections::BTreeMap, path::Path};

use gwapi_ask::{gateway_key, namespaced};
use gwapi_core::{
    model::{Address, AddressType, Protocol},
    name::ObjectKey,
};
use serde::Deserialize;

/// The facts of a file.
#[derive(Clone, Debug, Default)]
pub struct Facts {
    /// What the function takes.
    pub facts: gwapi_core::Facts,
    /// The time for `lastTransitionTime`, in RFC 3339.
    pub now: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    #[serde(default)]
    addresses: Addresses,
    #[serde(default)]
    ports: Ports,
    #[serde(default)]
    certificates: Certificates,
    #[serde(default)]
    now: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Addresses {
    unusable: Vec<String>,
    assigned: BTreeMap<String, Vec<WrittenAddress>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenAddress {
    #[serde(rename = "type", default)]
    kind: Option<String>,
    value: String,
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Ports {
    unavailable: Vec<WrittenPort>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenPort {
    gateway: String,
    port: u16,
    #[serde(default)]
    protocol: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Certificates {
    mismatched: Vec<String>,
}

impl Facts {
    /// Reads a file.
    ///
    /// # Errors
    /// What is wrong with it, and where; a key that is not known is wrong.
    pub fn read(path: &Path) -> Result<Self, String> {
        let name = path.display().to_string();
        let bytes = std::fs::read(path).map_err(|error| format!("{name}: {error}"))?;
        let loaded = gwapi_manifest::parse_values(&name, &bytes);
        if let Some(finding) = loaded.findings.first() {
            let line = finding.place.map_or(1, |place| place.line);
            return Err(format!("{name}:{line}: {}", finding.message));
        }
        let Some(document) = loaded.documents.into_iter().next() else { return Ok(Self::default()) };
        let written: Written = serde_path_to_error::deserialize(document.value).map_err(|error| {
            let line = document.origin.value_at(&error.path().to_string()).line;
            format!("{name}:{line}: {}: {}", error.path(), error.inner())
        })?;
        Self::of(written).map_err(|message| format!("{name}: {message}"))
    }

    fn of(written: Written) -> Result<Self, String> {
        let mut facts = gwapi_core::Facts::default();
        facts.unusable_addresses = written.addresses.unusable.iter().map(|value| value.as_str().into()).collect();
        for (gateway, addresses) in &written.addresses.assigned {
            facts.assigned_addresses.insert(gateway_key(gateway)?, addresses.iter().map(address).collect());
        }
        for port in &written.ports.unavailable {
            let key = gateway_key(&port.gateway)?;
            let protocols = match &port.protocol {
                Some(protocol) => vec![Protocol::from(protocol.as_str())],
                None => ["HTTP", "HTTPS", "TLS", "TCP", "UDP"].map(Protocol::from).to_vec(),
            };
            facts.unavailable_ports.extend(protocols.into_iter().map(|protocol| (key.clone(), port.port, protocol)));
        }
        for secret in &written.certificates.mismatched {
            let (namespace, name) = namespaced(secret)?;
            facts.mismatched_certificates.insert(ObjectKey::namespaced("", "Secret", &namespace, &name));
        }
        Ok(Self { facts, now: written.now })
    }
}

fn address(written: &WrittenAddress) -> Address {
    let kind = written.kind.as_deref().map_or(AddressType::IpAddress, AddressType::from);
    Address { kind, value: Some(written.value.as_str().into()), routability: "".into() }
}
