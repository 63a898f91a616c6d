//! Where each field of an object was written.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::source::{Place, SourceFile};

/// An offset that stands for "none".
const NONE: u32 = u32::MAX;

/// One value of a document. The nodes stand in the order of the text, each followed by its descendants.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Node {
    key_start: u32,
    key_end: u32,
    start: u32,
    end: u32,
    /// The index after the last descendant.
    next: u32,
}

/// The places of all values of one document: 20 bytes each, and no keys, which are read from the text again.
#[derive(Debug, Default)]
pub(crate) struct SpanTree {
    nodes: Vec<Node>,
    /// Keys that do not stand in the text as they are: escapes, `on`, `0x10`, aliases, merged keys.
    keys: BTreeMap<u32, Box<str>>,
    /// Offset of the document in its file.
    base: usize,
}

/// Key of a node that is about to be added: its text and the bytes it was written with.
#[derive(Debug)]
pub(crate) struct Key {
    pub(crate) text: String,
    pub(crate) start: usize,
    pub(crate) end: usize,
}

impl SpanTree {
    pub(crate) fn new(base: usize) -> Self {
        Self { base, ..Self::default() }
    }

    /// Adds a value that begins at `start` of the document `text`; its end is told by [`Self::finish`].
    pub(crate) fn begin(&mut self, text: &str, key: Option<&Key>, start: usize) -> u32 {
        let node = self.nodes.len() as u32;
        let (key_start, key_end) = key.map_or((NONE, NONE), |key| (key.start as u32, key.end as u32));
        if let Some(key) = key {
            if written_key(text, key.start, key.end) != Some(&key.text) {
                self.keys.insert(node, key.text.as_str().into());
            }
        }
        self.nodes.push(Node { key_start, key_end, start: start as u32, end: start as u32, next: node + 1 });
        node
    }

    pub(crate) fn finish(&mut self, node: u32, end: usize) {
        let next = self.nodes.len() as u32;
        if let Some(node) = self.nodes.get_mut(node as usize) {
            node.end = (end as u32).max(node.start);
            node.next = next;
        }
    }

    /// Offset of the document in its file.
    pub(crate) fn base(&self) -> usize {
        self.base
    }

    pub(crate) fn shrink(&mut self) {
        self.nodes.shrink_to_fit();
    }

    /// The bytes of a value in the document; nothing for a node that is not there.
    pub(crate) fn value_bytes(&self, node: u32) -> (usize, usize) {
        self.node(node).map_or((0, 0), |node| (node.start as usize, node.end as usize))
    }

    pub(crate) fn children(&self, parent: u32) -> impl Iterator<Item = u32> + '_ {
        let end = self.node(parent).map_or(0, |node| node.next);
        let mut child = parent + 1;
        std::iter::from_fn(move || {
            let current = child;
            let node = self.node(current).filter(|_| current < end)?;
            child = node.next.max(current + 1);
            Some(current)
        })
    }

    /// The child with this key. The last one counts, as it does for the value.
    pub(crate) fn child(&self, text: &str, parent: u32, key: &str) -> Option<u32> {
        self.children(parent).filter(|child| self.key(text, *child) == Some(key)).last()
    }

    fn key<'a>(&'a self, text: &'a str, node: u32) -> Option<&'a str> {
        if let Some(key) = self.keys.get(&node) {
            return Some(key);
        }
        let Node { key_start, key_end, .. } = *self.node(node)?;
        let document = text.get(self.base..)?;
        (key_start != NONE).then(|| written_key(document, key_start as usize, key_end as usize))?
    }

    fn node(&self, node: u32) -> Option<&Node> {
        self.nodes.get(node as usize)
    }
}

/// The characters between `start` and `end`, without the quotes around them.
fn written_key(text: &str, start: usize, end: usize) -> Option<&str> {
    let key = text.get(start..end)?;
    let unquoted = |quote| key.strip_prefix(quote).and_then(|key| key.strip_suffix(quote));
    Some(unquoted('"').or_else(|| unquoted('\'')).unwrap_or(key))
}

/// Where an object comes from: its file, and the place of every field. Cheap to clone, and independent of the value.
///
/// Paths are written as the API server writes them: `spec.rules[0].name`, and `metadata.labels[a.b/c]` for a key with dots.
#[derive(Debug, Clone)]
pub struct Origin {
    source: Arc<SourceFile>,
    tree: Arc<SpanTree>,
    root: u32,
}

