//! `docs/ledger/fields.tsv`: where each field of the CRDs is read, `Kind.field.path<TAB>where it is read, or why not`.

use std::{fs, path::Path};

const FIELDS: &str = "docs/ledger/fields.tsv";

/// What is wrong with it, if it is there.
pub(super) fn check(root: &Path) -> Vec<String> {
    match fs::read_to_string(root.join(FIELDS)) {
        Ok(text) => problems(&text),
        Err(_) => vec![],
    }
}

fn problems(text: &str) -> Vec<String> {
    let mut problems = Vec::new();
    let mut last = "";
    for (number, line) in (1..).zip(text.lines()) {
        match line.split('\t').collect::<Vec<_>>()[..] {
            [field, place] if !field.is_empty() && !place.is_empty() => {
                if field <= last {
                    problems.push(format!("{FIELDS}, line {number}: {field} does not follow {last}"));
                }
                last = field;
            }
            _ => problems.push(format!("{FIELDS}, line {number}: not `Kind.field.path<TAB>where`")),
        }
    }
    problems
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_sorted_and_have_a_place() {
        assert_eq!(problems("A.b\tx.rs\nA.c\ty.rs\n"), Vec::<String>::new());
        assert_eq!(problems("A.b\tx.rs\nA.b\ty.rs\nA.c\t\n").len(), 2);
    }
}
