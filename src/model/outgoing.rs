//! A reply on its way.

use super::{CustomerId, MessageId, OutgoingId, Party, ThreadId, Timestamp, Way};
use minicbor::{Decode, Encode};
use std::collections::BTreeMap;

/// Where an outgoing stands. `Held → Queued → Sending → Sent | Failed | Unknown`; `Cancelled` from the first two.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(index_only)]
pub enum OutboxState {
    /// Waits for its hold time; can be taken back.
    #[n(0)]
    Held,
    /// To be sent as soon as it is due (now, or after a back-off).
    #[n(1)]
    Queued,
    /// The channel may be receiving it this moment. Found after a crash it means unknown.
    #[n(2)]
    Sending,
    /// The channel took it.
    #[n(3)]
    Sent,
    /// Refused for good; an agent decides.
    #[n(4)]
    Failed,
    /// Nobody knows; never resent on its own.
    #[n(5)]
    Unknown,
    /// Taken back, or given up by an agent.
    #[n(6)]
    Cancelled,
}

impl OutboxState {
    /// The word scripts and screens see.
    pub fn word(self) -> &'static str {
        match self {
            OutboxState::Held => "held",
            OutboxState::Queued => "queued",
            OutboxState::Sending => "sending",
            OutboxState::Sent => "sent",
            OutboxState::Failed => "failed",
            OutboxState::Unknown => "unknown",
            OutboxState::Cancelled => "cancelled",
        }
    }

    /// True while a worker still has to do something for it.
    pub fn is_moving(self) -> bool {
        matches!(self, OutboxState::Held | OutboxState::Queued | OutboxState::Sending)
    }
}

/// A file that goes with an outgoing. Its bytes are content in the journal, in the order of this list.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct OutgoingAttachment {
    /// The file's name, without folders.
    #[n(0)]
    pub name: String,
    /// Media type.
    #[n(1)]
    pub media_type: String,
    /// Size in bytes.
    #[n(2)]
    pub size: u64,
}

/// An answer or a new message with everything the sink needs, fixed when queued.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Outgoing {
    /// Its id.
    #[n(0)]
    pub id: OutgoingId,
    /// The account it leaves through.
    #[n(1)]
    pub account: String,
    /// The message on the timeline.
    #[n(2)]
    pub message: MessageId,
    /// The customer it is for.
    #[n(3)]
    pub customer: CustomerId,
    /// The conversation.
    #[n(4)]
    pub thread: ThreadId,
    /// Where it stands.
    #[n(5)]
    pub state: OutboxState,
    /// Not before this time.
    #[n(6)]
    pub due: Timestamp,
    /// Attempts begun.
    #[n(7)]
    pub attempts: u32,
    /// Why it failed, waits or is unknown, in plain words; empty otherwise.
    #[n(8)]
    pub reason: String,
    /// The id it will have outside, fixed when queued; for mail the Message-ID without angle brackets.
    #[n(9)]
    pub remote_id: String,
    /// The sender shown.
    #[n(10)]
    pub from: Party,
    /// Recipients.
    #[n(11)]
    pub to: Vec<Party>,
    /// Copies.
    #[n(12)]
    pub cc: Vec<Party>,
    /// Subject.
    #[n(13)]
    pub subject: String,
    /// The text.
    #[n(14)]
    pub text: String,
    /// What it answers: `In-Reply-To`.
    #[n(15)]
    pub in_reply_to: Option<String>,
    /// `References`, oldest first.
    #[n(16)]
    pub references: Vec<String>,
    /// Files.
    #[n(17)]
    pub attachments: Vec<OutgoingAttachment>,
    /// The date it shows, fixed when queued.
    #[n(18)]
    pub date: Timestamp,
    /// The agent who wrote it.
    #[n(19)]
    pub agent: String,
    /// When the channel took it.
    #[n(20)]
    pub sent: Option<Timestamp>,
    /// Sent, but its copy is not in the Sent folder yet.
    #[n(21)]
    pub to_file: bool,
    /// When it last changed.
    #[n(22)]
    pub changed: Timestamp,
    /// What the channel answered when it took it (for mail the SMTP line).
    #[n(23)]
    pub receipt: String,
    /// Who will be able to read it.
    #[n(24)]
    #[cbor(default)]
    pub way: Way,
    /// The context of the message it answers, as the connector filed it, and [`Outgoing::LAST_AT`].
    #[n(25)]
    #[cbor(default)]
    pub context: BTreeMap<String, String>,
    /// The remote id of the message it answers, on channels other than mail too.
    #[n(26)]
    pub answers: Option<String>,
}

impl Outgoing {
    /// Under which the context says when they wrote last, in milliseconds since 1970: the message that keeps the window open,
    /// where the channel has one. It may be a later one than the message that is answered.
    pub const LAST_AT: &'static str = "last_at";
}
