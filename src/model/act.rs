//! Acts: everything an agent can do to the desk, by key or by command line.

use super::{
    ActId, Correction, CustomerId, DeadId, Draft, DraftId, IdentityId, MessageId, OutgoingId, Party, Priority,
    SentimentLabel, Snooze, SuggestionId, ThreadId, Timestamp, Way,
};
use minicbor::{Decode, Encode};

/// What kind of thing is being written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(index_only)]
pub enum ReplyKind {
    /// An answer to the one who wrote.
    #[n(0)]
    Reply,
    /// An answer to all who were on the message.
    #[n(1)]
    ReplyAll,
    /// The message handed on to somebody else.
    #[n(2)]
    Forward,
    /// A new message.
    #[n(3)]
    New,
    /// A private note: never leaves the house.
    #[n(4)]
    Note,
}

/// Where the bytes of an attachment come from.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub enum AttachmentSource {
    /// A file on this machine, read when queued.
    #[n(0)]
    Path(#[n(0)] String),
    /// An attachment of a message we have (when forwarding).
    #[n(1)]
    Message(#[n(0)] MessageId, #[n(1)] u32),
}

/// A composition: what an agent has written, and to whom it shall go.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct Compose {
    /// What kind.
    #[n(0)]
    pub kind: ReplyKind,
    /// For whom; `None` for a new message to an address, whose customer is found or made.
    #[n(1)]
    pub customer: Option<CustomerId>,
    /// The account it leaves through; empty to let the desk choose (the message's own, else the first that can send).
    #[n(2)]
    pub account: String,
    /// The message it answers or hands on; `None` lets the desk take the last of the thread, or of the customer.
    #[n(3)]
    pub parent: Option<MessageId>,
    /// Answer in this conversation; `None` for that of the parent.
    #[n(4)]
    pub thread: Option<ThreadId>,
    /// Recipients; empty for those that follow from the kind.
    #[n(5)]
    pub to: Vec<Party>,
    /// Copies; ignored for a plain reply when empty.
    #[n(6)]
    pub cc: Vec<Party>,
    /// Subject; empty for the one that follows from the kind.
    #[n(7)]
    pub subject: String,
    /// What was written.
    #[n(8)]
    pub text: String,
    /// Files.
    #[n(9)]
    pub attachments: Vec<AttachmentSource>,
    /// The newest message the agent had seen. When a newer one came since, the desk says so instead of queueing.
    #[n(10)]
    pub seen: Option<MessageId>,
    /// The draft this was, removed in the same commit.
    #[n(11)]
    pub draft: Option<DraftId>,
    /// Resolve the case in the same commit.
    #[n(12)]
    pub resolve: bool,
    /// Who shall be able to read it; `None` for the usual way of the message it answers.
    #[n(13)]
    pub way: Option<Way>,
}

impl Compose {
    /// An empty composition of this kind.
    pub fn new(kind: ReplyKind, customer: Option<CustomerId>) -> Compose {
        Compose {
            kind,
            customer,
            account: String::new(),
            parent: None,
            thread: None,
            to: Vec::new(),
            cc: Vec::new(),
            subject: String::new(),
            text: String::new(),
            attachments: Vec::new(),
            seen: None,
            draft: None,
            resolve: false,
            way: None,
        }
    }
}

/// The channel of phone calls that agents file.
pub const PHONE: &str = "phone";

/// A phone call, as an agent files it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// With whom.
    pub customer: CustomerId,
    /// [`Inbound`](super::Direction::Inbound) when they called, [`Outbound`](super::Direction::Outbound) when we did.
    pub direction: super::Direction,
    /// How long, in milliseconds.
    pub duration: i64,
    /// What was said.
    pub text: String,
    /// When it was; `None` for now.
    pub at: Option<Timestamp>,
    /// Their number in E.164 (`+4915112345678`), as typed; `None` when it is not known or does not matter.
    pub number: Option<String>,
}

/// A change to a customer's profile.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ProfileEdit {
    /// Another name; empty goes back to the one that came with messages.
    Name(String),
    /// The standing remark.
    Notes(String),
    /// ISO 639-1 code; empty goes back to detection.
    Language(String),
    /// A field of one's own; an empty value removes it.
    Field(String, String),
}

/// What taking an answer back needs to know.
#[derive(Clone, Debug, PartialEq)]
pub struct TakeBack {
    /// The answer.
    pub outgoing: OutgoingId,
    /// What was written, kept as a draft again.
    pub draft: Draft,
    /// The case as it was before.
    pub case: Option<super::Case>,
    /// The case as queueing left it.
    pub left: Option<super::Case>,
    /// Unread messages before.
    pub unread: u32,
    /// When they were written and received.
    pub unread_at: Vec<(Timestamp, Timestamp)>,
}

