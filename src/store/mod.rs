//! Tables over the engine, one file a table.
//!
//! | key | row |
//! | --- | --- |
//! | `c` customer | [`Customer`](crate::model::Customer) |
//! | `i` group, priority, latest first, customer | [`InboxRow`](crate::model::InboxRow): the inbox, in the order shown |
//! | `w` time, customer | a snooze that ends at that time |
//! | `k` customer, time | a case resolved before the present one |
//! | `n` identity | [`Identity`](crate::model::Identity) |
//! | `m` message | [`Message`](crate::model::Message), with the places of its text and original |
//! | `t` identity (or customer, for notes), time, message | [`Glance`], with the place of the text: the timeline. Messages hang on identities, so that merging and splitting customers never rewrites one |
//! | `r` hash of account and remote id | message |
//! | `a` latest first, message | automatic mail, and mail that belongs to nobody |
//! | `s` identity, hash of subject | the thread last seen under that subject |
//! | `h` thread | the thread it turned out to be part of |
//! | `o` outgoing | [`Outgoing`](crate::model::Outgoing), with the places of its attachments |
//! | `q` outgoing | what is not done in the outbox |
//! | `d` draft | [`Draft`](crate::model::Draft) |
//! | `x` dead letter | [`DeadLetter`](crate::model::DeadLetter), with the place of its original |
//! | `e` hash of account and remote id, time, change | [`Change`](crate::model::Change): what happened to that message, with the place of an edit's text |
//! | `p` customer | what a customer that took others in would be alone |
//! | `g` act | [`GraphAct`](crate::model::GraphAct): a merge, a split, a move, to be undone at any later time |
//! | `j` customer, time, event | its history: what agents and the graph did to it |
//! | `l` kind, hash of a key, identity | who has a key of a person, a name, a handle |
//! | `b` customer, customer | two that were told apart |
//! | `z` suggestion | [`Suggestion`](crate::model::Suggestion): two identities that may be one person's |
//! | `f` identity, suggestion | the suggestions about an identity |
//! | `B` `q` account, delivery | [`Pushed`](crate::model::Pushed): what a platform pushed and is not filed yet, with the place of what came |
//! | `B` `k` hash of account and the delivery's key | when it came: the same one again changes nothing |
//! | `B` `t` time, that hash | the same by time, to be forgotten |
//! | `S` `c` customer | [`ScoredRow`](crate::model::ScoredRow): their scores and segments |
//! | `S` `m` message | [`Correction`](crate::model::Correction): what an agent said it sounds like |
//! | `S` `l` number | [`Layer`](crate::model::Layer): what corrections taught the sentiment model, with the place of its weights |
//! | `S` `L` | [`LayerState`](crate::model::LayerState): which layer is in use |
//! | `S` `s` kind, hash of a name | [`Segment`](crate::model::Segment) |
//! | `S` `i` kind, hash of a name, customer | who is in a segment |
//! | `S` `f` kind | what that kind of segment was fitted to |
//! | `S` `t` | `score::Tally`: what all customers together are like |
//! | `S` `p` | [`Rescore`](crate::model::Rescore): how far scoring is |
//! | `O` `o` identity, time, order | [`Order`](crate::model::Order) |
//! | `O` `k` order | the key of its row |
//! | `O` `r` identity, time, rating | [`Rating`](crate::model::Rating) |
//! | `y` account | its source's cursor |
//! | `u` account | what it has spent of what it may spend |
//! | `v` | the version of these tables |
//!
//! A row is one version byte, the number of places, the record in CBOR with numbered fields, and the places. Fields may
//! be added; a reader skips what it does not know.

mod changes;
mod cursors;
mod customers;
mod dead;
mod drafts;
mod glance;
mod graph;
mod identities;
mod ledgers;
mod messages;
mod orders;
mod outbox;
mod pushed;
mod record;
mod scores;
mod threads;
mod transaction;

pub use changes::StoredChange;
pub use dead::StoredDead;
pub use glance::{Glance, Glanced};
pub use messages::{Content, StoredMessage};
pub use outbox::StoredOutgoing;
pub use pushed::StoredPushed;
pub use transaction::Transaction;

use crate::engine::{Engine, EngineError, Logged, Row, Seq};
use crate::model::Event;
use std::ops::Bound;
use std::sync::Arc;

/// The version of the tables this program writes.
const VERSION: u32 = 1;
const VERSION_KEY: &[u8] = b"v";

