//! Objects that only references can find, that nobody knows, and that are none.

use serde_json::{Value, json};

use super::Maker;
use crate::{Draw, manifest::metadata, vocabulary::namespace};

pub(super) const MAKER: Maker = Maker { kind: "(others)", count: 0..=2, changes: 1, theme: None, make };

fn make(draw: &mut Draw) -> Value {
    let (api_version, kind, name) = draw.weighted(&[
        (4, ("example.com/v1", "Config", "params")),
        (1, ("example.com/v1", "Function", "f")),
        (1, ("gateway.networking.k8s.io/v1", "Gatway", "edge")),
        (1, ("gateway.networking.k8s.io/v9", "HTTPRoute", "r")),
        (1, ("apps/v1", "Deployment", "web")),
        (1, ("v1", "Pod", "web")),
    ]);
    json!({"apiVersion": api_version, "kind": kind, "metadata": metadata(namespace(draw), name), "spec": {"x": 1}})
}
