//! A body that can be sent again, as long as it is short. It is recorded while it streams, so that nothing waits for its end.

use std::{
    collections::VecDeque,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll},
};

use bytes::Bytes;
use http::HeaderMap;
use http_body::{Body as _, Frame, SizeHint};

use crate::body::{Body, Cut, Error};

/// The body of a request that may be tried several times.
pub(crate) struct Replay(Arc<Mutex<Recording>>);

struct Recording {
    source: Body,
    limit: usize,
    /// What has come so far; nothing once it is too much.
    frames: Option<Vec<Recorded>>,
    length: usize,
    is_complete: bool,
    /// Which try reads: an older one that is still around must not take anything from the source.
    attempt: u32,
}

#[derive(Clone)]
enum Recorded {
    Data(Bytes),
    Trailers(HeaderMap),
}

impl Replay {
    /// Takes a body, and gives the one of the first try.
    pub(crate) fn new(source: Body, limit: usize) -> (Self, Body) {
        let is_short = source.size_hint().lower() <= limit as u64;
        let frames = is_short.then(Vec::new);
        let replay = Self(Arc::new(Mutex::new(Recording { source, limit, frames, length: 0, is_complete: false, attempt: 0 })));
        let first = Try { attempt: 0, recording: replay.0.clone(), replayed: VecDeque::new() };
        (replay, Body::new(first))
    }

    /// The body from its beginning, for the next try; nothing if the beginning is gone.
    pub(crate) fn next_try(&self) -> Option<Body> {
        let mut recording = lock(&self.0);
        let replayed = recording.frames.as_ref()?.iter().cloned().collect();
        recording.attempt += 1;
        Some(Body::new(Try { attempt: recording.attempt, recording: self.0.clone(), replayed }))
    }
}

fn lock(recording: &Mutex<Recording>) -> MutexGuard<'_, Recording> {
    recording.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Recording {
    fn record(&mut self, frame: &Frame<Bytes>) {
        let recorded = match (frame.data_ref(), frame.trailers_ref()) {
            (Some(data), _) => Recorded::Data(data.clone()),
            (None, Some(trailers)) => Recorded::Trailers(trailers.clone()),
            (None, None) => return,
        };
        self.length += frame.data_ref().map_or(0, Bytes::len);
        if self.length > self.limit {
            self.frames = None;
        } else if let Some(frames) = &mut self.frames {
            frames.push(recorded);
        }
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        let frame = Pin::new(&mut self.source).poll_frame(cx);
        match &frame {
            Poll::Ready(Some(Ok(frame))) => self.record(frame),
            // What the client did not send to its end is not sent again.
            Poll::Ready(Some(Err(_))) => self.frames = None,
            Poll::Ready(None) => self.is_complete = true,
            Poll::Pending => {}
        }
        frame
    }
}

/// One try: what was recorded, then what comes.
struct Try {
    recording: Arc<Mutex<Recording>>,
    replayed: VecDeque<Recorded>,
    attempt: u32,
}

impl http_body::Body for Try {
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        match self.replayed.pop_front() {
            Some(Recorded::Data(data)) => return Poll::Ready(Some(Ok(Frame::data(data)))),
            Some(Recorded::Trailers(trailers)) => return Poll::Ready(Some(Ok(Frame::trailers(trailers)))),
            None => {}
        }
        let mut recording = lock(&self.recording);
        if recording.attempt != self.attempt {
            return Poll::Ready(Some(Err(Cut::NotRepeatable.into())));
        }
        if recording.is_complete { Poll::Ready(None) } else { recording.poll(cx) }
    }

    fn is_end_stream(&self) -> bool {
        let recording = lock(&self.recording);
        self.replayed.is_empty() && (recording.is_complete || recording.source.is_end_stream())
    }

    fn size_hint(&self) -> SizeHint {
        let replayed: usize = self.replayed.iter().map(Recorded::length).sum();
        let rest = lock(&self.recording).source.size_hint();
        let mut hint = SizeHint::new();
        hint.set_lower(rest.lower().saturating_add(replayed as u64));
        if let Some(upper) = rest.upper() {
            hint.set_upper(upper.saturating_add(replayed as u64));
        }
        hint
    }
}

impl Recorded {
    fn length(&self) -> usize {
        match self {
            Self::Data(data) => data.len(),
            Self::Trailers(_) => 0,
        }
    }
}

#[cfg(test)]
mod tests {
    use http_body_util::{BodyExt as _, Channel};

    use super::*;

    async fn text(body: Body) -> Result<String, Error> {
        Ok(String::from_utf8(body.collect().await?.to_bytes().to_vec())?)
    }

    async fn source(parts: &'static [&'static str]) -> Body {
        let (mut sender, body) = Channel::<Bytes, Error>::new(8);
        for part in parts {
            sender.send_data(Bytes::from_static(part.as_bytes())).await.unwrap();
        }
        Body::new(body)
    }

    #[tokio::test]
    async fn each_try_gets_the_whole_body() {
        let (replay, first) = Replay::new(source(&["ab", "cd", "ef"]).await, 6);
        assert_eq!(text(first).await.unwrap(), "abcdef");
        assert_eq!(text(replay.next_try().unwrap()).await.unwrap(), "abcdef");
        assert_eq!(text(replay.next_try().unwrap()).await.unwrap(), "abcdef");
    }

    #[tokio::test]
    async fn a_try_that_stopped_early_loses_nothing() {
        let (replay, mut first) = Replay::new(source(&["ab", "cd", "ef"]).await, 6);
        first.frame().await.unwrap().unwrap();
        let second = replay.next_try().unwrap();
        assert!(first.frame().await.unwrap().is_err(), "the try before is over");
        assert_eq!(text(second).await.unwrap(), "abcdef");
    }

    #[tokio::test]
    async fn what_is_too_long_is_sent_once() {
        let (replay, first) = Replay::new(source(&["ab", "cd", "ef"]).await, 5);
        assert_eq!(text(first).await.unwrap(), "abcdef");
        assert!(replay.next_try().is_none());
    }

    #[tokio::test]
    async fn what_says_that_it_is_too_long_is_not_even_kept() {
        let (replay, _first) = Replay::new(crate::body::full("abcdef"), 5);
        assert!(replay.next_try().is_none());
    }

    #[tokio::test]
    async fn trailers_come_again() {
        let (mut sender, body) = Channel::<Bytes, Error>::new(8);
        sender.send_data("a".into()).await.unwrap();
        sender.send_trailers(HeaderMap::from_iter([(http::header::ETAG, "x".parse().unwrap())])).await.unwrap();
        drop(sender);
        let (replay, first) = Replay::new(Body::new(body), 5);
        assert_eq!(first.collect().await.unwrap().trailers().unwrap()["etag"], "x");
        assert_eq!(replay.next_try().unwrap().collect().await.unwrap().trailers().unwrap()["etag"], "x");
    }
}
