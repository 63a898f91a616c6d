//! `gwapi route`: what becomes of one request.

use std::path::PathBuf;

use gwapi_ask::{RequestArgs, Target, Whom, World};
use gwapi_manifest::render::escape;
use gwapi_match::report::{
    Answers, BackendName, CandidateReport, DecisionReport, ListenerReport, ObjectReport, OutcomeKind, RequestReport,
};

use super::{Common, Exit, print};
use crate::input::Input;

/// Says which listener, route, rule and backend serve a request.
#[derive(Debug, clap::Args)]
#[command(override_usage = "gwapi route [OPTIONS] <PATH>... <URL>")]
pub struct RouteArgs {
    #[command(flatten)]
    ask: AskArgs,
}

/// What `route` and `explain` take.
#[derive(Debug, clap::Args)]
pub struct AskArgs {
    #[command(flatten)]
    common: Common,
    #[command(flatten)]
    request: RequestArgs,
    /// Only this Gateway; without it, every one that serves the port answers
    #[arg(long, value_name = "NS/NAME")]
    gateway: Option<String>,
    /// Ask the mesh, as a client in this namespace; the host is that of a Service
    #[arg(long, value_name = "NAMESPACE", conflicts_with = "gateway")]
    from: Option<String>,
    /// A place between 0 and 1 that picks one of several backends
    #[arg(long, value_name = "0..1", value_parser = sample)]
    sample: Option<f64>,
    /// How to print it
    #[arg(short, long, value_enum, default_value_t)]
    pub(super) output: Output,
}

/// How to print a result.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Output {
    /// For people
    #[default]
    Human,
    /// For programs
    Json,
}

fn sample(text: &str) -> Result<f64, String> {
    text.parse().ok().filter(|sample| (0.0..=1.0).contains(sample)).ok_or_else(|| "a number between 0 and 1 is expected".into())
}

impl RouteArgs {
    /// Runs the command.
    pub fn run(&self) -> Exit {
        let (paths, urls) = self.ask.arguments();
        if urls.len() > 1 {
            return Exit::usage("route takes one URL; explain takes several");
        }
        self.ask.run(&paths, &urls, Detail::Matching)
    }
}

/// How much is told of the candidates.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Detail {
    /// Those that match.
    Matching,
    /// All.
    All,
}

impl AskArgs {
    /// The paths, and the URLs among them.
    pub(super) fn arguments(&self) -> (Vec<PathBuf>, Vec<String>) {
        split_urls(&self.common.paths)
    }

    /// Reads the input and prints its findings.
    pub(super) fn load(&self, paths: &[PathBuf]) -> Result<Input, String> {
        if paths.is_empty() {
            return Err("a PATH with manifests is missing".into());
        }
        let common = Common { paths: paths.to_vec(), ..self.common.clone() };
        let input = common.load()?;
        common.report(&input);
        Ok(input)
    }

    /// Asks about every URL and prints the answers.
    pub(super) fn run(&self, paths: &[PathBuf], urls: &[String], detail: Detail) -> Exit {
        let targets = match self.request.targets(urls) {
            Ok(targets) => targets,
            Err(message) => return Exit::usage(message),
        };
        let input = match self.load(paths) {
            Ok(input) => input,
            Err(message) => return Exit::usage(message),
        };
        let world = World::of(input.resolve());
        let answers: Result<Vec<_>, String> = targets.iter().map(|target| world.answer(target, self.whom())).collect();
        match answers {
            Ok(answers) => self.print(&targets, detail.narrow(answers), detail),
            Err(message) => return Exit::usage(message),
        }
        Exit::done(&input)
    }

    fn whom(&self) -> Whom<'_> {
        Whom { gateway: self.gateway.as_deref(), from: self.from.as_deref(), sample: self.sample }
    }

    fn print(&self, targets: &[Target], answers: Vec<Vec<DecisionReport>>, detail: Detail) {
        match self.output {
            Output::Json => print_json(&Answers { decisions: answers.into_iter().flatten().collect() }),
            Output::Human => {
                let mut text = String::new();
                for (target, decisions) in targets.iter().zip(&answers) {
                    for decision in decisions {
                        text.push_str(if text.is_empty() { "" } else { "\n" });
                        text.push_str(&human(target, decision, detail));
                    }
                }
                print(&text);
            }
        }
    }
}

