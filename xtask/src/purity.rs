//! Law 1: the pure crates cannot read a clock, the environment, files, the network or randomness, and do not log.

use std::{fs, path::Path};

use crate::shell::{Outcome, cargo_output, root};

/// The pure crates, each after those that it depends on.
pub(crate) const PURE: [&str; 3] = ["gwapi-core", "gwapi-match", "gwapi-status"];

/// Crates that do I/O, read clocks or roll dice, or that bring such crates along.
const IMPURE_CRATES: [&str; 14] = [
    "tokio",
    "hyper",
    "kube",
    "kube-core",
    "kube-client",
    "reqwest",
    "mio",
    "socket2",
    "rand",
    "getrandom",
    "log",
    "tracing",
    "chrono",
    "time",
];

/// What code would have to say to be impure.
const IMPURE_CODE: [&str; 20] = [
    "std::fs",
    "std::net::Tcp",
    "std::net::Udp",
    "std::env",
    "std::process",
    "std::thread",
    "std::io",
    "std::os",
    "std::collections::Hash",
    "SystemTime",
    "Instant",
    "RandomState",
    "thread_local!",
    "print!",
    "println!",
    "dbg!",
    "extern crate std",
    "tokio::",
    "tracing::",
    "log::",
];

pub(crate) fn run() -> Outcome {
    for package in PURE {
        check_dependencies(package)?;
        check_sources(package, &root().join(package).join("src"))?;
    }
    for package in ["gwapi-core", "gwapi-status"] {
        let library = fs::read_to_string(root().join(package).join("src/lib.rs")).map_err(|error| error.to_string())?;
        if !library.contains("#![no_std]") {
            return Err(format!("{package} is not no_std"));
        }
    }
    Ok(())
}

/// With default features, as `cargo add` takes them.
fn check_dependencies(package: &str) -> Outcome {
    let tree = cargo_output(&format!("tree --package {package} --edges normal --prefix none --format {{p}} --locked"))?;
    let names = tree.lines().filter_map(|line| line.split_whitespace().next());
    match impure(names) {
        None => Ok(()),
        Some(name) => Err(format!("{package} depends on {name}")),
    }
}

fn impure<'a>(mut names: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    names.find(|name| IMPURE_CRATES.contains(name))
}

fn check_sources(package: &str, folder: &Path) -> Outcome {
    for entry in fs::read_dir(folder).map_err(|error| format!("{}: {error}", folder.display()))? {
        let path = entry.map_err(|error| error.to_string())?.path();
        if path.is_dir() {
            check_sources(package, &path)?;
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let source = fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
            if let Some((line, code)) = impure_line(&source) {
                return Err(format!("{}:{line}: `{code}` has no place in {package}", path.display()));
            }
        }
    }
    Ok(())
}

/// The first line of code, comments aside, that says something impure, or the first such import.
fn impure_line(source: &str) -> Option<(usize, &'static str)> {
    let mut code = source.lines().enumerate().filter(|(_, line)| !line.trim_start().starts_with("//"));
    code.find_map(|(index, line)| Some((index + 1, says_impure(line)?))).or_else(|| impure_import(source))
}

fn says_impure(code: &str) -> Option<&'static str> {
    IMPURE_CODE.iter().find(|impure| code.contains(**impure)).copied()
}

/// `use std::{fs, …}` says `std::fs` in other words, and may take several lines.
fn impure_import(source: &str) -> Option<(usize, &'static str)> {
    source.match_indices("use std::").find_map(|(at, _)| {
        let (before, import) = source.split_at(at);
        let is_comment = before.rsplit('\n').next()?.trim_start().starts_with("//");
        let tree = import.split(';').next().filter(|_| !is_comment)?;
        let impure = paths("", tree).iter().find_map(|path| says_impure(path))?;
        Some((before.matches('\n').count() + 1, impure))
    })
}

/// The paths of a tree of imports.
fn paths(prefix: &str, tree: &str) -> Vec<String> {
    let Some((head, rest)) = tree.split_once('{') else { return vec![format!("{prefix}{}", tree.trim())] };
    let inside = rest.rsplit_once('}').map_or(rest, |(inside, _)| inside);
    branches(inside).into_iter().flat_map(|branch| paths(&format!("{prefix}{}", head.trim()), branch)).collect()
}

/// What is between the commas outside of all braces.
fn branches(list: &str) -> Vec<&str> {
    let mut depth = 0_usize;
    let parts = list.split(|c| {
        match c {
            '{' => depth += 1,
            '}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        c == ',' && depth == 0
    });
    parts.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn law_1_the_pure_crates_depend_on_nothing_impure_and_say_nothing_impure() {
        run().unwrap();
    }

    #[test]
    fn law_1_the_check_sees_a_clock_and_a_client() {
        assert_eq!(impure_line("// Instant\nlet now = Instant::now();"), Some((2, "Instant")));
        assert_eq!(impure(["serde", "tokio"].into_iter()), Some("tokio"));
        assert_eq!(impure_line("use core::net::IpAddr;"), None);
    }

    #[test]
    fn law_1_the_check_sees_into_lists_of_imports() {
        let listed = "use core::fmt;\nuse std::{\n    collections::{BTreeMap, BTreeSet},\n    env,\n    sync::Arc,\n};";
        assert_eq!(impure_line(listed), Some((2, "std::env")));
        assert_eq!(impure_line("use std::{net::{IpAddr, TcpStream}};"), Some((1, "std::net::Tcp")));
        assert_eq!(impure_line("use std::collections::{BTreeMap, HashMap};"), Some((1, "std::collections::Hash")));
        assert_eq!(impure_line("    use std::{sync::Arc, fs as files};"), Some((1, "std::fs")));
        assert_eq!(impure_line("use std::{collections::{BTreeMap}, net::IpAddr, sync::Arc};\nuse hashbrown::HashMap;"), None);
    }
}
