//! Reloads and ends: no request is lost.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use gwapi_proxy::{Limits, Proxy};
use http::{Request, Response, StatusCode};
use serde_json::json;
use tokio::{
    net::TcpListener,
    time::{sleep, timeout},
};

use crate::support::*;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_request_fails_while_the_configuration_changes() {
    let (a, b) = (echo("a"), echo("b"));
    let services = [service("a"), service("b")];
    let config = |name: &str| {
        let objects = [&[gateway()][..], &services, &[route("all", to(name))]].concat();
        served(&objects, &[("a", a.address()), ("b", b.address())])
    };
    let configs = [config("a"), config("b")];
    let started = start_served(configs[0].clone(), Limits::default()).await;
    let is_over = Arc::new(AtomicBool::new(false));
    let clients: Vec<_> = (0..4).map(|_| tokio::spawn(client(started.address, is_over.clone()))).collect();
    for round in 1..=40 {
        let unbound = started.proxy.apply(configs[round % 2].clone()).await;
        assert!(unbound.is_empty(), "{unbound:?}");
        sleep(Duration::from_millis(10)).await;
    }
    is_over.store(true, Ordering::SeqCst);
    let mut names = std::collections::BTreeSet::new();
    for client in clients {
        names.extend(client.await.unwrap());
    }
    assert_eq!(names.into_iter().collect::<Vec<_>>(), ["a", "b"], "both configurations have served");
    // On one and the same connection too.
    assert_eq!(started.proxy.addresses().len(), 1);
}

/// Asks over one connection until it is told to stop. Every answer is 200; returns the backends' names.
async fn client(address: std::net::SocketAddr, is_over: Arc<AtomicBool>) -> Vec<String> {
    let mut client = http2(address).await;
    let mut names = Vec::new();
    while !is_over.load(Ordering::SeqCst) {
        let answer = client.send_request(Request::get("http://a/").body(full("")).unwrap()).await.expect("an answer");
        assert_eq!(answer.status(), StatusCode::OK);
        names.push(json(answer).await["name"].as_str().unwrap().to_owned());
    }
    names
}

/// A backend that says when a request has come, and answers when it may.
async fn held() -> (std::net::SocketAddr, Arc<tokio::sync::Notify>, Arc<tokio::sync::Notify>) {
    let (came, go) = (Arc::new(tokio::sync::Notify::new()), Arc::new(tokio::sync::Notify::new()));
    let (says, may) = (came.clone(), go.clone());
    let address = backend(move |_| {
        says.notify_one();
        let may = may.clone();
        async move {
            may.notified().await;
            Response::new(full("late"))
        }
    })
    .await;
    (address, came, go)
}

#[tokio::test]
async fn draining_lets_running_requests_finish_and_takes_no_new_ones() {
    let (backend, came, go) = held().await;
    let Started { proxy, address } = in_front_of(backend).await;
    let running = tokio::spawn(async move { text(get(address, "/").await).await });
    timeout(PATIENCE, came.notified()).await.unwrap();
    let draining = tokio::spawn(proxy.drain(PATIENCE));
    while tokio::net::TcpStream::connect(address).await.is_ok() {
        sleep(Duration::from_millis(5)).await;
    }
    assert!(!draining.is_finished());
    go.notify_one();
    assert_eq!(running.await.unwrap(), "late");
    assert!(timeout(PATIENCE, draining).await.unwrap().unwrap(), "everything came to its end");
}

#[tokio::test]
async fn draining_cuts_off_what_takes_too_long() {
    let (backend, came, _) = held().await;
    let Started { proxy, address } = in_front_of(backend).await;
    let running = tokio::spawn(async move { send(address, request("/")).await.map(drop) });
    timeout(PATIENCE, came.notified()).await.unwrap();
    let since = Instant::now();
    assert!(!proxy.drain(Duration::from_millis(100)).await);
    assert!(since.elapsed() < Duration::from_secs(5));
    assert!(running.await.unwrap().is_err());
}

#[tokio::test]
async fn idle_connections_do_not_hold_up_the_end() {
    let backend = echo("a");
    let Started { proxy, address } = in_front_of(backend.address()).await;
    let _silent = tokio::net::TcpStream::connect(address).await.unwrap();
    let mut client = http2(address).await;
    client.send_request(Request::get("http://a/").body(full("")).unwrap()).await.unwrap();
    assert!(timeout(Duration::from_secs(5), proxy.drain(PATIENCE)).await.unwrap());
}

