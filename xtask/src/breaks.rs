//! Breaks: deliberate mistakes against single rules, `docs/ledger/breaks/<ID>.patch`. The test or case that the ledger of rules names
//! for the rule must notice: what holds a rule only in name is found here.

use std::{
    collections::{BTreeMap, BTreeSet},
    env::{self, consts::EXE_SUFFIX},
    fs,
    process::Command,
    time::Instant,
};

use crate::{
    ledger,
    shell::{Outcome, root, step},
    tree,
};

mod held;

use held::{Binary, Held};

const BREAKS: &str = "docs/ledger/breaks";

/// So many rules are broken at least.
const AT_LEAST: usize = 60;

/// A copy of what git knows, so that nobody who works in the original meets a mistake.
const TREE: &str = "target/breaks/tree";
const TARGET: &str = "target/breaks/target";

/// A mistake, and what must notice it.
struct Break {
    id: String,
    patch: String,
    held: Vec<Held>,
}

/// `cargo xtask breaks [ID…]`; with `--check` nothing is built.
pub(crate) fn run() -> Outcome {
    let wanted: Vec<String> = env::args().skip(2).collect();
    if wanted == ["--check"] {
        return check();
    }
    let mut breaks = read()?;
    if let Some(unknown) = wanted.iter().find(|id| breaks.iter().all(|one| one.id != **id)) {
        return Err(format!("there is no {BREAKS}/{unknown}.patch"));
    }
    breaks.retain(|one| wanted.is_empty() || wanted.contains(&one.id));
    // What is built for one is of use for the next.
    breaks.sort_by(|one, other| (&one.held, &one.id).cmp(&(&other.held, &other.id)));
    tree::copy(TREE)?;
    step("nothing is broken", || unbroken(&breaks))?;
    let complaints: Vec<String> = breaks.iter().filter_map(|one| one.try_out().err()).collect();
    if complaints.is_empty() { Ok(()) } else { Err(complaints.join("\n")) }
}

/// Whether there are enough of them, each for a rule that is held by a test or case, and each can still be made.
pub(crate) fn check() -> Outcome {
    let breaks = read()?;
    let stale = breaks.iter().filter_map(|one| git_apply(&["--check", &one.patch]).err().map(|why| format!("{}: {why}", one.id)));
    let stale: Vec<String> = stale.collect();
    if !stale.is_empty() {
        return Err(stale.join("\n"));
    }
    match breaks.len() {
        few if few < AT_LEAST => Err(format!("{few} rules are broken, {AT_LEAST} must be")),
        _ => Ok(()),
    }
}

fn read() -> Result<Vec<Break>, String> {
    let places = ledger::held()?;
    let folder = fs::read_dir(root().join(BREAKS)).map_err(|error| format!("{BREAKS}: {error}"))?;
    let names: BTreeSet<String> = folder.flatten().map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    names.iter().map(|name| read_one(name, &places)).collect()
}

fn read_one(name: &str, places: &BTreeMap<String, Vec<String>>) -> Result<Break, String> {
    let patch = format!("{BREAKS}/{name}");
    let id = name.strip_suffix(".patch").ok_or_else(|| format!("{patch} is no patch"))?;
    let text = fs::read_to_string(root().join(&patch)).map_err(|error| format!("{patch}: {error}"))?;
    if !text.starts_with(&format!("{id}: ")) {
        return Err(format!("{patch} does not begin with what is broken: `{id}: …`"));
    }
    let places = places.get(id).ok_or_else(|| format!("{patch}: no test and no case holds {id}"))?;
    let held = places.iter().map(|place| Held::read(place).ok_or_else(|| format!("{id}: {place} cannot be run")));
    Ok(Break { id: id.to_owned(), patch, held: held.collect::<Result<_, _>>()? })
}

impl Break {
    /// Makes the mistake, asks, and takes it back.
    fn try_out(&self) -> Outcome {
        let start = Instant::now();
        let tree = format!("--directory={TREE}");
        git_apply(&[&tree, &self.patch]).map_err(|why| format!("{}: {why}", self.id))?;
        let noticed = self.noticed();
        git_apply(&["--reverse", &tree, &self.patch]).map_err(|why| format!("{}: {why}", self.id))?;
        let (outcome, seconds) = (noticed.map_err(|why| format!("{}: {why}", self.id)), start.elapsed().as_secs());
        match &outcome {
            Ok(by) => println!("{}: noticed by {by} ({seconds} s)", self.id),
            Err(why) => println!("{why} ({seconds} s)"),
        }
        outcome.map(drop)
    }

