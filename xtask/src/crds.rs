//! `cargo xtask crds DIR`: the schemas and rules of the CRDs as the text that gwapi-core reads, and what differs from the one
//! that is checked in. DIR holds `standard/` and `experimental/`; `--write` puts the new text in place of the old one.
//!
//! The text has one entry a line; `gwapi_core::validate` says how it is read. Types that several fields share stand once. A
//! keyword that the validator would not honour is an error here and never left out silently.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

use gwapi_core::validate::text_form;
use serde_json::Value;

use crate::shell::{Outcome, root};

const CHECKED_IN: &str = "gwapi-core/src/validate/crds.txt";
const STATUS_CHECKED_IN: &str = "xtask/src/crds/status.txt";

/// The fields of every status, in the same form. Nobody is refused for a status, so the validator has no use for them; the ledger
/// of fields has.
pub(crate) const STATUS: &str = include_str!("crds/status.txt");

/// The order of the kinds, so that a type that several share has the name of the best known one.
const KINDS: [&str; 9] =
    ["GatewayClass", "Gateway", "HTTPRoute", "GRPCRoute", "TLSRoute", "TCPRoute", "UDPRoute", "ListenerSet", "ReferenceGrant"];

/// A type with fewer lines is repeated: a name would say less than the lines.
const WORTH_A_NAME: usize = 4;

pub(crate) fn run() -> Outcome {
    let arguments: Vec<String> = std::env::args().skip(2).collect();
    let write = arguments.iter().any(|argument| argument == "--write");
    let dir = arguments.iter().find(|argument| !argument.starts_with("--"));
    let dir = Path::new(dir.ok_or("usage: cargo xtask crds DIR [--write], DIR with standard/ and experimental/")?);
    let new = text(dir)?;
    let problems = text_form::problems(&new);
    if !problems.is_empty() {
        return Err(format!("the validator does not understand\n  {}", problems.join("\n  ")));
    }
    let status = status_text(dir)?;
    let outcomes = [compare(CHECKED_IN, text_form::CRDS, &new, write), compare(STATUS_CHECKED_IN, STATUS, &status, write)];
    outcomes.into_iter().collect()
}

/// Says how a text differs from the one that is checked in, or puts it in its place.
fn compare(name: &str, old: &str, new: &str, write: bool) -> Outcome {
    if new == old {
        println!("{name} is what the CRDs say: {} lines", new.lines().count());
        return Ok(());
    }
    print!("{}", difference(old, new));
    if write {
        let path = root().join(name);
        return fs::write(&path, new).map_err(|error| format!("{}: {error}", path.display()));
    }
    Err(format!("{name} differs; `--write` takes the new one"))
}

/// Both channels in one text: a line that only one has is marked.
fn text(dir: &Path) -> Result<String, String> {
    let (standard, version) = channel(&dir.join("standard"), kind_schema)?;
    let (experimental, _) = channel(&dir.join("experimental"), kind_schema)?;
    let [standard, experimental] = written([&standard, &experimental]);
    let mut text = format!(
        "# The CRDs of Gateway API {version}: types, limits, defaults and CEL rules.\n\
         # Derived from config/crd of https://github.com/kubernetes-sigs/gateway-api (Apache License 2.0) by `cargo xtask crds`.\n\
         # First column: `s` only in the standard channel, `x` only in the experimental one, a blank in both.\n"
    );
    for (mark, line) in merged(&standard, &experimental) {
        text.push_str(&format!("{mark}{line}\n"));
    }
    Ok(text)
}

/// The fields of every status in the experimental channel, which has them all.
fn status_text(dir: &Path) -> Result<String, String> {
    let (kinds, version) = channel(&dir.join("experimental"), status_schema)?;
    let [lines, _] = written([&kinds, &[]]);
    let lines: String = lines.iter().map(|line| format!(" {line}\n")).collect();
    Ok(format!(
        "# The fields of every status in the CRDs of Gateway API {version}, in the form of {CHECKED_IN}.\n\
         # Derived from config/crd of https://github.com/kubernetes-sigs/gateway-api (Apache License 2.0) by `cargo xtask crds`.\n\
         {lines}"
    ))
}

