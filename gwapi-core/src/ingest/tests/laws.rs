//! Laws 2 and 11: whatever comes in, there is an answer, and nothing in it is passed over in silence.

use alloc::borrow::ToOwned;

use proptest::prelude::*;
use serde_json::Map;

use super::*;
use crate::model::ListenerFilter;

/// Objects whose names are data.
const MAPS: [&str; 4] = ["labels", "annotations", "matchLabels", "options"];

/// JSON pointer and field path of every value below (and with) this one, parents first.
fn places(root: &Value) -> Vec<(String, String)> {
    let mut found = Vec::from([(String::new(), String::new())]);
    let mut next = 0;
    while let Some((pointer, path)) = found.get(next).cloned() {
        next += 1;
        match root.pointer(&pointer).unwrap() {
            Value::Object(map) => found.extend(map.keys().map(|key| {
                let escaped = key.replace('/', "~1");
                let step = if key.contains(['.', '/']) { format!("[{key}]") } else { format!(".{key}") };
                (format!("{pointer}/{escaped}"), format!("{path}{step}").trim_start_matches('.').to_owned())
            })),
            Value::Array(list) => {
                found.extend((0..list.len()).map(|index| (format!("{pointer}/{index}"), format!("{path}[{index}]"))));
            }
            _ => {}
        }
    }
    found
}

/// What is invalid in the object and in its parts.
fn invalid_of(object: &Object) -> Vec<Invalid> {
    match object {
        Object::Route(route) => {
            let hostnames = route.hostnames.iter().filter_map(|hostname| hostname.clone().err());
            let rules: Vec<&[Invalid]> = match &route.rules {
                Rules::Http(rules) => rules.iter().map(|rule| &*rule.invalid).collect(),
                Rules::Grpc(rules) => rules.iter().map(|rule| &*rule.invalid).collect(),
                Rules::L4(rules) => rules.iter().map(|rule| &*rule.invalid).collect(),
            };
            route.invalid.iter().chain(rules.into_iter().flatten()).cloned().chain(hostnames).collect()
        }
        Object::Gateway(gateway) => {
            let frontend = &gateway.tls.frontend;
            let clients = frontend.validations().flat_map(|(_, validation)| &validation.invalid);
            let own = gateway.invalid.iter().chain(&frontend.invalid).chain(clients).cloned();
            own.chain(invalid_of_listeners(&gateway.listeners)).collect()
        }
        Object::ListenerSet(set) => set.invalid.iter().cloned().chain(invalid_of_listeners(&set.listeners)).collect(),
        Object::BackendTlsPolicy(policy) => policy.invalid.clone(),
        Object::XBackend(backend) => backend.invalid.clone(),
        Object::XBackendTrafficPolicy(policy) => policy.invalid.clone(),
        Object::XTelemetryPolicy(policy) => policy.invalid.clone(),
        _ => Vec::new(),
    }
}

fn invalid_of_listeners(listeners: &[Listener]) -> Vec<Invalid> {
    let filters = listeners.iter().flat_map(|listener| &listener.filters).filter_map(|filter| match filter {
        ListenerFilter::Invalid { invalid, .. } => Some(invalid),
        _ => None,
    });
    let of_filters = filters.flatten();
    let own = listeners.iter().flat_map(|listener| &listener.invalid);
    own.chain(of_filters).cloned().collect()
}

/// Whether something of the object is refused, or missing where nothing could refuse it.
fn narrowed(object: Option<&Object>) -> bool {
    match object {
        None | Some(Object::Other(_)) => true,
        Some(object) if !invalid_of(object).is_empty() => true,
        Some(Object::ReferenceGrant(grant)) => grant.from.is_empty() || grant.to.is_empty(),
        // A004: what is left of a broken reference finds nothing; see the tests of GatewayClass.
        Some(Object::GatewayClass(_) | Object::XMesh(_)) => true,
        Some(_) => false,
    }
}

#[test]
fn law_11_full_objects_raise_nothing() {
    for whole in full::objects() {
        assert_eq!(codes(&from_json(&whole).issues), [], "{whole}");
    }
}

