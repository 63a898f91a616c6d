//! Patterns of paths in the order of their ranks: many at once, in one pass over the path.

use std::{
    hash::{BuildHasher, Hasher},
    sync::Arc,
};

use foldhash::fast::FixedState;
use gwapi_core::Pattern;

use super::automaton::Automaton;

/// Patterns, best first, in chunks that are held against a path together.
#[derive(Debug, Default)]
pub(super) struct Patterns {
    chunks: Box<[Arc<Chunk>]>,
}

/// Patterns that were made ready together, and come again when others change.
#[derive(Debug)]
struct Chunk {
    parts: Box<[Part]>,
}

/// Patterns that share an automaton. A pattern without one is alone, and matches as it was compiled.
#[derive(Debug)]
struct Part {
    patterns: Box<[Pattern]>,
    automaton: Option<Automaton>,
}

/// How many automata of a bucket may turn out too large, before the rest is matched pattern by pattern: patterns whose
/// automata multiply would otherwise cost a tenth of a second for each few dozen of them.
const MAX_FAILURES: usize = 16;

impl Patterns {
    /// Makes ready patterns, best first. Chunks that `before` has too are shared with it.
    pub(super) fn build(patterns: &[Pattern], before: Option<&Self>) -> Self {
        let mut failures = 0;
        let chunks = split(patterns).map(|patterns| {
            let known = before.and_then(|before| before.chunks.iter().find(|chunk| chunk.is_of(patterns)));
            known.cloned().unwrap_or_else(|| Arc::new(Chunk { parts: parts(patterns, &mut failures).into() }))
        });
        Self { chunks: chunks.collect() }
    }

    /// The first answer that a pattern gets whose number is asked for; those that match are, best first.
    pub(super) fn find(&self, path: &str, mut ask: impl FnMut(u32) -> Option<u32>) -> Option<u32> {
        // Paths in normal form are, and that is what automata are for.
        let is_ascii = path.is_ascii();
        let mut first = 0;
        for part in self.chunks.iter().flat_map(|chunk| &chunk.parts) {
            let mut matching = part.matching(path, is_ascii);
            while matching != 0 {
                let answer = ask(first + matching.trailing_zeros());
                if answer.is_some() {
                    return answer;
                }
                matching &= matching - 1;
            }
            first += u32::try_from(part.patterns.len()).unwrap_or(u32::MAX);
        }
        None
    }
}

/// Cuts behind patterns that are cut points by themselves, so that a pattern that comes or goes moves no cut but those beside
/// it, and the other chunks stay what they were.
fn split(patterns: &[Pattern]) -> impl Iterator<Item = &[Pattern]> {
    let mut rest = patterns;
    std::iter::from_fn(move || {
        let end = rest.iter().take(Automaton::MAX_PATTERNS).position(is_cut).map_or(Automaton::MAX_PATTERNS, |at| at + 1);
        let (chunk, others) = rest.split_at_checked(end).unwrap_or((rest, &[]));
        rest = others;
        (!chunk.is_empty()).then_some(chunk)
    })
}

/// One in 128. The seed has no say: the same patterns make the same chunks.
fn is_cut(pattern: &Pattern) -> bool {
    let mut hasher = FixedState::default().build_hasher();
    hasher.write(pattern.as_str().as_bytes());
    hasher.finish() % 128 == 0
}

/// Halves patterns until each half fits into an automaton.
fn parts(patterns: &[Pattern], failures: &mut usize) -> Vec<Part> {
    let may_try = *failures < MAX_FAILURES;
    let automaton = may_try.then(|| Automaton::build(patterns)).flatten();
    *failures += usize::from(may_try && automaton.is_none());
    if automaton.is_some() || patterns.len() < 2 {
        return vec![Part { patterns: patterns.into(), automaton }];
    }
    let (one, other) = patterns.split_at(patterns.len() / 2);
    let mut all = parts(one, failures);
    all.extend(parts(other, failures));
    all
}