// ---- one channel ----

/// What is taken from the schema of a version.
type Part = fn(&Value) -> Result<Type, String>;

fn channel(dir: &Path, part: Part) -> Result<(Vec<Kind>, String), String> {
    let at = |error: &dyn std::fmt::Display| format!("{}: {error}", dir.display());
    let mut files: Vec<_> = fs::read_dir(dir).map_err(|error| at(&error))?.filter_map(|entry| Some(entry.ok()?.path())).collect();
    files.sort();
    let (mut kinds, mut version) = (Vec::new(), String::new());
    for file in files.iter().filter(|file| file.extension().is_some_and(|extension| extension == "yaml")) {
        let bytes = fs::read(file).map_err(|error| at(&error))?;
        let loaded = gwapi_manifest::parse_values(&file.display().to_string(), &bytes);
        for crd in loaded.documents.iter().map(|document| &document.value) {
            if crd["kind"] == "CustomResourceDefinition" {
                kinds.extend(kinds_of(crd, part).map_err(|error| format!("{}: {error}", file.display()))?);
                version =
                    crd["metadata"]["annotations"]["gateway.networking.k8s.io/bundle-version"].as_str().unwrap_or("").into();
            }
        }
    }
    if kinds.is_empty() {
        return Err(at(&"no CRDs in there"));
    }
    let place = |kind: &Kind| KINDS.iter().position(|known| kind.name.split('/').next() == Some(*known)).unwrap_or(KINDS.len());
    kinds.sort_by_key(|kind| (place(kind), kind.name.clone()));
    Ok((kinds, version))
}

/// A kind in the versions that have one schema.
struct Kind {
    name: String,
    head: String,
    schema: Type,
}

fn kinds_of(crd: &Value, part: Part) -> Result<Vec<Kind>, String> {
    let spec = &crd["spec"];
    let (name, group) = (string(&spec["names"]["kind"]), string(&spec["group"]));
    let scope = if spec["scope"] == "Cluster" { "cluster" } else { "namespaced" };
    let mut schemas: Vec<(Type, Vec<String>)> = Vec::new();
    for version in list(&spec["versions"]).iter().filter(|version| version["served"] == true) {
        let schema = part(&version["schema"]["openAPIV3Schema"])?;
        let name = string(&version["name"]);
        match schemas.iter_mut().find(|(known, _)| *known == schema) {
            Some((_, versions)) => versions.push(name),
            None => schemas.push((schema, vec![name])),
        }
    }
    let kind = |(index, (schema, versions)): (usize, (Type, Vec<String>))| Kind {
        // Types of another schema of the kind are other types.
        name: if index == 0 { name.clone() } else { format!("{name}/{}", versions.join("/")) },
        head: format!("kind {name} {group} {scope} {}", versions.join(" ")),
        schema,
    };
    Ok(schemas.into_iter().enumerate().map(kind).collect())
}

/// Without what every kind has, and without status: the server drops what clients write there.
fn kind_schema(schema: &Value) -> Result<Type, String> {
    let mut schema = schema.clone();
    if let Some(properties) = schema["properties"].as_object_mut() {
        properties.retain(|name, _| !["apiVersion", "kind", "metadata", "status"].contains(&name.as_str()));
    }
    Type::of(&schema)
}

/// The status alone, and of it the fields alone.
fn status_schema(schema: &Value) -> Result<Type, String> {
    let mut schema = schema.clone();
    if let Some(properties) = schema["properties"].as_object_mut() {
        properties.retain(|name, _| name == "status");
    }
    schema["required"].take();
    Type::of(&schema).map(Type::without_rules)
}

/// A type: what it is, and the lines below.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Type {
    head: String,
    lines: Vec<Line>,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Line {
    Said(String),
    /// A rule and what it says.
    Rule(String, String),
    /// A field, item or value with its type.
    Typed(String, Type),
}

/// Keywords that have no effect on what is accepted.
const SILENT: [&str; 2] = ["description", "x-kubernetes-map-type"];

