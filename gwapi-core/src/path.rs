//! The path of a URL: the one form in which configured and requested paths are compared, and what is not allowed in it.

use alloc::{borrow::Cow, string::String};

/// The longest path that a route may ask for or put in place of another, in characters (F-009, H-041).
pub const MAX_PATH: usize = 1024;

/// Brings percent-encoding to its normal form (RFC 3986, section 6.2.2): an encoded letter, digit, `-`, `.`, `_` or `~` is
/// decoded, every other escape keeps standing with upper-case digits. What is equal afterwards is the same path; nothing
/// else changes, so that `%2F` never becomes a `/` (F-010).
///
/// A path in which some `%` begins no escape is given back as it is: decoding around such a `%` could make a new escape.
///
/// ```
/// use gwapi_core::path::normalize_encoding;
/// assert_eq!(normalize_encoding("/%7euser/a%2fb"), "/~user/a%2Fb");
/// assert_eq!(normalize_encoding("/100%"), "/100%");
/// ```
#[must_use]
pub fn normalize_encoding(path: &str) -> Cow<'_, str> {
    let mut parts = path.split('%');
    let first = parts.next().unwrap_or_default();
    let mut normal = String::new();
    for part in parts {
        let Some((byte, rest)) = escape(part) else { return Cow::Borrowed(path) };
        if normal.is_empty() {
            normal.reserve(path.len());
            normal.push_str(first);
        }
        if is_unreserved(byte) {
            normal.push(char::from(byte));
        } else {
            normal.extend(['%', hex_digit(byte >> 4), hex_digit(byte & 0xf)]);
        }
        normal.push_str(rest);
    }
    if normal.is_empty() || normal == path { Cow::Borrowed(path) } else { Cow::Owned(normal) }
}

/// Whether some element between the slashes is `.` or `..`, written plainly or with `%2e`. Such a path means another one to
/// whoever resolves it later, and so gets past what was matched on this one.
///
/// ```
/// use gwapi_core::path::has_dot_segment;
/// assert!(has_dot_segment("/a/%2E./b") && !has_dot_segment("/a/.b/..."));
/// ```
#[must_use]
pub fn has_dot_segment(path: &str) -> bool {
    path.split('/').any(|element| matches!(&*normalize_encoding(element), "." | ".."))
}

/// Why a text is no value of an `Exact` or `PathPrefix` match (F-009).
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum MatchPathError {
    /// It does not begin with `/`.
    #[error("a path begins with `/`")]
    Relative,
    /// Over [`MAX_PATH`] characters.
    #[error("a path has at most {MAX_PATH} characters")]
    TooLong,
    /// Two slashes in a row.
    #[error("a path to match has no `//`")]
    EmptyElement,
    /// `.` or `..` between slashes, `%2e` included: requests are compared without them.
    #[error("a path to match has no element `.` or `..`, `%2e` included")]
    DotSegment,
    /// An encoded slash.
    #[error("a path to match has no `%2F`")]
    EncodedSlash,
    /// A `#`, which begins the fragment.
    #[error("a path to match has no `#`")]
    Fragment,
    /// Anything else that cannot stand in a path, such as a space or a `%` without two digits.
    #[error("`{0}` cannot stand in a path unencoded")]
    Character(char),
}

/// The normal form of the value of an `Exact` or `PathPrefix` match.
///
/// # Errors
/// If the value breaks F-009. Dot segments are looked for after decoding, which the CRD's rules do not do.
pub(crate) fn parse_match_path(text: &str) -> Result<Cow<'_, str>, MatchPathError> {
    if !text.starts_with('/') {
        return Err(MatchPathError::Relative);
    }
    if text.chars().count() > MAX_PATH {
        return Err(MatchPathError::TooLong);
    }
    if text.contains('#') {
        return Err(MatchPathError::Fragment);
    }
    if let Some(other) = text.chars().find(|c| !is_path_character(*c)) {
        return Err(MatchPathError::Character(other));
    }
    if text.split('%').skip(1).any(|part| escape(part).is_none()) {
        return Err(MatchPathError::Character('%'));
    }
    let normal = normalize_encoding(text);
    if normal.contains("//") {
        Err(MatchPathError::EmptyElement)
    } else if has_dot_segment(&normal) {
        Err(MatchPathError::DotSegment)
    } else if normal.contains("%2F") {
        Err(MatchPathError::EncodedSlash)
    } else {
        Ok(normal)
    }
}

/// Why a text cannot be put in the place of a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ReplacementError {
    /// Over [`MAX_PATH`] characters.
    #[error("a replacement has at most {MAX_PATH} characters")]
    TooLong,
    /// A character that would end the path or break the header that carries it (H-041).
    #[error("a replacement holds only printable ASCII without blanks, `?` and `#`")]
    Character,
    /// `.` or `..` between slashes, `%2e` included: the path would mean another one.
    #[error("a replacement has no element `.` or `..`, `%2e` included")]
    DotSegment,
}

