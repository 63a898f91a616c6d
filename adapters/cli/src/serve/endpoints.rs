//! Backends to addresses: what the user says, else the EndpointSlices of the input, else none.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::{IpAddr, SocketAddr, ToSocketAddrs},
    str::FromStr,
};

use gwapi_core::{
    Resolution,
    name::{CORE_GROUP, ObjectKey},
    resolution::{BackendKey, BackendTarget, ResolvedFilter},
};
use serde_json::Value;

use crate::input::Input;

/// Where the backends are.
pub type Endpoints = BTreeMap<BackendKey, Vec<SocketAddr>>;

/// `--backend NS/NAME:PORT=HOST:PORT`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BackendAt {
    /// The Service and its port.
    pub key: BackendKey,
    /// Where it is.
    pub address: SocketAddr,
}

impl FromStr for BackendAt {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let form = || format!("`{text}` is not NAMESPACE/NAME:PORT=HOST:PORT");
        let (backend, address) = text.split_once('=').ok_or_else(form)?;
        let (service, port) = backend.rsplit_once(':').ok_or_else(form)?;
        let (namespace, name) =
            service.split_once('/').filter(|(namespace, name)| !namespace.is_empty() && !name.is_empty()).ok_or_else(form)?;
        let object = ObjectKey::namespaced(CORE_GROUP, "Service", &namespace.into(), &name.into());
        let key = BackendKey { object, port: port.parse().map_err(|_| form())? };
        Ok(Self { key, address: look_up(address)? })
    }
}

/// A name such as `localhost` often has an IPv6 address on which nobody listens.
fn look_up(address: &str) -> Result<SocketAddr, String> {
    let found: Vec<SocketAddr> = address.to_socket_addrs().map_err(|error| format!("`{address}`: {error}"))?.collect();
    let first = found.iter().find(|address| address.is_ipv4()).or_else(|| found.first());
    first.copied().ok_or_else(|| format!("`{address}` has no address"))
}

/// The endpoints of every backend that a route of the resolution leads to. Those without any are in it too.
#[must_use]
pub fn endpoints(input: &Input, resolution: &Resolution, backends: &[BackendAt]) -> Endpoints {
    let slices = Slices::of(input);
    let of = |key: BackendKey| {
        let said: Vec<SocketAddr> = backends.iter().filter(|backend| backend.key == key).map(|backend| backend.address).collect();
        let addresses = if said.is_empty() { slices.addresses(input, &key) } else { said };
        (key, addresses)
    };
    targets(resolution).into_iter().map(of).collect()
}

/// Every backend that a route leads to, mirrors among them.
#[must_use]
pub fn targets(resolution: &Resolution) -> BTreeSet<BackendKey> {
    let rules = resolution.routes.values().flat_map(|route| &route.rules);
    let of_filter = |filter: &ResolvedFilter| match filter {
        ResolvedFilter::RequestMirror { target: Ok(target), .. } => Some(target.key.clone()),
        _ => None,
    };
    let mut keys = BTreeSet::new();
    for rule in rules {
        keys.extend(rule.filters.iter().filter_map(of_filter));
        for backend in &rule.backends {
            let key = |target: &BackendTarget| target.key.clone();
            keys.extend(backend.target.iter().map(key).chain(backend.filters.iter().filter_map(of_filter)));
        }
    }
    keys
}

/// The EndpointSlices of an input, by the Service that they belong to.
struct Slices<'a>(BTreeMap<(&'a str, String), Vec<Value>>);

impl<'a> Slices<'a> {
    fn of(input: &'a Input) -> Self {
        let mut slices = BTreeMap::<_, Vec<Value>>::new();
        for (key, document) in &input.documents {
            let is_slice = key.group == *"discovery.k8s.io" && key.kind == *"EndpointSlice";
            if !is_slice {
                continue;
            }
            let slice = document.value();
            if let Some(service) = slice["metadata"]["labels"]["kubernetes.io/service-name"].as_str() {
                slices.entry((key.namespace_str(), service.to_owned())).or_default().push(slice);
            }
        }
        Self(slices)
    }

    fn addresses(&self, input: &Input, key: &BackendKey) -> Vec<SocketAddr> {
        let service = input.documents.get(&key.object).map_or(Value::Null, |document| document.value());
        let slices = self.0.get(&(key.object.namespace_str(), key.object.name.to_string())).map_or(&[][..], Vec::as_slice);
        let addresses = slices.iter().flat_map(|slice| {
            let port = slice_port(&service, slice, key.port);
            port.into_iter().flat_map(|port| ready(slice).map(move |address| SocketAddr::new(address, port)))
        });
        // Slices may repeat an endpoint while they are rebuilt.
        addresses.collect::<BTreeSet<_>>().into_iter().collect()
    }
}

