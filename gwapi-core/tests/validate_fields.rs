//! What the CRDs say of the fields of classes, Gateways, ListenerSets and HTTPRoutes, one row for each limit or rule.

mod rows;

use gwapi_core::validate::{Channel, Operation, Validator};
use rows::*;
use serde_json::{Value, json};

fn class(spec: Value) -> Value {
    object("GatewayClass", with(json!({"controllerName": "example.com/c"}), spec))
}

fn gateway(more: Value) -> Value {
    object("Gateway", with(json!({"gatewayClassName": "c", "listeners": [web(json!({}))]}), more))
}

fn listeners(listeners: Value) -> Value {
    gateway(json!({"listeners": listeners}))
}

fn listener(protocol: &str, more: Value) -> Value {
    listeners(json!([with(json!({"name": "l", "port": 443, "protocol": protocol}), more)]))
}

fn set(listeners: Value) -> Value {
    object("ListenerSet", json!({"parentRef": {"name": "g"}, "listeners": listeners}))
}

fn web(more: Value) -> Value {
    with(json!({"name": "web", "port": 80, "protocol": "HTTP"}), more)
}

fn route(more: Value) -> Value {
    object("HTTPRoute", more)
}

fn rules(rules: Value) -> Value {
    route(json!({"rules": rules}))
}

fn path(kind: &str, value: &str) -> Value {
    rules(json!([{"matches": [{"path": {"type": kind, "value": value}}]}]))
}

fn filters(filters: Value) -> Value {
    rules(json!([{"filters": filters}]))
}

fn cors(cors: Value) -> Value {
    filters(json!([{"type": "CORS", "cors": cors}]))
}

fn set_header(value: &str) -> Value {
    json!({"type": "RequestHeaderModifier", "requestHeaderModifier": {"set": [{"name": "a", "value": value}]}})
}

fn rewrite(path: Value) -> Value {
    json!({"type": "URLRewrite", "urlRewrite": {"path": path}})
}

fn redirect(more: Value) -> Value {
    json!({"type": "RequestRedirect", "requestRedirect": more})
}

fn auth(more: Value) -> Value {
    let auth = with(json!({"backendRef": {"name": "auth", "port": 80}}), more);
    json!({"type": "ExternalAuth", "externalAuth": auth})
}

/// As many as that of something that knows its number.
fn many(count: usize, each: impl Fn(usize) -> Value) -> Value {
    (0..count).map(each).collect()
}

/// A map with as many entries.
fn entries(count: usize) -> Value {
    Value::Object((0..count).map(|number| (format!("k{number}"), json!("v"))).collect())
}

fn headers(count: usize) -> Value {
    many(count, |number| json!({"name": format!("h{number}"), "value": "v"}))
}

#[test]
fn classes() {
    let of = |name: &str| object("GatewayClass", json!({"controllerName": name}));
    both([
        ("A-010", of("example.com/controller"), ""),
        ("A-010", of("example.com/a/b"), ""),
        ("A-010", of("controller"), "spec.controllerName"),
        ("A-010", of("Example.com/controller"), "spec.controllerName"),
        ("A-010", of("example.com/"), "spec.controllerName"),
        ("A-010", of(""), "spec.controllerName"),
        ("A-010", of(&format!("example.com/{}", "a".repeat(242))), "may not be more than 253"),
        ("A-025", class(json!({"description": "d".repeat(64)})), ""),
        ("A-025", class(json!({"description": "d".repeat(65)})), "may not be more than 64"),
        ("A-013", class(json!({"parametersRef": {"group": "", "kind": "ConfigMap", "name": "n", "namespace": "s"}})), ""),
    ]);
    let before = of("example.com/a");
    let after = of("example.com/b");
    let report = Validator::new(Channel::Standard).validate(&after, Operation::Update { before: &before }).unwrap();
    assert!(report.violations[0].to_string().contains("field is immutable"), "A-010");
}

