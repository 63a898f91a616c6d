//! The text of a file, and where a byte of it stands.

use std::ops::Range;
use std::sync::{Arc, OnceLock};

use serde::Serialize;

use crate::secret::secrets;

/// Where something is written: lines and columns count from 1, columns count characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Place {
    /// The line, from 1.
    pub line: u32,
    /// The column of the first character, from 1.
    pub column: u32,
    /// The column after the last character, on the same line; absent when only the start is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub end_column: Option<u32>,
}

/// A file as it was read, under the name that the user gave it.
#[derive(Debug)]
pub struct SourceFile {
    name: Arc<str>,
    text: String,
    index: OnceLock<Index>,
    secrets: OnceLock<Vec<Range<usize>>>,
}

impl SourceFile {
    /// A file from its name as shown to the user and its text.
    pub fn new(name: impl Into<Arc<str>>, text: impl Into<String>) -> Self {
        Self { name: name.into(), text: text.into(), index: OnceLock::new(), secrets: OnceLock::new() }
    }

    /// The name as shown to the user: the path as given, or `<stdin>`.
    pub fn name(&self) -> &Arc<str> {
        &self.name
    }

    /// The whole text. Bytes that were not UTF-8 stand as U+FFFD.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Where the bytes `start..end` of the text stand; what goes on after the first line is cut off.
    pub fn place(&self, start: usize, end: usize) -> Place {
        let start = self.clamp(start);
        let line = self.index().line_of(start);
        let bounds = self.bounds(line);
        let column = |offset: usize| self.chars(bounds.0, offset) + 1;
        let end = self.clamp(end).min(bounds.1);
        Place { line: line as u32 + 1, column: column(start), end_column: (end > start).then(|| column(end)) }
    }

    /// The text of a line (from 1) without its line break.
    pub fn line(&self, line: u32) -> Option<&str> {
        let start = Place { line, column: 1, end_column: None };
        self.parts(start).map(|(_, _, rest)| rest)
    }

    /// Whether the line stands in a document that may hold a Secret, so that it must not be shown.
    pub(crate) fn is_secret(&self, line: u32) -> bool {
        let (start, _) = self.bounds((line as usize).saturating_sub(1));
        let secrets = self.secrets.get_or_init(|| secrets(&self.text));
        // The text may end where the document ends.
        secrets.iter().any(|document| (document.start..=document.end).contains(&start))
    }

    /// The line of a place in three parts: before it, at it and after it.
    pub(crate) fn parts(&self, place: Place) -> Option<(&str, &str, &str)> {
        let line = (place.line as usize).checked_sub(1)?;
        self.index().lines.get(line)?;
        let (first, last) = self.bounds(line);
        let start = self.offset(first, place.column).min(last);
        let end = place.end_column.map_or(start, |column| self.offset(first, column)).clamp(start, last);
        Some((self.text.get(first..start)?, self.text.get(start..end)?, self.text.get(end..last)?))
    }

    /// The byte of a column of the line that begins at byte `line`.
    fn offset(&self, line: usize, column: u32) -> usize {
        let index = self.index();
        let before = column.saturating_sub(1);
        if index.blocks.is_empty() {
            return line + before as usize;
        }
        let target = index.chars_before(&self.text, line) + before;
        let block = index.blocks.partition_point(|counted| *counted <= target).saturating_sub(1);
        let missing = target - index.blocks.get(block).copied().unwrap_or_default();
        let bytes = self.text.as_bytes().iter().enumerate().skip(block * BLOCK);
        let mut starts = bytes.filter(|(_, byte)| begins_char(**byte)).map(|(offset, _)| offset);
        starts.nth(missing as usize).unwrap_or(self.text.len())
    }

    fn index(&self) -> &Index {
        self.index.get_or_init(|| Index::new(&self.text))
    }

    /// First byte of the line and the byte after its last one, line break excluded.
    fn bounds(&self, line: usize) -> (usize, usize) {
        let lines = &self.index().lines;
        let start = lines.get(line).map_or(0, |offset| *offset as usize);
        let end = lines.get(line + 1).map_or(self.text.len(), |next| *next as usize);
        let text = self.text.get(start..end).unwrap_or_default();
        (start, start + text.trim_end_matches(['\n', '\r']).len())
    }

