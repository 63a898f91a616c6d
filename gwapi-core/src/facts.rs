//! What only the outside knows.

use alloc::{collections::BTreeMap, collections::BTreeSet, sync::Arc, vec::Vec};

use crate::{
    model::{Address, Protocol},
    name::{Group, Kind, ObjectKey},
    resolution::BackendProtocol,
};

/// Knowledge that is in no object: which addresses there are, which ports cannot be bound, which keys do not fit.
///
/// The default is a world in which nothing is wrong, except that a Gateway without an assigned address has none.
///
/// Facts change like objects: [`Change::Facts`](crate::Change::Facts) takes the new ones into an [`Engine`](crate::Engine).
///
/// ```
/// use gwapi_core::{Controller, Facts, Object, Snapshot, model::{Address, AddressType}, resolve};
/// use serde_json::json;
///
/// let gateway = json!({
///     "apiVersion": "gateway.networking.k8s.io/v1", "kind": "Gateway", "metadata": {"name": "edge"},
///     "spec": {"gatewayClassName": "any", "listeners": [{"name": "http", "port": 80, "protocol": "HTTP"}]},
/// });
/// let mut snapshot: Snapshot = Object::from_json(&gateway).object.into_iter().collect();
/// let is_programmed = |snapshot: &Snapshot| resolve(snapshot, &Controller::default()).gateways.values().all(|one| one.is_programmed());
/// assert!(!is_programmed(&snapshot), "no address is assigned yet");
///
/// let address = Address { kind: AddressType::IpAddress, value: Some("192.0.2.1".into()), routability: "".into() };
/// snapshot.facts.default_address = Some(address);
/// assert!(is_programmed(&snapshot));
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Facts {
    /// Address values that cannot be assigned (B-057).
    pub unusable_addresses: BTreeSet<Arc<str>>,
    /// What is assigned to a Gateway in place of the default: the addresses that it asks for, else `default_address`.
    /// Then only these satisfy what it asks for (B-057, B-059).
    pub assigned_addresses: BTreeMap<ObjectKey, Vec<Address>>,
    /// What a Gateway gets that asks for no address, or for one of this type without saying which (B-059, B-061).
    pub default_address: Option<Address>,
    /// Ports of a Gateway that cannot be bound (B-018).
    pub unavailable_ports: BTreeSet<(ObjectKey, u16, Protocol)>,
    /// Secrets whose key does not fit their certificate.
    pub mismatched_certificates: BTreeSet<ObjectKey>,
    /// Backends of kinds that only the embedder knows: functions, buckets, hosts elsewhere. With the port and the protocol for
    /// references that name no port.
    pub backends: BTreeMap<ObjectKey, BackendFact>,
    /// The kinds of `backends`: a reference to one that is not there is BackendNotFound and not InvalidKind (I-007, I-008).
    pub backend_kinds: BTreeSet<(Group, Kind)>,
}

/// What is known of a backend that the embedder provides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BackendFact {
    /// Its port.
    pub port: u16,
    /// What it speaks.
    pub protocol: BackendProtocol,
}
