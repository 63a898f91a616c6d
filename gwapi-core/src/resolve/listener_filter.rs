//! What requests pass before a route is chosen (H.8).

use alloc::{string::ToString, vec::Vec};

use super::{World, backend, backend::Sender};
use crate::{
    features::Feature,
    model::{Listener, ListenerFilter, Protocol, RouteKind},
    name::ObjectKey,
    refusal::Refusal,
    resolution::ResolvedFilter,
};

/// What became of the filters of a listener. If anything is refused or unresolved the listener is not served (H-090).
#[derive(Default)]
pub(super) struct ListenerFilters {
    pub(super) resolved: Vec<ResolvedFilter>,
    pub(super) refused: Vec<Refusal>,
    /// References that do not resolve (`ResolvedRefs`).
    pub(super) unresolved: Vec<Refusal>,
}

/// `from` is the Gateway or ListenerSet that declares the listener: grants speak of that one (H-088).
pub(super) fn resolve_filters(world: &World<'_>, from: &ObjectKey, listener: &Listener) -> ListenerFilters {
    let mut result = ListenerFilters::default();
    for (index, filter) in listener.filters.iter().enumerate() {
        match resolve_filter(world, from, listener, index, filter) {
            Ok(resolved) => result.resolved.push(resolved),
            Err(refusal @ (Refusal::ListenerFilterRef { .. } | Refusal::RefNotPermitted { .. })) => {
                result.unresolved.push(refusal)
            }
            Err(refusal) => result.refused.push(refusal),
        }
    }
    result
}

fn resolve_filter(
    world: &World<'_>,
    from: &ObjectKey,
    listener: &Listener,
    index: usize,
    filter: &ListenerFilter,
) -> Result<ResolvedFilter, Refusal> {
    let filter_type = || filter.type_name().into();
    let invalid = |why| Refusal::ListenerFilterInvalid { index, filter_type: filter_type(), why };
    let unresolved = |why| Refusal::ListenerFilterRef { index, filter_type: filter_type(), why };
    // C-032: the CRD of ListenerSet does not say so.
    if !matches!(listener.protocol, Protocol::Http | Protocol::Https) {
        return Err(invalid("listeners of this protocol have no requests".into()));
    }
    if !world.controller.features.has(Feature::GatewayListenerFilters) {
        return Err(Refusal::ListenerFilterUnsupported { index, filter_type: filter_type() });
    }
    match filter {
        ListenerFilter::ExternalAuth(auth) if world.controller.abilities.external_auth => {
            let sender = Sender { key: from, kind: RouteKind::Http, needs_grants: true };
            match backend::resolve_auth(world, &sender, auth) {
                Ok(target) => Ok(ResolvedFilter::ExternalAuth { target: Ok(target), auth: auth.clone() }),
                Err(refusal @ Refusal::RefNotPermitted { .. }) => Err(refusal),
                Err(refusal) => Err(unresolved(refusal.to_string())),
            }
        }
        ListenerFilter::ExtensionRef(reference) => {
            Err(unresolved(Refusal::ExtensionUnsupported { reference: reference.clone() }.to_string()))
        }
        ListenerFilter::Invalid { invalid: values, .. } => {
            Err(invalid(values.first().map(ToString::to_string).unwrap_or_else(|| "it cannot be read".into())))
        }
        ListenerFilter::ExternalAuth(_) | ListenerFilter::Unknown(_) => {
            Err(Refusal::ListenerFilterUnsupported { index, filter_type: filter_type() })
        }
    }
}
