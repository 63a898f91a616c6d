//! Reads JSON without recursion, with the place of every value. kubectl takes a document that begins with `{` as JSON.

use std::ops::Range;

use serde_json::Value;

use crate::build::{Builder, Complete, Expects, Kind, Parsed, Problem, Size};
use crate::finding::codes;
use crate::scalar::{float_value, shorten};

/// Reads one JSON value that fills `text`.
pub(crate) fn parse(text: &str, base: usize, memory_limit: usize) -> Result<Option<Parsed>, Problem> {
    let mut reader = Reader { text, at: 0, builder: Builder::new(text, base, memory_limit) };
    reader.document()?;
    Ok(reader.builder.finish())
}

/// Splits a stream of JSON objects (`{…} {…}`) into objects. Nothing if the text is anything else.
pub(crate) fn split(text: &str) -> Option<Vec<Range<usize>>> {
    let mut objects = Vec::new();
    let (mut depth, mut start, mut in_string, mut escaped) = (0usize, 0, false, false);
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_string => escaped = true,
            b'"' if depth > 0 => in_string = !in_string,
            _ if in_string => {}
            b'{' if depth == 0 => (depth, start) = (1, at),
            b'{' | b'[' if depth > 0 => depth += 1,
            b'}' | b']' if depth > 0 => {
                depth -= 1;
                if depth == 0 {
                    objects.push(start..at + 1);
                }
            }
            b' ' | b'\t' | b'\r' | b'\n' => {}
            _ if depth == 0 => return None,
            _ => {}
        }
    }
    (depth == 0 && !in_string).then_some(objects)
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
    builder: Builder<'a>,
}

