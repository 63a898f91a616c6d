//! Random worlds and requests. The vocabulary is small on purpose, so that everything meets everything.

use gwapi_core::{
    Controller, Pattern,
    choices::{RegexRank, RepeatedQuery, ZeroWeights},
    features::{Feature, SupportedFeatures},
    model::{BackendRef, Filter, HeaderName, HttpMatch, HttpRule, Listener, Method, PathMatch, Route, ValueMatch, ValueMatcher},
};
use proptest::{collection::vec, option, prelude::*, sample::select};

use super::{RouteExt, backend, extension, http, https, invalid, mirror, redirect, route, rule};

/// What a Gateway and its controller are made of.
#[derive(Clone, Debug)]
pub struct Setting {
    pub controller: Controller,
    pub listeners: Vec<Listener>,
    pub routes: Vec<Route>,
}

/// A request and the connection that it comes on.
#[derive(Clone, Debug)]
pub struct RandomRequest {
    pub method: &'static str,
    pub port: u16,
    pub tls: Option<Option<&'static str>>,
    pub host: Option<&'static str>,
    pub target: String,
    pub headers: Vec<(&'static str, &'static str)>,
}

impl RandomRequest {
    pub fn as_request(&self) -> super::Request<'_> {
        super::Request {
            method: self.method,
            port: self.port,
            tls: self.tls,
            host: self.host,
            target: &self.target,
            headers: self.headers.clone(),
        }
    }
}

/// Nested, so that listeners isolate, hostnames fall through, and intersections of different hostnames are the same.
const HOSTNAMES: [&str; 8] =
    ["", "*.example", "a.example", "*.a.example", "b.a.example", "*.b.a.example", "c.b.a.example", "*.test"];

const HOSTS: [&str; 10] = [
    "a.example",
    "b.a.example",
    "b.a.example",
    "c.b.a.example",
    "d.c.b.a.example",
    "x.test",
    "A.Example.:8080",
    "example",
    "x_y.a.example",
    "unknown",
];

pub fn setting() -> impl Strategy<Value = Setting> {
    (controller(), vec(listener(), 1..6), vec(random_route(), 0..6)).prop_map(|(controller, makers, mut routes)| {
        for (number, route) in routes.iter_mut().enumerate() {
            // `shop-b/…` sorts before `shop/…` although its namespace sorts behind.
            let namespace = if number % 3 == 0 { "shop-b" } else { "shop" };
            route.meta.key = super::key("HTTPRoute", &format!("{namespace}/r{number}"));
        }
        let listeners = makers.into_iter().enumerate().map(|(number, make)| make.build(&format!("l{number}"))).collect();
        Setting { controller, listeners, routes }
    })
}

fn controller() -> impl Strategy<Value = Controller> {
    (any::<bool>(), any::<bool>(), any::<bool>(), any::<bool>()).prop_map(|(misdirected, before, last, error)| {
        let mut controller = Controller::default();
        if !misdirected {
            controller.features = SupportedFeatures::built().without(Feature::GatewayHTTPSListenerDetectMisdirectedRequests);
        }
        controller.choices.regex_rank = if before { RegexRank::BeforePrefix } else { RegexRank::AfterPrefix };
        controller.choices.repeated_query = if last { RepeatedQuery::Last } else { RepeatedQuery::First };
        controller.choices.zero_weights = if error { ZeroWeights::InternalError } else { ZeroWeights::Unavailable };
        controller
    })
}

#[derive(Clone, Debug)]
struct ListenerMaker {
    place: Place,
    hostname: &'static str,
}

#[derive(Clone, Copy, Debug)]
enum Place {
    Http,
    OtherPort,
    Https,
    /// Without a certificate, so that it is not served.
    Broken,
}

impl ListenerMaker {
    fn build(&self, name: &str) -> Listener {
        match self.place {
            Place::Http => http(name, 80, self.hostname),
            Place::OtherPort => http(name, 8080, self.hostname),
            Place::Https => https(name, 443, self.hostname),
            Place::Broken => Listener { tls: None, ..https(name, 443, self.hostname) },
        }
    }
}

fn listener() -> impl Strategy<Value = ListenerMaker> {
    let place =
        prop_oneof![5 => Just(Place::Http), 1 => Just(Place::OtherPort), 5 => Just(Place::Https), 1 => Just(Place::Broken)];
    let hostname = prop_oneof![2 => Just(""), 5 => select(&HOSTNAMES[..])];
    (place, hostname).prop_map(|(place, hostname)| ListenerMaker { place, hostname })
}

fn random_route() -> impl Strategy<Value = Route> {
    let sections = vec(option::weighted(0.3, select(&["l0", "l1", "l2", "l9"][..])), 1..3);
    let hostnames = vec(select(&HOSTNAMES[1..]), 0..4);
    let age = option::weighted(0.8, 1_i64..3);
    let is_bad = prop::bool::weighted(0.05);
    (sections, hostnames, age, vec(random_rule(), 0..4), is_bad).prop_map(|(sections, hostnames, age, rules, is_bad)| {
        let mut route = hostnames.into_iter().fold(route("named-later").age(age), RouteExt::host);
        let parent = route.parent_refs[0].clone();
        let parent_ref = |section: Option<&str>| {
            let mut parent = parent.clone();
            parent.section_name = section.map(Into::into);
            parent
        };
        route.parent_refs = sections.into_iter().map(parent_ref).collect();
        route.invalid = if is_bad { vec![invalid()] } else { Vec::new() };
        rules.into_iter().fold(route, RouteExt::rule)
    })
}

