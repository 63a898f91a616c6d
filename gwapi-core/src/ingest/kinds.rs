//! Which kinds there are, and who reads them.

use alloc::{format, string::String, vec::Vec};

use super::{
    Fields, Header, IssueCode, gateway, gateway_class, grpc_route, http_route,
    identity::{self, TypeMeta},
    kubernetes, l4_route, listener,
    nearest::nearest,
    policy, reference_grant, secret, telemetry, x_backend,
};
use crate::{
    model::Object,
    name::{CORE_GROUP, GATEWAY_GROUP, GATEWAY_X_GROUP},
};

/// A kind that we know of.
struct Kind {
    group: &'static str,
    kind: &'static str,
    /// The versions that v1.6 or v1.7 serve in one of the channels; the one to use first.
    versions: &'static [&'static str],
    scope: Scope,
    /// Nothing for a kind that only references can find.
    read: Option<Reader>,
}

type Reader = fn(Header<'_>, &mut Fields<'_, '_>) -> Object;

/// Whether objects of a kind live in namespaces.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Scope {
    Cluster,
    Namespaced,
    /// Whatever the object says.
    Unknown,
}

use Scope::{Cluster, Namespaced};

const V1: &[&str] = &["v1"];
const V1_BETA: &[&str] = &["v1", "v1beta1"];
const V1_ALPHA2: &[&str] = &["v1", "v1alpha2"];
const V1_ALPHA3: &[&str] = &["v1", "v1alpha3"];
const V1_ALPHA32: &[&str] = &["v1", "v1alpha3", "v1alpha2"];
const V1_BETA_ALPHA: &[&str] = &["v1", "v1beta1", "v1alpha1"];
const BETA_ALPHA: &[&str] = &["v1beta1", "v1alpha1"];
const ALPHA: &[&str] = &["v1alpha1"];

/// The group of ClusterTrustBundle.
pub(super) const CERTIFICATES_GROUP: &str = "certificates.k8s.io";
/// The group of ServiceImport.
const MULTICLUSTER_GROUP: &str = "multicluster.x-k8s.io";

const KINDS: &[Kind] = &[
    Kind::read(GATEWAY_GROUP, "GatewayClass", V1_BETA, Cluster, gateway_class::read),
    Kind::read(GATEWAY_GROUP, "Gateway", V1_BETA, Namespaced, gateway::read),
    Kind::read(GATEWAY_GROUP, "HTTPRoute", V1_BETA, Namespaced, http_route::read),
    Kind::read(GATEWAY_GROUP, "ReferenceGrant", V1_BETA, Namespaced, reference_grant::read),
    Kind::read(GATEWAY_GROUP, "GRPCRoute", V1, Namespaced, grpc_route::read),
    Kind::read(GATEWAY_GROUP, "TLSRoute", V1_ALPHA32, Namespaced, l4_route::read_tls),
    Kind::read(GATEWAY_GROUP, "TCPRoute", V1_ALPHA2, Namespaced, l4_route::read_tcp),
    Kind::read(GATEWAY_GROUP, "UDPRoute", V1_ALPHA2, Namespaced, l4_route::read_udp),
    Kind::read(GATEWAY_GROUP, "ListenerSet", V1, Namespaced, listener::read_set),
    Kind::read(GATEWAY_GROUP, "BackendTLSPolicy", V1_ALPHA3, Namespaced, policy::read_backend_tls),
    Kind::read(GATEWAY_X_GROUP, "XBackend", ALPHA, Namespaced, x_backend::read),
    Kind::read(GATEWAY_X_GROUP, "XBackendTrafficPolicy", ALPHA, Namespaced, policy::read_traffic),
    Kind::read(GATEWAY_X_GROUP, "XMesh", ALPHA, Cluster, gateway_class::read_mesh),
    Kind::read(GATEWAY_X_GROUP, "XTelemetryPolicy", ALPHA, Namespaced, telemetry::read),
    // The ListenerSet of before v1.5.
    Kind::name_only(GATEWAY_X_GROUP, "XListenerSet", ALPHA, Namespaced),
    Kind::read(CORE_GROUP, "Namespace", V1, Cluster, kubernetes::read_namespace),
    Kind::read(CORE_GROUP, "Service", V1, Namespaced, kubernetes::read_service),
    Kind::read(CORE_GROUP, "Secret", V1, Namespaced, secret::read_secret),
    Kind::read(CORE_GROUP, "ConfigMap", V1, Namespaced, secret::read_config_map),
    Kind::read(CERTIFICATES_GROUP, "ClusterTrustBundle", V1_BETA_ALPHA, Cluster, secret::read_trust_bundle),
    Kind::read(MULTICLUSTER_GROUP, "ServiceImport", BETA_ALPHA, Namespaced, kubernetes::read_service_import),
];

