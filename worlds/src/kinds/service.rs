//! Service and ServiceImport: with and without the port that is asked for, with protocols, and ExternalName.

use serde_json::{Value, json};

use super::Maker;
use crate::{
    Draw, Theme,
    manifest::{metadata, record},
    vocabulary::{CLUSTER_IPS, SERVICE_PORTS, UDP_PORT, namespace},
};

pub(super) const MAKER: Maker = Maker { kind: "Service", count: 9..=15, changes: 5, theme: None, make };
pub(super) const IMPORT: Maker =
    Maker { kind: "ServiceImport", count: 1..=3, changes: 1, theme: Some(Theme::Backends), make: import };

fn make(draw: &mut Draw) -> Value {
    let name = draw.weighted(&[(6, "web"), (4, "a"), (1, "external")]);
    let is_external = name == "external" || draw.chance(3);
    let is_headless = draw.chance(8);
    let spec = record([
        ("type", is_external.then(|| "ExternalName".into())),
        ("externalName", is_external.then(|| "elsewhere.test".into())),
        ("clusterIP", draw.maybe(85, |draw| if is_headless { "None" } else { draw.pick(&CLUSTER_IPS) }.into())),
        ("ports", Some(ports(draw).into())),
        // Nothing depends on it: whoever changes it affects nothing.
        ("selector", draw.maybe(50, |draw| json!({"app": draw.pick(&["a", "b"])}))),
    ]);
    json!({"apiVersion": "v1", "kind": "Service", "metadata": metadata(namespace(draw), name), "spec": spec})
}

fn import(draw: &mut Draw) -> Value {
    let spec = json!({"type": "ClusterSetIP", "ports": ports(draw)});
    let version = draw.pick(&["multicluster.x-k8s.io/v1alpha1", "multicluster.x-k8s.io/v1beta1"]);
    json!({"apiVersion": version, "kind": "ServiceImport", "metadata": metadata(namespace(draw), "web"), "spec": spec})
}

fn ports(draw: &mut Draw) -> Vec<Value> {
    let count = draw.within(1..=SERVICE_PORTS.len());
    let skipped = usize::from(draw.chance(5));
    let mut ports: Vec<Value> = SERVICE_PORTS.iter().take(count).skip(skipped).map(|number| port(draw, *number)).collect();
    if draw.chance(40) {
        ports.push(json!({"name": "dns", "port": UDP_PORT, "protocol": "UDP"}));
    }
    ports
}

fn port(draw: &mut Draw, number: u16) -> Value {
    let protocol = draw.weighted(&[(90, None), (6, Some("TCP")), (4, Some("UDP")), (1, Some("SCTP"))]);
    let app_protocol = draw.weighted(&[
        (80, None),
        (6, Some("kubernetes.io/h2c")),
        (3, Some("kubernetes.io/ws")),
        (3, Some("kubernetes.io/wss")),
        (3, Some("example.com/own")),
    ]);
    record([
        ("name", Some(format!("p{number}").into())),
        ("port", Some(number.into())),
        ("protocol", protocol.map(Value::from)),
        ("appProtocol", app_protocol.map(Value::from)),
    ])
}
