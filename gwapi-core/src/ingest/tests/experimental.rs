//! XBackend, XMesh, XTelemetryPolicy.

use super::*;
use crate::model::{
    Fraction, ParentBasedSampling, SpanAttributeValue, Tracing, XBackend, XBackendDestination, XBackendProtocol, XBackendTls,
    XTelemetryPolicy,
};

fn backend(fields: Value) -> (Arc<XBackend>, Vec<Issue>) {
    let mut spec = full::external_x_backend()["spec"].clone();
    merge(&mut spec, fields);
    match read(&full::x_object("XBackend", spec)) {
        (Object::XBackend(backend), issues) => (backend, issues),
        (other, _) => panic!("{other:?}"),
    }
}

fn selecting(fields: Value) -> (Arc<XBackend>, Vec<Issue>) {
    let mut own = json!({"type": "EndpointSelector", "externalHostname": null, "endpointSelector": {"matchLabels": {"a": "b"}}});
    merge(&mut own, fields);
    backend(own)
}

#[test]
fn an_x_backend_selects_endpoints_or_names_a_host() {
    let (whole, issues) = selecting(full::x_backend()["spec"].clone());
    assert_eq!((codes(&issues), &*whole.invalid), (Vec::new(), &[][..]));
    let Some(XBackendDestination::EndpointSelector(labels)) = &whole.destination else { panic!("{whole:?}") };
    assert_eq!(&*labels["app"], "a");
    assert_eq!((whole.port, whole.protocol), (443, Some(XBackendProtocol::Http2)));
    assert!(whole.session_persistence.is_some());
    let Some(XBackendTls::ClientAndServer { validation, client_certificate }) = &whole.tls else { panic!("{whole:?}") };
    assert_eq!((validation.hostname.as_str(), client_certificate.namespace.as_str()), ("a.example", "certs"));

    let (external, _) = backend(json!({}));
    assert!(
        matches!(&external.destination, Some(XBackendDestination::ExternalHostname(name)) if name.as_str() == "api.example.com")
    );
    // P-014, R-043.
    assert_eq!((&external.tls, external.protocol), (&Some(XBackendTls::None), None));
}

#[test]
fn p_012_the_port_has_one_number_in_both_shapes() {
    for port in [json!({"number": 8080}), json!({"port": 8080}), json!({"port": 8080, "name": "web"})] {
        let (read, issues) = backend(json!({"port": port}));
        assert_eq!((read.port, codes(&issues)), (8080, Vec::new()), "{port}");
    }
    for (port, at) in [
        (json!(null), "port"),
        (json!({}), "port.number"),
        (json!({"name": "web"}), "port.number"),
        (json!({"number": 0}), "port.number"),
        (json!(80), "port"),
    ] {
        assert_eq!(paths(&backend(json!({"port": port})).0.invalid), [format!("spec.{at}")]);
    }
}

#[test]
fn p_010_p_011_the_destination_goes_with_the_type() {
    let host = |name: &str| json!({"externalHostname": {"hostname": name}});
    let long = json!({"hostname": "a.b", "port": 1});
    for (fields, at) in [
        (json!({"type": null}), "type"),
        (json!({"type": "Function"}), "type"),
        (json!({"externalHostname": null}), "externalHostname"),
        (json!({"endpointSelector": {"matchLabels": {"a": "b"}}}), "endpointSelector"),
        (json!({"externalHostname": long}), "externalHostname.port"),
        (host("*.a.example"), "externalHostname.hostname"),
        (host("10.0.0.1"), "externalHostname.hostname"),
        (host("a.b.svc.cluster.local"), "externalHostname.hostname"),
        (json!({"sessionPersistence": {"cookie": {}}}), "sessionPersistence"),
        (json!({"protocol": "QUIC"}), "protocol"),
    ] {
        let (read, issues) = backend(fields.clone());
        assert_eq!(paths(&read.invalid), [format!("spec.{at}")], "{fields}");
        assert_reported(&read.invalid, &issues);
    }
    // P-034: less labels would select more.
    for (labels, at) in [(json!({}), ""), (json!({"a": "b", "c": 1}), ".c"), (json!(null), "")] {
        let (read, _) = selecting(json!({"endpointSelector": {"matchLabels": labels}}));
        assert_eq!(read.destination, None);
        assert_eq!(paths(&read.invalid), [format!("spec.endpointSelector.matchLabels{at}")]);
    }
}

