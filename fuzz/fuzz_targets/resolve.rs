//! Objects of any shape: `resolve`, `compile` and `project` are total (law 2), see neither the order of the input nor the seed
//! (law 3), and give what the engine gives one change after another (law 4).
#![no_main]

use gwapi_core::{Affected, Change, Engine, Facts, Resolution, Snapshot, resolve};
use gwapi_fuzz::Case;
use gwapi_match::{Tables, compile, recompile};
use gwapi_status::{StatusReport, project};

gwapi_fuzz::mutate_manifests!();

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let case = Case::read(bytes);
    let resolution = case.resolution();
    let tables = compile(&resolution, 1);
    let report = project(&resolution);
    assert_eq!(resolution, case.resolution());
    assert_eq!(tables, compile(&resolution, 2));
    assert_eq!(report, project(&resolution));
    if case.is_distinct() {
        assert_eq!(resolution, resolve(&Case::snapshot(case.objects.iter().rev()), &case.controller));
        check_changes(&case, &resolution, &tables, &report);
    }
});

/// Comes to the same by changes, and back to nothing.
fn check_changes(case: &Case, resolution: &Resolution, tables: &Tables, report: &StatusReport) {
    let mut engine = Engine::new(Snapshot::new(), case.controller.clone());
    let mut live = Live { tables: compile(engine.resolution(), 1), report: project(engine.resolution()) };
    let affected = engine.apply(Change::Facts(Case::snapshot([]).facts));
    live.follow(&engine, &affected);
    for object in &case.objects {
        let affected = engine.apply(Change::Put(object.clone()));
        live.follow(&engine, &affected);
    }
    assert_eq!(engine.resolution(), resolution);
    assert_eq!(&live.tables, tables);
    assert_eq!(&live.report, report);
    for object in &case.objects {
        let affected = engine.apply(Change::Delete(object.key().clone()));
        live.follow(&engine, &affected);
        assert_eq!(*engine.resolution(), resolve(engine.snapshot(), &case.controller));
    }
    let affected = engine.apply(Change::Facts(Facts::default()));
    live.follow(&engine, &affected);
    assert_eq!(live.tables, compile(engine.resolution(), 1));
    assert_eq!(live.report, project(engine.resolution()));
}

/// What a controller keeps while objects change.
struct Live {
    tables: Tables,
    report: StatusReport,
}

impl Live {
    fn follow(&mut self, engine: &Engine, affected: &Affected) {
        self.tables = recompile(&self.tables, engine.resolution(), affected);
        self.report.update(engine.resolution(), affected);
    }
}
