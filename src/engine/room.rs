//! Room on the disk: what is kept free, and the reserve that lets an agent's own work go on when it is gone.

use super::EngineError;
use super::files::{self, failed};
use std::path::{Path, PathBuf};
use std::{fs, io};

const NAME: &str = "reserve";
/// Below this nothing is written: the state database must never meet a full disk.
const LEAST: u64 = 3 << 20;

/// Bytes free for this user on the file system of a folder.
pub(crate) fn free(dir: &Path) -> Result<u64, EngineError> {
    let stat = rustix::fs::statvfs(dir);
    let stat = stat.map_err(|error| failed("cannot ask for the free room of", dir)(error.into()))?;
    Ok(stat.f_bavail.saturating_mul(stat.f_frsize))
}

/// Bytes of the files in a folder and the folders right in it (as sled lays its files out).
pub(crate) fn bytes_in(dir: &Path) -> Result<u64, EngineError> {
    let mut bytes = 0;
    let mut waiting = vec![(dir.to_path_buf(), 0)];
    while let Some((dir, depth)) = waiting.pop() {
        for entry in fs::read_dir(&dir).map_err(failed("cannot read the folder", &dir))? {
            let entry = entry.map_err(failed("cannot read the folder", &dir))?;
            // sled removes files of its own while this reads.
            let Ok(about) = entry.metadata() else { continue };
            if about.is_file() {
                bytes += about.len();
            } else if about.is_dir() && depth == 0 {
                waiting.push((entry.path(), 1));
            }
        }
    }
    Ok(bytes)
}

/// Watches the file system of a profile.
pub(crate) struct Room {
    dir: PathBuf,
    keep_free: u64,
    reserve: u64,
}

impl Room {
    pub(crate) fn new(dir: &Path, keep_free: u64, reserve: u64) -> Room {
        Room { dir: dir.to_path_buf(), keep_free, reserve }
    }

    /// `Ok` when ordinary commits may go on.
    pub(crate) fn check(&self) -> Result<(), EngineError> {
        self.for_intake(0)
    }

    /// `Ok` when `bytes` more leave free what is to be kept free.
    pub(crate) fn for_intake(&self, bytes: u64) -> Result<(), EngineError> {
        let free = self.free()?;
        if free >= self.keep_free.saturating_add(bytes) {
            Ok(())
        } else {
            Err(self.full(free, self.keep_free.saturating_add(bytes)))
        }
    }

    /// `Ok` when a small commit finds room, for which the reserve is given up if need be.
    pub(crate) fn for_small(&self, bytes: u64) -> Result<(), EngineError> {
        let least = LEAST.min(self.keep_free) + bytes;
        if self.free()? >= least {
            return Ok(());
        }
        files::remove_file(&self.dir.join(NAME))?;
        let free = self.free()?;
        if free >= least { Ok(()) } else { Err(self.full(free, least)) }
    }

    /// Makes the reserve again when there is room for it. That it cannot be made is no error, only no comfort.
    pub(crate) fn make_reserve(&self) -> Result<(), EngineError> {
        let path = self.dir.join(NAME);
        if self.reserve == 0 || path.exists() || self.free()? < self.keep_free.saturating_add(self.reserve) {
            return Ok(());
        }
        let file = files::private().open(&path).map_err(failed("cannot make", &path))?;
        let flags = rustix::fs::FallocateFlags::empty();
        if let Err(error) = rustix::fs::fallocate(&file, flags, 0, self.reserve) {
            tracing::debug!(%error, "no reserve for a full disk");
            files::remove_file(&path)?;
        }
        Ok(())
    }

    /// True when an error says that the disk is full.
    pub(crate) fn is_full(&self, error: &EngineError) -> bool {
        match error {
            EngineError::DiskFull { .. } => true,
            EngineError::Io { source, .. } => source.kind() == io::ErrorKind::StorageFull,
            _ => false,
        }
    }

    /// The error for a write that met a full disk.
    pub(crate) fn full_now(&self) -> EngineError {
        self.free().map_or_else(|error| error, |free| self.full(free, self.keep_free))
    }

    fn free(&self) -> Result<u64, EngineError> {
        free(&self.dir)
    }

    fn full(&self, free: u64, need: u64) -> EngineError {
        let path = self.dir.display().to_string();
        EngineError::DiskFull { path, free_mb: free >> 20, need_mb: need.div_ceil(1 << 20) }
    }
}
