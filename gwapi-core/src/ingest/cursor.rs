//! A cursor over a JSON value that knows where it stands and what has been asked for.
//!
//! [`Node`] is one value with its field path. [`Fields`] is an object that is being read: it remembers every name that was
//! asked for, and when its reader is done each other name in the object is a finding (law 11). A reader therefore asks for
//! all its fields before it gives up on any of them.
//!
//! Whatever is wrong is a *fault*: an [`Issue`] for people, and an [`Invalid`] for the part of the object that it stands in
//! ([`Node::part`]), which is refused because of it. A *remark* is an issue alone. Paths are written only then.

use alloc::{borrow::ToOwned, collections::BTreeSet, format, string::String, sync::Arc, vec::Vec};
use core::{
    fmt::{self, Write as _},
    mem,
    ops::RangeInclusive,
};

use serde_json::{Map, Value};

use super::{Issue, IssueCode, nearest::nearest};
use crate::{
    hostname::Hostname,
    model::Invalid,
    name::{Group, SectionName},
    pattern::Pattern,
};

/// How many entries of a list are read. The longest list that a CRD of the Gateway API admits has 1024; this keeps what
/// comes out of a hostile document in proportion to it.
const MAX_ENTRIES: usize = 1024;
/// How many issues of one object are kept, for the same reason.
const MAX_ISSUES: usize = 1000;
/// How many values one part carries as invalid; the first one refuses it already.
const MAX_INVALID: usize = 100;
/// How many patterns of one object are compiled: a compiled pattern is much larger than its text.
const MAX_PATTERNS: usize = 512;
/// How much of a value is shown, in characters.
const MAX_SHOWN: usize = 80;

/// What reading an object brought to light.
#[derive(Debug, Default)]
pub(super) struct Report {
    issues: Vec<Issue>,
    /// What belongs to the innermost part that is being read.
    invalid: Vec<Invalid>,
    faults: usize,
    patterns: usize,
    values_are_secret: bool,
    newer_fields_are_fine: bool,
    is_silent: bool,
}

impl Report {
    pub(super) fn into_issues(self) -> Vec<Issue> {
        self.issues
    }

    fn issue(&mut self, issue: Issue) {
        if self.issues.len() < MAX_ISSUES && !self.is_silent {
            self.issues.push(issue);
        }
    }

    fn fault(&mut self, issue: Issue, value: String) {
        self.faults += 1;
        if self.invalid.len() < MAX_INVALID {
            self.invalid.push(Invalid { path: issue.path.clone(), value, why: issue.message.clone() });
        }
        self.issue(issue);
    }
}

/// Where a value stands. A chain through the callers, so that a good value costs no text.
#[derive(Clone, Copy)]
struct Path<'n> {
    parent: Option<&'n Self>,
    segment: Segment<'n>,
}

#[derive(Clone, Copy)]
enum Segment<'n> {
    Field(&'n str),
    Entry(usize),
}

impl<'n> Path<'n> {
    const ROOT: Self = Self { parent: None, segment: Segment::Field("") };

    fn then(&'n self, segment: Segment<'n>) -> Self {
        Self { parent: Some(self), segment }
    }
}

/// As the API server writes paths: `spec.rules[0].name`, and `metadata.labels[a.b/c]` for a key that could be mistaken.
impl fmt::Display for Path<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let chain = core::iter::successors(Some(self), |path| path.parent);
        let mut segments: Vec<Segment<'_>> = chain.filter(|path| path.parent.is_some()).map(|path| path.segment).collect();
        segments.reverse();
        for (depth, segment) in segments.into_iter().enumerate() {
            match segment {
                Segment::Entry(index) => write!(f, "[{index}]")?,
                Segment::Field(name) if name.is_empty() || name.contains(['.', '[', ']', '/']) => write!(f, "[{name}]")?,
                Segment::Field(name) if depth == 0 => f.write_str(name)?,
                Segment::Field(name) => write!(f, ".{name}")?,
            }
        }
        Ok(())
    }
}

/// One value and its place.
pub(super) struct Node<'v, 'n> {
    value: &'v Value,
    path: Path<'n>,
    report: &'n mut Report,
}

