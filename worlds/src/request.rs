//! Requests, and connections that carry none, and where they come to.

use gwapi_core::{ObjectKey, name::GATEWAY_GROUP};
use serde_json::Value;

use crate::{
    Draw, Theme,
    manifest::{key_of, names_of},
    vocabulary::{CLUSTER_IPS, HEADERS, HOSTS, SERVICE_PORTS, UDP_PORT, namespace},
};

/// A connection as it arrives, and the request on it, which nobody reads where none follow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// The Gateway that is asked; without one each of them is.
    pub gateway: Option<ObjectKey>,
    /// Where a mesh takes it from, which is asked then instead.
    pub mesh: Option<InMesh>,
    /// The port that its connection came to.
    pub port: u16,
    /// Whether it is datagrams and no connection.
    pub is_udp: bool,
    /// With TLS: the server name, which may be missing.
    pub tls: Option<Option<String>>,
    /// Method, as written.
    pub method: String,
    /// What the Host header says, if there is one.
    pub host: Option<String>,
    /// `:authority`, or that of a request line in absolute form.
    pub authority: Option<String>,
    /// Path and query.
    pub target: String,
    /// Headers beside Host.
    pub headers: Vec<(Vec<u8>, Vec<u8>)>,
}

/// Who sends a request in a mesh, and to whom.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InMesh {
    /// The namespace of the client.
    pub client: String,
    /// A name or an address of a Service.
    pub destination: String,
}

const PORTS: [(usize, (u16, bool)); 10] = [
    (9, (80, false)),
    (2, (8080, false)),
    (8, (443, true)),
    (1, (8443, true)),
    (1, (443, false)),
    (1, (80, true)),
    (1, (81, false)),
    (1, (9000, false)),
    (1, (9000, true)),
    (1, (UDP_PORT, false)),
];

const PATHS: [(usize, &str); 14] = [
    (3, "/"),
    (4, "/x"),
    (2, "/x/"),
    (4, "/x/y"),
    (2, "/x/y/z"),
    (2, "/xy"),
    (2, "/y"),
    (1, "/z"),
    (1, "/X"),
    (1, "/x%2Fy"),
    (1, "//x"),
    (1, "/%78"),
    (1, "/x/../y"),
    (1, "/yy."),
];

const GRPC_PATHS: [&str; 8] = ["/S/M", "/S/M", "/p.S/M", "/T/Mm", "/S", "/S/M/N", "/X/N", "//S//M"];

/// Most of them are of gRPC.
const CONTENT_TYPES: [(usize, &str); 6] = [
    (12, "application/grpc"),
    (2, "Application/GRPC+proto"),
    (1, "application/grpc ; x=y"),
    (1, "application/grpc-web"),
    (1, "application/grpcx"),
    (1, "text/html"),
];

const QUERY_STRINGS: [&str; 10] = ["", "", "?q=1", "?q=2&q=1", "?Q=1&q=a+b", "?r=1", "?q", "?q=a%20b&r=a", "?&q=%", "?q=%FF"];

impl Request {
    /// Whether it is for that Gateway.
    #[must_use]
    pub fn is_for(&self, gateway: &ObjectKey) -> bool {
        self.mesh.is_none() && self.gateway.as_ref().is_none_or(|one| one == gateway)
    }

    /// Draws a request to somewhere in a world of these manifests.
    pub(crate) fn draw(draw: &mut Draw, manifests: &[Value]) -> Self {
        let mut request = Self::anywhere(draw);
        let route = of_kind(draw, manifests, "parentRefs");
        let parent = route.and_then(|route| parent(draw, manifests, route));
        let parent = parent.or_else(|| of_kind(draw, manifests, "listeners"));
        if let Some(parent) = parent.filter(|_| draw.chance(94)) {
            request.reach(draw, parent, route);
        }
        if let Some(route) = route.filter(|_| draw.chance(75)) {
            request.aim(draw, route);
        }
        // Connections that were made for another host.
        if let (Some(server_name), true) = (request.tls.as_mut(), draw.chance(10)) {
            let listeners = parent.and_then(|parent| parent.get("spec")?.get("listeners"));
            let other = any_of(draw, listeners).and_then(|listener| listener.get("hostname")?.as_str());
            *server_name = other.map(|hostname| covered(draw, hostname));
        }
        request
    }

