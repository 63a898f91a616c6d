//! Objects of any shape: `resolve`, `compile` and `project` are total (law 2), see neither the order of the input nor the seed
//! (law 3), and give what the engine gives one change after another (law 4).
#![no_main]

use gwapi_core::{Affected, Change, Engine, Facts, Resolution, Snapshot, resolve};
use gwapi_fuzz::Case;
use gwapi_match::{Tables, compile, recompile};
use gwapi_status::{StatusReport, project, project_for};

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
        let StatusReport { classes, gateways, listener_sets, policies, x_backends, meshes, routes, owned } =
            project_for(engine.resolution(), affected);
        let resolution = engine.resolution();
        let report = &mut self.report;
        report.owned = owned;
        report.classes.extend(classes);
        report.classes.retain(|key, _| resolution.classes.contains_key(&key.name));
        report.gateways.extend(gateways);
        report.gateways.retain(|key, _| resolution.gateways.contains_key(key));
        report.listener_sets.extend(listener_sets);
        report.listener_sets.retain(|key, _| resolution.listener_sets.contains_key(key));
        report.policies.extend(policies);
        report.policies.retain(|key, _| resolution.policies.contains_key(key));
        report.x_backends.extend(x_backends);
        report.x_backends.retain(|key, _| resolution.x_backends.contains_key(key));
        report.meshes.extend(meshes);
        report.meshes.retain(|key, _| resolution.meshes.contains_key(key));
        report.routes.extend(routes);
        report.routes.retain(|key, _| resolution.routes.contains_key(key));
    }
}
