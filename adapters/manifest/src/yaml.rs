//! Reads one YAML document from parser events, with what kubectl makes of scalars, keys, merges and aliases.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use granit_parser::{ErrorKind, Event, Parser, ScalarStyle, ScanError, Span, StructureStyle};
use serde_json::Value;

use crate::build::{Builder, Complete, Expects, Kind, MAX_DEPTH, Parsed, Problem, Size};
use crate::finding::codes;
use crate::scalar::{Scalar, Tag, plain, tagged};

/// What aliases may still expand to, in all documents of a load together.
#[derive(Debug, Clone, Copy)]
pub(crate) struct AliasBudget {
    pub(crate) values: usize,
    pub(crate) bytes: usize,
}

/// Reads the document `text`, which begins at byte `base` of its file. A document of nothing but comments is none.
pub(crate) fn parse(text: &str, base: usize, memory_limit: usize, budget: &mut AliasBudget) -> Result<Option<Parsed>, Problem> {
    if let Some(offset) = control_character(text) {
        let message = "control characters are not allowed";
        return Err(Problem::syntax(message, offset, offset + 1).with_fix("write it as an escape in double quotes"));
    }
    let mut reader = Reader {
        text,
        builder: Builder::new(text, base, memory_limit),
        aliased: aliased_anchors(text),
        anchors: BTreeMap::new(),
        open: Vec::new(),
        seen: Seen::default(),
        budget,
    };
    for event in events(text) {
        let (event, span) = event.map_err(|error| syntax(text, &error))?;
        reader.event(event, bytes(&span))?;
    }
    Ok(reader.builder.finish())
}

const NO_DIRECTIVES: &str = "remove the `%` directive: kubectl splits documents at `---` and does not read directives";
const INDENT_WITH_SPACES: &str = "indent with spaces";

struct Reader<'a, 'b> {
    text: &'a str,
    builder: Builder<'a>,
    /// Anchors that an alias refers to; only their values are kept.
    aliased: BTreeSet<usize>,
    anchors: BTreeMap<usize, Anchored>,
    /// Anchor (0 for none) and start of each open collection.
    open: Vec<(usize, usize)>,
    seen: Seen,
    budget: &'b mut AliasBudget,
}

/// The value of an anchor, and the scalar that it is as a key.
struct Anchored {
    value: Value,
    size: Size,
    key: Option<Result<String, String>>,
}

#[derive(Default)]
struct Seen {
    document: bool,
    /// Values of the document so far, those from aliases included.
    values: usize,
    from_aliases: usize,
}

