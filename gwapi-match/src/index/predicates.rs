//! What matches ask for besides their paths, made ready: each predicate once, names as numbers, patterns together.

use std::{borrow::Cow, collections::BTreeMap, sync::Arc};

use foldhash::fast::FixedState;
use gwapi_core::{
    Pattern,
    model::{Method, ValueMatcher},
};
use hashbrown::{HashMap, HashTable};

use super::{
    Asked, RpcPart,
    crowd::Subject,
    patterns::{Patterns, Place},
    reader::{Lines, Names, Reader},
};
use crate::{
    bytes::same,
    hashing::hash,
    head::{decode, decoded},
    headers::Headers,
};

/// The predicates of the entries of a bucket.
#[derive(Debug)]
pub(super) struct Predicates {
    /// For each entry where its tests end, so that they begin where those of the entry before end. Nothing if there are none.
    ends: Box<[u32]>,
    tests: Box<[Test]>,
    names: Names,
    /// All that values are held against. A part is about one subject.
    patterns: Patterns,
}

/// One predicate (F-001).
#[derive(Debug)]
enum Test {
    /// K-003, K-004.
    Rpc(RpcPart, Arc<str>),
    /// The same with a pattern (K-006).
    RpcPattern(RpcPart, Place),
    /// F-018.
    Method(Method),
    /// F-011, F-013.
    Header(u32, Arc<str>),
    /// F-014.
    HeaderPattern(u32, Place),
    /// F-015 to F-017.
    Query(u32, Arc<str>),
    /// The same with a pattern.
    QueryPattern(u32, Place),
}

impl Predicates {
    /// Those of entries that ask for this, except what is known to hold whenever an entry is asked. What `before` has of the
    /// same patterns is shared with it.
    pub(super) fn build(
        matches: &[Asked<'_>],
        names: Names,
        known: &[Option<Subject>],
        before: Option<&Self>,
        hasher: &FixedState,
    ) -> Self {
        let (patterns, places) = patterns(matches, &names, before.map(|before| &before.patterns), hasher);
        let mut builder = Builder { names: &names, texts: HashTable::new(), places, hasher, tests: Vec::new() };
        let known = known.iter().copied().chain(std::iter::repeat(None));
        let ends: Vec<u32> = matches.iter().zip(known).map(|(matched, known)| builder.push(matched, known)).collect();
        let tests: Box<[Test]> = builder.tests.into();
        Self { ends: if tests.is_empty() { Box::default() } else { ends.into() }, tests, names, patterns }
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
        tests.all(|test| test.holds(reader, &self.patterns))
    }
}

impl Test {
    fn holds<H: Headers + ?Sized>(&self, reader: &mut Reader<'_, '_, H>, patterns: &Patterns) -> bool {
        match self {
            Self::Rpc(part, value) => reader.rpc(*part).is_some_and(|text| same(text.as_bytes(), value.as_bytes())),
            Self::RpcPattern(part, place) => {
                reader.rpc(*part).is_some_and(|text| reader.matches(patterns, *place, text.as_bytes()))
            }
            Self::Method(method) => method.as_str() == reader.method(),
            Self::Header(name, value) => match reader.header(*name) {
                Lines::None => false,
                Lines::One(line) => same(line, value.as_bytes()),
                Lines::Several => reader.is_header(*name, value),
            },
            Self::HeaderPattern(name, place) => match reader.header(*name) {
                Lines::None => false,
                Lines::One(line) => reader.matches(patterns, *place, line),
                Lines::Several => reader.joined_header(*name).is_some_and(|value| patterns.matches(*place, &value)),
            },
            Self::Query(name, value) => reader.parameter(*name).is_some_and(|raw| value.bytes().eq(decoded(raw))),
            Self::QueryPattern(name, place) => match reader.parameter(*name).map(decode) {
                None => false,
                Some(Cow::Borrowed(value)) => reader.matches(patterns, *place, value),
                Some(Cow::Owned(value)) => patterns.matches(*place, &value),
            },
        }
    }
}

/// The places of patterns by what they are about.
type Places<'m> = HashMap<(Subject, &'m str), Place, FixedState>;

