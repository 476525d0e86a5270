//! Deliveries that platforms push: written down before they are answered, filed later, in the order they came.

use super::{Desk, DeskError, IngestReport, SYSTEM};
use crate::connector::{Item, Unreadable};
use crate::engine::EngineError;
use crate::model::{DeliveryId, Event, EventKind, Pushed, PushedId};
use crate::store::{StoreError, StoredPushed};

/// The folder that dead letters of pushed deliveries name: they are tried again through the account's hook.
pub const PUSHED_FOLDER: &str = "webhook";

/// How long a delivery is recognised, in milliseconds. Platforms that try again do so for at most a week (Meta: 36 hours,
/// Slack: 1 hour), and what is older is recognised by the id of the message in it.
const REMEMBERED: i64 = 8 * 24 * 3_600_000;
/// How many are forgotten in one commit.
const FORGOTTEN: usize = 500;

/// A delivery and what it says.
#[derive(Debug)]
pub struct Understood {
    /// The delivery.
    pub id: PushedId,
    /// What came, byte for byte.
    pub raw: Vec<u8>,
    /// When it came.
    pub received: crate::model::Timestamp,
    /// What it says.
    pub items: Vec<Item>,
}

impl Desk {
    /// Writes a delivery down, once: `key` is what tells it from all others of this account. False when it came before.
    /// Does not wait for other use cases: nothing else writes these rows, and the commit itself sees to it that two of the
    /// same are one.
    ///
    /// # Errors
    /// When the store refuses; nothing was written then.
    pub fn receive_push(&self, account: &str, key: &str, raw: Vec<u8>) -> Result<bool, DeskError> {
        let delivery = DeliveryId::of(&[account.as_bytes(), key.as_bytes()]);
        if self.store.knows_delivery(delivery)? {
            return Ok(false);
        }
        self.store.engine().room().map_err(StoreError::from)?;
        let pushed = Pushed { id: PushedId::new(), account: account.to_owned(), received: self.now() };
        let mut event = Event::new(EventKind::Ingested, pushed.received, SYSTEM);
        event.account = account.to_owned();
        event.summary = "a delivery was written down".to_owned();
        let mut transaction = self.store.begin();
        transaction.push(&pushed, delivery, raw);
        // The feed is not told: there is nothing new to be seen before it is filed.
        match transaction.commit(&event) {
            Ok(_) => Ok(true),
            Err(StoreError::Engine(EngineError::Conflict { .. })) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    /// What was pushed to an account and is not filed yet, oldest first, at most `limit`.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn pushed(&self, account: &str, limit: usize) -> Result<Vec<StoredPushed>, DeskError> {
        Ok(self.store.pushed(account, limit)?)
    }

    /// Files what deliveries say and takes them off the queue, in one commit. One of which a part is not understood goes
    /// whole to the dead letters, beside what was understood. What was filed meanwhile is left alone.
    ///
    /// # Errors
    /// When the store refuses; nothing was filed then.
    pub fn file_pushed(&self, account: &str, deliveries: Vec<Understood>) -> Result<IngestReport, DeskError> {
        let _writer = self.write();
        self.store.engine().room().map_err(StoreError::from)?;
        let mut filing = self.filing(account);
        for delivery in deliveries {
            if !filing.transaction().has_pushed(account, delivery.id)? {
                continue;
            }
            let mut unreadable = None;
            for item in delivery.items {
                match item {
                    Item::Unreadable(part) => unreadable = unreadable.or(Some(part)),
                    item => filing.item(item)?,
                }
            }
            if let Some(part) = unreadable {
                filing.item(Item::Unreadable(Unreadable {
                    folder: PUSHED_FOLDER.to_owned(),
                    received: delivery.received,
                    partial: false,
                    raw: delivery.raw,
                    ..part
                }))?;
            }
            filing.transaction().delete_pushed(account, delivery.id);
        }
        let (transaction, event, report) = filing.finish()?;
        if !transaction.is_empty() {
            self.commit(transaction, event)?;
        }
        Ok(report)
    }

    /// Forgets deliveries that came so long ago that they do not come again. True when there is more to forget.
    ///
    /// # Errors
    /// When the store refuses.
    pub fn forget_deliveries(&self) -> Result<bool, DeskError> {
        let old = self.store.deliveries_before(self.now().plus_millis(-REMEMBERED), FORGOTTEN)?;
        if old.is_empty() {
            return Ok(false);
        }
        let _writer = self.write();
        let mut transaction = self.store.begin();
        for (time, delivery) in &old {
            transaction.forget_delivery(*time, *delivery);
        }
        let mut event = Event::new(EventKind::Ingested, self.now(), SYSTEM);
        event.summary = format!("{} old deliveries forgotten", old.len());
        transaction.commit(&event)?;
        Ok(old.len() == FORGOTTEN)
    }
}
