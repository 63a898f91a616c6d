//! Connections that change their protocol, such as to WebSocket: after a 101 of the backend, and only then, bytes pass in both
//! directions. Without it what follows is HTTP, whatever the client meant it to be (CVE-2026-2833).

use http::{
    HeaderValue, Response,
    header::{CONNECTION, UPGRADE},
};
use hyper::{body::Incoming, upgrade::OnUpgrade};
use hyper_util::rt::TokioIo;
use tokio::io::copy_bidirectional;

use crate::{
    answer::Answer,
    body::{self, Body},
    headers,
    lifetime::Life,
    route::Reply,
};

/// Passes on a 101 and joins both connections. A backend that changes to something nobody asked for is broken.
pub(crate) fn tunnel(
    mut response: Response<Incoming>,
    client: Option<OnUpgrade>,
    reply: &Reply,
    life: Life,
) -> Result<Response<Body>, Answer> {
    let protocol = response.headers().get(UPGRADE).cloned();
    let (client, protocol) = client.zip(protocol).ok_or_else(Answer::bad_gateway)?;
    let backend = hyper::upgrade::on(&mut response);
    let mut response = response.map(|_| body::empty());
    headers::strip_hop_by_hop(response.headers_mut());
    reply.finish(response.headers_mut())?;
    response.headers_mut().insert(CONNECTION, HeaderValue::from_static("upgrade"));
    response.headers_mut().insert(UPGRADE, protocol);
    tokio::spawn(join(client, backend, life));
    Ok(response)
}

/// Neither timeouts of the route nor limits of idleness apply (J-009): such connections are silent for hours.
async fn join(client: OnUpgrade, backend: OnUpgrade, mut life: Life) {
    let joined = async {
        let (client, backend) = tokio::try_join!(client, backend).map_err(std::io::Error::other)?;
        copy_bidirectional(&mut TokioIo::new(client), &mut TokioIo::new(backend)).await
    };
    tokio::select! {
        result = joined => {
            if let Err(error) = result {
                tracing::debug!(%error, "an upgraded connection failed");
            }
        }
        () = life.aborted() => {}
    }
}
