//! `gwapi check`: everything that there is to say about manifests.

use gwapi_manifest::{Finding, Severity, render};

use super::{Common, Exit, print};
use crate::check::{CODES, Channels, check};

/// Reports what is wrong, what does not take effect, and what is likely wrong.
#[derive(Debug, clap::Args)]
pub struct CheckArgs {
    #[command(flatten)]
    common: Common,
    /// Which CRDs the API server has
    #[arg(long, value_enum, default_value_t, value_name = "CHANNEL")]
    channel: Channels,
    /// What ends with exit code 1 besides errors
    #[arg(long, value_enum, value_name = "WHAT")]
    deny: Option<Deny>,
    /// How to print the findings
    #[arg(short, long, value_enum, default_value_t)]
    output: Output,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Deny {
    /// Warnings
    Warnings,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
enum Output {
    /// For people, with the source lines
    #[default]
    Human,
    /// A list for programs
    Json,
    /// SARIF 2.1.0, for code scanning
    Sarif,
    /// Annotations of GitHub Actions
    Github,
}

impl CheckArgs {
    /// Runs the command.
    pub fn run(&self) -> Exit {
        let input = match self.common.load() {
            Ok(input) => input,
            Err(message) => return Exit::usage(message),
        };
        let findings = check(&input, self.channel);
        print(&self.render(&findings));
        let has = |severity| findings.iter().any(|finding| finding.severity == severity);
        if input.unusable {
            Exit::Unusable(None)
        } else if has(Severity::Error) || (self.deny == Some(Deny::Warnings) && has(Severity::Warning)) {
            Exit::No
        } else {
            Exit::Done
        }
    }

    /// The findings are the result, so they go to standard output.
    fn render(&self, findings: &[Finding]) -> String {
        match self.output {
            Output::Human => {
                let color = self.common.color.on_stdout();
                let text: String = findings.iter().map(|finding| render::human(finding, color)).collect();
                format!("{text}{}\n", summary(findings))
            }
            Output::Json => format!("{:#}\n", render::json(findings)),
            Output::Sarif => format!("{:#}\n", render::sarif(findings, env!("CARGO_PKG_VERSION"), CODES)),
            Output::Github => findings.iter().map(render::github).collect(),
        }
    }
}

fn summary(findings: &[Finding]) -> String {
    let count = |severity, word| {
        let count = findings.iter().filter(|finding| finding.severity == severity).count();
        format!("{count} {word}{}", if count == 1 { "" } else { "s" })
    };
    format!("{}, {}, {}", count(Severity::Error, "error"), count(Severity::Warning, "warning"), count(Severity::Note, "note"))
}
