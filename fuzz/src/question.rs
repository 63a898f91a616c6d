//! Requests and connections that tables and the reference are asked about.

use std::borrow::Cow;

use gwapi_core::{
    Hostname, RequestHost, Resolution,
    model::{GrpcMatch, HeaderName, HttpMatch, PathMatch, Scheme, ValueMatch, ValueMatcher},
    resolution::{ResolvedRoute, RuleMatches},
};
use gwapi_match::{
    Carries, Table,
    connect::Arrival,
    head::{HeadParts, Reject, RequestHead},
};
use http::{HeaderMap, HeaderName as Name, HeaderValue};
use serde_json::Value;

/// A request's head, as the targets have it.
pub type Head<'r> = RequestHead<'r, HeaderMap>;

/// How many questions the rules of an input suggest, and how many ports each is asked at.
const SUGGESTED: usize = 24;
const PORTS: usize = 4;

/// A request, and the connection that it comes on.
#[derive(Clone, Debug)]
pub struct Question {
    pub method: String,
    pub path_and_query: String,
    pub authority: Option<String>,
    pub headers: HeaderMap,
    /// The port that it comes to; nothing means each that is served.
    pub port: Option<u16>,
    pub is_tls: bool,
    pub server_name: Option<String>,
    /// The headers of the backend's response.
    pub answer: HeaderMap,
}

impl Question {
    /// Reads an entry of `requests.yaml`.
    pub(crate) fn read(entry: &Value) -> Option<Self> {
        let url = entry["url"].as_str()?;
        let (scheme, rest) = url.split_once("://").unwrap_or(("http", url));
        let (authority, target) = rest.find(['/', '?', '*']).map_or((rest, "/"), |at| rest.split_at(at));
        let headers = headers(&entry["headers"]);
        let host = authority.rsplit_once(':').map_or(authority, |(host, _)| host);
        let port = authority.rsplit_once(':').and_then(|(_, port)| port.parse().ok());
        Some(Self {
            method: entry["method"].as_str().unwrap_or("GET").to_owned(),
            path_and_query: target.to_owned(),
            authority: (!authority.is_empty() && !headers.contains_key("host")).then(|| authority.to_owned()),
            port: entry["port"].as_u64().and_then(|port| u16::try_from(port).ok()).or(port),
            is_tls: scheme == "https" || scheme == "tls",
            server_name: Some(entry["sni"].as_str().unwrap_or(host).to_owned()),
            answer: self::headers(&entry["backendSetsHeaders"]),
            headers,
        })
    }

    /// What the rules of routes ask for, as far as that is easy to say: random requests would find few of them.
    pub(crate) fn suggested(resolution: &Resolution) -> impl Iterator<Item = Self> {
        let listeners = resolution.gateways.values().flat_map(|gateway| &gateway.listeners);
        let of_listeners = listeners.map(|one| Self::to(one.hostname.as_ref(), "/".to_owned()));
        of_listeners.chain(resolution.routes.values().flat_map(|route| of_route(route))).take(SUGGESTED)
    }

    fn to(hostname: Option<&Hostname>, path_and_query: String) -> Self {
        let host = hostname.map_or(Cow::Borrowed("other.example"), |name| match name.wildcard_suffix() {
            Some(suffix) => Cow::Owned(format!("any{suffix}")),
            None => Cow::Borrowed(name.as_str()),
        });
        Self {
            method: "GET".to_owned(),
            path_and_query,
            authority: Some(host.to_string()),
            headers: HeaderMap::new(),
            port: None,
            is_tls: false,
            server_name: Some(host.into_owned()),
            answer: HeaderMap::new(),
        }
    }

