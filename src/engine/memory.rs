//! The storage engine for tests: everything in memory, same behaviour, and faults on request.

use super::journal::record;
use super::{Commit, Engine, EngineError, Logged, Place, Row, Seq, state};
use std::collections::BTreeMap;
use std::io;
use std::ops::Bound;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Keeps everything in memory. Nothing survives it.
#[derive(Debug, Default)]
pub struct MemoryEngine {
    inner: Mutex<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    rows: BTreeMap<Vec<u8>, Vec<u8>>,
    log: Vec<Logged>,
    /// `None` when damaged on purpose.
    contents: Vec<Option<Vec<u8>>>,
    fail_in: u32,
    full: bool,
}

impl MemoryEngine {
    /// An empty engine.
    pub fn new() -> MemoryEngine {
        MemoryEngine::default()
    }

    /// The n-th commit from now on (1 is the next) fails as if the disk did, and changes nothing. 0 calls it off.
    pub fn fail_commit(&self, nth: u32) {
        self.inner().fail_in = nth;
    }

    /// Pretends that the disk is full: commits with contents are refused, small ones go on.
    pub fn set_full(&self, full: bool) {
        self.inner().full = full;
    }

    /// Damages a content; reading it reports that from now on.
    pub fn damage(&self, place: Place) {
        if let Some(content) = self.inner().contents.get_mut(place.offset as usize) {
            *content = None;
        }
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn full() -> EngineError {
    EngineError::DiskFull { path: "memory".to_owned(), free_mb: 0, need_mb: 64 }
}

fn refused(kind: io::ErrorKind, why: String) -> EngineError {
    EngineError::Io {
        doing: "cannot write the change to",
        path: "memory".to_owned(),
        source: io::Error::new(kind, why),
    }
}

impl Engine for MemoryEngine {
    fn commit(&self, commit: Commit) -> Result<Seq, EngineError> {
        record::fits(&commit).map_err(|why| refused(io::ErrorKind::InvalidInput, why.to_string()))?;
        let mut inner = self.inner();
        for (key, expected) in &commit.expect {
            if inner.rows.get(key) != expected.as_ref() {
                return Err(EngineError::Conflict { key: key.escape_ascii().to_string() });
            }
        }
        if inner.full && !commit.contents.is_empty() {
            return Err(full());
        }
        if inner.fail_in > 0 {
            inner.fail_in -= 1;
            if inner.fail_in == 0 {
                return Err(refused(io::ErrorKind::Other, "failed on purpose".to_owned()));
            }
        }
        for key in &commit.deletes {
            inner.rows.remove(key);
        }
        let first = inner.contents.len() as u64;
        for put in commit.puts {
            let mut value = put.value;
            for index in put.contents {
                let length = commit.contents.get(usize::from(index)).map_or(0, Vec::len) as u32;
                value.extend(Place { segment: 1, offset: first + u64::from(index), length, index: None }.to_bytes());
            }
            inner.rows.insert(put.key, value);
        }
        inner.contents.extend(commit.contents.into_iter().map(Some));
        let seq = inner.log.len() as u64 + 1;
        inner.log.push(Logged { seq, at: commit.at, actor: commit.actor, event: commit.event });
        Ok(seq)
    }

    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, EngineError> {
        Ok(self.inner().rows.get(key).cloned())
    }

    fn scan(&self, from: Bound<&[u8]>, to: Bound<&[u8]>, reverse: bool, limit: usize) -> Result<Vec<Row>, EngineError> {
        if state::is_empty(from, to) {
            return Ok(Vec::new());
        }
        let inner = self.inner();
        let rows = inner.rows.range::<[u8], _>((from, to)).map(|(key, value)| (key.clone(), value.clone()));
        Ok(if reverse { rows.rev().take(limit).collect() } else { rows.take(limit).collect() })
    }

    fn content(&self, place: Place) -> Result<Vec<u8>, EngineError> {
        let content = self.inner().contents.get(place.offset as usize).cloned().flatten();
        let content = content.filter(|content| place.segment == 1 && content.len() == place.length as usize);
        content.ok_or_else(|| EngineError::Damaged { what: format!("content {}", place.offset) })
    }

    fn events(&self, from: Seq, limit: usize) -> Result<Vec<Logged>, EngineError> {
        let skip = usize::try_from(from.saturating_sub(1)).unwrap_or(usize::MAX);
        Ok(self.inner().log.iter().skip(skip).take(limit).cloned().collect())
    }

    fn last(&self) -> Seq {
        self.inner().log.len() as u64
    }

    fn checkpoint(&self) -> Result<(), EngineError> {
        Ok(())
    }

    fn room(&self) -> Result<(), EngineError> {
        if self.inner().full { Err(full()) } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::engine::contract::{self, put};

    #[test]
    fn it_keeps_the_contract() {
        contract::hold(&mut || Box::new(MemoryEngine::new()));
    }

    #[test]
    fn damaged_content_is_reported() {
        let engine = MemoryEngine::new();
        let place = contract::content_of(&engine, b"letter");
        engine.damage(place);
        assert!(matches!(engine.content(place), Err(EngineError::Damaged { .. })));
    }

    #[test]
    fn faults_come_when_asked_for_and_change_nothing() {
        let engine = MemoryEngine::new();
        engine.fail_commit(2);
        engine.commit(put(b"a", b"1")).unwrap();
        assert!(engine.commit(put(b"b", b"2")).is_err());
        assert_eq!((engine.get(b"b").unwrap(), engine.last()), (None, 1));
        engine.set_full(true);
        assert!(matches!(engine.room(), Err(EngineError::DiskFull { .. })));
        engine.commit(put(b"draft", b"x")).unwrap();
        let large = Commit { contents: vec![vec![1]], ..put(b"mail", b"") };
        assert!(matches!(engine.commit(large), Err(EngineError::DiskFull { .. })));
    }
}
