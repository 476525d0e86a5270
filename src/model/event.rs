//! Events: one line of the log, the audit trail and the change feed at once.

use super::{ActId, Case, CaseStatus, CustomerId, DeadId, DraftId, MessageId, OutgoingId, Timestamp};
use minicbor::{Decode, Encode};

/// What happened. The list may grow; a number is never used twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(index_only)]
pub enum EventKind {
    /// Messages came in, or a source's cursor moved.
    #[n(0)]
    Ingested,
    /// An answer or new message was queued.
    #[n(1)]
    Queued,
    /// An outgoing moved on: sending, sent, failed, unknown, cancelled.
    #[n(2)]
    Outgoing,
    /// A private note was written.
    #[n(3)]
    Noted,
    /// A case changed: status, owner, priority.
    #[n(4)]
    Case,
    /// A customer's profile changed: name, tags, notes, fields.
    #[n(5)]
    Profile,
    /// A draft was saved or discarded.
    #[n(6)]
    Draft,
    /// A dead letter was tried again or removed.
    #[n(7)]
    Dead,
    /// A customer was looked at: unread became 0.
    #[n(8)]
    Read,
    /// The identity graph changed: a merge, a split, a move, an undo of one, a suggestion decided.
    #[n(9)]
    Identity,
    /// Scores of customers were computed anew.
    #[n(10)]
    Scored,
    /// An agent said what a message sounds like, or took that back.
    #[n(11)]
    Corrected,
    /// A customer is in another segment than before.
    #[n(12)]
    Segment,
    /// The layer of the sentiment model that corrections teach changed: learned anew, off, on, taken back.
    #[n(13)]
    Learned,
}

impl EventKind {
    /// The word scripts see.
    pub fn word(self) -> &'static str {
        match self {
            EventKind::Ingested => "ingested",
            EventKind::Queued => "queued",
            EventKind::Outgoing => "outgoing",
            EventKind::Noted => "noted",
            EventKind::Case => "case",
            EventKind::Profile => "profile",
            EventKind::Draft => "draft",
            EventKind::Dead => "dead",
            EventKind::Read => "read",
            EventKind::Identity => "identity",
            EventKind::Scored => "scored",
            EventKind::Corrected => "corrected",
            EventKind::Segment => "segment",
            EventKind::Learned => "learned",
        }
    }
}

/// A change in the words of the model. Carries ids, not content.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Event {
    /// What happened.
    #[n(0)]
    pub kind: EventKind,
    /// When.
    #[n(1)]
    pub at: Timestamp,
    /// Who did it: an agent, or `switchboard` for a worker.
    #[n(2)]
    pub actor: String,
    /// The customers it touches.
    #[n(3)]
    pub customers: Vec<CustomerId>,
    /// The messages it filed or changed.
    #[n(4)]
    pub messages: Vec<MessageId>,
    /// The outgoing it concerns.
    #[n(5)]
    pub outgoing: Option<OutgoingId>,
    /// The draft it concerns.
    #[n(6)]
    pub draft: Option<DraftId>,
    /// Dead letters it made or changed.
    #[n(7)]
    pub dead: Vec<DeadId>,
    /// The account it concerns; empty for none.
    #[n(8)]
    pub account: String,
    /// A few plain words for the audit trail: `status open → resolved`.
    #[n(9)]
    pub summary: String,
    /// The act on the identity graph.
    #[n(10)]
    pub act: Option<ActId>,
    /// What became of the case, of an event that changed one. Events written before the field have none.
    #[n(11)]
    pub case: Option<CaseChange>,
}

/// How a case moved on. `None` is no case at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub struct CaseChange {
    /// Where it stood.
    #[n(0)]
    pub from: Option<CaseStatus>,
    /// Where it stands now.
    #[n(1)]
    pub to: Option<CaseStatus>,
    /// An agent took a change back, so that this is none of its own.
    #[n(2)]
    #[cbor(default)]
    pub undo: bool,
}

impl CaseChange {
    /// From one state of a case to the next.
    pub fn of(from: Option<&Case>, to: Option<&Case>) -> CaseChange {
        CaseChange { from: from.map(|case| case.status), to: to.map(|case| case.status), undo: false }
    }

    /// A resolved case was opened again.
    pub fn is_reopening(&self) -> bool {
        self.from == Some(CaseStatus::Resolved) && self.to == Some(CaseStatus::Open) && !self.undo
    }
}

impl Event {
    /// An event of this kind with nothing in it yet.
    pub fn new(kind: EventKind, at: Timestamp, actor: &str) -> Event {
        Event {
            kind,
            at,
            actor: actor.to_owned(),
            customers: Vec::new(),
            messages: Vec::new(),
            outgoing: None,
            draft: None,
            dead: Vec::new(),
            account: String::new(),
            summary: String::new(),
            act: None,
            case: None,
        }
    }
}
