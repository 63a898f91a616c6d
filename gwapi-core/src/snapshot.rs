//! All objects and facts, and how references find them.

use alloc::{collections::BTreeMap, collections::BTreeSet, sync::Arc};

use crate::{
    facts::Facts,
    model::{ConfigMap, Gateway, GatewayClass, NamespaceObject, Object, ReferenceGrant, Route, Secret, Service},
    name::{Namespace, ObjectKey, ObjectName},
};

/// Everything that the function looks at. Cloning one is cheap in the objects, which are shared.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Snapshot {
    /// What is not in the objects.
    pub facts: Facts,
    pub(crate) classes: BTreeMap<ObjectName, Arc<GatewayClass>>,
    pub(crate) gateways: BTreeMap<ObjectKey, Arc<Gateway>>,
    pub(crate) routes: BTreeMap<ObjectKey, Arc<Route>>,
    /// By the namespace that they stand in, which is that of the targets.
    pub(crate) grants: BTreeMap<Namespace, BTreeMap<ObjectName, Arc<ReferenceGrant>>>,
    pub(crate) namespaces: BTreeMap<ObjectName, Arc<NamespaceObject>>,
    pub(crate) services: BTreeMap<ObjectKey, Arc<Service>>,
    pub(crate) secrets: BTreeMap<ObjectKey, Arc<Secret>>,
    pub(crate) config_maps: BTreeMap<ObjectKey, Arc<ConfigMap>>,
    pub(crate) others: BTreeSet<ObjectKey>,
}

impl Snapshot {
    /// Nothing, and no facts.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds an object, or puts it in the place of the one with the same key.
    pub fn insert(&mut self, object: Object) {
        match object {
            Object::GatewayClass(class) => drop(self.classes.insert(class.meta.key.name.clone(), class)),
            Object::Gateway(gateway) => drop(self.gateways.insert(gateway.meta.key.clone(), gateway)),
            Object::Route(route) => drop(self.routes.insert(route.meta.key.clone(), route)),
            Object::ReferenceGrant(grant) => {
                if let Some(namespace) = &grant.meta.key.namespace {
                    let grants = self.grants.entry(namespace.clone()).or_default();
                    grants.insert(grant.meta.key.name.clone(), grant);
                }
            }
            Object::Namespace(namespace) => drop(self.namespaces.insert(namespace.key.name.clone(), namespace)),
            Object::Service(service) => drop(self.services.insert(service.key.clone(), service)),
            Object::Secret(secret) => drop(self.secrets.insert(secret.key.clone(), secret)),
            Object::ConfigMap(config_map) => drop(self.config_maps.insert(config_map.key.clone(), config_map)),
            Object::Other(key) => drop(self.others.insert(key)),
        }
    }

    /// Takes an object away, if there is one of that key.
    pub fn remove(&mut self, key: &ObjectKey) {
        if self.classes.get(&key.name).is_some_and(|class| class.meta.key == *key) {
            self.classes.remove(&key.name);
        }
        self.gateways.remove(key);
        self.routes.remove(key);
        if let Some(grants) = key.namespace.as_ref().and_then(|namespace| self.grants.get_mut(namespace)) {
            grants.retain(|_, grant| grant.meta.key != *key);
        }
        if self.namespaces.get(&key.name).is_some_and(|namespace| namespace.key == *key) {
            self.namespaces.remove(&key.name);
        }
        self.services.remove(key);
        self.secrets.remove(key);
        self.config_maps.remove(key);
        self.others.remove(key);
    }

    /// Whether there is an object of that key, of whatever kind.
    #[must_use]
    pub fn contains(&self, key: &ObjectKey) -> bool {
        self.gateways.contains_key(key)
            || self.routes.contains_key(key)
            || self.services.contains_key(key)
            || self.secrets.contains_key(key)
            || self.config_maps.contains_key(key)
            || self.others.contains(key)
            || self.classes.get(&key.name).is_some_and(|class| class.meta.key == *key)
            || self.namespaces.get(&key.name).is_some_and(|namespace| namespace.key == *key)
    }

    /// The object of that key, of whatever kind.
    #[must_use]
    pub fn object(&self, key: &ObjectKey) -> Option<Object> {
        let class = || self.classes.get(&key.name).filter(|class| class.meta.key == *key).cloned().map(Object::GatewayClass);
        let gateway = || self.gateways.get(key).cloned().map(Object::Gateway);
        let route = || self.routes.get(key).cloned().map(Object::Route);
        let grants = || self.grants.get(key.namespace.as_ref()?);
        let grant = || grants()?.get(&key.name).filter(|grant| grant.meta.key == *key).cloned().map(Object::ReferenceGrant);
        let namespace =
            || self.namespaces.get(&key.name).filter(|namespace| namespace.key == *key).cloned().map(Object::Namespace);
        let service = || self.services.get(key).cloned().map(Object::Service);
        let secret = || self.secrets.get(key).cloned().map(Object::Secret);
        let config_map = || self.config_maps.get(key).cloned().map(Object::ConfigMap);
        let other = || self.others.get(key).cloned().map(Object::Other);
        class()
            .or_else(gateway)
            .or_else(route)
            .or_else(grant)
            .or_else(namespace)
            .or_else(service)
            .or_else(secret)
            .or_else(config_map)
            .or_else(other)
    }

    /// The GatewayClasses by name.
    pub fn classes(&self) -> impl Iterator<Item = &Arc<GatewayClass>> {
        self.classes.values()
    }

    /// The Gateways in the order of their keys.
    pub fn gateways(&self) -> impl Iterator<Item = &Arc<Gateway>> {
        self.gateways.values()
    }

    /// The routes of every kind in the order of their keys.
    pub fn routes(&self) -> impl Iterator<Item = &Arc<Route>> {
        self.routes.values()
    }

    /// The ReferenceGrants in the order of their namespaces and names.
    pub fn grants(&self) -> impl Iterator<Item = &Arc<ReferenceGrant>> {
        self.grants.values().flat_map(BTreeMap::values)
    }

    /// A Service.
    #[must_use]
    pub fn service(&self, key: &ObjectKey) -> Option<&Arc<Service>> {
        self.services.get(key)
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
