//! Measures everything and writes `benches/README.md`; given names of workloads, or `compile`, measures those and prints the
//! times. To be run on one core: `cargo xtask bench` does that.

use gwapi_benches::report;

fn main() -> std::io::Result<()> {
    let names: Vec<String> = std::env::args().skip(1).collect();
    if !names.is_empty() {
        println!("{}", report::measure_only(&names));
        return Ok(());
    }
    let report = report::measure();
    println!("{report}");
    report::write(&report)
}