#[tokio::test]
async fn a_port_that_is_taken_away_is_closed_and_its_requests_finish() {
    let (backend, came, go) = held().await;
    let objects = [gateway(), service("a"), route("all", to("a"))];
    let started = start(&objects, &[("a", backend)]).await;
    let address = started.address;
    let running = tokio::spawn(async move { text(get(address, "/").await).await });
    timeout(PATIENCE, came.notified()).await.unwrap();
    started.proxy.apply(gwapi_proxy::Served::default()).await;
    assert!(started.proxy.addresses().is_empty());
    assert!(tokio::net::TcpStream::connect(address).await.is_err());
    go.notify_one();
    assert_eq!(running.await.unwrap(), "late");
    // And it can be had again at once.
    let mut again = served(&objects, &[("a", backend)]);
    again.binds.insert(place(80), address);
    assert!(started.proxy.apply(again).await.is_empty());
    assert_eq!(started.proxy.addresses()[&place(80)], address);
}

#[tokio::test]
async fn a_port_that_cannot_be_bound_is_reported_and_the_others_serve() {
    let taken = TcpListener::bind(LOOPBACK).await.unwrap();
    let backend = echo("a");
    let listeners = json!([
        {"name": "one", "port": 80, "protocol": "HTTP"},
        {"name": "two", "port": 81, "protocol": "HTTP"},
    ]);
    let mut served = served(&[gateway_with(listeners), service("a"), route("all", to("a"))], &[("a", backend.address())]);
    served.binds.insert(place(81), taken.local_addr().unwrap());
    let (proxy, unbound) = Proxy::start(served.clone(), Limits::default()).await;
    assert_eq!(unbound[&place(81)].kind(), std::io::ErrorKind::AddrInUse);
    assert_eq!(unbound.len(), 1);
    let addresses = proxy.addresses();
    assert_eq!(addresses.keys().collect::<Vec<_>>(), [&place(80)]);
    assert_eq!(get(addresses[&place(80)], "/").await.status(), StatusCode::OK);
    // The next reload finds the port free.
    let address = taken.local_addr().unwrap();
    drop(taken);
    assert!(proxy.apply(served).await.is_empty());
    assert_eq!(get(address, "/").await.status(), StatusCode::OK);
}

#[tokio::test]
async fn slow_clients_are_given_up() {
    let backend = echo("a");
    let served = served(&[gateway(), service("a"), route("all", to("a"))], &[("a", backend.address())]);
    let mut limits = Limits::default();
    limits.header_read = Duration::from_millis(200);
    limits.idle = Duration::from_millis(200);
    let started = start_served(served, limits).await;
    for begun in ["", "GET / HTTP/1.1\r\nhost: a\r\nx-slow: ", "PRI * HTTP/2.0\r\n\r\n"] {
        let mut stream = tokio::net::TcpStream::connect(started.address).await.unwrap();
        tokio::io::AsyncWriteExt::write_all(&mut stream, begun.as_bytes()).await.unwrap();
        let mut answer = Vec::new();
        let read = tokio::io::AsyncReadExt::read_to_end(&mut stream, &mut answer);
        timeout(PATIENCE, read).await.unwrap_or_else(|_| panic!("still open after {begun:?}")).unwrap();
    }
}

#[tokio::test]
async fn connections_beyond_the_limit_wait_for_their_turn() {
    let backend = echo("a");
    let served = served(&[gateway(), service("a"), route("all", to("a"))], &[("a", backend.address())]);
    let mut limits = Limits::default();
    limits.connections = 1;
    let started = start_served(served, limits).await;
    let mut first = http2(started.address).await;
    let ask = || Request::get("http://a/").body(full("")).unwrap();
    first.send_request(ask()).await.unwrap();
    let address = started.address;
    let second = tokio::spawn(async move { get(address, "/").await.status() });
    sleep(Duration::from_millis(100)).await;
    assert!(!second.is_finished());
    assert_eq!(first.send_request(ask()).await.unwrap().status(), StatusCode::OK);
    drop(first);
    assert_eq!(second.await.unwrap(), StatusCode::OK);
}
