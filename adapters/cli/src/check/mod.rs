//! What there is to say about an input: what reading it found, what does not take effect, and what is likely wrong.

use std::collections::BTreeSet;

use gwapi_core::{Resolution, name::ObjectKey};
use gwapi_manifest::{Finding, Place, Severity, sort};

use crate::input::Input;

mod reach;
mod refusals;
mod server;
mod usage;
mod words;

pub use server::Channels;

pub(crate) mod codes {
    pub(crate) const BACKEND_NOT_ACCEPTED: &str = "backend-not-accepted";
    pub(crate) const BROKEN_RULE: &str = "broken-rule";
    pub(crate) const CLASS_NOT_ACCEPTED: &str = "class-not-accepted";
    pub(crate) const DUPLICATE_ENTRY: &str = "duplicate-entry";
    pub(crate) const DUPLICATE_RULE_NAME: &str = "duplicate-rule-name";
    pub(crate) const GATEWAY_NOT_ACCEPTED: &str = "gateway-not-accepted";
    pub(crate) const GATEWAY_NOT_PROGRAMMED: &str = "gateway-not-programmed";
    pub(crate) const KIND_NOT_SERVED: &str = "kind-not-served";
    pub(crate) const LISTENER_NOT_ACCEPTED: &str = "listener-not-accepted";
    pub(crate) const LISTENER_NOT_PROGRAMMED: &str = "listener-not-programmed";
    pub(crate) const LISTENER_SET_NOT_ACCEPTED: &str = "listener-set-not-accepted";
    pub(crate) const MESH_NOT_ACCEPTED: &str = "mesh-not-accepted";
    pub(crate) const NO_CLASS: &str = "no-class";
    pub(crate) const NO_ENDPOINTS: &str = "no-endpoints";
    pub(crate) const OTHER_CONTROLLER: &str = "other-controller";
    pub(crate) const OUT_OF_BOUNDS: &str = "out-of-bounds";
    pub(crate) const PARENT_KIND_NOT_SUPPORTED: &str = "parent-kind-not-supported";
    pub(crate) const PARENT_NOT_FOUND: &str = "parent-not-found";
    pub(crate) const POLICY_NOT_ACCEPTED: &str = "policy-not-accepted";
    pub(crate) const PRUNED_FIELD: &str = "pruned-field";
    pub(crate) const REF_NOT_PERMITTED: &str = "ref-not-permitted";
    pub(crate) const ROUTE_KIND_NOT_SUPPORTED: &str = "route-kind-not-supported";
    pub(crate) const ROUTE_NOT_ACCEPTED: &str = "route-not-accepted";
    pub(crate) const ROUTE_NOT_ATTACHED: &str = "route-not-attached";
    pub(crate) const RULE_NOT_ACCEPTED: &str = "rule-not-accepted";
    pub(crate) const UNKNOWN_FIELD: &str = "unknown-field";
    pub(crate) const UNREACHABLE_RULE: &str = "unreachable-rule";
    pub(crate) const UNRESOLVED_REF: &str = "unresolved-ref";
    pub(crate) const UNUSED_GRANT: &str = "unused-grant";
}

