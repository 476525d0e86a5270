//! Pulling: pages of the archive, oldest first. What comes live only ends a wait.

use super::archive::{Outcome, Query, ask};
use super::cursor::Cursor;
use super::settings::XmppSettings;
use super::stanza::understand;
use super::wire::{Refusal, Wire};
use crate::connector::{Changed, ConnectorError, Item, PulledPage, Source};
use crate::model::{ChangeKind, Progress, Timestamp, clean_line};
use futures::future::BoxFuture;
use std::sync::Arc;
use std::time::Duration;
use tokio_xmpp::minidom::Element;

/// Messages in one page.
const PAGE: u32 = 100;
/// How far a walk goes back when the archive has forgotten the place, in milliseconds: clocks differ, and what is read
/// twice is filed once.
const OVERLAP: i64 = 10 * 60_000;

/// The source of one account.
pub(super) struct XmppSource {
    settings: Arc<XmppSettings>,
    wire: Option<Wire>,
    /// What came live and is in no archive: messages of ours that were sent back.
    returned: Vec<Item>,
}

pub(super) fn now() -> Timestamp {
    Timestamp(jiff::Timestamp::now().as_millisecond())
}

impl XmppSource {
    pub fn new(settings: Arc<XmppSettings>) -> XmppSource {
        XmppSource { settings, wire: None, returned: Vec::new() }
    }

    async fn wire(&mut self) -> Result<Wire, ConnectorError> {
        if let Some(wire) = self.wire.take() {
            return Ok(wire);
        }
        let mut wire = Wire::connect(&self.settings).await?;
        wire.appear().await?;
        Ok(wire)
    }

    async fn page(&mut self, bytes: &[u8]) -> Result<PulledPage, ConnectorError> {
        let mut cursor = Cursor::from_bytes(bytes);
        if cursor.start == 0 {
            cursor.start = now().plus_millis(-self.settings.history).0;
        }
        let mut wire = self.wire().await?;
        let me = self.settings.user.to_string();
        let start = cursor.after.is_none().then_some(Timestamp(cursor.start));
        let query = Query { after: cursor.after.as_deref(), start, with: None, most: PAGE };
        let outcome = ask(&mut wire, &me, query).await.map_err(|refusal| match refusal {
            Refusal::Said(error) => {
                let reason = format!(
                    "the archive of the account is not given out ({:?}); is it on at the server?",
                    error.defined_condition
                );
                ConnectorError::Reconnect { reason }
            }
            lost => lost.reading(),
        })?;
        let page = match outcome {
            Outcome::Page(page) => page,
            Outcome::Forgotten => {
                tracing::warn!(
                    account = self.settings.name,
                    "the archive has forgotten the place; going back to its time"
                );
                cursor.after = None;
                cursor.start = Timestamp(cursor.at).plus_millis(-OVERLAP).0.max(1);
                self.wire = Some(wire);
                return Ok(PulledPage { cursor: cursor.to_bytes(), more: true, ..PulledPage::default() });
            }
        };
        let mut items = std::mem::take(&mut self.returned);
        for archived in &page.found {
            items.extend(understand(archived, &me, &mut cursor));
            cursor.at = cursor.at.max(archived.at.0);
        }
        let last = page.last.or_else(|| page.found.last().map(|archived| archived.id.clone()));
        // A page that ends where it began would go round for ever.
        let moved = last.is_some() && last != cursor.after;
        if let (true, Some(last)) = (moved, last) {
            cursor.after = Some(last);
        }
        cursor.walked += page.found.len() as u64;
        let more = !page.complete && moved;
        match cursor.after.as_deref().filter(|_| more) {
            Some(after) => cursor.trail.leads_to(after, "the archive")?,
            None => cursor.trail.end(),
        }
        let progress = more.then_some(Progress { done: cursor.walked, total: cursor.walked + u64::from(PAGE) });
        if !more {
            cursor.walked = 0;
        }
        self.wire = Some(wire);
        Ok(PulledPage { items, cursor: cursor.to_bytes(), more, progress })
    }

    async fn listen(&mut self) -> Result<(), ConnectorError> {
        let mut wire = self.wire().await?;
        loop {
            let message = wire.message().await.map_err(Refusal::reading)?;
            let returned = returned(&message);
            let is_news = returned.is_some() || !is_noise(&message);
            self.returned.extend(returned);
            if is_news {
                self.wire = Some(wire);
                return Ok(());
            }
        }
    }
}

/// Chat states (XEP-0085) come with every key that is pressed.
fn is_noise(message: &Element) -> bool {
    message
        .children()
        .all(|child| child.has_ns("http://jabber.org/protocol/chatstates") || child.has_ns("urn:xmpp:hints"))
}

/// A message of ours that came back.
fn returned(message: &Element) -> Option<Item> {
    if message.attr("type") != Some("error") {
        return None;
    }
    let remote_id = message.attr("id").filter(|id| !id.is_empty() && id.len() <= 512)?.to_owned();
    let error = message.get_child("error", "jabber:client")?;
    let condition = error.children().next().map(|child| child.name().to_owned()).unwrap_or_default();
    let text = error.children().find(|child| child.name() == "text").map(Element::text).unwrap_or_default();
    let reason = clean_line(format!("it came back: {condition} {text}").trim());
    let kind = ChangeKind::Failed { reason };
    Some(Item::Change(Box::new(Changed {
        remote_id,
        key: "returned".to_owned(),
        kind,
        text: String::new(),
        at: now(),
        by: None,
    })))
}

impl Source for XmppSource {
    fn pull<'a>(&'a mut self, cursor: &'a [u8]) -> BoxFuture<'a, Result<PulledPage, ConnectorError>> {
        Box::pin(self.page(cursor))
    }

    fn wait<'a>(&'a mut self, _: &'a [u8], limit: Duration) -> BoxFuture<'a, Result<(), ConnectorError>> {
        Box::pin(async move {
            // A wait that is dropped or ends by time drops its connection with half a stanza in it, perhaps: the next
            // pull makes a new one.
            tokio::time::timeout(limit, self.listen()).await.unwrap_or(Ok(()))
        })
    }

    fn close(&mut self) -> BoxFuture<'_, ()> {
        let wire = self.wire.take();
        Box::pin(async move {
            if let Some(wire) = wire {
                wire.close().await;
            }
        })
    }
}
