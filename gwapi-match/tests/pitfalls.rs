//! Mistakes that others made in matching, each with the behaviour that is asked for.

mod support;

use gwapi_core::{
    Controller,
    choices::{RegexRank, ZeroWeights},
    features::Feature,
    model::{BackendRef, Filter, HeaderModifier, HeaderName, HeaderValue, HttpRule, Method, PathModifier, UrlRewrite},
    resolve,
};
use gwapi_match::{
    connect::{Admission, Arrival, Connection, HttpConnection},
    decision::Picked,
    explain::explain,
    precedence::Key,
};
use support::*;

#[test]
fn pitfall_1_an_exact_hostname_beats_a_longer_wildcard_before_any_path_is_compared() {
    let world = world(
        vec![http("web", 80, "")],
        vec![
            route("wildcard").host("*.a.very.long.example").rule(rule([exact("/x")])),
            route("exact").host("h.a.very.long.example").rule(rule([])),
            route("shorter").host("*.example").rule(rule([exact("/x")])),
            route("none").rule(rule([exact("/x")])),
        ],
    );
    assert_eq!(world.get("h.a.very.long.example/x").route(), "exact");
    assert_eq!(world.get("i.a.very.long.example/x").route(), "wildcard");
    assert_eq!(world.get("very.long.example/x").route(), "shorter");
    assert_eq!(world.get("other.test/x").route(), "none");
}

#[test]
fn pitfall_4_a_request_falls_through_to_a_broader_hostname_of_the_same_listener() {
    let world = world(
        vec![http("web", 80, "")],
        vec![
            route("narrow").host("h.example").rule(rule([prefix("/narrow")])),
            route("broad").host("*.example").rule(rule([prefix("/broad")])),
            route("all").rule(rule([prefix("/all")])),
        ],
    );
    assert_eq!(world.get("h.example/narrow").route(), "narrow");
    assert_eq!(world.get("h.example/broad").route(), "broad");
    assert_eq!(world.get("h.example/all").route(), "all");
    assert_eq!(world.get("h.example/none").route(), "404");
    assert_eq!(world.get("i.example/narrow").route(), "404");

    // E-019 with equal intersections: the listener has one hostname, and both routes are narrowed to it.
    let world = self::world(
        vec![http("web", 80, "h.example")],
        vec![
            route("wildcard").host("*.example").rule(rule([any_path().header("b", "1")])).age(Some(1)),
            route("exact").host("h.example").rule(rule([any_path().header("a", "1")])).age(Some(2)),
        ],
    );
    let ask = |header| world.ask(Request::get("h.example/").header(header, "1")).rule;
    assert_eq!((ask("a"), ask("b"), ask("c")), ("exact[0.0]".into(), "wildcard[0.0]".into(), String::new()));
}

#[test]
fn pitfall_12_a_nested_wildcard_listener_takes_a_host_over_from_its_wider_siblings() {
    let world = world(
        vec![
            http("any", 80, ""),
            http("wide", 80, "*.example"),
            http("nested", 80, "*.api.example"),
            http("exact", 80, "v1.api.example"),
        ],
        vec![route("everywhere").host("v1.api.example").host("v2.api.example").host("w.example").host("o.test").rule(rule([]))],
    );
    for (host, listener) in [("v1.api.example", "exact"), ("v2.api.example", "nested"), ("w.example", "wide"), ("o.test", "any")]
    {
        let answer = world.get(&format!("{host}/"));
        assert_eq!((answer.listener.as_str(), answer.route()), (listener, "everywhere"), "{host}");
    }

    // B-024, B-025: what the selected listener has no route for is not looked for elsewhere.
    let world = self::world(
        vec![http("any", 80, ""), http("wide", 80, "*.example"), http("nested", 80, "*.api.example")],
        vec![route("any").on("any").rule(rule([prefix("/any")])), route("wide").on("wide").rule(rule([prefix("/wide")]))],
    );
    assert_eq!(world.get("x.test/any").route(), "any");
    assert_eq!(world.get("x.example/wide").route(), "wide");
    assert_eq!(world.get("x.example/any").route(), "404");
    assert_eq!(world.get("x.api.example/wide").route(), "404");
    assert_eq!(world.get("x.api.example/any").route(), "404");
}

