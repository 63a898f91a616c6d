//! Measurements. Absolute times say little about another machine, so everything is measured beside a floor: what a plain
//! data structure needs for the hardest part of the same question, in the same process.
//!
//! `cargo xtask bench` measures all of it and writes `benches/README.md`; `cargo bench -p gwapi-benches` asks criterion.

pub mod control;
pub mod engine;
pub mod machine;
pub mod report;
pub mod request;
pub mod timing;
pub mod workload;
pub mod world;
