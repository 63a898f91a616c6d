//! One object of every kind, with every field that is read.

use super::*;

pub(super) fn http_route() -> Value {
    json!({
        "apiVersion": API_VERSION, "kind": "HTTPRoute",
        "metadata": {
            "name": "it", "namespace": "here", "generation": 3, "creationTimestamp": "2026-10-29T12:00:00Z",
            "labels": {"a": "b"}, "annotations": {"a": "b"},
        },
        "spec": {
            "parentRefs": [
                {"group": "gateway.networking.k8s.io", "kind": "Gateway", "namespace": "infra", "name": "edge",
                 "sectionName": "web", "port": 8080},
            ],
            "hostnames": ["*.example.com"],
            "rules": [{
                "name": "first",
                "matches": [{
                    "path": {"type": "Exact", "value": "/a"},
                    "headers": [{"type": "Exact", "name": "x-a", "value": "b"}],
                    "queryParams": [{"type": "RegularExpression", "name": "c", "value": "d+"}],
                    "method": "GET",
                }],
                "filters": [
                    request_header_modifier(),
                    {"type": "ResponseHeaderModifier", "responseHeaderModifier": {"remove": ["x-4"]}},
                    {"type": "RequestMirror", "requestMirror": {
                        "backendRef": {"group": "", "kind": "Service", "namespace": "there", "name": "m", "port": 80},
                        "fraction": {"numerator": 1, "denominator": 2}}},
                    {"type": "URLRewrite", "urlRewrite": {
                        "hostname": "b.example", "path": {"type": "ReplaceFullPath", "replaceFullPath": "/x"}}},
                    {"type": "CORS", "cors": {
                        "allowOrigins": ["https://a.example"], "allowCredentials": true, "allowMethods": ["GET"],
                        "allowHeaders": ["x-5"], "exposeHeaders": ["x-6"], "maxAge": 7}},
                    {"type": "ExtensionRef", "extensionRef": {"group": "example.com", "kind": "E", "name": "e"}},
                ],
                "backendRefs": [{
                    "group": "", "kind": "Service", "namespace": "there", "name": "b", "port": 80, "weight": 3,
                    "filters": [{"type": "RequestRedirect", "requestRedirect": {
                        "scheme": "https", "hostname": "c.example", "port": 8443, "statusCode": 301,
                        "path": {"type": "ReplacePrefixMatch", "replacePrefixMatch": "/y"}}}],
                }],
                "timeouts": {"request": "10s", "backendRequest": "2s"},
                "retry": {"codes": [500, 503], "attempts": 3, "backoff": "100ms"},
            }],
        },
    })
}

fn request_header_modifier() -> Value {
    json!({"type": "RequestHeaderModifier", "requestHeaderModifier": {
        "set": [{"name": "x-1", "value": "1"}], "add": [{"name": "x-2", "value": "2"}], "remove": ["x-3"]}})
}

/// The fields of an HTTPRoute that are read and have no effect yet.
pub(super) fn experimental_http_route() -> Value {
    object(
        "HTTPRoute",
        json!({
            "useDefaultGateways": "All",
            "rules": [
                {"sessionPersistence": cookie_session(), "filters": [external_auth("HTTP")]},
                {"sessionPersistence": {"type": "Header", "header": {"name": "x-session"}}, "filters": [external_auth("GRPC")]},
                {"sessionPersistence": {"sessionName": "old", "cookieConfig": {"lifetimeType": "Session"}}},
            ],
        }),
    )
}

pub(super) fn cookie_session() -> Value {
    json!({"type": "Cookie", "absoluteTimeout": "1h", "cookie": {"name": "sid", "path": "/a", "lifetimeType": "Permanent"}})
}

pub(super) fn external_auth(protocol: &str) -> Value {
    let mut auth = json!({
        "protocol": protocol, "backendRef": {"group": "", "kind": "Service", "namespace": "auth", "name": "a", "port": 80},
        "forwardBody": {"maxSize": 1000},
    });
    merge(
        &mut auth,
        match protocol {
            "HTTP" => json!({"http": {"path": "/check", "allowedHeaders": ["x-a"], "allowedResponseHeaders": ["x-b"]}}),
            _ => json!({"grpc": {"allowedHeaders": ["x-a"]}}),
        },
    );
    json!({"type": "ExternalAuth", "externalAuth": auth})
}

