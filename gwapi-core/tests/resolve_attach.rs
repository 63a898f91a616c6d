//! Where routes attach and what is counted (chapters D and E).

mod common;

use common::{
    attachment_of, edge, edge_of, from_all, gateway, https, listener, listener_of, listeners_of, names, namespace, ours,
    resolved, resolved_by, route, route_of, ruled, snapshot, without,
};
use gwapi_core::{
    Controller, Feature, Refusal, Resolution, SupportedFeatures,
    refusal::NamespaceFault,
    resolution::{Attachment, Unclaimed},
    resolve,
};
use serde_json::{Value, json};

fn open(name: &str, port: u16) -> Value {
    listener(name, port, "HTTP", json!({"allowedRoutes": from_all()}))
}

fn named(name: &str, hostname: &str) -> Value {
    listener(name, 80, "HTTP", json!({"hostname": hostname, "allowedRoutes": from_all()}))
}

fn allowing(name: &str, namespaces: Value) -> Value {
    listener(name, 80, "HTTP", json!({"allowedRoutes": {"namespaces": namespaces}}))
}

fn to(parent_refs: Value) -> Value {
    route("shop/r", json!({"parentRefs": parent_refs}))
}

fn counts(resolution: &Resolution) -> Vec<(String, usize)> {
    let edge = edge_of(resolution);
    edge.listeners
        .iter()
        .map(|listener| (listener.key.name.as_str().into(), resolution.attached_routes.on(&listener.key)))
        .collect()
}

fn count(resolution: &Resolution, listener: &str) -> usize {
    common::count_of(resolution, "infra/edge", listener)
}

#[test]
fn d_017_every_listener_that_is_selected_tells_why_not() {
    let foreign = listener("foreign", 80, "HTTP", json!({"hostname": "a.com"}));
    let tls = listener("tls", 443, "TLS", json!({"tls": {"mode": "Passthrough"}, "allowedRoutes": from_all()}));
    let refused = |listeners: &[Value], parent: Value| {
        let route = route("shop/r", json!({"parentRefs": [common::merged(edge(), parent)], "hostnames": ["a.com"]}));
        names(&attachment_of(&resolved(&[gateway("infra/edge", listeners), route]), "shop/r").refused)
    };
    let all = [foreign.clone(), tls.clone(), named("named", "b.com")];
    assert_eq!(refused(&all, json!({"sectionName": "gone"})), ["noListenerSelected"]);
    assert_eq!(refused(&all, json!({})), ["namespaceNotAllowed", "kindNotAllowed", "noMatchingHostname"]);
    assert_eq!(refused(&[foreign, tls], json!({})), ["namespaceNotAllowed", "kindNotAllowed"]);
}

// Namespaces

/// What becomes of `shop/r` on a listener that allows these namespaces.
fn from(namespaces: Value, objects: &[Value]) -> Attachment {
    let edge = gateway("infra/edge", &[allowing("http", namespaces)]);
    attachment_of(&resolved(&[&[edge, ruled("shop/r", json!([{}]))], objects].concat()), "shop/r")
}

fn why(attachment: &Attachment) -> &NamespaceFault {
    let [Refusal::NamespaceNotAllowed { why, .. }] = attachment.refused.as_slice() else { panic!("{:?}", attachment.refused) };
    why
}

/// kthena#1135.
#[test]
fn pitfall_49_the_default_is_the_namespace_of_the_gateway() {
    for allowed in [json!({}), json!({"allowedRoutes": {}}), json!({"allowedRoutes": {"namespaces": {}}})] {
        let edge = gateway("infra/edge", &[listener("http", 80, "HTTP", allowed)]);
        let own = route("infra/r", json!({"parentRefs": [{"name": "edge"}]}));
        let resolution = resolved(&[edge, ruled("shop/r", json!([{}])), own]);
        assert_eq!(*why(&attachment_of(&resolution, "shop/r")), NamespaceFault::NotSame("infra".into()));
        assert!(attachment_of(&resolution, "infra/r").is_attached());
        assert_eq!(count(&resolution, "http"), 1);
    }
}

