//! The identity graph: what was decided about who is who, and what might be.

use super::{ActId, Case, CustomerId, EventKind, IdentityId, SuggestionId, Timestamp};
use minicbor::{Decode, Encode};

/// What an act on the identity graph did.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(index_only)]
pub enum GraphKind {
    /// Two customers turned out to be one.
    #[n(0)]
    Merge,
    /// Identities became a customer of their own.
    #[n(1)]
    Split,
    /// An identity was given to another customer.
    #[n(2)]
    Move,
    /// A suspect was let in.
    #[n(3)]
    Accept,
}

impl GraphKind {
    /// The word scripts and screens see.
    pub fn word(self) -> &'static str {
        match self {
            GraphKind::Merge => "merge",
            GraphKind::Split => "split",
            GraphKind::Move => "move",
            GraphKind::Accept => "accept",
        }
    }
}

/// Who decided something, and when.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Decided {
    /// An agent, or `switchboard`.
    #[n(0)]
    pub by: String,
    /// When.
    #[n(1)]
    pub at: Timestamp,
}

/// One act on the identity graph. Kept for ever, so that it can be undone at any later time.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct GraphAct {
    /// Its id.
    #[n(0)]
    pub id: ActId,
    /// What it did.
    #[n(1)]
    pub kind: GraphKind,
    /// Who, and when.
    #[n(2)]
    pub done: Decided,
    /// Why, in the words of the one who did it; empty when they gave none.
    #[n(3)]
    pub reason: String,
    /// What spoke for it, in plain words.
    #[n(4)]
    pub evidence: Vec<String>,
    /// The customer that stays: for a merge the one that took the other in, for a split and a move the one that gave.
    #[n(5)]
    pub customer: CustomerId,
    /// Its name then.
    #[n(6)]
    pub name: String,
    /// The other: taken in, made, or given to.
    #[n(7)]
    pub other: CustomerId,
    /// Its name then.
    #[n(8)]
    pub other_name: String,
    /// The identities it moved; empty for a merge, which moves all.
    #[n(9)]
    pub identities: Vec<IdentityId>,
    /// Who took it back, and when.
    #[n(10)]
    pub undone: Option<Decided>,
    /// The cases of both as a move or split found them: of `customer`, then of `other`.
    #[n(11)]
    pub found: Option<(Option<Case>, Option<Case>)>,
    /// The cases of both as it left them.
    #[n(12)]
    pub left: Option<(Option<Case>, Option<Case>)>,
    /// The suggestion it followed, or the pair that proof joined.
    #[n(13)]
    pub suggestion: Option<SuggestionId>,
    /// The addresses that changed hands as an agent knows them, `email ana@example.com`; empty in acts older than the field.
    #[n(14)]
    #[cbor(default)]
    pub addresses: Vec<String>,
    /// Merges that rest on the suspect this act let in: those proven by it then and since. They go when it is taken back.
    #[n(15)]
    #[cbor(default)]
    pub proved: Vec<ActId>,
}

/// One thing that speaks for two identities being the same person.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Evidence {
    /// In plain words.
    #[n(0)]
    pub words: String,
    /// How much it weighs alone, in percent.
    #[n(1)]
    pub weight: u8,
}

/// What an agent said to a suggestion.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub enum Verdict {
    /// Nobody has said anything yet.
    #[n(0)]
    Open,
    /// They are the same.
    #[n(1)]
    Accepted(#[n(0)] Decided),
    /// They are not, and it is never to be asked again.
    #[n(2)]
    Never(#[n(0)] Decided),
}

/// Two identities that may be the same person's.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Suggestion {
    /// Its id: follows from the two.
    #[n(0)]
    pub id: SuggestionId,
    /// One, the lesser id.
    #[n(1)]
    pub one: IdentityId,
    /// The other.
    #[n(2)]
    pub other: IdentityId,
    /// What speaks for it, the weightiest first.
    #[n(3)]
    pub evidence: Vec<Evidence>,
    /// How likely it is, in percent; never 100.
    #[n(4)]
    pub likelihood: u8,
    /// Since when it stands.
    #[n(5)]
    pub at: Timestamp,
    /// What was said to it.
    #[n(6)]
    pub verdict: Verdict,
}

impl Suggestion {
    /// The id of the suggestion about these two, in whatever order.
    pub fn id_of(one: IdentityId, other: IdentityId) -> SuggestionId {
        let (one, other) = if one < other { (one, other) } else { (other, one) };
        SuggestionId::of(&[&one.0, &other.0])
    }
}

/// A suggestion as a customer's profile shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SuggestionView {
    /// The record.
    pub suggestion: Suggestion,
    /// Whose profile.
    pub customer: CustomerId,
    /// Their identity, `email ana@example.com`.
    pub mine: String,
    /// Who it may be.
    pub other: CustomerId,
    /// Their name.
    pub name: String,
    /// Their identity.
    pub theirs: String,
}

/// One line of a customer's history.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HistoryLine {
    /// When.
    pub at: Timestamp,
    /// Who.
    pub by: String,
    /// What kind of event.
    pub kind: EventKind,
    /// What, in plain words.
    pub summary: String,
    /// The act on the identity graph, when it is one.
    pub act: Option<GraphAct>,
}