#[test]
fn p_013_p_014_protocols_and_tls_go_together() {
    let tls = |mode: &str| match mode {
        "None" => json!({"mode": "None"}),
        _ => json!({"mode": "ServerOnly", "validation": full::validation()}),
    };
    for (protocol, mode, good) in [
        ("H2C", "None", true),
        ("H2C", "ServerOnly", false),
        ("HTTP2", "None", false),
        ("HTTP2", "ServerOnly", true),
        ("WSS", "None", false),
        ("GRPC", "None", true),
        ("TCP", "ServerOnly", true),
    ] {
        let (read, _) = backend(json!({"protocol": protocol, "tls": tls(mode)}));
        let expected: &[&str] = if good { &[] } else { &["spec.protocol"] };
        assert_eq!(paths(&read.invalid), expected, "{protocol} {mode}");
    }
    let certificate = json!({"name": "c"});
    for (tls, at) in [
        (json!({}), "mode"),
        (json!({"mode": "Maybe"}), "mode"),
        // v1.6 admits this one, and nothing could be held against the server.
        (json!({"mode": "ServerOnly"}), "validation"),
        (json!({"mode": "None", "validation": full::validation()}), "validation"),
        (json!({"mode": "ClientAndServer", "validation": full::validation()}), "clientCertificateRef"),
        (
            json!({"mode": "ServerOnly", "validation": full::validation(), "clientCertificateRef": certificate}),
            "clientCertificateRef",
        ),
    ] {
        let (read, issues) = backend(json!({"tls": tls}));
        assert_eq!(read.tls, None, "{tls}");
        assert!(paths(&read.invalid).contains(&&*format!("spec.tls.{at}")), "{tls}: {:?}", read.invalid);
        assert_reported(&read.invalid, &issues);
    }
}

#[test]
fn p_026_a_mesh_says_whose_it_is() {
    let (Object::XMesh(mesh), issues) = read(&full::mesh()) else { panic!("no mesh") };
    assert_eq!(codes(&issues), []);
    assert_eq!((mesh.controller_name.as_str(), mesh.meta.key.namespace_str()), ("a.b/c", ""));
    assert_eq!(mesh.parameters_ref.as_ref().unwrap().name, "p");
    let (nobodys, _) = read(&full::x_object("XMesh", json!({})));
    assert!(matches!(nobodys, Object::Other(_)));
}

fn policy(tracing: Value) -> (Arc<XTelemetryPolicy>, Vec<Issue>) {
    let targets = json!([{"group": "gateway.networking.k8s.io", "kind": "Gateway", "name": "edge"}]);
    match read(&full::x_object("XTelemetryPolicy", json!({"targetRefs": targets, "tracing": tracing}))) {
        (Object::XTelemetryPolicy(policy), issues) => (policy, issues),
        (other, _) => panic!("{other:?}"),
    }
}

fn enabled(fields: Value) -> Value {
    let mut tracing = json!({"mode": "Enabled", "provider": {"backendRef": {"name": "otel", "port": 4317}}});
    merge(&mut tracing, fields);
    tracing
}

