//! Two hostnames and a name, one a line: law 7, and a name means the same however it is written.
#![no_main]

use gwapi_core::{Hostname, RequestHost};

libfuzzer_sys::fuzz_target!(|text: &str| {
    let mut parts = text.split('\n');
    let (one, other) = (parts.next().map(Hostname::parse), parts.next().map(Hostname::parse));
    let host = parts.next().and_then(RequestHost::parse);
    if let Some(host) = &host {
        check_host(host);
    }
    let (Some(Ok(one)), Some(Ok(other))) = (one, other) else { return };
    check_hostname(&one);
    check_pair(&one, &other);
    if let Some(host) = host {
        check_match(&one, &other, &host);
    }
});

/// The normal form is one, and neither case nor port nor the dot at the end is in it.
fn check_host(host: &RequestHost<'_>) {
    let text = host.as_str();
    assert_eq!(RequestHost::parse(text).as_ref(), Some(host));
    for written in [text.to_ascii_uppercase(), format!("{text}:80"), format!("{text}.:65535"), format!("{text}.")] {
        // An address in brackets takes no dot behind it.
        if !(text.starts_with('[') && written.contains("].")) {
            assert_eq!(RequestHost::parse(&written).as_ref(), Some(host), "{written}");
        }
    }
}

fn check_hostname(name: &Hostname) {
    assert_eq!(Hostname::parse(name.as_str()).as_ref(), Ok(name));
    assert_eq!(name.intersection(name), Some(name));
    assert!(!name.as_str().bytes().any(|b| b.is_ascii_uppercase()) && name.as_str().len() <= 253);
    assert_eq!(name.is_wildcard(), name.as_str().starts_with("*."));
    assert!(Hostname::specificity(Some(name)) < Hostname::specificity(None));
    if !name.is_wildcard() {
        // An exact hostname is a request's host too.
        assert_eq!(RequestHost::parse(name.as_str()).map(|host| name.matches(host.as_str())), Some(true));
    }
}

fn check_pair(one: &Hostname, other: &Hostname) {
    let both = one.intersection(other);
    assert_eq!(both, other.intersection(one));
    match both {
        Some(both) => {
            assert!(one.covers(both) && other.covers(both) && (both == one || both == other));
            assert_eq!(one.intersection(both), Some(both));
            assert_eq!(other.intersection(both), Some(both));
        }
        None => assert!(!one.covers(other) && !other.covers(one)),
    }
    if one != other && one.covers(other) {
        assert!(!other.covers(one));
        assert!(Hostname::specificity(Some(other)) < Hostname::specificity(Some(one)));
    }
}

fn check_match(one: &Hostname, other: &Hostname, host: &RequestHost<'_>) {
    let host = host.as_str();
    let both = one.matches(host) && other.matches(host);
    assert_eq!(both, one.intersection(other).is_some_and(|both| both.matches(host)));
    if one.covers(other) && other.matches(host) {
        assert!(one.matches(host));
    }
}
