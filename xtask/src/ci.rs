//! What CI checks, in the order of how soon a mistake shows.

use std::fs;

use crate::{
    apiserver, breaks, embed, gallery, ledger, package, page,
    purity::{self, PURE},
    shell::{Outcome, cargo, cargo_with, root, sh, step},
};

/// Cases that are not ours stand beside the checkout; where they are absent, the step says so and is left out.
const CONFORMANCE: &str = "../shared/cases/conformance";

pub(crate) fn run() -> Outcome {
    step("format", || cargo("fmt --all --check"))?;
    step("clippy", || cargo("clippy --workspace --all-targets --locked -- -D warnings"))?;
    step("tests, as the README prints them", || sh(&readme_command(1)?))?;
    step("the pure crates alone", pure_crates_alone)?;
    step("the typed door", || cargo("check --package gwapi-core --features gateway-api,k8s-openapi/v1_33 --locked"))?;
    step("purity", purity::run)?;
    step("documentation", || cargo_with("doc --workspace --no-deps --locked", &[("RUSTDOCFLAGS", "-D warnings")]))?;
    step("benches and fuzz targets build", || {
        cargo("build --package gwapi-benches --benches --package gwapi-fuzz --bins --locked")
    })?;
    step("our cases", || cargo("run --quiet --package gwapi --locked -- test testdata --ledger testdata/expected-failures.txt"))?;
    step("conformance cases", conformance)?;
    step("ledger", ledger::run)?;
    step("breaks can still be made", breaks::check)?;
    step("gallery", gallery::check)?;
    step("validation beside a real API server", apiserver::bounded)?;
    step("packages", package::check)?;
    step("embedding", embed::run)?;
    step("the pure crates for WebAssembly", page::check)?;
    step("the page in a browser", page::test)
}

fn pure_crates_alone() -> Outcome {
    for package in PURE {
        cargo(&format!("check --package {package} --no-default-features --locked"))?;
    }
    Ok(())
}

fn conformance() -> Outcome {
    if !root().join(CONFORMANCE).is_dir() {
        eprintln!("skipped: {CONFORMANCE} is not there");
        return Ok(());
    }
    cargo(&format!("run --quiet --package gwapi --locked -- test {CONFORMANCE} --ledger testdata/expected-failures.txt"))
}

/// The n-th `sh` block of the README, so that what is printed there is what is checked.
fn readme_command(number: usize) -> Result<String, String> {
    let readme = fs::read_to_string(root().join("README.md")).map_err(|error| format!("README.md: {error}"))?;
    let block = readme.split("```sh\n").nth(number + 1).and_then(|rest| rest.split_once("```"));
    block.map(|(block, _)| block.to_owned()).ok_or_else(|| format!("README.md has no sh block number {number}"))
}
