//! Requests through the proxy: what the backend gets, and what comes back.

use http::{Request, StatusCode};
use serde_json::{Value, json};

use crate::support::*;

fn null(seen: &Value, header: &str) {
    assert_eq!(seen["headers"][header], Value::Null, "{header}");
}

#[tokio::test]
async fn e_013_host_path_and_query_reach_the_backend_unchanged() {
    let backend = echo("a");
    let started = in_front_of(backend.address()).await;
    let request = Request::get("/a%2Fb/c?x=%41&y").header("host", "Shop.example.com:8080").body(full("")).unwrap();
    let seen = json(send(started.address, request).await.unwrap()).await;
    assert_eq!(seen["host"], "Shop.example.com:8080");
    assert_eq!(seen["path"], "/a%2Fb/c?x=%41&y");
    assert_eq!(seen["protocol"], "HTTP/1.1");
}

/// B-017: with prior knowledge HTTP/2 is spoken in clear text too.
#[tokio::test]
async fn e_015_the_authority_of_http2_reaches_the_backend_as_host() {
    let backend = echo("a");
    let started = in_front_of(backend.address()).await;
    let mut client = http2(started.address).await;
    let request = Request::post("http://shop.example.com:8080/b?y=1")
        .header("cookie", "a=1")
        .header("cookie", "b=2")
        .body(full("12345"))
        .unwrap();
    let seen = json(client.send_request(request).await.unwrap()).await;
    assert_eq!((&seen["host"], &seen["path"]), (&json!("shop.example.com:8080"), &json!("/b?y=1")));
    assert_eq!((&seen["protocol"], &seen["bodyLength"]), (&json!("HTTP/1.1"), &json!(5)));
    assert_eq!(seen["headers"]["cookie"], json!(["a=1; b=2"]));
    assert_eq!(seen["headers"]["host"], json!(["shop.example.com:8080"]));
}

#[tokio::test]
async fn answers_to_head_keep_their_length_and_have_no_body() {
    let backend = echo("a");
    let started = in_front_of(backend.address()).await;
    let length = text(get(started.address, "/").await).await.len();
    let request = Request::head("/").header("host", "shop.example.com").body(full("")).unwrap();
    let answer = send(started.address, request).await.unwrap();
    // The method is a letter longer than GET.
    assert_eq!(answer.headers()["content-length"].to_str().unwrap(), (length + 1).to_string());
    assert_eq!(text(answer).await, "");
}

