use gwapi_core::model::{AuthProtocol, BackendObjectRef, ExternalAuth, HeaderName as ModelName, HttpAuth, Scheme};
use http::HeaderValue;
use proptest::prelude::*;

use super::*;

fn auth(protocol: AuthProtocol, max_body: u32) -> ExternalAuth {
    let backend = BackendObjectRef {
        group: "".into(),
        kind: "Service".into(),
        namespace: "shop".into(),
        name: "auth".into(),
        port: Some(80),
    };
    ExternalAuth { backend, protocol, max_body }
}

fn names(names: &[&str]) -> Vec<ModelName> {
    names.iter().map(|name| ModelName::parse(name).unwrap()).collect()
}

fn http(path: &str, allowed: &[&str]) -> ExternalAuth {
    let http = HttpAuth { path: path.into(), allowed_headers: names(allowed), ..HttpAuth::default() };
    auth(AuthProtocol::Http(http), 0)
}

fn copying(allowed: &[&str]) -> HttpAuth {
    HttpAuth { allowed_response_headers: names(allowed), ..HttpAuth::default() }
}

fn map(lines: &[(&'static str, &'static str)]) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for (name, value) in lines {
        headers.append(*name, HeaderValue::from_static(value));
    }
    headers
}

/// All lines of a map, in the order of names.
fn lines(headers: &HeaderMap) -> Vec<String> {
    let mut lines: Vec<String> =
        headers.iter().map(|(name, value)| format!("{name}: {}", String::from_utf8_lossy(value.as_bytes()))).collect();
    lines.sort();
    lines
}

fn subject<'r>(headers: &'r HeaderMap, path_and_query: &'r str) -> Subject<'r> {
    Subject {
        method: "POST",
        scheme: Scheme::Https,
        authority: Some("shop.example.com:8443"),
        path_and_query,
        headers,
        version: "HTTP/2",
        source: None,
        destination: None,
        body: Body::NONE,
    }
}

fn ask_http(auth: &ExternalAuth, subject: Subject<'_>) -> HttpQuestion<'static> {
    match ask(auth, subject).unwrap() {
        Question::Http(HttpQuestion { path_and_query, headers, .. }) => {
            HttpQuestion { method: "", path_and_query, headers, body: &[] }
        }
        Question::Grpc(_) => panic!("not over HTTP"),
    }
}

fn reason(result: Result<Question<'_>, Denial>) -> (u16, DenialReason) {
    let denial = result.expect_err("denied");
    (denial.status.as_u16(), denial.why)
}

const REQUEST: [(&str, &str); 8] = [
    ("authorization", "Bearer t"),
    ("cookie", "a=1"),
    ("cookie", "b=2"),
    ("x-one", "1"),
    ("content-length", "7"),
    ("content-type", "text/plain"),
    ("transfer-encoding", "chunked"),
    ("host", "other.example"),
];

#[test]
fn h_073_what_always_goes_and_what_is_allowed() {
    let headers = map(&REQUEST);
    let question = ask_http(&http("", &[]), subject(&headers, "/cart?x=1"));
    assert_eq!(lines(&question.headers), ["authorization: Bearer t", "content-length: 0", "host: shop.example.com:8443"]);
    assert_eq!(question.path_and_query, "/cart?x=1");
    let question = ask_http(&http("", &["Cookie", "x-one", "x-none"]), subject(&headers, "/"));
    assert_eq!(
        lines(&question.headers)[1..],
        ["content-length: 0", "cookie: a=1", "cookie: b=2", "host: shop.example.com:8443", "x-one: 1"]
    );
}

#[test]
fn h_073_the_request_does_not_decide_where_the_question_ends_or_goes() {
    let headers = map(&REQUEST);
    let allowed = ["transfer-encoding", "content-length", "host", "connection", "te", "upgrade", "authorization"];
    let question = ask_http(&http("", &allowed), subject(&headers, "/"));
    assert_eq!(lines(&question.headers), ["authorization: Bearer t", "content-length: 0", "host: shop.example.com:8443"]);
}

#[test]
fn h_075_the_prefix_is_put_before_the_path() {
    let headers = HeaderMap::new();
    for (prefix, path, expected) in [
        ("", "/a", "/a"),
        ("/", "/a", "/a"),
        ("/check", "/a?b=/c", "/check/a?b=/c"),
        ("/check/", "/", "/check/"),
        ("check", "/a", "/check/a"),
        ("//evil.example", "/a", "/evil.example/a"),
    ] {
        assert_eq!(ask_http(&http(prefix, &[]), subject(&headers, path)).path_and_query, expected, "{prefix:?}");
    }
    for prefix in ["/a?b=", "/a#", "/a\r\nx: y", "/a b", "/a/../b", "/%2e%2E", "/a\\b", "/ü"] {
        let result = ask(&http(prefix, &[]), subject(&headers, "/a"));
        assert_eq!(reason(result), (500, DenialReason::BadFilter), "{prefix:?}");
    }
}

#[test]
fn h_070_what_has_no_path_cannot_be_asked_about() {
    let headers = HeaderMap::new();
    for (method, path) in [("OPTIONS", "*"), ("CONNECT", ""), ("CONNECT", "/x"), ("GET", "")] {
        let result = ask(&http("", &[]), Subject { method, ..subject(&headers, path) });
        assert_eq!(reason(result), (403, DenialReason::NotAskable), "{method} {path}");
    }
}

fn grpc(allowed: &[&str], max_body: u32) -> ExternalAuth {
    auth(AuthProtocol::Grpc { allowed_headers: names(allowed) }, max_body)
}

fn ask_grpc<'r>(auth: &ExternalAuth, subject: Subject<'r>) -> GrpcQuestion<'r> {
    match ask(auth, subject).unwrap() {
        Question::Grpc(question) => question,
        Question::Http(_) => panic!("over HTTP"),
    }
}

