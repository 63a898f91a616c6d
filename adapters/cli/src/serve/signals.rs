//! What the outside asks of a program that keeps running.

use std::io;

/// What was asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asked {
    /// SIGHUP: read everything anew.
    Reload,
    /// SIGTERM or SIGINT: come to an end.
    End,
}

#[cfg(unix)]
mod imp {
    use tokio::signal::unix::{Signal, SignalKind, signal};

    use super::{Asked, io};

    /// The signals of the process, from when this is made.
    #[derive(Debug)]
    pub struct Signals {
        hangup: Signal,
        interrupt: Signal,
        terminate: Signal,
    }

    impl Signals {
        /// Starts listening to them. Needs a tokio runtime.
        ///
        /// # Errors
        /// If the system refuses.
        pub fn new() -> io::Result<Self> {
            Ok(Self {
                hangup: signal(SignalKind::hangup())?,
                interrupt: signal(SignalKind::interrupt())?,
                terminate: signal(SignalKind::terminate())?,
            })
        }

        /// Waits for the next one.
        pub async fn next(&mut self) -> Asked {
            tokio::select! {
                _ = self.hangup.recv() => Asked::Reload,
                _ = self.interrupt.recv() => Asked::End,
                _ = self.terminate.recv() => Asked::End,
            }
        }
    }
}

#[cfg(not(unix))]
mod imp {
    use super::{Asked, io};

    /// The signals of the process: Ctrl-C is the only one there is.
    #[derive(Debug)]
    pub struct Signals(());

    impl Signals {
        /// Starts listening to them.
        ///
        /// # Errors
        /// Never here.
        pub fn new() -> io::Result<Self> {
            Ok(Self(()))
        }

        /// Waits for the next one.
        pub async fn next(&mut self) -> Asked {
            match tokio::signal::ctrl_c().await {
                Ok(()) => Asked::End,
                Err(_) => std::future::pending().await,
            }
        }
    }
}

pub use imp::Signals;

impl Signals {
    /// Waits until the program is to end; a wish to reload means nothing here.
    pub async fn end(&mut self) {
        while self.next().await != Asked::End {}
    }
}
