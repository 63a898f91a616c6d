//! The typed crates come in through serialisation.

use gateway_api::{
    backendtlspolicies::BackendTlsPolicy, gatewayclasses::GatewayClass, gateways::Gateway as TypedGateway, grpcroutes::GrpcRoute,
    httproutes::HttpRoute, listenersets::ListenerSet, tlsroutes::TlsRoute,
};
use k8s_openapi::{
    api::core::v1::{Namespace, Secret, Service, ServicePort, ServiceSpec},
    apimachinery::pkg::{apis::meta::v1::ObjectMeta, util::intstr::IntOrString},
};

use super::*;
use crate::model::CertificateVerdict;

fn typed<T: serde::de::DeserializeOwned>(value: &Value) -> T {
    serde_json::from_value(value.clone()).unwrap()
}

#[test]
fn a_typed_http_route_is_read_as_its_json_is() {
    let mut value = full::http_route();
    // Newer than the crate, which drops it: the reason why JSON is the authoritative door.
    value["spec"]["rules"][0].as_object_mut().unwrap().remove("retry");
    let read = Object::from_serialize(&typed::<HttpRoute>(&value));
    assert_eq!(read, from_json(&value));
}

#[test]
fn a_typed_gateway_is_read_as_its_json_is() {
    let mut value = full::gateway();
    // Newer than the crate, which drops it: the reason why JSON is the authoritative door.
    value["spec"]["addresses"][0].as_object_mut().unwrap().remove("routability");
    let read = Object::from_serialize(&typed::<TypedGateway>(&value));
    assert_eq!(read, from_json(&value));
}

#[test]
fn typed_objects_of_the_other_kinds_are_read_as_their_json_is() {
    let mut grpc = full::grpc_route();
    // Of the experimental channel, which the crate has apart.
    grpc["spec"].as_object_mut().unwrap().remove("useDefaultGateways");
    grpc["spec"]["rules"][0].as_object_mut().unwrap().remove("sessionPersistence");
    let mut tls = full::l4_route("TLSRoute");
    tls["spec"].as_object_mut().unwrap().remove("useDefaultGateways");
    assert_eq!(Object::from_serialize(&typed::<GrpcRoute>(&grpc)), from_json(&grpc));
    assert_eq!(Object::from_serialize(&typed::<TlsRoute>(&tls)), from_json(&tls));
    let (set, policy) = (full::listener_set(), full::backend_tls_policy());
    assert_eq!(Object::from_serialize(&typed::<ListenerSet>(&set)), from_json(&set));
    assert_eq!(Object::from_serialize(&typed::<BackendTlsPolicy>(&policy)), from_json(&policy));
}

#[test]
fn a_typed_class_is_read() {
    let value = json!({"apiVersion": API_VERSION, "kind": "GatewayClass", "metadata": {"name": "c"}, "spec": {"controllerName": "a.b/c"}});
    assert_eq!(Object::from_serialize(&typed::<GatewayClass>(&value)), from_json(&value));
}

#[test]
fn a_typed_service_is_read() {
    let service = Service {
        metadata: ObjectMeta { name: Some("s".into()), namespace: Some("n".into()), ..ObjectMeta::default() },
        spec: Some(ServiceSpec {
            ports: Some(Vec::from([ServicePort {
                port: 80,
                target_port: Some(IntOrString::String("http".into())),
                ..ServicePort::default()
            }])),
            ..ServiceSpec::default()
        }),
        ..Service::default()
    };
    let (Object::Service(read), issues) = (match Object::from_serialize(&service) {
        Ingested { object: Some(object), issues } => (object, issues),
        other => panic!("{other:?}"),
    }) else {
        panic!("no Service")
    };
    assert_eq!(issues, []);
    assert_eq!((read.key.namespace_str(), read.ports[0].port), ("n", 80));
}

#[test]
fn a_typed_secret_and_namespace_are_read() {
    let secret: Secret = typed(
        &json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s"}, "type": "kubernetes.io/tls", "data": {"tls.crt": ""}}),
    );
    let Some(Object::Secret(read)) = Object::from_serialize(&secret).object else { panic!("no Secret") };
    assert_eq!(read.certificate, CertificateVerdict::Missing("tls.key"));
    let namespace: Namespace = typed(&json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "n"}}));
    assert!(matches!(Object::from_serialize(&namespace).object, Some(Object::Namespace(_))));
}
