use super::*;

const FOO: &str = "https://www.foo.com";

/// A filter with these origins, `GET, OPTIONS`, two allowed and two exposed headers.
fn cors(origins: &[&str], allow_credentials: bool) -> Cors {
    Cors {
        allow_origins: origins.iter().map(|origin| CorsOrigin::parse(origin).unwrap()).collect(),
        allow_credentials,
        allow_methods: AnyOr::List(vec!["GET".into(), "OPTIONS".into()]),
        allow_headers: AnyOr::List(vec!["x-header-1".into(), "X-Header-2".into()]),
        expose_headers: vec!["x-header-3".into(), "x-header-4".into()],
        max_age: 3600,
    }
}

fn wildcards(allow_credentials: bool) -> Cors {
    Cors {
        allow_methods: AnyOr::Any,
        allow_headers: AnyOr::Any,
        expose_headers: vec!["*".into()],
        ..cors(&["*"], allow_credentials)
    }
}

fn ask(cors: &Cors, origin: &str, method: &str, headers: &str) -> Vec<CorsHeader> {
    let answer = preflight(cors, origin, Some(method), Some(headers));
    assert_eq!(answer.status, 204, "H-053, H-054");
    answer.headers
}

fn value<'a>(headers: &'a [CorsHeader], name: &str) -> Option<&'a str> {
    assert!(headers.iter().filter(|(key, _)| *key == name).count() < 2, "{name} stands there twice");
    headers.iter().find(|(key, _)| *key == name).map(|(_, value)| &**value)
}

fn headers(lines: &[(&'static str, &'static str)]) -> HeaderMap {
    let mut map = HeaderMap::new();
    for (name, value) in lines {
        map.append(*name, HeaderValue::from_static(value));
    }
    map
}

#[test]
fn h_052_a_preflight_has_origin_and_requested_method() {
    let both = headers(&[("origin", FOO), ("access-control-request-method", "GET")]);
    assert!(is_preflight("OPTIONS", &both));
    assert!(!is_preflight("GET", &both));
    assert!(!is_preflight("options", &both));
    // H-067: plain OPTIONS are forwarded.
    assert!(!is_preflight("OPTIONS", &headers(&[("origin", FOO)])));
    assert!(!is_preflight("OPTIONS", &headers(&[("access-control-request-method", "GET")])));
    assert!(is_preflight("OPTIONS", &headers(&[("origin", "null"), ("access-control-request-method", "GET")])));
}

#[test]
fn h_053_an_allowed_preflight_gets_everything() {
    let cors = cors(&[FOO, "https://*.bar.com"], true);
    // H-056: wildcards are greedy over dots.
    for origin in [FOO, "https://www.bar.com", "https://xpto.www.bar.com"] {
        let expected = [
            ("access-control-allow-origin", origin),
            ("access-control-allow-credentials", "true"),
            ("access-control-expose-headers", "x-header-3, x-header-4"),
            ("access-control-allow-methods", "GET, OPTIONS"),
            ("access-control-allow-headers", "x-header-1, X-Header-2"),
            ("access-control-max-age", "3600"),
            ("vary", "Origin"),
        ];
        assert_eq!(ask(&cors, origin, "GET", "x-header-1, x-header-2"), expected.map(|(name, value)| (name, value.to_owned())));
    }
}

#[test]
fn h_054_a_preflight_from_elsewhere_gets_no_cors_headers() {
    let cors = cors(&[FOO, "https://*.bar.com"], true);
    let others = [
        "https://foobar.com",
        "http://www.foo.com",
        "https://www.foo.com:8443",
        "https://bar.com",
        "https://www.foo.com.evil.com",
        "https://evil.com/.bar.com",
        "https://evil.com#.bar.com",
        "https://evil.com https://www.bar.com",
        "null",
        "",
    ];
    for origin in others {
        assert_eq!(ask(&cors, origin, "GET", "x-header-1"), [("vary", "Origin".to_owned())], "{origin}");
    }
}

#[test]
fn h_055_responses_get_headers_if_the_origin_is_allowed() {
    let cors = cors(&[FOO], true);
    let expected = [
        ("access-control-allow-origin", FOO.to_owned()),
        ("access-control-allow-credentials", "true".to_owned()),
        ("access-control-expose-headers", "x-header-3, x-header-4".to_owned()),
    ];
    let changes = response_headers(&cors, Some(FOO));
    assert_eq!(changes, ResponseChanges { strip: &RESPONSE_HEADERS, set: expected.to_vec(), vary: true });
    let changes = response_headers(&cors, Some("https://foobar.com"));
    assert_eq!(changes, ResponseChanges { strip: &RESPONSE_HEADERS, set: Vec::new(), vary: true });
}

