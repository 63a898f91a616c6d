//! Law 12 for every feature and every ability: who uses it where it is not declared is refused, and nothing of it is left.
//!
//! What each refusal says is in the tests of its chapter; here nothing is left out.

mod common;

use std::collections::BTreeSet;

use common::{
    PEM, ca, edge, from_all, gateway_with, grant, https, listener, listener_set, merged, object, open, ours, resolved_by, secret,
    service, service_with, trust_bundle, unable, without, x_object,
};
use gwapi_core::{Controller, Feature, Resolution, controller::Abilities};
use serde_json::{Value, json};

/// Whether what is asked about is there.
type Has = fn(&Resolution) -> bool;

/// A world in which something is used, and whether it is.
struct Case {
    objects: Vec<Value>,
    has: Has,
}

fn case(objects: Vec<Value>, has: Has) -> Case {
    Case { objects, has }
}

// What can be looked at

fn is_attached(resolution: &Resolution) -> bool {
    resolution.routes.values().any(|route| route.parents.iter().any(|parent| parent.is_attached()))
}

fn has_valid_rule(resolution: &Resolution) -> bool {
    resolution.routes.values().any(|route| route.rules.iter().any(|rule| rule.is_valid()))
}

fn has_name(resolution: &Resolution) -> bool {
    resolution.routes.values().any(|route| route.rules.iter().any(|rule| rule.name.is_some()))
}

fn has_backend(resolution: &Resolution) -> bool {
    let backends = resolution.routes.values().flat_map(|route| &route.rules).flat_map(|rule| &rule.backends);
    backends.filter_map(|backend| backend.target.as_ref().ok()).any(|target| target.tls.as_ref().is_none_or(|tls| tls.is_ok()))
}

/// Whether every listener is served that is not on port 80, where there is one to compare with.
fn is_served(resolution: &Resolution) -> bool {
    let gateways = resolution.gateways.values().flat_map(|gateway| &gateway.listeners);
    let of_sets = resolution.listener_sets.values().flat_map(|set| &set.listeners);
    let mut others = gateways.chain(of_sets).filter(|listener| listener.port != 80).peekable();
    others.peek().is_some() && others.all(|listener| listener.is_served())
}

fn is_reachable(resolution: &Resolution) -> bool {
    resolution.gateways.values().all(|gateway| gateway.is_programmed() && gateway.address_requests.iter().all(Result::is_ok))
}

fn shows_a_certificate(resolution: &Resolution) -> bool {
    resolution.gateways.values().any(|gateway| matches!(gateway.client_certificate, Some(Ok(_))))
}

fn has_policy(resolution: &Resolution) -> bool {
    resolution.policies.values().any(|policy| policy.refused.is_empty())
}

// Worlds

fn edge_and(more: Value, objects: &[Value]) -> Vec<Value> {
    [&[gateway_with("infra/edge", &[open("http")], more)][..], objects].concat()
}

fn edge_with(listeners: &[Value], objects: &[Value]) -> Vec<Value> {
    let all = [&[open("http")][..], listeners].concat();
    [&[gateway_with("infra/edge", &all, json!({})), secret("infra/cert")][..], objects].concat()
}

fn route(kind: &str, spec: Value) -> Value {
    common::named_if_tls(object(kind, "shop/r", merged(json!({"parentRefs": [edge()]}), spec)))
}

/// An HTTPRoute with one rule.
fn rule(rule: Value) -> Case {
    case(edge_and(json!({}), &[service("shop/web", &[80]), route("HTTPRoute", json!({"rules": [rule]}))]), has_valid_rule)
}

/// The same for clients of a Service.
fn mesh_rule(rule: Value) -> Case {
    let parent = json!([{"group": "", "kind": "Service", "name": "web"}]);
    let route = object("HTTPRoute", "shop/r", json!({"parentRefs": parent, "rules": [rule]}));
    case(vec![service("shop/web", &[80]), route], has_valid_rule)
}

fn filter(filter: Value) -> Value {
    json!({"filters": [filter]})
}

fn redirect(redirect: Value) -> Value {
    filter(json!({"type": "RequestRedirect", "requestRedirect": redirect}))
}

