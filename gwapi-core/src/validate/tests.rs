use alloc::{
    format,
    string::{String, ToString},
    vec,
    vec::Vec,
};

use serde_json::{Value, json};

use super::{Channel, Fault, Operation, Report, Validator, text_form};

fn route(spec: Value) -> Value {
    json!({"apiVersion": "gateway.networking.k8s.io/v1", "kind": "HTTPRoute", "metadata": {"name": "r"}, "spec": spec})
}

fn gateway(spec: Value) -> Value {
    json!({"apiVersion": "gateway.networking.k8s.io/v1", "kind": "Gateway", "metadata": {"name": "g"}, "spec": spec})
}

fn created(object: &Value) -> Report {
    Validator::new(Channel::Standard).validate(object, Operation::Create).unwrap()
}

fn said(report: &Report) -> Vec<String> {
    report.violations.iter().map(ToString::to_string).collect()
}

/// What the server says of an HTTPRoute.
fn of_route(spec: Value) -> Vec<String> {
    said(&created(&route(spec)))
}

fn updated(before: Value, after: Value) -> Vec<String> {
    let validator = Validator::new(Channel::Standard);
    said(&validator.validate(&after, Operation::Update { before: &before }).unwrap())
}

#[test]
fn the_checked_in_text_is_understood() {
    assert_eq!(text_form::problems(text_form::CRDS), Vec::<String>::new());
}

#[test]
fn what_is_not_understood_of_a_text_is_named() {
    let problems = text_form::problems(
        " kind K g namespaced v1\n  .spec object\n   rule self.frobnicate()\n   colour red\n   .a = nowhere\n",
    );
    let problems = problems.join("\n");
    for part in ["frobnicate", "colour red", "= nowhere"] {
        assert!(problems.contains(part), "{problems}");
    }
}

#[test]
fn each_channel_serves_its_kinds_and_versions() {
    let [standard, experimental] = Channel::ALL.map(Validator::new);
    let (v1, x) = ("gateway.networking.k8s.io/v1", "gateway.networking.x-k8s.io/v1alpha1");
    for kind in ["GatewayClass", "Gateway", "HTTPRoute", "GRPCRoute", "TLSRoute", "TCPRoute", "UDPRoute", "ReferenceGrant"] {
        assert!(standard.serves(v1, kind) && experimental.serves(v1, kind), "{kind}");
    }
    for kind in ["XBackend", "XBackendTrafficPolicy", "XMesh", "XTelemetryPolicy"] {
        assert!(!standard.serves(x, kind) && experimental.serves(x, kind), "{kind}");
    }
    assert!(!standard.serves("gateway.networking.k8s.io/v1alpha2", "TLSRoute"));
    assert!(experimental.serves("gateway.networking.k8s.io/v1alpha2", "TLSRoute"));
    assert!(standard.has_kind("gateway.networking.k8s.io/v1alpha2", "TLSRoute"));
    assert_eq!(standard.validate(&json!({"kind": "Gateway"}), Operation::Create), None);
}

