//! The storage seam: an ordered key-value state with an append-only log and content beside it. Bytes only.
//!
//! `sled.rs` is the journal (the truth) with sled as its state; `memory.rs` serves tests. One contract suite holds for
//! both (`contract.rs`, run by each engine's tests). Another engine is one more file.
//!
//! How a store lives: `sled::SledEngine::open` takes the `lock`, and `opening` decides with the `checkpoint` and
//! the `verdict` whether the `state` can be trusted (`aside`: it must not be lost), then has `replay` bring it up to the
//! `journal`, and `compact` write it anew in the order of its keys where that is asked for. A commit goes through `room`
//! (is there any on the disk?), `journal::writer`, and the `shelf`, which is the state as readers see it; rows lie in the
//! state by `bucket`s. `verify` and
//! `backup` are what an operator calls; `renew` makes a state anew while the profile is open.

mod aside;
pub mod backup;
mod bucket;
mod checkpoint;
mod compact;
#[cfg(test)]
pub(crate) mod contract;
mod files;
pub mod journal;
mod lock;
pub mod memory;
mod opening;
mod options;
pub mod quiet;
mod renew;
mod replay;
mod room;
mod shelf;
pub mod sled;
mod state;
#[cfg(test)]
mod tests;
mod verdict;
pub mod verify;

use std::ops::Bound;

/// The number of a commit: 1, 2, 3 … without gaps.
pub type Seq = u64;

/// Where a content is kept: found again without any index. 16 bytes when stored: segment, number in the block plus one
/// (0: no block), offset, length.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Place {
    /// Number of the journal segment.
    pub segment: u32,
    /// Byte offset of the content's frame in the segment; below 2^48.
    pub offset: u64,
    /// Length of the frame in bytes.
    pub length: u32,
    /// Which content of the frame it is, when the frame is a block of several. At most 65,534.
    pub index: Option<u16>,
}

impl Place {
    /// How many bytes a stored place takes.
    pub const SIZE: usize = 16;
    const MAX_OFFSET: u64 = (1 << 48) - 1;

    /// The stored form.
    pub fn to_bytes(self) -> [u8; Self::SIZE] {
        let mut bytes = [0; Self::SIZE];
        bytes[..4].copy_from_slice(&self.segment.to_be_bytes());
        let number = self.index.map_or(0, |index| u64::from(index.saturating_add(1)));
        let offset = self.offset.min(Self::MAX_OFFSET) | number << 48;
        bytes[4..12].copy_from_slice(&offset.to_be_bytes());
        bytes[12..].copy_from_slice(&self.length.to_be_bytes());
        bytes
    }

    /// Reads the stored form; `None` when there are not 16 bytes.
    pub fn from_bytes(bytes: &[u8]) -> Option<Place> {
        let bytes: &[u8; Self::SIZE] = bytes.try_into().ok()?;
        let (segment, rest) = bytes.split_at(4);
        let (offset, length) = rest.split_at(8);
        let offset = u64::from_be_bytes(offset.try_into().ok()?);
        Some(Place {
            segment: u32::from_be_bytes(segment.try_into().ok()?),
            offset: offset & Self::MAX_OFFSET,
            index: ((offset >> 48) as u16).checked_sub(1),
            length: u32::from_be_bytes(length.try_into().ok()?),
        })
    }
}

/// A row to write. The places of `contents` (indexes into [`Commit::contents`]) are appended to `value`, 16 bytes each
/// and in order, since only the engine knows them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Put {
    /// The key.
    pub key: Vec<u8>,
    /// The value, to which the places are appended.
    pub value: Vec<u8>,
    /// Which contents of this commit the row points at.
    pub contents: Vec<u16>,
}

/// One atomic change: all of it is there after it was acknowledged, or nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Commit {
    /// When, in milliseconds since 1970.
    pub at: i64,
    /// Who.
    pub actor: String,
    /// The change in words of the model, as the store encodes it.
    pub event: Vec<u8>,
    /// Rows to write; a later put of the same key wins.
    pub puts: Vec<Put>,
    /// Keys to remove, before the puts.
    pub deletes: Vec<Vec<u8>>,
    /// Contents this brings.
    pub contents: Vec<Vec<u8>>,
    /// Rows that must be as named (`None`: absent), else nothing happens and [`EngineError::Conflict`] comes back.
    pub expect: Vec<(Vec<u8>, Option<Vec<u8>>)>,
}

