//! A case: a folder with objects, what must hold of their status, and requests with what becomes of them.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use gwapi_core::Choices;
use gwapi_manifest::{Finding, Origin, Severity};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::Value;

/// A case as it was read.
pub struct Case {
    /// The path below the folder that was asked for, with `/`.
    pub name: String,
    /// The folder.
    pub dir: PathBuf,
    /// What is said about the case.
    pub meta: Meta,
    /// Entries of expected.yaml.
    pub expected: Vec<Item<ExpectedEntry>>,
    /// What expected.yaml says instead if the case is about what an API server refuses.
    pub verdict: Option<Item<Verdict>>,
    /// Requests of requests.yaml.
    pub requests: Vec<Item<Request>>,
    /// What is wrong with the case itself.
    pub findings: Vec<Finding>,
}

/// An entry of a list, with the place that failures are reported at.
pub struct Item<T> {
    /// The entry.
    pub value: T,
    /// The file, as it is shown.
    pub file: String,
    /// The line that the entry begins on.
    pub line: u32,
}

/// meta.yaml.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct Meta {
    /// The controller; everybody's classes count as ours if it is missing.
    pub controller_name: Option<String>,
    /// Features that must not be declared for the case to hold.
    pub without_features: Vec<String>,
    /// Known deviations: the case informs and does not decide.
    pub flags: Vec<String>,
    /// Choices that the case is about.
    pub choices: Choices,
    // What follows is for readers and ledgers. Features among it: those that the case is about. Everything that is built is
    // declared, whether a case is about it or not.
    features: Vec<String>,
    requirements: Vec<String>,
    pitfalls: Vec<Value>,
    description: Option<String>,
    why: Option<String>,
    source: Option<String>,
    licence: Option<String>,
    test: Option<String>,
    gateway_class_name: Option<String>,
    manifests: Vec<String>,
    tags: Vec<String>,
    notes: Vec<String>,
    phase: Option<Value>,
    pruned: Option<Value>,
    adjusted: Option<Value>,
    removed: Option<Value>,
}

/// An entry of expected.yaml: it must hold; what it does not say is not asserted.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct ExpectedEntry {
    /// Kind of the object.
    pub kind: String,
    /// Its namespace; nothing for a cluster-scoped one.
    #[serde(default)]
    pub namespace: Option<String>,
    /// Its name.
    pub name: String,
    /// A listener of it.
    #[serde(default)]
    pub listener: Option<String>,
    /// A parents entry of it.
    #[serde(default)]
    pub parent_ref: Option<ParentRefSpec>,
    /// An ancestors entry of it.
    #[serde(default)]
    pub ancestor_ref: Option<ParentRefSpec>,
    /// Conditions that are there.
    #[serde(default)]
    pub conditions: Option<Vec<ConditionSpec>>,
    /// Condition types that are not there.
    #[serde(default)]
    pub absent_conditions: Vec<String>,
    /// No conditions but those.
    #[serde(default)]
    pub exactly: bool,
    /// How many routes are attached to the listener.
    #[serde(default)]
    pub attached_routes: Option<u64>,
    /// How many ListenerSets are attached to the Gateway.
    #[serde(default)]
    pub attached_listener_sets: Option<u64>,
    /// Kinds that the listener supports; an empty list means none.
    #[serde(default)]
    pub supported_kinds: Option<Vec<GroupKindSpec>>,
    /// Every condition has the object's generation.
    #[serde(default)]
    pub latest_conditions: bool,
    /// Those of the listeners too.
    #[serde(default)]
    pub listeners_too: bool,
    /// No parents entry has Accepted=True.
    #[serde(default)]
    pub no_accepted_parents: bool,
    /// The parents entries, all of them; only the empty list is used.
    #[serde(default)]
    pub parents: Option<Vec<Value>>,
    /// `status.addresses` has an entry with a type.
    #[serde(default)]
    pub has_address: bool,
    /// Entries that must be there exactly as the input has them.
    #[serde(default)]
    pub preserved: Option<Preserved>,
    /// Never asserted.
    #[serde(default, rename = "implConditions")]
    _impl_conditions: Option<Value>,
}

