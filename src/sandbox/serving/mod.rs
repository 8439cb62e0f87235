//! The sandbox on a port: HTTPS on loopback for clients of this machine that show a token.
//!
//! It is the same service as inside the program, over the same file, which both may use at once.

use std::{
    fmt,
    future::Future,
    io,
    net::{Ipv4Addr, SocketAddr},
    sync::Arc,
    time::Duration,
};

use hyper::service::service_fn;
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    server::graceful::GracefulShutdown,
};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::Semaphore,
    time::{sleep, timeout},
};
use tokio_rustls::TlsAcceptor;

use super::Sandbox;

mod door;
mod identity;

use door::Door;
use identity::Identity;

/// How many connections are served at once; more wait in the system's queue.
const MOST_CONNECTIONS: usize = 512;
/// How long a connection may take to agree on TLS.
const HANDSHAKE: Duration = Duration::from_secs(10);
/// How long a connection may take to send a request's head, or be idle.
// Longer than clients in Go keep idle connections (90 s): none of them sends into a closing one.
const HEAD: Duration = Duration::from_secs(120);
/// How long answers that are under way are waited for at the end.
const LEAVING: Duration = Duration::from_secs(2);

/// The sandbox could not be served.
#[derive(Debug)]
pub(crate) enum ServeError {
    /// Another process listens on the port.
    PortTaken,
    /// The system does not let us listen on it, or gives no randomness.
    Failed(String),
}

impl fmt::Display for ServeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::PortTaken => f.write_str("another process listens on it"),
            Self::Failed(why) => f.write_str(why),
        }
    }
}

impl std::error::Error for ServeError {}

/// A sandbox that listens.
pub(crate) struct Served {
    listener: TcpListener,
    url: String,
    door: Arc<Door>,
    tls: TlsAcceptor,
}

impl fmt::Debug for Served {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Served").field("url", &self.url).finish_non_exhaustive()
    }
}

impl Served {
    /// Begins to listen on a port of loopback, on a free one for 0.
    ///
    /// # Errors
    /// Says why not.
    pub(crate) async fn bind(sandbox: Sandbox, port: u16) -> Result<Self, ServeError> {
        let failed = |why: &dyn fmt::Display| ServeError::Failed(why.to_string());
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        let listener = TcpListener::bind(address).await.map_err(|error| match error.kind() {
            io::ErrorKind::AddrInUse => ServeError::PortTaken,
            _ => failed(&error),
        })?;
        let port = listener.local_addr().map_err(|error| failed(&error))?.port();
        let identity = Identity::new().map_err(|error| failed(&error))?;
        let tls = TlsAcceptor::from(Arc::clone(&identity.tls));
        let url = format!("https://127.0.0.1:{port}");
        Ok(Self { listener, url, door: Arc::new(Door::new(sandbox, identity)), tls })
    }

    /// Where it listens.
    #[must_use]
    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// The kubeconfig with which clients come in; it holds the token.
    #[must_use]
    pub(crate) fn kubeconfig(&self) -> String {
        self.door.identity.kubeconfig(&self.url)
    }

    /// Serves until it is to stop; answers that are under way are brought to their end.
    pub(crate) async fn run(self, stop: impl Future<Output = ()>) {
        let Self { listener, url: _, door, tls } = self;
        let connections = Arc::new(Semaphore::new(MOST_CONNECTIONS));
        let leaving = GracefulShutdown::new();
        // Nobody needs to look for pods to start.
        let living = tokio::spawn(live(door.sandbox.clone()));
        tokio::pin!(stop);
        loop {
            let accepted = async {
                let permit = Arc::clone(&connections).acquire_owned().await;
                (listener.accept().await, permit)
            };
            let accepted = tokio::select! {
                accepted = accepted => accepted,
                () = &mut stop => break,
            };
            let (Ok((stream, _)), Ok(permit)) = accepted else {
                // No file descriptors are left, for example: some will be.
                sleep(Duration::from_millis(50)).await;
                continue;
            };
            let (door, tls, watcher) = (Arc::clone(&door), tls.clone(), leaving.watcher());
            tokio::spawn(async move {
                serve(stream, tls, door, watcher).await;
                drop(permit);
            });
        }
        living.abort();
        door.sandbox.server.leave();
        let _ = timeout(LEAVING, leaving.shutdown()).await;
    }
}

/// Serves one connection to its end. What breaks is the client's to notice.
async fn serve(
    stream: TcpStream,
    tls: TlsAcceptor,
    door: Arc<Door>,
    leaving: hyper_util::server::graceful::Watcher,
) {
    let _ = stream.set_nodelay(true);
    let Ok(Ok(stream)) = timeout(HANDSHAKE, tls.accept(stream)).await else { return };
    let service = service_fn(move |request| Arc::clone(&door).answer(request));
    let connection = hyper::server::conn::http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD)
        .serve_connection(TokioIo::new(stream), service);
    let _ = leaving.watch(connection).await;
}

/// Lets the controllers work while nobody asks anything.
async fn live(sandbox: Sandbox) {
    loop {
        let wait = sandbox.server.advance();
        sleep(Duration::from_millis(wait)).await;
    }
}

#[cfg(test)]
mod tests;
