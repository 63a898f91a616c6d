//! Findings stand at the line and column of what is wrong, and the good objects beside it stay what they are, whichever file
//! comes first. The mark in a manifest is where its finding must be.

use std::{
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
    process::{Command, Output},
};

use serde_json::Value;

const GOOD: &str = "\
apiVersion: gateway.networking.k8s.io/v1
kind: GatewayClass
metadata: {name: any}
spec: {controllerName: example.com/gateway}
---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {namespace: shop, name: edge}
spec:
  gatewayClassName: any
  listeners: [{name: http, port: 80, protocol: HTTP}]
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {namespace: shop, name: good}
spec:
  parentRefs: [{name: edge}]
  rules: [{backendRefs: [{name: cart, port: 80}]}]
---
apiVersion: v1
kind: Service
metadata: {namespace: shop, name: cart}
spec: {ports: [{port: 80}]}
";

const MARK: char = '§';

/// A folder of its own with the good objects in `good.yaml`.
fn folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("places").join(name);
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).expect("a folder");
    fs::write(folder.join("good.yaml"), GOOD).expect("written");
    folder
}

fn gwapi(folder: &Path, arguments: &[&str]) -> Output {
    let output = Command::new(env!("CARGO_BIN_EXE_gwapi")).args(arguments).current_dir(folder).output().expect("gwapi runs");
    let text = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.code().is_some_and(|code| code <= 2), "{arguments:?}: {:?}\n{text}", output.status);
    assert!(!text.contains("panicked"), "{arguments:?}: {text}");
    output
}

/// Line and column of the mark, and the text without it.
fn marked(text: &str) -> (Option<(usize, usize)>, String) {
    let Some((before, after)) = text.split_once(MARK) else { return (None, text.to_owned()) };
    let line = before.split('\n').count();
    let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
    (Some((line, column)), format!("{before}{after}"))
}

/// What must be said of `bad.yaml`.
struct Expected {
    severity: &'static str,
    code: &'static str,
    /// Whether something cannot be read: exit code 2.
    is_unusable: bool,
}

fn error(code: &'static str) -> Expected {
    Expected { severity: "error", code, is_unusable: false }
}

fn unusable(code: &'static str) -> Expected {
    Expected { severity: "error", code, is_unusable: true }
}

fn warning(code: &'static str) -> Expected {
    Expected { severity: "warning", code, is_unusable: false }
}

/// Runs commands with a bad file before and after the good one.
fn expect(name: &str, expected: &Expected, manifest: impl AsRef<[u8]>) {
    let folder = folder(name);
    let (at, bytes) = match std::str::from_utf8(manifest.as_ref()) {
        Ok(text) => (marked(text).0, marked(text).1.into_bytes()),
        Err(_) => (None, manifest.as_ref().to_vec()),
    };
    fs::write(folder.join("bad.yaml"), bytes).expect("written");
    let place = at.map(|(line, column)| format!("{line}:{column}: ")).unwrap_or_default();
    let label = format!("{}[{}]: ", expected.severity, expected.code);

    let output = gwapi(&folder, &["check", "bad.yaml", "good.yaml"]);
    let text = String::from_utf8_lossy(&output.stdout);
    let is_it = |line: &str| line.starts_with(&format!("bad.yaml:{place}")) && line.contains(&label);
    assert!(text.lines().any(is_it), "{name}: no `bad.yaml:{place}{label}…` in\n{text}");
    let code = match expected {
        Expected { is_unusable: true, .. } => 2,
        Expected { severity: "error", .. } => 1,
        _ => i32::from(text.contains(": error[")),
    };
    assert_eq!(output.status.code(), Some(code), "{name}: {text}");

    for paths in [["bad.yaml", "good.yaml"], ["good.yaml", "bad.yaml"]] {
        let output = gwapi(&folder, &["status", paths[0], paths[1], "-o", "json"]);
        assert_eq!(output.status.code(), Some(if expected.is_unusable { 2 } else { 0 }), "{name}");
        assert_good(name, &output.stdout);
    }
}

