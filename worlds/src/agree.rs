//! Whether a table and the reference say the same (law 5): for the laws here, the tests of gwapi-match and the fuzz targets.

use gwapi_core::{choices::Choices, resolution::RuleMatches};
use gwapi_match::{
    Routed, Table,
    connect::{Admission, Arrival, Connection, HttpConnection},
    decision::{Decision, L4Outcome, L4Picked, Outcome, Picked},
    explain::{Answer, Candidate, Explanation, Placement, Share, Verdict},
    head::RequestHead,
    headers::Headers,
    mesh::{Mesh, MeshArrival, MeshConnection},
    precedence::{Key, Precedence},
};

/// A connection to a Gateway, and the request on it if requests follow.
///
/// # Panics
/// If the two differ.
pub fn agree<H: Headers + ?Sized>(
    table: &Table,
    arrival: &Arrival<'_>,
    head: Option<&RequestHead<'_, H>>,
    explanation: &Explanation<'_>,
) {
    match table.connect(arrival) {
        Connection::L4 { routed, tls } => {
            let Placement::Listener(listener) = explanation.admission else { panic!("{:?}", explanation.admission) };
            assert_eq!(
                tls.is_some(),
                arrival.tls.is_some() && listener.protocol.is_tls() && !listener.passthrough,
                "TLS is ended"
            );
            agree_on_connection(table, routed, explanation);
        }
        Connection::Refuse(why) => assert_eq!(explanation.verdict, Verdict::Refused(why)),
        Connection::Http { connection, tls } => {
            assert_eq!(tls.is_some(), arrival.tls.is_some(), "TLS is ended");
            agree_on_request(table, &connection, head.expect("the reference says that no requests follow"), explanation);
        }
    }
}

fn agree_on_request<H: Headers + ?Sized>(
    table: &Table,
    connection: &HttpConnection,
    head: &RequestHead<'_, H>,
    explanation: &Explanation<'_>,
) {
    let id = match (table.admit(connection, head), explanation.admission) {
        (Admission::Listener { id, filters }, Placement::Listener(listener)) => {
            let served = table.listener(id).expect("its own listener");
            assert_eq!((&served.key, &served.hostname), (&listener.key, &listener.hostname));
            assert_eq!(filters, listener.filters);
            id
        }
        (Admission::Misdirected, Placement::Misdirected) | (Admission::NotFound, Placement::NotFound) => return,
        other => panic!("the table and the reference admit differently: {other:?}"),
    };
    agree_on_decision(&table.decision(table.route(id, head)).expect("its own answer"), head, explanation);
}

/// A connection in a mesh, and the request on it if requests follow.
///
/// # Panics
/// If the two differ.
pub fn agree_in_mesh<H: Headers + ?Sized>(
    mesh: &Mesh,
    arrival: &MeshArrival<'_>,
    head: Option<&RequestHead<'_, H>>,
    explanation: &Explanation<'_>,
) {
    match (mesh.connect(arrival), explanation.admission) {
        (MeshConnection::PassThrough, Placement::PassThrough) => {}
        (MeshConnection::Refuse(why), Placement::Service(_)) => assert_eq!(explanation.verdict, Verdict::Refused(why)),
        (MeshConnection::L4 { routed }, Placement::Service(_)) => agree_on_connection(mesh.table(), routed, explanation),
        (MeshConnection::Http { id, listener }, Placement::Service(place)) => {
            let expected = (&place.service.key, place.port, Some(place.scope));
            assert_eq!((&listener.key.parent, listener.port, listener.clients.as_ref()), expected);
            let head = head.expect("the reference says that no requests follow");
            agree_on_decision(&mesh.table().decision(mesh.table().route(id, head)).expect("its own answer"), head, explanation);
        }
        other => panic!("the table and the reference admit differently: {other:?}"),
    }
}

