//! apiVersion, kind, metadata: which object it is.

use super::*;
use crate::{ingest::Severity, name::ObjectKey, time::Timestamp};

fn bare(api_version: &str, kind: &str, metadata: Value) -> Value {
    json!({"apiVersion": api_version, "kind": kind, "metadata": metadata})
}

#[test]
fn both_served_versions_have_one_shape() {
    let spec = json!({"hostnames": ["a.example"], "rules": [{"backendRefs": [{"name": "b", "port": 80}]}]});
    let v1 = object("HTTPRoute", spec);
    let mut v1beta1 = v1.clone();
    v1beta1["apiVersion"] = "gateway.networking.k8s.io/v1beta1".into();
    assert_eq!(from_json(&v1), from_json(&v1beta1));
    for kind in ["GatewayClass", "Gateway", "ReferenceGrant"] {
        assert!(from_json(&bare("gateway.networking.k8s.io/v1beta1", kind, json!({"name": "x"}))).object.is_some(), "{kind}");
    }
}

#[test]
fn a_version_that_is_not_served_is_no_object() {
    for (api_version, kind, best) in [
        ("gateway.networking.k8s.io/v1alpha2", "HTTPRoute", "gateway.networking.k8s.io/v1"),
        ("gateway.networking.k8s.io/v1alpha2", "ReferenceGrant", "gateway.networking.k8s.io/v1"),
        ("gateway.networking.x-k8s.io/v1", "XMesh", "gateway.networking.x-k8s.io/v1alpha1"),
        ("v2", "Service", "v1"),
    ] {
        let read = from_json(&bare(api_version, kind, json!({"name": "x"})));
        assert_eq!(read.object, None);
        assert_eq!(codes(&read.issues), [(IssueCode::UnknownVersion, "apiVersion")]);
        assert_eq!(read.issues[0].suggestion.as_deref(), Some(best));
    }
}

#[test]
fn a_kind_that_the_groups_do_not_have_is_no_object() {
    for (group, kind, at, best) in [
        ("gateway.networking.k8s.io", "HttpRoute", "kind", Some("HTTPRoute")),
        ("gateway.networking.k8s.io", "Banana", "kind", None),
        ("gateway.networking.k8s.io", "XBackend", "apiVersion", Some("gateway.networking.x-k8s.io/v1alpha1")),
        ("gateway.networking.x-k8s.io", "Gateway", "apiVersion", Some("gateway.networking.k8s.io/v1")),
    ] {
        let read = from_json(&bare(&format!("{group}/v1"), kind, json!({"name": "x"})));
        assert_eq!(read.object, None);
        assert_eq!(codes(&read.issues), [(IssueCode::UnknownKind, at)]);
        assert_eq!(read.issues[0].suggestion.as_deref(), best, "{kind}");
    }
}

#[test]
fn kinds_that_are_not_read_can_be_found_by_references() {
    let mut value = bare("gateway.networking.x-k8s.io/v1alpha1", "XListenerSet", json!({"name": "x"}));
    value["spec"] = json!({"whatever": 1});
    let (found, issues) = read(&value);
    let key = ObjectKey::namespaced("gateway.networking.x-k8s.io", "XListenerSet", &"default".into(), &"x".into());
    assert_eq!(found, Object::Other(key));
    assert_eq!(codes(&issues), [(IssueCode::KindNotSupported, "kind")]);
    assert_eq!(issues[0].code.severity(), Severity::Note);
}

#[test]
fn every_kind_is_read_in_every_version_that_v1_6_or_v1_7_serves() {
    let group = "gateway.networking.k8s.io";
    let of = |kind: &str| full::objects().into_iter().find(|object| object["kind"] == kind).unwrap();
    for (kind, versions) in [
        ("GatewayClass", &["v1", "v1beta1"][..]),
        ("Gateway", &["v1", "v1beta1"]),
        ("HTTPRoute", &["v1", "v1beta1"]),
        ("GRPCRoute", &["v1"]),
        ("TLSRoute", &["v1", "v1alpha2", "v1alpha3"]),
        ("TCPRoute", &["v1", "v1alpha2"]),
        ("UDPRoute", &["v1", "v1alpha2"]),
        ("ListenerSet", &["v1"]),
        ("ReferenceGrant", &["v1", "v1beta1"]),
        ("BackendTLSPolicy", &["v1", "v1alpha3"]),
    ] {
        let stable = from_json(&of(kind));
        assert!(!matches!(stable.object, None | Some(Object::Other(_))), "{kind}");
        for version in versions {
            let mut value = of(kind);
            value["apiVersion"] = format!("{group}/{version}").into();
            assert_eq!(from_json(&value), stable, "{kind} {version}");
        }
        let mut value = of(kind);
        value["apiVersion"] = format!("{group}/v9").into();
        assert_eq!(codes(&from_json(&value).issues), [(IssueCode::UnknownVersion, "apiVersion")]);
    }
    let (mesh, _) = read(&bare("gateway.networking.x-k8s.io/v1alpha1", "XMesh", json!({"name": "x", "namespace": "y"})));
    assert_eq!(mesh.key().namespace, None);
}

#[test]
fn foreign_kinds_are_names_and_raise_nothing() {
    let mut value = bare("apps/v1", "Deployment", json!({"name": "x", "labels": {"a": 1}, "surprise": true}));
    value["spec"] = json!({"replicas": "many"});
    let (found, issues) = read(&value);
    assert_eq!(found, Object::Other(ObjectKey::cluster("apps", "Deployment", &"x".into())));
    assert_eq!(issues, []);

    let (namespaced, _) = read(&bare("apps/v1", "Deployment", json!({"name": "x", "namespace": "y"})));
    assert_eq!(namespaced.key().namespace_str(), "y");

    // A Kustomization has no metadata.
    assert_eq!(
        from_json(&json!({"apiVersion": "kustomize.config.k8s.io/v1beta1", "kind": "Kustomization"})),
        Ingested { object: None, issues: Vec::new() }
    );
}