impl Reader<'_> {
    fn document(&mut self) -> Result<(), Problem> {
        self.value()?;
        while self.builder.depth() > 0 {
            self.next_in_collection()?;
        }
        self.skip_space();
        if self.at == self.text.len() { Ok(()) } else { Err(self.unexpected("the end of the document")) }
    }

    /// Reads a scalar, or opens a collection.
    fn value(&mut self) -> Result<(), Problem> {
        self.skip_space();
        let start = self.at;
        match self.peek() {
            Some(b'{') => self.open(Kind::Mapping, b'}'),
            Some(b'[') => self.open(Kind::List, b']'),
            Some(b'"') => {
                let text = self.string()?;
                let size = Size::scalar(text.len());
                self.leaf(Value::String(text), size, start)
            }
            Some(b'-' | b'0'..=b'9') => {
                let number = self.number()?;
                self.leaf(number, Size::scalar(0), start)
            }
            _ => {
                let value = self.word()?;
                self.leaf(value, Size::scalar(0), start)
            }
        }
    }

    fn open(&mut self, kind: Kind, close: u8) -> Result<(), Problem> {
        self.builder.open(kind, self.at)?;
        self.at += 1;
        self.skip_space();
        if self.peek() == Some(close) { self.close() } else { self.entry() }
    }

    /// What stands after a complete value: a comma and the next entry, or the end of the collection.
    fn next_in_collection(&mut self) -> Result<(), Problem> {
        self.skip_space();
        match (self.peek(), self.builder.in_mapping()) {
            (Some(b','), _) => {
                self.at += 1;
                self.entry()
            }
            (Some(b'}'), true) | (Some(b']'), false) => self.close(),
            (_, true) => Err(self.unexpected("`,` or `}`")),
            (_, false) => Err(self.unexpected("`,` or `]`")),
        }
    }

    fn entry(&mut self) -> Result<(), Problem> {
        if self.builder.expects() == Expects::Key {
            self.key()?;
        }
        self.value()
    }

    fn key(&mut self) -> Result<(), Problem> {
        self.skip_space();
        let start = self.at;
        if self.peek() != Some(b'"') {
            return Err(self.unexpected("a key in double quotes"));
        }
        let key = self.string()?;
        self.builder.key(key, start, self.at);
        self.skip_space();
        if self.peek() != Some(b':') {
            return Err(self.unexpected("`:`"));
        }
        self.at += 1;
        Ok(())
    }

    fn close(&mut self) -> Result<(), Problem> {
        self.at += 1;
        match self.builder.close(self.at) {
            Some(complete) => self.builder.add(complete, self.at, self.at),
            None => Ok(()),
        }
    }

    fn leaf(&mut self, value: Value, size: Size, start: usize) -> Result<(), Problem> {
        self.builder.leaf(Complete { value, size }, start, self.at)
    }

    fn word(&mut self) -> Result<Value, Problem> {
        let rest = self.rest();
        let end = rest.find(|letter: char| !letter.is_ascii_alphabetic()).unwrap_or(rest.len());
        let value = match rest.get(..end) {
            Some("true") => Value::Bool(true),
            Some("false") => Value::Bool(false),
            Some("null") => Value::Null,
            _ => return Err(self.unexpected("a value")),
        };
        self.at += end;
        Ok(value)
    }

    fn number(&mut self) -> Result<Value, Problem> {
        let rest = self.rest();
        let is_part = |byte: char| matches!(byte, '0'..='9' | '+' | '-' | '.' | 'e' | 'E');
        let end = rest.find(|part| !is_part(part)).unwrap_or(rest.len());
        let written = rest.get(..end).unwrap_or_default();
        let number = json_number(written).ok_or_else(|| {
            let message = format!("`{}` is not a JSON number that can be represented", shorten(written));
            Problem::syntax(message, self.at, self.at + end)
        })?;
        self.at += end;
        Ok(number)
    }

    /// Reads a string, its quotes included.
    fn string(&mut self) -> Result<String, Problem> {
        let start = self.at;
        self.at += 1;
        let mut out = String::new();
        loop {
            let rest = self.rest();
            let end = rest.find(|part: char| part == '"' || part == '\\' || part < ' ').unwrap_or(rest.len());
            out.push_str(rest.get(..end).unwrap_or_default());
            self.at += end;
            match self.peek() {
                Some(b'"') => {
                    self.at += 1;
                    return Ok(out);
                }
                Some(b'\\') => out.push(self.escape()?),
                Some(_) => return Err(self.unexpected("a string without control characters")),
                None => return Err(Problem::syntax("the string is not closed", start, self.at)),
            }
        }
    }

    fn escape(&mut self) -> Result<char, Problem> {
        let start = self.at;
        let escaped = self.text.as_bytes().get(start + 1).copied();
        self.at += 2;
        Ok(match escaped {
            Some(same @ (b'"' | b'\\' | b'/')) => char::from(same),
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{c}',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(b'u') => return self.unicode(start),
            _ => return Err(Problem::syntax("the escape is unknown", start, start + 1)),
        })
    }

    /// The four digits after `\u`, twice for a surrogate pair. Half a pair becomes U+FFFD, as in Go.
    fn unicode(&mut self, start: usize) -> Result<char, Problem> {
        let first = self.hex().ok_or_else(|| Problem::syntax("`\\u` needs four hexadecimal digits", start, self.at))?;
        let after = self.at;
        if (0xD800..0xDC00).contains(&first) && self.rest().starts_with("\\u") {
            self.at += 2;
            let low = self.hex().filter(|low| (0xDC00..0xE000).contains(low));
            if let Some(low) = low {
                let code = 0x10000 + ((first - 0xD800) << 10) + (low - 0xDC00);
                return Ok(char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER));
            }
            self.at = after;
        }
        Ok(char::from_u32(first).unwrap_or(char::REPLACEMENT_CHARACTER))
    }

    fn hex(&mut self) -> Option<u32> {
        let digits = self.text.get(self.at..self.at + 4)?;
        let all = digits.bytes().all(|digit| digit.is_ascii_hexdigit());
        let code = all.then(|| u32::from_str_radix(digits, 16).ok())??;
        self.at += 4;
        Some(code)
    }

    fn unexpected(&self, expected: &str) -> Problem {
        let rest = self.rest();
        let found = match rest.chars().next() {
            Some(found) => format!("`{found}`"),
            None => "the end of the document".to_owned(),
        };
        let end = self.at + rest.chars().next().map_or(0, char::len_utf8);
        Problem::new(codes::YAML_SYNTAX, format!("expected {expected}, found {found}"), self.at, end)
    }

    fn skip_space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\r' | b'\n')) {
            self.at += 1;
        }
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn rest(&self) -> &str {
        self.text.get(self.at..).unwrap_or_default()
    }
}