#[test]
fn d_005_from_all_needs_no_grant() {
    assert!(from(json!({"from": "All"}), &[]).is_attached());
}

#[test]
fn d_003_a_selector_counts_with_from_selector_only() {
    let never = json!({"matchLabels": {"no": "where"}});
    assert!(from(json!({"from": "All", "selector": never}), &[]).is_attached());
    assert!(matches!(why(&from(json!({"selector": {}}), &[])), NamespaceFault::NotSame(_)));
    assert_eq!(*why(&from(json!({"from": "Selector"}), &[])), NamespaceFault::NoSelector);
    assert!(from(json!({"from": "Selector", "selector": {}}), &[]).is_attached());
    let other = from(json!({"from": "None"}), &[]);
    assert_eq!(*why(&other), NamespaceFault::UnknownFrom("None".into()));
}

#[test]
fn d_003_selectors_read_as_kubernetes_reads_them() {
    let labels = namespace("shop", json!({"team": "red", "tier": "1"}));
    let expression = |key: &str, operator: &str, values: Value| json!({"matchExpressions": [{"key": key, "operator": operator, "values": values}]});
    let cases = [
        (json!({"matchLabels": {"team": "red"}}), true),
        (json!({"matchLabels": {"team": "red", "tier": "2"}}), false),
        (json!({"matchLabels": {"kubernetes.io/metadata.name": "shop"}}), true),
        (json!({"matchLabels": {"team": "red"}, "matchExpressions": [{"key": "tier", "operator": "DoesNotExist"}]}), false),
        (expression("team", "In", json!(["blue", "red"])), true),
        (expression("team", "NotIn", json!(["blue"])), true),
        (expression("team", "NotIn", json!(["red"])), false),
        (expression("gone", "NotIn", json!(["red"])), true),
        (expression("gone", "In", json!(["red"])), false),
        (expression("team", "Exists", json!([])), true),
        (expression("gone", "DoesNotExist", json!([])), true),
        // S-019: neither a new operator nor a broken one lets anybody in.
        (expression("team", "Matches", json!(["red"])), false),
        (expression("team", "NotIn", json!([])), false),
    ];
    for (selector, expected) in cases {
        let attachment = from(json!({"from": "Selector", "selector": selector}), std::slice::from_ref(&labels));
        assert_eq!(attachment.is_attached(), expected, "{selector}");
    }
}

/// hashicorp/consul-api-gateway#117.
#[test]
fn pitfall_47_the_selector_looks_at_the_labels_of_the_namespace_and_not_of_the_route() {
    let selected = json!({"from": "Selector", "selector": {"matchLabels": {"team": "red"}}});
    let mut labelled = ruled("shop/r", json!([{}]));
    labelled["metadata"]["labels"] = json!({"team": "red"});
    let edge = gateway("infra/edge", &[allowing("http", selected.clone())]);
    let resolution = resolved(&[edge, labelled, namespace("shop", json!({}))]);
    assert_eq!(*why(&attachment_of(&resolution, "shop/r")), NamespaceFault::NotSelected);
    assert!(from(selected, &[namespace("shop", json!({"team": "red"}))]).is_attached());
}

#[test]
fn d_003_a_namespace_without_an_object_has_only_its_name() {
    let by = |label: &str, value: &str| {
        from(
            json!({"from": "Selector", "selector": {"matchLabels": {label: value}}}),
            &[namespace("infra", json!({"team": "red"}))],
        )
    };
    assert!(by("kubernetes.io/metadata.name", "shop").is_attached());
    assert!(!by("kubernetes.io/metadata.name", "infra").is_attached());
    assert!(!by("team", "red").is_attached());
}

