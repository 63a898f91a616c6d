//! Objects with a status of any shape: merging is idempotent, keeps what others wrote, and moves the time where a status flips
//! and never else (law 9), also when what is to be said changes.
#![no_main]

use std::collections::BTreeSet;

use gwapi_core::{Object, name::ControllerName, resolve};
use gwapi_fuzz::Case;
use gwapi_status::{
    AncestorStatus, MAX_ANCESTORS, MAX_CONDITIONS, MAX_PARENTS, MAX_X_BACKEND_ANCESTORS, Merged, StatusReport, merge_class,
    merge_gateway, merge_listener_set, merge_mesh, merge_policy, merge_route, merge_x_backend, project,
};
use serde_json::{Map, Value};

const T1: &str = "2026-05-01T00:00:00Z";
const T2: &str = "2026-06-01T00:00:00Z";
const T3: &str = "2026-07-01T00:00:00Z";

const OF_GATEWAY: &[&str] =
    &["Accepted", "Programmed", "ResolvedRefs", "InsecureFrontendValidationMode", "AddressesAssigned", "DefaultGateway"];
const OF_LISTENER_SET: &[&str] = &["Accepted", "Programmed"];
const OF_LISTENER: &[&str] = &["Accepted", "Programmed", "ResolvedRefs", "Conflicted", "OverlappingTLSConfig"];
const OF_PARENT: &[&str] = &["Accepted", "ResolvedRefs", "PartiallyInvalid"];
const OF_ANCESTOR: &[&str] = &["Accepted", "ResolvedRefs"];

gwapi_fuzz::mutate_manifests!();

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let case = Case::read(bytes);
    let all = project(&case.resolution());
    // What is to be said when half of the objects are gone.
    let half = project(&resolve(&Case::snapshot(case.objects.iter().step_by(2)), &case.controller));
    for (value, object) in case.values.iter().filter_map(|value| Some((value, Object::from_json(value).object?))) {
        let before = value.get("status");
        let status = settle(&object, before, &all, T1, T2);
        let later = settle(&object, status.as_ref(), &half, T2, T3);
        let _ = settle(&object, later.as_ref(), &all, T3, T1);
        assert_eq!(
            Object::from_json(&with_status(value, status)).object,
            Some(object),
            "a status says nothing of what is wanted"
        );
    }
});

fn with_status(value: &Value, status: Option<Value>) -> Value {
    let mut object = value.as_object().cloned().unwrap_or_else(Map::new);
    if let Some(status) = status {
        object.insert("status".to_owned(), status);
    }
    Value::Object(object)
}

/// Merges twice: the second time, later, there is nothing to write. Returns what is there then.
fn settle(object: &Object, before: Option<&Value>, report: &StatusReport, now: &str, later: &str) -> Option<Value> {
    let merged = merge(object, before, report, now)?;
    let is_stale = merged == Merged::Stale;
    if let Merged::Full { dropped, .. } = &merged {
        assert!(!dropped.is_empty() && dropped.iter().all(|one| !one.to_string().is_empty()));
    }
    let after = merged.into_status().or_else(|| before.cloned());
    let again = merge(object, after.as_ref(), report, later)?;
    assert_eq!(again.into_status(), None, "idempotent");
    if let Some(after) = after.as_ref().filter(|_| !is_stale) {
        let nothing = Value::Null;
        Check { before: before.unwrap_or(&nothing), after, now, owned: &report.owned }.check(object, report);
    }
    after
}

fn merge(object: &Object, before: Option<&Value>, report: &StatusReport, now: &str) -> Option<Merged> {
    let (key, now, owned) = (object.key(), Some(now), &report.owned);
    Some(match &*key.kind.to_string() {
        "GatewayClass" => merge_class(before, report.classes.get(key)?, now),
        "XMesh" => merge_mesh(before, report.meshes.get(key)?, now),
        "Gateway" => merge_gateway(before, report.gateways.get(key)?, now),
        "ListenerSet" | "XListenerSet" => merge_listener_set(before, report.listener_sets.get(key)?, now),
        "XBackend" => merge_x_backend(before, report.x_backends.get(key), owned, now),
        kind if kind.ends_with("Route") => merge_route(before, report.routes.get(key), owned, now),
        kind if kind.ends_with("Policy") => merge_policy(before, report.policies.get(key), owned, now),
        _ => return None,
    })
}

struct Check<'a> {
    before: &'a Value,
    after: &'a Value,
    now: &'a str,
    owned: &'a BTreeSet<ControllerName>,
}

