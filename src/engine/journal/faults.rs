//! Faults on purpose, for tests: the N-th write or sync fails as on a full disk.

use std::io;

/// Which step fails. Counts down; 1 is the next.
#[derive(Default)]
pub(crate) struct Faults {
    pub fail_in: u32,
    /// What a failed write left cannot be taken back either.
    pub keep_torn: bool,
}

impl Faults {
    /// One step. When it is its turn, does `first` (a part of the work) and fails.
    pub(crate) fn step(&mut self, first: impl FnOnce() -> io::Result<()>) -> io::Result<()> {
        match self.fail_in {
            0 => Ok(()),
            1 => {
                self.fail_in = 0;
                first()?;
                Err(io::ErrorKind::StorageFull.into())
            }
            _ => {
                self.fail_in -= 1;
                Ok(())
            }
        }
    }
}