/// EG#9625: labels are read anew with every resolution.
#[test]
fn pitfall_48_a_changed_label_changes_the_answer() {
    let selected = json!({"from": "Selector", "selector": {"matchLabels": {"team": "red"}}});
    let edge = gateway("infra/edge", &[allowing("http", selected)]);
    let mut snapshot = snapshot(&[edge, ruled("shop/r", json!([{}])), namespace("shop", json!({"team": "red"}))]);
    assert_eq!(count(&resolve(&snapshot, &ours()), "http"), 1);
    snapshot.insert(common::read(&namespace("shop", json!({"team": "blue"}))));
    // D-033.
    assert_eq!(count(&resolve(&snapshot, &ours()), "http"), 0);
}

// Selecting listeners

/// NGF#306, AWSLBC#4454.
#[test]
fn pitfall_50_section_name_and_port_must_both_fit() {
    let listeners = [open("a", 80), open("b", 8080), named("c", "c.com")];
    let cases = [
        (json!({}), vec!["a", "b", "c"]),
        (json!({"sectionName": "b"}), vec!["b"]),
        (json!({"port": 80}), vec!["a", "c"]),
        (json!({"port": 80, "sectionName": "c"}), vec!["c"]),
        (json!({"port": 8080, "sectionName": "c"}), vec![]),
        (json!({"port": 81}), vec![]),
        (json!({"sectionName": "gone"}), vec![]),
        (json!({"sectionName": "A"}), vec![]),
    ];
    for (section, expected) in cases {
        let mut parent = edge();
        parent.as_object_mut().unwrap().extend(section.as_object().unwrap().clone());
        let attachment = attachment_of(&resolved(&[gateway("infra/edge", &listeners), to(json!([parent]))]), "shop/r");
        assert_eq!(listeners_of(&attachment), expected, "{section}");
        // D-013, D-014.
        let refused = if expected.is_empty() { vec!["noListenerSelected"] } else { vec![] };
        assert_eq!(names(&attachment.refused), refused, "{section}");
    }
}

#[test]
fn d_012_a_port_is_refused_where_nobody_declared_that_ports_are_matched() {
    let features = SupportedFeatures::built().without(Feature::HTTPRouteParentRefPort);
    let features = features.without(Feature::HTTPRouteDestinationPortMatching);
    let neither = Controller { features, ..ours() };
    let objects =
        |port: u16| [gateway("infra/edge", &[open("a", 80)]), to(json!([{"namespace": "infra", "name": "edge", "port": port}]))];
    let refused = |controller: &Controller, port| {
        let resolution = resolved_by(controller, &objects(port));
        let attachment = attachment_of(&resolution, "shop/r");
        assert_eq!(count(&resolution, "a"), attachment.listeners.len());
        names(&attachment.refused)
    };
    assert_eq!(refused(&neither, 80), ["parentRefPortUnsupported"]);
    assert_eq!(refused(&neither, 81), ["noListenerSelected"]);
    // Either feature will do (X-17).
    assert!(refused(&without(Feature::HTTPRouteParentRefPort), 80).is_empty());
    assert!(refused(&without(Feature::HTTPRouteDestinationPortMatching), 80).is_empty());
}

#[test]
fn d_010_a_kind_that_the_listener_does_not_list_is_not_allowed() {
    let other =
        listener("http", 80, "HTTP", json!({"allowedRoutes": {"namespaces": {"from": "All"}, "kinds": [{"kind": "FooRoute"}]}}));
    let attachment = attachment_of(&resolved(&[gateway("infra/edge", &[other]), ruled("shop/r", json!([{}]))]), "shop/r");
    assert_eq!(names(&attachment.refused), ["kindNotAllowed"]);
}

#[test]
fn d_016_one_listener_is_enough_and_the_others_say_why_not() {
    let listeners = [allowing("same", json!({"from": "Same"})), named("other", "other.com"), open("open", 8080)];
    let route = route("shop/r", json!({"parentRefs": [edge()], "hostnames": ["a.com"]}));
    let attachment = attachment_of(&resolved(&[gateway("infra/edge", &listeners), route]), "shop/r");
    assert_eq!(listeners_of(&attachment), ["open"]);
    assert_eq!(names(&attachment.refused), ["namespaceNotAllowed", "noMatchingHostname"]);
}

