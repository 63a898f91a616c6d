//! Bodies that pass through, and connections that become tunnels.

use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Request, Response, StatusCode};
use http_body_util::{BodyExt as _, Channel};
use hyper_util::rt::TokioIo;
use serde_json::json;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    time::timeout,
};

use crate::support::*;

/// A backend that sends back what it receives, while it receives it.
async fn mirror_of_bodies() -> std::net::SocketAddr {
    backend(|request| async { Response::new(request.into_body().map_err(Failure::from).boxed_unsync()) }).await
}

#[tokio::test]
async fn bodies_stream_in_both_directions_at_once() {
    let started = in_front_of(mirror_of_bodies().await).await;
    let mut client = http2(started.address).await;
    let (mut sender, body) = Channel::<Bytes, Failure>::new(1);
    let request = Request::post("http://shop.example.com/").body(Body::new(body)).unwrap();
    let mut answer = timeout(PATIENCE, client.send_request(request)).await.unwrap().unwrap().into_body();
    // Each part is sent only when the one before has come back: nothing waits for the end of a body.
    for number in 0..5 {
        let part = Bytes::from(format!("part {number}"));
        sender.send_data(part.clone()).await.unwrap();
        let frame = timeout(PATIENCE, answer.frame()).await.unwrap().unwrap().unwrap();
        assert_eq!(frame.into_data().unwrap(), part);
    }
    drop(sender);
    let rest = timeout(PATIENCE, answer.collect()).await.unwrap().unwrap();
    assert_eq!(rest.to_bytes(), "");
}

#[tokio::test]
async fn a_large_body_passes_whole() {
    const PARTS: usize = 512;
    let started = in_front_of(mirror_of_bodies().await).await;
    let (mut sender, body) = Channel::<Bytes, Failure>::new(1);
    tokio::spawn(async move {
        for number in 0..PARTS {
            sender.send_data(Bytes::from(vec![number as u8; 64 * 1024])).await.unwrap();
        }
    });
    let request = Request::post("/").header("host", "a").body(Body::new(body)).unwrap();
    let mut answer = send(started.address, request).await.unwrap().into_body();
    let mut length = 0;
    while let Some(frame) = timeout(PATIENCE, answer.frame()).await.unwrap() {
        let data = frame.unwrap().into_data().unwrap();
        for (at, byte) in data.iter().enumerate() {
            assert_eq!(*byte, ((length + at) / (64 * 1024)) as u8);
        }
        length += data.len();
    }
    assert_eq!(length, PARTS * 64 * 1024);
}

#[tokio::test]
async fn a_backend_that_does_not_read_holds_the_client_back() {
    let backend = backend(|request| async move {
        let _unread = request;
        std::future::pending().await
    })
    .await;
    let started = in_front_of(backend).await;
    let (mut sender, body) = Channel::<Bytes, Failure>::new(1);
    let request = Request::post("/").header("host", "a").body(Body::new(body)).unwrap();
    let address = started.address;
    tokio::spawn(async move { send(address, request).await.map(drop) });
    let mut taken = 0;
    while let Ok(sent) = timeout(Duration::from_millis(500), sender.send_data(Bytes::from(vec![0; 64 * 1024]))).await {
        sent.unwrap();
        taken += 64 * 1024;
        assert!(taken < 64 << 20, "the proxy keeps what nobody reads");
    }
    assert!(taken > 0);
}

#[tokio::test]
async fn trailers_survive() {
    let backend = backend(|request| async move {
        let trailers = request.into_body().collect().await.unwrap().trailers().cloned().unwrap_or_default();
        let (mut sender, body) = Channel::<Bytes, Failure>::new(2);
        sender.send_data("data".into()).await.unwrap();
        let sum = trailers.get("x-sum").cloned().unwrap_or_else(|| "none".parse().unwrap());
        let answered =
            HeaderMap::from_iter([("x-sum".parse().unwrap(), sum), ("content-length".parse().unwrap(), "9".parse().unwrap())]);
        sender.send_trailers(answered).await.unwrap();
        Response::builder().header("trailer", "x-sum").body(Body::new(body)).unwrap()
    })
    .await;
    for app_protocol in ["kubernetes.io/h2c", "http"] {
        let objects = [gateway(), service_with("a", json!({"port": 80, "appProtocol": app_protocol})), route("all", to("a"))];
        let started = start(&objects, &[("a", backend)]).await;
        let (mut sender, body) = Channel::<Bytes, Failure>::new(2);
        sender.send_data("data".into()).await.unwrap();
        sender.send_trailers(HeaderMap::from_iter([("x-sum".parse().unwrap(), "42".parse().unwrap())])).await.unwrap();
        drop(sender);
        let request =
            Request::post("http://a/").header("te", "trailers").header("trailer", "x-sum").body(Body::new(body)).unwrap();
        let mut client = http2(started.address).await;
        let answer = timeout(PATIENCE, client.send_request(request)).await.unwrap().unwrap();
        let trailers = answer.into_body().collect().await.unwrap().trailers().cloned().unwrap();
        assert_eq!(trailers.get("x-sum").unwrap(), "42", "{app_protocol}");
        assert!(!trailers.contains_key("content-length"), "{app_protocol}");
    }
}

