//! Drafts.

use super::record;
use super::{Read, Store, StoreError, Transaction, key};
use crate::model::{Draft, DraftId};

const DRAFT: u8 = b'd';

impl Store {
    /// All drafts, latest first, at most `limit`.
    ///
    /// # Errors
    /// When a row cannot be read.
    pub fn drafts(&self, limit: usize) -> Result<Vec<Draft>, StoreError> {
        self.scan_prefix(&[DRAFT], None, true, limit)?
            .iter()
            .map(|(_, row)| Ok(record::decode::<Draft>(DRAFT, row)?.record))
            .collect()
    }

    /// A draft.
    ///
    /// # Errors
    /// When the row cannot be read.
    pub fn draft(&self, id: DraftId) -> Result<Option<Draft>, StoreError> {
        let row = self.get(&key(DRAFT, &[&id.0]))?;
        row.map(|row| Ok(record::decode::<Draft>(DRAFT, &row)?.record)).transpose()
    }
}

impl Transaction<'_> {
    /// Keeps a draft.
    pub fn put_draft(&mut self, draft: &Draft) {
        self.put(key(DRAFT, &[&draft.id.0]), record::encode(draft, &[], 0));
    }

    /// Removes a draft.
    pub fn delete_draft(&mut self, id: DraftId) {
        self.delete(key(DRAFT, &[&id.0]));
    }
}
