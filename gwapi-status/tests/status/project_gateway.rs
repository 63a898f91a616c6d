//! Conditions of GatewayClasses, Gateways and listeners.

use std::collections::BTreeSet;

use gwapi_core::{
    Feature, Refusal, SupportedFeatures,
    model::{LocalObjectRef, Protocol, RouteGroupKind, SecretRef},
    refusal::{CertificateFault, ParametersFault},
    resolution::{ResolvedGateway, ResolvedListener},
};
use gwapi_status::{ClassStatus, ConditionType::*, GatewayStatus, ListenerStatus, Merged, Reason, merge_gateway, reason_of};

use crate::build::{class, find, gateway, key, listener, status_of_gateway, verdict};

fn refused(name: &str, refusals: impl IntoIterator<Item = Refusal>) -> ResolvedListener {
    ResolvedListener { refused: refusals.into_iter().collect(), ..listener(name) }
}

fn bad_protocol() -> Refusal {
    Refusal::ProtocolUnsupported { protocol: "example.com/gopher".into() }
}

fn hostname_conflict(with: &str) -> Refusal {
    Refusal::HostnameConflict { port: 80, with: vec![with.into()] }
}

fn protocol_conflict(with: &str) -> Refusal {
    Refusal::ProtocolConflict { port: 80, protocol: Protocol::Http, with: vec![with.into()] }
}

fn certificate(name: &str) -> Refusal {
    let reference = SecretRef { group: "".into(), kind: "Secret".into(), namespace: "shop".into(), name: name.into() };
    Refusal::CertificateInvalid { reference, why: CertificateFault::NotFound }
}

fn certificate_not_permitted() -> Refusal {
    let target = gwapi_core::ObjectKey::namespaced("", "Secret", &"vault".into(), &"tls".into());
    Refusal::RefNotPermitted { from_kind: "Gateway".into(), from_namespace: "shop".into(), target }
}

fn bad_kind() -> Refusal {
    let kind = RouteGroupKind { group: "example.com".into(), kind: "OddRoute".into() };
    Refusal::RouteKindUnsupported { kind, protocol: Protocol::Https }
}

fn status(listener: ResolvedListener) -> ListenerStatus {
    ListenerStatus::of(&listener, 0, false)
}

#[test]
fn a_class_is_accepted_unless_its_parameters_are_bad() {
    let good = ClassStatus::of(&class(), &SupportedFeatures::core());
    assert_eq!(verdict(&good.conditions, Accepted), (true, Reason::Accepted));
    assert_eq!(good.observed_generation, 3);
    assert_eq!(find(&good.conditions, SupportedVersion), None, "which CRDs are installed is not known here");

    let mut bad = class();
    bad.refused.push(Refusal::ClassParameters { object: key("Odd", "shop", "parameters"), why: ParametersFault::NotFound });
    let bad = ClassStatus::of(&bad, &SupportedFeatures::core());
    assert_eq!(verdict(&bad.conditions, Accepted), (false, Reason::InvalidParameters));
    assert_eq!(bad.conditions[0].message, "parametersRef Odd shop/parameters: no such object");
}

#[test]
fn features_of_a_class_are_sorted_by_name_once_each_and_of_no_mesh() {
    let features = ClassStatus::of(&class(), &SupportedFeatures::built()).supported_features;
    let names: Vec<_> = features.iter().map(|feature| feature.as_str()).collect();
    assert!(names.is_sorted() && names.len() <= 64);
    assert_eq!(features.iter().collect::<BTreeSet<_>>().len(), features.len());
    assert!(features.contains(&Feature::HTTPRoute) && !features.iter().any(|feature| feature.is_mesh()));
}

#[test]
fn a_sound_gateway_is_accepted_and_programmed() {
    let status = status_of_gateway(&gateway([listener("web")]));
    assert_eq!(verdict(&status.conditions, Accepted), (true, Reason::Accepted));
    assert_eq!(verdict(&status.conditions, Programmed), (true, Reason::Programmed));
    assert_eq!(status.conditions.len(), 2);
    assert_eq!(status.addresses.len(), 1);
    let web = &status.listeners[0].conditions;
    assert_eq!(verdict(web, Accepted), (true, Reason::Accepted));
    assert_eq!(verdict(web, Programmed), (true, Reason::Programmed));
    assert_eq!(verdict(web, ResolvedRefs), (true, Reason::ResolvedRefs));
    assert_eq!(web.len(), 3, "negative conditions are there only while they are true");
}

#[test]
fn a_gateway_without_listeners_has_nothing_wrong() {
    let status = status_of_gateway(&gateway([]));
    assert_eq!(verdict(&status.conditions, Accepted), (true, Reason::Accepted));
    assert_eq!(verdict(&status.conditions, Programmed), (true, Reason::Programmed));
}

