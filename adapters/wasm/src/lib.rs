//! `gwapi explain` for the page in the browser: one function, JSON in and JSON out.
//!
//! [`explain`] takes a [`Question`] and gives a [`Reply`], whose `report` is what `gwapi explain -o json` prints. How the texts
//! come into a module and out of it is in [`abi`].

use gwapi_ask::{Input, Options, RequestArgs, RouteReport, Whom, World};
use gwapi_core::name::ObjectKey;
use gwapi_manifest::{Finding, Severity};
use gwapi_match::report::Answers;
use serde::{Deserialize, Serialize};

pub mod abi;

/// What findings call the text that was pasted.
const FILE: &str = "manifests.yaml";

/// What is asked. Without a `url`, parts of `request` or a `route`, only the manifests are read.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Question {
    /// YAML or JSON, as many documents as one likes.
    pub manifests: String,
    /// Only GatewayClasses of this controller are ours.
    pub controller: Option<String>,
    /// What becomes of a request to this URL?
    pub url: Option<String>,
    /// What else there is to say of the request.
    pub request: Option<RequestArgs>,
    /// Only this Gateway, `NAMESPACE/NAME`.
    pub gateway: Option<String>,
    /// The mesh, as a client in this namespace.
    pub from: Option<String>,
    /// What became of this route, `[KIND/]NS/NAME`?
    pub route: Option<String>,
}

/// The answer.
#[derive(Debug, Default, Serialize)]
pub struct Reply {
    /// What reading the manifests found.
    pub findings: Vec<Finding>,
    /// The routes among them, as `KIND/NS/NAME`.
    pub routes: Vec<String>,
    /// What `gwapi explain -o json` prints.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub report: Option<Report>,
    /// Why there is no report.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

/// A report, in the form of the program.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub enum Report {
    /// Of a request.
    Request(Answers),
    /// Of a route.
    Route(RouteReport),
}

/// Answers a question.
#[must_use]
pub fn explain(question: &str) -> String {
    let reply = match serde_json::from_str(question) {
        Ok(question) => reply(&question),
        Err(error) => Reply { error: Some(format!("the question cannot be read: {error}")), ..Reply::default() },
    };
    // Structs with text keys always serialise.
    serde_json::to_string(&reply).unwrap_or_default()
}

fn reply(question: &Question) -> Reply {
    let options = Options { controller: question.controller.clone(), ..Options::default() };
    let input = Input::of(gwapi_manifest::parse_str(FILE, &question.manifests), &options);
    let routes = input.snapshot.routes().map(|route| path(&route.meta.key)).collect();
    let (report, error) = match report(question, &input) {
        Ok(report) => (report, None),
        Err(message) => (None, Some(message)),
    };
    let mut findings = input.findings;
    if input.documents.keys().any(|key| key.group.as_str().is_empty() && key.kind.as_str() == "Secret") {
        // The program compares them. Here that would take a library of cryptography along.
        let message = "private keys are not looked at: they are taken to fit their certificates";
        findings.push(Finding::new(Severity::Note, "assumption", message));
    }
    Reply { findings, routes, report, error }
}

fn report(question: &Question, input: &Input) -> Result<Option<Report>, String> {
    if let Some(route) = &question.route {
        return RouteReport::find(&input.resolve(), route).map(|report| Some(Report::Route(report)));
    }
    if question.url.is_none() && question.request.is_none() {
        return Ok(None);
    }
    let request = question.request.clone().unwrap_or_default();
    let targets = request.targets(question.url.as_slice())?;
    let world = World::of(input.resolve());
    let whom = Whom { gateway: question.gateway.as_deref(), from: question.from.as_deref(), sample: None };
    let answers: Result<Vec<_>, String> = targets.iter().map(|target| world.answer(target, whom)).collect();
    Ok(Some(Report::Request(Answers { decisions: answers?.into_iter().flatten().collect() })))
}

fn path(key: &ObjectKey) -> String {
    format!("{}/{}", key.kind, key.namespaced_name())
}
