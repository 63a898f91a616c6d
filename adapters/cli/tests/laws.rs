//! The laws of ARCHITECTURE.md that hold between the crates, on the inputs of every case of ours.

use std::{collections::BTreeSet, fs, path::Path, path::PathBuf};

use gwapi_core::{
    Controller, Feature, Object, Resolution, Snapshot, SupportedFeatures,
    model::{Fraction, PathModifier, RequestRedirect, UrlRewrite},
    resolution::{BackendProtocol, BackendTarget, ResolvedFilter, ResolvedRule, RuleMatches},
    resolve,
};
use proptest::prelude::*;
use serde_json::{Value, json};

fn testdata() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../testdata")
}

/// The objects of every case, by the name of the case.
fn inputs() -> Vec<(String, Vec<Value>)> {
    let mut inputs = Vec::new();
    for area in folders(&testdata()) {
        for case in folders(&area) {
            let Ok(text) = fs::read_to_string(case.join("input.yaml")) else { continue };
            let loaded = gwapi_manifest::parse_str("input.yaml", &text);
            inputs.push((case.display().to_string(), loaded.documents.into_iter().map(|document| document.value).collect()));
        }
    }
    assert!(inputs.len() > 100, "the corpus is there");
    inputs
}

fn folders(parent: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(parent).expect("testdata is there").map(|entry| entry.expect("an entry").path());
    let mut folders: Vec<PathBuf> = entries.filter(|path| path.is_dir()).collect();
    folders.sort();
    folders
}

fn objects(values: &[Value]) -> Vec<Object> {
    values.iter().filter_map(|value| Object::from_json(value).object).collect()
}

/// Everything that comes out of the pure crates, as text.
fn outputs(objects: impl IntoIterator<Item = Object>, controller: &Controller) -> String {
    let resolution = resolve(&objects.into_iter().collect::<Snapshot>(), controller);
    let tables = gwapi_match::compile(&resolution, 7);
    let listeners: Vec<String> =
        tables.gateways.values().flat_map(|table| table.listeners()).map(|listener| format!("{listener:?}")).collect();
    format!("{resolution:#?}\n{:#?}\n{listeners:#?}", gwapi_status::project(&resolution))
}

#[test]
fn law_3_the_order_of_the_input_is_not_seen() {
    let controller = Controller::default();
    for (name, values) in inputs() {
        let objects = objects(&values);
        let forward = outputs(objects.iter().cloned(), &controller);
        let mut rotated = objects.clone();
        rotated.rotate_left(objects.len() / 2);
        assert_eq!(forward, outputs(objects.into_iter().rev(), &controller), "{name}");
        assert_eq!(forward, outputs(rotated, &controller), "{name}");
    }
}

/// What a valid rule makes use of, found without a look at how `resolve` finds it.
fn used(rule: &ResolvedRule) -> BTreeSet<Feature> {
    let matches = match &rule.matches {
        RuleMatches::Http(matches) => matches,
        RuleMatches::Grpc(_) => return used_by_grpc(rule),
        // There is a feature for the kind only.
        RuleMatches::L4 => return BTreeSet::new(),
    };
    let mut used = BTreeSet::new();
    used.extend(rule.name.as_ref().map(|_| Feature::HTTPRouteNamedRouteRule));
    for one in matches {
        used.extend(one.method.map(|_| Feature::HTTPRouteMethodMatching));
        used.extend((!one.query.is_empty()).then_some(Feature::HTTPRouteQueryParamMatching));
    }
    used.extend(rule.timeouts.request.map(|_| Feature::HTTPRouteRequestTimeout));
    used.extend(rule.timeouts.backend_request.map(|_| Feature::HTTPRouteBackendTimeout));
    used.extend(rule.retry.as_ref().filter(|retry| retry.attempts > 0).map(|retry| match retry.codes.is_empty() {
        true => Feature::HTTPRouteRetryConnectionError,
        false => Feature::HTTPRouteRetryCodes,
    }));
    rule.filters.iter().for_each(|filter| use_filter(&mut used, filter));
    let mirrors = |filter: &&ResolvedFilter| matches!(filter, ResolvedFilter::RequestMirror { .. });
    used.extend((rule.filters.iter().filter(mirrors).count() > 1).then_some(Feature::HTTPRouteRequestMultipleMirrors));
    for backend in &rule.backends {
        match backend.target.as_ref().map(|target| target.protocol) {
            Ok(BackendProtocol::H2c) => used.extend([Feature::HTTPRouteBackendProtocolH2C]),
            Ok(BackendProtocol::WebSocket) => used.extend([Feature::HTTPRouteBackendProtocolWebSocket]),
            Ok(BackendProtocol::Http1 | BackendProtocol::Opaque) | Err(_) => {}
        }
        for filter in &backend.filters {
            match filter {
                ResolvedFilter::RequestHeaderModifier(_) => used.extend([Feature::HTTPRouteBackendRequestHeaderModification]),
                ResolvedFilter::UrlRewrite(_) => used.extend([Feature::HTTPRouteBackendURLRewrite]),
                other => use_filter(&mut used, other),
            }
        }
    }
    used
}

