//! What the questions are asked of, and a record of what was looked at.

use alloc::{sync::Arc, vec::Vec};
use core::cell::RefCell;

use crate::{
    controller::Controller,
    facts::Facts,
    model::{GatewayClass, NamespaceObject, ReferenceGrant, Referrer, Secret, Service},
    name::{GATEWAY_GROUP, Group, Kind, Namespace, ObjectKey, ObjectName},
    resolution::{Resolution, ResolvedClass, ResolvedGateway, Unclaimed},
    snapshot::Snapshot,
};

/// The objects, who asks, and what is resolved already: classes before Gateways, Gateways before routes.
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
    /// What has become of a Gateway.
    Gateway(ObjectKey),
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

    /// A Gateway of ours, or why it is not ours; nothing if it does not exist.
    pub(crate) fn gateway(&self, key: &ObjectKey) -> Option<Result<&'a ResolvedGateway, &'a Unclaimed>> {
        self.note(|| Source::Gateway(key.clone()));
        let ours = self.resolved.gateways.get(key).map(|gateway| Ok(&**gateway));
        ours.or_else(|| self.resolved.unclaimed.get(key).map(Err))
    }
}

/// Whether the input holds any class. One that does not say whose it is is an object like any other, and still shows that the
/// classes are in the input.
pub(crate) fn has_classes(snapshot: &Snapshot) -> bool {
    let first = ObjectKey { group: Group::new(GATEWAY_GROUP), kind: Kind::new("GatewayClass"), namespace: None, name: "".into() };
    let broken = snapshot.others.range(&first..).next();
    !snapshot.classes.is_empty() || broken.is_some_and(|key| (&key.group, &key.kind) == (&first.group, &first.kind))
}
