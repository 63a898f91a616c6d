//! Listeners of Gateways and ListenerSets.

use alloc::{format, string::String, vec, vec::Vec};

use gwapi_core::{Refusal, model::RouteGroupKind, name::SectionName, resolution::ResolvedListener};

use crate::{
    condition::{Condition, ConditionType},
    message::{judge, quoted},
    reason::Reason,
};

/// What the status of a listener should say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListenerStatus {
    /// Its name.
    pub name: SectionName,
    /// The kinds of routes that may attach; written as an empty list if there are none.
    pub supported_kinds: Vec<RouteGroupKind>,
    /// How many routes are attached and accepted (D-025).
    pub attached_routes: usize,
    /// `Accepted`, `Programmed` and `ResolvedRefs`; `Conflicted` and `OverlappingTLSConfig` while they are true (B-069).
    pub conditions: Vec<Condition>,
}

/// What decides if several things are wrong with a listener. Conflicts come first, so that the conditions of a listener in
/// conflict have one reason (C-011).
const REFUSED: [Reason; 9] = [
    Reason::ProtocolConflict,
    Reason::HostnameConflict,
    Reason::NotAllowed,
    Reason::Invalid,
    Reason::PortUnavailable,
    Reason::UnsupportedProtocol,
    Reason::NoValidCACertificate,
    Reason::InvalidListenerFilter,
    Reason::UnsupportedValue,
];
/// Permission comes before everything else about a reference (B-039).
const UNRESOLVED: [Reason; 6] = [
    Reason::RefNotPermitted,
    Reason::InvalidCertificateRef,
    Reason::InvalidCACertificateRef,
    Reason::InvalidCACertificateKind,
    Reason::InvalidListenerFilterRef,
    Reason::InvalidRouteKinds,
];

impl ListenerStatus {
    /// The status of one listener. If the Gateway or ListenerSet that declares it is refused as a whole it is not served
    /// either.
    #[must_use]
    pub fn of(listener: &ResolvedListener, attached_routes: usize, parent_is_refused: bool) -> Self {
        let mut conditions = vec![accepted(listener), programmed(listener, parent_is_refused), resolved_refs(listener)];
        conditions.extend(conflicted(listener));
        conditions.extend(overlapping(listener));
        Self { name: listener.key.name.clone(), supported_kinds: listener.supported_group_kinds(), attached_routes, conditions }
    }
}

/// B-011, B-014, B-018, B-019, B-050, H-086, H-087.
fn accepted(listener: &ResolvedListener) -> Condition {
    match judge(&listener.refused, &REFUSED) {
        None => Condition::holds(ConditionType::Accepted, Reason::Accepted, "the listener is accepted"),
        Some((reason, message)) => Condition::fails(ConditionType::Accepted, reason, message),
    }
}

/// B-011, B-041, B-042, B-050, H-090.
fn programmed(listener: &ResolvedListener, parent_is_refused: bool) -> Condition {
    let fails = |reason, message| Condition::fails(ConditionType::Programmed, reason, message);
    if let Some((reason, message)) = judge(conflicts(listener), &REFUSED) {
        return fails(reason, message);
    }
    let parent_kind = &listener.key.parent.kind;
    if let Some((reason, message)) = judge(&listener.refused, &REFUSED) {
        // C-017: ListenerSets have the reason here too.
        let is_repeated = reason == Reason::PortUnavailable && *parent_kind == "ListenerSet";
        let reason = if is_repeated { reason } else { Reason::Invalid };
        return fails(reason, format!("the listener is not accepted: {message}"));
    }
    if parent_is_refused {
        return fails(Reason::Invalid, format!("the {parent_kind} is not accepted"));
    }
    match judge(&listener.unserved, &[Reason::InvalidTLSConfig]) {
        None => Condition::holds(ConditionType::Programmed, Reason::Programmed, "the listener is programmed"),
        Some((Reason::InvalidTLSConfig, message)) => fails(Reason::InvalidTLSConfig, message),
        // B-070 has no reason of this condition for certificates; `ResolvedRefs` tells more.
        Some((_, message)) => fails(Reason::Invalid, message),
    }
}

/// B-038, B-039, B-049, D-007, H-088.
fn resolved_refs(listener: &ResolvedListener) -> Condition {
    match judge(&listener.unresolved, &UNRESOLVED) {
        None => Condition::holds(ConditionType::ResolvedRefs, Reason::ResolvedRefs, "all references resolve"),
        Some((reason, message)) => Condition::fails(ConditionType::ResolvedRefs, reason, message),
    }
}

/// B-009; absent otherwise.
fn conflicted(listener: &ResolvedListener) -> Option<Condition> {
    let (reason, message) = judge(conflicts(listener), &REFUSED)?;
    Some(Condition::holds(ConditionType::Conflicted, reason, message))
}

fn conflicts(listener: &ResolvedListener) -> impl Iterator<Item = &Refusal> {
    let is_conflict = |refusal: &&Refusal| matches!(refusal, Refusal::HostnameConflict { .. } | Refusal::ProtocolConflict { .. });
    listener.refused.iter().filter(is_conflict)
}

/// B-030; absent otherwise (B-032).
fn overlapping(listener: &ResolvedListener) -> Option<Condition> {
    let mut siblings = listener.overlaps.clone();
    siblings.sort();
    let siblings = (!siblings.is_empty()).then(|| format!("listener {}", quoted(siblings)));
    // Whose it is stays untold (C-027).
    let elsewhere = listener.overlaps_elsewhere.then(|| String::from("a listener of another object"));
    let others: Vec<String> = siblings.into_iter().chain(elsewhere).collect();
    if others.is_empty() {
        return None;
    }
    let message = format!("the hostname overlaps with that of {} on port {}", others.join(" and "), listener.port);
    Some(Condition::holds(ConditionType::OverlappingTLSConfig, Reason::OverlappingHostnames, message))
}

/// The names of listeners in messages.
pub(crate) fn names(listeners: &[&ResolvedListener]) -> String {
    let mut names: Vec<_> = listeners.iter().map(|listener| &listener.key.name).collect();
    names.sort();
    quoted(names)
}