/// The good route is attached and resolved.
fn assert_good(name: &str, list: &[u8]) {
    let list: Value = serde_json::from_slice(list).unwrap_or_else(|error| panic!("{name}: {error}"));
    let is_good = |item: &&Value| item["metadata"]["name"] == "good";
    let good = list["items"].as_array().into_iter().flatten().find(is_good).unwrap_or_else(|| panic!("{name}: {list:#}"));
    let conditions = good["status"]["parents"][0]["conditions"].as_array().cloned().unwrap_or_default();
    let verdicts: Vec<String> = conditions.iter().map(|one| format!("{}={}", one["type"], one["status"])).collect();
    assert_eq!(verdicts, ["\"Accepted\"=\"True\"", "\"ResolvedRefs\"=\"True\""], "{name}: {good:#}");
}

/// A route with these lines in its spec.
fn route(spec: &str) -> String {
    let spec: String = spec.lines().map(|line| format!("  {line}\n")).collect();
    format!("apiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nmetadata: {{namespace: shop, name: bad}}\nspec:\n{spec}")
}

/// A Gateway with this listener.
fn gateway(listener: &str) -> String {
    format!(
        "apiVersion: gateway.networking.k8s.io/v1\nkind: Gateway\nmetadata: {{namespace: shop, name: bad}}\nspec:\n  \
         gatewayClassName: any\n  listeners:\n  - {listener}\n"
    )
}

fn matching(matched: &str) -> String {
    route(&format!("rules:\n- matches:\n  - {matched}"))
}

// ---- what does not parse ----

#[test]
fn syntax() {
    for (name, text) in [
        ("list-not-closed", "apiVersion: v1\nkind: §[Service\n"),
        ("mapping-not-closed", "apiVersion: v1\nmetadata: §{name: bad\n"),
        ("quote-not-closed", "apiVersion: v1\nkind: \"Service\n§"),
        ("tab", "apiVersion: v1\nmetadata:\n\t§name: bad\n"),
        ("indentation", "apiVersion: v1\nmetadata:\n    name: bad\n  §labels: {}\n"),
        ("two-colons", "apiVersion: v1\nkind: Service§: Pod\n"),
        ("half-of-json", "§{\"apiVersion\": \"v1\",\n \"kind\":"),
        ("text-after-separator", "§--- apiVersion: v1\nkind: Service\n"),
        ("template", "apiVersion: v1\nkind: {§{ .Values.kind }}\n"),
        ("undefined-alias", "apiVersion: v1\nkind: §*kind\n"),
        ("null-byte", "apiVersion: v1\nkind: §\0Service\n"),
        ("escape-sequence", "apiVersion: v1\nkind: §\u{1b}[31mService\n"),
    ] {
        expect(&format!("syntax-{name}"), &unusable("yaml-syntax"), text);
    }
}

#[test]
fn a_broken_document_hides_no_other_one_of_its_file() {
    let text = format!("apiVersion: v1\nkind: [Service\n---\n{}", matching("path: {type: §Suffix, value: /x}"));
    expect("beside-broken", &error("invalid-value"), text.replacen("[Service", "Service\nmetadata: {name: x}", 1));
    let folder = folder("beside-broken-too");
    fs::write(folder.join("bad.yaml"), text.replace(MARK, "")).expect("written");
    let output = gwapi(&folder, &["check", "."]);
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(text.contains("bad.yaml:2:7: error[yaml-syntax]") && text.contains("bad.yaml:10:20: error[invalid-value]"), "{text}");
    assert_eq!(output.status.code(), Some(2));
}

#[test]
fn binary_and_other_encodings() {
    expect("elf", &unusable("not-utf8"), b"\x7fELF\x02\x01\x01\xff\xfe\0\0");
    expect("latin-1", &unusable("not-utf8"), b"apiVersion: v1\nkind: Caf\xe9\n");
    expect("utf-16", &unusable("not-utf8"), b"\xff\xfea\0p\0i\0");
}

