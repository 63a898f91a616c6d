//! Objects of any shape: validation has an answer, the same one each time, soon; a valid object that stays as it is stays valid.
#![no_main]

use std::{
    sync::LazyLock,
    time::{Duration, Instant},
};

use gwapi_core::validate::{Channel, Operation, Report, Validator};
use serde_json::Value;

static VALIDATORS: LazyLock<[Validator; 2]> = LazyLock::new(|| Channel::ALL.map(Validator::new));

gwapi_fuzz::mutate_manifests!();

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let loaded = gwapi_manifest::parse_bytes("input.yaml", bytes);
    let objects: Vec<&Value> = loaded.documents.iter().map(|document| &document.value).collect();
    for validator in VALIDATORS.iter() {
        for object in &objects {
            let Some(created) = validate(validator, object, Operation::Create) else { continue };
            assert_eq!(Some(&created), validator.validate(object, Operation::Create).as_ref());
            let kept = validate(validator, object, Operation::Update { before: object });
            // Of an invalid one more rules may run: those that wait for errors which are tolerated now.
            assert!(kept.is_some_and(|kept| kept.is_valid() || !created.is_valid()));
        }
        for pair in objects.windows(2) {
            let updated = validate(validator, pair[1], Operation::Update { before: pair[0] });
            assert_eq!(updated.is_some(), validator.validate(pair[1], Operation::Create).is_some());
        }
    }
});

/// A report, in a time that is in proportion to the object: a thousand times what is usual. Whoever is too late has two more
/// tries, since the machine may have been busy.
fn validate(validator: &Validator, object: &Value, operation: Operation<'_>) -> Option<Report> {
    let limit = Duration::from_secs(1) + Duration::from_micros(500) * u32::try_from(object.to_string().len()).unwrap_or(u32::MAX);
    let run = || {
        let start = Instant::now();
        (validator.validate(object, operation), start.elapsed())
    };
    let (report, elapsed) = run();
    assert!(elapsed <= limit || (0..2).any(|_| run().1 <= limit), "{elapsed:?} for {object}");
    report
}