#[test]
fn types_sizes_and_forms_have_the_words_of_the_server() {
    let long = "a".repeat(254);
    let many: Vec<String> = (0..17).map(|number| format!("h{number}.example.com")).collect();
    for (spec, expected) in [
        (
            json!({"hostnames": "a"}),
            r#"spec.hostnames: Invalid value: "string": spec.hostnames in body must be of type array: "string""#,
        ),
        (
            json!({"hostnames": [null]}),
            r#"spec.hostnames[0]: Invalid value: "null": spec.hostnames[0] in body must be of type string: "null""#,
        ),
        (json!({"hostnames": [long]}), "spec.hostnames[0]: Too long: may not be more than 253 bytes"),
        (json!({"hostnames": many}), "spec.hostnames: Too many: 17: must have at most 16 items"),
        (
            json!({"hostnames": [""]}),
            r#"spec.hostnames[0]: Invalid value: "": spec.hostnames[0] in body should be at least 1 chars long"#,
        ),
        (json!({"parentRefs": [{}]}), "spec.parentRefs[0].name: Required value"),
        (
            json!({"parentRefs": [{"name": "g", "port": 0}]}),
            "spec.parentRefs[0].port: Invalid value: 0: spec.parentRefs[0].port in body should be greater than or equal to 1",
        ),
        (
            json!({"rules": [{"matches": [{"method": "get"}]}]}),
            r#"spec.rules[0].matches[0].method: Unsupported value: "get": supported values: "GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH""#,
        ),
        (
            json!({"rules": [{"timeouts": {"request": "1d"}}]}),
            r#"spec.rules[0].timeouts.request: Invalid value: "1d": spec.rules[0].timeouts.request in body should match '^([0-9]{1,5}(h|m|s|ms)){1,4}$'"#,
        ),
        (
            json!({"rules": [{"matches": [{"headers": [{"name": "a", "value": "1"}, {"name": "a", "value": "2"}]}]}]}),
            r#"spec.rules[0].matches[0].headers[1]: Duplicate value: {"name":"a"}"#,
        ),
        (json!({"rules": [{"retry": {"codes": [500, 500]}}]}), "spec.rules[0].retry.codes[1]: Duplicate value: 500"),
        (
            json!({"rules": [{"name": "a"}, {"name": "a"}]}),
            "spec.rules: Invalid value: Rule name must be unique within the route",
        ),
    ] {
        assert!(of_route(spec.clone()).iter().any(|line| line == expected), "{:#?}", of_route(spec));
    }
}

#[test]
fn rules_wait_until_types_and_sizes_are_right() {
    let twice = json!([{"name": "a"}, {"name": "a"}]);
    assert_eq!(of_route(json!({"rules": twice, "hostnames": 1})).len(), 1);
    // A wrong form does not keep them from being asked.
    assert_eq!(of_route(json!({"rules": twice, "hostnames": ["_"]})).len(), 2);
}

#[test]
fn nulls_count_as_absent_and_defaults_fill_in() {
    assert_eq!(of_route(json!({"hostnames": null, "rules": [{"matches": null}]})), Vec::<String>::new());
    // The kind is Service unless something else is said, and that needs a port.
    let rules = |reference: Value| json!({"rules": [{"backendRefs": [reference]}]});
    assert_eq!(
        of_route(rules(json!({"name": "s", "kind": null})))[0],
        "spec.rules[0].backendRefs[0]: Invalid value: Must have port for Service reference"
    );
    assert_eq!(of_route(rules(json!({"name": "s", "kind": "Other", "group": "example.com"}))), Vec::<String>::new());
}

#[test]
fn unknown_fields_are_pruned_with_what_was_probably_meant() {
    let report = created(&route(json!({"hostname": ["a"], "rules": [{"match": [], "filters": [{"x": 1}]}]})));
    let pruned: Vec<(&str, Option<&str>)> =
        report.pruned.iter().map(|pruned| (pruned.path.as_str(), pruned.nearest.as_deref())).collect();
    assert_eq!(
        pruned,
        [("spec.hostname", Some("hostnames")), ("spec.rules[0].filters[0].x", None), ("spec.rules[0].match", Some("matches"))]
    );
    // Of the other channel too.
    let filters = json!({"rules": [{"sessionPersistence": {"type": "Cookie"}}]});
    assert_eq!(created(&route(filters.clone())).pruned[0].path, "spec.rules[0].sessionPersistence");
    let experimental = Validator::new(Channel::Experimental);
    assert_eq!(experimental.validate(&route(filters), Operation::Create).unwrap().pruned, []);
}

#[test]
fn a_whole_number_with_a_point_passes_the_schema_and_no_rule() {
    let mirror = |numerator: Value| {
        json!({"rules": [{"filters": [{"type": "RequestMirror", "requestMirror": {
            "backendRef": {"name": "s", "port": 80}, "fraction": {"numerator": numerator}}}]}]})
    };
    assert_eq!(of_route(mirror(json!(1))), Vec::<String>::new());
    let expected = "spec.rules[0].filters[0].requestMirror.fraction: Invalid value: \"object\": invalid data, expected int, got float64 \
                    evaluating rule: numerator must be less than or equal to denominator";
    assert_eq!(of_route(mirror(json!(1.0))), [expected]);
}

