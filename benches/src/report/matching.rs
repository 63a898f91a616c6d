//! What a request costs, and what its table does.

use std::{hint::black_box, time::Instant};

use super::{Grid, grouped, judged};
use crate::{
    engine::{Measured, matchit, matchit_paths},
    timing::{ROUND, ROUNDS, interleaved},
    workload::{Floor, REQUESTS, WORKLOADS, Workload},
    world,
};

/// How much the time of 10,000 routes may be over that of 10, where it should not grow at all.
const FLAT: f64 = 1.6;
/// How large a table is at most, in bytes for each route of workload A.
const BYTES: f64 = 600.0;
/// How long compiling takes at most, beside building a radix tree of the same prefixes.
const COMPILE: f64 = 2.0;

/// One workload of one size, in nanoseconds.
struct Row {
    workload: Workload,
    size: usize,
    matching: f64,
    everything: f64,
    floor: Option<f64>,
}

impl Row {
    fn ratio(&self) -> Option<f64> {
        Some(self.matching / self.floor?)
    }
}

/// Measures all workloads.
pub(super) fn section() -> Option<String> {
    let rows: Vec<Row> =
        WORKLOADS.iter().flat_map(|workload| workload.sizes.iter().map(|size| measure(*workload, *size))).collect();
    let with_floor: Vec<&[Row]> =
        rows.chunk_by(|one, other| one.workload.name == other.workload.name).filter(|rows| rows[0].floor.is_some()).collect();
    let table = Costs::measure();
    Some(
        [
            introduction(),
            ratios(&with_floor),
            growth(&with_floor),
            times(&rows),
            hostile(&rows),
            table.text(),
            misses(&with_floor, &table),
        ]
        .join("\n"),
    )
}

/// Measures only the workloads of these names.
pub(super) fn only(names: &[String]) -> String {
    let wanted = WORKLOADS.iter().filter(|workload| names.iter().any(|name| name == workload.name));
    let rows: Vec<Row> = wanted.flat_map(|workload| workload.sizes.iter().map(|size| measure(*workload, *size))).collect();
    let costs = names.iter().any(|name| name == "compile").then(|| Costs::measure().text());
    times(&rows) + &costs.unwrap_or_default()
}

fn measure(workload: Workload, size: usize) -> Row {
    eprintln!("{} {}", workload.name, grouped(size));
    let measured = Measured::new(workload, size);
    let mut runs = vec![measured.matching(), measured.everything()];
    runs.extend(measured.floor());
    // The first pass warms up what is cached, the second must not allocate.
    for run in runs.iter_mut().take(2) {
        run(REQUESTS as u64);
        let allocations = allocation_counter::measure(|| run(REQUESTS as u64)).count_total;
        assert_eq!(allocations, 0, "workload {} with {size} routes", workload.name);
    }
    let times = interleaved(&mut runs);
    Row { workload, size, matching: times[0], everything: times[1], floor: times.get(2).copied() }
}

fn introduction() -> String {
    let workloads: String = WORKLOADS.iter().map(|one| format!("- **{}**: {}.\n", one.name, one.about)).collect();
    format!(
        "## Matching\n\nOne HTTP listener without hostname; N routes of one rule with one match, all of the same age; {} \
         requests with Host and nine common headers in an `http::HeaderMap`, drawn at random but the same in every run, asked in \
         turn. Every answer is checked before it is timed, and that **no request allocates** is asserted with a counting \
         allocator, from the parts of the request to the decision. Matching takes no lock. Median of {ROUNDS} rounds of {} ms, all \
         engines taking turns.\n\n{workloads}\nFloors: for A `matchit` with the same prefixes (each as `p`, `p/` and \
         `p/{{*rest}}`); for B, D and W `hashbrown` with the hosts of the requests; for C the look-up of the header that differs and \
         `hashbrown` with its values; for R one pass of a `RegexSet`.\n",
        grouped(REQUESTS),
        ROUND.as_millis()
    )
}

/// A row for each workload and a column for each size.
fn ratios(workloads: &[&[Row]]) -> String {
    let mut grid = Grid::new(&["", "10", "100", "1,000", "10,000", "goal: at most"]);
    for rows in workloads {
        let workload = rows[0].workload;
        let mut cells: Vec<String> = rows.iter().filter_map(Row::ratio).map(|ratio| judged(ratio, workload.goal)).collect();
        cells.resize(4, "–".into());
        let goal = workload.goal.map_or(String::new(), |goal| format!("{goal}×"));
        grid.row([format!("**{}**", workload.name)].into_iter().chain(cells).chain([goal]));
    }
    format!("From the normalised head to the rule, as a multiple of the floor, for N routes:\n\n{}", grid.text)
}

/// How the multiple of the floor grows from the smallest to the largest table: the growth without that of the floor.
fn own_growth(rows: &[Row]) -> Option<f64> {
    Some(rows.last()?.ratio()? / rows.first()?.ratio()?)
}

