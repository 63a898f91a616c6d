//! Policies: whether they are accepted, which targets they have, and what they mean for backends (chapter N, P.3, P.7).

use alloc::{format, sync::Arc, vec::Vec};

use super::{
    World, backend,
    backend::{Sender, has_tcp},
    trust,
};
use crate::{
    features::Feature,
    model::{
        BackendTlsPolicy, BackendTlsValidation, CaCertificates, Invalid, Policy, PolicyTarget, RetryConstraint, RouteKind,
        Service, ServicePort, SessionPersistence, Tracing, TransportProtocol, XBackendTrafficPolicy, XTelemetryPolicy,
    },
    name::{CORE_GROUP, GATEWAY_GROUP, ObjectKey},
    refusal::Refusal,
    resolution::{BackendTls, PolicyObject, ResolvedPolicy, ResolvedTarget},
};

/// What becomes of a policy; nothing if its kind is not served: then nobody writes to it.
pub(crate) fn resolve_policy(world: &World<'_>, policy: &PolicyObject) -> Option<ResolvedPolicy> {
    let abilities = &world.controller.abilities;
    let is_served = match policy {
        PolicyObject::BackendTls(_) => world.controller.features.has(Feature::BackendTLSPolicy),
        PolicyObject::BackendTraffic(_) => abilities.retry_budgets,
        PolicyObject::Telemetry(_) => abilities.telemetry,
    };
    if !is_served {
        return None;
    }
    let targets = policy.policy().targets().iter().map(|target| resolve_target(world, policy, target)).collect();
    let mut resolved =
        ResolvedPolicy { policy: policy.clone(), refused: Vec::new(), unresolved: Vec::new(), targets, backend_tls: None };
    match policy {
        PolicyObject::BackendTls(policy) => judge_tls(world, policy, &mut resolved),
        PolicyObject::BackendTraffic(policy) => judge_traffic(world, policy, &mut resolved),
        PolicyObject::Telemetry(policy) => judge_telemetry(world, policy, &mut resolved),
    }
    Some(resolved)
}

fn invalid(values: &[Invalid]) -> impl Iterator<Item = Refusal> {
    values.iter().map(|invalid| Refusal::PolicyInvalid { invalid: invalid.clone() })
}

/// N-008 to N-012, N-014.
fn judge_tls(world: &World<'_>, policy: &BackendTlsPolicy, resolved: &mut ResolvedPolicy) {
    resolved.refused.extend(invalid(&policy.invalid));
    let Some(validation) = &policy.validation else { return };
    let tls = of_validation(world, &policy.meta.key, validation, "spec.validation");
    resolved.unresolved = tls.unresolved;
    match tls.outcome {
        Ok(tls) => resolved.backend_tls = Some(Arc::new(tls)).filter(|_| resolved.refused.is_empty()),
        Err(refused) => resolved.refused.extend(refused),
    }
}

fn judge_traffic(world: &World<'_>, policy: &XBackendTrafficPolicy, resolved: &mut ResolvedPolicy) {
    resolved.refused.extend(invalid(&policy.invalid));
    if policy.session_persistence.is_some() && !world.controller.abilities.session_persistence {
        resolved.refused.push(Refusal::FieldUnsupported { path: "spec.sessionPersistence".into() });
    }
}

/// P-040: a bad reference stops no traffic.
fn judge_telemetry(world: &World<'_>, policy: &XTelemetryPolicy, resolved: &mut ResolvedPolicy) {
    resolved.refused.extend(invalid(&policy.invalid));
    if let Some(Tracing::Enabled(tracer)) = &policy.tracing {
        let sender = Sender { key: &policy.meta.key, kind: RouteKind::Grpc, needs_grants: true };
        resolved.unresolved.extend(backend::resolve_backend(world, &sender, &tracer.backend).err());
    }
}

/// How a backend proves who it is, and what of it cannot be had.
pub(super) struct Judged {
    pub(super) outcome: Result<BackendTls, Vec<Refusal>>,
    /// References that do not resolve.
    pub(super) unresolved: Vec<Refusal>,
}

