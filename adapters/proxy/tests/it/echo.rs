//! The echo backend, over every protocol that it speaks.

use std::{sync::Arc, time::Duration};

use crate::support::{self, LOOPBACK, full};
use gwapi_proxy::{echo, load_certificate};
use http::Request;
use hyper_util::rt::{TokioExecutor, TokioIo};
use serde_json::json;
use tokio::net::TcpStream;
use tokio_rustls::{TlsConnector, rustls};

#[tokio::test]
async fn answers_what_it_received() {
    let backend = support::echo("blue");
    let request = Request::post("/cart?x=1")
        .header("host", "Shop.example.com:8080")
        .header("x-two", "b")
        .header("X-Two", "a")
        .body(full("12345"))
        .unwrap();
    let answer = support::send(backend.address(), request).await.unwrap();
    assert_eq!(answer.headers()["content-type"], "application/json");
    let expected = json!({
        "name": "blue", "method": "POST", "path": "/cart?x=1", "host": "Shop.example.com:8080", "protocol": "HTTP/1.1", "bodyLength": 5,
        "headers": {"host": ["Shop.example.com:8080"], "x-two": ["b", "a"], "content-length": ["5"]},
    });
    assert_eq!(support::json(answer).await, expected);
    assert!(backend.stop(Duration::from_secs(5)).await);
}

#[tokio::test]
async fn speaks_http2_with_prior_knowledge_on_the_same_port() {
    let backend = support::echo("blue");
    let mut client = support::http2(backend.address()).await;
    let request = Request::get("http://shop.example.com/a").body(full("")).unwrap();
    let answer = support::json(client.send_request(request).await.unwrap()).await;
    assert_eq!((&answer["protocol"], &answer["host"]), (&json!("HTTP/2.0"), &json!("shop.example.com")));
    assert_eq!(support::json(support::get(backend.address(), "/b").await).await["protocol"], "HTTP/1.1");
}

#[tokio::test]
async fn speaks_http2_over_tls() {
    let generated = rcgen::generate_simple_self_signed(vec!["shop.example.com".to_owned()]).unwrap();
    let certificate =
        load_certificate(generated.cert.pem().as_bytes(), generated.signing_key.serialize_pem().as_bytes()).unwrap();
    let backend =
        echo::spawn(echo::EchoConfig { bind: LOOPBACK, name: "tls".to_owned(), certificate: Some(certificate) }).unwrap();
    let mut roots = rustls::RootCertStore::empty();
    roots.add(generated.cert.der().clone()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = vec![b"h2".to_vec()];
    let stream = TcpStream::connect(backend.address()).await.unwrap();
    let stream = TlsConnector::from(Arc::new(config)).connect("shop.example.com".try_into().unwrap(), stream).await.unwrap();
    let (mut client, connection) =
        hyper::client::conn::http2::handshake::<_, _, support::Body>(TokioExecutor::new(), TokioIo::new(stream)).await.unwrap();
    tokio::spawn(connection);
    let request = Request::get("https://shop.example.com/").body(full("")).unwrap();
    assert_eq!(support::json(client.send_request(request).await.unwrap()).await["protocol"], "HTTP/2.0");
}

#[tokio::test]
async fn sends_the_headers_that_it_is_asked_for() {
    let backend = support::echo("blue");
    let request = Request::get("/").header("x-echo-set-header", "x-a: 1, x-b:2").body(full("")).unwrap();
    let answer = support::send(backend.address(), request).await.unwrap();
    assert_eq!((&answer.headers()["x-a"], &answer.headers()["x-b"]), (&"1".parse().unwrap(), &"2".parse().unwrap()));
}
