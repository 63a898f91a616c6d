use gwapi_core::{
    model::{BackendObjectRef, CookieLifetime, HeaderName as ModelName, SessionCookie, SessionToken, Timeouts},
    refusal::Refusal,
    resolution::{BackendKey, BackendProtocol, BackendTarget, RuleMatches},
};
use http::HeaderMap;
use proptest::prelude::*;

use super::*;

const NOW: Duration = Duration::from_millis(1_800_000_000_123);

fn key(name: &str) -> BackendKey {
    BackendKey { object: ObjectKey::namespaced("", "Service", &"shop".into(), &name.into()), port: 80 }
}

fn route(name: &str) -> ObjectKey {
    ObjectKey::namespaced("gateway.networking.k8s.io", "HTTPRoute", &"shop".into(), &name.into())
}

fn scope(name: &str) -> Scope {
    Scope::of_backend(&key(name))
}

fn cookie(name: Option<&str>, lifetime: CookieLifetime, timeout: Option<Duration>) -> SessionPersistence {
    let cookie = SessionCookie { name: name.map(Into::into), path: "/".into(), lifetime };
    SessionPersistence { token: SessionToken::Cookie(cookie), absolute_timeout: timeout }
}

fn header(name: Option<&str>) -> SessionPersistence {
    let name = name.map(|name| ModelName::parse(name).unwrap());
    SessionPersistence { token: SessionToken::Header(name), absolute_timeout: None }
}

fn plain() -> Sessions {
    Sessions::new(&cookie(Some("s"), CookieLifetime::Session, None), scope("cart"))
}

fn keys() -> Keys {
    Keys::new(&[1; 32], &[])
}

fn endpoints() -> [EndpointId; 3] {
    [EndpointId::of(b"a"), EndpointId::of(b"b"), EndpointId::of(b"c")]
}

/// The headers of a client that keeps what it was given.
fn returning(line: &(HeaderName, HeaderValue)) -> HeaderMap {
    let (name, value) = line;
    let mut headers = HeaderMap::new();
    if name == "set-cookie" {
        let pair = value.to_str().unwrap().split(';').next().unwrap();
        headers.insert("cookie", HeaderValue::from_str(pair).unwrap());
    } else {
        headers.insert(name.clone(), value.clone());
    }
    headers
}

fn begin(sessions: &Sessions, keys: &Keys, endpoint: EndpointId, now: Duration) -> (HeaderName, HeaderValue) {
    sessions.answer(keys, &Placement::New(NoSession::NoToken), endpoint, now, Scheme::Https).unwrap()
}

fn place(sessions: &Sessions, keys: &Keys, headers: &HeaderMap, now: Duration) -> Placement {
    sessions.place(keys, headers, endpoints().into_iter(), now)
}

fn index(placement: &Placement) -> Result<usize, NoSession> {
    match placement {
        Placement::Kept { index, .. } => Ok(*index),
        Placement::New(why) => Err(*why),
    }
}

#[test]
fn j_020_a_token_leads_back_to_its_endpoint_in_cookies_and_headers() {
    let header = Sessions::new(&header(Some("X-Session")), scope("cart"));
    assert_eq!(header.name(), "x-session");
    for sessions in [plain(), header] {
        assert_eq!(index(&place(&sessions, &keys(), &HeaderMap::new(), NOW)), Err(NoSession::NoToken));
        for (place_of, endpoint) in endpoints().into_iter().enumerate() {
            let line = begin(&sessions, &keys(), endpoint, NOW);
            let placement = place(&sessions, &keys(), &returning(&line), NOW);
            assert_eq!(index(&placement), Ok(place_of));
            assert_eq!(sessions.answer(&keys(), &placement, endpoint, NOW, Scheme::Https), None, "nothing new");
        }
    }
}

