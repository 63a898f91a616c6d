//! GatewayClass, Gateway and listeners.

use super::*;
use crate::{
    model::{
        Address, AddressType, ClientValidationMode, GatewayClass, GatewayTls, ListenerFilter, ListenerSet, NamespacesFrom,
        ParametersRef, Protocol, SelectorOperator, TlsMode,
    },
    name::{GATEWAY_GROUP, ObjectKey},
};

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
    let (gateway, issues) = gateway_of(full::gateway()["spec"].clone());
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
        (json!({"filters": {"requests": {}}}), "filters.requests"),
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
fn h_080_listener_filters_keep_their_places_whatever_is_wrong_with_them() {
    let extension = json!({"type": "ExtensionRef", "extensionRef": {"group": "g", "kind": "K", "name": "n"}});
    let (listener, issues) = listener(json!({"filters": {"requests": [
        {"type": "ExternalAuth", "externalAuth": {}}, extension, {"type": "RateLimit"}, {}, {"type": "CORS", "cors": {}}, 7]}}));
    assert_eq!(listener.invalid, []);
    let types: Vec<&str> = listener.filters.iter().map(ListenerFilter::type_name).collect();
    assert_eq!(types, ["ExternalAuth", "ExtensionRef", "RateLimit", "", "CORS", ""]);
    let [broken, ListenerFilter::ExtensionRef(reference), unknown, untyped, ListenerFilter::Unknown(_), none] =
        &listener.filters[..]
    else {
        panic!("{:?}", listener.filters)
    };
    assert_eq!(reference.name, "n");
    assert_eq!(*unknown, ListenerFilter::Unknown("RateLimit".into()));
    let at = |filter: &ListenerFilter| match filter {
        ListenerFilter::Invalid { invalid, .. } => invalid[0].path.clone(),
        other => panic!("{other:?}"),
    };
    let place = "spec.listeners[0].filters.requests";
    assert_eq!(at(broken), format!("{place}[0].externalAuth.backendRef"));
    assert_eq!((at(untyped), at(none)), (format!("{place}[3].type"), format!("{place}[5]")));
    let reported = format!("{place}[2].type");
    assert!(codes(&issues).contains(&(IssueCode::InvalidValue, reported.as_str())), "{issues:?}");
}

#[test]
fn c_001_gateways_are_closed_to_listener_sets_unless_they_say_otherwise() {
    let allowed = |value: Value| {
        gateway_of(json!({"gatewayClassName": "c", "listeners": [], "allowedListeners": value})).0.allowed_listeners.clone()
    };
    for closed in [json!(null), json!({}), json!({"namespaces": {}}), json!({"namespaces": {"from": "None"}})] {
        assert_eq!(allowed(closed), None);
    }
    let from = |from: &str| allowed(json!({"namespaces": {"from": from}}));
    assert_eq!(from("Same"), Some(NamespacesFrom::Same));
    assert_eq!(from("All"), Some(NamespacesFrom::All));
    assert_eq!(from("Selector"), Some(NamespacesFrom::Selector(None)));
    assert_eq!(from("Some"), Some(NamespacesFrom::Unknown("Some".into())));
    // `None` is no word of routes.
    let (listener, issues) = listener(json!({"allowedRoutes": {"namespaces": {"from": "None"}}}));
    assert_eq!(listener.allowed_routes.namespaces, NamespacesFrom::Unknown("None".into()));
    assert_eq!(codes(&issues), [(IssueCode::InvalidValue, "spec.listeners[0].allowedRoutes.namespaces.from")]);
}

fn tls(value: Value) -> (GatewayTls, Vec<Issue>, Vec<Invalid>) {
    let (gateway, issues) = gateway_of(json!({"gatewayClassName": "c", "listeners": [], "tls": value}));
    (gateway.tls.clone(), issues, gateway.invalid.clone())
}

#[test]
fn b_045_an_entry_for_a_port_takes_the_place_of_the_default() {
    let (tls, _, invalid) = tls(full::experimental_gateway()["spec"]["tls"].clone());
    assert_eq!(invalid, []);
    let client = tls.client_certificate.unwrap();
    assert_eq!((client.namespace.as_str(), client.name.as_str()), ("certs", "client"));
    let of_port = |port| tls.frontend.validation(port);
    assert_eq!(of_port(443).unwrap().mode, ClientValidationMode::AllowInsecureFallback);
    assert_eq!(of_port(443).unwrap().ca_certificate_refs[0].namespace_str(), "certs");
    assert!(of_port(8443).is_some() && of_port(9443).is_none());
    assert_eq!(tls.frontend.validations().map(|(port, _)| port).collect::<Vec<_>>(), [None, Some(8443)]);
}

#[test]
fn b_084_references_to_ca_certificates_have_defaults_and_a_bundle_has_no_namespace() {
    let refs = |reference: Value| {
        let (tls, _, _) = tls(json!({"frontend": {"default": {"validation": {"caCertificateRefs": [reference]}}}}));
        tls.frontend.default.unwrap()
    };
    let local = refs(json!({"group": "", "kind": "ConfigMap", "name": "ca"}));
    assert_eq!((local.mode, local.ca_certificate_refs[0].namespace_str()), (ClientValidationMode::AllowValidOnly, "here"));
    let bundle = json!({"group": "certificates.k8s.io", "kind": "ClusterTrustBundle", "name": "ca"});
    assert_eq!(refs(bundle.clone()).ca_certificate_refs[0].namespace, None);
    let mut misplaced = bundle;
    merge(&mut misplaced, json!({"namespace": "there"}));
    let place = "spec.tls.frontend.default.validation.caCertificateRefs";
    assert_eq!(paths(&refs(misplaced).invalid), [format!("{place}[0].namespace")]);
    assert_eq!(paths(&refs(json!({"name": "ca"})).invalid), [format!("{place}[0].group"), format!("{place}[0].kind")]);
}

