//! Customers, and the inbox index that follows from them.

use super::record::{self, Stored};
use super::{Read, Store, StoreError, Transaction, key};
use crate::model::{Case, CaseStatus, Customer, CustomerId, InboxRow, InboxView, Page, Priority, Snooze, Timestamp};

const CUSTOMER: u8 = b'c';
const INBOX: u8 = b'i';
const WAKE: u8 = b'w';
const PAST_CASE: u8 = b'k';
/// The group of customers without a case.
const NO_CASE: u8 = 9;

fn group(case: Option<&Case>) -> u8 {
    case.map_or(NO_CASE, |case| case.status as u8)
}

fn priority_order(priority: Priority) -> u8 {
    priority as u8
}

fn inbox_key(customer: &Customer) -> Vec<u8> {
    let case = customer.case.as_ref();
    let priority = case.map_or(Priority::Normal, |case| case.priority);
    key(INBOX, &[&[group(case), priority_order(priority)], &customer.last_at.key_latest_first(), &customer.id.0])
}

fn wake_time(customer: &Customer) -> Option<Timestamp> {
    match customer.case.as_ref() {
        Some(Case { status: CaseStatus::Snoozed, snooze: Some(Snooze::Until(time)), .. }) => Some(*time),
        _ => None,
    }
}

fn inbox_row(customer: &Customer) -> InboxRow {
    let case = customer.case.as_ref();
    InboxRow {
        customer: customer.id,
        name: customer.name.clone(),
        channels: customer.channels.clone(),
        last_text: customer.last_text.clone(),
        last_direction: customer.last_direction,
        last_at: customer.last_at,
        status: case.map(|case| case.status),
        unread: customer.unread,
        owner: case.and_then(|case| case.owner.clone()),
        priority: case.map_or(Priority::Normal, |case| case.priority),
        waiting_since: case.and_then(|case| case.waiting_since),
        tags: customer.tags.clone(),
        snoozed_until: wake_time(customer),
        address: customer.address.clone(),
        trouble: customer.trouble,
        mood: customer.mood,
    }
}

/// A customer.
///
/// # Errors
/// When the row cannot be read.
pub fn get(read: &impl Read, id: CustomerId) -> Result<Option<Customer>, StoreError> {
    let row = read.get(&key(CUSTOMER, &[&id.0]))?;
    Ok(row.map(|row| record::decode(CUSTOMER, &row)).transpose()?.map(|stored: Stored<Customer>| stored.record))
}

/// A customer, or why their row cannot be read.
pub type Each = (CustomerId, Result<Customer, StoreError>);

impl Store {
    /// A customer; `None` when there is none with this id.
    ///
    /// # Errors
    /// When the row cannot be read.
    pub fn customer(&self, id: CustomerId) -> Result<Option<Customer>, StoreError> {
        get(self, id)
    }

    /// All customers in the order they were made, a page at a time, without those that turned out to be others.
    ///
    /// # Errors
    /// When a row cannot be read.
    pub fn customers(&self, after: Option<CustomerId>, limit: usize) -> Result<Vec<Customer>, StoreError> {
        self.each_customer(after, limit)?.into_iter().map(|(_, customer)| customer).collect()
    }

    /// The same, with those whose row is damaged: one of them ends no walk through all.
    ///
    /// # Errors
    /// When the state cannot be read.
    pub fn each_customer(&self, after: Option<CustomerId>, limit: usize) -> Result<Vec<Each>, StoreError> {
        let mut after = after.map(|id| key(CUSTOMER, &[&id.0]));
        loop {
            let rows = self.scan_prefix(&[CUSTOMER], after.as_deref(), false, limit)?;
            let Some((last, _)) = rows.last() else { return Ok(Vec::new()) };
            after = Some(last.clone());
            let mut found = Vec::with_capacity(rows.len());
            for (row_key, row) in &rows {
                let Some(id) = row_key.get(1..).and_then(CustomerId::from_slice) else { continue };
                let customer = record::decode(CUSTOMER, row).map(|stored: Stored<Customer>| stored.record);
                if customer.as_ref().map_or(true, |customer| customer.merged_into.is_none()) {
                    found.push((id, customer));
                }
            }
            // An empty page is the end; one of merged customers alone is not.
            if !found.is_empty() {
                return Ok(found);
            }
        }
    }

