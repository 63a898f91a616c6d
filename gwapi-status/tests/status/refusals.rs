//! Every refusal, where it comes up, and the condition that tells of it.

use std::{collections::BTreeSet, sync::Arc};

use gwapi_core::{
    Feature, ObjectKey, Refusal, Resolution,
    model::{Invalid, LocalObjectRef, PolicyTarget, Protocol, RouteGroupKind, SecretRef},
    refusal::{CaFault, CertificateFault, NamespaceFault, ParametersFault},
    resolution::{ResolvedFilter, ResolvedRule},
};
use gwapi_status::{
    ClassStatus, Condition, ConditionType, GatewayStatus, ListenerSetStatus, ListenerStatus, MeshStatus, PolicyStatus, Reason,
    RouteStatus, XBackendStatus, reason_of,
};
use serde_json::{Value, json};

use crate::{
    build::{backend, hostname, key, parent_ref, rule},
    world::{class, gateway, object, resolution, web, with},
};

/// Where a refusal comes up.
#[derive(Clone, Copy, Debug)]
enum Place {
    Class,
    Gateway,
    Addresses,
    ClientCertificate,
    Listener,
    ListenerReference,
    ListenerUnserved,
    Set,
    SetParent,
    Policy,
    PolicyReference,
    PolicyTarget,
    XBackend,
    XBackendReference,
    Mesh,
    Parent,
    Rule,
    RouteReference,
}

use ConditionType::{Accepted, Programmed, ResolvedRefs};

/// Of each kind with a status one object that is in order.
fn sound() -> Resolution {
    let route = json!({"parentRefs": [{"name": "front"}], "rules": [{"backendRefs": [
        {"group": "gateway.networking.x-k8s.io", "kind": "XBackend", "name": "api"}]}]});
    let api = json!({"type": "ExternalHostname", "externalHostname": {"hostname": "api.example.com"}, "port": {"number": 80}});
    let target = json!([{"group": "gateway.networking.k8s.io", "kind": "Gateway", "name": "front"}]);
    let resolution = resolution(&[
        class(),
        with(gateway(json!([web()])), "allowedListeners", json!({"namespaces": {"from": "All"}})),
        object(
            "ListenerSet",
            "shop/more",
            json!({"parentRef": {"name": "front"}, "listeners": [
            {"name": "more", "port": 8080, "protocol": "HTTP"}]}),
        ),
        object("HTTPRoute", "shop/cart", route),
        object("XBackend", "shop/api", api),
        object("XTelemetryPolicy", "shop/policy", json!({"targetRefs": target, "tracing": {}})),
        object("XMesh", "mesh", json!({"controllerName": "example.com/ours"})),
    ]);
    assert!(resolution.routes.values().all(|route| route.unresolved().is_empty()));
    resolution
}

