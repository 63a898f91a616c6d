//! Entries by exact path and by prefix: for one request all that its path can reach.

use std::sync::Arc;

use foldhash::fast::FixedState;
use hashbrown::HashTable;

use crate::hashing::hash;

/// What is found at a path, and what is found below it.
///
/// All paths that match the same request follow from the request: one exact path, and the prefixes that end at its elements
/// (F-003, F-004). So each of them is a look-up by hash, and the look-ups that cannot find anything are known beforehand by
/// the number of elements and the length.
#[derive(Debug)]
pub(super) struct Paths {
    nodes: HashTable<Node>,
    /// Bit n: a prefix has n elements; the last bit is for all that have more.
    depths: u32,
    /// Bit n: a prefix has that length, modulo 64.
    prefix_lengths: u64,
    /// The same for exact paths.
    exact_lengths: u64,
    /// The length of the longest prefix. What a request has behind that is of no interest.
    longest: usize,
    hasher: FixedState,
}

#[derive(Debug)]
struct Node {
    path: Arc<str>,
    exact: Run,
    prefix: Run,
}

/// The entries of one path.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Run {
    /// None.
    #[default]
    Nothing,
    /// The best entry asks for nothing besides the path, so that no other entry ever serves a request.
    Plain(u32),
    /// The group with that number has to be asked.
    Group(u32),
}

/// Elements of the deepest prefix that the quick way finds.
const DEEP: usize = 31;

impl Paths {
    pub(super) fn new(hasher: FixedState) -> Self {
        Self { nodes: HashTable::new(), depths: 0, prefix_lengths: 0, exact_lengths: 0, longest: 0, hasher }
    }

    /// Makes room for so many paths.
    pub(super) fn reserve(&mut self, paths: usize) {
        let hasher = &self.hasher;
        self.nodes.reserve(paths, |node| hash(hasher, node.path.as_bytes()));
    }

    pub(super) fn insert_exact(&mut self, path: &Arc<str>, run: Run) {
        self.exact_lengths |= length_bit(path);
        self.node(path).exact = run;
    }

    /// A prefix has no `/` at its end, and `/` itself is none: it holds without a path (F-028).
    pub(super) fn insert_prefix(&mut self, path: &Arc<str>, run: Run) {
        self.prefix_lengths |= length_bit(path);
        self.depths |= depth_bit(elements(path));
        self.longest = self.longest.max(path.len());
        self.node(path).prefix = run;
    }

    fn node(&mut self, path: &Arc<str>) -> &mut Node {
        let hash_of = |node: &Node| hash(&self.hasher, node.path.as_bytes());
        let new = || Node { path: path.clone(), exact: Run::Nothing, prefix: Run::Nothing };
        let hash = hash(&self.hasher, path.as_bytes());
        self.nodes.entry(hash, |node| node.path == *path, hash_of).or_insert_with(new).into_mut()
    }

    fn find(&self, path: &str) -> Option<&Node> {
        self.nodes.find(hash(&self.hasher, path.as_bytes()), |node| *node.path == *path)
    }

    /// The entries whose exact path this is.
    pub(super) fn exact(&self, path: &str) -> Run {
        if self.exact_lengths & length_bit(path) == 0 {
            return Run::Nothing;
        }
        self.find(path).map_or(Run::Nothing, |node| node.exact)
    }

    /// The first answer that the entries of a prefix of this path get, longest prefix first.
    pub(super) fn find_prefix(&self, path: &str, mut ask: impl FnMut(Run) -> Option<u32>) -> Option<u32> {
        if self.depths == 0 {
            return None;
        }
        let deepest = u32::BITS as usize - 1 - self.depths.leading_zeros() as usize;
        if deepest == DEEP {
            return self.find_deep_prefix(path, ask);
        }
        let mut slashes = [0; DEEP + 1];
        // The prefix of n elements ends at slash n, or at the end of a path with so many.
        let known = path.as_bytes().get(..=self.longest).unwrap_or(path.as_bytes());
        let found = find_slashes(known, slashes.get_mut(..=deepest)?);
        let whole = (found <= deepest && known.len() == path.len()).then_some((found, path.len()));
        let others = slashes.get(..found).unwrap_or_default().iter().enumerate().skip(1).rev();
        let ends = whole.into_iter().chain(others.map(|(depth, end)| (depth, *end)));
        for (_, end) in ends.filter(|(depth, _)| self.depths & depth_bit(*depth) != 0) {
            let answer = self.prefix(path, end).and_then(&mut ask);
            if answer.is_some() {
                return answer;
            }
        }
        None
    }

    /// The same for prefixes with more elements than anybody writes.
    #[cold]
    fn find_deep_prefix(&self, path: &str, ask: impl FnMut(Run) -> Option<u32>) -> Option<u32> {
        let ends = std::iter::once(path.len()).chain(path.rmatch_indices('/').map(|(at, _)| at));
        ends.filter(|end| *end <= self.longest).filter_map(|end| self.prefix(path, end)).find_map(ask)
    }

    /// The entries of the prefix that ends there.
    fn prefix(&self, path: &str, end: usize) -> Option<Run> {
        let prefix = path.get(..end).filter(|prefix| self.prefix_lengths & length_bit(prefix) != 0)?;
        Some(self.find(prefix)?.prefix)
    }
}

