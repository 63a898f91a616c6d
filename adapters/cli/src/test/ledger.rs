//! The ledger of cases that cannot pass yet, each with its reason. An entry that has become untrue is a failure.

use std::path::Path;

/// The ledger.
#[derive(Default)]
pub(super) struct Ledger {
    entries: Vec<Entry>,
}

struct Entry {
    pattern: globset::GlobMatcher,
    reason: String,
}

impl Ledger {
    /// Reads `NAME reason` lines; `#` begins a comment. A name may be a glob.
    ///
    /// # Errors
    /// What is wrong, and on which line.
    pub(super) fn read(path: &Path) -> Result<Self, String> {
        let text = std::fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?;
        let mut entries = Vec::new();
        for (index, line) in text.lines().enumerate() {
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let at = format!("{}:{}", path.display(), index + 1);
            let (name, reason) = line.split_once(char::is_whitespace).ok_or_else(|| format!("{at}: an entry needs a reason"))?;
            let pattern = super::glob(name).map_err(|error| format!("{at}: {error}"))?;
            entries.push(Entry { pattern, reason: reason.trim().to_owned() });
        }
        Ok(Self { entries })
    }

    /// Why a case may fail, if the ledger says so.
    pub(super) fn reason(&self, case: &str) -> Option<&str> {
        let entry = self.entries.iter().find(|entry| entry.pattern.is_match(case))?;
        Some(&entry.reason)
    }
}
