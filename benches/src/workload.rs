//! What is asked of a table of a given size.

use http::request::Parts;
use serde_json::{Value, json};

use crate::{
    request::{get, with},
    world::{numbers, route},
};

/// How many requests are asked, one after the other and again.
pub const REQUESTS: usize = 1_024;

/// Routes, and requests that go with them.
#[derive(Clone, Copy, Debug)]
pub struct Workload {
    /// Its letter.
    pub name: &'static str,
    /// What there is to it, in a few words.
    pub about: &'static str,
    /// How many routes there are.
    pub sizes: &'static [usize],
    /// Route number so of so many.
    pub route: fn(usize, usize) -> Value,
    /// The request that is for route number so of so many.
    pub request: fn(usize, usize) -> Parts,
    /// Whether the requests find their routes; else they find none.
    pub hits: bool,
    /// What the same question costs at least.
    pub floor: Floor,
    /// How many times the floor it should take at most.
    pub goal: Option<f64>,
    /// Whether the time may not grow with the number of routes.
    pub is_flat: bool,
}

/// A plain data structure that answers the hardest part of the question.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Floor {
    /// A radix tree over the prefixes.
    Matchit,
    /// A hash table of the hosts.
    Hosts,
    /// A hash table of the one header that tells the routes apart, the header looked up first.
    Header,
    /// One pass of all patterns over the path.
    RegexSet,
    /// There is none.
    None,
}

const ALL: &[usize] = &[10, 100, 1_000, 10_000];
const UP_TO_1000: &[usize] = &[10, 100, 1_000];
const ONLY_1000: &[usize] = &[1_000];
const APP: &str = "app.example.com";

