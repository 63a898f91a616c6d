//! Objects of any shape: law 2, `resolve`, `compile` and `project` are total; law 3, the order of the input is not seen.
#![no_main]

use gwapi_core::{Controller, Object, Snapshot, resolve};

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let loaded = gwapi_manifest::parse_bytes("input.yaml", bytes);
    let read = |document: &gwapi_manifest::Document| Object::from_json(&document.value).object;
    let objects: Vec<Object> = loaded.documents.iter().filter_map(read).collect();
    let mut keys: Vec<_> = objects.iter().map(Object::key).collect();
    keys.sort();
    keys.dedup();
    let distinct = keys.len() == objects.len();

    let controller = Controller::default();
    let resolution = resolve(&objects.iter().cloned().collect::<Snapshot>(), &controller);
    let _ = gwapi_match::compile(&resolution, 1);
    let _ = gwapi_status::project(&resolution);
    if distinct {
        let shuffled: Snapshot = objects.into_iter().rev().collect();
        assert_eq!(resolution, resolve(&shuffled, &controller));
    }
});
