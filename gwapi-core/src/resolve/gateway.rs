//! What a Gateway as a whole comes to: parameters and certificates (B.5, B.7). Its listeners are judged in `listener`, its
//! addresses in `address`.

use alloc::{sync::Arc, vec::Vec};

use super::{
    World, address, certificate, class,
    listener::{Declaring, Held, resolve_listeners},
    listener_set,
};
use crate::{
    features::Feature,
    model::{Gateway, SecretRef},
    name::{ControllerName, ObjectKey},
    refusal::{ParametersFault, Refusal},
    resolution::ResolvedGateway,
};

pub(super) fn resolve_gateway(world: &World<'_>, gateway: &Arc<Gateway>, controller_name: ControllerName) -> ResolvedGateway {
    let addresses = address::assign(world, gateway);
    let mut refused: Vec<Refusal> =
        gateway.invalid.iter().map(|invalid| Refusal::GatewayInvalid { invalid: invalid.clone() }).collect();
    refused.extend(parameters(world, gateway));
    refused.extend(addresses.refused);
    let mut held = Held::default();
    let declaring = Declaring { key: &gateway.meta.key, listeners: &gateway.listeners, gateway };
    let mut resolved = ResolvedGateway {
        gateway: gateway.clone(),
        controller_name,
        listeners: resolve_listeners(world, declaring, &mut held),
        listener_sets: Vec::new(),
        addresses: addresses.assigned,
        address_requests: addresses.requests,
        refused,
        unreachable: addresses.unreachable,
        client_certificate: client_certificate(world, gateway),
    };
    listener_set::add_sets(world, &mut resolved, held);
    resolved
}

/// B-052 to B-054.
fn client_certificate(world: &World<'_>, gateway: &Gateway) -> Option<Result<SecretRef, Refusal>> {
    let reference = gateway.tls.client_certificate.as_ref()?;
    let feature = Feature::GatewayBackendClientCertificate;
    if !world.controller.features.has(feature) {
        return Some(Err(Refusal::FeatureUnsupported { path: "spec.tls.backend.clientCertificateRef".into(), feature }));
    }
    let invalid = |why| Refusal::ClientCertificateInvalid { reference: reference.clone(), why };
    let checked = certificate::check(world, &gateway.meta.key, reference).map_err(|fault| fault.refusal(invalid));
    Some(checked.map(|()| reference.clone()))
}

/// B-065. The reference is local. Who does not declare the feature understands no parameters of Gateways.
fn parameters(world: &World<'_>, gateway: &Gateway) -> Option<Refusal> {
    let reference = gateway.infrastructure.parameters_ref.as_ref()?;
    if !world.controller.features.has(Feature::GatewayInfrastructure) {
        return Some(Refusal::GatewayParameters { reference: reference.clone(), why: ParametersFault::KindUnsupported });
    }
    let object = ObjectKey {
        group: reference.group.clone(),
        kind: reference.kind.clone(),
        namespace: gateway.meta.key.namespace.clone(),
        name: reference.name.clone(),
    };
    let why = class::parameters_fault(world, &reference.group, &reference.kind, &object)?;
    Some(Refusal::GatewayParameters { reference: reference.clone(), why })
}
