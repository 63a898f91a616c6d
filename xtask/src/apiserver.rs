//! `cargo xtask apiserver [--seed S] [--objects N] [--channel C]`: asks a real API server and `gwapi_core::validate` about the
//! same objects, mutated ones above all, and compares verdict and field paths.
//!
//! The server is that of the cluster beside the checkout, and the step is left out where there is none. Some of the
//! objects are updates of stored ones, most of which are invalid: that shows what the server tolerates. The rest are created.
//! Everything is a dry run but for the stored objects.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::PathBuf,
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

use gwapi_core::validate::{Channel, Operation, Report, Validator};
use serde_json::{Value, json};

use crate::shell::{Outcome, root};

mod cluster;
mod mutate;

use cluster::{Answer, Client, Cluster, Crd};
use mutate::{Corpus, Random};

const CLUSTER: &str = "../shared/cluster/cluster";
const CRDS: &str = "../shared/upstream/crds";
const CASES: [&str; 2] = ["../shared/cases/validation", "testdata"];
/// Answers of the server that say nothing about the object, each with a reason.
const LEDGER: &str = "docs/ledger/apiserver.tsv";

/// How many requests are under way at once.
const WORKERS: usize = 4;
/// How many differences are shown.
const SHOWN: usize = 20;

pub(crate) fn run() -> Outcome {
    let options = Options::of(std::env::args().skip(2))?;
    if !root().join(CLUSTER).is_file() {
        eprintln!("skipped: {CLUSTER} is not there");
        return Ok(());
    }
    ask(&options)
}

/// A short run for CI, where a cluster is at hand that is built already: building it takes minutes and packages of the system.
pub(crate) fn bounded() -> Outcome {
    let cache = std::env::var_os("GWAPI_CLUSTER").map(PathBuf::from);
    let cache = cache.or_else(|| Some(PathBuf::from(std::env::var_os("HOME")?).join(".cache/gwapi-cluster")));
    let is_built = cache.is_some_and(|cache| cache.join("built").exists());
    if !root().join(CLUSTER).is_file() || !is_built {
        eprintln!("skipped: no cluster that is built already");
        return Ok(());
    }
    ask(&Options { seed: 1, objects: 500, channel: None })
}

fn ask(options: &Options) -> Outcome {
    let cluster = Cluster::start(root().join(CLUSTER))?;
    for channel in
        Channel::ALL.into_iter().filter(|channel| options.channel.as_deref().is_none_or(|only| only == channel.as_str()))
    {
        let crds = cluster::read_crds(&root().join(CRDS).join(channel.as_str()))?;
        run_channel(&cluster, channel, &crds, options)?;
    }
    Ok(())
}

struct Options {
    seed: u64,
    objects: usize,
    channel: Option<String>,
}

impl Options {
    fn of(mut arguments: impl Iterator<Item = String>) -> Result<Self, String> {
        let mut options = Self { seed: 1, objects: 2000, channel: None };
        while let Some(name) = arguments.next() {
            let value = arguments.next().ok_or_else(|| format!("{name} needs a value"))?;
            let number = || value.parse().map_err(|_| format!("{name} {value}: a number is expected"));
            match name.as_str() {
                "--seed" => options.seed = number()?,
                "--objects" => options.objects = number()? as usize,
                "--channel" => options.channel = Some(value),
                _ => return Err(format!("unknown option {name}")),
            }
        }
        Ok(options)
    }
}

fn run_channel(cluster: &Cluster, channel: Channel, crds: &[Crd], options: &Options) -> Outcome {
    let corpus = Corpus::read(&CASES.map(|folder| root().join(folder)), crds)?;
    let mut random = Random::new(options.seed);
    let updates = options.objects / 5;
    cluster.clear()?;
    // Objects of every shape get past CRDs that check next to nothing, and are there when the real ones come.
    let lax: Vec<Crd> = crds.iter().map(Crd::without_checks).collect();
    cluster.install(&lax)?;
    let stored = store(&cluster.client()?, crds, (0..updates).map(|_| corpus.object(&mut random)))?;
    cluster.install(crds)?;
    let mut questions: Vec<Question> = Vec::new();
    for (crd, before) in stored {
        let object = corpus.changed(&before, &mut random);
        questions.push(Question { crd, object: with_identity(object, &before), before: Some(before) });
    }
    while questions.len() < options.objects {
        let object = corpus.object(&mut random);
        if let Some(crd) = crds.iter().position(|crd| crd.serves(&object)) {
            questions.push(Question { crd, object, before: None });
        }
    }
    ask_all(cluster, channel, crds, &questions, options.seed)
}

/// One object to ask both about.
struct Question {
    crd: usize,
    object: Value,
    before: Option<Value>,
}

/// Creates objects under names of their own, and hands back those that the server took, as it stored them.
fn store(client: &Client, crds: &[Crd], objects: impl Iterator<Item = Value>) -> Result<Vec<(usize, Value)>, String> {
    let mut client = client.clone()?;
    let mut stored = Vec::new();
    for (index, mut object) in objects.enumerate() {
        let Some(crd) = crds.iter().position(|crd| crd.serves(&object)) else { continue };
        object["metadata"] = json!({"name": format!("stored-{index}"), "namespace": "default"});
        let answer = client.create(&crds[crd], &object, false)?;
        if answer.status == 201 {
            stored.push((crd, answer.body));
        }
    }
    Ok(stored)
}

