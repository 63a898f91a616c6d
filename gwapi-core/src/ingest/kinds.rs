//! Which kinds there are, and who reads them.

use alloc::{format, string::String, vec::Vec};

use super::{
    Fields, Header, IssueCode, gateway, gateway_class, http_route,
    identity::{self, TypeMeta},
    kubernetes,
    nearest::nearest,
    reference_grant, secret,
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
const X: &[&str] = &["v1alpha1"];

const KINDS: &[Kind] = &[
    Kind::read(GATEWAY_GROUP, "GatewayClass", V1_BETA, Cluster, gateway_class::read),
    Kind::read(GATEWAY_GROUP, "Gateway", V1_BETA, Namespaced, gateway::read),
    Kind::read(GATEWAY_GROUP, "HTTPRoute", V1_BETA, Namespaced, http_route::read),
    Kind::read(GATEWAY_GROUP, "ReferenceGrant", V1_BETA, Namespaced, reference_grant::read),
    Kind::read(CORE_GROUP, "Namespace", V1, Cluster, kubernetes::read_namespace),
    Kind::read(CORE_GROUP, "Service", V1, Namespaced, kubernetes::read_service),
    Kind::read(CORE_GROUP, "Secret", V1, Namespaced, secret::read_secret),
    Kind::read(CORE_GROUP, "ConfigMap", V1, Namespaced, secret::read_config_map),
    Kind::name_only(GATEWAY_GROUP, "GRPCRoute", V1, Namespaced),
    Kind::name_only(GATEWAY_GROUP, "TLSRoute", &["v1", "v1alpha3", "v1alpha2"], Namespaced),
    Kind::name_only(GATEWAY_GROUP, "TCPRoute", &["v1", "v1alpha2"], Namespaced),
    Kind::name_only(GATEWAY_GROUP, "UDPRoute", &["v1", "v1alpha2"], Namespaced),
    Kind::name_only(GATEWAY_GROUP, "ListenerSet", V1, Namespaced),
    Kind::name_only(GATEWAY_GROUP, "BackendTLSPolicy", &["v1", "v1alpha3"], Namespaced),
    Kind::name_only(GATEWAY_X_GROUP, "XBackend", X, Namespaced),
    Kind::name_only(GATEWAY_X_GROUP, "XBackendTrafficPolicy", X, Namespaced),
    Kind::name_only(GATEWAY_X_GROUP, "XListenerSet", X, Namespaced),
    Kind::name_only(GATEWAY_X_GROUP, "XMesh", X, Cluster),
    Kind::name_only(GATEWAY_X_GROUP, "XTelemetryPolicy", X, Namespaced),
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

fn read_known(root: &mut Fields<'_, '_>, names: &TypeMeta<'_>, known: &Kind) -> Option<Object> {
    if known.group == CORE_GROUP {
        root.tolerate_unknown();
    }
    let header = identity::read_metadata(root, names, known.scope);
    let (Some(header), Some(read)) = (&header, known.read) else {
        root.ignore_the_rest();
        if known.read.is_none() {
            report_not_supported(root, names);
        }
        return header.map(|header| Object::Other(header.meta.key));
    };
    // Controllers write it, and it is never what decides.
    root.ignore(&["status"]);
    Some(read(header.clone(), root))
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
    let elsewhere = KINDS.iter().find(|known| known.kind == names.kind && known.group != CORE_GROUP);
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
