//! Gateway.

use alloc::{
    format,
    string::{String, ToString},
    vec,
    vec::Vec,
};

use gwapi_core::{
    Controller, Feature,
    model::{Address, DefaultScope},
    name::ControllerName,
    resolution::{AttachedRoutes, ResolvedGateway, ResolvedListener},
};

use crate::{
    condition::{Condition, ConditionType},
    listener::{ListenerStatus, names},
    message::judge,
    reason::{Reason, reason_of},
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
    /// Whether every address tells from where it can be reached, the empty scope included (B-078).
    pub tells_routability: bool,
    /// `Accepted`, `Programmed` (B-067, B-068) and `ResolvedRefs` (B-052, B-055); `InsecureFrontendValidationMode` and
    /// `DefaultGateway` while they are true (B-048, P-005); `AddressesAssigned` where that is supported (B-080).
    pub conditions: Vec<Condition>,
    /// One for each listener of its own, in the order of the manifest (Q-030, C-007).
    pub listeners: Vec<ListenerStatus>,
    /// How many ListenerSets take part (C-008); nothing where there are no ListenerSets.
    pub attached_listener_sets: Option<usize>,
}

/// What decides if several things are wrong with a Gateway: the reason that says most.
const REFUSED: [Reason; 3] = [Reason::InvalidParameters, Reason::UnsupportedAddress, Reason::Invalid];
/// An address that is wrong needs somebody to act, one that is missing may come.
const UNREACHABLE: [Reason; 2] = [Reason::AddressNotUsable, Reason::AddressNotAssigned];

impl GatewayStatus {
    /// The status of one Gateway under a controller.
    #[must_use]
    pub fn of(gateway: &ResolvedGateway, attached_routes: &AttachedRoutes, controller: &Controller) -> Self {
        let has = |feature| controller.features.has(feature);
        let accepted = accepted(gateway);
        let addresses = if accepted.is_true() { gateway.addresses.clone() } else { Vec::new() };
        let tells_routability = has(Feature::GatewayAddressRoutability);
        let addresses_assigned = tells_routability.then(|| addresses_assigned(gateway, &accepted));
        let mut conditions = vec![programmed(gateway, &accepted), resolved_refs(gateway)];
        conditions.insert(0, accepted);
        conditions.extend(insecure_frontend(gateway, controller));
        conditions.extend(addresses_assigned);
        conditions.extend(default_gateway(gateway, controller));
        let is_refused = !gateway.refused.is_empty();
        let listener = |one: &ResolvedListener| ListenerStatus::of(one, attached_routes.on(&one.key), is_refused);
        Self {
            controller_name: gateway.controller_name.clone(),
            observed_generation: gateway.gateway.meta.generation,
            addresses,
            tells_routability,
            conditions,
            listeners: gateway.listeners.iter().map(listener).collect(),
            attached_listener_sets: has(Feature::ListenerSet).then(|| gateway.attached_listener_sets()),
        }
    }
}

/// B-012 to B-014, B-056, B-065. Only what is wrong with the Gateway itself or with its listeners counts, never what its
/// routes and ListenerSets are like (Q-032, Q-033, C-031).
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

/// B-057, B-059, B-061. Some listeners that are not served do not stand in its way (B-073, Q-031), nor do references (B-055).
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

/// B-052 to B-055: the client certificate first, which is the Gateway's own reference.
fn resolved_refs(gateway: &ResolvedGateway) -> Condition {
    let fails = |reason, message| Condition::fails(ConditionType::ResolvedRefs, reason, message);
    let certificate = gateway.client_certificate.as_ref().and_then(|certificate| certificate.as_ref().err());
    let bad: Vec<_> = gateway.listeners.iter().filter(|listener| !listener.unresolved.is_empty()).collect();
    let of_listeners = (!bad.is_empty()).then(|| format!("references of listeners do not resolve: {}", names(&bad)));
    match (certificate, of_listeners) {
        (None, None) => Condition::holds(ConditionType::ResolvedRefs, Reason::ResolvedRefs, "all references resolve"),
        (None, Some(of_listeners)) => fails(Reason::ListenersNotResolved, of_listeners),
        (Some(refusal), of_listeners) => {
            let reason = match reason_of(refusal).1 {
                Reason::RefNotPermitted => Reason::RefNotPermitted,
                // Whoever does not declare client certificates cannot use any.
                _ => Reason::InvalidClientCertificateRef,
            };
            let messages: Vec<_> = [Some(refusal.to_string()), of_listeners].into_iter().flatten().collect();
            fails(reason, messages.join("; "))
        }
    }
}

/// B-048, S-011: as long as it is configured anywhere. Without the feature such listeners are not served at all.
fn insecure_frontend(gateway: &ResolvedGateway, controller: &Controller) -> Option<Condition> {
    let feature = Feature::GatewayFrontendClientCertificateValidationInsecureFallback;
    let is_insecure = controller.features.has(feature) && gateway.is_insecure_frontend();
    is_insecure.then(|| {
        let message = "mode AllowInsecureFallback: clients without a valid certificate are served";
        Condition::holds(ConditionType::InsecureFrontendValidationMode, Reason::ConfigurationChanged, message)
    })
}

/// B-080, with the missing addresses in the message. Without any in the manifest it is about the choice of the controller.
fn addresses_assigned(gateway: &ResolvedGateway, accepted: &Condition) -> Condition {
    let fails = |reason, message| Condition::fails(ConditionType::AddressesAssigned, reason, message);
    if !accepted.is_true() {
        return fails(Reason::NotAssigned, "the Gateway is not accepted".into());
    }
    let requests = &gateway.address_requests;
    let missing = requests.iter().enumerate().filter_map(|(index, request)| Some((index, request.as_ref().err()?)));
    let missing: Vec<String> = missing.map(|(index, refusal)| format!("spec.addresses[{index}]: {refusal}")).collect();
    match (missing.len(), requests.len()) {
        (0, 0) if gateway.addresses.is_empty() => fails(Reason::NotAssigned, "no address is assigned yet".into()),
        (0, _) => Condition::holds(ConditionType::AddressesAssigned, Reason::AddressesAssigned, "every address is assigned"),
        (failed, all) if failed < all => fails(Reason::PartiallyAssigned, missing.join("; ")),
        _ => fails(Reason::NotAssigned, missing.join("; ")),
    }
}

/// P-005; absent otherwise, also for a scope that claims nothing.
fn default_gateway(gateway: &ResolvedGateway, controller: &Controller) -> Option<Condition> {
    let is_default = controller.abilities.default_gateways && gateway.gateway.default_scope == DefaultScope::All;
    is_default.then(|| {
        let message = "routes that ask for default Gateways are claimed: the scope is `All`";
        Condition::holds(ConditionType::DefaultGateway, Reason::DefaultGateway, message)
    })
}
