//! Which rules of a route are valid, and what their references lead to (chapters F, H, I, J; Q-025).

use alloc::{format, string::String, sync::Arc, vec::Vec};

use super::{
    World,
    backend::{self, Sender},
    mesh::{self, Senders},
};
use crate::{
    controller::Abilities,
    features::Feature,
    model::{
        BackendRef, Filter, Fraction, GrpcRule, HttpRule, Invalid, L4Rule, LocalObjectRef, PathMatch, PathModifier,
        RequestRedirect, Retry, Route, RouteKind, Rules, SessionPersistence, Timeouts,
    },
    name::SectionName,
    refusal::Refusal,
    resolution::{ResolvedBackend, ResolvedFilter, ResolvedRule, RuleMatches},
};

/// The rules, and why the route as a whole is refused.
pub(super) fn resolve_rules(world: &World<'_>, route: &Route) -> (Vec<Arc<ResolvedRule>>, Vec<Refusal>) {
    let refused = route.invalid.iter().map(|invalid| Refusal::RuleInvalid { invalid: invalid.clone() }).collect();
    let senders = mesh::senders(world, route);
    // O-018, I-037: what goes through a Gateway reaches what its clients could not reach otherwise.
    let sender = Sender { key: &route.meta.key, kind: route.kind, needs_grants: senders.gateways };
    let declared = Declared { world, senders };
    let resolve = |(index, rule): (usize, Rule<'_>)| Arc::new(resolve_rule(declared, &sender, index, &rule));
    let rules = match &route.rules {
        Rules::Http(rules) => rules.iter().map(Rule::from).enumerate().map(resolve).collect(),
        Rules::Grpc(rules) => rules.iter().map(Rule::from).enumerate().map(resolve).collect(),
        Rules::L4(rules) => rules.iter().map(Rule::from).enumerate().map(resolve).collect(),
    };
    (rules, refused)
}

/// What rules of every kind have in common.
struct Rule<'r> {
    name: Option<&'r SectionName>,
    matches: RuleMatches,
    filters: &'r [Filter],
    backend_refs: &'r [BackendRef],
    timeouts: Timeouts,
    retry: Option<&'r Retry>,
    session_persistence: Option<&'r SessionPersistence>,
    invalid: &'r [Invalid],
}

impl<'r> From<&'r HttpRule> for Rule<'r> {
    fn from(rule: &'r HttpRule) -> Self {
        Self {
            name: rule.name.as_ref(),
            matches: RuleMatches::Http(rule.matches.clone()),
            filters: &rule.filters,
            backend_refs: &rule.backend_refs,
            timeouts: rule.timeouts,
            retry: rule.retry.as_ref(),
            session_persistence: rule.session_persistence.as_ref(),
            invalid: &rule.invalid,
        }
    }
}

impl<'r> From<&'r GrpcRule> for Rule<'r> {
    fn from(rule: &'r GrpcRule) -> Self {
        Self {
            name: rule.name.as_ref(),
            matches: RuleMatches::Grpc(rule.matches.clone()),
            filters: &rule.filters,
            backend_refs: &rule.backend_refs,
            timeouts: Timeouts::default(),
            retry: None,
            session_persistence: rule.session_persistence.as_ref(),
            invalid: &rule.invalid,
        }
    }
}

impl<'r> From<&'r L4Rule> for Rule<'r> {
    fn from(rule: &'r L4Rule) -> Self {
        Self {
            name: rule.name.as_ref(),
            matches: RuleMatches::L4,
            filters: &[],
            backend_refs: &rule.backend_refs,
            timeouts: Timeouts::default(),
            retry: None,
            session_persistence: None,
            invalid: &rule.invalid,
        }
    }
}

fn resolve_rule(declared: Declared<'_>, sender: &Sender<'_>, index: usize, rule: &Rule<'_>) -> ResolvedRule {
    let world = declared.world;
    let resolve = |filters: &[Filter]| filters.iter().map(|filter| resolve_filter(world, sender, filter)).collect();
    let backend = |entry: &BackendRef| {
        let target = backend::resolve_backend(world, sender, &entry.backend);
        let (session_persistence, retry_constraint) =
            target.as_ref().map(|target| backend::traffic(world, target)).unwrap_or_default();
        ResolvedBackend {
            target,
            reference: entry.backend.clone(),
            weight: entry.weight,
            session_persistence,
            retry_constraint,
            filters: resolve(&entry.filters),
        }
    };
    ResolvedRule {
        index,
        // Law 12; a rule without it serves the same (F-021).
        name: rule.name.filter(|_| has_names(declared, sender.kind)).cloned(),
        matches: rule.matches.clone(),
        filters: resolve(rule.filters),
        backends: rule.backend_refs.iter().map(backend).collect(),
        timeouts: rule.timeouts,
        retry: rule.retry.cloned(),
        session_persistence: rule.session_persistence.cloned(),
        refused: refusals(declared, sender.kind, index, rule),
    }
}

