//! All objects and facts, and how references find them.

use alloc::{collections::BTreeMap, collections::BTreeSet, sync::Arc};

use crate::{
    facts::Facts,
    model::{
        BackendTlsPolicy, ClusterTrustBundle, ConfigMap, DefaultScope, Gateway, GatewayClass, ListenerSet, NamespaceObject,
        Object, ParentRef, Policy, ReferenceGrant, Route, Secret, Service, ServiceImport, XBackend, XBackendTrafficPolicy, XMesh,
        XTelemetryPolicy,
    },
    name::{Namespace, ObjectKey, ObjectName},
};

/// Everything that the function looks at. Cloning one is cheap in the objects, which are shared.
///
/// Objects are found by their [`ObjectKey`]: group, kind, namespace and name, without the version, so that an object that is
/// read in another version takes the place of itself.
///
/// ```
/// use gwapi_core::{Object, ObjectKey, Snapshot, name::CORE_GROUP};
/// use serde_json::json;
///
/// let service = |port: u16| json!({
///     "apiVersion": "v1", "kind": "Service", "metadata": {"name": "cart", "namespace": "shop"}, "spec": {"ports": [{"port": port}]},
/// });
/// let mut snapshot: Snapshot = Object::from_json(&service(80)).object.into_iter().collect();
/// snapshot.insert(Object::from_json(&service(8080)).object.expect("a Service"));
/// let key = ObjectKey::namespaced(CORE_GROUP, "Service", &"shop".into(), &"cart".into());
/// assert_eq!(snapshot.service(&key).expect("it is there").ports[0].port, 8080);
/// snapshot.remove(&key);
/// assert_eq!(snapshot, Snapshot::new());
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Snapshot {
    /// What is not in the objects.
    pub facts: Facts,
    pub(crate) classes: BTreeMap<ObjectName, Arc<GatewayClass>>,
    pub(crate) gateways: BTreeMap<ObjectKey, Arc<Gateway>>,
    listener_sets: BTreeMap<ObjectKey, Arc<ListenerSet>>,
    pub(crate) routes: BTreeMap<ObjectKey, Arc<Route>>,
    /// By the namespace that they stand in, which is that of the targets.
    pub(crate) grants: BTreeMap<Namespace, BTreeMap<ObjectName, Arc<ReferenceGrant>>>,
    backend_tls_policies: BTreeMap<ObjectKey, Arc<BackendTlsPolicy>>,
    backends: BTreeMap<ObjectKey, Arc<XBackend>>,
    traffic_policies: BTreeMap<ObjectKey, Arc<XBackendTrafficPolicy>>,
    meshes: BTreeMap<ObjectKey, Arc<XMesh>>,
    telemetry_policies: BTreeMap<ObjectKey, Arc<XTelemetryPolicy>>,
    namespaces: BTreeMap<ObjectName, Arc<NamespaceObject>>,
    services: BTreeMap<ObjectKey, Arc<Service>>,
    service_imports: BTreeMap<ObjectKey, Arc<ServiceImport>>,
    secrets: BTreeMap<ObjectKey, Arc<Secret>>,
    config_maps: BTreeMap<ObjectKey, Arc<ConfigMap>>,
    trust_bundles: BTreeMap<ObjectKey, Arc<ClusterTrustBundle>>,
    pub(crate) others: BTreeSet<ObjectKey>,
    /// The ListenerSets of a Gateway.
    sets_by_gateway: Index,
    /// The policies of an object.
    policies_by_target: Index,
    /// The routes of a Service.
    routes_by_service: Index,
    default_gateways: BTreeSet<ObjectKey>,
}

