//! Workloads A (one host, many prefixes) and B (many hosts), with floors in the same process.

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use gwapi_benches::{Request, head, numbers, pairs, route, table};
use gwapi_match::{
    Table,
    connect::{Admission, Arrival, HttpConnection},
};
use serde_json::json;

const SIZES: [usize; 3] = [10, 100, 1_000];
const REQUESTS: usize = 1_024;

fn prefixes(c: &mut Criterion) {
    let mut group = c.benchmark_group("A");
    for size in SIZES {
        let prefix = |index: usize| format!("/api/v1/svc-{index:05}");
        let matches = |index| json!({"path": {"type": "PathPrefix", "value": prefix(index)}});
        let table = table((0..size).map(|index| route(index, "app.example.com", &matches(index))));
        let requests: Vec<Request> =
            numbers(size).take(REQUESTS).map(|j| Request::get("app.example.com", format!("{}/items/42", prefix(j)))).collect();
        measure(&mut group, "gwapi", size, &table, &requests);

        let mut floor = matchit::Router::new();
        for index in 0..size {
            for pattern in [prefix(index), format!("{}/{{*rest}}", prefix(index))] {
                floor.insert(pattern, index).expect("patterns differ");
            }
        }
        group.bench_with_input(BenchmarkId::new("floor: matchit", size), &requests, |bencher, requests| {
            let mut cycle = requests.iter().cycle();
            bencher.iter(|| floor.at(black_box(&cycle.next().expect("requests").path)).map(|found| *found.value));
        });
    }
}

fn hosts(c: &mut Criterion) {
    let mut group = c.benchmark_group("B");
    for size in SIZES {
        let host = |index: usize| format!("svc-{index:05}.example.com");
        let matches = json!({"path": {"type": "PathPrefix", "value": "/"}});
        let table = table((0..size).map(|index| route(index, &host(index), &matches)));
        let requests: Vec<Request> =
            numbers(size).take(REQUESTS).map(|j| Request::get(&host(j), "/api/v1/items/42".into())).collect();
        measure(&mut group, "gwapi", size, &table, &requests);

        let floor: hashbrown::HashMap<String, usize> = (0..size).map(|index| (host(index), index)).collect();
        group.bench_with_input(BenchmarkId::new("floor: hashbrown", size), &requests, |bencher, requests| {
            let mut cycle = requests.iter().cycle();
            bencher.iter(|| floor.get(black_box(cycle.next().expect("requests").host.as_str())));
        });
    }
}

fn measure(
    group: &mut criterion::BenchmarkGroup<'_, criterion::measurement::WallTime>,
    name: &str,
    size: usize,
    table: &Table,
    requests: &[Request],
) {
    let headers: Vec<_> = requests.iter().map(pairs).collect();
    let heads: Vec<_> = requests.iter().zip(&headers).map(|(request, headers)| head(request, headers)).collect();
    let connection = HttpConnection::of(&Arrival::plain(80));
    let Admission::Listener { id: listener } = table.admit(&connection, &heads[0]) else {
        panic!("the listener admits the request")
    };
    for head in &heads {
        assert!(table.route(listener, head).is_found(), "every answer is checked before it is timed");
    }
    group.bench_function(BenchmarkId::new(name, size), |bencher| {
        let mut cycle = heads.iter().cycle();
        bencher.iter(|| table.route(listener, black_box(cycle.next().expect("requests"))));
    });
}

criterion_group!(benches, prefixes, hosts);
criterion_main!(benches);
