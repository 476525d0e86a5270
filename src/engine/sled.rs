//! The storage engine in daily use: the journal is the truth, sled is the state.

use super::checkpoint::{self, Checkpoint};
use super::files::{self, failed};
use super::journal::reader::Reader;
use super::journal::record;
use super::journal::writer::{Writer, Written};
use super::lock::ProfileLock;
use super::opening::{self, Opened};
use super::room::Room;
use super::shelf::Shelf;
use super::{Commit, Engine, EngineError, Logged, Place, Row, Seq};
use std::io;
use std::ops::Bound;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::time::Duration;

pub use super::options::{OpenReport, Options, RebuildReport};

/// Commits with less than this, in bytes, go on when the disk is nearly full: drafts and acts.
const SMALL: usize = 256 << 10;
/// How long an owner that is about to end is waited for.
const PATIENCE: Duration = Duration::from_secs(5);

/// The store of one profile. One process has it open at a time.
pub struct SledEngine {
    dir: PathBuf,
    options: Options,
    pub(crate) reader: Reader,
    shelf: RwLock<Shelf>,
    commits: Mutex<Commits>,
    last: AtomicU64,
    room: Room,
    lock: Mutex<ProfileLock>,
    closed: bool,
    /// The state failed in a way that only a rebuild mends; the next start does that.
    broken: AtomicBool,
    /// Held while the checkpoint file is written, by whichever thread.
    noting: Mutex<()>,
    /// Held while a new state is made beside the one in use.
    pub(crate) renewing: Mutex<()>,
    /// Held while everything is checked.
    pub(crate) verifying: Mutex<()>,
}

/// What only the one who commits touches.
pub(crate) struct Commits {
    pub(crate) writer: Writer,
    commits: u64,
    bytes: u64,
}

impl SledEngine {
    /// Opens the store in a profile folder, which is made (0700) when missing. After a crash the state is brought up
    /// to the journal, or rebuilt from it; `progress` then gets journal bytes done and journal bytes there are.
    ///
    /// # Errors
    /// [`EngineError::Locked`], [`EngineError::Newer`], [`EngineError::Damaged`] when there is no journal any more,
    /// [`EngineError::Io`].
    pub fn open(
        dir: &Path,
        options: Options,
        progress: &mut dyn FnMut(u64, u64),
    ) -> Result<(SledEngine, OpenReport), EngineError> {
        files::make_private_dir(dir)?;
        let lock = ProfileLock::take(dir, PATIENCE)?;
        let room = Room::new(dir, options.keep_free, options.reserve);
        // Opening writes a little. Whether that is too much shows below.
        room.for_small(0).or_else(|error| if room.is_full(&error) { Ok(()) } else { Err(error) })?;
        let opened = opening::open(dir, &options, &room, progress);
        let opened = opened.map_err(|error| if room.is_full(&error) { room.full_now() } else { error });
        let Opened { reader, writer, state, report } = opened?;
        room.make_reserve()?;
        let engine = SledEngine {
            dir: dir.to_path_buf(),
            reader,
            shelf: RwLock::new(Shelf::new(state, &dir.join(opening::STATE), options.cache)),
            last: AtomicU64::new(writer.last()),
            commits: Mutex::new(Commits { writer, commits: 0, bytes: 0 }),
            room,
            lock: Mutex::new(lock),
            closed: false,
            broken: AtomicBool::new(false),
            noting: Mutex::new(()),
            renewing: Mutex::new(()),
            verifying: Mutex::new(()),
            options,
        };
        if report.replayed > 0 {
            engine.checkpoint()?;
        }
        Ok((engine, report))
    }

    /// Closes in order, and says what went wrong on the way. Dropping does the same, but can only log it.
    ///
    /// # Errors
    /// As [`Engine::checkpoint`]. Nothing is lost then: the next start brings the state up to the journal.
    pub fn close(mut self) -> Result<(), EngineError> {
        self.closed = true;
        self.finish()
    }

    /// Makes the state of a profile nobody has open anew from its journal, and closes it. Also gives back the room
    /// that sled never gives back.
    ///
    /// # Errors
    /// As [`SledEngine::open`].
    pub fn rebuild(
        dir: &Path,
        options: Options,
        progress: &mut dyn FnMut(u64, u64),
    ) -> Result<OpenReport, EngineError> {
        let (engine, report) = SledEngine::open(dir, Options { rebuild: true, ..options }, progress)?;
        engine.close().map(|()| report)
    }

    /// The profile's folder.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    pub(crate) fn shelf(&self) -> RwLockReadGuard<'_, Shelf> {
        self.shelf.read().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn shelf_mut(&self) -> RwLockWriteGuard<'_, Shelf> {
        self.shelf.write().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn lock_commits(&self) -> MutexGuard<'_, Commits> {
        self.commits.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn cache(&self) -> u64 {
        self.options.cache
    }

    /// `Ok` when so many bytes more leave free what is to be kept free.
    pub(crate) fn room_for(&self, bytes: u64) -> Result<(), EngineError> {
        self.room.for_intake(bytes)
    }

    /// A state was put in the place of the one in use, or the attempt left none.
    pub(crate) fn after_exchange(&self, done: bool) {
        if done {
            self.broken.store(false, Ordering::Release);
        } else {
            self.note_broken();
        }
    }

