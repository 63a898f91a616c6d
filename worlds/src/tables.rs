//! Law 5 of gwapi-match: a table answers as the reference does, to requests and to connections, at Gateways and in a mesh.

use std::net::IpAddr;

use gwapi_core::{Feature, ObjectKey, Resolution};
use gwapi_match::{
    Table, Tables, compile,
    connect::{Arrival, HttpConnection, Transport},
    explain::{Explanation, explain, explain_connection, explain_mesh},
    head::{HeadParts, Reject, RequestHead},
    mesh::{Destination, MeshArrival},
};

use crate::{
    Case, Coverage, Group, InMesh, Request,
    agree::{agree, agree_in_mesh, agree_on_keys},
    request_coverage::count_explanation,
};

/// The seed of the tables; answers do not depend on it.
pub(crate) const SEED: u64 = 0x5eed;

/// The head of a request whose headers are these lines.
pub(crate) type Head<'r> = RequestHead<'r, [(&'r [u8], &'r [u8])]>;

impl Request {
    /// The connection that it comes on.
    pub(crate) fn arrival(&self) -> Arrival<'_> {
        match &self.tls {
            _ if self.is_udp => Arrival::udp(self.port),
            None => Arrival::plain(self.port),
            Some(server_name) => Arrival::tls(self.port, server_name.as_deref()),
        }
    }

    /// The connection as a mesh sees it.
    pub(crate) fn in_mesh(&self) -> Option<MeshArrival<'_>> {
        let InMesh { client, destination } = self.mesh.as_ref()?;
        let address = destination.parse::<IpAddr>().ok();
        let destination = address.map_or(Destination::Name(destination), Destination::Address);
        let transport = if self.is_udp { Transport::Udp } else { Transport::Tcp };
        Some(MeshArrival { namespace: client, destination, port: self.port, transport })
    }

    /// Reads the head as a table does.
    pub(crate) fn head<T>(&self, table: &Table, ask: impl FnOnce(Result<&Head<'_>, Reject>) -> T) -> T {
        let mut lines: Vec<(&[u8], &[u8])> = self.headers.iter().map(|(name, value)| (&name[..], &value[..])).collect();
        lines.extend(self.host.as_ref().map(|host| (&b"host"[..], host.as_bytes())));
        let parts = HeadParts {
            method: &self.method,
            scheme: HttpConnection::of(&self.arrival()).scheme(),
            authority: self.authority.as_deref(),
            path_and_query: &self.target,
            headers: &lines[..],
        };
        ask(table.head(parts).as_ref().map_err(|reject| *reject))
    }
}

/// Checks the law in one case: every Gateway and the mesh answer every request as the reference says.
///
/// # Panics
/// If it does not hold.
pub fn law_5_table(case: &Case, coverage: &mut Coverage) {
    let resolution = case.resolve();
    let tables = compile(&resolution, SEED);
    crate::count_world(coverage, &resolution);
    for request in &case.requests {
        compare(&resolution, &tables, request, coverage);
    }
}

/// One request, asked of those tables that it is for, and of the reference.
pub(crate) fn compare(resolution: &Resolution, tables: &Tables, request: &Request, coverage: &mut Coverage) {
    for key in resolution.gateways.keys().filter(|key| request.is_for(key)) {
        coverage.total(Group::Requests);
        compare_at(resolution, tables, key, request, coverage);
    }
    if request.mesh.is_some() {
        coverage.total(Group::Requests);
        compare_in_mesh(resolution, tables, request, coverage);
    }
}

fn compare_at(resolution: &Resolution, tables: &Tables, gateway: &ObjectKey, request: &Request, coverage: &mut Coverage) {
    let Some(table) = tables.gateways.get(gateway) else {
        assert!(!resolution.gateways[gateway].is_accepted(), "{gateway} has no table");
        return coverage.count(Group::Requests, "no accepted Gateway");
    };
    assert!(resolution.gateways[gateway].is_accepted(), "{gateway} is not accepted and has a table");
    let arrival = request.arrival();
    if let Some(explanation) = explain_connection(resolution, gateway, &arrival) {
        agree(table, &arrival, None::<&Head<'_>>, &explanation);
        return conclude(resolution, &explanation, request, coverage);
    }
    request.head(table, |head| {
        let Ok(head) = head else { return coverage.count(Group::Requests, "rejected head") };
        let explanation = explain(resolution, gateway, &arrival, head).expect("an accepted Gateway");
        agree(table, &arrival, Some(head), &explanation);
        conclude(resolution, &explanation, request, coverage);
    });
}

fn compare_in_mesh(resolution: &Resolution, tables: &Tables, request: &Request, coverage: &mut Coverage) {
    let Some(arrival) = request.in_mesh() else { return };
    let Some(mesh) = tables.mesh.as_deref() else {
        assert!(!resolution.controller.features.has(Feature::Mesh), "there is no mesh");
        return coverage.count(Group::Requests, "no mesh");
    };
    if let Some(explanation) = explain_mesh::<[(&[u8], &[u8])]>(resolution, &arrival, None) {
        agree_in_mesh(mesh, &arrival, None::<&Head<'_>>, &explanation);
        return conclude(resolution, &explanation, request, coverage);
    }
    request.head(mesh.table(), |head| {
        let Ok(head) = head else { return coverage.count(Group::Requests, "rejected head") };
        let explanation = explain_mesh(resolution, &arrival, Some(head)).expect("a mesh");
        agree_in_mesh(mesh, &arrival, Some(head), &explanation);
        conclude(resolution, &explanation, request, coverage);
    });
}

fn conclude(resolution: &Resolution, explanation: &Explanation<'_>, request: &Request, coverage: &mut Coverage) {
    agree_on_keys(explanation, &resolution.controller.choices);
    count_explanation(coverage, explanation, request);
}
