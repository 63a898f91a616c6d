use std::borrow::Cow;

use gwapi_core::choices::{DotSegments, EncodedSlashes, RepeatedSlashes};
use proptest::prelude::*;

use super::*;

type Pairs<'a> = [(&'a [u8], &'a [u8])];

fn choices(dot_segments: DotSegments, repeated_slashes: RepeatedSlashes, encoded_slashes: EncodedSlashes) -> Choices {
    let mut choices = Choices::default();
    choices.dot_segments = dot_segments;
    choices.repeated_slashes = repeated_slashes;
    choices.encoded_slashes = encoded_slashes;
    choices
}

fn every_choice() -> impl Iterator<Item = Choices> {
    [DotSegments::Reject, DotSegments::Resolve].into_iter().flat_map(|dots| {
        [RepeatedSlashes::Merge, RepeatedSlashes::Keep].into_iter().flat_map(move |repeated| {
            [EncodedSlashes::Keep, EncodedSlashes::Reject].into_iter().map(move |encoded| choices(dots, repeated, encoded))
        })
    })
}

fn resolving() -> Choices {
    choices(DotSegments::Resolve, RepeatedSlashes::Merge, EncodedSlashes::Keep)
}

fn parts<'r>(method: &'r str, target: &'r str, headers: &'r Pairs<'r>) -> HeadParts<'r, Pairs<'r>> {
    HeadParts { method, scheme: Scheme::Http, authority: None, path_and_query: target, headers }
}

fn path_with(target: &str, choices: &Choices) -> Result<String, RejectReason> {
    let head = RequestHead::new(parts("GET", target, &[]), choices).map_err(|reject| {
        assert_eq!(reject.status, 400);
        reject.why
    })?;
    Ok(head.path.into_owned())
}

fn path(target: &str) -> Result<String, RejectReason> {
    path_with(target, &Choices::default())
}

fn head<'r>(authority: Option<&'r str>, headers: &'r Pairs<'r>) -> Result<RequestHead<'r, Pairs<'r>>, RejectReason> {
    let parts = HeadParts { authority, ..parts("GET", "/", headers) };
    RequestHead::new(parts, &Choices::default()).map_err(|reject| reject.why)
}

#[test]
fn f_010_normal_paths_are_borrowed_and_forwarded_as_they_are() {
    for target in [
        "/",
        "/a/b",
        "/a/",
        "/.well-known/x",
        "/a.b/..c/...",
        "/group%2Fproject",
        "/a;v=1/b",
        "/a:b@c/!$&'()*+,=~_-",
        "/%E2%82%AC",
        "/a?x=/../&y=%zz//",
    ] {
        let parts = parts("GET", target, &[]);
        let head = RequestHead::new(parts, &Choices::default()).unwrap();
        assert!(matches!(head.path, Cow::Borrowed(_)), "{target}");
        assert!(matches!(head.forward_path_and_query(), Cow::Borrowed(text) if text == target), "{target}");
    }
}

#[test]
fn f_010_escapes_have_one_form() {
    assert_eq!(path("/%61%2D%7e%5f").as_deref(), Ok("/a-~_"));
    assert_eq!(path("/%c3%a9%2f%5c%3b").as_deref(), Ok("/%C3%A9%2F%5C%3B"));
    assert_eq!(path("/%25%32%65").as_deref(), Ok("/%252e"), "decoded once, not twice");
    assert_eq!(path("/é|{a}[b]^`\"<>").as_deref(), Ok("/%C3%A9%7C%7Ba%7D%5Bb%5D%5E%60%22%3C%3E"));
    assert_eq!(path("/%21%40"), Ok("/%21%40".into()), "reserved characters mean something else than their escapes");
}

#[test]
fn f_010_exactly_the_characters_of_rfc_3986_stand_for_themselves() {
    for byte in (b'!'..=b'~').filter(|byte| !b"#?%\\".contains(byte)) {
        let target = format!("/a{}", char::from(byte));
        let stands = byte.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=:@/".contains(&byte);
        assert_eq!(path(&target), Ok(if stands { target } else { format!("/a%{byte:02X}") }));
    }
}

#[test]
fn f_010_what_no_url_holds_is_rejected() {
    use RejectReason::{EncodedNul, ForbiddenCharacter, MalformedEscape, PathNotAbsolute};
    for target in ["/a#b", "/a b", "/a\tb", "/a\r\nx: y", "/a\0", "/a\u{7f}", "/a\\b", "/..\\b", "/a?x#y", "/a?x y", "/a?\n"] {
        assert_eq!(path(target), Err(ForbiddenCharacter), "{target:?}");
    }
    for target in ["/%00", "/a%00.html"] {
        assert_eq!(path(target), Err(EncodedNul), "{target}");
    }
    for target in ["/%", "/%2", "/%2x", "/%x2", "/%%32%65", "/%+1", "/100%/a", "/%é"] {
        assert_eq!(path(target), Err(MalformedEscape), "{target}");
    }
    for target in ["", "a", "*", "?x", "http://a/b", "%2Fa"] {
        assert_eq!(path(target), Err(PathNotAbsolute), "{target}");
    }
}