/// expected.yaml of a case about what an API server refuses.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Verdict {
    /// Whether the objects of input.yaml are accepted.
    pub valid: bool,
    /// Whether they are new, or take the place of those of before.yaml.
    #[serde(default)]
    pub operation: Action,
    /// Which CRDs the server has.
    #[serde(default)]
    pub channel: Channels,
    /// Parts of what the server says.
    #[serde(default)]
    pub errors: Vec<String>,
}

/// What is done with objects.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Action {
    /// They are new.
    #[default]
    Create,
    /// They take the place of others.
    Update,
}

/// Which CRDs a server has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Channels {
    /// Those of the standard channel.
    Standard,
    /// Those of the experimental one.
    Experimental,
    /// Either.
    #[default]
    Both,
}

/// Entries of another controller.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Preserved {
    /// Of `status.parents`.
    pub parents: Vec<Value>,
    /// Of `status.ancestors`.
    pub ancestors: Vec<Value>,
    /// Of the conditions of the object, or of the listener.
    pub conditions: Vec<Value>,
}

/// A parentRef; what is missing has its default.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct ParentRefSpec {
    /// Group.
    #[serde(default)]
    pub group: Option<String>,
    /// Kind.
    #[serde(default)]
    pub kind: Option<String>,
    /// Namespace.
    #[serde(default)]
    pub namespace: Option<String>,
    /// Name.
    pub name: String,
    /// Section.
    #[serde(default)]
    pub section_name: Option<String>,
    /// Port.
    #[serde(default)]
    pub port: Option<u64>,
    /// Whether section and port are not compared.
    #[serde(default)]
    pub any_section: bool,
}

/// A condition; `*` is not asserted.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct ConditionSpec {
    /// Type.
    #[serde(rename = "type")]
    pub condition_type: String,
    /// Status.
    pub status: String,
    /// Reason.
    #[serde(default)]
    pub reason: Option<String>,
    #[serde(default, rename = "implReason")]
    _impl_reason: Option<Value>,
}

/// A group and kind.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GroupKindSpec {
    /// Group; that of the Gateway API if it is missing.
    #[serde(default)]
    pub group: Option<String>,
    /// Kind.
    pub kind: String,
}

/// A request and what becomes of it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Request {
    /// What the request is called.
    #[serde(default)]
    pub name: Option<String>,
    /// Everything about where it goes, in one.
    #[serde(default)]
    pub url: Option<String>,
    /// The Gateway, `namespace/name`.
    #[serde(default)]
    pub gateway: Option<String>,
    /// The port.
    #[serde(default)]
    pub port: Option<u16>,
    /// http, https, tls, tcp, udp or grpc.
    #[serde(default)]
    pub protocol: Option<String>,
    /// The name in the ClientHello.
    #[serde(default)]
    pub sni: Option<String>,
    /// The Host header.
    #[serde(default)]
    pub host: Option<String>,
    /// Method.
    #[serde(default)]
    pub method: Option<String>,
    /// Path with query.
    #[serde(default)]
    pub path: Option<String>,
    /// Headers.
    #[serde(default)]
    pub headers: BTreeMap<String, OneOrMany>,
    /// Headers that the backend's response carries.
    #[serde(default)]
    pub backend_sets_headers: BTreeMap<String, OneOrMany>,
    /// What chooses the backend, 0 ≤ sample < 1.
    #[serde(default)]
    pub sample: Option<f64>,
    /// The client of a mesh request.
    #[serde(default)]
    pub from: Option<Value>,
    /// What a mesh request calls.
    #[serde(default)]
    pub to: Option<String>,
    /// The client's certificate.
    #[serde(default)]
    pub client_cert: Option<String>,
    /// The protocol that the client speaks; decides nothing.
    #[serde(default, rename = "http")]
    _http: Option<String>,
    /// What the source of the case does not compare.
    #[serde(default, rename = "notCompared")]
    _not_compared: Option<Value>,
    /// What becomes of it.
    pub expect: Expect,
}

