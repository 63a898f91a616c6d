//! What becomes of a request in the end, with everything that comes after the decision.

use gwapi_match::{Table, connect::HttpConnection, head::HeadParts, mesh::Mesh, report::DecisionReport};
use http::{HeaderMap, HeaderName, HeaderValue};

use crate::Request;

impl Request {
    /// What a Gateway does with the request, with everything that comes after the decision, as JSON.
    pub(crate) fn answer(&self, table: &Table) -> String {
        let arrival = self.arrival();
        let headers = self.header_map();
        let report = DecisionReport::ask(table, &arrival, self.parts(&headers), Some(0.3));
        serde_json::to_string(&report).expect("a report is JSON")
    }

    /// What a mesh does with it.
    pub(crate) fn answer_in(&self, mesh: &Mesh) -> String {
        let Some(arrival) = self.in_mesh() else { return String::new() };
        let headers = self.header_map();
        let report = DecisionReport::ask_mesh(mesh, &arrival, Some(self.parts(&headers)), Some(0.3));
        serde_json::to_string(&report).expect("a report is JSON")
    }

    fn header_map(&self) -> HeaderMap {
        let mut headers = HeaderMap::new();
        let lines = self.headers.iter().map(|(name, value)| (&name[..], &value[..]));
        for (name, value) in lines.chain(self.host.iter().map(|host| (&b"host"[..], host.as_bytes()))) {
            if let (Ok(name), Ok(value)) = (HeaderName::from_bytes(name), HeaderValue::from_bytes(value)) {
                headers.append(name, value);
            }
        }
        headers
    }

    fn parts<'r>(&'r self, headers: &'r HeaderMap) -> HeadParts<'r, HeaderMap> {
        HeadParts {
            method: &self.method,
            scheme: HttpConnection::of(&self.arrival()).scheme(),
            authority: self.authority.as_deref(),
            path_and_query: &self.target,
            headers,
        }
    }
}
