//! BackendTLSPolicy and XBackendTrafficPolicy.

use core::time::Duration;

use super::*;
use crate::{
    model::{
        BackendTlsPolicy, CaCertificates, MinRetryRate, Policy as _, RetryBudget, RetryConstraint, SubjectAltName,
        XBackendTrafficPolicy,
    },
    name::ObjectKey,
};

fn tls_policy(fields: Value) -> (Arc<BackendTlsPolicy>, Vec<Issue>) {
    let mut spec = full::backend_tls_policy()["spec"].clone();
    merge(&mut spec, fields);
    match read(&object("BackendTLSPolicy", spec)) {
        (Object::BackendTlsPolicy(policy), issues) => (policy, issues),
        (other, _) => panic!("{other:?}"),
    }
}

fn validation(fields: Value) -> (Arc<BackendTlsPolicy>, Vec<Issue>) {
    let mut validation = full::validation();
    merge(&mut validation, fields);
    tls_policy(json!({"validation": validation}))
}

fn traffic(fields: Value) -> (Arc<XBackendTrafficPolicy>, Vec<Issue>) {
    let mut spec = json!({"targetRefs": [{"group": "", "kind": "Service", "name": "s"}]});
    merge(&mut spec, fields);
    match read(&full::x_object("XBackendTrafficPolicy", spec)) {
        (Object::XBackendTrafficPolicy(policy), issues) => (policy, issues),
        (other, _) => panic!("{other:?}"),
    }
}

#[test]
fn a_full_policy_is_read_whole() {
    let (policy, issues) = tls_policy(json!({}));
    assert_eq!((codes(&issues), &*policy.invalid), (Vec::new(), &[][..]));
    let target = &policy.targets()[0];
    assert_eq!(target.object, ObjectKey::namespaced("", "Service", &"here".into(), &"s".into()));
    assert_eq!(target.section_name.as_ref().unwrap(), &"web");
    assert_eq!(policy.options, ["example.com/a".into()]);
    let validation = policy.validation.as_ref().unwrap();
    assert_eq!(validation.hostname.as_str(), "a.example");
    let CaCertificates::Refs(references) = &validation.ca_certificates else { panic!("references") };
    // N-007, N-033: local, unless the kind is in no namespace.
    assert_eq!(references[0], ObjectKey::namespaced("", "ConfigMap", &"here".into(), &"ca".into()));
    assert_eq!(references[1], ObjectKey::cluster("certificates.k8s.io", "ClusterTrustBundle", &"all".into()));
    let [SubjectAltName::Hostname(name), SubjectAltName::Uri(uri)] = &validation.subject_alt_names[..] else {
        panic!("two names")
    };
    assert_eq!((name.as_str(), &**uri), ("*.b.example", "spiffe://a/b"));
}

#[test]
fn n_007_there_is_one_source_of_certificates() {
    let well_known = |fields: Value| validation(fields).0.validation.as_ref().map(|it| it.ca_certificates.clone());
    // N-012: whether a name is known is decided where it is used.
    for name in ["System", "example.com/all"] {
        for none in [json!(null), json!([])] {
            let read = well_known(json!({"caCertificateRefs": none, "wellKnownCACertificates": name}));
            assert_eq!(read, Some(CaCertificates::WellKnown(name.into())));
        }
    }
    assert!(matches!(well_known(json!({"wellKnownCACertificates": ""})), Some(CaCertificates::Refs(_))));
    for fields in [
        json!({"wellKnownCACertificates": "System"}),
        json!({"caCertificateRefs": null}),
        json!({"caCertificateRefs": [], "wellKnownCACertificates": ""}),
    ] {
        let (policy, issues) = validation(fields);
        assert_eq!(paths(&policy.invalid), ["spec.validation"]);
        assert_eq!(policy.validation, None);
        assert_reported(&policy.invalid, &issues);
    }
}

