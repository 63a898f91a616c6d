//! Namespace: labels that selectors look at.

use serde_json::{Value, json};

use super::Maker;
use crate::{
    Draw,
    manifest::{record, with},
    vocabulary::namespace,
};

pub(super) const MAKER: Maker = Maker { kind: "Namespace", count: 0..=4, changes: 3, theme: None, make };

fn make(draw: &mut Draw) -> Value {
    let labels = record([
        ("team", draw.maybe(75, |draw| draw.pick(&["red", "blue"]).into())),
        ("other", draw.maybe(20, |draw| draw.pick(&["1", "2"]).into())),
    ]);
    let metadata = with(json!({"name": namespace(draw)}), [("labels", draw.maybe(85, |_| labels))]);
    json!({"apiVersion": "v1", "kind": "Namespace", "metadata": metadata})
}