/// The conditions of an object that is in order but for one refusal.
fn conditions(place: Place, refusal: Refusal) -> Vec<Condition> {
    let resolution = sound();
    let class = || (**resolution.classes.values().next().expect("a class")).clone();
    let gateway = || (**resolution.gateways.values().next().expect("a Gateway")).clone();
    let set = || (**resolution.listener_sets.values().next().expect("a ListenerSet")).clone();
    let policy = || (**resolution.policies.values().next().expect("a policy")).clone();
    let x_backend = || (**resolution.x_backends.values().next().expect("an XBackend")).clone();
    let route = || (**resolution.routes.values().next().expect("a route")).clone();
    let mesh = || (**resolution.meshes.values().next().expect("an XMesh")).clone();

    let attached = &resolution.attached_routes;
    let of_gateway = |gateway| GatewayStatus::of(&gateway, attached, &resolution.controller).conditions;
    let of_listener = |listener| ListenerStatus::of(&listener, 0, false).conditions;
    let of_set = |set| ListenerSetStatus::of(&set, attached).conditions;
    let of_policy = |policy| PolicyStatus::of(&policy, &resolution).ancestors.remove(0).conditions;
    let of_x_backend = |backend| XBackendStatus::of(&backend, &resolution).ancestors.remove(0).conditions;
    let of_route = |route| RouteStatus::of(&route).parents.remove(0).conditions;
    let mut listener = gateway().listeners.remove(0);
    match place {
        Place::Class => {
            let mut class = class();
            class.refused.push(refusal);
            ClassStatus::of(&class, &resolution.controller.features).conditions
        }
        Place::Gateway => {
            let mut gateway = gateway();
            gateway.refused.push(refusal);
            of_gateway(gateway)
        }
        Place::Addresses => {
            let mut gateway = gateway();
            gateway.unreachable.push(refusal);
            of_gateway(gateway)
        }
        Place::ClientCertificate => {
            let mut gateway = gateway();
            gateway.client_certificate = Some(Err(refusal));
            of_gateway(gateway)
        }
        Place::Listener => {
            listener.refused.push(refusal);
            of_listener(listener)
        }
        Place::ListenerReference => {
            listener.unresolved.push(refusal);
            of_listener(listener)
        }
        Place::ListenerUnserved => {
            listener.unserved.push(refusal);
            of_listener(listener)
        }
        Place::Set => {
            let mut set = set();
            set.refused.push(refusal);
            of_set(set)
        }
        Place::SetParent => {
            let mut set = set();
            set.unreachable.push(refusal);
            of_set(set)
        }
        Place::Policy => {
            let mut policy = policy();
            policy.refused.push(refusal);
            of_policy(policy)
        }
        Place::PolicyReference => {
            let mut policy = policy();
            policy.unresolved.push(refusal);
            of_policy(policy)
        }
        Place::PolicyTarget => {
            let mut policy = policy();
            policy.targets[0].refused = Some(refusal);
            of_policy(policy)
        }
        Place::XBackend => {
            let mut backend = x_backend();
            backend.refused.push(refusal);
            of_x_backend(backend)
        }
        Place::XBackendReference => {
            let mut backend = x_backend();
            backend.unresolved.push(refusal);
            of_x_backend(backend)
        }
        Place::Mesh => {
            let mut mesh = mesh();
            mesh.refused.push(refusal);
            MeshStatus::of(&mesh, &resolution.controller.features).conditions
        }
        Place::Parent => {
            let mut route = route();
            route.parents[0].listeners.clear();
            route.parents[0].refused.push(refusal);
            of_route(route)
        }
        Place::Rule => {
            let mut route = route();
            route.rules = vec![Arc::new(ResolvedRule { refused: vec![refusal], ..rule(0) })];
            of_route(route)
        }
        Place::RouteReference => {
            let mut route = route();
            let reference = LocalObjectRef { group: "example.com".into(), kind: "Odd".into(), name: "x".into() };
            let filters = vec![ResolvedFilter::Unresolved { reference, refusal }];
            route.rules = vec![Arc::new(ResolvedRule { filters, ..rule(0) })];
            of_route(route)
        }
    }
}

fn invalid() -> Invalid {
    Invalid { path: "spec.odd".into(), value: "1".into(), why: "is odd".into() }
}

fn object_key(kind: &str) -> ObjectKey {
    key(kind, "shop", "odd")
}

fn secret() -> SecretRef {
    SecretRef { group: "".into(), kind: "Secret".into(), namespace: "shop".into(), name: "odd".into() }
}

fn target() -> PolicyTarget {
    PolicyTarget { object: object_key("Gateway"), section_name: None }
}

fn local() -> LocalObjectRef {
    LocalObjectRef { group: "example.com".into(), kind: "Odd".into(), name: "x".into() }
}

type Row = (Refusal, Place, ConditionType, Reason);

