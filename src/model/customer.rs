//! Customers, their identities, and the case that is open for them.

use super::{ActId, CustomerId, Direction, IdentityId, Link, MessageId, Timestamp, Trust};
use minicbor::{Decode, Encode};
use std::collections::BTreeMap;

/// Why we believe that an identity belongs to its customer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(index_only)]
pub enum Basis {
    /// The customer wrote to us from this address.
    #[n(0)]
    Wrote,
    /// We wrote to this address.
    #[n(1)]
    WrittenTo,
    /// An agent said so.
    #[n(2)]
    Agent,
    /// It came with an import.
    #[n(3)]
    Import,
    /// It has a proven key that another identity of the customer has.
    #[n(4)]
    Proof,
    /// It claims an address of the customer, and our own server says that it is not from there.
    #[n(5)]
    Claim,
}

impl Basis {
    /// The word scripts and screens see.
    pub fn word(self) -> &'static str {
        match self {
            Basis::Wrote => "wrote",
            Basis::WrittenTo => "written-to",
            Basis::Agent => "agent",
            Basis::Import => "import",
            Basis::Proof => "proof",
            Basis::Claim => "claim",
        }
    }
}

/// One address of a customer on one channel: an edge with its reason.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Identity {
    /// Hash of channel and normalised address.
    #[n(0)]
    pub id: IdentityId,
    /// The kind of place: `email`.
    #[n(1)]
    pub channel: String,
    /// The normalised address.
    #[n(2)]
    pub address: String,
    /// The name it last came with.
    #[n(3)]
    pub name: String,
    /// Whose it is.
    #[n(4)]
    pub customer: CustomerId,
    /// Why we believe so.
    #[n(5)]
    pub basis: Basis,
    /// Who said so: an agent, or `switchboard`.
    #[n(6)]
    pub by: String,
    /// Since when.
    #[n(7)]
    pub since: Timestamp,
    /// Inbound messages from it.
    #[n(8)]
    pub inbound: u64,
    /// Outbound messages to it.
    #[n(9)]
    pub outbound: u64,
    /// The name by which others call them there, when that is not the address: `@ana`.
    #[n(10)]
    pub handle: Option<String>,
    /// Keys the same person has elsewhere too.
    #[n(11)]
    #[cbor(default)]
    pub links: Vec<Link>,
    /// Whose it is when every merge is taken back; `None` for `customer`.
    #[n(12)]
    pub home: Option<CustomerId>,
    /// The moves and splits that brought it home, in order, each with where it was before.
    #[n(13)]
    #[cbor(default)]
    pub moves: Vec<Moved>,
    /// The best that was ever known of its messages: [`Trust::Refuted`] makes it a suspect, whose messages our own server
    /// says are not from there.
    #[n(14)]
    #[cbor(default)]
    pub trust: Trust,
    /// The agent who let a suspect in.
    #[n(15)]
    pub accepted: Option<String>,
    /// The act that let it in; `None` for one let in before acts were told what rests on them.
    #[n(16)]
    pub acceptance: Option<ActId>,
}

/// An identity was given to another customer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Moved {
    /// By this act.
    #[n(0)]
    pub act: ActId,
    /// Whose it was before.
    #[n(1)]
    pub before: CustomerId,
}

impl Identity {
    /// Whose it is when every merge is taken back.
    pub fn home(&self) -> CustomerId {
        self.home.unwrap_or(self.customer)
    }

    /// Kept beside its customer until an agent accepts it.
    pub fn is_suspect(&self) -> bool {
        matches!(self.trust, Trust::Refuted(_)) && self.accepted.is_none()
    }

    /// How far it may be believed, in one word: `suspect`, `accepted`, `verified` or `unverified`.
    pub fn standing(&self) -> &'static str {
        match &self.trust {
            _ if self.is_suspect() => "suspect",
            Trust::Refuted(_) => "accepted",
            Trust::Verified => "verified",
            Trust::Unverified => "unverified",
        }
    }
}

/// Where a case stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Encode, Decode)]
#[cbor(index_only)]
pub enum CaseStatus {
    /// The customer waits for us.
    #[n(0)]
    Open,
    /// We wait for the customer.
    #[n(1)]
    Waiting,
    /// Put off until a time or an answer.
    #[n(2)]
    Snoozed,
    /// Done.
    #[n(3)]
    Resolved,
}

impl CaseStatus {
    /// The word scripts and screens see.
    pub fn word(self) -> &'static str {
        match self {
            CaseStatus::Open => "open",
            CaseStatus::Waiting => "waiting",
            CaseStatus::Snoozed => "snoozed",
            CaseStatus::Resolved => "resolved",
        }
    }
}

