//! Whether a table and the reference say the same.

use gwapi_core::{choices::Choices, resolution::RuleMatches};
use gwapi_match::{
    Routed, Table,
    connect::{Admission, Arrival, Connection, HttpConnection},
    decision::{Decision, L4Decision, L4Outcome, L4Picked, Outcome, Picked},
    explain::{Answer, Candidate, Explanation, Placement, Verdict},
    mesh::{Mesh, MeshArrival, MeshConnection},
    precedence::{Key, Precedence},
};

use crate::tables::Head;

/// A connection to a Gateway, and a request on it where some follow.
pub(crate) fn agree(table: &Table, arrival: &Arrival<'_>, head: Option<&Head<'_>>, explanation: &Explanation<'_>) {
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

fn agree_on_request(table: &Table, connection: &HttpConnection, head: &Head<'_>, explanation: &Explanation<'_>) {
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

/// A connection in a mesh, and a request on it where some follow.
pub(crate) fn agree_in_mesh(mesh: &Mesh, arrival: &MeshArrival<'_>, head: Option<&Head<'_>>, explanation: &Explanation<'_>) {
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

fn agree_on_decision(decision: &Decision<'_>, head: &Head<'_>, explanation: &Explanation<'_>) {
    let chosen = decision.rule.map(|one| (one.route, one.rule.index, one.match_index, one.hostname));
    let expected = explanation.winner().map(|one| (one.route.key(), one.rule.index, one.match_index, one.hostname));
    assert_eq!(chosen, expected, "the rule of the table, and that of the reference");
    assert_eq!(done(decision), expected_of(&explanation.verdict), "what is done");
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
    assert_eq!(carried(&decision), expected_of(&explanation.verdict), "what is done");
}

/// The order as one struct and the order as a list of sentences are the same, and name the same key.
pub(crate) fn agree_on_keys(explanation: &Explanation<'_>, choices: &Choices) {
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

/// What becomes of each point of the split, or of every request.
fn done(decision: &Decision<'_>) -> Vec<String> {
    match decision.outcome {
        Outcome::Redirect(redirect) => vec![format!("{redirect:?}")],
        Outcome::Respond { status, .. } => vec![status.to_string()],
        Outcome::Forward(forward) => (0..forward.split.total())
            .map(|point| match forward.at(point) {
                Picked::Backend { target, .. } => format!("{target:?}"),
                Picked::Redirect { redirect, .. } => format!("{redirect:?}"),
                Picked::Respond { status, .. } => status.to_string(),
            })
            .collect(),
    }
}

fn carried(decision: &L4Decision<'_>) -> Vec<String> {
    match decision.outcome {
        L4Outcome::Reject(_) => vec!["rejected".to_owned()],
        L4Outcome::Forward(forward) => (0..forward.split.total())
            .map(|point| match decision.at(point) {
                L4Picked::Backend { target, .. } => format!("{target:?}"),
                L4Picked::Reject(_) => "rejected".to_owned(),
            })
            .collect(),
    }
}

fn expected_of(verdict: &Verdict<'_>) -> Vec<String> {
    match verdict {
        Verdict::Refused(why) => vec![format!("{why:?}")],
        Verdict::PassThrough => vec!["passed through".to_owned()],
        Verdict::Reject => vec!["rejected".to_owned()],
        Verdict::Redirect(redirect) => vec![format!("{redirect:?}")],
        Verdict::Respond(status) => vec![status.to_string()],
        Verdict::Split(shares) => shares
            .iter()
            .flat_map(|share| {
                let answer = match share.answer {
                    Answer::Backend(target) => format!("{target:?}"),
                    Answer::Redirect(redirect) => format!("{redirect:?}"),
                    Answer::Respond(status) => status.to_string(),
                    Answer::Reject => "rejected".to_owned(),
                };
                vec![answer; share.weight as usize]
            })
            .collect(),
    }
}