#[test]
fn b_046_what_is_invalid_in_a_validation_concerns_its_listeners_only() {
    for (validation, at) in [
        (json!({}), "caCertificateRefs"),
        (json!({"caCertificateRefs": []}), "caCertificateRefs"),
        (json!({"caCertificateRefs": [{"group": "", "kind": "ConfigMap", "name": "a"}], "mode": "AllowAll"}), "mode"),
        (json!({"caCertificateRefs": [{"group": "", "kind": "ConfigMap", "name": "a"}], "depth": 1}), "depth"),
    ] {
        let (tls, issues, invalid) = tls(json!({"frontend": {"perPort": [{"port": 443, "tls": {"validation": validation}}]}}));
        assert_eq!((invalid.len(), tls.frontend.invalid.len(), tls.frontend.validation(80)), (0, 0, None));
        let invalid = &tls.frontend.validation(443).unwrap().invalid;
        assert_eq!(paths(invalid), [format!("spec.tls.frontend.perPort[0].tls.validation.{at}")], "{validation}");
        assert_reported(invalid, &issues);
    }
    for (frontend, at) in [
        (json!({"perPort": [{"port": 0, "tls": {}}]}), "perPort[0].port"),
        (json!({"perPort": [{"port": 443}]}), "perPort[0].tls"),
        (json!({"perPort": [{"port": 443, "tls": {}}, {"port": 443, "tls": {}}]}), "perPort[1]"),
        (json!({"defaults": {"validation": {}}}), "defaults"),
        (json!({"default": 1}), "default"),
    ] {
        let (tls, issues, invalid) = tls(json!({"frontend": frontend}));
        assert_eq!((invalid.len(), paths(&tls.frontend.invalid)), (0, [format!("spec.tls.frontend.{at}").as_str()].into()));
        assert_reported(&tls.frontend.invalid, &issues);
    }
}

fn listener_set(spec: Value) -> (Arc<ListenerSet>, Vec<Issue>) {
    match read(&object("ListenerSet", spec)) {
        (Object::ListenerSet(set), issues) => (set, issues),
        (other, _) => panic!("{other:?}"),
    }
}

#[test]
fn c_004_a_listener_set_belongs_to_a_gateway_and_has_listeners_like_one() {
    let listener = json!({"name": "web", "port": 80, "protocol": "HTTP", "tls": {"certificateRefs": [{"name": "c"}]}});
    let (set, issues) = listener_set(json!({"parentRef": {"name": "edge"}, "listeners": [listener]}));
    assert_eq!(issues, []);
    assert_eq!(set.parent, Some(ObjectKey::namespaced(GATEWAY_GROUP, "Gateway", &"here".into(), &"edge".into())));
    let (gateway, _) = gateway_of(json!({"gatewayClassName": "c", "listeners": [listener]}));
    assert_eq!(set.listeners, gateway.listeners);
    let (other, _) = listener_set(json!({"parentRef": {"group": "", "kind": "Service", "name": "s"}, "listeners": []}));
    assert_eq!(other.parent.as_ref().unwrap().kind, "Service");
}

#[test]
fn c_029_what_is_wrong_with_a_listener_set_is_known() {
    let web = json!({"name": "web", "port": 80, "protocol": "HTTP"});
    for (spec, at) in [
        (json!({"listeners": [web]}), "parentRef"),
        (json!({"parentRef": {"name": "edge"}}), "listeners"),
        (json!({"parentRef": {"name": "edge", "sectionName": "a"}, "listeners": [web]}), "parentRef.sectionName"),
        (json!({"parentRef": {"name": "edge"}, "listeners": [web, web]}), "listeners[1].name"),
        (json!({"parentRef": {"name": "edge"}, "listeners": [web], "gatewayClassName": "c"}), "gatewayClassName"),
    ] {
        let (set, issues) = listener_set(spec);
        assert_eq!(paths(&set.invalid), [format!("spec.{at}")]);
        assert_reported(&set.invalid, &issues);
    }
    let (set, _) = listener_set(json!({"parentRef": {"name": "edge"}, "listeners": [{"name": "web", "protocol": "HTTP"}]}));
    assert_eq!((set.invalid.len(), paths(&set.listeners[0].invalid)), (0, ["spec.listeners[0].port"].into()));
}

/// Whether any of it can be had is another question, which `resolve` answers.
#[test]
fn what_a_gateway_asks_for_as_a_whole_raises_nothing() {
    for extra in [
        json!({"tls": {}}),
        json!({"tls": null}),
        json!({"tls": {"frontend": {}}}),
        json!({"tls": {"frontend": {"default": {}}}}),
        json!({"tls": {"backend": {"clientCertificateRef": {"name": "x"}}}}),
        json!({"allowedListeners": {"namespaces": {}}}),
        json!({"allowedListeners": {"namespaces": {"from": "All"}}}),
        json!({"defaultScope": "None"}),
        json!({"defaultScope": "All"}),
    ] {
        let mut spec = json!({"gatewayClassName": "c", "listeners": [
            {"name": "http", "port": 80, "protocol": "HTTP"}, {"name": "https", "port": 443, "protocol": "HTTPS", "tls": {}}]});
        merge(&mut spec, extra.clone());
        let (gateway, issues) = gateway_of(spec);
        assert_eq!((issues, gateway.invalid.len()), (Vec::new(), 0), "{extra}");
        assert!(gateway.listeners.iter().all(|listener| listener.invalid.is_empty()), "{extra}");
    }
}