#[test]
fn d_018_each_parent_is_judged_for_itself_in_the_order_of_the_manifest() {
    let closed = gateway("infra/closed", &[allowing("http", json!({"from": "Same"}))]);
    let objects = [
        gateway("infra/edge", &[open("http", 80)]),
        closed,
        to(json!([{"namespace": "infra", "name": "closed"}, edge(), {"name": "gone"}])),
    ];
    let resolution = resolved(&objects);
    let route = route_of(&resolution, "shop/r");
    let attached: Vec<_> = route.parents.iter().map(Attachment::is_attached).collect();
    assert_eq!(attached, [false, true]);
    // D-020: without a namespace it is that of the route.
    assert!(matches!(&route.unclaimed[0].1, Unclaimed::NotFound { parent } if *parent == common::key("Gateway", "shop/gone")));
}

#[test]
fn d_021_parents_of_other_kinds_are_none_of_our_business() {
    let parents = json!([
        {"namespace": "infra", "name": "edge", "kind": "ListenerSet"},
        {"namespace": "infra", "name": "edge", "group": "", "kind": "Service"},
        // O-024: a kind of somebody else.
        {"namespace": "infra", "name": "edge", "group": "example.com"},
        {"namespace": "infra", "name": "edge", "group": "core"},
        // O-001: the core group is the empty text, and nothing else.
        {"namespace": "infra", "name": "edge", "group": "core", "kind": "Service"},
        // O-023, D-038: left to the implementation.
        {"namespace": "infra", "name": "edge", "group": "multicluster.x-k8s.io", "kind": "ServiceImport"},
    ]);
    let unclaimed = |controller: &Controller| {
        let objects = [gateway("infra/edge", &[open("http", 80)]), to(parents.clone())];
        let route = route_of(&resolved_by(controller, &objects), "shop/r");
        assert!(route.parents.is_empty());
        let is_unsupported = |(_, why): &(_, Unclaimed)| matches!(why, Unclaimed::KindUnsupported { .. });
        route.unclaimed.iter().map(is_unsupported).collect::<Vec<_>>()
    };
    // The first two are of kinds that are supported, and there is no such object.
    assert_eq!(unclaimed(&ours()), [false, false, true, true, true, true]);
    assert_eq!(unclaimed(&without(Feature::ListenerSet)), [true, false, true, true, true, true]);
    assert_eq!(unclaimed(&without(Feature::Mesh)), [false, true, true, true, true, true]);
}

#[test]
fn d_035_a_route_without_parents_attaches_nowhere() {
    let resolution = resolved(&[gateway("infra/edge", &[open("http", 80)]), route("infra/r", json!({}))]);
    assert!(route_of(&resolution, "infra/r").parents.is_empty());
    assert_eq!(count(&resolution, "http"), 0);
}

/// istio#58299, kuma#18262: names that look alike when they are joined are still two.
#[test]
fn pitfall_51_names_are_never_joined() {
    let listeners = [open("c", 80)];
    let objects = [
        gateway("a/b-c", &listeners),
        gateway("a-b/c", &listeners),
        route("a/r", json!({"parentRefs": [{"name": "b-c"}]})),
        route("a-b/r", json!({"parentRefs": [{"name": "c"}]})),
        route("a-b/s", json!({"parentRefs": [{"name": "c"}]})),
    ];
    let resolution = resolved(&objects);
    let count = |name: &str| common::count_of(&resolution, name, "c");
    assert_eq!((count("a/b-c"), count("a-b/c")), (1, 2));
}

// Hostnames

