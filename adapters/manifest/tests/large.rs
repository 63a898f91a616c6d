//! A large input keeps the limits of the program: 50 MB in at most 20 seconds and 1 GiB. Alone in its file, because it looks at
//! the memory of the whole process.

use std::fmt::Write;
use std::time::{Duration, Instant};

use gwapi_manifest::{Limits, visit};

/// Without optimisation a smaller input stands for the large one.
const BYTES: usize = if cfg!(debug_assertions) { 3_000_000 } else { 50_000_000 };

fn routes() -> (String, usize) {
    let (mut text, mut count) = (String::with_capacity(BYTES + 1000), 0);
    while text.len() < BYTES {
        let _ = writeln!(
            text,
            "---\napiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nmetadata:\n  name: route-{count}\n  namespace: ns-{}\n\
             spec:\n  parentRefs:\n  - name: gateway\n    sectionName: https\n  hostnames:\n  - shop-{count}.example.com\n  rules:\n  \
             - matches:\n    - path: {{type: PathPrefix, value: /cart/{count}}}\n      headers:\n      - name: x-version\n        \
             value: \"1\"\n    backendRefs:\n    - name: cart-{count}\n      port: 8080\n      weight: 10",
            count % 100
        );
        count += 1;
    }
    (text, count)
}

#[test]
fn a_large_input_keeps_the_limits() {
    let (text, count) = routes();
    let start = Instant::now();
    let mut origins = Vec::new();
    let report = visit(&["-"], &mut text.as_bytes(), Limits::default(), &mut |document| {
        assert_eq!(document.kind(), Some("HTTPRoute"));
        origins.push(document.origin);
    });
    let taken = start.elapsed();
    println!("{} bytes, {} objects: {taken:?}, at most {:?} KiB", text.len(), origins.len(), peak_memory());
    assert_eq!(origins.len(), count);
    assert!(report.findings.is_empty());
    let last = origins.last().map(|origin| origin.value_at("spec.rules[0].backendRefs[0].port"));
    assert_eq!(last.map(|place| (place.line as usize, place.column)), Some((count * 22 - 1, 13)));
    assert!(taken < Duration::from_secs(20), "{taken:?}");
    assert!(peak_memory().is_none_or(|kib| kib < 1 << 20), "{:?} KiB", peak_memory());
}

/// KiB that the process has had at most.
fn peak_memory() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    line.split_whitespace().nth(1)?.parse().ok()
}
