//! The `gwapi` program, as a library so that tests can call in.

use clap::{Parser, Subcommand};

pub mod commands;
pub mod input;
pub mod test;

use commands::Exit;

/// Gateway API offline and on the wire.
///
/// Exit codes: 0 done; 1 the answer is no; 2 unusable input or usage.
#[derive(Debug, Parser)]
#[command(name = "gwapi", version, about, max_term_width = 110)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Status(commands::status::StatusArgs),
    Test(commands::test::TestArgs),
}

impl Cli {
    /// Runs the command.
    #[must_use]
    pub fn run(self) -> Exit {
        match self.command {
            Command::Status(args) => args.run(),
            Command::Test(args) => args.run(),
        }
    }
}