/// One value or several.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub enum OneOrMany {
    /// One.
    One(String),
    /// Several.
    Many(Vec<String>),
}

impl OneOrMany {
    /// The values.
    pub fn values(&self) -> &[String] {
        match self {
            Self::One(value) => std::slice::from_ref(value),
            Self::Many(values) => values,
        }
    }
}

/// What becomes of a request.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct Expect {
    /// The backend that answers, `namespace/name`.
    pub backend: Option<String>,
    /// Services under which that backend is known.
    pub backend_services: Vec<String>,
    /// The status, or any of several.
    pub status: Option<Statuses>,
    /// Where the client is sent.
    pub redirect: Option<RedirectSpec>,
    /// What reaches the backend.
    pub backend_request: Option<BackendRequest>,
    /// What reaches the client.
    pub response: Option<ResponseSpec>,
    /// Who gets a copy.
    pub mirrored_to: Option<Vec<MirrorSpec>>,
    /// The shares of the backends, by name.
    pub weights: Option<BTreeMap<String, f64>>,
    /// The backends of weight > 0.
    pub backends: Option<Vec<String>>,
    /// The route that answers.
    pub route: Option<RouteSpec>,
    /// The rule that answers.
    pub rule: Option<usize>,
    /// The key that decided over the runner-up.
    pub why: Option<String>,
    /// Any status but 200.
    pub failure: bool,
    /// The connection ends in the handshake.
    pub connection_rejected: bool,
    /// The status of gRPC.
    pub grpc_code: Option<String>,
    /// Whether any echo comes back.
    pub answered: Option<bool>,
    /// Whether the backend sees TLS.
    #[serde(rename = "backendTLS")]
    pub backend_tls: Option<bool>,
}

/// One status or several.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub enum Statuses {
    /// This one.
    One(u16),
    /// Any of these.
    AnyOf(Vec<u16>),
}

impl Statuses {
    /// Whether a status will do; where 504 is expected 408 will do.
    pub fn allow(&self, status: u16) -> bool {
        let allowed = match self {
            Self::One(one) => std::slice::from_ref(one),
            Self::AnyOf(several) => several,
        };
        allowed.contains(&status) || (status == 408 && allowed.contains(&504))
    }
}

impl std::fmt::Display for Statuses {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::One(one) => write!(f, "{one}"),
            Self::AnyOf(several) => write!(f, "any of {several:?}"),
        }
    }
}

/// Where a client is sent.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RedirectSpec {
    /// Scheme.
    pub scheme: Option<String>,
    /// Host.
    pub host: Option<String>,
    /// Port; the scheme's own may be left out on either side.
    pub port: Option<Value>,
    /// Path with query.
    pub path: Option<String>,
    /// Status.
    pub status: Option<u16>,
}

/// What reaches a backend.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct BackendRequest {
    /// Path with query.
    pub path: Option<String>,
    /// Host header.
    pub host: Option<String>,
    /// Method.
    pub method: Option<String>,
    /// Headers that are there.
    pub headers: BTreeMap<String, OneOrMany>,
    /// Headers that are not there.
    pub absent_headers: Vec<String>,
    /// The name in the ClientHello.
    pub sni: Option<String>,
    /// The certificate that the Gateway presents.
    pub client_cert: Option<String>,
}

/// What reaches the client.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct ResponseSpec {
    /// Headers that are there.
    pub headers: BTreeMap<String, OneOrMany>,
    /// Headers that are not there.
    pub absent_headers: Vec<String>,
    /// Headers, with the values any of which will do.
    pub valid_header_values: BTreeMap<String, Vec<String>>,
}

/// Who gets a copy.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MirrorSpec {
    /// The backend, `namespace/name`.
    pub backend: String,
    /// Of how many requests in a hundred.
    #[serde(default)]
    pub percent: Option<f64>,
}

/// The route that answers.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RouteSpec {
    /// Kind.
    #[serde(default)]
    pub kind: Option<String>,
    /// Namespace.
    #[serde(default)]
    pub namespace: Option<String>,
    /// Name.
    #[serde(default)]
    pub name: Option<String>,
}

