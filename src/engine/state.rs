//! The state: sled with one tree, opened, read and written so that its panics and errors are errors of ours. Rows are
//! kept in buckets (`bucket.rs`); one thread at a time applies changes.

use super::files::{self, failed};
use super::journal::At;
use super::journal::record::Hash;
use super::{EngineError, Row, Seq, bucket, quiet};
use ::sled::{Batch, Db};
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::ops::Bound;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

/// Buckets have their keys in sled after this byte, so that the engine's own come before them.
const BUCKET: u8 = 1;
const APPLIED: &[u8] = b"\0applied 2";
/// As it was called when each row was a row of sled. Such a state is made anew.
const APPLIED_BEFORE: &[u8] = b"\0applied";

/// The last record whose rows are in the state, and where it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Applied {
    pub seq: Seq,
    pub at: At,
    pub end: u64,
    pub hash: Hash,
}

impl Applied {
    pub(crate) fn to_bytes(self) -> Vec<u8> {
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
    rows: BTreeMap<Vec<u8>, Option<Vec<u8>>>,
    bytes: usize,
}

impl Changes {
    /// Sets a row, or removes it. The later call for a key wins.
    pub(crate) fn set(&mut self, key: &[u8], value: Option<Vec<u8>>) {
        self.bytes += key.len() + value.as_ref().map_or(0, Vec::len);
        self.rows.insert(key.to_vec(), value);
    }

    /// True when it should be applied before more comes. sled keeps every page a batch touches until the batch is done:
    /// measured, 4000 rows at a time took 100 MB more than 500 and were no quicker.
    pub(crate) fn is_large(&self) -> bool {
        self.rows.len() >= 500 || self.bytes >= 512 << 10
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
        let bytes = match guard(|| db.get(APPLIED))? {
            Some(bytes) => bytes,
            None => match guard(|| db.get(APPLIED_BEFORE))? {
                Some(bytes) => bytes,
                None => return Ok(None),
            },
        };
        let applied = Applied::from_bytes(&bytes);
        applied.map(Some).ok_or_else(|| EngineError::State("its last number is damaged".to_owned()))
    }

    /// True when an older program wrote it, in a form that is not read here.
    pub(crate) fn is_outdated(&self) -> Result<bool, EngineError> {
        let db = self.db()?;
        guard(|| Ok(db.get(APPLIED)?.is_none() && db.get(APPLIED_BEFORE)?.is_some()))
    }

    /// The bucket that holds a key, or would: its own key in sled, and what it holds. `None` when there is none yet.
    fn bucket(&self, key: &[u8]) -> Result<Option<(::sled::IVec, ::sled::IVec)>, EngineError> {
        let (db, to) = (self.db()?, bucket_key(key));
        let found = guard(|| db.range(..=to).next_back().transpose())?;
        Ok(found.filter(|(key, _)| key.first() == Some(&BUCKET)))
    }

    pub(crate) fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, EngineError> {
        match self.bucket(key)? {
            Some((_, stored)) => bucket::find(&stored, key).ok_or_else(damaged),
            None => Ok(None),
        }
    }

    pub(crate) fn scan(
        &self,
        from: Bound<&[u8]>,
        to: Bound<&[u8]>,
        reverse: bool,
        limit: usize,
    ) -> Result<Vec<Row>, EngineError> {
        let mut found = Vec::new();
        if is_empty(from, to) || limit == 0 {
            return Ok(found);
        }
        let first = match from {
            Bound::Included(key) | Bound::Excluded(key) => self.bucket(key)?.map(|(key, _)| key.to_vec()),
            Bound::Unbounded => None,
        };
        let first = first.unwrap_or_else(|| vec![BUCKET]);
        let last = match to {
            Bound::Included(key) | Bound::Excluded(key) => Bound::Included(bucket_key(key)),
            Bound::Unbounded => Bound::Excluded(vec![BUCKET + 1]),
        };
        let db = self.db()?;
        let mut buckets = guard(|| Ok(db.range((Bound::Included(first), last))))?;
        while found.len() < limit {
            let next = guard(|| if reverse { buckets.next_back() } else { buckets.next() }.transpose())?;
            let Some((_, stored)) = next else { break };
            let rows = bucket::rows_where(&stored, |key| contains(from, to, key)).ok_or_else(damaged)?;
            let room = limit - found.len();
            if reverse {
                found.extend(rows.into_iter().rev().take(room));
            } else {
                found.extend(rows.into_iter().take(room));
            }
        }
        Ok(found)
    }

