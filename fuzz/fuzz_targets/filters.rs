//! Objects and requests: what the filters make of a request, of its copies and of the response is valid HTTP, and holds nothing
//! that neither the client nor a filter wrote (H-020, H-021, S-010).
#![no_main]

use std::collections::BTreeSet;

use gwapi_core::{
    RequestHost,
    model::{Cors, HeaderModifier},
    resolution::ResolvedFilter,
};
use gwapi_fuzz::{Case, Head, Question};
use gwapi_match::{
    compile,
    connect::{Admission, Connection},
    decision::{Decision, Outcome, Picked},
    exchange::{Outgoing, Reaction, Why, finish, react},
    filters::header_modifier::{HeaderChange, apply, changes},
    headers::Headers,
};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, Uri, uri::PathAndQuery};

/// What frames a message: no filter touches these (H-021).
const FRAMING: [&str; 8] =
    ["content-length", "transfer-encoding", "connection", "te", "trailer", "upgrade", "keep-alive", "proxy-connection"];

gwapi_fuzz::mutate_manifests!();

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let case = Case::read(bytes);
    let resolution = case.resolution();
    let questions = case.questions(&resolution);
    for table in compile(&resolution, 1).gateways.values() {
        for question in &questions {
            for arrival in question.arrivals(table) {
                let Connection::Http { connection, .. } = table.connect(&arrival) else { continue };
                let Some(head) = question.head(table, arrival.tls.is_some()) else { continue };
                let Admission::Listener { id, .. } = table.admit(&connection, &head) else { continue };
                let decision = table.decision(table.route(id, &head)).expect("its own answer");
                check(&decision, &head, question);
                check(&decision.cleared(), &head, question);
            }
        }
    }
});

fn check(decision: &Decision<'_>, head: &Head<'_>, question: &Question) {
    let picks: Vec<Option<Picked<'_>>> = match decision.outcome {
        Outcome::Forward(forward) => (0..forward.backends.len()).map(|index| Some(forward.backend(index))).collect(),
        Outcome::Redirect(_) | Outcome::Respond { .. } => vec![None],
    };
    for picked in picks {
        let own = if let Some(Picked::Backend { filters, .. }) = picked { filters } else { &[] };
        let filters: Vec<&ResolvedFilter> = decision.filters().iter().chain(own).collect();
        let exchange = react(decision, picked, head, head.headers.clone(), |_| true);
        for (_, copy) in &exchange.mirrors {
            check_outgoing(copy, head, &filters);
        }
        match &exchange.reaction {
            Reaction::Forward { index, request, .. } => {
                check_outgoing(request, head, &filters);
                check_response(decision, *index, head, question, &filters);
            }
            Reaction::Answer { status, headers, why } => check_answer(decision, *status, headers, why, head),
        }
        filters.iter().for_each(|filter| check_modifier(filter, head.headers));
    }
}

fn check_outgoing(outgoing: &Outgoing, head: &Head<'_>, filters: &[&ResolvedFilter]) {
    let target = &outgoing.path_and_query;
    assert!(target.bytes().all(|b| b > b' ' && b != 0x7f && b != b'#'), "{target:?}");
    if head.has_path() {
        assert!(target.starts_with('/'), "{target:?}");
        assert!(PathAndQuery::try_from(target.as_str()).is_ok(), "{target:?}");
    } else {
        assert_eq!(*target, head.path);
    }
    // One host, and a valid one, if the request or a filter names any (E-013).
    let hosts: Vec<_> = outgoing.headers.get_all("host").iter().collect();
    assert!(hosts.len() <= 1);
    let is_host = |host: &HeaderValue| host.to_str().is_ok_and(|host| RequestHost::parse(host).is_some());
    assert!(hosts.iter().all(|host| is_host(host)), "{hosts:?}");
    assert!(!hosts.is_empty() || head.authority.is_none());
    let modifiers = filters.iter().filter_map(|filter| match filter {
        ResolvedFilter::RequestHeaderModifier(modifier) => Some(modifier),
        _ => None,
    });
    check_headers(head.headers, &outgoing.headers, modifiers, &["host"]);
}

/// What frames is as it was, and no other name is there than those that were and those that filters write.
fn check_headers<'m>(
    before: &HeaderMap,
    after: &HeaderMap,
    modifiers: impl Iterator<Item = &'m HeaderModifier>,
    others: &[&str],
) {
    for name in FRAMING {
        assert!(Iterator::eq(before.get_all(name).iter(), after.get_all(name).iter()), "{name}");
    }
    let written = modifiers.flat_map(|modifier| modifier.set.iter().chain(&modifier.add)).map(|header| header.name.as_str());
    let known: BTreeSet<&str> = written.chain(before.keys().map(HeaderName::as_str)).chain(others.iter().copied()).collect();
    for (name, value) in after {
        assert!(known.contains(name.as_str()), "{name}");
        assert!(value.as_bytes().iter().all(|b| !matches!(b, b'\r' | b'\n' | 0)), "{name}");
    }
}

