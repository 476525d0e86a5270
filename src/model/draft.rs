//! Drafts: what is being written, kept as it is typed.

use super::{Compose, CustomerId, DraftId, Timestamp};
use minicbor::{Decode, Encode};

/// A composition that is not queued yet. Saved at most a second after the last key.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct Draft {
    /// Its id.
    #[n(0)]
    pub id: DraftId,
    /// For whom; `None` for a new message to an address.
    #[n(1)]
    pub customer: Option<CustomerId>,
    /// What has been written so far.
    #[n(2)]
    pub compose: Compose,
    /// The agent who writes.
    #[n(3)]
    pub agent: String,
    /// When it was last saved.
    #[n(4)]
    pub saved: Timestamp,
}
