//! The rules of the CRDs that chapter R of the requirements lists, one row for each side of a limit or rule.

mod rows;

use gwapi_core::validate::{Channel, Operation, Validator};
use rows::*;
use serde_json::{Value, json};

fn x_object(kind: &str, spec: Value) -> Value {
    json!({"apiVersion": "gateway.networking.x-k8s.io/v1alpha1", "kind": kind, "metadata": {"name": "n"}, "spec": spec})
}

fn many(count: usize, each: impl Fn(usize) -> Value) -> Value {
    (0..count).map(each).collect()
}

fn gateway(more: Value) -> Value {
    let listener = json!({"name": "web", "port": 80, "protocol": "HTTP"});
    object("Gateway", with(json!({"gatewayClassName": "c", "listeners": [listener]}), more))
}

fn listeners(listeners: Value) -> Value {
    gateway(json!({"listeners": listeners}))
}

/// A Gateway and a ListenerSet with these listeners: both have the same rules.
fn in_both(id: &'static str, of: Value, expected: &'static str) -> [Row; 2] {
    let set = object("ListenerSet", json!({"parentRef": {"name": "g"}, "listeners": of}));
    [(id, listeners(of), expected), (id, set, expected)]
}

fn rule(kind: &str, rule: Value) -> Value {
    object(kind, json!({"rules": [rule]}))
}

fn filter(filter: Value) -> Value {
    rule("HTTPRoute", json!({"filters": [filter]}))
}

fn to(name: &str) -> Value {
    json!({"name": name, "port": 80})
}

#[test]
fn r_001_the_name_of_a_controller_stays() {
    let validator = Validator::new(Channel::Experimental);
    for of in [|spec: Value| object("GatewayClass", spec), |spec: Value| x_object("XMesh", spec)] {
        let named = |name: &str, description: &str| of(json!({"controllerName": name, "description": description}));
        let said = |after: &Value| {
            let before = named("example.com/a", "one");
            let report = validator.validate(after, Operation::Update { before: &before }).unwrap();
            report.violations.iter().map(ToString::to_string).collect::<Vec<_>>()
        };
        assert_eq!(said(&named("example.com/a", "two")), [""; 0]);
        assert!(said(&named("example.com/b", "one"))[0].contains("field is immutable"));
    }
}

#[test]
fn r_002_to_r_008_listeners() {
    let one = |protocol: &str, more: Value| json!([with(json!({"name": "l", "port": 443, "protocol": protocol}), more)]);
    let two = |a: Value, b: Value| {
        let base = |name: &str| json!({"name": name, "port": 80, "protocol": "HTTP"});
        json!([with(base("a"), a), with(base("b"), b)])
    };
    let refs = json!([{"name": "cert"}]);
    let tls = |mode: &str| json!({"tls": {"mode": mode, "certificateRefs": refs}});
    let unique = "Combination of port, protocol and hostname must be unique";
    let no_tls = "tls must not be specified for protocols ['HTTP', 'TCP', 'UDP']";
    let no_hostname = "hostname must not be specified for protocols ['TCP', 'UDP']";
    let rows = [
        ("R-002", two(json!({"name": "b"}), json!({"port": 81})), "Duplicate value"),
        ("R-002", two(json!({}), json!({"port": 81})), ""),
        ("R-003", two(json!({}), json!({})), unique),
        ("R-003", two(json!({"hostname": "a.com"}), json!({"hostname": "a.com"})), unique),
        ("R-003", two(json!({"hostname": "a.com"}), json!({"hostname": "b.com"})), ""),
        ("R-003", two(json!({}), json!({"hostname": "a.com"})), ""),
        ("R-003", two(json!({"protocol": "TCP"}), json!({"protocol": "UDP"})), ""),
        ("R-004", one("HTTP", json!({"tls": {"certificateRefs": refs}})), no_tls),
        ("R-004", one("TCP", json!({"tls": {"certificateRefs": refs}})), no_tls),
        ("R-004", one("UDP", json!({"tls": {"certificateRefs": refs}})), no_tls),
        ("R-005", one("HTTPS", tls("Terminate")), ""),
        ("R-005", one("HTTPS", tls("Passthrough")), "tls mode must be Terminate for protocol HTTPS"),
        ("R-005", one("HTTPS", json!({})), ""),
        ("R-006", one("TLS", json!({})), "tls mode must be set for protocol TLS"),
        ("R-006", one("TLS", tls("Passthrough")), ""),
        ("R-007", one("TCP", json!({"hostname": "a.com"})), no_hostname),
        ("R-007", one("UDP", json!({"hostname": "a.com"})), no_hostname),
        ("R-007", one("HTTP", json!({"hostname": "a.com"})), ""),
        ("R-008", one("HTTPS", json!({"tls": {"mode": "Terminate"}})), "certificateRefs or options must be specified"),
        ("R-008", one("HTTPS", json!({"tls": {"options": {"example.com/a": "b"}}})), ""),
        // keys of options are anything.
        ("R-012", one("HTTPS", json!({"tls": {"options": {"a b": "c", "": "d"}}})), ""),
    ];
    for (id, of, expected) in rows {
        both(in_both(id, of, expected));
    }
}

