//! Query parameters. Names and values are compared decoded (F-017), as forms encode them: `+` is a blank and `%2B` a plus,
//! so that a rule on `a b` finds `a+b` and `a%20b`. A `%` that begins no escape stands for itself: real queries hold such.

use std::borrow::Cow;

use gwapi_core::choices::RepeatedQuery;

use super::normalize::escaped;

/// The parameters of a query in their order, not decoded. A parameter without `=` has the empty value.
pub fn query_pairs(query: &str) -> impl DoubleEndedIterator<Item = (&str, &str)> {
    let pairs = query.split('&').filter(|pair| !pair.is_empty());
    pairs.map(|pair| pair.split_once('=').unwrap_or((pair, "")))
}

/// The decoded value of the first parameter of that name, which has a case (F-015). Only escapes cost an allocation.
///
/// ```
/// use gwapi_match::head::{query_first, query_last};
/// let query = "animal=blue+whale&animal=cat";
/// assert_eq!(query_first(query, b"animal").as_deref(), Some(&b"blue whale"[..]));
/// assert_eq!(query_last(query, b"animal").as_deref(), Some(&b"cat"[..]));
/// ```
#[must_use]
pub fn query_first<'q>(query: &'q str, name: &[u8]) -> Option<Cow<'q, [u8]>> {
    query_value(query, name, RepeatedQuery::First)
}

/// The decoded value of the last parameter of that name.
#[must_use]
pub fn query_last<'q>(query: &'q str, name: &[u8]) -> Option<Cow<'q, [u8]>> {
    query_value(query, name, RepeatedQuery::Last)
}

/// The decoded value of that one of the parameters of this name that counts (F-016).
#[must_use]
pub fn query_value<'q>(query: &'q str, name: &[u8], which: RepeatedQuery) -> Option<Cow<'q, [u8]>> {
    raw_value(query, name, which).map(decode)
}

/// Whether the parameter of this name that counts (F-016) has exactly this value; both have a case (F-015). Nothing is
/// allocated.
#[must_use]
pub fn query_matches_exact(query: &str, name: &[u8], value: &[u8], which: RepeatedQuery) -> bool {
    raw_value(query, name, which).is_some_and(|raw| is(raw, value))
}

fn raw_value<'q>(query: &'q str, name: &[u8], which: RepeatedQuery) -> Option<&'q str> {
    let mut values = query_pairs(query).filter(|(raw, _)| is(raw, name)).map(|(_, value)| value);
    match which {
        RepeatedQuery::First => values.next(),
        RepeatedQuery::Last => values.next_back(),
    }
}

fn is(raw: &str, text: &[u8]) -> bool {
    decoded(raw).eq(text.iter().copied())
}

/// The bytes that a raw name or value stands for, without an allocation.
pub(crate) fn decoded(raw: &str) -> impl Iterator<Item = u8> + '_ {
    Decoded(raw.as_bytes())
}

/// The bytes that a raw name or value stands for.
pub(crate) fn decode(raw: &str) -> Cow<'_, [u8]> {
    if raw.contains(['%', '+']) { Cow::Owned(Decoded(raw.as_bytes()).collect()) } else { Cow::Borrowed(raw.as_bytes()) }
}

/// The bytes that a raw name or value stands for.
struct Decoded<'q>(&'q [u8]);

impl Iterator for Decoded<'_> {
    type Item = u8;

    fn next(&mut self) -> Option<u8> {
        let (first, mut rest) = self.0.split_first()?;
        let byte = match first {
            b'+' => b' ',
            b'%' => match escaped(&mut rest.iter().copied()) {
                Some(byte) => {
                    rest = rest.get(2..).unwrap_or_default();
                    byte
                }
                None => b'%',
            },
            other => *other,
        };
        self.0 = rest;
        Some(byte)
    }
}
