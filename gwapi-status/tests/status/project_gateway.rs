//! Conditions of GatewayClasses, Gateways and listeners.

use std::collections::BTreeSet;

use gwapi_core::{
    Controller, Feature, Refusal, SupportedFeatures,
    model::{
        Address, ClientValidation, ClientValidationMode, DefaultScope, Gateway, LocalObjectRef, Protocol, RouteGroupKind,
        SecretRef,
    },
    refusal::{CertificateFault, ParametersFault},
    resolution::{AttachedRoutes, ResolvedGateway, ResolvedListener},
};
use gwapi_status::{ClassStatus, ConditionType::*, GatewayStatus, ListenerStatus, Merged, Reason, merge_gateway, reason_of};

use crate::build::{address, class, find, gateway, key, listener, plain, status_of_gateway, verdict};

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
fn a_006_and_a_007_one_crd_of_another_version_is_enough() {
    let known = ["v1.7.0", "v1.6.1"];
    let of = |installed: &[(&'static str, Option<&'static str>)]| {
        let status = ClassStatus::of(&class(), &SupportedFeatures::core()).with_installed(installed.iter().copied(), &known);
        // as good as it gets.
        assert_eq!(verdict(&status.conditions, Accepted), (true, Reason::Accepted));
        let condition = find(&status.conditions, SupportedVersion).cloned();
        condition.map(|condition| (condition.is_true(), condition.reason, condition.message))
    };
    let (gateways, routes) = (("gateways", Some("v1.7.0")), ("httproutes", Some("v1.6.1")));
    let message = "installed: `v1.6.1`, `v1.7.0`; supported: `v1.7.0`, `v1.6.1`";
    assert_eq!(of(&[routes, gateways]), Some((true, Reason::SupportedVersion, message.to_owned())));
    let message = "installed: no version of `tlsroutes`, `v1.7.0`, `v1.8.0` of `grpcroutes`; supported: `v1.7.0`, `v1.6.1`";
    let odd = of(&[("tlsroutes", None), gateways, ("grpcroutes", Some("v1.8.0"))]);
    assert_eq!(odd, Some((false, Reason::UnsupportedVersion, message.to_owned())));
    assert!(!of(&[gateways, ("tlsroutes", None)]).unwrap().0);
    assert!(!of(&[gateways, ("tlsroutes", Some(""))]).unwrap().0);
    assert_eq!(of(&[]), None, "nobody knows");
}

///
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
    assert_eq!(verdict(&status.conditions, ResolvedRefs), (true, Reason::ResolvedRefs));
    assert_eq!(status.conditions.len(), 3);
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

///
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
    // C-027.
    let elsewhere = self::status(ResolvedListener { overlaps_elsewhere: true, port: 443, ..listener("web") });
    let message = &find(&elsewhere.conditions, OverlappingTLSConfig).unwrap().message;
    assert_eq!(message, "the hostname overlaps with that of a listener of another object on port 443");
    assert_eq!(verdict(&status.conditions, Accepted), (true, Reason::Accepted));
}

/// Counts come from the resolution and stay on listeners that are not served.
#[test]
fn pitfall_69_a_listener_that_is_not_served_still_counts_its_routes() {
    let broken = vec![certificate("tls")];
    let unserved = ResolvedListener { unresolved: broken.clone(), unserved: broken, ..listener("web") };
    let counts = [(unserved.key.clone(), 2)].into_iter().collect();
    let desired = GatewayStatus::of(&gateway([unserved]), &counts, &plain());
    let Merged::Changed(status) = merge_gateway(None, &desired, None) else { panic!("a new status is written") };
    assert_eq!(status["listeners"][0]["attachedRoutes"], 2);
}

/// A Gateway without routes under a controller that can do everything.
fn under_all(gateway: &ResolvedGateway) -> GatewayStatus {
    GatewayStatus::of(gateway, &AttachedRoutes::default(), &Controller::default())
}

fn client_certificate(outcome: Result<(), Refusal>) -> ResolvedGateway {
    let reference = SecretRef { group: "".into(), kind: "Secret".into(), namespace: "shop".into(), name: "client".into() };
    ResolvedGateway { client_certificate: Some(outcome.map(|()| reference)), ..gateway([listener("web")]) }
}

#[test]
fn b_052_b_053_b_054_the_client_certificate_shows_in_the_references_of_the_gateway() {
    let reference = SecretRef { group: "".into(), kind: "Secret".into(), namespace: "shop".into(), name: "client".into() };
    let broken = Refusal::ClientCertificateInvalid { reference, why: CertificateFault::NotFound };
    let feature = Feature::GatewayBackendClientCertificate;
    let undeclared = Refusal::FeatureUnsupported { path: "spec.tls.backend.clientCertificateRef".into(), feature };
    for (outcome, expected) in [
        (Ok(()), (true, Reason::ResolvedRefs)),
        (Err(broken), (false, Reason::InvalidClientCertificateRef)),
        (Err(certificate_not_permitted()), (false, Reason::RefNotPermitted)),
        (Err(undeclared), (false, Reason::InvalidClientCertificateRef)),
    ] {
        let message = outcome.as_ref().err().map(Refusal::to_string);
        let conditions = under_all(&client_certificate(outcome)).conditions;
        assert_eq!(verdict(&conditions, ResolvedRefs), expected);
        assert_eq!(verdict(&conditions, Accepted), (true, Reason::Accepted));
        assert_eq!(verdict(&conditions, Programmed), (true, Reason::Programmed));
        if let Some(message) = message {
            assert_eq!(find(&conditions, ResolvedRefs).unwrap().message, message);
        }
    }
}