pub(super) fn grpc_route() -> Value {
    object(
        "GRPCRoute",
        json!({
            "parentRefs": [{"name": "edge"}], "hostnames": ["a.example"], "useDefaultGateways": "None",
            "rules": [{
                "name": "first",
                "matches": [{
                    "method": {"type": "Exact", "service": "a.b.C", "method": "D"},
                    "headers": [{"type": "RegularExpression", "name": "x-a", "value": "b+"}],
                }],
                "filters": [request_header_modifier()],
                "backendRefs": [{"name": "b", "port": 80, "weight": 3, "filters": [request_header_modifier()]}],
                "sessionPersistence": cookie_session(),
            }],
        }),
    )
}

pub(super) fn l4_route(kind: &str) -> Value {
    let mut spec = json!({
        "parentRefs": [{"name": "edge"}], "useDefaultGateways": "None",
        "rules": [{"name": "only", "backendRefs": [{"name": "b", "port": 80, "weight": 3}]}],
    });
    if kind == "TLSRoute" {
        merge(&mut spec, json!({"hostnames": ["*.a.example"]}));
    }
    object(kind, spec)
}

fn listener() -> Value {
    json!({
        "name": "web", "hostname": "*.example.com", "port": 443, "protocol": "HTTPS",
        "tls": {
            "mode": "Terminate", "options": {"example.com/min": "1.3"},
            "certificateRefs": [{"group": "", "kind": "Secret", "namespace": "certs", "name": "cert"}],
        },
        "allowedRoutes": {
            "kinds": [{"group": "gateway.networking.k8s.io", "kind": "HTTPRoute"}],
            "namespaces": {"from": "Selector", "selector": {
                "matchLabels": {"a": "b"},
                "matchExpressions": [
                    {"key": "c", "operator": "In", "values": ["d"]},
                    {"key": "e", "operator": "NotIn", "values": ["f"]},
                    {"key": "g", "operator": "Exists"},
                    {"key": "h", "operator": "DoesNotExist"},
                ],
            }},
        },
    })
}

pub(super) fn gateway() -> Value {
    object(
        "Gateway",
        json!({
            "gatewayClassName": "any",
            "addresses": [{"type": "Hostname", "value": "gw.example", "routability": "Cluster"}],
            "infrastructure": {
                "labels": {"team": "edge"}, "annotations": {"example.com/a": "b"},
                "parametersRef": {"group": "", "kind": "ConfigMap", "name": "p"},
            },
            "listeners": [listener()],
        }),
    )
}

/// The fields of a Gateway that are read and have no effect yet.
pub(super) fn experimental_gateway() -> Value {
    let validation = json!({
        "caCertificateRefs": [{"group": "", "kind": "ConfigMap", "namespace": "certs", "name": "ca"}],
        "mode": "AllowInsecureFallback",
    });
    object(
        "Gateway",
        json!({
            "gatewayClassName": "any", "defaultScope": "All",
            "allowedListeners": {"namespaces": {"from": "Selector", "selector": {"matchLabels": {"a": "b"}}}},
            "tls": {
                "backend": {"clientCertificateRef": {"group": "", "kind": "Secret", "namespace": "certs", "name": "client"}},
                "frontend": {
                    "default": {"validation": validation},
                    "perPort": [{"port": 8443, "tls": {"validation": validation}}, {"port": 9443, "tls": {}}],
                },
            },
            "listeners": [{
                "name": "web", "port": 80, "protocol": "HTTP",
                "filters": {"requests": [
                    external_auth("HTTP"),
                    {"type": "ExtensionRef", "extensionRef": {"group": "example.com", "kind": "E", "name": "e"}},
                ]},
            }],
        }),
    )
}

pub(super) fn listener_set() -> Value {
    let parent = json!({"group": "gateway.networking.k8s.io", "kind": "Gateway", "namespace": "infra", "name": "edge"});
    object("ListenerSet", json!({"parentRef": parent, "listeners": [listener()]}))
}

pub(super) fn grant() -> Value {
    object(
        "ReferenceGrant",
        json!({"from": [{"group": "g", "kind": "K", "namespace": "n"}], "to": [{"group": "", "kind": "Secret", "name": "s"}]}),
    )
}

