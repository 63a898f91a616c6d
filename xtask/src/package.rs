//! What is published: whether the pure crates build from their packages, for whom, and what they bring along.
//!
//! [`check`] needs nothing but cargo and runs in CI. [`run`] asks the tools besides that are made for this, where they are
//! installed. Unstable options are switched on with `RUSTC_BOOTSTRAP`, so that the compiler is the one that everything else is
//! built with, and with target folders of their own, since build scripts look at that variable.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::{self, Command},
};

use serde_json::Value;

use crate::{
    purity::PURE,
    shell::{Outcome, cargo, cargo_output, cargo_with, output, root, run as run_command, step},
};

mod external_types;
mod licences;
mod tools;

pub(crate) use tools::semver;

pub(crate) fn run() -> Outcome {
    check()?;
    tools::run()
}

pub(crate) fn check() -> Outcome {
    step("the crates build from their packages", verify)?;
    step("licences", licences::run)?;
    step("types of other crates in signatures", external_types::run)?;
    step("the oldest dependencies that are asked for", minimal_versions)?;
    step("the oldest compiler that is asked for", oldest_compiler)
}

fn verify() -> Outcome {
    let target = target_folder(&metadata("--no-deps")?)?;
    // Named, the folder serves the packages, too: what they depend on is built once.
    let target = target.to_str().ok_or("a target folder whose name is no text")?;
    cargo_with(&format!("package --quiet --allow-dirty --locked {}", chosen()), &[("CARGO_TARGET_DIR", target)])
}

/// The pure crates, as arguments of cargo.
pub(crate) fn chosen() -> String {
    PURE.map(|name| format!("--package {name}")).join(" ")
}

/// The packages of the pure crates, unpacked outside of the repository: what users get, and nothing else.
pub(crate) struct Unpacked {
    folder: PathBuf,
    folders: [PathBuf; 3],
}