fn check_response(decision: &Decision<'_>, index: usize, head: &Head<'_>, question: &Question, filters: &[&ResolvedFilter]) {
    let origin = head.headers.joined("origin").map(|origin| String::from_utf8_lossy(&origin).into_owned());
    let mut headers = question.answer.clone();
    if finish(decision, index, origin.as_deref(), &mut headers).is_err() {
        return;
    }
    let modifiers = || {
        filters.iter().filter_map(|filter| match filter {
            ResolvedFilter::ResponseHeaderModifier(modifier) => Some(modifier),
            _ => None,
        })
    };
    let cors = decision.cors();
    let mut others: Vec<&str> = gwapi_match::filters::cors::RESPONSE_HEADERS.to_vec();
    others.push("vary");
    check_headers(&question.answer, &headers, modifiers(), if cors.is_some() { &others } else { &[] });
    // A modifier may write what it likes, and runs behind.
    if let (Some(cors), Some(origin), None) = (cors, &origin, modifiers().next()) {
        check_cors(cors, origin, &headers);
    }
}

fn check_answer(decision: &Decision<'_>, status: StatusCode, headers: &HeaderMap, why: &Why<'_>, head: &Head<'_>) {
    let location = headers.get("location");
    assert_eq!(location.is_some(), matches!(why, Why::Redirect(_)));
    assert!(!why.to_string().is_empty());
    match why {
        Why::Redirect(redirect) => {
            assert!([301, 302, 303, 307, 308].contains(&status.as_u16()));
            let text = location.and_then(|location| location.to_str().ok()).expect("text");
            assert_eq!(text, redirect.to_string());
            let uri: Uri = text.parse().expect("a URI");
            assert_eq!(uri.host().map(str::to_owned), Some(redirect.host.clone()));
            assert!(text.bytes().all(|b| b.is_ascii_graphic()) && redirect.path.starts_with('/'));
        }
        Why::Preflight => assert_eq!(status, StatusCode::NO_CONTENT),
        Why::Cause(_) | Why::Filter(_) if head.is_grpc() => {
            assert_eq!((status, headers["content-type"].as_bytes()), (StatusCode::OK, &b"application/grpc"[..]));
        }
        Why::Cause(_) | Why::Filter(_) => assert!(status.is_client_error() || status.is_server_error()),
    }
    if let (Some(cors), Some(origin)) = (decision.cors(), head.headers.joined("origin")) {
        check_cors(cors, &String::from_utf8_lossy(&origin), headers);
    }
}

/// An origin is allowed by its name or by `*`, and `*` never goes with credentials (H-057, H-063).
fn check_cors(cors: &Cors, origin: &str, headers: &HeaderMap) {
    let allowed: Vec<_> = headers.get_all("access-control-allow-origin").iter().collect();
    assert!(allowed.len() <= 1);
    let Some(allowed) = allowed.first() else { return };
    let is_allowed = cors.allow_origins.iter().any(|entry| entry.allows(origin));
    assert!(is_allowed && (*allowed == "*" || *allowed == origin), "{allowed:?} for {origin:?}");
    if headers.contains_key("access-control-allow-credentials") {
        assert!(cors.allow_credentials);
        let names = headers.iter().filter(|(name, _)| name.as_str().starts_with("access-control-"));
        assert!(names.flat_map(|(_, value)| value.as_bytes().split(|b| *b == b',')).all(|part| part.trim_ascii() != b"*"));
    }
}

/// Changing a map, and the changes for hosts without one, come to the same.
fn check_modifier(filter: &ResolvedFilter, headers: &HeaderMap) {
    let (ResolvedFilter::RequestHeaderModifier(modifier) | ResolvedFilter::ResponseHeaderModifier(modifier)) = filter else {
        return;
    };
    let mut one = headers.clone();
    if apply(modifier, &mut one).is_err() {
        return;
    }
    let mut other = headers.clone();
    for change in changes(modifier, headers) {
        let line = |name: &str, value: &[u8]| {
            (HeaderName::from_bytes(name.as_bytes()).expect("a name"), HeaderValue::from_bytes(value).expect("a value"))
        };
        match change {
            HeaderChange::Set { name, value } => {
                let (name, value) = line(name, &value);
                other.insert(name, value);
            }
            HeaderChange::Add { name, value } => {
                let (name, value) = line(name, &value);
                other.append(name, value);
            }
            HeaderChange::Remove { name } => drop(other.remove(name)),
        }
    }
    for name in one.keys().chain(other.keys()) {
        assert_eq!(one.joined(name.as_str()), other.joined(name.as_str()), "{name}");
        assert!(name != "set-cookie" || Iterator::eq(one.get_all(name).iter(), other.get_all(name).iter()));
    }
}
