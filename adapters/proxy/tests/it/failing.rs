//! Backends that fail, hang or come late: timeouts and retries.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::{Duration, Instant},
};

use http::{Request, Response, StatusCode};
use http_body_util::BodyExt as _;
use hyper::body::Incoming;
use serde_json::{Value, json};
use tokio::time::sleep;

use crate::support::*;

/// A rule for Service `a` with these fields besides.
fn rule(more: Value) -> Value {
    let mut rule = json!({"backendRefs": [{"name": "a", "port": 80}]});
    rule.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    json!([rule])
}

async fn with(more: Value, backends: &[std::net::SocketAddr]) -> Started {
    let backends: Vec<_> = backends.iter().map(|address| ("a", *address)).collect();
    start(&[gateway(), service("a"), route("all", rule(more))], &backends).await
}

/// A backend that answers with a status so many times, each after a delay, and then with 200. And how often it was asked.
async fn failing(times: u32, status: u16, delay: Duration) -> (std::net::SocketAddr, Arc<AtomicU32>) {
    let asked = Arc::new(AtomicU32::new(0));
    let count = asked.clone();
    let address = backend(move |request: Request<Incoming>| {
        let number = count.fetch_add(1, Ordering::SeqCst);
        async move {
            let body = request.into_body().collect().await.map(|body| body.to_bytes());
            let status = if number < times { status } else { 200 };
            if number < times {
                sleep(delay).await;
            }
            Response::builder().status(status).body(full(body.unwrap_or_default())).unwrap()
        }
    })
    .await;
    (address, asked)
}

async fn slow(delay: Duration) -> std::net::SocketAddr {
    failing(u32::MAX, 200, delay).await.0
}

#[tokio::test]
async fn j_003_and_j_005_timeouts_are_504() {
    let backend = slow(Duration::from_secs(30)).await;
    for timeouts in
        [json!({"request": "100ms"}), json!({"backendRequest": "100ms"}), json!({"request": "0s", "backendRequest": "100ms"})]
    {
        let started = with(json!({"timeouts": timeouts}), &[backend]).await;
        let since = Instant::now();
        assert_eq!(get(started.address, "/").await.status(), StatusCode::GATEWAY_TIMEOUT);
        assert!((Duration::from_millis(100)..Duration::from_secs(5)).contains(&since.elapsed()));
    }
}

#[tokio::test]
async fn pitfall_43_a_timeout_of_zero_is_none() {
    let backend = slow(Duration::from_millis(200)).await;
    let started = with(json!({"timeouts": {"request": "0s", "backendRequest": "0s"}}), &[backend]).await;
    assert_eq!(get(started.address, "/").await.status(), StatusCode::OK);
}

#[tokio::test]
async fn j_009_a_body_that_takes_too_long_is_cut_off() {
    let backend = backend(|_| async {
        let (mut sender, body) = http_body_util::Channel::<bytes::Bytes, Failure>::new(1);
        tokio::spawn(async move {
            sender.send_data("begun".into()).await.unwrap();
            sleep(Duration::from_secs(30)).await;
        });
        Response::new(Body::new(body))
    })
    .await;
    let started = with(json!({"timeouts": {"request": "200ms"}}), &[backend]).await;
    let answer = get(started.address, "/").await;
    assert_eq!(answer.status(), StatusCode::OK);
    let body = tokio::time::timeout(Duration::from_secs(5), answer.into_body().collect()).await.expect("cut off");
    assert!(body.is_err(), "what was cut off must not look complete");
}

#[tokio::test]
async fn j_010_retries_come_in_addition_to_the_first_try() {
    for (attempts, failures, expected, asked) in [(3, 2, 200, 3), (3, 4, 500, 4), (0, 1, 500, 1), (2, 1, 200, 2)] {
        let (backend, count) = failing(failures, 500, Duration::ZERO).await;
        let started = with(json!({"retry": {"attempts": attempts, "codes": [500], "backoff": "1ms"}}), &[backend]).await;
        assert_eq!(get(started.address, "/").await.status(), expected);
        assert_eq!(count.load(Ordering::SeqCst), asked);
    }
}

