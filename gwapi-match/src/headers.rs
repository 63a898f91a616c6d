//! The headers of a message, whatever they are kept in.

use std::borrow::Cow;

use http::HeaderName;

/// Headers that can be looked up by name. Not every host of this library has an [`http::HeaderMap`].
///
/// Names are asked for in lower case and found without regard to case (F-011).
///
/// ```
/// use gwapi_match::headers::Headers;
/// let headers: [(&[u8], &[u8]); 2] = [(b"Accept", b"text/html"), (b"accept", b"text/plain")];
/// assert_eq!(headers.joined("accept").as_deref(), Some(&b"text/html,text/plain"[..]));
/// assert!(headers.matches_exact("accept", b"text/html, text/plain"));
/// ```
pub trait Headers {
    /// The values of every field line of that name, in their order.
    fn values<'a>(&'a self, name: &str) -> impl Iterator<Item = &'a [u8]>;

    /// The same by a name that is ready made: a map of such names need not read it again.
    fn values_of<'a>(&'a self, name: &HeaderName) -> impl Iterator<Item = &'a [u8]> {
        self.values(name.as_str())
    }

    /// The value of the first field line of that name.
    fn first<'a>(&'a self, name: &str) -> Option<&'a [u8]> {
        self.values(name).next()
    }

    /// The value that patterns are held against: that of the only field line, or those of several joined with `,`.
    ///
    /// How repeated headers look is ours to say; RFC 7230, section 3.2.2 recommends the comma, except for `Set-Cookie`,
    /// whose values hold commas: of those the first counts (F-013). `Cookie` is joined with `; `, so that it looks the same
    /// whether or not HTTP/2 has split it (RFC 9113, section 8.2.3). Only repeated headers cost an allocation.
    fn joined<'a>(&'a self, name: &str) -> Option<Cow<'a, [u8]>> {
        let mut values = self.values(name);
        let first = values.next()?;
        if name == SET_COOKIE {
            return Some(Cow::Borrowed(first));
        }
        let (separator, _) = separators(name);
        Some(values.fold(Cow::Borrowed(first), |mut joined, value| {
            joined.to_mut().extend_from_slice(separator);
            joined.to_mut().extend_from_slice(value);
            joined
        }))
    }

    /// Whether the header is there and has exactly this value (F-011). Several field lines are compared as one value that
    /// joins them with `,` or with `, `: the two mean the same, and both are what people write (F-013). Those of `Cookie`
    /// are joined with `; `.
    fn matches_exact(&self, name: &str, value: &[u8]) -> bool {
        if name == SET_COOKIE {
            return self.first(name) == Some(value);
        }
        let (separator, other) = separators(name);
        is_joined(self.values(name), separator, value) || is_joined(self.values(name), other, value)
    }
}

/// The header whose field lines cannot be joined.
pub(crate) const SET_COOKIE: &str = "set-cookie";

/// What several field lines of a header are joined with: what we write, and what else means the same.
pub(crate) fn separators(name: &str) -> (&'static [u8], &'static [u8]) {
    if name == "cookie" { (b"; ", b"; ") } else { (b",", b", ") }
}

/// Whether `whole` is what the values give when they are joined; nothing is built for that.
fn is_joined<'a>(mut values: impl Iterator<Item = &'a [u8]>, separator: &[u8], whole: &[u8]) -> bool {
    let rest = values.next().and_then(|first| whole.strip_prefix(first));
    let rest = values.fold(rest, |rest, value| rest?.strip_prefix(separator)?.strip_prefix(value));
    rest.is_some_and(<[u8]>::is_empty)
}

impl Headers for http::HeaderMap {
    fn values<'a>(&'a self, name: &str) -> impl Iterator<Item = &'a [u8]> {
        self.get_all(name).iter().map(http::HeaderValue::as_bytes)
    }

    fn values_of<'a>(&'a self, name: &HeaderName) -> impl Iterator<Item = &'a [u8]> {
        self.get_all(name).iter().map(http::HeaderValue::as_bytes)
    }
}

impl Headers for [(&[u8], &[u8])] {
    fn values<'a>(&'a self, name: &str) -> impl Iterator<Item = &'a [u8]> {
        self.iter().filter(move |(key, _)| key.eq_ignore_ascii_case(name.as_bytes())).map(|(_, value)| *value)
    }
}

impl<H: Headers + ?Sized> Headers for &H {
    fn values<'a>(&'a self, name: &str) -> impl Iterator<Item = &'a [u8]> {
        (**self).values(name)
    }

    fn values_of<'a>(&'a self, name: &HeaderName) -> impl Iterator<Item = &'a [u8]> {
        (**self).values_of(name)
    }
}