    fn chars(&self, from: usize, to: usize) -> u32 {
        let index = self.index();
        index.chars_before(&self.text, to).saturating_sub(index.chars_before(&self.text, from))
    }

    /// The offset, or the start of the character that it is inside of.
    fn clamp(&self, offset: usize) -> usize {
        let mut offset = offset.min(self.text.len());
        while !self.text.is_char_boundary(offset) {
            offset -= 1;
        }
        offset
    }
}

/// Built when the first place is asked for: most files have no finding.
#[derive(Debug)]
struct Index {
    /// Offset of each line's first byte.
    lines: Vec<u32>,
    /// Characters before each block of [`BLOCK`] bytes: a minified file of one long line would otherwise be counted
    /// through for every finding. Empty when every character is one byte.
    blocks: Vec<u32>,
}

const BLOCK: usize = 4096;

impl Index {
    fn new(text: &str) -> Self {
        let breaks = text.match_indices('\n').map(|(offset, _)| offset as u32 + 1);
        let lines = std::iter::once(0).chain(breaks).collect();
        let blocks = if text.is_ascii() { Vec::new() } else { char_counts(text.as_bytes()) };
        Self { lines, blocks }
    }

    fn line_of(&self, offset: usize) -> usize {
        self.lines.partition_point(|start| *start as usize <= offset).saturating_sub(1)
    }

    fn chars_before(&self, text: &str, offset: usize) -> u32 {
        let Some(counted) = self.blocks.get(offset / BLOCK) else {
            return offset as u32;
        };
        let rest = text.as_bytes().get(offset / BLOCK * BLOCK..offset).unwrap_or_default();
        counted + count_chars(rest)
    }
}

fn char_counts(bytes: &[u8]) -> Vec<u32> {
    let mut total = 0;
    let mut counts = vec![0];
    for block in bytes.chunks(BLOCK) {
        total += count_chars(block);
        counts.push(total);
    }
    counts
}

/// Characters that begin in these bytes: every byte that does not continue one.
fn count_chars(bytes: &[u8]) -> u32 {
    bytes.iter().filter(|byte| begins_char(**byte)).count() as u32
}

fn begins_char(byte: u8) -> bool {
    byte & 0b1100_0000 != 0b1000_0000
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str, start: usize, end: usize) -> (u32, u32, Option<u32>) {
        let place = SourceFile::new("f", text).place(start, end);
        (place.line, place.column, place.end_column)
    }

    #[test]
    fn columns_count_characters_from_one() {
        assert_eq!(at("é: b\nc: d", 4, 5), (1, 4, Some(5)));
        assert_eq!(at("é: b\nc: d", 6, 7), (2, 1, Some(2)));
        assert_eq!(at("", 0, 0), (1, 1, None));
    }

    #[test]
    fn a_place_ends_with_its_line() {
        assert_eq!(at("ab\r\ncd", 1, 6), (1, 2, Some(3)));
        assert_eq!(at("ab\ncd", 2, 5), (1, 3, None));
    }

    #[test]
    fn an_offset_inside_a_character_or_behind_the_text_is_moved_back() {
        assert_eq!(at("é", 1, 2), (1, 1, Some(2)));
        assert_eq!(at("ab", 9, 12), (1, 3, None));
    }

    #[test]
    fn a_line_is_parted_at_a_place() {
        let text = format!("x\n{}äöü\r\ny", "é".repeat(10_000));
        let source = SourceFile::new("f", text.as_str());
        let place = source.place(2 + 20_002, 2 + 20_004);
        let (before, at, after) = source.parts(place).unwrap_or_default();
        assert_eq!((before.len(), at, after), (20_002, "ö", "ü"));
        assert_eq!(source.line(1), Some("x"));
        assert_eq!(source.line(3), Some("y"));
        assert_eq!((source.line(0), source.line(4)), (None, None));
    }

    #[test]
    fn long_lines_are_counted_in_blocks() {
        let text = format!("{}x", "é".repeat(10_000));
        assert_eq!(at(&text, 20_000, 20_001), (1, 10_001, Some(10_002)));
    }
}