/// Judges the `validation` of a policy or an XBackend, which stands at `path`.
pub(super) fn of_validation(world: &World<'_>, from: &ObjectKey, validation: &BackendTlsValidation, path: &str) -> Judged {
    let mut refused = Vec::new();
    let feature = Feature::BackendTLSPolicySANValidation;
    if !validation.subject_alt_names.is_empty() && !world.controller.features.has(feature) {
        refused.push(Refusal::FeatureUnsupported { path: format!("{path}.subjectAltNames"), feature });
    }
    let mut unresolved = Vec::new();
    let ca_certificates = match &validation.ca_certificates {
        CaCertificates::Refs(references) => {
            let (usable, bad) = trust::usable(world, from, references);
            unresolved = bad;
            if usable.is_empty() {
                refused.push(Refusal::NoValidCaCertificate);
            }
            CaCertificates::Refs(usable)
        }
        CaCertificates::WellKnown(name) => {
            if &**name != "System" || !world.controller.abilities.system_ca_certificates {
                refused.push(Refusal::WellKnownCaUnsupported { name: name.clone() });
            }
            CaCertificates::WellKnown(name.clone())
        }
    };
    let tls = BackendTls {
        server_name: validation.hostname.clone(),
        ca_certificates,
        subject_alt_names: validation.subject_alt_names.clone(),
        client_certificate: None,
    };
    Judged { outcome: if refused.is_empty() { Ok(tls) } else { Err(refused) }, unresolved }
}

fn resolve_target(world: &World<'_>, policy: &PolicyObject, target: &PolicyTarget) -> ResolvedTarget {
    let refused = match policy {
        PolicyObject::BackendTls(_) => unfit_service(world, target),
        PolicyObject::BackendTraffic(_) => unfit_backend(world, target),
        PolicyObject::Telemetry(_) => unfit_gateway(world, target),
    };
    let refused = refused.or_else(|| older(world, policy, target));
    let is_partial = matches!(policy, PolicyObject::BackendTls(_)) && refused.is_none() && has_other_ports(world, target);
    ResolvedTarget { target: target.clone(), refused, is_partial }
}

/// N-023: a target as a whole with ports that carry no TCP.
fn has_other_ports(world: &World<'_>, target: &PolicyTarget) -> bool {
    let service = world.service(&target.object).filter(|_| target.section_name.is_none());
    service.is_some_and(|service| service.ports.iter().any(|port| port.protocol != TransportProtocol::Tcp))
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

/// P-019: a backend, of a kind that routes can send to.
fn unfit_backend(world: &World<'_>, target: &PolicyTarget) -> Option<Refusal> {
    match backend::exists(world, &target.object) {
        Some(true) => None,
        Some(false) => Some(Refusal::TargetNotFound { target: target.clone() }),
        None => Some(Refusal::TargetUnsupported { target: target.clone(), why: "it is no backend".into() }),
    }
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

/// A policy that cannot be honoured where it is wanted.
pub(super) struct Broken<'w> {
    pub(super) policy: &'w ObjectKey,
}

/// How connections to a port of a Service are protected: by the policy on the port, else by that on the Service (N-004). What
/// cannot be honoured is never sent to in another way (N-010), whoever is to blame for it.
pub(super) fn backend_tls<'w>(
    world: &World<'w>,
    service: &Service,
    port: &ServicePort,
) -> Option<Result<Arc<BackendTls>, Broken<'w>>> {
    let on = |section_name| {
        let target = PolicyTarget { object: service.key.clone(), section_name };
        oldest(world.backend_tls_policies(&service.key), &target)
    };
    let of_port = port.name.clone().and_then(|name| on(Some(name)));
    if port.protocol != TransportProtocol::Tcp {
        // N-023: on a Service with both, the policy is for TCP.
        let policy = of_port.or_else(|| on(None).filter(|_| !has_tcp(service)))?;
        return Some(Err(Broken { policy }));
    }
    let policy = of_port.or_else(|| on(None))?;
    let tls = world.policy(policy).and_then(|resolved| resolved.backend_tls.clone());
    Some(tls.ok_or(Broken { policy }))
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
