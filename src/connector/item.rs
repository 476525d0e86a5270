//! What a source brings.

use crate::model::{Attachment, Automated, Direction, Party, Progress, Timestamp};

/// One thing pulled.
#[derive(Clone, Debug, PartialEq)]
pub enum Item {
    /// A message.
    Message(Box<Incoming>),
    /// Something that could not be understood: it goes whole to the dead letters.
    Unreadable(Unreadable),
}

/// A message as the connector understood it. Every text is cleaned (`model::clean_line`, `clean_block`).
#[derive(Clone, Debug, PartialEq)]
pub struct Incoming {
    /// The channel's id; for mail the Message-ID without angle brackets, or `sha256:…` of the original where there is none.
    pub remote_id: String,
    /// Hash over what stays the same when the same message is delivered twice (for mail: Message-ID, From, Date, Subject
    /// and the body), so that a stranger's message with a borrowed id is still a message of its own.
    pub digest: [u8; 16],
    /// Inbound, or outbound when one of our own addresses wrote it.
    pub direction: Direction,
    /// Who wrote it.
    pub from: Party,
    /// To whom.
    pub to: Vec<Party>,
    /// Copies.
    pub cc: Vec<Party>,
    /// Where answers are asked to go, when that is another address than `from`.
    pub reply_to: Option<Party>,
    /// When it claims to have been written; `None` when it does not say.
    pub at: Option<Timestamp>,
    /// When the server received it.
    pub received: Timestamp,
    /// Cleaned subject.
    pub subject: String,
    /// What it answers, oldest first: References, then In-Reply-To if not among them.
    pub references: Vec<String>,
    /// The cleaned text, quotes and signature included.
    pub text: String,
    /// The first words of what is new in it, one line, at most 200 characters.
    pub preview: String,
    /// What is attached.
    pub attachments: Vec<Attachment>,
    /// Set when a robot sent it.
    pub automated: Option<Automated>,
    /// What a bounce says of a message of ours.
    pub bounce: Option<BounceReport>,
    /// The folder it was found in.
    pub folder: String,
    /// ISO 639-1 code of the language, when there is enough text to tell.
    pub language: Option<String>,
    /// The original, byte for byte.
    pub raw: Vec<u8>,
}

/// A delivery report (RFC 3464, or as far as one can be made out).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BounceReport {
    /// The remote id of the message that came back, when the report carries it.
    pub remote_id: Option<String>,
    /// The recipient that failed, normalised, when named.
    pub recipient: Option<String>,
    /// Why, in the words of the other side, cleaned: `550 5.1.1 user unknown`.
    pub reason: String,
    /// False for a mere delay.
    pub permanent: bool,
}

/// What could not be understood.
#[derive(Clone, Debug, PartialEq)]
pub struct Unreadable {
    /// Why, in plain words.
    pub reason: String,
    /// The folder it was found in.
    pub folder: String,
    /// When the server received it.
    pub received: Timestamp,
    /// A cleaned line that may help to recognise it; may be empty.
    pub hint: String,
    /// Only the head of it is here.
    pub partial: bool,
    /// The original, byte for byte.
    pub raw: Vec<u8>,
}

/// A page of what a source has.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PulledPage {
    /// The items, in the order they shall be filed.
    pub items: Vec<Item>,
    /// Where to go on; committed together with the items.
    pub cursor: Vec<u8>,
    /// There is more to pull at once.
    pub more: bool,
    /// How far a long walk has come.
    pub progress: Option<Progress>,
}
