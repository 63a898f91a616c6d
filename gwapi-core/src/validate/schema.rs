//! The CRDs in the form that they are checked against, read from the text that `cargo xtask crds` writes.
//!
//! ```text
//!  kind HTTPRoute gateway.networking.k8s.io namespaced v1 v1beta1
//!   .spec! object
//!    .hostnames list ..16
//!     [] string 1..253
//!      pattern ^…$
//!    .parentRefs = HTTPRoute.parentRefs
//!     rule self.all(…)
//!      says sectionName must be …
//! ```
//!
//! A line is an entry of the one above it that is indented less: a `.field` (`!` if it is required), the items `[]` of a list,
//! the values `{}` of a map, or something to check. `= NAME` is a type that several fields have, listed at the end.

use alloc::{boxed::Box, collections::BTreeMap, format, string::String, vec::Vec};

use regex::Regex;
use serde_json::Value;

use super::{Channel, cel};

/// A type, by its place in [`Schema::nodes`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct NodeId(usize);

/// Everything that one channel's CRDs say.
#[derive(Debug, Default)]
pub(super) struct Schema {
    nodes: Vec<Node>,
    crds: Vec<Crd>,
    patterns: BTreeMap<Box<str>, Regex>,
    /// What was not understood; nothing for the text that is checked in.
    pub(super) problems: Vec<String>,
}

/// A kind in the versions that have one schema.
#[derive(Debug)]
pub(super) struct Crd {
    kind: Box<str>,
    group: Box<str>,
    versions: Vec<Box<str>>,
    pub(super) is_namespaced: bool,
    pub(super) root: NodeId,
}

/// What holds for a value.
#[derive(Debug, Default)]
pub(super) struct Node {
    pub(super) kind: Type,
    pub(super) list: List,
    /// Of the length of texts, the number of entries, or numbers.
    pub(super) bounds: (Option<i64>, Option<i64>),
    pub(super) fields: BTreeMap<Box<str>, NodeId>,
    pub(super) required: Vec<Box<str>>,
    /// Items of a list.
    pub(super) items: Option<NodeId>,
    /// Values of a map.
    pub(super) values: Option<NodeId>,
    pub(super) default: Option<Value>,
    pub(super) allowed: Vec<Value>,
    pub(super) pattern: Option<Box<str>>,
    pub(super) format: Option<Format>,
    pub(super) one_of: Vec<NodeId>,
    pub(super) any_of: Vec<NodeId>,
    pub(super) not: Option<NodeId>,
    pub(super) rules: Vec<Rule>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Type {
    /// Not said: the value has more checks than this one.
    #[default]
    Any,
    Object,
    Array,
    String,
    Integer,
    Boolean,
}

impl Type {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Any => "",
            Self::Object => "object",
            Self::Array => "array",
            Self::String => "string",
            Self::Integer => "integer",
            Self::Boolean => "boolean",
        }
    }
}