#[test]
fn one_good_listener_keeps_the_gateway_and_the_message_names_both_sides() {
    let listeners = [refused("z", [bad_protocol()]), listener("web"), refused("b", [bad_protocol()]), listener("api")];
    let status = status_of_gateway(&gateway(listeners));
    assert_eq!(verdict(&status.conditions, Accepted), (true, Reason::ListenersNotValid));
    assert_eq!(verdict(&status.conditions, Programmed), (true, Reason::Programmed));
    assert_eq!(status.conditions[0].message, "listeners not accepted: `b`, `z`; accepted: `api`, `web`");
}

#[test]
fn without_a_good_listener_the_gateway_is_refused_and_has_no_address() {
    let status = status_of_gateway(&gateway([refused("a", [bad_protocol()]), refused("b", [bad_protocol()])]));
    assert_eq!(verdict(&status.conditions, Accepted), (false, Reason::ListenersNotValid));
    assert_eq!(verdict(&status.conditions, Programmed), (false, Reason::Invalid));
    assert_eq!(status.conditions[0].message, "no listener is accepted: `a`, `b`");
    assert!(status.addresses.is_empty());
}

#[test]
fn a_refused_gateway_says_why_and_takes_its_listeners_with_it() {
    let parameters = Refusal::GatewayParameters {
        reference: LocalObjectRef { group: "".into(), kind: "ConfigMap".into(), name: "p".into() },
        why: ParametersFault::NotFound,
    };
    let address = Refusal::AddressTypeUnsupported { address_type: "example.com/zone".into() };
    let refused = ResolvedGateway { refused: vec![address.clone(), parameters], ..gateway([listener("web")]) };
    let status = status_of_gateway(&refused);
    assert_eq!(verdict(&status.conditions, Accepted), (false, Reason::InvalidParameters));
    let message = &status.conditions[0].message;
    assert!(message.starts_with("infrastructure.parametersRef") && message.contains("example.com/zone"), "{message}");
    assert_eq!(verdict(&status.conditions, Programmed), (false, Reason::Invalid));
    let web = &status.listeners[0].conditions;
    assert_eq!(verdict(web, Accepted), (true, Reason::Accepted));
    assert_eq!(verdict(web, Programmed), (false, Reason::Invalid));

    let refused = ResolvedGateway { refused: vec![address], ..gateway([listener("web")]) };
    assert_eq!(verdict(&status_of_gateway(&refused).conditions, Accepted), (false, Reason::UnsupportedAddress));
}

#[test]
fn a_gateway_that_cannot_be_reached_is_accepted_and_not_programmed() {
    let of = |unreachable| status_of_gateway(&ResolvedGateway { unreachable, ..gateway([listener("web")]) }).conditions;
    let unusable = of(vec![Refusal::AddressNotAssigned, Refusal::AddressNotUsable { value: "192.0.2.7".into() }]);
    assert_eq!(verdict(&unusable, Accepted), (true, Reason::Accepted));
    assert_eq!(verdict(&unusable, Programmed), (false, Reason::AddressNotUsable));
    assert_eq!(unusable[1].message, "address `192.0.2.7` cannot be used; no address is assigned yet");
    assert_eq!(verdict(&of(vec![Refusal::AddressNotAssigned]), Programmed), (false, Reason::AddressNotAssigned));
    let scope = Refusal::AddressRoutabilityUnsupported { routability: "Cluster".into() };
    assert_eq!(verdict(&of(vec![scope]), Programmed), (false, Reason::AddressNotAssigned));
}

#[test]
fn a_listener_in_conflict_has_one_reason_in_three_conditions() {
    for (conflict, reason) in
        [(hostname_conflict("other"), Reason::HostnameConflict), (protocol_conflict("other"), Reason::ProtocolConflict)]
    {
        let status = status(refused("web", [bad_protocol(), conflict]));
        assert_eq!(verdict(&status.conditions, Accepted), (false, reason));
        assert_eq!(verdict(&status.conditions, Programmed), (false, reason));
        assert_eq!(verdict(&status.conditions, Conflicted), (true, reason));
        assert_eq!(verdict(&status.conditions, ResolvedRefs), (true, Reason::ResolvedRefs));
        let message = &find(&status.conditions, Accepted).unwrap().message;
        assert!(message.contains("`other`") && message.contains("gopher"), "every cause is told: {message}");
        assert!(!find(&status.conditions, Conflicted).unwrap().message.contains("gopher"));
    }
    let both = status(refused("web", [hostname_conflict("a"), protocol_conflict("b")]));
    assert_eq!(verdict(&both.conditions, Conflicted), (true, Reason::ProtocolConflict));
    let message = &find(&both.conditions, Conflicted).unwrap().message;
    assert!(message.contains("`a`") && message.contains("`b`"), "{message}");
}

