//! How a listener finds the rule of a request. Everything behind `find` and `entry` may change without anybody noticing.

use std::sync::Arc;

use gwapi_core::{
    Hostname,
    choices::{Choices, RegexRank},
    model::PathMatch,
    name::ObjectKey,
    resolution::{ResolvedRule, RuleMatches},
};

use crate::{
    head::RequestHead, headers::Headers, hosts::HostMap, paths::Paths, precedence::Precedence, predicates, split::Split,
};

/// The rules of one listener: buckets by the routes' own hostnames.
///
/// Visiting the buckets of the hostnames that match, most specific first, is hostname precedence (E-018) and falling through
/// to less specific hostnames (E-019) at once. The order inside of a bucket is that of [`Precedence`].
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Index {
    hosts: HostMap,
    buckets: Vec<Arc<Bucket>>,
}

/// The matches of all routes with the same own hostname, best first.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Bucket {
    pub(crate) hostname: Option<Hostname>,
    entries: Box<[Entry]>,
    paths: Paths,
}

/// One match of a rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) rule: Arc<ServedRule>,
    pub(crate) match_index: usize,
}

/// A valid rule, ready to be served. Shared by every listener and hostname that it is served on.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct ServedRule {
    pub(crate) route: ObjectKey,
    pub(crate) rule: Arc<ResolvedRule>,
    /// Over the weights of the rule's backends.
    pub(crate) split: Split,
}

/// Where an entry is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Place {
    bucket: u32,
    entry: u32,
}

impl Index {
    /// Orders the entries of each hostname.
    pub(crate) fn build(
        buckets: impl IntoIterator<Item = (Option<Hostname>, Vec<(Precedence, Entry)>)>,
        regex_rank: RegexRank,
        seed: u64,
    ) -> Self {
        let mut index = Self { hosts: HostMap::with_seed(seed), buckets: Vec::new() };
        for (number, (hostname, entries)) in (0..).zip(buckets) {
            index.hosts.insert(hostname.as_ref(), number);
            index.buckets.push(Arc::new(Bucket::build(hostname, entries, regex_rank, seed)));
        }
        index
    }

    /// The best entry whose predicates all hold.
    pub(crate) fn find<H: Headers + ?Sized>(
        &self,
        host: Option<&str>,
        head: &RequestHead<'_, H>,
        choices: &Choices,
    ) -> Option<Place> {
        self.hosts.chain(host).find_map(|bucket| {
            let Bucket { entries, paths, .. } = &**self.buckets.get(bucket as usize)?;
            let holds = |entry: &Entry| predicates::hold(&entry.rule.rule.matches, entry.match_index, head, choices);
            let mut candidates = paths.candidates(&head.path);
            let entry = candidates.find(|number| entries.get(*number as usize).is_some_and(holds))?;
            Some(Place { bucket, entry })
        })
    }

    /// What stands at a place.
    pub(crate) fn entry(&self, place: Place) -> Option<(&Bucket, &Entry)> {
        let bucket = self.buckets.get(place.bucket as usize)?;
        Some((bucket, bucket.entries.get(place.entry as usize)?))
    }
}

impl Bucket {
    fn build(hostname: Option<Hostname>, mut entries: Vec<(Precedence, Entry)>, regex_rank: RegexRank, seed: u64) -> Self {
        entries.sort_by(|(one, _), (other, _)| one.cmp(other));
        let entries: Box<[Entry]> = entries.into_iter().map(|(_, entry)| entry).collect();
        let paths = Paths::build(entries.iter().filter_map(Entry::path), regex_rank, seed);
        Self { hostname, entries, paths }
    }
}

impl Entry {
    /// The path of the match; every entry has one, so that their places and those of the paths are the same.
    fn path(&self) -> Option<&PathMatch> {
        match &self.rule.rule.matches {
            RuleMatches::Http(matches) => matches.get(self.match_index).map(|matched| &matched.path),
        }
    }
}
