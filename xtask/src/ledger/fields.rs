//! `docs/ledger/fields.tsv`: for each field of the CRDs where it is read or written, or why not.
//!
//! `Kind.field.path<TAB>file.rs::Item.word`: the struct, enum or function is in that file and speaks of the word. Items of lists
//! are `[]`, values of maps `{}`. The fields are those of the experimental channel, in the newest version of each kind.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

use gwapi_core::validate::text_form;
use regex::Regex;

use crate::crds;

const FIELDS: &str = "docs/ledger/fields.tsv";

/// A reason says something.
const REASON_AT_LEAST: usize = 10;

/// What is wrong with it.
pub(super) fn check(root: &Path) -> Vec<String> {
    let text = match fs::read_to_string(root.join(FIELDS)) {
        Ok(text) => text,
        Err(error) => return vec![format!("{FIELDS}: {error}")],
    };
    let known: BTreeSet<String> = [text_form::CRDS, crds::STATUS].into_iter().flat_map(paths).collect();
    problems(&text, &known, &|file| fs::read_to_string(root.join(file)).ok())
}

fn problems(ledger: &str, known: &BTreeSet<String>, source: &dyn Fn(&str) -> Option<String>) -> Vec<String> {
    let (mut problems, mut last, mut listed) = (Vec::new(), "", BTreeSet::new());
    for (number, line) in (1..).zip(ledger.lines()) {
        let Some((field, place)) = line.split_once('\t') else {
            problems.push(format!("{FIELDS}:{number}: not `Kind.field.path<TAB>where`"));
            continue;
        };
        let order = (field <= last).then(|| format!("does not follow {last}"));
        let unknown = (!known.contains(field)).then(|| "is no field of the CRDs".to_owned());
        let wrong = order.into_iter().chain(unknown).chain(place_problem(place, source));
        problems.extend(wrong.map(|wrong| format!("{FIELDS}:{number}: {field}: {wrong}")));
        listed.insert(field);
        last = field;
    }
    let missing = known.iter().filter(|field| !listed.contains(field.as_str()));
    problems.extend(missing.map(|field| format!("{FIELDS}: {field} is missing")));
    problems
}

// ---- places ----

fn place_problem(place: &str, source: &dyn Fn(&str) -> Option<String>) -> Option<String> {
    let Some((file, inside)) = place.split_once("::") else {
        let is_reason = place.len() >= REASON_AT_LEAST && place.contains(' ');
        return (!is_reason).then(|| format!("`{place}` is neither a place nor a reason"));
    };
    let Some((item, word)) = inside.split_once('.') else { return Some(format!("`{place}` is not `file.rs::Item.word`")) };
    let Some(source) = source(file) else { return Some(format!("there is no {file}")) };
    match bodies(&source, item) {
        bodies if bodies.is_empty() => Some(format!("{file} has no `{item}`")),
        bodies if bodies.iter().any(|body| has_word(body, word)) => None,
        _ => Some(format!("`{item}` of {file} does not speak of `{word}`")),
    }
}

/// The structs, enums and functions of that name: rustfmt ends each with a brace as deep as its first line.
fn bodies(source: &str, item: &str) -> Vec<String> {
    let lines: Vec<&str> = source.lines().collect();
    let starts = Regex::new(&format!(r"^\s*(pub(\([a-z]+\))? )?(struct|enum|fn) {}\b", regex::escape(item)));
    let Ok(starts) = starts else { return Vec::new() };
    let depth = |line: &str| line.len() - line.trim_start().len();
    let body = |at: usize| {
        let closes = |line: &&str| depth(line) == depth(lines[at]) && line.trim_start().starts_with('}');
        let length = if lines[at].ends_with(['}', ';']) { 0 } else { lines[at + 1..].iter().position(closes)? + 1 };
        Some(lines[at..=at + length].join("\n"))
    };
    (0..lines.len()).filter(|at| starts.is_match(lines[*at])).filter_map(body).collect()
}

fn has_word(body: &str, word: &str) -> bool {
    Regex::new(&format!(r"\b{}\b", regex::escape(word))).is_ok_and(|word| word.is_match(body))
}

// ---- the fields of the CRDs ----

/// A line of a text of types: how deep it is, and what it says.
type Line<'t> = (usize, &'t str);

