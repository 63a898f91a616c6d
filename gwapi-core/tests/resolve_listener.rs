//! Which listeners can be served and for what (B.1, B.3, B.8, D-006 to D-009).

mod common;

use std::sync::Arc;

use common::{
    edge_of, edge_with, from_all, gateway, grant, https, key, listener, listener_of, names, open, ours, resolved, secret,
    secret_with, snapshot,
};
use gwapi_core::{
    Feature, Refusal, Resolution,
    model::{Protocol, RouteKind},
    refusal::CertificateFault,
    resolution::{ResolvedGateway, ResolvedListener},
    resolve,
};
use serde_json::{Value, json};

fn plain(name: &str, port: u16, hostname: Option<&str>) -> Value {
    match hostname {
        Some(hostname) => listener(name, port, "HTTP", json!({"hostname": hostname})),
        None => listener(name, port, "HTTP", json!({})),
    }
}

fn refused(gateway: &ResolvedGateway, name: &str) -> Vec<String> {
    names(&listener_of(gateway, name).refused)
}

// Distinctness and conflicts

#[test]
fn b_003_listeners_of_one_protocol_differ_in_port_or_hostname() {
    let cases = [
        (plain("a", 80, None), plain("b", 80, None), true),
        (plain("a", 80, Some("a.com")), plain("b", 80, Some("a.com")), true),
        (plain("a", 80, Some("*.a.com")), plain("b", 80, Some("*.a.com")), true),
        (plain("a", 80, None), plain("b", 81, None), false),
        (plain("a", 80, None), plain("b", 80, Some("a.com")), false),
        // Pitfall 53: overlap is no conflict.
        (plain("a", 80, Some("*.a.com")), plain("b", 80, Some("b.a.com")), false),
    ];
    for (one, other, conflict) in cases {
        let gateway = edge_with(&[one.clone(), other]);
        for name in ["a", "b"] {
            assert_eq!(refused(&gateway, name), if conflict { vec!["hostnameConflict"] } else { vec![] }, "{one}");
        }
    }
}

#[test]
fn b_004_certificates_do_not_make_listeners_distinct() {
    let listeners = [https("a", 443, json!({})), https("b", 443, json!({"tls": {"certificateRefs": [{"name": "other"}]}}))];
    let gateway = edge_with(&listeners);
    assert_eq!(refused(&gateway, "a"), ["hostnameConflict"]);
    assert_eq!(refused(&gateway, "b"), ["hostnameConflict"]);
}

/// A mistake in one of two listeners must not hand their common name to the other.
#[test]
fn s_009_a_mistake_elsewhere_in_a_listener_does_not_resolve_a_conflict() {
    let broken = https("b", 443, json!({"tls": {"certificateRefs": [{}]}}));
    let gateway = edge_with(&[https("a", 443, json!({})), broken]);
    assert_eq!(refused(&gateway, "a"), ["hostnameConflict"]);
    assert_eq!(refused(&gateway, "b"), ["listenerInvalid", "hostnameConflict"]);
}

#[test]
fn s_017_a_listener_without_a_readable_port_or_hostname_takes_nobody_with_it() {
    let nameless = listener("b", 80, "HTTP", json!({"hostname": "No Name"}));
    let portless = |name: &str| json!({"name": name, "protocol": "HTTP", "port": 0});
    let gateway = edge_with(&[plain("a", 80, None), nameless, portless("c"), portless("d")]);
    assert!(listener_of(&gateway, "a").is_accepted());
    assert_eq!(refused(&gateway, "b"), ["listenerInvalid"]);
    assert_eq!(refused(&gateway, "c"), ["listenerInvalid"]);
}