    /// Applies rows and says up to which record they go, all at once.
    pub(crate) fn apply(&self, changes: Changes, applied: Applied) -> Result<(), EngineError> {
        let (db, rows) = (self.db()?, changes.rows.len());
        let mut batch = Batch::default();
        let mut changes = changes.rows;
        while let Some((key, _)) = changes.first_key_value() {
            let before = self.bucket(key)?;
            let own = before.as_ref().map_or_else(|| vec![BUCKET], |(key, _)| key.to_vec());
            // What belongs to the next bucket waits.
            let next = guard(|| {
                db.range::<&[u8], _>((Bound::Excluded(own.as_slice()), Bound::Unbounded)).keys().next().transpose()
            })?;
            let later = next.as_ref().map(|next| changes.split_off(&next[1..])).unwrap_or_default();
            let rows = before.map_or_else(|| Some(Vec::new()), |(_, stored)| bucket::rows(&stored));
            let rows = bucket::change(rows.ok_or_else(damaged)?, std::mem::replace(&mut changes, later));
            let mut buckets = bucket::pack(&rows, next.is_none()).into_iter();
            match buckets.next() {
                Some((_, stored)) => batch.insert(own, stored),
                None => batch.remove(own),
            }
            buckets.for_each(|(first, stored)| batch.insert(bucket_key(first), stored));
        }
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

fn bucket_key(key: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(key.len() + 1);
    bytes.push(BUCKET);
    bytes.extend_from_slice(key);
    bytes
}

fn damaged() -> EngineError {
    EngineError::State("rows of it cannot be read".to_owned())
}

fn contains(from: Bound<&[u8]>, to: Bound<&[u8]>, key: &[u8]) -> bool {
    let after = match from {
        Bound::Included(from) => key >= from,
        Bound::Excluded(from) => key > from,
        Bound::Unbounded => true,
    };
    after
        && match to {
            Bound::Included(to) => key <= to,
            Bound::Excluded(to) => key < to,
            Bound::Unbounded => true,
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

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use std::ops::Bound::{Excluded, Included, Unbounded};

    fn applied(seq: Seq) -> Applied {
        Applied { seq, at: At { segment: 1, offset: 84 }, end: 100, hash: [0; 32] }
    }

    fn key(random: &mut fastrand::Rng) -> Vec<u8> {
        let mut key: Vec<u8> = (0..random.usize(..4)).map(|_| random.u8(..7) * 40).collect();
        key.push(random.u8(1..));
        key
    }

    /// Rows come and go in all sizes; what is read is always what a plain ordered map says.
    #[test]
    fn it_holds_what_an_ordered_map_holds() {
        for seed in 0..3 {
            let dir = tempfile::tempdir().unwrap();
            let (mut random, mut wanted) = (fastrand::Rng::with_seed(seed), BTreeMap::<Vec<u8>, Vec<u8>>::new());
            let mut state = State::open(dir.path(), 1 << 20).unwrap();
            for round in 0..120 {
                let mut changes = Changes::default();
                // First more come than go, then the other way round.
                let leaving = if round < 60 { 3 } else { 8 };
                for _ in 0..random.usize(1..60) {
                    let key = key(&mut random);
                    let length = if random.u8(..40) == 0 { random.usize(..9000) } else { random.usize(..200) };
                    let value = (random.u8(..10) >= leaving).then(|| (0..length).map(|_| random.u8(..8)).collect());
                    match value.clone() {
                        Some(value) => wanted.insert(key.clone(), value),
                        None => wanted.remove(&key),
                    };
                    changes.set(&key, value);
                }
                state.apply(changes, applied(round + 1)).unwrap();
                if round % 40 == 39 {
                    drop(state);
                    state = State::open(dir.path(), 1 << 20).unwrap();
                }
                assert_eq!(state.applied().unwrap().unwrap().seq, round + 1);
                for _ in 0..20 {
                    let (from, to, limit) = (key(&mut random), key(&mut random), random.usize(..90));
                    assert_eq!(state.get(&from).unwrap(), wanted.get(&from).cloned());
                    let bounds = [
                        (Included(from.as_slice()), Excluded(to.as_slice())),
                        (Excluded(&from), Included(&to)),
                        (Unbounded, Included(&to)),
                        (Included(&from), Unbounded),
                    ];
                    for (from, to) in bounds {
                        let rows = || wanted.iter().filter(|(key, _)| contains(from, to, key));
                        let copy = |(key, value): (&Vec<u8>, &Vec<u8>)| (key.clone(), value.clone());
                        let forth: Vec<Row> = rows().take(limit).map(copy).collect();
                        let back: Vec<Row> = rows().rev().take(limit).map(copy).collect();
                        assert!(state.scan(from, to, false, limit).unwrap() == forth, "{from:?} to {to:?}");
                        assert!(state.scan(from, to, true, limit).unwrap() == back, "{from:?} back from {to:?}");
                    }
                }
            }
            assert!(!wanted.is_empty());
            let all: Vec<Row> = wanted.into_iter().collect();
            assert!(state.scan(Unbounded, Unbounded, false, usize::MAX).unwrap() == all);
            state.clear().unwrap();
            assert!(
                state.scan(Unbounded, Unbounded, true, 9).unwrap().is_empty() && state.applied().unwrap().is_none()
            );
        }
    }
}
