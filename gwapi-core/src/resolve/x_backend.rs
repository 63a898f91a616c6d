//! What an XBackend comes to (P.2, P.6).

use alloc::{sync::Arc, vec::Vec};

use super::{World, certificate, policy};
use crate::{
    model::{BackendTlsValidation, SecretRef, XBackend, XBackendTls},
    refusal::Refusal,
    resolution::{BackendTls, ResolvedXBackend},
};

/// What becomes of an XBackend; nothing if its kind is not served: then nobody writes to it.
pub(crate) fn resolve_x_backend(world: &World<'_>, backend: &Arc<XBackend>) -> Option<ResolvedXBackend> {
    let abilities = &world.controller.abilities;
    if !abilities.x_backends {
        return None;
    }
    let mut resolved = ResolvedXBackend { backend: backend.clone(), tls: None, refused: Vec::new(), unresolved: Vec::new() };
    resolved.refused.extend(backend.invalid.iter().map(|invalid| Refusal::XBackendInvalid { invalid: invalid.clone() }));
    if backend.session_persistence.is_some() && !abilities.session_persistence {
        resolved.refused.push(Refusal::FieldUnsupported { path: "spec.sessionPersistence".into() });
    }
    match &backend.tls {
        None | Some(XBackendTls::None) => {}
        Some(XBackendTls::ServerOnly(validation)) => add_tls(world, &mut resolved, validation, None),
        Some(XBackendTls::ClientAndServer { validation, client_certificate }) => {
            add_tls(world, &mut resolved, validation, Some(client_certificate));
        }
    }
    Some(resolved)
}

/// P-014. The references are judged as those of a policy and of a Gateway.
fn add_tls(world: &World<'_>, resolved: &mut ResolvedXBackend, validation: &BackendTlsValidation, shown: Option<&SecretRef>) {
    let from = resolved.backend.meta.key.clone();
    if let Some(reference) = shown {
        let invalid = |why| Refusal::ClientCertificateInvalid { reference: reference.clone(), why };
        let fault = certificate::check(world, &from, reference).map_err(|fault| fault.refusal(invalid)).err();
        resolved.unresolved.extend(fault.clone());
        resolved.refused.extend(fault);
    }
    let tls = policy::of_validation(world, &from, validation, "spec.tls.validation");
    resolved.unresolved.extend(tls.unresolved);
    match tls.outcome {
        Err(refused) => resolved.refused.extend(refused),
        Ok(tls) if resolved.refused.is_empty() => {
            resolved.tls = Some(Arc::new(BackendTls { client_certificate: shown.cloned(), ..tls }));
        }
        Ok(_) => {}
    }
}
