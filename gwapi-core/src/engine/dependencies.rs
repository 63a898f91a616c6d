//! Who has looked at what.

use alloc::{
    boxed::Box,
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    vec::Vec,
};

use crate::{
    model::Object,
    name::{ObjectKey, ObjectName},
    resolve::Source,
};

/// Something that is resolved by itself. The order is that of the stages: each looks at earlier ones only.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Unit {
    Class(ObjectName),
    Mesh(ObjectKey),
    XBackend(ObjectKey),
    /// BackendTLSPolicies first, as their group comes first: where spans are sent to may be under one.
    Policy(ObjectKey),
    Gateway(ObjectKey),
    Route(ObjectKey),
}

impl Unit {
    /// What an object is resolved as, if it is at all.
    pub(super) fn of(object: &Object) -> Option<Self> {
        match object {
            Object::GatewayClass(class) => Some(Self::Class(class.meta.key.name.clone())),
            Object::XBackend(backend) => Some(Self::XBackend(backend.meta.key.clone())),
            Object::XMesh(mesh) => Some(Self::Mesh(mesh.meta.key.clone())),
            Object::BackendTlsPolicy(policy) => Some(Self::Policy(policy.meta.key.clone())),
            Object::XBackendTrafficPolicy(policy) => Some(Self::Policy(policy.meta.key.clone())),
            Object::XTelemetryPolicy(policy) => Some(Self::Policy(policy.meta.key.clone())),
            Object::Gateway(gateway) => Some(Self::Gateway(gateway.meta.key.clone())),
            Object::Route(route) => Some(Self::Route(route.meta.key.clone())),
            _ => None,
        }
    }
}

/// For each source those that have looked at it, and the other way round. The two are each other's inverse.
#[derive(Clone, Debug, Default)]
pub(super) struct Dependencies {
    readers: BTreeMap<Arc<Source>, BTreeSet<Arc<Unit>>>,
    sources: BTreeMap<Arc<Unit>, Box<[Arc<Source>]>>,
}

impl Dependencies {
    pub(super) fn readers(&self, source: &Source) -> impl Iterator<Item = &Unit> {
        self.readers.get(source).into_iter().flatten().map(|unit| &**unit)
    }

    /// Notes what a unit has looked at, in place of what was noted before.
    pub(super) fn set(&mut self, unit: &Unit, sources: Vec<Source>) {
        let before = self.sources.get(unit).map(|before| before.as_ref()).unwrap_or_default();
        if before.iter().map(|source| &**source).eq(&sources) {
            return;
        }
        self.forget(unit);
        if sources.is_empty() {
            return;
        }
        let unit = Arc::new(unit.clone());
        let sources: Box<[Arc<Source>]> = sources.into_iter().map(|source| self.shared(source)).collect();
        for source in &sources {
            self.readers.entry(source.clone()).or_default().insert(unit.clone());
        }
        self.sources.insert(unit, sources);
    }

    fn forget(&mut self, unit: &Unit) {
        for source in self.sources.remove(unit).into_iter().flatten() {
            if let Some(readers) = self.readers.get_mut(&source) {
                readers.remove(unit);
                if readers.is_empty() {
                    self.readers.remove(&source);
                }
            }
        }
    }

    /// The source that is noted already: forty thousand routes look at the same Gateway.
    fn shared(&self, source: Source) -> Arc<Source> {
        self.readers.get_key_value(&source).map_or_else(|| Arc::new(source), |(known, _)| known.clone())
    }
}
