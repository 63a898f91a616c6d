//! Fuzzes: `cargo xtask fuzz [TARGET...] [--minutes N] [--write]`. Needs a nightly toolchain and `cargo-fuzz`.
//!
//! Seeds come from the corpus: manifests, with the requests that are asked of them behind them. What libFuzzer finds stays in
//! `target/fuzz`, so that the next run begins where the last one ended; an input that crashes is in `target/fuzz/artifacts`.

use std::{
    collections::{BTreeSet, VecDeque},
    env,
    fmt::Write as _,
    fs::{self, File},
    path::{Path, PathBuf},
    process::Command,
    sync::Mutex,
    thread,
};

use regex::Regex;

use crate::shell::{Outcome, root, run as run_command};

/// Name, dictionary, and what its seeds are.
const TARGETS: [(&str, &str, Seeds); 9] = [
    ("manifest", "yaml", Seeds::Manifests),
    ("resolve", "objects", Seeds::Cases),
    ("route", "objects", Seeds::Cases),
    ("explain", "objects", Seeds::Cases),
    ("merge", "objects", Seeds::Manifests),
    ("filters", "objects", Seeds::Cases),
    ("validate", "objects", Seeds::Manifests),
    ("hostname", "hostname", Seeds::Hostnames),
    ("head", "head", Seeds::RequestTargets),
];
const AT_ONCE: usize = 2;
const MINUTES: u64 = 10;
const MAX_LENGTH: usize = 8192;
const FIGURES: (&str, &str) = ("<!-- figures -->\n", "<!-- end of figures -->");

#[derive(Clone, Copy)]
enum Seeds {
    /// `input.yaml`.
    Manifests,
    /// The same, and `requests.yaml` as one more document.
    Cases,
    /// Three hostnames of the corpus, one a line.
    Hostnames,
    /// A digit and the path and query of a request of the corpus.
    RequestTargets,
}

pub(crate) fn run() -> Outcome {
    let wanted = Wanted::read(env::args().skip(2))?;
    build(&wanted.targets)?;
    for target in &wanted.targets {
        prepare(target)?;
    }
    let results = Mutex::new(Vec::new());
    let waiting = Mutex::new(VecDeque::from(wanted.targets.clone()));
    thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                while let Some(target) = waiting.lock().ok().and_then(|mut waiting| waiting.pop_front()) {
                    let result = fuzz(target, wanted.minutes);
                    results.lock().into_iter().for_each(|mut results| results.push((target, result.clone())));
                }
            });
        }
    });
    let mut results = results.into_inner().map_err(|error| error.to_string())?;
    results.sort_by_key(|(target, _)| TARGETS.iter().position(|other| other.0 == target.0));
    let table = table(&results, wanted.minutes);
    print!("{table}");
    if wanted.write {
        write(&table)?;
    }
    let failed: Vec<&str> = results.iter().filter(|(_, result)| result.is_err()).map(|(target, _)| target.0).collect();
    if failed.is_empty() { Ok(()) } else { Err(format!("found something: {}", failed.join(", "))) }
}

type Target = &'static (&'static str, &'static str, Seeds);

struct Wanted {
    targets: Vec<Target>,
    minutes: u64,
    write: bool,
}

impl Wanted {
    fn read(mut arguments: impl Iterator<Item = String>) -> Result<Self, String> {
        let mut wanted = Self { targets: Vec::new(), minutes: MINUTES, write: false };
        while let Some(argument) = arguments.next() {
            match argument.as_str() {
                "--write" => wanted.write = true,
                "--minutes" => {
                    let minutes = arguments.next().and_then(|minutes| minutes.parse().ok());
                    wanted.minutes = minutes.ok_or("`--minutes` needs a number")?;
                }
                name => {
                    let target = TARGETS.iter().find(|target| target.0 == name);
                    wanted.targets.push(target.ok_or_else(|| format!("there is no target `{name}`"))?);
                }
            }
        }
        if wanted.targets.is_empty() {
            wanted.targets = TARGETS.iter().collect();
        }
        Ok(wanted)
    }
}

// ---- building ----

/// Where everything is that a run leaves.
fn folder() -> PathBuf {
    let target = env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from);
    target.join("fuzz")
}