impl Snapshot {
    /// Nothing, and no facts.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds an object, or puts it in the place of the one with the same key, whatever that was.
    pub fn insert(&mut self, object: Object) {
        self.remove(object.key());
        self.index(&object, Index::add);
        match object {
            Object::GatewayClass(class) => drop(self.classes.insert(class.meta.key.name.clone(), class)),
            Object::Gateway(gateway) => {
                if gateway.default_scope != DefaultScope::None {
                    self.default_gateways.insert(gateway.meta.key.clone());
                }
                self.gateways.insert(gateway.meta.key.clone(), gateway);
            }
            Object::ListenerSet(set) => drop(self.listener_sets.insert(set.meta.key.clone(), set)),
            Object::Route(route) => drop(self.routes.insert(route.meta.key.clone(), route)),
            Object::ReferenceGrant(grant) => {
                if let Some(namespace) = &grant.meta.key.namespace {
                    let grants = self.grants.entry(namespace.clone()).or_default();
                    grants.insert(grant.meta.key.name.clone(), grant);
                }
            }
            Object::BackendTlsPolicy(policy) => drop(self.backend_tls_policies.insert(policy.meta.key.clone(), policy)),
            Object::XBackend(backend) => drop(self.backends.insert(backend.meta.key.clone(), backend)),
            Object::XBackendTrafficPolicy(policy) => drop(self.traffic_policies.insert(policy.meta.key.clone(), policy)),
            Object::XMesh(mesh) => drop(self.meshes.insert(mesh.meta.key.clone(), mesh)),
            Object::XTelemetryPolicy(policy) => drop(self.telemetry_policies.insert(policy.meta.key.clone(), policy)),
            Object::Namespace(namespace) => drop(self.namespaces.insert(namespace.key.name.clone(), namespace)),
            Object::Service(service) => drop(self.services.insert(service.key.clone(), service)),
            Object::ServiceImport(import) => drop(self.service_imports.insert(import.key.clone(), import)),
            Object::Secret(secret) => drop(self.secrets.insert(secret.key.clone(), secret)),
            Object::ConfigMap(config_map) => drop(self.config_maps.insert(config_map.key.clone(), config_map)),
            Object::ClusterTrustBundle(bundle) => drop(self.trust_bundles.insert(bundle.key.clone(), bundle)),
            Object::Other(key) => drop(self.others.insert(key)),
        }
    }

    /// Takes an object away, if there is one of that key.
    pub fn remove(&mut self, key: &ObjectKey) {
        let Some(object) = self.object(key) else { return };
        self.index(&object, Index::remove);
        match object {
            Object::GatewayClass(_) => drop(self.classes.remove(&key.name)),
            Object::Gateway(_) => {
                self.default_gateways.remove(key);
                self.gateways.remove(key);
            }
            Object::ListenerSet(_) => drop(self.listener_sets.remove(key)),
            Object::Route(_) => drop(self.routes.remove(key)),
            Object::ReferenceGrant(_) => self.remove_grant(key),
            Object::BackendTlsPolicy(_) => drop(self.backend_tls_policies.remove(key)),
            Object::XBackend(_) => drop(self.backends.remove(key)),
            Object::XBackendTrafficPolicy(_) => drop(self.traffic_policies.remove(key)),
            Object::XMesh(_) => drop(self.meshes.remove(key)),
            Object::XTelemetryPolicy(_) => drop(self.telemetry_policies.remove(key)),
            Object::Namespace(_) => drop(self.namespaces.remove(key.name.as_str())),
            Object::Service(_) => drop(self.services.remove(key)),
            Object::ServiceImport(_) => drop(self.service_imports.remove(key)),
            Object::Secret(_) => drop(self.secrets.remove(key)),
            Object::ConfigMap(_) => drop(self.config_maps.remove(key)),
            Object::ClusterTrustBundle(_) => drop(self.trust_bundles.remove(key)),
            Object::Other(_) => drop(self.others.remove(key)),
        }
    }

    /// A namespace without grants leaves no trace: a snapshot is what is in it, and not how it came there.
    fn remove_grant(&mut self, key: &ObjectKey) {
        let Some(namespace) = &key.namespace else { return };
        if let Some(grants) = self.grants.get_mut(namespace) {
            grants.remove(&key.name);
            if grants.is_empty() {
                self.grants.remove(namespace);
            }
        }
    }

    /// Whether there is an object of that key, of whatever kind.
    #[must_use]
    pub fn contains(&self, key: &ObjectKey) -> bool {
        self.object(key).is_some()
    }

