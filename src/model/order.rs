//! What customers ordered and how they rated us: facts that come with an import.

use super::{IdentityId, Money, OrderId, RatingId, Timestamp};
use minicbor::{Decode, Encode};

/// One order. It hangs on an identity as a message does, so that merging and splitting customers moves edges only.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Order {
    /// Hash of the shop and the order's number there.
    #[n(0)]
    pub id: OrderId,
    /// Whose.
    #[n(1)]
    pub identity: IdentityId,
    /// The shop's own number, cleaned.
    #[n(2)]
    pub number: String,
    /// When it was placed.
    #[n(3)]
    pub at: Timestamp,
    /// What was paid, in the end: negative when more was paid back.
    #[n(4)]
    pub total: Money,
}

/// One answer to "how was it?".
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Rating {
    /// Hash of what makes it itself.
    #[n(0)]
    pub id: RatingId,
    /// Whose.
    #[n(1)]
    pub identity: IdentityId,
    /// When it was given.
    #[n(2)]
    pub at: Timestamp,
    /// How many of [`Rating::of`]: 4 of 5.
    #[n(3)]
    pub value: u16,
    /// The worst there was to give: mostly 1, 0 for 0 to 10.
    #[n(4)]
    pub from: u16,
    /// The best there was to give.
    #[n(5)]
    pub of: u16,
    /// What they said with it, cleaned; empty when nothing.
    #[n(6)]
    #[cbor(default)]
    pub comment: String,
}

impl Rating {
    /// From 0, the worst there was to give, to 1, the best.
    pub fn share(&self) -> f64 {
        let (value, from, of) = (f64::from(self.value), f64::from(self.from), f64::from(self.of));
        if of > from { ((value - from) / (of - from)).clamp(0.0, 1.0) } else { 0.5 }
    }
}
