//! Which addresses a Gateway has (B.6, B-075 to B-083).

use alloc::{string::ToString, sync::Arc, vec, vec::Vec};

use super::World;
use crate::{
    features::Feature,
    hostname::Hostname,
    model::{Address, AddressType, Gateway},
    refusal::Refusal,
};

#[derive(Default)]
pub(super) struct Assignment {
    pub(super) assigned: Vec<Address>,
    /// What became of each request.
    pub(super) requests: Vec<Result<Address, Refusal>>,
    /// Why the Gateway is not accepted.
    pub(super) refused: Vec<Refusal>,
    /// Why it cannot be reached.
    pub(super) unreachable: Vec<Refusal>,
}

/// Which addresses the Gateway has: what the facts say, else what it asks for, else the default (B-056 to B-061).
pub(super) fn assign(world: &World<'_>, gateway: &Gateway) -> Assignment {
    let known = world.facts().assigned_addresses.get(&gateway.meta.key);
    let available = match known {
        Some(known) => known.iter().map(|address| declared(world, address)).collect(),
        None => conceivable(world, &gateway.addresses),
    };
    let requests = satisfy(world, &gateway.addresses, &available);
    let assigned = match known {
        // One that nobody asks for is still in use (B-079).
        Some(_) => available,
        None if gateway.addresses.is_empty() => default(world).into_iter().collect(),
        None => requests.iter().flatten().cloned().collect(),
    };
    let mut result = Assignment { assigned, ..Assignment::default() };
    // B-060: two entries may lead to one address, which is reported once.
    let mut seen = alloc::collections::BTreeSet::new();
    result.assigned.retain(|address| seen.insert(address.clone()));
    for refusal in requests.iter().filter_map(|request| request.as_ref().err()) {
        match refusal {
            Refusal::AddressTypeUnsupported { .. } => result.refused.push(refusal.clone()),
            _ if can_do_without(world, refusal) => {}
            _ => result.unreachable.push(refusal.clone()),
        }
    }
    if result.assigned.is_empty() && result.unreachable.is_empty() {
        result.unreachable.push(Refusal::AddressNotAssigned);
    }
    result.requests = requests;
    result
}

/// B-080: a Gateway is served on the addresses that it has, though others of those that it asks for are missing. A value that
/// cannot be had is told in `Programmed` all the same (B-057), and so is what nobody declares (B-056, B-059).
fn can_do_without(world: &World<'_>, refusal: &Refusal) -> bool {
    let has = |feature| world.controller.features.has(feature);
    match refusal {
        Refusal::AddressRoutabilityUnsupported { .. } => has(Feature::GatewayAddressRoutability),
        Refusal::AddressNotAssigned => has(Feature::GatewayAddressRoutability) && has(Feature::GatewayAddressEmpty),
        _ => false,
    }
}

/// B-078: the scope of an address, as far as scopes are declared.
fn declared(world: &World<'_>, address: &Address) -> Address {
    let routability = if can_be_had(world, &address.routability) { address.routability.clone() } else { "".into() };
    Address { routability, ..address.clone() }
}

fn default(world: &World<'_>) -> Option<Address> {
    world.facts().default_address.as_ref().map(|address| declared(world, address))
}

const CLUSTER: &str = "Cluster";
const SENTINEL: &str = "testing.x-k8s.io/sentinel";

/// Whether a scope can be asked for at all (B-075, B-077, B-081).
fn can_be_had(world: &World<'_>, routability: &str) -> bool {
    let has = |feature| world.controller.features.has(feature);
    match routability {
        "" => true,
        _ if !has(Feature::GatewayAddressRoutability) => false,
        CLUSTER => has(Feature::GatewayAddressRoutabilityCluster),
        SENTINEL => true,
        other => other.split_once('/').is_some_and(|(domain, _)| domain != "testing.x-k8s.io"),
    }
}

/// Where nothing is known of what is assigned: whatever is asked for by a value that is of any use, and the default. The scopes
/// of addresses are not to be guessed, but for the one that every claimer has (B-076, B-081).
fn conceivable(world: &World<'_>, requests: &[Address]) -> Vec<Address> {
    let default = default(world);
    let mut available: Vec<Address> = Vec::new();
    for request in requests {
        let value = request.value.clone().filter(|value| is_usable(world, &request.kind, value));
        let scope = Some(&request.routability).filter(|scope| &***scope == SENTINEL && can_be_had(world, scope));
        let known = default.iter().find(|default| default.kind == request.kind && default.value == value);
        let address = match (value, scope) {
            (Some(value), scope) => {
                let routability =
                    scope.or_else(|| known.map(|known| &known.routability)).cloned().unwrap_or_else(|| Arc::from(""));
                Some(Address { kind: request.kind.clone(), value: Some(value), routability })
            }
            (None, Some(scope)) if request.value.is_none() => {
                let default = default.iter().find(|default| default.kind == request.kind);
                default.map(|default| Address { routability: scope.clone(), ..default.clone() })
            }
            (None, _) => None,
        };
        available.extend(address.filter(|address| !available.contains(address)));
    }
    let is_new = |default: &Address| available.iter().all(|other| (&other.kind, &other.value) != (&default.kind, &default.value));
    let default = default.filter(is_new);
    available.extend(default);
    available
}