/// Where the slashes of a text are, as many as there is room for, and how many that are.
fn find_slashes(text: &[u8], places: &mut [usize]) -> usize {
    let mut found = 0;
    let words = text.chunks_exact(8);
    let rest = words.remainder();
    let mut at = 0;
    for word in words.filter_map(|bytes| Some(u64::from_le_bytes(bytes.try_into().ok()?))) {
        let mut slashes = slashes_of(word);
        while slashes != 0 {
            let Some(place) = places.get_mut(found) else { return found };
            *place = at + slashes.trailing_zeros() as usize / 8;
            found += 1;
            slashes &= slashes - 1;
        }
        at += 8;
    }
    for (at, _) in (at..).zip(rest).filter(|(_, byte)| **byte == b'/') {
        let Some(place) = places.get_mut(found) else { return found };
        *place = at;
        found += 1;
    }
    found
}

/// The highest bit of each byte that is a slash.
fn slashes_of(word: u64) -> u64 {
    const LOW: u64 = u64::MAX / 255 * 0x7f;
    let zeros = word ^ (u64::MAX / 255 * b'/' as u64);
    !(((zeros & LOW) + LOW) | zeros | LOW)
}

fn elements(path: &str) -> usize {
    path.bytes().filter(|byte| *byte == b'/').count()
}

fn depth_bit(elements: usize) -> u32 {
    1 << elements.min(DEEP)
}

fn length_bit(text: &str) -> u64 {
    1 << (text.len() % 64)
}

#[cfg(test)]
mod tests {
    use proptest::{collection::vec, prelude::*};

    use super::*;

    fn paths(prefixes: &[impl AsRef<str>], exact: &[impl AsRef<str>], seed: u64) -> Paths {
        let mut paths = Paths::new(FixedState::with_seed(seed));
        for (number, prefix) in (0..).zip(prefixes) {
            paths.insert_prefix(&prefix.as_ref().into(), Run::Plain(number));
        }
        for (number, exact) in (0..).zip(exact) {
            paths.insert_exact(&exact.as_ref().into(), Run::Plain(number));
        }
        paths
    }

    fn prefixes_of<'p>(sorted: &Paths, prefixes: &'p [impl AsRef<str>], path: &str) -> Vec<&'p str> {
        let mut found = Vec::new();
        let answer = sorted.find_prefix(path, |run| {
            let Run::Plain(number) = run else { return None };
            found.push(prefixes[number as usize].as_ref());
            None
        });
        assert_eq!(answer, None);
        found
    }

    #[test]
    fn f_004_a_prefix_ends_at_an_element() {
        let prefixes = ["/a", "/a/b", "/a/b/c", "/b"];
        let sorted = paths(&prefixes, &["/a/b/"], 7);
        let found = |path: &str| prefixes_of(&sorted, &prefixes, path);
        assert_eq!(found("/a/b/c/d"), ["/a/b/c", "/a/b", "/a"]);
        assert_eq!(found("/a/b/"), ["/a/b", "/a"]);
        assert_eq!(found("/a/bc"), ["/a"]);
        assert!(found("/ab").is_empty() && found("/").is_empty() && found("").is_empty() && found("*").is_empty());
        assert_eq!((sorted.exact("/a/b/"), sorted.exact("/a/b")), (Run::Plain(0), Run::Nothing));
    }

    #[test]
    fn long_and_deep_paths_are_found_too() {
        let deep: Vec<String> = [30, 31, 32, 100].iter().map(|depth| "/x".repeat(*depth)).collect();
        let long = format!("/{}", "y".repeat(1_000));
        for prefixes in [vec![deep[0].clone(), long.clone()], [deep.clone(), vec![long.clone()]].concat()] {
            let sorted = paths(&prefixes, &[long.as_str()], 7);
            for path in [deep[3].clone(), format!("{}/z", deep[2]), format!("{long}/"), format!("{long}y"), long.clone()] {
                let mut expected: Vec<&str> =
                    prefixes.iter().map(String::as_str).filter(|prefix| is_below(&path, prefix)).collect();
                expected.sort_by_key(|prefix| std::cmp::Reverse(prefix.len()));
                assert_eq!(prefixes_of(&sorted, &prefixes, &path), expected, "{path}");
            }
            assert_eq!(sorted.exact(&long), Run::Plain(0));
        }
    }

    fn is_below(path: &str, prefix: &str) -> bool {
        path.strip_prefix(prefix).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    }

    proptest! {
        #[test]
        fn what_is_found_are_the_prefixes_that_match(
            prefixes in vec("(/[ab]{1,2}){1,4}|(/[ab]){20,40}", 0..20),
            exact in vec("(/[ab]{1,2}){1,4}/?", 0..5),
            path in "/?([ab/]{0,24}|(/[ab]){0,50})",
            seed: u64,
        ) {
            let sorted = paths(&prefixes, &exact, seed);
            let mut expected: Vec<&str> = prefixes.iter().map(String::as_str).filter(|prefix| is_below(&path, prefix)).collect();
            expected.sort_unstable_by_key(|prefix| std::cmp::Reverse(prefix.len()));
            expected.dedup();
            prop_assert_eq!(prefixes_of(&sorted, &prefixes, &path), expected);
            prop_assert_eq!(sorted.exact(&path) != Run::Nothing, exact.contains(&path));
        }

        #[test]
        fn every_slash_is_found(text in "[/.0\u{e9}]{0,40}", room in 0_usize..40) {
            let expected: Vec<usize> = text.match_indices('/').map(|(at, _)| at).take(room).collect();
            let mut places = vec![0; room];
            let found = find_slashes(text.as_bytes(), &mut places);
            prop_assert_eq!(&places[..found], expected);
        }
    }
}
