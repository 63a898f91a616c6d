//! Conditions of routes.

use gwapi_core::{
    Refusal,
    model::{LocalObjectRef, ParentRef},
    refusal::NamespaceFault,
    resolution::{Attachment, Resolution, ResolvedRoute, ResolvedRule, Unclaimed},
};
use gwapi_status::{Condition, ConditionType::*, MAX_MESSAGE, Reason, RouteStatus, project};

use crate::build::{
    CONTROLLER, accepting, backend, class, find, gateway, hostname, invalid_rule, key, listener, not_permitted, parent_ref,
    refusing, route, rule, rule_invalid, unresolved_rule, verdict,
};

fn conditions(parent: Attachment, rules: impl IntoIterator<Item = ResolvedRule>) -> Vec<Condition> {
    RouteStatus::of(&route([parent], rules)).parents.remove(0).conditions
}

fn kind_not_allowed(listener: &str) -> Refusal {
    Refusal::KindNotAllowed { listener: listener.into(), kind: "HTTPRoute".into() }
}

fn no_hostname(listener: &str) -> Refusal {
    let hostname = hostname("shop.example");
    Refusal::NoMatchingHostname { listener: listener.into(), hostname: "*.other.example".into(), route: vec![hostname] }
}

fn incompatible(path: &str) -> Refusal {
    Refusal::IncompatibleFilters { path: path.into(), first: "URLRewrite".into(), second: "RequestRedirect".into() }
}

#[test]
fn an_attached_route_without_faults_has_both_positive_conditions_and_no_other() {
    let conditions = conditions(accepting(parent_ref("front")), [rule(0)]);
    assert_eq!(verdict(&conditions, Accepted), (true, Reason::Accepted));
    assert_eq!(verdict(&conditions, ResolvedRefs), (true, Reason::ResolvedRefs));
    assert_eq!(conditions.len(), 2);
}

#[test]
fn a_route_without_rules_is_accepted() {
    assert_eq!(verdict(&conditions(accepting(parent_ref("front")), []), Accepted), (true, Reason::Accepted));
}

/// D-017: the listener that came closest.
#[test]
fn the_causes_of_the_listeners_decide_why_a_route_is_detached() {
    let reason = |refused: Vec<Refusal>| verdict(&conditions(refusing(parent_ref("front"), refused), [rule(0)]), Accepted).1;
    let namespace =
        Refusal::NamespaceNotAllowed { listener: "web".into(), namespace: "shop".into(), why: NamespaceFault::NotSelected };
    let unknown = Refusal::NoListenerSelected { parent_ref: parent_ref("front") };
    assert_eq!(reason(vec![unknown]), Reason::NoMatchingParent);
    assert_eq!(reason(vec![]), Reason::NoMatchingParent);
    assert_eq!(reason(vec![kind_not_allowed("web"), namespace]), Reason::NotAllowedByListeners);
    assert_eq!(reason(vec![Refusal::ListenerNotAccepted { listener: "web".into() }]), Reason::NotAllowedByListeners);
    assert_eq!(reason(vec![kind_not_allowed("web"), no_hostname("api")]), Reason::NoMatchingListenerHostname);
    assert_eq!(reason(vec![Refusal::ParentRefPortUnsupported]), Reason::UnsupportedValue);
}

#[test]
fn the_message_of_a_detached_route_tells_the_cause_of_every_listener() {
    let parent = refusing(parent_ref("front"), [kind_not_allowed("web"), no_hostname("b"), no_hostname("a")]);
    let conditions = conditions(parent, [rule(0)]);
    assert_eq!(
        find(&conditions, Accepted).unwrap().message,
        "no hostname of the route (`shop.example`) intersects `*.other.example` of listener `a`; \
         no hostname of the route (`shop.example`) intersects `*.other.example` of listener `b`; \
         listener `web` allows no HTTPRoute",
    );
}

/// messages name the object and the cause, to those who may know.
#[test]
fn s_006_listeners_of_another_namespace_are_named_only_to_who_names_them_or_is_let_in() {
    let namespace = |listener: &str| {
        let why = NamespaceFault::NotSame("infra".into());
        Refusal::NamespaceNotAllowed { listener: listener.into(), namespace: "shop".into(), why }
    };
    let refused = || {
        let broken = Refusal::ListenerNotAccepted { listener: "tenant-c".into() };
        [kind_not_allowed("tenant-b"), namespace("tenant-a"), namespace("tenant-d"), broken, no_hostname("open")]
    };
    let message = |parent_ref: ParentRef| {
        let conditions = conditions(refusing(parent_ref, refused()), [rule(0)]);
        find(&conditions, Accepted).unwrap().message.clone()
    };
    let foreign = ParentRef { namespace: "infra".into(), ..parent_ref("front") };
    assert_eq!(
        message(foreign.clone()),
        "no hostname of the route (`shop.example`) intersects `*.other.example` of listener `open`; \
         a listener allows no HTTPRoute; \
         a listener allows no routes of namespace `shop`: `from: Same` allows `infra` only; \
         a listener is not accepted",
    );
    for named in [parent_ref("front"), ParentRef { section_name: Some("tenant-a".into()), ..foreign }] {
        assert!(message(named).contains("listener `tenant-a` allows no routes of namespace `shop`"));
    }
}