impl Unpacked {
    pub(crate) fn new() -> Result<Self, String> {
        cargo(&format!("package --quiet --allow-dirty --locked --no-verify {}", chosen()))?;
        let metadata = metadata("--no-deps")?;
        let packages = target_folder(&metadata)?.join("package");
        let folder = env::temp_dir().join(format!("gwapi-packages-{}", process::id()));
        fs::create_dir_all(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
        let folders = PURE.map(|name| folder.join(format!("{name}-{}", version(&metadata, name))));
        // From here on the folder goes when this does.
        let unpacked = Self { folder, folders };
        for folder in &unpacked.folders {
            unpack(&packages, folder)?;
        }
        Ok(unpacked)
    }

    /// The folder that they are in. It is gone when this is dropped.
    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// For the manifest of a workspace that asks for versions.
    pub(crate) fn patches(&self) -> String {
        let lines = PURE.iter().zip(&self.folders).map(|(name, folder)| format!("{name} = {{ path = {folder:?} }}\n"));
        format!("[patch.crates-io]\n{}", lines.collect::<String>())
    }

    /// Makes a workspace of them, without what only their tests need.
    fn as_workspace(&self) -> Outcome {
        for folder in &self.folders {
            let path = folder.join("Cargo.toml");
            let manifest = fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
            write(&path, &without_dev_dependencies(&manifest))?;
        }
        let manifest = format!("[workspace]\nresolver = \"3\"\nmembers = {:?}\n{}", self.folders, self.patches());
        write(&self.folder.join("Cargo.toml"), &manifest)
    }
}

impl Drop for Unpacked {
    fn drop(&mut self) {
        // What is left over in the folder for temporary files does no harm.
        let _ = fs::remove_dir_all(&self.folder);
    }
}

fn unpack(packages: &Path, folder: &Path) -> Outcome {
    let name = folder.file_name().unwrap_or_default().to_string_lossy();
    let package = packages.join(format!("{name}.crate"));
    let into = folder.parent().unwrap_or(folder);
    run_command(Command::new("tar").arg("xzf").arg(&package).arg("-C").arg(into), &format!("tar xzf {}", package.display()))?;
    match ["README.md", "LICENSE"].into_iter().find(|file| !folder.join(file).is_file()) {
        Some(missing) => Err(format!("the package {name} has no {missing}")),
        None => Ok(()),
    }
}

/// A manifest as cargo writes it into a package, where each table has a header of its own.
fn without_dev_dependencies(manifest: &str) -> String {
    let mut is_kept = true;
    let kept = manifest.lines().filter(|line| {
        if line.starts_with('[') {
            is_kept = !line.starts_with("[dev-dependencies");
        }
        is_kept
    });
    kept.map(|line| format!("{line}\n")).collect()
}

/// With each direct dependency in the oldest version that its requirement allows.
fn minimal_versions() -> Outcome {
    let unpacked = Unpacked::new()?;
    unpacked.as_workspace()?;
    let mut command = Command::new(env!("CARGO"));
    command.args(["-Z", "direct-minimal-versions", "generate-lockfile", "--quiet"]).env("RUSTC_BOOTSTRAP", "1");
    run_command(command.current_dir(unpacked.folder()), "cargo -Z direct-minimal-versions generate-lockfile")?;
    check_workspace(Command::new(env!("CARGO")), &unpacked, "minimal")
}

/// With the compiler of `rust-version`, from rustup or from the folder that `GWAPI_MSRV_BIN` names.
fn oldest_compiler() -> Outcome {
    let version = rust_version()?;
    let Some(command) = cargo_of(&version) else {
        eprintln!("skipped: there is no Rust {version} (rustup toolchain install {version}, or GWAPI_MSRV_BIN);");
        eprintln!("         clippy::incompatible_msrv, a part of the clippy step, stands in for the standard library");
        return Ok(());
    };
    let unpacked = Unpacked::new()?;
    unpacked.as_workspace()?;
    check_workspace(command, &unpacked, "msrv")
}

fn cargo_of(version: &str) -> Option<Command> {
    if let Some(folder) = env::var_os("GWAPI_MSRV_BIN").map(PathBuf::from) {
        let mut command = Command::new(folder.join("cargo"));
        command.env("RUSTC", folder.join("rustc"));
        return Some(command);
    }
    let rustup = || {
        let mut command = Command::new("rustup");
        command.args(["run", version, "cargo"]);
        command
    };
    output(rustup().arg("--version"), "cargo --version").is_ok().then(rustup)
}

fn rust_version() -> Result<String, String> {
    let metadata = metadata("--no-deps")?;
    let package = packages(&metadata).find(|package| package["name"] == PURE[0]);
    package.and_then(|package| package["rust_version"].as_str().map(str::to_owned)).ok_or_else(|| "no rust-version".to_owned())
}

fn check_workspace(mut command: Command, unpacked: &Unpacked, target: &str) -> Outcome {
    let target = target_folder(&metadata("--no-deps")?)?.join("packages").join(target);
    command.args(["check", "--quiet", "--workspace"]).env("CARGO_TARGET_DIR", target).current_dir(unpacked.folder());
    run_command(&mut command, "cargo check of the unpacked packages")
}

/// What cargo knows of the workspace.
pub(crate) fn metadata(arguments: &str) -> Result<Value, String> {
    let text = cargo_output(&format!("metadata --format-version 1 --locked {arguments}"))?;
    serde_json::from_str(&text).map_err(|error| format!("cargo metadata: {error}"))
}

fn packages(metadata: &Value) -> impl Iterator<Item = &Value> {
    metadata["packages"].as_array().into_iter().flatten()
}

fn version<'m>(metadata: &'m Value, name: &str) -> &'m str {
    packages(metadata).find(|package| package["name"] == name).and_then(|package| package["version"].as_str()).unwrap_or("?")
}

pub(crate) fn target_folder(metadata: &Value) -> Result<PathBuf, String> {
    metadata["target_directory"].as_str().map(PathBuf::from).ok_or_else(|| "cargo metadata names no target folder".to_owned())
}

/// Writes a file, and the folders that it is in.
pub(crate) fn write(path: &Path, text: &str) -> Outcome {
    let folder = path.parent().ok_or("a file without a folder")?;
    fs::create_dir_all(folder).and_then(|()| fs::write(path, text)).map_err(|error| format!("{}: {error}", path.display()))
}

/// The manifest of a pure crate.
fn manifest(name: &str) -> PathBuf {
    root().join(name).join("Cargo.toml")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_tests_need_is_left_out_and_nothing_else() {
        let manifest = "[package]\nname = \"a\"\n\n[dev-dependencies.b]\nversion = \"1\"\n\n[dependencies.c]\nversion = \"2\"\n";
        assert_eq!(without_dev_dependencies(manifest), "[package]\nname = \"a\"\n\n[dependencies.c]\nversion = \"2\"\n");
    }
}
