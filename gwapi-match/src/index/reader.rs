//! What the predicates of a bucket ask of one request, each read once.

use std::{borrow::Cow, cmp::Ordering, sync::Arc};

use foldhash::fast::FixedState;
use gwapi_core::choices::RepeatedQuery;
use http::HeaderName;

use super::{
    Asked, RpcPart,
    crowd::Subject,
    patterns::{Patterns, Place},
    texts::Texts,
};
use crate::{
    head::{RequestHead, decoded, query_pairs},
    headers::{Headers, SET_COOKIE, separators},
};

/// The names of all headers and query parameters that a bucket asks for. Predicates know them by number.
#[derive(Debug)]
pub(super) struct Names {
    /// By their numbers.
    headers: Box<[Header]>,
    header_numbers: Texts,
    queries: Texts,
}

/// A header as requests are asked for it.
#[derive(Debug)]
enum Header {
    /// The host that counts, wherever it was written (F-026, E-015).
    Host,
    /// Of this one the first line counts (F-013).
    SetCookie,
    Named(HeaderName),
    /// Longer than any map of headers takes.
    Other(Arc<str>),
}

impl Names {
    pub(super) fn of(matches: &[Asked<'_>], hasher: &FixedState) -> Self {
        let headers = matches.iter().flat_map(|matched| matched.headers).map(|header| header.name.as_str().into());
        let header_numbers = Texts::new(headers.collect(), hasher);
        let queries = matches.iter().flat_map(|matched| matched.query).map(|parameter| parameter.name.clone());
        let queries = Texts::new(queries.collect(), hasher);
        Self { headers: header_numbers.iter().map(Header::of).collect(), header_numbers, queries }
    }

    pub(super) fn header(&self, name: &str) -> Option<Subject> {
        self.header_numbers.find(name.as_bytes()).map(Subject::Header)
    }

    pub(super) fn query(&self, name: &str) -> Option<Subject> {
        self.queries.find(name.as_bytes()).map(Subject::Query)
    }
}

impl Header {
    fn of(name: &Arc<str>) -> Self {
        match (&**name, HeaderName::from_bytes(name.as_bytes())) {
            ("host", _) => Self::Host,
            (SET_COOKIE, _) => Self::SetCookie,
            (_, Ok(name)) => Self::Named(name),
            (_, Err(_)) => Self::Other(name.clone()),
        }
    }
}

/// Reads a request and remembers what it has read: a thousand rules on one header cost one look-up, and the query is gone
/// through once, however many parameters are asked for.
pub(super) struct Reader<'a, 'r, H: Headers + ?Sized> {
    head: &'a RequestHead<'r, H>,
    names: &'a Names,
    repeated: RepeatedQuery,
    /// Service and method, once they are asked for.
    rpc: Option<Option<(&'a str, &'a str)>>,
    /// By the number of the name; of names that share a place the last one stays.
    headers: [Option<(u32, Lines<'r>)>; 8],
    /// Which patterns match the value that they are about, by the number of their part; entries that follow each other have
    /// patterns that stand together.
    matching: [Option<(u32, u64)>; 4],
    parameters: Option<Parameters<'r>>,
}

/// The field lines of a header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Lines<'r> {
    None,
    One(&'r [u8]),
    Several,
}

/// The raw values of the query parameters that are asked for, by the numbers of their names.
struct Parameters<'r> {
    few: [Option<&'r str>; FEW],
    /// The one thing for which a match allocates: a bucket that asks for so many parameters that the stack is no place.
    many: Vec<Option<&'r str>>,
}

const FEW: usize = 16;

impl<'a, 'r, H: Headers + ?Sized> Reader<'a, 'r, H> {
    pub(super) fn new(head: &'a RequestHead<'r, H>, names: &'a Names, repeated: RepeatedQuery) -> Self {
        Self { head, names, repeated, rpc: None, headers: [None; 8], matching: [None; 4], parameters: None }
    }

    pub(super) fn method(&self) -> &'r str {
        self.head.method
    }

    /// A part of the path of a gRPC request; nothing if the path is not that of one. The service ends at its first slash, as
    /// the prefix `/{service}/` has it (K-004).
    pub(super) fn rpc(&mut self, part: RpcPart) -> Option<&'a str> {
        let head = self.head;
        let (service, method) = (*self.rpc.get_or_insert_with(|| head.path.strip_prefix('/')?.split_once('/')))?;
        Some(match part {
            RpcPart::Service => service,
            RpcPart::Method => method,
        })
    }

    /// The field lines of a header. `host` means the host that counts (F-026), and of `set-cookie` the first line does (F-013).
    pub(super) fn header(&mut self, number: u32) -> Lines<'r> {
        let place = number as usize % self.headers.len();
        if let Some(Some((of, lines))) = self.headers.get(place) {
            if *of == number {
                return *lines;
            }
        }
        let lines = self.lines(number);
        if let Some(kept) = self.headers.get_mut(place) {
            *kept = Some((number, lines));
        }
        lines
    }

