//! Values by hostname, found by a request's host: the exact name, ever shorter wildcards, none.

use std::sync::Arc;

use foldhash::fast::FixedState;
use gwapi_core::Hostname;
use hashbrown::HashTable;

use crate::hashing::hash;

/// A value for each hostname, and one for the lack of a hostname.
///
/// For one request the hostnames that match form a chain, and its order is that of both listeners (B-022) and routes
/// (G-001 (1) and (2)): of two wildcards that match the same host the one with more labels has more characters too.
///
/// The names are spread over shards, and clones share them: whoever changes one name of a clone copies one shard and the
/// pointers to the others, so that a change does not cost what all names cost.
#[derive(Clone, Debug)]
pub(crate) struct HostMap<V> {
    /// A power of two of them, or none.
    shards: Vec<Arc<Shard<V>>>,
    names: usize,
    /// Bit n: there may be a wildcard with n labels behind the `*`. A hostname has at most 127 labels, and a host with that
    /// many costs no more look-ups than there are lengths of wildcards.
    lengths: u128,
    any: Option<V>,
    hasher: FixedState,
}

/// Exact names are found by themselves and wildcards by their suffix: no name begins with a dot, and every suffix does.
type Shard<V> = HashTable<(Hostname, V)>;

/// How many names a shard has before all are spread over twice as many: copying so many is as cheap as copying the pointers
/// of a large map.
const NAMES_PER_SHARD: usize = 32;

/// Where a value is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Spot {
    shard: u32,
    slot: u32,
}

impl Spot {
    /// That of the lack of a hostname. There are never so many shards.
    const ANY: Self = Self { shard: u32::MAX, slot: 0 };
}

impl<V: Clone> HostMap<V> {
    /// An empty map that hashes with that seed.
    pub(crate) fn with_seed(seed: u64) -> Self {
        Self { shards: Vec::new(), names: 0, lengths: 0, any: None, hasher: FixedState::with_seed(seed) }
    }

    /// Whether there are no values.
    pub(crate) fn is_empty(&self) -> bool {
        self.names == 0 && self.any.is_none()
    }

    /// The value of a hostname, or that of the lack of one.
    pub(crate) fn get(&self, hostname: Option<&Hostname>) -> Option<&V> {
        let Some(name) = hostname else { return self.any.as_ref() };
        let hash = hash(&self.hasher, key(name).as_bytes());
        let (_, value) = self.shards.get(self.shard_of(hash))?.find(hash, |(other, _)| other == name)?;
        Some(value)
    }

    /// What stands at a place.
    pub(crate) fn at(&self, spot: Spot) -> Option<&V> {
        if spot == Spot::ANY {
            return self.any.as_ref();
        }
        let (_, value) = self.shards.get(spot.shard as usize)?.get_bucket(spot.slot as usize)?;
        Some(value)
    }

    /// The values of all hostnames that cover a host, most specific first. A request without a usable host is covered by
    /// the lack of a hostname only (E-026).
    pub(crate) fn chain<'a>(&'a self, host: Option<&'a str>) -> Chain<'a, V> {
        let host = host.filter(|_| self.names > 0);
        Chain { map: self, host: host.unwrap_or_default(), step: if host.is_some() { Step::Exact } else { Step::Any } }
    }

    /// Sets the value of a hostname, or that of the lack of one.
    pub(crate) fn insert(&mut self, hostname: Option<&Hostname>, value: V) {
        let Some(name) = hostname else {
            self.any = Some(value);
            return;
        };
        if self.names >= self.shards.len() * NAMES_PER_SHARD {
            self.spread();
        }
        if let Some(suffix) = name.wildcard_suffix() {
            self.lengths |= length_bit(suffix.bytes().filter(|byte| *byte == b'.').count());
        }
        let Self { shards, names, hasher, .. } = self;
        let hash_of = |name: &Hostname| hash(hasher, key(name).as_bytes());
        let hash = hash_of(name);
        let number = shard_of(hash, shards.len());
        let Some(shard) = shards.get_mut(number) else { return };
        let shard = Arc::make_mut(shard);
        if let Some((_, old)) = shard.find_mut(hash, |(other, _)| other == name) {
            *old = value;
        } else {
            shard.insert_unique(hash, (name.clone(), value), |(name, _)| hash_of(name));
            *names += 1;
        }
    }

