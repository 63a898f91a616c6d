//! Conditions of ListenerSets (chapter C).

use gwapi_core::{Controller, Facts, Feature, model::Protocol, resolve};
use gwapi_status::{ConditionType::*, ListenerSetStatus, Reason, StatusReport, project};
use serde_json::{Value, json};

use crate::{
    build::{find, verdict},
    world::{assert_conditions, at, class, created, gateway, object, ours, report, resolution, snapshot, web, with},
};

/// A Gateway that lets ListenerSets of every namespace in.
fn open(listeners: Value) -> Value {
    with(gateway(listeners), "allowedListeners", json!({"namespaces": {"from": "All"}}))
}

fn set(at: &str, listeners: Value) -> Value {
    object("ListenerSet", at, json!({"parentRef": {"namespace": "shop", "name": "front"}, "listeners": listeners}))
}

fn http(name: &str, port: u16) -> Value {
    json!({"name": name, "port": port, "protocol": "HTTP"})
}

fn tcp(name: &str, port: u16) -> Value {
    json!({"name": name, "port": port, "protocol": "TCP"})
}

fn names(set: &ListenerSetStatus) -> Vec<&str> {
    set.listeners.iter().map(|listener| listener.name.as_str()).collect()
}

fn attached(report: &StatusReport) -> Option<usize> {
    at(&report.gateways, "shop/front").attached_listener_sets
}

#[test]
fn c_009_a_sound_set_is_accepted_programmed_and_counted() {
    let report = report(&[class(), open(json!([web()])), set("team/more", json!([http("web", 8080), http("api", 8081)]))]);
    let more = at(&report.listener_sets, "team/more");
    assert_conditions(&more.conditions, &[(Accepted, true, Reason::Accepted), (Programmed, true, Reason::Programmed)]);
    assert_eq!(more.conditions.len(), 2, "C-015");
    assert_eq!((more.observed_generation, more.controller_name.as_str()), (3, "example.com/ours"));
    // C-007: each tells of its own, although names repeat (C-006).
    assert_eq!(names(more), ["web", "api"]);
    assert_eq!(at(&report.gateways, "shop/front").listeners.len(), 1);
    for listener in &more.listeners {
        let holds = [
            (Accepted, true, Reason::Accepted),
            (Programmed, true, Reason::Programmed),
            (ResolvedRefs, true, Reason::ResolvedRefs),
        ];
        assert_conditions(&listener.conditions, &holds);
    }
    assert_eq!(attached(&report), Some(1), "C-008");
}

#[test]
fn c_003_a_set_that_is_not_let_in_says_so_and_nothing_else_of_the_gateway() {
    let refused = object(
        "Gateway",
        "shop/front",
        json!({"gatewayClassName": "standard", "listeners": [{"name": "x", "port": 1,
        "protocol": "example.com/gopher"}]}),
    );
    for gateway in [gateway(json!([web()])), refused] {
        let report = report(&[class(), gateway, set("team/more", json!([http("more", 8080)]))]);
        let more = at(&report.listener_sets, "team/more");
        assert_conditions(&more.conditions, &[(Accepted, false, Reason::NotAllowed), (Programmed, false, Reason::NotAllowed)]);
        let message = &find(&more.conditions, Accepted).unwrap().message;
        assert_eq!(message, "Gateway shop/front allows no ListenerSets of namespace `team`");
        assert_conditions(
            &more.listeners[0].conditions,
            &[(Accepted, false, Reason::NotAllowed), (Programmed, false, Reason::Invalid)],
        );
        assert_eq!(attached(&report), Some(0));
    }
}

#[test]
fn c_009_bad_listeners_are_told_and_none_that_is_good_is_too_few() {
    let bad = json!({"name": "old", "port": 70, "protocol": "example.com/gopher"});
    let report =
        report(&[class(), open(json!([web()])), set("a/mixed", json!([http("good", 8080), bad])), set("b/bad", json!([bad]))]);
    let mixed = at(&report.listener_sets, "a/mixed");
    assert_conditions(&mixed.conditions, &[(Accepted, true, Reason::ListenersNotValid), (Programmed, true, Reason::Programmed)]);
    assert_eq!(find(&mixed.conditions, Accepted).unwrap().message, "listeners not valid: `old`; valid: `good`");
    let bad = at(&report.listener_sets, "b/bad");
    let expected = [(Accepted, false, Reason::ListenersNotValid), (Programmed, false, Reason::ListenersNotValid)];
    assert_conditions(&bad.conditions, &expected);
    assert_eq!(find(&bad.conditions, Accepted).unwrap().message, "no listener is valid: `old`");
    assert_eq!(attached(&report), Some(1));
    // C-031.
    let front = &at(&report.gateways, "shop/front").conditions;
    let expected =
        [(Accepted, true, Reason::Accepted), (Programmed, true, Reason::Programmed), (ResolvedRefs, true, Reason::ResolvedRefs)];
    assert_conditions(front, &expected);
}

