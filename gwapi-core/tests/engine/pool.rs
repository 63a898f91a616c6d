//! A small vocabulary of objects of every kind that all speak of each other.

use std::collections::BTreeMap;

use gwapi_core::{
    Controller, Facts, Feature, Identity, Object, ObjectKey, SupportedFeatures,
    controller::Abilities,
    facts::BackendFact,
    model::{Address, AddressType, Protocol},
    resolution::BackendProtocol,
};
use serde_json::{Value, json};

const GATEWAY_API: &str = "gateway.networking.k8s.io/v1";
const X_API: &str = "gateway.networking.x-k8s.io/v1alpha1";
const OURS: &str = "example.com/ours";

/// For each key the objects that can stand there.
pub(crate) fn objects() -> Vec<Vec<Object>> {
    let mut by_key: BTreeMap<ObjectKey, Vec<Object>> = BTreeMap::new();
    for value in core().into_iter().chain(gateways()).chain(sets()).chain(routes()).chain(policies()).chain(backends()) {
        let read = Object::from_json(&value);
        let object = read.object.unwrap_or_else(|| panic!("{value}: {:?}", read.issues));
        by_key.entry(object.key().clone()).or_default().push(object);
    }
    by_key.into_values().collect()
}

pub(crate) fn controllers() -> Vec<Controller> {
    let ours = Controller { parameter_kinds: [("".into(), "ConfigMap".into())].into(), ..Controller::named(OURS) };
    let without = |features: &[Feature]| Controller {
        features: features.iter().fold(SupportedFeatures::built(), |all, feature| all.without(*feature)),
        ..ours.clone()
    };
    vec![
        ours.clone(),
        ours.clone(),
        Controller { identity: Identity::Everyone("example.com/anybody".into()), ..ours.clone() },
        Controller { abilities: Abilities::NONE, ..ours.clone() },
        without(&[Feature::ListenerSet, Feature::Mesh, Feature::TLSRouteModeMixed]),
        without(&[Feature::BackendTLSPolicy, Feature::MeshConsumerRoute, Feature::GatewayAddressRoutability]),
        Controller { features: SupportedFeatures::core(), ..ours },
    ]
}

pub(crate) fn facts() -> Vec<Facts> {
    let gateway = |namespace: &str, name: &str| {
        ObjectKey::namespaced("gateway.networking.k8s.io", "Gateway", &namespace.into(), &name.into())
    };
    let address = |value: &str| Address { kind: AddressType::IpAddress, value: Some(value.into()), routability: "".into() };
    let mut addressed = Facts::default();
    addressed.default_address = Some(address("192.0.2.1"));
    let mut assigned = addressed.clone();
    assigned.assigned_addresses = [(gateway("a", "g"), vec![address("192.0.2.9")])].into();
    assigned.unusable_addresses = ["192.0.2.7".into()].into();
    let mut busy = addressed.clone();
    busy.unavailable_ports = [(gateway("a", "g"), 80, Protocol::Http), (gateway("b", "h"), 443, Protocol::Https)].into();
    busy.mismatched_certificates = [ObjectKey::namespaced("", "Secret", &"a".into(), &"c".into())].into();
    let mut functions = addressed.clone();
    let function = ObjectKey::namespaced("example.com", "Function", &"a".into(), &"f".into());
    functions.backends = [(function, BackendFact { port: 9, protocol: BackendProtocol::Http1 })].into();
    functions.backend_kinds = [("example.com".into(), "Function".into())].into();
    vec![Facts::default(), addressed, assigned, busy, functions]
}

fn object(api: &str, kind: &str, name: &str, age: u32, spec: Value) -> Value {
    let mut metadata = match name.split_once('/') {
        Some((namespace, name)) => json!({"namespace": namespace, "name": name}),
        None => json!({"name": name}),
    };
    metadata["creationTimestamp"] = format!("2024-01-01T00:00:{age:02}Z").into();
    json!({"apiVersion": api, "kind": kind, "metadata": metadata, "spec": spec})
}

fn plain(kind: &str, name: &str, fields: Value) -> Value {
    let mut value = object("v1", kind, name, 0, Value::Null);
    value.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    value
}