fn rewrite(rewrite: Value) -> Value {
    json!({"type": "URLRewrite", "urlRewrite": rewrite})
}

fn mirror(more: Value) -> Value {
    json!({"type": "RequestMirror", "requestMirror": merged(json!({"backendRef": {"name": "web", "port": 80}}), more)})
}

fn request_headers() -> Value {
    json!({"type": "RequestHeaderModifier", "requestHeaderModifier": {"remove": ["a"]}})
}

fn on_backend(filter: Value) -> Value {
    json!({"backendRefs": [{"name": "web", "port": 80, "filters": [filter]}]})
}

fn full() -> Value {
    json!({"type": "ReplaceFullPath", "replaceFullPath": "/a"})
}

fn speaking(app_protocol: &str) -> Case {
    let web = service_with("shop/web", json!({"ports": [{"port": 80, "appProtocol": app_protocol}]}));
    case(vec![web, route("HTTPRoute", json!({"rules": [{"backendRefs": [{"name": "web", "port": 80}]}]}))], has_backend)
}

fn to_listener(kind: &str, listener: Value) -> Case {
    let parent = merged(edge(), json!({"sectionName": listener["name"]}));
    case(edge_with(&[listener], &[route(kind, json!({"parentRefs": [parent]}))]), is_attached)
}

fn raw(protocol: &str, tls: Value) -> Value {
    let more = json!({"allowedRoutes": from_all()});
    listener("it", 9000, protocol, if tls.is_null() { more } else { merged(more, json!({"tls": tls})) })
}

fn asked(addresses: Value) -> Case {
    case(edge_and(json!({"addresses": addresses}), &[]), is_reachable)
}

fn under_tls(validation: Value) -> Case {
    let target = json!([{"group": "", "kind": "Service", "name": "web"}]);
    let policy = object(
        "BackendTLSPolicy",
        "shop/p",
        json!({"targetRefs": target, "validation": merged(json!({"hostname": "a.com"}), validation)}),
    );
    let route = route("HTTPRoute", json!({"rules": [{"backendRefs": [{"name": "web", "port": 80}]}]}));
    case(vec![service("shop/web", &[80]), ca("shop/ca", PEM), trust_bundle("b", PEM), policy, route], has_backend)
}

fn by_ca() -> Value {
    json!({"caCertificateRefs": [{"group": "", "kind": "ConfigMap", "name": "ca"}]})
}

fn clients(mode: &str) -> Case {
    let validation = merged(by_ca(), json!({"mode": mode}));
    let more = json!({"tls": {"frontend": {"default": {"validation": validation}}}});
    let gateway = gateway_with("infra/edge", &[https("it", 443, json!({}))], more);
    case(vec![gateway, secret("infra/cert"), ca("infra/ca", PEM)], is_served)
}

fn mesh(kind: &str, namespace: &str, more: Value) -> Case {
    let parent = merged(json!({"group": "", "kind": "Service", "namespace": "shop", "name": "web"}), more);
    let route = common::named_if_tls(object(kind, &format!("{namespace}/r"), json!({"parentRefs": [parent]})));
    case(vec![service("shop/web", &[80]), route], is_attached)
}