pub(super) fn print_json(value: &impl serde::Serialize) {
    // The reports are structs with text keys, which always serialise.
    if let Ok(text) = serde_json::to_string_pretty(value) {
        print(&format!("{text}\n"));
    }
}

impl Detail {
    fn narrow(self, mut answers: Vec<Vec<DecisionReport>>) -> Vec<Vec<DecisionReport>> {
        if self == Self::Matching {
            answers.iter_mut().flatten().for_each(|report| report.why.retain(|candidate| candidate.failed.is_none()));
        }
        answers
    }
}

/// The arguments that are paths, and those that are URLs.
fn split_urls(arguments: &[PathBuf]) -> (Vec<PathBuf>, Vec<String>) {
    let url = |argument: &PathBuf| argument.to_str().filter(|text| text.contains("://")).map(str::to_owned);
    let paths = arguments.iter().filter(|argument| url(argument).is_none()).cloned().collect();
    (paths, arguments.iter().filter_map(url).collect())
}

// ---- for people ----

fn human(target: &Target, report: &DecisionReport, detail: Detail) -> String {
    let method = if target.scheme.has_requests() { format!("{} ", target.method) } else { String::new() };
    let mut lines = vec![format!("{method}{}", target.text)];
    let mut line = |name: &str, text: String| lines.push(format!("  {name:<9} {text}"));
    if let Some(gateway) = &report.gateway {
        line("gateway", gateway.clone());
    }
    if let Some(listener) = &report.listener {
        line("listener", listener_text(listener));
    }
    line("outcome", outcome(report));
    if let (Some(route), Some(rule)) = (&report.route, report.rule) {
        line("route", rule_text(route, rule, report.rule_name.as_ref().map(|name| name.as_str()), report.match_index));
    }
    for (name, text) in exchange(target, report) {
        line(name, text);
    }
    for text in why(&report.why, detail) {
        line("why", text);
    }
    lines.iter().map(|line| format!("{}\n", escape(line))).collect()
}

fn listener_text(listener: &ListenerReport) -> String {
    let hostname = listener.hostname.as_ref().map(|hostname| format!(", {hostname}")).unwrap_or_default();
    let via = listener.via.as_ref().map(|via| format!(", of {}", object_text(via))).unwrap_or_default();
    format!("{} ({} port {}{hostname}{via})", listener.name, listener.protocol, listener.port)
}

fn outcome(report: &DecisionReport) -> String {
    let status = report.status.map(|status| format!(" {status}")).unwrap_or_default();
    let reason = report.reason.as_ref().map(|reason| format!(": {reason}")).unwrap_or_default();
    match report.outcome {
        OutcomeKind::Forward => format!("forward to {}", backends(report)),
        OutcomeKind::Redirect => format!("redirect{status} to {}", report.location.as_deref().unwrap_or_default()),
        OutcomeKind::Respond => format!("respond{status}{reason}"),
        OutcomeKind::Reject => format!("reject{status}{reason}"),
        OutcomeKind::Pass => format!("goes on as it is{reason}"),
    }
}

fn backends(report: &DecisionReport) -> String {
    if let Some(picked) = report.picked.and_then(|index| report.backends.get(index)) {
        return backend_text(&picked.backend);
    }
    let shares = report.backends.iter().filter(|backend| backend.weight > 0).map(|backend| {
        let invalid = backend.invalid.as_ref().map(|why| format!(" (answers 500: {why})")).unwrap_or_default();
        let location = backend.location.as_ref().map(|location| format!(" (redirects to {location})")).unwrap_or_default();
        format!("{} {}{invalid}{location}", percent(backend.share), backend_text(&backend.backend))
    });
    shares.collect::<Vec<_>>().join(", ")
}

fn percent(share: f64) -> String {
    let text = format!("{:.2}", share * 100.0);
    format!("{}%", text.trim_end_matches('0').trim_end_matches('.'))
}

fn backend_text(backend: &BackendName) -> String {
    let namespace = backend.namespace.as_ref().map(|namespace| format!("{namespace}/")).unwrap_or_default();
    let port = backend.port.map(|port| format!(":{port}")).unwrap_or_default();
    format!("{} {namespace}{}{port}", backend.kind, backend.name)
}

