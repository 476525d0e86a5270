//! What is kept of scores: a row a customer, what agents corrected, what was learned from that, and how far a re-score is.

use super::{CustomerId, MessageId, Score, SegmentKind, SentimentLabel, Taught, Timestamp};
use minicbor::{Decode, Encode};

/// What an agent said a message sounds like.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Correction {
    /// Which message.
    #[n(0)]
    pub message: MessageId,
    /// What it sounds like.
    #[n(1)]
    pub label: SentimentLabel,
    /// Who said so.
    #[n(2)]
    pub by: String,
    /// When.
    #[n(3)]
    pub at: Timestamp,
}

/// All that is kept of one customer's scores.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct ScoredRow {
    /// Whose.
    #[n(0)]
    pub customer: CustomerId,
    /// In the order of [`ScoreKind::ALL`](super::ScoreKind::ALL).
    #[n(1)]
    pub scores: Vec<Score>,
    /// The segments they are in.
    #[n(2)]
    pub segments: Vec<(SegmentKind, String)>,
    /// The version of what computed them.
    #[n(3)]
    pub version: u64,
    /// When.
    #[n(4)]
    pub at: Timestamp,
    /// What was received up to this time is in them.
    #[n(5)]
    pub covers: Timestamp,
    /// How many messages they rest on.
    #[n(6)]
    pub messages: u32,
    /// When they last wrote or ordered, as segments count it.
    #[n(7)]
    #[cbor(default)]
    pub last: Timestamp,
    /// How many orders, or days they wrote on, as segments count it.
    #[n(8)]
    #[cbor(default)]
    pub count: u32,
    /// How often something that is no message came in since: an order, a rating. Above 0 the next scoring writes the row anew;
    /// it takes away what it saw, so that what came in meanwhile still counts. 9 was a flag for a day, and is in no release.
    #[n(10)]
    #[cbor(default)]
    pub outdated: u32,
}

/// What corrections taught: a layer on top of the shipped sentiment model. Its weights are a content beside the row.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Layer {
    /// Its number: 1, 2, 3 …
    #[n(0)]
    pub number: u64,
    /// How many corrections it was learned from.
    #[n(1)]
    pub corrections: u32,
    /// When.
    #[n(2)]
    pub at: Timestamp,
}

/// Which layer is in use.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode)]
pub struct LayerState {
    /// The number of the one in use; `None` when there is none.
    #[n(0)]
    pub number: Option<u64>,
    /// An agent switched it off: messages are read by the shipped model alone.
    #[n(1)]
    pub off: bool,
    /// What tells the corrections that were last learned from; the same ones are not learned from again.
    #[n(2)]
    #[cbor(default)]
    pub learned_from: u64,
    /// The number of the last one made.
    #[n(3)]
    #[cbor(default)]
    pub last: u64,
}

/// What a screen or a script sees of the layer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LearnedView {
    /// The layer in use, if any.
    pub layer: Option<Layer>,
    /// It is switched off.
    pub off: bool,
    /// How many corrections there are.
    pub corrections: u32,
    /// How many corrections of messages in one language it takes before anything is learned.
    pub begins_at: u32,
    /// Numbers of the layers that are kept, the latest first.
    pub kept: Vec<u64>,
    /// Why the layer is not used although no agent switched it off, as far as is known; `None` when all is well.
    pub trouble: Option<String>,
    /// The version of all that computes scores.
    pub version: u64,
}

impl LearnedView {
    /// What corrections have taught.
    pub fn taught(&self) -> Taught {
        Taught {
            learned_from: self.layer.as_ref().map_or(0, |layer| layer.corrections),
            made: self.corrections,
            more: false,
            begins_at: self.begins_at,
            off: self.off,
        }
    }
}

/// How far scoring is. One row; it moves in the batch with the scores it covers.
///
/// A round goes through all customers by id, from `from` on to the end, and from the beginning up to `from` again: when the
/// version changes on the way, a new round begins where the old one was, so that nobody is left out for long.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode)]
pub struct Rescore {
    /// The version that the round computes with.
    #[n(0)]
    pub version: u64,
    /// Where it began: after this customer.
    #[n(1)]
    pub from: Option<CustomerId>,
    /// The last customer scored in it.
    #[n(2)]
    pub at: Option<CustomerId>,
    /// It has come to the end once and goes on from the beginning.
    #[n(3)]
    pub wrapped: bool,
    /// It is over: everybody was scored with this version.
    #[n(4)]
    pub done: bool,
    /// Customers scored in it.
    #[n(5)]
    pub scored: u64,
    /// Customers there are, as far as known when it began.
    #[n(6)]
    pub total: u64,
    /// When it began.
    #[n(7)]
    pub began: Timestamp,
    /// The number of the log's last event whose customers were scored.
    #[n(8)]
    pub seen: u64,
    /// Messages read in it.
    #[n(9)]
    #[cbor(default)]
    pub messages: u64,
    /// An agent stopped it; it goes on when it is asked for.
    #[n(10)]
    #[cbor(default)]
    pub stopped: bool,
    /// When segments were last fitted; 0 for never, and from the moment a fit is kept until everybody is placed by it.
    #[n(11)]
    #[cbor(default)]
    pub fitted: Timestamp,
    /// The last version that a round came to its end with: whoever's row is of another one is the same by this one.
    #[n(12)]
    #[cbor(default)]
    pub settled: u64,
}

impl Rescore {
    /// Whether it has come past a customer: their row is then what this version computes, also when it says another one
    /// because nothing changed.
    pub fn has_scored(&self, customer: CustomerId) -> bool {
        let after_from = self.from.is_none_or(|from| customer > from);
        let up_to_here = self.at.is_some_and(|at| customer <= at);
        match (self.done, self.wrapped) {
            (true, _) => true,
            (false, false) => after_from && up_to_here,
            (false, true) => after_from || up_to_here,
        }
    }
}

/// One customer of a segment, as listed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SegmentMember {
    /// Who.
    pub customer: CustomerId,
    /// Their name.
    pub name: String,
    /// Their address most used.
    pub address: String,
    /// Their last message, either way.
    pub last_at: Timestamp,
    /// Their mood as the inbox shows it.
    pub mood: Option<i8>,
    /// When they last wrote or ordered, and how many orders or days of writing there were, as of the last scoring: where a
    /// scatter of the segment puts them.
    pub standing: Option<(Timestamp, u32)>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_round_knows_whom_it_has_scored() {
        let id = |n: u8| CustomerId([n; 16]);
        let round = |from: Option<u8>, at: Option<u8>, wrapped| Rescore {
            from: from.map(id),
            at: at.map(id),
            wrapped,
            ..Rescore::default()
        };
        let has = |round: &Rescore| (1..6).filter(|n| round.has_scored(id(*n))).collect::<Vec<_>>();
        assert_eq!(has(&round(None, None, false)), Vec::<u8>::new());
        assert_eq!(has(&round(None, Some(2), false)), [1, 2]);
        assert_eq!(has(&round(Some(2), Some(4), false)), [3, 4]);
        assert_eq!(has(&round(Some(2), None, true)), [3, 4, 5]);
        assert_eq!(has(&round(Some(2), Some(1), true)), [1, 3, 4, 5]);
        assert_eq!(has(&Rescore { done: true, ..Rescore::default() }), [1, 2, 3, 4, 5]);
    }
}