/// Refusals of classes, Gateways, listeners and ListenerSets.
fn of_gateways() -> Vec<Row> {
    let (odd, http) = (|| Arc::<str>::from("Odd"), || Protocol::Http);
    let filter_invalid = Refusal::ListenerFilterInvalid { index: 0, filter_type: odd(), why: "is odd".into() };
    let filter_ref = Refusal::ListenerFilterRef { index: 0, filter_type: odd(), why: "no such object".into() };
    let ca = |why| Refusal::CaCertificateInvalid { object: object_key("ConfigMap"), why };
    let kind = RouteGroupKind { group: "example.com".into(), kind: "Odd".into() };
    let not_allowed = Refusal::ListenerSetNotAllowed {
        gateway: object_key("Gateway"),
        namespace: "shop".into(),
        why: Some(NamespaceFault::NoSelector),
    };
    let parameters = |object| Refusal::ClassParameters { object, why: ParametersFault::NotFound };
    vec![
        (parameters(object_key("Odd")), Place::Class, Accepted, Reason::InvalidParameters),
        (parameters(object_key("Odd")), Place::Mesh, Accepted, Reason::InvalidParameters),
        (
            Refusal::GatewayParameters { reference: local(), why: ParametersFault::KindUnsupported },
            Place::Gateway,
            Accepted,
            Reason::InvalidParameters,
        ),
        (Refusal::AddressTypeUnsupported { address_type: "x".into() }, Place::Gateway, Accepted, Reason::UnsupportedAddress),
        (Refusal::GatewayInvalid { invalid: invalid() }, Place::Gateway, Accepted, Reason::Invalid),
        (Refusal::AddressNotUsable { value: "192.0.2.7".into() }, Place::Addresses, Programmed, Reason::AddressNotUsable),
        (Refusal::AddressNotAssigned, Place::Addresses, Programmed, Reason::AddressNotAssigned),
        (Refusal::AddressRoutabilityUnsupported { routability: odd() }, Place::Addresses, Programmed, Reason::AddressNotAssigned),
        (
            Refusal::ClientCertificateInvalid { reference: secret(), why: CertificateFault::NotFound },
            Place::ClientCertificate,
            ResolvedRefs,
            Reason::InvalidClientCertificateRef,
        ),
        (Refusal::HostnameConflict { port: 80, with: Vec::new() }, Place::Listener, Accepted, Reason::HostnameConflict),
        (
            Refusal::ProtocolConflict { port: 80, protocol: http(), with: Vec::new() },
            Place::Listener,
            Accepted,
            Reason::ProtocolConflict,
        ),
        (Refusal::PortUnavailable { port: 80 }, Place::Listener, Accepted, Reason::PortUnavailable),
        (Refusal::ProtocolUnsupported { protocol: "x".into() }, Place::Listener, Accepted, Reason::UnsupportedProtocol),
        (Refusal::TlsModeUnsupported { mode: odd(), protocol: http() }, Place::Listener, Accepted, Reason::UnsupportedValue),
        (Refusal::ListenerInvalid { invalid: invalid() }, Place::Listener, Accepted, Reason::UnsupportedValue),
        (
            Refusal::ListenerFilterUnsupported { index: 0, filter_type: odd() },
            Place::Listener,
            Accepted,
            Reason::UnsupportedValue,
        ),
        (filter_invalid, Place::Listener, Accepted, Reason::InvalidListenerFilter),
        (filter_ref, Place::ListenerReference, ResolvedRefs, Reason::InvalidListenerFilterRef),
        (Refusal::NoValidCaCertificate, Place::Listener, Accepted, Reason::NoValidCACertificate),
        (ca(CaFault::Missing), Place::ListenerReference, ResolvedRefs, Reason::InvalidCACertificateRef),
        (ca(CaFault::KindUnsupported), Place::ListenerReference, ResolvedRefs, Reason::InvalidCACertificateKind),
        (
            Refusal::ClientTrustUnresolved { gateway: object_key("Gateway") },
            Place::ListenerReference,
            ResolvedRefs,
            Reason::InvalidCACertificateRef,
        ),
        (Refusal::TlsConfigMissing { protocol: Protocol::Https }, Place::ListenerUnserved, Programmed, Reason::InvalidTLSConfig),
        (
            Refusal::CertificateInvalid { reference: secret(), why: CertificateFault::Mismatch },
            Place::ListenerReference,
            ResolvedRefs,
            Reason::InvalidCertificateRef,
        ),
        (
            Refusal::RouteKindUnsupported { kind, protocol: http() },
            Place::ListenerReference,
            ResolvedRefs,
            Reason::InvalidRouteKinds,
        ),
        (not_allowed.clone(), Place::Set, Accepted, Reason::NotAllowed),
        (not_allowed, Place::Listener, Accepted, Reason::NotAllowed),
        (Refusal::ListenerSetInvalid { invalid: invalid() }, Place::Set, Accepted, Reason::Invalid),
        (Refusal::ParentNotAccepted { gateway: object_key("Gateway") }, Place::Set, Accepted, Reason::ParentNotAccepted),
        (
            Refusal::ParentNotProgrammed { gateway: object_key("Gateway") },
            Place::SetParent,
            Programmed,
            Reason::ParentNotProgrammed,
        ),
    ]
}

