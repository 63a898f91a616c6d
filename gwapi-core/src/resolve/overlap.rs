//! Which TLS listeners share a port and a name (B-030).

use alloc::{
    collections::{BTreeMap, BTreeSet},
    string::String,
    vec::Vec,
};

use crate::{hostname::Hostname, name::SectionName, resolution::ResolvedListener};

fn carries_tls(listener: &&ResolvedListener) -> bool {
    listener.protocol.is_tls() && listener.is_accepted()
}

/// Listeners of one object that end or pass TLS on one port and share a name. No hostname covers every name.
pub(super) fn note_siblings(listeners: &mut [ResolvedListener]) {
    let names: Vec<(SectionName, u16, Option<Hostname>)> = listeners
        .iter()
        .filter(carries_tls)
        .map(|listener| (listener.key.name.clone(), listener.port, listener.hostname.clone()))
        .collect();
    for listener in listeners.iter_mut().filter(|listener| carries_tls(&&**listener)) {
        let overlapping = names.iter().filter(|(name, port, hostname)| {
            *name != listener.key.name && *port == listener.port && overlap(hostname.as_ref(), listener.hostname.as_ref())
        });
        listener.overlaps = overlapping.map(|(name, ..)| name.clone()).collect();
        listener.overlaps.sort();
    }
}

fn overlap(one: Option<&Hostname>, other: Option<&Hostname>) -> bool {
    match (one, other) {
        (Some(one), Some(other)) => one.intersection(other).is_some(),
        _ => true,
    }
}

/// Listeners of different objects that are merged into one list (C-005): thousands, where those of one object are few.
pub(super) fn note_elsewhere(objects: &mut [&mut [ResolvedListener]]) {
    let mut ports: BTreeMap<u16, Names> = BTreeMap::new();
    for (owner, listeners) in objects.iter().enumerate() {
        for listener in listeners.iter().filter(carries_tls) {
            ports.entry(listener.port).or_default().add(owner, listener.hostname.as_ref());
        }
    }
    for (owner, listeners) in objects.iter_mut().enumerate() {
        for listener in listeners.iter_mut().filter(|listener| carries_tls(&&**listener)) {
            let names = ports.get(&listener.port);
            listener.overlaps_elsewhere = names.is_some_and(|names| names.has_other(owner, listener.hostname.as_ref()));
        }
    }
}

/// Names on a port and who has them, the last character first, so that what is under a domain stands together.
#[derive(Default)]
struct Names {
    anybody: BTreeSet<usize>,
    any_name: BTreeSet<usize>,
    exact: BTreeMap<String, BTreeSet<usize>>,
    /// By what is behind the `*`, the dot included.
    wildcard: BTreeMap<String, BTreeSet<usize>>,
}

fn reversed(text: &str) -> String {
    text.chars().rev().collect()
}

impl Names {
    fn add(&mut self, owner: usize, hostname: Option<&Hostname>) {
        self.anybody.insert(owner);
        let owners = match hostname {
            None => &mut self.any_name,
            Some(hostname) => match hostname.wildcard_suffix() {
                Some(suffix) => self.wildcard.entry(reversed(suffix)).or_default(),
                None => self.exact.entry(reversed(hostname.as_str())).or_default(),
            },
        };
        owners.insert(owner);
    }

    /// Whether somebody else has a name that overlaps.
    fn has_other(&self, owner: usize, hostname: Option<&Hostname>) -> bool {
        let is_other = |owners: &BTreeSet<usize>| owners.iter().any(|one| *one != owner);
        let Some(hostname) = hostname else { return is_other(&self.anybody) };
        if is_other(&self.any_name) {
            return true;
        }
        let name = reversed(hostname.wildcard_suffix().unwrap_or(hostname.as_str()));
        // Wildcards above it, each with the dot at its end.
        let domains = name.char_indices().filter(|(_, c)| *c == '.').filter_map(|(at, _)| name.get(..=at));
        if domains.filter_map(|domain| self.wildcard.get(domain)).any(is_other) {
            return true;
        }
        let under = |names: &BTreeMap<String, BTreeSet<usize>>| {
            let mut under = names.range(name.clone()..).take_while(|(one, _)| one.starts_with(&*name));
            under.any(|(_, owners)| is_other(owners))
        };
        if hostname.is_wildcard() {
            under(&self.exact) || under(&self.wildcard)
        } else {
            self.exact.get(&name).is_some_and(is_other)
        }
    }
}
