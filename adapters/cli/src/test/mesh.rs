//! Requests of members of a mesh.

use gwapi_core::{model::Scheme, name::ObjectKey};
use gwapi_match::{
    connect::Transport,
    exchange::Outgoing,
    head::{HeadParts, RequestHead},
    mesh::{Destination, MeshArrival, MeshConnection},
};
use http::{HeaderValue, StatusCode};
use serde_json::Value;

use super::{
    case::Request,
    l4,
    request::{Asked, Checks, Plain, Seen, World, check_answer, check_refused, header_map, headers_of},
};

/// The call that clients of gRPC make if a case does not say which.
const ECHO: &str = "/gateway_api_conformance.echo_basic.grpcecho.GrpcEcho/Echo";

/// Checks a request from a pod.
///
/// # Errors
/// If it is none that can be sent here.
pub(super) fn check(request: &Request, from: &Value, world: &World<'_>, checks: &mut Checks<'_>) -> Result<(), String> {
    let namespace = from["namespace"].as_str().ok_or("`from` needs `namespace`")?;
    let to = request.to.as_deref().ok_or("a request from a pod needs `to`")?;
    let Some(mesh) = &world.tables.mesh else {
        check_answer(&request.expect, &passed(request, namespace, to, world)?, world.pods, checks);
        return Ok(());
    };
    let transport = if request.protocol.as_deref() == Some("udp") { Transport::Udp } else { Transport::Tcp };
    let port = request.port.unwrap_or(80);
    let arrival = MeshArrival { namespace, destination: Destination::Name(to), port, transport };
    match mesh.connect(&arrival) {
        MeshConnection::Refuse(why) => check_refused(&request.expect, &format!("connection refused: {why:?}"), checks),
        MeshConnection::L4 { routed } => match mesh.table().l4(routed) {
            Some(decision) => l4::check_decision(request, mesh.table(), &decision, true, world, checks),
            None => checks.add("decision", "one", "the table does not know its own answer"),
        },
        MeshConnection::PassThrough => {
            check_answer(&request.expect, &passed(request, namespace, to, world)?, world.pods, checks);
        }
        MeshConnection::Http { id, .. } => {
            let plain = plain(request, to)?;
            let parts = HeadParts {
                method: &plain.method,
                scheme: Scheme::Http,
                authority: None,
                path_and_query: &plain.path,
                headers: &plain.headers,
            };
            let table = mesh.table();
            let head = RequestHead::new(parts, table.choices()).map_err(|reject| reject.to_string())?;
            Asked { table, head, plain: &plain, request, pods: world.pods, why: None }.check(id, checks);
        }
    }
    Ok(())
}

fn plain(request: &Request, to: &str) -> Result<Plain, String> {
    let mut headers = headers_of(request)?;
    let port = request.port.unwrap_or(80);
    let host = request.host.as_deref().unwrap_or(to);
    let host = if port == 80 || host.contains(':') { host.to_owned() } else { format!("{host}:{port}") };
    if !headers.contains_key("host") {
        headers.insert("host", HeaderValue::from_str(&host).map_err(|error| format!("host `{host}`: {error}"))?);
    }
    let is_grpc = request.protocol.as_deref() == Some("grpc");
    let or = |given: &Option<String>, grpc: &str, http: &str| {
        given.clone().unwrap_or_else(|| if is_grpc { grpc.to_owned() } else { http.to_owned() })
    };
    Ok(Plain {
        // No Gateway is asked.
        gateway: ObjectKey::cluster("", "", &"".into()),
        port,
        is_tls: false,
        sni: None,
        method: or(&request.method, "POST", "GET"),
        path: or(&request.path, ECHO, "/"),
        headers,
    })
}

/// What goes on as it is reaches whoever has the name or the address.
fn passed(request: &Request, namespace: &str, to: &str, world: &World<'_>) -> Result<Seen, String> {
    let name = match world.pods.at(to) {
        Some(pod) => pod.to_owned(),
        None => {
            let mut labels = to.split('.');
            let service = labels.next().unwrap_or_default();
            format!("{}/{service}", labels.next().unwrap_or(namespace))
        }
    };
    let plain = plain(request, to)?;
    let outgoing = Outgoing { path_and_query: plain.path, headers: plain.headers };
    let response = header_map(&request.backend_sets_headers)?;
    Ok(Seen { backend: Some((name, outgoing)), method: plain.method, ..Seen::answer(StatusCode::OK, response, String::new()) })
}
