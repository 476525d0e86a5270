//! Whether an answer fits where it goes: its way, its length, the window. Refused while the agent is looking, with the
//! reason and the way out, instead of by the platform later.

use super::{Desk, DeskError};
use crate::model::{
    AccountFacts, Compose, Delivery, Direction, Message, MessageId, Opens, ReplyKind, Terms, Timestamp, Way, WindowLeft,
};
use crate::store::StoredMessage;
use std::collections::BTreeMap;

/// How far back a conversation is looked through for the last message of theirs and the answers since.
const LOOK_BACK: usize = 500;

/// A window that is open.
struct Open {
    /// When that was written which keeps it open.
    since: Timestamp,
    left: WindowLeft,
}

impl Desk {
    /// The way the answer goes, and when that was written which keeps its window open, where there is one.
    pub(super) fn fits(
        &self,
        compose: &Compose,
        parent: Option<&StoredMessage>,
        account: &AccountFacts,
        text: &str,
        now: Timestamp,
    ) -> Result<(Way, Option<Timestamp>), DeskError> {
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
        let none = BTreeMap::new();
        let context = parent.filter(|_| answers).map_or(&none, |parent| &parent.message.context);
        let terms = abilities.terms(was, way, context);
        if let Some(why) = terms.too_long(text) {
            return refused(format!("{why}; make it shorter, or send it in two"));
        }
        if !compose.attachments.is_empty() && abilities.attachments.is_none() {
            return refused(format!(
                "the account \"{name}\" sends text alone; leave the files out, or write by another way"
            ));
        }
        if answers && let Some(parent) = parent {
            let open = self.window(parent, account, way, &terms, now)?.map_err(DeskError::Refused)?;
            return Ok((way, open.map(|open| open.since)));
        }
        Ok((way, None))
    }

    /// What is left of the window in the conversation of `parent` for an answer that goes `way`: from the last message of
    /// theirs that came through this account, and the answers that went that way since. What a platform tells by itself
    /// (that they follow us, that they opened a menu) opens what its connector says, by itself nothing, and takes nothing
    /// away from what a message before it opened.
    ///
    /// What everybody can read opens a window by itself: from that message, and the answers that were given to it alone.
    ///
    /// # Errors
    /// Outside: the store cannot be read. Inside: the window is closed, and why.
    fn window(
        &self,
        parent: &StoredMessage,
        account: &AccountFacts,
        way: Way,
        terms: &Terms,
        now: Timestamp,
    ) -> Result<Result<Option<Open>, String>, DeskError> {
        if terms.window.is_none() {
            return Ok(Ok(None));
        }
        let Some(identity) = parent.message.identity else { return Ok(Ok(None)) };
        let thread = self.store.thread(parent.message.thread)?;
        let recent = self.store.timeline(&[identity.0], None, LOOK_BACK)?.rows;
        let mut given = 0;
        let counts = |message: &Message| {
            message.direction == Direction::Outbound
                && message.way == way
                && !matches!(message.delivery, Delivery::Cancelled | Delivery::Failed(_))
        };
        let asked = &parent.message;
        if asked.way == Way::Public && asked.direction == Direction::Inbound {
            let here = recent.iter().map(|stored| &stored.message).filter(|message| message.account == account.name);
            let answers = here.filter(|message| counts(message) && message.references.last() == Some(&asked.remote_id));
            let given = u32::try_from(answers.count()).unwrap_or(u32::MAX);
            let opens = Opens::read(&asked.context).or(asked.automated.map(|_| Opens::Nothing));
            let since = asked.at.min(asked.received);
            let left = terms.window_left(since, opens, given, now);
            return Ok(left.map(|left| left.map(|left| Open { since, left })));
        }
        let (mut closed, mut nothing) = (None, None);
        for stored in &recent {
            let message = &stored.message;
            if message.account != account.name || self.store.thread(message.thread)? != thread {
                continue;
            }
            match message.direction {
                Direction::Inbound => {
                    let told = message.automated.map(|_| Opens::Nothing);
                    let opens = Opens::read(&message.context).or(told);
                    // What waited at the platform while we were away is as old as the platform says.
                    let since = message.at.min(message.received);
                    match (terms.window_left(since, opens, given, now), opens) {
                        (Err(why), Some(Opens::Nothing)) => nothing = nothing.or(Some(why)),
                        (Err(why), Some(Opens::Only(..))) => closed = closed.or(Some(why)),
                        // The visit was the last that could be answered: it says best why not any more.
                        (Err(why), None) => return Ok(Err(closed.unwrap_or(why))),
                        (left, _) => return Ok(left.map(|left| left.map(|left| Open { since, left }))),
                    }
                }
                _ if counts(message) => given += 1,
                _ => {}
            }
        }
        let old = "nothing of theirs is recent enough to be answered here; write by another channel";
        Ok(Err(closed.or(nothing).unwrap_or_else(|| old.to_owned())))
    }

    /// What is left of the window for an answer to this message that goes `way`, for the screen.
    ///
    /// # Errors
    /// Outside: the store cannot be read. Inside: the window is closed, and why.
    pub fn window_of(&self, id: MessageId, way: Way) -> Result<Result<Option<WindowLeft>, String>, DeskError> {
        let Some(parent) = self.store.message(id)? else { return Ok(Ok(None)) };
        let Some(account) = self.account(&parent.message.account) else { return Ok(Ok(None)) };
        let terms = account.abilities.terms(parent.message.way, way, &parent.message.context);
        let open = self.window(&parent, &account, way, &terms, self.now())?;
        Ok(open.map(|open| open.map(|open| open.left)))
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
