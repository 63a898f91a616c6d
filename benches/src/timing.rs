//! How long something takes, beside something else.

use std::time::{Duration, Instant};

/// Something that does its work so many times.
pub type Run<'a> = Box<dyn FnMut(u64) + 'a>;

/// How often each is measured; the median counts.
pub const ROUNDS: usize = 9;
/// How long each measurement takes.
pub const ROUND: Duration = Duration::from_millis(60);

/// The nanoseconds that each of these takes for its work done once. They take turns, so that what disturbs the machine
/// disturbs all of them.
pub fn interleaved(runs: &mut [Run<'_>]) -> Vec<f64> {
    let times: Vec<u64> = runs.iter_mut().map(times_per_round).collect();
    let mut measured = vec![Vec::new(); runs.len()];
    for _ in 0..ROUNDS {
        for ((run, times), measured) in runs.iter_mut().zip(&times).zip(&mut measured) {
            measured.push(nanoseconds(run, *times));
        }
    }
    measured.into_iter().map(median).collect()
}

/// How often the work is done in a round; doing it that often before is the warm-up.
fn times_per_round(run: &mut Run<'_>) -> u64 {
    let mut times = 1;
    loop {
        let took = nanoseconds(run, times) * times as f64;
        if took * 4.0 > ROUND.as_nanos() as f64 {
            let wanted = times as f64 * ROUND.as_nanos() as f64 / took;
            return (wanted as u64).max(1);
        }
        times *= 2;
    }
}

fn nanoseconds(run: &mut Run<'_>, times: u64) -> f64 {
    let start = Instant::now();
    run(times);
    start.elapsed().as_nanos() as f64 / times as f64
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