    /// The object of that key, of whatever kind.
    #[must_use]
    pub fn object(&self, key: &ObjectKey) -> Option<Object> {
        let class = || self.classes.get(&key.name).filter(|class| class.meta.key == *key).cloned().map(Object::GatewayClass);
        let grants = || self.grants.get(key.namespace.as_ref()?);
        let grant = || grants()?.get(&key.name).filter(|grant| grant.meta.key == *key).cloned().map(Object::ReferenceGrant);
        let namespace =
            || self.namespaces.get(key.name.as_str()).filter(|namespace| namespace.key == *key).cloned().map(Object::Namespace);
        find(&self.routes, key, Object::Route)
            .or_else(|| find(&self.services, key, Object::Service))
            .or_else(|| find(&self.secrets, key, Object::Secret))
            .or_else(|| find(&self.gateways, key, Object::Gateway))
            .or_else(grant)
            .or_else(namespace)
            .or_else(|| find(&self.config_maps, key, Object::ConfigMap))
            .or_else(class)
            .or_else(|| find(&self.listener_sets, key, Object::ListenerSet))
            .or_else(|| find(&self.backend_tls_policies, key, Object::BackendTlsPolicy))
            .or_else(|| find(&self.backends, key, Object::XBackend))
            .or_else(|| find(&self.traffic_policies, key, Object::XBackendTrafficPolicy))
            .or_else(|| find(&self.telemetry_policies, key, Object::XTelemetryPolicy))
            .or_else(|| find(&self.meshes, key, Object::XMesh))
            .or_else(|| find(&self.service_imports, key, Object::ServiceImport))
            .or_else(|| find(&self.trust_bundles, key, Object::ClusterTrustBundle))
            .or_else(|| self.others.get(key).cloned().map(Object::Other))
    }

    /// Writes into the reverse look-ups, or takes out of them, where an object stands.
    fn index(&mut self, object: &Object, write: fn(&mut Index, &ObjectKey, &ObjectKey)) {
        let by_target = &mut self.policies_by_target;
        let mut policy = |policy: &dyn Policy| {
            policy.targets().iter().for_each(|target| write(by_target, &target.object, &policy.meta().key));
        };
        match object {
            Object::BackendTlsPolicy(it) => policy(&**it),
            Object::XBackendTrafficPolicy(it) => policy(&**it),
            Object::XTelemetryPolicy(it) => policy(&**it),
            Object::Route(route) => {
                let services = route.parent_refs.iter().filter(|parent| parent.is_service()).map(ParentRef::object);
                services.for_each(|service| write(&mut self.routes_by_service, &service, &route.meta.key));
            }
            Object::ListenerSet(set) => {
                set.parent.iter().for_each(|gateway| write(&mut self.sets_by_gateway, gateway, &set.meta.key));
            }
            _ => {}
        }
    }

    /// The GatewayClasses by name.
    pub fn classes(&self) -> impl Iterator<Item = &Arc<GatewayClass>> {
        self.classes.values()
    }

    /// The Gateways in the order of their keys.
    pub fn gateways(&self) -> impl Iterator<Item = &Arc<Gateway>> {
        self.gateways.values()
    }

    /// A Gateway.
    #[must_use]
    pub fn gateway(&self, key: &ObjectKey) -> Option<&Arc<Gateway>> {
        self.gateways.get(key)
    }

    /// The Gateways that claim routes without being named (P-001), in the order of their keys.
    pub fn default_gateways(&self) -> impl Iterator<Item = &Arc<Gateway>> {
        self.default_gateways.iter().filter_map(|key| self.gateways.get(key))
    }

    /// The ListenerSets in the order of their keys.
    pub fn listener_sets(&self) -> impl Iterator<Item = &Arc<ListenerSet>> {
        self.listener_sets.values()
    }

    /// A ListenerSet.
    #[must_use]
    pub fn listener_set(&self, key: &ObjectKey) -> Option<&Arc<ListenerSet>> {
        self.listener_sets.get(key)
    }

    /// The ListenerSets that name a Gateway as their parent, in the order of their keys: that of precedence is by
    /// [seniority](crate::model::ObjectMeta::seniority) (C-005).
    pub fn listener_sets_of(&self, gateway: &ObjectKey) -> impl Iterator<Item = &Arc<ListenerSet>> {
        self.sets_by_gateway.get(gateway).filter_map(|key| self.listener_sets.get(key))
    }

