//! How servers come to an end: they stop accepting, finish what runs, and cut off what takes too long.

use std::time::Duration;

use tokio::{sync::watch, time};

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
        Life(self.0.subscribe())
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
pub(crate) struct Life(watch::Receiver<Phase>);

impl Life {
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
        let _ = self.0.wait_for(|now| *now >= phase).await;
    }
}