impl Case {
    /// Reads the files of a case. What cannot be read is in `findings`, and then the case fails.
    pub fn read(name: String, dir: &Path) -> Self {
        let mut findings = Vec::new();
        let meta = read_one::<Meta>(dir, "meta.yaml", &mut findings).unwrap_or_default();
        let (expected, verdict) = read_expected(dir, &mut findings);
        let requests = read_list(dir, "requests.yaml", &mut findings);
        Self { name, dir: dir.to_owned(), meta, expected, verdict, requests, findings }
    }

    /// The path of a file of the case, as it is shown.
    pub fn file(&self, name: &str) -> PathBuf {
        self.dir.join(name)
    }

    /// How many checks the case makes.
    pub fn checks(&self) -> usize {
        self.expected.len() + self.requests.len() + usize::from(self.verdict.is_some())
    }
}

fn read_one<T: DeserializeOwned>(dir: &Path, name: &str, findings: &mut Vec<Finding>) -> Option<T> {
    let (value, origin) = read_value(dir, name, findings)?;
    deserialize(value, "", &origin, findings)
}

/// A list of entries about status, or one object about what is refused.
fn read_expected(dir: &Path, findings: &mut Vec<Finding>) -> (Vec<Item<ExpectedEntry>>, Option<Item<Verdict>>) {
    match read_value(dir, "expected.yaml", findings) {
        Some((value, origin)) if value.is_object() => (Vec::new(), item(value, "", &origin, findings)),
        Some((value, origin)) => (items(value, &origin, findings), None),
        None => (Vec::new(), None),
    }
}

fn read_list<T: DeserializeOwned>(dir: &Path, name: &str, findings: &mut Vec<Finding>) -> Vec<Item<T>> {
    let Some((value, origin)) = read_value(dir, name, findings) else { return Vec::new() };
    items(value, &origin, findings)
}

fn items<T: DeserializeOwned>(value: Value, origin: &Origin, findings: &mut Vec<Finding>) -> Vec<Item<T>> {
    let Value::Array(entries) = value else {
        if !value.is_null() {
            findings.push(case_error("a list is expected").at_value(origin, ""));
        }
        return Vec::new();
    };
    let entries = entries.into_iter().enumerate();
    entries.filter_map(|(index, entry)| item(entry, &format!("[{index}]"), origin, findings)).collect()
}

fn item<T: DeserializeOwned>(value: Value, path: &str, origin: &Origin, findings: &mut Vec<Finding>) -> Option<Item<T>> {
    let place = origin.value_at(path);
    let value = deserialize(value, path, origin, findings)?;
    Some(Item { value, file: origin.source().name().to_string(), line: place.line })
}

fn read_value(dir: &Path, name: &str, findings: &mut Vec<Finding>) -> Option<(Value, Origin)> {
    let path = dir.join(name);
    let bytes = match std::fs::read(&path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return None,
        Err(error) => {
            findings.push(case_error(format!("cannot be read: {error}")).in_file(path.display().to_string()));
            return None;
        }
    };
    let loaded = gwapi_manifest::parse_values(&path.display().to_string(), &bytes);
    findings.extend(loaded.findings);
    let document = loaded.documents.into_iter().next()?;
    Some((document.value, document.origin))
}

/// Reads a value into its type; a key that is not known is an error of the case.
fn deserialize<T: DeserializeOwned>(value: Value, at: &str, origin: &Origin, findings: &mut Vec<Finding>) -> Option<T> {
    match serde_path_to_error::deserialize(value) {
        Ok(read) => Some(read),
        Err(error) => {
            let inner = error.path().to_string();
            let path = if inner == "." { at.to_owned() } else { format!("{at}.{inner}") };
            findings.push(case_error(error.inner().to_string()).at_value(origin, path.trim_start_matches('.')));
            None
        }
    }
}

fn case_error(message: impl Into<String>) -> Finding {
    Finding::new(Severity::Error, "bad-case", message)
}
