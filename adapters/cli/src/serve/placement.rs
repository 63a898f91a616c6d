//! Where Gateways are: which address and port each port of each of them is bound to.

use std::{
    collections::BTreeMap,
    net::{IpAddr, Ipv4Addr, SocketAddr},
};

use gwapi_core::{Resolution, name::ObjectKey, resolution::ResolvedGateway};
use gwapi_proxy::Place;

/// What the user says about it.
#[derive(Clone, Debug)]
pub struct Placement {
    /// The address that Gateways share while their ports differ.
    pub bind: IpAddr,
    /// What is added to every port.
    pub port_offset: u16,
    /// The only Gateway to serve.
    pub only: Option<ObjectKey>,
    /// Gateways with an address of their own.
    pub addresses: BTreeMap<ObjectKey, IpAddr>,
}

/// Where everything is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Placed {
    /// The address of each Gateway that is served.
    pub gateways: BTreeMap<ObjectKey, IpAddr>,
    /// Where their ports are.
    pub binds: BTreeMap<Place, SocketAddr>,
    /// Ports for which there is no place, and why.
    pub unavailable: BTreeMap<Place, String>,
}

impl Placement {
    /// Places the Gateways of a resolution: the older one first, then by name, so that a newcomer never takes a port away.
    #[must_use]
    pub fn place(&self, resolution: &Resolution) -> Placed {
        let is_meant = |gateway: &&ResolvedGateway| self.only.as_ref().is_none_or(|only| only == gateway.key());
        let accepted = |gateway: &&ResolvedGateway| gateway.is_accepted();
        let mut gateways: Vec<&ResolvedGateway> =
            resolution.gateways.values().map(AsRef::as_ref).filter(is_meant).filter(accepted).collect();
        gateways.sort_by_key(|gateway| gateway.gateway.meta.seniority());
        let mut taken = BTreeMap::new();
        let mut placed = Placed::default();
        for gateway in gateways {
            self.place_one(gateway, &mut taken, &mut placed);
        }
        placed
    }

    fn place_one(&self, gateway: &ResolvedGateway, taken: &mut BTreeMap<SocketAddr, ObjectKey>, placed: &mut Placed) {
        let key = gateway.key();
        let ports = ports(gateway);
        let address = self.addresses.get(key).copied().unwrap_or_else(|| self.free_address(&ports, taken));
        placed.gateways.insert(key.clone(), address);
        for port in ports {
            let place = Place { gateway: key.clone(), port };
            let Some(bound) = self.bound_port(port) else {
                let why = format!("{port} and the offset {} come to more than 65535", self.port_offset);
                placed.unavailable.insert(place, why);
                continue;
            };
            let address = SocketAddr::new(address, bound);
            match taken.get(&address) {
                Some(other) => drop(placed.unavailable.insert(place, format!("{address} is taken by {other}"))),
                None => {
                    taken.insert(address, key.clone());
                    placed.binds.insert(place, address);
                }
            }
        }
    }

    fn bound_port(&self, port: u16) -> Option<u16> {
        port.checked_add(self.port_offset)
    }

    /// The shared address, or on a loopback one the first after it on which none of the ports is taken.
    fn free_address(&self, ports: &[u16], taken: &BTreeMap<SocketAddr, ObjectKey>) -> IpAddr {
        let is_free = |address: &IpAddr| {
            ports
                .iter()
                .filter_map(|port| self.bound_port(*port))
                .all(|port| !taken.contains_key(&SocketAddr::new(*address, port)))
        };
        let mut candidates = std::iter::successors(Some(self.bind), |address| next_loopback(*address));
        candidates.find(is_free).unwrap_or(self.bind)
    }
}

/// The ports that a Gateway wants, each once.
fn ports(gateway: &ResolvedGateway) -> Vec<u16> {
    let mut ports: Vec<u16> =
        gateway.all_listeners().filter(|listener| listener.is_served()).map(|listener| listener.port).collect();
    ports.sort_unstable();
    ports.dedup();
    ports
}

/// The whole of 127.0.0.0/8 is the local machine; of IPv6 only one address is.
fn next_loopback(address: IpAddr) -> Option<IpAddr> {
    let IpAddr::V4(address) = address else { return None };
    let next = Ipv4Addr::from_bits(address.to_bits().checked_add(1)?);
    (address.is_loopback() && next.is_loopback() && next != Ipv4Addr::new(127, 255, 255, 255)).then_some(IpAddr::V4(next))
}