fn pem(label: &str) -> String {
    format!("-----BEGIN {label}-----\nMAA=\n-----END {label}-----\n")
}

fn core() -> Vec<Value> {
    let class = |name: &str, spec| object(GATEWAY_API, "GatewayClass", name, 0, spec);
    let parameters = json!({"group": "", "kind": "ConfigMap", "namespace": "a", "name": "ca"});
    let mut all = vec![
        class("one", json!({"controllerName": OURS})),
        class("one", json!({"controllerName": OURS})),
        class("one", json!({"controllerName": "example.com/others"})),
        class("one", json!({"controllerName": OURS, "parametersRef": parameters})),
        class("two", json!({"controllerName": OURS})),
        class("two", json!({})),
        object(X_API, "XMesh", "m", 0, json!({"controllerName": OURS})),
        object(X_API, "XMesh", "m", 0, json!({"controllerName": OURS, "parametersRef": parameters})),
        object(X_API, "XMesh", "m", 0, json!({"controllerName": "example.com/others"})),
    ];
    let certificate = json!({"tls.crt": pem("CERTIFICATE"), "tls.key": pem("PRIVATE KEY")});
    for namespace in ["a", "b"] {
        let name = |name: &str| format!("{namespace}/{name}");
        for labels in [json!({}), json!({"team": "x"})] {
            all.push(plain("Namespace", namespace, json!({"metadata": {"name": namespace, "labels": labels}})));
        }
        for (secret_type, data) in [("kubernetes.io/tls", certificate.clone()), ("Opaque", json!({}))] {
            all.push(plain("Secret", &name("c"), json!({"type": secret_type, "stringData": data})));
        }
        for data in [json!({"ca.crt": pem("CERTIFICATE")}), json!({"ca.crt": ""}), json!({})] {
            all.push(plain("ConfigMap", &name("ca"), json!({"data": data})));
        }
        let other = if namespace == "a" { "b" } else { "a" };
        let from = |kinds: &[&str]| -> Vec<Value> {
            kinds.iter().map(|kind| json!({"group": if kind.starts_with('X') { "gateway.networking.x-k8s.io" } else { "gateway.networking.k8s.io" }, "kind": kind, "namespace": other})).collect()
        };
        let to = |kinds: &[&str]| -> Vec<Value> { kinds.iter().map(|kind| json!({"group": "", "kind": kind})).collect() };
        for (from, to) in [
            (from(&["HTTPRoute", "GRPCRoute", "XTelemetryPolicy"]), to(&["Service"])),
            (from(&["Gateway", "ListenerSet"]), to(&["Secret", "ConfigMap", "Service"])),
            (from(&["TCPRoute"]), to(&["Service"])),
        ] {
            all.push(object(GATEWAY_API, "ReferenceGrant", &name("grant"), 0, json!({"from": from, "to": to})));
        }
    }
    let bundle = |text: String| {
        let mut value = object("certificates.k8s.io/v1beta1", "ClusterTrustBundle", "bundle", 0, json!({"trustBundle": text}));
        value["metadata"].as_object_mut().unwrap().remove("namespace");
        value
    };
    all.extend([bundle(pem("CERTIFICATE")), bundle(String::new())]);
    all
}

fn listener(name: &str, port: u16, protocol: &str, more: Value) -> Value {
    let mut value = json!({"name": name, "port": port, "protocol": protocol});
    value.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    value
}

fn open() -> Value {
    json!({"namespaces": {"from": "All"}})
}

fn tls(namespace: &str) -> Value {
    json!({"certificateRefs": [{"namespace": namespace, "name": "c"}]})
}