#[cfg(test)]
mod tests {
    use http::{HeaderMap, HeaderValue};
    use proptest::prelude::*;

    use super::*;

    fn map(lines: &[(&'static str, &'static str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            headers.append(*name, HeaderValue::from_static(value));
        }
        headers
    }

    /// Asserts on the map and on the same lines as a slice, so that the two can never differ.
    fn both(lines: &[(&'static str, &'static str)], check: impl Fn(&dyn Fn(&str, &[u8]) -> bool, Option<Vec<u8>>)) {
        let headers = map(lines);
        let pairs: Vec<(&[u8], &[u8])> = lines.iter().map(|(name, value)| (name.as_bytes(), value.as_bytes())).collect();
        check(&|name, value| headers.matches_exact(name, value), headers.joined("color").map(Cow::into_owned));
        check(&|name, value| pairs[..].matches_exact(name, value), pairs[..].joined("color").map(Cow::into_owned));
    }

    #[test]
    fn f_011_names_have_no_case_and_values_have() {
        both(&[("Color", "Orange")], |matches, joined| {
            assert!(matches("color", b"Orange"));
            assert!(!matches("color", b"orange"));
            assert!(!matches("color", b"Oran"));
            assert!(!matches("color", b"Oranges"));
            assert!(!matches("colour", b"Orange"));
            assert_eq!(joined.as_deref(), Some(&b"Orange"[..]));
        });
    }

    #[test]
    fn f_011_a_header_that_is_missing_matches_nothing() {
        both(&[], |matches, joined| {
            assert!(!matches("color", b""));
            assert_eq!(joined, None);
        });
        both(&[("color", "")], |matches, joined| {
            assert!(matches("color", b""));
            assert_eq!(joined.as_deref(), Some(&b""[..]));
        });
    }

    #[test]
    fn f_013_repeated_headers_are_joined() {
        both(&[("color", "red"), ("shape", "round"), ("Color", "blue")], |matches, joined| {
            assert!(matches("color", b"red,blue"));
            assert!(matches("color", b"red, blue"));
            for other in [&b"red"[..], b"blue", b"redblue", b"red,blue,", b"red;blue", b"red,"] {
                assert!(!matches("color", other), "{other:?}");
            }
            assert_eq!(joined.as_deref(), Some(&b"red,blue"[..]));
        });
    }

    #[test]
    fn f_013_set_cookie_is_not_joined() {
        let headers = map(&[("set-cookie", "a=1"), ("set-cookie", "b=2")]);
        assert_eq!(headers.joined("set-cookie").as_deref(), Some(&b"a=1"[..]));
        assert!(headers.matches_exact("set-cookie", b"a=1"));
        assert!(!headers.matches_exact("set-cookie", b"a=1,b=2"));
    }

    #[test]
    fn f_013_cookies_that_http_2_has_split_are_one_header_again() {
        let headers = map(&[("cookie", "a=1"), ("cookie", "b=2")]);
        assert_eq!(headers.joined("cookie").as_deref(), Some(&b"a=1; b=2"[..]));
        assert!(headers.matches_exact("cookie", b"a=1; b=2"));
        assert!(!headers.matches_exact("cookie", b"a=1,b=2") && !headers.matches_exact("cookie", b"a=1, b=2"));
    }

    #[test]
    fn one_value_is_borrowed() {
        let headers = map(&[("color", "red")]);
        assert!(matches!(headers.joined("color"), Some(Cow::Borrowed(b"red"))));
    }

    proptest! {
        #[test]
        fn f_013_comparing_agrees_with_joining(values in prop::collection::vec("[a-c, ]{0,3}", 0..4), other in "[a-c, ]{0,6}") {
            let pairs: Vec<(&[u8], &[u8])> = values.iter().map(|value| (&b"x"[..], value.as_bytes())).collect();
            let texts = || values.iter().map(String::as_str).collect::<Vec<_>>();
            let joined = (!values.is_empty()).then(|| texts().join(",").into_bytes());
            prop_assert_eq!(pairs[..].joined("x").map(Cow::into_owned), joined);
            for text in [texts().join(","), texts().join(", "), other] {
                let expected = !values.is_empty() && (texts().join(",") == text || texts().join(", ") == text);
                prop_assert_eq!(pairs[..].matches_exact("x", text.as_bytes()), expected);
            }
        }
    }
}
