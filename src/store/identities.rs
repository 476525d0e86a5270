//! Identities: one address of a customer on one channel.

use super::record::{self, Stored};
use super::{Read, Store, StoreError, Transaction, key};
use crate::model::{Identity, IdentityId};

const IDENTITY: u8 = b'n';

fn get(read: &impl Read, id: IdentityId) -> Result<Option<Identity>, StoreError> {
    let row = read.get(&key(IDENTITY, &[&id.0]))?;
    Ok(row.map(|row| record::decode(IDENTITY, &row)).transpose()?.map(|stored: Stored<Identity>| stored.record))
}

impl Store {
    /// An identity.
    ///
    /// # Errors
    /// When the row cannot be read.
    pub fn identity(&self, id: IdentityId) -> Result<Option<Identity>, StoreError> {
        get(self, id)
    }
}

impl Transaction<'_> {
    /// An identity as this transaction sees it.
    ///
    /// # Errors
    /// When the row cannot be read.
    pub fn identity(&self, id: IdentityId) -> Result<Option<Identity>, StoreError> {
        get(self, id)
    }

    /// Writes an identity.
    pub fn put_identity(&mut self, identity: &Identity) {
        self.put(key(IDENTITY, &[&identity.id.0]), record::encode(identity, &[], 0));
    }
}