#[test]
fn h_074_grpc_gets_all_headers_or_those_that_are_listed() {
    let mut headers = map(&REQUEST);
    headers.insert("x-raw", HeaderValue::from_bytes(b"\xff").unwrap());
    let question = ask_grpc(&grpc(&[], 0), subject(&headers, "/cart?x=1"));
    assert_eq!(question.headers.len(), 8);
    assert_eq!((&*question.headers["cookie"], &*question.headers["x-raw"]), ("a=1; b=2", "\u{fffd}"));
    assert_eq!((question.method, question.host, question.path_and_query), ("POST", Some("shop.example.com:8443"), "/cart?x=1"));
    assert_eq!((question.size, question.body), (None, &b""[..]));
    let question = ask_grpc(&grpc(&["X-One", "x-none"], 0), subject(&headers, "/"));
    assert_eq!(question.headers.into_iter().collect::<Vec<_>>(), [("x-one", "1".to_owned())]);
}

#[test]
fn h_076_bodies_go_whole_or_not_at_all() {
    let headers = HeaderMap::new();
    let with = |max_body, bytes, is_whole| {
        let auth = grpc(&[], max_body);
        let question = ask(&auth, Subject { body: Body { bytes, is_whole }, ..subject(&headers, "/") });
        question.map(|question| match question {
            Question::Grpc(question) => (question.size, question.body.to_vec()),
            Question::Http(_) => panic!("over HTTP"),
        })
    };
    assert_eq!(with(0, b"abc", true), Ok((None, vec![])), "none is asked for");
    assert_eq!(with(3, b"abc", true), Ok((Some(3), b"abc".to_vec())));
    assert_eq!(with(3, b"", true), Ok((Some(0), vec![])));
    for (bytes, is_whole) in [(&b"abcd"[..], true), (b"abc", false), (b"", false)] {
        let denial = with(3, bytes, is_whole).expect_err("too long");
        assert_eq!((denial.status.as_u16(), denial.why), (413, DenialReason::BodyTooLong), "X-11");
    }
    let question = Subject { body: Body { bytes: b"abc", is_whole: true }, ..subject(&headers, "/") };
    let Ok(Question::Http(question)) = ask(&auth(AuthProtocol::Http(HttpAuth::default()), 3), question) else { panic!("denied") };
    assert_eq!((question.headers["content-length"].as_bytes(), question.body), (&b"3"[..], &b"abc"[..]), "H-073");
}

#[test]
fn h_076_a_body_that_is_too_long_is_denied_before_it_is_read() {
    assert_eq!(body_limit(&grpc(&[], 0), Some(u64::MAX)), Ok(0));
    assert_eq!(body_limit(&grpc(&[], 10), Some(10)), Ok(10));
    assert_eq!(body_limit(&grpc(&[], 10), None), Ok(10));
    assert_eq!(body_limit(&grpc(&[], 10), Some(11)).map_err(|denial| denial.status.as_u16()), Err(413));
}

fn judged(auth: &HttpAuth, status: u16, answer: &HeaderMap) -> Verdict {
    judge_http(auth, StatusCode::from_u16(status).unwrap(), answer)
}

fn denial(verdict: Verdict) -> Denial {
    match verdict {
        Verdict::Deny(denial) => denial,
        Verdict::Allow(changes) => panic!("allowed: {changes:?}"),
    }
}

fn changed(verdict: Verdict, request: &[(&'static str, &'static str)]) -> Vec<String> {
    let mut headers = map(request);
    match verdict {
        Verdict::Allow(changes) => changes.apply(&mut headers).unwrap(),
        Verdict::Deny(denial) => panic!("denied: {denial:?}"),
    }
    lines(&headers)
}

