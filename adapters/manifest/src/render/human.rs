//! A finding with its source line, for terminals.

use std::borrow::Cow;
use std::fmt::Write;

use unicode_width::UnicodeWidthStr;

use crate::finding::{Finding, Severity};
use crate::source::{Place, SourceFile};

/// Characters of a source line that are shown before and after the marker.
const BEFORE: usize = 60;
const AFTER: usize = 60;

/// A finding as text that ends with a line break: the place and what is said, the source line with a marker, and the fix.
///
/// Control characters of the input are shown as escapes, so that no input can send commands to a terminal. Of a Secret no
/// line is shown.
pub fn human(finding: &Finding, color: bool) -> String {
    let style = Style { color };
    let mut out = head(finding, &style);
    if let (Some(place), Some(source)) = (finding.place, &finding.source) {
        if !source.is_secret(place.line) {
            out.push_str(&snippet(source, place, finding.severity, &style));
        }
    }
    if let Some(fix) = &finding.fix {
        out.push_str(&format!("  {} {}\n", style.paint("1", "fix:"), escape(fix)));
    }
    out
}

/// Replaces control characters and those that turn the direction of text by escapes: `\n`, `\u{1b}`.
pub fn escape(text: &str) -> Cow<'_, str> {
    if !text.chars().any(is_unsafe) {
        return Cow::Borrowed(text);
    }
    let escaped = text.chars().fold(String::with_capacity(text.len() + 8), |mut out, letter| {
        if is_unsafe(letter) {
            out.extend(letter.escape_default())
        } else {
            out.push(letter)
        }
        out
    });
    Cow::Owned(escaped)
}

fn is_unsafe(letter: char) -> bool {
    letter.is_control()
        || matches!(letter, '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}')
        || matches!(letter, '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

fn head(finding: &Finding, style: &Style) -> String {
    let mut place = escape(&finding.file).into_owned();
    if let Some(Place { line, column, .. }) = finding.place {
        place.push_str(&format!(":{line}:{column}"));
    }
    if !place.is_empty() {
        place.push_str(": ");
    }
    let label = format!("{}[{}]", finding.severity.as_str(), finding.code);
    let label = style.paint(severity_color(finding.severity), &label);
    format!("{}{label}: {}\n", style.paint("1", &place), escape(&finding.message))
}

fn snippet(source: &SourceFile, place: Place, severity: Severity, style: &Style) -> String {
    let Some(parts) = source.parts(place) else {
        return String::new();
    };
    let excerpt = Excerpt::new(parts);
    let number = place.line.to_string();
    let gutter = " ".repeat(number.len());
    let mut out = String::new();
    let bar = style.paint("34", "|");
    let _ = writeln!(out, " {} {bar} {}{}{}", style.paint("34", &number), excerpt.before, excerpt.marked, excerpt.after);
    let indent = " ".repeat(excerpt.before.width());
    let marker = "^".repeat(excerpt.marked.width().max(1));
    let _ = writeln!(out, " {gutter} {bar} {indent}{}", style.paint(severity_color(severity), &marker));
    out
}

/// The part of a line around the marker, made safe to show.
struct Excerpt {
    before: String,
    marked: String,
    after: String,
}

impl Excerpt {
    fn new((before, marked, after): (&str, &str, &str)) -> Self {
        let (marked, cut) = (first(marked, AFTER), marked.chars().nth(AFTER).is_some());
        let after = if cut { "…".to_owned() } else { ellipsis_after(after, AFTER - marked.chars().count()) };
        Self { before: ellipsis_before(before), marked: shown(marked), after }
    }
}

fn first(text: &str, characters: usize) -> &str {
    text.char_indices().nth(characters).map_or(text, |(end, _)| text.get(..end).unwrap_or_default())
}

fn ellipsis_after(text: &str, characters: usize) -> String {
    let kept = first(text, characters);
    let dots = if kept.len() < text.len() { "…" } else { "" };
    shown(kept) + dots
}

fn ellipsis_before(text: &str) -> String {
    match text.char_indices().rev().nth(BEFORE) {
        Some((start, cut)) => format!("…{}", shown(text.get(start + cut.len_utf8()..).unwrap_or_default())),
        None => shown(text),
    }
}

/// Tabs become spaces, so that the marker stands below what it marks.
fn shown(text: &str) -> String {
    escape(&text.replace('\t', " ")).into_owned()
}

fn severity_color(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "1;31",
        Severity::Warning => "1;33",
        Severity::Note => "1;36",
    }
}

struct Style {
    color: bool,
}

impl Style {
    fn paint<'a>(&self, code: &str, text: &'a str) -> Cow<'a, str> {
        if self.color && !text.is_empty() { Cow::Owned(format!("\u{1b}[{code}m{text}\u{1b}[0m")) } else { Cow::Borrowed(text) }
    }
}