/// How urgent a case is. Sorts the most urgent first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Encode, Decode)]
#[cbor(index_only)]
pub enum Priority {
    /// Before all others.
    #[n(0)]
    Urgent,
    /// Before the ordinary.
    #[n(1)]
    High,
    /// As most.
    #[default]
    #[n(2)]
    Normal,
    /// When there is time.
    #[n(3)]
    Low,
}

impl Priority {
    /// The word scripts and screens see.
    pub fn word(self) -> &'static str {
        match self {
            Priority::Urgent => "urgent",
            Priority::High => "high",
            Priority::Normal => "normal",
            Priority::Low => "low",
        }
    }

    /// The priority with this word.
    pub fn from_word(word: &str) -> Option<Priority> {
        [Priority::Urgent, Priority::High, Priority::Normal, Priority::Low].into_iter().find(|p| p.word() == word)
    }
}

/// What ends a snooze. An inbound message always does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub enum Snooze {
    /// This time.
    #[n(0)]
    Until(#[n(0)] Timestamp),
    /// Only an answer of the customer.
    #[n(1)]
    UntilReply,
}

/// The span of work on a customer's inbox.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Case {
    /// Where it stands.
    #[n(0)]
    pub status: CaseStatus,
    /// The agent who owns it.
    #[n(1)]
    pub owner: Option<String>,
    /// How urgent.
    #[n(2)]
    pub priority: Priority,
    /// What ends the snooze, while snoozed.
    #[n(3)]
    pub snooze: Option<Snooze>,
    /// When the first message opened it.
    #[n(4)]
    pub opened: Timestamp,
    /// When it was resolved.
    #[n(5)]
    pub resolved: Option<Timestamp>,
    /// Since when the customer waits for an answer.
    #[n(6)]
    pub waiting_since: Option<Timestamp>,
    /// The message that opened it.
    #[n(7)]
    pub opened_by: Option<MessageId>,
    /// It was open, and waits because the addresses that waited for an answer were given away; since when they waited.
    /// When they come back, it is open again. Only of a waiting case.
    #[n(8)]
    #[cbor(default)]
    pub parked: Option<Timestamp>,
}

impl Case {
    /// A case that begins at `opened`, nobody's yet.
    pub fn new(status: CaseStatus, opened: Timestamp) -> Case {
        Case {
            status,
            owner: None,
            priority: Priority::Normal,
            snooze: None,
            opened,
            resolved: None,
            waiting_since: None,
            opened_by: None,
            parked: None,
        }
    }

    /// Waiting for the customer.
    pub fn wait(&mut self) {
        self.status = CaseStatus::Waiting;
        self.resolved = None;
        self.snooze = None;
        self.waiting_since = None;
        self.parked = None;
    }

    /// Waiting as long as those who waited for an answer are another's.
    pub fn park(&mut self) {
        let since = self.waiting_since;
        self.wait();
        self.parked = Some(since.unwrap_or(self.opened));
    }

    /// Open again when it was only parked: those who wait for an answer are here.
    pub fn unpark(&mut self) {
        if let Some(since) = self.parked.take().filter(|_| self.status == CaseStatus::Waiting) {
            self.status = CaseStatus::Open;
            self.waiting_since = Some(since);
        }
    }

    /// Open again: somebody has to look at it.
    pub fn reopen(&mut self, now: Timestamp) {
        self.status = CaseStatus::Open;
        self.resolved = None;
        self.snooze = None;
        self.waiting_since = self.waiting_since.or(Some(now));
    }

    /// Done at `now`: nobody waits any more.
    pub fn resolve(&mut self, now: Timestamp) {
        self.status = CaseStatus::Resolved;
        self.resolved = Some(now);
        self.snooze = None;
        self.waiting_since = None;
    }
}

