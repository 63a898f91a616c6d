//! XTelemetryPolicy (P.7).

use alloc::{boxed::Box, collections::BTreeSet, sync::Arc, vec::Vec};

use super::{
    Fields, Header, IssueCode, Node,
    cursor::Variant,
    filter,
    policy::{self, Sections},
    refs,
};
use crate::{
    model::{
        BackendObjectRef, Fraction, HeaderName, HeaderValue, Object, ParentBasedSampling, SpanAttribute, SpanAttributeValue,
        Tracer, Tracing, XTelemetryPolicy,
    },
    name::Namespace,
};

/// The longest names and values, in characters.
const MAX_SERVICE: usize = 253;
const MAX_NAME: usize = 256;
const MAX_LITERAL: usize = 1024;

pub(super) fn read(header: Header<'_>, root: &mut Fields<'_, '_>) -> Object {
    let namespace = header.namespace();
    let (spec, invalid) = root.spec(|fields| {
        let target_refs = policy::read_targets(fields, &namespace, Sections::Unknown);
        // A fault anywhere in it leaves none: what a mode that cannot be read was taken for does not matter.
        let tracing = fields.required("tracing", |node| node.sound(|node| read_tracing(node, &namespace)));
        (target_refs, tracing)
    });
    let (target_refs, tracing) = spec.unwrap_or_default();
    Object::XTelemetryPolicy(Arc::new(XTelemetryPolicy { meta: header.meta, target_refs, tracing, invalid }))
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Mode {
    Enabled,
    Disabled,
    ImplementationDefault,
}

/// P-039, P-041: `mode` of tracing and of sampling by the parent; nothing if it cannot be read.
fn read_mode(fields: &mut Fields<'_, '_>) -> Option<Mode> {
    let modes =
        [("Enabled", Mode::Enabled), ("Disabled", Mode::Disabled), ("ImplementationDefault", Mode::ImplementationDefault)];
    fields.get("mode").map_or(Some(Mode::ImplementationDefault), |node| node.one_of(&modes))
}

fn read_tracing(node: Node<'_, '_>, namespace: &Namespace) -> Option<Tracing> {
    node.object(|fields| {
        let mode = read_mode(fields);
        if matches!(mode, None | Some(Mode::Enabled)) {
            return read_tracer(fields, namespace).map(Box::new).map(Tracing::Enabled);
        }
        only_when_enabled(fields, &["provider", "samplingRate", "parentBasedSampling", "serviceName", "spanName", "attributes"]);
        Some(if mode == Some(Mode::Disabled) { Tracing::Disabled } else { Tracing::ImplementationDefault })
    })
}

fn only_when_enabled(fields: &mut Fields<'_, '_>, names: &[&'static str]) {
    for name in names {
        if let Some(mut node) = fields.get(name) {
            node.fault(IssueCode::InvalidValue, "goes with `mode: Enabled` only", None);
        }
    }
}

fn read_tracer(fields: &mut Fields<'_, '_>, namespace: &Namespace) -> Option<Tracer> {
    let provider = fields.required("provider", |node| node.object(|fields| read_provider(fields, namespace)));
    let sampling_rate = fields.optional("samplingRate", filter::read_fraction);
    let parent_based_sampling = fields.optional("parentBasedSampling", |node| node.object(read_parent_based));
    let service_name = fields.optional("serviceName", |node| read_word(node, MAX_SERVICE, is_name));
    let span_name = fields.optional("spanName", |node| read_word(node, MAX_NAME, |text| text.split(' ').all(is_name)));
    let mut seen = BTreeSet::new();
    let attributes = fields.list("attributes", |mut node| {
        let attribute = read_attribute(node.reborrow())?;
        let is_new = seen.insert(attribute.name.clone());
        if !is_new {
            node.fault(IssueCode::DuplicateName, "an entry before this one has the same name", None);
        }
        is_new.then_some(attribute)
    });
    let (backend, headers) = provider?;
    Some(Tracer {
        backend,
        headers,
        sampling_rate,
        parent_based_sampling: parent_based_sampling.unwrap_or_default(),
        service_name,
        span_name,
        attributes,
    })
}

fn read_provider(fields: &mut Fields<'_, '_>, namespace: &Namespace) -> Option<(BackendObjectRef, Vec<HeaderValue>)> {
    let headers = filter::read_export_headers(fields, "headers");
    let backend = fields.required("backendRef", |node| refs::backend(node, namespace))?;
    Some((backend, headers))
}

/// P-041.
fn read_parent_based(fields: &mut Fields<'_, '_>) -> Option<ParentBasedSampling> {
    let mode = read_mode(fields);
    if matches!(mode, None | Some(Mode::Enabled)) {
        let rate: Option<Fraction> = fields.optional("samplingRate", filter::read_fraction);
        return Some(ParentBasedSampling::Enabled(rate));
    }
    only_when_enabled(fields, &["samplingRate"]);
    let is_disabled = mode == Some(Mode::Disabled);
    Some(if is_disabled { ParentBasedSampling::Disabled } else { ParentBasedSampling::ImplementationDefault })
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Source {
    Header,
    Literal,
    Attribute,
}

impl Variant for Source {
    fn word(self) -> &'static str {
        match self {
            Self::Header => "Header",
            Self::Literal => "Literal",
            Self::Attribute => "Attribute",
        }
    }

    fn field(self) -> &'static str {
        match self {
            Self::Header => "headerName",
            Self::Literal => "literalValue",
            Self::Attribute => "attributeKey",
        }
    }
}

/// P-042.
fn read_attribute(node: Node<'_, '_>) -> Option<SpanAttribute> {
    node.object(|fields| {
        let name = fields.required("name", |node| read_word(node, MAX_NAME, is_name));
        let own = fields.variant("sourceType", None, &[Source::Header, Source::Literal, Source::Attribute])?;
        let value = fields.required(own.field(), |node| match own {
            Source::Header => node.parsed(HeaderName::parse).map(SpanAttributeValue::Header),
            Source::Literal => node.limited(1..=MAX_LITERAL).map(|text| SpanAttributeValue::Literal(text.into())),
            Source::Attribute => read_word(node, MAX_NAME, is_key).map(SpanAttributeValue::Attribute),
        });
        Some(SpanAttribute { name: name?, value: value? })
    })
}

fn read_word(mut node: Node<'_, '_>, longest: usize, is_word: fn(&str) -> bool) -> Option<Arc<str>> {
    let text = node.reborrow().limited(1..=longest)?;
    if !is_word(text) {
        node.fault(IssueCode::InvalidValue, "has a character that cannot stand here", None);
        return None;
    }
    Some(text.into())
}

///
fn is_name(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"_.:/-".contains(&b))
}

///
fn is_key(text: &str) -> bool {
    text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"_.-".contains(&b))
}