/// The types that the readers ask for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Type {
    Text,
    Integer,
    Boolean,
    Object,
    List,
}

impl Type {
    fn as_str(self) -> &'static str {
        match self {
            Self::Text => "a text",
            Self::Integer => "a whole number",
            Self::Boolean => "`true` or `false`",
            Self::Object => "an object",
            Self::List => "a list",
        }
    }
}

impl<'v, 'n> Node<'v, 'n> {
    pub(super) fn root(value: &'v Value, report: &'n mut Report) -> Self {
        Self { value, path: Path::ROOT, report }
    }

    // What is wrong

    /// A value that cannot be honoured.
    pub(super) fn fault(&mut self, code: IssueCode, why: impl Into<String>, suggestion: Option<String>) {
        let value = self.shown();
        let issue = self.issue(code, why.into(), suggestion);
        self.report.fault(issue, value);
    }

    /// Something to know that refuses nothing.
    pub(super) fn remark(&mut self, code: IssueCode, what: impl Into<String>, suggestion: Option<String>) {
        let issue = self.issue(code, what.into(), suggestion);
        self.report.issue(issue);
    }

    fn issue(&self, code: IssueCode, message: String, suggestion: Option<String>) -> Issue {
        Issue { code, path: format!("{}", self.path), message, suggestion }
    }

    fn shown(&self) -> String {
        if self.report.values_are_secret { "…".into() } else { shorten(self.value) }
    }

    fn wrong_type<T>(mut self, expected: Type) -> Option<T> {
        let message = format!("expected {}, found {}{}", expected.as_str(), self.found(), self.hint(expected));
        let number = self.value.as_str().filter(|text| expected == Type::Integer && text.parse::<i64>().is_ok());
        let suggestion = number.map(ToOwned::to_owned);
        self.fault(IssueCode::WrongType, message, suggestion);
        None
    }

    fn found(&self) -> String {
        let kind = match self.value {
            Value::Null => return "null".into(),
            Value::Array(_) => return "a list".into(),
            Value::Object(_) => return "an object".into(),
            Value::Bool(_) => "the boolean",
            Value::Number(_) => "the number",
            Value::String(_) => "the text",
        };
        format!("{kind} `{}`", self.shown())
    }