/// K-018, K-023: there are two features only.
fn used_by_grpc(rule: &ResolvedRule) -> BTreeSet<Feature> {
    let modifies = |filter: &ResolvedFilter| matches!(filter, ResolvedFilter::RequestHeaderModifier(_));
    let named = rule.name.as_ref().map(|_| Feature::GRPCRouteNamedRouteRule);
    let modified = rule.filters.iter().any(modifies).then_some(Feature::GRPCRouteRequestHeaderModifier);
    named.into_iter().chain(modified).collect()
}

fn use_filter(used: &mut BTreeSet<Feature>, filter: &ResolvedFilter) {
    match filter {
        ResolvedFilter::ResponseHeaderModifier(_) => used.extend([Feature::HTTPRouteResponseHeaderModification]),
        ResolvedFilter::RequestMirror { fraction, .. } => {
            used.extend([Feature::HTTPRouteRequestMirror]);
            let Fraction { numerator, denominator } = *fraction;
            used.extend((numerator < denominator).then_some(Feature::HTTPRouteRequestPercentageMirror));
        }
        ResolvedFilter::RequestRedirect(redirect) => use_redirect(used, redirect),
        ResolvedFilter::UrlRewrite(UrlRewrite { hostname, path }) => {
            used.extend(hostname.as_ref().map(|_| Feature::HTTPRouteHostRewrite));
            used.extend(path.as_ref().map(|_: &PathModifier| Feature::HTTPRoutePathRewrite));
        }
        ResolvedFilter::Cors(_) => used.extend([Feature::HTTPRouteCORS]),
        // Nothing declares the last two by a feature's name.
        ResolvedFilter::RequestHeaderModifier(_)
        | ResolvedFilter::Unresolved { .. }
        | ResolvedFilter::ExternalAuth { .. }
        | ResolvedFilter::Extension(_) => {}
    }
}

fn use_redirect(used: &mut BTreeSet<Feature>, redirect: &RequestRedirect) {
    used.extend(redirect.scheme.map(|_| Feature::HTTPRouteSchemeRedirect));
    used.extend(redirect.port.map(|_| Feature::HTTPRoutePortRedirect));
    used.extend(redirect.path.as_ref().map(|_| Feature::HTTPRoutePathRedirect));
    match redirect.status_code {
        303 => used.extend([Feature::HTTPRoute303RedirectStatusCode]),
        307 => used.extend([Feature::HTTPRoute307RedirectStatusCode]),
        308 => used.extend([Feature::HTTPRoute308RedirectStatusCode]),
        _ => {}
    }
}

/// What everything that is served makes use of.
fn used_by(resolution: &Resolution) -> BTreeSet<Feature> {
    let mut used_by = BTreeSet::new();
    for route in resolution.routes.values() {
        for parent in route.parents.iter().filter(|parent| !parent.listeners.is_empty()) {
            used_by.extend(Feature::of(route.key().kind.as_str()));
            let is_http = route.key().kind == "HTTPRoute";
            used_by.extend(parent.parent_ref.port.filter(|_| is_http).map(|_| Feature::HTTPRouteParentRefPort));
            used_by.extend(parent.served_by.gateway().is_none().then_some(Feature::Mesh));
        }
        for rule in route.rules.iter().filter(|rule| rule.is_valid()) {
            used_by.extend(used(rule));
            // O-018: members of a mesh need no grants.
            let is_of_gateways = route.parents.iter().any(|parent| parent.served_by.gateway().is_some());
            let crosses = targets(rule).any(|target| target.key.object.namespace != route.key().namespace);
            used_by.extend((crosses && is_of_gateways).then_some(Feature::ReferenceGrant));
        }
    }
    for gateway in resolution.gateways.values() {
        let mut certificates = gateway.listeners.iter().flat_map(|listener| &listener.certificates);
        let crosses = certificates.any(|certificate| Some(&certificate.namespace) != gateway.key().namespace.as_ref());
        used_by.extend(crosses.then_some(Feature::ReferenceGrant));
    }
    used_by
}

