//! Law 5 where many matches meet at one path: there they are looked up by what they ask for, and the reference asks each.

mod support;

use std::{cell::Cell, sync::Arc};

use gwapi_core::{
    Controller, Pattern,
    choices::{RegexRank, RepeatedQuery},
    model::{HeaderName, HttpMatch, Method, PathMatch, Route, ValueMatch, ValueMatcher},
    resolve,
};
use gwapi_match::explain::explain;
use proptest::{
    collection::vec,
    option,
    prelude::*,
    sample::select,
    test_runner::{Config, RngAlgorithm, TestRng, TestRunner},
};
use support::*;

/// More names than one request keeps in mind at once, and one that begins like another.
const QUERY_NAMES: [&str; 20] =
    ["q", "q2", "Q", "r s", "a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l", "m", "n", "ä", ""];
const VALUES: [&str; 12] = ["0", "1", "2", "3", "4", "a b", "1,2", "1, 2", "1; 2", "", "é", "a.example"];

#[derive(Debug)]
struct Asked {
    method: &'static str,
    host: &'static str,
    target: String,
    headers: Vec<(&'static str, &'static str)>,
}

#[test]
fn law_5_holds_in_a_crowd() {
    let config = Config { failure_persistence: None, ..Config::default() };
    let config = Config { cases: config.cases.max(300), ..config };
    let mut runner = TestRunner::new_with_rng(config, TestRng::deterministic_rng(RngAlgorithm::ChaCha));
    let found = Cell::new([0, 0]);
    let result = runner.run(&(controller(), routes(), vec(asked(), 12)), |(controller, routes, asked)| {
        let world = World::of(resolve(&snapshot(vec![http("web", 80, "")], routes), &controller));
        for asked in asked {
            let request = Request { method: asked.method, headers: asked.headers, ..Request::get(&asked.target) };
            let request = Request { host: Some(asked.host), ..request };
            let expected = request.head(world.table(), |head| {
                let explanation = explain(&world.resolution, &key("Gateway", "front"), &request.arrival(), head);
                let explanation = explanation.expect("an accepted Gateway");
                explanation.winner().map(|one| (one.route.key().clone(), one.rule.index, one.match_index))
            });
            let answer = world.decide(&request, |decision| {
                decision.expect("a listener").rule.map(|one| (one.route.clone(), one.rule.index, one.match_index))
            });
            prop_assert_eq!(&answer, &expected);
            let [neither, rule] = found.get();
            found.set(if answer.is_some() { [neither, rule + 1] } else { [neither + 1, rule] });
        }
        Ok(())
    });
    result.unwrap_or_else(|failure| panic!("{failure}"));
    assert!(found.get().iter().all(|count| *count > 200), "both ends happen: {found:?}");
}

fn controller() -> impl Strategy<Value = Controller> {
    any::<(bool, bool)>().prop_map(|(before, last)| {
        let mut controller = Controller::default();
        controller.choices.regex_rank = if before { RegexRank::BeforePrefix } else { RegexRank::AfterPrefix };
        controller.choices.repeated_query = if last { RepeatedQuery::Last } else { RepeatedQuery::First };
        controller
    })
}

/// Enough matches with the same path for a crowd, most of which ask for something.
fn routes() -> impl Strategy<Value = Vec<Route>> {
    let rules = vec(vec(one_match(), 1..6), 1..24);
    vec((rules, option::of(0_i64..3)), 1..4).prop_map(|routes| {
        let routes = routes.into_iter().enumerate().map(|(number, (rules, age))| {
            let route = route(&format!("r{number}")).age(age);
            rules.into_iter().fold(route, |route, matches| {
                let mut rule = rule([]);
                rule.matches = matches;
                route.rule(rule)
            })
        });
        routes.collect()
    })
}

fn one_match() -> impl Strategy<Value = HttpMatch> {
    let pattern = |source| PathMatch::Regex(Pattern::parse(source).unwrap());
    let paths = [PathMatch::Prefix("/".into()), PathMatch::Prefix("/x".into()), PathMatch::Exact("/x".into()), pattern("/x?")];
    let path = prop_oneof![6 => Just(0), 3 => Just(1), 1 => Just(2), 1 => Just(3)].prop_map(move |at: usize| paths[at].clone());
    let method = option::weighted(0.2, select(&[Method::Get, Method::Post, Method::Put][..]));
    let headers = select(&["a", "b", "c", "cookie", "host", "set-cookie"][..]);
    let header = (headers, value()).prop_map(|(name, value)| ValueMatch { name: HeaderName::parse(name).unwrap(), value });
    let query = (select(&QUERY_NAMES[..]), value()).prop_map(|(name, value)| ValueMatch::<Arc<str>> { name: name.into(), value });
    (path, method, few(header), few(query)).prop_map(|(path, method, mut headers, mut query)| {
        headers.sort_by(|one, other| one.name.as_str().cmp(other.name.as_str()));
        headers.dedup_by(|one, other| one.name == other.name);
        query.sort_by(|one, other| one.name.cmp(&other.name));
        query.dedup_by(|one, other| one.name == other.name);
        // Only few ask for nothing: behind them no other is ever reached.
        if method.is_none() && headers.is_empty() && query.is_empty() {
            let value = ValueMatcher::Exact("1".into());
            headers.push(ValueMatch { name: HeaderName::parse("a").unwrap(), value });
        }
        HttpMatch { path, method, headers, query }
    })
}

