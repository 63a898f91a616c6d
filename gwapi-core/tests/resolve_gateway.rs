//! Gateways as a whole: parameters, addresses, partial acceptance (B.6 to B.8).

mod common;

use std::sync::Arc;

use common::{
    address, edge_of, gateway, gateway_with, key, listener, names, open, ours, read, resolved, route, snapshot, without,
};
use gwapi_core::{
    Controller, Feature, Refusal,
    model::{Address, AddressType},
    resolution::ResolvedGateway,
    resolve,
};
use serde_json::{Value, json};

/// A Gateway that asks for these addresses, in a world where 192.0.2.66 and `bad.example.com` cannot be assigned.
fn asking(addresses: Value) -> Arc<ResolvedGateway> {
    asking_of(&ours(), None, addresses)
}

fn asking_of(controller: &Controller, assigned: Option<Vec<Address>>, addresses: Value) -> Arc<ResolvedGateway> {
    let mut snapshot = snapshot(&[gateway_with("infra/edge", &[open("http")], json!({"addresses": addresses}))]);
    snapshot.facts.unusable_addresses = ["192.0.2.66".into(), "bad.example.com".into()].into();
    snapshot.facts.assigned_addresses.extend(assigned.map(|assigned| (key("Gateway", "infra/edge"), assigned)));
    edge_of(&resolve(&snapshot, controller))
}

fn values(gateway: &ResolvedGateway) -> Vec<&str> {
    gateway.addresses.iter().map(|address| address.value.as_deref().unwrap_or_default()).collect()
}

#[test]
fn b_056_a_type_that_is_not_supported_refuses_the_gateway() {
    // R-010: the pattern of the CRD lets `xIPAddressy` through. B-062: NamedAddress is deprecated.
    for other in ["xIPAddressy", "NamedAddress", "ipaddress", "test/fake"] {
        let gateway = asking(json!([{"type": other, "value": "x"}, {"value": "192.0.2.10"}]));
        assert_eq!(gateway.refused, [Refusal::AddressTypeUnsupported { address_type: other.into() }]);
        assert!(!gateway.is_accepted());
    }
}

#[test]
fn b_057_an_unusable_address_is_named_and_the_gateway_stays_accepted() {
    let cases = [
        json!({"value": "192.0.2.66"}),
        json!({"type": "Hostname", "value": "bad.example.com"}),
        // B-062: a single address, no range and no name.
        json!({"value": "192.0.2.0/24"}),
        json!({"value": "example.com"}),
        json!({"type": "IPAddress", "value": "2001:db8::g"}),
        // R-009.
        json!({"type": "Hostname", "value": "192.0.2.1"}),
        json!({"type": "Hostname", "value": "not a name"}),
    ];
    for bad in cases {
        let gateway = asking(json!([{"value": "192.0.2.10"}, bad]));
        let value = bad["value"].as_str().unwrap().into();
        assert_eq!(gateway.unreachable, [Refusal::AddressNotUsable { value }]);
        assert!(gateway.is_accepted() && !gateway.is_programmed());
        assert_eq!(values(&gateway), ["192.0.2.10"]);
    }
}

#[test]
fn b_058_usable_addresses_are_assigned_as_they_are_asked_for() {
    let asked = json!([{"value": "192.0.2.10"}, {"value": "2001:db8::1"}, {"type": "Hostname", "value": "a.example.com"}]);
    let gateway = asking(asked);
    assert!(gateway.is_programmed());
    assert_eq!(values(&gateway), ["192.0.2.10", "2001:db8::1", "a.example.com"]);
    let types: Vec<_> = gateway.addresses.iter().map(|address| address.kind.as_str()).collect();
    assert_eq!(types, ["IPAddress", "IPAddress", "Hostname"]);
}

#[test]
fn b_056_whoever_does_not_declare_static_addresses_says_that_they_are_unusable() {
    let controller = without(Feature::GatewayStaticAddresses);
    let gateway = asking_of(&controller, None, json!([{"value": "192.0.2.10"}]));
    assert_eq!(names(&gateway.unreachable), ["addressNotUsable"]);
    assert!(gateway.is_accepted() && gateway.addresses.is_empty());
    // Unless the Gateway has the address anyway.
    let gateway = asking_of(&controller, Some(vec![address("192.0.2.10")]), json!([{"value": "192.0.2.10"}]));
    assert!(gateway.is_programmed());
}

#[test]
fn b_059_a_type_without_a_value_gets_an_address_of_that_type() {
    for asked in [json!({"type": "IPAddress"}), json!({}), json!({"type": "IPAddress", "value": ""})] {
        let gateway = asking(json!([asked]));
        assert!(gateway.is_programmed());
        assert_eq!(values(&gateway), ["192.0.2.1"]);
    }
    let gateway = asking(json!([{"type": "Hostname"}]));
    assert_eq!(gateway.unreachable, [Refusal::AddressNotAssigned]);
    let gateway = asking_of(&without(Feature::GatewayAddressEmpty), None, json!([{"type": "IPAddress"}]));
    assert_eq!(gateway.unreachable, [Refusal::AddressNotAssigned]);
}

#[test]
fn b_059_an_address_that_is_known_to_be_assigned_satisfies_it() {
    let hostname = Address { kind: AddressType::Hostname, value: Some("lb.example.com".into()), routability: "".into() };
    let gateway = asking_of(&ours(), Some(vec![hostname.clone()]), json!([{"type": "Hostname"}]));
    assert!(gateway.is_programmed());
    assert_eq!(values(&gateway), ["lb.example.com"]);
    // One of another type does not.
    let asked = json!([{"type": "IPAddress"}]);
    let gateway = asking_of(&without(Feature::GatewayAddressRoutability), Some(vec![hostname.clone()]), asked.clone());
    assert_eq!(gateway.unreachable, [Refusal::AddressNotAssigned]);
    // B-080: where it is told besides what became of each request, an address in use is enough to be reached by.
    let gateway = asking_of(&ours(), Some(vec![hostname]), asked);
    assert_eq!(gateway.address_requests, [Err(Refusal::AddressNotAssigned)]);
    assert!(gateway.is_programmed());
}