/// What each hostname of a route is served as on a listener of that hostname; nothing if it is not attached.
fn served(listener_hostname: Option<&str>, hostnames: &[&str]) -> Vec<(Option<String>, Option<String>)> {
    let http = listener_hostname.map_or_else(|| open("http", 80), |hostname| named("http", hostname));
    let route = route("shop/r", json!({"parentRefs": [edge()], "hostnames": hostnames}));
    let attachment = attachment_of(&resolved(&[gateway("infra/edge", &[http]), route]), "shop/r");
    let text = |hostname: &Option<gwapi_core::Hostname>| hostname.as_ref().map(ToString::to_string);
    match attachment.listeners.as_slice() {
        [attached] => attached.hostnames.iter().map(|one| (text(&one.own), text(&one.served))).collect(),
        _ => {
            assert_eq!(names(&attachment.refused), ["noMatchingHostname"]);
            Vec::new()
        }
    }
}

/// E-023: what programs for certificates and DNS records read is the intersection, and nothing where there is none.
#[test]
fn e_010_a_hostname_is_served_as_far_as_the_listener_has_it() {
    // Listener, hostname of the route, what is served.
    let cases = [
        // E-005.
        (Some("a.com"), "a.com", Some("a.com")),
        (Some("very.specific.com"), "*.specific.com", Some("very.specific.com")),
        (Some("a.com"), "b.com", None),
        // E-006.
        (Some("*.example.com"), "sub.domain.example.com", Some("sub.domain.example.com")),
        // E-007, and pitfall 2: the narrower one, whichever side has it.
        (Some("*.com"), "*.example.com", Some("*.example.com")),
        (Some("*.example.com"), "*.com", Some("*.example.com")),
        (Some("*.example.com"), "*.example.com", Some("*.example.com")),
        // E-008.
        (Some("*.example.com"), "example.com", None),
        (Some("*.example.com"), "*.other.com", None),
        (Some("*.example.com"), "test.example.net", None),
        (Some("*.example.com"), "badexample.com", None),
        (Some("example.com"), "*.example.com", None),
        // E-011.
        (None, "a.com", Some("a.com")),
        (None, "*.a.com", Some("*.a.com")),
    ];
    for (listener, own, expected) in cases {
        let expected: Vec<_> = expected.map(|served| (Some(own.to_owned()), Some(served.to_owned()))).into_iter().collect();
        assert_eq!(served(listener, &[own]), expected, "{listener:?} {own}");
    }
}

#[test]
fn e_004_a_route_without_hostnames_takes_those_of_the_listener() {
    assert_eq!(served(Some("*.a.com"), &[]), [(None, Some("*.a.com".into()))]);
    assert_eq!(served(None, &[]), [(None, None)]);
}

/// contour#4505, kong-operator#4363: all pairs that intersect, and only those.
#[test]
fn pitfall_7_every_intersection_is_served_and_nothing_else() {
    let own = |text: &str, as_: &str| (Some(text.to_owned()), Some(as_.to_owned()));
    let hostnames = ["non.matching.com", "wildcard.io", "foo.wildcard.io", "*.io", "*.foo.wildcard.io", "foo.wildcard.io"];
    assert_eq!(
        served(Some("*.wildcard.io"), &hostnames),
        [own("foo.wildcard.io", "foo.wildcard.io"), own("*.io", "*.wildcard.io"), own("*.foo.wildcard.io", "*.foo.wildcard.io")]
    );
}

#[test]
fn e_001_a_hostname_that_is_none_serves_nothing_and_does_not_widen_the_route() {
    for bad in ["*", "a.*.com", "f*.example.com", "Example.com", "192.0.2.1", "a.com.", ""] {
        assert_eq!(served(None, &[bad]), [], "{bad}");
        assert_eq!(served(None, &[bad, "a.com"]), [(Some("a.com".into()), Some("a.com".into()))], "{bad}");
    }
}

/// istio#59229: what is served is never wider than the listener.
#[test]
fn pitfall_8_the_served_names_stay_inside_of_the_listener() {
    for own in ["*.com", "*.example.com", "*.a.example.com", "a.example.com", "example.com", "com"] {
        for (_, served) in served(Some("*.example.com"), &[own]) {
            assert!(served.unwrap().ends_with(".example.com"), "{own}");
        }
    }
}

// Counting

