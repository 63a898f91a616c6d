//! `cargo xtask gallery [--check]`: `docs/gallery.md`, cases with what the program says of them. With `--check` the file is only
//! compared.

use std::{
    collections::BTreeMap,
    env::{self, consts::EXE_SUFFIX},
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use serde_json::Value;

use crate::shell::{Outcome, cargo, root};

mod pictures;

use pictures::{PICTURES, Picture};

const GALLERY: &str = "docs/gallery.md";
const INTRODUCTION: &str = "\
# Gallery

Where the Gateway API is not what one would guess: cases of [testdata](../testdata/README.md) with what `gwapi` says of them. What is printed
here is what the commands print, in the root of the repository and without the notes on standard error; `cargo xtask gallery` writes this
file.
";

pub(crate) fn run() -> Outcome {
    if env::args().skip(2).any(|argument| argument == "--check") { check() } else { write() }
}

/// Whether the file is what would be written.
pub(crate) fn check() -> Outcome {
    let (old, new) = (fs::read_to_string(root().join(GALLERY)).unwrap_or_default(), gallery()?);
    let differ = || old.lines().zip(new.lines()).position(|(old, new)| old != new);
    match old == new {
        true => Ok(()),
        false => Err(format!("{GALLERY}:{} is not what `cargo xtask gallery` writes", differ().map_or(1, |at| at + 1))),
    }
}

fn write() -> Outcome {
    fs::write(root().join(GALLERY), gallery()?).map_err(|error| format!("{GALLERY}: {error}"))
}

fn gallery() -> Result<String, String> {
    let program = program()?;
    let contents = PICTURES.iter().map(|picture| format!("- [{}](#{})\n", picture.title, anchor(picture.title)));
    let mut text = format!("{INTRODUCTION}\n{}", contents.collect::<String>());
    for picture in PICTURES {
        text.push_str(&hung(picture, &program).map_err(|error| format!("{}: {error}", picture.case))?);
    }
    Ok(text)
}

/// The program as it is now: it stands beside this one.
fn program() -> Result<PathBuf, String> {
    cargo("build --quiet --package gwapi --locked")?;
    let own = env::current_exe().map_err(|error| error.to_string())?;
    Ok(own.with_file_name(format!("gwapi{EXE_SUFFIX}")))
}

/// As the forges that show Markdown make it of a title.
fn anchor(title: &str) -> String {
    let kept = title.chars().filter(|letter| letter.is_alphanumeric() || " -_".contains(*letter));
    kept.map(|letter| if letter == ' ' { '-' } else { letter.to_ascii_lowercase() }).collect()
}

/// A case with its frame.
fn hung(picture: &Picture, program: &Path) -> Result<String, String> {
    let case = format!("testdata/{}", picture.case);
    let meta = Meta::read(&case)?;
    let file = format!("{case}/input.yaml");
    let manifests = fs::read_to_string(root().join(&file)).map_err(|error| format!("{file}: {error}"))?;
    let mut text = format!(
        "\n## {}\n\n{} {}\n\n[{}](../{case}): {}\n\n```yaml\n{}```\n\n```console\n",
        picture.title,
        meta.description,
        meta.why,
        picture.case,
        meta.requirements.join(", "),
        shown(&manifests),
    );
    for (number, command) in picture.commands.iter().enumerate() {
        let arguments = arguments(command, &file);
        let gap = if number == 0 { "" } else { "\n" };
        text.push_str(&format!("{gap}$ gwapi {}\n{}", typed(&arguments), printed(program, &arguments)?));
    }
    Ok(text + "```\n")
}

/// Keys and certificates are long, and nobody reads them.
fn shown(manifests: &str) -> String {
    const LONGEST: usize = 140;
    let line = |line: &str| match line.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…\n", &line[..end]),
        None => format!("{line}\n"),
    };
    manifests.lines().map(line).collect()
}

