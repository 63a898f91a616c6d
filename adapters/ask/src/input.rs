//! The one way from manifests to an attachment graph, for whoever asks.

use std::collections::{BTreeMap, BTreeSet};

use gwapi_core::{
    Choices, Controller, Facts, Feature, Identity, Object, Resolution, Snapshot, SupportedFeatures, ingest,
    model::{Address, AddressType},
    name::{GATEWAY_GROUP, ObjectKey},
    resolve,
};
use gwapi_manifest::{Document, Finding, Loaded, Origin, Severity};
use serde_json::Value;

/// What is told beside the manifests.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Only classes of this controller are ours; without it, all are.
    pub controller: Option<String>,
    /// Only these features are declared; without it, all that are built.
    pub features: Option<Vec<String>>,
    /// Features that are not declared.
    pub without_features: Vec<String>,
    /// Choices.
    pub choices: Choices,
    /// What manifests cannot hold.
    pub facts: Facts,
}

/// The address of a Gateway that asks for none: one that is set aside for documentation.
const DEFAULT_ADDRESS: &str = "192.0.2.1";

/// An object as it was written. The value is kept as text: as a tree it takes ten times the room, and a large input has a
/// hundred thousand of them of which few are looked at again.
#[derive(Clone, Debug)]
pub struct Manifest {
    json: Box<str>,
    /// Where it was written.
    pub origin: Origin,
}

impl Manifest {
    fn of(document: Document) -> Self {
        Self { json: document.value.to_string().into(), origin: document.origin }
    }

    /// The object.
    #[must_use]
    pub fn value(&self) -> Value {
        // It was written by the same crate that reads it here.
        serde_json::from_str(&self.json).unwrap_or_default()
    }

    /// A finding at the value of a field, or at the nearest one that holds it.
    pub fn finding(&self, severity: Severity, code: &'static str, path: &str, message: impl Into<String>) -> Finding {
        Finding::new(severity, code, message).at_value(&self.origin, path)
    }
}

/// Everything that was read.
pub struct Input {
    /// The objects, as they were written, in the order of their keys.
    pub documents: BTreeMap<ObjectKey, Manifest>,
    /// The objects that take part in the function.
    pub snapshot: Snapshot,
    /// Who asks.
    pub controller: Controller,
    /// What is wrong with the input, in the order of the files.
    pub findings: Vec<Finding>,
    /// Whether something could not be read: exit code 2.
    pub unusable: bool,
}

impl Input {
    /// Makes sense of what was read.
    pub fn of(loaded: Loaded, options: &Options) -> Self {
        let mut reader = Reader::default();
        loaded.documents.into_iter().for_each(|document| reader.read(document));
        reader.finish(loaded.findings, loaded.unusable, options)
    }

    /// The attachment graph.
    #[must_use]
    pub fn resolve(&self) -> Resolution {
        resolve(&self.snapshot, &self.controller)
    }

    /// Why the input cannot be used, if it cannot.
    #[must_use]
    pub fn unreadable(&self) -> Option<String> {
        let first = self.findings.iter().find(|finding| finding.severity == Severity::Error)?;
        self.unusable.then(|| first.message.clone())
    }

    /// Objects of a kind of the core group, such as EndpointSlices, as they were written.
    pub fn of_kind<'a>(&'a self, group: &'a str, kind: &'a str) -> impl Iterator<Item = &'a Manifest> {
        self.documents.iter().filter(move |(key, _)| key.group == *group && key.kind == *kind).map(|(_, document)| document)
    }
}

/// Objects on their way into an input, one at a time: their values can be dropped before the next.
#[derive(Default)]
pub struct Reader {
    objects: BTreeMap<ObjectKey, (Object, Manifest)>,
    findings: Vec<Finding>,
}

impl Reader {
    /// Takes what is written in a document.
    pub fn read(&mut self, document: Document) {
        let read = Object::from_json(&document.value);
        self.findings.extend(read.issues.iter().map(|issue| finding_of(issue, &document)));
        if let Some(object) = read.object {
            self.insert(object, document);
        }
    }

