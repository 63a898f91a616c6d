//! How servers come to an end: they stop accepting, finish what runs, and cut off what takes too long.

use std::{sync::Arc, time::Duration};

use tokio::{
    sync::{OwnedSemaphorePermit, watch},
    time,
};

/// Where a server is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Phase {
    Serving,
    Draining,
    Aborted,
}

/// The end of a server, in the hand of its owner. Dropped, it cuts everything off.
#[derive(Debug)]
pub(crate) struct Lifetime(watch::Sender<Phase>);

impl Lifetime {
    pub(crate) fn new() -> Self {
        Self(watch::Sender::new(Phase::Serving))
    }

    /// What a task of the server holds: the server has ended when all of them are dropped.
    pub(crate) fn life(&self) -> Life {
        Life { phase: self.0.subscribe(), _permit: None }
    }

    /// Says that nothing new is to be begun.
    pub(crate) fn drain(&self) {
        self.0.send_replace(Phase::Draining);
    }

    /// Drains, and cuts off what is left at the deadline. Whether nothing was.
    pub(crate) async fn end(self, deadline: Duration) -> bool {
        self.drain();
        let finished = time::timeout(deadline, self.0.closed()).await.is_ok();
        self.0.send_replace(Phase::Aborted);
        self.0.closed().await;
        finished
    }
}

/// A task's part in the life of its server.
#[derive(Clone, Debug)]
pub(crate) struct Life {
    phase: watch::Receiver<Phase>,
    /// What is given back when the connection and everything that came of it has ended.
    _permit: Option<Arc<OwnedSemaphorePermit>>,
}

impl Life {
    /// The part of one connection, tunnels included.
    pub(crate) fn of_connection(&self, permit: OwnedSemaphorePermit) -> Self {
        Self { phase: self.phase.clone(), _permit: Some(Arc::new(permit)) }
    }

    /// Waits until the server drains.
    pub(crate) async fn draining(&mut self) {
        self.reach(Phase::Draining).await;
    }

    /// Waits until everything is to be dropped.
    pub(crate) async fn aborted(&mut self) {
        self.reach(Phase::Aborted).await;
    }

    async fn reach(&mut self, phase: Phase) {
        // An error means that the owner is gone without a word: that ends everything too.
        let _ = self.phase.wait_for(|now| *now >= phase).await;
    }
}
