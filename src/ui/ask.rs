//! What the screen asks for so that it can show it. One question of a kind is out at a time, however much changes and
//! however long a key is held: an answer nobody waits for any more leads to the next question.

use super::layout::Pane;
use super::screen::Then;
use super::sheet::Sheet;
use super::timeline::Open;
use super::{Load, Screen};
use crate::model::{Act, CustomerId, InboxFilter, InboxView};

impl Screen {
    /// Shows other cases.
    pub(super) fn show_inbox(&mut self, view: InboxView, filter: InboxFilter) {
        self.aside.clear();
        if let Some(load) = self.inbox.show(view, filter) {
            self.load(load);
        }
        self.touch();
    }

    /// Asks for the numbers of the status line.
    pub(super) fn ask_counts(&mut self) {
        if std::mem::replace(&mut self.counts_asked, true) {
            self.counts_again = true;
        } else {
            self.load(Load::Counts);
        }
    }

    /// Asks for the open customer's messages and profile, once the question that is out is answered.
    pub(super) fn ask_open(&mut self) {
        let Some(open) = &self.open else { return };
        let (id, latest) = (open.id, open.latest());
        if self.timeline_asked.is_some() {
            self.timeline_again = true;
        } else {
            self.timeline_asked = Some(id);
            self.load(latest);
        }
        self.ask_profile();
        self.ask_scores();
    }

    /// Asks for the open customer's profile.
    pub(super) fn ask_profile(&mut self) {
        let Some(id) = self.open.as_ref().map(|open| open.id) else { return };
        if self.profile_asked.is_none() {
            self.profile_asked = Some(id);
            self.load(Load::Customer(id));
        }
    }

    /// Shows a customer. `reading`: the agent looks at it, so it counts as read.
    pub(super) fn open_customer(&mut self, id: CustomerId, reading: bool) {
        self.touch();
        if let Some(open) = self.open.as_mut().filter(|open| open.id == id) {
            open.reading |= reading;
            return;
        }
        self.reply_wanted = None;
        self.aside.clear();
        let mut open = Open::new(id, &self.keymap);
        open.reading = reading;
        self.open = Some(open);
        self.ask_open();
    }

    /// What the agent opened and sees counts as read; what is covered does not.
    pub(super) fn mark_read(&mut self) {
        let shown = self.layout().timeline.is_some() && !self.is_too_small();
        let seen = shown && self.focus != Pane::Inbox && self.sheets.is_empty();
        let Some(open) = self.open.as_ref().filter(|open| seen && open.loaded && open.reading) else { return };
        let id = open.id;
        let newest = open.entries.last().map(|entry| entry.message.id);
        if newest.is_some() && open.marked_read == newest {
            return;
        }
        let in_row = self.inbox.position(id).and_then(|at| self.inbox.rows.get(at)).map(|row| row.unread);
        let in_profile = open.profile.as_ref().map(|profile| profile.customer.unread);
        if in_row.is_some_and(|unread| unread > 0) || in_profile.is_some_and(|unread| unread > 0) {
            if let Some(open) = &mut self.open {
                open.marked_read = newest;
            }
            self.act(Act::MarkRead(id), Then::Quiet);
        }
    }

    /// The customer a command is about: the row under the cursor, or the one that is open.
    pub(super) fn target(&self) -> Option<CustomerId> {
        match self.focus {
            Pane::Inbox => self.inbox.row().map(|row| row.customer),
            Pane::Timeline | Pane::Profile | Pane::Scores => self.open.as_ref().map(|open| open.id),
        }
    }

    /// Asks for what lies beyond an edge that is near.
    pub(super) fn ask_more(&mut self) {
        if let Some(load) = self.inbox.near_edge() {
            self.load(load);
        }
        if self.timeline_asked.is_none()
            && let Some(load) = self.open.as_ref().and_then(Open::near_edge)
        {
            self.timeline_asked = self.open.as_ref().map(|open| open.id);
            self.load(load);
        }
        if let Some(load) = self.sheets.last_mut().and_then(Sheet::near_edge) {
            self.load(load);
        }
    }
}
