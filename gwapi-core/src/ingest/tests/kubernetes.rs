//! Namespace, Service, ServiceImport, Secret, ConfigMap, ClusterTrustBundle, ReferenceGrant.

use base64::{Engine as _, engine::general_purpose::STANDARD};

use super::*;
use crate::model::{
    CertificateVerdict, ConfigMap, GrantFrom, GrantTo, PemVerdict, ReferenceGrant, Secret, Service, ServiceImport, TargetPort,
    TransportProtocol,
};

fn core(kind: &str, fields: Value) -> (Object, Vec<Issue>) {
    let mut value = json!({"apiVersion": "v1", "kind": kind, "metadata": {"name": "it", "namespace": "here"}});
    merge(&mut value, fields);
    read(&value)
}

fn pem(label: &str) -> String {
    format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", STANDARD.encode([0x30, 0x03, 1, 2, 3]))
}

fn secret(fields: Value) -> (Arc<Secret>, Vec<Issue>) {
    match core("Secret", fields) {
        (Object::Secret(secret), issues) => (secret, issues),
        (other, _) => panic!("{other:?}"),
    }
}

fn config_map(fields: Value) -> (Arc<ConfigMap>, Vec<Issue>) {
    match core("ConfigMap", fields) {
        (Object::ConfigMap(config_map), issues) => (config_map, issues),
        (other, _) => panic!("{other:?}"),
    }
}

fn service(spec: Value) -> (Arc<Service>, Vec<Issue>) {
    match core("Service", json!({"spec": spec})) {
        (Object::Service(service), issues) => (service, issues),
        (other, _) => panic!("{other:?}"),
    }
}

fn grant(spec: Value) -> (Arc<ReferenceGrant>, Vec<Issue>) {
    match read(&object("ReferenceGrant", spec)) {
        (Object::ReferenceGrant(grant), issues) => (grant, issues),
        (other, _) => panic!("{other:?}"),
    }
}

#[test]
fn a_namespace_has_its_name_as_a_label() {
    for labels in [json!({}), json!({"kubernetes.io/metadata.name": "forged"})] {
        let (Object::Namespace(namespace), issues) = read(&json!({
            "apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shop", "labels": labels},
            "spec": {"finalizers": ["kubernetes"]}, "status": {"phase": "Active"},
        })) else {
            panic!("no namespace")
        };
        assert_eq!(issues, []);
        assert_eq!(&*namespace.labels["kubernetes.io/metadata.name"], "shop");
    }
}

#[test]
fn a_namespace_keeps_its_labels() {
    let (Object::Namespace(namespace), _) = read(&json!({
        "apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shop", "labels": {"team": "a", "bad": 1}},
    })) else {
        panic!("no namespace")
    };
    assert_eq!(namespace.labels.len(), 2);
    assert_eq!(&*namespace.labels["team"], "a");
}

#[test]
fn a_service_is_its_ports() {
    let (service_of, issues) = service(json!({
        "selector": {"app": "a"}, "clusterIP": "None", "type": "ClusterIP", "trafficDistribution": "PreferClose",
        "ports": [
            {"name": "web", "port": 80, "targetPort": "http", "nodePort": 30_000, "appProtocol": "kubernetes.io/h2c"},
            {"port": 53, "protocol": "UDP"},
            {"port": 54, "protocol": "SCTP"},
        ],
    }));
    assert_eq!(issues, []);
    assert!(!service_of.external_name);
    let [web, udp, sctp] = &service_of.ports[..] else { panic!("three ports") };
    assert_eq!((web.name.as_ref().unwrap().as_str(), web.port, web.protocol), ("web", 80, TransportProtocol::Tcp));
    assert_eq!(web.app_protocol.as_deref(), Some("kubernetes.io/h2c"));
    assert_eq!((&udp.name, udp.protocol), (&None, TransportProtocol::Udp));
    assert_eq!(sctp.protocol, TransportProtocol::Other);
    // I-016.
    assert!(service(json!({"type": "ExternalName", "externalName": "a.example"})).0.external_name);
}