impl Origin {
    pub(crate) fn new(source: Arc<SourceFile>, tree: Arc<SpanTree>) -> Self {
        Self { source, tree, root: 0 }
    }

    /// The file that the object was read from.
    pub fn source(&self) -> &Arc<SourceFile> {
        &self.source
    }

    /// Where the value of a field stands. An absent field gives the place of the nearest one that would hold it, and a value
    /// of no characters (`name:`) that of its key. An empty path is the object itself.
    pub fn value_at(&self, path: &str) -> Place {
        let node = self.find(path);
        let (start, end) = self.tree.value_bytes(node);
        if start == end && node != self.root { self.key_place(node) } else { self.place(start, end) }
    }

    /// Where the key of a field stands: for the item of a list the item, and for an absent field the key of the nearest one
    /// that would hold it.
    pub fn key_at(&self, path: &str) -> Place {
        self.key_place(self.find(path))
    }

    /// The line that the object begins on, from 1.
    pub fn line(&self) -> u32 {
        self.value_at("").line
    }

    /// Whether the field is there, so that [`Self::value_at`] gives its own place.
    pub fn has(&self, path: &str) -> bool {
        self.steps(path).1
    }

    pub(crate) fn at_node(&self, root: u32) -> Self {
        Self { root, ..self.clone() }
    }

    pub(crate) fn child(&self, key: &str) -> Option<Self> {
        self.tree.child(self.source.text(), self.root, key).map(|node| self.at_node(node))
    }

    pub(crate) fn children(&self) -> impl Iterator<Item = Self> + '_ {
        self.tree.children(self.root).map(|node| self.at_node(node))
    }

    fn find(&self, path: &str) -> u32 {
        self.steps(path).0
    }

    /// The deepest node on the path, and whether it is the path's end.
    fn steps(&self, path: &str) -> (u32, bool) {
        let mut node = self.root;
        for segment in segments(path) {
            let Some(child) = self.step(node, segment) else {
                return (node, false);
            };
            node = child;
        }
        (node, true)
    }

    fn step(&self, node: u32, segment: &str) -> Option<u32> {
        let tree = &self.tree;
        let first = tree.children(node).next()?;
        if tree.node(first).is_some_and(|child| child.key_start != NONE) {
            return tree.child(self.source.text(), node, segment);
        }
        tree.children(node).nth(segment.parse().ok()?)
    }

    fn key_place(&self, node: u32) -> Place {
        match self.tree.node(node) {
            Some(node) if node.key_start != NONE && node.key_start != node.key_end => {
                self.place(node.key_start as usize, node.key_end as usize)
            }
            _ => {
                let (start, end) = self.tree.value_bytes(node);
                self.place(start, end)
            }
        }
    }

    fn place(&self, start: usize, end: usize) -> Place {
        self.source.place(self.tree.base + start, self.tree.base + end)
    }
}

/// `a.b[0][c.d/e].f` as `a`, `b`, `0`, `c.d/e`, `f`.
fn segments(path: &str) -> impl Iterator<Item = &str> {
    let mut rest = path;
    std::iter::from_fn(move || {
        rest = rest.strip_prefix('.').unwrap_or(rest);
        if rest.is_empty() {
            return None;
        }
        let (segment, after) = match rest.strip_prefix('[') {
            Some(inside) => split_bracket(inside),
            None => rest.split_at(rest.find(['.', '[']).unwrap_or(rest.len())),
        };
        rest = after;
        Some(segment)
    })
}

/// Splits after the first `]` that ends a segment: a key may hold brackets of its own.
fn split_bracket(inside: &str) -> (&str, &str) {
    let ends = |after: &str| after.is_empty() || after.starts_with(['.', '[']);
    inside
        .match_indices(']')
        .map(|(at, _)| (inside.get(..at).unwrap_or_default(), inside.get(at + 1..).unwrap_or_default()))
        .find(|(_, after)| ends(after))
        .unwrap_or((inside, ""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_split_as_the_api_server_writes_them() {
        let split = |path| segments(path).collect::<Vec<_>>();
        assert_eq!(split("spec.rules[0].matches[12].path"), ["spec", "rules", "0", "matches", "12", "path"]);
        assert_eq!(split("metadata.labels[a.b/c].x"), ["metadata", "labels", "a.b/c", "x"]);
        assert_eq!(split("[0][1]"), ["0", "1"]);
        assert_eq!(split("a[b]c].d"), ["a", "b]c", "d"]);
        assert_eq!(split("a[unclosed"), ["a", "unclosed"]);
        assert!(split("").is_empty());
    }
}
