//! Law 3: the same objects give the same bytes, whatever the order they came in.

use std::fmt::Write;

use gwapi_core::{Object, Resolution, resolve};
use gwapi_match::{Tables, compile};

use crate::{Case, Draw, Request, tables::SEED};

/// Checks the law in one case.
///
/// # Panics
/// If it does not hold.
pub fn law_3_order(case: &Case) {
    let draw = &mut Draw::new(case.seed.wrapping_add(1));
    let mut objects = case.objects();
    let outcome = |objects: &[Object], seed| {
        let snapshot = case.snapshot_of(objects.iter().cloned());
        Outcome::of(resolve(&snapshot, &case.controller), seed, &case.requests)
    };
    let first = outcome(&objects, SEED);
    for _ in 0..2 {
        draw.shuffle(&mut objects);
        let other = outcome(&objects, draw.number());
        assert_eq!(first.tables, other.tables, "tables");
        for (one, other) in first.bytes.lines().zip(other.bytes.lines()) {
            assert_eq!(one, other);
        }
        assert_eq!(first.bytes, other.bytes);
    }
}

/// Everything that comes out of a world, in bytes as far as it has any.
struct Outcome {
    tables: Tables,
    bytes: String,
}

impl Outcome {
    fn of(resolution: Resolution, seed: u64, requests: &[Request]) -> Self {
        let tables = compile(&resolution, seed);
        let mut bytes = String::new();
        let mut line = |value: &dyn std::fmt::Debug| writeln!(bytes, "{value:?}").expect("a text takes everything");
        // Taken apart, so that a new part cannot be forgotten.
        let Resolution {
            controller: _,
            classes,
            gateways,
            listener_sets,
            policies,
            x_backends,
            meshes,
            routes,
            unclaimed,
            attached_routes,
            backend_users,
        } = &resolution;
        classes.values().for_each(|class| line(class));
        gateways.values().for_each(|gateway| line(gateway));
        listener_sets.values().for_each(|set| line(set));
        policies.values().for_each(|policy| line(policy));
        x_backends.values().for_each(|backend| line(backend));
        meshes.values().for_each(|mesh| line(mesh));
        routes.values().for_each(|route| line(route));
        line(&(unclaimed, attached_routes, backend_users));
        #[cfg(feature = "status")]
        line(&gwapi_status::project(&resolution));
        for table in tables.gateways.values() {
            line(&table.ports().collect::<Vec<_>>());
            line(&table.listeners().collect::<Vec<_>>());
            requests.iter().for_each(|request| line(&request.answer(table)));
        }
        if let Some(mesh) = &tables.mesh {
            line(&mesh.table().listeners().collect::<Vec<_>>());
            requests.iter().for_each(|request| line(&request.answer_in(mesh)));
        }
        Self { tables, bytes }
    }
}
