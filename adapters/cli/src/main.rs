//! The `gwapi` program.

use std::process::ExitCode;

use clap::Parser;

fn main() -> ExitCode {
    gwapi::Cli::parse().run().code()
}
