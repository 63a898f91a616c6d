//! What is measured: the table, and the floors beside it.

use std::{hint::black_box, sync::Arc};

use gwapi_match::{
    ListenerId, Routed, Table,
    connect::{Admission, Arrival, HttpConnection},
    head::RequestHead,
};
use hashbrown::HashMap;
use http::{HeaderMap, HeaderName, request::Parts};
use regex::RegexSet;

use crate::{
    request::head,
    timing::Run,
    workload::{Floor, Workload, service},
    world,
};

/// A workload of one size, its answers checked.
pub struct Measured {
    /// The table.
    pub table: Arc<Table>,
    /// The requests, in the order in which they are asked.
    pub requests: Vec<Parts>,
    workload: Workload,
    size: usize,
}

impl Measured {
    /// Builds the table and the requests, and checks every answer.
    ///
    /// # Panics
    /// If an answer is wrong.
    #[must_use]
    pub fn new(workload: Workload, size: usize) -> Self {
        // Requests first: what is left of the memory of so many objects would scatter them.
        let requests = workload.targets(size).map(|index| (workload.request)(index, size)).collect();
        let table = world::table(&world::resolution((0..size).map(|index| (workload.route)(index, size))));
        let measured = Self { table, requests, workload, size };
        measured.check();
        measured
    }

    fn check(&self) {
        let connection = HttpConnection::of(&Arrival::plain(80));
        for (parts, target) in self.requests.iter().zip(self.workload.targets(self.size)) {
            let decision = self.table.decision(route(&self.table, &connection, parts)).expect("the table's own answer");
            let found = decision.rule.map(|rule| rule.route.name.as_str().to_owned());
            assert_eq!(found, self.workload.hits.then(|| world::name(target)), "workload {}", self.workload.name);
        }
    }

    fn heads(&self) -> (ListenerId, Vec<RequestHead<'_, HeaderMap>>) {
        let heads: Vec<_> = self.requests.iter().map(|parts| head(&self.table, parts).expect("a request")).collect();
        (admitted(&self.table, &HttpConnection::of(&Arrival::plain(80)), &heads[0]), heads)
    }

    /// From the normalised head to the rule's number.
    #[must_use]
    pub fn matching(&self) -> Run<'_> {
        let (listener, heads) = self.heads();
        cycle(heads, move |head| self.table.route(listener, head))
    }

    /// From the parts of a request to the decision: head, admit, route, decision.
    #[must_use]
    pub fn everything(&self) -> Run<'_> {
        let connection = HttpConnection::of(&Arrival::plain(80));
        cycle(self.requests.iter().collect(), move |parts| {
            let routed = route(&self.table, &connection, parts);
            self.table.decision(routed).is_some_and(|decision| decision.rule.is_some())
        })
    }

    /// What the hardest part of the question costs with a plain data structure.
    #[must_use]
    pub fn floor(&self) -> Option<Run<'_>> {
        match self.workload.floor {
            Floor::Matchit => Some(self.matchit()),
            Floor::Hosts => Some(self.hosts()),
            Floor::Header => Some(self.header()),
            Floor::RegexSet => Some(self.regex_set()),
            Floor::None => None,
        }
    }

    fn matchit(&self) -> Run<'_> {
        let router = matchit(&matchit_paths(self.size));
        let paths = self.requests.iter().map(|parts| parts.uri.path()).collect();
        cycle(paths, move |path| router.at(path).ok().map(|found| *found.value))
    }

    fn hosts(&self) -> Run<'_> {
        let hosts: Vec<&str> = self.requests.iter().map(host).collect();
        // As many as the table has, be they asked for or not.
        let table: HashMap<String, usize> =
            (0..self.size).map(|index| (host(&(self.workload.request)(index, self.size)).to_owned(), index)).collect();
        cycle(hosts, move |host| table.get(*host).copied())
    }

    fn header(&self) -> Run<'_> {
        // Ready made, as the table keeps it.
        let name = HeaderName::from_static("x-tenant");
        let value = |parts: &Parts| parts.headers[&name].as_bytes().to_vec();
        let table: HashMap<Vec<u8>, usize> =
            (0..self.size).map(|index| (value(&(self.workload.request)(index, self.size)), index)).collect();
        cycle(self.requests.iter().collect(), move |parts: &&Parts| {
            parts.headers.get(&name).and_then(|value| table.get(value.as_bytes()).copied())
        })
    }

    fn regex_set(&self) -> Run<'_> {
        let set = RegexSet::new((0..self.size).map(|index| format!("^(?:{}/[0-9]+(/.*)?)$", service(index)))).expect("patterns");
        let paths = self.requests.iter().map(|parts| parts.uri.path()).collect();
        cycle(paths, move |path| set.matches(path).iter().next())
    }
}

/// What a prefix of whole elements means to a radix tree: the path, and everything below it.
#[must_use]
pub fn matchit_paths(size: usize) -> Vec<[String; 3]> {
    let paths = |index| {
        let prefix = service(index);
        [format!("{prefix}/"), format!("{prefix}/{{*rest}}"), prefix]
    };
    (0..size).map(paths).collect()
}

/// A radix tree of such paths.
///
/// # Panics
/// If the same is twice among them.
#[must_use]
pub fn matchit(paths: &[[String; 3]]) -> matchit::Router<usize> {
    let mut router = matchit::Router::new();
    for (index, path) in paths.iter().enumerate().flat_map(|(index, paths)| paths.iter().map(move |path| (index, path))) {
        router.insert(path, index).expect("prefixes differ");
    }
    router
}

fn host(parts: &Parts) -> &str {
    parts.headers["host"].to_str().expect("a host")
}

fn admitted(table: &Table, connection: &HttpConnection, head: &RequestHead<'_, HeaderMap>) -> ListenerId {
    let Admission::Listener { id, .. } = table.admit(connection, head) else { panic!("the listener takes every host") };
    id
}

fn route(table: &Table, connection: &HttpConnection, parts: &Parts) -> Routed {
    let head = head(table, parts).expect("a workload makes requests that are well-formed");
    table.route(admitted(table, connection, &head), &head)
}

/// Asks one after the other, and begins again.
fn cycle<'a, T: 'a, R>(items: Vec<T>, mut ask: impl FnMut(&T) -> R + 'a) -> Run<'a> {
    let mut next = 0;
    Box::new(move |times| {
        for _ in 0..times {
            black_box(ask(black_box(&items[next])));
            next += 1;
            if next == items.len() {
                next = 0;
            }
        }
    })
}