    fn anywhere(draw: &mut Draw) -> Self {
        let (port, is_tls) = draw.weighted(&PORTS);
        let host = host(draw);
        // On most connections host and server name agree.
        let server_name = if draw.chance(75) { host.clone() } else { self::host(draw) };
        let header = |draw: &mut Draw| {
            let name = draw.pick(&HEADERS[..5]);
            (name.into(), draw.pick(&["1", "2", "1,2", "1, 2", "1; 2", ""]).into())
        };
        let is_lost = draw.is_about(Theme::Mesh) && draw.chance(6);
        let mut request = Self {
            gateway: None,
            mesh: is_lost.then(|| InMesh { client: namespace(draw).into(), destination: draw.pick(&LOST).into() }),
            port,
            is_udp: port == UDP_PORT,
            tls: is_tls.then_some(server_name),
            method: draw.pick(&["GET", "GET", "POST", "PUT", "get", "OPTIONS"]).into(),
            authority: host.clone().filter(|_| draw.chance(20)),
            host,
            target: format!("{}{}", draw.weighted(&PATHS), draw.pick(&QUERY_STRINGS)),
            headers: draw.several(0..=3, header),
        };
        if draw.is_about(Theme::Grpc) && draw.chance(30) {
            request.target = draw.pick(&GRPC_PATHS).into();
            request.speak_grpc(draw);
        }
        request
    }

    fn speak_grpc(&mut self, draw: &mut Draw) {
        self.method = draw.weighted(&[(12, "POST"), (1, "GET")]).into();
        let content = draw.weighted(&CONTENT_TYPES);
        self.headers.push((b"content-type".to_vec(), content.into()));
    }

    /// Makes it fit one match of a route, as far as words can.
    fn aim(&mut self, draw: &mut Draw, route: &Value) {
        let spec = route.get("spec");
        let is_grpc = kind(route) == Some("GRPCRoute");
        if is_grpc {
            self.speak_grpc(draw);
        }
        let rule = any_of(draw, spec.and_then(|spec| spec.get("rules")));
        let Some(matched) = rule.and_then(|rule| any_of(draw, rule.get("matches"))) else { return };
        match is_grpc {
            true => self.aim_at_method(draw, matched),
            false => self.aim_at_path(draw, matched),
        }
        for (name, value) in named_values(matched.get("headers")) {
            self.headers.retain(|(other, _)| !other.eq_ignore_ascii_case(name.as_bytes()));
            self.headers.push((name.into(), value.into()));
        }
        for (name, value) in named_values(matched.get("queryParams")) {
            let separator = if self.target.contains('?') { '&' } else { '?' };
            self.target.push_str(&format!("{separator}{name}={}", value.replace(' ', "+")));
        }
    }

    fn aim_at_path(&mut self, draw: &mut Draw, matched: &Value) {
        let path = matched.get("path");
        let text = path.and_then(|path| path.get("value")?.as_str()).unwrap_or("/");
        // What all of the patterns match.
        let text = if path.is_some_and(is_regular) { "/x" } else { text };
        self.target = format!("{text}{}", draw.pick(&["", "", "", "", "/z", "z"]));
        if let Some(method) = matched.get("method").and_then(Value::as_str) {
            self.method = method.into();
        }
    }

    fn aim_at_method(&mut self, draw: &mut Draw, matched: &Value) {
        let asked = matched.get("method");
        let of_asked = |field, other: &'static str| asked.and_then(|asked| asked.get(field)?.as_str()).unwrap_or(other);
        let (mut service, mut method) =
            (of_asked("service", draw.pick(&["S", "T"])), of_asked("method", draw.pick(&["M", "Mm"])));
        if asked.is_some_and(is_regular) {
            (service, method) = ("S", "M");
        }
        self.target = format!("/{service}/{method}");
    }