#[test]
fn r_009_to_r_013_addresses_infrastructure_and_client_certificates() {
    let addresses = |of: Value| gateway(json!({"addresses": of}));
    let address = |kind: &str, value: &str| json!({"type": kind, "value": value});
    let labels = |key: &str| gateway(json!({"infrastructure": {"labels": {key: "v"}}}));
    let annotations = |key: &str| gateway(json!({"infrastructure": {"annotations": {key: "v"}}}));
    let entries = |count: usize| Value::Object((0..count).map(|number| (format!("k{number}"), json!("v"))).collect());
    let authority = |name: &str| json!({"group": "", "kind": "ConfigMap", "name": name});
    let port = |number: usize| json!({"port": number, "tls": {"validation": {"caCertificateRefs": [authority("ca")]}}});
    let frontend = |more: Value| gateway(json!({"tls": {"frontend": with(json!({"default": {}}), more)}}));
    let refs = |count: usize| {
        frontend(
            json!({"default": {"validation": {"caCertificateRefs": many(count, |number| authority(&format!("ca{number}")))}}}),
        )
    };
    let mode = |mode: &str| frontend(json!({"default": {"validation": {"mode": mode, "caCertificateRefs": [authority("ca")]}}}));
    let long = "a.".repeat(126);
    both([
        ("R-009", addresses(many(16, |number| address("IPAddress", &format!("192.0.2.{number}")))), ""),
        ("R-009", addresses(many(17, |number| address("IPAddress", &format!("192.0.2.{number}")))), "at most 16"),
        (
            "R-009",
            addresses(json!([address("IPAddress", "::1"), address("IPAddress", "::1")])),
            "IPAddress values must be unique",
        ),
        ("R-009", addresses(json!([address("Hostname", "a.b"), address("Hostname", "a.b")])), "Hostname values must be unique"),
        ("R-009", addresses(json!([address("IPAddress", "a.b")])), "spec.addresses[0].value"),
        ("R-009", addresses(json!([address("Hostname", "*.a.b")])), ""),
        ("R-009", addresses(json!([address("Hostname", "")])), "Hostname value must be empty or contain only valid"),
        ("R-009", addresses(json!([{}, {"type": "Hostname"}])), ""),
        // the pattern is not anchored, so that the controller has to compare.
        ("R-010", addresses(json!([address("xIPAddressy", "1")])), ""),
        ("R-011", gateway(json!({"infrastructure": {"labels": entries(8), "annotations": entries(16)}})), ""),
        ("R-011", gateway(json!({"infrastructure": {"labels": entries(9)}})), "infrastructure.labels"),
        ("R-011", gateway(json!({"infrastructure": {"annotations": entries(17)}})), "infrastructure.annotations"),
        ("R-011", labels("example.com/a"), ""),
        ("R-011", labels("a b"), "Label keys must be in the form"),
        ("R-011", annotations("Example.com/a"), "Annotation keys must be in the form"),
        ("R-011", labels(&format!("{long}a/k")), "must be a DNS subdomain not longer than 253 characters"),
        ("R-013", frontend(json!({"perPort": [port(443), port(8443)]})), ""),
        ("R-013", frontend(json!({"perPort": [port(443), port(443)]})), "Duplicate value"),
        ("R-013", frontend(json!({"perPort": many(65, |number| port(number + 1))})), "at most 64"),
        ("R-013", frontend(json!({"perPort": [port(65_536)]})), "less than or equal to 65535"),
        ("R-013", frontend(json!({"perPort": [port(0)]})), "greater than or equal to 1"),
        ("R-013", refs(0), "at least 1 items"),
        ("R-013", refs(16), ""),
        ("R-013", refs(17), "at most 16"),
        ("R-013", mode("AllowInsecureFallback"), ""),
        ("R-013", mode("AllowAll"), "Unsupported value"),
    ]);
}

#[test]
fn r_014_several_references_to_one_parent() {
    let parents = |parents: Value| object("GRPCRoute", json!({"parentRefs": parents}));
    let sections = json!([{"name": "g", "sectionName": "a"}, {"name": "g", "sectionName": "b"}]);
    both([
        ("R-014", parents(many(32, |number| json!({"name": format!("g{number}")}))), ""),
        ("R-014", parents(many(33, |number| json!({"name": format!("g{number}")}))), "at most 32"),
        ("R-014", parents(sections), ""),
        (
            "R-014",
            parents(json!([{"name": "g", "sectionName": "a"}, {"name": "g"}])),
            "must be specified when parentRefs includes",
        ),
        ("R-014", parents(json!([{"name": "g"}, {"name": "g"}])), "must be unique when parentRefs includes"),
        ("R-014", parents(json!([{"name": "g"}, {"name": "g", "namespace": "other"}, {"name": "g", "kind": "ListenerSet"}])), ""),
    ]);
    let ports = json!([{"name": "g", "port": 80}, {"name": "g", "port": 81}]);
    in_channel(Channel::Standard, [("R-014", parents(ports.clone()), "sectionName must be unique")]);
    in_channel(Channel::Experimental, [("R-014", parents(ports), "")]);
}

#[test]
fn r_015_and_r_027_backends() {
    let service = json!({"name": "s"});
    let other = json!({"group": "example.com", "kind": "Bucket", "name": "b"});
    let weight = |weight: i64| with(to("s"), json!({"weight": weight}));
    let port = |port: u32| json!({"name": "s", "port": port});
    for kind in ["HTTPRoute", "GRPCRoute", "TLSRoute", "TCPRoute", "UDPRoute"] {
        let of = |backend: &Value| {
            let mut route = rule(kind, json!({"backendRefs": [backend]}));
            if kind == "TLSRoute" {
                route["spec"]["hostnames"] = json!(["a.com"]);
            }
            route
        };
        both([
            ("R-015", of(&service), "Must have port for Service reference"),
            ("R-015", of(&to("s")), ""),
            ("R-015", of(&other), ""),
            ("R-027", of(&weight(0)), ""),
            ("R-027", of(&weight(1_000_000)), ""),
            ("R-027", of(&weight(1_000_001)), "less than or equal to 1000000"),
            ("R-027", of(&weight(-1)), "greater than or equal to 0"),
            ("R-044", of(&port(65_535)), ""),
            ("R-044", of(&port(65_536)), "less than or equal to 65535"),
        ]);
        let x = |more: Value| of(&with(json!({"group": "gateway.networking.x-k8s.io", "kind": "XBackend", "name": "x"}), more));
        in_channel(
            Channel::Experimental,
            [("R-051", x(json!({})), ""), ("R-051", x(json!({"port": 80})), "Must not have port for Backend reference")],
        );
    }
    let mirror = |backend: Value| filter(json!({"type": "RequestMirror", "requestMirror": {"backendRef": backend}}));
    both([("R-015", mirror(service), "Must have port for Service reference"), ("R-015", mirror(other), "")]);
    let x = json!({"group": "gateway.networking.x-k8s.io", "kind": "XBackend", "name": "x", "port": 80});
    let auth = json!({"type": "ExternalAuth", "externalAuth": {"protocol": "HTTP", "http": {}, "backendRef": x}});
    let requests = json!({"requests": [auth]});
    let telemetry = json!({"mode": "Enabled", "provider": {"backendRef": x}});
    in_channel(
        Channel::Experimental,
        [
            ("R-051", mirror(x), "Must not have port for Backend reference"),
            ("R-051", filter(auth), "Must not have port for Backend reference"),
            (
                "R-051",
                listeners(json!([{"name": "l", "port": 80, "protocol": "HTTP", "filters": requests}])),
                "Must not have port for Backend reference",
            ),
            ("R-051", telemetry_policy(telemetry), "Must not have port for Backend reference"),
        ],
    );
}

