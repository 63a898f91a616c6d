//! ListenerSets: who is let in, what is merged, who wins (chapter C).

mod common;

use std::sync::Arc;

use common::{
    aged, any_route_of, attachment_of, edge, edge_of, from_all, gateway, gateway_with, grant, https, key, listener, listener_set,
    listeners_of, merged, names, namespace, object, open, ours, resolved, resolved_by, route, secret, set_of, without,
};
use gwapi_core::{
    Feature, Refusal, Resolution,
    refusal::NamespaceFault,
    resolution::{ListenerKey, ResolvedListenerSet, Unclaimed},
};
use serde_json::{Value, json};

/// The Gateway `infra/edge` that lets sets in from wherever this says.
fn letting(listeners: &[Value], from: Value) -> Value {
    gateway_with("infra/edge", listeners, json!({"allowedListeners": {"namespaces": from}}))
}

fn letting_all(listeners: &[Value]) -> Value {
    letting(listeners, json!({"from": "All"}))
}

fn on(name: &str, port: u16) -> Value {
    listener(name, port, "HTTP", json!({"allowedRoutes": from_all()}))
}

fn named(name: &str, port: u16, hostname: &str) -> Value {
    listener(name, port, "HTTP", json!({"hostname": hostname, "allowedRoutes": from_all()}))
}

/// What each listener of a set is refused for.
fn refused(set: &ResolvedListenerSet) -> Vec<Vec<String>> {
    set.listeners.iter().map(|listener| names(&listener.refused)).collect()
}

fn sets(resolution: &Resolution) -> Vec<String> {
    edge_of(resolution).listener_sets.iter().map(|set| set.key().namespaced_name()).collect()
}

#[test]
fn c_001_and_c_002_who_is_let_in() {
    let labels = json!({"from": "Selector", "selector": {"matchLabels": {"team": "shop"}}});
    for (from, infra, shop) in [
        (json!(null), false, false),
        (json!({}), false, false),
        (json!({"from": "None"}), false, false),
        (json!({"from": "Same"}), true, false),
        (json!({"from": "All"}), true, true),
        (labels.clone(), false, true),
        // The selector counts with `Selector` only, and there it must be given.
        (json!({"from": "Same", "selector": {"matchLabels": {"team": "shop"}}}), true, false),
        (json!({"from": "Selector"}), false, false),
        // A-026.
        (json!({"from": "Friends"}), false, false),
    ] {
        let resolution = resolved(&[
            letting(&[open("http")], from.clone()),
            namespace("shop", json!({"team": "shop"})),
            listener_set("infra/s", &[on("http", 81)]),
            listener_set("shop/s", &[on("http", 82)]),
        ]);
        for (name, is_in) in [("infra/s", infra), ("shop/s", shop)] {
            let set = set_of(&resolution, name);
            assert_eq!(set.is_accepted(), is_in, "{name} {from}");
            // C-003.
            let why = if is_in { vec![] } else { vec!["listenerSetNotAllowed"] };
            assert_eq!(names(&set.refused), why, "{name} {from}");
        }
        // C-031: whoever is not let in changes nothing of the Gateway.
        assert!(edge_of(&resolution).is_programmed());
    }
}

#[test]
fn c_003_a_set_that_is_not_let_in_takes_no_place_and_no_route() {
    let objects = |from: &str| {
        [
            letting(&[open("http")], json!({"from": from})),
            aged(listener_set("shop/first", &[on("http", 81)]), 1),
            aged(listener_set("infra/second", &[on("http", 81)]), 2),
            route("shop/r", json!({"parentRefs": [{"kind": "ListenerSet", "name": "first"}]})),
        ]
    };
    let resolution = resolved(&objects("Same"));
    assert_eq!(refused(&set_of(&resolution, "shop/first")), [["listenerSetNotAllowed"]]);
    assert!(set_of(&resolution, "infra/second").is_accepted());
    assert_eq!(names(&attachment_of(&resolution, "shop/r").refused), ["listenerNotAccepted"]);
    let resolution = resolved(&objects("All"));
    assert_eq!(refused(&set_of(&resolution, "infra/second")), [["hostnameConflict"]]);
    assert_eq!(listeners_of(&attachment_of(&resolution, "shop/r")), ["http"]);
}