#[test]
fn n_010_a_validation_with_anything_wrong_in_it_is_none() {
    for (fields, at) in [
        (json!({"hostname": null}), "hostname"),
        (json!({"hostname": "*.a.example"}), "hostname"),
        (json!({"hostname": "10.0.0.1"}), "hostname"),
        (json!({"caCertificateRefs": [{"group": "", "kind": "ConfigMap"}]}), "caCertificateRefs[0].name"),
        (
            json!({"caCertificateRefs": [{"group": "", "kind": "ConfigMap", "name": "a", "namespace": "b"}]}),
            "caCertificateRefs[0].namespace",
        ),
        (json!({"subjectAltNames": [{"type": "Hostname"}]}), "subjectAltNames[0].hostname"),
        (json!({"subjectAltNames": [{"type": "Hostname", "hostname": ""}]}), "subjectAltNames[0].hostname"),
        (json!({"subjectAltNames": [{"type": "Hostname", "hostname": "a.b", "uri": "a://b"}]}), "subjectAltNames[0].uri"),
        (json!({"subjectAltNames": [{"type": "URI", "uri": "urn:a"}]}), "subjectAltNames[0].uri"),
        (json!({"subjectAltNames": [{"type": "Email", "email": "a@b"}]}), "subjectAltNames[0].type"),
        (json!({"skipVerify": true}), "skipVerify"),
    ] {
        let (policy, issues) = validation(fields.clone());
        assert_eq!(policy.invalid[0].path, format!("spec.validation.{at}"), "{fields}");
        assert_eq!((&policy.validation, policy.target_refs.len()), (&None, 1));
        assert_reported(&policy.invalid, &issues);
    }
    // N-015: an empty text is none.
    let name = json!({"subjectAltNames": [{"type": "Hostname", "hostname": "a.b", "uri": ""}]});
    assert!(validation(name).0.validation.is_some());
}

#[test]
fn n_002_targets_count_once() {
    let target = |name: &str| json!({"group": "", "kind": "Service", "name": name});
    let (policy, issues) = tls_policy(json!({"targetRefs": [target("a"), target("a"), target("b")]}));
    assert_eq!(policy.target_refs.len(), 2);
    assert_eq!(codes(&issues), [(IssueCode::IgnoredDuplicate, "spec.targetRefs[1]")]);
    assert_eq!(policy.invalid, []);
    for (target_refs, at) in [
        (json!(null), "targetRefs"),
        (json!([{"kind": "Service", "name": "a"}]), "targetRefs[0].group"),
        (json!([{"group": "", "kind": "Service", "name": "a", "namespace": "b"}]), "targetRefs[0].namespace"),
    ] {
        assert_eq!(paths(&tls_policy(json!({"targetRefs": target_refs})).0.invalid), [format!("spec.{at}")]);
    }
    // P-019: this kind is for whole objects.
    let mut part = target("a");
    merge(&mut part, json!({"sectionName": "web"}));
    assert_eq!(paths(&traffic(json!({"targetRefs": [part]})).0.invalid), ["spec.targetRefs[0].sectionName"]);
}

#[test]
fn p_020_p_021_budgets_have_defaults() {
    let default = RetryConstraint { budget: RetryBudget::default(), min_retry_rate: MinRetryRate::default() };
    assert_eq!((default.budget.percent, default.budget.interval), (20, Duration::from_secs(10)));
    assert_eq!(default.min_retry_rate, MinRetryRate { count: Some(10), interval: Some(Duration::from_secs(1)) });
    let constraint = |value: Value| traffic(json!({"retryConstraint": value})).0.retry_constraint.unwrap();
    for value in [json!({}), json!({"budget": {}}), json!({"budget": null, "minRetryRate": null})] {
        assert_eq!(constraint(value), default);
    }
    // Only the whole stanza has one.
    let rate = |value: Value| constraint(json!({"minRetryRate": value})).min_retry_rate;
    assert_eq!(rate(json!({})), MinRetryRate { count: None, interval: None });
    assert_eq!(rate(json!({"count": 3})), MinRetryRate { count: Some(3), interval: None });
    assert_eq!(traffic(json!({})).0.retry_constraint, None);
}

#[test]
fn r_041_budgets_have_limits() {
    for (constraint, at) in [
        (json!({"budget": {"percent": 101}}), "budget.percent"),
        (json!({"budget": {"interval": "999ms"}}), "budget.interval"),
        (json!({"budget": {"interval": "61m"}}), "budget.interval"),
        (json!({"minRetryRate": {"count": 0}}), "minRetryRate.count"),
        (json!({"minRetryRate": {"interval": "0s"}}), "minRetryRate.interval"),
        (json!({"minRetryRate": {"interval": "2h"}}), "minRetryRate.interval"),
        (json!({"budgetPercent": 20}), "budgetPercent"),
    ] {
        let (policy, issues) = traffic(json!({"retryConstraint": constraint}));
        assert_eq!(paths(&policy.invalid), [format!("spec.retryConstraint.{at}")]);
        assert_reported(&policy.invalid, &issues);
    }
    let edges = json!({"budget": {"percent": 0, "interval": "1s"}, "minRetryRate": {"count": 1, "interval": "60m"}});
    assert_eq!(traffic(json!({"retryConstraint": edges})).0.invalid, []);
}
