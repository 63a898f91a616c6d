//! Laws 2 and 11: whatever comes in, there is an answer, and nothing in it is passed over in silence.

use alloc::borrow::ToOwned;

use proptest::prelude::*;
use serde_json::Map;

use super::*;

/// Every field of HTTPRoute that is read.
pub(super) fn full_http_route() -> Value {
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
                    {"type": "RequestHeaderModifier", "requestHeaderModifier": {
                        "set": [{"name": "x-1", "value": "1"}], "add": [{"name": "x-2", "value": "2"}], "remove": ["x-3"]}},
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

/// Every field of Gateway that is read.
pub(super) fn full_gateway() -> Value {
    json!({
        "apiVersion": API_VERSION, "kind": "Gateway", "metadata": {"name": "it", "namespace": "here"},
        "spec": {
            "gatewayClassName": "any",
            "addresses": [{"type": "Hostname", "value": "gw.example", "routability": "Cluster"}],
            "infrastructure": {
                "labels": {"team": "edge"}, "annotations": {"example.com/a": "b"},
                "parametersRef": {"group": "", "kind": "ConfigMap", "name": "p"},
            },
            "listeners": [{
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
            }],
        },
    })
}

fn full_grant() -> Value {
    object(
        "ReferenceGrant",
        json!({"from": [{"group": "g", "kind": "K", "namespace": "n"}], "to": [{"group": "", "kind": "Secret", "name": "s"}]}),
    )
}

fn full_class() -> Value {
    json!({
        "apiVersion": API_VERSION, "kind": "GatewayClass", "metadata": {"name": "it"},
        "spec": {
            "controllerName": "a.b/c", "description": "d",
            "parametersRef": {"group": "g", "kind": "K", "namespace": "n", "name": "p"},
        },
    })
}

fn full_objects() -> [Value; 4] {
    [full_http_route(), full_gateway(), full_grant(), full_class()]
}

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

/// Whether something of the object is refused, or missing where nothing could refuse it.
fn narrowed(object: Option<&Object>, whole: &Value) -> bool {
    match object {
        None | Some(Object::Other(_)) => true,
        Some(Object::Route(route)) => {
            !route.invalid.is_empty()
                || route.hostnames.iter().any(Result::is_err)
                || rules(route).iter().any(|rule| !rule.invalid.is_empty())
        }
        Some(Object::Gateway(gateway)) => {
            !gateway.invalid.is_empty() || gateway.listeners.iter().any(|listener| !listener.invalid.is_empty())
        }
        Some(Object::ReferenceGrant(grant)) => grant.from.is_empty() || grant.to.is_empty(),
        // A004: what is left of a broken reference finds nothing; see the tests of GatewayClass.
        Some(Object::GatewayClass(_)) => true,
        Some(_) => panic!("{whole}"),
    }
}

#[test]
fn law_11_full_objects_raise_nothing() {
    for whole in full_objects() {
        assert_eq!(from_json(&whole).issues, [], "{whole}");
    }
}

#[test]
fn law_11_an_unknown_field_is_reported_and_refused_wherever_it_stands() {
    let mut tried = 0;
    for whole in full_objects() {
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
                assert!(narrowed(read.object.as_ref(), &changed), "{expected} is passed over");
            }
            tried += 1;
        }
    }
    assert_eq!(tried, 58);
}

#[test]
fn law_11_a_value_of_another_type_is_reported_and_refused_wherever_it_stands() {
    for whole in full_objects() {
        for (pointer, path) in places(&whole) {
            let mut changed = whole.clone();
            let value = changed.pointer_mut(&pointer).unwrap();
            *value = if value.is_boolean() { json!("x") } else { json!(true) };
            let read = from_json(&changed);
            assert!(codes(&read.issues).contains(&(IssueCode::WrongType, path.as_str())), "{path}: {:?}", read.issues);
            // No field beside it is taken for unknown: readers ask for all their fields before they give up.
            assert!(read.issues.iter().all(|issue| issue.code == IssueCode::WrongType), "{path}: {:?}", read.issues);
            if path.starts_with("spec.") {
                assert!(narrowed(read.object.as_ref(), &changed), "{path} is passed over");
            }
        }
    }
}

#[test]
fn a_field_that_is_missing_makes_no_other_one_unknown() {
    for whole in full_objects() {
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
];

proptest! {
    #[test]
    fn law_2_any_json_has_an_answer(value in json_like(WORDS)) {
        let _ = from_json(&value);
    }

    #[test]
    fn law_2_any_spec_has_an_answer_and_what_is_invalid_is_reported(
        kind in proptest::sample::select(&["HTTPRoute", "Gateway", "GatewayClass", "ReferenceGrant"][..]),
        spec in json_like(WORDS),
    ) {
        let read = from_json(&object(kind, spec));
        let object = read.object.as_ref().expect("it has a name");
        let invalid: Vec<Invalid> = match object {
            Object::Route(route) => rules(route).iter().flat_map(|rule| &rule.invalid).chain(&route.invalid).cloned()
                .chain(route.hostnames.iter().filter_map(|hostname| hostname.clone().err())).collect(),
            Object::Gateway(gateway) => {
                gateway.listeners.iter().flat_map(|listener| &listener.invalid).chain(&gateway.invalid)
                    .filter(|invalid| invalid.path != "spec.tls.frontend").cloned().collect()
            }
            _ => Vec::new(),
        };
        assert_reported(&invalid, &read.issues);
        prop_assert_eq!(from_json(&super::object(kind, json!({}))), from_json(&super::object(kind, json!({}))));
    }

    #[test]
    fn law_2_any_core_object_has_an_answer(
        kind in proptest::sample::select(&["Namespace", "Service", "Secret", "ConfigMap"][..]),
        fields in json_like(WORDS),
    ) {
        let mut value = json!({"apiVersion": "v1", "kind": kind, "metadata": {"name": "it"}});
        if let Value::Object(mut fields) = fields {
            fields.retain(|name, _| !["apiVersion", "kind", "metadata"].contains(&&**name));
            merge(&mut value, Value::Object(fields));
        }
        prop_assert!(from_json(&value).object.is_some());
    }
}
