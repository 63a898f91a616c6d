//! Whether others can take the pure crates: everything here happens outside of the repository, with the packages that would be
//! published. The examples are copied as they are, tested, and run; the program of ten lines compiles in an empty project,
//! without naming a version of Kubernetes, and beside kube.

use std::{fs, path::Path, process::Command};

use crate::{
    package::{Unpacked, metadata, target_folder, write},
    shell::{Outcome, output, root, run as run_command},
};

/// The ten lines of the README, more or less.
const PROGRAM: &str = r#"
use gwapi_core::{Controller, Object, Snapshot, resolve};

fn main() {
    let objects: Vec<serde_json::Value> = Vec::new();
    let snapshot: Snapshot = objects.iter().filter_map(|value| Object::from_json(value).object).collect();
    let resolution = resolve(&snapshot, &Controller::named("example.com/controller"));
    let tables = gwapi_match::compile(&resolution, 0);
    let report = gwapi_status::project(&resolution);
    println!("{} {}", tables.gateways.len(), report.routes.len());
}
"#;

/// What stands beside our crates.
const PROJECTS: [(&str, &str); 2] = [
    ("empty", ""),
    (
        "with-kube",
        "kube = { version = \"5.0.0\", default-features = false }\nk8s-openapi = { version = \"0.29.0\", features = [\"latest\"] }\n",
    ),
];

const EXAMPLES: [&str; 4] = ["tower-gateway", "callback-proxy", "matcher", "status-writer"];

pub(crate) fn run() -> Outcome {
    let unpacked = Unpacked::new()?;
    run_examples(&unpacked)?;
    PROJECTS.iter().try_for_each(|(name, dependencies)| check_project(&unpacked, name, dependencies))
}

fn run_examples(unpacked: &Unpacked) -> Outcome {
    let folder = unpacked.folder().join("examples");
    for name in EXAMPLES {
        copy(&root().join("examples").join(name), &folder.join(name))?;
    }
    let manifest = format!("[workspace]\nresolver = \"3\"\nmembers = {EXAMPLES:?}\n{}", unpacked.patches());
    write(&folder.join("Cargo.toml"), &manifest)?;
    // The versions that everything else is tested with.
    fs::copy(root().join("Cargo.lock"), folder.join("Cargo.lock")).map_err(|error| format!("Cargo.lock: {error}"))?;
    run_command(cargo_in(&folder)?.args(["test", "--quiet", "--workspace"]), "cargo test of the examples")?;
    EXAMPLES.iter().try_for_each(|name| run_example(&folder, name))
}

fn run_example(folder: &Path, name: &str) -> Outcome {
    let printed = output(cargo_in(folder)?.args(["run", "--quiet", "--package", name]), &format!("cargo run of {name}"))?;
    let path = folder.join(name).join("output.txt");
    let expected = fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
    if printed == expected { Ok(()) } else { Err(format!("examples/{name}/output.txt is not what {name} prints:\n{printed}")) }
}

fn check_project(unpacked: &Unpacked, name: &str, dependencies: &str) -> Outcome {
    let folder = unpacked.folder().join(name);
    write(&folder.join("src/main.rs"), PROGRAM)?;
    write(&folder.join("Cargo.toml"), &manifest(name, dependencies, &unpacked.patches()))?;
    run_command(cargo_in(&folder)?.args(["check", "--quiet"]), &format!("cargo check in the project {name}"))
}

fn manifest(name: &str, dependencies: &str, patches: &str) -> String {
    format!(
        "[workspace]\n[package]\nname = \"{name}\"\nversion = \"0.0.0\"\nedition = \"2024\"\n[dependencies]\nserde_json = \"1\"\n\
         gwapi-core = \"*\"\ngwapi-match = \"*\"\ngwapi-status = \"*\"\n{dependencies}{patches}"
    )
}

/// All of them build where everything is built: their dependencies are there.
fn cargo_in(folder: &Path) -> Result<Command, String> {
    let target = target_folder(&metadata("--no-deps")?)?;
    let mut command = Command::new(env!("CARGO"));
    command.current_dir(folder).env("CARGO_TARGET_DIR", target);
    Ok(command)
}

fn copy(from: &Path, to: &Path) -> Outcome {
    let failed = |error| format!("{}: {error}", from.display());
    fs::create_dir_all(to).map_err(failed)?;
    for entry in fs::read_dir(from).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        let target = to.join(path.file_name().unwrap_or_default());
        if path.is_dir() {
            copy(&path, &target)?;
        } else {
            fs::copy(&path, &target).map_err(failed)?;
        }
    }
    Ok(())
}
