//! Objects of any shape: validation has an answer, the same one each time, and a valid object that stays as it is stays valid.
#![no_main]

use std::sync::LazyLock;

use gwapi_core::validate::{Channel, Operation, Validator};

static VALIDATORS: LazyLock<[Validator; 2]> = LazyLock::new(|| Channel::ALL.map(Validator::new));

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let loaded = gwapi_manifest::parse_bytes("input.yaml", bytes);
    for validator in VALIDATORS.iter() {
        for object in loaded.documents.iter().map(|document| &document.value) {
            let Some(created) = validator.validate(object, Operation::Create) else { continue };
            assert_eq!(Some(&created), validator.validate(object, Operation::Create).as_ref());
            let kept = validator.validate(object, Operation::Update { before: object });
            // Of an invalid one more rules may run: those that wait for errors which are tolerated now.
            assert!(kept.is_some_and(|kept| kept.is_valid() || !created.is_valid()));
        }
    }
});
