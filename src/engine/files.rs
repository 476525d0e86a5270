//! Files of the profile: private to the user, replaced whole or not at all, errors that name the path.

use super::EngineError;
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

/// Turns an I/O error into one that says what was tried on which file.
pub(crate) fn failed(doing: &'static str, path: &Path) -> impl FnOnce(io::Error) -> EngineError {
    let path = path.display().to_string();
    move |source| EngineError::Io { doing, path, source }
}

/// Makes a folder, and those above it, that only this user may enter (0700).
pub(crate) fn make_private_dir(path: &Path) -> Result<(), EngineError> {
    DirBuilder::new().recursive(true).mode(0o700).create(path).map_err(failed("cannot make the folder", path))
}

/// How a file of ours is opened for reading and writing: made 0600 when missing, links not followed.
pub(crate) fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false).mode(0o600);
    options.custom_flags(rustix::fs::OFlags::NOFOLLOW.bits() as i32);
    options
}

/// Makes what happened in a folder (new, renamed, removed files) durable.
pub(crate) fn sync_dir(path: &Path) -> Result<(), EngineError> {
    File::open(path).and_then(|dir| dir.sync_all()).map_err(failed("cannot sync the folder", path))
}

/// Replaces a small file: written beside, synced, renamed, folder synced. A crash leaves the old or the new one.
pub(crate) fn replace(path: &Path, bytes: &[u8]) -> Result<(), EngineError> {
    let beside = beside(path, "new");
    let written = private().truncate(true).open(&beside).and_then(|mut file| {
        file.write_all(bytes)?;
        file.sync_all()
    });
    written.map_err(failed("cannot write", &beside))?;
    fs::rename(&beside, path).map_err(failed("cannot replace", path))?;
    sync_dir(path.parent().unwrap_or(Path::new(".")))
}

/// The path with an ending added to its name.
pub(crate) fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_os_string();
    name.push(".");
    name.push(ending);
    path.with_file_name(name)
}

/// Removes a file; one that is not there is fine.
pub(crate) fn remove_file(path: &Path) -> Result<(), EngineError> {
    missing_is_fine(fs::remove_file(path)).map_err(failed("cannot remove", path))
}

/// Removes a folder and what is in it; one that is not there is fine.
pub(crate) fn remove_dir(path: &Path) -> Result<(), EngineError> {
    missing_is_fine(fs::remove_dir_all(path)).map_err(failed("cannot remove", path))
}

fn missing_is_fine(result: io::Result<()>) -> io::Result<()> {
    match result {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        other => other,
    }
}
