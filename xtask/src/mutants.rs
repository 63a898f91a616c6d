//! Mutants: small mistakes put into the rooms that decide, one at a time, each of which some test must notice. What no test can
//! notice is explained in `docs/ledger/mutants.tsv`.

use std::{
    collections::BTreeMap,
    env, fs,
    num::NonZeroUsize,
    path::{Path, PathBuf},
    process::Command,
    sync::Mutex,
    thread,
    time::Instant,
};

use crate::{
    shell::{Outcome, root},
    tree,
};

const LEDGER: &str = "docs/ledger/mutants.tsv";

/// Files that decide, and the tests that hold them: the unit tests are asked first, and then each of these groups about what
/// nobody has noticed before it.
struct Room {
    name: &'static str,
    package: &'static str,
    files: &'static [&'static str],
    tests: &'static [&'static [&'static str]],
}

const ROOMS: &[Room] = &[
    Room { name: "hostname", package: "gwapi-core", files: &["gwapi-core/src/hostname.rs"], tests: &[&["hostname"]] },
    Room {
        name: "attach",
        package: "gwapi-core",
        files: &["gwapi-core/src/resolve/attach.rs"],
        tests: &[&["resolve_attach"], &["resolve_l4", "resolve_listener_set", "resolve_mesh", "resolve_experimental"]],
    },
    Room {
        name: "grants",
        package: "gwapi-core",
        files: &["gwapi-core/src/resolve/grant.rs"],
        tests: &[&["resolve_refs", "resolve_listener", "resolve_client_certificate"]],
    },
    Room { name: "precedence", package: "gwapi-match", files: &["gwapi-match/src/precedence.rs"], tests: MATCHING },
    Room { name: "split", package: "gwapi-match", files: &["gwapi-match/src/split.rs"], tests: MATCHING },
    Room { name: "admit", package: "gwapi-match", files: &["gwapi-match/src/connect.rs"], tests: MATCHING },
    Room {
        name: "index",
        package: "gwapi-match",
        files: &[
            "gwapi-match/src/index.rs",
            "gwapi-match/src/index/*.rs",
            "gwapi-match/src/hosts.rs",
            "gwapi-match/src/hashing.rs",
            "gwapi-match/src/bytes.rs",
        ],
        tests: MATCHING,
    },
    Room { name: "merge", package: "gwapi-status", files: &["gwapi-status/src/merge/*.rs"], tests: &[&["status"]] },
    Room { name: "conditions", package: "gwapi-status", files: &["gwapi-status/src/condition.rs"], tests: &[&["status"]] },
];

/// What two of them notice the others need not be built for.
const MATCHING: &[&[&str]] = &[&["crowds", "laws"], &["kinds", "pitfalls", "pitfalls_kinds", "exchange", "report"]];

/// `cargo xtask mutants [--again] [ROOM…]`: all rooms take hours. With `--again`, only what lived the last time is asked about: enough
/// after tests were added, never after the rooms themselves have changed.
pub(crate) fn run() -> Outcome {
    let mut wanted: Vec<String> = env::args().skip(2).collect();
    let again = wanted.iter().position(|word| word == "--again").map(|place| wanted.remove(place)).is_some();
    if let Some(unknown) = wanted.iter().find(|name| ROOMS.iter().all(|room| room.name != **name)) {
        let names: Vec<&str> = ROOMS.iter().map(|room| room.name).collect();
        return Err(format!("no room `{unknown}`; there are {}", names.join(", ")));
    }
    let ledger = Ledger::read()?;
    let rooms: Vec<&Room> =
        ROOMS.iter().filter(|room| wanted.is_empty() || wanted.iter().any(|name| name == room.name)).collect();
    let survivors = survivors(&rooms, again)?;
    let complaints: Vec<String> = rooms.iter().flat_map(|room| ledger.compare(room, &survivors)).collect();
    if complaints.is_empty() { Ok(()) } else { Err(complaints.join("\n")) }
}

/// The mutants of all rooms that no test noticed. Most of what is built is one crate, which keeps one core busy, so that there is a
/// copy of everything for each core.
fn survivors(rooms: &[&Room], again: bool) -> Result<Vec<Mutant>, String> {
    let files: Vec<(&Room, String)> =
        rooms.iter().flat_map(|room| room.sources().into_iter().map(|file| (*room, file))).collect();
    let (queue, found) = (Mutex::new(files.into_iter()), Mutex::new(Vec::new()));
    let work = &|copy: usize| -> Outcome {
        let copy = Copy::new(copy)?;
        loop {
            let Some((room, file)) = queue.lock().map_err(|error| error.to_string())?.next() else { return Ok(()) };
            let survivors = copy.survivors(room, &file, again)?;
            found.lock().map_err(|error| error.to_string())?.extend(survivors);
        }
    };
    thread::scope(|scope| {
        let cores = thread::available_parallelism().map_or(1, NonZeroUsize::get);
        let workers: Vec<_> = (0..cores).map(|copy| scope.spawn(move || work(copy))).collect();
        workers.into_iter().try_for_each(|worker| worker.join().map_err(|_| "a worker panicked".to_owned())?)
    })?;
    found.into_inner().map_err(|error| error.to_string())
}