/// What makes two entries of a list the same.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) enum List {
    /// Nothing.
    #[default]
    Atomic,
    /// That they are equal.
    Set,
    /// That these fields are.
    Map(Vec<Box<str>>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Format {
    Int32,
    Int64,
    Ipv4,
    Ipv6,
}

/// A CEL rule.
#[derive(Debug)]
pub(super) struct Rule {
    pub(super) program: Result<cel::Program, String>,
    pub(super) source: Box<str>,
    pub(super) message: Box<str>,
}

impl Schema {
    /// Reads the lines of one channel. What is not understood is in `problems` and left out.
    pub(super) fn read(text: &str, channel: Channel) -> Self {
        let mut schema = Self::default();
        let blocks = blocks(text, channel, &mut schema.problems);
        let mut types = BTreeMap::new();
        // Names first: a type may stand behind the one that uses it.
        for block in blocks.iter().filter(|block| block.word() == "type") {
            if types.insert(block.words().nth(1).unwrap_or_default(), schema.reserve()).is_some() {
                schema.problems.push(format!("twice: {}", block.line));
            }
        }
        let mut reader = Reader { schema, types };
        blocks.iter().for_each(|block| reader.top(block));
        reader.schema
    }

    pub(super) fn node(&self, id: NodeId) -> &Node {
        static NOTHING: Node = Node::new();
        self.nodes.get(id.0).unwrap_or(&NOTHING)
    }

    pub(super) fn crd(&self, api_version: &str, kind: &str) -> Option<&Crd> {
        let (group, version) = api_version.split_once('/')?;
        self.crds
            .iter()
            .find(|crd| *crd.kind == *kind && *crd.group == *group && crd.versions.iter().any(|one| **one == *version))
    }

    pub(super) fn has_kind(&self, api_version: &str, kind: &str) -> bool {
        let group = api_version.split_once('/').map_or("", |(group, _)| group);
        self.crds.iter().any(|crd| *crd.kind == *kind && *crd.group == *group)
    }

    /// Whether a text matches somewhere, as the API server asks; nothing for a pattern that does not compile.
    pub(super) fn matches(&self, pattern: &str, text: &str) -> Option<bool> {
        self.patterns.get(pattern).map(|regex| regex.is_match(text))
    }

    fn reserve(&mut self) -> NodeId {
        self.nodes.push(Node::new());
        NodeId(self.nodes.len() - 1)
    }

    fn add_pattern(&mut self, pattern: &str) {
        if self.patterns.contains_key(pattern) {
            return;
        }
        match Regex::new(pattern) {
            Ok(regex) => drop(self.patterns.insert(pattern.into(), regex)),
            Err(error) => self.problems.push(format!("pattern {pattern}: {error}")),
        }
    }
}

impl Node {
    const fn new() -> Self {
        Self {
            kind: Type::Any,
            list: List::Atomic,
            bounds: (None, None),
            fields: BTreeMap::new(),
            required: Vec::new(),
            items: None,
            values: None,
            default: None,
            allowed: Vec::new(),
            pattern: None,
            format: None,
            one_of: Vec::new(),
            any_of: Vec::new(),
            not: None,
            rules: Vec::new(),
        }
    }
}

/// A line and those that are indented below it.
struct Block<'t> {
    line: &'t str,
    inner: Vec<Self>,
}

impl<'t> Block<'t> {
    fn words(&self) -> impl Iterator<Item = &'t str> + use<'t> {
        self.line.split(' ')
    }

    fn word(&self) -> &'t str {
        self.words().next().unwrap_or_default()
    }

    /// What stands behind the first word.
    fn rest(&self) -> &'t str {
        self.line.split_once(' ').map_or("", |(_, rest)| rest)
    }
}

fn blocks<'t>(text: &'t str, channel: Channel, problems: &mut Vec<String>) -> Vec<Block<'t>> {
    let other = match channel {
        Channel::Standard => 'x',
        Channel::Experimental => 's',
    };
    let lines = text.lines().filter(|line| !line.starts_with(['#', other]));
    let mut lines = lines.filter_map(|line| line.get(1..)).filter(|line| !line.is_empty()).peekable();
    let blocks = level(&mut lines, 0);
    problems.extend(lines.map(|line| format!("indented too little: {line}")));
    blocks
}

fn level<'t>(lines: &mut core::iter::Peekable<impl Iterator<Item = &'t str>>, depth: usize) -> Vec<Block<'t>> {
    let mut blocks = Vec::new();
    let indent = |line: &str| line.bytes().take_while(|byte| *byte == b' ').count();
    while let Some(line) = lines.next_if(|line| indent(line) >= depth) {
        let inner = level(lines, indent(line) + 1);
        blocks.push(Block { line: line.trim_start_matches(' '), inner });
    }
    blocks
}

struct Reader<'t> {
    schema: Schema,
    types: BTreeMap<&'t str, NodeId>,
}

impl<'t> Reader<'t> {
    fn top(&mut self, block: &Block<'t>) {
        match block.word() {
            "kind" => self.crd(block),
            "type" => {
                let name = block.words().nth(1).unwrap_or_default();
                let declared = block.rest().split_once(' ').map_or("", |(_, declared)| declared);
                let node = self.declared(declared, &block.inner);
                match self.types.get(name).and_then(|id| self.schema.nodes.get_mut(id.0)) {
                    Some(place) => *place = node,
                    None => self.problem(block.line),
                }
            }
            _ => self.problem(block.line),
        }
    }

    fn crd(&mut self, block: &Block<'t>) {
        let mut words = block.words().skip(1);
        let (Some(kind), Some(group), Some(scope)) = (words.next(), words.next(), words.next()) else {
            return self.problem(block.line);
        };
        let root = self.node("object", &block.inner);
        let versions = words.map(Box::from).collect();
        self.schema.crds.push(Crd {
            kind: kind.into(),
            group: group.into(),
            versions,
            is_namespaced: scope == "namespaced",
            root,
        });
    }

