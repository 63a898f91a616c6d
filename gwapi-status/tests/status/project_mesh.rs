//! Conditions of XMeshes (P.4) and of routes whose parents are Services (chapter O).

use gwapi_core::{Controller, Feature, Identity, resolve};
use gwapi_status::{Condition, ConditionType::*, Reason, StatusReport, project};
use serde_json::{Value, json};

use crate::{
    build::{find, verdict},
    world::{assert_conditions, at, object, ours, report, sends_to, service, snapshot, with},
};

fn mesh(controller_name: &str) -> Value {
    object("XMesh", "mesh", json!({"controllerName": controller_name}))
}

fn parent(name: &str) -> Value {
    json!([{"group": "", "kind": "Service", "name": name}])
}

fn route_of(kind: &str, at: &str, parents: Value, rules: Value) -> Value {
    object(kind, at, json!({"parentRefs": parents, "rules": rules}))
}

fn conditions<'r>(report: &'r StatusReport, route: &str) -> &'r [Condition] {
    &at(&report.routes, route).parents[0].conditions
}

#[test]
fn p_028_our_mesh_is_accepted_and_the_message_tells_by_whom() {
    let report = report(&[mesh("example.com/ours")]);
    let status = at(&report.meshes, "mesh");
    assert_eq!(verdict(&status.conditions, Accepted), (true, Reason::Accepted));
    assert_eq!(status.conditions[0].message, "accepted by `example.com/ours`");
    assert_eq!((status.conditions.len(), status.observed_generation), (1, 3), "X-25");
}

#[test]
fn p_026_meshes_of_others_have_no_status() {
    assert!(report(&[mesh("example.com/theirs")]).meshes.is_empty());
    let features = ours().features.without(Feature::Mesh);
    let report = project(&resolve(&snapshot(&[mesh("example.com/ours")]), &Controller { features, ..ours() }));
    assert!(report.meshes.is_empty());
}

#[test]
fn p_028_bad_parameters_are_reported() {
    let reference = json!({"group": "example.com", "kind": "Odd", "name": "p"});
    let report = report(&[with(mesh("example.com/ours"), "parametersRef", reference)]);
    let conditions = &at(&report.meshes, "mesh").conditions;
    assert_eq!(verdict(conditions, Accepted), (false, Reason::InvalidParameters));
    assert!(conditions[0].message.contains("Odd p"), "{}", conditions[0].message);
}

#[test]
fn p_029_features_of_a_mesh_are_sorted_and_of_no_gateway() {
    let report = report(&[mesh("example.com/ours")]);
    let features = &at(&report.meshes, "mesh").supported_features;
    assert!(features.is_sorted() && features.len() <= 64);
    for of_mesh in [Feature::Mesh, Feature::MeshConsumerRoute, Feature::HTTPRoute, Feature::HTTPRoute307RedirectStatusCode] {
        assert!(features.contains(&of_mesh), "{of_mesh}");
    }
    for of_gateway in [Feature::Gateway, Feature::GatewayPort8080, Feature::ListenerSet, Feature::BackendTLSPolicy] {
        assert!(!features.contains(&of_gateway), "{of_gateway}");
    }
}

#[test]
fn o_016_a_route_of_a_service_has_an_entry_of_the_mesh() {
    let report = report(&[service("cart", &[80]), route_of("HTTPRoute", "shop/cart", parent("cart"), sends_to("cart"))]);
    let entry = &at(&report.routes, "shop/cart").parents[0];
    assert_eq!(entry.controller_name, "example.com/ours");
    let reference = &entry.parent_ref;
    assert_eq!((reference.group.as_str(), reference.kind.as_str(), reference.namespace.as_str()), ("", "Service", "shop"));
    assert_conditions(&entry.conditions, &[(Accepted, true, Reason::Accepted), (ResolvedRefs, true, Reason::ResolvedRefs)]);
    assert!(report.owned.contains("example.com/ours"));
}

#[test]
fn o_016_the_entry_is_written_under_the_name_of_whoever_looks() {
    let snapshot = snapshot(&[service("cart", &[80]), route_of("HTTPRoute", "shop/cart", parent("cart"), sends_to("cart"))]);
    let everyone = Controller { identity: Identity::Everyone("example.com/look".into()), ..Controller::default() };
    let report = project(&resolve(&snapshot, &everyone));
    assert_eq!(at(&report.routes, "shop/cart").parents[0].controller_name, "example.com/look");
}

#[test]
fn o_015_the_less_specific_kind_is_in_conflict() {
    let report = report(&[
        service("cart", &[80]),
        route_of("HTTPRoute", "shop/http", parent("cart"), sends_to("cart")),
        route_of("GRPCRoute", "shop/grpc", parent("cart"), sends_to("cart")),
        route_of("TCPRoute", "shop/tcp", parent("cart"), sends_to("cart")),
        route_of("UDPRoute", "shop/udp", parent("cart"), sends_to("cart")),
    ]);
    assert_conditions(conditions(&report, "shop/grpc"), &[(Accepted, true, Reason::Accepted)]);
    for kind in ["http", "tcp"] {
        let conditions = conditions(&report, &format!("shop/{kind}"));
        assert_conditions(conditions, &[(Accepted, false, Reason::Conflicted), (ResolvedRefs, true, Reason::ResolvedRefs)]);
        let message = &find(conditions, Accepted).unwrap().message;
        assert!(message.contains("GRPCRoute"), "{message}");
    }
    assert_eq!(verdict(conditions(&report, "shop/udp"), Accepted), (false, Reason::NoMatchingParent), "no UDP port");
}

#[test]
fn o_007_o_009_a_service_that_cannot_be_a_parent_matches_nothing() {
    let headless = with(service("headless", &[80]), "clusterIP", json!("None"));
    let port = json!([{"group": "", "kind": "Service", "name": "cart", "port": 81}]);
    let report = report(&[
        service("cart", &[80]),
        headless,
        route_of("HTTPRoute", "shop/a", parent("headless"), sends_to("cart")),
        route_of("HTTPRoute", "shop/b", port, sends_to("cart")),
        route_of("HTTPRoute", "shop/c", parent("gone"), sends_to("cart")),
    ]);
    for name in ["shop/a", "shop/b"] {
        assert_eq!(verdict(conditions(&report, name), Accepted), (false, Reason::NoMatchingParent), "{name}");
    }
    assert!(at(&report.routes, "shop/c").parents.is_empty(), "D-021: there is no such Service");
}

#[test]
fn o_012_a_consumer_route_that_is_not_supported_is_refused() {
    let foreign = json!([{"group": "", "kind": "Service", "namespace": "shop", "name": "cart"}]);
    let objects = [service("cart", &[80]), route_of("HTTPRoute", "team/cart", foreign, json!([{}]))];
    let features = ours().features.without(Feature::MeshConsumerRoute);
    let report = project(&resolve(&snapshot(&objects), &Controller { features, ..ours() }));
    assert_eq!(verdict(conditions(&report, "team/cart"), Accepted), (false, Reason::UnsupportedValue));
    assert_eq!(verdict(conditions(&self::report(&objects), "team/cart"), Accepted), (true, Reason::Accepted));
}
