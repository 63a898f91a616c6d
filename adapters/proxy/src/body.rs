//! Bodies: streamed, never collected; what goes wrong in them resets the message and is not turned into its end.

use std::{
    pin::Pin,
    task::{Context, Poll},
};

use bytes::Bytes;
use http_body::{Body as _, Frame, SizeHint};
use http_body_util::{BodyExt as _, Empty, Full, combinators::UnsyncBoxBody};
use hyper::body::Incoming;
use tokio::time::{Instant, Sleep, sleep_until};

use crate::headers;

/// What goes wrong in a body.
pub(crate) type Error = Box<dyn std::error::Error + Send + Sync>;
/// The body of any message.
pub(crate) type Body = UnsyncBoxBody<Bytes, Error>;

/// Why a body was cut off.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Cut {
    #[error("the timeout of the route is over")]
    Timeout,
    #[error("the body of the request ended early")]
    Incomplete,
    #[error("the body is too long to be repeated")]
    NotRepeatable,
}

pub(crate) fn empty() -> Body {
    Empty::new().map_err(|never| match never {}).boxed_unsync()
}

pub(crate) fn full(text: impl Into<Bytes>) -> Body {
    Full::new(text.into()).map_err(|never| match never {}).boxed_unsync()
}

/// A body as it comes from a peer, without the trailers that may not pass.
pub(crate) fn incoming(body: Incoming) -> Body {
    let scrub = |mut frame: Frame<Bytes>| {
        if let Some(trailers) = frame.trailers_mut() {
            headers::scrub_trailers(trailers);
        }
        frame
    };
    if body.is_end_stream() { empty() } else { Scrubbed(body, scrub).boxed_unsync() }
}

/// `map_frame` loses the size of the body, which decides how it is framed.
struct Scrubbed<F>(Incoming, F);

impl<F: FnMut(Frame<Bytes>) -> Frame<Bytes> + Unpin> http_body::Body for Scrubbed<F> {
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        let frame = Pin::new(&mut self.0).poll_frame(cx);
        frame.map(|frame| frame.map(|result| result.map(&mut self.1).map_err(Error::from)))
    }

    fn is_end_stream(&self) -> bool {
        self.0.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.0.size_hint()
    }
}

/// A body that is cut off at a deadline (J-009), and something that lives as long as the body does.
pub(crate) struct Bounded<G> {
    body: Body,
    deadline: Option<Pin<Box<Sleep>>>,
    _guard: G,
}

impl<G> Bounded<G> {
    pub(crate) fn new(body: Body, deadline: Option<Instant>, guard: G) -> Self {
        Self { body, deadline: deadline.map(|at| Box::pin(sleep_until(at))), _guard: guard }
    }
}

impl<G: Unpin> http_body::Body for Bounded<G> {
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        if let Poll::Ready(frame) = Pin::new(&mut self.body).poll_frame(cx) {
            return Poll::Ready(frame);
        }
        match &mut self.deadline {
            Some(deadline) => deadline.as_mut().poll(cx).map(|()| Some(Err(Cut::Timeout.into()))),
            None => Poll::Pending,
        }
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