#[test]
fn c_003_the_reason_is_told_in_full() {
    let resolution = resolved(&[letting(&[open("http")], json!({"from": "Same"})), listener_set("shop/s", &[on("http", 81)])]);
    let why = Some(NamespaceFault::NotSame("infra".into()));
    let expected = Refusal::ListenerSetNotAllowed { gateway: key("Gateway", "infra/edge"), namespace: "shop".into(), why };
    assert_eq!(set_of(&resolution, "shop/s").refused, [expected]);
}

#[test]
fn c_004_sets_of_other_parents_are_ignored_and_so_are_routes_to_them() {
    let set =
        |name: &str, parent: Value| object("ListenerSet", name, json!({"parentRef": parent, "listeners": [on("http", 81)]}));
    let resolution = resolved(&[
        common::class("theirs", "example.com/theirs"),
        letting_all(&[open("http")]),
        common::http_gateway_of_class("infra/alien", "theirs"),
        set("infra/service", json!({"group": "", "kind": "Service", "name": "edge"})),
        set("infra/nowhere", json!({"name": "gone"})),
        set("infra/theirs", json!({"name": "alien"})),
        // The namespace is the set's own unless it is given.
        set("shop/lost", json!({"name": "edge"})),
        set("infra/fine", json!({"name": "edge"})),
        route(
            "infra/r",
            json!({"parentRefs": [
                {"kind": "ListenerSet", "name": "service"}, {"kind": "ListenerSet", "name": "nowhere"},
                {"kind": "ListenerSet", "name": "theirs"}, {"kind": "ListenerSet", "name": "gone"}]}),
        ),
    ]);
    assert_eq!(sets(&resolution), ["infra/fine"]);
    assert_eq!(resolution.listener_sets.len(), 1);
    let route = any_route_of(&resolution, "infra/r");
    assert!(route.parents.is_empty());
    let [service, nowhere, theirs, gone] = &route.unclaimed[..] else { panic!("{:?}", route.unclaimed) };
    for lost in [service, nowhere, gone] {
        assert!(matches!(lost.1, Unclaimed::NotFound { .. }), "{lost:?}");
    }
    assert!(matches!(theirs.1, Unclaimed::OtherController { .. }));
}

/// Nobody counts: what one object may list is for the API server to say.
#[test]
fn c_016_no_listener_is_one_too_many() {
    let listeners = |from: u16| (0..64).map(|number| on(&format!("l{number}"), from + number)).collect::<Vec<_>>();
    let objects =
        [letting_all(&listeners(1000)), listener_set("shop/a", &listeners(2000)), listener_set("shop/b", &listeners(3000))];
    let edge = edge_of(&resolved(&objects));
    let of_sets = edge.listener_sets.iter().flat_map(|set| &set.listeners);
    let served: Vec<_> = edge.listeners.iter().chain(of_sets).map(|listener| listener.is_served()).collect();
    assert_eq!(served, [true; 192]);
}

#[test]
fn c_005_sets_are_merged_oldest_first_and_then_by_name() {
    let set = |name: &str| listener_set(name, &[on("http", 81)]);
    let objects = [
        aged(set("b/new"), 9),
        aged(set("c/z"), 5),
        aged(set("c/a"), 5),
        aged(set("a/old"), 1),
        set("a/unborn"),
        letting_all(&[open("http")]),
    ];
    let resolution = resolved(&objects);
    assert_eq!(sets(&resolution), ["a/old", "c/a", "c/z", "b/new", "a/unborn"]);
    let winners: Vec<_> = edge_of(&resolution).listener_sets.iter().filter(|set| set.is_accepted()).cloned().collect();
    assert_eq!(winners.len(), 1);
    assert_eq!(winners[0].key().name, "old");
}