#[test]
fn pitfall_13_listeners_of_another_port_or_protocol_do_not_isolate() {
    let world = world(
        vec![http("any", 80, ""), http("exact", 8080, "h.example"), https("tls", 443, "h.example")],
        vec![route("r").rule(rule([]))],
    );
    assert_eq!(world.get("h.example/").listener, "any");
    assert_eq!(world.ask(Request::get("h.example/").port(8080)).listener, "exact");
    assert_eq!(world.ask(Request::get("i.example/").port(8080)).outcome, "404, no listener");
    assert_eq!(world.ask(Request::get("h.example/").tls("h.example")).listener, "tls");
    assert_eq!(world.ask(Request::get("h.example/").port(81)).outcome, "NoSuchPort");
    assert_eq!(world.ask(Request::get("h.example/").port(443)).outcome, "WrongTransport");
}

#[test]
fn pitfall_14_a_prefix_ends_at_an_element() {
    let world = world(vec![http("web", 80, "")], vec![route("r").rule(rule([prefix("/foo")]))]);
    for path in ["/foo", "/foo/", "/foo/bar", "/foo?x=/bar", "//foo"] {
        assert_eq!(world.get(path).route(), "r", "{path}");
    }
    for path in ["/foobar", "/Foo", "/", "/bar/foo", "/foo:publish", "/fo", "/foo%2Fbar"] {
        assert_eq!(world.get(path).route(), "404", "{path}");
    }
}

#[test]
fn pitfall_17_a_method_beats_any_number_of_headers() {
    // CVE-2024-42487: a rule for a method was passed by requests with headers.
    let world = world(
        vec![http("web", 80, "")],
        vec![
            route("r")
                .rule(rule([prefix("/x").header("a", "1").header("b", "2").header("c", "3")]))
                .rule(rule([prefix("/x").method(Method::Get)])),
        ],
    );
    let ask = |method| world.ask(Request::get("/x").method(method).header("a", "1").header("b", "2").header("c", "3")).rule;
    assert_eq!((ask("GET"), ask("POST")), ("r[1.0]".into(), "r[0.0]".into()));
}

#[test]
fn pitfall_18_headers_are_counted_per_match_and_not_per_rule() {
    let world = world(
        vec![http("web", 80, "")],
        vec![
            // Three headers in the rule, but one in each match.
            route("many").rule(rule([any_path().header("a", "1"), any_path().header("b", "1"), any_path().header("c", "1")])),
            route("one").rule(rule([any_path().header("a", "1").header("d", "1")])),
        ],
    );
    let all = Request::get("/").header("a", "1").header("b", "1").header("c", "1").header("d", "1");
    assert_eq!(world.ask(all).rule, "one[0.0]");
    assert_eq!(world.ask(Request::get("/").header("b", "1")).rule, "many[0.1]");

    // An exact header and a pattern weigh the same: the earlier rule decides.
    let first = rule([any_path().header_regex("a", "1|2")]);
    let world = self::world(vec![http("web", 80, "")], vec![route("r").rule(first).rule(rule([any_path().header("a", "1")]))]);
    assert_eq!(world.ask(Request::get("/").header("a", "1")).rule, "r[0.0]");
}

