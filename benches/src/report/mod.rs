//! `benches/README.md`: one file for each section, and nothing in it that was not measured by the same run.

use std::{fs, path::Path};

use crate::machine;

mod control_plane;
mod matching;

/// Measures everything, and returns the report.
#[must_use]
pub fn measure() -> String {
    let sections = [matching::section(), control_plane::section()];
    let head = format!(
        "# Measurements\n\nWritten by `cargo xtask bench`; edits are lost. {}.\n\nCompare ratios inside of one report: times of \
         other machines and other runs are different ones.\n",
        machine::describe()
    );
    sections.into_iter().flatten().fold(head, |report, section| format!("{report}\n{section}"))
}

/// Measures matching for the workloads of these names alone, and compiling if `compile` is among them.
#[must_use]
pub fn measure_only(names: &[String]) -> String {
    matching::only(names)
}

/// Where the report is kept.
///
/// # Errors
/// If it cannot be written.
pub fn write(report: &str) -> std::io::Result<()> {
    fs::write(Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md"), report)
}

/// A table in Markdown.
struct Grid {
    text: String,
}

impl Grid {
    fn new(heads: &[&str]) -> Self {
        let rule = "--|".repeat(heads.len());
        Self { text: format!("| {} |\n|{rule}\n", heads.join(" | ")) }
    }

    fn row(&mut self, cells: impl IntoIterator<Item = String>) {
        let cells: Vec<String> = cells.into_iter().collect();
        self.text.push_str(&format!("| {} |\n", cells.join(" | ")));
    }
}

/// A number as people read it: `10,000`.
fn grouped(number: usize) -> String {
    let digits = number.to_string();
    let groups: Vec<&str> = digits.as_bytes().rchunks(3).rev().filter_map(|group| std::str::from_utf8(group).ok()).collect();
    groups.join(",")
}

/// A result beside what it should be at most; what is too much stands out.
fn judged(result: f64, limit: Option<f64>) -> String {
    match limit {
        Some(limit) if result > limit => format!("**{result:.1}×**"),
        _ => format!("{result:.1}×"),
    }
}
