//! Builds a JSON value and its spans from a stream of parts, YAML's or JSON's, without recursion.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use crate::finding::codes;
use crate::scalar::shorten;
use crate::spans::{Key, SpanTree};

/// Levels of mappings and lists that a document may have.
pub(crate) const MAX_DEPTH: usize = 100;

/// Duplicate keys of a document that are told one by one.
const MAX_DUPLICATES: usize = 10_000;

/// Why a document cannot be read. Offsets are bytes of the document.
#[derive(Debug)]
pub(crate) struct Problem {
    pub(crate) code: &'static str,
    pub(crate) message: String,
    pub(crate) start: usize,
    pub(crate) end: usize,
    pub(crate) fix: Option<&'static str>,
}

impl Problem {
    pub(crate) fn new(code: &'static str, message: impl Into<String>, start: usize, end: usize) -> Self {
        Self { code, message: message.into(), start, end, fix: None }
    }

    pub(crate) fn syntax(message: impl Into<String>, start: usize, end: usize) -> Self {
        Self::new(codes::YAML_SYNTAX, message, start, end)
    }

    pub(crate) fn too_deep(start: usize) -> Self {
        let message = format!("mappings and lists are nested more than {MAX_DEPTH} levels deep");
        Self::new(codes::NESTING_TOO_DEEP, message, start, start)
    }

    pub(crate) fn with_fix(mut self, fix: &'static str) -> Self {
        self.fix = Some(fix);
        self
    }
}

/// A key that a mapping has twice.
#[derive(Debug)]
pub(crate) struct Duplicate {
    pub(crate) key: String,
    pub(crate) path: String,
    pub(crate) start: usize,
    pub(crate) end: usize,
}

/// A document that was read.
#[derive(Debug)]
pub(crate) struct Parsed {
    pub(crate) value: Value,
    pub(crate) tree: SpanTree,
    pub(crate) duplicates: Vec<Duplicate>,
    /// Duplicates that were counted only.
    pub(crate) more_duplicates: usize,
}

/// What a value is made of: what copying it costs, and how deep it is.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Size {
    pub(crate) values: usize,
    pub(crate) bytes: usize,
    pub(crate) depth: usize,
}

/// A value that is complete, but not part of the document yet.
#[derive(Debug)]
pub(crate) struct Complete {
    pub(crate) value: Value,
    pub(crate) size: Size,
}

/// The collections of JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Mapping,
    List,
}

/// What the next part of the document is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Expects {
    Key,
    Value,
    /// The value of a `<<` key.
    Merge,
}

#[derive(Debug)]
pub(crate) struct Builder<'a> {
    text: &'a str,
    tree: SpanTree,
    open: Vec<Frame>,
    root: Option<Value>,
    duplicates: Vec<Duplicate>,
    more_duplicates: usize,
    /// Estimated bytes of memory that the values take.
    memory: usize,
    memory_limit: usize,
}

#[derive(Debug)]
struct Frame {
    collection: Collection,
    node: u32,
    size: Size,
}

#[derive(Debug)]
enum Collection {
    List(Vec<Value>),
    Mapping {
        entries: Map<String, Value>,
        key: Option<Key>,
        merging: bool,
        /// Keys that only a merge has set: to set one again is no duplicate.
        merged: BTreeSet<String>,
    },
}

impl<'a> Builder<'a> {
    /// `base` is the offset of the document in its file.
    pub(crate) fn new(text: &'a str, base: usize, memory_limit: usize) -> Self {
        Self {
            text,
            tree: SpanTree::new(base),
            open: Vec::new(),
            root: None,
            duplicates: Vec::new(),
            more_duplicates: 0,
            memory: 0,
            memory_limit,
        }
    }

    pub(crate) fn expects(&self) -> Expects {
        match self.open.last().map(|frame| &frame.collection) {
            Some(Collection::Mapping { merging: true, .. }) => Expects::Merge,
            Some(Collection::Mapping { key: None, .. }) => Expects::Key,
            _ => Expects::Value,
        }
    }

