//! Running other programs from the root of the workspace.

use std::{
    path::{Path, PathBuf},
    process::Command,
    time::Instant,
};

/// What a command came to: nothing to say, or why it failed.
pub(crate) type Outcome = Result<(), String>;

/// The root of the workspace.
pub(crate) fn root() -> PathBuf {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR"));
    manifest.parent().unwrap_or(manifest).to_owned()
}

/// Runs one step and says how long it took.
pub(crate) fn step(name: &str, run: impl FnOnce() -> Outcome) -> Outcome {
    eprintln!("── {name}");
    let start = Instant::now();
    let outcome = run().map_err(|why| format!("{name}: {why}"));
    eprintln!("── {name}: {} ({:.0} s)", if outcome.is_ok() { "ok" } else { "FAILED" }, start.elapsed().as_secs_f32());
    outcome
}

/// Runs cargo with these arguments, separated by blanks.
pub(crate) fn cargo(arguments: &str) -> Outcome {
    cargo_with(arguments, &[])
}

/// Runs cargo with variables of the environment.
pub(crate) fn cargo_with(arguments: &str, variables: &[(&str, &str)]) -> Outcome {
    let mut command = Command::new(env!("CARGO"));
    command.args(arguments.split_whitespace()).current_dir(root()).envs(variables.iter().copied());
    run(&mut command, &format!("cargo {arguments}"))
}

/// Runs a line as a shell would.
pub(crate) fn sh(line: &str) -> Outcome {
    run(Command::new("sh").arg("-ceu").arg(line).current_dir(root()), line)
}

/// The standard output of cargo.
pub(crate) fn cargo_output(arguments: &str) -> Result<String, String> {
    let mut command = Command::new(env!("CARGO"));
    output(command.args(arguments.split_whitespace()).current_dir(root()), &format!("cargo {arguments}"))
}

/// The standard output of a command.
pub(crate) fn output(command: &mut Command, name: &str) -> Result<String, String> {
    let output = command.output().map_err(|error| format!("`{name}`: {error}"))?;
    if !output.status.success() {
        return Err(format!("`{name}`: {}\n{}", output.status, String::from_utf8_lossy(&output.stderr)));
    }
    String::from_utf8(output.stdout).map_err(|error| error.to_string())
}

pub(crate) fn run(command: &mut Command, name: &str) -> Outcome {
    match command.status() {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(format!("`{name}` ended with {status}")),
        Err(error) => Err(format!("`{name}`: {error}")),
    }
}
