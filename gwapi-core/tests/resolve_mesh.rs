//! Routes of Services, and XMeshes (chapter O, P.4).

mod common;

use common::{
    any_route_of, backend_of, edge, gateway, grant, merged, names, object, open, ours, resolved, resolved_by, rule_of, service,
    service_with, without, x_object,
};
use gwapi_core::{
    Controller, Feature, Identity, ObjectKey, Refusal, Resolution, SupportedFeatures,
    resolution::{Attachment, ListenerKey, MeshScope, ServedBy, Unclaimed},
};
use serde_json::{Value, json};

fn of_service(namespace: &str, more: Value) -> Value {
    merged(json!({"group": "", "kind": "Service", "namespace": namespace, "name": "web"}), more)
}

fn web(more: Value) -> Value {
    of_service("shop", more)
}

/// A route of that kind and name for parents.
fn route(kind: &str, name: &str, parents: &[Value]) -> Value {
    let rules = json!([{"backendRefs": [{"name": "web", "port": 80}]}]);
    common::named_if_tls(object(kind, name, json!({"parentRefs": parents, "rules": rules})))
}

/// The Service `shop/web` with ports 80 (`p80`), 81 (`p81`) and UDP 53 (`dns`).
fn base() -> Value {
    let ports = json!([{"name": "p80", "port": 80}, {"name": "p81", "port": 81}, {"name": "dns", "port": 53, "protocol": "UDP"}]);
    service_with("shop/web", json!({"ports": ports}))
}

fn by(controller: &Controller, routes: &[Value]) -> Resolution {
    resolved_by(controller, &[&[base()][..], routes].concat())
}

fn attachment(resolution: &Resolution, name: &str) -> Attachment {
    let route = any_route_of(resolution, name);
    let [attachment] = &route.parents[..] else { panic!("{:?}", route.parents) };
    attachment.clone()
}

fn ports(attachment: &Attachment) -> Vec<&str> {
    attachment.listeners.iter().map(|attached| attached.listener.name.as_str()).collect()
}

#[test]
fn o_001_and_o_016_a_service_of_the_core_group_is_a_parent() {
    let resolution = by(&ours(), &[route("HTTPRoute", "shop/r", &[web(json!({}))])]);
    let attachment = attachment(&resolution, "shop/r");
    assert_eq!(attachment.controller_name, *common::OURS);
    assert_eq!((ports(&attachment), attachment.refused.len()), (vec!["80", "81"], 0));
    assert!(attachment.served_by.gateway().is_none());
    assert_eq!(attachment.parent_ref.kind, "Service");
    for group in ["core", "gateway.networking.k8s.io", "v1"] {
        let odd = route("HTTPRoute", "shop/r", &[web(json!({"group": group}))]);
        let route = any_route_of(&by(&ours(), &[odd]), "shop/r");
        assert!(matches!(route.unclaimed[..], [(_, Unclaimed::KindUnsupported { .. })]), "X-24");
    }
    let gone = route("HTTPRoute", "shop/r", &[web(json!({"name": "gone"}))]);
    assert!(matches!(any_route_of(&by(&ours(), &[gone]), "shop/r").unclaimed[..], [(_, Unclaimed::NotFound { .. })]));
}

#[test]
fn o_002_and_o_025_a_mesh_needs_no_gateway_and_no_class() {
    let controller = Controller { features: SupportedFeatures::of([Feature::Mesh, Feature::HTTPRoute]), ..ours() };
    let resolution = by(&controller, &[route("HTTPRoute", "shop/r", &[web(json!({}))]), gateway("infra/edge", &[open("http")])]);
    assert_eq!(ports(&attachment(&resolution, "shop/r")), ["80", "81"]);
    assert!(resolution.classes.is_empty() && resolution.gateways.is_empty());
    let unclaimed: Vec<_> = resolution.unclaimed.values().collect();
    assert!(matches!(unclaimed[..], [Unclaimed::KindUnsupported { .. }]));
}