    /// Makes it come to a parent of a route: to a listener of it, or to its ports.
    fn reach(&mut self, draw: &mut Draw, parent: &Value, route: Option<&Value>) {
        match kind(parent) {
            Some("Service") => self.reach_service(draw, parent, route),
            _ => self.reach_listener(draw, parent, route),
        }
    }

    fn reach_service(&mut self, draw: &mut Draw, service: &Value, route: Option<&Value>) {
        let Some((_, _, Some(home), name)) = names_of(service) else { return };
        let address = service["spec"].get("clusterIP").and_then(Value::as_str).filter(|_| draw.chance(35));
        let suffix = draw.pick(&["", ".svc", ".svc.cluster.local", ".svc.cluster.local."]);
        let destination = address.map_or_else(|| format!("{name}.{home}{suffix}"), str::to_owned);
        let of_route = route.and_then(names_of).and_then(|(_, _, namespace, _)| namespace);
        let client = draw.weighted(&[(3, of_route.unwrap_or(home)), (2, home), (1, "elsewhere")]);
        self.mesh = Some(InMesh { client: client.into(), destination });
        self.tls = None;
        let is_udp = route.and_then(kind) == Some("UDPRoute") || draw.chance(3);
        self.is_udp = is_udp;
        self.port = if is_udp { UDP_PORT } else { draw.weighted(&[(12, SERVICE_PORTS[0]), (2, SERVICE_PORTS[1]), (1, 81)]) };
    }

    fn reach_listener(&mut self, draw: &mut Draw, parent: &Value, route: Option<&Value>) {
        let is_set = kind(parent) == Some("ListenerSet");
        let gateway = if is_set { gateway_of(parent) } else { key_of(parent) };
        self.gateway = gateway.filter(|_| draw.chance(93));
        self.mesh = None;
        let listeners = parent.get("spec").and_then(|spec| spec.get("listeners")).and_then(Value::as_array);
        let all: Vec<&Value> = listeners.into_iter().flatten().collect();
        let fitting: Vec<&Value> = all.iter().copied().filter(|listener| fits(listener, route)).collect();
        let these = if fitting.is_empty() || draw.chance(8) { all } else { fitting };
        let Some(listener) = these.get(draw.below(these.len())) else { return };
        let port = listener.get("port").and_then(Value::as_u64).and_then(|port| u16::try_from(port).ok());
        let protocol = protocol(listener);
        self.port = port.unwrap_or(self.port);
        let is_tls = matches!(protocol, "HTTPS" | "TLS") || (protocol == "TCP" && draw.chance(25));
        self.tls = is_tls.then(|| self.host.clone());
        self.is_udp = (protocol == "UDP") != draw.chance(2);
        let mut names = common_hostnames(listener, route);
        names.retain(|_| !draw.chance(4));
        if let Some(name) = names.get(draw.below(names.len())) {
            self.name(draw, name);
        }
    }

    /// Makes it ask for a host that a hostname covers.
    fn name(&mut self, draw: &mut Draw, hostname: &str) {
        let host = covered(draw, hostname);
        if let Some(server_name) = self.tls.as_mut().filter(|_| draw.chance(92)) {
            *server_name = Some(host.clone());
        }
        self.authority = None;
        self.host = Some(host);
    }
}

/// A host that a hostname covers.
fn covered(draw: &mut Draw, hostname: &str) -> String {
    hostname.replacen('*', draw.pick(&["w", "a", "b", "v.w"]), 1)
}

fn protocol(listener: &Value) -> &str {
    listener.get("protocol").and_then(Value::as_str).unwrap_or_default()
}

/// Whether a route could be attached to a listener.
fn fits(listener: &Value, route: Option<&Value>) -> bool {
    let protocols: &[&str] = match route.and_then(kind) {
        Some("HTTPRoute" | "GRPCRoute") => &["HTTP", "HTTPS"],
        Some("TLSRoute") => &["TLS"],
        Some("TCPRoute") => &["TCP"],
        Some("UDPRoute") => &["UDP"],
        _ => return true,
    };
    let has_names = route.and_then(|route| route.get("spec")?.get("hostnames")).is_some();
    protocols.contains(&protocol(listener)) && (!has_names || !common_hostnames(listener, route).is_empty())
}