    /// Takes a hostname and its value out, or the value of the lack of one.
    pub(crate) fn remove(&mut self, hostname: Option<&Hostname>) {
        let Some(name) = hostname else {
            self.any = None;
            return;
        };
        // Looked up first: what is not there must not copy a shard.
        if self.get(hostname).is_none() {
            return;
        }
        let hash = hash(&self.hasher, key(name).as_bytes());
        let number = self.shard_of(hash);
        let Some(shard) = self.shards.get_mut(number).map(Arc::make_mut) else { return };
        if let Ok(found) = shard.find_entry(hash, |(other, _)| other == name) {
            found.remove();
            self.names -= 1;
        }
    }

    /// Every hostname with its value, in no order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (Option<&Hostname>, &V)> {
        let named = self.shards.iter().flat_map(|shard| shard.iter()).map(|(name, value)| (Some(name), value));
        named.chain(self.any.iter().map(|value| (None, value)))
    }

    fn shard_of(&self, hash: u64) -> usize {
        shard_of(hash, self.shards.len())
    }

    /// Spreads the names over twice as many shards.
    fn spread(&mut self) {
        let count = (self.shards.len() * 2).max(1);
        let hash_of = |name: &Hostname| hash(&self.hasher, key(name).as_bytes());
        let mut shards: Vec<Shard<V>> = std::iter::repeat_with(Shard::new).take(count).collect();
        for (name, value) in std::mem::take(&mut self.shards).into_iter().flat_map(Arc::unwrap_or_clone) {
            let hash = hash_of(&name);
            if let Some(shard) = shards.get_mut(shard_of(hash, count)) {
                shard.insert_unique(hash, (name, value), |(name, _)| hash_of(name));
            }
        }
        self.shards = shards.into_iter().map(Arc::new).collect();
    }
}

/// The same names with equal values, whatever the seed and however they came in. `lengths` may know of wildcards that are
/// gone, so it has no say.
impl<V: Clone + PartialEq> PartialEq for HostMap<V> {
    fn eq(&self, other: &Self) -> bool {
        self.names == other.names
            && self.any.is_some() == other.any.is_some()
            && self.iter().all(|(name, value)| other.get(name) == Some(value))
    }
}

impl<V: Clone + Eq> Eq for HostMap<V> {}

/// The values of the hostnames that cover a host.
pub(crate) struct Chain<'a, V> {
    map: &'a HostMap<V>,
    host: &'a str,
    step: Step,
}

#[derive(Clone, Copy)]
enum Step {
    Exact,
    FirstWildcard,
    /// The suffix of the host that was looked up last begins at `at`, and `lengths` are those that were not looked up yet.
    Wildcard {
        at: usize,
        labels: usize,
        lengths: u128,
    },
    Any,
    End,
}

impl<'a, V: Clone> Iterator for Chain<'a, V> {
    type Item = (Spot, &'a V);

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let found = match self.step {
                Step::Exact => {
                    self.step = if self.map.lengths == 0 { Step::Any } else { Step::FirstWildcard };
                    let host = self.host;
                    // A host that is written like a wildcard is not the wildcard.
                    self.look_up(host, |name| name.as_str() == host && !host.starts_with('*'))
                }
                Step::FirstWildcard => {
                    self.step = first_wildcard(self.host, self.map.lengths);
                    None
                }
                Step::Wildcard { at, labels, lengths } => {
                    self.step = next_wildcard(self.host, at, labels, lengths);
                    // A wildcard stands for at least one label: a host that begins with the dot is not covered (E-003).
                    let suffix = self.host.get(at..).filter(|_| at > 0);
                    suffix.and_then(|suffix| self.look_up(suffix, |name| name.wildcard_suffix() == Some(suffix)))
                }
                Step::Any => {
                    self.step = Step::End;
                    self.map.any.as_ref().map(|value| (Spot::ANY, value))
                }
                Step::End => return None,
            };
            if found.is_some() {
                return found;
            }
        }
    }
}