#[tokio::test]
async fn e_026_http_1_0_without_a_host_is_served_where_no_host_is_asked_for() {
    let backend = echo("a");
    let started = in_front_of(backend.address()).await;
    let answer = raw(started.address, "GET /x HTTP/1.0\r\n\r\n").await;
    assert!(answer.starts_with("HTTP/1.0 200 OK") && answer.contains(r#""path": "/x""#), "{answer}");
}

#[tokio::test]
async fn i_021_h2c_backends_get_http2_with_the_host_as_authority() {
    let backend = echo("a");
    let objects = [gateway(), service_with("a", json!({"port": 80, "appProtocol": "kubernetes.io/h2c"})), route("all", to("a"))];
    let started = start(&objects, &[("a", backend.address())]).await;
    for _ in 0..3 {
        let seen = json(get(started.address, "/x?y").await).await;
        assert_eq!(
            (&seen["protocol"], &seen["host"], &seen["path"]),
            (&json!("HTTP/2.0"), &json!("shop.example.com"), &json!("/x?y"))
        );
        null(&seen, "host");
    }
}

#[tokio::test]
async fn i_019_a_backend_without_endpoints_is_503_and_an_unknown_path_404() {
    let rules = json!([{"matches": [{"path": {"value": "/here"}}], "backendRefs": [{"name": "a", "port": 80}]}]);
    let started = start(&[gateway(), service("a"), route("all", rules)], &[]).await;
    let answer = get(started.address, "/here").await;
    assert_eq!(answer.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(answer.headers()["content-type"], "text/plain; charset=utf-8");
    assert!(!answer.headers().contains_key("server"));
    assert_eq!(text(answer).await, "the backend has no endpoints\n");
    assert_eq!(get(started.address, "/elsewhere").await.status(), StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn i_006_a_reference_that_does_not_resolve_is_500_and_names_nothing() {
    let started = start(&[gateway(), route("all", json!([{"backendRefs": [{"name": "hidden", "port": 80}]}]))], &[]).await;
    let answer = get(started.address, "/").await;
    assert_eq!(answer.status(), StatusCode::INTERNAL_SERVER_ERROR);
    assert!(!text(answer).await.contains("hidden"));
}

#[tokio::test]
async fn filters_of_the_rule_and_of_the_backend_are_run() {
    let backend = echo("a");
    let header = |name: &str, value: &str| json!([{"name": name, "value": value}]);
    let rules = json!([{
        "matches": [{"path": {"value": "/old"}}],
        "filters": [
            {"type": "RequestHeaderModifier", "requestHeaderModifier": {"set": header("x-set", "rule"), "add": header("x-add", "rule"), "remove": ["x-gone"]}},
            {"type": "ResponseHeaderModifier", "responseHeaderModifier": {"set": header("x-answer", "rule"), "remove": ["x-secret"]}},
            {"type": "URLRewrite", "urlRewrite": {"hostname": "new.example.org", "path": {"type": "ReplacePrefixMatch", "replacePrefixMatch": "/new"}}},
        ],
        "backendRefs": [{"name": "a", "port": 80, "filters": [
            {"type": "RequestHeaderModifier", "requestHeaderModifier": {"set": header("x-backend", "a")}},
        ]}],
    }]);
    let started = start(&[gateway(), service("a"), route("all", rules)], &[("a", backend.address())]).await;
    let request = Request::get("/old/path?q=1")
        .header("host", "shop.example.com")
        .header("x-gone", "1")
        .header("x-set", "client")
        .header("x-add", "client")
        .header("x-echo-set-header", "x-secret:1,x-answer:backend")
        .body(full(""))
        .unwrap();
    let answer = send(started.address, request).await.unwrap();
    assert_eq!(answer.headers()["x-answer"], "rule");
    assert!(!answer.headers().contains_key("x-secret"));
    let seen = json(answer).await;
    assert_eq!((&seen["host"], &seen["path"]), (&json!("new.example.org"), &json!("/new/path?q=1")));
    assert_eq!(seen["headers"]["x-set"], json!(["rule"]));
    assert_eq!(seen["headers"]["x-add"], json!(["client", "rule"]));
    assert_eq!(seen["headers"]["x-backend"], json!(["a"]));
    null(&seen, "x-gone");
}

#[tokio::test]
async fn h_023_redirects_are_answered_here() {
    let rules = json!([{"filters": [{"type": "RequestRedirect", "requestRedirect": {"scheme": "https", "statusCode": 301}}]}]);
    let started = start(&[gateway(), route("all", rules)], &[]).await;
    let answer = get(started.address, "/cart?x=1").await;
    assert_eq!(answer.status(), StatusCode::MOVED_PERMANENTLY);
    assert_eq!(answer.headers()["location"], "https://shop.example.com/cart?x=1");
}

fn cors() -> Value {
    json!([{
        "filters": [{"type": "CORS", "cors": {"allowOrigins": ["https://app.example.com"], "allowMethods": ["GET", "PUT"], "maxAge": 9}}],
        "backendRefs": [{"name": "a", "port": 80}],
    }])
}

#[tokio::test]
async fn h_052_preflights_are_answered_here() {
    let backend = echo("a");
    let started = start(&[gateway(), service("a"), route("all", cors())], &[("a", backend.address())]).await;
    let request = Request::options("/").header("host", "shop.example.com").header("origin", "https://app.example.com");
    let preflight = request.header("access-control-request-method", "PUT").body(full("")).unwrap();
    let answer = send(started.address, preflight).await.unwrap();
    assert_eq!(answer.status(), StatusCode::NO_CONTENT);
    assert_eq!(answer.headers()["access-control-allow-origin"], "https://app.example.com");
    assert_eq!(answer.headers()["access-control-max-age"], "9");
    assert_eq!(text(answer).await, "");
}

#[tokio::test]
async fn h_055_answers_carry_the_cors_headers_ours_too() {
    let backend = echo("a");
    let origin = || Request::get("/").header("host", "shop.example.com").header("origin", "https://app.example.com");
    let started = start(&[gateway(), service("a"), route("all", cors())], &[("a", backend.address())]).await;
    let request = origin().header("x-echo-set-header", "access-control-allow-origin:*").body(full("")).unwrap();
    let answer = send(started.address, request).await.unwrap();
    assert_eq!(answer.headers().get_all("access-control-allow-origin").iter().collect::<Vec<_>>(), ["https://app.example.com"]);
    assert_eq!(answer.headers()["vary"], "Origin");

    let started = start(&[gateway(), service("a"), route("all", cors())], &[]).await;
    let answer = send(started.address, origin().body(full("")).unwrap()).await.unwrap();
    assert_eq!(answer.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(answer.headers()["access-control-allow-origin"], "https://app.example.com");
}

#[tokio::test]
async fn i_001_weights_hold() {
    let (a, b) = (echo("a"), echo("b"));
    let rules = json!([{"backendRefs": [{"name": "a", "port": 80, "weight": 3}, {"name": "b", "port": 80, "weight": 1}, {"name": "c", "port": 80, "weight": 0}]}]);
    let objects = [gateway(), service("a"), service("b"), service("c"), route("all", rules)];
    let started = start(&objects, &[("a", a.address()), ("b", b.address())]).await;
    let mut client = http2(started.address).await;
    let mut to_a = 0;
    for _ in 0..400 {
        let answer = client.send_request(Request::get("http://shop.example.com/").body(full("")).unwrap()).await.unwrap();
        to_a += i32::from(json(answer).await["name"] == "a");
    }
    // Seven standard deviations: it fails by chance once in a trillion runs.
    assert!((240..=360).contains(&to_a), "{to_a} of 400");
}

// What belongs to one connection, and where a request comes from

#[tokio::test]
async fn headers_of_a_connection_stay_there() {
    let backend = backend(|request: Request<hyper::body::Incoming>| async move {
        assert!(!request.headers().contains_key("x-mine") && !request.headers().contains_key("te"));
        let answer =
            http::Response::builder().header("connection", "x-hop").header("x-hop", "1").header("keep-alive", "timeout=5");
        answer.header("x-end", "1").body(full("")).unwrap()
    })
    .await;
    let started = in_front_of(backend).await;
    let request = Request::get("/").header("host", "a").header("connection", "x-mine").header("x-mine", "1").header("te", "gzip");
    let answer = send(started.address, request.body(full("")).unwrap()).await.unwrap();
    assert_eq!(answer.status(), StatusCode::OK);
    assert_eq!(answer.headers()["x-end"], "1");
    for name in ["x-hop", "keep-alive", "connection"] {
        assert!(!answer.headers().contains_key(name), "{name}");
    }
}

/// GHSA-62c8-mh53-4cqv, CVE-2026-39858, CVE-2026-35051 (Traefik). H-043: X-Forwarded-Host is what the client asked for.
#[tokio::test]
async fn clients_neither_set_nor_remove_where_they_come_from() {
    let backend = echo("a");
    let started = in_front_of(backend.address()).await;
    let request = Request::get("/")
        .header("host", "shop.example.com")
        .header("connection", "x-forwarded-for, x-forwarded-proto")
        .header("x-forwarded-for", "9.9.9.9")
        .header("x_forwarded_for", "9.9.9.9")
        .header("x-forwarded-proto", "https")
        .header("x-forwarded-prefix", "/admin")
        .header("forwarded", "for=9.9.9.9");
    let seen = json(send(started.address, request.body(full("")).unwrap()).await.unwrap()).await;
    assert_eq!(seen["headers"]["x-forwarded-for"], json!(["127.0.0.1"]));
    assert_eq!(seen["headers"]["x-forwarded-proto"], json!(["http"]));
    assert_eq!(seen["headers"]["x-forwarded-host"], json!(["shop.example.com"]));
    for name in ["x_forwarded_for", "x-forwarded-prefix", "forwarded", "connection"] {
        null(&seen, name);
    }
}

// Mirrors

fn mirrored() -> Value {
    let filters = json!([{"type": "RequestMirror", "requestMirror": {"backendRef": {"name": "b", "port": 80}}}]);
    json!([{"filters": filters, "backendRefs": [{"name": "a", "port": 80}]}])
}

#[tokio::test]
async fn h_044_a_mirror_gets_head_and_body() {
    let (seen, mut arrived) = tokio::sync::mpsc::unbounded_channel();
    let mirror = backend(move |request| {
        let seen = seen.clone();
        async move {
            let (parts, body) = request.into_parts();
            let body = http_body_util::BodyExt::collect(body).await.map(|body| body.to_bytes());
            seen.send((parts.uri.to_string(), parts.headers["host"].clone(), body.unwrap())).unwrap();
            http::Response::builder().status(500).body(full("ignored")).unwrap()
        }
    })
    .await;
    let primary = echo("a");
    let objects = [gateway(), service("a"), service("b"), route("all", mirrored())];
    let started = start(&objects, &[("a", primary.address()), ("b", mirror)]).await;
    let request = Request::post("/x?y=1").header("host", "shop.example.com").body(full("hello")).unwrap();
    let answer = send(started.address, request).await.unwrap();
    assert_eq!(answer.status(), StatusCode::OK);
    assert_eq!(json(answer).await["bodyLength"], 5);
    let (uri, host, body) = tokio::time::timeout(PATIENCE, arrived.recv()).await.unwrap().unwrap();
    assert_eq!((uri.as_str(), host.to_str().unwrap(), &body[..]), ("/x?y=1", "shop.example.com", &b"hello"[..]));
}

#[tokio::test]
async fn h_045_a_copy_goes_to_one_endpoint() {
    let (seen, mut arrived) = tokio::sync::mpsc::unbounded_channel();
    let endpoint = || {
        let seen = seen.clone();
        backend(move |request: Request<hyper::body::Incoming>| {
            seen.send(request.uri().to_string()).unwrap();
            async { http::Response::new(full("")) }
        })
    };
    let (first, second) = (endpoint().await, endpoint().await);
    let primary = echo("a");
    let objects = [gateway(), service("a"), service("b"), route("all", mirrored())];
    let started = start(&objects, &[("a", primary.address()), ("b", first), ("b", second)]).await;
    for number in 0..8 {
        assert_eq!(get(started.address, &format!("/{number}")).await.status(), StatusCode::OK);
        let copy = tokio::time::timeout(PATIENCE, arrived.recv()).await.unwrap().unwrap();
        assert_eq!(copy, format!("/{number}"));
    }
    tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    assert!(arrived.try_recv().is_err(), "a second copy");
}

#[tokio::test]
async fn h_051_mirrors_that_hang_or_refuse_delay_nothing() {
    let hanging = backend(|_| std::future::pending()).await;
    let primary = echo("a");
    let objects = [gateway(), service("a"), service("b"), route("all", mirrored())];
    for mirror in [hanging, refusing().await] {
        let started = start(&objects, &[("a", primary.address()), ("b", mirror)]).await;
        let body = vec![b'x'; 4 << 20];
        let request = Request::post("/").header("host", "shop.example.com").body(full(body)).unwrap();
        let answer = tokio::time::timeout(PATIENCE, send(started.address, request)).await.unwrap().unwrap();
        assert_eq!(json(answer).await["bodyLength"], 4 << 20);
    }
}

#[tokio::test]
async fn pitfall_46_a_redirect_is_mirrored_too() {
    let (seen, mut arrived) = tokio::sync::mpsc::unbounded_channel();
    let mirror = backend(move |request: Request<hyper::body::Incoming>| {
        seen.send(request.uri().to_string()).unwrap();
        async { http::Response::new(full("")) }
    })
    .await;
    let rules = json!([{"filters": [
        {"type": "RequestMirror", "requestMirror": {"backendRef": {"name": "b", "port": 80}}},
        {"type": "RequestRedirect", "requestRedirect": {"scheme": "https"}},
    ]}]);
    let started = start(&[gateway(), service("b"), route("all", rules)], &[("b", mirror)]).await;
    assert_eq!(get(started.address, "/x").await.status(), StatusCode::FOUND);
    assert_eq!(tokio::time::timeout(PATIENCE, arrived.recv()).await.unwrap().unwrap(), "/x");
}
