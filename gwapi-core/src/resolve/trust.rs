//! Whom to trust: CA certificates of clients and of backends (B.4, N-007 to N-012, N-033 to N-036).

use alloc::{format, vec::Vec};

use super::{World, grant};
use crate::{
    features::Feature,
    model::{ClientValidation, ClientValidationMode, Gateway, Listener, PemVerdict, Protocol},
    name::{CORE_GROUP, ObjectKey},
    refusal::{CaFault, Refusal},
    resolution::ClientTrust,
};

/// What became of the client validation that a listener is under.
#[derive(Default)]
pub(super) struct Clients {
    pub(super) trust: Option<ClientTrust>,
    pub(super) refused: Vec<Refusal>,
    /// References that do not resolve (`ResolvedRefs`).
    pub(super) unresolved: Vec<Refusal>,
}

/// B-045, C-030: HTTPS listeners of a Gateway and of its ListenerSets are under what the Gateway says; others are not (B-046).
/// `declaring` is the one or the other.
pub(super) fn client_trust(world: &World<'_>, gateway: &Gateway, declaring: &ObjectKey, listener: &Listener) -> Clients {
    let mut clients = Clients::default();
    if listener.protocol != Protocol::Https {
        return clients;
    }
    let frontend = &gateway.tls.frontend;
    clients.refused.extend(frontend.invalid.iter().map(|invalid| Refusal::ListenerInvalid { invalid: invalid.clone() }));
    let Some(validation) = frontend.validation(listener.port) else { return clients };
    clients.refused.extend(validation.invalid.iter().map(|invalid| Refusal::ListenerInvalid { invalid: invalid.clone() }));
    clients.refused.extend(undeclared(world, validation));
    if !clients.refused.is_empty() {
        return clients;
    }
    let (usable, unresolved) = usable(world, &gateway.meta.key, &validation.ca_certificate_refs);
    if usable.is_empty() {
        clients.refused.push(Refusal::NoValidCaCertificate);
    } else {
        clients.trust = Some(ClientTrust { ca_certificates: usable, mode: validation.mode });
    }
    let is_local = declaring.namespace == gateway.meta.key.namespace;
    // C-027: what the Gateway refers to is no business of other namespaces.
    let elsewhere =
        (!is_local && !unresolved.is_empty()).then(|| Refusal::ClientTrustUnresolved { gateway: gateway.meta.key.clone() });
    clients.unresolved = if is_local { unresolved } else { elsewhere.into_iter().collect() };
    clients
}

/// Law 12. Whoever asks for client certificates and cannot have them checked is not served.
fn undeclared(world: &World<'_>, validation: &ClientValidation) -> Option<Refusal> {
    let needed = match validation.mode {
        ClientValidationMode::AllowValidOnly => Feature::GatewayFrontendClientCertificateValidation,
        ClientValidationMode::AllowInsecureFallback => Feature::GatewayFrontendClientCertificateValidationInsecureFallback,
    };
    let features = [Feature::GatewayFrontendClientCertificateValidation, needed];
    let missing = features.into_iter().find(|feature| !world.controller.features.has(*feature))?;
    Some(Refusal::FeatureUnsupported { path: "spec.tls.frontend".into(), feature: missing })
}

/// The references that lead to CA certificates, and why the others do not.
pub(super) fn usable(world: &World<'_>, from: &ObjectKey, references: &[ObjectKey]) -> (Vec<ObjectKey>, Vec<Refusal>) {
    let mut usable = Vec::new();
    let mut refused = Vec::new();
    for object in references {
        match check(world, from, object) {
            Ok(()) => usable.push(object.clone()),
            Err(refusal) => refused.push(refusal),
        }
    }
    (usable, refused)
}

/// B-049: permission first.
fn check(world: &World<'_>, from: &ObjectKey, object: &ObjectKey) -> Result<(), Refusal> {
    grant::check(world, from, object)?;
    verdict(world, object).map_err(|why| Refusal::CaCertificateInvalid { object: object.clone(), why })
}

fn verdict(world: &World<'_>, object: &ObjectKey) -> Result<(), CaFault> {
    let pem = match (object.group.as_str(), object.kind.as_str()) {
        (CORE_GROUP, "ConfigMap") => world.config_map(object).ok_or(CaFault::NotFound)?.ca.as_ref().ok_or(CaFault::Missing)?,
        ("certificates.k8s.io", "ClusterTrustBundle") if world.controller.features.has(Feature::ClusterTrustBundle) => {
            &world.cluster_trust_bundle(object).ok_or(CaFault::NotFound)?.ca
        }
        _ => return Err(CaFault::KindUnsupported),
    };
    match pem {
        PemVerdict::Valid { .. } => Ok(()),
        PemVerdict::Empty => Err(CaFault::Empty),
        PemVerdict::Malformed(why) => Err(CaFault::Malformed(format!("no usable certificates: {why}").into())),
    }
}
