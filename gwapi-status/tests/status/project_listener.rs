//! Conditions of listeners for client certificates (B.4), filters (H.8) and parents of either kind.

use gwapi_core::{Controller, Feature, ObjectKey, Refusal, model::Protocol, resolve};
use gwapi_status::{Condition, ConditionType::*, Reason, StatusReport, project};
use serde_json::{Value, json};

use crate::{
    build::{find, verdict},
    world::{assert_conditions, at, class, gateway, object, ours, report, snapshot, with},
};

const PEM: &str = "-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n";
const KEY: &str = "-----BEGIN PRIVATE KEY-----\nMAA=\n-----END PRIVATE KEY-----\n";

fn config_map(at: &str) -> Value {
    let mut map = object("ConfigMap", at, json!({}));
    map["data"] = json!({"ca.crt": PEM});
    map
}

fn secret() -> Value {
    let mut secret = object("Secret", "shop/tls", json!({}));
    secret["type"] = "kubernetes.io/tls".into();
    secret["stringData"] = json!({"tls.crt": PEM, "tls.key": KEY});
    secret
}

fn https(name: &str, port: u16) -> Value {
    json!({"name": name, "port": port, "protocol": "HTTPS", "tls": {"certificateRefs": [{"name": "tls"}]}})
}

fn config_map_ref(namespace: &str, name: &str) -> Value {
    json!({"group": "", "kind": "ConfigMap", "namespace": namespace, "name": name})
}

/// A Gateway that asks the clients of its HTTPS listeners for certificates of these authorities.
fn asking(references: Value) -> Vec<Value> {
    let listeners = json!([https("secure", 443), https("other", 8443), {"name": "plain", "port": 80, "protocol": "HTTP"}]);
    let frontend = json!({
        "default": {"validation": {"caCertificateRefs": references}},
        "perPort": [{"port": 8443, "tls": {}}],
    });
    vec![class(), secret(), config_map("shop/ca"), with(gateway(listeners), "tls", json!({"frontend": frontend}))]
}

fn listener(report: &StatusReport, name: &str) -> Vec<Condition> {
    let front = at(&report.gateways, "shop/front");
    front.listeners.iter().find(|listener| listener.name == *name).expect("the listener").conditions.clone()
}

fn with_filters(filters: Value) -> Vec<Condition> {
    let listeners = json!([{"name": "web", "port": 80, "protocol": "HTTP", "filters": {"requests": filters}}]);
    listener(&report(&[class(), gateway(listeners)]), "web")
}

#[test]
fn b_047_clients_of_a_known_authority_are_no_trouble() {
    let report = report(&asking(json!([config_map_ref("shop", "ca")])));
    for name in ["secure", "other", "plain"] {
        let holds = [(Accepted, true, Reason::Accepted), (Programmed, true, Reason::Programmed)];
        assert_conditions(&listener(&report, name), &holds);
    }
    assert_eq!(find(&at(&report.gateways, "shop/front").conditions, InsecureFrontendValidationMode), None);
}

#[test]
fn b_049_a_reference_that_leads_nowhere_shows_on_the_listeners_that_are_under_it() {
    let good = config_map_ref("shop", "ca");
    for (bad, reason, named) in [
        (config_map_ref("shop", "gone"), Reason::InvalidCACertificateRef, "ConfigMap shop/gone"),
        (json!({"group": "", "kind": "Secret", "name": "ca"}), Reason::InvalidCACertificateKind, "Secret shop/ca"),
        (config_map_ref("vault", "ca"), Reason::RefNotPermitted, "ConfigMap vault/ca"),
    ] {
        let report = report(&asking(json!([good, bad])));
        let secure = listener(&report, "secure");
        let expected =
            [(Accepted, true, Reason::Accepted), (Programmed, true, Reason::Programmed), (ResolvedRefs, false, reason)];
        assert_conditions(&secure, &expected);
        let message = &find(&secure, ResolvedRefs).unwrap().message;
        assert!(message.contains(named), "{message}");
        // B-046, and the entry of the port.
        for name in ["other", "plain"] {
            assert_eq!(verdict(&listener(&report, name), ResolvedRefs), (true, Reason::ResolvedRefs));
        }
    }
}

#[test]
fn b_050_without_any_authority_a_listener_is_refused() {
    let report = report(&asking(json!([config_map_ref("shop", "gone")])));
    let expected = [
        (Accepted, false, Reason::NoValidCACertificate),
        (Programmed, false, Reason::Invalid),
        (ResolvedRefs, false, Reason::InvalidCACertificateRef),
    ];
    assert_conditions(&listener(&report, "secure"), &expected);
    assert_conditions(&listener(&report, "plain"), &[(Accepted, true, Reason::Accepted)]);
    let gateway = &at(&report.gateways, "shop/front").conditions;
    assert_conditions(
        gateway,
        &[(Accepted, true, Reason::ListenersNotValid), (ResolvedRefs, false, Reason::ListenersNotResolved)],
    );
}