/// Without a sanitizer: there is no unsafe code to look for. With debug assertions, which `cargo fuzz` switches on itself.
fn build(targets: &[Target]) -> Outcome {
    for target in targets {
        let mut command = Command::new("cargo");
        command.args(["+nightly", "fuzz", "build", "--sanitizer", "none", "--fuzz-dir", "fuzz", "--target-dir"]);
        command.arg(folder()).arg(target.0).current_dir(root());
        // It is rustup that finds the toolchain; and linking with optimisation of the whole takes minutes.
        command.env_remove("RUSTUP_TOOLCHAIN").env_remove("CARGO").env("CARGO_PROFILE_RELEASE_LTO", "off");
        command.env("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "16");
        run_command(&mut command, "cargo +nightly fuzz build")?;
    }
    Ok(())
}

fn program(target: Target) -> Result<PathBuf, String> {
    let below = |folder: &Path| folder.join("release").join(target.0);
    let mut folders = fs::read_dir(folder()).map_err(|error| error.to_string())?.flatten().map(|entry| below(&entry.path()));
    let host = folders.find(|program| program.is_file());
    host.ok_or_else(|| format!("`{}` was not built", target.0))
}

// ---- seeds ----

fn corpus(target: Target) -> PathBuf {
    folder().join("corpus").join(target.0)
}

fn prepare(target: Target) -> Outcome {
    let (corpus, artifacts) = (corpus(target), folder().join("artifacts").join(target.0));
    for folder in [&corpus, &artifacts, &folder().join("logs")] {
        fs::create_dir_all(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    }
    for (number, seed) in seeds(target.2)?.into_iter().filter(|seed| seed.len() <= MAX_LENGTH).enumerate() {
        fs::write(corpus.join(format!("seed-{number:04}")), seed).map_err(|error| error.to_string())?;
    }
    Ok(())
}

fn seeds(of: Seeds) -> Result<Vec<String>, String> {
    let cases = cases(&root().join("testdata"))?;
    let inputs = || cases.iter().map(|(input, _)| input.clone());
    Ok(match of {
        Seeds::Manifests => inputs().collect(),
        Seeds::Cases => cases.iter().map(|(input, requests)| with_requests(input, requests)).collect(),
        Seeds::Hostnames => {
            let all: String = cases.iter().map(|(input, requests)| format!("{input}\n{requests}\n")).collect();
            let names: Vec<String> = found(&all, r"(?:\*\.)?[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+(?::\d+)?").into_iter().collect();
            names.windows(3).map(|names| names.join("\n")).collect()
        }
        Seeds::RequestTargets => {
            let all: String = cases.iter().map(|(_, requests)| format!("{requests}\n")).collect();
            let urls = found(&all, r"https?://[^\s/]+/\S*").into_iter();
            let targets = urls.filter_map(|url| url.splitn(4, '/').nth(3).map(str::to_owned)).enumerate();
            targets.map(|(number, target)| format!("{}/{target}", number % 8)).collect()
        }
    })
}

fn found(text: &str, pattern: &str) -> BTreeSet<String> {
    let pattern = Regex::new(pattern).map(|pattern| pattern.find_iter(text).map(|found| found.as_str().to_owned()).collect());
    pattern.unwrap_or_default()
}

fn with_requests(input: &str, requests: &str) -> String {
    if requests.is_empty() {
        return input.to_owned();
    }
    format!("{}\n---\napiVersion: fuzz/v1\nkind: Requests\nrequests:\n{requests}", input.trim_end())
}

/// `input.yaml` and `requests.yaml` of every case.
fn cases(folder: &Path) -> Result<Vec<(String, String)>, String> {
    let mut cases = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        let entries = fs::read_dir(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
        folders.extend(entries.flatten().map(|entry| entry.path()).filter(|path| path.is_dir()));
        if let Ok(input) = fs::read_to_string(folder.join("input.yaml")) {
            cases.push((input, fs::read_to_string(folder.join("requests.yaml")).unwrap_or_default()));
        }
    }
    cases.sort();
    Ok(cases)
}

// ---- running ----

/// What a run came to, as libFuzzer counts.
#[derive(Clone, Default)]
struct Figures {
    executions: String,
    edges: String,
    of_edges: String,
    features: String,
    corpus: String,
    rate: String,
}

fn fuzz(target: Target, minutes: u64) -> Result<Figures, String> {
    let log = folder().join("logs").join(format!("{}.log", target.0));
    let to_log = File::create(&log).map_err(|error| error.to_string())?;
    let mut command = Command::new(program(target)?);
    command.arg(corpus(target)).stderr(to_log).current_dir(root());
    command.arg(format!("-artifact_prefix={}/", folder().join("artifacts").join(target.0).display()));
    command.arg(format!("-dict={}", root().join(format!("fuzz/dictionaries/{}.dict", target.1)).display()));
    command.args([format!("-max_len={MAX_LENGTH}"), format!("-max_total_time={}", minutes * 60)]);
    command.args(["-timeout=20", "-rss_limit_mb=2048", "-print_final_stats=1"]);
    let outcome = run_command(&mut command, target.0);
    let text = fs::read(&log).map(|text| String::from_utf8_lossy(&text).into_owned()).map_err(|error| error.to_string())?;
    outcome.map(|()| figures(&text)).map_err(|error| format!("{error}; see {}", log.display()))
}

fn figures(log: &str) -> Figures {
    let last = |pattern: &str| {
        let pattern = Regex::new(pattern).ok()?;
        pattern.captures_iter(log).last().map(|found| found[1].to_owned())
    };
    let last = |pattern| last(pattern).unwrap_or_default();
    Figures {
        executions: last(r"stat::number_of_executed_units:\s*(\d+)"),
        edges: last(r"cov: (\d+)"),
        of_edges: last(r"\((\d+) inline 8-bit counters\)"),
        features: last(r"ft: (\d+)"),
        corpus: last(r"corp: (\d+)"),
        rate: last(r"stat::average_exec_per_sec:\s*(\d+)"),
    }
}

fn table(results: &[(Target, Result<Figures, String>)], minutes: u64) -> String {
    let mut table = format!(
        "Each {minutes} minutes, {AT_ONCE} at a time.\n\n\
         | target | executions | a second | edges reached | of | features | inputs kept |\n|---|--:|--:|--:|--:|--:|--:|\n"
    );
    for ((name, ..), result) in results {
        let row = match result {
            Ok(Figures { executions, edges, of_edges, features, corpus, rate }) => {
                format!("{executions} | {rate} | {edges} | {of_edges} | {features} | {corpus}")
            }
            Err(why) => why.clone(),
        };
        let _ = writeln!(table, "| `{name}` | {row} |");
    }
    table
}

fn write(table: &str) -> Outcome {
    let path = root().join("fuzz/README.md");
    let text = fs::read_to_string(&path).map_err(|error| error.to_string())?;
    let before = text.split_once(FIGURES.0).map(|(before, _)| before);
    let after = text.split_once(FIGURES.1).map(|(_, after)| after);
    let (before, after) = before.zip(after).ok_or("fuzz/README.md has no place for figures")?;
    let text = format!("{before}{}{table}{}{after}", FIGURES.0, FIGURES.1);
    fs::write(path, text).map_err(|error| error.to_string())
}