/// F-021, K-018; nobody asks for a feature of the others.
fn has_names(declared: Declared<'_>, kind: RouteKind) -> bool {
    match kind {
        RouteKind::Http => declared.has(Feature::HTTPRouteNamedRouteRule),
        RouteKind::Grpc => declared.has(Feature::GRPCRouteNamedRouteRule),
        RouteKind::Tls | RouteKind::Tcp | RouteKind::Udp => true,
    }
}

/// What is declared for those that send by a route.
#[derive(Clone, Copy)]
struct Declared<'w> {
    world: &'w World<'w>,
    senders: Senders,
}

impl Declared<'_> {
    /// Whether everybody who sends by the route has a feature.
    fn has(self, feature: Feature) -> bool {
        let features = &self.world.controller.features;
        (!self.senders.gateways || features.has(feature)) && (!self.senders.mesh || features.has(in_mesh(feature)))
    }

    /// Names the one of the two that is missing.
    fn missing(self, path: String, feature: Feature) -> Refusal {
        let is_of_gateways = self.senders.gateways && !self.world.controller.features.has(feature);
        Refusal::FeatureUnsupported { path, feature: if is_of_gateways { feature } else { in_mesh(feature) } }
    }
}

/// O-020: some features have a name of their own in a mesh.
fn in_mesh(feature: Feature) -> Feature {
    match feature {
        Feature::HTTPRouteBackendRequestHeaderModification => Feature::MeshHTTPRouteBackendRequestHeaderModification,
        Feature::HTTPRouteNamedRouteRule => Feature::MeshHTTPRouteNamedRouteRule,
        Feature::HTTPRouteQueryParamMatching => Feature::MeshHTTPRouteQueryParamMatching,
        Feature::HTTPRoutePathRedirect => Feature::MeshHTTPRouteRedirectPath,
        Feature::HTTPRoutePortRedirect => Feature::MeshHTTPRouteRedirectPort,
        Feature::HTTPRoutePathRewrite => Feature::MeshHTTPRouteRewritePath,
        Feature::HTTPRouteSchemeRedirect => Feature::MeshHTTPRouteSchemeRedirect,
        // O-021.
        Feature::GRPCRouteRequestHeaderModifier => Feature::Mesh,
        other => other,
    }
}

/// References of filters are resolved like those of backends; a filter whose reference leads nowhere stays in the rule as
/// such (H-006, H-049, H-077).
fn resolve_filter(world: &World<'_>, sender: &Sender<'_>, filter: &Filter) -> ResolvedFilter {
    match filter {
        Filter::RequestHeaderModifier(modifier) => ResolvedFilter::RequestHeaderModifier(modifier.clone()),
        Filter::ResponseHeaderModifier(modifier) => ResolvedFilter::ResponseHeaderModifier(modifier.clone()),
        Filter::RequestMirror(mirror) => ResolvedFilter::RequestMirror {
            target: backend::resolve_backend(world, sender, &mirror.backend),
            fraction: mirror.fraction,
        },
        Filter::RequestRedirect(redirect) => ResolvedFilter::RequestRedirect(redirect.clone()),
        Filter::UrlRewrite(rewrite) => ResolvedFilter::UrlRewrite(rewrite.clone()),
        Filter::Cors(cors) => ResolvedFilter::Cors(cors.clone()),
        Filter::ExtensionRef(reference) => unresolved_extension(reference),
        Filter::ExternalAuth(auth) => {
            ResolvedFilter::ExternalAuth { target: backend::resolve_auth(world, sender, auth), auth: auth.clone() }
        }
    }
}

fn unresolved_extension(reference: &LocalObjectRef) -> ResolvedFilter {
    ResolvedFilter::Unresolved {
        reference: reference.clone(),
        refusal: Refusal::ExtensionUnsupported { reference: reference.clone() },
    }
}

