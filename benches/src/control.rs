//! The control plane: everything at once, and one change at a time.

use std::{
    hint::black_box,
    time::{Duration, Instant},
};

use gwapi_core::{
    Affected, Change, Controller, Engine, Facts, Object, ObjectKey, Resolution, Snapshot,
    model::{Address, AddressType},
    resolve,
};
use gwapi_match::{Tables, compile, recompile};
use gwapi_status::{project, project_for};
use serde_json::{Value, json};

const SEED: u64 = 42;
/// Routes of a namespace, which is also a host.
const ROUTES: usize = 10;

/// Resolved, compiled and projected objects that change.
pub struct World {
    engine: Engine,
    tables: Tables,
}

/// What one change cost, and how much it affected.
#[derive(Clone, Copy, Debug)]
pub struct Cost {
    /// From the object to new tables and statuses.
    pub time: Duration,
    /// How many routes were affected.
    pub routes: usize,
}

impl World {
    /// Workload D spread over namespaces: one Gateway that lets in namespaces by their labels, ten routes for each host, all of
    /// one namespace, the last of which sends to another namespace by a ReferenceGrant there.
    ///
    /// # Panics
    /// If the objects of the workload are none.
    #[must_use]
    pub fn of_routes(count: usize) -> Self {
        let mut snapshot: Snapshot = objects(count).iter().map(object).collect();
        snapshot.facts = facts();
        let engine = Engine::new(snapshot, Controller::default());
        let tables = compile(engine.resolution(), SEED);
        Self { engine, tables }
    }

    /// Takes a change through the engine to new tables and statuses.
    pub fn apply(&mut self, change: Change) -> Cost {
        let start = Instant::now();
        let affected = self.engine.apply(change);
        let tables = recompile(&self.tables, self.engine.resolution(), &affected);
        let statuses = project_for(self.engine.resolution(), &affected);
        let time = start.elapsed();
        black_box((&statuses, &tables));
        self.tables = tables;
        Cost { time, routes: affected.routes.len() }
    }

    /// What a change affects, without the rest.
    pub fn affected(&mut self, change: Change) -> Affected {
        self.engine.apply(change)
    }

    /// Whether the tables and the resolution are what they would be from the start.
    #[must_use]
    pub fn is_right(&self) -> bool {
        let resolution = resolve(self.engine.snapshot(), &self.engine.resolution().controller);
        *self.engine.resolution() == resolution && self.tables == compile(&resolution, SEED)
    }
}

