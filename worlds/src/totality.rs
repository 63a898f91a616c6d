//! Law 2: there is an answer, whatever the input.

use gwapi_core::{Object, model::Scheme};
use gwapi_match::{
    Table, compile,
    head::{HeadParts, RequestHead},
};
use gwapi_status::project;
use serde_json::Value;

use crate::{
    Case, Coverage, EngineWatcher, Group, Request, StatusWatcher, TableWatcher, What, replay,
    tables::{SEED, compare},
};

/// Checks the law in one case: nothing panics, and what holds for sound input holds for this one too.
///
/// # Panics
/// If it does not hold.
pub fn law_2_totality(case: &Case, coverage: &mut Coverage) {
    let of_edits = case.edits.iter().filter_map(|edit| match &edit.what {
        What::Put(manifest) => Some(manifest),
        What::Delete(_) | What::Facts(_) => None,
    });
    case.manifests.iter().chain(of_edits).for_each(|manifest| read(manifest, coverage));
    let resolution = case.resolve();
    let tables = compile(&resolution, SEED);
    let report = project(&resolution);
    assert_eq!(report.gateways.len(), resolution.gateways.len());
    for request in &case.requests {
        compare(&resolution, &tables, request, &mut Coverage::default());
        for table in tables.gateways.values() {
            coverage.total(Group::HostileRequests);
            ask(table, request, coverage);
        }
        if let Some(mesh) = &tables.mesh {
            request.answer_in(mesh);
        }
    }
    law_4(case, &mut Coverage::default());
}

/// Checks law 4 in one case: for resolution, statuses and tables.
///
/// # Panics
/// If it does not hold.
pub fn law_4(case: &Case, coverage: &mut Coverage) {
    let mut of_tables = Coverage::default();
    replay(case, &mut [&mut EngineWatcher::new(coverage), &mut StatusWatcher::default(), &mut TableWatcher::new(&mut of_tables)]);
    coverage.add(of_tables);
}

fn read(manifest: &Value, coverage: &mut Coverage) {
    let read = Object::from_json(manifest);
    coverage.total(Group::HostileObjects);
    coverage.count(
        Group::HostileObjects,
        match (&read.object, read.issues.is_empty()) {
            (None, _) => "no object",
            (Some(_), false) => "an object with issues",
            (Some(_), true) => "an object without issues",
        },
    );
}

fn ask(table: &Table, request: &Request, coverage: &mut Coverage) {
    let answer = request.answer(table);
    coverage.count_if(Group::HostileRequests, "a listener", answer.contains("\"listener\""));
    coverage.count_if(Group::HostileRequests, "a rule", answer.contains("\"rule\""));
    request.head(table, |head| match head {
        Err(_) => coverage.count(Group::HostileRequests, "no request"),
        Ok(head) => {
            coverage.count_if(Group::HostileRequests, "a path in another form", !request.target.starts_with(&*head.path));
            assert_normal(head, table);
        }
    });
}

/// What is forwarded is what was matched: its normal form is itself.
fn assert_normal(head: &crate::tables::Head<'_>, table: &Table) {
    let forwarded = head.forward_path_and_query();
    let headers: &[(&[u8], &[u8])] = &[];
    let parts = HeadParts { method: head.method, scheme: Scheme::Http, authority: None, path_and_query: &forwarded, headers };
    let again = RequestHead::new(parts, table.choices()).expect("a normal form is accepted");
    assert_eq!((&head.path, head.query), (&again.path, again.query));
}
