//! `gwapi explain` as users run it.

use serde_json::{Value, json};

mod folder;

use folder::Folder;

const SHOP: &str = "
apiVersion: gateway.networking.k8s.io/v1
kind: GatewayClass
metadata: {name: ours}
spec: {controllerName: example.com/ours}
---
apiVersion: gateway.networking.k8s.io/v1
kind: GatewayClass
metadata: {name: theirs}
spec: {controllerName: example.com/theirs}
---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: edge, namespace: infra}
spec:
  gatewayClassName: ours
  listeners:
  - {name: open, port: 80, protocol: HTTP, hostname: '*.example.com', allowedRoutes: {namespaces: {from: All}}}
  - {name: own, port: 8080, protocol: HTTP}
---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: other, namespace: infra}
spec:
  gatewayClassName: theirs
  listeners: [{name: http, port: 80, protocol: HTTP}]
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: cart, namespace: shop}
spec:
  parentRefs:
  - {name: edge, namespace: infra}
  - {name: gone}
  - {name: edge, namespace: infra, sectionName: missing}
  - {name: other, namespace: infra}
  hostnames: [shop.example.com, '*.example.org']
  rules:
  - name: cart
    matches: [{path: {value: /cart}}]
    backendRefs: [{name: a, port: 80}, {name: a, namespace: elsewhere, port: 80}]
  - matches: [{path: {value: /cart}, headers: [{name: Version, value: two}]}]
    backendRefs: [{name: a, port: 81}]
  - filters:
    - {type: RequestRedirect, requestRedirect: {hostname: x.example.com}}
    - {type: URLRewrite, urlRewrite: {hostname: x.example.com}}
---
apiVersion: v1
kind: Service
metadata: {name: a, namespace: shop}
spec: {ports: [{port: 80}]}
";

fn ours(arguments: &[&str]) -> folder::Ran {
    Folder::of(SHOP).run("explain", &[arguments, &["--controller", "example.com/ours"]].concat())
}

fn of_route(name: &str) -> Value {
    let ran = ours(&["--route", name, "-o", "json"]);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    ran.json()
}

#[test]
fn every_parent_ref_says_what_became_of_it_also_where_status_is_silent() {
    let report = of_route("shop/cart");
    let parents = report["parents"].as_array().expect("a list");
    let attached: Vec<&Value> = parents.iter().map(|parent| &parent["attached"]).collect();
    assert_eq!(attached, [true, false, false, false]);
    assert_eq!(parents[0]["listeners"], json!([{"listener": "open", "served": true, "hostnames": ["shop.example.com"]}]));
    let refused = &parents[0]["refused"][0];
    assert_eq!((&refused["condition"], &refused["reason"]), (&json!("Accepted"), &json!("NotAllowedByListeners")));
    assert_eq!(refused["evidence"]["refusal"], "namespaceNotAllowed");
    assert!(refused["fix"].as_str().is_some_and(|fix| fix.contains("namespace `infra`")), "{refused}");
    assert_eq!(parents[1]["unclaimed"]["message"], "Gateway shop/gone does not exist");
    assert_eq!(parents[2]["refused"][0]["reason"], "NoMatchingParent");
    let theirs = parents[3]["unclaimed"]["message"].as_str().expect("a message");
    assert!(theirs.contains("belongs to controller `example.com/theirs`"), "{theirs}");
}

#[test]
fn rules_say_why_they_are_refused_and_what_does_not_resolve() {
    let report = of_route("HTTPRoute/shop/cart");
    let rules = report["rules"].as_array().expect("a list");
    let reasons: Vec<(&Value, &Value, &Value)> =
        rules.iter().map(|rule| (&rule["rule"], &rule["refused"][0]["reason"], &rule["unresolved"][0]["reason"])).collect();
    assert_eq!(
        reasons,
        [
            (&json!(0), &Value::Null, &json!("RefNotPermitted")),
            (&json!(1), &Value::Null, &json!("BackendNotFound")),
            (&json!(2), &json!("IncompatibleFilters"), &Value::Null),
        ]
    );
    for rule in rules {
        for refusal in [&rule["refused"][0], &rule["unresolved"][0]].into_iter().filter(|refusal| !refusal.is_null()) {
            assert!(refusal["fix"].as_str().is_some_and(|fix| !fix.is_empty()), "{refusal}");
        }
    }
}