fn few<T: std::fmt::Debug>(one: impl Strategy<Value = T>) -> impl Strategy<Value = Vec<T>> {
    let number = prop_oneof![3 => Just(0_usize), 3 => Just(1), 1 => Just(2)];
    (number, vec(one, 2)).prop_map(|(number, mut all)| {
        all.truncate(number);
        all
    })
}

fn value() -> impl Strategy<Value = ValueMatcher> {
    let patterns =
        ["1|1[,;].*", "[0-9]", ".*", "é|a.*", "\\w"].map(|source| ValueMatcher::Regex(Pattern::parse(source).unwrap()));
    prop_oneof![
        6 => select(&VALUES[..]).prop_map(|text| ValueMatcher::Exact(text.into())),
        1 => select(patterns.to_vec()),
    ]
}

fn asked() -> impl Strategy<Value = Asked> {
    let path = select(&["/", "/x", "/x/y", "/y"][..]);
    let name = select(&["q", "q2", "Q", "r+s", "r%20s", "a", "b", "%61", "c", "k", "n", "%C3%A4", "", "zz"][..]);
    let value = select(&["0", "1", "%31", "2", "3", "a+b", "a%20b", "1,2", "", "%C3%A9", "%FF", "%", "2%2"][..]);
    let query = vec((name, value), 0..5).prop_map(|pairs| {
        let pairs: Vec<String> = pairs.into_iter().map(|(name, value)| format!("{name}={value}")).collect();
        pairs.join("&")
    });
    let names = select(&["a", "A", "b", "c", "cookie", "set-cookie"][..]);
    let values = select(&["0", "1", "2", "3", "4", "1,2", "", "é", "a.example"][..]);
    let host = select(&["a.example", "b.example", "1"][..]);
    (select(&["GET", "POST", "get"][..]), host, path, query, vec((names, values), 0..5))
        .prop_map(|(method, host, path, query, headers)| Asked { method, host, target: format!("{path}?{query}"), headers })
}

/// What has no path is matched by the prefix `/` only, whatever else stands beside it.
#[test]
fn f_028_patterns_and_exact_paths_match_nothing_without_a_path() {
    let of = |matches: [HttpMatch; 2]| world(vec![http("web", 80, "")], vec![route("r").rule(rule(matches))]);
    let ask = |world: &World| {
        let request = Request { target: "*", ..Request::get("h.example/").method("OPTIONS") };
        world.ask(request).route().to_owned()
    };
    assert_eq!(ask(&of([regex(".*"), exact("/x")])), "404");
    assert_eq!(ask(&of([regex(".*"), prefix("/x")])), "404");
    assert_eq!(ask(&of([regex(".*"), prefix("/")])), "r");
}

/// More headers than a request keeps in mind at once: none is taken for another.
#[test]
fn every_one_of_many_headers_is_compared_with_its_own_value() {
    const NAMES: [&str; 10] = ["x-0", "x-1", "x-2", "x-3", "x-4", "x-5", "x-6", "x-7", "x-8", "x-9"];
    let asks = NAMES.iter().fold(any_path(), |matched, name| matched.header(name, name));
    let world = world(vec![http("web", 80, "")], vec![route("r").rule(rule([asks]))]);
    let ask = |changed: Option<&str>| {
        let value = |name| if changed == Some(name) { "other" } else { name };
        let request = NAMES.into_iter().fold(Request::get("h.example/"), |request, name| request.header(name, value(name)));
        world.ask(request).route().to_owned()
    };
    assert_eq!(ask(None), "r");
    assert_eq!(NAMES.map(|name| ask(Some(name))), ["404"; 10]);
}

/// F-013: several lines of a header are one value, joined with a comma.
#[test]
fn f_013_a_header_in_several_lines_is_one_value() {
    let of = |value: &str| {
        let world = world(vec![http("web", 80, "")], vec![route("r").rule(rule([any_path().header("x-a", value)]))]);
        world.ask(Request::get("h.example/").header("x-a", "1").header("x-a", "2")).route().to_owned()
    };
    assert_eq!(["1,2", "1, 2", "1", "2", "2,1"].map(of), ["r", "r", "404", "404", "404"]);
}
