//! Whether an answer fits where it goes: its way, its length, the window. Refused while the agent is looking, with the
//! reason and the way out, instead of by the platform later.

use super::{Desk, DeskError};
use crate::model::{
    AccountFacts, Compose, Delivery, Direction, MessageId, ReplyKind, ThreadId, Timestamp, Way, WindowLeft,
};
use crate::store::StoredMessage;

/// How far back a conversation is looked through for the last message of theirs and the answers since.
const LOOK_BACK: usize = 500;

impl Desk {
    /// The way the answer goes.
    pub(super) fn fits(
        &self,
        compose: &Compose,
        parent: Option<&StoredMessage>,
        account: &AccountFacts,
        text: &str,
        now: Timestamp,
    ) -> Result<Way, DeskError> {
        let abilities = &account.abilities;
        let name = &account.name;
        let refused = |why: String| Err(DeskError::Refused(why));
        let answers = matches!(compose.kind, ReplyKind::Reply | ReplyKind::ReplyAll);
        let from_here = parent.is_some_and(|parent| parent.message.account == *name);
        if !(abilities.first_contact || (answers && from_here)) {
            return refused(format!(
                "the account \"{name}\" only answers those who wrote to it; answer a message of theirs"
            ));
        }
        let was = parent.filter(|_| answers).map_or(Way::Direct, |parent| parent.message.way);
        let ways = if was == Way::Public { &abilities.public } else { &abilities.direct };
        let way = match (compose.way, ways.first()) {
            (Some(asked), Some(_)) if ways.contains(&asked) => asked,
            (None, Some(usual)) => *usual,
            (Some(asked), Some(_)) => {
                return refused(format!(
                    "the account \"{name}\" cannot answer this one with a {} message",
                    asked.word()
                ));
            }
            (_, None) => return refused(format!("the account \"{name}\" cannot answer {} messages", was.word())),
        };
        if let Some(why) = abilities.too_long(text) {
            return refused(format!("{why}; make it shorter, or send it in two"));
        }
        if !compose.attachments.is_empty() && abilities.attachments.is_none() {
            return refused(format!(
                "the account \"{name}\" sends text alone; leave the files out, or write by another way"
            ));
        }
        // What everybody can read has no window: it hangs on the post, not on the conversation.
        if answers
            && way == Way::Direct
            && let Some(parent) = parent
        {
            self.window(parent.message.thread, Some(parent), account, now)?.map_err(DeskError::Refused)?;
        }
        Ok(way)
    }

    /// What is left of the window in a conversation: from the last message of theirs that came through this account, and
    /// the answers since.
    ///
    /// # Errors
    /// Outside: the store cannot be read. Inside: the window is closed, and why.
    pub(super) fn window(
        &self,
        thread: ThreadId,
        parent: Option<&StoredMessage>,
        account: &AccountFacts,
        now: Timestamp,
    ) -> Result<Result<Option<WindowLeft>, String>, DeskError> {
        if account.abilities.window.is_none() {
            return Ok(Ok(None));
        }
        let Some(identity) = parent.and_then(|parent| parent.message.identity) else { return Ok(Ok(None)) };
        let thread = self.store.thread(thread)?;
        let recent = self.store.timeline(&[identity.0], None, LOOK_BACK)?.rows;
        let mut given = 0;
        for stored in &recent {
            let message = &stored.message;
            if message.account != account.name || self.store.thread(message.thread)? != thread {
                continue;
            }
            match message.direction {
                Direction::Inbound => return Ok(account.abilities.window_left(message.received, given, now)),
                Direction::Outbound if message.way == Way::Public => {}
                Direction::Outbound if !matches!(message.delivery, Delivery::Cancelled | Delivery::Failed(_)) => {
                    given += 1
                }
                _ => {}
            }
        }
        Ok(Err("nothing of theirs is recent enough to be answered here; write by another channel".to_owned()))
    }

    /// What is left of the window for an answer to this message, for the screen.
    ///
    /// # Errors
    /// Outside: the store cannot be read. Inside: the window is closed, and why.
    pub fn window_of(&self, id: MessageId) -> Result<Result<Option<WindowLeft>, String>, DeskError> {
        let Some(parent) = self.store.message(id)? else { return Ok(Ok(None)) };
        let Some(account) = self.account(&parent.message.account) else { return Ok(Ok(None)) };
        self.window(parent.message.thread, Some(&parent), &account, self.now())
    }

    /// Keeps what an account has spent. Nothing is written when nothing changed.
    ///
    /// # Errors
    /// When the store refuses.
    pub fn keep_ledger(&self, account: &str, ledger: &[u8]) -> Result<(), DeskError> {
        let _writer = self.write();
        if self.store.ledger(account)? == ledger {
            return Ok(());
        }
        let mut transaction = self.store.begin();
        transaction.put_ledger(account, ledger);
        let mut event = crate::model::Event::new(crate::model::EventKind::Ingested, self.now(), super::SYSTEM);
        event.account = account.to_owned();
        event.summary = "spent".to_owned();
        self.commit(transaction, event)
    }
}
