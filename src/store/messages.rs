//! Messages, the timelines they hang on, and how they are found again by their remote id.

use super::record::{self, Stored};
use super::{Glance, Glanced, Read, Store, StoreError, Transaction, key};
use crate::engine::Place;
use crate::model::{Message, MessageId, Page, Timestamp};

const MESSAGE: u8 = b'm';
const TIMELINE: u8 = b't';
const REMOTE: u8 = b'r';
const AUTOMATED: u8 = b'a';

/// A message as read, with the places of its contents.
#[derive(Clone, Debug, PartialEq)]
pub struct StoredMessage {
    /// The facts.
    pub message: Message,
    places: Vec<Place>,
}

impl StoredMessage {
    /// Where its text is.
    pub fn text(&self) -> Option<Place> {
        self.places.first().copied()
    }

    /// Where its original is; a note has none, an answer gets one when it leaves.
    pub fn original(&self) -> Option<Place> {
        self.places.get(1).copied()
    }
}

impl From<Stored<Message>> for StoredMessage {
    fn from(stored: Stored<Message>) -> Self {
        StoredMessage { message: stored.record, places: stored.places }
    }
}

/// The contents a message brings.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Content {
    /// The cleaned text.
    pub text: String,
    /// The original, byte for byte.
    pub original: Option<Vec<u8>>,
}

/// When a message takes its place on the timeline: as it claims, unless the claim is impossible.
pub(super) fn timeline_time(message: &Message) -> Timestamp {
    message.at
}

/// A message's place in the index of the part of the timeline it hangs on: its identity, or for a note its customer. `None`
/// when it belongs to nobody.
fn timeline_key(message: &Message) -> Option<Vec<u8>> {
    let part = message.identity.map(|id| id.0).or(message.note_of.map(|id| id.0))?;
    Some(key(TIMELINE, &[&part, &timeline_time(message).key(), &message.id.0]))
}

/// A message as the index of a timeline has it.
struct Hanging {
    id: MessageId,
    at: Timestamp,
    /// A [`Glance`] with the place of the text; empty in what was filed before the index said more.
    row: Vec<u8>,
}

fn remote_key(account: &str, remote_id: &str) -> Vec<u8> {
    let hash = MessageId::of(&[account.as_bytes(), remote_id.as_bytes()]);
    key(REMOTE, &[&hash.0])
}

fn get(read: &impl Read, id: MessageId) -> Result<Option<StoredMessage>, StoreError> {
    let row = read.get(&key(MESSAGE, &[&id.0]))?;
    Ok(row.map(|row| record::decode(MESSAGE, &row)).transpose()?.map(|stored: Stored<Message>| stored.into()))
}

fn by_remote(read: &impl Read, account: &str, remote_id: &str) -> Result<Option<MessageId>, StoreError> {
    Ok(read.get(&remote_key(account, remote_id))?.and_then(|row| MessageId::from_slice(&row)))
}

impl Store {
    /// A message with the places of its contents.
    ///
    /// # Errors
    /// When the row cannot be read.
    pub fn message(&self, id: MessageId) -> Result<Option<StoredMessage>, StoreError> {
        get(self, id)
    }

    /// The message with this remote id on this account.
    ///
    /// # Errors
    /// When the state cannot be read.
    pub fn message_by_remote(&self, account: &str, remote_id: &str) -> Result<Option<MessageId>, StoreError> {
        by_remote(self, account, remote_id)
    }

    /// A page of the timeline that these parts (identities, and the customer itself for notes) make together, newest
    /// first, older than `before` when given.
    ///
    /// # Errors
    /// When a row cannot be read.
    pub fn timeline(
        &self,
        parts: &[[u8; 16]],
        before: Option<&[u8]>,
        limit: usize,
    ) -> Result<Page<StoredMessage>, StoreError> {
        let found = self.hanging(parts, before, limit)?;
        let mut rows = Vec::with_capacity(found.rows.len());
        for hanging in found.rows {
            rows.extend(get(self, hanging.id)?);
        }
        Ok(Page { rows, next: found.next })
    }

    /// The same page at a glance. A message that was filed before the index said more is looked up.
    ///
    /// # Errors
    /// When a row cannot be read.
    pub fn glances(
        &self,
        parts: &[[u8; 16]],
        before: Option<&[u8]>,
        limit: usize,
    ) -> Result<Page<Glanced>, StoreError> {
        let found = self.hanging(parts, before, limit)?;
        let mut rows = Vec::with_capacity(found.rows.len());
        for Hanging { id, at, row } in found.rows {
            if row.is_empty() {
                let stored = get(self, id)?;
                rows.extend(stored.map(|stored| Glanced {
                    id,
                    at: stored.message.at,
                    glance: (&stored.message).into(),
                    text: stored.text(),
                }));
            } else {
                let Stored { record: glance, places } = record::decode::<Glance>(TIMELINE, &row)?;
                rows.push(Glanced { id, at, glance, text: places.first().copied() });
            }
        }
        Ok(Page { rows, next: found.next })
    }