#[test]
fn h_071_only_200_allows() {
    for status in 100..1000 {
        let verdict = judged(&HttpAuth::default(), status, &HeaderMap::new());
        assert_eq!(matches!(verdict, Verdict::Allow(_)), status == 200, "{status}");
    }
}

#[test]
fn h_072_listed_headers_are_the_services_alone() {
    let answer = map(&[("x-user", "jane"), ("x-user", "doe"), ("x-other", "o"), ("server", "s")]);
    let verdict = judged(&copying(&["X-User", "x-role"]), 200, &answer);
    let request = [("x-user", "admin"), ("x-role", "root"), ("x-other", "mine")];
    assert_eq!(changed(verdict, &request), ["x-other: mine", "x-user: doe", "x-user: jane"]);
}

#[test]
fn h_072_without_a_list_every_header_goes_but_host_and_what_is_of_the_answer() {
    let answer = map(&[
        ("x-user", "jane"),
        ("host", "evil.example"),
        ("authority", "evil.example"),
        ("content-length", "5"),
        ("transfer-encoding", "chunked"),
        ("connection", "close"),
        ("content-type", "text/html"),
        ("content-encoding", "br"),
    ]);
    let verdict = judged(&copying(&[]), 200, &answer);
    let request = [("host", "shop.example.com"), ("content-type", "application/json"), ("x-user", "admin"), ("x-mine", "m")];
    let expected = ["content-type: application/json", "host: shop.example.com", "x-mine: m", "x-user: jane"];
    assert_eq!(changed(verdict, &request), expected);
}

#[test]
fn h_082_s_026_host_and_framing_cannot_be_listed() {
    let answer = map(&[("host", "evil.example"), ("transfer-encoding", "chunked"), ("content-length", "1")]);
    let verdict = judged(&copying(&["host", "transfer-encoding", "content-length", "content-type"]), 200, &answer);
    let request = [("host", "shop.example.com"), ("content-length", "7")];
    assert_eq!(changed(verdict, &request), ["content-length: 7", "host: shop.example.com"]);
}

#[test]
fn h_072_a_denial_is_the_services_own() {
    let answer = map(&[
        ("www-authenticate", "Basic"),
        ("set-cookie", "a"),
        ("set-cookie", "b"),
        ("content-length", "3"),
        ("connection", "close"),
    ]);
    for status in [301, 302, 400, 401, 403, 404, 429] {
        let denial = denial(judged(&HttpAuth::default(), status, &answer));
        assert_eq!((denial.status.as_u16(), denial.has_body, denial.why), (status, true, DenialReason::Refused));
        assert_eq!(lines(&denial.headers), ["set-cookie: a", "set-cookie: b", "www-authenticate: Basic"]);
    }
}

#[test]
fn h_072_a_denial_does_not_look_like_success() {
    for status in [100, 101, 201, 204, 206, 299, 600, 999] {
        let denial = denial(judged(&HttpAuth::default(), status, &map(&[("x-a", "b")])));
        assert_eq!((denial.status.as_u16(), denial.has_body, denial.headers.len()), (403, false, 0), "{status}");
    }
}

#[test]
fn h_070_s_010_a_service_that_fails_denies() {
    for status in [500, 502, 503, 504, 599] {
        let denial = denial(judged(&HttpAuth::default(), status, &map(&[("x-a", "b")])));
        assert_eq!(denial, Denial::service_failed(), "{status}");
    }
    assert_eq!((Denial::service_failed().status.as_u16(), Denial::unresolved().status.as_u16()), (503, 500), "H-077");
}

fn option(name: &str, value: &str, append: bool) -> HeaderOption {
    HeaderOption { name: name.into(), value: value.into(), append }
}

fn ok(headers: Vec<HeaderOption>, remove: &[&str]) -> GrpcAnswer {
    let headers_to_remove = remove.iter().map(|name| (*name).to_owned()).collect();
    let decision = GrpcDecision::Ok { headers, headers_to_remove, response_headers_to_add: vec![option("x-r", "1", true)] };
    GrpcAnswer { code: 0, decision: Some(decision) }
}

#[test]
fn h_072_grpc_changes_the_request() {
    let headers = vec![
        option("x-set", "old", true),
        option("x-set", "new", false),
        option("X-Add", "more", true),
        option("Host", "evil.example", false),
        option(":path", "/admin", false),
        option("content-length", "0", false),
    ];
    let verdict = judge_grpc(&ok(headers, &["x-gone", "host", ":method"]));
    let Verdict::Allow(changes) = &verdict else { panic!("denied") };
    assert_eq!(changes.response, [(HeaderName::from_static("x-r"), HeaderValue::from_static("1"))]);
    let request = [("x-set", "mine"), ("x-add", "mine"), ("x-gone", "g"), ("host", "shop.example.com"), ("content-length", "7")];
    let expected = ["content-length: 7", "host: shop.example.com", "x-add: mine", "x-add: more", "x-set: new"];
    assert_eq!(changed(verdict, &request), expected);
}

