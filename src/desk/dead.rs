//! Dead letters: looked at, tried again, taken off the list.

use super::{Desk, DeskError, IngestReport, PUSHED_FOLDER};
use crate::connector::Item;
use crate::model::{Acted, DeadId, Event, EventKind};
use crate::store::StoredDead;

impl Desk {
    /// A dead letter's original, byte for byte.
    ///
    /// # Errors
    /// [`DeskError::NotFound`], or when the content is damaged.
    pub fn dead_original(&self, id: DeadId) -> Result<(StoredDead, Vec<u8>), DeskError> {
        let stored = self.store.dead_letter(id)?;
        let stored = stored.ok_or_else(|| DeskError::NotFound(format!("there is no dead letter {id}")))?;
        let original = match stored.original {
            Some(place) => self.store.content(place)?,
            None => Vec::new(),
        };
        Ok((stored, original))
    }

    /// Tries to understand a dead letter again: with a newer program it may work. Filing the message and taking the
    /// letter off the list is one commit.
    ///
    /// # Errors
    /// [`DeskError::NotFound`], or when the store refuses.
    pub fn retry_dead(&self, agent: &str, id: DeadId) -> Result<IngestReport, DeskError> {
        let (mut stored, original) = self.dead_original(id)?;
        if stored.dead.partial {
            return Err(DeskError::Refused(
                "only its head is here; have it made smaller, or look at it with another mail program".to_owned(),
            ));
        }
        let connector = self.connector(&stored.dead.account).ok_or_else(|| {
            DeskError::Refused(format!("its account \"{}\" is not configured any more", stored.dead.account))
        })?;
        let items = match connector.hook().filter(|_| stored.dead.folder == PUSHED_FOLDER) {
            Some(hook) => hook.understand(&original, stored.dead.received),
            None => vec![connector.parse(original, &stored.dead.folder, stored.dead.received)],
        };
        let _writer = self.write();
        let mut filing = self.filing(&stored.dead.account);
        let mut report = None;
        for item in items {
            match item {
                Item::Message(_) | Item::Change(_) => filing.item(item)?,
                Item::Unreadable(unreadable) => {
                    stored.dead.reason = crate::model::clean_line(&unreadable.reason);
                    report = Some(IngestReport { dead: 1, ..IngestReport::default() });
                }
            }
        }
        if report.is_some() {
            stored.dead.tries += 1;
            filing.transaction().put_dead(&stored);
        } else {
            filing.transaction().delete_dead(id);
        }
        let (transaction, mut event, filed) = filing.finish()?;
        event.actor = agent.to_owned();
        event.dead.push(id);
        event.summary = format!("dead letter tried again: {}", if report.is_some() { "still dead" } else { "filed" });
        self.commit(transaction, event)?;
        Ok(report.unwrap_or(filed))
    }

    pub(super) fn discard_dead(&self, agent: &str, id: DeadId) -> Result<Acted, DeskError> {
        let _writer = self.write();
        if self.store.dead_letter(id)?.is_none() {
            return Err(DeskError::NotFound(format!("there is no dead letter {id}")));
        }
        let mut transaction = self.store.begin();
        transaction.delete_dead(id);
        let mut event = Event::new(EventKind::Dead, self.now(), agent);
        event.dead = vec![id];
        event.summary = "dead letter removed from the list".to_owned();
        self.commit(transaction, event)?;
        Ok(Acted { said: "Removed from the list.".to_owned(), ..Acted::default() })
    }
}
