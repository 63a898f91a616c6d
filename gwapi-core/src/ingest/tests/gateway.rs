//! GatewayClass, Gateway and listeners.

use super::*;
use crate::model::{Address, AddressType, GatewayClass, NamespacesFrom, ParametersRef, Protocol, SelectorOperator, TlsMode};

fn class(spec: Value) -> (Object, Vec<Issue>) {
    read(&json!({"apiVersion": API_VERSION, "kind": "GatewayClass", "metadata": {"name": "c"}, "spec": spec}))
}

fn gateway_class(spec: Value) -> (Arc<GatewayClass>, Vec<Issue>) {
    match class(spec) {
        (Object::GatewayClass(class), issues) => (class, issues),
        (other, _) => panic!("{other:?}"),
    }
}

#[test]
fn a_class_says_whose_it_is() {
    let (class, issues) = gateway_class(json!({
        "controllerName": "example.com/gateway", "description": text(64),
        "parametersRef": {"group": "example.com", "kind": "P", "namespace": "n", "name": "p"},
    }));
    assert_eq!(issues, []);
    assert_eq!(class.controller_name, "example.com/gateway");
    let parameters = class.parameters_ref.as_ref().unwrap();
    assert_eq!(parameters.namespace.as_ref().unwrap(), &"n");
    assert_eq!(gateway_class(json!({"controllerName": "a.b/c"})).0.parameters_ref, None);
}

#[test]
fn a_025_a_description_is_short() {
    let (_, issues) = gateway_class(json!({"controllerName": "a.b/c", "description": text(65)}));
    assert_eq!(codes(&issues), [(IssueCode::InvalidValue, "spec.description")]);
}

#[test]
fn a_class_that_belongs_to_nobody_is_a_name() {
    for spec in [json!({}), json!({"controllerName": 5}), json!({"controllerName": ""}), json!("x"), json!(null)] {
        let (object, issues) = class(spec.clone());
        assert!(matches!(object, Object::Other(key) if key.name == "c"), "{spec}");
        assert_eq!(issues.len(), 1, "{issues:?}");
    }
}

#[test]
fn a_004_broken_parameters_are_not_the_absence_of_parameters() {
    for reference in [json!({"group": "g", "kind": "K"}), json!("p"), json!({}), json!({"group": "g", "kind": "K", "name": 5})] {
        let (class, issues) = gateway_class(json!({"controllerName": "a.b/c", "parametersRef": reference}));
        assert!(matches!(&class.parameters_ref, Some(ParametersRef { name, .. }) if name.as_str().is_empty()), "{reference}");
        assert!(!issues.is_empty());
    }
}

#[test]
fn a_full_gateway_is_read_whole() {
    let (gateway, issues) = gateway_of(laws::full_gateway()["spec"].clone());
    assert_eq!(issues, []);
    assert_eq!(gateway.invalid, []);
    assert_eq!(gateway.class_name, "any");
    assert_eq!(
        gateway.addresses[0],
        Address { kind: AddressType::Hostname, value: Some("gw.example".into()), routability: "Cluster".into() }
    );
    assert_eq!(gateway.infrastructure.labels["team"], "edge");
    assert_eq!(gateway.infrastructure.annotations["example.com/a"], "b");
    assert_eq!(gateway.infrastructure.parameters_ref.as_ref().unwrap().name, "p");
    let listener = &gateway.listeners[0];
    assert_eq!(listener.name, "web");
    assert_eq!(listener.hostname.as_ref().unwrap().as_str(), "*.example.com");
    assert_eq!((listener.port, &listener.protocol), (443, &Protocol::Https));
    let tls = listener.tls.as_ref().unwrap();
    assert_eq!((&tls.mode, tls.certificate_refs.len(), &*tls.options[0]), (&TlsMode::Terminate, 1, "example.com/min"));
    let NamespacesFrom::Selector(Some(selector)) = &listener.allowed_routes.namespaces else { panic!("no selector") };
    assert_eq!(selector.requirements.len(), 5);
    assert_eq!(listener.allowed_routes.kinds[0].kind, "HTTPRoute");
}

#[test]
fn d_003_selectors_are_one_list_of_requirements() {
    let (listener, _) = listener(json!({"allowedRoutes": {"namespaces": {"from": "Selector", "selector": {
        "matchLabels": {"a": "1"}, "matchExpressions": [{"key": "b", "operator": "NotIn", "values": ["2", "3"]}]}}}}));
    let NamespacesFrom::Selector(Some(selector)) = listener.allowed_routes.namespaces else { panic!("no selector") };
    assert_eq!(&*selector.requirements[0].key, "a");
    assert_eq!(selector.requirements[0].operator, SelectorOperator::In(Vec::from(["1".into()])));
    assert_eq!(selector.requirements[1].operator, SelectorOperator::NotIn(Vec::from(["2".into(), "3".into()])));
}

