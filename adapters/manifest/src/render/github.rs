//! Findings as workflow commands of GitHub Actions, which show them as annotations.

use crate::finding::{Finding, Severity};

/// A finding as one line: `::error file=…,line=…,col=…,title=code::text`.
pub fn github(finding: &Finding) -> String {
    let command = match finding.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Note => "notice",
    };
    let mut properties = Vec::new();
    if !finding.file.is_empty() {
        properties.push(format!("file={}", property(&finding.file)));
    }
    if let Some(place) = finding.place {
        properties.push(format!("line={},col={}", place.line, place.column));
        properties.extend(place.end_column.map(|end| format!("endColumn={end}")));
    }
    properties.push(format!("title={}", property(finding.code)));
    let fix = finding.fix.as_ref().map_or_else(String::new, |fix| format!("\nfix: {fix}"));
    format!("::{command} {}::{}\n", properties.join(","), data(&format!("{}{fix}", finding.message)))
}

/// The runner ends a command at a line break and undoes these escapes.
fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}
