//! What is likely wrong: Services without endpoints, grants that nothing needs, rules with one name.

use std::collections::{BTreeMap, BTreeSet};

use gwapi_core::{
    model::{BackendRef, Filter, GrantFrom, GrantTo, Listener, ReferenceGrant, Referrer, RouteKind, Rules, SecretRef},
    name::{CORE_GROUP, GATEWAY_GROUP, Namespace, ObjectKey, ObjectName, SectionName},
    resolution::{ResolvedRoute, RuleMatches},
};
use gwapi_manifest::Severity;

use super::{Checker, Remark, codes};
use crate::input::Input;

pub(super) fn report(checker: &mut Checker<'_>) {
    let resolution = checker.resolution;
    let endpoints = Endpoints::of(checker.input);
    for route in resolution.routes.values() {
        if let Some(endpoints) = &endpoints {
            no_endpoints(checker, endpoints, route);
        }
        duplicate_rule_names(checker, route);
    }
    unused_grants(checker);
}

// ---- endpoints ----

/// The Services that have a ready endpoint.
struct Endpoints(BTreeSet<(String, String)>);

impl Endpoints {
    /// Nothing if there are no EndpointSlices at all: then every Service counts as ready.
    fn of(input: &Input) -> Option<Self> {
        let mut ready = BTreeSet::new();
        let mut slices = input.of_kind("discovery.k8s.io", "EndpointSlice").peekable();
        slices.peek()?;
        for slice in slices {
            let slice = slice.value();
            let service = slice["metadata"]["labels"]["kubernetes.io/service-name"].as_str();
            let mut endpoints = slice["endpoints"].as_array().into_iter().flatten();
            // What is not said counts as ready.
            let has_ready = endpoints.any(|endpoint| endpoint["conditions"]["ready"].as_bool() != Some(false));
            if let Some(service) = service.filter(|_| has_ready) {
                ready.insert((slice["metadata"]["namespace"].as_str().unwrap_or("default").to_owned(), service.to_owned()));
            }
        }
        Some(Self(ready))
    }

    fn has(&self, service: &ObjectKey) -> bool {
        self.0.contains(&(service.namespace_str().to_owned(), service.name.to_string()))
    }
}

fn no_endpoints(checker: &mut Checker<'_>, endpoints: &Endpoints, route: &ResolvedRoute) {
    for rule in &route.rules {
        for (index, backend) in rule.backends.iter().enumerate().filter(|(_, backend)| backend.weight > 0) {
            let Ok(target) = &backend.target else { continue };
            let service = &target.key.object;
            // Endpoints of others are not in EndpointSlices.
            if service.kind != "Service" || endpoints.has(service) {
                continue;
            }
            let path = format!("spec.rules[{}].backendRefs[{index}]", rule.index);
            let share = match &rule.matches {
                RuleMatches::Http(_) => "answered with 503",
                RuleMatches::Grpc(_) => "answered with UNAVAILABLE",
                RuleMatches::L4 => "turned away",
            };
            let message = format!("{service} has no ready endpoint; its share is {share}");
            let fix = Some(format!("see whether the selector of the {service} fits its Pods, and whether they are ready"));
            checker.add(route.key(), Remark { severity: Severity::Warning, code: codes::NO_ENDPOINTS, path, message, fix });
        }
    }
}

// ---- rules ----

fn duplicate_rule_names(checker: &mut Checker<'_>, route: &ResolvedRoute) {
    let mut seen: BTreeMap<&SectionName, usize> = BTreeMap::new();
    for rule in &route.rules {
        let Some(name) = &rule.name else { continue };
        let Some(first) = seen.get(name).copied() else {
            seen.insert(name, rule.index);
            continue;
        };
        let path = format!("spec.rules[{}].name", rule.index);
        let message = format!("rule {first} is called `{name}` too");
        let fix = Some("give the rule a name of its own".to_owned());
        // Since v1.7 the API server refuses the route.
        let (severity, code) = (Severity::Error, codes::DUPLICATE_RULE_NAME);
        checker.add(route.key(), Remark { severity, code, path, message, fix });
    }
}

// ---- grants ----

/// What objects of one kind in one namespace refer to in other namespaces.
type References = BTreeMap<Referrer, BTreeSet<ObjectKey>>;

fn unused_grants(checker: &mut Checker<'_>) {
    let references = references(checker.input);
    let unused: Vec<ObjectKey> = checker
        .input
        .snapshot
        .grants()
        .filter(|grant| is_understood(grant) && !is_used(grant, &references))
        .map(|grant| grant.meta.key.clone())
        .collect();
    for grant in unused {
        let message = format!("no reference in the input makes use of {grant}");
        let fix = Some("remove the grant, or correct its `from` and `to`".to_owned());
        let (severity, code, path) = (Severity::Warning, codes::UNUSED_GRANT, "spec".to_owned());
        checker.add(&grant, Remark { severity, code, path, message, fix });
    }
}