#[test]
fn r_016_to_r_018_rules_matches_and_redirects() {
    let rules = |kind: &str, counts: &[usize]| {
        object(kind, json!({"rules": many(counts.len(), |rule| json!({"matches": many(counts[rule], |_| json!({}))}))}))
    };
    let path = |kind: &str, value: &str| rule("HTTPRoute", json!({"matches": [{"path": {"type": kind, "value": value}}]}));
    let total = "the total number of matches across all rules in a route must be less than 128";
    for kind in ["HTTPRoute", "GRPCRoute"] {
        both([
            ("R-016", rules(kind, &[1; 16]), ""),
            ("R-016", rules(kind, &[1; 17]), "at most 16"),
            ("R-016", rules(kind, &[64, 64]), ""),
            ("R-016", rules(kind, &[65]), "at most 64"),
            ("R-016", rules(kind, &[64, 64, 1]), total),
        ]);
    }
    let redirect = json!({"type": "RequestRedirect", "requestRedirect": {"hostname": "a.com"}});
    let redirected = |more: Value| rule("HTTPRoute", with(json!({"filters": [redirect]}), more));
    both([
        ("R-016", object("HTTPRoute", json!({"rules": []})), "at least 1 items"),
        ("R-016", object("GRPCRoute", json!({"rules": []})), ""),
        ("R-017", path("PathPrefix", "/a/../b"), "must not contain '/../'"),
        ("R-017", path("Exact", "a"), "must be an absolute path"),
        ("R-017", path("RegularExpression", "a/../b"), ""),
        ("R-018", redirected(json!({})), ""),
        (
            "R-018",
            redirected(json!({"backendRefs": [to("s")]})),
            "RequestRedirect filter must not be used together with backendRefs",
        ),
    ]);
}

#[test]
fn r_019_to_r_026_filters_and_timeouts() {
    let rewrite = |path: Value| json!({"type": "URLRewrite", "urlRewrite": {"path": path}});
    let redirect = |more: Value| json!({"type": "RequestRedirect", "requestRedirect": more});
    let timeouts = |timeouts: Value| rule("HTTPRoute", json!({"timeouts": timeouts}));
    let cors = |cors: Value| filter(json!({"type": "CORS", "cors": cors}));
    let mirror =
        |more: Value| filter(json!({"type": "RequestMirror", "requestMirror": with(json!({"backendRef": to("s")}), more)}));
    let prefix = json!({"type": "ReplacePrefixMatch", "replacePrefixMatch": "/a"});
    let full = json!({"type": "ReplaceFullPath", "replaceFullPath": "/a"});
    let twice = |one: Value| rule("HTTPRoute", json!({"filters": [one, one]}));
    let exact = json!([{"path": {"type": "Exact", "value": "/p"}}]);
    let kinds = ["RequestHeaderModifier", "ResponseHeaderModifier", "RequestMirror", "ExtensionRef"];
    for kind in kinds.into_iter().chain(["RequestRedirect", "URLRewrite", "CORS"]) {
        both([("R-021", filter(json!({"type": kind})), "must be specified for")]);
    }
    for kind in kinds {
        both([("R-021", rule("GRPCRoute", json!({"filters": [{"type": kind}]})), "must be specified for")]);
    }
    both([
        ("R-019", rule("HTTPRoute", json!({"filters": [rewrite(prefix.clone())]})), ""),
        (
            "R-019",
            rule("HTTPRoute", json!({"matches": exact, "filters": [rewrite(prefix.clone())]})),
            "exactly one PathPrefix match must be specified",
        ),
        ("R-020", rule("HTTPRoute", json!({"filters": [redirect(json!({})), rewrite(full.clone())]})), "but not both"),
        ("R-020", twice(redirect(json!({}))), "RequestRedirect filter cannot be repeated"),
        ("R-020", twice(rewrite(full.clone())), "URLRewrite filter cannot be repeated"),
        ("R-020", twice(json!({"type": "CORS", "cors": {}})), "CORS filter cannot be repeated"),
        ("R-021", filter(with(redirect(json!({})), json!({"cors": {}}))), "filter.cors must be nil"),
        ("R-021", rule("GRPCRoute", json!({"filters": [{"type": "RequestRedirect"}]})), "Unsupported value"),
        ("R-022", filter(rewrite(json!({"type": "ReplaceFullPath"}))), "replaceFullPath must be specified"),
        ("R-022", filter(rewrite(json!({"type": "ReplacePrefixMatch"}))), "replacePrefixMatch must be specified"),
        ("R-022", filter(rewrite(with(full.clone(), json!({"replacePrefixMatch": "/"})))), "type must be 'ReplacePrefixMatch'"),
        (
            "R-022",
            filter(redirect(json!({"path": with(prefix, json!({"replaceFullPath": "/"}))}))),
            "type must be 'ReplaceFullPath'",
        ),
        ("R-022", filter(redirect(json!({"path": full}))), ""),
        ("R-023", mirror(json!({"percent": 1, "fraction": {"numerator": 1}})), "Only one of percent or fraction"),
        ("R-023", mirror(json!({"fraction": {"numerator": 100}})), ""),
        ("R-023", mirror(json!({"fraction": {"numerator": 101}})), "numerator must be less than or equal to denominator"),
        ("R-023", mirror(json!({"fraction": {"numerator": 0, "denominator": 0}})), "greater than or equal to 1"),
        ("R-023", mirror(json!({"percent": 101})), "less than or equal to 100"),
        ("R-024", timeouts(json!({"request": "1s", "backendRequest": "1s"})), ""),
        (
            "R-024",
            timeouts(json!({"request": "1s", "backendRequest": "1001ms"})),
            "backendRequest timeout cannot be longer than request",
        ),
        ("R-024", timeouts(json!({"request": "0s", "backendRequest": "1h"})), ""),
        ("R-025", cors(json!({"allowOrigins": ["*"], "allowMethods": ["*"], "allowHeaders": ["*"]})), ""),
        ("R-025", cors(json!({"allowOrigins": ["*", "https://a.com"]})), "AllowOrigins cannot contain '*'"),
        ("R-025", cors(json!({"allowMethods": ["*", "GET"]})), "AllowMethods cannot contain '*'"),
        ("R-025", cors(json!({"allowHeaders": ["*", "a"]})), "AllowHeaders cannot contain '*'"),
        ("R-025", cors(json!({"allowOrigins": ["a.com"]})), "allowOrigins[0]"),
        ("R-025", cors(json!({"allowOrigins": ["https://a.com", "https://a.com"]})), "Duplicate value"),
        ("R-025", cors(json!({"maxAge": 0})), "greater than or equal to 1"),
        // five digits are five digits.
        ("R-046", cors(json!({"allowOrigins": ["https://a.com:99999"]})), ""),
        ("R-026", filter(redirect(json!({"scheme": "ws"}))), "Unsupported value"),
        ("R-026", filter(redirect(json!({"statusCode": 304}))), "Unsupported value"),
        ("R-026", filter(redirect(json!({"port": 65_536}))), "less than or equal to 65535"),
    ]);
}