    /// The routes of every kind in the order of their keys.
    pub fn routes(&self) -> impl Iterator<Item = &Arc<Route>> {
        self.routes.values()
    }

    /// A route of whatever kind.
    #[must_use]
    pub fn route(&self, key: &ObjectKey) -> Option<&Arc<Route>> {
        self.routes.get(key)
    }

    /// The routes that name a Service as their parent, in the order of their keys.
    pub fn routes_of(&self, service: &ObjectKey) -> impl Iterator<Item = &Arc<Route>> {
        self.routes_by_service.get(service).filter_map(|key| self.routes.get(key))
    }

    /// The ReferenceGrants in the order of their namespaces and names.
    pub fn grants(&self) -> impl Iterator<Item = &Arc<ReferenceGrant>> {
        self.grants.values().flat_map(BTreeMap::values)
    }

    /// The policies of every kind that name an object, or a part of it, as a target, in the order of their keys.
    pub fn policies_targeting(&self, target: &ObjectKey) -> impl Iterator<Item = &ObjectKey> {
        self.policies_by_target.get(target)
    }

    /// The BackendTLSPolicies in the order of their keys.
    pub fn backend_tls_policies(&self) -> impl Iterator<Item = &Arc<BackendTlsPolicy>> {
        self.backend_tls_policies.values()
    }

    /// The BackendTLSPolicies that name an object, or a part of it, as a target, in the order of their keys.
    pub fn backend_tls_policies_targeting(&self, target: &ObjectKey) -> impl Iterator<Item = &Arc<BackendTlsPolicy>> {
        self.policies_targeting(target).filter_map(|key| self.backend_tls_policies.get(key))
    }

    /// The XBackendTrafficPolicies in the order of their keys.
    pub fn traffic_policies(&self) -> impl Iterator<Item = &Arc<XBackendTrafficPolicy>> {
        self.traffic_policies.values()
    }

    /// The XBackendTrafficPolicies that name an object as a target, in the order of their keys.
    pub fn traffic_policies_targeting(&self, target: &ObjectKey) -> impl Iterator<Item = &Arc<XBackendTrafficPolicy>> {
        self.policies_targeting(target).filter_map(|key| self.traffic_policies.get(key))
    }

    /// The XTelemetryPolicies in the order of their keys.
    pub fn telemetry_policies(&self) -> impl Iterator<Item = &Arc<XTelemetryPolicy>> {
        self.telemetry_policies.values()
    }

    /// The XTelemetryPolicies that name an object as a target, in the order of their keys.
    pub fn telemetry_policies_targeting(&self, target: &ObjectKey) -> impl Iterator<Item = &Arc<XTelemetryPolicy>> {
        self.policies_targeting(target).filter_map(|key| self.telemetry_policies.get(key))
    }

    /// An XMesh.
    #[must_use]
    pub fn mesh(&self, key: &ObjectKey) -> Option<&Arc<XMesh>> {
        self.meshes.get(key)
    }

    /// The XMeshes in the order of their keys.
    pub fn meshes(&self) -> impl Iterator<Item = &Arc<XMesh>> {
        self.meshes.values()
    }

    /// The XBackends in the order of their keys.
    pub fn backends(&self) -> impl Iterator<Item = &Arc<XBackend>> {
        self.backends.values()
    }

    /// An XBackend.
    #[must_use]
    pub fn backend(&self, key: &ObjectKey) -> Option<&Arc<XBackend>> {
        self.backends.get(key)
    }

    /// The Services in the order of their keys.
    pub fn services(&self) -> impl Iterator<Item = &Arc<Service>> {
        self.services.values()
    }

    /// A Service.
    #[must_use]
    pub fn service(&self, key: &ObjectKey) -> Option<&Arc<Service>> {
        self.services.get(key)
    }

    /// The ServiceImports in the order of their keys.
    pub fn service_imports(&self) -> impl Iterator<Item = &Arc<ServiceImport>> {
        self.service_imports.values()
    }

    /// A ServiceImport.
    #[must_use]
    pub fn service_import(&self, key: &ObjectKey) -> Option<&Arc<ServiceImport>> {
        self.service_imports.get(key)
    }

    /// A Secret.
    #[must_use]
    pub fn secret(&self, key: &ObjectKey) -> Option<&Arc<Secret>> {
        self.secrets.get(key)
    }

