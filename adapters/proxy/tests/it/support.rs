//! What the tests have in common: objects, backends, a proxy for them, and clients.
#![allow(unreachable_pub, reason = "one module of one test")]

use std::{collections::BTreeMap, future::Future, net::SocketAddr, time::Duration};

use bytes::Bytes;
use gwapi_core::{
    Controller, Object, Snapshot,
    name::{CORE_GROUP, GATEWAY_GROUP, ObjectKey},
    resolution::BackendKey,
    resolve,
};
use gwapi_proxy::{Limits, Place, Proxy, Served, echo};
use http::{Request, Response};
use http_body_util::{BodyExt as _, Full, combinators::UnsyncBoxBody};
use hyper::{body::Incoming, service::service_fn};
use hyper_util::{
    rt::{TokioExecutor, TokioIo},
    server::conn::auto,
};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpSocket, TcpStream},
};

pub type Failure = Box<dyn std::error::Error + Send + Sync>;
pub type Body = UnsyncBoxBody<Bytes, Failure>;

/// Long enough for anything that works, short enough to wait for what does not.
pub const PATIENCE: Duration = Duration::from_secs(10);
pub const LOOPBACK: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 0);

pub fn full(text: impl Into<Bytes>) -> Body {
    Full::new(text.into()).map_err(|never| match never {}).boxed_unsync()
}

// Objects

/// One HTTP listener without hostname on port 80.
pub fn gateway() -> Value {
    gateway_with(json!([{"name": "http", "port": 80, "protocol": "HTTP", "allowedRoutes": {"namespaces": {"from": "All"}}}]))
}

pub fn gateway_with(listeners: Value) -> Value {
    json!({
        "apiVersion": "gateway.networking.k8s.io/v1", "kind": "Gateway", "metadata": {"namespace": "infra", "name": "edge"},
        "spec": {"gatewayClassName": "test", "listeners": listeners},
    })
}

pub fn route(name: &str, rules: Value) -> Value {
    json!({
        "apiVersion": "gateway.networking.k8s.io/v1", "kind": "HTTPRoute", "metadata": {"namespace": "infra", "name": name},
        "spec": {"parentRefs": [{"name": "edge"}], "rules": rules},
    })
}

pub fn service(name: &str) -> Value {
    service_with(name, json!({"port": 80}))
}

pub fn service_with(name: &str, port: Value) -> Value {
    json!({"apiVersion": "v1", "kind": "Service", "metadata": {"namespace": "infra", "name": name}, "spec": {"ports": [port]}})
}

/// A rule that sends everything to one Service.
pub fn to(service: &str) -> Value {
    json!([{"backendRefs": [{"name": service, "port": 80}]}])
}

fn infra(group: &str, kind: &str, name: &str) -> ObjectKey {
    ObjectKey::namespaced(group, kind, &"infra".into(), &name.into())
}

pub fn place(port: u16) -> Place {
    Place { gateway: infra(GATEWAY_GROUP, "Gateway", "edge"), port }
}

/// What is served for these objects, on ports that the system chooses.
pub fn served(objects: &[Value], backends: &[(&str, SocketAddr)]) -> Served {
    let mut snapshot = Snapshot::new();
    for object in objects {
        let read = Object::from_json(object);
        assert_eq!(read.issues, [], "{object}");
        snapshot.insert(read.object.expect("an object"));
    }
    let tables = gwapi_match::compile(&resolve(&snapshot, &Controller::default()), 1).gateways;
    let places = tables
        .iter()
        .flat_map(|(gateway, table)| table.ports().map(|port| Place { gateway: gateway.clone(), port: port.number }));
    let binds: BTreeMap<_, _> = places.map(|place| (place, LOOPBACK)).collect();
    let mut endpoints = BTreeMap::<BackendKey, Vec<SocketAddr>>::new();
    for (name, address) in backends {
        endpoints.entry(BackendKey { object: infra(CORE_GROUP, "Service", name), port: 80 }).or_default().push(*address);
    }
    Served { binds, tables, endpoints, ..Served::default() }
}

// The proxy

pub struct Started {
    pub proxy: Proxy,
    pub address: SocketAddr,
}

pub async fn start(objects: &[Value], backends: &[(&str, SocketAddr)]) -> Started {
    start_served(served(objects, backends), Limits::default()).await
}

pub async fn start_served(served: Served, limits: Limits) -> Started {
    let (proxy, unbound) = Proxy::start(served, limits).await;
    assert!(unbound.is_empty(), "{unbound:?}");
    let address = *proxy.addresses().values().next().expect("a port");
    Started { proxy, address }
}

