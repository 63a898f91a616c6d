//! Manifests of any kind of bytes: findings, never a panic.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let loaded = gwapi_manifest::parse_bytes("input.yaml", bytes);
    for finding in &loaded.findings {
        assert!(!finding.code.is_empty());
    }
});
