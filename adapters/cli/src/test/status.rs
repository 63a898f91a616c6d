//! Whether the status of an object is what a case expects.

use std::collections::BTreeMap;

use gwapi_core::name::ObjectKey;
use serde_json::Value;

use super::{
    case::{Case, ConditionSpec, ExpectedEntry, GroupKindSpec, Item, ParentRefSpec},
    report::Failure,
};
use crate::input::is_gateway_api;

const GATEWAY_GROUP: &str = "gateway.networking.k8s.io";

/// Objects after the controller has written its status.
pub(crate) type Written = BTreeMap<ObjectKey, Value>;

/// Checks every entry of expected.yaml.
pub(crate) fn check(case: &Case, written: &Written) -> Vec<Failure> {
    let controller = case.meta.controller_name.as_deref();
    case.expected.iter().flat_map(|entry| check_entry(entry, written, controller)).collect()
}

fn check_entry(item: &Item<ExpectedEntry>, written: &Written, controller: Option<&str>) -> Vec<Failure> {
    let entry = &item.value;
    let is_meant = |key: &ObjectKey| {
        is_gateway_api(key.group.as_str())
            && key.kind == *entry.kind.as_str()
            && key.namespace_str() == entry.namespace.as_deref().unwrap_or_default()
            && key.name == *entry.name.as_str()
    };
    let mut failures = Failures { item, all: Vec::new() };
    match written.iter().find(|(key, _)| is_meant(key)) {
        None => failures.add("object", "to be there", "missing"),
        Some((_, object)) => check_object(entry, object, controller, &mut failures),
    }
    failures.all
}

/// Collects what is wrong with one entry.
struct Failures<'a> {
    item: &'a Item<ExpectedEntry>,
    all: Vec<Failure>,
}

impl Failures<'_> {
    fn add(&mut self, what: impl std::fmt::Display, expected: impl ToString, actual: impl ToString) {
        let entry = &self.item.value;
        let namespace = entry.namespace.as_ref().map(|namespace| format!("{namespace}/")).unwrap_or_default();
        self.all.push(Failure {
            file: self.item.file.clone(),
            line: self.item.line,
            what: format!("{} {namespace}{}: {what}", entry.kind, entry.name),
            expected: expected.to_string(),
            actual: actual.to_string(),
        });
    }
}

fn check_object(entry: &ExpectedEntry, object: &Value, controller: Option<&str>, failures: &mut Failures<'_>) {
    let status = &object["status"];
    if let Some(listener) = &entry.listener {
        match find_listener(status, listener) {
            Some(listener) => check_listener(entry, listener, failures),
            None => failures.add(format!("listener `{listener}`"), "an entry", "none"),
        }
    } else if let Some(parent_ref) = &entry.parent_ref {
        check_parents(entry, parent_ref, &status["parents"], object, failures);
    } else if let Some(ancestor_ref) = &entry.ancestor_ref {
        check_ancestors(entry, ancestor_ref, &status["ancestors"], object, failures);
    } else {
        check_conditions(entry, &status["conditions"], failures);
    }
    check_object_fields(entry, object, controller, failures);
}

fn find_listener<'s>(status: &'s Value, name: &str) -> Option<&'s Value> {
    list(&status["listeners"]).iter().find(|listener| listener["name"] == name)
}

fn check_listener(entry: &ExpectedEntry, listener: &Value, failures: &mut Failures<'_>) {
    check_conditions(entry, &listener["conditions"], failures);
    if let Some(expected) = entry.attached_routes.filter(|expected| listener["attachedRoutes"] != *expected) {
        failures.add("attachedRoutes", expected, &listener["attachedRoutes"]);
    }
    if let Some(expected) = &entry.supported_kinds {
        check_supported_kinds(expected, listener, failures);
    }
    if let Some(preserved) = &entry.preserved {
        check_preserved("conditions", &preserved.conditions, &listener["conditions"], failures);
    }
}

