//! The rules under one hostname, and how the best one for a request is found.

use std::{cmp::Reverse, ops::Range};

use foldhash::fast::FixedState;
use gwapi_core::{
    Hostname, Pattern,
    choices::{RegexRank, RepeatedQuery},
    model::PathMatch,
};

use super::{
    Asked, Entry,
    crowd::{Crowd, Subject},
    paths::{Entries, Paths, Run},
    patterns::Patterns,
    predicates::Predicates,
    reader::{Names, Reader},
};
use crate::{head::RequestHead, headers::Headers, precedence::Precedence};

/// The matches of all routes with the same own hostname.
///
/// For one request the paths that can match come in the order of [`Precedence`]: one exact path, prefixes from the longest to
/// the shortest, and patterns before or behind them (G-001 (3) and (4), G-007). Entries with the same path stand together, in
/// the order of the other criteria. So the first entry that holds is the best one.
///
/// What every request reads stands first, in as few lines of the cache as it can.
#[derive(Debug)]
#[repr(C, align(64))]
pub(crate) struct Bucket {
    paths: Paths,
    /// Of the prefix `/`, which matches everything (F-006).
    root: Run,
    regex_rank: RegexRank,
    has_patterns: bool,
    /// Entries with patterns are the last ones, best first.
    first_pattern: u32,
    groups: Box<[Group]>,
    predicates: Predicates,
    patterns: Patterns,
    entries: Box<[Entry]>,
    pub(crate) hostname: Option<Hostname>,
}

/// The entries of one path, where the best one asks for more than the path.
#[derive(Debug)]
enum Group {
    Few(Range<u32>),
    Many(Box<Crowd>),
}

/// So many entries are looked through as fast as they are looked up.
const FEW: usize = 8;

impl Bucket {
    /// `before` is what stood under the hostname until now: what did not change is shared with it.
    pub(super) fn build(
        hostname: Option<Hostname>,
        entries: Vec<(Precedence, Entry)>,
        regex_rank: RegexRank,
        seed: u64,
        before: Option<&Self>,
    ) -> Self {
        let entries = in_order(&entries);
        let matches: Vec<Asked<'_>> = entries.iter().filter_map(Entry::asked).collect();
        let hasher = FixedState::with_seed(seed);
        let names = Names::of(&matches, &hasher);
        let Layout { paths, root, groups } = Layout::of(&matches, &names, &hasher);
        let known = known(&groups, matches.len());
        let predicates = Predicates::build(&matches, names, &known, before.map(|before| &before.predicates), &hasher);
        let patterns: Vec<&Pattern> = matches.iter().filter_map(pattern).collect();
        Self {
            paths,
            root,
            regex_rank,
            has_patterns: !patterns.is_empty(),
            first_pattern: number(matches.len() - patterns.len()),
            groups: groups.into(),
            predicates,
            patterns: Patterns::build(&patterns, before.map(|before| &before.patterns)),
            entries,
            hostname,
        }
    }

    /// The entries, those with the same path together.
    pub(crate) fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// The number of the entry that serves every request, if there is one: behind it no other is ever reached.
    pub(super) fn always(&self) -> Option<u32> {
        match self.root.entries() {
            Entries::Plain(entry) if self.paths.is_empty() && !self.has_patterns => Some(entry),
            _ => None,
        }
    }

    /// The number of the best entry whose predicates all hold.
    pub(super) fn find<H: Headers + ?Sized>(&self, head: &RequestHead<'_, H>, repeated: RepeatedQuery) -> Option<u32> {
        let mut search = Search { bucket: self, head, repeated, reader: None };
        // F-028: what has no path is matched by the prefix `/` only.
        if (self.paths.is_empty() && !self.has_patterns) || !head.has_path() {
            return search.best(self.root);
        }
        let path = &*head.path;
        search
            .best(self.paths.exact(path))
            .or_else(|| search.best_pattern(path, RegexRank::BeforePrefix))
            .or_else(|| self.paths.find_prefix(path, |run| search.best(run)))
            .or_else(|| search.best(self.root))
            .or_else(|| search.best_pattern(path, RegexRank::AfterPrefix))
    }
}

/// Buckets are compared by what they hold; how it is found follows from that.
impl PartialEq for Bucket {
    fn eq(&self, other: &Self) -> bool {
        (&self.hostname, &self.entries, self.regex_rank) == (&other.hostname, &other.entries, other.regex_rank)
    }
}

impl Eq for Bucket {}

/// One question to a bucket.
struct Search<'a, 'r, H: Headers + ?Sized> {
    bucket: &'a Bucket,
    head: &'a RequestHead<'r, H>,
    repeated: RepeatedQuery,
    /// Made when something besides the path is asked for.
    reader: Option<Reader<'a, 'r, H>>,
}

impl<'a, 'r, H: Headers + ?Sized> Search<'a, 'r, H> {
    #[inline]
    fn best(&mut self, run: Run) -> Option<u32> {
        match run.entries() {
            Entries::Nothing => None,
            Entries::Plain(entry) => Some(entry),
            Entries::Group(group) => self.best_of_group(group),
        }
    }