#[test]
fn listeners_of_gateways() {
    let tls = json!({"certificateRefs": [{"name": "c"}]});
    let mode = |protocol: &str, mode: &str| listener(protocol, json!({"tls": with(tls.clone(), json!({"mode": mode}))}));
    let options = |count: usize| listener("HTTPS", json!({"tls": {"options": entries(count)}}));
    both([
        ("B-001", listeners(json!([])), "spec.listeners"),
        ("B-001", listeners(many(64, |number| web(json!({"name": format!("l{number}"), "port": number + 1})))), ""),
        ("B-001", listeners(many(65, |number| web(json!({"name": format!("l{number}"), "port": number + 1})))), "at most 64"),
        ("B-001", listeners(json!([web(json!({})), web(json!({"port": 81}))])), "spec.listeners[1]: Duplicate value"),
        (
            "B-002",
            listeners(json!([web(json!({})), web(json!({"name": "b"}))])),
            "Combination of port, protocol and hostname must be unique",
        ),
        ("B-003", listeners(json!([web(json!({})), web(json!({"name": "b", "hostname": "a.com"}))])), ""),
        ("B-016", listener("example.com/own", json!({})), ""),
        ("B-016", listener("", json!({})), "spec.listeners[0].protocol"),
        ("B-016", listener("example.com/", json!({})), "spec.listeners[0].protocol"),
        ("B-033", listener("HTTP", json!({"tls": tls})), "tls must not be specified for protocols ['HTTP', 'TCP', 'UDP']"),
        ("B-033", listener("UDP", json!({"tls": tls})), "tls must not be specified for protocols ['HTTP', 'TCP', 'UDP']"),
        ("B-033", listener("HTTPS", json!({})), ""),
        ("B-034", listener("TLS", json!({})), "tls mode must be set for protocol TLS"),
        ("B-034", listener("TLS", json!({"tls": tls})), ""),
        ("B-034", listener("HTTPS", json!({"tls": tls})), ""),
        ("B-034", mode("HTTPS", "Passthrough"), "tls mode must be Terminate for protocol HTTPS"),
        ("B-034", mode("TLS", "Passthrough"), ""),
        ("B-036", listener("HTTPS", json!({"tls": {}})), "certificateRefs or options must be specified when mode is Terminate"),
        ("B-036", listener("TLS", json!({"tls": {"mode": "Passthrough"}})), ""),
        ("B-036", options(1), ""),
        ("B-043", options(16), ""),
        ("B-043", options(17), "must have at most 16"),
        ("E-025", listener("TCP", json!({"hostname": "a.com"})), "hostname must not be specified for protocols ['TCP', 'UDP']"),
        ("E-025", listener("UDP", json!({"hostname": "a.com"})), "hostname must not be specified for protocols ['TCP', 'UDP']"),
        ("E-025", listener("TCP", json!({})), ""),
        ("D-009", listener("HTTP", json!({"allowedRoutes": {"kinds": many(9, |_| json!({"kind": "HTTPRoute"}))}})), "at most 8"),
        ("D-003", listener("HTTP", json!({"allowedRoutes": {"namespaces": {"from": "None"}}})), "Unsupported value: \"None\""),
    ]);
}

