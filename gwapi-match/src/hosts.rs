//! Values by hostname, found by a request's host: the exact name, ever shorter wildcards, none.

use foldhash::fast::FixedState;
use gwapi_core::Hostname;

use crate::{
    bytes::places,
    hashing::{TextMap, hash},
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
    /// A power of two of them, or none. Exact names are found by themselves and wildcards by their suffix: no name begins with a
    /// dot, and every suffix does.
    shards: Vec<TextMap<V>>,
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
        match hostname {
            None => self.any.as_ref(),
            Some(name) => self.value(key(name).as_bytes()),
        }
    }

    fn value(&self, key: &[u8]) -> Option<&V> {
        let hash = hash(&self.hasher, key);
        self.shards.get(shard_of(hash, self.shards.len()))?.find(hash, key).map(|(_, value)| value)
    }

    /// What stands at a place.
    pub(crate) fn at(&self, spot: Spot) -> Option<&V> {
        if spot == Spot::ANY {
            return self.any.as_ref();
        }
        self.shards.get(spot.shard as usize)?.at(spot.slot as usize)
    }

    /// The first answer that the value of a hostname gives that covers a host, the most specific one asked first. A request
    /// without a usable host is covered by the lack of a hostname only (E-026).
    #[inline]
    pub(crate) fn find_map<'a, A>(&'a self, host: Option<&str>, mut ask: impl FnMut(Spot, &'a V) -> Option<A>) -> Option<A> {
        if let Some(host) = host.filter(|_| self.names > 0) {
            // A host that is written like a suffix is not the wildcard.
            if self.exact & length_bit(host) != 0 && !host.starts_with('.') {
                if let Some(answer) = self.look_up(host).and_then(|(spot, value)| ask(spot, value)) {
                    return Some(answer);
                }
            }
            if self.wildcards != 0 {
                if let Some(answer) = self.find_wildcard(host, &mut ask) {
                    return Some(answer);
                }
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
        for word in (0..known.len().div_ceil(64)).rev() {
            let end = known.len() - 64 * word;
            let text = known.get(end.saturating_sub(64)..end)?;
            let mut lengths = places(b'.', text).reverse_bits() >> (64 - text.len()) & self.wildcards;
            while let Some(length) = lengths.checked_ilog2() {
                let begin = host.len() - 64 * word - length as usize - 1;
                if let Some(answer) = self.look_up(host.get(begin..)?).and_then(|(spot, value)| ask(spot, value)) {
                    return Some(answer);
                }
                lengths &= !(1 << length);
            }
        }
        None
    }

    #[inline]
    fn look_up(&self, key: &str) -> Option<(Spot, &V)> {
        let hash = hash(&self.hasher, key.as_bytes());
        let number = shard_of(hash, self.shards.len());
        let (slot, value) = self.shards.get(number)?.find(hash, key.as_bytes())?;
        // Both have at least 24 bytes, so that no map has more of them than 32 bits can count.
        Some((Spot { shard: number as u32, slot: slot as u32 }, value))
    }

    /// Sets the value of a hostname, or that of the lack of one.
    pub(crate) fn insert(&mut self, hostname: Option<&Hostname>, value: V) {
        self.change(vec![(hostname.cloned(), Some(value))]);
    }

    /// Sets and takes out values, each hostname once. Shards without a change stay those that they are.
    pub(crate) fn change(&mut self, changes: Vec<(Option<Hostname>, Option<V>)>) {
        let mut named = Vec::new();
        for (hostname, value) in changes {
            match hostname {
                None => self.any = value,
                Some(name) => named.push((hash(&self.hasher, key(&name).as_bytes()), name, value)),
            }
        }
        named.iter().filter(|(_, _, value)| value.is_some()).for_each(|(_, name, _)| self.expect(name));
        self.spread(self.names + named.iter().filter(|(_, _, value)| value.is_some()).count());
        let count = self.shards.len();
        named.sort_unstable_by_key(|(hash, ..)| shard_of(*hash, count));
        for changes in named.chunk_by(|(one, ..), (other, ..)| shard_of(*one, count) == shard_of(*other, count)) {
            let number = changes.first().map_or(0, |(hash, ..)| shard_of(*hash, count));
            let Some(shard) = self.shards.get_mut(number) else { continue };
            let is_changed = |text: &[u8]| changes.iter().any(|(_, name, _)| key(name).as_bytes() == text);
            let kept = shard.iter().filter(|(_, text, _)| !is_changed(text));
            let kept = kept.map(|(hash, text, value)| (hash, text, value.clone()));
            let new = changes.iter().filter_map(|(hash, name, value)| Some((*hash, key(name).as_bytes(), value.clone()?)));
            let items: Vec<_> = kept.chain(new).collect();
            self.names = self.names + items.len() - shard.iter().count();
            *shard = TextMap::new(items.into_iter());
        }
    }

    /// Remembers what requests have to be looked up for because of this name.
    fn expect(&mut self, name: &Hostname) {
        match name.wildcard_suffix() {
            Some(suffix) => {
                self.wildcards |= length_bit(suffix).rotate_right(1);
                self.longest = self.longest.max(suffix.len());
            }
            None => self.exact |= length_bit(name.as_str()),
        }
    }

    /// Spreads what there is over more shards if so many names are too many for those.
    fn spread(&mut self, names: usize) {
        let count = names.div_ceil(NAMES_PER_SHARD).next_power_of_two();
        if names == 0 || count <= self.shards.len() {
            return;
        }
        let mut spread: Vec<Vec<_>> = std::iter::repeat_with(Vec::new).take(count).collect();
        for (hash, text, value) in self.shards.iter().flat_map(TextMap::iter) {
            let place = spread.iter_mut().skip(shard_of(hash, count)).take(1);
            place.for_each(|shard| shard.push((hash, text, value.clone())));
        }
        self.shards = spread.into_iter().map(|items| TextMap::new(items.into_iter())).collect();
    }
}

/// The same names with equal values, whatever the seed and however they came in. The masks may know of names that are gone, so
/// they have no say.
impl<V: Clone + PartialEq> PartialEq for HostMap<V> {
    fn eq(&self, other: &Self) -> bool {
        self.names == other.names
            && self.any == other.any
            && self.shards.iter().flat_map(TextMap::iter).all(|(_, text, value)| other.value(text) == Some(value))
    }
}

impl<V: Clone + Eq> Eq for HostMap<V> {}

/// By what a hostname is found.
fn key(name: &Hostname) -> &str {
    name.wildcard_suffix().unwrap_or(name.as_str())
}

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

    /// Dots are looked for in words of 64 bytes: suffixes of every length up to that of the longest host.
    #[test]
    fn wildcards_of_every_length_are_found() {
        let host = format!("{}example", "a.bc.".repeat(48));
        let suffixes = host.match_indices('.').map(|(at, _)| format!("*{}", &host[at..]));
        let names: Vec<String> = suffixes.collect();
        for name in &names {
            let only = map(&[name]);
            assert_eq!(chain(&only, Some(&host)).len(), 1, "{name}");
            assert_eq!(chain(&only, Some(&host.replace("example", "examplf"))).len(), 0, "{name}");
        }
        let all = map(&names.iter().map(String::as_str).collect::<Vec<_>>());
        let chain: Vec<u32> = chain(&all, Some(&host)).into_iter().map(|(_, at)| *at).collect();
        assert_eq!(chain, (0..names.len() as u32).collect::<Vec<_>>(), "longest first");
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
        new.change(vec![(hostname("h8.example"), None), (hostname("absent.example"), None)]);
        let copied = old.shards.iter().zip(&new.shards).filter(|(one, other)| !one.shares_with(other)).count();
        assert!((1..=3).contains(&copied), "{copied} of {}", old.shards.len());
        assert_eq!(old.get(hostname("h7.example").as_ref()), Some(&7));
        assert_eq!(new.get(hostname("h7.example").as_ref()), Some(&7_000));
        assert_eq!((old.names, new.names), (1_000, 999));
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
                        map.change(vec![(name.clone(), None)]);
                        model.remove(&name);
                    }
                }
            }
            prop_assert_eq!(map.names, model.keys().flatten().count());
            prop_assert_eq!(map.is_empty(), model.is_empty());
            for (name, value) in &model {
                prop_assert_eq!(map.get(name.as_ref()), Some(value));
            }

            // Another way to the same names is the same map, and what the chain names is there.
            let mut again = HostMap::with_seed(!seed);
            again.change(model.iter().rev().map(|(name, value)| (name.clone(), Some(*value))).collect());
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