#[test]
fn b_008_http_and_https_on_one_port_are_a_protocol_conflict_whatever_their_names() {
    let gateway = edge_with(&[plain("a", 443, Some("a.com")), https("b", 443, json!({"hostname": "b.com"})), open("c")]);
    let with = |name: &str| vec![name.into()];
    assert_eq!(
        listener_of(&gateway, "a").refused,
        [Refusal::ProtocolConflict { port: 443, protocol: Protocol::Http, with: with("b") }]
    );
    assert_eq!(
        listener_of(&gateway, "b").refused,
        [Refusal::ProtocolConflict { port: 443, protocol: Protocol::Https, with: with("a") }]
    );
    // B-010: nobody wins, and nobody else is touched.
    assert!(listener_of(&gateway, "c").is_accepted());
}

#[test]
fn b_009_a_listener_can_be_in_both_kinds_of_conflict() {
    let gateway = edge_with(&[plain("a", 443, None), plain("b", 443, None), https("c", 443, json!({}))]);
    assert_eq!(refused(&gateway, "a"), ["protocolConflict", "hostnameConflict"]);
    assert_eq!(refused(&gateway, "c"), ["protocolConflict"]);
    assert!(!gateway.is_accepted());
}

#[test]
fn b_010_all_of_three_lose_and_each_names_the_other_two() {
    let gateway = edge_with(&[plain("c", 80, None), plain("a", 80, None), plain("b", 80, None)]);
    let Refusal::HostnameConflict { with, .. } = &listener_of(&gateway, "c").refused[0] else { panic!() };
    assert_eq!(with, &["a", "b"]);
}

#[test]
fn b_011_a_protocol_conflict_leaves_no_kind_and_no_route() {
    let listeners = [listener("a", 443, "HTTP", json!({"allowedRoutes": from_all()})), https("b", 443, json!({}))];
    let objects = [gateway("infra/edge", &listeners), secret("infra/cert"), common::ruled("shop/r", json!([{}]))];
    let resolution = resolved(&objects);
    let edge = edge_of(&resolution);
    assert!(
        edge.listeners
            .iter()
            .all(|listener| listener.supported_kinds.is_empty() && resolution.attached_routes.on(&listener.key) == 0)
    );
    assert_eq!(names(&common::attachment_of(&resolution, "shop/r").refused), ["listenerNotAccepted", "listenerNotAccepted"]);
}

/// TCP, UDP and TLS are not supported here, so that each of them on the port of HTTP is refused for itself.
#[test]
fn b_006_a_protocol_that_is_not_supported_takes_no_port() {
    let controller = common::without_all(&[Feature::TCPRoute, Feature::UDPRoute, Feature::TLSRoute]);
    for protocol in ["TCP", "UDP", "TLS", "example.com/quic", "http", "HTTPs"] {
        let other = match protocol {
            "TLS" => listener("other", 80, protocol, json!({"tls": {"mode": "Passthrough"}})),
            _ => listener("other", 80, protocol, json!({})),
        };
        let objects = [gateway("infra/edge", &[open("http"), other.clone(), merged_name(other)])];
        let gateway = edge_of(&common::resolved_by(&controller, &objects));
        assert!(listener_of(&gateway, "http").is_accepted(), "{protocol}");
        for name in ["other", "again"] {
            let other = listener_of(&gateway, name);
            assert_eq!(names(&other.refused), ["protocolUnsupported"], "{protocol}");
            // B-014.
            assert!(other.supported_kinds.is_empty());
        }
    }
}

fn merged_name(mut listener: Value) -> Value {
    listener["name"] = "again".into();
    listener
}

#[test]
fn b_018_a_port_that_cannot_be_bound_is_that_listeners_problem() {
    let mut snapshot = snapshot(&[gateway("infra/edge", &[open("http"), plain("alt", 8080, None)])]);
    snapshot.facts.unavailable_ports = [(key("Gateway", "infra/edge"), 8080, Protocol::Http)].into();
    let edge = edge_of(&resolve(&snapshot, &ours()));
    assert_eq!(listener_of(&edge, "alt").refused, [Refusal::PortUnavailable { port: 8080 }]);
    assert!(listener_of(&edge, "http").is_accepted() && edge.is_accepted());
}

