//! What the questions are asked of, and a record of what was looked at.

use alloc::{sync::Arc, vec::Vec};
use core::cell::RefCell;

use crate::{
    controller::Controller,
    facts::Facts,
    model::{
        BackendTlsPolicy, ClusterTrustBundle, ConfigMap, GatewayClass, ListenerSet, NamespaceObject, ReferenceGrant, Referrer,
        Route, Secret, Service, ServiceImport, XBackendTrafficPolicy, XTelemetryPolicy,
    },
    name::{GATEWAY_GROUP, Group, Kind, Namespace, ObjectKey, ObjectName},
    resolution::{Resolution, ResolvedClass, ResolvedGateway, ResolvedListenerSet, ResolvedPolicy, ResolvedXBackend, Unclaimed},
    snapshot::Snapshot,
};

/// The objects, who asks, and what is resolved already: classes before Gateways, XBackends before policies, Gateways and
/// policies before routes.
///
/// Every answer is looked up here and nowhere else, so that the engine knows of each resolved object what it depends on
/// without anybody having to say so a second time.
#[derive(Clone, Copy)]
pub(crate) struct World<'a> {
    snapshot: &'a Snapshot,
    pub(crate) controller: &'a Controller,
    resolved: &'a Resolution,
    reads: Option<&'a Reads>,
}

/// Something that can be looked at, and can change.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Source {
    /// Whether there is an object of that key, and what it says.
    Object(ObjectKey),
    /// A class, and what has become of it.
    Class(ObjectName),
    /// Whether the input holds any class.
    AnyClass,
    /// What has become of the listeners that an object declares, or whether it is ours.
    Listeners(ObjectKey),
    /// Which ListenerSets name a Gateway.
    ListenerSetsOf(ObjectKey),
    /// The Gateways that claim routes without being named.
    DefaultGateways,
    /// Which policies name an object as their target.
    PoliciesOf(ObjectKey),
    /// What has become of an XBackend.
    XBackend(ObjectKey),
    /// What has become of a policy.
    Policy(ObjectKey),
    /// Which routes name a Service as their parent.
    RoutesOf(ObjectKey),
    /// The grants of a namespace for references from there.
    Grants { from: Referrer, to: Namespace },
    /// The facts.
    Facts,
}

/// What was looked at, in any order, with repetitions.
#[derive(Default)]
pub(crate) struct Reads(RefCell<Vec<Source>>);

impl Reads {
    /// What was looked at, each once.
    pub(crate) fn into_sources(self) -> Vec<Source> {
        let mut sources = self.0.into_inner();
        sources.sort_unstable();
        sources.dedup();
        sources
    }
}

impl<'a> World<'a> {
    pub(crate) fn new(snapshot: &'a Snapshot, resolved: &'a Resolution) -> Self {
        Self { snapshot, controller: &resolved.controller, resolved, reads: None }
    }

    /// The same world, whose readers are recorded.
    pub(crate) fn recorded(self, reads: &'a Reads) -> Self {
        Self { reads: Some(reads), ..self }
    }

    fn note(&self, source: impl FnOnce() -> Source) {
        if let Some(Reads(sources)) = self.reads {
            sources.borrow_mut().push(source());
        }
    }

