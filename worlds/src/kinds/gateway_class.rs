//! GatewayClass and XMesh: ours, of others, without a controller, and with parameters that are there or not.

use serde_json::{Value, json};

use super::{Maker, refs};
use crate::{
    Draw, Theme,
    manifest::{manifest, metadata, record, with, x_manifest},
    vocabulary::{FOREIGN, OURS},
};

pub(super) const MAKER: Maker = Maker { kind: "GatewayClass", count: 2..=4, changes: 2, theme: None, make: class };
pub(super) const MESH: Maker = Maker { kind: "XMesh", count: 1..=2, changes: 2, theme: Some(Theme::Mesh), make: mesh };

/// The class of most Gateways first.
const NAMES: [(usize, &str); 3] = [(9, "ours"), (2, "second"), (1, "third")];

fn class(draw: &mut Draw) -> Value {
    let name = draw.weighted(&NAMES);
    manifest("GatewayClass", metadata("", name), spec(draw))
}

fn mesh(draw: &mut Draw) -> Value {
    let name = draw.pick(&["m", "n"]);
    x_manifest("XMesh", metadata("", name), spec(draw))
}

fn spec(draw: &mut Draw) -> Value {
    let controller_name = draw.weighted(&[(91, Some(OURS)), (5, Some(FOREIGN)), (4, None)]);
    record([
        ("controllerName", controller_name.map(Value::from)),
        ("parametersRef", draw.maybe(9, parameters_ref)),
        ("description", draw.maybe(5, |_| "of whom and for what".into())),
    ])
}

fn parameters_ref(draw: &mut Draw) -> Value {
    let reference = refs::parameters(draw);
    let namespace = draw.maybe(85, |_| json!("infra"));
    with(reference, [("namespace", namespace)])
}