#[test]
fn pitfall_19_ties_go_by_age_and_then_by_namespace_and_name_in_any_order_of_the_input() {
    let same = || rule([prefix("/x")]);
    let mut routes = vec![
        route("uncreated").rule(same()).age(None),
        route("younger").rule(same()).age(Some(20)),
        route("older-z").rule(same()).age(Some(10)),
        route("older-a").rule(same()).age(Some(10)),
        // `shop-b/…` sorts before `shop/…`, because `-` sorts before `/`.
        route("shop-b/older-z").rule(same()).age(Some(10)),
    ];
    let mut expected = None;
    for _ in 0..routes.len() {
        routes.rotate_left(1);
        let world = world(vec![http("web", 80, "")], routes.clone());
        assert_eq!(world.get("/x").route(), "older-z");
        let decision = Request::get("/x").head(world.table(), |head| {
            let explanation = explain(&world.resolution, &key("Gateway", "front"), &Arrival::plain(80), head);
            explanation.unwrap().candidates.iter().map(|one| one.route.key().namespaced_name()).collect::<Vec<_>>()
        });
        assert_eq!(decision, ["shop-b/older-z", "shop/older-a", "shop/older-z", "shop/younger", "shop/uncreated"]);
        assert_eq!(*expected.get_or_insert_with(|| world.tables.clone()), world.tables, "law 3");
    }
}

#[test]
fn pitfall_20_of_two_equal_matches_the_first_rule_wins() {
    let same = || prefix("/x").header("a", "1").header("b", "1");
    let swapped = prefix("/x").header("b", "1").header("a", "1");
    let mut broken = rule([same()]);
    broken.backend_refs = vec![backend("missing", 1)];
    let world = world(
        vec![http("web", 80, "")],
        vec![
            route("r").host("a.example").rule(rule([same()])).rule(rule([swapped])),
            route("g").host("b.example").rule(broken).rule(rule([same()])),
        ],
    );
    let ask = |url| world.ask(Request::get(url).header("a", "1").header("b", "1"));
    assert_eq!(ask("a.example/x").rule, "r[0.0]", "G-019: also with the headers in another order");
    let answer = ask("b.example/x");
    assert_eq!((answer.rule.as_str(), answer.outcome.as_str()), ("g[0.0]", "500"), "G-020: the second rule is no fallback");
}

#[test]
fn pitfall_21_the_rule_for_everything_never_comes_first() {
    for name in ["aaa", "zzz"] {
        let catch_all = route(name).age(Some(0)).rule(rule([])).rule(rule([prefix("/")]));
        let world = world(vec![http("web", 80, "")], vec![catch_all, route("mmm").age(Some(9)).rule(rule([prefix("/x")]))]);
        assert_eq!(world.get("/x/y").route(), "mmm");
        assert_eq!(world.get("/y").rule, format!("{name}[0.0]"));
    }
}

#[test]
fn pitfall_25_filters_do_not_change_what_matches() {
    let mut rewriting = rule([prefix("/x").header("a", "1")]);
    rewriting.filters = vec![Filter::UrlRewrite(UrlRewrite {
        hostname: Some(host("other.example")),
        path: Some(PathModifier::ReplacePrefixMatch("/y".into())),
    })];
    let world = world(vec![http("web", 80, "")], vec![route("r").host("h.example").rule(rewriting)]);
    assert_eq!(world.ask(Request::get("h.example/x/z").header("a", "1")).route(), "r");
    assert_eq!(world.get("h.example/x/z").route(), "404");
    assert_eq!(world.ask(Request::get("h.example/y/z").header("a", "1")).route(), "404");
    assert_eq!(world.ask(Request::get("other.example/x").header("a", "1")).route(), "404");
}

