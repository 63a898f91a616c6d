//! What an API server with the CRDs of the chosen channel would refuse or drop.

use std::collections::BTreeSet;

use gwapi_core::{
    name::ObjectKey,
    validate::{Channel, Fault, Operation, Pruned, Report, Validator, Violation},
};
use gwapi_manifest::{Finding, Severity};
use serde_json::Value;

use super::{Checker, Remark, codes, words};
use crate::input::{Input, Manifest, is_gateway_api};

/// Which CRDs the API server has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Channels {
    /// Those of the input if it has any, else experimental if something in it exists only there, else standard
    #[default]
    Auto,
    /// Those of the standard channel
    Standard,
    /// Those of the experimental channel
    Experimental,
}

pub(super) fn report(checker: &mut Checker<'_>, channels: Channels) {
    let input = checker.input;
    let [standard, experimental] = Channel::ALL.map(Validator::new);
    let (channel, why) = match channels {
        Channels::Standard => (Channel::Standard, None),
        Channels::Experimental => (Channel::Experimental, None),
        Channels::Auto => guess(input, &standard, &experimental),
    };
    let (chosen, other) = match channel {
        Channel::Standard => (standard, experimental),
        Channel::Experimental => (experimental, standard),
    };
    for object in objects(input) {
        checker.object(&object, &chosen, &other);
    }
    checker.findings.extend(why);
}

/// An object of the Gateway API as it was written.
struct Object<'a> {
    key: &'a ObjectKey,
    manifest: &'a Manifest,
    value: Value,
}

/// One after the other: all their values together take ten times the room of the text.
fn objects(input: &Input) -> impl Iterator<Item = Object<'_>> {
    let ours = input.documents.iter().filter(|(key, _)| is_gateway_api(key.group.as_str()));
    ours.map(|(key, manifest)| Object { key, manifest, value: manifest.value() })
}

// ---- which channel ----

/// The channel, and what is taken for granted by it.
fn guess(input: &Input, standard: &Validator, experimental: &Validator) -> (Channel, Option<Finding>) {
    if let Some(channel) = installed(input) {
        return (channel, None);
    }
    for object in objects(input) {
        let Some(path) = only_experimental(&object, standard, experimental) else { continue };
        let what = format!("the CRDs are taken to be those of the experimental channel: the standard one has no `{path}`");
        return (Channel::Experimental, Some(object.manifest.finding(Severity::Note, "assumption", &path, what)));
    }
    (Channel::Standard, None)
}

/// The channel of the CRDs that are part of the input.
fn installed(input: &Input) -> Option<Channel> {
    input.of_kind("apiextensions.k8s.io", "CustomResourceDefinition").find_map(|crd| {
        let crd = crd.value();
        let named = crd["metadata"]["annotations"]["gateway.networking.k8s.io/channel"].as_str()?;
        let ours = crd["spec"]["group"].as_str().is_some_and(is_gateway_api);
        Channel::ALL.into_iter().find(|channel| ours && channel.as_str() == named)
    })
}

/// A field, or the kind itself, that only the experimental channel has.
fn only_experimental(object: &Object<'_>, standard: &Validator, experimental: &Validator) -> Option<String> {
    let Some(here) = standard.validate(&object.value, Operation::Create) else {
        let path = if standard.has_kind(api_version(object), kind(object)) { "apiVersion" } else { "kind" };
        return experimental.serves(api_version(object), kind(object)).then(|| path.to_owned());
    };
    // Most objects have nothing that needs a second look.
    let there = here.pruned.first().and_then(|_| experimental.validate(&object.value, Operation::Create))?;
    let dropped = Dropped::of(&there);
    here.pruned.into_iter().map(|pruned| pruned.path).find(|path| !dropped.covers(path))
}

/// What a channel drops of an object.
struct Dropped<'r>(BTreeSet<&'r str>);

impl<'r> Dropped<'r> {
    fn of(report: &'r Report) -> Self {
        Self(report.pruned.iter().map(|pruned| pruned.path.as_str()).collect())
    }

    /// Whether a field is dropped, or something that it stands in.
    fn covers(&self, path: &str) -> bool {
        let ends = path.match_indices(['.', '[']).map(|(end, _)| end).chain([path.len()]);
        ends.filter_map(|end| path.get(..end)).any(|part| self.0.contains(part))
    }
}

fn api_version<'o>(object: &'o Object<'_>) -> &'o str {
    object.value["apiVersion"].as_str().unwrap_or_default()
}

fn kind<'o>(object: &'o Object<'_>) -> &'o str {
    object.value["kind"].as_str().unwrap_or_default()
}

// ---- what is wrong ----