#[test]
fn o_007_services_without_an_address_of_their_own() {
    let of = |spec: Value| {
        let objects = [service_with("shop/web", spec), route("HTTPRoute", "shop/r", &[web(json!({}))])];
        names(&attachment(&resolved(&objects), "shop/r").refused)
    };
    let port = json!([{"port": 80}]);
    for fine in ["ClusterIP", "NodePort", "LoadBalancer"] {
        assert!(of(json!({"type": fine, "ports": port})).is_empty(), "{fine}");
    }
    // O-017: a pure frontend.
    assert!(of(json!({"ports": port, "selector": null})).is_empty());
    assert_eq!(of(json!({"clusterIP": "None", "ports": port})), ["meshServiceUnsupported"]);
    assert_eq!(of(json!({"type": "ExternalName", "externalName": "a.com", "ports": port})), ["meshServiceUnsupported"]);
}

#[test]
fn o_008_hostnames_mean_nothing() {
    let mut named = route("HTTPRoute", "shop/r", &[web(json!({}))]);
    named["spec"]["hostnames"] = json!(["a.com", "b.com"]);
    let attachment = attachment(&by(&ours(), &[named]), "shop/r");
    for listener in &attachment.listeners {
        assert!(matches!(&listener.hostnames[..], [one] if one.own.is_none() && one.served.is_none()));
    }
}

#[test]
fn o_009_and_o_010_ports_by_number_and_by_name() {
    for (more, kind, expected) in [
        (json!({}), "HTTPRoute", Ok(vec!["80", "81"])),
        (json!({"port": 81}), "HTTPRoute", Ok(vec!["81"])),
        (json!({"sectionName": "p80"}), "HTTPRoute", Ok(vec!["80"])),
        (json!({"sectionName": "p80", "port": 80}), "HTTPRoute", Ok(vec!["80"])),
        (json!({"sectionName": "p80", "port": 81}), "HTTPRoute", Err("noListenerSelected")),
        (json!({"sectionName": "80"}), "HTTPRoute", Err("noListenerSelected")),
        (json!({"port": 82}), "HTTPRoute", Err("noListenerSelected")),
        // Of the transport that the route knows.
        (json!({"port": 53}), "HTTPRoute", Err("noListenerSelected")),
        (json!({}), "UDPRoute", Ok(vec!["53"])),
        (json!({"port": 80}), "UDPRoute", Err("noListenerSelected")),
        (json!({}), "TLSRoute", Ok(vec!["80", "81"])),
        (json!({}), "TCPRoute", Ok(vec!["80", "81"])),
    ] {
        let attachment = attachment(&by(&ours(), &[route(kind, "shop/r", &[web(more.clone())])]), "shop/r");
        match expected {
            Ok(expected) => assert_eq!(ports(&attachment), expected, "{kind} {more}"),
            Err(why) => assert_eq!(names(&attachment.refused), [why], "{kind} {more}"),
        }
    }
}

#[test]
fn o_011_to_o_014_who_sees_the_route() {
    let resolution = by(
        &ours(),
        &[route("HTTPRoute", "shop/producer", &[web(json!({}))]), route("HTTPRoute", "client/consumer", &[web(json!({}))])],
    );
    let scope = |name: &str| match attachment(&resolution, name).served_by {
        ServedBy::Mesh { scope, service } => {
            assert_eq!(service.key.namespace_str(), "shop");
            scope
        }
        other => panic!("{other:?}"),
    };
    assert_eq!(scope("shop/producer"), MeshScope::Producer);
    // O-014: no grant is asked for.
    assert_eq!(scope("client/consumer"), MeshScope::Consumer("client".into()));
    // Each parent by itself: a producer here is a consumer there.
    let both = route("HTTPRoute", "shop/r", &[web(json!({})), of_service("away", json!({}))]);
    let resolution = by(&ours(), &[both, service("away/web", &[80])]);
    let scopes: Vec<bool> = any_route_of(&resolution, "shop/r")
        .parents
        .iter()
        .map(|parent| matches!(&parent.served_by, ServedBy::Mesh { scope: MeshScope::Producer, .. }))
        .collect();
    assert_eq!(scopes, [true, false]);
}

#[test]
fn o_012_a_consumer_route_that_cannot_be_kept_to_its_namespace_is_not_applied() {
    let routes = [route("HTTPRoute", "client/r", &[web(json!({}))]), route("HTTPRoute", "shop/r", &[web(json!({}))])];
    let resolution = by(&without(Feature::MeshConsumerRoute), &routes);
    let consumer = attachment(&resolution, "client/r");
    assert!(!consumer.is_attached());
    let feature = Feature::MeshConsumerRoute;
    assert_eq!(consumer.refused, [Refusal::FeatureUnsupported { path: "spec.parentRefs".into(), feature }]);
    assert!(attachment(&resolution, "shop/r").is_attached());
}

