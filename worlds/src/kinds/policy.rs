//! Policies: on backends that are there or not, in conflict with each other, with certificates that can be used or not.

use serde_json::{Value, json};

use super::{
    Maker,
    refs::{self, Carries, X_GROUP},
    route,
};
use crate::{
    Draw, Theme,
    manifest::{manifest, metadata, record, with, x_manifest},
    vocabulary::{GATEWAYS, SERVICES, created, namespace},
};

const THEME: Option<Theme> = Some(Theme::Policies);

pub(super) const TLS: Maker = Maker { kind: "BackendTLSPolicy", count: 2..=6, changes: 3, theme: THEME, make: tls };
pub(super) const TRAFFIC: Maker = Maker { kind: "XBackendTrafficPolicy", count: 0..=3, changes: 2, theme: THEME, make: traffic };
pub(super) const TELEMETRY: Maker = Maker { kind: "XTelemetryPolicy", count: 0..=3, changes: 2, theme: THEME, make: telemetry };

fn meta(draw: &mut Draw, namespace: &str) -> Value {
    let metadata = metadata(namespace, draw.pick(&["p", "q"]));
    with(metadata, [("creationTimestamp", created(draw)), ("generation", draw.maybe(30, |draw| draw.within(1..=3).into()))])
}

fn tls(draw: &mut Draw) -> Value {
    let namespace = namespace(draw);
    let spec = record([
        ("targetRefs", draw.maybe(97, |draw| draw.several(1..=2, service).into())),
        ("validation", draw.maybe(97, validation)),
        ("options", draw.maybe(3, |_| json!({"example.com/minimum": "1.3"}))),
    ]);
    manifest("BackendTLSPolicy", meta(draw, namespace), spec)
}

fn service(draw: &mut Draw) -> Value {
    let (group, kind) = draw.weighted(&[(20, ("", "Service")), (1, (X_GROUP, "XBackend")), (1, ("example.com", "Service"))]);
    let section = draw.weighted(&[(6, None), (3, Some("p80")), (1, Some("dns")), (1, Some("p8080")), (1, Some(""))]);
    let reference = json!({"group": group, "kind": kind, "name": draw.weighted(&SERVICES)});
    with(reference, [("sectionName", section.map(Value::from))])
}

/// How backends prove who they are.
pub(super) fn validation(draw: &mut Draw) -> Value {
    let is_well_known = draw.chance(45);
    let well_known = draw.weighted(&[(8, "System"), (1, "example.com/own")]);
    record([
        ("hostname", draw.maybe(97, |draw| draw.weighted(&[(12, "backend.example"), (1, "*.example")]).into())),
        ("caCertificateRefs", (!is_well_known).then(|| draw.several(1..=2, |draw| refs::ca_ref(draw, false)).into())),
        ("wellKnownCACertificates", (is_well_known || draw.chance(2)).then(|| well_known.into())),
        ("subjectAltNames", draw.maybe(15, |draw| draw.several(1..=2, alternative).into())),
    ])
}

fn alternative(draw: &mut Draw) -> Value {
    draw.pick(&[
        json!({"type": "Hostname", "hostname": "b.example"}),
        json!({"type": "URI", "uri": "spiffe://a/b"}),
        json!({"type": "URI", "hostname": "b.example"}),
    ])
}

fn traffic(draw: &mut Draw) -> Value {
    let namespace = namespace(draw);
    let spec = record([
        ("targetRefs", Some(draw.several(1..=2, backend).into())),
        ("retryConstraint", draw.maybe(60, constraint)),
        ("sessionPersistence", draw.maybe(40, route::session)),
    ]);
    x_manifest("XBackendTrafficPolicy", meta(draw, namespace), spec)
}

fn backend(draw: &mut Draw) -> Value {
    let (group, kind, name) = draw.weighted(&[
        (8, ("", "Service", "web")),
        (3, ("", "Service", "a")),
        (1, ("", "Service", "missing")),
        (4, (X_GROUP, "XBackend", "x")),
        (2, ("multicluster.x-k8s.io", "ServiceImport", "web")),
        (1, ("example.com", "Function", "f")),
        (1, ("", "ConfigMap", "ca")),
    ]);
    json!({"group": group, "kind": kind, "name": name})
}

fn constraint(draw: &mut Draw) -> Value {
    record([
        ("budget", draw.maybe(80, |draw| json!({"percent": draw.weighted(&[(4, 10), (2, 0), (1, 101)]), "interval": "10s"}))),
        ("minRetryRate", draw.maybe(50, |_| json!({"count": 3, "interval": "1s"}))),
    ])
}

fn telemetry(draw: &mut Draw) -> Value {
    let (namespace, _) = draw.weighted(&GATEWAYS);
    let spec = record([("targetRefs", Some(draw.several(1..=2, gateway).into())), ("tracing", draw.maybe(97, tracing))]);
    x_manifest("XTelemetryPolicy", meta(draw, namespace), spec)
}

fn gateway(draw: &mut Draw) -> Value {
    let (group, kind) = draw.weighted(&[(12, ("gateway.networking.k8s.io", "Gateway")), (1, ("", "Service"))]);
    json!({"group": group, "kind": kind, "name": draw.weighted(&[(8, "edge"), (1, "inner"), (1, "missing")])})
}

fn tracing(draw: &mut Draw) -> Value {
    let mode = draw.weighted(&[(8, "Enabled"), (1, "Disabled"), (1, "ImplementationDefault"), (1, "Sometimes")]);
    let provider = (mode == "Enabled").then(|| json!({"backendRef": refs::backend(draw, Carries::Tcp)}));
    record([
        ("mode", Some(mode.into())),
        ("provider", provider),
        ("samplingRate", draw.maybe(10, |_| json!({"numerator": 1}))),
        ("serviceName", draw.maybe(10, |draw| draw.pick(&["edge", "ä"]).into())),
    ])
}
