//! Patterns of paths in the order of their ranks: many at once, in one pass over the path.

use std::{
    hash::{BuildHasher, Hasher},
    sync::Arc,
};

use foldhash::fast::FixedState;
use gwapi_core::Pattern;

use super::automaton::Automaton;

/// Patterns with their numbers, in parts that are held against a text together.
#[derive(Debug, Default)]
pub(super) struct Patterns {
    parts: Box<[Part]>,
}

/// A part of a chunk.
#[derive(Clone, Debug)]
struct Part {
    chunk: Arc<Chunk>,
    part: usize,
}

/// Patterns that are made ready together, and come again together when others change.
#[derive(Debug)]
struct Chunk {
    parts: Vec<Together>,
}

/// Patterns that share an automaton. A pattern without one is alone, and matches as it was compiled.
#[derive(Debug)]
struct Together {
    patterns: Box<[Pattern]>,
    automaton: Option<Automaton>,
}

/// Where a pattern is: the number of its part, and its place in there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) part: u32,
    bit: u32,
}

impl Place {
    /// Whether the pattern is among those of its part that match.
    pub(super) fn is_in(self, matching: u64) -> bool {
        matching >> self.bit & 1 == 1
    }
}

/// How many automata may turn out too large, before the rest is matched pattern by pattern: patterns whose automata multiply
/// would otherwise cost a tenth of a second for each few dozen of them.
const MAX_FAILURES: usize = 16;

impl Patterns {
    /// Makes ready patterns, best first. Chunks that `before` has too are shared with it.
    pub(super) fn build(patterns: &[&Pattern], before: Option<&Self>) -> Self {
        let mut failures = 0;
        let chunks = split(patterns).map(|patterns| {
            let known = before.and_then(|before| before.parts.iter().find(|one| one.chunk.is_of(patterns)));
            known.map_or_else(|| Arc::new(Chunk { parts: together(patterns, &mut failures) }), |one| one.chunk.clone())
        });
        let parts = chunks.flat_map(|chunk| (0..chunk.parts.len()).map(move |part| Part { chunk: chunk.clone(), part }));
        Self { parts: parts.collect() }
    }

    /// All of these, the numbers of parts going on from one to the next.
    pub(super) fn concat(all: impl IntoIterator<Item = Self>) -> Self {
        Self { parts: all.into_iter().flat_map(|one| one.parts).collect() }
    }

    /// The places of all patterns, in the order of their numbers.
    pub(super) fn places(&self) -> impl Iterator<Item = Place> {
        (0..).zip(&self.parts).flat_map(|(part, one)| (0..).zip(one.patterns()).map(move |(bit, _)| Place { part, bit }))
    }

    /// The first answer that a pattern gets whose number is asked for; those that match are, best first.
    pub(super) fn find(&self, path: &str, mut ask: impl FnMut(u32) -> Option<u32>) -> Option<u32> {
        // Paths in normal form are, and that is what automata are for.
        let is_ascii = path.is_ascii();
        let mut first = 0;
        for part in &self.parts {
            let mut matching = if is_ascii { part.matching(path.as_bytes()) } else { part.matching_one_by_one(path.as_bytes()) };
            while matching != 0 {
                let answer = ask(first + matching.trailing_zeros());
                if answer.is_some() {
                    return answer;
                }
                matching &= matching - 1;
            }
            first += part.patterns().len() as u32;
        }
        None
    }

    /// Bit n: pattern n of a part matches the whole of a text in ASCII.
    pub(super) fn matching(&self, part: u32, text: &[u8]) -> u64 {
        self.parts.get(part as usize).map_or(0, |part| part.matching(text))
    }

    /// Whether one pattern matches the whole text. Patterns are over texts: bytes that are none match no pattern.
    pub(super) fn matches(&self, place: Place, text: &[u8]) -> bool {
        let pattern = self.parts.get(place.part as usize).and_then(|part| part.patterns().get(place.bit as usize));
        pattern.is_some_and(|pattern| std::str::from_utf8(text).is_ok_and(|text| pattern.matches(text)))
    }
}