/// A Gateway whose one route sends everything to this backend.
pub async fn in_front_of(backend: SocketAddr) -> Started {
    start(&[gateway(), service("a"), route("all", to("a"))], &[("a", backend)]).await
}

// Backends

pub fn echo(name: &str) -> echo::Echo {
    echo::spawn(echo::EchoConfig { bind: LOOPBACK, name: name.to_owned(), certificate: None }).expect("an echo backend")
}

/// A backend of a test. It lives as long as the test's runtime.
pub async fn backend<F, R>(answer: F) -> SocketAddr
where
    F: Fn(Request<Incoming>) -> R + Clone + Send + Sync + 'static,
    R: Future<Output = Response<Body>> + Send + 'static,
{
    let socket = TcpListener::bind(LOOPBACK).await.expect("a port");
    let address = socket.local_addr().expect("an address");
    tokio::spawn(async move {
        while let Ok((stream, _)) = socket.accept().await {
            let answer = answer.clone();
            tokio::spawn(async move {
                let service = service_fn(|request| {
                    let answered = answer(request);
                    async { Ok::<_, std::convert::Infallible>(answered.await) }
                });
                let builder = auto::Builder::new(TokioExecutor::new());
                let _ = builder.serve_connection_with_upgrades(TokioIo::new(stream), service).await;
            });
        }
    });
    address
}

/// A port that refuses connections.
pub async fn refusing() -> SocketAddr {
    // Bound, not listening, and never closed: no other test gets the port meanwhile.
    let socket = TcpSocket::new_v4().expect("a socket");
    socket.bind(LOOPBACK).expect("a port");
    let address = socket.local_addr().expect("an address");
    std::mem::forget(socket);
    address
}

// Clients

pub fn request(path: &str) -> Request<Body> {
    Request::get(path).header("host", "shop.example.com").body(full("")).expect("a request")
}

/// Sends a request on a connection of its own.
pub async fn send(address: SocketAddr, request: Request<Body>) -> Result<Response<Incoming>, Failure> {
    let stream = TcpStream::connect(address).await?;
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
    tokio::spawn(connection.with_upgrades());
    let response = tokio::time::timeout(PATIENCE, sender.send_request(request)).await??;
    // The connection ends with its sender, which the body may outlive.
    tokio::spawn(async move { sender.ready().await });
    Ok(response)
}

/// A connection with HTTP/2 and prior knowledge.
pub async fn http2(address: SocketAddr) -> hyper::client::conn::http2::SendRequest<Body> {
    let stream = TcpStream::connect(address).await.expect("a connection");
    let (sender, connection) =
        hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(stream)).await.expect("HTTP/2");
    tokio::spawn(connection);
    sender
}

pub async fn get(address: SocketAddr, path: &str) -> Response<Incoming> {
    send(address, request(path)).await.expect("an answer")
}

pub async fn text(response: Response<Incoming>) -> String {
    let body = tokio::time::timeout(PATIENCE, response.into_body().collect()).await.expect("in time").expect("a body");
    String::from_utf8(body.to_bytes().to_vec()).expect("text")
}

pub async fn json(response: Response<Incoming>) -> Value {
    serde_json::from_str(&text(response).await).expect("JSON")
}

/// Writes bytes and reads until the other side closes, or has been silent for a while. What is expected to be answered should ask for
/// the end of the connection.
pub async fn raw(address: SocketAddr, bytes: impl AsRef<[u8]>) -> String {
    let mut stream = TcpStream::connect(address).await.expect("a connection");
    stream.write_all(bytes.as_ref()).await.expect("written");
    let mut answer = Vec::new();
    let mut chunk = [0; 4096];
    while let Ok(Ok(length @ 1..)) = tokio::time::timeout(Duration::from_secs(1), stream.read(&mut chunk)).await {
        answer.extend_from_slice(&chunk[..length]);
    }
    String::from_utf8_lossy(&answer).into_owned()
}

/// The same for many texts at a time.
pub async fn raw_each(address: SocketAddr, texts: &[impl AsRef<[u8]>]) -> Vec<String> {
    let tasks: Vec<_> = texts.iter().map(|text| tokio::spawn(raw(address, text.as_ref().to_vec()))).collect();
    let mut answers = Vec::new();
    for task in tasks {
        answers.push(task.await.expect("an answer"));
    }
    answers
}