#[test]
fn j_021_a_token_of_another_backend_is_none() {
    let line = begin(&plain(), &keys(), endpoints()[1], NOW);
    let mut port = key("cart");
    port.port = 81;
    for other in [scope("other"), Scope::of_backend(&port), Scope::of_rule(&route("r"), &rule(vec![], None), &key("cart"))] {
        let other = Sessions { scope: other, ..plain() };
        assert_eq!(index(&place(&other, &keys(), &returning(&line), NOW)), Err(NoSession::NoToken));
    }
}

#[test]
fn j_023_rules_do_not_share_sessions() {
    let scope = |route: &ObjectKey, index: usize, name: Option<&str>| {
        let rule = ResolvedRule { index, name: name.map(Into::into), ..rule(vec![], None) };
        Scope::of_rule(route, &rule, &key("cart"))
    };
    let (a, b) = (route("a"), route("b"));
    assert_ne!(scope(&a, 0, None), scope(&a, 1, None));
    assert_ne!(scope(&a, 0, None), scope(&b, 0, None));
    assert_ne!(scope(&a, 0, Some("x")), scope(&a, 0, Some("y")));
    assert_ne!(scope(&a, 0, Some("x")), scope(&a, 0, None));
    assert_eq!(scope(&a, 0, Some("x")), scope(&a, 5, Some("x")), "a rule with a name may move");
}

#[test]
fn pitfall_51_names_that_join_to_the_same_text_are_other_scopes() {
    let scope = |namespace: &str, name: &str| {
        let object = ObjectKey::namespaced("", "Service", &namespace.into(), &name.into());
        Scope::of_backend(&BackendKey { object, port: 80 })
    };
    assert_ne!(scope("a", "bc"), scope("ab", "c"));
    assert_ne!(scope("", "abc"), scope("abc", ""));
}

#[test]
fn j_024_only_permanent_cookies_have_an_age() {
    let timeout = Some(Duration::from_millis(3_600_500));
    let session = Sessions::new(&cookie(Some("s"), CookieLifetime::Session, timeout), scope("cart"));
    let (_, value) = begin(&session, &keys(), endpoints()[0], NOW);
    assert!(!value.to_str().unwrap().contains("Max-Age") && !value.to_str().unwrap().contains("Expires"), "{value:?}");
    let permanent = Sessions::new(&cookie(Some("s"), CookieLifetime::Permanent, timeout), scope("cart"));
    let (_, value) = begin(&permanent, &keys(), endpoints()[0], NOW);
    assert!(value.to_str().unwrap().ends_with("; Max-Age=3601"), "{value:?}");
}

#[test]
fn j_024_a_token_that_is_replaced_keeps_its_end() {
    let timeout = Duration::from_secs(3600);
    let sessions = Sessions::new(&cookie(Some("s"), CookieLifetime::Permanent, Some(timeout)), scope("cart"));
    let line = begin(&sessions, &keys(), endpoints()[0], NOW);
    let rotated = Keys::new(&[2; 32], &[[1; 32]]);
    let later = NOW + Duration::from_secs(600);
    let placement = place(&sessions, &rotated, &returning(&line), later);
    let line = sessions.answer(&rotated, &placement, endpoints()[0], later, Scheme::Https).unwrap();
    assert!(line.1.to_str().unwrap().ends_with("; Max-Age=3000"), "{line:?}");
    assert_eq!(index(&place(&sessions, &rotated, &returning(&line), NOW + timeout)), Err(NoSession::Over));
}

#[test]
fn j_025_the_gateway_itself_ends_sessions() {
    let timeout = Duration::from_secs(10);
    for lifetime in [CookieLifetime::Session, CookieLifetime::Permanent] {
        let sessions = Sessions::new(&cookie(Some("s"), lifetime, Some(timeout)), scope("cart"));
        let headers = returning(&begin(&sessions, &keys(), endpoints()[2], NOW));
        let at = |now| index(&place(&sessions, &keys(), &headers, now));
        assert_eq!(at(NOW + timeout - Duration::from_millis(1)), Ok(2));
        assert_eq!(at(NOW + timeout), Err(NoSession::Over));
        let placement = place(&sessions, &keys(), &headers, NOW + timeout);
        assert!(sessions.answer(&keys(), &placement, endpoints()[2], NOW + timeout, Scheme::Https).is_some(), "a new one");
    }
    let zero = Sessions::new(&cookie(Some("s"), CookieLifetime::Session, Some(Duration::ZERO)), scope("cart"));
    let headers = returning(&begin(&zero, &keys(), endpoints()[0], NOW));
    assert_eq!(index(&place(&zero, &keys(), &headers, NOW)), Err(NoSession::Over));
}

