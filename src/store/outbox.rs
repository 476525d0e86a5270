//! The outbox: replies on their way, and those that arrived or did not.

use super::record::{self, Stored};
use super::{Read, Store, StoreError, Transaction, key};
use crate::engine::Place;
use crate::model::{OutboxState, Outgoing, OutgoingId};

const OUTGOING: u8 = b'o';
const UNDONE: u8 = b'q';

/// An outgoing as read, with the places of its attachments.
#[derive(Clone, Debug, PartialEq)]
pub struct StoredOutgoing {
    /// The record.
    pub outgoing: Outgoing,
    /// Where the attachments' bytes are, in the order of the record's list.
    pub attachments: Vec<Place>,
}

impl From<Stored<Outgoing>> for StoredOutgoing {
    fn from(stored: Stored<Outgoing>) -> Self {
        StoredOutgoing { outgoing: stored.record, attachments: stored.places }
    }
}

/// True while somebody, worker or agent, still has something to do for it.
fn is_undone(outgoing: &Outgoing) -> bool {
    !matches!(outgoing.state, OutboxState::Sent | OutboxState::Cancelled) || outgoing.to_file
}

fn get(read: &impl Read, id: OutgoingId) -> Result<Option<StoredOutgoing>, StoreError> {
    let row = read.get(&key(OUTGOING, &[&id.0]))?;
    Ok(row.map(|row| record::decode(OUTGOING, &row)).transpose()?.map(|stored: Stored<Outgoing>| stored.into()))
}

impl Store {
    /// An outgoing.
    ///
    /// # Errors
    /// When the row cannot be read.
    pub fn outgoing(&self, id: OutgoingId) -> Result<Option<StoredOutgoing>, StoreError> {
        get(self, id)
    }

    /// Everything that is not done, oldest first, at most `limit`.
    ///
    /// # Errors
    /// When a row cannot be read.
    pub fn undone(&self, limit: usize) -> Result<Vec<StoredOutgoing>, StoreError> {
        let mut rows = Vec::new();
        for (row_key, _) in self.scan_prefix(&[UNDONE], None, false, limit)? {
            if let Some(id) = row_key.get(1..).and_then(OutgoingId::from_slice) {
                rows.extend(get(self, id)?);
            }
        }
        Ok(rows)
    }

    /// All outgoing, latest first, a page at a time.
    ///
    /// # Errors
    /// When a row cannot be read.
    pub fn outbox(&self, before: Option<OutgoingId>, limit: usize) -> Result<Vec<StoredOutgoing>, StoreError> {
        let before = before.map(|id| key(OUTGOING, &[&id.0]));
        self.scan_prefix(&[OUTGOING], before.as_deref(), true, limit)?
            .iter()
            .map(|(_, row)| Ok(record::decode::<Outgoing>(OUTGOING, row)?.into()))
            .collect()
    }
}

impl Transaction<'_> {
    /// An outgoing as this transaction sees it.
    ///
    /// # Errors
    /// When the row cannot be read.
    pub fn outgoing(&self, id: OutgoingId) -> Result<Option<StoredOutgoing>, StoreError> {
        get(self, id)
    }

    /// Queues a new outgoing with the bytes of its attachments.
    pub fn queue_outgoing(&mut self, outgoing: &Outgoing, attachments: Vec<Vec<u8>>) {
        let contents: Vec<u16> = attachments.into_iter().map(|bytes| self.add_content(bytes)).collect();
        let row = record::encode(outgoing, &[], contents.len());
        self.put_with(key(OUTGOING, &[&outgoing.id.0]), row, contents);
        self.put(key(UNDONE, &[&outgoing.id.0]), Vec::new());
    }

    /// Writes what changed on an outgoing.
    pub fn put_outgoing(&mut self, stored: &StoredOutgoing) {
        let id = stored.outgoing.id;
        self.put(key(OUTGOING, &[&id.0]), record::encode(&stored.outgoing, &stored.attachments, 0));
        if is_undone(&stored.outgoing) {
            self.put(key(UNDONE, &[&id.0]), Vec::new());
        } else {
            self.delete(key(UNDONE, &[&id.0]));
        }
    }
}
