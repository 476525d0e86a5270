//! Where a source is in each folder: enough to go on exactly, in the middle of a first sync too.

use super::commands::FolderState;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// UIDs from `from` up to but without `to` that were not taken yet; they are taken from the top down.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Span {
    /// First UID.
    pub(super) from: u32,
    /// The UID after the last.
    pub(super) to: u32,
    /// Nothing of it was taken yet: goes before all old mail.
    #[serde(default)]
    pub(super) fresh: bool,
    /// Messages in it, as last counted.
    #[serde(default)]
    pub(super) left: u64,
}

/// One folder.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct FolderCursor {
    /// The UIDVALIDITY all UIDs here belong to.
    pub(super) validity: u32,
    /// Every UID below was taken, or is in `todo`.
    pub(super) next: u32,
    /// What is still to be taken, the newest last.
    #[serde(default)]
    pub(super) todo: Vec<Span>,
    /// HIGHESTMODSEQ when last looked at.
    #[serde(default)]
    pub(super) modseq: Option<u64>,
    /// Messages taken in this walk.
    #[serde(default)]
    pub(super) done: u64,
}

/// All folders by name.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Cursor {
    /// By the folder's name.
    pub(super) folders: BTreeMap<String, FolderCursor>,
}

impl Cursor {
    /// Reads a cursor. One that is not ours begins anew, which files nothing twice (messages are told apart by content).
    pub(super) fn read(bytes: &[u8]) -> Cursor {
        if bytes.is_empty() {
            return Cursor::default();
        }
        serde_json::from_slice(bytes).unwrap_or_else(|error| {
            tracing::warn!(%error, "the place in the mailbox was not readable; looking at all mail again");
            Cursor::default()
        })
    }

    /// The stored form.
    pub(super) fn write(&self) -> Vec<u8> {
        // Plain numbers and names: this cannot fail, and an empty cursor would only begin anew.
        serde_json::to_vec(self).unwrap_or_default()
    }
}

impl FolderCursor {
    /// True when the folder may hold something not taken, as far as its state tells.
    pub(super) fn is_behind(&self, state: &FolderState) -> bool {
        if !self.todo.is_empty() || self.validity != state.validity {
            return true;
        }
        match (state.next, state.modseq) {
            (Some(next), _) => next != self.next,
            // No UIDNEXT: an unchanged HIGHESTMODSEQ says that nothing happened.
            (None, Some(_)) => state.modseq != self.modseq,
            (None, None) => true,
        }
    }

    /// Takes note of the folder's state; `next` is its UIDNEXT.
    pub(super) fn look(&mut self, state: &FolderState, next: u32) {
        if self.validity != state.validity {
            *self = FolderCursor { validity: state.validity, next: 1, ..FolderCursor::default() };
        }
        // A server that went back in time (restored from a backup, or one of several that lags) will give these UIDs
        // again. Some messages may then come twice, which is noticed; none is missed.
        self.next = self.next.min(next).max(1);
        self.modseq = state.modseq;
        if next > self.next {
            let from = self.next;
            // UIDs are rarer than numbers, and there cannot be more messages than the folder has.
            let left = u64::from(next - from).min(u64::from(state.messages));
            let new = Span { from, to: next, fresh: true, left };
            if self.todo.is_empty() {
                self.done = 0;
            }
            self.todo.push(new);
            self.next = next;
        }
    }

    /// Marks everything of the newest span from `uid` up as taken, with `left` messages below; with `None` the whole span.
    pub(super) fn take(&mut self, uid: Option<u32>, left: u64) {
        let Some(span) = self.todo.last_mut() else { return };
        match uid {
            Some(uid) if uid > span.from => {
                span.to = span.to.min(uid);
                span.fresh = false;
                span.left = left;
            }
            _ => {
                self.todo.pop();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn state(validity: u32, next: u32) -> FolderState {
        FolderState { validity, next: Some(next), messages: next - 1, modseq: None }
    }

    #[test]
    fn new_mail_during_a_back_fill_is_taken_first_and_nothing_is_forgotten() {
        let mut folder = FolderCursor::default();
        folder.look(&state(7, 101), 101);
        folder.take(Some(51), 50);
        folder.look(&state(7, 111), 111);
        assert_eq!(
            folder.todo,
            [Span { from: 1, to: 51, fresh: false, left: 50 }, Span { from: 101, to: 111, fresh: true, left: 10 }]
        );
        folder.take(Some(101), 0);
        folder.take(Some(1), 0);
        assert!(folder.todo.is_empty() && folder.next == 111);
        assert!(!folder.is_behind(&state(7, 111)));
        assert!(folder.is_behind(&state(7, 112)));
    }

    #[test]
    fn uids_that_start_anew_are_all_looked_at() {
        let mut folder = FolderCursor::default();
        folder.look(&state(7, 101), 101);
        folder.take(None, 0);
        assert!(folder.is_behind(&state(8, 101)));
        folder.look(&state(8, 31), 31);
        assert_eq!((folder.validity, folder.todo.clone()), (8, vec![Span { from: 1, to: 31, fresh: true, left: 30 }]));
        folder.take(None, 0);
    }

    #[test]
    fn a_server_that_went_back_in_time_makes_nothing_be_missed() {
        let mut folder = FolderCursor::default();
        folder.look(&state(8, 31), 31);
        folder.take(None, 0);
        assert!(folder.is_behind(&state(8, 11)));
        folder.look(&state(8, 11), 11);
        assert!(folder.todo.is_empty(), "what is there was taken before");
        folder.look(&state(8, 13), 13);
        assert_eq!(folder.todo, [Span { from: 11, to: 13, fresh: true, left: 2 }]);
    }

    #[test]
    fn a_cursor_reads_back_as_written_and_rubbish_begins_anew() {
        let mut cursor = Cursor::default();
        let mut folder = FolderCursor::default();
        folder.look(&state(7, 101), 101);
        folder.take(Some(51), 50);
        cursor.folders.insert("INBOX".to_owned(), folder);
        assert_eq!(Cursor::read(&cursor.write()), cursor);
        assert_eq!(Cursor::read(b"\xff{"), Cursor::default());
    }
}
