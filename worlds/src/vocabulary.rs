//! The words that manifests and requests are made of: few on purpose, so that everything meets everything.

use serde_json::Value;

use crate::Draw;

/// The name of the controller that asks.
pub const OURS: &str = "example.com/ours";
/// The name of another one.
pub(crate) const FOREIGN: &str = "example.com/foreign";

/// `shop-b/…` sorts before `shop/…` although its namespace sorts behind.
const NAMESPACES: [(usize, &str); 4] = [(4, "shop"), (2, "infra"), (2, "shop-b"), (1, "default")];

/// Gateways, by namespace and name.
pub(crate) const GATEWAYS: [(usize, (&str, &str)); 3] = [(8, ("infra", "edge")), (3, ("shop", "edge")), (1, ("infra", "inner"))];

/// ListenerSets, likewise.
pub(crate) const LISTENER_SETS: [(usize, (&str, &str)); 3] = [(3, ("infra", "s")), (3, ("shop", "s")), (1, ("shop-b", "t"))];

/// Names of listeners.
pub(crate) const LISTENERS: [&str; 5] = ["l0", "l1", "l2", "l3", "l4"];

/// The names of Services that references use; `missing` never exists.
pub(crate) const SERVICES: [(usize, &str); 4] = [(24, "web"), (12, "a"), (1, "external"), (1, "missing")];

/// Ports of Services that carry TCP.
pub(crate) const SERVICE_PORTS: [u16; 3] = [80, 8080, 90];
/// The one that carries datagrams.
pub(crate) const UDP_PORT: u16 = 53;

/// Addresses of Services.
pub(crate) const CLUSTER_IPS: [&str; 5] = ["10.0.0.1", "10.0.0.2", "10.0.0.3", "10.0.0.4", "fd00::1"];

/// Nested, so that listeners isolate, hostnames fall through, and intersections of different hostnames are the same.
const HOSTNAMES: [&str; 8] =
    ["*.example", "a.example", "*.a.example", "b.a.example", "*.b.a.example", "c.b.a.example", "*.test", "x.test"];

/// What is no hostname.
const BROKEN_HOSTNAMES: [&str; 7] = ["UPPER.example", "a..example", "192.0.2.1", "*", "a.*.example", "-a.example", "a.example."];

/// What requests name as their host.
pub(crate) const HOSTS: [&str; 12] = [
    "a.example",
    "b.a.example",
    "b.a.example",
    "c.b.a.example",
    "d.c.b.a.example",
    "x.test",
    "z.example",
    "A.Example.:8080",
    "example",
    "x_y.a.example",
    "[::1]:80",
    "unknown",
];

/// Names of headers, as manifests and requests write them.
pub(crate) const HEADERS: [&str; 6] = ["a", "A", "b", "c", "cookie", "host"];

/// Names of query parameters.
pub(crate) const QUERIES: [&str; 3] = ["q", "Q", "r"];

/// Services of gRPC.
pub(crate) const GRPC_SERVICES: [&str; 3] = ["S", "p.S", "T"];
/// Their methods.
pub(crate) const GRPC_METHODS: [&str; 2] = ["M", "Mm"];

/// One of the namespaces.
pub(crate) fn namespace(draw: &mut Draw) -> &'static str {
    draw.weighted(&NAMESPACES)
}

/// A hostname, hardly ever a broken one.
pub(crate) fn hostname(draw: &mut Draw) -> &'static str {
    if draw.chance(2) { draw.pick(&BROKEN_HOSTNAMES) } else { draw.pick(&HOSTNAMES) }
}

/// A namespace for a reference, where the namespace of the referrer is what most references mean.
pub(crate) fn other_namespace(draw: &mut Draw, percent: usize) -> Option<Value> {
    draw.maybe(percent, |draw| namespace(draw).into())
}

/// A time of creation: few, so that ages tie, and none at all for what was not created yet.
pub(crate) fn created(draw: &mut Draw) -> Option<Value> {
    draw.maybe(75, |draw| draw.pick(&["2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z", "2025-12-31T23:59:59Z"]).into())
}

/// What looks like a certificate, and hardly ever does not.
pub(crate) fn certificate(draw: &mut Draw) -> String {
    let body = draw.weighted(&[(16, "MAA="), (8, "MAIFAA=="), (1, "AAAA"), (1, "***")]);
    pem("CERTIFICATE", body)
}

/// A block of PEM.
pub(crate) fn pem(label: &str, body: &str) -> String {
    format!("-----BEGIN {label}-----\n{body}\n-----END {label}-----\n")
}