    /// Puts an object in its place. Of two with one key the same one stays whatever the order they came in: the one with the
    /// higher generation, then the one whose text sorts last.
    fn insert(&mut self, object: Object, document: Document) {
        let (key, manifest) = (object.key().clone(), Manifest::of(document));
        let Some((_, other)) = self.objects.get(&key) else {
            self.objects.insert(key, (object, manifest));
            return;
        };
        let rank = |manifest: &Manifest| (manifest.value()["metadata"]["generation"].as_i64(), manifest.json.clone());
        let (loser, wins) = if rank(&manifest) > rank(other) { (other, true) } else { (&manifest, false) };
        let message = format!("{key} is there more than once; this one is not used");
        self.findings.push(loser.finding(Severity::Warning, "duplicate-object", "metadata.name", message));
        if wins {
            self.objects.insert(key, (object, manifest));
        }
    }

    /// Makes sense of what was taken. `findings` are those of reading, and `unusable` whether something could not be read.
    #[must_use]
    pub fn finish(self, mut findings: Vec<Finding>, unusable: bool, options: &Options) -> Input {
        findings.extend(self.findings);
        let controller = controller(options, &mut findings);
        let mut snapshot = Snapshot::new();
        let mut documents = BTreeMap::new();
        for (key, (object, manifest)) in self.objects {
            snapshot.insert(object);
            documents.insert(key, manifest);
        }
        snapshot.facts = options.facts.clone();
        snapshot.facts.default_address.get_or_insert_with(|| Address {
            kind: AddressType::IpAddress,
            value: Some(DEFAULT_ADDRESS.into()),
            routability: "".into(),
        });
        let mut input = Input { documents, snapshot, controller, findings, unusable };
        input.findings.extend(assumptions(&input));
        gwapi_manifest::sort(&mut input.findings);
        input
    }
}

/// What reading an object has to say, at the place of the field.
fn finding_of(issue: &ingest::Issue, document: &Document) -> Finding {
    let severity = match issue.code.severity() {
        ingest::Severity::Error => Severity::Error,
        ingest::Severity::Warning => Severity::Warning,
        ingest::Severity::Note => Severity::Note,
    };
    let finding = Finding::new(severity, issue.code.as_str(), issue.message.clone());
    let finding = match issue.code {
        ingest::IssueCode::UnknownField => finding.at_key(&document.origin, &issue.path),
        _ => finding.at_value(&document.origin, &issue.path),
    };
    match &issue.suggestion {
        Some(suggestion) => finding.with_fix(format!("did you mean `{suggestion}`?")),
        None => finding,
    }
}

fn controller(options: &Options, findings: &mut Vec<Finding>) -> Controller {
    let mut controller = Controller { choices: options.choices, ..Controller::default() };
    if let Some(name) = &options.controller {
        controller.identity = Identity::Named(name.as_str().into());
    }
    let mut named = |names: &[String]| -> Vec<Feature> {
        let (known, unknown): (Vec<_>, Vec<_>) =
            names.iter().map(|name| (name, Feature::of(name))).partition(|(_, feature)| feature.is_some());
        for (name, _) in unknown {
            let message = format!("`{name}` is no feature of Gateway API {}", gwapi_core::SPEC_VERSION);
            findings.push(Finding::new(Severity::Warning, "unknown-feature", message));
        }
        known.into_iter().filter_map(|(_, feature)| feature).collect()
    };
    if let Some(only) = &options.features {
        controller.features = SupportedFeatures::of(named(only));
    }
    for feature in named(&options.without_features) {
        controller.features = controller.features.without(feature);
    }
    controller
}

/// What is taken for granted because the input does not say it.
fn assumptions(input: &Input) -> Vec<Finding> {
    let kinds: BTreeSet<(&str, &str)> = input.documents.keys().map(|key| (key.group.as_str(), key.kind.as_str())).collect();
    let has = |group, kind| kinds.contains(&(group, kind));
    let routes = input.snapshot.routes().next().is_some();
    let mut notes = Vec::new();
    let mut note = |message: &str| notes.push(Finding::new(Severity::Note, "assumption", message));
    if has(GATEWAY_GROUP, "Gateway") && !has(GATEWAY_GROUP, "GatewayClass") {
        note("no GatewayClass in the input: every class is taken for ours");
    }
    if routes && !has("", "Namespace") {
        note("no Namespace in the input: namespaces are taken to have the label kubernetes.io/metadata.name only");
    }
    if has("", "Service") && !has("discovery.k8s.io", "EndpointSlice") {
        note("no EndpointSlice in the input: Services are taken to have ready endpoints");
    }
    notes
}
