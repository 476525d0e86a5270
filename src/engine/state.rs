//! The state: sled with one tree, opened, read and written so that its panics and errors are errors of ours.

use super::files::{self, failed};
use super::journal::At;
use super::journal::record::Hash;
use super::{EngineError, Row, Seq, quiet};
use ::sled::{Batch, Db};
use std::fs::{self, File};
use std::ops::Bound;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

/// Keys that begin with this byte are the engine's own.
const RESERVED: u8 = 0;
const APPLIED: &[u8] = b"\0applied";

/// The last record whose rows are in the state, and where it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Applied {
    pub seq: Seq,
    pub at: At,
    pub end: u64,
    pub hash: Hash,
}

impl Applied {
    fn to_bytes(self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(60);
        bytes.extend(self.seq.to_be_bytes());
        bytes.extend(self.at.segment.to_be_bytes());
        bytes.extend(self.at.offset.to_be_bytes());
        bytes.extend(self.end.to_be_bytes());
        bytes.extend(self.hash);
        bytes
    }

    fn from_bytes(bytes: &[u8]) -> Option<Applied> {
        let bytes: &[u8; 60] = bytes.try_into().ok()?;
        let u64_at = |at: usize| Some(u64::from_be_bytes(bytes.get(at..at + 8)?.try_into().ok()?));
        Some(Applied {
            seq: u64_at(0)?,
            at: At { segment: u32::from_be_bytes(bytes.get(8..12)?.try_into().ok()?), offset: u64_at(12)? },
            end: u64_at(20)?,
            hash: bytes.get(28..60)?.try_into().ok()?,
        })
    }
}

/// Rows on their way into the state, all or none.
#[derive(Default)]
pub(crate) struct Changes {
    batch: Batch,
    rows: usize,
    bytes: usize,
}

impl Changes {
    /// Sets a row, or removes it. The later call for a key wins.
    pub(crate) fn set(&mut self, key: &[u8], value: Option<Vec<u8>>) {
        self.rows += 1;
        self.bytes += key.len() + value.as_ref().map_or(0, Vec::len);
        match value {
            Some(value) => self.batch.insert(key, value),
            None => self.batch.remove(key),
        }
    }

    /// True when it should be applied before more comes. sled keeps every page a batch touches until the batch is done:
    /// measured, 4000 rows at a time took 100 MB more than 500 and were no quicker.
    pub(crate) fn is_large(&self) -> bool {
        self.rows >= 500 || self.bytes >= 512 << 10
    }
}

/// The open state database.
pub(crate) struct State {
    db: Option<Db>,
    path: PathBuf,
}

fn guard<T>(work: impl FnOnce() -> ::sled::Result<T>) -> Result<T, EngineError> {
    match quiet::catch(work) {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(error)) => Err(EngineError::State(error.to_string())),
        Err(panic) => Err(EngineError::State(panic)),
    }
}

impl State {
    /// Opens or makes the state in a folder.
    pub(crate) fn open(path: &Path, cache_bytes: u64) -> Result<State, EngineError> {
        files::make_private_dir(path)?;
        remove_unfinished_snapshots(path)?;
        let config = ::sled::Config::new()
            .path(path)
            .cache_capacity(cache_bytes)
            .flush_every_ms(None)
            .mode(::sled::Mode::HighThroughput);
        // The threads of a database just closed can hold its lock a moment longer.
        let until = Instant::now() + Duration::from_secs(3);
        let db = loop {
            match guard(|| config.open()) {
                Err(EngineError::State(why)) if why.contains("could not acquire lock") && Instant::now() < until => {
                    thread::sleep(Duration::from_millis(20));
                }
                other => break other?,
            }
        };
        Ok(State { db: Some(db), path: path.to_path_buf() })
    }

    fn db(&self) -> Result<&Db, EngineError> {
        self.db.as_ref().ok_or_else(|| EngineError::State("it is closed".to_owned()))
    }

    pub(crate) fn applied(&self) -> Result<Option<Applied>, EngineError> {
        let db = self.db()?;
        let Some(bytes) = guard(|| db.get(APPLIED))? else { return Ok(None) };
        let applied = Applied::from_bytes(&bytes);
        applied.map(Some).ok_or_else(|| EngineError::State("its last number is damaged".to_owned()))
    }

