//! The profile's lock: one process at a time, and the second is told who the first is.

use super::EngineError;
use super::files::{self, failed};
use std::fs::{self, File, TryLockError};
use std::io::{Read, Seek, Write};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

const NAME: &str = "lock";
const CLOSING: &str = "closing";

/// Held as long as the profile is open. The system lets go of it when the process ends, however it ends.
pub(crate) struct ProfileLock {
    file: File,
    path: PathBuf,
}

impl ProfileLock {
    /// Takes the lock. Waits up to `patience` for an owner that is about to end, and for no other.
    ///
    /// # Errors
    /// [`EngineError::Locked`] names the owner. A live lock is never taken away.
    pub(crate) fn take(dir: &Path, patience: Duration) -> Result<ProfileLock, EngineError> {
        let path = dir.join(NAME);
        let mut file = files::private().open(&path).map_err(failed("cannot open", &path))?;
        let until = Instant::now() + patience;
        loop {
            match file.try_lock() {
                Ok(()) => break,
                Err(TryLockError::Error(error)) => return Err(failed("cannot lock", &path)(error)),
                Err(TryLockError::WouldBlock) => {}
            }
            let owner = Owner::read(&mut file);
            if Instant::now() >= until || !owner.is_ending() {
                return Err(EngineError::Locked { path: dir.display().to_string(), owner: owner.to_string() });
            }
            thread::sleep(Duration::from_millis(50));
        }
        let mut lock = ProfileLock { file, path };
        lock.write("open")?;
        Ok(lock)
    }

    /// Says that this process is about to end, so that one that waits has patience.
    pub(crate) fn closing(&mut self) {
        if let Err(error) = self.write(CLOSING) {
            tracing::debug!(%error, "cannot note in the lock file that the profile is closing");
        }
    }

    fn write(&mut self, doing: &str) -> Result<(), EngineError> {
        let since = jiff::Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ");
        let command = std::env::args().next().unwrap_or_default();
        let command = Path::new(&command).file_name().unwrap_or_default().to_string_lossy().replace('\n', " ");
        let text = format!("{}\n{since}\n{command}\n{doing}\n", std::process::id());
        // In this order it needs no new room on a full disk.
        let written = self.file.rewind().and_then(|()| {
            self.file.write_all(text.as_bytes())?;
            self.file.set_len(text.len() as u64)
        });
        written.map_err(failed("cannot write", &self.path))
    }
}

/// Who holds the lock, as the file says.
#[derive(Debug, Default, PartialEq, Eq)]
struct Owner {
    pid: Option<u32>,
    since: String,
    command: String,
    closing: bool,
}

impl Owner {
    fn read(file: &mut File) -> Owner {
        let mut text = String::new();
        // Unreadable means unnamed: the lock itself is what counts.
        if file.rewind().and_then(|()| file.take(4096).read_to_string(&mut text)).is_err() {
            return Owner::default();
        }
        let mut lines = text.lines();
        let mut line = || lines.next().unwrap_or_default().chars().filter(|c| !c.is_control()).take(200).collect();
        let pid: String = line();
        Owner { pid: pid.parse().ok(), since: line(), command: line(), closing: line() == CLOSING }
    }

    /// True when the owner is closing, has been killed, or is gone and the system has only to tidy up.
    fn is_ending(&self) -> bool {
        const KILL: u64 = 1 << 8;
        let Some(pid) = self.pid.filter(|_| !self.closing) else { return true };
        let Ok(status) = fs::read_to_string(format!("/proc/{pid}/status")) else {
            return Path::new("/proc/self").exists();
        };
        let field = |name: &str| status.lines().find_map(|line| line.strip_prefix(name)).map(str::trim);
        let dead = field("State:").is_some_and(|state| state.starts_with(['Z', 'X']));
        let mut pending = ["SigPnd:", "ShdPnd:"].into_iter().filter_map(field);
        dead || pending.any(|mask| u64::from_str_radix(mask, 16).is_ok_and(|mask| mask & KILL != 0))
    }
}

impl std::fmt::Display for Owner {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.pid {
            Some(pid) => write!(f, "process {pid} ({}, since {})", self.command, self.since),
            None => f.write_str("another process"),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn the_second_is_told_at_once_who_the_first_is() {
        let dir = tempfile::tempdir().unwrap();
        let first = ProfileLock::take(dir.path(), Duration::from_secs(5)).unwrap();
        let begun = Instant::now();
        let second = ProfileLock::take(dir.path(), Duration::from_secs(5));
        assert!(begun.elapsed() < Duration::from_secs(2), "a live owner is not waited for");
        let text = second.err().unwrap().to_string();
        assert!(text.contains(&format!("process {}", std::process::id())), "{text}");
        drop(first);
        ProfileLock::take(dir.path(), Duration::ZERO).unwrap();
    }

    #[test]
    fn an_owner_that_is_closing_is_waited_for() {
        let dir = tempfile::tempdir().unwrap();
        let mut first = ProfileLock::take(dir.path(), Duration::ZERO).unwrap();
        first.closing();
        let (begun, patience) = (Instant::now(), Duration::from_millis(200));
        let second = ProfileLock::take(dir.path(), patience);
        assert!(matches!(second, Err(EngineError::Locked { .. })), "it is still there, so the lock is not taken away");
        assert!(begun.elapsed() >= patience, "but it was waited for");
        drop(first);
        ProfileLock::take(dir.path(), Duration::ZERO).unwrap();
    }
}
