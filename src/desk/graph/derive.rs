//! What follows from the messages of some identities: first and last, the last line, who waits, what of the unread is
//! theirs. Made anew whenever identities change hands, so that it is right on both sides, whatever came in meanwhile.

use crate::desk::DeskError;
use crate::model::{Customer, CustomerId, Delivery, Direction, Identity, Timestamp};
use crate::store::{Store, StoredMessage};
use std::collections::BTreeMap;

/// Messages looked at. What is older says nothing about who waits; when the first was, is taken as it was known.
const LOOK: usize = 10_000;
const PAGE: usize = 500;

/// What the messages say.
#[derive(Default)]
pub(super) struct Derived {
    first_at: Option<Timestamp>,
    newest: Option<StoredMessage>,
    inbound: (Timestamp, Timestamp),
    outbound: (Timestamp, Timestamp),
    /// When they last wrote something that was not answered.
    pub waits: Option<Timestamp>,
    /// When their messages were written and received, and how many at that time.
    times: BTreeMap<(Timestamp, Timestamp), u32>,
    whole: bool,
}

/// Looks through the messages of these identities that are committed.
pub(super) fn derive(store: &Store, identities: &[&Identity]) -> Result<Derived, DeskError> {
    let parts: Vec<[u8; 16]> = identities.iter().map(|identity| identity.id.0).collect();
    let mut derived = Derived::default();
    let mut before = None;
    let mut looked = 0;
    let mut answered = false;
    loop {
        let page = store.timeline(&parts, before.as_deref(), PAGE)?;
        looked += page.rows.len();
        for stored in page.rows {
            let message = &stored.message;
            if message.direction == Direction::Note
                || message.automated.is_some()
                || message.delivery == Delivery::Cancelled
            {
                continue;
            }
            derived.first_at = Some(message.at);
            if message.direction == Direction::Inbound {
                derived.inbound.0 = derived.inbound.0.max(message.at);
                derived.inbound.1 = derived.inbound.1.max(message.received);
                *derived.times.entry((message.at, message.received)).or_default() += 1;
                if !answered {
                    derived.waits.get_or_insert(message.at);
                }
            } else if !(message.outgoing.is_some() && message.subject.starts_with("Fwd: ")) {
                // Handing a message on is not an answer to the one who wrote it.
                derived.outbound.0 = derived.outbound.0.max(message.at);
                derived.outbound.1 = derived.outbound.1.max(message.received);
                answered = true;
            }
            derived.newest.get_or_insert(stored);
        }
        before = page.next;
        if before.is_none() || looked >= LOOK {
            derived.whole = before.is_none();
            return Ok(derived);
        }
    }
}

impl Derived {
    /// Writes it on a customer. Unread is [`share_unread`]'s.
    pub(super) fn onto(&self, customer: &mut Customer) {
        if let Some(first) = self.first_at.filter(|_| self.whole) {
            customer.first_at = first;
        }
        (customer.last_inbound, customer.last_inbound_received) = self.inbound;
        (customer.last_outbound, customer.last_outbound_received) = self.outbound;
        let Some(newest) = &self.newest else {
            customer.last_at = Timestamp(0);
            customer.last_text = String::new();
            return;
        };
        customer.last_at = newest.message.at;
        customer.last_text = newest.message.preview.clone();
        customer.last_direction = newest.message.direction;
        customer.last_account = newest.message.account.clone();
    }

    fn take(&mut self, time: (Timestamp, Timestamp)) -> bool {
        match self.times.get_mut(&time).filter(|left| **left > 0) {
            Some(left) => {
                *left -= 1;
                true
            }
            None => false,
        }
    }
}

/// Shares what was unread on `had` out to those whose messages it was; what nobody's messages explain (somebody marked it
/// unread, or it is long ago) stays where it was.
pub(super) fn share_unread(had: &[Customer], now: &mut [(Customer, Derived)]) {
    let mut shares: BTreeMap<CustomerId, Vec<(Timestamp, Timestamp)>> = BTreeMap::new();
    let mut more: BTreeMap<CustomerId, u32> = BTreeMap::new();
    let beyond = |customer: &Customer| customer.unread.saturating_sub(customer.unread_at.len() as u32);
    let fallback = now.first().map(|(customer, _)| customer.id);
    for customer in had {
        let stays = now.iter().find(|(other, _)| other.id == customer.id).map(|(other, _)| other.id).or(fallback);
        let Some(stays) = stays else { continue };
        let mut left = beyond(customer);
        // Who goes had so many marked unread by hand, or long ago, when they were taken in.
        for (other, _) in now.iter().filter(|(other, _)| !had.iter().any(|had| had.id == other.id)) {
            let theirs = beyond(other).min(left);
            left -= theirs;
            *more.entry(other.id).or_default() += theirs;
        }
        *more.entry(stays).or_default() += left;
        for time in &customer.unread_at {
            let whose = now.iter_mut().find_map(|(other, derived)| derived.take(*time).then_some(other.id));
            shares.entry(whose.unwrap_or(stays)).or_default().push(*time);
        }
    }
    for (customer, _) in now.iter_mut() {
        let mut times = shares.remove(&customer.id).unwrap_or_default();
        times.sort_unstable();
        customer.unread = times.len() as u32 + more.get(&customer.id).copied().unwrap_or_default();
        customer.unread_at = times;
    }
}
