//! Whether others can take the pure crates: in an empty project, without naming a version of Kubernetes, and beside kube.

use std::{fs, path::Path, process::Command};

use crate::shell::{Outcome, root, run as run_command};

/// The program of both projects: the ten lines of the README, more or less.
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
const PROJECTS: [(&str, &str); 2] =
    [("empty", ""), ("with-kube", "kube = \"5.0.0\"\nk8s-openapi = { version = \"0.29.0\", features = [\"latest\"] }\n")];

pub(crate) fn run() -> Outcome {
    PROJECTS.iter().try_for_each(|(name, dependencies)| check(name, dependencies))
}

fn check(name: &str, dependencies: &str) -> Outcome {
    let root = root();
    let project = root.join("target/embed").join(name);
    write(&project.join("src/main.rs"), PROGRAM)?;
    write(&project.join("Cargo.toml"), &manifest(name, dependencies, &root))?;
    let mut command = Command::new(env!("CARGO"));
    // One folder for what both of them build.
    command.arg("check").arg("--quiet").current_dir(&project).env("CARGO_TARGET_DIR", root.join("target/embed/target"));
    run_command(&mut command, &format!("cargo check in the project {name}"))
}

fn manifest(name: &str, dependencies: &str, root: &Path) -> String {
    let mut manifest = format!(
        "[workspace]\n[package]\nname = \"{name}\"\nversion = \"0.0.0\"\nedition = \"2024\"\n[dependencies]\nserde_json = \"1\"\n{dependencies}"
    );
    for package in ["gwapi-core", "gwapi-match", "gwapi-status"] {
        manifest.push_str(&format!("{package} = {{ path = {:?} }}\n", root.join(package)));
    }
    manifest
}

fn write(path: &Path, text: &str) -> Outcome {
    let folder = path.parent().ok_or("a file without a folder")?;
    fs::create_dir_all(folder).and_then(|()| fs::write(path, text)).map_err(|error| format!("{}: {error}", path.display()))
}
