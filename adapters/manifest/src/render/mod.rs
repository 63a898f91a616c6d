//! Findings as text for people, JSON, SARIF and GitHub annotations.

mod github;
mod human;
mod sarif;

pub use github::github;
pub use human::{escape, human};
pub use sarif::sarif;

use serde_json::Value;

use crate::finding::Finding;

/// Findings as a JSON list of `{severity, code, message, file, line, column, endColumn, path, fix}`; absent means none.
pub fn json(findings: &[Finding]) -> Value {
    findings.iter().map(|finding| serde_json::to_value(finding).unwrap_or_default()).collect()
}
