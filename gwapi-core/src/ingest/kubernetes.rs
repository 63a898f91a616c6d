//! Namespace, Service and ServiceImport: objects of Kubernetes itself and its clusters. What they have beside routing is passed over in silence.

use alloc::{sync::Arc, vec::Vec};
use core::net::IpAddr;

use super::{Fields, Header, Node};
use crate::model::{NamespaceObject, Object, Service, ServiceImport, ServicePort, TargetPort, TransportProtocol};

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
    let key = header.meta.key;
    let empty = Service {
        key: key.clone(),
        ports: Vec::new(),
        external_name: false,
        headless: false,
        cluster_ips: Vec::new(),
        session_affinity: false,
    };
    let spec = root.optional("spec", |node| {
        node.object(|fields| {
            fields.ignore(SERVICE_FIELDS);
            let ports = fields.list("ports", read_port);
            let external_name = fields.optional("type", Node::text) == Some("ExternalName");
            // Every client that knows of the list repeats its first entry in the older field.
            let mut cluster_ips: Vec<IpAddr> = fields.optional("clusterIP", read_address).into_iter().collect();
            let mut headless = fields.get("clusterIP").is_some_and(|node| node.is_text(HEADLESS));
            fields.list("clusterIPs", |node| {
                headless |= node.is_text(HEADLESS);
                add_once(&mut cluster_ips, read_address(node)?);
                Some(())
            });
            let session_affinity = fields.optional("sessionAffinity", Node::text) == Some("ClientIP");
            Some(Service { key, ports, external_name, headless, cluster_ips, session_affinity })
        })
    });
    Object::Service(Arc::new(spec.unwrap_or(empty)))
}

/// In place of an address (O-007).
const HEADLESS: &str = "None";

/// Where a Service leads to is the adapter's business: endpoints are no input of the function.
const SERVICE_FIELDS: &[&str] = &[
    "allocateLoadBalancerNodePorts",
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
    "sessionAffinityConfig",
    "trafficDistribution",
];

/// I-026, O-023.
pub(super) fn read_service_import(header: Header<'_>, root: &mut Fields<'_, '_>) -> Object {
    let spec = root.optional("spec", |node| {
        node.object(|fields| {
            fields.ignore(&[
                "ipFamilies",
                "internalTrafficPolicy",
                "sessionAffinity",
                "sessionAffinityConfig",
                "trafficDistribution",
            ]);
            let ports = fields.list("ports", read_port);
            let headless = fields.optional("type", Node::text) == Some("Headless");
            let mut ips = Vec::new();
            fields.list("ips", |node| {
                add_once(&mut ips, read_address(node)?);
                Some(())
            });
            Some((ports, headless, ips))
        })
    });
    let (ports, headless, ips) = spec.unwrap_or_default();
    Object::ServiceImport(Arc::new(ServiceImport { key: header.meta.key, ports, headless, ips }))
}

/// An address that is assigned: until then there is none, or an empty text.
fn read_address(node: Node<'_, '_>) -> Option<IpAddr> {
    if node.is_text("") || node.is_text(HEADLESS) {
        return None;
    }
    node.parsed(str::parse)
}

fn add_once(addresses: &mut Vec<IpAddr>, address: IpAddr) {
    if !addresses.contains(&address) {
        addresses.push(address);
    }
}

fn read_port(node: Node<'_, '_>) -> Option<ServicePort> {
    node.object(|fields| {
        fields.ignore(&["nodePort"]);
        let name = fields.optional("name", Node::text).filter(|name| !name.is_empty()).map(Into::into);
        let protocol = fields.optional("protocol", Node::text).unwrap_or("TCP");
        let app_protocol = fields.optional("appProtocol", Node::shared);
        let target_port = fields.optional("targetPort", read_target_port);
        let port = fields.required("port", Node::port)?;
        Some(ServicePort { name, port, protocol: transport(protocol), app_protocol, target_port })
    })
}

/// A number or a name. Zero and the empty text are what a client that knows no absence writes.
fn read_target_port(node: Node<'_, '_>) -> Option<TargetPort> {
    match node.as_text() {
        Some("") => None,
        Some(name) => Some(TargetPort::Name(name.into())),
        None => node.number::<u16>(0..=65_535).filter(|port| *port > 0).map(TargetPort::Number),
    }
}

fn transport(protocol: &str) -> TransportProtocol {
    match protocol {
        "TCP" => TransportProtocol::Tcp,
        "UDP" => TransportProtocol::Udp,
        _ => TransportProtocol::Other,
    }
}
