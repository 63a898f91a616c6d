//! Policies: whether they are accepted, which targets they have, and what they mean for backends (chapter N, P.3, P.7).

use alloc::{sync::Arc, vec::Vec};

use super::{
    World, backend,
    backend::{Sender, has_tcp},
    certificate, trust,
};
use crate::{
    features::Feature,
    model::{
        BackendTlsPolicy, BackendTlsValidation, CaCertificates, Policy, PolicyTarget, RetryConstraint, RouteKind, Service,
        ServicePort, SessionPersistence, Tracing, TransportProtocol, XBackend, XBackendTls, XBackendTrafficPolicy,
        XTelemetryPolicy,
    },
    name::{CORE_GROUP, GATEWAY_GROUP, ObjectKey},
    refusal::Refusal,
    resolution::{BackendTls, PolicyObject, ResolvedPolicy, ResolvedTarget},
};

/// What becomes of a policy; nothing if its kind is not served: then nobody writes to it.
pub(crate) fn resolve_policy(world: &World<'_>, policy: &PolicyObject) -> Option<ResolvedPolicy> {
    let has = |feature| world.controller.features.has(feature);
    let abilities = &world.controller.abilities;
    let (is_served, verdict) = match policy {
        PolicyObject::BackendTls(policy) => (has(Feature::BackendTLSPolicy), judge_tls(world, policy)),
        PolicyObject::BackendTraffic(policy) => (abilities.retry_budgets, judge_traffic(policy)),
        PolicyObject::Telemetry(policy) => (abilities.telemetry, judge_telemetry(world, policy)),
    };
    is_served.then(|| ResolvedPolicy {
        policy: policy.clone(),
        refused: verdict.refused,
        unresolved: verdict.unresolved,
        targets: policy.policy().targets().iter().map(|target| resolve_target(world, policy, target)).collect(),
    })
}

#[derive(Default)]
struct Verdict {
    refused: Vec<Refusal>,
    unresolved: Vec<Refusal>,
}

impl Verdict {
    fn of_values(policy: &[crate::model::Invalid]) -> Self {
        let refused = policy.iter().map(|invalid| Refusal::PolicyInvalid { invalid: invalid.clone() });
        Self { refused: refused.collect(), unresolved: Vec::new() }
    }
}

/// N-008 to N-012, N-014.
fn judge_tls(world: &World<'_>, policy: &BackendTlsPolicy) -> Verdict {
    let mut verdict = Verdict::of_values(&policy.invalid);
    let Some(validation) = &policy.validation else { return verdict };
    let feature = Feature::BackendTLSPolicySANValidation;
    if !validation.subject_alt_names.is_empty() && !world.controller.features.has(feature) {
        verdict.refused.push(Refusal::FeatureUnsupported { path: "spec.validation.subjectAltNames".into(), feature });
    }
    match usable_ca_certificates(world, &policy.meta.key, validation) {
        Ok((_, unresolved)) => verdict.unresolved = unresolved,
        Err((refusal, unresolved)) => {
            verdict.refused.push(refusal);
            verdict.unresolved = unresolved;
        }
    }
    verdict
}

/// The trust anchors that can be used, with the references that lead nowhere; an error if nothing can (N-008, N-012).
fn usable_ca_certificates(
    world: &World<'_>,
    from: &ObjectKey,
    validation: &BackendTlsValidation,
) -> Result<(CaCertificates, Vec<Refusal>), (Refusal, Vec<Refusal>)> {
    match &validation.ca_certificates {
        CaCertificates::Refs(references) => {
            let (usable, unresolved) = trust::usable(world, from, references);
            if usable.is_empty() {
                Err((Refusal::NoValidCaCertificate, unresolved))
            } else {
                Ok((CaCertificates::Refs(usable), unresolved))
            }
        }
        CaCertificates::WellKnown(name) if &**name == "System" && world.controller.abilities.system_ca_certificates => {
            Ok((CaCertificates::WellKnown(name.clone()), Vec::new()))
        }
        CaCertificates::WellKnown(name) => Err((Refusal::WellKnownCaUnsupported { name: name.clone() }, Vec::new())),
    }
}

fn judge_traffic(policy: &XBackendTrafficPolicy) -> Verdict {
    Verdict::of_values(&policy.invalid)
}

/// P-040: a bad reference stops no traffic.
fn judge_telemetry(world: &World<'_>, policy: &XTelemetryPolicy) -> Verdict {
    let mut verdict = Verdict::of_values(&policy.invalid);
    if let Some(Tracing::Enabled(tracer)) = &policy.tracing {
        let sender = Sender { key: &policy.meta.key, kind: RouteKind::Grpc, needs_grants: true };
        verdict.unresolved.extend(backend::resolve_backend(world, &sender, &tracer.backend).err());
    }
    verdict
}

fn resolve_target(world: &World<'_>, policy: &PolicyObject, target: &PolicyTarget) -> ResolvedTarget {
    let refused = match policy {
        PolicyObject::BackendTls(_) => unfit_service(world, target),
        PolicyObject::BackendTraffic(_) => unfit_backend(world, target),
        PolicyObject::Telemetry(_) => unfit_gateway(world, target),
    };
    let refused = refused.or_else(|| older(world, policy, target));
    ResolvedTarget { target: target.clone(), refused }
}

