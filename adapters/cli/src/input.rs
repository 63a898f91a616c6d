//! The one way from PATHs to an attachment graph, for every command.

use std::path::{Path, PathBuf};

use gwapi_ask::Reader;
use gwapi_core::name::{GATEWAY_GROUP, GATEWAY_X_GROUP};
use gwapi_manifest::Loaded;
use serde_json::Value;

use crate::serve::certificates::Certificates;

mod facts;

pub use facts::Facts;
pub use gwapi_ask::{Input, Manifest, Options, gateway_key};

/// Reads files, folders and stdin.
#[must_use]
pub fn load(paths: &[PathBuf], options: &Options) -> Input {
    let mut reader = Reader::default();
    let limits = gwapi_manifest::Limits::default();
    let report = gwapi_manifest::visit(paths, &mut std::io::stdin().lock(), limits, &mut |document| reader.read(document));
    compare_keys(reader.finish(report.findings, report.unusable, options))
}

/// Makes sense of what was read.
#[must_use]
pub fn of(loaded: Loaded, options: &Options) -> Input {
    compare_keys(Input::of(loaded, options))
}

/// The function never sees a private key, so that a key does not fit is something that it has to be told.
fn compare_keys(mut input: Input) -> Input {
    input.snapshot.facts.mismatched_certificates.extend(Certificates::of(&input).mismatched());
    input
}

/// Reads a list of feature names: a YAML list, or an object with `supportedFeatures` as a GatewayClass's status has it.
///
/// # Errors
/// If the file cannot be read or holds something else.
pub fn read_features(path: &Path) -> Result<Vec<String>, String> {
    let at = |message: &dyn std::fmt::Display| format!("{}: {message}", path.display());
    let bytes = std::fs::read(path).map_err(|error| at(&error))?;
    let loaded = gwapi_manifest::parse_values(&path.display().to_string(), &bytes);
    if let Some(finding) = loaded.findings.first() {
        return Err(at(&finding.message));
    }
    let value = loaded.documents.into_iter().next().map(|document| document.value).unwrap_or_default();
    let list = [&value, &value["supportedFeatures"], &value["status"]["supportedFeatures"]].into_iter().find_map(Value::as_array);
    let list = list.ok_or_else(|| at(&"a list of feature names is expected"))?;
    let name = |entry: &Value| entry.as_str().or_else(|| entry["name"].as_str()).map(str::to_owned);
    list.iter().map(|entry| name(entry).ok_or_else(|| at(&format!("`{entry}` is no feature name")))).collect()
}

/// Whether a group belongs to the Gateway API.
#[must_use]
pub fn is_gateway_api(group: &str) -> bool {
    group == GATEWAY_GROUP || group == GATEWAY_X_GROUP
}
