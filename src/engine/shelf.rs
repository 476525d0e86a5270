//! The state as readers see it: sled, and over it the one commit sled could not take (a full disk, mostly).
//!
//! When sled fails after the journal has the record, the commit counts. Its rows are kept here, readers see them, and
//! before the next commit the state is opened anew and brought up to the journal.

use super::files::{self, failed};
use super::journal::At;
use super::journal::reader::Reader;
use super::journal::record;
use super::journal::writer::Written;
use super::replay::{From, replay};
use super::state::{Applied, Changes, State};
use super::{EngineError, Row};
use std::collections::BTreeMap;
use std::fs;
use std::ops::Bound;
use std::path::{Path, PathBuf};

pub(crate) struct Shelf {
    state: State,
    path: PathBuf,
    cache: u64,
    over: BTreeMap<Vec<u8>, Option<Vec<u8>>>,
    failed: Option<String>,
    /// A rebuild did not come to its end: what the state holds is not what the journal says.
    partial: bool,
    #[cfg(test)]
    pub(crate) fail_next: bool,
}

impl Shelf {
    pub(crate) fn new(state: State, path: &Path, cache: u64) -> Shelf {
        Shelf {
            state,
            path: path.to_path_buf(),
            cache,
            over: BTreeMap::new(),
            failed: None,
            partial: false,
            #[cfg(test)]
            fail_next: false,
        }
    }

    /// Why the state is behind, if it is.
    pub(crate) fn failed(&self) -> Option<&str> {
        self.failed.as_deref()
    }

    pub(crate) fn apply(&mut self, written: &Written) -> Result<(), EngineError> {
        let Written { seq, at, end, hash, change, places } = written;
        let mut changes = Changes::default();
        for (key, value) in record::rows(change, places) {
            changes.set(key, value);
        }
        let applied = Applied { seq: *seq, at: *at, end: *end, hash: *hash };
        #[cfg(test)]
        let result = match std::mem::take(&mut self.fail_next) {
            true => Err(EngineError::State("failed on purpose".to_owned())),
            false => self.state.apply(changes, applied),
        };
        #[cfg(not(test))]
        let result = self.state.apply(changes, applied);
        if let Err(error) = &result {
            self.failed = Some(error.to_string());
            self.over.extend(record::rows(change, places).map(|(key, value)| (key.to_vec(), value)));
        }
        result
    }

    /// Opens a state that failed anew and replays what it lacks. Nothing to do when it has not failed.
    pub(crate) fn heal(&mut self, reader: &Reader) -> Result<(), EngineError> {
        if self.failed.is_none() {
            return Ok(());
        }
        self.state.close();
        self.state = State::open(&self.path, self.cache)?;
        if self.partial {
            self.state.clear()?;
        }
        let from = match self.state.applied()? {
            Some(Applied { seq, at, end, hash }) => {
                From { at: At { segment: at.segment, offset: end }, seq: seq + 1, previous: Some(hash) }
            }
            None => From { at: reader.start(), seq: 1, previous: None },
        };
        // Everything there was acknowledged.
        replay(reader, &self.state, from, u64::MAX, &mut |_, _| {})?;
        self.over.clear();
        self.failed = None;
        self.partial = false;
        Ok(())
    }

    /// Puts a complete state, which lies in `new`, in the place of the one in use, which goes to `old`. Readers wait.
    pub(crate) fn exchange(&mut self, state: State, new: &Path, old: &Path) -> Result<(), EngineError> {
        // Until it is done nobody reads, and whoever comes next makes the state from the journal.
        self.failed = Some("it was not exchanged to the end".to_owned());
        self.partial = true;
        drop(state);
        self.state.close();
        fs::rename(&self.path, old).map_err(failed("cannot put aside", &self.path))?;
        fs::rename(new, &self.path).map_err(failed("cannot move", new))?;
        files::sync_dir(self.path.parent().unwrap_or(&self.path))?;
        self.state = State::open(&self.path, self.cache)?;
        self.over.clear();
        self.failed = None;
        self.partial = false;
        Ok(())
    }

    /// The last record whose rows are in the state, when all of them are.
    pub(crate) fn applied(&self) -> Result<Option<Applied>, EngineError> {
        match &self.failed {
            Some(why) => Err(EngineError::State(why.clone())),
            None => self.state.applied(),
        }
    }

    pub(crate) fn sync(&self) -> Result<(), EngineError> {
        match &self.failed {
            Some(why) => Err(EngineError::State(why.clone())),
            None => self.state.sync(),
        }
    }

    /// Nobody reads half a state.
    fn readable(&self) -> Result<(), EngineError> {
        match &self.failed {
            Some(why) if self.partial => Err(EngineError::State(why.clone())),
            _ => Ok(()),
        }
    }

    pub(crate) fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, EngineError> {
        self.readable()?;
        match self.over.get(key) {
            Some(value) => Ok(value.clone()),
            None => self.state.get(key),
        }
    }

    pub(crate) fn scan(
        &self,
        from: Bound<&[u8]>,
        to: Bound<&[u8]>,
        reverse: bool,
        limit: usize,
    ) -> Result<Vec<Row>, EngineError> {
        self.readable()?;
        if self.over.is_empty() || limit == 0 {
            return self.state.scan(from, to, reverse, limit);
        }
        // Each row above can hide one below: with that many more, the page is right up to its last row.
        let below = self.state.scan(from, to, reverse, limit.saturating_add(self.over.len()))?;
        let mut rows: BTreeMap<_, _> = below.into_iter().collect();
        if !super::state::is_empty(from, to) {
            for (key, value) in self.over.range::<[u8], _>((from, to)) {
                match value {
                    Some(value) => rows.insert(key.clone(), value.clone()),
                    None => rows.remove(key),
                };
            }
        }
        Ok(if reverse { rows.into_iter().rev().take(limit).collect() } else { rows.into_iter().take(limit).collect() })
    }
}
