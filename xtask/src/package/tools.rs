//! The tools that others made for this, each only where it is installed.

use std::{env, process::Command};

use super::{chosen, manifest, metadata, target_folder};
use crate::{
    purity::PURE,
    shell::{Outcome, cargo, output, root, run as run_command, step},
};

pub(crate) fn run() -> Outcome {
    step("cargo deny", || if is_there("deny") { cargo("deny --all-features check licenses bans sources") } else { Ok(()) })?;
    step("cargo check-external-types", || if is_there("check-external-types") { check_external_types() } else { Ok(()) })?;
    step("cargo semver-checks", || match (is_there("semver-checks"), last_release()) {
        (true, Some(release)) => compare_with(&release),
        (true, None) => {
            eprintln!("skipped: there is no release to compare with (cargo xtask semver REVISION)");
            Ok(())
        }
        (false, _) => Ok(()),
    })
}

/// `cargo xtask semver [REVISION]`: what has changed since then, and whether the version says so. Without a revision it is the
/// last tag of a version.
pub(crate) fn semver() -> Outcome {
    if !is_there("semver-checks") {
        return Err("it needs cargo-semver-checks".to_owned());
    }
    let revision = env::args().nth(2).or_else(last_release);
    compare_with(&revision.ok_or("no release has a tag; name a revision to compare with")?)
}

fn compare_with(revision: &str) -> Outcome {
    // Without the typed door: it needs a version of Kubernetes, which only a program chooses.
    cargo(&format!("semver-checks --baseline-rev {revision} --default-features {}", chosen()))
}

fn last_release() -> Option<String> {
    let mut command = Command::new("git");
    command.args(["describe", "--tags", "--abbrev=0", "--match", "v*"]).current_dir(root());
    output(&mut command, "git describe").ok().map(|tag| tag.trim().to_owned())
}

/// It asks for a nightly compiler, because of options that are not stable.
fn check_external_types() -> Outcome {
    let target = target_folder(&metadata("--no-deps")?)?.join("packages/api");
    PURE.iter().try_for_each(|name| {
        let mut command = Command::new(env!("CARGO"));
        command.args(["check-external-types", "--manifest-path"]).arg(manifest(name));
        command.env("RUSTC_BOOTSTRAP", "1").env("CARGO_TARGET_DIR", &target);
        run_command(&mut command, &format!("cargo check-external-types of {name}"))
    })
}

fn is_there(tool: &str) -> bool {
    let is_there = output(Command::new(env!("CARGO")).args([tool, "--version"]), tool).is_ok();
    if !is_there {
        eprintln!("skipped: cargo-{tool} is not installed (cargo install --locked cargo-{tool})");
    }
    is_there
}