#[test]
fn d_003_a_missing_selector_differs_from_an_empty_one() {
    let from = |namespaces: Value| listener(json!({"allowedRoutes": {"namespaces": namespaces}})).0.allowed_routes.namespaces;
    assert_eq!(from(json!({"from": "Selector"})), NamespacesFrom::Selector(None));
    assert!(
        matches!(from(json!({"from": "Selector", "selector": {}})), NamespacesFrom::Selector(Some(all)) if all.requirements.is_empty())
    );
    assert_eq!(from(json!({"from": "All", "selector": {"matchLabels": {"a": "b"}}})), NamespacesFrom::All);
}

#[test]
fn selectors_that_kubernetes_refuses_refuse_the_listener() {
    let selector =
        |selector: Value| listener(json!({"allowedRoutes": {"namespaces": {"from": "Selector", "selector": selector}}}));
    for (value, at) in [
        (json!({"matchExpressions": [{"key": "a", "operator": "NotIn"}]}), "matchExpressions[0].operator"),
        (json!({"matchExpressions": [{"key": "a", "operator": "In", "values": []}]}), "matchExpressions[0].operator"),
        (json!({"matchExpressions": [{"key": "a", "operator": "Exists", "values": ["b"]}]}), "matchExpressions[0].operator"),
        (json!({"matchExpressions": [{"operator": "Exists"}]}), "matchExpressions[0].key"),
        (json!({"matchExpressions": [{"key": "a"}]}), "matchExpressions[0].operator"),
        (json!({"matchLabels": {"a.b/c": 1}}), "matchLabels[a.b/c]"),
    ] {
        let (listener, issues) = selector(value);
        assert_eq!(paths(&listener.invalid), [format!("spec.listeners[0].allowedRoutes.namespaces.selector.{at}")]);
        assert_reported(&listener.invalid, &issues);
    }
}

#[test]
fn a_026_words_that_this_version_does_not_know_stay_in_the_model() {
    let (read, issues) = listener(json!({
        "protocol": "example.com/quic", "tls": {"mode": "Inspect"},
        "allowedRoutes": {"namespaces": {"from": "Some"}},
    }));
    assert_eq!(read.protocol, Protocol::Other("example.com/quic".into()));
    assert_eq!(read.tls.unwrap().mode, TlsMode::Unknown("Inspect".into()));
    assert_eq!(read.allowed_routes.namespaces, NamespacesFrom::Unknown("Some".into()));
    assert_eq!(read.invalid, []);
    assert_eq!(
        codes(&issues),
        [
            (IssueCode::InvalidValue, "spec.listeners[0].tls.mode"),
            (IssueCode::InvalidValue, "spec.listeners[0].allowedRoutes.namespaces.from"),
        ]
    );
    assert_eq!(issues[1].suggestion.as_deref(), Some("Same"));
    let (read, _) = listener(json!({"allowedRoutes": {"namespaces": {"from": "Selector", "selector": {
        "matchExpressions": [{"key": "a", "operator": "Like", "values": ["b"]}]}}}}));
    let NamespacesFrom::Selector(Some(selector)) = read.allowed_routes.namespaces else { panic!("no selector") };
    assert_eq!(selector.requirements[0].operator, SelectorOperator::Unknown("Like".into()));
}

#[test]
fn a_value_of_a_listener_that_cannot_be_honoured_refuses_it() {
    for (fields, at) in [
        (json!({"hostname": "*.*.com"}), "hostname"),
        (json!({"hostname": "10.0.0.1"}), "hostname"),
        (json!({"hostname": 7}), "hostname"),
        (json!({"port": 0}), "port"),
        (json!({"port": 70_000}), "port"),
        (json!({"port": "80"}), "port"),
        (json!({"port": null}), "port"),
        (json!({"protocol": ""}), "protocol"),
        (json!({"protocol": null}), "protocol"),
        (json!({"tls": "yes"}), "tls"),
        (json!({"tls": {"certificateRefs": [{}]}}), "tls.certificateRefs[0].name"),
        (json!({"tls": {"options": {"a/b": 1}}}), "tls.options[a/b]"),
        (json!({"tls": {"frontendValidation": {}}}), "tls.frontendValidation"),
        (json!({"allowedRoutes": []}), "allowedRoutes"),
        (json!({"allowedRoutes": {"kinds": [{"group": "x"}]}}), "allowedRoutes.kinds[0].kind"),
        (json!({"hostnames": ["a.example"]}), "hostnames"),
        (json!({"filters": {"requests": [{}]}}), "filters.requests[0].type"),
        (json!({"filters": {"responses": []}}), "filters.responses"),
    ] {
        let (listener, issues) = listener(fields.clone());
        assert_eq!(paths(&listener.invalid), [format!("spec.listeners[0].{at}")], "{fields}");
        assert_reported(&listener.invalid, &issues);
        assert!(listener.port != 0 || at == "port");
    }
}

#[test]
fn an_empty_hostname_is_none() {
    let (listener, issues) = listener(json!({"hostname": ""}));
    assert_eq!((listener.hostname, issues.len()), (None, 0));
}