/// What a change is called, and how it is made of a number of a route and of whether it goes there or back.
pub type NamedChange = (&'static str, fn(usize, bool) -> Change);

/// The changes that are measured: what they are called, and an endless back and forth.
pub const CHANGES: [NamedChange; 4] = [
    ("a route is edited", |number, there| put(&route(number, if there { "/edited" } else { "/edited-again" }))),
    ("endpoints of a Service change", |number, _| put(&endpoints(number))),
    ("a Namespace is relabelled", |number, there| put(&namespace(number / ROUTES, there))),
    ("a ReferenceGrant comes or goes", |number, there| {
        let grant = grant(number / ROUTES);
        if there { put(&grant) } else { Change::Delete(object(&grant).key().clone()) }
    }),
];

/// Everything at once: from a snapshot to resolution, tables and statuses.
#[must_use]
pub fn everything(snapshot: &Snapshot) -> [Duration; 3] {
    let controller = Controller::default();
    let (resolution, resolved) = timed(|| resolve(snapshot, &controller));
    let (tables, compiled) = timed(|| compile(&resolution, SEED));
    let (report, projected) = timed(|| project(&resolution));
    black_box((&resolution as &Resolution, tables, report));
    [resolved, compiled, projected]
}

/// A snapshot with so many routes.
///
/// # Panics
/// If the objects of the workload are none.
#[must_use]
pub fn snapshot(count: usize) -> Snapshot {
    let mut snapshot: Snapshot = objects(count).iter().map(object).collect();
    snapshot.facts = facts();
    snapshot
}

/// The Gateway of the workload.
#[must_use]
pub fn gateway_key() -> ObjectKey {
    ObjectKey::namespaced("gateway.networking.k8s.io", "Gateway", &"infra".into(), &"edge".into())
}

fn timed<T>(run: impl FnOnce() -> T) -> (T, Duration) {
    let start = Instant::now();
    let result = run();
    (result, start.elapsed())
}

fn facts() -> Facts {
    let mut facts = Facts::default();
    facts.default_address =
        Some(Address { kind: AddressType::IpAddress, value: Some("192.0.2.1".into()), routability: "".into() });
    facts
}

fn put(value: &Value) -> Change {
    Change::Put(object(value))
}

fn object(value: &Value) -> Object {
    Object::from_json(value).object.expect("an object of the workload")
}

fn objects(count: usize) -> Vec<Value> {
    let gateway = json!({
        "apiVersion": "gateway.networking.k8s.io/v1", "kind": "Gateway", "metadata": {"name": "edge", "namespace": "infra"},
        "spec": {"gatewayClassName": "any", "listeners": [{
            "name": "http", "port": 80, "protocol": "HTTP",
            "allowedRoutes": {"namespaces": {"from": "Selector", "selector": {"matchLabels": {"edge": "yes"}}}},
        }]},
    });
    let mut objects = vec![gateway];
    for host in 0..count.div_ceil(ROUTES) {
        let service = |namespace: String| {
            json!({
                "apiVersion": "v1", "kind": "Service", "metadata": {"name": "backend", "namespace": namespace},
                "spec": {"ports": [{"port": 8080}]},
            })
        };
        objects.extend([namespace(host, true), service(team(host)), service(shared(host)), grant(host)]);
    }
    objects.extend((0..count).map(|number| route(number, "/edited")));
    objects
}

fn team(host: usize) -> String {
    format!("team-{host:05}")
}

fn shared(host: usize) -> String {
    format!("shared-{host:05}")
}

fn namespace(host: usize, is_let_in: bool) -> Value {
    let labels = if is_let_in { json!({"edge": "yes"}) } else { json!({}) };
    json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": team(host), "labels": labels}})
}

fn grant(host: usize) -> Value {
    json!({
        "apiVersion": "gateway.networking.k8s.io/v1beta1", "kind": "ReferenceGrant",
        "metadata": {"name": "from-team", "namespace": shared(host)},
        "spec": {
            "from": [{"group": "gateway.networking.k8s.io", "kind": "HTTPRoute", "namespace": team(host)}],
            "to": [{"group": "", "kind": "Service"}],
        },
    })
}

fn endpoints(number: usize) -> Value {
    json!({
        "apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice",
        "metadata": {"name": "backend-1", "namespace": team(number / ROUTES)}, "endpoints": [{"addresses": ["192.0.2.9"]}],
    })
}

/// Six prefixes, an exact path, and a prefix with a method, a header and a query parameter for each host.
fn route(number: usize, edited: &str) -> Value {
    let (host, place) = (number / ROUTES, number % ROUTES);
    let path = |kind: &str, value: &str| json!({"type": kind, "value": value});
    let matches = match place {
        0 => json!({"path": path("PathPrefix", edited)}),
        6 => json!({"path": path("Exact", "/exact")}),
        7 => json!({"path": path("PathPrefix", "/method"), "method": "POST"}),
        8 => json!({"path": path("PathPrefix", "/header"), "headers": [{"name": "x-tenant", "value": "blue"}]}),
        9 => json!({"path": path("PathPrefix", "/query"), "queryParams": [{"name": "animal", "value": "cat"}]}),
        other => json!({"path": path("PathPrefix", &format!("/api/v{other}"))}),
    };
    let namespace = if place == 9 { shared(host) } else { team(host) };
    json!({
        "apiVersion": "gateway.networking.k8s.io/v1", "kind": "HTTPRoute",
        "metadata": {"name": format!("route-{number:05}"), "namespace": team(host), "generation": edited.len()},
        "spec": {
            "parentRefs": [{"name": "edge", "namespace": "infra"}], "hostnames": [format!("svc-{host:05}.example.com")],
            "rules": [{"matches": [matches], "backendRefs": [{"name": "backend", "namespace": namespace, "port": 8080}]}],
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_change_affects_what_it_should_and_leaves_everything_right() {
        let mut world = World::of_routes(40);
        assert!(world.is_right());
        for ((name, change), expected) in CHANGES.into_iter().zip([1, 0, 10, 1]) {
            let seen: Vec<usize> = [false, true].map(|there| world.apply(change(20, there)).routes).into();
            assert_eq!(seen, [expected, expected], "{name}");
            assert!(world.is_right(), "{name}");
        }
    }

    #[test]
    fn a_change_of_endpoints_affects_nothing() {
        let mut world = World::of_routes(20);
        assert!(world.affected(put(&endpoints(3))).is_empty());
    }
}
