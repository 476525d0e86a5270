//! What happened to a message after it was filed. A message never changes: this is recorded beside it.

use super::{Party, Timestamp};
use minicbor::{Decode, Encode};

/// One thing that happened.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub enum ChangeKind {
    /// Its author wrote it anew. The new text is content beside the record.
    #[n(0)]
    Edited {
        /// The first words of it, one cleaned line.
        #[n(0)]
        preview: String,
    },
    /// Its author, or the platform, removed it. What was filed stays, folded and marked.
    #[n(1)]
    Deleted,
    /// A reaction: an emoji or the platform's word for it, cleaned.
    #[n(2)]
    Reaction {
        /// `👍`, `like`.
        #[n(0)]
        symbol: String,
        /// True when added, false when taken back.
        #[n(1)]
        added: bool,
    },
    /// How many like it by now, where the platform only counts.
    #[n(3)]
    Likes {
        /// So many.
        #[n(0)]
        count: u64,
    },
    /// It reached the recipient's device or server.
    #[n(4)]
    Delivered,
    /// The recipient has seen it.
    #[n(5)]
    Read,
    /// The channel took it first and could not deliver it then.
    #[n(6)]
    Failed {
        /// Why, in plain words.
        #[n(0)]
        reason: String,
    },
    /// It is hidden from the public, or shown again.
    #[n(7)]
    Hidden {
        /// True when hidden.
        #[n(0)]
        hidden: bool,
    },
}

impl ChangeKind {
    /// The word scripts and screens see.
    pub fn word(&self) -> &'static str {
        match self {
            ChangeKind::Edited { .. } => "edited",
            ChangeKind::Deleted => "deleted",
            ChangeKind::Reaction { .. } => "reaction",
            ChangeKind::Likes { .. } => "likes",
            ChangeKind::Delivered => "delivered",
            ChangeKind::Read => "read",
            ChangeKind::Failed { .. } => "failed",
            ChangeKind::Hidden { .. } => "hidden",
        }
    }
}

/// A change as it is kept beside its message.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Change {
    /// What happened.
    #[n(0)]
    pub kind: ChangeKind,
    /// When, as the platform says; when it was heard of otherwise.
    #[n(1)]
    pub at: Timestamp,
    /// Who did it, when known.
    #[n(2)]
    pub by: Option<Party>,
}