#[test]
fn a_whole_number_with_a_point_is_one_of_those_that_are_allowed() {
    let redirect =
        |status: Value| json!({"rules": [{"filters": [{"type": "RequestRedirect", "requestRedirect": {"statusCode": status}}]}]});
    assert_eq!(of_route(redirect(json!(308.0))), Vec::<String>::new());
    assert!(of_route(redirect(json!(309.0)))[0].contains("Unsupported value: 309.0"));
}

#[test]
fn a_rule_without_an_answer_is_broken() {
    // Neither certificates nor options: the rule asks for both without looking whether they are there.
    let listeners = json!([{"name": "a", "port": 443, "protocol": "HTTPS", "tls": {"mode": "Terminate"}}]);
    let report = created(&gateway(json!({"gatewayClassName": "c", "listeners": listeners})));
    assert_eq!(report.violations[0].fault, Fault::RuleError);
    assert!(
        said(&report)[0].starts_with("spec.listeners[0].tls: Invalid value: \"object\": no such key: "),
        "{:?}",
        said(&report)
    );
}

#[test]
fn addresses_are_like_one_alternative() {
    let address = |value: Value| {
        gateway(
            json!({"gatewayClassName": "c", "listeners": [{"name": "a", "port": 80, "protocol": "HTTP"}], "addresses": [value]}),
        )
    };
    for good in [json!({"value": "1.2.3.4"}), json!({"value": "::1"}), json!({}), json!({"type": "NamedAddress", "value": "x"})] {
        assert_eq!(said(&created(&address(good.clone()))), Vec::<String>::new(), "{good}");
    }
    let report = created(&address(json!({"value": "1.2.3"})));
    let places: Vec<(Fault, &str)> =
        report.violations.iter().map(|violation| (violation.fault, violation.path.as_str())).collect();
    let value = "spec.addresses[0].value";
    assert_eq!(places, [(Fault::Alternatives, "spec.addresses[0]"), (Fault::Alternatives, value), (Fault::Format, value)]);
}

#[test]
fn metadata_has_rules_of_its_own() {
    for (metadata, expected) in [
        (json!({}), "metadata.name: Required value: name or generateName is required"),
        (json!({"name": "A"}), "metadata.name: Invalid value: \"A\": a lowercase RFC 1123 subdomain"),
        (json!({"name": "a", "namespace": "a.b"}), "metadata.namespace: Invalid value: \"a.b\": a lowercase RFC 1123 label"),
        (json!({"name": "a", "labels": {"a/b/c": ""}}), "metadata.labels: Invalid value: \"a/b/c\""),
        (json!({"name": "a", "labels": {"a": "-"}}), "metadata.labels: Invalid value: \"-\""),
        (json!({"name": "a", "labels": {"a": 1}}), "metadata.labels[a]: Invalid value: 1: must be of type string"),
        (json!({"name": "a", "annotations": {"/": ""}}), "metadata.annotations: Invalid value: \"/\""),
        (json!({"name": "a", "annotations": {"a": "x".repeat(262_144)}}), "metadata.annotations: Too long"),
        (json!({"name": "a", "finalizers": [" "]}), "metadata.finalizers: Invalid value: \" \""),
        (
            json!({"name": "a", "ownerReferences": [{"apiVersion": "v1", "kind": "A", "name": "a"}]}),
            "metadata.ownerReferences.uid: ",
        ),
        (json!({"name": "a", "creationTimestamp": "yesterday"}), "metadata.creationTimestamp: Invalid value"),
        (json!([]), "metadata: Invalid value: []: must be of type object"),
    ] {
        let mut object = route(json!({}));
        object["metadata"] = metadata;
        let said = said(&created(&object));
        assert!(said.len() == 1 && said[0].starts_with(expected), "{expected}: {said:?}");
    }
    for metadata in [
        json!({"generateName": "a-"}),
        json!({"name": "a.b", "namespace": null, "labels": null, "annotations": {"A.b/c": "any thing"}, "unknown": 1}),
        json!({"name": "a", "creationTimestamp": null, "uid": "x", "resourceVersion": "1", "managedFields": [{"manager": "kubectl"}]}),
    ] {
        let mut object = route(json!({}));
        object["metadata"] = metadata;
        assert_eq!(said(&created(&object)), Vec::<String>::new());
    }
}

