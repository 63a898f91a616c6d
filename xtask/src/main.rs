//! The commands that keep the project honest. `cargo xtask` lists them.

use std::process::ExitCode;

mod apiserver;
mod bench;
mod breaks;
mod ci;
mod crds;
mod embed;
mod gallery;
mod ledger;
mod mutants;
mod purity;
mod shell;

/// Its name, what it is for, and what it runs.
type Command = (&'static str, &'static str, fn() -> shell::Outcome);

const COMMANDS: &[Command] = &[
    ("ci", "everything that .ci/run runs", ci::run),
    ("purity", "the pure crates depend on nothing that does I/O, and ask nobody for the time", purity::run),
    ("crds", "what the CRDs in a folder say that the checked-in rules do not; `--write` takes it over", crds::run),
    (
        "apiserver",
        "a real API server and `validate` say the same of mutated objects (--seed S, --objects N, --channel C)",
        apiserver::run,
    ),
    ("embed", "the pure crates compile in an empty project, and in one with kube beside them", embed::run),
    ("gallery", "writes docs/gallery.md: cases with what the program says of them; `--check` only compares", gallery::run),
    ("ledger", "each rule is held by a case or a test that names it, and each field of the CRDs has its place", ledger::run),
    ("mutants", "small mistakes in the rooms that decide, each of which a test must notice (ROOM…)", mutants::run),
    (
        "breaks",
        "mistakes against single rules, each noticed by what the ledger names (ID…); `--check` builds nothing",
        breaks::run,
    ),
    ("bench", "measures matching and changes beside their floors, and writes benches/README.md", bench::run),
];

fn main() -> ExitCode {
    let wanted = std::env::args().nth(1).unwrap_or_default();
    let Some((_, _, command)) = COMMANDS.iter().find(|(name, ..)| *name == wanted) else {
        eprintln!("usage: cargo xtask COMMAND\n");
        for (name, about, _) in COMMANDS {
            eprintln!("  {name:<10} {about}");
        }
        return ExitCode::from(2);
    };
    match command() {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("xtask {wanted}: {why}");
            ExitCode::FAILURE
        }
    }
}
