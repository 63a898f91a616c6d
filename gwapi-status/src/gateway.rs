//! Gateway.

use alloc::{format, string::String, vec, vec::Vec};

use gwapi_core::{
    model::Address,
    name::ControllerName,
    resolution::{AttachedRoutes, ResolvedGateway, ResolvedListener},
};

use crate::{
    condition::{Condition, ConditionType},
    listener::ListenerStatus,
    message::{judge, quoted},
    reason::Reason,
};

/// What the status of a Gateway should say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GatewayStatus {
    /// The controller of its class.
    pub controller_name: ControllerName,
    /// The generation of the Gateway that was looked at; that of its listeners' conditions too.
    pub observed_generation: i64,
    /// The addresses it is reached at (B-060). None while it is not accepted: then nothing listens there.
    pub addresses: Vec<Address>,
    /// `Accepted` and `Programmed` (B-067, B-068).
    pub conditions: Vec<Condition>,
    /// One for each listener, in the order of the manifest.
    pub listeners: Vec<ListenerStatus>,
}

/// What decides if several things are wrong with a Gateway: the reason that says most.
const REFUSED: [Reason; 3] = [Reason::InvalidParameters, Reason::UnsupportedAddress, Reason::Invalid];
/// An address that is wrong needs somebody to act, one that is missing may come.
const UNREACHABLE: [Reason; 2] = [Reason::AddressNotUsable, Reason::AddressNotAssigned];

impl GatewayStatus {
    /// The status of one Gateway.
    #[must_use]
    pub fn of(gateway: &ResolvedGateway, attached_routes: &AttachedRoutes) -> Self {
        let accepted = accepted(gateway);
        let addresses = if accepted.is_true() { gateway.addresses.clone() } else { Vec::new() };
        let programmed = programmed(gateway, &accepted);
        let is_refused = !gateway.refused.is_empty();
        let listener = |one: &ResolvedListener| ListenerStatus::of(one, attached_routes.on(&one.key), is_refused);
        Self {
            controller_name: gateway.controller_name.clone(),
            observed_generation: gateway.gateway.meta.generation,
            addresses,
            conditions: vec![accepted, programmed],
            listeners: gateway.listeners.iter().map(listener).collect(),
        }
    }
}

/// B-012 to B-014, B-056, B-065. Only what is wrong with the Gateway itself or with its listeners counts, never what its
/// routes are like.
fn accepted(gateway: &ResolvedGateway) -> Condition {
    if let Some((reason, message)) = judge(&gateway.refused, &REFUSED) {
        return Condition::fails(ConditionType::Accepted, reason, message);
    }
    let (good, bad): (Vec<_>, Vec<_>) = gateway.listeners.iter().partition(|listener| listener.is_accepted());
    match (good.is_empty(), bad.is_empty()) {
        // Without any listener (B-001) nothing is wrong.
        (_, true) => Condition::holds(ConditionType::Accepted, Reason::Accepted, "the Gateway is accepted"),
        (true, false) => {
            let message = format!("no listener is accepted: {}", names(&bad));
            Condition::fails(ConditionType::Accepted, Reason::ListenersNotValid, message)
        }
        (false, false) => {
            let message = format!("listeners not accepted: {}; accepted: {}", names(&bad), names(&good));
            Condition::holds(ConditionType::Accepted, Reason::ListenersNotValid, message)
        }
    }
}

/// B-057, B-059, B-061. Some listeners that are not served do not stand in its way (B-073, Q-031).
fn programmed(gateway: &ResolvedGateway, accepted: &Condition) -> Condition {
    if !accepted.is_true() {
        let message = format!("the Gateway is not accepted: {}", accepted.message);
        return Condition::fails(ConditionType::Programmed, Reason::Invalid, message);
    }
    match judge(&gateway.unreachable, &UNREACHABLE) {
        None => Condition::holds(ConditionType::Programmed, Reason::Programmed, "the Gateway is programmed"),
        Some((reason, message)) => Condition::fails(ConditionType::Programmed, reason, message),
    }
}

fn names(listeners: &[&ResolvedListener]) -> String {
    let mut names: Vec<_> = listeners.iter().map(|listener| &listener.key.name).collect();
    names.sort();
    quoted(names)
}