#[test]
fn the_rest_of_gateways() {
    let validation = |more: Value| json!({"validation": with(json!({"caCertificateRefs": cas(1)}), more)});
    fn cas(count: usize) -> Value {
        many(count, |number| json!({"group": "", "kind": "ConfigMap", "name": format!("ca{number}")}))
    }
    let frontend = |frontend: Value| gateway(json!({"tls": {"frontend": frontend}}));
    let port = |number: u16| json!({"port": number, "tls": {}});
    let addresses = |addresses: Value| gateway(json!({"addresses": addresses}));
    let address = |value: &str| json!({"value": value});
    let infrastructure = |infrastructure: Value| gateway(json!({"infrastructure": infrastructure}));
    both([
        ("B-045", frontend(json!({"default": {}})), ""),
        ("B-045", frontend(json!({"perPort": [port(443)]})), "spec.tls.frontend.default: Required value"),
        ("B-045", frontend(json!({"default": {}, "perPort": [port(443), port(444)]})), ""),
        ("B-045", frontend(json!({"default": {}, "perPort": [port(443), port(443)]})), "Duplicate value"),
        ("B-047", frontend(json!({"default": validation(json!({"mode": "AllowValidOnly"}))})), ""),
        ("B-047", frontend(json!({"default": validation(json!({"mode": "AllowAll"}))})), "Unsupported value"),
        ("B-049", frontend(json!({"default": {"validation": {"caCertificateRefs": []}}})), "at least 1 items"),
        ("B-049", frontend(json!({"default": {"validation": {"caCertificateRefs": cas(16)}}})), ""),
        ("B-049", frontend(json!({"default": {"validation": {"caCertificateRefs": cas(17)}}})), "at most 16"),
        ("B-062", addresses(json!([address("192.0.2.1"), address("2001:db8::1")])), ""),
        ("B-062", addresses(json!([address("192.0.2.0/24")])), "spec.addresses[0].value"),
        ("B-062", addresses(json!([address("192.0.2.1"), address("192.0.2.1")])), "IPAddress values must be unique"),
        ("B-062", addresses(json!([{"type": "Hostname", "value": "a.com"}, {"type": "example.com/own", "value": "x"}])), ""),
        ("B-062", addresses(json!([{"type": "Hostname", "value": "a_b"}])), "Hostname value must be empty or contain only valid"),
        (
            "B-062",
            addresses(json!([{"type": "Hostname", "value": "a.com"}, {"type": "Hostname", "value": "a.com"}])),
            "Hostname values must be unique",
        ),
        ("B-062", addresses(json!([{"type": "Own"}])), "spec.addresses[0].type"),
        ("B-059", addresses(json!([{"type": "Hostname"}, {}])), ""),
        ("B-060", addresses(many(17, |number| address(&format!("192.0.2.{number}")))), "at most 16"),
        ("B-063", infrastructure(json!({"labels": entries(8), "annotations": entries(16)})), ""),
        ("B-063", infrastructure(json!({"labels": entries(9)})), "spec.infrastructure.labels"),
        ("B-063", infrastructure(json!({"annotations": entries(17)})), "spec.infrastructure.annotations"),
        ("B-064", infrastructure(json!({"labels": {"gateway.networking.k8s.io/gateway-name": "other"}})), ""),
        ("C-001", gateway(json!({"allowedListeners": {"namespaces": {"from": "None"}}})), ""),
        ("C-002", gateway(json!({"allowedListeners": {"namespaces": {"from": "Others"}}})), "Unsupported value"),
    ]);
    let scope = |text: &str| addresses(json!([{"routability": text}]));
    let bundle = |more: Value| with(json!({"group": "certificates.k8s.io", "kind": "ClusterTrustBundle", "name": "b"}), more);
    let bundles = |more: Value| frontend(json!({"default": {"validation": {"caCertificateRefs": [bundle(more)]}}}));
    in_channel(
        Channel::Experimental,
        [
            ("B-075", scope(""), ""),
            ("B-075", scope("Cluster"), ""),
            ("B-075", scope("example.com/edge"), ""),
            ("B-081", scope("testing.x-k8s.io/sentinel"), ""),
            ("B-075", scope("Public"), "Routability must be empty, Cluster, or an implementation-specific prefixed path"),
            ("B-075", scope("Example.com/edge"), "Routability must be empty"),
            ("B-075", scope("example.com/"), "Routability must be empty"),
            ("B-075", scope("k8s.io/edge"), "k8s.io and its subdomains are reserved"),
            ("B-075", scope("a.k8s.io/edge"), "k8s.io and its subdomains are reserved"),
            ("B-075", scope(&format!("a.com/{}", "x".repeat(248))), "may not be more than 253"),
            ("B-084", bundles(json!({})), ""),
            ("B-084", bundles(json!({"namespace": "a"})), "ClusterTrustBundle references must not specify namespace"),
        ],
    );
}

#[test]
fn listener_sets() {
    both([
        ("C-029", set(json!([])), "spec.listeners"),
        ("C-029", set(many(64, |number| web(json!({"name": format!("l{number}"), "port": number + 1})))), ""),
        ("C-029", set(many(65, |number| web(json!({"name": format!("l{number}"), "port": number + 1})))), "at most 64"),
        ("C-029", set(json!([web(json!({"tls": {"options": {"a": "b"}}}))])), "tls must not be specified for protocols"),
        ("C-029", set(json!([{"name": "l", "port": 1, "protocol": "TLS"}])), "tls mode must be set for protocol TLS"),
        (
            "C-029",
            set(json!([{"name": "l", "port": 1, "protocol": "TCP", "hostname": "a.com"}])),
            "hostname must not be specified",
        ),
        ("C-029", set(json!([web(json!({})), web(json!({"name": "b"}))])), "Combination of port, protocol and hostname"),
        ("C-006", set(json!([web(json!({})), web(json!({"port": 81}))])), "Duplicate value"),
        ("C-004", object("ListenerSet", json!({"listeners": [web(json!({}))]})), "spec.parentRef: Required value"),
    ]);
    let filters = json!({"requests": [auth(json!({"protocol": "HTTP", "http": {}}))]});
    let tcp = json!({"name": "l", "port": 1, "protocol": "TCP", "filters": filters});
    in_channel(
        Channel::Experimental,
        [
            ("C-032", set(json!([tcp])), ""),
            ("H-079", listeners(json!([tcp])), "filters may only be set when protocol is HTTP or HTTPS"),
        ],
    );
}

