//! A socket that is listened on, and the tasks of its connections.

use std::{future::Future, io, net::SocketAddr, sync::Arc, time::Duration};

use tokio::{
    net::{TcpListener, TcpSocket, TcpStream},
    sync::{OwnedSemaphorePermit, Semaphore},
    task::JoinHandle,
    time,
};

use crate::lifetime::{Life, Lifetime};

/// Connections that the kernel keeps while they wait to be accepted.
const BACKLOG: u32 = 1024;
/// What accepting waits for if the process has run out of something.
const RECOVERY: Duration = Duration::from_millis(50);

/// A socket that accepts connections until it is closed. Dropped, it cuts them off.
#[derive(Debug)]
pub(crate) struct Listener {
    address: SocketAddr,
    lifetime: Lifetime,
    accepting: JoinHandle<()>,
}

impl Listener {
    /// Binds an address and hands every connection to a task of `serve`, at most as many at a time as there are permits.
    pub(crate) fn bind<F, R>(address: SocketAddr, permits: Arc<Semaphore>, serve: F) -> io::Result<Self>
    where
        F: Fn(TcpStream, SocketAddr, Life) -> R + Send + 'static,
        R: Future<Output = ()> + Send + 'static,
    {
        let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
        // A port whose last connections are in TIME_WAIT can be taken again; one that somebody listens on cannot.
        socket.set_reuseaddr(true)?;
        socket.bind(address)?;
        let socket = socket.listen(BACKLOG)?;
        let address = socket.local_addr()?;
        let lifetime = Lifetime::new();
        let accepting = tokio::spawn(accept(socket, permits, lifetime.life(), serve));
        Ok(Self { address, lifetime, accepting })
    }

    /// Where it listens.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Closes the socket, so that its address is free, and asks the connections to end. [`Closed::end`] waits for them.
    pub(crate) async fn close(self) -> Closed {
        self.lifetime.drain();
        // It fails only if the task panicked, and then the socket is closed too.
        let _ = self.accepting.await;
        Closed(self.lifetime)
    }
}

/// The connections of a socket that is closed.
#[derive(Debug)]
pub(crate) struct Closed(Lifetime);

impl Closed {
    /// Waits for the connections, and cuts them off at the deadline. Whether all came to their end.
    pub(crate) async fn end(self, deadline: Duration) -> bool {
        self.0.end(deadline).await
    }
}

async fn accept<F, R>(socket: TcpListener, permits: Arc<Semaphore>, life: Life, serve: F)
where
    F: Fn(TcpStream, SocketAddr, Life) -> R,
    R: Future<Output = ()> + Send + 'static,
{
    let mut end = life.clone();
    loop {
        tokio::select! {
            biased;
            () = end.draining() => return,
            accepted = accept_one(&socket, &permits) => match accepted {
                Ok((stream, peer, permit)) => drop(tokio::spawn(serve(stream, peer, life.of_connection(permit)))),
                Err(error) => {
                    tracing::warn!(%error, "a connection could not be accepted");
                    time::sleep(RECOVERY).await;
                }
            },
        }
    }
}

async fn accept_one(socket: &TcpListener, permits: &Arc<Semaphore>) -> io::Result<(TcpStream, SocketAddr, OwnedSemaphorePermit)> {
    let permit = permits.clone().acquire_owned().await.map_err(io::Error::other)?;
    let (stream, peer) = socket.accept().await?;
    // Heads and small bodies go out at once; failing to say so only costs time.
    let _ = stream.set_nodelay(true);
    Ok((stream, peer, permit))
}
