//! What requests and connections are asked of.

use gwapi_core::{Resolution, model, name::ObjectKey};
use gwapi_match::{
    Table, Tables, compile,
    connect::{Arrival, Transport},
    explain::{explain, explain_connection, explain_mesh},
    head::HeadParts,
    mesh::{Destination, MeshArrival},
    report::DecisionReport,
};
use http::HeaderMap;

use crate::{
    name::gateway_key,
    target::{Scheme, Target},
};

/// What requests are asked of.
pub struct World {
    resolution: Resolution,
    tables: Tables,
}

/// Whom a request is asked of, and how.
#[derive(Clone, Copy, Debug, Default)]
pub struct Whom<'a> {
    /// Only this Gateway, `NAMESPACE/NAME`; without it, every one that serves the port answers.
    pub gateway: Option<&'a str>,
    /// The mesh, as a client in this namespace.
    pub from: Option<&'a str>,
    /// A place between 0 and 1 that picks one of several backends.
    pub sample: Option<f64>,
}

impl World {
    /// The tables of a graph beside it.
    #[must_use]
    pub fn of(resolution: Resolution) -> Self {
        Self { tables: compile(&resolution, 0), resolution }
    }

    /// What becomes of a request or connection, with all candidates: one report for each Gateway, in the order of their keys.
    ///
    /// # Errors
    /// If nobody can be asked.
    pub fn answer(&self, target: &Target, whom: Whom<'_>) -> Result<Vec<DecisionReport>, String> {
        if let Some(namespace) = whom.from {
            return Ok(vec![self.ask_mesh(namespace, target, whom.sample)?]);
        }
        let tables = self.asked(whom.gateway, target.port)?;
        Ok(tables.into_iter().map(|table| self.ask(table, target, whom.sample)).collect())
    }

    /// The Gateways that answer, in the order of their keys.
    fn asked(&self, gateway: Option<&str>, port: u16) -> Result<Vec<&Table>, String> {
        let has_port = |table: &&Table| table.ports().any(|served| served.number == port);
        let tables = || self.tables.gateways.values().map(AsRef::as_ref);
        let Some(gateway) = gateway else {
            let asked: Vec<&Table> = tables().filter(has_port).collect();
            return if asked.is_empty() { Err(format!("no Gateway serves port {port}{}", served(tables()))) } else { Ok(asked) };
        };
        let key = gateway_key(gateway)?;
        let table = self.tables.gateways.get(&key).ok_or_else(|| self.why_not(&key))?;
        let asked = Some(table.as_ref()).filter(has_port);
        asked.map(|table| vec![table]).ok_or_else(|| format!("{key} does not serve port {port}{}", served([table.as_ref()])))
    }

    fn why_not(&self, key: &ObjectKey) -> String {
        match (self.resolution.gateways.get(key), self.resolution.unclaimed.get(key)) {
            (Some(_), _) => format!("{key} is not accepted, so nothing is served; `gwapi check` says why"),
            (None, Some(why)) => why.to_string(),
            (None, None) => format!("{key} does not exist"),
        }
    }

    fn ask(&self, table: &Table, target: &Target, sample: Option<f64>) -> DecisionReport {
        let arrival = match target.scheme {
            Scheme::Https | Scheme::Tls => Arrival::tls(target.port, target.sni.as_deref()),
            Scheme::Http | Scheme::Tcp => Arrival::plain(target.port),
            Scheme::Udp => Arrival::udp(target.port),
        };
        let mut report = DecisionReport::ask(table, &arrival, parts(target), sample);
        if let Some(gateway) = table.gateway() {
            let of_requests = table.head(parts(target)).ok().and_then(|head| explain(&self.resolution, gateway, &arrival, &head));
            let of_connection = || explain_connection(&self.resolution, gateway, &arrival);
            if let Some(explanation) = of_connection().or(of_requests) {
                report = report.because(&explanation);
            }
        }
        report
    }

    fn ask_mesh(&self, namespace: &str, target: &Target, sample: Option<f64>) -> Result<DecisionReport, String> {
        let mesh = self.tables.mesh.as_ref().ok_or("there is no mesh: no route has a Service for a parent")?;
        let host = target.host.as_deref().ok_or("in a mesh the host is that of a Service, such as http://cart.shop")?;
        let transport = if target.scheme == Scheme::Udp { Transport::Udp } else { Transport::Tcp };
        let arrival = MeshArrival { namespace, destination: Destination::Name(host), port: target.port, transport };
        let report = DecisionReport::ask_mesh(mesh, &arrival, Some(parts(target)), sample);
        let mut report = report.ok_or_else(|| format!("nothing is known of {host}"))?;
        let head = mesh.table().head(parts(target)).ok();
        if let Some(explanation) = explain_mesh(&self.resolution, &arrival, head.as_ref()) {
            report = report.because(&explanation);
        }
        Ok(report)
    }
}

fn parts(target: &Target) -> HeadParts<'_, HeaderMap> {
    HeadParts {
        method: &target.method,
        scheme: if target.scheme == Scheme::Https { model::Scheme::Https } else { model::Scheme::Http },
        authority: None,
        path_and_query: &target.path,
        headers: &target.headers,
    }
}

fn served<'a>(tables: impl IntoIterator<Item = &'a Table>) -> String {
    let mut ports: Vec<u16> =
        tables.into_iter().flat_map(|table| table.ports().map(|port| port.number).collect::<Vec<_>>()).collect();
    ports.sort_unstable();
    ports.dedup();
    match ports.as_slice() {
        [] => "; none is served".into(),
        ports => format!("; served are {}", ports.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")),
    }
}