#[test]
fn a_listener_without_a_name_of_its_own_is_left_out_and_the_gateway_knows() {
    let web = json!({"name": "web", "port": 80, "protocol": "HTTP"});
    for (second, at) in [
        (json!({"port": 81, "protocol": "HTTP"}), "spec.listeners[1].name"),
        (json!({"name": "", "port": 81, "protocol": "HTTP"}), "spec.listeners[1].name"),
        (json!({"name": "web", "port": 81, "protocol": "HTTP"}), "spec.listeners[1].name"),
        (json!("web"), "spec.listeners[1]"),
    ] {
        let (gateway, issues) = gateway_of(json!({"gatewayClassName": "c", "listeners": [web, second]}));
        assert_eq!((gateway.listeners.len(), gateway.listeners[0].port), (1, 80));
        assert_eq!(paths(&gateway.invalid), [at]);
        assert_reported(&gateway.invalid, &issues);
    }
    let (_, issues) = gateway_of(json!({"gatewayClassName": "c", "listeners": [web, web]}));
    assert_eq!(codes(&issues), [(IssueCode::DuplicateName, "spec.listeners[1].name")]);
}

#[test]
fn a_value_of_the_gateway_that_cannot_be_honoured_refuses_it() {
    for (field, value, at) in [
        ("gatewayClassName", json!(5), "gatewayClassName"),
        ("gatewayClassName", json!(null), "gatewayClassName"),
        ("listeners", json!(null), "listeners"),
        ("listeners", json!({}), "listeners"),
        ("addresses", json!("192.0.2.1"), "addresses"),
        ("addresses", json!([{"value": 5}]), "addresses[0].value"),
        ("infrastructure", json!({"labels": {"a": true}}), "infrastructure.labels.a"),
        ("infrastructure", json!({"parametersRef": {"group": "", "kind": "ConfigMap"}}), "infrastructure.parametersRef.name"),
        ("listner", json!([]), "listner"),
    ] {
        let mut spec = json!({"gatewayClassName": "c", "listeners": []});
        merge(&mut spec, json!({field: value}));
        let (gateway, issues) = gateway_of(spec);
        assert_eq!(paths(&gateway.invalid), [format!("spec.{at}")], "{value}");
        assert_reported(&gateway.invalid, &issues);
    }
}

#[test]
fn r_010_address_types_are_compared_whole() {
    let (gateway, _) = gateway_of(json!({"gatewayClassName": "c", "listeners": [], "addresses": [{"type": "xIPAddressy"}]}));
    assert_eq!(gateway.addresses[0].kind, AddressType::Other("xIPAddressy".into()));
}

#[test]
fn law_11_listener_filters_are_known_by_type() {
    let (listener, issues) = listener(json!({"filters": {"requests": [
        {"type": "ExternalAuth", "externalAuth": {}}, {"type": "ExtensionRef", "extensionRef": {}}]}}));
    assert_eq!(listener.filters, ["ExternalAuth".into(), "ExtensionRef".into()]);
    assert_eq!(listener.invalid, []);
    assert_eq!(codes(&issues), [(IssueCode::NotRead, "spec.listeners[0].filters.requests")]);
}

#[test]
fn law_11_what_is_not_read_narrows_or_refuses() {
    let spec = |extra: Value| {
        let mut spec = json!({"gatewayClassName": "c", "listeners": [
            {"name": "http", "port": 80, "protocol": "HTTP"}, {"name": "https", "port": 443, "protocol": "HTTPS", "tls": {}}]});
        merge(&mut spec, extra);
        gateway_of(spec)
    };
    for empty in [
        json!({"tls": {}}),
        json!({"tls": null}),
        json!({"tls": {"frontend": {}}}),
        json!({"tls": {"frontend": {"default": {}}}}),
        json!({"allowedListeners": {"namespaces": {}}}),
    ] {
        assert_eq!(spec(empty).1, []);
    }
    assert_eq!(spec(json!({"defaultScope": "None"})).1, []);
    assert_eq!(spec(json!({"allowedListeners": {"namespaces": {"from": "None"}}})).1, []);
    for (extra, at) in [
        (json!({"allowedListeners": {"namespaces": {"from": "All"}}}), "spec.allowedListeners"),
        (json!({"defaultScope": "All"}), "spec.defaultScope"),
        (json!({"tls": {"backend": {"clientCertificateRef": {"name": "x"}}}}), "spec.tls.backend"),
    ] {
        let (gateway, issues) = spec(extra);
        assert_eq!(codes(&issues), [(IssueCode::NotRead, at)]);
        assert!(gateway.listeners.iter().all(|listener| listener.invalid.is_empty()));
    }
    // Without the check of certificates that the Gateway asks for, an HTTPS listener would let everybody in (B-046).
    let (gateway, issues) = spec(json!({"tls": {"frontend": {"default": {"validation": {"caCertificateRefs": []}}}}}));
    assert_eq!(codes(&issues), [(IssueCode::NotRead, "spec.tls.frontend")]);
    assert_eq!(gateway.invalid, []);
    assert_eq!(gateway.listeners[0].invalid, []);
    assert_eq!(paths(&gateway.listeners[1].invalid), ["spec.tls.frontend"]);
}
