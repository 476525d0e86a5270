//! The checkpoint file: up to which record the state is safe, and whether the profile was closed in order.

use super::files::{self, failed};
use super::{EngineError, Seq};
use std::path::Path;
use std::{fs, io};

const NAME: &str = "checkpoint";

/// What the file says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Checkpoint {
    /// The state holds every record up to this one, even after a power cut.
    pub seq: Seq,
    /// The run of the machine it was written in.
    pub boot: String,
    /// Closed in order.
    pub clean: bool,
    /// The state failed and has to be rebuilt.
    pub broken: bool,
}

impl Checkpoint {
    /// Reads it; `None` when it is missing or cannot be understood.
    pub(crate) fn read(dir: &Path) -> Result<Option<Checkpoint>, EngineError> {
        let path = dir.join(NAME);
        match fs::read_to_string(&path) {
            Ok(text) => Ok(Self::parse(&text)),
            Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::InvalidData) => Ok(None),
            Err(error) => Err(failed("cannot read", &path)(error)),
        }
    }

    /// Replaces it, durably.
    pub(crate) fn write(&self, dir: &Path) -> Result<(), EngineError> {
        files::replace(&dir.join(NAME), self.text().as_bytes())
    }

    fn text(&self) -> String {
        let Checkpoint { seq, boot, clean, broken } = self;
        let lines = format!("switchboard checkpoint\nseq {seq}\nboot {boot}\nclean {clean}\nbroken {broken}\n");
        format!("{lines}check {:08x}\n", crc32c::crc32c(lines.as_bytes()))
    }

    fn parse(text: &str) -> Option<Checkpoint> {
        let field = |name: &str| {
            text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' ').or(Some(""))).map(str::to_owned)
        };
        let found = Checkpoint {
            seq: field("seq")?.parse().ok()?,
            boot: field("boot")?,
            clean: field("clean")?.parse().ok()?,
            broken: field("broken")?.parse().ok()?,
        };
        (found.text() == text).then_some(found)
    }
}

/// The present run of this machine; empty where the system does not tell (then a power cut goes unnoticed).
pub(crate) fn boot_id() -> String {
    fs::read_to_string("/proc/sys/kernel/random/boot_id").map(|id| id.trim().to_owned()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn what_is_written_is_read_and_anything_altered_counts_as_missing() {
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(Checkpoint::read(dir.path()).unwrap(), None);
        for boot in ["", "4f2a"] {
            let checkpoint = Checkpoint { seq: 7, boot: boot.to_owned(), clean: true, broken: false };
            checkpoint.write(dir.path()).unwrap();
            assert_eq!(Checkpoint::read(dir.path()).unwrap(), Some(checkpoint));
        }
        let path = dir.path().join(NAME);
        let altered = fs::read_to_string(&path).unwrap().replace("seq 7", "seq 8");
        fs::write(&path, altered).unwrap();
        assert_eq!(Checkpoint::read(dir.path()).unwrap(), None);
    }
}