/// Refusals of policies and XBackends.
fn of_policies() -> Vec<Row> {
    let ca = |why| Refusal::CaCertificateInvalid { object: object_key("ConfigMap"), why };
    let san = Feature::BackendTLSPolicySANValidation;
    let undeclared = Refusal::FeatureUnsupported { path: "spec.validation.subjectAltNames".into(), feature: san };
    let unfit = Refusal::TargetUnsupported { target: target(), why: "it is odd".into() };
    let certificate = Refusal::ClientCertificateInvalid { reference: secret(), why: CertificateFault::NotFound };
    vec![
        (Refusal::PolicyInvalid { invalid: invalid() }, Place::Policy, Accepted, Reason::Invalid),
        (Refusal::NoValidCaCertificate, Place::Policy, Accepted, Reason::NoValidCACertificate),
        (Refusal::WellKnownCaUnsupported { name: "odd".into() }, Place::Policy, Accepted, Reason::Invalid),
        (undeclared, Place::Policy, Accepted, Reason::Invalid),
        (Refusal::FieldUnsupported { path: "spec.sessionPersistence".into() }, Place::Policy, Accepted, Reason::Invalid),
        (ca(CaFault::Empty), Place::PolicyReference, ResolvedRefs, Reason::InvalidCACertificateRef),
        (ca(CaFault::KindUnsupported), Place::PolicyReference, ResolvedRefs, Reason::InvalidKind),
        (
            Refusal::PolicyConflict { target: target(), with: object_key("Odd") },
            Place::PolicyTarget,
            Accepted,
            Reason::Conflicted,
        ),
        (Refusal::TargetNotFound { target: target() }, Place::PolicyTarget, Accepted, Reason::TargetNotFound),
        (unfit, Place::PolicyTarget, Accepted, Reason::Invalid),
        (Refusal::XBackendInvalid { invalid: invalid() }, Place::XBackend, Accepted, Reason::Invalid),
        (Refusal::NoValidCaCertificate, Place::XBackend, Accepted, Reason::NoValidCACertificate),
        (certificate.clone(), Place::XBackend, Accepted, Reason::Invalid),
        (certificate, Place::XBackendReference, ResolvedRefs, Reason::InvalidClientCertificateRef),
        (ca(CaFault::KindUnsupported), Place::XBackendReference, ResolvedRefs, Reason::InvalidKind),
    ]
}