/// Envoy Gateway (#9105, #9192, #9196, #9767): losers are refused, and the winner does not notice.
#[test]
fn pitfall_52_a_winner_is_what_it_was_before_the_loser_came() {
    let before = [
        letting_all(&[open("http")]),
        aged(listener_set("a/first", &[on("http", 81)]), 1),
        route("a/r", json!({"parentRefs": [{"kind": "ListenerSet", "name": "first"}]})),
    ];
    let losers = [aged(listener_set("a/second", &[on("other", 81)]), 2), aged(listener_set("a/third", &[on("http", 80)]), 3)];
    let alone = resolved(&before);
    let crowded = resolved(&[&before[..], &losers].concat());
    assert_eq!(set_of(&alone, "a/first"), set_of(&crowded, "a/first"));
    assert_eq!(any_route_of(&alone, "a/r"), any_route_of(&crowded, "a/r"));
    let on_first = ListenerKey { parent: key("ListenerSet", "a/first"), name: "http".into() };
    assert_eq!((alone.attached_routes.on(&on_first), crowded.attached_routes.on(&on_first)), (1, 1));
    // C-010, C-011, C-027: the loser is told that it lost, and not to whom.
    for loser in ["a/second", "a/third"] {
        let set = set_of(&crowded, loser);
        let [Refusal::HostnameConflict { with, .. }] = &set.listeners[0].refused[..] else { panic!("{:?}", set.listeners) };
        assert!(with.is_empty() && !set.is_accepted(), "C-009");
    }
    assert!(edge_of(&crowded).listeners[0].is_accepted(), "C-010: the Gateway comes first");
}

#[test]
fn c_011_what_a_listener_of_a_set_loses_by() {
    let tcp = |name: &str| listener(name, 9000, "TCP", json!({}));
    let udp = |name: &str| listener(name, 9000, "UDP", json!({}));
    for (first, second, why) in [
        (on("a", 80), on("b", 80), vec!["hostnameConflict"]),
        (named("a", 80, "a.com"), named("b", 80, "a.com"), vec!["hostnameConflict"]),
        (named("a", 80, "a.com"), named("b", 80, "b.com"), vec![]),
        (named("a", 80, "*.a.com"), named("b", 80, "b.a.com"), vec![]),
        (on("a", 80), listener("b", 80, "TCP", json!({})), vec!["protocolConflict"]),
        (tcp("a"), tcp("b"), vec!["protocolConflict"]),
        (udp("a"), udp("b"), vec!["protocolConflict"]),
        // B-007.
        (tcp("a"), udp("b"), vec![]),
        (tcp("a"), named("b", 9000, "a.com"), vec!["protocolConflict"]),
        (https("a", 443, json!({"hostname": "a.com"})), https("b", 443, json!({"hostname": "a.com"})), vec!["hostnameConflict"]),
    ] {
        let of_sets = [
            letting_all(&[on("x", 1)]),
            aged(listener_set("infra/a", std::slice::from_ref(&first)), 1),
            aged(listener_set("infra/b", std::slice::from_ref(&second)), 2),
            secret("infra/cert"),
        ];
        let resolution = resolved(&of_sets);
        assert_eq!(refused(&set_of(&resolution, "infra/a")), [Vec::<String>::new()], "{first}");
        assert_eq!(refused(&set_of(&resolution, "infra/b")), std::slice::from_ref(&why), "{first} {second}");
        // The same against the Gateway.
        let resolution = resolved(&[letting_all(&[first]), listener_set("infra/b", &[second]), secret("infra/cert")]);
        assert_eq!(refused(&set_of(&resolution, "infra/b")), [why]);
        assert!(edge_of(&resolution).listeners[0].is_accepted());
    }
}

