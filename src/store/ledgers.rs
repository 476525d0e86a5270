//! What each account has spent of what it may spend, where that outlives a restart.

use super::{Read, Store, StoreError, Transaction, key};

const LEDGER: u8 = b'u';

impl Store {
    /// The kept state of an account's ledger; empty before anything was spent.
    ///
    /// # Errors
    /// When the state cannot be read.
    pub fn ledger(&self, account: &str) -> Result<Vec<u8>, StoreError> {
        Ok(self.get(&key(LEDGER, &[account.as_bytes()]))?.unwrap_or_default())
    }
}

impl Transaction<'_> {
    /// Keeps the state of an account's ledger.
    pub fn put_ledger(&mut self, account: &str, ledger: &[u8]) {
        self.put(key(LEDGER, &[account.as_bytes()]), ledger.to_vec());
    }
}