#[test]
fn o_006_a_service_has_addresses_of_its_own() {
    let ips = |spec: Value| {
        let (service, issues) = service(spec);
        assert_eq!(issues, []);
        (service.cluster_ips.iter().map(ToString::to_string).collect::<Vec<_>>(), service.headless)
    };
    assert_eq!(ips(json!({})), (Vec::new(), false));
    assert_eq!(ips(json!({"clusterIP": ""})), (Vec::new(), false));
    assert_eq!(ips(json!({"clusterIP": "10.0.0.1"})), (["10.0.0.1".into()].into(), false));
    let both = ["10.0.0.1".into(), "fd00::1".into()];
    assert_eq!(ips(json!({"clusterIP": "10.0.0.1", "clusterIPs": ["10.0.0.1", "fd00::1"]})), (both.into(), false));
    for headless in
        [json!({"clusterIP": "None"}), json!({"clusterIPs": ["None"]}), json!({"clusterIP": "None", "clusterIPs": ["None"]})]
    {
        assert_eq!(ips(headless), (Vec::new(), true));
    }
    let (broken, issues) = service(json!({"clusterIP": "10.0.0", "ports": [{"port": 80}]}));
    assert_eq!((codes(&issues), broken.ports.len()), ([(IssueCode::InvalidValue, "spec.clusterIP")].into(), 1));
    // J-030.
    assert!(service(json!({"sessionAffinity": "ClientIP"})).0.session_affinity);
    assert!(!service(json!({"sessionAffinity": "None"})).0.session_affinity);
}

#[test]
fn a_port_leads_to_a_port_of_the_endpoints() {
    let (service, issues) = service(json!({"ports": [
        {"port": 80, "targetPort": 8080}, {"port": 81, "targetPort": "web"}, {"port": 82}, {"port": 83, "targetPort": 0}]}));
    assert_eq!(issues, []);
    let targets: Vec<Option<TargetPort>> = service.ports.iter().map(|port| port.target_port.clone()).collect();
    assert_eq!(targets, [Some(TargetPort::Number(8080)), Some(TargetPort::Name("web".into())), None, None]);
}

#[test]
fn i_026_a_service_import_is_its_ports() {
    let import = |spec: Value| -> (Arc<ServiceImport>, Vec<Issue>) {
        let value = json!({"apiVersion": "multicluster.x-k8s.io/v1alpha1", "kind": "ServiceImport",
            "metadata": {"name": "it", "namespace": "here"}, "spec": spec, "status": {"clusters": []}});
        match read(&value) {
            (Object::ServiceImport(import), issues) => (import, issues),
            (other, _) => panic!("{other:?}"),
        }
    };
    let (whole, issues) = import(json!({
        "type": "ClusterSetIP", "ips": ["10.1.0.1"], "sessionAffinity": "None",
        "ports": [{"name": "web", "port": 80, "protocol": "TCP", "appProtocol": "kubernetes.io/h2c"}],
    }));
    assert_eq!(issues, []);
    assert_eq!((whole.ports[0].port, whole.headless, whole.ips[0].to_string()), (80, false, "10.1.0.1".into()));
    assert!(import(json!({"type": "Headless", "ports": []})).0.headless);
    let (newer, issues) = import(json!({"type": "ClusterSetIP", "ports": [{"port": 80}], "fromTheFuture": 1}));
    assert_eq!((codes(&issues), newer.ports.len()), ([(IssueCode::UnknownField, "spec.fromTheFuture")].into(), 1));
}

#[test]
fn b_085_a_trust_bundle_is_what_its_certificates_look_like() {
    let bundle = |version: &str, spec: Value| {
        let value = json!({"apiVersion": format!("certificates.k8s.io/{version}"), "kind": "ClusterTrustBundle",
            "metadata": {"name": "it", "namespace": "ignored"}, "spec": spec});
        match read(&value) {
            (Object::ClusterTrustBundle(bundle), issues) => {
                assert_eq!((&bundle.key.namespace, issues), (&None, Vec::new()));
                bundle.ca.clone()
            }
            (other, _) => panic!("{other:?}"),
        }
    };
    for version in ["v1alpha1", "v1beta1", "v1"] {
        let two = pem("CERTIFICATE") + &pem("CERTIFICATE");
        let verdict = bundle(version, json!({"signerName": "example.com/s", "trustBundle": two}));
        assert!(matches!(verdict, PemVerdict::Valid { blocks: 2, .. }), "{verdict:?}");
    }
    assert_eq!(bundle("v1", json!({"trustBundle": ""})), PemVerdict::Empty);
    assert_eq!(bundle("v1", json!({})), PemVerdict::Empty);
    assert!(matches!(bundle("v1", json!({"trustBundle": "x"})), PemVerdict::Malformed(_)));
}

