//! Orders and ratings: they hang on identities as messages do, so that merging and splitting customers never rewrites one.

use super::record::{self, Stored};
use super::{Read, Store, StoreError, Transaction, key};
use crate::model::{IdentityId, Order, OrderId, Rating};

const TABLE: u8 = b'O';
const ORDER: &[u8] = b"o";
const NUMBER: &[u8] = b"k";
const RATING: &[u8] = b"r";

fn order_key(order: &Order) -> Vec<u8> {
    key(TABLE, &[ORDER, &order.identity.0, &order.at.key(), &order.id.0])
}

fn rating_key(rating: &Rating) -> Vec<u8> {
    key(TABLE, &[RATING, &rating.identity.0, &rating.at.key(), &rating.id.0])
}

impl Store {
    /// The latest orders of an identity, the latest first, at most `limit`.
    ///
    /// # Errors
    /// When a row cannot be read.
    pub fn orders(&self, identity: IdentityId, limit: usize) -> Result<Vec<Order>, StoreError> {
        let rows = self.scan_prefix(&key(TABLE, &[ORDER, &identity.0]), None, true, limit)?;
        rows.iter().map(|(_, row)| Ok(record::decode::<Order>(TABLE, row)?.record)).collect()
    }

    /// The latest ratings of an identity, the latest first, at most `limit`.
    ///
    /// # Errors
    /// When a row cannot be read.
    pub fn ratings(&self, identity: IdentityId, limit: usize) -> Result<Vec<Rating>, StoreError> {
        let rows = self.scan_prefix(&key(TABLE, &[RATING, &identity.0]), None, true, limit)?;
        rows.iter().map(|(_, row)| Ok(record::decode::<Rating>(TABLE, row)?.record)).collect()
    }
}

impl Transaction<'_> {
    /// The order with this id, whoever's it is.
    ///
    /// # Errors
    /// When a row cannot be read.
    pub fn order(&self, id: OrderId) -> Result<Option<Order>, StoreError> {
        let Some(place) = self.get(&key(TABLE, &[NUMBER, &id.0]))? else { return Ok(None) };
        let row = self.get(&place)?;
        Ok(row.map(|row| record::decode(TABLE, &row)).transpose()?.map(|stored: Stored<Order>| stored.record))
    }

    /// Writes an order; `before` is what it was until now.
    pub fn put_order(&mut self, order: &Order, before: Option<&Order>) {
        if let Some(before) = before {
            self.delete(order_key(before));
        }
        self.put(order_key(order), record::encode(order, &[], 0));
        self.put(key(TABLE, &[NUMBER, &order.id.0]), order_key(order));
    }

    /// True when this rating is there.
    ///
    /// # Errors
    /// When the state cannot be read.
    pub fn has_rating(&self, rating: &Rating) -> Result<bool, StoreError> {
        Ok(self.get(&rating_key(rating))?.is_some())
    }

    /// Writes a rating.
    pub fn put_rating(&mut self, rating: &Rating) {
        self.put(rating_key(rating), record::encode(rating, &[], 0));
    }
}
