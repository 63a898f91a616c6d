//! Objects and requests: an explanation has words, its keys are those of the order, and a report names the same rule; a mesh
//! answers as the reference (law 5).
#![no_main]

use gwapi_core::{ObjectKey, Resolution};
use gwapi_fuzz::{Case, Question};
use gwapi_match::{
    Table, compile,
    connect::{Arrival, Transport},
    explain::{Explanation, explain, explain_connection, explain_mesh},
    mesh::{Destination, Mesh, MeshArrival},
    report::DecisionReport,
};
use gwapi_worlds::agree::{agree_in_mesh, agree_on_keys};

gwapi_fuzz::mutate_manifests!();

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let case = Case::read(bytes);
    let resolution = case.resolution();
    let tables = compile(&resolution, 1);
    for question in case.questions(&resolution) {
        for (key, table) in &tables.gateways {
            for arrival in question.arrivals(table) {
                check_gateway(&resolution, key, table, &question, &arrival);
            }
        }
        if let Some(mesh) = &tables.mesh {
            check_mesh(&resolution, mesh, &question);
        }
    }
});

fn check_gateway(resolution: &Resolution, key: &ObjectKey, table: &Table, question: &Question, arrival: &Arrival<'_>) {
    let is_tls = arrival.tls.is_some();
    if let Some(explanation) = explain_connection(resolution, key, arrival) {
        let report = DecisionReport::ask_connection(table, arrival, None).expect("a connection");
        check(&explanation, report, resolution);
    }
    let Some(head) = question.head(table, is_tls) else { return };
    let explanation = explain(resolution, key, arrival, &head).expect("an accepted Gateway");
    check(&explanation, DecisionReport::ask(table, arrival, question.parts(is_tls), None), resolution);
    check(&explanation, DecisionReport::ask(table, arrival, question.parts(is_tls), Some(0.5)), resolution);
}

fn check_mesh(resolution: &Resolution, mesh: &Mesh, question: &Question) {
    let (Some((host, port)), Some(head)) = (question.in_mesh(), question.head(mesh.table(), false)) else { return };
    for namespace in ["shop", "default"] {
        let arrival = MeshArrival { namespace, destination: Destination::Name(&host), port, transport: Transport::Tcp };
        let explanation = explain_mesh(resolution, &arrival, Some(&head)).expect("a mesh");
        agree_in_mesh(mesh, &arrival, Some(&head), &explanation);
        let report = DecisionReport::ask_mesh(mesh, &arrival, Some(question.parts(false)), None).expect("a request");
        check(&explanation, report, resolution);
    }
}

fn check(explanation: &Explanation<'_>, report: DecisionReport, resolution: &Resolution) {
    agree_on_keys(explanation, &resolution.controller.choices);
    let text = explanation.to_string();
    assert!(!text.is_empty() && !text.ends_with('\n'));
    let winner = explanation.winner();
    assert_eq!(report.rule, winner.map(|one| one.rule.index));
    assert_eq!(report.rule_name, winner.and_then(|one| one.rule.name.clone()));
    // The best of a route has no match of its own where nobody looks at requests.
    assert_eq!(report.match_index, winner.map(|one| one.match_index));
    let route = winner.map(|one| one.route.key());
    let named = report.route.as_ref().map(|route| (&route.kind, &route.name));
    assert_eq!(named, route.map(|key| (&key.kind, &key.name)));
    let report = report.because(explanation);
    assert_eq!(report.why.len(), explanation.candidates.len());
    assert!(serde_json::to_string(&report).is_ok());
}