    /// Scalars without quotes are where YAML surprises: `on` and `no` are booleans, `1.10` is a number.
    fn hint(&self, expected: Type) -> &'static str {
        match (expected, self.value) {
            (Type::Text, Value::Bool(_)) => {
                "; without quotes YAML reads `on`, `off`, `yes`, `no`, `true` and `false` as booleans"
            }
            (Type::Text, Value::Number(_)) => "; a text that looks like a number needs quotes",
            (Type::Integer | Type::Boolean, Value::String(_)) => "; write it without quotes",
            _ => "",
        }
    }

    // Parts

    /// The same place once more.
    pub(super) fn reborrow(&mut self) -> Node<'v, '_> {
        Node { value: self.value, path: self.path, report: self.report }
    }

    /// Reads a part of the object that is refused on its own, together with what is invalid in it.
    pub(super) fn part<T>(&mut self, read: impl FnOnce(Node<'v, '_>) -> T) -> (T, Vec<Invalid>) {
        let outer = mem::take(&mut self.report.invalid);
        let part = read(self.reborrow());
        (part, mem::replace(&mut self.report.invalid, outer))
    }

    /// Gives what is invalid in a part to the part around it.
    pub(super) fn hand_up(&mut self, invalid: Vec<Invalid>) {
        let room = MAX_INVALID.saturating_sub(self.report.invalid.len());
        self.report.invalid.extend(invalid.into_iter().take(room));
    }

    /// A value in which nothing is wrong, or nothing.
    pub(super) fn sound<T>(mut self, read: impl FnOnce(Node<'v, '_>) -> Option<T>) -> Option<T> {
        let before = self.report.faults;
        let value = read(self.reborrow());
        value.filter(|_| self.report.faults == before)
    }

    // Structure

    /// Reads an object; whatever the reader did not ask for is a fault.
    pub(super) fn object<T>(self, read: impl FnOnce(&mut Fields<'v, '_>) -> Option<T>) -> Option<T> {
        let Value::Object(map) = self.value else { return self.wrong_type(Type::Object) };
        let mut fields = Fields { map, path: self.path, report: self.report, asked: Vec::new(), rest: false };
        let value = read(&mut fields);
        fields.report_the_rest();
        value
    }

    /// Reads every entry of a list, good or bad.
    pub(super) fn entries<T>(mut self, mut read: impl FnMut(Node<'v, '_>) -> T) -> Option<Vec<T>> {
        let Value::Array(list) = self.value else { return self.wrong_type(Type::List) };
        if list.len() > MAX_ENTRIES {
            self.fault(IssueCode::InvalidValue, format!("a list has at most {MAX_ENTRIES} entries"), None);
        }
        let mut values = Vec::with_capacity(list.len().min(MAX_ENTRIES));
        for (index, value) in list.iter().take(MAX_ENTRIES).enumerate() {
            values.push(read(Node { value, path: self.path.then(Segment::Entry(index)), report: self.report }));
        }
        Some(values)
    }

    /// Reads a list; an entry in which anything is wrong is left out.
    pub(super) fn list<T>(self, mut read: impl FnMut(Node<'v, '_>) -> Option<T>) -> Option<Vec<T>> {
        let values = self.entries(|entry| entry.sound(&mut read))?;
        let mut sound: Vec<T> = values.into_iter().flatten().collect();
        // Most lists have one entry, and what is read here is kept: room for three more of each would be most of the model.
        sound.shrink_to_fit();
        Some(sound)
    }

    /// Reads an object whose names are data, such as labels: the texts in it.
    pub(super) fn texts(self) -> Option<Vec<(&'v str, &'v str)>> {
        self.map_values(|entry| entry.text())
    }

    /// Reads an object whose names are data.
    pub(super) fn map_values<T>(self, mut read: impl FnMut(Node<'v, '_>) -> Option<T>) -> Option<Vec<(&'v str, T)>> {
        let Value::Object(map) = self.value else { return self.wrong_type(Type::Object) };
        let mut values = Vec::with_capacity(map.len());
        for (name, value) in map {
            let entry = Node { value, path: self.path.then(Segment::Field(name)), report: self.report };
            values.extend(read(entry).map(|value| (name.as_str(), value)));
        }
        Some(values)
    }

    /// Whether a field of it holds more than an empty list or text, which are what a client writes that knows no absence.
    pub(super) fn asks_for(&self, name: &str) -> bool {
        self.value.get(name).is_some_and(|value| !is_empty(value) && value.as_str() != Some(""))
    }

    /// A list that has entries.
    pub(super) fn not_empty(mut self) -> Option<()> {
        let is_empty = self.is_empty_list();
        if is_empty {
            self.fault(IssueCode::InvalidValue, "needs an entry", None);
        }
        (!is_empty).then_some(())
    }

    pub(super) fn is_empty_list(&self) -> bool {
        self.value.as_array().is_some_and(Vec::is_empty)
    }

    /// Whether it is a field with one of these names.
    pub(super) fn is_named(&self, names: &[&str]) -> bool {
        matches!(self.path.segment, Segment::Field(name) if names.contains(&name))
    }

    pub(super) fn is_text(&self, text: &str) -> bool {
        self.value.as_str() == Some(text)
    }

    pub(super) fn as_text(&self) -> Option<&'v str> {
        self.value.as_str()
    }

    /// The text that a JSON pointer leads to.
    pub(super) fn text_at(&self, pointer: &str) -> Option<&'v str> {
        self.value.pointer(pointer).and_then(Value::as_str)
    }

    // Scalars

    pub(super) fn text(self) -> Option<&'v str> {
        match self.value {
            Value::String(text) => Some(text),
            _ => self.wrong_type(Type::Text),
        }
    }

    pub(super) fn boolean(self) -> Option<bool> {
        match self.value {
            Value::Bool(value) => Some(*value),
            _ => self.wrong_type(Type::Boolean),
        }
    }

    pub(super) fn number<N: TryFrom<i64>>(mut self, range: RangeInclusive<i64>) -> Option<N> {
        let Value::Number(number) = self.value else { return self.wrong_type(Type::Integer) };
        if number.is_f64() {
            return self.wrong_type(Type::Integer);
        }
        let value = number.as_i64().filter(|value| range.contains(value)).and_then(|value| N::try_from(value).ok());
        if value.is_none() {
            let why = format!("`{number}` is not from {} to {}", range.start(), range.end());
            self.fault(IssueCode::InvalidValue, why, None);
        }
        value
    }

    ///
    pub(super) fn port(self) -> Option<u16> {
        self.number(1..=65_535)
    }

    /// A text of so many characters.
    pub(super) fn limited(mut self, length: RangeInclusive<usize>) -> Option<&'v str> {
        let text = self.reborrow().text()?;
        if length.contains(&text.chars().count()) {
            return Some(text);
        }
        let why = match (length.start(), length.end()) {
            (0, end) => format!("must have at most {end} characters"),
            (start, end) => format!("must have {start} to {end} characters"),
        };
        self.fault(IssueCode::InvalidValue, why, None);
        None
    }

    /// A text that something else reads.
    pub(super) fn parsed<T, E: fmt::Display>(mut self, parse: impl FnOnce(&'v str) -> Result<T, E>) -> Option<T> {
        let parsed = parse(self.reborrow().text()?);
        parsed.map_err(|error| self.fault(IssueCode::InvalidValue, format!("{error}"), None)).ok()
    }

    /// One of a few words.
    pub(super) fn one_of<T: Copy>(self, known: &[(&'static str, T)]) -> Option<T> {
        self.choose(known.iter().copied())
    }

    fn choose<T>(mut self, known: impl Iterator<Item = (&'static str, T)> + Clone) -> Option<T> {
        let text = self.reborrow().text()?;
        let value = known.clone().find(|(word, _)| *word == text).map(|(_, value)| value);
        if value.is_none() {
            let (why, suggestion) = unknown_word(text, known.map(|(word, _)| word));
            self.fault(IssueCode::InvalidValue, why, suggestion);
        }
        value
    }

    /// One of a few words that the model can tell from an unknown one. An unknown word is a remark: the model keeps it, and
    /// what comes of it is decided where it is used.
    pub(super) fn word<T>(mut self, known: &[&'static str], read: impl FnOnce(&str) -> T) -> Option<T> {
        let text = self.reborrow().text()?;
        if !known.contains(&text) {
            let (what, suggestion) = unknown_word(text, known.iter().copied());
            self.remark(IssueCode::InvalidValue, what, suggestion);
        }
        Some(read(text))
    }

    // Concepts

    /// The name of an object, namespace, kind, rule or whatever else is never empty.
    pub(super) fn name<N: From<&'v str>>(self) -> Option<N> {
        self.limited(1..=usize::MAX).map(N::from)
    }

    /// The empty text is the core group (I-028).
    pub(super) fn group(self) -> Option<Group> {
        self.text().map(Group::from)
    }

    /// A name that no entry before has.
    pub(super) fn unique_name(mut self, seen: &mut BTreeSet<SectionName>) -> Option<SectionName> {
        let name: SectionName = self.reborrow().name()?;
        if seen.insert(name.clone()) {
            return Some(name);
        }
        self.fault(IssueCode::DuplicateName, format!("another entry of the list is called `{name}`"), None);
        None
    }

    /// E-001, E-002.
    pub(super) fn hostname(mut self) -> Option<Hostname> {
        let text = self.reborrow().text()?;
        Hostname::parse(text)
            .map_err(|error| {
                let lower = text.to_ascii_lowercase();
                let mended = Hostname::parse(lower.strip_suffix('.').unwrap_or(&lower)).ok();
                self.fault(IssueCode::InvalidValue, format!("{error}"), mended.map(|name| name.as_str().to_owned()));
            })
            .ok()
    }

    /// E-024, H-042: no wildcard.
    pub(super) fn precise_hostname(mut self) -> Option<Hostname> {
        let hostname = self.reborrow().hostname()?;
        if hostname.is_wildcard() {
            self.fault(IssueCode::InvalidValue, "a wildcard cannot stand here", None);
            return None;
        }
        Some(hostname)
    }

    /// J-001.
    pub(super) fn duration(self) -> Option<core::time::Duration> {
        self.parsed(crate::duration::parse)
    }

    /// F-007, F-014.
    pub(super) fn pattern(mut self, length: RangeInclusive<usize>) -> Option<Pattern> {
        let text = self.reborrow().limited(length)?;
        if self.report.patterns >= MAX_PATTERNS {
            let why = format!("an object has at most {MAX_PATTERNS} regular expressions");
            self.fault(IssueCode::InvalidValue, why, None);
            return None;
        }
        self.report.patterns += 1;
        Pattern::parse(text).map_err(|error| self.fault(IssueCode::InvalidValue, format!("{error}"), None)).ok()
    }

    /// A text that is kept as it is.
    pub(super) fn shared(self) -> Option<Arc<str>> {
        self.text().map(Arc::from)
    }
}

fn unknown_word<'k>(text: &str, known: impl Iterator<Item = &'k str> + Clone) -> (String, Option<String>) {
    let words: Vec<String> = known.clone().map(|word| format!("`{word}`")).collect();
    let text = shorten_text(text);
    (format!("`{text}` is not one of {}", words.join(", ")), nearest(&text, known))
}

/// One of the things that an object can be, where a field says which it is: that thing has a field of its own.
pub(super) trait Variant: Copy + PartialEq {
    /// What the field that tells them apart says.
    fn word(self) -> &'static str;
    /// The field of its own.
    fn field(self) -> &'static str;
}

/// An object that is being read. A field that is `null` counts as absent, as it does for the API server.
pub(super) struct Fields<'v, 'n> {
    map: &'v Map<String, Value>,
    path: Path<'n>,
    report: &'n mut Report,
    asked: Vec<&'static str>,
    rest: bool,
}

impl<'v> Fields<'v, '_> {
    /// A field, if it is there.
    pub(super) fn get(&mut self, name: &'static str) -> Option<Node<'v, '_>> {
        self.asked.push(name);
        let value = self.map.get(name).filter(|value| !value.is_null())?;
        Some(Node { value, path: self.path.then(Segment::Field(name)), report: self.report })
    }

    /// A field that may be missing; nothing too if it is invalid.
    pub(super) fn optional<'a, T>(&'a mut self, name: &'static str, read: impl FnOnce(Node<'v, 'a>) -> Option<T>) -> Option<T> {
        self.get(name).and_then(read)
    }

    /// A field that must be there.
    pub(super) fn required<'a, T>(&'a mut self, name: &'static str, read: impl FnOnce(Node<'v, 'a>) -> Option<T>) -> Option<T> {
        if self.map.get(name).is_none_or(Value::is_null) {
            self.asked.push(name);
            self.fault_at(name, IssueCode::MissingField, format!("`{name}` is required"), None);
            return None;
        }
        self.optional(name, read)
    }

    /// A list that may be missing, without the entries in which anything is wrong.
    pub(super) fn list<T>(&mut self, name: &'static str, read: impl FnMut(Node<'v, '_>) -> Option<T>) -> Vec<T> {
        self.optional(name, |node| node.list(read)).unwrap_or_default()
    }

    /// The variant that the field `tag` names; without one it is the default, or there must be one. The fields of the others
    /// must not be there; an empty text asks for nothing.
    pub(super) fn variant<V: Variant>(&mut self, tag: &'static str, default: Option<V>, all: &[V]) -> Option<V> {
        let read = |node: Node<'v, '_>| node.choose(all.iter().map(|variant| (variant.word(), *variant)));
        let own = match (self.get(tag), default) {
            (Some(node), _) => read(node),
            (None, Some(default)) => Some(default),
            (None, None) => self.required(tag, read),
        };
        let Some(own) = own else {
            all.iter().for_each(|variant| self.asked.push(variant.field()));
            return None;
        };
        for other in all.iter().filter(|other| **other != own) {
            if let Some(mut field) = self.get(other.field()).filter(|field| !field.is_text("")) {
                field.fault(IssueCode::InvalidValue, format!("belongs to `{tag}: {}`", other.word()), None);
            }
        }
        Some(own)
    }

    /// Reads `spec`, with what is invalid in it and belongs to no smaller part.
    pub(super) fn spec<T>(&mut self, read: impl FnOnce(&mut Fields<'v, '_>) -> T) -> (Option<T>, Vec<Invalid>) {
        self.part(|root| root.required("spec", |node| node.object(|fields| Some(read(fields)))))
    }

    /// Fields that do not matter for routing or status.
    pub(super) fn ignore(&mut self, names: &[&'static str]) {
        self.asked.extend(names);
    }

    /// Whatever is not asked for does not matter.
    pub(super) fn ignore_the_rest(&mut self) {
        self.rest = true;
    }

    /// From here on nothing is reported: of kinds that have nothing to do with us no more is read than what they are called.
    pub(super) fn say_nothing(&mut self) {
        self.report.is_silent = true;
        self.rest = true;
    }

    /// See [`Node::part`].
    pub(super) fn part<T>(&mut self, read: impl FnOnce(&mut Self) -> T) -> (T, Vec<Invalid>) {
        let outer = mem::take(&mut self.report.invalid);
        let part = read(self);
        (part, mem::replace(&mut self.report.invalid, outer))
    }

    /// From here on no value is shown: not in a message, and not in what the model keeps as invalid.
    pub(super) fn hide_values(&mut self) {
        self.report.values_are_secret = true;
    }

    /// From here on an unknown field is a remark: in the kinds of Kubernetes itself it stands for something new that has
    /// nothing to do with routing, and must not take a Service's ports away.
    pub(super) fn tolerate_unknown(&mut self) {
        self.report.newer_fields_are_fine = true;
    }

    /// A remark on a field that was read before.
    pub(super) fn remark_at(&mut self, name: &'static str, code: IssueCode, what: String, suggestion: Option<String>) {
        if let Some(mut node) = self.get(name) {
            node.remark(code, what, suggestion);
        }
    }

    /// What the API server would prune, and what a newer version may mean something by: refused with the part around it, so
    /// that a slip in the name of a predicate does not widen a match, nor one in `hostnames` a route (law 11).
    fn report_the_rest(&mut self) {
        if self.rest {
            return;
        }
        let map = self.map;
        let unknown: Vec<&String> = map.keys().filter(|name| !self.asked.contains(&name.as_str())).take(MAX_ISSUES).collect();
        for name in unknown {
            let suggestion = nearest(name, self.asked.iter().copied().filter(|known| !map.contains_key(*known)));
            self.fault_at(name, IssueCode::UnknownField, format!("unknown field `{}`", shorten_text(name)), suggestion);
        }
    }

    fn fault_at(&mut self, name: &str, code: IssueCode, message: String, suggestion: Option<String>) {
        let mut node = Node {
            value: self.map.get(name).unwrap_or(&Value::Null),
            path: self.path.then(Segment::Field(name)),
            report: self.report,
        };
        if code == IssueCode::UnknownField && node.report.newer_fields_are_fine {
            node.remark(code, message, suggestion);
        } else {
            node.fault(code, message, suggestion);
        }
    }
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Object(map) => map.is_empty(),
        Value::Array(list) => list.is_empty(),
        other => other.is_null(),
    }
}

/// JSON of at most [`MAX_SHOWN`] characters. Writing stops there, and with it the descent into the value.
fn shorten(value: &Value) -> String {
    let mut short = Shortened { text: String::new(), room: MAX_SHOWN };
    match write!(short, "{value}") {
        Ok(()) => short.text,
        Err(fmt::Error) => {
            short.text.pop();
            short.text + "…"
        }
    }
}

fn shorten_text(text: &str) -> String {
    match text.char_indices().nth(MAX_SHOWN) {
        None => text.to_owned(),
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
    }
}

struct Shortened {
    text: String,
    room: usize,
}

impl fmt::Write for Shortened {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for c in text.chars() {
            self.room = self.room.checked_sub(1).ok_or(fmt::Error)?;
            self.text.push(c);
        }
        Ok(())
    }
}