#[test]
fn x_48_a_bundle_that_is_not_supported_is_of_the_wrong_kind() {
    let bundle = json!({"group": "certificates.k8s.io", "kind": "ClusterTrustBundle", "name": "all"});
    let objects = asking(json!([bundle, config_map_ref("shop", "ca")]));
    let features = ours().features.without(Feature::ClusterTrustBundle);
    let report = project(&resolve(&snapshot(&objects), &Controller { features, ..ours() }));
    assert_eq!(verdict(&listener(&report, "secure"), ResolvedRefs), (false, Reason::InvalidCACertificateKind));
    let report = self::report(&objects);
    assert_eq!(verdict(&listener(&report, "secure"), ResolvedRefs), (false, Reason::InvalidCACertificateRef), "B-085");
}

#[test]
fn client_certificates_that_are_not_supported_keep_the_listener_from_being_accepted() {
    let features = ours().features.without(Feature::GatewayFrontendClientCertificateValidation);
    let objects = asking(json!([config_map_ref("shop", "ca")]));
    let report = project(&resolve(&snapshot(&objects), &Controller { features, ..ours() }));
    let secure = listener(&report, "secure");
    assert_eq!(verdict(&secure, Accepted), (false, Reason::UnsupportedValue));
    assert!(find(&secure, Accepted).unwrap().message.contains("GatewayFrontendClientCertificateValidation"));
}

/// the reasons of listener filters.
#[test]
fn h_086_to_h_089_filters_that_cannot_run_are_named_by_their_place() {
    let auth =
        |backend: Value| json!({"type": "ExternalAuth", "externalAuth": {"protocol": "HTTP", "backendRef": backend, "http": {}}});
    let nowhere = auth(json!({"name": "gone", "port": 80}));
    let forbidden = auth(json!({"name": "auth", "namespace": "vault", "port": 80}));
    let extension = json!({"type": "ExtensionRef", "extensionRef": {"group": "example.com", "kind": "Limit", "name": "a"}});
    for (filter, type_, reason) in [
        (json!({"type": "example.com/odd"}), Accepted, Reason::UnsupportedValue),
        // H-087.
        (json!({"type": "ExternalAuth"}), Accepted, Reason::InvalidListenerFilter),
        (nowhere, ResolvedRefs, Reason::InvalidListenerFilterRef),
        (extension, ResolvedRefs, Reason::InvalidListenerFilterRef),
        (forbidden, ResolvedRefs, Reason::RefNotPermitted),
    ] {
        let conditions = with_filters(json!([filter]));
        assert_conditions(&conditions, &[(type_, false, reason), (Programmed, false, Reason::Invalid)]);
        let other = if type_ == Accepted { ResolvedRefs } else { Accepted };
        assert!(find(&conditions, other).unwrap().is_true(), "{conditions:?}");
        let message = &find(&conditions, type_).unwrap().message;
        assert!(message.contains("filters.requests[0]") || reason == Reason::RefNotPermitted, "H-089: {message}");
    }
}

#[test]
fn h_089_reasons_of_filters_stand_on_no_condition_that_holds() {
    let of_filters = [Reason::InvalidListenerFilter, Reason::InvalidListenerFilterOrder, Reason::InvalidListenerFilterRef];
    for filters in [json!([]), json!([{"type": "ExternalAuth"}]), json!([{"type": "ExtensionRef"}])] {
        let conditions = with_filters(filters);
        assert!(conditions.iter().all(|condition| !condition.is_true() || !of_filters.contains(&condition.reason)));
    }
}

#[test]
fn every_cause_of_a_listener_is_told_and_conflicts_decide() {
    let mut listener = crate::build::listener("web");
    let conflict = Refusal::ProtocolConflict { port: 80, protocol: Protocol::Http, with: Vec::new() };
    let filter = Refusal::ListenerFilterInvalid { index: 1, filter_type: "ExternalAuth".into(), why: "odd".into() };
    listener.refused = vec![Refusal::NoValidCaCertificate, filter, conflict];
    let conditions = gwapi_status::ListenerStatus::of(&listener, 0, false).conditions;
    for type_ in [Accepted, Programmed] {
        assert_eq!(verdict(&conditions, type_), (false, Reason::ProtocolConflict));
    }
    let message = &find(&conditions, Accepted).unwrap().message;
    assert!(message.contains("no CA certificate") && message.contains("filters.requests[1]"), "{message}");
    // C-027.
    assert!(message.contains("a listener of an object that comes first"), "{message}");
}

#[test]
fn c_017_only_listeners_of_sets_repeat_why_their_port_is_not_available() {
    for (kind, reason) in [("Gateway", Reason::Invalid), ("ListenerSet", Reason::PortUnavailable)] {
        let mut listener = crate::build::listener("web");
        listener.key.parent = ObjectKey { kind: kind.into(), ..listener.key.parent };
        listener.refused.push(Refusal::PortUnavailable { port: 80 });
        let conditions = gwapi_status::ListenerStatus::of(&listener, 0, false).conditions;
        assert_conditions(&conditions, &[(Accepted, false, Reason::PortUnavailable), (Programmed, false, reason)]);
    }
}