#[test]
fn r_028_to_r_030_and_r_036_matches_and_names() {
    let matched = |matched: Value| rule("HTTPRoute", json!({"matches": [matched]}));
    let header = |name: &str, value: &str| matched(json!({"headers": [{"name": name, "value": value}]}));
    let query = |name: &str, value: &str| matched(json!({"queryParams": [{"name": name, "value": value}]}));
    let method = |method: Value| rule("GRPCRoute", json!({"matches": [{"method": method}]}));
    let grpc_header = |value: &str| rule("GRPCRoute", json!({"matches": [{"headers": [{"name": "a", "value": value}]}]}));
    let names = |kind: &str, a: &str, b: &str| object(kind, json!({"rules": [{"name": a}, {"name": b}, {}, {}]}));
    both([
        ("R-028", header("a b", "v"), "headers[0].name"),
        ("R-028", header(&"a".repeat(257), "v"), "may not be more than 256"),
        ("R-028", header("a", &"v".repeat(4096)), ""),
        ("R-028", header("a", &"v".repeat(4097)), "may not be more than 4096"),
        ("R-028", query("a b", "v"), "queryParams[0].name"),
        ("R-028", query("a", &"v".repeat(1024)), ""),
        ("R-028", query("a", &"v".repeat(1025)), "may not be more than 1024"),
        ("R-029", matched(json!({"queryParams": [{"name": "a", "value": "1"}, {"name": "a", "value": "2"}]})), "Duplicate value"),
        ("R-029", matched(json!({"headers": [{"name": "a", "value": "1"}, {"name": "A", "value": "2"}]})), ""),
        ("R-030", method(json!({"type": "Exact"})), "One or both of 'service' or 'method' must be specified"),
        ("R-030", method(json!({"type": "RegularExpression", "service": ""})), ""),
        ("R-030", method(json!({"service": "a.B_c", "method": "D_1"})), ""),
        ("R-030", method(json!({"service": "a/b"})), "service must only contain valid characters"),
        ("R-030", method(json!({"method": "a.b"})), "method must only contain valid characters"),
        ("R-030", method(json!({"type": "RegularExpression", "method": "a.b"})), ""),
        ("R-036", names("HTTPRoute", "a", "a"), "Rule name must be unique within the route"),
        ("R-036", names("GRPCRoute", "a", "a"), "Rule name must be unique within the route"),
        ("R-036", names("GRPCRoute", "a", "b"), ""),
        ("R-036", names("HTTPRoute", "A", "b"), "spec.rules[0].name"),
    ]);
    let tabbed = header("a", "one\ttwo\u{7f}");
    in_channel(Channel::Standard, [("R-028", tabbed.clone(), "")]);
    in_channel(Channel::Experimental, [("R-028", tabbed, "headers[0].value"), ("R-028", grpc_header("\u{7f}"), "")]);
}

/// L-015, M-011: what is one rule and has hostnames.
#[test]
fn r_031_and_r_032_hostnames_and_the_rules_of_l4() {
    let tls = |hostnames: Value| object("TLSRoute", json!({"hostnames": hostnames, "rules": [{"backendRefs": [to("s")]}]}));
    both([
        ("R-031", tls(many(1024, |number| json!(format!("h{number}.com")))), ""),
        ("R-031", tls(many(1025, |number| json!(format!("h{number}.com")))), "at most 1024"),
        ("R-031", tls(json!([])), "at least 1 items"),
        ("R-031", tls(json!(["192.0.2.1"])), "Hostnames cannot contain an IP"),
        ("R-031", tls(json!(["*.a.com"])), ""),
        ("R-031", tls(json!(["a.*.com"])), "spec.hostnames"),
    ]);
    for kind in ["TLSRoute", "TCPRoute", "UDPRoute"] {
        let rules = |rules: Value| {
            let hostnames = if kind == "TLSRoute" { json!({"hostnames": ["a.com"]}) } else { json!({}) };
            object(kind, with(hostnames, json!({"rules": rules})))
        };
        let backends = |count: usize| json!([{"backendRefs": many(count, |_| to("s"))}]);
        both([
            ("R-031", rules(json!([])), "at least 1 items"),
            ("R-031", rules(json!([{"backendRefs": [to("s")]}, {"backendRefs": [to("s")]}])), "at most 1 items"),
            ("R-031", rules(backends(0)), "at least 1 items"),
            ("R-031", rules(backends(16)), ""),
            ("R-031", rules(backends(17)), "at most 16"),
        ]);
    }
    for kind in ["HTTPRoute", "GRPCRoute"] {
        let hostnames = |hostnames: Value| object(kind, json!({"hostnames": hostnames}));
        both([
            ("R-032", hostnames(many(16, |number| json!(format!("h{number}.com")))), ""),
            ("R-032", hostnames(many(17, |number| json!(format!("h{number}.com")))), "at most 16"),
            ("R-032", hostnames(json!(["192.0.2.1"])), ""),
            ("R-032", hostnames(json!(["a_b.com"])), "spec.hostnames[0]"),
        ]);
    }
}

