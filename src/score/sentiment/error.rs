//! What can be wrong with weights, layers and rows to learn from.

use thiserror::Error;

/// What can be wrong.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum SentimentError {
    /// A file of weights or a layer cannot be read.
    #[error("the {what} cannot be read: {why}; the shipped model goes on without it")]
    Damaged {
        /// What it is.
        what: &'static str,
        /// What is wrong.
        why: String,
    },
    /// It was written by another version of the program.
    #[error("the {what} is of version {found}, this program reads version {known}: train it again")]
    Version {
        /// What it is.
        what: &'static str,
        /// Its version.
        found: u8,
        /// The one that can be read.
        known: u8,
    },
    /// There is nothing to learn from.
    #[error("there is too little to learn from: {0}")]
    TooLittle(String),
    /// The work was given up.
    #[error("the training was cancelled; nothing was written")]
    Cancelled,
}