fn random_rule() -> impl Strategy<Value = HttpRule> {
    let backends = vec((select(&["a", "b", "missing"][..]), 0_u32..4, filters()), 0..4);
    (vec(random_match(), 1..4), backends, filters(), prop::bool::weighted(0.1)).prop_map(
        |(matches, backends, filters, is_bad)| {
            let backend_refs = backends
                .into_iter()
                .map(|(service, weight, filters)| BackendRef { filters, ..backend(service, weight) })
                .collect();
            let invalid = if is_bad { vec![invalid()] } else { Vec::new() };
            HttpRule { matches, filters, backend_refs, invalid, ..rule([]) }
        },
    )
}

fn filters() -> impl Strategy<Value = Vec<Filter>> {
    prop_oneof![
        6 => Just(vec![]),
        1 => Just(vec![Filter::RequestRedirect(redirect())]),
        1 => Just(vec![extension()]),
        1 => Just(vec![mirror("a")]),
        1 => Just(vec![Filter::RequestRedirect(redirect()), extension()]),
    ]
}

fn pattern(source: &str) -> Pattern {
    Pattern::parse(source).unwrap()
}

fn random_match() -> impl Strategy<Value = HttpMatch> {
    let method = option::weighted(0.3, select(&[Method::Get, Method::Post][..]));
    let header =
        (select(&["a", "b", "c", "cookie", "host", "set-cookie"][..]), value(&["1", "1,2", "1; 2", "a.example"], "1|1[,;].*"))
            .prop_map(|(name, value)| ValueMatch { name: HeaderName::parse(name).unwrap(), value });
    let query = (select(&["q", "Q", "r s"][..]), value(&["1", "a b", ""], "1|a.*"))
        .prop_map(|(name, value)| ValueMatch { name: name.into(), value });
    (path(), method, few(header), few(query)).prop_map(|(path, method, mut headers, mut query)| {
        // The model keeps the first of equal names (F-012, F-016).
        headers.dedup_by(|one, other| one.name == other.name);
        query.dedup_by(|one, other| one.name == other.name);
        HttpMatch { path, method, headers, query }
    })
}

fn few<T: std::fmt::Debug>(one: impl Strategy<Value = T>) -> impl Strategy<Value = Vec<T>> {
    let number = prop_oneof![6 => Just(0_usize), 2 => Just(1), 1 => Just(2)];
    (number, vec(one, 2)).prop_map(|(number, mut all)| {
        all.truncate(number);
        all
    })
}

fn path() -> impl Strategy<Value = PathMatch> {
    // Compiled once: a strategy draws thousands of paths.
    let patterns = ["/x.*", "/[xy]/?", "/x|/x/y", "/.*"].map(|source| PathMatch::Regex(pattern(source)));
    prop_oneof![
        2 => select(&["/", "/x", "/x/y", "/x/"][..]).prop_map(|text| PathMatch::Exact(text.into())),
        5 => select(&["/", "/x", "/y", "/x/y", "/xy"][..]).prop_map(|text| PathMatch::Prefix(text.into())),
        2 => select(patterns.to_vec()),
    ]
}

fn value(exact: &'static [&'static str], source: &str) -> impl Strategy<Value = ValueMatcher> + use<> {
    prop_oneof![
        3 => select(exact).prop_map(|text| ValueMatcher::Exact(text.into())),
        1 => Just(ValueMatcher::Regex(pattern(source))),
    ]
}

pub fn request() -> impl Strategy<Value = RandomRequest> {
    let host = || prop_oneof![1 => Just(None), 12 => select(&HOSTS[..]).prop_map(Some)];
    let port = prop_oneof![8 => Just((80, false)), 2 => Just((8080, false)), 8 => Just((443, true)), 1 => Just((443, false)), 1 => Just((81, false))];
    // On most connections host and server name agree.
    let names = prop_oneof![2 => host().prop_map(|host| (host, host)), 1 => (host(), host())];
    let path = select(&["/", "/x", "/x/", "/x/y", "/x/y/z", "/xy", "/y", "/z", "/X", "/x%2Fy", "//x", "/%78"][..]);
    let query = select(&["", "?q=1", "?q=2&q=1", "?Q=1&q=a+b", "?r%20s=1", "?q", "?q=a%20b&r+s=a", "?&q=%", "?q=%FF"][..]);
    let header = (select(&["a", "A", "b", "c", "cookie", "set-cookie"][..]), select(&["1", "2", "1,2", "1, 2", ""][..]));
    (select(&["GET", "POST", "PUT", "get"][..]), port, names, path, query, vec(header, 0..4)).prop_map(
        |(method, (port, is_tls), (host, server_name), path, query, headers)| RandomRequest {
            method,
            port,
            tls: is_tls.then_some(server_name),
            host,
            target: format!("{path}{query}"),
            headers,
        },
    )
}
