//! The door by which platforms push: `/hook/ACCOUNT` over HTTP, behind the user's TLS proxy.
//!
//! A request is bounded in size and time, looked at by the account's [`Hook`](crate::connector::Hook), written down, and
//! only then answered, within the platform's deadline. Whatever is not right is turned away without a word of why, and
//! counted ([`Tally`]).

mod answer;
mod guests;
mod tally;
#[cfg(test)]
mod tests;

pub use tally::{AccountTally, Kind, Tally};

use crate::config::WebhookSettings;
use crate::desk::Desk;
use answer::Clerk;
use guests::Guests;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};

/// How long a request may take to come in, its head and its body each.
const READ: Duration = Duration::from_secs(10);
/// How long a connection may last: the request, the work, the answer taken.
const WHOLE: Duration = Duration::from_secs(25);
/// The largest head of a request.
const MOST_HEAD: usize = 32 * 1024;
/// The most headers of a request.
const MOST_HEADERS: usize = 64;
/// How long requests inside have to end when the owner ends.
const FAREWELL: Duration = Duration::from_secs(5);

/// Called with the account to which something was pushed.
pub type Wake = Arc<dyn Fn(&str) + Send + Sync>;

/// Why nothing can be pushed.
#[derive(Debug, thiserror::Error)]
#[error("nothing can be pushed, {listen} cannot be listened at: {source}; set another `listen` in [webhook]")]
pub struct WebhookError {
    listen: SocketAddr,
    source: io::Error,
}

/// An open door.
pub struct Webhook {
    address: SocketAddr,
    stop: watch::Sender<bool>,
    serving: JoinHandle<()>,
    tally: Arc<Tally>,
}

impl Webhook {
    /// Opens it. Must be called within a runtime, by the process that holds the profile's lock.
    ///
    /// # Errors
    /// [`WebhookError`]; the owner can do without.
    pub fn open(
        settings: &WebhookSettings,
        desk: &Arc<Desk>,
        tally: Arc<Tally>,
        wake: Wake,
    ) -> Result<Webhook, WebhookError> {
        let failed = |source| WebhookError { listen: settings.listen, source };
        let listener = std::net::TcpListener::bind(settings.listen).map_err(failed)?;
        listener.set_nonblocking(true).map_err(failed)?;
        let listener = TcpListener::from_std(listener).map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        let (stop, stopped) = watch::channel(false);
        let clerk = Arc::new(Clerk::new(desk.clone(), settings.public_url.clone(), tally.clone(), wake));
        let serving = tokio::spawn(serve(listener, clerk, stopped));
        tally.opened(Some(address));
        Ok(Webhook { address, stop, serving, tally })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Closes it: what has come in is written down and answered, nothing else comes in.
    pub async fn close(self) {
        self.tally.opened(None);
        let _ = self.stop.send(true);
        let _ = tokio::time::timeout(FAREWELL, self.serving).await;
    }
}

async fn serve(listener: TcpListener, clerk: Arc<Clerk>, mut stop: watch::Receiver<bool>) {
    let preparing = tokio::spawn({
        let clerk = clerk.clone();
        async move { clerk.prepare().await }
    });
    let guests = Guests::default();
    let mut inside = JoinSet::new();
    loop {
        tokio::select! {
            come = listener.accept() => match come {
                Ok((stream, peer)) => match guests.enter(peer.ip()) {
                    Some(seat) => {
                        let clerk = clerk.clone();
                        inside.spawn(async move {
                            welcome(stream, clerk).await;
                            drop(seat);
                        });
                    }
                    // Closed again by being dropped; platforms try again.
                    None => clerk.tally().count(None, Kind::TooMany),
                },
                Err(error) => {
                    // Too many open files, most likely: it passes when somebody leaves.
                    tracing::warn!(%error, "the webhook door");
                    tokio::time::sleep(Duration::from_millis(200)).await;
                }
            },
            Some(_) = inside.join_next() => {}
            () = async { drop(stop.wait_for(|stop| *stop).await) } => break,
        }
    }
    drop(listener);
    preparing.abort();
    while inside.join_next().await.is_some() {}
}

/// One connection, which is one request: a proxy on the same machine loses nothing by it.
async fn welcome(stream: TcpStream, clerk: Arc<Clerk>) {
    let service = service_fn(move |request| {
        let clerk = clerk.clone();
        async move { Ok::<_, std::convert::Infallible>(clerk.answer(request).await) }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .keep_alive(false)
        .half_close(false)
        .header_read_timeout(READ)
        .max_buf_size(MOST_HEAD)
        .max_headers(MOST_HEADERS)
        .serve_connection(TokioIo::new(stream), service);
    match tokio::time::timeout(WHOLE, connection).await {
        Ok(Ok(())) => {}
        Ok(Err(error)) => tracing::debug!(%error, "a connection to the webhook door"),
        Err(_) => tracing::debug!("a connection to the webhook door took too long"),
    }
}