#[test]
fn d_026_routes_are_counted_where_they_are_accepted() {
    let listeners = [named("exact", "very.specific.com"), named("wild", "*.wildcard.io"), named("other", "*.another.io")];
    let hosts = |name: &str, hostnames: Value| route(name, json!({"parentRefs": [edge()], "hostnames": hostnames}));
    let objects = [
        gateway("infra/edge", &listeners),
        hosts("shop/a", json!(["very.specific.com"])),
        hosts("shop/b", json!(["*.specific.com", "no.match"])),
        hosts("shop/c", json!(["foo.wildcard.io"])),
        hosts("shop/d", json!(["foo.another.io"])),
        hosts("shop/e", json!(["specific.but.wrong.com", "wildcard.io"])),
    ];
    assert_eq!(counts(&resolved(&objects)), [("exact".into(), 2), ("wild".into(), 1), ("other".into(), 1)]);
}

#[test]
fn d_027_with_a_section_name_the_sibling_has_none() {
    let parent = json!([{"namespace": "infra", "name": "edge", "sectionName": "a"}]);
    let resolution = resolved(&[gateway("infra/edge", &[open("a", 80), open("b", 8080)]), to(parent)]);
    assert_eq!(counts(&resolution), [("a".into(), 1), ("b".into(), 0)]);
}

#[test]
fn d_028_a_route_is_counted_once_however_often_it_points_there() {
    let parents = json!([edge(), {"namespace": "infra", "name": "edge", "sectionName": "a"}, {"namespace": "infra", "name": "edge", "port": 80}]);
    let resolution = resolved(&[gateway("infra/edge", &[open("a", 80)]), to(parents)]);
    assert_eq!(route_of(&resolution, "shop/r").parents.len(), 3);
    assert_eq!(count(&resolution, "a"), 1);
}

#[test]
fn d_030_a_broken_certificate_does_not_suppress_counting() {
    let tls = https("tls", 443, json!({"allowedRoutes": from_all()}));
    let rules = json!([{"backendRefs": [{"name": "gone", "port": 80}]}]);
    let resolution = resolved(&[gateway("infra/edge", &[tls]), ruled("shop/r", rules)]);
    assert!(!listener_of(&edge_of(&resolution), "tls").is_served());
    assert_eq!(count(&resolution, "tls"), 1);
}

/// GWAPI#4321: routes that are not accepted do not count.
#[test]
fn pitfall_69_a_route_without_a_valid_rule_is_not_counted() {
    let bad = json!({"filters": [{"type": "Teleport"}]});
    let objects = |rules: Value| [gateway("infra/edge", &[open("a", 80)]), ruled("shop/r", rules)];
    assert_eq!(count(&resolved(&objects(json!([bad, bad]))), "a"), 0);
    // D-022.
    assert_eq!(count(&resolved(&objects(json!([bad, {}]))), "a"), 1);
    assert_eq!(count(&resolved(&objects(json!([]))), "a"), 1);
}

/// cilium#47457.
#[test]
fn pitfall_54_nothing_attaches_to_a_listener_in_conflict() {
    let resolution =
        resolved(&[gateway("infra/edge", &[open("a", 80), open("b", 80), open("c", 81)]), ruled("shop/r", json!([{}]))]);
    assert_eq!(counts(&resolution), [("a".into(), 0), ("b".into(), 0), ("c".into(), 1)]);
    let attachment = attachment_of(&resolution, "shop/r");
    assert_eq!(listeners_of(&attachment), ["c"]);
    assert_eq!(names(&attachment.refused), ["listenerNotAccepted", "listenerNotAccepted"]);
}

#[test]
fn d_036_who_loses_precedence_is_attached_and_counted_like_the_winner() {
    let hosts = |name: &str, hostname: &str| route(name, json!({"parentRefs": [edge()], "hostnames": [hostname]}));
    let objects = [
        gateway("infra/edge", &[named("a", "abc.example.com")]),
        hosts("shop/old", "*.example.com"),
        hosts("shop/new", "abc.example.com"),
    ];
    assert_eq!(count(&resolved(&objects), "a"), 2);
}
