//! The lists that cover the panes: outbox, dead letters, automated mail, drafts, an original, the help.

use super::Load;
use super::people::Comparing;
use super::segments::Segments;
use super::text::wrap;
use super::why::Why;
use crate::keymap::Context;
use crate::model::{CustomerId, DeadId, DeadLetter, DraftView, HistoryLine, Message, MessageId, OutboxRow, Page};

/// Automatic messages held at most.
const HELD: usize = 500;

/// What a sheet shows.
#[derive(Debug)]
pub(super) enum Content {
    /// What is on its way, and what got stuck.
    Outbox(Vec<OutboxRow>),
    /// What could not be understood.
    Dead(Vec<DeadLetter>),
    /// Automatic mail, and where it goes on.
    Automated(Vec<Message>, Option<Vec<u8>>),
    /// Drafts.
    Drafts(Vec<DraftView>),
    /// The original of a message.
    Original(MessageId, String),
    /// The original of a dead letter.
    DeadOriginal(DeadId, String),
    /// What was said last.
    Messages(String),
    /// Two customers side by side.
    Compare(Box<Comparing>),
    /// What was done to a customer.
    History(CustomerId, Vec<HistoryLine>),
    /// Why a score or a message is as it is.
    Why(Why),
    /// The segments, and the customers of one.
    Segments(Box<Segments>),
    /// How every account is doing, as the workers tell.
    Accounts,
    /// All that is known of one account, by its name.
    Trouble(String),
    /// Keys and commands, for this context first.
    Help(Context),
}

impl Content {
    /// The same list, or the original of the same message.
    pub(super) fn is_same(&self, other: &Content) -> bool {
        match (self, other) {
            (Content::Original(a, _), Content::Original(b, _)) => a == b,
            (Content::DeadOriginal(a, _), Content::DeadOriginal(b, _)) => a == b,
            (Content::History(a, _), Content::History(b, _)) => a == b,
            _ => std::mem::discriminant(self) == std::mem::discriminant(other),
        }
    }
}

/// A list or text over the panes.
#[derive(Debug)]
pub(super) struct Sheet {
    /// What it shows.
    pub content: Content,
    /// The row under the cursor; for texts the first line shown.
    pub selected: usize,
    /// First row shown.
    pub top: usize,
    /// Where the cursor stands once something came.
    pub begin_at: Option<usize>,
    /// Something came.
    pub loaded: bool,
    /// A question is out.
    pub asked: bool,
    /// Something changed while a question was out.
    pub again: bool,
    /// The lines of a text, and how wide they were made.
    pub lines: (Vec<String>, usize),
}

impl Sheet {
    /// A sheet of which nothing came yet.
    pub(super) fn new(content: Content) -> Sheet {
        let loaded = matches!(
            content,
            Content::Help(_) | Content::Messages(_) | Content::Accounts | Content::Trouble(_) | Content::Why(_)
        );
        Sheet {
            content,
            selected: 0,
            top: 0,
            begin_at: None,
            loaded,
            asked: false,
            again: false,
            lines: (Vec::new(), 0),
        }
    }

    /// Asks for what it shows. One question is out at a time.
    pub(super) fn load(&mut self) -> Option<Load> {
        let load = match &self.content {
            Content::Outbox(_) => Load::Outbox,
            Content::Dead(_) => Load::Dead,
            Content::Automated(..) => Load::Automated { after: None },
            Content::Drafts(_) => Load::Drafts,
            Content::Original(id, _) => Load::Original(*id),
            Content::DeadOriginal(id, _) => Load::DeadOriginal(*id),
            Content::Compare(comparing) => comparing.load(),
            Content::History(id, _) => Load::History(*id),
            Content::Segments(_) => Load::Segments,
            Content::Accounts | Content::Trouble(_) | Content::Messages(_) | Content::Help(_) | Content::Why(_) => {
                return None;
            }
        };
        if self.asked {
            self.again = true;
            return None;
        }
        self.asked = true;
        Some(load)
    }