#[test]
fn pitfall_26_patterns_are_held_against_the_whole_value() {
    let world = world(
        vec![http("web", 80, "")],
        vec![
            route("path").rule(rule([regex("/v[0-9]+|/v1/beta")])),
            route("header").rule(rule([prefix("/h").header_regex("x", "a|ab")])),
            route("query").rule(rule([prefix("/q").query_regex("x", "a|ab")])),
        ],
    );
    for (path, route) in
        [("/v1", "path"), ("/v1/beta", "path"), ("/v1/x", "404"), ("/x/v1", "404"), ("/v", "404"), ("/v1?x", "path")]
    {
        assert_eq!(world.get(path).route(), route, "{path}");
    }
    for (value, route) in [("a", "header"), ("ab", "header"), ("abc", "404"), ("ba", "404")] {
        assert_eq!(world.ask(Request::get("/h").header("x", value)).route(), route, "{value}");
    }
    for (query, route) in
        [("x=a", "query"), ("x=ab", "query"), ("x=abc", "404"), ("x=a&x=zz", "query"), ("x=zz&x=a", "404"), ("x=%61b", "query")]
    {
        assert_eq!(world.get(&format!("/q?{query}")).route(), route, "{query}");
    }
}

#[test]
fn pitfall_28_the_rules_of_all_routes_of_a_host_compete_as_one_list() {
    // G-008.
    let world = world(
        vec![http("web", 80, "")],
        vec![
            route("one").host("a.example").host("b.example").rule(rule([prefix("/"), any_path().header("version", "one")])),
            route("two").host("a.example").rule(rule([prefix("/v2"), any_path().header("version", "two")])),
        ],
    );
    assert_eq!(world.get("a.example/").route(), "one");
    assert_eq!(world.get("a.example/v2").route(), "two");
    assert_eq!(world.get("b.example/v2").route(), "one");
    assert_eq!(world.ask(Request::get("a.example/").header("version", "two")).route(), "two");
    assert_eq!(world.ask(Request::get("b.example/").header("version", "two")).route(), "one");
}

/// What each point of the split of `/` gives: the name of the Service, or the status.
fn points(backends: Vec<BackendRef>) -> Vec<String> {
    let world = world(vec![http("web", 80, "")], vec![route("r").rule(HttpRule { backend_refs: backends, ..rule([]) })]);
    points_of(&world, "/")
}

fn points_of(world: &World, url: &str) -> Vec<String> {
    let show = |picked: Picked<'_>| match picked {
        Picked::Backend { target, .. } => target.key.object.name.to_string(),
        Picked::Redirect { redirect, .. } => redirect.status_code.to_string(),
        Picked::Respond { status, .. } => status.as_str().to_owned(),
    };
    world.points(&Request::get(url), show, |status| status.as_str().to_owned())
}

#[test]
fn pitfall_29_an_invalid_backend_costs_its_own_share_and_no_more() {
    assert_eq!(points(vec![backend("a", 2), backend("missing", 1), backend("b", 1)]), ["a", "a", "500", "b"]);
}

#[test]
fn pitfall_30_an_invalid_backend_is_neither_dropped_nor_given_to_others() {
    assert_eq!(points(vec![backend("missing", 1), backend("a", 1)]), ["500", "a"]);
    assert_eq!(points(vec![backend("missing", 0), backend("a", 1)]), ["a"], "I-006: with weight 0 it costs nothing");
    assert_eq!(points(vec![backend("missing", 3)]), ["500"], "I-005");
    assert_eq!(points(vec![backend("missing", 3), backend("a", 0)]), ["500"], "I-002: no weight, no traffic");
}

#[test]
fn pitfall_31_no_backend_is_reached_that_the_rule_does_not_name() {
    let mut broken = rule([prefix("/x")]);
    broken.backend_refs = vec![backend("missing", 1)];
    let world = world(vec![http("web", 80, "")], vec![route("broken").rule(broken), route("broad").rule(rule([]))]);
    let answer = world.get("/x/y");
    assert_eq!((answer.route(), answer.outcome.as_str()), ("broken", "500"));
}

#[test]
fn pitfall_32_an_invalid_reference_is_500_and_nothing_is_said_of_endpoints() {
    // Endpoints are the adapter's: a Service without any is a backend like the others here, and 503 there.
    assert_eq!(points(vec![backend("a", 1)]), ["a"]);
    assert_eq!(points(vec![backend("other-namespace/a", 1)]), ["500"]);
}

