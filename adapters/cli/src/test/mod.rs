//! `gwapi test`: folders of cases, run against the pure crates, or through sockets of the proxy.

use std::path::{Path, PathBuf};

use globset::{GlobBuilder, GlobMatcher};
use gwapi_core::{Resolution, resolve};

use crate::{
    commands::status::written,
    input::{self, Facts, Input, Options},
    serve::{self, runtime},
};

pub mod case;
mod l4;
mod ledger;
mod mesh;
mod pods;
mod proxy;
pub mod report;
mod request;
mod status;
mod verdict;

use case::Case;
use ledger::Ledger;
use report::{CaseResult, Failure, Run, Status};

/// What to run.
#[derive(Clone, Debug, Default)]
pub struct Plan {
    /// Cases, or folders of cases at any depth.
    pub dirs: Vec<PathBuf>,
    /// A glob over the case's path below its folder.
    pub only: Option<String>,
    /// Cases that may fail, each with its reason.
    pub ledger: Option<PathBuf>,
    /// Who answers the requests.
    pub through: Through,
}

/// Who answers the requests of cases.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Through {
    /// The tables, without any I/O
    #[default]
    Tables,
    /// A proxy inside the process, over real sockets
    Proxy,
}

/// Runs a plan. `progress` is told of each case before it runs.
///
/// # Errors
/// If there is nothing to run, or the plan cannot be read: exit code 2.
pub fn run(plan: &Plan, mut progress: impl FnMut(usize, usize, &str)) -> Result<Run, String> {
    let ledger = plan.ledger.as_deref().map(Ledger::read).transpose()?.unwrap_or_default();
    let cases = find(plan)?;
    let answerer = match plan.through {
        Through::Tables => Answerer::Tables,
        Through::Proxy => Answerer::Proxy(runtime()?),
    };
    let mut run = Run::default();
    for (index, (name, dir)) in cases.iter().enumerate() {
        progress(index, cases.len(), name);
        run.push(judge(run_case(&Case::read(name.clone(), dir), &answerer), &ledger));
    }
    Ok(run)
}

/// The cases of a plan, in the order of their names.
fn find(plan: &Plan) -> Result<Vec<(String, PathBuf)>, String> {
    let only = plan.only.as_deref().map(glob).transpose()?;
    let mut cases = Vec::new();
    for dir in &plan.dirs {
        let mut found = Vec::new();
        descend(dir, &mut found).map_err(|error| format!("{}: {error}", dir.display()))?;
        if found.is_empty() {
            return Err(format!("{}: no case in there; a case is a folder with an input.yaml", dir.display()));
        }
        cases.extend(found.into_iter().map(|case| (name_of(&case, dir), case)));
    }
    cases.retain(|(name, _)| only.as_ref().is_none_or(|only| only.is_match(name)));
    cases.sort();
    if cases.is_empty() {
        return Err(format!("no case matches `{}`", plan.only.as_deref().unwrap_or("*")));
    }
    Ok(cases)
}

fn descend(dir: &Path, found: &mut Vec<PathBuf>) -> std::io::Result<()> {
    if dir.join("input.yaml").is_file() {
        found.push(dir.to_owned());
        return Ok(());
    }
    let mut inner: Vec<PathBuf> =
        std::fs::read_dir(dir)?.map(|entry| entry.map(|entry| entry.path())).collect::<Result<_, _>>()?;
    inner.sort();
    inner.iter().filter(|path| path.is_dir()).try_for_each(|path| descend(path, found))
}

/// The path below the folder that was asked for; a case that was asked for itself has the name of its folder.
fn name_of(case: &Path, dir: &Path) -> String {
    let below = case.strip_prefix(dir).ok().filter(|below| !below.as_os_str().is_empty());
    let name = below.map(Path::to_owned).or_else(|| case.file_name().map(PathBuf::from)).unwrap_or_else(|| case.to_owned());
    name.components().map(|part| part.as_os_str().to_string_lossy()).collect::<Vec<_>>().join("/")
}

/// A glob over names with `/`.
pub(crate) fn glob(pattern: &str) -> Result<GlobMatcher, String> {
    let glob = GlobBuilder::new(pattern).literal_separator(false).build().map_err(|error| format!("`{pattern}`: {error}"))?;
    Ok(glob.compile_matcher())
}

/// A case as it came out, before flags and ledger have their say.
struct Outcome {
    name: String,
    flags: Vec<String>,
    checks: usize,
    failures: Vec<Failure>,
    /// What was not looked at.
    unseen: Option<String>,
    /// What the proxy refuses, so that the requests were not sent.
    beyond: Option<String>,
}