/// X-02: it has lost already, whether its protocol is supported or not.
#[test]
fn c_011_a_protocol_that_is_not_supported_is_a_conflict_on_a_port_that_is_taken() {
    let tcp = |port| listener("tcp", port, "TCP", json!({}));
    let objects = [letting_all(&[open("http")]), listener_set("infra/s", &[tcp(80)]), listener_set("infra/t", &[tcp(81)])];
    let resolution = resolved_by(&without(Feature::TCPRoute), &objects);
    assert_eq!(refused(&set_of(&resolution, "infra/s")), [["protocolUnsupported", "protocolConflict"]]);
    assert_eq!(refused(&set_of(&resolution, "infra/t")), [["protocolUnsupported"]]);
    assert!(resolution.listener_sets.values().all(|set| set.listeners[0].supported_kinds.is_empty()));
    assert_eq!(refused(&set_of(&resolved(&objects), "infra/s")), [["protocolConflict"]]);
}

#[test]
fn c_012_who_has_lost_to_those_before_takes_nobody_of_the_own_set_along() {
    let set = listener_set("infra/s", &[named("web", 80, "b.com"), listener("tcp", 80, "TCP", json!({}))]);
    let resolution = resolved(&[letting_all(&[on("http", 80)]), set.clone()]);
    assert_eq!(refused(&set_of(&resolution, "infra/s")), [vec![], vec!["protocolConflict"]]);
    assert!(set_of(&resolution, "infra/s").is_accepted(), "C-009");
    // B-010: where nobody is before them, nobody of them wins.
    let resolution = resolved(&[letting_all(&[on("http", 81)]), set]);
    assert_eq!(refused(&set_of(&resolution, "infra/s")), [["protocolConflict"], ["protocolConflict"]]);
    let Refusal::ProtocolConflict { with, .. } = &set_of(&resolution, "infra/s").listeners[0].refused[0] else { panic!() };
    assert_eq!(with, &["tcp"]);
}

#[test]
fn c_006_names_repeat_in_other_objects_and_are_never_mixed_up() {
    let objects = [
        letting_all(&[on("http", 80)]),
        listener_set("a/s", &[on("http", 81)]),
        listener_set("b/s", &[on("http", 82)]),
        route("b/r", json!({"parentRefs": [{"kind": "ListenerSet", "name": "s", "sectionName": "http"}]})),
    ];
    let resolution = resolved(&objects);
    let attached = &attachment_of(&resolution, "b/r").listeners;
    assert_eq!(attached[0].listener.parent, key("ListenerSet", "b/s"));
    assert_eq!(resolution.attached_routes.iter().count(), 1);
    // C-007.
    assert_eq!(edge_of(&resolution).listeners.len(), 1);
}

#[test]
fn c_013_the_next_takes_over_when_the_winner_goes() {
    let second = [
        letting_all(&[open("http")]),
        aged(listener_set("a/second", &[on("http", 81)]), 2),
        route("a/r", json!({"parentRefs": [{"kind": "ListenerSet", "name": "second"}]})),
    ];
    let first = [aged(listener_set("a/first", &[on("http", 81)]), 1)];
    let lost = resolved(&[&second[..], &first].concat());
    assert_eq!(names(&attachment_of(&lost, "a/r").refused), ["listenerNotAccepted"]);
    assert_eq!(listeners_of(&attachment_of(&resolved(&second), "a/r")), ["http"]);
}

