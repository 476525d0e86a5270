//! The use cases: everything that changes the store goes through here, one atomic commit each, and everything that
//! screens and commands read comes from here. All methods block; call them off the screen's task.

mod call;
mod case;
mod changes;
mod dead;
mod draft;
mod error;
mod facts;
mod files;
mod find;
mod fits;
mod graph;
mod ingest;
mod outbox;
mod profile;
mod pushed;
mod read;
mod recipients;
mod roster;
mod scores;
mod send;
mod takeback;
#[cfg(test)]
mod tests;
mod triage;

pub use error::DeskError;
pub use facts::{CRM, CustomerRow, FactsReport, OrderRow, OrdersSeen, RatingRow, Whose};
pub use find::Found;
pub use ingest::IngestReport;
pub use pushed::{PUSHED_FOLDER, Understood};
pub use roster::Roster;
pub use scores::{FitProgress, FitReport, Marks, News, Round, Sliced};

use crate::connector::Connector;
use crate::model::{Act, Acted, Event, Timestamp};
use crate::store::{Store, Transaction};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::{broadcast, watch};

/// How many events a slow listener may lag behind before it is told to ask again.
const FEED: usize = 1024;

/// The name workers act under.
pub const SYSTEM: &str = "switchboard";

/// What the time is. Tests bring their own.
pub type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// The shared core that every screen, command line and worker uses.
pub struct Desk {
    store: Store,
    roster: watch::Sender<Arc<Roster>>,
    clock: Clock,
    /// Use cases read, decide and write: one at a time.
    writer: Mutex<()>,
    feed: broadcast::Sender<Arc<Event>>,
    scoring: scores::Scoring,
}

/// The clock of the machine.
pub fn system_clock() -> Clock {
    Arc::new(|| Timestamp::from(jiff::Timestamp::now()))
}

impl Desk {
    /// A desk over a store, with the connectors of the configured accounts.
    pub fn new(store: Store, connectors: Vec<Arc<dyn Connector>>, clock: Clock) -> Desk {
        let desk = Desk {
            store,
            roster: watch::Sender::default(),
            clock,
            writer: Mutex::new(()),
            feed: broadcast::channel(FEED).0,
            scoring: scores::Scoring::default(),
        };
        desk.set_connectors(connectors);
        desk
    }

    /// The tables below, to read.
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// The time now.
    pub fn now(&self) -> Timestamp {
        (self.clock)()
    }

    /// Everything that happens from now on. A listener that lags is told so and asks again for what it shows.
    pub fn listen(&self) -> broadcast::Receiver<Arc<Event>> {
        self.feed.subscribe()
    }

    /// Does what an agent asks.
    ///
    /// # Errors
    /// [`DeskError`], with nothing changed.
    pub fn act(&self, agent: &str, act: Act) -> Result<Acted, DeskError> {
        match act {
            Act::Send(compose) => self.send(agent, *compose),
            Act::LogCall(call) => self.log_call(agent, *call),
            Act::Resolve(customer) => self.resolve(agent, customer),
            Act::Reopen(customer) => self.reopen(agent, customer),
            Act::Wait(customer) => self.wait(agent, customer),
            Act::Snooze(customer, snooze) => self.snooze(agent, customer, snooze),
            Act::Assign(customer, owner) => self.assign(agent, customer, owner),
            Act::Prioritise(customer, priority) => self.prioritise(agent, customer, priority),
            Act::RestoreCase { customer, case, left } => self.restore_case(agent, customer, *case, &left),
            Act::TakeBack(taken) => self.take_back(agent, *taken),
            Act::Tag { customer, add, remove } => self.tag(agent, customer, &add, &remove),
            Act::RestoreTags(customer, tags) => self.restore_tags(agent, customer, tags),
            Act::Edit(customer, edit) => self.edit(agent, customer, edit),
            Act::MarkRead(customer) => self.mark_read(agent, customer),
            Act::MarkUnread(customer) => self.mark_unread(agent, customer),
            Act::CancelOutgoing(outgoing) => self.cancel(agent, outgoing),
            Act::RetryOutgoing(outgoing) => self.retry(agent, outgoing),
            Act::MarkSent(outgoing) => self.mark_sent(agent, outgoing),
            Act::SaveDraft(draft) => self.save_draft(agent, *draft),
            Act::DiscardDraft(draft) => self.discard_draft(agent, draft),
            Act::DiscardDead(dead) => self.discard_dead(agent, dead),
            Act::Merge { stays, other, reason } => self.merge(agent, stays, other, &reason),
            Act::Split { customer, identities, reason } => self.split(agent, customer, &identities, &reason),
            Act::MoveIdentity { identity, customer, reason } => self.move_identity(agent, identity, customer, &reason),
            Act::Accept(identity) => self.accept(agent, identity),
            Act::Unmerge(act) => self.unmerge(agent, act),
            Act::AcceptSuggestion(suggestion, stays) => self.accept_suggestion(agent, suggestion, stays),
            Act::NeverSuggest(suggestion) => self.never_suggest(agent, suggestion),
            Act::RestoreSuggestions(suggestions) => self.restore_suggestions(agent, &suggestions),
            Act::CorrectSentiment { message, label } => self.correct_sentiment(agent, message, label),
            Act::RestoreCorrection(message, correction) => self.put_correction(agent, message, correction),
        }
    }

    /// The one who may write. A use case that panicked has written nothing, so its lock is taken over.
    fn write(&self) -> MutexGuard<'_, ()> {
        self.writer.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Commits, then tells the feed. Nothing is told that is not durable.
    fn commit(&self, transaction: Transaction<'_>, event: Event) -> Result<(), DeskError> {
        transaction.commit(&event)?;
        // An error only says that nobody listens.
        let _ = self.feed.send(Arc::new(event));
        Ok(())
    }
}