#[test]
fn j_025_a_token_from_the_future_is_none() {
    let sessions = Sessions::new(&cookie(Some("s"), CookieLifetime::Session, Some(Duration::from_secs(10))), scope("cart"));
    let headers = returning(&begin(&sessions, &keys(), endpoints()[2], NOW));
    assert_eq!(index(&place(&sessions, &keys(), &headers, NOW - MAX_SKEW)), Ok(2), "clocks differ");
    let earlier = NOW - MAX_SKEW - Duration::from_millis(1);
    assert_eq!(index(&place(&sessions, &keys(), &headers, earlier)), Err(NoSession::NoToken));
}

#[test]
fn pitfall_45_j_026_the_path_is_that_of_the_field_and_adds_no_attribute() {
    let path = |path: &str| {
        let cookie = SessionCookie { name: Some("s".into()), path: path.into(), lifetime: CookieLifetime::Session };
        let persistence = SessionPersistence { token: SessionToken::Cookie(cookie), absolute_timeout: None };
        let (_, value) = begin(&Sessions::new(&persistence, scope("cart")), &keys(), endpoints()[0], NOW);
        value.to_str().unwrap().split("; ").find_map(|part| part.strip_prefix("Path=")).unwrap().to_owned()
    };
    assert_eq!(path("/"), "/");
    assert_eq!(path("/cart"), "/cart");
    for bad in ["", "/; Domain=example.com", "/\r\nx: y", "/ü"] {
        assert_eq!(path(bad), "/", "{bad:?}");
    }
}

#[test]
fn j_027_cookies_are_as_strict_as_the_connection_allows() {
    let new = Placement::New(NoSession::NoToken);
    let attributes = |scheme| {
        let (_, value) = plain().answer(&keys(), &new, endpoints()[0], NOW, scheme).unwrap();
        value.to_str().unwrap().split_once("; ").unwrap().1.to_owned()
    };
    assert_eq!(attributes(Scheme::Https), "Path=/; HttpOnly; SameSite=Strict; Secure");
    assert_eq!(attributes(Scheme::Http), "Path=/; HttpOnly; SameSite=Strict");
}

#[test]
fn j_028_other_cookies_are_tolerated_wherever_they_are() {
    let own = returning(&begin(&plain(), &keys(), endpoints()[1], NOW));
    let own = own["cookie"].to_str().unwrap();
    let foreign = returning(&begin(&Sessions { scope: scope("other"), ..plain() }, &keys(), endpoints()[0], NOW));
    let foreign = foreign["cookie"].to_str().unwrap();
    for line in [
        format!("a=b; {own}"),
        format!("{own};a=b"),
        format!("s=; s=junk; S={}; ss=x; s; =; ;; {own}", "A".repeat(Token::LEN)),
        format!("{foreign}; {own}; {foreign}"),
        format!(" {own} "),
    ] {
        let mut headers = HeaderMap::new();
        headers.insert("cookie", HeaderValue::from_str(&line).unwrap());
        assert_eq!(index(&place(&plain(), &keys(), &headers, NOW)), Ok(1), "{line}");
    }
    let mut lines = HeaderMap::new();
    lines.append("cookie", HeaderValue::from_str(foreign).unwrap());
    lines.append("cookie", HeaderValue::from_str(own).unwrap());
    assert_eq!(index(&place(&plain(), &keys(), &lines, NOW)), Ok(1), "lines that HTTP/2 has split");
}

