//! The source: notifications, then direct messages, page by page.

use super::conversations::{self, Known};
use super::cursor::Cursor;
use super::notifications;
use super::session::Session;
use crate::connector::{ConnectorError, PulledPage, Source};
use futures::future::BoxFuture;
use std::time::Duration;

/// Reads one account.
pub(super) struct BlueskySource {
    session: Session,
    known: Known,
    /// This round's notifications are read; direct messages are next.
    walked: bool,
}

impl BlueskySource {
    pub fn new(session: Session) -> BlueskySource {
        BlueskySource { session, known: Known::default(), walked: false }
    }

    async fn page(&mut self, cursor: &[u8]) -> Result<PulledPage, ConnectorError> {
        let mut at = Cursor::from_bytes(cursor);
        let asks_log = self.session.settings.direct_messages;
        let (items, more) = if self.walked && asks_log {
            let (items, more) = conversations::page(&self.session, &mut self.known, &mut at).await?;
            self.walked = more;
            (items, more)
        } else {
            let (items, more) = notifications::page(&self.session, &mut at).await?;
            self.walked = !more;
            (items, more || asks_log)
        };
        Ok(PulledPage { items, cursor: at.to_bytes(), more, progress: None })
    }
}

impl Source for BlueskySource {
    fn pull<'a>(&'a mut self, cursor: &'a [u8]) -> BoxFuture<'a, Result<PulledPage, ConnectorError>> {
        Box::pin(self.page(cursor))
    }

    fn wait<'a>(&'a mut self, _: &'a [u8], limit: Duration) -> BoxFuture<'a, Result<(), ConnectorError>> {
        Box::pin(async move {
            tokio::time::sleep(self.session.settings.poll.min(limit)).await;
            Ok(())
        })
    }
}