#[test]
fn h_056_without_origins_none_is_allowed() {
    let cors = cors(&[], false);
    assert_eq!(ask(&cors, FOO, "GET", "x-header-1"), []);
    assert_eq!(response_headers(&cors, Some(FOO)).set, []);
}

#[test]
fn h_056_a_wildcard_host_is_any_host_of_its_scheme() {
    let cors = cors(&["https://*"], false);
    assert_eq!(allow_origin(&cors, "https://any.thing"), Some("https://any.thing"));
    assert_eq!(allow_origin(&cors, "http://any.thing"), None);
    assert_eq!(allow_origin(&cors, "https://any.thing:8443"), None, "no port means 443");
}

#[test]
fn h_057_the_star_is_sent_without_credentials_only() {
    for origin in ["https://foobar.com", "https://foobar.com:12345"] {
        assert_eq!(allow_origin(&cors(&["*"], false), origin), Some("*"));
        assert_eq!(allow_origin(&cors(&["*"], true), origin), Some(origin));
        assert_eq!(allow_origin(&cors(&["*", origin], false), origin), Some(origin), "named by an entry of its own");
    }
    for junk in ["null", "", "https://a b", "https://a,https://b", "https://", "://a", "a"] {
        assert_eq!(allow_origin(&cors(&["*"], true), junk), None, "{junk}");
    }
}

#[test]
fn h_058_and_x_12_credentials_are_the_configurations() {
    let of = |allow| value(&ask(&cors(&[FOO], allow), FOO, "GET", ""), "access-control-allow-credentials").map(str::to_owned);
    assert_eq!(of(true).as_deref(), Some("true"));
    assert_eq!(of(false), None);
    let response = |allow| response_headers(&cors(&[FOO], allow), Some(FOO)).set;
    assert_eq!(value(&response(true), "access-control-allow-credentials"), Some("true"));
    assert_eq!(value(&response(false), "access-control-allow-credentials"), None);
}

#[test]
fn h_059_any_method_is_the_star_or_the_one_asked_for() {
    let methods = |cors: &Cors, asked| value(&ask(cors, FOO, asked, ""), "access-control-allow-methods").map(str::to_owned);
    assert_eq!(methods(&wildcards(false), "POST").as_deref(), Some("*"));
    assert_eq!(methods(&wildcards(true), "PUT").as_deref(), Some("PUT"));
    assert_eq!(methods(&wildcards(true), "a b\t"), None, "no method is repeated that is none");
    assert_eq!(methods(&wildcards(true), "*"), None, "the star is not sent with credentials, asked for or not");
}

#[test]
fn h_060_get_head_and_post_are_allowed_without_any_list() {
    let cors = Cors { allow_methods: AnyOr::List(vec![]), ..cors(&[FOO], false) };
    assert_eq!(value(&ask(&cors, FOO, "PUT", ""), "access-control-allow-methods"), Some("GET, HEAD, POST"));
}

#[test]
fn h_061_what_is_not_asked_for_is_not_answered() {
    let answer = preflight(&cors(&[FOO], true), FOO, Some("GET"), None).headers;
    assert_eq!(value(&answer, "access-control-allow-headers"), None);
    assert!(value(&answer, "access-control-allow-methods").is_some());
    let answer = preflight(&cors(&[FOO], true), FOO, None, Some("x-header-1")).headers;
    assert_eq!(value(&answer, "access-control-allow-methods"), None);
    assert!(value(&answer, "access-control-allow-headers").is_some());
}

#[test]
fn h_062_any_header_is_the_star_or_those_asked_for() {
    let names = |cors: &Cors, asked| value(&ask(cors, FOO, "GET", asked), "access-control-allow-headers").map(str::to_owned);
    assert_eq!(names(&wildcards(false), "x-header-1").as_deref(), Some("*"));
    assert_eq!(names(&wildcards(true), "x-header-1,X-Header-2").as_deref(), Some("x-header-1, X-Header-2"));
    assert_eq!(names(&wildcards(true), "x-header-1, b@d, "), Some("x-header-1".to_owned()));
    assert_eq!(names(&wildcards(true), ""), None);
    assert_eq!(names(&wildcards(true), "*, x-header-1"), Some("x-header-1".to_owned()));
    assert_eq!(names(&Cors { allow_headers: AnyOr::List(vec![]), ..cors(&[FOO], true) }, "x-header-1"), None);
}

