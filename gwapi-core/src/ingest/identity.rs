//! What every object has: apiVersion, kind and metadata.

use alloc::vec::Vec;

use super::{Fields, Node, kinds::Scope};
use crate::{
    model::ObjectMeta,
    name::{Namespace, ObjectKey, ObjectName},
    time::Timestamp,
};

/// The namespace of an object that names none, as for `kubectl`.
const DEFAULT_NAMESPACE: &str = "default";

/// What kind of object it is.
pub(super) struct TypeMeta<'v> {
    pub(super) group: &'v str,
    pub(super) version: &'v str,
    pub(super) kind: &'v str,
}

/// Reads `apiVersion` and `kind`.
pub(super) fn read_type<'v>(root: &mut Fields<'v, '_>) -> Option<TypeMeta<'v>> {
    let api_version = root.required("apiVersion", |node| node.parsed(split_api_version));
    let kind = root.required("kind", |node| node.name::<&str>());
    let (group, version) = api_version?;
    Some(TypeMeta { group, version, kind: kind? })
}

#[derive(Debug, thiserror::Error)]
#[error("an apiVersion is `group/version`, or `v1` for the core group")]
struct ApiVersionError;

fn split_api_version(text: &str) -> Result<(&str, &str), ApiVersionError> {
    let (group, version) = text.split_once('/').unwrap_or(("", text));
    let core = !text.contains('/');
    let sound = !version.is_empty() && !version.contains('/') && (core || !group.is_empty());
    sound.then_some((group, version)).ok_or(ApiVersionError)
}

/// What is known of an object before its fields are read.
#[derive(Clone)]
pub(super) struct Header<'v> {
    pub(super) meta: ObjectMeta,
    /// The version of the apiVersion: some differ in what they admit.
    pub(super) version: &'v str,
    pub(super) labels: Vec<(&'v str, &'v str)>,
}

impl Header<'_> {
    /// The namespace that references without one mean.
    pub(super) fn namespace(&self) -> Namespace {
        self.meta.key.namespace.clone().unwrap_or_else(|| Namespace::new(""))
    }
}

/// Reads `metadata`. Nothing if the object cannot be told from others.
pub(super) fn read_metadata<'v>(root: &mut Fields<'v, '_>, names: &TypeMeta<'v>, scope: Scope) -> Option<Header<'v>> {
    root.required("metadata", |node| node.object(|fields| read_fields(fields, names, scope)))
}

fn read_fields<'v>(fields: &mut Fields<'v, '_>, names: &TypeMeta<'v>, scope: Scope) -> Option<Header<'v>> {
    let name: Option<ObjectName> = fields.required("name", Node::name);
    let namespace = read_namespace(fields, scope);
    let generation = fields.optional("generation", |node| node.number(0..=i64::MAX)).unwrap_or_default();
    let created = fields.optional("creationTimestamp", |node| node.parsed(parse_timestamp));
    let labels = fields.optional("labels", Node::texts).unwrap_or_default();
    fields.optional("annotations", Node::texts);
    fields.ignore(&[
        "generateName",
        "uid",
        "resourceVersion",
        "managedFields",
        "ownerReferences",
        "finalizers",
        "deletionTimestamp",
        "deletionGracePeriodSeconds",
        "selfLink",
        "clusterName",
    ]);
    let key = ObjectKey { group: names.group.into(), kind: names.kind.into(), namespace: namespace?, name: name? };
    Some(Header { meta: ObjectMeta { key, generation, created }, version: names.version, labels })
}

/// The namespace, as the scope has it; nothing at all if it cannot be read, which differs from having none.
fn read_namespace(fields: &mut Fields<'_, '_>, scope: Scope) -> Option<Option<Namespace>> {
    let given = match fields.get("namespace") {
        // The API server clears it.
        _ if scope == Scope::Cluster => return Some(None),
        None => None,
        Some(node) => Some(node.text()?).filter(|text| !text.is_empty()),
    };
    let default = (scope == Scope::Namespaced).then_some(DEFAULT_NAMESPACE);
    Some(given.or(default).map(Namespace::new))
}

#[derive(Debug, thiserror::Error)]
#[error("not a time as RFC 3339 writes it, such as `2026-10-29T12:00:00Z`")]
struct TimestampError;

fn parse_timestamp(text: &str) -> Result<Timestamp, TimestampError> {
    Timestamp::parse(text).ok_or(TimestampError)
}
