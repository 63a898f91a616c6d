//! A Gateway inside a proxy that calls hooks: a context for each request, a request filter, the choice of the upstream, a
//! response filter.
//!
//! ```sh
//! cargo run -p callback-proxy
//! ```

use std::{collections::BTreeMap, error::Error, net::SocketAddr, sync::Arc};

use gwapi_core::{Object, ObjectKey, Snapshot, resolution::BackendKey, resolve};
use gwapi_match::{Table, compile};
use http::{HeaderValue, Request, Response, StatusCode, header::HOST, request::Parts};
use serde_json::{Value, json};

use crate::{
    edge::{Edge, controller},
    host::{Session, run},
};

mod edge;
mod host;

fn main() -> Result<(), Box<dyn Error>> {
    let edge = Edge::new(table("first").ok_or("the Gateway is not accepted")?, endpoints());
    for path in ["/cart/7", "/old", "/nowhere"] {
        println!("GET {path}");
        show(run(&edge, session(path)?, send));
    }
    println!("GET /cart/8, and the configuration changes before the upstream answers");
    let other = table("second").ok_or("the Gateway is not accepted")?;
    show(run(&edge, session("/cart/8")?, |peer, request| {
        edge.replace(other);
        send(peer, request)
    }));
    println!("GET /cart/9");
    show(run(&edge, session("/cart/9")?, send));
    Ok(())
}

/// The network, with an upstream that answers everything.
fn send(peer: SocketAddr, request: &Parts) -> Response<()> {
    println!("  {peer} gets {} with x-shop: {}", request.uri, text(request.headers.get("x-shop")));
    Response::new(())
}

fn show(outcome: Result<Response<()>, StatusCode>) {
    match outcome {
        Err(status) => println!("  {status}"),
        Ok(response) => {
            println!("  {}", response.status());
            response.headers().iter().for_each(|(name, value)| println!("  {name}: {}", text(Some(value))));
        }
    }
}

fn text(value: Option<&HeaderValue>) -> &str {
    value.and_then(|value| value.to_str().ok()).unwrap_or_default()
}

fn session(path: &str) -> http::Result<Session> {
    let (request, ()) = Request::get(path).header(HOST, "shop.example.com").body(())?.into_parts();
    Ok(Session { port: 80, request })
}

fn endpoints() -> BTreeMap<BackendKey, SocketAddr> {
    let object = ObjectKey::namespaced("", "Service", &"shop".into(), &"cart".into());
    BTreeMap::from([(BackendKey { object, port: 8080 }, SocketAddr::from(([127, 0, 0, 1], 3000)))])
}

fn table(config: &str) -> Option<Arc<Table>> {
    let snapshot: Snapshot = objects(config).iter().filter_map(|value| Object::from_json(value).object).collect();
    let tables = compile(&resolve(&snapshot, &controller("example.com/callbacks")), fastrand::u64(..));
    tables.gateways.into_values().next()
}

fn objects(config: &str) -> [Value; 4] {
    [
        json!({
            "apiVersion": "gateway.networking.k8s.io/v1", "kind": "GatewayClass", "metadata": {"name": "callbacks"},
            "spec": {"controllerName": "example.com/callbacks"},
        }),
        json!({
            "apiVersion": "gateway.networking.k8s.io/v1", "kind": "Gateway", "metadata": {"namespace": "shop", "name": "edge"},
            "spec": {"gatewayClassName": "callbacks", "listeners": [{"name": "http", "port": 80, "protocol": "HTTP"}]},
        }),
        json!({
            "apiVersion": "gateway.networking.k8s.io/v1", "kind": "HTTPRoute", "metadata": {"namespace": "shop", "name": "shop"},
            "spec": {"parentRefs": [{"name": "edge"}], "rules": [
                {
                    "matches": [{"path": {"value": "/cart"}}],
                    "filters": [
                        {"type": "RequestHeaderModifier", "requestHeaderModifier": {"set": [{"name": "x-shop", "value": "one"}]}},
                        {"type": "ResponseHeaderModifier",
                         "responseHeaderModifier": {"set": [{"name": "x-config", "value": config}]}},
                    ],
                    "backendRefs": [{"name": "cart", "port": 8080}],
                },
                {
                    "matches": [{"path": {"value": "/old"}}],
                    "filters": [{"type": "RequestRedirect", "requestRedirect": {"hostname": "new.example.com"}}],
                },
            ]},
        }),
        json!({
            "apiVersion": "v1", "kind": "Service", "metadata": {"namespace": "shop", "name": "cart"},
            "spec": {"ports": [{"port": 8080}]},
        }),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn x_config(edge: &Edge, between: impl FnOnce()) -> String {
        let response = run(edge, session("/cart").unwrap(), |peer, request| {
            between();
            send(peer, request)
        });
        text(response.unwrap().headers().get("x-config")).to_owned()
    }

    #[test]
    fn a_request_ends_by_the_configuration_that_it_began_with() {
        let edge = Edge::new(table("first").unwrap(), endpoints());
        assert_eq!(x_config(&edge, || edge.replace(table("second").unwrap())), "first");
        assert_eq!(x_config(&edge, || {}), "second");
    }

    #[test]
    fn what_has_no_backend_is_answered_and_reaches_no_upstream() {
        let edge = Edge::new(table("first").unwrap(), endpoints());
        let ask =
            |path| run(&edge, session(path).unwrap(), |_, _| panic!("it was sent")).map(|response| response.status().as_u16());
        assert_eq!(ask("/old"), Ok(302));
        assert_eq!(ask("/nowhere"), Ok(404));
        assert_eq!(ask("/%2e%2e/cart"), Err(StatusCode::BAD_REQUEST));
    }

    #[test]
    fn a_backend_without_an_endpoint_is_unavailable() {
        let edge = Edge::new(table("first").unwrap(), BTreeMap::new());
        assert_eq!(run(&edge, session("/cart").unwrap(), send).unwrap_err(), StatusCode::SERVICE_UNAVAILABLE);
    }
}