/// Every kind listed must be there and more may be, but an empty list means none.
fn check_supported_kinds(expected: &[GroupKindSpec], listener: &Value, failures: &mut Failures<'_>) {
    let Some(actual) = listener["supportedKinds"].as_array() else {
        failures.add("supportedKinds", "a list", &listener["supportedKinds"]);
        return;
    };
    if expected.is_empty() && !actual.is_empty() {
        failures.add("supportedKinds", "[]", &listener["supportedKinds"]);
    }
    for kind in expected {
        let group = kind.group.as_deref().unwrap_or(GATEWAY_GROUP);
        let is_there =
            actual.iter().any(|entry| entry["kind"] == *kind.kind && entry["group"].as_str().unwrap_or(GATEWAY_GROUP) == group);
        if !is_there {
            failures.add("supportedKinds", format!("{group}/{}", kind.kind), &listener["supportedKinds"]);
        }
    }
}

fn check_parents(entry: &ExpectedEntry, wanted: &ParentRefSpec, parents: &Value, object: &Value, failures: &mut Failures<'_>) {
    let candidates: Vec<&Value> = list(parents).iter().filter(|parent| refers(wanted, &parent["parentRef"], object)).collect();
    check_any(entry, &candidates, &format!("parents entry of `{}`", wanted.name), failures);
}

fn check_ancestors(
    entry: &ExpectedEntry,
    wanted: &ParentRefSpec,
    ancestors: &Value,
    object: &Value,
    failures: &mut Failures<'_>,
) {
    let candidates: Vec<&Value> =
        list(ancestors).iter().filter(|ancestor| refers(wanted, &ancestor["ancestorRef"], object)).collect();
    check_any(entry, &candidates, &format!("ancestors entry of `{}`", wanted.name), failures);
}

/// One of the candidates must have the conditions.
fn check_any(entry: &ExpectedEntry, candidates: &[&Value], what: &str, failures: &mut Failures<'_>) {
    let mut best: Option<Vec<Failure>> = None;
    for candidate in candidates {
        let mut attempt = Failures { item: failures.item, all: Vec::new() };
        check_conditions(entry, &candidate["conditions"], &mut attempt);
        if attempt.all.is_empty() {
            return;
        }
        if best.as_ref().is_none_or(|best| attempt.all.len() < best.len()) {
            best = Some(attempt.all);
        }
    }
    match best {
        Some(best) => failures.all.extend(best),
        None => failures.add(what, "to be there", "missing"),
    }
}

/// Whether an entry is that of the reference; what either side leaves out has its default.
fn refers(wanted: &ParentRefSpec, actual: &Value, object: &Value) -> bool {
    let own_namespace = object["metadata"]["namespace"].as_str().unwrap_or_default();
    let text = |field: &str, default: &str| actual[field].as_str().unwrap_or(default).to_owned();
    let same_object = text("group", GATEWAY_GROUP) == wanted.group.as_deref().unwrap_or(GATEWAY_GROUP)
        && text("kind", "Gateway") == wanted.kind.as_deref().unwrap_or("Gateway")
        && text("namespace", own_namespace) == wanted.namespace.as_deref().unwrap_or(own_namespace)
        && text("name", "") == wanted.name;
    let same_section = actual["sectionName"].as_str() == wanted.section_name.as_deref() && actual["port"].as_u64() == wanted.port;
    same_object && (wanted.any_section || same_section)
}

fn check_conditions(entry: &ExpectedEntry, actual: &Value, failures: &mut Failures<'_>) {
    let conditions = list(actual);
    for expected in entry.conditions.iter().flatten() {
        check_condition(expected, conditions, failures);
    }
    for absent in &entry.absent_conditions {
        if let Some(condition) = conditions.iter().find(|condition| condition["type"] == **absent) {
            failures.add(format!("condition {absent}"), "absent", shown(condition));
        }
    }
    if entry.exactly {
        let expected: Vec<&str> = entry.conditions.iter().flatten().map(|spec| &*spec.condition_type).collect();
        for condition in conditions.iter().filter(|condition| !expected.contains(&condition["type"].as_str().unwrap_or(""))) {
            failures.add("conditions", format!("only {expected:?}"), shown(condition));
        }
    }
}

