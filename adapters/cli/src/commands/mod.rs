//! The commands, one file each, and what they share.

use std::{
    io::{IsTerminal, Write},
    path::PathBuf,
    process::ExitCode,
};

use gwapi_manifest::{Finding, render};

use crate::input::{self, Facts, Input, Options, read_features};

pub mod check;
pub mod echo;
pub mod explain;
pub mod route;
pub mod serve;
pub mod status;
pub mod test;

/// What every command that reads manifests takes.
#[derive(Clone, Debug, clap::Args)]
pub struct Common {
    /// Files, folders, or `-` for standard input
    #[arg(required = true, value_name = "PATH")]
    pub paths: Vec<PathBuf>,
    /// Only GatewayClasses of this controller are ours
    #[arg(long, value_name = "NAME")]
    pub controller: Option<String>,
    /// A list of the features to declare, in place of all that are built
    #[arg(long, value_name = "FILE")]
    pub features: Option<PathBuf>,
    /// What manifests cannot hold: addresses, ports, certificates
    #[arg(long, value_name = "FILE")]
    pub facts: Option<PathBuf>,
    /// Whether findings are coloured
    #[command(flatten)]
    pub color: Color,
}

/// Whether findings are coloured.
#[derive(Clone, Copy, Debug, clap::Args)]
pub struct Color {
    /// When to use colours
    #[arg(long, global = true, value_enum, default_value_t, value_name = "WHEN")]
    color: When,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
enum When {
    /// On a terminal, unless NO_COLOR is set
    #[default]
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

impl Color {
    /// Whether standard error is coloured.
    #[must_use]
    pub fn on_stderr(self) -> bool {
        self.on(&std::io::stderr())
    }

    /// Whether standard output is coloured.
    #[must_use]
    pub fn on_stdout(self) -> bool {
        self.on(&std::io::stdout())
    }

    fn on(self, stream: &impl IsTerminal) -> bool {
        match self.color {
            When::Always => true,
            When::Never => false,
            When::Auto => std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty()) && stream.is_terminal(),
        }
    }
}

impl Common {
    /// The options of the input.
    ///
    /// # Errors
    /// If a file that is named cannot be read.
    pub fn options(&self) -> Result<Options, String> {
        Ok(Options {
            controller: self.controller.clone(),
            features: self.features.as_deref().map(read_features).transpose()?,
            facts: self.facts.as_deref().map(Facts::read).transpose()?.unwrap_or_default().facts,
            ..Options::default()
        })
    }

    /// Reads the input.
    ///
    /// # Errors
    /// If a file that is named beside it cannot be read. What is wrong with the input itself is in its findings.
    pub fn load(&self) -> Result<Input, String> {
        Ok(input::load(&self.paths, &self.options()?))
    }

    /// Prints the findings of the input on standard error.
    pub fn report(&self, input: &Input) {
        print_findings(&input.findings, self.color.on_stderr());
    }
}

/// Prints findings on standard error, for people.
pub fn print_findings(findings: &[Finding], color: bool) {
    let text: String = findings.iter().map(|finding| render::human(finding, color)).collect();
    eprint_all(&text);
}

/// How a command ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Exit {
    /// 0: done.
    Done,
    /// 1: the answer is no.
    No,
    /// 2: unusable input or usage. Why is said already, or here.
    Unusable(Option<String>),
}

impl Exit {
    /// A mistake in how the command was called.
    pub fn usage(message: impl Into<String>) -> Self {
        Self::Unusable(Some(message.into()))
    }

    /// Done, unless part of the input could not be read.
    #[must_use]
    pub fn done(input: &Input) -> Self {
        if input.unusable { Self::Unusable(None) } else { Self::Done }
    }

    /// The code for the shell; prints what is left to say.
    #[must_use]
    pub fn code(self) -> ExitCode {
        match self {
            Self::Done => ExitCode::SUCCESS,
            Self::No => ExitCode::from(1),
            Self::Unusable(message) => {
                if let Some(message) = message {
                    eprint_all(&format!("gwapi: {message}\n"));
                }
                ExitCode::from(2)
            }
        }
    }
}

/// Prints a result. A reader that went away, as `head` does, is no error.
pub fn print(text: &str) {
    let mut stdout = std::io::stdout().lock();
    let _ = stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush());
}

fn eprint_all(text: &str) {
    let _ = std::io::stderr().lock().write_all(text.as_bytes());
}
