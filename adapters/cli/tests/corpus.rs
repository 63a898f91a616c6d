//! Our cases, run by `gwapi test` as a user would, and proof that the runner can fail.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Output},
};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn gwapi(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_gwapi")).args(arguments).current_dir(root()).output().expect("gwapi runs")
}

fn stdout(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[test]
fn law_10_our_cases_pass_in_the_pure_crates() {
    let output = gwapi(&["test", "testdata", "--ledger", "testdata/expected-failures.txt"]);
    assert!(output.status.success(), "{}", stdout(&output));
}

/// A case of ours in a folder of its own, with one file changed.
fn altered(name: &str, case: &str, file: &str, from: &str, to: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    fs::create_dir_all(&folder).expect("a folder");
    for part in fs::read_dir(root().join("testdata").join(case)).expect("the case is there") {
        let part = part.expect("a file").path();
        let text = fs::read_to_string(&part).expect("a text");
        let part = part.file_name().expect("a name");
        let changed = if part == file { text.replacen(from, to, 1) } else { text.clone() };
        assert!(part != file || changed != text, "`{from}` is in {file}");
        fs::write(folder.join(part), changed).expect("written");
    }
    folder
}

fn fails_with(folder: &Path, what: &str) {
    let output = gwapi(&["test", folder.to_str().expect("a path")]);
    let text = stdout(&output);
    assert_eq!(output.status.code(), Some(1), "{text}");
    assert!(text.contains(what), "{text}");
    assert!(text.trim_end().ends_with("0 passed, 1 failed, 0 skipped"), "{text}");
}

#[test]
fn a_wrong_reason_in_expected_yaml_fails() {
    let folder =
        altered("wrong-reason", "attachment/unknown-section-name", "expected.yaml", "NoMatchingParent", "NotAllowedByListeners");
    fails_with(&folder, "expected: False/NotAllowedByListeners");
}

#[test]
fn a_wrong_count_in_expected_yaml_fails() {
    let folder = altered("wrong-count", "attachment/counted-once", "expected.yaml", "attachedRoutes: 1", "attachedRoutes: 2");
    fails_with(&folder, "attachedRoutes");
}

#[test]
fn a_wrong_backend_in_requests_yaml_fails() {
    let folder =
        altered("wrong-backend", "precedence/age-after-the-match", "requests.yaml", "backend: shop/new", "backend: shop/old");
    fails_with(&folder, "forwarded to shop/new");
}

#[test]
fn a_wrong_key_in_requests_yaml_fails() {
    let folder = altered("wrong-why", "precedence/age-after-the-match", "requests.yaml", "why: path-length", "why: age");
    fails_with(&folder, "why");
}

#[test]
fn an_unknown_key_in_a_case_fails() {
    let folder = altered("unknown-key", "precedence/age-after-the-match", "requests.yaml", "expect:", "expcet:");
    fails_with(&folder, "requests.yaml:2: the case itself");
}

#[test]
fn a_ledger_entry_that_passes_fails() {
    let ledger = Path::new(env!("CARGO_TARGET_TMPDIR")).join("ledger.txt");
    fs::write(&ledger, "class/* not built\n").expect("written");
    let output = gwapi(&["test", "testdata", "--only", "class/*", "--ledger", ledger.to_str().expect("a path")]);
    assert_eq!(output.status.code(), Some(1));
    assert!(stdout(&output).contains("passes, though the ledger says: not built"));
}

#[test]
fn a_folder_without_cases_is_unusable() {
    for folder in ["docs", "nowhere"] {
        assert_eq!(gwapi(&["test", folder]).status.code(), Some(2), "{folder}");
    }
}

#[test]
fn reports_are_json_and_junit() {
    let output = gwapi(&["test", "testdata", "--only", "class/*", "--report", "json"]);
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(report["cases"][0]["status"], "passed");
    assert_eq!(report["failed"], 0);
    let output = gwapi(&["test", "testdata", "--only", "class/*", "--report", "junit"]);
    assert!(stdout(&output).contains("<testcase classname=\"gwapi\" name=\"class/bad-parameters\"/>"));
    assert!(String::from_utf8_lossy(&output.stderr).trim_end().ends_with("0 failed, 0 skipped"));
}
