//! What does not take effect, at the field that is the reason.

use gwapi_ask::{fix, fix_unclaimed, parents};
use gwapi_core::{
    Refusal,
    model::{BackendRef, Filter, Gateway, Invalid, Listener, Rules},
    name::ObjectKey,
    resolution::{
        Attachment, ResolvedFilter, ResolvedGateway, ResolvedListener, ResolvedListenerSet, ResolvedPolicy, ResolvedRoute,
        ResolvedRule, Unclaimed,
    },
};
use gwapi_manifest::Severity;
use gwapi_status::{ConditionType, reason_of};

use super::{Checker, Remark, codes};

/// How many reasons of one parentRef are spelled out: a Gateway may have many listeners.
const SPELLED_OUT: usize = 3;

pub(super) fn report(checker: &mut Checker<'_>) {
    let resolution = checker.resolution;
    for class in resolution.classes.values() {
        for refusal in &class.refused {
            checker.refuse(&class.class.meta.key, codes::CLASS_NOT_ACCEPTED, "spec.parametersRef".into(), refusal);
        }
    }
    for (gateway, why) in &resolution.unclaimed {
        checker.unclaimed(gateway, "spec.gatewayClassName".into(), why);
    }
    for gateway in resolution.gateways.values() {
        checker.gateway(gateway);
    }
    for set in resolution.listener_sets.values() {
        checker.listener_set(set);
    }
    for policy in resolution.policies.values() {
        checker.policy(policy);
    }
    for backend in resolution.x_backends.values() {
        let key = backend.key();
        for refusal in &backend.refused {
            checker.refuse(key, codes::BACKEND_NOT_ACCEPTED, "spec".into(), refusal);
        }
        for refusal in backend.unresolved.iter().filter(|refusal| !backend.refused.contains(refusal)) {
            checker.reference(key, "spec.tls".into(), refusal);
        }
    }
    for mesh in resolution.meshes.values() {
        for refusal in &mesh.refused {
            checker.refuse(&mesh.mesh.meta.key, codes::MESH_NOT_ACCEPTED, "spec.parametersRef".into(), refusal);
        }
    }
    for route in resolution.routes.values() {
        checker.route(route);
    }
}

