//! The known name that somebody probably meant.

use alloc::{borrow::ToOwned, string::String, vec::Vec};

/// The longest word that a name is looked for; what is longer is no slip of the pen.
const LONGEST: usize = 64;

/// The known name closest to a word, if it is close enough: up to a third of its letters may differ. Case counts little.
/// Of equally close names the first one is taken.
pub(crate) fn nearest<'k>(word: &str, known: impl IntoIterator<Item = &'k str>) -> Option<String> {
    if word.len() > LONGEST {
        return None;
    }
    let word = word.to_ascii_lowercase();
    let distances = known.into_iter().map(|name| (distance(&word, &name.to_ascii_lowercase()), name));
    let (distance, name) = distances.min_by_key(|(distance, _)| *distance)?;
    (distance <= (name.len().max(word.len()) / 3).max(1)).then(|| name.to_owned())
}

/// How many bytes must be put in, left out or changed to make one text of the other (Levenshtein), in one row of the table.
fn distance(one: &str, other: &str) -> usize {
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (line, x) in one.bytes().enumerate() {
        let (mut diagonal, mut left) = (line, line + 1);
        for (cell, y) in row.iter_mut().skip(1).zip(other.bytes()) {
            let above = *cell;
            left = (diagonal + usize::from(x != y)).min(above + 1).min(left + 1);
            diagonal = above;
            *cell = left;
        }
    }
    // The first cell of the row is never read: it would hold the number of lines.
    if other.is_empty() { one.len() } else { row.last().copied().unwrap_or_default() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distances_are_those_of_levenshtein() {
        for (one, other, expected) in
            [("", "", 0), ("abc", "", 3), ("", "abc", 3), ("kitten", "sitting", 3), ("flaw", "lawn", 2), ("same", "same", 0)]
        {
            assert_eq!(distance(one, other), expected, "{one} {other}");
            assert_eq!(distance(other, one), expected, "{other} {one}");
        }
    }

    #[test]
    fn slips_are_found_and_other_words_are_not() {
        let known = ["hostnames", "parentRefs", "rules"];
        for (word, name) in
            [("hostname", "hostnames"), ("parentrefs", "parentRefs"), ("parentRef", "parentRefs"), ("rule", "rules")]
        {
            assert_eq!(nearest(word, known).as_deref(), Some(name), "{word}");
        }
        for word in ["listeners", "x", "", &"rules".repeat(20)] {
            assert_eq!(nearest(word, known), None, "{word}");
        }
    }
}
