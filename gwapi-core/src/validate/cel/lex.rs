//! Text into tokens.

use alloc::{
    borrow::ToOwned,
    format,
    string::{String, ToString},
    vec::Vec,
};

use super::ParseError;

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Token {
    Name(String),
    Text(String),
    Int(i64),
    Sign(&'static str),
}

/// Longer ones first: `<=` is not `<` and `=`.
const SIGNS: [&str; 25] = [
    "&&", "||", "==", "!=", "<=", ">=", "<", ">", "+", "-", "*", "/", "%", "!", "?", ":", "(", ")", "[", "]", "{", "}", ".", ",",
    ";",
];

pub(super) fn tokens(source: &str) -> Result<Vec<Token>, ParseError> {
    let mut tokens = Vec::new();
    let mut rest = source.trim_start();
    while let Some(first) = rest.chars().next() {
        let (token, behind) = if let Some(quoted) = quoted(rest)? {
            quoted
        } else if first.is_ascii_alphabetic() || first == '_' {
            let (name, behind) = split(rest, |c| c.is_ascii_alphanumeric() || c == '_');
            (Token::Name(name.to_owned()), behind)
        } else if first.is_ascii_digit() {
            let (digits, behind) = split(rest, |c| c.is_ascii_alphanumeric());
            (Token::Int(digits.parse().map_err(|_| format!("number `{digits}`"))?), behind)
        } else {
            let sign = SIGNS.into_iter().find_map(|sign| Some((Token::Sign(sign), rest.strip_prefix(sign)?)));
            sign.ok_or_else(|| format!("character `{first}`"))?
        };
        tokens.push(token);
        rest = behind.trim_start();
    }
    Ok(tokens)
}

fn split(text: &str, is_inside: impl Fn(char) -> bool) -> (&str, &str) {
    text.split_at(text.find(|c| !is_inside(c)).unwrap_or(text.len()))
}

/// A text in quotes, raw with `r` before them, and what stands behind it.
fn quoted(text: &str) -> Result<Option<(Token, &str)>, ParseError> {
    let (is_raw, inside) = match text.strip_prefix(['r', 'R']) {
        Some(inside) => (true, inside),
        None => (false, text),
    };
    let quotes = ["\"\"\"", "'''", "\"", "'"];
    let Some((quote, mut rest)) = quotes.into_iter().find_map(|quote| Some((quote, inside.strip_prefix(quote)?))) else {
        return Ok(None);
    };
    let mut value = String::new();
    loop {
        if let Some(behind) = rest.strip_prefix(quote) {
            return Ok(Some((Token::Text(value), behind)));
        }
        let mut letters = rest.chars();
        match letters.next().ok_or_else(|| "text without an end".to_string())? {
            '\\' if !is_raw => value.push(match letters.next() {
                Some(escaped @ ('\\' | '\'' | '"' | '?' | '`')) => escaped,
                Some('n') => '\n',
                Some('t') => '\t',
                Some('r') => '\r',
                other => return Err(format!("escape `\\{}`", other.unwrap_or(' '))),
            }),
            letter => value.push(letter),
        }
        rest = letters.as_str();
    }
}