    fn lines(&self, number: u32) -> Lines<'r> {
        let headers = self.head.headers;
        match self.names.headers.get(number as usize) {
            None => Lines::None,
            Some(Header::Host) => self.head.authority.map_or(Lines::None, |host| Lines::One(host.as_bytes())),
            Some(Header::SetCookie) => headers.first(SET_COOKIE).map_or(Lines::None, Lines::One),
            Some(Header::Named(name)) => Lines::of(headers.values_of(name)),
            Some(Header::Other(name)) => Lines::of(headers.values(name)),
        }
    }

    /// Whether a pattern matches a value that it is about.
    pub(super) fn matches(&mut self, patterns: &Patterns, place: Place, value: &[u8]) -> bool {
        let kept = place.part as usize % self.matching.len();
        match self.matching.get(kept) {
            Some(Some((part, matching))) if *part == place.part => return place.is_in(*matching),
            _ if !value.is_ascii() => return patterns.matches(place, value),
            _ => {}
        }
        let matching = patterns.matching(place.part, value);
        if let Some(kept) = self.matching.get_mut(kept) {
            *kept = Some((place.part, matching));
        }
        place.is_in(matching)
    }

    /// Whether the lines of a header are the parts of this value (F-013).
    pub(super) fn is_header(&self, number: u32, value: &Arc<str>) -> bool {
        self.header_name(number).is_some_and(|name| self.head.header_matches_exact(name, value.as_bytes()))
    }

    /// The lines of a header as one value.
    pub(super) fn joined_header(&self, number: u32) -> Option<Cow<'r, [u8]>> {
        self.head.header(self.header_name(number)?)
    }

    /// The numbers of the texts that the lines of a header are the parts of: one for each way of joining them (F-013).
    pub(super) fn find_joined(&self, number: u32, among: &Texts) -> [Option<u32>; 2] {
        let Some(name) = self.header_name(number) else { return [None; 2] };
        let headers = self.head.headers;
        let find = |separator: &[u8]| among.find_by(|text| compare_joined(text, headers.values(name), separator));
        let (usual, other) = separators(name);
        [find(usual), if other == usual { None } else { find(other) }]
    }

    fn header_name(&self, number: u32) -> Option<&'a str> {
        let names = self.names;
        names.header_numbers.text(number).map(|name| &**name)
    }

    /// The value of a query parameter as it is written.
    pub(super) fn parameter(&mut self, number: u32) -> Option<&'r str> {
        let Self { head, names, repeated, parameters, .. } = self;
        let parameters =
            parameters.get_or_insert_with(|| Parameters::read(head.query.unwrap_or_default(), &names.queries, *repeated));
        let number = number as usize;
        *parameters.few.get(number).or_else(|| parameters.many.get(number - FEW))?
    }
}

impl<'r> Lines<'r> {
    fn of(mut lines: impl Iterator<Item = &'r [u8]>) -> Self {
        match (lines.next(), lines.next()) {
            (None, _) => Self::None,
            (Some(one), None) => Self::One(one),
            (Some(_), Some(_)) => Self::Several,
        }
    }
}

impl<'r> Parameters<'r> {
    fn read(query: &'r str, names: &Texts, repeated: RepeatedQuery) -> Self {
        let mut read = Self { few: [None; FEW], many: vec![None; names.len().saturating_sub(FEW)] };
        // A query of many kilobytes is gone through once for all names, and mostly holds none of them.
        let is_plain = !query.bytes().fold(false, |found, byte| found | matches!(byte, b'%' | b'+'));
        for (name, value) in query_pairs(query) {
            let number = if is_plain { names.find(name.as_bytes()) } else { find_decoded(name, names) };
            let Some(number) = number else { continue };
            let number = number as usize;
            let place = match number.checked_sub(FEW) {
                None => read.few.get_mut(number),
                Some(number) => read.many.get_mut(number),
            };
            // Of several values one counts (F-016).
            let Some(place) = place.filter(|place| place.is_none() || repeated == RepeatedQuery::Last) else { continue };
            *place = Some(value);
        }
        read
    }
}

/// The number of the text that a raw name or value of a query stands for (F-017).
pub(super) fn find_decoded(raw: &str, among: &Texts) -> Option<u32> {
    if raw.bytes().any(|byte| matches!(byte, b'%' | b'+')) {
        among.find_by(|text| text.iter().copied().cmp(decoded(raw)))
    } else {
        among.find(raw.as_bytes())
    }
}

/// How a text compares with values that are joined; nothing is built for that.
fn compare_joined<'v>(text: &[u8], values: impl Iterator<Item = &'v [u8]>, separator: &[u8]) -> Ordering {
    let parts = values.enumerate().flat_map(|(number, value)| [if number == 0 { &[][..] } else { separator }, value]);
    text.iter().cmp(parts.flatten())
}
