//! What there is to say about an input.

use std::sync::Arc;

use serde::Serialize;

use crate::source::{Place, SourceFile};
use crate::spans::Origin;

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// The API server would refuse it, or something the user asked for does not take effect.
    Error,
    /// Legal but likely wrong.
    Warning,
    /// An assumption that was made.
    Note,
}

impl Severity {
    /// The word that outputs show: `error`, `warning` or `note`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Note => "note",
        }
    }
}

/// One finding: what, how bad, where, and how to mend it. [`crate::render`] turns it into text, JSON, SARIF and annotations.
///
/// ```
/// use gwapi_manifest::{Finding, Severity};
/// let finding = Finding::new(Severity::Error, "not-found", "no such file").in_file("gone.yaml");
/// assert_eq!(gwapi_manifest::render::human(&finding, false), "gone.yaml: error[not-found]: no such file\n");
/// ```
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Finding {
    /// How bad it is.
    pub severity: Severity,
    /// The stable kebab-case word for this sort of finding.
    pub code: &'static str,
    /// One sentence: lower case, no full stop, user input in backticks.
    pub message: String,
    /// The file as shown to the user; empty when the finding belongs to no file.
    pub file: Arc<str>,
    /// Where in the file; absent when it is about the file as a whole.
    #[serde(flatten)]
    pub place: Option<Place>,
    /// The field path inside the object, such as `spec.rules[0].name`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// What would mend it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fix: Option<String>,
    /// The text that the place is in, for showing the line.
    #[serde(skip)]
    pub source: Option<Arc<SourceFile>>,
}

impl Finding {
    /// A finding that belongs to no file yet.
    pub fn new(severity: Severity, code: &'static str, message: impl Into<String>) -> Self {
        Self { severity, code, message: message.into(), file: Arc::from(""), place: None, path: None, fix: None, source: None }
    }

    /// About a file as a whole.
    #[must_use]
    pub fn in_file(mut self, name: impl Into<Arc<str>>) -> Self {
        self.file = name.into();
        self
    }

    /// At the bytes `start..end` of a file.
    #[must_use]
    pub fn at_bytes(mut self, source: &Arc<SourceFile>, start: usize, end: usize) -> Self {
        self.file = Arc::clone(source.name());
        self.place = Some(source.place(start, end));
        self.source = Some(Arc::clone(source));
        self
    }

    /// At the value of a field of an object; where the field is absent, at the nearest one that holds it.
    #[must_use]
    pub fn at_value(self, origin: &Origin, path: &str) -> Self {
        let place = origin.value_at(path);
        self.at_place(origin, path, place)
    }

    /// At the key of a field of an object; where the field is absent, at the nearest one that holds it.
    #[must_use]
    pub fn at_key(self, origin: &Origin, path: &str) -> Self {
        let place = origin.key_at(path);
        self.at_place(origin, path, place)
    }

    /// With what would mend it.
    #[must_use]
    pub fn with_fix(mut self, fix: impl Into<String>) -> Self {
        self.fix = Some(fix.into());
        self
    }

    fn at_place(mut self, origin: &Origin, path: &str, place: Place) -> Self {
        self.file = Arc::clone(origin.source().name());
        self.place = Some(place);
        self.path = (!path.is_empty()).then(|| path.to_owned());
        self.source = Some(Arc::clone(origin.source()));
        self
    }
}

/// Orders findings by file, place, severity, code and message.
pub fn sort(findings: &mut [Finding]) {
    findings.sort_by(|left, right| sort_key(left).cmp(&sort_key(right)));
}

fn sort_key(finding: &Finding) -> (&str, Option<Place>, Severity, &str, &str) {
    (&finding.file, finding.place, finding.severity, finding.code, &finding.message)
}

pub(crate) mod codes {
    pub(crate) const YAML_SYNTAX: &str = "yaml-syntax";
    pub(crate) const DUPLICATE_KEY: &str = "duplicate-key";
    pub(crate) const ALIAS_BOMB: &str = "alias-bomb";
    pub(crate) const NESTING_TOO_DEEP: &str = "nesting-too-deep";
    pub(crate) const DOCUMENT_TOO_LARGE: &str = "document-too-large";
    pub(crate) const FILE_TOO_LARGE: &str = "file-too-large";
    pub(crate) const NOT_AN_OBJECT: &str = "not-an-object";
    pub(crate) const MISSING_KIND: &str = "missing-kind";
    pub(crate) const NOT_FOUND: &str = "not-found";
    pub(crate) const UNREADABLE: &str = "unreadable";
    pub(crate) const NOT_UTF8: &str = "not-utf8";
    pub(crate) const IGNORED_TEXT: &str = "ignored-text";
    pub(crate) const NO_MANIFESTS: &str = "no-manifests";
    pub(crate) const TOO_MANY_FINDINGS: &str = "too-many-findings";
}

/// Every code that this crate gives, with what it means, in alphabetical order.
pub const CODES: &[(&str, &str)] = &[
    (codes::ALIAS_BOMB, "aliases expand to more than the document could hold, or to themselves; the document is skipped"),
    (codes::DOCUMENT_TOO_LARGE, "the document is over 10 MB, or holds more values than fit in memory; it is skipped"),
    (codes::DUPLICATE_KEY, "a mapping has the same key twice; the last one counts"),
    (codes::FILE_TOO_LARGE, "the file is over 512 MiB; it is skipped"),
    (codes::IGNORED_TEXT, "text after the end of a document (`...`), which kubectl does not read"),
    (codes::MISSING_KIND, "the object has no apiVersion or no kind; it is skipped"),
    (codes::NESTING_TOO_DEEP, "mappings and lists are nested more than 100 levels deep; the document is skipped"),
    (codes::NO_MANIFESTS, "no `*.yaml`, `*.yml` or `*.json` file below the folder"),
    (codes::NOT_AN_OBJECT, "the document, or the item of a List, is not a mapping; it is skipped"),
    (codes::NOT_FOUND, "the path does not exist"),
    (codes::NOT_UTF8, "the document is not UTF-8; it is skipped"),
    (codes::TOO_MANY_FINDINGS, "there are more findings than are shown"),
    (codes::UNREADABLE, "the file or folder cannot be read"),
    (codes::YAML_SYNTAX, "the document does not parse; it is skipped"),
];
