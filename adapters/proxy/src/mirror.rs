//! Copies of requests for mirrors. A copy takes what the request sends in passing: it never makes it wait, and what goes
//! wrong with it is nobody's business (H-044, H-051).

use std::{
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Context, Poll},
};

use bytes::Bytes;
use http::{HeaderMap, Request};
use http_body::{Body as _, Frame, SizeHint};
use http_body_util::BodyExt as _;
use hyper::body::Incoming;
use tokio::{sync::mpsc, time};

use crate::{
    body::{self, Body, Cut, Error},
    proxy::Shared,
    route::Outbound,
};

/// Sends a copy of a request to each of its mirrors, and gives back the body for the request itself.
pub(crate) fn send_copies(shared: &Arc<Shared>, mirrors: Vec<Outbound>, body: Body) -> Body {
    let mut taps = Vec::new();
    for mirror in mirrors {
        let copy = if body.is_end_stream() {
            body::empty()
        } else {
            let (tap, copy) = tap(body.size_hint(), shared.limits.mirror_bytes);
            taps.push(tap);
            copy
        };
        send_copy(shared.clone(), mirror, copy);
    }
    if taps.is_empty() { body } else { Body::new(Tee { body, taps }) }
}

/// Sends copies of a request that we answer ourselves: its body is read for them alone.
pub(crate) fn send_copies_only(shared: &Arc<Shared>, mirrors: Vec<Outbound>, body: Incoming) {
    if mirrors.is_empty() {
        return;
    }
    let limit = shared.limits.mirror;
    let body = send_copies(shared, mirrors, body::incoming(body));
    tokio::spawn(time::timeout(limit, drain(body)));
}

fn send_copy(shared: Arc<Shared>, mirror: Outbound, body: Body) {
    let Ok(permit) = shared.mirrors.clone().try_acquire_owned() else {
        tracing::debug!("too many mirrored requests, one is left out");
        return;
    };
    tokio::spawn(async move {
        let limit = shared.limits.mirror;
        if time::timeout(limit, send(&shared, mirror, body)).await.is_err() {
            tracing::debug!("a mirror took too long");
        }
        drop(permit);
    });
}

async fn send(shared: &Shared, mirror: Outbound, body: Body) {
    let endpoint = fastrand::choice(shared.runtime().endpoints(&mirror.target.key)).copied();
    let Some(endpoint) = endpoint else { return };
    let mut request = Request::new(body);
    *request.method_mut() = mirror.method;
    *request.uri_mut() = mirror.uri;
    *request.headers_mut() = mirror.headers;
    match shared.upstream.send(endpoint, mirror.target.protocol, request).await {
        // Read to its end, so that the connection can be used again.
        Ok(response) => drain(response.into_body()).await,
        Err(error) => tracing::debug!(%error, "a mirror gave no answer"),
    }
}

async fn drain<B: http_body::Body + Unpin>(mut body: B) {
    while let Some(Ok(_)) = body.frame().await {}
}

/// The body of the request itself: what passes goes to the copies too.
struct Tee {
    body: Body,
    taps: Vec<Tap>,
}

/// Where a copy comes from.
struct Tap {
    parts: mpsc::UnboundedSender<Part>,
    /// Bytes that the mirror has not taken yet.
    waiting: Arc<AtomicUsize>,
    limit: usize,
}

enum Part {
    Data(Bytes),
    Trailers(HeaderMap),
    End,
}

/// The body of a copy. Without [`Part::End`] it is cut off, as the request itself was.
struct Copy {
    parts: mpsc::UnboundedReceiver<Part>,
    waiting: Arc<AtomicUsize>,
    size: SizeHint,
    is_ended: bool,
}

fn tap(size: SizeHint, limit: usize) -> (Tap, Body) {
    let (sender, receiver) = mpsc::unbounded_channel();
    let waiting = Arc::new(AtomicUsize::new(0));
    let copy = Copy { parts: receiver, waiting: waiting.clone(), size, is_ended: false };
    (Tap { parts: sender, waiting, limit }, Body::new(copy))
}

