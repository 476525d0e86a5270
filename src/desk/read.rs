//! What screens and commands read, one page at a time.

use super::graph::owner;
use super::scores::Current;
use super::{Desk, DeskError};
use crate::connector::ConnectorError;
use crate::engine::Place;
use crate::identity;
use crate::model::{
    Attachment, Comparison, Customer, CustomerId, CustomerView, Direction, Draft, DraftView, EventKind, Identity,
    InboxFilter, InboxRow, InboxView, Message, MessageId, OutboxRow, OutboxState, Page, TimelineEntry, Timestamp,
};
use crate::store::{StoredDead, StoredMessage, StoredOutgoing};

/// How many rows a narrow filter may look at before it comes back with what it has.
const LOOK: usize = 5_000;
const MAX_DRAFTS: usize = 1_000;
/// How many lines of a customer's history are looked through for changes of segment, the latest.
const MAX_MOVES: usize = 50;
/// Orders shown with a customer, and ratings, the latest.
const MAX_FACTS: usize = 10;

/// Waits for a connector's answer on a thread that may block. Verbs of the command line have no runtime of their own.
fn finish<T>(work: impl Future<Output = Result<T, ConnectorError>>) -> Result<T, ConnectorError> {
    if let Ok(runtime) = tokio::runtime::Handle::try_current() {
        return runtime.block_on(work);
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime =
        runtime.map_err(|error| ConnectorError::Retry { reason: format!("nothing can be fetched: {error}") })?;
    runtime.block_on(work)
}

impl Desk {
    /// A page of the inbox.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn inbox(
        &self,
        view: InboxView,
        filter: &InboxFilter,
        after: Option<&[u8]>,
        limit: usize,
    ) -> Result<Page<InboxRow>, DeskError> {
        let words: Vec<String> = filter.text.to_lowercase().split_whitespace().map(str::to_owned).collect();
        let keep = |row: &InboxRow| {
            let owner = row.owner.as_deref().unwrap_or_default();
            filter.owner.as_deref().is_none_or(|wanted| wanted.eq_ignore_ascii_case(owner))
                && filter.tag.as_ref().is_none_or(|tag| row.tags.contains(tag))
                && (!filter.unread || row.unread > 0)
                && (words.is_empty() || {
                    let text = [&row.name, &row.address, &row.last_text, owner, &row.tags.join(" ")]
                        .map(str::to_lowercase)
                        .join("\n");
                    words.iter().all(|word| text.contains(word))
                })
        };
        Ok(self.store.inbox(view, after, limit, LOOK, keep)?)
    }

    /// A customer with everything the profile shows; `None` when there is no such customer.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn customer(&self, id: CustomerId) -> Result<Option<CustomerView>, DeskError> {
        let Some(customer) = self.store.customer(self.store.root(id)?)? else { return Ok(None) };
        let mut identities = Vec::with_capacity(customer.identities.len());
        for identity in &customer.identities {
            identities.extend(self.store.identity(*identity)?);
        }
        let own = |id: CustomerId| id == customer.id || customer.absorbed.contains(&id);
        let drafts =
            self.store.drafts(MAX_DRAFTS)?.iter().filter(|draft| draft.customer.is_some_and(own)).count() as u32;
        let mut absorbed = Vec::with_capacity(customer.absorbed.len());
        for id in &customer.absorbed {
            // What a split made and its undo took back was nobody by itself.
            let lives = |part: &Customer| {
                part.split_from.is_none() || identities.iter().any(|identity: &Identity| identity.home() == part.id)
            };
            absorbed.extend(self.store.customer(*id)?.filter(lives).map(|part| (part.id, part.name)));
        }
        let suggestions = self.suggestions_for(&customer)?;
        let mut moves: Vec<(Timestamp, String)> = Vec::new();
        for event in self.store.history(customer.id, MAX_MOVES)? {
            if event.kind == EventKind::Segment {
                moves.push((event.at, event.summary));
            }
        }
        moves.reverse();
        let mut orders = self.latest_orders(&customer, MAX_FACTS)?;
        let mut ratings = self.latest_ratings(&customer, MAX_FACTS)?;
        orders.reverse();
        ratings.reverse();
        Ok(Some(CustomerView { customer, identities, drafts, absorbed, suggestions, moves, orders, ratings }))
    }

    /// Two customers side by side.
    ///
    /// # Errors
    /// [`DeskError::NotFound`], or when the store cannot be read.
    pub fn compare(&self, one: CustomerId, other: CustomerId) -> Result<Comparison, DeskError> {
        let view = |id: CustomerId| {
            let view = self.customer(id)?;
            view.ok_or_else(|| DeskError::NotFound(format!("there is no customer {id}")))
        };
        let last = |id: CustomerId| -> Result<Vec<String>, DeskError> {
            let rows = self.store.timeline(&self.parts(&self.known(id)?), None, 3)?.rows;
            Ok(rows.into_iter().map(|stored| stored.message.preview).collect())
        };
        Ok(Comparison { mine: view(one)?, theirs: view(other)?, mine_last: last(one)?, theirs_last: last(other)? })
    }

    /// A page of a customer's timeline: the latest, or what is older than `before`. Rows come oldest first; `next` leads
    /// to older ones.
    ///
    /// # Errors
    /// When the store cannot be read. A text that is damaged is an error of its entry, not of the page.
    pub fn timeline(
        &self,
        id: CustomerId,
        before: Option<&[u8]>,
        limit: usize,
    ) -> Result<Page<TimelineEntry>, DeskError> {
        let customer = self.known(id)?;
        let page = self.store.timeline(&self.parts(&customer), before, limit)?;
        let mut rows = Vec::with_capacity(page.rows.len());
        let current = self.current();
        for stored in page.rows.into_iter().rev() {
            rows.push(self.entry(&current, stored)?);
        }
        Ok(Page { rows, next: page.next })
    }

    fn entry(&self, current: &Current, mut stored: StoredMessage) -> Result<TimelineEntry, DeskError> {
        stored.message.thread = self.store.thread(stored.message.thread)?;
        let outgoing = match stored.message.outgoing {
            Some(id) => self.store.outgoing(id)?.map(|row| self.as_of_now(row).outgoing),
            None => None,
        };
        let outgoing =
            outgoing.filter(|outgoing| !matches!(outgoing.state, OutboxState::Sent | OutboxState::Cancelled));
        let changes = self.changes(&stored.message)?;
        let text = self.text(&stored);
        // A message is shown whatever is wrong with what was said of it.
        let sentiment = self.sentiment_of(current, &stored.message, text.as_deref().ok()).unwrap_or_else(|error| {
            tracing::warn!(message = %stored.message.id, %error, "what a message sounds like");
            None
        });
        Ok(TimelineEntry { text, message: stored.message, outgoing, changes, sentiment })
    }

    /// The cleaned text of a message, or why it cannot be shown.
    pub fn text(&self, stored: &StoredMessage) -> Result<String, String> {
        self.text_at(stored.text())
    }

    /// The cleaned text at a place, or why it cannot be shown.
    pub(super) fn text_at(&self, place: Option<Place>) -> Result<String, String> {
        let Some(place) = place else { return Ok(String::new()) };
        match self.store.content(place) {
            Ok(bytes) => String::from_utf8(bytes).map_err(|_| "this text is damaged".to_owned()),
            Err(error) => Err(error.to_string()),
        }
    }

    /// A message's original, byte for byte.
    ///
    /// # Errors
    /// [`DeskError::NotFound`] when there is none (notes, answers that have not left), or when it is damaged.
    pub fn original(&self, id: MessageId) -> Result<(Message, Vec<u8>), DeskError> {
        let stored = self.store.message(id)?;
        let stored = stored.ok_or_else(|| DeskError::NotFound(format!("there is no message {id}")))?;
        let place = stored.original().ok_or_else(|| {
            DeskError::NotFound(match stored.message.direction {
                Direction::Note => "a note has no original".to_owned(),
                _ => "it has not left yet, so it has no original".to_owned(),
            })
        })?;
        Ok((stored.message, self.store.content(place)?))
    }

    /// The decoded bytes of an attachment. What the original only points to is fetched, with a limit on time and size.
    ///
    /// # Errors
    /// [`DeskError::NotFound`] when there is none, or when it is damaged; [`DeskError::Refused`] when the channel does not
    /// give it out.
    pub fn attachment(&self, id: MessageId, part: u32) -> Result<(Attachment, Vec<u8>), DeskError> {
        let stored = self.store.message(id)?;
        let stored = stored.ok_or_else(|| DeskError::NotFound(format!("there is no message {id}")))?;
        let listed = stored.message.attachments.iter().find(|attachment| attachment.part == part).cloned();
        let listed = listed.ok_or_else(|| DeskError::NotFound(format!("this message has no attachment {part}")))?;
        if let Some(outgoing) = stored.message.outgoing
            && let Some(row) = self.store.outgoing(outgoing)?
            && let Some(place) = row.attachments.get(part as usize)
        {
            return Ok((listed, self.store.content(*place)?));
        }
        let (message, original) = self.original(id)?;
        let bytes = match self.connector(&message.account) {
            Some(connector) => finish(connector.fetch(&original, part)),
            // The account is gone from the configuration; its mail is still mail.
            None => crate::connector::email::parse::attachment(&original, part),
        };
        Ok((listed, bytes.map_err(|error| DeskError::Refused(error.to_string()))?))
    }

    /// The outbox: what is not done, then the latest that are, at most `limit`.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn outbox(&self, limit: usize) -> Result<Vec<OutboxRow>, DeskError> {
        let undone = self.store.undone(limit)?;
        let known: std::collections::BTreeSet<_> = undone.iter().map(|stored| stored.outgoing.id).collect();
        let done = self.store.outbox(None, limit)?.into_iter().filter(|stored| !known.contains(&stored.outgoing.id));
        let mut rows = Vec::new();
        for stored in undone.into_iter().rev().chain(done).take(limit) {
            let mut stored = self.as_of_now(stored);
            stored.outgoing.customer = owner(&self.store.begin(), &stored.outgoing)?;
            let name = self.store.customer(stored.outgoing.customer)?.map(|customer| customer.name).unwrap_or_default();
            rows.push(OutboxRow { outgoing: stored.outgoing, name });
        }
        Ok(rows)
    }

    /// One whose hold time is over counts as queued, whether or not a worker has seen it yet.
    fn as_of_now(&self, mut stored: StoredOutgoing) -> StoredOutgoing {
        if stored.outgoing.state == OutboxState::Held && stored.outgoing.due <= self.now() {
            stored.outgoing.state = OutboxState::Queued;
        }
        stored
    }

    /// Dead letters, the latest first.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn dead(&self) -> Result<Vec<StoredDead>, DeskError> {
        let mut rows = self.store.dead(10_000)?;
        rows.sort_by_key(|stored| (std::cmp::Reverse(stored.dead.received), stored.dead.id));
        Ok(rows)
    }

    /// Automatic mail and mail that belongs to nobody, latest first.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn automated(&self, after: Option<&[u8]>, limit: usize) -> Result<Page<Message>, DeskError> {
        let page = self.store.automated(after, limit)?;
        Ok(Page { rows: page.rows.into_iter().map(|stored| stored.message).collect(), next: page.next })
    }

    /// Drafts, latest first.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn drafts(&self) -> Result<Vec<DraftView>, DeskError> {
        let mut drafts: Vec<Draft> = self.store.drafts(MAX_DRAFTS)?;
        drafts.sort_by_key(|draft| std::cmp::Reverse(draft.saved));
        let mut rows = Vec::with_capacity(drafts.len());
        for mut draft in drafts {
            draft.customer = draft.customer.map(|id| self.store.root(id)).transpose()?;
            let name = match draft.customer {
                Some(id) => self.store.customer(id)?.map(|customer| customer.name),
                None => draft.compose.to.first().map(|party| identity::normalise_address(&party.address)),
            };
            rows.push(DraftView { draft, name: name.unwrap_or_default() });
        }
        Ok(rows)
    }
}
