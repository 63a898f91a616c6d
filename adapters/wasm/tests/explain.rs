//! What the page is told.

use serde_json::{Value, json};

const MANIFESTS: &str = "\
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: edge, namespace: shop}
spec: {gatewayClassName: any, listeners: [{name: http, port: 80, protocol: HTTP}]}
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: cart, namespace: shop}
spec:
  parentRefs: [{name: edge}]
  rules: [{matches: [{path: {value: /cart}}], backendRefs: [{name: cart, port: 80}]}]
---
apiVersion: v1
kind: Service
metadata: {name: cart, namespace: shop}
spec: {ports: [{port: 80}]}
";

fn ask(question: &Value) -> Value {
    serde_json::from_str(&gwapi_wasm::explain(&question.to_string())).expect("a reply is JSON")
}

#[test]
fn a_request_gets_a_decision_with_its_candidates() {
    let reply = ask(&json!({"manifests": MANIFESTS, "url": "http://shop.example/cart", "request": {"headers": ["a: b"]}}));
    assert_eq!(reply["error"], Value::Null);
    assert_eq!(reply["report"]["decisions"][0]["outcome"], "forward");
    assert_eq!(reply["report"]["decisions"][0]["why"][0]["route"]["name"], "cart");
    assert_eq!(reply["routes"], json!(["HTTPRoute/shop/cart"]));
}

#[test]
fn a_route_gets_a_report_of_its_parents() {
    let reply = ask(&json!({"manifests": MANIFESTS, "route": "shop/cart"}));
    assert_eq!(reply["report"]["parents"][0]["attached"], true);
    let reply = ask(&json!({"manifests": MANIFESTS, "route": "shop/gone"}));
    assert_eq!(reply["error"], "HTTPRoute shop/gone does not exist; there are HTTPRoute shop/cart");
}

#[test]
fn a_broken_document_is_a_finding_with_its_line_and_hides_no_other() {
    let reply = ask(&json!({"manifests": format!("{MANIFESTS}---\na: [1\nb: 2\n"), "url": "http://shop.example/cart"}));
    let broken = reply["findings"].as_array().into_iter().flatten().find(|finding| finding["code"] == "yaml-syntax");
    assert!(broken.is_some_and(|finding| finding["line"].as_u64() > Some(16)), "{reply}");
    assert_eq!(reply["report"]["decisions"][0]["outcome"], "forward");
}

#[test]
fn manifests_without_a_question_are_only_read() {
    let reply = ask(&json!({"manifests": MANIFESTS}));
    assert_eq!((&reply["report"], &reply["error"]), (&Value::Null, &Value::Null));
}

#[test]
fn what_is_no_question_is_answered_too() {
    let reply: Value = serde_json::from_str(&gwapi_wasm::explain("{\"manifest\": 1}")).expect("a reply is JSON");
    assert!(reply["error"].as_str().is_some_and(|error| error.contains("manifest")), "{reply}");
}

#[test]
fn keys_are_not_compared_and_the_reply_says_so() {
    let secret = "apiVersion: v1\nkind: Secret\nmetadata: {name: tls, namespace: shop}\ntype: kubernetes.io/tls\n";
    let reply = ask(&json!({"manifests": secret}));
    assert!(reply["findings"].to_string().contains("private keys are not looked at"), "{reply}");
}