    pub(crate) fn facts(&self) -> &'a Facts {
        self.note(|| Source::Facts);
        &self.snapshot.facts
    }

    pub(crate) fn contains(&self, key: &ObjectKey) -> bool {
        self.note(|| Source::Object(key.clone()));
        self.snapshot.contains(key)
    }

    pub(crate) fn service(&self, key: &ObjectKey) -> Option<&'a Arc<Service>> {
        self.note(|| Source::Object(key.clone()));
        self.snapshot.service(key)
    }

    pub(crate) fn secret(&self, key: &ObjectKey) -> Option<&'a Arc<Secret>> {
        self.note(|| Source::Object(key.clone()));
        self.snapshot.secret(key)
    }

    pub(crate) fn namespace(&self, name: &Namespace) -> Option<&'a Arc<NamespaceObject>> {
        self.note(|| Source::Object(ObjectKey::cluster("", "Namespace", &name.as_str().into())));
        self.snapshot.namespace(name)
    }

    /// The grants in the namespace of a target that may speak of an object that refers to it.
    pub(crate) fn grants(&self, from: &ObjectKey, to: &Namespace) -> impl Iterator<Item = &'a ReferenceGrant> + use<'a> {
        self.note(|| {
            let namespace = from.namespace.clone().unwrap_or_else(|| Namespace::new(""));
            Source::Grants { from: Referrer { group: from.group.clone(), kind: from.kind.clone(), namespace }, to: to.clone() }
        });
        self.snapshot.grants.get(to).into_iter().flat_map(|grants| grants.values().map(|grant| &**grant))
    }

    /// A class of whomever, and what has become of it if it is ours.
    pub(crate) fn class(&self, name: &ObjectName) -> Option<(&'a GatewayClass, Option<&'a ResolvedClass>)> {
        self.note(|| Source::Class(name.clone()));
        let class = self.snapshot.classes.get(name)?;
        Some((class, self.resolved.classes.get(name).map(|resolved| &**resolved)))
    }

    pub(crate) fn has_classes(&self) -> bool {
        self.note(|| Source::AnyClass);
        has_classes(self.snapshot)
    }

    pub(crate) fn config_map(&self, key: &ObjectKey) -> Option<&'a Arc<ConfigMap>> {
        self.note(|| Source::Object(key.clone()));
        self.snapshot.config_map(key)
    }

    pub(crate) fn cluster_trust_bundle(&self, key: &ObjectKey) -> Option<&'a Arc<ClusterTrustBundle>> {
        self.note(|| Source::Object(key.clone()));
        self.snapshot.trust_bundle(key)
    }

    pub(crate) fn service_import(&self, key: &ObjectKey) -> Option<&'a Arc<ServiceImport>> {
        self.note(|| Source::Object(key.clone()));
        self.snapshot.service_import(key)
    }

    /// An XBackend, if they are served.
    pub(crate) fn x_backend(&self, key: &ObjectKey) -> Option<&'a ResolvedXBackend> {
        self.note(|| Source::XBackend(key.clone()));
        self.resolved.x_backends.get(key).map(|backend| &**backend)
    }

    pub(crate) fn listener_sets_of<'k>(
        &self,
        gateway: &'k ObjectKey,
    ) -> impl Iterator<Item = &'a Arc<ListenerSet>> + use<'a, 'k> {
        self.note(|| Source::ListenerSetsOf(gateway.clone()));
        self.snapshot.listener_sets_of(gateway)
    }

    pub(crate) fn backend_tls_policies<'k>(
        &self,
        target: &'k ObjectKey,
    ) -> impl Iterator<Item = &'a Arc<BackendTlsPolicy>> + use<'a, 'k> {
        self.note(|| Source::PoliciesOf(target.clone()));
        self.snapshot.backend_tls_policies_targeting(target)
    }

    pub(crate) fn backend_traffic_policies<'k>(
        &self,
        target: &'k ObjectKey,
    ) -> impl Iterator<Item = &'a Arc<XBackendTrafficPolicy>> + use<'a, 'k> {
        self.note(|| Source::PoliciesOf(target.clone()));
        self.snapshot.traffic_policies_targeting(target)
    }

    pub(crate) fn telemetry_policies<'k>(
        &self,
        target: &'k ObjectKey,
    ) -> impl Iterator<Item = &'a Arc<XTelemetryPolicy>> + use<'a, 'k> {
        self.note(|| Source::PoliciesOf(target.clone()));
        self.snapshot.telemetry_policies_targeting(target)
    }

    /// The routes that name a Service as their parent.
    pub(crate) fn routes_of<'k>(&self, service: &'k ObjectKey) -> impl Iterator<Item = &'a Arc<Route>> + use<'a, 'k> {
        self.note(|| Source::RoutesOf(service.clone()));
        self.snapshot.routes_of(service)
    }

    /// A Gateway of ours, or why it is not ours; nothing if it does not exist.
    pub(crate) fn gateway(&self, key: &ObjectKey) -> Option<Result<&'a ResolvedGateway, &'a Unclaimed>> {
        self.note(|| Source::Listeners(key.clone()));
        let ours = self.resolved.gateways.get(key).map(|gateway| Ok(&**gateway));
        ours.or_else(|| self.resolved.unclaimed.get(key).map(Err))
    }

    /// A ListenerSet of a Gateway of ours.
    pub(crate) fn listener_set(&self, key: &ObjectKey) -> Option<&'a ResolvedListenerSet> {
        self.note(|| Source::Listeners(key.clone()));
        self.resolved.listener_sets.get(key).map(|set| &**set)
    }

    /// The Gateway that serves a set. Whatever of it matters to routes has a part in the set (C-014), so nothing is noted.
    pub(crate) fn gateway_of_set(&self, set: &ResolvedListenerSet) -> Option<&'a ResolvedGateway> {
        self.resolved.gateways.get(&set.gateway).map(|gateway| &**gateway)
    }

    /// The Gateway that a ListenerSet names, whosever it is.
    pub(crate) fn parent_of_set(&self, key: &ObjectKey) -> Option<ObjectKey> {
        self.note(|| Source::Object(key.clone()));
        self.snapshot.listener_set(key)?.parent.clone()
    }

    /// The Gateways of ours that claim routes without being named.
    pub(crate) fn default_gateways(self) -> impl Iterator<Item = &'a ResolvedGateway> + use<'a> {
        self.note(|| Source::DefaultGateways);
        let gateways = self.snapshot.default_gateways();
        gateways.filter_map(|gateway| self.resolved.gateways.get(&gateway.meta.key)).map(|gateway| &**gateway)
    }

    /// A policy of a kind that is served.
    pub(crate) fn policy(&self, key: &ObjectKey) -> Option<&'a ResolvedPolicy> {
        self.note(|| Source::Policy(key.clone()));
        self.resolved.policies.get(key).map(|policy| &**policy)
    }
}

/// Whether the input holds any class. One that does not say whose it is is an object like any other, and still shows that the
/// classes are in the input.
pub(crate) fn has_classes(snapshot: &Snapshot) -> bool {
    let first = ObjectKey { group: Group::new(GATEWAY_GROUP), kind: Kind::new("GatewayClass"), namespace: None, name: "".into() };
    let broken = snapshot.others.range(&first..).next();
    !snapshot.classes.is_empty() || broken.is_some_and(|key| (&key.group, &key.kind) == (&first.group, &first.kind))
}