#[test]
fn o_015_the_most_specific_kind_has_the_port() {
    let kinds = ["GRPCRoute", "HTTPRoute", "TLSRoute", "TCPRoute"];
    for (winner, specific) in kinds.iter().enumerate() {
        for other in &kinds[winner + 1..] {
            let routes = [route(specific, "shop/w", &[web(json!({}))]), route(other, "shop/l", &[web(json!({}))])];
            let resolution = by(&ours(), &routes);
            assert!(attachment(&resolution, "shop/w").is_attached(), "{specific} {other}");
            let loser = attachment(&resolution, "shop/l");
            assert!(!loser.is_attached());
            let [Refusal::MeshKindConflict { kind, winner, .. }] = &loser.refused[..] else { panic!("{:?}", loser.refused) };
            assert_eq!((&**kind, &**winner), (*other, *specific));
        }
    }
    // Of three the most specific is named, and UDP is independent.
    let all = ["UDPRoute", "TCPRoute", "HTTPRoute", "GRPCRoute"]
        .map(|kind| route(kind, &format!("shop/{}", kind.to_lowercase()), &[web(json!({}))]));
    let resolution = by(&ours(), &all);
    let Refusal::MeshKindConflict { winner, .. } = &attachment(&resolution, "shop/tcproute").refused[0] else { panic!() };
    assert_eq!(winner, "GRPCRoute");
    assert!(attachment(&resolution, "shop/udproute").is_attached());
}

#[test]
fn o_015_kinds_meet_port_by_port_and_for_the_same_clients_only() {
    let with = |rival: Value| {
        let resolution = by(&ours(), &[route("HTTPRoute", "shop/r", &[web(json!({}))]), rival]);
        let attachment = attachment(&resolution, "shop/r");
        (ports(&attachment).join(" "), names(&attachment.refused))
    };
    let conflict = vec!["meshKindConflict".to_owned()];
    assert_eq!(with(route("GRPCRoute", "shop/g", &[web(json!({"port": 80}))])), ("81".into(), conflict.clone()));
    assert_eq!(
        with(route("GRPCRoute", "shop/g", &[web(json!({"port": 80})), web(json!({"port": 81}))])),
        (String::new(), conflict)
    );
    // O-013: the groups are never merged.
    assert_eq!(with(route("GRPCRoute", "client/g", &[web(json!({}))])), ("80 81".into(), vec![]));
    // One that is of another Service, or of a Gateway.
    assert_eq!(with(route("GRPCRoute", "shop/g", &[of_service("away", json!({})), edge()])), ("80 81".into(), vec![]));
    // One that is refused itself has nothing to take.
    assert_eq!(with(route("GRPCRoute", "shop/g", &[web(json!({"port": 9}))])), ("80 81".into(), vec![]));
}

#[test]
fn o_015_a_kind_that_is_not_supported_takes_nothing() {
    let routes = [route("HTTPRoute", "shop/r", &[web(json!({}))]), route("GRPCRoute", "shop/g", &[web(json!({}))])];
    let resolution = by(&without(Feature::GRPCRoute), &routes);
    assert!(attachment(&resolution, "shop/r").is_attached());
    let feature = Feature::GRPCRoute;
    assert_eq!(attachment(&resolution, "shop/g").refused, [Refusal::FeatureUnsupported { path: "kind".into(), feature }]);
}

