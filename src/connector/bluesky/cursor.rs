//! Where reading goes on.

use crate::connector::platform::cursor::Trail;
use minicbor::{Decode, Encode};

/// The cursor of one account.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode)]
pub(super) struct Cursor {
    /// Everything up to this `indexedAt` (milliseconds) is filed.
    #[n(0)]
    pub filed: i64,
    /// The walk that is under way: notifications come newest first, so `filed` moves when it has ended.
    #[n(1)]
    pub walk: Option<Walk>,
    /// Where the log of direct messages goes on.
    #[n(2)]
    pub log: Option<String>,
    /// A long walk has just ended: only what is newer than that is looked for, without overlap.
    #[n(3)]
    #[cbor(default)]
    pub peek: bool,
    /// The pages of the log since its last end.
    #[n(4)]
    #[cbor(default)]
    pub log_trail: Trail,
}

/// A walk through notifications.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub(super) struct Walk {
    /// The server's cursor of the next page.
    #[n(0)]
    pub next: String,
    /// The newest `indexedAt` of the walk's first page.
    #[n(1)]
    pub newest: i64,
    /// Pages so far.
    #[n(2)]
    pub pages: u32,
    /// Where they led.
    #[n(3)]
    #[cbor(default)]
    pub trail: Trail,
}

impl Cursor {
    /// What was kept; from the beginning when it cannot be read.
    pub fn from_bytes(bytes: &[u8]) -> Cursor {
        minicbor::decode(bytes).unwrap_or_default()
    }

    pub fn to_bytes(&self) -> Vec<u8> {
        // Writing into a vector cannot fail.
        minicbor::to_vec(self).unwrap_or_default()
    }
}