pub(super) fn class() -> Value {
    let parameters = json!({"group": "g", "kind": "K", "namespace": "n", "name": "p"});
    let mut class = object("GatewayClass", json!({"controllerName": "a.b/c", "description": "d", "parametersRef": parameters}));
    class["metadata"] = json!({"name": "it"});
    class
}

pub(super) fn mesh() -> Value {
    x(class(), "XMesh")
}

fn x(mut object: Value, kind: &str) -> Value {
    merge(&mut object, json!({"apiVersion": X_API_VERSION, "kind": kind}));
    object
}

pub(super) fn x_object(kind: &str, spec: Value) -> Value {
    x(object(kind, spec), kind)
}

pub(super) fn validation() -> Value {
    json!({
        "caCertificateRefs": [
            {"group": "", "kind": "ConfigMap", "name": "ca"},
            {"group": "certificates.k8s.io", "kind": "ClusterTrustBundle", "name": "all"},
        ],
        "hostname": "a.example",
        "subjectAltNames": [{"type": "Hostname", "hostname": "*.b.example"}, {"type": "URI", "uri": "spiffe://a/b"}],
    })
}

pub(super) fn backend_tls_policy() -> Value {
    object(
        "BackendTLSPolicy",
        json!({
            "targetRefs": [{"group": "", "kind": "Service", "name": "s", "sectionName": "web"}],
            "validation": validation(),
            "options": {"example.com/a": "b"},
        }),
    )
}

pub(super) fn x_backend() -> Value {
    x_object(
        "XBackend",
        json!({
            "type": "EndpointSelector", "endpointSelector": {"matchLabels": {"app": "a"}}, "port": {"number": 443},
            "protocol": "HTTP2", "sessionPersistence": cookie_session(),
            "tls": {
                "mode": "ClientAndServer", "validation": validation(),
                "clientCertificateRef": {"group": "", "kind": "Secret", "namespace": "certs", "name": "client"},
            },
        }),
    )
}

pub(super) fn external_x_backend() -> Value {
    let host = json!({"hostname": "api.example.com"});
    x_object("XBackend", json!({"type": "ExternalHostname", "externalHostname": host, "port": {"port": 80, "name": "web"}}))
}

pub(super) fn x_backend_traffic_policy() -> Value {
    x_object(
        "XBackendTrafficPolicy",
        json!({
            "targetRefs": [{"group": "", "kind": "Service", "name": "s"}],
            "retryConstraint": {
                "budget": {"percent": 30, "interval": "20s"}, "minRetryRate": {"count": 5, "interval": "2s"}},
            "sessionPersistence": cookie_session(),
        }),
    )
}

pub(super) fn x_telemetry_policy() -> Value {
    x_object(
        "XTelemetryPolicy",
        json!({
            "targetRefs": [{"group": "gateway.networking.k8s.io", "kind": "Gateway", "name": "edge"}],
            "tracing": {
                "mode": "Enabled",
                "provider": {
                    "backendRef": {"group": "", "kind": "Service", "namespace": "otel", "name": "collector", "port": 4317},
                    "headers": [{"name": "x-a", "value": "b"}],
                },
                "samplingRate": {"numerator": 1, "denominator": 10},
                "parentBasedSampling": {"mode": "Enabled", "samplingRate": {"numerator": 1, "denominator": 2}},
                "serviceName": "edge", "spanName": "GET /cart",
                "attributes": [
                    {"name": "a", "sourceType": "Header", "headerName": "x-a"},
                    {"name": "b", "sourceType": "Literal", "literalValue": "c d"},
                    {"name": "e", "sourceType": "Attribute", "attributeKey": "http.route"},
                ],
            },
        }),
    )
}

/// Of every kind of the Gateway API.
pub(super) fn objects() -> Vec<Value> {
    Vec::from([
        http_route(),
        experimental_http_route(),
        grpc_route(),
        l4_route("TLSRoute"),
        l4_route("TCPRoute"),
        l4_route("UDPRoute"),
        gateway(),
        experimental_gateway(),
        listener_set(),
        grant(),
        class(),
        mesh(),
        backend_tls_policy(),
        x_backend(),
        external_x_backend(),
        x_backend_traffic_policy(),
        x_telemetry_policy(),
    ])
}