#[test]
fn j_028_a_flood_of_tokens_is_cut_short() {
    let own = returning(&begin(&plain(), &keys(), endpoints()[1], NOW));
    let flood = format!("s={}; ", "A".repeat(Token::LEN));
    let with = |count: usize| {
        let mut headers = HeaderMap::new();
        let line = format!("{}{}", flood.repeat(count), own["cookie"].to_str().unwrap());
        headers.insert("cookie", HeaderValue::from_str(&line).unwrap());
        index(&place(&plain(), &keys(), &headers, NOW))
    };
    assert_eq!(with(MAX_TOKENS - 1), Ok(1));
    assert_eq!(with(MAX_TOKENS), Err(NoSession::NoToken));
}

#[test]
fn j_029_an_endpoint_that_is_gone_is_replaced() {
    let headers = returning(&begin(&plain(), &keys(), endpoints()[1], NOW));
    let rest = [endpoints()[0], endpoints()[2]];
    let placement = plain().place(&keys(), &headers, rest.into_iter(), NOW);
    assert_eq!(placement, Placement::New(NoSession::Gone));
    let line = plain().answer(&keys(), &placement, rest[1], NOW, Scheme::Https).unwrap();
    assert_eq!(index(&place(&plain(), &keys(), &returning(&line), NOW)), Ok(2));
}

#[test]
fn j_029_a_retry_that_another_endpoint_answers_moves_the_session() {
    let headers = returning(&begin(&plain(), &keys(), endpoints()[1], NOW));
    let placement = place(&plain(), &keys(), &headers, NOW);
    let line = plain().answer(&keys(), &placement, endpoints()[0], NOW, Scheme::Https).unwrap();
    assert_eq!(index(&place(&plain(), &keys(), &returning(&line), NOW)), Ok(0));
}

#[test]
fn j_033_endpoints_keep_their_sessions_wherever_they_are_in_the_list() {
    let headers = returning(&begin(&plain(), &keys(), endpoints()[1], NOW));
    let [a, b, c] = endpoints();
    for (list, expected) in [(vec![b], 0), (vec![c, b, a], 1), (vec![a, c, EndpointId::of(b"d"), b], 3)] {
        assert_eq!(index(&plain().place(&keys(), &headers, list.into_iter(), NOW)), Ok(expected));
    }
}

fn rule(backends: Vec<ResolvedBackend>, session_persistence: Option<SessionPersistence>) -> ResolvedRule {
    ResolvedRule {
        index: 0,
        name: None,
        matches: RuleMatches::Http(vec![]),
        filters: vec![],
        backends,
        timeouts: Timeouts::default(),
        retry: None,
        session_persistence,
        refused: Vec::<Refusal>::new(),
    }
}

fn backend(name: &str, weight: u32, session_persistence: Option<SessionPersistence>) -> ResolvedBackend {
    let target = BackendTarget { key: key(name), protocol: BackendProtocol::Http1, tls: None };
    let reference = BackendObjectRef {
        group: "".into(),
        kind: "Service".into(),
        namespace: "shop".into(),
        name: name.into(),
        port: Some(80),
    };
    ResolvedBackend { reference, target: Ok(target), weight, session_persistence, retry_constraint: None, filters: vec![] }
}

fn names(rule: &ResolvedRule) -> Vec<Option<String>> {
    let sessions = Sessions::of_rule(&route("r"), rule);
    sessions.iter().map(|sessions| sessions.as_ref().map(|sessions| sessions.name().to_owned())).collect()
}

#[test]
fn j_022_what_the_backend_says_comes_first() {
    let own = cookie(Some("own"), CookieLifetime::Session, None);
    let of_rule = cookie(Some("rule"), CookieLifetime::Session, None);
    let rule = rule(vec![backend("a", 1, Some(own)), backend("b", 1, None)], Some(of_rule));
    assert_eq!(names(&rule), [Some("own".to_owned()), Some("rule".to_owned())]);
}

