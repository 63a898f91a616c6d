//! Routes of every kind: one entry for each parent.

use alloc::{format, string::String, string::ToString, vec, vec::Vec};

use gwapi_core::{
    Refusal,
    model::ParentRef,
    name::{ControllerName, Namespace},
    resolution::{Attachment, ResolvedRoute, ResolvedRule, Unclaimed},
};

use crate::{
    condition::{Condition, ConditionType},
    message::{judge, judge_as},
    reason::Reason,
};

/// What the status of a route should say, as far as it is ours to say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RouteStatus {
    /// The namespace of the route: what a parentRef without one means (D-020).
    pub namespace: Namespace,
    /// The generation of the route that was looked at.
    pub observed_generation: i64,
    /// One for each parentRef to a parent of ours, in the order of the manifest.
    pub parents: Vec<ParentStatus>,
    /// The parentRefs whose parent went over to another controller. What we once wrote for them is no longer ours to judge,
    /// and is left as it is.
    pub left_alone: Vec<ParentRef>,
}

/// What an entry of `status.parents` should say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParentStatus {
    /// The parent, all defaults written out.
    pub parent_ref: ParentRef,
    /// Under which name it is written.
    pub controller_name: ControllerName,
    /// `Accepted` and `ResolvedRefs`; `PartiallyInvalid` while it is true.
    pub conditions: Vec<Condition>,
}

/// What decides if the listeners refuse a route for different causes (D-017). Hostnames are looked at last, so a listener
/// that fails by its hostname would have allowed the route.
const DETACHED: [Reason; 5] = [
    Reason::NoMatchingParent,
    Reason::UnsupportedValue,
    Reason::Conflicted,
    Reason::NoMatchingListenerHostname,
    Reason::NotAllowedByListeners,
];
/// What decides if no rule can be honoured.
const INVALID: [Reason; 2] = [Reason::UnsupportedValue, Reason::IncompatibleFilters];

impl RouteStatus {
    /// The status of one route.
    #[must_use]
    pub fn of(route: &ResolvedRoute) -> Self {
        let is_other = |unclaimed: &Unclaimed| matches!(unclaimed, Unclaimed::OtherController { .. });
        // The same for every parent, and so made once: it can tell of thousands of references.
        let resolved_refs = resolved_refs(route);
        let left_alone = route.unclaimed.iter().filter(|(_, why)| is_other(why)).map(|(parent_ref, _)| parent_ref.clone());
        Self {
            namespace: route.key().namespace_str().into(),
            observed_generation: route.route.meta.generation,
            parents: route.parents.iter().map(|parent| parent_status(route, parent, &resolved_refs)).collect(),
            left_alone: left_alone.collect(),
        }
    }
}

fn parent_status(route: &ResolvedRoute, parent: &Attachment, resolved_refs: &Condition) -> ParentStatus {
    let accepted = accepted(route, parent);
    let partially_invalid = if accepted.is_true() { partially_invalid(route) } else { None };
    let mut conditions = vec![accepted, resolved_refs.clone()];
    conditions.extend(partially_invalid);
    ParentStatus { parent_ref: parent.parent_ref.clone(), controller_name: parent.controller_name.clone(), conditions }
}

/// D-013 to D-017, D-022, Q-029. Whether the parent lets the route in comes first: who is not let in is not judged further.
fn accepted(route: &ResolvedRoute, parent: &Attachment) -> Condition {
    let fails = |reason, message| Condition::fails(ConditionType::Accepted, reason, message);
    if !parent.is_attached() {
        let text = if names_listeners(route, parent) { Refusal::to_string } else { without_listener };
        let (reason, message) = judge_as(&parent.refused, &DETACHED, text)
            .unwrap_or_else(|| (Reason::NoMatchingParent, "no listener of the parent is selected".into()));
        return fails(reason, message);
    }
    if !route.has_valid_rule() {
        let of_rules = route.rules.iter().flat_map(|rule| &rule.refused);
        if let Some((reason, _)) = judge(route.refused.iter().chain(of_rules), &INVALID) {
            return fails(reason, invalid_parts(route));
        }
    }
    Condition::holds(ConditionType::Accepted, Reason::Accepted, "the route is accepted")
}

/// Whether the listeners of a parent are named to the owner of a route: in another namespace those that the route asks for
/// by name, and no others (S-006).
fn names_listeners(route: &ResolvedRoute, parent: &Attachment) -> bool {
    parent.parent_ref.section_name.is_some() || parent.parent_ref.namespace.as_str() == route.key().namespace_str()
}

/// Why a listener does not take the route, without its name. One that fails by its hostname is named nevertheless: it lets
/// routes of that namespace in.
fn without_listener(refusal: &Refusal) -> String {
    match refusal {
        Refusal::ListenerNotAccepted { listener: _ } => "a listener is not accepted".into(),
        Refusal::KindNotAllowed { listener: _, kind } => format!("a listener allows no {kind}"),
        Refusal::NamespaceNotAllowed { listener: _, namespace, why } => {
            format!("a listener allows no routes of namespace `{namespace}`: {why}")
        }
        other => other.to_string(),
    }
}

/// says the same for every parent, also where the route is not accepted. I-012: the first reference in the
/// manifest that does not resolve gives the reason.
fn resolved_refs(route: &ResolvedRoute) -> Condition {
    match judge(route.unresolved(), &[]) {
        None => Condition::holds(ConditionType::ResolvedRefs, Reason::ResolvedRefs, "all references resolve"),
        Some((reason, message)) => Condition::fails(ConditionType::ResolvedRefs, reason, message),
    }
}

/// Q-025, and Q-026 (1): invalid rules are dropped, and the message begins with the words that say so.
fn partially_invalid(route: &ResolvedRoute) -> Option<Condition> {
    if !route.is_partially_invalid() {
        return None;
    }
    let dropped: Vec<String> = invalid_rules(route).map(|text| format!("Dropped Rule {text}")).collect();
    Some(Condition::holds(ConditionType::PartiallyInvalid, Reason::UnsupportedValue, dropped.join("; ")))
}

/// Everything that is wrong with a route that cannot be honoured at all.
fn invalid_parts(route: &ResolvedRoute) -> String {
    let of_route = (!route.refused.is_empty()).then(|| causes(&route.refused));
    let of_rules = invalid_rules(route).map(|text| format!("rule {text}"));
    let parts: Vec<String> = of_route.into_iter().chain(of_rules).collect();
    parts.join("; ")
}

/// Each invalid rule by its place and name, with its causes, in the order of the manifest.
fn invalid_rules(route: &ResolvedRoute) -> impl Iterator<Item = String> {
    let invalid = route.rules.iter().filter(|rule| !rule.is_valid());
    invalid.map(|rule| format!("{}: {}", rule_name(rule), causes(&rule.refused)))
}

fn rule_name(rule: &ResolvedRule) -> String {
    match &rule.name {
        Some(name) => format!("{} (`{name}`)", rule.index),
        None => rule.index.to_string(),
    }
}

fn causes(refusals: &[Refusal]) -> String {
    judge(refusals, &[]).map(|(_, message)| message).unwrap_or_default()
}