/// A backend that changes to a protocol of its own, which sends everything back.
async fn upgrading() -> std::net::SocketAddr {
    backend(|mut request| async move {
        let Some(protocol) = request.headers().get("upgrade").cloned() else {
            return Response::builder().status(StatusCode::UPGRADE_REQUIRED).body(full("")).unwrap();
        };
        let upgrade = hyper::upgrade::on(&mut request);
        tokio::spawn(async move {
            let (mut reader, mut writer) = tokio::io::split(TokioIo::new(upgrade.await.unwrap()));
            tokio::io::copy(&mut reader, &mut writer).await.unwrap();
            writer.shutdown().await.unwrap();
        });
        let answer = Response::builder().status(StatusCode::SWITCHING_PROTOCOLS);
        answer
            .header("upgrade", protocol)
            .header("connection", "upgrade")
            .header("sec-websocket-accept", "x")
            .body(full(""))
            .unwrap()
    })
    .await
}

const UPGRADE: &str = "GET /chat HTTP/1.1\r\nhost: a\r\nconnection: keep-alive, Upgrade\r\nupgrade: websocket\r\n\r\n";

async fn head(stream: &mut TcpStream) -> String {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(timeout(PATIENCE, stream.read_u8()).await.unwrap().unwrap());
    }
    String::from_utf8(head).unwrap()
}

#[tokio::test]
async fn i_022_upgraded_connections_become_tunnels() {
    let started = in_front_of(upgrading().await).await;
    let mut stream = TcpStream::connect(started.address).await.unwrap();
    // Bytes of the new protocol may come before the 101.
    stream.write_all(format!("{UPGRADE}early ").as_bytes()).await.unwrap();
    let head = head(&mut stream).await;
    assert!(head.starts_with("HTTP/1.1 101 "), "{head}");
    assert!(head.contains("upgrade: websocket") && head.contains("sec-websocket-accept: x"), "{head}");
    stream.write_all(b"and late").await.unwrap();
    let mut echoed = [0; 14];
    timeout(PATIENCE, stream.read_exact(&mut echoed)).await.unwrap().unwrap();
    assert_eq!(&echoed, b"early and late");
    stream.shutdown().await.unwrap();
    assert_eq!(timeout(PATIENCE, stream.read(&mut echoed)).await.unwrap().unwrap(), 0, "the end passes too");
}

/// CVE-2026-2833 (Pingora).
#[tokio::test]
async fn without_a_101_what_follows_an_upgrade_is_http() {
    let backend = echo("a");
    let started = in_front_of(backend.address()).await;
    let answers = raw(
        started.address,
        format!("{UPGRADE}GET /second HTTP/1.1\r\nhost: b.example.com\r\nconnection: close\r\nx-forwarded-for: 9.9.9.9\r\n\r\n"),
    )
    .await;
    assert_eq!(answers.matches("HTTP/1.1 200 OK").count(), 2, "{answers}");
    assert!(
        answers.contains(r#""path": "/second""#) && !answers.contains("9.9.9.9"),
        "the second request is one of its own: {answers}"
    );
}

#[tokio::test]
async fn draining_ends_tunnels_at_its_deadline() {
    let Started { proxy, address } = in_front_of(upgrading().await).await;
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(UPGRADE.as_bytes()).await.unwrap();
    head(&mut stream).await;
    assert!(!proxy.drain(Duration::from_millis(100)).await);
    let _ = timeout(PATIENCE, stream.read(&mut [0; 1])).await.expect("cut off");
}

#[tokio::test]
async fn clients_that_wait_for_leave_to_send_get_it() {
    let backend = echo("a");
    let started = in_front_of(backend.address()).await;
    let mut stream = TcpStream::connect(started.address).await.unwrap();
    let request = "POST / HTTP/1.1\r\nhost: a\r\nexpect: 100-continue\r\ncontent-length: 5\r\nconnection: close\r\n\r\n";
    stream.write_all(request.as_bytes()).await.unwrap();
    assert!(head(&mut stream).await.starts_with("HTTP/1.1 100 "));
    stream.write_all(b"hello").await.unwrap();
    let mut answer = String::new();
    timeout(PATIENCE, stream.read_to_string(&mut answer)).await.unwrap().unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 OK") && answer.contains(r#""bodyLength": 5"#), "{answer}");
}

#[tokio::test]
async fn nobody_tunnels_http2() {
    let started = in_front_of(upgrading().await).await;
    let request =
        UPGRADE.replace("websocket", "h2c").replace("upgrade: ", "http2-settings: AAMAAABkAARAAAAAAAIAAAAA\r\nupgrade: ");
    let answer = raw(started.address, request).await;
    assert!(answer.starts_with("HTTP/1.1 426 "), "{answer}");
}

#[tokio::test]
async fn a_101_that_nobody_asked_for_is_502() {
    let socket = tokio::net::TcpListener::bind(LOOPBACK).await.unwrap();
    let address = socket.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = socket.accept().await {
            let _ = stream.read(&mut [0; 1024]).await;
            let _ = stream.write_all(b"HTTP/1.1 101 Switching Protocols\r\nupgrade: evil\r\nconnection: upgrade\r\n\r\n").await;
        }
    });
    let started = in_front_of(address).await;
    assert_eq!(get(started.address, "/").await.status(), StatusCode::BAD_GATEWAY);
}