#[test]
fn pitfall_33_a_rule_without_backends_is_500_and_not_404() {
    assert_eq!(points(vec![]), ["500"]);
    let mut modifying = rule([]);
    modifying.backend_refs = vec![];
    modifying.filters = vec![Filter::RequestHeaderModifier(Default::default()), mirror("a")];
    let mut redirecting = rule([prefix("/r")]);
    redirecting.backend_refs = vec![];
    redirecting.filters = vec![Filter::RequestRedirect(redirect())];
    let world = world(vec![http("web", 80, "")], vec![route("r").rule(modifying).rule(redirecting)]);
    assert_eq!(world.get("/").outcome, "500", "H-013: these filters answer nothing");
    assert_eq!(world.get("/r").outcome, "redirect 302");
}

#[test]
fn pitfall_34_without_any_weight_nothing_is_forwarded() {
    assert_eq!(points(vec![backend("a", 0), backend("b", 0)]), ["503"]);
    assert_eq!(points(vec![backend("missing", 0)]), ["503"]);
    let mut rule = rule([]);
    rule.backend_refs = vec![backend("a", 0)];
    let mut controller = Controller::default();
    controller.choices.zero_weights = ZeroWeights::InternalError;
    let world = World::of(resolve(&snapshot(vec![http("web", 80, "")], vec![route("r").rule(rule)]), &controller));
    assert_eq!(world.get("/").outcome, "500");
}

#[test]
fn pitfall_36_filters_belong_to_the_entry_and_not_to_the_service() {
    // CVE-2026-54765: two rules, the same Service and port, different filters.
    let set = |value: &str| {
        let header = HeaderValue { name: HeaderName::parse("x-tenant").unwrap(), value: value.into() };
        Filter::RequestHeaderModifier(HeaderModifier { set: vec![header], ..HeaderModifier::default() })
    };
    let entry = |value: &str| BackendRef { filters: vec![set(value)], ..backend("a", 1) };
    let with = |path, entries| HttpRule { backend_refs: entries, ..rule([prefix(path)]) };
    let world = world(
        vec![http("web", 80, "")],
        vec![
            route("r1").rule(with("/one", vec![entry("one")])).rule(with("/both", vec![entry("left"), entry("right")])),
            route("r2").rule(with("/two", vec![entry("two")])),
        ],
    );
    let show = |picked: Picked<'_>| match picked {
        Picked::Backend { filters, .. } => format!("{filters:?}"),
        other => panic!("{other:?}"),
    };
    let values = |path: &str| world.points(&Request::get(path), show, |status| panic!("{status}"));
    for (path, expected) in [("/one", vec!["one"]), ("/two", vec!["two"]), ("/both", vec!["left", "right"])] {
        let values = values(path);
        assert_eq!(values.len(), expected.len());
        for (filters, value) in values.iter().zip(expected) {
            assert!(filters.contains(&format!("value: \"{value}\"")), "{path}: {filters}");
        }
    }
}

#[test]
fn pitfall_54_a_conflicted_listener_is_not_in_the_table() {
    let world = world(
        vec![http("one", 80, "h.example"), http("two", 80, "h.example"), http("good", 80, "*.example"), http("bad", 81, "")],
        vec![route("r").rule(rule([]))],
    );
    // `one` and `two` are the same, and nobody wins (B-010); the host falls to what is left.
    assert_eq!(world.get("h.example/").listener, "good");
    let served: Vec<_> = world.table().listeners().map(|listener| listener.key.name.as_str()).collect();
    assert_eq!(served, ["good", "bad"]);

    let world =
        self::world(vec![http("one", 80, ""), http("two", 80, ""), http("good", 81, "")], vec![route("r").rule(rule([]))]);
    assert_eq!(world.get("h.example/").outcome, "NoSuchPort");
    assert_eq!(world.table().ports().map(|port| port.number).collect::<Vec<_>>(), [81]);
}

