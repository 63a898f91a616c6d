//! Ending TLS: which certificate a client gets, and which requests its connection is for.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use gwapi_core::model::SecretRef;
use gwapi_proxy::{Certificate, Limits, Served, load_certificate};
use http::{Request, StatusCode};
use hyper_util::rt::{TokioExecutor, TokioIo};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};
use tokio_rustls::{
    TlsConnector,
    client::TlsStream,
    rustls::{self, ClientConfig, RootCertStore},
};

use crate::support::*;

/// A Secret and its certificate for one name.
struct Secret {
    name: &'static str,
    pem: (String, String),
    der: rustls::pki_types::CertificateDer<'static>,
}

impl Secret {
    fn new(name: &'static str, hosts: &[&str]) -> Self {
        let hosts: Vec<_> = hosts.iter().map(|host| (*host).to_owned()).collect();
        let generated = rcgen::generate_simple_self_signed(hosts).unwrap();
        Self { name, pem: (generated.cert.pem(), generated.signing_key.serialize_pem()), der: generated.cert.der().clone() }
    }

    fn object(&self) -> Value {
        json!({
            "apiVersion": "v1", "kind": "Secret", "type": "kubernetes.io/tls", "metadata": {"namespace": "infra", "name": self.name},
            "stringData": {"tls.crt": self.pem.0, "tls.key": self.pem.1},
        })
    }

    fn certificate(&self) -> Certificate {
        load_certificate(self.pem.0.as_bytes(), self.pem.1.as_bytes()).unwrap()
    }
}

fn listener(name: &str, hostname: Option<&str>, secrets: &[&str]) -> Value {
    let refs: Vec<_> = secrets.iter().map(|name| json!({"name": name})).collect();
    let mut listener = json!({"name": name, "port": 443, "protocol": "HTTPS", "tls": {"certificateRefs": refs}});
    if let Some(hostname) = hostname {
        listener["hostname"] = hostname.into();
    }
    listener
}

fn with_certificates(mut served: Served, secrets: &[&Secret]) -> Served {
    for secret in secrets {
        let key = SecretRef { group: "".into(), kind: "Secret".into(), namespace: "infra".into(), name: secret.name.into() };
        served.certificates.insert(key, secret.certificate());
    }
    served
}

fn config(secrets: &[&Secret], alpn: &[&str]) -> ClientConfig {
    let mut roots = RootCertStore::empty();
    for secret in secrets {
        roots.add(secret.der.clone()).unwrap();
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let mut config = builder.with_root_certificates(roots).with_no_client_auth();
    config.alpn_protocols = alpn.iter().map(|name| name.as_bytes().to_vec()).collect();
    config
}

async fn connect(address: SocketAddr, config: ClientConfig, server_name: &str) -> std::io::Result<TlsStream<TcpStream>> {
    let stream = TcpStream::connect(address).await?;
    TlsConnector::from(Arc::new(config)).connect(server_name.to_owned().try_into().unwrap(), stream).await
}

fn shown(stream: &TlsStream<TcpStream>) -> rustls::pki_types::CertificateDer<'static> {
    stream.get_ref().1.peer_certificates().unwrap()[0].clone().into_owned()
}

#[tokio::test]
async fn b_037_the_server_name_chooses_listener_and_certificate() {
    let (exact, wild, second) = (
        Secret::new("exact", &["a.example.com"]),
        Secret::new("wild", &["*.example.com"]),
        Secret::new("second", &["b.example.com"]),
    );
    let all = [&exact, &wild, &second];
    let listeners = json!([
        listener("exact", Some("a.example.com"), &["exact"]),
        listener("wild", Some("*.example.com"), &["wild", "second"])
    ]);
    let backend = echo("a");
    let objects = [gateway_with(listeners), service("a"), route("all", to("a")), exact.object(), wild.object(), second.object()];
    let served = with_certificates(served(&objects, &[("a", backend.address())]), &all);
    let started = start_served(served, Limits::default()).await;
    for (server_name, expected) in
        [("a.example.com", &exact), ("b.example.com", &second), ("c.example.com", &wild), ("C.Example.Com", &wild)]
    {
        let stream = connect(started.address, config(&all, &[]), server_name).await.unwrap();
        assert_eq!(shown(&stream), expected.der, "{server_name}");
    }
    for server_name in ["example.com", "example.org", "127.0.0.1"] {
        let error = connect(started.address, config(&all, &[]), server_name).await.expect_err(server_name);
        assert!(error.to_string().contains("alert"), "{server_name}: {error}");
    }
}

/// B-017: in HTTP/2 too.
#[tokio::test]
async fn b_028_a_request_for_another_listener_is_misdirected() {
    let (first, second, none) = (
        Secret::new("first", &["a.example.com"]),
        Secret::new("second", &["b.example.com"]),
        Secret::new("none", &["example.org"]),
    );
    let all = [&first, &second, &none];
    let listeners =
        json!([listener("first", Some("a.example.com"), &["first"]), listener("second", Some("b.example.com"), &["second"]),]);
    let backend = echo("a");
    let objects = [gateway_with(listeners), service("a"), route("all", to("a")), first.object(), second.object(), none.object()];
    let started = start_served(with_certificates(served(&objects, &[("a", backend.address())]), &all), Limits::default()).await;
    let stream = connect(started.address, config(&all, &["h2", "http/1.1"]), "a.example.com").await.unwrap();
    assert_eq!(stream.get_ref().1.alpn_protocol(), Some(&b"h2"[..]));
    let (mut client, connection) =
        hyper::client::conn::http2::handshake::<_, _, Body>(TokioExecutor::new(), TokioIo::new(stream)).await.unwrap();
    tokio::spawn(connection);
    for (host, expected) in [
        ("a.example.com", StatusCode::OK),
        ("b.example.com", StatusCode::MISDIRECTED_REQUEST),
        ("A.example.com:443", StatusCode::OK),
        ("c.example.com", StatusCode::NOT_FOUND),
    ] {
        let request = Request::get(format!("https://{host}/")).body(full("")).unwrap();
        assert_eq!(client.send_request(request).await.unwrap().status(), expected, "{host}");
    }
}