#[test]
fn law_11_an_unknown_field_is_reported_and_refused_wherever_it_stands() {
    let mut tried = 0;
    for whole in full::objects() {
        for (pointer, path) in places(&whole) {
            let mut changed = whole.clone();
            let Some(Value::Object(map)) = changed.pointer_mut(&pointer) else { continue };
            if MAPS.iter().any(|name| pointer.ends_with(name)) {
                continue;
            }
            map.insert("surprise".into(), "boo".into());
            let read = from_json(&changed);
            let expected = format!("{path}.surprise").trim_start_matches('.').to_owned();
            assert_eq!(codes(&read.issues), [(IssueCode::UnknownField, expected.as_str())]);
            if path.starts_with("spec.") {
                assert!(narrowed(read.object.as_ref()), "{expected} is passed over");
            }
            tried += 1;
        }
    }
    assert_eq!(tried, 215);
}

#[test]
fn law_11_a_value_of_another_type_is_reported_and_refused_wherever_it_stands() {
    for whole in full::objects() {
        for (pointer, path) in places(&whole) {
            let mut changed = whole.clone();
            let value = changed.pointer_mut(&pointer).unwrap();
            *value = if value.is_boolean() { json!("x") } else { json!(true) };
            let read = from_json(&changed);
            assert!(codes(&read.issues).contains(&(IssueCode::WrongType, path.as_str())), "{path}: {:?}", read.issues);
            // No field beside it is taken for unknown: readers ask for all their fields before they give up.
            assert!(codes(&read.issues).iter().all(|(code, _)| *code == IssueCode::WrongType), "{path}: {:?}", read.issues);
            if path.starts_with("spec.") {
                assert!(narrowed(read.object.as_ref()), "{path} is passed over");
            }
        }
    }
}

#[test]
fn a_field_that_is_missing_makes_no_other_one_unknown() {
    for whole in full::objects() {
        for (pointer, path) in places(&whole) {
            let Some((parent, name)) = pointer.rsplit_once('/') else { continue };
            let mut changed = whole.clone();
            let Some(Value::Object(map)) = changed.pointer_mut(parent) else { continue };
            map.remove(&name.replace("~1", "/"));
            let read = from_json(&changed);
            assert!(!read.issues.iter().any(|issue| issue.code == IssueCode::UnknownField), "{path}: {:?}", read.issues);
        }
    }
}

#[test]
fn long_lists_are_cut_and_refused() {
    let (route, issues) = http_route(json!({"rules": alloc::vec![1; 100_000]}));
    assert_eq!(rules(&route).len(), 1024);
    assert_eq!(paths(&route.invalid), ["spec.rules"]);
    assert_eq!(issues.len(), 1000);
    assert!(rules(&route).iter().all(|rule| rule.invalid.len() == 1), "what is wrong stays known where issues end");
}

#[test]
fn an_object_of_unknown_fields_is_reported_in_bounds() {
    let spec: Map<String, Value> = (0..100_000).map(|n| (n.to_string(), Value::from(n))).collect();
    let (route, issues) = http_route(Value::Object(spec));
    assert_eq!((route.invalid.len(), issues.len()), (100, 1000));
}

#[test]
fn depth_does_not_matter() {
    let deep = || (0..2_000).fold(Value::Null, |inner, _| Value::Array(Vec::from([inner])));
    let mut value = object("HTTPRoute", json!({"rules": [{}]}));
    value["spec"]["rules"][0]["backendRefs"] = Value::Object(Map::from_iter([("a".into(), deep())]));
    value["spec"]["hostnames"] = deep();
    let (Object::Route(route), _) = read(&value) else { panic!("no route") };
    assert_eq!(paths(&rules(&route)[0].invalid), ["spec.rules[0].backendRefs"]);
    assert_eq!(route.hostnames.len(), 1);
}

