//! The `gwapi` program, as a library so that tests can call in.

use clap::{Parser, Subcommand};

pub mod check;
pub mod commands;
pub mod input;
pub mod serve;
pub mod test;

use commands::Exit;

/// Gateway API offline and on the wire.
///
/// Exit codes: 0 done; 1 the answer is no; 2 unusable input or usage.
#[derive(Debug, Parser)]
#[command(name = "gwapi", version, about, max_term_width = 110)]
pub struct Cli {
    // Commands that colour something have it too; here it may stand before the command, and with those that do not.
    #[command(flatten)]
    _color: commands::Color,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Check(commands::check::CheckArgs),
    Echo(commands::echo::EchoArgs),
    Serve(commands::serve::ServeArgs),
    Explain(commands::explain::ExplainArgs),
    Route(commands::route::RouteArgs),
    Status(commands::status::StatusArgs),
    Test(commands::test::TestArgs),
}

impl Cli {
    /// Runs the command.
    #[must_use]
    pub fn run(self) -> Exit {
        match self.command {
            Command::Check(args) => args.run(),
            Command::Echo(args) => args.run(),
            Command::Serve(args) => args.run(),
            Command::Explain(args) => args.run(),
            Command::Route(args) => args.run(),
            Command::Status(args) => args.run(),
            Command::Test(args) => args.run(),
        }
    }
}