    /// The connections to a Gateway that it can come on.
    pub fn arrivals(&self, table: &Table) -> Vec<Arrival<'_>> {
        let name = self.server_name.as_deref();
        if let Some(port) = self.port {
            return vec![if self.is_tls { Arrival::tls(port, name) } else { Arrival::plain(port) }, Arrival::udp(port)];
        }
        let arrival = |port: gwapi_match::Port| match port.carries {
            Carries::Http | Carries::Tcp => Arrival::plain(port.number),
            Carries::Tls => Arrival::tls(port.number, name),
            Carries::Udp => Arrival::udp(port.number),
        };
        table.ports().map(arrival).take(PORTS).collect()
    }

    /// Its head, as it comes on a connection.
    pub fn parts(&self, is_tls: bool) -> HeadParts<'_, HeaderMap> {
        HeadParts {
            method: &self.method,
            scheme: if is_tls { Scheme::Https } else { Scheme::Http },
            authority: self.authority.as_deref(),
            path_and_query: &self.path_and_query,
            headers: &self.headers,
        }
    }

    /// The same, in normal form. Who is refused is told 400.
    pub fn head(&self, table: &Table, is_tls: bool) -> Option<Head<'_>> {
        match table.head(self.parts(is_tls)) {
            Ok(head) => Some(head),
            Err(Reject { status, .. }) => {
                assert_eq!(status, 400);
                None
            }
        }
    }

    /// The name of a Service that it goes to in a mesh, and the namespace that it comes from.
    #[must_use]
    pub fn in_mesh(&self) -> Option<(String, u16)> {
        let host = RequestHost::parse(self.authority.as_deref()?)?;
        Some((host.into_owned(), self.port.unwrap_or(80)))
    }
}

fn headers(value: &Value) -> HeaderMap {
    let mut map = HeaderMap::new();
    let texts = |value: &Value| match value {
        Value::Array(lines) => lines.iter().map(text).collect(),
        other => vec![text(other)],
    };
    for (name, value) in value.as_object().into_iter().flatten().take(64) {
        let Ok(name) = Name::from_bytes(name.as_bytes()) else { continue };
        for line in texts(value) {
            if let Ok(value) = HeaderValue::from_bytes(line.as_bytes()) {
                map.append(name.clone(), value);
            }
        }
    }
    map
}

fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn of_route(route: &ResolvedRoute) -> Vec<Question> {
    let mut hostnames: Vec<_> = route.route.hostnames.iter().filter_map(|name| name.as_ref().ok()).map(Some).take(2).collect();
    hostnames.extend(hostnames.is_empty().then_some(None));
    let mut questions = Vec::new();
    for hostname in hostnames {
        for rule in route.rules.iter().take(8) {
            match &rule.matches {
                RuleMatches::Http(matches) => questions.extend(matches.iter().take(4).map(|one| of_http(hostname, one))),
                RuleMatches::Grpc(matches) => questions.extend(matches.iter().take(4).map(|one| of_grpc(hostname, one))),
                RuleMatches::L4 => questions.push(Question::to(hostname, "/".to_owned())),
            }
        }
    }
    questions
}

fn of_http(hostname: Option<&Hostname>, one: &HttpMatch) -> Question {
    let path = match &one.path {
        PathMatch::Exact(path) => path.to_string(),
        PathMatch::Prefix(path) => format!("{}/below", path.trim_end_matches('/')),
        PathMatch::Regex(_) => "/a1".to_owned(),
    };
    let pairs: Vec<String> = one.query.iter().map(|one| format!("{}={}", one.name, exact(&one.value))).collect();
    let query = if pairs.is_empty() { String::new() } else { format!("?{}", pairs.join("&")) };
    let mut question = Question::to(hostname, path + &query);
    question.method = one.method.map_or("GET", |method| method.as_str()).to_owned();
    add_headers(&mut question, &one.headers);
    question
}

fn of_grpc(hostname: Option<&Hostname>, one: &GrpcMatch) -> Question {
    let part = |part: Option<&ValueMatcher>| part.map_or("any", exact).to_owned();
    let method = one.method.as_ref();
    let service = part(method.and_then(|method| method.service.as_ref()));
    let name = part(method.and_then(|method| method.method.as_ref()));
    let mut question = Question::to(hostname, format!("/{service}/{name}"));
    question.method = "POST".to_owned();
    question.headers.insert("content-type", HeaderValue::from_static("application/grpc"));
    add_headers(&mut question, &one.headers);
    question
}

fn add_headers(question: &mut Question, matches: &[ValueMatch<HeaderName>]) {
    for one in matches {
        let (name, value) = (Name::from_bytes(one.name.as_str().as_bytes()), HeaderValue::from_str(exact(&one.value)));
        if let (Ok(name), Ok(value)) = (name, value) {
            question.headers.append(name, value);
        }
    }
}

fn exact(value: &ValueMatcher) -> &str {
    match value {
        ValueMatcher::Exact(text) => text,
        ValueMatcher::Regex(_) => "a1",
    }
}