fn backend_tls(targets: Value, validation: Value) -> Value {
    let validation = with(json!({"hostname": "a.com"}), validation);
    object("BackendTLSPolicy", json!({"targetRefs": targets, "validation": validation}))
}

fn target(name: &str, more: Value) -> Value {
    with(json!({"group": "", "kind": "Service", "name": name}), more)
}

#[test]
fn r_033_r_034_and_r_045_policies_for_tls_to_backends() {
    let of = |validation: Value| backend_tls(json!([target("s", json!({}))]), validation);
    let targets = |targets: Value| backend_tls(targets, json!({"wellKnownCACertificates": "System"}));
    let authority = |number: usize| json!({"group": "", "kind": "ConfigMap", "name": format!("ca{number}")});
    let named = |more: Value| of(with(json!({"wellKnownCACertificates": "System"}), more));
    let san = |san: Value| named(json!({"subjectAltNames": [san]}));
    let section = |name: &str| json!({"sectionName": name});
    let mut optional = named(json!({}));
    optional["spec"]["options"] = json!({"a b": "c"});
    both([
        ("R-033", of(json!({"caCertificateRefs": many(8, authority)})), ""),
        ("R-033", of(json!({"caCertificateRefs": many(9, authority)})), "at most 8"),
        ("R-033", targets(json!([])), "at least 1 items"),
        ("R-033", targets(many(16, |number| target(&format!("s{number}"), json!({})))), ""),
        ("R-033", targets(many(17, |number| target(&format!("s{number}"), json!({})))), "at most 16"),
        ("R-033", targets(json!([target("s", section("a")), target("s", section("b"))])), ""),
        ("R-033", targets(json!([target("s", section("a")), target("s", section("a"))])), "sectionName must be unique"),
        ("R-033", targets(json!([target("s", section("a")), target("s", json!({}))])), "sectionName must be specified"),
        ("R-033", named(json!({"hostname": "*.a.com"})), "validation.hostname"),
        ("R-033", named(json!({"hostname": ""})), "validation.hostname"),
        ("R-033", named(json!({"subjectAltNames": many(6, |_| json!({"type": "Hostname", "hostname": "a.com"}))})), "at most 5"),
        ("R-033", san(json!({"type": "Hostname", "hostname": "*.a.com"})), ""),
        ("R-033", san(json!({"type": "Hostname"})), "must contain Hostname, if Type is set to Hostname"),
        ("R-033", san(json!({"type": "URI", "uri": "spiffe://a/b", "hostname": "a.com"})), "must not contain Hostname"),
        ("R-033", san(json!({"type": "URI"})), "must contain URI, if Type is set to URI"),
        ("R-033", san(json!({"type": "Hostname", "hostname": "a.com", "uri": "spiffe://a/b"})), "must not contain URI"),
        ("R-045", san(json!({"type": "URI", "uri": "spiffe://a/b"})), ""),
        ("R-045", san(json!({"type": "URI", "uri": "urn:a:b"})), "subjectAltNames[0].uri"),
        ("R-045", san(json!({"type": "URI", "uri": format!("spiffe://{}", "a".repeat(245))})), "may not be more than 253"),
        ("R-034", of(json!({"wellKnownCACertificates": "example.com/own"})), ""),
        ("R-034", of(json!({"wellKnownCACertificates": "Mozilla"})), "wellKnownCACertificates"),
        ("R-012", optional, ""),
    ]);
    let neither = of(json!({}));
    let each = of(json!({"caCertificateRefs": [authority(0)], "wellKnownCACertificates": "System"}));
    let empty = of(json!({"caCertificateRefs": [], "wellKnownCACertificates": "System"}));
    in_channel(
        Channel::Standard,
        [
            ("R-033", neither.clone(), "must specify either CACertificateRefs or WellKnownCACertificates"),
            ("R-033", each.clone(), "must not contain both CACertificateRefs and WellKnownCACertificates"),
            ("N-007", empty.clone(), ""),
        ],
    );
    in_channel(
        Channel::Experimental,
        [
            ("R-033", neither, "exactly one of the fields in [caCertificateRefs wellKnownCACertificates] must be set"),
            ("R-033", each, "exactly one of the fields in [caCertificateRefs wellKnownCACertificates] must be set"),
            ("N-007", empty, "caCertificateRefs"),
        ],
    );
}

#[test]
fn r_035_and_r_044_grants_and_names() {
    let from =
        |number: usize| json!({"group": "gateway.networking.k8s.io", "kind": "HTTPRoute", "namespace": format!("n{number}")});
    let to = |number: usize| json!({"group": "", "kind": "Service", "name": format!("s{number}")});
    let grant = |from: Value, to: Value| object("ReferenceGrant", json!({"from": from, "to": to}));
    let named = |more: Value| grant(json!([with(from(0), more)]), json!([to(0)]));
    both([
        ("R-035", grant(many(16, from), many(16, to)), ""),
        ("R-035", grant(json!([]), many(1, to)), "at least 1 items"),
        ("R-035", grant(many(1, from), json!([])), "at least 1 items"),
        ("R-035", grant(many(17, from), many(1, to)), "at most 16"),
        ("R-035", grant(many(1, from), many(17, to)), "at most 16"),
        ("R-035", grant(many(1, from), json!([{"group": "", "kind": "Service"}])), ""),
        ("R-044", named(json!({"kind": "k".repeat(63)})), ""),
        ("R-044", named(json!({"kind": "k".repeat(64)})), "may not be more than 63"),
        ("R-044", named(json!({"kind": "-k"})), "from[0].kind"),
        ("R-044", named(json!({"group": ""})), ""),
        ("R-044", named(json!({"group": "a_b"})), "from[0].group"),
        ("R-044", named(json!({"group": "g".repeat(254)})), "may not be more than 253"),
        ("R-044", named(json!({"namespace": "n".repeat(63)})), ""),
        ("R-044", named(json!({"namespace": "n".repeat(64)})), "may not be more than 63"),
        ("R-044", named(json!({"namespace": "a.b"})), "from[0].namespace"),
        ("R-044", object("HTTPRoute", json!({"parentRefs": [{"name": ""}]})), "at least 1 chars"),
        ("R-044", object("HTTPRoute", json!({"parentRefs": [{"name": "g".repeat(254)}]})), "may not be more than 253"),
        ("R-044", object("HTTPRoute", json!({"parentRefs": [{"name": "g", "sectionName": "a.b"}]})), ""),
        ("R-044", object("HTTPRoute", json!({"parentRefs": [{"name": "g", "sectionName": "A"}]})), "sectionName"),
        ("R-044", object("HTTPRoute", json!({"parentRefs": [{"name": "g", "port": 0}]})), "greater than or equal to 1"),
    ]);
}