#[test]
fn b_019_a_tls_mode_that_is_not_supported_leaves_no_kind() {
    for mode in ["Passthrough", "Inspect"] {
        let gateway = edge_with(&[https("a", 443, json!({"tls": {"mode": mode, "certificateRefs": [{"name": "cert"}]}}))]);
        assert_eq!(refused(&gateway, "a"), ["tlsModeUnsupported"]);
        assert!(listener_of(&gateway, "a").supported_kinds.is_empty());
    }
}

#[test]
fn b_033_tls_on_a_clear_text_listener_is_never_looked_past() {
    for tls in [json!({}), json!({"certificateRefs": [{"name": "cert"}]}), json!({"mode": "Passthrough"})] {
        let gateway = edge_with(&[open("good"), listener("bad", 443, "HTTP", json!({"tls": tls}))]);
        let [Refusal::ListenerInvalid { invalid }] = listener_of(&gateway, "bad").refused.as_slice() else { panic!("{tls}") };
        assert_eq!(invalid.path, "spec.listeners[1].tls");
        assert!(listener_of(&gateway, "good").is_accepted());
    }
}

#[test]
fn e_025_a_hostname_where_no_connection_says_one_is_never_looked_past() {
    for protocol in ["TCP", "UDP"] {
        let gateway = edge_with(&[open("good"), listener("bad", 9000, protocol, json!({"hostname": "a.example"}))]);
        let [Refusal::ListenerInvalid { invalid }] = listener_of(&gateway, "bad").refused.as_slice() else {
            panic!("{protocol}")
        };
        assert_eq!((invalid.path.as_str(), invalid.value.as_str()), ("spec.listeners[1].hostname", "\"a.example\""));
        assert!(listener_of(&gateway, "good").is_accepted());
    }
}

#[test]
fn h_086_a_listener_is_never_served_without_its_filters() {
    let filters = json!({"requests": [{"type": "ExternalAuth", "externalAuth": {}}]});
    let objects = [gateway("infra/edge", &[open("plain"), listener("guarded", 81, "HTTP", json!({"filters": filters}))])];
    for (controller, why) in
        [(ours(), "listenerFilterInvalid"), (common::without(Feature::GatewayListenerFilters), "listenerFilterUnsupported")]
    {
        let gateway = edge_of(&common::resolved_by(&controller, &objects));
        assert_eq!(refused(&gateway, "guarded"), [why]);
        assert!(listener_of(&gateway, "plain").is_accepted());
    }
}

// TLS

/// HTTPS with these references, and these objects in the world.
fn tls(references: Value, objects: &[Value]) -> ResolvedListener {
    let edge = gateway("infra/edge", &[listener("tls", 443, "HTTPS", json!({"tls": {"certificateRefs": references}}))]);
    let mut objects = objects.to_vec();
    objects.push(edge);
    listener_of(&edge_of(&resolved(&objects)), "tls").clone()
}

fn fault(listener: &ResolvedListener) -> &CertificateFault {
    let [Refusal::CertificateInvalid { why, .. }] = listener.unresolved.as_slice() else { panic!("{:?}", listener.unresolved) };
    why
}

#[test]
fn b_038_a_certificate_that_cannot_be_used_keeps_the_listener_accepted_and_not_served() {
    let typed = |data| vec![secret_with("infra/cert", "kubernetes.io/tls", data)];
    let reference = json!([{"name": "cert"}]);
    let crt = "-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n";
    let cases = [
        (reference.clone(), vec![], CertificateFault::NotFound),
        (reference.clone(), vec![secret_with("infra/cert", "Opaque", json!({}))], CertificateFault::WrongType("Opaque".into())),
        (reference.clone(), typed(json!({})), CertificateFault::Missing("tls.crt".into())),
        (reference.clone(), typed(json!({"tls.crt": crt})), CertificateFault::Missing("tls.key".into())),
        (json!([{"group": "core", "name": "cert"}]), vec![secret("infra/cert")], CertificateFault::KindUnsupported),
        (json!([{"kind": "ConfigMap", "name": "cert"}]), vec![secret("infra/cert")], CertificateFault::KindUnsupported),
    ];
    for (references, objects, expected) in cases {
        let listener = tls(references, &objects);
        assert_eq!(*fault(&listener), expected);
        // X-44, B-041.
        assert!(listener.is_accepted() && !listener.is_served());
        assert_eq!(listener.unserved, listener.unresolved);
        assert_eq!(listener.supported_kinds, [RouteKind::Http, RouteKind::Grpc]);
    }
    let listener = tls(reference, &typed(json!({"tls.crt": "no PEM", "tls.key": "none"})));
    assert!(matches!(fault(&listener), CertificateFault::Malformed(_)));
}

