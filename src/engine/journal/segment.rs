//! Segments: the files of the journal, `00000001.log` and on. Only the last one grows.
//!
//! ```text
//! 0 magic "SwitchJ\n"   8 format u32   12 segment u32   16 revision u32   20 reserved u32
//! 24 journal id [16]    40 first seq u64   48 hash of the head before [32]   80 CRC-32C   84 frames
//! ```
//! `revision` is 0 until content of the segment is erased; a backup takes a segment anew when it changed.

use super::record::Hash;
use crate::engine::files::{self, failed};
use crate::engine::{EngineError, Seq};
use std::fs::{self, File};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

/// The format this program writes, and the newest it reads. In 1 each content was a frame of its own, packed with lz4;
/// since 2 contents are packed together in blocks (`block.rs`), with zstd. A segment of an older format stays as it is,
/// is read like any other, and is not gone on with.
pub(crate) const FORMAT: u32 = 2;
/// Bytes before the first frame.
pub(crate) const START: u64 = 84;
const MAGIC: [u8; 8] = *b"SwitchJ\n";

/// A segment's head.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct SegmentHead {
    pub format: u32,
    pub number: u32,
    pub revision: u32,
    pub id: [u8; 16],
    pub first: Seq,
    pub previous: Hash,
}

/// What the first bytes of a segment say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ReadHead {
    Good(SegmentHead),
    /// Of a format this program does not know.
    Newer(u32),
    Damaged,
}

impl SegmentHead {
    pub(crate) fn to_bytes(self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(START as usize);
        bytes.extend(MAGIC);
        bytes.extend(self.format.to_le_bytes());
        bytes.extend(self.number.to_le_bytes());
        bytes.extend(self.revision.to_le_bytes());
        bytes.extend([0; 4]);
        bytes.extend(self.id);
        bytes.extend(self.first.to_le_bytes());
        bytes.extend(self.previous);
        bytes.extend(crc32c::crc32c(&bytes).to_le_bytes());
        bytes
    }

    /// Makes the segment's file and syncs it and its folder. One left over by a commit that failed is replaced.
    pub(crate) fn create(self, dir: &Path) -> Result<File, EngineError> {
        let path = path(dir, self.number);
        let file = files::private().truncate(true).open(&path).map_err(failed("cannot make", &path))?;
        let written = file.write_all_at(&self.to_bytes(), 0).and_then(|()| file.sync_all());
        if let Err(error) = written {
            files::remove_file(&path)?;
            return Err(failed("cannot write", &path)(error));
        }
        files::sync_dir(dir)?;
        Ok(file)
    }
}

/// Reads the first bytes of a segment.
pub(crate) fn read_head(bytes: &[u8]) -> ReadHead {
    read_fields(bytes).unwrap_or(ReadHead::Damaged)
}

fn read_fields(bytes: &[u8]) -> Option<ReadHead> {
    let bytes: &[u8; START as usize] = bytes.get(..START as usize)?.try_into().ok()?;
    let u32_at = |at: usize| Some(u32::from_le_bytes(bytes.get(at..at + 4)?.try_into().ok()?));
    if bytes[..8] != MAGIC || crc32c::crc32c(&bytes[..80]) != u32_at(80)? {
        return None;
    }
    let format = u32_at(8)?;
    if format > FORMAT {
        return Some(ReadHead::Newer(format));
    }
    Some(ReadHead::Good(SegmentHead {
        format,
        number: u32_at(12)?,
        revision: u32_at(16)?,
        id: bytes.get(24..40)?.try_into().ok()?,
        first: u64::from_le_bytes(bytes.get(40..48)?.try_into().ok()?),
        previous: bytes.get(48..80)?.try_into().ok()?,
    }))
}

/// The file of a segment.
pub(crate) fn path(dir: &Path, number: u32) -> PathBuf {
    dir.join(format!("{number:08}.log"))
}

/// The numbers of the segments in a folder, ascending. Other files there are not ours.
pub(crate) fn list(dir: &Path) -> Result<Vec<u32>, EngineError> {
    let mut numbers = Vec::new();
    for entry in fs::read_dir(dir).map_err(failed("cannot read the folder", dir))? {
        let name = entry.map_err(failed("cannot read the folder", dir))?.file_name();
        let number = name.to_str().and_then(|name| name.strip_suffix(".log"));
        let number = number.filter(|digits| digits.len() >= 8 && digits.bytes().all(|byte| byte.is_ascii_digit()));
        numbers.extend(number.and_then(|digits| digits.parse::<u32>().ok()));
    }
    numbers.sort_unstable();
    numbers.dedup();
    Ok(numbers)
}