#[test]
fn r_037_and_r_038_retries_and_sessions() {
    let retry = |retry: Value| rule("HTTPRoute", json!({"retry": retry}));
    let timeout = |text: &str| rule("HTTPRoute", json!({"timeouts": {"request": text}}));
    both([
        ("R-037", retry(json!({"attempts": 0, "codes": [400, 599], "backoff": "100ms"})), ""),
        ("R-037", retry(json!({"attempts": -1})), "greater than or equal to 0"),
        ("R-037", retry(json!({"codes": [399]})), "greater than or equal to 400"),
        ("R-037", retry(json!({"codes": [600]})), "less than or equal to 599"),
        ("R-037", retry(json!({"codes": [500, 500]})), "Duplicate value"),
        ("R-037", retry(json!({"backoff": "1d"})), "retry.backoff"),
        ("J-001", timeout("10s30m1h"), ""),
        ("J-001", timeout("1h30m10s20ms50h"), "timeouts.request"),
    ]);
    let session = |session: Value| rule("GRPCRoute", json!({"sessionPersistence": session}));
    let cookie = |cookie: Value| session(json!({"cookie": cookie}));
    in_channel(
        Channel::Experimental,
        [
            ("R-038", session(json!({})), "cookie must be specified for Cookie type"),
            ("R-038", cookie(json!({})), ""),
            ("R-038", session(json!({"type": "Header"})), "header must be specified for Header type"),
            ("R-038", session(json!({"type": "Header", "header": {"name": "x-session"}})), ""),
            (
                "R-038",
                session(json!({"type": "Header", "header": {"name": "x-session"}, "cookie": {}})),
                "cookie must be nil if type is not Cookie",
            ),
            (
                "R-038",
                session(json!({"type": "Cookie", "header": {"name": "x-session"}, "cookie": {}})),
                "header must be nil if type is not Header",
            ),
            ("R-038", cookie(json!({"lifetimeType": "Permanent"})), "AbsoluteTimeout must be specified"),
            ("R-038", session(json!({"cookie": {"lifetimeType": "Permanent"}, "absoluteTimeout": "1h"})), ""),
            ("R-038", cookie(json!({"name": "a;b"})), "cookie.name"),
            ("R-038", cookie(json!({"name": "a".repeat(257)})), "may not be more than 256"),
            ("R-038", cookie(json!({"path": format!("/{}", "a".repeat(1024))})), "may not be more than 1024"),
        ],
    );
}

#[test]
fn r_039_and_r_048_filters_that_ask_a_service() {
    let auth = |more: Value| {
        let backend = json!({"name": "s", "port": 80});
        json!({"type": "ExternalAuth", "externalAuth": with(json!({"backendRef": backend}), more)})
    };
    let http = json!({"protocol": "HTTP", "http": {}});
    let own = json!({"type": "ExtensionRef", "extensionRef": {"group": "example.com", "kind": "Own", "name": "n"}});
    let of_listener = |protocol: &str, requests: Value| {
        listeners(json!([{"name": "l", "port": 80, "protocol": protocol, "filters": {"requests": requests}}]))
    };
    let body = |size: i64| with(http.clone(), json!({"forwardBody": {"maxSize": size}}));
    let places = [
        |filter: Value| self::filter(filter),
        |filter: Value| listeners(json!([{"name": "l", "port": 80, "protocol": "HTTP", "filters": {"requests": [filter]}}])),
    ];
    for of in places {
        in_channel(
            Channel::Experimental,
            [
                ("R-039", of(auth(http.clone())), ""),
                ("R-039", of(auth(json!({"protocol": "GRPC", "grpc": {}}))), ""),
                ("R-039", of(auth(json!({"protocol": "GRPC"}))), "grpc must be specified when protocol is set to 'GRPC'"),
                ("R-039", of(auth(json!({"protocol": "HTTP"}))), "http must be specified when protocol is set to 'HTTP'"),
                ("R-039", of(auth(with(http.clone(), json!({"grpc": {}})))), "protocol must be 'GRPC' when grpc is set"),
                ("R-039", of(json!({"type": "ExternalAuth"})), "filter.externalAuth must be specified"),
                ("R-039", of(auth(body(0))), ""),
                ("R-039", of(auth(body(-1))), "greater than or equal to 0"),
                ("R-039", of(auth(body(1 << 31))), "maxSize"),
            ],
        );
    }
    in_channel(
        Channel::Experimental,
        [
            ("R-048", of_listener("HTTP", json!(vec![own.clone(); 16])), ""),
            ("R-048", of_listener("HTTP", json!(vec![own.clone(); 17])), "at most 16"),
            ("R-048", of_listener("HTTP", json!([with(own.clone(), json!({"type": "CORS"}))])), "Unsupported value: \"CORS\""),
            ("R-048", of_listener("HTTP", json!([{"type": "ExtensionRef"}])), "filter.extensionRef must be specified"),
            ("R-048", of_listener("HTTP", json!([with(own.clone(), auth(http.clone()))])), "filter.extensionRef must be nil"),
            ("R-048", of_listener("TCP", json!([own])), "filters may only be set when protocol is HTTP or HTTPS"),
        ],
    );
    // A filter that only the experimental channel has is of no known type in the other.
    in_channel(Channel::Standard, [("R-021", filter(json!({"type": "ExternalAuth"})), "Unsupported value: \"ExternalAuth\"")]);
}

