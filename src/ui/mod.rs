//! One agent's screen, pure: `update(&mut Screen, Msg) -> Vec<Effect>` and `view(&Screen, &Theme, &mut Frame)`.
//!
//! No I/O, no clock, no tokio: what the screen wants it asks for by an [`Effect`], what happens it learns by a [`Msg`].

mod accounts;
mod address;
mod answer;
mod answer_text;
mod ask;
mod beside;
mod block;
mod call;
mod composer;
mod copy;
mod division;
pub mod first_run;
mod inbox;
mod keys;
mod layout;
mod line_input;
mod link;
mod lists;
mod messages;
mod mouse;
mod narrow;
mod news;
mod palette;
mod people;
mod place;
mod position;
mod prompt;
mod run;
mod scores;
mod screen;
mod segments;
mod sheet;
mod signs;
mod text;
mod timeline;
mod tour;
mod triage;
mod view;
mod when;
mod why;
mod write;

#[cfg(test)]
mod tests;

pub use division::{Division, WHOLE};
pub use people::Wanted;
pub use position::Position;
pub use screen::{Screen, Setup};
pub use view::{view, view_first_run};

use crate::model::{
    AccountFacts, AccountStatus, Act, Acted, Comparison, Customer, CustomerId, CustomerView, DeadId, DeadLetter,
    DraftView, Event, HistoryLine, InboxFilter, InboxRow, InboxView, Message, MessageId, OutboxRow, Page, Scorecard,
    Segment, SegmentKind, SegmentMember, TimelineEntry, Timestamp, Way, WindowLeft,
};

/// What the screen wants to know. Answered by [`Loaded`] of the same name, with the request in it.
#[derive(Clone, Debug, PartialEq)]
pub enum Load {
    /// A page of the inbox.
    Inbox {
        /// Which cases.
        view: InboxView,
        /// Narrowed to.
        filter: InboxFilter,
        /// Where to go on; `None` from the top.
        after: Option<Vec<u8>>,
        /// At most so many rows.
        limit: usize,
    },
    /// A customer's profile.
    Customer(CustomerId),
    /// A page of a timeline, the latest first page first; rows are in order of time, oldest first.
    Timeline {
        /// Whose.
        customer: CustomerId,
        /// Older than this; `None` for the latest page.
        before: Option<Vec<u8>>,
        /// At most so many messages.
        limit: usize,
    },
    /// What is in the outbox: all that is not done, then the latest that are.
    Outbox,
    /// Dead letters, latest first.
    Dead,
    /// Automatic mail, latest first.
    Automated {
        /// Where to go on.
        after: Option<Vec<u8>>,
    },
    /// Drafts, latest first.
    Drafts,
    /// The original of a message as cleaned text, headers included, cut at 256 kB.
    Original(MessageId),
    /// The original of a dead letter as cleaned text, cut at 256 kB.
    DeadOriginal(DeadId),
    /// Customers whose name or address has all these words, in the order of the inbox. A page looks at a bounded number of
    /// them, so it may be short, or empty, and still have a next one.
    Search {
        /// The words.
        text: String,
        /// Where to go on; `None` from the top.
        after: Option<Vec<u8>>,
    },
    /// Two customers side by side.
    Compare {
        /// The one that stays.
        customer: CustomerId,
        /// The other.
        other: Wanted,
    },
    /// What was done to a customer, the latest first.
    History(CustomerId),
    /// A customer's scores and segments.
    Scorecard(CustomerId),
    /// All segments.
    Segments,
    /// A page of the customers of a segment.
    Members {
        /// Of which kind.
        kind: SegmentKind,
        /// Its name.
        name: String,
        /// Where to go on; `None` from the top.
        after: Option<Vec<u8>>,
    },
    /// Customers who may have written just now.
    News(Vec<CustomerId>),
    /// The numbers of the status line.
    Counts,
    /// What is left of the time and the number of answers to this message.
    Window(MessageId, Way),
}

