//! Scores: what can be told of a message from its words alone, of a customer from what happened, and of all customers
//! together. Pure: no I/O, no clock; the same facts give the same numbers everywhere.
//!
//! - [`sentiment`]: whether a message is glad or angry, in nine languages, and what an agent's corrections change of it.
//! - [`intent`]: what a message wants, in English, or nothing.
//! - [`History`]: the facts of one customer at one time; [`Tally`] and [`Peers`]: what all customers together are like,
//!   gathered in one pass.
//! - [`SCORES`]: one file a score, each a pure function of both, with its reasons.
//! - [`segment`]: named sets of customers: by recency, frequency and money, by k-means, by DBSCAN.

mod activity;
mod churn;
mod effect;
mod effort;
mod history;
pub mod intent;
mod mood;
mod need;
mod peers;
mod potential;
mod reading;
mod satisfaction;
pub mod segment;
pub mod sentiment;
mod service;
mod value;

pub use history::{
    CaseFacts, Contact, DAY, Enrolment, Facts, History, MAX_CASES, MAX_CONTACTS, MAX_FELT, MAX_ORDERS, MAX_RATINGS,
    NeedReading, PastCase,
};
pub use peers::{Arms, Peers, Tally};

use crate::model::{Score, ScoreKind};

/// Computes one score of one customer. The number is the version of what computes it: models, weights, peers.
pub type Scorer = fn(&History, &Peers, u64) -> Score;

/// Every score, in the order of [`ScoreKind::ALL`].
pub const SCORES: &[(ScoreKind, Scorer)] = &[
    (ScoreKind::Mood, mood::score),
    (ScoreKind::Need, need::score),
    (ScoreKind::Value, value::score),
    (ScoreKind::Potential, potential::score),
    (ScoreKind::Churn, churn::score),
    (ScoreKind::Satisfaction, satisfaction::score),
    (ScoreKind::Effort, effort::score),
    (ScoreKind::Effect, effect::score),
    (ScoreKind::Service, service::score),
];

/// The version of the rules in this room: part of what makes a stored score stale. Raised when a definition changes.
pub const RULES: u32 = 4;

#[cfg(test)]
mod tests;