/// For each feature a world that uses it. Nothing where no object can: it says what a data plane does with everything.
fn of_feature(feature: Feature) -> Option<Case> {
    use Feature as F;
    let query = json!({"matches": [{"queryParams": [{"name": "a", "value": "1"}]}]});
    let grpc = |rule: Value| {
        case(edge_and(json!({}), &[service("shop/web", &[80]), route("GRPCRoute", json!({"rules": [rule]}))]), has_valid_rule)
    };
    Some(match feature {
        F::BackendTLSPolicy => under_tls(by_ca()),
        F::BackendTLSPolicySANValidation => {
            under_tls(merged(by_ca(), json!({"subjectAltNames": [{"type": "Hostname", "hostname": "b.com"}]})))
        }
        F::ClusterTrustBundle => {
            under_tls(json!({"caCertificateRefs": [{"group": "certificates.k8s.io", "kind": "ClusterTrustBundle", "name": "b"}]}))
        }
        F::GRPCRoute => to_listener("GRPCRoute", raw("HTTP", Value::Null)),
        F::GRPCRouteNamedRouteRule => Case { has: has_name, ..grpc(json!({"name": "it"})) },
        F::GRPCRouteRequestHeaderModifier => grpc(filter(request_headers())),
        F::Gateway => {
            case(edge_and(json!({}), &[]), |resolution| !resolution.gateways.is_empty() && !resolution.classes.is_empty())
        }
        F::GatewayAddressEmpty => asked(json!([{"type": "IPAddress"}])),
        F::GatewayAddressRoutability => asked(json!([{"routability": "testing.x-k8s.io/sentinel"}])),
        F::GatewayBackendClientCertificate => case(
            edge_and(json!({"tls": {"backend": {"clientCertificateRef": {"name": "cert"}}}}), &[secret("infra/cert")]),
            shows_a_certificate,
        ),
        F::GatewayFrontendClientCertificateValidation => clients("AllowValidOnly"),
        F::GatewayFrontendClientCertificateValidationInsecureFallback => clients("AllowInsecureFallback"),
        F::GatewayInfrastructure => {
            let parameters = json!({"infrastructure": {"parametersRef": {"group": "", "kind": "ConfigMap", "name": "ca"}}});
            case(edge_and(parameters, &[ca("infra/ca", PEM)]), |resolution| {
                resolution.gateways.values().all(|it| it.is_accepted())
            })
        }
        F::GatewayListenerFilters => {
            let auth = json!({"type": "ExternalAuth",
                "externalAuth": {"protocol": "HTTP", "http": {}, "backendRef": {"name": "auth", "port": 80}}});
            let guarded = listener("it", 81, "HTTP", json!({"filters": {"requests": [auth]}}));
            case(edge_with(&[guarded], &[service("infra/auth", &[80])]), is_served)
        }
        F::GatewayPort8080 => case(edge_with(&[listener("it", 8080, "HTTP", json!({}))], &[]), is_served),
        F::GatewayStaticAddresses => asked(json!([{"value": "192.0.2.10"}])),
        F::HTTPRoute => to_listener("HTTPRoute", raw("HTTP", Value::Null)),
        F::HTTPRoute303RedirectStatusCode => rule(redirect(json!({"statusCode": 303}))),
        F::HTTPRoute307RedirectStatusCode => rule(redirect(json!({"statusCode": 307}))),
        F::HTTPRoute308RedirectStatusCode => rule(redirect(json!({"statusCode": 308}))),
        F::HTTPRouteBackendProtocolH2C => speaking("kubernetes.io/h2c"),
        F::HTTPRouteBackendProtocolWebSocket => speaking("kubernetes.io/ws"),
        F::HTTPRouteBackendRequestHeaderModification => rule(on_backend(request_headers())),
        F::HTTPRouteBackendTimeout => rule(json!({"timeouts": {"backendRequest": "1s"}})),
        F::HTTPRouteBackendURLRewrite => rule(on_backend(rewrite(json!({"hostname": "a.com"})))),
        F::HTTPRouteCORS => rule(filter(json!({"type": "CORS", "cors": {}}))),
        F::HTTPRouteHostRewrite => rule(filter(rewrite(json!({"hostname": "a.com"})))),
        F::HTTPRouteMethodMatching => rule(json!({"matches": [{"method": "GET"}]})),
        F::HTTPRouteNamedRouteRule => Case { has: has_name, ..rule(json!({"name": "it"})) },
        // `parentRef.port` asks for either of the two.
        F::HTTPRouteParentRefPort | F::HTTPRouteDestinationPortMatching => {
            let parent = merged(edge(), json!({"port": 80}));
            case(edge_and(json!({}), &[route("HTTPRoute", json!({"parentRefs": [parent]}))]), is_attached)
        }
        F::HTTPRoutePathRedirect => rule(redirect(json!({"path": full()}))),
        F::HTTPRoutePathRewrite => rule(filter(rewrite(json!({"path": full()})))),
        F::HTTPRoutePortRedirect => rule(redirect(json!({"port": 81}))),
        F::HTTPRouteQueryParamMatching => rule(query),
        F::HTTPRouteRequestMirror => rule(filter(mirror(json!({})))),
        F::HTTPRouteRequestMultipleMirrors => rule(json!({"filters": [mirror(json!({})), mirror(json!({}))]})),
        F::HTTPRouteRequestPercentageMirror => rule(filter(mirror(json!({"percent": 1})))),
        F::HTTPRouteRequestTimeout => rule(json!({"timeouts": {"request": "1s"}})),
        F::HTTPRouteResponseHeaderModification => {
            rule(filter(json!({"type": "ResponseHeaderModifier", "responseHeaderModifier": {"remove": ["a"]}})))
        }
        F::HTTPRouteRetryCodes => rule(json!({"retry": {"codes": [500]}})),
        F::HTTPRouteRetryConnectionError => rule(json!({"retry": {}})),
        F::HTTPRouteSchemeRedirect => rule(redirect(json!({"scheme": "https"}))),
        F::ListenerSet => {
            let open_to_all = json!({"allowedListeners": {"namespaces": {"from": "All"}}});
            case(edge_and(open_to_all, &[listener_set("shop/s", &[listener("it", 81, "HTTP", json!({}))])]), is_served)
        }
        F::Mesh => mesh("HTTPRoute", "shop", json!({})),
        F::MeshConsumerRoute => mesh("HTTPRoute", "client", json!({})),
        F::MeshHTTPRouteBackendRequestHeaderModification => mesh_rule(on_backend(request_headers())),
        F::MeshHTTPRouteNamedRouteRule => Case { has: has_name, ..mesh_rule(json!({"name": "it"})) },
        F::MeshHTTPRouteQueryParamMatching => mesh_rule(query),
        F::MeshHTTPRouteRedirectPath => mesh_rule(redirect(json!({"path": full()}))),
        F::MeshHTTPRouteRedirectPort => mesh_rule(redirect(json!({"port": 81}))),
        F::MeshHTTPRouteRewritePath => mesh_rule(filter(rewrite(json!({"path": full()})))),
        F::MeshHTTPRouteSchemeRedirect => mesh_rule(redirect(json!({"scheme": "https"}))),
        F::ReferenceGrant => {
            let far = json!({"rules": [{"backendRefs": [{"namespace": "away", "name": "web", "port": 80}]}]});
            let granted = grant("away/g", &["HTTPRoute/shop"], &["Service"]);
            case(vec![service("away/web", &[80]), granted, route("HTTPRoute", far)], has_backend)
        }
        F::TCPRoute => to_listener("TCPRoute", raw("TCP", Value::Null)),
        F::TLSRoute => to_listener("TLSRoute", raw("TLS", json!({"mode": "Passthrough"}))),
        F::TLSRouteModeMixed => {
            let ended =
                listener("ended", 9000, "TLS", json!({"hostname": "b.com", "tls": {"certificateRefs": [{"name": "cert"}]}}));
            case(edge_with(&[raw("TLS", json!({"mode": "Passthrough"})), ended], &[]), is_served)
        }
        F::TLSRouteModeTerminate => to_listener("TLSRoute", raw("TLS", json!({"certificateRefs": [{"name": "cert"}]}))),
        F::UDPRoute => to_listener("UDPRoute", raw("UDP", Value::Null)),
        // Of the tables, and of what is behind addresses.
        F::GatewayHTTPListenerIsolation
        | F::GatewayHTTPSListenerDetectMisdirectedRequests
        | F::GatewayRouteHostnameIntersectionPrecedence
        | F::MeshClusterIPMatching => return None,
        // It takes a fact beside the objects: see the tests of scopes.
        F::GatewayAddressRoutabilityCluster => return None,
        other => panic!("{other} is new: which object uses it?"),
    })
}