/// A copy of the repository, in which one mistake at a time is made.
struct Copy {
    tree: String,
    target: String,
}

impl Copy {
    fn new(number: usize) -> Result<Self, String> {
        let copy = Self { tree: format!("target/mutants/tree-{number}"), target: format!("target/mutants/target-{number}") };
        tree::copy(&copy.tree).map(|()| copy)
    }

    /// The mutants of a file that no test noticed.
    fn survivors(&self, room: &Room, file: &str, again: bool) -> Result<Vec<Mutant>, String> {
        let start = Instant::now();
        let out = root().join("target/mutants/of").join(file.replace('/', "-"));
        if !again {
            // What an earlier run has caught may live again.
            let _ = fs::remove_dir_all(&out);
        }
        fs::create_dir_all(&out).map_err(|error| format!("{}: {error}", out.display()))?;
        self.mutate(room, file, &out, &["--lib".to_owned()])?;
        for group in room.tests {
            let tests: Vec<String> = group.iter().map(|test| format!("--test={test}")).collect();
            self.mutate(room, file, &out, &tests)?;
        }
        let missed = out.join("mutants.out/missed.txt");
        let missed = fs::read_to_string(&missed).map_err(|error| format!("{}: {error}", missed.display()))?;
        eprintln!("{file}: {} live ({} s)", missed.lines().count(), start.elapsed().as_secs());
        missed.lines().map(|line| Mutant::read(line, &root().join(&self.tree))).collect()
    }

    /// Asks some tests about every mutant that nobody has noticed yet. Tests that fail without a mutant end it all.
    fn mutate(&self, room: &Room, file: &str, out: &Path, tests: &[String]) -> Outcome {
        count_timeouts_as_noticed(&out.join("mutants.out"))?;
        let mut command = Command::new(env!("CARGO"));
        command.args(["mutants", "--in-place", "--profile", "mutants", "--timeout", "40", "--no-shuffle", "--iterate"]);
        command.args(["--package", room.package, "--test-package", room.package, "--file", file, "--output"]).arg(out);
        command.args(tests.iter().map(|test| format!("--cargo-arg={test}")));
        // The others are optimised, but this one is built for every mistake.
        command.arg(format!("--cargo-arg=--config=profile.mutants.package.{}.opt-level=0", room.package));
        // A failure that one mutant leaves behind would be held against the next, and nobody reads the smallest one.
        command.envs([("PROPTEST_DISABLE_FAILURE_PERSISTENCE", "true"), ("PROPTEST_MAX_SHRINK_ITERS", "0")]);
        command.env("CARGO_TARGET_DIR", root().join(&self.target)).current_dir(root().join(&self.tree));
        let output = command.output().map_err(|error| error.to_string())?;
        match output.status.code() {
            // Mutants live, or tests hang because of one; what that means is in the files.
            Some(0 | 2 | 3) => Ok(()),
            code => Err(format!(
                "cargo-mutants ended with {code:?}; `cargo install --locked cargo-mutants` brings it\n{}",
                String::from_utf8_lossy(&output.stdout)
            )),
        }
    }
}

/// Whoever makes a test run out of time is noticed; cargo-mutants would wait for it again in each pass.
fn count_timeouts_as_noticed(out: &Path) -> Outcome {
    let Ok(timeouts) = fs::read_to_string(out.join("timeout.txt")) else { return Ok(()) };
    let path = out.join("previously_caught.txt");
    let noticed = fs::read_to_string(&path).unwrap_or_default();
    fs::write(&path, noticed + &timeouts).map_err(|error| format!("{}: {error}", path.display()))
}

impl Room {
    /// Its files by their names.
    fn sources(&self) -> Vec<String> {
        let named = |pattern: &&str| match pattern.split_once('*') {
            None => vec![(*pattern).to_owned()],
            Some((folder, _)) => {
                let entries = fs::read_dir(root().join(folder)).into_iter().flatten().flatten();
                let mut files: Vec<String> =
                    entries.map(|entry| format!("{folder}{}", entry.file_name().to_string_lossy())).collect();
                files.sort();
                files.retain(|file| self.has(file));
                files
            }
        };
        self.files.iter().flat_map(named).collect()
    }