    /// A page of the index of the timeline that these parts make together.
    fn hanging(&self, parts: &[[u8; 16]], before: Option<&[u8]>, limit: usize) -> Result<Page<Hanging>, StoreError> {
        // The place on the merged timeline is (time, message): the same 24 bytes in every part.
        let mut found: Vec<([u8; 24], Vec<u8>)> = Vec::new();
        for part in parts {
            let prefix = key(TIMELINE, &[part]);
            let before = before.map(|place| key(TIMELINE, &[part, place]));
            for (row_key, row) in self.scan_prefix(&prefix, before.as_deref(), true, limit + 1)? {
                let place: Option<[u8; 24]> = row_key.get(17..).and_then(|rest| rest.try_into().ok());
                found.extend(place.map(|place| (place, row)));
            }
        }
        found.sort_unstable_by_key(|(place, _)| std::cmp::Reverse(*place));
        found.dedup_by_key(|(place, _)| *place);
        let more = found.len() > limit;
        found.truncate(limit);
        let next = more.then(|| found.last().map(|(place, _)| place.to_vec())).flatten();
        let hanging = |(place, row): ([u8; 24], Vec<u8>)| {
            let (at, id) = place.split_first_chunk()?;
            Some(Hanging { id: MessageId::from_slice(id)?, at: Timestamp::from_key(*at), row })
        };
        Ok(Page { rows: found.into_iter().filter_map(hanging).collect(), next })
    }

    /// Automatic mail and mail that belongs to nobody, latest first.
    ///
    /// # Errors
    /// When a row cannot be read.
    pub fn automated(&self, after: Option<&[u8]>, limit: usize) -> Result<Page<StoredMessage>, StoreError> {
        let keys = self.scan_prefix(&[AUTOMATED], after, false, limit)?;
        let next = if keys.len() == limit { keys.last().map(|(key, _)| key.clone()) } else { None };
        let mut rows = Vec::with_capacity(keys.len());
        for (row_key, _) in keys {
            if let Some(id) = row_key.get(9..).and_then(MessageId::from_slice) {
                rows.extend(get(self, id)?);
            }
        }
        Ok(Page { rows, next })
    }

    /// All messages in the order of their ids, a page at a time, for exports.
    ///
    /// # Errors
    /// When a row cannot be read.
    pub fn messages(&self, after: Option<MessageId>, limit: usize) -> Result<Vec<StoredMessage>, StoreError> {
        let after = after.map(|id| key(MESSAGE, &[&id.0]));
        self.scan_prefix(&[MESSAGE], after.as_deref(), false, limit)?
            .iter()
            .map(|(_, row)| Ok(record::decode::<Message>(MESSAGE, row)?.into()))
            .collect()
    }

    /// A content, checked.
    ///
    /// # Errors
    /// [`crate::engine::EngineError::Damaged`] when it is not what was written.
    pub fn content(&self, place: Place) -> Result<Vec<u8>, StoreError> {
        Ok(self.engine.content(place)?)
    }
}

impl Transaction<'_> {
    /// A message as this transaction sees it.
    ///
    /// # Errors
    /// When the row cannot be read.
    pub fn message(&self, id: MessageId) -> Result<Option<StoredMessage>, StoreError> {
        get(self, id)
    }

    /// The message with this remote id on this account, as this transaction sees it.
    ///
    /// # Errors
    /// When the state cannot be read.
    pub fn message_by_remote(&self, account: &str, remote_id: &str) -> Result<Option<MessageId>, StoreError> {
        by_remote(self, account, remote_id)
    }

    /// Files a new message with its contents: on its identity's timeline, for a note on the customer's, and under
    /// *automated* when it is automatic or belongs to nobody.
    ///
    /// # Errors
    /// When the state cannot be read.
    pub fn file_message(&mut self, message: &Message, content: Content) -> Result<(), StoreError> {
        let text = self.add_content(content.text.into_bytes());
        let mut contents = vec![text];
        contents.extend(content.original.map(|original| self.add_content(original)));
        let row = record::encode(message, &[], contents.len());
        self.put_with(key(MESSAGE, &[&message.id.0]), row, contents);
        let hangs = timeline_key(message);
        if message.automated.is_some() || hangs.is_none() {
            self.put(key(AUTOMATED, &[&message.at.key_latest_first(), &message.id.0]), Vec::new());
        }
        if let Some(hangs) = hangs {
            self.put_with(hangs, record::encode(&Glance::from(message), &[], 1), vec![text]);
        }
        if !message.remote_id.is_empty() {
            let remote = remote_key(&message.account, &message.remote_id);
            // The first message with an id keeps it: a stranger's copy cannot take its place in threads.
            if self.get(&remote)?.is_none() {
                self.put(remote, message.id.0.to_vec());
            }
        }
        Ok(())
    }

    /// Makes a message known by the remote id it got after it was filed.
    ///
    /// # Errors
    /// When the state cannot be read.
    pub fn put_remote(&mut self, message: &Message) -> Result<(), StoreError> {
        let remote = remote_key(&message.account, &message.remote_id);
        if !message.remote_id.is_empty() && self.get(&remote)?.is_none() {
            self.put(remote, message.id.0.to_vec());
        }
        Ok(())
    }

    /// Writes what changed beside a filed message (its delivery, what lists show of it), and its original when it comes
    /// later. `stored` is the message as this transaction sees it.
    pub fn update_message(&mut self, stored: &StoredMessage, original: Option<Vec<u8>>) {
        let row_key = key(MESSAGE, &[&stored.message.id.0]);
        let mut contents = self.pending_contents(&row_key);
        // The places of what is to come stand last, and are known when it is written.
        let known = stored.places.len().saturating_sub(contents.len());
        let mut places = stored.places[..known].to_vec();
        if let Some(original) = original {
            // An original that is there already (an earlier attempt) is replaced by the same bytes.
            places.truncate(1);
            contents.push(self.add_content(original));
        }
        if let Some(hangs) = timeline_key(&stored.message) {
            let text = contents.iter().copied().take(usize::from(places.is_empty())).collect::<Vec<_>>();
            let place = places.get(..1).unwrap_or_default();
            self.put_with(hangs, record::encode(&Glance::from(&stored.message), place, text.len()), text);
        }
        let row = record::encode(&stored.message, &places, contents.len());
        self.put_with(row_key, row, contents);
    }
}
