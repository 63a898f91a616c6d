//! Values by hostname, found by a request's host: the exact name, ever shorter wildcards, none.

use foldhash::fast::FixedState;
use gwapi_core::Hostname;
use hashbrown::HashMap;

type Map = HashMap<Box<str>, u32, FixedState>;

/// A number for each hostname, and one for the lack of a hostname.
///
/// For one request the hostnames that match form a chain, and its order is that of both listeners (B-022) and routes
/// (G-001 (1) and (2)): of two wildcards that match the same host the one with more labels has more characters too.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct HostMap {
    exact: Map,
    /// By the suffix, dot included.
    wildcards: Map,
    /// Bit n: there is a wildcard with n labels behind the `*`. A hostname has at most 127 labels, and a host with that
    /// many costs no more look-ups than there are lengths of wildcards.
    lengths: u128,
    any: Option<u32>,
}

impl HostMap {
    /// An empty map that hashes with that seed.
    pub(crate) fn with_seed(seed: u64) -> Self {
        let map = || Map::with_hasher(FixedState::with_seed(seed));
        Self { exact: map(), wildcards: map(), lengths: 0, any: None }
    }

    /// Sets the number of a hostname, or that of the lack of one, unless it has one.
    pub(crate) fn insert(&mut self, hostname: Option<&Hostname>, value: u32) {
        match hostname.map(|name| (name, name.wildcard_suffix())) {
            None => drop(self.any.get_or_insert(value)),
            Some((name, None)) => drop(self.exact.entry(name.as_str().into()).or_insert(value)),
            Some((_, Some(suffix))) => {
                self.lengths |= length_bit(suffix.matches('.').count());
                self.wildcards.entry(suffix.into()).or_insert(value);
            }
        }
    }

    /// The numbers of all hostnames that cover a host, most specific first. A request without a usable host is covered by
    /// the lack of a hostname only (E-026).
    pub(crate) fn chain<'a>(&'a self, host: Option<&'a str>) -> impl Iterator<Item = u32> + 'a {
        let exact = host.and_then(|host| self.exact.get(host));
        let wildcards = host.into_iter().flat_map(|host| self.wildcards_of(host));
        exact.into_iter().chain(wildcards).chain(self.any.as_ref()).copied()
    }

    /// A wildcard stands for at least one label: a host that begins with the dot is not covered (E-003).
    fn wildcards_of<'a>(&'a self, host: &'a str) -> impl Iterator<Item = &'a u32> + 'a {
        let dots = if self.lengths == 0 { 0 } else { host.bytes().filter(|byte| *byte == b'.').count() };
        let suffixes = host.match_indices('.').take(dots).enumerate().filter_map(move |(before, (at, _))| {
            let occurs = self.lengths & length_bit(dots - before) != 0;
            (occurs && at > 0).then(|| host.get(at..)).flatten()
        });
        suffixes.filter_map(|suffix| self.wildcards.get(suffix))
    }
}

/// Lengths over 127 share the last bit: no hostname has so many labels, but a host can.
fn length_bit(labels: usize) -> u128 {
    1 << labels.min(127)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn map(names: &[&str]) -> HostMap {
        let mut map = HostMap::with_seed(7);
        for (value, name) in (0..).zip(names) {
            let hostname = (!name.is_empty()).then(|| Hostname::parse(name).unwrap());
            map.insert(hostname.as_ref(), value);
        }
        map
    }

    #[test]
    fn pitfall_1_exact_then_longer_wildcards_then_none() {
        let names = ["", "*.example", "*.shop.example", "www.shop.example", "*.other.example"];
        let map = map(&names);
        let chain = |host: &str| map.chain(Some(host)).map(|at| names[at as usize]).collect::<Vec<_>>();
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
            let mut chain: Vec<_> = map.chain(Some(host)).collect();
            chain.sort_unstable();
            let matching = (0..).zip(names).filter(|(_, name)| Hostname::parse(name).unwrap().matches(host));
            assert_eq!(chain, matching.map(|(at, _)| at).collect::<Vec<_>>(), "{host}");
        }
    }

    #[test]
    fn no_host_is_covered_by_the_lack_of_a_hostname_only() {
        assert_eq!(map(&["", "a.example"]).chain(None).collect::<Vec<_>>(), [0]);
        assert_eq!(map(&["a.example"]).chain(None).count(), 0);
    }
}
