//! Mail from files: Maildir, a folder of `.eml` files, mbox. One message is in memory at a time.

mod maildir;
mod mbox;

pub use maildir::{Maildir, maildir};
pub use mbox::{Mbox, mbox};

use super::parts::MAX_RAW;
use crate::model::{Timestamp, clean_line};
use std::io::Read;
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

/// Of a message over the cap, one byte more than the cap is read: enough for the parser to refuse it as too large, and
/// for a person to recognise it. The rest stays in the file it came from.
const MAX_READ: usize = MAX_RAW + 1;

/// One message of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileMail {
    /// The original, byte for byte; one over the cap of 50 MB is cut one byte above it, so that it is refused.
    pub raw: Vec<u8>,
    /// The folder it was found in, as its program calls it: `INBOX`, `Sent`, `archive.mbox`.
    pub folder: String,
    /// When it was received: the `From ` line of an mbox, else the time of the file.
    pub received: Timestamp,
}

/// How far an import is: messages of a Maildir, bytes of an mbox.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ImportProgress {
    /// Done so far.
    pub done: u64,
    /// All there is.
    pub total: u64,
}

/// Files that cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// The system refused.
    #[error("cannot read {path}: {source}")]
    Io {
        /// Which file or folder.
        path: String,
        /// The system's answer.
        source: std::io::Error,
    },
    /// There is something, but not what was named.
    #[error("{path} is no {wanted}: {found}")]
    Format {
        /// Which file or folder.
        path: String,
        /// `Maildir` or `mbox`.
        wanted: &'static str,
        /// What was found, and what to try.
        found: String,
    },
}

impl ImportError {
    fn io(path: &Path, source: std::io::Error) -> ImportError {
        ImportError::Io { path: shown(path), source }
    }

    fn format(path: &Path, wanted: &'static str, found: &str) -> ImportError {
        ImportError::Format { path: shown(path), wanted, found: found.to_owned() }
    }
}

/// File names are from outside too.
fn shown(path: &Path) -> String {
    clean_line(&path.display().to_string())
}

fn timestamp(time: std::io::Result<SystemTime>) -> Timestamp {
    let millis = time.ok().and_then(|time| time.duration_since(UNIX_EPOCH).ok()).map_or(0, |since| since.as_millis());
    Timestamp(i64::try_from(millis).unwrap_or(Timestamp::MAX.0).min(Timestamp::MAX.0))
}

/// Reads what is there, at most [`MAX_READ`] bytes.
fn read_capped(reader: impl Read) -> std::io::Result<Vec<u8>> {
    let mut raw = Vec::new();
    reader.take(MAX_READ as u64).read_to_end(&mut raw)?;
    Ok(raw)
}