#[test]
fn c_010_c_011_who_comes_later_loses_with_one_reason_in_three_conditions() {
    let hostname = |port: u16| json!([{"name": "web", "port": port, "protocol": "HTTP", "hostname": "a.example"}]);
    let objects = [
        class(),
        open(json!([web()])),
        created(set("z/first", hostname(8080)), 1),
        created(set("a/second", hostname(8080)), 2),
        created(set("a/third", json!([tcp("tcp", 80), http("web", 8081)])), 3),
    ];
    let report = report(&objects);
    let first = at(&report.listener_sets, "z/first");
    assert_conditions(
        &first.listeners[0].conditions,
        &[(Accepted, true, Reason::Accepted), (Programmed, true, Reason::Programmed)],
    );
    assert_eq!(find(&first.listeners[0].conditions, Conflicted), None, "pitfall 52: the winner does not hear of the loser");
    let loser = &at(&report.listener_sets, "a/second").listeners[0].conditions;
    let other = &at(&report.listener_sets, "a/third").listeners[0].conditions;
    for (conditions, reason) in [(loser, Reason::HostnameConflict), (other, Reason::ProtocolConflict)] {
        assert_conditions(conditions, &[(Accepted, false, reason), (Programmed, false, reason), (Conflicted, true, reason)]);
        let message = &find(conditions, Conflicted).unwrap().message;
        assert!(!message.contains('`') && !message.contains("front"), "C-027: {message}");
    }
    assert_eq!(attached(&report), Some(2));
}

#[test]
fn c_014_a_set_waits_for_its_gateway() {
    let refused = |address: &str| with(open(json!([web()])), "addresses", json!([{"type": address, "value": "192.0.2.7"}]));
    let more = || set("team/more", json!([http("more", 8080)]));
    let not_accepted = report(&[class(), refused("example.com/odd"), more()]);
    let status = at(&not_accepted.listener_sets, "team/more");
    let expected = [(Accepted, false, Reason::ParentNotAccepted), (Programmed, false, Reason::ParentNotProgrammed)];
    assert_conditions(&status.conditions, &expected);
    assert_conditions(
        &status.listeners[0].conditions,
        &[(Accepted, true, Reason::Accepted), (Programmed, false, Reason::Invalid)],
    );
    assert_eq!(find(&status.listeners[0].conditions, Programmed).unwrap().message, "the ListenerSet is not accepted");
    assert_eq!(attached(&not_accepted), Some(0));

    let mut snapshot = snapshot(&[class(), open(json!([web()])), more()]);
    snapshot.facts.default_address = None;
    let not_programmed = project(&resolve(&snapshot, &ours()));
    let status = at(&not_programmed.listener_sets, "team/more");
    let expected = [(Accepted, true, Reason::Accepted), (Programmed, false, Reason::ParentNotProgrammed)];
    assert_conditions(&status.conditions, &expected);
    assert_eq!(attached(&not_programmed), Some(1), "C-008 asks for `Accepted` only");
}

#[test]
fn c_019_a_set_with_nothing_but_a_listener_without_a_grant_is_not_accepted() {
    let tls = json!({"certificateRefs": [{"name": "tls", "namespace": "vault"}]});
    let secure = json!([{"name": "secure", "port": 443, "protocol": "HTTPS", "tls": tls}]);
    let grant = |kind: &str| {
        let from = json!([{"group": "gateway.networking.k8s.io", "kind": kind, "namespace": "team"}]);
        object("ReferenceGrant", "vault/grant", json!({"from": from, "to": [{"group": "", "kind": "Secret"}]}))
    };
    // C-018: a grant for Gateways is none for ListenerSets.
    let report = report(&[class(), open(json!([web()])), set("team/more", secure), grant("Gateway")]);
    let status = at(&report.listener_sets, "team/more");
    let expected = [(Accepted, false, Reason::ListenersNotValid), (Programmed, false, Reason::ListenersNotValid)];
    assert_conditions(&status.conditions, &expected);
    let listener = &status.listeners[0].conditions;
    assert_conditions(listener, &[(Accepted, true, Reason::Accepted), (ResolvedRefs, false, Reason::RefNotPermitted)]);
}

#[test]
fn c_017_a_port_that_is_not_available_shows_on_the_listener_twice() {
    let mut snapshot = snapshot(&[class(), open(json!([web()])), set("team/more", json!([http("more", 8080), http("b", 8081)]))]);
    let gateway = snapshot.gateways().next().expect("one").meta.key.clone();
    snapshot.facts = Facts::clone(&snapshot.facts);
    snapshot.facts.unavailable_ports.insert((gateway, 8080, Protocol::Http));
    let report = project(&resolve(&snapshot, &ours()));
    let status = at(&report.listener_sets, "team/more");
    let expected = [(Accepted, false, Reason::PortUnavailable), (Programmed, false, Reason::PortUnavailable)];
    assert_conditions(&status.listeners[0].conditions, &expected);
    assert_conditions(&status.conditions, &[(Accepted, true, Reason::ListenersNotValid)]);
}