impl Type {
    fn of(schema: &Value) -> Result<Self, String> {
        let mut rest = schema.as_object().cloned().ok_or("a schema that is no object")?;
        SILENT.iter().for_each(|silent| drop(rest.remove(*silent)));
        let mut take = |key: &str| rest.remove(key).unwrap_or_default();
        let kind = take("type");
        let mut lines = Vec::new();
        let required: BTreeSet<String> = list(&take("required")).iter().map(string).collect();
        let head = match kind.as_str() {
            None => "any".to_owned(),
            Some("array") => match take("x-kubernetes-list-type").as_str() {
                Some("set") => "set".into(),
                Some("map") => {
                    let keys: Vec<String> = list(&take("x-kubernetes-list-map-keys")).iter().map(string).collect();
                    format!("list by={}", keys.join(","))
                }
                _ => "list".into(),
            },
            Some(kind) => kind.to_owned(),
        };
        let bounds =
            [("minLength", "maxLength"), ("minItems", "maxItems"), ("minProperties", "maxProperties"), ("minimum", "maximum")];
        let bounds: Vec<String> = bounds
            .iter()
            .map(|(least, most)| (take(least), take(most)))
            .filter(|(least, most)| !(least.is_null() && most.is_null()))
            .map(|(least, most)| format!(" {}..{}", bound(&least), bound(&most)))
            .collect();
        for key in ["format", "pattern"] {
            if let Some(text) = take(key).as_str() {
                lines.push(Line::Said(format!("{key} {text}")));
            }
        }
        for key in ["enum", "default"] {
            match take(key) {
                Value::Null => {}
                value => lines.push(Line::Said(format!("{key} {value}"))),
            }
        }
        for rule in list(&take("x-kubernetes-validations")) {
            lines.push(Self::rule(&rule)?);
        }
        for (key, label) in [("oneOf", "one-of"), ("anyOf", "any-of")] {
            for schema in list(&take(key)) {
                lines.push(Line::Typed(label.into(), Self::of(&schema)?));
            }
        }
        for (key, label) in [("not", "not"), ("items", "[]"), ("additionalProperties", "{}")] {
            match take(key) {
                Value::Null => {}
                schema => lines.push(Line::Typed(label.into(), Self::of(&schema)?)),
            }
        }
        let properties = take("properties");
        for (name, schema) in properties.as_object().into_iter().flatten() {
            let mark = if required.contains(name) { "!" } else { "" };
            lines.push(Line::Typed(format!(".{name}{mark}"), Self::of(schema)?));
        }
        if let Some(stray) = required.iter().find(|name| properties.get(name.as_str()).is_none()) {
            return Err(format!("`{stray}` is required and no field"));
        }
        match rest.keys().next() {
            Some(unknown) => Err(format!("the validator does not know the keyword `{unknown}`")),
            None => Ok(Self { head: format!("{head}{}", bounds.concat()), lines }),
        }
    }

    fn rule(rule: &Value) -> Result<Line, String> {
        let known = ["rule", "message"];
        if let Some(unknown) =
            rule.as_object().into_iter().flat_map(|rule| rule.keys()).find(|key| !known.contains(&key.as_str()))
        {
            return Err(format!("the validator does not know `{unknown}` of a rule"));
        }
        let line = |text: &Value| string(text).split_whitespace().collect::<Vec<_>>().join(" ");
        Ok(Line::Rule(line(&rule["rule"]), line(&rule["message"])))
    }

    /// What it is made of, and nothing of what its values must be.
    fn without_rules(self) -> Self {
        let kept = self.lines.into_iter().filter_map(|line| match line {
            Line::Typed(label, inner) if label.starts_with(['.', '[', '{']) => {
                Some(Line::Typed(label.trim_end_matches('!').to_owned(), inner.without_rules()))
            }
            _ => None,
        });
        Self { head: self.head.split(' ').next().unwrap_or_default().to_owned(), lines: kept.collect() }
    }

    fn size(&self) -> usize {
        let of_line = |line: &Line| match line {
            Line::Said(_) => 1,
            Line::Rule(..) => 2,
            Line::Typed(_, inner) => inner.size(),
        };
        1 + self.lines.iter().map(of_line).sum::<usize>()
    }
}

