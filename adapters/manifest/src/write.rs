//! Writes JSON values as YAML, in the form that kubectl prints.

use serde_json::{Map, Value};

use crate::scalar::is_ambiguous;

/// Keys that stand first in an object, in this order; the others follow in alphabetical order.
const FIRST: [&str; 5] = ["apiVersion", "kind", "metadata", "spec", "status"];

/// A value as a YAML document that ends with a line break. Strings are quoted where a reader of YAML 1.1 or 1.2 would take them
/// for something else.
///
/// ```
/// let value = serde_json::json!({"kind": "HTTPRoute", "apiVersion": "v1", "spec": {"hostnames": ["*.example.com", "on"]}});
/// assert_eq!(
///     gwapi_manifest::to_yaml(&value),
///     "apiVersion: v1\nkind: HTTPRoute\nspec:\n  hostnames:\n  - '*.example.com'\n  - \"on\"\n",
/// );
/// ```
pub fn to_yaml(value: &Value) -> String {
    let mut out = String::new();
    match value {
        Value::Object(object) if !object.is_empty() => entries(&mut out, &mut ordered(object), 0),
        Value::Array(items) if !items.is_empty() => list(&mut out, items, 0),
        scalar => {
            inline(&mut out, scalar, 2);
            end_line(&mut out);
        }
    }
    out
}

/// Values as YAML documents with `---` between them.
pub fn documents_to_yaml<'a>(values: impl IntoIterator<Item = &'a Value>) -> String {
    values.into_iter().map(to_yaml).collect::<Vec<_>>().join("---\n")
}

fn ordered(object: &Map<String, Value>) -> impl Iterator<Item = (&str, &Value)> {
    let first = FIRST.into_iter().filter_map(|key| object.get_key_value(key));
    let others = object.iter().filter(|(key, _)| !FIRST.contains(&key.as_str()));
    first.chain(others).map(|(key, value)| (key.as_str(), value))
}

fn sorted(object: &Map<String, Value>) -> impl Iterator<Item = (&str, &Value)> {
    object.iter().map(|(key, value)| (key.as_str(), value))
}

/// Entries of a mapping; the caller has written the indentation of the first one.
fn entries(out: &mut String, entries: &mut dyn Iterator<Item = (&str, &Value)>, indent: usize) {
    for (at, (key, value)) in entries.enumerate() {
        if at > 0 {
            pad(out, indent);
        }
        write_key(out, key, indent);
        match value {
            Value::Object(object) if !object.is_empty() => {
                out.push('\n');
                pad(out, indent + 2);
                self::entries(out, &mut sorted(object), indent + 2);
            }
            Value::Array(items) if !items.is_empty() => {
                out.push('\n');
                pad(out, indent);
                list(out, items, indent);
            }
            scalar => {
                out.push(' ');
                inline(out, scalar, indent + 2);
                end_line(out);
            }
        }
    }
}

/// Items of a list; the caller has written the indentation of the first one.
fn list(out: &mut String, items: &[Value], indent: usize) {
    for (at, item) in items.iter().enumerate() {
        if at > 0 {
            pad(out, indent);
        }
        out.push_str("- ");
        match item {
            Value::Object(object) if !object.is_empty() => {
                entries(out, &mut sorted(object), indent + 2);
            }
            Value::Array(items) if !items.is_empty() => list(out, items, indent + 2),
            scalar => {
                inline(out, scalar, indent + 2);
                end_line(out);
            }
        }
    }
}

/// Readers of YAML look for the `:` of a simple key only so far; a longer key is announced by `?`.
fn write_key(out: &mut String, key: &str, indent: usize) {
    const LONGEST_SIMPLE: usize = 128;
    if key.len() <= LONGEST_SIMPLE {
        quote_if_needed(out, key);
    } else {
        out.push_str("? ");
        double_quoted(out, key);
        out.push('\n');
        pad(out, indent);
    }
    out.push(':');
}

/// A value that has no lines of its own; only a block of text has some, at `indent`.
fn inline(out: &mut String, value: &Value, indent: usize) {
    match value {
        Value::Null => out.push_str("null"),
        Value::Bool(value) => out.push_str(if *value { "true" } else { "false" }),
        Value::Number(number) => out.push_str(&number.to_string()),
        Value::String(text) if is_block(text) => block(out, text, indent),
        Value::String(text) => quote_if_needed(out, text),
        Value::Array(_) => out.push_str("[]"),
        Value::Object(_) => out.push_str("{}"),
    }
}

fn end_line(out: &mut String) {
    if !out.ends_with('\n') {
        out.push('\n');
    }
}

fn pad(out: &mut String, indent: usize) {
    out.extend(std::iter::repeat_n(' ', indent));
}

fn quote_if_needed(out: &mut String, text: &str) {
    if !text.chars().all(is_printable) || is_ambiguous(text) {
        double_quoted(out, text);
    } else if is_plain(text) {
        out.push_str(text);
    } else {
        out.push('\'');
        out.push_str(&text.replace('\'', "''"));
        out.push('\'');
    }
}

/// Whether the characters can stand without quotes, whatever they would mean.
fn is_plain(text: &str) -> bool {
    let mut letters = text.chars();
    let first_is_fine = match letters.next() {
        Some('-' | '?' | ':') => letters.next().is_some_and(|second| second != ' '),
        Some(first) => !",[]{}#&*!|>'\"%@` ".contains(first),
        None => false,
    };
    first_is_fine
        && !text.starts_with("---")
        && !text.starts_with("...")
        && !text.ends_with([' ', ':'])
        && !text.contains(": ")
        && !text.contains(" #")
}

/// Whether a text of several lines can stand as a block: no characters that need escapes, no space at its start or at the end of
/// a line.
fn is_block(text: &str) -> bool {
    text.contains('\n')
        && !text.starts_with([' ', '\n'])
        && text.chars().all(|letter| letter == '\n' || is_printable(letter))
        && text.split('\n').all(|line| !line.ends_with(' '))
}

fn block(out: &mut String, text: &str, indent: usize) {
    out.push_str(match (text.ends_with('\n'), text.ends_with("\n\n")) {
        (_, true) => "|+",
        (true, false) => "|",
        (false, _) => "|-",
    });
    let lines = text.strip_suffix('\n').unwrap_or(text).split('\n');
    for line in lines {
        out.push('\n');
        if !line.is_empty() {
            pad(out, indent);
            out.push_str(line);
        }
    }
    out.push('\n');
}

fn double_quoted(out: &mut String, text: &str) {
    out.push('"');
    for letter in text.chars() {
        match letter {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            letter if is_printable(letter) => out.push(letter),
            letter => match u32::from(letter) {
                code @ 0..=0xFF => out.push_str(&format!("\\x{code:02X}")),
                code @ 0x100..=0xFFFF => out.push_str(&format!("\\u{code:04X}")),
                code => out.push_str(&format!("\\U{code:08X}")),
            },
        }
    }
    out.push('"');
}

/// Characters that may stand as they are: no controls, no line breaks of YAML 1.1, nothing invisible that turns text around.
fn is_printable(letter: char) -> bool {
    !(letter.is_control()
        || matches!(letter, '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}')
        || matches!(letter, '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
        || u32::from(letter) & 0xFFFE == 0xFFFE)
}