#[test]
fn c_014_a_set_is_not_accepted_without_its_gateway_and_not_programmed_either() {
    let with = |more: Value| {
        let more = merged(json!({"allowedListeners": {"namespaces": {"from": "All"}}}), more);
        let resolution =
            resolved(&[gateway_with("infra/edge", &[open("http")], more), listener_set("shop/s", &[on("http", 81)])]);
        let set = set_of(&resolution, "shop/s");
        (names(&set.refused), names(&set.unreachable), set.is_accepted())
    };
    let none: Vec<String> = Vec::new();
    assert_eq!(with(json!({})), (none.clone(), none.clone(), true));
    let refused = with(json!({"addresses": [{"type": "NamedAddress", "value": "x"}]}));
    assert_eq!(refused, (vec!["parentNotAccepted".into()], vec!["parentNotProgrammed".into()], false));
    let unusable = with(json!({"addresses": [{"value": "no address"}]}));
    assert_eq!(unusable, (none, vec!["parentNotProgrammed".into()], true));
}

#[test]
fn c_017_a_port_that_cannot_be_bound_is_that_of_the_gateway() {
    let mut snapshot = common::snapshot(&[letting_all(&[open("http")]), listener_set("shop/s", &[on("a", 81), on("b", 82)])]);
    let edge = key("Gateway", "infra/edge");
    snapshot.facts.unavailable_ports = [(edge, 81, gwapi_core::model::Protocol::Http)].into();
    let set = set_of(&gwapi_core::resolve(&snapshot, &ours()), "shop/s");
    assert_eq!(refused(&set), [vec!["portUnavailable"], vec![]]);
    assert!(set.is_accepted());
}

#[test]
fn c_018_and_c_019_grants_are_for_the_object_that_refers() {
    let tls = |name: &str, namespace: &str| {
        listener(name, 443, "HTTPS", json!({"tls": {"certificateRefs": [{"namespace": namespace, "name": "cert"}]}}))
    };
    let outcome = |set: &str, certificate: &str, grants: &[Value]| {
        let objects = [
            vec![letting_all(&[open("http")]), secret("certs/cert"), secret("infra/cert"), secret("shop/cert")],
            vec![listener_set(set, &[tls("tls", certificate)])],
            grants.to_vec(),
        ];
        let set = set_of(&resolved(&objects.concat()), set);
        (names(&set.listeners[0].unresolved), set.is_accepted())
    };
    let denied = (vec!["refNotPermitted".to_owned()], false);
    let fine = (Vec::new(), true);
    assert_eq!(outcome("shop/s", "shop", &[]), fine, "its own namespace");
    assert_eq!(outcome("shop/s", "infra", &[]), denied, "not that of its Gateway");
    assert_eq!(outcome("shop/s", "certs", &[]), denied);
    // S-005.
    assert_eq!(outcome("shop/s", "certs", &[grant("certs/g", &["Gateway/infra", "Gateway/shop"], &["Secret"])]), denied);
    assert_eq!(outcome("shop/s", "certs", &[grant("certs/g", &["ListenerSet/infra"], &["Secret"])]), denied);
    assert_eq!(outcome("shop/s", "certs", &[grant("certs/g", &["ListenerSet/shop"], &["Secret"])]), fine);
    // And nothing of the set for the Gateway.
    let gateway = letting_all(&[tls("tls", "certs")]);
    let resolution = resolved(&[gateway, secret("certs/cert"), grant("certs/g", &["ListenerSet/infra"], &["Secret"])]);
    assert_eq!(names(&edge_of(&resolution).listeners[0].unresolved), ["refNotPermitted"]);
}

