//! `gwapi explain`: why a request goes where it goes, and why a route is attached or not.

use gwapi_ask::RouteReport;

use super::{
    Exit, print,
    route::{AskArgs, Detail, Output, print_json},
};

/// Says why: for requests the candidates in order and the key that decided, for a route what became of each parentRef.
#[derive(Debug, clap::Args)]
#[command(
    override_usage = "gwapi explain [OPTIONS] <PATH>... <URL>...\n       gwapi explain [OPTIONS] <PATH>... --route <[KIND/]NS/NAME>"
)]
pub struct ExplainArgs {
    #[command(flatten)]
    ask: AskArgs,
    /// Explain the attachment of this route; KIND is HTTPRoute and NS `default` if they are left out
    #[arg(long, value_name = "[KIND/]NS/NAME")]
    route: Option<String>,
}

impl ExplainArgs {
    /// Runs the command.
    pub fn run(&self) -> Exit {
        let (paths, urls) = self.ask.arguments();
        let Some(route) = &self.route else { return self.ask.run(&paths, &urls, Detail::All) };
        if !urls.is_empty() {
            return Exit::usage("--route explains a route and takes no URL");
        }
        let input = match self.ask.load(&paths) {
            Ok(input) => input,
            Err(message) => return Exit::usage(message),
        };
        let report = match RouteReport::find(&input.resolve(), route) {
            Ok(report) => report,
            Err(message) => return Exit::usage(message),
        };
        match self.ask.output {
            Output::Json => print_json(&report),
            Output::Human => print(&report.human()),
        }
        Exit::done(&input)
    }
}
