//! The content of a message on its way: in pieces, so that it is known whether its end was written.

use super::connection::Connection;
use super::sink::reject;
use crate::connector::ConnectorError;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;
use tokio::time::timeout;

/// Handed over to lettre at a time; none may take longer than the configured time.
const PIECE: usize = 64 * 1024;

/// How much of the content was taken to be written.
#[derive(Default)]
pub(super) struct Taken {
    pieces: AtomicU64,
    /// All pieces were: the final dot is written next, or was.
    pub(super) all: AtomicBool,
}

/// The content in pieces.
pub(super) struct Pieces<'a> {
    pub(super) rest: &'a [u8],
    pub(super) taken: Arc<Taken>,
}

impl<'a> Iterator for Pieces<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        self.taken.pieces.fetch_add(1, Ordering::SeqCst);
        if self.rest.is_empty() {
            self.taken.all.store(true, Ordering::SeqCst);
            return None;
        }
        let (piece, rest) = self.rest.split_at(self.rest.len().min(PIECE));
        self.rest = rest;
        Some(piece)
    }
}

/// Waits for the answer; `None` when for `limit` neither a piece was taken nor the answer came.
pub(super) async fn in_time<T>(limit: Duration, taken: &Taken, sending: impl Future<Output = T>) -> Option<T> {
    let mut sending = std::pin::pin!(sending);
    let mut before = 0;
    loop {
        match timeout(limit, &mut sending).await {
            Ok(done) => return Some(done),
            Err(_) => {
                let now = taken.pieces.load(Ordering::SeqCst);
                if now == before {
                    return None;
                }
                before = now;
            }
        }
    }
}

/// What can be known to fail before a byte of content leaves.
pub(super) fn check_content(connection: &Connection, original: &[u8]) -> Result<(), ConnectorError> {
    let place = &connection.place;
    if let Some(largest) = connection.largest()
        && original.len() as u64 > largest
    {
        return Err(reject(format!(
            "the message has {} kB and {place} takes {} kB at most; send fewer or smaller attachments",
            original.len() / 1024,
            largest / 1024
        )));
    }
    if !original.is_ascii() && !connection.can("8BITMIME") {
        return Err(reject(format!("{place} takes 7-bit messages only, and this one has 8-bit text")));
    }
    // A lone CR or LF is how a second message is smuggled into a first (SMTP smuggling, 2023).
    let mut before = 0;
    for (at, byte) in original.iter().enumerate() {
        let lone = match byte {
            b'\n' => before != b'\r',
            b'\r' => original.get(at + 1) != Some(&b'\n'),
            _ => false,
        };
        if lone {
            return Err(reject(format!("the message has a lone line end at byte {at}, which cannot be sent safely")));
        }
        before = *byte;
    }
    Ok(())
}