impl Chunk {
    fn is_of(&self, patterns: &[Pattern]) -> bool {
        self.parts.iter().flat_map(|part| &part.patterns).eq(patterns)
    }
}

impl Part {
    /// Bit n: pattern n matches the whole path.
    fn matching(&self, path: &str, is_ascii: bool) -> u64 {
        match self.automaton.as_ref().filter(|_| is_ascii) {
            Some(automaton) => automaton.matching(path.as_bytes()),
            None => self.patterns.iter().rev().fold(0, |mask, pattern| mask << 1 | u64::from(pattern.matches(path))),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::{collection::vec, prelude::*, sample::select};

    use super::*;

    fn patterns(sources: &[impl AsRef<str>]) -> Vec<Pattern> {
        sources.iter().map(|source| Pattern::parse(source.as_ref()).unwrap()).collect()
    }

    fn matching(set: &Patterns, path: &str) -> Vec<u32> {
        let mut all = Vec::new();
        assert_eq!(
            set.find(path, |number| {
                all.push(number);
                None
            }),
            None
        );
        all
    }

    fn parts_of(set: &Patterns) -> usize {
        set.chunks.iter().map(|chunk| chunk.parts.len()).sum()
    }

    #[test]
    fn every_pattern_that_matches_is_asked_best_first() {
        let sources: Vec<String> = (0..150).map(|number| format!("/(svc-{}|all)/[0-9]+(/.*)?", number % 75)).collect();
        let set = Patterns::build(&patterns(&sources), None);
        assert!(set.chunks.len() >= 3);
        assert_eq!(matching(&set, "/svc-7/12"), [7, 82]);
        assert_eq!(matching(&set, "/svc-7/12/x/y"), [7, 82]);
        assert_eq!(matching(&set, "/all/1"), (0..150).collect::<Vec<_>>());
        assert!(matching(&set, "/svc-7/x").is_empty());
        assert_eq!(set.find("/all/1", |number| (number > 100).then_some(number)), Some(101));
    }

    #[test]
    fn one_that_comes_between_leaves_the_other_chunks_as_they_were() {
        let mut sources: Vec<String> = (0..300).map(|number| format!("/s{number}")).collect();
        let old = Patterns::build(&patterns(&sources), None);
        sources.insert(150, "/new".into());
        let new = Patterns::build(&patterns(&sources), Some(&old));
        let is_shared = |chunk: &&Arc<Chunk>| old.chunks.iter().any(|other| Arc::ptr_eq(chunk, other));
        assert!(new.chunks.iter().filter(is_shared).count() > new.chunks.len() / 2);
        assert_eq!(matching(&new, "/new"), [150]);
        assert_eq!(matching(&new, "/s299"), [300]);
    }

    #[test]
    fn patterns_that_multiply_are_taken_apart_and_still_match() {
        let sources: Vec<String> = (0..64).map(|number| format!(".*x{number}.*z{number}.*")).collect();
        let set = Patterns::build(&patterns(&sources), None);
        assert!(parts_of(&set) > 8, "{}", parts_of(&set));
        assert_eq!(matching(&set, "/x7/z7"), [7]);
        assert_eq!(matching(&set, "/x63z63"), [6, 63], "those with shorter numbers too");
    }

    proptest! {
        #[test]
        fn a_set_agrees_with_its_patterns(
            patterns in vec(select(patterns(&["/a", "/a|/a/b", "/[ab]+/?", "(?i)/A\\b.*", "/\\w+", "/.*é", "/\\pL*", ".*", "", "/a{2,3}$", "^/b|c", "/\\D\\d*?", "\\b", "(?m)^/a$", "/[^/]+/b", "(?s)/.*", "\\B/"])), 0..20),
            path in "/?(a|b|A|k|K|1|/|é| |\n){0,5}",
        ) {
            let expected: Vec<u32> = (0..).zip(&patterns).filter(|(_, one)| one.matches(&path)).map(|(number, _)| number).collect();
            prop_assert_eq!(matching(&Patterns::build(&patterns, None), &path), expected);
        }
    }
}
