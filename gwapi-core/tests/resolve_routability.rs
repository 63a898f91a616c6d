//! Scopes of addresses (B-075 to B-083).

mod common;

use std::sync::Arc;

use common::{edge_of, gateway_with, key, names, open, ours, snapshot, without, without_all};
use gwapi_core::{
    Controller, Feature, Refusal,
    model::{Address, AddressType},
    resolution::ResolvedGateway,
    resolve,
};
use serde_json::{Value, json};

const SENTINEL: &str = "testing.x-k8s.io/sentinel";

fn address(value: &str, routability: &str) -> Address {
    let kind = if value.contains(".com") { AddressType::Hostname } else { AddressType::IpAddress };
    Address { kind, value: Some(value.into()), routability: routability.into() }
}

/// A Gateway that asks for these addresses and was assigned those.
fn assigned(controller: &Controller, asked: &Value, known: &[Address]) -> Arc<ResolvedGateway> {
    let mut snapshot = snapshot(&[gateway_with("infra/edge", &[open("http")], json!({"addresses": asked}))]);
    snapshot.facts.assigned_addresses = [(key("Gateway", "infra/edge"), known.to_vec())].into();
    edge_of(&resolve(&snapshot, controller))
}

fn asking(controller: &Controller, asked: &Value) -> Arc<ResolvedGateway> {
    edge_of(&resolve(&snapshot(&[gateway_with("infra/edge", &[open("http")], json!({"addresses": asked}))]), controller))
}

/// For each request the value that it got.
fn got(gateway: &ResolvedGateway) -> Vec<Option<&str>> {
    gateway.address_requests.iter().map(|request| request.as_ref().ok()?.value.as_deref()).collect()
}

fn scopes(gateway: &ResolvedGateway) -> Vec<&str> {
    gateway.addresses.iter().map(|address| &*address.routability).collect()
}

#[test]
fn b_075_no_scope_asks_for_nothing() {
    for asked in [json!([{"value": "192.0.2.10"}]), json!([{"value": "192.0.2.10", "routability": ""}])] {
        let gateway = asking(&ours(), &asked);
        assert!(gateway.is_programmed());
        assert_eq!(gateway.address_requests, [Ok(address("192.0.2.10", ""))]);
    }
}

#[test]
fn b_076_a_scope_binds_like_a_value_and_every_request_is_judged_on_its_own() {
    let known = [address("10.0.0.1", "Cluster"), address("192.0.2.1", ""), address("198.51.100.1", "example.com/edge")];
    for (asked, expected) in [
        (json!([{"routability": "Cluster"}]), vec![Some("10.0.0.1")]),
        (json!([{"routability": "example.com/edge"}]), vec![Some("198.51.100.1")]),
        (json!([{"routability": "example.com/other"}]), vec![None]),
        (json!([{"value": "192.0.2.1", "routability": "Cluster"}]), vec![None]),
        (json!([{"value": "10.0.0.1", "routability": "Cluster"}]), vec![Some("10.0.0.1")]),
        (json!([{"value": "198.51.100.1"}]), vec![None]),
        (json!([{"type": "Hostname", "routability": "Cluster"}]), vec![None]),
        (json!([{"routability": "example.com/other"}, {"routability": "Cluster"}]), vec![None, Some("10.0.0.1")]),
    ] {
        assert_eq!(got(&assigned(&ours(), &asked, &known)), expected, "{asked}");
    }
}

/// B-079: a request without a scope is content with the usual ones, and gets none of the others.
#[test]
fn b_079_requests_have_addresses_of_their_own_whatever_the_order() {
    let known = [address("192.0.2.1", ""), address("10.0.0.1", "Cluster"), address("198.51.100.1", "example.com/edge")];
    // The first could have taken what only the second can use.
    for (asked, expected) in [
        (json!([{}, {"value": "192.0.2.1"}]), vec![Some("10.0.0.1"), Some("192.0.2.1")]),
        (json!([{}, {}, {}]), vec![Some("192.0.2.1"), Some("10.0.0.1"), None]),
        (json!([{}, {"routability": "Cluster"}]), vec![Some("192.0.2.1"), Some("10.0.0.1")]),
        (json!([{"routability": "Cluster"}, {}, {"routability": "Cluster"}]), vec![Some("10.0.0.1"), Some("192.0.2.1"), None]),
    ] {
        for backwards in [false, true] {
            let mut known = known.clone();
            if backwards {
                known.reverse();
            }
            let gateway = assigned(&ours(), &asked, &known);
            let given = |all: &[Option<&str>]| all.iter().flatten().count();
            assert_eq!(given(&got(&gateway)), given(&expected), "{asked}");
            if !backwards {
                assert_eq!(got(&gateway), expected, "{asked}");
            }
            // What is in use is told, whoever asked for it.
            assert_eq!(gateway.addresses, known);
        }
    }
}

