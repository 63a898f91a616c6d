//! Which ListenerSets belong to a Gateway, and what their listeners come to (chapter C).

use alloc::{sync::Arc, vec::Vec};
use core::iter;

use super::{
    World, attach,
    listener::{Declaring, Held, resolve_listeners},
    overlap,
};
use crate::{
    features::Feature,
    model::{Gateway, ListenerSet},
    name::Namespace,
    refusal::Refusal,
    resolution::{ResolvedGateway, ResolvedListener, ResolvedListenerSet},
};

/// Gives a Gateway the sets that name it, oldest first (C-005). `held` are the places that its own listeners hold.
pub(super) fn add_sets(world: &World<'_>, gateway: &mut ResolvedGateway, mut held: Held) {
    if !world.controller.features.has(Feature::ListenerSet) {
        return;
    }
    // Whether the Gateway is accepted is said by what is its own (C-031).
    let mut sets = resolve_sets(world, gateway, &mut held);
    let of_sets = sets.iter_mut().map(|set| set.listeners.as_mut_slice());
    let mut objects: Vec<&mut [ResolvedListener]> = iter::once(gateway.listeners.as_mut_slice()).chain(of_sets).collect();
    overlap::note_elsewhere(&mut objects);
    gateway.listener_sets = sets.into_iter().map(Arc::new).collect();
}

fn resolve_sets(world: &World<'_>, gateway: &ResolvedGateway, held: &mut Held) -> Vec<ResolvedListenerSet> {
    let mut sets: Vec<&Arc<ListenerSet>> = world.listener_sets_of(gateway.key()).collect();
    sets.sort_by_cached_key(|set| set.meta.seniority());
    sets.into_iter().map(|set| resolve_set(world, gateway, set, held)).collect()
}

fn resolve_set(world: &World<'_>, gateway: &ResolvedGateway, set: &Arc<ListenerSet>, held: &mut Held) -> ResolvedListenerSet {
    let mut refused: Vec<Refusal> =
        set.invalid.iter().map(|invalid| Refusal::ListenerSetInvalid { invalid: invalid.clone() }).collect();
    let not_allowed = not_allowed(world, &gateway.gateway, set);
    let declaring = Declaring { key: &set.meta.key, listeners: &set.listeners, gateway: &gateway.gateway };
    let listeners = if not_allowed.is_none() && refused.is_empty() {
        resolve_listeners(world, declaring, held)
    } else {
        // Judged by themselves; they take no place from anybody, and nothing attaches to them.
        let mut listeners = resolve_listeners(world, declaring, &mut Held::default());
        listeners.iter_mut().for_each(|listener| listener.refused.extend(refused.iter().chain(&not_allowed).cloned()));
        listeners
    };
    refused.extend(not_allowed);
    let key = || gateway.key().clone();
    if !gateway.is_accepted() {
        refused.push(Refusal::ParentNotAccepted { gateway: key() });
    }
    let unreachable = (!gateway.is_programmed()).then(|| Refusal::ParentNotProgrammed { gateway: key() });
    ResolvedListenerSet {
        set: set.clone(),
        gateway: key(),
        controller_name: gateway.controller_name.clone(),
        listeners,
        refused,
        unreachable: unreachable.into_iter().collect(),
    }
}

/// C-001 to C-003: closed unless the Gateway says otherwise.
fn not_allowed(world: &World<'_>, gateway: &Gateway, set: &ListenerSet) -> Option<Refusal> {
    let namespace: Namespace = set.meta.key.namespace_str().into();
    let own: Namespace = gateway.meta.key.namespace_str().into();
    let refusal = |why| Refusal::ListenerSetNotAllowed { gateway: gateway.meta.key.clone(), namespace: namespace.clone(), why };
    match &gateway.allowed_listeners {
        None => Some(refusal(None)),
        Some(from) => attach::namespace_fault(world, from, &namespace, &own).map(|why| refusal(Some(why))),
    }
}