#[test]
fn r_040_x_backends() {
    let x = |more: Value| {
        let base = json!({"type": "EndpointSelector", "endpointSelector": {"matchLabels": {"app": "a"}}, "port": {"number": 80}});
        x_object("XBackend", with(base, more))
    };
    let external = |hostname: &str, more: Value| {
        let base = json!({"type": "ExternalHostname", "externalHostname": {"hostname": hostname}, "port": {"number": 443}});
        x_object("XBackend", with(base, more))
    };
    let system = json!({"hostname": "a.com", "wellKnownCACertificates": "System"});
    let tls = |mode: &str| json!({"mode": mode, "validation": system});
    let labels = |labels: Value| x(json!({"endpointSelector": {"matchLabels": labels}}));
    let entries = |count: usize| Value::Object((0..count).map(|number| (format!("k{number}"), json!("v"))).collect());
    let client = json!({"mode": "ClientAndServer", "validation": system, "clientCertificateRef": {"name": "c"}});
    in_channel(
        Channel::Experimental,
        [
            ("R-040", x(json!({})), ""),
            ("R-040", x(json!({"externalHostname": {"hostname": "a.com"}})), "externalHostname must be set when type is"),
            (
                "R-040",
                x_object("XBackend", json!({"type": "EndpointSelector", "port": {"number": 1}})),
                "endpointSelector must be set",
            ),
            ("R-040", external("api.example.com", json!({})), ""),
            ("R-040", external("web.shop.svc.cluster.local", json!({})), "must not be an IP address or end with .cluster.local"),
            ("R-040", external("*.example.com", json!({})), "externalHostname.hostname"),
            ("R-040", x(json!({"port": {"number": 0}})), "greater than or equal to 1"),
            ("R-040", x(json!({"port": {"number": 65_536}})), "less than or equal to 65535"),
            ("R-040", x(json!({"tls": client})), ""),
            ("R-040", x(json!({"tls": tls("ClientAndServer")})), "clientCertificateRef must be set if and only if"),
            (
                "R-040",
                x(json!({"tls": with(client, json!({"mode": "ServerOnly"}))})),
                "clientCertificateRef must be set if and only if",
            ),
            ("R-040", x(json!({"tls": {"mode": "ServerOnly"}})), "validation must be set if and only if"),
            ("R-040", x(json!({"tls": tls("None")})), "validation must be set if and only if"),
            (
                "R-040",
                x(json!({"tls": {"mode": "ServerOnly", "validation": {"hostname": "a.com"}}})),
                "exactly one of the fields",
            ),
            ("R-040", x(json!({"protocol": "H2C"})), ""),
            ("R-040", x(json!({"protocol": "H2C", "tls": tls("ServerOnly")})), "tls must be disabled when protocol is H2C"),
            ("R-040", x(json!({"protocol": "HTTP2"})), "tls must be enabled when protocol is HTTP2"),
            ("R-040", x(json!({"protocol": "HTTP2", "tls": tls("ServerOnly")})), ""),
            ("R-040", x(json!({"protocol": "WSS"})), "tls must be enabled when protocol is WSS"),
            ("P-013", x(json!({"protocol": "HTTP3"})), "Unsupported value"),
            ("R-040", labels(entries(64)), ""),
            ("R-040", labels(entries(65)), "matchLabels"),
            ("R-040", labels(json!({})), "matchLabels"),
            ("R-040", labels(json!({"a b": "c"})), "Label keys must be in the form"),
            ("R-040", x(json!({"sessionPersistence": {"cookie": {}}})), ""),
            (
                "R-040",
                external("a.com", json!({"sessionPersistence": {"cookie": {}}})),
                "sessionPersistence can only be set when type is EndpointSelector",
            ),
        ],
    );
}

#[test]
fn r_041_traffic_policies() {
    let of = |constraint: Value| {
        x_object("XBackendTrafficPolicy", json!({"targetRefs": [target("s", json!({}))], "retryConstraint": constraint}))
    };
    let budget = |budget: Value| of(json!({"budget": budget}));
    let rate = |rate: Value| of(json!({"minRetryRate": rate}));
    let targets = |targets: Value| x_object("XBackendTrafficPolicy", json!({"targetRefs": targets}));
    in_channel(
        Channel::Experimental,
        [
            ("R-041", of(json!({})), ""),
            ("R-041", budget(json!({"percent": 0, "interval": "1s"})), ""),
            ("R-041", budget(json!({"percent": 100, "interval": "1h"})), ""),
            ("R-041", budget(json!({"percent": 101})), "less than or equal to 100"),
            ("R-041", budget(json!({"interval": "999ms"})), "interval cannot be greater than one hour or less than one second"),
            ("R-041", budget(json!({"interval": "61m"})), "interval cannot be greater than one hour or less than one second"),
            ("R-041", rate(json!({"count": 1, "interval": "1ms"})), ""),
            ("R-041", rate(json!({"count": 0})), "greater than or equal to 1"),
            ("R-041", rate(json!({"count": 1_000_001})), "less than or equal to 1000000"),
            ("R-041", rate(json!({"interval": "0s"})), "interval cannot be greater than one hour"),
            ("R-041", rate(json!({"interval": "61m"})), "interval cannot be greater than one hour"),
            ("P-019", targets(json!([])), "at least 1 items"),
            ("P-019", targets(many(17, |number| target(&format!("s{number}"), json!({})))), "at most 16"),
            ("P-019", targets(json!([target("s", json!({})), target("s", json!({}))])), "Duplicate value"),
        ],
    );
}

