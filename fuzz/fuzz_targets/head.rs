//! A digit for the choices and a request target: the normal form is one, and holds nothing that the choices refuse (F-010).
#![no_main]

use std::{borrow::Cow, collections::BTreeMap};

use gwapi_core::{
    Choices,
    choices::{DotSegments, EncodedSlashes, RepeatedQuery, RepeatedSlashes},
    model::Scheme,
    path::has_dot_segment,
};
use gwapi_match::head::{HeadParts, RequestHead, query_first, query_last, query_matches_exact, query_pairs};

libfuzzer_sys::fuzz_target!(|text: &str| {
    let Some(bits) = text.chars().next().and_then(|digit| digit.to_digit(8)) else { return };
    let choices = choices(bits);
    let headers: [(&[u8], &[u8]); 0] = [];
    let parts = |path_and_query| HeadParts {
        method: "GET",
        scheme: Scheme::Http,
        authority: None,
        path_and_query,
        headers: &headers[..],
    };
    let Ok(head) = RequestHead::new(parts(&text[1..]), &choices) else { return };
    let forwarded = head.forward_path_and_query();
    let again = RequestHead::new(parts(&forwarded), &choices).expect("a normal form is accepted");
    assert_eq!((&head.path, head.query), (&again.path, again.query), "what is forwarded is what was matched");
    assert_eq!(forwarded, again.forward_path_and_query());

    assert!(head.path.starts_with('/') && head.path.bytes().all(|b| b.is_ascii_graphic() && !b"?#\\\"<>^`{|}".contains(&b)));
    assert!(!has_dot_segment(&head.path), "in no spelling");
    assert!(choices.repeated_slashes == RepeatedSlashes::Keep || !head.path.contains("//"));
    assert!(choices.encoded_slashes == EncodedSlashes::Keep || !(head.path.contains("%2F") || head.path.contains("%5C")));
    head.query.into_iter().for_each(check_query);
});

fn choices(bits: u32) -> Choices {
    let mut choices = Choices::default();
    if bits & 1 != 0 {
        choices.dot_segments = DotSegments::Resolve;
    }
    if bits & 2 != 0 {
        choices.repeated_slashes = RepeatedSlashes::Keep;
    }
    if bits & 4 != 0 {
        choices.encoded_slashes = EncodedSlashes::Reject;
    }
    choices
}

/// Of each parameter the first and the last value by its decoded name are its own, if it is the first or last of that name.
fn check_query(query: &str) {
    let (mut first, mut last) = (BTreeMap::new(), BTreeMap::new());
    for (name, value) in query_pairs(query) {
        let (name, value) = (decoded(name), decoded(value));
        first.entry(name.clone()).or_insert_with(|| value.clone());
        last.insert(name, value);
    }
    for name in first.keys() {
        let found = query_first(query, name).map(Cow::into_owned);
        assert_eq!(found.as_ref(), first.get(name));
        assert!(query_matches_exact(query, name, &found.unwrap_or_default(), RepeatedQuery::First));
        assert_eq!(query_last(query, name).map(Cow::into_owned).as_ref(), last.get(name));
    }
}

/// What forms mean by `+` and escapes, as a table of bytes.
fn decoded(raw: &str) -> Vec<u8> {
    let (bytes, mut at, mut text) = (raw.as_bytes(), 0, Vec::new());
    while let Some(byte) = bytes.get(at) {
        let escape = raw.get(at + 1..at + 3).filter(|digits| *byte == b'%' && digits.bytes().all(|b| b.is_ascii_hexdigit()));
        match escape.and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            Some(escaped) => text.push(escaped),
            None => text.push(if *byte == b'+' { b' ' } else { *byte }),
        }
        at += if escape.is_some() { 3 } else { 1 };
    }
    text
}