    fn check_room(&self, commit: &Commit, size: usize) -> Result<(), EngineError> {
        // What the rows take again in the state is counted in.
        let bytes = 2 * size as u64;
        match self.room.for_intake(bytes) {
            Err(EngineError::DiskFull { .. }) if commit.contents.is_empty() || size < SMALL => {
                self.room.for_small(bytes)
            }
            other => other,
        }
    }

    fn check_expected(&self, commit: &Commit) -> Result<(), EngineError> {
        let shelf = self.shelf();
        for (key, expected) in &commit.expect {
            if self.noticing(shelf.get(key))? != *expected {
                return Err(EngineError::Conflict { key: key.escape_ascii().to_string() });
            }
        }
        Ok(())
    }

    /// Opens a state that failed anew. Never on a full disk, where readers are better off with what is open.
    fn heal(&self) -> Result<(), EngineError> {
        if self.shelf().failed().is_none() {
            return Ok(());
        }
        self.room.check()?;
        self.shelf_mut().heal(&self.reader)
    }

    /// Brings a record's rows into the state. The commit counts whether or not that works.
    fn apply(&self, written: &Written) {
        let failed = self.shelf_mut().apply(written);
        if let Err(error) = failed {
            tracing::error!(%error, seq = written.seq, "the state database failed; the journal has the change");
            // A full disk is no fault of the state: it only has to catch up.
            if self.room.check().is_ok() {
                self.note_broken();
            }
        }
    }

    /// Sees to it that the next start rebuilds a state that cannot be read.
    fn noticing<T>(&self, result: Result<T, EngineError>) -> Result<T, EngineError> {
        if let Err(EngineError::State(why)) = &result
            && !self.broken.load(Ordering::Acquire)
        {
            tracing::error!(why, "the state database cannot be read; the next start rebuilds it from the journal");
            self.note_broken();
        }
        result
    }

    fn note_broken(&self) {
        self.broken.store(true, Ordering::Release);
        if let Err(error) = self.note(false) {
            tracing::error!(%error, "cannot note that the state failed; `switchboard rebuild` mends it");
        }
    }

    fn note(&self, clean: bool) -> Result<(), EngineError> {
        let _one_at_a_time = self.noting.lock().unwrap_or_else(PoisonError::into_inner);
        let broken = self.broken.load(Ordering::Acquire);
        Checkpoint { seq: self.last(), boot: checkpoint::boot_id(), clean, broken }.write(&self.dir)
    }

    pub(crate) fn make_checkpoint(&self, commits: &mut Commits, clean: bool) -> Result<(), EngineError> {
        self.shelf().sync()?;
        self.note(clean)?;
        commits.commits = 0;
        commits.bytes = 0;
        self.room.make_reserve()
    }

    fn finish(&self) -> Result<(), EngineError> {
        self.lock.lock().unwrap_or_else(PoisonError::into_inner).closing();
        self.make_checkpoint(&mut self.lock_commits(), true)
    }
}

impl Engine for SledEngine {
    fn commit(&self, commit: Commit) -> Result<Seq, EngineError> {
        record::fits(&commit).map_err(|why| {
            failed("cannot write the change to", &self.dir)(io::Error::new(io::ErrorKind::InvalidInput, why))
        })?;
        let size = record::size(&commit);
        let mut commits = self.lock_commits();
        self.check_room(&commit, size)?;
        // Before anything is compared with it.
        self.heal()?;
        self.check_expected(&commit)?;
        let written = match commits.writer.append(&self.reader, commit) {
            Err(error) if self.room.is_full(&error) => return Err(self.room.full_now()),
            other => other?,
        };
        self.apply(&written);
        self.last.store(written.seq, Ordering::Release);
        commits.commits += 1;
        commits.bytes += size as u64;
        let due = commits.commits >= self.options.checkpoint_commits || commits.bytes >= self.options.checkpoint_bytes;
        if due && let Err(error) = self.make_checkpoint(&mut commits, false) {
            // The commit itself is safe in the journal; the next one tries again.
            tracing::warn!(%error, "no checkpoint could be made");
        }
        Ok(written.seq)
    }

    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, EngineError> {
        self.noticing(self.shelf().get(key))
    }

    fn scan(&self, from: Bound<&[u8]>, to: Bound<&[u8]>, reverse: bool, limit: usize) -> Result<Vec<Row>, EngineError> {
        self.noticing(self.shelf().scan(from, to, reverse, limit))
    }

    fn content(&self, place: Place) -> Result<Vec<u8>, EngineError> {
        self.reader.content(place)
    }

    fn events(&self, from: Seq, limit: usize) -> Result<Vec<Logged>, EngineError> {
        self.reader.events(from, self.last(), limit)
    }

    fn last(&self) -> Seq {
        self.last.load(Ordering::Acquire)
    }

    fn checkpoint(&self) -> Result<(), EngineError> {
        self.make_checkpoint(&mut self.lock_commits(), false)
    }

    fn room(&self) -> Result<(), EngineError> {
        self.room.check()
    }
}

impl Drop for SledEngine {
    fn drop(&mut self) {
        if !self.closed
            && let Err(error) = self.finish()
        {
            tracing::warn!(%error, "the profile was not closed in order; the next start brings it in order");
        }
    }
}