/// What can go wrong in the store.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The engine below.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// A row that cannot be read.
    #[error(
        "a row of the table \"{table}\" cannot be read ({problem}); `switchboard rebuild` makes the tables anew from the journal"
    )]
    Record {
        /// Which table.
        table: char,
        /// What is wrong with it.
        problem: String,
    },
    /// Tables of a newer program.
    #[error(
        "the profile was written by a newer switchboard (tables {found}, this one knows {VERSION}); update this program"
    )]
    Newer {
        /// Their version.
        found: u32,
    },
}

impl StoreError {
    /// True when the disk is full: the one trouble that passes by itself when there is room again.
    pub fn is_disk_full(&self) -> bool {
        matches!(self, StoreError::Engine(EngineError::DiskFull { .. }))
    }

    /// True when one record is damaged; the others can be read.
    pub fn is_damaged(&self) -> bool {
        matches!(self, StoreError::Record { .. } | StoreError::Engine(EngineError::Damaged { .. }))
    }
}

/// Reads rows: from the store itself, or from a transaction that sees its own writes.
pub trait Read {
    /// The value of a key.
    ///
    /// # Errors
    /// When the state cannot be read.
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError>;
}

/// The tables.
#[derive(Clone)]
pub struct Store {
    engine: Arc<dyn Engine>,
}

impl Read for Store {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(self.engine.get(key)?)
    }
}

impl Store {
    /// Opens the tables over an engine. The first commit writes their version down.
    ///
    /// # Errors
    /// [`StoreError::Newer`] for tables of a newer program.
    pub fn open(engine: Arc<dyn Engine>) -> Result<Store, StoreError> {
        let store = Store { engine };
        if let Some(bytes) = store.get(VERSION_KEY)? {
            let found = bytes.try_into().map(u32::from_be_bytes).unwrap_or(u32::MAX);
            if found > VERSION {
                return Err(StoreError::Newer { found });
            }
        }
        Ok(store)
    }

    /// The engine below, for what is not tables: verify, backup, room.
    pub fn engine(&self) -> &dyn Engine {
        self.engine.as_ref()
    }

    /// A new transaction.
    pub fn begin(&self) -> Transaction<'_> {
        Transaction::new(self)
    }

    /// Events from number `from` on, at most `limit`, with their numbers.
    ///
    /// # Errors
    /// When the log cannot be read.
    pub fn events(&self, from: Seq, limit: usize) -> Result<Vec<(Seq, Event)>, StoreError> {
        let logged: Vec<Logged> = self.engine.events(from, limit)?;
        logged.into_iter().map(|line| Ok((line.seq, record::decode_event(&line.event)?))).collect()
    }

    /// Rows whose key begins with `prefix`, after `after` when given, at most `limit`; backwards when `reverse`.
    fn scan_prefix(
        &self,
        prefix: &[u8],
        after: Option<&[u8]>,
        reverse: bool,
        limit: usize,
    ) -> Result<Vec<Row>, StoreError> {
        let end = prefix_end(prefix);
        let from = match after {
            Some(key) if !reverse => Bound::Excluded(key),
            _ => Bound::Included(prefix),
        };
        let to = match after {
            Some(key) if reverse => Bound::Excluded(key),
            _ => Bound::Excluded(end.as_slice()),
        };
        Ok(self.engine.scan(from, to, reverse, limit)?)
    }
}

/// The first key after all that begin with `prefix`. Prefixes begin with an ASCII letter, so there always is one.
fn prefix_end(prefix: &[u8]) -> Vec<u8> {
    let mut end = prefix.to_vec();
    while let Some(last) = end.pop() {
        if last < 0xff {
            end.push(last + 1);
            break;
        }
    }
    end
}

/// `prefix` followed by `parts`.
fn key(prefix: u8, parts: &[&[u8]]) -> Vec<u8> {
    let mut key = Vec::with_capacity(1 + parts.iter().map(|part| part.len()).sum::<usize>());
    key.push(prefix);
    parts.iter().for_each(|part| key.extend_from_slice(part));
    key
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::engine::memory::MemoryEngine;
    use crate::engine::{Commit, Put};

    #[test]
    fn tables_of_a_newer_program_are_refused_plainly() {
        let engine = Arc::new(MemoryEngine::new());
        let row = Put { key: VERSION_KEY.to_vec(), value: (VERSION + 1).to_be_bytes().to_vec(), contents: Vec::new() };
        engine.commit(Commit { puts: vec![row], ..Commit::default() }).unwrap();
        let refused = Store::open(engine).err().unwrap().to_string();
        assert!(refused.contains("newer switchboard") && refused.contains("update"), "{refused}");
    }

    #[test]
    fn a_prefix_ends_before_the_next_key() {
        assert_eq!(prefix_end(b"a\xff\xff"), b"b");
        assert_eq!(prefix_end(b"ab"), b"ac");
    }
}