/// Every code of a finding with what it means, in alphabetical order, besides those of
/// [`gwapi_manifest::CODES`]. docs/findings.md says more of each.
pub const CODES: &[(&str, &str)] = &[
    ("assumption", "something is taken for granted because the input does not say it"),
    (codes::BACKEND_NOT_ACCEPTED, "nothing is sent to the XBackend"),
    ("bad-case", "a file of a case does not have the form that it should have"),
    (codes::BROKEN_RULE, "fields that do not go together, by a rule of the CRDs"),
    (codes::CLASS_NOT_ACCEPTED, "the GatewayClass is not accepted, and neither are its Gateways"),
    (codes::DUPLICATE_ENTRY, "two entries of a list that must differ"),
    ("duplicate-name", "two entries of a list have one name"),
    ("duplicate-object", "an object is there more than once; one of them is used"),
    (codes::DUPLICATE_RULE_NAME, "two rules of a route have one name"),
    ("field-not-supported", "a field of the Gateway API that is not supported"),
    (codes::GATEWAY_NOT_ACCEPTED, "the Gateway takes part in nothing"),
    (codes::GATEWAY_NOT_PROGRAMMED, "the Gateway is accepted and has no address"),
    ("ignored-duplicate", "an entry does not count because an equivalent one stands before it"),
    ("invalid-value", "a value of the right type that means nothing"),
    (codes::KIND_NOT_SERVED, "a kind, or a version of it, that the CRDs of the channel do not have"),
    ("kind-not-supported", "a kind of the Gateway API that is not supported"),
    (codes::LISTENER_NOT_ACCEPTED, "the listener is not served and no route attaches to it"),
    (codes::LISTENER_NOT_PROGRAMMED, "the listener is accepted and cannot be served"),
    (codes::LISTENER_SET_NOT_ACCEPTED, "the ListenerSet takes part in nothing"),
    (codes::MESH_NOT_ACCEPTED, "the XMesh is not accepted"),
    ("missing-field", "a field that must be there and is not"),
    (codes::NO_CLASS, "the Gateway names a GatewayClass that does not exist"),
    (codes::NO_ENDPOINTS, "the Service has no ready endpoint"),
    (codes::OTHER_CONTROLLER, "the Gateway belongs to another controller"),
    (codes::OUT_OF_BOUNDS, "a text, list or number beyond the limits of the CRDs"),
    (codes::PARENT_KIND_NOT_SUPPORTED, "the parentRef refers to a kind that routes cannot attach to here"),
    (codes::PARENT_NOT_FOUND, "the parentRef refers to an object that does not exist"),
    (codes::POLICY_NOT_ACCEPTED, "the policy has no effect on a target, or on any"),
    (codes::PRUNED_FIELD, "a field that the CRDs of the channel do not have"),
    (codes::REF_NOT_PERMITTED, "a reference into another namespace that no ReferenceGrant permits"),
    (codes::ROUTE_KIND_NOT_SUPPORTED, "the listener allows a kind of route that it cannot serve"),
    (codes::ROUTE_NOT_ACCEPTED, "the route as a whole is refused"),
    (codes::ROUTE_NOT_ATTACHED, "no listener of the parent accepts the route"),
    (codes::RULE_NOT_ACCEPTED, "the rule is refused and takes part in nothing"),
    ("unknown-feature", "a name in the list of features that Gateway API does not know"),
    (codes::UNKNOWN_FIELD, "a field that the kind does not have"),
    ("unknown-kind", "a kind that its group does not have"),
    ("unknown-version", "a version of a kind that no API server serves"),
    (codes::UNREACHABLE_RULE, "no request can reach the rule"),
    (codes::UNRESOLVED_REF, "a reference that leads nowhere"),
    (codes::UNUSED_GRANT, "no reference makes use of the ReferenceGrant"),
    ("wrong-type", "a value of another type than the field has"),
];

/// Every finding of an input, sorted.
#[must_use]
pub fn check(input: &Input, channels: Channels) -> Vec<Finding> {
    let resolution = input.resolve();
    let mut checker = Checker { input, resolution: &resolution, known: known(input), findings: input.findings.clone() };
    server::report(&mut checker, channels);
    refusals::report(&mut checker);
    reach::report(&mut checker);
    usage::report(&mut checker);
    let mut findings = checker.findings;
    sort(&mut findings);
    findings
}

/// What is checked, and what was found so far.
struct Checker<'a> {
    input: &'a Input,
    resolution: &'a Resolution,
    known: Known<'a>,
    findings: Vec<Finding>,
}

/// What to say about a field.
struct Remark {
    severity: Severity,
    code: &'static str,
    path: String,
    message: String,
    fix: Option<String>,
}

impl Checker<'_> {
    fn add(&mut self, object: &ObjectKey, remark: Remark) {
        let Some(document) = self.input.documents.get(object) else { return };
        let finding = Finding::new(remark.severity, remark.code, remark.message).at_value(&document.origin, &remark.path);
        self.push(finding, remark.fix);
    }

    /// At the name of a field: what it holds does not matter.
    fn add_at_key(&mut self, object: &ObjectKey, remark: Remark) {
        let Some(document) = self.input.documents.get(object) else { return };
        let finding = Finding::new(remark.severity, remark.code, remark.message).at_key(&document.origin, &remark.path);
        self.push(finding, remark.fix);
    }

    fn push(&mut self, finding: Finding, fix: Option<String>) {
        self.findings.push(match fix {
            Some(fix) => finding.with_fix(fix),
            None => finding,
        });
    }

    /// Whether reading the object said already that a field is wrong.
    fn is_known(&self, object: &ObjectKey, path: &str) -> bool {
        let Some(origin) = self.input.documents.get(object).map(|document| &document.origin) else { return false };
        let places = [origin.value_at(path), origin.key_at(path)];
        places.into_iter().any(|place| self.known.contains(&(origin.source().name(), path, place)))
    }
}

/// Where reading found errors: file, field and place.
type Known<'a> = BTreeSet<(&'a str, &'a str, Place)>;

fn known(input: &Input) -> Known<'_> {
    let errors = input.findings.iter().filter(|finding| finding.severity == Severity::Error);
    errors.filter_map(|finding| Some((&*finding.file, finding.path.as_deref()?, finding.place?))).collect()
}
