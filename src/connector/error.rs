//! The classes of trouble a worker must tell apart. It decides from the variant alone.

use crate::model::Timestamp;

/// What went wrong outside. Reasons are plain words for an agent, cleaned, and never contain a secret.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ConnectorError {
    /// Passing trouble (network, 4xx): try again with back-off.
    #[error("{reason}")]
    Retry {
        /// What happened.
        reason: String,
    },
    /// The channel named a time.
    #[error("{reason}")]
    Wait {
        /// What happened.
        reason: String,
        /// Not before this.
        until: Timestamp,
    },
    /// The access token is not taken any more: [`Connector::refresh`](super::Connector::refresh), then once more.
    #[error("{reason}")]
    Refresh {
        /// What happened.
        reason: String,
    },
    /// A person must act: wrong password, revoked token, wrong certificate.
    #[error("{reason}")]
    Reconnect {
        /// What to do.
        reason: String,
    },
    /// The channel no longer takes answers to this conversation.
    #[error("{reason}")]
    WindowClosed {
        /// Why, and the way out.
        reason: String,
    },
    /// The channel has this one already: as good as sent.
    #[error("{reason}")]
    Duplicate {
        /// What it said.
        reason: String,
    },
    /// The recipient or conversation is gone or has blocked us.
    #[error("{reason}")]
    Gone {
        /// What it said.
        reason: String,
    },
    /// Refused for good; back to the agent.
    #[error("{reason}")]
    Reject {
        /// What it said.
        reason: String,
    },
    /// Sends only: taken, but whether it reaches them is told later (a review by the platform, a status callback).
    #[error("{reason}")]
    Pending {
        /// What it said.
        reason: String,
    },
    /// Sends only: nobody knows whether it was taken. Never tried again blindly.
    #[error("{reason}")]
    Unknown {
        /// What happened.
        reason: String,
    },
}