#[test]
fn j_031_backends_without_persistence_have_no_sessions() {
    let own = cookie(Some("own"), CookieLifetime::Session, None);
    assert_eq!(names(&rule(vec![backend("a", 1, None), backend("b", 1, Some(own))], None)), [None, Some("own".to_owned())]);
}

#[test]
fn j_032_of_backends_with_the_same_name_one_works() {
    let own = || Some(cookie(Some("own"), CookieLifetime::Session, None));
    let split = |a, b| names(&rule(vec![backend("a", a, own()), backend("b", b, own())], None));
    assert_eq!(split(1, 1), [Some("own".to_owned()), None]);
    assert_eq!(split(0, 1), [None, Some("own".to_owned())]);
    let twice = rule(vec![backend("a", 1, own()), backend("a", 1, own())], None);
    assert_eq!(names(&twice), [Some("own".to_owned()), Some("own".to_owned())], "I-020: the same backend");
    let header = names(&rule(vec![backend("a", 1, own()), backend("b", 1, Some(header(Some("own"))))], None));
    assert_eq!(header, [Some("own".to_owned()), Some("own".to_owned())], "a header is no cookie");
}

#[test]
fn j_032_a_name_of_the_rule_becomes_one_for_each_backend() {
    let of_rule = |persistence| rule(vec![backend("a", 0, None), backend("b", 1, None)], Some(persistence));
    let cookies = names(&of_rule(cookie(Some("s"), CookieLifetime::Session, None)));
    assert_eq!(cookies[0].as_deref(), Some("s"));
    assert!(cookies[1].as_deref().is_some_and(|name| name.starts_with("s-")), "{cookies:?}");
    let long = "x".repeat(256);
    let cookies = names(&of_rule(cookie(Some(&long), CookieLifetime::Session, None)));
    assert!(cookies[1].as_deref().is_some_and(|name| name.starts_with("gwapi-session-")), "{cookies:?}");
    assert_eq!(names(&of_rule(header(Some("s")))), [Some("s".to_owned()), Some("s".to_owned())]);
}

#[test]
fn j_032_generated_names_are_unique_and_stay() {
    let name = |backend: &str, persistence: &SessionPersistence| {
        let sessions = Sessions::new(persistence, scope(backend));
        assert!(ModelName::parse(sessions.name()).is_ok());
        sessions.name().to_owned()
    };
    for persistence in [cookie(None, CookieLifetime::Session, None), header(None)] {
        assert_eq!(name("a", &persistence), name("a", &persistence));
        assert_ne!(name("a", &persistence), name("b", &persistence));
    }
    let bad = cookie(Some("a b"), CookieLifetime::Session, None);
    assert_eq!(name("a", &bad), name("a", &cookie(None, CookieLifetime::Session, None)));
}

#[test]
fn j_035_keys_can_be_replaced_without_ending_sessions() {
    let (old, both, new) = (keys(), Keys::new(&[2; 32], &[[9; 32], [1; 32]]), Keys::new(&[2; 32], &[]));
    let headers = returning(&begin(&plain(), &old, endpoints()[1], NOW));
    let placement = place(&plain(), &both, &headers, NOW);
    assert_eq!(index(&placement), Ok(1));
    let line = plain().answer(&both, &placement, endpoints()[1], NOW, Scheme::Https).expect("a token of the new key");
    assert_eq!(index(&place(&plain(), &new, &returning(&line), NOW)), Ok(1));
    assert_eq!(index(&place(&plain(), &new, &headers, NOW)), Err(NoSession::NoToken), "the old key is gone");
}