#[test]
fn no_objects() {
    for (name, text) in [
        ("list", "§- apiVersion: v1\n  kind: Service\n"),
        ("text", "§apiVersion=v1 kind=Service\n"),
        ("number", "---\n§42\n"),
        ("item", "apiVersion: v1\nkind: List\nitems:\n- §Service\n"),
        ("nothing-as-item", "apiVersion: v1\nkind: List\nitems: [§null]\n"),
        ("items", "apiVersion: v1\nkind: List\nitems: §{a: b}\n"),
    ] {
        expect(&format!("no-object-{name}"), &unusable("not-an-object"), text);
    }
    for (name, text) in [
        ("kind", "§apiVersion: v1\nmetadata: {name: bad}\n"),
        ("api-version", "§kind: Service\nmetadata: {name: bad}\n"),
        ("both", "§metadata: {name: bad}\n"),
        ("numeric-kind", "§apiVersion: v1\nkind: 7\n"),
        ("json", "[1]\n---\n§{\"kind\": \"Service\"}\n"),
    ] {
        expect(&format!("missing-{name}"), &unusable("missing-kind"), text);
    }
}

#[test]
fn bombs() {
    let mut laughs = "apiVersion: v1\nkind: ConfigMap\na: &a [lol,lol,lol,lol,lol,lol,lol,lol,lol]\n".to_owned();
    for (name, inner) in ('b'..='i').zip('a'..='h') {
        let alias = format!("*{inner},").repeat(9);
        let _ = writeln!(laughs, "{name}: &{name} [{alias}]");
    }
    // At the alias that is one too many: where exactly depends on the budget.
    expect_somewhere("laughs", "alias-bomb", &laughs);
    expect("alias-of-itself", &unusable("alias-bomb"), "apiVersion: v1\nkind: &a\n  x: [§*a]\n");
    expect_somewhere("deep-json", "nesting-too-deep", &"{\"a\":".repeat(100_000));
    expect_somewhere("deep-flow", "nesting-too-deep", &format!("apiVersion: v1\nx: {}{}", "[".repeat(101), "]".repeat(101)));
    expect_somewhere("deep-lists", "nesting-too-deep", &"- ".repeat(100_000));
    let large =
        format!("apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: x}}\n---\n§apiVersion: v1\nx: {}\n", "x".repeat(10_000_000));
    expect("large-document", &unusable("document-too-large"), large);
}

/// As [`expect`], wherever in the file.
fn expect_somewhere(name: &str, code: &str, text: &str) {
    let folder = folder(name);
    fs::write(folder.join("bad.yaml"), text).expect("written");
    let output = gwapi(&folder, &["status", ".", "-o", "json"]);
    assert_eq!(output.status.code(), Some(2), "{name}");
    let stderr = String::from_utf8_lossy(&output.stderr);
    let is_placed = |line: &str| {
        let parts: Vec<&str> = line.splitn(4, ':').collect();
        matches!(*parts.as_slice(), [file, line, column, rest] if file.ends_with("bad.yaml")
            && line.parse::<u32>().is_ok() && column.parse::<u32>().is_ok() && rest.starts_with(&format!(" error[{code}]")))
    };
    assert!(stderr.lines().any(is_placed), "{name}: {stderr}");
    assert!(stderr.len() < 10_000, "{name}: {} bytes about one mistake", stderr.len());
    assert_good(name, &output.stdout);
}

#[test]
fn text_that_kubectl_passes_over() {
    let text = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\n...\n§kind: Service\n";
    expect("after-the-end", &warning("ignored-text"), text);
    expect("duplicate-key", &error("duplicate-key"), "apiVersion: v1\nkind: Pod\nmetadata: {name: x}\n§kind: ConfigMap\n");
}

// ---- what is no sound object ----