#[test]
fn what_cannot_be_called_anything_is_no_object() {
    for (value, code, path) in [
        (json!(null), IssueCode::WrongType, ""),
        (json!([1]), IssueCode::WrongType, ""),
        (json!({"kind": "Gateway", "metadata": {"name": "x"}}), IssueCode::MissingField, "apiVersion"),
        (bare("a/b/c", "Gateway", json!({"name": "x"})), IssueCode::InvalidValue, "apiVersion"),
        (bare("/v1", "Gateway", json!({"name": "x"})), IssueCode::InvalidValue, "apiVersion"),
        (bare("", "Gateway", json!({"name": "x"})), IssueCode::InvalidValue, "apiVersion"),
        (json!({"apiVersion": "v1", "metadata": {"name": "x"}}), IssueCode::MissingField, "kind"),
        (json!({"apiVersion": "v1", "kind": 5, "metadata": {"name": "x"}}), IssueCode::WrongType, "kind"),
        (json!({"apiVersion": API_VERSION, "kind": "Gateway"}), IssueCode::MissingField, "metadata"),
        (bare(API_VERSION, "Gateway", json!({})), IssueCode::MissingField, "metadata.name"),
        (bare(API_VERSION, "Gateway", json!({"name": ""})), IssueCode::InvalidValue, "metadata.name"),
        (bare(API_VERSION, "Gateway", json!({"name": true})), IssueCode::WrongType, "metadata.name"),
        (bare(API_VERSION, "Gateway", json!({"name": "x", "namespace": 1})), IssueCode::WrongType, "metadata.namespace"),
    ] {
        let read = from_json(&value);
        assert_eq!(read.object, None, "{value}");
        assert_eq!(codes(&read.issues), [(code, path)], "{value}");
    }
}

#[test]
fn namespaces_go_with_the_scope_of_the_kind() {
    let key = |api_version, kind, metadata| read(&bare(api_version, kind, metadata)).0.key().clone();
    assert_eq!(key("v1", "Service", json!({"name": "x"})).namespace_str(), "default");
    assert_eq!(key("v1", "Service", json!({"name": "x", "namespace": ""})).namespace_str(), "default");
    assert_eq!(key(API_VERSION, "Gateway", json!({"name": "x", "namespace": "y"})).namespace_str(), "y");
    assert_eq!(key(API_VERSION, "GatewayClass", json!({"name": "x", "namespace": "y"})).namespace, None);
    assert_eq!(key("v1", "Namespace", json!({"name": "x"})).namespace, None);
}

#[test]
fn generation_and_age_are_read() {
    let metadata = json!({
        "name": "x", "generation": 7, "creationTimestamp": "1970-01-01T00:01:00Z", "uid": "u", "resourceVersion": "1",
        "managedFields": [{"manager": "kubectl"}], "annotations": {"a/b": "c"}, "labels": {"a/b": "c"}, "finalizers": ["f"],
        "ownerReferences": [], "deletionTimestamp": null, "generateName": "x-", "selfLink": "", "deletionGracePeriodSeconds": 1,
    });
    let (Object::Gateway(gateway), issues) = read(&json!({
        "apiVersion": API_VERSION, "kind": "Gateway", "metadata": metadata,
        "spec": {"gatewayClassName": "c", "listeners": []}, "status": {"anything": [1]},
    })) else {
        panic!("no Gateway")
    };
    assert_eq!(issues, []);
    assert_eq!((gateway.meta.generation, gateway.meta.created), (7, Some(Timestamp(60))));
}

#[test]
fn metadata_that_cannot_be_read_counts_as_absent_and_is_reported() {
    let metadata = json!({
        "name": "x", "generation": "7", "creationTimestamp": "yesterday", "labels": {"version": 1.10}, "lables": {},
    });
    let (Object::Gateway(gateway), issues) = read(&json!({
        "apiVersion": API_VERSION, "kind": "Gateway", "metadata": metadata,
        "spec": {"gatewayClassName": "c", "listeners": []},
    })) else {
        panic!("no Gateway")
    };
    assert_eq!((gateway.meta.generation, gateway.meta.created), (0, None));
    assert_eq!(gateway.invalid, []);
    assert_eq!(
        codes(&issues),
        [
            (IssueCode::WrongType, "metadata.generation"),
            (IssueCode::InvalidValue, "metadata.creationTimestamp"),
            (IssueCode::WrongType, "metadata.labels.version"),
            (IssueCode::UnknownField, "metadata.lables"),
        ]
    );
    assert_eq!(issues[2].message, "expected a text, found the number `1.1`; a text that looks like a number needs quotes");
}

#[test]
fn null_is_absent() {
    let (route, issues) = http_route(json!({"hostnames": null, "parentRefs": null, "rules": null, "useDefaultGateways": null}));
    assert_eq!(issues, []);
    assert_eq!(rules(&route)[0].matches, [HttpMatch::default()]);
}

#[test]
fn codes_are_stable_words() {
    for code in IssueCode::ALL {
        assert_eq!(serde_json::to_value(code).unwrap(), code.as_str());
        assert_eq!(format!("{code}"), code.as_str());
    }
}

#[test]
fn what_does_not_serialise_is_no_object() {
    let read = Object::from_serialize(&alloc::collections::BTreeMap::from([(Some(1.5_f64.to_bits()), 1), (None, 2)]));
    assert_eq!(read.object, None);
    assert_eq!(codes(&read.issues), [(IssueCode::WrongType, "")]);
}
