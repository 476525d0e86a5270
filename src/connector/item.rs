//! What a source brings.

use crate::model::{
    Attachment, Automated, ChangeKind, Direction, Link, Party, Progress, Timestamp, Trust, Way, clean_block, clean_line,
};
use std::collections::BTreeMap;

/// One thing pulled.
#[derive(Clone, Debug, PartialEq)]
pub enum Item {
    /// A message.
    Message(Box<Incoming>),
    /// Something happened to a message: an edit, a deletion, a reaction, a delivery report.
    Change(Box<Changed>),
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
    /// Who wrote it. The address is what identifies them on this channel for ever (an account's number, an openid), not
    /// what they may change.
    pub from: Party,
    /// The name by which others call them there, when that is not the address: `@ana`, `ana.bsky.social`. Cleaned.
    pub handle: Option<String>,
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
    /// The conversation, in the channel's own words (chat, room, post); `None` where it follows from `references`
    /// (mail). Unique within the account.
    pub conversation: Option<String>,
    /// Who can read it.
    pub way: Way,
    /// What the connector needs to answer it, in its own words; at most some hundred bytes.
    pub context: BTreeMap<String, String>,
    /// Where it stands on the web, cleaned, `https` only.
    pub url: Option<String>,
    /// How far the sender is who they say.
    pub trust: Trust,
    /// Keys the sender has elsewhere too.
    pub links: Vec<Link>,
    /// The original, byte for byte.
    pub raw: Vec<u8>,
}

impl Incoming {
    /// A message of a channel that knows its senders and has no subjects: everything else is empty. The digest is that of
    /// the remote id: such a channel gives an id once.
    pub fn new(
        remote_id: &str,
        direction: Direction,
        from: Party,
        received: Timestamp,
        text: &str,
        raw: Vec<u8>,
    ) -> Self {
        let text = clean_block(text);
        let mut digest = [0; 16];
        digest.copy_from_slice(&blake3::hash(remote_id.as_bytes()).as_bytes()[..16]);
        Incoming {
            remote_id: remote_id.to_owned(),
            digest,
            direction,
            from: Party { address: clean_line(&from.address), name: clean_line(&from.name) },
            handle: None,
            to: Vec::new(),
            cc: Vec::new(),
            reply_to: None,
            at: Some(received),
            received,
            subject: String::new(),
            references: Vec::new(),
            preview: first_words(&text),
            text,
            attachments: Vec::new(),
            automated: None,
            bounce: None,
            folder: String::new(),
            language: None,
            conversation: None,
            way: Way::Direct,
            context: BTreeMap::new(),
            url: None,
            trust: Trust::Verified,
            links: Vec::new(),
            raw,
        }
    }
}

/// How many characters of a text a list shows.
const PREVIEW: usize = 200;

/// The first words of a cleaned text, one line.
pub fn first_words(text: &str) -> String {
    let words = text.lines().filter(|line| !line.starts_with('>')).flat_map(str::split_whitespace);
    let mut line = String::new();
    let mut length = 0;
    for word in words {
        line.push_str(if line.is_empty() { "" } else { " " });
        line.push_str(word);
        length += word.chars().count() + 1;
        if length > PREVIEW {
            break;
        }
    }
    clean_line(&line.chars().take(PREVIEW).collect::<String>())
}

/// Something that happened to a message.
#[derive(Clone, Debug, PartialEq)]
pub struct Changed {
    /// The channel's id of the message. It may come before the message itself.
    pub remote_id: String,
    /// What tells this change from all others of that message, for ever: an event id, or what makes it itself.
    pub key: String,
    /// What happened.
    pub kind: ChangeKind,
    /// The new cleaned text of an edit; empty otherwise.
    pub text: String,
    /// When, as the platform says.
    pub at: Timestamp,
    /// Who did it, when known.
    pub by: Option<Party>,
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