#[cfg(test)]
mod tests {
    use gwapi_core::{Controller, Object, Snapshot, resolve};
    use serde_json::{Value, json};

    use super::*;
    use crate::input::gateway_key;

    fn placement() -> Placement {
        Placement { bind: Ipv4Addr::LOCALHOST.into(), port_offset: 0, only: None, addresses: BTreeMap::new() }
    }

    fn gateway(name: &str, created: &str, ports: &[u16]) -> Value {
        let listener = |port: &u16| json!({"name": format!("p{port}"), "port": port, "protocol": "HTTP"});
        json!({
            "apiVersion": "gateway.networking.k8s.io/v1", "kind": "Gateway",
            "metadata": {"namespace": "a", "name": name, "creationTimestamp": created},
            "spec": {"gatewayClassName": "any", "listeners": ports.iter().map(listener).collect::<Vec<_>>()},
        })
    }

    fn place(placement: &Placement, gateways: &[Value]) -> Placed {
        let mut snapshot: Snapshot = gateways.iter().filter_map(|gateway| Object::from_json(gateway).object).collect();
        snapshot.facts.default_address = Some(super::super::ip_address(Ipv4Addr::LOCALHOST.into()));
        placement.place(&resolve(&snapshot, &Controller::default()))
    }

    fn address(placed: &Placed, gateway: &str, port: u16) -> Option<String> {
        let place = Place { gateway: gateway_key(&format!("a/{gateway}")).unwrap(), port };
        placed.binds.get(&place).map(ToString::to_string)
    }

    const OLD: &str = "2024-01-01T00:00:00Z";
    const NEW: &str = "2025-01-01T00:00:00Z";

    #[test]
    fn gateways_share_the_address_while_their_ports_differ() {
        let placed = place(&placement(), &[gateway("x", OLD, &[80]), gateway("y", NEW, &[81])]);
        assert_eq!(address(&placed, "x", 80).unwrap(), "127.0.0.1:80");
        assert_eq!(address(&placed, "y", 81).unwrap(), "127.0.0.1:81");
    }

    #[test]
    fn of_two_that_want_one_port_the_newer_gets_the_next_loopback_address() {
        let placed = place(&placement(), &[gateway("a", NEW, &[80, 81]), gateway("z", OLD, &[80]), gateway("b", NEW, &[80])]);
        assert_eq!(address(&placed, "z", 80).unwrap(), "127.0.0.1:80", "the older one");
        assert_eq!(address(&placed, "a", 80).unwrap(), "127.0.0.2:80");
        assert_eq!(address(&placed, "a", 81).unwrap(), "127.0.0.2:81", "a Gateway stays together");
        assert_eq!(address(&placed, "b", 80).unwrap(), "127.0.0.3:80", "then by name");
    }

    #[test]
    fn elsewhere_the_newer_does_not_get_the_port() {
        let placement = Placement { bind: "192.0.2.7".parse().unwrap(), ..placement() };
        let placed = place(&placement, &[gateway("x", OLD, &[80]), gateway("y", NEW, &[80, 81])]);
        assert_eq!(address(&placed, "y", 80), None);
        assert_eq!(address(&placed, "y", 81).unwrap(), "192.0.2.7:81");
        assert_eq!(placed.unavailable.values().next().unwrap(), "192.0.2.7:80 is taken by Gateway a/x");
    }

    #[test]
    fn offset_address_and_choice_are_obeyed() {
        let gateways = [gateway("x", OLD, &[80, 60000]), gateway("y", NEW, &[80])];
        let by_hand = [(gateway_key("a/y").unwrap(), "127.0.0.9".parse().unwrap())];
        let placed = place(&Placement { port_offset: 8000, addresses: by_hand.into(), ..placement() }, &gateways);
        assert_eq!(address(&placed, "x", 80).unwrap(), "127.0.0.1:8080");
        assert_eq!(address(&placed, "x", 60000), None, "over the end of the numbers");
        assert_eq!(address(&placed, "y", 80).unwrap(), "127.0.0.9:8080");
        let placed = place(&Placement { only: gateway_key("a/y").ok(), ..placement() }, &gateways);
        assert_eq!(placed.binds.len(), 1);
        assert_eq!(address(&placed, "y", 80).unwrap(), "127.0.0.1:80");
    }
}