/// Refusals of routes.
fn of_routes() -> Vec<Row> {
    let protocol = Refusal::BackendProtocolUnsupported {
        backend: backend("cart"),
        app_protocol: "kubernetes.io/wss".into(),
        route_kind: "HTTPRoute".into(),
    };
    let permitted = Refusal::RefNotPermitted {
        from_kind: "HTTPRoute".into(),
        from_namespace: "shop".into(),
        target: ObjectKey::namespaced("", "Service", &"vault".into(), &"odd".into()),
    };
    let mesh_conflict =
        Refusal::MeshKindConflict { service: object_key("Service"), kind: "HTTPRoute".into(), winner: "GRPCRoute".into() };
    let namespace =
        Refusal::NamespaceNotAllowed { listener: "web".into(), namespace: "shop".into(), why: NamespaceFault::NotSelected };
    let no_hostname = Refusal::NoMatchingHostname {
        listener: "web".into(),
        hostname: "*.other.example".into(),
        route: vec![hostname("shop.example")],
    };
    let incompatible =
        Refusal::IncompatibleFilters { path: "spec".into(), first: "URLRewrite".into(), second: "RequestRedirect".into() };
    let backend_invalid = Refusal::BackendInvalid { backend: backend("api"), why: "is odd".into() };
    let tls = Refusal::BackendTlsUnavailable { backend: backend("cart"), policy: None };
    let headless = Refusal::MeshServiceUnsupported { service: object_key("Service"), why: "is headless".into() };
    vec![
        (permitted, Place::RouteReference, ResolvedRefs, Reason::RefNotPermitted),
        (Refusal::BackendNotLocal { backend: backend("api") }, Place::RouteReference, ResolvedRefs, Reason::RefNotPermitted),
        (Refusal::BackendKindUnsupported { backend: backend("x") }, Place::RouteReference, ResolvedRefs, Reason::InvalidKind),
        (Refusal::ExtensionUnsupported { reference: local() }, Place::RouteReference, ResolvedRefs, Reason::InvalidKind),
        (Refusal::BackendNotFound { backend: backend("x") }, Place::RouteReference, ResolvedRefs, Reason::BackendNotFound),
        (Refusal::BackendPortNotFound { backend: backend("x") }, Place::RouteReference, ResolvedRefs, Reason::BackendNotFound),
        (Refusal::BackendExternalName { backend: backend("x") }, Place::RouteReference, ResolvedRefs, Reason::BackendNotFound),
        (backend_invalid, Place::RouteReference, ResolvedRefs, Reason::BackendNotFound),
        (protocol, Place::RouteReference, ResolvedRefs, Reason::UnsupportedProtocol),
        (tls, Place::RouteReference, ResolvedRefs, Reason::UnsupportedProtocol),
        (Refusal::NoListenerSelected { parent_ref: parent_ref("front") }, Place::Parent, Accepted, Reason::NoMatchingParent),
        (headless, Place::Parent, Accepted, Reason::NoMatchingParent),
        (mesh_conflict, Place::Parent, Accepted, Reason::Conflicted),
        (namespace, Place::Parent, Accepted, Reason::NotAllowedByListeners),
        (
            Refusal::KindNotAllowed { listener: "web".into(), kind: "HTTPRoute".into() },
            Place::Parent,
            Accepted,
            Reason::NotAllowedByListeners,
        ),
        (Refusal::ListenerNotAccepted { listener: "web".into() }, Place::Parent, Accepted, Reason::NotAllowedByListeners),
        (no_hostname, Place::Parent, Accepted, Reason::NoMatchingListenerHostname),
        (Refusal::ParentRefPortUnsupported, Place::Parent, Accepted, Reason::UnsupportedValue),
        (incompatible, Place::Rule, Accepted, Reason::IncompatibleFilters),
        (
            Refusal::RepeatedFilter { path: "spec".into(), filter: "URLRewrite".into() },
            Place::Rule,
            Accepted,
            Reason::IncompatibleFilters,
        ),
        (Refusal::RuleInvalid { invalid: invalid() }, Place::Rule, Accepted, Reason::UnsupportedValue),
        (
            Refusal::FeatureUnsupported { path: "spec".into(), feature: Feature::HTTPRouteCORS },
            Place::Rule,
            Accepted,
            Reason::UnsupportedValue,
        ),
        (Refusal::FieldUnsupported { path: "spec".into() }, Place::Rule, Accepted, Reason::UnsupportedValue),
        (Refusal::PrefixMatchMissing { path: "spec".into() }, Place::Rule, Accepted, Reason::UnsupportedValue),
    ]
}