/// A JSON number, by the grammar of RFC 8259. Integers of 64 bits stay exact; what does not fit a float is none.
fn json_number(text: &str) -> Option<Value> {
    if let Ok(number) = text.parse::<i64>() {
        return is_grammatical(text).then(|| number.into());
    }
    if let Ok(number) = text.parse::<u64>() {
        return is_grammatical(text).then(|| number.into());
    }
    let number = text.parse::<f64>().ok().filter(|_| is_grammatical(text))?;
    float_value(number)
}

fn is_grammatical(text: &str) -> bool {
    let unsigned = text.strip_prefix('-').unwrap_or(text);
    let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent.strip_prefix(['-', '+']).unwrap_or(exponent))),
        None => (unsigned, None),
    };
    let (whole, fraction) = match mantissa.split_once('.') {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (mantissa, None),
    };
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    digits(whole) && (whole == "0" || !whole.starts_with('0')) && fraction.is_none_or(digits) && exponent.is_none_or(digits)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(text: &str) -> Option<Value> {
        parse(text, 0, usize::MAX).ok().flatten().map(|parsed| parsed.value)
    }

    #[test]
    fn reads_what_serde_json_reads() {
        for text in [
            r#"{"a": [1, -2, 3.5, 1e-3, 18446744073709551615, true, false, null, "x"], "b": {}, "c": []}"#,
            r#"{"\u0041\n\"\\\/\b\f\r\t": "\ud83d\ude00é"}"#,
            r#" [ [ ] , { } ] "#,
            "\"x\"",
            "12",
        ] {
            assert_eq!(value(text), serde_json::from_str(text).ok(), "{text}");
        }
    }

    #[test]
    fn refuses_what_is_not_json() {
        for text in [
            "",
            "{",
            "[",
            "{\"a\"}",
            "{\"a\":}",
            "{a: 1}",
            "{\"a\": 1,}",
            "[1,]",
            "[1 2]",
            "01",
            "+1",
            "1.",
            ".5",
            "-",
            "1e",
            "\"\\x\"",
            "\"\\u12\"",
            "\"\n\"",
            "{} x",
            "nul",
            "1e999",
            "'a'",
            "]",
            "{]",
            "[}",
        ] {
            assert_eq!(value(text), None, "{text}");
        }
    }

    #[test]
    fn half_a_surrogate_pair_becomes_the_replacement_character() {
        assert_eq!(value(r#""\ud83dx\ude00\ud83d\u0041""#), Some("\u{fffd}x\u{fffd}\u{fffd}A".into()));
    }

    #[test]
    fn a_float_without_fraction_is_an_integer() {
        assert_eq!(value("80.0"), Some(80.into()));
        assert_eq!(value("-0"), Some(0.into()));
    }

    #[test]
    fn splits_a_stream_of_objects() {
        assert_eq!(split("{} {\"}\": [{}]}\n"), Some(vec![0..2, 3..14]));
        assert_eq!(split("{\"\\\"}\": 1}{}"), Some(vec![0..10, 10..12]));
        assert_eq!(split("{} x"), None);
        assert_eq!(split("{ # c\n}").map(|objects| objects.len()), Some(1));
        assert_eq!(split("{"), None);
        assert_eq!(split(""), Some(vec![]));
    }
}