#[test]
fn j_035_a_token_shows_neither_endpoint_nor_time_and_debug_no_key() {
    let seal = |endpoint: &[u8], since| {
        let token = keys().seal(&scope("cart"), &Session { endpoint: EndpointId::of(endpoint), since });
        assert_eq!(token.as_str().len(), Token::LEN);
        assert!(token.as_str().bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_'));
        token.as_str().to_owned()
    };
    let (a, b, c) = (seal(b"a", NOW), seal(b"b", NOW), seal(b"a", NOW + Duration::from_millis(1)));
    // The version is the same, and nothing else has to be: the first characters hold it and four bits of the time.
    for (one, other) in [(&a, &b), (&a, &c), (&b, &c)] {
        let same = one.bytes().zip(other.bytes()).skip(2).filter(|(one, other)| one == other).count();
        assert!(same < Token::LEN / 4, "{one} {other}");
    }
    assert_eq!(format!("{:?}", Keys::new(&[7; 32], &[[8; 32]])), "Keys(1 + 1)");
}

/// The answer for a fixed key does not change from one version to the next: sessions outlive updates.
#[test]
fn j_035_tokens_stay_the_same() {
    let session = Session { endpoint: EndpointId::of(b"10.0.0.1:8080"), since: NOW };
    let token = keys().seal(&scope("cart"), &session);
    assert_eq!(token.as_str(), "AaTZNGVm-3dUHfCFsHV4XuFZMPFWC0hC0NktpR05R9gEae4u7a8zGOtC3I0CO9_OVfSfUR5tFFq9");
}

proptest! {
    #[test]
    fn j_035_no_bytes_are_a_token(text in prop::collection::vec(any::<u8>(), 0..200), key: [u8; 32]) {
        prop_assert_eq!(Keys::new(&key, &[[3; 32]]).open(&scope("cart"), &text), None);
    }

    #[test]
    fn j_035_no_text_of_the_right_shape_is_a_token(text in "[A-Za-z0-9_-]{76}", first in prop::bool::ANY) {
        let text = if first { format!("AQ{}", &text[2..]) } else { text };
        prop_assert_eq!(keys().open(&scope("cart"), text.as_bytes()), None);
    }

    #[test]
    fn j_035_a_token_that_is_changed_anywhere_is_none(
        endpoint: [u8; 4], millis: u32, place in 0..Token::LEN, with: u8,
    ) {
        let session = Session { endpoint: EndpointId::of(&endpoint), since: Duration::from_millis(u64::from(millis)) };
        let token = keys().seal(&scope("cart"), &session);
        let opened = keys().open(&scope("cart"), token.as_str().as_bytes());
        prop_assert_eq!(opened, Some(Opened { session, is_old: false }));
        let mut changed = token.as_str().as_bytes().to_vec();
        prop_assume!(changed[place] != with);
        changed[place] = with;
        prop_assert_eq!(keys().open(&scope("cart"), &changed), None);
        prop_assert_eq!(keys().open(&scope("cart"), &changed[..place]), None);
    }

    #[test]
    fn j_020_any_session_survives_its_token(endpoint: Vec<u8>, since: u64, key: [u8; 32], other: [u8; 32]) {
        prop_assume!(key != other);
        let session = Session { endpoint: EndpointId::of(&endpoint), since: Duration::from_millis(since) };
        let token = Keys::new(&key, &[]).seal(&scope("cart"), &session);
        let open = |keys: &Keys| keys.open(&scope("cart"), token.as_str().as_bytes());
        prop_assert_eq!(open(&Keys::new(&other, &[key])), Some(Opened { session, is_old: true }));
        prop_assert_eq!(open(&Keys::new(&other, &[])), None);
    }

    #[test]
    fn j_028_no_header_makes_it_fail(line: Vec<u8>, now: Duration, timeout: Option<Duration>) {
        let sessions = Sessions { absolute_timeout: timeout, ..plain() };
        let headers: &[(&[u8], &[u8])] = &[(b"cookie", &line)];
        let placement = sessions.place(&keys(), headers, endpoints().into_iter(), now);
        prop_assert_eq!(placement, Placement::New(NoSession::NoToken));
        let line = sessions.answer(&keys(), &placement, endpoints()[0], now, Scheme::Http);
        prop_assert!(line.is_some());
    }
}