/// N-001, N-003, N-022, N-023: a Service, or a port of it by name, that carries TCP.
fn unfit_service(world: &World<'_>, target: &PolicyTarget) -> Option<Refusal> {
    let unsupported = |why: &str| Some(Refusal::TargetUnsupported { target: target.clone(), why: why.into() });
    let not_found = || Some(Refusal::TargetNotFound { target: target.clone() });
    if target.object.group != CORE_GROUP || target.object.kind != "Service" {
        return unsupported("only Services are");
    }
    let Some(service) = world.service(&target.object) else { return not_found() };
    match &target.section_name {
        None if has_tcp(service) => None,
        None => unsupported("it has no TCP port"),
        Some(name) => match service.ports.iter().find(|port| port.name.as_ref() == Some(name)) {
            None => not_found(),
            Some(port) if port.protocol == TransportProtocol::Tcp => None,
            Some(_) => unsupported("it is no TCP port"),
        },
    }
}

/// P-019: a backend of whatever kind.
fn unfit_backend(world: &World<'_>, target: &PolicyTarget) -> Option<Refusal> {
    let exists = world.contains(&target.object) || world.facts().backends.contains_key(&target.object);
    (!exists).then(|| Refusal::TargetNotFound { target: target.clone() })
}

/// P-037, P-038.
fn unfit_gateway(world: &World<'_>, target: &PolicyTarget) -> Option<Refusal> {
    if target.object.group != GATEWAY_GROUP || target.object.kind != "Gateway" {
        return Some(Refusal::TargetUnsupported { target: target.clone(), why: "only Gateways are".into() });
    }
    (!world.contains(&target.object)).then(|| Refusal::TargetNotFound { target: target.clone() })
}

/// N-005, N-030: the oldest policy of a kind has the target. One with a section and one without do not meet (N-004).
fn older(world: &World<'_>, policy: &PolicyObject, target: &PolicyTarget) -> Option<Refusal> {
    let rivals = match policy {
        PolicyObject::BackendTls(_) => oldest(world.backend_tls_policies(&target.object), target),
        PolicyObject::BackendTraffic(_) => oldest(world.backend_traffic_policies(&target.object), target),
        PolicyObject::Telemetry(_) => oldest(world.telemetry_policies(&target.object), target),
    };
    let with = rivals.filter(|key| **key != policy.policy().meta().key)?.clone();
    Some(Refusal::PolicyConflict { target: target.clone(), with })
}

/// The policy that has a target.
fn oldest<'w, P: Policy + 'w>(policies: impl Iterator<Item = &'w Arc<P>>, target: &PolicyTarget) -> Option<&'w ObjectKey> {
    let on_target = policies.filter(|policy| policy.targets().contains(target));
    on_target.min_by_key(|policy| policy.meta().seniority()).map(|policy| &policy.meta().key)
}

/// How connections to a port of a Service are protected: by the policy on the port, else by that on the Service (N-004).
pub(super) fn backend_tls(
    world: &World<'_>,
    service: &Service,
    port: &ServicePort,
) -> Option<Result<Arc<BackendTls>, Arc<Refusal>>> {
    if !world.controller.features.has(Feature::BackendTLSPolicy) {
        return None;
    }
    let on = |section_name| {
        let target = PolicyTarget { object: service.key.clone(), section_name };
        oldest(world.backend_tls_policies(&service.key), &target)
    };
    let key = port.name.clone().and_then(|name| on(Some(name))).or_else(|| on(None))?;
    let resolved = world.policy(key)?;
    let PolicyObject::BackendTls(policy) = &resolved.policy else { return None };
    // N-010: what a broken policy covers is never sent to in another way.
    let broken = |why: &Refusal| Err(Arc::new(why.clone()));
    Some(match (resolved.refused.first(), &policy.validation) {
        (Some(why), _) => broken(why),
        (None, None) => broken(&Refusal::NoValidCaCertificate),
        (None, Some(validation)) => of_validation(world, &policy.meta.key, validation).map(Arc::new).map_err(Arc::new),
    })
}

fn of_validation(world: &World<'_>, from: &ObjectKey, validation: &BackendTlsValidation) -> Result<BackendTls, Refusal> {
    let (ca_certificates, _) = usable_ca_certificates(world, from, validation).map_err(|(refusal, _)| refusal)?;
    Ok(BackendTls {
        server_name: validation.hostname.clone(),
        ca_certificates,
        subject_alt_names: validation.subject_alt_names.clone(),
        client_certificate: None,
    })
}

/// P-014. References of an XBackend are judged as those of a policy.
pub(super) fn x_backend_tls(world: &World<'_>, backend: &XBackend) -> Result<Option<Arc<BackendTls>>, Refusal> {
    let from = &backend.meta.key;
    match &backend.tls {
        None | Some(XBackendTls::None) => Ok(None),
        Some(XBackendTls::ServerOnly(validation)) => Ok(Some(Arc::new(of_validation(world, from, validation)?))),
        Some(XBackendTls::ClientAndServer { validation, client_certificate: reference }) => {
            let invalid = |why| Refusal::ClientCertificateInvalid { reference: reference.clone(), why };
            certificate::check(world, from, reference).map_err(|fault| fault.refusal(invalid))?;
            let tls = of_validation(world, from, validation)?;
            Ok(Some(Arc::new(BackendTls { client_certificate: Some(reference.clone()), ..tls })))
        }
    }
}

/// What the policy on a backend says of its sessions and of retries. One that is refused says nothing: it only ever lessens
/// retries, and those of the route stay as they are.
pub(super) fn traffic(world: &World<'_>, object: &ObjectKey) -> (Option<SessionPersistence>, Option<RetryConstraint>) {
    if !world.controller.abilities.retry_budgets {
        return (None, None);
    }
    let target = PolicyTarget { object: object.clone(), section_name: None };
    let key = oldest(world.backend_traffic_policies(object), &target);
    match key.and_then(|key| world.policy(key)).map(|resolved| (&resolved.policy, resolved.refused.is_empty())) {
        Some((PolicyObject::BackendTraffic(policy), true)) => (policy.session_persistence.clone(), policy.retry_constraint),
        _ => (None, None),
    }
}
