//! Entries by exact path and by prefix: for one request all that its path can reach.

use std::sync::Arc;

use foldhash::fast::FixedState;

use crate::{
    bytes::{places, same},
    hashing::{Slot, find, hash, put, slots_for},
};

/// What is found at a path, and what is found below it.
///
/// All paths that match the same request follow from the request: one exact path, and the prefixes that end at its elements
/// (F-003, F-004). So each of them is a look-up by hash, and of those that cannot find anything most are known beforehand by
/// their length.
///
/// The fields stand as they are written, since a request reads all of them before it knows where to look.
#[derive(Debug)]
#[repr(C)]
pub(super) struct Paths {
    /// Bit n: an exact path has that length, modulo 64.
    exact_lengths: u64,
    /// The same for prefixes.
    prefix_lengths: u64,
    nodes: Box<[Slot<Node>]>,
    hasher: FixedState,
    /// The length of the longest prefix. What a request has behind that is of no interest.
    longest: usize,
}

#[derive(Debug)]
struct Node {
    path: Arc<str>,
    exact: Run,
    prefix: Run,
}

/// The entries of one path, as a number: so many paths have them that half the room counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Run(u32);

/// What a run is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Entries {
    /// There are none.
    Nothing,
    /// The best entry asks for nothing besides the path, so that no other entry ever serves a request.
    Plain(u32),
    /// The group with that number has to be asked.
    Group(u32),
}

impl Run {
    pub(super) const NOTHING: Self = Self(0);

    pub(super) fn plain(entry: u32) -> Self {
        Self(entry.saturating_mul(2).saturating_add(1))
    }

    pub(super) fn group(group: u32) -> Self {
        Self(group.saturating_mul(2).saturating_add(2))
    }

    #[inline]
    pub(super) fn entries(self) -> Entries {
        match self.0.checked_sub(1) {
            None => Entries::Nothing,
            Some(plain) if plain % 2 == 0 => Entries::Plain(plain / 2),
            Some(group) => Entries::Group(group / 2),
        }
    }
}

impl Paths {
    /// With room for so many paths.
    pub(super) fn with_room(paths: usize, hasher: &FixedState) -> Self {
        let nodes = std::iter::repeat_with(|| None).take(slots_for(paths)).collect();
        Self { exact_lengths: 0, prefix_lengths: 0, nodes, hasher: hasher.clone(), longest: 0 }
    }

    pub(super) fn insert_exact(&mut self, path: &Arc<str>, run: Run) {
        self.exact_lengths |= length_bit(path);
        self.insert(path, |node| node.exact = run);
    }

    /// A prefix has no `/` at its end, and `/` itself is none: it holds without a path (F-028).
    pub(super) fn insert_prefix(&mut self, path: &Arc<str>, run: Run) {
        self.prefix_lengths |= length_bit(path);
        self.longest = self.longest.max(path.len());
        self.insert(path, |node| node.prefix = run);
    }

    fn insert(&mut self, path: &Arc<str>, set: impl FnOnce(&mut Node)) {
        let hash = hash(&self.hasher, path.as_bytes());
        let known = find(&self.nodes, hash, |node| node.path == *path).map(|(at, _)| at);
        match known.and_then(|at| self.nodes.get_mut(at)) {
            Some(Some((_, node))) => set(node),
            _ => {
                let mut node = Node { path: path.clone(), exact: Run::NOTHING, prefix: Run::NOTHING };
                set(&mut node);
                put(&mut self.nodes, (hash, node));
            }
        }
    }

    #[inline]
    fn find(&self, path: &str) -> Option<&Node> {
        let is_path = |node: &Node| same(node.path.as_bytes(), path.as_bytes());
        find(&self.nodes, hash(&self.hasher, path.as_bytes()), is_path).map(|(_, node)| node)
    }

    /// The entries whose exact path this is.
    #[inline]
    pub(super) fn exact(&self, path: &str) -> Run {
        if self.exact_lengths & length_bit(path) == 0 {
            return Run::NOTHING;
        }
        self.find(path).map_or(Run::NOTHING, |node| node.exact)
    }

    /// The first answer that the entries of a prefix of this path get, longest prefix first: the path itself, and what stands
    /// before each of its slashes (F-004).
    #[inline]
    pub(super) fn find_prefix(&self, path: &str, mut ask: impl FnMut(Run) -> Option<u32>) -> Option<u32> {
        if path.len() <= self.longest && self.prefix_lengths & length_bit(path) != 0 {
            let answer = self.prefix(path, path.len()).and_then(&mut ask);
            if answer.is_some() {
                return answer;
            }
        }
        let known = path.as_bytes().get(..=self.longest).unwrap_or(path.as_bytes());
        // In words of 64 bytes, so that a place in one is the bit of a length.
        for (word, text) in known.chunks(64).enumerate().rev() {
            let mut ends = places(b'/', text) & self.prefix_lengths;
            while let Some(end) = ends.checked_ilog2() {
                let answer = self.prefix(path, 64 * word + end as usize).and_then(&mut ask);
                if answer.is_some() {
                    return answer;
                }
                ends &= !(1 << end);
            }
        }
        None
    }

    /// The entries of the prefix that ends there.
    #[inline]
    fn prefix(&self, path: &str, end: usize) -> Option<Run> {
        self.find(path.get(..end)?).map(|node| node.prefix)
    }
}

fn length_bit(text: &str) -> u64 {
    1 << (text.len() % 64)
}

#[cfg(test)]
mod tests {
    use proptest::{collection::vec, prelude::*};

    use super::*;

    #[test]
    fn a_run_says_what_it_was_made_of() {
        for number in [0, 1, 2, 1_000_000] {
            assert_eq!(Run::plain(number).entries(), Entries::Plain(number));
            assert_eq!(Run::group(number).entries(), Entries::Group(number));
        }
        assert_eq!(Run::default().entries(), Entries::Nothing);
    }

    fn paths(prefixes: &[impl AsRef<str>], exact: &[impl AsRef<str>], seed: u64) -> Paths {
        let mut paths = Paths::with_room(prefixes.len() + exact.len(), &FixedState::with_seed(seed));
        for (number, prefix) in (0..).zip(prefixes) {
            paths.insert_prefix(&prefix.as_ref().into(), Run::plain(number));
        }
        for (number, exact) in (0..).zip(exact) {
            paths.insert_exact(&exact.as_ref().into(), Run::plain(number));
        }
        paths
    }

    fn prefixes_of<'p>(sorted: &Paths, prefixes: &'p [impl AsRef<str>], path: &str) -> Vec<&'p str> {
        let mut found = Vec::new();
        let answer = sorted.find_prefix(path, |run| {
            let Entries::Plain(number) = run.entries() else { return None };
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
        assert_eq!((sorted.exact("/a/b/"), sorted.exact("/a/b")), (Run::plain(0), Run::NOTHING));
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
            assert_eq!(sorted.exact(&long), Run::plain(0));
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
            prop_assert_eq!(sorted.exact(&path) != Run::NOTHING, exact.contains(&path));
        }
    }
}
