//! The page that runs `gwapi explain` in the browser: docs/explain and adapters/wasm, put together in target/page.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use crate::shell::{Outcome, cargo, root};

mod browser;
mod site;
mod test;

const TARGET: &str = "wasm32-unknown-unknown";
const FILES: [&str; 3] = ["index.html", "explain.js", "explain.css"];
const USAGE: &str = "page takes nothing, --serve or --test";

pub(crate) fn run() -> Outcome {
    match std::env::args().nth(2).as_deref() {
        None => build().map(|folder| eprintln!("built: {}; --serve serves it", folder.display())),
        Some("--serve") => serve(),
        Some("--test") => test(),
        Some(_) => Err(USAGE.into()),
    }
}

/// What others embed stays buildable without an operating system.
pub(crate) fn check() -> Outcome {
    if let Some(missing) = missing_target() {
        eprintln!("skipped: {missing}");
        return Ok(());
    }
    let packages = ["gwapi-core", "gwapi-match", "gwapi-status", "gwapi-manifest"].map(|name| format!("--package {name}"));
    cargo(&format!("check --target {TARGET} {} --locked", packages.join(" ")))
}

/// Drives a browser, where there is one.
pub(crate) fn test() -> Outcome {
    let programs = browser::Programs::find();
    match (missing_target(), programs) {
        (Some(missing), _) | (None, Err(missing)) => {
            eprintln!("skipped: {missing}");
            Ok(())
        }
        (None, Ok(programs)) => test::run(&build()?, &programs, &root().join("target/page-test")),
    }
}

fn serve() -> Outcome {
    let site = site::Site::start(&build()?)?;
    eprintln!("http://{}/ until Ctrl+C", site.address);
    loop {
        std::thread::park();
    }
}

/// Puts the page together, and says where.
fn build() -> Result<PathBuf, String> {
    if let Some(missing) = missing_target() {
        return Err(missing);
    }
    cargo(&format!("build --package gwapi-wasm --lib --target {TARGET} --profile page --locked"))?;
    let folder = root().join("target/page");
    fs::create_dir_all(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    for file in FILES {
        copy(&root().join("docs/explain").join(file), &folder.join(file))?;
    }
    let built = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from);
    copy(&built.join(TARGET).join("page/gwapi_wasm.wasm"), &folder.join("gwapi.wasm"))?;
    Ok(folder)
}

fn copy(from: &Path, to: &Path) -> Outcome {
    fs::copy(from, to).map(|_| ()).map_err(|error| format!("{} to {}: {error}", from.display(), to.display()))
}

fn missing_target() -> Option<String> {
    let output = Command::new("rustc").args(["--print", "target-libdir", "--target", TARGET]).output().ok();
    let folder = output.and_then(|output| String::from_utf8(output.stdout).ok()).unwrap_or_default();
    let is_there = fs::read_dir(folder.trim()).is_ok_and(|mut entries| entries.next().is_some());
    (!is_there).then(|| format!("the target {TARGET} is not installed (rustup target add {TARGET})"))
}
