//! Deliveries that platforms pushed: written down as they came, and which came before.

use super::record::{self, Stored};
use super::{Read, Store, StoreError, Transaction, key};
use crate::engine::Place;
use crate::model::{DeliveryId, Pushed, PushedId, Timestamp};
use std::ops::Bound;

const PUSHED: u8 = b'B';
const QUEUE: &[u8] = b"q";
const KNOWN: &[u8] = b"k";
const TIME: &[u8] = b"t";

/// A delivery as read.
#[derive(Clone, Debug, PartialEq)]
pub struct StoredPushed {
    /// The facts.
    pub pushed: Pushed,
    /// Where what came is.
    pub content: Option<Place>,
}

impl From<Stored<Pushed>> for StoredPushed {
    fn from(stored: Stored<Pushed>) -> Self {
        StoredPushed { pushed: stored.record, content: stored.places.first().copied() }
    }
}

/// The queue of an account. Its name ends with a byte that no name holds, so that one is never the beginning of another.
fn queue(account: &str) -> Vec<u8> {
    key(PUSHED, &[QUEUE, account.as_bytes(), &[0]])
}

fn queue_key(account: &str, id: PushedId) -> Vec<u8> {
    key(PUSHED, &[QUEUE, account.as_bytes(), &[0], &id.0])
}

fn known_key(delivery: DeliveryId) -> Vec<u8> {
    key(PUSHED, &[KNOWN, &delivery.0])
}

impl Store {
    /// What was pushed to an account and is not filed yet, oldest first, at most `limit`.
    ///
    /// # Errors
    /// When a row cannot be read.
    pub fn pushed(&self, account: &str, limit: usize) -> Result<Vec<StoredPushed>, StoreError> {
        self.scan_prefix(&queue(account), None, false, limit)?
            .iter()
            .map(|(_, row)| Ok(record::decode::<Pushed>(PUSHED, row)?.into()))
            .collect()
    }

    /// How many wait, counted up to `limit`.
    ///
    /// # Errors
    /// When the state cannot be read.
    pub fn count_pushed(&self, account: &str, limit: usize) -> Result<usize, StoreError> {
        Ok(self.scan_prefix(&queue(account), None, false, limit)?.len())
    }

    /// True when this delivery came before.
    ///
    /// # Errors
    /// When the state cannot be read.
    pub fn knows_delivery(&self, delivery: DeliveryId) -> Result<bool, StoreError> {
        Ok(self.get(&known_key(delivery))?.is_some())
    }

    /// Deliveries that came before `time`, oldest first, at most `limit`.
    ///
    /// # Errors
    /// When the state cannot be read.
    pub fn deliveries_before(&self, time: Timestamp, limit: usize) -> Result<Vec<(Timestamp, DeliveryId)>, StoreError> {
        let (from, to) = (key(PUSHED, &[TIME]), key(PUSHED, &[TIME, &time.key()]));
        let rows = self.engine.scan(Bound::Included(&from), Bound::Excluded(&to), false, limit)?;
        let read = |row: &[u8]| {
            let (time, delivery) = row.get(from.len()..)?.split_at_checked(8)?;
            Some((Timestamp::from_key(time.try_into().ok()?), DeliveryId::from_slice(delivery)?))
        };
        Ok(rows.iter().filter_map(|(row, _)| read(row)).collect())
    }
}

impl Transaction<'_> {
    /// Writes a delivery down. The commit conflicts when it came before.
    pub fn push(&mut self, pushed: &Pushed, delivery: DeliveryId, raw: Vec<u8>) {
        let content = self.add_content(raw);
        self.put_with(queue_key(&pushed.account, pushed.id), record::encode(pushed, &[], 1), vec![content]);
        self.expect_absent(known_key(delivery));
        self.put(known_key(delivery), pushed.received.key().to_vec());
        self.put(key(PUSHED, &[TIME, &pushed.received.key(), &delivery.0]), Vec::new());
    }

    /// True when it still waits to be filed.
    ///
    /// # Errors
    /// When the state cannot be read.
    pub fn has_pushed(&self, account: &str, id: PushedId) -> Result<bool, StoreError> {
        Ok(self.get(&queue_key(account, id))?.is_some())
    }

    /// Takes a delivery off the queue.
    pub fn delete_pushed(&mut self, account: &str, id: PushedId) {
        self.delete(queue_key(account, id));
    }

    /// Forgets that a delivery came.
    pub fn forget_delivery(&mut self, time: Timestamp, delivery: DeliveryId) {
        self.delete(known_key(delivery));
        self.delete(key(PUSHED, &[TIME, &time.key(), &delivery.0]));
    }
}