// ---- updates ----

#[test]
fn what_must_not_change_is_named() {
    let class = |name: &str, controller: &str| json!({"apiVersion": "gateway.networking.k8s.io/v1", "kind": "GatewayClass", "metadata": {"name": name}, "spec": {"controllerName": controller}});
    assert_eq!(updated(class("a", "example.com/a"), class("a", "example.com/a")), Vec::<String>::new());
    assert_eq!(
        updated(class("a", "example.com/a"), class("b", "example.com/b")),
        [
            "metadata.name: Invalid value: \"b\": field is immutable",
            "spec.controllerName: Invalid value: \"example.com/b\": field is immutable"
        ]
    );
}

#[test]
fn what_was_wrong_and_did_not_change_is_tolerated() {
    let before = route(json!({"hostnames": ["_"], "rules": [{"name": "a"}, {"name": "a"}]}));
    let mut after = before.clone();
    after["metadata"]["labels"] = json!({"a": "b"});
    assert_eq!(updated(before.clone(), after.clone()), Vec::<String>::new());
    // The rules are looked at again once one of them changes, the hostnames are not.
    after["spec"]["rules"][0]["timeouts"] = json!({"request": "1s"});
    assert_eq!(updated(before.clone(), after.clone()), ["spec.rules: Invalid value: Rule name must be unique within the route"]);
    after["spec"]["hostnames"] = json!(["_", "a"]);
    assert_eq!(updated(before, after).len(), 2);
}

#[test]
fn entries_of_a_map_list_belong_together_by_name() {
    let listener = |name: &str, hostname: &str| json!({"name": name, "port": 80, "protocol": "HTTP", "hostname": hostname});
    let with = |listeners: Value| gateway(json!({"gatewayClassName": "c", "listeners": listeners}));
    let before = with(json!([listener("a", "_"), listener("b", "b")]));
    assert_eq!(updated(before.clone(), with(json!([listener("c", "c"), listener("a", "_")]))), Vec::<String>::new());
    assert_eq!(updated(before, with(json!([listener("d", "_")]))).len(), 1);
}

#[test]
fn duplicates_may_stay_as_long_as_there_are_some() {
    let codes = |codes: Value| route(json!({"rules": [{"retry": {"codes": codes}}]}));
    assert_eq!(updated(codes(json!([500, 500])), codes(json!([500, 500, 501, 501]))), Vec::<String>::new());
    assert_eq!(updated(codes(json!([500])), codes(json!([500, 500]))).len(), 1);
}

// ---- limits ----

#[test]
fn law_2_hostile_objects_have_an_answer() {
    let deep = (0..100).fold(json!("x"), |inner, level| if level % 2 == 0 { json!([inner]) } else { json!({"a": inner}) });
    let wide: Vec<Value> =
        (0..50_000).map(|number| json!({"name": format!("l{number}"), "port": 80, "protocol": "HTTP"})).collect();
    for spec in [
        deep.clone(),
        json!({"hostnames": deep}),
        json!({"listeners": wide, "gatewayClassName": "x".repeat(1_000_000)}),
        json!({"rules": vec![json!({"matches": vec![json!({}); 64]}); 64]}),
        json!(null),
        json!(1e300),
    ] {
        for kind in ["Gateway", "HTTPRoute", "GatewayClass"] {
            let object =
                json!({"apiVersion": "gateway.networking.k8s.io/v1", "kind": kind, "metadata": {"name": "n"}, "spec": spec});
            let report = created(&object);
            assert!(kind == "HTTPRoute" || !report.is_valid(), "{kind}");
            assert!(report.violations.iter().all(|violation| violation.message.len() < 1000));
        }
    }
}