/// The port of a slice that a port of its Service means: the one of the same name, else the only one there is. A port that the
/// Service does not list, as a headless one need not, means itself.
fn slice_port(service: &Value, slice: &Value, port: u16) -> Option<u16> {
    let is_tcp = |port: &&Value| port["protocol"].as_str().is_none_or(|protocol| protocol == "TCP");
    let in_slice: Vec<&Value> = list(&slice["ports"]).iter().filter(is_tcp).collect();
    let in_service: Vec<&Value> = list(&service["spec"]["ports"]).iter().filter(is_tcp).collect();
    let number = |port: &Value| port["port"].as_u64().and_then(|port| u16::try_from(port).ok());
    let Some(wanted) = in_service.iter().find(|candidate| number(candidate) == Some(port)) else {
        return in_slice.iter().filter_map(|candidate| number(candidate)).find(|candidate| *candidate == port);
    };
    let name = |port: &Value| port["name"].as_str().unwrap_or_default().to_owned();
    let named = in_slice.iter().find(|candidate| name(candidate) == name(wanted));
    let only = in_slice.first().filter(|_| in_slice.len() == 1 && in_service.len() == 1);
    named.or(only).and_then(|found| number(found))
}

/// The addresses of the endpoints that are ready; one whose readiness is not known counts as ready. All addresses of one
/// endpoint lead to the same place, so the first will do.
fn ready(slice: &Value) -> impl Iterator<Item = IpAddr> {
    let is_ready = |endpoint: &&Value| endpoint["conditions"]["ready"] != false;
    list(&slice["endpoints"])
        .iter()
        .filter(is_ready)
        .filter_map(|endpoint| list(&endpoint["addresses"]).first()?.as_str()?.parse().ok())
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map(Vec::as_slice).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_backend_is_a_service_port_and_an_address() {
        let backend: BackendAt = "shop/api:80=127.0.0.1:3000".parse().unwrap();
        assert_eq!((backend.key.object.namespaced_name().as_str(), backend.key.port), ("shop/api", 80));
        assert_eq!(backend.address, "127.0.0.1:3000".parse().unwrap());
        for wrong in [
            "shop/api=127.0.0.1:3000",
            "api:80=127.0.0.1:3000",
            "shop/api:80",
            "shop/api:http=127.0.0.1:1",
            "/api:80=127.0.0.1:1",
        ] {
            assert!(wrong.parse::<BackendAt>().unwrap_err().contains("is not NAMESPACE/NAME:PORT=HOST:PORT"), "{wrong}");
        }
    }

    #[test]
    fn the_port_of_a_slice_is_found_by_the_name_of_the_service_port() {
        let service = json!({"spec": {"ports": [{"name": "web", "port": 80}, {"name": "admin", "port": 81}]}});
        let slice = json!({"ports": [{"name": "admin", "port": 9000}, {"name": "web", "port": 8080}]});
        assert_eq!(slice_port(&service, &slice, 80), Some(8080));
        assert_eq!(slice_port(&service, &slice, 81), Some(9000));
        let unnamed = json!({"ports": [{"port": 7000}]});
        assert_eq!(slice_port(&service, &unnamed, 80), None, "it could be either");
        assert_eq!(slice_port(&json!({"spec": {"ports": [{"name": "web", "port": 80}]}}), &unnamed, 80), Some(7000));
        assert_eq!(slice_port(&json!({}), &unnamed, 7000), Some(7000), "headless");
        assert_eq!(slice_port(&json!({}), &unnamed, 80), None);
    }

    /// I-018.
    #[test]
    fn endpoints_that_are_not_ready_get_nothing() {
        let slice = json!({"endpoints": [
            {"addresses": ["10.0.0.1", "10.0.0.9"], "conditions": {"ready": true}},
            {"addresses": ["10.0.0.2"], "conditions": {"ready": false}},
            {"addresses": ["10.0.0.3"], "conditions": {}},
            {"addresses": ["10.0.0.4"]},
        ]});
        let addresses: Vec<String> = ready(&slice).map(|address| address.to_string()).collect();
        assert_eq!(addresses, ["10.0.0.1", "10.0.0.3", "10.0.0.4"]);
    }
}
