//! Splits a text into documents before any of it is parsed, as kubectl does.

use std::ops::Range;

/// A document of a file that is not parsed yet.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Chunk {
    /// The bytes of the document.
    pub(crate) text: Range<usize>,
    /// Text after the document's `...`, which kubectl does not read.
    pub(crate) ignored: Option<Range<usize>>,
    /// The `---` line before the document, where it holds more than a comment: kubectl refuses that.
    pub(crate) bad_separator: Option<Range<usize>>,
}

/// The documents of a text, those of nothing but space and comments left out.
pub(crate) fn split(text: &str) -> impl Iterator<Item = Chunk> + '_ {
    let mut separators = separators(text).peekable();
    let mut before = Some(0..0);
    std::iter::from_fn(move || {
        let separator = before.take()?;
        before = separators.next();
        let end = before.as_ref().map_or(text.len(), |next| next.start);
        Some(chunk(text, separator, end))
    })
    .filter(|chunk| chunk.bad_separator.is_some() || !is_blank(slice(text, &chunk.text)) || chunk.ignored.is_some())
}

/// The `---` lines, line breaks excluded.
fn separators(text: &str) -> impl Iterator<Item = Range<usize>> + '_ {
    let first = text.starts_with("---").then_some(0);
    let others = text.match_indices("\n---").map(|(at, _)| at + 1);
    first.into_iter().chain(others).map(|start| start..line_end(text, start))
}

fn chunk(text: &str, separator: Range<usize>, end: usize) -> Chunk {
    let rest = slice(text, &separator).get(3..).unwrap_or_default().trim();
    let bad_separator = !rest.is_empty() && !rest.starts_with('#');
    let start = if separator.is_empty() { separator.end } else { (separator.end + 1).min(end) };
    let start = if slice(text, &(start..end)).starts_with('\u{feff}') { start + '\u{feff}'.len_utf8() } else { start };
    let stop = document_end(text, start..end);
    let after = stop.as_ref().map(|stop| stop.end..end).filter(|after| !is_blank(slice(text, after)));
    Chunk { text: start..stop.map_or(end, |stop| stop.start), ignored: after, bad_separator: bad_separator.then_some(separator) }
}

/// The first line that is `...` and nothing but space or a comment after it.
fn document_end(text: &str, within: Range<usize>) -> Option<Range<usize>> {
    let document = slice(text, &within);
    let first = document.starts_with("...").then_some(0);
    let others = document.match_indices("\n...").map(|(at, _)| at + 1);
    first.into_iter().chain(others).map(|start| within.start + start..line_end(text, within.start + start).min(within.end)).find(
        |line| {
            let rest = slice(text, line).get(3..).unwrap_or_default();
            rest.trim().is_empty() || rest.starts_with([' ', '\t']) && rest.trim_start().starts_with('#')
        },
    )
}

fn line_end(text: &str, start: usize) -> usize {
    text.get(start..).and_then(|rest| rest.find('\n')).map_or(text.len(), |length| start + length)
}

/// Whether there is nothing but space and comments.
pub(crate) fn is_blank(text: &str) -> bool {
    text.lines().map(str::trim_start).all(|line| line.is_empty() || line.starts_with('#'))
}

pub(crate) fn slice<'a>(text: &'a str, range: &Range<usize>) -> &'a str {
    text.get(range.clone()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn documents(text: &str) -> Vec<&str> {
        split(text).map(|chunk| slice(text, &chunk.text)).collect()
    }

    #[test]
    fn splits_at_separator_lines() {
        assert_eq!(documents("a\n---\nb"), ["a\n", "b"]);
        assert_eq!(documents("---\na\n--- # c\nb\n---"), ["a\n", "b\n"]);
        assert_eq!(documents("---\r\na\r\n---\r\nb"), ["a\r\n", "b"]);
        assert_eq!(documents("a: |\n  x\n---\n  y"), ["a: |\n  x\n", "  y"]);
        assert_eq!(documents("a: |\n  x\n  ---\n  y"), ["a: |\n  x\n  ---\n  y"]);
        assert_eq!(documents("\u{feff}a\n---\n\u{feff}b"), ["a\n", "b"]);
    }

    #[test]
    fn documents_of_nothing_are_left_out() {
        assert!(documents("").is_empty());
        assert!(documents("---").is_empty());
        assert!(documents("# c\n---\n  \n# d\n---\n\n").is_empty());
    }

    #[test]
    fn text_behind_a_separator_is_refused() {
        let text = "a\n--- b\nc\n---x\n";
        let bad: Vec<_> = split(text).map(|chunk| chunk.bad_separator).collect();
        assert_eq!(bad, [None, Some(2..7), Some(10..14)]);
    }

    #[test]
    fn text_behind_the_end_of_a_document_is_ignored() {
        let chunk = |text: &'static str| split(text).map(|chunk| (chunk.text, chunk.ignored)).next();
        assert_eq!(chunk("a\n...\nb"), Some((0..2, Some(5..7))));
        assert_eq!(chunk("a\n... # c\n\n"), Some((0..2, None)));
        assert_eq!(chunk("a\n...x"), Some((0..6, None)));
        assert_eq!(chunk("...\nb"), Some((0..0, Some(3..5))));
    }
}
