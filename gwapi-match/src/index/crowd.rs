//! Many entries with the same path: found by the most selective of their predicates instead of one after the other.

use std::{collections::BTreeMap, sync::Arc};

use foldhash::fast::FixedState;
use gwapi_core::model::ValueMatcher;
use hashbrown::HashMap;

use super::{
    Asked, RpcPart,
    predicates::values,
    reader::{Lines, Names, Reader, find_decoded},
    texts::Texts,
};
use crate::headers::Headers;

/// The entries of one path, each under one value of one subject that it asks for, or in the rest.
#[derive(Debug)]
pub(super) struct Crowd {
    dimensions: Box<[Dimension]>,
    /// Entries that ask for no exact value of any dimension.
    rest: Box<[u32]>,
}

/// Entries by the value that they ask of one subject.
#[derive(Debug)]
struct Dimension {
    subject: Subject,
    values: Texts,
    /// For each value where its entries end, and those of the next begin.
    ends: Box<[u32]>,
    /// In the order of their ranks for each value.
    members: Box<[u32]>,
}

/// What an exact predicate is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Subject {
    Rpc(RpcPart),
    Method,
    Header(u32),
    Query(u32),
}

/// Each costs every request one look-up.
const MAX_DIMENSIONS: usize = 8;

/// A header in several lines can be meant by two values, joined with `,` and with `, ` (F-013).
const MAX_LISTS: usize = 2 * MAX_DIMENSIONS + 1;

impl Crowd {
    /// Of the entries from this number on that ask for this, in the order of their ranks.
    pub(super) fn build(first: u32, matches: &[Asked<'_>], names: &Names, hasher: &FixedState) -> Self {
        let mut open: Vec<Open<'_>> =
            (first..).zip(matches).map(|(entry, matched)| Open { entry, asked: asked(matched, names) }).collect();
        let mut dimensions = Vec::new();
        while let Some(subject) = (dimensions.len() < MAX_DIMENSIONS).then(|| most_selective(&open, hasher)).flatten() {
            let (members, others): (Vec<_>, _) = open.into_iter().partition(|one| one.value(subject).is_some());
            dimensions.push(Dimension::build(subject, &members, hasher));
            open = others;
        }
        Self { dimensions: dimensions.into(), rest: open.iter().map(|one| one.entry).collect() }
    }

    /// The entries and the subject under whose value they stand: that predicate holds for every entry that is asked for.
    pub(super) fn known(&self) -> impl Iterator<Item = (u32, Subject)> {
        self.dimensions.iter().flat_map(|dimension| dimension.members.iter().map(|entry| (*entry, dimension.subject)))
    }

    /// The best entry for which all other predicates hold.
    pub(super) fn find<H: Headers + ?Sized>(
        &self,
        reader: &mut Reader<'_, '_, H>,
        holds: impl Fn(u32, &mut Reader<'_, '_, H>) -> bool,
    ) -> Option<u32> {
        let mut lists = [&[][..]; MAX_LISTS];
        let mut used = 0;
        let found = self.dimensions.iter().flat_map(|dimension| dimension.members_for(reader));
        for (list, members) in lists.iter_mut().zip(found.chain([&self.rest[..]]).filter(|members| !members.is_empty())) {
            *list = members;
            used += 1;
        }
        let lists = lists.get_mut(..used)?;
        if let [only] = lists {
            return only.iter().copied().find(|entry| holds(*entry, reader));
        }
        while let Some(entry) = next_of(lists) {
            if holds(entry, reader) {
                return Some(entry);
            }
        }
        None
    }
}

/// Takes the smallest number off the lists, each of which is in order.
fn next_of(lists: &mut [&[u32]]) -> Option<u32> {
    let list = lists.iter_mut().min_by_key(|list| list.first().map_or(u32::MAX, |entry| *entry))?;
    let (first, others) = list.split_first()?;
    *list = others;
    Some(*first)
}

impl Dimension {
    fn build(subject: Subject, members: &[Open<'_>], hasher: &FixedState) -> Self {
        let values = Texts::new(members.iter().filter_map(|one| one.value(subject)).map(Arc::from).collect(), hasher);
        let number = |one: &Open<'_>| values.find(one.value(subject)?.as_bytes());
        let mut placed: Vec<(u32, u32)> = members.iter().filter_map(|one| Some((number(one)?, one.entry))).collect();
        placed.sort_unstable();
        let mut ends = vec![0; values.len()];
        for ((value, _), end) in placed.iter().zip(1..) {
            ends.iter_mut().skip(*value as usize).take(1).for_each(|last| *last = end);
        }
        Self { subject, values, ends: ends.into(), members: placed.into_iter().map(|(_, entry)| entry).collect() }
    }

    /// The entries that ask for what the request says.
    fn members_for<H: Headers + ?Sized>(&self, reader: &mut Reader<'_, '_, H>) -> [&[u32]; 2] {
        let value = match self.subject {
            Subject::Rpc(part) => reader.rpc(part).and_then(|text| self.values.find(text.as_bytes())),
            Subject::Method => self.values.find(reader.method().as_bytes()),
            Subject::Header(name) => match reader.header(name) {
                Lines::None => None,
                Lines::One(line) => self.values.find(line),
                Lines::Several => return reader.find_joined(name, &self.values).map(|value| self.members_of(value)),
            },
            Subject::Query(name) => reader.parameter(name).and_then(|raw| find_decoded(raw, &self.values)),
        };
        [self.members_of(value), &[]]
    }

    fn members_of(&self, value: Option<u32>) -> &[u32] {
        let Some(value) = value.map(|value| value as usize) else { return &[] };
        let end = |value: usize| self.ends.get(value).map_or(0, |end| *end as usize);
        self.members.get(value.checked_sub(1).map_or(0, end)..end(value)).unwrap_or_default()
    }
}

/// An entry that has no dimension yet.
struct Open<'m> {
    entry: u32,
    asked: Vec<(Subject, &'m str)>,
}

impl<'m> Open<'m> {
    fn value(&self, subject: Subject) -> Option<&'m str> {
        self.asked.iter().find(|(other, _)| *other == subject).map(|(_, value)| *value)
    }
}

/// The exact predicates of a match.
fn asked<'m>(matched: &Asked<'m>, names: &Names) -> Vec<(Subject, &'m str)> {
    let method = matched.method.map(|method| (Subject::Method, method.as_str()));
    let others = values(matched, names).filter_map(|(subject, value)| match value {
        ValueMatcher::Exact(text) => Some((subject, &**text)),
        ValueMatcher::Regex(_) => None,
    });
    method.into_iter().chain(others).collect()
}