/// Checks what a redirect or rewrite puts in the place of a path or prefix (H-041, R-047).
pub(crate) fn check_replacement(text: &str) -> Result<&str, ReplacementError> {
    if text.chars().count() > MAX_PATH {
        Err(ReplacementError::TooLong)
    } else if !text.bytes().all(|b| b.is_ascii_graphic() && !matches!(b, b'?' | b'#')) {
        Err(ReplacementError::Character)
    } else if has_dot_segment(text) {
        Err(ReplacementError::DotSegment)
    } else {
        Ok(text)
    }
}

/// The byte whose two hexadecimal digits a text begins with, and what follows them.
fn escape(text: &str) -> Option<(u8, &str)> {
    let (digits, rest) = text.split_at_checked(2)?;
    let all_digits = digits.bytes().all(|b| b.is_ascii_hexdigit());
    let byte = all_digits.then(|| u8::from_str_radix(digits, 16).ok()).flatten()?;
    Some((byte, rest))
}

fn hex_digit(value: u8) -> char {
    char::from_digit(u32::from(value), 16).unwrap_or('0').to_ascii_uppercase()
}

/// RFC 3986, section 2.3.
fn is_unreserved(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~')
}

/// `pchar` of RFC 3986 and `/`; a `%` is looked at again with what follows it.
fn is_path_character(c: char) -> bool {
    c.is_ascii_alphanumeric() || "/-._~!$&'()*+,;=:@%".contains(c)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn f_010_escapes_have_one_form() {
        for (path, normal) in [
            ("/", "/"),
            ("", ""),
            ("%41", "A"),
            ("/%61%2Db", "/a-b"),
            ("/a%2fb%3a", "/a%2Fb%3A"),
            ("/%2541", "/%2541"),
            ("/%c3%a4", "/%C3%A4"),
            ("/ä%41", "/äA"),
            ("/%2", "/%2"),
            ("/%%341", "/%%341"),
            ("/%zz%41", "/%zz%41"),
            ("/%+1", "/%+1"),
        ] {
            assert_eq!(normalize_encoding(path), normal, "{path}");
        }
        assert!(matches!(normalize_encoding("/plain/%2F"), Cow::Borrowed(_)));
    }

    #[test]
    fn f_009_what_an_exact_or_prefix_match_may_hold() {
        for good in ["/", "/a", "/a/", "/a.b/..c/d..", "/%20", "/!$&'()*+,;=:@-._~", "/%C3%A4"] {
            assert_eq!(parse_match_path(good).as_deref(), Ok(good), "{good}");
        }
        for (bad, error) in [
            ("", MatchPathError::Relative),
            ("foo", MatchPathError::Relative),
            ("//", MatchPathError::EmptyElement),
            ("/a//b", MatchPathError::EmptyElement),
            ("/./a", MatchPathError::DotSegment),
            ("/a/../b", MatchPathError::DotSegment),
            ("/a/.", MatchPathError::DotSegment),
            ("/a/..", MatchPathError::DotSegment),
            ("/a/%2E%2e/b", MatchPathError::DotSegment),
            ("/a%2fb", MatchPathError::EncodedSlash),
            ("/a%2Fb", MatchPathError::EncodedSlash),
            ("/a#b", MatchPathError::Fragment),
            ("/a?b", MatchPathError::Character('?')),
            ("/a b", MatchPathError::Character(' ')),
            ("/ä", MatchPathError::Character('ä')),
            ("/100%", MatchPathError::Character('%')),
            ("/%g0", MatchPathError::Character('%')),
        ] {
            assert_eq!(parse_match_path(bad), Err(error), "{bad}");
        }
        assert!(parse_match_path(&alloc::format!("/{}", "a".repeat(1023))).is_ok());
        assert_eq!(parse_match_path(&alloc::format!("/{}", "a".repeat(1024))), Err(MatchPathError::TooLong));
    }

    #[test]
    fn h_041_what_a_replacement_may_hold() {
        for good in ["", "/", "/xyz/", "xyz", "/a%20b", "/..a"] {
            assert_eq!(check_replacement(good), Ok(good));
        }
        for bad in ["/a?b", "/a#b", "/a b", "/a\r\nx: y", "/ä", "/\0"] {
            assert_eq!(check_replacement(bad), Err(ReplacementError::Character), "{bad:?}");
        }
        for bad in ["..", "/a/../b", "/%2e%2E/b", "/a/.", "./a"] {
            assert_eq!(check_replacement(bad), Err(ReplacementError::DotSegment), "{bad}");
        }
        assert_eq!(check_replacement(&"a".repeat(1025)), Err(ReplacementError::TooLong));
    }

    proptest! {
        #[test]
        fn the_normal_form_is_stable(path in "[/%a-f0-9.A-F~g]{0,16}|\\PC{0,12}") {
            let once = normalize_encoding(&path).into_owned();
            prop_assert_eq!(normalize_encoding(&once), once.as_str());
        }
    }
}