impl<'a, V: Clone> Chain<'a, V> {
    fn look_up(&self, key: &str, is: impl Fn(&Hostname) -> bool) -> Option<(Spot, &'a V)> {
        let hash = hash(&self.map.hasher, key.as_bytes());
        let number = self.map.shard_of(hash);
        let shard = self.map.shards.get(number)?;
        let slot = shard.find_bucket_index(hash, |(name, _)| is(name))?;
        let (_, value) = shard.get_bucket(slot)?;
        Some((Spot { shard: u32::try_from(number).ok()?, slot: u32::try_from(slot).ok()? }, value))
    }
}

/// The longest suffix of a host with a length that occurs. From the end, so that labels in front of it cost nothing.
fn first_wildcard(host: &str, lengths: u128) -> Step {
    let longest = 127 - lengths.leading_zeros() as usize;
    let dots = host.bytes().enumerate().rev().filter(|(_, byte)| *byte == b'.').take(longest);
    match dots.map(|(at, _)| at).enumerate().last() {
        Some((before, at)) => {
            let labels = before + 1;
            if lengths & length_bit(labels) == 0 {
                return next_wildcard(host, at, labels, lengths);
            }
            Step::Wildcard { at, labels, lengths: lengths & !length_bit(labels) }
        }
        None => Step::Any,
    }
}

/// The longest suffix with a length that occurs and with fewer labels than that at a place.
fn next_wildcard(host: &str, at: usize, labels: usize, lengths: u128) -> Step {
    let shorter = lengths & (length_bit(labels) - 1);
    if shorter == 0 {
        return Step::Any;
    }
    let next = 127 - shorter.leading_zeros() as usize;
    let rest = host.bytes().enumerate().skip(at + 1).filter(|(_, byte)| *byte == b'.');
    match rest.map(|(at, _)| at).nth(labels - next - 1) {
        Some(at) => Step::Wildcard { at, labels: next, lengths: shorter & !length_bit(next) },
        None => Step::Any,
    }
}

/// By what a hostname is found.
fn key(name: &Hostname) -> &str {
    name.wildcard_suffix().unwrap_or(name.as_str())
}

/// From the middle of the hash: the table in the shard uses both ends.
fn shard_of(hash: u64, shards: usize) -> usize {
    (hash >> 32) as usize & shards.wrapping_sub(1)
}

