//! The workloads of a case: cases name the Deployment whose pod answers, and tables know Services.

use std::collections::BTreeMap;

use gwapi_core::name::ObjectKey;
use serde_json::Value;

use crate::input::Input;

/// What stands behind Services, and whose the addresses of pods are.
#[derive(Debug, Default)]
pub(super) struct Pods {
    /// For each Service, `namespace/name`, the Deployments that it selects.
    behind: BTreeMap<String, Vec<String>>,
    /// For each address of a pod the pod, `namespace/name`.
    addresses: BTreeMap<String, String>,
}

impl Pods {
    pub(super) fn of(input: &Input) -> Self {
        let of_kind = |kind: &'static str| {
            input.documents.iter().filter(move |(key, _)| key.kind == *kind).map(|(key, document)| (key, document.value()))
        };
        let deployments: Vec<(&ObjectKey, Value)> = of_kind("Deployment").collect();
        let selected = |service: &ObjectKey, selector: &Value| -> Vec<String> {
            let of_namespace = deployments.iter().filter(|(key, _)| key.namespace == service.namespace);
            let fitting = of_namespace.filter(|(_, value)| has_all(&value["spec"]["template"]["metadata"]["labels"], selector));
            fitting.map(|(key, _)| key.namespaced_name()).collect()
        };
        let behind = of_kind("Service").map(|(key, value)| (key.namespaced_name(), selected(key, &value["spec"]["selector"])));
        let address =
            |(key, value): (&ObjectKey, Value)| Some((value["status"]["podIP"].as_str()?.to_owned(), key.namespaced_name()));
        Self { behind: behind.collect(), addresses: of_kind("Pod").filter_map(address).collect() }
    }

    /// Whether a Deployment, with or without its namespace, is what answers for a Service.
    pub(super) fn is_behind(&self, service: &str, deployment: &str) -> bool {
        let is_it = |one: &String| one == deployment || one.rsplit('/').next() == Some(deployment);
        self.behind.get(service).is_some_and(|deployments| deployments.iter().any(is_it))
    }

    /// The pod that has an address.
    pub(super) fn at(&self, address: &str) -> Option<&str> {
        self.addresses.get(address).map(String::as_str)
    }
}

/// A Service without selector selects nothing.
fn has_all(labels: &Value, selector: &Value) -> bool {
    let holds = |(name, value): (&String, &Value)| labels[name.as_str()] == *value;
    selector.as_object().is_some_and(|selector| !selector.is_empty() && selector.iter().all(holds))
}