    /// The type that a line declares behind its name, in a place of its own, or the named one.
    fn node(&mut self, declared: &'t str, inner: &[Block<'t>]) -> NodeId {
        if let Some(name) = declared.strip_prefix("= ") {
            let known = self.types.get(name).copied();
            return known.unwrap_or_else(|| {
                self.problem(declared);
                NodeId::default()
            });
        }
        let node = self.declared(declared, inner);
        let id = self.schema.reserve();
        if let Some(place) = self.schema.nodes.get_mut(id.0) {
            *place = node;
        }
        id
    }

    fn declared(&mut self, declared: &'t str, inner: &[Block<'t>]) -> Node {
        let mut node = Node::new();
        let mut words = declared.split(' ');
        match words.next().unwrap_or_default() {
            "any" => node.kind = Type::Any,
            "object" => node.kind = Type::Object,
            "string" => node.kind = Type::String,
            "integer" => node.kind = Type::Integer,
            "boolean" => node.kind = Type::Boolean,
            "list" => node.kind = Type::Array,
            "set" => (node.kind, node.list) = (Type::Array, List::Set),
            _ => self.problem(declared),
        }
        for word in words {
            if let Some(keys) = word.strip_prefix("by=") {
                node.list = List::Map(keys.split(',').map(Box::from).collect());
            } else if let Some(bounds) = bounds(word) {
                node.bounds = bounds;
            } else {
                self.problem(declared);
            }
        }
        inner.iter().for_each(|block| self.entry(&mut node, block));
        node
    }

    fn entry(&mut self, node: &mut Node, block: &Block<'t>) {
        let rest = block.rest();
        match block.word() {
            "[]" => node.items = Some(self.node(rest, &block.inner)),
            "{}" => node.values = Some(self.node(rest, &block.inner)),
            "one-of" => node.one_of.push(self.node(rest, &block.inner)),
            "any-of" => node.any_of.push(self.node(rest, &block.inner)),
            "not" => node.not = Some(self.node(rest, &block.inner)),
            "default" => node.default = self.json(rest),
            "enum" => node.allowed = self.json(rest).and_then(|list| list.as_array().cloned()).unwrap_or_default(),
            "pattern" => {
                self.schema.add_pattern(rest);
                node.pattern = Some(rest.into());
            }
            "format" => match rest {
                "int32" => node.format = Some(Format::Int32),
                "int64" => node.format = Some(Format::Int64),
                "ipv4" => node.format = Some(Format::Ipv4),
                "ipv6" => node.format = Some(Format::Ipv6),
                _ => self.problem(block.line),
            },
            "rule" => {
                let rule = self.rule(block);
                node.rules.push(rule);
            }
            word => match word.strip_prefix('.') {
                Some(name) => {
                    let (name, is_required) = name.strip_suffix('!').map_or((name, false), |name| (name, true));
                    if is_required {
                        node.required.push(name.into());
                    }
                    let inner = self.node(rest, &block.inner);
                    node.fields.insert(name.into(), inner);
                }
                None => self.problem(block.line),
            },
        }
    }

    fn rule(&mut self, block: &Block<'t>) -> Rule {
        let source = block.rest();
        let program = cel::parse(source);
        match &program {
            Ok(program) => program.patterns().for_each(|pattern| self.schema.add_pattern(pattern)),
            Err(error) => self.schema.problems.push(format!("rule {source}: {error}")),
        }
        let message = block.inner.iter().find(|inner| inner.word() == "says").map_or("", Block::rest);
        Rule { program, source: source.into(), message: message.into() }
    }

    fn json(&mut self, text: &str) -> Option<Value> {
        serde_json::from_str(text).map_err(|error| self.problem(&format!("{text}: {error}"))).ok()
    }

    fn problem(&mut self, what: &str) {
        self.schema.problems.push(format!("not understood: {what}"));
    }
}

/// `1..253`, `..16` or `1..`.
fn bounds(word: &str) -> Option<(Option<i64>, Option<i64>)> {
    let (least, most) = word.split_once("..")?;
    let bound = |text: &str| if text.is_empty() { Some(None) } else { text.parse().ok().map(Some) };
    Some((bound(least)?, bound(most)?))
}
