//! What a run of cases says: for people, as JSON, as JUnit.

use std::fmt::Write as _;

use serde::Serialize;

/// One check that failed.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Failure {
    /// The file of the check.
    pub file: String,
    /// The line that it begins on.
    pub line: u32,
    /// What was looked at.
    pub what: String,
    /// What was expected.
    pub expected: String,
    /// What there was.
    pub actual: String,
}

/// How a case ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// Every check holds.
    Passed,
    /// One does not, or the ledger is wrong about the case.
    Failed,
    /// A check does not hold, and a flag or the ledger says that this is known.
    Skipped,
}

/// A case and how it ended.
#[derive(Clone, Debug, Serialize)]
pub struct CaseResult {
    /// The case.
    pub name: String,
    /// How it ended.
    pub status: Status,
    /// Whether the case says itself that it informs only.
    pub flagged: bool,
    /// How many checks it makes.
    pub checks: usize,
    /// What failed.
    pub failures: Vec<Failure>,
    /// Why it was skipped, why the ledger is wrong, or what could not be looked at.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// A whole run.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Run {
    /// The cases, in the order of their names.
    pub cases: Vec<CaseResult>,
    /// How many passed.
    pub passed: usize,
    /// How many failed.
    pub failed: usize,
    /// How many were skipped.
    pub skipped: usize,
}

impl Run {
    /// Adds a case.
    pub fn push(&mut self, case: CaseResult) {
        match case.status {
            Status::Passed => self.passed += 1,
            Status::Failed => self.failed += 1,
            Status::Skipped => self.skipped += 1,
        }
        self.cases.push(case);
    }

    /// `N passed, N failed, N skipped`.
    pub fn summary(&self) -> String {
        format!("{} passed, {} failed, {} skipped", self.passed, self.failed, self.skipped)
    }

    /// Every failing check with its place; a line for each case that was skipped, or of which part was not looked at.
    pub fn human(&self) -> String {
        let mut text = String::new();
        for case in &self.cases {
            match case.status {
                Status::Passed => {
                    let _ = case.note.iter().try_for_each(|note| writeln!(text, "note {}: {note}", case.name));
                }
                Status::Skipped => {
                    let _ = writeln!(text, "skipped {}: {}", case.name, case.note.as_deref().unwrap_or("flagged"));
                }
                Status::Failed => write_failed(&mut text, case),
            }
        }
        text
    }

    /// JUnit: one testcase a case.
    pub fn junit(&self) -> String {
        let mut text = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
        let _ = writeln!(
            text,
            "<testsuites><testsuite name=\"gwapi\" tests=\"{}\" failures=\"{}\" skipped=\"{}\">",
            self.cases.len(),
            self.failed,
            self.skipped
        );
        for case in &self.cases {
            write_testcase(&mut text, case);
        }
        text.push_str("</testsuite></testsuites>\n");
        text
    }
}

fn write_failed(text: &mut String, case: &CaseResult) {
    let _ = writeln!(text, "FAILED {}", case.name);
    if let Some(note) = &case.note {
        let _ = writeln!(text, "  {note}");
    }
    for failure in &case.failures {
        let Failure { file, line, what, expected, actual } = failure;
        let _ = writeln!(text, "  {file}:{line}: {what}\n    expected: {expected}\n    actual:   {actual}");
    }
}

fn write_testcase(text: &mut String, case: &CaseResult) {
    let _ = write!(text, "<testcase classname=\"gwapi\" name=\"{}\"", escape(&case.name));
    match case.status {
        Status::Passed => text.push_str("/>\n"),
        Status::Skipped => {
            let _ = writeln!(text, "><skipped message=\"{}\"/></testcase>", escape(case.note.as_deref().unwrap_or("flagged")));
        }
        Status::Failed => {
            let mut details = String::new();
            write_failed(&mut details, case);
            let message = case.failures.first().map_or_else(|| case.note.clone().unwrap_or_default(), |first| first.what.clone());
            let _ = writeln!(text, "><failure message=\"{}\">{}</failure></testcase>", escape(&message), escape(&details));
        }
    }
}

/// XML has no way to write most control characters at all.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '&' => escaped.push_str("&amp;"),
            '"' => escaped.push_str("&quot;"),
            c if c.is_control() && !matches!(c, '\n' | '\t') => escaped.push('\u{fffd}'),
            c => escaped.push(c),
        }
    }
    escaped
}