    fn best_of_group(&mut self, group: u32) -> Option<u32> {
        let bucket = self.bucket;
        let reader = self.reader();
        match bucket.groups.get(group as usize)? {
            Group::Few(entries) => entries.clone().find(|entry| bucket.predicates.hold(*entry, reader)),
            Group::Many(crowd) => crowd.find(reader, |entry, reader| bucket.predicates.hold(entry, reader)),
        }
    }

    /// The best entry with a pattern, if that is where they stand.
    #[inline]
    fn best_pattern(&mut self, path: &str, rank: RegexRank) -> Option<u32> {
        let bucket = self.bucket;
        if !bucket.has_patterns || bucket.regex_rank != rank {
            return None;
        }
        bucket.patterns.find(path, |pattern| {
            let entry = bucket.first_pattern + pattern;
            bucket.predicates.hold(entry, self.reader()).then_some(entry)
        })
    }

    fn reader(&mut self) -> &mut Reader<'a, 'r, H> {
        let Self { bucket, head, repeated, reader } = self;
        reader.get_or_insert_with(|| Reader::new(head, bucket.predicates.names(), *repeated))
    }
}

/// The entries of a bucket by their paths, patterns aside.
struct Layout {
    paths: Paths,
    root: Run,
    groups: Vec<Group>,
}

impl Layout {
    /// Of matches that stand in the order of the bucket.
    fn of(matches: &[Asked<'_>], names: &Names, hasher: &FixedState) -> Self {
        let nodes = matches.chunk_by(|one, other| one.path == other.path);
        let (mut exact, mut prefixes) = (Vec::new(), Vec::new());
        let mut root = Run::NOTHING;
        let mut groups = Vec::new();
        let mut first = 0;
        for node in nodes {
            let run = run(&mut groups, first, node, names, hasher);
            match node.first().map(|one| one.path) {
                Some(PathMatch::Exact(path)) => exact.push((&**path, run)),
                Some(PathMatch::Prefix(path)) if **path == *"/" => root = run,
                Some(PathMatch::Prefix(path)) => prefixes.push((&**path, run)),
                Some(PathMatch::Regex(_)) | None => {}
            }
            first += number(node.len());
        }
        Self { paths: Paths::new(&exact, &prefixes, hasher), root, groups }
    }
}

/// The entries of a path, given the number of the first one. If they have to be asked they become a group.
fn run(groups: &mut Vec<Group>, first: u32, node: &[Asked<'_>], names: &Names, hasher: &FixedState) -> Run {
    match node.first() {
        None => return Run::NOTHING,
        // Those are with `patterns`.
        Some(one) if pattern(one).is_some() => return Run::NOTHING,
        Some(one) if one.is_plain() => return Run::plain(first),
        Some(_) => {}
    }
    groups.push(if node.len() <= FEW {
        Group::Few(first..first + number(node.len()))
    } else {
        Group::Many(Box::new(Crowd::build(first, node, names, hasher)))
    });
    Run::group(number(groups.len() - 1))
}

/// For each entry the predicate that holds whenever it is asked, up to the last that has one.
fn known(groups: &[Group], entries: usize) -> Vec<Option<Subject>> {
    let crowds = groups.iter().filter_map(|group| if let Group::Many(crowd) = group { Some(crowd) } else { None });
    let mut known = Vec::new();
    for (entry, subject) in crowds.flat_map(|crowd| crowd.known()) {
        known.resize(entries, None);
        known.iter_mut().skip(entry as usize).take(1).for_each(|one| *one = Some(subject));
    }
    known
}

/// Exact paths, prefixes from the longest, patterns; of the same path, or of all patterns, the better entry first.
fn in_order(entries: &[(Precedence, Entry)]) -> Box<[Entry]> {
    // A path is far away from its entry, and each is compared many times.
    let mut order: Vec<_> =
        entries.iter().filter_map(|(precedence, entry)| Some((path_in_bucket(entry.asked()?.path), precedence, entry))).collect();
    order.sort_unstable_by(|(path, precedence, _), (other_path, other, _)| (path, precedence).cmp(&(other_path, other)));
    order.into_iter().map(|(.., entry)| entry.clone()).collect()
}

fn path_in_bucket(path: &PathMatch) -> (u8, Reverse<usize>, &str) {
    match path {
        PathMatch::Exact(path) => (0, Reverse(0), path),
        PathMatch::Prefix(path) => (1, Reverse(path.len()), path),
        PathMatch::Regex(_) => (2, Reverse(0), ""),
    }
}

fn pattern<'m>(asked: &Asked<'m>) -> Option<&'m Pattern> {
    if let PathMatch::Regex(pattern) = asked.path { Some(pattern) } else { None }
}

/// Entries are counted in 32 bits: a bucket with more would take hundreds of gigabytes.
fn number(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}
