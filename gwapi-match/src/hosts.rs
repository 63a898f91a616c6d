//! Values by hostname, found by a request's host: the exact name, ever shorter wildcards, none.

use std::sync::Arc;

use foldhash::fast::FixedState;
use gwapi_core::Hostname;

use crate::{
    bytes::{places, same},
    hashing::{Slot, find, hash, put, slots_for, table},
};

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
    shards: Vec<Shard<V>>,
    names: usize,
    /// Bit n: there may be an exact name with that length, modulo 64.
    exact: u64,
    /// Bit n - 1: there may be a wildcard with a suffix of that length, modulo 64. A host of 127 labels costs no more look-ups
    /// than there are lengths of wildcards.
    wildcards: u64,
    /// The length of the longest suffix. What a host has before that is of no interest.
    longest: usize,
    any: Option<V>,
    hasher: FixedState,
}

/// Exact names are found by themselves and wildcards by their suffix: no name begins with a dot, and every suffix does.
type Shard<V> = Arc<[Slot<(Hostname, V)>]>;

/// How many names a shard has on average before all are spread over twice as many shards: copying so many is as cheap as
/// copying the pointers of a large map.
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
        Self { shards: Vec::new(), names: 0, exact: 0, wildcards: 0, longest: 0, any: None, hasher: FixedState::with_seed(seed) }
    }

    /// Whether there are no values.
    pub(crate) fn is_empty(&self) -> bool {
        self.names == 0 && self.any.is_none()
    }

    /// The value of a hostname, or that of the lack of one.
    pub(crate) fn get(&self, hostname: Option<&Hostname>) -> Option<&V> {
        let Some(name) = hostname else { return self.any.as_ref() };
        let hash = self.hash(name);
        let shard = self.shards.get(shard_of(hash, self.shards.len()))?;
        find(shard, hash, |(other, _)| other == name).map(|(_, (_, value))| value)
    }

    /// What stands at a place.
    pub(crate) fn at(&self, spot: Spot) -> Option<&V> {
        if spot == Spot::ANY {
            return self.any.as_ref();
        }
        let (_, (_, value)) = self.shards.get(spot.shard as usize)?.get(spot.slot as usize)?.as_ref()?;
        Some(value)
    }

    /// The first answer that the value of a hostname gives that covers a host, the most specific one asked first. A request
    /// without a usable host is covered by the lack of a hostname only (E-026).
    #[inline]
    pub(crate) fn find_map<'a, A>(&'a self, host: Option<&str>, mut ask: impl FnMut(Spot, &'a V) -> Option<A>) -> Option<A> {
        if let Some(host) = host.filter(|_| self.names > 0) {
            // A host that is written like a wildcard is not the wildcard.
            let is_exact = |name: &Hostname| same(name.as_str().as_bytes(), host.as_bytes()) && !host.starts_with('*');
            if self.exact & length_bit(host) != 0 {
                if let Some(answer) = self.look_up(host, is_exact).and_then(|(spot, value)| ask(spot, value)) {
                    return Some(answer);
                }
            }
            if let Some(answer) = self.find_wildcard(host, &mut ask) {
                return Some(answer);
            }
        }
        ask(Spot::ANY, self.any.as_ref()?)
    }

    /// The same for the wildcards: what a host has from each of its dots on, longest first.
    #[inline]
    fn find_wildcard<'a, A>(&'a self, host: &str, ask: &mut impl FnMut(Spot, &'a V) -> Option<A>) -> Option<A> {
        // A wildcard stands for at least one label: a host that begins with the dot is not covered (E-003).
        let known = host.as_bytes().get(host.len().saturating_sub(self.longest).max(1)..)?;
        // In words of 64 bytes from the end, so that a place in one is the bit of a length.
        for (word, text) in known.rchunks(64).enumerate().rev() {
            let places = places(b'.', text).reverse_bits() >> (64 - text.len());
            let mut lengths = places & self.wildcards;
            while let Some(length) = lengths.checked_ilog2() {
                let begin = host.len() - 64 * word - length as usize - 1;
                let suffix = host.get(begin..)?;
                let is_wildcard =
                    |name: &Hostname| name.wildcard_suffix().is_some_and(|other| same(other.as_bytes(), suffix.as_bytes()));
                if let Some(answer) = self.look_up(suffix, is_wildcard).and_then(|(spot, value)| ask(spot, value)) {
                    return Some(answer);
                }
                lengths &= !(1 << length);
            }
        }
        None
    }

    #[inline]
    fn look_up(&self, key: &str, is: impl Fn(&Hostname) -> bool) -> Option<(Spot, &V)> {
        let hash = hash(&self.hasher, key.as_bytes());
        let number = shard_of(hash, self.shards.len());
        let shard = self.shards.get(number)?;
        let (slot, (_, value)) = find(shard, hash, |(name, _)| is(name))?;
        // A slot has 32 bytes, so that no map has more of them than 32 bits can count.
        Some((Spot { shard: number as u32, slot: slot as u32 }, value))
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
        match name.wildcard_suffix() {
            Some(suffix) => {
                self.wildcards |= length_bit(suffix).rotate_right(1);
                self.longest = self.longest.max(suffix.len());
            }
            None => self.exact |= length_bit(name.as_str()),
        }
        let hash = self.hash(name);
        let number = shard_of(hash, self.shards.len());
        let Some(shard) = self.shards.get_mut(number) else { return };
        if let Some((at, _)) = find(shard, hash, |(other, _)| other == name) {
            if let Some(Some((_, (_, old)))) = Arc::make_mut(shard).get_mut(at) {
                *old = value;
            }
            return;
        }
        let names = shard.iter().flatten().count() + 1;
        let item = (hash, (name.clone(), value));
        if shard.len() < slots_for(names) {
            let items: Vec<_> = shard.iter().flatten().cloned().chain([item]).collect();
            *shard = table(items.into_iter());
        } else {
            put(Arc::make_mut(shard), item);
        }
        self.names += 1;
    }

    /// Takes a hostname and its value out, or the value of the lack of one.
    pub(crate) fn remove(&mut self, hostname: Option<&Hostname>) {
        let Some(name) = hostname else {
            self.any = None;
            return;
        };
        let hash = self.hash(name);
        let number = shard_of(hash, self.shards.len());
        let Some(shard) = self.shards.get_mut(number) else { return };
        if find(shard, hash, |(other, _)| other == name).is_some() {
            let others: Vec<_> = shard.iter().flatten().filter(|(_, (other, _))| other != name).cloned().collect();
            *shard = table(others.into_iter());
            self.names -= 1;
        }
    }

    /// Every hostname with its value, in no order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (Option<&Hostname>, &V)> {
        let named = self.shards.iter().flat_map(|shard| shard.iter().flatten()).map(|(_, (name, value))| (Some(name), value));
        named.chain(self.any.iter().map(|value| (None, value)))
    }

    fn hash(&self, name: &Hostname) -> u64 {
        hash(&self.hasher, name.wildcard_suffix().unwrap_or(name.as_str()).as_bytes())
    }

    /// Spreads the names over twice as many shards.
    fn spread(&mut self) {
        let count = (self.shards.len() * 2).max(1);
        let mut shards: Vec<Vec<_>> = std::iter::repeat_with(Vec::new).take(count).collect();
        for item in self.shards.iter().flat_map(|shard| shard.iter().flatten()) {
            shards.iter_mut().skip(shard_of(item.0, count)).take(1).for_each(|shard| shard.push(item.clone()));
        }
        self.shards = shards.into_iter().map(|items| table(items.into_iter())).collect();
    }
}