#[test]
fn people_read_the_verdict_the_reason_and_the_fix() {
    let text = ours(&["--route", "shop/cart"]).stdout;
    for line in [
        "HTTPRoute shop/cart",
        "  parentRefs[0] Gateway infra/edge: attached",
        "    listener open: attached; hostnames shop.example.com",
        "  parentRefs[1] Gateway shop/gone: left alone; the status says nothing about it",
        "      fix: add the Gateway shop/gone, or correct the name or namespace of the parentRef",
        "    refused: Gateway infra/edge has no listener `missing` (Accepted=False/NoMatchingParent)",
        "  rule 0 `cart`",
        "    unresolved: Service shop/a has no port 81 (ResolvedRefs=False/BackendNotFound)",
    ] {
        assert!(text.lines().any(|one| one == line), "no `{line}` in\n{text}");
    }
}

#[test]
fn a_route_that_is_not_there_ends_with_2() {
    for (name, message) in [
        ("gone", "HTTPRoute default/gone does not exist; there are HTTPRoute shop/cart"),
        ("GRPCRoute/shop/cart", "GRPCRoute shop/cart does not exist"),
        ("a/b/c/d", "is not [KIND/]NS/NAME"),
    ] {
        let ran = ours(&["--route", name]);
        assert_eq!(ran.code, Some(2));
        assert!(ran.stderr.contains(message), "{}", ran.stderr);
    }
    assert_eq!(ours(&["--route", "shop/cart", "http://a/"]).code, Some(2));
}

#[test]
fn of_a_request_every_candidate_is_told_with_what_decided_or_failed() {
    let ran = ours(&["http://shop.example.com/cart", "http://shop.example.com/cart/1", "-H", "version: two", "-o", "json"]);
    let decisions = ran.json()["decisions"].as_array().expect("a list").clone();
    assert_eq!(decisions.len(), 2, "one for each URL");
    let why = |index: usize| {
        let candidates = decisions[index]["why"].as_array().expect("a list");
        candidates.iter().map(|one| (one["rule"].as_u64(), one["decidedBy"].as_str(), one["failed"].as_str())).collect::<Vec<_>>()
    };
    let refused = "the rule is invalid: spec.rules[2].filters: URLRewrite and RequestRedirect cannot be combined";
    let expected = [(Some(1), Some("headers"), None), (Some(0), None, None), (Some(2), None, Some(refused))];
    assert_eq!(why(0), expected);
    assert_eq!(why(1), expected);
    let text = ours(&["http://shop.example.com/cart"]).stdout;
    assert!(
        text.contains("why       HTTPRoute shop/cart, rule 0 `cart`, match 0 (shop.example.com): the only one that matches"),
        "{text}"
    );
    assert!(text.contains("why       not HTTPRoute shop/cart, rule 1, match 0 (shop.example.com): header `version`"), "{text}");
}

#[test]
fn the_page_in_the_browser_reports_what_the_program_reports() {
    let page = |mut question: Value| {
        question["manifests"] = SHOP.into();
        question["controller"] = "example.com/ours".into();
        let reply: Value = serde_json::from_str(&gwapi_wasm::explain(&question.to_string())).expect("a reply is JSON");
        reply["report"].clone()
    };
    assert_eq!(page(json!({"route": "shop/cart"})), of_route("shop/cart"));
    let url = "http://shop.example.com/cart/items";
    let program = ours(&[url, "-X", "POST", "-H", "version: two", "-o", "json"]).json();
    assert_eq!(page(json!({"url": url, "request": {"method": "POST", "headers": ["version: two"]}})), program);
    assert_eq!(program["decisions"].as_array().map(Vec::len), Some(1));
}

const EVERY_KIND: &str = "
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: edge, namespace: shop}
spec:
  gatewayClassName: any
  allowedListeners: {namespaces: {from: Same}}
  listeners:
  - {name: raw, port: 5000, protocol: TCP}
  - {name: dns, port: 5000, protocol: UDP}
  - {name: tls, port: 443, protocol: TLS, tls: {mode: Passthrough}}
