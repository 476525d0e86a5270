//! Taking an answer back before it leaves: as if it had not been queued, but for the log and the words, which become a
//! draft again.

use super::graph::owner;
use super::outbox::still_troubled;
use super::{Desk, DeskError};
use crate::model::{
    Acted, Customer, Delivery, Direction, Draft, Event, EventKind, MessageId, OutboxState, TakeBack, Timestamp,
};

use crate::store::{StoredMessage, Transaction};

/// How far back the message before it is looked for.
const LOOK_BACK: usize = 200;

/// A message that never left does not count as one sent.
pub(super) fn uncount(transaction: &mut Transaction<'_>, message: &StoredMessage) -> Result<(), DeskError> {
    if let Some(id) = message.message.identity
        && let Some(mut identity) = transaction.identity(id)?
    {
        identity.outbound = identity.outbound.saturating_sub(1);
        transaction.put_identity(&identity);
    }
    Ok(())
}

impl Desk {
    pub(super) fn take_back(&self, agent: &str, taken: TakeBack) -> Result<Acted, DeskError> {
        let _writer = self.write();
        let now = self.now();
        let refused = |why: &str| Err(DeskError::Refused(format!("too late: {why}; nothing was taken back")));
        let Some(mut stored) = self.store.outgoing(taken.outgoing)? else {
            return Err(DeskError::NotFound(format!("there is no outgoing {}", taken.outgoing)));
        };
        match stored.outgoing.state {
            OutboxState::Held | OutboxState::Queued => {}
            OutboxState::Sending => return refused("it is being sent this moment"),
            OutboxState::Sent => return refused("it was sent already"),
            OutboxState::Cancelled => return refused("it was taken back already"),
            OutboxState::Failed | OutboxState::Unknown => return refused("look at it in the outbox"),
        }
        let mut customer = self.known(owner(&self.store.begin(), &stored.outgoing)?)?;
        let mut transaction = self.store.begin();
        stored.outgoing.state = OutboxState::Cancelled;
        stored.outgoing.changed = now;
        transaction.put_outgoing(&stored);
        if let Some(mut message) = self.store.message(stored.outgoing.message)? {
            message.message.delivery = Delivery::Cancelled;
            uncount(&mut transaction, &message)?;
            transaction.update_message(&message, None);
        }
        transaction.put_draft(&Draft { agent: agent.to_owned(), saved: now, ..taken.draft.clone() });
        // What happened to the case since (they wrote again, somebody assigned it) counts more than what was before.
        if customer.case == taken.left {
            customer.case = taken.case;
        }
        if customer.unread == 0 {
            customer.unread = taken.unread;
            customer.unread_at = taken.unread_at;
        }
        customer.trouble = still_troubled(&self.store, customer.id, taken.outgoing)?;
        self.forget_cancelled(&mut customer, stored.outgoing.message)?;
        transaction.put_customer(&customer)?;
        let mut event = Event::new(EventKind::Outgoing, now, agent);
        event.customers = vec![customer.id];
        event.messages = vec![stored.outgoing.message];
        event.outgoing = Some(taken.outgoing);
        event.draft = Some(taken.draft.id);
        event.account = stored.outgoing.account.clone();
        event.summary = "taken back before it left".to_owned();
        self.commit(transaction, event)?;
        Ok(Acted {
            said: "it does not leave; its text is a draft again.".to_owned(),
            customer: Some(customer.id),
            outgoing: Some(taken.outgoing),
            ..Acted::default()
        })
    }

    /// A customer as if `message` had never been written: last line and times come from what is left.
    pub(super) fn forget_cancelled(&self, customer: &mut Customer, message: MessageId) -> Result<(), DeskError> {
        let recent = self.store.timeline(&self.parts(customer), None, LOOK_BACK)?.rows;
        let left: Vec<_> = recent
            .iter()
            .map(|stored| &stored.message)
            .filter(|other| {
                other.id != message
                    && other.direction != Direction::Note
                    && other.automated.is_none()
                    && other.delivery != Delivery::Cancelled
            })
            .collect();
        if let Some(newest) = left.first() {
            customer.last_at = newest.at;
            customer.last_text = newest.preview.clone();
            customer.last_direction = newest.direction;
            customer.last_account = newest.account.clone();
        }
        let sent = || left.iter().filter(|other| other.direction == Direction::Outbound);
        customer.last_outbound = sent().map(|other| other.at).max().unwrap_or(Timestamp(0));
        customer.last_outbound_received = sent().map(|other| other.received).max().unwrap_or(Timestamp(0));
        Ok(())
    }
}
