//! A connection whose server cannot flood, crash or confuse the parsers above it.

use super::imap::LineGuard;
use super::net::Protocol;
use super::smtp::Repair;
use lettre::transport::smtp::client::AsyncTokioStream;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// A stream in both directions.
pub(super) trait Duplex: AsyncRead + AsyncWrite + Send + Sync + Unpin + std::fmt::Debug {}
impl<T: AsyncRead + AsyncWrite + Send + Sync + Unpin + std::fmt::Debug> Duplex for T {}

/// A connection to a server, past TLS. Reads fail once more bytes came than were allowed, since the parsers above keep
/// whatever they are given until an answer is complete.
#[derive(Debug)]
pub(super) struct Wire {
    inner: Box<dyn Duplex>,
    peer: SocketAddr,
    allowed: usize,
    /// Bytes to be read before the server's: stands for the greeting that was taken before STARTTLS.
    first: &'static [u8],
    check: Check,
    /// True when the greeting was read already.
    pub(super) greeted: bool,
}

/// What goes over it is looked at by.
#[derive(Debug)]
enum Check {
    Imap(LineGuard),
    Smtp(Repair),
}

impl Wire {
    /// A connection that may bring 64 KiB until [`Wire::allow`] says otherwise.
    pub(super) fn new(inner: Box<dyn Duplex>, peer: SocketAddr, protocol: Protocol, greeted: bool) -> Wire {
        let check = match protocol {
            Protocol::Imap => Check::Imap(LineGuard::default()),
            Protocol::Smtp => Check::Smtp(Repair::default()),
        };
        Wire { inner, peer, allowed: 64 * 1024, first: b"", check, greeted }
    }

    /// Allows so many more bytes to be read, from now on.
    pub(super) fn allow(&mut self, bytes: usize) {
        self.allowed = bytes;
    }

    /// Lets the reader find these bytes first.
    pub(super) fn read_first(&mut self, bytes: &'static [u8]) {
        self.first = bytes;
    }
}

impl AsyncRead for Wire {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        if !self.first.is_empty() {
            let count = self.first.len().min(buf.remaining());
            let (now, later) = self.first.split_at(count);
            buf.put_slice(now);
            self.first = later;
            return Poll::Ready(Ok(()));
        }
        let Wire { inner, allowed, check, .. } = &mut *self;
        match check {
            Check::Imap(guard) => {
                let before = buf.filled().len();
                ready!(Pin::new(inner).poll_read(cx, buf))?;
                let came = buf.filled().get(before..).unwrap_or_default();
                count(allowed, came.len())?;
                guard.watch(came).map_err(|refused| io::Error::new(io::ErrorKind::InvalidData, refused))?;
            }
            // Nothing to give though something came: half a character.
            Check::Smtp(repair) => {
                while !repair.give(buf) {
                    let mut room = [0; 4096];
                    let mut came = ReadBuf::new(&mut room);
                    ready!(Pin::new(&mut *inner).poll_read(cx, &mut came))?;
                    count(allowed, came.filled().len())?;
                    repair.push(came.filled());
                    if came.filled().is_empty() {
                        repair.give(buf);
                        break;
                    }
                }
            }
        }
        Poll::Ready(Ok(()))
    }
}

fn count(allowed: &mut usize, came: usize) -> io::Result<()> {
    match allowed.checked_sub(came) {
        Some(left) => *allowed = left,
        None => return Err(io::Error::new(io::ErrorKind::InvalidData, TooMuch)),
    }
    Ok(())
}

/// The server sent more than an answer may have.
#[derive(Debug, thiserror::Error)]
#[error("the server's answer is larger than it may be")]
pub(super) struct TooMuch;

impl AsyncWrite for Wire {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.inner).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(cx)
    }
}

impl AsyncTokioStream for Wire {
    fn peer_addr(&self) -> io::Result<SocketAddr> {
        Ok(self.peer)
    }
}