#[test]
fn each_parent_has_its_own_entry() {
    let section = ParentRef { section_name: Some("web".into()), port: Some(80), ..parent_ref("front") };
    let parents = [accepting(section.clone()), refusing(parent_ref("back"), [kind_not_allowed("web")])];
    let status = RouteStatus::of(&route(parents, [rule(0)]));
    assert_eq!(status.observed_generation, 3);
    assert_eq!(status.parents[0].parent_ref, section);
    assert_eq!(status.parents[0].controller_name, CONTROLLER);
    assert_eq!(verdict(&status.parents[0].conditions, Accepted), (true, Reason::Accepted));
    assert_eq!(verdict(&status.parents[1].conditions, Accepted), (false, Reason::NotAllowedByListeners));
}

#[test]
fn a_route_that_is_not_accepted_may_have_all_references_resolved_and_the_other_way_round() {
    let detached = conditions(refusing(parent_ref("front"), [kind_not_allowed("web")]), [rule(0)]);
    assert_eq!(verdict(&detached, ResolvedRefs), (true, Reason::ResolvedRefs));
    let missing = Refusal::BackendNotFound { backend: backend("cart") };
    let attached = conditions(accepting(parent_ref("front")), [unresolved_rule(0, [missing])]);
    assert_eq!(verdict(&attached, Accepted), (true, Reason::Accepted));
    assert_eq!(verdict(&attached, ResolvedRefs), (false, Reason::BackendNotFound));
    assert_eq!(find(&attached, PartiallyInvalid), None, "an unresolved backend does not make a rule invalid");
}

#[test]
fn the_first_unresolved_reference_gives_the_reason_and_all_are_told() {
    let missing = Refusal::BackendNotFound { backend: backend("cart") };
    let rules = |first: Refusal, second: Refusal| [unresolved_rule(0, [first]), unresolved_rule(1, [second])];
    let one = conditions(accepting(parent_ref("front")), rules(missing.clone(), not_permitted("x")));
    let other = conditions(accepting(parent_ref("front")), rules(not_permitted("x"), missing.clone()));
    assert_eq!(verdict(&one, ResolvedRefs), (false, Reason::BackendNotFound));
    assert_eq!(verdict(&other, ResolvedRefs), (false, Reason::RefNotPermitted));
    assert_eq!(
        find(&one, ResolvedRefs).unwrap().message,
        format!("{missing}; {}", not_permitted("x")),
        "the cause of the reason stands first",
    );
}

#[test]
fn references_of_each_kind_have_their_reason() {
    let extension = LocalObjectRef { group: "example.com".into(), kind: "Auth".into(), name: "a".into() };
    let protocol = Refusal::BackendProtocolUnsupported {
        backend: backend("cart"),
        app_protocol: "kubernetes.io/wss".into(),
        route_kind: "HTTPRoute".into(),
    };
    for (refusal, reason) in [
        (not_permitted("x"), Reason::RefNotPermitted),
        (Refusal::BackendKindUnsupported { backend: backend("cart") }, Reason::InvalidKind),
        (Refusal::ExtensionUnsupported { reference: extension }, Reason::InvalidKind),
        (Refusal::BackendNotFound { backend: backend("cart") }, Reason::BackendNotFound),
        (Refusal::BackendPortNotFound { backend: backend("cart") }, Reason::BackendNotFound),
        (Refusal::BackendExternalName { backend: backend("cart") }, Reason::BackendNotFound),
        (protocol, Reason::UnsupportedProtocol),
    ] {
        let text = refusal.to_string();
        let conditions = conditions(accepting(parent_ref("front")), [unresolved_rule(0, [refusal])]);
        assert_eq!(verdict(&conditions, ResolvedRefs), (false, reason));
        assert_eq!(find(&conditions, ResolvedRefs).unwrap().message, text);
    }
}

