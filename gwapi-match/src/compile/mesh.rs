//! The table of a mesh after changes.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use gwapi_core::{
    Affected,
    features::Feature,
    model::Service,
    name::{Namespace, ObjectKey, ObjectName},
    resolution::Resolution,
};

use super::{
    change,
    changes::{Changes, MeshChange, MeshKey, is_mesh},
    no_rules,
};
use crate::{
    mesh::{Attached, Mesh, MeshService, protocol},
    table::{Generation, Ports, Section, ServedListener, Table, Tables},
};

/// Nothing if the controller is no mesh; the same `Arc` if nothing is affected.
pub(super) fn recompile(old: &Tables, resolution: &Resolution, changes: &Changes, affected: &Affected) -> Option<Arc<Mesh>> {
    let before = old.mesh.as_ref().filter(|_| is_mesh(resolution));
    match before {
        Some(mesh) if changes.mesh.is_empty() => Some(mesh.clone()),
        None if !is_mesh(resolution) => None,
        before => {
            let mut patch = Patch::of(before.map(|mesh| &**mesh), resolution, old.seed);
            changes.mesh.iter().for_each(|(key, change)| patch.apply(key, change, affected));
            Some(Arc::new(patch.mesh()))
        }
    }
}

/// O-006.
pub(super) fn knows_addresses(resolution: &Resolution) -> bool {
    resolution.controller.features.has(Feature::MeshClusterIPMatching)
}

/// A mesh in the making: what is not touched is shared with the one before.
struct Patch {
    mesh: Mesh,
    listeners: Vec<Option<Arc<Section>>>,
    seed: u64,
}

impl Patch {
    fn of(old: Option<&Mesh>, resolution: &Resolution, seed: u64) -> Self {
        let mesh = old.cloned().unwrap_or_else(|| Mesh {
            table: Arc::new(Table {
                generation: Generation::next(),
                gateway: None,
                choices: resolution.controller.choices,
                detects_misdirected: false,
                client_certificate: None,
                listeners: Vec::new(),
                ports: Arc::new(Ports::default()),
            }),
            services: BTreeMap::new(),
            addresses: Arc::default(),
            knows_addresses: knows_addresses(resolution),
            free: Vec::new(),
        });
        let listeners = mesh.table.listeners.clone();
        Self { mesh, listeners, seed }
    }

    fn mesh(self) -> Mesh {
        let old = &self.mesh.table;
        let table = Table {
            generation: Generation::next(),
            gateway: None,
            client_certificate: None,
            ports: old.ports.clone(),
            listeners: self.listeners,
            ..**old
        };
        Mesh { table: Arc::new(table), ..self.mesh }
    }

    /// Takes the affected routes of one group out, and puts those in that come.
    fn apply(&mut self, key: &MeshKey, change: &MeshChange, affected: &Affected) {
        let name = (key.listener.parent.namespace_str().into(), key.listener.parent.name.clone());
        let before = self.attached(&name, key).cloned();
        let kept = before.iter().flat_map(|attached| &attached.routes).filter(|route| !affected.routes.contains_key(*route));
        let routes: BTreeSet<_> = kept.chain(&change.routes).cloned().collect();
        if routes.is_empty() {
            self.set(&name, key, None, None);
            if let Some(attached) = before {
                self.place(attached.number, None);
                self.mesh.free.push(attached.number);
            }
            return;
        }
        let number = before.map_or_else(|| self.next_number(), |attached| attached.number);
        let section = self.section(number, key, change, &routes, affected);
        self.place(number, Some(Arc::new(section)));
        self.set(&name, key, change.service.as_ref(), Some(Attached { number, routes }));
    }

    fn section(
        &self,
        number: u32,
        key: &MeshKey,
        change_of: &MeshChange,
        routes: &BTreeSet<ObjectKey>,
        affected: &Affected,
    ) -> Section {
        let regex_rank = self.mesh.table.choices.regex_rank;
        let before = self.listeners.get(number as usize).and_then(Option::as_ref);
        let rules = match before {
            Some(section) => change(&section.rules, &change_of.buckets, affected, regex_rank),
            None => change(&no_rules(regex_rank, self.seed), &change_of.buckets, affected, regex_rank),
        };
        let listener = ServedListener {
            key: key.listener.clone(),
            port: key.port,
            protocol: protocol(routes),
            hostname: None,
            certificates: Vec::new(),
            passthrough: true,
            client_validation: None,
            filters: Vec::new(),
            clients: Some(key.scope.clone()),
        };
        Section { listener: Arc::new(listener), rules }
    }

    fn next_number(&mut self) -> u32 {
        self.mesh.free.pop().unwrap_or_else(|| {
            self.listeners.push(None);
            u32::try_from(self.listeners.len() - 1).unwrap_or(u32::MAX)
        })
    }

    fn place(&mut self, number: u32, section: Option<Arc<Section>>) {
        if let Some(place) = self.listeners.get_mut(number as usize) {
            *place = section;
        }
    }

    fn attached(&self, (namespace, name): &ServiceName, key: &MeshKey) -> Option<&Attached> {
        let service = self.mesh.services.get(namespace)?.get(name)?;
        service.ports.get(&(key.port, key.transport))?.get(&key.scope)
    }

    /// Sets what one group of a port of a Service has. A Service without any is not known.
    fn set(&mut self, name: &ServiceName, key: &MeshKey, object: Option<&Arc<Service>>, attached: Option<Attached>) {
        let services = self.mesh.services.entry(name.0.clone()).or_default();
        let services_there = Arc::make_mut(services);
        let known = services_there.get(&name.1).cloned();
        let Some(object) = object.or_else(|| known.as_ref().map(|known| &known.service)).cloned() else {
            // Nothing was there, and nothing comes.
            if services_there.is_empty() {
                self.mesh.services.remove(&name.0);
            }
            return;
        };
        let mut ports = known.as_ref().map(|known| known.ports.clone()).unwrap_or_default();
        let scopes = ports.entry((key.port, key.transport)).or_default();
        scopes.set(&key.scope, attached);
        if scopes.is_empty() {
            ports.remove(&(key.port, key.transport));
        }
        let after = (!ports.is_empty()).then(|| Arc::new(MeshService { service: object, ports }));
        match &after {
            Some(service) => drop(services_there.insert(name.1.clone(), service.clone())),
            None => drop(services_there.remove(&name.1)),
        }
        if services_there.is_empty() {
            self.mesh.services.remove(&name.0);
        }
        self.set_addresses(name, known.as_deref(), after.as_deref());
    }

    fn set_addresses(&mut self, name: &ServiceName, before: Option<&MeshService>, after: Option<&MeshService>) {
        let of = |service: Option<&MeshService>| -> BTreeSet<_> {
            service.map(|one| one.service.cluster_ips.iter().copied().collect()).unwrap_or_default()
        };
        let (before, after) = (of(before), of(after));
        if before == after {
            return;
        }
        let addresses = Arc::make_mut(&mut self.mesh.addresses);
        for gone in before.difference(&after) {
            if let Some(names) = addresses.get_mut(gone) {
                names.remove(name);
                if names.is_empty() {
                    addresses.remove(gone);
                }
            }
        }
        for new in after.difference(&before) {
            addresses.entry(*new).or_default().insert(name.clone());
        }
    }
}

/// Namespace and name.
type ServiceName = (Namespace, ObjectName);
