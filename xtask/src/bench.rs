//! Measures everything and writes `benches/README.md`.

use crate::shell::{Outcome, cargo, sh, step};

const REPORT: &str = "--release --package gwapi-benches --bin report --locked";

pub(crate) fn run() -> Outcome {
    step("build", || cargo(&format!("build {REPORT}")))?;
    // On one core, where the system can do that: a process that is moved finds its caches empty.
    let pinned = "pin=; if command -v taskset >/dev/null; then pin=\"taskset -c $(($(nproc) - 1))\"; fi";
    step("measure", || sh(&format!("{pinned}; $pin cargo run --quiet {REPORT}")))
}