/// The hostnames that a listener and a route both cover, as far as they say any.
fn common_hostnames(listener: &Value, route: Option<&Value>) -> Vec<String> {
    let own = listener.get("hostname").and_then(Value::as_str);
    let of_route = route.and_then(|route| route.get("spec")?.get("hostnames")?.as_array());
    let of_route: Vec<&str> = of_route.into_iter().flatten().filter_map(Value::as_str).collect();
    match own {
        Some(own) if of_route.is_empty() => vec![own.to_owned()],
        Some(own) => of_route.iter().filter_map(|other| narrower(own, other)).map(str::to_owned).collect(),
        None => of_route.into_iter().map(str::to_owned).collect(),
    }
}

/// The narrower one of two hostnames that meet.
fn narrower<'h>(one: &'h str, other: &'h str) -> Option<&'h str> {
    let covers = |wide: &str, narrow: &str| wide == narrow || wide.strip_prefix('*').is_some_and(|end| narrow.ends_with(end));
    match (covers(one, other), covers(other, one)) {
        (true, _) => Some(other),
        (_, true) => Some(one),
        _ => None,
    }
}

/// Names of Services that are none, or those of the client's own namespace, and addresses of whoever has them.
const LOST: [&str; 8] = ["web", "a", "unknown", "", "web.shop.svc.cluster", "web.shop.cluster.local", CLUSTER_IPS[0], "10.9.9.9"];

fn kind(manifest: &Value) -> Option<&str> {
    manifest.get("kind")?.as_str()
}

/// What one of the parentRefs of a route names.
fn parent<'v>(draw: &mut Draw, manifests: &'v [Value], route: &Value) -> Option<&'v Value> {
    let reference = any_of(draw, route.get("spec")?.get("parentRefs"))?;
    let (_, _, own_namespace, _) = names_of(route)?;
    let namespace = reference.get("namespace").and_then(Value::as_str).or(own_namespace);
    let name = reference.get("name")?.as_str()?;
    let parent_kind = reference.get("kind").and_then(Value::as_str).unwrap_or("Gateway");
    let is_parent = |manifest: &&Value| {
        names_of(manifest).is_some_and(|(_, kind, home, other)| (kind, home, other) == (parent_kind, namespace, name))
    };
    manifests.iter().find(is_parent)
}

/// The Gateway of a ListenerSet.
fn gateway_of(set: &Value) -> Option<ObjectKey> {
    let parent = set.get("spec")?.get("parentRef")?;
    let (_, _, home, _) = names_of(set)?;
    let namespace = parent.get("namespace").and_then(Value::as_str).or(home)?;
    Some(ObjectKey::namespaced(GATEWAY_GROUP, "Gateway", &namespace.into(), &parent.get("name")?.as_str()?.into()))
}

/// One of the manifests that have a field in their `spec`.
fn of_kind<'v>(draw: &mut Draw, manifests: &'v [Value], field: &str) -> Option<&'v Value> {
    let has_field = |manifest: &&Value| manifest.get("spec").is_some_and(|spec| spec.get(field).is_some());
    let all: Vec<&Value> = manifests.iter().filter(has_field).collect();
    all.get(draw.below(all.len())).copied()
}

fn host(draw: &mut Draw) -> Option<String> {
    draw.maybe(93, |draw| draw.pick(&HOSTS).into())
}

fn any_of<'v>(draw: &mut Draw, list: Option<&'v Value>) -> Option<&'v Value> {
    let list = list?.as_array()?;
    list.get(draw.below(list.len()))
}

fn is_regular(value: &Value) -> bool {
    value.get("type").and_then(Value::as_str) == Some("RegularExpression")
}

fn named_values(list: Option<&Value>) -> impl Iterator<Item = (&str, &str)> {
    let entries = list.and_then(Value::as_array).into_iter().flatten();
    entries.filter_map(|entry| {
        let name = entry.get("name")?.as_str()?;
        // What all of the patterns match.
        let value = if is_regular(entry) { "1" } else { entry.get("value")?.as_str()? };
        Some((name, value))
    })
}
