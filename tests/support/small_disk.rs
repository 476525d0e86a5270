//! A small file system of the test's own, to fill.

use std::path::{Path, PathBuf};
use std::process::Command;

/// A tmpfs of some megabytes, unmounted when dropped.
pub struct SmallDisk {
    /// Where it is.
    pub path: PathBuf,
}

impl SmallDisk {
    /// Mounts one; `None`, after saying why, where that is not allowed.
    pub fn mount(at: &Path, megabytes: u32) -> Option<SmallDisk> {
        std::fs::create_dir_all(at).unwrap();
        let size = format!("size={megabytes}m");
        let done = Command::new("mount").args(["-t", "tmpfs", "-o", &size, "tmpfs"]).arg(at).output();
        if done.as_ref().is_ok_and(|done| done.status.success()) {
            return Some(SmallDisk { path: at.to_owned() });
        }
        // No server that could be installed, but a right that a sandbox may not give: said, and never a failure.
        eprintln!("skipped: a small file system cannot be mounted here (needs root, and mount)");
        None
    }

    /// Somebody else fills it up to so many megabytes.
    pub fn fill(&self, left: u64) {
        let facts = rustix::fs::statvfs(&self.path).unwrap();
        let bytes = (facts.f_bavail * facts.f_frsize).saturating_sub(left << 20);
        std::fs::write(self.filler(), vec![7; usize::try_from(bytes).unwrap()]).unwrap();
    }

    /// And takes it away again.
    pub fn clear(&self) {
        std::fs::remove_file(self.filler()).unwrap();
    }

    fn filler(&self) -> PathBuf {
        self.path.join("filler")
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(&self.path).status();
    }
}