#[test]
fn parents_and_hostnames() {
    let parents = |parents: Value| route(json!({"parentRefs": parents}));
    let hostnames = |hostnames: Value| route(json!({"hostnames": hostnames}));
    let again = "when parentRefs includes 2 or more references to the same parent";
    both([
        ("D-019", parents(many(32, |number| json!({"name": format!("g{number}")}))), ""),
        ("D-019", parents(many(33, |number| json!({"name": format!("g{number}")}))), "at most 32"),
        ("D-019", parents(json!([{"name": "g", "sectionName": "a"}, {"name": "g", "sectionName": "b"}])), ""),
        ("D-019", parents(json!([{"name": "g", "sectionName": "a"}, {"name": "g", "sectionName": "a"}])), again),
        ("D-019", parents(json!([{"name": "g", "sectionName": "a"}, {"name": "g"}])), again),
        ("E-001", hostnames(json!(["a.example.com", "*.example.com", "a-b.example"])), ""),
        ("E-001", hostnames(json!(["f*.example.com"])), "spec.hostnames[0]"),
        ("E-001", hostnames(json!(["*oo.example.com"])), "spec.hostnames[0]"),
        ("E-001", hostnames(json!(["*"])), "spec.hostnames[0]"),
        ("E-001", hostnames(json!(["a.*.com"])), "spec.hostnames[0]"),
        ("E-001", hostnames(json!(["Example.com"])), "spec.hostnames[0]"),
        ("E-001", hostnames(json!(["example.com."])), "spec.hostnames[0]"),
        ("E-001", hostnames(json!(["-a.com"])), "spec.hostnames[0]"),
        ("E-002", hostnames(json!(["192.0.2.1"])), ""),
        ("F-022", hostnames(many(17, |number| json!(format!("h{number}.com")))), "at most 16"),
    ]);
    let ports = parents(json!([{"name": "g", "port": 80}, {"name": "g", "port": 81}]));
    in_channel(Channel::Standard, [("D-019", ports.clone(), "sectionName must be unique")]);
    in_channel(Channel::Experimental, [("D-019", ports, "")]);
    let tls = |hostnames: Value| {
        object("TLSRoute", json!({"hostnames": hostnames, "rules": [{"backendRefs": [{"name": "s", "port": 1}]}]}))
    };
    both([
        ("E-002", tls(json!(["192.0.2.1"])), "spec.hostnames"),
        ("E-004", tls(json!([])), "spec.hostnames"),
        ("E-004", tls(json!(["a.com"])), ""),
    ]);
}