#[test]
fn what_is_wrong_with_a_listener_decides_its_reason() {
    let filter = Refusal::ListenerFilterUnsupported { index: 0, filter_type: "ExternalAuth".into() };
    let mode = Refusal::TlsModeUnsupported { mode: "Terminate".into(), protocol: Protocol::Tls };
    for (refusal, reason) in [
        (Refusal::PortUnavailable { port: 80 }, Reason::PortUnavailable),
        (bad_protocol(), Reason::UnsupportedProtocol),
        (mode, Reason::UnsupportedValue),
        (filter, Reason::UnsupportedValue),
    ] {
        let status = status(refused("web", [refusal]));
        assert_eq!(verdict(&status.conditions, Accepted), (false, reason));
        assert_eq!(verdict(&status.conditions, Programmed), (false, Reason::Invalid));
        assert_eq!(find(&status.conditions, Conflicted), None);
    }
}

#[test]
fn permission_comes_before_certificates_and_certificates_before_kinds() {
    let of = |unresolved: &[Refusal]| status(ResolvedListener { unresolved: unresolved.to_vec(), ..listener("web") }).conditions;
    let all = of(&[bad_kind(), certificate("tls"), certificate_not_permitted()]);
    assert_eq!(verdict(&all, ResolvedRefs), (false, Reason::RefNotPermitted));
    let message = &find(&all, ResolvedRefs).unwrap().message;
    assert!(message.starts_with("no ReferenceGrant"), "the cause of the reason stands first: {message}");
    assert!(message.contains("OddRoute") && message.contains("no such Secret"), "{message}");
    assert_eq!(verdict(&of(&[bad_kind(), certificate("tls")]), ResolvedRefs), (false, Reason::InvalidCertificateRef));
    assert_eq!(verdict(&of(&[bad_kind()]), ResolvedRefs), (false, Reason::InvalidRouteKinds));
    assert_eq!(verdict(&of(&[bad_kind()]), Programmed), (true, Reason::Programmed));
}

#[test]
fn a_listener_without_a_usable_certificate_is_accepted_and_not_programmed() {
    let broken = [certificate("tls")];
    let none_usable =
        status(ResolvedListener { unresolved: broken.to_vec(), unserved: broken.to_vec(), ..listener("web") }).conditions;
    assert_eq!(verdict(&none_usable, Accepted), (true, Reason::Accepted));
    assert_eq!(verdict(&none_usable, Programmed), (false, Reason::Invalid));
    let one_usable = status(ResolvedListener { unresolved: broken.to_vec(), ..listener("web") }).conditions;
    assert_eq!(verdict(&one_usable, Programmed), (true, Reason::Programmed));
    let missing = Refusal::TlsConfigMissing { protocol: Protocol::Https };
    let no_tls = status(ResolvedListener { unserved: vec![missing], ..listener("web") }).conditions;
    assert_eq!(verdict(&no_tls, Programmed), (false, Reason::InvalidTLSConfig));
    assert_eq!(verdict(&no_tls, ResolvedRefs), (true, Reason::ResolvedRefs));
}

#[test]
fn overlapping_hostnames_are_named() {
    let overlapping = ResolvedListener { overlaps: vec!["b".into(), "a".into()], port: 443, ..listener("web") };
    let status = status(overlapping);
    assert_eq!(verdict(&status.conditions, OverlappingTLSConfig), (true, Reason::OverlappingHostnames));
    let message = &find(&status.conditions, OverlappingTLSConfig).unwrap().message;
    assert_eq!(message, "the hostname overlaps with that of listener `a`, `b` on port 443");
    assert_eq!(verdict(&status.conditions, Accepted), (true, Reason::Accepted));
}

/// Counts come from the resolution and stay on listeners that are not served.
#[test]
fn pitfall_69_a_listener_that_is_not_served_still_counts_its_routes() {
    let broken = vec![certificate("tls")];
    let unserved = ResolvedListener { unresolved: broken.clone(), unserved: broken, ..listener("web") };
    let counts = [(unserved.key.clone(), 2)].into_iter().collect();
    let desired = GatewayStatus::of(&gateway([unserved]), &counts);
    let Merged::Changed(status) = merge_gateway(None, &desired, None) else { panic!("a new status is written") };
    assert_eq!(status["listeners"][0]["attachedRoutes"], 2);
}

#[test]
fn every_refusal_of_a_gateway_has_a_condition_that_tells_of_it() {
    for refusal in [bad_protocol(), hostname_conflict("a"), certificate("tls"), certificate_not_permitted(), bad_kind()] {
        let (type_, reason) = reason_of(&refusal);
        let mut broken = listener("web");
        if type_ == Accepted { &mut broken.refused } else { &mut broken.unresolved }.push(refusal.clone());
        let status = status(broken);
        assert_eq!(verdict(&status.conditions, type_), (false, reason));
        assert!(find(&status.conditions, type_).unwrap().message.contains(&refusal.to_string()));
    }
}