/// Everything an agent can do to the desk. Each is one atomic commit.
#[derive(Clone, Debug, PartialEq)]
pub enum Act {
    /// Queue an answer or a new message, or file a private note.
    Send(Box<Compose>),
    /// File a phone call. Nothing takes it back.
    LogCall(Box<Call>),
    /// Resolve the case.
    Resolve(CustomerId),
    /// Open the case again, or a new one.
    Reopen(CustomerId),
    /// We wait for the customer.
    Wait(CustomerId),
    /// Put the case off.
    Snooze(CustomerId, Snooze),
    /// Give the case to an agent, or to nobody.
    Assign(CustomerId, Option<String>),
    /// Set the urgency.
    Prioritise(CustomerId, Priority),
    /// Add and remove tags.
    Tag {
        /// Whose.
        customer: CustomerId,
        /// Tags to add.
        add: Vec<String>,
        /// Tags to remove.
        remove: Vec<String>,
    },
    /// Change the profile.
    Edit(CustomerId, ProfileEdit),
    /// The agent has looked: nothing is unread any more.
    MarkRead(CustomerId),
    /// Show as unread again.
    MarkUnread(CustomerId),
    /// Take an outgoing back while it is held or queued, or give up a failed or unknown one.
    CancelOutgoing(OutgoingId),
    /// Send a failed or unknown outgoing again, or a held one at once: a person decided.
    RetryOutgoing(OutgoingId),
    /// A person found out that an unknown one did arrive.
    MarkSent(OutgoingId),
    /// Keep what is being written.
    SaveDraft(Box<Draft>),
    /// Throw a draft away.
    DiscardDraft(DraftId),
    /// Remove a dead letter from the list (its original stays in the journal).
    DiscardDead(DeadId),
    /// Put a case back as it was: what undo runs. Refused when the case moved on since.
    RestoreCase {
        /// Whose.
        customer: CustomerId,
        /// As it was.
        case: Box<Option<super::Case>>,
        /// As the act that is taken back left it.
        left: Box<Option<super::Case>>,
    },
    /// Take an answer back that has not left, with all that queueing it changed: what undo of a send runs. One commit,
    /// refused whole when it is too late.
    TakeBack(Box<TakeBack>),
    /// Put tags back as they were: what undo runs.
    RestoreTags(CustomerId, Vec<String>),
    /// Two customers are one.
    Merge {
        /// The one that stays.
        stays: CustomerId,
        /// The one that becomes part of it.
        other: CustomerId,
        /// Why, in the agent's words; may be empty.
        reason: String,
    },
    /// Identities become a customer of their own.
    Split {
        /// Whose they are.
        customer: CustomerId,
        /// Which.
        identities: Vec<IdentityId>,
        /// Why; may be empty.
        reason: String,
    },
    /// An identity is another customer's.
    MoveIdentity {
        /// Which.
        identity: IdentityId,
        /// Whose it is.
        customer: CustomerId,
        /// Why; may be empty.
        reason: String,
    },
    /// A suspect identity is who it says.
    Accept(IdentityId),
    /// Take an act on the identity graph back, however long ago.
    Unmerge(ActId),
    /// A suggestion is right: merge. The customer named stays.
    AcceptSuggestion(SuggestionId, Option<CustomerId>),
    /// A suggestion is wrong, and is never to be made again.
    NeverSuggest(SuggestionId),
    /// Ask about a suggestion again: what undo runs.
    RestoreSuggestions(Vec<SuggestionId>),
    /// A message sounds like this, an agent says; `None` takes what was said back.
    CorrectSentiment {
        /// Which.
        message: MessageId,
        /// What it sounds like.
        label: Option<SentimentLabel>,
    },
    /// The correction of a message as it was: what undo runs.
    RestoreCorrection(MessageId, Option<Correction>),
}

/// What came of an act.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Acted {
    /// What it did, in plain words, for the status line: `Resolved. u undoes`.
    pub said: String,
    /// The acts that take it back, in order; empty when it cannot be undone.
    pub undo: Vec<Act>,
    /// The customer concerned.
    pub customer: Option<CustomerId>,
    /// The outgoing made.
    pub outgoing: Option<OutgoingId>,
    /// Its remote id.
    pub remote_id: Option<String>,
    /// The message filed.
    pub message: Option<MessageId>,
    /// When a held answer leaves.
    pub leaves: Option<Timestamp>,
    /// The act on the identity graph.
    pub act: Option<ActId>,
}
