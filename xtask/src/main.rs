//! The commands that keep the project honest. `cargo xtask` lists them.

use std::process::ExitCode;

mod apiserver;
mod bench;
mod breaks;
mod ci;
mod crds;
mod embed;
mod fuzz;
mod gallery;
mod ledger;
mod mutants;
mod package;
mod page;
mod purity;
mod shell;
mod soak;
mod tree;

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
    (
        "embed",
        "from their packages, the pure crates serve the examples, an empty project, and one with kube beside them",
        embed::run,
    ),
    (
        "package",
        "what is published: packages, licences, foreign types, oldest versions; and what the tools for it say",
        package::run,
    ),
    ("semver", "what has changed since a REVISION (or the last release), and whether the version says so", package::semver),
    ("gallery", "writes docs/gallery.md: cases with what the program says of them; `--check` only compares", gallery::run),
    ("ledger", "each rule is held by a case or a test that names it, and each field of the CRDs has its place", ledger::run),
    ("mutants", "small mistakes in the rooms that decide, each of which a test must notice (ROOM…, --again)", mutants::run),
    (
        "page",
        "builds the page that explains in the browser, in target/page (--serve, --test with a headless Chromium)",
        page::run,
    ),
    ("soak", "the laws on random worlds, without end or as long as --minutes or --cases say", soak::run),
    (
        "breaks",
        "mistakes against single rules, each noticed by what the ledger names (ID…); `--check` builds nothing",
        breaks::run,
    ),
    ("bench", "measures matching and changes beside their floors, and writes benches/README.md", bench::run),
    ("fuzz", "runs the fuzz targets on seeds from testdata, two at a time ([TARGET...] [--minutes N] [--write])", fuzz::run),
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