#[test]
fn law_12_every_feature() {
    let mut without_objects = BTreeSet::new();
    for feature in Feature::ALL {
        let Some(Case { objects, has }) = of_feature(*feature) else {
            without_objects.insert(*feature);
            continue;
        };
        let everything = Controller { parameter_kinds: [("".into(), "ConfigMap".into())].into(), ..ours() };
        assert!(has(&resolved_by(&everything, &objects)), "{feature}: it cannot be had at all");
        let features = match feature {
            Feature::HTTPRouteParentRefPort | Feature::HTTPRouteDestinationPortMatching => {
                common::without_all(&[Feature::HTTPRouteParentRefPort, Feature::HTTPRouteDestinationPortMatching]).features
            }
            _ => without(*feature).features,
        };
        let less = Controller { features, ..everything };
        assert!(!has(&resolved_by(&less, &objects)), "{feature}: it is had without being declared");
    }
    assert_eq!(without_objects.len(), 5);
}

#[test]
fn law_12_every_ability() {
    let auth = json!({"type": "ExternalAuth", "externalAuth": {"protocol": "HTTP", "http": {}, "backendRef": {"name": "web", "port": 80}}});
    let to = |backend: Value| route("HTTPRoute", json!({"rules": [{"backendRefs": [backend]}]}));
    let x = json!({"group": "gateway.networking.x-k8s.io", "kind": "XBackend", "name": "x"});
    let x_backend = |more: Value| {
        let base = json!({"type": "EndpointSelector", "endpointSelector": {"matchLabels": {"a": "b"}}, "port": {"number": 80}});
        x_object("XBackend", "shop/x", merged(base, more))
    };
    let web = json!([{"group": "", "kind": "Service", "name": "web"}]);
    let traffic = |more: Value| x_object("XBackendTrafficPolicy", "shop/p", merged(json!({"targetRefs": web}), more));
    let import = json!({"apiVersion": "multicluster.x-k8s.io/v1alpha1", "kind": "ServiceImport", "metadata": common::metadata("shop/web"),
        "spec": {"type": "ClusterSetIP", "ports": [{"port": 80}]}});
    let telemetry = x_object(
        "XTelemetryPolicy",
        "infra/p",
        json!({"targetRefs": [{"group": "gateway.networking.k8s.io", "kind": "Gateway", "name": "edge"}], "tracing": {"mode": "Disabled"}}),
    );
    let cookie = json!({"sessionPersistence": {"cookie": {}}});
    let default =
        edge_and(json!({"defaultScope": "All"}), &[object("HTTPRoute", "shop/r", json!({"useDefaultGateways": "All"}))]);
    type Without = fn(&mut Abilities);
    let cases: Vec<(&str, Without, Case)> = vec![
        ("external_auth", |able| able.external_auth = false, rule(filter(auth))),
        ("session_persistence", |able| able.session_persistence = false, rule(cookie.clone())),
        (
            "session_persistence",
            |able| able.session_persistence = false,
            case(vec![x_backend(cookie.clone()), to(x.clone())], has_backend),
        ),
        (
            "session_persistence",
            |able| able.session_persistence = false,
            case(vec![service("shop/web", &[80]), traffic(cookie)], has_policy),
        ),
        ("default_gateways", |able| able.default_gateways = false, case(default, is_attached)),
        ("x_backends", |able| able.x_backends = false, case(vec![x_backend(json!({})), to(x)], has_backend)),
        (
            "retry_budgets",
            |able| able.retry_budgets = false,
            case(vec![service("shop/web", &[80]), traffic(json!({"retryConstraint": {}}))], has_policy),
        ),
        ("telemetry", |able| able.telemetry = false, case(edge_and(json!({}), &[telemetry]), has_policy)),
        (
            "service_imports",
            |able| able.service_imports = false,
            case(
                vec![import, to(json!({"group": "multicluster.x-k8s.io", "kind": "ServiceImport", "name": "web", "port": 80}))],
                has_backend,
            ),
        ),
        (
            "system_ca_certificates",
            |able| able.system_ca_certificates = false,
            under_tls(json!({"wellKnownCACertificates": "System"})),
        ),
    ];
    for (name, less, Case { objects, has }) in &cases {
        assert!(has(&resolved_by(&ours(), objects)), "{name}: it cannot be had at all");
        assert!(!has(&resolved_by(&unable(less), objects)), "{name}: it is had without being there");
        let none = Controller { abilities: Abilities::NONE, ..ours() };
        assert!(!has(&resolved_by(&none, objects)), "{name}");
    }
    // The names in the order of the fields, which `Debug` tells: none is left out.
    let told = format!("{:?}", Abilities::ALL);
    let fields: BTreeSet<&str> =
        told.trim_start_matches("Abilities { ").split(", ").map(|field| field.split(':').next().unwrap()).collect();
    assert_eq!(fields, cases.iter().map(|(name, ..)| *name).collect());
}