/// CVE-2019-9901, CVE-2025-66490, CVE-2025-32431, CVE-2026-48020 and their like.
#[test]
fn f_010_dot_segments_are_rejected_in_every_spelling() {
    let plain = ["/.", "/..", "/a/..", "/a/../b", "/./a", "/a/./b", "/%2e", "/%2E%2e/a", "/a/.%2e", "/a/%2e./b", "//../a"];
    let hidden = [
        "/a/..%2fadmin",
        "/a%2F..%2Fadmin",
        "/a%2f%2e%2e",
        "/a/..%5cadmin",
        "/a%5C.%5Cadmin",
        "/..;/x",
        "/a/..;v=1/x",
        "/a/.;/x",
        "/a/%2e%2e;/x",
        "/a%2F..;x%2Fb",
        "/a;x%2F../b",
    ];
    for target in plain.into_iter().chain(hidden) {
        assert_eq!(path(target), Err(RejectReason::DotSegment), "{target}");
    }
    for target in hidden {
        assert_eq!(
            path_with(target, &resolving()),
            Err(RejectReason::DotSegment),
            "{target} means something else to every server"
        );
    }
    for target in ["/a..", "/..a", "/a../b", "/...", "/a;../b", "/a%2F..b", "/v1%2F.x", "/a;/..b", "/a?x=/../b"] {
        assert!(path(target).is_ok(), "{target}");
    }
}

#[test]
fn f_010_dot_segments_are_resolved_by_choice() {
    let table = [
        ("/a/b/../c", "/a/c"),
        ("/a/./b", "/a/b"),
        ("/a/b/..", "/a/"),
        ("/a/b/.", "/a/b/"),
        ("/..", "/"),
        ("/.", "/"),
        ("/../../a", "/a"),
        ("/a/../..", "/"),
        ("/a/%2e%2E/b", "/b"),
        ("/a/b/c/./../../g", "/a/g"),
    ];
    for (target, expected) in table {
        assert_eq!(path_with(target, &resolving()).as_deref(), Ok(expected), "{target}");
    }
    assert_eq!(path_with("/a//../b", &resolving()).as_deref(), Ok("/b"), "slashes are merged before");
    let keeping = choices(DotSegments::Resolve, RepeatedSlashes::Keep, EncodedSlashes::Keep);
    assert_eq!(path_with("/a//../b", &keeping).as_deref(), Ok("/a/b"), "an empty element is an element");
}

#[test]
fn f_010_repeated_slashes_are_merged_or_kept() {
    let keeping = choices(DotSegments::Reject, RepeatedSlashes::Keep, EncodedSlashes::Keep);
    for (target, merged) in [("//admin", "/admin"), ("/a///b//", "/a/b/"), ("//", "/"), ("/a/%2F/b", "/a/%2F/b")] {
        assert_eq!(path(target).as_deref(), Ok(merged));
        assert_eq!(path_with(target, &keeping).as_deref(), Ok(target));
    }
}

#[test]
fn pitfall_40_encoded_slashes_pass_unchanged_or_not_at_all() {
    let strict = choices(DotSegments::Reject, RepeatedSlashes::Merge, EncodedSlashes::Reject);
    for target in ["/group%2Fproject", "/a%5Cb"] {
        assert_eq!(path(target).as_deref(), Ok(target));
        assert_eq!(path_with(target, &strict), Err(RejectReason::EncodedSlash));
    }
    assert_eq!(path_with("/group%2fproject", &strict), Err(RejectReason::EncodedSlash));
    assert_eq!(path_with("/a%3Fb", &strict).as_deref(), Ok("/a%3Fb"));
}

#[test]
fn f_010_what_is_forwarded_is_what_was_matched() {
    let parts = parts("GET", "//a/%7Eb?q=%7E", &[]);
    let head = RequestHead::new(parts, &Choices::default()).unwrap();
    assert_eq!((&*head.path, head.query), ("/a/~b", Some("q=%7E")));
    assert_eq!(head.forward_path_and_query(), "/a/~b?q=%7E");
    let mut changed = head.clone();
    changed.path = Cow::Borrowed("/a");
    changed.query = None;
    assert_eq!(changed.forward_path_and_query(), "/a");
}

