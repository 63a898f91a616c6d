//! Where it was measured.

use std::fs;

/// The processor, how many cores there are, and whether the process is kept to one of them.
#[must_use]
pub fn describe() -> String {
    let cpuinfo = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let field = |text: &str, name: &str| {
        let line = text.lines().find(|line| line.starts_with(name))?;
        Some(line.split_once(':')?.1.trim().to_owned())
    };
    let model = field(&cpuinfo, "model name").unwrap_or_else(|| "an unknown processor".into());
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let all = cpuinfo.lines().filter(|line| line.starts_with("processor")).count().max(cores);
    let pinned = if cores == 1 { "the process kept to one of them" } else { "the process not kept to one" };
    format!("{model}, {all} cores, {pinned}; {}", rustc())
}

fn rustc() -> String {
    let output = std::process::Command::new("rustc").arg("--version").output();
    output.ok().and_then(|output| String::from_utf8(output.stdout).ok()).unwrap_or_default().trim().to_owned()
}
