//! `gwapi test`: cases as unit tests of routes.

use std::{
    io::{IsTerminal, Write},
    path::PathBuf,
};

use super::{Exit, print};
use crate::test::{Plan, Through, run};

/// Runs cases: folders with objects, and what must become of them.
#[derive(Debug, clap::Args)]
pub struct TestArgs {
    /// Cases, or folders of cases at any depth
    #[arg(required = true, value_name = "DIR")]
    dirs: Vec<PathBuf>,
    /// Only cases whose path below DIR matches
    #[arg(long, value_name = "GLOB")]
    only: Option<String>,
    /// How to print what happened, on standard output
    #[arg(long, value_enum)]
    report: Option<Report>,
    /// Cases that may fail: `NAME reason` lines; one that passes is a failure
    #[arg(long, value_name = "FILE")]
    ledger: Option<PathBuf>,
    /// Who answers the requests
    #[arg(long, value_enum, default_value_t, value_name = "WHAT")]
    through: Through,
}

#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum Report {
    /// One object
    Json,
    /// One testcase for each case
    Junit,
}

impl TestArgs {
    /// Runs the command.
    pub fn run(&self) -> Exit {
        let plan = Plan { dirs: self.dirs.clone(), only: self.only.clone(), ledger: self.ledger.clone(), through: self.through };
        let result = match run(&plan, progress()) {
            Ok(result) => result,
            Err(message) => return Exit::usage(message),
        };
        let summary = format!("{}\n", result.summary());
        match self.report {
            Some(Report::Json) => match serde_json::to_string_pretty(&result) {
                Ok(json) => print(&format!("{json}\n")),
                Err(error) => return Exit::usage(error.to_string()),
            },
            Some(Report::Junit) => print(&result.junit()),
            None => print(&format!("{}{summary}", result.human())),
        }
        let _ = std::io::stderr().write_all(summary.as_bytes());
        if result.failed > 0 { Exit::No } else { Exit::Done }
    }
}

/// On a terminal, which case is running.
fn progress() -> impl FnMut(usize, usize, &str) {
    let is_terminal = std::io::stderr().is_terminal();
    move |index, total, name| {
        if is_terminal {
            let end = if index + 1 == total { "\r\x1b[K" } else { "" };
            let _ = write!(std::io::stderr(), "\r\x1b[K{}/{total} {name}{end}", index + 1);
        }
    }
}