    /// Asks for more rows when the cursor is near the end.
    pub(super) fn near_edge(&mut self) -> Option<Load> {
        match &self.content {
            Content::Automated(rows, Some(next))
                if !self.asked && self.selected + 20 >= rows.len() && rows.len() < HELD =>
            {
                self.asked = true;
                Some(Load::Automated { after: Some(next.clone()) })
            }
            _ => None,
        }
    }

    /// Takes automatic mail that came.
    pub(super) fn take_automated(&mut self, after: Option<Vec<u8>>, page: Page<Message>) {
        if let Content::Automated(rows, next) = &mut self.content {
            if after.is_none() {
                rows.clear();
            }
            rows.extend(page.rows);
            *next = page.next;
        }
    }

    /// Breaks an original into lines of so many columns, unless it is already.
    pub(super) fn lay_out(&mut self, columns: usize) {
        if let Content::Original(_, text) | Content::DeadOriginal(_, text) | Content::Messages(text) = &self.content
            && (self.lines.1 != columns || (self.lines.0.is_empty() && !text.is_empty()))
        {
            self.lines = (text.lines().flat_map(|line| wrap(line, columns)).collect(), columns);
        }
    }

    /// Rows that can be under the cursor; for texts the lines.
    pub(super) fn len(&self) -> usize {
        match &self.content {
            Content::Outbox(rows) => rows.len(),
            Content::Dead(rows) => rows.len(),
            Content::Automated(rows, _) => rows.len(),
            Content::Drafts(rows) => rows.len(),
            Content::Original(..) | Content::DeadOriginal(..) | Content::Messages(_) => self.lines.0.len(),
            Content::History(_, rows) => rows.len(),
            // The screen knows how many there are.
            Content::Compare(_) | Content::Accounts | Content::Trouble(_) | Content::Help(_) => usize::MAX,
            Content::Why(_) | Content::Segments(_) => usize::MAX,
        }
    }

    /// A text to scroll rather than rows to choose from.
    pub(super) fn is_text(&self) -> bool {
        matches!(
            self.content,
            Content::Original(..)
                | Content::DeadOriginal(..)
                | Content::Messages(_)
                | Content::Trouble(_)
                | Content::Help(_)
                | Content::Compare(_)
        )
    }

    /// The heading.
    pub(super) fn title(&self) -> &'static str {
        match &self.content {
            Content::Outbox(_) => "Outbox",
            Content::Dead(_) => "Dead letters: what could not be understood, kept whole",
            Content::Automated(..) => "Automated mail: no case, never answered by itself",
            Content::Drafts(_) => "Drafts",
            Content::Original(..) | Content::DeadOriginal(..) => "Original",
            Content::Messages(_) => "Messages, the latest first",
            Content::Compare(comparing) if comparing.moving.is_some() => "Whose address is it?",
            Content::Compare(_) => "Are they one customer?",
            Content::History(..) => "History: who did what, when and why",
            Content::Why(_) => "Why",
            Content::Segments(_) => "Segments",
            Content::Accounts => "Accounts",
            Content::Trouble(_) => "Account",
            Content::Help(_) => "Keys and commands",
        }
    }

    /// Moves the cursor, or a text, by rows; `last` is the last place there is.
    pub(super) fn step(&mut self, rows: isize, last: usize, height: usize) {
        self.selected = self.selected.saturating_add_signed(rows).min(last);
        self.scroll(height);
    }

    /// Keeps the cursor in view.
    pub(super) fn scroll(&mut self, height: usize) {
        let height = height.max(1);
        if self.is_text() {
            self.top = self.selected;
        } else {
            self.selected = self.selected.min(self.len().saturating_sub(1));
            self.top = self.top.min(self.selected).max((self.selected + 1).saturating_sub(height));
        }
    }
}