#[test]
fn a_full_telemetry_policy_is_read_whole() {
    let (policy, issues) = policy(full::x_telemetry_policy()["spec"]["tracing"].clone());
    assert_eq!((codes(&issues), &*policy.invalid), (Vec::new(), &[][..]));
    assert_eq!(policy.target_refs[0].object.kind, "Gateway");
    let Some(Tracing::Enabled(tracer)) = &policy.tracing else { panic!("{policy:?}") };
    assert_eq!((tracer.backend.namespace.as_str(), tracer.backend.port, tracer.headers.len()), ("otel", Some(4317), 1));
    assert_eq!(tracer.sampling_rate, Some(Fraction { numerator: 1, denominator: 10 }));
    assert_eq!(tracer.parent_based_sampling, ParentBasedSampling::Enabled(Some(Fraction { numerator: 1, denominator: 2 })));
    assert_eq!((tracer.service_name.as_deref(), tracer.span_name.as_deref()), (Some("edge"), Some("GET /cart")));
    let values: Vec<&SpanAttributeValue> = tracer.attributes.iter().map(|attribute| &attribute.value).collect();
    assert!(matches!(
        &values[..],
        [SpanAttributeValue::Header(_), SpanAttributeValue::Literal(_), SpanAttributeValue::Attribute(_)]
    ));
}

#[test]
fn p_039_modes_have_their_fields() {
    assert_eq!(policy(json!({})).0.tracing, Some(Tracing::ImplementationDefault));
    assert_eq!(policy(json!({"mode": "Disabled"})).0.tracing, Some(Tracing::Disabled));
    let sampling = |value: Value| match &policy(enabled(json!({"parentBasedSampling": value}))).0.tracing {
        Some(Tracing::Enabled(tracer)) => tracer.parent_based_sampling,
        other => panic!("{other:?}"),
    };
    assert_eq!(sampling(json!(null)), ParentBasedSampling::ImplementationDefault);
    assert_eq!(sampling(json!({"mode": "Enabled"})), ParentBasedSampling::Enabled(None));
    assert_eq!(sampling(json!({"mode": "Disabled"})), ParentBasedSampling::Disabled);
    for (tracing, at) in [
        (json!(null), ""),
        (json!({"mode": "Enabled"}), ".provider"),
        (json!({"mode": "Disabled", "samplingRate": {"numerator": 1}}), ".samplingRate"),
        (json!({"serviceName": "a"}), ".serviceName"),
        (json!({"mode": "On"}), ".mode"),
        (enabled(json!({"samplingRate": {"numerator": 101}})), ".samplingRate"),
        (enabled(json!({"parentBasedSampling": {"samplingRate": {"numerator": 1}}})), ".parentBasedSampling.samplingRate"),
        (enabled(json!({"serviceName": "a b"})), ".serviceName"),
        (enabled(json!({"spanName": "a  b"})), ".spanName"),
        (enabled(json!({"provider": {"backendRef": {"port": 1}}})), ".provider.backendRef.name"),
        (enabled(json!({"metrics": {}})), ".metrics"),
    ] {
        let (policy, issues) = policy(tracing.clone());
        assert_eq!(policy.invalid[0].path, format!("spec.tracing{at}"), "{tracing}");
        assert_eq!(policy.tracing, None);
        assert_reported(&policy.invalid, &issues);
    }
}

#[test]
fn p_042_attributes_have_a_value_of_their_source() {
    let attribute = |fields: Value| {
        let mut attribute = json!({"name": "a", "sourceType": "Literal", "literalValue": "b"});
        merge(&mut attribute, fields);
        attribute
    };
    assert_eq!(policy(enabled(json!({"attributes": [attribute(json!({}))]}))).0.invalid, []);
    for (fields, at) in [
        (json!({"name": null}), ".name"),
        (json!({"name": "a b"}), ".name"),
        (json!({"sourceType": "Env"}), ".sourceType"),
        (json!({"literalValue": null}), ".literalValue"),
        (json!({"headerName": "x"}), ".headerName"),
        (json!({"sourceType": "Attribute", "literalValue": null, "attributeKey": "A"}), ".attributeKey"),
        (json!({"sourceType": "Header", "literalValue": null, "headerName": "a b"}), ".headerName"),
    ] {
        let (policy, _) = policy(enabled(json!({"attributes": [attribute(fields.clone())]})));
        assert_eq!(paths(&policy.invalid), [format!("spec.tracing.attributes[0]{at}")], "{fields}");
    }
    let twice = enabled(json!({"attributes": [attribute(json!({})), attribute(json!({"literalValue": "c"}))]}));
    assert_eq!(paths(&policy(twice).0.invalid), ["spec.tracing.attributes[1]"]);
}
