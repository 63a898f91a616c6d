//! What would mend a refusal: the one place where advice is given.

use gwapi_core::{
    Refusal,
    model::{ParentRef, group_kind},
    refusal::{CaFault, CertificateFault, NamespaceFault, ParametersFault},
    resolution::Unclaimed,
};

/// What would mend a refusal, if anything in the manifests does.
#[must_use]
pub fn fix(refusal: &Refusal) -> Option<String> {
    Some(match refusal {
        Refusal::ClassParameters { object, why } => parameters("parametersRef", &object.to_string(), *why),
        Refusal::GatewayParameters { reference, why } => {
            parameters("infrastructure.parametersRef", &format!("{} {}", reference.kind, reference.name), *why)
        }
        Refusal::AddressTypeUnsupported { .. } => "use the type `IPAddress` or `Hostname`".into(),
        Refusal::AddressNotUsable { value } => format!("ask for an address that the environment has, or leave `{value}` out"),
        Refusal::AddressNotAssigned => "ask for an address with a value, or leave `addresses` out".into(),
        Refusal::AddressRoutabilityUnsupported { .. } => "leave `routability` out".into(),
        Refusal::GatewayInvalid { invalid }
        | Refusal::ListenerInvalid { invalid }
        | Refusal::ListenerSetInvalid { invalid }
        | Refusal::PolicyInvalid { invalid }
        | Refusal::XBackendInvalid { invalid }
        | Refusal::RuleInvalid { invalid } => format!("correct `{}`", invalid.path),
        Refusal::HostnameConflict { .. } => "give each listener of the port another hostname, or remove all but one".into(),
        Refusal::ProtocolConflict { .. } => "move the listener to a port of its own".into(),
        Refusal::ProtocolUnsupported { .. } => {
            "use `HTTP`, `HTTPS`, `TLS`, `TCP` or `UDP`, as far as the implementation has them".into()
        }
        Refusal::TlsModeUnsupported { .. } => {
            "use `mode: Terminate` with protocol `HTTPS`, or `mode: Passthrough` with protocol `TLS`".into()
        }
        Refusal::PortUnavailable { .. } => "use a port that is free".into(),
        Refusal::ListenerFilterUnsupported { .. } => "remove the filter".into(),
        Refusal::RouteKindUnsupported { .. } => {
            "list kinds that go with the protocol, such as `HTTPRoute`, or leave `kinds` out".into()
        }
        Refusal::TlsConfigMissing { .. } => "add `tls.certificateRefs` with a Secret of type `kubernetes.io/tls`".into(),
        Refusal::CertificateInvalid { why, .. } => certificate(why),
        Refusal::RefNotPermitted { from_kind, from_namespace, target } => {
            let (namespace, kind) = (target.namespace_str(), group_kind(&target.group, &target.kind));
            format!(
                "add a ReferenceGrant in namespace `{namespace}` from {from_kind} of namespace `{from_namespace}` to {kind} `{}`",
                target.name
            )
        }
        Refusal::ListenerFilterInvalid { .. } => "correct or remove the filter".into(),
        Refusal::ListenerFilterRef { .. } => "correct what the filter refers to, or remove it".into(),
        Refusal::CaCertificateInvalid { why, .. } => authority(why),
        Refusal::NoValidCaCertificate => "refer to a ConfigMap that has certificates in PEM under `ca.crt`".into(),
        Refusal::ClientTrustUnresolved { gateway } => format!("mend `spec.tls.frontend` of the {gateway}"),
        Refusal::ClientCertificateInvalid { why, .. } => certificate(why),
        Refusal::ListenerSetNotAllowed { gateway, namespace, .. } => {
            format!("let `allowedListeners.namespaces` of the {gateway} admit namespace `{namespace}`")
        }
        Refusal::ParentNotAccepted { gateway } | Refusal::ParentNotProgrammed { gateway } => {
            format!("mend the {gateway} first; its own finding says how")
        }
        Refusal::WellKnownCaUnsupported { .. } => "use `System`, or `caCertificateRefs`".into(),
        Refusal::PolicyConflict { with, .. } => format!("remove the target, or that of the {with}"),
        Refusal::TargetNotFound { .. } => {
            "add the target, or correct its name; a target is in the namespace of the policy".into()
        }
        Refusal::TargetUnsupported { .. } => "use a target of a kind that the policy is for".into(),
        Refusal::MeshServiceUnsupported { .. } => "use a Service with an address of its own and endpoints".into(),
        Refusal::MeshKindConflict { winner, .. } => format!("make it one of the {winner}s, or use another port"),
        Refusal::BackendNotLocal { .. } => "move it to the namespace of the route; no grant permits it".into(),
        Refusal::BackendInvalid { backend, .. } => format!("correct the {}", backend.object()),
        Refusal::BackendTlsUnavailable { .. } => "mend the BackendTLSPolicy; nothing is sent without TLS".into(),
        Refusal::BackendKindUnsupported { .. } => "refer to a Service".into(),
        Refusal::BackendNotFound { backend } => {
            format!("add the {}, or correct the name or namespace of the reference", backend.object())
        }
        Refusal::BackendPortNotFound { backend } if backend.port.is_none() => {
            format!("add `port`, one of those of the {}", backend.object())
        }
        Refusal::BackendPortNotFound { backend } => format!("refer to a port of the {}, or add the port to it", backend.object()),
        Refusal::BackendExternalName { .. } => "refer to a Service of type ClusterIP with endpoints of its own".into(),
        Refusal::BackendProtocolUnsupported { route_kind, .. } => {
            format!("change `appProtocol` of the port, or use a port that {route_kind} can send to")
        }
        Refusal::ExtensionUnsupported { .. } => "remove the filter: its requests are answered with an error".into(),
        Refusal::NoListenerSelected { parent_ref } => listener_missing(parent_ref),
        Refusal::ParentRefPortUnsupported => "name the listener with `sectionName` instead".into(),
        Refusal::NamespaceNotAllowed { namespace, why, .. } => namespace_fault(namespace.as_str(), why),
        Refusal::KindNotAllowed { kind, .. } => {
            format!("add `{kind}` to `allowedRoutes.kinds`, or use a listener whose protocol carries it")
        }
        Refusal::ListenerNotAccepted { listener } => format!("mend listener `{listener}` first; its own finding says how"),
        Refusal::NoMatchingHostname { hostname, .. } => {
            format!("add a hostname that `{hostname}` covers, or widen that of the listener")
        }
        Refusal::FeatureUnsupported { feature, .. } => {
            format!("remove the field, or declare {feature} if the implementation has it")
        }
        Refusal::FieldUnsupported { .. } => "remove the field".into(),
        Refusal::IncompatibleFilters { first, second, .. } => {
            format!("keep {first} or {second}, or move one of them to another rule")
        }
        Refusal::RepeatedFilter { filter, .. } => format!("put what they do into one {filter}"),
        Refusal::PrefixMatchMissing { .. } => "use ReplaceFullPath, or make every match of the rule a PathPrefix".into(),
        _ => return None,
    })
}