#[test]
fn kinds_and_versions() {
    let of = |api_version: &str, kind: &str| format!("apiVersion: {api_version}\nkind: {kind}\nmetadata: {{name: bad}}\n");
    expect("version", &error("unknown-version"), of("§gateway.networking.k8s.io/v9", "HTTPRoute"));
    expect("old-version", &error("unknown-version"), of("§gateway.networking.k8s.io/v1alpha2", "Gateway"));
    expect("kind", &warning("unknown-kind"), of("gateway.networking.k8s.io/v1", "§HTTPRouter"));
    expect("group", &warning("unknown-kind"), of("§gateway.networking.x-k8s.io/v1", "HTTPRoute"));
    expect("api-version", &error("invalid-value"), of("§a/b/c", "HTTPRoute"));
    let text = "apiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\n";
    expect("no-metadata", &error("missing-field"), format!("§{text}"));
    expect("no-name", &error("missing-field"), format!("{text}metadata: §{{namespace: shop}}\n"));
    expect("metadata-is-a-list", &error("wrong-type"), format!("{text}metadata: §[bad]\n"));
    expect("namespace-is-a-number", &error("wrong-type"), format!("{text}metadata: {{name: bad, namespace: §1}}\n"));
    expect("no-spec", &error("missing-field"), format!("§{text}metadata: {{name: bad}}\n"));
    expect("spec-is-a-list", &error("wrong-type"), format!("{text}metadata: {{name: bad}}\nspec: §[]\n"));
    expect(
        "created",
        &error("invalid-value"),
        format!("{text}metadata: {{name: bad, creationTimestamp: §yesterday}}\nspec: {{}}\n"),
    );
}

#[test]
fn types() {
    expect("hostnames-are-a-text", &error("wrong-type"), route("hostnames: §bad.example.com"));
    expect("hostname-is-a-boolean", &error("wrong-type"), route("hostnames: [bad.example.com, §on]"));
    expect("rules-are-a-mapping", &error("wrong-type"), route("rules: §{matches: []}"));
    expect("rule-is-null", &error("wrong-type"), route("rules: [§null]"));
    expect("port-is-a-text", &error("wrong-type"), gateway("{name: http, port: §\"80\", protocol: HTTP}"));
    expect("port-is-a-fraction", &error("wrong-type"), gateway("{name: http, port: §80.5, protocol: HTTP}"));
    expect("header-value-is-a-number", &error("wrong-type"), matching("headers: [{name: x, value: §1}]"));
}

#[test]
fn fields() {
    expect("hostname-for-hostnames", &error("unknown-field"), route("§hostname: [bad.example.com]"));
    expect("case", &error("unknown-field"), route("§parentrefs: [{name: edge}]"));
    expect("deep-inside", &error("unknown-field"), matching("path: {value: /x, §kind: Exact}"));
    expect("parent-without-name", &error("missing-field"), route("parentRefs: [§{namespace: shop}]"));
    expect("listener-without-port", &error("missing-field"), gateway("§{name: http, protocol: HTTP}"));
    expect(
        "two-listeners",
        &error("duplicate-name"),
        gateway("{name: x, port: 1, protocol: HTTP}\n  - {name: §x, port: 2, protocol: HTTP}"),
    );
}

#[test]
fn values() {
    expect("port-0", &error("invalid-value"), gateway("{name: http, port: §0, protocol: HTTP}"));
    expect("port-65536", &error("invalid-value"), gateway("{name: http, port: §65536, protocol: HTTP}"));
    expect("port-of-20-digits", &error("invalid-value"), gateway("{name: http, port: §18446744073709551615, protocol: HTTP}"));
    expect("huge-hostname", &error("invalid-value"), route(&format!("hostnames: [§{}.example.com]", "a".repeat(300))));
    expect(
        "huge-wildcards",
        &error("invalid-value"),
        route(&format!("hostnames: ['ok.example.com', §'{}']", "*.".repeat(50_000))),
    );
    expect("address-as-hostname", &error("invalid-value"), route("hostnames: [§192.0.2.1]"));
    expect("hostname-with-port", &error("invalid-value"), route("hostnames: [§'bad.example.com:80']"));
    expect("pattern", &error("invalid-value"), matching("path: {type: RegularExpression, value: §'/(x'}"));
    expect("look-ahead", &error("invalid-value"), matching("headers: [{name: x, type: RegularExpression, value: §'a(?!b)'}]"));
    let bomb = "path: {type: RegularExpression, value: §'/(((a{1000}){1000}){1000}){1000}'}";
    expect("pattern-bomb", &error("invalid-value"), matching(bomb));
    expect("path-type", &error("invalid-value"), matching("path: {type: §Suffix, value: /x}"));
    expect("path-without-slash", &error("invalid-value"), matching("path: {value: §x}"));
    expect("method", &error("invalid-value"), matching("method: §get"));
    expect("header-name", &error("invalid-value"), matching("headers: [{name: §'a b', value: x}]"));
    expect("weight", &error("invalid-value"), route("rules:\n- backendRefs: [{name: cart, port: 80, weight: §-1}]"));
    expect("duration", &error("invalid-value"), route("rules:\n- timeouts: {request: §1 minute}"));
    expect(
        "status-code",
        &error("invalid-value"),
        route("rules:\n- filters: [{type: RequestRedirect, requestRedirect: {statusCode: §200}}]"),
    );
}