fn growth(workloads: &[&[Row]]) -> String {
    let mut grid = Grid::new(&["", "the table", "the floor", "the table without the floor's growth", "must be at most"]);
    for rows in workloads {
        let (Some(first), Some(last), Some(own)) = (rows.first(), rows.last(), own_growth(rows)) else { continue };
        let limit = first.workload.is_flat.then_some(FLAT);
        let floor = last.floor.zip(first.floor).map_or(0.0, |(last, first)| last / first);
        let cells = [
            format!("**{}**", first.workload.name),
            format!("{:.1}×", last.matching / first.matching),
            format!("{floor:.1}×"),
            judged(own, limit),
            limit.map_or_else(|| "–".into(), |limit| format!("{limit}×")),
        ];
        grid.row(cells);
    }
    format!("How the time grows from 10 routes to 10,000 (R: 1,000):\n\n{}", grid.text)
}

fn times(rows: &[Row]) -> String {
    let mut grid = Grid::new(&["", "N", "floor", "head → rule", "", "parts → head → listener → rule → decision"]);
    for row in rows {
        let floor = row.floor.map_or_else(|| "–".into(), |floor| format!("{floor:.0}"));
        let cells = [row.workload.name.into(), grouped(row.size), floor];
        let ratio = row.ratio().map_or(String::new(), |ratio| format!("{ratio:.1}×"));
        grid.row(cells.into_iter().chain([format!("{:.0}", row.matching), ratio, format!("{:.0}", row.everything)]));
    }
    format!("In nanoseconds for one request:\n\n{}", grid.text)
}

fn hostile(rows: &[Row]) -> String {
    let time =
        |name: &str, size: usize| rows.iter().find(|row| row.workload.name == name && row.size == size).map(|row| row.matching);
    let (Some(rules), Some(labels), Some(wildcard)) = (time("X1", 1_000), time("X2", 1_000), time("W", 1_000)) else {
        return String::new();
    };
    format!(
        "Hostile input: X1 costs {:.1} ns for each of its 1,000 rules that share everything but a regular expression. X2, a Host of \
         127 labels, costs {:.1}× what W does with 1,000 routes.\n",
        rules / 1_000.0,
        labels / wildcard
    )
}

/// Memory and time that the table of workload A takes, with 10,000 routes.
struct Costs {
    added: f64,
    alone: f64,
    compile: f64,
    matchit: f64,
}

const ROUTES: usize = 10_000;

impl Costs {
    fn measure() -> Self {
        eprintln!("memory and compile");
        let resolution = || world::resolution((0..ROUTES).map(|index| (WORKLOADS[0].route)(index, ROUTES)));
        let mut kept = None;
        let alone = allocation_counter::measure(|| kept = Some(world::table(&resolution()))).bytes_current;
        let resolution = resolution();
        let added = allocation_counter::measure(|| kept = Some(world::table(&resolution))).bytes_current + alone;
        drop(kept);
        let paths = matchit_paths(ROUTES);
        let mut times = [Vec::new(), Vec::new()];
        for _ in 0..2 * ROUNDS {
            times[0].push(milliseconds(|| world::table(&resolution)));
            times[1].push(milliseconds(|| matchit(&paths)));
        }
        let [compile, matchit] = times.map(|mut times| {
            times.sort_by(f64::total_cmp);
            times[times.len() / 2]
        });
        let per_route = |bytes: i64| bytes as f64 / ROUTES as f64;
        Self { added: per_route(added), alone: per_route(alone), compile, matchit }
    }

    fn text(&self) -> String {
        let Self { added, alone, compile, matchit } = self;
        format!(
            "The table of A with {} routes takes {added:.0} bytes for each route beside the resolution that it is compiled from \
             (goal: at most {BYTES}); if everything else is dropped it keeps {alone:.0} bytes for each route alive, the routes \
             themselves among them. Compiling it takes {compile:.1} ms, {:.1}× the {matchit:.1} ms of building `matchit` (goal: at most \
             {COMPILE}×).\n",
            grouped(ROUTES),
            compile / matchit
        )
    }
}

fn milliseconds<T>(build: impl FnOnce() -> T) -> f64 {
    let start = Instant::now();
    let built = black_box(build());
    let took = start.elapsed().as_secs_f64() * 1_000.0;
    drop(built);
    took
}

/// What is not as it should be, and by how much.
fn misses(workloads: &[&[Row]], costs: &Costs) -> String {
    let mut misses = Vec::new();
    let mut check = |what: String, result: f64, limit: f64| {
        if result > limit {
            misses.push(format!("- {what}: {result:.1} instead of {limit}, {:.2}× too much.\n", result / limit));
        }
    };
    for rows in workloads {
        let workload = rows[0].workload;
        for (row, goal) in rows.iter().filter_map(|row| Some((row, workload.goal?))) {
            check(
                format!("{} with {} routes, times the floor", workload.name, grouped(row.size)),
                row.ratio().unwrap_or(0.0),
                goal,
            );
        }
        if workload.is_flat {
            check(format!("growth of {}", workload.name), own_growth(rows).unwrap_or(0.0), FLAT);
        }
    }
    check("bytes for each route".into(), costs.added, BYTES);
    check("compiling, times `matchit`".into(), costs.compile / costs.matchit, COMPILE);
    debug_assert!(WORKLOADS.iter().all(|one| one.goal.is_some() == (one.floor != Floor::None)));
    if misses.is_empty() {
        "Every goal is met.\n".into()
    } else {
        format!("Missed ([where that time goes](profile.md)):\n\n{}", misses.concat())
    }
}
