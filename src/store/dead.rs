//! Dead letters.

use super::record::{self, Stored};
use super::{Read, Store, StoreError, Transaction, key};
use crate::engine::Place;
use crate::model::{DeadId, DeadLetter};

const DEAD: u8 = b'x';

/// A dead letter as read, with the place of its original.
#[derive(Clone, Debug, PartialEq)]
pub struct StoredDead {
    /// The facts.
    pub dead: DeadLetter,
    /// Where its original is.
    pub original: Option<Place>,
}

impl From<Stored<DeadLetter>> for StoredDead {
    fn from(stored: Stored<DeadLetter>) -> Self {
        StoredDead { dead: stored.record, original: stored.places.first().copied() }
    }
}

impl Store {
    /// All dead letters, at most `limit`.
    ///
    /// # Errors
    /// When a row cannot be read.
    pub fn dead(&self, limit: usize) -> Result<Vec<StoredDead>, StoreError> {
        self.scan_prefix(&[DEAD], None, false, limit)?
            .iter()
            .map(|(_, row)| Ok(record::decode::<DeadLetter>(DEAD, row)?.into()))
            .collect()
    }

    /// A dead letter.
    ///
    /// # Errors
    /// When the row cannot be read.
    pub fn dead_letter(&self, id: DeadId) -> Result<Option<StoredDead>, StoreError> {
        let row = self.get(&key(DEAD, &[&id.0]))?;
        row.map(|row| Ok(record::decode::<DeadLetter>(DEAD, &row)?.into())).transpose()
    }
}

impl Transaction<'_> {
    /// True when this dead letter is listed.
    ///
    /// # Errors
    /// When the state cannot be read.
    pub fn has_dead(&self, id: DeadId) -> Result<bool, StoreError> {
        Ok(self.get(&key(DEAD, &[&id.0]))?.is_some())
    }

    /// Lists a new dead letter with its original.
    pub fn file_dead(&mut self, dead: &DeadLetter, original: Vec<u8>) {
        let content = self.add_content(original);
        self.put_with(key(DEAD, &[&dead.id.0]), record::encode(dead, &[], 1), vec![content]);
    }

    /// Writes what changed on a dead letter.
    pub fn put_dead(&mut self, stored: &StoredDead) {
        let places: Vec<Place> = stored.original.into_iter().collect();
        self.put(key(DEAD, &[&stored.dead.id.0]), record::encode(&stored.dead, &places, 0));
    }

    /// Takes a dead letter off the list.
    pub fn delete_dead(&mut self, id: DeadId) {
        self.delete(key(DEAD, &[&id.0]));
    }
}