#[test]
fn b_058_an_address_that_was_not_assigned_does_not_satisfy_the_request() {
    let known = Some(vec![address("192.0.2.10")]);
    let gateway = asking_of(&ours(), known, json!([{"value": "192.0.2.10"}, {"value": "192.0.2.11"}]));
    assert_eq!(gateway.unreachable, [Refusal::AddressNotUsable { value: "192.0.2.11".into() }]);
    assert_eq!(values(&gateway), ["192.0.2.10"]);
    // Nor does one of another type.
    let gateway =
        asking_of(&ours(), Some(vec![address("a.example.com")]), json!([{"type": "Hostname", "value": "a.example.com"}]));
    assert_eq!(names(&gateway.unreachable), ["addressNotUsable"]);
}

/// Whoever claims scopes gives every request an address of its own (B-079).
#[test]
fn b_060_an_address_is_reported_once() {
    let asked = json!([{"value": "192.0.2.1"}, {"type": "IPAddress"}, {}]);
    let gateway = asking_of(&without(Feature::GatewayAddressRoutability), None, asked);
    assert_eq!(values(&gateway), ["192.0.2.1"]);
    assert!(gateway.is_programmed() && gateway.address_requests.iter().all(Result::is_ok));
}

#[test]
fn b_061_without_a_request_there_is_the_default_or_none_yet() {
    assert_eq!(values(&asking(json!([]))), ["192.0.2.1"]);
    assert_eq!(values(&asking_of(&ours(), Some(vec![address("192.0.2.9")]), json!([]))), ["192.0.2.9"]);
    let gateway = asking_of(&ours(), Some(Vec::new()), json!([]));
    assert_eq!(gateway.unreachable, [Refusal::AddressNotAssigned]);
    assert!(gateway.is_accepted() && !gateway.is_programmed());
}

#[test]
fn b_065_parameters_are_local_and_of_a_known_kind() {
    let config_map = |name| json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": common::metadata(name), "data": {}});
    let gateway = |kind: &str| {
        let parameters = json!({"group": "", "kind": kind, "name": "it"});
        gateway_with("infra/edge", &[open("http")], json!({"infrastructure": {"parametersRef": parameters}}))
    };
    let controller = Controller { parameter_kinds: [("".into(), "ConfigMap".into())].into(), ..ours() };
    let refused = |objects: &[Value]| names(&edge_of(&common::resolved_by(&controller, objects)).refused);
    assert!(refused(&[gateway("ConfigMap"), config_map("infra/it")]).is_empty());
    // S-004: never found in another namespace.
    assert_eq!(refused(&[gateway("ConfigMap"), config_map("other/it")]), ["gatewayParameters"]);
    assert_eq!(refused(&[gateway("Secret"), common::secret("infra/it")]), ["gatewayParameters"]);
    // Whoever does not declare the feature understands no parameters of Gateways.
    let controller =
        Controller { parameter_kinds: controller.parameter_kinds.clone(), ..without(Feature::GatewayInfrastructure) };
    let edge = edge_of(&common::resolved_by(&controller, &[gateway("ConfigMap"), config_map("infra/it")]));
    assert_eq!(names(&edge.refused), ["gatewayParameters"]);
}

#[test]
fn b_012_one_good_listener_is_enough_for_the_gateway() {
    let bad = listener("bad", 9000, "TCP", json!({}));
    let objects = [gateway("infra/edge", &[bad.clone(), open("http")]), gateway("infra/none", &[bad])];
    let resolution = common::resolved_by(&without(Feature::TCPRoute), &objects);
    let edge = edge_of(&resolution);
    // B-073.
    assert!(edge.is_accepted() && edge.is_programmed());
    assert!(!common::gateway_of(&resolution, "infra/none").is_accepted());
    assert!(common::gateway_of(&resolved(&objects), "infra/none").is_accepted());
}

#[test]
fn b_001_a_gateway_without_listeners_is_tolerated() {
    let resolution = resolved(&[gateway("infra/edge", &[]), route("infra/r", json!({"parentRefs": [{"name": "edge"}]}))]);
    assert!(edge_of(&resolution).listeners.is_empty());
    assert_eq!(names(&common::attachment_of(&resolution, "infra/r").refused), ["noListenerSelected"]);
}

#[test]
fn b_021_listeners_are_those_of_the_manifest_in_its_order() {
    let edge = common::edge_with(&[listener("z", 82, "HTTP", json!({})), open("a"), listener("m", 81, "HTTP", json!({}))]);
    let names: Vec<_> = edge.listeners.iter().map(|listener| listener.key.name.as_str()).collect();
    assert_eq!(names, ["z", "a", "m"]);
    assert_eq!(edge.listeners[0].key.parent, key("Gateway", "infra/edge"));
}

#[test]
fn q_033_routes_change_nothing_of_a_listener_but_the_count() {
    let mut snapshot = snapshot(&[gateway("infra/edge", &[open("http")])]);
    let before = edge_of(&resolve(&snapshot, &ours()));
    let backend = json!([{"backendRefs": [{"name": "gone", "port": 80}]}]);
    snapshot.insert(read(&common::ruled("shop/r", backend)));
    let after = resolve(&snapshot, &ours());
    assert_eq!(common::count_of(&after, "infra/edge", "http"), 1);
    assert_eq!(edge_of(&after), before);
}