impl Tap {
    /// Whether the mirror is still there and keeps up.
    fn push(&self, part: Part) -> bool {
        if let Part::Data(data) = &part {
            let waiting = self.waiting.fetch_add(data.len(), Ordering::Relaxed).saturating_add(data.len());
            if waiting > self.limit {
                tracing::debug!("a mirror is too slow and is given up");
                return false;
            }
        }
        self.parts.send(part).is_ok()
    }
}

impl http_body::Body for Tee {
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        let frame = Pin::new(&mut self.body).poll_frame(cx);
        match &frame {
            Poll::Ready(Some(Ok(frame))) => {
                if let Some(data) = frame.data_ref() {
                    self.taps.retain(|tap| tap.push(Part::Data(data.clone())));
                } else if let Some(trailers) = frame.trailers_ref() {
                    self.taps.retain(|tap| tap.push(Part::Trailers(trailers.clone())));
                }
                // Whoever reads may stop here and never ask for the end.
                if self.body.is_end_stream() {
                    self.end();
                }
            }
            Poll::Ready(None) => self.end(),
            Poll::Ready(Some(Err(_))) => self.taps.clear(),
            Poll::Pending => {}
        }
        frame
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl Tee {
    fn end(&mut self) {
        for tap in self.taps.drain(..) {
            tap.push(Part::End);
        }
    }
}

impl http_body::Body for Copy {
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        if self.is_ended {
            return Poll::Ready(None);
        }
        self.parts.poll_recv(cx).map(|part| match part {
            Some(Part::Data(data)) => {
                self.waiting.fetch_sub(data.len(), Ordering::Relaxed);
                Some(Ok(Frame::data(data)))
            }
            Some(Part::Trailers(trailers)) => Some(Ok(Frame::trailers(trailers))),
            Some(Part::End) => {
                self.is_ended = true;
                None
            }
            None => Some(Err(Cut::Incomplete.into())),
        })
    }

    fn is_end_stream(&self) -> bool {
        self.is_ended
    }

    fn size_hint(&self) -> SizeHint {
        self.size
    }
}

#[cfg(test)]
mod tests {
    use http_body_util::Channel;

    use super::*;

    async fn text(body: Body) -> Result<String, Error> {
        Ok(String::from_utf8(body.collect().await?.to_bytes().to_vec())?)
    }

    fn tee(limit: usize) -> (http_body_util::channel::Sender<Bytes, Error>, Body, Body) {
        let (sender, body) = Channel::<Bytes, Error>::new(8);
        let (tap, copy) = tap(body.size_hint(), limit);
        (sender, Body::new(Tee { body: Body::new(body), taps: vec![tap] }), copy)
    }

    #[tokio::test]
    async fn a_copy_has_what_the_request_has() {
        let (mut sender, body, copy) = tee(100);
        sender.send_data("one ".into()).await.unwrap();
        sender.send_data("two".into()).await.unwrap();
        drop(sender);
        assert_eq!(text(body).await.unwrap(), "one two");
        assert_eq!(text(copy).await.unwrap(), "one two");
    }

    #[tokio::test]
    async fn h_051_a_mirror_that_reads_nothing_is_given_up() {
        let (mut sender, body, copy) = tee(5);
        sender.send_data("12345".into()).await.unwrap();
        sender.send_data("6".into()).await.unwrap();
        drop(sender);
        assert_eq!(text(body).await.unwrap(), "123456");
        assert!(text(copy).await.is_err(), "an incomplete copy must not look complete");
    }

    #[tokio::test]
    async fn h_044_a_mirror_that_is_gone_does_no_harm() {
        let (mut sender, body, copy) = tee(5);
        drop(copy);
        sender.send_data("123456789".into()).await.unwrap();
        drop(sender);
        assert_eq!(text(body).await.unwrap(), "123456789");
    }

    #[tokio::test]
    async fn a_request_that_is_cut_off_cuts_off_its_copy() {
        let (mut sender, body, copy) = tee(100);
        sender.send_data("one".into()).await.unwrap();
        drop(body);
        assert!(text(copy).await.is_err());
    }
}
