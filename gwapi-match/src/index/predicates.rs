//! What matches ask for besides their paths, made ready: each predicate once, names as numbers.

use std::sync::Arc;

use foldhash::fast::FixedState;
use gwapi_core::{
    Pattern,
    model::{Method, ValueMatcher},
};

use super::{
    Asked, RpcPart,
    crowd::Subject,
    reader::{Lines, Names, Reader},
};
use crate::{
    head::{decode, decoded},
    headers::Headers,
};

/// The predicates of the entries of a bucket.
#[derive(Debug)]
pub(super) struct Predicates {
    names: Names,
    /// For each entry where its tests end, so that they begin where those of the entry before end. Nothing if there are none.
    ends: Box<[u32]>,
    tests: Box<[Test]>,
}

/// One predicate (F-001).
#[derive(Debug)]
enum Test {
    /// K-003, K-004.
    Rpc(RpcPart, Value),
    /// F-018.
    Method(Method),
    /// F-011, F-013, F-014.
    Header(u32, Value),
    /// F-015 to F-017.
    Query(u32, Value),
}

#[derive(Debug)]
enum Value {
    Exact(Arc<str>),
    Regex(Pattern),
}

impl Predicates {
    /// Those of entries that ask for this, except what is known to hold whenever an entry is asked.
    pub(super) fn build(matches: &[Asked<'_>], names: Names, known: &[Option<Subject>], hasher: &FixedState) -> Self {
        let mut builder = Builder { names: &names, texts: Interned::new(), hasher, tests: Vec::new() };
        let known = known.iter().copied().chain(std::iter::repeat(None));
        let ends: Vec<u32> = matches.iter().zip(known).map(|(matched, known)| builder.push(matched, known)).collect();
        let tests: Box<[Test]> = builder.tests.into();
        Self { names, ends: if tests.is_empty() { Box::default() } else { ends.into() }, tests }
    }

    /// What the predicates ask for.
    pub(super) fn names(&self) -> &Names {
        &self.names
    }

    /// Whether all predicates of an entry hold (F-001).
    pub(super) fn hold<H: Headers + ?Sized>(&self, entry: u32, reader: &mut Reader<'_, '_, H>) -> bool {
        let entry = entry as usize;
        let end = |entry: usize| self.ends.get(entry).map_or(0, |end| *end as usize);
        let start = entry.checked_sub(1).map_or(0, end);
        let mut tests = self.tests.get(start..end(entry)).unwrap_or_default().iter();
        tests.all(|test| test.holds(reader))
    }
}

impl Test {
    fn holds<H: Headers + ?Sized>(&self, reader: &mut Reader<'_, '_, H>) -> bool {
        match self {
            Self::Rpc(part, Value::Exact(value)) => reader.rpc(*part) == Some(&**value),
            Self::Rpc(part, Value::Regex(pattern)) => reader.rpc(*part).is_some_and(|text| pattern.matches(text)),
            Self::Method(method) => method.as_str() == reader.method(),
            Self::Header(name, Value::Exact(value)) => match reader.header(*name) {
                Lines::None => false,
                Lines::One(line) => line == value.as_bytes(),
                Lines::Several => reader.is_header(*name, value),
            },
            Self::Header(name, Value::Regex(pattern)) => match reader.header(*name) {
                Lines::None => false,
                Lines::One(line) => matches_bytes(pattern, line),
                Lines::Several => reader.joined_header(*name).is_some_and(|value| matches_bytes(pattern, &value)),
            },
            Self::Query(name, Value::Exact(value)) => reader.parameter(*name).is_some_and(|raw| value.bytes().eq(decoded(raw))),
            Self::Query(name, Value::Regex(pattern)) => {
                reader.parameter(*name).is_some_and(|raw| matches_bytes(pattern, &decode(raw)))
            }
        }
    }
}

/// Patterns are over texts: bytes that are none match no pattern.
fn matches_bytes(pattern: &Pattern, value: &[u8]) -> bool {
    std::str::from_utf8(value).is_ok_and(|text| pattern.matches(text))
}

/// Equal values are kept once: ten thousand routes that ask for `x-env: prod` compare with the same bytes.
type Interned = hashbrown::HashTable<Arc<str>>;

struct Builder<'n> {
    names: &'n Names,
    texts: Interned,
    hasher: &'n FixedState,
    tests: Vec<Test>,
}

impl Builder<'_> {
    /// Adds the tests of a match, cheap ones first, and returns how many there are now.
    fn push(&mut self, matched: &Asked<'_>, known: Option<Subject>) -> u32 {
        if let Some(method) = matched.method.filter(|_| known != Some(Subject::Method)) {
            self.tests.push(Test::Method(method));
        }
        for (part, value) in matched.rpc().filter(|(part, _)| known != Some(Subject::Rpc(*part))) {
            let value = self.value(value);
            self.tests.push(Test::Rpc(part, value));
        }
        for header in matched.headers {
            let Some(name) = self.names.headers.find(header.name.as_str().as_bytes()) else { continue };
            if known != Some(Subject::Header(name)) {
                let value = self.value(&header.value);
                self.tests.push(Test::Header(name, value));
            }
        }
        for parameter in matched.query {
            let Some(name) = self.names.queries.find(parameter.name.as_bytes()) else { continue };
            if known != Some(Subject::Query(name)) {
                let value = self.value(&parameter.value);
                self.tests.push(Test::Query(name, value));
            }
        }
        u32::try_from(self.tests.len()).unwrap_or(u32::MAX)
    }

    fn value(&mut self, value: &ValueMatcher) -> Value {
        match value {
            ValueMatcher::Regex(pattern) => Value::Regex(pattern.clone()),
            ValueMatcher::Exact(text) => {
                let hash_of = |text: &Arc<str>| crate::hashing::hash(self.hasher, text.as_bytes());
                let kept = self.texts.entry(hash_of(text), |other| other == text, hash_of).or_insert_with(|| text.clone());
                Value::Exact(kept.get().clone())
            }
        }
    }
}