#[tokio::test]
async fn j_011_other_codes_are_passed_on_at_once() {
    let (backend, count) = failing(1, 503, Duration::ZERO).await;
    let started = with(json!({"retry": {"attempts": 3, "codes": [500]}}), &[backend]).await;
    assert_eq!(get(started.address, "/").await.status(), 503);
    assert_eq!(count.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn a_short_body_is_sent_again_and_a_long_one_is_not() {
    for (length, expected) in [(1000, 200), (100_000, 500)] {
        let (backend, _) = failing(1, 500, Duration::ZERO).await;
        let started = with(json!({"retry": {"attempts": 3, "codes": [500], "backoff": "1ms"}}), &[backend]).await;
        let request = Request::post("/").header("host", "a").body(full(vec![b'x'; length])).unwrap();
        let answer = send(started.address, request).await.unwrap();
        assert_eq!(answer.status(), expected);
        assert_eq!(text(answer).await.len(), length, "each try has the whole body");
    }
}

#[tokio::test]
async fn j_013_connections_that_fail_are_tried_elsewhere() {
    let healthy = echo("a");
    let started = with(json!({"retry": {"attempts": 100, "backoff": "1ms"}}), &[refusing().await, healthy.address()]).await;
    for _ in 0..10 {
        assert_eq!(get(started.address, "/").await.status(), StatusCode::OK);
    }
}

#[tokio::test]
async fn connections_that_fail_are_503_without_retries() {
    let started = with(json!({}), &[refusing().await]).await;
    assert_eq!(get(started.address, "/").await.status(), StatusCode::SERVICE_UNAVAILABLE);
}

#[tokio::test]
async fn j_037_a_connection_that_breaks_after_the_request_is_502_and_not_tried_again() {
    let socket = tokio::net::TcpListener::bind(LOOPBACK).await.unwrap();
    let address = socket.local_addr().unwrap();
    let asked = Arc::new(AtomicU32::new(0));
    let count = asked.clone();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = socket.accept().await {
            let mut head = [0; 1024];
            let _ = tokio::io::AsyncReadExt::read(&mut stream, &mut head).await;
            count.fetch_add(1, Ordering::SeqCst);
        }
    });
    let started = with(json!({"retry": {"attempts": 5, "codes": [500, 502, 503, 504], "backoff": "1ms"}}), &[address]).await;
    assert_eq!(get(started.address, "/").await.status(), StatusCode::BAD_GATEWAY);
    assert_eq!(asked.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn j_015_the_request_timeout_covers_all_tries() {
    let (backend, _) = failing(2, 500, Duration::from_millis(300)).await;
    let retry = json!({"attempts": 5, "codes": [500], "backoff": "1ms"});
    let started = with(json!({"retry": retry, "timeouts": {"request": "500ms"}}), &[backend]).await;
    assert_eq!(get(started.address, "/").await.status(), StatusCode::GATEWAY_TIMEOUT);
}

#[tokio::test]
async fn a_connection_that_the_backend_closed_meanwhile_costs_no_request() {
    // Each answer is the last of its connection, though it does not say so.
    let socket = tokio::net::TcpListener::bind(LOOPBACK).await.unwrap();
    let address = socket.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = socket.accept().await {
            let mut head = [0; 1024];
            let _ = tokio::io::AsyncReadExt::read(&mut stream, &mut head).await;
            let _ = tokio::io::AsyncWriteExt::write_all(&mut stream, b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").await;
        }
    });
    let started = in_front_of(address).await;
    for _ in 0..20 {
        assert_eq!(get(started.address, "/").await.status(), StatusCode::OK);
        sleep(Duration::from_millis(5)).await;
    }
}

/// An HTTP/2 backend that refuses the first streams of each connection before it looks at them.
async fn refusing_streams() -> std::net::SocketAddr {
    let socket = tokio::net::TcpListener::bind(LOOPBACK).await.unwrap();
    let address = socket.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((stream, _)) = socket.accept().await {
            tokio::spawn(async move {
                let mut connection = h2::server::handshake(stream).await.unwrap();
                let mut refused = 0;
                while let Some(Ok((_, mut respond))) = connection.accept().await {
                    if refused < 2 {
                        refused += 1;
                        respond.send_reset(h2::Reason::REFUSED_STREAM);
                    } else {
                        respond.send_response(Response::new(()), true).unwrap();
                    }
                }
            });
        }
    });
    address
}

#[tokio::test]
async fn j_013_streams_that_are_refused_are_tried_again() {
    let backend = refusing_streams().await;
    for (attempts, expected) in [(1, 503), (2, 200)] {
        let rules = rule(json!({"retry": {"attempts": attempts, "backoff": "1ms"}}));
        let objects =
            [gateway(), service_with("a", json!({"port": 80, "appProtocol": "kubernetes.io/h2c"})), route("all", rules)];
        let started = start(&objects, &[("a", backend)]).await;
        assert_eq!(get(started.address, "/").await.status(), expected);
    }
}