/// One line of the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Logged {
    /// Its number.
    pub seq: Seq,
    /// When, in milliseconds since 1970.
    pub at: i64,
    /// Who.
    pub actor: String,
    /// The change in words of the model.
    pub event: Vec<u8>,
}

/// A row: key and value.
pub type Row = (Vec<u8>, Vec<u8>);

/// What can go wrong below the store.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// A row was not as the commit expected; nothing was written.
    #[error("the row {key} was changed meanwhile; read it again")]
    Conflict {
        /// The row, as readable text.
        key: String,
    },
    /// There is not enough room on the disk to write safely.
    #[error(
        "the disk of {path} is full ({free_mb} MB left, {need_mb} MB needed, what is kept free included); intake pauses until there is room"
    )]
    DiskFull {
        /// The profile.
        path: String,
        /// What is left.
        free_mb: u64,
        /// What there would have to be: what is written and what must stay free.
        need_mb: u64,
    },
    /// Content or a record fails its checksum: it is reported, never shown as if it were right.
    #[error("damaged: {what}; `switchboard verify` lists all damage, a backup can bring it back")]
    Damaged {
        /// What, and where.
        what: String,
    },
    /// Another process has the profile.
    #[error("the profile {path} is in use by {owner}; end that program first")]
    Locked {
        /// The profile.
        path: String,
        /// Who holds it: `process 4711 (switchboard)`.
        owner: String,
    },
    /// Written by a newer program.
    #[error(
        "the profile {path} was written by a newer switchboard (format {found}, this one knows {known}); update this program"
    )]
    Newer {
        /// The profile.
        path: String,
        /// Its format.
        found: u32,
        /// The newest format known here.
        known: u32,
    },
    /// The operating system refused.
    #[error("{doing} {path}: {source}")]
    Io {
        /// What was tried: `cannot write`.
        doing: &'static str,
        /// On which file.
        path: String,
        /// The system's answer.
        source: std::io::Error,
    },
    /// The state database failed. It can be rebuilt from the journal: `switchboard rebuild`.
    #[error("the state database failed: {0}; `switchboard rebuild` makes it anew from the journal")]
    State(String),
}

/// An ordered key-value state, bytes only. All methods block; call them off the screen's task.
pub trait Engine: Send + Sync {
    /// Makes a change durable, applies it, and only then returns its number.
    ///
    /// # Errors
    /// [`EngineError::Conflict`] and [`EngineError::DiskFull`] leave everything as it was.
    fn commit(&self, commit: Commit) -> Result<Seq, EngineError>;

    /// The value of a key.
    ///
    /// # Errors
    /// When the state cannot be read.
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, EngineError>;

    /// Rows between two bounds in key order (or from the end when `reverse`), at most `limit`.
    ///
    /// # Errors
    /// When the state cannot be read.
    fn scan(&self, from: Bound<&[u8]>, to: Bound<&[u8]>, reverse: bool, limit: usize) -> Result<Vec<Row>, EngineError>;

    /// A content, checked.
    ///
    /// # Errors
    /// [`EngineError::Damaged`] when it is not what was written.
    fn content(&self, place: Place) -> Result<Vec<u8>, EngineError>;

    /// Log lines with numbers from `from` on, at most `limit`. Damaged ones are left out.
    ///
    /// # Errors
    /// When the log cannot be read.
    fn events(&self, from: Seq, limit: usize) -> Result<Vec<Logged>, EngineError>;

    /// The number of the last commit; 0 when there is none.
    fn last(&self) -> Seq;

    /// Makes the state as durable as the log, so that opening again is quick. Called now and then and at a clean close.
    ///
    /// # Errors
    /// When the disk refuses.
    fn checkpoint(&self) -> Result<(), EngineError>;

    /// `Ok` when a commit would find room; [`EngineError::DiskFull`] otherwise. Costs one system call.
    ///
    /// # Errors
    /// [`EngineError::DiskFull`].
    fn room(&self) -> Result<(), EngineError>;
}
