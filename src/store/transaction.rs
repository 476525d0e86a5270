//! A transaction: reads see its own writes; all of it is committed as one, or nothing.

use super::{Read, Store, StoreError, VERSION, VERSION_KEY, record};
use crate::engine::{Commit, Place, Put, Row, Seq};
use crate::model::Event;
use std::collections::BTreeMap;

/// What a key will be.
#[derive(Clone)]
enum Change {
    Put { value: Vec<u8>, contents: Vec<u16> },
    Delete,
}

/// Writes being gathered.
pub struct Transaction<'a> {
    store: &'a Store,
    changes: BTreeMap<Vec<u8>, Change>,
    contents: Vec<Vec<u8>>,
    absent: Vec<Vec<u8>>,
}

/// A row with contents to come cannot be read whole before it is committed: its places are filled up with nought, which
/// keeps its record readable.
fn readable(value: &[u8], contents: &[u16]) -> Vec<u8> {
    let mut value = value.to_vec();
    value.resize(value.len() + contents.len() * Place::SIZE, 0);
    value
}

impl Read for Transaction<'_> {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        match self.changes.get(key) {
            Some(Change::Put { value, contents }) => Ok(Some(readable(value, contents))),
            Some(Change::Delete) => Ok(None),
            None => self.store.get(key),
        }
    }
}

impl<'a> Transaction<'a> {
    pub(super) fn new(store: &'a Store) -> Self {
        Transaction { store, changes: BTreeMap::new(), contents: Vec::new(), absent: Vec::new() }
    }

    /// The tables below, without what this transaction wrote.
    pub fn store(&self) -> &'a Store {
        self.store
    }

    /// True when nothing was written.
    pub fn is_empty(&self) -> bool {
        self.changes.is_empty()
    }

    pub(super) fn put(&mut self, key: Vec<u8>, value: Vec<u8>) {
        self.changes.insert(key, Change::Put { value, contents: Vec::new() });
    }

    /// Rows whose key begins with `prefix`, in order, at most `limit`, with what this transaction wrote.
    pub(super) fn scan(&self, prefix: &[u8], limit: usize) -> Result<Vec<Row>, StoreError> {
        let mut rows: BTreeMap<Vec<u8>, Vec<u8>> =
            self.store.scan_prefix(prefix, None, false, limit)?.into_iter().collect();
        for (key, change) in self.changes.range(prefix.to_vec()..).take_while(|(key, _)| key.starts_with(prefix)) {
            match change {
                Change::Put { value, contents } => rows.insert(key.clone(), readable(value, contents)),
                Change::Delete => rows.remove(key),
            };
        }
        Ok(rows.into_iter().take(limit).collect())
    }

    /// Puts a row that points at contents of this commit.
    pub(super) fn put_with(&mut self, key: Vec<u8>, value: Vec<u8>, contents: Vec<u16>) {
        self.changes.insert(key, Change::Put { value, contents });
    }

    /// The contents a row of this transaction waits for; empty for other rows.
    pub(super) fn pending_contents(&self, key: &[u8]) -> Vec<u16> {
        match self.changes.get(key) {
            Some(Change::Put { contents, .. }) => contents.clone(),
            _ => Vec::new(),
        }
    }

    pub(super) fn delete(&mut self, key: Vec<u8>) {
        self.changes.insert(key, Change::Delete);
    }

    /// The commit conflicts when this row is there by then.
    pub(super) fn expect_absent(&mut self, key: Vec<u8>) {
        self.absent.push(key);
    }

    pub(super) fn add_content(&mut self, bytes: Vec<u8>) -> u16 {
        self.contents.push(bytes);
        (self.contents.len() - 1) as u16
    }

    /// Commits everything with its event. Nothing is acknowledged before this returns.
    ///
    /// # Errors
    /// As [`crate::engine::Engine::commit`]; nothing was written then.
    pub fn commit(mut self, event: &Event) -> Result<Seq, StoreError> {
        if self.store.get(VERSION_KEY)?.is_none() {
            self.put(VERSION_KEY.to_vec(), VERSION.to_be_bytes().to_vec());
        }
        self.keep_history(event);
        let mut commit = Commit {
            at: event.at.0,
            actor: event.actor.clone(),
            event: record::encode_event(event),
            contents: self.contents,
            expect: self.absent.into_iter().map(|key| (key, None)).collect(),
            ..Commit::default()
        };
        for (key, change) in self.changes {
            match change {
                Change::Put { value, contents } => commit.puts.push(Put { key, value, contents }),
                Change::Delete => commit.deletes.push(key),
            }
        }
        Ok(self.store.engine.commit(commit)?)
    }
}
