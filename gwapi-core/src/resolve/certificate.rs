//! The certificates of a listener (B.3).

use alloc::vec::Vec;

use super::{World, grant};
use crate::{
    model::{CertificateVerdict, Listener, Protocol, SecretRef, TlsMode},
    name::{CORE_GROUP, ObjectKey},
    refusal::{CertificateFault, Refusal},
};

/// What became of the certificateRefs of a listener.
#[derive(Default)]
pub(super) struct Certificates {
    pub(super) usable: Vec<SecretRef>,
    /// References that do not resolve (`ResolvedRefs`).
    pub(super) unresolved: Vec<Refusal>,
    /// Why the listener cannot be served (`Programmed`).
    pub(super) unserved: Vec<Refusal>,
}

/// `from` is the Gateway or ListenerSet that declares the listener (C-018)
pub(super) fn resolve_certificates(world: &World<'_>, from: &ObjectKey, listener: &Listener) -> Certificates {
    let mut result = Certificates::default();
    if !ends_tls(listener) {
        // B-036: in Passthrough they are ignored.
        return result;
    }
    let references = listener.tls.as_ref().map(|tls| tls.certificate_refs.as_slice()).unwrap_or_default();
    for reference in references {
        match check(world, from, reference) {
            Ok(()) => result.usable.push(reference.clone()),
            Err(fault) => {
                result.unresolved.push(fault.refusal(|why| Refusal::CertificateInvalid { reference: reference.clone(), why }))
            }
        }
    }
    if references.is_empty() {
        // B-042: the CRD admits HTTPS without `tls`.
        result.unserved.push(Refusal::TlsConfigMissing { protocol: listener.protocol.clone() });
    } else if result.usable.is_empty() {
        // B-041: never served with another certificate.
        result.unserved.clone_from(&result.unresolved);
    }
    result
}

fn ends_tls(listener: &Listener) -> bool {
    match listener.protocol {
        Protocol::Https => true,
        Protocol::Tls => !matches!(&listener.tls, Some(tls) if tls.mode == TlsMode::Passthrough),
        _ => false,
    }
}

/// Why a certificate cannot be used.
pub(super) enum Fault {
    NotPermitted(Refusal),
    Certificate(CertificateFault),
}

impl Fault {
    pub(super) fn refusal(self, refusal: impl FnOnce(CertificateFault) -> Refusal) -> Refusal {
        match self {
            Self::NotPermitted(refusal) => refusal,
            Self::Certificate(why) => refusal(why),
        }
    }
}

/// B-038 to B-040, B-053, B-054: permission first, and only then whether the Secret exists and is any good.
pub(super) fn check(world: &World<'_>, from: &ObjectKey, reference: &SecretRef) -> Result<(), Fault> {
    let target = ObjectKey {
        group: reference.group.clone(),
        kind: reference.kind.clone(),
        namespace: Some(reference.namespace.clone()),
        name: reference.name.clone(),
    };
    grant::check(world, from, &target).map_err(Fault::NotPermitted)?;
    fault(world, &target).map_or(Ok(()), |why| Err(Fault::Certificate(why)))
}

fn fault(world: &World<'_>, target: &ObjectKey) -> Option<CertificateFault> {
    if target.group != CORE_GROUP || target.kind != "Secret" {
        return Some(CertificateFault::KindUnsupported);
    }
    let Some(secret) = world.secret(target) else { return Some(CertificateFault::NotFound) };
    if &*secret.secret_type != "kubernetes.io/tls" {
        return Some(CertificateFault::WrongType(secret.secret_type.clone()));
    }
    match &secret.certificate {
        CertificateVerdict::Absent => Some(CertificateFault::Missing("tls.crt".into())),
        CertificateVerdict::Missing(key) => Some(CertificateFault::Missing((*key).into())),
        CertificateVerdict::Malformed(why) => Some(CertificateFault::Malformed(why.clone())),
        CertificateVerdict::Present { .. } => {
            world.facts().mismatched_certificates.contains(target).then_some(CertificateFault::Mismatch)
        }
    }
}