/// The subject that spares the most entries: those that ask for a value of it, less those that ask for the same value and
/// have to be looked at together. Nothing if no subject spares any.
fn most_selective(open: &[Open<'_>], hasher: &FixedState) -> Option<Subject> {
    let mut counts: HashMap<(Subject, &str), u64, FixedState> = HashMap::with_hasher(hasher.clone());
    // How many ask, and the sum of the squares of how many ask for the same.
    let mut sums: BTreeMap<Subject, (u64, u64)> = BTreeMap::new();
    for (subject, value) in open.iter().flat_map(|one| &one.asked) {
        let count = counts.entry((*subject, value)).or_default();
        let (all, squares) = sums.entry(*subject).or_default();
        *squares += 2 * *count + 1;
        *all += 1;
        *count += 1;
    }
    let spared = sums.into_iter().map(|(subject, (all, squares))| (all - squares.div_ceil(all), subject));
    let best = spared.max_by_key(|(spared, subject)| (*spared, std::cmp::Reverse(*subject)));
    best.filter(|(spared, _)| *spared > 0).map(|(_, subject)| subject)
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use gwapi_core::{
        choices::{Choices, RepeatedQuery},
        model::{HeaderName, HttpMatch, Method, Scheme, ValueMatch},
    };

    use super::*;
    use crate::head::{HeadParts, RequestHead};

    fn header(name: &str, value: &str) -> ValueMatch<HeaderName> {
        ValueMatch { name: HeaderName::parse(name).unwrap(), value: ValueMatcher::Exact(value.into()) }
    }

    fn asks(headers: &[(&str, &str)]) -> HttpMatch {
        let headers = headers.iter().map(|(name, value)| header(name, value)).collect();
        HttpMatch { method: Some(Method::Get), headers, ..HttpMatch::default() }
    }

    fn crowd(matches: &[HttpMatch]) -> (Crowd, Names) {
        let asked = matches.iter().map(|HttpMatch { path, method, headers, query }| Asked {
            path,
            rpc: None,
            method: *method,
            headers,
            query,
        });
        let asked: Vec<Asked<'_>> = asked.collect();
        let hasher = FixedState::with_seed(7);
        let names = Names::of(&asked, &hasher);
        (Crowd::build(100, &asked, &names, &hasher), names)
    }

    /// The entries that a request with these headers has to be compared with, in this order.
    fn compared(crowd: &Crowd, names: &Names, headers: &[(&str, &str)]) -> Vec<u32> {
        let lines: Vec<(&[u8], &[u8])> = headers.iter().map(|(name, value)| (name.as_bytes(), value.as_bytes())).collect();
        let parts = HeadParts {
            method: "GET",
            scheme: Scheme::Http,
            authority: Some("a.example"),
            path_and_query: "/",
            headers: &lines[..],
        };
        let head = RequestHead::new(parts, &Choices::default()).unwrap();
        let compared = RefCell::new(Vec::new());
        let found = crowd.find(&mut Reader::new(&head, names, RepeatedQuery::default()), |entry, _| {
            compared.borrow_mut().push(entry);
            false
        });
        assert_eq!(found, None);
        compared.into_inner()
    }

    #[test]
    fn a_request_is_compared_with_those_that_ask_for_its_value_of_what_differs_most() {
        let tenants: Vec<String> = (0..12).map(|number| format!("t-{number}")).collect();
        let pair = |number: usize| if number % 2 == 0 { "even" } else { "odd" };
        let matches: Vec<HttpMatch> = (0..)
            .zip(&tenants)
            .map(|(number, tenant)| asks(&[("a-env", "prod"), ("b-half", pair(number)), ("x-tenant", tenant)]))
            .collect();
        let (crowd, names) = crowd(&matches);
        let subjects: Vec<Option<Subject>> = crowd.dimensions.iter().map(|dimension| Some(dimension.subject)).collect();
        assert_eq!(subjects, [names.header("x-tenant")]);
        assert_eq!((crowd.rest.len(), crowd.known().count()), (0, 12));
        let request = [("a-env", "prod"), ("b-half", "odd"), ("x-tenant", "t-7")];
        assert_eq!(compared(&crowd, &names, &request), [107]);
        assert_eq!(compared(&crowd, &names, &[("a-env", "prod")]), Vec::<u32>::new());
    }

    #[test]
    fn what_all_ask_for_alike_tells_nobody_apart() {
        let (crowd, names) = crowd(&vec![asks(&[("a-env", "prod")]); 9]);
        assert!(crowd.dimensions.is_empty());
        assert_eq!(compared(&crowd, &names, &[]), (100..109).collect::<Vec<_>>());
    }

    /// As many lists as there can be: two values of each of as many headers as are looked up, and the rest.
    #[test]
    fn no_entry_is_left_out_where_there_are_most_lists() {
        let names: Vec<String> = (0..=MAX_DIMENSIONS).map(|number| format!("x-{number}")).collect();
        let matches: Vec<HttpMatch> =
            names.iter().flat_map(|name| [asks(&[(name, "1,2")]), asks(&[(name, "1, 2")]), asks(&[(name, "3")])]).collect();
        let (crowd, known) = crowd(&matches);
        assert_eq!(crowd.dimensions.len(), MAX_DIMENSIONS);
        assert_eq!(crowd.rest.len(), 3);
        let twice: Vec<(&str, &str)> = names.iter().flat_map(|name| [(name.as_str(), "1"), (name.as_str(), "2")]).collect();
        let mut expected: Vec<u32> = (100..).take(matches.len()).collect();
        // Those that ask for `3` are not looked at, but for those without a dimension of their own.
        expected.retain(|entry| (entry - 100) % 3 != 2 || crowd.rest.contains(entry));
        assert_eq!(compared(&crowd, &known, &twice), expected);
    }
}