fn bound(value: &Value) -> String {
    if value.is_null() { String::new() } else { value.to_string() }
}

fn string(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn list(value: &Value) -> Vec<Value> {
    value.as_array().cloned().unwrap_or_default()
}

// ---- lines ----

/// The lines of both channels.
fn written(channels: [&[Kind]; 2]) -> [Vec<String>; 2] {
    // A type is only worth a name if the other channel has it under that name too, or nothing in its place: else its lines
    // would stand twice, once for each channel.
    let mut unnamed = BTreeSet::new();
    loop {
        let names = channels.map(|kinds| Names::of(kinds, &unnamed));
        let [standard, experimental] = &names;
        let stray: Vec<&Type> = standard.strays(experimental).chain(experimental.strays(standard)).collect();
        if stray.is_empty() {
            return [0, 1].map(|channel| names[channel].lines(channels[channel]));
        }
        unnamed.extend(stray);
    }
}

/// Types that occur more than once, what they are called (after their first place), and all places that were looked at.
#[derive(Default)]
struct Names<'t> {
    counts: BTreeMap<&'t Type, (usize, String)>,
    places: BTreeSet<String>,
}

impl<'t> Names<'t> {
    fn of(kinds: &'t [Kind], unnamed: &BTreeSet<&Type>) -> Self {
        let mut names = Self::default();
        for kind in kinds {
            names.visit_inner(&kind.schema, &kind.name, unnamed);
        }
        names.counts.retain(|_, (count, _)| *count > 1);
        names
    }

    fn visit(&mut self, kind: &'t Type, place: String, unnamed: &BTreeSet<&Type>) {
        if kind.size() >= WORTH_A_NAME && !unnamed.contains(kind) {
            if let Some((count, _)) = self.counts.get_mut(kind) {
                // What it holds occurs within it.
                *count += 1;
                return;
            }
            self.counts.insert(kind, (1, place.clone()));
        }
        self.visit_inner(kind, &place, unnamed);
        self.places.insert(place);
    }

    fn visit_inner(&mut self, kind: &'t Type, place: &str, unnamed: &BTreeSet<&Type>) {
        for line in &kind.lines {
            if let Line::Typed(label, inner) = line {
                let label = label.trim_end_matches('!');
                let place = if label == ".spec" { place.to_owned() } else { format!("{place}{label}") };
                self.visit(inner, place, unnamed);
            }
        }
    }

    /// Types whose name would stand for other lines in the other channel.
    fn strays<'n>(&'n self, other: &'n Self) -> impl Iterator<Item = &'t Type> + 'n {
        let has = |name: &String| other.counts.values().any(|(_, known)| known == name);
        let stray = self.counts.iter().filter(move |(_, (_, name))| other.places.contains(name) && !has(name));
        stray.map(|(kind, _)| *kind)
    }

    /// The kinds, then the types that they share.
    fn lines(&self, kinds: &[Kind]) -> Vec<String> {
        let mut lines = Vec::new();
        for kind in kinds {
            lines.push(kind.head.clone());
            self.write_lines(&kind.schema, 1, &mut lines);
        }
        let mut shared: Vec<(&Type, &str)> = self.counts.iter().map(|(kind, (_, name))| (*kind, name.as_str())).collect();
        shared.sort_by_key(|(_, name)| name.to_owned());
        for (kind, name) in shared {
            lines.push(format!("type {name} {}", kind.head));
            self.write_lines(kind, 1, &mut lines);
        }
        lines
    }

    fn write_lines(&self, kind: &Type, depth: usize, lines: &mut Vec<String>) {
        let indent = " ".repeat(depth);
        for line in &kind.lines {
            match line {
                Line::Said(text) => lines.push(format!("{indent}{text}")),
                Line::Rule(rule, says) => {
                    lines.push(format!("{indent}rule {rule}"));
                    if !says.is_empty() {
                        lines.push(format!("{indent} says {says}"));
                    }
                }
                Line::Typed(label, inner) => match self.counts.get(inner) {
                    Some((_, name)) => lines.push(format!("{indent}{label} = {name}")),
                    None => {
                        lines.push(format!("{indent}{label} {}", inner.head));
                        self.write_lines(inner, depth + 1, lines);
                    }
                },
            }
        }
    }
}

