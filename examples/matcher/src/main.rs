//! Which route serves a request? Objects as JSON in, decisions as JSON out: no server, no async, nothing but a function.
//!
//! ```sh
//! cargo run -p matcher
//! cargo run -p matcher -- http://shop.example.com/cart/7 http://shop.example.com/
//! ```

use std::error::Error;

use gwapi_core::{Controller, Object, Snapshot, model::Scheme, resolve};
use gwapi_match::{Tables, compile, connect::Arrival, head::HeadParts, report::DecisionReport};
use http::{HeaderMap, Uri};
use serde_json::Value;

const OBJECTS: &str = include_str!("../objects.json");
const URLS: [&str; 3] = ["http://shop.example.com/cart/7?x=1", "http://shop.example.com/", "http://elsewhere.example.com/"];

fn main() -> Result<(), Box<dyn Error>> {
    let tables = tables(OBJECTS)?;
    let given: Vec<String> = std::env::args().skip(1).collect();
    let urls: Vec<&str> = if given.is_empty() { URLS.to_vec() } else { given.iter().map(String::as_str).collect() };
    for url in urls {
        for decision in decide(&tables, url)? {
            println!("{url}\n{}", serde_json::to_string_pretty(&decision)?);
        }
    }
    Ok(())
}

/// From a list of objects to what is asked for every request. Only text that is not JSON is an error: an object that is wrong
/// says so in its status, and takes nothing else down.
fn tables(objects: &str) -> Result<Tables, serde_json::Error> {
    let objects: Vec<Value> = serde_json::from_str(objects)?;
    let snapshot: Snapshot = objects.iter().filter_map(|value| Object::from_json(value).object).collect();
    let resolution = resolve(&snapshot, &Controller::named("example.com/matcher"));
    // A server takes a random seed: tenants choose the keys of the maps. No answer depends on it.
    Ok(compile(&resolution, 0))
}

/// What each Gateway does with a GET of this URL, in clear text.
fn decide(tables: &Tables, url: &str) -> Result<Vec<DecisionReport>, Box<dyn Error>> {
    let uri: Uri = url.parse()?;
    let arrival = Arrival::plain(uri.port_u16().unwrap_or(80));
    let headers = HeaderMap::new();
    let parts = || HeadParts {
        method: "GET",
        scheme: Scheme::Http,
        authority: uri.authority().map(|authority| authority.as_str()),
        path_and_query: uri.path_and_query().map_or("/", |path| path.as_str()),
        headers: &headers,
    };
    Ok(tables.gateways.values().map(|table| DecisionReport::ask(table, &arrival, parts(), None)).collect())
}

#[cfg(test)]
mod tests {
    use gwapi_match::report::OutcomeKind;

    use super::*;

    fn ask(url: &str) -> DecisionReport {
        decide(&tables(OBJECTS).unwrap(), url).unwrap().remove(0)
    }

    #[test]
    fn the_longer_prefix_wins_and_its_filters_run() {
        let decision = ask("http://shop.example.com/cart/7?x=1");
        assert_eq!((decision.outcome, decision.rule), (OutcomeKind::Forward, Some(1)));
        assert_eq!(decision.request.unwrap().path, "/7?x=1");
        assert_eq!(decision.backends[0].backend.name.as_str(), "cart");
    }

    #[test]
    fn what_nobody_serves_is_not_found() {
        let decision = ask("http://elsewhere.example.com/");
        assert_eq!((decision.outcome, decision.status), (OutcomeKind::Respond, Some(404)));
    }
}