/// The file stands before what is asked about it.
fn arguments<'a>(command: &[&'a str], file: &'a str) -> Vec<&'a str> {
    let mut arguments = command.to_vec();
    arguments.insert(1, file);
    arguments
}

/// As somebody would type it.
fn typed(arguments: &[&str]) -> String {
    let quoted = |argument: &str| match argument.contains([' ', '*', '?']) {
        true => format!("'{argument}'"),
        false => argument.to_owned(),
    };
    arguments.iter().copied().map(quoted).collect::<Vec<_>>().join(" ")
}

/// What the program prints as its result.
fn printed(program: &Path, arguments: &[&str]) -> Result<String, String> {
    let output = Command::new(program).args(arguments).args(["--color", "never"]).current_dir(root()).output();
    let output = output.map_err(|error| format!("{}: {error}", program.display()))?;
    let text = String::from_utf8(output.stdout).map_err(|error| error.to_string())?;
    // 1 is an answer too.
    match output.status.code() {
        Some(0 | 1) if !text.is_empty() => Ok(text),
        _ => Err(format!("gwapi {}: {}\n{}", typed(arguments), output.status, String::from_utf8_lossy(&output.stderr))),
    }
}

/// What a case says of itself.
struct Meta {
    description: String,
    why: String,
    requirements: Vec<String>,
}

impl Meta {
    fn read(case: &str) -> Result<Self, String> {
        let file = format!("{case}/meta.yaml");
        let bytes = fs::read(root().join(&file)).map_err(|error| format!("{file}: {error}"))?;
        let loaded = gwapi_manifest::parse_values(&file, &bytes);
        let meta = loaded.documents.first().map(|document| document.value.clone()).unwrap_or_default();
        let fields: BTreeMap<&str, &Value> = meta.as_object().into_iter().flatten().map(|(key, value)| (&**key, value)).collect();
        // What a case needs beside its objects would have to be on the command line too.
        let beside = ["controllerName", "withoutFeatures", "choices"].into_iter().find(|key| fields.contains_key(key));
        if let Some(key) = beside.or_else(|| root().join(case).join("facts.yaml").exists().then_some("facts.yaml")) {
            return Err(format!("a case with {key} cannot be shown"));
        }
        let text = |value: &Value| value.as_str().unwrap_or_default().trim().to_owned();
        let field = |key: &str| fields.get(key).map(|value| text(value)).filter(|text| !text.is_empty());
        let needed = |key: &str| field(key).ok_or_else(|| format!("{file} has no {key}"));
        let requirements = fields.get("requirements").and_then(|list| list.as_array()).into_iter().flatten();
        Ok(Self { description: needed("description")?, why: needed("why")?, requirements: requirements.map(text).collect() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_has_its_file_and_the_quotes_that_a_shell_needs() {
        let arguments = arguments(&["explain", "http://a/", "-H", "X: 1"], "input.yaml");
        assert_eq!(typed(&arguments), "explain input.yaml http://a/ -H 'X: 1'");
    }

    #[test]
    fn titles_can_be_linked_to_and_are_different() {
        assert_eq!(anchor("Two halves of a grant, joined"), "two-halves-of-a-grant-joined");
        let anchors: std::collections::BTreeSet<String> = PICTURES.iter().map(|picture| anchor(picture.title)).collect();
        assert_eq!(anchors.len(), PICTURES.len());
    }

    #[test]
    fn long_lines_are_cut_and_others_are_not() {
        let long = "ü".repeat(141);
        assert_eq!(shown(&format!("a\n{long}\n")), format!("a\n{}…\n", "ü".repeat(140)));
    }

    #[test]
    fn every_case_says_what_it_is_about() {
        for picture in PICTURES {
            let meta = Meta::read(&format!("testdata/{}", picture.case)).unwrap();
            assert!(!meta.requirements.is_empty() && !picture.commands.is_empty(), "{}", picture.case);
        }
    }
}
