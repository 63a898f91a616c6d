//! Namespace and Service: objects of Kubernetes itself. What they have beside routing is passed over in silence.

use alloc::sync::Arc;

use super::{Fields, Header, Node};
use crate::model::{NamespaceObject, Object, Service, ServicePort, TransportProtocol};

/// The label that the API server gives to every namespace.
const NAME_LABEL: &str = "kubernetes.io/metadata.name";

pub(super) fn read_namespace(header: Header<'_>, root: &mut Fields<'_, '_>) -> Object {
    root.ignore(&["spec"]);
    let name = header.meta.key.name.as_str();
    let own = core::iter::once((NAME_LABEL, name));
    let labels = header.labels.iter().copied().chain(own).map(|(key, value)| (key.into(), value.into())).collect();
    Object::Namespace(Arc::new(NamespaceObject { labels, key: header.meta.key }))
}

pub(super) fn read_service(header: Header<'_>, root: &mut Fields<'_, '_>) -> Object {
    let spec = root.optional("spec", |node| {
        node.object(|fields| {
            fields.ignore(SERVICE_FIELDS);
            let ports = fields.list("ports", read_port);
            let external_name = fields.optional("type", Node::text) == Some("ExternalName");
            Some((ports, external_name))
        })
    });
    let (ports, external_name) = spec.unwrap_or_default();
    Object::Service(Arc::new(Service { key: header.meta.key, ports, external_name }))
}

/// Where a Service leads to is the adapter's business: endpoints are no input of the function.
const SERVICE_FIELDS: &[&str] = &[
    "allocateLoadBalancerNodePorts",
    "clusterIP",
    "clusterIPs",
    "externalIPs",
    "externalName",
    "externalTrafficPolicy",
    "healthCheckNodePort",
    "internalTrafficPolicy",
    "ipFamilies",
    "ipFamilyPolicy",
    "loadBalancerClass",
    "loadBalancerIP",
    "loadBalancerSourceRanges",
    "publishNotReadyAddresses",
    "selector",
    "sessionAffinity",
    "sessionAffinityConfig",
    "trafficDistribution",
];

fn read_port(node: Node<'_, '_>) -> Option<ServicePort> {
    node.object(|fields| {
        fields.ignore(&["nodePort", "targetPort"]);
        let name = fields.optional("name", Node::text).filter(|name| !name.is_empty()).map(Into::into);
        let protocol = fields.optional("protocol", Node::text).unwrap_or("TCP");
        let app_protocol = fields.optional("appProtocol", Node::shared);
        let port = fields.required("port", Node::port)?;
        Some(ServicePort { name, port, protocol: transport(protocol), app_protocol })
    })
}

fn transport(protocol: &str) -> TransportProtocol {
    match protocol {
        "TCP" => TransportProtocol::Tcp,
        "UDP" => TransportProtocol::Udp,
        _ => TransportProtocol::Other,
    }
}