/// the message says so in its first words.
#[test]
fn pitfall_70_some_invalid_rules_are_dropped_and_named() {
    let named = ResolvedRule {
        name: Some("canary".into()),
        ..invalid_rule(1, [rule_invalid("spec.rules[1].matches[0].path"), incompatible("spec.rules[1].filters")])
    };
    let rules = [rule(0), named, invalid_rule(10, [rule_invalid("spec.rules[10].filters[0]")])];
    let conditions = conditions(accepting(parent_ref("front")), rules);
    assert_eq!(verdict(&conditions, Accepted), (true, Reason::Accepted));
    assert_eq!(verdict(&conditions, PartiallyInvalid), (true, Reason::UnsupportedValue));
    assert_eq!(
        find(&conditions, PartiallyInvalid).unwrap().message,
        "Dropped Rule 1 (`canary`): spec.rules[1].matches[0].path: is not right; \
         spec.rules[1].filters: URLRewrite and RequestRedirect cannot be combined; \
         Dropped Rule 10: spec.rules[10].filters[0]: is not right",
    );
}

#[test]
fn a_route_that_is_not_accepted_is_not_partially_invalid() {
    let rules = [rule(0), invalid_rule(1, [rule_invalid("spec.rules[1]")])];
    let conditions = conditions(refusing(parent_ref("front"), [kind_not_allowed("web")]), rules);
    assert_eq!(find(&conditions, PartiallyInvalid), None);
}

#[test]
fn a_route_without_a_valid_rule_is_refused() {
    let accepted = |rules: Vec<ResolvedRule>| {
        let conditions = conditions(accepting(parent_ref("front")), rules);
        assert_eq!(find(&conditions, PartiallyInvalid), None);
        find(&conditions, Accepted).unwrap().clone()
    };
    let filters = accepted(vec![invalid_rule(0, [incompatible("spec.rules[0].filters")])]);
    assert_eq!((filters.is_true(), filters.reason), (false, Reason::IncompatibleFilters));
    let mixed = accepted(vec![
        invalid_rule(0, [incompatible("spec.rules[0].filters")]),
        invalid_rule(1, [rule_invalid("spec.rules[1].timeouts")]),
    ]);
    assert_eq!((mixed.is_true(), mixed.reason), (false, Reason::UnsupportedValue));
    assert_eq!(
        mixed.message,
        "rule 0: spec.rules[0].filters: URLRewrite and RequestRedirect cannot be combined; \
         rule 1: spec.rules[1].timeouts: is not right",
    );
}

#[test]
fn a_route_that_is_refused_as_a_whole_is_refused_by_every_parent() {
    let refused = vec![rule_invalid("spec.hostnames")];
    let parents = [accepting(parent_ref("a")), accepting(parent_ref("b"))];
    let status = RouteStatus::of(&ResolvedRoute { refused, ..route(parents, [rule(0)]) });
    for parent in &status.parents {
        assert_eq!(verdict(&parent.conditions, Accepted), (false, Reason::UnsupportedValue));
        assert_eq!(find(&parent.conditions, PartiallyInvalid), None);
    }
}

#[test]
fn a_message_beyond_the_limit_is_cut() {
    let names = (0..2_000).map(|number| not_permitted(&format!("service-{number}")));
    let conditions = conditions(accepting(parent_ref("front")), [unresolved_rule(0, names)]);
    assert_eq!(find(&conditions, ResolvedRefs).unwrap().message.chars().count(), MAX_MESSAGE);
}

#[test]
fn only_parents_that_went_over_to_another_controller_are_left_alone() {
    let taken = Unclaimed::OtherController {
        gateway: key("Gateway", "shop", "taken"),
        class: "other".into(),
        controller_name: "example.com/theirs".into(),
    };
    let gone = Unclaimed::NotFound { parent: key("Gateway", "shop", "gone") };
    let unclaimed = vec![(parent_ref("taken"), taken), (parent_ref("gone"), gone)];
    let status = RouteStatus::of(&ResolvedRoute { unclaimed, ..route([], [rule(0)]) });
    assert!(status.parents.is_empty());
    assert_eq!(status.left_alone, [parent_ref("taken")]);
}

#[test]
fn a_report_has_everything_that_is_ours_and_our_names() {
    let mut resolution = Resolution::default();
    let (class, gateway, route) = (class(), gateway([listener("web")]), route([accepting(parent_ref("front"))], [rule(0)]));
    resolution.classes.insert("standard".into(), class.into());
    resolution.gateways.insert(gateway.key().clone(), gateway.into());
    resolution.routes.insert(route.key().clone(), route.into());
    let report = project(&resolution);
    assert_eq!((report.classes.len(), report.gateways.len(), report.routes.len()), (1, 1, 1));
    let names: Vec<_> = report.owned.iter().map(|name| name.as_str()).collect();
    assert_eq!(names, [CONTROLLER, "gwapi.dev/gateway"]);
    assert_eq!(project(&resolution), report);
}
