//! A connection of a client: HTTP/1.1 or HTTP/2, told apart by its first bytes, until it ends or has nothing to say.

use std::{
    future::Future,
    pin::pin,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use http::{Request, Response};
use hyper::{body::Incoming, service::service_fn};
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::conn::auto,
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    time::{self, Instant},
};

use crate::{body::Body, lifetime::Life, limits::Limits};

/// What remains for a connection that has been asked to end and does not.
const LAST_WORDS: Duration = Duration::from_secs(5);
/// Streams that a client opened and reset before we saw them (CVE-2023-44487): beyond that the connection ends.
const PENDING_RESETS: usize = 20;

/// Serves a connection. A request counts as running until the response's body, which has to hold the [`Running`], is dropped.
pub(crate) async fn drive<I, F, R>(io: I, limits: &Limits, life: Life, serve: F)
where
    I: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    F: Fn(Request<Incoming>, Running) -> R,
    R: Future<Output = Response<Body>> + Send + 'static,
{
    let activity = Activity::new();
    let service = service_fn(|request| {
        let response = serve(request, activity.begin());
        async move { Ok::<_, std::convert::Infallible>(response.await) }
    });
    let builder = builder(limits);
    let mut connection = pin!(builder.serve_connection_with_upgrades(TokioIo::new(io), service));
    let (mut draining, mut aborted) = (life.clone(), life);
    let mut is_ending = false;
    loop {
        let patience = if is_ending { LAST_WORDS } else { limits.idle };
        tokio::select! {
            // The connection first: what has arrived already is still served by one that is asked to end.
            biased;
            result = connection.as_mut() => {
                if let Err(error) = result {
                    tracing::debug!(%error, "connection failed");
                }
                return;
            }
            () = aborted.aborted() => return,
            () = draining.draining(), if !is_ending => {
                connection.as_mut().graceful_shutdown();
                is_ending = true;
                activity.touch();
            }
            () = activity.idle(patience) => {
                if is_ending {
                    return;
                }
                connection.as_mut().graceful_shutdown();
                is_ending = true;
                activity.touch();
            }
        }
    }
}

fn builder(limits: &Limits) -> auto::Builder<TokioExecutor> {
    let mut builder = auto::Builder::new(TokioExecutor::new());
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(limits.header_read)
        .max_buf_size(usize::try_from(limits.header_bytes).unwrap_or(usize::MAX).max(8192));
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(limits.streams)
        .max_header_list_size(limits.header_bytes)
        .max_pending_accept_reset_streams(PENDING_RESETS)
        .keep_alive_interval(Duration::from_secs(30))
        .keep_alive_timeout(Duration::from_secs(20));
    builder
}

/// What runs on a connection, and since when nothing does.
#[derive(Debug)]
struct Activity(Arc<Mutex<State>>);

#[derive(Debug)]
struct State {
    running: usize,
    since: Instant,
}

/// A running request.
#[derive(Debug)]
pub(crate) struct Running(Arc<Mutex<State>>);

impl Activity {
    fn new() -> Self {
        Self(Arc::new(Mutex::new(State { running: 0, since: Instant::now() })))
    }

    fn begin(&self) -> Running {
        lock(&self.0).running += 1;
        Running(self.0.clone())
    }

    fn touch(&self) {
        lock(&self.0).since = Instant::now();
    }

    /// Waits until nothing has run for so long.
    async fn idle(&self, patience: Duration) {
        loop {
            let until = {
                let state = lock(&self.0);
                if state.running == 0 { state.since + patience } else { Instant::now() + patience }
            };
            if until <= Instant::now() {
                return;
            }
            time::sleep_until(until).await;
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let mut state = lock(&self.0);
        state.running -= 1;
        state.since = Instant::now();
    }
}

fn lock(state: &Mutex<State>) -> std::sync::MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}
