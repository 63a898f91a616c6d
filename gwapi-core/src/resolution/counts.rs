//! What many objects add up to: beside them, so that each can come and go without touching the others.

use alloc::collections::{BTreeMap, BTreeSet};

use super::{ListenerKey, ResolvedFilter, ResolvedGateway, ResolvedRoute};
use crate::name::ObjectKey;

/// For each listener how many routes are attached and accepted (D-025, D-028).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AttachedRoutes(Counts<ListenerKey>);

impl FromIterator<(ListenerKey, usize)> for AttachedRoutes {
    fn from_iter<I: IntoIterator<Item = (ListenerKey, usize)>>(counts: I) -> Self {
        Self(Counts(counts.into_iter().filter(|(_, count)| *count > 0).collect()))
    }
}

impl AttachedRoutes {
    /// How many there are on a listener.
    #[must_use]
    pub fn on(&self, listener: &ListenerKey) -> usize {
        self.0.of(listener)
    }

    /// The listeners that have any, and how many.
    pub fn iter(&self) -> impl Iterator<Item = (&ListenerKey, usize)> {
        self.0.0.iter().map(|(listener, count)| (listener, *count))
    }

    pub(super) fn add(&mut self, route: &ResolvedRoute) {
        route.counted_on().into_iter().for_each(|listener| self.0.add(listener));
    }

    pub(super) fn remove(&mut self, route: &ResolvedRoute) {
        route.counted_on().into_iter().for_each(|listener| self.0.remove(listener));
    }
}

/// Which Gateways send to which objects, because of their routes or of the filters of their listeners: the ancestors of
/// policies and XBackends (N-019, P-017).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BackendUsers(Counts<(ObjectKey, ObjectKey)>);

impl BackendUsers {
    /// The Gateways that send to a backend, in the order of their keys.
    pub fn of<'a>(&'a self, backend: &'a ObjectKey) -> impl Iterator<Item = &'a ObjectKey> {
        let nothing = ObjectKey { group: "".into(), kind: "".into(), namespace: None, name: "".into() };
        let from = (backend.clone(), nothing);
        self.0
            .0
            .range(from..)
            .map(|((used, gateway), _)| (used, gateway))
            .take_while(move |(used, _)| *used == backend)
            .map(|(_, gateway)| gateway)
    }

    pub(crate) fn has(&self, used: &(ObjectKey, ObjectKey)) -> bool {
        self.0.of(used) > 0
    }

    pub(super) fn add(&mut self, user: &impl Uses) {
        user.uses().iter().for_each(|used| self.0.add(used));
    }

    pub(super) fn remove(&mut self, user: &impl Uses) {
        user.uses().iter().for_each(|used| self.0.remove(used));
    }
}

/// What makes Gateways send to backends.
pub(crate) trait Uses {
    /// The backends that Gateways send to because of this, each with the Gateway, once.
    fn uses(&self) -> BTreeSet<(ObjectKey, ObjectKey)>;
}

impl Uses for ResolvedRoute {
    fn uses(&self) -> BTreeSet<(ObjectKey, ObjectKey)> {
        let parents = if self.has_valid_rule() { self.parents.as_slice() } else { &[] };
        let gateways: BTreeSet<&ObjectKey> =
            parents.iter().filter(|parent| parent.is_attached()).filter_map(|parent| parent.served_by.gateway()).collect();
        if gateways.is_empty() {
            return BTreeSet::new();
        }
        let rules = self.rules.iter().filter(|rule| rule.is_valid());
        let backends: BTreeSet<ObjectKey> = rules.flat_map(|rule| rule.backend_objects()).collect();
        let pairs = backends.iter().flat_map(|backend| gateways.iter().map(|gateway| (backend.clone(), (*gateway).clone())));
        pairs.collect()
    }
}

impl Uses for ResolvedGateway {
    fn uses(&self) -> BTreeSet<(ObjectKey, ObjectKey)> {
        let sets = self.listener_sets.iter().flat_map(|set| &set.listeners);
        let filters = self.listeners.iter().chain(sets).flat_map(|listener| &listener.filters);
        let targets = filters.filter_map(ResolvedFilter::target);
        targets.map(|target| (target.key.object.clone(), self.key().clone())).collect()
    }
}

/// How many say the same; what nobody says is not in it.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Counts<K>(BTreeMap<K, usize>);

impl<K> Default for Counts<K> {
    fn default() -> Self {
        Self(BTreeMap::new())
    }
}

impl<K: Clone + Ord> Counts<K> {
    fn of(&self, key: &K) -> usize {
        self.0.get(key).copied().unwrap_or_default()
    }

    fn add(&mut self, key: &K) {
        match self.0.get_mut(key) {
            Some(count) => *count += 1,
            None => drop(self.0.insert(key.clone(), 1)),
        }
    }

    fn remove(&mut self, key: &K) {
        match self.0.get_mut(key) {
            Some(count) if *count > 1 => *count -= 1,
            _ => drop(self.0.remove(key)),
        }
    }
}