    /// A page of the inbox in the order shown. `keep` narrows it; at most `look` rows are looked at, so that a narrow
    /// filter over a large store comes back soon, with `next` to go on from.
    ///
    /// # Errors
    /// When a row cannot be read.
    pub fn inbox(
        &self,
        view: InboxView,
        after: Option<&[u8]>,
        limit: usize,
        look: usize,
        keep: impl Fn(&InboxRow) -> bool,
    ) -> Result<Page<InboxRow>, StoreError> {
        let (first, last) = match view {
            InboxView::Inbox => (CaseStatus::Open as u8, CaseStatus::Snoozed as u8),
            InboxView::Open => (CaseStatus::Open as u8, CaseStatus::Open as u8),
            InboxView::Waiting => (CaseStatus::Waiting as u8, CaseStatus::Waiting as u8),
            InboxView::Snoozed => (CaseStatus::Snoozed as u8, CaseStatus::Snoozed as u8),
            InboxView::Resolved => (CaseStatus::Resolved as u8, CaseStatus::Resolved as u8),
            InboxView::All => (0, u8::MAX - 1),
        };
        let start = vec![INBOX, first];
        let end = vec![INBOX, last + 1];
        let mut from = after.map(<[u8]>::to_vec);
        let mut rows = Vec::new();
        let mut looked = 0;
        loop {
            let bound = match &from {
                Some(key) => std::ops::Bound::Excluded(key.as_slice()),
                None => std::ops::Bound::Included(start.as_slice()),
            };
            let chunk = self.engine.scan(bound, std::ops::Bound::Excluded(&end), false, limit.clamp(1, 500))?;
            if chunk.is_empty() {
                return Ok(Page { rows, next: None });
            }
            for (row_key, row) in chunk {
                looked += 1;
                let row: InboxRow = record::decode(INBOX, &row)?.record;
                from = Some(row_key);
                if keep(&row) {
                    rows.push(row);
                }
                if rows.len() >= limit || looked >= look {
                    return Ok(Page { rows, next: from });
                }
            }
        }
    }

    /// Customers whose snooze ended by `now`, at most `limit`.
    ///
    /// # Errors
    /// When the state cannot be read.
    pub fn due_snoozes(&self, now: Timestamp, limit: usize) -> Result<Vec<CustomerId>, StoreError> {
        let end = key(WAKE, &[&now.plus_millis(1).key()]);
        let rows =
            self.engine.scan(std::ops::Bound::Included(&[WAKE]), std::ops::Bound::Excluded(&end), false, limit)?;
        Ok(rows.iter().filter_map(|(key, _)| CustomerId::from_slice(key.get(9..)?)).collect())
    }

    /// Cases of a customer resolved before the present one, the latest first.
    ///
    /// # Errors
    /// When a row cannot be read.
    pub fn past_cases(&self, customer: CustomerId, limit: usize) -> Result<Vec<Case>, StoreError> {
        self.scan_prefix(&key(PAST_CASE, &[&customer.0]), None, true, limit)?
            .iter()
            .map(|(_, row)| Ok(record::decode::<Case>(PAST_CASE, row)?.record))
            .collect()
    }
}

impl Transaction<'_> {
    /// A customer as this transaction sees it.
    ///
    /// # Errors
    /// When the row cannot be read.
    pub fn customer(&self, id: CustomerId) -> Result<Option<Customer>, StoreError> {
        get(self, id)
    }

    /// Writes a customer, and moves its row of the inbox along.
    ///
    /// # Errors
    /// When the old row cannot be read.
    pub fn put_customer(&mut self, customer: &Customer) -> Result<(), StoreError> {
        if let Some(old) = get(self, customer.id)? {
            self.delete(inbox_key(&old));
            if let Some(time) = wake_time(&old) {
                self.delete(key(WAKE, &[&time.key(), &old.id.0]));
            }
        }
        self.put(key(CUSTOMER, &[&customer.id.0]), record::encode(customer, &[], 0));
        if customer.merged_into.is_some() {
            // It is in the inbox as the one it turned out to be.
            return Ok(());
        }
        self.put(inbox_key(customer), record::encode(&inbox_row(customer), &[], 0));
        if let Some(time) = wake_time(customer) {
            self.put(key(WAKE, &[&time.key(), &customer.id.0]), Vec::new());
        }
        Ok(())
    }

    /// Keeps a case that is over, when a new one takes its place.
    pub fn put_past_case(&mut self, customer: CustomerId, case: &Case) {
        self.put(key(PAST_CASE, &[&customer.0, &case.opened.key()]), record::encode(case, &[], 0));
    }
}
