//! What it costs to take in objects: all at once, and one change after the other.

use std::time::Duration;

use super::{Grid, grouped};
use crate::{
    control::{CHANGES, World, everything, snapshot},
    world::numbers,
};

/// How many routes there are when everything is taken in at once.
const ALL: [usize; 3] = [1_000, 10_000, 40_000];
/// How many routes there are when one of them changes: the first and the last are compared.
const CHANGED: [usize; 2] = [1_000, 10_000];
/// How often a change is measured; the median counts.
const TIMES: usize = 201;

pub(super) fn section() -> Option<String> {
    let mut once = Grid::new(&["routes", "resolve", "compile", "project"]);
    for size in ALL {
        eprintln!("everything at once, {}", grouped(size));
        let snapshot = snapshot(size);
        let rounds: Vec<[Duration; 3]> = (0..3).map(|_| everything(&snapshot)).collect();
        let step = |step: usize| median(rounds.iter().map(|round| round[step]).collect());
        once.row([grouped(size)].into_iter().chain((0..3).map(|at| format!("{:.0} ms", step(at).as_secs_f64() * 1e3))));
    }
    Some(format!(
        "## Control plane\n\nTen routes for each host and namespace, among them references to other namespaces that a \
         ReferenceGrant allows. Everything at once:\n\n{}\nOne change, from the object through the engine to new tables and \
         statuses; it should cost the same however many routes there are:\n\n{}",
        once.text,
        changes()
    ))
}

fn changes() -> String {
    let sizes = CHANGED.map(|size| format!("of {} routes", grouped(size)));
    let mut grid = Grid::new(&["", &sizes[0], &sizes[1], "growth"]);
    let mut worlds = CHANGED.map(|size| {
        eprintln!("changes, {}", grouped(size));
        (size, World::of_routes(size))
    });
    for (name, change) in CHANGES {
        let times = worlds.each_mut().map(|(size, world)| {
            let numbers = numbers(*size).take(TIMES);
            // There and back, so that each is a change.
            let costs = numbers.flat_map(|number| [false, true].map(|there| world.apply(change(number, there)).time));
            median(costs.collect())
        });
        let microseconds = times.map(|time| time.as_secs_f64() * 1e6);
        let cells = microseconds.map(|time| format!("{time:.0} µs"));
        grid.row([name.to_owned()].into_iter().chain(cells).chain([format!("{:.1}×", microseconds[1] / microseconds[0])]));
    }
    assert!(worlds.iter().all(|(_, world)| world.is_right()), "what the changes led to is what all objects lead to");
    grid.text
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times[times.len() / 2]
}
