//! What a Gateway as a whole comes to: parameters and addresses (B.6, B.7). Its listeners are judged in `listener`.

use alloc::{string::ToString, sync::Arc, vec::Vec};

use super::{
    World, certificate, class,
    listener::{Declaring, Held, resolve_listeners},
    listener_set,
};
use crate::{
    features::Feature,
    hostname::Hostname,
    model::{Address, AddressType, Gateway, SecretRef},
    name::{ControllerName, ObjectKey},
    refusal::Refusal,
    resolution::ResolvedGateway,
};

pub(super) fn resolve_gateway(world: &World<'_>, gateway: &Arc<Gateway>, controller_name: ControllerName) -> ResolvedGateway {
    let addresses = assign(world, gateway);
    let mut refused: Vec<Refusal> =
        gateway.invalid.iter().map(|invalid| Refusal::GatewayInvalid { invalid: invalid.clone() }).collect();
    refused.extend(parameters(world, gateway));
    refused.extend(addresses.refused);
    let mut held = Held::default();
    let declaring = Declaring { key: &gateway.meta.key, listeners: &gateway.listeners, gateway };
    let mut resolved = ResolvedGateway {
        gateway: gateway.clone(),
        controller_name,
        listeners: resolve_listeners(world, declaring, &mut held),
        listener_sets: Vec::new(),
        addresses: addresses.assigned,
        refused,
        unreachable: addresses.unreachable,
        client_certificate: client_certificate(world, gateway),
    };
    // Whether the Gateway is accepted is said by what is its own (C-031).
    resolved.listener_sets = listener_set::resolve_sets(world, &resolved, held);
    resolved
}

/// B-052 to B-054.
fn client_certificate(world: &World<'_>, gateway: &Gateway) -> Option<Result<SecretRef, Refusal>> {
    let reference = gateway.tls.client_certificate.as_ref()?;
    let feature = Feature::GatewayBackendClientCertificate;
    if !world.controller.features.has(feature) {
        return Some(Err(Refusal::FeatureUnsupported { path: "spec.tls.backend.clientCertificateRef".into(), feature }));
    }
    let invalid = |why| Refusal::ClientCertificateInvalid { reference: reference.clone(), why };
    let checked = certificate::check(world, &gateway.meta.key, reference).map_err(|fault| fault.refusal(invalid));
    Some(checked.map(|()| reference.clone()))
}

/// B-065. The reference is local.
fn parameters(world: &World<'_>, gateway: &Gateway) -> Option<Refusal> {
    let reference = gateway.infrastructure.parameters_ref.as_ref()?;
    let object = ObjectKey {
        group: reference.group.clone(),
        kind: reference.kind.clone(),
        namespace: gateway.meta.key.namespace.clone(),
        name: reference.name.clone(),
    };
    let why = class::parameters_fault(world, &reference.group, &reference.kind, &object)?;
    Some(Refusal::GatewayParameters { reference: reference.clone(), why })
}

#[derive(Default)]
struct Assignment {
    assigned: Vec<Address>,
    refused: Vec<Refusal>,
    unreachable: Vec<Refusal>,
}

/// Which addresses the Gateway has: what the facts say, else what it asks for, else the default (B-056 to B-061).
fn assign(world: &World<'_>, gateway: &Gateway) -> Assignment {
    let facts = world.facts();
    let known = facts.assigned_addresses.get(&gateway.meta.key).map(Vec::as_slice);
    let mut result = Assignment::default();
    for request in &gateway.addresses {
        match satisfy(world, known, request) {
            // B-060: two entries may lead to one address, which is reported once.
            Ok(address) if result.assigned.contains(&address) => {}
            Ok(address) => result.assigned.push(address),
            Err(refusal @ Refusal::AddressTypeUnsupported { .. }) => result.refused.push(refusal),
            Err(refusal) => result.unreachable.push(refusal),
        }
    }
    if let Some(known) = known {
        result.assigned = known.to_vec();
    } else if gateway.addresses.is_empty() {
        result.assigned.extend(facts.default_address.clone());
    }
    if result.assigned.is_empty() && result.unreachable.is_empty() {
        result.unreachable.push(Refusal::AddressNotAssigned);
    }
    result
}

/// The address that an entry gets. Where it is known what the Gateway was assigned, only that can satisfy it.
fn satisfy(world: &World<'_>, known: Option<&[Address]>, request: &Address) -> Result<Address, Refusal> {
    if let AddressType::Other(other) = &request.kind {
        return Err(Refusal::AddressTypeUnsupported { address_type: other.to_string() });
    }
    if !request.routability.is_empty() {
        return Err(Refusal::AddressRoutabilityUnsupported { routability: request.routability.clone() });
    }
    let Some(value) = &request.value else { return assign_empty(world, known, &request.kind) };
    let usable = match known {
        Some(known) => known.iter().any(|address| address.kind == request.kind && address.value.as_ref() == Some(value)),
        None => is_usable(world, &request.kind, value),
    };
    if usable { Ok(request.clone()) } else { Err(Refusal::AddressNotUsable { value: value.clone() }) }
}

/// B-059.
fn assign_empty(world: &World<'_>, known: Option<&[Address]>, kind: &AddressType) -> Result<Address, Refusal> {
    let default = world.facts().default_address.as_slice();
    let mut candidates = known.unwrap_or(default).iter().filter(|address| address.kind == *kind);
    candidates
        .next()
        .filter(|_| world.controller.features.has(Feature::GatewayAddressEmpty))
        .cloned()
        .ok_or(Refusal::AddressNotAssigned)
}

/// Whoever does not declare static addresses (B-056) cannot give a Gateway the address that it names.
fn is_usable(world: &World<'_>, kind: &AddressType, value: &str) -> bool {
    let well_formed = match kind {
        AddressType::IpAddress => value.parse::<core::net::IpAddr>().is_ok(),
        //
        AddressType::Hostname => Hostname::parse(value).is_ok(),
        AddressType::Other(_) => false,
    };
    well_formed
        && world.controller.features.has(Feature::GatewayStaticAddresses)
        && !world.facts().unusable_addresses.contains(value)
}