/// The patterns for each subject, each once and in the order of the entries, so that the entries that are asked one after the
/// other find theirs together.
fn patterns<'m>(matches: &[Asked<'m>], names: &Names, before: Option<&Patterns>, hasher: &FixedState) -> (Patterns, Places<'m>) {
    let mut places = Places::with_hasher(hasher.clone());
    let mut by_subject: BTreeMap<Subject, Vec<&'m Pattern>> = BTreeMap::new();
    for (subject, value) in matches.iter().flat_map(|matched| values(matched, names)) {
        let ValueMatcher::Regex(pattern) = value else { continue };
        if places.insert((subject, pattern.as_str()), Place::default()).is_none() {
            by_subject.entry(subject).or_default().push(pattern);
        }
    }
    let all = Patterns::concat(by_subject.values().map(|patterns| Patterns::build(patterns, before)));
    let keys = by_subject.iter().flat_map(|(subject, patterns)| patterns.iter().map(|pattern| (*subject, pattern.as_str())));
    places.extend(keys.zip(all.places()));
    (all, places)
}

/// The predicates of a match on parts of a gRPC path, headers and query parameters.
pub(super) fn values<'m>(matched: &Asked<'m>, names: &Names) -> impl Iterator<Item = (Subject, &'m ValueMatcher)> {
    let rpc = matched.rpc().map(|(part, value)| (Subject::Rpc(part), value));
    let headers = matched.headers.iter().filter_map(|one| Some((names.header(one.name.as_str())?, &one.value)));
    let queries = matched.query.iter().filter_map(|one| Some((names.query(&one.name)?, &one.value)));
    rpc.chain(headers).chain(queries)
}

struct Builder<'n, 'm> {
    names: &'n Names,
    /// Equal values are kept once: ten thousand routes that ask for `x-env: prod` compare with the same bytes.
    texts: HashTable<Arc<str>>,
    places: Places<'m>,
    hasher: &'n FixedState,
    tests: Vec<Test>,
}

impl Builder<'_, '_> {
    /// Adds the tests of a match, cheap ones first, and returns how many there are now.
    fn push(&mut self, matched: &Asked<'_>, known: Option<Subject>) -> u32 {
        if let Some(method) = matched.method.filter(|_| known != Some(Subject::Method)) {
            self.tests.push(Test::Method(method));
        }
        for (subject, value) in values(matched, self.names).filter(|(subject, _)| known != Some(*subject)) {
            let test = self.test(subject, value);
            self.tests.extend(test);
        }
        u32::try_from(self.tests.len()).unwrap_or(u32::MAX)
    }

    fn test(&mut self, subject: Subject, value: &ValueMatcher) -> Option<Test> {
        Some(match (subject, value) {
            (Subject::Method, _) => return None,
            (Subject::Rpc(part), ValueMatcher::Exact(value)) => Test::Rpc(part, self.kept(value)),
            (Subject::Rpc(part), ValueMatcher::Regex(pattern)) => Test::RpcPattern(part, self.place(subject, pattern)?),
            (Subject::Header(name), ValueMatcher::Exact(value)) => Test::Header(name, self.kept(value)),
            (Subject::Query(name), ValueMatcher::Exact(value)) => Test::Query(name, self.kept(value)),
            (Subject::Header(name), ValueMatcher::Regex(pattern)) => Test::HeaderPattern(name, self.place(subject, pattern)?),
            (Subject::Query(name), ValueMatcher::Regex(pattern)) => Test::QueryPattern(name, self.place(subject, pattern)?),
        })
    }

    fn kept(&mut self, text: &Arc<str>) -> Arc<str> {
        let hash_of = |text: &Arc<str>| hash(self.hasher, text.as_bytes());
        let kept = self.texts.entry(hash_of(text), |other| other == text, hash_of).or_insert_with(|| text.clone());
        kept.get().clone()
    }

    fn place(&self, subject: Subject, pattern: &Pattern) -> Option<Place> {
        self.places.get(&(subject, pattern.as_str())).copied()
    }
}
