//! How far a source has come: the place in `/sync`, the gaps that are still to be filled, and the little that later
//! events refer to. Bounded, and committed with the messages it covers.

use crate::connector::platform::cursor::Trail;
use minicbor::{Decode, Encode};

/// Gaps, invitations, reactions and rooms that are kept; the oldest are forgotten.
const MOST_GAPS: usize = 3_000;
const MOST_INVITES: usize = 200;
const MOST_REACTIONS: usize = 200;
const MOST_ROOMS: usize = 300;
/// Events after one of ours that are remembered, to see whether a read receipt covers it.
const MOST_EVENTS: usize = 20;

/// A part of a room's past that `/sync` left out. It is walked from its new end to its old one.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode)]
pub(super) struct Gap {
    #[n(0)]
    pub room: String,
    /// Where the walk stands.
    #[n(1)]
    pub from: String,
    /// Where it ends; `None` for a room that is new to us: then `horizon` ends it.
    #[n(2)]
    pub to: Option<String>,
    /// Nothing older than this is wanted, in milliseconds since 1970; 0 where `to` ends it.
    #[n(3)]
    pub horizon: i64,
    /// Pages walked.
    #[n(4)]
    pub pages: u32,
    /// Where they led.
    #[n(5)]
    #[cbor(default)]
    pub trail: Trail,
}

/// An invitation that is not accepted yet.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode)]
pub(super) struct Invite {
    #[n(0)]
    pub room: String,
    /// The inviter's server, which can help us in.
    #[n(1)]
    pub server: String,
    #[n(2)]
    pub tries: u32,
}

/// A reaction that may be taken back.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode)]
pub(super) struct Reaction {
    #[n(0)]
    pub event: String,
    #[n(1)]
    pub target: String,
    #[n(2)]
    pub symbol: String,
}

/// The end of a room that holds messages of ours which nobody has read yet: event ids, oldest first, and whether ours.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode)]
pub(super) struct Unread {
    #[n(0)]
    pub room: String,
    #[n(1)]
    pub events: Vec<(String, bool)>,
}

/// The cursor.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode)]
pub(super) struct Cursor {
    /// `next_batch`; `None` before the first look.
    #[n(0)]
    pub since: Option<String>,
    #[n(1)]
    pub gaps: Vec<Gap>,
    #[n(2)]
    pub invites: Vec<Invite>,
    #[n(3)]
    pub reactions: Vec<Reaction>,
    #[n(4)]
    pub unread: Vec<Unread>,
    /// Messages filed out of gaps, for the eye.
    #[n(5)]
    #[cbor(default)]
    pub filled: u64,
    /// The last page came out of a gap: the next one looks for news first.
    #[n(6)]
    #[cbor(default)]
    pub gap_last: bool,
}

impl Cursor {
    /// The stored form.
    pub fn to_bytes(&self) -> Vec<u8> {
        minicbor::to_vec(self).unwrap_or_default()
    }

    /// Reads the stored form. What is none begins anew: what is pulled twice is filed once.
    pub fn from_bytes(bytes: &[u8]) -> Cursor {
        minicbor::decode(bytes).unwrap_or_default()
    }

    /// A gap to be filled. The newest are filled first; gives the oldest, which are too many to be kept.
    pub fn gap(&mut self, gap: Gap) -> Vec<Gap> {
        if !self.gaps.iter().any(|old| old.room == gap.room && old.from == gap.from) {
            self.gaps.push(gap);
        }
        let most = self.gaps.len().saturating_sub(MOST_GAPS);
        self.gaps.drain(..most).collect()
    }

    /// An invitation to accept.
    pub fn invite(&mut self, invite: Invite) {
        self.invites.retain(|old| old.room != invite.room);
        self.invites.push(invite);
        trim(&mut self.invites, MOST_INVITES);
    }

    /// Remembers a reaction.
    pub fn reaction(&mut self, reaction: Reaction) {
        self.reactions.retain(|old| old.event != reaction.event);
        self.reactions.push(reaction);
        trim(&mut self.reactions, MOST_REACTIONS);
    }

    /// The reaction that a redaction takes back.
    pub fn take_reaction(&mut self, event: &str) -> Option<Reaction> {
        let at = self.reactions.iter().position(|reaction| reaction.event == event)?;
        Some(self.reactions.remove(at))
    }

    /// A message came to the end of a room.
    pub fn saw(&mut self, room: &str, event: &str, ours: bool) {
        if let Some(unread) = self.unread.iter_mut().find(|unread| unread.room == room) {
            unread.events.retain(|(old, _)| old != event);
            unread.events.push((event.to_owned(), ours));
            trim(&mut unread.events, MOST_EVENTS);
        } else if ours {
            self.unread.push(Unread { room: room.to_owned(), events: vec![(event.to_owned(), true)] });
            trim(&mut self.unread, MOST_ROOMS);
        }
    }

    /// Somebody has read a room up to this event: which of ours they have read by that.
    pub fn read(&mut self, room: &str, event: &str) -> Vec<String> {
        let Some(at) = self.unread.iter().position(|unread| unread.room == room) else { return Vec::new() };
        let events = &mut self.unread[at].events;
        let Some(end) = events.iter().position(|(id, _)| id == event) else { return Vec::new() };
        let read = events.drain(..=end).filter(|(_, ours)| *ours).map(|(id, _)| id).collect();
        if !events.iter().any(|(_, ours)| *ours) {
            self.unread.remove(at);
        }
        read
    }
}

fn trim<T>(list: &mut Vec<T>, most: usize) {
    if list.len() > most {
        list.drain(..list.len() - most);
    }
}
