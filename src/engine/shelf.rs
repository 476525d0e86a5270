//! The state as readers see it: sled, and over it the one commit sled could not take (a full disk, mostly).
//!
//! When sled fails after the journal has the record, the commit counts. Its rows are kept here, readers see them, and
//! before the next commit the state is opened anew and brought up to the journal.

use super::journal::At;
use super::journal::reader::Reader;
use super::journal::record;
use super::journal::writer::Written;
use super::replay::{From, Replayed, replay};
use super::state::{Applied, Changes, State};
use super::{EngineError, Row};
use std::collections::BTreeMap;
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

    /// Empties the state and replays the whole journal into it. Readers wait.
    pub(crate) fn rebuild(
        &mut self,
        reader: &Reader,
        progress: &mut dyn FnMut(u64, u64),
    ) -> Result<Replayed, EngineError> {
        self.over.clear();
        self.failed = Some("it was not made anew to its end".to_owned());
        self.partial = true;
        // A database that failed once fails on until it is opened anew.
        self.state.close();
        self.state = State::open(&self.path, self.cache)?;
        self.state.clear()?;
        // Everything there was acknowledged.
        let from = From { at: reader.start(), seq: 1, previous: None };
        let replayed = replay(reader, &self.state, from, u64::MAX, progress)?;
        self.failed = None;
        self.partial = false;
        Ok(replayed)
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