/// Cuts behind patterns that are cut points by themselves, so that a pattern that comes or goes moves no cut but those beside
/// it, and the other chunks stay what they were.
fn split<'p, 'q>(patterns: &'p [&'q Pattern]) -> impl Iterator<Item = &'p [&'q Pattern]> {
    let mut rest = patterns;
    std::iter::from_fn(move || {
        let end = rest.iter().take(Automaton::MAX_PATTERNS).position(is_cut).map_or(Automaton::MAX_PATTERNS, |at| at + 1);
        let (chunk, others) = rest.split_at_checked(end).unwrap_or((rest, &[]));
        rest = others;
        (!chunk.is_empty()).then_some(chunk)
    })
}

/// One in 128. The seed has no say: the same patterns make the same chunks.
fn is_cut(pattern: &&Pattern) -> bool {
    let mut hasher = FixedState::default().build_hasher();
    hasher.write(pattern.as_str().as_bytes());
    hasher.finish() % 128 == 0
}

/// Halves patterns until each half fits into an automaton.
fn together(patterns: &[&Pattern], failures: &mut usize) -> Vec<Together> {
    let may_try = *failures < MAX_FAILURES;
    let automaton = may_try.then(|| Automaton::build(patterns)).flatten();
    *failures += usize::from(may_try && automaton.is_none());
    if automaton.is_some() || patterns.len() < 2 {
        return vec![Together { patterns: patterns.iter().copied().cloned().collect(), automaton }];
    }
    let (one, other) = patterns.split_at(patterns.len() / 2);
    let mut all = together(one, failures);
    all.extend(together(other, failures));
    all
}

impl Chunk {
    fn is_of(&self, patterns: &[&Pattern]) -> bool {
        self.parts.iter().flat_map(|part| &part.patterns).eq(patterns.iter().copied())
    }
}

impl Part {
    fn patterns(&self) -> &[Pattern] {
        self.chunk.parts.get(self.part).map_or(&[], |part| &part.patterns)
    }

    fn matching(&self, text: &[u8]) -> u64 {
        match self.chunk.parts.get(self.part).and_then(|part| part.automaton.as_ref()) {
            Some(automaton) => automaton.matching(text),
            None => self.matching_one_by_one(text),
        }
    }

    fn matching_one_by_one(&self, text: &[u8]) -> u64 {
        let Ok(text) = std::str::from_utf8(text) else { return 0 };
        self.patterns().iter().rev().fold(0, |mask, pattern| mask << 1 | u64::from(pattern.matches(text)))
    }
}

#[cfg(test)]
mod tests {
    use proptest::{collection::vec, prelude::*, sample::select};

    use super::*;

    fn patterns(sources: &[impl AsRef<str>]) -> Vec<Pattern> {
        sources.iter().map(|source| Pattern::parse(source.as_ref()).unwrap()).collect()
    }