fn gateways() -> Vec<Value> {
    let selected = json!({"namespaces": {"from": "Selector", "selector": {"matchLabels": {"team": "x"}}}});
    let http = listener("http", 80, "HTTP", json!({"allowedRoutes": open()}));
    let https = listener("https", 443, "HTTPS", json!({"hostname": "*.x.com", "tls": tls("a"), "allowedRoutes": selected}));
    let through = listener("tls", 8443, "TLS", json!({"tls": {"mode": "Passthrough"}, "allowedRoutes": open()}));
    let ended = listener("ended", 8443, "TLS", json!({"hostname": "e.x.com", "tls": tls("b"), "allowedRoutes": open()}));
    let tcp = listener("tcp", 9000, "TCP", json!({"allowedRoutes": open()}));
    let udp = listener("udp", 9000, "UDP", json!({"allowedRoutes": selected}));
    let auth = json!({"type": "ExternalAuth", "externalAuth": {"protocol": "GRPC", "grpc": {}, "backendRef": {"namespace": "b", "name": "x", "port": 80}}});
    let guarded = listener("http", 80, "HTTP", json!({"allowedRoutes": open(), "filters": {"requests": [auth]}}));
    let of = |name: &str, class: &str, listeners: &[&Value], more: Value| {
        let mut spec = json!({"gatewayClassName": class, "listeners": listeners});
        spec.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        object(GATEWAY_API, "Gateway", name, 0, spec)
    };
    let ca = |namespace: &str| json!({"group": "", "kind": "ConfigMap", "namespace": namespace, "name": "ca"});
    let bundle = json!({"group": "certificates.k8s.io", "kind": "ClusterTrustBundle", "name": "bundle"});
    let clients = |refs: Value| json!({"frontend": {"default": {"validation": {"caCertificateRefs": refs}}}});
    let mut all = Vec::new();
    for (name, class) in [("a/g", "one"), ("b/h", "one")] {
        all.extend([
            of(name, class, &[&http, &https, &tcp], json!({"allowedListeners": open()})),
            of(name, class, &[&http, &https, &tcp], json!({"allowedListeners": open(), "tls": clients(json!([ca("a"), bundle]))})),
            of(name, class, &[&guarded, &through, &ended], json!({"allowedListeners": {"namespaces": {"from": "Same"}}})),
            of(name, class, &[&http, &udp, &tcp], json!({"defaultScope": "All", "allowedListeners": selected})),
            of(name, class, &[&http], json!({"defaultScope": "All", "addresses": [{"value": "192.0.2.7"}, {"type": "IPAddress"}]})),
            of(name, class, &[&https, &http], json!({"tls": {"backend": {"clientCertificateRef": {"namespace": "b", "name": "c"}}}, "allowedListeners": open()})),
            of(name, "two", &[&http], json!({"infrastructure": {"parametersRef": {"group": "", "kind": "ConfigMap", "name": "ca"}}})),
        ]);
    }
    all
}

fn sets() -> Vec<Value> {
    let http = |name: &str, port: u16| listener(name, port, "HTTP", json!({"allowedRoutes": open()}));
    let https =
        |hostname: &str| listener("https", 443, "HTTPS", json!({"hostname": hostname, "tls": tls("a"), "allowedRoutes": open()}));
    let auth = json!({"type": "ExternalAuth", "externalAuth": {"protocol": "HTTP", "http": {}, "backendRef": {"namespace": "a", "name": "x", "port": 80}}});
    let guarded = listener("http", 82, "HTTP", json!({"allowedRoutes": open(), "filters": {"requests": [auth]}}));
    let mut all = Vec::new();
    for (name, age) in [("a/s", 1), ("a/s", 3), ("b/t", 2)] {
        let of = |parent: &str, listeners: &[Value]| {
            let (namespace, gateway) = parent.split_once('/').unwrap();
            let spec = json!({"parentRef": {"namespace": namespace, "name": gateway}, "listeners": listeners});
            object(GATEWAY_API, "ListenerSet", name, age, spec)
        };
        all.extend([
            of("a/g", &[http("http", 81), https("y.x.com")]),
            of("a/g", &[http("http", 80), http("more", 81)]),
            of("b/h", &[http("http", 81), https("*.y.x.com")]),
            of("a/g", std::slice::from_ref(&guarded)),
        ]);
    }
    all
}

