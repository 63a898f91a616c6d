//! Requests that two servers could read differently: each is refused, or reaches the backend in one meaning.

use std::sync::{Arc, Mutex};

use http::Request;
use http_body_util::BodyExt as _;
use hyper::body::Incoming;

use crate::support::*;

type Log = Arc<Mutex<Vec<String>>>;

/// A proxy before a backend that writes down method, path, host, framing and body of what it gets.
async fn logged() -> (Started, Log) {
    let log = Log::default();
    let seen = log.clone();
    let backend = backend(move |request: Request<Incoming>| {
        let seen = seen.clone();
        async move {
            let (parts, body) = request.into_parts();
            let body = body.collect().await.map(|body| body.to_bytes());
            let body = body.map_or_else(|_| "cut off".to_owned(), |body| String::from_utf8_lossy(&body).into_owned());
            let host = parts.headers["host"].to_str().unwrap().to_owned();
            seen.lock().unwrap().push(format!("{} {} {host} {body:?}", parts.method, parts.uri));
            http::Response::new(full("ok"))
        }
    })
    .await;
    (in_front_of(backend).await, log)
}

fn requests(log: &Log) -> Vec<String> {
    log.lock().unwrap().clone()
}

/// Each request is refused, and the backend hears of none.
async fn all_refused(texts: &[&str]) {
    let (started, log) = logged().await;
    for (text, answer) in texts.iter().zip(raw_each(started.address, texts).await) {
        assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 4"), "{text:?}: {answer}");
    }
    assert_eq!(requests(&log), Vec::<String>::new());
}

#[tokio::test]
async fn lengths_that_are_none_are_refused() {
    all_refused(&[
        "POST / HTTP/1.1\r\nhost: a\r\ncontent-length: +5\r\n\r\nhello",
        "POST / HTTP/1.1\r\nhost: a\r\ncontent-length: -5\r\n\r\nhello",
        "POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 0x5\r\n\r\nhello",
        "POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 5 5\r\n\r\nhello",
        "POST / HTTP/1.1\r\nhost: a\r\ncontent-length:\r\n\r\nhello",
        "POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 99999999999999999999\r\n\r\nhello",
        "POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 5\r\ncontent-length: 6\r\n\r\nhello!",
        "POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 5, 6\r\n\r\nhello!",
    ])
    .await;
}

#[tokio::test]
async fn codings_that_are_none_are_refused() {
    all_refused(&[
        "POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: identity\r\n\r\n",
        "POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: xchunked\r\n\r\n0\r\n\r\n",
        "POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked, identity\r\n\r\n0\r\n\r\n",
        "POST / HTTP/1.0\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
        "POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding : chunked\r\n\r\n0\r\n\r\n",
        "POST / HTTP/1.1\r\nhost: a\r\n transfer-encoding: chunked\r\n\r\n0\r\n\r\n",
    ])
    .await;
}

#[tokio::test]
async fn heads_that_are_none_are_refused() {
    all_refused(&[
        "GET / HTTP/1.1\r\nhost: a\r\nhost: b\r\n\r\n",
        "GET / HTTP/1.1\r\nhost: a\r\nhost: a\r\n\r\n",
        "GET http://a/ HTTP/1.1\r\nhost: a\r\nhost: b\r\n\r\n",
        "GET http://user@a/ HTTP/1.1\r\nhost: a\r\n\r\n",
        "GET / HTTP/1.1\r\nhost: a b\r\n\r\n",
        "GET / HTTP/1.1\r\nhost: a/b\r\n\r\n",
        "GET / HTTP/1.1\r\nhost: a\r\nx: 1\r\n 2\r\n\r\n",
        "GET / HTTP/1.1\r\nhost: a\r\nx\0y: 1\r\n\r\n",
        "GET / HTTP/1.1\r\nhost: a\r\nx: 1\x002\r\n\r\n",
        "GET /\u{1} HTTP/1.1\r\nhost: a\r\n\r\n",
        "GET /a b HTTP/1.1\r\nhost: a\r\n\r\n",
        "GET /../x HTTP/1.1\r\nhost: a\r\n\r\n",
        "GET /%2e%2e/x HTTP/1.1\r\nhost: a\r\n\r\n",
        "GET /a\\b HTTP/1.1\r\nhost: a\r\n\r\n",
        "GET x HTTP/1.1\r\nhost: a\r\n\r\n",
        "CONNECT a:80 HTTP/1.1\r\nhost: a:80\r\n\r\n",
    ])
    .await;
}

