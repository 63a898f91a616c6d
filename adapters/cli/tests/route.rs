//! `gwapi route` as users run it.

use serde_json::{Value, json};

mod folder;

use folder::{Folder, Ran};

const SHOP: &str = "
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: edge, namespace: shop}
spec:
  gatewayClassName: any
  listeners:
  - {name: http, port: 80, protocol: HTTP, hostname: '*.example.com'}
  - {name: own, port: 8080, protocol: HTTP}
---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: inner, namespace: shop}
spec:
  gatewayClassName: any
  listeners: [{name: http, port: 80, protocol: HTTP}]
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: cart, namespace: shop}
spec:
  parentRefs: [{name: edge}]
  hostnames: [shop.example.com]
  rules:
  - name: cart
    matches: [{path: {value: /cart}}]
    filters:
    - {type: URLRewrite, urlRewrite: {path: {type: ReplacePrefixMatch, replacePrefixMatch: /}}}
    - {type: RequestHeaderModifier, requestHeaderModifier: {add: [{name: via-edge, value: 'yes'}], remove: [secret]}}
    timeouts: {request: 5s}
    backendRefs: [{name: a, port: 80, weight: 3}, {name: b, port: 80, weight: 1}]
  - matches: [{path: {value: /old}, method: POST}]
    filters: [{type: RequestRedirect, requestRedirect: {scheme: https, statusCode: 301}}]
  - matches: [{path: {value: /}}]
    backendRefs: [{name: a, port: 80}]
---
apiVersion: v1
kind: Service
metadata: {name: a, namespace: shop}
spec: {ports: [{port: 80}]}
---
apiVersion: v1
kind: Service
metadata: {name: b, namespace: shop}
spec: {ports: [{port: 80}]}
";

fn route(arguments: &[&str]) -> Ran {
    Folder::of(SHOP).run("route", arguments)
}

/// The decisions as JSON.
fn decisions(arguments: &[&str]) -> Vec<Value> {
    let ran = route(&[arguments, &["-o", "json"]].concat());
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    ran.json()["decisions"].as_array().expect("a list").clone()
}

#[test]
fn every_gateway_with_the_port_answers_in_the_order_of_the_keys() {
    let all = decisions(&["http://shop.example.com/cart/1?x=1"]);
    let gateways: Vec<&Value> = all.iter().map(|one| &one["gateway"]).collect();
    assert_eq!(gateways, ["shop/edge", "shop/inner"]);
    assert_eq!(all[0]["outcome"], "forward");
    assert_eq!(all[0]["listener"], json!({"name": "http", "port": 80, "protocol": "HTTP", "hostname": "*.example.com"}));
    assert_eq!(all[0]["route"], json!({"kind": "HTTPRoute", "namespace": "shop", "name": "cart"}));
    assert_eq!((&all[0]["rule"], &all[0]["ruleName"], &all[0]["match"]), (&json!(0), &json!("cart"), &json!(0)));
    assert_eq!(
        all[0]["backends"][0],
        json!({"kind": "Service", "namespace": "shop", "name": "a", "port": 80, "weight": 3, "share": 0.75})
    );
    assert_eq!(all[0]["request"]["path"], "/1?x=1");
    assert_eq!(all[0]["timeouts"], json!({"request": "5s"}));
    assert_eq!((&all[1]["outcome"], &all[1]["status"]), (&json!("respond"), &json!(404)));
}

#[test]
fn of_the_candidates_those_that_match_are_told() {
    let why = decisions(&["http://shop.example.com/cart"])[0]["why"].clone();
    let rules: Vec<(&Value, &Value)> =
        why.as_array().expect("a list").iter().map(|one| (&one["rule"], &one["decidedBy"])).collect();
    assert_eq!(rules, [(&json!(0), &json!("path-length")), (&json!(2), &Value::Null)]);
}