#[test]
fn h_063_the_star_is_not_exposed_with_credentials() {
    let exposed = |cors: &Cors| value(&response_headers(cors, Some(FOO)).set, "access-control-expose-headers").map(str::to_owned);
    assert_eq!(exposed(&wildcards(false)).as_deref(), Some("*"));
    assert_eq!(exposed(&wildcards(true)), None);
    let beside = Cors { expose_headers: vec!["*".into(), "x-a".into()], ..cors(&[FOO], true) };
    assert_eq!(exposed(&beside).as_deref(), Some("x-a"));
}

#[test]
fn h_064_max_age_stands_on_preflights_only() {
    let cors = Cors { max_age: 5, ..cors(&[FOO], true) };
    assert_eq!(value(&ask(&cors, FOO, "GET", ""), "access-control-max-age"), Some("5"));
    assert_eq!(value(&response_headers(&cors, Some(FOO)).set, "access-control-max-age"), None);
}

#[test]
fn h_065_a_method_that_is_not_allowed_gets_the_list() {
    assert_eq!(value(&ask(&cors(&[FOO], false), FOO, "DELETE", ""), "access-control-allow-methods"), Some("GET, OPTIONS"));
}

#[test]
fn h_068_the_backends_cors_headers_are_replaced_and_its_vary_is_kept() {
    let backend = [("access-control-allow-origin", "*"), ("access-control-max-age", "9"), ("vary", "Accept"), ("x-other", "1")];
    let mut response = headers(&backend);
    apply(&response_headers(&cors(&[FOO], false), Some(FOO)), &mut response).unwrap();
    assert_eq!(response.get_all(ALLOW_ORIGIN).iter().collect::<Vec<_>>(), [FOO]);
    assert_eq!(response.get(MAX_AGE), None);
    assert_eq!(response.joined("vary").as_deref(), Some(&b"Accept,Origin"[..]));
    assert_eq!(response.get("x-other").unwrap(), "1");

    let mut response = headers(&backend);
    apply(&response_headers(&cors(&[FOO], false), Some("https://foobar.com")), &mut response).unwrap();
    assert_eq!(response.get(ALLOW_ORIGIN), None, "H-055");

    for says in ["accept, ORIGIN", "*"] {
        let mut response = headers(&[]);
        response.insert("vary", HeaderValue::from_static(says));
        apply(&response_headers(&cors(&[FOO], false), Some(FOO)), &mut response).unwrap();
        assert_eq!(response.joined("vary").as_deref(), Some(says.as_bytes()));
    }
}

#[test]
fn h_068_vary_is_there_only_where_answers_differ() {
    assert!(!response_headers(&wildcards(false), Some(FOO)).vary);
    assert!(response_headers(&wildcards(true), Some(FOO)).vary);
    assert_eq!(value(&ask(&wildcards(false), FOO, "GET", ""), "vary"), None);
    assert_eq!(value(&ask(&wildcards(true), FOO, "GET", ""), "vary"), Some("Origin"));
}

#[test]
fn pitfall_42_without_origin_cors_headers_stay_untouched() {
    for cors in [cors(&[FOO], true), wildcards(true), wildcards(false)] {
        let changes = response_headers(&cors, None);
        assert_eq!((changes.strip, &*changes.set), (&[][..], &[][..]));
        let mut response = headers(&[("access-control-allow-origin", "https://backend.example")]);
        apply(&changes, &mut response).unwrap();
        assert_eq!(response.get(ALLOW_ORIGIN).unwrap(), "https://backend.example");
    }
}

#[test]
fn pitfall_42_the_null_origin_is_never_echoed() {
    for cors in [cors(&[FOO], true), cors(&["https://*"], true), wildcards(true)] {
        assert_eq!(response_headers(&cors, Some("null")).set, []);
        assert_eq!(value(&ask(&cors, "null", "GET", ""), "access-control-allow-origin"), None);
    }
    assert_eq!(allow_origin(&wildcards(false), "null"), Some("*"), "what everybody may read");
}

#[test]
fn answers_come_from_the_headers_of_the_request() {
    let request = headers(&[
        ("origin", FOO),
        ("access-control-request-method", "PUT"),
        ("access-control-request-headers", "x-a"),
        ("access-control-request-headers", "x-b"),
    ]);
    let answer = answer_preflight(&wildcards(true), &request);
    assert_eq!(answer, preflight(&wildcards(true), FOO, Some("PUT"), Some("x-a,x-b")));
    assert_eq!(value(&answer.headers, "access-control-allow-headers"), Some("x-a, x-b"));

    let twice = headers(&[("origin", FOO), ("origin", "https://evil.example"), ("access-control-request-method", "PUT")]);
    assert_eq!(value(&answer_preflight(&wildcards(true), &twice).headers, "access-control-allow-origin"), None);
}