/// Whether every reference that the grant may be for is one that is read: those of routes, Gateways and ListenerSets to
/// Services and Secrets. Of others nobody here knows whether they are used.
fn is_understood(grant: &ReferenceGrant) -> bool {
    let from = |kind: &str| kind == "Gateway" || kind == "ListenerSet" || RouteKind::ALL.iter().any(|one| one.as_str() == kind);
    let to = |kind: &str| ["Service", "Secret"].contains(&kind);
    grant.from.iter().all(|entry| entry.group == *GATEWAY_GROUP && from(entry.kind.as_str()))
        && grant.to.iter().all(|entry| entry.group == *CORE_GROUP && to(entry.kind.as_str()))
}

/// Looked up and not searched: there may be as many references as grants.
fn is_used(grant: &ReferenceGrant, references: &References) -> bool {
    let target = |entry: &GrantTo, name: &ObjectName| ObjectKey {
        group: entry.group.clone(),
        kind: entry.kind.clone(),
        namespace: grant.meta.key.namespace.clone(),
        name: name.clone(),
    };
    let is_any = |targets: &BTreeSet<ObjectKey>, entry: &GrantTo| match &entry.name {
        Some(name) => targets.contains(&target(entry, name)),
        None => {
            let first = target(entry, &"".into());
            let next = targets.range(&first..).next();
            next.is_some_and(|next| (&next.group, &next.kind, &next.namespace) == (&first.group, &first.kind, &first.namespace))
        }
    };
    let of = |entry: &GrantFrom| {
        let GrantFrom { group, kind, namespace } = entry.clone();
        references.get(&Referrer { group, kind, namespace })
    };
    grant.from.iter().filter_map(of).any(|targets| grant.to.iter().any(|entry| is_any(targets, entry)))
}

/// Every reference into another namespace.
fn references(input: &Input) -> References {
    let mut references = References::new();
    let mut add = |from: &ObjectKey, to: ObjectKey| {
        if from.namespace != to.namespace {
            let namespace: Namespace = from.namespace_str().into();
            let referrer = Referrer { group: from.group.clone(), kind: from.kind.clone(), namespace };
            references.entry(referrer).or_default().insert(to);
        }
    };
    for route in input.snapshot.routes() {
        backends(&route.rules).into_iter().for_each(|target| add(&route.meta.key, target));
    }
    for gateway in input.snapshot.gateways() {
        certificates(&gateway.listeners).for_each(|secret| add(&gateway.meta.key, secret_key(secret)));
        gateway.tls.client_certificate.iter().for_each(|secret| add(&gateway.meta.key, secret_key(secret)));
    }
    for set in input.snapshot.listener_sets() {
        certificates(&set.listeners).for_each(|secret| add(&set.meta.key, secret_key(secret)));
    }
    references
}

fn secret_key(secret: &SecretRef) -> ObjectKey {
    ObjectKey {
        group: secret.group.clone(),
        kind: secret.kind.clone(),
        namespace: Some(secret.namespace.clone()),
        name: secret.name.clone(),
    }
}

fn certificates(listeners: &[Listener]) -> impl Iterator<Item = &SecretRef> {
    listeners.iter().filter_map(|listener| listener.tls.as_ref()).flat_map(|tls| &tls.certificate_refs)
}

/// What the rules of a route refer to.
fn backends(rules: &Rules) -> Vec<ObjectKey> {
    match rules {
        Rules::Http(rules) => rules.iter().flat_map(|rule| of_rule(&rule.filters, &rule.backend_refs)).collect(),
        Rules::Grpc(rules) => rules.iter().flat_map(|rule| of_rule(&rule.filters, &rule.backend_refs)).collect(),
        Rules::L4(rules) => rules.iter().flat_map(|rule| of_rule(&[], &rule.backend_refs)).collect(),
    }
}

fn of_rule(filters: &[Filter], backend_refs: &[BackendRef]) -> Vec<ObjectKey> {
    let entries = backend_refs.iter().map(|entry| entry.backend.object());
    let filters = filters.iter().chain(backend_refs.iter().flat_map(|entry| &entry.filters));
    let others = filters.filter_map(|filter| match filter {
        Filter::RequestMirror(mirror) => Some(mirror.backend.object()),
        Filter::ExternalAuth(auth) => Some(auth.backend.object()),
        _ => None,
    });
    entries.chain(others).collect()
}