#[test]
fn matches() {
    let matched = |matched: Value| rules(json!([{"matches": [matched]}]));
    let counts = |counts: &[usize]| rules(many(counts.len(), |rule| json!({"matches": many(counts[rule], |_| json!({}))})));
    both([
        ("F-002", rules(json!([{}])), ""),
        ("F-009", path("Exact", "/a%20b/~c;d=1:2@$&"), ""),
        ("F-009", path("Exact", "a"), "value must be an absolute path and start with '/'"),
        ("F-009", path("PathPrefix", "/a//b"), "must not contain '//'"),
        ("F-009", path("PathPrefix", "/a/./b"), "must not contain '/./'"),
        ("F-009", path("PathPrefix", "/a/../b"), "must not contain '/../'"),
        ("F-009", path("Exact", "/a%2fb"), "must not contain '%2f'"),
        ("F-009", path("Exact", "/a%2Fb"), "must not contain '%2F'"),
        ("F-009", path("Exact", "/a#b"), "must not contain '#'"),
        ("F-009", path("Exact", "/a/."), "must not end with '/.'"),
        ("F-009", path("Exact", "/a/.."), "must not end with '/..'"),
        ("F-009", path("Exact", "/a b"), "must only contain valid characters"),
        ("F-009", path("Exact", "/a%2"), "must only contain valid characters"),
        ("F-009", path("Exact", &format!("/{}", "a".repeat(1024))), "may not be more than 1024"),
        ("F-007", path("RegularExpression", "a//b#"), ""),
        ("F-018", matched(json!({"method": "get"})), "Unsupported value: \"get\""),
        ("F-018", matched(json!({"method": "PATCH"})), ""),
        ("F-020", path("Suffix", "/a"), "Unsupported value: \"Suffix\""),
        ("F-026", matched(json!({"headers": [{"name": ":authority", "value": "a"}]})), "headers[0].name"),
        ("F-026", matched(json!({"headers": [{"name": "Host", "value": "a"}]})), ""),
        ("F-021", rules(json!([{"name": "a"}, {"name": "b"}, {}, {}])), ""),
        ("F-021", rules(json!([{"name": "a"}, {"name": "a"}])), "Rule name must be unique within the route"),
        ("F-022", rules(json!([])), "spec.rules"),
        ("F-022", counts(&[8; 16]), ""),
        ("F-022", counts(&[1; 17]), "at most 16"),
        ("F-022", counts(&[64, 64]), ""),
        ("F-022", counts(&[65]), "at most 64"),
        ("F-022", counts(&[64, 64, 1]), "the total number of matches across all rules in a route must be less than 128"),
        ("F-022", matched(json!({"headers": headers(16), "queryParams": headers(16)})), ""),
        ("F-022", matched(json!({"headers": headers(17)})), "at most 16"),
        ("F-022", matched(json!({"queryParams": headers(17)})), "at most 16"),
        ("F-022", rules(json!([{"backendRefs": many(17, |_| json!({"name": "s", "port": 1}))}])), "at most 16"),
        ("F-022", filters(many(17, |_| extension())), "at most 16"),
        ("F-012", matched(json!({"headers": [{"name": "a", "value": "1"}, {"name": "a", "value": "2"}]})), "Duplicate value"),
        ("F-012", matched(json!({"headers": [{"name": "a", "value": "1"}, {"name": "A", "value": "2"}]})), ""),
    ]);
}

fn extension() -> Value {
    json!({"type": "ExtensionRef", "extensionRef": {"group": "example.com", "kind": "Own", "name": "n"}})
}

