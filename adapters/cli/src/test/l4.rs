//! Connections and datagrams that carry no requests.

use gwapi_match::{
    Table,
    connect::{Arrival, Connection},
    decision::{L4Decision, L4Outcome, L4Picked},
    exchange::Outgoing,
};
use http::{HeaderMap, StatusCode};

use super::{
    case::Request,
    report::Failure,
    request::{Checks, Seen, SeenTls, World, check_answer, check_refused, check_shares, only_gateway, short},
};
use crate::input::gateway_key;

/// Checks a request of protocol tls, tcp or udp.
///
/// # Errors
/// If it is none that can be sent to a Gateway here.
pub(super) fn check(request: &Request, world: &World<'_>, checks: &mut Checks<'_>) -> Result<(), String> {
    let port = request.port.ok_or("a request of this protocol needs `port`")?;
    let gateway = match &request.gateway {
        Some(name) => gateway_key(name)?,
        None => only_gateway(world, port)?,
    };
    let arrival = match request.protocol.as_deref() {
        Some("udp") => Arrival::udp(port),
        Some("tls") => Arrival::tls(port, request.sni.as_deref()),
        _ => Arrival::plain(port),
    };
    let Some(table) = world.tables.gateways.get(&gateway) else {
        check_refused(&request.expect, &format!("{gateway} is not served"), checks);
        return Ok(());
    };
    match table.connect(&arrival) {
        Connection::Http { .. } => checks.add("connection", "one without requests", "one that carries HTTP"),
        Connection::Refuse(why) => check_refused(&request.expect, &format!("connection refused: {why:?}"), checks),
        Connection::L4 { routed, tls } => match table.l4(routed) {
            Some(decision) => check_decision(request, table, &decision, tls.is_none(), world, checks),
            None => checks.add("decision", "one", "the table does not know its own answer"),
        },
    }
    Ok(())
}

/// One of the backends with a weight must give what is expected. What nobody ends goes on with the client's own server name.
pub(super) fn check_decision(
    request: &Request,
    table: &Table,
    decision: &L4Decision<'_>,
    goes_on_as_it_is: bool,
    world: &World<'_>,
    checks: &mut Checks<'_>,
) {
    let forward = match decision.outcome {
        L4Outcome::Forward(forward) => forward,
        L4Outcome::Reject(why) => return check_refused(&request.expect, &format!("rejected: {why}"), checks),
    };
    check_shares(&request.expect, (forward.split.total(), forward.backends), world.pods, checks);
    let mut point = 0;
    let mut best: Option<Vec<Failure>> = None;
    for backend in forward.backends.iter().filter(|backend| backend.weight > 0) {
        let mut attempt = Checks { item: checks.item, index: checks.index, all: Vec::new() };
        match decision.at(point) {
            L4Picked::Reject(why) => check_refused(&request.expect, &format!("rejected: {why}"), &mut attempt),
            L4Picked::Backend { target, .. } => {
                let passed = request.sni.as_deref().filter(|_| goes_on_as_it_is).map(SeenTls::passed);
                let ours = table.backend_tls(target).ok().flatten().map(|plan| SeenTls::of(&plan));
                let nothing = Outgoing { path_and_query: String::new(), headers: HeaderMap::new() };
                let answer = Seen::answer(StatusCode::OK, HeaderMap::new(), String::new());
                let seen = Seen { backend: Some((short(&target.key), nothing)), tls: passed.or(ours), ..answer };
                check_answer(&request.expect, &seen, world.pods, &mut attempt);
            }
        }
        if attempt.all.is_empty() {
            return;
        }
        if best.as_ref().is_none_or(|best| attempt.all.len() < best.len()) {
            best = Some(attempt.all);
        }
        point += backend.weight;
    }
    checks.all.extend(best.unwrap_or_default());
}