#[test]
fn b_080_some_are_enough_to_be_reached_by_and_none_is_not() {
    let missing = json!({"routability": "example.com/none"});
    let refusal = Refusal::AddressRoutabilityUnsupported { routability: "example.com/none".into() };
    let some = asking(&ours(), &json!([{"value": "192.0.2.10"}, missing]));
    assert_eq!(some.address_requests, [Ok(address("192.0.2.10", "")), Err(refusal.clone())]);
    assert!(some.is_accepted() && some.is_programmed());
    assert_eq!(some.addresses, [address("192.0.2.10", "")]);
    let none = asking(&ours(), &json!([missing]));
    assert_eq!(none.address_requests, [Err(refusal.clone())]);
    assert_eq!(none.unreachable, [Refusal::AddressNotAssigned]);
    assert!(none.is_accepted() && none.addresses.is_empty());
    // B-083: an address that is still in use after an update that could not be applied.
    let retained = assigned(&ours(), &json!([missing]), &[address("192.0.2.7", "")]);
    assert_eq!(retained.address_requests, [Err(refusal)]);
    assert!(retained.is_programmed());
    // No request at all: whatever the implementation picks.
    let any = asking(&ours(), &json!([]));
    assert!(any.address_requests.is_empty() && any.is_programmed());
    // B-057 is about values, and stands.
    let unusable = asking(&ours(), &json!([{"value": "192.0.2.10"}, {"value": "192.0.2.0/24"}]));
    assert_eq!(names(&unusable.unreachable), ["addressNotUsable"]);
}

#[test]
fn b_081_the_sentinel_is_taken_and_given_back_and_nothing_else_of_its_domain() {
    for asked in [json!([{"value": "192.0.2.10", "routability": SENTINEL}]), json!([{"routability": SENTINEL}])] {
        let gateway = asking(&ours(), &asked);
        assert!(gateway.is_programmed(), "{asked}");
        assert_eq!(scopes(&gateway), [SENTINEL]);
    }
    let other = json!([{"routability": "testing.x-k8s.io/other"}]);
    assert_eq!(got(&asking(&ours(), &other)), [None]);
    assert_eq!(got(&assigned(&ours(), &other, &[address("192.0.2.1", "testing.x-k8s.io/other")])), [None]);
}

#[test]
fn law_12_scopes_without_their_features_are_not_had_and_not_told() {
    let known = [address("10.0.0.1", "Cluster"), address("198.51.100.1", "example.com/edge"), address("192.0.2.1", SENTINEL)];
    let cases = [
        (ours(), ["Cluster", "example.com/edge", SENTINEL], [true, true, true]),
        (without(Feature::GatewayAddressRoutabilityCluster), ["", "example.com/edge", SENTINEL], [false, true, true]),
        (without(Feature::GatewayAddressRoutability), ["", "", ""], [false, false, false]),
        (
            without_all(&[Feature::GatewayAddressRoutability, Feature::GatewayAddressRoutabilityCluster]),
            ["", "", ""],
            [false, false, false],
        ),
    ];
    for (controller, told, had) in cases {
        assert_eq!(scopes(&assigned(&controller, &json!([]), &known)), told);
        for (scope, had) in ["Cluster", "example.com/edge", SENTINEL].into_iter().zip(had) {
            let gateway = assigned(&controller, &json!([{"routability": scope}]), &known);
            assert_eq!(got(&gateway)[0].is_some(), had, "{scope}");
        }
    }
    // B-056: whoever does not declare them says so where everybody looks.
    let gateway =
        asking(&without(Feature::GatewayAddressRoutability), &json!([{"value": "192.0.2.10"}, {"routability": "Cluster"}]));
    assert_eq!(names(&gateway.unreachable), ["addressRoutabilityUnsupported"]);
    assert_eq!(gateway.addresses.len(), 1);
}

#[test]
fn b_077_a_scope_is_not_guessed_from_the_value() {
    // It lies in what is often the range of Services, and nobody has said so.
    assert_eq!(got(&asking(&ours(), &json!([{"value": "10.96.0.10", "routability": "Cluster"}]))), [None]);
    let mut snapshot =
        snapshot(&[gateway_with("infra/edge", &[open("http")], json!({"addresses": [{"routability": "Cluster"}]}))]);
    snapshot.facts.default_address = Some(address("10.96.0.10", "Cluster"));
    let gateway = edge_of(&resolve(&snapshot, &ours()));
    assert_eq!(gateway.addresses, [address("10.96.0.10", "Cluster")]);
}