#[test]
fn filters_of_rules() {
    let full = json!({"type": "ReplaceFullPath", "replaceFullPath": "/a"});
    let prefix = json!({"type": "ReplacePrefixMatch", "replacePrefixMatch": "/a"});
    let under = |matches: Value, filter: Value| rules(json!([{"matches": matches, "filters": [filter]}]));
    let prefixed = json!({"path": {"type": "PathPrefix", "value": "/p"}});
    let at_backends = |count: usize| {
        let backend = json!({"name": "s", "port": 1, "filters": [rewrite(prefix.clone())]});
        rules(json!([{"matches": [{"path": {"type": "Exact", "value": "/p"}}], "backendRefs": many(count, |_| backend.clone())}]))
    };
    let mirror = |more: Value| {
        filters(json!([{"type": "RequestMirror", "requestMirror": with(json!({"backendRef": {"name": "s", "port": 1}}), more)}]))
    };
    let host = "f.example.com";
    both([
        ("H-003", filters(json!([redirect(json!({})), rewrite(full.clone())])), "but not both"),
        ("H-003", filters(json!([set_header("v"), rewrite(full.clone()), extension()])), ""),
        ("H-004", filters(json!([set_header("v"), set_header("v")])), "RequestHeaderModifier filter cannot be repeated"),
        ("H-004", filters(json!([redirect(json!({})), redirect(json!({}))])), "RequestRedirect filter cannot be repeated"),
        ("H-004", filters(json!([rewrite(full.clone()), rewrite(full.clone())])), "URLRewrite filter cannot be repeated"),
        ("H-004", filters(json!([extension(), extension()])), ""),
        ("H-007", filters(json!([redirect(json!({"scheme": "ftp"}))])), "Unsupported value: \"ftp\""),
        ("H-007", filters(json!([redirect(json!({"statusCode": 300}))])), "Unsupported value: 300"),
        ("H-007", filters(json!([{"type": "Own"}])), "Unsupported value: \"Own\""),
        ("H-012", filters(json!([{"type": "URLRewrite"}])), "filter.urlRewrite must be specified for URLRewrite filter.type"),
        (
            "H-012",
            filters(json!([with(set_header("v"), json!({"urlRewrite": {}}))])),
            "filter.urlRewrite must be nil if the filter.type is not URLRewrite",
        ),
        ("H-020", filters(json!([headers_filter("add", headers(17))])), "at most 16"),
        ("H-020", filters(json!([headers_filter("remove", many(17, |number| json!(format!("h{number}"))))])), "at most 16"),
        ("H-020", filters(json!([headers_filter("remove", json!(["a\r\nb: c"]))])), ""),
        ("H-020", filters(json!([set_header("")])), "should be at least 1 chars long"),
        ("H-020", filters(json!([set_header(&"v".repeat(4096))])), ""),
        ("H-020", filters(json!([set_header(&"v".repeat(4097))])), "may not be more than 4096"),
        (
            "H-016",
            filters(json!([headers_filter("set", json!([{"name": "a", "value": "1"}, {"name": "a", "value": "2"}]))])),
            "Duplicate",
        ),
        ("H-023", filters(json!([redirect(json!({"hostname": host, "statusCode": 308}))])), ""),
        (
            "H-023",
            rules(json!([{"filters": [redirect(json!({}))], "backendRefs": [{"name": "s", "port": 1}]}])),
            "RequestRedirect filter must not be used together with backendRefs",
        ),
        (
            "H-034",
            rules(json!([{"backendRefs": [{"name": "s", "port": 1, "filters": [redirect(json!({})), rewrite(full.clone())]}]}])),
            "but not both",
        ),
        ("H-034", rules(json!([{"backendRefs": [{"name": "s", "port": 1, "filters": [redirect(json!({}))]}]}])), ""),
        ("H-038", under(json!([prefixed]), rewrite(prefix.clone())), ""),
        ("H-038", under(json!([prefixed, prefixed]), rewrite(prefix.clone())), "exactly one PathPrefix match must be specified"),
        (
            "H-038",
            under(json!([{"path": {"type": "Exact", "value": "/p"}}]), redirect(json!({"path": prefix}))),
            "exactly one PathPrefix match must be specified",
        ),
        ("H-038", at_backends(1), "Within backendRefs, When using URLRewrite filter with path.replacePrefixMatch"),
        ("H-038", at_backends(2), ""),
        ("H-041", filters(json!([rewrite(json!({"type": "ReplaceFullPath"}))])), "replaceFullPath must be specified"),
        ("H-041", filters(json!([rewrite(json!({"type": "ReplacePrefixMatch"}))])), "replacePrefixMatch must be specified"),
        (
            "H-041",
            filters(json!([rewrite(with(full.clone(), json!({"replacePrefixMatch": "/"})))])),
            "type must be 'ReplacePrefixMatch'",
        ),
        (
            "H-041",
            filters(json!([rewrite(with(prefix.clone(), json!({"replaceFullPath": "/"})))])),
            "type must be 'ReplaceFullPath'",
        ),
        ("H-041", filters(json!([rewrite(json!({"type": "ReplaceFullPath", "replaceFullPath": "a".repeat(1025)}))])), "1024"),
        ("H-042", filters(json!([redirect(json!({"hostname": "*.example.com"}))])), "requestRedirect.hostname"),
        ("E-024", filters(json!([{"type": "URLRewrite", "urlRewrite": {"hostname": "*.example.com"}}])), "urlRewrite.hostname"),
        ("H-047", mirror(json!({"percent": 20})), ""),
        ("H-047", mirror(json!({"percent": 101})), "less than or equal to 100"),
        ("H-047", mirror(json!({"fraction": {"numerator": 101}})), "numerator must be less than or equal to denominator"),
        ("H-047", mirror(json!({"percent": 20, "fraction": {"numerator": 1}})), "Only one of percent or fraction"),
        ("H-050", filters(json!([{"type": "RequestMirror", "requestMirror": {"backendRef": {"name": "s"}}}])), "Must have port"),
    ]);
    let injected = filters(json!([set_header("a\r\nb: c")]));
    in_channel(Channel::Standard, [("H-020", injected.clone(), "")]);
    in_channel(Channel::Experimental, [("H-020", injected, "requestHeaderModifier.set[0].value")]);
}

