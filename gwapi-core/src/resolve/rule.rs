//! Which rules of a route are valid, and what their references lead to (chapters F, H, I, J; Q-025).

use alloc::{format, string::String, sync::Arc, vec::Vec};

use super::{World, backend};
use crate::{
    features::Feature,
    model::{
        BackendRef, Filter, Fraction, HttpMatch, HttpRule, LocalObjectRef, PathMatch, PathModifier, RequestRedirect, Route, Rules,
    },
    refusal::Refusal,
    resolution::{ResolvedBackend, ResolvedFilter, ResolvedRule, RuleMatches},
};

/// The rules, and why the route as a whole is refused.
pub(super) fn resolve_rules(world: &World<'_>, route: &Route) -> (Vec<Arc<ResolvedRule>>, Vec<Refusal>) {
    let refused = route.invalid.iter().map(|invalid| Refusal::RuleInvalid { invalid: invalid.clone() }).collect();
    let rules = match &route.rules {
        Rules::Http(rules) => {
            rules.iter().enumerate().map(|(index, rule)| Arc::new(http_rule(world, route, index, rule))).collect()
        }
        // Not built: no listener takes these kinds.
        Rules::Grpc(_) | Rules::L4(_) => Vec::new(),
    };
    (rules, refused)
}

fn http_rule(world: &World<'_>, route: &Route, index: usize, rule: &HttpRule) -> ResolvedRule {
    let resolve = |filters: &[Filter]| filters.iter().filter_map(|filter| resolve_filter(world, route, filter)).collect();
    let backend = |entry: &BackendRef| ResolvedBackend {
        target: backend::resolve_backend(world, route, &entry.backend),
        reference: entry.backend.clone(),
        weight: entry.weight,
        filters: resolve(&entry.filters),
    };
    ResolvedRule {
        index,
        // Law 12; a rule without it serves the same (F-021).
        name: rule.name.clone().filter(|_| world.controller.features.has(Feature::HTTPRouteNamedRouteRule)),
        matches: RuleMatches::Http(rule.matches.clone()),
        filters: resolve(&rule.filters),
        backends: rule.backend_refs.iter().map(backend).collect(),
        timeouts: rule.timeouts,
        retry: rule.retry.clone(),
        refused: refusals(world, index, rule),
    }
}

/// References of filters are resolved like those of backends; a filter whose reference leads nowhere stays in the rule as
/// such (H-006, H-049). `ExternalAuth` never gets that far: its rule is refused.
fn resolve_filter(world: &World<'_>, route: &Route, filter: &Filter) -> Option<ResolvedFilter> {
    Some(match filter {
        Filter::RequestHeaderModifier(modifier) => ResolvedFilter::RequestHeaderModifier(modifier.clone()),
        Filter::ResponseHeaderModifier(modifier) => ResolvedFilter::ResponseHeaderModifier(modifier.clone()),
        Filter::RequestMirror(mirror) => ResolvedFilter::RequestMirror {
            target: backend::resolve_backend(world, route, &mirror.backend),
            fraction: mirror.fraction,
        },
        Filter::RequestRedirect(redirect) => ResolvedFilter::RequestRedirect(redirect.clone()),
        Filter::UrlRewrite(rewrite) => ResolvedFilter::UrlRewrite(rewrite.clone()),
        Filter::Cors(cors) => ResolvedFilter::Cors(cors.clone()),
        Filter::ExtensionRef(reference) => unresolved_extension(reference),
        Filter::ExternalAuth(_) => return None,
    })
}

fn unresolved_extension(reference: &LocalObjectRef) -> ResolvedFilter {
    ResolvedFilter::Unresolved {
        reference: reference.clone(),
        refusal: Refusal::ExtensionUnsupported { reference: reference.clone() },
    }
}

/// Everything that makes a rule invalid, in the order of its fields.
fn refusals(world: &World<'_>, index: usize, rule: &HttpRule) -> Vec<Refusal> {
    let at = format!("spec.rules[{index}]");
    let mut refused: Vec<Refusal> =
        rule.invalid.iter().map(|invalid| Refusal::RuleInvalid { invalid: invalid.clone() }).collect();
    let mut needed = needed_by_matches(&at, &rule.matches);
    let mut lists = alloc::vec![(format!("{at}.filters"), rule.filters.as_slice(), Level::Rule)];
    for (number, entry) in rule.backend_refs.iter().enumerate() {
        lists.push((format!("{at}.backendRefs[{number}].filters"), entry.filters.as_slice(), Level::Backend));
    }
    for (path, filters, level) in &lists {
        refused.extend(bad_combinations(path, filters));
        refused.extend(unbuilt_filters(path, filters, *level));
        refused.extend(missing_prefix_match(path, filters, &rule.matches));
        needed.extend(needed_by_filters(path, filters, *level));
    }
    needed.extend(needed_by_timeouts(&at, rule));
    if rule.session_persistence.is_some() {
        refused.push(Refusal::FieldUnsupported { path: format!("{at}.sessionPersistence") });
    }
    let undeclared = needed.into_iter().filter(|(_, feature)| !world.controller.features.has(*feature));
    refused.extend(undeclared.map(|(path, feature)| Refusal::FeatureUnsupported { path, feature }));
    refused
}

/// A field and the feature that it needs (law 12).
type Needed = (String, Feature);

#[derive(Clone, Copy, PartialEq, Eq)]
enum Level {
    Rule,
    Backend,
}

fn needed_by_matches(at: &str, matches: &[HttpMatch]) -> Vec<Needed> {
    let mut needed = Vec::new();
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

fn needed_by_filters(path: &str, filters: &[Filter], level: Level) -> Vec<Needed> {
    let mut needed = Vec::new();
    let mut mirrors = 0;
    for (index, filter) in filters.iter().enumerate() {
        let mut need = |field: &str, feature| needed.push((format!("{path}[{index}].{field}"), feature));
        match filter {
            Filter::RequestHeaderModifier(_) if level == Level::Backend => {
                need("requestHeaderModifier", Feature::HTTPRouteBackendRequestHeaderModification);
            }
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

fn needed_by_timeouts(at: &str, rule: &HttpRule) -> Vec<Needed> {
    let mut needed = Vec::new();
    if rule.timeouts.request.is_some() {
        needed.push((format!("{at}.timeouts.request"), Feature::HTTPRouteRequestTimeout));
    }
    if rule.timeouts.backend_request.is_some() {
        needed.push((format!("{at}.timeouts.backendRequest"), Feature::HTTPRouteBackendTimeout));
    }
    match &rule.retry {
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

/// CORS decides before a backend is chosen, so it cannot stand on one (H-009 leaves that to the implementation).
fn unbuilt_filters(path: &str, filters: &[Filter], level: Level) -> Vec<Refusal> {
    let unbuilt = filters.iter().enumerate().filter(|(_, filter)| match filter {
        Filter::ExternalAuth(_) => true,
        Filter::Cors(_) => level == Level::Backend,
        _ => false,
    });
    unbuilt
        .map(|(index, filter)| Refusal::FieldUnsupported { path: format!("{path}[{index}] ({})", filter.type_name()) })
        .collect()
}

/// H-038: a prefix can be replaced only where one matched.
fn missing_prefix_match(path: &str, filters: &[Filter], matches: &[HttpMatch]) -> Vec<Refusal> {
    let replaces_prefix = |modifier: Option<&PathModifier>| matches!(modifier, Some(PathModifier::ReplacePrefixMatch(_)));
    let all_prefixes = matches.iter().all(|one| matches!(one.path, PathMatch::Prefix(_)));
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