/// A person or company that writes to us.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Customer {
    /// Its id.
    #[n(0)]
    pub id: CustomerId,
    /// The name shown: what an agent gave, else the best an identity came with, else an address.
    #[n(1)]
    pub name: String,
    /// True when an agent chose the name: what comes in no longer changes it.
    #[n(2)]
    pub name_fixed: bool,
    /// Its addresses, the first known first.
    #[n(3)]
    pub identities: Vec<IdentityId>,
    /// The case that is open, or the last one resolved; `None` before anything opened one.
    #[n(4)]
    pub case: Option<Case>,
    /// Inbound messages nobody has looked at here.
    #[n(5)]
    pub unread: u32,
    /// Tags, sorted.
    #[n(6)]
    pub tags: Vec<String>,
    /// A standing remark about the customer (not a message).
    #[n(7)]
    pub notes: String,
    /// Fields an agent added.
    #[n(8)]
    pub fields: BTreeMap<String, String>,
    /// ISO 639-1 code of the language they write in, when enough text was seen.
    #[n(9)]
    pub language: Option<String>,
    /// True when an agent chose the language.
    #[n(10)]
    pub language_fixed: bool,
    /// First message, either way.
    #[n(11)]
    pub first_at: Timestamp,
    /// Last message, either way (notes and automatic mail do not count).
    #[n(12)]
    pub last_at: Timestamp,
    /// Preview of the last message.
    #[n(13)]
    pub last_text: String,
    /// Which way the last message went.
    #[n(14)]
    pub last_direction: Direction,
    /// The account the last message came or went through: a new answer starts there.
    #[n(15)]
    pub last_account: String,
    /// Channels used, sorted.
    #[n(16)]
    pub channels: Vec<String>,
    /// An outbound message of theirs came back or could not be sent, and nobody has dealt with it yet.
    #[n(17)]
    #[cbor(default)]
    pub trouble: bool,
    /// Cases resolved before the present one.
    #[n(18)]
    #[cbor(default)]
    pub cases_before: u32,
    /// When they last wrote (automatic mail does not count); 0 for never.
    #[n(19)]
    #[cbor(default)]
    pub last_inbound: Timestamp,
    /// When we last wrote to them; 0 for never.
    #[n(20)]
    #[cbor(default)]
    pub last_outbound: Timestamp,
    /// Their address most used, for lists and filters.
    #[n(21)]
    #[cbor(default)]
    pub address: String,
    /// When the unread messages were written and received: the latest 200, in order. A mailbox is read in any order, and
    /// an answer found later has answered only what was there before it.
    #[n(22)]
    #[cbor(with = "super::times", default)]
    pub unread_at: Vec<(Timestamp, Timestamp)>,
    /// When their last message was received here.
    #[n(23)]
    #[cbor(default)]
    pub last_inbound_received: Timestamp,
    /// When our last message to them was received at the server, or queued here.
    #[n(24)]
    #[cbor(default)]
    pub last_outbound_received: Timestamp,
    /// The customer this one turned out to be: then this row is what it would be alone, kept for a split.
    #[n(25)]
    pub merged_into: Option<CustomerId>,
    /// All who turned out to be this one, directly or through others, in the order of their merges.
    #[n(26)]
    #[cbor(default)]
    pub absorbed: Vec<CustomerId>,
    /// Whom it was split off.
    #[n(27)]
    pub split_from: Option<CustomerId>,
    /// What they sound like of late, from -100 to 100 in steps of ten: their mood score as the inbox shows it.
    #[n(28)]
    pub mood: Option<i8>,
}

/// How many times of unread messages are kept.
const UNREAD_TIMES: usize = 200;

impl Customer {
    /// One more unread message, written and received at these times.
    pub fn add_unread(&mut self, at: Timestamp, received: Timestamp) {
        self.unread = self.unread.saturating_add(1);
        let place = self.unread_at.partition_point(|known| *known <= (at, received));
        self.unread_at.insert(place, (at, received));
        if self.unread_at.len() > UNREAD_TIMES {
            self.unread_at.remove(0);
        }
    }

    /// True when an answer of ours covers a message. Both clocks must say so: what the message claims alone would let a
    /// slow clock, or a lie, hide it.
    pub fn has_answered(&self, at: Timestamp, received: Timestamp) -> bool {
        at < self.last_outbound && received <= self.last_outbound_received
    }

    /// True when nothing they wrote is later than our last message.
    pub fn is_answered(&self) -> bool {
        self.last_inbound <= self.last_outbound && self.last_inbound_received <= self.last_outbound_received
    }

    /// Forgets as unread what an answer of ours covers.
    pub fn read_answered(&mut self) {
        let older = self.unread.saturating_sub(self.unread_at.len() as u32);
        let oldest = self.unread_at.first().copied();
        let (outbound, received) = (self.last_outbound, self.last_outbound_received);
        self.unread_at.retain(|(at, arrived)| !(*at < outbound && *arrived <= received));
        let oldest_is_read = oldest != self.unread_at.first().copied();
        self.unread = self.unread_at.len() as u32 + if oldest_is_read { 0 } else { older };
    }

    /// Nothing is unread any more.
    pub fn read_all(&mut self) {
        self.unread = 0;
        self.unread_at.clear();
    }
}