#[test]
fn c_020_to_c_023_who_attaches_where() {
    let objects = |parents: Value| {
        [
            letting_all(&[on("http", 80)]),
            listener_set("infra/s", &[on("one", 81), on("two", 82)]),
            route("infra/r", json!({"parentRefs": parents})),
        ]
    };
    let set = |more: Value| merged(json!({"kind": "ListenerSet", "name": "s"}), more);
    for (parent, expected) in [
        (set(json!({})), Ok(vec!["one", "two"])),
        (set(json!({"sectionName": "two"})), Ok(vec!["two"])),
        (set(json!({"port": 81})), Ok(vec!["one"])),
        (set(json!({"sectionName": "http"})), Err("noListenerSelected")),
        (set(json!({"sectionName": "one", "port": 82})), Err("noListenerSelected")),
        // C-021.
        (json!({"name": "edge"}), Ok(vec!["http"])),
        (json!({"name": "edge", "port": 81}), Err("noListenerSelected")),
        // C-022.
        (json!({"name": "edge", "sectionName": "one"}), Err("noListenerSelected")),
    ] {
        let attachment = attachment_of(&resolved(&objects(json!([parent]))), "infra/r");
        match expected {
            Ok(listeners) => assert_eq!(listeners_of(&attachment), listeners, "{parent}"),
            Err(why) => assert_eq!(names(&attachment.refused), [why], "{parent}"),
        }
    }
    // C-023.
    let both = any_route_of(&resolved(&objects(json!([{"name": "edge", "sectionName": "one"}, set(json!({}))]))), "infra/r");
    let attached: Vec<bool> = both.parents.iter().map(|parent| parent.is_attached()).collect();
    assert_eq!(attached, [false, true]);
    assert_eq!(both.parents[1].parent_ref.kind, "ListenerSet");
    assert!(both.parents.iter().all(|parent| parent.served_by.gateway() == Some(&key("Gateway", "infra/edge"))));
}

#[test]
fn c_024_and_c_025_same_is_the_namespace_of_the_set() {
    let selected =
        json!({"namespaces": {"from": "Selector", "selector": {"matchLabels": {"kubernetes.io/metadata.name": "blue"}}}});
    let of = |name: &str, port: u16, allowed: Value| listener(name, port, "HTTP", json!({"allowedRoutes": allowed}));
    let listeners = [of("all", 81, from_all()), of("same", 82, json!({})), of("selected", 83, selected)];
    let routes = ["infra", "shop", "blue"].map(|namespace| {
        route(&format!("{namespace}/r"), json!({"parentRefs": [{"kind": "ListenerSet", "namespace": "shop", "name": "s"}]}))
    });
    let resolution = resolved(&[&[letting_all(&[open("http")]), listener_set("shop/s", &listeners)][..], &routes].concat());
    let on = |name: &str| resolution.attached_routes.on(&ListenerKey { parent: key("ListenerSet", "shop/s"), name: name.into() });
    assert_eq!((on("all"), on("same"), on("selected")), (3, 1, 1));
    assert_eq!(listeners_of(&attachment_of(&resolution, "infra/r")), ["all"]);
    assert_eq!(listeners_of(&attachment_of(&resolution, "shop/r")), ["all", "same"]);
}

#[test]
fn c_026_kinds_that_cannot_be_supported() {
    let kinds = json!({"allowedRoutes": {"kinds": [{"kind": "FooRoute"}, {"kind": "HTTPRoute"}]}});
    let resolution = resolved(&[letting_all(&[open("http")]), listener_set("shop/s", &[listener("a", 81, "HTTP", kinds)])]);
    assert_eq!(names(&set_of(&resolution, "shop/s").listeners[0].unresolved), ["routeKindUnsupported"]);
}

#[test]
fn c_029_a_broken_set_is_refused_and_takes_no_place() {
    let mut broken = aged(listener_set("a/broken", &[on("http", 81)]), 1);
    broken["spec"]["surprise"] = true.into();
    let resolution = resolved(&[letting_all(&[open("http")]), broken, aged(listener_set("b/fine", &[on("http", 81)]), 2)]);
    let set = set_of(&resolution, "a/broken");
    assert_eq!(
        (names(&set.refused), refused(&set)),
        (vec!["listenerSetInvalid".into()], vec![vec!["listenerSetInvalid".into()]])
    );
    assert!(set_of(&resolution, "b/fine").is_accepted(), "S-017");
}

