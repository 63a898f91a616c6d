//! Routes of every kind: `status.parents`.

use alloc::{collections::BTreeSet, vec::Vec};

use gwapi_core::name::ControllerName;
use serde_json::Value;

use super::{
    Dropped, Merged, Stamp,
    shared::{Entry, List, Shared},
};
use crate::{
    condition::ConditionType,
    route::{ParentStatus, RouteStatus},
};

/// How many entries `status.parents` may have (Q-017).
pub const MAX_PARENTS: usize = 32;

const PARENTS: List = List {
    name: "parents",
    reference: "parentRef",
    limit: MAX_PARENTS,
    own: &[ConditionType::Accepted, ConditionType::ResolvedRefs, ConditionType::PartiallyInvalid],
    dropped: |parent_ref| Dropped::Parent { parent_ref },
};

/// Merges what the status of a route should say into the one that is there; without `desired` the route has no parent of ours
/// (any more). `now` is the time in RFC 3339, to be written where a status flips; without it such a condition has no
/// `lastTransitionTime`.
///
/// `owned` are the names under which we write, as in [`StatusReport::owned`](crate::StatusReport::owned). The entries with one
/// of them, or with a name in `desired`, are ours: those that are not desired go, also when none is left (Q-016, pitfall 63).
/// All others stay as they are (Q-014, pitfall 62).
///
/// ```
/// use gwapi_core::{Controller, Object, Snapshot, resolve};
/// use gwapi_status::{Merged, merge_route, project};
/// use serde_json::json;
///
/// let theirs = json!({
///     "parentRef": {"name": "other"}, "controllerName": "example.org/other",
///     "conditions": [{"type": "Accepted", "status": "True", "reason": "Accepted", "message": "",
///                     "lastTransitionTime": "2026-01-01T00:00:00Z", "observedGeneration": 1}],
/// });
/// let gateway = json!({
///     "apiVersion": "gateway.networking.k8s.io/v1", "kind": "Gateway", "metadata": {"name": "edge"},
///     "spec": {"gatewayClassName": "any", "listeners": [{"name": "http", "port": 80, "protocol": "HTTP"}]},
/// });
/// let route = json!({
///     "apiVersion": "gateway.networking.k8s.io/v1", "kind": "HTTPRoute", "metadata": {"name": "shop", "generation": 1},
///     "spec": {"parentRefs": [{"name": "edge"}, {"name": "other"}]}, "status": {"parents": [theirs]},
/// });
/// let snapshot: Snapshot = [&gateway, &route].into_iter().filter_map(|object| Object::from_json(object).object).collect();
/// let controller = Controller::default(); // its own name is written where a class does not say one
/// let report = project(&resolve(&snapshot, &controller));
/// let (_, desired) = report.routes.first_key_value().expect("the route");
///
/// let now = Some("2026-10-29T12:00:00Z");
/// let Merged::Changed(status) = merge_route(route.get("status"), Some(desired), &report.owned, now) else { panic!() };
/// assert_eq!(status["parents"][0], theirs);
/// assert_eq!(status["parents"][1]["parentRef"]["name"], "edge");
///
/// // The Gateway is gone, and with it everything that we have to say.
/// let Merged::Changed(status) = merge_route(Some(&status), None, &report.owned, now) else { panic!() };
/// assert_eq!(status, json!({"parents": [theirs]}));
/// ```
pub fn merge_route(
    existing: Option<&Value>,
    desired: Option<&RouteStatus>,
    owned: &BTreeSet<ControllerName>,
    now: Option<&str>,
) -> Merged {
    let nothing = RouteStatus { namespace: "".into(), observed_generation: 0, parents: Vec::new(), left_alone: Vec::new() };
    let RouteStatus { namespace, observed_generation, parents, left_alone } = desired.unwrap_or(&nothing);
    let desired = parents.iter().map(entry).collect();
    let stamp = Stamp { generation: *observed_generation, now };
    Shared { list: &PARENTS, namespace, desired, left_alone, owned, stamp }.merge(existing)
}

fn entry(parent: &ParentStatus) -> Entry<'_> {
    let ParentStatus { parent_ref: reference, controller_name, conditions } = parent;
    Entry { reference, controller_name, conditions }
}