    /// A ConfigMap.
    #[must_use]
    pub fn config_map(&self, key: &ObjectKey) -> Option<&Arc<ConfigMap>> {
        self.config_maps.get(key)
    }

    /// A ClusterTrustBundle.
    #[must_use]
    pub fn trust_bundle(&self, key: &ObjectKey) -> Option<&Arc<ClusterTrustBundle>> {
        self.trust_bundles.get(key)
    }

    /// A Namespace.
    #[must_use]
    pub fn namespace(&self, name: &Namespace) -> Option<&Arc<NamespaceObject>> {
        self.namespaces.get(name.as_str())
    }
}

impl FromIterator<Object> for Snapshot {
    fn from_iter<I: IntoIterator<Item = Object>>(objects: I) -> Self {
        let mut snapshot = Self::new();
        objects.into_iter().for_each(|object| snapshot.insert(object));
        snapshot
    }
}

fn find<T>(map: &BTreeMap<ObjectKey, Arc<T>>, key: &ObjectKey, object: fn(Arc<T>) -> Object) -> Option<Object> {
    map.get(key).cloned().map(object)
}

/// Who refers to an object. One that nobody refers to is not in it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Index(BTreeMap<ObjectKey, BTreeSet<ObjectKey>>);

impl Index {
    fn add(&mut self, to: &ObjectKey, from: &ObjectKey) {
        self.0.entry(to.clone()).or_default().insert(from.clone());
    }

    fn remove(&mut self, to: &ObjectKey, from: &ObjectKey) {
        if let Some(referrers) = self.0.get_mut(to) {
            referrers.remove(from);
            if referrers.is_empty() {
                self.0.remove(to);
            }
        }
    }

    fn get(&self, to: &ObjectKey) -> impl Iterator<Item = &ObjectKey> {
        self.0.get(to).into_iter().flatten()
    }
}

#[cfg(test)]
mod tests {
    use alloc::{format, vec::Vec};

    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    const KINDS: [(&str, &str); 17] = [
        ("gateway.networking.k8s.io/v1", "GatewayClass"),
        ("gateway.networking.k8s.io/v1", "Gateway"),
        ("gateway.networking.k8s.io/v1", "ListenerSet"),
        ("gateway.networking.k8s.io/v1", "HTTPRoute"),
        ("gateway.networking.k8s.io/v1", "UDPRoute"),
        ("gateway.networking.k8s.io/v1", "ReferenceGrant"),
        ("gateway.networking.k8s.io/v1", "BackendTLSPolicy"),
        ("gateway.networking.x-k8s.io/v1alpha1", "XBackend"),
        ("gateway.networking.x-k8s.io/v1alpha1", "XBackendTrafficPolicy"),
        ("gateway.networking.x-k8s.io/v1alpha1", "XMesh"),
        ("gateway.networking.x-k8s.io/v1alpha1", "XTelemetryPolicy"),
        ("v1", "Namespace"),
        ("v1", "Service"),
        ("multicluster.x-k8s.io/v1alpha1", "ServiceImport"),
        ("v1", "Secret"),
        ("v1", "ConfigMap"),
        ("certificates.k8s.io/v1beta1", "ClusterTrustBundle"),
    ];

    /// An object of a kind, with a name and something to point to.
    fn object(kind: usize, name: u8, target: u8) -> Object {
        let (api_version, kind) = KINDS[kind];
        let target = |kind: &str| json!({"group": "", "kind": kind, "name": format!("t{target}")});
        let value = json!({
            "apiVersion": api_version, "kind": kind, "metadata": {"name": format!("n{name}"), "namespace": format!("s{}", name % 2)},
            "spec": {
                "controllerName": "example.com/it", "gatewayClassName": "any", "listeners": [], "rules": [],
                "defaultScope": if name == 0 { "All" } else { "None" },
                "parentRef": {"name": target("Gateway")["name"]}, "targetRefs": [target("Service"), target("Secret")],
                "from": [], "to": [],
            },
        });
        Object::from_json(&value).object.unwrap()
    }

    #[derive(Clone, Debug)]
    enum Step {
        Insert(Object),
        Remove(ObjectKey),
    }

