//! Certificates of clients, and the one that backends are shown (B.4, B.5, B-084 to B-086).

mod common;

use std::sync::Arc;

use common::{
    PEM, ca, edge_of, gateway_with, grant, https, key, listener_of, listener_set, merged, names, open, ours, resolved,
    resolved_by, secret, secret_with, set_of, trust_bundle, without,
};
use gwapi_core::{
    Controller, Feature, ObjectKey, Refusal,
    model::ClientValidationMode,
    refusal::CaFault,
    resolution::{ClientTrust, ResolvedGateway, ResolvedListener},
};
use serde_json::{Value, json};

fn config_map(name: &str) -> Value {
    json!({"group": "", "kind": "ConfigMap", "name": name})
}

fn validation(refs: Value) -> Value {
    json!({"validation": {"caCertificateRefs": refs}})
}

/// The Gateway `infra/edge` with HTTP on 80 and HTTPS on 443 and 8443.
fn edge(frontend: Value) -> Value {
    let listeners = [open("http"), https("one", 443, json!({})), https("two", 8443, json!({}))];
    let more = json!({"tls": {"frontend": frontend}, "allowedListeners": {"namespaces": {"from": "All"}}});
    gateway_with("infra/edge", &listeners, more)
}

fn edge_by(controller: &Controller, frontend: Value, objects: &[Value]) -> Arc<ResolvedGateway> {
    edge_of(&resolved_by(controller, &[&[edge(frontend), secret("infra/cert")][..], objects].concat()))
}

fn edge_in(frontend: Value, objects: &[Value]) -> Arc<ResolvedGateway> {
    edge_by(&ours(), frontend, objects)
}

fn trusted(listener: &ResolvedListener) -> Option<Vec<String>> {
    let trust = listener.client_validation.as_ref()?;
    Some(trust.ca_certificates.iter().map(|ca| ca.name.to_string()).collect())
}

#[test]
fn b_045_an_entry_for_a_port_takes_the_place_of_the_default() {
    let objects = [ca("infra/a", PEM), ca("infra/b", PEM)];
    let default = validation(json!([config_map("a")]));
    let per_port = |tls: Value| json!({"default": default, "perPort": [{"port": 443, "tls": tls}]});
    for (frontend, one, two) in [
        (json!({"default": {}}), None, None),
        (json!({"default": default}), Some("a"), Some("a")),
        (per_port(validation(json!([config_map("b")]))), Some("b"), Some("a")),
        // It switches it off there.
        (per_port(json!({})), None, Some("a")),
        (json!({"default": {}, "perPort": [{"port": 443, "tls": validation(json!([config_map("b")]))}]}), Some("b"), None),
        // B-046.
        (json!({"default": {}, "perPort": [{"port": 80, "tls": validation(json!([config_map("gone")]))}]}), None, None),
    ] {
        let edge = edge_in(frontend.clone(), &objects);
        for (name, expected) in [("http", None), ("one", one), ("two", two)] {
            let listener = listener_of(&edge, name);
            assert_eq!(trusted(listener), expected.map(|name| vec![name.to_owned()]), "{name} {frontend}");
            assert!(listener.is_served() && listener.unresolved.is_empty(), "{name} {frontend}");
        }
    }
}

#[test]
fn b_047_and_b_048_the_mode_is_that_of_the_validation() {
    for (mode, expected) in [
        (json!(null), ClientValidationMode::AllowValidOnly),
        (json!("AllowValidOnly"), ClientValidationMode::AllowValidOnly),
        (json!("AllowInsecureFallback"), ClientValidationMode::AllowInsecureFallback),
    ] {
        let default = json!({"validation": {"caCertificateRefs": [config_map("a")], "mode": mode}});
        let edge = edge_in(json!({"default": default}), &[ca("infra/a", PEM)]);
        let expected = ClientTrust {
            ca_certificates: vec![ObjectKey::namespaced("", "ConfigMap", &"infra".into(), &"a".into())],
            mode: expected,
        };
        assert_eq!(listener_of(&edge, "one").client_validation, Some(expected));
    }
}

