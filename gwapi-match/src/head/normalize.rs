//! The normal form of paths (F-010).

use std::borrow::Cow;

use gwapi_core::{
    choices::{Choices, DotSegments, EncodedSlashes, RepeatedSlashes},
    path::normalize_encoding,
};

use super::RejectReason;

/// Splits path and query, after a look at every byte: what no URL holds must not come through in the query either.
pub(super) fn split_target(target: &str) -> Result<(&str, Option<&str>), RejectReason> {
    if target.bytes().any(|b| b <= b' ' || b == b'#' || b == 0x7f) {
        return Err(RejectReason::ForbiddenCharacter);
    }
    Ok(split_query(target))
}

pub(super) fn split_query(target: &str) -> (&str, Option<&str>) {
    target.split_once('?').map_or((target, None), |(path, query)| (path, Some(query)))
}

/// The normal form of a path; borrowed if that is what it has.
pub(super) fn normal_path<'r>(path: &'r str, choices: &Choices) -> Result<Cow<'r, str>, RejectReason> {
    if !path.starts_with('/') {
        return Err(RejectReason::PathNotAbsolute);
    }
    if is_plain(path) {
        return Ok(Cow::Borrowed(path));
    }
    let mut normal = normal_encoding(path, choices.encoded_slashes)?;
    // Before dots are resolved: `/a//../b` leads servers that merge slashes to `/b`.
    if choices.repeated_slashes == RepeatedSlashes::Merge && normal.contains("//") {
        normal = Cow::Owned(merge_slashes(&normal));
    }
    match (dots(&normal), choices.dot_segments) {
        (Dots::None, _) => Ok(normal),
        (Dots::Plain, DotSegments::Resolve) => Ok(Cow::Owned(resolve_dots(&normal))),
        // Hidden ones cannot be resolved: what they lead to depends on the server.
        (Dots::Plain | Dots::Hidden, _) => Err(RejectReason::DotSegment),
    }
}

/// Whether a path is in normal form, without a closer look: it holds no `%`, no `//`, and no element that begins with a
/// dot.
fn is_plain(path: &str) -> bool {
    let mut before = 0;
    path.bytes().all(|b| {
        let begins = std::mem::replace(&mut before, b) == b'/';
        is_path_byte(b) && !(begins && matches!(b, b'/' | b'.'))
    })
}

/// The form of percent-encoding that configured paths have too, after what they cannot hold is escaped or refused.
fn normal_encoding(path: &str, slashes: EncodedSlashes) -> Result<Cow<'_, str>, RejectReason> {
    if path.bytes().all(is_path_byte) {
        return Ok(Cow::Borrowed(path));
    }
    check_escapes(path, slashes)?;
    if path.bytes().all(|b| is_path_byte(b) || b == b'%') {
        return Ok(normalize_encoding(path));
    }
    Ok(Cow::Owned(normalize_encoding(&escape_raw(path)).into_owned()))
}

fn check_escapes(path: &str, slashes: EncodedSlashes) -> Result<(), RejectReason> {
    // Browsers send `/` for it, Windows reads it as one.
    if path.contains('\\') {
        return Err(RejectReason::ForbiddenCharacter);
    }
    path.split('%').skip(1).try_for_each(|part| match escaped(&mut part.bytes()) {
        None => Err(RejectReason::MalformedEscape),
        Some(0) => Err(RejectReason::EncodedNul),
        Some(b'/' | b'\\') if slashes == EncodedSlashes::Reject => Err(RejectReason::EncodedSlash),
        Some(_) => Ok(()),
    })
}

/// Escapes what RFC 3986 does not allow: a raw `|` or `é` would pass by a rule on `%7C` or `%C3%A9`, which cannot be
/// written otherwise (F-009).
fn escape_raw(path: &str) -> String {
    path.bytes().fold(String::with_capacity(path.len()), |mut escaped, b| {
        if is_path_byte(b) || b == b'%' {
            escaped.push(char::from(b));
        } else {
            escaped.push_str(&format!("%{b:02X}"));
        }
        escaped
    })
}

/// The byte that the next two characters stand for.
pub(super) fn escaped(bytes: &mut impl Iterator<Item = u8>) -> Option<u8> {
    let mut digit = || char::from(bytes.next()?).to_digit(16);
    let (high, low) = (digit()?, digit()?);
    u8::try_from(high << 4 | low).ok()
}

/// What stands for itself in a path: `/`, and pchar of RFC 3986 without escapes.
fn is_path_byte(b: u8) -> bool {
    matches!(b, b'!' | b'$' | b'&'..=b';' | b'=' | b'@'..=b'Z' | b'_' | b'a'..=b'z' | b'~')
}

fn merge_slashes(path: &str) -> String {
    let mut merged = String::with_capacity(path.len());
    for character in path.chars() {
        if character != '/' || !merged.ends_with('/') {
            merged.push(character);
        }
    }
    merged
}

/// The worst dot segment of a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Dots {
    None,
    /// `/../`
    Plain,
    /// `/..;x/` and `/..%2F`: no dot segments by RFC 3986, but some servers drop `;x` or decode before they look for dots.
    Hidden,
}

/// Looks for dot segments in a path whose escapes are upper case.
fn dots(path: &str) -> Dots {
    path.split('/').map(dots_of_segment).max().unwrap_or(Dots::None)
}

fn dots_of_segment(segment: &str) -> Dots {
    let is_dots = |text: &str| matches!(&*normalize_encoding(text), "." | "..");
    let mut parts = segment.split("%2F").flat_map(|part| part.split("%5C"));
    if is_dots(segment) {
        Dots::Plain
    } else if parts.any(|part| is_dots(part.split(';').next().unwrap_or(part))) {
        Dots::Hidden
    } else {
        Dots::None
    }
}

/// RFC 3986, section 5.2.4: `..` drops the segment before it, and none is above the first.
fn resolve_dots(path: &str) -> String {
    let mut kept = Vec::new();
    let mut ends_with_dots = false;
    for segment in path.split('/').skip(1) {
        ends_with_dots = matches!(segment, "." | "..");
        match segment {
            "." => {}
            ".." => drop(kept.pop()),
            other => kept.push(other),
        }
    }
    let end = if ends_with_dots && !kept.is_empty() { "/" } else { "" };
    format!("/{}{end}", kept.join("/"))
}

/// Whether a path that a filter made holds a dot segment in any spelling. Prefixes are replaced at whole elements of the
/// raw path, so that only the filter's own text can bring one in (CVE-2026-67309); it may hold what no request may: a raw
/// `\`, or a `%` that begins no escape.
pub(crate) fn has_dot_segment(path: &str) -> bool {
    !is_plain(path) && dots(&path.to_ascii_uppercase().replace('\\', "%5C")) != Dots::None
}