/// Every workload, in the order of the report.
pub const WORKLOADS: [Workload; 10] = [
    Workload {
        name: "A",
        about: "one host, a prefix for each route",
        sizes: ALL,
        route: |index, _| route(index, APP, &prefix(&service(index))),
        request: |index, _| get(APP, &format!("{}/items/42", service(index))),
        hits: true,
        floor: Floor::Matchit,
        goal: Some(3.0),
        is_flat: false,
    },
    Workload {
        name: "Amiss",
        about: "the routes of A, and paths that match none",
        sizes: ALL,
        route: |index, _| route(index, APP, &prefix(&service(index))),
        request: |index, _| get(APP, &format!("/other/{index:05}/items/42")),
        hits: false,
        floor: Floor::Matchit,
        goal: Some(12.0),
        is_flat: true,
    },
    Workload {
        name: "B",
        about: "a host for each route",
        sizes: ALL,
        route: |index, _| route(index, &format!("svc-{index:05}.example.com"), &prefix("/")),
        request: |index, _| get(&format!("svc-{index:05}.example.com"), "/api/v1/items/42"),
        hits: true,
        floor: Floor::Hosts,
        goal: Some(3.0),
        is_flat: true,
    },
    Workload {
        name: "C",
        about: "one host and path, three exact headers, one of them different for each route",
        sizes: ALL,
        route: |index, _| {
            let mut matches = prefix("/");
            let header = |(name, value): &(&str, String)| json!({"name": name, "value": value});
            matches["headers"] = tenant(index).iter().map(header).collect();
            route(index, APP, &matches)
        },
        request: |index, _| with(get(APP, "/api/v1/items/42"), &tenant(index)),
        hits: true,
        floor: Floor::Header,
        goal: Some(7.0),
        is_flat: true,
    },
    Workload {
        name: "D",
        about: "ten routes for each host: prefixes, an exact path, a method, a header, a query parameter",
        sizes: ALL,
        route: |index, _| route(index, &shop(index), &mixed(index)),
        request: |index, _| {
            let kind = index % 10;
            let target = match kind {
                6 => "/exact/path".into(),
                9 => "/part-9/items/42?page=2&variant=blue".into(),
                _ => format!("/part-{kind}/items/42"),
            };
            let mut parts = get(&shop(index), &target);
            if kind == 7 {
                parts.method = http::Method::POST;
            }
            if kind == 8 { with(parts, &[("x-beta", "yes".into())]) } else { parts }
        },
        hits: true,
        floor: Floor::Hosts,
        goal: Some(8.0),
        is_flat: true,
    },
    Workload {
        name: "W",
        about: "a wildcard host for each route",
        sizes: ALL,
        route: |index, _| route(index, &format!("*.tenant-{index:05}.example.com"), &prefix("/")),
        request: |index, _| get(&format!("a.b.tenant-{index:05}.example.com"), "/api/v1/items/42"),
        hits: true,
        floor: Floor::Hosts,
        goal: Some(4.0),
        is_flat: true,
    },
    Workload {
        name: "R",
        about: "one host, a regular expression for each route",
        sizes: UP_TO_1000,
        route: |index, _| {
            let pattern = format!("{}/[0-9]+(/.*)?", service(index));
            route(index, APP, &json!({"path": {"type": "RegularExpression", "value": pattern}}))
        },
        request: |index, _| get(APP, &format!("{}/1234/items", service(index))),
        hits: true,
        floor: Floor::RegexSet,
        goal: Some(3.0),
        is_flat: false,
    },
    Workload {
        name: "X1",
        about: "hostile: one host, path and header for all, which differ in a regular expression for another header; the last one serves",
        sizes: ONLY_1000,
        route: |index, _| {
            let user = json!({"name": "x-user", "type": "RegularExpression", "value": format!("user-{index:05}-[0-9]+")});
            let mut matches = prefix("/");
            matches["headers"] = json!([{"name": "x-env", "value": "prod"}, user]);
            route(index, APP, &matches)
        },
        request: |_, size| {
            let user = format!("user-{:05}-77", size - 1);
            with(get(APP, "/api/v1/items/42"), &[("x-env", "prod".into()), ("x-user", user)])
        },
        hits: true,
        floor: Floor::None,
        goal: None,
        is_flat: false,
    },
    Workload {
        name: "X2",
        about: "hostile: a Host of 127 labels, among wildcards",
        sizes: ONLY_1000,
        route: |index, _| route(index, &format!("*.{}", short(index)), &prefix("/")),
        request: |index, _| get(&format!("{}{}", "a.".repeat(125), short(index)), "/api/v1/items/42"),
        hits: true,
        floor: Floor::None,
        goal: None,
        is_flat: false,
    },
    Workload {
        name: "X3",
        about: "hostile: 200 query parameters, and rules that ask for the last",
        sizes: ONLY_1000,
        route: |index, _| {
            let mut matches = prefix("/");
            matches["queryParams"] = json!([{"name": "tenant", "value": format!("t-{index:05}")}]);
            route(index, APP, &matches)
        },
        request: |index, _| {
            let others: String = (0..199).map(|number| format!("parameter-{number}=value&")).collect();
            get(APP, &format!("/api/v1/items/42?{others}tenant=t-{index:05}"))
        },
        hits: true,
        floor: Floor::None,
        goal: None,
        is_flat: false,
    },
];

impl Workload {
    /// The routes that the requests are for.
    pub fn targets(&self, size: usize) -> impl Iterator<Item = usize> {
        let is_last = self.name == "X1";
        numbers(size).take(REQUESTS).map(move |number| if is_last { size - 1 } else { number })
    }
}

/// The path of a service.
#[must_use]
pub fn service(index: usize) -> String {
    format!("/api/v1/svc-{index:05}")
}

fn prefix(path: &str) -> Value {
    json!({"path": {"type": "PathPrefix", "value": path}})
}

fn tenant(index: usize) -> [(&'static str, String); 3] {
    [("x-tenant", format!("t-{index:05}")), ("x-env", "prod".into()), ("x-api-version", format!("v{}", index % 4 + 1))]
}

fn shop(index: usize) -> String {
    format!("shop-{:05}.example.com", index / 10)
}

/// A name of two labels with one character each, so that 125 more fit in front of it.
fn short(index: usize) -> String {
    let character = |digit: usize| std::char::from_digit(digit as u32 % 36, 36).unwrap_or_default();
    format!("{}.{}", character(index), character(index / 36))
}

fn mixed(index: usize) -> Value {
    let kind = index % 10;
    let mut matches = prefix(&format!("/part-{kind}"));
    match kind {
        6 => return json!({"path": {"type": "Exact", "value": "/exact/path"}}),
        7 => matches["method"] = json!("POST"),
        8 => matches["headers"] = json!([{"name": "x-beta", "value": "yes"}]),
        9 => matches["queryParams"] = json!([{"name": "variant", "value": "blue"}]),
        _ => {}
    }
    matches
}
