//! What customers ordered and how they rated us: facts that come with an import.

use super::{IdentityId, Money, OrderId, RatingId, Timestamp};
use minicbor::{Decode, Encode};

/// How an order ended, as far as it matters: what came to nothing is no money and no visit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Encode, Decode)]
#[cbor(index_only)]
pub enum OrderStatus {
    /// It counts: paid, on its way, delivered, partly paid back, or not yet paid.
    #[default]
    #[n(0)]
    Standing,
    /// Called off.
    #[n(1)]
    Cancelled,
    /// All was paid back.
    #[n(2)]
    Refunded,
    /// The goods came back.
    #[n(3)]
    Returned,
    /// It never came about: voided, failed, declined, a draft.
    #[n(4)]
    Void,
}

impl OrderStatus {
    /// The word scripts and screens see; empty for an order that stands.
    pub fn word(self) -> &'static str {
        match self {
            OrderStatus::Standing => "",
            OrderStatus::Cancelled => "cancelled",
            OrderStatus::Refunded => "refunded",
            OrderStatus::Returned => "returned",
            OrderStatus::Void => "void",
        }
    }

    /// What a shop's word means (Shopify, WooCommerce, Magento, Stripe and plain English); `None` for a word nobody knows.
    pub fn from_word(word: &str) -> Option<OrderStatus> {
        let word = word.trim().to_lowercase();
        let word = word.strip_prefix("wc-").unwrap_or(&word);
        let plain: String = word.chars().filter(|c| c.is_alphanumeric()).collect();
        Some(match plain.as_str() {
            "" | "paid" | "complete" | "completed" | "closed" | "open" | "new" | "active" | "placed" | "confirmed"
            | "approved" | "accepted" | "processing" | "preparing" | "packed" | "ready" | "fulfilled"
            | "unfulfilled" | "partiallyfulfilled" | "shipped" | "dispatched" | "intransit" | "delivered"
            | "received" | "invoiced" | "authorized" | "authorised" | "captured" | "settled" | "succeeded"
            | "success" | "partiallypaid" | "partiallyrefunded" | "partiallyreturned" | "pending"
            | "pendingpayment" | "onhold" | "unpaid" | "due" => OrderStatus::Standing,
            "cancelled" | "canceled" | "cancel" => OrderStatus::Cancelled,
            "refunded" | "refund" | "fullyrefunded" | "chargeback" | "chargedback" | "reversed" => {
                OrderStatus::Refunded
            }
            "returned" | "return" | "fullyreturned" => OrderStatus::Returned,
            "void" | "voided" | "failed" | "declined" | "rejected" | "expired" | "abandoned" | "draft"
            | "checkoutdraft" | "trash" | "deleted" => OrderStatus::Void,
            _ => return None,
        })
    }
}

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
    /// What was paid, in the end: negative for a credit note, which is money given back and no visit.
    #[n(4)]
    pub total: Money,
    /// How it ended.
    #[n(5)]
    #[cbor(default)]
    pub status: OrderStatus,
}

impl Order {
    /// False for what came to nothing: it is left out of money and frequency.
    pub fn counts(&self) -> bool {
        self.status == OrderStatus::Standing
    }
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
