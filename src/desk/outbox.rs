//! The outbox: `Held → Queued → Sending → Sent | Failed | Unknown`, one commit a step. The delivery worker asks here
//! before every step, so that what an agent took back is never sent.

use super::graph::owner;
use super::takeback::uncount;
use super::{Desk, DeskError, SYSTEM};
use crate::connector::Receipt;
use crate::model::{
    Act, Acted, CustomerId, Delivery, Event, EventKind, OutboxState, Outgoing, OutgoingId, Timestamp, clean_line,
};
use crate::store::{Store, StoredOutgoing};

/// How many undone outgoing are looked at; a person has some dozens.
const LOOK: usize = 10_000;

impl Desk {
    /// What of `account` is due by now, oldest first; and when the next one will be.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn due(&self, account: &str) -> Result<(Vec<StoredOutgoing>, Option<Timestamp>), DeskError> {
        let now = self.now();
        let waiting: Vec<StoredOutgoing> = self
            .store
            .undone(LOOK)?
            .into_iter()
            .filter(|stored| {
                stored.outgoing.account == account
                    && matches!(stored.outgoing.state, OutboxState::Held | OutboxState::Queued)
            })
            .collect();
        let later = waiting.iter().filter(|stored| !is_due(&stored.outgoing, now));
        let next = later.map(|stored| stored.outgoing.due).min();
        let due = waiting.into_iter().filter(|stored| is_due(&stored.outgoing, now)).collect();
        Ok((due, next))
    }

    /// What of `account` is unknown, and what was sent and waits for its copy to be filed.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn unsettled(&self, account: &str) -> Result<Vec<StoredOutgoing>, DeskError> {
        let undone = self.store.undone(LOOK)?;
        Ok(undone
            .into_iter()
            .filter(|stored| {
                stored.outgoing.account == account
                    && (stored.outgoing.state == OutboxState::Unknown || stored.outgoing.to_file)
            })
            .collect())
    }

    /// How many are held, queued or sending.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn moving(&self) -> Result<usize, DeskError> {
        Ok(self.store.undone(LOOK)?.iter().filter(|stored| stored.outgoing.state.is_moving()).count())
    }

    /// The last step before the point of no return: writes *sending* and the exact bytes that will leave, and returns
    /// them. `None` when it is not to be sent any more (taken back meanwhile).
    ///
    /// # Errors
    /// When the store refuses, or the message cannot be rendered.
    pub fn begin_sending(&self, id: OutgoingId) -> Result<Option<Vec<u8>>, DeskError> {
        let _writer = self.write();
        let Some(mut stored) = self.store.outgoing(id)? else { return Ok(None) };
        let now = self.now();
        let waits = matches!(stored.outgoing.state, OutboxState::Held | OutboxState::Queued);
        if !waits || !is_due(&stored.outgoing, now) {
            return Ok(None);
        }
        let message = self.store.message(stored.outgoing.message)?;
        let message = message.ok_or_else(|| DeskError::NotFound(format!("the message of {id} is gone")))?;
        let original = match message.original() {
            Some(place) => self.store.content(place)?,
            None => self.render(&stored)?,
        };
        stored.outgoing.state = OutboxState::Sending;
        stored.outgoing.attempts += 1;
        stored.outgoing.reason = String::new();
        stored.outgoing.changed = now;
        let mut transaction = self.store.begin();
        transaction.put_outgoing(&stored);
        if message.original().is_none() {
            transaction.update_message(&message, Some(original.clone()));
        }
        self.commit(transaction, self.outgoing_event(&stored.outgoing, SYSTEM, "sending"))?;
        Ok(Some(original))
    }

    fn render(&self, stored: &StoredOutgoing) -> Result<Vec<u8>, DeskError> {
        let outgoing = &stored.outgoing;
        let connector = self.connector(&outgoing.account).ok_or_else(|| {
            DeskError::Refused(format!("its account \"{}\" is not configured any more", outgoing.account))
        })?;
        let mut attachments = Vec::with_capacity(stored.attachments.len());
        for place in &stored.attachments {
            attachments.push(self.store.content(*place)?);
        }
        connector.render(outgoing, &attachments).map_err(|error| DeskError::Refused(error.to_string()))
    }

    /// The channel took it.
    ///
    /// # Errors
    /// When the store refuses.
    pub fn sent(&self, id: OutgoingId, receipt: &Receipt) -> Result<(), DeskError> {
        self.step(id, SYSTEM, |outgoing, now| {
            if outgoing.state == OutboxState::Sent {
                return None;
            }
            outgoing.state = OutboxState::Sent;
            outgoing.sent = Some(now);
            outgoing.receipt = clean_line(&receipt.said);
            outgoing.reason = String::new();
            outgoing.to_file = receipt.to_file;
            if let (true, Some(remote_id)) = (outgoing.remote_id.is_empty(), &receipt.remote_id) {
                outgoing.remote_id = remote_id.clone();
            }
            Some(Delivery::Sent)
        })
    }

    /// Not now: tried again at `until`.
    ///
    /// # Errors
    /// When the store refuses.
    pub fn delay(&self, id: OutgoingId, reason: &str, until: Timestamp) -> Result<(), DeskError> {
        self.step(id, SYSTEM, |outgoing, _| {
            // An agent took it back while the channel was asked: so it stays.
            if !outgoing.state.is_moving() {
                return None;
            }
            if outgoing.state != OutboxState::Sending {
                outgoing.attempts += 1;
            }
            outgoing.state = OutboxState::Queued;
            outgoing.reason = clean_line(reason);
            outgoing.due = until;
            Some(Delivery::Pending)
        })
    }

    /// Refused for good: back to the agent.
    ///
    /// # Errors
    /// When the store refuses.
    pub fn fail(&self, id: OutgoingId, reason: &str) -> Result<(), DeskError> {
        let reason = clean_line(reason);
        self.step(id, SYSTEM, |outgoing, _| {
            if !outgoing.state.is_moving() {
                return None;
            }
            if outgoing.state != OutboxState::Sending {
                outgoing.attempts += 1;
            }
            outgoing.state = OutboxState::Failed;
            outgoing.reason = reason.clone();
            Some(Delivery::Failed(reason))
        })
    }

    /// Nobody knows whether it was taken. Never resent on its own.
    ///
    /// # Errors
    /// When the store refuses.
    pub fn unknown(&self, id: OutgoingId, reason: &str) -> Result<(), DeskError> {
        let reason = clean_line(reason);
        self.step(id, SYSTEM, |outgoing, _| {
            if outgoing.state != OutboxState::Sending {
                return None;
            }
            outgoing.state = OutboxState::Unknown;
            outgoing.reason = reason.clone();
            Some(Delivery::Unknown(reason))
        })
    }

    /// Its copy is filed where the channel keeps what was sent.
    ///
    /// # Errors
    /// When the store refuses.
    pub fn filed(&self, id: OutgoingId) -> Result<(), DeskError> {
        self.step(id, SYSTEM, |outgoing, _| {
            outgoing.to_file = false;
            None
        })
    }

    /// What a crash left in the middle of sending is unknown. Called once, before any worker starts.
    ///
    /// # Errors
    /// When the store refuses.
    pub fn recover_outbox(&self) -> Result<usize, DeskError> {
        self.recover(|_| true)
    }

    /// The same for one account, by its own worker while it hands nothing over: an outcome that could not be written
    /// down in time.
    ///
    /// # Errors
    /// When the store refuses.
    pub fn recover_account(&self, account: &str) -> Result<usize, DeskError> {
        self.recover(|outgoing| outgoing.account == account)
    }

    fn recover(&self, own: impl Fn(&Outgoing) -> bool) -> Result<usize, DeskError> {
        let undone = self.store.undone(LOOK)?;
        let torn: Vec<_> = undone
            .iter()
            .filter(|stored| stored.outgoing.state == OutboxState::Sending && own(&stored.outgoing))
            .collect();
        for stored in &torn {
            self.unknown(
                stored.outgoing.id,
                "the program ended while this was being handed over; look whether it arrived before sending it again",
            )?;
        }
        Ok(torn.len())
    }

    /// What the outbox says may be older than what was really sent (a backup was restored, the end of the journal is
    /// lost): nothing that waits there leaves on its own.
    ///
    /// # Errors
    /// When the store refuses.
    pub fn doubt_outbox(&self, reason: &str) -> Result<usize, DeskError> {
        let waiting = self.store.undone(LOOK)?;
        let waiting: Vec<_> = waiting.iter().filter(|stored| stored.outgoing.state.is_moving()).collect();
        for stored in &waiting {
            self.step(stored.outgoing.id, SYSTEM, |outgoing, _| {
                outgoing.state = OutboxState::Unknown;
                outgoing.reason = reason.to_owned();
                Some(Delivery::Unknown(reason.to_owned()))
            })?;
        }
        Ok(waiting.len())
    }

    /// The bytes that leave, or left; for filing a copy.
    ///
    /// # Errors
    /// When they are damaged or not made yet.
    pub fn original_of(&self, outgoing: &Outgoing) -> Result<Vec<u8>, DeskError> {
        let place = self.store.message(outgoing.message)?.and_then(|message| message.original());
        let place = place.ok_or_else(|| DeskError::NotFound("it has not left yet".to_owned()))?;
        Ok(self.store.content(place)?)
    }

    pub(super) fn cancel(&self, agent: &str, id: OutgoingId) -> Result<Acted, DeskError> {
        let refused = |state: OutboxState| match state {
            OutboxState::Sending => "it is being sent this moment".to_owned(),
            OutboxState::Sent => "it was sent already".to_owned(),
            _ => "it was taken back already".to_owned(),
        };
        self.decide(agent, id, |outgoing, _| match outgoing.state {
            OutboxState::Held | OutboxState::Queued => {
                outgoing.state = OutboxState::Cancelled;
                Ok((Delivery::Cancelled, "Taken back: it does not leave.".to_owned()))
            }
            OutboxState::Failed => {
                outgoing.state = OutboxState::Cancelled;
                Ok((Delivery::Cancelled, "Given up: it never left.".to_owned()))
            }
            OutboxState::Unknown => {
                outgoing.state = OutboxState::Cancelled;
                let said = "Given up. It may have arrived all the same; a copy among what was sent would show it.";
                Ok((Delivery::Cancelled, said.to_owned()))
            }
            state => Err(refused(state)),
        })
    }

    pub(super) fn retry(&self, agent: &str, id: OutgoingId) -> Result<Acted, DeskError> {
        self.decide(agent, id, |outgoing, now| match outgoing.state {
            OutboxState::Held | OutboxState::Queued | OutboxState::Failed | OutboxState::Unknown => {
                outgoing.state = OutboxState::Queued;
                outgoing.due = now;
                Ok((Delivery::Pending, "Sending it now.".to_owned()))
            }
            OutboxState::Sending => Err("it is being sent this moment".to_owned()),
            OutboxState::Sent => Err("it was sent already".to_owned()),
            OutboxState::Cancelled => Err("it was taken back; write it again".to_owned()),
        })
    }

    pub(super) fn mark_sent(&self, agent: &str, id: OutgoingId) -> Result<Acted, DeskError> {
        self.decide(agent, id, |outgoing, now| match outgoing.state {
            OutboxState::Unknown => {
                outgoing.state = OutboxState::Sent;
                outgoing.sent = Some(now);
                outgoing.receipt = "an agent says it arrived".to_owned();
                Ok((Delivery::Sent, "Kept as sent.".to_owned()))
            }
            state => Err(format!("only an unknown one can be marked as sent; this one is {}", state.word())),
        })
    }

    /// A step an agent decides.
    fn decide(
        &self,
        agent: &str,
        id: OutgoingId,
        change: impl FnOnce(&mut Outgoing, Timestamp) -> Result<(Delivery, String), String>,
    ) -> Result<Acted, DeskError> {
        let mut outcome = None;
        let mut customer = None;
        let found = self.store.outgoing(id)?.is_some();
        if !found {
            return Err(DeskError::NotFound(format!("there is no outgoing {id}")));
        }
        self.step(id, agent, |outgoing, now| {
            customer = Some(outgoing.customer);
            match change(outgoing, now) {
                Ok((delivery, said)) => {
                    outgoing.reason = String::new();
                    outcome = Some(Ok(said));
                    Some(delivery)
                }
                Err(why) => {
                    outcome = Some(Err(why));
                    None
                }
            }
        })?;
        match outcome {
            Some(Ok(said)) => {
                Ok(Acted { said, customer, outgoing: Some(id), undo: Vec::<Act>::new(), ..Acted::default() })
            }
            Some(Err(why)) => Err(DeskError::Refused(why)),
            None => Err(DeskError::NotFound(format!("there is no outgoing {id}"))),
        }
    }

    /// One step of an outgoing: the row, the delivery beside its message, and for trouble the customer's case, which
    /// comes back to the agent. `change` that changes nothing writes nothing.
    fn step(
        &self,
        id: OutgoingId,
        actor: &str,
        change: impl FnOnce(&mut Outgoing, Timestamp) -> Option<Delivery>,
    ) -> Result<(), DeskError> {
        let _writer = self.write();
        let Some(mut stored) = self.store.outgoing(id)? else { return Ok(()) };
        let now = self.now();
        let before = stored.outgoing.clone();
        let delivery = change(&mut stored.outgoing, now);
        if stored.outgoing == before {
            return Ok(());
        }
        stored.outgoing.changed = now;
        let mut transaction = self.store.begin();
        transaction.put_outgoing(&stored);
        let trouble = matches!(delivery, Some(Delivery::Failed(_) | Delivery::Unknown(_)));
        let mut event = self.outgoing_event(&stored.outgoing, actor, stored.outgoing.state.word());
        if let Some(delivery) = delivery
            && let Some(mut message) = self.store.message(stored.outgoing.message)?
        {
            if delivery == Delivery::Cancelled {
                uncount(&mut transaction, &message)?;
            }
            message.message.delivery = delivery;
            if message.message.remote_id.is_empty() && !stored.outgoing.remote_id.is_empty() {
                message.message.remote_id = stored.outgoing.remote_id.clone();
                transaction.put_remote(&message.message)?;
            }
            transaction.update_message(&message, None);
            event.messages = vec![message.message.id];
        }
        let whose = owner(&self.store.begin(), &stored.outgoing)?;
        event.customers = vec![whose];
        if let Some(mut customer) = self.store.customer(whose)? {
            let was = customer.clone();
            if trouble {
                customer.trouble = true;
                if let Some(case) = customer.case.as_mut() {
                    case.reopen(now);
                }
            } else if matches!(stored.outgoing.state, OutboxState::Sent | OutboxState::Cancelled) {
                customer.trouble = still_troubled(&self.store, customer.id, id)?;
            }
            if stored.outgoing.state == OutboxState::Cancelled {
                self.forget_cancelled(&mut customer, stored.outgoing.message)?;
            }
            if customer != was {
                transaction.put_customer(&customer)?;
            }
        }
        self.commit(transaction, event)
    }

    fn outgoing_event(&self, outgoing: &Outgoing, actor: &str, word: &str) -> Event {
        let mut event = Event::new(EventKind::Outgoing, self.now(), actor);
        event.customers = vec![outgoing.customer];
        event.outgoing = Some(outgoing.id);
        event.account = outgoing.account.clone();
        event.summary =
            if outgoing.reason.is_empty() { word.to_owned() } else { format!("{word}: {}", outgoing.reason) };
        event
    }
}

/// Its time has come. One that was written in the future (the clock was put back since) waits no longer than others.
fn is_due(outgoing: &Outgoing, now: Timestamp) -> bool {
    outgoing.due <= now || (outgoing.state == OutboxState::Held && outgoing.date > now)
}

/// Another message to this customer than `but` failed or is unknown.
pub(super) fn still_troubled(store: &Store, customer: CustomerId, but: OutgoingId) -> Result<bool, DeskError> {
    let reading = store.begin();
    for stored in store.undone(LOOK)? {
        if stored.outgoing.id != but
            && matches!(stored.outgoing.state, OutboxState::Failed | OutboxState::Unknown)
            && owner(&reading, &stored.outgoing)? == customer
        {
            return Ok(true);
        }
    }
    Ok(false)
}