fn check_condition(expected: &ConditionSpec, conditions: &[Value], failures: &mut Failures<'_>) {
    let what = format!("condition {}", expected.condition_type);
    let reason = expected.reason.as_deref().unwrap_or("*");
    let wanted = format!("{}/{reason}", expected.status);
    let Some(actual) = conditions.iter().find(|condition| condition["type"] == *expected.condition_type) else {
        failures.add(what, wanted, "absent");
        return;
    };
    let fits = |wanted: &str, actual: &Value| wanted == "*" || actual == wanted;
    if !fits(&expected.status, &actual["status"]) || !fits(reason, &actual["reason"]) {
        failures.add(what, wanted, shown(actual));
    }
}

fn check_object_fields(entry: &ExpectedEntry, object: &Value, controller: Option<&str>, failures: &mut Failures<'_>) {
    let status = &object["status"];
    if entry.latest_conditions {
        check_generations("conditions", &status["conditions"], object, failures);
        // What others wrote has whatever generation they saw.
        let is_ours = |entry: &&Value| controller.is_none_or(|name| entry["controllerName"] == name);
        for parent in list(&status["parents"]).iter().chain(list(&status["ancestors"])).filter(is_ours) {
            check_generations("conditions of an entry", &parent["conditions"], object, failures);
        }
        if entry.listeners_too {
            for listener in list(&status["listeners"]) {
                check_generations("conditions of a listener", &listener["conditions"], object, failures);
            }
        }
    }
    if entry.no_accepted_parents {
        let accepted = |parent: &&Value| {
            list(&parent["conditions"]).iter().any(|condition| condition["type"] == "Accepted" && condition["status"] == "True")
        };
        if let Some(parent) = list(&status["parents"]).iter().find(accepted) {
            failures.add("parents", "none with Accepted=True", &parent["parentRef"]);
        }
    }
    if entry.parents.as_ref().is_some_and(Vec::is_empty) && !list(&status["parents"]).is_empty() {
        failures.add("parents", "[]", &status["parents"]);
    }
    if entry.has_address && !list(&status["addresses"]).iter().any(|address| address["type"].is_string()) {
        failures.add("addresses", "one with a type", &status["addresses"]);
    }
    if let Some(expected) = entry.attached_listener_sets.filter(|expected| status["attachedListenerSets"] != *expected) {
        failures.add("attachedListenerSets", expected, &status["attachedListenerSets"]);
    }
    if let (Some(preserved), None) = (&entry.preserved, &entry.listener) {
        check_preserved("parents", &preserved.parents, &status["parents"], failures);
        check_preserved("ancestors", &preserved.ancestors, &status["ancestors"], failures);
        check_preserved("conditions", &preserved.conditions, &status["conditions"], failures);
    }
}

/// Every condition has the generation of its object, but for those that others wrote.
fn check_generations(what: &str, conditions: &Value, object: &Value, failures: &mut Failures<'_>) {
    let generation = object["metadata"]["generation"].as_i64().unwrap_or_default();
    for condition in list(conditions) {
        let foreign = condition["type"].as_str().is_some_and(|name| name.ends_with("/StaleCondition"));
        if !foreign && condition["observedGeneration"].as_i64().unwrap_or_default() != generation {
            failures.add(what, format!("observedGeneration {generation}"), shown(condition));
        }
    }
}

fn check_preserved(what: &str, expected: &[Value], actual: &Value, failures: &mut Failures<'_>) {
    for entry in expected.iter().filter(|entry| !list(actual).contains(entry)) {
        failures.add(format!("{what} that somebody else wrote"), entry, actual);
    }
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map(Vec::as_slice).unwrap_or_default()
}

fn shown(condition: &Value) -> String {
    let text = |field: &str| condition[field].as_str().unwrap_or("?").to_owned();
    let generation = &condition["observedGeneration"];
    format!("{}={}/{} ({}; observedGeneration {generation})", text("type"), text("status"), text("reason"), text("message"))
}
