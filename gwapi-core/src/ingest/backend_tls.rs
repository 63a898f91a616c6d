//! How backends prove who they are: `validation` of BackendTLSPolicy and XBackend (N-007 to N-015).

use alloc::{sync::Arc, vec::Vec};

use super::{IssueCode, Node, cursor::Variant, refs};
use crate::{
    model::{BackendTlsValidation, CaCertificates, SubjectAltName},
    name::{Namespace, ObjectKey},
};

///
const MAX_TEXT: usize = 253;

pub(super) fn read_validation(mut node: Node<'_, '_>, namespace: &Namespace) -> Option<BackendTlsValidation> {
    let (references, well_known, hostname, subject_alt_names) = node.reborrow().object(|fields| {
        let references = fields.list("caCertificateRefs", |node| refs::local_ca_certificates(node, namespace));
        let well_known = fields.get("wellKnownCACertificates").filter(|node| !node.is_text(""));
        let well_known = well_known.and_then(|node| node.limited(1..=MAX_TEXT)).map(Arc::from);
        let hostname = fields.required("hostname", Node::precise_hostname);
        let subject_alt_names = fields.list("subjectAltNames", read_name);
        Some((references, well_known, hostname, subject_alt_names))
    })?;
    let ca_certificates = one_source(node, references, well_known)?;
    Some(BackendTlsValidation { hostname: hostname?, ca_certificates, subject_alt_names })
}

/// N-007: exactly one of the two. Standard CRDs and v1.6 let an empty list or text stand for none.
fn one_source(mut node: Node<'_, '_>, references: Vec<ObjectKey>, well_known: Option<Arc<str>>) -> Option<CaCertificates> {
    match (node.asks_for("caCertificateRefs"), node.asks_for("wellKnownCACertificates")) {
        (true, false) => (!references.is_empty()).then_some(CaCertificates::Refs(references)),
        (false, true) => well_known.map(CaCertificates::WellKnown),
        _ => {
            let why = "needs one of `caCertificateRefs` and `wellKnownCACertificates`, and not both";
            node.fault(IssueCode::InvalidValue, why, None);
            None
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum NameType {
    Hostname,
    Uri,
}

impl Variant for NameType {
    fn word(self) -> &'static str {
        match self {
            Self::Hostname => "Hostname",
            Self::Uri => "URI",
        }
    }

    fn field(self) -> &'static str {
        match self {
            Self::Hostname => "hostname",
            Self::Uri => "uri",
        }
    }
}

/// N-015.
fn read_name(node: Node<'_, '_>) -> Option<SubjectAltName> {
    node.object(|fields| {
        let own = fields.variant("type", None, &[NameType::Hostname, NameType::Uri])?;
        fields.required(own.field(), |node| match own {
            NameType::Hostname => node.hostname().map(SubjectAltName::Hostname),
            NameType::Uri => read_uri(node).map(SubjectAltName::Uri),
        })
    })
}

/// `scheme://authority` and whatever follows.
fn read_uri(mut node: Node<'_, '_>) -> Option<Arc<str>> {
    let uri = node.reborrow().limited(1..=MAX_TEXT)?;
    let scheme = uri.split_once("://").map(|(scheme, _)| scheme);
    if scheme.is_none_or(|scheme| scheme.is_empty() || scheme.contains(['/', '?', '#', ':'])) {
        node.fault(IssueCode::InvalidValue, "a URI is `scheme://authority` and what follows", None);
        return None;
    }
    Some(uri.into())
}
