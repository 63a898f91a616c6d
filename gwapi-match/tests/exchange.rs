//! Decisions carried out, where requests are not what they should be.

mod support;

use gwapi_core::model::Scheme;
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
    let world = world(vec![http("web", 80, "")], vec![route("r").rule(rule([any_path()]))]);
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
