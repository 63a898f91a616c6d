//! The entries of a bucket by path: for one request all that its path can reach, best first.

use std::sync::Arc;

use foldhash::fast::FixedState;
use gwapi_core::{choices::RegexRank, model::PathMatch};
use hashbrown::HashMap;

type Lists = HashMap<Arc<str>, Vec<u32>, FixedState>;

/// Places of entries, in the order of their ranks, by what their paths ask for.
///
/// All paths of one kind that match the same request follow from the request: one exact path, and the prefixes that end at its
/// elements. Exact paths come before everything, longer prefixes before shorter ones, and patterns where the choice has put
/// them (G-001 (3) and (4), G-007). So visiting them in that order yields the candidates best first, and what is in one list
/// ties on the path and is in the order of the other criteria.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Paths {
    exact: Lists,
    prefixes: Lists,
    /// Bit n: there is a prefix of n elements. A path with many elements costs no more look-ups than there are depths.
    depths: u64,
    /// Of the prefix `/`, which matches everything (F-006).
    root: Vec<u32>,
    patterns: Vec<u32>,
    regex_rank: RegexRank,
}

impl Paths {
    /// Sorts paths, best first, into their lists.
    pub(crate) fn build<'p>(paths: impl Iterator<Item = &'p PathMatch>, regex_rank: RegexRank, seed: u64) -> Self {
        let lists = || Lists::with_hasher(FixedState::with_seed(seed));
        let (root, patterns) = (Vec::new(), Vec::new());
        let mut sorted = Self { exact: lists(), prefixes: lists(), depths: 0, root, patterns, regex_rank };
        for (place, path) in (0..).zip(paths) {
            match path {
                PathMatch::Exact(exact) => sorted.exact.entry(exact.clone()).or_default().push(place),
                PathMatch::Prefix(prefix) if &**prefix == "/" => sorted.root.push(place),
                PathMatch::Prefix(prefix) => {
                    sorted.depths |= depth_bit(prefix.bytes().filter(|byte| *byte == b'/').count());
                    sorted.prefixes.entry(prefix.clone()).or_default().push(place);
                }
                PathMatch::Regex(_) => sorted.patterns.push(place),
            }
        }
        sorted.exact.values_mut().chain(sorted.prefixes.values_mut()).for_each(Vec::shrink_to_fit);
        sorted
    }

    /// The places whose path can match, best first. Patterns among them have yet to be asked.
    pub(crate) fn candidates<'a>(&'a self, path: &'a str) -> impl Iterator<Item = u32> + 'a {
        let (before, after) = match self.regex_rank {
            RegexRank::BeforePrefix => (&self.patterns[..], &[][..]),
            RegexRank::AfterPrefix => (&[][..], &self.patterns[..]),
        };
        let exact = self.exact.get(path).map_or(&[][..], Vec::as_slice);
        let prefixes = self.prefixes_of(path).flatten();
        exact.iter().chain(before).chain(prefixes).chain(&self.root).chain(after).copied()
    }

    /// The lists of the prefixes of a path, longest first: the path itself, and what stands before each of its `/` (F-004).
    fn prefixes_of<'a>(&'a self, path: &'a str) -> impl Iterator<Item = &'a Vec<u32>> + 'a {
        let elements = if self.depths == 0 { 0 } else { path.bytes().filter(|byte| *byte == b'/').count() };
        let ends = std::iter::once(path.len()).chain(path.rmatch_indices('/').map(|(at, _)| at));
        // Before the n-th `/` from the end stand n elements less.
        let prefixes = ends.take(elements + 1).enumerate().filter_map(move |(less, end)| {
            (self.depths & depth_bit(elements.saturating_sub(less)) != 0).then(|| path.get(..end)).flatten()
        });
        prefixes.filter_map(|prefix| self.prefixes.get(prefix))
    }
}

/// Depths over 63 share the last bit.
fn depth_bit(elements: usize) -> u64 {
    1 << elements.min(63)
}

#[cfg(test)]
mod tests {
    use gwapi_core::Pattern;

    use super::*;

    fn paths(values: &[&str], regex_rank: RegexRank) -> Paths {
        let path = |value: &&str| match value.strip_prefix('=') {
            Some(exact) => PathMatch::Exact(exact.into()),
            None if value.contains('*') => PathMatch::Regex(Pattern::parse(value).unwrap()),
            None => PathMatch::Prefix((*value).into()),
        };
        let values: Vec<PathMatch> = values.iter().map(path).collect();
        Paths::build(values.iter(), regex_rank, 7)
    }

    #[test]
    fn g_001_exact_before_longer_prefixes_before_shorter_ones_before_patterns() {
        let values = ["=/a/b", "/a/b", "/a/b", "/a", "/", "/x.*", "/a/b/c"];
        let candidates = |rank, path: &str| {
            let sorted = paths(&values, rank);
            sorted.candidates(path).map(|at| values[at as usize]).collect::<Vec<_>>()
        };
        assert_eq!(candidates(RegexRank::AfterPrefix, "/a/b"), ["=/a/b", "/a/b", "/a/b", "/a", "/", "/x.*"]);
        assert_eq!(
            candidates(RegexRank::BeforePrefix, "/a/b/c/d"),
            ["/x.*", "/a/b/c", "/a/b", "/a/b", "/a", "/"].map(|x| x).to_vec()
        );
        assert_eq!(candidates(RegexRank::AfterPrefix, "/a/b/"), ["/a/b", "/a/b", "/a", "/", "/x.*"]);
        assert_eq!(candidates(RegexRank::AfterPrefix, "/ab"), ["/", "/x.*"]);
        assert_eq!(candidates(RegexRank::AfterPrefix, "*"), ["/", "/x.*"]);
    }

    #[test]
    fn the_candidates_among_prefixes_are_those_that_match() {
        let values = ["/a", "/a/b", "/a/b/c", "/b", "/a/b/c/d/e"];
        let sorted = paths(&values, RegexRank::AfterPrefix);
        let deep = format!("/a/b{}", "/x".repeat(200));
        for path in ["", "/", "//", "/a", "/a/", "/a//b", "/a/b", "/a/bc", "/a/b/c/d/e/", "/b/a", "a", &deep] {
            let mut found: Vec<&str> = sorted.candidates(path).map(|at| values[at as usize]).collect();
            let behind = |prefix: &&str| path.strip_prefix(*prefix).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
            assert!(found.windows(2).all(|pair| pair[0].len() > pair[1].len()), "{path}");
            found.sort_unstable();
            let mut expected: Vec<&str> = values.into_iter().filter(behind).collect();
            expected.sort_unstable();
            assert_eq!(found, expected, "{path}");
        }
    }
}