/// What each request gets. Whoever declares scopes gives every request an address of its own, as many of them as can be given
/// one (B-079); others may satisfy two with one.
fn satisfy(world: &World<'_>, requests: &[Address], available: &[Address]) -> Vec<Result<Address, Refusal>> {
    let candidates: Vec<Vec<usize>> = requests.iter().map(|request| candidates(world, request, available)).collect();
    let mut owners: Vec<Option<usize>> = vec![None; available.len()];
    let mut given: Vec<Option<usize>> = candidates.iter().map(|all| all.first().copied()).collect();
    if world.controller.features.has(Feature::GatewayAddressRoutability) {
        for request in 0..requests.len() {
            give(request, &candidates, &mut owners, &mut vec![false; available.len()]);
        }
        given
            .iter_mut()
            .enumerate()
            .for_each(|(request, given)| *given = owners.iter().position(|owner| *owner == Some(request)));
    }
    let outcome = |(request, given): (&Address, Option<usize>)| {
        let address = given.and_then(|given| available.get(given)).cloned();
        address.ok_or_else(|| unsatisfied(world, request, available))
    };
    requests.iter().zip(given).map(outcome).collect()
}

/// Gives a request an address that is free, or else one whose owner can have another.
fn give(request: usize, candidates: &[Vec<usize>], owners: &mut [Option<usize>], tried: &mut [bool]) -> bool {
    let own = candidates.get(request).map(Vec::as_slice).unwrap_or_default();
    let free = own.iter().find(|address| owners.get(**address).is_some_and(Option::is_none));
    let taken = own.iter().find(|address| {
        let Some(is_tried) = tried.get_mut(**address).filter(|is_tried| free.is_none() && !**is_tried) else { return false };
        *is_tried = true;
        owners.get(**address).copied().flatten().is_some_and(|owner| give(owner, candidates, owners, tried))
    });
    let owner = free.or(taken).and_then(|address| owners.get_mut(*address));
    owner.map(|owner| *owner = Some(request)).is_some()
}

/// The addresses that satisfy a request, by their places.
fn candidates(world: &World<'_>, request: &Address, available: &[Address]) -> Vec<usize> {
    if matches!(request.kind, AddressType::Other(_)) || is_empty_unsupported(world, request) {
        return Vec::new();
    }
    let fits = |address: &Address| is_same_address(request, address) && is_in_scope(world, request, address);
    available.iter().enumerate().filter(|(_, address)| fits(address)).map(|(place, _)| place).collect()
}

/// B-059.
fn is_empty_unsupported(world: &World<'_>, request: &Address) -> bool {
    request.value.is_none() && !world.controller.features.has(Feature::GatewayAddressEmpty)
}

fn is_same_address(request: &Address, address: &Address) -> bool {
    request.kind == address.kind && (request.value.is_none() || request.value == address.value)
}

/// B-076, B-079: who asks for no scope has a use for the usual ones.
fn is_in_scope(world: &World<'_>, request: &Address, address: &Address) -> bool {
    match &*request.routability {
        "" => matches!(&*address.routability, "" | CLUSTER),
        asked => can_be_had(world, asked) && address.routability == request.routability,
    }
}

fn unsatisfied(world: &World<'_>, request: &Address, available: &[Address]) -> Refusal {
    if let AddressType::Other(other) = &request.kind {
        return Refusal::AddressTypeUnsupported { address_type: other.to_string() };
    }
    let is_there = available.iter().any(|address| is_same_address(request, address));
    match &request.value {
        Some(value) if !is_there => Refusal::AddressNotUsable { value: value.clone() },
        None if is_empty_unsupported(world, request) => Refusal::AddressNotAssigned,
        _ if request.routability.is_empty() => Refusal::AddressNotAssigned,
        _ => Refusal::AddressRoutabilityUnsupported { routability: request.routability.clone() },
    }
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
