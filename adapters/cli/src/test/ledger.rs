//! The ledger of cases that cannot pass yet, each with its reason. An entry that has become untrue is a failure.

use std::{cell::Cell, path::Path};

/// The ledger.
#[derive(Default)]
pub struct Ledger {
    entries: Vec<Entry>,
}

struct Entry {
    pattern: globset::GlobMatcher,
    text: String,
    reason: String,
    used: Cell<bool>,
}

impl Ledger {
    /// Reads `NAME reason` lines; `#` begins a comment. A name may be a glob.
    ///
    /// # Errors
    /// What is wrong, and on which line.
    pub fn read(path: &Path) -> Result<Self, String> {
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
            let (text, reason) = (name.to_owned(), reason.trim().to_owned());
            entries.push(Entry { pattern, text, reason, used: Cell::new(false) });
        }
        Ok(Self { entries })
    }

    /// Why a case may fail, if the ledger says so.
    pub fn reason(&self, case: &str) -> Option<&str> {
        let entry = self.entries.iter().find(|entry| entry.pattern.is_match(case))?;
        entry.used.set(true);
        Some(&entry.reason)
    }

    /// Entries that no case of the run answers to.
    pub fn unused(&self) -> impl Iterator<Item = &str> {
        self.entries.iter().filter(|entry| !entry.used.get()).map(|entry| &*entry.text)
    }
}
