//! What the cases of the corpus say of themselves.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use serde_json::Value;

pub(super) struct Case {
    pub(super) requirements: Vec<String>,
}

/// All cases by their names, `testdata/<area>/<case>`.
pub(super) fn read(corpus: &Path, problems: &mut Vec<String>) -> BTreeMap<String, Case> {
    let mut cases = BTreeMap::new();
    for area in folders(corpus) {
        for case in folders(&area) {
            let name = format!("testdata/{}/{}", file_name(&area), file_name(&case));
            match fs::read(case.join("meta.yaml")) {
                Ok(meta) => drop(cases.insert(name, case_of(&meta))),
                Err(error) => problems.push(format!("{name}/meta.yaml: {error}")),
            }
        }
    }
    cases
}

fn case_of(meta: &[u8]) -> Case {
    let loaded = gwapi_manifest::parse_values("meta.yaml", meta);
    let named = loaded.documents.first().and_then(|document| document.value["requirements"].as_array());
    Case { requirements: named.into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect() }
}

fn folders(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().filter_map(|entry| Some(entry.ok()?.path()));
    let mut folders: Vec<_> = entries.filter(|path| path.is_dir()).collect();
    folders.sort();
    folders
}

fn file_name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_case_names_its_rules() {
        assert_eq!(case_of(b"description: d\nrequirements: [D-003, E-027]\n").requirements, ["D-003", "E-027"]);
        assert_eq!(case_of(b"requirements:\n- A-001\n").requirements, ["A-001"]);
        assert!(case_of(b"description: d\n").requirements.is_empty());
        assert!(case_of(b"").requirements.is_empty());
    }
}