#[test]
fn pitfall_60_misdirected_requests_are_421_and_unknown_ones_404() {
    // The table of B-028, with names of our own.
    let listeners = || {
        vec![
            https("any", 443, ""),
            https("second", 443, "second.example"),
            https("wild", 443, "*.wild.example"),
            https("exact", 443, "exact.wild.example"),
        ]
    };
    let routes = || {
        vec![
            route("any").on("any").host("first.example").rule(rule([])),
            route("second").on("second").rule(rule([])),
            route("wild").on("wild").rule(rule([])),
            route("exact").on("exact").rule(rule([])),
        ]
    };
    let world = world(listeners(), routes());
    let table = [
        ("first.example", "first.example", "any"),
        ("first.example", "second.example", "421"),
        ("first.example", "unknown.example", "404"),
        ("second.example", "second.example", "second"),
        ("second.example", "first.example", "421"),
        ("second.example", "unknown.example", "421"),
        ("third.wild.example", "third.wild.example", "wild"),
        ("third.wild.example", "fifth.wild.example", "wild"),
        ("third.wild.example", "exact.wild.example", "421"),
        ("third.wild.example", "second.example", "421"),
        ("third.wild.example", "unknown.example", "421"),
        ("exact.wild.example", "exact.wild.example", "exact"),
        ("exact.wild.example", "fifth.wild.example", "421"),
        ("unknown.example", "first.example", "any"),
        ("unknown.example", "unknown.example", "404"),
        // No server name, and names in other spellings: one function reads both.
        ("", "first.example", "any"),
        ("", "second.example", "421"),
        ("Second.Example.", "SECOND.example:443", "second"),
    ];
    for (sni, host, expected) in table {
        let url = format!("{host}/");
        let answer = world.ask(Request::get(&url).tls(sni));
        assert_eq!(answer.route(), expected, "SNI {sni}, host {host}");
    }

    // Without a listener for the rest: 404 if no listener covers the host, and no connection for an unknown name.
    let world = self::world(listeners().split_off(1), routes().split_off(1));
    for (sni, host, expected) in [
        ("second.example", "unknown.example", "404, no listener"),
        ("second.example", "exact.wild.example", "421"),
        ("unknown.example", "second.example", "NoListenerForServerName"),
        ("", "second.example", "NoListenerForServerName"),
    ] {
        let url = format!("{host}/");
        assert_eq!(world.ask(Request::get(&url).tls(sni)).route(), expected, "SNI {sni}, host {host}");
    }

    // Without the feature nothing says 421, and nothing is served by the wrong listener either.
    let mut controller = Controller::default();
    controller.features = controller.features.without(Feature::GatewayHTTPSListenerDetectMisdirectedRequests);
    let world = World::of(resolve(&snapshot(listeners(), routes()), &controller));
    assert_eq!(world.ask(Request::get("second.example/").tls("second.example")).route(), "second");
    assert_eq!(world.ask(Request::get("second.example/").tls("first.example")).route(), "404, no listener");
    assert_eq!(world.ask(Request::get("unknown.example/").tls("second.example")).route(), "404, no listener");
}

#[test]
fn pitfall_l3_a_method_is_no_header() {
    // One method against two headers, and against one in a rule that stands first.
    let world = world(
        vec![http("web", 80, "")],
        vec![
            route("two")
                .rule(rule([prefix("/two").header("a", "1").header("b", "1")]))
                .rule(rule([prefix("/two").method(Method::Get)])),
            route("one").rule(rule([prefix("/one").header("a", "1")])).rule(rule([prefix("/one").method(Method::Get)])),
        ],
    );
    for (path, expected) in [("/two", "two[1.0]"), ("/one", "one[1.0]")] {
        assert_eq!(world.ask(Request::get(path).header("a", "1").header("b", "1")).rule, expected);
    }
}