    fn build(patterns: &[Pattern], before: Option<&Patterns>) -> Patterns {
        Patterns::build(&patterns.iter().collect::<Vec<_>>(), before)
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

    #[test]
    fn every_pattern_that_matches_is_asked_best_first() {
        let sources: Vec<String> = (0..150).map(|number| format!("/(svc-{}|all)/[0-9]+(/.*)?", number % 75)).collect();
        let set = build(&patterns(&sources), None);
        assert!(set.parts.len() >= 3);
        assert_eq!(matching(&set, "/svc-7/12"), [7, 82]);
        assert_eq!(matching(&set, "/svc-7/12/x/y"), [7, 82]);
        assert_eq!(matching(&set, "/all/1"), (0..150).collect::<Vec<_>>());
        assert!(matching(&set, "/svc-7/x").is_empty());
        assert_eq!(set.find("/all/1", |number| (number > 100).then_some(number)), Some(101));
    }

    #[test]
    fn one_that_comes_between_leaves_the_other_chunks_as_they_were() {
        let mut sources: Vec<String> = (0..300).map(|number| format!("/s{number}")).collect();
        let old = build(&patterns(&sources), None);
        sources.insert(150, "/new".into());
        let new = build(&patterns(&sources), Some(&old));
        let is_shared = |part: &&Part| old.parts.iter().any(|other| Arc::ptr_eq(&part.chunk, &other.chunk));
        assert!(new.parts.iter().filter(is_shared).count() > new.parts.len() / 2);
        assert_eq!(matching(&new, "/new"), [150]);
        assert_eq!(matching(&new, "/s299"), [300]);
    }

    #[test]
    fn patterns_that_multiply_are_taken_apart_and_still_match() {
        let sources: Vec<String> = (0..64).map(|number| format!(".*x{number}.*z{number}.*")).collect();
        let set = build(&patterns(&sources), None);
        assert!(set.parts.len() > 8, "{}", set.parts.len());
        assert_eq!(matching(&set, "/x7/z7"), [7]);
        assert_eq!(matching(&set, "/x63z63"), [6, 63], "those with shorter numbers too");
    }

    #[test]
    fn what_does_not_fit_together_is_halved_until_it_does() {
        // Alone each keeps in mind where one letter was, together where both were.
        let [one, other] = ["(a|b|c)*a(a|b|c){8}", "(a|b|c)*b(a|b|c){8}"].map(|source| Pattern::parse(source).unwrap());
        let parts = together(&[&one, &other], &mut 0);
        let sizes: Vec<usize> = parts.iter().filter(|part| part.automaton.is_some()).map(|part| part.patterns.len()).collect();
        assert_eq!(sizes, [1, 1]);
    }

    #[test]
    fn so_many_automata_may_turn_out_too_large_and_no_more() {
        let sources: Vec<String> = (0..64).map(|number| format!("(a|b)*a(a|b){{15}}{number}")).collect();
        let mut failures = 0;
        let parts = together(&patterns(&sources).iter().collect::<Vec<_>>(), &mut failures);
        assert_eq!((failures, parts.len()), (MAX_FAILURES, 64));
        assert!(parts.iter().all(|part| part.automaton.is_none()));
    }

    #[test]
    fn few_patterns_are_cuts() {
        let sources: Vec<String> = (0..1_280).map(|number| format!("/s{number}")).collect();
        let cuts = patterns(&sources).iter().filter(is_cut).count();
        assert!((3..30).contains(&cuts), "{cuts}");
    }

    proptest! {
        #[test]
        fn a_set_agrees_with_its_patterns(
            patterns in vec(select(patterns(&["/a", "/a|/a/b", "/[ab]+/?", "(?i)/A\\b.*", "/\\w+", "/.*é", "/\\pL*", ".*", "", "/a{2,3}$", "^/b|c", "/\\D\\d*?", "\\b", "(?m)^/a$", "/[^/]+/b", "(?s)/.*", "\\B/"])), 0..20),
            path in "/?(a|b|A|k|K|1|/|é| |\n){0,5}",
        ) {
            let expected: Vec<u32> = (0..).zip(&patterns).filter(|(_, one)| one.matches(&path)).map(|(number, _)| number).collect();
            let set = build(&patterns, None);
            prop_assert_eq!(matching(&set, &path), &expected[..]);
            let matches = |place: &Place| set.matches(*place, path.as_bytes());
            prop_assert_eq!((0..).zip(set.places()).filter(|(_, place)| matches(place)).map(|(number, _)| number).collect::<Vec<u32>>(), &expected[..]);
            if path.is_ascii() {
                let matches = |place: &Place| place.is_in(set.matching(place.part, path.as_bytes()));
                prop_assert_eq!((0..).zip(set.places()).filter(|(_, place)| matches(place)).map(|(number, _)| number).collect::<Vec<u32>>(), expected);
            }
        }
    }
}