#[test]
fn c_025_c_026_listeners_count_their_routes_and_tell_their_kinds() {
    let kinds = json!({"namespaces": {"from": "All"}, "kinds": [{"kind": "HTTPRoute"}, {"kind": "TLSRoute"}]});
    let listener = json!([{"name": "more", "port": 8080, "protocol": "HTTP", "allowedRoutes": kinds}]);
    let parent = json!([{"kind": "ListenerSet", "namespace": "team", "name": "more"}]);
    let route = object("HTTPRoute", "shop/cart", json!({"parentRefs": parent, "rules": [{}]}));
    let report = report(&[class(), open(json!([web()])), set("team/more", listener), route]);
    let more = &at(&report.listener_sets, "team/more").listeners[0];
    assert_eq!(more.attached_routes, 1);
    assert_eq!(verdict(&more.conditions, ResolvedRefs), (false, Reason::InvalidRouteKinds));
    assert_eq!(more.supported_kinds.iter().map(|kind| kind.kind.as_str()).collect::<Vec<_>>(), ["HTTPRoute"]);
    assert_eq!(at(&report.gateways, "shop/front").listeners[0].attached_routes, 0, "C-021");
    // C-023: the entry names the set.
    let parent = &at(&report.routes, "shop/cart").parents[0];
    assert_eq!((parent.parent_ref.kind.as_str(), parent.parent_ref.name.as_str()), ("ListenerSet", "more"));
    assert_eq!(verdict(&parent.conditions, Accepted), (true, Reason::Accepted));
}

#[test]
fn c_004_sets_of_others_and_of_nobody_have_no_status() {
    let other = object("GatewayClass", "other", json!({"controllerName": "example.com/theirs"}));
    let objects = [other, with(open(json!([web()])), "gatewayClassName", json!("other")), set("team/more", json!([web()]))];
    assert!(report(&objects).listener_sets.is_empty());
    assert!(report(&[class(), set("team/more", json!([web()]))]).listener_sets.is_empty());
}

#[test]
fn without_the_feature_there_is_no_count() {
    let features = ours().features.without(Feature::ListenerSet);
    let objects = [class(), open(json!([web()])), set("team/more", json!([http("more", 8080)]))];
    let report = project(&resolve(&snapshot(&objects), &Controller { features, ..ours() }));
    assert_eq!((attached(&report), report.listener_sets.len()), (None, 0));
}

#[test]
fn s_006_routes_of_other_namespaces_hear_of_no_listener_of_a_set_that_they_do_not_name() {
    let parent = |section: Value| json!([{"kind": "ListenerSet", "namespace": "team", "name": "more", "sectionName": section}]);
    let route = |section| object("HTTPRoute", "shop/cart", json!({"parentRefs": parent(section), "rules": [{}]}));
    let message = |route| {
        let report = report(&[class(), open(json!([web()])), set("team/more", json!([http("hidden", 8080)])), route]);
        find(&at(&report.routes, "shop/cart").parents[0].conditions, Accepted).unwrap().message.clone()
    };
    assert!(!message(route(Value::Null)).contains("hidden"));
    assert!(message(route(json!("hidden"))).contains("hidden"));
}

#[test]
fn a_set_that_cannot_be_honoured_is_invalid() {
    let resolution = resolution(&[class(), open(json!([web()])), set("team/more", json!([http("more", 8080)]))]);
    let mut set = (**resolution.listener_sets.values().next().unwrap()).clone();
    let invalid = gwapi_core::model::Invalid { path: "spec.odd".into(), value: "1".into(), why: "is odd".into() };
    set.refused.push(gwapi_core::Refusal::ListenerSetInvalid { invalid });
    let conditions = ListenerSetStatus::of(&set, &resolution.attached_routes).conditions;
    assert_conditions(&conditions, &[(Accepted, false, Reason::Invalid), (Programmed, false, Reason::Invalid)]);
}

#[test]
fn c_027_c_030_sets_of_other_namespaces_hear_that_a_certificate_is_bad_and_not_which() {
    let reference = json!({"group": "", "kind": "ConfigMap", "name": "hidden"});
    let frontend = json!({"default": {"validation": {"caCertificateRefs": [reference]}}});
    let tls = json!({"certificateRefs": [{"name": "tls"}]});
    let secure = |port: u16| json!([{"name": "secure", "port": port, "protocol": "HTTPS", "tls": tls}]);
    let gateway = with(open(json!([web()])), "tls", json!({"frontend": frontend}));
    let report = report(&[class(), gateway, set("team/more", secure(8443)), set("shop/more", secure(8444))]);
    for (name, is_told) in [("team/more", false), ("shop/more", true)] {
        let conditions = &at(&report.listener_sets, name).listeners[0].conditions;
        assert_conditions(conditions, &[(ResolvedRefs, false, Reason::InvalidCertificateRef)]);
        let message = &find(conditions, ResolvedRefs).unwrap().message;
        assert_eq!(message.contains("hidden"), is_told, "{message}");
        assert!(message.contains("cannot be used") || is_told, "{message}");
    }
}