#[test]
fn h_071_grpc_allows_with_code_0_alone() {
    assert_eq!(judge_grpc(&GrpcAnswer::default()), Verdict::Allow(Changes::default()));
    for code in [-1, 1, 7, 16, i32::MAX] {
        for decision in [None, ok(vec![], &[]).decision] {
            assert_eq!(denial(judge_grpc(&GrpcAnswer { code, decision })).status.as_u16(), 403);
        }
    }
    let contradiction = Some(GrpcDecision::Denied { status: 403, headers: vec![] });
    assert_eq!(denial(judge_grpc(&GrpcAnswer { code: 0, decision: contradiction })), Denial::service_failed());
}

#[test]
fn h_072_grpc_denies_in_its_own_words() {
    let denied = |status| {
        let headers = vec![option("location", "/login", false), option("content-length", "9", false)];
        denial(judge_grpc(&GrpcAnswer { code: 7, decision: Some(GrpcDecision::Denied { status, headers }) }))
    };
    assert_eq!((denied(302).status.as_u16(), denied(302).has_body), (302, true));
    assert_eq!(lines(&denied(302).headers), ["location: /login"]);
    assert_eq!(denied(503).status.as_u16(), 503, "it says so itself");
    for status in [0, 99, 200, 204, 1000] {
        assert_eq!((denied(status).status.as_u16(), denied(status).has_body), (403, false), "{status}");
    }
}

#[test]
fn s_010_an_answer_that_cannot_be_carried_out_denies() {
    for bad in [option("a b", "1", false), option("", "1", false), option("x", "a\r\nb: c", true)] {
        assert_eq!(denial(judge_grpc(&ok(vec![bad.clone()], &[]))), Denial::service_failed());
        let decision = Some(GrpcDecision::Denied { status: 401, headers: vec![bad] });
        assert_eq!(denial(judge_grpc(&GrpcAnswer { code: 7, decision })), Denial::service_failed());
    }
    assert_eq!(denial(judge_grpc(&ok(vec![], &["a b"]))), Denial::service_failed());
}

proptest! {
    #[test]
    fn h_075_a_question_stays_under_its_prefix(prefix: String, path in "/[ -~]{0,20}") {
        let headers = HeaderMap::new();
        if let Ok(Question::Http(question)) = ask(&http(&prefix, &[]), subject(&headers, &path)) {
            let text = question.path_and_query;
            let before = text.strip_suffix(&*path).expect("the path is unchanged");
            prop_assert!(text.starts_with('/') && !before.ends_with('/') && before.bytes().all(|b| b.is_ascii_graphic()));
            prop_assert!(!before.contains(['?', '#']) && !before.starts_with("//"));
        }
    }

    #[test]
    fn h_082_no_answer_touches_host_or_framing(
        allowed in prop::collection::vec(prop::sample::select(vec!["host", "x-a", "content-length", "connection"]), 0..4),
        answer in prop::collection::vec(
            (prop::sample::select(vec!["host", "x-a", "content-length", "connection", "x-b"]), "[a-z]{0,3}"), 0..6,
        ),
        append: bool,
    ) {
        let request = [("host", "h"), ("content-length", "7")];
        let keeps = |verdict: Verdict| {
            let lines = changed(verdict, &request);
            lines.iter().filter(|line| !line.starts_with("x-")).cloned().collect::<Vec<_>>() == ["content-length: 7", "host: h"]
        };
        let mut headers = HeaderMap::new();
        for (name, value) in &answer {
            headers.append(*name, HeaderValue::from_str(value).unwrap());
        }
        prop_assert!(keeps(judge_http(&copying(&allowed), StatusCode::OK, &headers)));
        let options = answer.iter().map(|(name, value)| option(name, value, append)).collect();
        prop_assert!(keeps(judge_grpc(&ok(options, &allowed))));
    }

    #[test]
    fn s_010_any_answer_has_a_verdict(code: i32, status: u16, name: String, value: Vec<u8>, append: bool) {
        let line = HeaderOption { name, value, append };
        for decision in [
            GrpcDecision::Denied { status, headers: vec![line.clone()] },
            GrpcDecision::Ok { headers: vec![line.clone()], headers_to_remove: vec![line.name.clone()], response_headers_to_add: vec![line] },
        ] {
            let verdict = judge_grpc(&GrpcAnswer { code, decision: Some(decision) });
            prop_assert!(code == 0 || !matches!(verdict, Verdict::Allow(_)));
        }
    }
}
