//! Cases about what an API server refuses, as `gwapi test` runs them.

use std::fs;

use serde_json::Value;

mod folder;

use folder::Folder;

const CLASS: &str =
    "apiVersion: gateway.networking.k8s.io/v1\nkind: GatewayClass\nmetadata: {name: c}\nspec: {controllerName: example.com/a}\n";

/// What comes of a case with these files: its entry of the report.
fn run(files: &[(&str, &str)]) -> Value {
    let folder = Folder::new();
    fs::create_dir(folder.0.join("case")).expect("a folder for the case");
    for (name, text) in files {
        folder.write(&format!("case/{name}"), text.as_bytes());
    }
    let report = folder.run("test", &["--report", "json"]).json();
    report["cases"][0].clone()
}

fn outcome(expected: &str, files: &[(&str, &str)]) -> (String, String) {
    let case = run(&[files, &[("expected.yaml", expected)]].concat());
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    (text(&case["status"]), text(&case["failures"][0]["actual"]))
}

#[test]
fn a_verdict_holds_in_the_channels_that_it_names() {
    let input = [("input.yaml", CLASS)];
    for expected in ["valid: true", "{valid: true, operation: create, channel: both}", "{valid: true, channel: standard}"] {
        assert_eq!(outcome(expected, &input).0, "passed", "{expected}");
    }
    let backend =
        CLASS.replace("gateway.networking.k8s.io/v1\nkind: GatewayClass", "gateway.networking.x-k8s.io/v1alpha1\nkind: XMesh");
    let input = [("input.yaml", backend.as_str())];
    assert_eq!(outcome("{valid: true, channel: experimental}", &input).0, "passed");
    let (status, why) = outcome("{valid: true, channel: both}", &input);
    assert_eq!((status.as_str(), why.as_str()), ("failed", "XMesh `c` is of no kind and version that is served"));
}

#[test]
fn a_refusal_is_compared_by_parts_of_what_the_server_says() {
    let wrong = CLASS.replace("example.com/a", "example.com");
    let input = [("input.yaml", wrong.as_str())];
    assert_eq!(outcome("{valid: false, errors: ['spec.controllerName in body should match']}", &input).0, "passed");
    let (status, why) = outcome("{valid: false, errors: [something else]}", &input);
    assert!(status == "failed" && why.starts_with("spec.controllerName: Invalid value: \"example.com\""), "{why}");
    let (status, why) = outcome("valid: true", &input);
    assert!(status == "failed" && why.starts_with("refused: spec.controllerName"), "{why}");
    assert_eq!(outcome("valid: false", &[("input.yaml", CLASS)]), ("failed".into(), "accepted".into()));
}

#[test]
fn an_update_has_something_before_it() {
    let after = CLASS.replace("example.com/a", "example.com/b");
    let files = [("input.yaml", after.as_str()), ("before.yaml", CLASS)];
    assert_eq!(outcome("{valid: false, operation: update, errors: [field is immutable]}", &files).0, "passed");
    assert_eq!(outcome("{valid: true, operation: update}", &[("input.yaml", CLASS), ("before.yaml", CLASS)]).0, "passed");
    assert_eq!(outcome("{valid: true, operation: update}", &[("input.yaml", CLASS)]).0, "failed");
}

#[test]
fn a_verdict_with_an_unknown_key_is_an_error_of_the_case() {
    let (status, why) = outcome("{valid: true, chanel: both}", &[("input.yaml", CLASS)]);
    assert!(status == "failed" && why.contains("chanel"), "{why}");
}
