//! Whether the signatures of the pure crates show types of others only where that is meant: what they show binds our versions
//! to theirs. The list is the one of cargo-check-external-types, in the manifests.

use std::{collections::BTreeSet, fs, process::Command};

use serde_json::Value;

use super::{manifest, metadata, packages, target_folder};
use crate::{
    purity::PURE,
    shell::{Outcome, run as run_command},
};

/// What comes with the compiler.
const STANDARD: [&str; 3] = ["core", "alloc", "std"];

pub(crate) fn run() -> Outcome {
    PURE.iter().try_for_each(|name| check(name))
}

fn check(name: &str) -> Outcome {
    let metadata = metadata("--no-deps")?;
    let allowed = allowed(&metadata, name);
    let shown = external_paths(&documentation(&metadata, name)?);
    let refused: Vec<String> = shown.into_iter().filter(|path| !is_allowed(path, &allowed)).collect();
    if refused.is_empty() { Ok(()) } else { Err(format!("{name} shows {}", refused.join(", "))) }
}

fn allowed(metadata: &Value, name: &str) -> Vec<String> {
    let package = packages(metadata).find(|package| package["name"] == name);
    let list = package.map(|package| &package["metadata"]["cargo_check_external_types"]["allowed_external_types"]);
    let patterns = list.and_then(Value::as_array).into_iter().flatten();
    patterns.filter_map(|pattern| pattern.as_str().map(str::to_owned)).collect()
}

fn is_allowed(path: &str, allowed: &[String]) -> bool {
    let of_crate = |name: &str| path.split("::").next() == Some(name);
    let matches = |pattern: &String| match pattern.strip_suffix('*') {
        Some(prefix) => path.starts_with(prefix),
        None => path == pattern,
    };
    STANDARD.into_iter().any(of_crate) || allowed.iter().any(matches)
}

/// The public interface, as rustdoc writes it down for programs.
fn documentation(metadata: &Value, name: &str) -> Result<Value, String> {
    let target = target_folder(metadata)?.join("packages/api");
    let mut command = Command::new(env!("CARGO"));
    command.args(["rustdoc", "--quiet", "--locked", "--lib", "--manifest-path"]).arg(manifest(name));
    command.args(["--", "-Z", "unstable-options", "--output-format", "json"]);
    run_command(command.env("RUSTC_BOOTSTRAP", "1").env("CARGO_TARGET_DIR", &target), &format!("cargo rustdoc of {name}"))?;
    let path = target.join(format!("doc/{}.json", name.replace('-', "_")));
    let text = fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
    serde_json::from_str(&text).map_err(|error| format!("{}: {error}", path.display()))
}

/// What the public items of a crate name that is of another one. What rustdoc works out by itself (auto traits, blanket
/// implementations) is in no signature.
fn external_paths(documentation: &Value) -> BTreeSet<String> {
    let items = documentation["index"].as_object().into_iter().flatten().map(|(_, item)| item);
    let own = items.filter(|item| item["crate_id"] == 0 && !is_implied(item));
    let mut ids = Vec::new();
    own.for_each(|item| add_ids(&item["inner"], &mut ids));
    ids.iter().filter_map(|id| external_path(documentation, id)).collect()
}

fn is_implied(item: &Value) -> bool {
    let implementation = &item["inner"]["impl"];
    implementation["is_synthetic"] == true || !implementation["blanket_impl"].is_null()
}

/// A type, trait or import names its `path` or `source`, and the `id` of what that is.
fn add_ids(value: &Value, ids: &mut Vec<String>) {
    match value {
        Value::Object(members) => {
            if let (Some(id), true) = (members.get("id"), members.contains_key("path") || members.contains_key("source")) {
                ids.push(id.to_string());
            }
            members.values().for_each(|member| add_ids(member, ids));
        }
        Value::Array(elements) => elements.iter().for_each(|element| add_ids(element, ids)),
        _ => {}
    }
}

fn external_path(documentation: &Value, id: &str) -> Option<String> {
    let summary = documentation["paths"].get(id).filter(|summary| summary["crate_id"] != 0)?;
    let path: Vec<&str> = summary["path"].as_array()?.iter().filter_map(Value::as_str).collect();
    Some(path.join("::"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn types_of_others_are_found_wherever_a_signature_names_them() {
        let of = |id: u32| json!({"resolved_path": {"path": "Any", "id": id, "args": null}});
        let documentation = json!({
            "index": {
                "1": {"crate_id": 0, "inner": {"struct_field": {"tuple": [of(10), of(20)]}}},
                "2": {"crate_id": 0, "inner": {"impl": {"trait": {"path": "Serialize", "id": 30}, "for": of(10),
                      "is_synthetic": false, "blanket_impl": null}}},
                "3": {"crate_id": 0, "inner": {"impl": {"trait": {"path": "Into", "id": 40}, "is_synthetic": false,
                      "blanket_impl": {"generic": "T"}}}},
                "4": {"crate_id": 7, "inner": {"struct_field": of(50)}},
            },
            "paths": {
                "10": {"crate_id": 0, "path": ["own", "Type"]},
                "20": {"crate_id": 1, "path": ["alloc", "string", "String"]},
                "30": {"crate_id": 2, "path": ["serde_core", "ser", "Serialize"]},
                "40": {"crate_id": 3, "path": ["blanket", "Into"]},
                "50": {"crate_id": 4, "path": ["foreign", "Type"]},
            },
        });
        let found: Vec<String> = external_paths(&documentation).into_iter().collect();
        assert_eq!(found, ["alloc::string::String", "serde_core::ser::Serialize"]);
        assert!(is_allowed(&found[0], &[]) && !is_allowed(&found[1], &["serde::*".to_owned()]));
        assert!(is_allowed(&found[1], &["serde_core::*".to_owned()]));
    }
}