    pub(crate) fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, EngineError> {
        if key.first() == Some(&RESERVED) {
            return Ok(None);
        }
        let db = self.db()?;
        Ok(guard(|| db.get(key))?.map(|value| value.to_vec()))
    }

    pub(crate) fn scan(
        &self,
        from: Bound<&[u8]>,
        to: Bound<&[u8]>,
        reverse: bool,
        limit: usize,
    ) -> Result<Vec<Row>, EngineError> {
        if is_empty(from, to) {
            return Ok(Vec::new());
        }
        let db = self.db()?;
        guard(|| {
            let rows = db.range::<&[u8], _>((from, to));
            let keep = |row: &::sled::Result<(::sled::IVec, ::sled::IVec)>| {
                row.as_ref().map_or(true, |(key, _)| key.first() != Some(&RESERVED))
            };
            let row = |row: ::sled::Result<(::sled::IVec, ::sled::IVec)>| {
                row.map(|(key, value)| (key.to_vec(), value.to_vec()))
            };
            if reverse {
                rows.rev().filter(keep).take(limit).map(row).collect()
            } else {
                rows.filter(keep).take(limit).map(row).collect()
            }
        })
    }

    /// Applies rows and says up to which record they go, all at once.
    pub(crate) fn apply(&self, changes: Changes, applied: Applied) -> Result<(), EngineError> {
        let db = self.db()?;
        let (rows, mut batch) = (changes.rows, changes.batch);
        batch.insert(APPLIED, applied.to_bytes());
        guard(|| db.apply_batch(batch))?;
        free_replaced_pages(rows);
        Ok(())
    }

    /// Removes every row. Not all or none: whoever calls this has noted before that the state is to be made anew.
    pub(crate) fn clear(&self) -> Result<(), EngineError> {
        let db = self.db()?;
        guard(|| db.clear())
    }

    /// Makes everything applied so far survive a power cut. sled's own flush asks the kernel to write, but not the disk.
    pub(crate) fn sync(&self) -> Result<(), EngineError> {
        let db = self.db()?;
        guard(|| db.flush())?;
        let file = self.path.join("db");
        File::open(&file).and_then(|file| file.sync_all()).map_err(failed("cannot sync", &file))
    }
}

impl State {
    /// Lets go of the files. Reading fails from here on.
    pub(crate) fn close(&mut self) {
        let db = self.db.take();
        if let Err(why) = quiet::catch(move || drop(db)) {
            tracing::warn!(why, "the state database panicked while closing; the next start checks it");
        }
    }
}

impl Drop for State {
    fn drop(&mut self) {
        self.close();
    }
}

/// Gives the memory of the pages that a batch replaced back. sled leaves that to its readers (some pages with every 128
/// reads), and while a journal is replayed there are none: measured, rebuilding 100,000 messages took 1.8 GB.
fn free_replaced_pages(rows: usize) {
    // One round frees about as many as 512 rows leave behind, but only what was replaced two rounds ago.
    for _ in 0..(2 + rows / 64) {
        crossbeam_epoch::pin().flush();
    }
}

/// True when no key can lie between the bounds. (The range types of std and sled panic on some of these.)
pub(crate) fn is_empty(from: Bound<&[u8]>, to: Bound<&[u8]>) -> bool {
    match (from, to) {
        (Bound::Included(from), Bound::Included(to)) => from > to,
        (Bound::Included(from) | Bound::Excluded(from), Bound::Included(to) | Bound::Excluded(to)) => from >= to,
        _ => false,
    }
}

/// A snapshot sled did not finish (the disk was full) makes it unopenable for good; it is worth nothing.
fn remove_unfinished_snapshots(path: &Path) -> Result<(), EngineError> {
    for entry in fs::read_dir(path).map_err(failed("cannot read the folder", path))? {
        let entry = entry.map_err(failed("cannot read the folder", path))?;
        if entry.file_name().to_string_lossy().ends_with(".generating") {
            files::remove_file(&entry.path())?;
        }
    }
    Ok(())
}
