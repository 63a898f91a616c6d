//! Bytes of any kind: reading ends with findings of known codes, and what was read is read again from what is written.
#![no_main]

use gwapi_manifest::{CODES, Loaded, Severity, documents_to_yaml, parse_bytes, parse_values, render};
use serde_json::Value;

/// Aliases can stand for much more than is written.
const MAX_WRITTEN: usize = 1 << 18;

gwapi_fuzz::mutate_manifests!();

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let loaded = parse_bytes("input.yaml", bytes);
    check_findings(&loaded, bytes);
    for document in &loaded.documents {
        let is_named = |text: Option<&str>| text.is_some_and(|text| !text.is_empty());
        assert!(document.value.is_object() && is_named(document.api_version()) && is_named(document.kind()));
        assert!(document.line() >= 1);
    }
    check_round_trip(&values(&loaded), parse_bytes);
    check_round_trip(&values(&parse_values("input.yaml", bytes)), parse_values);
});

fn values(loaded: &Loaded) -> Vec<Value> {
    loaded.documents.iter().map(|document| document.value.clone()).collect()
}

fn check_findings(loaded: &Loaded, bytes: &[u8]) {
    let lines = u32::try_from(bytes.split(|b| *b == b'\n').count()).expect("inputs are short") + 1;
    for finding in &loaded.findings {
        assert!(CODES.iter().any(|(code, _)| *code == finding.code));
        assert!(finding.place.is_none_or(|place| (1..=lines).contains(&place.line) && place.column >= 1));
        let shown = render::human(finding, false);
        assert!(shown.chars().all(|letter| letter == '\n' || !letter.is_control()), "{shown:?}");
        assert_eq!(render::github(finding).trim_end().lines().count(), 1);
    }
    assert!(!loaded.unusable || loaded.findings.iter().any(|finding| finding.severity == Severity::Error));
    let json = render::json(&loaded.findings).to_string();
    assert!(serde_json::from_str::<Value>(&json).is_ok());
    let _ = render::sarif(&loaded.findings, "0", CODES);
}

/// What is written as YAML, and as JSON, says the same.
fn check_round_trip(values: &[Value], read: impl Fn(&str, &[u8]) -> Loaded) {
    let written = documents_to_yaml(values);
    if written.len() > MAX_WRITTEN {
        return;
    }
    let again = read("again.yaml", written.as_bytes());
    assert!(again.findings.is_empty(), "{:?}\n{written}", again.findings);
    assert_eq!(self::values(&again), values, "{written}");
    for value in values {
        let again = read("again.json", value.to_string().as_bytes());
        assert!(again.findings.is_empty(), "{:?}\n{value}", again.findings);
        assert_eq!(self::values(&again), std::slice::from_ref(value));
    }
}
