//! Why a score or a message is as it is: what is shown, and where it leads.

use super::Screen;
use super::layout::Pane;
use super::sheet::Content;
use crate::keymap::Context;
use crate::model::{CustomerId, MessageId, ScoreKind};

/// What is explained.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Subject {
    /// A score.
    Score(ScoreKind),
    /// What a message sounds like.
    Message(MessageId),
}

/// An explanation, of something of this customer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Why {
    /// Whose.
    pub customer: CustomerId,
    /// Of what.
    pub subject: Subject,
    /// The cursor stands on the first line that leads somewhere, once there is one.
    aimed: bool,
}

impl Why {
    /// The message that is explained.
    pub(super) fn message(&self) -> Option<MessageId> {
        match self.subject {
            Subject::Message(id) => Some(id),
            Subject::Score(_) => None,
        }
    }
}

impl Screen {
    /// Explains the score under the cursor, or the message.
    pub(super) fn explain(&mut self, context: Context) {
        if !self.sheets.is_empty() {
            return self.say("go back to a customer first: there are their scores and messages");
        }
        if context != Context::Timeline
            && let Some((kind, name)) = self.segment()
        {
            return self.show_segments_at(kind, Some(name));
        }
        let subject = match context {
            Context::Timeline => match self.open.as_ref().and_then(|open| open.entry()) {
                Some(entry) => Subject::Message(entry.message.id),
                None => return self.say("no message is selected"),
            },
            _ => Subject::Score(self.chosen_score()),
        };
        let Some(customer) = self.target() else { return self.complain("choose a customer first") };
        // In a list that stands alone the customer is not open yet; to be looked at is not to be read.
        self.open_customer(customer, false);
        self.open_sheet(Content::Why(Why { customer, subject, aimed: false }));
        self.aim_why();
    }

    /// Puts the cursor on the first line that leads somewhere.
    pub(super) fn aim_why(&mut self) {
        let columns = usize::from(self.size.0).saturating_sub(2);
        let Some(Content::Why(why)) = self.sheets.last().map(|sheet| &sheet.content) else { return };
        if why.aimed || why.message().is_some() {
            return;
        }
        let lines = super::view::why_lines(self, why, columns);
        let Some(first) = lines.iter().position(|(_, message)| message.is_some()) else { return };
        if let Some(sheet) = self.sheets.last_mut()
            && let Content::Why(why) = &mut sheet.content
        {
            why.aimed = true;
            sheet.selected = first;
        }
    }

    /// The message of the line under the cursor, or the one that is explained.
    pub(super) fn message_of_why(&self) -> Option<MessageId> {
        let sheet = self.sheets.last()?;
        let Content::Why(why) = &sheet.content else { return None };
        let columns = usize::from(self.size.0).saturating_sub(2);
        why.message().or_else(|| super::view::why_lines(self, why, columns).get(sheet.selected)?.1)
    }

    /// Enter: goes to the message.
    pub(super) fn open_in_why(&mut self) {
        match self.message_of_why() {
            Some(message) => self.jump(message),
            None => self.say("this line leads to no message"),
        }
    }

    /// Goes to a message of the open customer.
    fn jump(&mut self, message: MessageId) {
        if self.composer.is_some() {
            return self.complain("finish what you are writing first, or keep it as a draft");
        }
        self.sheets.clear();
        self.focus = Pane::Timeline;
        self.touch();
        let Some(open) = &mut self.open else { return };
        open.reading = true;
        if !open.seek(message) && open.loaded {
            self.complain("that message is further back than is looked through here");
        }
    }
}