#[test]
fn values_of_secrets_are_never_shown() {
    let head = "apiVersion: v1\nkind: Secret\nmetadata: {namespace: shop, name: bad}\ntype: kubernetes.io/tls\ndata:\n";
    let not_base64 = format!("{head}  tls.crt: §'hunter2 hunter2'\n  tls.key: 'hunter2 hunter2'\n");
    expect("secret-no-base64", &error("invalid-value"), not_base64);
    expect("secret-list", &error("wrong-type"), format!("{head}  tls.crt: §[hunter2]\n  tls.key: hunter2\n"));
    expect("secret-twice", &error("duplicate-key"), format!("{head}  tls.key: hunter2\n  §tls.key: hunter2\n"));
    expect("secret-syntax", &unusable("yaml-syntax"), format!("{head}  tls.key: §[hunter2\n"));
    for name in ["secret-no-base64", "secret-list", "secret-twice", "secret-syntax"] {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("places").join(name);
        for output in ["human", "json", "sarif", "github"] {
            let output = gwapi(&folder, &["check", ".", "-o", output]);
            assert!(!String::from_utf8_lossy(&output.stdout).contains("hunter2"), "{name}");
        }
        let output = gwapi(&folder, &["status", ".", "-o", "yaml"]);
        let text = [output.stdout, output.stderr].concat();
        assert!(!String::from_utf8_lossy(&text).contains("hunter2"), "{name}");
    }
}

// ---- what refers in circles, or is there twice ----

#[test]
fn circles() {
    let own = "kind: HTTPRoute, name: bad";
    expect("its-own-parent", &warning("parent-kind-not-supported"), route(&format!("parentRefs: [§{{{own}}}]")));
    let backend = format!("rules:\n- backendRefs: [§{{group: gateway.networking.k8s.io, {own}}}]");
    expect("its-own-backend", &error("unresolved-ref"), route(&backend));
    let mirror = "rules:\n- filters:\n  - type: RequestMirror\n    requestMirror:\n      backendRef: §{kind: Gateway, group: gateway.networking.k8s.io, name: edge}";
    expect("mirror-to-the-gateway", &error("unresolved-ref"), route(mirror));
    let grant = "apiVersion: gateway.networking.k8s.io/v1\nkind: ReferenceGrant\nmetadata: {namespace: shop, name: bad}\nspec:\n  §from: \
                 [{group: gateway.networking.k8s.io, kind: HTTPRoute, namespace: shop}]\n  to: [{group: '', kind: Service}]\n";
    expect("grant-to-itself", &warning("unused-grant"), grant);
}

#[test]
fn of_two_objects_with_one_name_the_same_one_counts_in_any_order() {
    let once = |generation: u32, path: &str| {
        format!(
            "apiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nmetadata: {{namespace: shop, name: twice, generation: {generation}}}\n\
             spec:\n  parentRefs: [{{name: edge}}]\n  hostnames: [twice.example.com]\n  rules: [{{matches: [{{path: {{value: {path}}}}}]}}]\n"
        )
    };
    let outputs: Vec<Vec<u8>> = [[once(2, "/new"), once(1, "/old")], [once(1, "/old"), once(2, "/new")]]
        .iter()
        .map(|both| {
            let folder = folder("twice");
            fs::write(folder.join("bad.yaml"), both.join("---\n")).expect("written");
            let output = gwapi(&folder, &["status", ".", "-o", "yaml"]);
            let stderr = String::from_utf8_lossy(&output.stderr);
            assert!(stderr.contains("warning[duplicate-object]"), "{stderr}");
            output.stdout
        })
        .collect();
    assert_eq!(outputs[0], outputs[1]);
    assert!(String::from_utf8_lossy(&outputs[0]).contains("/new"));
}
