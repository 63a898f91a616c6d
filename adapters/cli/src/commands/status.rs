//! `gwapi status`: the objects with the status that a controller would write.

use std::collections::BTreeMap;

use gwapi_core::{Object, Resolution, name::ObjectKey};
use gwapi_status::{Merged, StatusReport, merge_class, merge_gateway, merge_route, project};
use serde_json::{Value, json};

use super::{Common, Exit, print};
use crate::input::Input;

/// Prints the status that a controller would write.
#[derive(Debug, clap::Args)]
pub struct StatusArgs {
    #[command(flatten)]
    common: Common,
    /// How to print it
    #[arg(short, long, value_enum, default_value_t)]
    output: Output,
    /// The time to write where a condition changes, in RFC 3339
    #[arg(long, value_name = "RFC3339")]
    now: Option<String>,
}

#[derive(Clone, Copy, Debug, Default, clap::ValueEnum)]
enum Output {
    /// One line for each object and parent
    #[default]
    Table,
    /// Documents
    Yaml,
    /// One List
    Json,
}

impl StatusArgs {
    /// Runs the command.
    pub fn run(&self) -> Exit {
        if let Some(now) = self.now.as_deref().filter(|now| gwapi_core::time::Timestamp::parse(now).is_none()) {
            return Exit::usage(format!("--now `{now}` is not in RFC 3339, such as 2026-10-29T12:00:00Z"));
        }
        let input = match self.common.load() {
            Ok(input) => input,
            Err(message) => return Exit::usage(message),
        };
        self.common.report(&input);
        let (resolution, exit) = (input.resolve(), Exit::done(&input));
        let now = self.now.as_deref();
        let objects = || written(&input, &resolution, now).into_values();
        print(&match self.output {
            Output::Yaml => gwapi_manifest::documents_to_yaml(&objects().collect::<Vec<_>>()),
            Output::Json => {
                format!("{:#}\n", json!({"apiVersion": "v1", "kind": "List", "items": objects().collect::<Vec<_>>()}))
            }
            Output::Table => {
                let report = project(&resolution);
                // A large input and all that follows from it need not be in memory twice.
                drop((resolution, input));
                table(&report)
            }
        });
        exit
    }
}

/// Our objects with the status that a controller would write after reading the input, in the order of their keys. What others
/// wrote is kept; a condition that changes has the time `now`, if there is one.
pub fn written(input: &Input, resolution: &Resolution, now: Option<&str>) -> BTreeMap<ObjectKey, Value> {
    let report = project(resolution);
    let mut written = BTreeMap::new();
    for (key, document) in &input.documents {
        let mut object = document.value();
        if let Some(merged) = merge(&report, key, &object, now) {
            if let Some(status) = merged.into_status() {
                object["status"] = status;
            }
            written.insert(key.clone(), object);
        }
    }
    written
}

fn merge(report: &StatusReport, key: &ObjectKey, object: &Value, now: Option<&str>) -> Option<Merged> {
    let existing = object.get("status");
    match Object::from_json(object).object? {
        Object::GatewayClass(_) => report.classes.get(key).map(|status| merge_class(existing, status, now)),
        Object::Gateway(_) => report.gateways.get(key).map(|status| merge_gateway(existing, status, now)),
        Object::Route(_) => Some(merge_route(existing, report.routes.get(key), &report.owned, now)),
        _ => None,
    }
}

/// One line for each object, listener and parent: what it is, and each condition that is not as one would like it.
fn table(report: &StatusReport) -> String {
    let mut rows: Vec<[String; 3]> = Vec::new();
    for (key, class) in &report.classes {
        rows.push(row(key.to_string(), String::new(), &class.conditions));
    }
    for (key, gateway) in &report.gateways {
        rows.push(row(key.to_string(), String::new(), &gateway.conditions));
        for listener in &gateway.listeners {
            let attached = format!("listener {}, {} routes", listener.name, listener.attached_routes);
            rows.push(row(key.to_string(), attached, &listener.conditions));
        }
    }
    for (key, route) in &report.routes {
        if route.parents.is_empty() {
            rows.push([key.to_string(), "no parent of ours".into(), String::new()]);
        }
        for parent in &route.parents {
            let section = parent.parent_ref.section_name.as_ref().map(|name| format!(" {name}")).unwrap_or_default();
            let port = parent.parent_ref.port.map(|port| format!(":{port}")).unwrap_or_default();
            rows.push(row(key.to_string(), format!("{}{section}{port}", parent.parent_ref.object()), &parent.conditions));
        }
    }
    align(&rows)
}

fn row(object: String, part: String, conditions: &[gwapi_status::Condition]) -> [String; 3] {
    let verdicts: Vec<String> = conditions
        .iter()
        .map(|condition| {
            let verdict = format!("{}={}/{}", condition.type_, condition.status, condition.reason);
            if condition.is_true() != condition.type_.is_negative() {
                verdict
            } else {
                format!("{verdict} ({})", condition.message)
            }
        })
        .collect();
    [object, part, verdicts.join("  ")]
}

fn align(rows: &[[String; 3]]) -> String {
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or_default();
    let (first, second) = (width(0), width(1));
    let line = |[object, part, verdicts]: &[String; 3]| {
        format!("{object:<first$}  {part:<second$}  {verdicts}").trim_end().to_owned() + "\n"
    };
    rows.iter().map(line).collect()
}