/// Where a rule sends requests and copies of them.
fn targets(rule: &ResolvedRule) -> impl Iterator<Item = &BackendTarget> {
    let filters = rule.backends.iter().flat_map(|backend| &backend.filters).chain(&rule.filters);
    let copies = filters.filter_map(|filter| match filter {
        ResolvedFilter::RequestMirror { target, .. } => target.as_ref().ok(),
        _ => None,
    });
    rule.backends.iter().filter_map(|backend| backend.target.as_ref().ok()).chain(copies)
}

fn built_without(feature: Feature) -> SupportedFeatures {
    let features = SupportedFeatures::built().without(feature);
    // Ports of parentRefs have two features, and either will do (D-012).
    if feature == Feature::HTTPRouteParentRefPort {
        features.without(Feature::HTTPRouteDestinationPortMatching)
    } else {
        features
    }
}

#[test]
fn law_12_what_is_served_holds_nothing_that_is_not_declared() {
    let mut ever_used = BTreeSet::new();
    for (name, values) in inputs() {
        let snapshot: Snapshot = objects(&values).into_iter().collect();
        let everything = used_by(&resolve(&snapshot, &Controller::default()));
        for feature in &everything {
            let resolution = resolve(&snapshot, &Controller { features: built_without(*feature), ..Controller::default() });
            assert!(!used_by(&resolution).contains(feature), "{name} uses {feature} without declaring it");
        }
        ever_used.extend(everything);
    }
    for feature in [
        Feature::HTTPRoute,
        Feature::HTTPRouteCORS,
        Feature::HTTPRouteMethodMatching,
        Feature::HTTPRouteNamedRouteRule,
        Feature::HTTPRouteParentRefPort,
        Feature::HTTPRoutePathRewrite,
        Feature::HTTPRouteRequestMirror,
        Feature::ReferenceGrant,
    ] {
        assert!(ever_used.contains(&feature), "the corpus makes use of {feature}");
    }
}

/// One change to a JSON value, at a place that a number chooses.
#[derive(Clone, Debug)]
struct Mutation {
    place: usize,
    with: Option<Value>,
}

fn mutation() -> impl Strategy<Value = Mutation> {
    let odd = prop_oneof![
        Just(None),
        Just(Some(Value::Null)),
        Just(Some(json!(-1))),
        Just(Some(json!(4_294_967_296_u64))),
        Just(Some(json!(""))),
        Just(Some(json!("*"))),
        Just(Some(json!("[(*"))),
        Just(Some(json!("\r\n\0é"))),
        Just(Some(json!("x".repeat(5_000)))),
        // Characters of one to four bytes: a cut that counts bytes falls inside of one.
        Just(Some(json!("xé€𝄞".repeat(500)))),
        Just(Some(json!([]))),
        Just(Some(json!({}))),
        Just(Some(json!([null, {}, [], 1, "a"]))),
        Just(Some(json!(true))),
    ];
    (any::<usize>(), odd).prop_map(|(place, with)| Mutation { place, with })
}

fn places(value: &Value) -> usize {
    1 + match value {
        Value::Array(items) => items.iter().map(places).sum::<usize>(),
        Value::Object(fields) => fields.values().map(places).sum(),
        _ => 0,
    }
}

/// Replaces the value at a place, counted in the order of the text; nothing in its stead takes it away.
fn mutate(value: &mut Value, place: &mut usize, with: &Option<Value>) -> bool {
    if *place == 0 {
        if let Some(with) = with {
            value.clone_from(with);
        }
        return with.is_none();
    }
    *place -= 1;
    match value {
        Value::Array(items) => {
            for index in 0..items.len() {
                let inside = places(&items[index]);
                if *place < inside {
                    if mutate(&mut items[index], place, with) {
                        items.remove(index);
                    }
                    return false;
                }
                *place -= inside;
            }
        }
        Value::Object(fields) => {
            for key in fields.keys().cloned().collect::<Vec<_>>() {
                let inside = places(&fields[&key]);
                if *place < inside {
                    if mutate(&mut fields[&key], place, with) {
                        fields.remove(&key);
                    }
                    return false;
                }
                *place -= inside;
            }
        }
        _ => {}
    }
    false
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn law_2_broken_objects_resolve_compile_and_project(case in any::<prop::sample::Index>(), mutations in prop::collection::vec(mutation(), 1..6)) {
        thread_local!(static INPUTS: Vec<(String, Vec<Value>)> = inputs());
        let mut values = INPUTS.with(|inputs| case.get(inputs).1.clone());
        for Mutation { place, with } in &mutations {
            let total: usize = values.iter().map(places).sum();
            let mut place = place % total;
            for value in &mut values {
                let inside = places(value);
                if place < inside {
                    mutate(value, &mut place, with);
                    break;
                }
                place -= inside;
            }
        }
        let outputs = outputs(objects(&values), &Controller::default());
        prop_assert!(!outputs.is_empty());
    }
}
