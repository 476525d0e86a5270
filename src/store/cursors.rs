//! Where each source goes on. Moves in the commit that holds the messages it covers.

use super::{Read, Store, StoreError, Transaction, key};

const CURSOR: u8 = b'y';

impl Store {
    /// The cursor of an account's source; empty before the first page.
    ///
    /// # Errors
    /// When the state cannot be read.
    pub fn cursor(&self, account: &str) -> Result<Vec<u8>, StoreError> {
        Ok(self.get(&key(CURSOR, &[account.as_bytes()]))?.unwrap_or_default())
    }
}

impl Transaction<'_> {
    /// Moves an account's cursor.
    pub fn put_cursor(&mut self, account: &str, cursor: &[u8]) {
        self.put(key(CURSOR, &[account.as_bytes()]), cursor.to_vec());
    }

    /// The cursor as this transaction sees it.
    ///
    /// # Errors
    /// When the state cannot be read.
    pub fn cursor(&self, account: &str) -> Result<Vec<u8>, StoreError> {
        Ok(self.get(&key(CURSOR, &[account.as_bytes()]))?.unwrap_or_default())
    }
}
