//! Every mistake of other implementations in our table has a test, or a reason why it has none yet.

use std::{collections::BTreeMap, fs, path::Path, path::PathBuf};

/// Rows that no test can hold yet.
const NOT_YET: &[(&str, &str)] = &[];

fn rows() -> Vec<String> {
    (1..=6).map(|row| format!("L{row}")).chain((1..=73).map(|row| row.to_string())).collect()
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    let entries = fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    for path in entries.map(|entry| entry.expect("an entry").path()) {
        if path.is_dir() {
            files(&path, found);
        } else {
            found.push(path);
        }
    }
}

/// Where each row is tested: functions `pitfall_<row>_…` and cases with `pitfalls`.
fn tests() -> BTreeMap<String, PathBuf> {
    let mut found = Vec::new();
    for folder in ["gwapi-core", "gwapi-match", "gwapi-status", "adapters", "testdata"] {
        files(&root().join(folder), &mut found);
    }
    let mut tests = BTreeMap::new();
    for path in found {
        if path.extension().is_some_and(|extension| extension == "rs") {
            let source = fs::read_to_string(&path).expect("source is text");
            for name in source.split("fn pitfall_").skip(1).chain(source.split("fn pitfalls_").skip(1)) {
                let is_row = |part: &&str| part.trim_start_matches('l').bytes().all(|b| b.is_ascii_digit());
                for row in name.split(['_', '(']).take_while(is_row) {
                    tests.insert(row.to_uppercase(), path.clone());
                }
            }
        } else if path.file_name().is_some_and(|name| name == "meta.yaml") {
            let text = fs::read_to_string(&path).expect("meta.yaml is text");
            let loaded = gwapi_manifest::parse_values("meta.yaml", text.as_bytes());
            for row in loaded.documents[0].value["pitfalls"].as_array().into_iter().flatten() {
                tests.insert(row.to_string().trim_matches('"').to_owned(), path.clone());
            }
        }
    }
    tests
}

#[test]
fn every_row_has_a_test_or_a_reason() {
    let tests = tests();
    for row in rows() {
        let reason = NOT_YET.iter().find(|(excused, _)| *excused == row).map(|(_, reason)| reason);
        match (tests.get(&row), reason) {
            (Some(_), None) | (None, Some(_)) => {}
            (None, None) => panic!("row {row} has no test"),
            (Some(path), Some(reason)) => panic!("row {row} is tested in {}, though: {reason}", path.display()),
        }
    }
    let known = rows();
    for (row, path) in &tests {
        assert!(known.contains(row), "{} names row {row}, which there is not", path.display());
    }
}