/// What was loaded.
#[derive(Clone, Debug, PartialEq)]
pub enum Loaded {
    /// A page of the inbox, for this request.
    Inbox {
        /// Which cases were asked for.
        view: InboxView,
        /// Narrowed to what.
        filter: InboxFilter,
        /// From where.
        after: Option<Vec<u8>>,
        /// The rows.
        page: Page<InboxRow>,
    },
    /// A profile; `None` when there is no such customer (any more).
    Customer(CustomerId, Option<Box<CustomerView>>),
    /// A page of a timeline.
    Timeline {
        /// Whose.
        customer: CustomerId,
        /// Older than what.
        before: Option<Vec<u8>>,
        /// Oldest first; `next` leads to older ones.
        page: Page<TimelineEntry>,
    },
    /// The outbox.
    Outbox(Vec<OutboxRow>),
    /// The dead letters.
    Dead(Vec<DeadLetter>),
    /// Automatic mail.
    Automated {
        /// From where.
        after: Option<Vec<u8>>,
        /// The messages, latest first.
        page: Page<Message>,
    },
    /// The drafts.
    Drafts(Vec<DraftView>),
    /// An original.
    Original(MessageId, String),
    /// A dead letter's original.
    DeadOriginal(DeadId, String),
    /// Customers that were found.
    Search {
        /// The words asked for.
        text: String,
        /// Those that fit.
        page: Page<InboxRow>,
    },
    /// Two customers side by side.
    Compare(Box<Comparison>),
    /// A history.
    History(CustomerId, Vec<HistoryLine>),
    /// Scores and segments; `None` when there is no such customer (any more).
    Scorecard(CustomerId, Option<Box<Scorecard>>),
    /// All segments.
    Segments(Vec<Segment>),
    /// A page of the customers of a segment.
    Members {
        /// Of which kind.
        kind: SegmentKind,
        /// Its name.
        name: String,
        /// From where.
        after: Option<Vec<u8>>,
        /// The customers.
        page: Page<SegmentMember>,
    },
    /// The customers asked for.
    News(Vec<Customer>),
    /// The numbers.
    Counts(Counts),
    /// What is left for answers to this message, or why there is nothing.
    Window(MessageId, Way, Result<Option<WindowLeft>, String>),
}

/// The numbers of the status line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Held, queued or sending.
    pub moving: u32,
    /// Failed.
    pub failed: u32,
    /// Unknown.
    pub unknown: u32,
    /// Dead letters.
    pub dead: u32,
    /// Drafts.
    pub drafts: u32,
}

/// Why an act was not done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The timeline moved since the agent looked; sending again with `Compose::seen = None` goes ahead.
    Moved(String),
    /// Anything else, in plain words.
    Other(String),
}

/// What happens to a screen.
#[derive(Clone, Debug)]
pub enum Msg {
    /// A key.
    Key(crossterm::event::KeyEvent),
    /// The text that came back from the agent's editor, or why none did.
    Edited(Result<String, String>),
    /// A click or the wheel.
    Mouse(crossterm::event::MouseEvent),
    /// A bracketed paste (already cut to 1 MB).
    Paste(String),
    /// The terminal's size.
    Resize(u16, u16),
    /// What was asked for, or why it cannot be had.
    Loaded(Box<Result<Loaded, String>>),
    /// What came of an act, numbered as in [`Effect::Act`].
    Acted(u64, Box<Result<Acted, Refusal>>),
    /// Something changed in the store.
    Changed(Box<Event>),
    /// Changes were missed: ask again for all that is shown.
    Lagged,
    /// How the accounts are doing.
    Status(Vec<AccountStatus>),
    /// Our accounts are these now.
    Accounts(Vec<AccountFacts>),
    /// One sentence for the agent about the house (disk full, rebuilt); `None` when it is over.
    Notice(Option<String>),
    /// The time is now this (comes after [`Effect::WakeAt`], and with no other reason at most once a minute).
    Clock(Timestamp),
    /// An attachment or original was saved to this path, or why not.
    Saved(Result<String, String>),
    /// What came of something that was asked for, in plain words, or why it was not done.
    Told(Result<String, String>),
}

/// What a screen wants done.
#[derive(Clone, Debug, PartialEq)]
pub enum Effect {
    /// Load something.
    Load(Load),
    /// Do something; the number comes back with [`Msg::Acted`].
    Act(u64, Box<Act>),
    /// Save attachment `part` of a message into the download folder.
    SaveAttachment(MessageId, u32),
    /// Save the original of a message (`.eml`) into the download folder.
    SaveOriginal(MessageId),
    /// Try a dead letter again.
    RetryDead(DeadId),
    /// Save a dead letter's original into the download folder.
    SaveDead(DeadId),
    /// Pull all accounts now.
    SyncNow,
    /// Pull this account now.
    Pull(String),
    /// Draw the whole terminal again: another program wrote over it.
    Redraw,
    /// Send a [`Msg::Clock`] at this time.
    WakeAt(Timestamp),
    /// Copy to the clipboard of the agent's terminal.
    Copy(String),
    /// Let the agent edit a text in an editor of their own; answered by [`Msg::Edited`].
    Edit {
        /// The draft it is kept as.
        draft: crate::model::DraftId,
        /// The text.
        text: String,
    },
    /// Tell the agent, who may look elsewhere, that somebody wrote.
    Notify {
        /// Who.
        title: String,
        /// What.
        body: String,
    },
    /// Keep how the agent divides the screen for the next start.
    KeepDivision(Division),
    /// Leave. Everything typed has been handed over by acts before this.
    Quit,
}