/// Who answers, ready to do it.
enum Answerer {
    Tables,
    Proxy(tokio::runtime::Runtime),
}

fn run_case(case: &Case, answerer: &Answerer) -> Outcome {
    let (mut unseen, mut beyond) = (None, None);
    let mut failures: Vec<Failure> = case.findings.iter().map(broken_case).collect();
    if let Some(verdict) = &case.verdict {
        failures.extend(verdict::check(case, verdict));
        return Outcome {
            name: case.name.clone(),
            flags: case.meta.flags.clone(),
            checks: case.checks(),
            failures,
            unseen,
            beyond,
        };
    }
    match load(case) {
        Ok((input, case_now)) => {
            let resolution = input.resolve();
            let tables = gwapi_match::compile(&resolution, 0);
            failures.extend(status::check(case, &after(&input, &resolution, case_now.as_deref())));
            let pods = pods::Pods::of(&input);
            let world = request::World { resolution: &resolution, tables: &tables, pods: &pods };
            match answerer {
                Answerer::Tables => failures.extend(request::check(case, &world)),
                Answerer::Proxy(runtime) => {
                    // What the proxy does not do, it refuses; then the requests cannot come out as expected.
                    beyond = refused_by_proxy(&input, &resolution).filter(|_| !case.requests.is_empty());
                    if beyond.is_none() {
                        let answered = runtime.block_on(proxy::check(case, &input, &world));
                        failures.extend(answered.failures);
                        unseen = answered.unseen;
                    }
                }
            }
        }
        Err(failure) => failures.push(failure),
    }
    Outcome { name: case.name.clone(), flags: case.meta.flags.clone(), checks: case.checks(), failures, unseen, beyond }
}

/// The first thing that the proxy refuses and the tables do not.
fn refused_by_proxy(input: &Input, resolution: &Resolution) -> Option<String> {
    let served = resolve(&input.snapshot, &gwapi_proxy::supported(input.controller.clone()));
    serve::beyond(resolution, &served).into_iter().next()
}

/// Every object as it is after the controller has written what is ours; those of others are as they were.
fn after(input: &Input, resolution: &Resolution, now: Option<&str>) -> status::Written {
    let mut objects: status::Written = input.documents.iter().map(|(key, document)| (key.clone(), document.value())).collect();
    objects.extend(written(input, resolution, now));
    objects
}

fn load(case: &Case) -> Result<(Input, Option<String>), Failure> {
    let facts = case.file("facts.yaml");
    let facts = if facts.is_file() { Facts::read(&facts) } else { Ok(Facts::default()) };
    let failure = |file: &Path, message: String| Failure {
        file: file.display().to_string(),
        line: 1,
        what: "the case itself".into(),
        expected: "to be readable".into(),
        actual: message,
    };
    let facts = facts.map_err(|message| failure(&case.file("facts.yaml"), message))?;
    let now = facts.now.clone();
    let options = Options {
        controller: case.meta.controller_name.clone(),
        without_features: case.meta.without_features.clone(),
        choices: case.meta.choices,
        facts: facts.facts,
        ..Options::default()
    };
    let input = input::load(&[case.file("input.yaml")], &options);
    match input.unreadable() {
        None => Ok((input, now)),
        Some(finding) => Err(failure(&case.file("input.yaml"), finding)),
    }
}

fn broken_case(finding: &gwapi_manifest::Finding) -> Failure {
    Failure {
        file: finding.file.to_string(),
        line: finding.place.map_or(1, |place| place.line),
        what: "the case itself".into(),
        expected: "the format of a case".into(),
        actual: finding.message.clone(),
    }
}

/// Flags say that a case informs and does not decide; the ledger, that it cannot pass yet. A ledger that is wrong about a
/// case fails the run.
fn judge(outcome: Outcome, ledger: &Ledger) -> CaseResult {
    let Outcome { name, flags, checks, failures, unseen, beyond } = outcome;
    let reason = ledger.reason(&name);
    let flagged = !flags.is_empty();
    let (status, note) = match (failures.is_empty(), reason) {
        (true, Some(reason)) if !flagged => (Status::Failed, Some(format!("passes, though the ledger says: {reason}"))),
        (true, _) if beyond.is_some() => (Status::Skipped, beyond.map(|why| format!("the proxy refuses it: {why}"))),
        (true, _) => (Status::Passed, unseen),
        (false, Some(reason)) => (Status::Skipped, Some(reason.to_owned())),
        (false, None) if flagged => (Status::Skipped, Some(format!("flagged: {}", flags.join("; ")))),
        (false, None) => (Status::Failed, None),
    };
    CaseResult { name, status, flagged, checks, failures, note }
}