    fn has(&self, file: &str) -> bool {
        self.files.iter().any(|pattern| match pattern.split_once('*') {
            Some((before, behind)) => file.starts_with(before) && file.ends_with(behind),
            None => *pattern == file,
        })
    }
}

/// A mistake, named so that it keeps its name when lines move.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Mutant {
    file: String,
    line: String,
    change: String,
}

impl Mutant {
    /// Of a line of cargo-mutants about a tree: `file:line:column: change`.
    fn read(text: &str, tree: &Path) -> Result<Self, String> {
        let mut parts = text.splitn(4, ':');
        let (Some(file), Some(number), Some(_), Some(change)) = (parts.next(), parts.next(), parts.next(), parts.next()) else {
            return Err(format!("cargo-mutants says `{text}`, which names no mutant"));
        };
        let source = fs::read_to_string(tree.join(file)).map_err(|error| format!("{file}: {error}"))?;
        let line = number.parse::<usize>().ok().and_then(|number| source.lines().nth(number.wrapping_sub(1)));
        let line = line.unwrap_or_default().trim().to_owned();
        Ok(Self { file: file.to_owned(), line, change: change.trim().to_owned() })
    }
}

/// Mutants that may live, and why.
struct Ledger(BTreeMap<Mutant, String>);

impl Ledger {
    fn read() -> Result<Self, String> {
        let path: PathBuf = root().join(LEDGER);
        let text = fs::read_to_string(&path).map_err(|error| format!("{LEDGER}: {error}"))?;
        let entries = text.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
        entries.map(Self::entry).collect::<Result<_, _>>().map(Self)
    }

    fn entry(line: &str) -> Result<(Mutant, String), String> {
        let fields: Vec<&str> = line.split('\t').collect();
        let [file, source, change, why] = fields[..] else {
            return Err(format!("{LEDGER}: `{line}` has not four fields: file, line, change, why"));
        };
        if why.trim().is_empty() {
            return Err(format!("{LEDGER}: `{change}` in {file} has no reason"));
        }
        Ok((Mutant { file: file.into(), line: source.into(), change: change.into() }, why.into()))
    }

    /// What is not as the ledger says.
    fn compare(&self, room: &Room, survivors: &[Mutant]) -> Vec<String> {
        let say = |Mutant { file, line, change }: &Mutant| format!("{file}: {change}\n    {line}");
        let unexplained = survivors.iter().filter(|mutant| room.has(&mutant.file) && !self.0.contains_key(mutant));
        let unexplained = unexplained.map(|mutant| format!("no test notices {}", say(mutant)));
        let explained = self.0.keys().filter(|mutant| room.has(&mutant.file));
        let stale = explained.filter(|mutant| !survivors.contains(mutant));
        let stale = stale.map(|mutant| format!("{LEDGER} explains what a test notices, or what is gone: {}", say(mutant)));
        unexplained.chain(stale).collect()
    }
}

#[cfg(test)]
mod tests {
    use std::slice;

    use super::*;

    fn mutant(file: &str, line: &str) -> Mutant {
        Mutant { file: file.into(), line: line.into(), change: "replace + with -".into() }
    }

    #[test]
    fn survivors_and_the_ledger_must_agree() {
        let room = &ROOMS[0];
        let (known, new) = (mutant("gwapi-core/src/hostname.rs", "a + b"), mutant("gwapi-core/src/hostname.rs", "a + c"));
        let elsewhere = mutant("gwapi-match/src/split.rs", "a + b");
        let ledger = Ledger([(known.clone(), "equal".into()), (elsewhere, "equal".into())].into());
        assert_eq!(ledger.compare(room, slice::from_ref(&known)), Vec::<String>::new());
        assert_eq!(ledger.compare(room, &[known, new]).len(), 1, "one that nobody explains");
        assert_eq!(ledger.compare(room, &[]).len(), 1, "one that lives no more");
    }

    #[test]
    fn every_file_of_a_room_is_there_and_every_entry_of_the_ledger_has_a_room() {
        for room in ROOMS {
            for file in room.files {
                let folder = root().join(file.split_once('*').map_or(*file, |(before, _)| before));
                assert!(folder.exists(), "{file}");
            }
            let folder = root().join(room.package).join("tests");
            for test in room.tests.iter().copied().flatten() {
                assert!(folder.join(format!("{test}.rs")).exists() || folder.join(test).is_dir(), "{test}");
            }
        }
        for mutant in Ledger::read().unwrap().0.keys() {
            assert!(ROOMS.iter().any(|room| room.has(&mutant.file)), "{}", mutant.file);
        }
    }
}
