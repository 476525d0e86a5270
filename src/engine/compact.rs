//! A state written anew in the order of its keys: about a third of the disk, and quicker to open and to read.
//!
//! sled keeps what is written in random order in pieces and half-empty pages, and does not give the room back. The copy
//! is complete and synced before it takes the place of the state; a crash on the way leaves the one or the other, or
//! none, which the next start makes anew from the journal.

use super::files::{self, failed};
use super::opening::{OLD_STATE, STATE};
use super::room;
use super::state::{Applied, Changes, State};
use super::{EngineError, Row};
use std::fs;
use std::ops::Bound;
use std::path::Path;

/// The folder of a state that is to take the place of the one in use.
pub(crate) const NEW_STATE: &str = "state.new";
/// Rows copied at once.
const PAGE: usize = 500;
/// A state that takes less is left as it is, but for tests.
const LEAST: u64 = if cfg!(test) { 1 } else { 16 << 20 };

/// Writes the state of a profile anew when that is worth it, and opens it. Whatever goes wrong before the copy is
/// complete costs only the copy.
///
/// # Errors
/// When the copy cannot be put in the place of the state, or cannot be opened there.
pub(crate) fn compact(dir: &Path, state: State, cache: u64) -> Result<State, EngineError> {
    let (path, new, old) = (dir.join(STATE), dir.join(NEW_STATE), dir.join(OLD_STATE));
    match is_worth_it(dir, &path).and_then(|worth| if worth { copy(&state, &new, cache) } else { Ok(false) }) {
        Ok(true) => {}
        Ok(false) => return Ok(state),
        Err(error) => {
            tracing::warn!(%error, "the state is left as large as it is");
            let _ = files::remove_dir(&new);
            return Ok(state);
        }
    }
    drop(state);
    files::remove_dir(&old)?;
    fs::rename(&path, &old).map_err(failed("cannot put aside", &path))?;
    fs::rename(&new, &path).map_err(failed("cannot move", &new))?;
    files::sync_dir(dir)?;
    State::open(&path, cache)
}

/// True when it is large, and the copy finds room beside it.
fn is_worth_it(dir: &Path, state: &Path) -> Result<bool, EngineError> {
    files::remove_dir(&dir.join(NEW_STATE))?;
    let bytes = room::bytes_in(state)?;
    Ok(bytes >= LEAST && room::free(dir)? >= bytes.saturating_mul(2))
}

/// Copies all rows in their order; true when they are all there and synced.
fn copy(state: &State, new: &Path, cache: u64) -> Result<bool, EngineError> {
    let Some(applied) = state.applied()? else { return Ok(false) };
    let copy = State::open(new, cache)?;
    copy_rows(&|from, to, limit| state.scan(from, to, false, limit), &copy, applied)?;
    copy.sync()?;
    Ok(true)
}

/// Reads a page of rows in the order of their keys.
type ReadPage<'a> = dyn Fn(Bound<&[u8]>, Bound<&[u8]>, usize) -> Result<Vec<Row>, EngineError> + 'a;

/// Copies rows a page at a time, and notes that they go up to a record.
pub(crate) fn copy_rows(read: &ReadPage<'_>, copy: &State, applied: Applied) -> Result<(), EngineError> {
    let mut after: Option<Vec<u8>> = None;
    loop {
        let from = after.as_deref().map_or(Bound::Unbounded, Bound::Excluded);
        let page = read(from, Bound::Unbounded, PAGE)?;
        let Some((last, _)) = page.last() else { return Ok(()) };
        after = Some(last.clone());
        let mut changes = Changes::default();
        page.into_iter().for_each(|(key, value)| changes.set(&key, Some(value)));
        copy.apply(changes, applied)?;
    }
}
