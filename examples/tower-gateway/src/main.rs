//! A Gateway as a tower layer, served by hyper. The service inside stands for an HTTP client: it says what it was asked.
//!
//! ```sh
//! cargo run -p tower-gateway
//! ```

use std::{convert::Infallible, error::Error, sync::Arc};

use gwapi_core::{Object, Snapshot, resolve};
use gwapi_match::{
    Table, compile,
    connect::{Arrival, HttpConnection},
};
use http::{Request, Response, header::HOST};
use http_body_util::{BodyExt, Empty};
use hyper::body::Bytes;
use hyper_util::{rt::TokioIo, service::TowerToHyperService};
use serde_json::{Value, json};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::watch,
};
use tower::{Layer, service_fn};

use crate::gateway::{GatewayLayer, Upstream, controller};

mod gateway;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    // Whoever watches the objects keeps the other end, and sends a table whenever it has another one.
    let (_tables, table) = watch::channel(table(&objects()).ok_or("the Gateway is not accepted")?);
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    tokio::spawn(serve(listener, table));
    for path in ["/cart/7?x=1", "/old", "/nowhere"] {
        println!("GET {path}\n{}\n", get(TcpStream::connect(address).await?, path).await?);
    }
    Ok(())
}

/// Serves the listener on port 80 of the Gateway, wherever this socket is.
async fn serve(listener: TcpListener, table: watch::Receiver<Arc<Table>>) {
    while let Ok((stream, _)) = listener.accept().await {
        let layer = GatewayLayer { table: table.clone(), connection: HttpConnection::of(&Arrival::plain(80)) };
        let service = TowerToHyperService::new(layer.layer(service_fn(upstream)));
        tokio::spawn(hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service));
    }
}

/// Where a real one sends the request to an endpoint of the backend.
async fn upstream<B>(request: Request<B>) -> Result<Response<String>, Infallible> {
    let backend = request.extensions().get::<Upstream>().map(|Upstream(target)| target.key.object.to_string());
    Ok(Response::new(format!("{} gets {}", backend.unwrap_or_default(), request.uri())))
}

fn table(objects: &[Value]) -> Option<Arc<Table>> {
    let snapshot: Snapshot = objects.iter().filter_map(|value| Object::from_json(value).object).collect();
    let tables = compile(&resolve(&snapshot, &controller("example.com/tower")), fastrand::u64(..));
    tables.gateways.into_values().next()
}

fn objects() -> [Value; 4] {
    [
        json!({
            "apiVersion": "gateway.networking.k8s.io/v1", "kind": "GatewayClass", "metadata": {"name": "tower"},
            "spec": {"controllerName": "example.com/tower"},
        }),
        json!({
            "apiVersion": "gateway.networking.k8s.io/v1", "kind": "Gateway", "metadata": {"namespace": "shop", "name": "edge"},
            "spec": {"gatewayClassName": "tower", "listeners": [{"name": "http", "port": 80, "protocol": "HTTP"}]},
        }),
        json!({
            "apiVersion": "gateway.networking.k8s.io/v1", "kind": "HTTPRoute", "metadata": {"namespace": "shop", "name": "shop"},
            "spec": {"parentRefs": [{"name": "edge"}], "rules": [
                {
                    "matches": [{"path": {"value": "/cart"}}],
                    "filters": [
                        {"type": "URLRewrite",
                         "urlRewrite": {"path": {"type": "ReplacePrefixMatch", "replacePrefixMatch": "/v2"}}},
                        {"type": "ResponseHeaderModifier", "responseHeaderModifier": {"set": [{"name": "x-by", "value": "edge"}]}},
                    ],
                    "backendRefs": [{"name": "cart", "port": 8080}],
                },
                {
                    "matches": [{"path": {"value": "/old"}}],
                    "filters": [{"type": "RequestRedirect", "requestRedirect": {"scheme": "https"}}],
                },
            ]},
        }),
        json!({
            "apiVersion": "v1", "kind": "Service", "metadata": {"namespace": "shop", "name": "cart"},
            "spec": {"ports": [{"port": 8080}]},
        }),
    ]
}

/// A client that asks once, and shows what it got.
async fn get(stream: TcpStream, path: &str) -> Result<String, Box<dyn Error>> {
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
    tokio::spawn(connection);
    let request = Request::get(path).header(HOST, "shop.example.com").body(Empty::<Bytes>::new())?;
    let (parts, body) = sender.send_request(request).await?.into_parts();
    let mut lines = vec![parts.status.to_string()];
    for name in ["location", "x-by"] {
        lines.extend(parts.headers.get(name).map(|value| format!("{name}: {}", value.to_str().unwrap_or("?"))));
    }
    lines.push(String::from_utf8(body.collect().await?.to_bytes().into())?);
    Ok(lines.join("\n").trim_end().to_owned())
}

#[cfg(test)]
mod tests {
    use tower::ServiceExt;

    use super::*;

    async fn ask(table: watch::Receiver<Arc<Table>>, path: &str) -> (u16, String) {
        let layer = GatewayLayer { table, connection: HttpConnection::of(&Arrival::plain(80)) };
        let request = Request::get(path).header(HOST, "shop.example.com").body(String::new()).unwrap();
        let response = layer.layer(service_fn(upstream)).oneshot(request).await.unwrap();
        let status = response.status().as_u16();
        let body = response.into_body().collect().await.unwrap().to_bytes();
        (status, String::from_utf8(body.into()).unwrap())
    }

    #[tokio::test]
    async fn a_backend_gets_what_the_filters_make_of_the_request() {
        let (_tables, table) = watch::channel(table(&objects()).unwrap());
        assert_eq!(ask(table.clone(), "/cart/7?x=1").await, (200, "Service shop/cart gets /v2/7?x=1".to_owned()));
        assert_eq!(ask(table.clone(), "/old").await, (302, String::new()));
        assert_eq!(ask(table, "/nowhere").await, (404, String::new()));
    }

    #[tokio::test]
    async fn a_table_is_replaced_while_the_connection_lives() {
        let (tables, receiver) = watch::channel(table(&objects()).unwrap());
        let [class, gateway, ..] = objects();
        tables.send(table(&[class, gateway]).unwrap()).unwrap();
        assert_eq!(ask(receiver, "/cart").await, (404, String::new()));
    }

    #[test]
    fn what_the_layer_does_not_carry_out_is_in_no_table() {
        let [class, gateway, mut route, service] = objects();
        route["spec"]["rules"][0]["timeouts"] = json!({"request": "1s"});
        let (_tables, table) = watch::channel(table(&[class, gateway, route, service]).unwrap());
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        assert_eq!(runtime.block_on(ask(table, "/cart")), (404, String::new()));
    }
}
