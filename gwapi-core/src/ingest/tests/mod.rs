//! What comes out of objects, field by field.

use alloc::{
    format,
    string::{String, ToString},
    sync::Arc,
    vec::Vec,
};

use serde_json::{Value, json};

use super::{Ingested, Issue, IssueCode, from_json};
use crate::model::{Filter, Gateway, HttpMatch, HttpRule, Invalid, Listener, Object, Route, Rules};

mod defaults;
mod experimental;
mod filters;
mod full;
mod gateway;
mod grpc_route;
mod http_route;
mod identity;
mod kubernetes;
mod l4_route;
mod laws;
mod policy;
mod session;
mod typed;

const API_VERSION: &str = "gateway.networking.k8s.io/v1";
const X_API_VERSION: &str = "gateway.networking.x-k8s.io/v1alpha1";

fn object(kind: &str, spec: Value) -> Value {
    json!({"apiVersion": API_VERSION, "kind": kind, "metadata": {"name": "it", "namespace": "here"}, "spec": spec})
}

/// An object that is read as one; the issues beside it.
fn read(value: &Value) -> (Object, Vec<Issue>) {
    let Ingested { object, issues } = from_json(value);
    (object.unwrap_or_else(|| panic!("no object: {issues:?}")), issues)
}

fn route(value: &Value) -> (Arc<Route>, Vec<Issue>) {
    match read(value) {
        (Object::Route(route), issues) => (route, issues),
        (other, _) => panic!("{other:?}"),
    }
}

fn http_route(spec: Value) -> (Arc<Route>, Vec<Issue>) {
    route(&object("HTTPRoute", spec))
}

fn gateway_of(spec: Value) -> (Arc<Gateway>, Vec<Issue>) {
    match read(&object("Gateway", spec)) {
        (Object::Gateway(gateway), issues) => (gateway, issues),
        (other, _) => panic!("{other:?}"),
    }
}

fn rules(route: &Route) -> &[HttpRule] {
    let Rules::Http(rules) = &route.rules else { panic!("{:?}", route.rules) };
    rules
}

/// The only rule of a route.
fn rule(rule: Value) -> (HttpRule, Vec<Issue>) {
    let (route, issues) = http_route(json!({"rules": [rule]}));
    assert_eq!(route.invalid, []);
    assert_eq!(rules(&route).len(), 1);
    (rules(&route)[0].clone(), issues)
}

/// The only match of a rule, or what is wrong with it.
fn one_match(value: Value) -> Result<HttpMatch, Invalid> {
    let (mut rule, issues) = rule(json!({"matches": [value]}));
    assert_eq!(rule.invalid.is_empty(), rule.matches.len() == 1, "a match that is invalid is not there: {rule:?}");
    assert_reported(&rule.invalid, &issues);
    rule.invalid.into_iter().next().map_or_else(|| Ok(rule.matches.remove(0)), Err)
}

/// The only filter of a rule, or what is wrong with it.
fn one_filter(value: Value) -> Result<Filter, Invalid> {
    let (mut rule, issues) = rule(json!({"filters": [value]}));
    assert_eq!(rule.invalid.is_empty(), rule.filters.len() == 1, "a filter that is invalid is not there: {rule:?}");
    assert_reported(&rule.invalid, &issues);
    rule.invalid.into_iter().next().map_or_else(|| Ok(rule.filters.remove(0)), Err)
}

/// The only listener of a Gateway: `fields` over one of HTTP on port 80.
fn listener(fields: Value) -> (Listener, Vec<Issue>) {
    let mut listener = json!({"name": "web", "port": 80, "protocol": "HTTP"});
    merge(&mut listener, fields);
    let (gateway, issues) = gateway_of(json!({"gatewayClassName": "any", "listeners": [listener]}));
    assert_eq!(gateway.invalid, []);
    (gateway.listeners[0].clone(), issues)
}

fn merge(into: &mut Value, fields: Value) {
    let (Some(into), Value::Object(fields)) = (into.as_object_mut(), fields) else { panic!("objects") };
    into.extend(fields);
}

/// Every value that is invalid is an issue too.
fn assert_reported(invalid: &[Invalid], issues: &[Issue]) {
    for one in invalid {
        assert!(issues.iter().any(|issue| issue.path == one.path && issue.message == one.why), "{one:?} in {issues:?}");
    }
}

fn codes(issues: &[Issue]) -> Vec<(IssueCode, &str)> {
    issues.iter().map(|issue| (issue.code, issue.path.as_str())).collect()
}

fn paths(invalid: &[Invalid]) -> Vec<&str> {
    invalid.iter().map(|invalid| invalid.path.as_str()).collect()
}

fn text(length: usize) -> String {
    "a".repeat(length)
}

fn at_rule(path: &str) -> String {
    format!("spec.rules[0].{path}")
}
