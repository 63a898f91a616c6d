//! Broken manifests beside good ones: each is a finding at its place, none takes a good one down, and none stops the program.

use std::{
    path::Path,
    process::{Command, Output},
    time::{Duration, Instant},
};

mod folder;

use folder::Folder;

const GOOD: &str = "
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: edge, namespace: good}
spec:
  gatewayClassName: any
  listeners: [{name: http, port: 80, protocol: HTTP, hostname: good.example.com}]
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: good, namespace: good}
spec:
  parentRefs: [{name: edge}]
  rules: [{backendRefs: [{name: good, port: 80}]}]
---
apiVersion: v1
kind: Service
metadata: {name: good, namespace: good}
spec: {ports: [{port: 80}]}
";

fn gwapi(arguments: &[&str], folder: &Path) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_gwapi"));
    command.arg(arguments[0]).arg(folder).args(&arguments[1..]);
    command.output().expect("the program runs")
}

fn stdout(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// A broken input and what `check` must say of it.
struct Bad {
    name: &'static str,
    file: &'static str,
    bytes: Vec<u8>,
    /// 1, or 2 if something could not be read.
    exit: i32,
    line: usize,
    severity: &'static str,
    code: &'static str,
}

impl Bad {
    fn check(&self) -> Result<(), String> {
        let folder = Folder::new();
        folder.write("good.yaml", GOOD.as_bytes());
        let bad = folder.write(self.file, &self.bytes);
        let output = gwapi(&["check"], &folder.0);
        let (text, errors) = (stdout(&output), String::from_utf8_lossy(&output.stderr).into_owned());
        let fail = |what: &str| Err(format!("{}: {what}\n{}\n{errors}", self.name, text.chars().take(3000).collect::<String>()));
        if errors.contains("panicked") {
            return fail("panicked");
        }
        if output.status.code() != Some(self.exit) {
            return fail(&format!("exit code {:?}, not {}", output.status.code(), self.exit));
        }
        let start = format!("{}:{}:", bad.display(), self.line);
        let label = format!(" {}[{}]: ", self.severity, self.code);
        if !text.lines().any(|line| line.starts_with(&start) && line.contains(&label)) {
            return fail(&format!("no `{start}…{label}`"));
        }
        if text.chars().any(|letter| letter.is_control() && letter != '\n') {
            return fail("control characters reach the terminal");
        }
        if text.lines().any(|line| line.contains("good.yaml:")) {
            return fail("a finding about the good file");
        }
        let routed = gwapi(&["route", "http://good.example.com/"], &folder.0);
        let expected = if self.exit == 2 { 2 } else { 0 };
        if routed.status.code() != Some(expected) || !stdout(&routed).contains("forward to Service good/good:80") {
            return fail(&format!("the good route is gone: {:?}\n{}", routed.status.code(), stdout(&routed)));
        }
        Ok(())
    }
}

/// Text of which part could not be read.
fn unreadable(name: &'static str, line: usize, code: &'static str, text: impl Into<Vec<u8>>) -> Bad {
    Bad { name, file: "bad.yaml", bytes: text.into(), exit: 2, line, severity: "error", code }
}

/// Text that can be read, and an object that is wrong.
fn wrong(name: &'static str, line: usize, code: &'static str, text: impl Into<Vec<u8>>) -> Bad {
    Bad { exit: 1, ..unreadable(name, line, code, text) }
}

/// A route of the good Gateway with these lines from line 5 on.
fn route(lines: &str) -> String {
    format!(
        "apiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nmetadata: {{name: bad, namespace: good}}\nspec:\n{lines}\n"
    )
}

/// A rule of such a route on line 7.
fn rule(rule: &str) -> String {
    route(&format!("  parentRefs: [{{name: edge}}]\n  rules:\n  - {rule}"))
}

/// A listener on line 7 of another Gateway.
fn listener(listener: &str) -> String {
    format!(
        "apiVersion: gateway.networking.k8s.io/v1\nkind: Gateway\nmetadata: {{name: bad, namespace: bad}}\nspec:\n  \
         gatewayClassName: any\n  listeners:\n  - {listener}\n"
    )
}

fn syntax() -> Vec<Bad> {
    let deep = |open: &str, close: &str| {
        format!("apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: a}}\ndata: {}{}\n", open.repeat(5000), close.repeat(5000))
    };
    let bomb: String =
        (1..30).map(|level| format!("a{level}: &a{level} [{}]\n", vec![format!("*a{}", level - 1); 10].join(", "))).collect();
    vec![
        unreadable("unclosed-quote", 3, "yaml-syntax", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: \"a}\n"),
        unreadable("tab", 4, "yaml-syntax", "apiVersion: v1\nkind: ConfigMap\nmetadata:\n\tname: a\n"),
        unreadable("unclosed-flow", 2, "yaml-syntax", "apiVersion: v1\nkind: [ConfigMap\n---\n"),
        unreadable("bad-indent", 5, "yaml-syntax", "apiVersion: v1\nkind: ConfigMap\nmetadata:\n    name: a\n  labels: {}\n"),
        unreadable("unknown-alias", 3, "yaml-syntax", "apiVersion: v1\nkind: ConfigMap\nmetadata: *gone\n"),
        unreadable(
            "second-document",
            6,
            "yaml-syntax",
            "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n---\nkind: x\n}\n",
        ),
        unreadable(
            "not-utf8",
            4,
            "not-utf8",
            &b"apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {a: \xff\xfe}\n"[..],
        ),
        unreadable("nul", 3, "yaml-syntax", &b"apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a\0b}\n"[..]),
        unreadable("deep-lists", 4, "nesting-too-deep", deep("[", "]")),
        unreadable("deep-mappings", 4, "nesting-too-deep", deep("{a: ", "}")),
        unreadable("unclosed-depth", 4, "nesting-too-deep", deep("[", "")),
        unreadable("alias-bomb", 4, "alias-bomb", format!("a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n{bomb}")),
        unreadable("alias-cycle", 1, "alias-bomb", "a: &a [*a]\n"),
        unreadable("scalar", 1, "not-an-object", "hello\n"),
        unreadable("list", 1, "not-an-object", "- a\n- b\n"),
        unreadable("list-item", 6, "not-an-object", "apiVersion: v1\nkind: List\nitems:\n- apiVersion: v1\n  kind: x\n- oops\n"),
        unreadable("no-kind", 1, "missing-kind", "apiVersion: v1\nmetadata: {name: a}\n"),
        unreadable("no-api-version", 1, "missing-kind", "kind: HTTPRoute\nmetadata: {name: a}\n"),
        unreadable("too-large", 1, "document-too-large", format!("a: {}\n", "x".repeat(11 << 20))),
        Bad { file: "bad.json", ..unreadable("json-syntax", 3, "yaml-syntax", "{\n \"kind\": \"x\",\n \"a\" \"b\"}\n") },
        Bad { file: "bad.json", ..unreadable("json-cut", 2, "yaml-syntax", "{\"apiVersion\": \"v1\",\n \"kind\": \"Li") },
    ]
}

fn objects() -> Vec<Bad> {
    vec![
        wrong("no-name", 3, "missing-field", "apiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nmetadata: {}\n"),
        wrong(
            "unknown-version",
            1,
            "unknown-version",
            "apiVersion: gateway.networking.k8s.io/v9\nkind: HTTPRoute\nmetadata: {name: a}\n",
        ),
        wrong("unknown-field", 5, "unknown-field", route("  hostname: a.example.com")),
        wrong("spec-is-list", 4, "wrong-type", route("  []").replace("spec:\n", "spec:")),
        wrong("rules-is-text", 6, "wrong-type", route("  parentRefs: [{name: edge}]\n  rules: all")),
        wrong("hostname-is-true", 5, "wrong-type", route("  hostnames: [on]")),
        wrong("hostname-is-address", 5, "invalid-value", route("  hostnames: [192.0.2.1]")),
        wrong("hostname-is-huge", 5, "invalid-value", route(&format!("  hostnames: [{}]", "a".repeat(100_000)))),
        wrong("hostname-with-port", 5, "invalid-value", route("  hostnames: ['a.example.com:80']")),
        wrong("escapes", 5, "invalid-value", route("  hostnames: [\"\\e[31mred\\r\\nX\"]")),
        wrong("regex", 7, "invalid-value", rule("matches: [{path: {type: RegularExpression, value: '/a('}}]")),
        wrong(
            "regex-too-long",
            7,
            "invalid-value",
            rule(&format!("matches: [{{path: {{type: RegularExpression, value: '/{}'}}}}]", "a".repeat(5000))),
        ),
        wrong(
            "regex-too-large",
            7,
            "invalid-value",
            rule(r"matches: [{path: {type: RegularExpression, value: '/\pL{1000}{1000}'}}]"),
        ),
        wrong("path-without-slash", 7, "invalid-value", rule("matches: [{path: {value: a}}]")),
        wrong("path-with-dots", 7, "invalid-value", rule("matches: [{path: {value: /a/../b}}]")),
        wrong("method", 7, "invalid-value", rule("matches: [{method: get}]")),
        wrong("duration", 7, "invalid-value", rule("timeouts: {request: 1.5s}")),
        wrong("duration-number", 7, "wrong-type", rule("timeouts: {request: 10}")),
        wrong("weight", 7, "invalid-value", rule("backendRefs: [{name: good, port: 80, weight: -1}]")),
        wrong("backend-port", 7, "invalid-value", rule("backendRefs: [{name: good, port: 70000}]")),
        wrong("backend-port-text", 7, "wrong-type", rule("backendRefs: [{name: good, port: http}]")),
        wrong("status-code", 7, "invalid-value", rule("filters: [{type: RequestRedirect, requestRedirect: {statusCode: 200}}]")),
        wrong(
            "header-injection",
            7,
            "invalid-value",
            rule(
                r#"filters: [{type: RequestHeaderModifier, requestHeaderModifier: {set: [{name: a, value: "x\r\nSet-Cookie: y"}]}}]"#,
            ),
        ),
        wrong(
            "header-name-injection",
            7,
            "invalid-value",
            rule(r#"filters: [{type: RequestHeaderModifier, requestHeaderModifier: {set: [{name: "a\nb", value: x}]}}]"#),
        ),
        wrong("filter-without-settings", 7, "missing-field", rule("filters: [{type: URLRewrite}]")),
        wrong("filter-type", 7, "invalid-value", rule("filters: [{type: Rewrite}]")),
        wrong(
            "missing-backend",
            7,
            "unresolved-ref",
            rule("{matches: [{path: {value: /bad}}], backendRefs: [{name: gone, port: 80}]}"),
        ),
        wrong(
            "foreign-backend",
            7,
            "ref-not-permitted",
            rule("{matches: [{path: {value: /bad}}], backendRefs: [{name: x, namespace: other, port: 80}]}"),
        ),
        wrong("missing-parent", 5, "parent-not-found", route("  parentRefs: [{name: gone}]")),
        wrong("parent-without-name", 5, "missing-field", route("  parentRefs: [{namespace: good}]")),
        wrong("no-such-listener", 5, "route-not-attached", route("  parentRefs: [{name: edge, sectionName: gone}]")),
        wrong("no-such-hostname", 5, "route-not-attached", route("  parentRefs: [{name: edge}]\n  hostnames: [x.example.org]")),
        wrong("listener-port", 7, "invalid-value", listener("{name: a, port: 0, protocol: HTTP}")),
        wrong("listener-port-huge", 7, "wrong-type", listener("{name: a, port: 99999999999999999999, protocol: HTTP}")),
        wrong("listener-without-protocol", 7, "missing-field", listener("{name: a, port: 1}")),
        wrong("listener-protocol", 7, "listener-not-accepted", listener("{name: a, port: 1, protocol: http}")),
        wrong(
            "listener-twice",
            8,
            "duplicate-name",
            listener("{name: a, port: 1, protocol: HTTP}\n  - {name: a, port: 2, protocol: HTTP}"),
        ),
        wrong(
            "listener-conflict",
            7,
            "listener-not-accepted",
            listener("{name: a, port: 1, protocol: HTTP}\n  - {name: b, port: 1, protocol: HTTP}"),
        ),
        wrong("listener-without-tls", 7, "listener-not-programmed", listener("{name: a, port: 1, protocol: HTTPS}")),
        wrong(
            "listener-secret",
            7,
            "unresolved-ref",
            listener("{name: a, port: 1, protocol: HTTPS, tls: {certificateRefs: [{name: gone}]}}"),
        ),
        Bad {
            exit: 0,
            severity: "warning",
            ..wrong(
                "unknown-kind",
                2,
                "unknown-kind",
                "apiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoot\nmetadata: {name: a}\n",
            )
        },
        wrong("duplicate-key", 2, "duplicate-key", "apiVersion: v1\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n"),
    ]
}

#[test]
fn every_broken_input_is_a_finding_and_takes_nothing_down() {
    let all: Vec<Bad> = syntax().into_iter().chain(objects()).collect();
    assert!(all.len() >= 60, "{}", all.len());
    let failures: Vec<String> = all.iter().filter_map(|bad| bad.check().err()).collect();
    assert!(failures.is_empty(), "{} of {}:\n{}", failures.len(), all.len(), failures.join("\n----\n"));
}

#[test]
fn empty_inputs_are_no_errors_and_paths_that_are_not_there_are() {
    let folder = Folder::new();
    folder.write("good.yaml", GOOD.as_bytes());
    for (name, bytes) in
        [("empty.yaml", &b""[..]), ("comment.yaml", b"# nothing\n"), ("blank.json", b"\n"), ("ends.yaml", b"---\n---\n")]
    {
        folder.write(name, bytes);
    }
    let output = gwapi(&["check"], &folder.0);
    assert_eq!(output.status.code(), Some(0), "{}", stdout(&output));
    let output = gwapi(&["check"], &folder.0.join("gone.yaml"));
    assert_eq!(output.status.code(), Some(2));
    assert!(stdout(&output).contains("gone.yaml: error[not-found]"), "{}", stdout(&output));
}

/// Many objects, of which each has a match of its own.
fn large(bytes: usize) -> String {
    let mut text = String::with_capacity(bytes + 1024);
    for number in 0.. {
        if text.len() >= bytes {
            break;
        }
        text.push_str(&format!(
            "---\napiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nmetadata:\n  name: r{number}\n  namespace: good\nspec:\n  \
             parentRefs:\n  - name: edge\n    namespace: good\n  hostnames:\n  - good.example.com\n  rules:\n  - matches:\n    - path:\n        \
             type: PathPrefix\n        value: /large/{number}/path\n      headers:\n      - name: x-number\n        value: n{number}\n    \
             backendRefs:\n    - name: good\n      port: 80\n      weight: 1\n    - name: good\n      port: 80\n      weight: 2\n"
        ));
    }
    text
}

/// The contract is 50 MB in 20 seconds. A build that is not optimised gets a tenth of that to read, and more time, since it also
/// shares the machine with the other tests.
const LARGE: usize = if cfg!(debug_assertions) { 5 << 20 } else { 50 << 20 };
const IN_TIME: Duration = Duration::from_secs(if cfg!(debug_assertions) { 90 } else { 20 });

fn check_in_time(name: &str, large: &str) -> (Folder, Output) {
    let folder = Folder::new();
    folder.write("good.yaml", GOOD.as_bytes());
    folder.write("large.yaml", large.as_bytes());
    let start = Instant::now();
    let output = gwapi(&["check"], &folder.0);
    let taken = start.elapsed();
    println!("{name}: {} MB in {taken:?}", large.len() >> 20);
    assert!(taken < IN_TIME, "{name}: {} MB took {taken:?}", large.len() >> 20);
    (folder, output)
}

#[test]
fn large_inputs_are_read_in_time() {
    let (folder, output) = check_in_time("large", &large(LARGE));
    assert_eq!(output.status.code(), Some(0), "{}", stdout(&output).chars().take(2000).collect::<String>());
    let routed = gwapi(&["route", "http://good.example.com/"], &folder.0);
    assert!(stdout(&routed).contains("forward to Service good/good:80"), "{}", stdout(&routed));
}

#[test]
fn large_inputs_in_which_everything_is_wrong_are_read_in_time() {
    let wrong = large(LARGE / 2).replace("hostnames:", "hostname:");
    let (_, output) = check_in_time("large-and-wrong", &wrong);
    assert_eq!(output.status.code(), Some(1));
    assert!(stdout(&output).trim_end().ends_with(" notes"), "every finding is printed");
}