#[test]
fn options_stand_in_for_parts_of_the_url_or_for_all_of_it() {
    let one = |arguments: &[&str]| decisions(&[arguments, &["--gateway", "shop/edge"]].concat()).remove(0);
    let whole = one(&["http://shop.example.com/cart"]);
    assert_eq!(one(&["--host", "shop.example.com", "--path", "/cart"]), whole);
    assert_eq!(one(&["http://other.example.com/", "--host", "shop.example.com", "--path", "/cart"]), whole);
    assert_eq!(one(&["http://other.example.com/cart", "-H", "host: shop.example.com"]), whole);
    let own = one(&["http://shop.example.com/cart", "--port", "8080"]);
    assert_eq!((&own["listener"]["name"], &own["request"]["host"]), (&json!("own"), &json!("shop.example.com:8080")));
    assert_eq!(one(&["http://shop.example.com:8080/cart"]), own);
    // A rule without the method that is asked for.
    assert_eq!(one(&["http://shop.example.com/old"])["rule"], 2);
    let redirect = one(&["http://shop.example.com/old", "-X", "POST"]);
    assert_eq!((&redirect["outcome"], &redirect["status"]), (&json!("redirect"), &json!(301)));
    assert_eq!(redirect["location"], "https://shop.example.com/old");
}

#[test]
fn paths_stay_as_they_are_typed() {
    let one = |url: &str| decisions(&[url, "--gateway", "shop/edge"]).remove(0);
    let dots = one("http://shop.example.com/cart/../old");
    assert_eq!((&dots["outcome"], &dots["status"]), (&json!("reject"), &json!(400)));
    assert_eq!(one("http://shop.example.com/cart/%2e%2e")["status"], 400);
    assert_eq!(one("http://shop.example.com?q=/cart")["request"]["path"], "/?q=/cart");
    assert_eq!(one("http://shop.example.com/cart/a#part")["request"]["path"], "/a");
}

#[test]
fn a_sample_picks_one_backend() {
    for (sample, name) in [("0", "a"), ("0.74", "a"), ("0.75", "b"), ("1", "b")] {
        let one = decisions(&["http://shop.example.com/cart", "--sample", sample]).remove(0);
        let picked = one["picked"].as_u64().expect("one is picked");
        assert_eq!(one["backends"][picked as usize]["name"], name, "{sample}");
    }
    assert_eq!(route(&["http://shop.example.com/cart", "--sample", "2"]).code, Some(2));
}

#[test]
fn people_read_what_becomes_of_the_request() {
    let ran = route(&["http://shop.example.com/cart/1", "--gateway", "shop/edge", "-H", "secret: x"]);
    assert_eq!(
        ran.stdout,
        "GET http://shop.example.com/cart/1
  gateway   shop/edge
  listener  http (HTTP port 80, *.example.com)
  outcome   forward to 75% Service shop/a:80, 25% Service shop/b:80
  route     HTTPRoute shop/cart, rule 0 `cart`, match 0
  request   path /1
  request   header via-edge: yes
  request   without header secret
  timeouts  request 5s
  why       HTTPRoute shop/cart, rule 0 `cart`, match 0 (shop.example.com) before HTTPRoute shop/cart, rule 2, match 0 (shop.example.com): path-length
"
    );
    assert!(ran.stderr.contains("note[assumption]"), "{}", ran.stderr);
}

#[test]
fn what_cannot_be_asked_ends_with_2() {
    for (arguments, message) in [
        (&["http://shop.example.com:99/"][..], "no Gateway serves port 99; served are 80, 8080"),
        (&["http://shop.example.com/", "--gateway", "shop/gone"], "Gateway shop/gone does not exist"),
        (&["http://shop.example.com/", "--gateway", "gone"], "`gone` is not NAMESPACE/NAME"),
        (
            &["http://shop.example.com:8080/", "--gateway", "shop/inner"],
            "Gateway shop/inner does not serve port 8080; served are 80",
        ),
        (&["ftp://shop.example.com/"], "scheme `ftp` is not supported"),
        (&["http://shop.example.com:x/"], "`x` is no port"),
        (&["http://user@shop.example.com/"], "credentials in a URL"),
        (&["http://a/", "http://b/"], "route takes one URL"),
        (&["http://a/", "-H", "nothing"], "is not `name: value`"),
        (&["http://a/", "-H", "x: a\nb"], "cannot be sent"),
        (&[], "a URL is missing"),
    ] {
        let ran = route(arguments);
        assert_eq!(ran.code, Some(2), "{arguments:?}");
        assert!(ran.stderr.contains(message) && ran.stdout.is_empty(), "{arguments:?}: {}{}", ran.stdout, ran.stderr);
    }
}

