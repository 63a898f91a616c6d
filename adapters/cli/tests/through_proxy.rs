//! `gwapi test --through proxy`: the proxy does what the tables say, and the runner can fail.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Output},
};

fn gwapi(arguments: &[&str]) -> Output {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    Command::new(env!("CARGO_BIN_EXE_gwapi")).args(arguments).current_dir(root).output().expect("gwapi runs")
}

fn stdout(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[test]
fn law_10_our_cases_pass_through_the_proxy() {
    let output = gwapi(&["test", "testdata", "--ledger", "testdata/expected-failures.txt", "--through", "proxy"]);
    assert!(output.status.success(), "{}", stdout(&output));
}

const INPUT: &str = r#"
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {namespace: shop, name: edge}
spec:
  gatewayClassName: any
  listeners:
  - {name: http, port: 80, protocol: HTTP}
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {namespace: shop, name: all}
spec:
  parentRefs: [{name: edge}]
  rules:
  - matches: [{path: {value: /moved}}]
    filters:
    - {type: RequestRedirect, requestRedirect: {hostname: new.example, statusCode: 301}}
  - matches: [{path: {value: /split}}]
    backendRefs: [{name: a, port: 80, weight: 1}, {name: b, port: 80, weight: 1}]
  - filters:
    - {type: RequestHeaderModifier, requestHeaderModifier: {set: [{name: x-added, value: "1"}]}}
    - {type: ResponseHeaderModifier, responseHeaderModifier: {remove: [x-secret]}}
    backendRefs: [{name: a, port: 80}]
---
apiVersion: v1
kind: Service
metadata: {namespace: shop, name: a}
spec: {ports: [{port: 80}]}
---
apiVersion: v1
kind: Service
metadata: {namespace: shop, name: b}
spec: {ports: [{port: 80}]}
"#;

/// Runs one request of `host: shop.example` as a case of its own.
fn run(name: &str, request: &str) -> Output {
    let folder: PathBuf = Path::new(env!("CARGO_TARGET_TMPDIR")).join("through-proxy").join(name);
    fs::create_dir_all(&folder).expect("a folder");
    fs::write(folder.join("input.yaml"), INPUT).expect("written");
    fs::write(folder.join("requests.yaml"), format!("- {{host: shop.example, {request}}}\n")).expect("written");
    gwapi(&["test", folder.to_str().expect("a path"), "--through", "proxy"])
}

#[test]
fn law_10_what_the_tables_say_holds_through_the_proxy() {
    for (name, request) in [
        (
            "forward",
            "path: /x?y, expect: {status: 200, backend: shop/a, backendRequest: {path: /x?y, host: shop.example, headers: {x-added: '1'}}}",
        ),
        ("redirect", "path: /moved, expect: {redirect: {host: new.example, status: 301, path: /moved}}"),
        (
            "response",
            "path: /x, backendSetsHeaders: {x-secret: s, x-list: 'a, b'}, expect: {response: {headers: {x-list: 'a,b'}, absentHeaders: [x-secret]}}",
        ),
        ("either", "path: /split, expect: {backend: shop/b}"),
        ("refused", "port: 443, protocol: https, sni: shop.example, expect: {connectionRejected: true}"),
    ] {
        let output = run(name, request);
        assert!(output.status.success(), "{name}: {}", stdout(&output));
    }
}

#[test]
fn what_does_not_hold_fails() {
    for (name, request, what) in [
        ("wrong-status", "path: /x, expect: {status: 404}", "status"),
        ("wrong-backend", "path: /x, expect: {backend: shop/b}", "backend"),
        ("wrong-path", "path: /x, expect: {backendRequest: {path: /y}}", "path at the backend"),
        ("wrong-header", "path: /x, expect: {backendRequest: {headers: {x-added: '2'}}}", "header `x-added` at the backend"),
        ("wrong-redirect", "path: /moved, expect: {redirect: {host: other.example}}", "redirect host"),
        (
            "wrong-response",
            "path: /x, backendSetsHeaders: {x-list: a}, expect: {response: {absentHeaders: [x-list]}}",
            "header `x-list` of the response",
        ),
        ("wrong-refusal", "path: /x, expect: {connectionRejected: true}", "connection"),
    ] {
        let output = run(name, request);
        let text = stdout(&output);
        assert_eq!(output.status.code(), Some(1), "{name}: {text}");
        assert!(text.contains(what), "{name}: {text}");
    }
}

#[test]
fn what_sockets_do_not_show_is_said() {
    let output = run("unseen", "path: /split, expect: {rule: 7, weights: {shop/a: 0.9}}");
    let text = stdout(&output);
    assert!(output.status.success(), "{text}");
    assert!(text.contains("note unseen: not visible through sockets: rule, weights\n"), "{text}");
}
