//! What happened to messages after they were filed: recorded beside them, shown with them.

use super::ingest::Filing;
use super::{Desk, DeskError};
use crate::connector::Changed;
use crate::model::{Change, ChangeKind, ChangeView, Delivery, Direction, Message, Party, clean_block, clean_line};

/// How many changes of one message are shown; a popular comment has many reactions.
const SHOWN: usize = 500;
/// What lists show of a message that was deleted where it was written.
const DELETED: &str = "(deleted)";
/// Characters of a reaction's symbol.
const SYMBOL: usize = 40;

impl Filing<'_> {
    /// Records one change. It opens no case; what it says of a message of ours becomes that message's delivery.
    pub(super) fn change(&mut self, changed: Changed) -> Result<(), DeskError> {
        let kind = match changed.kind {
            ChangeKind::Edited { preview } => ChangeKind::Edited { preview: clean_line(&preview) },
            ChangeKind::Reaction { symbol, added } => {
                ChangeKind::Reaction { symbol: clean_line(&symbol).chars().take(SYMBOL).collect(), added }
            }
            ChangeKind::Failed { reason } => ChangeKind::Failed { reason: clean_line(&reason) },
            other => other,
        };
        let clean = |party: Party| Party { address: clean_line(&party.address), name: clean_line(&party.name) };
        let change = Change { kind, at: changed.at, by: changed.by.map(clean) };
        let account = self.account().to_owned();
        let text = clean_block(&changed.text);
        let filed = self.transaction().file_change(&account, &changed.remote_id, &changed.key, &change, text)?;
        if !filed {
            self.count_duplicate();
            return Ok(());
        }
        self.count_changed();
        let Some(id) = self.transaction().message_by_remote(&account, &changed.remote_id)? else { return Ok(()) };
        let Some(mut stored) = self.transaction().message(id)? else { return Ok(()) };
        self.tell(id);
        let preview = match change.kind {
            ChangeKind::Deleted => Some(DELETED.to_owned()),
            // One that was edited after it was deleted stays deleted.
            ChangeKind::Edited { .. } if stored.message.preview == DELETED => None,
            ChangeKind::Edited { .. } => self.preview_by_changes(&changed.remote_id)?,
            _ => None,
        };
        if let Some(preview) = preview {
            self.retell(&mut stored, preview)?;
        }
        let ours = stored.message.direction == Direction::Outbound;
        if let (true, ChangeKind::Failed { reason }) = (ours, change.kind) {
            stored.message.delivery = Delivery::Failed(reason);
            self.transaction().update_message(&stored, None);
            self.trouble(&stored)?;
        } else if let Some(identity) = stored.message.identity {
            self.notice(identity)?;
        }
        Ok(())
    }

    /// What lists show of a message instead of its first words, after what happened to it; `None` where these stay. The text
    /// itself stays as it came.
    pub(super) fn preview_by_changes(&mut self, remote_id: &str) -> Result<Option<String>, DeskError> {
        let account = self.account().to_owned();
        let changes = self.transaction().changes(&account, remote_id, SHOWN)?;
        let mut shown = None;
        for change in changes {
            match change.kind {
                ChangeKind::Edited { preview } if !preview.is_empty() => shown = Some(preview),
                ChangeKind::Deleted => return Ok(Some(DELETED.to_owned())),
                _ => {}
            }
        }
        Ok(shown)
    }
}

impl Desk {
    /// What happened to a message, oldest first.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn changes(&self, message: &Message) -> Result<Vec<ChangeView>, DeskError> {
        let stored = self.store.changes(&message.account, &message.remote_id, SHOWN)?;
        let view = |stored: crate::store::StoredChange| {
            let text = stored.text.map(|place| match self.store.content(place) {
                Ok(bytes) => String::from_utf8(bytes).map_err(|_| "this text is damaged".to_owned()),
                Err(error) => Err(error.to_string()),
            });
            ChangeView { change: stored.change, text }
        };
        Ok(stored.into_iter().map(view).collect())
    }
}