#[test]
fn a_gateway_whose_listeners_are_not_served_cannot_be_asked() {
    let tls = "
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: edge, namespace: shop}
spec:
  gatewayClassName: any
  listeners: [{name: https, port: 443, protocol: HTTPS, hostname: a.example.com, tls: {certificateRefs: [{name: none}]}}]
";
    // Without a certificate the listener is not served.
    let ran = Folder::of(tls).run("route", &["https://a.example.com/"]);
    assert_eq!(ran.code, Some(2), "{}", ran.stdout);
    assert!(ran.stderr.contains("no Gateway serves port 443; none is served"), "{}", ran.stderr);
}

const MESH: &str = "
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: producer, namespace: shop}
spec:
  parentRefs: [{group: '', kind: Service, name: cart, port: 80}]
  rules:
  - matches: [{path: {value: /cart}}]
    backendRefs: [{name: cart, port: 80}]
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: consumer, namespace: team}
spec:
  parentRefs: [{group: '', kind: Service, name: cart, namespace: shop, port: 80}]
  rules:
  - backendRefs: [{name: cart, namespace: shop, port: 80}]
---
apiVersion: v1
kind: Service
metadata: {name: cart, namespace: shop}
spec: {ports: [{name: a, port: 80}, {name: b, port: 81}]}
";

#[test]
fn a_mesh_is_asked_as_a_client_of_a_namespace() {
    let decision = |from: &str, url: &str| {
        let ran = Folder::of(MESH).run("route", &["--from", from, url, "-o", "json"]);
        ran.json()["decisions"][0].clone()
    };
    assert_eq!(decision("rest", "http://cart.shop/cart")["route"]["name"], "producer");
    assert_eq!(decision("team", "http://cart.shop/cart")["route"]["name"], "consumer", "O-013");
    assert_eq!(decision("rest", "http://cart.shop/other")["status"], 404, "O-003");
    assert_eq!(decision("shop", "http://cart/cart")["route"]["name"], "producer", "a name without its namespace");
    assert_eq!(decision("rest", "http://cart.shop:81/")["outcome"], "pass", "O-009");
}

const CONNECTIONS: &str = "
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: edge, namespace: shop}
spec:
  gatewayClassName: any
  listeners:
  - {name: raw, port: 5000, protocol: TCP}
  - {name: dns, port: 5000, protocol: UDP}
  - {name: tls, port: 443, protocol: TLS, tls: {mode: Passthrough}}
---
apiVersion: gateway.networking.k8s.io/v1
kind: TCPRoute
metadata: {name: raw, namespace: shop}
spec: {parentRefs: [{name: edge}], rules: [{backendRefs: [{name: web, port: 80}]}]}
---
apiVersion: gateway.networking.k8s.io/v1
kind: UDPRoute
metadata: {name: dns, namespace: shop}
spec: {parentRefs: [{name: edge}], rules: [{backendRefs: [{name: web, port: 80}]}]}
---
apiVersion: gateway.networking.k8s.io/v1
kind: TLSRoute
metadata: {name: tls, namespace: shop}
spec: {parentRefs: [{name: edge}], hostnames: [a.example], rules: [{backendRefs: [{name: web, port: 80}]}]}
---
apiVersion: v1
kind: Service
metadata: {name: web, namespace: shop}
spec: {ports: [{name: t, port: 80}, {name: u, port: 80, protocol: UDP}]}
";

#[test]
fn connections_and_datagrams_are_asked_about_by_their_schemes() {
    for (url, kind, outcome) in [
        ("tcp://edge:5000", "TCPRoute", "forward"),
        ("udp://edge:5000", "UDPRoute", "forward"),
        ("tls://a.example", "TLSRoute", "forward"),
    ] {
        let decision = Folder::of(CONNECTIONS).run("route", &[url, "-o", "json"]).json()["decisions"][0].clone();
        assert_eq!((&decision["route"]["kind"], &decision["outcome"]), (&json!(kind), &json!(outcome)), "{url}: {decision}");
    }
    let refused = Folder::of(CONNECTIONS).run("route", &["tls://b.example", "-o", "json"]).json();
    assert_eq!(refused["decisions"][0]["outcome"], "reject", "{refused}");
    let ran = Folder::of(CONNECTIONS).run("route", &["tcp://edge"]);
    assert!(ran.stderr.contains("tcp has no usual port"), "{}", ran.stderr);
}