#[tokio::test]
async fn chunks_that_are_none_never_end_a_body() {
    let (started, log) = logged().await;
    let bodies = [
        "5\r\nhello\r\n0\r\n",
        "g\r\nhello\r\n0\r\n\r\n",
        "5\r\nhelloX0\r\n\r\n",
        "-5\r\nhello\r\n0\r\n\r\n",
        "fffffffffffffffff\r\nhello\r\n0\r\n\r\n",
    ];
    let texts = bodies.map(|body| format!("POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n{body}"));
    for (body, answer) in bodies.iter().zip(raw_each(started.address, &texts).await) {
        assert!(!answer.contains("200 OK"), "{body:?}: {answer}");
    }
    let complete: Vec<_> = requests(&log).into_iter().filter(|request| !request.contains("cut off")).collect();
    assert_eq!(complete, Vec::<String>::new());
}

/// CVE-2026-2835 (Pingora): what follows the body in one reading is the body in the other.
#[tokio::test]
async fn with_both_framings_the_backend_reads_what_we_read() {
    let (started, log) = logged().await;
    for (first, second) in
        [("content-length: 4", "transfer-encoding: chunked"), ("transfer-encoding: chunked", "content-length: 4")]
    {
        let text =
            format!("POST /one HTTP/1.1\r\nhost: a\r\nconnection: close\r\n{first}\r\n{second}\r\n\r\n5\r\nGET /\r\n0\r\n\r\n");
        raw(started.address, text).await;
    }
    // Chunked wins (RFC 9112, section 6.3), and the length does not reach the backend, which would have cut the body.
    assert_eq!(requests(&log), [r#"POST /one a "GET /""#, r#"POST /one a "GET /""#]);
}

#[tokio::test]
async fn lengths_that_agree_are_one() {
    let (started, log) = logged().await;
    raw(
        started.address,
        "POST / HTTP/1.1\r\nhost: a\r\nconnection: close\r\ncontent-length: 5\r\ncontent-length: 5\r\n\r\nhello",
    )
    .await;
    assert_eq!(requests(&log), [r#"POST / a "hello""#]);
}

#[tokio::test]
async fn the_host_of_an_absolute_form_counts() {
    let (started, log) = logged().await;
    raw(started.address, "GET http://real.example.com/x?y HTTP/1.1\r\nhost: other.example.com\r\nconnection: close\r\n\r\n")
        .await;
    assert_eq!(requests(&log), [r#"GET /x?y real.example.com """#]);
}

/// A body that nobody has read is not the next request.
#[tokio::test]
async fn the_body_of_a_request_that_is_answered_early_is_no_request() {
    let started = start(&[gateway(), service("a"), route("all", to("a"))], &[]).await;
    let hidden = "GET /hidden HTTP/1.1\r\nhost: a\r\n\r\n";
    let framings =
        [hidden.len(), 100_000].map(|length| format!("POST / HTTP/1.1\r\nhost: a\r\ncontent-length: {length}\r\n\r\n{hidden}"));
    for answers in raw_each(started.address, &framings).await {
        assert_eq!(answers.matches("HTTP/1.1 ").count(), 1, "{answers}");
    }
}

#[tokio::test]
async fn pipelined_requests_are_answered_in_order() {
    let backend = echo("a");
    let started = in_front_of(backend.address()).await;
    let answers =
        raw(started.address, "GET /one HTTP/1.1\r\nhost: a\r\n\r\nGET /two HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n")
            .await;
    let at = |path: &str| answers.find(&format!(r#""path": "{path}""#)).unwrap();
    assert!(at("/one") < at("/two"));
}

#[tokio::test]
async fn heads_that_are_too_large_are_refused() {
    let (started, log) = logged().await;
    let long = "x".repeat(200_000);
    let many = "x: y\r\n".repeat(500);
    for headers in [format!("x: {long}\r\n"), many] {
        let answer = raw(started.address, format!("GET / HTTP/1.1\r\nhost: a\r\n{headers}\r\n")).await;
        assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 431"), "{}", &answer[..answer.len().min(200)]);
    }
    assert_eq!(requests(&log), Vec::<String>::new());
}

/// HTTP/2 with prior knowledge: the preface, SETTINGS, and then these frames.
fn http2_bytes(frames: impl IntoIterator<Item = (u8, u8, u32, Vec<u8>)>) -> Vec<u8> {
    let mut bytes = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\x00\x00\x00\x04\x00\x00\x00\x00\x00".to_vec();
    for (kind, flags, stream, payload) in frames {
        bytes.extend_from_slice(&u32::try_from(payload.len()).unwrap().to_be_bytes()[1..]);
        bytes.extend_from_slice(&[kind, flags]);
        bytes.extend_from_slice(&stream.to_be_bytes());
        bytes.extend_from_slice(&payload);
    }
    bytes
}

const HEADERS: u8 = 0x01;
const RST_STREAM: u8 = 0x03;
const END_STREAM_AND_HEADERS: u8 = 0x05;
/// `:method GET`, `:scheme http`, `:path /`, `:authority a`.
const GET: [u8; 6] = [0x82, 0x86, 0x84, 0x41, 0x01, b'a'];

/// CVE-2023-27491 (Envoy): headers that HTTP/1.1 would read as several.
#[tokio::test]
async fn http2_headers_with_line_ends_reach_nobody() {
    let (started, log) = logged().await;
    let messages = [&b"1\r\ny: 2"[..], b"1\n2", b"1\x002"].map(|value| {
        let literal = [&[0x00, 0x01, b'x', u8::try_from(value.len()).unwrap()][..], value].concat();
        http2_bytes([(HEADERS, END_STREAM_AND_HEADERS, 1, [&GET[..], &literal].concat())])
    });
    raw_each(started.address, &messages).await;
    assert_eq!(requests(&log), Vec::<String>::new());
}

/// CVE-2023-44487: streams that are opened and reset at once.
#[tokio::test]
async fn a_flood_of_resets_ends_its_connection_and_harms_nobody_else() {
    let (started, log) = logged().await;
    let cancel = 8_u32.to_be_bytes().to_vec();
    let streams = (0..50_000).map(|number| 2 * number + 1);
    let frames = streams
        .flat_map(|stream| [(HEADERS, END_STREAM_AND_HEADERS, stream, GET.to_vec()), (RST_STREAM, 0, stream, cancel.clone())]);
    let mut stream = tokio::net::TcpStream::connect(started.address).await.unwrap();
    let (mut reader, mut writer) = stream.split();
    let flood = http2_bytes(frames);
    // Writing fails, or reading comes to an end: the proxy has closed the connection.
    let written = async { tokio::io::AsyncWriteExt::write_all(&mut writer, &flood).await };
    let read = async { tokio::io::AsyncReadExt::read_to_end(&mut reader, &mut Vec::new()).await };
    let _ = tokio::time::timeout(PATIENCE, async { tokio::join!(written, read) }).await.expect("closed");
    assert_eq!(get(started.address, "/").await.status(), http::StatusCode::OK);
    assert!(requests(&log).len() < 1000, "{} requests reached the backend", requests(&log).len());
}
