//! Law 3: the same objects give the same outcome, whatever the order they came in.

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
    draw.shuffle(&mut objects);
    let other = outcome(&objects, draw.number());
    assert_eq!(first.resolution, other.resolution, "resolutions");
    assert_eq!(first.tables, other.tables, "tables");
    #[cfg(feature = "status")]
    assert_eq!(gwapi_status::project(&first.resolution), gwapi_status::project(&other.resolution), "statuses");
    assert_eq!(first.answers, other.answers, "answers");
}

/// Everything that comes out of a world.
struct Outcome {
    resolution: Resolution,
    tables: Tables,
    /// What is searched is no part of the equality of tables.
    answers: Vec<String>,
}

impl Outcome {
    fn of(resolution: Resolution, seed: u64, requests: &[Request]) -> Self {
        let tables = compile(&resolution, seed);
        let gateways = tables.gateways.iter();
        let mut answers: Vec<String> = gateways
            .flat_map(|(key, table)| requests.iter().filter(|request| request.is_for(key)).map(|request| request.answer(table)))
            .collect();
        if let Some(mesh) = &tables.mesh {
            answers.extend(requests.iter().map(|request| request.answer_in(mesh)));
        }
        Self { resolution, tables, answers }
    }
}