#[test]
fn b_038_a_key_that_does_not_fit_is_a_fact() {
    let mut snapshot = snapshot(&[gateway("infra/edge", &[https("tls", 443, json!({}))]), secret("infra/cert")]);
    let gwapi_core::Object::Secret(it) = common::read(&secret("infra/cert")) else { panic!() };
    snapshot.facts.mismatched_certificates = [it.key.clone()].into();
    let edge = edge_of(&resolve(&snapshot, &ours()));
    assert_eq!(*fault(listener_of(&edge, "tls")), CertificateFault::Mismatch);
}

/// CVE-2023-34242: the grant must stand in the namespace of the target. Istio 1.31.1: existence must not show.
#[test]
fn pitfall_58_a_certificate_in_another_namespace_says_nothing_of_whether_it_exists() {
    let elsewhere = json!([{"namespace": "certs", "name": "cert"}]);
    let alien = json!([{"group": "vault.example", "kind": "Certificate", "namespace": "certs", "name": "cert"}]);
    let useless = [
        vec![],
        vec![grant("infra/g", &["Gateway/infra"], &["Secret"])],
        vec![grant("certs/g", &["Gateway/other"], &["Secret"])],
        vec![grant("certs/g", &["HTTPRoute/infra"], &["Secret"])],
        // S-005.
        vec![grant("certs/g", &["ListenerSet/infra"], &["Secret"])],
        vec![grant("certs/g", &["Gateway/infra"], &["Secret/other", "ConfigMap"])],
    ];
    for grants in useless {
        for references in [&elsewhere, &alien] {
            let there = [grants.as_slice(), &[secret("certs/cert")]].concat();
            let listener = tls(references.clone(), &there);
            assert_eq!(names(&listener.unresolved), ["refNotPermitted"], "{grants:?}");
            assert_eq!(listener, tls(references.clone(), &grants), "{grants:?}");
        }
    }
}

#[test]
fn b_040_a_grant_by_name_or_for_all_secrets_lets_the_certificate_be_used() {
    let elsewhere = json!([{"namespace": "certs", "name": "cert"}]);
    for to in ["Secret", "Secret/cert"] {
        let granted = grant("certs/g", &["Gateway/infra"], &[to]);
        let listener = tls(elsewhere.clone(), &[granted.clone(), secret("certs/cert")]);
        assert!(listener.is_served() && listener.unresolved.is_empty());
        assert_eq!(listener.certificates.len(), 1);
        // B-039: only now the Secret is looked at.
        assert_eq!(*fault(&tls(elsewhere.clone(), &[granted])), CertificateFault::NotFound);
    }
}

#[test]
fn b_041_one_usable_certificate_keeps_the_listener_served() {
    let listener = tls(json!([{"name": "gone"}, {"name": "cert"}]), &[secret("infra/cert")]);
    assert!(listener.is_served());
    assert_eq!(names(&listener.unresolved), ["certificateInvalid"]);
    assert_eq!(listener.certificates[0].name, "cert");
}

#[test]
fn b_036_in_passthrough_certificates_are_ignored() {
    let passthrough = json!({"tls": {"mode": "Passthrough", "certificateRefs": [{"namespace": "certs", "name": "gone"}]}});
    let gateway = edge_with(&[listener("tls", 443, "TLS", passthrough)]);
    let tls = listener_of(&gateway, "tls");
    assert!(tls.unresolved.is_empty() && tls.unserved.is_empty() && tls.certificates.is_empty());
}