impl Reader<'_, '_> {
    fn event(&mut self, event: Event<'_>, at: Range<usize>) -> Result<(), Problem> {
        self.seen.values += usize::from(event.is_node());
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                let tag = tag.map(|tag| Tag::named(&format!("{}{}", tag.handle(), tag.suffix())));
                self.scalar(text, style, anchor, tag, at)
            }
            Event::MappingStart(style, anchor, _) => self.open(Kind::Mapping, style, anchor, at),
            Event::SequenceStart(style, anchor, _) => self.open(Kind::List, style, anchor, at),
            Event::MappingEnd | Event::SequenceEnd => self.close(at),
            Event::Alias(anchor) => self.alias(anchor, at),
            Event::DocumentStart(..) if std::mem::replace(&mut self.seen.document, true) => {
                Err(Problem::syntax("text after the end of the document", at.start, at.start))
            }
            _ => Ok(()),
        }
    }

    fn scalar(
        &mut self,
        text: Cow<'_, str>,
        style: ScalarStyle,
        anchor: usize,
        tag: Option<Tag>,
        at: Range<usize>,
    ) -> Result<(), Problem> {
        let invalid = |message: String| Problem::syntax(message, at.start, at.end);
        let is_plain = style == ScalarStyle::Plain && tag.is_none();
        let is_merge = text == "<<" && (is_plain || tag == Some(Tag::Merge));
        if is_merge && self.builder.expects() == Expects::Key {
            self.builder.merge_key(at.start, at.end);
            return Ok(());
        }
        let text = self.without_added_break(text, style, &at);
        let bytes = text.len();
        let scalar = match tag {
            Some(tag) => tagged(tag, text).map_err(invalid)?,
            None if is_plain => plain(text),
            None => Scalar::Str(text),
        };
        self.keep_scalar(anchor, &scalar, bytes, &at)?;
        if self.builder.expects() == Expects::Key {
            let key = scalar.into_key().map_err(invalid)?;
            self.builder.key(key, at.start, at.end);
            return Ok(());
        }
        let value = scalar.into_value().map_err(invalid)?;
        self.builder.leaf(Complete { value, size: Size::scalar(bytes) }, at.start, at.end)
    }

    /// A block of text that ends with the file, in the middle of a line, has no line break at its end: go-yaml adds none, the
    /// parser does.
    fn without_added_break<'t>(&self, text: Cow<'t, str>, style: ScalarStyle, at: &Range<usize>) -> Cow<'t, str> {
        let is_block = matches!(style, ScalarStyle::Literal | ScalarStyle::Folded);
        if !is_block || at.end < self.text.len() || !text.ends_with('\n') {
            return text;
        }
        // not looked at before: a document may be one long line
        let is_space = |line: &str| line.bytes().all(|byte| byte == b' ');
        let written = self.text.rsplit('\n').next().unwrap_or_default();
        let read = text.trim_end_matches('\n').rsplit('\n').next().unwrap_or_default();
        let is_indentation = is_space(written) && (read.is_empty() || !is_space(read));
        if written.is_empty() || is_indentation {
            return text;
        }
        let mut text = text.into_owned();
        text.pop();
        Cow::Owned(text)
    }

    fn open(&mut self, kind: Kind, style: StructureStyle, anchor: usize, at: Range<usize>) -> Result<(), Problem> {
        if style == StructureStyle::Block && self.text.get(..at.start).is_some_and(|before| before.ends_with('\t')) {
            return Err(Problem::syntax("a tab cannot indent", at.start - 1, at.start).with_fix(INDENT_WITH_SPACES));
        }
        if self.builder.expects() == Expects::Key {
            return Err(Problem::syntax("a key must be a scalar", at.start, at.end));
        }
        self.builder.open(kind, at.start)?;
        self.open.push((anchor, at.start));
        Ok(())
    }

    fn close(&mut self, at: Range<usize>) -> Result<(), Problem> {
        let (Some((anchor, start)), Some(complete)) = (self.open.pop(), self.builder.close(at.end)) else {
            return Ok(());
        };
        if self.aliased.contains(&anchor) {
            self.spend(complete.size, &(start..start))?;
            let anchored = Anchored { value: complete.value.clone(), size: complete.size, key: None };
            self.anchors.insert(anchor, anchored);
        }
        self.builder.add(complete, start, at.end)
    }

    fn keep_scalar(&mut self, anchor: usize, scalar: &Scalar<'_>, bytes: usize, at: &Range<usize>) -> Result<(), Problem> {
        if !self.aliased.contains(&anchor) {
            return Ok(());
        }
        let size = Size::scalar(bytes);
        self.spend(size, at)?;
        let key = Some(scalar.clone().into_key());
        // What cannot be a value may still be a key (`.inf`); as a value it was refused where it was written.
        let value = scalar.clone().into_value().unwrap_or_default();
        self.anchors.insert(anchor, Anchored { value, size, key });
        Ok(())
    }

    fn alias(&mut self, anchor: usize, at: Range<usize>) -> Result<(), Problem> {
        if self.open.iter().any(|(open, _)| *open == anchor) {
            let message = "the alias stands inside of the value that it refers to";
            return Err(Problem::new(codes::ALIAS_BOMB, message, at.start, at.end));
        }
        let Some(anchored) = self.anchors.get(&anchor) else {
            return Err(Problem::syntax("the alias refers to an unknown anchor", at.start, at.end));
        };
        let size = anchored.size;
        if self.builder.expects() == Expects::Key {
            let key = anchored.key.clone().unwrap_or_else(|| Err("a key must be a scalar".to_owned()));
            let key = key.map_err(|message| Problem::syntax(message, at.start, at.end))?;
            self.builder.key(key, at.start, at.end);
            return self.spend(size, &at);
        }
        if self.builder.expects() == Expects::Merge && !anchored.value.is_object() {
            return Err(Problem::syntax("`<<` needs an alias to a mapping", at.start, at.end));
        }
        self.spend(size, &at)?;
        let value = self.anchors.get(&anchor).map(|anchored| anchored.value.clone()).unwrap_or_default();
        self.builder.leaf(Complete { value, size }, at.start, at.end)
    }

    /// Takes a copy of an anchored value from the budget. On top of it stands go-yaml's own bound: of a small document 99 %
    /// may come from aliases, of a large one less and less.
    fn spend(&mut self, size: Size, at: &Range<usize>) -> Result<(), Problem> {
        self.seen.values += size.values;
        self.seen.from_aliases += size.values;
        let values = self.budget.values.checked_sub(size.values);
        let bytes = self.budget.bytes.checked_sub(size.bytes);
        match (values, bytes) {
            (Some(values), Some(bytes)) if !self.seen.is_excessive() => {
                *self.budget = AliasBudget { values, bytes };
                Ok(())
            }
            _ => {
                let message = "the aliases of this document expand to too many values";
                Err(Problem::new(codes::ALIAS_BOMB, message, at.start, at.end))
            }
        }
    }
}