/// The fields that a text of types has in the experimental channel.
fn paths(text: &str) -> BTreeSet<String> {
    let lines = text.lines().filter(|line| !line.starts_with(['s', '#'])).filter_map(|line| line.get(1..));
    let lines: Vec<Line<'_>> = lines.map(|line| (line.len() - line.trim_start().len(), line.trim_start())).collect();
    let mut kinds: BTreeMap<&str, (Option<Age<'_>>, &[Line<'_>])> = BTreeMap::new();
    let mut types = BTreeMap::new();
    for (at, (_, head)) in lines.iter().enumerate().filter(|(_, (depth, _))| *depth == 0) {
        let words: Vec<&str> = head.split(' ').collect();
        match words[..] {
            ["kind", name, _, _, ref versions @ ..] => {
                let newest = versions.iter().map(|version| age(version)).min();
                if kinds.get(name).is_none_or(|(known, _)| newest < *known) {
                    kinds.insert(name, (newest, below(&lines, at)));
                }
            }
            ["type", name, ..] => drop(types.insert(name, below(&lines, at))),
            _ => {}
        }
    }
    let mut paths = BTreeSet::new();
    for (name, (_, fields)) in kinds {
        add(name, fields, &types, &mut paths);
    }
    paths
}

/// Less for a newer version: `v2`, `v1`, `v1beta1`, `v1alpha3`, `v1alpha2`.
type Age<'t> = (usize, Reverse<&'t str>);

fn age(version: &str) -> Age<'_> {
    let stage = ["beta", "alpha"].iter().position(|stage| version.contains(stage)).map_or(0, |stage| stage + 1);
    (stage, Reverse(version))
}

/// The lines that belong to one.
fn below<'l, 't>(lines: &'l [Line<'t>], at: usize) -> &'l [Line<'t>] {
    let end = lines[at + 1..].iter().position(|(depth, _)| *depth <= lines[at].0).map_or(lines.len(), |end| at + 1 + end);
    &lines[at + 1..end]
}

fn add(path: &str, lines: &[Line<'_>], types: &BTreeMap<&str, &[Line<'_>]>, paths: &mut BTreeSet<String>) {
    let outermost = lines.first().map_or(0, |(depth, _)| *depth);
    for (at, (_, line)) in lines.iter().enumerate().filter(|(_, (depth, _))| *depth == outermost) {
        let (label, kind) = line.split_once(' ').unwrap_or((line, ""));
        if !label.starts_with('.') && !["[]", "{}"].contains(&label) {
            continue;
        }
        let path = format!("{path}{}", label.trim_end_matches('!'));
        let inner = kind.strip_prefix("= ").and_then(|name| types.get(name).copied());
        add(&path, inner.unwrap_or_else(|| below(lines, at)), types, paths);
        if label != "[]" {
            paths.insert(path);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TYPES: &str = "\
# comment
 kind Box g namespaced v1
x .spec! object
   rule self.x
    says .no field
s  .old string
   .items list
    [] = Box.items[]
x  .labels object
    {} string
xkind Box g namespaced v1alpha2
x .spec! object
x  .older string
 type Box.items[] object
  .name string
";
    const SOURCE: &str = "\
pub struct Box {
    pub labels: Labels,
}

    fn read(x: u8) -> u8 {
        fields.get(\"name\")
    }

fn other() { items }
";

    fn problems_of(ledger: &str) -> Vec<String> {
        problems(ledger, &paths(TYPES), &|file| (file == "box.rs").then(|| SOURCE.to_owned()))
    }

    #[test]
    fn fields_are_those_of_the_newest_version_in_the_experimental_channel() {
        let paths: Vec<String> = paths(TYPES).into_iter().collect();
        assert_eq!(paths, ["Box.spec", "Box.spec.items", "Box.spec.items[].name", "Box.spec.labels", "Box.spec.labels{}"]);
    }

    #[test]
    fn a_ledger_without_a_fault_has_each_field_once_in_order() {
        let good = "Box.spec\tis only what holds the others\nBox.spec.items\tbox.rs::other.items\n\
            Box.spec.items[].name\tbox.rs::read.name\nBox.spec.labels\tbox.rs::Box.labels\nBox.spec.labels{}\tbox.rs::Box.Labels\n";
        assert_eq!(problems_of(good), Vec::<String>::new());
        assert!(problems_of(&good.replace("spec.items\t", "spec.item\t")).iter().any(|problem| problem.contains("no field")));
        assert!(problems_of(&good.replace("Box.spec.items\tbox.rs::other.items\n", ""))[0].contains("Box.spec.items is missing"));
        assert!(problems_of(&format!("{good}Box.spec\tis only what holds the others\n"))[0].contains("does not follow"));
    }

    #[test]
    fn a_place_must_be_there_and_speak_of_the_field() {
        let problem = |place: &str| place_problem(place, &|file| (file == "box.rs").then(|| SOURCE.to_owned()));
        assert_eq!(problem("box.rs::Box.labels"), None);
        for (place, why) in [
            ("gone.rs::Box.labels", "there is no gone.rs"),
            ("box.rs::Bo.labels", "has no `Bo`"),
            ("box.rs::Box.label", "does not speak of `label`"),
            ("box.rs::other.name", "does not speak of `name`"),
            ("box.rs::Box", "is not `file.rs::Item.word`"),
            ("no reason", "neither a place nor a reason"),
        ] {
            assert!(problem(place).is_some_and(|problem| problem.contains(why)), "{place}");
        }
    }
}