fn routes() -> Vec<Value> {
    let edge = json!({"namespace": "a", "name": "g"});
    let other = json!({"namespace": "b", "name": "h"});
    let section = json!({"namespace": "a", "name": "g", "sectionName": "https"});
    let set = |namespace: &str, name: &str| json!({"kind": "ListenerSet", "namespace": namespace, "name": name});
    let service = |namespace: &str| json!({"group": "", "kind": "Service", "namespace": namespace, "name": "x"});
    let port =
        |namespace: &str, port: u16| json!({"group": "", "kind": "Service", "namespace": namespace, "name": "x", "port": port});
    let x = |namespace: &str| json!({"namespace": namespace, "name": "x", "port": 80});
    let x_backend = json!({"group": "gateway.networking.x-k8s.io", "kind": "XBackend", "name": "x"});
    let import = json!({"group": "multicluster.x-k8s.io", "kind": "ServiceImport", "name": "x", "port": 80});
    let function = json!({"group": "example.com", "kind": "Function", "namespace": "a", "name": "f"});
    let mirror = |backend: &Value| json!([{"type": "RequestMirror", "requestMirror": {"backendRef": backend}}]);
    let mut all = Vec::new();
    for (namespace, age) in [("a", 1), ("b", 2)] {
        let of = |kind: &str, parents: &[&Value], mut spec: Value| {
            spec["parentRefs"] = parents.iter().copied().cloned().collect();
            object(GATEWAY_API, kind, &format!("{namespace}/r"), age, spec)
        };
        all.extend([
            of("HTTPRoute", &[&edge, &other], json!({"rules": [{"backendRefs": [x("a"), x("b")]}]})),
            of(
                "HTTPRoute",
                &[&edge],
                json!({"hostnames": ["y.x.com"], "rules": [{"filters": mirror(&x("b")), "backendRefs": [x_backend]}]}),
            ),
            of("HTTPRoute", &[&section, &set("a", "s"), &set("b", "t")], json!({"rules": [{"backendRefs": [x("a")]}]})),
            of(
                "HTTPRoute",
                &[&service("a")],
                json!({"rules": [{"matches": [{"method": "GET"}], "backendRefs": [x("b"), function]}]}),
            ),
            of("HTTPRoute", &[&service("a")], json!({"useDefaultGateways": "All", "rules": [{"backendRefs": [x("b")]}]})),
            of("HTTPRoute", &[], json!({"useDefaultGateways": "All", "rules": [{"backendRefs": [import, x_backend]}]})),
            of(
                "HTTPRoute",
                &[&edge],
                json!({"rules": [{"backendRefs": [x("a")]}, {"filters": [{"type": "Teleport"}], "backendRefs": [x_backend]}]}),
            ),
            of(
                "HTTPRoute",
                &[&set("a", "s")],
                json!({"rules": [{"sessionPersistence": {"cookie": {}}, "backendRefs": [x_backend]}]}),
            ),
            of("GRPCRoute", &[&edge, &service("a")], json!({"rules": [{"name": "n", "backendRefs": [x("a"), x_backend]}]})),
            of("GRPCRoute", &[&port("a", 80)], json!({"rules": [{"backendRefs": [x("b")]}]})),
            of("TLSRoute", &[&edge], json!({"hostnames": ["e.x.com"], "rules": [{"backendRefs": [x("a"), x("b")]}]})),
            of("TLSRoute", &[&service("a")], json!({"hostnames": ["e.x.com"], "rules": [{"backendRefs": [x_backend]}]})),
            of("TCPRoute", &[&edge], json!({"rules": [{"backendRefs": [x("a"), x("b")]}]})),
            of("TCPRoute", &[&service("a"), &other], json!({"rules": [{"backendRefs": [x("a")]}]})),
            of(
                "UDPRoute",
                &[&edge, &service("a")],
                json!({"rules": [{"backendRefs": [json!({"name": "x", "port": 53}), x("a")]}]}),
            ),
        ]);
    }
    all
}

