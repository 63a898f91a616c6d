//! What the input asks for and the proxy does not do: refused, and said.

use std::collections::BTreeSet;

use gwapi_core::{
    Refusal, Resolution,
    name::ObjectKey,
    resolution::{ResolvedListener, ResolvedRoute, Unclaimed},
};

/// What `served` refuses and `wanted` does not, a line each: `KIND NS/NAME: refusal`.
#[must_use]
pub fn beyond(wanted: &Resolution, served: &Resolution) -> Vec<String> {
    let known = lines(wanted);
    lines(served).into_iter().filter(|line| !known.contains(line)).collect()
}

fn lines(resolution: &Resolution) -> BTreeSet<String> {
    let mut lines = Lines(BTreeSet::new());
    for gateway in resolution.gateways.values() {
        lines.add(gateway.key(), gateway.refused.iter().chain(&gateway.unreachable));
        lines.add(gateway.key(), gateway.client_certificate.iter().filter_map(|certificate| certificate.as_ref().err()));
        gateway.listeners.iter().for_each(|listener| lines.listener(listener));
    }
    for set in resolution.listener_sets.values() {
        lines.add(set.key(), set.refused.iter().chain(&set.unreachable));
        set.listeners.iter().for_each(|listener| lines.listener(listener));
    }
    for policy in resolution.policies.values() {
        let of_targets = policy.targets.iter().filter_map(|target| target.refused.as_ref());
        lines.add(policy.key(), policy.refused.iter().chain(&policy.unresolved).chain(of_targets));
    }
    for backend in resolution.x_backends.values() {
        lines.add(backend.key(), backend.refused.iter().chain(&backend.unresolved));
    }
    resolution.routes.values().for_each(|route| lines.route(route));
    for (gateway, why) in &resolution.unclaimed {
        lines.unclaimed(gateway, why);
    }
    lines.0
}

struct Lines(BTreeSet<String>);

impl Lines {
    fn add<'a>(&mut self, object: &ObjectKey, refusals: impl IntoIterator<Item = &'a Refusal>) {
        self.0.extend(refusals.into_iter().map(|refusal| format!("{object}: {refusal}")));
    }

    fn unclaimed(&mut self, object: &ObjectKey, why: &Unclaimed) {
        self.0.insert(format!("{object}: {why}"));
    }

    fn listener(&mut self, listener: &ResolvedListener) {
        let ResolvedListener { key, refused, unresolved, unserved, filters, .. } = listener;
        let refusals = refused.iter().chain(unresolved).chain(unserved);
        let refusals = refusals.chain(filters.iter().filter_map(|filter| filter.unresolved()));
        self.0.extend(refusals.map(|refusal| format!("{}, listener {}: {refusal}", key.parent, key.name)));
    }

    fn route(&mut self, route: &ResolvedRoute) {
        let key = route.key();
        self.add(key, route.refused.iter().chain(route.parents.iter().flat_map(|parent| &parent.refused)));
        self.add(key, route.rules.iter().flat_map(|rule| &rule.refused));
        self.add(key, route.unresolved());
        route.unclaimed.iter().for_each(|(_, why)| self.unclaimed(key, why));
    }
}