fn headers_filter(list: &str, entries: Value) -> Value {
    json!({"type": "RequestHeaderModifier", "requestHeaderModifier": {list: entries}})
}

#[test]
fn filters_for_cors() {
    let origins = |origins: Value| cors(json!({"allowOrigins": origins}));
    both([
        ("H-056", origins(json!(["*"])), ""),
        ("H-056", origins(json!(["https://a.com", "https://*.a.com:8443", "http://*"])), ""),
        ("H-056", origins(json!(["ftp://a.com"])), "allowOrigins[0]"),
        ("H-056", origins(json!(["https://a.*.com"])), "allowOrigins[0]"),
        ("H-056", origins(json!(["a.com"])), "allowOrigins[0]"),
        ("H-066", origins(json!(["*", "https://a.com"])), "AllowOrigins cannot contain '*' alongside other origins"),
        ("H-066", cors(json!({"allowMethods": ["*", "GET"]})), "AllowMethods cannot contain '*' alongside other methods"),
        ("H-066", cors(json!({"allowHeaders": ["*", "a"]})), "AllowHeaders cannot contain '*' alongside other methods"),
        ("H-063", cors(json!({"exposeHeaders": ["*", "a"]})), ""),
        ("H-066", origins(many(65, |number| json!(format!("https://a{number}.com")))), "at most 64"),
        ("H-066", cors(json!({"allowHeaders": many(65, |number| json!(format!("h{number}")))})), "at most 64"),
        ("H-066", cors(json!({"exposeHeaders": many(65, |number| json!(format!("h{number}")))})), "at most 64"),
        ("H-066", filters(json!([{"type": "CORS", "cors": {}}, {"type": "CORS", "cors": {}}])), "CORS filter cannot be repeated"),
        ("H-059", cors(json!({"allowMethods": ["get"]})), "Unsupported value: \"get\""),
        ("H-064", cors(json!({"maxAge": 1})), ""),
        ("H-064", cors(json!({"maxAge": 0})), "greater than or equal to 1"),
    ]);
}

#[test]
fn filters_that_ask_a_service() {
    let rule = |more: Value| filters(json!([auth(more)]));
    let http = |http: Value| rule(json!({"protocol": "HTTP", "http": http}));
    let of_listener = |filter: Value| listeners(json!([web(json!({"filters": {"requests": [filter]}}))]));
    in_channel(
        Channel::Experimental,
        [
            ("H-078", rule(json!({"protocol": "GRPC", "grpc": {}})), ""),
            ("H-078", rule(json!({"protocol": "GRPC"})), "grpc must be specified when protocol is set to 'GRPC'"),
            ("H-078", rule(json!({"protocol": "HTTP"})), "http must be specified when protocol is set to 'HTTP'"),
            ("H-078", rule(json!({"protocol": "HTTP", "http": {}, "grpc": {}})), "protocol must be 'GRPC' when grpc is set"),
            ("H-078", rule(json!({"protocol": "GRPC", "http": {}, "grpc": {}})), "protocol must be 'HTTP' when http is set"),
            ("H-075", http(json!({"path": "/a%20b"})), ""),
            ("H-075", http(json!({"path": "/a b"})), "http.path"),
            ("H-075", http(json!({"path": format!("/{}", "a".repeat(1024))})), "1024"),
            ("H-076", rule(json!({"protocol": "HTTP", "http": {}, "forwardBody": {"maxSize": 70_000}})), ""),
            ("H-076", rule(json!({"protocol": "HTTP", "http": {}, "forwardBody": {"maxSize": -1}})), "forwardBody.maxSize"),
            ("H-079", of_listener(auth(json!({"protocol": "HTTP", "http": {}}))), ""),
            ("H-079", of_listener(extension()), ""),
            ("H-079", of_listener(json!({"type": "CORS"})), "Unsupported value: \"CORS\""),
            ("H-079", of_listener(json!({"type": "ExternalAuth"})), "filter.externalAuth must be specified"),
            ("H-079", listeners(json!([web(json!({"filters": {"requests": many(17, |_| extension())}}))])), "at most 16"),
        ],
    );
}
