//! An input of the targets that read objects: manifests as users write them, and what is asked of them.

use gwapi_core::{
    Controller, Facts, Object, ObjectKey, Resolution, Snapshot,
    model::{Address, AddressType},
    resolve,
};
use serde_json::Value;

use crate::Question;

/// Manifests. A document of kind `Requests` holds what is asked, in `requests`, in the form of `requests.yaml` of the corpus; the
/// choices of the controller may stand beside it, in `choices`.
pub struct Case {
    /// The objects as they are written.
    pub values: Vec<Value>,
    /// The objects as they are read.
    pub objects: Vec<Object>,
    /// Who resolves them.
    pub controller: Controller,
    /// What the input asks.
    pub questions: Vec<Question>,
}

impl Case {
    /// Reads an input. Whatever it is, it is a case.
    #[must_use]
    pub fn read(bytes: &[u8]) -> Self {
        let loaded = gwapi_manifest::parse_bytes("input.yaml", bytes);
        let values = loaded.documents.into_iter().map(|document| document.value);
        let (asked, values): (Vec<Value>, Vec<Value>) = values.partition(|value| value["kind"] == "Requests");
        let objects = values.iter().filter_map(|value| Object::from_json(value).object).collect();
        let choices = asked.iter().find_map(|value| serde_json::from_value(value["choices"].clone()).ok()).unwrap_or_default();
        let requests = asked.iter().filter_map(|value| value["requests"].as_array()).flatten();
        let questions = requests.filter_map(Question::read).take(16).collect();
        Self { values, objects, controller: Controller { choices, ..Controller::default() }, questions }
    }

    /// Some of the objects, and an address for every Gateway.
    pub fn snapshot<'o>(objects: impl IntoIterator<Item = &'o Object>) -> Snapshot {
        let mut snapshot: Snapshot = objects.into_iter().cloned().collect();
        snapshot.facts = facts();
        snapshot
    }

    /// All objects, resolved.
    #[must_use]
    pub fn resolution(&self) -> Resolution {
        resolve(&Self::snapshot(&self.objects), &self.controller)
    }

    /// What the input asks, and what its own rules ask for.
    #[must_use]
    pub fn questions(&self, resolution: &Resolution) -> Vec<Question> {
        self.questions.iter().cloned().chain(Question::suggested(resolution)).collect()
    }

    /// Whether no two objects have the same key: of those that have, the last one counts.
    #[must_use]
    pub fn is_distinct(&self) -> bool {
        let mut keys: Vec<&ObjectKey> = self.objects.iter().map(Object::key).collect();
        keys.sort();
        keys.windows(2).all(|pair| pair[0] != pair[1])
    }
}

fn facts() -> Facts {
    let mut facts = Facts::default();
    facts.default_address =
        Some(Address { kind: AddressType::IpAddress, value: Some("192.0.2.1".into()), routability: "".into() });
    facts
}