#[test]
fn f_028_requests_without_a_path() {
    let at = |method, authority, target| {
        let parts = HeadParts { authority, ..parts(method, target, &[]) };
        RequestHead::new(parts, &Choices::default())
            .map(|head| (head.has_path(), head.forward_path_and_query().into_owned()))
            .map_err(|reject| reject.why)
    };
    assert_eq!(at("OPTIONS", None, "*"), Ok((false, "*".into())));
    assert_eq!(at("GET", None, "*"), Err(RejectReason::PathNotAbsolute));
    assert_eq!(at("CONNECT", Some("example.com:443"), ""), Ok((false, String::new())));
    assert_eq!(at("CONNECT", Some("example.com"), "/chat"), Ok((true, "/chat".into())), "RFC 8441");
    assert_eq!(at("GET", Some("example.com"), ""), Ok((true, "/".into())));
    assert_eq!(at("GET", Some("example.com"), "?x=1"), Ok((true, "/?x=1".into())));
    assert_eq!(at("GET", None, ""), Err(RejectReason::PathNotAbsolute));
}

#[test]
fn e_012_and_e_013_the_port_is_ignored_and_forwarded() {
    let headers: [(&[u8], &[u8]); 1] = [(b"Host", b"Very.Specific.com:1234")];
    let head = head(None, &headers).unwrap();
    assert_eq!(head.host.as_ref().map(RequestHost::as_str), Some("very.specific.com"), "E-014");
    assert_eq!(head.authority, Some("Very.Specific.com:1234"));
}

#[test]
fn pitfall_10_case_and_the_last_dot_do_not_matter() {
    for name in ["example.com", "EXAMPLE.com", "example.com.", "example.com.:80"] {
        assert_eq!(head(Some(name), &[]).unwrap().host.as_ref().map(RequestHost::as_str), Some("example.com"));
    }
}

#[test]
fn e_015_the_authority_counts_before_the_host_header() {
    let headers: [(&[u8], &[u8]); 1] = [(b"host", b"other.example")];
    let head = head(Some("example.com"), &headers).unwrap();
    assert_eq!(head.authority, Some("example.com"));
    // F-026: also where a rule asks for the header.
    assert!(head.header_matches_exact("host", b"example.com"));
    assert!(!head.header_matches_exact("host", b"other.example"));
    assert_eq!(head.header("host").as_deref(), Some(&b"example.com"[..]));
}

#[test]
fn e_026_no_host_is_none_and_a_bad_one_is_refused() {
    let empty: [(&[u8], &[u8]); 1] = [(b"Host", b"")];
    for head in [head(None, &[]).unwrap(), head(None, &empty).unwrap(), head(Some(""), &[]).unwrap()] {
        assert_eq!((head.host.clone(), head.authority), (None, None));
        assert!(!head.header_matches_exact("host", b""));
    }
    for bad in ["a b", "user@example.com", "a/b", "a:b", "a:1:2", "[::1", "é.com", "a,b", ":80", "."] {
        let lines: [(&[u8], &[u8]); 1] = [(b"Host", bad.as_bytes())];
        assert_eq!(head(None, &lines).unwrap_err(), RejectReason::InvalidHost, "{bad}");
        assert_eq!(head(Some(bad), &[]).unwrap_err(), RejectReason::InvalidHost, "{bad}");
    }
    let bytes: [(&[u8], &[u8]); 1] = [(b"Host", b"\xff")];
    assert_eq!(head(None, &bytes).unwrap_err(), RejectReason::InvalidHost);
}

#[test]
fn e_026_several_host_headers_are_refused() {
    for second in [&b"example.com"[..], b"other.example"] {
        let lines: [(&[u8], &[u8]); 2] = [(b"Host", b"example.com"), (b"host", second)];
        assert_eq!(head(None, &lines).unwrap_err(), RejectReason::SeveralHosts);
        assert_eq!(head(Some("example.com"), &lines).unwrap_err(), RejectReason::SeveralHosts);
    }
}