    fn noticed(&self) -> Result<String, String> {
        for (binary, names) in by_binary(&self.held) {
            build(&BTreeSet::from([binary]))?;
            if let Some(name) = failing(binary, &names)?.first() {
                return Ok(name.clone());
            }
        }
        Err("nothing notices".to_owned())
    }
}

/// What is built for one break and asked at once.
fn by_binary(held: &[Held]) -> BTreeMap<&Binary, Vec<&str>> {
    let mut binaries: BTreeMap<&Binary, Vec<&str>> = BTreeMap::new();
    for Held { binary, name } in held {
        binaries.entry(binary).or_default().push(name);
    }
    binaries
}

/// Whoever fails without a mistake notices none.
fn unbroken(breaks: &[Break]) -> Outcome {
    let held: Vec<Held> = breaks.iter().flat_map(|one| one.held.iter().cloned()).collect();
    let binaries = by_binary(&held);
    for package in binaries.keys().map(|binary| binary.package()).collect::<BTreeSet<_>>() {
        build(&binaries.keys().copied().filter(|binary| binary.package() == package).collect())?;
    }
    for (binary, names) in &binaries {
        if let Some(name) = failing(binary, names)?.first() {
            return Err(format!("{name} fails as it is"));
        }
    }
    Ok(())
}

/// Builds these binaries of one package. A mistake that does not compile is none.
fn build(binaries: &BTreeSet<&Binary>) -> Outcome {
    let Some(first) = binaries.first() else { return Ok(()) };
    let mut command = cargo(first);
    command.args(binaries.iter().flat_map(|binary| binary.target()));
    if !first.is_program() {
        command.arg("--no-run");
    }
    let output = command.output().map_err(|error| error.to_string())?;
    match output.status.success() {
        true => Ok(()),
        false => Err(format!("does not compile\n{}", String::from_utf8_lossy(&output.stderr))),
    }
}

fn cargo(binary: &Binary) -> Command {
    // The cargo that runs this program, in whose place there may be another one.
    let mut command = Command::new(env::var_os("CARGO").unwrap_or_else(|| env!("CARGO").into()));
    command.current_dir(root().join(TREE)).arg(if binary.is_program() { "build" } else { "test" });
    command.args(["--locked", "--config", "profile.dev.debug=false", "--target-dir"]).arg(root().join(TARGET));
    command.args(["--package", binary.package()]);
    // A failure that one mistake leaves behind would be held against the next.
    command.env("PROPTEST_DISABLE_FAILURE_PERSISTENCE", "true");
    command
}

/// Those of the names that fail.
fn failing(binary: &Binary, names: &[&str]) -> Result<Vec<String>, String> {
    match binary {
        Binary::Program => {
            let program = root().join(TARGET).join(format!("debug/gwapi{EXE_SUFFIX}"));
            let fails = |case: &&&str| {
                let status = Command::new(&program).args(["test", case]).current_dir(root().join(TREE)).output();
                !status.is_ok_and(|output| output.status.success())
            };
            Ok(names.iter().filter(fails).map(|case| (*case).to_owned()).collect())
        }
        Binary::Test { .. } => {
            let output = cargo(binary).args(binary.target()).arg("--").args(names).output().map_err(|error| error.to_string())?;
            held::failed(&String::from_utf8_lossy(&output.stdout), names)
        }
    }
}

/// `git apply` for a patch with little around it: sources move.
fn git_apply(arguments: &[&str]) -> Outcome {
    let output = Command::new("git").args(["apply", "--recount"]).args(arguments).current_dir(root()).output();
    let output = output.map_err(|error| format!("git: {error}"))?;
    match output.status.success() {
        true => Ok(()),
        false => Err(format!("the patch does not apply\n{}", String::from_utf8_lossy(&output.stderr))),
    }
}