#[test]
fn b_044_whether_a_certificate_has_the_hostname_is_for_clients_to_say() {
    // The pair holds no names at all.
    let named = https("tls", 443, json!({"hostname": "shop.example.com"}));
    let edge = edge_of(&resolved(&[gateway("infra/edge", &[named]), secret("infra/cert")]));
    assert!(listener_of(&edge, "tls").is_served());
}

#[test]
fn b_042_https_without_a_certificate_is_accepted_and_not_served() {
    let bare = listener("bare", 443, "HTTPS", json!({}));
    let options = listener("options", 444, "HTTPS", json!({"tls": {"options": {"example.com/profile": "modern"}}}));
    let gateway = edge_with(&[bare, options]);
    for listener in &gateway.listeners {
        assert!(listener.is_accepted() && listener.unresolved.is_empty());
        assert_eq!(listener.unserved, [Refusal::TlsConfigMissing { protocol: Protocol::Https }]);
    }
}

#[test]
fn b_030_tls_hostnames_that_overlap_on_one_port_are_noted_on_all_of_them_and_no_others() {
    let named = |name: &str, port, hostname: &str| https(name, port, json!({"hostname": hostname}));
    let gateway = edge_with(&[
        named("wide", 443, "*.a.com"),
        named("exact", 443, "b.a.com"),
        named("apex", 443, "a.com"),
        named("other", 443, "b.com"),
        named("elsewhere", 8443, "b.a.com"),
        plain("http", 80, Some("b.a.com")),
    ]);
    let overlaps = |name: &str| listener_of(&gateway, name).overlaps.clone();
    assert_eq!(overlaps("wide"), ["exact"]);
    assert_eq!(overlaps("exact"), ["wide"]);
    for name in ["apex", "other", "elsewhere", "http"] {
        assert!(overlaps(name).is_empty(), "{name}");
    }
}

#[test]
fn b_030_a_listener_without_hostname_overlaps_all() {
    let gateway = edge_with(&[https("any", 443, json!({})), https("a", 443, json!({"hostname": "a.com"}))]);
    assert_eq!(listener_of(&gateway, "any").overlaps, ["a"]);
    assert_eq!(listener_of(&gateway, "a").overlaps, ["any"]);
}

#[test]
fn b_030_listeners_that_are_not_accepted_overlap_with_nobody() {
    let named = |name: &str, hostname: &str| https(name, 443, json!({"hostname": hostname}));
    let gateway = edge_with(&[named("a", "a.a.com"), named("b", "a.a.com"), named("wide", "*.a.com")]);
    assert_eq!(refused(&gateway, "a"), ["hostnameConflict"]);
    assert!(gateway.listeners.iter().all(|listener| listener.overlaps.is_empty()));
}

// Kinds

fn with_kinds(kinds: Value) -> Arc<ResolvedGateway> {
    edge_with(&[listener("it", 80, "HTTP", json!({"allowedRoutes": {"kinds": kinds}}))])
}

#[test]
fn d_006_kinds_follow_from_the_protocol() {
    use RouteKind::{Grpc, Http, Tcp, Tls, Udp};
    let passthrough = json!({"tls": {"mode": "Passthrough"}});
    let terminate = json!({"tls": {"certificateRefs": [{"name": "cert"}]}});
    for (it, kinds) in [
        (open("it"), &[Http, Grpc][..]),
        (listener("it", 80, "HTTP", json!({"allowedRoutes": {"kinds": []}})), &[Http, Grpc]),
        (https("it", 443, json!({})), &[Http, Grpc]),
        (listener("it", 443, "TLS", passthrough), &[Tls]),
        // L-019: nothing else is carried where TLS ends.
        (listener("it", 443, "TLS", terminate), &[Tls]),
        (listener("it", 443, "TCP", json!({})), &[Tcp]),
        (listener("it", 443, "UDP", json!({})), &[Udp]),
    ] {
        let gateway = edge_with(std::slice::from_ref(&it));
        let resolved = listener_of(&gateway, "it");
        assert_eq!(resolved.supported_kinds, kinds, "{it}");
        assert!(resolved.is_served() && resolved.unresolved.is_empty(), "{it}");
    }
    // Those of them that are supported.
    for (missing, left) in [(Feature::GRPCRoute, Http), (Feature::HTTPRoute, Grpc)] {
        let gateway = edge_of(&common::resolved_by(&common::without(missing), &[gateway("infra/edge", &[open("it")])]));
        assert_eq!(listener_of(&gateway, "it").supported_kinds, [left]);
    }
}

