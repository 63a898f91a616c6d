//! ListenerSet.

use alloc::{format, string::String, vec, vec::Vec};

use gwapi_core::{
    Refusal,
    name::ControllerName,
    resolution::{AttachedRoutes, ResolvedListener, ResolvedListenerSet},
};

use crate::{
    condition::{Condition, ConditionType},
    listener::{ListenerStatus, names},
    message::judge,
    reason::Reason,
};

/// What the status of a ListenerSet should say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListenerSetStatus {
    /// The controller of its Gateway's class.
    pub controller_name: ControllerName,
    /// The generation of the ListenerSet that was looked at; that of its listeners' conditions too.
    pub observed_generation: i64,
    /// `Accepted` and `Programmed` (C-015).
    pub conditions: Vec<Condition>,
    /// One for each listener of its own, in the order of the manifest (C-007).
    pub listeners: Vec<ListenerStatus>,
}

/// What decides if several things are wrong with a set.
const REFUSED: [Reason; 3] = [Reason::NotAllowed, Reason::Invalid, Reason::ParentNotAccepted];

impl ListenerSetStatus {
    /// The status of one ListenerSet.
    #[must_use]
    pub fn of(set: &ResolvedListenerSet, attached_routes: &AttachedRoutes) -> Self {
        let accepted = accepted(set);
        let programmed = programmed(set, &accepted);
        let is_refused = !set.refused.is_empty();
        let listener = |one: &ResolvedListener| ListenerStatus::of(one, attached_routes.on(&one.key), is_refused);
        Self {
            controller_name: set.controller_name.clone(),
            observed_generation: set.set.meta.generation,
            conditions: vec![accepted, programmed],
            listeners: set.listeners.iter().map(listener).collect(),
        }
    }
}

/// C-003, C-009, C-014. A listener that is accepted and cannot be served does not keep a set (C-019).
fn accepted(set: &ResolvedListenerSet) -> Condition {
    if let Some((reason, message)) = refusal(set) {
        return Condition::fails(ConditionType::Accepted, reason, message);
    }
    let (good, bad): (Vec<_>, Vec<_>) = set.listeners.iter().partition(|listener| listener.is_served());
    match (good.is_empty(), bad.is_empty()) {
        (false, true) => Condition::holds(ConditionType::Accepted, Reason::Accepted, "the ListenerSet is accepted"),
        (false, false) => {
            let message = format!("listeners not valid: {}; valid: {}", names(&bad), names(&good));
            Condition::holds(ConditionType::Accepted, Reason::ListenersNotValid, message)
        }
        (true, false) => {
            let message = format!("no listener is valid: {}", names(&bad));
            Condition::fails(ConditionType::Accepted, Reason::ListenersNotValid, message)
        }
        (true, true) => Condition::fails(ConditionType::Accepted, Reason::ListenersNotValid, "there is no listener"),
    }
}

/// Why the set as a whole is not accepted. Who is not let in hears nothing else of the Gateway (S-006).
fn refusal(set: &ResolvedListenerSet) -> Option<(Reason, String)> {
    let not_allowed = |refusal: &&Refusal| matches!(refusal, Refusal::ListenerSetNotAllowed { .. });
    judge(set.refused.iter().filter(not_allowed), &REFUSED).or_else(|| judge(&set.refused, &REFUSED))
}

/// C-003, C-009, C-014.
fn programmed(set: &ResolvedListenerSet, accepted: &Condition) -> Condition {
    let fails = |reason, message| Condition::fails(ConditionType::Programmed, reason, message);
    match (accepted.is_true(), accepted.reason) {
        // A Gateway that is not accepted is not programmed either.
        (false, Reason::ParentNotAccepted) => fails(Reason::ParentNotProgrammed, accepted.message.clone()),
        (false, reason) => fails(reason, accepted.message.clone()),
        (true, _) => match judge(&set.unreachable, &[]) {
            None => Condition::holds(ConditionType::Programmed, Reason::Programmed, "the ListenerSet is programmed"),
            Some((reason, message)) => fails(reason, message),
        },
    }
}