impl Checker<'_> {
    /// One refusal as an error, unless reading the object said it already.
    fn refuse(&mut self, object: &ObjectKey, code: &'static str, path: String, refusal: &Refusal) {
        let path = match invalid(refusal) {
            Some(invalid) => invalid.path.clone(),
            None => path,
        };
        if invalid(refusal).is_some() && self.is_known(object, &path) {
            return;
        }
        let message = format!("{refusal} ({})", verdict(refusal));
        self.add(object, Remark { severity: Severity::Error, code, path, message, fix: fix(refusal) });
    }

    fn reference(&mut self, object: &ObjectKey, path: String, refusal: &Refusal) {
        let code = match refusal {
            Refusal::RefNotPermitted { .. } => codes::REF_NOT_PERMITTED,
            _ => codes::UNRESOLVED_REF,
        };
        self.refuse(object, code, path, refusal);
    }

    fn unclaimed(&mut self, object: &ObjectKey, path: String, why: &Unclaimed) {
        let is_gateway = object.kind == "Gateway";
        let (severity, code) = match why {
            Unclaimed::OtherController { .. } => (Severity::Note, codes::OTHER_CONTROLLER),
            Unclaimed::KindUnsupported { .. } => (Severity::Warning, codes::PARENT_KIND_NOT_SUPPORTED),
            Unclaimed::NotFound { .. } => (Severity::Error, codes::PARENT_NOT_FOUND),
            Unclaimed::NoClass { .. } if is_gateway => (Severity::Error, codes::NO_CLASS),
            Unclaimed::ClassNotAccepted { .. } if is_gateway => (Severity::Error, codes::CLASS_NOT_ACCEPTED),
            _ => (Severity::Error, codes::ROUTE_NOT_ATTACHED),
        };
        self.add(object, Remark { severity, code, path, message: why.to_string(), fix: fix_unclaimed(why) });
    }

    // ---- Gateways ----

    fn gateway(&mut self, gateway: &ResolvedGateway) {
        let key = gateway.key();
        for refusal in &gateway.refused {
            self.refuse(key, codes::GATEWAY_NOT_ACCEPTED, gateway_path(&gateway.gateway, refusal), refusal);
        }
        for refusal in &gateway.unreachable {
            self.refuse(key, codes::GATEWAY_NOT_PROGRAMMED, gateway_path(&gateway.gateway, refusal), refusal);
        }
        if let Some(Err(refusal)) = &gateway.client_certificate {
            self.reference(key, "spec.tls.backend.clientCertificateRef".into(), refusal);
        }
        self.listeners(key, &gateway.gateway.listeners, &gateway.listeners);
    }

    fn listener_set(&mut self, set: &ResolvedListenerSet) {
        let refused = &set.refused;
        for refusal in refused.iter().chain(set.unreachable.iter().filter(|refusal| !refused.contains(refusal))) {
            self.refuse(set.key(), codes::LISTENER_SET_NOT_ACCEPTED, "spec.parentRef".into(), refusal);
        }
        self.listeners(set.key(), &set.set.listeners, &set.listeners);
    }

    fn listeners(&mut self, parent: &ObjectKey, written: &[Listener], resolved: &[ResolvedListener]) {
        for (index, (listener, resolved)) in written.iter().zip(resolved).enumerate() {
            self.listener(parent, &format!("spec.listeners[{index}]"), listener, resolved);
        }
    }

    fn listener(&mut self, gateway: &ObjectKey, at: &str, listener: &Listener, resolved: &ResolvedListener) {
        for refusal in &resolved.refused {
            let path = format!("{at}{}", listener_field(refusal));
            self.refuse(gateway, codes::LISTENER_NOT_ACCEPTED, path, refusal);
        }
        for refusal in &resolved.unresolved {
            match refusal {
                Refusal::RouteKindUnsupported { kind, .. } => {
                    let index = listener.allowed_routes.kinds.iter().position(|listed| listed == kind);
                    let path = indexed(&format!("{at}.allowedRoutes.kinds"), index);
                    self.refuse(gateway, codes::ROUTE_KIND_NOT_SUPPORTED, path, refusal);
                }
                Refusal::CaCertificateInvalid { .. } | Refusal::ClientTrustUnresolved { .. } => {
                    let path = if gateway.kind == "Gateway" { "spec.tls.frontend".into() } else { at.to_owned() };
                    self.reference(gateway, path, refusal);
                }
                Refusal::ListenerFilterRef { index, .. } => {
                    self.reference(gateway, format!("{at}.filters.requests[{index}]"), refusal);
                }
                _ => self.reference(
                    gateway,
                    indexed(&format!("{at}.tls.certificateRefs"), certificate(listener, refusal)),
                    refusal,
                ),
            }
        }
        // A listener without any usable certificate repeats what is unresolved.
        for refusal in resolved.unserved.iter().filter(|refusal| !resolved.unresolved.contains(refusal)) {
            self.refuse(gateway, codes::LISTENER_NOT_PROGRAMMED, format!("{at}.tls"), refusal);
        }
    }

    // ---- policies ----

    fn policy(&mut self, policy: &ResolvedPolicy) {
        let key = policy.key();
        for refusal in &policy.refused {
            self.refuse(key, codes::POLICY_NOT_ACCEPTED, "spec".into(), refusal);
        }
        for refusal in policy.unresolved.iter().filter(|refusal| !policy.refused.contains(refusal)) {
            self.reference(key, "spec.validation".into(), refusal);
        }
        for (index, target) in policy.targets.iter().enumerate() {
            if let Some(refusal) = &target.refused {
                self.refuse(key, codes::POLICY_NOT_ACCEPTED, format!("spec.targetRefs[{index}]"), refusal);
            }
        }
    }

    // ---- routes ----

    fn route(&mut self, route: &ResolvedRoute) {
        let key = route.key();
        for refusal in &route.refused {
            self.refuse(key, codes::ROUTE_NOT_ACCEPTED, "spec".into(), refusal);
        }
        for (index, (_, outcome)) in parents(route).into_iter().enumerate() {
            let is_named = index < route.route.parent_refs.len();
            let path = if is_named { format!("spec.parentRefs[{index}]") } else { "spec.useDefaultGateways".into() };
            match outcome {
                Ok(attachment) => self.attachment(key, &path, attachment),
                Err(why) => self.unclaimed(key, path, why),
            }
        }
        for (written, rule) in written_rules(&route.route.rules).into_iter().zip(&route.rules) {
            self.rule(key, written, rule);
        }
    }

    /// A parentRef may select listeners that are not for the route, as long as one is: only if none is, nothing takes effect.
    fn attachment(&mut self, route: &ObjectKey, path: &str, attachment: &Attachment) {
        let Some(first) = attachment.refused.first().filter(|_| !attachment.is_attached()) else { return };
        let mut reasons: Vec<String> = Vec::new();
        for reason in attachment.refused.iter().map(ToString::to_string) {
            if !reasons.contains(&reason) {
                reasons.push(reason);
            }
        }
        let more = reasons.len().saturating_sub(SPELLED_OUT);
        reasons.truncate(SPELLED_OUT);
        let more = if more > 0 { format!("; and {more} more") } else { String::new() };
        let message = format!("{}{more} ({})", reasons.join("; "), verdict(first));
        let (severity, code) = (Severity::Error, codes::ROUTE_NOT_ATTACHED);
        self.add(route, Remark { severity, code, path: path.into(), message, fix: fix(first) });
    }

    fn rule(&mut self, route: &ObjectKey, written: WrittenRule<'_>, rule: &ResolvedRule) {
        let at = format!("spec.rules[{}]", rule.index);
        for refusal in &rule.refused {
            let path = field_path(refusal).unwrap_or_else(|| at.clone());
            self.refuse(route, codes::RULE_NOT_ACCEPTED, path, refusal);
        }
        self.filters(route, &format!("{at}.filters"), written.filters, &rule.filters);
        for (index, (entry, backend)) in written.backend_refs.iter().zip(&rule.backends).enumerate() {
            let path = format!("{at}.backendRefs[{index}]");
            if let Err(refusal) = &backend.target {
                self.reference(route, path.clone(), refusal);
            }
            self.filters(route, &format!("{path}.filters"), &entry.filters, &backend.filters);
        }
    }

    fn filters(&mut self, route: &ObjectKey, at: &str, written: &[Filter], resolved: &[ResolvedFilter]) {
        // Where ExternalAuth is not supported its rule is refused, and it is in no resolved list.
        let has_auth = resolved.iter().any(|filter| matches!(filter, ResolvedFilter::ExternalAuth { .. }));
        let kept = written.iter().enumerate().filter(|(_, filter)| has_auth || !matches!(filter, Filter::ExternalAuth(_)));
        for ((index, _), filter) in kept.zip(resolved) {
            let Some(refusal) = filter.unresolved() else { continue };
            let field = match filter {
                ResolvedFilter::RequestMirror { .. } => "requestMirror.backendRef",
                ResolvedFilter::ExternalAuth { .. } => "externalAuth.backendRef",
                _ => "extensionRef",
            };
            self.reference(route, format!("{at}[{index}].{field}"), refusal);
        }
    }
}