#[test]
fn d_007_kinds_that_cannot_be_supported_are_reported_and_the_others_stay() {
    let cases = [
        (json!([{"kind": "HTTPRoute"}]), 0, 1),
        (json!([{"kind": "HTTPRoute"}, {"kind": "HTTPRoute"}]), 0, 1),
        (json!([{"kind": "FooRoute"}, {"kind": "HTTPRoute"}]), 1, 1),
        (json!([{"kind": "FooRoute"}]), 1, 0),
        // Not declared, not of this protocol, of another group.
        (json!([{"kind": "GRPCRoute"}, {"kind": "TCPRoute"}]), 2, 0),
        (json!([{"group": "example.com", "kind": "HTTPRoute"}]), 1, 0),
        (json!([{"group": "", "kind": "HTTPRoute"}]), 1, 0),
    ];
    for (kinds, unresolved, supported) in cases {
        let objects = [gateway("infra/edge", &[listener("it", 80, "HTTP", json!({"allowedRoutes": {"kinds": kinds}}))])];
        let gateway = edge_of(&common::resolved_by(&common::without(Feature::GRPCRoute), &objects));
        let it = listener_of(&gateway, "it");
        assert_eq!(names(&it.unresolved), vec!["routeKindUnsupported"; unresolved], "{kinds}");
        assert_eq!(it.supported_kinds, vec![RouteKind::Http; supported], "{kinds}");
        assert!(it.is_accepted(), "{kinds}");
    }
    let declared = with_kinds(json!([{"kind": "GRPCRoute"}]));
    assert_eq!(listener_of(&declared, "it").supported_kinds, [RouteKind::Grpc]);
}

#[test]
fn d_008_kinds_of_a_tls_listener_that_passes_tls_on() {
    let kinds = json!({"kinds": [{"kind": "TCPRoute"}, {"kind": "TLSRoute"}]});
    let gateway = edge_with(&[listener("it", 443, "TLS", json!({"tls": {"mode": "Passthrough"}, "allowedRoutes": kinds}))]);
    let it = listener_of(&gateway, "it");
    assert_eq!(names(&it.unresolved), ["routeKindUnsupported"]);
    assert_eq!(it.supported_kinds, [RouteKind::Tls]);
    assert!(it.is_served());
}

#[test]
fn d_007_wrong_kinds_are_reported_on_a_refused_listener_too() {
    let foo = json!({"allowedRoutes": {"kinds": [{"kind": "FooRoute"}]}});
    let objects = [gateway("infra/edge", &[listener("it", 80, "TCP", foo)])];
    let gateway = edge_of(&common::resolved_by(&common::without(Feature::TCPRoute), &objects));
    let it = listener_of(&gateway, "it");
    assert_eq!(names(&it.refused), ["protocolUnsupported"]);
    assert_eq!(names(&it.unresolved), ["routeKindUnsupported"]);
}

#[test]
fn a_026_an_unknown_field_refuses_its_listener_alone() {
    let resolution: Resolution =
        resolved(&[gateway("infra/edge", &[open("good"), listener("bad", 81, "HTTP", json!({"port2": 1}))])]);
    let edge = edge_of(&resolution);
    assert_eq!(refused(&edge, "bad"), ["listenerInvalid"]);
    assert!(listener_of(&edge, "good").is_accepted());
}