/// The same names with equal values, whatever the seed and however they came in. The masks may know of names that are gone, so
/// they have no say.
impl<V: Clone + PartialEq> PartialEq for HostMap<V> {
    fn eq(&self, other: &Self) -> bool {
        self.names == other.names
            && self.any.is_some() == other.any.is_some()
            && self.iter().all(|(name, value)| other.get(name) == Some(value))
    }
}

impl<V: Clone + Eq> Eq for HostMap<V> {}

/// From the upper half of the hash: the slots in the shard use the lower one.
#[inline]
fn shard_of(hash: u64, shards: usize) -> usize {
    (hash >> 32) as usize & shards.wrapping_sub(1)
}

#[inline]
fn length_bit(text: &str) -> u64 {
    1 << (text.len() % 64)
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

    /// All that cover a host.
    fn chain<'m>(map: &'m HostMap<u32>, host: Option<&str>) -> Vec<(Spot, &'m u32)> {
        let mut all = Vec::new();
        let answer: Option<()> = map.find_map(host, |spot, value| {
            all.push((spot, value));
            None
        });
        assert_eq!(answer, None);
        all
    }

    #[test]
    fn pitfall_1_exact_then_longer_wildcards_then_none() {
        let names = ["", "*.example", "*.shop.example", "www.shop.example", "*.other.example"];
        let map = map(&names);
        let chain = |host: &str| chain(&map, Some(host)).into_iter().map(|(_, at)| names[*at as usize]).collect::<Vec<_>>();
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
            let mut chain: Vec<u32> = chain(&map, Some(host)).into_iter().map(|(_, at)| *at).collect();
            chain.sort_unstable();
            let matching = (0..).zip(names).filter(|(_, name)| Hostname::parse(name).unwrap().matches(host));
            assert_eq!(chain, matching.map(|(at, _)| at).collect::<Vec<_>>(), "{host}");
        }
    }

    #[test]
    fn no_host_is_covered_by_the_lack_of_a_hostname_only() {
        assert_eq!(chain(&map(&["", "a.example"]), None).into_iter().map(|(_, at)| *at).collect::<Vec<_>>(), [0]);
        assert_eq!(chain(&map(&["a.example"]), None).len(), 0);
    }

    #[test]
    fn a_host_that_looks_like_a_wildcard_or_a_suffix_is_none() {
        let map = map(&["*.example"]);
        assert_eq!(chain(&map, Some("*.example")).len(), 1, "as any name below it");
        assert_eq!(chain(&map, Some(".example")).len(), 0);
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
            let chain = chain(&map, Some(&host));
            prop_assert_eq!(chain.iter().map(|(_, value)| **value).collect::<Vec<_>>(), covering.iter().map(|name| model[*name]).collect::<Vec<_>>());
            for (spot, value) in chain {
                prop_assert_eq!(map.at(spot), Some(value));
            }
        }
    }
}
