//! What does a controller write when objects change? Two snapshots in, one JSON merge patch (RFC 7386) for each status that is
//! another one now. What other controllers wrote stays, and an object of which nothing changes gets no write.
//!
//! ```sh
//! cargo run -p status-writer
//! ```

use std::{collections::BTreeMap, error::Error};

use gwapi_core::{Controller, Object, ObjectKey, Snapshot, SupportedFeatures, resolve};
use gwapi_status::{Merged, merge_class, merge_gateway, merge_route, project};
use serde_json::{Map, Value, json};

/// What the API server holds: objects as JSON, status included.
type Objects = BTreeMap<ObjectKey, Value>;

const OBJECTS: &str = include_str!("../objects.json");

fn main() -> Result<(), Box<dyn Error>> {
    let mut cluster = read(OBJECTS)?;
    println!("# at first");
    write(&mut cluster, "2026-11-01T12:00:00Z")?;
    println!("# again: nothing to do");
    write(&mut cluster, "2026-11-01T12:00:10Z")?;
    println!("# the Service of the route is gone");
    cluster.retain(|key, _| key.kind != *"Service");
    write(&mut cluster, "2026-11-01T12:00:20Z")
}

/// One turn of a controller: looks at what is there, sends patches, and prints them. The time is an argument.
fn write(cluster: &mut Objects, now: &str) -> Result<(), Box<dyn Error>> {
    for (key, patch) in patches(cluster, now) {
        println!("{key}\n{}", serde_json::to_string_pretty(&patch)?);
        if let Some(object) = cluster.get_mut(&key) {
            apply(object, &patch);
        }
    }
    Ok(())
}

fn read(objects: &str) -> Result<Objects, serde_json::Error> {
    let objects: Vec<Value> = serde_json::from_str(objects)?;
    Ok(objects.into_iter().filter_map(|value| Some((Object::from_json(&value).object?.key().clone(), value))).collect())
}

/// The patches that bring every status to what the objects mean now.
fn patches(cluster: &Objects, now: &str) -> Vec<(ObjectKey, Value)> {
    let snapshot: Snapshot = cluster.values().filter_map(|value| Object::from_json(value).object).collect();
    // What this controller serves: it goes into the status of its class, and a Service as a parent is none of its business.
    let controller = Controller { features: SupportedFeatures::core(), ..Controller::named("example.com/controller") };
    let report = project(&resolve(&snapshot, &controller));
    let existing = |key: &ObjectKey| cluster.get(key).and_then(|object| object.get("status"));
    let classes = report.classes.iter().map(|(key, status)| (key, merge_class(existing(key), status, Some(now))));
    let gateways = report.gateways.iter().map(|(key, status)| (key, merge_gateway(existing(key), status, Some(now))));
    let routes = report.routes.iter();
    let routes = routes.map(|(key, status)| (key, merge_route(existing(key), Some(status), &report.owned, Some(now))));
    let merged = classes.chain(gateways).chain(routes);
    merged.filter_map(|(key, merged)| Some((key.clone(), patch(cluster.get(key)?, merged)?))).collect()
}

/// The patch for the `status` subresource of an object. Lists are replaced as a whole, others' entries in them included: with
/// its `resourceVersion` the API server refuses a patch for a status that somebody else has written meanwhile, and the
/// controller looks again.
fn patch(object: &Value, merged: Merged) -> Option<Value> {
    let status = merged.into_status()?;
    let difference = difference(object.get("status").unwrap_or(&Value::Null), &status)?;
    Some(json!({"metadata": {"resourceVersion": object.pointer("/metadata/resourceVersion")}, "status": difference}))
}

/// What makes `new` of `old`: members that are gone are `null`, and what is equal is left out.
fn difference(old: &Value, new: &Value) -> Option<Value> {
    let (Value::Object(before), Value::Object(after)) = (old, new) else {
        return (old != new).then(|| new.clone());
    };
    let gone = before.keys().filter(|name| !after.contains_key(*name)).map(|name| (name.clone(), Value::Null));
    let changed = after.iter().filter_map(|(name, value)| {
        let old = before.get(name).unwrap_or(&Value::Null);
        Some((name.clone(), difference(old, value)?))
    });
    let members: Map<String, Value> = gone.chain(changed).collect();
    (!members.is_empty()).then_some(Value::Object(members))
}

/// What an API server makes of a patch.
fn apply(target: &mut Value, patch: &Value) {
    let Value::Object(members) = patch else {
        *target = patch.clone();
        return;
    };
    if !target.is_object() {
        *target = json!({});
    }
    for (name, value) in members {
        match (value, target.as_object_mut()) {
            (Value::Null, Some(target)) => drop(target.remove(name)),
            _ => apply(&mut target[name], value),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status<'v>(cluster: &'v Objects, kind: &str) -> &'v Value {
        cluster.iter().find(|(key, _)| key.kind == *kind).map(|(_, object)| &object["status"]).unwrap()
    }

    #[test]
    fn what_others_wrote_stays_and_what_is_there_is_not_written_again() {
        let before = read(OBJECTS).unwrap();
        let mut cluster = before.clone();
        write(&mut cluster, "2026-11-01T12:00:00Z").unwrap();
        assert_eq!(status(&cluster, "HTTPRoute")["parents"][0], status(&before, "HTTPRoute")["parents"][0]);
        assert_eq!(status(&cluster, "HTTPRoute")["parents"][1]["controllerName"], "example.com/controller");
        assert_eq!(status(&cluster, "Gateway")["conditions"][0]["type"], "example.net/Audited");
        assert_eq!(patches(&cluster, "2026-11-01T12:00:10Z"), []);
    }

    #[test]
    fn only_what_has_changed_is_written_and_only_what_flips_gets_another_time() {
        let mut cluster = read(OBJECTS).unwrap();
        write(&mut cluster, "2026-11-01T12:00:00Z").unwrap();
        cluster.retain(|key, _| key.kind != *"Service");
        let changed = patches(&cluster, "2026-11-01T12:00:20Z");
        assert_eq!(changed.iter().map(|(key, _)| key.kind.as_str()).collect::<Vec<_>>(), ["HTTPRoute"]);
        let conditions = changed[0].1["status"]["parents"][1]["conditions"].as_array().unwrap();
        let times: Vec<_> = conditions.iter().map(|one| (one["type"].as_str(), one["lastTransitionTime"].as_str())).collect();
        assert_eq!(
            times,
            [(Some("Accepted"), Some("2026-11-01T12:00:00Z")), (Some("ResolvedRefs"), Some("2026-11-01T12:00:20Z")),]
        );
    }

    #[test]
    fn a_patch_makes_the_new_of_the_old() {
        let old = json!({"a": 1, "b": {"c": [1, 2], "d": 3}, "e": 4});
        let new = json!({"a": 1, "b": {"c": [2]}, "f": {"g": 5}});
        let patch = difference(&old, &new).unwrap();
        assert_eq!(patch, json!({"b": {"c": [2], "d": null}, "e": null, "f": {"g": 5}}));
        let mut applied = old.clone();
        apply(&mut applied, &patch);
        assert_eq!(applied, new);
        assert_eq!(difference(&old, &old), None);
    }
}