fn object_text(object: &ObjectReport) -> String {
    let namespace = object.namespace.as_ref().map(|namespace| format!("{namespace}/")).unwrap_or_default();
    format!("{} {namespace}{}", object.kind, object.name)
}

fn rule_text(route: &ObjectReport, rule: usize, name: Option<&str>, match_index: Option<usize>) -> String {
    let name = name.map(|name| format!(" `{name}`")).unwrap_or_default();
    let matched = match_index.map(|index| format!(", match {index}")).unwrap_or_default();
    format!("{}, rule {rule}{name}{matched}", object_text(route))
}

/// What reaches the backends, where it differs from what was asked, and what else happens to the request.
fn exchange(target: &Target, report: &DecisionReport) -> Vec<(&'static str, String)> {
    let mut lines = Vec::new();
    lines.extend(report.request.iter().flat_map(|request| changes(target, request)).map(|text| ("request", text)));
    for backend in &report.backends {
        let changes = backend.request.iter().flat_map(|request| changes(target, request));
        lines.extend(changes.map(|text| ("request", format!("{text} (at {})", backend_text(&backend.backend)))));
    }
    for mirror in &report.mirrors {
        let share = percent(f64::from(mirror.fraction.numerator) / f64::from(mirror.fraction.denominator));
        lines.push(("mirror", format!("{share} {}", backend_text(&mirror.backend))));
    }
    if let Some(timeouts) = &report.timeouts {
        let named = [("request", &timeouts.request), ("backendRequest", &timeouts.backend_request)];
        let told = named.iter().filter_map(|(name, value)| Some(format!("{name} {}", value.as_ref()?)));
        lines.push(("timeouts", told.collect::<Vec<_>>().join(", ")));
    }
    if let Some(retry) = &report.retry {
        let codes = retry.codes.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
        let on = if codes.is_empty() { String::new() } else { format!(" on {codes}") };
        lines.push(("retry", format!("{} times{on}", retry.attempts)));
    }
    lines
}

fn changes(target: &Target, request: &RequestReport) -> Vec<String> {
    let mut changes = Vec::new();
    if request.path != target.path {
        changes.push(format!("path {}", request.path));
    }
    let asked = |name: &str| {
        let values: Vec<String> =
            target.headers.get_all(name).iter().map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned()).collect();
        (!values.is_empty()).then(|| values.join(","))
    };
    if request.host != asked("host") {
        changes.push(format!("host {}", request.host.as_deref().unwrap_or("(none)")));
    }
    let differing = request.headers.iter().filter(|(name, value)| asked(name).as_ref() != Some(value));
    changes.extend(differing.map(|(name, value)| format!("header {name}: {value}")));
    let removed = target.headers.keys().filter(|name| *name != "host" && !request.headers.contains_key(name.as_str()));
    changes.extend(removed.map(|name| format!("without header {name}")));
    changes
}

/// The candidates, each with the key that put it before the next one, or with what failed.
fn why(candidates: &[CandidateReport], detail: Detail) -> Vec<String> {
    let name = |one: &CandidateReport| {
        let hostname = one.hostname.as_ref().map(|hostname| format!(" ({hostname})")).unwrap_or_default();
        let rule = one.rule_name.as_ref().map(|name| name.as_str());
        format!("{}{hostname}", rule_text(&one.route, one.rule, rule, Some(one.match_index)))
    };
    let matching: Vec<&CandidateReport> = candidates.iter().filter(|one| one.failed.is_none()).collect();
    let mut lines: Vec<String> = matching
        .windows(2)
        .filter_map(|pair| {
            let [one, next] = pair else { return None };
            Some(format!("{} before {}: {}", name(one), name(next), one.decided_by?))
        })
        .collect();
    match detail {
        Detail::Matching => lines.truncate(1),
        Detail::All => {
            if let [only] = *matching {
                lines.push(format!("{}: the only one that matches", name(only)));
            }
            let failed = candidates.iter().filter_map(|one| Some(format!("not {}: {}", name(one), one.failed.as_ref()?)));
            lines.extend(failed);
        }
    }
    lines
}
