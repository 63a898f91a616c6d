//! Validation takes time in proportion to the object, however wrong it is.
#![allow(clippy::disallowed_types, reason = "what is measured is time")]

use std::time::{Duration, Instant};

use gwapi_core::validate::{Channel, Operation, Validator};
use serde_json::{Value, json};

fn object(kind: &str, spec: Value) -> Value {
    json!({"apiVersion": "gateway.networking.k8s.io/v1", "kind": kind, "metadata": {"name": "n"}, "spec": spec})
}

fn listeners(count: usize) -> Value {
    let listener = |number: usize| json!({"name": format!("l{}", number / 2), "port": 80, "protocol": "HTTP", "x": 1});
    object("Gateway", json!({"gatewayClassName": "c", "listeners": (0..count).map(listener).collect::<Vec<_>>()}))
}

fn rules(count: usize) -> Value {
    let matched = json!({"path": {"type": "Exact", "value": "a//b"}, "headers": [{"name": "a b", "value": "\n"}]});
    object("HTTPRoute", json!({"rules": vec![json!({"matches": [matched], "name": "r"}); count]}))
}

fn text(count: usize) -> Value {
    object(
        "HTTPRoute",
        json!({"hostnames": ["a".repeat(count * 50)], "rules": [{"timeouts": {"request": "1h".repeat(count * 50)}}]}),
    )
}

/// The fastest of a few runs: others share the machine.
fn time(validator: &Validator, object: &Value, operation: Operation<'_>) -> Duration {
    let run = || {
        let start = Instant::now();
        assert!(validator.validate(object, operation).is_some());
        start.elapsed()
    };
    (0..3).map(|_| run()).min().unwrap_or_default()
}

#[test]
fn four_times_the_object_takes_about_four_times_as_long() {
    let validator = Validator::new(Channel::Standard);
    for shape in [listeners, rules, text] {
        let (small, large) = (shape(250), shape(1_000));
        for is_update in [false, true] {
            let timed = |object: &Value| {
                let operation = if is_update { Operation::Update { before: object } } else { Operation::Create };
                time(&validator, object, operation)
            };
            let (small, large) = (timed(&small), timed(&large));
            assert!(large < small * 10 + Duration::from_millis(20), "{small:?}, {large:?}");
        }
    }
}
