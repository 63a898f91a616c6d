//! Cases about what an API server refuses.

use std::sync::LazyLock;

use gwapi_core::validate::{Channel, Operation, Validator};
use gwapi_manifest::Document;

use super::{
    case::{Action, Case, Channels, Item, Verdict},
    report::Failure,
};

/// Reading the CRDs takes milliseconds, and there are many cases.
static VALIDATORS: LazyLock<[Validator; 2]> = LazyLock::new(|| Channel::ALL.map(Validator::new));

pub(super) fn check(case: &Case, expected: &Item<Verdict>) -> Vec<Failure> {
    let failure = |what: String, expected_text: String, actual: String| Failure {
        file: expected.file.clone(),
        line: expected.line,
        what,
        expected: expected_text,
        actual,
    };
    let verdict = &expected.value;
    let mut failures = Vec::new();
    for validator in VALIDATORS.iter().filter(|validator| is_asked(verdict.channel, validator.channel())) {
        let what = |what: &str| format!("{what} ({} channel)", validator.channel());
        match said(case, verdict, validator) {
            Err(problem) => failures.push(failure(what("the objects"), "to be readable and served".into(), problem)),
            Ok(lines) => {
                let accepted = |valid: bool| if valid { "accepted" } else { "refused" };
                if lines.is_empty() != verdict.valid {
                    let actual = format!("{}: {}", accepted(lines.is_empty()), lines.join("; "));
                    failures.push(failure(what("verdict"), accepted(verdict.valid).into(), actual.trim_end_matches(": ").into()));
                }
                let missing = verdict.errors.iter().filter(|part| !lines.iter().any(|line| line.contains(part.as_str())));
                failures.extend(missing.map(|part| failure(what("error"), part.clone(), lines.join("; "))));
            }
        }
    }
    failures
}

fn is_asked(channels: Channels, channel: Channel) -> bool {
    match channels {
        Channels::Both => true,
        Channels::Standard => channel == Channel::Standard,
        Channels::Experimental => channel == Channel::Experimental,
    }
}

/// What the server says of the objects, a line each.
fn said(case: &Case, verdict: &Verdict, validator: &Validator) -> Result<Vec<String>, String> {
    let after = objects(case, "input.yaml")?;
    let before = match verdict.operation {
        Action::Create => Vec::new(),
        Action::Update => objects(case, "before.yaml")?,
    };
    let mut lines = Vec::new();
    for document in &after {
        let operation = match (verdict.operation, before_of(&before, document)) {
            (Action::Create, _) => Operation::Create,
            (Action::Update, Some(before)) => Operation::Update { before: &before.value },
            (Action::Update, None) => return Err(format!("before.yaml has no {}", name(document))),
        };
        let report = validator.validate(&document.value, operation);
        let report = report.ok_or_else(|| format!("{} is of no kind and version that is served", name(document)))?;
        lines.extend(report.violations.iter().map(ToString::to_string));
    }
    Ok(lines)
}

/// The object of the same name, or the only one: a name may be what changes.
fn before_of<'d>(before: &'d [Document], after: &Document) -> Option<&'d Document> {
    let same = before.iter().find(|document| document.name() == after.name());
    same.or_else(|| before.first().filter(|_| before.len() == 1))
}

fn name(document: &Document) -> String {
    let kind = document.value["kind"].as_str().unwrap_or("object");
    format!("{kind} `{}`", document.name().unwrap_or_default())
}

fn objects(case: &Case, file: &str) -> Result<Vec<Document>, String> {
    let path = case.file(file);
    let bytes = std::fs::read(&path).map_err(|error| format!("{}: {error}", path.display()))?;
    let loaded = gwapi_manifest::parse_bytes(&path.display().to_string(), &bytes);
    match loaded.findings.first() {
        Some(finding) => Err(finding.message.clone()),
        None => Ok(loaded.documents),
    }
}
