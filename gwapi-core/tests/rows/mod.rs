//! Tests of validation as rows: an object, and what an API server says of it.
#![allow(unreachable_pub, reason = "each test file is a crate of its own")]

use gwapi_core::validate::{Channel, Operation, Validator};
use serde_json::{Value, json};

/// The rule, what is sent, and a part of what the API server says: nothing if it accepts it.
pub type Row = (&'static str, Value, &'static str);

/// Both channels say the same.
pub fn both(rows: impl IntoIterator<Item = Row>) {
    let validators = Channel::ALL.map(Validator::new);
    for row in rows {
        validators.iter().for_each(|validator| check(validator, &row));
    }
}

pub fn in_channel(channel: Channel, rows: impl IntoIterator<Item = Row>) {
    let validator = Validator::new(channel);
    rows.into_iter().for_each(|row| check(&validator, &row));
}

fn check(validator: &Validator, (id, object, expected): &Row) {
    let report = validator.validate(object, Operation::Create).expect("the version is served");
    let said: Vec<_> = report.violations.iter().map(ToString::to_string).collect();
    let holds = if expected.is_empty() { said.is_empty() } else { said.iter().any(|said| said.contains(expected)) };
    let at = format!("{id}, {}: {object}", validator.channel());
    assert!(holds, "{at}\nexpected: {expected}\nsaid: {said:#?}");
    assert!(report.pruned.is_empty(), "{at}: {:?}", report.pruned);
}

pub fn object(kind: &str, spec: Value) -> Value {
    json!({"apiVersion": "gateway.networking.k8s.io/v1", "kind": kind, "metadata": {"name": "n"}, "spec": spec})
}

pub fn with(mut base: Value, more: Value) -> Value {
    for (key, value) in more.as_object().expect("fields") {
        base[key] = value.clone();
    }
    base
}
