//! What screens and commands read: small, ready to show, one page at a time.

use super::{
    CaseStatus, Change, Customer, CustomerId, DeadLetter, Direction, Draft, Identity, Message, Order, Outgoing,
    Priority, Rating, Sentiment, SuggestionView, Timestamp,
};

/// One page of a list, and where the next begins.
#[derive(Clone, Debug, PartialEq)]
pub struct Page<T> {
    /// The rows, in order.
    pub rows: Vec<T>,
    /// Hand this back to read on; `None` at the end.
    pub next: Option<Vec<u8>>,
}

/// Which cases an inbox list shows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum InboxView {
    /// All that are not resolved: open, then waiting, then snoozed; the urgent first, then the latest.
    #[default]
    Inbox,
    /// Only open.
    Open,
    /// Only waiting.
    Waiting,
    /// Only snoozed.
    Snoozed,
    /// Only resolved.
    Resolved,
    /// Everybody, customers without a case too.
    All,
}

impl InboxView {
    /// All of them.
    pub const ALL: [InboxView; 6] = [
        InboxView::Inbox,
        InboxView::Open,
        InboxView::Waiting,
        InboxView::Snoozed,
        InboxView::Resolved,
        InboxView::All,
    ];

    /// The word scripts and screens use.
    pub fn word(self) -> &'static str {
        match self {
            InboxView::Inbox => "inbox",
            InboxView::Open => "open",
            InboxView::Waiting => "waiting",
            InboxView::Snoozed => "snoozed",
            InboxView::Resolved => "resolved",
            InboxView::All => "all",
        }
    }

    /// The view with this word.
    pub fn from_word(word: &str) -> Option<InboxView> {
        InboxView::ALL.into_iter().find(|view| view.word() == word)
    }
}

/// What an inbox list is narrowed to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct InboxFilter {
    /// Words that name, addresses, tags, owner or last line must contain (all of them, any case).
    pub text: String,
    /// Only this owner's; `Some("")` means nobody's.
    pub owner: Option<String>,
    /// Only with this tag.
    pub tag: Option<String>,
    /// Only with something unread.
    pub unread: bool,
}

/// One row of the inbox: one customer.
#[derive(Clone, Debug, PartialEq, Eq, minicbor::Encode, minicbor::Decode)]
pub struct InboxRow {
    /// Who.
    #[n(0)]
    pub customer: CustomerId,
    /// Name shown.
    #[n(1)]
    pub name: String,
    /// Channels, sorted.
    #[n(2)]
    pub channels: Vec<String>,
    /// Preview of the last message.
    #[n(3)]
    pub last_text: String,
    /// Which way it went.
    #[n(4)]
    pub last_direction: Direction,
    /// When.
    #[n(5)]
    pub last_at: Timestamp,
    /// State of the case; `None` when there never was one.
    #[n(6)]
    pub status: Option<CaseStatus>,
    /// Unread inbound messages.
    #[n(7)]
    pub unread: u32,
    /// Owner of the case.
    #[n(8)]
    pub owner: Option<String>,
    /// Urgency.
    #[n(9)]
    pub priority: Priority,
    /// Since when the customer waits.
    #[n(10)]
    pub waiting_since: Option<Timestamp>,
    /// Tags.
    #[n(11)]
    pub tags: Vec<String>,
    /// When a snooze ends.
    #[n(12)]
    pub snoozed_until: Option<Timestamp>,
    /// The address most used, for filters.
    #[n(13)]
    pub address: String,
    /// A message to them failed, is unknown, or bounced.
    #[n(14)]
    pub trouble: bool,
    /// What they sound like of late, from -100 to 100 in steps of ten; `None` when that is not known.
    #[n(15)]
    pub mood: Option<i8>,
}

/// One message of a timeline, ready to show.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TimelineEntry {
    /// The facts.
    pub message: Message,
    /// The cleaned text; `Err` says why it cannot be shown (damaged content is never shown as if it were right).
    pub text: Result<String, String>,
    /// The outbox row while it is still moving, or failed or unknown.
    pub outgoing: Option<Outgoing>,
    /// What happened to it since, oldest first.
    pub changes: Vec<ChangeView>,
    /// What it sounds like; `None` for what we wrote, for robots, and where the model cannot tell.
    pub sentiment: Option<Sentiment>,
}

/// Something that happened to a message, ready to show.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChangeView {
    /// The facts.
    pub change: Change,
    /// The new cleaned text of an edit; `Err` says why it cannot be shown.
    pub text: Option<Result<String, String>>,
}

/// A customer with everything the profile pane shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CustomerView {
    /// The record.
    pub customer: Customer,
    /// The addresses with their basis.
    pub identities: Vec<Identity>,
    /// Drafts that wait for this customer.
    pub drafts: u32,
    /// Customers that turned out to be this one: their ids and names.
    pub absorbed: Vec<(CustomerId, String)>,
    /// Who else this may be, the likeliest first.
    pub suggestions: Vec<SuggestionView>,
    /// Their latest changes of segment, oldest first: when, and in words.
    pub moves: Vec<(Timestamp, String)>,
    /// Their latest orders, the latest first; those that came to nothing, too.
    pub orders: Vec<Order>,
    /// Their latest answers to "how was it?", the latest first.
    pub ratings: Vec<Rating>,
}

/// Two customers side by side, as an agent sees them before they become one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Comparison {
    /// The one that stays.
    pub mine: CustomerView,
    /// The other.
    pub theirs: CustomerView,
    /// The last lines of the first, the latest first.
    pub mine_last: Vec<String>,
    /// The last lines of the other.
    pub theirs_last: Vec<String>,
}

/// One row of the outbox.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutboxRow {
    /// The record.
    pub outgoing: Outgoing,
    /// The customer's name.
    pub name: String,
}

/// One dead letter as listed.
pub type DeadView = DeadLetter;

/// One draft as listed.
#[derive(Clone, Debug, PartialEq)]
pub struct DraftView {
    /// The record.
    pub draft: Draft,
    /// The customer's name, or the address it goes to.
    pub name: String,
}
