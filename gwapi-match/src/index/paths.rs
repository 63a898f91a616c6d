//! Entries by exact path and by prefix: for one request all that its path can reach.

use foldhash::fast::FixedState;

use crate::{
    bytes::places,
    hashing::{TextMap, hash},
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
    nodes: TextMap<Node>,
    hasher: FixedState,
    /// The length of the longest prefix. What a request has behind that is of no interest.
    longest: u32,
}

#[derive(Clone, Copy, Debug, Default)]
struct Node {
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

    fn or(self, other: Self) -> Self {
        if self == Self::NOTHING { other } else { self }
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
    /// Of exact paths and prefixes, each once. A prefix has no `/` at its end, and `/` itself is none: it holds without a path
    /// (F-028).
    pub(super) fn new(exact: &[(&str, Run)], prefixes: &[(&str, Run)], hasher: &FixedState) -> Self {
        let exact_nodes = exact.iter().map(|(path, run)| (*path, Node { exact: *run, ..Node::default() }));
        let prefix_nodes = prefixes.iter().map(|(path, run)| (*path, Node { prefix: *run, ..Node::default() }));
        let mut nodes: Vec<(u64, &[u8], Node)> =
            exact_nodes.chain(prefix_nodes).map(|(path, node)| (hash(hasher, path.as_bytes()), path.as_bytes(), node)).collect();
        // A path that is both is one node.
        nodes.sort_unstable_by_key(|(hash, path, _)| (*hash, *path));
        nodes.dedup_by(|(_, path, node), (_, kept_path, kept)| {
            let is_same = path == kept_path;
            if is_same {
                *kept = Node { exact: kept.exact.or(node.exact), prefix: kept.prefix.or(node.prefix) };
            }
            is_same
        });
        let longest = prefixes.iter().map(|(path, _)| path.len()).max().unwrap_or_default();
        let lengths = |paths: &[(&str, Run)]| paths.iter().fold(0, |lengths, (path, _)| lengths | length_bit(path));
        Self {
            exact_lengths: lengths(exact),
            prefix_lengths: lengths(prefixes),
            nodes: TextMap::new(nodes.into_iter()),
            hasher: hasher.clone(),
            longest: u32::try_from(longest).unwrap_or(u32::MAX),
        }
    }

    /// Whether there is nothing to find.
    #[inline]
    pub(super) fn is_empty(&self) -> bool {
        self.exact_lengths | self.prefix_lengths == 0
    }

    #[inline]
    fn find(&self, path: &str) -> Option<&Node> {
        self.nodes.find(hash(&self.hasher, path.as_bytes()), path.as_bytes()).map(|(_, node)| node)
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
        if self.prefix_lengths == 0 {
            return None;
        }
        if path.len() <= self.longest as usize && self.prefix_lengths & length_bit(path) != 0 {
            let answer = self.prefix(path, path.len()).and_then(&mut ask);
            if answer.is_some() {
                return answer;
            }
        }
        let known = path.as_bytes().get(..=self.longest as usize).unwrap_or(path.as_bytes());
        // In words of 64 bytes, so that a place in one is the bit of a length.
        for word in (0..known.len().div_ceil(64)).rev() {
            let mut ends = places(b'/', known.get(64 * word..)?) & self.prefix_lengths;
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
        fn numbered(paths: &[impl AsRef<str>]) -> Vec<(&str, Run)> {
            let mut seen = std::collections::BTreeSet::new();
            let runs = (0..).map(Run::plain);
            paths.iter().map(AsRef::as_ref).zip(runs).filter(|(path, _)| seen.insert(*path)).collect()
        }
        Paths::new(&numbered(exact), &numbered(prefixes), &FixedState::with_seed(seed))
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
        assert_eq!(prefixes_of(&paths(&["/a"], &[""; 0], 7), &["/a"], "/a"), ["/a"], "the only one");
    }

    #[test]
    fn an_exact_path_and_a_prefix_of_the_same_length_are_something_to_find() {
        let is_empty = |prefixes: &[&str], exact: &[&str]| paths(prefixes, exact, 7).is_empty();
        assert!(is_empty(&[], &[]));
        assert!(!is_empty(&["/a"], &[]) && !is_empty(&[], &["/b"]) && !is_empty(&["/a"], &["/b"]));
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