#[test]
fn pitfall_l4_no_number_of_weak_criteria_beats_a_strong_one() {
    let decide = |routes| {
        let world = world(vec![http("web", 80, "")], routes);
        move |url: &str| {
            let request = HEADERS.iter().fold(Request::get(url), |request, name| request.header(name, "1"));
            world.ask(request).route().to_owned()
        }
    };
    let many_headers = |matched| HEADERS.iter().fold(matched, |matched, name| MatchExt::header(matched, name, "1"));
    // (a) A longer prefix beats a method.
    let ask =
        decide(vec![route("a").rule(rule([prefix("/foo").method(Method::Get)])), route("b").rule(rule([prefix("/foo/bar")]))]);
    assert_eq!(ask("/foo/bar"), "b");
    // (b) A hostname beats a path.
    let ask = decide(vec![route("a").rule(rule([exact("/foo")])), route("b").host("api.example").rule(rule([]))]);
    assert_eq!(ask("api.example/foo"), "b");
    // (c) A method beats sixteen headers.
    let ask = decide(vec![
        route("a").rule(rule([many_headers(prefix("/foo"))])),
        route("b").rule(rule([prefix("/foo").method(Method::Get)])),
    ]);
    assert_eq!(ask("/foo"), "b");
    // (d) An exact path beats the longest prefix.
    let long = format!("/{}", "x".repeat(1000));
    let ask = decide(vec![
        route("a").rule(rule([many_headers(prefix(&long).method(Method::Get))])),
        route("b").rule(rule([exact(&long)])),
    ]);
    assert_eq!(ask(&long), "b");
    // (e) Of a route with several hostnames only the one that matches counts.
    let ask = decide(vec![
        route("a").host("a.very.very.long.hostname.example").host("*.example").rule(rule([])),
        route("b").host("*.api.example").rule(rule([])),
    ]);
    assert_eq!(ask("v1.api.example/"), "b");
    assert_eq!(ask("a.very.very.long.hostname.example/"), "a");
}

const HEADERS: [&str; 16] =
    ["h0", "h1", "h2", "h3", "h4", "h5", "h6", "h7", "h8", "h9", "h10", "h11", "h12", "h13", "h14", "h15"];

#[test]
fn pitfall_l6_the_rank_of_patterns_is_a_choice_with_a_name_and_explanations_say_it() {
    let routes = vec![
        route("prefix").rule(rule([prefix("/a")])),
        route("regex").rule(rule([regex("/a/.*")])),
        route("exact").rule(rule([exact("/a/b")])),
    ];
    for (rank, winner, loser) in [(RegexRank::AfterPrefix, "prefix", "regex"), (RegexRank::BeforePrefix, "regex", "prefix")] {
        let mut controller = Controller::default();
        controller.choices.regex_rank = rank;
        let world = World::of(resolve(&snapshot(vec![http("web", 80, "")], routes.clone()), &controller));
        assert_eq!(world.get("/a/b").route(), "exact");
        assert_eq!(world.get("/a/c").route(), winner);
        Request::get("/a/c").head(world.table(), |head| {
            let explanation = explain(&world.resolution, &key("Gateway", "front"), &Arrival::plain(80), head).unwrap();
            let order: Vec<_> = explanation.candidates.iter().map(|one| one.route.key().name.as_str()).collect();
            assert_eq!(order, [winner, loser, "exact"]);
            assert_eq!(explanation.decided_by, [Key::PathRegex]);
            assert_eq!(explanation.over_runner_up, Some(Key::PathRegex));
        });
    }
}