impl Seen {
    fn is_excessive(&self) -> bool {
        const LOW: f64 = 400_000.0;
        const HIGH: f64 = 4_000_000.0;
        let scale = ((self.values as f64 - LOW) / (HIGH - LOW)).clamp(0.0, 1.0);
        let allowed = 0.99 - 0.89 * scale;
        self.from_aliases > 100 && self.values > 1000 && self.from_aliases as f64 / self.values as f64 > allowed
    }
}

/// The anchors that aliases refer to. A document without `*` or `&` is not read for it: nearly all are.
fn aliased_anchors(text: &str) -> BTreeSet<usize> {
    if !text.contains('*') || !text.contains('&') {
        return BTreeSet::new();
    }
    let alias = |event: Result<(Event<'_>, Span), ScanError>| match event {
        Ok((Event::Alias(anchor), _)) => Some(anchor),
        _ => None,
    };
    events(text).filter_map(alias).collect()
}

fn events(text: &str) -> impl Iterator<Item = Result<(Event<'_>, Span), ScanError>> {
    let mut options = granit_parser::options! {
        flow_nesting_limit: MAX_DEPTH,
        block_nesting_limit: MAX_DEPTH,
    };
    options.set_emit_comments(false);
    let mut failed = false;
    Parser::new_from_str_with_options(text, options).take_while(move |event| {
        let goes_on = !failed;
        failed |= event.is_err();
        goes_on
    })
}

fn bytes(span: &Span) -> Range<usize> {
    span.byte_range().unwrap_or_default()
}

/// The first character that no YAML text may hold.
fn control_character(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    let suspect = |byte: u8| byte < 0x20 && !matches!(byte, b'\t' | b'\n' | b'\r') || matches!(byte, 0x7F | 0xC2 | 0xEF);
    let is_control = |offset: &usize| {
        let at = |ahead: usize| bytes.get(offset + ahead).copied().unwrap_or_default();
        match at(0) {
            0xC2 => at(1) < 0xA0 && at(1) != 0x85,
            0xEF => at(1) == 0xBF && at(2) >= 0xBE,
            _ => true,
        }
    };
    bytes.iter().enumerate().filter(|(_, byte)| suspect(**byte)).map(|(offset, _)| offset).find(is_control)
}

fn syntax(text: &str, error: &ScanError) -> Problem {
    let start = error.marker().byte_offset().unwrap_or_default().min(text.len());
    if matches!(error.kind(), ErrorKind::RecursionLimitExceeded) {
        return Problem::too_deep(start);
    }
    let message = match error.kind() {
        ErrorKind::ExpectedDocumentStart => "this is not part of what stands before it".to_owned(),
        _ => error.info(),
    };
    let mut problem = Problem::syntax(message, start, start);
    problem.fix = if text.trim_start().starts_with('%') { Some(NO_DIRECTIVES) } else { fix(error.kind()) };
    problem
}

fn fix(kind: &ErrorKind) -> Option<&'static str> {
    Some(match kind {
        ErrorKind::TabNotAllowed
        | ErrorKind::TabInBlockIndentation
        | ErrorKind::TabInIndentation
        | ErrorKind::TabAtBlockScalarStart
        | ErrorKind::TabInPlainScalar => INDENT_WITH_SPACES,
        ErrorKind::MappingValueNotAllowed | ErrorKind::MappingKeyNotAllowed => {
            "check the indentation, or quote the value if the `:` belongs to it"
        }
        ErrorKind::ExpectedBlockMappingKey
        | ErrorKind::InvalidIndentation
        | ErrorKind::ExpectedBlockSequenceEntry
        | ErrorKind::ExpectedDocumentStart
        | ErrorKind::InvalidQuotedScalarIndent => "check the indentation",
        ErrorKind::SimpleKeyExpected => "write `:` and a space after the key",
        ErrorKind::UnexpectedCharacter { .. } => "quote the value",
        ErrorKind::UnknownQuotedScalarEscape => "use single quotes, or double the backslash",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_control_characters() {
        assert_eq!(control_character("a: é\u{85}\t\r\n\u{a0}\u{fffd}\u{feff}"), None);
        assert_eq!(control_character("a: \0"), Some(3));
        assert_eq!(control_character("\u{7f}"), Some(0));
        assert_eq!(control_character("é\u{80}"), Some(2));
        assert_eq!(control_character("x\u{ffff}"), Some(1));
    }

    #[test]
    fn aliases_may_make_up_most_of_a_small_document_but_not_of_a_large_one() {
        let seen = |values, from_aliases| Seen { document: true, values, from_aliases };
        assert!(!seen(1000, 1000).is_excessive());
        assert!(seen(1001, 1000).is_excessive());
        assert!(!seen(100_000, 98_999).is_excessive());
        assert!(seen(4_000_000, 400_001).is_excessive());
        assert!(!seen(4_000_000, 399_999).is_excessive());
    }
}