impl Kind {
    const fn read(
        group: &'static str,
        kind: &'static str,
        versions: &'static [&'static str],
        scope: Scope,
        read: Reader,
    ) -> Self {
        Self { group, kind, versions, scope, read: Some(read) }
    }

    const fn name_only(group: &'static str, kind: &'static str, versions: &'static [&'static str], scope: Scope) -> Self {
        Self { group, kind, versions, scope, read: None }
    }

    /// Whether it is a kind of the Gateway API: only there an unknown field can widen what is served.
    fn is_ours(&self) -> bool {
        matches!(self.group, GATEWAY_GROUP | GATEWAY_X_GROUP)
    }
}

/// Reads an object of whatever kind.
pub(super) fn read(root: &mut Fields<'_, '_>) -> Option<Object> {
    let Some(names) = identity::read_type(root) else {
        root.ignore_the_rest();
        return None;
    };
    let known = KINDS.iter().find(|known| known.group == names.group && known.kind == names.kind);
    match known {
        Some(known) if !known.versions.contains(&names.version) => {
            root.ignore_the_rest();
            report_unknown_version(root, &names, known);
            None
        }
        Some(known) => read_known(root, &names, known),
        None if matches!(names.group, GATEWAY_GROUP | GATEWAY_X_GROUP) => {
            root.ignore_the_rest();
            report_unknown_kind(root, &names);
            None
        }
        None => {
            root.say_nothing();
            let header = identity::read_metadata(root, &names, Scope::Unknown)?;
            Some(Object::Other(header.meta.key))
        }
    }
}

fn read_known<'v>(root: &mut Fields<'v, '_>, names: &TypeMeta<'v>, known: &Kind) -> Option<Object> {
    if !known.is_ours() {
        root.tolerate_unknown();
    }
    let header = identity::read_metadata(root, names, known.scope);
    let Some(read) = known.read else {
        root.ignore_the_rest();
        report_not_supported(root, names);
        return header.map(|header| Object::Other(header.meta.key));
    };
    let Some(header) = header else {
        root.ignore_the_rest();
        return None;
    };
    // Controllers write it, and it is never what decides.
    root.ignore(&["status"]);
    Some(read(header, root))
}

fn report_not_supported(root: &mut Fields<'_, '_>, names: &TypeMeta<'_>) {
    let what = format!("objects of kind `{}` are not supported and have no effect", names.kind);
    root.remark_at("kind", IssueCode::KindNotSupported, what, None);
}

fn report_unknown_version(root: &mut Fields<'_, '_>, names: &TypeMeta<'_>, known: &Kind) {
    let what = format!("version `{}` of {} is not served", names.version, names.kind);
    let best = known.versions.first().map(|version| api_version(known.group, version));
    root.remark_at("apiVersion", IssueCode::UnknownVersion, what, best);
}

fn report_unknown_kind(root: &mut Fields<'_, '_>, names: &TypeMeta<'_>) {
    let elsewhere = KINDS.iter().find(|known| known.kind == names.kind && known.is_ours());
    let what = format!("group `{}` has no kind `{}`", names.group, names.kind);
    if let Some(known) = elsewhere {
        let best = known.versions.first().map(|version| api_version(known.group, version));
        return root.remark_at("apiVersion", IssueCode::UnknownKind, what, best);
    }
    let of_group: Vec<&str> = KINDS.iter().filter(|known| known.group == names.group).map(|known| known.kind).collect();
    root.remark_at("kind", IssueCode::UnknownKind, what, nearest(names.kind, of_group));
}

fn api_version(group: &str, version: &str) -> String {
    if group.is_empty() { version.into() } else { format!("{group}/{version}") }
}
