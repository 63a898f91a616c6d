//! Copies of what git knows, so that nobody who works in the original meets a mistake that is made on purpose.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use crate::shell::{Outcome, root};

/// Brings the copy at a path of the repository up to date. Files that are the same keep their time, so that little is built again.
pub(crate) fn copy(tree: &str) -> Outcome {
    let output =
        Command::new("git").args(["ls-files", "-z"]).current_dir(root()).output().map_err(|error| format!("git: {error}"))?;
    let list = String::from_utf8(output.stdout).map_err(|error| error.to_string())?;
    let files: BTreeSet<PathBuf> = list.split('\0').filter(|name| !name.is_empty()).map(PathBuf::from).collect();
    let path = root().join(tree);
    for file in &files {
        copy_file(&root().join(file), &path.join(file)).map_err(|error| format!("{}: {error}", file.display()))?;
    }
    remove_others(&path, &path, &files).map_err(|error| format!("{tree}: {error}"))
}

fn copy_file(from: &Path, to: &Path) -> std::io::Result<()> {
    let Ok(bytes) = fs::read(from) else { return Ok(()) };
    if fs::read(to).is_ok_and(|there| there == bytes) {
        return Ok(());
    }
    fs::create_dir_all(to.parent().unwrap_or(to))?;
    fs::write(to, bytes)
}

/// What was renamed since must not stay beside its new name.
fn remove_others(tree: &Path, folder: &Path, files: &BTreeSet<PathBuf>) -> std::io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            remove_others(tree, &path, files)?;
        } else if !path.strip_prefix(tree).is_ok_and(|file| files.contains(file)) {
            fs::remove_file(path)?;
        }
    }
    Ok(())
}
