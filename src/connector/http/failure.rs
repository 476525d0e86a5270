//! Calls that brought no answer, and what that means.

use crate::connector::ConnectorError;
use crate::model::{Timestamp, clean_line};
use std::error::Error;

/// Why there is no answer. Reasons never hold a URL: a token may be part of it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// We do not make this call.
    #[error("{reason}")]
    Refused {
        /// Why not.
        reason: String,
    },
    /// The allowance is spent; nothing was sent.
    #[error("the account's {what}s are spent until {until}")]
    Spent {
        /// Of what.
        what: &'static str,
        /// When there is some again.
        until: Timestamp,
    },
    /// Nothing was handed over: no name, no route, no TLS.
    #[error("{reason}")]
    NotSent {
        /// What happened.
        reason: String,
    },
    /// It was handed over, in part at least, and there is no answer.
    #[error("{reason}")]
    Lost {
        /// What happened.
        reason: String,
    },
    /// The answer is longer than is taken. It was done, whatever it was.
    #[error("the server's answer is larger than {} kB", most / 1024)]
    TooLarge {
        /// The limit in bytes.
        most: usize,
        /// The status that came first.
        status: u16,
    },
    /// The answer cannot be read.
    #[error("{reason}")]
    Garbled {
        /// What is wrong with it.
        reason: String,
        /// The status that came first.
        status: u16,
    },
}

/// The innermost cause in words, without the URL.
pub(super) fn words(error: reqwest::Error) -> String {
    let error = error.without_url();
    let mut innermost: &dyn Error = &error;
    while let Some(cause) = innermost.source() {
        innermost = cause;
    }
    clean_line(&innermost.to_string())
}

impl From<reqwest::Error> for Failure {
    fn from(error: reqwest::Error) -> Self {
        if error.is_connect() {
            return Failure::NotSent { reason: format!("the server cannot be reached: {}", words(error)) };
        }
        if error.is_timeout() {
            return Failure::Lost { reason: "the server did not answer in time".to_owned() };
        }
        Failure::Lost { reason: format!("the connection broke: {}", words(error)) }
    }
}

impl Failure {
    /// The connection broke while the answer was read.
    pub(super) fn cut(error: reqwest::Error) -> Failure {
        Failure::Lost { reason: format!("the answer was cut off: {}", words(error)) }
    }

    /// What it means for a pull, or any call that may be made twice.
    pub fn reading(self) -> ConnectorError {
        let reason = self.to_string();
        match self {
            Failure::Spent { until, .. } => ConnectorError::Wait { reason, until },
            Failure::Refused { .. } => ConnectorError::Reject { reason },
            _ => ConnectorError::Retry { reason },
        }
    }

    /// What it means for a send on a channel that does not recognise a second one.
    pub fn sending(self) -> ConnectorError {
        let reason = self.to_string();
        match self {
            Failure::Spent { until, .. } => ConnectorError::Wait { reason, until },
            Failure::Refused { .. } => ConnectorError::Reject { reason },
            Failure::NotSent { .. } => ConnectorError::Retry { reason },
            Failure::Lost { .. } | Failure::TooLarge { .. } | Failure::Garbled { .. } => {
                ConnectorError::Unknown { reason }
            }
        }
    }
}
