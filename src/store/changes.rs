//! What happened to messages after they were filed: edits, deletions, reactions, delivery reports. They hang on the
//! channel's id of the message, so that one that comes before its message is there when that comes.

use super::record::{self, Stored};
use super::{Read, Store, StoreError, Transaction, key};
use crate::engine::Place;
use crate::model::{Change, MessageId};

const CHANGE: u8 = b'e';

/// A change as read.
#[derive(Clone, Debug, PartialEq)]
pub struct StoredChange {
    /// The facts.
    pub change: Change,
    /// Where the new text of an edit is.
    pub text: Option<Place>,
}

impl From<Stored<Change>> for StoredChange {
    fn from(stored: Stored<Change>) -> Self {
        StoredChange { change: stored.record, text: stored.places.first().copied() }
    }
}

fn prefix(account: &str, remote_id: &str) -> Vec<u8> {
    key(CHANGE, &[&MessageId::of(&[account.as_bytes(), remote_id.as_bytes()]).0])
}

/// Its place: under its message, by time, and by what makes it itself.
fn change_key(account: &str, remote_id: &str, own: &str, change: &Change) -> Vec<u8> {
    let mut row = prefix(account, remote_id);
    row.extend_from_slice(&change.at.key());
    row.extend_from_slice(&MessageId::of(&[own.as_bytes(), change.kind.word().as_bytes()]).0);
    row
}

impl Store {
    /// What happened to a message, oldest first, at most `limit`.
    ///
    /// # Errors
    /// When a row cannot be read.
    pub fn changes(&self, account: &str, remote_id: &str, limit: usize) -> Result<Vec<StoredChange>, StoreError> {
        if remote_id.is_empty() {
            return Ok(Vec::new());
        }
        self.scan_prefix(&prefix(account, remote_id), None, false, limit)?
            .iter()
            .map(|(_, row)| Ok(record::decode::<Change>(CHANGE, row)?.into()))
            .collect()
    }
}

impl Transaction<'_> {
    /// What happened to a message, oldest first, at most `limit`, as this transaction sees it.
    ///
    /// # Errors
    /// When a row cannot be read.
    pub fn changes(&self, account: &str, remote_id: &str, limit: usize) -> Result<Vec<Change>, StoreError> {
        if remote_id.is_empty() {
            return Ok(Vec::new());
        }
        let rows = self.scan(&prefix(account, remote_id), limit)?;
        rows.iter().map(|(_, row)| Ok(record::decode::<Change>(CHANGE, row)?.record)).collect()
    }

    /// Records a change, once: `own` is what tells it from all others of that message. False when it is there already.
    ///
    /// # Errors
    /// When the state cannot be read.
    pub fn file_change(
        &mut self,
        account: &str,
        remote_id: &str,
        own: &str,
        change: &Change,
        text: String,
    ) -> Result<bool, StoreError> {
        let row_key = change_key(account, remote_id, own, change);
        if self.get(&row_key)?.is_some() {
            return Ok(false);
        }
        let contents = if text.is_empty() { Vec::new() } else { vec![self.add_content(text.into_bytes())] };
        let row = record::encode(change, &[], contents.len());
        self.put_with(row_key, row, contents);
        Ok(true)
    }
}
