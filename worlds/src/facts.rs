//! What only the outside knows.

use gwapi_core::{
    Facts, ObjectKey,
    facts::BackendFact,
    model::{Address, AddressType, Protocol},
    name::GATEWAY_GROUP,
    resolution::BackendProtocol,
};

use crate::{
    Draw,
    vocabulary::{GATEWAYS, namespace},
};

/// Draws facts; in most worlds nothing is wrong.
pub(crate) fn facts(draw: &mut Draw) -> Facts {
    let mut facts = Facts::default();
    facts.default_address = draw.maybe(85, |draw| {
        let (kind, value) = draw.weighted(&[(6, (AddressTypes::Ip, "192.0.2.1")), (1, (AddressTypes::Name, "any.example"))]);
        address(kind, value)
    });
    if draw.chance(15) {
        facts.unusable_addresses.insert("192.0.2.7".into());
    }
    if draw.chance(10) {
        let assigned = draw.several(0..=2, |draw| address(AddressTypes::Ip, draw.pick(&["192.0.2.7", "192.0.2.8", "192.0.2.9"])));
        facts.assigned_addresses.insert(gateway(draw), assigned);
    }
    if draw.chance(10) {
        let (port, protocol) = draw.pick(&[(80, "HTTP"), (443, "HTTPS"), (8080, "HTTP"), (9000, "TCP"), (53, "UDP")]);
        facts.unavailable_ports.insert((gateway(draw), port, Protocol::from(protocol)));
    }
    if draw.chance(8) {
        facts.mismatched_certificates.insert(ObjectKey::namespaced("", "Secret", &"infra".into(), &"cert".into()));
    }
    if draw.chance(50) {
        functions(draw, &mut facts);
    }
    facts
}

/// Backends of a kind that is none of the API's.
fn functions(draw: &mut Draw, facts: &mut Facts) {
    if draw.chance(70) {
        facts.backend_kinds.insert(("example.com".into(), "Function".into()));
    }
    for _ in 0..draw.within(1..=4) {
        let function = ObjectKey::namespaced("example.com", "Function", &namespace(draw).into(), &"f".into());
        let protocol = draw.pick(&[
            BackendProtocol::Http1,
            BackendProtocol::Http1,
            BackendProtocol::H2c,
            BackendProtocol::WebSocket,
            BackendProtocol::Opaque,
        ]);
        facts.backends.insert(function, BackendFact { port: 9, protocol });
    }
}

#[derive(Clone, Copy)]
enum AddressTypes {
    Ip,
    Name,
}

fn address(kind: AddressTypes, value: &str) -> Address {
    let kind = match kind {
        AddressTypes::Ip => AddressType::IpAddress,
        AddressTypes::Name => AddressType::Hostname,
    };
    Address { kind, value: Some(value.into()), routability: "".into() }
}

fn gateway(draw: &mut Draw) -> ObjectKey {
    let (namespace, name) = draw.weighted(&GATEWAYS);
    ObjectKey::namespaced(GATEWAY_GROUP, "Gateway", &namespace.into(), &name.into())
}