#[test]
fn c_031_bad_sets_leave_their_gateway_alone() {
    let own = resolved(&[gateway("infra/edge", &[open("http")])]);
    let bad = listener_set("shop/s", &[listener("a", 80, "TCP", json!({})), on("b", 80), listener("c", 99, "SMTP", json!({}))]);
    let with = resolved(&[letting_all(&[open("http")]), bad]);
    let (own, with) = (edge_of(&own), edge_of(&with));
    assert!(with.is_accepted() && with.is_programmed());
    assert_eq!(with.listeners, own.listeners);
    assert!(!with.listener_sets[0].is_accepted());
}

#[test]
fn c_032_filters_need_requests() {
    let auth = json!({"requests": [{"type": "ExternalAuth",
        "externalAuth": {"protocol": "HTTP", "http": {}, "backendRef": {"name": "auth", "port": 80}}}]});
    let set = listener_set("shop/s", &[listener("tcp", 81, "TCP", json!({"filters": auth})), on("http", 82)]);
    let resolution = resolved(&[letting_all(&[open("http")]), set, common::service("shop/auth", &[80])]);
    assert_eq!(refused(&set_of(&resolution, "shop/s")), [vec!["listenerFilterInvalid"], vec![]]);
}

/// The merged list is one (C-005); whose the other listener is stays untold (C-027).
#[test]
fn b_030_tls_hostnames_overlap_across_objects_too() {
    let of = |name: &str, port: u16, hostname: Option<&str>| https(name, port, json!({"hostname": hostname}));
    let cases = [
        (Some("*.a.com"), Some("b.a.com"), true),
        (Some("b.a.com"), Some("*.a.com"), true),
        (Some("*.a.com"), Some("*.b.a.com"), true),
        (Some("*.b.a.com"), Some("*.a.com"), true),
        (None, Some("b.com"), true),
        (Some("b.com"), None, true),
        (Some("*.a.com"), Some("a.com"), false),
        (Some("*.a.com"), Some("ba.com"), false),
        (Some("b.com"), Some("c.com"), false),
        (Some("b.b.com"), Some("b.com"), false),
    ];
    for (gateways, sets, overlap) in cases {
        let objects = [
            letting_all(&[of("tls", 443, gateways), of("apart", 8443, None)]),
            listener_set("infra/s", &[of("tls", 443, sets)]),
            secret("infra/cert"),
        ];
        let resolution = resolved(&objects);
        let edge = edge_of(&resolution);
        let elsewhere = |set: &Arc<ResolvedListenerSet>| set.listeners[0].overlaps_elsewhere;
        assert_eq!(
            edge.listeners.iter().map(|one| one.overlaps_elsewhere).collect::<Vec<_>>(),
            [overlap, false],
            "{gateways:?} {sets:?}"
        );
        assert_eq!(elsewhere(&edge.listener_sets[0]), overlap, "{gateways:?} {sets:?}");
        assert!(edge.listeners.iter().all(|one| one.overlaps.is_empty()));
        // Not with one that is not let in.
        let closed = gateway("infra/edge", &[of("tls", 443, gateways)]);
        let resolution = resolved(&[closed, objects[1].clone(), objects[2].clone()]);
        assert!(!edge_of(&resolution).listeners[0].overlaps_elsewhere);
    }
}

#[test]
fn law_12_sets_that_are_not_declared_are_nobodys() {
    let objects = [
        letting_all(&[open("http")]),
        listener_set("shop/s", &[on("http", 81)]),
        route("shop/r", json!({"parentRefs": [{"kind": "ListenerSet", "name": "s"}, edge()]})),
    ];
    let resolution = resolved_by(&without(Feature::ListenerSet), &objects);
    assert!(resolution.listener_sets.is_empty() && edge_of(&resolution).listener_sets.is_empty());
    let route = any_route_of(&resolution, "shop/r");
    assert!(matches!(route.unclaimed[0].1, Unclaimed::KindUnsupported { .. }));
    assert_eq!(route.parents.len(), 1);
}