#[test]
fn a_service_keeps_its_ports_when_kubernetes_learns_new_fields() {
    let (service_of, issues) = service(json!({"ports": [{"port": 80, "fromTheFuture": 1}], "alsoNew": {}}));
    assert_eq!(service_of.ports.len(), 1);
    assert_eq!(
        codes(&issues),
        [(IssueCode::UnknownField, "spec.ports[0].fromTheFuture"), (IssueCode::UnknownField, "spec.alsoNew")]
    );
    let (broken, issues) = service(json!({"ports": [{"port": 0}, {"name": "a"}, {"port": 80}]}));
    assert_eq!(broken.ports.len(), 1);
    assert_eq!(
        codes(&issues),
        [(IssueCode::InvalidValue, "spec.ports[0].port"), (IssueCode::MissingField, "spec.ports[1].port")]
    );
}

#[test]
fn a_tls_secret_is_judged() {
    let (certificate, key) = (pem("CERTIFICATE"), pem("PRIVATE KEY"));
    let encoded = json!({"type": "kubernetes.io/tls", "immutable": true,
        "data": {"tls.crt": STANDARD.encode(&certificate), "tls.key": STANDARD.encode(&key), "other": "!"}});
    let (from_data, issues) = secret(encoded);
    assert_eq!(issues, []);
    assert_eq!(&*from_data.secret_type, "kubernetes.io/tls");
    assert!(matches!(from_data.certificate, CertificateVerdict::Present { .. }));
    assert_eq!(from_data.keys.iter().map(|key| &**key).collect::<Vec<_>>(), ["other", "tls.crt", "tls.key"]);

    let (from_text, _) = secret(json!({"stringData": {"tls.crt": certificate, "tls.key": key}}));
    assert_eq!(from_text.certificate, from_data.certificate);
    assert_eq!(&*from_text.secret_type, "Opaque");

    // As the API server merges them.
    let (both, _) =
        secret(json!({"data": {"tls.crt": "", "tls.key": STANDARD.encode(&key)}, "stringData": {"tls.crt": certificate}}));
    assert_eq!(both.certificate, from_data.certificate);

    // YAML block texts are wrapped.
    let wrapped: String = STANDARD.encode(&certificate).chars().flat_map(|c| [c, '\n']).collect();
    let (wrapped, issues) = secret(json!({"data": {"tls.crt": wrapped, "tls.key": STANDARD.encode(&key)}}));
    assert_eq!((&wrapped.certificate, issues.len()), (&from_data.certificate, 0));
}

/// S-023: whatever is printed of a Secret, and said about it, holds nothing of its contents, however wrong they are.
#[test]
fn s_023_contents_of_secrets_stay_outside() {
    const CONTENTS: &str = "c29tZXRoaW5nLXNlY3JldA==";
    let pem = |label: &str| format!("-----BEGIN {label}-----\n{CONTENTS}\n-----END {label}-----\n");
    for fields in [
        json!({"data": {"tls.crt": CONTENTS, "tls.key": CONTENTS, "password": CONTENTS}}),
        json!({"stringData": {"tls.crt": pem("CERTIFICATE"), "tls.key": pem("PRIVATE KEY"), "password": "something-secret"}}),
        json!({"stringData": {"tls.crt": CONTENTS, "tls.key": ["something-secret"]}, "data": {"tls.key": "%something-secret%"}}),
    ] {
        let seen = format!("{:?}", secret(fields.clone()));
        for part in [CONTENTS, "something-secret", "115, 111, 109, 101"] {
            assert!(!seen.contains(part), "{fields}: {seen}");
        }
    }
}