    /// Inserts and removals of objects, some of them in another shape than the kind has.
    fn steps() -> impl Strategy<Value = Vec<Step>> {
        let any_object = (0..KINDS.len(), 0..3_u8, 0..3_u8).prop_map(|(kind, name, target)| object(kind, name, target));
        let step = (any_object, 0..5_u8).prop_map(|(object, what)| match what {
            0 => Step::Remove(object.key().clone()),
            1 => Step::Insert(Object::Other(object.key().clone())),
            _ => Step::Insert(object),
        });
        proptest::collection::vec(step, 0..60)
    }

    proptest! {
        #[test]
        fn law_3_a_snapshot_is_what_is_in_it_however_it_came_there(steps in steps()) {
            let mut snapshot = Snapshot::new();
            let mut left = BTreeMap::new();
            for step in steps {
                match step {
                    Step::Insert(object) => {
                        left.insert(object.key().clone(), object.clone());
                        snapshot.insert(object);
                    }
                    Step::Remove(key) => {
                        left.remove(&key);
                        snapshot.remove(&key);
                    }
                }
            }
            for kind in 0..KINDS.len() {
                for name in 0..3 {
                    let key = object(kind, name, 0).key().clone();
                    prop_assert_eq!(snapshot.object(&key), left.get(&key).cloned());
                    prop_assert_eq!(snapshot.contains(&key), left.contains_key(&key));
                }
            }
            prop_assert_eq!(snapshot, left.into_values().collect::<Snapshot>());
        }
    }

    #[test]
    fn reverse_look_ups_follow_the_objects() {
        let position = |kind| KINDS.iter().position(|(_, known)| *known == kind).unwrap();
        let [set, tls, traffic, telemetry] =
            ["ListenerSet", "BackendTLSPolicy", "XBackendTrafficPolicy", "XTelemetryPolicy"].map(position);
        let gateway = ObjectKey::namespaced("gateway.networking.k8s.io", "Gateway", &"s0".into(), &"t1".into());
        let service = ObjectKey::namespaced("", "Service", &"s0".into(), &"t1".into());
        let mut snapshot: Snapshot = [
            object(set, 0, 1),
            object(set, 2, 1),
            object(set, 1, 1),
            object(tls, 0, 1),
            object(traffic, 0, 1),
            object(telemetry, 0, 1),
        ]
        .into_iter()
        .collect();
        let names =
            |snapshot: &Snapshot| snapshot.listener_sets_of(&gateway).map(|set| set.meta.key.name.clone()).collect::<Vec<_>>();
        assert_eq!(names(&snapshot), ["n0", "n2"], "n1 is in another namespace");
        assert_eq!(snapshot.policies_targeting(&service).count(), 3);
        assert_eq!(snapshot.backend_tls_policies_targeting(&service).count(), 1);
        assert_eq!(snapshot.traffic_policies_targeting(&service).count(), 1);
        assert_eq!(snapshot.telemetry_policies_targeting(&service).count(), 1);
        // They point elsewhere now.
        snapshot.insert(object(set, 0, 2));
        snapshot.insert(object(tls, 0, 2));
        assert_eq!(names(&snapshot), ["n2"]);
        assert_eq!(snapshot.backend_tls_policies_targeting(&service).count(), 0);
        snapshot.remove(object(traffic, 0, 1).key());
        assert_eq!(snapshot.policies_targeting(&service).count(), 1);
    }

    #[test]
    fn p_001_default_gateways_are_known() {
        let gateway = |name, scope| {
            let value = json!({
                "apiVersion": "gateway.networking.k8s.io/v1", "kind": "Gateway", "metadata": {"name": name},
                "spec": {"gatewayClassName": "any", "listeners": [], "defaultScope": scope},
            });
            Object::from_json(&value).object.unwrap()
        };
        let mut snapshot: Snapshot = [gateway("a", "All"), gateway("b", "None")].into_iter().collect();
        assert_eq!(snapshot.default_gateways().map(|it| it.meta.key.name.as_str()).collect::<Vec<_>>(), ["a"]);
        snapshot.insert(gateway("a", "None"));
        assert_eq!(snapshot.default_gateways().count(), 0);
    }
}
