//! Secret, ConfigMap and ClusterTrustBundle: what looks like a certificate and its key, and everything else that they can hold.

use serde_json::{Value, json};

use super::Maker;
use crate::{
    Draw, Theme,
    manifest::{metadata, record, with},
    vocabulary::{certificate, namespace, pem},
};

pub(super) const SECRET: Maker = Maker { kind: "Secret", count: 4..=8, changes: 2, theme: None, make: secret };
pub(super) const CONFIG_MAP: Maker = Maker { kind: "ConfigMap", count: 2..=5, changes: 2, theme: None, make: config_map };
pub(super) const BUNDLE: Maker =
    Maker { kind: "ClusterTrustBundle", count: 0..=1, changes: 1, theme: Some(Theme::Policies), make: bundle };

fn home(draw: &mut Draw) -> &'static str {
    if draw.chance(35) { "infra" } else { namespace(draw) }
}

fn secret(draw: &mut Draw) -> Value {
    let home = home(draw);
    let name = draw.weighted(&[(5, "cert"), (2, "other")]);
    let secret_type = draw.weighted(&[(93, Some("kubernetes.io/tls")), (4, Some("Opaque")), (3, None)]);
    record([
        ("apiVersion", Some("v1".into())),
        ("kind", Some("Secret".into())),
        ("metadata", Some(metadata(home, name))),
        ("type", secret_type.map(Value::from)),
        ("stringData", draw.maybe(97, pair)),
        ("data", draw.maybe(2, |draw| json!({"tls.crt": draw.pick(&["LS0t", "not base64!"])}))),
    ])
}

fn pair(draw: &mut Draw) -> Value {
    let key = |draw: &mut Draw| if draw.chance(3) { String::new() } else { pem("PRIVATE KEY", "MAA=") };
    record([("tls.crt", draw.maybe(97, |draw| certificate(draw).into())), ("tls.key", draw.maybe(97, |draw| key(draw).into()))])
}

/// Parameters, and CA certificates.
fn config_map(draw: &mut Draw) -> Value {
    let home = home(draw);
    let name = draw.pick(&["params", "ca", "ca", "ca"]);
    let config_map = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata(home, name)});
    let data = |draw: &mut Draw| match draw.below(8) {
        0 => json!({"ca.crt": ""}),
        1 => json!({"ca.pem": certificate(draw)}),
        _ => json!({"ca.crt": certificate(draw)}),
    };
    with(config_map, [("data", draw.maybe(90, data))])
}

fn bundle(draw: &mut Draw) -> Value {
    let text = if draw.chance(85) { certificate(draw) } else { String::new() };
    json!({
        "apiVersion": draw.pick(&["certificates.k8s.io/v1", "certificates.k8s.io/v1beta1"]), "kind": "ClusterTrustBundle",
        "metadata": {"name": "bundle"}, "spec": {"trustBundle": text},
    })
}