async fn one_listener() -> (Secret, Started, gwapi_proxy::echo::Echo) {
    let secret = Secret::new("s", &["a.example.com"]);
    let backend = echo("a");
    let objects = [gateway_with(json!([listener("https", None, &["s"])])), service("a"), route("all", to("a")), secret.object()];
    let started =
        start_served(with_certificates(served(&objects, &[("a", backend.address())]), &[&secret]), Limits::default()).await;
    (secret, started, backend)
}

#[tokio::test]
async fn backends_learn_that_it_was_https() {
    let (secret, started, _backend) = one_listener().await;
    let mut stream = connect(started.address, config(&[&secret], &[]), "a.example.com").await.unwrap();
    stream
        .write_all(b"GET / HTTP/1.1\r\nhost: a.example.com\r\nx-forwarded-proto: http\r\nconnection: close\r\n\r\n")
        .await
        .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    let (_, body) = answer.split_once("\r\n\r\n").unwrap();
    let seen: Value = serde_json::from_str(body).unwrap();
    assert_eq!(seen["headers"]["x-forwarded-proto"], json!(["https"]));
}

/// CVE-2026-32305 (Traefik): a ClientHello in many packets is read to its end, and its server name counts.
#[tokio::test]
async fn a_client_hello_in_many_packets_keeps_its_server_name() {
    let (first, second) = (Secret::new("first", &["a.example.com"]), Secret::new("second", &["b.example.com"]));
    let listeners =
        json!([listener("first", Some("a.example.com"), &["first"]), listener("second", Some("b.example.com"), &["second"])]);
    let objects = [gateway_with(listeners), first.object(), second.object()];
    let started = start_served(with_certificates(served(&objects, &[]), &[&first, &second]), Limits::default()).await;
    let (client, mut near) = tokio::io::duplex(1 << 16);
    let address = started.address;
    // Between client and proxy: the bytes one by one at first.
    tokio::spawn(async move {
        let mut far = TcpStream::connect(address).await.unwrap();
        far.set_nodelay(true).unwrap();
        let mut sent = 0;
        let mut chunk = [0; 4096];
        while sent < 200 {
            let length = near.read(&mut chunk).await.unwrap();
            for byte in &chunk[..length] {
                far.write_all(&[*byte]).await.unwrap();
                tokio::task::yield_now().await;
            }
            sent += length;
        }
        let _ = tokio::io::copy_bidirectional(&mut near, &mut far).await;
    });
    let connector = TlsConnector::from(Arc::new(config(&[&first, &second], &[])));
    let stream = connector.connect("b.example.com".try_into().unwrap(), client).await.unwrap();
    assert_eq!(stream.get_ref().1.peer_certificates().unwrap()[0], second.der);
}

#[tokio::test]
async fn neither_clear_text_nor_silence_stays_on_a_tls_port() {
    let secret = Secret::new("s", &["a.example.com"]);
    let objects = [gateway_with(json!([listener("https", None, &["s"])])), secret.object()];
    let mut limits = Limits::default();
    limits.handshake = Duration::from_millis(200);
    let started = start_served(with_certificates(served(&objects, &[]), &[&secret]), limits).await;
    for begun in ["GET / HTTP/1.1\r\nhost: a\r\n\r\n", "", "\u{16}\u{3}\u{1}"] {
        let mut stream = TcpStream::connect(started.address).await.unwrap();
        stream.write_all(begun.as_bytes()).await.unwrap();
        let mut answer = Vec::new();
        // How it ends, with an alert or a reset, is no matter.
        let _ = tokio::time::timeout(PATIENCE, stream.read_to_end(&mut answer)).await.expect("closed");
        assert!(!answer.starts_with(b"HTTP/"));
    }
}

#[tokio::test]
async fn a_renewed_certificate_is_shown_to_new_connections() {
    let old = Secret::new("s", &["a.example.com"]);
    let new = Secret::new("s", &["a.example.com"]);
    let config_of = |secret: &Secret| {
        let objects = [gateway_with(json!([listener("https", None, &["s"])])), secret.object()];
        with_certificates(served(&objects, &[]), &[secret])
    };
    let started = start_served(config_of(&old), Limits::default()).await;
    let kept = connect(started.address, config(&[&old], &[]), "a.example.com").await.unwrap();
    started.proxy.apply(config_of(&new)).await;
    let fresh = connect(started.address, config(&[&new], &[]), "a.example.com").await.unwrap();
    assert_eq!((shown(&kept), shown(&fresh)), (old.der, new.der));
}

/// CVE-2024-42486 (Cilium): a certificate that may not be used any more is not.
#[tokio::test]
async fn a_certificate_that_is_gone_is_shown_to_nobody() {
    let (secret, started, _backend) = one_listener().await;
    connect(started.address, config(&[&secret], &[]), "a.example.com").await.unwrap();
    let objects = [gateway_with(json!([listener("https", None, &["s"])])), secret.object()];
    started.proxy.apply(served(&objects, &[])).await;
    assert!(connect(started.address, config(&[&secret], &[]), "a.example.com").await.is_err());
}
