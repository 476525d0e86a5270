//! States that know more than the journal: put aside for good, the newest two kept.

use super::EngineError;
use super::files::{self, failed};
use std::fs;
use std::path::{Path, PathBuf};

/// Followed by when, in seconds since 1970.
const PREFIX: &str = "state.lost-";
const KEPT: usize = 2;

/// Renames a state to where it stays, and says where. The caller syncs the folder.
pub(crate) fn put(dir: &Path, state: &Path) -> Result<PathBuf, EngineError> {
    let now = jiff::Timestamp::now().as_second();
    let newest = list(dir)?.pop().map_or(0, |(when, _)| when);
    let to = dir.join(format!("{PREFIX}{}", now.max(newest.saturating_add(1))));
    fs::rename(state, &to).map_err(failed("cannot put aside", state))?;
    Ok(to)
}

/// Removes all but the newest.
pub(crate) fn keep_newest(dir: &Path) -> Result<(), EngineError> {
    let found = list(dir)?;
    let older = found.len().saturating_sub(KEPT);
    found.into_iter().take(older).try_for_each(|(_, path)| files::remove_dir(&path))
}

/// Those in a profile, the oldest first.
fn list(dir: &Path) -> Result<Vec<(i64, PathBuf)>, EngineError> {
    let mut found = Vec::new();
    for entry in fs::read_dir(dir).map_err(failed("cannot read the folder", dir))? {
        let entry = entry.map_err(failed("cannot read the folder", dir))?;
        let name = entry.file_name();
        let when = name.to_str().and_then(|name| name.strip_prefix(PREFIX)?.parse().ok());
        found.extend(when.map(|when| (when, entry.path())));
    }
    found.sort_unstable();
    Ok(found)
}