/// JSON that looks enough like an object to get far.
fn json_like(words: &'static [&'static str]) -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        (0..70_000_i64).prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        proptest::sample::select(words).prop_map(Value::from),
        "\\PC{0,12}".prop_map(Value::from),
        "[/%a-f0-9.*:-]{0,12}".prop_map(Value::from),
    ];
    leaf.prop_recursive(6, 96, 6, move |inner| {
        let name =
            prop_oneof![9 => proptest::sample::select(words).prop_map(str::to_owned), 1 => "\\PC{0,6}".prop_map(String::from)];
        prop_oneof![
            1 => proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            3 => proptest::collection::btree_map(name, inner, 0..6).prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

const KINDS: &[&str] = &[
    "HTTPRoute",
    "GRPCRoute",
    "TLSRoute",
    "TCPRoute",
    "UDPRoute",
    "Gateway",
    "ListenerSet",
    "GatewayClass",
    "ReferenceGrant",
    "BackendTLSPolicy",
    "XBackend",
    "XBackendTrafficPolicy",
    "XMesh",
    "XTelemetryPolicy",
];

fn any_object(kind: &str, spec: Value) -> Value {
    if kind.starts_with('X') { full::x_object(kind, spec) } else { object(kind, spec) }
}

const WORDS: &[&str] = &[
    "parentRefs",
    "hostnames",
    "rules",
    "matches",
    "path",
    "type",
    "value",
    "headers",
    "queryParams",
    "method",
    "filters",
    "name",
    "backendRefs",
    "weight",
    "port",
    "namespace",
    "group",
    "kind",
    "timeouts",
    "request",
    "retry",
    "codes",
    "requestMirror",
    "backendRef",
    "fraction",
    "numerator",
    "requestRedirect",
    "urlRewrite",
    "cors",
    "allowOrigins",
    "set",
    "remove",
    "extensionRef",
    "listeners",
    "tls",
    "gatewayClassName",
    "allowedRoutes",
    "namespaces",
    "from",
    "selector",
    "matchLabels",
    "matchExpressions",
    "key",
    "operator",
    "addresses",
    "infrastructure",
    "labels",
    "protocol",
    "hostname",
    "data",
    "stringData",
    "tls.crt",
    "ports",
    "to",
    "spec",
    "Exact",
    "RegularExpression",
    "CORS",
    "URLRewrite",
    "HTTP",
    "*",
    "GET",
    "10s",
    "parentRef",
    "targetRefs",
    "validation",
    "caCertificateRefs",
    "subjectAltNames",
    "frontend",
    "default",
    "perPort",
    "sessionPersistence",
    "cookie",
    "externalAuth",
    "ExternalAuth",
    "requests",
    "endpointSelector",
    "EndpointSelector",
    "tracing",
    "mode",
    "Enabled",
    "attributes",
    "service",
];

proptest! {
    #[test]
    fn law_2_any_json_has_an_answer(value in json_like(WORDS)) {
        let _ = from_json(&value);
    }

    #[test]
    fn law_2_any_spec_has_an_answer_and_what_is_invalid_is_reported(
        kind in proptest::sample::select(KINDS),
        spec in json_like(WORDS),
    ) {
        let read = from_json(&any_object(kind, spec));
        let object = read.object.as_ref().expect("it has a name");
        let invalid = invalid_of(object);
        assert_reported(&invalid, &read.issues);
        prop_assert_eq!(from_json(&any_object(kind, json!({}))), from_json(&any_object(kind, json!({}))));
    }

    #[test]
    fn law_2_any_core_object_has_an_answer(
        kind in proptest::sample::select(&["Namespace", "Service", "Secret", "ConfigMap", "ClusterTrustBundle", "ServiceImport"][..]),
        fields in json_like(WORDS),
    ) {
        let api_version = match kind {
            "ClusterTrustBundle" => "certificates.k8s.io/v1beta1",
            "ServiceImport" => "multicluster.x-k8s.io/v1alpha1",
            _ => "v1",
        };
        let mut value = json!({"apiVersion": api_version, "kind": kind, "metadata": {"name": "it"}});
        if let Value::Object(mut fields) = fields {
            fields.retain(|name, _| !["apiVersion", "kind", "metadata"].contains(&&**name));
            merge(&mut value, Value::Object(fields));
        }
        prop_assert!(from_json(&value).object.is_some());
    }
}
