//! BackendTLSPolicy (chapter N) and XBackendTrafficPolicy (P.3).

use alloc::{collections::BTreeSet, sync::Arc, vec::Vec};
use core::{ops::RangeInclusive, time::Duration};

use super::{Fields, Header, IssueCode, Node, backend_tls, refs, session};
use crate::{
    model::{
        BackendTlsPolicy, LocalObjectRef, MinRetryRate, Object, PolicyTarget, RetryBudget, RetryConstraint, XBackendTrafficPolicy,
    },
    name::{Namespace, ObjectKey},
};

pub(super) fn read_backend_tls(header: Header<'_>, root: &mut Fields<'_, '_>) -> Object {
    let namespace = header.namespace();
    let (spec, invalid) = root.spec(|fields| {
        let target_refs = read_targets(fields, &namespace, Sections::Allowed);
        // One name less would change what the certificate is held against (N-014).
        let validation = fields.required("validation", |node| node.sound(|node| backend_tls::read_validation(node, &namespace)));
        let options = fields.optional("options", Node::texts).unwrap_or_default();
        (target_refs, validation, options.into_iter().map(|(key, _)| Arc::from(key)).collect())
    });
    let (target_refs, validation, options) = spec.unwrap_or_default();
    Object::BackendTlsPolicy(Arc::new(BackendTlsPolicy { meta: header.meta, target_refs, validation, options, invalid }))
}

pub(super) fn read_traffic(header: Header<'_>, root: &mut Fields<'_, '_>) -> Object {
    let namespace = header.namespace();
    let (spec, invalid) = root.spec(|fields| {
        let target_refs = read_targets(fields, &namespace, Sections::Unknown);
        let retry_constraint = fields.optional("retryConstraint", |node| node.object(|fields| Some(read_constraint(fields))));
        let session_persistence = fields.optional("sessionPersistence", session::read);
        (target_refs, retry_constraint, session_persistence)
    });
    let (target_refs, retry_constraint, session_persistence) = spec.unwrap_or_default();
    Object::XBackendTrafficPolicy(Arc::new(XBackendTrafficPolicy {
        meta: header.meta,
        target_refs,
        retry_constraint,
        session_persistence,
        invalid,
    }))
}

/// Whether targets of a kind of policy can be parts of an object.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Sections {
    Allowed,
    Unknown,
}

/// N-002, P-019, P-037: what is named twice is meant once.
pub(super) fn read_targets(fields: &mut Fields<'_, '_>, namespace: &Namespace, sections: Sections) -> Vec<PolicyTarget> {
    let mut seen = BTreeSet::new();
    let targets = fields.required("targetRefs", |node| {
        node.list(|mut entry| {
            let target = read_target(entry.reborrow(), namespace, sections)?;
            if seen.insert(target.clone()) {
                return Some(target);
            }
            entry.remark(IssueCode::IgnoredDuplicate, "an entry before this one is the same: this one does not count", None);
            None
        })
    });
    targets.unwrap_or_default()
}

fn read_target(node: Node<'_, '_>, namespace: &Namespace, sections: Sections) -> Option<PolicyTarget> {
    node.object(|fields| {
        let section_name = match sections {
            // An empty name is what a client that knows no absence writes for the whole object.
            Sections::Allowed => fields.optional("sectionName", Node::text).filter(|name| !name.is_empty()).map(Into::into),
            Sections::Unknown => None,
        };
        let LocalObjectRef { group, kind, name } = refs::local_object(fields)?;
        let object = ObjectKey { group, kind, namespace: Some(namespace.clone()), name };
        Some(PolicyTarget { object, section_name })
    })
}

///
const HOUR: Duration = Duration::from_secs(3600);

fn read_constraint(fields: &mut Fields<'_, '_>) -> RetryConstraint {
    let budget = fields.optional("budget", |node| node.object(|fields| Some(read_budget(fields))));
    let min_retry_rate = fields.optional("minRetryRate", |node| node.object(|fields| Some(read_rate(fields))));
    RetryConstraint { budget: budget.unwrap_or_default(), min_retry_rate: min_retry_rate.unwrap_or_default() }
}

/// P-020: each field has a default of its own.
fn read_budget(fields: &mut Fields<'_, '_>) -> RetryBudget {
    let default = RetryBudget::default();
    let percent = fields.optional("percent", |node| node.number(0..=100));
    let interval = fields.optional("interval", |node| within(node, Duration::from_secs(1)..=HOUR));
    RetryBudget { percent: percent.unwrap_or(default.percent), interval: interval.unwrap_or(default.interval) }
}

/// P-021: no field has.
fn read_rate(fields: &mut Fields<'_, '_>) -> MinRetryRate {
    let count = fields.optional("count", |node| node.number(1..=1_000_000));
    let interval = fields.optional("interval", |node| within(node, Duration::from_millis(1)..=HOUR));
    MinRetryRate { count, interval }
}

fn within(mut node: Node<'_, '_>, range: RangeInclusive<Duration>) -> Option<Duration> {
    let duration = node.reborrow().duration()?;
    if range.contains(&duration) {
        return Some(duration);
    }
    let canonical = crate::duration::Canonical;
    let why = alloc::format!("is not from {} to {}", canonical(*range.start()), canonical(*range.end()));
    node.fault(IssueCode::InvalidValue, why, None);
    None
}