impl Check<'_> {
    fn check(&self, object: &Object, report: &StatusReport) {
        let key = object.key();
        self.check_other_fields();
        match &*key.kind.to_string() {
            "GatewayClass" | "XMesh" => self.check_conditions(self.before, self.after, &["Accepted"]),
            "Gateway" => self.check_declared(OF_GATEWAY, report.gateways.get(key).map_or(0, |one| one.listeners.len())),
            "ListenerSet" | "XListenerSet" => {
                self.check_declared(OF_LISTENER_SET, report.listener_sets.get(key).map_or(0, |one| one.listeners.len()));
            }
            "XBackend" => {
                let ancestors = report.x_backends.get(key).map_or(&[][..], |one| &one.ancestors);
                self.check_ancestors(ancestors, MAX_X_BACKEND_ANCESTORS);
            }
            kind if kind.ends_with("Policy") => {
                let ancestors = report.policies.get(key).map_or(&[][..], |one| &one.ancestors);
                self.check_ancestors(ancestors, MAX_ANCESTORS);
            }
            _ => {
                let controllers = report.routes.get(key).into_iter().flat_map(|one| &one.parents).map(|one| &one.controller_name);
                self.check_shared("parents", "parentRef", MAX_PARENTS, OF_PARENT, controllers.collect());
            }
        }
    }

    /// What no controller of this version knows comes out as it went in.
    fn check_other_fields(&self) {
        const OURS: [&str; 7] =
            ["conditions", "listeners", "addresses", "attachedListenerSets", "supportedFeatures", "parents", "ancestors"];
        let others = |value: &Value| -> Map<String, Value> {
            let all = value.as_object().into_iter().flatten();
            all.filter(|(key, _)| !OURS.contains(&key.as_str())).map(|(key, value)| (key.clone(), value.clone())).collect()
        };
        assert_eq!(others(self.before), others(self.after));
    }

    fn check_declared(&self, own: &[&str], listeners: usize) {
        self.check_conditions(self.before, self.after, own);
        assert_eq!(list(self.after, "listeners").len(), listeners);
        for listener in list(self.after, "listeners") {
            let old = list(self.before, "listeners").iter().find(|old| old.get("name") == listener.get("name"));
            self.check_conditions(old.unwrap_or(&Value::Null), listener, OF_LISTENER);
        }
    }

    fn check_ancestors(&self, ancestors: &[AncestorStatus], limit: usize) {
        let controllers = ancestors.iter().map(|one| &one.controller_name).collect();
        self.check_shared("ancestors", "ancestorRef", limit, OF_ANCESTOR, controllers);
    }

    /// Entries of others are equal and in their order; there are not more than allowed unless others alone are.
    fn check_shared(&self, name: &str, reference: &str, limit: usize, own: &[&str], controllers: BTreeSet<&ControllerName>) {
        let is_ours = |entry: &&Value| {
            let name = entry.get("controllerName").and_then(Value::as_str);
            self.owned.iter().chain(controllers.iter().copied()).any(|own| name == Some(own.as_str()))
        };
        let (before, after) = (list(self.before, name), list(self.after, name));
        let foreign = |entries: &[Value]| -> Vec<Value> { entries.iter().filter(|entry| !is_ours(entry)).cloned().collect() };
        assert_eq!(foreign(before), foreign(after));
        let kept = after.iter().filter(|entry| before.contains(entry)).count();
        assert!(after.len() <= limit.max(kept), "{} of {limit}, {kept} of them were there", after.len());
        for entry in after.iter().filter(is_ours).filter(|entry| !before.contains(entry)) {
            let is_same = |old: &&Value| is_ours(old) && old["controllerName"] == entry["controllerName"];
            let mut olds = before.iter().filter(is_same).filter(|old| old.get(reference) == entry.get(reference));
            assert!(!list(entry, "conditions").is_empty());
            if let Some(old) = olds.next() {
                self.check_conditions(old, entry, own);
            }
        }
    }

    /// Conditions of others are equal and in their order; a type of ours stands there once; the time is the old one if the status
    /// is.
    fn check_conditions(&self, before: &Value, after: &Value, own: &[&str]) {
        let (before, after) = (list(before, "conditions"), list(after, "conditions"));
        let is_of = |condition: &Value, type_: &str| condition.get("type").and_then(Value::as_str) == Some(type_);
        let foreign = |conditions: &[Value]| -> Vec<Value> {
            conditions.iter().filter(|one| !own.iter().any(|type_| is_of(one, type_))).cloned().collect()
        };
        assert_eq!(foreign(before), foreign(after));
        assert!(after.len() <= MAX_CONDITIONS.max(foreign(before).len()));
        for type_ in own {
            assert!(after.iter().filter(|one| is_of(one, type_)).count() <= 1);
            let Some(new) = after.iter().find(|one| is_of(one, type_)) else { continue };
            let old = before.iter().find(|one| is_of(one, type_)).filter(|old| status(old) == status(new));
            assert_eq!(time(new), Some(old.and_then(time).unwrap_or(self.now)), "{type_}: {old:?} -> {new:?}");
        }
    }
}

fn list<'v>(value: &'v Value, key: &str) -> &'v [Value] {
    value.get(key).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default()
}

/// an empty status is Unknown.
fn status(condition: &Value) -> Option<&str> {
    condition.get("status").and_then(Value::as_str).map(|status| if status.is_empty() { "Unknown" } else { status })
}

fn time(condition: &Value) -> Option<&str> {
    condition.get("lastTransitionTime").and_then(Value::as_str).filter(|time| !time.is_empty())
}
