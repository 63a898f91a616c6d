//! Decisions carried out, where requests are not what they should be.

mod support;

use gwapi_core::model::{Filter, HeaderModifier, HeaderName as FilteredName, HeaderValue as FilteredValue, HttpRule, Scheme};
use gwapi_match::{
    connect::{Admission, Arrival, Connection},
    exchange::{Exchange, Reaction, Why, react},
    filters::FilterError,
    head::HeadParts,
};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use support::*;

/// A map that takes no more headers.
fn full() -> HeaderMap {
    let mut headers = HeaderMap::new();
    for number in 0.. {
        let name = HeaderName::try_from(format!("x-{number}")).unwrap();
        if headers.try_append(name, HeaderValue::from_static("1")).is_err() {
            break;
        }
    }
    headers
}

/// What becomes of a request of HTTP/2, whose host is no header.
fn react_to<T>(headers: &HeaderMap, look: impl FnOnce(Exchange<'_>) -> T) -> T {
    filtered(Vec::new(), headers, look)
}

/// The same, where the one rule has filters.
fn filtered<T>(filters: Vec<Filter>, headers: &HeaderMap, look: impl FnOnce(Exchange<'_>) -> T) -> T {
    let world = world(vec![http("web", 80, "")], vec![route("r").rule(HttpRule { filters, ..rule([any_path()]) })]);
    let table = world.table();
    let Connection::Http { connection, .. } = table.connect(&Arrival::plain(80)) else { panic!("refused") };
    let parts = HeadParts { method: "GET", scheme: Scheme::Http, authority: Some("a.example"), path_and_query: "/", headers };
    let head = table.head(parts).unwrap();
    let Admission::Listener { id, .. } = table.admit(&connection, &head) else { panic!("no listener") };
    let decision = table.decision(table.route(id, &head)).unwrap();
    look(react(&decision, decision.pick(0), &head, headers.clone(), |_| true))
}

#[test]
fn e_013_the_authority_becomes_the_host() {
    react_to(&HeaderMap::new(), |exchange| {
        let Reaction::Forward { request, .. } = exchange.reaction else { panic!("{exchange:?}") };
        assert_eq!(request.headers["host"], "a.example");
    });
}

#[test]
fn e_013_a_request_without_room_for_its_host_is_an_error_and_not_forwarded_without() {
    react_to(&full(), |exchange| {
        let Reaction::Answer { status, why, .. } = exchange.reaction else { panic!("forwarded") };
        assert_eq!(status, StatusCode::INTERNAL_SERVER_ERROR);
        assert_eq!(why, Why::Filter(FilterError::Header { name: "host".into() }));
    });
}

#[test]
fn h_001_filters_run_in_the_order_of_the_list() {
    let tier = FilteredValue { name: FilteredName::parse("x-tier").unwrap(), value: "gold".into() };
    let set = Filter::RequestHeaderModifier(HeaderModifier { set: vec![tier], ..HeaderModifier::default() });
    for (filters, is_copied) in [(vec![set.clone(), mirror("a")], true), (vec![mirror("a"), set], false)] {
        filtered(filters, &HeaderMap::new(), |exchange| {
            let Reaction::Forward { request, .. } = exchange.reaction else { panic!("{exchange:?}") };
            assert_eq!(request.headers["x-tier"], "gold", "H-048: in any order");
            let [(_, copy)] = &exchange.mirrors[..] else { panic!("one mirror") };
            assert_eq!(copy.headers.contains_key("x-tier"), is_copied, "a mirror copies what the request is at its place");
        });
    }
}
