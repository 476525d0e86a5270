//! Mail from files: Maildir and mbox.
use crate::model::Timestamp;
use std::path::Path;
#[derive(Debug, thiserror::Error)]
#[error("not built yet")]
pub struct ImportError;
pub struct FileMail {
    pub raw: Vec<u8>,
    pub folder: String,
    pub received: Timestamp,
}
pub fn maildir(_: &Path) -> Result<std::vec::IntoIter<Result<FileMail, ImportError>>, ImportError> {
    Err(ImportError)
}
pub fn mbox(_: &Path) -> Result<std::vec::IntoIter<Result<FileMail, ImportError>>, ImportError> {
    Err(ImportError)
}