    pub(crate) fn depth(&self) -> usize {
        self.open.len()
    }

    /// Whether the innermost open collection is a mapping.
    pub(crate) fn in_mapping(&self) -> bool {
        matches!(self.open.last(), Some(Frame { collection: Collection::Mapping { .. }, .. }))
    }

    /// The key of the next value.
    pub(crate) fn key(&mut self, text: String, start: usize, end: usize) {
        self.charge(text.len());
        if let Some(Frame { collection: Collection::Mapping { key, .. }, size, .. }) = self.open.last_mut() {
            size.bytes += text.len();
            *key = Some(Key { text, start, end });
        }
    }

    /// The key `<<`: the next value is merged into the open mapping.
    pub(crate) fn merge_key(&mut self, start: usize, end: usize) {
        self.key("<<".to_owned(), start, end);
        if let Some(Frame { collection: Collection::Mapping { merging, .. }, .. }) = self.open.last_mut() {
            *merging = true;
        }
    }

    pub(crate) fn open(&mut self, kind: Kind, start: usize) -> Result<(), Problem> {
        if self.open.len() == MAX_DEPTH {
            return Err(Problem::too_deep(start));
        }
        let node = self.begin(start);
        let collection = Collection::new(kind);
        self.open.push(Frame { collection, node, size: Size { values: 1, bytes: 0, depth: 1 } });
        Ok(())
    }

    /// Closes the innermost collection; [`Self::add`] puts it where it belongs.
    pub(crate) fn close(&mut self, end: usize) -> Option<Complete> {
        let frame = self.open.pop()?;
        self.tree.finish(frame.node, end);
        let value = match frame.collection {
            Collection::List(items) => Value::Array(items),
            Collection::Mapping { entries, .. } => Value::Object(entries),
        };
        Some(Complete { value, size: frame.size })
    }

    /// Adds a scalar, or anything else that has no place of its own inside.
    pub(crate) fn leaf(&mut self, complete: Complete, start: usize, end: usize) -> Result<(), Problem> {
        if self.open.len() + complete.size.depth > MAX_DEPTH {
            return Err(Problem::too_deep(start));
        }
        let node = self.begin(start);
        self.tree.finish(node, end);
        self.charge(complete.size.bytes);
        self.add(complete, start, end)
    }

    /// Puts a complete value into the innermost collection, or makes it the document.
    pub(crate) fn add(&mut self, complete: Complete, start: usize, end: usize) -> Result<(), Problem> {
        let Complete { value, size } = complete;
        let Some(frame) = self.open.last_mut() else {
            self.root = Some(value);
            return Ok(());
        };
        frame.size.include(size);
        match &mut frame.collection {
            Collection::List(items) => items.push(value),
            Collection::Mapping { merging: merging @ true, key, .. } => {
                *merging = false;
                let key = key.take();
                self.merge(value, key)
                    .ok_or_else(|| Problem::syntax("`<<` needs a mapping or a list of mappings", start, end))?;
            }
            Collection::Mapping { entries, key, merged, .. } => {
                let Some(key) = key.take() else { return Ok(()) };
                self.memory += map_growth(entries.len());
                if entries.contains_key(&key.text) && !merged.remove(&key.text) {
                    self.duplicate(&key);
                }
                self.insert(key.text, value);
            }
        }
        self.check_memory(start)
    }

    pub(crate) fn finish(mut self) -> Option<Parsed> {
        self.tree.shrink();
        let Self { root, tree, duplicates, more_duplicates, .. } = self;
        Some(Parsed { value: root?, tree, duplicates, more_duplicates })
    }

    fn begin(&mut self, start: usize) -> u32 {
        self.charge(0);
        let key = match self.open.last().map(|frame| &frame.collection) {
            Some(Collection::Mapping { key, .. }) => key.as_ref(),
            _ => None,
        };
        self.tree.begin(self.text, key, start)
    }