#[test]
fn o_018_and_i_037_grants_are_for_what_goes_through_gateways() {
    let far = |parents: &[Value], more: Value| {
        let mut route = route("HTTPRoute", "shop/r", parents);
        route["spec"]["rules"][0]["backendRefs"][0]["namespace"] = "away".into();
        route["spec"].as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        route
    };
    let outcome = |route: Value, more: &[Value]| {
        let objects = [base(), service("away/web", &[80]), gateway("infra/edge", &[open("http")]), route];
        backend_of(&resolved(&[&objects[..], more].concat()), "shop/r").target.is_ok()
    };
    assert!(outcome(far(&[web(json!({}))], json!({})), &[]));
    assert!(!outcome(far(&[web(json!({})), edge()], json!({})), &[]), "S-001: its Gateway could not reach it");
    assert!(outcome(far(&[web(json!({})), edge()], json!({})), &[grant("away/g", &["HTTPRoute/shop"], &["Service"])]));
    // A default Gateway is one that it did not name.
    let default = json!({"useDefaultGateways": "All"});
    assert!(outcome(far(&[web(json!({}))], default.clone()), &[]), "P-003: there is none");
    let scope = common::gateway_with("infra/default", &[open("http")], json!({"defaultScope": "All"}));
    assert!(!outcome(far(&[web(json!({}))], default), &[scope]));
}

#[test]
fn o_022_no_backends_are_not_the_parent() {
    let mut bare = route("HTTPRoute", "shop/r", &[web(json!({}))]);
    bare["spec"]["rules"] = json!([{}]);
    let resolution = by(&ours(), &[bare]);
    assert!(rule_of(&resolution, "shop/r").backends.is_empty());
    assert!(attachment(&resolution, "shop/r").is_attached());
}

#[test]
fn o_026_groups_are_told_apart_by_who_serves() {
    let both = route("HTTPRoute", "shop/r", &[edge(), web(json!({}))]);
    let resolution = resolved(&[base(), gateway("infra/edge", &[open("http")]), both]);
    let served: Vec<bool> =
        any_route_of(&resolution, "shop/r").parents.iter().map(|parent| parent.served_by.gateway().is_some()).collect();
    assert_eq!(served, [true, false]);
    let service = ObjectKey::namespaced("", "Service", &"shop".into(), &"web".into());
    assert_eq!(resolution.attached_routes.on(&ListenerKey { parent: service, name: "80".into() }), 1);
}

/// O-020: the names of features in a mesh are their own, and say nothing of Gateways.
#[test]
fn law_12_features_of_rules_by_who_sends() {
    let filters = |filter: Value| json!({"filters": [filter]});
    let redirect = |value: Value| filters(json!({"type": "RequestRedirect", "requestRedirect": value}));
    let full = json!({"type": "ReplaceFullPath", "replaceFullPath": "/a"});
    let header = json!({"type": "RequestHeaderModifier", "requestHeaderModifier": {"remove": ["a"]}});
    for (rule, of_gateways, of_mesh) in [
        (
            json!({"matches": [{"queryParams": [{"name": "a", "value": "1"}]}]}),
            Feature::HTTPRouteQueryParamMatching,
            Feature::MeshHTTPRouteQueryParamMatching,
        ),
        (redirect(json!({"path": full})), Feature::HTTPRoutePathRedirect, Feature::MeshHTTPRouteRedirectPath),
        (redirect(json!({"port": 8443})), Feature::HTTPRoutePortRedirect, Feature::MeshHTTPRouteRedirectPort),
        (redirect(json!({"scheme": "https"})), Feature::HTTPRouteSchemeRedirect, Feature::MeshHTTPRouteSchemeRedirect),
        (
            filters(json!({"type": "URLRewrite", "urlRewrite": {"path": full}})),
            Feature::HTTPRoutePathRewrite,
            Feature::MeshHTTPRouteRewritePath,
        ),
        (
            json!({"backendRefs": [{"name": "web", "port": 80, "filters": [header]}]}),
            Feature::HTTPRouteBackendRequestHeaderModification,
            Feature::MeshHTTPRouteBackendRequestHeaderModification,
        ),
        // These have one name for both.
        (redirect(json!({"statusCode": 307})), Feature::HTTPRoute307RedirectStatusCode, Feature::HTTPRoute307RedirectStatusCode),
        (json!({"matches": [{"method": "GET"}]}), Feature::HTTPRouteMethodMatching, Feature::HTTPRouteMethodMatching),
    ] {
        let refused = |parents: &[Value], missing: Feature| {
            let mut route = route("HTTPRoute", "shop/r", parents);
            route["spec"]["rules"] = json!([rule]);
            let resolution = by(&without(missing), &[gateway("infra/edge", &[open("http")]), route]);
            let rule = rule_of(&resolution, "shop/r");
            assert!(
                rule.refused.iter().all(|why| matches!(why, Refusal::FeatureUnsupported { feature, .. } if *feature == missing))
            );
            !rule.is_valid()
        };
        let same = of_gateways == of_mesh;
        assert_eq!((refused(&[edge()], of_gateways), refused(&[edge()], of_mesh)), (true, same), "{rule}");
        assert_eq!((refused(&[web(json!({}))], of_gateways), refused(&[web(json!({}))], of_mesh)), (same, true), "{rule}");
        let both = [edge(), web(json!({}))];
        assert!(refused(&both, of_gateways) && refused(&both, of_mesh), "{rule}");
        // D-035: nobody sends, and it is judged as ever.
        assert!(refused(&[], of_gateways), "{rule}");
    }
}