#[test]
fn r_049_and_r_050_routability_and_bundles() {
    let scope = |text: &str| gateway(json!({"addresses": [{"routability": text}]}));
    let bundle = |more: Value| with(json!({"group": "certificates.k8s.io", "kind": "ClusterTrustBundle", "name": "b"}), more);
    let validation = |more: Value| json!({"validation": {"caCertificateRefs": [bundle(more)]}});
    let by_default = |more: Value| gateway(json!({"tls": {"frontend": {"default": validation(more)}}}));
    let by_port =
        |more: Value| gateway(json!({"tls": {"frontend": {"default": {}, "perPort": [{"port": 443, "tls": validation(more)}]}}}));
    let reserved = "k8s.io and its subdomains are reserved";
    let alone = "ClusterTrustBundle references must not specify namespace";
    in_channel(
        Channel::Experimental,
        [
            ("R-049", scope(""), ""),
            ("R-049", scope("Cluster"), ""),
            ("R-049", scope("example.com/edge"), ""),
            ("R-049", scope("Node"), "Routability must be empty, Cluster, or an implementation-specific prefixed path"),
            ("R-049", scope("k8s.io/a"), reserved),
            ("R-049", scope("a.k8s.io/a"), reserved),
            ("R-049", scope(&format!("a.com/{}", "b".repeat(248))), "may not be more than 253"),
            ("R-050", by_default(json!({})), ""),
            ("R-050", by_port(json!({})), ""),
            ("R-050", by_default(json!({"namespace": "n"})), alone),
            ("R-050", by_port(json!({"namespace": "n"})), alone),
        ],
    );
}

fn telemetry_policy(tracing: Value) -> Value {
    let target = json!({"group": "gateway.networking.k8s.io", "kind": "Gateway", "name": "g"});
    x_object("XTelemetryPolicy", json!({"targetRefs": [target], "tracing": tracing}))
}

#[test]
fn r_052_telemetry_policies() {
    let enabled = |more: Value| {
        telemetry_policy(with(json!({"mode": "Enabled", "provider": {"backendRef": {"name": "otel", "port": 4317}}}), more))
    };
    let disabled = |more: Value| telemetry_policy(with(json!({"mode": "Disabled"}), more));
    let attribute = |more: Value| enabled(json!({"attributes": [with(json!({"name": "a"}), more)]}));
    let targets = |count: usize| {
        let target =
            |number: usize| json!({"group": "gateway.networking.k8s.io", "kind": "Gateway", "name": format!("g{number}")});
        x_object("XTelemetryPolicy", json!({"targetRefs": many(count, target), "tracing": {}}))
    };
    let untraced = x_object("XTelemetryPolicy", json!({"targetRefs": [target("g", json!({}))]}));
    let header = json!({"sourceType": "Header", "headerName": "x-a"});
    in_channel(
        Channel::Experimental,
        [
            ("R-052", untraced, "at least one of the fields in [tracing] must be set"),
            ("R-052", enabled(json!({})), ""),
            ("R-052", telemetry_policy(json!({"mode": "Enabled"})), "provider is required when mode is Enabled"),
            ("R-052", disabled(json!({})), ""),
            ("R-052", disabled(json!({"provider": {"backendRef": to("otel")}})), "provider is required when mode is Enabled"),
            ("R-052", disabled(json!({"samplingRate": {"numerator": 1}})), "samplingRate can only be set when mode is Enabled"),
            ("R-052", disabled(json!({"parentBasedSampling": {}})), "parentBasedSampling can only be set when mode is Enabled"),
            ("R-052", disabled(json!({"serviceName": "a"})), "serviceName can only be set when mode is Enabled"),
            ("R-052", disabled(json!({"spanName": "a"})), "spanName can only be set when mode is Enabled"),
            ("R-052", disabled(json!({"attributes": []})), "attributes can only be set when mode is Enabled"),
            (
                "R-052",
                enabled(json!({"samplingRate": {"numerator": 101}})),
                "numerator must be less than or equal to denominator",
            ),
            (
                "P-041",
                enabled(json!({"parentBasedSampling": {"mode": "Disabled", "samplingRate": {"numerator": 1}}})),
                "samplingRate can only be set when mode is Enabled",
            ),
            ("R-052", attribute(header.clone()), ""),
            ("R-052", attribute(json!({"sourceType": "Header"})), "headerName is required when sourceType is Header"),
            ("R-052", attribute(with(header.clone(), json!({"literalValue": "v"}))), "must be empty otherwise"),
            ("R-052", attribute(json!({"sourceType": "Literal", "literalValue": "v"})), ""),
            ("R-052", attribute(json!({"sourceType": "Attribute", "attributeKey": "url.path"})), ""),
            ("R-052", attribute(json!({"sourceType": "Attribute", "attributeKey": "%REQ(a)%"})), "attributeKey"),
            ("R-052", attribute(with(header.clone(), json!({"name": "a b"}))), "attributes[0].name"),
            (
                "P-042",
                enabled(json!({"attributes": [with(header.clone(), json!({"name": "a"})), with(header, json!({"name": "a"}))]})),
                "Duplicate value",
            ),
            ("R-052", targets(0), "at least 1 items"),
            ("R-052", targets(16), ""),
            ("R-052", targets(17), "at most 16"),
        ],
    );
}

/// Fields that only the experimental channel has are not there behind standard CRDs, whatever a manifest says.
#[test]
fn p_032_standard_crds_drop_what_is_experimental() {
    let [standard, experimental] = Channel::ALL.map(Validator::new);
    for (object, paths) in [
        (object("HTTPRoute", json!({"useDefaultGateways": "All"})), &["spec.useDefaultGateways"][..]),
        (
            gateway(json!({"defaultScope": "All", "addresses": [{"routability": "Cluster"}]})),
            &["spec.addresses[0].routability", "spec.defaultScope"],
        ),
        (rule("HTTPRoute", json!({"sessionPersistence": {"cookie": {}}})), &["spec.rules[0].sessionPersistence"]),
    ] {
        let pruned = |validator: &Validator| {
            let report = validator.validate(&object, Operation::Create).unwrap();
            assert!(report.is_valid(), "{:?}", report.violations);
            let mut paths: Vec<_> = report.pruned.into_iter().map(|pruned| pruned.path).collect();
            paths.sort();
            paths
        };
        assert_eq!(pruned(&standard), paths);
        assert_eq!(pruned(&experimental), [""; 0]);
    }
}