    fn insert(&mut self, key: String, value: Value) {
        if let Some(Frame { collection: Collection::Mapping { entries, .. }, .. }) = self.open.last_mut() {
            entries.insert(key, value);
        }
    }

    /// Sets what the merged mappings hold. They overwrite what stands before them, because go-yaml does it that way; of a
    /// list of mappings the earlier one wins.
    fn merge(&mut self, value: Value, key: Option<Key>) -> Option<()> {
        let mappings = match value {
            Value::Object(mapping) => vec![mapping],
            Value::Array(items) => items.into_iter().rev().map(into_mapping).collect::<Option<_>>()?,
            _ => return None,
        };
        for (text, value) in mappings.into_iter().flatten() {
            self.merge_entry(text, value, key.as_ref());
        }
        Some(())
    }

    fn merge_entry(&mut self, text: String, value: Value, key: Option<&Key>) {
        let (start, end) = key.map_or((0, 0), |key| (key.start, key.end));
        let node = self.tree.begin(self.text, Some(&Key { text: text.clone(), start, end }), start);
        self.tree.finish(node, end);
        self.charge(text.len());
        if let Some(Frame { collection: Collection::Mapping { entries, merged, .. }, .. }) = self.open.last_mut() {
            self.memory += map_growth(entries.len());
            if !entries.contains_key(&text) {
                merged.insert(text.clone());
            }
            entries.insert(text, value);
        }
    }

    fn duplicate(&mut self, key: &Key) {
        if self.duplicates.len() >= MAX_DUPLICATES {
            self.more_duplicates += 1;
            return;
        }
        let path = self.path(&key.text);
        self.duplicates.push(Duplicate { key: shorten(&key.text), path, start: key.start, end: key.end });
    }

    /// The path of a key of the innermost mapping, as the API server writes it.
    fn path(&self, last: &str) -> String {
        let mut path = String::new();
        for frame in self.open.iter().take(self.open.len().saturating_sub(1)) {
            match &frame.collection {
                Collection::List(items) => path.push_str(&format!("[{}]", items.len())),
                Collection::Mapping { key, .. } => push_key(&mut path, key.as_ref().map_or("<<", |key| &key.text)),
            }
        }
        push_key(&mut path, last);
        path
    }

    /// One more value, with this many bytes of text.
    fn charge(&mut self, bytes: usize) {
        const VALUE: usize = 32 + 20; // a `Value` in a list, and its node
        self.memory += VALUE + bytes;
    }

    fn check_memory(&self, start: usize) -> Result<(), Problem> {
        if self.memory <= self.memory_limit {
            return Ok(());
        }
        Err(Problem::new(codes::DOCUMENT_TOO_LARGE, "the document holds more values than fit in memory", start, start))
    }
}

impl Collection {
    fn new(kind: Kind) -> Self {
        match kind {
            Kind::List => Self::List(Vec::new()),
            Kind::Mapping => Self::Mapping { entries: Map::new(), key: None, merging: false, merged: BTreeSet::new() },
        }
    }
}

fn into_mapping(value: Value) -> Option<Map<String, Value>> {
    match value {
        Value::Object(mapping) => Some(mapping),
        _ => None,
    }
}

fn push_key(path: &mut String, key: &str) {
    let key = shorten(key);
    if key.is_empty() || key.contains(['.', '[', ']', '/']) {
        path.push_str(&format!("[{key}]"));
    } else {
        if !path.is_empty() {
            path.push('.');
        }
        path.push_str(&key);
    }
}

/// Bytes that one more entry takes: the nodes of a `BTreeMap` have room for 11 and are split in the middle.
fn map_growth(entries: usize) -> usize {
    if entries == 0 || entries % 6 == 5 { 640 } else { 0 }
}

impl Size {
    /// The size of a scalar with this many bytes of text.
    pub(crate) fn scalar(bytes: usize) -> Self {
        Self { values: 1, bytes, depth: 0 }
    }

    fn include(&mut self, child: Self) {
        self.values += child.values;
        self.bytes += child.bytes;
        self.depth = self.depth.max(child.depth + 1);
    }
}