/// Everything that makes a rule invalid, in the order of its fields.
fn refusals(declared: Declared<'_>, kind: RouteKind, index: usize, rule: &Rule<'_>) -> Vec<Refusal> {
    let abilities = &declared.world.controller.abilities;
    let at = format!("spec.rules[{index}]");
    let mut refused: Vec<Refusal> =
        rule.invalid.iter().map(|invalid| Refusal::RuleInvalid { invalid: invalid.clone() }).collect();
    let mut needed = needed_by_matches(&at, &rule.matches);
    let mut lists = alloc::vec![(format!("{at}.filters"), rule.filters, Level::Rule)];
    for (number, entry) in rule.backend_refs.iter().enumerate() {
        lists.push((format!("{at}.backendRefs[{number}].filters"), entry.filters.as_slice(), Level::Backend));
    }
    for (path, filters, level) in &lists {
        refused.extend(bad_combinations(path, filters));
        refused.extend(unsupported_filters(abilities, path, filters, *level));
        refused.extend(missing_prefix_match(path, filters, &rule.matches));
        needed.extend(needed_by_filters(path, filters, kind, *level));
    }
    needed.extend(needed_by_timeouts(&at, rule));
    if rule.session_persistence.is_some() && !abilities.session_persistence {
        refused.push(Refusal::FieldUnsupported { path: format!("{at}.sessionPersistence") });
    }
    let undeclared = needed.into_iter().filter(|(_, feature)| !declared.has(*feature));
    refused.extend(undeclared.map(|(path, feature)| declared.missing(path, feature)));
    refused
}

/// A field and the feature that it needs (law 12).
type Needed = (String, Feature);

#[derive(Clone, Copy, PartialEq, Eq)]
enum Level {
    Rule,
    Backend,
}

fn needed_by_matches(at: &str, matches: &RuleMatches) -> Vec<Needed> {
    let mut needed = Vec::new();
    let RuleMatches::Http(matches) = matches else { return needed };
    for (index, one) in matches.iter().enumerate() {
        if one.method.is_some() {
            needed.push((format!("{at}.matches[{index}].method"), Feature::HTTPRouteMethodMatching));
        }
        if !one.query.is_empty() {
            needed.push((format!("{at}.matches[{index}].queryParams"), Feature::HTTPRouteQueryParamMatching));
        }
    }
    needed
}

fn needed_by_filters(path: &str, filters: &[Filter], kind: RouteKind, level: Level) -> Vec<Needed> {
    let mut needed = Vec::new();
    let mut mirrors = 0;
    for (index, filter) in filters.iter().enumerate() {
        let mut need = |field: &str, feature| needed.push((format!("{path}[{index}].{field}"), feature));
        match filter {
            Filter::RequestHeaderModifier(_) if level == Level::Backend => {
                need("requestHeaderModifier", Feature::HTTPRouteBackendRequestHeaderModification);
            }
            // K-023.
            Filter::RequestHeaderModifier(_) if kind == RouteKind::Grpc => {
                need("requestHeaderModifier", Feature::GRPCRouteRequestHeaderModifier);
            }
            // K-016: of a GRPCRoute no feature says so.
            Filter::ResponseHeaderModifier(_) if kind == RouteKind::Grpc => {}
            Filter::ResponseHeaderModifier(_) => need("responseHeaderModifier", Feature::HTTPRouteResponseHeaderModification),
            Filter::RequestMirror(mirror) => {
                mirrors += 1;
                need("requestMirror", Feature::HTTPRouteRequestMirror);
                if mirrors == 2 {
                    need("requestMirror", Feature::HTTPRouteRequestMultipleMirrors);
                }
                if !is_all(mirror.fraction) {
                    need("requestMirror", Feature::HTTPRouteRequestPercentageMirror);
                }
            }
            Filter::RequestRedirect(redirect) => needed_by_redirect(redirect, &mut need),
            Filter::UrlRewrite(rewrite) => {
                // H-091: what is rewritten there is one feature.
                if level == Level::Backend {
                    need("urlRewrite", Feature::HTTPRouteBackendURLRewrite);
                    continue;
                }
                if rewrite.hostname.is_some() {
                    need("urlRewrite.hostname", Feature::HTTPRouteHostRewrite);
                }
                if rewrite.path.is_some() {
                    need("urlRewrite.path", Feature::HTTPRoutePathRewrite);
                }
            }
            Filter::Cors(_) => need("cors", Feature::HTTPRouteCORS),
            Filter::RequestHeaderModifier(_) | Filter::ExtensionRef(_) | Filter::ExternalAuth(_) => {}
        }
    }
    needed
}

fn is_all(fraction: Fraction) -> bool {
    fraction.numerator >= fraction.denominator
}

