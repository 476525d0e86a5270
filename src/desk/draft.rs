//! Drafts: kept as they are typed.

use super::{Desk, DeskError};
use crate::model::{Acted, Draft, DraftId, Event, EventKind};

const MAX_DRAFT: usize = 1024 * 1024;

impl Desk {
    pub(super) fn save_draft(&self, agent: &str, draft: Draft) -> Result<Acted, DeskError> {
        if draft.compose.text.len() > MAX_DRAFT {
            return Err(DeskError::Refused("the draft is longer than 1 MB; send it as a file".to_owned()));
        }
        let _writer = self.write();
        let now = self.now();
        let draft = Draft { agent: agent.to_owned(), saved: now, ..draft };
        let mut transaction = self.store.begin();
        transaction.put_draft(&draft);
        let mut event = Event::new(EventKind::Draft, now, agent);
        event.draft = Some(draft.id);
        event.customers = draft.customer.into_iter().collect();
        event.summary = "draft saved".to_owned();
        self.commit(transaction, event)?;
        Ok(Acted { customer: draft.customer, ..Acted::default() })
    }

    pub(super) fn discard_draft(&self, agent: &str, id: DraftId) -> Result<Acted, DeskError> {
        let _writer = self.write();
        let Some(draft) = self.store.draft(id)? else { return Ok(Acted::default()) };
        let mut transaction = self.store.begin();
        transaction.delete_draft(id);
        let mut event = Event::new(EventKind::Draft, self.now(), agent);
        event.draft = Some(id);
        event.customers = draft.customer.into_iter().collect();
        event.summary = "draft discarded".to_owned();
        self.commit(transaction, event)?;
        Ok(Acted {
            said: "Draft discarded.".to_owned(),
            undo: vec![crate::model::Act::SaveDraft(Box::new(draft.clone()))],
            customer: draft.customer,
            ..Acted::default()
        })
    }
}
