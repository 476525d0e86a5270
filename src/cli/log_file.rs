//! Where a process that owns a profile logs: a file, put aside when it has grown, so that there is a bound to both.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

/// A log beyond this is put aside as `<name>.old`, in place of the one before: so much twice is the most there is.
const MOST: u64 = 5 << 20;

/// Logs go to a file, never to the terminal. Without one the program runs all the same.
pub fn log_to(path: &Path) {
    if let Ok(file) = LogFile::open(path, MOST) {
        let _ = tracing_subscriber::fmt()
            .with_writer(Mutex::new(file))
            .with_ansi(false)
            .with_max_level(tracing::Level::INFO)
            .try_init();
    }
}

/// A log that bounds itself.
struct LogFile {
    path: PathBuf,
    file: File,
    /// Bytes in it; `None` for what is no plain file (a device, a pipe): it is left alone.
    length: Option<u64>,
    most: u64,
}

impl LogFile {
    fn open(path: &Path, most: u64) -> io::Result<LogFile> {
        let file = OpenOptions::new().create(true).append(true).mode(0o600).open(path)?;
        let facts = file.metadata()?;
        let length = facts.is_file().then_some(facts.len());
        Ok(LogFile { path: path.to_owned(), file, length, most })
    }

    /// Puts the log aside and begins another. One that cannot be put aside is emptied: a bound that gives way is none.
    fn renew(&mut self) -> io::Result<()> {
        let mut aside = self.path.clone().into_os_string();
        aside.push(".old");
        if fs::rename(&self.path, aside).is_err() {
            return self.file.set_len(0).inspect(|()| self.length = Some(0));
        }
        *self = LogFile::open(&self.path, self.most)?;
        Ok(())
    }
}

impl Write for LogFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.length.is_some_and(|length| length > 0 && length + bytes.len() as u64 > self.most) {
            self.renew()?;
        }
        let written = self.file.write(bytes)?;
        self.length = self.length.map(|length| length + written as u64);
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    /// As the log is written: a line at once.
    fn line(log: &mut LogFile, text: &str) {
        log.write_all(format!("{text}\n").as_bytes()).unwrap();
    }

    #[test]
    fn a_log_is_put_aside_while_it_is_written_and_both_are_bounded() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log");
        let mut log = LogFile::open(&path, 1_000).unwrap();
        for number in 0..200 {
            line(&mut log, &format!("line {number:03} of the log"));
        }
        let read = |name: &str| fs::read_to_string(folder.path().join(name)).unwrap();
        let (now, old) = (read("log"), read("log.old"));
        assert!(now.len() <= 1_000 && old.len() <= 1_000, "{} and {}", now.len(), old.len());
        assert!(now.ends_with("line 199 of the log\n") && old.ends_with('\n'), "lines are whole");
        let first = now.lines().next().unwrap()[5..8].parse::<u32>().unwrap();
        assert!(old.ends_with(&format!("line {:03} of the log\n", first - 1)), "nothing between them is lost");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2);
        // What was there counts after a new start.
        drop(log);
        let mut log = LogFile::open(&path, 1_000).unwrap();
        assert_eq!(log.length, Some(now.len() as u64));
        line(&mut log, &"x".repeat(2_000));
        assert!(read("log").starts_with("xxx"), "a line longer than a log has one for itself");
    }

    #[test]
    fn where_it_cannot_be_put_aside_it_is_still_bounded() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log");
        // A folder stands where the old one would go.
        fs::create_dir_all(folder.path().join("log.old/in the way")).unwrap();
        let mut log = LogFile::open(&path, 1_000).unwrap();
        (0..200).for_each(|number| line(&mut log, &format!("line {number:03}")));
        let now = fs::read_to_string(&path).unwrap();
        assert!(now.len() <= 1_000 && now.ends_with("line 199\n"), "{now}");
    }

    #[test]
    fn a_device_is_no_file_to_put_aside() {
        let mut log = LogFile::open(Path::new("/dev/null"), 10).unwrap();
        (0..100).for_each(|_| line(&mut log, "gone"));
        assert!(!Path::new("/dev/null.old").exists());
    }
}