---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: usual, namespace: shop}
spec: {gatewayClassName: any, defaultScope: All, listeners: [{name: http, port: 80, protocol: HTTP}]}
---
apiVersion: gateway.networking.k8s.io/v1
kind: ListenerSet
metadata: {name: more, namespace: shop}
spec: {parentRef: {name: edge}, listeners: [{name: web, port: 80, protocol: HTTP, hostname: a.example}]}
---
apiVersion: gateway.networking.k8s.io/v1
kind: TCPRoute
metadata: {name: raw, namespace: shop}
spec: {parentRefs: [{name: edge, sectionName: raw}, {name: edge, sectionName: tls}], rules: [{backendRefs: [{name: web, port: 80}]}]}
---
apiVersion: gateway.networking.k8s.io/v1
kind: UDPRoute
metadata: {name: dns, namespace: shop}
spec: {parentRefs: [{name: edge, port: 5000}], rules: [{backendRefs: [{name: web, port: 81}]}]}
---
apiVersion: gateway.networking.k8s.io/v1
kind: TLSRoute
metadata: {name: tls, namespace: shop}
spec: {parentRefs: [{name: edge, sectionName: tls}], hostnames: [a.example], rules: [{backendRefs: [{name: web, port: 80}]}]}
---
apiVersion: gateway.networking.k8s.io/v1
kind: GRPCRoute
metadata: {name: rpc, namespace: shop}
spec:
  parentRefs: [{kind: ListenerSet, name: more}, {group: '', kind: Service, name: web, port: 81}, {group: '', kind: Service, name: web, port: 7}]
  rules: [{backendRefs: [{name: web, port: 80}]}]
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: own, namespace: team}
spec:
  parentRefs: [{group: '', kind: Service, name: web, namespace: shop}, {group: '', kind: Service, name: gone}]
  rules: [{backendRefs: [{name: web, namespace: shop, port: 80}]}]
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: usual, namespace: shop}
spec: {useDefaultGateways: All, rules: [{backendRefs: [{name: web, port: 80}]}]}
---
apiVersion: v1
kind: Service
metadata: {name: web, namespace: shop}
spec: {ports: [{name: t, port: 80}, {name: u, port: 81}, {name: d, port: 81, protocol: UDP}]}
";

/// Every kind of route, and every kind of parent.
#[test]
fn routes_of_every_kind_are_explained_for_every_kind_of_parent() {
    let folder = Folder::of(EVERY_KIND);
    for (route, lines) in [
        (
            "TCPRoute/shop/raw",
            &[
                "  parentRefs[0] Gateway shop/edge, listener raw: attached",
                "    listener raw: attached; hostnames *",
                "  parentRefs[1] Gateway shop/edge, listener tls: not attached",
                "    refused: listener `tls` allows no TCPRoute (Accepted=False/NotAllowedByListeners)",
            ][..],
        ),
        (
            "UDPRoute/shop/dns",
            &["  parentRefs[0] Gateway shop/edge, port 5000: attached", "    listener dns: attached; hostnames *"],
        ),
        ("TLSRoute/shop/tls", &["    listener tls: attached; hostnames a.example"]),
        (
            "GRPCRoute/shop/rpc",
            &[
                "  parentRefs[0] ListenerSet shop/more: attached",
                "    listener web: attached; hostnames a.example",
                "  parentRefs[1] Service shop/web, port 81: attached",
                "    for clients of every namespace without routes of its own for the Service",
                "    port 81: attached; hostnames *",
                "    refused: Service shop/web has no port 7 (Accepted=False/NoMatchingParent)",
                "      fix: correct `port` of the parentRef, or add such a port to the Service shop/web",
            ],
        ),
        (
            "HTTPRoute/team/own",
            &[
                "  parentRefs[0] Service shop/web: attached",
                "    for clients of namespace `team` only",
                "  parentRefs[1] Service team/gone: left alone; the status says nothing about it",
            ],
        ),
        ("HTTPRoute/shop/usual", &["  parentRefs[0] Gateway shop/usual: attached"]),
    ] {
        let text = folder.run("explain", &["--route", route]).stdout;
        for line in lines {
            assert!(text.lines().any(|one| one == *line), "no `{line}` in\n{text}");
        }
    }
    let report = folder.run("explain", &["--route", "HTTPRoute/team/own", "-o", "json"]).json();
    assert_eq!(report["parents"][0]["clients"], json!({"consumer": "team"}));
}
