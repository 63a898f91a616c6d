//! Findings as SARIF 2.1.0, which code scanners and editors read.

use std::collections::BTreeSet;
use std::fmt::Write;

use serde_json::{Map, Value, json};

use crate::finding::{CODES, Finding, Severity};

/// A SARIF log with one run of `gwapi`. `version` is that of the program, `codes` what its own codes mean (those of this crate
/// are known).
pub fn sarif(findings: &[Finding], version: &str, codes: &[(&str, &str)]) -> Value {
    let used: Vec<&str> = findings.iter().map(|finding| finding.code).collect::<BTreeSet<_>>().into_iter().collect();
    let rules: Vec<Value> = used.iter().map(|code| rule(code, codes)).collect();
    let results: Vec<Value> = findings.iter().map(|finding| result(finding, &used)).collect();
    json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": {"driver": {
                "name": "gwapi",
                "version": version,
                "informationUri": "https://github.com/gwapi/gwapi",
                "rules": rules,
            }},
            "columnKind": "unicodeCodePoints",
            "results": results,
        }],
    })
}

fn rule(code: &str, codes: &[(&str, &str)]) -> Value {
    match codes.iter().chain(CODES).find(|(known, _)| *known == code) {
        Some((_, meaning)) => json!({"id": code, "shortDescription": {"text": meaning}}),
        None => json!({"id": code}),
    }
}

fn result(finding: &Finding, rules: &[&str]) -> Value {
    let level = match finding.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Note => "note",
    };
    let fix = finding.fix.as_ref().map_or_else(String::new, |fix| format!("\nfix: {fix}"));
    let mut result = json!({
        "ruleId": finding.code,
        "ruleIndex": rules.iter().position(|rule| *rule == finding.code),
        "level": level,
        "message": {"text": format!("{}{fix}", finding.message)},
    });
    if let (Some(location), Some(result)) = (location(finding), result.as_object_mut()) {
        result.insert("locations".to_owned(), json!([location]));
    }
    result
}

fn location(finding: &Finding) -> Option<Value> {
    if finding.file.is_empty() {
        return None;
    }
    let mut physical = json!({"artifactLocation": {"uri": uri(&finding.file)}});
    if let (Some(place), Some(physical)) = (finding.place, physical.as_object_mut()) {
        let mut region = json!({"startLine": place.line, "startColumn": place.column});
        if let (Some(end), Some(region)) = (place.end_column, region.as_object_mut()) {
            region.insert("endColumn".to_owned(), end.into());
        }
        physical.insert("region".to_owned(), region);
    }
    let mut location = Map::new();
    location.insert("physicalLocation".to_owned(), physical);
    if let Some(path) = &finding.path {
        location.insert("logicalLocations".to_owned(), json!([{"fullyQualifiedName": path}]));
    }
    Some(Value::Object(location))
}

/// A path as URI reference: relative paths stay relative, absolute ones become `file:` URIs.
fn uri(path: &str) -> String {
    let path = path.strip_prefix("./").unwrap_or(path);
    let mut out = if path.starts_with('/') { "file://".to_owned() } else { String::new() };
    for byte in path.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => out.push(char::from(byte)),
            _ => drop(write!(out, "%{byte:02X}")),
        }
    }
    out
}
