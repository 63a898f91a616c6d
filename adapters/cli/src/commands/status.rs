//! `gwapi status`: the objects with the status that a controller would write.

use std::{
    cell::Cell,
    io::{BufWriter, Write},
};

use gwapi_core::{Object, Resolution, name::ObjectKey};
use gwapi_status::{
    ListenerStatus, Merged, StatusReport, merge_class, merge_gateway, merge_listener_set, merge_mesh, merge_policy, merge_route,
    merge_x_backend, project,
};
use serde::{Serialize, Serializer};
use serde_json::Value;

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
        match self.output {
            Output::Yaml => print_yaml(written(&input, &resolution, now)),
            Output::Json => print_json(written(&input, &resolution, now)),
            Output::Table => {
                let report = project(&resolution);
                // A large input and all that follows from it need not be in memory twice.
                drop((resolution, input));
                print(&table(&report));
            }
        }
        exit
    }
}

/// One document after the other, so that a large output need not be in memory as a whole.
fn print_yaml(objects: impl Iterator<Item = (ObjectKey, Value)>) {
    for (index, (_, object)) in objects.enumerate() {
        let separator = if index == 0 { "" } else { "---\n" };
        print(&format!("{separator}{}", gwapi_manifest::to_yaml(&object)));
    }
}

/// One List, likewise.
fn print_json(objects: impl Iterator<Item = (ObjectKey, Value)>) {
    #[derive(Serialize)]
    #[serde(rename_all = "camelCase")]
    struct List<I: Iterator<Item = Value>> {
        api_version: &'static str,
        #[serde(serialize_with = "in_turn")]
        items: Cell<Option<I>>,
        kind: &'static str,
    }

    fn in_turn<I: Iterator<Item = Value>, S: Serializer>(items: &Cell<Option<I>>, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(items.take().into_iter().flatten())
    }

    let items = Cell::new(Some(objects.map(|(_, object)| object)));
    let mut stdout = BufWriter::new(std::io::stdout().lock());
    // A reader that went away is no error.
    let _ = serde_json::to_writer_pretty(&mut stdout, &List { api_version: "v1", items, kind: "List" });
    let _ = stdout.write_all(b"\n").and_then(|()| stdout.flush());
}

/// Our objects with the status that a controller would write after reading the input, in the order of their keys. What others
/// wrote is kept; a condition that changes has the time `now`, if there is one.
pub fn written<'a>(
    input: &'a Input,
    resolution: &Resolution,
    now: Option<&'a str>,
) -> impl Iterator<Item = (ObjectKey, Value)> + use<'a> {
    let report = project(resolution);
    input.documents.iter().filter_map(move |(key, document)| {
        let mut object = document.value();
        if let Some(status) = merge(&report, key, &object, now)?.into_status() {
            object["status"] = status;
        }
        Some((key.clone(), object))
    })
}

fn merge(report: &StatusReport, key: &ObjectKey, object: &Value, now: Option<&str>) -> Option<Merged> {
    let existing = object.get("status");
    match Object::from_json(object).object? {
        Object::GatewayClass(_) => report.classes.get(key).map(|status| merge_class(existing, status, now)),
        Object::Gateway(_) => report.gateways.get(key).map(|status| merge_gateway(existing, status, now)),
        Object::ListenerSet(_) => report.listener_sets.get(key).map(|status| merge_listener_set(existing, status, now)),
        Object::XMesh(_) => report.meshes.get(key).map(|status| merge_mesh(existing, status, now)),
        Object::Route(_) => Some(merge_route(existing, report.routes.get(key), &report.owned, now)),
        Object::BackendTlsPolicy(_) | Object::XBackendTrafficPolicy(_) | Object::XTelemetryPolicy(_) => {
            Some(merge_policy(existing, report.policies.get(key), &report.owned, now))
        }
        Object::XBackend(_) => Some(merge_x_backend(existing, report.x_backends.get(key), &report.owned, now)),
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
        rows.extend(gateway.listeners.iter().map(|listener| listener_row(key, listener)));
    }
    for (key, set) in &report.listener_sets {
        rows.push(row(key.to_string(), String::new(), &set.conditions));
        rows.extend(set.listeners.iter().map(|listener| listener_row(key, listener)));
    }
    for (key, mesh) in &report.meshes {
        rows.push(row(key.to_string(), String::new(), &mesh.conditions));
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
    let policies = report.policies.iter().map(|(key, policy)| (key, &policy.ancestors));
    let backends = report.x_backends.iter().map(|(key, backend)| (key, &backend.ancestors));
    for (key, ancestors) in policies.chain(backends) {
        if ancestors.is_empty() {
            rows.push([key.to_string(), "concerns no Gateway of ours".into(), String::new()]);
        }
        for ancestor in ancestors {
            rows.push(row(key.to_string(), ancestor.ancestor_ref.object().to_string(), &ancestor.conditions));
        }
    }
    align(&rows)
}

fn listener_row(key: &ObjectKey, listener: &ListenerStatus) -> [String; 3] {
    let count = listener.attached_routes;
    let attached = format!("listener {}, {count} route{}", listener.name, if count == 1 { "" } else { "s" });
    row(key.to_string(), attached, &listener.conditions)
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