/// What would make something our business, if anything in the manifests does.
#[must_use]
pub fn fix_unclaimed(unclaimed: &Unclaimed) -> Option<String> {
    Some(match unclaimed {
        Unclaimed::NotFound { parent } => format!("add the {parent}, or correct the name or namespace of the parentRef"),
        Unclaimed::KindUnsupported { .. } => "refer to a Gateway, a ListenerSet or, in a mesh, a Service".into(),
        Unclaimed::NoClass { class, .. } => format!("add GatewayClass `{class}`, or correct `gatewayClassName`"),
        Unclaimed::OtherController { .. } => "if it should be ours, use a class of ours; else nothing is wrong".into(),
        Unclaimed::ClassNotAccepted { class, .. } => format!("mend GatewayClass `{class}` first; its own finding says how"),
        _ => return None,
    })
}

fn parameters(field: &str, object: &str, why: ParametersFault) -> String {
    match why {
        ParametersFault::NotFound => format!("add the {object}, or correct `{field}`"),
        _ => format!("remove `{field}`"),
    }
}

fn certificate(why: &CertificateFault) -> String {
    match why {
        CertificateFault::KindUnsupported => "refer to a Secret of the core group".into(),
        CertificateFault::NotFound => "add the Secret, or correct the name or namespace of the reference".into(),
        CertificateFault::WrongType(_) => "create the Secret anew with type `kubernetes.io/tls`".into(),
        CertificateFault::Missing(key) => format!("add `{key}` to the Secret"),
        CertificateFault::Mismatch => "put the certificate and the key that belong together into the Secret".into(),
        _ => "put a certificate and its key in PEM into the Secret".into(),
    }
}

fn authority(why: &CaFault) -> String {
    match why {
        CaFault::KindUnsupported => "refer to a ConfigMap of the core group".into(),
        CaFault::NotFound => "add the object, or correct the reference".into(),
        _ => "put certificates in PEM under `ca.crt`".into(),
    }
}

fn namespace_fault(namespace: &str, why: &NamespaceFault) -> String {
    match why {
        NamespaceFault::NotSame(own) => {
            format!(
                "move the route to namespace `{own}`, or set `allowedRoutes.namespaces.from` of the listener to `All` or `Selector`"
            )
        }
        NamespaceFault::NotSelected => format!("label namespace `{namespace}` as the selector asks, or widen the selector"),
        NamespaceFault::NoSelector => "add a selector to `allowedRoutes.namespaces`".into(),
        _ => "use `All`, `Same` or `Selector`".into(),
    }
}

fn listener_missing(parent_ref: &ParentRef) -> String {
    let what = match (&parent_ref.section_name, parent_ref.port) {
        (Some(_), Some(_)) => "`sectionName` or `port`",
        (None, Some(_)) => "`port`",
        _ => "`sectionName`",
    };
    let missing = if parent_ref.kind == "Service" { "port" } else { "listener" };
    format!("correct {what} of the parentRef, or add such a {missing} to the {}", parent_ref.object())
}
