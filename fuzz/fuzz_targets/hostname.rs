//! Pairs of hostnames and a name: law 7.
#![no_main]

use gwapi_core::{Hostname, RequestHost};

libfuzzer_sys::fuzz_target!(|text: &str| {
    let mut parts = text.split('\n');
    let (Some(one), Some(other), Some(host)) = (parts.next(), parts.next(), parts.next()) else { return };
    let (Ok(one), Ok(other)) = (Hostname::parse(one), Hostname::parse(other)) else { return };
    let Some(host) = RequestHost::parse(host) else { return };
    let (both, intersection) = (one.matches(host.as_str()) && other.matches(host.as_str()), one.intersection(&other));
    assert_eq!(intersection, other.intersection(&one));
    assert_eq!(both, intersection.is_some_and(|intersection| intersection.matches(host.as_str())));
});