/// What the rules of all kinds have in common.
#[derive(Clone, Copy)]
struct WrittenRule<'a> {
    filters: &'a [Filter],
    backend_refs: &'a [BackendRef],
}

fn written_rules(rules: &Rules) -> Vec<WrittenRule<'_>> {
    let rule = |filters, backend_refs| WrittenRule { filters, backend_refs };
    match rules {
        Rules::Http(rules) => rules.iter().map(|one| rule(&one.filters[..], &one.backend_refs[..])).collect(),
        Rules::Grpc(rules) => rules.iter().map(|one| rule(&one.filters[..], &one.backend_refs[..])).collect(),
        Rules::L4(rules) => rules.iter().map(|one| rule(&[], &one.backend_refs[..])).collect(),
    }
}

/// The condition that a refusal makes false, as `kubectl` shows it.
fn verdict(refusal: &Refusal) -> String {
    let (condition, reason) = reason_of(refusal);
    match condition {
        ConditionType::Accepted => reason.to_string(),
        condition => format!("{condition}: {reason}"),
    }
}

fn invalid(refusal: &Refusal) -> Option<&Invalid> {
    match refusal {
        Refusal::GatewayInvalid { invalid }
        | Refusal::ListenerInvalid { invalid }
        | Refusal::ListenerSetInvalid { invalid }
        | Refusal::PolicyInvalid { invalid }
        | Refusal::XBackendInvalid { invalid }
        | Refusal::RuleInvalid { invalid } => Some(invalid),
        _ => None,
    }
}