#[test]
fn law_12_names_of_rules_in_a_mesh() {
    let name = |missing: Feature, parents: &[Value]| {
        let mut route = route("HTTPRoute", "shop/r", parents);
        route["spec"]["rules"][0]["name"] = "it".into();
        rule_of(&by(&without(missing), &[gateway("infra/edge", &[open("http")]), route]), "shop/r").name.is_some()
    };
    assert!(!name(Feature::MeshHTTPRouteNamedRouteRule, &[web(json!({}))]));
    assert!(name(Feature::HTTPRouteNamedRouteRule, &[web(json!({}))]));
    assert!(name(Feature::MeshHTTPRouteNamedRouteRule, &[edge()]));
}

#[test]
fn o_021_header_modifiers_of_grpc_routes_need_no_feature_in_a_mesh() {
    let header = json!({"type": "RequestHeaderModifier", "requestHeaderModifier": {"remove": ["a"]}});
    let valid = |parents: &[Value]| {
        let mut route = route("GRPCRoute", "shop/r", parents);
        route["spec"]["rules"][0]["filters"] = json!([header]);
        rule_of(&by(&without(Feature::GRPCRouteRequestHeaderModifier), &[route]), "shop/r").is_valid()
    };
    assert!(valid(&[web(json!({}))]) && !valid(&[edge()]));
}

#[test]
fn law_12_a_mesh_that_is_not_declared_is_none() {
    let controller = without(Feature::Mesh);
    let mesh = x_object("XMesh", "m", json!({"controllerName": common::OURS}));
    let resolution = by(&controller, &[route("HTTPRoute", "shop/r", &[web(json!({}))]), mesh]);
    assert!(any_route_of(&resolution, "shop/r").parents.is_empty() && resolution.meshes.is_empty());
    let ports_only = by(&without(Feature::HTTPRouteParentRefPort), &[route("HTTPRoute", "shop/r", &[web(json!({"port": 80}))])]);
    assert_eq!(names(&attachment(&ports_only, "shop/r").refused), ["parentRefPortUnsupported"]);
}

#[test]
fn p_026_and_p_028_meshes_of_ours() {
    let mesh = |name: &str, controller: &str, parameters: Value| {
        x_object("XMesh", name, json!({"controllerName": controller, "parametersRef": parameters}))
    };
    let parameters = json!({"group": "", "kind": "ConfigMap", "namespace": "shop", "name": "p"});
    let objects = [
        mesh("ours", common::OURS, json!(null)),
        mesh("theirs", "example.com/theirs", json!(null)),
        mesh("fine", common::OURS, parameters.clone()),
        mesh("gone", common::OURS, merged(parameters.clone(), json!({"name": "gone"}))),
        mesh("odd", common::OURS, merged(parameters, json!({"kind": "Secret"}))),
        json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": common::metadata("shop/p"), "data": {}}),
    ];
    let controller = Controller { parameter_kinds: [("".into(), "ConfigMap".into())].into(), ..ours() };
    let resolution = resolved_by(&controller, &objects);
    let told: Vec<(String, usize)> =
        resolution.meshes.values().map(|it| (it.mesh.meta.key.name.to_string(), it.refused.len())).collect();
    assert_eq!(told, [("fine".into(), 0), ("gone".into(), 1), ("odd".into(), 1), ("ours".into(), 0)]);
    // Who looks at everybody's has them all.
    let everyone = Controller { identity: Identity::Everyone("a/b".into()), ..ours() };
    assert_eq!(resolved_by(&everyone, &objects).meshes.len(), 5);
}