/// H-023, H-025 to H-027: host and the codes 301 and 302 are Core.
fn needed_by_redirect(redirect: &RequestRedirect, need: &mut impl FnMut(&str, Feature)) {
    if redirect.scheme.is_some() {
        need("requestRedirect.scheme", Feature::HTTPRouteSchemeRedirect);
    }
    if redirect.path.is_some() {
        need("requestRedirect.path", Feature::HTTPRoutePathRedirect);
    }
    if redirect.port.is_some() {
        need("requestRedirect.port", Feature::HTTPRoutePortRedirect);
    }
    match redirect.status_code {
        303 => need("requestRedirect.statusCode", Feature::HTTPRoute303RedirectStatusCode),
        307 => need("requestRedirect.statusCode", Feature::HTTPRoute307RedirectStatusCode),
        308 => need("requestRedirect.statusCode", Feature::HTTPRoute308RedirectStatusCode),
        _ => {}
    }
}

fn needed_by_timeouts(at: &str, rule: &Rule<'_>) -> Vec<Needed> {
    let mut needed = Vec::new();
    if rule.timeouts.request.is_some() {
        needed.push((format!("{at}.timeouts.request"), Feature::HTTPRouteRequestTimeout));
    }
    if rule.timeouts.backend_request.is_some() {
        needed.push((format!("{at}.timeouts.backendRequest"), Feature::HTTPRouteBackendTimeout));
    }
    match rule.retry {
        // Switched off is what everybody can do.
        Some(retry) if retry.attempts == 0 => {}
        Some(retry) if retry.codes.is_empty() => needed.push((format!("{at}.retry"), Feature::HTTPRouteRetryConnectionError)),
        Some(_) => needed.push((format!("{at}.retry.codes"), Feature::HTTPRouteRetryCodes)),
        None => {}
    }
    needed
}

/// H-003, H-004: what the API server refuses is refused here too.
fn bad_combinations(path: &str, filters: &[Filter]) -> Vec<Refusal> {
    let mut refused = Vec::new();
    let has = |wanted: &str| filters.iter().any(|filter| filter.type_name() == wanted);
    if has("URLRewrite") && has("RequestRedirect") {
        refused.push(Refusal::IncompatibleFilters {
            path: path.into(),
            first: "URLRewrite".into(),
            second: "RequestRedirect".into(),
        });
    }
    for once in ["RequestHeaderModifier", "ResponseHeaderModifier", "RequestRedirect", "URLRewrite", "CORS", "ExternalAuth"] {
        if filters.iter().filter(|filter| filter.type_name() == once).count() > 1 {
            refused.push(Refusal::RepeatedFilter { path: path.into(), filter: once.into() });
        }
    }
    refused
}

/// CORS and ExternalAuth decide before a backend is chosen, so they cannot stand on one (H-009 leaves that to the
/// implementation).
fn unsupported_filters(abilities: &Abilities, path: &str, filters: &[Filter], level: Level) -> Vec<Refusal> {
    let unsupported = filters.iter().enumerate().filter(|(_, filter)| match filter {
        Filter::ExternalAuth(_) => level == Level::Backend || !abilities.external_auth,
        Filter::Cors(_) => level == Level::Backend,
        _ => false,
    });
    unsupported
        .map(|(index, filter)| Refusal::FieldUnsupported { path: format!("{path}[{index}] ({})", filter.type_name()) })
        .collect()
}

/// H-038: a prefix can be replaced only where one matched.
fn missing_prefix_match(path: &str, filters: &[Filter], matches: &RuleMatches) -> Vec<Refusal> {
    let replaces_prefix = |modifier: Option<&PathModifier>| matches!(modifier, Some(PathModifier::ReplacePrefixMatch(_)));
    let all_prefixes = match matches {
        RuleMatches::Http(matches) => matches.iter().all(|one| matches!(one.path, PathMatch::Prefix(_))),
        RuleMatches::Grpc(_) | RuleMatches::L4 => false,
    };
    let offending = filters.iter().enumerate().filter(|(_, filter)| match filter {
        Filter::RequestRedirect(redirect) => replaces_prefix(redirect.path.as_ref()),
        Filter::UrlRewrite(rewrite) => replaces_prefix(rewrite.path.as_ref()),
        _ => false,
    });
    if all_prefixes {
        return Vec::new();
    }
    offending.map(|(index, _)| Refusal::PrefixMatchMissing { path: format!("{path}[{index}]") }).collect()
}
