//! The laws on random worlds: `--minutes N`, `--cases N`, `--seed S`, `--law N`, `--threads N`.

use crate::shell::{Outcome, cargo};

pub(crate) fn run() -> Outcome {
    let arguments: Vec<String> = std::env::args().skip(2).collect();
    cargo(&format!("run --quiet --release --package gwapi-worlds --bin soak -- {}", arguments.join(" ")))
}
