//! The folder a bench works in. It goes at the end, however that comes, unless it was asked to stay.

use crate::cli::house::Place;
use crate::cli::output::remark;
use anyhow::Context;
use std::fs;
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::{Path, PathBuf};

const CONFIG: &str = "agent = \"bench\"\n\n[[account]]\nname = \"support\"\nconnector = \"email\"\n\
    address = \"support@shop.example\"\n\n[account.smtp]\nhost = \"127.0.0.1\"\nport = 9\nsecurity = \"none\"\n";

/// A fresh folder with room for the mail and the profile.
pub(super) struct Workplace {
    path: PathBuf,
    /// Ours to remove.
    owned: bool,
    keep: bool,
}

impl Workplace {
    /// Makes a fresh one within `dir`, else within the system's folder for temporary files.
    pub(super) fn make(dir: Option<&Path>, keep: bool) -> anyhow::Result<Workplace> {
        let dir = dir.map_or_else(std::env::temp_dir, Path::to_path_buf);
        let dir = std::path::absolute(&dir).unwrap_or(dir);
        let path = dir.join(format!("switchboard-bench-{}-{:08x}", std::process::id(), fastrand::u32(..)));
        // Not recursive: neither a folder somebody else has put there is used, nor one made that nobody asked for.
        fs::DirBuilder::new().mode(0o700).create(&path).with_context(|| format!("cannot make {}", path.display()))?;
        let workplace = Workplace { path, owned: true, keep };
        let profile = workplace.profile();
        fs::DirBuilder::new()
            .mode(0o700)
            .create(&profile)
            .and_then(|()| fs::write(profile.join("config.toml"), CONFIG))
            .with_context(|| format!("cannot make {}", profile.display()))?;
        Ok(workplace)
    }

    /// The one another process made.
    pub(super) fn at(path: &Path) -> Workplace {
        Workplace { path: path.to_path_buf(), owned: false, keep: true }
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// The Maildir of invented mail.
    pub(super) fn maildir(&self) -> PathBuf {
        self.path.join("maildir")
    }

    fn profile(&self) -> PathBuf {
        self.path.join("profile")
    }

    /// The profile as the verbs open it.
    pub(super) fn place(&self) -> Place {
        Place::new(Some(self.profile()), None, true)
    }

    /// Bytes that a folder of the profile takes on the disk.
    pub(super) fn disk(&self, folder: &str) -> anyhow::Result<u64> {
        let mut bytes = 0;
        let mut folders = vec![self.profile().join(folder)];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(&folder).with_context(|| format!("cannot read {}", folder.display()))? {
                let entry = entry?;
                let facts = entry.metadata()?;
                bytes += facts.blocks() * 512;
                if facts.is_dir() {
                    folders.push(entry.path());
                }
            }
        }
        Ok(bytes)
    }

    /// All was measured: the folder goes, or stays as asked.
    pub(super) fn done(self) {
        if self.keep {
            remark(&format!("kept: {}", self.path.display()));
            let mut kept = self;
            kept.owned = false;
        }
    }
}

impl Drop for Workplace {
    fn drop(&mut self) {
        if self.owned
            && let Err(error) = fs::remove_dir_all(&self.path)
        {
            remark(&format!("{} is left behind: {error}", self.path.display()));
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn it_goes_when_anything_fails_and_stays_only_when_asked_and_done() {
        let folder = tempfile::tempdir().unwrap();
        let count = || fs::read_dir(folder.path()).unwrap().count();
        drop(Workplace::make(Some(folder.path()), true).unwrap());
        Workplace::make(Some(folder.path()), false).unwrap().done();
        assert_eq!(count(), 0);
        Workplace::make(Some(folder.path()), true).unwrap().done();
        assert_eq!(count(), 1);
    }
}