impl Checker<'_> {
    fn object(&mut self, object: &Object<'_>, chosen: &Validator, other: &Validator) {
        let Some(Report { violations, pruned }) = chosen.validate(&object.value, Operation::Create) else {
            if other.serves(api_version(object), kind(object)) {
                self.not_served(object, chosen);
            }
            return;
        };
        for violation in &violations {
            self.violation(object, violation);
        }
        let elsewhere = pruned.first().and_then(|_| other.validate(&object.value, Operation::Create));
        let dropped = elsewhere.as_ref().map(Dropped::of);
        for field in &pruned {
            let is_elsewhere = dropped.as_ref().is_some_and(|dropped| !dropped.covers(&field.path));
            self.pruned(object, field, chosen.channel(), is_elsewhere);
        }
    }

    fn not_served(&mut self, object: &Object<'_>, chosen: &Validator) {
        let channel = chosen.channel();
        let (path, what) = if chosen.has_kind(api_version(object), kind(object)) {
            ("apiVersion", format!("version `{}` of {}", api_version(object), kind(object)))
        } else {
            ("kind", format!("kind `{}`", kind(object)))
        };
        let remark = Remark {
            severity: Severity::Error,
            code: codes::KIND_NOT_SERVED,
            path: path.into(),
            message: format!("the API server does not serve {what} with the CRDs of the {channel} channel"),
            fix: Some(if path == "kind" {
                "install the CRDs of the experimental channel".into()
            } else {
                "use `gateway.networking.k8s.io/v1`".into()
            }),
        };
        self.add(object.key, remark);
    }

    fn violation(&mut self, object: &Object<'_>, violation: &Violation) {
        if self.is_said(object, violation) {
            return;
        }
        let value = at(&object.value, &violation.path);
        let remark = Remark {
            severity: Severity::Error,
            code: code(violation.fault),
            path: violation.path.clone(),
            message: words::message(violation, value),
            fix: words::fix(violation),
        };
        self.add(object.key, remark);
    }

    /// Whether reading said it already: of the same field, or, for a rule over several fields, of one of these.
    fn is_said(&self, object: &Object<'_>, violation: &Violation) -> bool {
        if self.is_known(object.key, &violation.path) {
            return true;
        }
        match violation.fault {
            Fault::Rule | Fault::RuleError if violation.detail == words::RULE_NAMES => {
                // It has a finding of its own, at the rule.
                self.resolution.routes.contains_key(object.key)
            }
            Fault::Rule | Fault::RuleError | Fault::Alternatives | Fault::Duplicate => {
                let below = below(&violation.path, at(&object.value, &violation.path), 2);
                below.iter().any(|path| self.is_known(object.key, path))
            }
            _ => false,
        }
    }

    fn pruned(&mut self, object: &Object<'_>, field: &Pruned, channel: Channel, is_elsewhere: bool) {
        if self.is_known(object.key, &field.path) {
            return;
        }
        let remark = if is_elsewhere {
            Remark {
                severity: Severity::Error,
                code: codes::PRUNED_FIELD,
                path: field.path.clone(),
                message: format!("the CRDs of the {channel} channel have no `{}`: the API server drops it", name(&field.path)),
                fix: Some("install the CRDs of the experimental channel, or remove the field".into()),
            }
        } else {
            let meant = field.nearest.as_ref().map(|nearest| format!("did you mean `{nearest}`?"));
            Remark {
                severity: Severity::Error,
                code: codes::UNKNOWN_FIELD,
                path: field.path.clone(),
                message: format!("unknown field `{}`", name(&field.path)),
                fix: words::renamed(&field.path).map(str::to_owned).or(meant),
            }
        };
        self.add_at_key(object.key, remark);
    }
}

fn code(fault: Fault) -> &'static str {
    match fault {
        Fault::Required => "missing-field",
        Fault::Type => "wrong-type",
        Fault::Duplicate => codes::DUPLICATE_ENTRY,
        Fault::TooLong | Fault::TooShort | Fault::TooMany | Fault::TooFew | Fault::Minimum | Fault::Maximum => {
            codes::OUT_OF_BOUNDS
        }
        Fault::Rule | Fault::RuleError | Fault::Alternatives | Fault::Immutable => codes::BROKEN_RULE,
        _ => "invalid-value",
    }
}

// ---- paths ----

/// The last name of a path.
fn name(path: &str) -> &str {
    path.rsplit(['.', ']']).next().filter(|name| !name.is_empty()).unwrap_or(path)
}

/// The value at a path as the API server writes it.
fn at<'v>(value: &'v Value, path: &str) -> Option<&'v Value> {
    path.split(['.', '[']).try_fold(value, |value, step| match step.strip_suffix(']').unwrap_or(step) {
        "" => Some(value),
        step => value.get(step).or_else(|| value.get(step.parse::<usize>().ok()?)),
    })
}

/// The paths of what a value holds, so many levels deep.
fn below(path: &str, value: Option<&Value>, levels: usize) -> Vec<String> {
    let inner: Vec<(String, &Value)> = match value.filter(|_| levels > 0) {
        Some(Value::Object(fields)) => fields.iter().map(|(name, value)| (format!("{path}.{name}"), value)).collect(),
        Some(Value::Array(items)) => items.iter().enumerate().map(|(at, value)| (format!("{path}[{at}]"), value)).collect(),
        _ => return Vec::new(),
    };
    inner.into_iter().flat_map(|(path, value)| [below(&path, Some(value), levels - 1), vec![path]].concat()).collect()
}