#[test]
fn b_055_references_of_listeners_are_summed_up_behind_those_of_the_gateway() {
    let broken = |name: &str| ResolvedListener { unresolved: vec![certificate("tls")], ..listener(name) };
    let of_listeners = under_all(&gateway([broken("b"), listener("web"), broken("a")])).conditions;
    assert_eq!(verdict(&of_listeners, ResolvedRefs), (false, Reason::ListenersNotResolved));
    assert_eq!(find(&of_listeners, ResolvedRefs).unwrap().message, "references of listeners do not resolve: `a`, `b`");
    assert_eq!(verdict(&of_listeners, Accepted), (true, Reason::Accepted));
    assert_eq!(verdict(&of_listeners, Programmed), (true, Reason::Programmed));

    let mut both = client_certificate(Err(certificate_not_permitted()));
    both.listeners.push(broken("a"));
    let both = under_all(&both).conditions;
    assert_eq!(verdict(&both, ResolvedRefs), (false, Reason::RefNotPermitted));
    let message = &find(&both, ResolvedRefs).unwrap().message;
    assert!(message.starts_with("no ReferenceGrant") && message.ends_with("listeners do not resolve: `a`"), "{message}");
}

fn with_mode(default: Option<ClientValidationMode>, of_port: Option<ClientValidationMode>) -> ResolvedGateway {
    let validation = |mode| ClientValidation { ca_certificate_refs: Vec::new(), mode, invalid: Vec::new() };
    let mut resolved = gateway([listener("web")]);
    let mut object = (*resolved.gateway).clone();
    object.tls.frontend.default = default.map(validation);
    object.tls.frontend.per_port = of_port.map(|mode| (8443, Some(validation(mode)))).into_iter().collect();
    resolved.gateway = object.into();
    resolved
}

#[test]
fn b_048_s_011_a_mode_that_lets_everybody_in_is_visible_wherever_it_is_configured() {
    use ClientValidationMode::{AllowInsecureFallback, AllowValidOnly};
    for (default, of_port, is_insecure) in [
        (None, None, false),
        (Some(AllowValidOnly), Some(AllowValidOnly), false),
        (Some(AllowInsecureFallback), None, true),
        (Some(AllowValidOnly), Some(AllowInsecureFallback), true),
    ] {
        let conditions = under_all(&with_mode(default, of_port)).conditions;
        let insecure = find(&conditions, InsecureFrontendValidationMode).map(|it| (it.is_true(), it.reason));
        assert_eq!(insecure, is_insecure.then_some((true, Reason::ConfigurationChanged)));
    }
    let conditions = status_of_gateway(&with_mode(Some(AllowInsecureFallback), None)).conditions;
    assert_eq!(find(&conditions, InsecureFrontendValidationMode), None, "without the feature nobody is let in");
}

/// `AddressesAssigned` and its reasons.
#[test]
fn b_080_addresses_are_told_by_those_that_declare_their_scopes() {
    let assigned = |address_requests: Vec<Result<Address, Refusal>>, unreachable: Vec<Refusal>| {
        let addresses = address_requests.iter().flatten().cloned().collect();
        let resolved = ResolvedGateway { address_requests, addresses, unreachable, ..gateway([listener("web")]) };
        assert_eq!(find(&status_of_gateway(&resolved).conditions, AddressesAssigned), None);
        let status = under_all(&resolved);
        assert!(status.tells_routability);
        let condition = find(&status.conditions, AddressesAssigned).expect("it is there").clone();
        (condition.is_true(), condition.reason, condition.message)
    };
    let unusable = || Refusal::AddressNotUsable { value: "192.0.2.7".into() };
    let scope = || Refusal::AddressRoutabilityUnsupported { routability: "example.com/odd".into() };
    let all = assigned(vec![Ok(address("192.0.2.1"))], Vec::new());
    assert_eq!((all.0, all.1), (true, Reason::AddressesAssigned));
    let some = assigned(vec![Err(unusable()), Ok(address("192.0.2.1")), Err(scope())], vec![unusable()]);
    assert_eq!((some.0, some.1), (false, Reason::PartiallyAssigned));
    assert_eq!(
        some.2,
        "spec.addresses[0]: address `192.0.2.7` cannot be used; \
         spec.addresses[2]: address routability `example.com/odd` is not supported",
    );
    let none = assigned(vec![Err(scope())], vec![Refusal::AddressNotAssigned]);
    assert_eq!((none.0, none.1), (false, Reason::NotAssigned));
    assert_eq!(assigned(Vec::new(), vec![Refusal::AddressNotAssigned]).1, Reason::NotAssigned, "nothing is chosen yet");
    let chosen = under_all(&gateway([listener("web")])).conditions;
    assert_eq!(verdict(&chosen, AddressesAssigned), (true, Reason::AddressesAssigned));

    let refused = ResolvedGateway { refused: vec![scope()], ..gateway([listener("web")]) };
    assert_eq!(verdict(&under_all(&refused).conditions, AddressesAssigned), (false, Reason::NotAssigned));
}

#[test]
fn p_005_a_default_gateway_says_so_with_its_scope_and_no_other_does() {
    let scoped = |default_scope| {
        let mut resolved = gateway([listener("web")]);
        resolved.gateway = Gateway { default_scope, ..(*resolved.gateway).clone() }.into();
        resolved
    };
    let conditions = under_all(&scoped(DefaultScope::All)).conditions;
    assert!(find(&conditions, DefaultGateway).is_some_and(|it| it.is_true() && it.message.contains("`All`")));
    for scope in [DefaultScope::None, DefaultScope::Unknown("Region".into())] {
        assert_eq!(find(&under_all(&scoped(scope)).conditions, DefaultGateway), None);
    }
    assert_eq!(find(&status_of_gateway(&scoped(DefaultScope::All)).conditions, DefaultGateway), None, "it claims nothing");
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