#[test]
fn an_extension_that_is_not_known_fails_closed() {
    // H-006: the request gets an error, and neither a redirect, nor a mirror, nor CORS comes to pass.
    let mut broken = rule([]);
    broken.filters = vec![extension(), mirror("a")];
    let mut share = rule([prefix("/share")]);
    share.backend_refs = vec![BackendRef { filters: vec![extension()], ..backend("a", 1) }, backend("b", 1)];
    let world = world(vec![http("web", 80, "")], vec![route("r").rule(broken).rule(share)]);
    let answer = world.get("/");
    assert_eq!((answer.rule.as_str(), answer.outcome.as_str()), ("r[0.0]", "500"));
    assert_eq!(points_of(&world, "/share"), ["500", "b"]);
}

#[test]
fn a_rule_that_cannot_be_honoured_takes_part_in_nothing() {
    // G-018, pitfall 24: the broader rule serves what the invalid one would have taken.
    let mut broken = rule([exact("/x")]);
    broken.invalid = vec![invalid()];
    let world = world(
        vec![http("web", 80, "")],
        vec![route("r").rule(broken.clone()).rule(rule([])), route("all-bad").host("h.example").rule(broken)],
    );
    assert_eq!(world.get("/x").rule, "r[1.0]");
    assert_eq!(world.get("h.example/x").rule, "r[1.0]");
}

#[test]
fn b_037_a_handshake_gets_the_certificates_of_the_most_specific_listener() {
    let listeners = vec![https("any", 443, ""), https("wide", 443, "*.example.com"), https("exact", 443, "a.example.com")];
    let world = world(listeners, vec![route("r").rule(rule([any_path()]))]);
    for (server_name, expected) in
        [("a.example.com", "exact"), ("b.example.com", "wide"), ("b.a.example.com", "wide"), ("example.org", "any")]
    {
        let arrival = Arrival::tls(443, Some(server_name));
        let Connection::Http { tls: Some(plan), .. } = world.table().connect(&arrival) else { panic!("{server_name}") };
        let names: Vec<_> = plan.certificates.iter().map(|certificate| certificate.name.as_str()).collect();
        assert_eq!(names, [expected], "{server_name}");
    }
}

#[test]
fn a_request_without_host_meets_only_what_has_no_hostname() {
    // E-026.
    let with =
        world(vec![http("web", 80, "")], vec![route("named").host("*.example").rule(rule([])), route("any").rule(rule([]))]);
    assert_eq!(with.get("/").route(), "any");
    let without = world(vec![http("web", 80, "*.example")], vec![route("any").rule(rule([]))]);
    assert_eq!(without.get("/").outcome, "404, no listener");
}

#[test]
fn a_listener_serves_only_hosts_that_it_covers_whoever_asks() {
    // S-013: `admit` would not have named this listener.
    let world = world(vec![http("a", 80, "a.example"), http("w", 80, "*.w.example")], vec![route("r").rule(rule([]))]);
    let table = world.table();
    let admitted = |url: &str| {
        Request::get(url).head(table, |head| match table.admit(&HttpConnection::of(&Arrival::plain(80)), head) {
            Admission::Listener { id, .. } => id,
            other => panic!("{other:?}"),
        })
    };
    let (a, w) = (admitted("a.example/"), admitted("x.w.example/"));
    let found = |id, url: &str| Request::get(url).head(table, |head| table.route(id, head).is_found());
    assert!(found(a, "a.example/") && found(w, "y.w.example/"));
    assert!(!found(a, "x.w.example/") && !found(w, "a.example/") && !found(w, "w.example/") && !found(a, "/"));
}

#[test]
fn a_route_with_two_parents_that_lead_to_one_listener_is_served_once() {
    let mut twice = route("r").rule(rule([]));
    let parent = twice.parent_refs[0].clone();
    twice.parent_refs.push(gwapi_core::model::ParentRef { section_name: Some("web".into()), ..parent });
    let once = world(vec![http("web", 80, "")], vec![route("r").rule(rule([]))]);
    let twice = world(vec![http("web", 80, "")], vec![twice]);
    assert_eq!(twice.get("/").route(), "r");
    assert_eq!(once.tables, twice.tables);
}