/// Lines of both in one order, each with `s`, `x` or a blank.
fn merged<'l>(standard: &'l [String], experimental: &'l [String]) -> Vec<(char, &'l str)> {
    // The longest common part, by the table of its lengths.
    let (rows, columns) = (standard.len(), experimental.len());
    let mut table = vec![vec![0_u32; columns + 1]; rows + 1];
    for row in (0..rows).rev() {
        for column in (0..columns).rev() {
            table[row][column] = if standard[row] == experimental[column] {
                table[row + 1][column + 1] + 1
            } else {
                table[row + 1][column].max(table[row][column + 1])
            };
        }
    }
    let (mut row, mut column, mut merged) = (0, 0, Vec::new());
    while row < rows || column < columns {
        if row < rows && column < columns && standard[row] == experimental[column] {
            merged.push((' ', standard[row].as_str()));
            (row, column) = (row + 1, column + 1);
        } else if column == columns || (row < rows && table[row + 1][column] >= table[row][column + 1]) {
            merged.push(('s', standard[row].as_str()));
            row += 1;
        } else {
            merged.push(('x', experimental[column].as_str()));
            column += 1;
        }
    }
    merged
}

/// Lines that only one of two texts has.
fn difference(old: &str, new: &str) -> String {
    let lines = |text: &str| text.lines().map(str::to_owned).collect::<Vec<_>>();
    let (old, new) = (lines(old), lines(new));
    let changed = merged(&old, &new).into_iter().filter(|(mark, _)| *mark != ' ');
    changed.map(|(mark, line)| format!("{}{line}\n", if mark == 's' { '-' } else { '+' })).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_type_becomes_lines_and_a_shared_one_a_name() {
        let name =
            json!({"type": "string", "minLength": 1, "maxLength": 63, "pattern": "^a$", "enum": ["a", "b"], "default": "a"});
        let schema = json!({
            "type": "object", "required": ["one"],
            "properties": {"one": name, "two": {"type": "array", "x-kubernetes-list-type": "set", "maxItems": 2, "items": name}},
            "x-kubernetes-validations": [{"rule": "self.one\n != ''", "message": "one is needed"}],
        });
        let kind = Kind { name: "K".into(), head: "kind K g cluster v1".into(), schema: Type::of(&schema).unwrap() };
        assert_eq!(
            written([&[kind], &[]])[0],
            [
                "kind K g cluster v1",
                " rule self.one != ''",
                "  says one is needed",
                " .one! = K.one",
                " .two set ..2",
                "  [] = K.one",
                "type K.one string 1..63",
                " pattern ^a$",
                r#" enum ["a","b"]"#,
                " default \"a\"",
            ]
        );
    }

    #[test]
    fn what_the_validator_does_not_know_is_an_error() {
        let error = Type::of(&json!({"type": "object", "x-kubernetes-preserve-unknown-fields": true})).unwrap_err();
        assert!(error.contains("x-kubernetes-preserve-unknown-fields"), "{error}");
        let rule = json!({"type": "string", "x-kubernetes-validations": [{"rule": "true", "optionalOldSelf": true}]});
        assert!(Type::of(&rule).unwrap_err().contains("optionalOldSelf"));
        assert!(Type::of(&json!({"type": "object", "required": ["gone"]})).is_err());
    }

    #[test]
    fn channels_are_merged_line_by_line() {
        let lines = |text: &str| text.split(' ').map(str::to_owned).collect::<Vec<_>>();
        let (standard, experimental) = (lines("a b d"), lines("a c d e"));
        assert_eq!(merged(&standard, &experimental), [(' ', "a"), ('s', "b"), ('x', "c"), (' ', "d"), ('x', "e")]);
        assert_eq!(difference("a\nb", "a\nc"), "-b\n+c\n");
    }
}
