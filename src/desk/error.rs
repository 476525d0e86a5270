//! What a use case answers when it does not do what was asked.

use crate::engine::EngineError;
use crate::store::StoreError;

/// Why nothing was done.
#[derive(Debug, thiserror::Error)]
pub enum DeskError {
    /// The store below.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The timeline moved since the agent looked.
    #[error("{0}")]
    Moved(String),
    /// There is no such thing (any more).
    #[error("{0}")]
    NotFound(String),
    /// More than one fits.
    #[error("{0}")]
    Ambiguous(String),
    /// It cannot be done as asked, with the reason and the way out.
    #[error("{0}")]
    Refused(String),
}

impl DeskError {
    /// True when the disk is full: the one trouble that passes by itself when there is room again.
    pub fn is_disk_full(&self) -> bool {
        matches!(self, DeskError::Store(error) if error.is_disk_full())
    }

    /// True when one record is damaged; the others can be read.
    pub fn is_damaged(&self) -> bool {
        matches!(self, DeskError::Store(error) if error.is_damaged())
    }
}

impl From<EngineError> for DeskError {
    fn from(error: EngineError) -> Self {
        DeskError::Store(StoreError::Engine(error))
    }
}