/// The changed object under the stored one's name and version: whatever else was done to its metadata stays.
fn with_identity(mut object: Value, before: &Value) -> Value {
    if !object["metadata"].is_object() {
        object["metadata"] = json!({});
    }
    for field in ["name", "namespace", "resourceVersion"] {
        object["metadata"][field] = before["metadata"][field].clone();
    }
    if let Some(metadata) = object["metadata"].as_object_mut() {
        for field in ["managedFields", "uid", "creationTimestamp", "generation"] {
            metadata.remove(field);
        }
        metadata.retain(|_, value| !value.is_null());
    }
    object
}

// ---- asking ----

#[derive(Default)]
struct Tally {
    accepted: usize,
    refused: usize,
    updates: usize,
    same_paths: usize,
    odd: BTreeMap<String, usize>,
    differences: Vec<String>,
}

fn ask_all(cluster: &Cluster, channel: Channel, crds: &[Crd], questions: &[Question], seed: u64) -> Outcome {
    let (validator, ledger) = (Validator::new(channel), ledger()?);
    let (next, tally) = (AtomicUsize::new(0), Mutex::new(Tally::default()));
    let worker = || -> Outcome {
        let mut client = cluster.client()?;
        while let Some(question) = questions.get(next.fetch_add(1, Ordering::Relaxed)) {
            let crd = &crds[question.crd];
            let answer = match question.before {
                None => client.create(crd, &question.object, true)?,
                Some(_) => client.update(crd, &question.object)?,
            };
            let operation = question.before.as_ref().map_or(Operation::Create, |before| Operation::Update { before });
            let report = validator.validate(&question.object, operation).ok_or("a kind that is not served")?;
            let mut tally = tally.lock().map_err(|error| error.to_string())?;
            tally.add(question, &answer, &report, &ledger);
        }
        Ok(())
    };
    thread::scope(|scope| {
        let workers: Vec<_> = (0..WORKERS).map(|_| scope.spawn(worker)).collect();
        workers.into_iter().try_for_each(|worker| worker.join().map_err(|_| "a worker ended early".to_owned())?)
    })?;
    tally.into_inner().map_err(|error| error.to_string())?.conclude(channel, seed)
}

impl Tally {
    fn add(&mut self, question: &Question, answer: &Answer, report: &Report, ledger: &[String]) {
        let verdict = match answer.status {
            200 | 201 => true,
            400 | 422 => false,
            _ => return self.odd(question, answer, report),
        };
        if let Some(entry) = ledger.iter().find(|entry| answer.message().contains(entry.as_str())) {
            *self.odd.entry(entry.clone()).or_default() += 1;
            return;
        }
        self.updates += usize::from(question.before.is_some());
        *(if verdict { &mut self.accepted } else { &mut self.refused }) += 1;
        let ours: BTreeSet<String> = report.violations.iter().map(|violation| plain(&violation.path)).collect();
        let theirs: BTreeSet<String> = answer.paths().iter().map(|path| plain(path)).collect();
        self.same_paths += usize::from(!verdict && ours == theirs);
        // What cannot be decoded is refused without a path.
        let has_path = verdict || answer.status == 400 || theirs.is_empty() || !ours.is_disjoint(&theirs);
        if verdict != report.is_valid() || !has_path {
            self.differ(question, answer, report);
        }
    }

    fn odd(&mut self, question: &Question, answer: &Answer, report: &Report) {
        *self.odd.entry(format!("status {}", answer.status)).or_default() += 1;
        self.differ(question, answer, report);
    }

    fn differ(&mut self, question: &Question, answer: &Answer, report: &Report) {
        let ours: Vec<String> = report.violations.iter().map(|violation| format!("    {violation}")).collect();
        let before = question.before.as_ref().map_or_else(String::new, |before| format!("  before {before}\n"));
        self.differences.push(format!(
            "{before}  object {}\n  server {} {}\n  gwapi {}\n{}\n",
            question.object,
            answer.status,
            answer.message(),
            if report.is_valid() { "accepts" } else { "refuses" },
            ours.join("\n"),
        ));
    }

    fn conclude(self, channel: Channel, seed: u64) -> Outcome {
        println!(
            "{channel}, seed {seed}: {} accepted, {} refused ({} with exactly the server's paths), {} of both updates, {} differ",
            self.accepted,
            self.refused,
            self.same_paths,
            self.updates,
            self.differences.len()
        );
        for (what, count) in &self.odd {
            println!("  {count} × {what}");
        }
        if self.differences.is_empty() {
            return Ok(());
        }
        self.differences.iter().take(SHOWN).for_each(|difference| println!("{difference}"));
        Err(format!("{} objects differ in the {channel} channel", self.differences.len()))
    }
}

/// A path without regard to how map keys are written: the server writes them in two ways.
fn plain(path: &str) -> String {
    path.replace('[', ".").replace(']', "")
}

/// The parts of messages that the ledger names.
fn ledger() -> Result<Vec<String>, String> {
    let text = fs::read_to_string(root().join(LEDGER)).map_err(|error| format!("{LEDGER}: {error}"))?;
    let lines = text.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines
        .map(|line| match line.split_once('\t') {
            Some((part, reason)) if !part.is_empty() && !reason.trim().is_empty() => Ok(part.to_owned()),
            _ => Err(format!("{LEDGER}: `{line}`: a part of a message, a tab and a reason are expected")),
        })
        .collect()
}
