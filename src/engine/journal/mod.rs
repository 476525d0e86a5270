//! The journal: the truth. Append-only segments of checked, hash-chained records.

pub(crate) mod block;
#[cfg(test)]
pub(crate) mod faults;
pub(crate) mod frame;
mod pack;
pub(crate) mod reader;
pub(crate) mod record;
pub(crate) mod scan;
pub(crate) mod segment;
mod unpacked;
mod window;
pub(crate) mod writer;

use super::files::{self, failed};
use super::{EngineError, Seq};
use std::fs;
use std::io;
use std::path::Path;

/// A place in the journal where a record begins or ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct At {
    pub segment: u32,
    pub offset: u64,
}

/// Something in the journal that is not as it was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Damage {
    /// Number of the segment: `journal/00000001.log` is 1.
    pub segment: u32,
    /// Where in the segment, in bytes.
    pub offset: u64,
    /// How many bytes.
    pub length: u64,
    /// The records concerned, first and last, as far as known.
    pub records: Option<(Seq, Seq)>,
    /// What is wrong, in plain words.
    pub what: String,
}

impl std::fmt::Display for Damage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Damage { segment, offset, length, records, what } = self;
        write!(f, "journal/{segment:08}.log at {offset} ({length} bytes): {what}")?;
        match records {
            Some((first, last)) if first == last => write!(f, " [record {first}]"),
            Some((first, last)) => write!(f, " [records {first} to {last}]"),
            None => Ok(()),
        }
    }
}

const ID_FILE: &str = "id";

/// The journal's id as its own small file says; `None` when that is missing or unreadable.
pub(crate) fn read_id(dir: &Path) -> Result<Option<[u8; 16]>, EngineError> {
    let path = dir.join(ID_FILE);
    match fs::read(&path) {
        Ok(bytes) => Ok(parse_id(&bytes)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(failed("cannot read", &path)(error)),
    }
}

/// Writes the journal's id, so that a damaged head of the only segment does not cost the whole journal.
pub(crate) fn write_id(dir: &Path, id: [u8; 16]) -> Result<(), EngineError> {
    let line = format!("{:032x} {:08x}\n", u128::from_be_bytes(id), crc32c::crc32c(&id));
    files::replace(&dir.join(ID_FILE), line.as_bytes())
}

fn parse_id(bytes: &[u8]) -> Option<[u8; 16]> {
    let (id, crc) = std::str::from_utf8(bytes).ok()?.trim_end().split_once(' ')?;
    let id = u128::from_str_radix(id, 16).ok()?.to_be_bytes();
    (u32::from_str_radix(crc, 16).ok()? == crc32c::crc32c(&id)).then_some(id)
}
