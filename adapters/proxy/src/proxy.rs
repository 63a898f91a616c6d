//! The proxy as a whole: which sockets there are, and what they serve.

use std::{
    collections::BTreeMap,
    io,
    net::SocketAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use arc_swap::ArcSwap;
use tokio::{
    sync::Semaphore,
    task::{JoinHandle, JoinSet},
    time,
};

use crate::{
    Limits, Place, Served,
    config::Runtime,
    listen::{Closed, Listener},
    serve,
    upstream::Upstream,
};

/// Ports that could not be bound, and why.
pub type Unbound = BTreeMap<Place, io::Error>;

/// A running proxy. Dropped, it cuts every connection off; [`Proxy::drain`] ends it gently.
#[derive(Debug)]
pub struct Proxy {
    shared: Arc<Shared>,
    permits: Arc<Semaphore>,
    sockets: Mutex<BTreeMap<Place, Socket>>,
    /// Connections of sockets that were closed by a reload.
    closing: Mutex<Vec<JoinHandle<bool>>>,
    /// Reloads happen one after the other.
    reload: tokio::sync::Mutex<()>,
}

#[derive(Debug)]
struct Socket {
    requested: SocketAddr,
    listener: Listener,
}

/// What every connection sees.
#[derive(Debug)]
pub(crate) struct Shared {
    runtime: ArcSwap<Runtime>,
    pub(crate) upstream: Upstream,
    pub(crate) limits: Arc<Limits>,
    /// Permits of mirrored requests.
    pub(crate) mirrors: Arc<Semaphore>,
}

impl Shared {
    /// What is served now.
    pub(crate) fn runtime(&self) -> Arc<Runtime> {
        self.runtime.load_full()
    }
}

impl Proxy {
    /// Binds the ports and serves. A port that cannot be bound is reported, and the others are served. Needs a tokio runtime.
    pub async fn start(served: Served, limits: Limits) -> (Self, Unbound) {
        let limits = Arc::new(limits);
        let shared = Shared {
            runtime: ArcSwap::default(),
            upstream: Upstream::new(limits.clone()),
            mirrors: Arc::new(Semaphore::new(limits.mirrors)),
            limits: limits.clone(),
        };
        let proxy = Self {
            shared: Arc::new(shared),
            permits: Arc::new(Semaphore::new(limits.connections)),
            sockets: Mutex::default(),
            closing: Mutex::default(),
            reload: tokio::sync::Mutex::default(),
        };
        let unbound = proxy.apply(served).await;
        (proxy, unbound)
    }

    /// Replaces what is served. Connections and running requests go on; each request from now on is decided by the new
    /// tables. Sockets that are no longer wanted are closed and their requests finished; those that are wanted now, or could
    /// not be bound before, are bound.
    pub async fn apply(&self, served: Served) -> Unbound {
        let _one_at_a_time = self.reload.lock().await;
        for socket in self.take_unwanted(&served.binds) {
            // The address must be free before others take it.
            let closed = socket.listener.close().await;
            self.finish(closed);
        }
        let binds = served.binds.clone();
        let current = self.shared.runtime();
        self.shared.runtime.store(Arc::new(current.next(served)));
        self.bind(binds)
    }

    fn take_unwanted(&self, binds: &BTreeMap<Place, SocketAddr>) -> Vec<Socket> {
        let mut sockets = self.sockets();
        let unwanted: Vec<Place> = sockets
            .iter()
            .filter(|(place, socket)| binds.get(place) != Some(&socket.requested))
            .map(|(place, _)| place.clone())
            .collect();
        unwanted.iter().filter_map(|place| sockets.remove(place)).collect()
    }

    fn bind(&self, binds: BTreeMap<Place, SocketAddr>) -> Unbound {
        let mut sockets = self.sockets();
        let mut unbound = Unbound::new();
        for (place, requested) in binds {
            if sockets.contains_key(&place) {
                continue;
            }
            match self.listen(&place, requested) {
                Ok(listener) => drop(sockets.insert(place, Socket { requested, listener })),
                Err(error) => drop(unbound.insert(place, error)),
            }
        }
        unbound
    }

    fn listen(&self, place: &Place, address: SocketAddr) -> io::Result<Listener> {
        let (shared, place) = (self.shared.clone(), Arc::new(place.clone()));
        Listener::bind(address, self.permits.clone(), move |stream, peer, life| {
            serve::serve(shared.clone(), place.clone(), stream, peer, life)
        })
    }

    fn finish(&self, closed: Closed) {
        let deadline = self.shared.limits.drain;
        let mut closing = self.closing.lock().unwrap_or_else(PoisonError::into_inner);
        closing.retain(|task| !task.is_finished());
        closing.push(tokio::spawn(closed.end(deadline)));
    }

    /// Where the ports are bound, with the numbers that the system chose in place of 0.
    #[must_use]
    pub fn addresses(&self) -> BTreeMap<Place, SocketAddr> {
        self.sockets().iter().map(|(place, socket)| (place.clone(), socket.listener.address())).collect()
    }

    /// Closes all sockets, lets running requests finish until the deadline, and cuts off the others. Whether there were none.
    pub async fn drain(self, deadline: Duration) -> bool {
        let _one_at_a_time = self.reload.lock().await;
        let mut ends = JoinSet::new();
        for socket in self.take_unwanted(&BTreeMap::new()) {
            let closed = socket.listener.close().await;
            ends.spawn(closed.end(deadline));
        }
        let earlier = std::mem::take(&mut *self.closing.lock().unwrap_or_else(PoisonError::into_inner));
        for task in earlier {
            ends.spawn(within(deadline, task));
        }
        ends.join_all().await.into_iter().all(|finished| finished)
    }

    fn sockets(&self) -> MutexGuard<'_, BTreeMap<Place, Socket>> {
        self.sockets.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Waits for connections that have a deadline of their own, but no longer than this.
async fn within(deadline: Duration, mut task: JoinHandle<bool>) -> bool {
    match time::timeout(deadline, &mut task).await {
        Ok(finished) => finished.unwrap_or(false),
        Err(_) => {
            task.abort();
            false
        }
    }
}