/// What a CA reference comes to, by itself and beside one that can be used.
fn faults() -> Vec<(Value, Vec<Value>, CaFault)> {
    let config = |data: Value| {
        vec![json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": common::metadata("infra/x"), "data": data})]
    };
    vec![
        (config_map("x"), vec![], CaFault::NotFound),
        (config_map("x"), config(json!({})), CaFault::Missing),
        (config_map("x"), config(json!({"ca.pem": PEM})), CaFault::Missing),
        (config_map("x"), config(json!({"ca.crt": ""})), CaFault::Empty),
        (json!({"group": "", "kind": "Secret", "name": "cert"}), vec![], CaFault::KindUnsupported),
        (
            json!({"group": "example.com", "kind": "ConfigMap", "name": "x"}),
            config(json!({"ca.crt": PEM})),
            CaFault::KindUnsupported,
        ),
        // B-085.
        (bundle("x"), vec![], CaFault::NotFound),
        (bundle("x"), vec![trust_bundle("x", "")], CaFault::Empty),
    ]
}

fn bundle(name: &str) -> Value {
    json!({"group": "certificates.k8s.io", "kind": "ClusterTrustBundle", "name": name})
}

#[test]
fn b_049_and_b_050_references_that_cannot_be_used() {
    for (reference, objects, why) in faults() {
        let edge = edge_in(json!({"default": validation(json!([reference]))}), &objects);
        for name in ["one", "two"] {
            let listener = listener_of(&edge, name);
            let [Refusal::CaCertificateInvalid { object, why: told }] = &listener.unresolved[..] else { panic!("{reference}") };
            assert_eq!((object.name.as_str(), told), (reference["name"].as_str().unwrap(), &why), "B-049: it is named");
            // B-050, S-010: down, and not open.
            assert_eq!(listener.refused, [Refusal::NoValidCaCertificate]);
            assert!(!listener.is_served() && listener.client_validation.is_none());
        }
        assert!(listener_of(&edge, "http").is_served() && edge.is_accepted(), "B-046");
        // One that can be used is enough to be accepted.
        let both = json!({"default": validation(json!([reference, config_map("fine")]))});
        let edge = edge_in(both, &[&objects[..], &[ca("infra/fine", PEM)]].concat());
        let listener = listener_of(&edge, "one");
        assert!(listener.is_served() && listener.unresolved.len() == 1, "{reference}");
        assert_eq!(trusted(listener), Some(vec!["fine".into()]));
    }
    let malformed = edge_in(json!({"default": validation(json!([config_map("x")]))}), &[ca("infra/x", "no PEM")]);
    let [Refusal::CaCertificateInvalid { why, .. }] = &listener_of(&malformed, "one").unresolved[..] else { panic!() };
    assert!(matches!(why, CaFault::Malformed(_)));
}

#[test]
fn b_049_an_entry_for_a_port_is_that_ports_problem() {
    let per_port = json!([{"port": 443, "tls": validation(json!([config_map("gone")]))}]);
    let edge = edge_in(json!({"default": validation(json!([config_map("a")])), "perPort": per_port}), &[ca("infra/a", PEM)]);
    assert!(!listener_of(&edge, "one").is_accepted() && listener_of(&edge, "two").is_served());
}

#[test]
fn b_049_permission_comes_first() {
    let elsewhere = json!({"default": validation(json!([merged(config_map("x"), json!({"namespace": "certs"}))]))});
    let useless = [
        vec![],
        vec![grant("infra/g", &["Gateway/infra"], &["ConfigMap"])],
        vec![grant("certs/g", &["ListenerSet/infra"], &["ConfigMap"])],
        vec![grant("certs/g", &["Gateway/infra"], &["Secret"])],
    ];
    for grants in useless {
        for there in [vec![], vec![ca("certs/x", PEM)]] {
            let edge = edge_in(elsewhere.clone(), &[&grants[..], &there].concat());
            assert_eq!(names(&listener_of(&edge, "one").unresolved), ["refNotPermitted"], "S-003");
            assert_eq!(listener_of(&edge, "one").refused, [Refusal::NoValidCaCertificate]);
        }
    }
    let granted = grant("certs/g", &["Gateway/infra"], &["ConfigMap/x"]);
    assert!(listener_of(&edge_in(elsewhere.clone(), &[granted.clone(), ca("certs/x", PEM)]), "one").is_served());
    assert_eq!(names(&listener_of(&edge_in(elsewhere, &[granted]), "one").unresolved), ["caCertificateInvalid"]);
}

#[test]
fn b_084_a_bundle_adds_to_other_references_and_needs_no_grant() {
    let refs = json!([config_map("a"), bundle("b")]);
    let edge = edge_in(json!({"default": validation(refs)}), &[ca("infra/a", PEM), trust_bundle("b", PEM)]);
    assert_eq!(trusted(listener_of(&edge, "one")), Some(vec!["a".into(), "b".into()]));
}

#[test]
fn b_086_bundles_that_are_not_supported_are_of_an_unknown_kind() {
    let objects = [ca("infra/a", PEM), trust_bundle("b", PEM)];
    let controller = without(Feature::ClusterTrustBundle);
    for (refs, served) in [(json!([bundle("b")]), false), (json!([bundle("b"), config_map("a")]), true)] {
        let edge = edge_by(&controller, json!({"default": validation(refs)}), &objects);
        let listener = listener_of(&edge, "one");
        let [Refusal::CaCertificateInvalid { why, .. }] = &listener.unresolved[..] else { panic!() };
        assert_eq!((why, listener.is_served()), (&CaFault::KindUnsupported, served));
    }
}

#[test]
fn c_030_listeners_of_sets_are_under_what_the_gateway_says() {
    let set = |namespace: &str| listener_set(&format!("{namespace}/s"), &[https("tls", 9443, json!({}))]);
    let objects = |refs: Value| {
        [edge(json!({"default": validation(refs)})), ca("infra/a", PEM), set("shop"), secret("shop/cert"), secret("infra/cert")]
    };
    let resolution = resolved(&objects(json!([config_map("a")])));
    assert_eq!(trusted(&set_of(&resolution, "shop/s").listeners[0]), Some(vec!["a".into()]));
    // C-027: which reference of the Gateway it is, is told in its own status only.
    let resolution = resolved(&objects(json!([config_map("gone")])));
    let listener = &set_of(&resolution, "shop/s").listeners[0];
    assert_eq!(listener.unresolved, [Refusal::ClientTrustUnresolved { gateway: key("Gateway", "infra/edge") }]);
    assert_eq!(listener.refused, [Refusal::NoValidCaCertificate]);
    let mut local = objects(json!([config_map("gone")]));
    local[2] = set("infra");
    assert_eq!(names(&set_of(&resolved(&local), "infra/s").listeners[0].unresolved), ["caCertificateInvalid"]);
}

#[test]
fn law_12_whoever_cannot_check_clients_serves_nobody_who_asks_for_it() {
    use Feature::{
        GatewayFrontendClientCertificateValidation as Validation,
        GatewayFrontendClientCertificateValidationInsecureFallback as Fallback,
    };
    let of_mode = |mode: &str| json!({"default": {"validation": {"caCertificateRefs": [config_map("a")], "mode": mode}}});
    for (missing, mode, served) in [
        (Validation, "AllowValidOnly", false),
        (Validation, "AllowInsecureFallback", false),
        (Fallback, "AllowInsecureFallback", false),
        (Fallback, "AllowValidOnly", true),
    ] {
        let edge = edge_by(&without(missing), of_mode(mode), &[ca("infra/a", PEM)]);
        let listener = listener_of(&edge, "one");
        assert_eq!((listener.is_served(), listener.client_validation.is_some()), (served, served), "{missing} {mode}");
        if !served {
            let path = "spec.tls.frontend".into();
            assert_eq!(listener.refused, [Refusal::FeatureUnsupported { path, feature: missing }]);
        }
        assert!(listener_of(&edge, "http").is_served());
        // Whoever does not ask is served.
        assert!(listener_of(&edge_by(&without(missing), json!({"default": {}}), &[]), "one").is_served());
    }
}

#[test]
fn law_11_a_broken_validation_closes_its_listeners_and_no_others() {
    for (frontend, one, two) in [
        (json!({"default": {"validation": {"caCertificateRefs": []}}}), false, false),
        (json!({"default": validation(json!([config_map("a")])), "surprise": 1}), false, false),
        (json!({"default": {}, "perPort": [{"port": 443, "tls": {"validation": {}}}]}), false, true),
        (json!({"default": {}, "perPort": [{"port": 443}]}), false, false),
        (json!({"default": {"validation": {"caCertificateRefs": [config_map("a")], "mode": "AllowAll"}}}), false, false),
    ] {
        let edge = edge_in(frontend.clone(), &[ca("infra/a", PEM)]);
        let served = ["one", "two", "http"].map(|name| listener_of(&edge, name).is_served());
        assert_eq!(served, [one, two, true], "{frontend}");
    }
}

// What backends are shown

fn shown(controller: &Controller, reference: Value, objects: &[Value]) -> Option<Result<String, Vec<String>>> {
    let more = json!({"tls": {"backend": {"clientCertificateRef": reference}}});
    let objects = [&[gateway_with("infra/edge", &[open("http")], more)][..], objects].concat();
    let edge = edge_of(&resolved_by(controller, &objects));
    // B-053: it takes nothing else away.
    assert!(edge.is_accepted() && edge.is_programmed() && edge.listeners[0].is_served());
    let certificate = edge.client_certificate.clone()?;
    Some(certificate.map(|reference| reference.name.to_string()).map_err(|refusal| names(&[refusal])))
}

#[test]
fn b_052_to_b_054_the_certificate_that_backends_are_shown() {
    let invalid = || Some(Err(vec!["clientCertificateInvalid".to_owned()]));
    let denied = || Some(Err(vec!["refNotPermitted".to_owned()]));
    let local = json!({"name": "c"});
    let far = json!({"namespace": "certs", "name": "c"});
    let granted = grant("certs/g", &["Gateway/infra"], &["Secret"]);
    for (reference, objects, expected) in [
        (json!(null), vec![], None),
        (local.clone(), vec![secret("infra/c")], Some(Ok("c".to_owned()))),
        (local.clone(), vec![], invalid()),
        (local.clone(), vec![secret_with("infra/c", "Opaque", json!({}))], invalid()),
        (local.clone(), vec![secret_with("infra/c", "kubernetes.io/tls", json!({"tls.crt": PEM}))], invalid()),
        (json!({"kind": "ConfigMap", "name": "c"}), vec![ca("infra/c", PEM)], invalid()),
        // B-054: permission first.
        (far.clone(), vec![], denied()),
        (far.clone(), vec![secret("certs/c")], denied()),
        (far.clone(), vec![secret("certs/c"), grant("certs/g", &["HTTPRoute/infra"], &["Secret"])], denied()),
        (far.clone(), vec![secret("certs/c"), granted.clone()], Some(Ok("c".to_owned()))),
        (far, vec![granted], invalid()),
    ] {
        assert_eq!(shown(&ours(), reference.clone(), &objects), expected, "{reference} {objects:?}");
    }
    let undeclared = shown(&without(Feature::GatewayBackendClientCertificate), local, &[secret("infra/c")]);
    assert_eq!(undeclared, Some(Err(vec!["featureUnsupported".to_owned()])));
}