fn agree_on_decision<H: Headers + ?Sized>(decision: &Decision<'_>, head: &RequestHead<'_, H>, explanation: &Explanation<'_>) {
    let chosen = decision.rule.map(|one| (one.route, one.rule.index, one.match_index, one.hostname));
    let expected = explanation.winner().map(|one| (one.route.key(), one.rule.index, one.match_index, one.hostname));
    assert_eq!(chosen, expected, "the rule of the table, and that of the reference");
    match (&decision.outcome, &explanation.verdict) {
        (Outcome::Redirect(one), Verdict::Redirect(other)) => assert_eq!(one, other),
        (Outcome::Respond { status, .. }, Verdict::Respond(other)) => assert_eq!(status, other),
        (Outcome::Forward(forward), Verdict::Split(shares)) => {
            agree_on_shares(shares, forward.split.total(), |point, answer| match (forward.at(point), answer) {
                (Picked::Backend { target: one, .. }, Answer::Backend(other)) => assert_eq!(one, other),
                (Picked::Redirect { redirect: one, .. }, Answer::Redirect(other)) => assert_eq!(one, other),
                (Picked::Respond { status: one, .. }, Answer::Respond(other)) => assert_eq!(one, other),
                other => panic!("the table and the reference do different things: {other:?}"),
            });
        }
        other => panic!("the table and the reference do different things: {other:?}"),
    }
    let code = match decision.outcome {
        Outcome::Respond { why, .. } if head.is_grpc() => Some(why.grpc_code()),
        _ => None,
    };
    assert_eq!(code, explanation.grpc_code, "the code of gRPC");
}

fn agree_on_connection(table: &Table, routed: Routed, explanation: &Explanation<'_>) {
    let decision = table.l4(routed).expect("its own answer");
    assert!(table.decision(routed).is_none(), "it is no answer to a request");
    let chosen = (decision.rule.route, decision.rule.rule.index, decision.rule.hostname);
    let expected = explanation.winner().map(|one| (one.route.key(), one.rule.index, one.hostname));
    assert_eq!(Some(chosen), expected, "the rule of the table, and that of the reference");
    match (&decision.outcome, &explanation.verdict) {
        (L4Outcome::Reject(_), Verdict::Reject) => {}
        (L4Outcome::Forward(forward), Verdict::Split(shares)) => {
            agree_on_shares(shares, forward.split.total(), |point, answer| match (decision.at(point), answer) {
                (L4Picked::Backend { target: one, .. }, Answer::Backend(other)) => assert_eq!(one, other),
                (L4Picked::Reject(_), Answer::Reject) => {}
                other => panic!("the table and the reference do different things: {other:?}"),
            });
        }
        other => panic!("the table and the reference do different things: {other:?}"),
    }
}

/// So many points of a share are looked at, its first and its last among them: weights go to a million.
const POINTS: u32 = 128;

/// The points of every share (law 8).
fn agree_on_shares(shares: &[Share<'_>], total: u32, agree: impl Fn(u32, Answer<'_>)) {
    let mut start = 0;
    for share in shares.iter().filter(|share| share.weight > 0) {
        let last = start + (share.weight - 1);
        let between = (start..last).step_by(share.weight.div_ceil(POINTS) as usize);
        between.chain([last]).for_each(|point| agree(point, share.answer));
        start += share.weight;
    }
    assert_eq!(start, total, "the sum of the weights");
}

/// The order as one struct and the order as a list of sentences are the same, and name the same key.
///
/// # Panics
/// If they differ.
pub fn agree_on_keys(explanation: &Explanation<'_>, choices: &Choices) {
    let precedence = |one: &Candidate<'_>| {
        let (seniority, place) = (one.route.route.meta.seniority(), (one.rule.index, one.match_index));
        match &one.rule.matches {
            RuleMatches::Http(matches) => {
                Precedence::of_http(one.hostname, &matches[one.match_index], choices.regex_rank, &seniority, place)
            }
            RuleMatches::Grpc(matches) => Precedence::of_grpc(one.hostname, &matches[one.match_index], &seniority, place),
            RuleMatches::L4 => Precedence::of_l4(one.hostname, &seniority, one.rule.index),
        }
    };
    let matching = explanation.candidates.iter().filter(|one| one.failure.is_none());
    let places: Vec<Precedence> = matching.map(precedence).collect();
    let keys: Vec<_> = places.windows(2).filter_map(|pair| pair[0].deciding_key(&pair[1])).collect();
    assert_eq!(keys, explanation.decided_by);
    // Kinds do not compete.
    let competing = |pair: &[Precedence]| pair[0].deciding_key(&pair[1]) != Some(Key::Kind);
    assert!(places.windows(2).filter(|pair| competing(pair)).all(|pair| pair[0] <= pair[1]), "{places:?}");
}
