//! What a message wants: a refund, a parcel, a password. English only; any other language has no need here.
//!
//! A linear model over hashed words and pairs of words, with the machinery of [`sentiment`](super::sentiment). It was
//! trained on sets of banks, airlines and assistants, whose labels `data/labels.txt` maps onto [`NEEDS`], and on sentences of
//! shops in `data/sentences.txt`. How right it is stands in `shipped/README.md`.
//!
//! Reading is pure and bounded: at most [`MOST`](super::sentiment::MOST) bytes and [`SENTENCES`] sentences are looked at.

mod labels;
mod reader;
mod train;

pub use labels::{Known, need_of, sentences};
pub use reader::{Intent, Intents};
pub use train::{Report, Row, train};

/// What can be wanted. The first is nothing: greetings, thanks, and what is none of the others.
pub const NEEDS: [&str; 14] = [
    "none",
    "refund",
    "cancellation",
    "order status",
    "account access",
    "payment problem",
    "billing question",
    "loss or fraud",
    "fault or damage",
    "change",
    "order or booking",
    "information",
    "document",
    "complaint",
];

/// Less sure than this is no need.
pub const THRESHOLD: f32 = 0.4;

/// Sentences of a message that are read, the first.
pub const SENTENCES: usize = 40;

#[cfg(test)]
mod tests;
