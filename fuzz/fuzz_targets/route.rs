//! Objects and requests: what a table answers is what the reference says (law 5).
#![no_main]

use gwapi_fuzz::Case;
use gwapi_match::{compile, explain::explain};
use gwapi_worlds::agree::agree;

gwapi_fuzz::mutate_manifests!();

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let case = Case::read(bytes);
    let resolution = case.resolution();
    let tables = compile(&resolution, 1);
    let questions = case.questions(&resolution);
    for (key, gateway) in &resolution.gateways {
        assert_eq!(tables.gateways.contains_key(key), gateway.is_accepted());
    }
    for (key, table) in &tables.gateways {
        for question in &questions {
            for arrival in question.arrivals(table) {
                let Some(head) = question.head(table, arrival.tls.is_some()) else { continue };
                let explanation = explain(&resolution, key, &arrival, &head).expect("an accepted Gateway");
                agree(table, &arrival, Some(&head), &explanation);
            }
        }
    }
});
