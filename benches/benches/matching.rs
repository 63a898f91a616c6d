//! The same workloads as in the report, with criterion's statistics: `cargo bench -p gwapi-benches --bench matching -- B`.

use std::time::Instant;

use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use gwapi_benches::{engine::Measured, timing::Run, workload::WORKLOADS};

fn matching(c: &mut Criterion) {
    for workload in WORKLOADS {
        let mut group = c.benchmark_group(workload.name);
        for size in workload.sizes {
            let measured = Measured::new(workload, *size);
            let mut bench = |name: &str, mut run: Run<'_>| {
                group.bench_function(BenchmarkId::new(name, size), |bencher| {
                    bencher.iter_custom(|times| {
                        let start = Instant::now();
                        run(times);
                        start.elapsed()
                    });
                });
            };
            bench("match", measured.matching());
            bench("parts to decision", measured.everything());
            if let Some(floor) = measured.floor() {
                bench("floor", floor);
            }
        }
    }
}

criterion_group!(benches, matching);
criterion_main!(benches);