fn rows() -> Vec<Row> {
    of_gateways().into_iter().chain(of_policies()).chain(of_routes()).collect()
}

/// B-067, B-068, B-070: in the words of the API.
#[test]
fn every_refusal_has_a_condition_that_tells_of_it() {
    for (refusal, place, type_, reason) in rows() {
        let text = refusal.to_string();
        let conditions = conditions(place, refusal);
        let condition = conditions.iter().find(|condition| condition.type_ == type_).expect("the condition is there");
        assert_eq!((condition.is_true(), condition.reason), (false, reason), "{place:?}: {condition:?}");
        assert!(condition.message.contains(&text), "{place:?}: {condition:?}");
    }
}

#[test]
fn the_reason_of_a_refusal_is_that_of_its_condition_or_the_word_of_policies_for_it() {
    for (refusal, place, type_, reason) in rows() {
        let (own_type, own) = reason_of(&refusal);
        // An XBackend that is refused for a reference of its own is merely invalid.
        if matches!(place, Place::XBackend) && own_type == ResolvedRefs {
            continue;
        }
        assert_eq!(own_type, type_, "{refusal}");
        let is_policy = matches!(
            place,
            Place::Policy | Place::PolicyReference | Place::PolicyTarget | Place::XBackend | Place::XBackendReference
        );
        assert_eq!(if is_policy { own.of_policy() } else { own }, reason, "{refusal}");
    }
}

#[test]
fn an_object_that_is_in_order_has_no_condition_that_fails() {
    let report = gwapi_status::project(&sound());
    let of_ancestors = report.policies.values().flat_map(|status| &status.ancestors);
    let of_ancestors = of_ancestors.chain(report.x_backends.values().flat_map(|status| &status.ancestors));
    let all = report.classes.values().map(|status| &status.conditions);
    let all = all.chain(report.gateways.values().map(|status| &status.conditions));
    let all = all.chain(report.gateways.values().flat_map(|status| &status.listeners).map(|status| &status.conditions));
    let all = all.chain(report.listener_sets.values().map(|status| &status.conditions));
    let all = all.chain(report.meshes.values().map(|status| &status.conditions));
    let all = all.chain(report.routes.values().flat_map(|status| &status.parents).map(|status| &status.conditions));
    let all: Vec<_> = all.chain(of_ancestors.map(|status| &status.conditions)).collect();
    assert_eq!(all.len(), 8);
    for condition in all.into_iter().flatten() {
        assert!(condition.is_true() && !condition.type_.is_negative(), "{condition:?}");
    }
}

/// `Refusal` is open, so that the compiler cannot see whether one is forgotten here and in `reason_of`.
#[test]
fn no_refusal_is_forgotten() {
    let Ok(source) = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../gwapi-core/src/refusal.rs")) else {
        return; // Not in the repository.
    };
    let body = source.split("pub enum Refusal {").nth(1).and_then(|rest| rest.split("\n}").next()).expect("the enum");
    let variants = body.lines().filter_map(|line| line.strip_prefix("    ")?.split([' ', ',']).next());
    let variants: BTreeSet<String> = variants.filter(|word| word.starts_with(char::is_uppercase)).map(camel_case).collect();
    assert!(variants.len() > 50 && variants.contains("policyConflict"), "the source is read rightly: {variants:?}");
    let tag = |refusal| serde_json::to_value(refusal).ok()?.get("refusal").and_then(Value::as_str).map(str::to_owned);
    let covered: BTreeSet<String> = rows().iter().filter_map(|(refusal, ..)| tag(refusal)).collect();
    assert_eq!(covered, variants);
}

fn camel_case(word: &str) -> String {
    let (first, rest) = word.split_at(1);
    format!("{}{rest}", first.to_lowercase())
}