#[test]
fn a_secret_that_is_no_certificate_says_why() {
    assert_eq!(secret(json!({"data": {"a": "b"}})).0.certificate, CertificateVerdict::Absent);
    assert_eq!(secret(json!({})).0.certificate, CertificateVerdict::Absent);
    assert_eq!(secret(json!({"data": {"tls.crt": ""}})).0.certificate, CertificateVerdict::Missing("tls.key"));
    let (broken, issues) = secret(json!({"data": {"tls.crt": STANDARD.encode(pem("CERTIFICATE")), "tls.key": "%%%"}}));
    assert_eq!(broken.certificate, CertificateVerdict::Malformed("`tls.key` is not base64".into()));
    assert_eq!(codes(&issues), [(IssueCode::InvalidValue, "data[tls.key]")]);
}

#[test]
fn nothing_of_a_secret_is_ever_shown() {
    let hidden = "hunter2";
    for fields in [
        json!({"data": hidden}),
        json!({"data": [hidden]}),
        json!({"data": {"tls.key": hidden, "tls.crt": {"x": hidden}}}),
        json!({"stringData": {"tls.key": hidden, "tls.crt": [hidden]}}),
        json!({"stringData": hidden}),
        json!({"password": hidden}),
        json!({"type": [hidden], "immutable": hidden}),
    ] {
        let (secret, issues) = secret(fields);
        assert!(!format!("{secret:?} {issues:?}").contains(hidden));
    }
    let (_, issues) = secret(json!({"stringData": {"pin": 1234}}));
    assert_eq!(codes(&issues), [(IssueCode::WrongType, "stringData.pin")]);
    assert!(!issues[0].message.contains("1234"), "{issues:?}");
}

#[test]
fn a_config_map_is_its_ca_certificates() {
    let ca = pem("CERTIFICATE");
    let (plain, issues) = config_map(json!({"data": {"ca.crt": ca, "other": "x"}}));
    assert_eq!(issues, []);
    assert!(matches!(plain.ca, Some(PemVerdict::Valid { blocks: 1, .. })));
    assert_eq!(config_map(json!({"binaryData": {"ca.crt": STANDARD.encode(&ca)}})).0.ca, plain.ca);
    assert_eq!(config_map(json!({"data": {"other": "x"}})).0.ca, None);
    assert_eq!(config_map(json!({"data": {"ca.crt": ""}})).0.ca, Some(PemVerdict::Empty));
    let (broken, issues) = config_map(json!({"binaryData": {"ca.crt": "%"}}));
    assert!(matches!(broken.ca, Some(PemVerdict::Malformed(_))));
    assert_eq!(codes(&issues), [(IssueCode::InvalidValue, "binaryData[ca.crt]")]);
}

#[test]
fn a_grant_is_read() {
    let (grant, issues) = grant(json!({
        "from": [{"group": "gateway.networking.k8s.io", "kind": "HTTPRoute", "namespace": "shop"}],
        "to": [{"group": "", "kind": "Service"}, {"group": "", "kind": "Secret", "name": "cert"}],
    }));
    assert_eq!(issues, []);
    assert_eq!(
        grant.from,
        [GrantFrom { group: "gateway.networking.k8s.io".into(), kind: "HTTPRoute".into(), namespace: "shop".into() }]
    );
    assert_eq!(
        grant.to,
        [
            GrantTo { group: "".into(), kind: "Service".into(), name: None },
            GrantTo { group: "".into(), kind: "Secret".into(), name: Some("cert".into()) }
        ]
    );
}

#[test]
fn law_11_an_entry_of_a_grant_in_which_anything_is_wrong_grants_nothing() {
    let from = json!({"group": "g", "kind": "K", "namespace": "n"});
    let to = json!({"group": "", "kind": "Service", "name": "s"});
    for (list, broken) in [
        ("from", json!({"group": "g", "kind": "K"})),
        ("from", json!({"kind": "K", "namespace": "n"})),
        ("from", json!({"group": "g", "kind": "K", "namespace": "n", "selector": {}})),
        ("to", json!({"group": "", "kind": "Service", "nam": "s"})),
        ("to", json!({"group": "", "kind": "Service", "name": 5})),
        ("to", json!({"kind": "Service"})),
    ] {
        let mut spec = json!({"from": [from], "to": [to]});
        spec[list] = json!([broken]);
        let (grant, issues) = grant(spec);
        assert_eq!(grant.from.len() + grant.to.len(), 1, "{broken}");
        assert_eq!(issues.len(), 1);
    }
    assert_eq!(grant(json!({})).1.len(), 2);
}