#[test]
fn rejects_say_why() {
    let reject = Reject::from(RejectReason::DotSegment);
    assert_eq!(reject.to_string(), "the path holds a `.` or `..` segment");
    assert_eq!(serde_json::to_string(&reject).unwrap(), r#"{"status":400,"why":"dotSegment"}"#);
}

#[test]
fn f_015_query_names_and_values_have_a_case() {
    let is = |query, value: &str| query_matches_exact(query, b"animal", value.as_bytes(), RepeatedQuery::First);
    assert!(is("animal=whale", "whale"));
    assert!(is("otherparam=x&animal=whale", "whale"));
    for query in
        ["ANIMAL=whale", "animal=Whale", "animal=whaledolphin", "animal=whal", "animals=whale", "", "animal", "x=animal=whale"]
    {
        assert!(!is(query, "whale"), "{query}");
    }
    assert!(is("animal", "") && is("animal=", "") && is("&&animal=&", ""));
    assert!(is("animal=a=b", "a=b"));
}

#[test]
fn pitfall_22_query_names_are_not_folded() {
    assert_eq!(query_first("Name=1&name=2", b"name").as_deref(), Some(&b"2"[..]));
}

#[test]
fn pitfall_l2_the_first_of_repeated_parameters_counts() {
    let query = "a=1&b=x&a=2";
    assert_eq!(query_first(query, b"a").as_deref(), Some(&b"1"[..]));
    assert_eq!(query_last(query, b"a").as_deref(), Some(&b"2"[..]));
    for (which, value, other) in [(RepeatedQuery::First, "1", "2"), (RepeatedQuery::Last, "2", "1")] {
        assert!(query_matches_exact(query, b"a", value.as_bytes(), which));
        assert!(!query_matches_exact(query, b"a", other.as_bytes(), which), "F-016");
    }
}

#[test]
fn f_017_names_and_values_are_compared_decoded() {
    for (query, value) in [
        ("na%6De=blue%20whale", "blue whale"),
        ("name=blue+whale", "blue whale"),
        ("name=1%2B1", "1+1"),
        ("name=%C3%A9", "é"),
        ("name=100%", "100%"),
        ("name=%zz%2", "%zz%2"),
        ("name=a%26b%3Dc", "a&b=c"),
    ] {
        assert_eq!(query_first(query, b"name").as_deref(), Some(value.as_bytes()), "{query}");
        assert!(query_matches_exact(query, b"name", value.as_bytes(), RepeatedQuery::First), "{query}");
    }
    assert!(matches!(query_first("name=plain", b"name"), Some(Cow::Borrowed(b"plain"))));
}

#[test]
fn f_008_the_query_is_no_part_of_the_path() {
    let parts = parts("GET", "/a?b=/c?d&e=%2e%2e/", &[]);
    let head = RequestHead::new(parts, &Choices::default()).unwrap();
    assert_eq!((&*head.path, head.query), ("/a", Some("b=/c?d&e=%2e%2e/")));
    assert_eq!(head.query_value("e", RepeatedQuery::First).as_deref(), Some(&b"../"[..]));
    assert!(head.query_matches_exact("b", "/c?d", RepeatedQuery::First));
}

proptest! {
    #[test]
    fn f_010_the_normal_form_is_stable_and_clean(target in r"/([a./;%|é]|%2[eEfF]|%5[cC]|%41|//|/\.\./?){0,8}") {
        for choices in every_choice() {
            let Ok(normal) = path_with(&target, &choices) else { continue };
            prop_assert_eq!(path_with(&normal, &choices), Ok(normal.clone()));
            prop_assert!(normal.starts_with('/') && normal.is_ascii());
            prop_assert!(choices.repeated_slashes == RepeatedSlashes::Keep || !normal.contains("//"), "{}", normal);
            prop_assert!(choices.encoded_slashes == EncodedSlashes::Keep || !(normal.contains("%2F") || normal.contains("%5C")));
            // What the most credulous server makes of it still holds no dot segment.
            let credulous = normal.replace("%2F", "/").replace("%5C", "/");
            let dots = credulous.split('/').map(|part| part.split(';').next().unwrap()).any(|part| part == "." || part == "..");
            prop_assert!(!dots && !normal.to_lowercase().contains("%2e"), "{}", normal);
            prop_assert!(!has_dot_segment(&normal));
        }
    }

    #[test]
    fn heads_are_total_and_borrow_only_what_is_unchanged(target in ".{0,16}", host in "[a-zA-Z.:*@ \\[\\]0-9]{0,8}") {
        for choices in every_choice() {
            let lines: [(&[u8], &[u8]); 1] = [(b"host", host.as_bytes())];
            if let Ok(head) = RequestHead::new(parts("GET", &target, &lines), &choices) {
                let query = head.query.map_or(String::new(), |query| format!("?{query}"));
                prop_assert_eq!(head.forward_path_and_query(), format!("{}{query}", head.path));
            }
        }
    }

    #[test]
    fn f_017_comparing_agrees_with_decoding(query in "[ab&=+%2]{0,12}", name in "[ab ]{0,2}", value in "[ab+% ]{0,2}") {
        for which in [RepeatedQuery::First, RepeatedQuery::Last] {
            let decoded = query_value(&query, name.as_bytes(), which);
            let equal = query_matches_exact(&query, name.as_bytes(), value.as_bytes(), which);
            prop_assert_eq!(equal, decoded.as_deref() == Some(value.as_bytes()));
        }
    }
}
