//! Messages: inbound, outbound, or a private note. Text and original stay as they were filed; what happens
//! later (delivery, edits) is recorded beside them.

use super::{CustomerId, IdentityId, MessageId, OutgoingId, ThreadId, Timestamp, Trust, Way};
use minicbor::{Decode, Encode};
use std::collections::BTreeMap;

/// Which way a message went.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(index_only)]
pub enum Direction {
    /// From the customer to us.
    #[n(0)]
    Inbound,
    /// From us to the customer.
    #[n(1)]
    Outbound,
    /// A private note: never leaves the house.
    #[n(2)]
    Note,
}

/// Somebody on a message: an address with the name it came with. Both are cleaned text.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode)]
pub struct Party {
    /// The address as the channel writes it, trimmed; for mail `ana@example.com`.
    #[n(0)]
    pub address: String,
    /// The display name; empty when there was none.
    #[n(1)]
    pub name: String,
}

/// Why a message counts as automatic: it opens no case and is never answered automatically.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(index_only)]
pub enum Automated {
    /// `Auto-Submitted: auto-generated` and its like (RFC 3834).
    #[n(0)]
    Generated,
    /// An answer by a robot: out of office, vacation.
    #[n(1)]
    OutOfOffice,
    /// A mailing list (RFC 2919, RFC 2369).
    #[n(2)]
    List,
    /// `Precedence: bulk` or `junk`.
    #[n(3)]
    Bulk,
    /// A report that a message of ours was not delivered (RFC 3464).
    #[n(4)]
    Bounce,
    /// The sender is a robot by its address (`no-reply@…`).
    #[n(5)]
    Robot,
}

impl Automated {
    /// The word scripts and screens see.
    pub fn word(self) -> &'static str {
        match self {
            Automated::Generated => "generated",
            Automated::OutOfOffice => "out-of-office",
            Automated::List => "list",
            Automated::Bulk => "bulk",
            Automated::Bounce => "bounce",
            Automated::Robot => "robot",
        }
    }
}

/// What is known of the delivery of an outbound message.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode)]
pub enum Delivery {
    /// Inbound, a note, or sent elsewhere and only read back by us.
    #[default]
    #[n(0)]
    None,
    /// In the outbox.
    #[n(1)]
    Pending,
    /// Handed to the channel.
    #[n(2)]
    Sent,
    /// Refused for good, with the reason.
    #[n(3)]
    Failed(#[n(0)] String),
    /// Nobody knows whether it arrived, with the reason.
    #[n(4)]
    Unknown(#[n(0)] String),
    /// It came back, with the reason.
    #[n(5)]
    Bounced(#[n(0)] String),
    /// Taken back before it left.
    #[n(6)]
    Cancelled,
}

impl Delivery {
    /// The word scripts and screens see; empty for [`Delivery::None`].
    pub fn word(&self) -> &'static str {
        match self {
            Delivery::None => "",
            Delivery::Pending => "pending",
            Delivery::Sent => "sent",
            Delivery::Failed(_) => "failed",
            Delivery::Unknown(_) => "unknown",
            Delivery::Bounced(_) => "bounced",
            Delivery::Cancelled => "cancelled",
        }
    }

    /// Why, where there is a reason.
    pub fn reason(&self) -> Option<&str> {
        match self {
            Delivery::Failed(reason) | Delivery::Unknown(reason) | Delivery::Bounced(reason) => Some(reason),
            _ => None,
        }
    }
}

/// An attachment as listed. Its content is cut out of the original message when asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode)]
pub struct Attachment {
    /// Cleaned name for show; never used as a path as it is.
    #[n(0)]
    pub name: String,
    /// Media type, `image/png`.
    #[n(1)]
    pub media_type: String,
    /// Decoded size in bytes.
    #[n(2)]
    pub size: u64,
    /// Which part of the original message, counted as the connector's parser counts.
    #[n(3)]
    pub part: u32,
}

/// The facts of one message. Text and original are content in the journal and are read when shown.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Message {
    /// Its id.
    #[n(0)]
    pub id: MessageId,
    /// The customer's side of it. `None` for automatic mail from strangers, which belongs to nobody.
    #[n(1)]
    pub identity: Option<IdentityId>,
    /// The kind of place: `email`; `note` for a private note.
    #[n(2)]
    pub channel: String,
    /// The account of ours it came or goes through; empty for a note.
    #[n(3)]
    pub account: String,
    /// Which way.
    #[n(4)]
    pub direction: Direction,
    /// Who wrote it; for a note the agent.
    #[n(5)]
    pub from: Party,
    /// To whom.
    #[n(6)]
    pub to: Vec<Party>,
    /// Copies.
    #[n(7)]
    pub cc: Vec<Party>,
    /// Where answers are asked to go, when that is not `from`.
    #[n(8)]
    pub reply_to: Option<Party>,
    /// When it was written, as it claims (held to what is possible).
    #[n(9)]
    pub at: Timestamp,
    /// When the server or we received it.
    #[n(10)]
    pub received: Timestamp,
    /// Cleaned subject; empty where the channel has none.
    #[n(11)]
    pub subject: String,
    /// The conversation it belongs to.
    #[n(12)]
    pub thread: ThreadId,
    /// The channel's own id, for mail the Message-ID without its angle brackets.
    #[n(13)]
    pub remote_id: String,
    /// The remote ids it answers, oldest first (for mail References, then In-Reply-To); at most some dozens.
    #[n(14)]
    pub references: Vec<String>,
    /// What is known of its delivery.
    #[n(15)]
    pub delivery: Delivery,
    /// Set when a robot sent it.
    #[n(16)]
    pub automated: Option<Automated>,
    /// What is attached.
    #[n(17)]
    pub attachments: Vec<Attachment>,
    /// The first words of the text, one cleaned line, for lists; of an edit its own, and `(deleted)` after a deletion.
    #[n(18)]
    pub preview: String,
    /// The outbox row of an answer written here.
    #[n(19)]
    pub outgoing: Option<OutgoingId>,
    /// The agent who wrote it, for answers and notes written here.
    #[n(20)]
    pub agent: Option<String>,
    /// The name of the folder or place it was found in, for the eye only.
    #[n(21)]
    pub folder: String,
    /// Whose note it is, for a private note.
    #[n(22)]
    pub note_of: Option<CustomerId>,
    /// Who can read it.
    #[n(23)]
    #[cbor(default)]
    pub way: Way,
    /// What the connector needs to answer it, in its own words (chat id, status id, reply token). Opaque to all others.
    #[n(24)]
    #[cbor(default)]
    pub context: BTreeMap<String, String>,
    /// Where it stands on the web, cleaned; `None` where it has no page.
    #[n(25)]
    pub url: Option<String>,
    /// How far its sender is who they say.
    #[n(26)]
    #[cbor(default)]
    pub trust: Trust,
}