fn policies() -> Vec<Value> {
    let service = |section: Option<&str>| json!({"group": "", "kind": "Service", "name": "x", "sectionName": section});
    let x_backend = json!({"group": "gateway.networking.x-k8s.io", "kind": "XBackend", "name": "x"});
    let import = json!({"group": "multicluster.x-k8s.io", "kind": "ServiceImport", "name": "x"});
    let gateway = |name: &str| json!({"group": "gateway.networking.k8s.io", "kind": "Gateway", "name": name});
    let ca = json!({"hostname": "x.com", "caCertificateRefs": [{"group": "", "kind": "ConfigMap", "name": "ca"}]});
    let bundle = json!({"hostname": "x.com", "subjectAltNames": [{"type": "Hostname", "hostname": "y.com"}],
        "caCertificateRefs": [{"group": "certificates.k8s.io", "kind": "ClusterTrustBundle", "name": "bundle"}, {"group": "", "kind": "ConfigMap", "name": "ca"}]});
    let system = json!({"hostname": "x.com", "wellKnownCACertificates": "System"});
    let mut all = Vec::new();
    for (name, age) in [("a/p", 1), ("a/q", 2), ("a/p", 3), ("b/p", 1)] {
        let tls = |targets: Value, validation: &Value| {
            object(GATEWAY_API, "BackendTLSPolicy", name, age, json!({"targetRefs": targets, "validation": validation}))
        };
        all.extend([
            tls(json!([service(None)]), &ca),
            tls(json!([service(Some("web"))]), &bundle),
            tls(json!([service(Some("dns")), service(Some("web"))]), &system),
            tls(json!([x_backend]), &system),
        ]);
        let traffic = |targets: Value, more: Value| {
            let mut spec = json!({"targetRefs": targets});
            spec.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            object(X_API, "XBackendTrafficPolicy", name, age, spec)
        };
        all.extend([
            traffic(json!([service(None)]), json!({"retryConstraint": {"budget": {"percent": 10}}})),
            traffic(json!([x_backend, import]), json!({"sessionPersistence": {"cookie": {}}})),
        ]);
        let telemetry = |target: Value, backend: Value| {
            object(
                X_API,
                "XTelemetryPolicy",
                name,
                age,
                json!({"targetRefs": [target], "tracing": {"mode": "Enabled", "provider": {"backendRef": backend}}}),
            )
        };
        all.extend([
            telemetry(gateway("g"), json!({"name": "x", "port": 80})),
            telemetry(gateway("h"), json!({"namespace": "b", "name": "x", "port": 80})),
            telemetry(gateway("g"), json!({"group": "gateway.networking.x-k8s.io", "kind": "XBackend", "name": "x"})),
        ]);
    }
    all
}

fn backends() -> Vec<Value> {
    let web = json!({"name": "web", "port": 80});
    let dns = json!({"name": "dns", "port": 53, "protocol": "UDP"});
    let ws = json!({"name": "web", "port": 80, "appProtocol": "kubernetes.io/ws"});
    let validation = json!({"hostname": "x.com", "caCertificateRefs": [{"group": "", "kind": "ConfigMap", "name": "ca"}]});
    let mut all = Vec::new();
    for namespace in ["a", "b"] {
        let name = format!("{namespace}/x");
        let service = |spec| plain("Service", &name, json!({"spec": spec}));
        all.extend([
            service(json!({"ports": [web, dns]})),
            service(json!({"ports": [web, {"name": "more", "port": 81}]})),
            service(json!({"ports": [ws]})),
            service(json!({"ports": [dns]})),
            service(json!({"clusterIP": "None", "ports": [web]})),
            service(json!({"type": "ExternalName", "externalName": "x.com"})),
            object(
                "multicluster.x-k8s.io/v1alpha1",
                "ServiceImport",
                &name,
                0,
                json!({"type": "ClusterSetIP", "ports": [{"port": 80}]}),
            ),
        ]);
        let x_backend = |more: Value| {
            let mut spec =
                json!({"type": "EndpointSelector", "endpointSelector": {"matchLabels": {"app": "x"}}, "port": {"number": 8080}});
            spec.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            object(X_API, "XBackend", &name, 0, spec)
        };
        all.extend([
            x_backend(json!({})),
            x_backend(json!({"protocol": "HTTP11", "sessionPersistence": {"cookie": {}}})),
            x_backend(json!({"tls": {"mode": "ServerOnly", "validation": validation}})),
            x_backend(json!({"tls": {"mode": "ClientAndServer", "validation": validation, "clientCertificateRef": {"namespace": "b", "name": "c"}}})),
            x_backend(json!({"protocol": "Smoke"})),
        ]);
    }
    all
}