/// Lengths over 127 share the last bit: no hostname has so many labels.
fn length_bit(labels: usize) -> u128 {
    1 << labels.min(127)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::{collection::vec, option, prelude::*, sample::select};

    use super::*;

    fn hostname(name: &str) -> Option<Hostname> {
        (!name.is_empty()).then(|| Hostname::parse(name).unwrap())
    }

    fn map(names: &[&str]) -> HostMap<u32> {
        let mut map = HostMap::with_seed(7);
        for (value, name) in (0..).zip(names) {
            map.insert(hostname(name).as_ref(), value);
        }
        map
    }

    #[test]
    fn pitfall_1_exact_then_longer_wildcards_then_none() {
        let names = ["", "*.example", "*.shop.example", "www.shop.example", "*.other.example"];
        let map = map(&names);
        let chain = |host: &str| map.chain(Some(host)).map(|(_, at)| names[*at as usize]).collect::<Vec<_>>();
        assert_eq!(chain("www.shop.example"), ["www.shop.example", "*.shop.example", "*.example", ""]);
        assert_eq!(chain("a.b.shop.example"), ["*.shop.example", "*.example", ""]);
        assert_eq!(chain("shop.example"), ["*.example", ""]);
        assert_eq!(chain("example"), [""]);
    }

    #[test]
    fn the_chain_agrees_with_matches() {
        let names = ["*.example", "*.shop.example", "shop.example", "*.a", "a.a", "*.a.a"];
        let map = map(&names);
        let long = format!("{}example", "a.".repeat(120));
        let hosts = [
            ".example",
            "..example",
            "a..example",
            "shop.example",
            ".shop.example",
            "a.a",
            ".a",
            "a",
            "a.a.a",
            ".",
            "",
            "..",
            &long,
            "[::1]",
        ];
        for host in hosts {
            let mut chain: Vec<_> = map.chain(Some(host)).map(|(_, at)| *at).collect();
            chain.sort_unstable();
            let matching = (0..).zip(names).filter(|(_, name)| Hostname::parse(name).unwrap().matches(host));
            assert_eq!(chain, matching.map(|(at, _)| at).collect::<Vec<_>>(), "{host}");
        }
    }

    #[test]
    fn no_host_is_covered_by_the_lack_of_a_hostname_only() {
        assert_eq!(map(&["", "a.example"]).chain(None).map(|(_, at)| *at).collect::<Vec<_>>(), [0]);
        assert_eq!(map(&["a.example"]).chain(None).count(), 0);
    }

    #[test]
    fn a_host_that_looks_like_a_wildcard_or_a_suffix_is_none() {
        let map = map(&["*.example"]);
        assert_eq!(map.chain(Some("*.example")).count(), 1, "as any name below it");
        assert_eq!(map.chain(Some(".example")).count(), 0);
    }

    #[test]
    fn a_clone_shares_the_shards_that_did_not_change() {
        let names: Vec<String> = (0..1_000).map(|number| format!("h{number}.example")).collect();
        let old = map(&names.iter().map(String::as_str).collect::<Vec<_>>());
        let mut new = old.clone();
        new.insert(hostname("h7.example").as_ref(), 7_000);
        new.remove(hostname("h8.example").as_ref());
        new.remove(hostname("absent.example").as_ref());
        let copied = old.shards.iter().zip(&new.shards).filter(|(one, other)| !Arc::ptr_eq(one, other)).count();
        assert!((1..=2).contains(&copied), "{copied} of {}", old.shards.len());
        assert_eq!(old.get(hostname("h7.example").as_ref()), Some(&7));
        assert_eq!(new.get(hostname("h7.example").as_ref()), Some(&7_000));
        assert_eq!((old.iter().count(), new.iter().count()), (1_000, 999));
    }

    /// Names, among them many that meet in a shard, and what is done with them.
    fn changes() -> impl Strategy<Value = Vec<(String, Option<u32>)>> {
        let few = select(&["", "a.example", "*.example", "*.a.example", "b.a.example", "example", "*.b.a.example"][..]);
        let many = (0..200_u32).prop_map(|number| format!("{}{number}.example", if number % 3 == 0 { "*." } else { "" }));
        vec((prop_oneof![few.prop_map(String::from), many], option::weighted(0.7, any::<u32>())), 0..400)
    }

    proptest! {
        #[test]
        fn it_is_a_map(changes in changes(), seed: u64, host in "(a|b|\\*|[0-9]{1,2}|)(\\.(a|b|7|12|example)){0,4}") {
            let mut map = HostMap::with_seed(seed);
            let mut model = BTreeMap::new();
            for (name, value) in changes {
                let name = hostname(&name);
                match value {
                    Some(value) => {
                        map.insert(name.as_ref(), value);
                        model.insert(name, value);
                    }
                    None => {
                        map.remove(name.as_ref());
                        model.remove(&name);
                    }
                }
            }
            let content: BTreeMap<_, _> = map.iter().map(|(name, value)| (name.cloned(), *value)).collect();
            prop_assert_eq!(&content, &model);
            prop_assert_eq!(map.names, model.keys().flatten().count());
            for (name, value) in &model {
                prop_assert_eq!(map.get(name.as_ref()), Some(value));
            }

            // Another way to the same names is the same map, and what the chain names is there.
            let mut again = HostMap::with_seed(!seed);
            model.iter().rev().for_each(|(name, value)| again.insert(name.as_ref(), *value));
            prop_assert!(map == again);
            again.insert(hostname("other.test").as_ref(), 0);
            prop_assert!(map != again);

            let covers = |name: &&Option<Hostname>| name.as_ref().is_none_or(|name| name.matches(&host));
            let mut covering: Vec<&Option<Hostname>> = model.keys().filter(covers).collect();
            covering.sort_by_key(|name| Hostname::specificity(name.as_ref()));
            let chain: Vec<(Spot, &u32)> = map.chain(Some(&host)).collect();
            prop_assert_eq!(chain.iter().map(|(_, value)| **value).collect::<Vec<_>>(), covering.iter().map(|name| model[*name]).collect::<Vec<_>>());
            for (spot, value) in chain {
                prop_assert_eq!(map.at(spot), Some(value));
            }
        }
    }
}