fn indexed(list: &str, index: Option<usize>) -> String {
    index.map_or_else(|| list.to_owned(), |index| format!("{list}[{index}]"))
}

fn gateway_path(gateway: &Gateway, refusal: &Refusal) -> String {
    let address = |wanted: &dyn Fn(&gwapi_core::model::Address) -> bool| {
        indexed("spec.addresses", gateway.addresses.iter().position(wanted))
    };
    match refusal {
        Refusal::GatewayParameters { .. } => "spec.infrastructure.parametersRef".into(),
        Refusal::AddressTypeUnsupported { address_type } => address(&|one| one.kind.as_str() == address_type),
        Refusal::AddressNotUsable { value } => address(&|one| one.value.as_ref() == Some(value)),
        Refusal::AddressRoutabilityUnsupported { routability } => address(&|one| one.routability == *routability),
        Refusal::AddressNotAssigned => address(&|one| one.value.is_none()),
        _ => "spec".into(),
    }
}

fn listener_field(refusal: &Refusal) -> String {
    match refusal {
        Refusal::HostnameConflict { .. } => ".hostname".into(),
        Refusal::ProtocolConflict { .. } | Refusal::PortUnavailable { .. } => ".port".into(),
        Refusal::ProtocolUnsupported { .. } => ".protocol".into(),
        Refusal::TlsModeUnsupported { .. } => ".tls.mode".into(),
        Refusal::ListenerFilterUnsupported { index, .. } | Refusal::ListenerFilterInvalid { index, .. } => {
            format!(".filters.requests[{index}]")
        }
        _ => String::new(),
    }
}

/// The certificateRef that a refusal is about.
fn certificate(listener: &Listener, refusal: &Refusal) -> Option<usize> {
    let references = &listener.tls.as_ref()?.certificate_refs;
    references.iter().position(|one| match refusal {
        Refusal::CertificateInvalid { reference, .. } => one == reference,
        Refusal::RefNotPermitted { target, .. } => {
            (&one.group, &one.kind, Some(&one.namespace), &one.name)
                == (&target.group, &target.kind, target.namespace.as_ref(), &target.name)
        }
        _ => false,
    })
}

/// The field that a refusal of a rule names.
fn field_path(refusal: &Refusal) -> Option<String> {
    let (Refusal::FeatureUnsupported { path, .. }
    | Refusal::FieldUnsupported { path }
    | Refusal::IncompatibleFilters { path, .. }
    | Refusal::RepeatedFilter { path, .. }
    | Refusal::PrefixMatchMissing { path }) = refusal
    else {
        return None;
    };
    // Behind the path of an unsupported filter stands its type.
    Some(path.split(' ').next().unwrap_or_default().to_owned())
}
